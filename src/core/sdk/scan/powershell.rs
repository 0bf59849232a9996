//! PowerShell modules.

use super::found::{FoundBy, Package};
use super::source::{ReadAt, ReadError, read_part};
use super::{Cataloger, FileCandidate};

pub(super) const CATALOGER: Cataloger = Cataloger { name: "powershell", wants, read };

/// The modules that hold the core. A module is in a folder of its name, or in one below that is named as the version.
const MODULES: [&str; 3] = ["AWS.Tools.Common", "AWSPowerShell.NetCore", "AWSPowerShell"];

/// The most of a manifest that is read. The list of all cmdlets follows what counts.
const CAP: usize = 64 * 1024;

fn wants(file: &FileCandidate<'_>) -> bool {
    module(file).is_some()
}

fn read(file: &FileCandidate<'_>, reader: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    let Some(module) = module(file) else { return Ok(Vec::new()) };
    let version = version(&text(&read_part(reader, 0, CAP)?));
    let package = version.map(|version| Package {
        by: FoundBy::DepsJson,
        name: module.to_ascii_lowercase(),
        version: Some(version),
        place: file.folder.to_owned(),
        path: file.path.to_owned(),
        partial: false,
    });
    Ok(package.into_iter().collect())
}

/// The module whose manifest this is.
fn module(file: &FileCandidate<'_>) -> Option<&'static str> {
    let (name, ending) = file.name.split_at_checked(file.name.len().checked_sub(5)?)?;
    let module = MODULES.into_iter().find(|module| module.eq_ignore_ascii_case(name)).filter(|_| ending.eq_ignore_ascii_case(".psd1"))?;
    last_two(file.folder).any(|folder| folder.eq_ignore_ascii_case(module)).then_some(module)
}

/// Whether the folder is a module from AWS. The SDK for .NET in it belongs to the module.
pub(super) fn is_of_module(folder: &str) -> bool {
    let is_tools = |name: &str| name.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("AWS.Tools."));
    last_two(folder).any(|name| is_tools(name) || MODULES.iter().any(|module| module.eq_ignore_ascii_case(name)))
}

/// The last two names of a path.
fn last_two(folder: &str) -> impl Iterator<Item = &str> {
    folder.rsplit('/').take(2)
}

/// The text of a manifest: UTF-8, or UTF-16 with a byte order mark.
fn text(bytes: &[u8]) -> String {
    let units = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The first `ModuleVersion = '4.1.502'`. The ones of required modules come after it.
fn version(text: &str) -> Option<String> {
    let values = text.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        let value = value.trim();
        let inner = value.strip_prefix(['\'', '"'])?.split(['\'', '"']).next()?;
        key.trim().eq_ignore_ascii_case("ModuleVersion").then_some(inner)
    });
    let is_version = |version: &&str| version.starts_with(|first: char| first.is_ascii_digit()) && version.len() < 64;
    values.take(1).find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::copies;
    use super::*;
    use crate::core::sdk::SdkFamily;

    const FOLDER: &str = "/usr/local/share/powershell/Modules/AWS.Tools.Common/4.1.502";

    /// The start of a manifest as AWS writes it, with a module that it needs.
    fn manifest(version: &str) -> String {
        format!(
            "#\r\n# Module manifest for module 'AWS.Tools.Common'\r\n#\r\n\r\n@{{\r\n    # Script module or binary module file associated with this \
             manifest\r\n    RootModule = 'AWS.Tools.Common.dll'\r\n\r\n    # ModuleVersion = '1.0'\r\n    ModuleVersion = '{version}'\r\n\r\n    \
             RequiredModules = @(\r\n        @{{\r\n            ModuleName = 'X'\r\n            ModuleVersion = '9.9.9'\r\n        }}\r\n    )\r\n}}\r\n"
        )
    }

    fn found(path: &str, bytes: &[u8]) -> Option<Package> {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let file = FileCandidate { path, folder, name, size: bytes.len() as u64, executable: false };
        if wants(&file) { read(&file, &mut &*bytes).unwrap().pop() } else { None }
    }

    #[test]
    fn a_module_has_a_manifest() {
        let path = format!("{FOLDER}/AWS.Tools.Common.psd1");
        let text = manifest("4.1.502");
        let package = found(&path, text.as_bytes()).unwrap();
        assert_eq!((package.name.as_str(), package.version.as_deref()), ("aws.tools.common", Some("4.1.502")));
        assert_eq!((package.place.as_str(), package.path.as_str()), (FOLDER, path.as_str()));
        let copies = copies(std::slice::from_ref(&package), true);
        assert_eq!((copies.len(), copies[0].family, copies[0].version.as_deref()), (1, SdkFamily::Powershell, Some("4.1.502")));
        // The other encodings of Windows.
        let little: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let marked = format!("\u{feff}{text}");
        for bytes in [little.as_slice(), &big, marked.as_bytes()] {
            assert_eq!(found(&path, bytes).as_ref(), Some(&package));
        }
        // The modules in one piece.
        let path = "/opt/microsoft/powershell/7/Modules/AWSPowerShell.NetCore/AWSPowerShell.NetCore.psd1";
        let package = found(path, b"@{\nRootModule = 'AWSPowerShell.NetCore.dll'\nmoduleversion=\"4.1.501\" # comment\n}").unwrap();
        assert_eq!((package.name.as_str(), package.version.as_deref()), ("awspowershell.netcore", Some("4.1.501")));
    }

    #[test]
    fn other_files_tell_nothing() {
        let text = manifest("4.1.502");
        for path in [
            "/modules/AWS.Tools.S3/4.1.502/AWS.Tools.S3.psd1",
            "/modules/AWS.Tools.Installer/1.0.2/AWS.Tools.Installer.psd1",
            "/modules/Mine/AWS.Tools.Common.psd1",
            "/modules/AWS.Tools.Common/4.1.502/AWS.Tools.Common.psm1",
            "/modules/AWS.Tools.Common/4.1.502/\u{e9}\u{e9}\u{e9}",
        ] {
            assert_eq!(found(path, text.as_bytes()), None, "{path}");
        }
        let path = format!("{FOLDER}/AWS.Tools.Common.psd1");
        for text in [
            "",
            "@{}",
            "@{ ModuleVersion }",
            "ModuleVersion = $version\nModuleVersion = '",
            "# ModuleVersion = '4.1.502'",
            &manifest("{0}"),
        ] {
            assert_eq!(found(&path, text.as_bytes()), None, "{text}");
        }
        assert_eq!(found(&path, b"\xff\xfe\xff"), None);
    }

    #[test]
    fn the_modules_own_sdk_is_none() {
        for folder in [FOLDER, "/m/AWS.Tools.SecurityToken/4.1.502", "/m/AWSPowerShell", "/m/awspowershell.netcore/4.1.0"] {
            assert!(is_of_module(folder), "{folder}");
        }
        for folder in ["/app", "/app/AWS.Tools", "/m/AWSPowerShell/4.1.0/deep", "", "/\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"] {
            assert!(!is_of_module(folder), "{folder}");
        }
    }
}
