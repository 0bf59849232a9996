//! Whom an edit of a policy concerns besides the pod that it is for: nobody.

use super::*;

/// An edit is for one pod: whom the policy let in it lets in still, and nobody gets in of whom it does not speak. Whom it speaks of is read off
/// its text here, and not as the evaluator does. The number of those who were asked, or what is wrong.
pub(super) fn asks_others(policy: &Value, request: &Request, issuer: &str, role: &RoleArn) -> Result<usize, String> {
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
            let other = Request::pod_identity(Some(namespace), Some(account), Some(role)).at(NOW);
            others.push((format!("{namespace}/{account}"), named, other));
            continue;
        }
        let subject = policy::subject(namespace, account);
        let issuers = [issuer, OTHER_ISSUER, "https://token.actions.githubusercontent.com"];
        for (other, audience) in issuers.iter().flat_map(|issuer| ["sts.amazonaws.com", "vault"].map(|audience| (*issuer, audience))) {
            if (other, subject.as_str()) != (issuer, request.who.as_str()) {
                let named = other == issuer && speaks_of(&subject);
                others.push((
                    format!("{other} {subject} {audience}"),
                    named,
                    Request::irsa(other, &subject, vec![audience.into()], role).at(NOW),
                ));
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

pub(super) const OTHER_ISSUER: &str = "https://oidc.eks.us-west-2.amazonaws.com/id/FF";

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
