//! Every folder below `tests/scenarios/` is a pod in a situation: `situation.json` (its world and what must come out),
//! `report.txt` (golden, without what passed or was skipped), in a dozen also the whole `report.json`. What is as in a healthy pod stands in
//! `baselines.json`. The real binary runs in it twice, for JSON and for text, each time in a world of its own.
//!
//! `EVIDENCE=FOLDER` keeps what the probe saw in each, for `tests/replay.rs`.
//!
//! `IRSA_PROBE_BINARY` runs another build of it (the static one), `IRSA_PROBE_RUNNER` runs that through a program (qemu-aarch64).
//!
//! After an intended change: `UPDATE_SCENARIOS=1 cargo test --test scenarios`, and read the diff.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod expected;
#[path = "expected/sdks.rs"]
mod predicted;
mod support;

use expected::{Expected, golden};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use support::{Sandbox, Service, World};

/// What stands in `situation.json` beside the world and what must come out: how the probe is run, and what it may do.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RunPlan {
    /// Arguments; `--output` and the log flags are the runner's. Placeholders are filled.
    #[serde(default)]
    args: Vec<String>,
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
}

const RUN_KEYS: [&str; 5] = ["args", "calls", "times", "asNobody", "ownBuildOnly"];

/// A folder below `tests/scenarios/`, read.
struct Situation {
    world: World,
    run: RunPlan,
    expected: Expected,
}

impl Situation {
    fn read(folder: &Path) -> Result<Situation, Failed> {
        let text = std::fs::read_to_string(folder.join("situation.json"))?;
        let said = |error: serde_json::Error| Failed::from(format!("situation.json: {error}"));
        let keys = [&expected::KEYS[..], &RUN_KEYS[..]].concat();
        let (world, ours): (World, Value) = World::split(&text, &keys).map_err(said)?;
        let of = |keys: &[&str]| -> Value { keys.iter().filter_map(|key| Some(((*key).to_owned(), ours.get(key)?.clone()))).collect() };
        Ok(Situation {
            world,
            run: serde_json::from_value(of(&RUN_KEYS)).map_err(said)?,
            expected: serde_json::from_value(of(&expected::KEYS)).map_err(said)?,
        })
    }
}

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
    if let Some((folder, _)) = COPY.get() {
        std::fs::remove_dir_all(folder.path()).unwrap();
    }
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

fn own_build_only(folder: &Path) -> bool {
    Situation::read(folder).is_ok_and(|situation| situation.run.own_build_only)
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
    let situation = Situation::read(folder)?;
    let json = execute(&situation, "json");
    let report: Value = serde_json::from_slice(&json.output.stdout)
        .map_err(|error| format!("no report on stdout: {error}\n{}{}", text_of(&json.output.stdout), text_of(&json.output.stderr)))?;
    judge(&situation, &json, &report)?;
    schema(&report)?;
    predictions(&situation, &json.sandbox, &report)?;
    let plain = execute(&situation, "text");
    expect(plain.output.status.code() == Some(situation.expected.exit), || format!("text run: exit {:?}", plain.output.status.code()))?;
    record(&situation, name)?;
    // A dozen situations keep the whole report, one for each class of outcomes.
    let whole = folder.join("report.json");
    if whole.exists() {
        golden::hold(&whole, &golden::json(report, |text| json.normal(text)))?;
    }
    // An answer without an end has the room that it takes: nothing of it is cut but at the cap of foreign text.
    if !name.ends_with("-without-end") {
        last_block(&text_of(&plain.output.stdout))?;
    }
    Ok(golden::hold(&folder.join("report.txt"), &golden::text(&json.normal(&plain.normal(&text_of(&plain.output.stdout)))))?)
}

/// The rows of a terminal, and its columns, that the last block of every report fits.
const TERMINAL: (usize, usize) = (24, 80);

/// What is wrong with the last block of a report, the one below the last empty line: it does not fit the terminal, or lacks something that a
/// person needs.
fn last_block(report: &str) -> Result<(), Failed> {
    let block = report.trim_end().rsplit("\n\n").next().unwrap_or_default();
    let rows: usize = block.lines().map(|line| line.chars().count().div_ceil(TERMINAL.1).max(1)).sum();
    if rows > TERMINAL.0 {
        return Err(format!("the last block has {rows} rows:\n{block}").into());
    }
    let parts = ["\n  why        ", "\n  fix        1. ", "\n  more       irsa-probe explain "];
    let lacks = |part: &&str| !block.starts_with("√ PASS ") && !block.contains(*part);
    match parts.iter().find(|part| lacks(part)) {
        Some(part) => Err(format!("the last block has no {:?}:\n{block}", part.trim()).into()),
        None => Ok(()),
    }
}

