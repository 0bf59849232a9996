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
        return match file::read(&Root::Own, name, cap) {
            Ok(content) => Ok(InputText { bytes: content.bytes, cut: false }),
            Err(FileFailure { kind: kind @ FileFailureKind::NotRegular, text, access }) => {
                Err(FileFailure { kind, text: text + "; pipe it in and give - instead", access })
            }
            Err(failure) => Err(failure),
        };
    }
    standard_input(cap).map_err(|error| FileFailure { kind: FileFailureKind::Other, text: error.to_string(), access: None })
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
