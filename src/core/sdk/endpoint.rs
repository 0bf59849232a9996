//! Which STS endpoint each family calls, and the versions from which on it knows the two providers.

use super::SdkFamily;
use super::chain;
use super::situation::Surroundings;
use crate::core::aws::partition::{Partition, Region};
use crate::core::plan::url_host;
use crate::core::pod::inputs::{Environment, Profile};
use crate::core::text::secrets::{InputUrl, InputValue};
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

/// The versions from which on an SDK knows a provider, as AWS lists them; none where it lists none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Minimum {
    /// For IAM roles for service accounts.
    pub irsa: Option<&'static str>,
    /// For EKS Pod Identity.
    pub pod_identity: Option<&'static str>,
}

/// How a family chooses (AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints", which also tells what happens without a region;
/// AWS developer blog on the change of July 2025).
#[derive(Debug, Clone, Copy)]
enum EndpointRule {
    /// Regional, whatever `AWS_STS_REGIONAL_ENDPOINTS` says.
    Always,
    /// The same since the version or time that the text names.
    AlwaysSince(&'static str),
    /// Regional unless it says legacy.
    Regional,
    /// Regional unless it says legacy, since the version or time that the text names; before, global unless it says regional.
    Since(&'static str),
    /// Global unless it says regional.
    Legacy,
    /// The same, and in every region of the partition `aws`, opt-in regions too (aws-sdk-js `region_config_data.json`, `*/sts`).
    LegacyEverywhere,
}

/// What becomes of an exchange when no region is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRegion {
    /// The global endpoint is called.
    Global,
    /// That of us-east-1 is called.
    UsEast1,
    /// An error.
    Fails,
    /// IMDS is asked for one; an error when it does not answer (aws-config, docs/facts.md#region-from-imds).
    Imds,
}

struct EndpointRow {
    sdk: SdkFamily,
    policy: EndpointRule,
    no_region: NoRegion,
    minimum: Minimum,
}

const fn row(
    sdk: SdkFamily,
    policy: EndpointRule,
    no_region: NoRegion,
    irsa: Option<&'static str>,
    pod_identity: Option<&'static str>,
) -> EndpointRow {
    EndpointRow { sdk, policy, no_region, minimum: Minimum { irsa, pod_identity } }
}

/// The versions: EKS user guide, "Use IRSA with the AWS SDK" and "Use pod identity with the AWS SDK". In the order of `SdkFamily::ALL`.
const ROWS: [EndpointRow; 16] = [
    row(SdkFamily::Botocore, EndpointRule::Since("1.40.0 (July 2025)"), NoRegion::Global, Some("1.12.200"), Some("1.34.41")),
    row(SdkFamily::CliV1, EndpointRule::Legacy, NoRegion::Global, Some("1.16.232"), Some("1.30.0")),
    row(SdkFamily::CliV2, EndpointRule::Always, NoRegion::Global, None, Some("2.15.0")),
    // The exchange goes through the core's own client, whose host is always the region's (`AWSHttpResourceClient.cpp`, `STSCredentialsClient`).
    row(SdkFamily::Cpp, EndpointRule::Always, NoRegion::UsEast1, Some("1.7.174"), Some("1.11.263")),
    row(
        SdkFamily::Dotnet,
        EndpointRule::AlwaysSince("version 4 (version 3: July 2025)"),
        NoRegion::UsEast1,
        Some("3.3.659.1"),
        Some("3.7.734.0"),
    ),
    row(SdkFamily::GoV1, EndpointRule::Legacy, NoRegion::Global, Some("1.23.13"), Some("1.47.11")),
    row(SdkFamily::GoV2, EndpointRule::Always, NoRegion::Fails, Some("all"), Some("release-2023-11-14")),
    row(SdkFamily::JavaV1, EndpointRule::Legacy, NoRegion::Global, Some("1.12.782"), Some("1.12.746")),
    row(SdkFamily::JavaV2, EndpointRule::Always, NoRegion::Global, Some("2.10.11"), Some("2.21.30")),
    row(SdkFamily::JsV2, EndpointRule::LegacyEverywhere, NoRegion::Global, Some("2.525.0"), Some("2.1550.0")),
    row(SdkFamily::JsV3, EndpointRule::Always, NoRegion::UsEast1, Some("3.27.0"), Some("3.458.0")),
    row(SdkFamily::Kotlin, EndpointRule::Always, NoRegion::Global, None, Some("1.0.1")),
    // The web identity provider stands in for the region itself (`AssumeRoleWithWebIdentityCredentialProvider.php`).
    row(SdkFamily::Php, EndpointRule::Since("July 2025"), NoRegion::UsEast1, Some("3.110.7"), Some("3.287.1")),
    row(SdkFamily::Powershell, EndpointRule::Since("version 5 (version 4: July 2025)"), NoRegion::Global, None, Some("4.1.502")),
    row(SdkFamily::Ruby, EndpointRule::Regional, NoRegion::Fails, Some("3.58.0"), Some("3.188.0")),
    row(SdkFamily::Rust, EndpointRule::Always, NoRegion::Imds, Some("all"), Some("release-2024-03-13")),
];

fn of(sdk: SdkFamily) -> &'static EndpointRow {
    // Every family has a row (tested); the fallback keeps this total without a panic.
    ROWS.iter().find(|row| row.sdk == sdk).unwrap_or(&ROWS[0])
}

