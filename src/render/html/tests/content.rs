//! What a page says, and in which order.

use super::*;
use crate::core::catalogue::commands::CommandEffect;

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

/// Commands and documents are copied, so the places where their lines may break are no part of their text.
#[test]
fn commands_and_documents_are_whole() {
    for (name, board, now) in boards() {
        let Some(report) = board.report() else { continue };
        let page = page(&board, now);
        let shown = page.split("<pre").skip(1).map(|rest| text_of(&rest[rest.find('>').unwrap() + 1..rest.find("</pre>").unwrap()]));
        let expected = report.findings.iter().filter(|finding| !finding.ignored).flat_map(|finding| {
            let remedy = &finding.cause.remedy;
            let mut commands: Vec<_> = remedy.commands.iter().collect();
            commands.sort_by_key(|command| command.effect != CommandEffect::Read);
            commands.into_iter().map(|command| command.command.clone()).chain(remedy.snippet.clone())
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
        "as of 2026-11-22 22:27:04 UTC",
        "Since21:34 (53 min)",
        "Last round22:19 (8 min ago)took 79 ms, scheduled",
        "Next round22:34 (in 7 min)",
        "Credentialsvalid until 23:19 (52 min)",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert!(line_of(&page_named("warnings")).contains("running now"));
    let Sidecar { board, .. } = Sidecar::after(&[(testing::healthy(), 58)]);
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
                "Last confirmed{session}as of 09:19 (40 min ago)",
                "Default chainIRSA: {session}as of 22 Nov 21:34 (12 h 25 min ago)",
                "Credentialsvalid until 10:19 (19 min)from the round of 09:19",
                "Checksas of the last round, 09:51",
            ],
        ),
        (
            "not-ready",
            &["Identitynot confirmed", "Last confirmed{session}as of", "Credentialsexpired at 09:34 (25 min ago)from the round of 08:34"],
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
    assert!(page.contains("<summary>38 of the last 50 rounds confirmed the identity</summary>"));
    let words = "09:51 failed: trust-policy-denied; 49 ms, a retry";
    let cell = format!("<li><span class=\"cell fail\" role=\"img\" aria-label=\"{words}\" title=\"{words}\"></span></li>\n</ol>");
    assert!(page.contains(&cell), "the newest is the last\n{page}");
    assert!(page.contains("2 rounds not confirmed: connect-timeout"), "{page}");
    assert!(line_of(&page).contains("oldest 00:04newest 09:51"), "{}", line_of(&page));
    assert!(line_of(&page_named("node-role")).contains("The only round so far did not confirm the identity"));
}

/// The identity is confirmed, and the application's SDK fails: the page says both, and counts the round as a proof.
#[test]
fn what_does_not_count_is_told_apart() {
    let mut evidence = testing::warnings();
    evidence["inputs"]["settings"] = serde_json::json!({"appSdk": "java-v2", "strict": true, "ignore": ["node-role-reachable"]});
    let Sidecar { board, .. } = Sidecar::after(&[(evidence, 64)]);
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

/// A connection that failed is no call: the failure stands with the connection.
#[test]
fn a_failed_connection_is_no_call() {
    let page = line_of(&page_named("sts-down"));
    let words = "10.0.3.17 (private: a VPC endpoint)resolve 1.2 ms× connect-timeoutno address accepted a connection within 2 s (10.0.3.17:443)\
                 – not called– not called";
    assert!(page.contains(words) && !page.contains("0.0 ms"), "{page}");
}

/// The steps of a fix are those of the text report: read, change what the sentence says, then the commands that change something.
#[test]
fn a_fix_reads_before_it_changes() {
    let page = line_of(&page_named("node-role"));
    let steps = ["Fixkubectl -n shop get serviceaccount", "Annotate service account shop/checkout", "affects every pod that uses"];
    let places = steps.map(|words| page.find(words));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{page}");
}

#[test]
fn a_command_in_a_sentence_is_code() {
    assert!(
        page_named("degraded")
            .contains("Add the statement that <code class=\"all\"><span>irsa-probe</span> <span>trust-policy</span></code> prints")
    );
    assert!(pages().iter().all(|(_, page)| !page.contains('`')));
}

/// What a check says of a time is the same as what the page counts.
#[test]
fn the_clocks_of_a_sample_agree() {
    let page = line_of(&page_named("healthy"));
    assert!(page.contains("valid until 23 Nov 20:34 (22 h 6 min)") && page.contains("expires in 22h 14m"), "{page}");
    let page = line_of(&page_named("not-proven"));
    assert!(page.contains("a retry") && page.contains("(in 57 s)"), "{page}");
}

/// While STS is out of reach, the page says what the applications do.
#[test]
fn who_uses_the_nodes_role_is_told() {
    let page = line_of(&page_named("sts-down"));
    assert!(page.contains("Meanwhile") && page.contains("the node's role eks-node"), "{page}");
}

#[test]
fn a_flapping_history_stays_short() {
    let mut sidecar = Sidecar::new();
    for n in 0..50 {
        sidecar.round(&if n % 2 == 0 { testing::healthy() } else { testing::trust_policy_denied() }, 50);
    }
    let page = page(&sidecar.board, at(sidecar.last + MINUTE));
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
