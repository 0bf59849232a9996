//! The engine. It follows a family's chain in given surroundings, and says where the chain ends and why.

use super::endpoint::{Endpoint, EndpointReason, StsEndpoint, endpoint, has_bad_flag};
use super::families::{Basis, FamilyRow, Sdk, SdkFamily, VersionRow};
use super::links::profile::first_failure;
use super::links::{LinkResult, Notes, add_sentence, try_link};
use super::outcome::{ChainEnd, OnFailure};
use super::proxies;
use super::rules::{Chain, Failing, FlagReading, NoRegion, Repeats};
use super::surroundings::{AgentCall, StsCall, Surroundings};
use super::version::SdkVersion;
use crate::core::text::secrets::{InputUrl, InputValue};
use serde::{Deserialize, Deserializer, Serialize};

/// The first versions of an SDK that support a provider, as AWS lists them. `None` where AWS lists no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Minimum {
    /// For IAM roles for service accounts.
    pub irsa: Option<&'static str>,
    /// For EKS Pod Identity.
    pub pod_identity: Option<&'static str>,
}

/// What an SDK does in given surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// The family.
    pub sdk: SdkFamily,
    /// Its name for people.
    pub name: &'static str,
    /// Where its default chain ends.
    pub outcome: ChainEnd,
    /// The ARN of the role that it gets, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<InputValue>,
    /// The STS endpoint that it calls.
    pub endpoint: StsEndpoint,
    /// What it does when the injected identity's exchange fails.
    pub on_failure: OnFailure,
    /// The credentials that the chain gets from the next links after such a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub falls_to: Option<ChainEnd>,
    /// The first versions that support the providers.
    pub minimum: Minimum,
    /// How well the prediction is known.
    pub basis: Basis,
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

/// A prediction as it is read back. The family tells the rest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublishedPrediction {
    sdk: SdkFamily,
    outcome: ChainEnd,
    #[serde(default)]
    arn: Option<InputValue>,
    endpoint: StsEndpoint,
    on_failure: OnFailure,
    #[serde(default)]
    falls_to: Option<ChainEnd>,
    basis: Basis,
    why: String,
}

impl From<PublishedPrediction> for Prediction {
    fn from(published: PublishedPrediction) -> Prediction {
        let PublishedPrediction { sdk, outcome, arn, endpoint, on_failure, falls_to, basis, why } = published;
        let row = sdk.row();
        let (name, minimum) = (row.short_name, minimum(row));
        let (reason, note) = (String::new(), String::new());
        Prediction { sdk, name, outcome, arn, endpoint, on_failure, falls_to, minimum, basis, why, reason, note, regional_since: None }
    }
}

impl<'de> Deserialize<'de> for Prediction {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Prediction, D::Error> {
        PublishedPrediction::deserialize(source).map(Prediction::from)
    }
}

/// Predicts what this SDK's default chain does in these surroundings. Total: all surroundings have an answer.
pub fn predict(sdk: impl Into<Sdk>, surroundings: &Surroundings<'_>) -> Prediction {
    let sdk: Sdk = sdk.into();
    let family = sdk.family.row();
    let (row, basis) = sdk.family.version_row(sdk.version);
    let chain = &Chain { has_sts: !sdk.lacks_sts, ..row.chain };
    let Followed { end, arn, mut notes } = follow(chain, surroundings);
    let endpoint = endpoint(chain, surroundings);
    // A profile's role comes by an exchange, too.
    let exchanged = matches!(end, ChainEnd::Irsa | ChainEnd::PodIdentity) || (end == ChainEnd::Profile && arn.is_some());
    let falls_to = (exchanged && chain.failing == Failing::GoesOn).then(|| follow(chain, &failed(surroundings, end)).end);
    // With the setting `regional`, all versions call the regional endpoint.
    let is_new = end == ChainEnd::Irsa && endpoint.reason == EndpointReason::Plain && regional_only_now(surroundings, &endpoint);
    let regional_since = family.regional_since.filter(|_| is_new && sdk.version.is_none());
    let mut note = String::new();
    if end == ChainEnd::Irsa {
        add_endpoint_note(&mut note, chain, &endpoint, regional_since, surroundings);
    }
    add_sentence(&mut note, &[family.note]);
    if let Some(first) = minimum_not_met(sdk, end).filter(|_| basis != Basis::Measured) {
        notes.add_unverified(&format!("AWS lists {first} as the first version that supports this."));
    }
    let basis = if notes.unverified { Basis::Unverified } else { basis };
    let mut why = notes.text.clone();
    add_sentence(&mut why, &[&note]);
    add_sentence(&mut why, &[&describe_basis(basis, sdk, row)]);
    Prediction {
        sdk: sdk.family,
        name: family.short_name,
        outcome: end,
        arn,
        endpoint: endpoint.kind,
        on_failure: match chain.failing {
            Failing::Stops => OnFailure::Stops,
            Failing::GoesOn => OnFailure::FallsThrough,
            Failing::Unknown => OnFailure::Unknown,
        },
        falls_to,
        minimum: minimum(family),
        basis,
        why,
        reason: notes.text,
        note,
        regional_since,
    }
}

