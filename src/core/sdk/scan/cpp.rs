//! The SDK for C++, in its own shared library or in what holds it (pyarrow's `libarrow.so`).

use super::found::{FoundBy, Package};
use memchr::memchr;

/// The strings that tell, in the order of `Signs`.
pub(super) const WORDS: &[&str] = &["aws-sdk-cpp/", "AWS_SECRET_ACCESS_KEY", "GCC/", "GCC#", "Clang/", "Clang#"];

/// Strings begin at multiples of this at most.
const ALIGN: usize = 16;

/// Distinct versions that are kept: with two, none is the SDK's for sure.
const VERSIONS: usize = 2;

/// What the strings of a file tell of the SDK.
#[derive(Debug, Default)]
pub(super) struct CppSigns {
    /// The beginning of its `User-Agent` header.
    agent: bool,
    /// Its credential chain.
    chain: bool,
    /// Versions beside a compiler's name, as `Aws::Version` has them.
    versions: Vec<String>,
}

impl CppSigns {
    /// Notes the word at this position, if it is a whole string as C has it, with a zero byte on each side.
    pub fn note(&mut self, window: &[u8], at: usize) {
        let Some(before) = at.checked_sub(1).and_then(|end| window.get(..=end)).and_then(|before| before.strip_suffix(&[0])) else {
            return;
        };
        let rest = &window[at..];
        let text = &rest[..memchr(0, rest).unwrap_or(rest.len()).min(rest.len())];
        match text {
            b"aws-sdk-cpp/" => self.agent = true,
            b"AWS_SECRET_ACCESS_KEY" => self.chain = true,
            // `GetVersionString` and `GetCompilerVersionString` stand together in the source, and linkers keep that.
            _ if is_compiler(text) => self.add(before),
            _ => {}
        }
    }

    /// Adds the version that ends these bytes, if one does.
    fn add(&mut self, before: &[u8]) {
        // Some compilers align each string (aarch64).
        let padding = before.iter().rev().take(ALIGN).take_while(|byte| **byte == 0).count();
        let before = before.get(..before.len() - padding).unwrap_or_default();
        let start = memchr::memrchr(0, before).map_or(before.len(), |zero| zero + 1);
        if let Some(version) = before.get(start..).and_then(|text| std::str::from_utf8(text).ok()).filter(|text| is_version(text))
            && self.versions.len() < VERSIONS
            && !self.versions.iter().any(|other| other == version)
        {
            self.versions.push(version.to_owned());
        }
    }

    /// The SDK, if it is there.
    pub fn package(self, path: &str) -> Option<Package> {
        let version = match self.versions.as_slice() {
            [version] => Some(version.clone()),
            _ => None,
        };
        let (name, place, path) = ("aws-sdk-cpp".to_owned(), path.to_owned(), path.to_owned());
        (self.agent && self.chain).then_some(Package { by: FoundBy::Elf, name, version, place, path, partial: false })
    }
}

/// `GCC/9.3.1`, `GCC#14.2.1`, `Clang#17.0.6`.
fn is_compiler(text: &[u8]) -> bool {
    let version = [&b"GCC/"[..], b"GCC#", b"Clang/", b"Clang#"].iter().find_map(|start| text.strip_prefix(*start));
    version.is_some_and(|version| {
        version.first().is_some_and(u8::is_ascii_digit) && version.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
    })
}

/// `1.11.352`: every version of the SDK is of its first generation.
fn is_version(text: &str) -> bool {
    let is_number = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    text.starts_with("1.") && text.split('.').count() == 3 && text.split('.').all(is_number)
}
