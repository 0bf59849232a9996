//! The chains of the families that were not measured, and rules that only some chains have.

use super::matrix::MATRIX;
use super::*;

/// docs/facts.md#chain-orders and the sources named in `families`.
#[test]
fn families_that_were_not_measured() {
    const BOTH: Vars = &[ROLE, TOKEN, URI, URI_TOKEN, REGION];
    const FALLS: OnFailure = OnFailure::FallsThrough;
    let absent: fn(&mut Surroundings<'_>) = |s| s.imds = ImdsView::ABSENT;
    for sdk in [SdkFamily::JavaV1, SdkFamily::JavaV2, SdkFamily::Cpp, SdkFamily::Php, SdkFamily::Kotlin, SdkFamily::JsV2] {
        assert_eq!(end_of(sdk, IRSA, |_| {}), (ROW_IRSA, FALLS, Some(NODE)), "{}", sdk.id());
        assert_eq!(end_of(sdk, IRSA, absent), (ROW_IRSA, FALLS, Some(NONE)), "{}", sdk.id());
        assert_eq!(end_of(sdk, IRSA, |s| s.sts = StsCall::Denied), (NODE, FALLS, None), "{}", sdk.id());
        assert_eq!(end_of(sdk, IRSA, |s| s.token = TokenFile::Missing), (NODE, FALLS, None), "{}", sdk.id());
        assert_eq!(end_of(sdk, &[TOKEN, REGION], |_| {}), (NODE, FALLS, None), "{}", sdk.id());
    }
    for sdk in [SdkFamily::Dotnet, SdkFamily::Ruby, SdkFamily::GoV1, SdkFamily::CliV1, SdkFamily::CliV2] {
        assert_eq!(end_of(sdk, IRSA, |_| {}), (ROW_IRSA, OnFailure::Stops, None), "{}", sdk.id());
        assert_eq!(end_of(sdk, IRSA, |s| s.sts = StsCall::Denied).0, STOP, "{}", sdk.id());
    }
    // The chain goes from a failing agent to IMDS only where the two are separate links.
    for (sdk, falls_to) in [
        (SdkFamily::JavaV2, NODE),
        (SdkFamily::Kotlin, NODE),
        (SdkFamily::JsV2, NODE),
        (SdkFamily::JavaV1, NONE),
        (SdkFamily::Php, NONE),
        (SdkFamily::Cpp, NONE),
    ] {
        assert_eq!(end_of(sdk, POD_IDENTITY, |_| {}), (PIA, FALLS, Some(falls_to)), "{}", sdk.id());
    }
    // Both are injected. Only JavaScript 2 prefers the agent. A chain that goes on after a failure ends at the other provider.
    assert_eq!(end_of(SdkFamily::JsV2, BOTH, |_| {}), (PIA, FALLS, Some(ROW_IRSA)));
    assert_eq!(end_of(SdkFamily::JavaV2, BOTH, |_| {}), (ROW_IRSA, FALLS, Some(PIA)));
    // Ruby counts an empty variable as set, .NET does not.
    assert_eq!(end_of(SdkFamily::Ruby, &[ROLE, ("AWS_WEB_IDENTITY_TOKEN_FILE", ""), REGION], |_| {}).0, STOP);
    assert_eq!(end_of(SdkFamily::Dotnet, &[ROLE, ("AWS_WEB_IDENTITY_TOKEN_FILE", ""), REGION], |_| {}).0, NODE);
    assert_eq!(end_of(SdkFamily::Powershell, IRSA, |_| {}), (ROW_IRSA, OnFailure::Unknown, None));
}

/// STS is certain to refuse a text that is no role's ARN. A chain that goes on after a failure ends with the node's role.
#[test]
fn a_role_arn_that_is_none() {
    for arn in ["checkout", "arn:aws:iam::111122223333:instance-profile/checkout", "arn:aws:iam::111122223333:role/checkout\n"] {
        let (environment, profile) = (environment(&[("AWS_ROLE_ARN", arn), TOKEN, REGION]), Profile::default());
        let predicted = |sdk| predict(sdk, &Surroundings::assumed(&environment, &profile)).outcome;
        assert_eq!((predicted(SdkFamily::Rust), predicted(SdkFamily::GoV2), predicted(SdkFamily::JavaV2)), (STOP, STOP, NODE), "{arn:?}");
    }
}

/// STS refuses a role of another partition than its own to every SDK (docs/facts.md#role-of-another-partition).
#[test]
fn a_role_of_another_partition() {
    const GOV: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws-us-gov:iam::111122223333:role/checkout");
    for (role, region, wanted) in [
        (ROLE, ("AWS_REGION", "cn-north-1"), (STOP, STOP, NODE)),
        (GOV, REGION, (STOP, STOP, NODE)),
        (GOV, ("AWS_DEFAULT_REGION", "us-gov-west-1"), (ROW_IRSA, ROW_IRSA, ROW_IRSA)),
        // A malformed region has no partition.
        (ROLE, ("AWS_REGION", "cn_north"), (ROW_IRSA, ROW_IRSA, ROW_IRSA)),
    ] {
        let (environment, profile) = (environment(&[role, TOKEN, region]), Profile::default());
        let predicted = |sdk| predict(sdk, &Surroundings::assumed(&environment, &profile));
        assert_eq!(
            (predicted(SdkFamily::Rust).outcome, predicted(SdkFamily::Botocore).outcome, predicted(SdkFamily::JavaV2).outcome),
            wanted,
            "{role:?} {region:?}"
        );
        assert_eq!(predicted(SdkFamily::Rust).why.contains("another partition"), wanted.0 == STOP, "{}", predicted(SdkFamily::Rust).why);
    }
}

#[test]
fn profiles() {
    let at = |sdk, vars, profile| predict_row(sdk, &with_profile("", vars, profile, [NONE; 4])).outcome;
    // In botocore, a role in a profile comes before the web identity. Static keys in a profile do not (docs/facts.md#row-32).
    let role: fn(&mut Profile) = |p| p.credentials = Some(ProfileCredentials::RoleArn);
    assert_eq!(at(SdkFamily::Botocore, IRSA, role), FILE);
    assert_eq!(at(SdkFamily::GoV2, IRSA, role), ROW_IRSA);
    let keys: fn(&mut Profile) = |p| p.credentials = Some(ProfileCredentials::StaticKeys);
    for (sdk, wanted) in [
        (SdkFamily::Cpp, FILE),
        (SdkFamily::JsV2, FILE),
        (SdkFamily::JavaV2, ROW_IRSA),
        (SdkFamily::Php, ROW_IRSA),
        (SdkFamily::Ruby, ROW_IRSA),
    ] {
        assert_eq!(at(sdk, IRSA, keys), wanted, "{}", sdk.id());
    }
    // Every SDK prefers a profile to the agent. The exception is `credential_process` in JavaScript 2.
    for sdk in SdkFamily::ALL {
        assert_eq!(at(sdk, POD_IDENTITY, keys), FILE, "{}", sdk.id());
    }
    // .NET fails at the missing profile only when no earlier link gave credentials.
    let missing: fn(&mut Profile) = |p| p.missing = true;
    assert_eq!(at(SdkFamily::Dotnet, &[ROLE, TOKEN, REGION, ("AWS_PROFILE", "x")], missing), ROW_IRSA);
    assert_eq!(at(SdkFamily::Dotnet, &[REGION, ("AWS_PROFILE", "x")], missing), STOP);
    // JavaScript 3 does not read keys in the environment while AWS_PROFILE is set.
    let keys_and_profile: Vars =
        &[ROLE, TOKEN, REGION, ("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_PROFILE", "bare")];
    assert_eq!((at(SdkFamily::JsV3, keys_and_profile, |_| {}), at(SdkFamily::Rust, keys_and_profile, |_| {})), (ROW_IRSA, STATIC));
}

#[test]
fn imds_by_version_1_is_not_for_all() {
    let hop_limited: fn(&mut Surroundings<'_>) = |s| s.imds = imds(ImdsReach::HopLimited, true, true);
    for sdk in SdkFamily::ALL {
        let wanted = if matches!(sdk, SdkFamily::Kotlin | SdkFamily::Rust) { NONE } else { NODE };
        assert_eq!(end_of(sdk, &[REGION], hop_limited).0, wanted, "{}", sdk.id());
        let off = end_of(sdk, &[REGION, ("AWS_EC2_METADATA_V1_DISABLED", "true")], hop_limited).0;
        assert!(matches!(off, ChainEnd::None | ChainEnd::Error), "{}", sdk.id());
    }
    assert_eq!(end_of(SdkFamily::JavaV2, IRSA, hop_limited).2, Some(NODE));
    assert_eq!(end_of(SdkFamily::Kotlin, IRSA, hop_limited).2, Some(NONE));
}

#[test]
fn what_nobody_has_verified_says_so() {
    for sdk in SdkFamily::ALL {
        let sure = predict_row(sdk, &with_environment("", IRSA, |_| {}, [NONE; 4]));
        assert_eq!(sure.unverified, sdk == SdkFamily::Powershell, "{}", sdk.id());
        let malformed = predict_row(sdk, &with_environment("", &[ROLE, TOKEN, ("AWS_REGION", "us-west-2a")], |_| {}, [NONE; 4]));
        assert!(malformed.unverified && malformed.why.contains("not verified"), "{}: {}", sdk.id(), malformed.why);
    }
    for sdk in [SdkFamily::GoV1, SdkFamily::JsV2] {
        let role = predict_row(sdk, &with_profile("", &[REGION], |p| p.credentials = Some(ProfileCredentials::RoleArn), [NONE; 4]));
        assert!(role.unverified && role.why.contains("AWS_SDK_LOAD_CONFIG"), "{}: {}", sdk.id(), role.why);
    }
    let fips = predict_row(SdkFamily::JavaV2, &MATRIX[33]);
    assert!(fips.unverified && fips.outcome == ROW_IRSA, "{}", fips.why);
}
