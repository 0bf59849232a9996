//! The binary: arguments in, exit code out.

#![allow(clippy::disallowed_methods, reason = "the edge of the process")]

use irsa_probe::cli::{self, Command, Options};
use irsa_probe::collect::lack::{is_lacking, no_thread};
use irsa_probe::command::check::Stdout;
use irsa_probe::command::{self, check, doctor, exec, explain, get, install, runtime, sdks, serve, trust_policy};
use irsa_probe::log;
use irsa_probe::serve::clock::Clock;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

fn main() -> ExitCode {
    let core_files = no_core_files();
    let lookup = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    match cli::parse(std::env::args_os().skip(1).collect(), lookup) {
        Ok(Command::Print(text)) => {
            command::print(&text);
            ExitCode::SUCCESS
        }
        Ok(Command::Disabled(reason)) => {
            switched_off(&reason);
            ExitCode::SUCCESS
        }
        Ok(Command::Explain(what, output)) => ExitCode::from(explain::run(&what, output)),
        Ok(Command::TrustPolicy(options)) => ExitCode::from(trust_policy::run(&options)),
        Ok(Command::Sdks(options)) => ExitCode::from(sdks::run(&options)),
        Ok(Command::Doctor(name, options)) => ExitCode::from(examine(name, options)),
        Ok(Command::Check(options)) => ExitCode::from(until_signal(options, Stdout::Ours)),
        Ok(Command::Exec(options, command)) => {
            let code = match &options.disabled {
                Some(reason) => {
                    switched_off(reason);
                    0
                }
                None => until_signal(options, Stdout::Application),
            };
            ExitCode::from(if code == 0 { exec::replace(&command, core_files) } else { code })
        }
        Ok(Command::Install(dir)) => ExitCode::from(install::run(&dir)),
        Ok(Command::Serve(options)) => ExitCode::from(serve::run(options, Clock::real())),
        Ok(Command::Get(path, listen)) => ExitCode::from(get::run(&path, listen)),
        Err(usage) => {
            command::complain(&usage.0);
            ExitCode::from(2)
        }
    }
}

fn switched_off(reason: &str) {
    command::complain(&format!("switched off by IRSA_PROBE_DISABLED: {reason}"));
}

/// Runs the check until it ends or a signal ends it. As PID 1 a process without a handler would not even notice SIGTERM.
///
/// The check has a thread of its own: whatever may block there (a full pipe behind standard output, a hanging resolver), this
/// one hears the signal and ends the process.
fn until_signal(options: Options, stdout: Stdout) -> u8 {
    log::install(options.log_level, options.log_format);
    let own = options.clone();
    // A handler would make an end of what whoever started the application wants it to survive (nohup, a shell's background).
    let heeded = |kind| stdout == Stdout::Ours || !ignored(kind);
    let check = Box::new(move || {
        runtime().map(|runtime| {
            let code = runtime.block_on(check::run(&options, stdout));
            runtime.shutdown_background();
            code
        })
    });
    run_or_hear(check, heeded(SignalKind::terminate()), heeded(SignalKind::interrupt())).unwrap_or_else(|error| {
        command::complain(&format!("the check could not be run: {error}"));
        if is_lacking(&error) {
            return check::without_means(&own, stdout, &format!("The check could not be run: {error}"));
        }
        // Advice holds nothing back, whatever becomes of it.
        if own.advisory { 0 } else { 3 }
    })
}

/// `doctor`, whose commands end with it. An interrupt comes from the terminal, which gives it to them as well: aws may have to switch the echo
/// on again.
fn examine(name: String, options: Options) -> u8 {
    let code = run_or_hear(Box::new(move || Ok(doctor::run(&name, &options))), true, false);
    doctor::end_children();
    code.unwrap_or_else(|error| {
        command::complain(&format!("the examination could not be made: {error}"));
        3
    })
}

/// Does the work in a thread of its own until it is done, or until a signal comes that is to be heard; its exit code.
fn run_or_hear(work: Box<dyn FnOnce() -> std::io::Result<u8> + Send>, terminate: bool, interrupt: bool) -> std::io::Result<u8> {
    let (done, finished) = oneshot::channel();
    // Before the work begins: what fails here must not leave it running.
    let runtime = runtime()?;
    // Nobody listens any more when a signal came first.
    std::thread::Builder::new().spawn(move || done.send(work())).map_err(no_thread)?;
    runtime.block_on(async {
        tokio::select! {
            biased;
            code = signalled(SignalKind::terminate(), 143), if terminate => Ok(code),
            code = signalled(SignalKind::interrupt(), 130), if interrupt => Ok(code),
            code = finished => code.unwrap_or_else(|_| Err(std::io::Error::other("it ended without a verdict"))),
        }
    })
}

/// Whether this process was started with the signal ignored (proc_pid_status(5), `SigIgn`).
fn ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| (mask >> (kind.as_raw_value() - 1)) & 1 == 1)
}

async fn signalled(kind: SignalKind, code: u8) -> u8 {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
            code
        }
        Err(_) => std::future::pending().await,
    }
}

/// No credential may reach a core file. Only the soft limit, so that it can be raised again: returns what it was.
fn no_core_files() -> Rlimit {
    let before = getrlimit(Resource::Core);
    // Refused only where limits cannot be lowered at all; then there is nothing more to be done.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: before.maximum });
    before
}
