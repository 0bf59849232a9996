//! `irsa-probe serve` on a clock that runs many times as fast: hours of a sidecar's life in seconds, for tests and stress runs.
//!
//! `fast_serve RATE [FLAGS of serve]`. Only schedule and sessions run fast; calls, deadlines and the time of day are real.

#![allow(clippy::disallowed_methods, reason = "a program of its own: arguments and environment enter here")]

use irsa_probe::cli::{self, Command};
use irsa_probe::command::{complain, serve};
use irsa_probe::serve::clock::Clock;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let Some(rate) = args.next().and_then(|rate| rate.to_str()?.parse().ok()) else {
        complain("usage: fast_serve RATE [FLAGS of irsa-probe serve]");
        return ExitCode::from(2);
    };
    let args = std::iter::once("serve".into()).chain(args).collect();
    match cli::parse(args, |name| std::env::var(name).ok()) {
        Ok(Command::Serve(options)) => ExitCode::from(serve::run(options, Clock::fast(rate))),
        Ok(_) => ExitCode::from(2),
        Err(usage) => {
            complain(&usage.0);
            ExitCode::from(2)
        }
    }
}
