//! `trust-policy`: policies with their expected answers (tests/policies), through the evaluator and the real binary, beside the sandbox's
//! own evaluator; and what the command makes of its flags, files and hostile text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use irsa_probe::core::arn::RoleArn;
use irsa_probe::core::policy::{self, Decision, Document, Evaluation, Reason, Request, Slip};
use irsa_probe::core::token;
use irsa_probe::render::json;
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use support::world::{Role, Token};
use support::{World, iam, jwt};

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
        false => Request::of_token(&token::decode(token_of(&world).as_bytes()).unwrap(), &role).unwrap(),
    };
    Ready { policy: fill(&policy), case, world, request }
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

#[test]
fn every_edit_makes_the_policy_allow() {
    let mut wrong = Vec::new();
    for Ready { case, policy, request, .. } in cases() {
        let document = parsed(&policy);
        let evaluation = policy::evaluate(&document, &request);
        let Some(edit) = &evaluation.edit else {
            if evaluation.decision != Decision::Allow && case.edit != Some(json!("none")) {
                wrong.push(format!("{}: no edit", case.name));
            }
            continue;
        };
        let edited = policy::evaluate(&edit.apply(&document), &request);
        let statement = serde_json::to_value(&edit.statement).unwrap();
        let as_said = match &case.edit {
            None => true,
            Some(Value::String(kind)) => match kind.as_str() {
                "added" => edit.index == document.statements().len(),
                "out" => edit.statement.is_none(),
                _ => false,
            },
            Some(members) => {
                edit.index < document.statements().len()
                    && members.as_object().unwrap().iter().all(|(key, value)| statement.get(key).unwrap_or(&Value::Null) == value)
            }
        };
        // What hangs on unknown keys after it is as good as it can be.
        let allows = edited.decision == Decision::Allow || !edited.undecided.is_empty();
        if !as_said || !allows {
            wrong.push(format!("{}: {} {} {statement}\nthen {edited:?}", case.name, edit.index, edit.summary));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_policy_that_lets_the_whole_cluster_in_is_warned_of() {
    let open = ["the audience alone", "no condition", "an empty condition", "by HTTPS", "not another one", "a star for everything"];
    let shut = ["healthy", "one of several values", "a star under StringLike", "a star for the namespace", "a variable with a default"];
    let warned: HashSet<String> = cases()
        .into_iter()
        .filter(|ready| policy::evaluate(&parsed(&ready.policy), &ready.request).statements.iter().any(|judged| judged.warning.is_some()))
        .map(|ready| ready.case.name)
        .collect();
    assert!(open.iter().all(|name| warned.contains(*name)) && !shut.iter().any(|name| warned.contains(*name)), "{warned:#?}");
}

/// An edit is for one pod: whom the policy let in it lets in still, and nobody gets in of whom it does not speak. Whom it speaks of is read off
/// its text here, and not as the evaluator does. The number of those who were asked, or what is wrong.
fn asks_others(policy: &Value, request: &Request, issuer: &str, role: &RoleArn) -> Result<usize, String> {
    let document = parsed(policy);
    let evaluation = policy::evaluate(&document, request);
    let Some(edit) = evaluation.edit else { return Ok(0) };
    // What IAM does not take lets nobody in; once it takes it, all are let in whom the other statements let in.
    let reasons = evaluation.document.iter().chain(evaluation.statements.iter().flat_map(|judged| &judged.reasons));
    let refused = reasons.into_iter().any(|reason| reason.slip == Slip::Refused);
    let edited = edit.apply(&document);
    let answer = policy::judge(&edited, request);
    if answer.decision != Decision::Allow && answer.undecided.is_empty() {
        return Err(format!("it does not allow: {}", edit.summary));
    }
    // A statement that is added means nobody else.
    let (mut texts, mut all) = (Vec::new(), Vec::new());
    texts_of(policy.pointer(&format!("/Statement/{}", edit.index)).unwrap_or(&Value::Null), &mut texts);
    texts_of(policy, &mut all);
    let speaks_of = |text: &str| texts.iter().any(|pattern| like(pattern, text));
    let mut others: Vec<(String, bool, Request)> = Vec::new();
    let names = ["checkout", "payments-worker", "frontend", "stranger", "app1", "chekout"];
    for (namespace, account) in ["shop", "web", "ops", "elsewhere"].iter().flat_map(|namespace| names.map(|name| (*namespace, name))) {
        if request.issuer_path.is_none() {
            // What the statement does not tell apart is meant for all, unless another one tells pods apart.
            let tells = |texts: &[String], tag: &str| texts.iter().any(|text| text.ends_with(tag));
            let meant = |tag: &str, value: &str| speaks_of(value) || !tells(&texts, tag);
            let named = match tells(&texts, "Tag/kubernetes-namespace") || tells(&texts, "Tag/kubernetes-service-account") {
                true => meant("Tag/kubernetes-namespace", namespace) && meant("Tag/kubernetes-service-account", account),
                false => !tells(&all, "Tag/kubernetes-namespace") && !tells(&all, "Tag/kubernetes-service-account"),
            };
            let other = Request::pod_identity(Some(namespace), Some(account), Some(role));
            others.push((format!("{namespace}/{account}"), named, other));
            continue;
        }
        let subject = policy::subject(namespace, account);
        let issuers = [issuer, OTHER_ISSUER, "https://token.actions.githubusercontent.com"];
        for (other, audience) in issuers.iter().flat_map(|issuer| ["sts.amazonaws.com", "vault"].map(|audience| (*issuer, audience))) {
            if (other, subject.as_str()) != (issuer, request.who.as_str()) {
                let named = other == issuer && speaks_of(&subject);
                others.push((format!("{other} {subject} {audience}"), named, Request::irsa(other, &subject, vec![audience.into()], role)));
            }
        }
    }
    others.retain(|(.., other)| other != request);
    for (name, named, other) in &others {
        let (before, after) = (policy::judge(&document, other).decision, policy::judge(&edited, other).decision);
        let gains = before != Decision::Allow && after == Decision::Allow;
        let loses = before == Decision::Allow && after != Decision::Allow;
        if loses || (gains && !named && !refused) {
            return Err(format!("{name}: {before:?}, then {after:?}: {}", edit.summary));
        }
    }
    Ok(others.len())
}

const OTHER_ISSUER: &str = "https://oidc.eks.us-west-2.amazonaws.com/id/FF";

#[test]
fn an_edit_changes_nothing_for_others() {
    let asked = |ready: Ready| {
        let role = RoleArn::parse(&ready.world.role).unwrap();
        asks_others(&ready.policy, &ready.request, &ready.world.issuer, &role)
            .unwrap_or_else(|wrong| panic!("{}: {wrong}", ready.case.name))
    };
    assert!(cases().into_iter().map(asked).sum::<usize>() > 5_000);
}

/// All strings in a document.
fn texts_of(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts_of(value, texts)),
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            texts.push(key.clone());
            texts_of(value, texts);
        }),
        _ => {}
    }
}

