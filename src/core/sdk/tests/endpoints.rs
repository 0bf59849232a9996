//! Which endpoint each family calls, and how configured URLs, FIPS, dual-stack and missing regions change it.

use super::*;

#[test]
fn endpoints() {
    let endpoint = |sdk, region, setting: Option<&'static str>| {
        let mut vars = vec![ROLE, TOKEN, ("AWS_REGION", region)];
        vars.extend(setting.map(|setting| ("AWS_STS_REGIONAL_ENDPOINTS", setting)));
        let (environment, profile) = (environment(&vars), Profile::default());
        predict(sdk, &Surroundings::assumed(&environment, &profile)).endpoint
    };
    const LEGACY_BY_DEFAULT: [SdkFamily; 4] = [SdkFamily::CliV1, SdkFamily::GoV1, SdkFamily::JavaV1, SdkFamily::JsV2];
    const ALWAYS_REGIONAL: [SdkFamily; 8] = [
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
        let legacy = if ALWAYS_REGIONAL.contains(&sdk) { StsEndpoint::Regional } else { StsEndpoint::Global };
        assert_eq!(endpoint(sdk, "us-west-2", Some("legacy")), legacy, "{}", sdk.id());
        // An opt-in region was never a legacy region, but JavaScript 2 has no list of them.
        let opt_in = if sdk == SdkFamily::JsV2 { StsEndpoint::Global } else { StsEndpoint::Regional };
        assert_eq!(endpoint(sdk, "eu-south-1", Some("legacy")), opt_in, "{}", sdk.id());
        assert_eq!(endpoint(sdk, "cn-north-1", Some("legacy")), StsEndpoint::Regional, "{}", sdk.id());
        assert_eq!(endpoint(sdk, "aws-global", None), StsEndpoint::Global, "{}", sdk.id());
    }
    // The rule set has no global endpoint for FIPS or dual-stack. SDKs that are older than the rule set still call the global endpoint.
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
    // A configured URL decides. The region and the setting do not matter.
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
    let say = |vars| predict_row(SdkFamily::Botocore, &with_environment("", vars, |_| {}, [NONE; 4])).why;
    assert!(say(IRSA).contains("the regional endpoint since 1.40.0 (July 2025)"), "{}", say(IRSA));
    assert!(!say(&[ROLE, TOKEN, REGION, ("AWS_STS_REGIONAL_ENDPOINTS", "regional")]).contains("1.40.0"));
    assert!(!say(POD_IDENTITY).contains("1.40.0"), "the agent's credentials need no STS");
}

/// FIPS, dual-stack and configured URLs that exclude one another, or that lead to a host that does not exist. Sources:
/// docs/facts.md#endpoint-rules and docs/facts.md#endpoint-url-order.
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
        let predicted = |sdk| predict(sdk, &Surroundings::assumed(&environment, &profile));
        (
            [SdkFamily::Rust, SdkFamily::Botocore, SdkFamily::JsV3, SdkFamily::GoV2, SdkFamily::JavaV2].map(|sdk| predicted(sdk).outcome),
            predicted(SdkFamily::JavaV2).unverified,
        )
    };
    for (more, wanted, unverified) in [
        (&[REGION, DUAL, URL][..], [STOP, ROW_IRSA, STOP, STOP, ROW_IRSA], true),
        (&[REGION, DUAL], [ROW_IRSA; 5], false),
        // Only Rust's client of the exchange does not obey AWS_IGNORE_CONFIGURED_ENDPOINT_URLS.
        (&[REGION, DUAL, URL, IGNORED], [STOP, ROW_IRSA, ROW_IRSA, ROW_IRSA, ROW_IRSA], false),
        (&[REGION, FIPS, URL, IGNORED], [STOP, ROW_IRSA, ROW_IRSA, ROW_IRSA, ROW_IRSA], false),
        (&[URL, IGNORED, ("AWS_EC2_METADATA_DISABLED", "true")], [ROW_IRSA, ROW_IRSA, ROW_IRSA, STOP, ROW_IRSA], false),
        (&[IRELAND, FIPS], [STOP, STOP, STOP, STOP, NODE], false),
        (&[REGION, FIPS], [ROW_IRSA; 5], false),
        (&[IRELAND, FIPS, URL], [STOP, ROW_IRSA, STOP, STOP, ROW_IRSA], true),
    ] {
        assert_eq!(ends(more), (wanted, unverified), "{more:?}");
    }
    // An SDK that is older than the rule set may not support FIPS at all.
    for sdk in [SdkFamily::JavaV1, SdkFamily::GoV1, SdkFamily::JsV2, SdkFamily::Cpp] {
        let found = predict_row(sdk, &with_environment("", &[ROLE, TOKEN, IRELAND, FIPS], |_| {}, [NONE; 4]));
        assert!(found.unverified && found.outcome == ROW_IRSA, "{}: {}", sdk.id(), found.why);
    }
}

/// Sources: AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints", column "Service client fallback behavior"; for PHP the source of
/// its provider.
#[test]
fn without_a_region() {
    for sdk in SdkFamily::ALL {
        let found = predict_row(sdk, &with_environment("", &[ROLE, TOKEN], |_| {}, [NONE; 4]));
        let wanted = match sdk {
            SdkFamily::GoV2 | SdkFamily::Ruby => (STOP, StsEndpoint::Regional),
            SdkFamily::Cpp | SdkFamily::Dotnet | SdkFamily::JsV3 | SdkFamily::Php | SdkFamily::Rust => (ROW_IRSA, StsEndpoint::Regional),
            _ => (ROW_IRSA, StsEndpoint::Global),
        };
        assert_eq!((found.outcome, found.endpoint), wanted, "{}: {}", sdk.id(), found.why);
    }
    // Rust asks IMDS for the region, and the hop limit blocks IMDS.
    assert_eq!(end_of(SdkFamily::Rust, &[ROLE, TOKEN], |s| s.imds = imds(ImdsReach::HopLimited, true, true)).0, STOP);
    assert_eq!(end_of(SdkFamily::Rust, &[ROLE, TOKEN, ("AWS_EC2_METADATA_DISABLED", "true")], |_| {}).0, STOP);
    // The agent needs no STS.
    assert!(SdkFamily::ALL.into_iter().all(|sdk| end_of(sdk, &[URI, URI_TOKEN], |_| {}).0 == PIA));
}
