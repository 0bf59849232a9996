//! `check --pid`: the real binary judges another process, by its environment and by the files below its root.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "pid/namespace.rs"]
mod namespace;
#[path = "pid/rights.rs"]
mod rights;
mod support;
#[path = "pid/together.rs"]
mod together;

use namespace::UserNamespace;
use rustix::process::geteuid;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use support::{Sandbox, Service, World};

/// `IRSA_PROBE_NO_SKIPS` (.ci/run sets it for root) makes a failure of what would be skipped.
fn skip(why: &str) {
    assert!(std::env::var_os("IRSA_PROBE_NO_SKIPS").is_none(), "must not be skipped: {why}");
    eprintln!("SKIPPED: {why}");
}

/// What is judged: a process with a pod's environment, which does nothing.
struct Target(Child);

impl Target {
    fn start(program: &mut Command, env: &BTreeMap<String, String>) -> Target {
        let child = program.env_clear().envs(env).env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let target = Target(child);
        // Until then it is still this test's own image, with this test's environment.
        patiently(|| {
            std::fs::read(format!("/proc/{}/cmdline", target.pid())).is_ok_and(|line| line.starts_with(b"sleep\0") || line.contains(&b'9'))
        });
        target
    }

    fn sleeping(env: &BTreeMap<String, String>) -> Target {
        Target::start(Command::new("sleep").arg("999"), env)
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn patiently(holds: impl Fn() -> bool) {
    support::until("it is so", holds);
}

/// A program that `unshare` starts: whether it runs, and not `unshare` itself any more; the error says how that ended.
fn unshared(target: &mut Target) -> Result<(), std::process::ExitStatus> {
    let mut ended = None;
    support::until("unshare has ended or become the program", || {
        ended = target.0.try_wait().unwrap();
        let program = std::fs::read(format!("/proc/{}/cmdline", target.pid())).unwrap_or_default();
        ended.is_some() || (!program.is_empty() && !program.starts_with(b"unshare\0"))
    });
    ended.map_or(Ok(()), Err)
}

fn world(json: Value) -> World {
    serde_json::from_value(json).unwrap()
}

/// The check in an environment that belongs to nobody's pod: whatever of it were used would be the wrong role.
fn check(pid: u32, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().stdin(Stdio::null());
    // Named, so that it is not looked for in all files of this machine.
    command.env("IRSA_PROBE_APP_SDK", "botocore");
    command.envs([
        ("AWS_ROLE_ARN", "arn:aws:iam::999999999999:role/debugger"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"),
        ("AWS_REGION", "eu-south-2"),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
        ("AWS_CA_BUNDLE", "/nowhere/ca.pem"),
        ("HOME", "/nowhere"),
    ]);
    command.args(["check", "--pid", &pid.to_string(), "--timeout", "120s", "--termination-log", "none"]).args(args);
    command
}

fn output_of(mut command: Command, sandbox: &Sandbox) -> Output {
    let output = command.output().unwrap();
    let written = [text(&output.stdout), text(&output.stderr)].concat();
    for secret in sandbox.secrets() {
        assert!(!written.contains(&secret), "a secret of {} characters was written", secret.len());
    }
    output
}

fn report_on(pid: u32, args: &[&str], sandbox: &Sandbox) -> (Value, Option<i32>) {
    let output = output_of(check(pid, &[&["--output", "json", "--log-level", "trace"], args].concat()), sandbox);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {}", text(&output.stderr)));
    let schema = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.v1.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let errors: Vec<String> = schema.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}");
    (report, output.status.code())
}

/// One line on standard error, nothing on standard output, exit code 2.
fn refused(output: &Output) -> String {
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).as_str(), said.lines().count()), (Some(2), "", 1), "{said}");
    assert!(said.starts_with("irsa-probe: check --pid: "), "{said}");
    said
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn calls(sandbox: &Sandbox, service: Service, operation: &str) -> usize {
    sandbox.requests().iter().filter(|request| request.service == service && request.operation == operation).count()
}

