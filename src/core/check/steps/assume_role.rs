//! Step `assume-role`: what STS answers to AssumeRoleWithWebIdentity, and to AssumeRole for the further roles of a profile.

use super::{hop, token};
use crate::core::aws::partition::GLOBAL;
use crate::core::catalogue::{Code, Operation, Step};
use crate::core::check::Finding;
use crate::core::check::calls::{failed_call, skew_words};
use crate::core::check::row::{CheckContext, CheckRow, CheckState, earlier, skip, skip_without};
use crate::core::evidence::{EndpointFacts, Fact};
use crate::core::plan::{IdentitySource, Plan};
use crate::core::pod::token::Claims;

/// Seconds of clock skew from which on it can be the reason why STS rejected a token.
const WORTH_SAYING: u64 = 60;

pub(super) const CHECKS: &[CheckRow] = &[CheckRow {
    id: "assume-role",
    title: "STS exchanges the token for the role's credentials",
    rests_on: earlier(Step::AssumeRole),
    state: |context, _| match context.evidence.endpoints.first().map(|endpoint| &endpoint.assume_role) {
        Some(Fact::Known(call)) => match hop::failed(context) {
            Some((_, _, code)) => skip(["see ", code.id()].concat()),
            None => {
                let last = context.evidence.endpoints.first().and_then(|endpoint| endpoint.hops.last()).unwrap_or(call);
                let through = match context.plan.hops.len() {
                    0 => String::new(),
                    1 => ", through 1 intermediate role".to_owned(),
                    more => format!(", through {more} intermediate roles"),
                };
                CheckState::Passed(last.success().and_then(|assumed| assumed.expires_at).map(|at| format!("until {at}{through}")))
            }
        },
        Some(other) => skip_without(other),
        None => skip("no call was planned"),
    },
}];

/// How the exchange of the token was refused.
pub(super) fn find(context: &CheckContext<'_>, so_far: &[Finding]) -> Vec<Finding> {
    exchange(context, so_far).into_iter().filter(|finding| finding.code.step() != Step::Network).collect()
}

/// How the primary endpoint's exchange of the token failed. The possible causes of a refusal are left out when the issuer does not publish
/// the token's key, because that explains the refusal.
pub(super) fn exchange(context: &CheckContext<'_>, so_far: &[Finding]) -> Option<Finding> {
    let CheckContext { evidence, plan, clock_skew, .. } = *context;
    let primary = evidence.endpoints.first()?;
    let Some(call) = primary.assume_role.known() else { return hop::find(context) };
    let Some((code, said)) = failed_call(primary, call, Operation::AssumeRoleWithWebIdentity) else { return hop::find(context) };
    if code == Code::TokenAudienceMultiple {
        return Some(token::audience_multiple(said));
    }
    let claims = evidence.token.known().and_then(|token| token.claims());
    // STS disagrees with this node about the token's times. The text says which clock is off, and by how much.
    let about_time = matches!(code, Code::TokenExpiredAtSts | Code::TokenNotYetValid);
    let skew = clock_skew.filter(|skew| about_time && skew.unsigned_abs() >= WORTH_SAYING).map(skew_words).unwrap_or_default();
    let key_unknown = so_far.iter().any(|finding| finding.code == Code::SigningKeyUnknown);
    let explained = key_unknown && matches!(code, Code::IssuerKeysUnavailable | Code::TokenNotValidated);
    let own_values = if explained { String::new() } else { own_values(code, plan, primary, claims, &said) };
    Some(Finding::new(code, format!("{said}{own_values}{skew}")))
}

/// What to add to STS's message from this pod's own values.
fn own_values(code: Code, plan: &Plan, endpoint: &EndpointFacts, claims: Option<&Claims>, said: &str) -> String {
    let (Some(claims), Some(role)) = (claims, &plan.role) else { return String::new() };
    let none = "none";
    let issuer = claims.issuer.as_deref().unwrap_or(none);
    let subject = claims.subject.as_deref().unwrap_or(none);
    let audience = claims.audience.join(", ");
    let global = if endpoint.region.as_str() == GLOBAL { " The global endpoint was called." } else { "" };
    match code {
        Code::TrustPolicyDenied => {
            // Some of STS's texts name the role.
            let role = if said.contains(&role.to_string()) { String::new() } else { format!("; the role is {role}") };
            format!(" Token: sub {subject}, aud {audience}, iss {issuer}{role}.{global}")
        }
        Code::OidcProviderMissing => {
            // STS's text names the issuer, mostly.
            let looked_for = if said.contains(issuer) { String::new() } else { format!(" for {issuer}") };
            format!(
                " STS looked{looked_for} in account {}, which is the role's. The provider has to be in that account, even if the cluster is in another one.{global}",
                role.account
            )
        }
        Code::AudienceNotRegistered => {
            format!(" The token's audience is {audience}; the provider is for {issuer} in account {}.", role.account)
        }
        Code::TokenNotValidated => format!(" {}", possible_causes(plan, claims, issuer, &audience, role.account.as_str())),
        Code::IssuerKeysUnavailable if claims.issuer_is_eks() => " EKS hosts the issuer, so this should be temporary.".to_owned(),
        Code::IssuerKeysUnavailable => {
            format!(" EKS does not host the issuer {issuer}: STS has to be able to fetch its documents from the internet.")
        }
        Code::RoleArnRejected if plan.source == IdentitySource::Profile => format!(" The profile's role_arn is {role}."),
        Code::RoleArnRejected => format!(" AWS_ROLE_ARN is {role}."),
        Code::StsRegionDisabled => format!(" The setting of account {}, the role's, counts.", role.account),
        Code::TokenExpiredAtSts => claims.expires_at.map(|exp| format!(" The token's exp is {exp}.")).unwrap_or_default(),
        _ => String::new(),
    }
}

/// What STS's generic message of 2026 can mean for this token, the most likely cause first.
fn possible_causes(plan: &Plan, claims: &Claims, issuer: &str, audience: &str, account: &str) -> String {
    let provider = format!("account {account} has no OIDC provider for the token's issuer");
    let registered = format!("the provider's client IDs lack {audience}");
    let keys = if claims.issuer_is_eks() {
        "the token was signed with a key that the issuer no longer publishes".to_owned()
    } else {
        format!("{issuer}, which EKS does not host, does not publish the signing key where STS can fetch it")
    };
    let odd_audience = !claims.audience.iter().any(|audience| audience == plan.audience);
    let causes = match (odd_audience, claims.issuer_is_eks()) {
        (true, _) => [registered, provider, keys],
        (false, true) => [provider, registered, keys],
        (false, false) => [keys, provider, registered],
    };
    format!("Possible causes, the most likely first: (1) {}; (2) {}; (3) {}.", causes[0], causes[1], causes[2])
}
