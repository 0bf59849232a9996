//! What IAM refuses to store: elements that it does not know, that are missing, or that a role's trust policy may not have.
//!
//! IAM user guide, "Grammar of the IAM JSON policy language"; IAM Access Analyzer, "Policy check reference" (the checks named
//! "Role trust policy …").

use super::condition::{Compare, Operator, is_bool};
use super::names;
use super::{Document, Json, Reason, Slip};
use crate::core::text::printable::distance;
use crate::core::text::secrets::redact_value;

const DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT: [&str; 9] = ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition", "Resource", "NotResource"];
const PRINCIPALS: [&str; 4] = ["AWS", "Federated", "Service", "CanonicalUser"];
/// The versions of the policy language. Only the later one knows policy variables.
const VERSIONS: [&str; 2] = ["2008-10-17", "2012-10-17"];

/// A reason of any kind. What stands in a policy is foreign text.
pub(super) fn reason(slip: Slip, element: &str, wanted: Vec<String>, found: &[String], why: &str) -> Reason {
    let clean = |text: &String| redact_value(text).into_owned();
    Reason {
        element: redact_value(element).into_owned(),
        wanted: wanted.iter().map(clean).collect(),
        found: found.iter().map(clean).collect(),
        why: redact_value(why).into_owned(),
        slip,
    }
}

/// A value as text, for a person.
pub(super) fn shown(value: &Json) -> String {
    value.scalar().unwrap_or_else(|| value.compact())
}

fn refused(element: &str, wanted: Option<&Json>, why: &str) -> Reason {
    reason(Slip::Refused, element, wanted.map(Json::many).unwrap_or_default().iter().map(shown).collect(), &[], why)
}

/// What is amiss with the document, its statements aside.
pub(super) fn document(document: &Document) -> Vec<Reason> {
    let json = &document.json;
    let mut amiss = members(json, &DOCUMENT, "");
    if let Some(version) = json.get("Version").filter(|version| !version.text().is_some_and(|text| VERSIONS.contains(&text))) {
        amiss.push(refused("Version", Some(version), "Version is that of the policy language, not of your policy: write 2012-10-17"));
    }
    if let Some(id) = json.get("Id").filter(|id| id.text().is_none()) {
        amiss.push(refused("Id", Some(id), "an Id is a text"));
    }
    let sids: Vec<&str> =
        document.statements().iter().filter_map(|statement| statement.get("Sid")?.text()).filter(|sid| !sid.is_empty()).collect();
    if let Some((_, twice)) = sids.iter().enumerate().find(|(nth, sid)| sids[..*nth].contains(sid)) {
        amiss.push(reason(
            Slip::Refused,
            "Sid",
            vec![(*twice).to_owned()],
            &[],
            "two statements have this Sid; IAM wants each to have its own",
        ));
    }
    if document.statements().is_empty() {
        amiss.push(refused("Statement", None, "a policy needs a Statement"));
    }
    amiss
}

