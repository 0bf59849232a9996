//! What a family reads of the process's settings: the selected profile, and variables that are true or false.

use super::rules::{Chain, ConfigFile, DefaultProfile, Empty, EmptyPath, FlagReading};
use super::surroundings::Surroundings;
use crate::core::pod::environment::{Environment, Var};
use crate::core::pod::profile::{ProfileSection, SharedFile};
use crate::core::text::secrets::InputValue;

/// Why IMDS is not asked at an address of its own.
pub(super) const BAD_ENDPOINT: &str =
    "It joins AWS_EC2_METADATA_SERVICE_ENDPOINT and the path without a slash, which is an error in this version.";

/// A word that is neither true nor false, and an error for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadFlag;

impl FlagReading {
    /// What the variable says, else the key of the profile. `false` when neither is set.
    pub(super) fn read(self, var: &Var, key: Option<&InputValue>) -> Result<bool, BadFlag> {
        let value = match var {
            Var::Set(value) if !value.raw().is_empty() || self == FlagReading::TrimmedElseFails => value,
            _ => match key {
                Some(value) => value,
                None => return Ok(false),
            },
        };
        let value = value.raw();
        let is = |word: &str| value.eq_ignore_ascii_case(word);
        match self {
            FlagReading::NotRead => Ok(false),
            FlagReading::AnyCase => Ok(is("true")),
            FlagReading::Exact => Ok(value == "true"),
            FlagReading::AnyCaseElseFails if is("true") || is("false") => Ok(is("true")),
            FlagReading::AnyCaseElseFails => Err(BadFlag),
            FlagReading::TrimmedElseFails => match value.trim() {
                word if word.eq_ignore_ascii_case("true") => Ok(true),
                word if word.eq_ignore_ascii_case("false") => Ok(false),
                _ => Err(BadFlag),
            },
            FlagReading::Anything => Ok(true),
            FlagReading::AnythingButFalse => Ok(!is("false")),
            FlagReading::GoBool => Ok(["1", "t", "T", "true", "True", "TRUE"].contains(&value)),
        }
    }
}

/// Whether `AWS_SDK_LOAD_CONFIG` makes this family read the configuration file.
pub(super) fn loads_config(chain: &Chain, env: &Environment) -> bool {
    chain.profile.load_config.read(&env.load_config, None) == Ok(true)
}

/// The profile that a family selects.
pub(super) struct Selected {
    /// What the files say of it. `None` when no file has it.
    pub(super) section: Option<ProfileSection>,
    /// A variable names it, and no file has it.
    pub(super) missing: bool,
}

/// The profile that this family selects.
pub(super) fn selected_profile(chain: &Chain, surroundings: &Surroundings<'_>) -> Selected {
    let (rules, env, profile) = (&chain.profile, surroundings.environment, surroundings.profile);
    let other = || env.default_profile.raw().filter(|_| rules.default_variable != DefaultProfile::NotRead);
    let (name, is_other) = match (env.profile.raw(), other()) {
        (Some(name), _) => (Some(name), false),
        (None, _) if env.profile.is_empty() && rules.empty_name == Empty::Given => (Some(""), false),
        (None, Some(name)) => (Some(name), true),
        (None, None) => (None, false),
    };
    let Some(name) = name else { return Selected { section: section(chain, surroundings, "default"), missing: false } };
    let name = if rules.trims_name { name.trim() } else { name };
    let section = section(chain, surroundings, name);
    // What the collector says of its own profile counts also where it read no file.
    let is_absent = if name == profile.name.raw() { profile.missing } else { !profile.not_read && !has_section(surroundings, name) };
    let is_default = name == "default" && !profile.missing;
    let ignored = is_other && rules.default_variable == DefaultProfile::ReadIfThere;
    Selected { section, missing: is_absent && !is_default && !ignored }
}

fn has_section(surroundings: &Surroundings<'_>, name: &str) -> bool {
    surroundings.profile.sections.iter().any(|section| section.name.raw() == name)
}

/// The profile of this name, with what this family reads of the two files. Where both have a key, that of the credentials file counts.
pub(super) fn section(chain: &Chain, surroundings: &Surroundings<'_>, name: &str) -> Option<ProfileSection> {
    let summary = surroundings.profile.summary();
    let sections = if surroundings.profile.sections.is_empty() { &summary } else { &surroundings.profile.sections };
    let of = |file: SharedFile| {
        let is_read = |section: &&ProfileSection| !section.unprefixed || chain.profile.reads_unprefixed;
        let found = sections.iter().filter(|section| section.file == file && section.name.raw() == name).filter(is_read).cloned();
        let as_read = found.map(|section| match section.capital_keys && chain.profile.key_case_counts {
            true => ProfileSection { key_id: false, secret_key: false, ..section },
            false => section,
        });
        as_read.reduce(|first, other| first.and(&other))
    };
    let (rules, env) = (&chain.profile, surroundings.environment);
    let skips = |var: &Var, is_read: bool| match var.raw() {
        Some(path) => !is_read || (path.starts_with("~/") && !rules.expands_home),
        None => var.is_empty() && rules.empty_path != EmptyPath::Unset,
    };
    let skips_config = skips(&env.config_file, rules.config_file_variable);
    // With the configuration file on request, the variable is read on request too.
    let on_request = rules.config == ConfigFile::OnRequest && loads_config(chain, env);
    let skips_credentials = skips(&env.shared_credentials_file, rules.credentials_file_variable || on_request);
    let config = of(SharedFile::Config).filter(|_| !skips_config).and_then(|section| match rules.config {
        ConfigFile::Read => Some(section),
        ConfigFile::OnRequest | ConfigFile::OnRequestElseKeysAlone => loads_config(chain, env).then_some(section),
        ConfigFile::WithoutCredentialsFile => (!surroundings.profile.has_credentials_file).then_some(section),
        ConfigFile::WithoutKeys => Some(ProfileSection { key_id: false, secret_key: false, ..section }),
        ConfigFile::NotRead => None,
    });
    let credentials = of(SharedFile::Credentials).filter(|_| !skips_credentials).map(|section| {
        let region = section.region.clone().filter(|_| rules.region_in_credentials);
        let section = ProfileSection { region, ..section };
        let has_token = section.web_identity_token_file.is_some();
        let keys_alone = rules.config == ConfigFile::OnRequestElseKeysAlone && !loads_config(chain, env) && !has_token;
        if keys_alone { without_role(section) } else { section }
    });
    match (credentials, config) {
        (Some(credentials), Some(config)) => Some(credentials.and(&config)),
        (one, other) => one.or(other),
    }
}

fn without_role(section: ProfileSection) -> ProfileSection {
    ProfileSection { role_arn: None, web_identity_token_file: None, source_profile: None, credential_source: None, ..section }
}
