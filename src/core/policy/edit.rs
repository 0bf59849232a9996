//! The smallest edit after which a policy allows a request. What is proposed has been judged: it is never a guess.
//!
//! It is for one pod. An edit that would take the role from somebody else, or give it to somebody whom the policy does not mean, is none
//! (`others`): then a statement is added, or, where one denies, nothing is proposed.

use super::bystanders::{harmless, is_shared, tells_pods_apart};
use super::condition::Operator;
use super::grammar::{is_of_sts, nearest};
use super::repair::{mend, narrow, spell};
use super::request::{ContextFact, Request};
use super::{Decision, Document, Edit, Evaluation, Json, Judged, Reason, Slip, judge};
use crate::core::aws::trust_policy;

/// An edit that makes the policy allow the request, unless it does so already or only its owner can say what to change.
pub(super) fn propose(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    match evaluation.decision {
        Decision::Allow => None,
        Decision::ExplicitDeny => lift(document, request, evaluation),
        // STS takes no token of several audiences: it is the token that needs mending.
        Decision::Deny if request.claim_key("aud").is_some_and(|key| !matches!(request.fact(&key), ContextFact::Known([_]))) => None,
        Decision::Deny => spelt(document, request, evaluation)
            .or_else(|| in_place(document, request, evaluation))
            .or_else(|| added(document, request, evaluation)),
    }
}

/// What IAM refuses, written as it takes it: the statement may be anybody's. Where it refuses several, no single edit helps.
fn spelt(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    let refused = |judged: &&Judged| judged.reasons.iter().any(|reason| reason.slip == Slip::Refused);
    let mut all = evaluation.statements.iter().filter(refused);
    let (Some(judged), None) = (all.next(), all.next()) else { return None };
    let old = &document.statements()[judged.index];
    let (statement, what) = match is_of_permissions(old) {
        true => (None, "it is one of permissions, which belong into a policy of the role's own: take it out".to_owned()),
        false => {
            let (statement, changes) = spell(old, request);
            (Some(statement), changes.join("; "))
        }
    };
    let edit = Edit { index: judged.index, summary: format!("in {}: {what}", judged.name()), statement };
    let opens = || request.stranger().is_some_and(|stranger| judge(&edit.apply(document), &stranger).decision == Decision::Allow);
    (!what.is_empty() && lets_in(document, request, evaluation, &edit) && !opens()).then_some(edit)
}

/// Whether a statement says what the role may do, and not who may have it.
fn is_of_permissions(statement: &Json) -> bool {
    let has = |name| statement.get(name).is_some();
    let names_sts = statement.get("Action").is_some_and(|actions| actions.many().iter().any(is_of_sts));
    has("Resource") && !has("Principal") && !has("NotPrincipal") && !names_sts
}

/// So many statements are tried; real policies have fewer.
const NEAREST: usize = 8;

/// The first statement that lets the request in when it is mended, and changes nothing for others.
fn in_place(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    // Those with the fewest reasons first, without sorting: real policies have few statements.
    let variables = super::variables(document);
    let mut tried: Vec<usize> = Vec::new();
    while tried.len() < NEAREST {
        let left =
            evaluation.statements.iter().filter(|judged| nearest(&judged.effect, &["Deny"]).is_none() && !tried.contains(&judged.index));
        let judged = left.min_by_key(|judged| judged.reasons.len())?;
        tried.push(judged.index);
        let old = &document.statements()[judged.index];
        let (mended, changes) = mend(old, request, variables);
        let (narrowed, more) = narrow(&mended, request);
        for (statement, changes) in [(mended, changes.clone()), (narrowed, [changes, more].concat())] {
            if changes.is_empty() || !harmless(old, &statement, request, document) {
                continue;
            }
            let mut edit = Edit { index: judged.index, summary: String::new(), statement: Some(statement) };
            let opens = super::open(&edit.apply(document), judged.index, request) && !super::open(document, judged.index, request);
            let warning = if opens { format!("; mind that {}", super::OPEN) } else { String::new() };
            edit.summary = format!("in {}: {}{warning}", judged.name(), changes.join("; "));
            let helps = match is_shared(old, request) {
                // What is asked of somebody else, too, may be what this pod can never have.
                true => judge(&edit.apply(document), request).decision == Decision::Allow,
                false => lets_in(document, request, evaluation, &edit),
            };
            if helps {
                return Some(edit);
            }
        }
    }
    None
}

/// The statement that is needed, beside the others: it takes nothing from anybody.
fn added(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    // What hangs on keys that are not known from here may be as its owner wants it.
    if !evaluation.undecided.is_empty() {
        return None;
    }
    let of_cluster = |name: &String| name.contains(":oidc-provider/") && name.contains(".eks.");
    let another = |reason: &Reason| reason.element == "Principal" && reason.wanted.iter().any(of_cluster);
    let mut allows = evaluation.statements.iter().filter(|judged| judged.effect == "Allow").peekable();
    let beside = "add this statement; to change another one would concern others, too";
    let summary = match (allows.peek().is_some(), request.issuer_path.is_some() && allows.any(|judged| judged.reasons.iter().any(another)))
    {
        (_, true) => format!("{beside} (what is for a cluster that is gone can be taken out)"),
        (true, _) => beside.to_owned(),
        (false, _) => "add this statement".to_owned(),
    };
    let mut statement = needed(request);
    if request.issuer_path.is_none() && tells_pods_apart(document, request) {
        (statement, _) = narrow(&statement, request);
    }
    let edit = Edit { index: document.statements().len(), summary, statement: Some(statement) };
    lets_in(document, request, evaluation, &edit).then_some(edit)
}

