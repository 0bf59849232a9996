//! The engine: follows a family's chain through a situation.

use super::SdkFamily;
use super::chain::{self, Basis, Chain, Failing, Link, MissingProfile, VariantWithUrl};
use super::endpoint::{self, EndpointReason, Minimum, NoRegion, StsEndpoint};
use super::situation::{self, AgentCall, ImdsView, StsCall, Surroundings, TokenFile};
use crate::core::aws::partition::Region;
use crate::core::evidence::ImdsReach;
use crate::core::plan::agent_uri_may_be_called;
use crate::core::pod::inputs::{ProfileCredentials, Secret, UrlVar};
use serde::Serialize;

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
    /// Nothing was found anywhere.
    None,
    /// Something was found, and it is an error.
    Error,
}

/// What a failed exchange does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The application gets an error.
    Stops,
    /// The chain goes on to what stands behind it.
    FallsThrough,
    /// No one has looked.
    Unknown,
}

/// What an SDK makes of a situation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// The family.
    pub sdk: SdkFamily,
    /// Where its default chain ends.
    pub outcome: ChainEnd,
    /// The STS endpoint that it calls.
    pub endpoint: StsEndpoint,
    /// What it does when the injected identity's exchange fails.
    pub on_failure: OnFailure,
    /// Where it ends then, if it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub falls_to: Option<ChainEnd>,
    /// The versions from which on it knows the providers.
    pub minimum: Minimum,
    /// It rests on facts that nobody has verified; `why` says which.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
    /// Why, in sentences.
    pub why: String,
    /// Of `why`, what the situation decides.
    #[serde(skip)]
    pub reason: String,
    /// Of `why`, what is so of this SDK and of few others.
    #[serde(skip)]
    pub note: String,
    /// Since when its endpoint is regional, where older versions call the global one.
    #[serde(skip)]
    pub regional_since: Option<&'static str>,
}

/// What this family's default chain makes of the situation. Total: every situation has an answer.
pub fn predict(sdk: SdkFamily, situation: &Surroundings<'_>) -> Prediction {
    let chain = chain::of(sdk);
    let end = follow(chain, situation);
    let (endpoint, because) = endpoint::endpoint(sdk, situation);
    let exchanged = matches!(end.outcome, ChainEnd::Irsa | ChainEnd::PodIdentity);
    let falls_to = (exchanged && chain.failing == Failing::GoesOn).then(|| follow(chain, &failed(situation, end.outcome)).outcome);
    let mut note = String::new();
    let mut regional_since = None;
    match because {
        _ if end.outcome != ChainEnd::Irsa => {}
        EndpointReason::Since(version) => {
            regional_since = Some(version);
            say(&mut note, &["It calls the regional endpoint since ", version, "; before, the global one."]);
        }
        EndpointReason::Default => say(&mut note, &["It calls the global endpoint unless AWS_STS_REGIONAL_ENDPOINTS is regional."]),
        EndpointReason::Setting => say(&mut note, &["AWS_STS_REGIONAL_ENDPOINTS sends it to the global endpoint."]),
        EndpointReason::NoRegion if endpoint == StsEndpoint::Global => say(&mut note, &["Without a region it calls the global endpoint."]),
        EndpointReason::NoRegion if endpoint::no_region(sdk) == NoRegion::UsEast1 => {
            say(&mut note, &["Without a region it calls that of us-east-1."])
        }
        EndpointReason::Url => {
            let url = endpoint::url(sdk, situation).map(ToString::to_string).unwrap_or_default();
            say(&mut note, &["A URL is configured for STS: ", &url, "."]);
            if situation.environment.ignore_endpoint_urls.is_true() {
                say(&mut note, &["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS does not reach the client that makes the exchange."]);
            }
        }
        EndpointReason::Plain | EndpointReason::Region | EndpointReason::NoRegion => {}
    }
    say(&mut note, &[chain.note]);
    let basis = match chain.basis {
        Basis::Measured => "",
        Basis::Source => "Not verified by a run, only read in its source.",
        Basis::Unverified => "Unverified: neither was its source read nor was it run.",
    };
    let mut why = end.why.clone();
    say(&mut why, &[&note]);
    say(&mut why, &[basis]);
    Prediction {
        sdk,
        outcome: end.outcome,
        endpoint,
        on_failure: match chain.failing {
            Failing::Stops => OnFailure::Stops,
            Failing::GoesOn => OnFailure::FallsThrough,
            Failing::Unknown => OnFailure::Unknown,
        },
        falls_to,
        minimum: endpoint::minimum(sdk),
        unverified: end.unverified || chain.basis == Basis::Unverified,
        why,
        reason: end.why,
        note,
        regional_since,
    }
}

