//! What manifests, dashboards and documents say of the program is so: every command line, flag, variable, page, port, metric and code that
//! they name is held against the real binary. `sources` resolves what files cite.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests stop at the first surprise, and read files")]

#[path = "serve/child.rs"]
mod child;
#[path = "references/sources.rs"]
mod sources;
mod support;

use child::Serve;
use irsa_probe::cli::{self, ServeOptions};
use irsa_probe::core::catalogue::Code;
use regex::Regex;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use support::{Sandbox, World};

/// In code spans of prose, flags of other programs and of the project's own tools.
const FOREIGN_FLAGS: &[&str] =
    &["--situation", "--serve", "--hold", "--same-node", "--raw", "--profile", "--copy-to", "--target", "--custom"];
/// Variables of the project's own tools.
const TOOL_VARIABLES: &[&str] =
    &["IRSA_PROBE_REVISION", "IRSA_PROBE_BENCH_BINARY", "IRSA_PROBE_BENCH_FAST", "IRSA_PROBE_BINARY", "IRSA_PROBE_DOCS_URL"];

struct Text {
    name: String,
    body: String,
}

/// Everything published: the manifests and dashboards, the documents, the image.
fn published() -> Vec<Text> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = vec!["Dockerfile".to_owned()];
    for entry in std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        if entry.starts_with("README") {
            names.push(entry);
        }
    }
    walk(root, "k8s", &mut names);
    walk(root, "docs", &mut names);
    names.retain(|name| !name.ends_with(".png") && !name.ends_with(".svg"));
    names.sort();
    names.into_iter().map(|name| Text { body: std::fs::read_to_string(root.join(&name)).unwrap().replace("\\\n", ""), name }).collect()
}

fn walk(root: &Path, folder: &str, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(root.join(folder)).unwrap().map(Result::unwrap) {
        let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() { walk(root, &name, names) } else { names.push(name) }
    }
}

/// All matches of the first group, with where they stand; a pattern that finds nothing any more tests nothing.
fn found(pattern: &str) -> Vec<(String, String)> {
    let pattern = Regex::new(pattern).unwrap();
    let found: Vec<_> = published()
        .iter()
        .flat_map(|text| pattern.captures_iter(&text.body).map(|captures| (text.name.clone(), captures[1].to_owned())).collect::<Vec<_>>())
        .collect();
    assert!(!found.is_empty(), "{pattern} finds nothing");
    found
}

fn help(command: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_irsa-probe")).args([command, "--help"]).env_clear().output().unwrap();
    assert!(output.status.success(), "there is no command {command}");
    String::from_utf8(output.stdout).unwrap() + "--help"
}

fn flags(text: &str) -> BTreeSet<String> {
    Regex::new(r"--[a-z][a-z-]+").unwrap().find_iter(text).map(|flag| flag.as_str().to_owned()).collect()
}

/// The commands that `--help` lists.
static COMMANDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO_BIN_EXE_irsa-probe")).arg("--help").env_clear().output().unwrap();
    let pattern = Regex::new(r"(?m)^  ([a-z][a-z-]*)(?: |$)").unwrap();
    let commands: Vec<String> =
        pattern.captures_iter(&String::from_utf8(output.stdout).unwrap()).map(|found| found[1].to_owned()).collect();
    assert!(commands.len() >= 9 && commands.iter().any(|name| name == "check"), "{commands:?}");
    commands
});

/// `["/irsa-probe", "check", "--timeout", "60s"]`: the parser itself must take it.
#[test]
fn commands_in_manifests_are_taken() {
    for (name, list) in found(r#"(\["/(?:irsa-probe-bin/)?irsa-probe"(?:, "[^"]*")+)"#) {
        let mut words: Vec<String> = serde_json::from_str(&format!("{list}]")).unwrap();
        if words.last().is_some_and(|word| word == "--") {
            words.push("COMMAND".to_owned());
        }
        let parsed = cli::parse(words[1..].iter().map(Into::into).collect(), |_| None);
        assert!(parsed.is_ok(), "{name}: {words:?}: {parsed:?}");
    }
}

