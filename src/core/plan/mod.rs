//! The plan of a check, made from the inputs before anything is called: which provider was injected, what overrides it, which endpoints are
//! called and in which order. Defects that the inputs alone prove are part of the plan.

mod agent;
mod endpoints;
mod identity;
mod injection;
pub mod inputs;
mod profile;

use crate::core::aws::arn::RoleArn;
use crate::core::aws::partition::Region;
use crate::core::catalogue::{Code, Severity, Step};
use crate::core::pod::precedence;
use crate::core::sdk::ChainEnd;
use crate::core::text::secrets::{InputUrl, InputValue};
use agent::agent_url;
use endpoints::{endpoints, global_endpoint, regions};
use identity::ProvenIdentity;
pub use identity::{IdentitySource, PlannedHop};
use injection::{injected, shadows};
use inputs::Inputs;
pub use profile::profile_fault;
use serde::{Deserialize, Serialize};

/// The provider that was injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// IAM roles for service accounts.
    Irsa,
    /// EKS Pod Identity.
    PodIdentity,
    /// No provider was injected.
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
    /// The severity in this pod. It may differ from the catalogue's.
    pub severity: Severity,
}

/// One STS endpoint to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedEndpoint {
    /// Region, or `aws-global`.
    pub region: Region,
    /// URL.
    pub url: InputUrl,
    /// Host of the URL.
    pub host: String,
}

/// Whether IMDS is asked, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImdsPlan {
    /// Ask it.
    Ask {
        /// Base URL.
        endpoint: InputUrl,
        /// Whether version 1 may be tried.
        v1: bool,
    },
    /// `--no-imds`.
    NotAsked,
    /// `AWS_EC2_METADATA_DISABLED`.
    Disabled,
}

/// What to call, and what is already known to be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The provider to prove.
    pub provider: Provider,
    /// What the inputs alone prove.
    pub defects: Vec<Defect>,
    /// What names the identity to prove.
    pub source: IdentitySource,
    /// The profile that names it, if a profile does.
    pub profile: Option<InputValue>,
    /// The role for which the token is exchanged, if its ARN is a role's and IRSA is to be proven.
    pub role: Option<RoleArn>,
    /// The roles of the profile that are assumed after it, in their order.
    pub hops: Vec<PlannedHop>,
    /// The name of the token's session, if one is given.
    pub session_name: Option<InputValue>,
    /// The role that the proven identity is compared with.
    pub expected_role: Option<RoleArn>,
    /// The token file of the provider.
    pub token_path: Option<InputValue>,
    /// The audience that the webhook projects for the provider.
    pub audience: &'static str,
    /// Endpoints, the primary first. Empty when no region is known.
    pub endpoints: Vec<PlannedEndpoint>,
    /// The agent's URL, when Pod Identity is to be proven and the URL may be called.
    pub agent_url: Option<InputUrl>,
    /// IMDS.
    pub imds: ImdsPlan,
    /// FIPS endpoints are asked for.
    pub fips: bool,
    /// Dual-stack endpoints are asked for.
    pub dual_stack: bool,
}

