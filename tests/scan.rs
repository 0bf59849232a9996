//! `sdks --scan`: the real binary over trees of files, good and hostile ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

use serde_json::{Value, json};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

fn scan(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().arg("sdks").args(args);
    command.output().unwrap()
}

/// The JSON of a scan of this folder, which is as its schema says.
fn scanned(folder: &Path) -> Value {
    let output = scan(&["--scan", folder.to_str().unwrap(), "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sdks.v1.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let errors: Vec<String> = schema.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}");
    document
}

/// What was found: SDK, version and path below the folder.
fn found(document: &Value, folder: &Path) -> Vec<(String, Option<String>, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |sdk: &Value| {
        let path = text(&sdk["path"]);
        let below = path.strip_prefix(folder.to_str().unwrap()).unwrap_or_else(|| panic!("{path}")).to_owned();
        (text(&sdk["sdk"]), sdk["version"].as_str().map(str::to_owned), below)
    };
    document["found"].as_array().unwrap().iter().map(of).collect()
}

fn write(folder: &Path, path: &str, content: &[u8]) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn dist_info(folder: &Path, site: &str, name: &str, version: &str) {
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: other\n");
    write(folder, &format!("{site}/{name}-{version}.dist-info/METADATA"), metadata.as_bytes());
}

fn package_json(folder: &Path, path: &str, name: &str, version: &str) {
    let package = json!({"name": name, "version": version}).to_string();
    write(folder, &format!("{path}/node_modules/{name}/package.json"), package.as_bytes());
}

#[test]
fn several_sdks_each_with_what_it_can_use() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    dist_info(at, "venv/lib/python3.11/site-packages", "botocore", "1.30.0");
    dist_info(at, "venv/lib/python3.11/site-packages", "boto3", "1.28.0");
    dist_info(at, "usr/lib/python3/dist-packages", "botocore", "1.12.199");
    package_json(at, "app", "aws-sdk", "2.1693.0");
    let document = scanned(at);
    assert_eq!(
        found(&document, at),
        [
            ("js-v2".to_owned(), Some("2.1693.0".to_owned()), "/app/node_modules/aws-sdk/package.json".to_owned()),
            (
                "botocore".to_owned(),
                Some("1.12.199".to_owned()),
                "/usr/lib/python3/dist-packages/botocore-1.12.199.dist-info/METADATA".to_owned()
            ),
            (
                "botocore".to_owned(),
                Some("1.30.0".to_owned()),
                "/venv/lib/python3.11/site-packages/botocore-1.30.0.dist-info/METADATA".to_owned()
            ),
        ]
    );
    let says = |index: usize| {
        let sdk = &document["found"][index];
        [&sdk["irsa"], &sdk["podIdentity"], &sdk["regionalByDefault"], &sdk["support"]].map(Value::clone)
    };
    assert_eq!(says(0), [json!("ok"), json!("ok"), json!(false), json!("ended")]);
    assert_eq!(says(1), [json!("too-old"), json!("too-old"), Value::Null, json!("current")]);
    assert_eq!(says(2), [json!("ok"), json!("too-old"), json!(false), json!("current")]);
    assert_eq!((&document["scan"]["complete"], &document["scan"]["root"]), (&json!(true), &json!(at.to_str().unwrap())));
    assert!(document["sdks"].as_array().unwrap().len() > 10 && document["scan"]["because"].is_null());
}

#[test]
fn strict_is_for_image_pipelines() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    let code = |args: &[&str]| scan(args).status.code();
    assert_eq!(code(&["--scan", at, "--strict"]), Some(0), "there is none");
    dist_info(folder.path(), "site-packages", "botocore", "1.44.8");
    assert_eq!(code(&["--scan", at, "--strict"]), Some(0), "it is new enough");
    dist_info(folder.path(), "site-packages", "awscli", "1.16.200");
    assert_eq!((code(&["--scan", at]), code(&["--scan", at, "--strict"])), (Some(0), Some(1)));
}

#[test]
fn a_folder_that_cannot_be_scanned_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "file", b"text");
    for (path, wanted) in [("nothing", "No such file"), ("file", "Not a directory")] {
        let path = folder.path().join(path);
        let output = scan(&["--scan", path.to_str().unwrap()]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len(), error.lines().count()), (Some(2), 0, 1), "{error}");
        assert!(error.contains(wanted) && error.contains("--scan"), "{error}");
    }
    assert_eq!(scan(&["--scan", "/proc", "--output", "json"]).status.code(), Some(2));
}