/// A text beside a pattern with stars and question marks.
fn like(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => (0..=text.len()).any(|at| text.is_char_boundary(at) && like(&pattern[1..], &text[at..])),
        (Some('?'), Some(c)) => like(&pattern[1..], &text[c.len_utf8()..]),
        (Some(p), Some(c)) if p == c => like(&pattern[c.len_utf8()..], &text[c.len_utf8()..]),
        _ => false,
    }
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

// The real binary.

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// One line on standard error, and nothing else.
    fn complains(&self, says: &str) {
        assert_eq!((self.code, self.out.as_str()), (2, ""), "{}", self.err);
        assert!(self.err.lines().count() == 1 && self.err.starts_with("irsa-probe: ") && self.err.contains(says), "{}", self.err);
    }
}

fn run(env: &[(&str, &str)], args: &[&str], stdin: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().envs(env.iter().copied()).arg("trust-policy").args(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that does not read its input ends without it.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

const NAMES: [&str; 8] = [
    "--issuer",
    "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
    "--namespace",
    "shop",
    "--service-account",
    "checkout",
    "--role-arn",
    "arn:aws:iam::111122223333:role/apps/checkout",
];

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    NAMES.iter().chain(args).copied().collect()
}

fn judged(policy: &str, args: &[&str]) -> Ran {
    run(&[], &with(&[&["--check", "-"], args].concat()), policy.as_bytes())
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[test]
fn the_binary_answers_as_the_evaluator() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    // A good sample: every fifth, and those that the issue names.
    for (nth, Ready { case, world, policy, request }) in cases().into_iter().enumerate() {
        if nth % 5 != 0 && !case.name.contains("classic slip") {
            continue;
        }
        std::fs::write(&token, token_of(&world)).unwrap();
        let env = [("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()), ("AWS_ROLE_ARN", world.role.as_str())];
        let args = if case.pod_identity { vec!["--pod-identity"] } else { Vec::new() };
        let json = run(&env, &[args.as_slice(), &["--check", "-", "--output", "json"]].concat(), policy.to_string().as_bytes());
        let code = if case.decision == "allow" { 0 } else { 1 };
        assert_eq!((json.code, json.err.as_str()), (code, ""), "{}", case.name);
        let document: Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(document, published(&policy::evaluate(&parsed(&policy), &request)), "{}", case.name);
        let text = run(&env, &[args.as_slice(), &["--check", "-"]].concat(), policy.to_string().as_bytes());
        let last = text.out.lines().last().unwrap();
        let word = match case.decision.as_str() {
            "allow" => "ALLOW  ",
            "deny" => "DENY  ",
            _ => "EXPLICIT DENY  ",
        };
        assert!(text.code == code && last.starts_with(word), "{}: {}", case.name, text.out);
    }
}

#[test]
fn the_policy_that_is_printed_is_the_one_that_allows() {
    let printed = run(&[], &NAMES, b"");
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    assert_eq!(run(&[], &with(&["--output", "json"]), b"").out, printed.out);
    assert_eq!(judged(&printed.out, &[]).code, 0);
    let bare: Vec<&str> = NAMES.iter().map(|arg| arg.strip_prefix("https://").unwrap_or(arg)).collect();
    assert_eq!(run(&[], &bare, b"").out, printed.out, "an issuer without its scheme");
    let other = run(&[], &with(&["--audience", "vault"]), b"");
    assert!(other.out.contains(":aud\": \"vault\"") && judged(&other.out, &["--audience", "vault"]).code == 0);
    let pod_identity = run(&[], &["--pod-identity"], b"");
    assert!(pod_identity.code == 0 && pod_identity.out.contains("sts:TagSession"));
    assert_eq!(run(&[], &["--pod-identity", "--check", "-"], pod_identity.out.as_bytes()).code, 0);
    for args in [with(&[]), vec!["--pod-identity"]] {
        let document: Value = serde_json::from_str(&run(&[], &args, b"").out).unwrap();
        assert_eq!(document["Version"], "2012-10-17");
    }
}

#[test]
fn the_token_alone_is_enough_and_flags_come_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::default();
    let path = dir.path().join("token");
    std::fs::write(&path, token_of(&world)).unwrap();
    let env = [("AWS_WEB_IDENTITY_TOKEN_FILE", path.to_str().unwrap()), ("AWS_ROLE_ARN", world.role.as_str())];
    let printed = run(&env, &[], b"");
    assert_eq!((printed.code, printed.out.as_str()), (0, run(&[], &NAMES, b"").out.as_str()));
    assert!(!printed.out.contains(token_of(&world).rsplit('.').next().unwrap()));
    let other = run(&env, &["--service-account", "web", "--role-arn", "arn:aws-cn:iam::999999999999:role/x"], b"");
    assert!(other.out.contains("system:serviceaccount:shop:web") && other.out.contains("arn:aws-cn:iam::999999999999:oidc-provider"));
    // No issuer of EKS ends in a slash, and none is put into a policy.
    let slash = run(&[], &with(&["--issuer", &format!("{}/", NAMES[1])])[2..], b"");
    assert_eq!(slash.out, printed.out);
    let mut two = world.clone();
    two.token.aud = Some(json!(["sts.amazonaws.com", "vault"]));
    std::fs::write(&path, token_of(&two)).unwrap();
    let several = run(&env, &[], b"");
    assert!(
        several.code == 0 && several.out == printed.out && several.err.contains("several audiences, which STS refuses"),
        "{}",
        several.err
    );
    std::fs::write(&path, token_of(&world)).unwrap();
    // The role that the document is of fills in for one that is not given, and is compared with one that is.
    let get_role = |arn: &str| format!("{{\"Role\":{{\"Arn\":\"{arn}\",\"AssumeRolePolicyDocument\":{}}}}}", printed.out);
    let without = run(&env[..1], &["--check", "-"], get_role(&world.role).as_bytes());
    assert_eq!((without.code, without.err.as_str()), (0, ""));
    let another = run(&env, &["--check", "-"], get_role("arn:aws:iam::111122223333:role/payments").as_bytes());
    assert!(another.code == 0 && another.err.contains("is the policy of arn:aws:iam::111122223333:role/payments"), "{}", another.err);
}

#[test]
fn what_is_missing_is_named() {
    let role = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/checkout");
    run(&[], &[], b"").complains("--role-arn");
    run(&[("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere")], &[], b"")
        .complains("by --role-arn (this container has EKS Pod Identity");
    run(&[role], &[], b"").complains("give --issuer, --namespace, --service-account");
    run(&[role], &["--issuer", "example.com", "--namespace", "shop"], b"").complains("give --service-account");
    run(&[role], &["--namespace", "shop", "--service-account", "a"], b"").complains("give --issuer");
    run(&[], &NAMES[..6], b"").complains("--role-arn");
    run(&[("AWS_ROLE_ARN", "checkout")], &NAMES[..6], b"").complains("AWS_ROLE_ARN is not a role's ARN: it is a bare role name");
    run(&[role, ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token")], &[], b"").complains("/nowhere/token");
    run(&[role], &["--issuer", "http://example.com", "--namespace", "a", "--service-account", "b"], b"").complains("https://");
    for issuer in ["arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/A", "HTTPS://example.com", "foo bar"] {
        run(&[role], &["--issuer", issuer, "--namespace", "a", "--service-account", "b"], b"").complains("is no issuer; write https://");
    }
    let wellknown = "https://oidc.eks.us-west-2.amazonaws.com/id/A/.well-known/openid-configuration";
    for issuer in [wellknown, "https://oidc.eks.us-west-2.amazonaws.com", "oidc.eks.us-west-2.amazonaws.com/A"] {
        run(&[role], &["--issuer", issuer, "--namespace", "a", "--service-account", "b"], b"").complains("is no issuer; write https://");
    }
    // A name that no service account has would only look like an answer.
    for (flag, name) in
        [("--service-account", "*"), ("--service-account", "Shop"), ("--namespace", "a b"), ("--namespace", "shop/checkout")]
    {
        run(&[], &with(&[flag, name]), b"").complains(&format!("{flag}: {name:?} is no name in Kubernetes"));
    }
    run(&[], &with(&["surplus"]), b"").complains("surplus");
}

#[test]
fn policies_come_in_every_wrapping() {
    let policy = run(&[], &NAMES, b"").out;
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.json");
    for text in [
        percent(&policy),
        quoted(&percent(&policy)),
        format!("{{\"Role\": {{\"RoleName\": \"checkout\", \"AssumeRolePolicyDocument\": {policy}}}}}"),
        format!("{{\"Role\": {{\"AssumeRolePolicyDocument\": {}}}}}", quoted(&percent(&policy))),
        format!("\u{feff}{policy}"),
    ] {
        assert_eq!(judged(&text, &[]).code, 0, "{text}");
        std::fs::write(&file, &text).unwrap();
        assert_eq!(run(&[], &with(&["--check", file.to_str().unwrap()]), b"").code, 0);
    }
}

#[test]
fn what_cannot_be_read_is_one_line_and_exit_2() {
    let policy = run(&[], &NAMES, b"").out;
    let comma = policy.replace("\"Allow\",", "\"Allow\"");
    judged(&comma, &[]).complains("standard input:6:7: malformed JSON: expected `,` or `}`, in this line: \"Principal\": {");
    judged("", &[]).complains("standard input: it is empty");
    judged("{}", &[]).complains("no Statement");
    judged("Role:\n  Arn: x\n", &[]).complains("YAML");
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    rustix::fs::mkfifoat(rustix::fs::CWD, path("fifo"), rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    std::fs::write(path("large"), vec![b' '; 64 * 1024 + 1]).unwrap();
    std::fs::write(path("bytes"), [0xff, 0xfe]).unwrap();
    let utf16 = |order: fn(u16) -> [u8; 2]| policy.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    run(&[], &with(&["--check", "-"]), &utf16(u16::to_le_bytes)).complains("UTF-16");
    run(&[], &with(&["--check", "-"]), &utf16(u16::to_be_bytes)).complains("UTF-16");
    let check = |name: &str| run(&[], &with(&["--check", &path(name)]), b"");
    check("fifo").complains("it is a FIFO, not a file; pipe it in and give - instead");
    check("large").complains("at most 65536");
    check("bytes").complains("not text");
    check("missing").complains("No such file");
    check(".").complains("a directory");
    run(&[], &with(&["--check", "-"]), &vec![b' '; 64 * 1024 + 1]).complains("more than 65536 bytes");
}

#[test]
fn hostile_text_paints_nothing_and_secrets_stay_out() {
    let world = World::default();
    let token = token_of(&world);
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "a\u{1b}[31m\u{202e}\nDENY", "Effect": "Allow\u{9b}", "Principal": {"Federated": "x\u{1b}]0;y\u{7}"},
        "Action": ["sts:\u{1b}[2J"], "Condition": {"StringEquals\u{1b}": {}, "StringLike": {"k\u{202e}ey\n": ["\u{1b}[0m", token]}},
    }]});
    for args in [&[][..], &["--output", "json"]] {
        let ran = judged(&policy.to_string(), args);
        assert_eq!(ran.code, 1, "{}", ran.err);
        let obeyed = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!ran.out.contains(obeyed), "{:?}", ran.out);
        assert!(!ran.out.contains(token.rsplit('.').next().unwrap()) && !ran.out.contains("\nDENY\n"), "{}", ran.out);
    }
    let sid = json!({"Statement": {"Sid": token, "Effect": "Allow", "Principal": {"Federated": "*"}, "Action": token}});
    for args in [&[][..], &["--output", "json"]] {
        let ran = judged(&sid.to_string(), args);
        assert!(ran.code == 1 && ran.out.contains("edit") && !ran.out.contains(token.rsplit('.').next().unwrap()), "{}", ran.out);
    }
    // A token, or a file of keys, where the policy belongs.
    judged(&token, &[]).complains("it is a token");
    let keys = judged("[default]\naws_secret_access_key = abcdefghijklmnop\n", &[]);
    assert!(keys.code == 2 && !keys.err.contains("abcdefgh"), "{}", keys.err);
    let keys = judged("{\"SecretAccessKey\": \"abcdefghijklmnop\" oops}", &[]);
    assert!(keys.code == 2 && !keys.err.contains("abcdefgh"), "{}", keys.err);
}

