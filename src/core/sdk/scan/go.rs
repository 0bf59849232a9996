//! Go executables: the build info that the linker leaves (Go's `debug/buildinfo` reads the same).

use super::elf::{Elf, Range, part};
use super::found::{FoundBy, Package};
use super::source::{ReadAt, ReadError};
use memchr::memmem;

const MAGIC: &[u8] = b"\xff Go buildinf:";
const HEADER: usize = 32;
const ALIGN: usize = 16;

/// The linker puts the build info at the start of the data.
const SEARCHED: usize = 64 * 1024;

/// The list of modules of a large program has some 100 KiB.
const LONGEST: u64 = 1024 * 1024;

/// The modules of the SDKs. Their services and their parts have modules of their own, which do not matter.
const MODULES: &[&str] = &["github.com/aws/aws-sdk-go", "github.com/aws/aws-sdk-go-v2", "github.com/aws/aws-sdk-go-v2/config"];

/// The modules of the SDKs that a Go program holds. `None` where it is no Go program.
pub(super) fn packages(elf: &Elf, file: &mut dyn ReadAt, path: &str) -> Result<Option<Vec<Package>>, ReadError> {
    let Some(data) = data(elf) else { return Ok(None) };
    let bytes = part(file, data, 0, SEARCHED)?;
    let is_aligned = |at: &usize| at.is_multiple_of(ALIGN);
    let Some(at) = memmem::find_iter(&bytes, MAGIC).find(is_aligned) else { return Ok(None) };
    let Some(header) = bytes.get(at..at + HEADER) else { return Ok(None) };
    let list = if header[15] & 2 != 0 { inline(file, data, (at + HEADER) as u64)? } else { pointed(elf, file, header)? };
    Ok(Some(modules(&String::from_utf8_lossy(framed(&list)), path)))
}

/// Where the build info lies. Go's linker makes a section for it. A program without sections has it at the start of its data.
fn data(elf: &Elf) -> Option<Range> {
    let is_go = || [".gopclntab", ".data.rel.ro.gopclntab", ".note.go.buildid"].iter().any(|name| elf.section(name).is_some());
    elf.section(".go.buildinfo").or_else(|| elf.data_segment().filter(|_| !elf.has_sections() || is_go()))
}

/// Since Go 1.18: the version of Go and the list follow the header, each with its length.
fn inline(file: &mut dyn ReadAt, data: Range, at: u64) -> Result<Vec<u8>, ReadError> {
    let Some((version, start)) = length(file, data, at)? else { return Ok(Vec::new()) };
    let Some((size, start)) = length(file, data, start.saturating_add(version))? else { return Ok(Vec::new()) };
    exactly(file, data, start, size)
}

/// A length in 7 bits for each byte, and where it ends.
fn length(file: &mut dyn ReadAt, data: Range, at: u64) -> Result<Option<(u64, u64)>, ReadError> {
    let mut value = 0;
    for (index, byte) in (0_u32..).zip(part(file, data, at, 4)?) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Ok(Some((value, at + u64::from(index) + 1)));
        }
    }
    Ok(None)
}

/// Before Go 1.18: the header points at two strings of Go, each of which is a pointer and a length.
fn pointed(elf: &Elf, file: &mut dyn ReadAt, header: &[u8]) -> Result<Vec<u8>, ReadError> {
    let (size, is_big) = (usize::from(header[14]), header[15] & 1 != 0);
    if size != 4 && size != 8 {
        return Ok(Vec::new());
    }
    let number = |bytes: &[u8]| {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if is_big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    };
    let Some(string) = elf.at_address(number(&header[16 + size..16 + 2 * size])) else { return Ok(Vec::new()) };
    let string = part(file, string, 0, 2 * size)?;
    if string.len() < 2 * size {
        return Ok(Vec::new());
    }
    match elf.at_address(number(&string[..size])) {
        Some(text) => exactly(file, text, 0, number(&string[size..])),
        None => Ok(Vec::new()),
    }
}

/// A string of this length, or an empty one where it is cut or too long.
fn exactly(file: &mut dyn ReadAt, data: Range, at: u64, size: u64) -> Result<Vec<u8>, ReadError> {
    if size > LONGEST {
        return Ok(Vec::new());
    }
    let bytes = part(file, data, at, usize::try_from(size).unwrap_or_default())?;
    Ok(if bytes.len() as u64 == size { bytes } else { Vec::new() })
}

/// The list without the 16 bytes on each side that mark it. A program that was built without modules has none.
fn framed(list: &[u8]) -> &[u8] {
    match list.len().checked_sub(17) {
        Some(last) if list.len() >= 33 && list[last] == b'\n' => &list[16..=last],
        _ => &[],
    }
}

/// The modules of the SDKs in the list. A replaced module has the version of what replaces it.
fn modules(list: &str, path: &str) -> Vec<Package> {
    let mut packages: Vec<Package> = Vec::new();
    // The line before named a module of an SDK.
    let mut was_added = false;
    for line in list.lines() {
        let mut cells = line.split('\t');
        let (kind, module) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        let version = cells.next().and_then(|version| version.strip_prefix('v')).map(str::to_owned);
        match kind {
            "=>" if was_added => {
                if let Some(package) = packages.last_mut() {
                    package.version = version;
                }
                was_added = false;
            }
            "mod" | "dep" if MODULES.contains(&module) && packages.len() < MODULES.len() => {
                let (by, place) = (FoundBy::GoBuildinfo, path.to_owned());
                packages.push(Package { by, name: module.to_owned(), version, place, path: path.to_owned(), partial: false });
                was_added = true;
            }
            _ => was_added = false,
        }
    }
    packages
}
