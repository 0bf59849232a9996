//! The engine. It follows a family's chain in given surroundings, and says where the chain ends and why.

use super::chain::{Failing, MissingProfile};
use super::endpoint::{EndpointReason, StsEndpoint, configured_url, predict_endpoint};
use super::families::{Basis, FamilyRow, NoRegion, SdkFamily};
use super::links::{ChainEnd, LinkResult, NO_PROFILE, Notes, add_sentence, try_link};
use super::surroundings::{AgentCall, StsCall, Surroundings};
use serde::Serialize;

/// The first versions of an SDK that support a provider, as AWS lists them. `None` where AWS lists no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Minimum {
    /// For IAM roles for service accounts.
    pub irsa: Option<&'static str>,
    /// For EKS Pod Identity.
    pub pod_identity: Option<&'static str>,
}

/// What a failed exchange does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The application gets an error.
    Stops,
    /// The chain goes on with its next link.
    FallsThrough,
    /// It was not verified.
    Unknown,
}

/// What an SDK does in given surroundings.
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
    /// The credentials that the chain ends with when it goes on after such a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub falls_to: Option<ChainEnd>,
    /// The first versions that support the providers.
    pub minimum: Minimum,
    /// The prediction uses facts that were not verified. `why` names them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
    /// Why, in sentences.
    pub why: String,
    /// The part of `why` that the surroundings decide.
    #[serde(skip)]
    pub reason: String,
    /// The part of `why` that is particular to this SDK.
    #[serde(skip)]
    pub note: String,
    /// The version or time since when it calls the regional endpoint, if older versions call the global one.
    #[serde(skip)]
    pub regional_since: Option<&'static str>,
}

/// Predicts what this family's default chain does in these surroundings. Total: all surroundings have an answer.
pub fn predict(sdk: SdkFamily, surroundings: &Surroundings<'_>) -> Prediction {
    let family = sdk.row();
    let (outcome, reason) = follow(family, surroundings);
    let (endpoint, endpoint_reason) = predict_endpoint(family, surroundings);
    let exchanged = matches!(outcome, ChainEnd::Irsa | ChainEnd::PodIdentity);
    let falls_to = (exchanged && family.chain.failing == Failing::GoesOn).then(|| follow(family, &failed(surroundings, outcome)).0);
    let regional_since = match endpoint_reason {
        EndpointReason::Since(version) if outcome == ChainEnd::Irsa => Some(version),
        _ => None,
    };
    let mut note = String::new();
    if outcome == ChainEnd::Irsa {
        add_endpoint_note(&mut note, family, surroundings, (endpoint, endpoint_reason));
    }
    add_sentence(&mut note, &[family.note]);
    let basis = match family.basis {
        Basis::Measured(_) | Basis::SameCodeAs(_) => "",
        Basis::Source => "Not verified by a run, only read in its source.",
        Basis::Unverified => "Unverified: neither was its source read nor was it run.",
    };
    let mut why = reason.text.clone();
    add_sentence(&mut why, &[&note]);
    add_sentence(&mut why, &[basis]);
    Prediction {
        sdk,
        outcome,
        endpoint,
        on_failure: match family.chain.failing {
            Failing::Stops => OnFailure::Stops,
            Failing::GoesOn => OnFailure::FallsThrough,
            Failing::Unknown => OnFailure::Unknown,
        },
        falls_to,
        minimum: Minimum { irsa: family.irsa, pod_identity: family.pod_identity },
        unverified: reason.unverified || family.basis == Basis::Unverified,
        why,
        reason: reason.text,
        note,
        regional_since,
    }
}

/// Adds why the exchange goes to this endpoint, where a reader needs to know it.
fn add_endpoint_note(
    note: &mut String,
    family: &FamilyRow,
    surroundings: &Surroundings<'_>,
    (endpoint, reason): (StsEndpoint, EndpointReason),
) {
    match reason {
        EndpointReason::Since(version) => {
            add_sentence(note, &["It calls the regional endpoint since ", version, "; before, the global one."]);
        }
        EndpointReason::Default => add_sentence(note, &["It calls the global endpoint unless AWS_STS_REGIONAL_ENDPOINTS is regional."]),
        EndpointReason::Setting => add_sentence(note, &["AWS_STS_REGIONAL_ENDPOINTS sends it to the global endpoint."]),
        EndpointReason::NoRegion if endpoint == StsEndpoint::Global => {
            add_sentence(note, &["Without a region it calls the global endpoint."])
        }
        EndpointReason::NoRegion if family.no_region == NoRegion::UsEast1 => {
            add_sentence(note, &["Without a region it calls that of us-east-1."]);
        }
        EndpointReason::Url => {
            let url = configured_url(family, surroundings).map(ToString::to_string).unwrap_or_default();
            add_sentence(note, &["A URL is configured for STS: ", &url, "."]);
            if surroundings.environment.ignore_endpoint_urls.is_true() {
                add_sentence(note, &["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS does not reach the client that makes the exchange."]);
            }
        }
        EndpointReason::Plain | EndpointReason::Region | EndpointReason::NoRegion => {}
    }
}

/// The same surroundings, but the call that gave the credentials fails.
fn failed<'a>(surroundings: &Surroundings<'a>, gave: ChainEnd) -> Surroundings<'a> {
    match gave {
        ChainEnd::Irsa => Surroundings { sts: StsCall::Denied, ..*surroundings },
        _ => Surroundings { agent: AgentCall::Failing, ..*surroundings },
    }
}

/// Where the chain ends, and why.
fn follow(family: &FamilyRow, surroundings: &Surroundings<'_>) -> (ChainEnd, Notes) {
    let mut notes = Notes::default();
    let profile = surroundings.profile;
    if profile.missing && family.chain.missing_profile == MissingProfile::StopsFirst {
        notes.add(NO_PROFILE);
        return (ChainEnd::Error, notes);
    }
    if profile.error.is_some() {
        notes.add_unverified("A shared configuration file cannot be read; what this SDK makes of that is not verified.");
    }
    let mut failed = false;
    for link in family.chain.links {
        match try_link(family, *link, surroundings, &mut notes) {
            LinkResult::Passes => {}
            LinkResult::Gives(outcome, why) => {
                match (failed, outcome) {
                    (true, _) => notes.add("It goes on in its chain."),
                    (false, ChainEnd::NodeRole) => notes.add("Nothing before IMDS has credentials."),
                    _ => {}
                }
                notes.add(&why);
                return (outcome, notes);
            }
            LinkResult::Fails(why) => {
                notes.add(why);
                if family.chain.failing != Failing::GoesOn {
                    return (ChainEnd::Error, notes);
                }
                failed = true;
            }
        }
    }
    notes.add(if failed { "It goes on in its chain, which ends without credentials." } else { "No link of its chain has credentials." });
    (ChainEnd::None, notes)
}
