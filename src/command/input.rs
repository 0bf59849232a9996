//! What a command is given to read: a file by its name, or `-` for standard input.

use crate::collect::file::{self, Root};
use crate::core::evidence::{FileFailure, FileFailureKind};
use std::io::Read as _;
use std::os::fd::AsFd;
use zeroize::Zeroizing;

/// What was read. It may hold secrets: it is wiped when dropped.
pub(super) struct InputText {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Standard input had more than was asked for.
    pub(super) cut: bool,
}

/// Reads at most `cap` bytes. A file that has more is refused, and so is anything but a regular file (a FIFO would block). Standard input is
/// cut.
pub(super) fn read(name: &str, cap: usize) -> Result<InputText, FileFailure> {
    if name != "-" {
        let content = file::read(&Root::Own, name, cap).map_err(instead_of_a_name)?;
        return Ok(InputText { bytes: content.bytes, cut: false });
    }
    standard_input(cap).map_err(|error| FileFailure { kind: FileFailureKind::Other, text: error.to_string(), access: None })
}

/// Opens what is read piece by piece, of any length: a regular file or standard input.
pub(super) fn open(name: &str) -> Result<std::fs::File, FileFailure> {
    if name != "-" {
        return file::open(name).map_err(instead_of_a_name);
    }
    let stdin = std::io::stdin().as_fd().try_clone_to_owned();
    stdin.map(Into::into).map_err(|error| FileFailure { kind: FileFailureKind::Other, text: error.to_string(), access: None })
}

/// What can be read by another way says so.
fn instead_of_a_name(failure: FileFailure) -> FileFailure {
    match failure.kind {
        FileFailureKind::NotRegular => FileFailure { text: failure.text + "; pipe it in and give - instead", ..failure },
        _ => failure,
    }
}

fn standard_input(cap: usize) -> std::io::Result<InputText> {
    let stdin = std::fs::File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let mut bytes = Zeroizing::new(Vec::new());
    stdin.take(cap as u64 + 1).read_to_end(&mut bytes)?;
    let cut = bytes.len() > cap;
    bytes.truncate(cap);
    Ok(InputText { bytes, cut })
}

/// How a message names what was read.
pub(super) fn display_name(name: &str) -> &str {
    if name == "-" { "standard input" } else { name }
}
