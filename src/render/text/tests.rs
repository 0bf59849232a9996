//! Goldens, and properties of any report's text.

use super::super::testing;
use super::*;
use crate::core::text::printable::printable;
use serde_json::Value;

fn all() -> Vec<Report> {
    let evidence =
        [testing::healthy(), testing::not_injected(), testing::trust_policy_denied(), testing::connect_timeout(), testing::warnings()];
    evidence.into_iter().map(|evidence| testing::report(evidence, 60_200, 2)).collect()
}

fn plain(evidence: Value) -> String {
    text(evidence, Detail::Steps)
}

fn text(evidence: Value, detail: Detail) -> String {
    detailed_report(&testing::report(evidence, 60_200, 2), &TextOptions { detail, ..TextOptions::default() })
}

const DETAILS: [Detail; 3] = [Detail::Verdict, Detail::Steps, Detail::Checks];

#[test]
fn golden_texts() {
    let evidence = [
        ("healthy", testing::healthy()),
        ("not-injected", testing::not_injected()),
        ("trust-policy-denied", testing::trust_policy_denied()),
        ("connect-timeout", testing::connect_timeout()),
        ("warnings", testing::warnings()),
    ];
    for (name, evidence) in evidence {
        testing::hold(&format!("text/golden/{name}.txt"), &plain(evidence.clone()));
        testing::hold(&format!("text/golden/{name}-in-detail.txt"), &text(evidence, Detail::Checks));
    }
}

#[test]
fn the_verdict_alone_is_one_line() {
    let quiet = |evidence| text(evidence, Detail::Verdict);
    assert_eq!(quiet(testing::healthy()), "√ PASS this pod is arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe (irsa)\n");
    for evidence in [testing::not_injected(), testing::trust_policy_denied(), testing::connect_timeout(), testing::warnings()] {
        let whole = plain(evidence.clone());
        assert!(whole.contains(&quiet(evidence.clone())) && quiet(evidence).lines().count() == 1, "{whole}");
    }
}

#[test]
fn an_advisory_verdict_says_so() {
    let advisory = |evidence| {
        let options = TextOptions { detail: Detail::Verdict, advisory: true, ..TextOptions::default() };
        detailed_report(&testing::report(evidence, 0, 1), &options)
    };
    assert!(advisory(testing::trust_policy_denied()).starts_with("× FAIL (advisory, exit 0) trust-policy-denied: "));
    assert!(advisory(testing::healthy()).starts_with("√ PASS (advisory, exit 0) this pod is "));
}

#[test]
fn a_statement_can_be_copied_as_it_is() {
    let text = text(testing::trust_policy_denied(), Detail::Checks);
    let from = text.find("             {\n").unwrap();
    let to = text[from..].find("\n  more").unwrap() + from;
    let statement: Value = serde_json::from_str(&text[from..to]).unwrap();
    assert_eq!(statement["Action"], "sts:AssumeRoleWithWebIdentity");
    assert!(!plain(testing::trust_policy_denied()).contains("\"Action\""), "documents are for -v");
}

#[test]
fn warnings_have_blocks_and_information_has_a_line() {
    let text = plain(testing::warnings());
    assert!(text.contains("\n‼ node node-role-reachable\n"), "{text}");
    assert!(text.contains("\n- endpoint-override: "), "{text}");
    assert!(text.contains("\n‼ WARN node-role-reachable: "), "{text}");
    let block = &text[text.find("‼ WARN node-role-reachable").unwrap()..];
    for part in ["\n  why        ", "\n  fix        1. aws ec2 ", "\n  more       irsa-probe explain node-role-reachable\n"] {
        assert!(block.contains(part), "{part:?}: {text}");
    }
    assert!(text.ends_with("checkout/irsa-probe (irsa); 1 warning: node-role-reachable\n"));
}

#[test]
fn what_is_ignored_is_one_line_and_no_warning() {
    let mut evidence = testing::warnings();
    evidence["inputs"]["settings"] = serde_json::json!({"ignore": ["node-role-reachable", "endpoint-override"]});
    for detail in [Detail::Steps, Detail::Checks] {
        let text = text(evidence.clone(), detail);
        for code in ["node-role-reachable", "endpoint-override"] {
            let title = crate::core::catalogue::Code::parse(code).unwrap().row().title;
            let one_line = text.replace("\n    ", " ");
            assert!(one_line.contains(&format!("\n- {code}: {title}; ignored (--ignore)\n")), "{text}");
        }
        assert!(!text.contains("IMDSv2 names") && text.ends_with("checkout/irsa-probe (irsa)\n"), "{text}");
    }
}

