//! Steps `network`, `assume-role` and `redundancy`: how the calls to STS ended.

use super::{Finding, token};
use crate::core::aws::answer::{ServiceAnswer, ServiceError};
use crate::core::aws::partition::GLOBAL;
use crate::core::catalogue::{Code, Operation};
use crate::core::evidence::exchange::{Exchange, Failure, FailureKind};
use crate::core::evidence::{Call, EndpointFacts, Evidence};
use crate::core::plan::Plan;
use crate::core::pod::token::Claims;
use crate::core::text::time::spoken;
use std::net::IpAddr;

/// A difference of clocks that can have decided about a token.
const WORTH_SAYING: u64 = 60;

/// Local clock minus STS's in seconds, from the first answer with a `Date`. Below two seconds it is the header's resolution: zero.
pub(super) fn clock_skew(evidence: &Evidence) -> Option<i64> {
    evidence.endpoints.iter().flat_map(exchanges).find_map(|exchange| {
        let local = exchange.local_midpoint_ms?.div_euclid(1000);
        let skew = local.saturating_sub(exchange.date?);
        Some(if skew.unsigned_abs() < 2 { 0 } else { skew })
    })
}

pub(super) fn skew_words(skew: i64) -> String {
    let direction = if skew < 0 { "behind" } else { "ahead of" };
    format!(" This node's clock is {} {direction} STS's.", spoken(skew))
}

fn exchanges(endpoint: &EndpointFacts) -> impl Iterator<Item = &Exchange> {
    let assume_role = endpoint.assume_role.known().and_then(|call| call.exchange.as_ref());
    let caller_identity = endpoint.caller_identity.known().and_then(|call| call.exchange.as_ref());
    assume_role.into_iter().chain(caller_identity)
}

/// The primary endpoint's exchange of the token. What STS may mean by a refusal need not be told where the issuer does not publish the key.
pub(super) fn exchange(evidence: &Evidence, plan: &Plan, clock_skew: Option<i64>, key_unknown: bool) -> Option<Finding> {
    let primary = evidence.endpoints.first()?;
    let call = primary.assume_role.known()?;
    let (code, said) = outcome(primary, call, Operation::AssumeRoleWithWebIdentity)?;
    if code == Code::TokenAudienceMultiple {
        return Some(token::audience_multiple(said));
    }
    let claims = evidence.token.known().and_then(|token| token.claims());
    // Where STS and this node do not agree on a token's times, it is good to know which clock is off, and by how much.
    let about_time = matches!(code, Code::TokenExpiredAtSts | Code::TokenNotYetValid);
    let skew = clock_skew.filter(|skew| about_time && skew.unsigned_abs() >= WORTH_SAYING).map(skew_words).unwrap_or_default();
    let explained = key_unknown && matches!(code, Code::IssuerKeysUnavailable | Code::TokenNotValidated);
    let context = if explained { String::new() } else { context(code, plan, primary, claims) };
    Some(Finding::new(code, format!("{said}{context}{skew}")))
}

/// How a call failed: the code and what was said. `None` when it succeeded.
pub(super) fn outcome<T>(endpoint: &EndpointFacts, call: &Call<T>, operation: Operation) -> Option<(Code, String)> {
    let host = &endpoint.host;
    match &call.answer {
        Ok(ServiceAnswer::Success(_)) => None,
        Ok(ServiceAnswer::Error(error)) => Some((Code::from_error(operation, error), quote(&format!("STS ({host})"), error))),
        Ok(ServiceAnswer::Alien(alien)) => {
            Some((Code::NotSts, format!("{host} answered with HTTP status {} and {}, which STS never sends.", alien.status, alien.what)))
        }
        Err(failure) => Some((network_code(failure), network_detail(host, failure, call.exchange.as_ref()))),
    }
}

/// A service's error in its own words.
pub(super) fn quote(who: &str, error: &ServiceError) -> String {
    let code = error.code.as_deref().map(|code| format!(" {code}")).unwrap_or_default();
    let message = error.message.trim();
    let message = if message.is_empty() { String::new() } else { format!(": {message}") };
    let request = error.request_id.as_deref().map(|id| format!(" (request id {id})")).unwrap_or_default();
    let said = format!("{who} answered {}{code}{message}{request}", error.status);
    if said.ends_with('.') { said } else { format!("{said}.") }
}

