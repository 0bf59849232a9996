//! The sandbox as a program: the real `irsa-probe` in a made-up pod on loopback, without a cluster and without AWS.
//!
//! Without arguments it runs `irsa-probe check` in a healthy pod and in a broken one. Every folder below `tests/scenarios` is a
//! situation that `--situation` runs. `--hold` keeps the fakes of one running for a shell of your own.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program for developers: it reads files, starts children, and may panic"
)]

/// Prints a line. It is no failure if the reader has gone away, as `head` does.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod serve;
#[path = "../../tests/support/mod.rs"]
mod support;

use lexopt::Arg;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use support::{Sandbox, World};
use tokio::signal::unix::{Signal, SignalKind, signal};

const HELP: &str = "\
Runs the real irsa-probe in a made-up pod on this machine. STS, IMDS, the Pod
Identity agent and a proxy are fakes on loopback. Nothing leaves the machine.

Usage: cargo run --example sandbox -- [FLAGS]

Without flags it runs irsa-probe check in a healthy pod, then in a broken one.
It exits 0 if both end as expected.

Flags:
  --list            List the situations
  --situation NAME  Run one situation. NAME is its folder below tests/scenarios,
                    or the last part of it. The exit code is the probe's
  --serve           Run irsa-probe serve in a healthy pod, or in --situation.
                    Keys break and repair the pod's identity while you watch
                    the status page
  --hold            Start no probe. Print the pod's environment, and keep the
                    fakes running until Ctrl-C [default: a healthy pod]
  -h, --help        Print help
";

/// The two situations of the tour, with what must come out of them: exit code, and root cause.
const TOUR: [(&str, i32, Option<&str>); 2] =
    [("pass/irsa-healthy", 0, None), ("assume-role/trust-policy-denied", 1, Some("trust-policy-denied"))];

/// What `check` gets unless the situation says otherwise: enough for a few attempts.
const TIMEOUT: &str = "3s";

enum Task {
    Help,
    Tour,
    List,
    Run(String),
    Hold(String),
    Serve(String),
}

fn main() -> ExitCode {
    let outcome = parse(lexopt::Parser::from_env()).and_then(|task| {
        // From here on Ctrl-C ends the probe and not this program, which then still tidies up.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let interrupt = runtime.block_on(async { signal(SignalKind::interrupt()) }).unwrap();
        match task {
            Task::Help => say!("{}", HELP.trim_end()),
            Task::List => list(),
            Task::Tour => return tour(),
            Task::Run(name) => return run(&name),
            Task::Hold(name) => hold(&name, &runtime, interrupt)?,
            Task::Serve(name) => return serve::run(&Situation::find(&name)?, &build_probe()?, &runtime, interrupt),
        }
        Ok(0)
    });
    ExitCode::from(outcome.unwrap_or_else(|error| {
        eprintln!("sandbox: {error}");
        2
    }))
}

fn parse(mut parser: lexopt::Parser) -> Result<Task, String> {
    let (mut list, mut hold, mut serve, mut situation) = (false, false, false, None);
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Task::Help),
            Arg::Long("list") => list = true,
            Arg::Long("hold") => hold = true,
            Arg::Long("serve") => serve = true,
            Arg::Long("situation") => {
                let name = parser.value().map_err(|_| "--situation needs a NAME; --list shows them")?;
                situation = Some(name.into_string().map_err(|_| "--situation: the name is not UTF-8")?);
            }
            other => return Err(format!("{}; --help shows the flags", other.unexpected())),
        }
    }
    let name = |situation: Option<String>| situation.unwrap_or_else(|| TOUR[0].0.to_owned());
    match (list, hold, serve) {
        (true, false, false) if situation.is_none() => Ok(Task::List),
        (true, ..) => Err("--list takes no other flag".to_owned()),
        (_, true, true) => Err("give --hold or --serve, not both".to_owned()),
        (_, true, _) => Ok(Task::Hold(name(situation))),
        (_, _, true) => Ok(Task::Serve(name(situation))),
        _ => Ok(situation.map_or(Task::Tour, Task::Run)),
    }
}

fn tour() -> Result<u8, String> {
    let probe = build_probe()?;
    for (name, exit, root_cause) in TOUR {
        let ended = Situation::find(name)?.check(&probe);
        if ended.code != exit || ended.root_cause.as_deref() != root_cause {
            eprintln!("sandbox: {name} should exit with {exit} and name {root_cause:?}, but the result is {ended:?}");
            return Ok(1);
        }
    }
    say!("\n# Both ended as expected. More situations: --list and --situation NAME. The sidecar: --serve.");
    Ok(0)
}

fn list() {
    let situations: Vec<Situation> = names().iter().map(|name| Situation::read(name).unwrap()).collect();
    let width = situations.iter().map(|situation| situation.name.len()).max().unwrap_or_default();
    for situation in situations {
        say!("{:width$}  {}", situation.name, situation.world.about);
    }
}

fn run(name: &str) -> Result<u8, String> {
    let situation = Situation::find(name)?;
    let ended = situation.check(&build_probe()?);
    Ok(u8::try_from(ended.code).unwrap_or(1))
}

fn hold(name: &str, runtime: &tokio::runtime::Runtime, mut interrupt: Signal) -> Result<(), String> {
    let situation = Situation::find(name)?;
    let probe = build_probe()?;
    let sandbox = Sandbox::start(&situation.world);
    say!("# {}\n# In a shell without variables of its own (env -i sh):", situation.world.about);
    for (name, value) in sandbox.env() {
        say!("export {name}={}", quoted(&value));
    }
    say!("{}", command_line(&probe, &situation.arguments(&sandbox)));
    say!("# The fakes of this pod run until Ctrl-C.");
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).unwrap();
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
    Ok(())
}

