//! Conditions: operators, and what they make of what is known.
//!
//! IAM user guide, "Condition operators", "Conditions with multiple context keys or values" (operators and keys are all to be met, of
//! values one is enough, of negated operators none may be met) and "Multivalued context keys".
//!
//! What these pages do not say is `Maybe`, together with why (`Unclear`): where all readings of them agree, that is the answer.

use super::clock;
use super::form::Form;
use super::grammar::{nearest, reason, shown};
use super::pattern::{Pattern, Truth};
use super::reasons;
use super::request::{ContextFact, Request, is_multivalued};
use super::{Json, Reason, Slip};

/// How an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    /// Exactly equal.
    Exact,
    /// Equal, whatever the capitals.
    Fold,
    /// With wildcards.
    Like,
    /// With wildcards in each of an ARN's six parts.
    Arn,
    /// `true`, `false`
    Bool,
    /// Whether the key is there.
    Null,
    /// Numbers, dates, addresses, bytes: the time of the request alone is known of what they compare.
    Other,
}

/// Each operator: how it compares, and whether it is the negation.
const OPERATORS: [(&str, Compare, bool); 27] = [
    ("StringEquals", Compare::Exact, false),
    ("StringNotEquals", Compare::Exact, true),
    ("StringEqualsIgnoreCase", Compare::Fold, false),
    ("StringNotEqualsIgnoreCase", Compare::Fold, true),
    ("StringLike", Compare::Like, false),
    ("StringNotLike", Compare::Like, true),
    // "ArnEquals and ArnLike behave identically."
    ("ArnEquals", Compare::Arn, false),
    ("ArnLike", Compare::Arn, false),
    ("ArnNotEquals", Compare::Arn, true),
    ("ArnNotLike", Compare::Arn, true),
    ("Bool", Compare::Bool, false),
    ("Null", Compare::Null, false),
    ("NumericEquals", Compare::Other, false),
    ("NumericNotEquals", Compare::Other, true),
    ("NumericLessThan", Compare::Other, false),
    ("NumericLessThanEquals", Compare::Other, false),
    ("NumericGreaterThan", Compare::Other, false),
    ("NumericGreaterThanEquals", Compare::Other, false),
    ("DateEquals", Compare::Other, false),
    ("DateNotEquals", Compare::Other, true),
    ("DateLessThan", Compare::Other, false),
    ("DateLessThanEquals", Compare::Other, false),
    ("DateGreaterThan", Compare::Other, false),
    ("DateGreaterThanEquals", Compare::Other, false),
    ("IpAddress", Compare::Other, false),
    ("NotIpAddress", Compare::Other, true),
    ("BinaryEquals", Compare::Other, false),
];

/// How the values of a key are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// One value is expected.
    One,
    /// `ForAnyValue:`
    Any,
    /// `ForAllValues:`
    All,
}

/// An operator with its prefix and suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) set: Set,
    /// Its name in the middle.
    pub(super) name: &'static str,
    pub(super) compare: Compare,
    pub(super) negated: bool,
    /// `…IfExists`
    pub(super) if_exists: bool,
}

impl Operator {
    /// Takes a name apart; an unknown one gives the whole name that was meant, when that can be told.
    ///
    /// Capitals are not insisted on: whether IAM does is documented nowhere, and what it stores it has accepted.
    pub(super) fn parse(text: &str) -> Result<Operator, Option<String>> {
        let (prefix, set, rest) = match text.split_once(':') {
            None => ("", Set::One, text),
            Some((set, rest)) => match nearest(set, &["ForAnyValue", "ForAllValues"]) {
                Some(prefix) if prefix.eq_ignore_ascii_case(set) => {
                    (prefix, if prefix == "ForAnyValue" { Set::Any } else { Set::All }, rest)
                }
                Some(prefix) => return Err(Some(format!("{prefix}:{rest}"))),
                None => return Err(None),
            },
        };
        let (name, if_exists) = match rest.len().checked_sub(8).and_then(|at| rest.split_at_checked(at)) {
            Some((name, suffix)) if suffix.eq_ignore_ascii_case("IfExists") => (name, true),
            _ => (rest, false),
        };
        match OPERATORS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)) {
            // "You can add IfExists to the end of any condition operator name except the Null condition."
            Some((_, Compare::Null, _)) if if_exists || set != Set::One => Err(Some("Null".to_owned())),
            Some((name, compare, negated)) => Ok(Operator { set, name, compare: *compare, negated: *negated, if_exists }),
            None => {
                let meant = nearest(name, &OPERATORS.map(|(name, ..)| name));
                let colon = if prefix.is_empty() { "" } else { ":" };
                Err(meant.map(|name| format!("{prefix}{colon}{name}{}", if if_exists { "IfExists" } else { "" })))
            }
        }
    }
}

