//! Programs that PyInstaller froze. Its archive is at the end of the executable, or in the section `pydata` near the end.
//!
//! The archive ends with a cookie, which says where its table of contents is. The table names the data files of a program in one file. The modules
//! are in an archive of their own, the PYZ, with a marshalled table.

use super::super::source::{ReadAt, ReadError, read_part};
use super::Bundle;

/// How the cookie starts.
const MAGIC: &[u8] = b"MEI\x0c\x0b\x0a\x0b\x0e";

/// Its size: the magic, four numbers, and 64 bytes for the name of Python's library.
const COOKIE: usize = 88;

/// The part of the file that is searched for it. Only the names of sections and their headers follow it, which are 2 KiB.
const TAIL: usize = 8 * 1024;

/// The most of each table that is read.
const TABLE: usize = 2 * 1024 * 1024;

/// The part of the PYZ's table that is read at once.
const CHUNK: usize = 64 * 1024;

/// What the frozen program holds. `None` for other executables.
pub(super) fn holds(file: &mut dyn ReadAt) -> Result<Option<Bundle>, ReadError> {
    let tail_at = file.size().saturating_sub(TAIL as u64);
    let tail = read_part(file, tail_at, TAIL)?;
    let Some(at) = tail.windows(MAGIC.len()).rposition(|window| window == MAGIC) else { return Ok(None) };
    let number = |index: usize| be32(&tail, at + MAGIC.len() + 4 * index);
    let (Some(length), Some(table_at), Some(table_length)) = (number(0), number(1), number(2)) else { return Ok(None) };
    let Some(start) = (tail_at + at as u64 + COOKIE as u64).checked_sub(u64::from(length)) else { return Ok(None) };
    let table = read_part(file, start + u64::from(table_at), TABLE.min(table_length as usize))?;
    drop(tail);

    let (mut found, mut modules) = (FrozenSigns::default(), None);
    for (kind, offset, size, name) in Entries(&table) {
        found.botocore |= name.starts_with(b"botocore/");
        found.cli_v2 |= name.starts_with(b"awscli/botocore/");
        if kind == b'z' && modules.is_none() {
            modules = Some((start + u64::from(offset), u64::from(size)));
        }
    }
    drop(table);
    if let Some((at, size)) = modules.filter(|_| !found.cli_v2) {
        look_at_modules(file, at, size, &mut found)?;
    }
    Ok(match found {
        FrozenSigns { cli_v2: true, .. } => Some(Bundle::CliV2),
        FrozenSigns { botocore: true, .. } => Some(Bundle::Botocore),
        _ => None,
    })
}

#[derive(Debug, Default)]
struct FrozenSigns {
    botocore: bool,
    cli_v2: bool,
}

/// The entries of the archive's table: kind, offset, stored size and name.
struct Entries<'a>(&'a [u8]);

/// The size of an entry without its name.
const ENTRY: usize = 18;

impl<'a> Iterator for Entries<'a> {
    type Item = (u8, u32, u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = be32(self.0, 0)? as usize;
        let entry = self.0.get(..length).filter(|entry| entry.len() >= ENTRY)?;
        self.0 = &self.0[length..];
        let name = entry[ENTRY..].split(|byte| *byte == 0).next().unwrap_or_default();
        Some((entry[17], be32(entry, 4)?, be32(entry, 8)?, name))
    }
}

/// Looks for the names of packages in the PYZ's table, which goes from the offset in its header to its end.
fn look_at_modules(file: &mut dyn ReadAt, at: u64, size: u64, found: &mut FrozenSigns) -> Result<(), ReadError> {
    let header = read_part(file, at, 12)?;
    let Some(table_at) = be32(&header, 8).filter(|_| header.starts_with(b"PYZ\0")).map(u64::from) else { return Ok(()) };
    let length = size.saturating_sub(table_at).min(TABLE as u64);
    // A name that is cut by the end of a chunk is whole in the next one.
    let overlap = 32;
    let mut done = 0;
    while done < length {
        let part = read_part(file, at + table_at + done, CHUNK.min(usize::try_from(length - done).unwrap_or(CHUNK)))?;
        for name_at in part.windows(8).enumerate().filter(|(_, window)| *window == b"botocore").map(|(index, _)| index) {
            found.botocore |= is_whole(&part, name_at, 8);
            let start = name_at.saturating_sub(b"awscli.".len());
            found.cli_v2 |= &part[start..name_at] == b"awscli." && is_whole(&part, start, 15);
        }
        // The first versions 2 had a botocore beside them. Version 1 has no such module.
        let module = b"awscli.autocomplete";
        found.cli_v2 |=
            part.windows(module.len()).enumerate().any(|(index, window)| window == module && is_whole(&part, index, module.len()));
        if part.len() <= overlap || found.cli_v2 {
            break;
        }
        done += (part.len() - overlap) as u64;
        if done + overlap as u64 >= length {
            break;
        }
    }
    Ok(())
}

/// Whether a marshalled string of this length starts here: the length stands before it, in one byte or four.
fn is_whole(table: &[u8], at: usize, length: usize) -> bool {
    let before = &table[..at];
    before.last().is_some_and(|byte| usize::from(*byte) == length)
        || before.last_chunk::<4>().is_some_and(|bytes| u32::from_le_bytes(*bytes) as usize == length)
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}
