//! What the inputs ask for, before anything is called: which provider was injected, what shadows it, which endpoints are called
//! and in which order. Defects that the inputs alone prove are part of the plan.

use super::arn::RoleArn;
use super::code::{Code, Severity};
use super::inputs::{Environment, Inputs, ProfileCredentials, ProviderChoice, Var};
use super::partition::{Region, RegionError};
use super::proxy;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The provider that was injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// IAM roles for service accounts.
    Irsa,
    /// EKS Pod Identity.
    PodIdentity,
    /// None.
    None,
}

impl Provider {
    /// Its name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Provider::Irsa => "irsa",
            Provider::PodIdentity => "pod-identity",
            Provider::None => "none",
        }
    }
}

/// A finding that the inputs alone prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Its code.
    pub code: Code,
    /// What is wrong in this pod.
    pub detail: String,
    /// The weight, where it differs from the catalogue's.
    pub severity: Severity,
}

/// One STS endpoint to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedEndpoint {
    /// Region, or `aws-global`.
    pub region: Region,
    /// URL.
    pub url: String,
    /// Host of the URL.
    pub host: String,
}

/// How IMDS is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImdsPlan {
    /// Ask it.
    Ask {
        /// Base URL.
        endpoint: String,
        /// Whether version 1 may be tried.
        v1: bool,
    },
    /// `--no-imds`.
    NotAsked,
    /// `AWS_EC2_METADATA_DISABLED`.
    Disabled,
}

/// What to do, and what is already known to be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The provider to prove.
    pub provider: Provider,
    /// What the inputs alone prove.
    pub defects: Vec<Defect>,
    /// The injected role, if it is one.
    pub role: Option<RoleArn>,
    /// The role that the identity is held against.
    pub expected_role: Option<RoleArn>,
    /// The token file of the provider.
    pub token_path: Option<String>,
    /// The audience that the webhook projects for the provider.
    pub audience: &'static str,
    /// Endpoints, the primary first. Empty when no region is known.
    pub endpoints: Vec<PlannedEndpoint>,
    /// The agent's URL, when Pod Identity is to be proven and the URL may be called.
    pub agent_url: Option<String>,
    /// IMDS.
    pub imds: ImdsPlan,
    /// FIPS endpoints are asked for.
    pub fips: bool,
    /// Dual-stack endpoints are asked for.
    pub dual_stack: bool,
}

/// Where the webhook mounts IRSA's token.
pub const IRSA_TOKEN_PATH: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
/// The API server's own token, where one is mounted.
pub const DEFAULT_TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

impl Plan {
    /// Makes the plan.
    pub fn of(inputs: &Inputs) -> Plan {
        let env = &inputs.environment;
        let mut defects = Defects::default();
        let provider = provider(inputs, &mut defects);
        let role = if provider == Provider::Irsa { role(env, &mut defects) } else { None };
        // Beside a complete IRSA that is not to be proven, AWS_ROLE_ARN says nothing of the other provider's role.
        let of_irsa = provider == Provider::PodIdentity && env.token_file.value().is_some();
        let injected_role = env.role_arn.value().filter(|_| !of_irsa).and_then(|arn| RoleArn::parse(arn).ok());
        let expected_role = inputs.settings.expect_role_arn.clone().or(injected_role);
        if let (Some(role), Some(expected)) = (&role, &inputs.settings.expect_role_arn)
            && !role.same_role(expected)
        {
            defects.add(Code::RoleDiffersFromExpected, format!("AWS_ROLE_ARN is {role}, expected is {expected}."));
        }
        let fips = env.use_fips.is_true() || inputs.profile.use_fips;
        let dual_stack = env.use_dual_stack.is_true() || inputs.profile.use_dual_stack;
        let regions = regions(inputs, provider, &mut defects);
        let endpoints = endpoints(inputs, &regions, fips, dual_stack, &mut defects);
        if let (Some(arn), Some(region)) = (&role, regions.first())
            && arn.partition != region.partition()
        {
            let (role_partition, region_partition) = (arn.partition, region.partition());
            defects.add(
                Code::PartitionMismatch,
                format!("The role {arn} belongs to partition {role_partition}, the region {region} to {region_partition}."),
            );
        }
        if provider != Provider::None {
            shadows(inputs, provider, &mut defects);
        }
        global_endpoint(inputs, regions.first(), &endpoints, &mut defects);
        let agent_url = if provider == Provider::PodIdentity { agent(env, &mut defects) } else { None };
        defects.0.sort_by_key(|defect| defect.code);
        Plan {
            provider,
            defects: defects.0,
            role,
            expected_role,
            token_path: match provider {
                Provider::Irsa => env.token_file.value().map(str::to_owned),
                Provider::PodIdentity => env.container_token_file.value().map(str::to_owned),
                Provider::None => None,
            },
            audience: if provider == Provider::PodIdentity { "pods.eks.amazonaws.com" } else { "sts.amazonaws.com" },
            endpoints,
            agent_url,
            imds: imds(inputs),
            fips,
            dual_stack,
        }
    }

