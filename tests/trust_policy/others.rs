//! Whom an edit of a policy concerns besides its pod: no one loses the role, and no one gets it whom the policy did not name. Both are read in the
//! documents here, and asked of the evaluator and of the sandbox's own.

use super::*;
use crate::support::policies::{self, ACCOUNTS, AUDIENCES, GITHUB, ISSUER, NAMESPACES, OTHER_ISSUERS, ROLE};

/// What was asked of one policy.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Edits that were proposed, in a statement that is there and as one more.
    in_place: usize,
    added: usize,
    /// Others who were asked for.
    others: usize,
    /// Those of them who get in by an edit, all named by the policy.
    gained: usize,
}

/// So many others are asked for, drawn again for each policy. What an edit may add is also checked in its text.
const SAMPLE: usize = 16;

/// An edit makes the policy allow, only adds, and changes nothing for others; or there is a sentence.
pub(super) fn asks_others(
    policy: &Value,
    request: &Request,
    (issuer, role): (&str, &RoleArn),
    random: &mut fastrand::Rng,
) -> Result<Asked, String> {
    let document = parsed(policy);
    let evaluation = policy::evaluate(&document, request);
    let (edit, why) = (evaluation.edit.as_ref(), evaluation.no_edit.as_ref());
    if (evaluation.decision == Decision::Allow) != (edit.is_none() && why.is_none()) || (edit.is_some() && why.is_some()) {
        return Err(format!("{:?} with {edit:?} and {why:?}", evaluation.decision));
    }
    let Some(edit) = edit else { return Ok(Asked::default()) };
    let wrong = |what: &str| Err(format!("{what}: {}\n{}", edit.summary, edit.statement.compact()));
    let edited = edit.apply(&document);
    if policy::judge(&edited, request).decision != Decision::Allow {
        return wrong("it does not allow");
    }
    if let Some(held) = held(policy, &evaluation) {
        return wrong(&format!("the policy holds {held}"));
    }
    let (old, new) = (statements(policy), statements(&serde_json::to_value(&edited.json).unwrap()));
    let of = old.get(edit.index).cloned();
    if new.len() != old.len().max(edit.index + 1) || (0..old.len()).any(|nth| nth != edit.index && old[nth] != new[nth]) {
        return wrong("it changes another statement");
    }
    if let Some(what) = of.as_ref().and_then(|old| beyond_an_addition(old, &new[edit.index], request)) {
        return wrong(&what);
    }
    if of.is_none() && around_a_guard(&old, &new[edit.index], request) {
        return wrong("it goes around a condition of another statement");
    }
    let mut asked = Asked { in_place: usize::from(of.is_some()), added: usize::from(of.is_none()), ..Asked::default() };
    let mut others = others(policy, of.as_ref(), request, issuer, role);
    random.shuffle(&mut others);
    for (name, other, named) in others.into_iter().take(SAMPLE) {
        let allows = |document: &Document| policy::judge(document, &other).decision == Decision::Allow;
        match (allows(&document), allows(&edited)) {
            (true, false) => return wrong(&format!("{name} loses the role")),
            (false, true) if !named => return wrong(&format!("{name} gets the role")),
            (before, after) => asked.gained += usize::from(before != after),
        }
        asked.others += 1;
    }
    Ok(asked)
}

/// What forbids any edit of a policy.
fn held(policy: &Value, evaluation: &Evaluation) -> Option<String> {
    let text = policy.to_string();
    let undecided = evaluation.statements.iter().flat_map(|judged| &judged.reasons).find(|reason| reason.slip == Slip::Undecided);
    let denied = evaluation.decision == Decision::ExplicitDeny;
    ["${", "\"Not", "ForAnyValue", "ForAllValues", "StringNot", "ArnNot", "NotIpAddress"]
        .iter()
        .find(|word| text.contains(**word))
        .map(|word| (*word).to_owned())
        .or_else(|| undecided.map(|reason| reason.element.clone()))
        .or_else(|| denied.then(|| "a denial".to_owned()))
}

