//! A tiny client of its own: raw requests, and a signer that shares only the hashes with the sandbox.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use crate::support::{
    Sandbox,
    http::encode,
    sigv4::{hex, hmac_chain, sha256_hex},
    state::{amz, unix_now},
};

/// A response, as text.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Got {
    /// The text between the first pair of these tags.
    pub fn tag(&self, name: &str) -> &str {
        let open = format!("<{name}>");
        let Some((_, rest)) = self.body.split_once(&open) else { panic!("no {name} in {self:?}") };
        rest.split_once(&format!("</{name}>")).unwrap().0
    }

    /// An STS error as `status code message`.
    pub fn error(&self) -> String {
        format!("{} {}: {}", self.status, self.tag("Code"), self.tag("Message"))
    }

    pub fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }
}

/// The sandbox that this situation describes, with STS in the clear.
pub fn sandbox(situation: Value) -> Sandbox {
    let mut situation = situation;
    if situation["sts"]["reach"].is_null() {
        situation["sts"]["reach"] = "override-http".into();
    }
    Sandbox::start(&serde_json::from_value(situation).unwrap())
}

/// What the server sends until it closes, or stays silent for a while (hangs).
pub fn exchange(address: &str, request: &str) -> String {
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    tcp.write_all(request.as_bytes()).unwrap();
    let mut text = Vec::new();
    let _ = tcp.read_to_end(&mut text);
    String::from_utf8(text).unwrap()
}

pub fn request(method: &str, path: &str, host: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    format!("{text}\r\n{body}")
}

/// One call to a URL in the clear.
pub fn call(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Got {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').map_or((rest, "/".to_owned()), |(host, path)| (host, format!("/{path}")));
    Got::parse(&exchange(host, &request(method, &path, host, headers, body)))
}

pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// AssumeRoleWithWebIdentity with the pod's own token and role; `changes` replace parameters, `""` removes one.
pub fn assume(sandbox: &Sandbox, changes: &[(&str, &str)]) -> Got {
    call("POST", &sandbox.expand("{sts}"), &[FORM], &assume_body(sandbox, changes))
}

pub fn assume_body(sandbox: &Sandbox, changes: &[(&str, &str)]) -> String {
    let (role, token) = (sandbox.expand("{role}"), sandbox.expand("{jwt}"));
    let mut parameters = vec![
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", &role),
        ("RoleSessionName", "test-session"),
        ("WebIdentityToken", &token),
    ];
    parameters.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

/// A signer whose every input a test can bend.
#[derive(Debug, Clone)]
pub struct Signer {
    pub key: String,
    pub secret: String,
    pub token: Option<String>,
    pub region: String,
    pub service: String,
    pub at: i64,
    pub host: String,
    /// Whether the session token is covered by the signature.
    pub sign_token: bool,
}

pub const IDENTITY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

impl Signer {
    /// Signs for the pod's endpoint with what AssumeRoleWithWebIdentity answered.
    pub fn new(sandbox: &Sandbox, assumed: &Got) -> Self {
        Self {
            key: assumed.tag("AccessKeyId").to_owned(),
            secret: assumed.tag("SecretAccessKey").to_owned(),
            token: Some(assumed.tag("SessionToken").to_owned()),
            region: "us-west-2".to_owned(),
            service: "sts".to_owned(),
            at: unix_now(),
            host: sandbox.expand("{sts}").split_once("://").unwrap().1.to_owned(),
            sign_token: true,
        }
    }

    /// The signed headers of a POST with this body.
    pub fn headers(&self, body: &str) -> Vec<(&'static str, String)> {
        let date = amz(self.at);
        let mut signed = vec![("content-type", FORM.1.to_owned()), ("host", self.host.clone()), ("x-amz-date", date.clone())];
        let token = self.token.clone().map(|token| ("x-amz-security-token", token));
        if self.sign_token {
            signed.extend(token.clone());
        }
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", sha256_hex(body.as_bytes()));
        let scope = format!("{}/{}/{}/aws4_request", &date[..8], self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
        let signature = hex(&hmac_chain(&self.secret, &[&date[..8], &self.region, &self.service, "aws4_request", &to_sign]));
        let authorization = format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.key);
        let mut headers = vec![("content-type", FORM.1.to_owned()), ("x-amz-date", date), ("authorization", authorization)];
        headers.extend(token);
        headers
    }

    /// GetCallerIdentity, signed.
    pub fn call(&self) -> Got {
        self.send(&self.headers(IDENTITY), IDENTITY)
    }

    pub fn send(&self, headers: &[(&'static str, String)], body: &str) -> Got {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        call("POST", &format!("http://{}", self.host), &headers, body)
    }
}
