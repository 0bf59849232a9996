//! Which source has precedence for a setting that several sources have: the region, the endpoint URL of STS, and the kind of endpoint.
//!
//! The environment comes first, then the selected profile. Source: AWS SDKs and Tools Reference Guide ("Precedence of settings"; pages "AWS
//! Region", "Service-specific endpoints", "AWS STS Regional endpoints", "Dual-stack and FIPS endpoints"; docs/facts.md#endpoint-url-order). The
//! plan of a check and the predictions for each SDK both use this module.

use super::environment::Environment;
use super::profile::Profile;
use crate::core::text::secrets::{InputUrl, InputValue, Shown};

/// A value, and the name of its source for a person.
pub type Sourced<'a, V> = (&'static str, &'a V);

/// The region that is configured. It may be malformed.
pub fn region<'a>(environment: &'a Environment, profile: &'a Profile) -> Option<Sourced<'a, InputValue>> {
    first([
        ("AWS_REGION", environment.region.value()),
        ("AWS_DEFAULT_REGION", environment.default_region.value()),
        ("region of the profile", not_empty(profile.region.as_ref())),
    ])
}

/// The URL that is configured for STS, unless `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` says to ignore it.
pub fn sts_url<'a>(environment: &'a Environment, profile: &'a Profile) -> Option<Sourced<'a, InputUrl>> {
    if environment.ignore_endpoint_urls.is_true() { None } else { named_sts_url(environment, profile) }
}

/// The URL that is configured for STS, also when `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is set. Not every client obeys that variable
/// (docs/facts.md#exchange-client-of-rust).
pub fn named_sts_url<'a>(environment: &'a Environment, profile: &'a Profile) -> Option<Sourced<'a, InputUrl>> {
    first([
        ("AWS_ENDPOINT_URL_STS", environment.endpoint_url_sts.value()),
        ("AWS_ENDPOINT_URL", environment.endpoint_url.value()),
        ("endpoint_url of the profile", profile.endpoint_url.as_ref()),
    ])
}

/// The setting that decides whether older SDKs call the regional or the global endpoint: `regional` or `legacy`, in any case.
pub fn sts_regional_endpoints<'a>(environment: &'a Environment, profile: &'a Profile) -> Option<&'a str> {
    let setting = environment.sts_regional_endpoints.value().or(profile.sts_regional_endpoints.as_ref());
    setting.map(|setting| setting.raw().trim())
}

/// Whether FIPS endpoints are configured.
pub fn is_fips(environment: &Environment, profile: &Profile) -> bool {
    environment.use_fips.is_true() || profile.use_fips
}

/// Whether dual-stack endpoints are configured.
pub fn is_dual_stack(environment: &Environment, profile: &Profile) -> bool {
    environment.use_dual_stack.is_true() || profile.use_dual_stack
}

fn first<'a, V, const N: usize>(sources: [(&'static str, Option<&'a V>); N]) -> Option<Sourced<'a, V>> {
    sources.into_iter().find_map(|(name, value)| Some((name, value?)))
}

fn not_empty<V: Shown>(value: Option<&V>) -> Option<&V> {
    value.filter(|value| !value.raw().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(vars: &[(&str, &str)]) -> Environment {
        Environment::from_lookup(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_environment_comes_before_the_profile_and_what_is_empty_names_nothing() {
        let profile = Profile { region: Some("eu-west-1".into()), ..Profile::default() };
        let source =
            |vars: &[(&str, &str)], profile: &Profile| region(&environment(vars), profile).map(|(name, value)| (name, value.to_string()));
        let (new, old) = (("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "us-east-1"));
        assert_eq!(source(&[old, new], &profile), Some(("AWS_REGION", "us-west-2".to_owned())));
        assert_eq!(source(&[old, ("AWS_REGION", "")], &profile), Some(("AWS_DEFAULT_REGION", "us-east-1".to_owned())));
        assert_eq!(source(&[("AWS_REGION", "")], &profile), Some(("region of the profile", "eu-west-1".to_owned())));
        assert_eq!(source(&[], &Profile { region: Some("".into()), ..Profile::default() }), None);
    }

    #[test]
    fn the_url_of_sts_comes_before_that_of_all_services() {
        let profile = Profile { endpoint_url: Some("https://profile.example".into()), ..Profile::default() };
        let (sts, all) = (("AWS_ENDPOINT_URL_STS", "https://sts.example"), ("AWS_ENDPOINT_URL", "https://all.example"));
        for (vars, wanted) in [
            (&[all, sts][..], "AWS_ENDPOINT_URL_STS"),
            (&[all, ("AWS_ENDPOINT_URL_STS", "")], "AWS_ENDPOINT_URL"),
            (&[], "endpoint_url of the profile"),
        ] {
            assert_eq!(sts_url(&environment(vars), &profile).map(|(name, _)| name), Some(wanted));
        }
        let ignoring = environment(&[sts, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True")]);
        assert_eq!(sts_url(&ignoring, &profile), None);
        assert_eq!(named_sts_url(&ignoring, &profile).map(|(name, _)| name), Some("AWS_ENDPOINT_URL_STS"));
    }

    #[test]
    fn either_source_can_ask_for_another_kind_of_endpoint() {
        let asking = Profile { use_fips: true, use_dual_stack: true, sts_regional_endpoints: Some(" legacy".into()), ..Profile::default() };
        let (none, plain) = (environment(&[]), Profile::default());
        assert!(is_fips(&none, &asking) && is_dual_stack(&none, &asking) && !is_fips(&none, &plain) && !is_dual_stack(&none, &plain));
        assert!(is_fips(&environment(&[("AWS_USE_FIPS_ENDPOINT", "true")]), &plain));
        assert!(is_dual_stack(&environment(&[("AWS_USE_DUALSTACK_ENDPOINT", "true")]), &plain));
        assert_eq!(sts_regional_endpoints(&none, &asking), Some("legacy"));
        assert_eq!(sts_regional_endpoints(&environment(&[("AWS_STS_REGIONAL_ENDPOINTS", "regional")]), &asking), Some("regional"));
    }
}
