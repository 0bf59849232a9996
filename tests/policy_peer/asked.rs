//! What a policy asks of condition keys, read off its text.

use super::rewrite::statements;
use serde_json::Value;

/// A key in small letters, without the number that tells two occurrences apart (`classes`).
pub fn plain(key: &str) -> String {
    key.split('#').next().unwrap_or_default().to_ascii_lowercase()
}

/// What a policy asks of one key.
#[derive(Debug)]
pub struct Asked {
    /// As it is written.
    pub operator: String,
    /// As it is written.
    pub key: String,
    /// Its values as texts.
    pub values: Vec<String>,
}

/// All conditions of a policy, and the keys that stand in variables, which no operator asks for.
pub fn asked(policy: &Value) -> Vec<Asked> {
    let statements = statements(policy);
    let mut found = Vec::new();
    for (operator, keys) in statements.iter().filter_map(|statement| statement["Condition"].as_object()).flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let values = texts(values);
            let variables = values.iter().flat_map(|value| variables(value));
            found.extend(variables.map(|key| Asked { operator: String::new(), key, values: Vec::new() }));
            found.push(Asked { operator: operator.clone(), key: key.clone(), values });
        }
    }
    found
}

/// One value or several, as texts.
pub fn texts(values: &Value) -> Vec<String> {
    let one = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    values.as_array().map_or_else(|| vec![one(values)], |values| values.iter().map(one).collect())
}

/// The keys of the variables in a value.
pub fn variables(value: &str) -> Vec<String> {
    let names = value.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names
        .filter(|name| !matches!(*name, "*" | "?" | "$"))
        .map(|name| name.split(',').next().unwrap_or_default().trim().to_owned())
        .collect()
}
