//! What can be added to a statement of this pod's provider so that it lets in the pod that its values mean.

use super::condition::{Compare, Operator};
use super::grammar::shown;
use super::near::{is_like_subject, is_slip_of_audience, is_slip_of_provider, is_slip_of_subject};
use super::obstacle::conditions;
use super::pattern::{Pattern, Truth};
use super::request::{ContextFact, Request};
use super::{Json, Judged, element};

/// A statement with what it lacks, and each addition in words. `None` where the statement is somebody else's, or does not mean this pod.
///
/// Without negations, set operators and variables each added value lets more in, and keeps no one out.
pub(super) fn repair(old: &Json, judged: &Judged, request: &Request) -> Option<(Json, Vec<String>)> {
    if old.get("Effect").and_then(Json::text) != Some("Allow") || !is_for(old, request) {
        return None;
    }
    let mut additions = Additions { statement: old.clone(), words: Vec::new() };
    if request.issuer_path.is_some() {
        additions.provider(request);
        additions.claims(old, judged, request)?;
        // A condition that its owner put around the statement is not for others to judge.
        if !additions.words.is_empty() && conditions(old).any(|(_, key, _)| request.meant_key(key).is_none()) {
            return None;
        }
    }
    let covers = element::actions(old, request);
    let missing: Vec<&str> = request.actions.iter().zip(covers).filter(|(_, covered)| !covered).map(|(action, _)| *action).collect();
    if !missing.is_empty() {
        lets_assume(old).then(|| additions.add(&["Action"], &missing, "Action"))?;
    }
    (!additions.words.is_empty()).then_some((additions.statement, additions.words))
}

/// Whether a statement names this pod's provider and no other principal, a slip of the pen aside.
fn is_for(statement: &Json, request: &Request) -> bool {
    let ours =
        |value: &Json| value.text().is_some_and(|value| value == request.principal || is_slip_of_provider(value, &request.principal));
    match statement.get("Principal").map(Json::members) {
        Some([(kind, values)]) => kind == request.kind && !values.many().is_empty() && values.many().iter().all(ours),
        _ => false,
    }
}

/// Whether a statement is there to let the role be assumed, by a right action or a wrong one. One of `sts:TagSession` alone stands beside another
/// and can be for more.
fn lets_assume(statement: &Json) -> bool {
    let actions = statement.get("Action").map(Json::many).unwrap_or_default();
    actions.iter().filter_map(Json::text).any(|action| action.to_ascii_lowercase().starts_with("sts:assumerole"))
}

/// A statement on its way, and what was added.
struct Additions {
    statement: Json,
    words: Vec<String>,
}

impl Additions {
    /// Values beside those that are there.
    fn add(&mut self, path: &[&str], values: &[&str], to: &str) {
        let there = self.statement.below(path).map(Json::many).unwrap_or_default();
        let all = there.iter().cloned().chain(values.iter().map(|value| Json::from(*value))).collect();
        self.statement.put(path, Some(Json::List(all)));
        self.words.push(format!("add {} to {to}", values.join(" and ")));
    }

    fn provider(&mut self, request: &Request) {
        let path = ["Principal", request.kind];
        let there = self.statement.below(&path).map(Json::many).unwrap_or_default();
        if !there.iter().any(|value| value.text() == Some(&request.principal)) {
            self.add(&path, &[&request.principal], request.kind);
        }
    }

    /// Subject and audience. Each is asked for once at most, and the subject always: who is not named is not meant.
    fn claims(&mut self, old: &Json, judged: &Judged, request: &Request) -> Option<()> {
        let (subjects, audiences) = (Claim::all("sub", old, request), Claim::all("aud", old, request));
        let ([subject], [] | [_]) = (subjects.as_slice(), audiences.as_slice()) else { return None };
        let audience = audiences.first();
        if !subject.compares_texts() {
            return None;
        }
        if let Some(audience) = audience.filter(|claim| claim.fails(judged)) {
            self.beside(audience, is_slip_of_audience)?;
        }
        // With our audience alone it lets in no more than a statement for this pod would.
        let is_ours = |claim: &Claim| claim.values.iter().all(|value| value == claim.ours || is_slip_of_audience(value, claim.ours));
        let near = match audience.is_some_and(is_ours) {
            true => |value: &str, ours: &str| is_slip_of_subject(value, ours) || is_like_subject(value, ours),
            false => is_slip_of_subject,
        };
        match () {
            () if !subject.fails(judged) => Some(()),
            () if subject.is_wild() => {
                let Claim { operator, key, .. } = subject;
                let values = self.statement.below(&["Condition", operator, key]).cloned();
                self.statement.put(&["Condition", "StringLike", key], values);
                self.statement.put(&["Condition", operator, key], None);
                let words = format!(
                    "{key} moves from {operator} to StringLike, which reads * and ? as wildcards, so that every subject that matches gets in"
                );
                self.words.push(words);
                Some(())
            }
            () => self.beside(subject, near),
        }
    }

    /// Our value of a claim beside a near miss of it.
    fn beside(&mut self, claim: &Claim, near: impl Fn(&str, &str) -> bool) -> Option<()> {
        let Claim { operator, key, ours, values } = claim;
        // Ours has to be a text under any operator, and no pattern.
        let fits = claim.compares_texts() && !ours.contains(['*', '?', '$']) && values.iter().any(|value| near(value, ours));
        fits.then(|| self.add(&["Condition", operator, key], &[ours], &format!("{key} under {operator}; what is there stays")))
    }
}

/// A condition on a claim of the token.
struct Claim<'a> {
    operator: &'a str,
    key: &'a str,
    values: Vec<String>,
    ours: &'a str,
}

impl Claim<'_> {
    /// All conditions on a claim.
    fn all<'a>(claim: &str, statement: &'a Json, request: &'a Request) -> Vec<Claim<'a>> {
        let Some(own) = request.claim_key(claim) else { return Vec::new() };
        let ContextFact::Known([ours]) = request.fact(&own) else { return Vec::new() };
        let of_claim = conditions(statement).filter(|(_, key, _)| key.eq_ignore_ascii_case(&own));
        of_claim.map(|(operator, key, values)| Claim { operator, key, values: values.many().iter().map(shown).collect(), ours }).collect()
    }

    fn compares_texts(&self) -> bool {
        Operator::parse(self.operator).is_ok_and(|operator| matches!(operator.compare, Compare::Exact | Compare::Fold | Compare::Like))
    }

    /// Whether a reason names it.
    fn fails(&self, judged: &Judged) -> bool {
        let element = format!("Condition.{}.{}", self.operator, self.key);
        judged.reasons.iter().any(|reason| reason.element == element)
    }

    /// Whether a wildcard that would match stands under `StringEquals`, where it is a plain character.
    fn is_wild(&self) -> bool {
        let matches = |value: &String| Pattern::new(value, true, None).matches(self.ours, false) == Truth::Yes;
        self.operator == "StringEquals" && self.values.iter().any(matches)
    }
}
