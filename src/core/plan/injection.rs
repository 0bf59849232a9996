//! What was injected, and what shadows it.

use super::{Defects, Provider};
use crate::core::aws::arn::RoleArn;
use crate::core::catalogue::Code;
use crate::core::plan::inputs::{Inputs, ProviderChoice};
use crate::core::pod::environment::{Environment, HeldToken, Var};
use crate::core::pod::profile::ProfileCredentials;
use crate::core::text::secrets::{InputValue, Shown};

/// Which provider was injected, as most SDKs see it (docs/facts.md#chain-matrix).
pub(super) fn provider(inputs: &Inputs, defects: &mut Defects) -> Provider {
    let env = &inputs.environment;
    let irsa = env.role_arn.value().is_some() && env.token_file.value().is_some();
    let pod_identity_uri = env.container_full_uri.value().is_some();
    let pod_identity = pod_identity_uri && (env.container_token_file.value().is_some() || env.container_token.has_value());
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

/// The text of the finding, where only half of an identity is injected and that changes what an SDK does.
///
/// A role ARN alone beside a complete Pod Identity changes nothing: SDKs fall through (docs/facts.md#token-path-unset). A token file alone
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

/// The injected role, if `AWS_ROLE_ARN` is the ARN of a role.
pub(super) fn role(env: &Environment, defects: &mut Defects) -> Option<RoleArn> {
    let text = env.role_arn.value()?;
    match RoleArn::parse(text.raw()) {
        Ok(role) => Some(role),
        Err(error) => {
            defects.add(Code::RoleArnMalformed, format!("AWS_ROLE_ARN is {text:?}: {error}."));
            None
        }
    }
}

/// Adds a defect for each other source of credentials that some or all SDKs would take instead of the injected identity
/// (docs/facts.md#keys-and-irsa, docs/facts.md#key-id-alone, docs/facts.md#credentials-file-and-irsa).
pub(super) fn shadows(inputs: &Inputs, provider: Provider, defects: &mut Defects) {
    if inputs.environment.has_static_keys() {
        defects.add(
            Code::ShadowedByEnvKeys,
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set: every SDK uses them instead of the injected role.".to_owned(),
        );
    }
    let profile = &inputs.profile;
    // A web identity profile usually names the injected token, and then it gives the same identity.
    if let Some(kind) = profile.credentials.filter(|kind| *kind != ProfileCredentials::WebIdentity) {
        let who = if provider == Provider::PodIdentity { "every SDK prefers it" } else { "the Rust and JavaScript SDKs prefer it" };
        defects.add(
            Code::ShadowedByProfile,
            format!("Profile {:?} in {} gives credentials by {}; {who}.", profile.name, list(&profile.files), kind.describe()),
        );
    }
}

fn list(files: &[InputValue]) -> String {
    files.iter().map(InputValue::to_string).collect::<Vec<_>>().join(", ")
}
