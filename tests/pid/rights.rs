//! What the judged process may not read is not read, and so it is not sent. All through the real binary, as root.

use super::*;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

/// A pod whose token lies in a file of its own, and STS in the clear beside it.
struct Pod(Sandbox);

impl Pod {
    fn new() -> Pod {
        Pod::of(json!({"token": {"as": "file"}, "sts": {"reach": "override-http"}, "imds": "absent"}))
    }

    fn of(json: Value) -> Pod {
        Pod(Sandbox::start(&world(json)))
    }

    fn token(&self) -> PathBuf {
        self.0.expand("{token}").into()
    }

    fn file(&self, name: &str, mode: u32, uid: u32, gid: u32) -> PathBuf {
        let path = self.0.dir().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(self.token(), &path).unwrap();
        own(&path, mode, uid, gid);
        path
    }

    fn with(&self, name: &str, value: impl Into<String>) -> BTreeMap<String, String> {
        let mut env = self.0.env();
        env.insert(name.to_owned(), value.into());
        env
    }

    fn with_token(&self, path: &Path) -> BTreeMap<String, String> {
        self.with("AWS_WEB_IDENTITY_TOKEN_FILE", path.to_str().unwrap())
    }

    /// Proven, and STS saw the token.
    fn proves(&self, target: &Target) {
        let (report, exit) = report_on(target.pid(), &["--no-imds"], &self.0);
        assert_eq!((exit, &report["verdict"]), (Some(0), &json!("pass")), "{report:#}");
        assert!(calls(&self.0, Service::Sts, "AssumeRoleWithWebIdentity") > 0);
    }

    /// Nothing was sent. The detail of the root cause.
    fn reads_nothing(&self, target: &Target) -> String {
        let before = self.0.requests().len();
        let (report, exit) = report_on(target.pid(), &["--no-imds"], &self.0);
        assert_eq!((exit, findings(&report)), (Some(1), vec!["token-unreadable", "endpoint-override"]), "{report:#}");
        assert_eq!(self.0.requests().len(), before, "something was sent");
        report["rootCause"]["detail"].as_str().unwrap().to_owned()
    }
}