/// Why it is not known whether a condition is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclear {
    /// Of the key's value nothing is known, or not enough.
    Unknown,
    /// A policy variable in it has a value that is not known.
    Variable,
    /// The key can have several values, and there is no set operator.
    SetOperator,
    /// What it compares as an ARN is none: the request's value.
    NoArn,
    /// The policy's value is no ARN.
    NoArnAsked,
    /// The operator does not compare values of this kind.
    Kind,
    /// `Bool` beside something else than `true` and `false`.
    NoBool,
    /// Several values for an operator that takes one.
    Several,
    /// No values at all.
    NoValue,
    /// `ForAnyValue:` and `IfExists` of a key that is not there.
    AnyIfExists,
    /// A limit of time that is none in a documented form, or that may lie on either side.
    Time,
}

/// Whether something holds, and why that is not known.
type Answer = (Truth, Option<Unclear>);

const fn unclear(cause: Unclear) -> Answer {
    (Truth::Maybe, Some(cause))
}

/// Whether a statement's conditions are met, and why not; operators and values that IAM refuses are the grammar's to say.
pub(super) fn judge(condition: Option<&Json>, request: &Request, variables: bool) -> (Truth, Vec<Reason>) {
    let mut truths = Vec::new();
    let mut reasons = Vec::new();
    for (name, keys) in condition.map(Json::members).unwrap_or_default() {
        let Ok(operator) = Operator::parse(name) else { continue };
        for (key, values) in keys.members() {
            let wanted: Vec<String> = values.many().iter().map(shown).collect();
            let (truth, cause) = answer(&operator, key, &wanted, request, variables);
            let element = format!("Condition.{name}.{key}");
            let found = found(&operator, key, request, truth);
            match truth {
                Truth::Yes => {}
                Truth::No => {
                    let why = reasons::condition(&operator, key, &wanted, request);
                    reasons.push(reason(Slip::Differs, &element, wanted, &found, &why));
                }
                Truth::Maybe => {
                    let why = reasons::undecided(cause.unwrap_or(Unclear::Unknown), &operator, key, request);
                    reasons.push(reason(Slip::Undecided, &element, wanted, &found, &why));
                }
            }
            truths.push(truth);
        }
    }
    (Truth::all(truths.into_iter()), reasons)
}

/// What the request has, as far as it is known. An unknown part of a value stands there by its name.
fn found(operator: &Operator, key: &str, request: &Request, truth: Truth) -> Vec<String> {
    match (request.fact(key), request.now()) {
        (ContextFact::Known(values), _) => values.to_vec(),
        (ContextFact::Formed(_), Some(now)) if clock::compares(operator.name, key) => vec![now.to_string()],
        (ContextFact::Formed(formed), _) if truth == Truth::No || formed.form.tells_something() => vec![formed.form.shown()],
        _ => Vec::new(),
    }
}

