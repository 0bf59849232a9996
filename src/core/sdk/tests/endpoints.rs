//! What the endpoint's sentences say, and what holds for every family.

use super::*;

/// A configured URL decides. The region and the setting do not matter.
#[test]
fn a_url_is_named_where_it_is_called() {
    for (url, wanted) in [
        ("https://sts.amazonaws.com", StsEndpoint::Global),
        ("https://STS.amazonaws.com:443/", StsEndpoint::Global),
        ("https://sts.us-west-2.amazonaws.com", StsEndpoint::Regional),
        ("https://sts.amazonaws.com.example.com", StsEndpoint::Regional),
    ] {
        let vars = [&[("AWS_STS_REGIONAL_ENDPOINTS", "regional"), ("AWS_ENDPOINT_URL_STS", url)], IRSA].concat();
        for sdk in [SdkFamily::Botocore, SdkFamily::GoV2, SdkFamily::JavaV2, SdkFamily::Rust] {
            let found = predicted(sdk, &vars, |_| {});
            assert_eq!(found.endpoint, wanted, "{}, {url}", sdk.id());
            assert!(found.why.contains(url), "{}: {}", sdk.id(), found.why);
        }
        // Java 1 reads no URL.
        assert_eq!(predicted(SdkFamily::JavaV1, &vars, |_| {}).endpoint, StsEndpoint::Regional, "{url}");
    }
}

/// The sentence is only about a variable that is set.
#[test]
fn a_flag_that_is_not_read_is_named_where_it_is_set() {
    let url = [&[("AWS_ENDPOINT_URL_STS", "https://sts.us-west-2.amazonaws.com")], IRSA].concat();
    let ignoring = [&[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")], url.as_slice()].concat();
    let names_it = |vars: &[(&str, &str)]| predicted(SdkFamily::Rust, vars, |_| {}).why.contains("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    assert!(names_it(&ignoring) && !names_it(&url));
}

#[test]
fn the_change_of_the_default_is_said_where_it_matters() {
    let say = |vars: &[(&str, &str)]| predicted(SdkFamily::Botocore, vars, |_| {}).why;
    assert!(say(IRSA).contains("the regional endpoint since 1.40.0 (July 2025)"), "{}", say(IRSA));
    let regional = [&[("AWS_STS_REGIONAL_ENDPOINTS", "regional")], IRSA].concat();
    assert!(!say(&regional).contains("1.40.0"));
    let opt_in = [ROLE, TOKEN, ("AWS_DEFAULT_REGION", "eu-south-1")];
    assert!(!say(&opt_in).contains("1.40.0"), "an opt-in region was never served by the global endpoint");
    assert!(!say(POD_IDENTITY).contains("1.40.0"), "the agent's credentials need no STS");
    let only_new = [ROLE, TOKEN, REGION];
    assert!(say(&only_new).contains("reads the region from another variable"), "{}", say(&only_new));
}

/// AWS has no such host today. Who says that STS answers means every host.
#[test]
fn a_host_that_does_not_exist() {
    for vars in [
        [ROLE, TOKEN, ("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1"), ("AWS_USE_FIPS_ENDPOINT", "true")],
        [ROLE, TOKEN, ("AWS_REGION", "us-west-2a"), ("AWS_DEFAULT_REGION", "us-west-2a"), ("LANG", "C")],
    ] {
        for (sdk, wanted) in
            [(SdkFamily::Botocore, ChainEnd::Error), (SdkFamily::Rust, ChainEnd::Error), (SdkFamily::JavaV2, ChainEnd::NodeRole)]
        {
            assert_eq!(predicted(sdk, &vars, |_| {}).outcome, wanted, "{}: {vars:?}", sdk.id());
            assert_eq!(predicted(sdk, &vars, |s| s.hosts = StsHosts::All).outcome, ChainEnd::Irsa, "{}: {vars:?}", sdk.id());
        }
    }
}

/// STS refuses these to every SDK (docs/facts.md#role-of-another-partition).
#[test]
fn a_request_that_sts_is_certain_to_refuse() {
    let gov = ("AWS_ROLE_ARN", "arn:aws-us-gov:iam::111122223333:role/checkout");
    let china = [("AWS_REGION", "cn-north-1"), ("AWS_DEFAULT_REGION", "cn-north-1")];
    for vars in [
        vec![("AWS_ROLE_ARN", "checkout"), TOKEN, REGION, DEFAULT_REGION],
        vec![("AWS_ROLE_ARN", "arn:aws:iam::111122223333:instance-profile/checkout"), TOKEN, REGION, DEFAULT_REGION],
        vec![gov, TOKEN, REGION, DEFAULT_REGION],
        vec![ROLE, TOKEN, china[0], china[1]],
        vec![ROLE, TOKEN, REGION, DEFAULT_REGION, ("AWS_ROLE_SESSION_NAME", "no name")],
    ] {
        for sdk in SdkFamily::ALL {
            let found = predicted(sdk, &vars, |s| s.hosts = StsHosts::All);
            assert_ne!(found.outcome, ChainEnd::Irsa, "{}: {vars:?}", sdk.id());
            assert!(found.why.contains("STS refuses it"), "{}: {}", sdk.id(), found.why);
        }
    }
    // Who does not read AWS_REGION calls the global endpoint, which belongs to the role's partition.
    assert_eq!(predicted(SdkFamily::Botocore, &[ROLE, TOKEN, china[0]], |_| {}).outcome, ChainEnd::Irsa);
}