/// A folder below `tests/scenarios`.
struct Situation {
    name: String,
    world: World,
    run: Run,
}

/// The scenario runner's keys that matter here too.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Run {
    args: Vec<String>,
    as_nobody: bool,
}

#[derive(Debug)]
struct Ended {
    code: i32,
    root_cause: Option<String>,
}

impl Situation {
    /// By the folder's path, or by its last part when only one has it.
    fn find(name: &str) -> Result<Situation, String> {
        let names = names();
        let candidates: Vec<&String> = match names.iter().find(|known| *known == name) {
            Some(exact) => vec![exact],
            None => names.iter().filter(|known| known.ends_with(&format!("/{name}"))).collect(),
        };
        match candidates.as_slice() {
            [only] => Situation::read(only),
            [] => Err(format!("there is no situation {name:?}; {}", meant(name, &names))),
            several => Err(format!("{name:?} is the name of several situations: {several:?}")),
        }
    }

    /// What is no field of the world belongs to the scenario runner.
    fn read(name: &str) -> Result<Situation, String> {
        let text = std::fs::read_to_string(scenarios().join(name).join("situation.json")).map_err(|error| format!("{name}: {error}"))?;
        let object: Map<String, Value> = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        let fields = serde_json::to_value(World::default()).unwrap();
        let others: Vec<&str> = object.keys().map(String::as_str).filter(|key| fields.get(key).is_none()).collect();
        let (world, run) = World::split(&text, &others).map_err(|error| format!("{name}: {error}"))?;
        Ok(Situation { name: name.to_owned(), world, run })
    }

    fn arguments(&self, sandbox: &Sandbox) -> Vec<String> {
        let mut arguments = vec!["check".to_owned()];
        if !self.run.args.iter().any(|arg| arg == "--timeout") {
            arguments.extend(["--timeout".to_owned(), TIMEOUT.to_owned()]);
        }
        arguments.extend(self.run.args.iter().map(|arg| sandbox.expand(arg)));
        arguments
    }

    /// Says what the situation is, and runs the probe in it; the probe writes to this program's terminal.
    fn check(&self, probe: &Path) -> Ended {
        let sandbox = Sandbox::start(&self.world);
        let arguments = self.arguments(&sandbox);
        say!("\n# {}\n$ {}", self.world.about, command_line(probe, &arguments));
        if self.run.as_nobody && Sandbox::running_as_root() {
            say!("# (root may read every file; run this as another user to see the failure)");
        }
        let message = sandbox.dir().join("termination-log");
        let terminal = ["TERM", "NO_COLOR"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let status = Command::new(probe)
            .args(arguments)
            .env_clear()
            .envs(terminal)
            .envs(sandbox.env())
            .env("IRSA_PROBE_TERMINATION_LOG", &message)
            .stdin(Stdio::null())
            .status();
        let message = std::fs::read_to_string(message).unwrap_or_default();
        // "CODE: cause"
        let root_cause = message.split_once(':').map(|(code, _)| code.to_owned());
        Ended { code: status.ok().and_then(|status| status.code()).unwrap_or(-1), root_cause }
    }
}

/// Asks for the situation whose path or last part is nearly this name.
fn meant(name: &str, names: &[String]) -> String {
    let edits = |known: &str| {
        let last = known.rsplit('/').next().unwrap_or(known);
        strsim::osa_distance(name, known).min(strsim::osa_distance(name, last))
    };
    let near = names.iter().map(|known| (edits(known), known)).filter(|(edits, _)| *edits <= 2).min();
    near.map_or_else(|| "--list shows them".to_owned(), |(_, known)| format!("did you mean {known}?"))
}

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// All situations, in order.
fn names() -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.join("situation.json").exists() {
                found.push(entry);
            } else if entry.is_dir() {
                walk(&entry, found);
            }
        }
    }
    let mut folders = Vec::new();
    walk(&scenarios(), &mut folders);
    folders.sort();
    folders.iter().map(|folder| folder.strip_prefix(scenarios()).unwrap().display().to_string()).collect()
}

/// Builds the binary, which `cargo run --example` does not do, and returns its path. In this program's own profile, and together with
/// it: then both share their dependencies, which otherwise would be compiled a second time, without the features of the tests.
/// `IRSA_PROBE_BINARY` names one that is there already.
fn build_probe() -> Result<PathBuf, String> {
    if let Some(binary) = std::env::var_os("IRSA_PROBE_BINARY") {
        return Ok(binary.into());
    }
    let mut arguments = vec!["build"];
    if !cfg!(debug_assertions) {
        arguments.push("--release");
    }
    arguments.extend(["--bin", "irsa-probe", "--example", "sandbox"]);
    eprintln!("$ cargo {}", arguments.join(" "));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `cargo run` describes this package in variables that build scripts watch: inherited, they would make cargo build ring again.
    for (name, _) in std::env::vars_os()
        .filter(|(name, _)| name.to_str().is_some_and(|n| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_")))
    {
        cargo.env_remove(name);
    }
    cargo.args(&arguments).arg("--message-format=json-render-diagnostics").current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit());
    let output = cargo.output().map_err(|error| format!("cargo could not be started: {error}"))?;
    if !output.status.success() {
        return Err("the build failed".to_owned());
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "irsa-probe")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo named no executable".to_owned())
}

/// The command as it can be typed here.
fn command_line(probe: &Path, arguments: &[String]) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let probe = probe.strip_prefix(here).unwrap_or(probe).display().to_string();
    [probe].iter().chain(arguments).map(|word| quoted_if_needed(word)).collect::<Vec<_>>().join(" ")
}

fn quoted_if_needed(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { quoted(word) }
}

/// For a POSIX shell.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}
