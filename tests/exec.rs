//! `exec` and `install` through the binary: what of the probe is left in the application (nothing), and what keeps it from starting.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use support::{Sandbox, World};

const BINARY: &str = env!("CARGO_BIN_EXE_irsa-probe");
const HEALTHY: &str = "{}";
const DENIED: &str = r#"{"iam":{"roles":[]}}"#;
const REFUSED: &str = r#"{"sts":{"reach":"refused"}}"#;
const HANGING: &str = r#"{"sts":{"script":{"*":[{"hang":"response"}]}}}"#;
/// What the kernel keeps of a process when its program is replaced: signals, limits, descriptors, working directory, umask.
const STATE: &str =
    "grep -E '^(Sig(Ign|Blk|Cgt|Pnd)|Umask|Groups)' /proc/self/status; cat /proc/self/limits; ls /proc/self/fd; pwd; env | sort";

struct Pod {
    sandbox: Sandbox,
}

impl Pod {
    fn new(world: &str) -> Pod {
        let world: World = serde_json::from_str(world).unwrap();
        Pod { sandbox: Sandbox::start(&world) }
    }

    /// A command with nothing but the pod's environment, in the pod's folder.
    fn start(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.sandbox.env()).args(args).current_dir(self.sandbox.dir()).stdin(Stdio::null());
        command
    }

    fn exec(&self, flags: &[&str], command: &[&str]) -> Command {
        let mut exec = self.start(BINARY, &["exec", "--timeout", "4s", "--termination-log", self.log().to_str().unwrap()]);
        exec.args(flags).arg("--").args(command);
        exec
    }

    fn log(&self) -> std::path::PathBuf {
        self.sandbox.dir().join("termination-log")
    }

    /// Runs it, and sees that no secret was written.
    fn run(&self, command: &mut Command) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned());
        for secret in self.sandbox.secrets() {
            assert!(!out.contains(&secret) && !err.contains(&secret), "a secret of {} characters was written", secret.len());
        }
        (status.code(), out, err)
    }
}

#[test]
fn a_proven_identity_starts_the_application_with_its_words_and_its_exit_code() {
    let pod = Pod::new(HEALTHY);
    let script = r#"printf '%s|' "$@"; exit 42"#;
    let mut command = pod.exec(&[], &["sh", "-c", script, "app", "--timeout", "5x", "--", "-h", "two words"]);
    command.arg(OsStr::from_bytes(b"\xff"));
    let (code, out, err) = pod.run(&mut command);
    assert_eq!((code, out.as_str()), (Some(42), "--timeout|5x|--|-h|two words|\u{fffd}|"), "{err}");
    assert!(err.contains("identity proven") && err.contains(":assumed-role/checkout/"), "{err}");
    assert!(!pod.log().exists());
    // The words are the application's from the first one that is no flag, also without the two dashes.
    let (code, out, err) = pod.run(&mut pod.start(BINARY, &["exec", "--timeout=120s", "echo", "--strict"]));
    assert_eq!((code, out.as_str()), (Some(0), "--strict\n"), "{err}");
}

#[test]
fn nothing_of_the_probe_is_left_in_the_application() {
    let pod = Pod::new(HEALTHY);
    // With core files allowed, as far as this machine allows them (the probe forbids its own), and with what nohup ignores.
    let allowed = "trap '' HUP INT; ulimit -S -c $(ulimit -H -c); exec \"$@\"";
    let alone = pod.run(&mut pod.start("sh", &["-c", allowed, "sh", "sh", "-c", STATE]));
    let exec = ["-c", allowed, "sh", BINARY, "exec", "--timeout", "120s", "--log-level", "off", "--", "sh", "-c", STATE];
    assert_eq!(pod.run(&mut pod.start("sh", &exec)), alone);
    // The process is the same one: whoever watches it, watches the application.
    let child = pod.exec(&[], &["sh", "-c", "echo $$"]).stdout(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    assert_eq!(String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).trim(), pid.to_string());
}

