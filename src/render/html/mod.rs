//! The page `/` of `serve`. It shows the content of `/status` to a person who uses `kubectl port-forward`, on a laptop or a phone.
//!
//! The page is one document without script, image, font or any other request. So it works where nothing else can be reached, and its
//! Content-Security-Policy can forbid everything. It is made again for each request. It does not reload itself, because a reload would undo what
//! the reader has selected to copy. It says of when it is, and has a link that reloads it.
//!
//! Its order is that of the reader's questions: the state, since when it is so, the cause, the fix, and then the evidence. Whatever an earlier
//! round found has its age beside it.

mod checks;
mod endpoints;
mod findings;
mod history;
mod identity;
mod markup;
mod state;
mod times;
mod values;

use super::name;
use crate::core::check::report::Report;
use crate::core::sidecar::board::{Board, Round, StatusDocument};
use crate::core::sidecar::moment::Moment;
use crate::core::sidecar::readiness::ReadinessReason;
use crate::core::sidecar::schedule::Trigger;
use crate::core::text::time::Timestamp;
use markup::Html;
use state::Face;

/// The page's Content-Security-Policy. It allows only the page's own style. A test compares the hash with the style.
pub const CSP: &str = "default-src 'none'; style-src 'sha256-25PGaz4jgJw/4n0itXl33KzGMZ9tFv/XgPNwToWES30='; \
                       base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn page(board: &Board, now: Moment) -> String {
    let status = board.status(now);
    let reason = board.standing(now).reason;
    let disabled = matches!(reason, ReadinessReason::Disabled(_));
    let face = state::face(status.state, disabled);
    let mut html = Html::new();
    html.raw("<!doctype html>\n");
    html.with("html", &[("lang", "en")], |html| {
        html.block("head", "", |html| head(html, &face, &status));
        html.block("body", face.class, |html| {
            html.block("header", "", |html| state::header(html, &face, &status, &reason, board, now.wall));
            html.block("main", "", |html| match status.report {
                Some(report) => content(html, report, board, now.wall),
                None => nothing_yet(html, disabled),
            });
            html.block("footer", "", footer);
        });
    });
    html.finish()
}

/// The sign of a warning, with the variation selector for text. Without it, phones would draw an emoji.
const WARN: &str = "‼\u{fe0e}";

/// The head. The title begins with the state, because a browser tab shows only the beginning of a title.
fn head(html: &mut Html, face: &Face, status: &StatusDocument) {
    html.void("meta", &[("charset", "utf-8")]);
    html.void("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
    html.void("meta", &[("name", "color-scheme"), ("content", "light dark")]);
    let subject = status.report.map(|report| format!("{} – ", name(&report.subject))).unwrap_or_default();
    html.leaf("title", "", &format!("{} – {subject}irsa-probe", face.word));
    html.block("style", "", |html| html.raw(STYLE));
}

/// The sections.
fn content(html: &mut Html, report: &Report, board: &Board, now: Timestamp) {
    history::cells(html, board.history(), now);
    findings::root_cause(html, report, now);
    findings::others(html, report, now);
    html.block("div", "", |html| {
        identity::who(html, report, board, now);
        identity::expiries(html, report, now);
    });
    checks::list(html, report, now);
    endpoints::calls(html, report, now);
}

fn nothing_yet(html: &mut Html, disabled: bool) {
    let (heading, words) = match disabled {
        true => (
            "Nothing is checked",
            "The probe answers ready, so that it does not block the pod, and makes no calls. To switch it on, remove IRSA_PROBE_DISABLED from the \
             container's environment.",
        ),
        false => ("Nothing is known yet", "The first round starts at once and takes at most half a minute. Then reload this page."),
    };
    section(html, "", "nothing", heading, |html| html.leaf("p", "", words));
}

fn footer(html: &mut Html) {
    html.leaf("p", "", concat!("irsa-probe ", env!("CARGO_PKG_VERSION")));
    html.with("nav", &[("aria-label", "Other views")], |html| {
        for path in ["report", "status", "metrics", "readyz?verbose"] {
            html.with("a", &[("href", path)], |html| html.text(&format!("/{path}")));
        }
    });
}

/// A section with a heading. The heading also names the section for screen readers, which can jump between landmarks. `id` is the heading's id.
fn section(html: &mut Html, class: &'static str, id: &'static str, heading: &str, inside: impl FnOnce(&mut Html)) {
    html.with("section", &[("class", class), ("aria-labelledby", id)], |html| {
        html.with("h2", &[("id", id)], |html| html.text(heading));
        inside(html);
    });
}

/// A section whose values are those of the last round, unless they have another age beside them.
fn section_of_round(
    html: &mut Html,
    class: &'static str,
    id: &'static str,
    heading: &str,
    times: (&Report, Timestamp),
    inside: impl FnOnce(&mut Html),
) {
    let (report, now) = times;
    html.with("section", &[("class", class), ("aria-labelledby", id)], |html| {
        html.block("div", "heading", |html| {
            html.with("h2", &[("id", id)], |html| html.text(heading));
            html.block("p", "dim", |html| {
                html.text("as of the last round, ");
                times::clock(html, report.time, now);
            });
        });
        inside(html);
    });
}

/// A sign with a name for screen readers.
fn sign(html: &mut Html, class: &'static str, sign: &'static str, name: &'static str) {
    html.with("span", &[("class", class), ("role", "img"), ("aria-label", name)], |html| html.text(sign));
    html.text(" ");
}

/// A name and its value, in a list of names and values.
fn entry(html: &mut Html, name: &str, value: impl FnOnce(&mut Html)) {
    html.block("div", "", |html| {
        html.leaf("dt", "", name);
        html.block("dd", "", value);
    });
}

/// Why a round was run.
fn trigger(round: &Round) -> &'static str {
    match round.trigger {
        Trigger::Start => "the first round",
        Trigger::Interval => "scheduled",
        Trigger::Retry => "a retry",
        Trigger::FileChanged => "a file had changed",
    }
}

#[cfg(test)]
mod tests;
