//! Which page is served at which path.

use super::metrics::Metrics;
use super::server::HttpReply;
use super::shared_board::SharedBoard;
use crate::core::check::report::Verdict;
use crate::core::sidecar::board::Board;
use crate::core::sidecar::moment::Moment;
use crate::core::text::time::format_duration;
use crate::render::probe::Probe;
use crate::render::{Style, html, json, text};
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};

/// How a path is answered.
enum ServedPage {
    /// To a probe, from the state as it is now. The last argument is `?verbose`.
    Probe(fn(&Board, Moment, bool) -> HttpReply),
    /// To people and scrapers. It is rendered at most once a second.
    Whole(fn(&Board, &Metrics, Moment) -> HttpReply),
}

/// Every path.
const PAGES: &[(&str, ServedPage)] = &[
    ("/livez", ServedPage::Probe(|board, now, verbose| probe_reply(Probe::Live, StatusCode::INTERNAL_SERVER_ERROR, board, now, verbose))),
    ("/healthz", ServedPage::Probe(|board, now, verbose| probe_reply(Probe::Live, StatusCode::INTERNAL_SERVER_ERROR, board, now, verbose))),
    ("/readyz", ServedPage::Probe(|board, now, verbose| probe_reply(Probe::Ready, StatusCode::SERVICE_UNAVAILABLE, board, now, verbose))),
    (
        "/startupz",
        ServedPage::Probe(|board, now, verbose| probe_reply(Probe::Startup, StatusCode::SERVICE_UNAVAILABLE, board, now, verbose)),
    ),
    ("/status", ServedPage::Whole(|board, _, now| reply_of_type("application/json", json::status(&board.status(now))))),
    ("/report", ServedPage::Whole(|board, _, now| report_reply(board, now))),
    ("/metrics", ServedPage::Whole(|board, metrics, now| reply_of_type(Metrics::CONTENT_TYPE, metrics.page(board, now)))),
    (
        "/",
        ServedPage::Whole(|board, _, now| {
            reply_of_type("text/html; charset=utf-8", html::page(board, now))
                .with(CONTENT_SECURITY_POLICY, HeaderValue::from_static(html::CSP))
                .with(REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
        }),
    ),
];

/// Answers a path from what is known; `None` when there is no such page.
pub fn answer(shared: &SharedBoard, path: &str, query: Option<&str>) -> Option<HttpReply> {
    let (path, page) = PAGES.iter().find(|(known, _)| *known == path)?;
    Some(match page {
        ServedPage::Probe(answer) => {
            // Any value will do, as for the Kubernetes API server.
            let verbose = query.is_some_and(|query| query.split('&').any(|pair| pair.split('=').next() == Some("verbose")));
            shared.with_board(|board, now| answer(board, now, verbose))
        }
        ServedPage::Whole(render) => shared.page(path, render),
    })
}

fn probe_reply(probe: Probe, no: StatusCode, board: &Board, now: Moment, verbose: bool) -> HttpReply {
    let status = if probe.passes(board, now) { StatusCode::OK } else { no };
    HttpReply::text(status, probe.body(board, now, verbose))
}

/// The last report as text, with its time and age in front. A success only if its verdict is pass: `get report` exits by that.
fn report_reply(board: &Board, now: Moment) -> HttpReply {
    let Some(report) = board.report() else {
        let why = board.standing(now).reason.describe(now.wall);
        return HttpReply::text(StatusCode::SERVICE_UNAVAILABLE, format!("there is no report yet: {why}\n"));
    };
    let status = if report.verdict == Verdict::Pass { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let age = format_duration(now.wall.since(report.time).max(0));
    HttpReply::text(status, format!("as of {} ({age} ago)\n\n{}", report.time, text::report(report, Style::default())))
}

fn reply_of_type(content_type: &'static str, body: String) -> HttpReply {
    HttpReply { content_type: HeaderValue::from_static(content_type), ..HttpReply::text(StatusCode::OK, body) }
}
