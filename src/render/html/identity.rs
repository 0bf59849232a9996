//! The pod's identity, the expected identity, and when token and credentials expire.

use super::super::injected;
use super::markup::Html;
use super::{distance, entry, section, sign};
use crate::core::check::report::{Report, ReportedChain};
use crate::core::evidence::ChainProvider;
use crate::core::plan::Provider;
use crate::core::text::time::{Timestamp, format_duration};

/// The identity proven, the expected one, what applications get, and the pod.
pub(super) fn who(html: &mut Html, report: &Report) {
    section(html, "", "identity", "Identity", |html| {
        html.block("dl", "", |html| {
            proven(html, report);
            let expected = &report.expected;
            optional(html, "Expected role", expected.role_arn.as_deref());
            entry(html, "Injected", |html| html.text(&injected(expected)));
            entry(html, "Default chain", |html| chain(html, &report.chain));
            optional(html, "Region", expected.region.as_deref());
            let subject = &report.subject;
            optional(html, "Namespace", subject.namespace.as_deref());
            optional(html, "Service account", subject.service_account.as_deref());
            optional(html, "Pod", subject.pod.as_deref());
            optional(html, "Node", subject.node.as_deref());
        });
    });
}

fn proven(html: &mut Html, report: &Report) {
    let Some(identity) = &report.identity else {
        let words = match report.expected.provider {
            Provider::None => "none: nothing is injected",
            _ => "not proven in the last round",
        };
        return entry(html, "Identity", |html| html.text(words));
    };
    entry(html, "Identity", |html| html.leaf("strong", "", &identity.arn));
    optional(html, "Account", identity.account.as_ref().map(ToString::to_string).as_deref());
    optional(html, "Role", identity.role.as_deref());
    optional(html, "Session", identity.session.as_deref());
}

fn optional(html: &mut Html, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        entry(html, name, |html| html.text(value));
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
    html.text(if words.is_empty() { "nobody" } else { &words });
}

/// What expires, and when. Empty when no expiry is known.
pub(super) fn expiries(html: &mut Html, report: &Report, last_proof: Option<Timestamp>, now: Timestamp) {
    let token = report.token.as_ref();
    let credentials = report.credentials.as_ref();
    let rows = [
        ("Identity proven", None, last_proof),
        ("Credentials", Some(("expire", "expired")), credentials.and_then(|credentials| credentials.expires_at)),
        ("Token", Some(("expires", "expired")), token.and_then(|token| token.expires_at)),
        ("Token issued", None, token.and_then(|token| token.issued_at)),
    ];
    let skew = report.clock_skew_seconds.filter(|skew| *skew != 0);
    if skew.is_none() && rows.iter().all(|(_, _, at)| at.is_none()) {
        return;
    }
    section(html, "", "times", "Times", |html| {
        html.block("dl", "", |html| {
            for (name, end, at) in rows {
                if let Some(at) = at {
                    entry(html, name, |html| point(html, end, at, now));
                }
            }
            if let Some(skew) = skew {
                let side = if skew > 0 { "ahead of" } else { "behind" };
                entry(html, "Clock", |html| html.text(&format!("this node's is {} {side} STS's", format_duration(skew))));
            }
        });
    });
}

/// `expires in 43m`, and the point in time beside it. `end` holds the word for the time before the end, and the word for the time after it.
fn point(html: &mut Html, end: Option<(&str, &str)>, at: Timestamp, now: Timestamp) {
    let over = at <= now;
    if end.is_some() && over {
        sign(html, "sign fail", "×", "over");
    }
    let word = end.map(|(before, after)| format!("{} ", if over { after } else { before })).unwrap_or_default();
    html.leaf("strong", "", &format!("{word}{}", distance(at, now)));
    html.text(" ");
    html.leaf("time", "dim", &at.to_string());
}
