//! Whole pages as golden files (open them in a browser), and what the tests of the page share.
//!
//! After an intended change: `UPDATE_PAGES=1 cargo test --lib render::html`, and read the diff.

#![allow(clippy::disallowed_methods, reason = "updates the golden files")]

mod content;
mod hostile;

use super::super::testing;
use super::*;
use crate::core::sidecar::schedule::Schedule;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::time::Duration;

const MINUTE: u64 = 60;
const INTERVAL: u64 = 15 * MINUTE;

fn at(seconds: u64) -> Moment {
    Moment::after(Duration::from_secs(seconds))
}

/// A sidecar's board, and the schedule of its rounds. All waits are the longest that the schedule may draw.
struct Sidecar {
    board: Board,
    schedule: Schedule,
    /// What the first round found of the default chain. Later rounds repeat it.
    chain: Option<Value>,
    /// When the last round began, in seconds after the start.
    last: u64,
}

impl Sidecar {
    fn new() -> Sidecar {
        let schedule = Schedule::new(Duration::from_secs(INTERVAL), at(0).uptime);
        Sidecar { board: Board::new(None, at(0)), schedule, chain: None, last: 0 }
    }

    /// The sidecar after these rounds. Each has its evidence and its milliseconds.
    fn after(rounds: &[(Value, u64)]) -> Sidecar {
        let mut sidecar = Sidecar::new();
        rounds.iter().for_each(|(evidence, duration_ms)| sidecar.round(evidence, *duration_ms));
        sidecar
    }

    /// When the next round is due, in seconds after the start.
    fn next(&self) -> u64 {
        (self.schedule.next() - at(0).uptime).as_secs()
    }

    /// Runs the round that is due next. The sample's times are those of a pod that starts with the sidecar, so they are moved.
    fn round(&mut self, evidence: &Value, duration_ms: u64) {
        self.last = self.next();
        let trigger = self.schedule.due(self.schedule.next()).unwrap();
        self.board.begin_round(at(self.last));
        let mut evidence = evidence.clone();
        match &self.chain {
            None => self.chain = Some(evidence["chain"].clone()).filter(|chain| chain.get("known").is_some()),
            Some(chain) => {
                evidence["chain"] = chain.clone();
                evidence["remembered"] = serde_json::json!({"chain": at(0).wall});
            }
        }
        evidence["takenAt"] = serde_json::json!(at(self.last).wall);
        for part in ["endpoints", "agent"] {
            move_times(&mut evidence[part], self.last.try_into().unwrap());
        }
        let report = testing::report(evidence, duration_ms, 1);
        let failure = report.identity_failures().first().map(|cause| cause.class);
        let ended = at(self.last + duration_ms.div_ceil(1000));
        self.board.end_round(report, trigger, ended);
        self.schedule.round_ended(failure, ended.uptime, || 1.0);
        self.board.sleep(ended.awake + Duration::from_secs(14), self.schedule.next());
    }
}

/// Moves the times of the answers to later. The token's times stay: a token lives for many rounds.
fn move_times(value: &mut Value, seconds: i64) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| move_times(item, seconds)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match name.as_str() {
                    "date" => *field = (field.as_i64().unwrap() + seconds).into(),
                    "localMidpointMs" => *field = (field.as_i64().unwrap() + seconds * 1000).into(),
                    "expiresAt" => {
                        let at: Timestamp = serde_json::from_value(field.clone()).unwrap();
                        *field = serde_json::json!(Timestamp(at.0 + seconds));
                    }
                    _ => move_times(field, seconds),
                }
            }
        }
        _ => {}
    }
}

/// STS is out of reach, and IMDS answers this pod: some SDKs use the node's role.
fn sts_down() -> Value {
    let mut evidence = testing::connect_timeout();
    evidence["imds"] = testing::warnings()["imds"].clone();
    evidence
}

/// A sidecar whose first rounds confirm the identity, but for two in which STS did not answer, and whose last rounds end like `evidence`.
fn long(good: u64, evidence: &Value, bad: u64, bad_ms: u64) -> Sidecar {
    let mut sidecar = Sidecar::new();
    for n in 0..good + bad {
        match n {
            20 | 21 => sidecar.round(&testing::connect_timeout(), 12_040),
            n if n >= good => sidecar.round(evidence, bad_ms),
            _ => sidecar.round(&testing::healthy(), 41 + n * 37 % 90),
        }
    }
    sidecar
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
    let healthy: Vec<_> = (0..4).map(|n| (testing::healthy(), 58 + n * 7)).collect();
    let long_names = vec![(long_names(), 64); 4];
    let unknown = vec![(testing::connect_timeout(), 12_040); 6];
    let mut warnings = Sidecar::after(&[(testing::warnings(), 64)]);
    warnings.last = warnings.next();
    warnings.board.begin_round(at(warnings.last));
    let mut first = Board::new(None, at(0));
    first.begin_round(at(0));
    let mut boards: Vec<_> = [
        ("healthy", Sidecar::after(&healthy), 8 * MINUTE),
        ("degraded", long(50, &testing::trust_policy_denied(), 10, 49), 8 * MINUTE),
        ("not-ready", long(47, &testing::trust_policy_denied(), 13, 49), 8 * MINUTE),
        ("sts-down", long(50, &sts_down(), 10, 12_040), 8 * MINUTE),
        ("node-role", Sidecar::after(&[(testing::not_injected(), 1012)]), 40),
        ("warnings", warnings, 2),
        ("not-proven", Sidecar::after(&unknown), 20),
        ("long-names", Sidecar::after(&long_names), 3),
    ]
    .map(|(name, sidecar, later)| (name, sidecar.board, at(sidecar.last + later)))
    .into();
    boards.push(("first-round", first, at(3)));
    boards.push(("disabled", Board::new(Some("INC-42: <b>STS outage</b>\u{202e}".to_owned()), at(0)), at(3 * 3600)));
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
