//! The link of the selected profile.

use super::super::outcome::ChainEnd;
use super::super::rules::{Broken, Chain, EmptyPath, HalfPair, MissingProfile, NoSource, ProfileWebIdentity, Repeats};
use super::super::settings::{self, selected_profile};
use super::super::surroundings::Surroundings;
use super::sts::{RoleRequest, exchange};
use super::web_identity::token_failure;
use super::{KeyPair, LinkResult, NO_PROFILE, Notes, container, imds, static_keys};
use crate::core::pod::profile::{ProfileCredentials, ProfileSection, SharedFile};
use crate::core::text::secrets::InputValue;

pub(super) fn try_profile(chain: &Chain, kinds: &[ProfileCredentials], surroundings: &Surroundings<'_>, notes: &mut Notes) -> LinkResult {
    let rules = &chain.profile;
    let selected = selected_profile(chain, surroundings);
    if selected.missing && rules.missing == MissingProfile::StopsAtItsLink {
        return LinkResult::Fails(NO_PROFILE);
    }
    if surroundings.profile.repeats && rules.repeats == Repeats::HideProfile {
        return LinkResult::Passes;
    }
    let Some(section) = selected.section else { return LinkResult::Passes };
    let kind = kind(chain, &section);
    if kind.is_none() && kinds.contains(&ProfileCredentials::StaticKeys) && half_pair_fails(chain, &section) {
        return LinkResult::Fails("The selected profile has one of the two access keys without the other.");
    }
    let Some(kind) = kind.filter(|kind| kinds.contains(kind)) else { return LinkResult::Passes };
    if kind == ProfileCredentials::WebIdentity && rules.web_identity == ProfileWebIdentity::Crashes && section.role_arn.is_some() {
        return LinkResult::Ends(ChainEnd::Error, "The selected profile names a web identity, and this SDK then ends the process.");
    }
    match credentials(chain, surroundings, &section, &mut Vec::new(), notes) {
        Ok(arn) => LinkResult::Gives {
            end: ChainEnd::Profile,
            why: format!("The selected profile gives credentials from {}.", kind.describe()).into(),
            arn,
        },
        Err(broken) if rules.passes_over.contains(&broken) => LinkResult::Passes,
        Err(broken) => LinkResult::Fails(broken.describe()),
    }
}

/// Why the chain ends before its first link, because of the selected profile.
pub(in super::super) fn first_failure(chain: &Chain, surroundings: &Surroundings<'_>) -> Option<&'static str> {
    let selected = selected_profile(chain, surroundings);
    if selected.missing && chain.profile.missing == MissingProfile::StopsFirst {
        return Some(NO_PROFILE);
    }
    let env = surroundings.environment;
    if chain.profile.empty_path == EmptyPath::Fails && (env.config_file.is_empty() || env.shared_credentials_file.is_empty()) {
        return Some("AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE is empty, which is an error in this SDK.");
    }
    let section = selected.section?;
    if chain.profile.half_pair == HalfPair::FailsFirst && section.key_id != section.secret_key {
        return Some("The selected profile has one of the two access keys without the other.");
    }
    if !chain.profile.sources_checked_first || section.source_profile.is_none() {
        return None;
    }
    let broken = source(chain, surroundings, &section, &mut Vec::new(), &mut Notes::default()).err()?;
    matches!(broken, Broken::SourceMissing | Broken::SelfWithoutKeys | Broken::Cycle).then(|| broken.describe())
}

impl Broken {
    /// The fault in a sentence.
    fn describe(self) -> &'static str {
        match self {
            Broken::SourceMissing => "The profile's source_profile is in no file.",
            Broken::SourceWithoutCredentials => "The profile's source_profile has no credentials.",
            Broken::SelfWithoutKeys => "The profile is its own source, but has no keys.",
            Broken::SelfWithKeys => "The profile is its own source, which this SDK does not allow.",
            Broken::Cycle => "The profiles name each other as their source.",
            Broken::WithoutSource => "The profile names a role, but neither source_profile nor credential_source.",
            Broken::SourceGivesNone => "The profile's credential_source gives no credentials.",
            Broken::UnknownSource => "The profile's credential_source is not a value that SDKs know.",
            Broken::WithoutRole => "The profile names a token file, but no role.",
            Broken::Process => "The profile's credential_process fails.",
            Broken::Sso => "The profile uses SSO, and no SSO token is cached.",
            Broken::Exchange(why) => why,
        }
    }
}

/// How the section gives credentials to this family.
fn kind(chain: &Chain, section: &ProfileSection) -> Option<ProfileCredentials> {
    let has_keys = section.key_id && section.secret_key;
    if section.web_identity_token_file.is_some() && chain.profile.web_identity == ProfileWebIdentity::Ignored {
        return None;
    }
    if has_keys && chain.profile.keys_before_role { Some(ProfileCredentials::StaticKeys) } else { section.credentials() }
}

