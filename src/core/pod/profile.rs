//! The selected profile of the shared configuration files.

use super::environment::is_default;
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

/// One of the two shared configuration files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SharedFile {
    /// `~/.aws/config`, or the file that `AWS_CONFIG_FILE` names.
    Config,
    /// `~/.aws/credentials`, or the file that `AWS_SHARED_CREDENTIALS_FILE` names.
    Credentials,
}

/// Why a shared configuration file cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFault {
    /// It cannot be read.
    Unreadable,
    /// It is a folder, or anything else that is no file.
    NotAFile,
    /// It has not the form of such a file.
    NotParsed,
    /// It is the credentials file, and has a section `services`, which belongs to the configuration file.
    ServicesInCredentials,
}

/// A profile's section in one file, as far as it decides credentials and endpoints. The access keys themselves are never kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileSection {
    /// The profile's name.
    pub name: InputValue,
    /// The file.
    pub file: SharedFile,
    /// It has an `aws_access_key_id`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub key_id: bool,
    /// It has an `aws_secret_access_key`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub secret_key: bool,
    /// It has one of the two without a value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub empty_key: bool,
    /// A name of an access key is written with capitals.
    #[serde(default, skip_serializing_if = "is_default")]
    pub capital_keys: bool,
    /// Its section in the configuration file lacks the word `profile`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unprefixed: bool,
    /// It has a `credential_process`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub process: bool,
    /// It has an `sso_session` or `sso_start_url`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sso: bool,
    /// It has a `login_session`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub login: bool,
    /// `web_identity_token_file`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub web_identity_token_file: Option<InputValue>,
    /// `role_arn`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub role_arn: Option<InputValue>,
    /// `source_profile`: the profile whose credentials assume the role.
    #[serde(default, skip_serializing_if = "is_default")]
    pub source_profile: Option<InputValue>,
    /// `credential_source`: where the credentials that assume the role come from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub credential_source: Option<InputValue>,
    /// `role_session_name`: the name of the role's session.
    #[serde(default, skip_serializing_if = "is_default")]
    pub role_session_name: Option<InputValue>,
    /// `duration_seconds`: how long the role's session is asked for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub duration_seconds: Option<InputValue>,
    /// It has an `external_id`. The value is never kept here.
    #[serde(default, skip_serializing_if = "is_default")]
    pub external_id: bool,
    /// `region`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub region: Option<InputValue>,
    /// `endpoint_url` of STS, in the section that `services` names.
    #[serde(default, skip_serializing_if = "is_default")]
    pub endpoint_url_sts: Option<InputUrl>,
    /// `endpoint_url` of all services.
    #[serde(default, skip_serializing_if = "is_default")]
    pub endpoint_url: Option<InputUrl>,
    /// One of the two stands there without a value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub empty_url: bool,
    /// `ignore_configured_endpoint_urls`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_endpoint_urls: Option<InputValue>,
    /// `sts_regional_endpoints`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sts_regional_endpoints: Option<InputValue>,
    /// `ec2_metadata_v1_disabled`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub imds_v1_disabled: Option<InputValue>,
    /// `use_fips_endpoint`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub use_fips: Option<InputValue>,
    /// `use_dualstack_endpoint`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub use_dual_stack: Option<InputValue>,
}

/// The selected profile of the shared configuration files. Its access keys are never kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Profile {
    /// Its name: `AWS_PROFILE` or `default`.
    pub name: InputValue,
    /// The files that exist.
    pub files: Vec<InputValue>,
    /// The files were not read. Then profiles are assumed to exist without credentials.
    #[serde(skip_serializing_if = "is_default")]
    pub not_read: bool,
    /// Why the files could not be used, if they exist.
    pub error: Option<String>,
    /// The same as a kind.
    #[serde(skip_serializing_if = "is_default")]
    pub fault: Option<FileFault>,
    /// There is a credentials file.
    #[serde(skip_serializing_if = "is_default")]
    pub has_credentials_file: bool,
    /// `AWS_PROFILE` names a profile that is in no file.
    pub missing: bool,
    /// How it gives credentials. `None` when it gives none.
    pub credentials: Option<ProfileCredentials>,
    /// The sections of this profile, of the profile that `AWS_DEFAULT_PROFILE` names, and of the profiles that they name as their source.
    #[serde(skip_serializing_if = "is_default")]
    pub sections: Vec<ProfileSection>,
    /// A file has a section twice, or a section has a key twice.
    #[serde(skip_serializing_if = "is_default")]
    pub repeats: bool,
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

