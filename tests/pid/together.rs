//! Pods that share their process namespace, and `kubectl debug --target`: which process is the application.
//!
//! Process 1 is a copy of sleep by the name of pause; containers are mount namespaces. Only root can make them here.

use super::*;

/// A process namespace with a first process of its own.
struct Shared {
    first: Target,
    /// The first process's number outside.
    inside: String,
    dir: tempfile::TempDir,
}

impl Shared {
    /// `None` where none can be made.
    fn starting(name: &str, env: &BTreeMap<String, String>) -> Option<Shared> {
        let dir = tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755)).tempdir().unwrap();
        std::fs::copy("/usr/bin/sleep", dir.path().join(name)).unwrap();
        std::fs::copy(env!("CARGO_BIN_EXE_irsa-probe"), dir.path().join("irsa-probe")).unwrap();
        let mut unshare = Command::new("unshare");
        unshare.args(["--pid", "--fork", "--mount-proc", "--kill-child", "--"]).arg(dir.path().join(name)).arg("999");
        let first = Target::start(&mut unshare, env);
        let child = || children(&first.pid().to_string()).into_iter().next().unwrap_or_default();
        let ended = || std::fs::read_to_string(format!("/proc/{}/status", first.pid())).is_ok_and(|status| status.contains("State:\tZ"));
        patiently(|| !child().is_empty() || ended());
        let inside = child();
        if inside.is_empty() {
            skip("no process namespace can be made here");
            return None;
        }
        let shared = Shared { first, inside, dir };
        shared.until(&shared.inside, name);
        Some(shared)
    }

    fn with_pause() -> Option<Shared> {
        Shared::starting("pause", &BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]))
    }

    fn until(&self, pid: &str, name: &str) {
        patiently(|| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name));
    }

    /// Runs what is given to it beside the first process, as another container does.
    fn beside(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.inside, "--pid", "--mount", "--", "unshare", "--mount", "--"]);
        command
    }

    /// An application, with its numbers in there and out here.
    fn application(&self, env: &BTreeMap<String, String>, name: &str, program: &[&str]) -> (Target, u32, String) {
        let target = Target::start(self.beside().args(program), env);
        let outside = || children(&target.pid().to_string()).into_iter().next();
        patiently(|| outside().is_some());
        let outside = outside().unwrap();
        self.until(&outside, name);
        let status = std::fs::read_to_string(format!("/proc/{outside}/status")).unwrap();
        let inside = status.lines().find_map(|line| line.strip_prefix("NSpid:")?.split_whitespace().last()?.parse().ok());
        (target, inside.unwrap(), outside)
    }

    /// The check in a container of its own, started by `by`.
    fn check(&self, by: &[&str], pid: &str, args: &[&str], sandbox: &Sandbox) -> Output {
        let mut command = self.beside();
        command.args(by).arg(self.dir.path().join("irsa-probe")).args(["check", "--pid", pid, "--timeout", "4s", "--no-imds"]);
        command.args(["--termination-log", "none", "--log-level", "off"]).args(args);
        command.env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        output_of(command, sandbox)
    }

    fn report(&self, pid: &str, sandbox: &Sandbox) -> (Value, Option<i32>) {
        let output = self.check(&[], pid, &["--output", "json"], sandbox);
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {}", text(&output.stderr)));
        (report, output.status.code())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Whoever is in there ends with its first process.
        let _ = Command::new("kill").args(["-KILL", &self.inside]).status();
        let _ = self.first.0.kill();
    }
}

/// Not every kernel lists them (CONFIG_PROC_CHILDREN).
fn children(parent: &str) -> Vec<String> {
    let is_child = |pid: &String| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line.strip_prefix("PPid:").is_some_and(|number| number.trim() == parent))
    };
    let names = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).filter(is_child).collect()
}

fn sandbox() -> Sandbox {
    Sandbox::start(&world(json!({"sts": {"reach": "override-http"}, "imds": "absent"})))
}

fn is_root() -> bool {
    let root = geteuid().is_root();
    if !root {
        skip("only root can make a process namespace");
    }
    root
}

const SLEEP: [&str; 2] = ["sleep", "999"];

#[test]
fn process_1_is_pause() {
    if !is_root() {
        return;
    }
    let Some(pod) = Shared::with_pause() else { return };
    let sandbox = sandbox();
    // No other process is there yet: it is judged as asked.
    let (report, exit) = pod.report("1", &sandbox);
    assert_eq!((exit, findings(&report)), (Some(1), vec!["not-injected"]));
    let said = refused(&pod.check(&[], "auto", &[], &sandbox));
    assert!(said.contains("auto: no process here can be the application"), "{said}");
    let (_app, number, _) = pod.application(&sandbox.env(), "sleep", &SLEEP);
    let said = refused(&pod.check(&[], "1", &[], &sandbox));
    assert!(
        said.contains("process 1 is the pause container's, which has no AWS_* variable: this pod shares its process namespace"),
        "{said}"
    );
    assert!(said.trim_end().ends_with(&format!("number: {number} (sleep, UID 0, GID 0, has AWS_* variables)")), "{said}");
    assert_eq!(pod.check(&[], "1", &["--advisory"], &sandbox).status.code(), Some(0));
    let (report, exit) = pod.report("auto", &sandbox);
    assert_eq!((exit, &report["subject"]["pid"]), (Some(0), &json!(number)), "{report:#}");
    let evidence = pod.check(&[], "auto", &["--output", "evidence"], &sandbox);
    let evidence: Value = serde_json::from_slice(&evidence.stdout).unwrap();
    assert_eq!(evidence["inputs"]["settings"]["pid"], number);
    // The debug container's shell is not the application.
    let by_shell = pod.check(&["sh", "-c", "\"$@\"; exit $?", "sh"], "auto", &[], &sandbox);
    assert_eq!(by_shell.status.code(), Some(0), "{}", text(&by_shell.stderr));
    assert_eq!(pod.report(&number.to_string(), &sandbox).1, Some(0));
}

