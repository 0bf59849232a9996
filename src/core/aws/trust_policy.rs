//! Writes the trust policy that a token and a role need: the whole document, or its statement in the form of the tool that manages the role.
//!
//! Sources: IAM user guide, "Create a role for OpenID Connect federation"; EKS user guide, "Assign IAM roles to Kubernetes service accounts"
//! and "EKS Pod Identity role".

mod forms;

pub use forms::StatementForm;

use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// A policy document. Its members are in the order in which AWS writes them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy<'a> {
    version: &'a str,
    statement: [&'a TrustStatement; 1],
}

/// The statement that lets one service account assume a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TrustStatement {
    effect: &'static str,
    principal: TrustPrincipal,
    #[serde(serialize_with = "one_or_many")]
    action: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<TokenCondition>,
}

/// Who may assume the role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
enum TrustPrincipal {
    /// The ARN of an OIDC provider.
    Federated(String),
    /// A service of AWS.
    Service(&'static str),
}

/// What the token has to say: each key with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TokenCondition {
    #[serde(serialize_with = "members")]
    string_equals: [(String, String); 2],
}

impl TrustStatement {
    /// The statement for exactly one service account of one cluster. `issuer_path` has no scheme.
    pub fn irsa(provider: &str, issuer_path: &str, subject: &str, audience: &str) -> TrustStatement {
        let claim = |name: &str, value: &str| (format!("{issuer_path}:{name}"), literal(value).into_owned());
        TrustStatement {
            effect: "Allow",
            principal: TrustPrincipal::Federated(provider.to_owned()),
            action: &["sts:AssumeRoleWithWebIdentity"],
            condition: Some(TokenCondition { string_equals: [claim("aud", audience), claim("sub", subject)] }),
        }
    }

    /// The statement that EKS Pod Identity needs. It allows `sts:TagSession`, because EKS tags every session.
    pub fn pod_identity() -> TrustStatement {
        TrustStatement {
            effect: "Allow",
            principal: TrustPrincipal::Service("pods.eks.amazonaws.com"),
            action: &["sts:AssumeRole", "sts:TagSession"],
            condition: None,
        }
    }

    /// A whole policy of this statement alone. It is for a new role: on a role that exists it would replace all other statements.
    pub fn document(&self) -> String {
        json(&Policy { version: "2012-10-17", statement: [self] })
    }
}

/// The ARN of the provider that IAM makes for an issuer (IAM API reference, CreateOpenIDConnectProvider). `issuer_path` has no scheme.
pub fn provider_arn(partition: &str, account: &str, issuer_path: &str) -> String {
    format!("arn:{partition}:iam::{account}:oidc-provider/{issuer_path}")
}

/// The policy that lets exactly one service account of one cluster assume a role. `issuer_path` has no scheme.
pub fn irsa_policy(partition: &str, account: &str, issuer_path: &str, subject: &str, audience: &str) -> String {
    irsa_policy_for(&provider_arn(partition, account, issuer_path), issuer_path, subject, audience)
}

/// The policy of [`irsa_policy`], for a provider's ARN.
pub fn irsa_policy_for(provider: &str, issuer_path: &str, subject: &str, audience: &str) -> String {
    TrustStatement::irsa(provider, issuer_path, subject, audience).document()
}

/// The one statement of [`irsa_policy`].
pub fn irsa_statement(partition: &str, account: &str, issuer_path: &str, subject: &str, audience: &str) -> String {
    json(&TrustStatement::irsa(&provider_arn(partition, account, issuer_path), issuer_path, subject, audience))
}

/// The policy that EKS Pod Identity needs.
pub fn pod_identity_policy() -> String {
    TrustStatement::pod_identity().document()
}

/// The one statement of [`pod_identity_policy`].
pub fn pod_identity_statement() -> String {
    json(&TrustStatement::pod_identity())
}

/// A value that stands for itself. `${` begins a policy variable in a condition's value, and `${$}` is the character `$` (IAM user guide,
/// "IAM policy elements: Variables and tags").
fn literal(value: &str) -> Cow<'_, str> {
    if value.contains("${") { Cow::Owned(value.replace('$', "${$}")) } else { Cow::Borrowed(value) }
}

/// Writes a single action as a string, as AWS's own examples do, and several actions as a list.
fn one_or_many<S: Serializer>(actions: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
    match actions {
        [one] => serializer.serialize_str(one),
        many => many.serialize(serializer),
    }
}

fn members<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

/// Indented JSON in ASCII. IAM takes no raw character above U+00FF in a policy (IAM API reference, the pattern of `PolicyDocument`).
fn json(value: &impl Serialize) -> String {
    // Serialising strings into a string cannot fail. If it did, the document would be empty.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | ' '..='~' => ascii.push(c),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| ascii.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::aws::arn::RoleArn;
    use crate::core::policy::{self, Decision, Request};

    /// IAM would put something else in the place of a variable.
    #[test]
    fn a_value_stands_for_itself() {
        assert_eq!(literal("a$b{c}"), "a$b{c}");
        for value in ["${aws:username}", "a${", "$${x}", "plain", "日本\u{1f600}\u{7f}\u{9b}"] {
            let (path, role) = ("issuer.example.com/a", RoleArn::parse("arn:aws:iam::111122223333:role/r").unwrap());
            let text = irsa_policy("aws", "111122223333", path, value, value);
            assert!(text.is_ascii() && !text.contains('\u{7f}'), "{text}");
            let ask = |subject: &str| {
                let request = Request::irsa(path, subject, vec![value.to_owned()], &role);
                policy::evaluate(&policy::parse(&text).unwrap(), &request).decision
            };
            assert_eq!((ask(value), ask("other")), (Decision::Allow, Decision::Deny), "{text}");
        }
    }
}