/// What the new statement has less than the old one, or more than this pod needs.
fn beyond_an_addition(old: &Value, new: &Value, request: &Request) -> Option<String> {
    let kind = if request.issuer_path.is_some() { "Federated" } else { "Service" };
    let id = request.principal.rsplit('/').next().unwrap_or_default().to_lowercase();
    let is_ours = |principal: &String| principal.to_lowercase().contains(&id);
    let alone =
        old["Principal"].as_object().is_some_and(|kinds| kinds.keys().eq([kind])) && texts(&old["Principal"][kind]).iter().all(is_ours);
    if !alone || old["Effect"] != "Allow" {
        return Some("it touches a statement that is not this provider's".to_owned());
    }
    let members = |value: &Value| value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    if members(old) != members(new) || old["Sid"] != new["Sid"] || new["Effect"] != "Allow" {
        return Some("it changes other elements".to_owned());
    }
    let added = |old: &Value, new: &Value, may: &[&str]| {
        let (old, new) = (texts(old), texts(new));
        old.iter().all(|value| new.contains(value)) && new.iter().all(|value| old.contains(value) || may.contains(&value.as_str()))
    };
    let ours = |text: &String| text == "sts.amazonaws.com" || *text == request.who;
    if !added(&old["Principal"][kind], &new["Principal"][kind], &[&request.principal]) {
        return Some("it changes the principal".to_owned());
    }
    let assumes = texts(&old["Action"]).iter().any(|action| action.to_lowercase().starts_with("sts:assumerole"));
    if !added(&old["Action"], &new["Action"], if assumes { request.actions } else { &[] }) {
        return Some("it changes the actions".to_owned());
    }
    let conditions = |statement: &Value| {
        let operators = statement["Condition"].as_object().cloned().unwrap_or_default();
        let keys = |(operator, keys): (String, Value)| {
            let keys = keys.as_object().cloned().unwrap_or_default();
            keys.into_iter().map(move |(key, values)| (operator.clone(), key, texts(&values))).collect::<Vec<_>>()
        };
        operators.into_iter().flat_map(keys).collect::<Vec<_>>()
    };
    let (before, after) = (conditions(old), conditions(new));
    let goes_on = |(operator, key, values): &(String, String, Vec<String>)| {
        after.iter().any(|(other, name, more)| {
            let is_sub = key.to_lowercase().ends_with(":sub");
            let moved = operator == "StringEquals" && other == "StringLike" && is_sub && more == values;
            let same = operator == other && more[..values.len().min(more.len())] == values[..] && more[values.len()..].iter().all(ours);
            key == name && (moved || same)
        })
    };
    if before.len() != after.len() || !before.iter().all(goes_on) {
        return Some("it takes a condition away".to_owned());
    }
    let is_who = |key: &str| [":sub", ":aud"].iter().any(|claim| key.to_lowercase().ends_with(claim));
    let guarded = request.issuer_path.is_some() && before.iter().any(|(_, key, _)| !is_who(key));
    let lets_others_in = old["Principal"] != new["Principal"] || before != after;
    (guarded && lets_others_in).then(|| "it lets somebody in behind a condition of its owner's".to_owned())
}

/// Whether one of this provider's statements asks what an added one does not: other things than who comes.
fn around_a_guard(old: &[Value], added: &Value, request: &Request) -> bool {
    let keys = |statement: &Value| {
        let operators = statement["Condition"].as_object().cloned().unwrap_or_default();
        operators.values().filter_map(Value::as_object).flat_map(|keys| keys.keys().cloned()).collect::<Vec<_>>()
    };
    let own = keys(added);
    let is_who = |key: &String| {
        let end = key.trim().to_ascii_lowercase();
        end.ends_with("sub")
            || end.ends_with("aud")
            || (request.issuer_path.is_none() && (end.ends_with("namespace") || end.ends_with("account")))
    };
    old.iter()
        .filter(|statement| statement["Effect"] == "Allow" && statement["Principal"].to_string().contains(&request.principal))
        .any(|statement| keys(statement).iter().any(|key| (!is_who(key) || key == "aws:SourceAccount") && !own.contains(key)))
}

/// Others who may ask for the role, and whether the statement that is edited names them. A statement that is added names no one else.
fn others(policy: &Value, of: Option<&Value>, request: &Request, issuer: &str, role: &RoleArn) -> Vec<(String, Request, bool)> {
    let mut names: Vec<(String, String)> =
        NAMESPACES.iter().flat_map(|namespace| ACCOUNTS.map(|account| ((*namespace).to_owned(), account.to_owned()))).collect();
    // The holders of access before: whom the policy's own words name.
    let mut all = Vec::new();
    texts_of(policy, &mut all);
    names.extend(all.iter().filter_map(|text| {
        let (namespace, account) = text.strip_prefix("system:serviceaccount:")?.split_once(':')?;
        Some((namespace.replace(['*', '?'], "x"), account.replace(['*', '?'], "x")))
    }));
    let asks = |claim: &str| {
        let conditions = of.and_then(|statement| statement["Condition"].as_object()).into_iter().flat_map(|operators| operators.values());
        let keys = conditions.filter_map(Value::as_object).flatten();
        keys.filter(|(key, _)| key.to_ascii_lowercase().ends_with(claim)).flat_map(|(_, values)| texts(values)).collect::<Vec<_>>()
    };
    let (subjects, audiences) = (asks(":sub"), asks(":aud"));
    let (namespaces, accounts) = (asks("tag/kubernetes-namespace"), asks("tag/kubernetes-service-account"));
    let told_apart = all.iter().any(|text| text.to_ascii_lowercase().contains("tag/kubernetes-"));
    let mut others = Vec::new();
    for (namespace, account) in &names {
        let subject = policy::subject(namespace, account);
        if request.issuer_path.is_none() {
            let fits = |asked: &[String], value: &str| asked.is_empty() || asked.iter().any(|asked| asked == value);
            let one_is_named = !namespaces.is_empty() || !accounts.is_empty() || !told_apart;
            let named = of.is_some() && one_is_named && fits(&namespaces, namespace) && fits(&accounts, account);
            others.push((
                format!("{namespace}/{account}"),
                Request::pod_identity(Some(namespace), Some(account), Some(role)).at(NOW),
                named,
            ));
        }
        let elsewhere = OTHER_ISSUERS.iter().chain([&GITHUB]).map(|issuer| (*issuer, AUDIENCES[0]));
        let elsewhere = elsewhere.filter(|_| subject == request.who || account == "stranger");
        for (other, audience) in AUDIENCES.map(|audience| (issuer, audience)).into_iter().chain(elsewhere) {
            // Of an audience a slip stands for the usual one.
            let fits = audiences.is_empty() || audience == AUDIENCES[0] || audiences.iter().any(|asked| asked == audience);
            let is_named = |asked: &String| like(asked, &subject) || (subject == request.who && asked.to_lowercase().contains(account));
            let named = request.issuer_path.is_some() && other == issuer && fits && subjects.iter().any(is_named);
            others.push((
                format!("{other} {subject} {audience}"),
                Request::irsa(other, &subject, vec![audience.into()], role).at(NOW),
                named,
            ));
        }
    }
    others.retain(|(_, other, _)| other != request);
    others
}

