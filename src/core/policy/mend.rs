//! Mends a statement, element by element.

use super::condition::{Compare, Operator, met};
use super::grammar::{distance, nearest, shown};
use super::pattern::{Pattern, Truth};
use super::request::{Fact, Request};
use super::{Json, Reason, Slip, why};

/// Members of an object.
type Members = Vec<(String, Json)>;

pub(super) fn set(members: &mut Members, name: &str, value: Json) {
    match members.iter_mut().find(|(key, _)| key == name) {
        Some((_, old)) => *old = value,
        None => members.push((name.to_owned(), value)),
    }
}

fn many(mut values: Vec<Json>) -> Json {
    match values.len() {
        1 => values.remove(0),
        _ => Json::List(values),
    }
}

/// Changes the keys of an operator; an operator without keys goes, and a condition without operators.
pub(super) fn change(statement: &mut Json, operator: &str, with: impl FnOnce(&mut Members)) {
    let Json::Map(members) = statement else { return };
    let mut operators = members.iter().find(|(name, _)| name == "Condition").map(|(_, map)| map.members().to_vec()).unwrap_or_default();
    let mut keys = operators.iter().find(|(name, _)| name == operator).map(|(_, keys)| keys.members().to_vec()).unwrap_or_default();
    with(&mut keys);
    match keys.is_empty() {
        true => operators.retain(|(name, _)| name != operator),
        false => set(&mut operators, operator, Json::Map(keys)),
    }
    match operators.is_empty() {
        true => members.retain(|(name, _)| name != "Condition"),
        false => set(members, "Condition", Json::Map(operators)),
    }
}

/// A slip within a misspelt element is seen when that is mended.
const ROUNDS: usize = 4;