    /// A failure among the defects: nothing is exchanged then.
    pub fn failure(&self) -> Option<&Defect> {
        self.defects.iter().find(|defect| defect.severity == Severity::Fail)
    }

    /// The primary region.
    pub fn region(&self) -> Option<&Region> {
        self.endpoints.first().map(|endpoint| &endpoint.region)
    }
}

#[derive(Default)]
struct Defects(Vec<Defect>);

impl Defects {
    fn add(&mut self, code: Code, detail: String) {
        self.add_as(code, code.row().severity, detail);
    }

    fn add_as(&mut self, code: Code, severity: Severity, detail: String) {
        self.0.push(Defect { code, detail, severity });
    }
}

/// Which provider was injected, by FACTS' live matrix rows 06–10, 15, 22 and 23.
fn provider(inputs: &Inputs, defects: &mut Defects) -> Provider {
    let env = &inputs.environment;
    let irsa = env.role_arn.value().is_some() && env.token_file.value().is_some();
    let pod_identity_uri = env.container_full_uri.value().is_some();
    let pod_identity =
        pod_identity_uri && (env.container_token_file.value().is_some() || env.container_token == super::inputs::Secret::Present);
    let provider = match inputs.settings.provider {
        ProviderChoice::Irsa if irsa => Provider::Irsa,
        ProviderChoice::PodIdentity if pod_identity => Provider::PodIdentity,
        ProviderChoice::Auto if irsa => Provider::Irsa,
        ProviderChoice::Auto if pod_identity => Provider::PodIdentity,
        _ => Provider::None,
    };
    if irsa && pod_identity_uri {
        defects.add(
            Code::BothInjected,
            format!(
                "Both AWS_WEB_IDENTITY_TOKEN_FILE and AWS_CONTAINER_CREDENTIALS_FULL_URI are set; SDKs take IRSA, this check proves {}.",
                provider.id()
            ),
        );
    }
    let half = half_injected(env, irsa, pod_identity, provider);
    match (provider, half) {
        (_, Some(detail)) => defects.add(Code::HalfInjected, detail),
        (Provider::None, None) => defects.add(Code::NotInjected, not_injected(inputs, irsa, pod_identity)),
        _ => {}
    }
    provider
}

/// Half an identity, where that changes what an SDK does. A role ARN alone beside a complete Pod Identity changes nothing
/// (row 07: every SDK falls through); a token file alone stops boto3 and Go (row 06), an empty one stops Rust (row 08).
fn half_injected(env: &Environment, irsa: bool, pod_identity: bool, provider: Provider) -> Option<String> {
    if irsa {
        return None; // IRSA comes first; what follows it in the chain is never asked.
    }
    let only_a_role = env.role_arn.value().is_some() && !env.token_file.is_set();
    let touched = env.role_arn.is_set() || env.token_file.is_set();
    if touched && !(pod_identity && only_a_role) {
        return Some(format!("AWS_ROLE_ARN is {}, AWS_WEB_IDENTITY_TOKEN_FILE is {}.", state(&env.role_arn), state(&env.token_file)));
    }
    if pod_identity || provider != Provider::None {
        return None;
    }
    let token = env.container_token_file.is_set() || env.container_token != super::inputs::Secret::Unset;
    (env.container_full_uri.is_set() || token).then(|| {
        format!(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is {}, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is {}.",
            state(&env.container_full_uri),
            state(&env.container_token_file)
        )
    })
}

fn state(var: &Var) -> &'static str {
    match (var.is_set(), var.is_empty()) {
        (false, _) => "unset",
        (true, true) => "empty",
        (true, false) => "set",
    }
}

