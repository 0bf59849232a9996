//! The binary: arguments in, exit code out.

#![allow(clippy::disallowed_methods, reason = "the edge of the process")]

use irsa_probe::cli::{self, CheckOptions, Command, DoctorOptions, ExecOptions};
use irsa_probe::collect::lack::{is_lacking, no_thread};
use irsa_probe::command::check::Stdout;
use irsa_probe::command::{self, check, doctor, exec, explain, get, install, runtime, sdks, serve, trust_policy};
use irsa_probe::log;
use irsa_probe::serve::clock::Clock;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::ffi::OsString;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

fn main() -> ExitCode {
    let core_files = no_core_files();
    let lookup = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let code = match cli::parse(std::env::args_os().skip(1).collect(), lookup) {
        Ok(command) => run(command, core_files),
        Err(usage) => {
            command::print_error(&usage.0);
            2
        }
    };
    ExitCode::from(code)
}

/// Runs the command; the exit code. `core_files` is the limit that the process was started with.
fn run(command: Command, core_files: Rlimit) -> u8 {
    // The sidecar has a log that never waits for its reader, and installs it itself.
    if let Some(log) = command.log()
        && !matches!(command, Command::Serve(_))
    {
        log::install(log);
        if command.reads_variables() {
            command::warn_of_unknown_variables();
        }
    }
    match command {
        Command::Print(text) => {
            command::print(&text);
            0
        }
        Command::Disabled(reason) => {
            print_disabled(&reason);
            0
        }
        Command::Check(options) => check_until_signal(options, Stdout::Ours, Vec::new()),
        Command::Serve(options) => serve::run(options, Clock::real()),
        Command::Get(options) => get::run(&options),
        Command::Exec(options) => exec_application(options, core_files),
        Command::Install(options) => install::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::TrustPolicy(options) => trust_policy::run(&options),
        Command::Sdks(options) => sdks::run(&options),
        Command::Doctor(options) => doctor_until_signal(options),
        Command::Completions(options) => {
            command::print(&cli::completions(options.shell));
            0
        }
        Command::Man(_) => {
            command::print(&cli::manual_page());
            0
        }
    }
}

fn print_disabled(reason: &str) {
    command::print_error(&format!("switched off by IRSA_PROBE_DISABLED: {reason}"));
}

/// Checks, then becomes the application if it may start. Returns only if it may not start or cannot be started.
fn exec_application(options: ExecOptions, core_files: Rlimit) -> u8 {
    let code = match &options.disabled {
        Some(reason) => {
            print_disabled(reason);
            0
        }
        None => check_until_signal(options.check, Stdout::Application, options.command.clone()),
    };
    if code == 0 { exec::replace(&options.command, core_files) } else { code }
}

/// Runs the check until it ends or a signal ends it. As PID 1, a process without a handler ignores SIGTERM.
///
/// The check has a thread of its own: whatever may block there (a full pipe behind standard output, a hanging resolver), this
/// one hears the signal and ends the process.
fn check_until_signal(options: CheckOptions, stdout: Stdout, application: Vec<OsString>) -> u8 {
    let own = options.clone();
    // A signal that was ignored from the start must not end the application (nohup, a shell's background). A handler would undo that.
    let handles = |kind| stdout == Stdout::Ours || !ignored(kind);
    let check = Box::new(move || {
        runtime().map(|runtime| {
            let code = runtime.block_on(check::run(&options, stdout, &application));
            runtime.shutdown_background();
            code
        })
    });
    run_until_signal(check, handles(SignalKind::terminate()), handles(SignalKind::interrupt())).unwrap_or_else(|error| {
        command::print_error(&format!("the check could not be run: {error}"));
        if is_lacking(&error) {
            return check::report_lack(&own, stdout, &format!("The check could not be run: {error}"));
        }
        // With --advisory no failure stops the application.
        if own.advisory { 0 } else { 3 }
    })
}

/// Runs `doctor`, whose child processes end with it. An interrupt comes from the terminal, which gives it to them as well: aws may have to
/// switch the echo on again.
fn doctor_until_signal(options: DoctorOptions) -> u8 {
    let code = run_until_signal(Box::new(move || Ok(doctor::run(&options))), true, false);
    doctor::kill_children();
    code.unwrap_or_else(|error| {
        command::print_error(&format!("doctor could not run: {error}"));
        3
    })
}

/// Does the work in a thread of its own until it is done, or until a signal comes that is handled; the exit code.
fn run_until_signal(work: Box<dyn FnOnce() -> std::io::Result<u8> + Send>, terminate: bool, interrupt: bool) -> std::io::Result<u8> {
    let (done, finished) = oneshot::channel();
    // First the runtime: if it fails, no work is left running.
    let runtime = runtime()?;
    // Sending fails when a signal came first.
    std::thread::Builder::new().spawn(move || done.send(work())).map_err(no_thread)?;
    runtime.block_on(async {
        tokio::select! {
            biased;
            code = exit_code_at(SignalKind::terminate(), 143), if terminate => Ok(code),
            code = exit_code_at(SignalKind::interrupt(), 130), if interrupt => Ok(code),
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

/// Waits for a signal; the exit code that says so. Where the signal cannot be handled it waits for ever.
async fn exit_code_at(kind: SignalKind, code: u8) -> u8 {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
            code
        }
        Err(_) => std::future::pending().await,
    }
}

/// Switches core files off, which could hold credentials. Only the soft limit, so that it can be raised again; returns the limit that was.
fn no_core_files() -> Rlimit {
    let before = getrlimit(Resource::Core);
    // Lowering a soft limit fails only where a seccomp profile forbids the call. The probe works without it.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: before.maximum });
    before
}
