//! Where the calls go: regions, STS endpoints, and the Pod Identity agent.

use super::injection::state;
use super::{Defects, PlannedEndpoint, Provider};
use crate::core::aws::partition::{Region, RegionError};
use crate::core::catalogue::{Code, Severity};
use crate::core::pod::inputs::{Environment, Inputs};
use crate::core::pod::proxy;
use crate::core::text::secrets::{InputUrl, InputValue};
use std::net::IpAddr;

/// The regions to call, the primary first; without `--sts-region` the pod's own.
pub(super) fn regions(inputs: &Inputs, provider: Provider, defects: &mut Defects) -> Vec<Region> {
    if !inputs.settings.sts_regions.is_empty() {
        let mut regions: Vec<Region> = Vec::new();
        for region in &inputs.settings.sts_regions {
            if !regions.contains(region) {
                regions.push(region.clone());
            }
        }
        return regions;
    }
    let env = &inputs.environment;
    let candidates = [
        ("AWS_REGION", env.region.value()),
        ("AWS_DEFAULT_REGION", env.default_region.value()),
        ("region of the profile", inputs.profile.region.as_ref().filter(|region| !region.raw().is_empty())),
    ];
    let Some((name, text)) = candidates.into_iter().find_map(|(name, value)| value.map(|value| (name, value))) else {
        if provider != Provider::None {
            let (region, default) = (state(&env.region), state(&env.default_region));
            defects.add(
                Code::RegionMissing,
                format!("AWS_REGION is {region}, AWS_DEFAULT_REGION is {default}, and no profile names a region."),
            );
        }
        return Vec::new();
    };
    match Region::parse(text.raw()) {
        Ok(region) => vec![region],
        Err(error) => {
            defects.add(Code::RegionMalformed, format!("{name} is {text:?}: {error}."));
            // What was meant is good enough to go on looking at the rest with.
            match error {
                RegionError::AvailabilityZone(meant) | RegionError::Untidy(meant) => Region::parse(&meant).into_iter().collect(),
                RegionError::NotARegion => Vec::new(),
            }
        }
    }
}

/// The configured endpoint URL, by the SDKs' precedence (docs/facts.md#endpoint-url-order).
fn endpoint_override(inputs: &Inputs) -> Option<(&'static str, &InputUrl)> {
    let env = &inputs.environment;
    if env.ignore_endpoint_urls.is_true() {
        return None;
    }
    [
        ("AWS_ENDPOINT_URL_STS", env.endpoint_url_sts.value()),
        ("AWS_ENDPOINT_URL", env.endpoint_url.value()),
        ("endpoint_url of the profile", inputs.profile.endpoint_url.as_ref()),
    ]
    .into_iter()
    .find_map(|(name, value)| value.map(|value| (name, value)))
}

pub(super) fn endpoints(inputs: &Inputs, regions: &[Region], fips: bool, dual_stack: bool, defects: &mut Defects) -> Vec<PlannedEndpoint> {
    if let Some((name, url)) = endpoint_override(inputs) {
        let Some(host) = url_host(url.raw()) else {
            defects.add_as(
                Code::EndpointOverride,
                Severity::Fail,
                format!("{name} is {url:?}, which is not an http or https URL that can be called; write it as https://HOST."),
            );
            return Vec::new();
        };
        if fips {
            defects.add(
                Code::FipsEndpointAbsent,
                format!("AWS_USE_FIPS_ENDPOINT is true and {name} is {url}: the Rust, JavaScript and Go SDKs refuse the two together."),
            );
        } else if dual_stack {
            defects.add_as(
                Code::EndpointOverride,
                Severity::Fail,
                format!("AWS_USE_DUALSTACK_ENDPOINT is true and {name} is {url}: SDKs refuse the two together."),
            );
        } else {
            defects.add(Code::EndpointOverride, format!("{name} is {url}."));
        }
        return regions.iter().map(|region| PlannedEndpoint { region: region.clone(), url: url.clone(), host: host.clone() }).collect();
    }
    if let Some(region) = regions.first().filter(|region| fips && !region.has_fips_sts() && !region.is_global()) {
        let host = region.sts_host(fips, dual_stack);
        defects.add(Code::FipsEndpointAbsent, format!("AWS_USE_FIPS_ENDPOINT is true in {region}: {host} does not exist."));
    }
    regions
        .iter()
        .map(|region| {
            let host = region.sts_host(fips, dual_stack);
            PlannedEndpoint { region: region.clone(), url: format!("https://{host}").into(), host }
        })
        .collect()
}

