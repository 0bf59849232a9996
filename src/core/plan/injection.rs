//! What was injected, and what overrides it.

use super::{Defects, Provider, profile};
use crate::core::aws::arn::RoleArn;
use crate::core::catalogue::{Code, Severity};
use crate::core::plan::inputs::{Inputs, ProviderChoice};
use crate::core::pod::environment::{Environment, HeldToken, Var};
use crate::core::pod::profile::ProfileCredentials;
use crate::core::pod::profile_chain::{ChainRoot, ProfileChain, ProfileFault};
use crate::core::text::secrets::Shown;

/// What is to be proven: the provider, and the profile that names it. Without a profile the variables name it.
///
/// A profile counts where the variables inject nothing. Where both are there and the person expects the profile's role, the profile counts too.
pub(super) fn injected(inputs: &Inputs, defects: &mut Defects) -> (Provider, Option<ProfileChain>) {
    let found = InjectedVariables::of(inputs);
    let chain = inputs.profile.role_chain();
    if let Some(chain) = chain.as_ref().ok().and_then(|chain| chain.as_ref()) {
        let is_asked = inputs.settings.provider != ProviderChoice::PodIdentity;
        let counts = || found.is_nothing() || is_expected_of(chain, inputs, &found);
        if chain.web_identity().is_some() && is_asked && counts() {
            return (Provider::Irsa, Some(chain.clone()));
        }
        // The profile's role is assumed with the credentials of the association.
        if chain.root == ChainRoot::EcsContainer && found.provider == Provider::PodIdentity && is_expected_of(chain, inputs, &found) {
            return (Provider::PodIdentity, Some(chain.clone()));
        }
    }
    let InjectedVariables { irsa, pod_identity, provider, half } = found;
    if irsa && inputs.environment.container_full_uri.value().is_some() {
        defects.add(
            Code::BothInjected,
            format!(
                "Both AWS_WEB_IDENTITY_TOKEN_FILE and AWS_CONTAINER_CREDENTIALS_FULL_URI are set; SDKs use IRSA, and this check tests {}.",
                provider.id()
            ),
        );
    }
    match (provider, half) {
        (_, Some(detail)) => defects.add(Code::HalfInjected, detail),
        (Provider::None, None) => {
            let fault = profile::fault(inputs, &chain).filter(|_| !irsa && !pod_identity);
            let (code, why) = fault.unwrap_or_else(|| (Code::NotInjected, no_provider(inputs, irsa, pod_identity).to_owned()));
            // The text of a profile's fault names the error already.
            let unusable = inputs.profile.error.as_ref().filter(|_| code == Code::NotInjected);
            let unusable = unusable.map(|error| format!(" A shared configuration file cannot be used: {}.", error.trim_end_matches('.')));
            defects.add_as(code, Severity::Fail, why + &unusable.unwrap_or_default() + &other_sources(inputs, &chain));
        }
        _ => {}
    }
    (provider, None)
}

/// What the variables inject, as most SDKs see it (docs/facts.md#chain-matrix).
struct InjectedVariables {
    irsa: bool,
    pod_identity: bool,
    provider: Provider,
    /// Only half of an identity is there. The text says which.
    half: Option<String>,
}

impl InjectedVariables {
    fn of(inputs: &Inputs) -> InjectedVariables {
        let env = &inputs.environment;
        let irsa = env.role_arn.value().is_some() && env.token_file.value().is_some();
        let has_token = env.container_token_file.value().is_some() || env.container_token.has_value();
        let pod_identity = env.container_full_uri.value().is_some() && has_token;
        let provider = match inputs.settings.provider {
            ProviderChoice::Irsa if irsa => Provider::Irsa,
            ProviderChoice::PodIdentity if pod_identity => Provider::PodIdentity,
            ProviderChoice::Auto if irsa => Provider::Irsa,
            ProviderChoice::Auto if pod_identity => Provider::PodIdentity,
            _ => Provider::None,
        };
        InjectedVariables { irsa, pod_identity, provider, half: half_injected(env, irsa, pod_identity, provider) }
    }

    /// The variables inject neither an identity nor half of one.
    fn is_nothing(&self) -> bool {
        !self.irsa && !self.pod_identity && self.half.is_none()
    }
}

/// Whether the person expects the role at the end of this chain, and the variables name another one or none.
fn is_expected_of(chain: &ProfileChain, inputs: &Inputs, found: &InjectedVariables) -> bool {
    let Some(expected) = &inputs.settings.expect_role_arn else { return false };
    let is_expected = |arn: &str| RoleArn::parse(arn).is_ok_and(|role| role.same_role(expected));
    let of_variables = inputs.environment.role_arn.raw().filter(|_| found.irsa);
    found.half.is_none() && chain.last_role().is_some_and(|role| is_expected(role.raw())) && !of_variables.is_some_and(is_expected)
}

