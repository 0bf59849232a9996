//! What is published agrees with the code: what is generated (`docs/generated.rs`), docs/report.v1.schema.json with the report, README.md with
//! the variables and a scenario; and README.ja.md with README.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests stop at the first surprise, and read files")]

#[path = "docs/fixes.rs"]
mod fixes;
#[path = "docs/generated.rs"]
mod generated;
#[path = "support/live.rs"]
mod live;
#[path = "docs/sdks.rs"]
mod sdks;

use irsa_probe::core::catalogue::{Code, Step};
use irsa_probe::core::check::report::{Report, RunTimes, Verdict, report};
use irsa_probe::core::evidence::Evidence;
use irsa_probe::core::pod::environment::Environment;
use irsa_probe::render::json;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn docs(name: &str) -> PathBuf {
    root("docs").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root(name)).unwrap()
}

fn readme() -> String {
    read("README.md")
}

/// What README.md shows behind a command line, up to the end of its block.
fn transcript(command: &str) -> Vec<String> {
    let text = readme();
    let shown: Vec<String> = text.lines().skip_while(|line| *line != format!("$ {command}")).skip(1).map(str::to_owned).collect();
    assert!(!shown.is_empty(), "README.md shows no {command:?}");
    shown.into_iter().take_while(|line| line != "```").collect()
}

/// What the example prints of a broken pod is the scenario's golden text; lines in which something differs from run to run aside.
#[test]
fn readme_s_transcripts_of_scenarios_are_current() {
    for (command, scenario, step) in [
        ("target/release/irsa-probe check --timeout 3s", "assume-role/trust-policy-denied", "assume-role"),
        ("irsa-probe check --check-issuer", "issuer/key-unknown", "issuer"),
    ] {
        let golden = std::fs::read_to_string(root(&format!("tests/scenarios/{scenario}/report.txt"))).unwrap();
        let shown = transcript(command);
        let failing = golden.lines().skip_while(|line| *line != step).filter(|line| !line.contains(['<', '{']));
        for line in failing {
            assert!(
                shown.iter().any(|shown| shown == line),
                "README.md's transcript lacks {line:?}: run the example, and paste what it prints"
            );
        }
    }
}

/// What the commands print of the inputs below tests/readme. `[...]` stands for what is left out.
#[test]
fn readme_s_transcripts_of_commands_are_current() {
    for (command, input) in [
        ("kubectl logs deployment/orders | irsa-probe explain -", "orders.log"),
        (
            "aws iam get-role --role-name checkout | irsa-probe trust-policy --check - --issuer \
             https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE --namespace shop --service-account checkout",
            "role.json",
        ),
        ("kubectl exec deployment/checkout -- env | irsa-probe sdks --env -", "checkout.env"),
    ] {
        let args = command.rsplit("irsa-probe ").next().unwrap().split(' ');
        let input = std::fs::File::open(root("tests/readme").join(input)).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_irsa-probe")).args(args).env_clear().stdin(input).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let mut printed = printed.lines().peekable();
        let mut gap = false;
        for line in transcript(command) {
            match line.as_str() {
                "[...]" => gap = true,
                line => {
                    let found = if gap { printed.any(|printed| printed == line) } else { printed.next() == Some(line) };
                    assert!(found, "README.md's transcript of {command:?} is not what it prints, from this line on: {line:?}");
                    gap = false;
                }
            }
        }
        assert!(gap || printed.next().is_none(), "README.md's transcript of {command:?} lacks its end");
    }
}

