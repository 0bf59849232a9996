//! The selected profile of the shared configuration files.

use crate::core::text::secrets::{InputUrl, InputValue};
use serde::{Deserialize, Serialize};

/// How a profile would give credentials. The SDKs decide by the first of these keys that the profile has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the keys")]
pub enum ProfileCredentials {
    RoleArn,
    WebIdentity,
    Sso,
    StaticKeys,
    Process,
    Login,
}

impl ProfileCredentials {
    /// The key that gives the credentials, for a person.
    pub const fn describe(self) -> &'static str {
        match self {
            ProfileCredentials::RoleArn => "role_arn",
            ProfileCredentials::WebIdentity => "web_identity_token_file",
            ProfileCredentials::Sso => "sso",
            ProfileCredentials::StaticKeys => "static keys",
            ProfileCredentials::Process => "credential_process",
            ProfileCredentials::Login => "login_session",
        }
    }
}

/// The selected profile of the shared configuration files. Its access keys are never kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Profile {
    /// Its name: `AWS_PROFILE` or `default`.
    pub name: InputValue,
    /// The files that exist.
    pub files: Vec<InputValue>,
    /// Why the files could not be used, if they exist.
    pub error: Option<String>,
    /// `AWS_PROFILE` names a profile that no file has.
    pub missing: bool,
    /// How it gives credentials. `None` when it gives none.
    pub credentials: Option<ProfileCredentials>,
    /// `region`.
    pub region: Option<InputValue>,
    /// `endpoint_url` of STS (its `services` section) or of all services.
    pub endpoint_url: Option<InputUrl>,
    /// `sts_regional_endpoints`.
    pub sts_regional_endpoints: Option<InputValue>,
    /// `use_fips_endpoint`.
    pub use_fips: bool,
    /// `use_dualstack_endpoint`.
    pub use_dual_stack: bool,
}