impl Plan {
    /// Makes the plan.
    pub fn from_inputs(inputs: &Inputs) -> Plan {
        let env = &inputs.environment;
        let mut defects = Defects::default();
        let (provider, source) = injected(inputs, &mut defects);
        let identity = match provider {
            Provider::PodIdentity if source.is_none() => ProvenIdentity::default(),
            Provider::None => ProvenIdentity::default(),
            Provider::Irsa | Provider::PodIdentity => ProvenIdentity::of(inputs, &source, &mut defects),
        };
        // When IRSA is injected but Pod Identity is to be proven, AWS_ROLE_ARN is IRSA's and says nothing about Pod Identity's role.
        let of_irsa = provider == Provider::PodIdentity && env.token_file.value().is_some();
        let injected_role = match &source {
            Some(_) => identity.last_role().cloned(),
            None => env.role_arn.raw().filter(|_| !of_irsa).and_then(|arn| RoleArn::parse(arn).ok()),
        };
        let expected_role = inputs.settings.expect_role_arn.clone().or(injected_role);
        if let (Some(role), Some(expected)) = (identity.last_role(), &inputs.settings.expect_role_arn)
            && !role.same_role(expected)
        {
            let given = identity.describe_last(&source);
            defects.add(Code::RoleDiffersFromExpected, format!("{given} is {role}; the expected role is {expected}."));
        }
        let fips = precedence::is_fips(env, &inputs.profile);
        let dual_stack = precedence::is_dual_stack(env, &inputs.profile);
        let regions = regions(inputs, provider, &mut defects);
        let endpoints = endpoints(inputs, &regions, fips, dual_stack, &mut defects);
        let other = |region: &Region| identity.roles().find(|arn| arn.partition != region.partition()).cloned();
        if let Some((arn, region)) = regions.first().and_then(|region| Some((other(region)?, region))) {
            let (role_partition, region_partition) = (arn.partition, region.partition());
            defects.add(
                Code::PartitionMismatch,
                format!("The role {arn} belongs to partition {role_partition}, the region {region} to {region_partition}."),
            );
        }
        if provider != Provider::None {
            shadows(inputs, provider, source.is_some(), &mut defects);
        }
        global_endpoint(inputs, regions.first(), &endpoints, &mut defects);
        let agent_url = if provider == Provider::PodIdentity { agent_url(env, &mut defects) } else { None };
        // A profile's fault replaces `not-injected`, which is the first code.
        defects.0.sort_by_key(|defect| (defect.code.step() != Step::Application, defect.code));
        let token_path = match (provider, source.as_ref().and_then(|chain| chain.web_identity())) {
            (Provider::Irsa, Some(root)) => Some(root.token_file.clone()),
            (Provider::Irsa, None) => env.token_file.value().cloned(),
            (Provider::PodIdentity, _) => env.container_token_file.value().cloned(),
            (Provider::None, _) => None,
        };
        Plan {
            provider,
            defects: defects.0,
            source: if source.is_some() { IdentitySource::Profile } else { IdentitySource::Environment },
            profile: source.is_some().then(|| inputs.profile.name.clone()),
            role: identity.role,
            hops: identity.hops,
            session_name: identity.session_name,
            expected_role,
            token_path,
            audience: if provider == Provider::PodIdentity { "pods.eks.amazonaws.com" } else { "sts.amazonaws.com" },
            endpoints,
            agent_url,
            imds: imds(inputs),
            fips,
            dual_stack,
        }
    }

    /// The first defect that is a failure. With a failure, nothing is exchanged.
    pub fn failure(&self) -> Option<&Defect> {
        self.defects.iter().find(|defect| defect.severity == Severity::Fail)
    }

    /// The role at the end of the chain: that of the last hop, or the token's own.
    pub fn last_role(&self) -> Option<&RoleArn> {
        self.hops.last().map(|hop| &hop.role).or(self.role.as_ref())
    }

