//! JSON that keeps what `serde_json::Value` drops: the order of members, which a corrected statement must not change, and a key that
//! stands twice, which IAM refuses.

use crate::core::text::secrets::redact_value;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, as it is written in the shortest form.
    Number(serde_json::Number),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object, its members in their order; a key may stand twice.
    Map(Vec<(String, Json)>),
}

impl Json {
    /// A string's text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An object's members; nothing for anything else.
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Map(members) => members,
            _ => &[],
        }
    }

    /// The member of exactly that name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members().iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// What stands below these names.
    pub(super) fn below(&self, path: &[&str]) -> Option<&Json> {
        path.iter().try_fold(self, |json, name| json.get(name))
    }

    /// Puts a value there, or takes out what is there; objects that hold nothing then go, too.
    pub(super) fn put(&mut self, path: &[&str], value: Option<Json>) {
        let ([name, rest @ ..], Json::Map(members)) = (path, self) else { return };
        let at = members.iter().position(|(key, _)| key == name).unwrap_or_else(|| {
            members.push(((*name).to_owned(), Json::Null));
            members.len() - 1
        });
        let inner = &mut members[at].1;
        if rest.is_empty() {
            *inner = value.unwrap_or(Json::Map(Vec::new()));
        } else {
            if !matches!(inner, Json::Map(_)) {
                *inner = Json::Map(Vec::new());
            }
            inner.put(rest, value);
        }
        if matches!(inner, Json::Map(members) if members.is_empty()) {
            members.remove(at);
        }
    }

    /// One or many: IAM's grammar leaves the brackets out where there is one value.
    pub fn many(&self) -> &[Json] {
        match self {
            Json::List(values) => values,
            one => std::slice::from_ref(one),
        }
    }

    /// A value of a policy as text; numbers and truth values need no quotes there (IAM user guide, "Grammar of the IAM JSON policy language").
    pub fn scalar(&self) -> Option<String> {
        match self {
            Json::Text(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            Json::Bool(yes) => Some(yes.to_string()),
            _ => None,
        }
    }

    /// On one line.
    pub fn compact(&self) -> String {
        // Cannot fail: the writer is memory, and all keys are strings.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_owned())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(yes) => serializer.serialize_bool(*yes),
            Json::Number(number) => number.serialize(serializer),
            // What leaves is without secrets; what is decided rests on the text as it is.
            Json::Text(text) => serializer.serialize_str(&redact_value(text)),
            Json::List(values) => serializer.collect_seq(values),
            Json::Map(members) => serializer.collect_map(members.iter().map(|(key, value)| (redact_value(key), value))),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Json, E> {
        Ok(Json::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_double_keys_are_kept() {
        let text = r#"{"z":1,"a":[true,null,"x\n",-2,0.5],"z":{"b":{}}}"#;
        assert_eq!(serde_json::from_str::<Json>(text).unwrap().compact(), text);
    }
}
