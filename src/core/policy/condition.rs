//! Conditions: operators, and what they make of what is known.
//!
//! IAM user guide, "Condition operators", "Conditions with multiple context keys or values" (operators and keys are all to be met, of
//! values one is enough, of negated operators none may be met) and "Multivalued context keys".

use super::grammar::{nearest, reason, shown};
use super::pattern::{Pattern, Truth};
use super::reasons;
use super::request::{ContextFact, Request};
use super::{Json, Reason, Slip};

/// How an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    /// Equal to the letter.
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
    /// Numbers, dates, addresses, bytes: no key that is known here is one.
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

    /// The same operator with another name in the middle.
    pub(super) fn named(&self, name: &str) -> String {
        let set = match self.set {
            Set::One => "",
            Set::Any => "ForAnyValue:",
            Set::All => "ForAllValues:",
        };
        format!("{set}{name}{}", if self.if_exists { "IfExists" } else { "" })
    }
}

/// Whether a statement's conditions are met, and why not; operators and values that IAM refuses are the grammar's to say.
pub(super) fn judge(condition: Option<&Json>, request: &Request, variables: bool) -> (Truth, Vec<Reason>) {
    let mut truths = Vec::new();
    let mut reasons = Vec::new();
    for (name, keys) in condition.map(Json::members).unwrap_or_default() {
        let Ok(operator) = Operator::parse(name) else { continue };
        for (key, values) in keys.members() {
            let wanted: Vec<String> = values.many().iter().map(shown).collect();
            let truth = met(&operator, key, &wanted, request, variables);
            let element = format!("Condition.{name}.{key}");
            let found = match request.fact(key) {
                ContextFact::Known(values) => values,
                _ => &[],
            };
            match truth {
                Truth::Yes => {}
                Truth::No => {
                    let why = reasons::condition(&operator, key, &wanted, request);
                    reasons.push(reason(Slip::Differs, &element, wanted, found, &why));
                }
                Truth::Maybe => {
                    let why = reasons::undecided(&operator, key, request);
                    reasons.push(reason(Slip::Undecided, &element, wanted, found, &why));
                }
            }
            truths.push(truth);
        }
    }
    (Truth::all(truths.into_iter()), reasons)
}

/// One key under one operator.
pub(super) fn met(operator: &Operator, key: &str, wanted: &[String], request: &Request, variables: bool) -> Truth {
    let fact = request.fact(key);
    if operator.compare == Compare::Null {
        let absent = |yes: &str| yes.eq_ignore_ascii_case("true");
        return match fact {
            ContextFact::Unknown => Truth::Maybe,
            ContextFact::Known(_) => Truth::of(wanted.iter().any(|value| !absent(value))),
            ContextFact::Absent(_) => Truth::of(wanted.iter().any(|value| absent(value))),
        };
    }
    let values = match fact {
        ContextFact::Known(values) if !values.is_empty() => values,
        ContextFact::Unknown if !operator.negated && request.never(key, wanted) => return Truth::No,
        ContextFact::Unknown => return Truth::Maybe,
        ContextFact::Known(_) | ContextFact::Absent(_) => {
            return match operator.set {
                // "It also returns true if there are no keys in the request."
                Set::All => Truth::Yes,
                // "For no matching key … the condition returns false"; what IfExists makes of that is documented nowhere.
                Set::Any if operator.if_exists => Truth::Maybe,
                Set::Any => Truth::No,
                Set::One => Truth::of(operator.if_exists || operator.negated),
            };
        }
    };
    let patterns: Vec<Pattern> = wanted
        .iter()
        .map(|value| Pattern::new(value, matches!(operator.compare, Compare::Like | Compare::Arn), variables.then_some(request)))
        .collect();
    let one = |value: &String| {
        let equal = Truth::any(wanted.iter().zip(&patterns).map(|(wanted, pattern)| equal(operator.compare, wanted, pattern, value)));
        if operator.negated { equal.not() } else { equal }
    };
    match operator.set {
        Set::Any => Truth::any(values.iter().map(one)),
        Set::All => Truth::all(values.iter().map(one)),
        // Several values need a set operator, and IAM does not say what it makes of one without: only what all agree on is known.
        Set::One => match (Truth::any(values.iter().map(one)), Truth::all(values.iter().map(one))) {
            (any, all) if any == all => any,
            _ => Truth::Maybe,
        },
    }
}

fn equal(compare: Compare, wanted: &str, pattern: &Pattern, value: &str) -> Truth {
    match compare {
        Compare::Exact | Compare::Like => pattern.matches(value, false),
        Compare::Fold => pattern.matches(value, true),
        Compare::Bool => match (is_bool(wanted), is_bool(value)) {
            (true, true) => Truth::of(wanted.eq_ignore_ascii_case(value)),
            // A variable, or a text where a truth value belongs.
            _ => Truth::Maybe,
        },
        Compare::Arn => arn(wanted, pattern, value),
        Compare::Null | Compare::Other => Truth::Maybe,
    }
}

pub(super) fn is_bool(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

/// "Each of the six colon-delimited components of the ARN is checked separately."
fn arn(wanted: &str, pattern: &Pattern, value: &str) -> Truth {
    if *pattern == Pattern::Unknown {
        return Truth::Maybe;
    }
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (wanted, value) = (parts(wanted), parts(value));
    let both = wanted.len() == 6 && value.len() == 6;
    Truth::of(both && wanted.iter().zip(&value).all(|(wanted, value)| Pattern::new(wanted, true, None).matches(value, false) == Truth::Yes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_taken_apart() {
        let operator = Operator::parse("ForAnyValue:StringNotLikeIfExists").unwrap();
        assert_eq!((operator.set, operator.compare, operator.negated, operator.if_exists), (Set::Any, Compare::Like, true, true));
        assert_eq!(operator.named("StringLike"), "ForAnyValue:StringLikeIfExists");
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
