//! The pod's identity, the expected identity, and when the token expires.

use super::super::injected;
use super::markup::Html;
use super::times::{as_of, clock_and_distance, end, length};
use super::{entry, section_of_round, sign};
use crate::core::check::report::{Identity, Report, ReportedChain};
use crate::core::evidence::ChainProvider;
use crate::core::plan::Provider;
use crate::core::sidecar::board::Board;
use crate::core::text::time::Timestamp;

/// The identity that was confirmed, the expected one, what applications get, and the pod.
pub(super) fn who(html: &mut Html, report: &Report, board: &Board, now: Timestamp) {
    section_of_round(html, "", "identity", "Identity", (report, now), |html| {
        html.block("dl", "", |html| {
            confirmed(html, report, board, now);
            let expected = &report.expected;
            value(html, "Expected role", expected.role_arn.as_deref());
            for hop in &expected.hops {
                value(html, "Through", Some(hop));
            }
            entry(html, "Injected", |html| html.text(&injected(expected)));
            entry(html, "Default chain", |html| {
                chain(html, &report.chain);
                if let Some(at) = report.remembered.chain {
                    as_of(html, at, now);
                }
            });
            text(html, "Region", expected.region.as_deref());
            let subject = &report.subject;
            text(html, "Namespace", subject.namespace.as_deref());
            text(html, "Service account", subject.service_account.as_deref());
            text(html, "Pod", subject.pod.as_deref());
            value(html, "Node", subject.node.as_deref());
        });
    });
}

fn confirmed(html: &mut Html, report: &Report, board: &Board, now: Timestamp) {
    if let Some(identity) = &report.identity {
        entry(html, "Identity", |html| html.value(&identity.arn));
        text(html, "Account", identity.account.as_ref().map(ToString::to_string).as_deref());
        text(html, "Role", identity.role.as_deref());
        return text(html, "Session", identity.session.as_deref());
    }
    let words = match report.expected.provider {
        Provider::None => "none: nothing is injected",
        _ => "not confirmed",
    };
    entry(html, "Identity", |html| html.leaf("strong", "", words));
    // An earlier round's identity is not this pod's identity now, so it has a row of its own.
    if let Some(at) = board.last_proof() {
        entry(html, "Last confirmed", |html| {
            if let Some(Identity { arn, .. }) = board.last_identity() {
                html.value(arn);
            }
            as_of(html, at, now);
        });
    }
}

fn text(html: &mut Html, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        entry(html, name, |html| html.text(value));
    }
}

fn value(html: &mut Html, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        entry(html, name, |html| html.value(value));
    }
}

/// The credentials that an application gets from its SDK.
fn chain(html: &mut Html, chain: &ReportedChain) {
    let provider = match chain.provider {
        ChainProvider::Env => "static keys in the environment",
        ChainProvider::Profile => "a profile",
        ChainProvider::Irsa => "IRSA",
        ChainProvider::PodIdentity => "EKS Pod Identity",
        ChainProvider::Node => "the node's role",
        // No provider, or the chain was not followed. The error beside it says which.
        ChainProvider::None => "",
    };
    let words = [provider, chain.arn.as_deref().unwrap_or_default(), chain.error.as_deref().unwrap_or_default()];
    let words = words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(": ");
    html.prose(if words.is_empty() { "no credentials" } else { &words });
}

/// The token's times and the clock's error. Empty when none is known. The end of the credentials is in the header.
pub(super) fn expiries(html: &mut Html, report: &Report, now: Timestamp) {
    let token = report.token.as_ref();
    let (issued, expires) = (token.and_then(|token| token.issued_at), token.and_then(|token| token.expires_at));
    let skew = report.clock_skew_seconds;
    if skew.is_none() && issued.is_none() && expires.is_none() {
        return;
    }
    section_of_round(html, "", "token", "Token and clock", (report, now), |html| {
        html.block("dl", "", |html| {
            if let Some(at) = expires {
                entry(html, "Token", |html| expiry(html, at, now));
            }
            if let Some(at) = issued {
                entry(html, "Issued", |html| clock_and_distance(html, at, now));
            }
            if let Some(token) = token {
                value(html, "Subject", token.subject.as_deref());
                value(html, "Issuer", token.issuer.as_deref());
                text(html, "Audience", Some(token.audience.join(", ")).filter(|audience| !audience.is_empty()).as_deref());
                value(html, "File", Some(&token.path));
            }
            if let Some(skew) = skew {
                entry(html, "Clock", |html| html.text(&clock_error(skew)));
            }
        });
    });
}

fn expiry(html: &mut Html, at: Timestamp, now: Timestamp) {
    if at <= now {
        sign(html, "sign fail", "×", "expired");
    }
    end(html, at, now);
}

fn clock_error(skew: i64) -> String {
    match skew {
        0 => "this node's clock agrees with STS's".to_owned(),
        1.. => format!("this node's clock is {} ahead of STS's", length(skew)),
        _ => format!("this node's clock is {} behind STS's", length(skew)),
    }
}
