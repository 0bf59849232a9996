//! The smallest edit after which a policy allows a request. What is proposed has been judged: it is never a guess.
//!
//! Others may use the role, too: a value that looks like somebody else's is kept and ours put beside it, a statement that is about something
//! else stays as it is and one is added.

use super::condition::{Operator, met};
use super::grammar::{distance, nearest, shown};
use super::mend::{change, mend, set};
use super::pattern::Truth;
use super::request::{Fact, Request};
use super::{Decision, Document, Edit, Evaluation, Json, Judged, judge, why};
use crate::core::text::redact;
use crate::core::trust;

/// An edit that makes the policy allow the request, unless it does so already or only its owner can say what to change.
pub(super) fn propose(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    let edit = match evaluation.decision {
        Decision::Allow => None,
        // It hangs on keys that are not known from here: there is nothing that is known to be wrong.
        Decision::Deny if !evaluation.undecided.is_empty() => None,
        Decision::ExplicitDeny => lift(document, request, evaluation),
        Decision::Deny => allow(document, request, evaluation),
    }?;
    // What stands in a policy is foreign text.
    Some(Edit { index: edit.index, summary: redact(&edit.summary, &[]), statement: edit.statement.map(clean) })
}

fn clean(json: Json) -> Json {
    match json {
        Json::Text(text) => Json::Text(redact(&text, &[])),
        Json::List(values) => Json::List(values.into_iter().map(clean).collect()),
        Json::Map(members) => Json::Map(members.into_iter().map(|(key, value)| (redact(&key, &[]), clean(value))).collect()),
        other => other,
    }
}

/// So many statements are tried; real policies have fewer.
const NEAREST: usize = 8;

/// The first candidate that lets the request in.
fn allow(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    // STS takes no token of several audiences: it is the token that needs mending.
    if request.claim_key("aud").is_some_and(|key| !matches!(request.fact(&key), Fact::Known([_]))) {
        return None;
    }
    let mut near: Vec<(usize, &Judged)> =
        evaluation.statements.iter().filter(|judged| judged.effect != "Deny").map(|judged| (judged.reasons.len(), judged)).collect();
    near.sort_by_key(|(reasons, judged)| (*reasons, judged.index));
    let mended = near.iter().take(NEAREST).filter_map(|(_, judged)| {
        let statement = document.statements().get(judged.index)?;
        if !is_ours(statement, request) {
            return None;
        }
        let (statement, changes) = mend(statement, request, super::variables(document));
        let summary = format!("in {}: {}", judged.name(), changes.join("; "));
        Some(Edit { index: judged.index, summary, statement: Some(statement) })
    });
    let added = || {
        let summary = match evaluation.statements.iter().any(|judged| judged.effect == "Allow") {
            true => "add this statement beside the others, which are for somebody else",
            false => "add this statement",
        };
        Edit { index: document.statements().len(), summary: summary.to_owned(), statement: Some(needed(request)) }
    };
    mended.chain(std::iter::once_with(added)).find(|edit| lets_in(document, request, edit))
}

/// Whether the edited policy allows the request, or would but for what is not known.
fn lets_in(document: &Document, request: &Request, edit: &Edit) -> bool {
    let edited = judge(&edit.apply(document), request);
    edited.decision == Decision::Allow || (edited.decision == Decision::Deny && !edited.undecided.is_empty())
}

impl Edit {
    /// The document with this edit.
    pub fn apply(&self, document: &Document) -> Document {
        let mut statements = document.statements().to_vec();
        match &self.statement {
            Some(statement) if self.index < statements.len() => statements[self.index] = statement.clone(),
            Some(statement) => statements.push(statement.clone()),
            None if self.index < statements.len() => drop(statements.remove(self.index)),
            None => {}
        }
        let mut members = document.json.members().to_vec();
        set(&mut members, "Statement", Json::List(statements));
        Document { json: Json::Map(members), role: document.role.clone() }
    }
}

/// A statement that denies: who is let off is put on its list of exceptions; what else it is for, only its owner knows.
fn lift(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    let denies: Vec<&Judged> = evaluation.statements.iter().filter(|judged| judged.effect == "Deny" && judged.matches).collect();
    let first = *denies.first()?;
    let statement = document.statements().get(first.index)?;
    let excepted = excepted(statement, request).map(|(statement, what)| Edit {
        index: first.index,
        summary: format!("in {}: {what}", first.name()),
        statement: Some(statement),
    });
    let others = match denies.len() {
        1 => "",
        _ => ", and so do others after it",
    };
    let left_out = Edit {
        index: first.index,
        summary: format!(
            "{} denies this pod the role, whatever the others allow: take it out or except this pod from it{others}",
            first.name()
        ),
        statement: None,
    };
    Some(excepted.filter(|edit| lets_in(document, request, edit)).unwrap_or(left_out))
}

