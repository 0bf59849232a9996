//! What a copy of an SDK can do: by the chain of its version where that was measured, else by AWS's lists.

use super::super::endpoint::StsEndpoint;
use super::super::families::{Basis, Sdk, SdkFamily};
use super::super::outcome::ChainEnd;
use super::super::predict::predict;
use super::super::surroundings::Surroundings;
use super::super::version::SdkVersion;
use super::found::{Copy, FoundSdk, Supports};
use crate::core::pod::environment::Environment;
use crate::core::pod::profile::Profile;
use crate::core::text::time::Timestamp;

/// What is known of this copy on this day.
pub fn judge(copy: &Copy, today: Timestamp) -> FoundSdk {
    let version = copy.version.as_deref().and_then(SdkVersion::parse).filter(|_| !copy.partial);
    let supports = |way: ChainEnd| version.map_or(Supports::Unknown, |version| supports(copy.family, version, way));
    let of_version = supports(ChainEnd::Irsa);
    let irsa = match of_version {
        Supports::TooOld => of_version,
        _ if copy.missing.is_some() => Supports::ModuleMissing,
        _ if copy.unseen => Supports::Unknown,
        _ => of_version,
    };
    FoundSdk {
        sdk: copy.family,
        name: copy.family.short_name().to_owned(),
        version: copy.version.clone(),
        path: copy.path.clone(),
        by: copy.by,
        irsa,
        pod_identity: supports(ChainEnd::PodIdentity),
        regional_by_default: version.and_then(|version| is_regional_by_default(copy.family, version)),
        support: copy.family.support(copy.version.as_deref().and_then(SdkVersion::parse), today),
        module: copy.missing.clone(),
        core_version: copy.core_version.clone(),
    }
}

/// The variables that EKS injects for each way.
const IRSA: &[(&str, &str)] = &[
    ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/app"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"),
    ("AWS_REGION", "us-west-2"),
    ("AWS_DEFAULT_REGION", "us-west-2"),
];
const POD_IDENTITY: &[(&str, &str)] = &[
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"),
    ("AWS_REGION", "us-west-2"),
    ("AWS_DEFAULT_REGION", "us-west-2"),
];

/// What this version does in a pod where everything works.
fn when_well(sdk: Sdk, way: ChainEnd) -> (ChainEnd, StsEndpoint, Basis) {
    with(sdk, if way == ChainEnd::PodIdentity { POD_IDENTITY } else { IRSA })
}

/// What this version does with these variables in a pod where everything works.
fn with(sdk: Sdk, variables: &[(&str, &str)]) -> (ChainEnd, StsEndpoint, Basis) {
    let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let (environment, profile) = (Environment::from_lookup(value), Profile { name: "default".into(), ..Profile::default() });
    let found = predict(sdk, &Surroundings::assumed(&environment, &profile));
    (found.outcome, found.endpoint, found.basis)
}

/// Whether this version takes this way. A measured version counts for all newer versions if it does, and for all older ones if it does not.
fn supports(family: SdkFamily, version: SdkVersion, way: ChainEnd) -> Supports {
    let does = |version: SdkVersion| when_well(Sdk { family, version: Some(version), lacks_sts: false }, way).0 == way;
    let runs: Vec<SdkVersion> = family.measured_versions().filter_map(SdkVersion::parse).collect();
    if runs.iter().any(|run| *run <= version && does(*run)) {
        return Supports::Ok;
    }
    if runs.iter().any(|run| *run >= version && !does(*run)) {
        return Supports::TooOld;
    }
    let listed = family.first_version(way, Some(version));
    if listed.and_then(SdkVersion::parse).is_some_and(|first| version < first) || !does(version) {
        return Supports::TooOld;
    }
    // AWS lists no version, and none was run.
    if listed.is_none() && family.measured_versions().next().is_none() { Supports::Unknown } else { Supports::Ok }
}

/// Whether this version calls the regional STS endpoint if `AWS_STS_REGIONAL_ENDPOINTS` asks for it. Old versions do not know the setting.
pub(super) fn is_regional_if_asked(family: SdkFamily, version: SdkVersion) -> bool {
    let variables = [IRSA, &[("AWS_STS_REGIONAL_ENDPOINTS", "regional")]].concat();
    with(Sdk { family, version: Some(version), lacks_sts: false }, &variables).1 == StsEndpoint::Regional
}