/// Whether the edited policy allows the request, or would but for what is not known and did not matter before.
fn lets_in(document: &Document, request: &Request, evaluation: &Evaluation, edit: &Edit) -> bool {
    let edited = judge(&edit.apply(document), request);
    let hangs = edited.decision == Decision::Deny && !edited.undecided.is_empty();
    edited.decision == Decision::Allow || (hangs && evaluation.undecided.is_empty())
}

impl Edit {
    /// The document with this edit.
    pub fn apply(&self, document: &Document) -> Document {
        let mut statements = document.statements().to_vec();
        match (statements.get_mut(self.index), &self.statement) {
            (Some(old), Some(statement)) => old.clone_from(statement),
            (Some(_), None) => drop(statements.remove(self.index)),
            (None, statement) => statements.extend(statement.clone()),
        }
        let mut json = document.json.clone();
        json.put(&["Statement"], Some(Json::List(statements)));
        Document { json, role: document.role.clone() }
    }
}

/// The first statement that denies, without this pod: taken out when it is about nobody else, our value taken off the list of those who are
/// denied, or put on that of the exceptions.
fn lift(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    let judged: &Judged = evaluation.statements.iter().find(|judged| judged.effect == "Deny" && judged.matches)?;
    let old = document.statements().get(judged.index)?;
    let out = || (None, "it denies this pod the role, and is about nobody else: take it out".to_owned());
    let of_key = |key: String| {
        let ContextFact::Known([ours]) = request.fact(&key) else { return Vec::new() };
        unnamed(old, &key, ours).into_iter().chain([excepted(old, &key, ours)]).map(|(statement, what)| (Some(statement), what)).collect()
    };
    std::iter::once(out())
        .chain(request.own_keys().into_iter().flat_map(of_key))
        .filter(|(statement, _)| harmless(old, statement.as_ref().unwrap_or(&Json::Null), request, document))
        .map(|(statement, what)| Edit { index: judged.index, summary: format!("in {}: {what}", judged.name()), statement })
        .find(|edit| lets_in(document, request, evaluation, edit))
}

/// Our value off the list of a condition; one that stands alone cannot go, or all others would be denied.
fn unnamed(statement: &Json, key: &str, ours: &str) -> Option<(Json, String)> {
    let (name, values) = condition(statement, key, false)?;
    let kept: Vec<Json> = values.many().iter().filter(|value| value.text() != Some(ours)).cloned().collect();
    let mut statement = statement.clone();
    statement.put(&["Condition", name, key], Some(Json::List(kept.clone())));
    (!kept.is_empty() && kept.len() < values.many().len()).then(|| (statement, format!("{ours} goes from {key} under {name}")))
}

/// Our value on the list of exceptions: `StringNotEquals`, or what negates already.
fn excepted(statement: &Json, key: &str, ours: &str) -> (Json, String) {
    let (name, values) = condition(statement, key, true).unwrap_or(("StringNotEquals", &Json::Null));
    let mut list: Vec<Json> = values.many().iter().filter(|value| **value != Json::Null).cloned().collect();
    list.push(Json::from(ours));
    let mut edited = statement.clone();
    edited.put(&["Condition", name, key], if list.len() == 1 { list.pop() } else { Some(Json::List(list)) });
    (edited, format!("{ours} joins the exceptions under {name}"))
}

/// The first operator that asks of a key, negated or not, and what it asks.
fn condition<'a>(statement: &'a Json, key: &str, negated: bool) -> Option<(&'a str, &'a Json)> {
    let members = statement.get("Condition")?.members();
    members
        .iter()
        .filter(|(name, _)| Operator::parse(name).is_ok_and(|operator| operator.negated == negated))
        .find_map(|(name, keys)| Some((name.as_str(), keys.get(key)?)))
}

/// The statement that is needed, as AWS writes it.
fn needed(request: &Request) -> Json {
    let claim = |claim: &str| match request.claim_key(claim).as_deref().map(|key| request.fact(key)) {
        Some(ContextFact::Known([value, ..])) => value.clone(),
        _ => String::new(),
    };
    let policy = match &request.issuer_path {
        Some(path) => trust_policy::irsa_policy_for(&request.principal, path, &claim("sub"), &claim("aud")),
        None => trust_policy::pod_identity_policy(),
    };
    let policy: Option<Json> = serde_json::from_str(&policy).ok();
    policy.as_ref().and_then(|policy| policy.get("Statement")?.many().first().cloned()).unwrap_or(Json::Null)
}
