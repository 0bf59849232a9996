use super::super::copies;
use super::*;
use crate::core::sdk::SdkFamily;
use std::io::Write;

const BOTOCORE: &str = include_str!("../../../../../tests/scan/fixtures/python/botocore-1.34.41.METADATA");
const OF_DEBIAN: &str = include_str!("../../../../../tests/scan/fixtures/python/botocore-1.29.27.PKG-INFO");
const CLI_OF_DEBIAN: &str = include_str!("../../../../../tests/scan/fixtures/python/awscli-2.9.19.METADATA");

fn found_with(path: &str, bytes: &[u8], executable: bool) -> Vec<Package> {
    let (folder, name) = path.rsplit_once('/').unwrap();
    // A program in a test is shorter than a real one.
    let size = (bytes.len() as u64).max(if executable { LEAST_SIZE } else { 0 });
    let file = FileCandidate { path, folder, name, size, executable };
    if wants(&file) { read(&file, &mut &*bytes).unwrap() } else { Vec::new() }
}

/// Name, version and place.
fn found(path: &str, text: &str) -> Option<(String, String, String)> {
    let package = found_with(path, text.as_bytes(), false).pop()?;
    assert_eq!((package.path.as_str(), package.by, package.partial), (path, FoundBy::DistInfo, false));
    Some((package.name, package.version.unwrap(), package.place))
}

/// The name of a bundle whose version is not known.
fn bundle(path: &str, bytes: &[u8]) -> Option<String> {
    let package = found_with(path, bytes, true).pop()?;
    assert_eq!((package.version, package.partial, package.place.as_str(), package.path.as_str()), (None, true, path, path));
    Some(package.name)
}

fn metadata(name: &str, version: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: x\n\nName: botocore\nVersion: 9.9.9\n")
}

#[test]
fn a_distribution_says_its_name_and_version() {
    let (pip, debian) = ("/usr/lib/python3.12/site-packages", "/usr/lib/python3/dist-packages");
    let wanted = |name: &str, version: &str, place: &str| Some((name.to_owned(), version.to_owned(), place.to_owned()));
    assert_eq!(found(&format!("{pip}/botocore-1.34.41.dist-info/METADATA"), BOTOCORE), wanted("botocore", "1.34.41", pip));
    assert_eq!(found(&format!("{debian}/botocore-1.29.27.egg-info/PKG-INFO"), OF_DEBIAN), wanted("botocore", "1.29.27", debian));
    assert_eq!(found(&format!("{debian}/awscli-2.9.19.dist-info/METADATA"), CLI_OF_DEBIAN), wanted("awscli", "2.9.19", debian));
    // A file alone, an editable installation, and an egg.
    let text = metadata("botocore", "1.12.199");
    for name in ["botocore-1.12.199.egg-info", "botocore.egg-info/PKG-INFO", "botocore-1.12.199-py2.7.egg/EGG-INFO/PKG-INFO"] {
        assert_eq!(found(&format!("{pip}/{name}"), &text), wanted("botocore", "1.12.199", pip), "{name}");
    }
    for name in ["Boto3", "AWSCLI", "aiobotocore"] {
        let path = format!("{pip}/{name}-1.2.3.dist-info/METADATA");
        assert_eq!(found(&path, &metadata(name, "1.2.3")), wanted(&name.to_lowercase(), "1.2.3", pip));
    }
    // The line ends of Windows, and a folded header.
    let text = "Metadata-Version: 1.0\r\nSummary: x\r\n Name: other\r\nname: botocore\r\nVERSION: 1.4.0\r\n\r\n";
    assert_eq!(found(&format!("{pip}/botocore-1.4.0.egg-info"), text), wanted("botocore", "1.4.0", pip));
}

#[test]
fn the_caches_of_uv_and_conda_are_no_installation() {
    let text = metadata("botocore", "1.29.0");
    let at = |folder: &str| found(&format!("{folder}/botocore-1.29.0.dist-info/METADATA"), &text).is_some();
    for cache in [
        "/root/.cache/uv/archive-v0/DWn8kMyUWUbjxGtY",
        "/opt/conda/pkgs/botocore-1.29.0-pyhd8ed1ab_0/site-packages",
        "/opt/conda/pkgs/awscli-2.15.0-py311_0/lib/python3.11/site-packages",
    ] {
        assert!(!at(cache), "{cache}");
    }
    for installed in [
        "/root/.cache/uv/archive-v0/DWn8kMyUWUbjxGtY/lib/python3.11/site-packages",
        "/opt/conda/lib/python3.11/site-packages",
        "/opt/conda/envs/pkgs/lib/python3.11/site-packages",
        "/srv/pkgs/site-packages",
    ] {
        assert!(at(installed), "{installed}");
    }
}