/// The minimum versions.
pub(super) fn minimum(sdk: SdkFamily) -> Minimum {
    of(sdk).minimum
}

/// What becomes of an exchange without a region.
pub(super) fn no_region(sdk: SdkFamily) -> NoRegion {
    of(sdk).no_region
}

/// The region that the process names.
pub(super) fn region<'a>(environment: &'a Environment, profile: &'a Profile) -> Option<&'a str> {
    environment.region.value().or(environment.default_region.value()).or(profile.region.as_ref()).map(InputValue::raw)
}

/// The URL that is configured for STS, and heeded: no region is needed to find it.
pub(super) fn url<'a>(sdk: SdkFamily, situation: &Surroundings<'a>) -> Option<&'a InputUrl> {
    let env = situation.environment;
    let given = env.endpoint_url_sts.value().or(env.endpoint_url.value()).or(situation.profile.endpoint_url.as_ref());
    given.filter(|_| chain::of(sdk).url_always || !env.ignore_endpoint_urls.is_true())
}

/// FIPS endpoints are asked for.
pub(super) fn is_fips(situation: &Surroundings<'_>) -> bool {
    situation.environment.use_fips.is_true() || situation.profile.use_fips
}

/// FIPS or dual-stack endpoints are.
pub(super) fn is_variant(situation: &Surroundings<'_>) -> bool {
    is_fips(situation) || situation.environment.use_dual_stack.is_true() || situation.profile.use_dual_stack
}

/// Whether the exchange's endpoint comes from AWS's rule set (docs/facts.md#endpoint-rules). Not so of what is older than the rule set, nor of C++,
/// whose exchange has a client of its own; of PowerShell nothing is known.
pub(super) fn has_rules(sdk: SdkFamily) -> bool {
    !matches!(sdk, SdkFamily::Cpp | SdkFamily::GoV1 | SdkFamily::JavaV1 | SdkFamily::JsV2 | SdkFamily::Powershell)
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
pub(super) fn endpoint(sdk: SdkFamily, situation: &Surroundings<'_>) -> (StsEndpoint, EndpointReason) {
    let row = of(sdk);
    let env = situation.environment;
    if let Some(url) = url(sdk, situation) {
        let is_global = url_host(url.raw()).is_some_and(|host| host.eq_ignore_ascii_case(GLOBAL_HOST));
        return (if is_global { StsEndpoint::Global } else { StsEndpoint::Regional }, EndpointReason::Url);
    }
    let Some(region) = region(env, situation.profile) else {
        let endpoint = if row.no_region == NoRegion::Global { StsEndpoint::Global } else { StsEndpoint::Regional };
        return (endpoint, EndpointReason::NoRegion);
    };
    let region = Region::parse(region).ok();
    if region.as_ref().is_some_and(Region::is_global) {
        return (StsEndpoint::Global, EndpointReason::Region);
    }
    let has_global = region.is_some_and(|region| match row.policy {
        EndpointRule::LegacyEverywhere => region.partition() == Partition::Aws,
        _ => region.is_legacy_global(),
    });
    let setting = env.sts_regional_endpoints.value().or(situation.profile.sts_regional_endpoints.as_ref()).map(|value| value.raw().trim());
    let says = |value: &str| setting.is_some_and(|setting| setting.eq_ignore_ascii_case(value));
    match row.policy {
        EndpointRule::Always => (StsEndpoint::Regional, EndpointReason::Plain),
        // The rule set knows a global endpoint of neither kind (docs/facts.md#endpoint-rules, rule 3).
        _ if has_rules(sdk) && is_variant(situation) => (StsEndpoint::Regional, EndpointReason::Plain),
        _ if !has_global || says("regional") => (StsEndpoint::Regional, EndpointReason::Plain),
        EndpointRule::AlwaysSince(version) => (StsEndpoint::Regional, EndpointReason::Since(version)),
        _ if says("legacy") => (StsEndpoint::Global, EndpointReason::Setting),
        EndpointRule::Regional => (StsEndpoint::Regional, EndpointReason::Plain),
        EndpointRule::Since(version) => (StsEndpoint::Regional, EndpointReason::Since(version)),
        EndpointRule::Legacy | EndpointRule::LegacyEverywhere => (StsEndpoint::Global, EndpointReason::Default),
    }
}

/// The minimum versions of the family's own row.
#[cfg(test)]
pub(super) fn minimum_of_row(sdk: SdkFamily) -> Option<Minimum> {
    ROWS.iter().find(|row| row.sdk == sdk).map(|row| row.minimum)
}
