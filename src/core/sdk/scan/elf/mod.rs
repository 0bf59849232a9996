//! ELF files: executables and shared libraries. One cataloger for three ecosystems, so that a file is read once.
//!
//! Its sections say which language wrote it. The build info of Go and the list of `cargo auditable` are read where they are. Strings are searched only
//! in what may be Rust or C++, and only in its read-only data.

mod image;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub(super) use image::{Elf, Range, part};

use super::found::Package;
use super::source::{ReadAt, ReadError};
use super::{Cataloger, FileCandidate, cpp, go, rust};
use memchr::memmem::Finder;

pub(super) const CATALOGER: Cataloger = Cataloger { name: "elf", wants, read };

/// Less is no program that holds an SDK.
const SMALLEST: u64 = 1024;

fn wants(file: &FileCandidate<'_>) -> bool {
    file.size >= SMALLEST && (file.executable || is_library(file.name))
}

/// `libx.so`, `libx.so.1.2`.
fn is_library(name: &str) -> bool {
    match name.rsplit_once(".so") {
        Some((start, "")) => !start.is_empty(),
        Some((start, rest)) => !start.is_empty() && rest.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()),
        None => false,
    }
}

fn read(file: &FileCandidate<'_>, bytes: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    let Some(elf) = Elf::parse(bytes)? else { return Ok(Vec::new()) };
    // The strings of a Go program are not searched: hardly one links an SDK of another language.
    if let Some(packages) = go::packages(&elf, bytes, file.path)? {
        return Ok(packages);
    }
    let audited = rust::audited(&elf, bytes, file.path)?;
    let kind = ElfKind::of(&elf, bytes)?;
    let (seek_crates, seek_cpp) = (audited.is_none() && kind.may_be_rust(), kind.may_be_cpp());
    let mut packages = audited.unwrap_or_default();
    if seek_crates || seek_cpp {
        let strings = Strings::search(&elf, bytes, seek_crates, seek_cpp)?;
        if strings.is_probe {
            return Ok(Vec::new());
        }
        packages.extend(strings.crates.packages(file.path));
        packages.extend(strings.cpp.package(file.path));
    }
    Ok(packages)
}

/// A string that this program alone holds. It finds itself by it, for its own SDK is not the application's.
pub(super) const OWN_MARK: &str = "irsa-probe holds this text so that its own scan leaves it out";

/// What an ELF file may have been made of.
#[derive(Debug, Clone, Copy)]
struct ElfKind {
    /// Its compilers name rustc. `None` where they are not named.
    rustc: Option<bool>,
    /// It has tables of exceptions, or needs the library of C++.
    cpp: bool,
    /// It needs the library that unwinds, or needs no library at all.
    unwinds: bool,
}

impl ElfKind {
    fn of(elf: &Elf, file: &mut dyn ReadAt) -> Result<ElfKind, ReadError> {
        let needed = elf.needed(file)?;
        let needs = |start: &str| needed.iter().any(|name| name.starts_with(start.as_bytes()));
        let rustc = rust::is_made_by_rustc(elf, file)?;
        let cpp = elf.section(".gcc_except_table").is_some() || needs("libstdc++") || needs("libc++") || needs("libaws-");
        Ok(ElfKind { rustc, cpp, unwinds: needed.is_empty() || needs("libgcc_s") })
    }

    /// Packagers strip the names of the compilers (Debian). Without them, what unwinds may be Rust.
    fn may_be_rust(self) -> bool {
        self.rustc.unwrap_or(self.unwinds || self.cpp)
    }

    /// A static program needs no library by name.
    fn may_be_cpp(self) -> bool {
        self.cpp || self.unwinds
    }
}

/// What the strings of a file tell.
#[derive(Debug, Default)]
struct Strings {
    crates: rust::Crates,
    cpp: cpp::CppSigns,
    is_probe: bool,
}

impl Strings {
    fn search(elf: &Elf, file: &mut dyn ReadAt, seek_crates: bool, seek_cpp: bool) -> Result<Strings, ReadError> {
        let mark = Finder::new(OWN_MARK);
        let crates: Vec<Finder<'_>> = rust::NAMES.iter().filter(|_| seek_crates).map(|name| Finder::new(*name)).collect();
        let cpp: Vec<Finder<'_>> = cpp::WORDS.iter().filter(|_| seek_cpp).map(|word| Finder::new(*word)).collect();
        let mut strings = Strings::default();
        // Sections of one file do not overlap. Forged ones may, and are not searched for longer than the file is.
        let mut rest = file.size();
        for section in elf.read_only_data() {
            let section = Range { size: section.size.min(rest), ..section };
            rest -= section.size;
            elf.windows(file, section, |window, own| {
                for finder in &crates {
                    finder.find_iter(window).filter(|at| own.contains(at)).for_each(|at| strings.crates.note(window, at));
                }
                for finder in &cpp {
                    finder.find_iter(window).filter(|at| own.contains(at)).for_each(|at| strings.cpp.note(window, at));
                }
                strings.is_probe |= mark.find(window).is_some();
            })?;
        }
        Ok(strings)
    }
}
