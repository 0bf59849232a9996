//! Mends a statement, element by element.

use super::condition::{Compare, Operator, met};
use super::grammar::{distance, nearest, shown};
use super::pattern::{Pattern, Truth};
use super::request::{Fact, Request};
use super::{Json, Reason, Slip, why};

fn many(mut values: Vec<Json>) -> Option<Json> {
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(Json::List(values)),
    }
}

/// A slip within a misspelt element is seen when that is mended.
const ROUNDS: usize = 4;

/// The statement with every failing element mended, and what was changed.
pub(super) fn mend(statement: &Json, request: &Request, variables: bool) -> (Json, Vec<String>) {
    let mut mend = Mend { request, statement: statement.clone(), changes: Vec::new() };
    for _ in 0..ROUNDS {
        let super::Judgement { judged, covers, .. } = super::one(0, &mend.statement, request, variables);
        let before = mend.changes.len();
        judged.reasons.iter().for_each(|reason| mend.element(reason));
        if mend.changes.len() == before {
            // Half of what is needed is no reason to the statement alone.
            let missing = request.actions.iter().zip(&covers).filter(|(_, covered)| !**covered);
            let missing: Vec<String> = missing.map(|(action, _)| (*action).to_owned()).collect();
            if missing.is_empty() {
                break;
            }
            mend.action(&missing);
        }
    }
    mend.name_the_subject();
    (mend.statement, mend.changes)
}

/// A statement on its way to what it should be.
struct Mend<'a> {
    request: &'a Request,
    statement: Json,
    changes: Vec<String>,
}