/// Whether this version calls the regional STS endpoint without a setting.
fn is_regional_by_default(family: SdkFamily, version: SdkVersion) -> Option<bool> {
    let (end, endpoint, basis) = when_well(Sdk { family, version: Some(version), lacks_sts: false }, ChainEnd::Irsa);
    // Where no version was run, the rows do not tell the versions apart.
    let is_known = basis != Basis::Unverified && end == ChainEnd::Irsa && family.measured_versions().next().is_some();
    match endpoint {
        StsEndpoint::Regional if is_known => Some(true),
        StsEndpoint::Global if is_known => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::copies;
    use super::super::found::{FoundBy, Package};
    use super::*;

    /// "It supports IRSA" would be wrong if the module that was not seen is not there.
    #[test]
    fn a_module_that_was_not_looked_for_to_the_end_leaves_irsa_unknown() {
        let core = Package {
            by: FoundBy::Pom,
            name: "software.amazon.awssdk:sdk-core".to_owned(),
            version: Some("2.57.8".to_owned()),
            place: "/app/lib".to_owned(),
            path: "/app/lib/sdk-core-2.57.8.jar".to_owned(),
            partial: false,
        };
        let sts = Package { name: "software.amazon.awssdk:sts".to_owned(), ..core.clone() };
        let irsa = |packages: &[Package], complete| {
            copies(packages, complete)
                .iter()
                .map(|copy| judge(copy, Timestamp::parse("2026-11-30T00:00:00Z").unwrap()))
                .map(|found| found.irsa)
                .collect::<Vec<_>>()
        };
        assert_eq!(irsa(std::slice::from_ref(&core), true), [Supports::ModuleMissing]);
        assert_eq!(irsa(std::slice::from_ref(&core), false), [Supports::Unknown]);
        assert_eq!(irsa(&[core, sts], false), [Supports::Ok]);
    }

    /// AWS lists releases of the SDK for .NET. `AWSSDK.Core` has other numbers.
    #[test]
    fn the_core_of_dotnet_is_compared_with_the_core_of_the_release_that_aws_lists() {
        let can = |version: &str| {
            [ChainEnd::Irsa, ChainEnd::PodIdentity].map(|way| supports(SdkFamily::Dotnet, SdkVersion::parse(version).unwrap(), way))
        };
        for (version, wanted) in [
            ("3.3.104.13", [Supports::TooOld, Supports::TooOld]),
            ("3.3.104.14", [Supports::Ok, Supports::TooOld]),
            ("3.7.301.10", [Supports::Ok, Supports::TooOld]),
            ("3.7.302", [Supports::Ok, Supports::Ok]),
            ("3.7.402.12", [Supports::Ok, Supports::Ok]),
            ("4.0.0", [Supports::Ok, Supports::Ok]),
        ] {
            assert_eq!(can(version), wanted, "{version}");
        }
    }

    /// What was run counts, whatever AWS's list says. Between two versions that were run, and beyond them, the list decides where they leave it open.
    #[test]
    fn versions_around_those_that_were_run() {
        use Supports::{Ok, TooOld};
        for (name, irsa, pod_identity, regional) in [
            ("botocore@1.10.0", TooOld, TooOld, None),
            ("botocore@1.12.199", TooOld, TooOld, None),
            ("botocore@1.12.200", Ok, TooOld, Some(false)),
            ("botocore@1.30.0", Ok, TooOld, Some(false)),
            ("botocore@1.34.40", Ok, TooOld, Some(false)),
            ("botocore@1.34.41", Ok, Ok, Some(false)),
            ("botocore@1.40.0", Ok, Ok, Some(true)),
            ("botocore@99.0.0", Ok, Ok, Some(true)),
            // AWS lists 1.16.232.
            ("cli-v1@1.16.231", Ok, TooOld, Some(false)),
            ("cli-v1@1.16.230", TooOld, TooOld, None),
            // AWS lists 1.12.782.
            ("java-v1@1.11.700", Ok, TooOld, Some(false)),
            ("java-v1@1.12.720", Ok, TooOld, Some(false)),
            ("java-v1@1.11.600", TooOld, TooOld, None),
            ("java-v2@2.10.8", TooOld, TooOld, None),
            ("java-v2@2.10.11", Ok, TooOld, Some(true)),
            ("go-v1@1.23.12", Ok, TooOld, Some(false)),
            ("go-v2@1.18.45", Ok, TooOld, Some(true)),
            ("js-v3@3.25.0", Ok, TooOld, Some(true)),
            ("js-v2@2.1500.0", Ok, TooOld, Some(false)),
            ("ruby@3.57.0", TooOld, TooOld, None),
            ("ruby@2.11.344", TooOld, TooOld, None),
            ("ruby@2.11.345", Ok, TooOld, Some(true)),
        ] {
            let sdk = Sdk::parse(name).unwrap();
            let version = sdk.version.unwrap();
            let found = (
                supports(sdk.family, version, ChainEnd::Irsa),
                supports(sdk.family, version, ChainEnd::PodIdentity),
                is_regional_by_default(sdk.family, version),
            );
            assert_eq!(found, (irsa, pod_identity, regional), "{name}");
        }
    }
}