fn not_injected(inputs: &Inputs, irsa: bool, pod_identity: bool) -> String {
    let env = &inputs.environment;
    let mut detail = match inputs.settings.provider {
        ProviderChoice::Irsa if pod_identity => {
            "IRSA was asked for, and this container has EKS Pod Identity only (the webhook prefers an association to the annotation)."
                .to_owned()
        }
        ProviderChoice::PodIdentity if irsa => "EKS Pod Identity was asked for, and this container has IRSA only.".to_owned(),
        _ => "None of AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_CONTAINER_CREDENTIALS_FULL_URI is set.".to_owned(),
    };
    if env.container_relative_uri.value().is_some() {
        detail.push_str(" AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set, which means something on ECS only.");
    }
    if env.has_static_keys() {
        detail.push_str(" Static keys are in the environment.");
    }
    detail
}

fn role(env: &Environment, defects: &mut Defects) -> Option<RoleArn> {
    let text = env.role_arn.value()?;
    match RoleArn::parse(text) {
        Ok(role) => Some(role),
        Err(error) => {
            defects.add(Code::RoleArnMalformed, format!("AWS_ROLE_ARN is {text:?}: {error}."));
            None
        }
    }
}

/// The regions to call, the primary first; without `--sts-region` the pod's own.
fn regions(inputs: &Inputs, provider: Provider, defects: &mut Defects) -> Vec<Region> {
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
        ("region of the profile", inputs.profile.region.as_deref().filter(|region| !region.is_empty())),
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
    match Region::parse(text) {
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

/// The configured endpoint URL, by the SDKs' precedence (FACTS B.5).
fn endpoint_override(inputs: &Inputs) -> Option<(&'static str, &str)> {
    let env = &inputs.environment;
    if env.ignore_endpoint_urls.is_true() {
        return None;
    }
    [
        ("AWS_ENDPOINT_URL_STS", env.endpoint_url_sts.value()),
        ("AWS_ENDPOINT_URL", env.endpoint_url.value()),
        ("endpoint_url of the profile", inputs.profile.endpoint_url.as_deref()),
    ]
    .into_iter()
    .find_map(|(name, value)| value.map(|value| (name, value)))
}

fn endpoints(inputs: &Inputs, regions: &[Region], fips: bool, dual_stack: bool, defects: &mut Defects) -> Vec<PlannedEndpoint> {
    if let Some((name, url)) = endpoint_override(inputs) {
        let Some(host) = url_host(url) else {
            defects.add_as(
                Code::EndpointOverride,
                Severity::Fail,
                format!("{name} is {url:?}, which is not an http or https URL; write it as https://HOST."),
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
        return regions.iter().map(|region| PlannedEndpoint { region: region.clone(), url: url.to_owned(), host: host.clone() }).collect();
    }
    if let Some(region) = regions.first().filter(|region| fips && !region.has_fips_sts() && !region.is_global()) {
        let host = region.sts_host(fips, dual_stack);
        defects.add(Code::FipsEndpointAbsent, format!("AWS_USE_FIPS_ENDPOINT is true in {region}: {host} does not exist."));
    }
    regions
        .iter()
        .map(|region| {
            let host = region.sts_host(fips, dual_stack);
            PlannedEndpoint { region: region.clone(), url: format!("https://{host}"), host }
        })
        .collect()
}

/// What every SDK, or some of them, would take instead of the injected identity (live matrix rows 25, 26, 32).
fn shadows(inputs: &Inputs, provider: Provider, defects: &mut Defects) {
    if inputs.environment.has_static_keys() {
        defects.add(
            Code::ShadowedByEnvKeys,
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set: every SDK uses them instead of the injected role.".to_owned(),
        );
    }
    let profile = &inputs.profile;
    // A web identity profile that names the same token is what the pod has anyway.
    if let Some(kind) = profile.credentials.filter(|kind| *kind != ProfileCredentials::WebIdentity) {
        let how = match kind {
            ProfileCredentials::RoleArn => "role_arn",
            ProfileCredentials::Sso => "sso",
            ProfileCredentials::StaticKeys => "static keys",
            ProfileCredentials::Process => "credential_process",
            ProfileCredentials::Login => "login_session",
            ProfileCredentials::WebIdentity => "web_identity_token_file",
        };
        let who = if provider == Provider::PodIdentity { "every SDK prefers it" } else { "the Rust and JavaScript SDKs prefer it" };
        defects.add(
            Code::ShadowedByProfile,
            format!("Profile {:?} in {} gives credentials by {how}; {who}.", profile.name, profile.files.join(", ")),
        );
    }
}

fn global_endpoint(inputs: &Inputs, primary: Option<&Region>, endpoints: &[PlannedEndpoint], defects: &mut Defects) {
    let env = &inputs.environment;
    let legacy = env.sts_regional_endpoints.value().or(inputs.profile.sts_regional_endpoints.as_deref());
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

/// The agent's URL, if SDKs would call it (FACTS C.1, ECS provider).
fn agent(env: &Environment, defects: &mut Defects) -> Option<String> {
    if let Some(relative) = env.container_relative_uri.value() {
        defects.add(
            Code::AgentUriNotAllowed,
            format!("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is {relative:?} and beats the full URI: SDKs call 169.254.170.2 instead of the agent."),
        );
        return None;
    }
    let uri = env.container_full_uri.value()?;
    let Some(host) = url_host(uri) else {
        defects.add(Code::AgentUriNotAllowed, format!("AWS_CONTAINER_CREDENTIALS_FULL_URI is {uri:?}, which is not an http or https URL."));
        return None;
    };
    if uri.starts_with("http://") && !may_be_called_in_clear(&host) {
        defects.add(
            Code::AgentUriNotAllowed,
            format!(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is {uri}: over http SDKs refuse every host but loopback and the agent's addresses."
            ),
        );
        return None;
    }
    let captures = env.http_proxy_lower.value().or(env.http_proxy.value());
    let exempt = env.no_proxy_lower.value().or(env.no_proxy.value()).unwrap_or_default();
    let port = url_port(uri);
    if let Some(http_proxy) = captures.filter(|_| uri.starts_with("http://") && !proxy::bypasses(exempt, &host, port)) {
        defects.add(Code::ProxyCapturesAgent, format!("HTTP_PROXY is {http_proxy}, and NO_PROXY ({exempt:?}) does not exempt {host}."));
    }
    Some(uri.to_owned())
}

/// Loopback, ECS, and the agent's two addresses.
fn may_be_called_in_clear(host: &str) -> bool {
    let known = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
    match host.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback() || known.iter().any(|k| k.parse() == Ok(ip)),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// Host of an absolute http(s) URL, without brackets.
fn url_host(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return None;
    }
    let host = uri.host().filter(|host| !host.is_empty())?;
    Some(host.trim_start_matches('[').trim_end_matches(']').to_owned())
}

fn url_port(url: &str) -> u16 {
    let uri: Option<http::Uri> = url.parse().ok();
    uri.and_then(|uri| uri.port_u16().or(if uri.scheme_str() == Some("https") { Some(443) } else { None })).unwrap_or(80)
}

fn imds(inputs: &Inputs) -> ImdsPlan {
    let env = &inputs.environment;
    if inputs.settings.no_imds {
        return ImdsPlan::NotAsked;
    }
    if env.imds_disabled.is_true() {
        return ImdsPlan::Disabled;
    }
    let endpoint = match (env.imds_endpoint.value(), env.imds_endpoint_mode.value()) {
        (Some(endpoint), _) => endpoint.trim_end_matches('/').to_owned(),
        (None, Some(mode)) if mode.eq_ignore_ascii_case("ipv6") => "http://[fd00:ec2::254]".to_owned(),
        _ => "http://169.254.169.254".to_owned(),
    };
    ImdsPlan::Ask { endpoint, v1: !env.imds_v1_disabled.is_true() }
}

#[cfg(test)]
mod tests {
    use super::super::inputs::Settings;
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/apps/checkout";

    fn plan_with(vars: &[(&str, &str)], settings: Settings) -> Plan {
        let environment = Environment::read(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
        Plan::of(&Inputs { environment, settings, ..Inputs::default() })
    }

    fn codes(vars: &[(&str, &str)]) -> (Provider, Vec<&'static str>) {
        let plan = plan_with(vars, Settings::default());
        (plan.provider, plan.defects.iter().map(|d| d.code.id()).collect())
    }

    /// FACTS, live matrix: the environment alone decides these rows.
    #[test]
    fn injection_as_the_live_matrix_has_it() {
        let (role, token, region) = (("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_REGION", "us-west-2"));
        let uri = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
        let uri_token = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/p");
        let no_role = ("AWS_ROLE_ARN", "");
        let no_token = ("AWS_WEB_IDENTITY_TOKEN_FILE", "");
        for (row, vars, provider, expected) in [
            ("01", vec![role, token, region], Provider::Irsa, vec![]),
            ("06", vec![token, region], Provider::None, vec!["half-injected"]),
            ("07", vec![role, region], Provider::None, vec!["half-injected"]),
            ("08", vec![role, no_token, region], Provider::None, vec!["half-injected"]),
            ("09", vec![no_role, token, region], Provider::None, vec!["half-injected"]),
            ("10", vec![region], Provider::None, vec!["not-injected"]),
            ("15", vec![uri, uri_token, region], Provider::PodIdentity, vec![]),
            ("15 with a role alone", vec![uri, uri_token, role, region], Provider::PodIdentity, vec![]),
            ("15 with a token alone", vec![uri, uri_token, token, region], Provider::PodIdentity, vec!["half-injected"]),
            ("22", vec![uri_token, region], Provider::None, vec!["half-injected"]),
            ("22 the other way", vec![uri, region], Provider::None, vec!["half-injected"]),
            ("23", vec![role, token, uri, uri_token, region], Provider::Irsa, vec!["both-injected"]),
            (
                "25",
                vec![role, token, region, ("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s")],
                Provider::Irsa,
                vec!["shadowed-by-env-keys"],
            ),
            ("26", vec![role, token, region, ("AWS_ACCESS_KEY_ID", "A")], Provider::Irsa, vec![]),
            ("30", vec![role, token], Provider::Irsa, vec!["region-missing"]),
            (
                "34",
                vec![role, token, region, ("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")],
                Provider::Irsa,
                vec!["fips-endpoint-absent"],
            ),
            (
                "35",
                vec![uri, uri_token, region, ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2")],
                Provider::PodIdentity,
                vec!["agent-uri-not-allowed"],
            ),
            (
                "36",
                vec![("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/v1"), uri_token, region],
                Provider::PodIdentity,
                vec!["agent-uri-not-allowed"],
            ),
        ] {
            assert_eq!(codes(&vars), (provider, expected), "row {row}");
        }
    }

    #[test]
    fn regions_and_partitions() {
        let base = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t")];
        for (region, expected) in [
            ("us-east-1a", vec!["region-malformed"]),
            ("US-EAST-1", vec!["region-malformed"]),
            ("cn-north-1", vec!["partition-mismatch"]),
            ("us-gov-west-1", vec!["partition-mismatch"]),
            ("us-east-1a\n", vec!["region-malformed"]),
            ("aws-global", vec!["global-endpoint-configured"]),
            ("mars-1", vec!["region-malformed"]),
        ] {
            let mut vars = base.to_vec();
            vars.push(("AWS_REGION", region));
            assert_eq!(codes(&vars).1, expected, "{region}");
        }
    }

    #[test]
    fn a_proxy_captures_the_agent_only_without_an_exemption() {
        let base = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/p"),
            ("AWS_REGION", "us-west-2"),
            ("HTTP_PROXY", "http://proxy:3128"),
        ];
        assert_eq!(codes(&base).1, ["proxy-captures-agent"]);
        let mut exempt = base.to_vec();
        exempt.push(("NO_PROXY", "10.0.0.0/8, 169.254.170.23"));
        assert!(codes(&exempt).1.is_empty());
    }

    #[test]
    fn legacy_matters_only_in_legacy_regions() {
        let with = |region| {
            codes(&[
                ("AWS_ROLE_ARN", ROLE),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"),
                ("AWS_REGION", region),
                ("AWS_STS_REGIONAL_ENDPOINTS", "legacy"),
            ])
            .1
        };
        assert_eq!(with("us-west-2"), ["global-endpoint-configured"]);
        assert!(with("eu-south-1").is_empty());
    }

    #[test]
    fn asking_for_the_other_provider_is_not_injected() {
        let vars = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_REGION", "us-west-2")];
        let plan = plan_with(&vars, Settings { provider: ProviderChoice::PodIdentity, ..Settings::default() });
        assert_eq!((plan.provider, plan.defects[0].code), (Provider::None, Code::NotInjected));
    }
}
