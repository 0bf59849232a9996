//! An independent witness: the AWS CLI (Python's botocore, no line of code in common) in the same pod sees the same identity.
//!
//! The CLI is `$AWS_CLI`, else the one that `tests/peer/install` has put below `target`, else `aws` on the PATH; where there is none, the
//! script installs it (from PyPI, once). A machine on which that is impossible fails these tests: it has not compared anything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use support::{Sandbox, World};

#[test]
fn irsa() {
    let pod = Pod::of(json!({}));
    let (report, caller) = pod.both_pass();
    same_identity(&report["identity"], &caller);
    assert_eq!(role_of(caller["Arn"].as_str().unwrap()), "arn:aws:sts::111122223333:assumed-role/checkout");
}

#[test]
fn irsa_in_govcloud() {
    let pod = Pod::of(json!({
        "region": "us-gov-west-1",
        "role": "arn:aws-us-gov:iam::111122223333:role/checkout",
        "issuer": "https://oidc.eks.us-gov-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
    }));
    let (report, caller) = pod.both_pass();
    same_identity(&report["identity"], &caller);
    assert_eq!(role_of(caller["Arn"].as_str().unwrap()), "arn:aws-us-gov:sts::111122223333:assumed-role/checkout");
}

#[test]
fn pod_identity() {
    let (report, caller) = Pod::of(json!({"inject": ["pod-identity"]})).both_pass();
    assert_eq!(report["identity"]["provider"], "pod-identity");
    same_identity(&report["identity"], &caller);
}

/// Nothing injected: both become the node. `check` says so in `chain`, and fails.
#[test]
fn the_node_role() {
    let pod = Pod::of(json!({
        "inject": [], "imds": "v2", "env": {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"},
    }));
    let report = pod.fails_with("not-injected");
    assert_eq!(report["chain"]["provider"], "node");
    assert_eq!(report["chain"]["arn"], pod.caller()["Arn"], "the session is the instance, so even that is the same");
}

/// Keys in the environment hide the injected role: both become the user.
#[test]
fn static_keys() {
    let pod = Pod::of(json!({
        "iam": {"users": [{"name": "deploy"}]}, "env": {"AWS_ACCESS_KEY_ID": "{userKeyId}", "AWS_SECRET_ACCESS_KEY": "{userSecret}"},
    }));
    let report = pod.fails_with("shadowed-by-env-keys");
    assert_eq!(report["chain"]["provider"], "env");
    assert_eq!(report["chain"]["arn"], pod.caller()["Arn"]);
}

#[test]
fn a_trust_policy_that_denies() {
    let pod = Pod::of(json!({"iam": {"roles": [{"trust": {"sub": "system:serviceaccount:shop:other"}}]}}));
    pod.fails_with("trust-policy-denied");
    let cli = pod.cli();
    let said = String::from_utf8_lossy(&cli.stderr);
    assert!(!cli.status.success() && said.contains("AccessDenied"), "{said}");
}

/// A pod in which both run.
struct Pod(Sandbox);

impl Pod {
    fn of(world: Value) -> Pod {
        let world: World = serde_json::from_value(world).unwrap();
        Pod(Sandbox::start(&world))
    }

    fn run(&self, program: &Path, args: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(self.0.env()).stdin(Stdio::null());
        command.output().unwrap_or_else(|error| panic!("{}: {error}", program.display()))
    }

    /// Exit code and report.
    fn check(&self) -> (Option<i32>, Value) {
        let args = ["check", "--output", "json", "--timeout", "10s", "--termination-log", "none"];
        let output = self.run(Path::new(env!("CARGO_BIN_EXE_irsa-probe")), &args);
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code(), report)
    }

    fn fails_with(&self, code: &str) -> Value {
        let (exit, report) = self.check();
        assert_eq!((exit, report["rootCause"]["code"].as_str()), (Some(1), Some(code)));
        report
    }

    fn cli(&self) -> Output {
        self.run(cli(), &["sts", "get-caller-identity", "--output", "json"])
    }

    /// What the CLI prints: `Arn`, `Account`, `UserId`.
    fn caller(&self) -> Value {
        let output = self.cli();
        assert!(output.status.success(), "{}: {}", cli().display(), String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn both_pass(&self) -> (Value, Value) {
        let (exit, report) = self.check();
        assert_eq!((exit, &report["rootCause"]), (Some(0), &Value::Null));
        (report, self.caller())
    }
}

/// The sessions differ, each has its own name; all else is the same.
fn same_identity(ours: &Value, theirs: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(role_of(&text(&ours["arn"])), role_of(&text(&theirs["Arn"])));
    assert_eq!(ours["account"], theirs["Account"]);
    let unique_id = |value: &Value| text(value).split(':').next().map(str::to_owned);
    assert_eq!(unique_id(&ours["userId"]), unique_id(&theirs["UserId"]));
}

/// The ARN of an assumed role without its session.
fn role_of(arn: &str) -> &str {
    arn.rsplit_once('/').unwrap_or_else(|| panic!("{arn:?} is no assumed role")).0
}

/// The CLI, found or installed once for all tests.
fn cli() -> &'static Path {
    static CLI: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match CLI.get_or_init(find_or_install) {
        Ok(cli) => cli,
        Err(why) => panic!("no AWS CLI to compare with: name one in AWS_CLI, put aws (version 1 or 2) on the PATH, or cure this: {why}"),
    }
}

fn find_or_install() -> Result<PathBuf, String> {
    if let Some(given) = std::env::var_os("AWS_CLI").filter(|path| !path.is_empty()) {
        return Ok(given.into());
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let peer = target.join("peer");
    // Another `cargo test` may be about to install it, too. Unlocked when it is closed.
    let lock = File::create(target.join("peer.lock")).unwrap();
    lock.lock().unwrap();
    let installed = std::fs::read_to_string(peer.join("requirements.txt")).is_ok_and(|text| text == include_str!("peer/requirements.txt"));
    if !installed {
        if let Some(aws) = on_the_path() {
            return Ok(aws);
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/install");
        let output = Command::new(&script).arg(&peer).stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(said.lines().last().unwrap_or("tests/peer/install failed").to_owned());
        }
    }
    Ok(peer.join("bin/aws"))
}

/// Only one that runs: version managers put scripts there that know no `aws`.
fn on_the_path() -> Option<PathBuf> {
    let runs = |aws: &PathBuf| {
        let answer = Command::new(aws).arg("--version").env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).output();
        answer.is_ok_and(|answer| answer.status.success() && [answer.stdout, answer.stderr].concat().starts_with(b"aws-cli/"))
    };
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join("aws")).find(runs)
}
