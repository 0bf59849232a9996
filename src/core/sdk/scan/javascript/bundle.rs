//! Bundles of esbuild, webpack, rollup and ncc that hold an SDK.
//!
//! Two strings of the SDK's web identity provider show it, minified or not: the variable's name, and the name that it gives to a session. Texts
//! about the SDK have the first but not the second. webpack moves that provider to a file of its own; then a line that the chain logs shows the SDK.
//! What else of the SDK is in the bundle cannot be told. Single executables (Node's SEA, pkg, bun) and Electron's asar are not looked into.

use super::super::FileCandidate;
use super::super::found::{FoundBy, Package};
use super::super::source::{ReadAt, ReadError};
use super::{is_of_name, named};
use memchr::memmem;

/// The sizes of a bundle. An SDK's chain alone has more than the least.
const LEAST: u64 = 16 << 10;
const MOST: u64 = 32 << 20;

/// How much is searched at once, and what is kept of it for what goes across its end.
const CHUNK: usize = 64 << 10;
const BEFORE: usize = 256;
const AFTER: usize = 512;

/// How many packages of one bundle are reported.
const PACKAGES: usize = 16;

/// How many occurrences of a marker are read. A bundle has a few hundred.
const HITS: usize = 20_000;

/// A JavaScript file of a bundle's size outside of `node_modules`.
pub(super) fn is_wanted(file: &FileCandidate<'_>) -> bool {
    (LEAST..=MOST).contains(&file.size) && !file.path.contains("/node_modules/")
}

pub(super) fn read(file: &FileCandidate<'_>, bytes: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    let mut found = BundleSign::default();
    search(bytes, &mut found)?;
    let package = |name: String, version: Option<String>| Package {
        by: FoundBy::PackageJson,
        name,
        version,
        place: file.path.to_owned(),
        path: file.path.to_owned(),
        partial: true,
    };
    let mut packages = Vec::new();
    if found.variable && found.v2 {
        packages.push(package(super::V2.to_owned(), found.v2_version));
    }
    if found.chain || found.variable && found.v3 {
        if found.clients.is_empty() {
            packages.push(package("@aws-sdk/client-".to_owned(), None));
        }
        packages.extend(found.clients.into_iter().map(|(name, version)| package(named(&name), Some(version))));
    }
    Ok(packages)
}

/// What was found in the file so far.
#[derive(Default)]
struct BundleSign {
    variable: bool,
    v2: bool,
    v3: bool,
    chain: bool,
    v2_version: Option<String>,
    /// The names and versions of clients whose `package.json` is part of the bundle.
    clients: Vec<(String, String)>,
}

/// A string that is searched, and what its place says. `window` has at least `BEFORE` and `AFTER` bytes around it, if the file has.
struct Marker {
    text: &'static str,
    see: fn(&mut BundleSign, window: &[u8], start: usize, end: usize),
}

const MARKERS: &[Marker] = &[
    Marker {
        text: "AWS_WEB_IDENTITY_TOKEN_FILE",
        see: |found, window, start, end| found.variable |= is_literal(window, start) && !window.get(end).is_some_and(|byte| is_word(*byte)),
    },
    // credential-provider-web-identity, fromWebToken: `aws-sdk-js-session-${Date.now()}`.
    Marker {
        text: "aws-sdk-js-session-",
        see: |found, window, start, end| {
            found.v3 |= is_literal(window, start) && window.get(end).is_some_and(|byte| b"$\"'`\\".contains(byte));
        },
    },
    // credential-provider-node since 3.5xx: `"@aws-sdk/credential-provider-node - defaultProvider::fromTokenFile"`, in one string or two.
    Marker {
        text: "defaultProvider::fromTokenFile",
        see: |found, window, start, end| {
            let before = &window[start.saturating_sub(48)..start];
            let is_of_chain = memmem::rfind(before, super::CHAIN.as_bytes()).is_some_and(|at| is_literal(before, at));
            found.chain |= is_of_chain && window.get(end).is_some_and(|byte| b"\"'`\\".contains(byte));
        },
    },
    // lib/credentials/token_file_web_identity_credentials.js: the default name of the session.
    Marker {
        text: "token-file-web-identity",
        see: |found, window, start, end| {
            found.v2 |= is_literal(window, start) && window.get(end).is_some_and(|byte| b"\"'`\\".contains(byte));
        },
    },
    // lib/core.js: `VERSION: '2.1693.0', Signers: {}`.
    Marker {
        text: "Signers",
        see: |found, window, start, _| {
            let before = &window[start.saturating_sub(BEFORE)..start];
            if let Some(at) = memmem::rfind(before, b"VERSION")
                && let Some(version) = value_after(&before[at + b"VERSION".len()..])
                && version.starts_with("2.")
            {
                found.v2_version.get_or_insert(version);
            }
        },
    },
    // The client's package.json: `{name: "@aws-sdk/client-s3", description: "…", version: "3.540.0"`.
    Marker { text: "@aws-sdk/client-", see: see_client },
];

