//! Composer, and the SDK's own zip and phar.

use super::found::{FoundBy, Package};
use super::json::{self, Member};
use super::source::{ReadAt, ReadError, read_part};
use super::{Cataloger, FileCandidate};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

pub(super) const CATALOGER: Cataloger = Cataloger { name: "php", wants, read };

const SDK: &str = "aws/aws-sdk-php";

/// The most of `Sdk.php` that is read. A comment with a line for each service stands before the version.
const SOURCE: usize = 256 * 1024;

/// The most of a phar that is read: its stub and the start of its manifest.
const PHAR: usize = 256 * 1024;

fn wants(file: &FileCandidate<'_>) -> bool {
    match file.name {
        "installed.json" => file.folder.ends_with("/composer"),
        // As in AWS's aws.zip. In the package of Composer it is `src/Sdk.php`.
        "Sdk.php" => file.folder.ends_with("/Aws"),
        "aws.phar" => true,
        _ => false,
    }
}

fn read(file: &FileCandidate<'_>, reader: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    let package = |version: Option<String>| Package {
        by: FoundBy::Composer,
        name: SDK.to_owned(),
        version,
        place: file.folder.to_owned(),
        path: file.path.to_owned(),
        partial: false,
    };
    Ok(match file.name {
        "installed.json" => json::parse(reader, Installed)?.flatten().map(|version| package(of_release(&version))).into_iter().collect(),
        "Sdk.php" => of_source(&read_part(reader, 0, SOURCE)?).map(|version| package(Some(version))).into_iter().collect(),
        _ if is_phar_of_sdk(&read_part(reader, 0, PHAR)?) => {
            vec![Package { place: file.path.to_owned(), partial: true, ..package(None) }]
        }
        _ => Vec::new(),
    })
}

/// The version of a release: `3.110.7` or `v3.110.7`. A branch is none: `dev-master`, `3.x-dev`.
fn of_release(version: &str) -> Option<String> {
    let number = version.strip_prefix(['v', 'V']).unwrap_or(version);
    (number.starts_with(|first: char| first.is_ascii_digit()) && !number.ends_with("-dev")).then(|| number.to_owned())
}

/// The version in the SDK's class `Aws\Sdk`: `const VERSION = '3.110.7';`.
fn of_source(bytes: &[u8]) -> Option<String> {
    let mut is_of_aws = false;
    for line in bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()).map(str::trim) {
        is_of_aws |= line == "namespace Aws;";
        if let Some(value) = line.strip_prefix("const VERSION = '").and_then(|rest| rest.strip_suffix("';")) {
            return is_of_aws.then(|| of_release(value)).flatten();
        }
    }
    None
}

/// Whether a phar's stub is there, and the names of its files are those of the SDK.
fn is_phar_of_sdk(bytes: &[u8]) -> bool {
    let end = b"__HALT_COMPILER();";
    let manifest = bytes.windows(end.len()).position(|window| window == end).map(|at| &bytes[at + end.len()..]);
    let sdk = b"Aws/";
    bytes.starts_with(b"<?php") && manifest.is_some_and(|manifest| manifest.windows(sdk.len()).any(|window| window == sdk))
}

/// A package in `installed.json`.
#[derive(Deserialize)]
struct InstalledPackage {
    name: Option<String>,
    version: Option<String>,
}

/// The SDK's version in `installed.json`: a list of packages (Composer 1), or an object with that list (Composer 2).
struct Installed;

impl<'de> DeserializeSeed<'de> for Installed {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Installed {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the packages that Composer installed")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut version = None;
        while let Some(entry) = list.next_element::<InstalledPackage>()? {
            if version.is_none() && entry.name.is_some_and(|name| name.eq_ignore_ascii_case(SDK)) {
                version = Some(entry.version.unwrap_or_default());
            }
        }
        Ok(version)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Member { key: "packages", seed: InstalledPackages }.visit_map(map).map(Option::flatten)
    }
}

/// The list in Composer 2's object. An object in its place is no list, so this goes no deeper.
struct InstalledPackages;

