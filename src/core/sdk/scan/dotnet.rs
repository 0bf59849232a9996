//! .NET applications.

use super::found::{FoundBy, Package};
use super::json::{self, Member};
use super::source::{ReadAt, ReadError, read_part};
use super::{Cataloger, FileCandidate, powershell};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

pub(super) const CATALOGER: Cataloger = Cataloger { name: "dotnet", wants, read };

/// How the SDK's packages start.
const PACKAGES: &str = "awssdk.";

/// AWS has some 400 packages.
const MOST: usize = 1000;

/// The libraries that tell where no deps.json does (.NET Framework, Mono), and the packages that they are. The family's row takes the version of
/// `awssdk.core.dll` only where `awssdk.core` is not there.
const LIBRARIES: [(&str, &str); 2] = [("AWSSDK.Core.dll", "awssdk.core.dll"), ("AWSSDK.SecurityToken.dll", "awssdk.securitytoken")];

/// The most of a library's resources that is read. The version is one of the few.
const RESOURCES: usize = 16 * 1024;

fn wants(file: &FileCandidate<'_>) -> bool {
    (file.name.ends_with(".deps.json") || library(file).is_some()) && !powershell::is_of_module(file.folder)
}

fn read(file: &FileCandidate<'_>, reader: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    let package = |name: String, version: Option<String>| Package {
        by: FoundBy::DepsJson,
        name,
        version,
        place: file.folder.to_owned(),
        path: file.path.to_owned(),
        partial: false,
    };
    if let Some(name) = library(file) {
        let is_library = read_part(reader, 0, 2)? == b"MZ";
        let version = if is_library { file_version(reader)? } else { None };
        return Ok(is_library.then(|| package(name.to_owned(), version)).into_iter().collect());
    }
    let libraries = json::parse(reader, Member { key: "libraries", seed: Libraries })?.flatten().unwrap_or_default();
    Ok(libraries.into_iter().map(|(name, version)| package(name, Some(version))).collect())
}