fn half_pair_fails(chain: &Chain, section: &ProfileSection) -> bool {
    match chain.profile.half_pair {
        HalfPair::Passes | HalfPair::FailsFirst => false,
        HalfPair::IdFails => section.key_id,
        HalfPair::Fails => section.key_id || section.secret_key || section.empty_key,
    }
}

/// The role that the section gives, if it is one.
fn credentials(
    chain: &Chain,
    surroundings: &Surroundings<'_>,
    section: &ProfileSection,
    sources: &mut Vec<InputValue>,
    notes: &mut Notes,
) -> Result<Option<InputValue>, Broken> {
    let rules = &chain.profile;
    let role = match kind(chain, section) {
        Some(ProfileCredentials::WebIdentity) => {
            let in_credentials = is_in(surroundings, section, SharedFile::Credentials);
            if in_credentials && rules.credentials_web_identity == ProfileWebIdentity::NotKnown
                || rules.web_identity == ProfileWebIdentity::NotKnown
            {
                return Err(Broken::WithoutSource);
            }
            let role = section.role_arn.as_ref().ok_or(Broken::WithoutRole)?;
            let path = section.web_identity_token_file.as_ref().map(|path| path.raw());
            let token = surroundings.profile_tokens.iter().find(|token| Some(token.path.raw()) == path);
            if let Some(why) = token.and_then(|token| token_failure(token.file)) {
                return Err(Broken::Exchange(why));
            }
            role
        }
        Some(ProfileCredentials::RoleArn) => {
            source(chain, surroundings, section, sources, notes)?;
            section.role_arn.as_ref().ok_or(Broken::WithoutRole)?
        }
        Some(ProfileCredentials::Process) if !surroundings.process_works => return Err(Broken::Process),
        Some(ProfileCredentials::Sso) if !surroundings.files.sso_token => return Err(Broken::Sso),
        Some(_) => return Ok(None),
        None => return Err(Broken::SourceWithoutCredentials),
    };
    let is_hop = section.web_identity_token_file.is_none();
    exchange(chain, surroundings, &RoleRequest { role: role.raw(), session_name: false, is_hop }, notes).map_err(Broken::Exchange)?;
    Ok(Some(role.clone()))
}

/// Whether this file has the web identity of the section.
fn is_in(surroundings: &Surroundings<'_>, section: &ProfileSection, file: SharedFile) -> bool {
    let mut sections = surroundings.profile.sections.iter().filter(|other| other.file == file && other.name.raw() == section.name.raw());
    sections.any(|other| other.web_identity_token_file.is_some())
}

/// Whether the credentials that assume the section's role are there.
fn source(
    chain: &Chain,
    surroundings: &Surroundings<'_>,
    section: &ProfileSection,
    sources: &mut Vec<InputValue>,
    notes: &mut Notes,
) -> Result<(), Broken> {
    let gives = |result: LinkResult| if matches!(result, LinkResult::Gives { .. }) { Ok(()) } else { Err(Broken::SourceGivesNone) };
    if let Some(name) = &section.source_profile {
        if name.raw() == section.name.raw() {
            return match section.key_id && section.secret_key {
                true if chain.profile.can_be_own_source => Ok(()),
                true => Err(Broken::SelfWithKeys),
                false => Err(Broken::SelfWithoutKeys),
            };
        }
        if sources.iter().any(|visited| visited.raw() == name.raw()) {
            return Err(Broken::Cycle);
        }
        sources.push(section.name.clone());
        let other = settings::section(chain, surroundings, name.raw()).ok_or(Broken::SourceMissing)?;
        return credentials(chain, surroundings, &other, sources, notes).map(|_| ());
    }
    match section.credential_source.as_ref().map(|source| source.raw()) {
        Some(_) if !chain.profile.knows_credential_source => Err(Broken::WithoutSource),
        Some("Environment") => match static_keys(chain, surroundings.environment) {
            KeyPair::Both => Ok(()),
            KeyPair::IdAlone | KeyPair::None => Err(Broken::SourceGivesNone),
        },
        Some("Ec2InstanceMetadata") => gives(imds::try_imds(chain, surroundings)),
        Some("EcsContainer") => gives(container::try_container(chain, surroundings)),
        Some(_) => Err(Broken::UnknownSource),
        None if chain.profile.without_source == NoSource::ContainerOrImds => {
            let has_uri = container::has_uri(chain, surroundings.environment);
            gives(if has_uri { container::try_container(chain, surroundings) } else { imds::try_imds(chain, surroundings) })
        }
        None => Err(Broken::WithoutSource),
    }
}
