//! The state: a word, why it is so, and the times that count.

use super::super::name;
use super::markup::Html;
use super::times::{beside, clock, clock_and_distance, end, length, took};
use super::{WARN, entry, trigger};
use crate::core::check::report::Report;
use crate::core::sidecar::board::{Board, StatusDocument};
use crate::core::sidecar::readiness::{ReadinessReason, ReadinessState};
use crate::core::text::time::Timestamp;

/// How a state looks: a word, a sign and a colour. Each of them tells the state, so that no reader depends on colour alone.
pub(super) struct Face {
    pub(super) word: &'static str,
    sign: &'static str,
    pub(super) class: &'static str,
}

/// How a state looks. A sidecar that is switched off answers "ready", so that it does not block the pod. It has confirmed nothing, so it looks
/// different from a sidecar that has.
pub(super) fn face(state: ReadinessState, disabled: bool) -> Face {
    let (sign, class) = match state {
        _ if disabled => return Face { word: "ready (switched off)", sign: "–", class: "off" },
        ReadinessState::Starting => ("…", "starting"),
        ReadinessState::Ready => ("√", "ready"),
        ReadinessState::Degraded => (WARN, "degraded"),
        ReadinessState::NotReady => ("×", "not-ready"),
    };
    Face { word: state.id(), sign, class }
}

/// The header of the page. The time zone is given here, once.
pub(super) fn header(html: &mut Html, face: &Face, status: &StatusDocument, reason: &ReadinessReason, board: &Board, now: Timestamp) {
    html.block("div", "top", |html| {
        html.block("p", "subject", |html| {
            let name = status.report.map_or_else(|| "irsa-probe".to_owned(), |report| name(&report.subject));
            html.block("strong", "", |html| html.path(&name));
            if let Some(pod) = status.report.and_then(|report| report.subject.pod.as_deref()) {
                html.text(" ");
                html.leaf("span", "dim", pod);
            }
        });
        html.block("p", "dim", |html| {
            let full = now.to_string();
            html.text("as of ");
            html.with("time", &[("datetime", &full)], |html| html.text(&full.replace('T', " ").replace('Z', " UTC")));
            html.text(" ");
            html.with("a", &[("class", "reload"), ("href", ".")], |html| html.text("Reload"));
        });
    });
    html.block("h1", "", |html| {
        html.with("span", &[("aria-hidden", "true")], |html| html.text(face.sign));
        html.text(&format!(" {}", face.word));
    });
    html.block("p", "reason", |html| why(html, reason, board, now));
    let disabled = matches!(reason, ReadinessReason::Disabled(_));
    html.block("dl", "facts", |html| {
        entry(html, "Since", |html| {
            clock(html, status.since, now);
            beside(html, &length(now.since(status.since).max(0)));
        });
        if !disabled {
            rounds(html, status, now);
            entry(html, "Credentials", |html| credentials(html, status.report, board, now));
        }
    });
}

/// Why the state is what it is. The same as [`ReadinessReason::describe`] says, with the page's times.
fn why(html: &mut Html, reason: &ReadinessReason, board: &Board, now: Timestamp) {
    match reason {
        ReadinessReason::Disabled(why) => html.text(&format!("Switched off with IRSA_PROBE_DISABLED: {why}")),
        ReadinessReason::FirstRound => html.text("The first round has not ended yet."),
        ReadinessReason::Proven => {
            html.text("The last round confirmed the identity");
            if let Some(identity) = board.last_identity() {
                html.text(" ");
                html.value(&identity.arn);
            }
            html.text(".");
        }
        ReadinessReason::NeverProven(code) => html.text(&format!("No round has confirmed the identity yet: {code}.")),
        ReadinessReason::NotRenewed(code, ends) => {
            html.text(&format!("Renewal is failing: {code}. The pod stays ready until its current credentials expire at "));
            clock(html, *ends, now);
            html.text(".");
        }
        ReadinessReason::Ended(code, ended) => {
            html.text(&format!("Renewal is failing: {code}. The last credentials expired at "));
            clock(html, *ended, now);
            html.text(".");
        }
        ReadinessReason::Wrong(code) => html.text(&format!("This pod does not get the expected identity: {code}.")),
        ReadinessReason::Stuck(since) => {
            html.text("The probe has been stuck since ");
            clock(html, *since, now);
            html.text(". Its last result no longer counts.");
        }
    }
}

/// The last round, and the next one.
fn rounds(html: &mut Html, status: &StatusDocument, now: Timestamp) {
    if let Some(last) = status.history.front() {
        entry(html, "Last round", |html| {
            clock_and_distance(html, last.time, now);
            html.leaf("small", "", &format!("took {}, {}", took(last.duration_ms), trigger(last)));
        });
    }
    entry(html, "Next round", |html| match status.next_round {
        Some(next) if next > now => clock_and_distance(html, next, now),
        Some(_) => html.text("due now"),
        None => html.text("running now"),
    });
}

/// When the credentials end on which the state rests. Where nothing was confirmed, those of the last round.
fn credentials(html: &mut Html, report: Option<&Report>, board: &Board, now: Timestamp) {
    let of_report = || report.and_then(|report| report.credentials.as_ref()?.expires_at);
    let Some(at) = board.credentials_end().or_else(of_report) else { return html.text("none yet") };
    end(html, at, now);
    let is_renewed = report.is_some_and(|report| report.identity_failures().is_empty());
    if let (Some(proof), false) = (board.last_proof(), is_renewed) {
        html.block("small", "", |html| {
            html.text("from the round of ");
            clock(html, proof, now);
        });
    }
}