fn see_client(found: &mut BundleSign, window: &[u8], start: usize, end: usize) {
    let before = trim_end(&window[start.saturating_sub(32)..start]);
    let Some(before) = before.strip_suffix(b":").map(trim_end).filter(|before| before.ends_with(b"name")) else { return };
    if before.len() > 4 && is_word(before[before.len() - 5]) {
        return;
    }
    let rest = &window[end..window.len().min(end + AFTER)];
    let length = rest.iter().take_while(|byte| is_of_name(**byte)).count();
    let (service, rest) = rest.split_at(length);
    // The version has to be of the same object.
    let object = &rest[..memchr::memchr2(b'{', b'}', rest).unwrap_or(rest.len())];
    let version = memmem::find(object, b"version").and_then(|at| value_after(&object[at + b"version".len()..]));
    let (Ok(service), Some(version)) = (std::str::from_utf8(service), version) else { return };
    let client = (format!("@aws-sdk/client-{service}"), version);
    if !service.is_empty() && client.1.starts_with("3.") && found.clients.len() < PACKAGES && !found.clients.contains(&client) {
        found.clients.push(client);
    }
}

/// The version after a key: `: "3.540.0"`, with a quote after the key or without, with quotes that are escaped or not.
fn value_after(text: &[u8]) -> Option<String> {
    let text = trim_start(text).strip_prefix(b":")?;
    let start = text.iter().position(|byte| !b" \n\r\t\\".contains(byte))?;
    let text = text[start..].strip_prefix(b"\"").or_else(|| text[start..].strip_prefix(b"'"))?;
    let length = text.iter().take(32).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let ends = text.get(length).is_some_and(|byte| b"\"'\\".contains(byte));
    let version = std::str::from_utf8(&text[..length]).ok()?;
    (ends && version.split('.').count() == 3 && version.split('.').all(|part| !part.is_empty())).then(|| version.to_owned())
}

const AROUND: &[u8] = b" \n\r\t\\\"'";

/// Without quotes, backslashes and spaces at the end.
fn trim_end(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|byte| !AROUND.contains(byte)).map_or(0, |at| at + 1)]
}

/// Without quotes, backslashes and spaces at the start.
fn trim_start(text: &[u8]) -> &[u8] {
    &text[text.iter().position(|byte| !AROUND.contains(byte)).unwrap_or(text.len())..]
}

/// Whether a string starts here, or the name of a property.
fn is_literal(window: &[u8], start: usize) -> bool {
    start > 0 && b"\"'`.".contains(&window[start - 1])
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

/// Searches the file in chunks. A marker counts in the chunk that has what stands around it.
fn search(file: &mut dyn ReadAt, found: &mut BundleSign) -> Result<(), ReadError> {
    let finders: Vec<(memmem::Finder<'_>, &Marker)> = MARKERS.iter().map(|marker| (memmem::Finder::new(marker.text), marker)).collect();
    let mut window = vec![0; BEFORE + AFTER + CHUNK];
    // The bytes in the window, and those at its start that were searched before.
    let (mut filled, mut searched) = (0, 0);
    let mut offset = 0;
    let mut hits = 0;
    while offset <= MOST && hits < HITS {
        let count = file.read_at(offset, &mut window[filled..])?;
        (offset, filled) = (offset + count as u64, filled + count);
        if count > 0 && filled < window.len() {
            continue;
        }
        let (text, end) = (&window[..filled], if count == 0 { filled } else { filled - AFTER });
        for (finder, marker) in &finders {
            for start in finder.find_iter(text.get(searched..).unwrap_or_default()).map(|at| searched + at) {
                hits += 1;
                if start >= end || hits > HITS {
                    break;
                }
                (marker.see)(found, text, start, start + marker.text.len());
            }
        }
        if count == 0 {
            break;
        }
        window.copy_within(filled - AFTER - BEFORE..filled, 0);
        (filled, searched) = (AFTER + BEFORE, BEFORE);
    }
    Ok(())
}
