//! Predictions for a version.

use super::*;

fn at(text: &str, vars: &[(&str, &str)]) -> Prediction {
    predicted(Sdk::parse(text).unwrap(), vars, |_| {})
}

#[test]
fn a_name_with_a_version() {
    assert_eq!(Sdk::parse("boto3").map(|sdk| (sdk.family, sdk.version)), Ok((SdkFamily::Botocore, None)));
    assert_eq!(Sdk::parse("Go@1.33.18").map(|sdk| (sdk.family, sdk.version)), Ok((SdkFamily::GoV2, SdkVersion::parse("1.33.18"))));
    for (text, wanted) in [
        ("cobol", "\"cobol\" is none of botocore, cli-v1"),
        ("cobol@1.2.3", "\"cobol\" is none of botocore, cli-v1"),
        ("python@", "\"\" is no version of botocore; write it like botocore@1.44.8"),
        ("python@new", "\"new\" is no version of botocore; write it like botocore@1.44.8"),
        ("java@1.12.700", "1.12.700 is no version of SDK for Java 2.x; for SDK for Java 1.x write java-v1@1.12.700"),
        ("node@2.1500.0", "2.1500.0 is no version of SDK for JavaScript 3.x; for SDK for JavaScript 2.x write js-v2@2.1500.0"),
        ("aws-cli@1.29.0", "1.29.0 is no version of AWS CLI v2; for AWS CLI v1 write cli-v1@1.29.0"),
        ("dotnet@x", "\"x\" is no version of AWSSDK.Core; write it like dotnet@1.2.3"),
    ] {
        let error = Sdk::parse(text).unwrap_err();
        assert!(error.starts_with(wanted), "{text}: {error}");
    }
}

#[test]
fn the_chain_of_a_version_is_that_of_the_newest_row_that_is_not_newer() {
    for (text, wanted) in [
        ("botocore@1.44.8", (ChainEnd::Irsa, Basis::Measured)),
        ("botocore@1.12.199", (ChainEnd::NodeRole, Basis::Measured)),
        ("botocore@1.12.200", (ChainEnd::Irsa, Basis::Documented)),
        ("botocore@1.12.100", (ChainEnd::NodeRole, Basis::Documented)),
        ("botocore@99.0.0", (ChainEnd::Irsa, Basis::Documented)),
        ("java-v2@2.10.8", (ChainEnd::NodeRole, Basis::Measured)),
        ("java-v2@2.10.11", (ChainEnd::Irsa, Basis::Documented)),
        // 1.8.126 and 1.10.55 were run, with the same chain.
        ("cpp@1.9.0", (ChainEnd::Irsa, Basis::Measured)),
        ("php@3.1.0", (ChainEnd::Irsa, Basis::Unverified)),
        ("php@3.300.0", (ChainEnd::Irsa, Basis::Documented)),
        ("powershell@4.0.0", (ChainEnd::Irsa, Basis::Unverified)),
    ] {
        let found = at(text, IRSA);
        assert_eq!((found.outcome, found.basis), wanted, "{text}: {}", found.why);
    }
    assert!(at("botocore@1.44.8", IRSA).why.contains("Measured with botocore 1.44.8."));
    assert!(at("botocore@1.41.0", IRSA).why.contains("Not measured with botocore 1.41.0, but with 1.44.8, 1.39.17"));
}

/// The minimum in AWS's table and the rows say the same of each version.
#[test]
fn pod_identity_works_from_the_minimum_on() {
    for sdk in SdkFamily::ALL {
        let minimum = predicted(sdk, IRSA, |_| {}).minimum;
        let (Some(minimum), Some(measured)) = (minimum.pod_identity.and_then(SdkVersion::parse), sdk.measured_versions().next()) else {
            continue;
        };
        let with = |version| predicted(Sdk { version: Some(version), ..sdk.into() }, POD_IDENTITY, |_| {}).outcome;
        assert_eq!(with(minimum), ChainEnd::PodIdentity, "{} {minimum}", sdk.id());
        assert_eq!(with(SdkVersion::parse(measured).unwrap()), ChainEnd::PodIdentity, "{} {measured}", sdk.id());
        let before = sdk.measured_versions().filter_map(SdkVersion::parse).filter(|version| *version < minimum);
        before.for_each(|version| assert_ne!(with(version), ChainEnd::PodIdentity, "{} {version}", sdk.id()));
    }
}

/// The package that makes exchanges can be missing. Then web identity is never tried.
#[test]
fn java_without_its_package_for_sts() {
    for family in [SdkFamily::JavaV1, SdkFamily::JavaV2] {
        let without = Sdk { lacks_sts: true, ..family.into() };
        assert_eq!(end_of(without, IRSA, |_| {}).0, ChainEnd::NodeRole, "{}", family.id());
        assert_eq!(end_of(without, POD_IDENTITY, |_| {}).0, ChainEnd::PodIdentity, "{}", family.id());
    }
}
