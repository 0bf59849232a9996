//! What a policy is asked: who comes, what for, and the condition keys that are known of it.

use crate::core::arn::RoleArn;
use crate::core::token::Claims;

/// A pod that asks for a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whom `Principal` has to name: the provider's ARN, or the service.
    pub principal: String,
    /// The actions that have to be allowed.
    pub actions: &'static [&'static str],
    /// By way of the cluster's OIDC provider: the issuer without its scheme.
    pub issuer_path: Option<String>,
    /// Condition keys in lower case with their values.
    pub(super) known: Vec<(String, Vec<String>)>,
}

/// The principal of EKS Pod Identity (EKS user guide, "EKS Pod Identity role").
pub const POD_IDENTITY_SERVICE: &str = "pods.eks.amazonaws.com";

impl Request {
    /// `AssumeRoleWithWebIdentity` with this token; `None` when the token has no issuer or subject.
    pub fn of_token(claims: &Claims, role: &RoleArn) -> Option<Request> {
        let audience = claims.authorized_party.clone().map_or_else(|| claims.audience.clone(), |party| vec![party]);
        Some(Request::irsa(claims.issuer.as_deref()?, claims.subject.as_deref()?, audience, role))
    }

    /// `AssumeRoleWithWebIdentity` from an issuer (with or without scheme), a subject and its audiences.
    ///
    /// `:aud` is the token's `azp` where it has one, else its `aud` (IAM user guide, "Available keys for AWS OIDC federation").
    pub fn irsa(issuer: &str, subject: &str, audience: Vec<String>, role: &RoleArn) -> Request {
        let path = issuer.strip_prefix("https://").unwrap_or(issuer);
        let key = |claim: &str| format!("{path}:{claim}").to_lowercase();
        Request {
            principal: format!("arn:{}:iam::{}:oidc-provider/{path}", role.partition, role.account),
            actions: &["sts:AssumeRoleWithWebIdentity"],
            issuer_path: Some(path.to_owned()),
            known: vec![(key("sub"), vec![subject.to_owned()]), (key("aud"), audience)],
        }
    }

    /// `AssumeRole` by EKS Pod Identity; what is not given is not known to conditions either.
    pub fn pod_identity(namespace: Option<&str>, service_account: Option<&str>, role: Option<&RoleArn>) -> Request {
        let mut known = Vec::new();
        let mut set = |key: &str, value: Option<String>| known.extend(value.map(|value| (key.to_owned(), vec![value])));
        set("aws:requesttag/kubernetes-namespace", namespace.map(str::to_owned));
        set("aws:requesttag/kubernetes-service-account", service_account.map(str::to_owned));
        set("aws:sourceaccount", role.map(|role| role.account.to_string()));
        Request { principal: POD_IDENTITY_SERVICE.to_owned(), actions: &["sts:AssumeRole", "sts:TagSession"], issuer_path: None, known }
    }
}

/// The subject of a service account's tokens.
pub fn subject(namespace: &str, service_account: &str) -> String {
    format!("system:serviceaccount:{namespace}:{service_account}")
}
