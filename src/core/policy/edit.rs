//! The smallest edit after which a policy allows a request. What is proposed has been judged: it is never a guess.
//!
//! Others may use the role, too: a value that looks like somebody else's is kept and ours put beside it, a statement that is about something
//! else stays as it is and one is added.

use super::condition::{Compare, Operator, met};
use super::grammar::{distance, nearest, shown};
use super::pattern::{Pattern, Truth};
use super::request::{Fact, Request};
use super::{Decision, Document, Edit, Evaluation, Json, Judged, Reason, Slip, judge, why};
use crate::core::trust;

/// Members of an object.
type Members = Vec<(String, Json)>;

/// An edit that makes the policy allow the request, unless it does so already or only its owner can say what to change.
pub(super) fn propose(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    match evaluation.decision {
        Decision::Allow => None,
        // It hangs on keys that are not known from here: there is nothing that is known to be wrong.
        Decision::Deny if !evaluation.undecided.is_empty() => None,
        Decision::ExplicitDeny => lift(document, request, evaluation),
        Decision::Deny => allow(document, request, evaluation),
    }
}

/// The first candidate that lets the request in.
fn allow(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    let mut near: Vec<(usize, &Judged)> =
        evaluation.statements.iter().filter(|judged| judged.effect != "Deny").map(|judged| (judged.reasons.len(), judged)).collect();
    near.sort_by_key(|(reasons, judged)| (*reasons, judged.index));
    let mended = near.iter().filter_map(|(_, judged)| {
        let statement = document.statements().get(judged.index)?;
        if !is_ours(statement, request) {
            return None;
        }
        let mut mend = Mend { request, statement: statement.clone(), changes: Vec::new() };
        judged.reasons.iter().for_each(|reason| mend.element(reason));
        let summary = format!("in {}: {}", name(judged), mend.changes.join("; "));
        Some(Edit { index: judged.index, summary, statement: Some(mend.statement) })
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

/// `statement 2 (AllowCheckout)`
fn name(judged: &Judged) -> String {
    match &judged.sid {
        Some(sid) => format!("statement {} ({sid})", judged.index + 1),
        None => format!("statement {}", judged.index + 1),
    }
}

/// A statement that denies: who is let off is put on its list of exceptions; what else it is for, only its owner knows.
fn lift(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    let denies: Vec<&Judged> = evaluation.statements.iter().filter(|judged| judged.effect == "Deny" && judged.matches).collect();
    let first = *denies.first()?;
    let statement = document.statements().get(first.index)?;
    let excepted = excepted(statement, request).map(|(statement, what)| Edit {
        index: first.index,
        summary: format!("in {}: {what}", name(first)),
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
            name(first)
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

/// Whether a statement is meant for this kind of caller: what trusts a service or another account is not turned into something else.
fn is_ours(statement: &Json, request: &Request) -> bool {
    let looks = |value: &Json| {
        let value = shown(value).to_ascii_lowercase();
        match request.issuer_path {
            Some(_) => value.contains("oidc") || value == "*",
            None => value.contains("eks") || value == "*",
        }
    };
    let kind = if request.issuer_path.is_some() { "Federated" } else { "Service" };
    match statement.get("Principal") {
        Some(map @ Json::Map(_)) => map.members().iter().any(|(name, values)| {
            let ours = nearest(name, &[kind]).is_some() || values.many().iter().any(|value| shown(value) == "*");
            ours && values.many().iter().any(looks)
        }),
        Some(value) => looks(value),
        // None, or under a misspelt name: the action tells.
        None => matches!(statement, Json::Map(_)) && super::element::actions(statement, request).contains(&true),
    }
}

fn set(members: &mut Members, name: &str, value: Json) {
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
fn change(statement: &mut Json, operator: &str, with: impl FnOnce(&mut Members)) {
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
            // What is not known is left as it is, but for a principal, which can be known.
            (["Principal" | "NotPrincipal", ..], _) => self.principal(),
            (_, Slip::Undecided) => {}
            (["Action" | "NotAction"], _) => self.action(&reason.found),
            (["Effect"], _) => self.put("Effect", Json::from("Allow")),
            (["Condition", operator], Slip::Refused) => self.operator(operator),
            ([name], Slip::Refused) => self.unknown(name),
            _ => {}
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

    fn operator(&mut self, name: &str) {
        let Err(Some(meant)) = Operator::parse(name) else { return };
        let Some(keys) = self.statement.get("Condition").and_then(|map| map.get(name)).map(|keys| keys.members().to_vec()) else { return };
        change(&mut self.statement, name, Vec::clear);
        change(&mut self.statement, &meant, |into| keys.into_iter().for_each(|(key, value)| set(into, &key, value)));
        self.changes.push(format!("{name} is spelt {meant}"));
    }

    fn principal(&mut self) {
        let kind = if self.request.issuer_path.is_some() { "Federated" } else { "Service" };
        let ours = Json::from(self.request.principal.as_str());
        let mut members = match self.statement.get("Principal") {
            Some(map @ Json::Map(_)) => map.members().to_vec(),
            _ => Vec::new(),
        };
        let mut tail = "";
        let mut values: Vec<Json> =
            members.iter().find(|(name, _)| name == kind).map(|(_, values)| values.many().to_vec()).unwrap_or_default();
        // One of several stays beside ours; one alone is the slip itself.
        if values.len() > 1 {
            values.push(ours);
        } else {
            if values.iter().any(|value| is_provider(&shown(value))) {
                tail = " (if the other cluster still uses this role, add the statement and keep the old one)";
            }
            values = vec![ours];
        }
        members.retain(|(name, value)| shown(value) != "*" && (name == kind || nearest(name, &[kind]).is_none()));
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
            Fact::Known([ours]) if !operator.negated && operator.compare != Compare::Null => {
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
            values.many().iter().filter(|value| is_somebody_else(&shown(value), ours, values.many().len())).cloned().collect();
        let beside = if kept.is_empty() { String::new() } else { " (the other stays; take it out if nobody needs it)".to_owned() };
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
fn is_somebody_else(value: &str, ours: &str, of: usize) -> bool {
    let tidy = value.trim() == value && distance(&value.to_lowercase(), &ours.to_lowercase(), 2) > 2;
    let subject =
        value.strip_prefix("system:serviceaccount:").is_some_and(|rest| rest.split(':').filter(|part| !part.is_empty()).count() == 2);
    tidy && (subject || (of > 1 && !value.starts_with("system:")))
}
