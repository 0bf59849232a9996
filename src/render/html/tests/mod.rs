//! Whole pages as golden files (open them in a browser), and tests of their content.
//!
//! After an intended change: `UPDATE_PAGES=1 cargo test --lib render::html`, and read the diff.

#![allow(clippy::disallowed_methods, reason = "updates the golden files")]

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

/// Adds a round that began so many seconds after the start. The sample's times are moved by as much.
fn round(board: &mut Board, evidence: &Value, seconds: u64, duration_ms: u64) {
    board.begin_round(at(seconds));
    let mut report = testing::report(evidence.clone(), duration_ms, 1);
    report.time = at(seconds).wall;
    if let Some(credentials) = &mut report.credentials {
        credentials.expires_at = Some(at(seconds + 60 * MINUTE).wall);
    }
    let trigger = if seconds == 0 { Trigger::Start } else { Trigger::Interval };
    board.end_round(report, trigger, at(seconds + 1));
    board.sleep(at(seconds + 15).awake, at(seconds + INTERVAL).uptime);
}

fn boards() -> Vec<(&'static str, Board, Moment)> {
    let mut healthy = Board::new(None, at(0));
    for n in 0..4 {
        round(&mut healthy, &testing::healthy(), n * INTERVAL, 58 + n * 7);
    }

    let mut degraded = Board::new(None, at(0));
    for n in 0..60 {
        let (evidence, duration_ms) = match n {
            20 | 21 => (testing::connect_timeout(), 12_040),
            58.. => (testing::trust_policy_denied(), 49),
            _ => (testing::healthy(), 41 + n * 37 % 90),
        };
        round(&mut degraded, &evidence, n * INTERVAL, duration_ms);
    }

    let mut not_injected = Board::new(None, at(0));
    round(&mut not_injected, &testing::not_injected(), 0, 1012);

    let mut warnings = Board::new(None, at(0));
    round(&mut warnings, &testing::warnings(), 0, 64);
    warnings.begin_round(at(INTERVAL));

    let mut unknown = Board::new(None, at(0));
    round(&mut unknown, &testing::connect_timeout(), 0, 12_040);

    let mut first = Board::new(None, at(0));
    first.begin_round(at(0));
    let mut boards = vec![
        ("healthy", healthy, at(3 * INTERVAL + 8 * MINUTE)),
        ("degraded", degraded, at(59 * INTERVAL + 8 * MINUTE)),
        ("not-injected", not_injected, at(40)),
        ("warnings", warnings, at(INTERVAL + 2)),
        ("not-proven", unknown, at(20)),
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
        let path = format!("{}/src/render/html/golden/{name}.html", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_PAGES").is_some_and(|value| value == "1") {
            std::fs::write(path, page).unwrap();
            continue;
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = golden.lines().zip(page.lines()).position(|(golden, page)| golden != page);
        let line = differs.unwrap_or_else(|| golden.lines().count().min(page.lines().count())) + 1;
        assert!(page == golden, "{path} differs from line {line} on. UPDATE_PAGES=1 cargo test --lib render::html accepts that.");
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

#[test]
fn the_state_leads_the_title_and_the_cause_the_page() {
    for (name, title) in [
        ("healthy", "ready – shop/checkout – irsa-probe"),
        ("degraded", "degraded – shop/checkout – irsa-probe"),
        ("not-injected", "not-ready – shop/checkout – irsa-probe"),
        ("first-round", "starting – irsa-probe"),
        ("disabled", "ready (switched off) – irsa-probe"),
    ] {
        assert!(page_named(name).contains(&format!("<title>{title}</title>")), "{name}");
    }
    let page = page_named("degraded");
    let main = &page[page.find("<main>").unwrap()..];
    assert!(main.starts_with("<main><section class=\"cause fail\""), "{main}");
    assert!(
        main.contains("<pre class=\"command\">aws iam get-role --role-name checkout --query Role.AssumeRolePolicyDocument</pre>"),
        "{main}"
    );
    assert!(!page_named("healthy").contains("Root cause") && !page_named("healthy").contains("Also found"));
}

#[test]
fn times_are_counted_from_now() {
    let page = page_named("healthy");
    for words in ["for 52m, since <time>2026-11-22T21:34:04Z</time>", "next round in 7m; last round 8m ago, took 79 ms (scheduled)"] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert!(page.contains("<strong>expire in 52m</strong> <time class=\"dim\">2026-11-22T23:19:03Z</time>"), "{page}");
    assert!(page_named("warnings").contains("a round is running now; last round 15m ago"));
    let mut board = Board::new(None, at(0));
    round(&mut board, &testing::healthy(), 0, 58);
    assert!(super::page(&board, at(600)).contains("the worker has been stuck since"));
    let late = super::page(&board, at(2 * 24 * 3600));
    assert!(late.contains("<strong>expired 1d 23h ago</strong>") && late.contains("next round due now"), "{late}");
}

#[test]
fn clock_skew_is_told_when_there_is_some() {
    let mut board = Board::new(None, at(0));
    let mut report = testing::report(testing::healthy(), 60, 1);
    for (skew, words) in [(Some(-400), Some("this node&#39;s is 6m behind STS&#39;s")), (Some(0), None), (None, None)] {
        report.clock_skew_seconds = skew;
        board.end_round(report.clone(), Trigger::Retry, at(1));
        let page = page(&board, at(2));
        assert_eq!(page.contains("<dt>Clock</dt>"), words.is_some());
        assert!(words.is_none_or(|words| page.contains(words)), "{page}");
    }
}

#[test]
fn every_round_is_drawn_with_its_story() {
    let page = page_named("degraded");
    assert_eq!(page.matches("<rect ").count(), 50);
    assert!(page.contains("46 of the last 50 rounds proved the identity"));
    assert!(page.contains("<rect class=\"fail\" x=\"98.2%\" y=\"60\" width=\"1.6%\" height=\"15\"><title>2026-11-23T12:19:03Z: failed, trust-policy-denied, 49 ms, scheduled</title></rect>"), "{page}");
    assert!(page.contains("2 rounds not proven: connect-timeout"), "{page}");
}

/// The identity is proven, and the application's SDK fails: the page says both, and counts the round as a proof.
#[test]
fn what_does_not_count_is_told_apart() {
    let mut evidence = testing::warnings();
    evidence["inputs"]["settings"] = serde_json::json!({"appSdk": "java-v2", "strict": true, "ignore": ["node-role-reachable"]});
    let mut board = Board::new(None, at(0));
    round(&mut board, &evidence, 0, 64);
    let page = page(&board, at(10));
    for words in [
        "<title>ready – shop/checkout",
        "<code>sdk-falls-through</code>",
        "The identity is proven. What the application makes of it does not change the state.",
        "1 of the last 1 rounds proved the identity",
        "<code>node-role-reachable</code> <span class=\"dim\">ignored (--ignore)</span>",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert!(!page_named("degraded").contains("The identity is proven."));
}

#[test]
fn a_flapping_history_stays_short() {
    let mut board = Board::new(None, at(0));
    for n in 0..50 {
        round(&mut board, &if n % 2 == 0 { testing::healthy() } else { testing::trust_policy_denied() }, n * INTERVAL, 50);
    }
    let page = page(&board, at(50 * INTERVAL));
    assert!(page.contains("and 38 changes before"), "{page}");
    assert!(page.len() <= 40 * 1024, "{}", page.len());
}

#[test]
fn every_check_and_finding_is_shown() {
    for (name, board, now) in boards() {
        let Some(report) = board.report() else { continue };
        let page = page(&board, now);
        for check in &report.checks {
            let finding = report.findings.iter().find(|finding| Some(finding.cause.code) == check.code);
            let title = finding.map_or(&check.title, |finding| &finding.cause.title);
            assert!(page.contains(&title.replace('\'', "&#39;")), "{name}: {title}");
        }
        for finding in &report.findings {
            assert_eq!(page.matches(&format!("<code>{}</code>", finding.cause.code)).count(), 1, "{name}: {}", finding.cause.code);
        }
    }
}
