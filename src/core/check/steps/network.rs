//! Step `network`: the connection to the primary STS endpoint.

use super::assume_role::exchange;
use crate::core::catalogue::Step;
use crate::core::check::Finding;
use crate::core::check::row::{CheckContext, CheckRow, CheckState, earlier, skip, skip_without};
use crate::core::evidence::exchange::{Exchange, Failure};
use crate::core::evidence::{Call, Evidence, Fact, SkipReason};

pub(super) const CHECKS: &[CheckRow] = &[
    CheckRow {
        id: "dns",
        title: "the STS host name resolves",
        rests_on: earlier(Step::Network),
        state: |context, findings| match first_call(context.evidence) {
            Some((Some(exchange), _)) if exchange.connection.proxy.is_some() => skip("the proxy resolves the name"),
            _ => reached(context.evidence, findings, |x| !x.connection.addresses.is_empty(), |x| Some(x.connection.addresses.join(", "))),
        },
    },
    CheckRow {
        id: "connect",
        title: "STS accepts connections",
        rests_on: earlier(Step::Network),
        state: |context, findings| {
            reached(
                context.evidence,
                findings,
                |x| x.connection.connect_ms.is_some(),
                |x| x.connection.proxy.as_ref().map(|proxy| format!("through proxy {proxy}")),
            )
        },
    },
    CheckRow {
        id: "tls",
        title: "the certificate of STS is trusted",
        rests_on: earlier(Step::Network),
        state: |context, findings| match context.plan.endpoints.first() {
            Some(endpoint) if endpoint.url.raw().starts_with("http://") => skip("the endpoint is plain http"),
            _ => reached(context.evidence, findings, |x| x.connection.tls_ms.is_some(), |_| None),
        },
    },
    CheckRow {
        id: "sts",
        title: "STS answers",
        rests_on: earlier(Step::Network),
        state: |context, findings| reached(context.evidence, findings, |x| x.failure.is_none(), |x| Some(format!("{:.0} ms", x.ms))),
    },
];

/// How the exchange of the token failed in the network.
pub(super) fn find(context: &CheckContext<'_>, so_far: &[Finding]) -> Vec<Finding> {
    exchange(context, so_far).into_iter().filter(|finding| finding.code.step() == Step::Network).collect()
}

/// The first call to the primary endpoint: its exchange, and its failure if it failed.
fn first_call(evidence: &Evidence) -> Option<(Option<&Exchange>, Option<&Failure>)> {
    fn exchange_and_failure<T>(fact: &Fact<Call<T>>) -> Option<(Option<&Exchange>, Option<&Failure>)> {
        fact.known().map(|call| (call.exchange.as_ref(), call.answer.as_ref().err()))
    }
    let primary = evidence.endpoints.first()?;
    exchange_and_failure(&primary.assume_role).or_else(|| exchange_and_failure(&primary.caller_identity))
}

/// Whether the first call to the primary endpoint completed a phase.
fn reached(evidence: &Evidence, findings: &[Finding], past: fn(&Exchange) -> bool, detail: fn(&Exchange) -> Option<String>) -> CheckState {
    match (first_call(evidence), evidence.endpoints.first()) {
        (Some((Some(exchange), _)), _) if past(exchange) => CheckState::Passed(detail(exchange)),
        (Some((_, Some(failure))), _) => {
            // A finding quotes the failure. It is not repeated here.
            let quotes = |finding: &&Finding| finding.detail.contains(failure.text.trim_end_matches('.'));
            skip(findings.iter().find(quotes).map_or_else(|| failure.text.clone(), |finding| format!("see {}", finding.code)))
        }
        (Some((_, None)), _) => CheckState::Passed(None),
        // With EKS Pod Identity, the only call to STS is GetCallerIdentity.
        (None, Some(primary)) if matches!(primary.assume_role, Fact::NotAttempted(SkipReason::NotThisProvider)) => {
            skip_without(&primary.caller_identity)
        }
        (None, Some(primary)) => skip_without(&primary.assume_role),
        (None, None) => skip("no call was planned"),
    }
}
