//! How a call ended: the clock that its answer shows, the finding that a failure stands for, and the finding's text.

use crate::core::aws::answer::{ServiceAnswer, ServiceError};
use crate::core::catalogue::{Code, Operation};
use crate::core::evidence::exchange::{Exchange, Failure, FailureKind};
use crate::core::evidence::{Call, EndpointFacts, Evidence};
use crate::core::text::time::format_duration;
use std::net::IpAddr;

/// Local clock minus STS's in seconds, from the first answer with a `Date`. A difference below two seconds counts as zero, because the
/// header has whole seconds only.
pub(super) fn clock_skew(evidence: &Evidence) -> Option<i64> {
    evidence.endpoints.iter().flat_map(exchanges).find_map(|exchange| {
        let local = exchange.local_midpoint_ms?.div_euclid(1000);
        let skew = local.saturating_sub(exchange.date?);
        Some(if skew.unsigned_abs() < 2 { 0 } else { skew })
    })
}

/// How far this node's clock is off, as a sentence that follows another.
pub(super) fn skew_words(skew: i64) -> String {
    let direction = if skew < 0 { "behind" } else { "ahead of" };
    format!(" This node's clock is {} {direction} STS's.", format_duration(skew))
}

fn exchanges(endpoint: &EndpointFacts) -> impl Iterator<Item = &Exchange> {
    let assume_role = endpoint.assume_role.known().and_then(|call| call.exchange.as_ref());
    let caller_identity = endpoint.caller_identity.known().and_then(|call| call.exchange.as_ref());
    let hops = endpoint.hops.iter().filter_map(|call| call.exchange.as_ref());
    assume_role.into_iter().chain(hops).chain(caller_identity)
}

/// How a call failed: the code, and a sentence with the answer or the failure. `None` when it succeeded.
pub(super) fn failed_call<T>(endpoint: &EndpointFacts, call: &Call<T>, operation: Operation) -> Option<(Code, String)> {
    let host = &endpoint.host;
    match &call.answer {
        Ok(ServiceAnswer::Success(_)) => None,
        Ok(ServiceAnswer::Error(error)) => {
            Some((Code::from_error(operation, error), quote_error(&format!("STS ({})", place(endpoint)), error)))
        }
        Ok(ServiceAnswer::Alien(alien)) => {
            Some((Code::NotSts, format!("{host} answered with HTTP status {} and {}, which STS never sends.", alien.status, alien.what)))
        }
        Err(failure) => Some((network_code(failure), network_detail(host, failure, call.exchange.as_ref()))),
    }
}

/// Where the endpoint is: its region, or its host where that is not the region's usual one.
fn place(endpoint: &EndpointFacts) -> &str {
    let is_usual = endpoint.host == endpoint.region.sts_host(false, false) && !endpoint.region.is_global();
    if is_usual { endpoint.region.as_str() } else { &endpoint.host }
}

/// A service's error, quoted.
pub(super) fn quote_error(who: &str, error: &ServiceError) -> String {
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
    // The text of a failed lookup begins with the host. So does that of a failed connection to an address.
    let mut detail = if text.starts_with(host) { format!("{text}.") } else { format!("{host}: {text}.") };
    let Some(connection) = exchange.map(|exchange| &exchange.connection) else { return detail };
    let is_name = host.parse::<IpAddr>().is_err();
    if let Some(proxy) = &connection.proxy {
        if failure.kind != FailureKind::ProxyFailed {
            detail.push_str(&format!(" The proxy is {proxy}."));
        }
    } else if failure.kind == FailureKind::ConnectTimeout && !connection.addresses.is_empty() && is_name {
        detail.push_str(if is_private(&connection.addresses) {
            " The name resolves to private addresses, as that of a VPC endpoint does: its security group has to admit this pod or node on port 443."
        } else {
            " The name resolves to public addresses: a NAT gateway, or a VPC endpoint with private DNS, is needed."
        });
    }
    detail
}

/// Whether there are addresses, and all are private (RFC 1918, RFC 4193), loopback, or carrier-grade (RFC 6598, which EKS uses for pods).
pub(crate) fn is_private(addresses: &[String]) -> bool {
    let private = |address: &String| match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_private() || ip.is_loopback() || (ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1])),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Err(_) => false,
    };
    !addresses.is_empty() && addresses.iter().all(private)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::evidence::exchange::Phase;
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

    /// The text names the kind of addresses, because a person looks for another fault with each kind.
    #[test]
    fn a_silent_address_says_where_the_name_leads() {
        let detail = |host: &str, addresses: &[&str]| {
            let failure = Failure { phase: Phase::Connect, kind: FailureKind::ConnectTimeout, text: "no answer within 3 s".to_owned() };
            let exchange = json!({
                "connection": {"host": host, "port": 443, "addresses": addresses, "tries": [], "reused": false}, "ms": 1.0
            });
            network_detail(host, &failure, Some(&serde_json::from_value(exchange).unwrap()))
        };
        let name = "sts.us-west-2.amazonaws.com";
        assert!(detail(name, &["10.0.0.1", "100.64.0.1"]).contains("private addresses"));
        assert!(detail(name, &["10.0.0.1", "52.46.141.158"]).contains("public addresses"));
        for said in [detail(name, &[]), detail("10.0.0.1", &["10.0.0.1"])] {
            assert!(!said.contains("addresses"), "{said}");
        }
    }
}
