//! The binary: arguments in, exit code out.

#![allow(clippy::disallowed_methods, reason = "the edge of the process")]

use irsa_probe::cli::{self, Command, Options};
use irsa_probe::command::{check, explain};
use irsa_probe::{command, log};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    no_core_files();
    let lookup = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    match cli::parse(std::env::args_os().skip(1).collect(), lookup) {
        Ok(Command::Print(text)) => {
            command::print(&text);
            ExitCode::SUCCESS
        }
        Ok(Command::Disabled(reason)) => {
            eprintln!("irsa-probe is switched off by IRSA_PROBE_DISABLED: {}", irsa_probe::core::text::printable(&reason));
            ExitCode::SUCCESS
        }
        Ok(Command::Explain(what)) => ExitCode::from(explain::run(&what)),
        Ok(Command::Check(options)) => until_signal(&options),
        Err(usage) => {
            eprintln!("irsa-probe: {}", irsa_probe::core::text::printable(&usage.0));
            ExitCode::from(2)
        }
    }
}

/// Runs the check until it ends or a signal ends it. As PID 1 a process without a handler would not even notice SIGTERM.
fn until_signal(options: &Options) -> ExitCode {
    log::install(options.log_level, options.log_format);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("irsa-probe: the runtime could not be started: {error}");
            return ExitCode::from(3);
        }
    };
    let code = runtime.block_on(async {
        tokio::select! {
            biased;
            code = signalled(SignalKind::terminate(), 143) => code,
            code = signalled(SignalKind::interrupt(), 130) => code,
            code = check::run(options) => code,
        }
    });
    // A lookup that hangs in the resolver must not hold up the exit.
    runtime.shutdown_background();
    ExitCode::from(code)
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

/// No credential may reach a core file. Only the soft limit: what is executed later may raise it again.
fn no_core_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Core).maximum;
    // Refused only where limits cannot be lowered at all; then there is nothing more to be done.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
}
