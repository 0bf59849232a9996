//! Reports for the renderers' tests, made from evidence by the core.

use crate::core::check::report::{Report, RunTimes};
use crate::core::evidence::Evidence;
use serde_json::{Value, json};

/// A pod that gets the identity it was given.
pub(super) fn healthy() -> Value {
    let exchange = json!({
        "connection": {
            "host": "sts.eu-central-1.amazonaws.com", "port": 443, "addresses": ["10.0.3.17"], "tries": [{"address": "10.0.3.17:443"}],
            "resolveMs": 1.2, "connectMs": 0.8, "tlsMs": 3.1, "reused": false
        },
        "status": 200, "date": 1_795_383_243, "localMidpointMs": 1_795_383_243_400_i64, "requestId": "6f1c", "ms": 41.7
    });
    let arn = "arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe";
    json!({
        "schema": "irsa-probe/evidence/v1",
        "takenAt": "2026-11-22T21:34:03Z",
        "inputs": {"environment": {
            "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/checkout",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "POD_NAME": "checkout-5d8f7c9b4-x2k8p"
        }},
        "token": {"known": {
            "path": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
            "file": {"read": {"modified": null, "trailingWhitespace": false, "content": {"claims": {
                "algorithm": "RS256", "keyId": "k1",
                "issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF0123456789ABCDEF0123456789",
                "subject": "system:serviceaccount:shop:checkout", "audience": ["sts.amazonaws.com"],
                "issuedAt": "2026-11-22T20:34:03Z", "notBefore": "2026-11-22T20:34:03Z", "expiresAt": "2026-11-23T20:34:03Z",
                "namespace": "shop", "serviceAccount": "checkout", "pod": "checkout-5d8f7c9b4-x2k8p",
                "podUid": "0b1c2d3e-0000-4000-8000-000000000000", "node": "ip-10-0-1-23.eu-central-1.compute.internal"
            }}}}
        }},
        "defaultToken": {"notAttempted": "not-this-provider"},
        "endpoints": [{
            "region": "eu-central-1", "host": "sts.eu-central-1.amazonaws.com",
            "assumeRole": {"known": {"exchange": exchange, "answer": {"Ok": {"success": {
                "arn": arn, "assumedRoleId": "AROAEXAMPLE:irsa-probe", "expiresAt": "2026-11-22T22:34:03Z"
            }}}}},
            "callerIdentity": {"known": {"exchange": exchange, "answer": {"Ok": {"success": {
                "arn": arn, "account": "111122223333", "userId": "AROAEXAMPLE:irsa-probe"
            }}}}}
        }],
        "agent": {"notAttempted": "not-this-provider"},
        "imds": {"known": {"v2": "hop-limited", "v1": null}},
        "chain": {"known": {"provider": "irsa", "identity": {"arn": arn, "account": "111122223333", "userId": "AROAEXAMPLE:irsa-probe"}}}
    })
}

/// Nothing was injected, and the default chain took the node's role.
pub(super) fn not_injected() -> Value {
    let mut evidence = healthy();
    evidence["inputs"]["environment"] = json!({});
    evidence["defaultToken"] = evidence["token"].take();
    evidence["defaultToken"]["known"]["path"] = "/var/run/secrets/kubernetes.io/serviceaccount/token".into();
    evidence["token"] = json!({"notAttempted": "plan-failed"});
    evidence["endpoints"] = json!([]);
    evidence["imds"] = json!({"known": {"v2": "answers", "v1": null, "role": "eks-node", "instanceId": "i-0123456789abcdef0"}});
    evidence["chain"] = json!({"known": {"provider": "node", "identity": {
        "arn": "arn:aws:sts::111122223333:assumed-role/eks-node/i-0123456789abcdef0", "account": "111122223333", "userId": null
    }}});
    evidence
}

/// STS answers AccessDenied.
pub(super) fn trust_policy_denied() -> Value {
    let mut evidence = healthy();
    let endpoint = &mut evidence["endpoints"][0];
    endpoint["assumeRole"]["known"]["answer"] = json!({"Ok": {"error": {
        "status": 403, "code": "AccessDenied", "message": "Not authorized to perform sts:AssumeRoleWithWebIdentity", "requestId": "6f1c"
    }}});
    endpoint["callerIdentity"] = json!({"notAttempted": "earlier-failure"});
    evidence["chain"] = json!({"notAttempted": "earlier-failure"});
    evidence
}

/// Packets to STS are dropped.
pub(super) fn connect_timeout() -> Value {
    let mut evidence = trust_policy_denied();
    let failure =
        json!({"phase": "connect", "kind": "connect-timeout", "text": "no address accepted a connection within 2 s (10.0.3.17:443)"});
    let call = &mut evidence["endpoints"][0]["assumeRole"]["known"];
    call["exchange"] = json!({
        "connection": {"host": "sts.eu-central-1.amazonaws.com", "port": 443, "addresses": ["10.0.3.17"],
            "tries": [{"address": "10.0.3.17:443", "error": "timed out"}], "resolveMs": 1.2, "reused": false},
        "ms": 0.0, "failure": failure
    });
    call["answer"] = json!({"Err": failure});
    evidence
}

/// The pod works. The node's role is in reach, and the endpoint is overridden.
pub(super) fn warnings() -> Value {
    let mut evidence = healthy();
    evidence["inputs"]["environment"]["AWS_ENDPOINT_URL_STS"] = "https://vpce-0123.sts.eu-central-1.vpce.amazonaws.com".into();
    evidence["inputs"]["environment"]["AWS_PROFILE"] = "shop".into();
    evidence["imds"] = json!({"known": {"v2": "answers", "v1": null, "role": "eks-node", "instanceId": "i-0123456789abcdef0"}});
    evidence
}

pub(super) fn report(evidence: Value, duration_ms: u64, attempts: u32) -> Report {
    let evidence: Evidence = serde_json::from_value(evidence).unwrap();
    crate::core::check::report::report(&evidence, RunTimes { duration_ms, attempts })
}

#[allow(clippy::disallowed_methods, reason = "tests read and write their golden files")]
/// Compares a text with a golden file below `src/render`, or writes the file where `UPDATE_PAGES=1` is set.
pub(super) fn hold(name: &str, text: &str) {
    let path = format!("{}/src/render/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_PAGES").is_some_and(|value| value == "1") {
        std::fs::write(path, text).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(text.lines()).position(|(golden, text)| golden != text);
    let line = differs.unwrap_or_else(|| golden.lines().count().min(text.lines().count())) + 1;
    assert!(text == golden, "{path} differs from line {line} on. UPDATE_PAGES=1 cargo test --lib render accepts that.");
}
