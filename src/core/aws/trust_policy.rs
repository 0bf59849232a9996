//! Writes the trust policy that a token and a role need: the statement for a role that exists, the document for a new one.
//!
//! Sources: IAM user guide, "Create a role for OpenID Connect federation"; EKS user guide, "Assign IAM roles to Kubernetes service accounts"
//! and "EKS Pod Identity role".

use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// A policy document. Its members are in the order in which AWS writes them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy<'a> {
    version: &'a str,
    statement: [Statement<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement<'a> {
    effect: &'a str,
    principal: BTreeMap<&'a str, String>,
    #[serde(serialize_with = "one_or_many")]
    action: &'a [&'a str],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'a str, BTreeMap<String, &'a str>>,
}

/// The policy that lets exactly one service account of one cluster assume a role. `issuer_path` has no scheme.
pub fn irsa_policy(partition: &str, account: &str, issuer_path: &str, subject: &str, audience: &str) -> String {
    irsa_policy_for(&format!("arn:{partition}:iam::{account}:oidc-provider/{issuer_path}"), issuer_path, subject, audience)
}

/// The policy of [`irsa_policy`], for a provider's ARN.
pub fn irsa_policy_for(provider: &str, issuer_path: &str, subject: &str, audience: &str) -> String {
    document(irsa(provider, issuer_path, subject, audience))
}

/// The one statement of [`irsa_policy`].
pub fn irsa_statement(partition: &str, account: &str, issuer_path: &str, subject: &str, audience: &str) -> String {
    pretty(&irsa(&format!("arn:{partition}:iam::{account}:oidc-provider/{issuer_path}"), issuer_path, subject, audience))
}

/// The policy that EKS Pod Identity needs.
pub fn pod_identity_policy() -> String {
    document(pod_identity())
}

/// The one statement of [`pod_identity_policy`].
pub fn pod_identity_statement() -> String {
    pretty(&pod_identity())
}

fn irsa<'a>(provider: &str, issuer_path: &str, subject: &'a str, audience: &'a str) -> Statement<'a> {
    let equals = BTreeMap::from([(format!("{issuer_path}:aud"), audience), (format!("{issuer_path}:sub"), subject)]);
    Statement {
        effect: "Allow",
        principal: BTreeMap::from([("Federated", provider.to_owned())]),
        action: &["sts:AssumeRoleWithWebIdentity"],
        condition: BTreeMap::from([("StringEquals", equals)]),
    }
}

/// It allows `sts:TagSession`, because EKS tags every session.
fn pod_identity() -> Statement<'static> {
    Statement {
        effect: "Allow",
        principal: BTreeMap::from([("Service", "pods.eks.amazonaws.com".to_owned())]),
        action: &["sts:AssumeRole", "sts:TagSession"],
        condition: BTreeMap::new(),
    }
}

/// Writes a single action as a string, as AWS's own examples do, and several actions as a list.
fn one_or_many<S: Serializer>(actions: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
    match actions {
        [one] => serializer.serialize_str(one),
        many => many.serialize(serializer),
    }
}

fn document(statement: Statement<'_>) -> String {
    pretty(&Policy { version: "2012-10-17", statement: [statement] })
}

fn pretty(value: &impl Serialize) -> String {
    // Serialising strings into a string cannot fail. If it did, the text would be empty.
    serde_json::to_string_pretty(value).unwrap_or_default()
}
