//! What the probe itself runs out of is never said to be the pod's fault: the real binary under every limit of descriptors and of threads.
//!
//! `prlimit` sets the limit for the process alone. Only a user of its own can be short of threads, so that takes root; with `IRSA_PROBE_NO_SKIPS`
//! (.ci/run sets it for root) what would be skipped fails. `IRSA_PROBE_BINARY` runs another build: musl says otherwise what it lacks than glibc.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "serve/child.rs"]
mod child;
mod support;

use child::Serve;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use support::{Sandbox, World};

fn world(json: Value) -> World {
    serde_json::from_value(json).unwrap()
}

fn binary() -> PathBuf {
    std::env::var_os("IRSA_PROBE_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_irsa-probe").into(), PathBuf::from)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn patiently(holds: impl Fn() -> bool) {
    let mut tries = 0;
    while !holds() {
        tries += 1;
        assert!(tries < 3000, "in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How a run under a limit ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Proven,
    Lacked,
}

/// Proven, or short of means: anything else is a wrong diagnosis, or a crash.
fn judge(limit: &str, output: &Output, sandbox: &Sandbox) -> Ended {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    for secret in sandbox.secrets() {
        assert!(!out.contains(&secret) && !err.contains(&secret), "{limit}: a secret of {} characters was written", secret.len());
    }
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{limit}: {:?}, no report: {out}{err}", output.status));
    match (output.status.code(), report["rootCause"]["code"].as_str()) {
        (Some(0), None) => {
            let failing =
                report["checks"].as_array().unwrap().iter().filter(|check| check["outcome"] == "fail" || check["outcome"] == "warn");
            assert_eq!(failing.count(), 0, "{limit}: {report:#}");
            Ended::Proven
        }
        (Some(3), Some("probe-out-of-resources")) => {
            let cause = &report["rootCause"];
            assert_eq!((&report["verdict"], &cause["class"], &cause["step"]), (&json!("unknown"), &json!("transient"), &json!("token")));
            // What was not looked at is not said to be good.
            let token = report["checks"].as_array().unwrap().iter().find(|check| check["id"] == "token-file").unwrap();
            assert!(token["outcome"] == "skip" || report["token"]["subject"].is_string(), "{limit}: {token}");
            let others: Vec<&Value> = report["findings"].as_array().unwrap().iter().map(|found| &found["code"]).skip(1).collect();
            assert!(others.iter().all(|code| *code == "endpoint-override"), "{limit}: {others:?}");
            Ended::Lacked
        }
        other => panic!("{limit}: {other:?}: {report:#}\n{err}"),
    }
}

/// Runs the check under a limit, `nofile` or `nproc`.
fn limited(limit: &str, program: PathBuf, env: &BTreeMap<String, String>, args: &[&str]) -> Command {
    let mut command = Command::new("prlimit");
    command.arg(format!("--{limit}")).arg(program);
    command.args(["check", "--output", "json", "--timeout", "700ms", "--termination-log", "none", "--log-level", "off"]).args(args);
    command.env_clear().envs(env).env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    command
}

/// From the fewest descriptors with which a dynamic program is loaded at all, up to enough.
fn sweep_of(sandbox: &Sandbox, env: &BTreeMap<String, String>, args: &[&str]) {
    const FEWEST: u32 = 5;
    let run = |most: u32| {
        let limit = format!("nofile={most}:{most}");
        judge(&limit, &limited(&limit, binary(), env, args).output().unwrap(), sandbox)
    };
    let ended: Vec<Ended> = (FEWEST..40).map(run).collect();
    assert_eq!((ended.first(), ended.last()), (Some(&Ended::Lacked), Some(&Ended::Proven)), "{ended:?}");
}

fn sweep(json: Value, args: &[&str]) {
    let sandbox = Sandbox::start(&world(json));
    sweep_of(&sandbox, &sandbox.env(), args);
}

#[test]
fn descriptors_by_address() {
    sweep(json!({"sts": {"reach": "override-http"}, "imds": "v2"}), &["--no-imds"]);
}

/// Nothing but the token is opened before STS is called.
#[test]
fn descriptors_for_the_token() {
    sweep(json!({"sts": {"reach": "override-http"}, "env": {"AWS_CA_BUNDLE": null}}), &["--no-imds", "--app-sdk", "java-v2"]);
}

#[test]
fn descriptors_by_name_and_tls() {
    sweep(json!({"sts": {"reach": "override"}, "imds": "absent", "files": {"home/.aws/config": "[default]\nregion = us-west-2\n"}}), &[]);
}

#[test]
fn descriptors_through_a_proxy_with_an_issuer() {
    sweep(json!({"imds": "hop-limit"}), &["--check-issuer"]);
}

#[test]
fn descriptors_of_pod_identity() {
    sweep(json!({"inject": ["pod-identity"], "imds": "absent"}), &[]);
}

#[test]
fn descriptors_and_two_regions() {
    sweep(json!({"imds": "absent"}), &["--sts-region", "us-west-2,us-east-1"]);
}

/// A process that does nothing; killed when dropped.
struct Sleeper(Child);

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn descriptors_for_another_process() {
    let sandbox = Sandbox::start(&world(json!({"sts": {"reach": "override-http"}})));
    let mut sleep = Command::new("sleep");
    let sleeper = Sleeper(sleep.arg("999").env_clear().envs(sandbox.env()).env("PATH", "/usr/bin:/bin").spawn().unwrap());
    let pid = sleeper.0.id().to_string();
    let is_asleep = || std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sleep\0"));
    patiently(is_asleep);
    sweep_of(&sandbox, &BTreeMap::new(), &["--no-imds", "--pid", &pid]);
    // Every process is looked at, and that is given up for want of a descriptor alone; who is found otherwise is this machine's business.
    for most in 5..40 {
        let limit = format!("nofile={most}:{most}");
        let output = limited(&limit, binary(), &BTreeMap::new(), &["--pid", "auto"]).output().unwrap();
        assert!(matches!(output.status.code(), Some(0..=3)), "{limit}: {:?} {}", output.status, text(&output.stderr));
        if output.status.code() != Some(2) {
            judge(&limit, &output, &sandbox);
        }
    }
}

/// Each name is looked up in a thread of its own, and the check has one, too.
#[test]
fn threads() {
    const USER: u32 = 54_321;
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("IRSA_PROBE_NO_SKIPS").is_none(), "must not be skipped");
        return eprintln!("SKIPPED: only root can run the check as a user who has nothing else running");
    }
    let sandbox = Sandbox::start(&world(json!({"sts": {"reach": "override"}})));
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let installed = folder.path().join("irsa-probe");
    assert!(Command::new(binary()).arg("install").arg(folder.path()).status().unwrap().success());
    let run = |most: u32, reach: &[&str]| {
        let limit = format!("nproc={most}:{most}");
        judge(&limit, &limited(&limit, installed.clone(), &sandbox.env(), reach).uid(USER).gid(USER).output().unwrap(), &sandbox)
    };
    let ended: Vec<Ended> = (0..8).map(|most| run(most, &["--no-imds"])).collect();
    // The program itself, its check, and who looks the name up.
    assert_eq!(ended[..3], [Ended::Lacked, Ended::Lacked, Ended::Lacked], "{ended:?}");
    assert_eq!(ended[7], Ended::Proven, "{ended:?}");
}