/// Members twice or unknown.
fn members(json: &Json, known: &[&'static str], within: &str) -> Vec<Reason> {
    let mut amiss = Vec::new();
    for (nth, (key, value)) in json.members().iter().enumerate() {
        let element = format!("{within}{key}");
        if json.members()[..nth].iter().any(|(earlier, _)| earlier == key) {
            amiss.push(refused(&element, Some(value), "it stands there twice; IAM takes each element once"));
        } else if !known.contains(&key.as_str()) {
            let why = match nearest(key, known) {
                Some(meant) => format!("IAM knows no such element; write {meant}"),
                None => "IAM knows no such element".to_owned(),
            };
            amiss.push(refused(&element, Some(value), &why));
        }
    }
    amiss
}

/// Exactly one of the two has to be there.
fn one_of(statement: &Json, name: &'static str, not: &'static str, amiss: &mut Vec<Reason>) {
    match (statement.get(name), statement.get(not)) {
        (None, None) if !amiss.iter().any(|reason| nearest(&reason.element, &[name]).is_some()) => {
            amiss.push(refused(name, None, &format!("a statement needs {}", with_article(name))));
        }
        (Some(_), Some(value)) => amiss.push(refused(not, Some(value), &format!("it stands beside {name}; IAM takes one of the two"))),
        _ => {}
    }
}

fn with_article(name: &str) -> String {
    format!("{} {name}", if name.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" })
}

/// What is amiss with a statement.
pub(super) fn statement(statement: &Json) -> Vec<Reason> {
    if !matches!(statement, Json::Map(_)) {
        return vec![refused("Statement", Some(statement), "a statement is an object")];
    }
    let mut amiss = members(statement, &STATEMENT, "");
    match statement.get("Effect") {
        Some(effect) if matches!(effect.text(), Some("Allow" | "Deny")) => {}
        Some(effect) => amiss.push(refused("Effect", Some(effect), "Effect is Allow or Deny, spelt like this")),
        None if amiss.iter().any(|reason| nearest(&reason.element, &["Effect"]).is_some()) => {}
        None => amiss.push(refused("Effect", None, "a statement needs an Effect: Allow or Deny")),
    }
    one_of(statement, "Principal", "NotPrincipal", &mut amiss);
    one_of(statement, "Action", "NotAction", &mut amiss);
    if let Some(sid) = statement.get("Sid").filter(|sid| !sid.text().is_some_and(|sid| sid.bytes().all(|b| b.is_ascii_alphanumeric()))) {
        amiss.push(refused("Sid", Some(sid), "a Sid is made of letters and digits alone"));
    }
    for name in ["Action", "NotAction"] {
        if let Some((actions, why)) = statement.get(name).and_then(|actions| Some((actions, names::actions(name, actions)?))) {
            amiss.push(refused(name, Some(actions), why));
        }
    }
    for name in ["Resource", "NotResource"] {
        if let Some(value) = statement.get(name) {
            amiss.push(refused(name, Some(value), "a trust policy belongs to one role and names no resource; leave it out"));
        }
    }
    if let Some(value) = statement.get("NotPrincipal") {
        amiss.push(refused("NotPrincipal", Some(value), "a role's trust policy takes no NotPrincipal; name whom it is for by Principal"));
    }
    match statement.get("Principal") {
        None => {}
        Some(map @ Json::Map(_)) => {
            amiss.extend(members(map, &PRINCIPALS, "Principal."));
            amiss.extend(names::principals(map).map(|(value, why)| refused("Principal", value, why)));
        }
        Some(value) if value.text() == Some("*") => {
            amiss.push(refused("Principal", Some(value), "a role's trust policy takes no \"*\" here; name the principal"));
        }
        Some(value) => amiss.push(refused("Principal", Some(value), "Principal is an object such as {\"Federated\": \"arn:…\"}")),
    }
    match statement.get("Condition") {
        None => {}
        Some(map @ Json::Map(_)) => conditions(map, &mut amiss),
        Some(value) => amiss.push(refused("Condition", Some(value), "Condition is an object of operators, each an object of keys")),
    }
    amiss
}

fn conditions(map: &Json, amiss: &mut Vec<Reason>) {
    for (nth, (name, keys)) in map.members().iter().enumerate() {
        let element = format!("Condition.{name}");
        if map.members()[..nth].iter().any(|(earlier, _)| earlier == name) {
            amiss.push(refused(&element, Some(keys), "the operator stands there twice; put its keys into one"));
        }
        let operator = Operator::parse(name);
        if let Err(meant) = &operator {
            let why = match meant {
                // A key where an operator belongs: the operator was left out.
                None if name.contains(':') && !matches!(keys, Json::Map(_)) => {
                    "the operator is missing: {\"StringEquals\": {KEY: VALUE}}".to_owned()
                }
                None => "IAM knows no such operator".to_owned(),
                Some(meant) => format!("IAM knows no such operator; write {meant}"),
            };
            amiss.push(refused(&element, Some(keys), &why));
            continue;
        }
        if !matches!(keys, Json::Map(_)) {
            amiss.push(refused(&element, Some(keys), "an operator takes an object: its keys with their values"));
        }
        for (nth, (key, values)) in keys.members().iter().enumerate() {
            let element = format!("Condition.{name}.{key}");
            if keys.members()[..nth].iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(key)) {
                amiss.push(refused(
                    &element,
                    Some(values),
                    "the key stands there twice (capitals do not tell keys apart); put its values into one list",
                ));
            }
            let compare = operator.as_ref().map(|operator| operator.compare);
            if values.many().iter().any(|value| value.scalar().is_none()) {
                amiss.push(refused(&element, Some(values), "a condition's values are texts, numbers or truth values"));
            } else if compare == Ok(Compare::Null) && values.many().iter().any(|value| !is_bool(&shown(value))) {
                amiss.push(refused(&element, Some(values), "it takes one value: true or false"));
            }
        }
    }
}

/// The known name that a misspelt one means: other capitals, or at most two letters off.
pub(super) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let limit = if name.len() < 6 { 1 } else { 2 };
    known
        .iter()
        .map(|known| (distance(&name.to_ascii_lowercase(), &known.to_ascii_lowercase(), limit), *known))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_are_recognised() {
        for (name, meant) in [
            ("Conditions", Some("Condition")),
            ("condition", Some("Condition")),
            ("Principals", Some("Principal")),
            ("Actoin", Some("Action")),
            ("Efect", Some("Effect")),
            ("sid", Some("Sid")),
            ("Comment", None),
            ("", None),
            ("Id", Some("Sid")),
        ] {
            assert_eq!(nearest(name, &STATEMENT), meant, "{name}");
        }
    }
}