/// The first version that supports this end, if the asked version is older.
fn minimum_not_met(sdk: Sdk, end: ChainEnd) -> Option<&'static str> {
    let first = sdk.family.first_version(end, sdk.version)?;
    let version = sdk.version?;
    let ran_older = sdk.family.measured_versions().filter_map(SdkVersion::parse).any(|run| run <= version);
    (SdkVersion::parse(first).is_some() && !version.is_at_least(first) && !ran_older).then_some(first)
}

fn minimum(family: &FamilyRow) -> Minimum {
    Minimum { irsa: family.irsa, pod_identity: family.pod_identity }
}

/// How the prediction is known, in a sentence.
fn describe_basis(basis: Basis, sdk: Sdk, row: &VersionRow) -> String {
    let package = sdk.family.package();
    match basis {
        Basis::Measured => format!("Measured with {package} {}.", row.measured.join(" and ")),
        Basis::Documented => match sdk.version.filter(|_| sdk.family.measured_versions().next().is_some()) {
            Some(version) => {
                let runs: Vec<&str> = sdk.family.measured_versions().collect();
                format!("Not measured with {package} {version}, but with {}.", runs.join(", "))
            }
            None => "Not verified with a run, only read in its source code.".to_owned(),
        },
        Basis::Unverified => "Unverified: this case was neither run nor read in its source code.".to_owned(),
    }
}

/// Whether older versions would call the global endpoint here: the setting does not say `regional`, and the region has a global endpoint.
fn regional_only_now(surroundings: &Surroundings<'_>, endpoint: &Endpoint) -> bool {
    use crate::core::aws::partition::Region;
    use crate::core::pod::precedence;
    let (environment, profile) = (surroundings.environment, surroundings.profile);
    let is_regional = precedence::sts_regional_endpoints(environment, profile) == Some("regional");
    let is_variant = precedence::is_fips(environment, profile) || precedence::is_dual_stack(environment, profile);
    let region = endpoint.host.as_deref().and_then(|host| host.split('.').nth(1)).and_then(|region| Region::parse(region).ok());
    !is_regional && !is_variant && region.is_some_and(|region| region.is_legacy_global())
}

/// Adds why the exchange goes to this endpoint, where a reader needs to know it.
fn add_endpoint_note(
    note: &mut String,
    chain: &Chain,
    endpoint: &Endpoint,
    regional_since: Option<&'static str>,
    surroundings: &Surroundings<'_>,
) {
    let is_global = endpoint.kind == StsEndpoint::Global;
    match endpoint.reason {
        EndpointReason::Plain => {
            if let Some(version) = regional_since {
                add_sentence(note, &["It calls the regional endpoint since ", version, ", and the global one before that."]);
            }
        }
        EndpointReason::Default => add_sentence(note, &["It calls the global endpoint unless AWS_STS_REGIONAL_ENDPOINTS is regional."]),
        EndpointReason::Setting => add_sentence(note, &["AWS_STS_REGIONAL_ENDPOINTS sends it to the global endpoint."]),
        EndpointReason::Never => add_sentence(note, &["This version calls the global endpoint in every region."]),
        EndpointReason::UnknownRegion => add_sentence(note, &["It does not know the region, and calls the global endpoint."]),
        EndpointReason::RegionNotRead if is_global => {
            add_sentence(note, &["It reads the region from another variable than the one that is set, and calls the global endpoint."]);
        }
        EndpointReason::RegionNotRead if chain.region.none == NoRegion::UsEast1 => {
            add_sentence(note, &["It reads the region from another variable than the one that is set, and calls us-east-1."]);
        }
        EndpointReason::NoRegion if is_global => add_sentence(note, &["Without a region it calls the global endpoint."]),
        EndpointReason::NoRegion if chain.region.none == NoRegion::UsEast1 => {
            add_sentence(note, &["Without a region it calls the endpoint of us-east-1."]);
        }
        EndpointReason::Url => {
            // The URL may hold a user name and password, and its query may hold a token.
            let url = endpoint.url.as_deref().unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
            let url = InputUrl::from(url).to_string();
            add_sentence(note, &["A URL is configured for STS: ", &url, "."]);
            if chain.endpoint.ignore_urls == FlagReading::NotRead && surroundings.environment.ignore_endpoint_urls.is_true() {
                add_sentence(note, &["The client that makes the exchange ignores AWS_IGNORE_CONFIGURED_ENDPOINT_URLS."]);
            }
        }
        EndpointReason::Region | EndpointReason::RegionNotRead | EndpointReason::NoRegion => {}
    }
}

