//! A value that the pod was given. It is kept unchanged and printed without secrets.

use super::{Secrets, hide_userinfo, shapes, without};
use crate::core::text::printable::cap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// How many characters of a value are printed. No ARN is longer (IAM, "IAM identifiers": 2,048 characters). The longest path in Linux is twice as
/// long.
const SHOWN: usize = 2048;

/// A value that is printed without secrets.
pub trait Shown {
    /// The value as it was given. Use it for decisions and for the call that needs it. Never use it for text that a person or a log gets.
    fn raw(&self) -> &str;
    /// The value without secrets, at full length.
    fn redacted(&self) -> Cow<'_, str>;
    /// From now on, these secrets are not printed either. A variable may hold a key that belongs in another variable.
    fn hide(&mut self, secrets: &Secrets);
}

macro_rules! input {
    ($(#[$doc:meta])* $name:ident: $redacted:expr) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct $name {
            raw: String,
            /// The text to print, if the value holds a secret that is known by value.
            printed: Option<String>,
        }

        impl Shown for $name {
            fn raw(&self) -> &str {
                &self.raw
            }

            fn redacted(&self) -> Cow<'_, str> {
                let redacted: fn(&str) -> Cow<'_, str> = $redacted;
                redacted(self.printed.as_deref().unwrap_or(&self.raw))
            }

            fn hide(&mut self, secrets: &Secrets) {
                if let Cow::Owned(printed) = secrets.redact_known(&self.raw) {
                    self.printed = Some(printed);
                }
            }
        }

        impl $name {
            /// The value as it was given, see [`Shown::raw`].
            pub fn raw(&self) -> &str {
                &self.raw
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self { raw: value, printed: None }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                value.to_owned().into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&cap(&self.redacted(), SHOWN))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*cap(&self.redacted(), SHOWN), f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.redacted())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }
    };
}

input! {
    /// A name, a path, an ARN, a region or a switch. If a token was pasted in place of its path, the token is not printed.
    InputValue: |value| without(value, shapes::in_value(value))
}

input! {
    /// An address: a URL or a proxy's `host:port`. Its user name and password are not printed.
    InputUrl: |value| match hide_userinfo(value) {
        Cow::Borrowed(value) => without(value, shapes::in_value(value)),
        Cow::Owned(value) => Cow::Owned(without(&value, shapes::in_value(&value)).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made up: header and claims of a service account's token, and 256 bytes for the signature.
    fn token() -> String {
        format!("eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YTpiIn0.{}", "c2ln".repeat(85))
    }

    #[test]
    fn a_value_keeps_what_it_is_and_prints_no_token() {
        let value = InputValue::from(token());
        assert_eq!(value.raw(), token());
        let json = serde_json::to_string(&value).unwrap();
        for shown in [value.to_string(), format!("{value:?}"), json] {
            assert!(!shown.contains("c2ln") && shown.contains("[redacted]"), "{shown}");
        }
        let url = InputUrl::from("http://user:hunter2@proxy:3128");
        assert_eq!((url.to_string().as_str(), url.raw()), ("http://***@proxy:3128", "http://user:hunter2@proxy:3128"));
    }

    #[test]
    fn names_print_whole() {
        for name in ["SurveyJobs", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "a:b@c", ""] {
            assert_eq!(InputValue::from(name).to_string(), name);
        }
    }

    #[test]
    fn a_known_secret_under_a_wrong_name_is_not_printed() {
        let secrets = Secrets::default();
        secrets.learn("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        secrets.learn("checkout");
        let mut value = InputValue::from("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        value.hide(&secrets);
        assert_eq!((value.to_string().as_str(), value.raw().len()), ("[redacted]", 40));
        let mut name = InputValue::from("checkout");
        name.hide(&secrets);
        assert_eq!(name.to_string(), "checkout", "a key that is as short as a word hides no name");
    }

    #[test]
    fn a_long_value_says_that_it_was_cut() {
        let shown = InputValue::from("a".repeat(100_000)).to_string();
        assert!(shown.len() < 2200 && shown.ends_with("… (cut at 2048 characters)"), "{shown}");
        assert_eq!(serde_json::to_string(&InputValue::from("a".repeat(5000))).unwrap().len(), 5002, "evidence keeps it");
    }
}