impl Profile {
    /// The profile as one section of the credentials file, from what older evidence has of it: no role. Empty where it has nothing.
    pub fn summary(&self) -> Vec<ProfileSection> {
        let is = |kind: ProfileCredentials| self.credentials == Some(kind);
        let section = ProfileSection {
            key_id: is(ProfileCredentials::StaticKeys),
            secret_key: is(ProfileCredentials::StaticKeys),
            process: is(ProfileCredentials::Process),
            sso: is(ProfileCredentials::Sso),
            login: is(ProfileCredentials::Login),
            region: self.region.clone(),
            endpoint_url: self.endpoint_url.clone(),
            sts_regional_endpoints: self.sts_regional_endpoints.clone(),
            use_fips: self.use_fips.then(|| "true".into()),
            use_dual_stack: self.use_dual_stack.then(|| "true".into()),
            ..ProfileSection::new(self.name.raw(), SharedFile::Credentials)
        };
        let is_empty = section == ProfileSection::new(self.name.raw(), SharedFile::Credentials);
        if is_empty { Vec::new() } else { vec![section] }
    }
}

impl ProfileSection {
    /// A section without keys.
    pub fn new(name: &str, file: SharedFile) -> ProfileSection {
        ProfileSection {
            name: name.into(),
            file,
            key_id: false,
            secret_key: false,
            empty_key: false,
            capital_keys: false,
            unprefixed: false,
            process: false,
            sso: false,
            login: false,
            web_identity_token_file: None,
            role_arn: None,
            source_profile: None,
            credential_source: None,
            role_session_name: None,
            duration_seconds: None,
            external_id: false,
            region: None,
            endpoint_url_sts: None,
            endpoint_url: None,
            empty_url: false,
            ignore_endpoint_urls: None,
            sts_regional_endpoints: None,
            imds_v1_disabled: None,
            use_fips: None,
            use_dual_stack: None,
        }
    }

    /// The section together with another section of the same profile. What this section has comes first.
    pub fn and(mut self, other: &ProfileSection) -> ProfileSection {
        self.key_id |= other.key_id;
        self.secret_key |= other.secret_key;
        self.empty_key |= other.empty_key;
        self.empty_url |= other.empty_url;
        self.capital_keys |= other.capital_keys;
        self.process |= other.process;
        self.sso |= other.sso;
        self.login |= other.login;
        self.external_id |= other.external_id;
        for (own, others) in [
            (&mut self.web_identity_token_file, &other.web_identity_token_file),
            (&mut self.role_arn, &other.role_arn),
            (&mut self.source_profile, &other.source_profile),
            (&mut self.credential_source, &other.credential_source),
            (&mut self.role_session_name, &other.role_session_name),
            (&mut self.duration_seconds, &other.duration_seconds),
            (&mut self.region, &other.region),
            (&mut self.ignore_endpoint_urls, &other.ignore_endpoint_urls),
            (&mut self.sts_regional_endpoints, &other.sts_regional_endpoints),
            (&mut self.imds_v1_disabled, &other.imds_v1_disabled),
            (&mut self.use_fips, &other.use_fips),
            (&mut self.use_dual_stack, &other.use_dual_stack),
        ] {
            if own.is_none() {
                own.clone_from(others);
            }
        }
        for (own, others) in [(&mut self.endpoint_url_sts, &other.endpoint_url_sts), (&mut self.endpoint_url, &other.endpoint_url)] {
            if own.is_none() {
                own.clone_from(others);
            }
        }
        self
    }

    /// How it gives credentials, in the order in which the Rust SDK decides (aws-config `profile/credentials/repr.rs`).
    pub fn credentials(&self) -> Option<ProfileCredentials> {
        [
            (self.web_identity_token_file.is_some(), ProfileCredentials::WebIdentity),
            (self.role_arn.is_some(), ProfileCredentials::RoleArn),
            (self.sso, ProfileCredentials::Sso),
            (self.login, ProfileCredentials::Login),
            (self.process, ProfileCredentials::Process),
            (self.key_id && self.secret_key, ProfileCredentials::StaticKeys),
        ]
        .into_iter()
        .find_map(|(has, kind)| has.then_some(kind))
    }
}