fn own(path: &Path, mode: u32, uid: u32, gid: u32) {
    chown(path, Some(uid), Some(gid)).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// A process with the credentials that setpriv(1) gives it.
fn process(arguments: &[&str], env: &BTreeMap<String, String>) -> Target {
    asleep(Command::new("setpriv").args(arguments).args(["--", "sleep", "999"]), env)
}

/// Until it sleeps, it is the program that takes on the credentials, and has others.
fn asleep(program: &mut Command, env: &BTreeMap<String, String>) -> Target {
    let target = Target::start(program, env);
    patiently(|| std::fs::read(format!("/proc/{}/cmdline", target.pid())).is_ok_and(|line| line.starts_with(b"sleep\0")));
    target
}

const APP: [&str; 3] = ["--reuid=1000", "--regid=3000", "--clear-groups"];
const DROPPED: [&str; 5] = ["--reuid=0", "--regid=0", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"];

fn is_root() -> bool {
    let root = geteuid().is_root();
    if !root {
        skip("only root can start processes of other users");
    }
    root
}

#[test]
fn an_fs_groups_token() {
    if !is_root() {
        return;
    }
    let pod = Pod::new();
    let token = pod.file("fs-group/token", 0o640, 0, 2000);
    let env = pod.with_token(&token);
    pod.proves(&process(&["--reuid=1000", "--regid=3000", "--groups=4000,2000"], &env));
    pod.proves(&process(&["--reuid=1000", "--regid=2000", "--clear-groups"], &env));
    let said = pod.reads_nothing(&process(&["--reuid=1000", "--regid=3000", "--groups=4000,2001"], &env));
    assert!(said.contains("Permission denied") && said.contains("the file has mode 0640, owner 0:2000"), "{said}");
    assert!(said.ends_with(" runs as UID 1000, GIDs 3000,2001,4000."), "{said}");
    // As the kubelet lays it out, by links.
    let projected = Pod::of(json!({"sts": {"reach": "override-http"}, "imds": "absent"}));
    let token = projected.token();
    own(&token.canonicalize().unwrap(), 0o640, 0, 2000);
    projected.proves(&process(&["--reuid=1000", "--regid=3000", "--groups=2000"], &projected.0.env()));
    projected.reads_nothing(&process(&APP, &projected.0.env()));
}

#[test]
fn root_without_capabilities() {
    if !is_root() {
        return;
    }
    let pod = Pod::new();
    let of_user = pod.file("user/token", 0o600, 1000, 1000);
    let said = pod.reads_nothing(&process(&DROPPED, &pod.with_token(&of_user)));
    assert!(said.contains("the file has mode 0600, owner 1000:1000") && said.contains("runs as UID 0, GIDs 0"), "{said}");
    own(&of_user, 0o644, 1000, 1000);
    pod.proves(&process(&DROPPED, &pod.with_token(&of_user)));
    own(&of_user, 0o600, 1000, 1000);
    let default = ["--reuid=0", "--regid=0", "--clear-groups", "--inh-caps=-all,+dac_override", "--bounding-set=-all,+dac_override"];
    pod.proves(&process(&default, &pod.with_token(&of_user)));
    own(&of_user, 0o600, 0, 0);
    pod.proves(&process(&DROPPED, &pod.with_token(&of_user)));
}

/// The target names a file that it may not read, and its own server for whatever is read there.
#[test]
fn a_token_that_root_alone_may_read_is_not_sent() {
    if !is_root() {
        return;
    }
    let pod =
        Pod::of(json!({"inject": ["irsa", "pod-identity"], "token": {"as": "file"}, "podIdentityToken": {"as": "file"}, "imds": "absent"}));
    let secret = pod.file("secret/token", 0o600, 0, 0);
    let secret = secret.to_str().unwrap();
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    own.set_nonblocking(true).unwrap();
    let url = format!("http://{}", own.local_addr().unwrap());
    let role = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/checkout");
    for (what, variables) in [
        ("STS", vec![role, ("AWS_WEB_IDENTITY_TOKEN_FILE", secret), ("AWS_ENDPOINT_URL_STS", &url)]),
        ("every service", vec![role, ("AWS_WEB_IDENTITY_TOKEN_FILE", secret), ("AWS_ENDPOINT_URL", &url)]),
        ("a proxy", vec![role, ("AWS_WEB_IDENTITY_TOKEN_FILE", secret), ("HTTPS_PROXY", &url)]),
        ("the agent", vec![("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", secret)]),
    ] {
        let env: BTreeMap<String, String> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let env = env.into_iter().chain([("AWS_REGION".to_owned(), "us-west-2".to_owned())]).collect();
        let target = process(&APP, &env);
        let (report, exit) = report_on(target.pid(), &["--no-imds", "--check-issuer"], &pod.0);
        assert_eq!((exit, &report["rootCause"]["code"]), (Some(1), &json!("token-unreadable")), "{what}: {report:#}");
        assert_eq!(
            report["token"],
            json!({"path": secret, "issuer": null, "subject": null, "audience": [], "issuedAt": null, "expiresAt": null})
        );
        assert_eq!(own.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "{what} was called");
    }
    // This check's own container has a token as well, where the kubelet mounts it; it is never the target's.
    let nothing = BTreeMap::from([("AWS_ENDPOINT_URL_STS".to_owned(), url), ("AWS_REGION".to_owned(), "us-west-2".to_owned())]);
    let (report, _) = report_on(process(&APP, &nothing).pid(), &["--no-imds"], &pod.0);
    assert_eq!(findings(&report)[0], "not-injected");
    assert_eq!(own.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(pod.0.requests().len(), 0);
}

#[test]
fn folders_and_links_on_the_way() {
    if !is_root() {
        return;
    }
    let pod = Pod::new();
    let token = pod.file("outer/inner/token", 0o644, 0, 0);
    let (outer, inner) = (token.ancestors().nth(2).unwrap(), token.ancestors().nth(1).unwrap());
    let link = pod.0.dir().join("link");
    symlink("outer/inner/token", &link).unwrap();
    for path in [&token, &link] {
        let target = process(&APP, &pod.with_token(path));
        own(outer, 0o700, 0, 0);
        let said = pod.reads_nothing(&target);
        assert!(said.contains(&format!("the folder {} has mode 0700, owner 0:0", outer.display())), "{said}");
        own(outer, 0o711, 0, 0);
        pod.proves(&target);
        own(inner, 0o744, 0, 0);
        let said = pod.reads_nothing(&target);
        assert!(said.contains(&format!("the folder {} has mode 0744", inner.display())) && said.contains("runs as UID 1000"), "{said}");
        own(inner, 0o710, 0, 3000);
        pod.proves(&target);
        own(inner, 0o755, 0, 0);
    }
}

#[test]
fn configuration_and_trust_are_files_like_any_other() {
    if !is_root() {
        return;
    }
    let pod = Pod::of(json!({"sts": {"reach": "override"}, "imds": "absent", "files": {
        "roots/config": "[default]\nregion = ap-northeast-1\n",
        "roots/credentials": "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = c2VjcmV0c2VjcmV0c2VjcmV0\n",
    }}));
    let dir = pod.0.dir();
    let mut env = pod.with("AWS_CONFIG_FILE", dir.join("roots/config").to_str().unwrap());
    env.insert("AWS_SHARED_CREDENTIALS_FILE".to_owned(), dir.join("roots/credentials").to_str().unwrap().to_owned());
    let target = process(&APP, &env);
    let evidence = || {
        let output = output_of(check(target.pid(), &["--output", "evidence", "--no-imds"]), &pod.0);
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)))
    };
    for name in ["roots/config", "roots/credentials"] {
        own(&dir.join(name), 0o600, 0, 0);
    }
    let profile = &evidence()["inputs"]["profile"];
    assert_eq!((&profile["region"], &profile["credentials"], &profile["files"]), (&Value::Null, &Value::Null, &json!([])));
    assert!(profile["error"].as_str().unwrap().contains("the file has mode 0600, owner 0:0; process"), "{profile}");
    for name in ["roots/config", "roots/credentials"] {
        own(&dir.join(name), 0o640, 0, 3000);
    }
    let profile = &evidence()["inputs"]["profile"];
    assert_eq!((&profile["region"], &profile["credentials"]), (&json!("ap-northeast-1"), &json!("static-keys")));
    own(&dir.join("ca.pem"), 0o600, 0, 0);
    let (report, exit) = report_on(target.pid(), &["--no-imds"], &pod.0);
    assert_eq!((exit, &report["rootCause"]["code"]), (Some(1), &json!("tls-untrusted")), "{report:#}");
    let said = report["rootCause"]["detail"].as_str().unwrap();
    assert!(
        said.contains("AWS_CA_BUNDLE=") && said.contains("Permission denied") && said.contains("runs as UID 1000, GIDs 3000"),
        "{said}"
    );
    own(&dir.join("ca.pem"), 0o644, 0, 0);
    assert_eq!(report_on(target.pid(), &["--no-imds"], &pod.0).1, Some(0));
}

