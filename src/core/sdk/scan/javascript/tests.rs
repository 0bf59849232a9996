use super::super::copies;
use super::*;

fn candidate(path: &str, size: usize) -> FileCandidate<'_> {
    let (folder, name) = path.rsplit_once('/').unwrap();
    FileCandidate { path, folder, name, size: size as u64, executable: false }
}

/// What a file tells: name, version, place.
fn packages(path: &str, mut bytes: &[u8]) -> Vec<Package> {
    let file = candidate(path, bytes.len());
    if wants(&file) { read(&file, &mut bytes).unwrap() } else { Vec::new() }
}

fn told(path: &str, bytes: &[u8]) -> Vec<(String, Option<String>, String)> {
    packages(path, bytes).into_iter().map(|package| (package.name, package.version, package.place)).collect()
}

fn manifest(name: &str, version: &str) -> Vec<u8> {
    format!(r#"{{"name": "{name}", "description": "x", "version": "{version}", "scripts": {{"build": "tsc"}}}}"#).into_bytes()
}

#[test]
fn packages_are_told_in_every_layout() {
    #[rustfmt::skip]
    let rows = [
        // path, name in the file, name, place
        ("/app/node_modules/aws-sdk/package.json", "aws-sdk", "aws-sdk", "/app/node_modules"),
        ("/app/node_modules/@aws-sdk/client-s3/package.json", "@aws-sdk/client-s3", "@aws-sdk/client-s3", "/app/node_modules"),
        ("/app/node_modules/@aws-sdk/client-sts/package.json", "@aws-sdk/client-sts", "@aws-sdk/internal/client-sts", "/app/node_modules"),
        ("/app/node_modules/@aws-sdk/credential-provider-node/package.json", "@aws-sdk/credential-provider-node", "@aws-sdk/credential-provider-node", "/app/node_modules"),
        ("/usr/local/lib/node_modules/aws-cdk/node_modules/aws-sdk/package.json", "aws-sdk", "aws-sdk", "/usr/local/lib/node_modules/aws-cdk/node_modules"),
        ("/app/node_modules/@aws-sdk/client-s3/node_modules/@aws-sdk/client-sso/package.json", "@aws-sdk/client-sso", "@aws-sdk/internal/client-sso", "/app/node_modules"),
        ("/a/node_modules/b/node_modules/@aws-sdk/x/node_modules/@aws-sdk/y/node_modules/@aws-sdk/client-sso/package.json", "@aws-sdk/client-sso", "@aws-sdk/internal/client-sso", "/a/node_modules/b/node_modules"),
        ("/app/node_modules/.pnpm/@aws-sdk+client-s3@3.540.0/node_modules/@aws-sdk/client-s3/package.json", "@aws-sdk/client-s3", "@aws-sdk/client-s3", "/app/node_modules/.pnpm"),
        ("/app/node_modules/.pnpm/aws-sdk@2.1693.0/node_modules/aws-sdk/package.json", "aws-sdk", "aws-sdk", "/app/node_modules/.pnpm"),
        ("/app/node_modules/.bun/@aws-sdk+client-s3@3.540.0/node_modules/@aws-sdk/client-s3/package.json", "@aws-sdk/client-s3", "@aws-sdk/client-s3", "/app/node_modules/.bun"),
        ("/app/node_modules/.store/@aws-sdk-client-s3-npm-3.540.0-890ff44e4d/package/package.json", "@aws-sdk/client-s3", "@aws-sdk/client-s3", "/app/node_modules/.store"),
        ("/app/node_modules/.store/@aws-sdk-client-sts-virtual-879e9d7e38/package/package.json", "@aws-sdk/client-sts", "@aws-sdk/internal/client-sts", "/app/node_modules/.store"),
        ("/opt/nodejs/node_modules/@aws-sdk/client-s3/package.json", "@aws-sdk/client-s3", "@aws-sdk/client-s3", "/opt/nodejs/node_modules"),
        ("/app/.yarn/unplugged/aws-sdk-npm-2.1/node_modules/aws-sdk/package.json", "aws-sdk", "aws-sdk", "/app/.yarn/unplugged/aws-sdk-npm-2.1/node_modules"),
    ];
    for (path, written, name, place) in rows {
        let expected = vec![(name.to_owned(), Some("3.540.0".to_owned()), place.to_owned())];
        assert_eq!(told(path, &manifest(written, "3.540.0")), expected, "{path}");
    }
}

#[test]
fn what_only_looks_like_a_package_tells_nothing() {
    let near = [
        ("/app/node_modules/aws-sdk-mock/package.json", "aws-sdk-mock"),
        ("/app/node_modules/@aws-sdk/client-s3/dist-cjs/package.json", "@aws-sdk/client-s3"),
        ("/app/node_modules/@aws-sdk/package.json", "@aws-sdk/client-s3"),
        ("/app/node_modules/@aws-sdk/client-/package.json", "@aws-sdk/client-"),
        ("/app/node_modules/@aws-sdk/smithy-client/package.json", "@aws-sdk/smithy-client"),
        ("/app/node_modules/@aws-sdk/types/package.json", "@aws-sdk/types"),
        ("/app/node_modules/@other/aws-sdk/package.json", "@other/aws-sdk"),
        ("/app/node_modules/@smithy/smithy-client/package.json", "@smithy/smithy-client"),
        ("/src/clients/client-s3/package.json", "@aws-sdk/client-s3"),
        ("/src/@aws-sdk/client-s3/package.json", "@aws-sdk/client-s3"),
        ("/app/aws-sdk/package.json", "aws-sdk"),
        ("/app/package.json", "aws-sdk"),
        // The folder is right, the name is another.
        ("/app/node_modules/aws-sdk/package.json", "fake"),
        ("/app/node_modules/@aws-sdk/client-s3/package.json", "@aws-sdk/client-dynamodb"),
    ];
    for (path, name) in near {
        assert_eq!(told(path, &manifest(name, "3.540.0")), [], "{path}");
    }
    let path = "/app/node_modules/aws-sdk/package.json";
    for text in [
        "",
        "{}",
        "[]",
        "{",
        "null",
        "\0\u{1}",
        r#"{"name": "aws-sdk"}"#,
        r#"{"name": "aws-sdk", "version": ""}"#,
        r#"{"name": "aws-sdk", "version": 2}"#,
        r#"{"name": "aws-sdk", "version": "latest"}"#,
        r#"{"name": "aws-sdk", "version": "2.1"#,
    ] {
        assert_eq!(told(path, text.as_bytes()), [], "{text}");
    }
    let mut large = manifest("aws-sdk", "2.1693.0");
    large.resize(MANIFEST_CAP + 1, b' ');
    assert_eq!(told(path, &large), []);
    assert_eq!(told(path, &large[..MANIFEST_CAP]).len(), 1);
}

#[test]
fn every_prefix_of_a_manifest_is_safe() {
    let whole = manifest("aws-sdk", "2.1693.0");
    for length in 0..whole.len() {
        assert_eq!(told("/app/node_modules/aws-sdk/package.json", &whole[..length]), [], "{length}");
    }
}

#[test]
fn yarns_zip_files_tell_by_their_names() {
    let zip = [b"PK\x03\x04".as_slice(), &[0; 26], b"node_modules/@aws-sdk/client-s3/LICENSE"].concat();
    let names = [
        ("/app/.yarn/cache/@aws-sdk-client-s3-npm-3.540.0-890ff44e4d-b2cdf8f2d9.zip", Some(("@aws-sdk/client-s3", "3.540.0"))),
        ("/root/.yarn/berry/cache/aws-sdk-npm-2.1693.0-1e4ea9456e-10c0.zip", Some(("aws-sdk", "2.1693.0"))),
        ("/app/.yarn/cache/@aws-sdk-client-sts-npm-3.100.0-7cbb409749-60ef7b15aa.zip", Some(("@aws-sdk/internal/client-sts", "3.100.0"))),
        ("/app/.yarn/cache/@aws-sdk-smithy-client-npm-3.99.0-4c8729322f-4ab084cbce.zip", None),
        ("/app/.yarn/cache/aws-sdk-mock-npm-5.8.0-4c8729322f-4ab084cbce.zip", None),
        ("/app/.yarn/cache/aws-sdk-client-mock-npm-3.0.0-4c8729322f-4ab084cbce.zip", None),
        ("/app/.yarn/cache/aws-sdk-npm-latest-4c8729322f.zip", None),
        ("/app/downloads/aws-sdk-npm-2.1693.0-1e4ea9456e-10c0.zip", None),
    ];
    for (path, expected) in names {
        let found = told(path, &zip);
        let found: Vec<(&str, &str)> = found.iter().map(|(name, version, _)| (name.as_str(), version.as_deref().unwrap())).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{path}");
    }
    for other in [b"".as_slice(), b"PK\x03\x04", b"not a zip, but long enough to be one of yarn's in its first bytes", &zip[..40]] {
        assert_eq!(told(names[0].0, other), []);
    }
}

#[test]
fn real_files_are_read() {
    let told_of = |path: &str, bytes: &[u8]| told(path, bytes).into_iter().map(|(name, version, _)| (name, version)).next();
    let some = |name: &str, version: &str| Some((name.to_owned(), Some(version.to_owned())));
    let v2 = include_bytes!("../../../../../tests/scan/fixtures/javascript/aws-sdk-2.520.0.json");
    assert_eq!(told_of("/app/node_modules/aws-sdk/package.json", v2), some("aws-sdk", "2.520.0"));
    let v3 = include_bytes!("../../../../../tests/scan/fixtures/javascript/client-s3-3.540.0.json");
    assert_eq!(told_of("/app/node_modules/@aws-sdk/client-s3/package.json", v3), some("@aws-sdk/client-s3", "3.540.0"));
    let mut part = include_bytes!("../../../../../tests/scan/fixtures/javascript/webpack-part-3.540.0.js").to_vec();
    part.resize(16 << 10, b'\n');
    assert_eq!(told_of("/app/dist/819.js", &part), Some(("@aws-sdk/client-".to_owned(), None)));
}

/// Copies of these packages, in version and path.
fn copied(files: &[(&str, &str, &str)]) -> Vec<(String, String)> {
    let packages: Vec<Package> = files.iter().flat_map(|(path, name, version)| packages(path, &manifest(name, version))).collect();
    copies(&packages, true).into_iter().map(|copy| (copy.version.unwrap_or_default(), copy.path)).collect()
}

#[test]
fn the_applications_clients_tell_the_version() {
    let file = |below: &str| format!("/app/node_modules/{below}/package.json");
    // As npm installs client-s3 3.540.0 and client-dynamodb 3.100.0.
    let (s3, dynamodb, sts) = (file("@aws-sdk/client-s3"), file("@aws-sdk/client-dynamodb"), file("@aws-sdk/client-sts"));
    let nested = file("@aws-sdk/token-providers/node_modules/@aws-sdk/client-sts");
    let all = [
        (s3.as_str(), "@aws-sdk/client-s3", "3.540.0"),
        (dynamodb.as_str(), "@aws-sdk/client-dynamodb", "3.100.0"),
        (sts.as_str(), "@aws-sdk/client-sts", "3.100.0"),
        (nested.as_str(), "@aws-sdk/client-sts", "3.533.0"),
    ];
    assert_eq!(copied(&all), [("3.100.0".to_owned(), dynamodb.clone()), ("3.540.0".to_owned(), s3.clone())]);
    // client-sts of another version is not the application's.
    assert_eq!(copied(&[all[0], all[2]]), [("3.540.0".to_owned(), s3.clone())]);
    // It is where no other is.
    assert_eq!(copied(&[all[2]]), [("3.100.0".to_owned(), sts.clone())]);
    // Two clients of one version are one copy.
    assert_eq!(copied(&[all[0], (dynamodb.as_str(), "@aws-sdk/client-dynamodb", "3.540.0")]).len(), 1);
    // The chain without a client: the SDK is there, its version is not known.
    let chain = file("@aws-sdk/credential-provider-node");
    assert_eq!(copied(&[(chain.as_str(), "@aws-sdk/credential-provider-node", "3.972.1")]), [(String::new(), chain.clone())]);
}

const V3_PART: &str = r#"te="AWS_WEB_IDENTITY_TOKEN_FILE",u({RoleSessionName:n??`aws-sdk-js-session-${Date.now()}`})"#;
const V2_PART: &str = r#"var e="AWS_WEB_IDENTITY_TOKEN_FILE";RoleSessionName:process.env.X||"token-file-web-identity""#;

/// A bundle with these parts, far from each other.
fn bundle(parts: &[&str]) -> Vec<u8> {
    let filler = "function a(b){return b.c+1}\n".repeat(3000);
    parts.iter().map(|part| format!("{filler}{part}")).collect::<String>().into_bytes()
}

fn in_bundle(path: &str, parts: &[&str]) -> Vec<(String, Option<String>)> {
    let found = packages(path, &bundle(parts));
    assert!(found.iter().all(|package| package.partial && package.place == path && package.path == path));
    found.into_iter().map(|package| (package.name, package.version)).collect()
}

#[test]
fn bundles_are_found_with_the_version_that_they_show() {
    let none = |name: &str| vec![(name.to_owned(), None)];
    let some = |name: &str, version: &str| vec![(name.to_owned(), Some(version.to_owned()))];
    let s3 = "@aws-sdk/client-s3";
    let cases = [
        (vec![V3_PART], none("@aws-sdk/client-")),
        (
            vec![r#"{name:"@aws-sdk/client-s3",description:"AWS SDK for JavaScript",version:"3.540.0",scripts:{"#, V3_PART],
            some(s3, "3.540.0"),
        ),
        (vec![V3_PART, r#"JSON.parse('{"name":"@aws-sdk/client-s3","version":"3.1175.0"}')"#], some(s3, "3.1175.0")),
        (vec![V3_PART, r#"eval("{\"name\": \"@aws-sdk/client-s3\",\n \"version\": \"3.25.0\"")"#], some(s3, "3.25.0")),
        (vec![V3_PART, r#"{name:"@aws-sdk/client-sts",version:"3.540.0"}"#], some("@aws-sdk/internal/client-sts", "3.540.0")),
        (vec![V3_PART, r#"{name:"@aws-sdk/client-s3",scripts:{},version:"1.0.0"}"#], none("@aws-sdk/client-")),
        (vec![V3_PART, r#"{name:"@aws-sdk/client-s3"},{version:"3.1.0"}"#], none("@aws-sdk/client-")),
        (vec![V3_PART, r#"{filename:"@aws-sdk/client-s3",version:"3.1.0"}"#], none("@aws-sdk/client-")),
        (vec![V3_PART, r#"dependencies:{"@aws-sdk/client-sts":"3.540.0"}"#], none("@aws-sdk/client-")),
        (vec![r#"debug?.("@aws-sdk/credential-provider-node - defaultProvider::fromTokenFile");"#], none("@aws-sdk/client-")),
        (vec![r#"debug?.(\"@aws-sdk/credential-provider-node\", \"defaultProvider::fromTokenFile\");"#], none("@aws-sdk/client-")),
        (vec![V2_PART], none("aws-sdk")),
        (vec![V2_PART, r#"update(A,{VERSION:"2.1693.0",Signers:{},Protocol:{"#], some("aws-sdk", "2.1693.0")),
        (vec!["VERSION: '2.520.0',\n\n  /**\n   * @api private\n   */\n  Signers: {},", V2_PART], some("aws-sdk", "2.520.0")),
        (vec![V2_PART, r#"{VERSION:"7.1.0",Signers:{}}"#], none("aws-sdk")),
        (vec![V2_PART, V3_PART], vec![("aws-sdk".to_owned(), None), ("@aws-sdk/client-".to_owned(), None)]),
    ];
    for (parts, expected) in cases {
        for path in ["/app/dist/main.js", "/app/index.mjs", "/app/a.cjs"] {
            assert_eq!(in_bundle(path, &parts), expected, "{parts:?}");
        }
    }
}

#[test]
fn a_marker_may_stand_at_any_place_of_a_chunk() {
    let part = format!(r#"{{name:"@aws-sdk/client-s3",description:"AWS SDK",version:"3.540.0"}};{V3_PART}"#);
    for start in ((64 << 10) - 600..(64 << 10) + 1000).step_by(13) {
        let mut file = vec![b';'; start];
        file.extend_from_slice(part.as_bytes());
        file.resize(140 << 10, b' ');
        let expected = vec![("@aws-sdk/client-s3".to_owned(), Some("3.540.0".to_owned()), "/b.js".to_owned())];
        assert_eq!(told("/b.js", &file), expected, "{start}");
    }
}

#[test]
fn what_only_names_the_sdk_is_no_bundle() {
    let parts = [
        r#"const { S3Client } = require("@aws-sdk/client-s3"); process.env.AWS_WEB_IDENTITY_TOKEN_FILE"#,
        r#"["@aws-sdk/client-s3","@aws-sdk/client-sts","aws-sdk"] "AWS_WEB_IDENTITY_TOKEN_FILE""#,
        r#"children:"AWS_WEB_IDENTITY_TOKEN_FILE"}),"sessions are named aws-sdk-js-session-<time> or token-file-web-identity""#,
        r#"{name:"@aws-sdk/client-s3",version:"3.540.0"} fetch"#,
        r#"VERSION:"2.1693.0",Signers:{} "token-file-web-identity""#,
        r#""the log has @aws-sdk/credential-provider-node - defaultProvider::fromTokenFile in it""#,
        r#""defaultProvider::fromTokenFile""#,
        r"`aws-sdk-js-session-${Date.now()}`",
    ];
    for part in parts {
        assert_eq!(in_bundle("/app/dist/main.js", &[part]), [], "{part}");
    }
    // Not a bundle by name, by place or by size.
    for path in ["/app/main.js.map", "/app/main.ts", "/app/README.md", "/app/node_modules/x/dist/main.js", "/app/js"] {
        assert_eq!(in_bundle(path, &[V3_PART]), [], "{path}");
    }
    assert_eq!(told("/app/small.js", V3_PART.as_bytes()), []);
    assert!(!wants(&candidate("/app/huge.js", (32 << 20) + 1)) && wants(&candidate("/app/large.js", 32 << 20)));
}

#[test]
fn a_file_full_of_markers_is_left_early() {
    for text in ["\"@aws-sdk/client-", "Signers", "VERSION:Signers", "name:@aws-sdk/client-a", ".AWS_WEB_IDENTITY_TOKEN_FILE"] {
        assert_eq!(told("/b.js", text.repeat((4 << 20) / text.len()).as_bytes()), [], "{text}");
    }
}

/// A file that cannot be read after some bytes.
struct FailingFile(u64);

impl ReadAt for FailingFile {
    fn size(&self) -> u64 {
        1 << 20
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadError> {
        if offset >= self.0 { Err(ReadError::Bound) } else { Ok(buffer.len().min(1000)) }
    }
}

#[test]
fn a_failed_read_is_passed_on() {
    for path in ["/app/b.js", "/app/node_modules/aws-sdk/package.json", "/app/.yarn/cache/aws-sdk-npm-2.1.0-1e4ea9456e-10c0.zip"] {
        let file = candidate(path, 1 << 20);
        assert_eq!(read(&file, &mut FailingFile(0)), Err(ReadError::Bound), "{path}");
    }
    assert_eq!(read(&candidate("/app/b.js", 1 << 20), &mut FailingFile(300_000)), Err(ReadError::Bound));
}
