//! Mends a statement, element by element. Whom a mended one would let in or keep out besides is not looked at here, but in `others`.

use super::condition::{Compare, Operator, met};
use super::grammar::{is_of_sts, nearest, shown};
use super::pattern::{Pattern, Truth};
use super::request::{ContextFact, Request};
use super::{Json, Reason, Slip};
use crate::core::text::printable::{distance, is_object_name};

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
    (mend.statement, mend.changes)
}

/// The statement without what IAM refuses in it and what says nothing; it may be anybody's, and goes on to mean what it means.
pub(super) fn spell(statement: &Json, request: &Request) -> (Json, Vec<String>) {
    let mut mend = Mend { request, statement: statement.clone(), changes: Vec::new() };
    for reason in super::grammar::statement(statement) {
        match reason.element.as_str() {
            "Sid" | "Resource" | "NotResource" => mend.unknown(&reason.element),
            "Effect" if reason.wanted.iter().any(|effect| nearest(effect, &["Deny"]).is_some()) => mend.element(&reason),
            _ => {}
        }
    }
    (mend.statement, mend.changes)
}

/// The statement for nobody but who asks, of those who come the same way; and what was changed.
pub(super) fn narrow(statement: &Json, request: &Request) -> (Json, Vec<String>) {
    let mut mend = Mend { request, statement: statement.clone(), changes: Vec::new() };
    request.own_keys().iter().for_each(|key| mend.name(key));
    (mend.statement, mend.changes)
}