/// What a scan prints of an image with one SDK that is too old and one that is not. The folder and the time differ from run to run.
#[test]
fn readme_s_transcript_of_a_scan_is_current() {
    let image = tempfile::tempdir().unwrap();
    let write = |path: &str, text: String| {
        let path = image.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("app/node_modules/@aws-sdk/client-s3/package.json", r#"{"name":"@aws-sdk/client-s3","version":"3.540.0"}"#.to_owned());
    let metadata = "Metadata-Version: 2.1\nName: botocore\nVersion: 1.30.0\n\n";
    write("usr/lib/python3.11/site-packages/botocore-1.30.0.dist-info/METADATA", metadata.to_owned());
    let folder = image.path().to_str().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_irsa-probe")).args(["sdks", "--scan", folder]).env_clear().output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap().replace(&format!("{folder}/"), "/").replace(folder, "/");
    let is_same_always = |line: &&str| !line.contains(" ms.");
    let shown = transcript("irsa-probe sdks --scan /");
    let shown: Vec<&str> = shown.iter().map(String::as_str).filter(is_same_always).collect();
    assert_eq!(shown.join("\n"), printed.lines().filter(is_same_always).collect::<Vec<_>>().join("\n"));
}

#[test]
fn readme_names_every_variable_and_every_step() {
    let text = readme();
    for name in Environment::NAMES {
        assert!(text.contains(&format!("`{name}`")), "README.md does not name {name}");
    }
    for step in Step::ALL {
        assert!(text.contains(&format!("\n| {} |", step.id())), "README.md's table lacks the step {}", step.id());
    }
}

/// What is copied literally cannot drift: commands and YAML, and the transcript, which may be shortened.
#[test]
fn readme_ja_s_blocks_are_those_of_readme() {
    let (english, japanese) = (readme(), read("README.ja.md"));
    let (english, japanese) = (blocks(&english), blocks(&japanese));
    for language in ["sh", "yaml", "text"] {
        assert!(japanese.iter().any(|block| block.0 == language), "README.ja.md has no block of {language}");
    }
    for block in &japanese {
        let (language, lines) = block;
        match *language {
            "sh" | "yaml" => assert!(english.contains(block), "README.md lacks this block of README.ja.md: {lines:#?}"),
            "text" => {
                let whole = english.iter().find(|known| known.0 == "text" && known.1.first() == lines.first());
                let mut whole = whole.unwrap_or_else(|| panic!("README.md lacks a block that begins like this: {lines:#?}")).1.iter();
                for line in lines.iter().filter(|line| **line != "[...]") {
                    assert!(whole.any(|known| known == line), "README.md's block lacks, at this place: {line:?}");
                }
            }
            other => panic!("README.ja.md has a block of {other:?}, which nothing compares"),
        }
    }
}

/// What no language translates: code spans (flags, variables, metrics, alerts, paths) and where links lead.
#[test]
fn readme_ja_s_names_are_those_of_readme() {
    let (readme, japanese) = (readme(), read("README.ja.md"));
    let english = format!("{readme}{}", read("k8s/monitoring/README.md"));
    let anchors: Vec<String> = readme
        .lines()
        .filter(|line| line.starts_with("##"))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        .collect();
    let (mut spans, mut links) = (0, 0);
    // Even parts are prose, odd ones blocks.
    for prose in japanese.split("\n```").step_by(2) {
        for span in prose.split('`').skip(1).step_by(2) {
            assert!(english.contains(span), "README.ja.md says `{span}`, README.md and k8s/monitoring/README.md do not");
            spans += 1;
        }
        for target in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let known = match target.strip_prefix("README.md") {
                Some(anchor) => anchor.is_empty() || anchors.iter().any(|known| anchor.strip_prefix('#') == Some(known.as_str())),
                None => readme.contains(&format!("]({target})")),
            };
            assert!(known, "README.ja.md links to {target}, README.md does not");
            links += 1;
        }
    }
    assert!(spans > 0 && links > 0, "README.ja.md: {spans} code spans, {links} links");
}

/// The fenced blocks of a document, each with its language, without comments and blank lines.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let body = lines.by_ref().take_while(|line| *line != "```").map(without_comment).filter(|line| !line.is_empty());
            blocks.push((language, body.collect()));
        }
    }
    blocks
}

/// In shell and YAML alike, a `#` that nothing or a space precedes begins a comment; no block of ours quotes one.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices('#').map(|(at, _)| at).find(|&at| at == 0 || line[..at].ends_with(' '));
    line[..comment.unwrap_or(line.len())].trim_end()
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
