//! Transcripts in README.md and docs/. A block of text whose first line is `$ COMMAND` holds what that command prints. Each command has a row here
//! that says how its output is made, except `--help`, which is the parser's own text. `UPDATE_DOCS=1 cargo test --test docs` writes the blocks.

use super::{read, root};
use irsa_probe::cli;
use irsa_probe::core::check::report::{Report, RunTimes, report};
use irsa_probe::core::evidence::Evidence;
use irsa_probe::render::text::{self, Detail, TextOptions};
use irsa_probe::render::{Style, json};
use regex::Regex;
use std::collections::BTreeSet;
use std::fs::File;
use std::ops::Range;
use std::process::{Command, Stdio};

/// What makes the output of a command.
enum Source {
    /// The binary, without any variable.
    Run,
    /// The binary, with this file of `tests/docs/inputs` as its standard input.
    RunWith(&'static str),
    /// The report of recorded evidence (`tests/docs/inputs/NAME.evidence.json`), as `check` prints it.
    Check(&'static str),
    /// The same, from the heading of this step on.
    CheckFrom(&'static str, &'static str),
    /// The same as JSON, without what is long.
    CheckJson(&'static str),
    /// The binary on an image with one SDK that is too old and one that is not.
    Scan,
    /// A test program of its own makes and compares it.
    Elsewhere,
}
use Source::{Check, CheckFrom, CheckJson, Elsewhere, Run, RunWith, Scan};

/// The fields that `CheckJson` leaves out.
const LONG: [&str; 3] = ["findings", "sdks", "snippet"];
/// The lists of which `CheckJson` keeps the first item, to show its shape.
const LISTS: [&str; 2] = ["checks", "commands"];

const TRANSCRIPTS: &[(&str, Source)] = &[
    ("irsa-probe check --timeout 3s", Check("denied")),
    ("irsa-probe check", Check("healthy")),
    ("irsa-probe check -v", Check("healthy")),
    ("irsa-probe check -q", Check("denied")),
    ("irsa-probe check --check-issuer", Check("key-unknown")),
    ("AWS_PROFILE=missing irsa-probe check -v | sed -n '/^application/,$p'", CheckFrom("profile-missing", "application")),
    (
        "irsa-probe check --output json | jq 'del(.checks[1:], .findings, .sdks, .rootCause.remedy.commands[1:], .rootCause.remedy.snippet)'",
        CheckJson("denied"),
    ),
    ("irsa-probe explain signing-key-unknown", Run),
    ("kubectl logs deployment/orders | irsa-probe explain -", RunWith("orders.log")),
    ("gh run view --log-failed | irsa-probe explain -", RunWith("ci.log")),
    (
        "aws iam get-role --role-name checkout | irsa-probe trust-policy --check - --issuer \
         https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE --namespace shop --service-account checkout",
        RunWith("role.json"),
    ),
    (
        "irsa-probe trust-policy --format terraform --role-arn arn:aws:iam::111122223333:role/apps/checkout --issuer \
         https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE --namespace shop --service-account checkout",
        Run,
    ),
    ("kubectl exec deployment/checkout -- env | irsa-probe sdks --env -", RunWith("checkout.env")),
    ("kubectl exec deployment/checkout -- env | irsa-probe sdks --env - --sdk java-v2", RunWith("checkout.env")),
    ("irsa-probe sdks --scan /", Scan),
    // tests/doctor.rs: it takes the real kubectl and AWS CLI.
    ("irsa-probe doctor -n shop checkout --cluster production", Elsewhere),
];

/// Blocks of text that are no transcripts: a diagram, and figures that were measured once.
const NO_TRANSCRIPTS: [&str; 2] = ["docs/architecture.md", "docs/performance.md"];

/// The words behind `irsa-probe` of a command line.
fn arguments(command: &str) -> Vec<String> {
    let ours = command.rsplit("irsa-probe ").next().unwrap().split(" | ").next().unwrap();
    ours.split(' ').map(str::to_owned).collect()
}

/// What the parser prints for these arguments, such as a help.
pub fn help(arguments: &[&str]) -> String {
    let given = arguments.iter().map(Into::into).collect();
    let Ok(cli::Command::Print(help)) = cli::parse(given, |_| None) else { panic!("irsa-probe {arguments:?} prints no help") };
    help
}

/// The commands that `--help` lists.
pub fn commands() -> Vec<String> {
    let overview = help(&["--help"]);
    let pattern = Regex::new(r"(?m)^  ([a-z][a-z-]*)(?: |$)").unwrap();
    let commands: Vec<String> = pattern.captures_iter(&overview).map(|found| found[1].to_owned()).collect();
    assert!(commands.len() >= 9 && commands.iter().any(|name| name == "check"), "{commands:?}");
    commands
}

/// The report of recorded evidence.
fn recorded(name: &str) -> Report {
    let evidence: Evidence = serde_json::from_str(&read(&format!("tests/docs/inputs/{name}.evidence.json"))).unwrap();
    report(&evidence, RunTimes { duration_ms: 118, attempts: 2 })
}

/// The text of a check of recorded evidence.
pub fn shown(name: &str, style: Style, detail: Detail) -> String {
    text::detailed_report(&recorded(name), &TextOptions { style, detail, ..TextOptions::default() })
}

/// An indented document without some of its fields, and with one item of some lists.
fn without(document: &str, fields: &[&str], lists: &[&str]) -> String {
    let mut kept: Vec<&str> = Vec::new();
    // How the line begins that ends the field which is left out.
    let mut end: Option<String> = None;
    // How the line begins that ends the first item of a list. Its other items are left out.
    let mut item: Option<String> = None;
    for line in document.lines() {
        let key = line.trim_start();
        let indent = &line[..line.len() - key.len()];
        match &end {
            Some(indent_of_end) => {
                if line.strip_prefix(indent_of_end.as_str()).is_some_and(|rest| rest.starts_with([']', '}'])) {
                    end = None;
                    // The list whose first item is kept ends with its own line.
                    if item.take().is_some() {
                        kept.push(line);
                    }
                }
            }
            None if fields.iter().any(|field| key.starts_with(&format!("\"{field}\": "))) => {
                let opens = key.ends_with(['[', '{']);
                end = opens.then(|| indent.to_owned());
            }
            None => {
                kept.push(line);
                if lists.iter().any(|list| key == format!("\"{list}\": [")) {
                    item = Some(format!("{indent}  }}"));
                } else if item.as_ref().is_some_and(|item| line.starts_with(item.as_str())) {
                    // Everything up to the end of the list, whose indent is smaller by two.
                    end = Some(indent[2..].to_owned());
                }
            }
        }
    }
    // What is last in its object has no comma.
    Regex::new(r",(\n *[\]}])").unwrap().replace_all(&kept.join("\n"), "$1").into_owned() + "\n"
}

/// The lines of a text from the first one on that begins so, as `sed -n '/^STEP/,$p'` prints them.
fn from(text: &str, step: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with(step));
    lines.map(|line| format!("{line}\n")).collect()
}

fn run(arguments: &[String], input: Option<&str>) -> String {
    let input = input.map_or_else(Stdio::null, |name| File::open(root("tests/docs/inputs").join(name)).unwrap().into());
    let output = Command::new(env!("CARGO_BIN_EXE_irsa-probe")).args(arguments).env_clear().stdin(input).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The folder and the time of a scan differ from run to run.
fn scan() -> String {
    let image = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = image.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("app/node_modules/@aws-sdk/client-s3/package.json", r#"{"name":"@aws-sdk/client-s3","version":"3.540.0"}"#);
    let metadata = "Metadata-Version: 2.1\nName: botocore\nVersion: 1.30.0\n\n";
    write("usr/lib/python3.11/site-packages/botocore-1.30.0.dist-info/METADATA", metadata);
    let folder = image.path().to_str().unwrap();
    let printed = run(&["sdks".to_owned(), "--scan".to_owned(), folder.to_owned()], None);
    let printed = printed.replace(&format!("{folder}/"), "/").replace(folder, "/");
    Regex::new(r"in \d+ ms").unwrap().replace(&printed, "in 4 ms").into_owned()
}

/// What a command prints. `None` where another test program knows.
fn output(command: &str) -> Option<String> {
    let arguments = arguments(command);
    if arguments.last().is_some_and(|last| last == "--help") {
        return Some(help(&arguments.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    let row = TRANSCRIPTS.iter().find(|row| row.0 == command);
    let (_, source) = row.unwrap_or_else(|| panic!("no row of TRANSCRIPTS makes the output of {command:?}"));
    Some(match source {
        Run => run(&arguments, None),
        RunWith(input) => run(&arguments, Some(input)),
        Check(name) | CheckFrom(name, _) | CheckJson(name) => {
            let parsed = cli::parse(arguments.iter().map(Into::into).collect(), |_| None);
            assert!(matches!(parsed, Ok(cli::Command::Check(_))), "{command}: {parsed:?}");
            let has = |flag: &str| arguments.iter().any(|given| given == flag);
            match source {
                CheckJson(_) => without(&json::report(&recorded(name)), &LONG, &LISTS),
                CheckFrom(_, step) => from(&shown(name, Style::default(), Detail::Checks), step),
                _ if has("-v") => shown(name, Style::default(), Detail::Checks),
                _ if has("-q") => shown(name, Style::default(), Detail::Verdict),
                _ => shown(name, Style::default(), Detail::Steps),
            }
        }
        Scan => scan(),
        Elsewhere => return None,
    })
}

/// A block of text in a document.
struct Block {
    /// Behind `$ `; empty where the block is no transcript.
    command: String,
    /// Where the output stands.
    output: Range<usize>,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(found) = document[at..].find("\n```text\n") {
        let start = at + found + "\n```text\n".len();
        let end = start + document[start..].find("```").expect("the block ends");
        let first = document[start..end].lines().next().unwrap_or_default();
        let command = first.strip_prefix("$ ").unwrap_or_default().to_owned();
        let output = start + if command.is_empty() { 0 } else { first.len() + 1 };
        blocks.push(Block { command, output: output..end });
        at = end + 3;
    }
    blocks
}

/// README.md, its translation, and all of docs/.
pub fn documents() -> Vec<String> {
    fn walk(folder: &str, names: &mut Vec<String>) {
        for entry in std::fs::read_dir(root(folder)).unwrap().map(Result::unwrap) {
            let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&name, names);
            } else if name.ends_with(".md") {
                names.push(name);
            }
        }
    }
    let mut names = vec!["README.md".to_owned(), "README.ja.md".to_owned()];
    walk("docs", &mut names);
    names.sort();
    names
}

#[test]
fn transcripts_are_current() {
    let update = std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1");
    let (mut used, mut different) = (BTreeSet::new(), Vec::new());
    for file in documents() {
        let before = read(&file);
        let mut after = before.clone();
        // From the end, so that the places of those before stay.
        for block in blocks(&before).into_iter().rev() {
            if block.command.is_empty() {
                assert!(NO_TRANSCRIPTS.contains(&file.as_str()), "{file} has a block of text that no command makes");
                continue;
            }
            let made = output(&block.command);
            used.insert(block.command.clone());
            if let Some(made) = made.filter(|made| *made != before[block.output.clone()]) {
                after.replace_range(block.output.clone(), &made);
                different.push(format!("{file}: {}", block.command));
            }
        }
        if update && after != before {
            std::fs::write(root(&file), after).unwrap();
        }
    }
    assert!(update || different.is_empty(), "not what is printed: {different:#?}\nUpdate with: UPDATE_DOCS=1 cargo test --test docs");
    for (command, _) in TRANSCRIPTS {
        assert!(used.contains(*command), "no document shows {command:?}");
    }
}

/// Each command has a page with its help. README.md and the list of documents link to it.
#[test]
fn every_command_has_a_page() {
    let (readme, index) = (read("README.md"), read("docs/README.md"));
    for command in commands() {
        // completions and man are made from the same tables: one page.
        let page = if command == "man" { "completions".to_owned() } else { command.clone() };
        let text = read(&format!("docs/commands/{page}.md"));
        let shown = blocks(&text).iter().any(|block| block.command == format!("irsa-probe {command} --help"));
        assert!(shown, "docs/commands/{page}.md does not show irsa-probe {command} --help");
        assert!(readme.contains(&format!("](docs/commands/{page}.md)")), "README.md does not link to {page}.md");
        assert!(index.contains(&format!("](commands/{page}.md)")), "docs/README.md does not link to {page}.md");
    }
}

/// Every document is in the list of documents.
#[test]
fn every_document_is_listed() {
    let index = read("docs/README.md");
    for name in documents() {
        if let Some(name) = name.strip_prefix("docs/").filter(|name| *name != "README.md") {
            assert!(index.contains(&format!("]({name})")), "docs/README.md does not list {name}");
        }
    }
}

#[test]
fn fields_are_left_out_of_a_document() {
    let document = "{\n  \"a\": {\n    \"b\": 1,\n    \"remedy\": {\n      \"x\": []\n    }\n  },\n  \"checks\": [\n    {\n      \"x\": []\n    }\n  ],\n  \"c\": {},\n  \"sdks\": []\n}\n";
    assert_eq!(without(document, &["remedy", "checks", "sdks"], &[]), "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"c\": {}\n}\n");
    let list = "{\n  \"checks\": [\n    {\n      \"x\": 1\n    },\n    {\n      \"x\": 2\n    }\n  ],\n  \"c\": 1\n}\n";
    assert_eq!(without(list, &LONG, &LISTS), "{\n  \"checks\": [\n    {\n      \"x\": 1\n    }\n  ],\n  \"c\": 1\n}\n");
    assert_eq!(from("a\nb c\nd\n", "b"), "b c\nd\n");
}