/// Elements with a meaning of their own.
const ELEMENTS: [&str; 5] = ["Sid", "Effect", "Principal", "Action", "Condition"];

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
            (["Effect"], _) => {
                let written = self.statement.get("Effect").map(shown).unwrap_or_default();
                self.put("Effect", Some(Json::from(nearest(&written, &["Deny"]).unwrap_or("Allow"))));
            }
            ([name], Slip::Refused) => self.unknown(name),
            _ => {}
        }
    }

    /// The asker's value of a key, unless the statement names values of it already.
    fn name(&mut self, key: &str) {
        let ContextFact::Known([ours]) = self.request.fact(key) else { return };
        let names = |(operator, keys): &(String, Json)| {
            let positive = Operator::parse(operator).is_ok_and(|operator| !operator.negated && operator.compare != Compare::Null);
            positive && keys.members().iter().any(|(name, _)| name.eq_ignore_ascii_case(key))
        };
        if !self.statement.get("Condition").map(Json::members).unwrap_or_default().iter().any(names) {
            self.statement.put(&["Condition", "StringEquals", key], Some(Json::from(ours.as_str())));
            self.changes.push(format!("it is for {ours} alone ({key})"));
        }
    }

    fn put(&mut self, name: &str, value: Option<Json>) {
        self.changes.push(format!("{name} becomes {}", value.as_ref().map(Json::compact).unwrap_or_default()));
        self.statement.put(&[name], value);
    }

    /// A misspelt name is written as it should be; what IAM does not take goes.
    fn rename(&mut self, path: &[&str], name: &str, meant: Option<&str>) {
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
        let meant = nearest(name, &ELEMENTS).filter(|meant| *meant != name);
        self.rename(&[name], name, meant.filter(|meant| self.statement.get(meant).is_none()));
    }

    fn operator(&mut self, name: &str) {
        // A key in the place of its operator.
        if let Some(values) =
            self.statement.below(&["Condition", name]).filter(|values| name.contains(':') && !matches!(values, Json::Map(_)))
        {
            let (values, wild) = (values.clone(), values.many().iter().any(|value| shown(value).contains(['*', '?'])));
            let operator = if wild { "StringLike" } else { "StringEquals" };
            self.statement.put(&["Condition", name], None);
            self.statement.put(&["Condition", operator, name], Some(values));
            return self.changes.push(format!("{name} goes under {operator}"));
        }
        if self.statement.below(&["Condition", name]).is_some() {
            // One that is known stands there twice, or without keys: only its owner knows what was meant.
            if let Err(meant) = Operator::parse(name) {
                self.rename(&["Condition", name], name, meant.as_deref());
            }
        }
    }

    fn principal(&mut self) {
        let (kind, ours) = (self.request.kind, &self.request.principal);
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
        if values.len() == 1 {
            values.clear();
        }
        values.push(Json::from(ours.as_str()));
        self.statement.put(&["NotPrincipal"], None);
        self.statement.put(&["Principal", kind], many(values));
        let change = format!("{kind} becomes {ours}");
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
        actions.retain(|action| is_of_sts(action) && !useless(action) && !near(action));
        actions.extend(missing.iter().map(|name| Json::from(name.as_str())));
        self.statement.put(&["NotAction"], None);
        self.put("Action", many(actions));
    }

    /// One key under one operator.
    fn condition(&mut self, name: &str, key: &str) {
        let Ok(operator) = Operator::parse(name) else { return };
        let Some(values) = self.statement.below(&["Condition", name, key]).map(|values| values.many().to_vec()) else { return };
        let meant = self.request.meant_key(key).filter(|_| operator.compare != Compare::Null);
        match (self.request.fact(key), meant) {
            (ContextFact::Known([ours]), _) if !operator.negated && !matches!(operator.compare, Compare::Null | Compare::Bool) => {
                self.value(name, &operator, key, values, ours);
            }
            (ContextFact::Absent(_), Some(new)) => self.key(name, &operator, key, &values, &new),
            (fact, _) => {
                let mut kept = values;
                match fact {
                    ContextFact::Known(ours) if operator.negated => {
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

    /// A value that is not ours: a pattern gets the operator that reads it, a slip is written anew, what can be somebody else's stays beside
    /// ours.
    fn value(&mut self, name: &str, operator: &Operator, key: &str, mut values: Vec<Json>, ours: &str) {
        let reads_text = matches!(operator.compare, Compare::Exact | Compare::Fold | Compare::Like);
        let pattern = |value: &Json| Pattern::new(&shown(value), true, None).matches(ours, false) == Truth::Yes;
        let like = operator.named("StringLike");
        let moves = !matches!(operator.compare, Compare::Like | Compare::Other)
            && values.iter().any(pattern)
            // Where that operator asks something of the key already, both are meant.
            && self.statement.below(&["Condition", &like, key]).is_none();
        // Numbers and ARNs are no texts: the operator that compares texts.
        let fit = match (moves, reads_text) {
            (true, _) => like,
            (false, true) => name.to_owned(),
            (false, false) => operator.named("StringEquals"),
        };
        if fit != name {
            self.statement.put(&["Condition", name, key], None);
        }
        let path = ["Condition", &fit, key];
        if moves {
            self.statement.put(&path, many(values));
            return self.changes.push(format!("{key} moves from {name} to {fit}, which reads wildcards: all that match get in"));
        }
        let several = values.len() > 1;
        values.retain(|value| can_be_somebody_s(&shown(value), ours, key).unwrap_or(several));
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
    fn key(&mut self, name: &str, operator: &Operator, key: &str, values: &[Json], new: &str) {
        let path = ["Condition", name, key];
        if self.statement.below(&["Condition", name, new]).is_some() {
            self.statement.put(&path, None);
            return self.changes.push(format!("{key} under {name} goes: all keys have to be met, and the request has none such"));
        }
        let wanted: Vec<String> = values.iter().map(shown).collect();
        let fits = met(operator, new, &wanted, self.request, false) == Truth::Yes;
        self.statement.rename(&path, new);
        self.changes.push(format!("the key {key} becomes {new}"));
        if !fits && !operator.negated {
            self.condition(name, new);
        }
    }
}

/// Whether a value under this operator is this one.
fn is(operator: &Operator, value: &str, ours: &str) -> bool {
    let wildcards = matches!(operator.compare, Compare::Like | Compare::Arn);
    Pattern::new(value, wildcards, None).matches(ours, operator.compare == Compare::Fold) == Truth::Yes
}

/// Whether a value that is not ours can be another service account's or namespace's, or a pattern for them; `None` where the key is about
/// neither.
fn can_be_somebody_s(value: &str, ours: &str, key: &str) -> Option<bool> {
    let is_name = |name: &str| is_object_name(&name.replace(['*', '?'], "x"));
    if key.to_ascii_lowercase().contains("tag/kubernetes-") {
        return Some(is_name(value));
    }
    ours.strip_prefix("system:serviceaccount:")?;
    let names = value.strip_prefix("system:serviceaccount:").and_then(|names| names.split_once(':'));
    Some(names.is_some_and(|(namespace, account)| is_name(namespace) && is_name(account)))
}
