//! Why no edit of a policy is proposed: a sentence that says what to look at.
//!
//! What is not certain cannot be changed safely, because a change may go around what its owner meant.

use super::condition::{Compare, Operator, Set};
use super::grammar::shown;
use super::near::{is_another_subject, is_slip_of_audience};
use super::pattern::{Pattern, Truth};
use super::request::{ContextFact, Request};
use super::{Decision, Document, Evaluation, Json, Judged, Slip};
use crate::core::text::printable::{distance, is_object_name};

/// Each condition of a statement: its operator, its key, its values.
pub(super) fn conditions(statement: &Json) -> impl Iterator<Item = (&str, &str, &Json)> {
    let operators = statement.get("Condition").map(Json::members).unwrap_or_default();
    operators.iter().flat_map(|(operator, keys)| keys.members().iter().map(move |(key, values)| (operator.as_str(), key.as_str(), values)))
}

/// What stands against any edit: a denial, what IAM refuses, and what is not certain.
pub(super) fn to_any_edit(document: &Document, request: &Request, evaluation: &Evaluation) -> Result<(), String> {
    let why = denied(document, evaluation).or_else(|| audiences(request)).or_else(|| refused(document, evaluation));
    why.or_else(|| held(document, evaluation)).or_else(|| nearly_denied(document, request, evaluation)).map_or(Ok(()), Err)
}