impl Mend<'_> {
    /// Mends one element.
    fn element(&mut self, reason: &Reason) {
        let parts: Vec<&str> = reason.element.splitn(3, '.').collect();
        match (parts.as_slice(), reason.slip) {
            (["Condition", operator, key], Slip::Differs) => self.condition(operator, key),
            // No operator has a dot: a key stands in the place of one.
            (["Condition", _, ..], Slip::Refused) => self.operator(reason.element.strip_prefix("Condition.").unwrap_or_default()),
            // What is not known is left as it is, but for a principal, which can be known.
            (["Principal" | "NotPrincipal", ..], _) => self.principal(),
            (_, Slip::Undecided) => {}
            (["Action" | "NotAction"], Slip::Differs) => self.action(&reason.found),
            (["Action"], _) => self.action(&self.request.actions.iter().map(|action| (*action).to_owned()).collect::<Vec<_>>()),
            (["Effect"], _) => self.put("Effect", Some(Json::from("Allow"))),
            ([name], Slip::Refused) => self.unknown(name),
            _ => {}
        }
    }

    /// Nobody else gets in by an edit: a statement that names no subject, or does no longer, names this one.
    fn name_the_subject(&mut self) {
        let Some(key) = self.request.claim_key("sub") else { return };
        let Fact::Known([subject]) = self.request.fact(&key) else { return };
        let names = |(operator, keys): &(String, Json)| {
            let positive = Operator::parse(operator).is_ok_and(|operator| !operator.negated && operator.compare != Compare::Null);
            positive && keys.members().iter().any(|(name, _)| name.eq_ignore_ascii_case(&key))
        };
        if !self.statement.get("Condition").map(Json::members).unwrap_or_default().iter().any(names) {
            self.statement.put(&["Condition", "StringEquals", &key], Some(Json::from(subject.as_str())));
            self.changes.push(format!("it names its subject: {subject}"));
        }
    }

    fn put(&mut self, name: &str, value: Option<Json>) {
        self.changes.push(format!("{name} becomes {}", value.as_ref().map(Json::compact).unwrap_or_default()));
        self.statement.put(&[name], value);
    }

    /// A misspelt name is written as it should be; what IAM does not take goes.
    fn spell(&mut self, path: &[&str], name: &str, meant: Option<&str>) {
        match meant {
            Some(meant) => self.statement.rename(path, meant),
            None => self.statement.put(path, None),
        }
        self.changes.push(match meant {
            Some(meant) => format!("{name} is spelt {meant}"),
            None => format!("{name} goes"),
        });
    }

    fn unknown(&mut self, name: &str) {
        let meant = nearest(name, &["Sid", "Effect", "Principal", "Action", "Condition"]);
        self.spell(&[name], name, meant.filter(|meant| self.statement.get(meant).is_none()));
    }

    fn operator(&mut self, name: &str) {
        if self.statement.below(&["Condition", name]).is_some() {
            // One that is known stands there twice, or without keys: only its owner knows what was meant.
            if let Err(meant) = Operator::parse(name) {
                self.spell(&["Condition", name], name, meant.as_deref());
            }
        }
    }

    fn principal(&mut self) {
        let kind = if self.request.issuer_path.is_some() { "Federated" } else { "Service" };
        let ours = &self.request.principal;
        let mut values: Vec<Json> = Vec::new();
        let old = self.statement.get("Principal").map(Json::members).unwrap_or_default().to_vec();
        for (name, value) in &old {
            let misplaced = value.many().iter().any(|value| shown(value) == *ours || shown(value) == "*");
            if name == kind {
                values = value.many().to_vec();
            } else if misplaced || nearest(name, &[kind]).is_some() {
                self.statement.put(&["Principal", name], None);
            }
        }
        // One of several stays beside ours; one alone is the slip itself.
        let another = values.len() == 1 && is_provider(&shown(&values[0]));
        let tail = if another { " (if the other cluster still uses this role, add the statement and keep the old one)" } else { "" };
        values.truncate(if values.len() > 1 { values.len() } else { 0 });
        values.push(Json::from(ours.as_str()));
        let change = format!("{kind} becomes {ours}{tail}");
        self.statement.put(&["NotPrincipal"], None);
        self.statement.put(&["Principal", kind], many(values));
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    fn action(&mut self, missing: &[String]) {
        let useless = |action: &Json| match &self.request.issuer_path {
            Some(_) => action.text().is_some_and(|action| action.eq_ignore_ascii_case("sts:AssumeRole")),
            None => action.text().is_some_and(|action| action.eq_ignore_ascii_case("sts:AssumeRoleWithWebIdentity")),
        };
        let near =
            |action: &Json| missing.iter().any(|name| distance(&shown(action).to_ascii_lowercase(), &name.to_ascii_lowercase(), 6) <= 6);
        let mut actions: Vec<Json> = self.statement.get("Action").map(|value| value.many().to_vec()).unwrap_or_default();
        actions.retain(|action| !useless(action) && !near(action));
        actions.extend(missing.iter().map(|name| Json::from(name.as_str())));
        self.statement.put(&["NotAction"], None);
        self.put("Action", many(actions));
    }

    /// One key under one operator.
    fn condition(&mut self, name: &str, key: &str) {
        let Ok(operator) = Operator::parse(name) else { return };
        let Some(values) = self.statement.below(&["Condition", name, key]).map(|values| values.many().to_vec()) else { return };
        let claim = key.rsplit_once(':').map(|(_, claim)| claim.trim().to_ascii_lowercase()).unwrap_or_default();
        match self.request.fact(key) {
            Fact::Known([ours]) if !operator.negated && !matches!(operator.compare, Compare::Null | Compare::Bool) => {
                self.value(name, &operator, key, values, ours);
            }
            Fact::Absent(_) if matches!(claim.as_str(), "sub" | "aud") && operator.compare != Compare::Null => {
                self.key(name, &operator, key, &values, &claim);
            }
            fact => {
                let mut kept = values;
                match fact {
                    Fact::Known(ours) if operator.negated => {
                        kept.retain(|value| !ours.iter().any(|ours| is(&operator, &shown(value), ours)))
                    }
                    _ => kept.clear(),
                }
                let what = if kept.is_empty() { "goes" } else { "no longer names this pod" };
                self.changes.push(format!("{key} under {name} {what}"));
                self.statement.put(&["Condition", name, key], many(kept));
            }
        }
    }

    /// A value that is not ours: a pattern gets the operator that reads it, a slip is written anew, somebody else's stays beside ours.
    fn value(&mut self, name: &str, operator: &Operator, key: &str, mut values: Vec<Json>, ours: &str) {
        let reads_text = matches!(operator.compare, Compare::Exact | Compare::Fold | Compare::Like);
        let pattern = |value: &Json| Pattern::new(&shown(value), true, None).matches(ours, false) == Truth::Yes;
        let moves = operator.compare != Compare::Like && operator.compare != Compare::Other && values.iter().any(pattern);
        // Numbers and ARNs are no texts: the operator that compares texts.
        let fit = match (moves, reads_text) {
            (true, _) => operator.named("StringLike"),
            (false, true) => name.to_owned(),
            (false, false) => operator.named("StringEquals"),
        };
        if fit != name {
            self.statement.put(&["Condition", name, key], None);
        }
        let path = ["Condition", &fit, key];
        if moves {
            if self.statement.below(&path).is_none() {
                self.statement.put(&path, many(values));
            }
            return self.changes.push(format!("{key} moves from {name} to {fit}, which reads wildcards"));
        }
        let several = values.len() > 1;
        values.retain(|value| is_somebody_else(&shown(value), ours, several));
        let (verb, beside) = match values.len() {
            0 => ("becomes", ""),
            1 => ("gets", " (the other stays; take it out if nobody needs it)"),
            _ => ("gets", " (the others stay)"),
        };
        values.push(Json::from(ours));
        self.statement.put(&path, many(values));
        self.changes.push(format!("{key} under {fit} {verb} {ours}{beside}"));
    }

    /// The key of another issuer, or one that is misspelt.
    fn key(&mut self, name: &str, operator: &Operator, key: &str, values: &[Json], claim: &str) {
        let Some(new) = self.request.claim_key(claim) else { return };
        let wanted: Vec<String> = values.iter().map(shown).collect();
        let fits = met(operator, &new, &wanted, self.request, false) == Truth::Yes;
        let path = ["Condition", name, key];
        match self.statement.below(&["Condition", name, &new]) {
            Some(_) => self.statement.put(&path, None),
            None => self.statement.rename(&path, &new),
        }
        self.changes.push(format!("the key {key} becomes {new}"));
        if !fits && !operator.negated {
            self.condition(name, &new);
        }
    }
}

/// Whether a value under this operator is this one.
fn is(operator: &Operator, value: &str, ours: &str) -> bool {
    let wildcards = matches!(operator.compare, Compare::Like | Compare::Arn);
    Pattern::new(value, wildcards, None).matches(ours, operator.compare == Compare::Fold) == Truth::Yes
}

fn is_provider(arn: &str) -> bool {
    arn.starts_with("arn:")
        && arn.contains(":oidc-provider/")
        && !arn.rsplit_once("oidc-provider/").is_some_and(|(_, issuer)| why::is_trap(issuer))
}

/// A value that somebody else may need: the subject of another service account that is no near miss of ours; of several values any.
fn is_somebody_else(value: &str, ours: &str, of_several: bool) -> bool {
    let subject = |text: &str| {
        text.strip_prefix("system:serviceaccount:").is_some_and(|rest| rest.split(':').filter(|part| !part.is_empty()).count() == 2)
    };
    let tidy = value.trim() == value && distance(&value.to_ascii_lowercase(), &ours.to_ascii_lowercase(), 2) > 2;
    tidy && (subject(value) == subject(ours)) && (subject(ours) || of_several)
}
