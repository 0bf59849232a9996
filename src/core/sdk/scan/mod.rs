//! Which AWS SDKs lie in a file system. Pure: a cataloger gets a file that it can read at any place, and returns packages.
//!
//! One file per ecosystem (`CATALOGERS`): which files tell (`wants`), and a parser (`read`). The families' rows say which packages are which SDK
//! (`copies`), and `judge` says what a copy can do. The walk over the file system is in `collect::scan`.

mod archive;
mod copies;
mod cpp;
mod describe;
mod dotnet;
mod elf;
mod found;
mod go;
mod java;
mod javascript;
mod json;
mod judge;
pub mod narrow;
mod php;
mod powershell;
mod python;
mod ruby;
mod rust;
mod source;

pub use copies::copies;
pub use found::{Copy, FoundBy, FoundSdk, Package, ScanFacts, ScanSummary, Support, Supports};
pub use judge::judge;
pub use source::{ReadAt, ReadError, read_all};

/// A file, as the walk sees it before it is opened.
#[derive(Debug, Clone, Copy)]
pub struct FileCandidate<'a> {
    /// The whole path, as the application has it.
    pub path: &'a str,
    /// The path of its folder.
    pub folder: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its size in bytes.
    pub size: u64,
    /// Somebody may execute it.
    pub executable: bool,
}

/// How the packages of one ecosystem are found.
#[derive(Debug)]
pub struct Cataloger {
    /// Its name.
    pub name: &'static str,
    /// Whether this file may tell of an SDK. It is asked about every file, so it compares names only.
    pub wants: fn(&FileCandidate<'_>) -> bool,
    /// The packages that the file tells of. A file that is no such file tells of none.
    pub read: fn(&FileCandidate<'_>, &mut dyn ReadAt) -> Result<Vec<Package>, ReadError>,
}

impl Cataloger {
    /// The packages that the file tells of. A version that is no text of a version's length is none.
    pub fn packages(&self, file: &FileCandidate<'_>, bytes: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
        let mut packages = (self.read)(file, bytes)?;
        for package in &mut packages {
            let is_version =
                |version: &String| (1..=VERSION).contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_graphic());
            package.version = package.version.take().filter(is_version);
        }
        Ok(packages)
    }
}

/// The longest version of a package that is kept. Go's pseudo-versions have 40 bytes.
const VERSION: usize = 100;

/// All catalogers.
pub const CATALOGERS: &[Cataloger] = &[
    python::CATALOGER,
    java::CATALOGER,
    javascript::CATALOGER,
    ruby::CATALOGER,
    php::CATALOGER,
    dotnet::CATALOGER,
    powershell::CATALOGER,
    elf::CATALOGER,
];