/// The same surroundings, but the call that gave the credentials fails.
fn failed<'a>(surroundings: &Surroundings<'a>, gave: ChainEnd) -> Surroundings<'a> {
    match gave {
        // An exchange that works fails when STS fails, and then it fails for each role.
        ChainEnd::Irsa | ChainEnd::Profile => {
            Surroundings { sts: StsCall::Denied, sts_at_url: None, hop: None, profile_sts: None, ..*surroundings }
        }
        _ => Surroundings { agent: AgentCall::Failing, ..*surroundings },
    }
}

/// The sentence for a chain that tries the next providers after a failure and finds nothing.
pub const GOES_ON_TO_NOTHING: &str = "The chain tries the next providers and finds no credentials.";

/// Where a chain ends.
struct Followed {
    end: ChainEnd,
    arn: Option<InputValue>,
    notes: Notes,
}

fn follow(chain: &Chain, surroundings: &Surroundings<'_>) -> Followed {
    let mut notes = Notes::default();
    let profile = surroundings.profile;
    let ends = |end, notes| Followed { end, arn: None, notes };
    if let Some(failure) = first_failure(chain, surroundings) {
        notes.add(failure);
        return ends(ChainEnd::Error, notes);
    }
    if profile.repeats && chain.profile.repeats == Repeats::Fail {
        notes.add("A shared configuration file has a section or a key twice, which is an error in this SDK.");
        return ends(ChainEnd::Error, notes);
    }
    if proxies::lacks_scheme(chain, surroundings.environment) {
        let why = "The proxy in HTTPS_PROXY has no scheme, so this SDK makes no call.";
        // It was measured with the web identity alone.
        let is_measured = !surroundings.environment.has_static_keys() && profile.sections.is_empty();
        if is_measured {
            notes.add(why)
        } else {
            notes.add_unverified(why)
        }
        return ends(ChainEnd::None, notes);
    }
    if chain.bad_flag_stops && has_bad_flag(chain, surroundings) {
        notes.add("A variable that takes true or false has another value, which is an error in this SDK.");
        return ends(ChainEnd::Error, notes);
    }
    let endpoint = endpoint(chain, surroundings);
    if let Some(failure) = endpoint.failure.filter(|_| endpoint.stops) {
        notes.add(failure);
        return ends(ChainEnd::Error, notes);
    }
    match (profile.fault, chain.profile.bad_file) {
        (Some(fault), Some(ends_by)) => {
            if let Some((_, end)) = ends_by.iter().find(|(known, _)| *known == fault) {
                notes.add("A shared configuration file cannot be used, and this SDK does not ignore it.");
                return ends(*end, notes);
            }
        }
        (Some(_), None) => {
            notes.add_unverified("A shared configuration file cannot be used; what this SDK does then is not verified.");
        }
        (None, _) => {}
    }
    let mut failed = false;
    for link in chain.links {
        match try_link(chain, *link, surroundings, &mut notes) {
            LinkResult::Passes => {}
            LinkResult::Gives { end, why, arn } => {
                match (failed, end) {
                    (true, _) => notes.add("The chain tries the next providers."),
                    (false, ChainEnd::NodeRole) => notes.add("No provider before IMDS has credentials."),
                    _ => {}
                }
                notes.add(&why);
                return Followed { end, arn, notes };
            }
            LinkResult::Fails(why) => {
                notes.add(why);
                if chain.failing != Failing::GoesOn {
                    return ends(ChainEnd::Error, notes);
                }
                failed = true;
            }
            LinkResult::Ends(end, why) => {
                notes.add(why);
                return ends(end, notes);
            }
        }
    }
    notes.add(if failed { GOES_ON_TO_NOTHING } else { "No provider in the chain has credentials." });
    ends(ChainEnd::None, notes)
}