/// The check's predictions are those of `sdks` in the same pod, given what was answered.
fn predictions(situation: &Situation, sandbox: &Sandbox, report: &Value) -> Result<(), Failed> {
    // The application's SDK is predicted in its own version. What a script answered at last is not what it answers first.
    let is_plain = !situation.run.args.iter().any(|arg| arg.contains('@') || arg == "--sts-region");
    let Some(assumed) = predicted::assumed(report).filter(|_| is_plain) else { return Ok(()) };
    let mut command = program();
    command.env_clear().envs(sandbox.env()).args(["sdks", "--output", "json"]);
    if !assumed.is_empty() {
        command.args(["--assume", &assumed]);
    }
    if situation.run.as_nobody && Sandbox::running_as_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output()?;
    let found: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("sdks: {error}: {}", text_of(&output.stderr)))?;
    let differences = predicted::differences(&report["sdks"], &found["sdks"]);
    expect(differences.is_empty(), || format!("with --assume {assumed}: {}", differences.join("; ")))
}

/// With `EVIDENCE=FOLDER`, what the probe saw is kept there, for `tests/replay.rs` and `examples/replay.rs`. This run's folder and key id are
/// replaced by names of the same length, so that lines break where they did.
fn record(situation: &Situation, name: &str) -> Result<(), Failed> {
    let Some(folder) = std::env::var_os("EVIDENCE").map(PathBuf::from) else { return Ok(()) };
    let path = folder.join(name).with_extension("json");
    std::fs::create_dir_all(path.parent().unwrap())?;
    let ran = execute(situation, "evidence");
    let (folder, key_id) = (ran.sandbox.dir().display().to_string(), &support::jwt::cluster_key().kid);
    let evidence = text_of(&ran.output.stdout).replace(&folder, &format!("/{}", "d".repeat(folder.len() - 1)));
    Ok(std::fs::write(path, evidence.replace(key_id, &"k".repeat(key_id.len())))?)
}

struct Ran {
    output: Output,
    termination: String,
    sandbox: Sandbox,
}

fn execute(situation: &Situation, output: &str) -> Ran {
    let Situation { world, run, .. } = situation;
    let sandbox = Sandbox::start(world);
    let termination = sandbox.dir().join("termination-log");
    std::fs::write(&termination, "").unwrap();
    std::fs::set_permissions(&termination, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let mut command = program();
    command.env_clear().envs(sandbox.env()).env("IRSA_PROBE_TERMINATION_LOG", &termination).stdin(Stdio::null());
    command.args(["check", "--output", output, "--log-level", "trace", "--log-format", "json"]);
    if !run.args.iter().any(|arg| arg == "--timeout") {
        command.args(["--timeout", "4s"]);
    }
    command.args(run.args.iter().map(|arg| sandbox.expand(arg)));
    if run.as_nobody && Sandbox::running_as_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    let termination = std::fs::read_to_string(termination).unwrap();
    let ran = Ran { output, termination, sandbox };
    ran.hides_secrets();
    ran
}

/// The binary, by the runner where one is given.
fn program() -> Command {
    match std::env::var_os("IRSA_PROBE_RUNNER") {
        Some(runner) => {
            let mut command = Command::new(runner);
            command.arg(binary());
            command
        }
        None => Command::new(binary()),
    }
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
        golden::normal(text, &self.sandbox.dir().display().to_string(), &support::jwt::cluster_key().kid)
    }
}

fn judge(situation: &Situation, ran: &Ran, report: &Value) -> Result<(), Failed> {
    let Situation { run, expected, .. } = situation;
    let exit = ran.output.status.code();
    let mut differences = expected.differences(report, |text| ran.sandbox.expand(text), |text| ran.normal(text));
    if exit != Some(expected.exit) {
        differences.push(format!("exit {exit:?}"));
    }
    expect(differences.is_empty(), || format!("{}\nlog:\n{}", differences.join("\n"), text_of(&ran.output.stderr)))?;
    let failed = report["verdict"] != "pass";
    let first_line = ran.termination.lines().next().unwrap_or_default();
    let cause = expected.root_cause.as_deref().unwrap_or("\0");
    expect(ran.termination.len() <= 1024 && failed == first_line.contains(cause), || {
        format!("termination message: {:?}", ran.termination)
    })?;
    for (service, wanted) in &run.calls {
        let called: BTreeSet<String> =
            ran.sandbox.requests().into_iter().filter(|r| name(r.service) == service).map(|r| r.operation.clone()).collect();
        expect(&called == wanted, || format!("{service} was called for {called:?}"))?;
    }
    for (call, wanted) in &run.times {
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

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(otherwise().into()) }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The folder and the file of [`binary`]. A static is never dropped, so `main` removes the folder.
static COPY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();

/// A copy of the binary where every user may run it: a checkout can lie in a folder that only its owner may enter.
fn binary() -> &'static Path {
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
