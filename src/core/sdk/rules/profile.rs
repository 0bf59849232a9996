//! How a chain reads the shared configuration files.

use super::super::outcome::ChainEnd;
use super::{Empty, FlagReading};
use crate::core::pod::profile::FileFault;
use crate::core::pod::profile::ProfileCredentials::{self, Login, Process, RoleArn, Sso, StaticKeys, WebIdentity};

/// What the chain does when `AWS_PROFILE` names a profile that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingProfile {
    /// It ignores `AWS_PROFILE`.
    Ignored,
    /// It ends with an error before its first link.
    StopsFirst,
    /// It ends with an error at the link of the profile.
    StopsAtItsLink,
}

/// When it reads credentials in `~/.aws/config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigFile {
    /// Always.
    Read,
    /// While `AWS_SDK_LOAD_CONFIG` is true.
    OnRequest,
    /// The same. Otherwise it reads static keys alone in the credentials file.
    OnRequestElseKeysAlone,
    /// While there is no credentials file.
    WithoutCredentialsFile,
    /// Always, but not for static keys.
    WithoutKeys,
    /// Never.
    NotRead,
}

/// How it reads `AWS_DEFAULT_PROFILE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultProfile {
    /// It does not read it.
    NotRead,
    /// As it reads `AWS_PROFILE`.
    Read,
    /// It ignores it when no file has the profile.
    ReadIfThere,
}

/// An empty `AWS_CONFIG_FILE` or `AWS_SHARED_CREDENTIALS_FILE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyPath {
    /// It counts as not set.
    Unset,
    /// It is the path of no file.
    NoFile,
    /// It is an error before the first link.
    Fails,
}

/// What it does with a section or a key that stands twice in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// It takes them together.
    Merged,
    /// It is an error before the first link.
    Fail,
    /// It uses no credentials of the profile.
    HideProfile,
}

/// What it does with a profile that has one of the two access keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HalfPair {
    /// It takes the profile for one without keys.
    Passes,
    /// A key id without the secret key is an error.
    IdFails,
    /// Either without the other is an error, also a key without a value.
    Fails,
    /// Either without the other is an error before the first link.
    FailsFirst,
}

/// What it does with a role in a profile that names no source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSource {
    /// It is an error.
    Fails,
    /// The container's credentials or those of IMDS assume the role.
    ContainerOrImds,
}

/// Why a profile gives no credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// `source_profile` names a profile that no file has.
    SourceMissing,
    /// `source_profile` names a profile without credentials.
    SourceWithoutCredentials,
    /// The profile is its own source, and has no keys.
    SelfWithoutKeys,
    /// The profile is its own source, and has keys, which this SDK does not use so.
    SelfWithKeys,
    /// Profiles name each other as their source.
    Cycle,
    /// A role without a source.
    WithoutSource,
    /// `credential_source` names a place that gives none.
    SourceGivesNone,
    /// `credential_source` is no word that SDKs know.
    UnknownSource,
    /// A token file without a role.
    WithoutRole,
    /// `credential_process` fails.
    Process,
    /// There is no cached token of SSO.
    Sso,
    /// The token file cannot be used, or the exchange fails.
    Exchange(&'static str),
}

/// What it does with a web identity in a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileWebIdentity {
    /// It makes the exchange.
    Read,
    /// It does not know the key `web_identity_token_file`. The role is without a source, which is an error.
    NotKnown,
    /// It does not see it.
    Ignored,
    /// The process ends.
    Crashes,
}

/// How it reads the shared configuration files.
#[derive(Debug, Clone, Copy)]
pub struct ProfileRules {
    pub missing: MissingProfile,
    /// An empty `AWS_PROFILE`. As a name it is that of no profile.
    pub empty_name: Empty,
    /// It removes white space around the name.
    pub trims_name: bool,
    pub default_variable: DefaultProfile,
    /// How it reads `AWS_SDK_LOAD_CONFIG`, where it matters.
    pub load_config: FlagReading,
    pub config: ConfigFile,
    pub repeats: Repeats,
    /// It reads `AWS_CONFIG_FILE`.
    pub config_file_variable: bool,
    /// It reads `AWS_SHARED_CREDENTIALS_FILE`.
    pub credentials_file_variable: bool,
    /// `~` in these two variables stands for the home folder.
    pub expands_home: bool,
    pub empty_path: EmptyPath,
    /// How the chain ends where a file has this fault. `None` where that was not verified. With other faults the file counts as one that is not
    /// there.
    pub bad_file: Option<&'static [(FileFault, ChainEnd)]>,
    /// Capitals count in the names of access keys.
    pub key_case_counts: bool,
    /// It knows the key `credential_source`.
    pub knows_credential_source: bool,
    /// A section of the configuration file needs no word `profile` before its name.
    pub reads_unprefixed: bool,
    /// It reads `region` in the credentials file.
    pub region_in_credentials: bool,
    pub half_pair: HalfPair,
    /// Static keys of a profile come before its role.
    pub keys_before_role: bool,
    /// A profile can be the source of its own role.
    pub can_be_own_source: bool,
    pub without_source: NoSource,
    /// A source that does not exist is an error before the first link.
    pub sources_checked_first: bool,
    /// With these faults the profile counts as one without credentials.
    pub passes_over: &'static [Broken],
    pub web_identity: ProfileWebIdentity,
    /// What it does with a web identity in the credentials file.
    pub credentials_web_identity: ProfileWebIdentity,
}

impl ProfileRules {
    /// The rules that most families have.
    pub const COMMON: ProfileRules = ProfileRules {
        missing: MissingProfile::Ignored,
        empty_name: Empty::Given,
        trims_name: false,
        default_variable: DefaultProfile::NotRead,
        load_config: FlagReading::NotRead,
        config: ConfigFile::Read,
        repeats: Repeats::Merged,
        config_file_variable: true,
        credentials_file_variable: true,
        expands_home: true,
        empty_path: EmptyPath::NoFile,
        bad_file: Some(&[]),
        key_case_counts: true,
        knows_credential_source: true,
        reads_unprefixed: false,
        region_in_credentials: true,
        half_pair: HalfPair::Passes,
        keys_before_role: false,
        can_be_own_source: true,
        without_source: NoSource::Fails,
        sources_checked_first: false,
        passes_over: &[],
        web_identity: ProfileWebIdentity::Read,
        credentials_web_identity: ProfileWebIdentity::Read,
    };
}

/// All kinds of credentials that a profile can give.
pub const ANY_PROFILE: &[ProfileCredentials] = &[WebIdentity, RoleArn, Sso, StaticKeys, Process, Login];
