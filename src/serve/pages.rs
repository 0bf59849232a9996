//! What is answered where.

use super::metrics::Metrics;
use super::server::Answer;
use super::shared::Shared;
use crate::core::sidecar::moment::Moment;
use crate::core::sidecar::status::Board;
use crate::render::probe::Probe;
use crate::render::{html, json};
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};

/// How a path is answered.
enum Page {
    /// To a probe, from the state as it is now. The last argument is `?verbose`.
    Probe(fn(&Board, Moment, bool) -> Answer),
    /// To those who look in from time to time.
    Whole(fn(&Board, &Metrics, Moment) -> Answer),
}

/// Every path.
const PAGES: &[(&str, Page)] = &[
    ("/livez", Page::Probe(|board, now, verbose| probe(Probe::Live, StatusCode::INTERNAL_SERVER_ERROR, board, now, verbose))),
    ("/healthz", Page::Probe(|board, now, verbose| probe(Probe::Live, StatusCode::INTERNAL_SERVER_ERROR, board, now, verbose))),
    ("/readyz", Page::Probe(|board, now, verbose| probe(Probe::Ready, StatusCode::SERVICE_UNAVAILABLE, board, now, verbose))),
    ("/startupz", Page::Probe(|board, now, verbose| probe(Probe::Startup, StatusCode::SERVICE_UNAVAILABLE, board, now, verbose))),
    ("/status", Page::Whole(|board, _, now| typed("application/json", json::status(&board.status(now))))),
    ("/metrics", Page::Whole(|board, metrics, now| typed(Metrics::CONTENT_TYPE, metrics.page(board, now)))),
    (
        "/",
        Page::Whole(|board, _, now| {
            typed("text/html; charset=utf-8", html::page(board, now))
                .with(CONTENT_SECURITY_POLICY, HeaderValue::from_static(html::CSP))
                .with(REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
        }),
    ),
];

/// Answers a path from what is known; `None` when there is no such page.
pub fn answer(shared: &Shared, path: &str, query: Option<&str>) -> Option<Answer> {
    let (path, page) = PAGES.iter().find(|(known, _)| *known == path)?;
    Some(match page {
        Page::Probe(answer) => {
            // Of any value, as the Kubernetes API server takes it.
            let verbose = query.is_some_and(|query| query.split('&').any(|pair| pair.split('=').next() == Some("verbose")));
            shared.read(|board, now| answer(board, now, verbose))
        }
        Page::Whole(render) => shared.page(path, render),
    })
}

fn probe(probe: Probe, no: StatusCode, board: &Board, now: Moment, verbose: bool) -> Answer {
    let status = if probe.passes(board, now) { StatusCode::OK } else { no };
    Answer::text(status, probe.body(board, now, verbose))
}

fn typed(content_type: &'static str, body: String) -> Answer {
    Answer { content_type: HeaderValue::from_static(content_type), ..Answer::text(StatusCode::OK, body) }
}
