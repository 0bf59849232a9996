//! Tokens: what is encoded is decoded, and nothing of a token but its claims is ever kept.

use super::{cases, foreign};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_probe::core::pod::token::{Claims, decode};
use irsa_probe::core::text::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A token as the API server would sign it, for these claims.
pub fn encode(claims: &Claims, signature: &str) -> String {
    let time = |time: Option<Timestamp>| time.map(|time| time.0);
    let audience = match claims.audience.as_slice() {
        [one] => json!(one),
        many => json!(many),
    };
    let header = json!({"alg": claims.algorithm, "kid": claims.key_id});
    let payload = json!({
        "iss": claims.issuer, "sub": claims.subject, "aud": audience, "azp": claims.authorized_party,
        "iat": time(claims.issued_at), "nbf": time(claims.not_before), "exp": time(claims.expires_at),
        "kubernetes.io": {
            "namespace": claims.namespace, "serviceaccount": {"name": claims.service_account, "uid": "u"},
            "pod": {"name": claims.pod, "uid": claims.pod_uid}, "node": {"name": claims.node, "uid": "n"},
        },
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&header), part(&payload), URL_SAFE_NO_PAD.encode(signature))
}

/// Claims that make a whole token.
fn complete() -> impl Strategy<Value = Claims> {
    let some = || foreign::text().prop_map(Some);
    let ids = (foreign::maybe(), foreign::maybe(), some(), some(), vec(foreign::text(), 1..4), foreign::maybe());
    let times = (proptest::option::of(foreign::time()), proptest::option::of(foreign::time()), foreign::time());
    (ids, times, (some(), some(), foreign::maybe(), foreign::maybe(), foreign::maybe())).prop_map(|(ids, times, pod)| Claims {
        algorithm: ids.0,
        key_id: ids.1,
        issuer: ids.2,
        subject: ids.3,
        audience: ids.4,
        authorized_party: ids.5,
        issued_at: times.0,
        not_before: times.1,
        expires_at: Some(times.2),
        namespace: pod.0,
        service_account: pod.1,
        pod: pod.2,
        pod_uid: pod.3,
        node: pod.4,
    })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn claims_come_back(claims in complete(), signature in "[A-Z]{40}") {
        let token = encode(&claims, &signature);
        let decoded = decode(token.as_bytes()).unwrap();
        prop_assert_eq!(&decoded, &claims);
        prop_assert_eq!(&decode(format!(" {token}\r\n").as_bytes()).unwrap(), &claims);
        let shown = format!("{decoded:?}{}", serde_json::to_string(&decoded).unwrap());
        for secret in [signature.as_str(), token.rsplit('.').next().unwrap(), &token] {
            prop_assert!(!shown.contains(secret));
        }
    }

    #[test]
    fn bytes_are_a_token_or_a_defect(bytes in vec(any::<u8>(), 0..200), text in "[A-Za-z0-9_=. -]{0,100}") {
        for input in [bytes.as_slice(), text.as_bytes()] {
            if let Err(defect) = decode(input) {
                prop_assert!(!defect.describe().is_empty());
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn no_prefix_and_no_changed_byte_panics(claims in complete(), byte in any::<u8>()) {
        let token = encode(&claims, "a signature").into_bytes();
        for at in 0..token.len() {
            let _ = decode(&token[..at]);
            let mut changed = token.clone();
            changed[at] = byte;
            let _ = decode(&changed);
        }
    }
}
