//! The page `/` of `serve`. It shows the content of `/status` to a person who uses `kubectl port-forward`, on a laptop or a phone.
//!
//! The page is one document without script, image, font or any other request. So it works where nothing else can be reached, and its
//! Content-Security-Policy can forbid everything. It is made again for each request, and reloads itself.

mod checks;
mod endpoints;
mod findings;
mod history;
mod identity;
mod markup;

use super::name;
use crate::core::check::report::Report;
use crate::core::sidecar::board::{Board, Round, StatusDocument};
use crate::core::sidecar::moment::Moment;
use crate::core::sidecar::readiness::{ReadinessReason, ReadinessState};
use crate::core::sidecar::schedule::Trigger;
use crate::core::text::time::{Timestamp, format_duration};
use markup::Html;

/// The page's Content-Security-Policy. It allows only the page's own style. A test compares the hash with the style.
pub const CSP: &str = "default-src 'none'; style-src 'sha256-ym9O9N0VdtVlAA+POhm9475h29CX7X/flXyCw+DxoSA='; \
                       base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("style.css");
/// Seconds after which the page reloads itself.
const REFRESH: &str = "15";

/// The page.
pub fn page(board: &Board, now: Moment) -> String {
    let status = board.status(now);
    let disabled = matches!(board.standing(now).reason, ReadinessReason::Disabled(_));
    let face = face(status.state, disabled);
    let mut html = Html::new();
    html.raw("<!doctype html>\n");
    html.with("html", &[("lang", "en")], |html| {
        html.block("head", "", |html| head(html, &face, &status));
        html.block("body", face.class, |html| {
            html.block("header", "", |html| header(html, &face, &status, now.wall));
            html.block("main", "", |html| match status.report {
                Some(report) => content(html, report, board, now.wall),
                None => nothing_yet(html, disabled),
            });
            html.block("footer", "", |html| footer(html, now.wall));
        });
    });
    html.finish()
}

/// How a state looks: a word, a sign and a colour. Each of them tells the state, so that no reader depends on colour alone.
struct Face {
    word: &'static str,
    sign: &'static str,
    class: &'static str,
}

/// How a state looks. A sidecar that is switched off answers "ready", so that it does not block the pod. It has proven nothing, so it looks
/// different from a sidecar that has.
fn face(state: ReadinessState, disabled: bool) -> Face {
    let (sign, class) = match state {
        _ if disabled => return Face { word: "ready (switched off)", sign: "–", class: "off" },
        ReadinessState::Starting => ("…", "starting"),
        ReadinessState::Ready => ("√", "ready"),
        ReadinessState::Degraded => (WARN, "degraded"),
        ReadinessState::NotReady => ("×", "not-ready"),
    };
    Face { word: state.id(), sign, class }
}

/// The sign of a warning, with the variation selector for text. Without it, phones would draw an emoji.
const WARN: &str = "‼\u{fe0e}";

/// The head. The title begins with the state, because a browser tab shows only the beginning of a title.
fn head(html: &mut Html, face: &Face, status: &StatusDocument) {
    html.void("meta", &[("charset", "utf-8")]);
    html.void("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
    html.void("meta", &[("name", "color-scheme"), ("content", "light dark")]);
    html.void("meta", &[("http-equiv", "refresh"), ("content", REFRESH)]);
    let subject = status.report.map(|report| format!("{} – ", name(&report.subject))).unwrap_or_default();
    html.leaf("title", "", &format!("{} – {subject}irsa-probe", face.word));
    html.block("style", "", |html| html.raw(STYLE));
}

fn header(html: &mut Html, face: &Face, status: &StatusDocument, now: Timestamp) {
    html.block("p", "subject", |html| {
        html.leaf("strong", "", &status.report.map_or_else(|| "irsa-probe".to_owned(), |report| name(&report.subject)));
        if let Some(pod) = status.report.and_then(|report| report.subject.pod.as_deref()) {
            html.text(" ");
            html.leaf("span", "dim", pod);
        }
    });
    html.block("h1", "", |html| {
        html.with("span", &[("aria-hidden", "true")], |html| html.text(face.sign));
        html.text(&format!(" {}", face.word));
    });
    html.leaf("p", "reason", &status.reason);
    html.block("p", "when", |html| {
        html.text(&format!("for {}, since ", format_duration(now.since(status.since).max(0))));
        time(html, status.since);
    });
    html.block("p", "when", |html| rounds(html, status, now, face.class == "off"));
}

/// The next round, and the last one.
fn rounds(html: &mut Html, status: &StatusDocument, now: Timestamp, disabled: bool) {
    match status.next_round {
        _ if disabled => return html.text("no rounds are run"),
        Some(next) if next > now => html.text(&format!("next round {}", distance(next, now))),
        Some(_) => html.text("next round due now"),
        None => html.text("a round is running now"),
    }
    if let Some(last) = status.history.front() {
        html.text(&format!("; last round {}, took {} ({})", distance(last.time, now), took(last.duration_ms), trigger(last)));
    }
}

/// The sections. The cause and its cure come first, because the reader may have to act on them.
fn content(html: &mut Html, report: &Report, board: &Board, now: Timestamp) {
    findings::root_cause(html, report);
    findings::others(html, report);
    html.block("div", "", |html| {
        identity::who(html, report);
        identity::expiries(html, report, board.last_proof(), now);
    });
    checks::list(html, report);
    endpoints::calls(html, report);
    history::drawn(html, board.history());
}

fn nothing_yet(html: &mut Html, disabled: bool) {
    let (heading, words) = match disabled {
        true => (
            "Nothing is checked",
            "The probe says ready so that it is in nobody's way, and calls nobody. \
             To switch it on, take IRSA_PROBE_DISABLED out of the container's environment.",
        ),
        false => ("Nothing is known yet", "The first round begins at once and takes half a minute at the most."),
    };
    section(html, "", "nothing", heading, |html| html.leaf("p", "", words));
}

fn footer(html: &mut Html, now: Timestamp) {
    html.block("p", "", |html| {
        html.text(concat!("irsa-probe ", env!("CARGO_PKG_VERSION"), ", as of "));
        time(html, now);
        html.text(&format!("; loaded anew every {REFRESH} s"));
    });
    html.with("nav", &[("aria-label", "Other views")], |html| {
        for path in ["/status", "/metrics", "/readyz?verbose"] {
            html.with("a", &[("href", path)], |html| html.text(path));
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

fn time(html: &mut Html, time: Timestamp) {
    html.leaf("time", "", &time.to_string());
}

/// `in 43m`, `12m ago`
fn distance(then: Timestamp, now: Timestamp) -> String {
    match then.since(now) {
        0 => "now".to_owned(),
        ahead @ 1.. => format!("in {}", format_duration(ahead)),
        ago => format!("{} ago", format_duration(ago)),
    }
}

/// `61 ms`, `12.3 s`
fn took(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        _ => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
    }
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
