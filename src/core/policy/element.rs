//! Principals and actions of a statement beside the request's.

use super::grammar::{reason, shown};
use super::pattern::{Truth, is_like};
use super::{Json, Reason, Request, Slip, reasons};

/// Whether `Principal` names who asks. A principal that the grammar refuses names no one, and `grammar` reports it.
pub(super) fn principal(statement: &Json, request: &Request) -> (Truth, Option<Reason>) {
    let denies = statement.get("Effect").and_then(Json::text) == Some("Deny");
    let map = match statement.get("Principal") {
        Some(map @ Json::Map(_)) => map,
        // "*" and {"AWS": "*"} are the same elsewhere; IAM does not take the former here.
        Some(value) => return (Truth::of(denies && value.text() == Some("*")), None),
        None => return (Truth::No, None),
    };
    let ours = request.kind;
    let mut wanted = Vec::new();
    let mut first = None;
    let mut everyone = false;
    for (kind, values) in map.members() {
        for value in values.many().iter().map(shown) {
            if kind == ours && value == request.principal {
                return (Truth::Yes, None);
            }
            everyone |= value == "*" && (kind == "AWS" || kind == ours);
            // The kind that a token comes by is the one to talk about.
            if first.is_none() || kind == ours {
                first = Some((kind.clone(), value.clone()));
            }
            wanted.push(if kind == ours { value } else { format!("{kind} {value}") });
        }
    }
    let found = [request.principal.clone()];
    if everyone && denies {
        // "Use a wildcard in the Principal element with a Deny effect to deny everyone."
        return (Truth::Yes, None);
    }
    let (truth, slip, why) = match first {
        _ if everyone => (
            Truth::Maybe,
            Slip::Undecided,
            "* stands for everyone, but whether IAM counts this caller in is not documented; name the principal".to_owned(),
        ),
        Some((kind, value)) => (Truth::No, Slip::Differs, reasons::principal(&kind, &value, request)),
        None => (Truth::No, Slip::Differs, "it names no principal".to_owned()),
    };
    (truth, Some(reason(slip, "Principal", wanted, &found, &why)))
}

/// Which of the request's actions a statement is about.
pub(super) fn actions(statement: &Json, request: &Request) -> Vec<bool> {
    let named = |element: &Json, action: &str| element.many().iter().filter_map(Json::text).any(|pattern| is_like(pattern, action));
    let covers = |action: &&str| match (statement.get("Action"), statement.get("NotAction")) {
        (Some(actions), _) => named(actions, action),
        (None, Some(others)) => !named(others, action),
        _ => false,
    };
    request.actions.iter().map(covers).collect()
}

/// Why a statement is about none of the request's actions, or what it still lacks.
pub(super) fn action_reason(statement: &Json, request: &Request, missing: &[String]) -> Option<Reason> {
    let (name, value) = ["Action", "NotAction"].iter().find_map(|name| Some((*name, statement.get(name)?)))?;
    let wanted: Vec<String> = value.many().iter().map(shown).collect();
    let why = match name {
        "NotAction" => "NotAction leaves out what it names, and it names this".to_owned(),
        _ if missing.len() < request.actions.len() => format!("Pod Identity needs {} too: EKS tags every session", missing.join(" and ")),
        _ => reasons::action(&wanted, request),
    };
    Some(reason(Slip::Differs, name, wanted, missing, &why))
}
