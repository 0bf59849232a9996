//! Python distributions, and what a frozen program or a zip of modules shows.

mod frozen;
mod zipapp;

use super::super::version::SdkVersion;
use super::found::{FoundBy, Package};
use super::source::{ReadAt, ReadError, read_part};
use super::{Cataloger, FileCandidate};

pub(super) const CATALOGER: Cataloger = Cataloger { name: "python", wants, read };

/// The distributions that tell of an SDK, by their normalised names (PEP 503).
const DISTRIBUTIONS: [&str; 4] = ["botocore", "boto3", "aiobotocore", "awscli"];

/// The endings of zips that Python runs or imports from.
const ZIPS: [&str; 4] = [".pyz", ".pex", ".shiv", ".egg"];

/// Smaller executables hold no botocore.
const LEAST_SIZE: u64 = 256 * 1024;

/// The headers that count stand before a description, which can be long.
const HEADERS: usize = 16 * 1024;

/// The name of the package that a bundle of the AWS CLI v2 is, where its version is not known.
const CLI_V2: &str = "aws-cli";

fn wants(file: &FileCandidate<'_>) -> bool {
    place_of_metadata(file).is_some() || is_zip_by_name(file.name) || is_program(file)
}

fn read(file: &FileCandidate<'_>, reader: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    if let Some(place) = place_of_metadata(file) {
        let found = headers(&read_part(reader, 0, HEADERS)?);
        let found = found.filter(|(name, _)| DISTRIBUTIONS.contains(&name.as_str()));
        return Ok(found.map(|(name, version)| package(file, FoundBy::DistInfo, place, name, Some(version))).into_iter().collect());
    }
    let start = read_part(reader, 0, 4)?;
    if start.starts_with(b"\x7fELF") {
        if let Some(version) = version_of_cli(file) {
            return Ok(vec![package(file, FoundBy::Elf, file.folder, "awscli".to_owned(), Some(version.to_owned()))]);
        }
        return Ok(unknown(file, FoundBy::Elf, frozen::holds(reader)?));
    }
    if start.starts_with(b"#!") || is_zip_by_name(file.name) {
        return Ok(unknown(file, FoundBy::DistInfo, zipapp::holds(reader)?));
    }
    Ok(Vec::new())
}

/// What a bundle holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bundle {
    Botocore,
    CliV2,
}

fn package(file: &FileCandidate<'_>, by: FoundBy, place: &str, name: String, version: Option<String>) -> Package {
    Package { by, name, version, place: place.to_owned(), path: file.path.to_owned(), partial: false }
}

/// A bundle whose version cannot be told.
fn unknown(file: &FileCandidate<'_>, by: FoundBy, bundle: Option<Bundle>) -> Vec<Package> {
    let name = match bundle {
        None => return Vec::new(),
        Some(Bundle::Botocore) => "botocore",
        Some(Bundle::CliV2) => CLI_V2,
    };
    vec![Package { partial: true, ..package(file, by, file.path, name.to_owned(), None) }]
}

/// The folder in which a distribution is installed, if this is its metadata.
fn place_of_metadata<'a>(file: &FileCandidate<'a>) -> Option<&'a str> {
    if file.name.ends_with(".egg-info") {
        return is_of_distribution(file.name).then_some(file.folder);
    }
    if file.name != "METADATA" && file.name != "PKG-INFO" {
        return None;
    }
    let (place, folder) = file.folder.rsplit_once('/')?;
    // An egg that is a folder: `botocore-1.12.199-py2.7.egg/EGG-INFO/PKG-INFO`.
    let (place, folder, ending) = match (file.name, folder) {
        ("METADATA", _) => (place, folder, ".dist-info"),
        (_, "EGG-INFO") => place.rsplit_once('/').map(|(place, egg)| (place, egg, ".egg"))?,
        _ => (place, folder, ".egg-info"),
    };
    (folder.ends_with(ending) && is_of_distribution(folder) && !is_cache(place)).then_some(place)
}

/// Whether this is a folder of a package manager's cache, from which nothing is imported: `…/archive-v0/HASH` of uv, and
/// `…/pkgs/botocore-1.29.0-pyhd8ed1ab_0/site-packages` of conda.
fn is_cache(place: &str) -> bool {
    let mut names = place.rsplit('/');
    let last = names.next().unwrap_or_default();
    let above = names.next().unwrap_or_default();
    if last != "site-packages" {
        return above == "archive-v0";
    }
    let is_of_conda = |package: &str, folder: Option<&str>| is_of_distribution(package) && folder == Some("pkgs");
    match (above.starts_with("python"), names.next()) {
        // `…/pkgs/PACKAGE/lib/python3.11/site-packages`
        (true, Some("lib")) => is_of_conda(names.next().unwrap_or_default(), names.next()),
        (_, folder) => is_of_conda(above, folder),
    }
}

/// Whether the name of a file or folder starts as one of a distribution that counts. The metadata itself says which one it is.
fn is_of_distribution(name: &str) -> bool {
    DISTRIBUTIONS.iter().any(|distribution| {
        let (start, end) = name.as_bytes().split_at(distribution.len().min(name.len()));
        start.eq_ignore_ascii_case(distribution.as_bytes()) && matches!(end.first(), Some(b'-' | b'.'))
    })
}

fn is_zip_by_name(name: &str) -> bool {
    ZIPS.iter().any(|ending| name.ends_with(ending))
}

/// `aws_completer` lies beside `aws` and is part of it.
fn is_program(file: &FileCandidate<'_>) -> bool {
    file.executable && file.size >= LEAST_SIZE && file.name != "aws_completer" && !file.name.ends_with(".so") && !file.name.contains(".so.")
}

/// The version of the AWS CLI v2 as its installer leaves it: `/usr/local/aws-cli/v2/2.15.0/dist/aws`.
fn version_of_cli<'a>(file: &FileCandidate<'a>) -> Option<&'a str> {
    let (above, version) = file.folder.strip_suffix("/dist")?.rsplit_once('/')?;
    let is_version = SdkVersion::parse(version).is_some_and(|parsed| parsed.major() == 2) && !version.starts_with('v');
    (file.name == "aws" && above.ends_with("/v2") && is_version).then_some(version)
}

/// The normalised name and the version of core metadata. They count before the first empty line only.
fn headers(bytes: &[u8]) -> Option<(String, String)> {
    let (mut is_metadata, mut name, mut version) = (false, None, None);
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        // A folded line continues the value of the line before. A line that is no UTF-8 is none of ours.
        let Some((header, value)) =
            std::str::from_utf8(line).ok().filter(|line| !line.starts_with([' ', '\t'])).and_then(|line| line.split_once(':'))
        else {
            continue;
        };
        let value = value.trim();
        match header.to_ascii_lowercase().as_str() {
            "metadata-version" => is_metadata = true,
            "name" if name.is_none() => name = Some(normalised(value)),
            "version" if version.is_none() => version = Some(value.to_owned()),
            _ => {}
        }
    }
    let version = version.filter(|version: &String| !version.is_empty())?;
    name.filter(|_| is_metadata).map(|name| (name, version))
}

/// A name in the form of PEP 503: in lower case, with one `-` for each run of `-`, `_` and `.`.
fn normalised(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            _ => normal.push(character.to_ascii_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests;
