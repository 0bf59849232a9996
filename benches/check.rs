//! What a passing `check` costs: wall time in round trips, CPU, memory. Prints a table for docs/performance.md; judges nothing,
//! because a time on a shared machine proves nothing.
//!
//! `IRSA_PROBE_BENCH_BINARY=$PWD/target/x86_64-unknown-linux-musl/release/irsa-probe cargo bench --bench check` measures the static
//! binary. The variable is required: what the bench profile builds is made to compile fast, not to be measured.
//!
//! The round trip is injected by the sandbox: every turn of TLS and every request waits for it. TCP's own handshake is the
//! kernel's and cannot be delayed on loopback, so a check of four round trips waits for three here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "a benchmark")]

#[path = "../tests/support/mod.rs"]
mod support;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Sandbox, World};

const RUNS: usize = 21;
const ROUND_TRIP_MS: u32 = 50;

fn main() {
    let Some(binary) = std::env::var_os("IRSA_PROBE_BENCH_BINARY") else {
        eprintln!("IRSA_PROBE_BENCH_BINARY is not set: the path of a release build of irsa-probe, which is what is measured");
        std::process::exit(2);
    };
    println!("{:<52} {:>22} {:>22} {:>10}", "situation", "wall ms min/med/max", "CPU ms min/med/max", "RSS MiB");
    for (name, situation) in [
        ("IRSA, TLS, no delay", r#"{"sts":{"reach":"override"}}"#.to_owned()),
        ("IRSA, TLS, 3 injected trips of 50 ms", format!(r#"{{"sts":{{"reach":"override","roundTripMs":{ROUND_TRIP_MS}}}}}"#)),
        ("the same, IMDS answering", format!(r#"{{"sts":{{"reach":"override","roundTripMs":{ROUND_TRIP_MS}}},"imds":"v2"}}"#)),
        (
            "the same, IMDS behind a hop limit of 1",
            format!(r#"{{"sts":{{"reach":"override","roundTripMs":{ROUND_TRIP_MS}}},"imds":"hop-limit"}}"#),
        ),
        ("Pod Identity, TLS, no delay", r#"{"inject":["pod-identity"],"sts":{"reach":"override"}}"#.to_owned()),
        (
            "Pod Identity, TLS, 2 injected trips of 50 ms",
            format!(r#"{{"inject":["pod-identity"],"sts":{{"reach":"override","roundTripMs":{ROUND_TRIP_MS}}}}}"#),
        ),
    ] {
        let world: World = serde_json::from_str(&situation).unwrap();
        let sandbox = Sandbox::start(&world);
        once(&binary, &sandbox);
        let mut runs: Vec<(Duration, Duration, i64)> = (0..RUNS).map(|_| once(&binary, &sandbox)).collect();
        let spread = |runs: &mut Vec<(Duration, Duration, i64)>, of: fn(&(Duration, Duration, i64)) -> Duration| {
            runs.sort_by_key(of);
            let ms = |at: usize| of(&runs[at]).as_secs_f64() * 1000.0;
            format!("{:.1} / {:.1} / {:.1}", ms(0), ms(RUNS / 2), ms(RUNS - 1))
        };
        let (wall, cpu) = (spread(&mut runs, |run| run.0), spread(&mut runs, |run| run.1));
        // The kernel keeps one maximum over all children, this process's own forks included: an upper bound.
        println!("{name:<52} {wall:>22} {cpu:>22} {:>10.1}", runs[0].2 as f64 / 1024.0);
    }
}

/// One passing check: wall time, CPU time, and the largest resident set of any child so far in KiB.
fn once(binary: &OsStr, sandbox: &Sandbox) -> (Duration, Duration, i64) {
    let before = cpu();
    let started = Instant::now();
    let status =
        Command::new(binary).arg("check").env_clear().envs(sandbox.env()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    let wall = started.elapsed();
    assert!(status.success(), "the check did not pass: {status}");
    (wall, cpu() - before, getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss())
}

fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(micros).unwrap())
}
