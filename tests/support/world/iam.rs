//! What IAM holds: providers, roles with their trust, users.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Iam {
    pub providers: Option<Vec<Provider>>,
    pub roles: Option<Vec<Role>>,
    pub users: Vec<User>,
    pub texts: Texts,
    /// Regions in which STS is deactivated for every account.
    pub disabled_regions: Vec<String>,
}

/// Which wording STS uses when it cannot validate a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Texts {
    #[default]
    #[serde(rename = "old")]
    Old,
    /// One generic text, first seen in mid-2026.
    #[serde(rename = "2026")]
    Generic,
}

/// An IAM OIDC provider. Defaults: the cluster's issuer, the world's account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Provider {
    pub issuer: Option<String>,
    pub account: Option<String>,
    pub audiences: Vec<String>,
}

impl Default for Provider {
    fn default() -> Self {
        Self { issuer: None, account: None, audiences: vec!["sts.amazonaws.com".to_owned()] }
    }
}

/// An IAM role. Default: the pod's role, trusting the pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Role {
    pub arn: Option<String>,
    /// `null`: trusts nobody.
    pub trust: Option<Trust>,
    /// A whole trust policy document, instead of `trust`.
    pub policy: Option<Value>,
    pub max_session_duration: i64,
    /// The roles that a policy of this role lets it assume, with `*` and `?`.
    pub allows: Vec<String>,
}

impl Default for Role {
    fn default() -> Self {
        Self { arn: None, trust: Some(Trust::default()), policy: None, max_session_duration: 3600, allows: Vec::new() }
    }
}

/// A trust policy of one statement, of which a scenario changes one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Trust {
    /// Default: the provider of the cluster's issuer in the role's account.
    pub federated: Option<String>,
    /// The issuer in the condition keys, without `https://`. Default: the cluster's.
    pub keys: Option<String>,
    /// Default: the pod's subject. `""` leaves the condition out.
    pub sub: Option<String>,
    pub sub_operator: String,
    /// Default: sts.amazonaws.com. `""` leaves the condition out.
    pub aud: Option<String>,
    pub aud_operator: String,
    pub action: String,
    /// A role, a session or an account that may assume the role by AssumeRole, in the place of the cluster's tokens.
    pub principal: Option<String>,
    /// The ExternalId that has to come with it.
    pub external_id: Option<String>,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            federated: None,
            keys: None,
            sub: None,
            sub_operator: "StringEquals".to_owned(),
            aud: None,
            aud_operator: "StringEquals".to_owned(),
            action: "sts:AssumeRoleWithWebIdentity".to_owned(),
            principal: None,
            external_id: None,
        }
    }
}

/// An IAM user with an access key; keys are made at run time unless given. Placeholders `{userKeyId}` and `{userSecret}` name the first user's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct User {
    pub name: String,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
}
