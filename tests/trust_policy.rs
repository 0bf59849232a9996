//! `trust-policy`: policies with their expected answers (tests/policies), through the evaluator and the real binary, beside the sandbox's
//! own evaluator; and what the command makes of its flags, files and hostile text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod support;

#[path = "trust_policy/agree.rs"]
mod agree;
#[path = "trust_policy/binary.rs"]
mod binary;
#[path = "trust_policy/others.rs"]
mod others;
#[path = "trust_policy/random.rs"]
mod random;

use irsa_probe::core::aws::arn::RoleArn;
use irsa_probe::core::pod::token::{self, Claims};
use irsa_probe::core::policy::{self, Decision, Document, Evaluation, Reason, Request, Slip};
use irsa_probe::core::text::time::Timestamp;
use irsa_probe::render::json;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::path::Path;
use support::world::{Role, Token};
use support::{World, iam, jwt};

/// 2026-11-29T12:00:00Z. Limits of time in tests/policies are years away from it, so that the binary's own clock gives the same answer.
const NOW: Timestamp = Timestamp(1_795_953_600);

/// A case of tests/policies.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    name: String,
    change: Option<Value>,
    statements: Option<Vec<Value>>,
    policy: Option<Value>,
    #[serde(default)]
    pod_identity: bool,
    issuer: Option<String>,
    role: Option<String>,
    token: Option<Token>,
    decision: String,
    #[serde(default)]
    fails: Vec<String>,
    says: Option<String>,
    #[serde(default)]
    undecided: Vec<String>,
    edit: Option<Value>,
    sandbox: Option<String>,
}

/// A case, ready to be asked.
struct Ready {
    case: Case,
    world: World,
    policy: Value,
    request: Request,
}

fn ready(case: &Case) -> Ready {
    let mut world = World::default();
    world.issuer = case.issuer.clone().unwrap_or(world.issuer);
    world.role = case.role.clone().unwrap_or(world.role);
    world.token = case.token.clone().unwrap_or_default();
    let role = RoleArn::parse(&world.role).unwrap();
    let issuer = world.issuer.strip_prefix("https://").unwrap();
    let provider = format!("arn:{}:iam::{}:oidc-provider/{issuer}", role.partition, role.account);
    let filled = |text: &str| {
        let pairs = [
            ("{issuer}", issuer),
            ("{provider}", provider.as_str()),
            ("{sub}", "system:serviceaccount:shop:checkout"),
            ("{other}", "system:serviceaccount:shop:payments-worker"),
        ];
        pairs.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    };
    let fill = |value: &Value| -> Value { serde_json::from_str(&filled(&value.to_string())).unwrap() };
    let mut case = case.clone();
    case.fails = case.fails.iter().map(|text| filled(text)).collect();
    case.undecided = case.undecided.iter().map(|text| filled(text)).collect();
    case.edit = case.edit.as_ref().map(fill);
    let healthy = json!({
        "Effect": "Allow",
        "Principal": {"Federated": "{provider}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"{issuer}:aud": "sts.amazonaws.com", "{issuer}:sub": "{sub}"}},
    });
    let changed = |change: &Value| {
        let mut statement = healthy.clone();
        merge(statement.as_object_mut().unwrap(), change);
        statement
    };
    let document = |statements: Vec<Value>| json!({"Version": "2012-10-17", "Statement": statements});
    let policy = match (&case.policy, &case.statements, &case.change) {
        (Some(policy), None, None) => policy.clone(),
        (None, Some(statements), None) => document(statements.iter().map(changed).collect()),
        (None, None, Some(change)) => document(vec![changed(change)]),
        _ => panic!("{}: one of policy, statements and change", case.name),
    };
    let request = match case.pod_identity {
        true => Request::pod_identity(Some("shop"), Some("checkout"), Some(&role)),
        false => of_token(&token::decode(token_of(&world).as_bytes()).unwrap(), &role),
    };
    let request = request.at(NOW);
    Ready { policy: fill(&policy), case, world, request }
}

/// The request of whoever has this token. `azp` stands for `aud` where a token has one.
fn of_token(claims: &Claims, role: &RoleArn) -> Request {
    let audience = claims.authorized_party.clone().map_or_else(|| claims.audience.clone(), |party| vec![party]);
    Request::irsa(claims.issuer.as_deref().unwrap(), claims.subject.as_deref().unwrap(), audience, role)
}

fn token_of(world: &World) -> String {
    jwt::issue(world, &world.token, "sts.amazonaws.com")
}

fn merge(into: &mut Map<String, Value>, change: &Value) {
    for (key, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(into.remove(key)),
            value => drop(into.insert(key.clone(), value.clone())),
        }
    }
}

