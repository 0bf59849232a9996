//! The projected service account token: its header and claims. The signature is dropped at once, so nothing here can be used as a token.
//!
//! Format: Kubernetes `TokenRequest` (RFC 7519 claims and the private claim `kubernetes.io`), docs/facts.md#projected-token.

use crate::core::text::printable::cap;
use crate::core::text::time::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where the webhook mounts IRSA's token.
pub const IRSA_TOKEN_PATH: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
/// Where the default service account token is mounted, if it is.
pub const DEFAULT_TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// The file beside it that holds the pod's namespace (kubernetes.io, "Accessing the API from a Pod").
pub const NAMESPACE_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// STS takes a `WebIdentityToken` of at most 20,000 characters (STS service model).
pub const MAX_TOKEN: usize = 20_000;

/// How many characters of a claim are kept. The URL of an IAM OIDC provider has at most 255 characters, and so has a client id (IAM API
/// reference).
const CLAIM: usize = 2048;
/// How many audiences are kept. STS takes one.
const AUDIENCES: usize = 64;

/// What a token says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Claims {
    /// Header: signing algorithm.
    pub algorithm: Option<String>,
    /// Header: the id of the issuer's key that signed it.
    pub key_id: Option<String>,
    /// `iss`.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `aud`: one or several audiences.
    pub audience: Vec<String>,
    /// `azp`: the audience that is meant, when there are several.
    pub authorized_party: Option<String>,
    /// `iat`.
    pub issued_at: Option<Timestamp>,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// `exp`.
    pub expires_at: Option<Timestamp>,
    /// Namespace, from `kubernetes.io` or from the subject.
    pub namespace: Option<String>,
    /// Service account, from `kubernetes.io` or from the subject.
    pub service_account: Option<String>,
    /// Pod that the token is bound to.
    pub pod: Option<String>,
    /// Its UID.
    pub pod_uid: Option<String>,
    /// Node that the pod runs on (Kubernetes 1.30 and later).
    pub node: Option<String>,
}

/// Why a text is no usable token. The descriptions never quote the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenDefect {
    /// It is empty, or only white space.
    Empty,
    /// It is longer than STS takes.
    Oversized,
    /// Not three parts with dots between.
    NotThreeParts,
    /// A part that is not base64url.
    NotBase64,
    /// Header or claims that are not a JSON object.
    NotJson,
    /// The signature part is empty.
    NoSignature,
    /// One of `iss`, `sub`, `aud` and `exp` is missing or has the wrong type.
    ClaimMissing,
    /// Several lines: a log or several tokens got into the file (amazon-eks-pod-identity-webhook#232).
    SeveralLines,
    /// Bytes that are not UTF-8.
    NotText,
}

impl TokenDefect {
    /// One clause for a person.
    pub fn describe(self) -> &'static str {
        match self {
            TokenDefect::Empty => "the file is empty",
            TokenDefect::Oversized => "it is longer than the 20,000 characters that STS accepts",
            TokenDefect::NotThreeParts => "it does not have the three parts of a JWT, separated with dots",
            TokenDefect::NotBase64 => "a part of it is not base64url",
            TokenDefect::NotJson => "its header or its claims are not a JSON object",
            TokenDefect::NoSignature => "its signature is missing",
            TokenDefect::ClaimMissing => "it lacks one of the claims iss, sub, aud, exp, or has it in the wrong type",
            TokenDefect::SeveralLines => "the file has several lines or words, and may hold only the token",
            TokenDefect::NotText => "it is not text",
        }
    }
}

/// Reads a token's header and claims. White space around the token is ignored here. Whether STS or the agent accepts it is checked elsewhere.
pub fn decode(token: &[u8]) -> Result<Claims, TokenDefect> {
    let text = std::str::from_utf8(token).map_err(|_| TokenDefect::NotText)?.trim();
    if text.is_empty() {
        return Err(TokenDefect::Empty);
    }
    if text.len() > MAX_TOKEN {
        return Err(TokenDefect::Oversized);
    }
    if text.contains(char::is_whitespace) {
        return Err(TokenDefect::SeveralLines);
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts[..] else { return Err(TokenDefect::NotThreeParts) };
    let header = object(header)?;
    let payload = object(payload)?;
    if signature.is_empty() {
        return Err(TokenDefect::NoSignature);
    }
    if URL_SAFE_NO_PAD.decode(signature.trim_end_matches('=')).is_err() {
        return Err(TokenDefect::NotBase64);
    }
    let claims = claims_from(&header, &payload);
    let complete = claims.issuer.is_some() && claims.subject.is_some() && !claims.audience.is_empty() && claims.expires_at.is_some();
    if complete { Ok(claims) } else { Err(TokenDefect::ClaimMissing) }
}

/// The parts of a token that must never be shown: the whole token, and its signature alone. A person who has the signature and the claims could
/// restore the token.
pub fn secrets(token: &str) -> [&str; 2] {
    let token = token.trim();
    [token, token.rsplit('.').next().unwrap_or(token)]
}

fn object(part: &str) -> Result<Value, TokenDefect> {
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).map_err(|_| TokenDefect::NotBase64)?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object).ok_or(TokenDefect::NotJson)
}

