//! `irsa-probe exec -- CMD`: the last step, in which the process becomes the application.
//!
//! The application keeps the process's number, so it gets the signals of the container runtime, and its exit code is the container's.

use crate::core::text::printable::printable;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// As a shell says it (POSIX, 2.8.2): found, but it cannot be executed.
const CANNOT_EXECUTE: u8 = 126;
/// As a shell says it: not found.
const NOT_FOUND: u8 = 127;

/// Becomes the command, looked up on the PATH as a shell does. Returns only when that fails: the exit code, after one line that says why.
///
/// `core_files` is the limit that this process was started with. The application gets it back.
pub fn replace(command: &[OsString], core_files: Rlimit) -> u8 {
    let Some((program, arguments)) = command.split_first() else { return CANNOT_EXECUTE };
    // Raising it to what it was cannot be refused; if it were, the application would only lack its core files.
    let _ = setrlimit(Resource::Core, core_files);
    // std takes back what its runtime did to the signals (SIGPIPE); tokio's handlers end with the image, its descriptors close.
    let error = Command::new(program).args(arguments).exec();
    super::print_error(&format!("exec: {} cannot be started: {error}", printable(&program.to_string_lossy())));
    if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { CANNOT_EXECUTE }
}