fn findings(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

/// The process's own files name its identity, with a further role and an ExternalId.
#[test]
fn a_profile_of_the_process_names_its_identity() {
    let (role, target) = ("arn:aws:iam::111122223333:role/apps/checkout", "arn:aws:iam::444455556666:role/target");
    let config = format!(
        "[profile app]\nrole_arn = {target}\nsource_profile = base\nexternal_id = shop-4711-partner\n\n\
            [profile base]\nrole_arn = {role}\nweb_identity_token_file = {{token}}\n"
    );
    let sandbox = Sandbox::start(&world(json!({
        "env": {"AWS_ROLE_ARN": null, "AWS_WEB_IDENTITY_TOKEN_FILE": null, "AWS_PROFILE": "app"},
        "iam": {"roles": [{"allows": [target]}, {"arn": target, "trust": {"principal": role, "externalId": "shop-4711-partner"}}]},
        "files": {"home/.aws/config": config}
    })));
    let process = Target::sleeping(&sandbox.env());
    let (report, exit) = report_on(process.pid(), &[], &sandbox);
    assert_eq!(
        (exit, &report["identity"]["role"], &report["expected"]["source"]),
        (Some(0), &json!("target"), &json!("profile")),
        "{report}"
    );
    assert_eq!((&report["chain"]["provider"], &report["chain"]["predicted"]), (&json!("profile"), &json!(true)));

    let mut env = sandbox.env();
    env.insert("AWS_PROFILE".to_owned(), "ghost".to_owned());
    let process = Target::sleeping(&env);
    let (report, exit) = report_on(process.pid(), &[], &sandbox);
    assert_eq!((exit, &report["rootCause"]["code"]), (Some(1), &json!("profile-missing")), "{report}");
    let detail = report["rootCause"]["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("the files of process {}", process.pid())), "{detail}");
}

#[test]
fn the_other_process_is_proven_and_its_chain_predicted() {
    let sandbox = Sandbox::start(&world(json!({"imds": "v2"})));
    let target = Target::sleeping(&sandbox.env());
    let (report, exit) = report_on(target.pid(), &[], &sandbox);
    assert_eq!((exit, &report["verdict"]), (Some(0), &json!("pass")), "{report:#}");
    assert_eq!(report["identity"]["role"], "checkout");
    assert_eq!((&report["subject"]["pid"], &report["subject"]["serviceAccount"]), (&json!(target.pid()), &json!("checkout")));
    assert_eq!(report["expected"]["region"], "us-west-2");
    assert_eq!(report["chain"], json!({"provider": "irsa", "predicted": true}));
    assert_eq!(calls(&sandbox, Service::Sts, "AssumeRoleWithWebIdentity"), 1, "the default chain is not followed");
    let plain = output_of(check(target.pid(), &["-v"]), &sandbox);
    let page = text(&plain.stdout);
    assert!(page.starts_with(&format!("shop/checkout  process {}, pod ", target.pid())), "{page}");
    assert!(page.contains("√ the SDK's default credential chain gets this role: predicted for the Rust SDK:"), "{page}");
}

#[test]
fn pod_identity_and_a_token_in_the_environment() {
    let sandbox = Sandbox::start(&world(json!({"inject": ["pod-identity"]})));
    let (report, exit) = report_on(Target::sleeping(&sandbox.env()).pid(), &[], &sandbox);
    assert_eq!((exit, &report["chain"]), (Some(0), &json!({"provider": "pod-identity", "predicted": true})), "{report:#}");
    // The token itself instead of its file, which only that environment has.
    let mut env = sandbox.env();
    let file = env.remove("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").unwrap();
    env.insert("AWS_CONTAINER_AUTHORIZATION_TOKEN".to_owned(), std::fs::read_to_string(file).unwrap());
    let (report, exit) = report_on(Target::sleeping(&env).pid(), &["--check-issuer"], &sandbox);
    assert_eq!((exit, &report["identity"]["provider"]), (Some(0), &json!("pod-identity")), "{report:#}");
    assert_eq!(calls(&sandbox, Service::Issuer, "keys"), 1, "the issuer of a token without a file is looked at, too");
}

#[test]
fn what_the_chain_would_end_at_is_no_finding() {
    // Nothing injected, and the node's role in reach: followed, the chain would be a finding.
    let sandbox = Sandbox::start(&world(json!({"inject": [], "imds": "v2", "env": {"AWS_REGION": "us-west-2"}})));
    let (report, exit) = report_on(Target::sleeping(&sandbox.env()).pid(), &[], &sandbox);
    assert_eq!((exit, findings(&report)), (Some(1), vec!["not-injected", "node-role-reachable"]), "{report:#}");
    assert_eq!(report["chain"], json!({"provider": "node", "predicted": true}));
    assert_eq!(calls(&sandbox, Service::Imds, "credentials"), 0, "the node's credentials are not fetched for a prediction");
    // A profile of the process's own home shadows: a finding of the plan, as ever, and never chain-disagrees.
    let sandbox = Sandbox::start(&world(json!({
        "files": {"home/.aws/credentials": "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = c2VjcmV0c2VjcmV0c2VjcmV0\n"}
    })));
    let (report, _) = report_on(Target::sleeping(&sandbox.env()).pid(), &[], &sandbox);
    assert_eq!(findings(&report), ["shadowed-by-profile"], "{report:#}");
    assert_eq!(report["chain"]["provider"], "profile");
}

#[test]
fn an_empty_environment_is_a_pod_without_an_identity() {
    let sandbox = Sandbox::start(&World::default());
    let mut program = Command::new("env");
    program.args(["-i", "sleep", "999"]);
    let target = Target::start(&mut program, &BTreeMap::new());
    patiently(|| std::fs::read(format!("/proc/{}/environ", target.pid())).is_ok_and(|environ| environ.is_empty()));
    let (report, exit) = report_on(target.pid(), &["--no-imds"], &sandbox);
    assert_eq!((exit, findings(&report)), (Some(1), vec!["not-injected"]));
}

#[test]
fn who_cannot_be_judged() {
    let sandbox = Sandbox::start(&World::default());
    let said = refused(&output_of(check(4_194_305, &[]), &sandbox));
    assert!(said.contains("there is no process 4194305 here") && said.contains("--target="), "{said}");
    let advice = output_of(check(4_194_305, &["--advisory"]), &sandbox);
    assert_eq!(advice.status.code(), Some(0), "advice holds nothing back");
    for pid in ["0", "-1", "x", "1.5", "99999999999"] {
        let usage = Command::new(env!("CARGO_BIN_EXE_irsa-probe")).env_clear().args(["check", "--pid", pid]).output().unwrap();
        assert!(usage.status.code() == Some(2) && text(&usage.stderr).contains("process id"), "{pid}: {}", text(&usage.stderr));
    }
    // `exec` replaces the shell by the check, which is then the process that it names.
    let shell = format!("exec {} check --pid $$", env!("CARGO_BIN_EXE_irsa-probe"));
    let own = Command::new("sh").env_clear().args(["-c", &shell]).output().unwrap();
    assert!(refused(&own).contains("is this check itself"));
    // A thread of the kernel, where one can be seen.
    let kernel = std::fs::read_to_string("/proc/2/status").unwrap_or_default();
    if kernel.contains("kthreadd") && geteuid().is_root() {
        let said = refused(&output_of(check(2, &[]), &sandbox));
        assert!(said.contains("a thread of the kernel"), "{said}");
    } else {
        support::skipped("no thread of the kernel can be seen and read here");
    }
}

#[test]
fn one_that_ends_meanwhile() {
    let sandbox = Sandbox::start(&world(json!({
        "sts": {"script": {"AssumeRoleWithWebIdentity": [{"status": 400, "code": "Throttling", "message": "Rate exceeded"}]}}
    })));
    let mut target = Target::sleeping(&sandbox.env());
    let mut command = check(target.pid(), &["--log-level", "off"]);
    let checking = command.args(["--timeout", "1h"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    patiently(|| calls(&sandbox, Service::Sts, "AssumeRoleWithWebIdentity") >= 1);
    // Killed and not collected yet: a zombie.
    target.0.kill().unwrap();
    let said = refused(&checking.wait_with_output().unwrap());
    assert!(said.contains(&format!("process {} has ended", target.pid())), "{said}");
    let said = refused(&output_of(check(target.pid(), &["-v"]), &sandbox));
    assert!(said.contains("has ended"), "{said}");
}

#[test]
fn another_users_process() {
    if !geteuid().is_root() {
        return skip("only root can start a process of another user");
    }
    let sandbox = Sandbox::start(&World::default());
    let target = Target::start(Command::new("sleep").arg("999").uid(12345).gid(54321), &sandbox.env());
    let dir = tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let binary = dir.path().join("irsa-probe");
    std::fs::copy(env!("CARGO_BIN_EXE_irsa-probe"), &binary).unwrap();
    let as_user = |uid: u32, gid: u32| {
        let like = check(target.pid(), &["--log-level", "off"]);
        let mut command = Command::new(&binary);
        command.env_clear().args(like.get_args()).uid(uid).gid(gid);
        // The copy may still be open for writing in a child of another test.
        let run = |mut command: Command| {
            (0..100).find_map(|_| {
                command.output().ok().or_else(|| {
                    std::thread::sleep(Duration::from_millis(20));
                    None
                })
            })
        };
        run(command).unwrap()
    };
    assert_eq!(as_user(12345, 54321).status.code(), Some(0), "the same user");
    let said = refused(&as_user(12346, 54321));
    assert!(said.contains("runs as UID 12345, GID 54321, this check as UID 12346, GID 54321"), "{said}");
    assert!(
        said.contains(r#"{"securityContext":{"runAsUser":12345,"runAsGroup":54321}}"#) && said.contains("--target=CONTAINER"),
        "{said}"
    );
    let said = refused(&as_user(12345, 12345));
    assert!(said.contains("this check as UID 12345, GID 12345"), "the group counts, too: {said}");
}

/// A check from a debug pod beside the node's processes: its way to STS is its own, and tells nothing of the application's.
#[test]
fn a_process_in_another_network() {
    let sandbox = Sandbox::start(&World::default());
    let mut unshare = Command::new("unshare");
    if !geteuid().is_root() {
        unshare.arg("--map-root-user");
    }
    let mut target = Target::start(unshare.args(["--net", "--", "sleep", "999"]), &sandbox.env());
    if let Err(status) = unshared(&mut target) {
        return support::skipped(&format!("no network namespace without privilege here (unshare: {status})"));
    }
    let said = refused(&output_of(check(target.pid(), &["--log-level", "off"]), &sandbox));
    assert!(said.contains("has another network than this check") && said.contains("kubectl debug -it POD --target=CONTAINER"), "{said}");
    assert_eq!(calls(&sandbox, Service::Sts, "AssumeRoleWithWebIdentity"), 0);
}

/// A /proc that hides others' processes, in a process namespace of its own: shut off is not ended.
#[test]
fn a_hidden_process_has_not_ended() {
    let dir = tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let binary = dir.path().join("irsa-probe");
    std::fs::copy(env!("CARGO_BIN_EXE_irsa-probe"), &binary).unwrap();
    for hide in [1, 2] {
        let as_user = |id: u32| format!("setpriv --reuid {id} --regid {id} --clear-groups");
        // Process 1 is the shell.
        let script = format!(
            "mount -t proc -o hidepid={hide} proc /proc || exit 9; {} {} check --pid 1 --log-level off --termination-log none",
            as_user(65532),
            binary.display(),
        );
        let run = Command::new("unshare").args(["--mount", "--pid", "--fork", "sh", "-c", &format!("{script}; exit $?")]).output();
        match run {
            Ok(output) if output.status.code() == Some(2) && text(&output.stderr).starts_with("irsa-probe: check --pid") => {
                let said = refused(&output);
                assert!(said.contains("process 1 may not be read from here") && said.contains("SYS_PTRACE"), "hidepid={hide}: {said}");
            }
            _ => support::skipped("no process namespace can be made here"),
        }
    }
}

/// A root of its own, in which /var/run leads to /run by an absolute link, as in Debian's images: followed from here, it would lead to this
/// machine's /run.
#[test]
fn files_are_read_below_its_root() {
    let sandbox = Sandbox::start(&world(json!({"env": {
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
        "AWS_CA_BUNDLE": "etc/ca.pem",
        "HOME": "/home/app",
    }})));
    let root = sandbox.dir().join("container");
    for folder in ["run", "var", "etc", "home/app/.aws", "proc"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    copy_folder(&sandbox.dir().join("root/var/run/secrets"), &root.join("run/secrets"));
    std::os::unix::fs::symlink("/run", root.join("var/run")).unwrap();
    std::fs::copy(sandbox.dir().join("ca.pem"), root.join("etc/ca.pem")).unwrap();
    std::fs::write(root.join("home/app/.aws/config"), "[default]\nregion = ap-northeast-1\n").unwrap();
    let program = into_root(Path::new("/usr/bin/sleep"), &root);
    let mut unshare = Command::new("unshare");
    if !geteuid().is_root() {
        unshare.arg("--map-root-user");
    }
    unshare.arg("--root").arg(&root).args(["--wd=/", "--"]).arg(&program).arg("999");
    let possible = Command::new("unshare")
        .args(unshare.get_args())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let target = match possible {
        Ok(child) => Target(child),
        Err(error) => return support::skipped(&format!("unshare cannot be run: {error}")),
    };
    drop(target);
    let mut target = Target::start(&mut unshare, &sandbox.env());
    if let Err(status) = unshared(&mut target) {
        return support::skipped(&format!("no root of its own without privilege here (unshare: {status})"));
    }
    patiently(|| std::fs::read_link(format!("/proc/{}/root", target.pid())).is_ok_and(|link| link == root));
    let (report, exit) = report_on(target.pid(), &[], &sandbox);
    assert_eq!((exit, &report["token"]["subject"]), (Some(0), &json!("system:serviceaccount:shop:checkout")), "{report:#}");
    let evidence = output_of(check(target.pid(), &["--output", "evidence"]), &sandbox);
    let evidence: Value = serde_json::from_slice(&evidence.stdout).unwrap();
    assert_eq!(evidence["inputs"]["profile"]["region"], "ap-northeast-1");
    assert_eq!(evidence["inputs"]["settings"]["pid"], target.pid());
    // A token that only this machine has is missing for that process.
    std::fs::remove_dir_all(root.join("run/secrets")).unwrap();
    std::fs::create_dir_all(root.join("run/secrets/eks.amazonaws.com/serviceaccount")).unwrap();
    std::os::unix::fs::symlink(
        sandbox.dir().join("root/var/run/secrets/eks.amazonaws.com/serviceaccount/token"),
        root.join("run/secrets/eks.amazonaws.com/serviceaccount/token"),
    )
    .unwrap();
    let (report, exit) = report_on(target.pid(), &[], &sandbox);
    assert_eq!((exit, findings(&report)), (Some(1), vec!["token-missing"]), "{report:#}");
}

fn copy_folder(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// Puts a program with its libraries below a root; returns its path there.
fn into_root(program: &Path, root: &Path) -> PathBuf {
    let program = program.canonicalize().unwrap();
    let listed = Command::new("ldd").arg(&program).output().unwrap();
    let libraries = text(&listed.stdout);
    let libraries = libraries.split_whitespace().filter(|word| word.starts_with('/')).map(Path::new);
    for file in libraries.chain([program.as_path()]) {
        let below = root.join(file.strip_prefix("/").unwrap());
        std::fs::create_dir_all(below.parent().unwrap()).unwrap();
        std::fs::copy(file, below).unwrap();
    }
    program
}
