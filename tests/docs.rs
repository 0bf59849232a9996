//! What is published agrees with the code: what is generated (`docs/generated.rs`), every transcript (`docs/transcripts.rs`), the schemas with the
//! report, the tables of variables and steps, README.ja.md with README.md, and the words with docs/style.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests stop at the first surprise, and read files")]

#[path = "docs/fixes.rs"]
mod fixes;
#[path = "docs/generated.rs"]
mod generated;
#[path = "docs/japanese.rs"]
mod japanese;
#[path = "support/live.rs"]
mod live;
#[path = "docs/picture.rs"]
mod picture;
#[path = "docs/sdks.rs"]
mod sdks;
#[path = "docs/transcripts.rs"]
mod transcripts;
#[path = "docs/words.rs"]
mod words;

use irsa_probe::core::catalogue::{Code, Step};
use irsa_probe::core::check::report::{Report, RunTimes, Verdict, report};
use irsa_probe::core::evidence::Evidence;
use irsa_probe::core::pod::environment::Environment;
use irsa_probe::render::json;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn docs(name: &str) -> PathBuf {
    root("docs").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root(name)).unwrap()
}

/// A person reads it in five minutes; what is longer is a page of docs/.
#[test]
fn readme_is_short() {
    let size = read("README.md").len();
    assert!(size <= 15_000, "README.md has {size} bytes");
}

#[test]
fn documents_name_every_variable_and_every_step() {
    let (variables, steps) = (read("docs/environment.md"), read("docs/commands/check.md"));
    for name in Environment::NAMES {
        assert!(variables.contains(&format!("`{name}`")), "docs/environment.md does not name {name}");
    }
    for step in Step::ALL {
        assert!(steps.contains(&format!("\n| {} |", step.id())), "the table of docs/commands/check.md lacks the step {}", step.id());
    }
}

/// The tables of exit codes have those that the help of `check` lists, in its order.
#[test]
fn documents_name_every_exit_code() {
    let help = transcripts::help(&["check", "--help"]);
    let listed = help.split("\nExit codes:\n").nth(1).expect("the help lists exit codes");
    let codes = |text: &str, before: &str| -> Vec<u8> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(before)).map(|line| line.split(' ').next().unwrap());
        lines.filter_map(|code| code.parse().ok()).collect()
    };
    let known = codes(listed, "  ");
    assert!(known.contains(&143), "{known:?}");
    for document in ["README.md", "README.ja.md", "docs/commands/check.md"] {
        assert_eq!(codes(&read(document), "| "), known, "{document}");
    }
}

fn schema() -> Value {
    serde_json::from_str(&std::fs::read_to_string(docs("report.v1.schema.json")).unwrap()).unwrap()
}

