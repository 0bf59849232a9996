//! What the running fakes share: the world as it is now, the sessions minted, what was seen, and every secret.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_smithy_types::date_time::{DateTime, Format};
use base64::{Engine, prelude::BASE64_STANDARD};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;

use super::{
    http::{Answer, Page, Seen},
    jwt,
    world::{Act, Script, Step, World},
};

/// Which fake saw a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    Sts,
    Imds,
    Agent,
    Issuer,
    /// The CONNECT proxy: operation `CONNECT host:port`.
    Proxy,
}

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub struct Record {
    pub service: Service,
    /// The name that the client connected for: `sts.us-west-2.amazonaws.com`, `localhost`, `127.0.0.1:1234`.
    pub host: String,
    /// STS: the endpoint's region, `aws-global` for the global one.
    pub region: Option<String>,
    /// STS: the Action. IMDS: `token`, `role`, `credentials`, `info`, `instance-id`, `region`, `document`, suffixed `-v1` without a token.
    pub operation: String,
    /// Counted over the whole sandbox; equal numbers are one TCP connection.
    pub connection: u64,
    pub at: SystemTime,
}

/// Credentials that STS knows.
#[derive(Debug, Clone)]
pub struct Session {
    pub secret: String,
    /// `None`: a user's long-term key.
    pub token: Option<String>,
    pub arn: String,
    pub user_id: String,
    pub account: String,
    /// The role that it was minted from by STS: it dies with the role.
    pub role: Option<String>,
    /// In AWS's clock.
    pub expires: Option<i64>,
}

/// New credentials, before anybody knows them.
#[derive(Debug, Clone)]
pub struct Minted {
    pub access_key: String,
    pub secret: String,
    pub token: String,
    /// In AWS's clock.
    pub expires: i64,
}

#[derive(Debug, Default)]
pub struct State {
    pub world: World,
    pub sessions: BTreeMap<String, Session>,
    /// IMDSv2 tokens and their ends.
    pub imds_tokens: BTreeMap<String, i64>,
    /// The node role's credentials, once IMDS has given them out.
    pub node_credentials: Option<Minted>,
    /// The web identity token that the pod was given last.
    pub web_identity_token: String,
    pub records: Vec<Record>,
    pub secrets: Vec<String>,
    /// The key set of a real cluster, in the place of the sandbox's own.
    pub cluster_keys: Option<Value>,
    /// How far each script has been consumed.
    steps: BTreeMap<String, usize>,
    connections: u64,
}

/// The state behind its lock.
#[derive(Debug, Clone, Default)]
pub struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn next_connection(&self) -> u64 {
        let mut state = self.lock();
        state.connections += 1;
        state.connections
    }
}

impl State {
    /// AWS's clock.
    pub fn now(&self) -> i64 {
        unix_now() + self.world.sts.clock_offset_seconds
    }

    /// The key set that the issuer publishes, and by which STS verifies.
    pub fn key_set(&self) -> Value {
        self.cluster_keys.clone().unwrap_or_else(|| jwt::jwks(self.world.issuer_site.keys))
    }

    pub fn record(&mut self, service: Service, seen: &Seen, region: Option<&str>, operation: &str) {
        self.records.push(Record {
            service,
            host: seen.server.clone(),
            region: region.map(str::to_owned),
            operation: operation.to_owned(),
            connection: seen.connection,
            at: SystemTime::now(),
        });
    }

    /// Remembers a secret, and for a long one also its head, so that a truncated leak is a leak too.
    pub fn secret(&mut self, text: &str) {
        const HEAD: usize = 24;
        let mut remember = |text: &str| {
            if text.len() >= 8 && !self.secrets.iter().any(|known| known == text) {
                self.secrets.push(text.to_owned());
            }
        };
        remember(text);
        if let Some((_, signature)) = text.rsplit_once('.') {
            remember(signature);
            remember(signature.get(..HEAD).unwrap_or_default());
        } else if text.len() > 100 {
            remember(text.get(SESSION_PREFIX.len()..SESSION_PREFIX.len() + HEAD).unwrap_or_default());
        }
    }