#[test]
fn similar_names_and_other_files_are_no_sdk() {
    for name in ["boto3-stubs", "botocore-stubs", "awscli-local", "types-boto3", "botocore.a", "my-botocore", "boto3_x"] {
        for path in ["boto3-1.0.0.dist-info/METADATA", &format!("{}-1.0.0.dist-info/METADATA", name.replace('-', "_"))] {
            assert_eq!(found(&format!("/site/{path}"), &metadata(name, "1.0.0")), None, "{name} {path}");
        }
    }
    let path = "/site/botocore-1.34.41.dist-info/METADATA";
    for text in
        ["", "\n", "botocore 1.34.41", "Name: botocore\nVersion: 1.34.41\n", "Metadata-Version: 2.1\n\nName: botocore\nVersion: 1.34.41\n"]
    {
        assert_eq!(found(path, text), None, "{text:?}");
    }
    assert_eq!(found(path, &metadata("botocore", "")), None);
    for path in [
        "/app/requirements.txt",
        "/app/README.md",
        "/site/botocore/METADATA",
        "/site/botocore-1.34.41.dist-info/RECORD",
        "/METADATA",
        "/PKG-INFO",
    ] {
        assert_eq!(found(path, BOTOCORE), None, "{path}");
    }
    for end in 0..BOTOCORE.len() {
        if BOTOCORE.is_char_boundary(end) {
            let _ = found(path, &BOTOCORE[..end]);
        }
    }
    assert_eq!(normalised("A_b..C-_d"), "a-b-c-d");
}

#[test]
fn a_site_holds_the_cli_and_botocore() {
    let of = |packages: &[(&str, &str, &str)]| {
        let package = |(name, version, place): &(&str, &str, &str)| {
            found_with(&format!("{place}/{name}-{version}.dist-info/METADATA"), metadata(name, version).as_bytes(), false)
        };
        let packages: Vec<_> = packages.iter().flat_map(package).collect();
        copies(&packages, true).into_iter().map(|copy| (copy.family, copy.version)).collect::<Vec<_>>()
    };
    let some = |version: &str| Some(version.to_owned());
    let both = of(&[("awscli", "1.16.231", "/a"), ("botocore", "1.12.221", "/a"), ("boto3", "1.9.221", "/a")]);
    assert_eq!(both, [(SdkFamily::CliV1, some("1.16.231")), (SdkFamily::Botocore, some("1.12.221"))]);
    assert_eq!(of(&[("awscli", "2.9.19", "/a")]), [(SdkFamily::CliV2, some("2.9.19"))]);
    assert_eq!(of(&[("boto3", "1.34.41", "/a")]), [(SdkFamily::Botocore, None)]);
    assert_eq!(of(&[("botocore", "1.12.199", "/a"), ("botocore", "1.40.0", "/b")]).len(), 2);
}

#[test]
fn the_installer_of_the_cli_leaves_a_path_with_the_version() {
    let path = "/usr/local/aws-cli/v2/2.15.0/dist/aws";
    let packages = found_with(path, b"\x7fELF and more", true);
    let of = |package: &Package| (package.name.clone(), package.version.clone(), package.path.clone(), package.by, package.partial);
    assert_eq!(packages.iter().map(of).collect::<Vec<_>>(), [("awscli".into(), Some("2.15.0".into()), path.into(), FoundBy::Elf, false)]);
    assert_eq!(copies(&packages, true)[0].family, SdkFamily::CliV2);
    assert!(found_with(path, b"#!/bin/sh\nexec /opt/aws", true).is_empty());
    for path in
        ["/usr/local/aws-cli/v2/current/dist/aws", "/usr/local/aws-cli/2.15.0/dist/aws", "/opt/v2/2.15.0/dist/aws_completer", "/dist/aws"]
    {
        assert!(found_with(path, b"\x7fELF and more", true).is_empty(), "{path}");
    }
}

/// A program as PyInstaller makes it: the PYZ with these modules, the table with these files, the cookie, and section headers.
fn frozen(modules: &[&str], files: &[&str]) -> Vec<u8> {
    let be = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let mut pyz = [b"PYZ\0\xa7\r\r\n".as_slice(), &be(20), &[0; 8]].concat();
    for module in modules {
        pyz.extend([&[0xa9, 2, 0xda, u8::try_from(module.len()).unwrap()], module.as_bytes(), &[0xa9, 3, b'i', 0, 0, 0, 0]].concat());
    }
    let mut archive = pyz.clone();
    let entry = |size: usize, kind: u8, name: &str| {
        let name = [name.as_bytes(), &[0; 4]].concat();
        [be(18 + name.len()).as_slice(), &be(0), &be(size), &be(size), &[0, kind], name.as_slice()].concat()
    };
    let mut table = entry(pyz.len(), b'z', "PYZ.pyz");
    for file in files {
        table.extend(entry(0, b'x', file));
    }
    let table_at = archive.len();
    archive.extend(&table);
    let cookie =
        [b"MEI\x0c\x0b\x0a\x0b\x0e".as_slice(), &be(archive.len() + 88), &be(table_at), &be(table.len()), &be(312), &[0; 64]].concat();
    [b"\x7fELF".as_slice(), &[0; 500], &archive, &cookie, &[0; 700]].concat()
}