fn cases() -> Vec<Ready> {
    let mut files: Vec<_> = std::fs::read_dir(root("tests/policies")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "json"));
    files.sort();
    let read = |path: &std::path::PathBuf| -> Vec<Case> {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    files.iter().flat_map(read).map(|case| ready(&case)).collect()
}

fn root(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn parsed(policy: &Value) -> Document {
    policy::parse(&policy.to_string()).unwrap()
}

fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::Deny => "deny",
        Decision::ExplicitDeny => "explicit-deny",
    }
}

fn published(evaluation: &Evaluation) -> Value {
    serde_json::from_str(&json::trust_policy(evaluation)).unwrap()
}

/// The errors of a document, as text.
fn schema_errors(document: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(root("docs/trust-policy.v1.schema.json")).unwrap()).unwrap();
    let validator = jsonschema::options().build(&schema).expect("the schema is a schema");
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_policy_gets_its_answer() {
    let cases = cases();
    let names: HashSet<&str> = cases.iter().map(|ready| ready.case.name.as_str()).collect();
    assert!(names.len() == cases.len() && cases.len() >= 80, "{} cases, {} names", cases.len(), names.len());
    let mut wrong = Vec::new();
    for Ready { case, policy, request, .. } in &cases {
        let evaluation = policy::evaluate(&parsed(policy), request);
        let reasons = || evaluation.document.iter().chain(evaluation.statements.iter().flat_map(|judged| &judged.reasons));
        let mut fails: Vec<&str> = reasons().map(|reason| reason.element.as_str()).collect();
        let mut expected: Vec<&str> = case.fails.iter().map(String::as_str).collect();
        fails.sort_unstable();
        expected.sort_unstable();
        let words = reasons().map(|reason| reason.why.as_str()).collect::<Vec<_>>().join("\n");
        let says = case.says.as_deref().unwrap_or_default();
        let as_expected = decision(evaluation.decision) == case.decision
            && fails == expected
            && evaluation.undecided == case.undecided
            && words.contains(says)
            && reasons().all(|reason| !reason.why.is_empty());
        if !as_expected {
            wrong.push(format!("{}: {:?} {fails:#?} {:?}\n{words}", case.name, evaluation.decision, evaluation.undecided));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Each `edit` of tests/policies; that an edit allows and concerns nobody else is asked of all of them in `others`.
#[test]
fn every_edit_is_the_one_that_is_expected() {
    let mut wrong = Vec::new();
    for Ready { case, policy, request, .. } in cases() {
        let document = parsed(&policy);
        let evaluation = policy::evaluate(&document, &request);
        let count = document.statements().len();
        let as_said = match (&case.edit, &evaluation.edit) {
            (None, _) => true,
            (Some(Value::String(kind)), edit) => match (kind.split_once(": "), edit) {
                (Some(("none", words)), None) => evaluation.no_edit.as_ref().is_some_and(|why| why.contains(words)),
                (None, Some(edit)) => kind == "added" && edit.index == count,
                _ => false,
            },
            (Some(members), Some(edit)) => {
                let statement = serde_json::to_value(&edit.statement).unwrap();
                let mut members = members.as_object().unwrap().iter();
                edit.index < count && members.all(|(key, value)| statement.get(key).unwrap_or(&Value::Null) == value)
            }
            (Some(_), None) => false,
        };
        if !as_said {
            let statement = evaluation.edit.as_ref().map(|edit| format!("{} {} {}", edit.index, edit.summary, edit.statement.compact()));
            wrong.push(format!("{}: {statement:?} {:?}", case.name, evaluation.no_edit));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_policy_that_lets_the_whole_cluster_in_is_warned_of() {
    let open = [
        "the audience alone",
        "no condition",
        "an empty condition",
        "by HTTPS",
        "not another one",
        "a star for everything",
        "open, and one denied",
        "open, and another action denied",
        "open beside one of our own",
        "open, and other addresses denied",
    ];
    let shut = [
        "healthy",
        "one of several values",
        "a star under StringLike",
        "a star for the namespace",
        "a variable with a default",
        "all but this one are denied",
        "open, and all but a namespace denied",
        "open, and all but a list denied",
        "open, and an unknown address denied",
    ];
    let warned: HashSet<String> = cases()
        .into_iter()
        .filter(|ready| policy::evaluate(&parsed(&ready.policy), &ready.request).statements.iter().any(|judged| judged.warning.is_some()))
        .map(|ready| ready.case.name)
        .collect();
    assert!(open.iter().all(|name| warned.contains(*name)) && !shut.iter().any(|name| warned.contains(*name)), "{warned:#?}");
}

/// The sandbox's evaluator was written without this one in view, for the fakes.
#[test]
fn the_sandbox_s_evaluator_agrees() {
    let (mut asked, mut wrong) = (0, Vec::new());
    for Ready { case, world, policy, request } in cases() {
        if case.pod_identity {
            continue;
        }
        let role = Role { policy: Some(policy.clone()), ..Role::default() };
        let arn = iam::RoleArn::parse(&world.role).unwrap();
        let trusted = iam::trusts(&world, &role, &arn, &jwt::Jwt::parse(&token_of(&world)).unwrap());
        let allowed = policy::evaluate(&parsed(&policy), &request).decision == Decision::Allow;
        if (trusted == allowed) != case.sandbox.is_none() {
            wrong.push(format!("{}: the sandbox says {trusted}, the evaluator {allowed}", case.name));
        }
        asked += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked >= 80, "{asked}");
}

#[test]
fn every_answer_is_as_the_schema_says() {
    for Ready { case, policy, request, .. } in cases() {
        let errors = schema_errors(&published(&policy::evaluate(&parsed(&policy), &request)));
        assert!(errors.is_empty(), "{}: {errors:?}", case.name);
    }
    // It is strict, and so no empty promise.
    let healthy = json!({"schema": "irsa-probe/trust-policy/v1", "decision": "allow", "statements": []});
    assert!(schema_errors(&healthy).is_empty());
    for (key, value) in [("decision", json!("maybe")), ("extra", json!(1)), ("statements", json!([{"index": 0}])), ("edit", json!({}))] {
        let mut broken = healthy.clone();
        broken[key] = value;
        assert!(!schema_errors(&broken).is_empty(), "{key}");
    }
}

/// A statement matches, or says why not; and only an undecided one is kept from both. What IAM does not take lets nobody in.
#[test]
fn answers_are_consistent() {
    for Ready { case, policy, request, .. } in cases() {
        let evaluation = policy::evaluate(&parsed(&policy), &request);
        let by = |effect: &str| evaluation.statements.iter().any(|judged| judged.matches && judged.effect == effect);
        match evaluation.decision {
            Decision::Allow => assert!(by("Allow") && !by("Deny"), "{}", case.name),
            Decision::ExplicitDeny => assert!(by("Deny"), "{}", case.name),
            Decision::Deny => assert!(!by("Deny"), "{}", case.name),
        }
        for judged in &evaluation.statements {
            assert!(judged.matches || !judged.reasons.is_empty(), "{}: {judged:?}", case.name);
            let fit = |reason: &Reason| reason.slip == Slip::Differs || (judged.effect == "Deny" && reason.slip == Slip::Refused);
            assert!(!judged.matches || judged.reasons.iter().all(fit), "{}: {judged:?}", case.name);
        }
    }
}