/// One key under one operator.
fn answer(operator: &Operator, key: &str, wanted: &[String], request: &Request, variables: bool) -> Answer {
    // Access Analyzer finds that an empty list "does not affect the policy permissions"; the evaluation is documented nowhere.
    if wanted.is_empty() {
        return unclear(Unclear::NoValue);
    }
    let fact = request.fact(key);
    let present = |values: &[Form]| present(operator, key, wanted, values, request, variables);
    let answer = match fact {
        _ if operator.compare == Compare::Null => null(wanted, fact),
        ContextFact::Known(values) if !values.is_empty() => present(&values.iter().map(|value| Form::text(value)).collect::<Vec<_>>()),
        ContextFact::Known(_) | ContextFact::Absent(_) => absent(operator),
        ContextFact::Formed(formed) if formed.is_present => present(std::slice::from_ref(&formed.form)),
        ContextFact::Formed(formed) => either(present(std::slice::from_ref(&formed.form)), absent(operator)),
        ContextFact::Unknown => either(present(&[Form::any()]), absent(operator)),
    };
    let several = operator.set == Set::One && operator.compare != Compare::Null && (is_multivalued(key) || fact.values().len() > 1);
    match (answer.0, operator.compare) {
        // "Multivalued context keys require a condition set operator": without one, only what no value of it could change is known.
        (Truth::Yes | Truth::Maybe, _) if several => unclear(Unclear::SetOperator),
        // Access Analyzer refuses several truth values; whether IAM does is not documented, and it takes one.
        (Truth::Yes, Compare::Bool | Compare::Null) if wanted.len() > 1 => unclear(Unclear::Several),
        _ => answer,
    }
}

/// Whether the key is there or not, as far as both come to the same.
fn either(present: Answer, absent: Answer) -> Answer {
    if present.0 == absent.0 { present } else { (Truth::Maybe, present.1.or(Some(Unclear::Unknown))) }
}

/// "Use a Null condition operator to check if a condition key is absent at the time of authorization."
fn null(wanted: &[String], fact: ContextFact) -> Answer {
    let asks = |absent: bool| Truth::of(wanted.iter().any(|value| value.eq_ignore_ascii_case("true") == absent));
    match fact {
        ContextFact::Known([]) | ContextFact::Unknown => unclear(Unclear::Unknown),
        ContextFact::Formed(formed) if !formed.is_present => unclear(Unclear::Unknown),
        ContextFact::Known(_) | ContextFact::Formed(_) => (asks(false), None),
        ContextFact::Absent(_) => (asks(true), None),
    }
}

/// What an operator makes of a key that is not there.
fn absent(operator: &Operator) -> Answer {
    match operator.set {
        // "It also returns true if there are no keys in the request."
        Set::All => (Truth::Yes, None),
        // "For no matching key … the condition returns false"; what IfExists makes of that is documented nowhere.
        Set::Any if operator.if_exists => unclear(Unclear::AnyIfExists),
        Set::Any => (Truth::No, None),
        Set::One => (Truth::of(operator.if_exists || operator.negated), None),
    }
}

/// What an operator makes of values that are there.
fn present(operator: &Operator, key: &str, wanted: &[String], values: &[Form], request: &Request, variables: bool) -> Answer {
    // Operators of strings and of ARNs alone take variables.
    let takes = matches!(operator.compare, Compare::Exact | Compare::Fold | Compare::Like | Compare::Arn);
    let wild = matches!(operator.compare, Compare::Like | Compare::Arn);
    let asker = (variables && takes).then_some(request);
    let patterns: Vec<Pattern> = wanted.iter().map(|value| Pattern::new(value, wild, asker)).collect();
    let mut causes = Vec::new();
    let mut one = |value: &Form| {
        let answers: Vec<Answer> =
            wanted.iter().zip(&patterns).map(|(wanted, pattern)| equal(operator, key, wanted, pattern, value, request)).collect();
        let equal = Truth::any(answers.iter().map(|(truth, _)| *truth));
        if equal == Truth::Maybe {
            causes.extend(answers.iter().filter(|(truth, _)| *truth == Truth::Maybe).find_map(|(_, cause)| *cause));
        }
        if operator.negated { equal.not() } else { equal }
    };
    let truths: Vec<Truth> = values.iter().map(&mut one).collect();
    let (any, all) = (Truth::any(truths.iter().copied()), Truth::all(truths.iter().copied()));
    let truth = match operator.set {
        Set::Any => any,
        Set::All => all,
        Set::One if any == all => any,
        Set::One => Truth::Maybe,
    };
    (truth, causes.first().copied())
}