/// The package that this library is. A library in a package folder of NuGet belongs to no application: `awssdk.core/3.7.0/lib/net45/AWSSDK.Core.dll`.
fn library(file: &FileCandidate<'_>) -> Option<&'static str> {
    let (_, name) = LIBRARIES.iter().find(|(library, _)| library.eq_ignore_ascii_case(file.name))?;
    let above = file.folder.rsplit_once('/').map_or("", |(above, _)| above);
    (!above.ends_with("/lib") && !above.ends_with("/ref")).then_some(name)
}

/// The version in the version resource of a PE file.
fn file_version(reader: &mut dyn ReadAt) -> Result<Option<String>, ReadError> {
    let start = read_part(reader, 0, 4096)?;
    let number = |at: usize, length: usize| number(&start, at, length);
    let sections = || -> Option<(usize, usize)> {
        let header = number(0x3c, 4)?;
        let is_pe = start.get(header..)?.starts_with(b"PE\0\0");
        is_pe.then_some((header.checked_add(24)?.checked_add(number(header + 20, 2)?)?, number(header + 6, 2)?))
    };
    let Some((table, count)) = sections() else { return Ok(None) };
    let resources = start.get(table..).unwrap_or_default().chunks_exact(40).take(count).find(|section| section.starts_with(b".rsrc\0"));
    let Some((size, at)) = resources.and_then(|section| Some((self::number(section, 16, 4)?, self::number(section, 20, 4)?))) else {
        return Ok(None);
    };
    let resources = read_part(reader, at as u64, RESOURCES.min(size))?;
    // VS_FIXEDFILEINFO: its signature, the version of its form, and the version of the file, two numbers in each word.
    let signature = b"\xbd\x04\xef\xfe\0\0\x01\0";
    let info = resources.windows(signature.len()).position(|window| window == signature);
    let parts = info.map(|at| [10, 8, 14, 12].map(|offset| self::number(&resources, at + offset, 2)));
    let Some([Some(major), Some(minor), Some(patch), Some(build)]) = parts else { return Ok(None) };
    Ok(Some(format!("{major}.{minor}.{patch}.{build}")).filter(|_| major > 0))
}

/// A number of this many bytes, the low byte first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.get(..length)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

/// The libraries in a deps.json, by keys such as `AWSSDK.Core/3.7.100.14`.
struct Libraries;

impl<'de> DeserializeSeed<'de> for Libraries {
    type Value = Vec<(String, String)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Libraries {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("libraries by name and version")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<IgnoredAny>()?;
            let Some((name, version)) = key.split_once('/') else { continue };
            let name = name.to_ascii_lowercase();
            if name.starts_with(PACKAGES) && found.len() < MOST && name.len() < 128 && version.len() < 64 {
                found.push((name, version.to_owned()));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::copies;
    use super::*;
    use crate::core::sdk::SdkFamily;

    fn found(path: &str, bytes: &[u8]) -> Vec<Package> {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let file = FileCandidate { path, folder, name, size: bytes.len() as u64, executable: false };
        if wants(&file) { read(&file, &mut &*bytes).unwrap() } else { Vec::new() }
    }

    /// As `dotnet publish` writes it.
    fn deps(libraries: &[&str]) -> String {
        let entries: Vec<String> = libraries
            .iter()
            .map(|name| {
                format!(r#"    "{name}": {{ "type": "package", "serviceable": true, "sha512": "", "path": "{}" }}"#, name.to_lowercase())
            })
            .collect();
        format!(
            r#"{{
  "runtimeTarget": {{ "name": ".NETCoreApp,Version=v8.0", "signature": "" }},
  "compilationOptions": {{}},
  "targets": {{ ".NETCoreApp,Version=v8.0": {{
    "app/1.0.0": {{ "dependencies": {{ "AWSSDK.Core": "3.7.1", "AWSSDK.SecurityToken": "3.7.1" }}, "runtime": {{ "app.dll": {{}} }} }}
  }} }},
  "libraries": {{
    "app/1.0.0": {{ "type": "project", "serviceable": false, "sha512": "" }},
{}
  }}
}}"#,
            entries.join(",\n")
        )
    }

    /// A PE file with nothing but a version resource.
    fn dll(version: [u16; 4]) -> Vec<u8> {
        let mut bytes = vec![0; 0x400];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3c] = 0x80;
        bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
        (bytes[0x86], bytes[0x94]) = (2, 0xe0);
        let table = 0x80 + 24 + 0xe0;
        bytes[table..table + 6].copy_from_slice(b".text\0");
        bytes[table + 40..table + 46].copy_from_slice(b".rsrc\0");
        bytes[table + 40 + 16..][..8].copy_from_slice(b"\0\x01\0\0\0\x03\0\0");
        bytes[0x340..0x348].copy_from_slice(b"\xbd\x04\xef\xfe\0\0\x01\0");
        for (place, part) in [2, 0, 6, 4].into_iter().zip(version) {
            bytes[0x348 + place..][..2].copy_from_slice(&part.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn an_application_lists_its_libraries() {
        let text = deps(&[
            "AWSSDK.Core/3.7.100.14",
            "AWSSDK.SecurityToken/3.7.100.14",
            "AWSSDK.S3/3.7.9",
            "Serilog/2.0.0",
            "AWSSDKish.Core/1.0.0",
        ]);
        let packages = found("/app/app.deps.json", text.as_bytes());
        let names: Vec<_> = packages.iter().map(|package| (package.name.as_str(), package.version.as_deref().unwrap())).collect();
        assert_eq!(names, [("awssdk.core", "3.7.100.14"), ("awssdk.securitytoken", "3.7.100.14"), ("awssdk.s3", "3.7.9")]);
        assert!(packages.iter().all(|package| package.place == "/app" && package.path == "/app/app.deps.json" && !package.partial));
    }

    #[test]
    fn a_missing_package_is_told() {
        let of = |packages: &[Package]| {
            let copies = copies(packages, true);
            assert!(copies.len() <= 1, "{copies:?}");
            copies.into_iter().next().map(|copy| {
                assert_eq!(copy.family, SdkFamily::Dotnet);
                (copy.version, copy.path, copy.missing)
            })
        };
        let (core, sts) = ("AWSSDK.Core/3.7.734", "AWSSDK.SecurityToken/3.7.1");
        let (path, missing) = ("/app/app.deps.json".to_owned(), Some("AWSSDK.SecurityToken".to_owned()));
        let without = found(&path, deps(&[core]).as_bytes());
        assert_eq!(of(&without), Some((Some("3.7.734".into()), path.clone(), missing.clone())));
        let with = found(&path, deps(&[core, sts]).as_bytes());
        assert_eq!(of(&with), Some((Some("3.7.734".into()), path.clone(), None)));
        // The libraries beside it are the same copy.
        let library = |name: &str| found(&format!("/app/{name}"), &dll([3, 7, 734, 0]));
        let all = [with, library("AWSSDK.Core.dll"), library("AWSSDK.SecurityToken.dll")].concat();
        assert_eq!(of(&all), Some((Some("3.7.734".into()), path, None)));
        // Without it they tell by themselves.
        let path = "/app/AWSSDK.Core.dll".to_owned();
        assert_eq!(of(&library("AWSSDK.Core.dll")), Some((Some("3.7.734.0".into()), path.clone(), missing)));
        let both = [library("AWSSDK.Core.dll"), library("AWSSDK.SecurityToken.dll")].concat();
        assert_eq!(of(&both), Some((Some("3.7.734.0".into()), path, None)));
        assert_eq!(of(&library("AWSSDK.SecurityToken.dll")), None);
    }

    #[test]
    fn a_library_has_a_version_resource() {
        let version = |bytes: &[u8]| found("/app/AWSSDK.Core.dll", bytes).pop().map(|package| package.version);
        let bytes = dll([3, 3, 659, 1]);
        assert_eq!(version(&bytes), Some(Some("3.3.659.1".into())));
        assert_eq!(version(b"MZ"), Some(None));
        assert_eq!(version(b"no library"), None);
        assert_eq!(version(&dll([0; 4])), Some(None));
        for end in 2..bytes.len() {
            let cut = version(&bytes[..end]).unwrap();
            assert!(cut.is_none() || cut.as_deref() == Some("3.3.659.1"), "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] = 0xff;
            let _ = version(&damaged);
        }
    }

    #[test]
    fn other_files_tell_nothing() {
        let text = deps(&["AWSSDK.Core/3.7.734"]);
        for end in 0..text.len() {
            assert!(found("/app/app.deps.json", &text.as_bytes()[..end]).is_empty(), "cut at {end}");
        }
        assert!(
            found("/app/app.deps.json", deps(&["Serilog/2.0.0"]).as_bytes()).is_empty(),
            "the application depends on it, but has it not"
        );
        for text in ["", "[]", "{}", r#"{"libraries": []}"#, r#"{"libraries": {"AWSSDK.Core": {}}}"#, r#"{"AWSSDK.Core/3.7.1": {}}"#] {
            assert!(found("/app/app.deps.json", text.as_bytes()).is_empty(), "{text}");
        }
        for path in ["/src/obj/project.assets.json", "/src/app.csproj", "/src/packages.config", "/app/app.runtimeconfig.json"] {
            assert!(found(path, text.as_bytes()).is_empty(), "{path}");
        }
        // NuGet's packages, and PowerShell's modules.
        for path in [
            "/root/.nuget/packages/awssdk.core/3.7.0/lib/net45/AWSSDK.Core.dll",
            "/root/.local/share/powershell/Modules/AWS.Tools.Common/4.1.502/AWSSDK.Core.dll",
            "/opt/microsoft/powershell/7/Modules/AWSPowerShell.NetCore/AWSSDK.Core.dll",
            "/app/My.AWSSDK.Core.dll",
        ] {
            assert!(found(path, &dll([3, 7, 734, 0])).is_empty(), "{path}");
        }
    }
}
