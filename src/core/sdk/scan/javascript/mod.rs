//! npm packages, and bundles of them.
//!
//! The folder of a package is `node_modules/<name>` in every layout but two. Yarn's Plug'n'Play keeps zip files, whose names have name and
//! version. Yarn's pnpm layout has `node_modules/.store/<name>-npm-<version>-<hash>/package`.

mod bundle;

use super::found::{FoundBy, Package};
use super::source::{ReadAt, ReadError, read_all, read_part};
use super::{Cataloger, FileCandidate};
use serde::Deserialize;

pub(super) const CATALOGER: Cataloger = Cataloger { name: "javascript", wants, read };

/// The largest `package.json` that is read. The SDK's have 3 to 10 KiB.
const MANIFEST_CAP: usize = 1 << 20;

const V2: &str = "aws-sdk";
const SCOPE: &str = "@aws-sdk/";
const CHAIN: &str = "@aws-sdk/credential-provider-node";

/// The clients that other packages of the SDK bring along. They may have another version than the clients that the application asks for, so the
/// family's row has them under names of their own, after all others.
const INTERNAL: &[&str] = &["client-cognito-identity", "client-sso", "client-sso-oidc", "client-sts"];

fn wants(file: &FileCandidate<'_>) -> bool {
    match file.name.rsplit_once('.') {
        Some(("package", "json")) => package_of(file.folder).is_some(),
        Some((stem, "zip")) => file.folder.ends_with("/cache") && of_yarn(stem).is_some(),
        Some((_, "js" | "mjs" | "cjs")) => bundle::is_wanted(file),
        _ => false,
    }
}

fn read(file: &FileCandidate<'_>, bytes: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    match file.name.rsplit_once('.') {
        Some(("package", "json")) => read_manifest(file, bytes),
        Some((stem, "zip")) => read_zip(file, stem, bytes),
        _ => bundle::read(file, bytes),
    }
}

/// What is read of a `package.json`.
#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
}

fn read_manifest(file: &FileCandidate<'_>, bytes: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    let (Some(expected), Some(text)) = (package_of(file.folder), read_all(bytes, MANIFEST_CAP)?) else { return Ok(Vec::new()) };
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let Ok(manifest) = serde_json::from_slice::<Manifest>(text) else { return Ok(Vec::new()) };
    let (name, version) = (manifest.name.to_ascii_lowercase(), manifest.version);
    if name != expected || !is_version(&version) {
        return Ok(Vec::new());
    }
    Ok(vec![package(&name, Some(version), place_of(file.folder), file.path)])
}

/// A package in yarn's cache. Its name tells; a look at its first entry shows that it is such a zip.
fn read_zip(file: &FileCandidate<'_>, stem: &str, bytes: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    const NAME: usize = 30; // where the first entry's name starts, after the signature and the lengths
    let Some((name, version)) = of_yarn(stem) else { return Ok(Vec::new()) };
    let head = read_part(bytes, 0, NAME + b"node_modules/".len())?;
    if !head.starts_with(b"PK\x03\x04") || head.get(NAME..) != Some(b"node_modules/") {
        return Ok(Vec::new());
    }
    Ok(vec![package(&name, Some(version.to_owned()), file.folder, file.path)])
}

fn package(name: &str, version: Option<String>, place: &str, path: &str) -> Package {
    Package { by: FoundBy::PackageJson, name: named(name), version, place: place.to_owned(), path: path.to_owned(), partial: false }
}

/// The name that the family's row knows: `@aws-sdk/internal/client-sts` for a client that others bring along.
fn named(name: &str) -> String {
    match name.strip_prefix(SCOPE) {
        Some(short) if INTERNAL.contains(&short) => format!("{SCOPE}internal/{short}"),
        _ => name.to_owned(),
    }
}

/// Whether the package with this name tells of an SDK.
fn tells(name: &str) -> bool {
    let is_client =
        |short: &str| short.strip_prefix("client-").is_some_and(|service| !service.is_empty() && service.bytes().all(is_of_name));
    name == V2 || name == CHAIN || name.strip_prefix(SCOPE).is_some_and(is_client)
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn is_version(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_digit())
        && text.contains('.')
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The name of the package that belongs into this folder, if it tells of an SDK.
fn package_of(folder: &str) -> Option<String> {
    if let Some(slot) = folder.strip_suffix("/package") {
        let (_, slug) = slot.rsplit_once("/node_modules/.store/")?;
        return of_yarn(slug).map(|(name, _)| name).or_else(|| of_virtual(slug));
    }
    let name = if folder.ends_with("/node_modules/aws-sdk") { V2 } else { &folder[folder.rfind("/@aws-sdk/")? + 1..] };
    let is_installed = folder.strip_suffix(name).is_some_and(|rest| rest.ends_with("/node_modules/"));
    (is_installed && tells(name)).then(|| name.to_owned())
}

/// The name and version in yarn's names of packages: `@aws-sdk-client-s3-npm-3.540.0-890ff44e4d`, and one more hash in the name of a zip file.
fn of_yarn(slug: &str) -> Option<(String, &str)> {
    let (ident, rest) = slug.split_once("-npm-")?;
    let (version, hashes) = rest.split_once('-')?;
    let is_right =
        is_version(version) && hashes.split('-').all(|hash| !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    is_right.then_some((of_ident(ident)?, version))
}

/// The name in yarn's name of a package with peers: `@aws-sdk-client-sts-virtual-879e9d7e38`.
fn of_virtual(slug: &str) -> Option<String> {
    of_ident(slug.rsplit_once("-virtual-")?.0)
}

fn of_ident(ident: &str) -> Option<String> {
    let name = match ident.strip_prefix("@aws-sdk-") {
        Some(short) => format!("{SCOPE}{short}"),
        None => ident.to_owned(),
    };
    tells(&name).then_some(name)
}

/// The place of a package: the `node_modules` folder. A store of pnpm, bun or yarn is one place. What lies below another package of the SDK
/// belongs to that one's place.
fn place_of(folder: &str) -> &str {
    const MODULES: &str = "/node_modules";
    if let Some(at) = folder.find("/node_modules/.") {
        let store = at + MODULES.len() + 1;
        let end = folder[store..].find('/').map_or(folder.len(), |length| store + length);
        return &folder[..end];
    }
    let outer = |path: &str| path.rfind("/node_modules/").map(|at| at + MODULES.len());
    let Some(mut end) = outer(folder) else { return folder };
    // `…/node_modules/@aws-sdk/client-s3/node_modules`: one step for each such package.
    while let Some(owner) = folder[..end].strip_suffix(MODULES)
        && let Some(before) = outer(owner)
        && is_of_sdk(&owner[before..])
    {
        end = before;
    }
    &folder[..end]
}

/// Whether this is `/@aws-sdk/<name>`.
fn is_of_sdk(rest: &str) -> bool {
    rest.strip_prefix("/@aws-sdk/").is_some_and(|name| !name.contains('/'))
}

#[cfg(test)]
mod tests;