#[test]
fn every_finding_has_one_line_and_no_text_is_said_twice() {
    for report_ in all() {
        for detail in [Detail::Steps, Detail::Checks] {
            let text = detailed_report(&report_, &TextOptions { detail, ..TextOptions::default() });
            let one_line = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
            for finding in &report_.findings {
                let count = |text: &str| one_line.matches(text).count();
                let titles = count(&format!("{}: {}", finding.cause.code, finding.cause.title));
                // Under -v the check's line names it, and its block.
                let blocks = usize::from(finding.severity != Severity::Info);
                let wanted = if detail == Detail::Checks { 1 + blocks } else { 1 };
                assert_eq!(titles, wanted, "{}: {text}", finding.cause.code);
                assert!(count(&finding.cause.detail) <= 1, "{}: {text}", finding.cause.code);
            }
        }
    }
}

#[test]
fn a_workstation_is_told_what_helps_there() {
    let mut evidence = testing::not_injected();
    assert!(!plain(evidence.clone()).contains("This is not a pod"), "a service account token is a pod's");
    evidence["defaultToken"] = serde_json::json!({"notAttempted": "not-this-provider"});
    assert!(plain(evidence.clone()).contains("  fix        1. irsa-probe doctor "), "{}", plain(evidence));
    for (variable, value) in [("KUBERNETES_SERVICE_HOST", "10.100.0.1"), ("POD_NAME", "checkout"), ("POD_NAMESPACE", "shop")] {
        let mut inside = evidence.clone();
        inside["inputs"]["environment"][variable] = value.into();
        assert!(!plain(inside).contains("This is not a pod"), "{variable}");
    }
    evidence["namespace"] = "shop".into();
    assert!(!plain(evidence).contains("This is not a pod"), "the namespace's file is a pod's");
}

#[test]
fn lines_are_neat_also_in_colour() {
    for report_ in all() {
        for detail in DETAILS {
            let text = |color| {
                detailed_report(&report_, &TextOptions { style: Style { color, ..Style::default() }, detail, ..TextOptions::default() })
            };
            let plain = text(false);
            assert!(plain.lines().all(|line| line == line.trim_end()), "{plain}");
            assert!(plain.ends_with('\n') && !plain.ends_with("\n\n") && !plain.contains("\n\n\n"), "{plain}");
            assert_eq!(unpainted(&text(true)), plain);
        }
    }
}

/// Removes the escape codes that a page writes. Any other escape character stays.
fn unpainted(text: &str) -> String {
    ["0", "1", "2", "1;31", "1;32", "1;33"].iter().fold(text.to_owned(), |text, code| text.replace(&format!("\u{1b}[{code}m"), ""))
}

/// Replaces every string of every report in turn by a hostile one.
#[test]
fn no_foreign_text_paints_or_breaks_a_line() {
    const HOSTILE: &str = "A\u{1b}]0;owned\u{7}\u{1b}[31m\u{202e}\r\nINJECTED \u{9b}31m\u{2028}B";
    let mut replaced = 0;
    for report_ in all() {
        let document = serde_json::to_value(&report_).unwrap();
        let mut paths = Vec::new();
        strings(&document, String::new(), &mut paths);
        for path in paths {
            let mut hostile = document.clone();
            *hostile.pointer_mut(&path).unwrap() = HOSTILE.into();
            // Codes, steps and times are no free text: a report with such a value cannot be read.
            let Ok(hostile) = serde_json::from_value::<Report>(hostile) else { continue };
            replaced += 1;
            let texts = [
                unpainted(&report(&hostile, Style { color: true, ..Style::default() })),
                detailed_report(&hostile, &TextOptions { detail: Detail::Checks, ..TextOptions::default() }),
                super::super::termination::message(&hostile),
                super::super::json::report(&hostile),
            ];
            for text in texts {
                for line in text.lines() {
                    assert_eq!(printable(line), line, "{path}");
                    // A document has several lines, so line breaks are kept there.
                    assert!(!line.trim_start().starts_with("INJECTED") || path.ends_with("/snippet"), "{path}: {line}");
                }
            }
        }
    }
    assert!(replaced > 300, "{replaced}");
}

fn strings(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| strings(item, format!("{path}/{at}"), found)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| strings(field, format!("{path}/{name}"), found)),
        _ => {}
    }
}

#[test]
fn a_pass_without_an_identity_says_so() {
    let mut report = testing::report(testing::healthy(), 900, 1);
    report.identity = None;
    report.expected.provider = Provider::PodIdentity;
    assert_eq!(who(&report), "EKS Pod Identity gives credentials, but their identity was not confirmed");
    assert_eq!(attempts(&report), "not proven in 900 ms (1 attempt)");
}
