//! The one annotation that the webhook reads, and what people write in its place.

use super::document::annotations;
use crate::core::aws::arn::{RoleArn, RoleArnError};
use crate::core::text::printable::distance;
use serde_json::Value;

/// The key (amazon-eks-pod-identity-webhook, `pkg/cache`).
pub const KEY: &str = "eks.amazonaws.com/role-arn";
/// The key of a token's audience.
pub const AUDIENCE: &str = "eks.amazonaws.com/audience";

/// The prefix of all keys that are the webhook's.
const DOMAIN: &str = "eks.amazonaws.com/";
/// The names of its other keys on service accounts and pods, and of the labels that it reads or sets (`pkg/handler`, `pkg/cache`).
const OTHER_NAMES: [&str; 6] =
    ["audience", "sts-regional-endpoints", "token-expiration", "skip-containers", "skip-pod-identity-webhook", "pod-identity"];

/// What stands on a service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Annotation {
    /// A role.
    Role(RoleArn),
    /// The right key, and no role's ARN.
    Malformed(String, RoleArnError),
    /// A key like it: key, value.
    Misspelt(String, String),
    /// Nothing of the kind.
    None,
}

impl Annotation {
    /// What stands on a service account.
    pub fn parse(account: &Value) -> Annotation {
        if let Some((_, value)) = annotations(account).find(|(key, _)| *key == KEY) {
            return match RoleArn::parse(value) {
                Ok(role) => Annotation::Role(role),
                Err(why) => Annotation::Malformed(value.to_owned(), why),
            };
        }
        // Below the webhook's prefix a service account carries nothing but the webhook's keys, so that any other one is misspelt.
        match near_miss(account).or_else(|| annotations(account).find(|(key, _)| is_unknown(key))) {
            Some((key, value)) => Annotation::Misspelt(key.to_owned(), value.to_owned()),
            None => Annotation::None,
        }
    }
}

/// An annotation that was meant to be it: its prefix is like AWS's and its name speaks of a role, or its value is a role's ARN.
pub fn near_miss(object: &Value) -> Option<(&str, &str)> {
    annotations(object).find(|(key, value)| {
        let plain: String = key.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '/').map(|c| c.to_ascii_lowercase()).collect();
        let (domain, name) = plain.split_once('/').unwrap_or(("", &plain));
        let of_aws = ["amazon", "aws", "eks"].iter().any(|word| domain.contains(word));
        let close = distance(&key.to_ascii_lowercase(), KEY, 2) <= 2;
        *key != KEY && (close || (of_aws && name.contains("role")) || RoleArn::parse(value.trim()).is_ok())
    })
}

fn is_unknown(key: &str) -> bool {
    key.strip_prefix(DOMAIN).is_some_and(|name| !OTHER_NAMES.contains(&name))
}

/// How a misspelt key differs, in words.
pub fn describe_difference(key: &str) -> String {
    match key {
        "iam.amazonaws.com/role" => format!("{key} is the key of kiam and kube2iam, which use it on pods"),
        // On a pod: the webhook reads it from service accounts only.
        KEY => format!("{KEY} belongs on the service account"),
        key if key.eq_ignore_ascii_case(KEY) => format!("{key} differs from {KEY} in upper and lower case"),
        key => format!("{key} is not {KEY}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(key: &str, value: &str) -> Annotation {
        Annotation::parse(&json!({"metadata": {"annotations": {key: value, "meta.helm.sh/release-name": "checkout"}}}))
    }

    const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";

    #[test]
    fn near_misses_are_named_and_others_left_alone() {
        assert!(matches!(with(KEY, ROLE), Annotation::Role(_)));
        for key in [
            "eks.amazon.com/role-arn",
            "eks.amazonaws.com/roleArn",
            "eks.amazonaws.com/role_arn",
            "eks.amazonaws.com/rolearn",
            "eks.amazonaws.com/role",
            "eks.amazonaws.com/iam-role",
            "iam.amazonaws.com/role",
            "Eks.amazonaws.com/role-arn",
            "ekss.amazonaws.com/role-arn",
            "amazonaws.com/role-arn",
            "role-arn",
        ] {
            assert_eq!(with(key, ROLE), Annotation::Misspelt(key.to_owned(), ROLE.to_owned()), "{key}");
        }
        // Also with a value that is none.
        for key in [
            "eks.amazonaws.com/rol-arn",
            "eks.amazonaws.com/arn",
            "eks.amazonaws.com/iam",
            "eks.amazonaws.con/rol-arn",
            "Eks.amazonaws.com/rle-arn",
        ] {
            assert_eq!(with(key, "checkout"), Annotation::Misspelt(key.to_owned(), "checkout".to_owned()), "{key}");
        }
        for key in [
            "eks.amazonaws.com/audience",
            "eks.amazonaws.com/token-expiration",
            "eks.amazonaws.com/sts-regional-endpoints",
            "eks.amazonaws.com/skip-containers",
            "rbac.example.com/role",
            "geeks.example.com/warn",
            "vpc.amazonaws.com/pod-eni",
            "role",
        ] {
            assert_eq!(with(key, "something"), Annotation::None, "{key}");
        }
    }

    #[test]
    fn a_value_that_is_no_role_says_why() {
        for (value, why) in [
            ("", RoleArnError::Empty),
            (" arn:aws:iam::111122223333:role/checkout", RoleArnError::Untidy),
            ("arn:aws:iam::111122223333:role/checkout ", RoleArnError::Untidy),
            ("\"arn:aws:iam::111122223333:role/checkout\"", RoleArnError::Untidy),
            ("checkout", RoleArnError::NameOnly),
        ] {
            assert_eq!(with(KEY, value), Annotation::Malformed(value.to_owned(), why), "{value:?}");
        }
    }
}