// Whatever comes in.

/// As much as is read, in the shapes that would take longest; the test runner's patience is the limit.
#[test]
fn no_policy_takes_long() {
    let request = &cases()[0].request;
    for (piece, wrap) in [
        (r#"{"Principal":{"Federated":"oidc"},"Effect":"Allow"}"#, ("{\"Statement\":[", "]}")),
        (r#"{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*"}"#, ("{\"Statement\":[", "]}")),
        (r#""a":1"#, ("{\"Statement\":{", "}}")),
        (r#""*a*b*c""#, ("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[", "]}}")),
    ] {
        let count = 64 * 1024 / (piece.len() + 1);
        let text = format!("{}{}{}", wrap.0, vec![piece; count].join(","), wrap.1);
        let evaluation = policy::evaluate(&policy::parse(&text).unwrap(), request);
        assert_ne!(evaluation.decision, Decision::Allow);
    }
}

#[test]
fn every_prefix_of_a_policy_is_read_or_refused() {
    for Ready { policy, request, .. } in cases().into_iter().step_by(7) {
        let text = serde_json::to_string_pretty(&policy).unwrap();
        for text in [text.clone(), percent(&text)] {
            for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
                if let Ok(document) = policy::parse(&text[..end]) {
                    let _ = policy::evaluate(&document, &request);
                }
            }
        }
    }
}

/// JSON made of the words that a policy is made of, in places where they may not stand.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "Statement",
        "Version",
        "Effect",
        "Allow",
        "Deny",
        "Principal",
        "Federated",
        "AWS",
        "Action",
        "NotAction",
        "Condition",
        "StringEquals",
        "ForAllValues:StringLikeIfExists",
        "Null",
        "*",
        "sts:AssumeRoleWithWebIdentity",
        "2012-10-17",
        "${aws:SourceIp}",
        "${",
        "",
        "Id",
        "é:sub",
        "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub",
        "system:serviceaccount:shop:checkout",
        "NotPrincipal",
        "Resource",
    ]);
    let word = words.prop_map(str::to_owned);
    let leaf = prop_oneof![
        4 => word.clone().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map(word.clone(), inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Statements such as people write, with the slips that they make.
fn any_statement() -> impl Strategy<Value = Value> {
    const ISSUER: &str = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    let provider = |issuer: &str| format!("arn:aws:iam::111122223333:oidc-provider/{}", issuer.trim_start_matches("https://"));
    let (ours, other) = (provider(ISSUER), provider(OTHER_ISSUER));
    let principal = prop::sample::select(vec![
        json!({"Federated": ours}),
        json!({"Federated": ours}),
        json!({"Federated": other}),
        json!({"Federated": [other, ours]}),
        json!({"AWS": "arn:aws:iam::111122223333:root", "Federated": ours}),
        json!({"AWS": ours}),
        json!({"AWS": "*"}),
        json!({"Service": "pods.eks.amazonaws.com"}),
        json!({"Service": ["ec2.amazonaws.com", "pods.eks.amazonaws.com"]}),
        json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.us-west-2.eks.amazonaws.com/EXAMPLED539D4633E53DE1B71EXAMPLE"}),
    ]);
    let action = prop::sample::select(vec![
        json!("sts:AssumeRoleWithWebIdentity"),
        json!("sts:AssumeRoleWithWebIdentity"),
        json!("sts:AssumeRole"),
        json!(["sts:AssumeRole", "sts:TagSession"]),
        json!("sts:AssumeRoleWithWebIdentiy"),
        json!("sts:*"),
    ]);
    let effect = prop::sample::select(vec!["Allow", "Allow", "Allow", "Allow", "Deny", "allow", "deny"]);
    let operator = prop::sample::select(vec![
        "StringEquals",
        "StringEquals",
        "StringLike",
        "StringNotEquals",
        "StringNotLike",
        "StringEqualsIfExists",
        "ForAnyValue:StringLike",
        "ForAllValues:StringEquals",
        "StringEqual",
        "ArnLike",
    ]);
    let keys = [ISSUER, OTHER_ISSUER.trim_start_matches("https://")].map(|issuer| ["sub", "aud"].map(|claim| format!("{issuer}:{claim}")));
    let tags = ["kubernetes-namespace", "kubernetes-service-account"].map(|tag| format!("aws:RequestTag/{tag}"));
    let keys: Vec<String> = keys.into_iter().flatten().chain(tags).chain(["aws:SourceIp".to_owned()]).collect();
    let value = prop::sample::select(vec![
        "system:serviceaccount:shop:checkout",
        "system:serviceaccount:shop:chekout",
        "system:serviceaccount:shop:*",
        "system:serviceaccount:web:frontend",
        "system:serviceaccount:*:app1",
        "*",
        "sts.amazonaws.com",
        "sts.amazon.com",
        "vault",
        "shop",
        "web",
        "checkout",
        "frontend",
    ]);
    let asked = (operator, prop::sample::select(keys), prop::collection::vec(value, 1..3));
    (effect, principal, action, prop::collection::vec(asked, 0..4)).prop_map(|(effect, principal, action, asked)| {
        let mut statement = json!({"Effect": effect, "Principal": principal, "Action": action});
        for (operator, key, values) in asked {
            statement["Condition"][operator][key] = json!(values);
        }
        statement
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing panics, what comes out is as the schema says, and an edit is never a guess.
    #[test]
    fn any_json_gets_an_answer(statements in any_json(), other in any_json(), pod_identity in any::<bool>()) {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").unwrap();
        let request = match pod_identity {
            true => Request::pod_identity(Some("shop"), None, None),
            false => Request::irsa("oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE", "system:serviceaccount:shop:checkout", vec!["sts.amazonaws.com".into()], &role),
        };
        for json in [json!({"Statement": statements, "Version": other}), json!({"Statement": [statements, other]}), statements.clone()] {
            let Ok(document) = policy::parse(&json.to_string()) else { continue };
            let evaluation = policy::evaluate(&document, &request);
            proptest::prop_assert!(evaluation.statements.iter().all(|judged| judged.matches || !judged.reasons.is_empty()));
            if let Some(edit) = &evaluation.edit {
                let edited = policy::evaluate(&edit.apply(&document), &request);
                proptest::prop_assert!(edited.decision == Decision::Allow || !edited.undecided.is_empty(), "{:?}", edit);
            }
        }
    }

    #[test]
    fn any_edit_is_for_one_pod(statements in prop::collection::vec(any_statement(), 1..4), pod_identity in any::<bool>()) {
        let issuer = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").unwrap();
        let request = match pod_identity {
            true => Request::pod_identity(Some("shop"), Some("checkout"), Some(&role)),
            false => Request::irsa(issuer, "system:serviceaccount:shop:checkout", vec!["sts.amazonaws.com".into()], &role),
        };
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        if let Err(wrong) = asks_others(&policy, &request, issuer, &role) {
            proptest::prop_assert!(false, "{}\n{}", wrong, policy);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), start in prop::sample::select(vec!["", "{", "%7B", "\"", "%", "[", "{\"Statement\":"])) {
        let _ = policy::parse(&format!("{start}{text}"));
    }
}