/// The finding that a failed exchange stands for.
pub(crate) fn network_code(failure: &Failure) -> Code {
    match failure.kind {
        FailureKind::DnsNotFound => Code::DnsNotFound,
        FailureKind::DnsFailed => Code::DnsFailed,
        FailureKind::ConnectRefused => Code::ConnectRefused,
        FailureKind::ConnectTimeout => Code::ConnectTimeout,
        FailureKind::NetworkUnreachable => Code::NetworkUnreachable,
        FailureKind::ProxyFailed => Code::ProxyFailed,
        FailureKind::TlsUntrusted => Code::TlsUntrusted,
        FailureKind::TlsNameMismatch => Code::TlsNameMismatch,
        FailureKind::TlsFailed => Code::TlsFailed,
        FailureKind::RequestTimeout => Code::RequestTimeout,
        FailureKind::ConnectionLost => Code::ConnectionLost,
        FailureKind::NotHttp => Code::NotSts,
        FailureKind::OutOfResources => Code::ProbeOutOfResources,
        FailureKind::BadRequest => Code::RequestRejected,
    }
}

fn network_detail(host: &str, failure: &Failure, exchange: Option<&Exchange>) -> String {
    let text = failure.text.trim_end_matches('.');
    // A failed lookup names the host itself, and so does a failed try of an address.
    let mut detail = if text.starts_with(host) { format!("{text}.") } else { format!("{host}: {text}.") };
    let Some(connection) = exchange.map(|exchange| &exchange.connection) else { return detail };
    let is_name = host.parse::<IpAddr>().is_err();
    if let Some(proxy) = &connection.proxy {
        if failure.kind != FailureKind::ProxyFailed {
            detail.push_str(&format!(" The proxy is {proxy}."));
        }
    } else if failure.kind == FailureKind::ConnectTimeout && !connection.addresses.is_empty() && is_name {
        detail.push_str(if is_private(&connection.addresses) {
            " The name resolves to private addresses: a VPC endpoint, whose security group has to admit this pod or node on port 443."
        } else {
            " The name resolves to public addresses: a NAT gateway, or a VPC endpoint with private DNS, is needed."
        });
    }
    detail
}

/// All addresses are private (RFC 1918, RFC 4193) or carrier-grade (RFC 6598, which EKS uses for pods).
pub(crate) fn is_private(addresses: &[String]) -> bool {
    let private = |address: &String| match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_private() || ip.is_loopback() || (ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1])),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Err(_) => false,
    };
    !addresses.is_empty() && addresses.iter().all(private)
}

/// What this pod's own values add to STS's words.
fn context(code: Code, plan: &Plan, endpoint: &EndpointFacts, claims: Option<&Claims>) -> String {
    let (Some(claims), Some(role)) = (claims, &plan.role) else { return String::new() };
    let none = "none";
    let issuer = claims.issuer.as_deref().unwrap_or(none);
    let subject = claims.subject.as_deref().unwrap_or(none);
    let audience = claims.audience.join(", ");
    let global = if endpoint.region.as_str() == GLOBAL { " The global endpoint was called." } else { "" };
    match code {
        Code::TrustPolicyDenied => format!(
            " The token has sub {subject}, aud {audience}, iss {issuer}; the role is {role}. A role that does not exist, or whose name is misspelt, looks the same.{global}"
        ),
        Code::OidcProviderMissing => format!(
            " STS looked in account {}, the role's, for {issuer}. If the cluster is in another account, the provider must exist in the role's account all the same.{global}",
            role.account
        ),
        Code::AudienceNotRegistered => {
            format!(" The token's audience is {audience}; the provider is that of {issuer} in account {}.", role.account)
        }
        Code::TokenNotValidated => format!(" {}", possible_causes(plan, claims, issuer, &audience, role.account.as_str())),
        Code::IssuerKeysUnavailable if claims.issuer_is_eks() => " The issuer is hosted by EKS, so this should pass.".to_owned(),
        Code::IssuerKeysUnavailable => {
            format!(" The issuer {issuer} is not hosted by EKS: STS must be able to fetch its documents from the internet.")
        }
        Code::RoleArnRejected => format!(" AWS_ROLE_ARN is {role}."),
        Code::StsRegionDisabled => format!(" What counts is account {}, the role's.", role.account),
        Code::TokenExpiredAtSts => claims.expires_at.map(|exp| format!(" The token's exp is {exp}.")).unwrap_or_default(),
        _ => String::new(),
    }
}