impl<'de> DeserializeSeed<'de> for InstalledPackages {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(Installed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::read_all;
    use super::*;

    fn found(path: &str, bytes: &[u8]) -> Vec<Package> {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let file = FileCandidate { path, folder, name, size: bytes.len() as u64, executable: false };
        if wants(&file) { read(&file, &mut &*bytes).unwrap() } else { Vec::new() }
    }

    fn version(text: &str) -> Option<Option<String>> {
        found("/app/vendor/composer/installed.json", text.as_bytes()).pop().map(|package| package.version)
    }

    /// As Composer 2 writes it, with a package before and one after.
    fn installed(name: &str, version: &str) -> String {
        format!(
            r#"{{"packages": [
    {{"name": "aws/aws-crt-php", "version": "v1.2.4", "version_normalized": "1.2.4.0", "require": {{"php": ">=5.5"}}}},
    {{"name": "{name}", "version": "{version}", "version_normalized": "9.9.9.0", "source": {{"type": "git", "reference": "0"}},
      "require": {{"aws/aws-crt-php": "^1.2.3"}}, "type": "library", "extra": {{"branch-alias": {{"dev-master": "3.0-dev"}}}}, "install-path": "../x"}},
    {{"name": "league/flysystem-aws-s3-v3", "version": "3.29.0", "require": {{"aws/aws-sdk-php": "^3.295.10"}}}}
], "dev": true, "dev-package-names": ["aws/aws-sdk-php"]}}"#
        )
    }

    #[test]
    fn composer_says_what_is_installed() {
        let path = "/app/vendor/composer/installed.json";
        let package = found(path, installed(SDK, "3.287.1").as_bytes()).pop().unwrap();
        assert_eq!((package.name.as_str(), package.version.as_deref(), package.path.as_str()), (SDK, Some("3.287.1"), path));
        assert_eq!((package.place.as_str(), package.partial, package.by), ("/app/vendor/composer", false, FoundBy::Composer));
        let real = include_str!("../../../../tests/scan/fixtures/php/installed.json");
        assert_eq!(version(real), Some(Some("3.110.6".into())));
        // Composer 1 wrote the list alone.
        let list = r#"[{"name": "psr/log", "version": "1.1.4"}, {"version": "3.110.6", "name": "aws/aws-sdk-php", "installation-source": "dist"}]"#;
        assert_eq!(version(list), Some(Some("3.110.6".into())));
        for (written, wanted) in
            [("v3.110.7", Some("3.110.7")), ("2.8.31", Some("2.8.31")), ("dev-master", None), ("3.x-dev", None), ("", None)]
        {
            assert_eq!(version(&installed(SDK, written)), Some(wanted.map(str::to_owned)), "{written}");
        }
    }

    #[test]
    fn other_packages_and_files_are_no_sdk() {
        assert_eq!(version(&installed("aws/aws-sdk-php-laravel", "3.10.0")), None);
        for text in [
            "",
            "[]",
            "{}",
            "[1]",
            "3",
            "\"aws/aws-sdk-php\"",
            r#"{"packages": {"name": "aws/aws-sdk-php"}}"#,
            r#"{"name": "aws/aws-sdk-php"}"#,
        ] {
            assert_eq!(version(text), None, "{text}");
        }
        let text = installed(SDK, "3.287.1");
        for end in 0..text.len() {
            assert_eq!(version(&text[..end]), None, "cut at {end}");
        }
        for path in [
            "/app/composer.lock",
            "/app/installed.json",
            "/app/vendor/aws/aws-sdk-php/src/Sdk.php",
            "/app/vendor/aws/aws-sdk-php/composer.json",
        ] {
            assert!(found(path, text.as_bytes()).is_empty(), "{path}");
        }
    }

    #[test]
    fn a_large_file_is_read_in_parts() {
        let many = |count: usize| {
            let entry = r#"{"name": "a/b", "version": "1.0", "description": "\"\\ a quote, and \u00e9"},"#;
            installed(SDK, "3.287.1").replacen('[', &format!("[{}", entry.repeat(count)), 1)
        };
        assert_eq!(version(&many(20_000)), Some(Some("3.287.1".into())));
        assert_eq!(version(&many(200_000)), None, "larger than what is read");
        // No string makes it take more memory.
        let text = installed(SDK, "3.287.1");
        assert_eq!(version(&text.replace("\"dev\"", &format!("\"{}\"", "x".repeat(100_000)))), Some(Some("3.287.1".into())));
        assert_eq!(version(&text.replace("\"dev\"", &format!("\"{}\"", "x".repeat(1_000_000)))), None);
        for opened in ["[", "{\"a\":"] {
            assert_eq!(version(&opened.repeat(1_000_000)), None);
            assert_eq!(version(&text.replace("true", &opened.repeat(1_000_000))), None);
        }
    }

    #[test]
    fn a_failed_read_is_no_bad_file() {
        struct FailingFile;
        impl ReadAt for FailingFile {
            fn size(&self) -> u64 {
                100
            }
            fn read_at(&mut self, _: u64, _: &mut [u8]) -> Result<usize, ReadError> {
                Err(ReadError::Bound)
            }
        }
        assert_eq!(read_all(&mut FailingFile, 100), Err(ReadError::Bound));
        assert_eq!(json::parse(&mut FailingFile, Installed), Err(ReadError::Bound));
    }

    #[test]
    fn the_zip_and_the_phar_of_aws() {
        let source = "<?php\nnamespace Aws;\n\n/**\n * @method \\Aws\\S3\\S3Client createS3(array $args = [])\n */\nclass Sdk\n{\n    const VERSION = '3.287.0';\n";
        let package = found("/srv/lib/Aws/Sdk.php", source.as_bytes()).pop().unwrap();
        assert_eq!((package.version.as_deref(), package.place.as_str()), (Some("3.287.0"), "/srv/lib/Aws"));
        assert!(found("/srv/lib/Aws/Sdk.php", source.replace("namespace Aws;", "namespace Other;").as_bytes()).is_empty());

        let phar = b"<?php Phar::mapPhar('aws.phar'); __HALT_COMPILER(); ?>\r\n\x10\0\0\0\x01\0\0\0\x11\0\0\0\0\0\x0b\0\0\0Aws/Sdk.php";
        let package = found("/srv/aws.phar", phar).pop().unwrap();
        assert_eq!((package.version, package.partial, package.place.as_str()), (None, true, "/srv/aws.phar"));
        assert!(found("/srv/aws.phar", b"<?php // Aws/Sdk.php").is_empty());
        assert!(found("/srv/aws.phar", b"<?php __HALT_COMPILER(); ?> nothing").is_empty());
    }
}