/// `Deny` with `StringNotEquals` is a list of exceptions: ours joins it.
fn excepted(statement: &Json, request: &Request) -> Option<(Json, String)> {
    for (operator, keys) in statement.get("Condition")?.members() {
        if !Operator::parse(operator).is_ok_and(|operator| operator.negated) {
            continue;
        }
        for (key, values) in keys.members() {
            if let Fact::Known([value]) = request.fact(key) {
                let mut values = values.many().to_vec();
                values.push(Json::from(value.as_str()));
                let mut statement = statement.clone();
                change(&mut statement, operator, |keys| set(keys, key, Json::List(values)));
                return Some((statement, format!("{value} joins the exceptions under {operator}")));
            }
        }
    }
    None
}

/// The statement that is needed, as AWS writes it.
fn needed(request: &Request) -> Json {
    let claim = |claim: &str| match request.claim_key(claim).as_deref().map(|key| request.fact(key)) {
        Some(Fact::Known([value, ..])) => value.clone(),
        _ => String::new(),
    };
    let policy = match &request.issuer_path {
        Some(path) => trust::irsa_policy_for(&request.principal, path, &claim("sub"), &claim("aud")),
        None => trust::pod_identity_policy(),
    };
    let policy: Option<Json> = serde_json::from_str(&policy).ok();
    policy.as_ref().and_then(|policy| policy.get("Statement")?.many().first().cloned()).unwrap_or(Json::Null)
}

/// Whether a statement is meant for this caller, slips aside: what trusts a service, another account, GitHub or somebody else's cluster is
/// not turned into something else.
fn is_ours(statement: &Json, request: &Request) -> bool {
    let Some(path) = request.issuer_path.as_deref() else { return names(statement, request, "Service", |value| value.contains("eks")) };
    let (path, host) = (path.to_ascii_lowercase(), path.split('/').next().unwrap_or_default().to_ascii_lowercase());
    let eks = |issuer: &str| issuer.contains(".eks.") || issuer.contains("oidc-eks.");
    let like_ours = |value: &str| {
        let issuer = value.rsplit("oidc-provider/").next().unwrap_or_default();
        let host_is_missing = !issuer.contains('.') && !value.contains(":saml-provider/");
        issuer.contains(&host) || (eks(issuer) && eks(&path)) || host_is_missing
    };
    names(statement, request, "Federated", like_ours) && !is_of_another_cluster(statement, request)
}

/// Whether `Principal` has a value of this kind, even if under a misspelt name; without one, the action tells.
fn names(statement: &Json, request: &Request, kind: &'static str, looks: impl Fn(&str) -> bool) -> bool {
    let looks = |value: &Json| shown(value) == "*" || looks(&shown(value).to_ascii_lowercase());
    match statement.get("Principal") {
        Some(map @ Json::Map(_)) => map.members().iter().any(|(name, values)| {
            let of_kind = nearest(name, &[kind]).is_some();
            values
                .many()
                .iter()
                .any(|value| (of_kind && looks(value)) || matches!(shown(value).as_str(), "*") || shown(value) == request.principal)
        }),
        Some(value) => looks(value),
        None => matches!(statement, Json::Map(_)) && super::element::actions(statement, request).contains(&true),
    }
}

/// Whether it lets in, by another issuer's keys, somebody with another name than ours.
fn is_of_another_cluster(statement: &Json, request: &Request) -> bool {
    let Some(ours) = request.claim_key("sub") else { return false };
    statement.get("Condition").map(Json::members).unwrap_or_default().iter().any(|(name, keys)| {
        keys.members().iter().any(|(key, values)| {
            let wanted: Vec<String> = values.many().iter().map(shown).collect();
            let foreign = key.ends_with(":sub") && matches!(request.fact(key), Fact::Absent(_)) && !why::is_trap(key);
            foreign
                && Operator::parse(name)
                    .is_ok_and(|operator| met(&operator, &ours, &wanted, request, false) == Truth::No && !is_near(&wanted, request))
        })
    })
}

/// Whether our subject would match but for its wildcards or a slip of the pen: then the statement is ours after all.
fn is_near(wanted: &[String], request: &Request) -> bool {
    wanted.iter().any(|wanted| super::pattern::is_like(wanted, &request.who) || distance(wanted, &request.who, 2) <= 2)
}