/// A statement that would deny this pod but for a slip, such as a misspelt name or a wildcard that is a plain character. It can mean this pod.
fn nearly_denied(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<String> {
    let mut statements = evaluation.statements.iter().zip(document.statements());
    let (judged, _) = statements.find(|(judged, statement)| judged.effect == "Deny" && !is_about_others(statement, judged, request))?;
    Some(format!(
        "{} denies the role, and it may be meant for this pod: it names this pod's provider, and nothing in it is only \
         another pod's. Only its owner can say whom it is for",
        judged.name()
    ))
}

/// Whether a Deny is surely about somebody else: its principal is, or a condition is not met that asks for somebody else's name or for something
/// that no name of a pod is.
fn is_about_others(statement: &Json, judged: &Judged, request: &Request) -> bool {
    let everyone = match statement.get("Principal") {
        Some(map @ Json::Map(_)) => map.members().iter().any(|(_, values)| values.many().iter().any(|value| shown(value) == "*")),
        _ => true,
    };
    let fails = |operator: &str, key: &str| {
        let element = format!("Condition.{operator}.{key}");
        judged.reasons.iter().any(|reason| reason.element == element && reason.slip == Slip::Differs)
    };
    let anothers = |(operator, key, values): (&str, &str, &Json)| {
        let Some(own) = request.meant_key(key).filter(|_| fails(operator, key)) else { return fails(operator, key) };
        let ContextFact::Known([ours]) = request.fact(&own) else { return false };
        let wild = Operator::parse(operator).is_ok_and(|operator| matches!(operator.compare, Compare::Like | Compare::Arn));
        let is_anothers = |value: &Json| {
            let value = shown(value);
            let would_match = Pattern::new(&value, true, None).matches(ours, true) != Truth::No;
            !would_match
                && match request.claim_key("sub").is_some_and(|sub| sub == own) {
                    true => is_another_subject(&value, ours, wild),
                    false if request.issuer_path.is_some() => !is_slip_of_audience(&value, ours),
                    false => is_object_name(&value) && distance(&value, ours, 2) > 2,
                }
        };
        values.many().iter().all(is_anothers)
    };
    !(everyone || names_us(statement, request)) || conditions(statement).any(anothers)
}

/// Whether a statement names this pod's provider, however it is spelt: by the cluster's id, or the service.
fn names_us(statement: &Json, request: &Request) -> bool {
    let id = request.principal.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let kinds = statement.get("Principal").map(Json::members).unwrap_or_default();
    kinds.iter().any(|(_, values)| values.many().iter().any(|value| shown(value).to_ascii_lowercase().contains(&id)))
}

fn denied(document: &Document, evaluation: &Evaluation) -> Option<String> {
    let denies = |judged: &&Judged| evaluation.decision == Decision::ExplicitDeny && judged.effect == "Deny" && judged.matches;
    let judged = evaluation.statements.iter().find(denies)?;
    let keys: Vec<&str> = conditions(document.statements().get(judged.index)?).map(|(_, key, _)| key).collect();
    let asks = if keys.is_empty() { "it has no condition".to_owned() } else { format!("check its condition on {}", keys.join(", ")) };
    Some(format!("{} denies this pod; {asks}. Only its owner can say whom it is for", judged.name()))
}

/// STS takes no token of several audiences (docs/facts.md#assume-role-errors).
fn audiences(request: &Request) -> Option<String> {
    let single = matches!(request.fact(&request.claim_key("aud")?), ContextFact::Known([_]));
    (!single).then(|| {
        "STS refuses a token that does not have exactly one audience. Give the projected token one audience; no policy can change that"
            .to_owned()
    })
}

fn refused(document: &Document, evaluation: &Evaluation) -> Option<String> {
    let of_statements = evaluation.statements.iter().flat_map(|judged| judged.reasons.iter().map(move |reason| (Some(judged), reason)));
    let mut all =
        evaluation.document.iter().map(|reason| (None, reason)).chain(of_statements).filter(|(_, reason)| reason.slip == Slip::Refused);
    let (judged, reason) = all.next()?;
    let place = judged.map(|judged| format!("{}, ", judged.name())).unwrap_or_default();
    // A document that is refused because it has no statement needs one.
    let is_empty = all.next().is_none() && document.json.get("Statement").is_some_and(|list| list.many().is_empty());
    (!is_empty).then(|| format!("IAM refuses this document. Correct this first: {place}{}: {}", reason.element, reason.why))
}

fn held(document: &Document, evaluation: &Evaluation) -> Option<String> {
    let mut statements = evaluation.statements.iter().zip(document.statements());
    let (judged, what) = statements.find_map(|(judged, statement)| Some((judged, uncertain(statement, judged)?)))?;
    Some(format!(
        "{} has {what}. Whom it means is not certain, so no edit is proposed. Its owner can say whether the statement that irsa-probe \
         trust-policy prints may stand beside it",
        judged.name()
    ))
}

/// What turns a statement's meaning round, or lets it hang on what is not known here.
fn uncertain(statement: &Json, judged: &Judged) -> Option<String> {
    let element = ["NotAction", "NotPrincipal"].into_iter().find(|name| statement.get(name).is_some());
    let operator = conditions(statement).find_map(|(name, _, _)| match Operator::parse(name) {
        Ok(operator) if operator.set != Set::One => Some(format!("the set operator {name}")),
        Ok(operator) if operator.negated => Some(format!("the negated operator {name}")),
        _ => None,
    });
    let has_variable = |(_, _, values): (_, _, &Json)| values.many().iter().any(|value| shown(value).contains("${"));
    let variable = conditions(statement).any(has_variable).then(|| "a policy variable".to_owned());
    let undecided = judged.reasons.iter().find(|reason| reason.slip == Slip::Undecided);
    element.map(str::to_owned).or(operator).or(variable).or_else(|| Some(format!("an undecided element, {}", undecided?.element)))
}

/// What stands against an edit: a guard on another statement of this provider that the edited statement, or one of the pod's own, would go around.
/// `edited` is the place of the statement in the document.
pub(super) fn to_going_around(document: &Document, request: &Request, edited: usize, statement: &Json) -> Result<(), String> {
    let asks = |key: &str| conditions(statement).any(|(_, asked, _)| asked.eq_ignore_ascii_case(key));
    let is_guard = |key: &&str| request.meant_key(key).is_none() && !asks(key);
    let others = document.statements().iter().enumerate().filter(|(nth, _)| *nth != edited);
    for (nth, other) in others.filter(|(_, other)| names_us(other, request)) {
        let guards: Vec<&str> = conditions(other).map(|(_, key, _)| key).filter(is_guard).collect();
        if other.get("Effect").and_then(Json::text) == Some("Allow") && !guards.is_empty() {
            return Err(format!(
                "statement {} lets this provider in under a condition on {}. A statement for this pod would go around that condition, so \
                 none is proposed. Its owner can say whether the pod should get in, and under which condition",
                nth + 1,
                guards.join(", ")
            ));
        }
    }
    Ok(())
}
