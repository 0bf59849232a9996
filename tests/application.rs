//! The application's own SDK, as `exec` finds it by the command and `check --pid` by the process, and what it does to the verdict.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use rawzip::ZipArchiveWriter;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use support::{Sandbox, World};

/// Healthy, with a node whose role an application gets that finds nothing else.
const NODE_IN_REACH: &str = r#"{"imds": "v2"}"#;

/// A pod whose application lies in a folder of its own.
struct Pod {
    sandbox: Sandbox,
}

impl Pod {
    fn new(world: &str) -> Pod {
        let world: World = serde_json::from_str(world).unwrap();
        Pod { sandbox: Sandbox::start(&world) }
    }

    fn folder(&self) -> PathBuf {
        self.sandbox.dir().join("image")
    }

    fn write(&self, path: &str, bytes: &[u8]) -> String {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A program that any interpreter may be named after: it ends at once, or sleeps.
    fn program(&self, name: &str, like: &str) -> String {
        let path = self.write(name, &std::fs::read(like).unwrap());
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        path
    }

    /// A jar of one module of the SDK for Java 2.
    fn jar(&self, path: &str, module: &str, version: &str, class: &str) -> String {
        let pom = format!("version={version}\ngroupId=software.amazon.awssdk\nartifactId={module}\n");
        let pom_path = format!("META-INF/maven/software.amazon.awssdk/{module}/pom.properties");
        let mut bytes = Vec::new();
        let mut zip = ZipArchiveWriter::new(&mut bytes);
        for (name, content) in [(pom_path.as_str(), pom.as_bytes()), (class, b"\xca\xfe\xba\xbe\0\0\0\x34".as_slice())] {
            let (mut entry, config) = zip.new_file(name).start().unwrap();
            let mut writer = config.wrap(&mut entry);
            writer.write_all(content).unwrap();
            let (_, descriptor) = writer.finish().unwrap();
            entry.finish(descriptor).unwrap();
        }
        zip.finish().unwrap();
        self.write(path, &bytes)
    }

    fn java(&self, version: &str, with_sts: bool) -> String {
        let core = self.jar("lib/sdk-core.jar", "sdk-core", version, "software/amazon/awssdk/core/SdkClient.class");
        let sts = with_sts.then(|| self.jar("lib/sts.jar", "sts", version, "software/amazon/awssdk/services/sts/StsClient.class"));
        [Some(core), sts].into_iter().flatten().collect::<Vec<_>>().join(":")
    }

    fn python(&self, version: &str) {
        let metadata = format!("Metadata-Version: 2.1\nName: botocore\nVersion: {version}\n\n");
        self.write(&format!("lib/python3.11/site-packages/botocore-{version}.dist-info/METADATA"), metadata.as_bytes());
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
        command.env_clear().envs(self.sandbox.env()).current_dir(self.sandbox.dir()).stdin(Stdio::null());
        // What a test gives comes last, and counts.
        command.args(["--timeout", "60s", "--termination-log", "none", "--output", "json"]).args(args);
        command
    }

    fn run(&self, mut command: Command) -> Output {
        let output = command.output().unwrap();
        let written = [&output.stdout[..], &output.stderr].concat();
        let written = String::from_utf8_lossy(&written);
        for secret in self.sandbox.secrets() {
            assert!(!written.contains(&secret), "a secret of {} characters was written", secret.len());
        }
        output
    }

    /// `exec` of these words; the exit code, and the report if CMD was not started.
    fn exec(&self, words: &[&str]) -> (Option<i32>, Value) {
        let mut command = self.command(&["exec"]);
        command.arg("--").args(words);
        let output = self.run(command);
        (output.status.code(), report(&output))
    }

    /// `check --pid` of a process that runs these words.
    fn check_process(&self, words: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, Value) {
        let target = Target::start(words, variables, &self.sandbox);
        let output = self.run(self.command(&["check", "--pid", &target.0.id().to_string()]));
        (output.status.code(), report(&output))
    }
}

fn report(output: &Output) -> Value {
    if output.stdout.is_empty() {
        return Value::Null;
    }
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {} {}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)));
    let schema = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.v1.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let errors: Vec<String> = schema.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}");
    report
}

/// A process that sleeps.
struct Target(Child);

impl Target {
    fn start(words: &[&str], variables: &[(&str, &str)], sandbox: &Sandbox) -> Target {
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .env_clear()
            .envs(sandbox.env())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let target = Target(command.spawn().unwrap());
        let line = format!("/proc/{}/cmdline", target.0.id());
        support::until("it has become the program", || std::fs::read(&line).is_ok_and(|line| line.starts_with(words[0].as_bytes())));
        target
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn severity<'a>(report: &'a Value, code: &str) -> Option<&'a str> {
    report["findings"].as_array()?.iter().find(|finding| finding["code"] == code)?["severity"].as_str()
}