/// What the generic text of 2026 can mean, the likeliest first, given what the token says.
fn possible_causes(plan: &Plan, claims: &Claims, issuer: &str, audience: &str, account: &str) -> String {
    let provider = format!("account {account} has no OIDC provider for {issuer} (never created, cluster rebuilt, or other account)");
    let registered = format!("the provider's client ids lack {audience}");
    let keys = if claims.issuer_is_eks() {
        "the token was signed by a key that the issuer no longer publishes".to_owned()
    } else {
        format!("{issuer} is not hosted by EKS and does not publish the signing key where STS can fetch it")
    };
    let odd_audience = !claims.audience.iter().any(|audience| audience == plan.audience);
    let causes = match (odd_audience, claims.issuer_is_eks()) {
        (true, _) => [registered, provider, keys],
        (false, true) => [provider, registered, keys],
        (false, false) => [keys, provider, registered],
    };
    format!("It can mean, the likeliest first: (1) {}; (2) {}; (3) {}.", causes[0], causes[1], causes[2])
}

/// Endpoints after the first.
pub(super) fn secondary(evidence: &Evidence) -> Option<Finding> {
    let mut failing = evidence.endpoints.iter().skip(1).filter_map(|endpoint| {
        let assume_role = endpoint.assume_role.known().and_then(|call| outcome(endpoint, call, Operation::AssumeRoleWithWebIdentity));
        let identity = || endpoint.caller_identity.known().and_then(|call| outcome(endpoint, call, Operation::GetCallerIdentity));
        // What the probe lacked says nothing of the region.
        let failed = assume_role.or_else(identity).filter(|(code, _)| *code != Code::ProbeOutOfResources);
        failed.map(|(code, said)| (endpoint, code, said))
    });
    let (endpoint, code, said) = failing.next()?;
    let others: Vec<String> = failing.map(|(endpoint, code, _)| format!(" {} fails too: {code}.", endpoint.region)).collect();
    let detail = format!("{}: {code}. {said}{}", endpoint.region, others.concat());
    Some(Finding { class: code.row().class, ..Finding::new(Code::SecondaryRegionFailing, detail) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_two_clocks_are_too_far_apart() {
        let skew = |date: i64, local_ms: i64| {
            let exchange = json!({
                "connection": {"host": "sts", "port": 443, "addresses": [], "tries": [], "reused": false},
                "date": date, "localMidpointMs": local_ms, "ms": 1.0
            });
            let unknown = json!({"notAttempted": "not-asked"});
            let evidence = json!({
                "schema": "irsa-probe/evidence/v1", "takenAt": "2026-11-22T21:34:03Z", "inputs": {"environment": {}},
                "token": unknown, "defaultToken": unknown, "agent": unknown, "imds": unknown, "chain": unknown,
                "endpoints": [{
                    "region": "us-east-1", "host": "sts", "callerIdentity": unknown,
                    "assumeRole": {"known": {"exchange": exchange, "answer": {"Ok": {"success": {"arn": null, "assumedRoleId": null, "expiresAt": null}}}}}
                }]
            });
            clock_skew(&serde_json::from_value(evidence).unwrap())
        };
        assert_eq!(skew(1_000, 1_001_999), Some(0), "the header's resolution");
        assert_eq!(skew(1_000, 998_999), Some(-2));
        assert_eq!(skew(i64::MAX, i64::MIN), Some(i64::MIN));
        assert_eq!(skew(i64::MIN, i64::MAX), Some(i64::MAX));
    }
}