/// Whether a value equals one that the policy names, negation aside.
fn equal(operator: &Operator, key: &str, wanted: &str, pattern: &Pattern, value: &Form, request: &Request) -> Answer {
    let cause = if pattern.has_hole() { Unclear::Variable } else { Unclear::Unknown };
    let compared = |truth: Truth| (truth, (truth == Truth::Maybe).then_some(cause));
    match operator.compare {
        Compare::Exact | Compare::Like => compared(pattern.compare(value, false)),
        Compare::Fold => compared(pattern.compare(value, true)),
        Compare::Arn => match arn(pattern, value) {
            Some(truth) => compared(truth),
            // No ARN is compared: either that never matches, or the texts are compared. That the negation is met then is not documented.
            None if !operator.negated && pattern.compare(value, false) == Truth::No => (Truth::No, None),
            None if pattern.has_hole() || (value.known().is_none() && pattern.arn_parts().is_some()) => unclear(cause),
            None if value.arn_parts().is_some() => unclear(Unclear::NoArnAsked),
            None => unclear(Unclear::NoArn),
        },
        Compare::Bool => match value.known() {
            _ if !is_bool(wanted) => unclear(Unclear::NoBool),
            None => unclear(Unclear::Unknown),
            Some(value) if is_bool(value) => (Truth::of(wanted.eq_ignore_ascii_case(value)), None),
            Some(_) => unclear(Unclear::NoBool),
        },
        Compare::Other => match request.now() {
            Some(now) if clock::compares(operator.name, key) => {
                let truth = clock::met(operator.name, key, wanted, now);
                (truth, (truth == Truth::Maybe).then_some(Unclear::Time))
            }
            _ if value.known().is_none() => unclear(Unclear::Unknown),
            _ => unclear(Unclear::Kind),
        },
        Compare::Null => unclear(Unclear::Kind),
    }
}

pub(super) fn is_bool(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

/// "Each of the six colon-delimited components of the ARN is checked separately and each can include multi-character match wildcards (*) or
/// single-character match wildcards (?)." `None` where one of the two is no ARN, or may be none.
fn arn(pattern: &Pattern, value: &Form) -> Option<Truth> {
    if *pattern == Pattern::Null {
        return Some(Truth::No);
    }
    let (patterns, parts) = (pattern.arn_parts()?, value.arn_parts()?);
    let truth = Truth::all(patterns.iter().zip(&parts).map(|(pattern, part)| pattern.compare(part, false)));
    // A variable's value may have colons of its own, which move the parts behind it.
    let moved = truth == Truth::No && pattern.has_hole() && pattern.compare(value, false) != Truth::No;
    Some(if moved { Truth::Maybe } else { truth })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_taken_apart() {
        let operator = Operator::parse("ForAnyValue:StringNotLikeIfExists").unwrap();
        assert_eq!((operator.set, operator.compare, operator.negated, operator.if_exists), (Set::Any, Compare::Like, true, true));
        for (name, meant) in [
            ("StringEqual", Some("StringEquals")),
            ("StringEqualIfExists", Some("StringEqualsIfExists")),
            ("ForAnyValues:StringLike", Some("ForAnyValue:StringLike")),
            ("ForAllValue:StringLike", Some("ForAllValues:StringLike")),
            ("ForAnyValue:StringLik", Some("ForAnyValue:StringLike")),
            ("NullIfExists", Some("Null")),
            ("IfExists", None),
            ("Equals", None),
            ("", None),
            ("äIfExists", None),
        ] {
            assert_eq!(Operator::parse(name), Err(meant.map(str::to_owned)), "{name}");
        }
        for (name, ..) in OPERATORS {
            assert!(
                Operator::parse(name).is_ok_and(|operator| operator.name == name && operator.negated == name.contains("Not")),
                "{name}"
            );
        }
    }
}