/// The text of the finding, where only half of an identity is injected and that changes what an SDK does.
///
/// A role ARN alone together with a complete Pod Identity changes nothing: SDKs try the next provider (docs/facts.md#token-path-unset). A token file alone
/// stops boto3 and Go (docs/facts.md#role-unset). An empty token file stops Rust (docs/facts.md#token-path-empty).
fn half_injected(env: &Environment, irsa: bool, pod_identity: bool, provider: Provider) -> Option<String> {
    if irsa {
        return None; // IRSA comes first in the chain, so nothing after it is asked.
    }
    let only_a_role = env.role_arn.value().is_some() && !env.token_file.is_set();
    let touched = env.role_arn.is_set() || env.token_file.is_set();
    if touched && !(pod_identity && only_a_role) {
        return Some(format!("AWS_ROLE_ARN is {}, AWS_WEB_IDENTITY_TOKEN_FILE is {}.", state(&env.role_arn), state(&env.token_file)));
    }
    if pod_identity || provider != Provider::None {
        return None;
    }
    let token = env.container_token_file.is_set() || env.container_token != HeldToken::Unset;
    (env.container_full_uri.is_set() || token).then(|| {
        format!(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is {}, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is {}.",
            state(&env.container_full_uri),
            state(&env.container_token_file)
        )
    })
}

/// Whether a variable is unset, empty or set. The value is not shown.
pub(super) fn state<V: Shown>(var: &Var<V>) -> &'static str {
    match (var.is_set(), var.is_empty()) {
        (false, _) => "unset",
        (true, true) => "empty",
        (true, false) => "set",
    }
}

/// Why there is no provider to prove.
fn no_provider(inputs: &Inputs, irsa: bool, pod_identity: bool) -> &'static str {
    match inputs.settings.provider {
        ProviderChoice::Irsa if pod_identity => {
            "IRSA was requested, but this container has only EKS Pod Identity (the webhook prefers an association to the annotation)."
        }
        ProviderChoice::PodIdentity if irsa => "EKS Pod Identity was requested, but this container has only IRSA.",
        _ => "None of AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_CONTAINER_CREDENTIALS_FULL_URI is set.",
    }
}

/// What else SDKs find where no identity is injected.
fn other_sources(inputs: &Inputs, chain: &Result<Option<ProfileChain>, ProfileFault>) -> String {
    let env = &inputs.environment;
    let mut said = String::new();
    if env.container_relative_uri.value().is_some() {
        said.push_str(" AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set, which works only on ECS.");
    }
    if env.has_static_keys() {
        said.push_str(" Static keys are in the environment.");
    }
    if let Ok(Some(chain)) = chain {
        said.push_str(&profile::describe(&inputs.profile, chain));
    }
    said
}

/// Adds a defect for each other source of credentials that some or all SDKs would take instead of the injected identity
/// (docs/facts.md#keys-and-irsa, docs/facts.md#key-id-alone, docs/facts.md#credentials-file-and-irsa).
pub(super) fn shadows(inputs: &Inputs, provider: Provider, by_profile: bool, defects: &mut Defects) {
    let env = &inputs.environment;
    if env.has_static_keys() {
        let set = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set";
        let detail = match by_profile {
            false => format!("{set}: every SDK uses them instead of the injected role."),
            // docs/sdks.md#profile-missing-and-keys
            true if env.profile.value().is_some() => {
                format!("{set}: every SDK uses them instead of the profile's role, except JavaScript 3 while AWS_PROFILE is set.")
            }
            true => format!("{set}: every SDK uses them instead of the profile's role."),
        };
        defects.add(Code::ShadowedByEnvKeys, detail);
    }
    let profile = &inputs.profile;
    // The profile is the identity itself, or it can give no credentials, which has a code of its own.
    if by_profile || profile.role_chain().is_err() {
        return;
    }
    // A web identity profile usually names the injected token, and then it gives the same identity.
    if let Some(kind) = profile.credentials.filter(|kind| *kind != ProfileCredentials::WebIdentity) {
        let who = if provider == Provider::PodIdentity { "most SDKs prefer it" } else { "some SDKs prefer it" };
        defects.add(
            Code::ShadowedByProfile,
            format!("Profile {:?} in {} gives credentials from {}; {who}.", profile.name, profile::list(&profile.files), kind.describe()),
        );
    }
}
