//! Which STS endpoint each family calls, and the versions from which on it knows the two providers.

use super::Sdk;
use super::situation::Situation;
use crate::core::partition::{Partition, Region};
use serde::Serialize;

/// Which endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// That of the pod's region.
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

/// How a family chooses (AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints"; AWS developer blog on the change of July 2025).
#[derive(Debug, Clone, Copy)]
enum Policy {
    /// Regional, whatever `AWS_STS_REGIONAL_ENDPOINTS` says.
    Always,
    /// Regional unless it says legacy.
    Regional,
    /// Regional unless it says legacy; older versions the other way round. The text says from when on.
    Since(&'static str),
    /// Global unless it says regional.
    Legacy,
    /// The same, and in every region of the partition `aws`, opt-in regions too (aws-sdk-js `region_config_data.json`, `*/sts`).
    LegacyEverywhere,
}

struct Row {
    sdk: Sdk,
    policy: Policy,
    minimum: Minimum,
}

const fn row(sdk: Sdk, policy: Policy, irsa: Option<&'static str>, pod_identity: Option<&'static str>) -> Row {
    Row { sdk, policy, minimum: Minimum { irsa, pod_identity } }
}

/// EKS user guide, "Use IRSA with the AWS SDK" and "Use pod identity with the AWS SDK", in the order of `Sdk::ALL`.
const ROWS: [Row; 16] = [
    row(Sdk::Botocore, Policy::Since("botocore 1.40.0 (July 2025)"), Some("1.12.200"), Some("1.34.41")),
    row(Sdk::CliV1, Policy::Legacy, Some("1.16.232"), Some("1.30.0")),
    row(Sdk::CliV2, Policy::Always, None, Some("2.15.0")),
    // The exchange goes through the core's own client, whose host is always the region's (`AWSHttpResourceClient.cpp`, `STSCredentialsClient`).
    row(Sdk::Cpp, Policy::Always, Some("1.7.174"), Some("1.11.263")),
    row(Sdk::Dotnet, Policy::Since("version 4, and in version 3 from July 2025"), Some("3.3.659.1"), Some("3.7.734.0")),
    row(Sdk::GoV1, Policy::Legacy, Some("1.23.13"), Some("1.47.11")),
    row(Sdk::GoV2, Policy::Always, Some("all"), Some("release-2023-11-14")),
    row(Sdk::JavaV1, Policy::Legacy, Some("1.12.782"), Some("1.12.746")),
    row(Sdk::JavaV2, Policy::Always, Some("2.10.11"), Some("2.21.30")),
    row(Sdk::JsV2, Policy::LegacyEverywhere, Some("2.525.0"), Some("2.1550.0")),
    row(Sdk::JsV3, Policy::Always, Some("3.27.0"), Some("3.458.0")),
    row(Sdk::Kotlin, Policy::Always, None, Some("1.0.1")),
    row(Sdk::Php, Policy::Since("the releases of July 2025"), Some("3.110.7"), Some("3.287.1")),
    row(Sdk::Powershell, Policy::Since("version 5, and in version 4 from July 2025"), None, Some("4.1.502")),
    row(Sdk::Ruby, Policy::Regional, Some("3.58.0"), Some("3.188.0")),
    row(Sdk::Rust, Policy::Always, Some("all"), Some("release-2024-03-13")),
];

fn of(sdk: Sdk) -> &'static Row {
    // Every family has a row (tested); the fallback keeps this total without a panic.
    ROWS.iter().find(|row| row.sdk == sdk).unwrap_or(&ROWS[0])
}

/// The minimum versions.
pub(super) fn minimum(sdk: Sdk) -> Minimum {
    of(sdk).minimum
}

/// The region that the process names, if it names one that is well formed.
pub(super) fn region(situation: &Situation<'_>) -> Option<Region> {
    let env = situation.environment;
    let named = env.region.value().or(env.default_region.value()).or(situation.profile.region.as_deref());
    named.and_then(|region| Region::parse(region).ok())
}

/// The endpoint, and from which version on, where that decides.
pub(super) fn endpoint(sdk: Sdk, situation: &Situation<'_>) -> (Endpoint, Option<&'static str>) {
    let region = region(situation);
    if region.as_ref().is_some_and(Region::is_global) {
        return (Endpoint::Global, None);
    }
    let policy = of(sdk).policy;
    let has_global = match (&region, policy) {
        (Some(region), Policy::LegacyEverywhere) => region.partition() == Partition::Aws,
        (Some(region), _) => region.is_legacy_global(),
        (None, _) => true,
    };
    let env = situation.environment;
    let setting = env.sts_regional_endpoints.value().or(situation.profile.sts_regional_endpoints.as_deref()).map(str::trim);
    let says = |value: &str| setting.is_some_and(|setting| setting.eq_ignore_ascii_case(value));
    match policy {
        Policy::Always => (Endpoint::Regional, None),
        _ if !has_global || says("regional") => (Endpoint::Regional, None),
        _ if says("legacy") => (Endpoint::Global, None),
        Policy::Regional => (Endpoint::Regional, None),
        Policy::Since(version) => (Endpoint::Regional, Some(version)),
        Policy::Legacy | Policy::LegacyEverywhere => (Endpoint::Global, None),
    }
}

/// The minimum versions of the family's own row.
#[cfg(test)]
pub(super) fn minimum_of_row(sdk: Sdk) -> Option<Minimum> {
    ROWS.iter().find(|row| row.sdk == sdk).map(|row| row.minimum)
}
