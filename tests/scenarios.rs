//! Every folder below `tests/scenarios/` is a pod in a situation: `situation.json` (its world and what must come out),
//! `report.json` and `report.txt` (golden). The real binary runs in it twice, for JSON and for text, each time in a world of its own.
//!
//! `EVIDENCE=FOLDER` keeps what the probe saw in each, for `examples/replay.rs`.
//!
//! `IRSA_PROBE_BINARY` runs another build of it (the static one), `IRSA_PROBE_RUNNER` runs that through a program (qemu-aarch64).
//!
//! After an intended change: `UPDATE_SCENARIOS=1 cargo test --test scenarios`, and read the diff.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use support::{Sandbox, Service, World};

/// What stands in `situation.json` beside the world.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    /// Arguments; `--output` and the log flags are the runner's. Placeholders are filled.
    #[serde(default)]
    args: Vec<String>,
    /// Exit code.
    exit: i32,
    /// The root cause's code; absent for a pass.
    #[serde(default)]
    root_cause: Option<String>,
    /// All findings, in order, the root cause included.
    #[serde(default)]
    findings: Vec<String>,
    /// Codes that must not appear: those that a worse tool would name.
    #[serde(default)]
    not: Vec<String>,
    /// Texts that the root cause's detail or remedy must hold (placeholders are filled).
    #[serde(default)]
    says: Vec<String>,
    /// What may reach a service, as a set; a service that is not named is not judged. `"imds": []` means: nothing.
    #[serde(default)]
    calls: BTreeMap<String, BTreeSet<String>>,
    /// How often an operation (`imds/role-v1`) must have been called.
    #[serde(default)]
    times: BTreeMap<String, usize>,
    /// Runs as nobody even when the tests run as root (file permissions do not stop root).
    #[serde(default)]
    as_nobody: bool,
    /// Rests on the C library of the tests' own build, or on its words; not run with another binary (tests/e2e/namespace has its like for musl).
    #[serde(default)]
    own_build_only: bool,
    /// At least so many attempts.
    #[serde(default)]
    attempts: u64,
    /// Pointers into the report (RFC 6901) with the value they must have.
    #[serde(default)]
    report: BTreeMap<String, Value>,
}

const CASE_KEYS: [&str; 12] =
    ["args", "exit", "rootCause", "findings", "not", "says", "calls", "times", "asNobody", "attempts", "report", "ownBuildOnly"];