fn application(report: &Value) -> (&Value, &Value) {
    (&report["application"]["sdk"], &report["application"]["by"])
}

/// A class path is the executable's own, and what 2.20.0 does without sts was measured. Whatever else lies on this machine does not count then.
#[test]
fn the_class_path_of_a_process_counts_before_its_files() {
    let pod = Pod::new(NODE_IN_REACH);
    // It waits for its input.
    let java = pod.program("bin/java", "/bin/cat");
    let (code, report) = pod.check_process(&[&java, "-"], &[("CLASSPATH", &pod.java("2.20.0", false))]);
    assert_eq!((code, application(&report)), (Some(1), (&json!("java-v2"), &json!("executable"))), "{:#}", report["application"]);
    assert_eq!(report["rootCause"]["code"], "sdk-module-missing");
    assert!(report["rootCause"]["detail"].as_str().unwrap().contains("the files of process"), "{}", report["rootCause"]);
    assert!(report["application"]["scan"]["entries"].as_u64().unwrap() > 100);
}

#[test]
fn exec_refuses_an_application_that_lacks_sts() {
    let pod = Pod::new(NODE_IN_REACH);
    let java = pod.program("bin/java", "/bin/true");
    let (code, report) = pod.exec(&[&java, "-cp", &pod.java("2.20.0", false), "Main"]);
    assert_eq!((code, &report["rootCause"]["code"]), (Some(1), &json!("sdk-module-missing")), "{report:#}");
    assert_eq!((severity(&report, "sdk-module-missing"), severity(&report, "sdk-differs")), (Some("fail"), Some("fail")));
    assert_eq!(application(&report), (&json!("java-v2"), &json!("executable")));
    let found = &report["application"]["found"][0];
    assert_eq!(
        (&found["version"], &found["irsa"], &found["module"], &found["by"]),
        (&json!("2.20.0"), &json!("module-missing"), &json!("software.amazon.awssdk:sts"), &json!("pom"))
    );
    let detail = report["rootCause"]["detail"].as_str().unwrap();
    assert!(detail.contains("has no software.amazon.awssdk:sts") && detail.contains("this container's own files"), "{detail}");
    assert!(detail.contains("eks-node"), "{detail}");
}

/// With sts, of the same version, it starts.
#[test]
fn exec_starts_an_application_that_lacks_nothing() {
    let pod = Pod::new(NODE_IN_REACH);
    let java = pod.program("bin/java", "/bin/true");
    let (code, report) = pod.exec(&[&java, "-cp", &pod.java("2.20.0", true), "Main"]);
    assert_eq!((code, report), (Some(0), Value::Null));
    // Where a person names the SDK, none is looked for.
    let pod = Pod::new(NODE_IN_REACH);
    let java = pod.program("bin/java", "/bin/true");
    let class_path = pod.java("2.20.0", false);
    let mut command = pod.command(&["exec", "--app-sdk", "java-v2"]);
    command.args(["--", &java, "-cp", &class_path, "Main"]);
    assert_eq!(pod.run(command).status.code(), Some(0));
}

/// What lies in files only warns: the interpreter may load something else.
#[test]
fn a_package_in_files_warns() {
    let pod = Pod::new(NODE_IN_REACH);
    let python = pod.program("bin/python3.11", "/bin/cat");
    pod.python("1.12.199");
    // A pod that is denied waits for the look, and says what it found.
    let denied = Pod::new(r#"{"iam": {"roles": []}, "imds": "v2"}"#);
    let mut command = denied.command(&["exec", "--timeout", "1s"]);
    command.args(["--", &python, "app.py"]);
    let output = denied.run(command);
    let report = report(&output);
    assert_eq!(application(&report), (&json!("botocore"), &json!("scan")), "{:#}", report["application"]);
    assert_eq!(report["application"]["found"][0]["irsa"], "too-old");
    assert_ne!(report["rootCause"]["step"], "application");
    assert_ne!(severity(&report, "sdk-too-old"), Some("fail"));
    // A pod whose identity is proven. The node's role in reach fails it under --strict, which leaves a new code a warning.
    let mut command = pod.command(&["exec", "--strict"]);
    command.args(["--", &python, "app.py"]);
    let output = pod.run(command);
    let report = self::report(&output);
    assert_eq!((output.status.code(), severity(&report, "sdk-too-old")), (Some(1), Some("warn")), "{:#}", report["findings"]);
    assert_eq!(report["rootCause"]["code"], "node-role-reachable");
    let detail = report["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "sdk-too-old").unwrap();
    assert!(detail["detail"].as_str().unwrap().contains("this container's own files"), "{detail}");
    // Alone, it is no failure.
    let (code, _) = pod.exec(&[&python, "app.py"]);
    assert_eq!(code, Some(1), "cat fails without app.py, so it was started");
}
