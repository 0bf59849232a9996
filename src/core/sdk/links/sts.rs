//! An exchange at STS: a web identity's or a profile's role.

use super::super::endpoint::endpoint;
use super::super::proxies;
use super::super::rules::{Chain, Empty};
use super::super::surroundings::{StsCall, Surroundings};
use super::Notes;
use crate::core::aws::arn::RoleArn;
use crate::core::pod::environment::Environment;

/// What is sent to STS.
pub(super) struct RoleRequest<'a> {
    /// The role's ARN.
    pub(super) role: &'a str,
    /// `AWS_ROLE_SESSION_NAME` names the session.
    pub(super) session_name: bool,
    /// It is a further role, which is assumed with the credentials before it.
    pub(super) is_hop: bool,
}

/// Why the exchange gives no credentials.
pub(super) fn exchange(
    chain: &Chain,
    surroundings: &Surroundings<'_>,
    request: &RoleRequest<'_>,
    notes: &mut Notes,
) -> Result<(), &'static str> {
    if !chain.has_sts {
        return Err("Its package for STS is missing.");
    }
    let endpoint = endpoint(chain, surroundings);
    if let Some(unverified) = endpoint.unverified {
        notes.add_unverified(unverified);
    }
    if let Some(failure) = endpoint.failure {
        return Err(failure);
    }
    if !surroundings.proxy_works && proxies::carries_sts(chain, surroundings.environment, endpoint.host.as_deref()) {
        return Err("The proxy in HTTPS_PROXY does not let the call through.");
    }
    if let Some((missing, needed)) = endpoint.missing_host {
        if surroundings.hosts < needed {
            return Err(missing);
        }
        notes.add_assumed(missing);
    }
    // STS refuses these to every SDK, whatever the trust policy allows.
    let Ok(role) = RoleArn::parse(request.role) else { return Err("The role's ARN is not the ARN of a role, and STS refuses it.") };
    if endpoint.partition.is_some_and(|partition| partition != role.partition) {
        return Err("The role belongs to another partition than the region, and STS refuses it.");
    }
    if request.session_name && sends_bad_session_name(chain, surroundings.environment) {
        return Err("AWS_ROLE_SESSION_NAME is not a valid session name, and STS refuses it.");
    }
    let first = surroundings.sts_first.filter(|first| !is_repeated(chain, *first));
    let at_url = surroundings.sts_at_url.filter(|_| endpoint.url.is_some());
    let hop = surroundings.hop.filter(|_| request.is_hop);
    let of_profile = surroundings.profile_sts.filter(|_| !request.session_name);
    match hop.or(of_profile).or(first).or(at_url).unwrap_or(surroundings.sts) {
        StsCall::Works => Ok(()),
        StsCall::TokenRejected => Err("STS rejects the token."),
        StsCall::TokenExpired => Err("STS says that the token has expired."),
        StsCall::IssuerUnreachable => Err("STS cannot reach the token's issuer."),
        StsCall::Denied => Err("STS refuses the exchange."),
        StsCall::Unavailable => Err("STS cannot answer now."),
        StsCall::Alien => Err("Another server answers instead of STS."),
        StsCall::Unreachable => Err("STS cannot be reached."),
    }
}

fn sends_bad_session_name(chain: &Chain, env: &Environment) -> bool {
    match env.session_name.raw() {
        Some(name) => !is_session_name(if chain.web_identity.trims_role { name.trim() } else { name }),
        None => env.session_name.is_empty() && chain.web_identity.session_name == Empty::Given,
    }
}

/// Whether STS takes this for a session's name (STS API reference, AssumeRoleWithWebIdentity, `RoleSessionName`).
fn is_session_name(text: &str) -> bool {
    (2..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

fn is_repeated(chain: &Chain, first: StsCall) -> bool {
    match first {
        StsCall::Works => true,
        StsCall::TokenRejected => chain.retries.sts_rejected,
        StsCall::IssuerUnreachable => chain.retries.issuer_unreachable,
        StsCall::TokenExpired => chain.retries.token_expired,
        StsCall::Denied | StsCall::Alien => false,
        StsCall::Unavailable => chain.retries.sts_unavailable,
        StsCall::Unreachable => chain.retries.sts_lost,
    }
}
