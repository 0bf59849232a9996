//! Rewrites policies for the classes of disagreement (`classes`).
//!
//! A class does not excuse an answer. It replaces the condition or the principal that the peer judges otherwise by what AWS's documentation makes
//! of it, and then the peer has to agree.

use super::asked::{plain, texts};
use super::callers::World;
use serde_json::{Map, Value, json};

/// A policy with what the request holds.
pub type Case = (Value, World);

/// A condition of a statement.
pub struct Condition<'a> {
    /// As it is written.
    pub operator: &'a str,
    /// The operator without prefix and suffix, in small letters.
    pub compare: String,
    /// `foranyvalue`, `forallvalues` or nothing.
    pub set: String,
    /// `…IfExists`
    pub if_exists: bool,
    /// As it is written.
    pub key: &'a str,
    /// Its values.
    pub values: Vec<String>,
    /// What the request has for the key.
    pub found: Option<&'a Value>,
}

impl Condition<'_> {
    /// Whether the operator is a negation.
    pub fn negated(&self) -> bool {
        self.compare.contains("not")
    }

    /// The values of the key in the request.
    pub fn held(&self) -> Vec<String> {
        self.found.map(texts).unwrap_or_default()
    }
}

/// What stands in the place of a condition.
#[derive(Debug, Clone)]
pub enum Change {
    /// It is met.
    Met,
    /// It is not met.
    NotMet,
    /// Another operator with other values for the same key.
    Is(String, Vec<String>),
    /// The same, and another value in the request.
    Holds(String, Vec<String>, String),
}

/// A key that no request has.
const ABSENT: &str = "peer:absent";

/// So many cases are made of one.
const MOST: usize = 64;

/// All combinations of what stands in the place of the conditions that `change` recognises; `None` when it recognises none.
pub fn conditions(case: &Case, change: impl Fn(&Condition) -> Option<Vec<Change>>) -> Option<Vec<Case>> {
    let (policy, world) = case;
    let mut cases = vec![case.clone()];
    let mut recognised = 0;
    for (index, statement) in statements(policy).iter().enumerate() {
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for (key, values) in keys.as_object().into_iter().flatten() {
                let condition = condition(operator, key, values, world);
                let Some(changes) = change(&condition) else { continue };
                recognised += 1;
                let put = |(policy, world): &Case| {
                    let path = (index, operator.as_str(), key.as_str());
                    changes.iter().map(|change| replaced(policy, world, path, change, recognised)).collect::<Vec<_>>()
                };
                cases = cases.iter().take(MOST).flat_map(put).collect();
            }
        }
    }
    (recognised > 0).then_some(cases)
}

fn condition<'a>(operator: &'a str, key: &'a str, values: &Value, world: &'a World) -> Condition<'a> {
    let lower = operator.to_ascii_lowercase();
    let (set, compare) = lower.split_once(':').map_or(("", lower.as_str()), |(set, rest)| (set, rest));
    let bare = compare.strip_suffix("ifexists");
    Condition {
        operator,
        compare: bare.unwrap_or(compare).to_owned(),
        set: set.to_owned(),
        if_exists: bare.is_some(),
        key,
        values: texts(values),
        found: world.get(&key.to_ascii_lowercase()),
    }
}

fn replaced(policy: &Value, world: &World, (index, operator, key): (usize, &str, &str), change: &Change, nth: usize) -> Case {
    let (mut policy, mut world) = (policy.clone(), world.clone());
    let statement = statement_mut(&mut policy, index);
    let mut held = world.get(&key.to_ascii_lowercase()).cloned();
    if let Some(keys) = statement["Condition"][operator].as_object_mut() {
        keys.remove(key);
    }
    match change {
        Change::Met => {}
        Change::NotMet => put(statement, "Null", ABSENT, json!("false")),
        Change::Is(operator, values) | Change::Holds(operator, values, _) => {
            if let Change::Holds(.., other) = change {
                held = Some(json!(other));
            }
            // The same operator may ask for the key already, so this occurrence of the key gets a name of its own.
            let name = format!("{}#{nth}", plain(key));
            put(statement, operator, &name, json!(values));
            world.extend(held.map(|value| (name, value)));
        }
    }
    (policy, world)
}

