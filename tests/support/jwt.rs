//! Service-account tokens: the cluster's key, the kubelet's claims, and a verifier that does not take anybody's word.

use std::sync::OnceLock;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents},
};
use rsa::{RsaPrivateKey, pkcs1::EncodeRsaPrivateKey, traits::PublicKeyParts};
use serde_json::{Map, Value, json};

use super::{
    state,
    world::{Keys, Signer, Token, World},
};

/// An RSA key and the id that the cluster publishes it under.
pub struct Key {
    pair: RsaKeyPair,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    pub kid: String,
}

impl Key {
    fn generate() -> Self {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
        let der = key.to_pkcs1_der().unwrap();
        let modulus = key.n().to_bytes_be();
        let kid = BASE64_URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &modulus));
        Self { pair: RsaKeyPair::from_der(der.as_bytes()).unwrap(), modulus, exponent: key.e().to_bytes_be(), kid }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    fn jwk(&self, kid: &str) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
            "n": BASE64_URL_SAFE_NO_PAD.encode(&self.modulus),
            "e": BASE64_URL_SAFE_NO_PAD.encode(&self.exponent),
        })
    }
}

/// The cluster's key, made once per process.
pub fn cluster_key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(Key::generate)
}

/// A key that no cluster knows.
pub fn stranger_key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(Key::generate)
}

/// The key set that the issuer publishes.
pub fn jwks(keys: Keys) -> Value {
    let keys = match keys {
        Keys::Cluster => vec![cluster_key().jwk(&cluster_key().kid)],
        Keys::Rotated => vec![cluster_key().jwk("rotated-since")],
        Keys::Several => with_others(2),
        Keys::TooMany => with_others(100),
        Keys::None => Vec::new(),
    };
    json!({ "keys": keys })
}

fn with_others(others: usize) -> Vec<Value> {
    let mut keys: Vec<Value> = (0..others).map(|nth| stranger_key().jwk(&format!("other-{nth}"))).collect();
    keys.push(cluster_key().jwk(&cluster_key().kid));
    keys
}

/// The token's text as the kubelet would write it, without suffix or padding.
pub fn issue(world: &World, token: &Token, default_audience: &str) -> String {
    if let Some(raw) = &token.raw {
        return raw.clone();
    }
    let key = match token.signed_by {
        Signer::Cluster => cluster_key(),
        Signer::Stranger => stranger_key(),
    };
    let header = json!({"alg": token.alg, "kid": token.kid.as_deref().unwrap_or(&cluster_key().kid)});
    let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encoded(&header), encoded(&claims(world, token, default_audience)));
    let signature = if token.alg == "none" { Vec::new() } else { key.sign(signed.as_bytes()) };
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn claims(world: &World, token: &Token, default_audience: &str) -> Value {
    let now = state::unix_now();
    let mut claims = json!({
        "aud": token.aud.clone().unwrap_or_else(|| json!([default_audience])),
        "exp": now + token.exp,
        "iat": now + token.iat,
        "iss": token.iss.as_deref().unwrap_or(&world.issuer),
        "jti": state::uuid(),
        "kubernetes.io": {
            "namespace": world.namespace,
            "node": {"name": world.node, "uid": world.node_uid},
            "pod": {"name": world.pod, "uid": world.pod_uid},
            "serviceaccount": {"name": world.service_account, "uid": world.service_account_uid},
        },
        "nbf": now + token.nbf,
        "sub": token.sub.clone().unwrap_or_else(|| world.subject()),
    });
    for (name, value) in &token.claims {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// A token taken apart; nothing in it has been believed yet.
#[derive(Debug, Clone)]
pub struct Jwt {
    signed: String,
    signature: Vec<u8>,
    pub kid: String,
    pub claims: Map<String, Value>,
}

impl Jwt {
    /// Three base64url parts, a JSON header with RS256 and a key id, JSON claims. Surrounding white space makes it invalid, as it does for STS.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let json = |part: &str| serde_json::from_slice::<Map<String, Value>>(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let head = json(header)?;
        if head.get("alg")?.as_str()? != "RS256" {
            return None;
        }
        Some(Self {
            signed: format!("{header}.{payload}"),
            signature: BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?,
            kid: head.get("kid")?.as_str()?.to_owned(),
            claims: json(payload)?,
        })
    }

    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    pub fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Verifies the signature with the key of that id in the key set.
    pub fn verify(&self, jwks: &Value) -> Verified {
        let Some(jwk) = jwks["keys"].as_array().and_then(|keys| keys.iter().find(|key| key["kid"] == self.kid.as_str())) else {
            return Verified::KeyUnknown;
        };
        let number = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let key = RsaPublicKeyComponents { n: number("n"), e: number("e") };
        match key.verify(&RSA_PKCS1_2048_8192_SHA256, self.signed.as_bytes(), &self.signature) {
            Ok(()) => Verified::Good,
            Err(_) => Verified::Forged,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    Good,
    Forged,
    KeyUnknown,
}
