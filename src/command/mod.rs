//! The commands: edges between the pure core and a person, the kubelet or a pipeline.

#![allow(clippy::disallowed_methods, reason = "edge modules: they wait, write, and look at the clock")]

pub mod check;
pub mod doctor;
pub mod exec;
pub mod explain;
pub mod get;
mod input;
pub mod install;
pub mod sdks;
pub mod serve;
mod terminal;
pub mod trust_policy;

use crate::cli::unknown_variables;
use crate::collect::lack::spare_descriptors;
use crate::core::text::printable::printable;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::Runtime;

/// Prints one line on standard error, such as why there is no result. A line that cannot be written is lost.
pub fn print_error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "irsa-probe: {}", printable(text));
}

/// Logs one warning for each variable with the probe's prefix that no command reads.
pub fn warn_of_unknown_variables() {
    for warning in unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
        tracing::warn!("{warning}");
    }
}

/// Prints the result on standard output. It is no failure if the reader has gone away.
pub fn print(text: &str) {
    print_to(std::io::stdout().lock(), text);
}

fn print_to(mut out: impl Write, text: &str) {
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// How many descriptors the first runtime takes: epoll and a copy of it, an eventfd, a pair of sockets for signals and a copy of one of them.
const FIRST_RUNTIME_TAKES: usize = 6;

/// One thread is enough: what blocks gets a thread of its own.
pub fn runtime() -> std::io::Result<Runtime> {
    static HAS_SOCKETS: AtomicBool = AtomicBool::new(false);
    // The pair is made once in a process, and tokio panics where it cannot have it (tokio 1.x, src/signal/unix.rs). All else it returns.
    if !HAS_SOCKETS.load(Ordering::Relaxed) {
        spare_descriptors(FIRST_RUNTIME_TAKES)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    HAS_SOCKETS.store(true, Ordering::Relaxed);
    Ok(runtime)
}