#[test]
fn a_frozen_program_names_its_modules() {
    let path = "/opt/app/app";
    let many: Vec<String> = (0..20_000).map(|number| format!("module{number}")).collect();
    let with = |last: &'static str| many.iter().map(String::as_str).chain([last]).collect::<Vec<_>>();
    for (modules, files, wanted) in [
        (vec!["boto3", "botocore", "botocore.session"], vec![], Some("botocore")),
        (vec!["struct"], vec!["botocore/data/endpoints.json"], Some("botocore")),
        (with("botocore"), vec![], Some("botocore")),
        (vec!["awscli", "awscli.botocore", "awscli.botocore.session"], vec![], Some("aws-cli")),
        (vec!["awscli", "awscli.autocomplete", "botocore"], vec![], Some("aws-cli")),
        (vec!["botocore"], vec!["awscli/botocore/cacert.pem"], Some("aws-cli")),
        (with("other"), vec![], None),
        (vec!["botocore_stubs", "my_botocore", "x.botocore"], vec!["my/botocore/x", "botocore-stubs/x"], None),
    ] {
        assert_eq!(
            bundle(path, &frozen(&modules, &files)).as_deref(),
            wanted,
            "{:?} {files:?}",
            &modules[modules.len().saturating_sub(3)..]
        );
    }
    let packages = found_with(path, &frozen(&["awscli.botocore"], &[]), true);
    let copies = copies(&packages, true);
    assert_eq!((copies.len(), copies[0].family, copies[0].partial), (1, SdkFamily::CliV2, true));
    // It is part of the program beside it.
    assert_eq!(bundle("/opt/dist/aws_completer", &frozen(&["awscli.botocore"], &[])), None);
    assert_eq!(bundle("/opt/lib/libx.so.1", &frozen(&["botocore"], &[])), None);
    // An executable whose strings name botocore is no frozen program.
    assert_eq!(bundle(path, b"\x7fELF \x08botocore botocore/data"), None);
}

#[test]
fn a_damaged_program_is_none() {
    let bytes = frozen(&["botocore"], &["x"]);
    for at in 504..bytes.len() - 700 {
        for value in [0, 0x7f, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = value;
            let _ = bundle("/opt/app/app", &damaged);
        }
        let _ = bundle("/opt/app/app", &bytes[..at]);
    }
}

fn zip(start: &str, names: &[&str]) -> Vec<u8> {
    let mut bytes = start.as_bytes().to_vec();
    let mut zip = rawzip::ZipArchiveWriter::new(&mut bytes);
    for name in names {
        let (mut entry, config) = zip.new_file(name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(b"botocore/__init__.py").unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    zip.finish().unwrap();
    bytes
}

#[test]
fn a_zip_of_modules_names_them() {
    let python = "#!/usr/bin/env python3\n";
    for (path, start, names, wanted) in [
        ("/app/app", python, vec!["__main__.py", "botocore/__init__.py"], Some("botocore")),
        ("/app/app.pyz", "", vec!["botocore/__init__.pyc"], Some("botocore")),
        ("/app/app.shiv", python, vec!["site-packages/botocore/__init__.py", "x"], Some("botocore")),
        ("/app/app.pex", python, vec![".deps/botocore-1.34.41-py3-none-any.whl/botocore/__init__.py"], Some("botocore")),
        ("/app/aws", python, vec!["botocore/__init__.py", "awscli/botocore/__init__.py"], Some("aws-cli")),
        ("/app/app.pyz", python, vec!["__main__.py", "README-botocore", "x/botocore", "mybotocore/__init__.py"], None),
        ("/app/app.zip", "", vec!["botocore/__init__.py"], None),
        ("/app/app", "", vec!["botocore/__init__.py"], None),
    ] {
        assert_eq!(bundle(path, &zip(start, &names)).as_deref(), wanted, "{path} {names:?}");
    }
    let bytes = zip(python, &["botocore/__init__.py"]);
    for end in 0..bytes.len() {
        assert_eq!(bundle("/app/app.pyz", &bytes[..end]), None, "cut at {end}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] = 0xff;
        let _ = bundle("/app/app.pyz", &damaged);
    }
    assert_eq!(bundle("/app/app.pyz", b"#!/bin/sh\necho botocore/__init__.py"), None);
}

#[test]
fn a_failed_read_goes_on() {
    struct FailingFile(u64);
    impl ReadAt for FailingFile {
        fn size(&self) -> u64 {
            1 << 20
        }
        fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadError> {
            if offset >= self.0 {
                return Err(ReadError::Bound);
            }
            buffer.fill(b'#');
            buffer[1..].fill(b'!');
            Ok(buffer.len())
        }
    }
    let (path, folder, name) = ("/app/app.pyz", "/app", "app.pyz");
    let file = FileCandidate { path, folder, name, size: 1 << 20, executable: true };
    assert_eq!(read(&file, &mut FailingFile(0)), Err(ReadError::Bound));
    assert_eq!(read(&file, &mut FailingFile(1)), Err(ReadError::Bound));
}
