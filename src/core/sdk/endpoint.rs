//! Which STS endpoint each family calls.

use super::families::{EndpointRule, FamilyRow, NoRegion};
use super::surroundings::Surroundings;
use crate::core::aws::partition::{Partition, Region};
use crate::core::aws::url::url_host;
use crate::core::pod::precedence;
use crate::core::text::secrets::InputUrl;
use serde::Serialize;

/// Which endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StsEndpoint {
    /// That of the pod's region, or a configured one.
    Regional,
    /// `sts.amazonaws.com`.
    Global,
}

/// The URL that is configured for STS, and heeded: no region is needed to find it.
pub(super) fn configured_url<'a>(family: &FamilyRow, surroundings: &Surroundings<'a>) -> Option<&'a InputUrl> {
    let find = if family.chain.url_always { precedence::named_sts_url } else { precedence::sts_url };
    find(surroundings.environment, surroundings.profile).map(|(_, url)| url)
}

/// FIPS or dual-stack endpoints are asked for.
pub(super) fn is_variant(surroundings: &Surroundings<'_>) -> bool {
    let (environment, profile) = (surroundings.environment, surroundings.profile);
    precedence::is_fips(environment, profile) || precedence::is_dual_stack(environment, profile)
}

/// The global endpoint.
const GLOBAL_HOST: &str = "sts.amazonaws.com";

/// Why it is that endpoint, where that is not plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndpointReason {
    /// It always is.
    Plain,
    /// Since this version or time; older ones call the global endpoint.
    Since(&'static str),
    /// `AWS_STS_REGIONAL_ENDPOINTS` does not say regional.
    Default,
    /// It says legacy.
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
    let says = |value: &str| setting.is_some_and(|setting| setting.eq_ignore_ascii_case(value));
    match family.endpoint {
        EndpointRule::Always => (StsEndpoint::Regional, EndpointReason::Plain),
        // The rule set knows a global endpoint of neither kind (docs/facts.md#endpoint-rules, rule 3).
        _ if family.rule_set && is_variant(surroundings) => (StsEndpoint::Regional, EndpointReason::Plain),
        _ if !has_global || says("regional") => (StsEndpoint::Regional, EndpointReason::Plain),
        EndpointRule::AlwaysSince(version) => (StsEndpoint::Regional, EndpointReason::Since(version)),
        _ if says("legacy") => (StsEndpoint::Global, EndpointReason::Setting),
        EndpointRule::Regional => (StsEndpoint::Regional, EndpointReason::Plain),
        EndpointRule::Since(version) => (StsEndpoint::Regional, EndpointReason::Since(version)),
        EndpointRule::Legacy | EndpointRule::LegacyEverywhere => (StsEndpoint::Global, EndpointReason::Default),
    }
}