/// Where it cannot be told whether the process may read it, it is not read, and there is no verdict.
#[test]
fn what_cannot_be_told() {
    if !is_root() {
        return;
    }
    let pod = Pod::new();
    let token = pod.file("listed/token", 0o640, 0, 0);
    // acl(5) as it lies on disk: user 1000 may read.
    let list = [(1u16, 6u16, u32::MAX), (2, 4, 1000), (4, 0, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)];
    let mut bytes = 2u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in list {
        bytes.extend([tag.to_le_bytes(), permissions.to_le_bytes()].concat());
        bytes.extend(id.to_le_bytes());
    }
    if rustix::fs::setxattr(&token, "system.posix_acl_access", &bytes, rustix::fs::XattrFlags::empty()).is_err() {
        return skip("the file system of /tmp takes no access control list");
    }
    let target = process(&APP, &pod.with_token(&token));
    let said = refused(&output_of(check(target.pid(), &["--log-level", "off", "--no-imds"]), &pod.0));
    assert!(said.contains(&format!("{}: it is not known whether process {} may read it", token.display(), target.pid())), "{said}");
    assert!(said.contains("has an access control list") && said.contains("so it was not read"), "{said}");
    assert!(said.contains(r#"{"runAsUser":1000,"runAsGroup":3000}"#) && !said.contains("denied"), "{said}");
    assert_eq!(pod.0.requests().len(), 0);
    // With the process's own credentials the kernel decides, also by the list.
    let binary = pod.0.dir().join("irsa-probe");
    std::fs::copy(env!("CARGO_BIN_EXE_irsa-probe"), &binary).unwrap();
    let mut as_app = Command::new("setpriv");
    as_app.env_clear().env("PATH", "/usr/bin:/bin").args(APP).arg("--").arg(&binary);
    as_app.args(check(target.pid(), &["--log-level", "off", "--no-imds"]).get_args());
    let output = output_of(as_app, &pod.0);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    // What an earlier step has found needs no token.
    let mut env = pod.with_token(&token);
    env.insert("AWS_ROLE_ARN".to_owned(), "arn:aws:iam::111122223333:user/checkout".to_owned());
    let (report, exit) = report_on(process(&APP, &env).pid(), &["--no-imds"], &pod.0);
    assert_eq!((exit, &report["rootCause"]["code"]), (Some(1), &json!("role-arn-malformed")));
}

/// The check may less than the process: that is the check's own lack, and no word on the process.
#[test]
fn what_only_the_process_may_read() {
    if !is_root() {
        return;
    }
    let pod = Pod::new();
    let token = pod.file("fs-group/token", 0o640, 0, 2000);
    let target = process(&["--reuid=1000", "--regid=3000", "--groups=2000"], &pod.with_token(&token));
    let binary = pod.0.dir().join("irsa-probe");
    std::fs::copy(env!("CARGO_BIN_EXE_irsa-probe"), &binary).unwrap();
    let mut without = Command::new("setpriv");
    without.env_clear().env("PATH", "/usr/bin:/bin").args(APP).arg("--").arg(&binary);
    without.args(check(target.pid(), &["--log-level", "off", "--no-imds"]).get_args());
    let said = refused(&output_of(without, &pod.0));
    assert!(said.contains(&format!("process {} may read it, but this check itself may not, so it was not read", target.pid())), "{said}");
    assert_eq!(pod.0.requests().len(), 0);
}

/// Root of a user namespace, such as a pod's without hostUsers: its capabilities count for the namespace's own users alone.
#[test]
fn root_of_a_user_namespace() {
    if !is_root() {
        return;
    }
    let pod = Pod::new();
    let token = pod.file("mapped/token", 0o600, 100_007, 100_007);
    let Some(namespace) = UserNamespace::new() else { return skip("no user namespace can be made here") };
    let env = pod.with_token(&token);
    let target = asleep(namespace.command().args(["sleep", "999"]), &env);
    pod.proves(&target);
    own(&token, 0o600, 0, 0);
    let said = pod.reads_nothing(&target);
    assert!(said.contains("the file has mode 0600, owner 0:0") && said.contains("runs as UID 100000, GIDs 100000"), "{said}");
    own(&token, 0o600, 100_007, 0);
    pod.reads_nothing(&target);
    own(&token, 0o644, 0, 0);
    pod.proves(&target);
}
