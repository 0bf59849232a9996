//! AWS: moto (IAM, STS, EKS) on loopback, one server for all tests and an account for each.

use serde_json::Value;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// The folder with `aws` and `moto_server`, installed once.
pub fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let folder = target.join("peer");
        // Another `cargo test` may be about to install it, too. Unlocked when it is closed.
        let lock = File::create(target.join("peer.lock")).unwrap();
        lock.lock().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/install");
        let output = Command::new(script).arg(&folder).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "no AWS to talk to: {}", said.lines().last().unwrap_or_default());
        folder
    })
}

/// The AWS CLI, which is loaded once for all calls (`aws.py`).
pub fn aws() -> &'static Path {
    static AWS: OnceLock<(PathBuf, TempDir, ChildStdin, Child)> = OnceLock::new();
    let (aws, ..) = AWS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (python, tests) = (installed().join("bin/python"), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor"));
        let (aws, socket) = (folder.path().join("aws"), folder.path().join("socket"));
        let mut child = Command::new(&python)
            .arg(tests.join("aws.py"))
            .arg(&socket)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut ready = String::new();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n", "the AWS CLI did not start");
        let call = tests.join("aws_call.py");
        let script = format!("#!/bin/sh\nexec '{}' -IS '{}' '{}' \"$@\"\n", python.display(), call.display(), socket.display());
        std::fs::write(&aws, script).unwrap();
        std::fs::set_permissions(&aws, std::fs::Permissions::from_mode(0o755)).unwrap();
        (aws, folder, stdin, child)
    });
    aws
}

/// Ends by itself when its standard input closes: with this process, however that ends.
const SERVER: &str = "
import os, sys, threading
def watch():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', '0'])
";

/// Where moto listens.
pub fn moto() -> &'static str {
    static MOTO: OnceLock<(String, ChildStdin, Child)> = OnceLock::new();
    let (address, ..) = MOTO.get_or_init(|| {
        let mut child = Command::new(installed().join("bin/python"))
            .args(["-c", SERVER])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            line.split_once("Running on http://").map(|(_, address)| address.trim().to_owned())
        });
        // Its log has to go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        (address.expect("moto did not start"), stdin, child)
    });
    address
}

/// An account with credentials.
pub struct Account {
    pub id: String,
    pub key: [String; 3],
}

impl Account {
    pub fn new() -> Account {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let id = format!("2000000{:05}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut account = Account { id, key: ["AKIAEXAMPLE".to_owned(), String::new(), String::new()] };
        let role = format!("arn:aws:iam::{}:role/doctor", account.id);
        let answer = account.call("sts", &[("Action", "AssumeRole"), ("RoleArn", &role), ("RoleSessionName", "doctor")]);
        let element = |name: &str| answer.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split('<').next()).unwrap().to_owned();
        account.key = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(element);
        account
    }

    pub fn role(&self, path: &str, name: &str, trust: &Value) {
        let trust = trust.to_string();
        self.call("iam", &[("Action", "CreateRole"), ("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", &trust)]);
    }

    pub fn tag_role(&self, name: &str, key: &str, value: &str) {
        self.call("iam", &[("Action", "TagRole"), ("RoleName", name), ("Tags.member.1.Key", key), ("Tags.member.1.Value", value)]);
    }

    pub fn inline_policy(&self, role: &str, name: &str) {
        let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#;
        self.call("iam", &[("Action", "PutRolePolicy"), ("RoleName", role), ("PolicyName", name), ("PolicyDocument", policy)]);
    }

    pub fn provider(&self, issuer: &str, audience: &str) {
        self.call(
            "iam",
            &[
                ("Action", "CreateOpenIDConnectProvider"),
                ("Url", issuer),
                ("ClientIDList.member.1", audience),
                ("ThumbprintList.member.1", "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"),
            ],
        );
    }

    /// Makes a cluster, and says which issuer it got.
    pub fn cluster(&self, name: &str) -> String {
        let body = format!(r#"{{"name":"{name}","roleArn":"arn:aws:iam::{}:role/eks","resourcesVpcConfig":{{}}}}"#, self.id);
        let answer = self.send("eks", "/clusters", "application/json", &body);
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        answer["cluster"]["identity"]["oidc"]["issuer"].as_str().unwrap().to_owned()
    }

    pub fn call(&self, service: &str, fields: &[(&str, &str)]) -> String {
        let encoded = |text: &str| -> String {
            text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
        };
        let version = match service {
            "sts" => "2011-06-15",
            "ec2" => "2016-11-15",
            _ => "2010-05-08",
        };
        let body: Vec<String> =
            fields.iter().chain(&[("Version", version)]).map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.send(service, "/", "application/x-www-form-urlencoded", &body.join("&"))
    }

    /// moto looks at the credential's key and scope, not at the signature.
    fn send(&self, service: &str, path: &str, kind: &str, body: &str) -> String {
        let region = if matches!(service, "eks" | "ec2") { "eu-central-1" } else { "us-east-1" };
        let host = format!("{service}.{region}.amazonaws.com");
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={}/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{body}",
            body.len(),
            self.key[0],
        );
        let mut stream = TcpStream::connect(moto()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.split(' ').nth(1).unwrap().starts_with('2'), "{answer}");
        body.to_owned()
    }
}
