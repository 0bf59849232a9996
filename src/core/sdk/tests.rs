//! The families' chains against docs/facts.md#chain-matrix, row by row, and what holds of all of them.

use super::chain::CHAINS;
use super::*;
use crate::core::evidence::ImdsReach;
use crate::core::pod::inputs::{Environment, Profile, ProfileCredentials};
use proptest::prelude::*;

type Vars = &'static [(&'static str, &'static str)];

const ROLE: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/checkout");
const TOKEN: (&str, &str) = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token");
const REGION: (&str, &str) = ("AWS_REGION", "us-west-2");
const URI: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
const URI_TOKEN: (&str, &str) = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/secrets/pods.eks.amazonaws.com/token");
const IRSA: Vars = &[ROLE, TOKEN, REGION];
const POD_IDENTITY: Vars = &[URI, URI_TOKEN, REGION];

fn environment(vars: &[(&str, &str)]) -> Environment {
    Environment::read(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
}

const NODE: ChainEnd = ChainEnd::NodeRole;
const STOP: ChainEnd = ChainEnd::Error;
const NONE: ChainEnd = ChainEnd::None;
const PIA: ChainEnd = ChainEnd::PodIdentity;
const STATIC: ChainEnd = ChainEnd::Static;
const FILE: ChainEnd = ChainEnd::Profile;
const ROW_IRSA: ChainEnd = ChainEnd::Irsa;

/// What differs from an environment in which everything works.
struct Case {
    row: &'static str,
    vars: Vars,
    change: fn(&mut Surroundings<'_>),
    profile: fn(&mut Profile),
    /// Rust, botocore, JavaScript 3, Go 2: the columns of the matrix.
    ends: [ChainEnd; 4],
}

const fn case(row: &'static str, vars: Vars, change: fn(&mut Surroundings<'_>), ends: [ChainEnd; 4]) -> Case {
    Case { row, vars, change, profile: |_| {}, ends }
}

const fn with_profile(row: &'static str, vars: Vars, profile: fn(&mut Profile), ends: [ChainEnd; 4]) -> Case {
    Case { row, vars, change: |_| {}, profile, ends }
}

fn seen(v2: ImdsReach, v1: bool, role: bool) -> ImdsView {
    ImdsView::Seen { v2, v1, role }
}

/// docs/facts.md#chain-matrix. "stop" is an error, "none" the end of the chain.
const MATRIX: &[Case] = &[
    case("01", IRSA, |_| {}, [ROW_IRSA; 4]),
    case("02", IRSA, |s| s.sts = StsCall::TokenRejected, [STOP; 4]),
    case("03", IRSA, |s| s.sts = StsCall::Denied, [STOP; 4]),
    case("04", IRSA, |s| s.token = TokenFile::Missing, [STOP; 4]),
    case("05", IRSA, |s| s.token = TokenFile::Empty, [STOP; 4]),
    case("06", &[TOKEN, REGION], |_| {}, [NODE, STOP, NODE, STOP]),
    case("07", &[ROLE, REGION], |_| {}, [NODE; 4]),
    case("08", &[ROLE, ("AWS_WEB_IDENTITY_TOKEN_FILE", ""), REGION], |_| {}, [STOP, NODE, NODE, NODE]),
    // Rust sends an empty RoleArn, which STS refuses.
    case("09", &[("AWS_ROLE_ARN", ""), TOKEN, REGION], |_| {}, [STOP, STOP, NODE, STOP]),
    case("10", &[REGION], |_| {}, [NODE; 4]),
    case("11", &[REGION], |s| s.imds = seen(ImdsReach::HopLimited, true, true), [NONE, NODE, NODE, NODE]),
    case("12", &[REGION], |s| s.imds = seen(ImdsReach::Refused, true, true), [STOP, NODE, NODE, NODE]),
    case("13", &[REGION], |s| s.imds = seen(ImdsReach::Answers, true, false), [NONE, NONE, NONE, STOP]),
    case("14", &[REGION, ("AWS_EC2_METADATA_DISABLED", "true")], |_| {}, [NONE, NONE, NONE, STOP]),
    case("15", POD_IDENTITY, |_| {}, [PIA; 4]),
    case("16", POD_IDENTITY, |s| s.agent = AgentCall::NotFound, [STOP; 4]),
    case("17", POD_IDENTITY, |s| s.agent = AgentCall::Refused, [STOP; 4]),
    case("18", POD_IDENTITY, |s| s.agent = AgentCall::Failing, [STOP; 4]),
    case("19", POD_IDENTITY, |s| s.agent = AgentCall::Unreachable, [STOP; 4]),
    case("20", POD_IDENTITY, |s| s.container_token = TokenFile::Missing, [STOP; 4]),
    case("21", POD_IDENTITY, |s| s.container_token = TokenFile::TrailingWhitespace, [STOP; 4]),
    case("22", &[URI_TOKEN, REGION], |s| s.container_token = TokenFile::Missing, [STOP, NODE, NODE, NODE]),
    case("23", &[ROLE, TOKEN, URI, URI_TOKEN, REGION], |_| {}, [ROW_IRSA; 4]),
    case("24", &[ROLE, TOKEN, URI, URI_TOKEN, REGION], |s| s.sts = StsCall::Denied, [STOP; 4]),
    case("25", &[ROLE, TOKEN, REGION, ("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s")], |_| {}, [STATIC; 4]),
    case("26", &[ROLE, TOKEN, REGION, ("AWS_ACCESS_KEY_ID", "A")], |_| {}, [ROW_IRSA, STOP, ROW_IRSA, ROW_IRSA]),
    with_profile("27", &[ROLE, TOKEN, REGION, ("AWS_PROFILE", "missing")], |p| p.missing = true, [ROW_IRSA, STOP, ROW_IRSA, STOP]),
    with_profile("28", &[REGION, ("AWS_PROFILE", "missing")], |p| p.missing = true, [NODE, STOP, NODE, STOP]),
    case("29", IRSA, |s| s.sts = StsCall::Unavailable, [STOP; 4]),
    // 30 and 31 had AWS_ENDPOINT_URL_STS set: they do not show what a missing region does to a real host name.
    case("30", &[ROLE, TOKEN, ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")], |_| {}, [ROW_IRSA; 4]),
    case(
        "31",
        &[ROLE, TOKEN, ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1"), ("AWS_EC2_METADATA_DISABLED", "true")],
        |_| {},
        [ROW_IRSA; 4],
    ),
    with_profile("32", IRSA, |p| p.credentials = Some(ProfileCredentials::StaticKeys), [FILE, ROW_IRSA, FILE, ROW_IRSA]),
    with_profile("33", &[ROLE, TOKEN, REGION, ("AWS_PROFILE", "bare")], |p| p.name = "bare".into(), [ROW_IRSA; 4]),
    case(
        "34",
        &[ROLE, TOKEN, REGION, ("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")],
        |_| {},
        [STOP, ROW_IRSA, STOP, STOP],
    ),
    // 35 shows the choice of the URI only: RELATIVE, which on EKS leads nowhere.
    case("35", &[URI, URI_TOKEN, REGION, ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x")], |_| {}, [STOP; 4]),
    case("36", &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/v1"), URI_TOKEN, REGION], |_| {}, [STOP; 4]),
];

fn ask(sdk: SdkFamily, case: &Case) -> Prediction {
    let environment = environment(case.vars);
    let mut profile = Profile { name: "default".into(), ..Profile::default() };
    (case.profile)(&mut profile);
    let mut situation = Surroundings::assumed(&environment, &profile);
    (case.change)(&mut situation);
    predict(sdk, &situation)
}

#[test]
fn the_live_matrix() {
    assert_eq!(MATRIX.len(), 36);
    for (number, case) in MATRIX.iter().enumerate() {
        assert_eq!(case.row, format!("{:02}", number + 1));
        for (sdk, wanted) in [SdkFamily::Rust, SdkFamily::Botocore, SdkFamily::JsV3, SdkFamily::GoV2].into_iter().zip(case.ends) {
            let found = ask(sdk, case);
            assert_eq!(found.outcome, wanted, "row {}, {}: {}", case.row, sdk.id(), found.why);
            assert_eq!((found.on_failure, found.falls_to), (OnFailure::Stops, None), "row {}, {}", case.row, sdk.id());
            assert!(!found.unverified, "row {}, {}: {}", case.row, sdk.id(), found.why);
        }
    }
    let relative = ask(SdkFamily::Rust, &MATRIX[34]);
    assert!(relative.why.contains("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI beats the full URI"), "{}", relative.why);
}

fn end(sdk: SdkFamily, vars: Vars, change: fn(&mut Surroundings<'_>)) -> (ChainEnd, OnFailure, Option<ChainEnd>) {
    let found = ask(sdk, &case("", vars, change, [NONE; 4]));
    (found.outcome, found.on_failure, found.falls_to)
}

/// docs/facts.md#chain-orders and the sources named in `chain`.
#[test]
fn the_others() {
    const BOTH: Vars = &[ROLE, TOKEN, URI, URI_TOKEN, REGION];
    const FALLS: OnFailure = OnFailure::FallsThrough;
    let absent: fn(&mut Surroundings<'_>) = |s| s.imds = ImdsView::ABSENT;
    for sdk in [SdkFamily::JavaV1, SdkFamily::JavaV2, SdkFamily::Cpp, SdkFamily::Php, SdkFamily::Kotlin, SdkFamily::JsV2] {
        assert_eq!(end(sdk, IRSA, |_| {}), (ROW_IRSA, FALLS, Some(NODE)), "{}", sdk.id());
        assert_eq!(end(sdk, IRSA, absent), (ROW_IRSA, FALLS, Some(NONE)), "{}", sdk.id());
        assert_eq!(end(sdk, IRSA, |s| s.sts = StsCall::Denied), (NODE, FALLS, None), "{}", sdk.id());
        assert_eq!(end(sdk, IRSA, |s| s.token = TokenFile::Missing), (NODE, FALLS, None), "{}", sdk.id());
        assert_eq!(end(sdk, &[TOKEN, REGION], |_| {}), (NODE, FALLS, None), "{}", sdk.id());
    }
    for sdk in [SdkFamily::Dotnet, SdkFamily::Ruby, SdkFamily::GoV1, SdkFamily::CliV1, SdkFamily::CliV2] {
        assert_eq!(end(sdk, IRSA, |_| {}), (ROW_IRSA, OnFailure::Stops, None), "{}", sdk.id());
        assert_eq!(end(sdk, IRSA, |s| s.sts = StsCall::Denied).0, STOP, "{}", sdk.id());
    }
    // The agent's failure leads to IMDS only where the two stand one after the other.
    for (sdk, falls_to) in [
        (SdkFamily::JavaV2, NODE),
        (SdkFamily::Kotlin, NODE),
        (SdkFamily::JsV2, NODE),
        (SdkFamily::JavaV1, NONE),
        (SdkFamily::Php, NONE),
        (SdkFamily::Cpp, NONE),
    ] {
        assert_eq!(end(sdk, POD_IDENTITY, |_| {}), (PIA, FALLS, Some(falls_to)), "{}", sdk.id());
    }
    // Both injected: JavaScript 2 alone prefers the agent, and what falls through lands on the other.
    assert_eq!(end(SdkFamily::JsV2, BOTH, |_| {}), (PIA, FALLS, Some(ROW_IRSA)));
    assert_eq!(end(SdkFamily::JavaV2, BOTH, |_| {}), (ROW_IRSA, FALLS, Some(PIA)));
    // Ruby counts an empty variable as set, .NET does not.
    assert_eq!(end(SdkFamily::Ruby, &[ROLE, ("AWS_WEB_IDENTITY_TOKEN_FILE", ""), REGION], |_| {}).0, STOP);
    assert_eq!(end(SdkFamily::Dotnet, &[ROLE, ("AWS_WEB_IDENTITY_TOKEN_FILE", ""), REGION], |_| {}).0, NODE);
    assert_eq!(end(SdkFamily::Powershell, IRSA, |_| {}), (ROW_IRSA, OnFailure::Unknown, None));
}

/// What is no role's ARN is refused for certain, and what falls through becomes the node on the spot.
#[test]
fn a_role_arn_that_is_none() {
    for arn in ["checkout", "arn:aws:iam::111122223333:instance-profile/checkout", "arn:aws:iam::111122223333:role/checkout\n"] {
        let (environment, profile) = (environment(&[("AWS_ROLE_ARN", arn), TOKEN, REGION]), Profile::default());
        let of = |sdk| predict(sdk, &Surroundings::assumed(&environment, &profile)).outcome;
        assert_eq!((of(SdkFamily::Rust), of(SdkFamily::GoV2), of(SdkFamily::JavaV2)), (STOP, STOP, NODE), "{arn:?}");
    }
}

/// STS knows no role of another partition than its own (docs/facts.md#role-of-another-partition), whoever asks.
#[test]
fn a_role_of_another_partition() {
    const GOV: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws-us-gov:iam::111122223333:role/checkout");
    for (role, region, wanted) in [
        (ROLE, ("AWS_REGION", "cn-north-1"), (STOP, STOP, NODE)),
        (GOV, REGION, (STOP, STOP, NODE)),
        (GOV, ("AWS_DEFAULT_REGION", "us-gov-west-1"), (ROW_IRSA, ROW_IRSA, ROW_IRSA)),
        // A region that is none says nothing of its partition.
        (ROLE, ("AWS_REGION", "cn_north"), (ROW_IRSA, ROW_IRSA, ROW_IRSA)),
    ] {
        let (environment, profile) = (environment(&[role, TOKEN, region]), Profile::default());
        let of = |sdk| predict(sdk, &Surroundings::assumed(&environment, &profile));
        assert_eq!(
            (of(SdkFamily::Rust).outcome, of(SdkFamily::Botocore).outcome, of(SdkFamily::JavaV2).outcome),
            wanted,
            "{role:?} {region:?}"
        );
        assert_eq!(of(SdkFamily::Rust).why.contains("another partition"), wanted.0 == STOP, "{}", of(SdkFamily::Rust).why);
    }
}

/// docs/facts.md#endpoint-rules and docs/facts.md#endpoint-url-order: FIPS, dual-stack and configured URLs, where they exclude
/// one another or lead nowhere.
#[test]
fn variants_of_endpoints_and_urls() {
    const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");
    const DUAL: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
    const URL: (&str, &str) = ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
    const IGNORED: (&str, &str) = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    const IRELAND: (&str, &str) = ("AWS_REGION", "eu-west-1");
    // Rust, botocore, JavaScript 3, Go 2, Java 2.
    let ends = |more: &[(&'static str, &'static str)]| {
        let vars = [&[ROLE, TOKEN], more].concat();
        let (environment, profile) = (environment(&vars), Profile::default());
        let of = |sdk| predict(sdk, &Surroundings::assumed(&environment, &profile));
        (
            [SdkFamily::Rust, SdkFamily::Botocore, SdkFamily::JsV3, SdkFamily::GoV2, SdkFamily::JavaV2].map(|sdk| of(sdk).outcome),
            of(SdkFamily::JavaV2).unverified,
        )
    };
    for (more, wanted, unverified) in [
        (&[REGION, DUAL, URL][..], [STOP, ROW_IRSA, STOP, STOP, ROW_IRSA], true),
        (&[REGION, DUAL], [ROW_IRSA; 5], false),
        // Only Rust's client of the exchange does not hear that URLs are to be ignored.
        (&[REGION, DUAL, URL, IGNORED], [STOP, ROW_IRSA, ROW_IRSA, ROW_IRSA, ROW_IRSA], false),
        (&[REGION, FIPS, URL, IGNORED], [STOP, ROW_IRSA, ROW_IRSA, ROW_IRSA, ROW_IRSA], false),
        (&[URL, IGNORED, ("AWS_EC2_METADATA_DISABLED", "true")], [ROW_IRSA, ROW_IRSA, ROW_IRSA, STOP, ROW_IRSA], false),
        (&[IRELAND, FIPS], [STOP, STOP, STOP, STOP, NODE], false),
        (&[REGION, FIPS], [ROW_IRSA; 5], false),
        (&[IRELAND, FIPS, URL], [STOP, ROW_IRSA, STOP, STOP, ROW_IRSA], true),
    ] {
        assert_eq!(ends(more), (wanted, unverified), "{more:?}");
    }
    // What is older than the rule set may not even know FIPS.
    for sdk in [SdkFamily::JavaV1, SdkFamily::GoV1, SdkFamily::JsV2, SdkFamily::Cpp] {
        let found = ask(sdk, &case("", &[ROLE, TOKEN, IRELAND, FIPS], |_| {}, [NONE; 4]));
        assert!(found.unverified && found.outcome == ROW_IRSA, "{}: {}", sdk.id(), found.why);
    }
}

#[test]
fn profiles() {
    let at = |sdk, vars, profile| ask(sdk, &with_profile("", vars, profile, [NONE; 4])).outcome;
    // A role in a profile comes before the web identity for botocore, static keys do not (docs/facts.md#row-32).
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
    // Every SDK prefers a profile to the agent (but JavaScript 2's process).
    for sdk in SdkFamily::ALL {
        assert_eq!(at(sdk, POD_IDENTITY, keys), FILE, "{}", sdk.id());
    }
    // .NET reaches the missing profile only where nothing came before it.
    let missing: fn(&mut Profile) = |p| p.missing = true;
    assert_eq!(at(SdkFamily::Dotnet, &[ROLE, TOKEN, REGION, ("AWS_PROFILE", "x")], missing), ROW_IRSA);
    assert_eq!(at(SdkFamily::Dotnet, &[REGION, ("AWS_PROFILE", "x")], missing), STOP);
    // JavaScript 3 does not look at keys in the environment while AWS_PROFILE is set.
    let keys_and_profile: Vars =
        &[ROLE, TOKEN, REGION, ("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_PROFILE", "bare")];
    assert_eq!((at(SdkFamily::JsV3, keys_and_profile, |_| {}), at(SdkFamily::Rust, keys_and_profile, |_| {})), (ROW_IRSA, STATIC));
}

#[test]
fn endpoints() {
    let endpoint = |sdk, region, setting: Option<&'static str>| {
        let mut vars = vec![ROLE, TOKEN, ("AWS_REGION", region)];
        vars.extend(setting.map(|setting| ("AWS_STS_REGIONAL_ENDPOINTS", setting)));
        let (environment, profile) = (environment(&vars), Profile::default());
        predict(sdk, &Surroundings::assumed(&environment, &profile)).endpoint
    };
    const LEGACY_BY_DEFAULT: [SdkFamily; 4] = [SdkFamily::CliV1, SdkFamily::GoV1, SdkFamily::JavaV1, SdkFamily::JsV2];
    const DEAF: [SdkFamily; 8] = [
        SdkFamily::CliV2,
        SdkFamily::Cpp,
        SdkFamily::Dotnet,
        SdkFamily::GoV2,
        SdkFamily::JavaV2,
        SdkFamily::JsV3,
        SdkFamily::Kotlin,
        SdkFamily::Rust,
    ];
    for sdk in SdkFamily::ALL {
        let default = if LEGACY_BY_DEFAULT.contains(&sdk) { StsEndpoint::Global } else { StsEndpoint::Regional };
        assert_eq!(endpoint(sdk, "us-west-2", None), default, "{}", sdk.id());
        assert_eq!(endpoint(sdk, "us-west-2", Some("regional")), StsEndpoint::Regional, "{}", sdk.id());
        let legacy = if DEAF.contains(&sdk) { StsEndpoint::Regional } else { StsEndpoint::Global };
        assert_eq!(endpoint(sdk, "us-west-2", Some("legacy")), legacy, "{}", sdk.id());
        // An opt-in region has never been among the legacy ones, but JavaScript 2 knows no list.
        let opt_in = if sdk == SdkFamily::JsV2 { StsEndpoint::Global } else { StsEndpoint::Regional };
        assert_eq!(endpoint(sdk, "eu-south-1", Some("legacy")), opt_in, "{}", sdk.id());
        assert_eq!(endpoint(sdk, "cn-north-1", Some("legacy")), StsEndpoint::Regional, "{}", sdk.id());
        assert_eq!(endpoint(sdk, "aws-global", None), StsEndpoint::Global, "{}", sdk.id());
    }
    // There is no global endpoint of FIPS or dual-stack in the rule set; what is older than it is left as it was.
    for variant in [("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_USE_DUALSTACK_ENDPOINT", "true")] {
        let vars = [ROLE, TOKEN, REGION, ("AWS_STS_REGIONAL_ENDPOINTS", "legacy"), variant];
        let (environment, profile) = (environment(&vars), Profile::default());
        for sdk in SdkFamily::ALL {
            let wanted = if matches!(sdk, SdkFamily::GoV1 | SdkFamily::JavaV1 | SdkFamily::JsV2 | SdkFamily::Powershell) {
                StsEndpoint::Global
            } else {
                StsEndpoint::Regional
            };
            assert_eq!(predict(sdk, &Surroundings::assumed(&environment, &profile)).endpoint, wanted, "{}, {variant:?}", sdk.id());
        }
    }
    // A configured URL decides, whatever the region and the setting.
    for (url, wanted) in [
        ("https://sts.amazonaws.com", StsEndpoint::Global),
        ("https://STS.amazonaws.com:443/", StsEndpoint::Global),
        ("https://sts.us-west-2.amazonaws.com", StsEndpoint::Regional),
        ("https://sts.amazonaws.com.example.com", StsEndpoint::Regional),
    ] {
        let vars = [ROLE, TOKEN, REGION, ("AWS_STS_REGIONAL_ENDPOINTS", "legacy"), ("AWS_ENDPOINT_URL", url)];
        let (environment, profile) = (environment(&vars), Profile::default());
        for sdk in SdkFamily::ALL {
            let found = predict(sdk, &Surroundings::assumed(&environment, &profile));
            assert_eq!(found.endpoint, wanted, "{}, {url}", sdk.id());
            assert!(found.why.contains(url), "{}: {}", sdk.id(), found.why);
        }
    }
    let say = |vars| ask(SdkFamily::Botocore, &case("", vars, |_| {}, [NONE; 4])).why;
    assert!(say(IRSA).contains("the regional endpoint since 1.40.0 (July 2025)"), "{}", say(IRSA));
    assert!(!say(&[ROLE, TOKEN, REGION, ("AWS_STS_REGIONAL_ENDPOINTS", "regional")]).contains("1.40.0"));
    assert!(!say(POD_IDENTITY).contains("1.40.0"), "the agent's credentials need no STS");
}

/// AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints", column "Service client fallback behavior"; for PHP its provider's source.
#[test]
fn without_a_region() {
    for sdk in SdkFamily::ALL {
        let found = ask(sdk, &case("", &[ROLE, TOKEN], |_| {}, [NONE; 4]));
        let wanted = match sdk {
            SdkFamily::GoV2 | SdkFamily::Ruby => (STOP, StsEndpoint::Regional),
            SdkFamily::Cpp | SdkFamily::Dotnet | SdkFamily::JsV3 | SdkFamily::Php | SdkFamily::Rust => (ROW_IRSA, StsEndpoint::Regional),
            _ => (ROW_IRSA, StsEndpoint::Global),
        };
        assert_eq!((found.outcome, found.endpoint), wanted, "{}: {}", sdk.id(), found.why);
    }
    // Rust asks IMDS for the region, which the hop limit keeps from it.
    assert_eq!(end(SdkFamily::Rust, &[ROLE, TOKEN], |s| s.imds = seen(ImdsReach::HopLimited, true, true)).0, STOP);
    assert_eq!(end(SdkFamily::Rust, &[ROLE, TOKEN, ("AWS_EC2_METADATA_DISABLED", "true")], |_| {}).0, STOP);
    // The agent needs no STS.
    assert!(SdkFamily::ALL.into_iter().all(|sdk| end(sdk, &[URI, URI_TOKEN], |_| {}).0 == PIA));
}

#[test]
fn imds_by_version_1_is_not_for_all() {
    let hop_limited: fn(&mut Surroundings<'_>) = |s| s.imds = seen(ImdsReach::HopLimited, true, true);
    for sdk in SdkFamily::ALL {
        let wanted = if matches!(sdk, SdkFamily::Kotlin | SdkFamily::Rust) { NONE } else { NODE };
        assert_eq!(end(sdk, &[REGION], hop_limited).0, wanted, "{}", sdk.id());
        let off = end(sdk, &[REGION, ("AWS_EC2_METADATA_V1_DISABLED", "true")], hop_limited).0;
        assert!(matches!(off, ChainEnd::None | ChainEnd::Error), "{}", sdk.id());
    }
    assert_eq!(end(SdkFamily::JavaV2, IRSA, hop_limited).2, Some(NODE));
    assert_eq!(end(SdkFamily::Kotlin, IRSA, hop_limited).2, Some(NONE));
}

#[test]
fn what_nobody_has_verified_says_so() {
    for sdk in SdkFamily::ALL {
        let sure = ask(sdk, &case("", IRSA, |_| {}, [NONE; 4]));
        assert_eq!(sure.unverified, sdk == SdkFamily::Powershell, "{}", sdk.id());
        let malformed = ask(sdk, &case("", &[ROLE, TOKEN, ("AWS_REGION", "us-west-2a")], |_| {}, [NONE; 4]));
        assert!(malformed.unverified && malformed.why.contains("not verified"), "{}: {}", sdk.id(), malformed.why);
    }
    for sdk in [SdkFamily::GoV1, SdkFamily::JsV2] {
        let role = ask(sdk, &with_profile("", &[REGION], |p| p.credentials = Some(ProfileCredentials::RoleArn), [NONE; 4]));
        assert!(role.unverified && role.why.contains("AWS_SDK_LOAD_CONFIG"), "{}: {}", sdk.id(), role.why);
    }
    let fips = ask(SdkFamily::JavaV2, &MATRIX[33]);
    assert!(fips.unverified && fips.outcome == ROW_IRSA, "{}", fips.why);
}

#[test]
fn every_family_has_its_row() {
    assert!(CHAINS.iter().map(|chain| chain.sdk).eq(SdkFamily::ALL));
    assert!(SdkFamily::ALL.is_sorted_by_key(|sdk| sdk.id()));
    for sdk in SdkFamily::ALL {
        let found = ask(sdk, &MATRIX[0]);
        assert_eq!((found.sdk, endpoint::minimum_of_row(sdk)), (sdk, Some(found.minimum)));
    }
}

fn any_environment() -> impl Strategy<Value = Environment> {
    let values =
        proptest::sample::select(vec!["", "true", "/t", "us-west-2", "http://169.254.170.23/v1", "legacy", "x\u{0}y", "\u{1f600}"]);
    proptest::collection::hash_map(proptest::sample::select(Environment::NAMES), values, 0..20)
        .prop_map(|vars| Environment::read(|name| vars.get(name).map(|value| (*value).to_owned())))
}

fn any_situation() -> impl Strategy<Value = (TokenFile, TokenFile, StsCall, AgentCall, ImdsView)> {
    let file = proptest::sample::select(vec![
        TokenFile::Good,
        TokenFile::Missing,
        TokenFile::Unreadable,
        TokenFile::Empty,
        TokenFile::TrailingWhitespace,
        TokenFile::NotAToken,
    ]);
    let sts = vec![StsCall::Works, StsCall::TokenRejected, StsCall::Denied, StsCall::Unavailable, StsCall::Unreachable];
    let agent = vec![AgentCall::Works, AgentCall::NotFound, AgentCall::Refused, AgentCall::Failing, AgentCall::Unreachable];
    let reach =
        vec![ImdsReach::Answers, ImdsReach::Absent, ImdsReach::HopLimited, ImdsReach::Dropped, ImdsReach::Refused, ImdsReach::Other];
    let imds = (proptest::sample::select(reach), any::<bool>(), any::<bool>()).prop_map(|(v2, v1, role)| seen(v2, v1, role));
    (file.clone(), file, proptest::sample::select(sts), proptest::sample::select(agent), prop_oneof![imds, Just(ImdsView::Unknown)])
}

proptest! {
    /// Every SDK has an answer in every situation, and the same answer each time.
    #[test]
    fn every_situation_has_an_answer(environment in any_environment(), given in any_situation(), missing: bool, kind in 0_usize..7) {
        use ProfileCredentials::{Login, Process, RoleArn, Sso, StaticKeys, WebIdentity};
        let kinds = [None, Some(RoleArn), Some(WebIdentity), Some(Sso), Some(StaticKeys), Some(Process), Some(Login)];
        let profile = Profile { missing, credentials: kinds[kind], ..Profile::default() };
        let (token, container_token, sts, agent, imds) = given;
        let situation = Surroundings { environment: &environment, profile: &profile, token, container_token, sts, agent, imds };
        for sdk in SdkFamily::ALL {
            let found = predict(sdk, &situation);
            prop_assert!(!found.why.is_empty() && found.why.ends_with('.'), "{}: {:?}", sdk.id(), found.why);
            prop_assert_eq!(found.falls_to.is_some(), found.on_failure == OnFailure::FallsThrough && matches!(found.outcome, ChainEnd::Irsa | ChainEnd::PodIdentity));
            prop_assert_eq!(&found, &predict(sdk, &situation));
            // What works is never called an error of a service.
            if found.outcome == ChainEnd::Irsa { prop_assert_eq!(sts, StsCall::Works); }
            if found.outcome == ChainEnd::PodIdentity { prop_assert_eq!(agent, AgentCall::Works); }
            if found.outcome == ChainEnd::NodeRole { prop_assert!(!environment.imds_disabled.is_true()); }
        }
    }
}
