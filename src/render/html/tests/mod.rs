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
fn the_state_leads_the_title() {
    for (name, title) in [
        ("healthy", "ready – shop/checkout – irsa-probe"),
        ("degraded", "degraded – shop/checkout – irsa-probe"),
        ("node-role", "not-ready – shop/checkout – irsa-probe"),
        ("first-round", "starting – irsa-probe"),
        ("disabled", "ready (switched off) – irsa-probe"),
    ] {
        assert!(page_named(name).contains(&format!("<title>{title}</title>")), "{name}");
    }
}

/// State, history, cause, fix, evidence. A section that has nothing to say is not there.
#[test]
fn the_order_is_that_of_the_readers_questions() {
    const ORDER: [&str; 9] = ["history", "cause", "fix", "findings", "identity", "token", "checks", "endpoints", "node"];
    for (name, absent) in [
        ("degraded", &["findings"][..]),
        ("sts-down", &[]),
        ("node-role", &["token", "endpoints"]),
        ("healthy", &["cause", "fix", "findings"]),
        ("warnings", &["cause", "fix"]),
    ] {
        let page = page_named(name);
        let sections = page.match_indices("<h2 id=\"").map(|(at, start)| page[at + start.len()..].split('"').next().unwrap());
        let expected: Vec<&str> = ORDER.into_iter().filter(|section| !absent.contains(section)).collect();
        assert_eq!(sections.collect::<Vec<_>>(), expected, "{name}");
        assert!(page.find("<h1>") < page.find("<main>"));
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

/// Commands and documents are copied, so the places where their lines may break are no part of their text.
#[test]
fn commands_and_documents_are_whole() {
    for (name, board, now) in boards() {
        let Some(report) = board.report() else { continue };
        let page = page(&board, now);
        let shown = page.split("<pre").skip(1).map(|rest| text_of(&rest[rest.find('>').unwrap() + 1..rest.find("</pre>").unwrap()]));
        let expected = report.findings.iter().filter(|finding| !finding.ignored).flat_map(|finding| {
            let remedy = &finding.cause.remedy;
            remedy.commands.iter().map(|command| command.command.clone()).chain(remedy.snippet.clone())
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{name}");
    }
    assert!(STYLE.contains("pre, .all { -webkit-user-select: all; user-select: all; }"));
}

/// Nothing reloads the page while somebody selects a command. A link does.
#[test]
fn the_page_reloads_only_when_asked() {
    for (name, page) in pages() {
        assert!(!page.contains("http-equiv") && page.contains("<a class=\"reload\" href=\".\">Reload</a>"), "{name}");
    }
}

#[test]
fn times_are_counted_from_now() {
    let page = line_of(&page_named("healthy"));
    for words in [
        "as of 2026-11-22 22:27:03 UTC",
        "Since21:34 (52 min)",
        "Last round22:19 (8 min ago)took 79 ms, scheduled",
        "Next round22:34 (in 7 min)",
        "Credentialsvalid until 23:19 (52 min)",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert!(line_of(&page_named("warnings")).contains("running now"));
    let mut board = Board::new(None, at(0));
    round(&mut board, &testing::healthy(), 0, 58);
    assert!(line_of(&super::page(&board, at(600))).contains("The probe has been stuck since 21:35"));
    let late = line_of(&super::page(&board, at(2 * 24 * 3600)));
    assert!(late.contains("expired at 22 Nov 22:34 (1 d 23 h ago)") && late.contains("due now"), "{late}");
}

/// What an earlier round found has its age, and is not shown as the identity of now.
#[test]
fn what_is_remembered_has_its_age() {
    let session = "arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe";
    for (name, words) in [
        ("healthy", &["Default chainIRSA: {session}as of 21:34 (53 min ago)", "Identity{session}"][..]),
        (
            "degraded",
            &[
                "Identitynot confirmed",
                "Last confirmed{session}as of 11:49 (37 min ago)",
                "Default chainIRSA: {session}as of 22 Nov 21:34 (14 h 53 min ago)",
                "Credentialsvalid until 12:49 (22 min)from the round of 11:49",
                "Checksas of the last round, 12:19",
            ],
        ),
        (
            "not-ready",
            &["Identitynot confirmed", "Last confirmed{session}as of", "Credentialsexpired at 12:19 (23 min ago)from the round of 11:19"],
        ),
        ("first-round", &["Credentialsnone yet"]),
    ] {
        let page = line_of(&page_named(name));
        for words in words {
            let words = words.replace("{session}", session);
            assert!(page.contains(&words), "{name}: {words}\n{page}");
        }
    }
}

#[test]
fn version_1_of_imds_has_its_age() {
    let mut evidence = testing::healthy();
    evidence["imds"]["known"]["v1"] = "refused".into();
    evidence["remembered"] = serde_json::json!({"imdsV1": at(0).wall});
    let mut board = Board::new(None, at(0));
    board.end_round(testing::report(evidence, 60, 1), Trigger::Interval, at(1));
    let page = line_of(&page(&board, at(3600)));
    assert!(page.contains("v1 does not answer)version 1 is asked only once:as of 21:34 (1 h ago)"), "{page}");
}

#[test]
fn clock_skew_is_told() {
    let mut board = Board::new(None, at(0));
    let mut report = testing::report(testing::healthy(), 60, 1);
    for (skew, words) in [
        (Some(-400), Some("this node's clock is 6 min behind STS's")),
        (Some(400), Some("this node's clock is 6 min ahead of STS's")),
        (Some(0), Some("this node's clock agrees with STS's")),
        (None, None),
    ] {
        report.clock_skew_seconds = skew;
        board.end_round(report.clone(), Trigger::Retry, at(1));
        let page = page(&board, at(2));
        assert_eq!(page.contains("<dt>Clock</dt>"), words.is_some());
        assert!(words.is_none_or(|words| line_of(&page).contains(words)), "{page}");
    }
}

#[test]
fn every_round_has_a_cell_with_its_story() {
    let page = page_named("degraded");
    assert_eq!(page.matches("<li><span class=\"cell ").count(), 50);
    assert!(page.contains("<summary>46 of the last 50 rounds confirmed the identity</summary>"));
    let words = "12:19 failed: trust-policy-denied; 49 ms, scheduled";
    let cell = format!("<li><span class=\"cell fail\" role=\"img\" aria-label=\"{words}\" title=\"{words}\"></span></li>\n</ol>");
    assert!(page.contains(&cell), "the newest is the last\n{page}");
    assert!(page.contains("2 rounds not confirmed: connect-timeout"), "{page}");
    assert!(line_of(&page).contains("oldest 00:04newest 12:19"), "{}", line_of(&page));
    assert!(line_of(&page_named("node-role")).contains("The only round so far did not confirm the identity"));
}

/// The identity is confirmed, and the application's SDK fails: the page says both, and counts the round as a proof.
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
        "The identity is confirmed. What the application does with it does not change the state.",
        "The only round so far confirmed the identity",
        "<code>node-role-reachable</code> <span class=\"dim\">ignored (--ignore)</span>",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert!(!page_named("degraded").contains("The identity is confirmed."));
}

/// While STS is out of reach, the page says what the applications do.
#[test]
fn who_uses_the_nodes_role_is_told() {
    let page = line_of(&page_named("sts-down"));
    assert!(page.contains("Meanwhile") && page.contains("the node's role eks-node"), "{page}");
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
