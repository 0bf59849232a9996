//! Jars that the tests build: each holds the few files that tell.

use super::*;
use crate::core::sdk::scan::archive::tests::{packed, stored, zip};
use crate::core::sdk::scan::{Copy, copies};

/// A class whose constant pool holds these strings.
fn class(strings: &[&str]) -> Vec<u8> {
    let mut bytes = CLASS.to_vec();
    bytes.extend([0, 0, 0, 52]);
    bytes.extend((strings.len() as u16 + 1).to_be_bytes());
    for text in strings {
        bytes.push(1);
        bytes.extend((text.len() as u16).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

fn pom(group: &str, artifact: &str, version: &str) -> (String, Vec<u8>) {
    let text = format!("artifactId={artifact}\ngroupId={group}\nversion={version}\n");
    (format!("META-INF/maven/{group}/{artifact}/pom.properties"), text.into_bytes())
}

/// A jar with these files.
fn jar(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip(&files.iter().map(|(name, bytes)| packed(name, bytes)).collect::<Vec<_>>())
}

/// A jar with these files, not compressed.
fn holder(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip(&files.iter().map(|(name, bytes)| stored(name, bytes)).collect::<Vec<_>>())
}

const V2_CORE: &str = "software/amazon/awssdk/core/SdkClient.class";
const V2_STS: &str = "software/amazon/awssdk/services/sts/StsClient.class";
const V2: &str = "software.amazon.awssdk";
const V2_MISSING: Option<&str> = Some("software.amazon.awssdk:sts");

fn v2_core() -> Vec<u8> {
    let (name, text) = pom(V2, "sdk-core", "2.20.0");
    jar(&[(&name, &text), (V2_CORE, &class(&[]))])
}

fn v2_sts() -> Vec<u8> {
    let (name, text) = pom(V2, "sts", "2.20.0");
    jar(&[(&name, &text), (V2_STS, &class(&[]))])
}

fn v1(artifact: &str, code: &str) -> Vec<u8> {
    let (name, text) = pom("com.amazonaws", artifact, "1.12.797");
    jar(&[(&name, &text), (code, &class(&[]))])
}

/// What these files hold.
fn packages(files: &[(&str, Vec<u8>)]) -> Vec<Package> {
    let packages_of = |(path, bytes): &(&str, Vec<u8>)| {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let candidate = FileCandidate { path, folder, name, size: bytes.len() as u64, executable: false };
        if wants(&candidate) { read(&candidate, &mut bytes.as_slice()).unwrap() } else { Vec::new() }
    };
    files.iter().flat_map(packages_of).collect()
}

fn found(files: &[(&str, Vec<u8>)]) -> Vec<Copy> {
    copies(&packages(files), true)
}

/// The one copy that these files hold: its path, its version, and what it lacks.
fn one(files: &[(&str, Vec<u8>)]) -> (String, Option<String>, Option<String>) {
    let mut found = found(files);
    assert_eq!(found.len(), 1, "{found:?}");
    let copy = found.remove(0);
    (copy.path, copy.version, copy.missing)
}

fn is(path: &str, version: &str, missing: Option<&str>) -> (String, Option<String>, Option<String>) {
    (path.to_owned(), Some(version.to_owned()), missing.map(str::to_owned))
}

#[test]
fn the_jars_of_a_folder_belong_together() {
    let core = ("/app/lib/sdk-core-2.20.0.jar", v2_core());
    assert_eq!(one(&[core.clone(), ("/app/lib/sts-2.20.0.jar", v2_sts())]), is(core.0, "2.20.0", None));
    assert_eq!(one(&[core.clone(), ("/app/other/sts-2.20.0.jar", v2_sts())]), is(core.0, "2.20.0", V2_MISSING));
    let core = ("/app/lib/a.JAR", v1("aws-java-sdk-core", "com/amazonaws/auth/AWSCredentialsProvider.class"));
    let sts = ("/app/lib/b.jar", v1("aws-java-sdk-sts", "com/amazonaws/services/securitytoken/AWSSecurityTokenService.class"));
    assert_eq!(one(&[core.clone(), sts]), is(core.0, "1.12.797", None));
    assert_eq!(one(std::slice::from_ref(&core)), is(core.0, "1.12.797", Some("com.amazonaws:aws-java-sdk-sts")));
}

#[test]
fn the_jars_of_a_repository_belong_together() {
    for (core, sts) in [
        ("/r/software/amazon/awssdk/sdk-core/2.20.0/sdk-core-2.20.0.jar", "/r/software/amazon/awssdk/sts/2.20.0/sts-2.20.0.jar"),
        ("/software/amazon/awssdk/sdk-core/2.20.0/sdk-core-2.20.0.jar", "/software/amazon/awssdk/sts/2.20.0/sts-2.20.0.jar"),
        (
            "/g/files-2.1/software.amazon.awssdk/sdk-core/2.20.0/1f/sdk-core-2.20.0.jar",
            "/g/files-2.1/software.amazon.awssdk/sts/2.20.0/e0/sts-2.20.0.jar",
        ),
    ] {
        assert_eq!(one(&[(core, v2_core()), (sts, v2_sts())]), is(core, "2.20.0", None));
        assert_eq!(one(&[(core, v2_core())]), is(core, "2.20.0", V2_MISSING));
    }
}

#[test]
fn the_jars_in_an_application_belong_together() {
    for (folder, path) in [("BOOT-INF/lib", "/app/app.jar"), ("WEB-INF/lib", "/app/app.war")] {
        let (core, sts) = (format!("{folder}/sdk-core-2.20.0.jar"), format!("{folder}/sts-2.20.0.jar"));
        let nested = format!("{path}!/{core}");
        let (core_jar, sts_jar) = (v2_core(), v2_sts());
        let (with, without) = (vec![(&*core, &*core_jar), (&*sts, &*sts_jar)], vec![(&*core, &*core_jar)]);
        // A jar beside is not on its class path.
        let beside = ("/app/sts-2.20.0.jar", v2_sts());
        for pack in [holder, jar] {
            assert_eq!(one(&[(path, pack(&with))]), is(&nested, "2.20.0", None));
            assert_eq!(one(&[(path, pack(&without)), beside.clone()]), is(&nested, "2.20.0", V2_MISSING));
        }
    }
    let war = holder(&[("WEB-INF/lib/sdk-core-2.20.0.jar", &v2_core())]);
    let ear = holder(&[("a.war", &war), ("lib/sts-2.20.0.jar", &v2_sts())]);
    assert_eq!(one(&[("/a.ear", ear)]), is("/a.ear!/a.war!/WEB-INF/lib/sdk-core-2.20.0.jar", "2.20.0", None));
}

#[test]
fn a_script_may_start_an_application() {
    let mut app = b"#!/bin/bash\nexec java -jar $0\n".to_vec();
    app.extend(holder(&[("BOOT-INF/lib/sdk-core-2.20.0.jar", &v2_core())]));
    assert_eq!(one(&[("/app.jar", app)]), is("/app.jar!/BOOT-INF/lib/sdk-core-2.20.0.jar", "2.20.0", V2_MISSING));
}

#[test]
fn a_shaded_jar_is_told_by_what_shading_leaves() {
    let ((core, core_text), (sts, sts_text)) = (pom(V2, "sdk-core", "2.20.0"), pom(V2, "sts", "2.20.0"));
    let code = class(&[]);
    let both: &[(&str, &[u8])] = &[(&core, &core_text), (&sts, &sts_text), (V2_CORE, &code), (V2_STS, &code)];
    assert_eq!(one(&[("/app/all.jar", jar(both))]), is("/app/all.jar", "2.20.0", None));
    assert_eq!(one(&[("/app/all.jar", jar(&[both[0], both[2]]))]), is("/app/all.jar", "2.20.0", V2_MISSING));
    // The code of sts was left out: only a name in a string refers to it.
    assert_eq!(one(&[("/app/all.jar", jar(&both[..3]))]), is("/app/all.jar", "2.20.0", V2_MISSING));
    // Its packages have other names, without a trace of the old ones.
    let other: &[(&str, &[u8])] = &[both[0], both[1], ("x/A.class", &code)];
    assert_eq!(one(&[("/app/all.jar", jar(other))]), is("/app/all.jar", "2.20.0", None));
    // Its packages were moved, and Maven's files were left out.
    let version = class(&["Code", "2.21.30", "2.x"]);
    let moved: &[(&str, &[u8])] = &[
        ("org/x/shaded/software/amazon/awssdk/core/util/VersionInfo.class", &version),
        ("org/x/shaded/software/amazon/awssdk/services/sts/StsClient.class", &code),
    ];
    assert_eq!(one(&[("/app/all.jar", jar(moved))]), is("/app/all.jar", "2.21.30", None));
    let beside = ("/app/sts-2.20.0.jar", v2_sts());
    assert_eq!(one(&[("/app/all.jar", jar(&moved[..1])), beside.clone()]), is("/app/all.jar", "2.21.30", V2_MISSING));
    // What was not moved finds the jar beside it.
    assert_eq!(one(&[("/app/all.jar", jar(&[both[0], both[2]])), beside]), is("/app/all.jar", "2.20.0", None));
    // A jar of a library that holds all serves the others.
    let found = found(&[("/lib/all.jar", jar(both)), ("/lib/sdk-core-2.20.0.jar", v2_core())]);
    assert_eq!(found.iter().map(|copy| copy.missing.as_deref()).collect::<Vec<_>>(), [None, None]);
}

#[test]
fn the_name_of_the_jar_is_the_last_to_tell_a_version() {
    let code = jar(&[(V2_CORE, &class(&[]))]);
    assert_eq!(one(&[("/l/sdk-core-2.20.0.jar", code.clone())]).1.as_deref(), Some("2.20.0"));
    assert_eq!(one(&[("/l/software.amazon.awssdk.sdk-core-2.20.0.jar", code.clone())]).1.as_deref(), Some("2.20.0"));
    for name in ["/l/app-1.0.jar", "/l/sdk-core.jar", "/l/sdk-core-x.jar"] {
        assert_eq!(one(&[(name, code.clone())]).1, None);
    }
    let text = b"#date\nplatform=java\nversion=1.11.700\n";
    assert_eq!(
        one(&[("/l/x.jar", jar(&[("com/amazonaws/sdk/versionInfo.properties", text), ("A.class", b"")]))]).1.as_deref(),
        Some("1.11.700")
    );
}

#[test]
fn jars_for_kotlin_have_no_files_of_maven() {
    let module = "META-INF/aws.sdk.kotlin_aws-config.kotlin_module";
    let client = "aws/sdk/kotlin/runtime/auth/credentials/internal/sts/StsClientKt.class";
    let (code, version) = (class(&[]), class(&["SdkVersion", "1.8.12"]));
    assert_eq!(one(&[("/l/all.jar", jar(&[(module, b""), (client, &version)]))]), is("/l/all.jar", "1.8.12", None));
    assert_eq!(
        one(&[("/l/aws-config-jvm-1.0.0.jar", jar(&[(module, b""), ("A.class", &code)]))]),
        is("/l/aws-config-jvm-1.0.0.jar", "1.0.0", None)
    );
    assert_eq!(found(&[("/l/aws-config-jvm-1.0.0.jar", jar(&[("A.class", &code)]))]), []);
}

#[test]
fn an_unpacked_jar_is_told_by_its_code() {
    let core = ("/var/task/software/amazon/awssdk/core/util/VersionInfo.class", class(&["2.20.0"]));
    let sts = ("/var/task/software/amazon/awssdk/services/sts/StsClient.class", class(&[]));
    assert_eq!(one(&[core.clone(), sts]), is(core.0, "2.20.0", None));
    let text = ("/var/task/software/amazon/awssdk/services/sts/StsClient.class", b"text".to_vec());
    assert_eq!(one(&[core.clone(), text]), is(core.0, "2.20.0", V2_MISSING));
    assert_eq!(found(&[(core.0, b"2.20.0".to_vec()), ("/src/software/amazon/awssdk/core/util/VersionInfo.java", class(&["2.20.0"]))]), []);
}

#[test]
fn no_sdk_is_seen_where_none_is() {
    let code: &[u8] = &class(&["2.20.0"]);
    let (core, text) = pom(V2, "sdk-core", "2.20.0");
    let (crt, crt_text) = pom("software.amazon.awssdk.crt", "aws-crt", "0.29.0");
    let (other, other_text) = pom("com.example", "sdk-core", "2.20.0");
    let (lambda, lambda_text) = pom("com.amazonaws", "aws-lambda-java-core", "1.2.3");
    for (path, bytes) in [
        ("/l/README.md", b"sdk-core-2.20.0.jar".to_vec()),
        ("/l/sdk-core-2.20.0.jar", b"PK: no jar".to_vec()),
        ("/l/sdk-core-2.20.0.jar", Vec::new()),
        ("/l/sdk-core-2.20.0.jar", jar(&[("com/example/A.class", code), (&other, &other_text)])),
        ("/l/sdk-core-2.20.0.jar", jar(&[("com/example/A.class", code), (&core, b"no version")])),
        // Sources, and a jar of tests.
        ("/l/x.jar", jar(&[(&core, &text), ("software/amazon/awssdk/core/SdkClient.java", b"")])),
        ("/l/sdk-core-2.20.0-tests.jar", v2_core()),
        ("/l/x.jar", jar(&[(&crt, &crt_text), (&lambda, &lambda_text), ("A.class", code)])),
        (
            "/l/x.jar",
            jar(&[
                ("notsoftware/amazon/awssdk/core/SdkClient.class", code),
                ("software/amazon/awssdk/core/SdkClient.classes/A.class", code),
            ]),
        ),
        ("/l/x.zip", v2_core()),
    ] {
        assert_eq!(packages(&[(path, bytes)]), [], "{path}");
    }
}

#[test]
fn a_cut_jar_tells_nothing() {
    let core = v2_core();
    for end in 0..core.len() {
        assert_eq!(packages(&[("/a.jar", core[..end].to_vec())]), [], "{end}");
    }
    // A cut after a whole jar is that jar, with other bytes before it.
    let whole = holder(&[("BOOT-INF/lib/sdk-core-2.20.0.jar", &core), ("BOOT-INF/lib/sts-2.20.0.jar", &v2_sts())]);
    for end in 0..whole.len() {
        let found = packages(&[("/app.jar", whole[..end].to_vec())]);
        assert!(found.iter().all(|package| package.path == "/app.jar" && package.version.as_deref() == Some("2.20.0")), "{end}: {found:?}");
    }
}

#[test]
fn damage_ends_and_does_not_panic() {
    let whole = holder(&[("BOOT-INF/lib/sdk-core-2.20.0.jar", &v2_core())]);
    for index in 0..whole.len() {
        for bits in [0xFF, 0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[index] ^= bits;
            let _ = packages(&[("/app.jar", bytes)]);
        }
    }
}

#[test]
fn jars_in_jars_end() {
    // As deep as an ear, and one deeper.
    let mut deep = v2_core();
    for depth in 1..=4 {
        deep = holder(&[("a.jar", &deep)]);
        assert_eq!(packages(&[("/a.jar", deep.clone())]).len(), usize::from(depth <= DEPTH), "{depth}");
    }
    // Each of many entries is the same jar with many entries.
    let files: Vec<String> = (0..6_000).map(|index| format!("{index}.jar")).collect();
    let inner = zip(&files.iter().map(|name| stored(name, b"")).collect::<Vec<_>>());
    let outer = jar_of_copies(&inner, &files);
    assert!(packages(&[("/a.jar", outer)]).is_empty());
}

/// A jar whose entries are all the same bytes.
fn jar_of_copies(inner: &[u8], names: &[String]) -> Vec<u8> {
    crate::core::sdk::scan::archive::tests::overlapping(inner, names)
}

#[test]
fn what_was_not_seen_to_the_end_is_said() {
    // The budget of entries is used up by empty jars.
    let names: Vec<String> = (0..ENTRIES / OPEN + 10).map(|index| format!("{index}.jar")).collect();
    let core = v2_core();
    let mut files = vec![stored("0/sdk-core-2.20.0.jar", &core)];
    files.extend(names.iter().map(|name| stored(name, b"")));
    let found = packages(&[("/a.jar", zip(&files))]);
    assert!(found.iter().all(|package| package.partial) && found.len() == 1, "{found:?}");
}

#[test]
fn what_is_too_large_to_inflate_is_said() {
    let core = v2_core();
    for other in ["b.war", "WEB-INF/lib/bundle-2.20.0.jar"] {
        let bytes = zip(&[stored("lib/sdk-core-2.20.0.jar", &core), packed(other, &vec![0; INFLATED_JAR + 1])]);
        let found = packages(&[("/a.ear", bytes)]);
        assert!(found.len() == 1 && found[0].partial, "{found:?}");
    }
    // A jar of something else is no reason.
    let bytes = zip(&[stored("lib/sdk-core-2.20.0.jar", &core), packed("lib/other-1.0.jar", &vec![0; INFLATED_JAR + 1])]);
    assert!(!packages(&[("/a.ear", bytes)])[0].partial);
}

#[test]
fn an_error_of_the_file_is_passed_on() {
    struct Fails(Vec<u8>, u64);
    impl ReadAt for Fails {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadError> {
            self.1 = self.1.checked_sub(1).ok_or(ReadError::Bound)?;
            self.0.as_slice().read_at(offset, buffer)
        }
    }
    let whole = holder(&[("BOOT-INF/lib/sdk-core-2.20.0.jar", &v2_core())]);
    let candidate = FileCandidate { path: "/a.jar", folder: "", name: "a.jar", size: whole.len() as u64, executable: false };
    let reads = (0..).find(|reads| read(&candidate, &mut Fails(whole.clone(), *reads)).is_ok()).unwrap();
    assert!((5..30).contains(&reads), "{reads}");
    for fewer in 0..reads {
        assert_eq!(read(&candidate, &mut Fails(whole.clone(), fewer)), Err(ReadError::Bound), "{fewer}");
    }
}

macro_rules! real {
    ($name:literal) => {
        include_bytes!(concat!("../../../../../tests/scan/fixtures/java/", $name))
    };
}

#[test]
fn real_files_tell_their_versions() {
    let told = |bytes: &[u8], says| version_in(bytes, says).unwrap_or_default();
    assert_eq!(told(real!("VersionInfo-2.57.8.class"), Says::CodeAndVersion), "2.57.8");
    assert_eq!(told(real!("StsClientKt-1.8.12.class"), Says::CodeAndVersion), "1.8.12");
    assert_eq!(told(real!("pom-2.10.8.properties"), Says::Version), "2.10.8");
    assert_eq!(told(real!("versionInfo-1.12.797.properties"), Says::Version), "1.12.797");
    // A class that is cut tells nothing, or the same.
    let whole = real!("VersionInfo-2.57.8.class");
    for end in 0..whole.len() {
        assert!(["", "2.57.8"].contains(&told(&whole[..end], Says::CodeAndVersion).as_str()), "{end}");
    }
}
