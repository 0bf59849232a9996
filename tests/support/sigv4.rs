//! Signature Version 4, verified from scratch: the canonical request is rebuilt from what arrived.

use ring::{digest, hmac};

use super::{
    http::{Seen, decode, encode, form},
    state,
};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signed request claims, wherever it says it (header or query).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub access_key: String,
    /// `20261122`
    pub day: String,
    pub region: String,
    pub service: String,
    pub signed_headers: Vec<String>,
    pub signature: String,
    /// `20261122T205253Z`
    pub date: String,
    pub token: Option<String>,
    /// Query form only: seconds.
    pub expires: Option<i64>,
    in_query: bool,
}

/// Why a signature could not even be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    Missing,
    Incomplete(String),
}

impl Signed {
    pub fn read(seen: &Seen) -> Result<Self, Unreadable> {
        let query = form(&seen.query);
        let in_query = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        if in_query("X-Amz-Algorithm").is_some() {
            let need = |name: &str| {
                in_query(name).ok_or_else(|| Unreadable::Incomplete(format!("AWS query-string parameters must include '{name}'. ")))
            };
            return Self::new(
                &need("X-Amz-Credential")?,
                &need("X-Amz-SignedHeaders")?,
                need("X-Amz-Signature")?,
                need("X-Amz-Date")?,
                in_query("X-Amz-Security-Token"),
                Some(need("X-Amz-Expires")?),
            );
        }
        let header = seen.header("authorization").ok_or(Unreadable::Missing)?;
        let fields = header
            .strip_prefix(ALGORITHM)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or_else(|| Unreadable::Incomplete(format!("Authorization header requires existence of '{ALGORITHM}'. ")))?;
        let field = |name: &str| {
            fields
                .split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or_else(|| Unreadable::Incomplete(format!("Authorization header requires '{name}' parameter. ")))
        };
        let date = seen.header("x-amz-date").ok_or_else(|| {
            Unreadable::Incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ".to_owned())
        })?;
        let token = seen.header("x-amz-security-token").map(str::to_owned);
        Self::new(field("Credential")?, field("SignedHeaders")?, field("Signature")?.to_owned(), date.to_owned(), token, None)
    }

    fn new(
        credential: &str,
        headers: &str,
        signature: String,
        date: String,
        token: Option<String>,
        expires: Option<String>,
    ) -> Result<Self, Unreadable> {
        let incomplete = |what: &str| Unreadable::Incomplete(what.to_owned());
        let [access_key, day, region, service, "aws4_request"] = credential.split('/').collect::<Vec<_>>()[..] else {
            return Err(incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term. "));
        };
        state::parse_amz(&date).ok_or_else(|| incomplete("Date must be in ISO-8601 'basic format'. "))?;
        let in_query = expires.is_some();
        Ok(Self {
            access_key: access_key.to_owned(),
            day: day.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: headers.split(';').map(str::to_owned).collect(),
            signature,
            date,
            token,
            expires: expires.map(|text| text.parse()).transpose().map_err(|_| incomplete("X-Amz-Expires should be a number. "))?,
            in_query,
        })
    }

    /// The moment of signing, in unix seconds.
    pub fn at(&self) -> i64 {
        state::parse_amz(&self.date).unwrap_or_default()
    }

    /// Whether everything that must be covered is signed, and the signature is the secret's.
    pub fn verify(&self, seen: &Seen, secret: &str) -> bool {
        let covers = |name: &str| self.signed_headers.iter().any(|signed| signed == name);
        let sorted = self.signed_headers.windows(2).all(|pair| pair[0] < pair[1]);
        let token_covered = self.in_query || self.token.is_none() || covers("x-amz-security-token");
        if !sorted || !covers("host") || !token_covered || (!self.in_query && !covers("x-amz-date")) || !self.date.starts_with(&self.day) {
            return false;
        }
        let payload = sha256_hex(&seen.body);
        if seen.header("x-amz-content-sha256").is_some_and(|claimed| claimed != payload) {
            return false;
        }
        let scope = format!("{}/{}/{}/aws4_request", self.day, self.region, self.service);
        let canonical = sha256_hex(self.canonical(seen, &payload).as_bytes());
        let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{canonical}", self.date);
        hex(&hmac_chain(secret, &[&self.day, &self.region, &self.service, "aws4_request", &to_sign])) == self.signature
    }

    fn canonical(&self, seen: &Seen, payload: &str) -> String {
        let mut query: Vec<(String, String)> = form(&seen.query)
            .into_iter()
            .filter(|(name, _)| name != "X-Amz-Signature")
            .map(|(name, value)| (encode(&name), encode(&value)))
            .collect();
        query.sort();
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path: Vec<String> = seen.path.split('/').map(|part| encode(&decode(part, false))).collect();
        let headers: String = self
            .signed_headers
            .iter()
            .map(|name| {
                let values: Vec<String> = seen
                    .headers
                    .get_all(name)
                    .iter()
                    .map(|value| value.to_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "))
                    .collect();
                format!("{name}:{}\n", values.join(","))
            })
            .collect();
        format!("{}\n{}\n{}\n{headers}\n{}\n{payload}", seen.method, path.join("/"), query.join("&"), self.signed_headers.join(";"))
    }
}

/// The derivation of a signing key, and at its end the signature.
pub fn hmac_chain(secret: &str, steps: &[&str]) -> Vec<u8> {
    steps.iter().fold(format!("AWS4{secret}").into_bytes(), |key, step| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), step.as_bytes()).as_ref().to_vec()
    })
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