/// The statement with every failing element mended, and what was changed.
pub(super) fn mend(statement: &Json, request: &Request, variables: bool) -> (Json, Vec<String>) {
    let mut mend = Mend { request, statement: statement.clone(), changes: Vec::new() };
    for _ in 0..ROUNDS {
        let judged = super::one(0, &mend.statement, request, variables).judged;
        let before = mend.changes.len();
        judged.reasons.iter().for_each(|reason| mend.element(reason));
        if mend.changes.len() == before {
            break;
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
            (["Effect"], _) => self.put("Effect", Json::from("Allow")),
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
            change(&mut self.statement, "StringEquals", |keys| set(keys, &key, Json::from(subject.as_str())));
            self.changes.push(format!("it names its subject: {subject}"));
        }
    }

    fn put(&mut self, name: &str, value: Json) {
        self.changes.push(format!("{name} becomes {}", value.compact()));
        if let Json::Map(members) = &mut self.statement {
            set(members, name, value);
        }
    }

    /// A misspelt name is written as it should be; what a trust policy may not have goes.
    fn unknown(&mut self, name: &str) {
        let Json::Map(members) = &mut self.statement else { return };
        let meant = nearest(name, &["Sid", "Effect", "Principal", "Action", "Condition"]).filter(|meant| *meant != name);
        match meant.filter(|meant| !members.iter().any(|(key, _)| key == meant)) {
            Some(meant) => {
                members.iter_mut().filter(|(key, _)| key == name).for_each(|(key, _)| meant.clone_into(key));
                self.changes.push(format!("{name} is spelt {meant}"));
            }
            None => {
                members.retain(|(key, _)| key != name);
                self.changes.push(format!("{name} goes"));
            }
        }
    }

    /// A misspelt operator is written as it should be; one that there is not goes.
    fn operator(&mut self, name: &str) {
        let Some(keys) = self.statement.get("Condition").and_then(|map| map.get(name)).map(|keys| keys.members().to_vec()) else { return };
        let meant = match Operator::parse(name) {
            Err(Some(meant)) => meant,
            Err(None) => {
                change(&mut self.statement, name, Vec::clear);
                return self.changes.push(format!("{name} goes"));
            }
            // Twice, or without keys: only its owner knows which was meant.
            Ok(_) => return,
        };
        change(&mut self.statement, name, Vec::clear);
        change(&mut self.statement, &meant, |into| keys.into_iter().for_each(|(key, value)| set(into, &key, value)));
        self.changes.push(format!("{name} is spelt {meant}"));
    }

    fn principal(&mut self) {
        let kind = if self.request.issuer_path.is_some() { "Federated" } else { "Service" };
        let mut members = match self.statement.get("Principal") {
            Some(map @ Json::Map(_)) => map.members().to_vec(),
            _ => Vec::new(),
        };
        let mut tail = "";
        let mut values: Vec<Json> =
            members.iter().find(|(name, _)| name == kind).map(|(_, values)| values.many().to_vec()).unwrap_or_default();
        // One of several stays beside ours; one alone is the slip itself.
        if values.len() > 1 {
            values.push(Json::from(self.request.principal.as_str()));
        } else {
            if values.iter().any(|value| is_provider(&shown(value))) {
                tail = " (if the other cluster still uses this role, add the statement and keep the old one)";
            }
            values = vec![Json::from(self.request.principal.as_str())];
        }
        let ours = |value: &Json| value.many().iter().any(|value| shown(value) == self.request.principal || shown(value) == "*");
        members.retain(|(name, value)| name == kind || !(ours(value) || nearest(name, &[kind]).is_some()));
        set(&mut members, kind, many(values));
        if let Json::Map(statement) = &mut self.statement {
            statement.retain(|(name, _)| name != "NotPrincipal");
            set(statement, "Principal", Json::Map(members));
        }
        let change = format!("{kind} becomes {}{tail}", self.request.principal);
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
        if let Json::Map(statement) = &mut self.statement {
            statement.retain(|(name, _)| name != "NotAction");
        }
        self.put("Action", many(actions));
    }

    /// One key under one operator.
    fn condition(&mut self, name: &str, key: &str) {
        let Ok(operator) = Operator::parse(name) else { return };
        let Some(values) = self.statement.get("Condition").and_then(|map| map.get(name)).and_then(|keys| keys.get(key)).cloned() else {
            return;
        };
        let claim = key.trim().rsplit(':').next().map(str::to_ascii_lowercase).unwrap_or_default();
        match self.request.fact(key) {
            Fact::Known([ours]) if !operator.negated && !matches!(operator.compare, Compare::Null | Compare::Bool) => {
                let ours = ours.clone();
                self.value(name, &operator, key, &values, &ours);
            }
            Fact::Known(ours) if operator.negated => {
                let kept: Vec<Json> =
                    values.many().iter().filter(|value| !ours.iter().any(|ours| is(&operator, &shown(value), ours))).cloned().collect();
                let what = if kept.is_empty() { "goes" } else { "no longer names this pod" };
                self.changes.push(format!("{key} under {name} {what}"));
                change(&mut self.statement, name, |keys| match kept.is_empty() {
                    true => keys.retain(|(old, _)| old != key),
                    false => set(keys, key, many(kept)),
                });
            }
            Fact::Absent(_) if matches!(claim.as_str(), "sub" | "aud") && operator.compare != Compare::Null => {
                self.key(name, &operator, key, &values, &claim)
            }
            _ => {
                self.changes.push(format!("{key} under {name} goes: this request never has it so"));
                change(&mut self.statement, name, |keys| keys.retain(|(old, _)| old != key));
            }
        }
    }

    /// A value that is not ours: a pattern gets the operator that reads it, a slip is written anew, somebody else's stays beside ours.
    fn value(&mut self, name: &str, operator: &Operator, key: &str, values: &Json, ours: &str) {
        let pattern = |value: &Json| Pattern::new(&shown(value), true, None).matches(ours, false) == Truth::Yes;
        let like = operator.named("StringLike");
        if values.many().iter().any(pattern) && matches!(operator.compare, Compare::Exact | Compare::Fold | Compare::Arn) {
            change(&mut self.statement, name, |keys| keys.retain(|(old, _)| old != key));
            change(&mut self.statement, &like, |keys| {
                if !keys.iter().any(|(old, _)| old.eq_ignore_ascii_case(key)) {
                    keys.push((key.to_owned(), values.clone()));
                }
            });
            return self.changes.push(format!("{key} moves from {name} to {like}, which reads wildcards"));
        }
        let mut kept: Vec<Json> =
            values.many().iter().filter(|value| is_somebody_else(&shown(value), ours, values.many().len() > 1)).cloned().collect();
        let beside = match kept.len() {
            0 => "",
            1 => " (the other stays; take it out if nobody needs it)",
            _ => " (the others stay)",
        };
        kept.push(Json::from(ours));
        // Numbers and ARNs are no texts: the operator that compares texts.
        let fit = if matches!(operator.compare, Compare::Exact | Compare::Fold | Compare::Like) {
            name.to_owned()
        } else {
            operator.named("StringEquals")
        };
        if fit != name {
            change(&mut self.statement, name, |keys| keys.retain(|(old, _)| old != key));
        }
        change(&mut self.statement, &fit, |keys| set(keys, key, many(kept)));
        self.changes.push(format!("{key} under {fit} {} {ours}{beside}", if beside.is_empty() { "becomes" } else { "gets" }));
    }

    /// The key of another issuer, or one that is misspelt.
    fn key(&mut self, name: &str, operator: &Operator, key: &str, values: &Json, claim: &str) {
        let Some(new) = self.request.claim_key(claim) else { return };
        let wanted: Vec<String> = values.many().iter().map(shown).collect();
        let fits = met(operator, &new, &wanted, self.request, false) == Truth::Yes;
        change(&mut self.statement, name, |keys| {
            let twice = keys.iter().any(|(old, _)| old.eq_ignore_ascii_case(&new));
            match twice {
                true => keys.retain(|(old, _)| old != key),
                false => keys.iter_mut().filter(|(old, _)| old == key).for_each(|(old, _)| new.clone_into(old)),
            }
        });
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
    arn.starts_with("arn:") && arn.contains(":oidc-provider/") && !why::is_trap(arn.rsplit("oidc-provider/").next().unwrap_or_default())
}

/// A value that somebody else may need: the subject of another service account that is no near miss of ours; of several values any.
fn is_somebody_else(value: &str, ours: &str, of_several: bool) -> bool {
    let subject = |text: &str| {
        text.strip_prefix("system:serviceaccount:").is_some_and(|rest| rest.split(':').filter(|part| !part.is_empty()).count() == 2)
    };
    let tidy = value.trim() == value && distance(&value.to_lowercase(), &ours.to_lowercase(), 2) > 2;
    tidy && (subject(value) == subject(ours)) && (subject(ours) || of_several)
}
