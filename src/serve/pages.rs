//! What is answered where.

use super::metrics::Metrics;
use super::server::Answer;
use super::shared::Shared;
use crate::core::clock::Moment;
use crate::core::status::Board;
use crate::render::probe::Probe;
use crate::render::{html, json};
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};

type Page = fn(&Board, &Metrics, Moment, bool) -> Answer;

/// Every path. The last argument is `?verbose`, of any value, as the Kubernetes API server takes it.
const PAGES: &[(&str, Page)] = &[
    ("/livez", |board, _, now, verbose| probe(Probe::Live, StatusCode::INTERNAL_SERVER_ERROR, board, now, verbose)),
    ("/healthz", |board, _, now, verbose| probe(Probe::Live, StatusCode::INTERNAL_SERVER_ERROR, board, now, verbose)),
    ("/readyz", |board, _, now, verbose| probe(Probe::Ready, StatusCode::SERVICE_UNAVAILABLE, board, now, verbose)),
    ("/startupz", |board, _, now, verbose| probe(Probe::Startup, StatusCode::SERVICE_UNAVAILABLE, board, now, verbose)),
    ("/status", |board, _, now, _| typed("application/json", json::status(&board.status(now)))),
    ("/metrics", |board, metrics, now, _| typed(Metrics::CONTENT_TYPE, metrics.page(board, now))),
    ("/", |board, _, now, _| {
        typed("text/html; charset=utf-8", html::page(board, now))
            .with(CONTENT_SECURITY_POLICY, HeaderValue::from_static(html::CSP))
            .with(REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
    }),
];

/// Answers a path from what is known; `None` when there is no such page.
pub fn answer(shared: &Shared, path: &str, query: Option<&str>) -> Option<Answer> {
    let (_, page) = PAGES.iter().find(|(known, _)| *known == path)?;
    let verbose = query.is_some_and(|query| query.split('&').any(|pair| pair.split('=').next() == Some("verbose")));
    Some(shared.read(|board, metrics, now| page(board, metrics, now, verbose)))
}

fn probe(probe: Probe, no: StatusCode, board: &Board, now: Moment, verbose: bool) -> Answer {
    let status = if probe.passes(board, now) { StatusCode::OK } else { no };
    Answer::text(status, probe.body(board, now, verbose))
}

fn typed(content_type: &'static str, body: String) -> Answer {
    Answer { content_type: HeaderValue::from_static(content_type), ..Answer::text(StatusCode::OK, body) }
}
