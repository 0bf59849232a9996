//! Whole pages as golden files (open them in a browser), and what the tests of the page share.
//!
//! After an intended change: `UPDATE_PAGES=1 cargo test --lib render::html`, and read the diff.

#![allow(clippy::disallowed_methods, reason = "updates the golden files")]

mod content;
mod hostile;

use super::super::testing;
use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::time::Duration;

const MINUTE: u64 = 60;
const INTERVAL: u64 = 15 * MINUTE;

fn at(seconds: u64) -> Moment {
    Moment::after(Duration::from_secs(seconds))
}

/// Adds a round that began so many seconds after the start. The sample's times are moved by as much. As in a sidecar, the default chain is followed
/// in the first round only.
fn round(board: &mut Board, evidence: &Value, seconds: u64, duration_ms: u64) {
    board.begin_round(at(seconds));
    let mut evidence = evidence.clone();
    if seconds > 0 {
        evidence["chain"] = testing::healthy()["chain"].clone();
        evidence["remembered"] = serde_json::json!({"chain": at(0).wall});
    }
    let mut report = testing::report(evidence, duration_ms, 1);
    report.time = at(seconds).wall;
    if let Some(credentials) = &mut report.credentials {
        credentials.expires_at = Some(at(seconds + 60 * MINUTE).wall);
    }
    let trigger = if seconds == 0 { Trigger::Start } else { Trigger::Interval };
    board.end_round(report, trigger, at(seconds + 1));
    board.sleep(at(seconds + 15).awake, at(seconds + INTERVAL).uptime);
}

/// STS is out of reach, and IMDS answers this pod: some SDKs use the node's role.
fn sts_down() -> Value {
    let mut evidence = testing::connect_timeout();
    evidence["imds"] = testing::warnings()["imds"].clone();
    evidence
}

/// A board whose first rounds confirm the identity, but for two in which STS did not answer, and whose last rounds end like `evidence`.
fn long(good: u64, evidence: &Value, bad: u64, bad_ms: u64) -> (Board, Moment) {
    let mut board = Board::new(None, at(0));
    for n in 0..good + bad {
        let (evidence, duration_ms) = match n {
            20 | 21 => (testing::connect_timeout(), 12_040),
            n if n >= good => (evidence.clone(), bad_ms),
            _ => (testing::healthy(), 41 + n * 37 % 90),
        };
        round(&mut board, &evidence, n * INTERVAL, duration_ms);
    }
    (board, at((good + bad - 1) * INTERVAL + 8 * MINUTE))
}

/// The names of a pod that are as long as Kubernetes and IAM allow them, in an ARN of 200 characters.
fn long_names() -> Value {
    let (role, path) = (format!("checkout-{}", "r".repeat(55)), format!("teams/{}-p/", "payments-".repeat(10).trim_end_matches('-')));
    let role = format!("role/{path}{role}");
    let text = testing::trust_policy_denied().to_string();
    let text = text.replace("role/checkout", &role).replace("\"shop\"", &format!("\"shop-{}\"", "n".repeat(58)));
    let text = text.replace(":shop:checkout", &format!(":shop-{}:checkout-{}", "n".repeat(58), "s".repeat(54)));
    serde_json::from_str(&text.replace("checkout-5d8f7c9b4-x2k8p", &format!("checkout-{}-x2k8p", "5d8f7c9b4".repeat(20)))).unwrap()
}

fn boards() -> Vec<(&'static str, Board, Moment)> {
    let mut healthy = Board::new(None, at(0));
    for n in 0..4 {
        round(&mut healthy, &testing::healthy(), n * INTERVAL, 58 + n * 7);
    }
    let (degraded, degraded_at) = long(58, &testing::trust_policy_denied(), 2, 49);
    let (not_ready, not_ready_at) = long(56, &testing::trust_policy_denied(), 5, 49);
    let (down, down_at) = long(57, &sts_down(), 3, 12_040);

    let mut node_role = Board::new(None, at(0));
    round(&mut node_role, &testing::not_injected(), 0, 1012);

    let mut warnings = Board::new(None, at(0));
    round(&mut warnings, &testing::warnings(), 0, 64);
    warnings.begin_round(at(INTERVAL));

    let mut unknown = Board::new(None, at(0));
    round(&mut unknown, &testing::connect_timeout(), 0, 12_040);

    let mut long_named = Board::new(None, at(0));
    round(&mut long_named, &long_names(), 0, 64);

    let mut first = Board::new(None, at(0));
    first.begin_round(at(0));
    let mut boards = vec![
        ("healthy", healthy, at(3 * INTERVAL + 8 * MINUTE)),
        ("degraded", degraded, degraded_at),
        ("not-ready", not_ready, not_ready_at),
        ("sts-down", down, down_at),
        ("node-role", node_role, at(40)),
        ("warnings", warnings, at(INTERVAL + 2)),
        ("not-proven", unknown, at(20)),
        ("long-names", long_named, at(20)),
        ("first-round", first, at(3)),
        ("disabled", Board::new(Some("INC-42: <b>STS outage</b>\u{202e}".to_owned()), at(0)), at(3 * 3600)),
    ];
    // A worker checks the files every few seconds. Otherwise it counts as stuck.
    for (_, board, now) in boards.iter_mut().filter(|(_, board, now)| board.status(*now).next_round.is_some()) {
        let next = board.status(*now).next_round.unwrap();
        board.sleep(now.awake, now.uptime + Duration::from_secs(next.since(now.wall).try_into().unwrap()));
    }
    boards
}

fn pages() -> Vec<(&'static str, String)> {
    boards().into_iter().map(|(name, board, now)| (name, page(&board, now))).collect()
}

fn page_named(name: &str) -> String {
    pages().into_iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn golden_pages() {
    for (name, page) in pages() {
        let page = page.replace(concat!("irsa-probe ", env!("CARGO_PKG_VERSION")), "irsa-probe VERSION");
        super::super::testing::hold(&format!("html/golden/{name}.html"), &page);
    }
}

#[test]
fn the_policy_admits_the_style_and_nothing_else() {
    let digest = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
    let hash = format!("'sha256-{}'", STANDARD.encode(digest));
    let right = format!("default-src 'none'; style-src {hash}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    assert_eq!(CSP, right, "style.css has changed: its hash is {hash} now");
    for (name, page) in pages() {
        assert_eq!(page.matches("<style").count(), 1, "{name}");
        // A browser hashes the exact bytes between the tags.
        assert!(page.contains(&format!("<style>{STYLE}</style>")), "{name}");
    }
    assert!(STYLE.is_ascii() && !STYLE.contains('\r') && !STYLE.contains("url(") && !STYLE.contains("@import"));
}

#[test]
fn a_page_is_small_and_always_the_same() {
    for (name, page) in pages() {
        assert!(page.len() <= 40 * 1024, "{name}: {}", page.len());
        assert_eq!(page, page_named(name));
    }
}

/// The text of a piece of the page, without the markup in it.
fn text_of(markup: &str) -> String {
    let words = markup.split('<').enumerate().map(|(nth, part)| if nth == 0 { part } else { part.split_once('>').unwrap().1 });
    words.collect::<String>().replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The text of the page in one line.
fn line_of(page: &str) -> String {
    text_of(&page[page.find("<body").unwrap()..]).replace('\n', "")
}