/// The errors of a document, as text; empty when it is valid.
fn errors(document: &Value) -> Vec<String> {
    let validator = jsonschema::options().should_validate_formats(true).build(&schema()).expect("the schema is a schema");
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn published(evidence: Value) -> (Report, Value) {
    let evidence: Evidence = serde_json::from_value(evidence).unwrap();
    let report = report(&evidence, RunTimes { duration_ms: 1234, attempts: 2 });
    let document = serde_json::from_str(&json::report(&report)).unwrap();
    (report, document)
}

/// IRSA as it should be.
fn healthy() -> Value {
    let exchange = json!({
        "connection": {
            "host": "sts.eu-central-1.amazonaws.com", "port": 443, "addresses": ["10.0.3.17"], "tries": [{"address": "10.0.3.17:443"}],
            "resolveMs": 1.234, "connectMs": 0.8, "tlsMs": 3.1, "reused": false
        },
        "status": 200, "date": 1_795_383_243, "localMidpointMs": 1_795_383_243_400_i64, "requestId": "6f1c", "ms": 41.7
    });
    let identity = json!({
        "arn": "arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe", "account": "111122223333", "userId": "AROAEXAMPLE:irsa-probe"
    });
    json!({
        "schema": "irsa-probe/evidence/v1",
        "takenAt": "2026-11-22T21:34:03Z",
        "inputs": {"environment": {
            "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/checkout",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
            "AWS_REGION": "eu-central-1"
        }},
        "token": {"known": {
            "path": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
            "file": {"read": {"modified": null, "trailingWhitespace": false, "content": {"claims": {
                "issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF",
                "subject": "system:serviceaccount:shop:checkout", "audience": ["sts.amazonaws.com"],
                "issuedAt": "2026-11-22T20:34:03Z", "expiresAt": "2026-11-23T20:34:03Z",
                "namespace": "shop", "serviceAccount": "checkout", "pod": "checkout-1", "podUid": "0b1c", "node": "node-1"
            }}}}
        }},
        "defaultToken": {"notAttempted": "not-this-provider"},
        "endpoints": [{
            "region": "eu-central-1", "host": "sts.eu-central-1.amazonaws.com",
            "assumeRole": {"known": {"exchange": exchange, "answer": {"Ok": {"success": {
                "arn": identity["arn"], "assumedRoleId": identity["userId"], "expiresAt": "2026-11-22T22:34:03Z"
            }}}}},
            "callerIdentity": {"known": {"exchange": exchange, "answer": {"Ok": {"success": identity}}}}
        }],
        "agent": {"notAttempted": "not-this-provider"},
        "imds": {"known": {"v2": "hop-limited", "v1": "refused"}},
        "chain": {"known": {"provider": "irsa", "identity": identity}}
    })
}

/// Nothing injected: the default chain takes the node's role.
fn not_injected() -> Value {
    let mut evidence = healthy();
    evidence["inputs"]["environment"] = json!({});
    evidence["token"] = json!({"notAttempted": "plan-failed"});
    evidence["endpoints"] = json!([]);
    evidence["imds"] = json!({"known": {"v2": "answers", "v1": null, "role": "eks-node", "instanceId": "i-0123456789abcdef0"}});
    evidence["chain"] = json!({"known": {"provider": "node", "identity": {
        "arn": "arn:aws:sts::111122223333:assumed-role/eks-node/i-0123456789abcdef0", "account": "111122223333", "userId": null
    }}});
    evidence
}

/// STS knows the issuer, and the role does not.
fn trust_policy_denied() -> Value {
    let mut evidence = healthy();
    let endpoint = &mut evidence["endpoints"][0];
    endpoint["assumeRole"]["known"]["answer"] = json!({"Ok": {"error": {
        "status": 403, "code": "AccessDenied", "message": "Not authorized to perform sts:AssumeRoleWithWebIdentity", "requestId": "6f1c"
    }}});
    endpoint["callerIdentity"] = json!({"notAttempted": "earlier-failure"});
    evidence["chain"] = json!({"notAttempted": "earlier-failure"});
    evidence
}

/// No answer at all.
fn unreachable() -> Value {
    let mut evidence = trust_policy_denied();
    let failure = json!({"phase": "resolve", "kind": "dns-failed", "text": "the resolver did not answer within 2 s"});
    evidence["endpoints"][0]["assumeRole"]["known"] = json!({"exchange": null, "answer": {"Err": failure}});
    evidence["imds"] = json!({"notAttempted": "imds-disabled"});
    evidence
}

#[test]
fn reports_are_as_the_schema_says() {
    for (evidence, verdict, code) in [
        (healthy(), Verdict::Pass, None),
        (not_injected(), Verdict::Fail, Some(Code::NotInjected)),
        (trust_policy_denied(), Verdict::Fail, Some(Code::TrustPolicyDenied)),
        (unreachable(), Verdict::Unknown, Some(Code::DnsFailed)),
    ] {
        let (report, document) = published(evidence);
        assert_eq!((report.verdict, report.root_cause.map(|cause| cause.code)), (verdict, code));
        assert_eq!(errors(&document), Vec::<String>::new(), "{code:?}");
    }
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let (_, good) = published(trust_policy_denied());
    type Break = fn(&mut Value);
    let broken: [(&str, Break); 14] = [
        ("a field too many", |r| r["surprise"] = json!(1)),
        ("a field too many, inside", |r| r["rootCause"]["remedy"]["surprise"] = json!(1)),
        ("a command without its effect", |r| drop(r["rootCause"]["remedy"]["commands"][0].as_object_mut().unwrap().remove("effect"))),
        ("a shared command that touches nobody", |r| r["rootCause"]["remedy"]["commands"][0]["effect"] = json!("shared")),
        ("a reading command that touches somebody", |r| r["rootCause"]["remedy"]["commands"][0]["touches"] = json!("everyone")),
        ("a finding without its severity", |r| drop(r["findings"][0].as_object_mut().unwrap().remove("severity"))),
        ("a root cause with a severity", |r| r["rootCause"]["severity"] = json!("fail")),
        ("a root cause that is ignored", |r| r["rootCause"]["ignored"] = json!(true)),
        ("a finding that is not ignored, said so", |r| r["findings"][0]["ignored"] = json!(false)),
        ("a code that is not in the catalogue", |r| r["rootCause"]["code"] = json!("bad-luck")),
        ("an outcome that is none", |r| r["checks"][0]["outcome"] = json!("green")),
        ("a time that is none", |r| r["token"]["expiresAt"] = json!("tomorrow")),
        ("a pass with a root cause", |r| r["verdict"] = json!("pass")),
        ("another version", |r| r["schema"] = json!("irsa-probe/report/v2")),
    ];
    for (what, break_it) in broken {
        let mut report = good.clone();
        break_it(&mut report);
        assert!(!errors(&report).is_empty(), "{what} is accepted");
    }
    for field in good.as_object().unwrap().keys() {
        let mut report = good.clone();
        report.as_object_mut().unwrap().remove(field);
        assert!(!errors(&report).is_empty(), "{field} may be absent");
    }
}

/// Of every published schema: every object is closed, and every property explained.
#[test]
fn the_schemas_are_strict_throughout() {
    fn walk(at: &str, value: &Value) {
        let Some(object) = value.as_object() else { return };
        if let Some(properties) = object.get("properties").filter(|_| object.get("type") == Some(&json!("object"))) {
            assert_eq!(object.get("additionalProperties"), Some(&json!(false)), "{at} is open");
            for (name, property) in properties.as_object().unwrap() {
                assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{at}.{name} is not described");
            }
        }
        object.iter().for_each(|(name, inner)| walk(&format!("{at}.{name}"), inner));
    }
    let names = std::fs::read_dir(root("docs")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> = names.filter(|name| name.ends_with(".schema.json")).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    for name in names {
        walk(&name, &serde_json::from_str(&read(&format!("docs/{name}"))).unwrap());
    }
}
