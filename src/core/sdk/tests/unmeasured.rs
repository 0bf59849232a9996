//! The families that were not run: .NET, PHP and PowerShell. Their chains are known from sources or documents.

use super::*;
use OnFailure::{FallsThrough, Stops};

#[test]
fn where_their_chains_end() {
    for (sdk, wanted) in [
        (SdkFamily::Php, (ChainEnd::Irsa, FallsThrough, Some(ChainEnd::NodeRole))),
        (SdkFamily::Dotnet, (ChainEnd::Irsa, Stops, None)),
        (SdkFamily::Powershell, (ChainEnd::Irsa, OnFailure::Unknown, None)),
    ] {
        assert_eq!(end_of(sdk, IRSA, |_| {}), wanted, "{}", sdk.id());
    }
    assert_eq!(end_of(SdkFamily::Php, IRSA, |s| s.sts = StsCall::Denied), (ChainEnd::NodeRole, FallsThrough, None));
    assert_eq!(end_of(SdkFamily::Php, IRSA, |s| s.files.token = TokenFile::Missing), (ChainEnd::NodeRole, FallsThrough, None));
    assert_eq!(end_of(SdkFamily::Php, &[TOKEN, REGION], |_| {}), (ChainEnd::NodeRole, FallsThrough, None));
    assert_eq!(end_of(SdkFamily::Php, POD_IDENTITY, |_| {}), (ChainEnd::PodIdentity, FallsThrough, Some(ChainEnd::None)));
    assert_eq!(end_of(SdkFamily::Dotnet, IRSA, |s| s.sts = StsCall::Denied).0, ChainEnd::Error);
    assert_eq!(end_of(SdkFamily::Dotnet, &[ROLE, ("AWS_WEB_IDENTITY_TOKEN_FILE", ""), REGION], |_| {}).0, ChainEnd::NodeRole);
}

/// .NET fails at the missing profile only when no earlier link gave credentials.
#[test]
fn a_profile_that_no_file_has() {
    let profile = Profile { name: "x".into(), missing: true, ..Profile::default() };
    const NAME: (&str, &str) = ("AWS_PROFILE", "x");
    for (vars, wanted) in [(&[ROLE, TOKEN, REGION, NAME][..], ChainEnd::Irsa), (&[REGION, NAME], ChainEnd::Error)] {
        let environment = environment(vars);
        assert_eq!(predict(SdkFamily::Dotnet, &Surroundings::assumed(&environment, &profile)).outcome, wanted);
    }
}

#[test]
fn keys_in_a_profile() {
    let profile = profile(keys("default", SharedFile::Credentials));
    for sdk in [SdkFamily::Php, SdkFamily::Dotnet] {
        let at = |vars| predict(sdk, &Surroundings::assumed(&environment(vars), &profile)).outcome;
        assert_eq!((at(IRSA), at(POD_IDENTITY)), (ChainEnd::Irsa, ChainEnd::Profile), "{}", sdk.id());
    }
}

/// Sources: AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints", column "Service client fallback behavior"; for PHP the source of its
/// provider.
#[test]
fn without_a_region() {
    for (sdk, wanted) in
        [(SdkFamily::Dotnet, StsEndpoint::Regional), (SdkFamily::Php, StsEndpoint::Regional), (SdkFamily::Powershell, StsEndpoint::Global)]
    {
        let found = predicted(sdk, &[ROLE, TOKEN], |_| {});
        assert_eq!((found.outcome, found.endpoint), (ChainEnd::Irsa, wanted), "{}: {}", sdk.id(), found.why);
    }
}

#[test]
fn how_well_it_is_known_is_said() {
    for sdk in SdkFamily::ALL {
        let found = predicted(sdk, IRSA, |_| {});
        let wanted = match sdk {
            SdkFamily::Powershell => Basis::Unverified,
            SdkFamily::Dotnet | SdkFamily::Php => Basis::Documented,
            _ => Basis::Measured,
        };
        assert_eq!(found.basis, wanted, "{}", sdk.id());
        assert_eq!(found.why.contains("Measured with"), wanted == Basis::Measured, "{}: {}", sdk.id(), found.why);
    }
    // What .NET does with a URL beside FIPS was neither read nor run.
    let vars = [ROLE, TOKEN, REGION, ("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")];
    let found = predicted(SdkFamily::Dotnet, &vars, |_| {});
    assert!(found.basis == Basis::Unverified && found.why.contains("not verified"), "{}", found.why);
}

/// The token is exchanged, and the further role of the profile is refused.
#[test]
fn a_further_role_of_a_profile_is_a_call_of_its_own() {
    let role = |name: &str| Some(format!("arn:aws:iam::111122223333:role/{name}").into());
    let app =
        ProfileSection { role_arn: role("target"), source_profile: Some("base".into()), ..ProfileSection::new("app", SharedFile::Config) };
    let base = ProfileSection {
        role_arn: role("base"),
        web_identity_token_file: Some("/t".into()),
        ..ProfileSection::new("base", SharedFile::Config)
    };
    let profile = Profile { name: "app".into(), credentials: app.credentials(), sections: vec![app, base], ..Profile::default() };
    let environment = environment(&[REGION, ("AWS_PROFILE", "app")]);
    let at = |sdk: SdkFamily, hop| predict(sdk, &Surroundings { hop, ..Surroundings::assumed(&environment, &profile) }).outcome;
    for sdk in [SdkFamily::Botocore, SdkFamily::GoV2, SdkFamily::Rust] {
        let ends = [None, Some(StsCall::Works), Some(StsCall::Denied)].map(|hop| at(sdk, hop));
        assert_eq!(ends, [ChainEnd::Profile, ChainEnd::Profile, ChainEnd::Error], "{}", sdk.id());
    }
    assert_eq!(at(SdkFamily::JavaV2, Some(StsCall::Denied)), ChainEnd::NodeRole);
}
