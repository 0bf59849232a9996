//! Rust executables: the list that `cargo auditable` adds, else the paths of source files that panics and spans name.

use super::elf::{Elf, part};
use super::found::{FoundBy, Package};
use super::source::{ReadAt, ReadError};
use memchr::memmem;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde::Deserialize;
use std::borrow::Cow;

/// The crates that tell.
pub(super) const NAMES: &[&str] = &["aws-config", "aws-runtime"];

/// The name of this program's own package.
const OWN: &str = env!("CARGO_PKG_NAME");

/// Bounds of the list, packed and unpacked. A program of 1,000 crates has some 20 and 150 KiB.
const PACKED: usize = 256 * 1024;
const UNPACKED: usize = 512 * 1024;

/// The compilers' names of a large program have less than 1 KiB.
const COMMENT: usize = 4 * 1024;

/// Versions of one crate that are kept.
const VERSIONS: usize = 8;

/// Whether rustc made it. `None` where the names of the compilers are stripped.
pub(super) fn is_made_by_rustc(elf: &Elf, file: &mut dyn ReadAt) -> Result<Option<bool>, ReadError> {
    let Some(comment) = elf.section(".comment") else { return Ok(None) };
    Ok(Some(memmem::find(&part(file, comment, 0, COMMENT)?, b"rustc version").is_some()))
}

#[derive(Deserialize)]
struct Audit<'a> {
    #[serde(borrow)]
    packages: Vec<Audited<'a>>,
}

#[derive(Deserialize)]
struct Audited<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Option<Cow<'a, str>>,
    #[serde(default)]
    root: bool,
}

/// The SDK's crates in the list of `cargo auditable`. `None` where there is no list.
pub(super) fn audited(elf: &Elf, file: &mut dyn ReadAt, path: &str) -> Result<Option<Vec<Package>>, ReadError> {
    let Some(section) = elf.section(".dep-v0") else { return Ok(None) };
    let packed = part(file, section, 0, PACKED)?;
    let Ok(unpacked) = decompress_to_vec_zlib_with_limit(&packed, UNPACKED) else { return Ok(None) };
    let Ok(audit) = serde_json::from_slice::<Audit<'_>>(&unpacked) else { return Ok(None) };
    if audit.packages.iter().any(|package| package.root && package.name == OWN) {
        return Ok(Some(Vec::new()));
    }
    let mut crates = Crates::default();
    // What only builds the program is not in it.
    for package in audit.packages.iter().filter(|package| package.kind.as_deref() != Some("build")) {
        if let Some(name) = NAMES.iter().find(|name| **name == package.name) {
            crates.add(name, Some(&package.version));
        }
    }
    Ok(Some(crates.packages(path)))
}

/// The SDK's crates in a file.
#[derive(Debug, Default)]
pub(super) struct Crates(Vec<(&'static str, Option<String>)>);

impl Crates {
    /// Notes the crate whose name stands at this position, if a path of its source files goes on from there: `aws-config-1.5.10/src/ecs.rs` as in
    /// cargo's registry, or `aws-config/src/default_provider/region.rs` as cargo vendors it. What stands before differs with the prefix that was taken
    /// away, so it only must not be a longer name's beginning.
    pub fn note(&mut self, window: &[u8], at: usize) {
        let Some(name) = NAMES.iter().find(|name| window[at..].starts_with(name.as_bytes())) else { return };
        let rest = &window[at + name.len()..];
        match at.checked_sub(1).and_then(|before| window.get(before)) {
            Some(b'-' | b'_') => {}
            _ if rest.first() == Some(&b'-') => {
                let end = rest.iter().take(40).position(|byte| *byte == b'/').unwrap_or_default();
                let version = rest.get(1..end).and_then(|version| std::str::from_utf8(version).ok()).filter(|version| is_version(version));
                if version.is_some() && is_source(&rest[end..]) {
                    self.add(name, version);
                }
            }
            Some(b'/') if rest.starts_with(b"/src/default_provider/") && is_source(rest) => self.add(name, None),
            _ => {}
        }
    }

    fn add(&mut self, name: &'static str, version: Option<&str>) {
        let is_new = !self.0.iter().any(|(other, of)| *other == name && of.as_deref() == version);
        if is_new && self.0.iter().filter(|(other, _)| *other == name).count() < VERSIONS {
            self.0.push((name, version.map(str::to_owned)));
        }
    }

    /// The packages of the file at this path.
    pub fn packages(self, path: &str) -> Vec<Package> {
        let package = |(name, version): (&str, Option<String>)| Package {
            by: FoundBy::Cargo,
            name: name.to_owned(),
            version,
            place: path.to_owned(),
            path: path.to_owned(),
            partial: false,
        };
        self.0.into_iter().map(package).collect()
    }
}

/// `1.5.10`, `0.56.1-beta.1`.
fn is_version(text: &str) -> bool {
    let core = text.find(['-', '+']).map_or(text, |end| &text[..end]);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    core.split('.').count() == 3 && core.split('.').all(is_number) && text.bytes().all(is_rest)
}

/// `/src/default_provider/region.rs`, and anything after it: strings of Rust have no end.
fn is_source(rest: &[u8]) -> bool {
    let Some(path) = rest.strip_prefix(b"/src/") else { return false };
    let is_path = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'/');
    let end = path.iter().take(160).take_while(|byte| is_path(byte)).count();
    end > 0 && path[end..].starts_with(b".rs")
}