/// `irsa-probe check --timeout 60s`, in a block or a span, up to what ends a command: the command is there, and has these flags.
#[test]
fn commands_in_documents_are_there() {
    let commands = COMMANDS.join("|");
    for (name, line) in found(&format!(r#"(?m)(?:^|[`/ $])irsa-probe(?: --)? ((?:{commands}) [^`#|;)>\n"]*)"#)) {
        let command = line.split(' ').next().unwrap();
        let ours = line.split(" -- ").next().unwrap();
        let (known, given) = (flags(&help(command)), flags(ours));
        assert!(given.is_subset(&known), "{name}: irsa-probe {line}: {given:?}");
    }
    // Whoever invents a command is not noticed above.
    for (name, word) in found(r"`irsa-probe ([a-z][a-z-]+)[ `]") {
        assert!(COMMANDS.contains(&word), "{name}: irsa-probe {word}");
    }
}

#[test]
fn flags_in_prose_are_flags() {
    let known: BTreeSet<String> = COMMANDS.iter().flat_map(|command| flags(&help(command))).collect();
    for (name, flag) in found(r"`(--[a-z][a-z-]+)[` =]") {
        assert!(known.contains(&flag) || FOREIGN_FLAGS.contains(&flag.as_str()), "{name}: {flag}");
    }
}

#[test]
fn variables_are_twins_of_flags() {
    let twins: BTreeSet<String> = COMMANDS
        .iter()
        .map(|command| help(command))
        .filter(|help| help.contains("can be given as a variable"))
        .flat_map(|help| flags(&help))
        .map(|flag| format!("IRSA_PROBE_{}", flag[2..].to_ascii_uppercase().replace('-', "_")))
        .collect();
    for (name, variable) in found(r"(IRSA_PROBE_[A-Z]+(?:_[A-Z]+)*)") {
        // How the help names them all.
        let is_form = variable == "IRSA_PROBE_FLAG";
        let known =
            is_form || variable == "IRSA_PROBE_DISABLED" || twins.contains(&variable) || TOOL_VARIABLES.contains(&variable.as_str());
        assert!(known, "{name}: {variable}");
    }
}

#[test]
fn ports_are_the_default() {
    let default = ServeOptions::default().listen.port().to_string();
    for (name, port) in found(r"\b(94\d\d)\b") {
        assert_eq!(port, default, "{name}");
    }
    for (name, port) in found(r"name: irsa-probe, containerPort: (\d+)") {
        assert_eq!(port, default, "{name}");
    }
}

#[test]
fn pages_are_served_and_metrics_are_on_theirs() {
    let sandbox = Sandbox::start(&World::default());
    let serve = Serve::start(&sandbox, &[]);
    serve.until("/readyz", |reply| reply.status == 200);
    for pattern in [r"path: (/[^,}\s]*), port: irsa-probe", r"`(/[a-z]+z(?:\?[a-z]+)?)`", r"`(/(?:status|report|metrics))`"] {
        for (name, page) in found(pattern) {
            assert_eq!(serve.get(&page).status, 200, "{name}: {page}");
        }
    }
    // Some metrics are there only when something is wrong: the golden page of a degraded sidecar has them.
    let page = serve.get("/metrics").body + include_str!("../src/serve/metrics/tests/degraded.txt");
    let types = Regex::new(r"(?m)^# TYPE (\S+) (\S+)$").unwrap();
    let mut names = BTreeSet::new();
    for captures in types.captures_iter(&page) {
        names.insert(captures[1].to_owned());
        if &captures[2] == "histogram" {
            names.extend(["_bucket", "_sum", "_count"].map(|suffix| format!("{}{suffix}", &captures[1])));
        }
    }
    // The table of docs/sidecar.md names them without the prefix.
    let sidecar = published().into_iter().find(|text| text.name == "docs/sidecar.md").unwrap().body;
    let table = sidecar.split("## Metrics").nth(1).unwrap().split("\n#").next().unwrap();
    let rows = Regex::new(r"(?m)^\| (`.*?`) \|").unwrap();
    let cells = Regex::new(r"`([a-z_]+)(?:\{|`)").unwrap();
    let listed: Vec<String> = rows
        .captures_iter(table)
        .flat_map(|row| {
            cells.captures_iter(row.get(1).unwrap().as_str()).map(|cell| format!("irsa_probe_{}", &cell[1])).collect::<Vec<_>>()
        })
        .collect();
    assert!(listed.len() > 10 && listed.iter().all(|metric| names.contains(metric)), "docs/sidecar.md: {listed:?}");
    for (name, metric) in found(r"\b(irsa_probe_[a-z_]+)") {
        assert!(names.contains(&metric), "{name}: {metric}");
    }
}

/// What `check` can find has a scenario that finds it.
#[test]
fn every_code_of_check_has_a_scenario() {
    // Limits of the process: tests/lack.rs sets them. The files of an application: tests/application.rs has them.
    const ELSEWHERE: [Code; 2] = [Code::ProbeOutOfResources, Code::SdkModuleMissing];
    let mut found = BTreeSet::new();
    for step in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")).unwrap() {
        let Ok(scenarios) = std::fs::read_dir(step.unwrap().path()) else { continue };
        for scenario in scenarios {
            let text = std::fs::read_to_string(scenario.unwrap().path().join("situation.json")).unwrap();
            let situation: serde_json::Value = serde_json::from_str(&text).unwrap();
            // A list of codes, or each code with its severity.
            let listed = situation["findings"].as_array().into_iter().flatten().filter_map(|code| code.as_str());
            let weighed = situation["findings"].as_object().into_iter().flatten().map(|(code, _)| code.as_str());
            found.extend(listed.chain(weighed).filter_map(Code::parse));
        }
    }
    for code in Code::ALL.iter().filter(|code| code.is_of_check()) {
        assert!(found.contains(code) != ELSEWHERE.contains(code), "{code}: found by a scenario: {}", found.contains(code));
    }
}

#[test]
fn codes_are_of_the_catalogue() {
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.id()).collect();
    for (name, code) in found(r"findings\.md#([a-z0-9][a-z0-9-]*)") {
        assert!(known.contains(code.as_str()), "{name}: {code}");
    }
    for (name, code) in found(r#"code="([a-z0-9-]+)""#) {
        assert!(known.contains(code.as_str()) || code == "ok", "{name}: {code}");
    }
}