#[test]
fn who_may_not_read_it_is_not_told_to_become_pause() {
    if !is_root() {
        return;
    }
    let Some(pod) = Shared::with_pause() else { return };
    let sandbox = sandbox();
    let app = ["setpriv", "--reuid=1000", "--regid=3000", "--clear-groups", "--", "sleep", "999"];
    let (_app, number, _) = pod.application(&sandbox.env(), "sleep", &app);
    let user = ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups", "--"];
    let said = refused(&pod.check(&user, "1", &[], &sandbox));
    let listed = format!("{number} (sleep, UID 1000, GID 3000, its environment may not be read by this check's UID 65532, GID 65532)");
    assert!(said.contains("process 1 is the pause container's: this pod") && said.trim_end().ends_with(&listed), "{said}");
    assert!(!said.contains("runAsUser"), "{said}");
    let said = refused(&pod.check(&user, "auto", &[], &sandbox));
    assert!(said.contains(&format!("process {number} may not be read from here: it runs as UID 1000, GID 3000")), "{said}");
    assert!(said.contains(r#"{"runAsUser":1000,"runAsGroup":3000}"#), "{said}");
    let as_app = ["setpriv", "--reuid=1000", "--regid=3000", "--clear-groups", "--"];
    assert_eq!(pod.check(&as_app, "auto", &[], &sandbox).status.code(), Some(0));
}

#[test]
fn an_application_by_that_name() {
    if !is_root() {
        return;
    }
    let sandbox = sandbox();
    let Some(pod) = Shared::starting("pause", &sandbox.env()) else { return };
    let _other = pod.application(&BTreeMap::new(), "sleep", &SLEEP);
    let (report, exit) = pod.report("1", &sandbox);
    assert_eq!((exit, &report["verdict"]), (Some(0), &json!("pass")), "{report:#}");
    let said = refused(&pod.check(&[], "auto", &[], &sandbox));
    assert!(
        said.contains("2 processes here can be the application") && said.contains("1 (pause, UID 0, GID 0, has AWS_* variables); "),
        "{said}"
    );
    // And one by another name without an identity, as process 1: what --target gives, and a pod that lacks its injection.
    let Some(pod) = Shared::starting("checkout", &BTreeMap::new()) else { return };
    let _other = pod.application(&sandbox.env(), "sleep", &SLEEP);
    let (report, exit) = pod.report("1", &sandbox);
    assert_eq!((exit, findings(&report)), (Some(1), vec!["not-injected"]));
}

#[test]
fn an_application_with_workers_and_one_beside_it() {
    if !is_root() {
        return;
    }
    let Some(pod) = Shared::with_pause() else { return };
    let sandbox = sandbox();
    let master = ["sh", "-c", "sleep 999 & sleep 999 & wait"];
    let (_app, number, outside) = pod.application(&sandbox.env(), "sh", &master);
    let name = |pid: &String| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let sleepers = || children(&outside).iter().filter(|pid| name(pid) == "sleep\n").count();
    patiently(|| sleepers() == 2);
    let (report, exit) = pod.report("auto", &sandbox);
    assert_eq!((exit, &report["subject"]["pid"]), (Some(0), &json!(number)), "its topmost process: {report:#}");
    let said = refused(&pod.check(&[], "1", &[], &sandbox));
    assert!(said.trim_end().ends_with(&format!("{number} (sh, UID 0, GID 0, has AWS_* variables, 2 more like it)")), "{said}");
    // Another container with the same variables, as the webhook gives them to every container of a pod.
    let (_mesh, second, _) = pod.application(&sandbox.env(), "sleep", &SLEEP);
    let said = refused(&pod.check(&[], "auto", &[], &sandbox));
    assert!(said.contains("2 processes here can be the application; choose one and give its number: "), "{said}");
    assert!(
        said.contains(&format!("{number} (sh, ")) && said.contains(&format!("{second} (sleep, UID 0, GID 0, has AWS_* variables)")),
        "{said}"
    );
    assert_eq!(pod.check(&[], "auto", &["--advisory"], &sandbox).status.code(), Some(0));
    assert_eq!(pod.report(&second.to_string(), &sandbox).1, Some(0));
}
