//! The STS endpoints that were called, and what IMDS gives to this pod.

use super::markup::Html;
use super::times::as_of;
use super::{entry, section_of_round, sign};
use crate::core::check::report::{ImdsState, Node, Phases, Report, ReportedCall, ReportedEndpoint};
use crate::core::text::time::Timestamp;

/// The names of the columns. On a phone, each cell stands under the name of its column instead.
const COLUMNS: [&str; 4] = ["Endpoint", "Connection", "AssumeRoleWithWebIdentity", "GetCallerIdentity"];

/// The endpoints and the node.
pub(super) fn calls(html: &mut Html, report: &Report, now: Timestamp) {
    if !report.endpoints.is_empty() {
        section_of_round(html, "", "endpoints", "STS endpoints", (report, now), |html| table(html, &report.endpoints));
    }
    section_of_round(html, "", "node", "Node", (report, now), |html| {
        html.block("dl", "", |html| node(html, &report.node, report.remembered.imds_v1, now));
    });
}

/// The elements have explicit roles, although these are their own. On a phone, the style shows them as blocks, and some browsers then no longer
/// treat them as a table.
fn table(html: &mut Html, endpoints: &[ReportedEndpoint]) {
    html.with("table", &[("role", "table"), ("aria-labelledby", "endpoints")], |html| {
        html.with("thead", &[("role", "rowgroup")], |html| {
            html.with("tr", &[("role", "row")], |html| {
                for column in COLUMNS {
                    html.with("th", &[("role", "columnheader"), ("scope", "col")], |html| html.text(column));
                }
            });
        });
        html.with("tbody", &[("role", "rowgroup")], |html| endpoints.iter().for_each(|endpoint| row(html, endpoint)));
    });
}

fn row(html: &mut Html, endpoint: &ReportedEndpoint) {
    html.with("tr", &[("role", "row")], |html| {
        html.with("th", &[("role", "rowheader"), ("scope", "row")], |html| {
            html.leaf("strong", "", &endpoint.region);
            html.block("small", "", |html| html.value(&endpoint.host));
        });
        cell(html, COLUMNS[1], |html| connection(html, endpoint));
        cell(html, COLUMNS[2], |html| {
            call(html, endpoint.assume_role.as_ref());
            for (place, hop) in endpoint.hops.iter().enumerate() {
                html.leaf("small", "", &format!("AssumeRole of role {}:", place + 2));
                call(html, Some(hop));
            }
        });
        cell(html, COLUMNS[3], |html| call(html, endpoint.caller_identity.as_ref()));
    });
}

fn cell(html: &mut Html, column: &str, inside: impl FnOnce(&mut Html)) {
    html.with("td", &[("role", "cell"), ("data-column", column)], inside);
}

fn connection(html: &mut Html, endpoint: &ReportedEndpoint) {
    let kind = match endpoint.private {
        Some(true) => " (private: a VPC endpoint)",
        Some(false) => " (public)",
        None => "",
    };
    match endpoint.addresses.as_slice() {
        [] => html.text("no address known here"),
        addresses => html.text(&format!("{}{kind}", addresses.join(", "))),
    }
    let Phases { resolve, connect, tls } = endpoint.phases_ms;
    let phases = [("resolve", resolve), ("connect", connect), ("TLS", tls)];
    let words: Vec<String> = phases.iter().filter_map(|(name, ms)| ms.map(|ms| format!("{name} {}", milliseconds(ms)))).collect();
    if !words.is_empty() {
        html.leaf("small", "", &words.join(", "));
    }
    let first = endpoint.calls().next().map(|(operation, _)| operation);
    for (operation, call) in endpoint.calls().filter(|(_, call)| !was_sent(call)) {
        // The addresses and phases above are those of the first call.
        if Some(operation) != first {
            html.leaf("small", "", &format!("for {operation}:"));
        }
        html.block("div", "", |html| {
            sign(html, "sign fail", "×", "failed");
            html.text(call.code.as_deref().unwrap_or("failed"));
        });
        message(html, call);
    }
}

/// Whether there was a connection on which to send the call. A call that was never sent took no time.
fn was_sent(call: &ReportedCall) -> bool {
    call.ok || call.ms > 0.0
}

fn message(html: &mut Html, call: &ReportedCall) {
    if let Some(message) = &call.message {
        html.block("small", "", |html| html.prose(message));
    }
}

fn call(html: &mut Html, call: Option<&ReportedCall>) {
    let Some(call) = call.filter(|call| was_sent(call)) else {
        sign(html, "sign skip", "–", "skipped");
        return html.text("not called");
    };
    match call.ok {
        true => sign(html, "sign pass", "√", "succeeded"),
        false => sign(html, "sign fail", "×", "failed"),
    }
    let ms = milliseconds(call.ms);
    match &call.code {
        Some(code) => html.text(&format!("{code}, {ms}")),
        None => html.text(&ms),
    }
    message(html, call);
    if let Some(id) = &call.request_id {
        html.block("small", "", |html| {
            html.text("request ");
            html.value(id);
        });
    }
}

fn node(html: &mut Html, node: &Node, v1_of: Option<Timestamp>, now: Timestamp) {
    let state = match node.imds {
        ImdsState::Reachable => "answers this pod",
        ImdsState::Blocked => "does not let this pod in",
        ImdsState::Absent => "is not there",
        ImdsState::Disabled => "is switched off for SDKs",
        ImdsState::NotChecked => "was not checked",
    };
    entry(html, "IMDS", |html| {
        html.text(state);
        let answers: Vec<String> = [("v2", node.v2), ("v1", node.v1)]
            .into_iter()
            .filter_map(|(version, answer)| answer.map(|yes| format!("{version} {}", if yes { "answers" } else { "does not answer" })))
            .collect();
        if !answers.is_empty() {
            html.text(&format!(" ({})", answers.join(", ")));
        }
        if let Some(at) = v1_of {
            html.leaf("small", "", "version 1 is asked only once:");
            as_of(html, at, now);
        }
    });
    for (name, value) in [("Node's role", &node.role), ("Instance", &node.instance_id)] {
        if let Some(value) = value {
            entry(html, name, |html| {
                html.text(value);
                // Only version 1 gave it.
                if let (Some(at), Some(false)) = (v1_of, node.v2) {
                    as_of(html, at, now);
                }
            });
        }
    }
}

/// Milliseconds with one decimal. A reader needs no more.
fn milliseconds(ms: f64) -> String {
    format!("{ms:.1} ms")
}
