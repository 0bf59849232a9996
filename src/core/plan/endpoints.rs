//! The regions and endpoints at which STS is called.

use super::injection::state;
use super::inputs::Inputs;
use super::{Defects, PlannedEndpoint, Provider};
use crate::core::aws::partition::{Region, RegionError};
use crate::core::aws::url::url_host;
use crate::core::catalogue::{Code, Severity};
use crate::core::pod::precedence;

/// The regions to call, the primary first. Without `--sts-region` it is the pod's own region.
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
    let Some((name, text)) = precedence::region(&inputs.environment, &inputs.profile) else {
        if provider != Provider::None {
            let env = &inputs.environment;
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
            // The intended region is clear, so the rest of the check uses it.
            match error {
                RegionError::AvailabilityZone(meant) | RegionError::Untidy(meant) => Region::parse(&meant).into_iter().collect(),
                RegionError::NotARegion => Vec::new(),
            }
        }
    }
}

/// The endpoints to call, one for each region. There are none when the configured URL cannot be called.
pub(super) fn endpoints(inputs: &Inputs, regions: &[Region], fips: bool, dual_stack: bool, defects: &mut Defects) -> Vec<PlannedEndpoint> {
    if let Some((name, url)) = precedence::sts_url(&inputs.environment, &inputs.profile) {
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

/// Adds the defect of a pod whose SDKs call the global endpoint.
pub(super) fn global_endpoint(inputs: &Inputs, primary: Option<&Region>, endpoints: &[PlannedEndpoint], defects: &mut Defects) {
    let (env, profile) = (&inputs.environment, &inputs.profile);
    let setting = precedence::sts_regional_endpoints(env, profile);
    if setting.is_some_and(|setting| setting.eq_ignore_ascii_case("legacy")) && primary.is_some_and(Region::is_legacy_global) {
        defects.add(
            Code::GlobalEndpointConfigured,
            "AWS_STS_REGIONAL_ENDPOINTS is legacy: older SDKs call sts.amazonaws.com from this region.".to_owned(),
        );
    } else if precedence::sts_url(env, profile).is_some() && endpoints.first().is_some_and(|endpoint| endpoint.host == "sts.amazonaws.com")
    {
        defects.add(Code::GlobalEndpointConfigured, "The configured endpoint URL is the global endpoint, sts.amazonaws.com.".to_owned());
    } else if inputs.settings.sts_regions.is_empty() && primary.is_some_and(Region::is_global) {
        defects.add(Code::GlobalEndpointConfigured, "The pod's region is aws-global.".to_owned());
    }
}