/// The case with a name of its own for each further occurrence of a key, and all values that `samples` has for it.
pub fn apart(case: &Case, samples: impl Fn(&str) -> Option<Vec<Option<Value>>>) -> Option<Vec<Case>> {
    let (policy, _) = case;
    let mut met: Vec<String> = Vec::new();
    let mut cases = vec![case.clone()];
    let mut renamed = 0;
    for (index, statement) in statements(policy).iter().enumerate() {
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for (key, values) in keys.as_object().into_iter().flatten() {
                let name = plain(key);
                let Some(samples) = samples(&name) else { continue };
                if !met.contains(&name) {
                    met.push(name);
                    continue;
                }
                renamed += 1;
                let alias = format!("{name}#again{renamed}");
                let put_one = |(policy, world): &Case| {
                    let (mut policy, mut world) = (policy.clone(), world.clone());
                    let statement = statement_mut(&mut policy, index);
                    if let Some(keys) = statement["Condition"][operator].as_object_mut() {
                        keys.remove(key);
                    }
                    put(statement, operator, &alias, values.clone());
                    world.remove(&alias);
                    (policy, world)
                };
                let with = |case: &Case| {
                    let (policy, world) = put_one(case);
                    let one = |sample: &Option<Value>| {
                        let mut world = world.clone();
                        world.extend(sample.clone().map(|value| (alias.clone(), value)));
                        (policy.clone(), world)
                    };
                    samples.iter().map(one).collect::<Vec<_>>()
                };
                cases = cases.iter().take(MOST).flat_map(with).collect();
            }
        }
    }
    (renamed > 0).then_some(cases)
}

/// The policy with another principal in each statement that `change` recognises; `None` when it recognises none.
pub fn principals(case: &Case, change: impl Fn(&Value) -> Option<Vec<Value>>) -> Option<Vec<Case>> {
    let (policy, _) = case;
    let mut cases = vec![case.clone()];
    let mut recognised = false;
    for (index, statement) in statements(policy).iter().enumerate() {
        let Some(changes) = change(statement) else { continue };
        recognised = true;
        let put = |(policy, world): &Case| {
            let one = |principal: &Value| {
                let mut policy = policy.clone();
                statement_mut(&mut policy, index)["Principal"] = principal.clone();
                (policy, world.clone())
            };
            changes.iter().map(one).collect::<Vec<_>>()
        };
        cases = cases.iter().take(MOST).flat_map(put).collect();
    }
    recognised.then_some(cases)
}

/// The statements: one alone needs no brackets.
pub fn statements(policy: &Value) -> &[Value] {
    policy["Statement"].as_array().map_or(std::slice::from_ref(&policy["Statement"]), Vec::as_slice)
}

fn statement_mut(policy: &mut Value, index: usize) -> &mut Value {
    if policy["Statement"].is_array() { &mut policy["Statement"][index] } else { &mut policy["Statement"] }
}

fn put(statement: &mut Value, operator: &str, key: &str, value: Value) {
    if !statement["Condition"].is_object() {
        statement["Condition"] = json!({});
    }
    let keys = &mut statement["Condition"][operator];
    if !keys.is_object() {
        *keys = Value::Object(Map::new());
    }
    keys[key] = value;
}

/// Whether a text is of a pattern.
pub fn like(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => (0..=text.len()).any(|at| text.is_char_boundary(at) && like(&pattern[1..], &text[at..])),
        (Some('?'), Some(c)) => like(&pattern[1..], &text[c.len_utf8()..]),
        (Some(p), Some(c)) if p == c => like(&pattern[c.len_utf8()..], &text[c.len_utf8()..]),
        _ => false,
    }
}