/// Whatever names an SDK and is none.
#[test]
fn a_text_that_names_an_sdk_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(at, "README.md", b"pip install botocore==1.12.199; npm i aws-sdk@2.520.0; software.amazon.awssdk:sts:2.20.0");
    write(at, "requirements.txt", b"boto3==1.9.0\nbotocore==1.12.199\n");
    write(at, "package.json", br#"{"name":"app","version":"1.0.0","dependencies":{"aws-sdk":"2.520.0","@aws-sdk/client-s3":"3.25.0"}}"#);
    write(at, "package-lock.json", br#"{"packages":{"node_modules/aws-sdk":{"version":"2.520.0"}}}"#);
    write(at, "go.mod", b"module app\nrequire github.com/aws/aws-sdk-go v1.23.12\n");
    write(at, "go.sum", b"github.com/aws/aws-sdk-go v1.23.12 h1:x\n");
    write(at, "pom.xml", b"<artifactId>sdk-core</artifactId><version>2.10.8</version>");
    write(at, "Gemfile.lock", b"aws-sdk-core (3.50.0)");
    write(at, "composer.lock", br#"{"packages":[{"name":"aws/aws-sdk-php","version":"3.100.0"}]}"#);
    write(at, "app.csproj", br#"<PackageReference Include="AWSSDK.Core" Version="3.3.0" />"#);
    write(at, "Cargo.lock", b"name = \"aws-config\"\nversion = \"0.1.0\"\n");
    write(at, "src/index.js", b"const AWS = require('aws-sdk'); // AWS_WEB_IDENTITY_TOKEN_FILE @aws-sdk/client-s3");
    write(at, "METADATA", b"Name: botocore\nVersion: 1.0.0\n");
    write(
        at,
        "mock-1.0.dist-info/METADATA",
        b"Metadata-Version: 2.1\nName: botocore-mock\nVersion: 1.0\n\nName: botocore\nVersion: 1.12.199\n",
    );
    package_json(at, "x", "aws-sdk-mock", "5.0.0");
    let document = scanned(at);
    assert_eq!(found(&document, at), []);
}

#[test]
fn links_fifos_and_what_may_not_be_read() {
    let outside = tempfile::tempdir().unwrap();
    dist_info(outside.path(), "site", "botocore", "1.12.199");
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    // A link out of the root, a link to itself, links in a circle, and a link within to what is found anyway.
    symlink(outside.path().join("site"), at.join("out")).unwrap();
    symlink(outside.path().join("site/botocore-1.12.199.dist-info"), at.join("botocore-1.12.199.dist-info")).unwrap();
    symlink("self", at.join("self")).unwrap();
    symlink("b", at.join("a")).unwrap();
    symlink("a", at.join("b")).unwrap();
    symlink(".", at.join("here")).unwrap();
    dist_info(at, "real", "botocore", "1.44.8");
    symlink("real", at.join("alias")).unwrap();
    // What a scan would wait on, or what is no file.
    let fifo = at.join("fifo/botocore-1.0.0.dist-info");
    std::fs::create_dir_all(&fifo).unwrap();
    for path in [fifo.join("METADATA"), at.join("x.jar"), at.join("server"), at.join("node_modules_fifo")] {
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o777.into(), 0).unwrap();
    }
    std::fs::create_dir_all(at.join("folder.jar")).unwrap();
    std::os::unix::net::UnixListener::bind(at.join("socket.jar")).unwrap();
    let document = scanned(at);
    let wanted = ("botocore".to_owned(), Some("1.44.8".to_owned()), "/real/botocore-1.44.8.dist-info/METADATA".to_owned());
    assert_eq!(found(&document, at), [wanted]);
    assert_eq!(document["scan"]["complete"], true);
}

/// As somebody who is not root: what may not be read is said.
#[test]
fn a_folder_that_may_not_be_read_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o755)).unwrap();
    dist_info(at, "open", "botocore", "1.44.8");
    dist_info(at, "closed", "botocore", "1.12.199");
    std::fs::set_permissions(at.join("closed"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().args(["sdks", "--output", "json", "--scan", at.to_str().unwrap()]);
    if rustix::process::geteuid().is_root() {
        std::os::unix::process::CommandExt::uid(&mut command, 65534);
    }
    let output = command.output().unwrap();
    std::fs::set_permissions(at.join("closed"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((found(&document, at).len(), &document["scan"]["complete"]), (1, &json!(false)));
    let because = document["scan"]["because"].as_str().unwrap();
    assert_eq!(because, format!("{} could not be read", at.join("closed").to_str().unwrap()));
}

/// Folders within folders, far deeper than any image has, and names that are no UTF-8 or would move a terminal's cursor.
#[test]
fn deep_folders_and_odd_names() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let deep = at.join(vec!["d"; 300].join("/"));
    std::fs::create_dir_all(&deep).unwrap();
    dist_info(at, "odd\u{1b}[31m", "botocore", "1.44.8");
    std::fs::create_dir_all(at.join(std::ffi::OsStr::from_bytes(b"\xff\xfe/site"))).unwrap();
    let document = scanned(at);
    assert_eq!((found(&document, at).len(), &document["scan"]["complete"]), (1, &json!(false)));
    assert!(document["scan"]["because"].as_str().unwrap().contains("too deep"), "{}", document["scan"]);
    let text = scan(&["--scan", at.to_str().unwrap()]).stdout;
    assert!(!text.contains(&0x1b), "{}", String::from_utf8_lossy(&text));
}

/// What a scan of one file finds, which has to end soon: name and version of each SDK.
fn found_in(path: &str, content: &[u8]) -> Vec<(String, Option<String>)> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), path, content);
    std::fs::set_permissions(folder.path().join(path), std::fs::Permissions::from_mode(0o755)).unwrap();
    let document = scanned(folder.path());
    found(&document, folder.path()).into_iter().map(|(sdk, version, _)| (sdk, version)).collect()
}

