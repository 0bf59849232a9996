//! What the sidecar costs, and what it bears. Prints a table for docs/performance.md.
//!
//! ```sh
//! IRSA_PROBE_BENCH_BINARY=…/release/irsa-probe IRSA_PROBE_BENCH_FAST=…/release/examples/fast_serve cargo bench --bench serve [-- PART[=SCALE]…]
//! ```
//!
//! Times stand beside their budgets and judge nothing, because a time on a shared machine proves nothing. Everything else is judged,
//! and a row that does not hold makes the run fail: memory, descriptors, unanswered requests, calls to STS, the process' own end.
//!
//! The fakes run in this process, the sidecar in one of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "a benchmark")]

#[path = "../tests/serve/child.rs"]
mod child;
#[path = "serve/client.rs"]
mod client;
#[path = "../tests/serve/crowd.rs"]
mod crowd;
#[path = "serve/garbage.rs"]
mod garbage;
#[path = "serve/greedy.rs"]
mod greedy;
#[path = "serve/idle.rs"]
mod idle;
#[path = "serve/load.rs"]
mod load;
#[path = "serve/process.rs"]
mod process;
#[path = "serve/quota.rs"]
mod quota;
#[path = "serve/slow.rs"]
mod slow;
#[path = "serve/soak.rs"]
mod soak;
#[path = "../tests/support/mod.rs"]
mod support;

use child::Serve;
use rustix::process::Signal;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use support::state::Service;
use support::{Sandbox, World};

/// The largest resident set that a sidecar may have.
const MOST_KIB: u64 = 6 * 1024;

/// A part, and how much of it is run unless its argument says otherwise.
struct Part {
    name: &'static str,
    scale: usize,
    unit: &'static str,
    binary: &'static str,
    run: fn(&mut Sheet, &Path, usize),
}

const PROBE: &str = "IRSA_PROBE_BENCH_BINARY";
const FAST: &str = "IRSA_PROBE_BENCH_FAST";

const PARTS: [Part; 6] = [
    Part { name: "idle", scale: 60, unit: "seconds", binary: PROBE, run: idle::run },
    Part { name: "load", scale: 10, unit: "seconds for each path", binary: PROBE, run: load::run },
    Part { name: "slow", scale: 20, unit: "seconds", binary: PROBE, run: slow::run },
    Part { name: "greedy", scale: 10, unit: "seconds for each page", binary: PROBE, run: greedy::run },
    Part { name: "garbage", scale: 20_000, unit: "connections", binary: PROBE, run: garbage::run },
    Part { name: "soak", scale: 10_000, unit: "rounds", binary: FAST, run: soak::run },
];

fn main() -> ExitCode {
    let chosen = match chosen(std::env::args().skip(1)) {
        Ok(chosen) => chosen,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    let mut sheet = Sheet::default();
    for (part, scale, binary) in chosen {
        println!("\n{} ({scale} {})", part.name, part.unit);
        (part.run)(&mut sheet, &binary, scale);
    }
    println!();
    for broken in &sheet.broken {
        println!("FAILED {broken}");
    }
    ExitCode::from(u8::from(!sheet.broken.is_empty()))
}

/// The parts to run, each with its scale and its binary.
fn chosen(args: impl Iterator<Item = String>) -> Result<Vec<(&'static Part, usize, PathBuf)>, String> {
    let mut chosen: Vec<(&Part, usize)> = Vec::new();
    // Cargo itself adds `--bench`.
    for arg in args.filter(|arg| arg != "--bench") {
        let (name, scale) = arg.split_once('=').map_or((arg.as_str(), None), |(name, scale)| (name, Some(scale)));
        let part = PARTS.iter().find(|part| part.name == name);
        let part = part.ok_or_else(|| format!("no part {name}; there are {}", PARTS.map(|part| part.name).join(", ")))?;
        let scale = scale.map_or(Ok(part.scale), str::parse).ok().filter(|scale| *scale > 0);
        chosen.push((part, scale.ok_or_else(|| format!("{arg}: {} {} is the default", part.scale, part.unit))?));
    }
    if chosen.is_empty() {
        chosen = PARTS.iter().map(|part| (part, part.scale)).collect();
    }
    let with_binary = |(part, scale): (&'static Part, usize)| {
        let path = std::env::var_os(part.binary).map(PathBuf::from);
        let path = path.ok_or_else(|| format!("{} is not set: the release build that the part {} measures", part.binary, part.name))?;
        if path.is_file() { Ok((part, scale, path)) } else { Err(format!("{}: {} is no file", part.binary, path.display())) }
    };
    chosen.into_iter().map(with_binary).collect()
}

/// The table.
#[derive(Default)]
struct Sheet {
    broken: Vec<String>,
}

impl Sheet {
    /// A time, or what depends on one: printed beside its budget, if it has one.
    fn show(&self, what: &str, measured: impl Display, budget: &str) {
        println!("  {what:<54} {measured:>34}   {budget}");
    }

    /// What holds on any machine.
    fn judge(&mut self, what: &str, measured: impl Display, budget: impl Display, holds: bool) {
        self.show(what, &measured, &format!("{budget}{}", if holds { "" } else { "   FAILED" }));
        if !holds {
            self.broken.push(format!("{what}: {measured}, budget {budget}"));
        }
    }

    /// The sidecar still answers, drains when asked to, and did not panic on its way.
    fn end(&mut self, serve: Serve) {
        let answered = client::Client::new(serve.address).ask("/livez").is_ok_and(|status| status == 200);
        serve.signal(Signal::TERM);
        let (code, log) = serve.ended();
        let holds = answered && code == 0 && !log.contains("panicked");
        self.judge("alive at the end, exit code of the drain", format!("{answered}, {code}"), "true, 0", holds);
    }
}

/// A healthy pod with TLS, without a proxy between.
fn sandbox() -> Sandbox {
    Sandbox::start(&serde_json::from_str::<World>(r#"{"sts":{"reach":"override"}}"#).unwrap())
}

/// The real binary, once it is ready.
fn ready(sandbox: &Sandbox, binary: &Path, args: &[&str]) -> Serve {
    let serve = Serve::spawn(sandbox, Command::new(binary).arg("serve").args(args));
    serve.until_state("ready");
    serve
}

/// Rounds so far.
fn rounds(serve: &Serve) -> usize {
    let metrics = serve.get("/metrics");
    let count = |verdict: &str| metrics.metric(&format!("irsa_probe_rounds_total{{verdict=\"{verdict}\"}}")).unwrap();
    ["pass", "fail", "unknown"].map(count).iter().sum::<f64>() as usize
}

/// Tokens exchanged so far.
fn exchanges(sandbox: &Sandbox) -> usize {
    sandbox.requests().iter().filter(|seen| seen.service == Service::Sts && seen.operation == "AssumeRoleWithWebIdentity").count()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn percent(part: Duration, whole: Duration) -> f64 {
    100.0 * part.as_secs_f64() / whole.as_secs_f64()
}