fn claims_from(header: &Value, payload: &Value) -> Claims {
    let text = |value: &Value| value.as_str().map(|text| cap(text, CLAIM).into_owned());
    // Kubernetes writes integers. Other issuers write 1.7e9 or a fraction, which RFC 7519 allows.
    let time = |name: &str| {
        let value = &payload[name];
        value.as_i64().or_else(|| value.as_f64().map(|t| t as i64)).map(Timestamp)
    };
    let audience = match &payload["aud"] {
        one @ Value::String(_) => text(one).into_iter().collect(),
        Value::Array(many) => many.iter().filter_map(text).take(AUDIENCES).collect(),
        _ => Vec::new(),
    };
    let subject = text(&payload["sub"]);
    let from_subject = subject.as_deref().and_then(|s| s.strip_prefix("system:serviceaccount:")).and_then(|s| s.split_once(':'));
    let kubernetes = &payload["kubernetes.io"];
    Claims {
        algorithm: text(&header["alg"]),
        key_id: text(&header["kid"]),
        issuer: text(&payload["iss"]),
        audience,
        authorized_party: text(&payload["azp"]),
        issued_at: time("iat"),
        not_before: time("nbf"),
        expires_at: time("exp"),
        namespace: text(&kubernetes["namespace"]).or(from_subject.map(|(namespace, _)| namespace.to_owned())),
        service_account: text(&kubernetes["serviceaccount"]["name"]).or(from_subject.map(|(_, name)| name.to_owned())),
        pod: text(&kubernetes["pod"]["name"]),
        pod_uid: text(&kubernetes["pod"]["uid"]),
        node: text(&kubernetes["node"]["name"]),
        subject,
    }
}

impl Claims {
    /// The issuer without its scheme, as IAM writes it in provider ARNs and condition keys.
    pub fn issuer_path(&self) -> Option<&str> {
        self.issuer.as_deref().map(|issuer| issuer.strip_prefix("https://").unwrap_or(issuer))
    }

    /// Whether EKS hosts the issuer: `oidc.eks.<region>.<suffix>` or the dual-stack `oidc-eks.<region>.api.aws`. AWS publishes the keys of such
    /// an issuer.
    pub fn issuer_is_eks(&self) -> bool {
        self.issuer_path().is_some_and(|path| path.starts_with("oidc.eks.") || path.starts_with("oidc-eks."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    const PAYLOAD: &str = r#"{"aud":["sts.amazonaws.com"],"exp":1795400000,"iat":1795313600,"nbf":1795313600,
        "iss":"https://oidc.eks.us-west-2.amazonaws.com/id/ABC","kubernetes.io":{"namespace":"shop","node":{"name":"n1"},
        "pod":{"name":"p1","uid":"u1"},"serviceaccount":{"name":"checkout","uid":"u2"}},"sub":"system:serviceaccount:shop:checkout"}"#;

    #[test]
    fn claims_are_read() {
        let claims = decode(jwt(r#"{"alg":"RS256","kid":"k"}"#, PAYLOAD).as_bytes()).unwrap();
        assert_eq!(claims.issuer_path(), Some("oidc.eks.us-west-2.amazonaws.com/id/ABC"));
        assert_eq!((claims.namespace.as_deref(), claims.service_account.as_deref()), (Some("shop"), Some("checkout")));
        assert_eq!((claims.pod.as_deref(), claims.node.as_deref()), (Some("p1"), Some("n1")));
        assert!(claims.issuer_is_eks());
    }

    #[test]
    fn service_account_comes_from_the_subject_without_the_private_claim() {
        let claims = decode(jwt("{}", r#"{"iss":"i","sub":"system:serviceaccount:a:b","aud":"x","exp":1}"#).as_bytes()).unwrap();
        assert_eq!((claims.namespace.as_deref(), claims.service_account.as_deref()), (Some("a"), Some("b")));
    }

    #[test]
    fn defects_are_told_apart() {
        let good = jwt("{}", PAYLOAD);
        for (token, defect) in [
            ("", TokenDefect::Empty),
            (" \n", TokenDefect::Empty),
            ("not a token", TokenDefect::SeveralLines),
            ("abc", TokenDefect::NotThreeParts),
            ("a.b.c.d", TokenDefect::NotThreeParts),
            ("!!.e30.c2ln", TokenDefect::NotBase64),
            ("e30.W10.c2ln", TokenDefect::NotJson),
            ("e30.e30.c2ln", TokenDefect::ClaimMissing),
            (good.trim_end_matches("c2ln"), TokenDefect::NoSignature),
        ] {
            assert_eq!(decode(token.as_bytes()), Err(defect), "{token}");
        }
        assert_eq!(decode(&vec![b'a'; MAX_TOKEN + 1]), Err(TokenDefect::Oversized));
        assert_eq!(decode(&[0xff, 0xfe]), Err(TokenDefect::NotText));
    }

    #[test]
    fn every_prefix_of_a_token_is_a_defect_or_a_token_and_never_a_panic() {
        let good = jwt("{}", PAYLOAD);
        for end in 0..good.len() {
            let _ = decode(&good.as_bytes()[..end]);
        }
    }
}