#[test]
fn a_signal_is_the_applications() {
    let pod = Pod::new(HEALTHY);
    let started = pod.sandbox.dir().join("started");
    let mut child = pod.exec(&[], &["sh", "-c", "trap 'exit 7' TERM; : >started; while :; do sleep 0.1; done"]).spawn().unwrap();
    until(|| started.exists());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
    std::fs::remove_file(&started).unwrap();
    let mut child = pod.exec(&[], &["sh", "-c", ": >started; exec sleep 600"]).spawn().unwrap();
    until(|| started.exists());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[test]
fn a_broken_identity_keeps_it_from_starting() {
    let pod = Pod::new(DENIED);
    let (code, out, err) = pod.run(&mut pod.exec(&[], &["touch", "started"]));
    assert_eq!(code, Some(1), "{err}");
    assert!(
        out.contains("\n× FAIL trust-policy-denied: ") && out.contains("\n  more       irsa-probe explain trust-policy-denied"),
        "{out}"
    );
    assert!(std::fs::read_to_string(pod.log()).unwrap().starts_with("trust-policy-denied"));
    let (code, out, _) = pod.run(&mut pod.exec(&["--output", "json"], &["touch", "started"]));
    assert_eq!((code, out.starts_with("{\n  \"schema\": \"irsa-probe/report/v1\"")), (Some(1), true), "{out}");
    assert!(!pod.sandbox.dir().join("started").exists());
    let pod = Pod::new(REFUSED);
    let (code, out, err) = pod.run(&mut pod.exec(&[], &["touch", "started"]));
    assert_eq!(code, Some(3), "{out}{err}");
    assert!(out.contains("connect-refused") && !pod.sandbox.dir().join("started").exists());
}

/// Advice must neither stand in what the application writes, nor be what the kubelet shows of the application's end.
#[test]
fn advisory_starts_it_all_the_same() {
    let pod = Pod::new(DENIED);
    let (code, out, err) = pod.run(&mut pod.exec(&["--advisory"], &["sh", "-c", "echo started; exit 9"]));
    assert_eq!((code, out.as_str()), (Some(9), "started\n"), "{err}");
    assert!(err.contains("\n× FAIL (advisory, exit 0) trust-policy-denied: ") && !err.contains('\u{1b}') && !pod.log().exists(), "{err}");
}

/// A limit on processes forbids the check's thread: nothing is proven, and that is no reason to stop who asked for advice only.
#[test]
fn a_fault_of_the_probe_holds_back_no_advisory_start() {
    let folder = tempfile::tempdir().unwrap();
    // Root is not limited, and whoever runs it then must reach the program.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(Command::new(BINARY).arg("install").arg(folder.path()).status().unwrap().success());
    let run = |flags: &[&str]| {
        let mut command = Command::new("prlimit");
        command.arg("--nproc=0").arg(folder.path().join("irsa-probe")).args(flags).env_clear();
        if rustix::process::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        let Output { status, stdout, stderr } = command.output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    };
    let (code, out, err) = run(&["exec", "--advisory", "--", "/bin/echo", "started"]);
    assert_eq!((code, out.as_str()), (Some(0), "started\n"), "{err}");
    assert!(err.contains("the check could not be run"), "{err}");
    let (code, out, _) = run(&["exec", "--", "/bin/echo", "started"]);
    assert_eq!((code, out.as_str()), (Some(3), ""));
    assert_eq!(run(&["check", "--advisory"]).0, Some(0));
}

#[test]
fn the_off_switch_starts_it_whatever_else_is_wrong() {
    let pod = Pod::new(DENIED);
    for flags in [&[][..], &["--no-such-flag", "--timeout"]] {
        let (code, out, err) = pod.run(pod.exec(flags, &["echo", "--started"]).env("IRSA_PROBE_DISABLED", "INC-42"));
        assert_eq!((code, out.as_str()), (Some(0), "--started\n"), "{err}");
        assert!(err.contains("INC-42") && err.lines().count() == 1, "{err}");
    }
    assert!(pod.sandbox.requests().is_empty() && !pod.log().exists());
}

#[test]
fn a_command_that_cannot_be_started_is_named() {
    let pod = Pod::new(HEALTHY);
    std::fs::write(pod.sandbox.dir().join("text"), "no program").unwrap();
    for (command, exit, names) in [("no-such-command", 127, "no-such-command"), ("./text", 126, "./text"), ("/", 126, "exec: /")] {
        let (code, out, err) = pod.run(&mut pod.exec(&["--log-level", "off"], &[command]));
        assert_eq!((code, out.as_str(), err.lines().count()), (Some(exit), "", 1), "{err}");
        assert!(err.contains(names) && err.contains("cannot be started"), "{err}");
    }
    for args in [&["exec"][..], &["exec", "--"], &["exec", "--advisory"]] {
        let (code, _, err) = pod.run(&mut pod.start(BINARY, args));
        assert!(code == Some(2) && err.contains("irsa-probe exec -- "), "{args:?}: {err}");
    }
}

#[test]
fn sigterm_during_the_check_ends_it_before_the_application() {
    let pod = Pod::new(HANGING);
    let mut child = pod.exec(&["--timeout", "1h"], &["touch", "started"]).spawn().unwrap();
    until(|| !pod.sandbox.requests().is_empty());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!pod.sandbox.dir().join("started").exists());
}

#[test]
fn install_copies_the_program_also_over_one_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("irsa-probe");
    // As a container that does not want its files to be read starts it.
    let install = |program: &Path| {
        let args = [OsStr::new("-c"), OsStr::new("umask 077; exec \"$0\" install \"$1\""), program.as_os_str(), folder.path().as_os_str()];
        let output = Command::new("sh").args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), target.to_str().unwrap());
        assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o7777, 0o755);
        assert!(std::fs::read(&target).unwrap() == std::fs::read(BINARY).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    };
    install(Path::new(BINARY));
    install(&target);
    let output = Command::new(&target).arg("--version").output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().starts_with(concat!("irsa-probe ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn install_says_where_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for dir in [folder.path().join("absent"), file, Path::new("/proc/self").to_owned()] {
        let output = Command::new(BINARY).arg("install").arg(&dir).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len(), err.lines().count()), (Some(1), 0, 1), "{err}");
        assert!(err.contains(dir.to_str().unwrap()) && err.contains("emptyDir"), "{err}");
    }
    for args in [&["install"][..], &["install", "a", "b"]] {
        assert_eq!(Command::new(BINARY).args(args).output().unwrap().status.code(), Some(2), "{args:?}");
    }
}

fn until(condition: impl Fn() -> bool) {
    support::until("it came to that", condition);
}