/// With few descriptors, but enough: what is the pod's fault is said to be so.
#[test]
fn what_is_the_pods_fault_stays_its_fault() {
    for (world_of, code, exit) in [
        (json!({"sts": {"reach": "override-http"}, "token": {"as": "directory"}}), "token-unreadable", 1),
        (json!({"sts": {"reach": "override-http"}, "token": {"as": "missing"}}), "token-missing", 1),
        (json!({"sts": {"reach": "name:no-such-name.invalid"}}), "dns-not-found", 3),
        (json!({"sts": {"reach": "refused"}}), "connect-refused", 3),
    ] {
        let sandbox = Sandbox::start(&world(world_of));
        let command = limited("nofile=24:24", binary(), &sandbox.env(), &["--no-imds"]).output().unwrap();
        let report: Value = serde_json::from_slice(&command.stdout).unwrap();
        let found = report["rootCause"]["code"].as_str().unwrap();
        // A machine without a resolver cannot say that there is no such name.
        let found = if found == "dns-failed" { "dns-not-found" } else { found };
        assert_eq!((found, command.status.code()), (code, Some(exit)), "{report:#}");
    }
}

/// The sidecar says so, stays ready while the proven credentials last, and proves again.
#[test]
fn a_sidecar_without_descriptors() {
    let sandbox = Sandbox::start(&world(json!({"sts": {"reach": "override-http"}, "imds": "absent"})));
    let serve = Serve::start(&sandbox, &["--interval", "1s"]);
    serve.until_state("ready");
    let descriptors = |most: &str| {
        let pid = serve.pid().to_string();
        assert!(Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={most}")]).status().unwrap().success());
    };
    descriptors("3:");
    let failed = || serve.logged("round failed");
    patiently(|| !failed().is_empty());
    descriptors("1000:");
    assert!(failed().iter().all(|line| line["code"] == "probe-out-of-resources" && line["class"] == "transient"), "{}", serve.log());
    let changes = serve.logged("state changed");
    assert!(changes.iter().any(|line| line["state"] == "degraded"), "{changes:?}");
    serve.until_state("ready");
    let log = serve.finish(&sandbox);
    assert!(!log.contains("panicked"), "{log}");
}