#[test]
fn an_edit_changes_nothing_for_others() {
    let asked = |ready: Ready| {
        let role = RoleArn::parse(&ready.world.role).unwrap();
        asks_others(&ready.policy, &ready.request, (&ready.world.issuer, &role), &mut fastrand::Rng::with_seed(1))
            .unwrap_or_else(|wrong| panic!("{}: {wrong}\n{}", ready.case.name, ready.policy))
    };
    assert!(cases().into_iter().map(asked).map(|asked| asked.others).sum::<usize>() > 2_000);
}

/// Policies of a seed that stays, and of one that the log prints; `POLICIES` says how many of the latter.
#[test]
fn no_made_up_policy_gets_an_edit_that_concerns_others() {
    let role = RoleArn::parse(ROLE).unwrap();
    let requests = [
        Request::irsa(ISSUER, &policy::subject(policies::NAMESPACE, policies::ACCOUNT), vec![AUDIENCES[0].into()], &role).at(NOW),
        Request::pod_identity(Some(policies::NAMESPACE), Some(policies::ACCOUNT), Some(&role)).at(NOW),
    ];
    let token = |subject: &str| {
        let mut world = World { role: ROLE.to_owned(), ..World::default() };
        world.token.sub = Some(subject.to_owned());
        jwt::Jwt::parse(&token_of(&world)).unwrap()
    };
    let tokens = [token(&requests[0].who), token(&policy::subject("kube-system", "stranger-2"))];
    let more = std::env::var("POLICIES").map_or(200, |count| count.parse().unwrap());
    for (seed, count) in [(13, 400), (6201362472928496037, 200), (fastrand::u64(..), more)] {
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let mut sum = Asked::default();
        for _ in 0..count {
            let policy = policies::policy(&mut random);
            for request in &requests {
                let asked = asks_others(&policy, request, (ISSUER, &role), &mut random)
                    .unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}\n{policy}"));
                sandbox_agrees(&policy, request, &tokens);
                sum.in_place += asked.in_place;
                sum.added += asked.added;
                sum.others += asked.others;
                sum.gained += asked.gained;
            }
        }
        println!("{sum:?}");
        // Edits of both kinds, and some by which others get in whom a pattern or a list names.
        assert!(sum.in_place > count / 25 && sum.added > count / 4 && sum.gained > 0, "{sum:?}");
    }
}

/// The sandbox's evaluator lets the pod in by each edit, and lets in no service account that nothing names.
fn sandbox_agrees(policy: &Value, request: &Request, [pod, stranger]: &[jwt::Jwt; 2]) {
    let document = parsed(policy);
    let Some(edit) = policy::evaluate(&document, request).edit.filter(|_| request.issuer_path.is_some()) else { return };
    let edited = serde_json::to_value(&edit.apply(&document).json).unwrap();
    let world = World { role: ROLE.to_owned(), ..World::default() };
    let trusted = |policy: &Value, token: &jwt::Jwt| {
        let role = Role { policy: Some(policy.clone()), ..Role::default() };
        iam::trusts(&world, &role, &iam::RoleArn::parse(ROLE).unwrap(), token)
    };
    // It does not know the time (tests/policies/time.json).
    let knows = !policy.to_string().contains("aws:CurrentTime");
    assert!(!knows || trusted(&edited, pod), "the sandbox does not allow: {}\n{policy}", edit.summary);
    assert!(trusted(policy, stranger) || !trusted(&edited, stranger), "the sandbox lets a stranger in: {}\n{policy}", edit.summary);
}

pub(super) const OTHER_ISSUER: &str = OTHER_ISSUERS[0];

fn statements(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(statements) => statements.clone(),
        one => vec![one.clone()],
    }
}

/// One or many.
fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().map(text).collect(),
        one => vec![text(one)],
    }
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
