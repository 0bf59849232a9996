//! What each link of a chain gives in given surroundings.

use super::chain::{Link, MissingProfile, VariantWithUrl};
use super::endpoint::{configured_url, is_variant};
use super::families::{FamilyRow, NoRegion};
use super::surroundings::{AgentCall, ImdsView, StsCall, Surroundings, TokenFile, refused_for_certain};
use crate::core::aws::imds::ImdsReach;
use crate::core::aws::partition::Region;
use crate::core::aws::url::agent_uri_may_be_called;
use crate::core::pod::environment::{Secret, UrlVar, Var};
use crate::core::pod::precedence;
use crate::core::pod::profile::ProfileCredentials;
use serde::Serialize;
use std::borrow::Cow;

/// Where a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChainEnd {
    /// The injected role, by AssumeRoleWithWebIdentity.
    Irsa,
    /// The associated role, by the agent.
    PodIdentity,
    /// Static keys in the environment.
    Static,
    /// The selected profile.
    Profile,
    /// The node's role, by IMDS.
    NodeRole,
    /// No link has credentials.
    None,
    /// A link fails, and the chain ends with an error.
    Error,
}

/// What a link does.
pub(super) enum LinkResult {
    /// It has credentials. The fields say where the chain ends, and why.
    Gives(ChainEnd, Cow<'static, str>),
    /// It is not configured, or has nothing.
    Passes,
    /// It is configured and fails. The text says why.
    Fails(&'static str),
}

impl LinkResult {
    fn gives(end: ChainEnd, why: &'static str) -> LinkResult {
        LinkResult::Gives(end, why.into())
    }
}

/// The sentences that are collected while a chain is followed.
#[derive(Default)]
pub(super) struct Notes {
    /// The sentences.
    pub(super) text: String,
    /// At least one sentence is not verified.
    pub(super) unverified: bool,
}

impl Notes {
    pub(super) fn add(&mut self, sentence: &str) {
        add_sentence(&mut self.text, &[sentence]);
    }

    pub(super) fn add_unverified(&mut self, sentence: &str) {
        self.unverified = true;
        self.add(sentence);
    }
}

/// Adds a sentence that is made of these pieces. Adds nothing if all pieces are empty.
pub(super) fn add_sentence(text: &mut String, pieces: &[&str]) {
    if !text.is_empty() && pieces.iter().any(|piece| !piece.is_empty()) {
        text.push(' ');
    }
    pieces.iter().for_each(|piece| text.push_str(piece));
}

/// The sentence for an `AWS_PROFILE` that names no profile.
pub(super) const NO_PROFILE: &str = "AWS_PROFILE names a profile that no file has.";

/// What the link gives in these surroundings.
pub(super) fn try_link(family: &FamilyRow, link: Link, surroundings: &Surroundings<'_>, notes: &mut Notes) -> LinkResult {
    let env = surroundings.environment;
    match link {
        Link::Env if family.chain.profile_hides_env && env.profile.value().is_some() => LinkResult::Passes,
        Link::Env if env.has_static_keys() => {
            LinkResult::gives(ChainEnd::Static, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set, and come first.")
        }
        Link::Env if family.chain.lone_key_id_fails && env.access_key_id == Secret::Present => {
            LinkResult::Fails("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY.")
        }
        Link::Env => LinkResult::Passes,
        Link::Profile(kinds) => try_profile(family, kinds, surroundings, notes),
        Link::WebIdentity => try_web_identity(family, surroundings, notes),
        Link::Container => try_container(family, surroundings),
        Link::Imds => try_imds(family, surroundings, notes),
        Link::ContainerOrImds if has_uri(family, surroundings) => try_container(family, surroundings),
        Link::ContainerOrImds => try_imds(family, surroundings, notes),
    }
}

fn try_profile(family: &FamilyRow, kinds: &[ProfileCredentials], surroundings: &Surroundings<'_>, notes: &mut Notes) -> LinkResult {
    let profile = surroundings.profile;
    if profile.missing && family.chain.missing_profile == MissingProfile::StopsAtItsLink {
        return LinkResult::Fails(NO_PROFILE);
    }
    let kind = profile.credentials.filter(|kind| kinds.contains(kind));
    // Static keys are usually in ~/.aws/credentials, which is always read.
    if family.chain.config_on_request && kind.is_some_and(|kind| kind != ProfileCredentials::StaticKeys) {
        notes.add_unverified("It reads ~/.aws/config only while AWS_SDK_LOAD_CONFIG is set, which was not looked at.");
    }
    kind.map_or(LinkResult::Passes, |kind| {
        LinkResult::Gives(ChainEnd::Profile, format!("The selected profile gives credentials by {}.", kind.describe()).into())
    })
}

fn try_web_identity(family: &FamilyRow, surroundings: &Surroundings<'_>, notes: &mut Notes) -> LinkResult {
    let (env, profile) = (surroundings.environment, surroundings.profile);
    let counts = |var: &Var| if family.chain.empty_counts { var.is_set() } else { var.value().is_some() };
    match (counts(&env.role_arn), counts(&env.token_file)) {
        (_, false) => return LinkResult::Passes,
        (false, true) if family.chain.token_without_role_fails => {
            return LinkResult::Fails("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN.");
        }
        (false, true) => return LinkResult::Passes,
        (true, true) => {}
    }
    if env.token_file.is_empty() {
        return LinkResult::Fails("AWS_WEB_IDENTITY_TOKEN_FILE is empty, and counts as a path all the same.");
    }
    if env.role_arn.is_empty() {
        return LinkResult::Fails("AWS_ROLE_ARN is empty, and is sent to STS all the same.");
    }
    match surroundings.token {
        TokenFile::Missing => return LinkResult::Fails("The token file is missing."),
        TokenFile::Unreadable => return LinkResult::Fails("The token file cannot be read."),
        TokenFile::Empty => return LinkResult::Fails("The token file is empty."),
        TokenFile::NotAToken => return LinkResult::Fails("The token file holds no token."),
        TokenFile::Good | TokenFile::TrailingWhitespace => {}
    }
    let has_url = configured_url(family, surroundings).is_some();
    match precedence::region(env, profile).map(|(_, region)| Region::parse(region.raw())) {
        _ if has_url => {}
        Some(Ok(region)) if precedence::is_fips(env, profile) && !region.has_fips_sts() && !region.is_global() => {
            if family.rule_set {
                return LinkResult::Fails("AWS_USE_FIPS_ENDPOINT is set, and STS has no FIPS endpoint in this region.");
            }
            notes.add_unverified(
                "STS has no FIPS endpoint in this region; whether this SDK heeds AWS_USE_FIPS_ENDPOINT here is not verified.",
            );
        }
        Some(Ok(_)) => {}
        Some(Err(_)) => notes.add_unverified("The region is malformed; what becomes of that is not verified."),
        None => match family.no_region {
            NoRegion::Global | NoRegion::UsEast1 => {}
            NoRegion::Imds if imds_is_reached(surroundings) => notes.add("No region is named; it asks IMDS for one."),
            NoRegion::Fails | NoRegion::Imds => return LinkResult::Fails("No region is named, and it calls no STS without one."),
        },
    }
    if has_url && is_variant(surroundings) {
        match family.chain.variant_with_url {
            VariantWithUrl::Refused => {
                return LinkResult::Fails("It refuses FIPS and dual-stack endpoints beside a configured endpoint URL.");
            }
            VariantWithUrl::Ignored => {}
            VariantWithUrl::Unknown => {
                notes.add_unverified("Whether it refuses FIPS and dual-stack endpoints beside a configured endpoint URL is not verified.");
            }
        }
    }
    match surroundings.sts {
        StsCall::Works => LinkResult::gives(ChainEnd::Irsa, "AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are set."),
        StsCall::TokenRejected => LinkResult::Fails("STS rejects the token."),
        StsCall::Denied => LinkResult::Fails(refused_for_certain(env, profile).unwrap_or("STS refuses the exchange.")),
        StsCall::Unavailable => LinkResult::Fails("STS cannot answer now."),
        StsCall::Unreachable => LinkResult::Fails("STS is not reached."),
    }
}

fn has_uri(family: &FamilyRow, surroundings: &Surroundings<'_>) -> bool {
    let env = surroundings.environment;
    let counts = |var: &UrlVar| if family.chain.empty_uri_counts { var.is_set() } else { var.value().is_some() };
    counts(&env.container_relative_uri) || counts(&env.container_full_uri)
}

fn try_container(family: &FamilyRow, surroundings: &Surroundings<'_>) -> LinkResult {
    let env = surroundings.environment;
    let token = env.container_token_file.value().map(|_| match surroundings.container_token {
        TokenFile::Good => Ok(()),
        TokenFile::Missing => Err("The agent's token file is missing."),
        TokenFile::Unreadable => Err("The agent's token file cannot be read."),
        TokenFile::Empty => Err("The agent's token file is empty."),
        TokenFile::TrailingWhitespace => Err("White space stands after the token in the agent's token file."),
        TokenFile::NotAToken => Err("The agent's token file holds no token."),
    });
    if !has_uri(family, surroundings) {
        return match surroundings.container_token {
            TokenFile::Missing | TokenFile::Unreadable if family.chain.container_token_first && token.is_some() => LinkResult::Fails(
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names a file that cannot be read, which is an error even without a URI.",
            ),
            _ => LinkResult::Passes,
        };
    }
    if env.container_relative_uri.value().is_some() {
        return LinkResult::Fails(
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI beats the full URI and leads to ECS's address, where nobody answers on EKS.",
        );
    }
    match env.container_full_uri.value() {
        None => return LinkResult::Fails("The container's URI is empty, and counts as set all the same."),
        Some(uri) if !agent_uri_may_be_called(uri.raw()) => {
            return LinkResult::Fails(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL that SDKs call: over http only loopback and the agent's addresses.",
            );
        }
        Some(_) => {}
    }
    match token {
        Some(Err(why)) => return LinkResult::Fails(why),
        None if env.container_token != Secret::Present => {
            return LinkResult::Fails(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is set without a token, and EKS's agent refuses whoever sends none.",
            );
        }
        _ => {}
    }
    match surroundings.agent {
        AgentCall::Works => LinkResult::gives(ChainEnd::PodIdentity, "AWS_CONTAINER_CREDENTIALS_FULL_URI is set."),
        AgentCall::NotFound => LinkResult::Fails("The agent knows no association."),
        AgentCall::Refused => LinkResult::Fails("The agent refuses."),
        AgentCall::Failing => LinkResult::Fails("The agent cannot answer now."),
        AgentCall::Unreachable => LinkResult::Fails("The agent is not reached."),
    }
}

/// Whether IMDS may be asked and version 2 answers. Also true when it is not known whether it answers.
fn imds_is_reached(surroundings: &Surroundings<'_>) -> bool {
    let reached = matches!(surroundings.imds, ImdsView::Unknown | ImdsView::Seen { v2: ImdsReach::Answers, .. });
    reached && !surroundings.environment.imds_disabled.is_true()
}

fn try_imds(family: &FamilyRow, surroundings: &Surroundings<'_>, notes: &mut Notes) -> LinkResult {
    let env = surroundings.environment;
    let nothing = |why| if family.chain.imds_always_fails { LinkResult::Fails(why) } else { LinkResult::Passes };
    if env.imds_disabled.is_true() {
        return nothing("IMDS is switched off by AWS_EC2_METADATA_DISABLED.");
    }
    let (v2, v1, role) = match surroundings.imds {
        ImdsView::Seen { v2, v1, role } => (v2, v1, role),
        ImdsView::Unknown => {
            notes.add("Whether IMDS gives a role was not found out.");
            (ImdsReach::Answers, true, true)
        }
    };
    let by_v1 = v2 != ImdsReach::Answers && v1 && family.chain.imds_v1 && !env.imds_v1_disabled.is_true();
    match v2 {
        ImdsReach::Answers if role => LinkResult::gives(ChainEnd::NodeRole, "IMDS gives the node's role."),
        ImdsReach::Answers => nothing("IMDS names no role."),
        _ if by_v1 && role => LinkResult::gives(ChainEnd::NodeRole, "IMDS gives the node's role, by version 1."),
        _ if by_v1 => nothing("IMDS names no role."),
        ImdsReach::Refused if family.chain.imds_refusal_fails => LinkResult::Fails("IMDS refuses."),
        _ => nothing("IMDS is not reached."),
    }
}
