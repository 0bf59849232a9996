//! `irsa-probe serve` on another clock: hours of a sidecar's life in seconds, for tests and stress runs.
//!
//! - `fast_serve RATE [FLAGS of serve]`: time passes RATE times as fast;
//! - `fast_serve step [FLAGS of serve]`: it passes as a line on standard input says, in nanoseconds; whenever the worker goes to sleep, a line on
//!   standard output says until when, in nanoseconds since the start. So a test knows that all is done which was due by then.
//!
//! Only schedule and sessions are meant by it; calls, deadlines and the time of day are real.

#![allow(clippy::disallowed_methods, reason = "a program of its own: arguments and environment enter here")]

use irsa_probe::cli::{self, Command};
use irsa_probe::command::{print_error, serve};
use irsa_probe::serve::clock::Clock;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::watch;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let clock = args.next().and_then(|pace| match pace.to_str()? {
        "step" => Some(stepped()),
        rate => rate.parse().ok().map(Clock::fast),
    });
    let Some(clock) = clock else {
        print_error("usage: fast_serve RATE|step [FLAGS of irsa-probe serve]");
        return ExitCode::from(2);
    };
    let args = std::iter::once("serve".into()).chain(args).collect();
    match cli::parse(args, |name| std::env::var(name).ok()) {
        Ok(Command::Serve(options)) => ExitCode::from(serve::run(options, clock)),
        Ok(_) => ExitCode::from(2),
        Err(usage) => {
            print_error(&usage.0);
            ExitCode::from(2)
        }
    }
}

fn stepped() -> Clock {
    let (send, passed) = watch::channel(Duration::ZERO);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if let Ok(nanos) = line.parse() {
                send.send_modify(|passed| *passed += Duration::from_nanos(nanos));
            }
        }
    });
    Clock::stepped(passed, |until| {
        // A reader that went away has no more steps to make either.
        let _ = writeln!(std::io::stdout(), "{}", until.as_nanos());
    })
}