fn main() {
    let mut arguments = Arguments::from_args();
    // Scenarios mostly wait for their own timeouts; more of them than cores run side by side.
    arguments.test_threads.get_or_insert(6);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut folders = Vec::new();
    find(&root, &mut folders);
    folders.sort();
    let name = |folder: &Path| folder.strip_prefix(&root).unwrap().display().to_string();
    let other_build = std::env::var_os("IRSA_PROBE_BINARY").is_some();
    let trials = folders
        .iter()
        .map(|folder| {
            Trial::test(name(folder), {
                let (name, folder) = (name(folder), folder.clone());
                move || patiently(&name, &folder)
            })
            .with_ignored_flag(other_build && own_build_only(folder))
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list && !repetitions_are_few(&REPEATED.lock().unwrap(), usize::try_from(conclusion.num_passed).unwrap()) {
        std::process::exit(101);
    }
    conclusion.exit();
}

/// The scenarios that were run again, one entry for each time.
static REPEATED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Says at the end what was run again. One in a hundred may be (one in a run of fewer). More fail the pipeline, whose machine does nothing else;
/// elsewhere the machine may be busy, so there they are only said.
fn repetitions_are_few(repeated: &[String], passed: usize) -> bool {
    let few = repeated.len() * 100 <= passed.max(100) || std::env::var_os("CI").is_none();
    let verdict = if few { "" } else { "\nFAILED: no more than one in a hundred may be" };
    println!("REPEATED {} times, for {passed} scenarios that passed: {}{verdict}\n", repeated.len(), repeated.join(", "));
    few
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.join("situation.json").exists() {
            found.push(entry);
        } else if entry.is_dir() {
            find(&entry, found);
        }
    }
}

fn situation(folder: &Path) -> Result<(World, Case), Failed> {
    let text = std::fs::read_to_string(folder.join("situation.json"))?;
    Ok(World::split(&text, &CASE_KEYS).map_err(|error| format!("situation.json: {error}"))?)
}

fn own_build_only(folder: &Path) -> bool {
    situation(folder).is_ok_and(|(_, case)| case.own_build_only)
}

/// On a machine that is busy with other things a probe can lose the 1.2 s that it gives the witness and IMDS (of which IMDSv1 behind a hop
/// limit gets 0.2 s), and then rightly reports that. Such a scenario is tried again, twice at most; every repetition is said and counted.
fn patiently(name: &str, folder: &Path) -> Result<(), Failed> {
    let again = |failed: Failed| {
        eprintln!("REPEATED {name}: {}", failed.message().unwrap_or_default());
        REPEATED.lock().unwrap().push(name.to_owned());
        run(name, folder)
    };
    run(name, folder).or_else(again).or_else(again)
}

fn run(name: &str, folder: &Path) -> Result<(), Failed> {
    let (world, case) = situation(folder)?;
    let json = execute(&world, &case, "json");
    let report: Value = serde_json::from_slice(&json.output.stdout)
        .map_err(|error| format!("no report on stdout: {error}\n{}{}", text_of(&json.output.stdout), text_of(&json.output.stderr)))?;
    judge(&case, &json, &report)?;
    schema(&report)?;
    let plain = execute(&world, &case, "text");
    expect(plain.output.status.code() == Some(case.exit), || format!("text run: exit {:?}", plain.output.status.code()))?;
    record(&world, &case, name)?;
    golden(&folder.join("report.json"), &normal_json(report, &json))?;
    golden(&folder.join("report.txt"), &json.normal(&plain.normal(&text_of(&plain.output.stdout))))
}

/// With `EVIDENCE=FOLDER`, what the probe saw is kept there, for `examples/replay.rs`.
fn record(world: &World, case: &Case, name: &str) -> Result<(), Failed> {
    let Some(folder) = std::env::var_os("EVIDENCE").map(PathBuf::from) else { return Ok(()) };
    let path = folder.join(name).with_extension("json");
    std::fs::create_dir_all(path.parent().unwrap())?;
    Ok(std::fs::write(path, execute(world, case, "evidence").output.stdout)?)
}

struct Ran {
    output: Output,
    termination: String,
    sandbox: Sandbox,
}

fn execute(world: &World, case: &Case, output: &str) -> Ran {
    let sandbox = Sandbox::start(world);
    let termination = sandbox.dir().join("termination-log");
    std::fs::write(&termination, "").unwrap();
    std::fs::set_permissions(&termination, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let mut command = match std::env::var_os("IRSA_PROBE_RUNNER") {
        Some(runner) => Command::new(runner),
        None => Command::new(binary()),
    };
    if std::env::var_os("IRSA_PROBE_RUNNER").is_some() {
        command.arg(binary());
    }
    command.env_clear().envs(sandbox.env()).env("IRSA_PROBE_TERMINATION_LOG", &termination).stdin(Stdio::null());
    command.args(["check", "--output", output, "--log-level", "trace", "--log-format", "json"]);
    if !case.args.iter().any(|arg| arg == "--timeout") {
        command.args(["--timeout", "4s"]);
    }
    command.args(case.args.iter().map(|arg| sandbox.expand(arg)));
    if case.as_nobody && Sandbox::running_as_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    let termination = std::fs::read_to_string(termination).unwrap();
    let ran = Ran { output, termination, sandbox };
    ran.hides_secrets();
    ran
}

impl Ran {
    /// No planted secret in anything that was written, at any log level.
    fn hides_secrets(&self) {
        let written = [text_of(&self.output.stdout), text_of(&self.output.stderr), self.termination.clone()].concat();
        for secret in self.sandbox.secrets() {
            assert!(!written.contains(&secret), "a secret of {} characters was written", secret.len());
        }
    }

    /// Takes out of a text what differs from run to run.
    fn normal(&self, text: &str) -> String {
        let text = text.replace(&self.sandbox.dir().display().to_string(), "{dir}").replace(&support::jwt::cluster_key().kid, "{kid}");
        PATTERNS
            .get_or_init(patterns)
            .iter()
            .fold(text, |text, (pattern, replacement)| pattern.replace_all(&text, *replacement).into_owned())
    }
}

static PATTERNS: OnceLock<Vec<(Regex, &'static str)>> = OnceLock::new();

fn patterns() -> Vec<(Regex, &'static str)> {
    [
        (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", "<time>"),
        (r"\d{8}T\d{6}Z", "<time>"),
        // musl's words, where glibc has others.
        ("Name does not resolve", "Name or service not known"),
        ("Network unreachable", "Network is unreachable"),
        ("Filename too long", "File name too long"),
        (r"owner \d+:\d+", "owner <uid>:<gid>"),
        (r"UID \d+, GIDs [\d,]+", "UID <uid>, GIDs <gids>"),
        (r"\b1[789]\d{8}\b", "<unix>"),
        // The agent's session names end in one that is cut off.
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{1,12}", "<uuid>"),
        (r"(127\.0\.0\.1|localhost|\[::1\]):\d+", "$1:<port>"),
        (r"(not proven in|within) \d+(\.\d+)? m?s\b", "$1 <n> s"),
        (r"\b\d+(ms| ms)\b", "<n>$1"),
        (r"\b\d+(\.\d+)? s\b", "<n> s"),
        (r"\b(\d+d \d+h|\d+h \d+m|\d+[dhms])\b", "<span>"),
        (r"web-identity-token-\d+", "web-identity-token-<n>"),
        (r"\(\d+ attempts?\)", "(<n> attempts)"),
        (r"in \d+ attempts?", "in <n> attempts"),
    ]
    .into_iter()
    .map(|(pattern, replacement)| (Regex::new(pattern).unwrap(), replacement))
    .collect()
}

fn normal_json(mut report: Value, ran: &Ran) -> String {
    blank(&mut report);
    // The SDK's container provider tries again after random pauses, whatever it is told: it may be done before the witness is cut off, or not.
    if report["verdict"] == "unknown" && report["chain"]["error"].is_string() {
        report["chain"]["error"] = Value::from("<passing>");
    }
    ran.normal(&(serde_json::to_string_pretty(&report).unwrap() + "\n"))
}

/// Figures that differ from run to run.
fn blank(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match key.as_str() {
                    "durationMs" | "attempts" | "ms" | "resolve" | "connect" | "tls" if value.is_number() => *value = Value::from(1),
                    "version" => *value = Value::from("<version>"),
                    "clockSkewSeconds" if value.as_i64().is_some_and(|skew| skew != 0) => {
                        *value = Value::from(if value.as_i64() > Some(0) { 999 } else { -999 })
                    }
                    _ => blank(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        _ => {}
    }
}

fn judge(case: &Case, ran: &Ran, report: &Value) -> Result<(), Failed> {
    let code = |finding: &Value| finding["code"].as_str().unwrap_or_default().to_owned();
    let found: Vec<String> = report["findings"].as_array().unwrap().iter().map(code).collect();
    let root = report["rootCause"]["code"].as_str().map(str::to_owned);
    let exit = ran.output.status.code();
    expect(root == case.root_cause && found == case.findings && exit == Some(case.exit), || {
        format!(
            "exit {exit:?}, root cause {root:?}, findings {found:?}; detail: {}\nlog:\n{}",
            report["rootCause"]["detail"],
            text_of(&ran.output.stderr)
        )
    })?;
    for code in &case.not {
        expect(!found.contains(code), || format!("{code} must not be found"))?;
    }
    let words = format!("{} {}", report["rootCause"], report["findings"]).replace("\\\"", "\"");
    for text in case.says.iter().map(|text| ran.sandbox.expand(text)) {
        expect(words.contains(&text), || format!("{text:?} is not said in {words}"))?;
    }
    let attempts = report["attempts"].as_u64().unwrap();
    expect(attempts >= case.attempts.max(1), || format!("{attempts} attempts"))?;
    for (pointer, wanted) in &case.report {
        let found = report.pointer(pointer).unwrap_or(&Value::Null);
        expect(found == wanted, || format!("{pointer} is {found}, wanted {wanted}"))?;
    }
    let failed = report["verdict"] != "pass";
    let first_line = ran.termination.lines().next().unwrap_or_default();
    expect(ran.termination.len() <= 1024 && failed == first_line.contains(root.as_deref().unwrap_or("\0")), || {
        format!("termination message: {:?}", ran.termination)
    })?;
    for (service, wanted) in &case.calls {
        let called: BTreeSet<String> =
            ran.sandbox.requests().into_iter().filter(|r| name(r.service) == service).map(|r| r.operation.clone()).collect();
        expect(&called == wanted, || format!("{service} was called for {called:?}"))?;
    }
    for (call, wanted) in &case.times {
        let times = ran.sandbox.requests().iter().filter(|r| format!("{}/{}", name(r.service), r.operation) == *call).count();
        expect(times == *wanted, || format!("{call} was called {times} times"))?;
    }
    Ok(())
}

fn name(service: Service) -> &'static str {
    match service {
        Service::Sts => "sts",
        Service::Imds => "imds",
        Service::Agent => "agent",
        Service::Issuer => "issuer",
        Service::Proxy => "proxy",
    }
}

fn schema(report: &Value) -> Result<(), Failed> {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let validator = SCHEMA.get_or_init(|| {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.v1.schema.json")).unwrap();
        jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
    });
    let errors: Vec<String> = validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    expect(errors.is_empty(), || format!("against docs/report.v1.schema.json: {errors:?}"))
}

fn golden(path: &Path, found: &str) -> Result<(), Failed> {
    if std::env::var_os("UPDATE_SCENARIOS").is_some() {
        std::fs::File::create(path)?.write_all(found.as_bytes())?;
        return Ok(());
    }
    let wanted = std::fs::read_to_string(path).unwrap_or_default();
    expect(wanted == found, || {
        let line = wanted.lines().zip(found.lines()).position(|(a, b)| a != b).unwrap_or(wanted.lines().count().min(found.lines().count()));
        let at = |text: &str| text.lines().nth(line).unwrap_or("(end)").to_owned();
        format!("{} differs at line {}:\n- {}\n+ {}\n(UPDATE_SCENARIOS=1 accepts)", path.display(), line + 1, at(&wanted), at(found))
    })
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(otherwise().into()) }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A copy of the binary where every user may run it: a checkout can lie in a folder that only its owner may enter.
fn binary() -> &'static Path {
    static COPY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    &COPY
        .get_or_init(|| {
            let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            let dir = tempfile::Builder::new().prefix("irsa-probe-binary-").permissions(everyone).tempdir().unwrap();
            let path = dir.path().join("irsa-probe");
            let built = std::env::var_os("IRSA_PROBE_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_irsa-probe").into());
            std::fs::copy(built, &path).unwrap();
            // Forking threads may inherit the descriptor that wrote it; until it is closed the file is busy.
            std::thread::sleep(Duration::from_millis(50));
            (dir, path)
        })
        .1
}