/// The same situation, in which what gave the credentials fails.
fn failed<'a>(situation: &Surroundings<'a>, gave: ChainEnd) -> Surroundings<'a> {
    match gave {
        ChainEnd::Irsa => Surroundings { sts: StsCall::Denied, ..*situation },
        _ => Surroundings { agent: AgentCall::Failing, ..*situation },
    }
}

struct End {
    outcome: ChainEnd,
    why: String,
    unverified: bool,
}

impl End {
    fn say(&mut self, text: &str) {
        say(&mut self.why, &[text]);
    }

    fn doubt(&mut self, text: &str) {
        self.unverified = true;
        self.say(text);
    }
}

/// One sentence more, if there is one.
fn say(text: &mut String, pieces: &[&str]) {
    if !text.is_empty() && pieces.iter().any(|piece| !piece.is_empty()) {
        text.push(' ');
    }
    pieces.iter().for_each(|piece| text.push_str(piece));
}

/// What a link does.
enum LinkResult {
    /// It has credentials.
    Gives(ChainEnd, &'static str),
    /// It is not configured, or has nothing.
    Passes,
    /// It is configured, and fails.
    Fails(&'static str),
}

fn follow(chain: &Chain, situation: &Surroundings<'_>) -> End {
    let mut end = End { outcome: ChainEnd::None, why: String::new(), unverified: false };
    let profile = situation.profile;
    if profile.missing && chain.missing_profile == MissingProfile::StopsFirst {
        end.outcome = ChainEnd::Error;
        end.say(NO_PROFILE);
        return end;
    }
    if profile.error.is_some() {
        end.doubt("A shared configuration file cannot be read; what this SDK makes of that is not verified.");
    }
    let mut failed = false;
    for link in chain.links {
        match step(chain, *link, situation, &mut end) {
            LinkResult::Passes => {}
            LinkResult::Gives(outcome, why) => {
                end.outcome = outcome;
                match (failed, outcome) {
                    (true, _) => end.say("It goes on in its chain."),
                    (false, ChainEnd::NodeRole) => end.say("Nothing before IMDS has credentials."),
                    _ => {}
                }
                end.say(why);
                return end;
            }
            LinkResult::Fails(why) => {
                end.say(why);
                if chain.failing != Failing::GoesOn {
                    end.outcome = ChainEnd::Error;
                    return end;
                }
                failed = true;
            }
        }
    }
    end.say(if failed { "It goes on in its chain, which ends without credentials." } else { "No link of its chain has credentials." });
    end
}

const NO_PROFILE: &str = "AWS_PROFILE names a profile that no file has.";

fn step(chain: &Chain, link: Link, situation: &Surroundings<'_>, end: &mut End) -> LinkResult {
    let env = situation.environment;
    match link {
        Link::Env if chain.profile_hides_env && env.profile.value().is_some() => LinkResult::Passes,
        Link::Env if env.has_static_keys() => {
            LinkResult::Gives(ChainEnd::Static, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set, and come first.")
        }
        Link::Env if chain.lone_key_id_fails && env.access_key_id == Secret::Present => {
            LinkResult::Fails("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY.")
        }
        Link::Env => LinkResult::Passes,
        Link::Profile(kinds) => profile(chain, kinds, situation, end),
        Link::WebIdentity => web_identity(chain, situation, end),
        Link::Container => container(chain, situation),
        Link::Imds => imds(chain, situation, end),
        Link::ContainerOrImds if has_uri(chain, situation) => container(chain, situation),
        Link::ContainerOrImds => imds(chain, situation, end),
    }
}

fn profile(chain: &Chain, kinds: &[ProfileCredentials], situation: &Surroundings<'_>, end: &mut End) -> LinkResult {
    let profile = situation.profile;
    if profile.missing && chain.missing_profile == MissingProfile::StopsAtItsLink {
        return LinkResult::Fails(NO_PROFILE);
    }
    let kind = profile.credentials.filter(|kind| kinds.contains(kind));
    // Static keys stand in ~/.aws/credentials as a rule, which is always read.
    if chain.config_on_request && kind.is_some_and(|kind| kind != ProfileCredentials::StaticKeys) {
        end.doubt("It reads ~/.aws/config only while AWS_SDK_LOAD_CONFIG is set, which was not looked at.");
    }
    match kind {
        None => LinkResult::Passes,
        Some(kind) => LinkResult::Gives(
            ChainEnd::Profile,
            match kind {
                ProfileCredentials::RoleArn => "The selected profile gives credentials by role_arn.",
                ProfileCredentials::WebIdentity => "The selected profile gives credentials by web_identity_token_file.",
                ProfileCredentials::Sso => "The selected profile gives credentials by sso.",
                ProfileCredentials::StaticKeys => "The selected profile gives credentials by static keys.",
                ProfileCredentials::Process => "The selected profile gives credentials by credential_process.",
                ProfileCredentials::Login => "The selected profile gives credentials by login_session.",
            },
        ),
    }
}

fn web_identity(chain: &Chain, situation: &Surroundings<'_>, end: &mut End) -> LinkResult {
    let env = situation.environment;
    let counts = |var: &crate::core::pod::inputs::Var| if chain.empty_counts { var.is_set() } else { var.value().is_some() };
    match (counts(&env.role_arn), counts(&env.token_file)) {
        (_, false) => return LinkResult::Passes,
        (false, true) if chain.token_without_role_fails => {
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
    match situation.token {
        TokenFile::Missing => return LinkResult::Fails("The token file is missing."),
        TokenFile::Unreadable => return LinkResult::Fails("The token file cannot be read."),
        TokenFile::Empty => return LinkResult::Fails("The token file is empty."),
        TokenFile::NotAToken => return LinkResult::Fails("The token file holds no token."),
        TokenFile::Good | TokenFile::TrailingWhitespace => {}
    }
    let has_url = endpoint::url(chain.sdk, situation).is_some();
    match endpoint::region(env, situation.profile).map(Region::parse) {
        _ if has_url => {}
        Some(Ok(region)) if endpoint::is_fips(situation) && !region.has_fips_sts() && !region.is_global() => {
            if endpoint::has_rules(chain.sdk) {
                return LinkResult::Fails("AWS_USE_FIPS_ENDPOINT is set, and STS has no FIPS endpoint in this region.");
            }
            end.doubt("STS has no FIPS endpoint in this region; whether this SDK heeds AWS_USE_FIPS_ENDPOINT here is not verified.");
        }
        Some(Ok(_)) => {}
        Some(Err(_)) => end.doubt("The region is malformed; what becomes of that is not verified."),
        None => match endpoint::no_region(chain.sdk) {
            NoRegion::Global | NoRegion::UsEast1 => {}
            NoRegion::Imds if imds_is_reached(situation) => end.say("No region is named; it asks IMDS for one."),
            NoRegion::Fails | NoRegion::Imds => return LinkResult::Fails("No region is named, and it calls no STS without one."),
        },
    }
    if has_url && endpoint::is_variant(situation) {
        match chain.variant_with_url {
            VariantWithUrl::Refused => {
                return LinkResult::Fails("It refuses FIPS and dual-stack endpoints beside a configured endpoint URL.");
            }
            VariantWithUrl::Ignored => {}
            VariantWithUrl::Unknown => {
                end.doubt("Whether it refuses FIPS and dual-stack endpoints beside a configured endpoint URL is not verified.");
            }
        }
    }
    match situation.sts {
        StsCall::Works => LinkResult::Gives(ChainEnd::Irsa, "AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are set."),
        StsCall::TokenRejected => LinkResult::Fails("STS rejects the token."),
        StsCall::Denied => LinkResult::Fails(situation::refused_for_certain(env, situation.profile).unwrap_or("STS refuses the exchange.")),
        StsCall::Unavailable => LinkResult::Fails("STS cannot answer now."),
        StsCall::Unreachable => LinkResult::Fails("STS is not reached."),
    }
}

fn has_uri(chain: &Chain, situation: &Surroundings<'_>) -> bool {
    let env = situation.environment;
    let counts = |var: &UrlVar| if chain.empty_uri_counts { var.is_set() } else { var.value().is_some() };
    counts(&env.container_relative_uri) || counts(&env.container_full_uri)
}

fn container(chain: &Chain, situation: &Surroundings<'_>) -> LinkResult {
    let env = situation.environment;
    let token = env.container_token_file.value().map(|_| match situation.container_token {
        TokenFile::Good => Ok(()),
        TokenFile::Missing => Err("The agent's token file is missing."),
        TokenFile::Unreadable => Err("The agent's token file cannot be read."),
        TokenFile::Empty => Err("The agent's token file is empty."),
        TokenFile::TrailingWhitespace => Err("White space stands after the token in the agent's token file."),
        TokenFile::NotAToken => Err("The agent's token file holds no token."),
    });
    if !has_uri(chain, situation) {
        return match situation.container_token {
            TokenFile::Missing | TokenFile::Unreadable if chain.container_token_first && token.is_some() => LinkResult::Fails(
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
    match situation.agent {
        AgentCall::Works => LinkResult::Gives(ChainEnd::PodIdentity, "AWS_CONTAINER_CREDENTIALS_FULL_URI is set."),
        AgentCall::NotFound => LinkResult::Fails("The agent knows no association."),
        AgentCall::Refused => LinkResult::Fails("The agent refuses."),
        AgentCall::Failing => LinkResult::Fails("The agent cannot answer now."),
        AgentCall::Unreachable => LinkResult::Fails("The agent is not reached."),
    }
}

/// Version 2 answers, or was not looked at.
fn imds_is_reached(situation: &Surroundings<'_>) -> bool {
    let reached = matches!(situation.imds, ImdsView::Unknown | ImdsView::Seen { v2: ImdsReach::Answers, .. });
    reached && !situation.environment.imds_disabled.is_true()
}

fn imds(chain: &Chain, situation: &Surroundings<'_>, end: &mut End) -> LinkResult {
    let env = situation.environment;
    let nothing = |why| if chain.imds_always_fails { LinkResult::Fails(why) } else { LinkResult::Passes };
    if env.imds_disabled.is_true() {
        return nothing("IMDS is switched off by AWS_EC2_METADATA_DISABLED.");
    }
    let (v2, v1, role) = match situation.imds {
        ImdsView::Seen { v2, v1, role } => (v2, v1, role),
        ImdsView::Unknown => {
            end.say("Whether IMDS gives a role was not found out.");
            (ImdsReach::Answers, true, true)
        }
    };
    let by_v1 = v2 != ImdsReach::Answers && v1 && chain.imds_v1 && !env.imds_v1_disabled.is_true();
    match v2 {
        ImdsReach::Answers if role => LinkResult::Gives(ChainEnd::NodeRole, "IMDS gives the node's role."),
        ImdsReach::Answers => nothing("IMDS names no role."),
        _ if by_v1 && role => LinkResult::Gives(ChainEnd::NodeRole, "IMDS gives the node's role, by version 1."),
        _ if by_v1 => nothing("IMDS names no role."),
        ImdsReach::Refused if chain.imds_refusal_fails => LinkResult::Fails("IMDS refuses."),
        _ => nothing("IMDS is not reached."),
    }
}