    /// Where the chain of an SDK ends that uses this identity. `None` where there is none to prove.
    pub fn chain_end(&self) -> Option<ChainEnd> {
        match (self.provider, self.source) {
            (Provider::Irsa, IdentitySource::Environment) => Some(ChainEnd::Irsa),
            (Provider::PodIdentity, IdentitySource::Environment) => Some(ChainEnd::PodIdentity),
            (Provider::Irsa | Provider::PodIdentity, IdentitySource::Profile) => Some(ChainEnd::Profile),
            (Provider::None, _) => None,
        }
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

fn imds(inputs: &Inputs) -> ImdsPlan {
    let env = &inputs.environment;
    if inputs.settings.no_imds {
        return ImdsPlan::NotAsked;
    }
    if env.imds_disabled.is_true() {
        return ImdsPlan::Disabled;
    }
    let endpoint = match (env.imds_endpoint.raw(), env.imds_endpoint_mode.raw()) {
        (Some(endpoint), _) => endpoint.trim_end_matches('/'),
        (None, Some(mode)) if mode.eq_ignore_ascii_case("ipv6") => "http://[fd00:ec2::254]",
        _ => "http://169.254.169.254",
    };
    ImdsPlan::Ask { endpoint: endpoint.into(), v1: !env.imds_v1_disabled.is_true() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::inputs::{ProviderChoice, Settings};
    use crate::core::pod::environment::Environment;
    use crate::core::pod::profile::{Profile, ProfileSection, SharedFile};

    const ROLE: &str = "arn:aws:iam::111122223333:role/apps/checkout";

    fn plan_with(vars: &[(&str, &str)], settings: Settings) -> Plan {
        let environment = Environment::from_lookup(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
        Plan::from_inputs(&Inputs { environment, settings, ..Inputs::default() })
    }

    fn codes(vars: &[(&str, &str)]) -> (Provider, Vec<&'static str>) {
        let plan = plan_with(vars, Settings::default());
        (plan.provider, plan.defects.iter().map(|d| d.code.id()).collect())
    }

    /// docs/facts.md#chain-matrix: the environment alone decides these rows.
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

    /// What a check proves, by what the variables and the profile name and by what is expected.
    #[test]
    fn a_profile_counts_where_the_variables_inject_nothing() {
        const OTHER: &str = "arn:aws:iam::444455556666:role/other";
        let (role, token, region) = (("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_REGION", "us-west-2"));
        let agent = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/p"),
        ];
        let web = |role: &str| ProfileSection {
            role_arn: Some(role.into()),
            web_identity_token_file: Some("/profile-token".into()),
            ..ProfileSection::new("app", SharedFile::Config)
        };
        let broken = ProfileSection { role_arn: Some(OTHER.into()), ..ProfileSection::new("app", SharedFile::Config) };
        let plan = |vars: &[(&str, &str)], section: Option<&ProfileSection>, expected: Option<&str>, provider| {
            let environment =
                Environment::from_lookup(|name| vars.iter().chain([&region]).find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
            let sections: Vec<ProfileSection> = section.cloned().into_iter().collect();
            let credentials = section.and_then(ProfileSection::credentials);
            let profile = Profile { name: "app".into(), missing: sections.is_empty(), credentials, sections, ..Profile::default() };
            let expect_role_arn = expected.map(|role| RoleArn::parse(role).unwrap());
            let settings = Settings { expect_role_arn, provider, ..Settings::default() };
            let plan = Plan::from_inputs(&Inputs { environment, profile, settings });
            let codes: Vec<&str> = plan.defects.iter().map(|defect| defect.code.id()).collect();
            (plan.provider, plan.source, codes)
        };
        use IdentitySource::{Environment as Vars, Profile as File};
        let (auto, irsa, agent_asked) = (ProviderChoice::Auto, ProviderChoice::Irsa, ProviderChoice::PodIdentity);
        let other = web(OTHER);
        for (vars, section, expected, provider, wanted) in [
            (&[][..], Some(&other), None, auto, (Provider::Irsa, File, vec![])),
            (&[], Some(&other), None, irsa, (Provider::Irsa, File, vec![])),
            (&[], Some(&other), None, agent_asked, (Provider::None, Vars, vec!["not-injected"])),
            (&[], Some(&other), Some(ROLE), auto, (Provider::Irsa, File, vec!["role-differs-from-expected"])),
            (&[], Some(&broken), None, auto, (Provider::None, Vars, vec!["profile-broken"])),
            (&[], None, None, auto, (Provider::None, Vars, vec!["profile-missing"])),
            (&[role], Some(&other), None, auto, (Provider::None, Vars, vec!["half-injected"])),
            (&[role], None, None, auto, (Provider::None, Vars, vec!["half-injected"])),
            (&[role, token], Some(&other), None, auto, (Provider::Irsa, Vars, vec![])),
            (&[role, token], Some(&other), Some(ROLE), auto, (Provider::Irsa, Vars, vec![])),
            (&[role, token], Some(&other), Some(OTHER), auto, (Provider::Irsa, File, vec![])),
            (&[role, token], Some(&web(ROLE)), Some(ROLE), auto, (Provider::Irsa, Vars, vec![])),
            (&[role, token], Some(&broken), None, auto, (Provider::Irsa, Vars, vec![])),
            (&[role, token], Some(&broken), None, agent_asked, (Provider::None, Vars, vec!["not-injected"])),
            (&[role, token], None, None, auto, (Provider::Irsa, Vars, vec![])),
            (&agent, Some(&other), None, auto, (Provider::PodIdentity, Vars, vec![])),
            (&agent, Some(&other), Some(OTHER), auto, (Provider::Irsa, File, vec![])),
            (&agent, Some(&other), Some(OTHER), agent_asked, (Provider::PodIdentity, Vars, vec![])),
        ] {
            let of = section.map(|section| &section.role_arn);
            assert_eq!(plan(vars, section, expected, provider), wanted, "{vars:?}, {of:?}, expected {expected:?}, {provider:?}");
        }
    }

    #[test]
    fn asking_for_the_other_provider_is_not_injected() {
        let vars = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_REGION", "us-west-2")];
        let plan = plan_with(&vars, Settings { provider: ProviderChoice::PodIdentity, ..Settings::default() });
        assert_eq!((plan.provider, plan.defects[0].code), (Provider::None, Code::NotInjected));
    }
}