    /// Makes temporary credentials that STS then knows as the given identity.
    pub fn mint(&mut self, account: &str, arn: String, user_id: String, role: Option<String>, seconds: i64) -> Minted {
        let minted = Minted {
            access_key: format!("ASIA{}", random_upper(16)),
            secret: random_secret(),
            token: format!("{SESSION_PREFIX}{}", random_base64(360)),
            expires: self.now() + seconds,
        };
        for text in [&minted.access_key, &minted.secret, &minted.token] {
            self.secret(text);
        }
        let session = Session {
            secret: minted.secret.clone(),
            token: Some(minted.token.clone()),
            arn,
            user_id,
            account: account.to_owned(),
            role,
            expires: Some(minted.expires),
        };
        self.sessions.insert(minted.access_key.clone(), session);
        minted
    }

    /// The next step of a script, if it has not run out; `key` names the script's place.
    pub fn step(&mut self, key: &str, script: Option<&Script>) -> Option<Act> {
        let (steps, repeats) = match script? {
            Script::Steps(steps) => (steps, true),
            Script::Then(then) => (&then.steps, false),
        };
        let at = self.steps.entry(key.to_owned()).or_default();
        let step = steps.get(*at).or(if repeats { steps.last() } else { None })?;
        *at += 1;
        match step {
            Step::Normal(_) => None,
            Step::Act(act) => Some((**act).clone()),
        }
    }

    /// Scripts begin anew: the world has changed.
    pub fn rewind_scripts(&mut self) {
        self.steps.clear();
    }
}

/// A scripted answer of any service: the step's own page if it has one, else the normal one, delayed or cut as it says.
pub fn scripted(act: &Act, expand: impl Fn(&str) -> String, plain: impl FnOnce() -> Page, normal: impl FnOnce() -> Answer) -> Answer {
    if let Some(raw) = &act.raw {
        let headers = raw.headers.iter().map(|(name, value)| (name.clone(), expand(value))).collect();
        let mut body = expand(&raw.body).into_bytes();
        body.resize(body.len().max(raw.pad_to), b' ');
        return Answer::disturbed(Page { status: raw.status, headers, body }, act);
    }
    if act.status.is_some() || act.code.is_some() || act.body.is_some() {
        return Answer::disturbed(plain(), act);
    }
    match normal().how {
        super::http::How::Whole(page) => Answer::disturbed(page, act),
        how => Answer { delay: std::time::Duration::from_millis(act.delay_ms), how },
    }
}

/// What every session token of STS starts with.
const SESSION_PREFIX: &str = "IQoJb3JpZ2luX2VjE";

pub fn unix_now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// `2026-11-22T20:52:53Z`
pub fn iso(seconds: i64) -> String {
    DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap()
}

/// `20261122T205253Z`, as SigV4 writes it.
pub fn amz(seconds: i64) -> String {
    iso(seconds).replace(['-', ':'], "")
}

/// The reverse of [`amz`].
pub fn parse_amz(text: &str) -> Option<i64> {
    if text.len() != 16 || !text.is_ascii() {
        return None;
    }
    let iso = format!("{}-{}-{}:{}:{}", &text[..4], &text[4..6], &text[6..11], &text[11..13], &text[13..]);
    Some(DateTime::from_str(&iso, Format::DateTime).ok()?.secs())
}

/// `Sun, 22 Nov 2026 20:52:53 GMT`
pub fn http_date(seconds: i64) -> String {
    DateTime::from_secs(seconds).fmt(Format::HttpDate).unwrap()
}

pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).unwrap();
    bytes
}

/// Base64 text of the given length.
pub fn random_base64(length: usize) -> String {
    let mut bytes = vec![0; length.div_ceil(4) * 3];
    SystemRandom::new().fill(&mut bytes).unwrap();
    let mut text = BASE64_STANDARD.encode(bytes);
    text.truncate(length);
    text
}

/// A secret access key: 40 characters.
pub fn random_secret() -> String {
    random_base64(40)
}

/// Upper-case letters and digits, as in key and unique ids.
pub fn random_upper(length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    random::<64>()[..length].iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// A random UUID.
pub fn uuid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The unique id (`AROA…`, `AIDA…`) that IAM gave to an ARN: the same one every time.
pub fn unique_id(prefix: &str, arn: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, arn.as_bytes());
    let tail: String = digest.as_ref()[..17].iter().map(|byte| char::from(b'A' + byte % 26)).collect();
    format!("{prefix}{tail}")
}
