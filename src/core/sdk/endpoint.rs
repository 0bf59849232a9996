//! Which STS endpoint each family calls.

use super::families::{EndpointRule, FamilyRow, NoRegion};
use super::surroundings::Surroundings;
use crate::core::aws::partition::{Partition, Region};
use crate::core::aws::url::url_host;
use crate::core::pod::precedence;
use crate::core::text::secrets::InputUrl;
use serde::Serialize;

/// The kind of STS endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StsEndpoint {
    /// The endpoint of the pod's region, or a configured endpoint.
    Regional,
    /// `sts.amazonaws.com`.
    Global,
}

/// The URL that is configured for STS and that this family obeys. With such a URL, no region is needed to find the endpoint.
pub(super) fn configured_url<'a>(family: &FamilyRow, surroundings: &Surroundings<'a>) -> Option<&'a InputUrl> {
    let find = if family.chain.url_always { precedence::named_sts_url } else { precedence::sts_url };
    find(surroundings.environment, surroundings.profile).map(|(_, url)| url)
}

/// Whether FIPS or dual-stack endpoints are configured.
pub(super) fn is_variant(surroundings: &Surroundings<'_>) -> bool {
    let (environment, profile) = (surroundings.environment, surroundings.profile);
    precedence::is_fips(environment, profile) || precedence::is_dual_stack(environment, profile)
}

/// The global endpoint.
const GLOBAL_HOST: &str = "sts.amazonaws.com";

/// Why the family calls that endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndpointReason {
    /// It always calls it. No note is needed.
    Plain,
    /// It calls the regional endpoint since this version or time. Older versions call the global endpoint.
    Since(&'static str),
    /// `AWS_STS_REGIONAL_ENDPOINTS` is not `regional`.
    Default,
    /// `AWS_STS_REGIONAL_ENDPOINTS` is `legacy`.
    Setting,
    /// The region is `aws-global`.
    Region,
    /// There is no region.
    NoRegion,
    /// A URL is configured.
    Url,
}

/// The endpoint of the exchange.
pub(super) fn predict_endpoint(family: &FamilyRow, surroundings: &Surroundings<'_>) -> (StsEndpoint, EndpointReason) {
    let (environment, profile) = (surroundings.environment, surroundings.profile);
    if let Some(url) = configured_url(family, surroundings) {
        let is_global = url_host(url.raw()).is_some_and(|host| host.eq_ignore_ascii_case(GLOBAL_HOST));
        return (if is_global { StsEndpoint::Global } else { StsEndpoint::Regional }, EndpointReason::Url);
    }
    let Some((_, region)) = precedence::region(environment, profile) else {
        let endpoint = if family.no_region == NoRegion::Global { StsEndpoint::Global } else { StsEndpoint::Regional };
        return (endpoint, EndpointReason::NoRegion);
    };
    let region = Region::parse(region.raw()).ok();
    if region.as_ref().is_some_and(Region::is_global) {
        return (StsEndpoint::Global, EndpointReason::Region);
    }
    let has_global = region.is_some_and(|region| match family.endpoint {
        EndpointRule::LegacyEverywhere => region.partition() == Partition::Aws,
        _ => region.is_legacy_global(),
    });
    let setting = precedence::sts_regional_endpoints(environment, profile);
    let setting_is = |value: &str| setting.is_some_and(|setting| setting.eq_ignore_ascii_case(value));
    match family.endpoint {
        EndpointRule::Always => (StsEndpoint::Regional, EndpointReason::Plain),
        // The rule set has no global endpoint for FIPS or dual-stack (docs/facts.md#endpoint-rules, rule 3).
        _ if family.rule_set && is_variant(surroundings) => (StsEndpoint::Regional, EndpointReason::Plain),
        _ if !has_global || setting_is("regional") => (StsEndpoint::Regional, EndpointReason::Plain),
        EndpointRule::AlwaysSince(version) => (StsEndpoint::Regional, EndpointReason::Since(version)),
        _ if setting_is("legacy") => (StsEndpoint::Global, EndpointReason::Setting),
        EndpointRule::Regional => (StsEndpoint::Regional, EndpointReason::Plain),
        EndpointRule::Since(version) => (StsEndpoint::Regional, EndpointReason::Since(version)),
        EndpointRule::Legacy | EndpointRule::LegacyEverywhere => (StsEndpoint::Global, EndpointReason::Default),
    }
}
