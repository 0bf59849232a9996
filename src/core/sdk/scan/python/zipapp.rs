//! Zips of Python modules that are run as they are: zipapp, shiv, pex. Only the zip's directory is read.

use super::super::source::{ReadAt, ReadError};
use super::Bundle;
use rawzip::{ReaderAt, ZipLocator};
use std::cell::{Cell, RefCell};
use std::io;

/// The most entries that are looked at.
const ENTRIES: usize = 100_000;

/// Only a comment, which is at most 64 KiB, follows the end of the directory.
const SEARCH: u64 = 65 * 1024;

/// The part of the directory that is in memory at once. No entry's name is longer.
const BUFFER: usize = 64 * 1024;

/// What the zip holds. `None` for other files.
pub(super) fn holds(file: &mut dyn ReadAt) -> Result<Option<Bundle>, ReadError> {
    let size = file.size();
    let mut buffer = vec![0; BUFFER];
    let file = File { file: RefCell::new(file), failed: Cell::new(None) };
    let found = match ZipLocator::new().max_search_space(SEARCH).locate_in_reader(&file, &mut buffer, size) {
        Err(_) => None,
        Ok(archive) => {
            let mut entries = archive.entries(&mut buffer);
            let mut found = None;
            for _ in 0..ENTRIES {
                let Ok(Some(entry)) = entries.next_entry() else { break };
                match bundle(entry.file_path().as_ref()) {
                    Some(Bundle::CliV2) => {
                        found = Some(Bundle::CliV2);
                        break;
                    }
                    Some(Bundle::Botocore) => found = Some(Bundle::Botocore),
                    None => {}
                }
            }
            found
        }
    };
    file.failed.get().map_or(Ok(found), Err)
}

/// What this entry is a part of.
fn bundle(name: &[u8]) -> Option<Bundle> {
    let package = name.strip_suffix(b"/__init__.py").or_else(|| name.strip_suffix(b"/__init__.pyc"))?;
    let above = package.strip_suffix(b"botocore")?;
    let is_of_cli = above.strip_suffix(b"awscli/").is_some_and(|above| above.is_empty() || above.ends_with(b"/"));
    match above {
        _ if is_of_cli => Some(Bundle::CliV2),
        [] | [.., b'/'] => Some(Bundle::Botocore),
        _ => None,
    }
}

/// The file, as the zip's reader asks for it. It keeps the error, which has to go on.
struct File<'a> {
    file: RefCell<&'a mut dyn ReadAt>,
    failed: Cell<Option<ReadError>>,
}

impl ReaderAt for File<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.file.borrow_mut().read_at(offset, buffer);
        read.map_err(|error| {
            self.failed.set(Some(error));
            io::Error::other(error)
        })
    }
}
