//! Trust policies, written from a token and a role.
//!
//! IAM user guide, "Create a role for OpenID Connect federation"; EKS user guide, "Assign IAM roles to Kubernetes service accounts"
//! and "EKS Pod Identity role".

use serde_json::{Value, json};

/// The statement that lets exactly one service account of one cluster assume a role. `issuer_path` has no scheme.
pub fn irsa_policy(partition: &str, account: &str, issuer_path: &str, subject: &str, audience: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": format!("arn:{partition}:iam::{account}:oidc-provider/{issuer_path}") },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                (format!("{issuer_path}:sub")): subject,
                (format!("{issuer_path}:aud")): audience,
            } },
        }],
    })
}

/// The statement that EKS Pod Identity needs; `sts:TagSession` because EKS tags every session.
pub fn pod_identity_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "pods.eks.amazonaws.com" },
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }],
    })
}