/// A zip archive of files that are stored, or of one deflated file of zeros of this size.
fn zip(files: &[(String, Vec<u8>)], zeros: Option<usize>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut zip = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, content) in files {
        let (mut entry, config) = zip.new_file(name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    if let Some(size) = zeros {
        let packed = miniz_oxide::deflate::compress_to_vec(&vec![0; size], 9);
        let name = "META-INF/maven/software.amazon.awssdk/sdk-core/pom.properties";
        let (mut entry, config) = zip.new_file(name).compression_method(rawzip::CompressionMethod::DEFLATE).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(&packed).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    zip.finish().unwrap();
    bytes
}

fn of(name: &str, content: &[u8]) -> (String, Vec<u8>) {
    (name.to_owned(), content.to_vec())
}

/// The core of Java's SDK without its `sts`.
fn core_jar(zeros: Option<usize>) -> Vec<u8> {
    zip(&[of("software/amazon/awssdk/core/SdkClient.class", b"\xca\xfe\xba\xbe")], zeros)
}

#[test]
fn archives_that_are_bombs() {
    let core = |version: &str| vec![("java-v2".to_owned(), Some(version.to_owned()))];
    assert_eq!(found_in("lib/sdk-core-2.20.0.jar", &core_jar(None)), core("2.20.0"));
    // A file that is small when packed, and far larger than its directory claims.
    let bomb = core_jar(Some(64 << 20));
    assert!(bomb.len() < 100_000);
    assert_eq!(found_in("lib/sdk-core-2.20.0.jar", &bomb), core("2.20.0"));
    // As many files as no jar has.
    let mut many: Vec<(String, Vec<u8>)> = (0..100_000).map(|number| of(&format!("com/shop/Class{number}.class"), b"")).collect();
    many.push(of("software/amazon/awssdk/core/SdkClient.class", b"\xca\xfe\xba\xbe"));
    assert_eq!(found_in("lib/sdk-core-2.20.0.jar", &zip(&many, None)), core("2.20.0"));
    // Jars in jars: the ones of an application, and far more than that.
    let nest = |depth: usize| (0..depth).fold(core_jar(None), |jar, _| zip(&[of("lib/sdk-core-2.20.0.jar", &jar)], None));
    assert_eq!(found_in("app.jar", &nest(2)), core("2.20.0"));
    assert_eq!(found_in("app.jar", &nest(10)), []);
    // A jar in a jar whose name is no name.
    assert_eq!(found_in("app.jar", &zip(&[of(&format!("{}.jar", "x".repeat(60_000)), &core_jar(None))], None)), []);
}

/// Real files that end too early, wherever that is.
#[test]
fn files_that_are_cut() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scan/fixtures");
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut whole = 0;
    for (fixture, path) in [
        ("python/botocore-1.34.41.METADATA", "site/botocore-1.34.41.dist-info/METADATA"),
        ("python/awscli-2.9.19.METADATA", "site/awscli-2.9.19.dist-info/METADATA"),
        ("ruby/aws-sdk-core-3.168.1.gemspec", "specifications/aws-sdk-core-3.168.1.gemspec"),
        ("php/installed.json", "vendor/composer/installed.json"),
        ("javascript/aws-sdk-2.520.0.json", "node_modules/aws-sdk/package.json"),
        ("javascript/client-s3-3.540.0.json", "node_modules/@aws-sdk/client-s3/package.json"),
        ("java/VersionInfo-2.57.8.class", "software/amazon/awssdk/core/util/VersionInfo.class"),
        ("java/versionInfo-1.12.797.properties", "com/amazonaws/sdk/versionInfo.properties"),
    ] {
        let bytes = std::fs::read(fixtures.join(fixture)).unwrap();
        for (part, end) in [0, 1, 16, bytes.len() / 3, bytes.len() / 2, bytes.len() - 2].into_iter().enumerate() {
            write(at, &format!("cut{part}/{path}"), &bytes[..end.min(bytes.len())]);
        }
        write(at, &format!("whole/{path}"), &bytes);
        whole += 1;
    }
    let jar = core_jar(Some(1000));
    for end in (0..jar.len()).step_by(16) {
        write(at, &format!("jar{end}/sdk-core-2.20.0.jar"), &jar[..end]);
    }
    let document = scanned(at);
    let found = found(&document, at);
    let of_whole = found.iter().filter(|(.., path)| path.starts_with("/whole/")).count();
    assert_eq!(of_whole, whole, "{found:?}");
    assert!(found.iter().all(|(.., path)| !path.contains(".jar")), "a jar without its directory is none: {found:?}");
    assert_eq!(document["scan"]["complete"], true);
}

/// Ten gigabytes that take no room, under each name that is read.
#[test]
fn huge_files() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let elf = std::fs::read(env!("CARGO_BIN_EXE_irsa-probe")).unwrap();
    for (path, start) in [
        ("site/botocore-1.34.41.dist-info/METADATA", b"Metadata-Version: 2.1\nName: botocore\nVersion: 1.34.41\n\n".as_slice()),
        ("node_modules/aws-sdk/package.json", br#"{"name":"aws-sdk","version":"2.520.0","x":""#),
        ("app.jar", b"PK\x03\x04"),
        ("app.pyz", b"#!/usr/bin/python3\n"),
        ("dist/bundle.js", b"AWS_WEB_IDENTITY_TOKEN_FILE"),
        ("vendor/composer/installed.json", br#"{"packages":["#),
        ("app.deps.json", br#"{"libraries":{"AWSSDK.Core/3.7.100":"#),
        ("AWSSDK.Core.dll", b"MZ"),
        ("aws.phar", b"<?php "),
        ("specifications/aws-sdk-core-3.168.1.gemspec", b""),
        ("server", b"\x7fELF\x02\x01\x01"),
        ("library.so", &elf[..4096]),
        ("script", b"#!/bin/sh\n"),
    ] {
        write(at, path, start);
        let path = at.join(path);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(10 << 30).unwrap();
    }
    let document = scanned(at);
    let found: Vec<_> = found(&document, at).into_iter().map(|(sdk, version, _)| (sdk, version)).collect();
    assert_eq!(found, [("dotnet".to_owned(), None), ("botocore".to_owned(), Some("1.34.41".to_owned()))]);
    assert!(document["scan"]["bytes"].as_u64().unwrap() < 32 << 20, "{}", document["scan"]);
    assert_eq!(document["scan"]["complete"], true);
}

/// What stands where a version should, and is none: nothing of it is printed.
#[test]
fn a_version_is_no_place_for_a_text() {
    let of_botocore = |version: &str| {
        let content = format!("Metadata-Version: 2.1\nName: botocore\nVersion: {version}\n");
        found_in("site/botocore-1.dist-info/METADATA", content.as_bytes())
    };
    let unknown = vec![("botocore".to_owned(), None)];
    assert_eq!(of_botocore(&"1.".repeat(5_000)), unknown);
    assert_eq!(of_botocore("1.34.41 \u{202e}"), unknown);
    assert_eq!(of_botocore("1.34\u{1b}[31m"), unknown);
    assert_eq!(of_botocore(&"1.".repeat(1 << 19)), unknown);
    let composer = |version: &str| {
        let content = json!({"packages": [{"name": "aws/aws-sdk-php", "version": version}]}).to_string();
        found_in("vendor/composer/installed.json", content.as_bytes())
    };
    assert_eq!(composer("3.287.1"), [("php".to_owned(), Some("3.287.1".to_owned()))]);
    assert_eq!(composer(&"3".repeat(10_000)), [("php".to_owned(), None)]);
}

/// It holds an SDK itself, which is not the application's.
#[test]
fn the_probe_does_not_find_itself() {
    let folder = tempfile::tempdir().unwrap();
    let probe = std::fs::read(env!("CARGO_BIN_EXE_irsa-probe")).unwrap();
    write(folder.path(), "bin/irsa-probe", &probe);
    std::fs::set_permissions(folder.path().join("bin/irsa-probe"), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(found(&scanned(folder.path()), folder.path()), []);
}
