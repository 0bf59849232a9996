//! What IAM refuses to store as a trust policy and the peer's check lets pass, by AWS's documentation and not by the evaluator's tables.

use super::asked::{plain, texts};
use super::rewrite::statements;
use serde_json::Value;
use std::collections::BTreeSet;

/// A rule of IAM.
pub struct Rule {
    /// What is refused.
    pub name: &'static str,
    /// AWS's page that says so.
    pub page: &'static str,
    /// Whether a document breaks it.
    pub breaks: fn(&Value) -> bool,
}

/// All of them.
pub const RULES: [Rule; 8] = [
    Rule {
        name: "a Sid that is not of letters and digits alone, or that stands twice",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html",
        breaks: |policy| {
            let sids: Vec<&str> = statements(policy).iter().filter_map(|statement| statement["Sid"].as_str()).collect();
            let named: Vec<&&str> = sids.iter().filter(|sid| !sid.is_empty()).collect();
            let different: BTreeSet<&&str> = named.iter().copied().collect();
            different.len() < named.len() || sids.iter().any(|sid| !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        },
    },
    Rule {
        name: "Principal: * without a kind",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-role-trust-policy-unsupported-wildcard-in-principal",
        breaks: |policy| statements(policy).iter().any(|statement| statement["Principal"].is_string()),
    },
    Rule {
        name: "NotPrincipal",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html",
        breaks: |policy| statements(policy).iter().any(|statement| !statement["NotPrincipal"].is_null()),
    },
    Rule {
        name: "a principal of no form that its kind has, or none",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
        breaks: |policy| {
            statements(policy).iter().filter_map(|statement| statement["Principal"].as_object()).any(|principal| {
                let bad = |(kind, names): (&String, &Value)| {
                    texts(names).is_empty() || texts(names).iter().any(|name| !has_form(kind, name.trim()))
                };
                principal.is_empty() || principal.iter().any(bad)
            })
        },
    },
    Rule {
        name: "an action that is none of STS, or none",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-unsupported-action-in-policy",
        breaks: |policy| {
            statements(policy).iter().any(|statement| {
                let actions = texts(&statement["Action"]);
                let is_of_sts = |action: &String| action == "*" || action.to_ascii_lowercase().starts_with("sts:");
                !statement["Action"].is_null() && (actions.is_empty() || !actions.iter().all(is_of_sts))
            })
        },
    },
    Rule {
        name: "an operator that does not exist",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-invalid-condition-operator",
        breaks: |policy| {
            let names =
                statements(policy).iter().filter_map(|statement| statement["Condition"].as_object()).flat_map(|condition| condition.keys());
            names.into_iter().any(|name| {
                let name = name.rsplit(':').next().unwrap_or_default();
                !OPERATORS.contains(&name.strip_suffix("IfExists").unwrap_or(name))
            })
        },
    },
    Rule {
        name: "Null with something else than true and false",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null",
        breaks: |policy| {
            let keys = statements(policy).iter().filter_map(|statement| statement["Condition"]["Null"].as_object());
            keys.flat_map(|keys| keys.values())
                .flat_map(texts)
                .any(|value| !matches!(value.to_ascii_lowercase().as_str(), "true" | "false"))
        },
    },
    Rule {
        name: "a key twice below one operator, in other capitals",
        page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-duplicate-keys-with-different-case",
        breaks: |policy| {
            let operators = statements(policy)
                .iter()
                .filter_map(|statement| statement["Condition"].as_object())
                .flat_map(|condition| condition.values());
            operators.filter_map(Value::as_object).any(|keys| keys.keys().map(|key| plain(key)).collect::<BTreeSet<_>>().len() < keys.len())
        },
    },
];

const OPERATORS: [&str; 27] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];

/// Whether a name is one that its kind of principal can have.
fn has_form(kind: &str, name: &str) -> bool {
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    let account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let domain = |text: &str| text.contains('.') && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    match (kind, parts.as_slice()) {
        (_, ["*"]) => true,
        (_, [..]) if name.contains('*') => false,
        ("Federated", ["arn", _, "iam", "", owner, resource]) => {
            account(owner) && ["oidc-provider/", "saml-provider/"].iter().any(|kind| resource.starts_with(kind))
        }
        ("Federated", [one]) | ("Service", [one]) => domain(one),
        ("AWS", [one]) => account(one),
        ("AWS", ["arn", _, "iam", "", owner, resource]) => {
            account(owner) && (*resource == "root" || ["user/", "role/"].iter().any(|kind| resource.starts_with(kind)))
        }
        ("AWS", ["arn", _, "sts", "", owner, resource]) => account(owner) && resource.starts_with("assumed-role/"),
        _ => false,
    }
}