pub(super) fn global_endpoint(inputs: &Inputs, primary: Option<&Region>, endpoints: &[PlannedEndpoint], defects: &mut Defects) {
    let env = &inputs.environment;
    let legacy = env.sts_regional_endpoints.value().or(inputs.profile.sts_regional_endpoints.as_ref()).map(InputValue::raw);
    if legacy.is_some_and(|value| value.trim().eq_ignore_ascii_case("legacy")) && primary.is_some_and(Region::is_legacy_global) {
        defects.add(
            Code::GlobalEndpointConfigured,
            "AWS_STS_REGIONAL_ENDPOINTS is legacy: older SDKs call sts.amazonaws.com from this region.".to_owned(),
        );
    } else if endpoint_override(inputs).is_some() && endpoints.first().is_some_and(|endpoint| endpoint.host == "sts.amazonaws.com") {
        defects.add(Code::GlobalEndpointConfigured, "The configured endpoint URL is the global endpoint, sts.amazonaws.com.".to_owned());
    } else if inputs.settings.sts_regions.is_empty() && primary.is_some_and(Region::is_global) {
        defects.add(Code::GlobalEndpointConfigured, "The pod's region is aws-global.".to_owned());
    }
}

/// The agent's URL, if SDKs would call it (docs/facts.md#container-uri).
pub(super) fn agent(env: &Environment, defects: &mut Defects) -> Option<InputUrl> {
    if let Some(relative) = env.container_relative_uri.value() {
        defects.add(
            Code::AgentUriNotAllowed,
            format!("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is {relative:?} and beats the full URI: SDKs call 169.254.170.2 instead of the agent."),
        );
        return None;
    }
    let uri = env.container_full_uri.value()?;
    let Some(host) = url_host(uri.raw()) else {
        defects.add(Code::AgentUriNotAllowed, format!("AWS_CONTAINER_CREDENTIALS_FULL_URI is {uri:?}, which is not an http or https URL."));
        return None;
    };
    let is_clear = is_clear(uri.raw());
    if is_clear && !may_be_called_in_clear(&host) {
        defects.add(
            Code::AgentUriNotAllowed,
            format!(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is {uri}: over http SDKs refuse every host but loopback and the agent's addresses."
            ),
        );
        return None;
    }
    let captures = env.http_proxy_lower.value().or(env.http_proxy.value());
    let exempt = env.no_proxy_lower.value().or(env.no_proxy.value());
    let port = url_port(uri.raw());
    if let Some(http_proxy) = captures.filter(|_| is_clear && !proxy::bypasses(exempt.map_or("", InputValue::raw), &host, port)) {
        defects.add(
            Code::ProxyCapturesAgent,
            format!("HTTP_PROXY is {http_proxy}, and NO_PROXY ({:?}) does not exempt {host}.", exempt.cloned().unwrap_or_default()),
        );
    }
    Some(uri.clone())
}

/// Whether SDKs call this full URI at all (docs/facts.md#container-uri, docs/facts.md#row-36).
pub fn agent_uri_may_be_called(uri: &str) -> bool {
    url_host(uri).is_some_and(|host| !is_clear(uri) || may_be_called_in_clear(&host))
}

fn is_clear(uri: &str) -> bool {
    // A scheme is the same in capitals.
    uri.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"))
}

/// Loopback, ECS, and the agent's two addresses.
fn may_be_called_in_clear(host: &str) -> bool {
    let known = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
    match host.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback() || known.iter().any(|k| k.parse() == Ok(ip)),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// Host of an absolute http(s) URL, without brackets. None for one with a user name and password: no SDK can call it, and hidden
/// as they are here it would lead to another place.
pub fn url_host(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || url.contains('@') {
        return None;
    }
    let host = uri.host().filter(|host| !host.is_empty())?;
    Some(host.trim_start_matches('[').trim_end_matches(']').to_owned())
}

fn url_port(url: &str) -> u16 {
    let uri: Option<http::Uri> = url.parse().ok();
    uri.and_then(|uri| uri.port_u16().or(if uri.scheme_str() == Some("https") { Some(443) } else { None })).unwrap_or(80)
}
