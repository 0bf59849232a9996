//! What holds of every diagnosis, report and rendering, whatever the evidence.

use super::evidence::evidence;
use super::foreign::is_obeyed;
use super::{cases, evidence as any_evidence};
use irsa_probe::core::aws::imds::ImdsReach;
use irsa_probe::core::catalogue::{Class, Code, Operation, Severity, Step};
use irsa_probe::core::check::checks::{Check, CheckOutcome};
use irsa_probe::core::check::report::{Cause, Report, ReportedFinding, RunTimes, Verdict, report};
use irsa_probe::core::evidence::{CallerIdentity, ChainProvider, Evidence, Fact};
use irsa_probe::core::text::printable::printable;
use irsa_probe::render::{Style, json, termination, text};
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::LazyLock;

fn judged(evidence: &Evidence) -> Report {
    report(evidence, RunTimes { duration_ms: 60_000, attempts: 3 })
}

/// The checks that mean the same whatever failed before them.
fn rests_on_nothing(check: Option<&str>) -> bool {
    matches!(check, Some("clock" | "node-role" | "other-regions" | "app-sdk" | "profile" | "sdks"))
}

/// The step at which a finding stands. A profile's fault stands in the place of `not-injected` where it is why nothing is injected.
fn step_of(report: &Report, cause: &Cause) -> Step {
    let is_of_profile = matches!(cause.code, Code::ProfileMissing | Code::ProfileBroken);
    let injected = report.checks.iter().find(|check| check.id == "injected").and_then(|check| check.because.as_deref());
    if is_of_profile && injected.is_some_and(|because| because == ["see ", cause.code.id()].concat()) {
        Step::Injection
    } else {
        cause.step
    }
}

/// docs/report.v1.schema.json: the verdict follows from the findings, and the root cause stands first.
fn is_decided(report: &Report) {
    let failing = report.findings.iter().any(|finding| finding.severity == Severity::Fail);
    assert_eq!(report.verdict != Verdict::Pass, failing);
    let root = report.root_cause.as_ref();
    assert_eq!(root.is_some(), failing);
    assert_eq!(root, report.findings.first().filter(|_| failing).map(|finding| &finding.cause));
    assert_eq!(report.verdict == Verdict::Unknown, root.is_some_and(|root| root.class == Class::Transient));
    assert!(report.findings.iter().skip(usize::from(failing)).map(|finding| finding.severity).is_sorted());
    if let Some(root) = root {
        for finding in &report.findings {
            // A profile's fault stands in the place of `not-injected` where nothing is injected.
            let fallback = matches!(step_of(report, root), Step::Injection) && finding.cause.code == Code::NodeRoleFallback;
            let consequence = fallback || rests_on_nothing(finding.cause.code.row().check);
            let (step, of_root) = (step_of(report, &finding.cause), step_of(report, root));
            assert!(step <= of_root || consequence, "{} after {}", finding.cause.code, root.code);
            assert!(finding.severity != Severity::Fail || step >= of_root, "{} before {}", finding.cause.code, root.code);
        }
    }
}

fn findings_are_whole(report: &Report) {
    let mut codes = HashSet::new();
    for finding in &report.findings {
        let cause = &finding.cause;
        assert!(codes.insert(cause.code), "{} twice", cause.code);
        assert_eq!(cause.step, cause.code.step());
        assert!(
            !cause.title.is_empty() && !cause.detail.is_empty() && !cause.remedy.text.is_empty() && cause.docs.ends_with(cause.code.id())
        );
        for command in &cause.remedy.commands {
            let texts = [Some(&command.command), command.touches.as_ref()];
            assert!(texts.into_iter().flatten().all(|text| !text.is_empty() && !text.contains(is_obeyed)), "{:?}", cause.remedy);
        }
    }
}

/// The node's role is everyone's on the node: no fix gives it a permission, or names it at all.
fn no_fix_names_the_node_s_role(evidence: &Evidence) {
    const ROLE: &str = "the-role-of-the-node";
    let mut evidence = evidence.clone();
    if let Fact::Known(imds) = &mut evidence.imds {
        (imds.v2, imds.role, imds.no_role) = (ImdsReach::Answers, Some(ROLE.to_owned()), false);
    }
    if let Fact::Known(chain) = &mut evidence.chain {
        let arn = format!("arn:aws:sts::111122223333:assumed-role/{ROLE}/i-0123456789abcdef0");
        chain.provider = ChainProvider::Node;
        chain.identity = Some(CallerIdentity { arn, account: None, user_id: None });
    }
    for finding in judged(&evidence).findings {
        assert!(!serde_json::to_string(&finding.cause.remedy).unwrap().contains(ROLE), "{:?}", finding.cause.remedy);
    }
}

fn checks_follow(report: &Report) {
    let carries = |check: &Check, code| check.code == Some(code);
    for check in &report.checks {
        let found = check
            .code
            .map(|code| report.findings.iter().find(|finding| finding.cause.code == code).expect("a check's code is a finding's"));
        match check.outcome {
            CheckOutcome::Fail => assert!(found.is_some_and(|finding| finding.severity == Severity::Fail), "{check:?}"),
            CheckOutcome::Warn => assert!(found.is_some_and(|finding| finding.severity == Severity::Warn), "{check:?}"),
            CheckOutcome::Pass => {
                let passes =
                    |finding: &ReportedFinding| finding.severity == Severity::Info && finding.cause.code != Code::IssuerUnreachable;
                assert!(found.is_none_or(passes), "{check:?}");
            }
            // What could not be looked at, and a finding says so, is no pass.
            CheckOutcome::Skip => assert!(found.is_none_or(|finding| finding.cause.code == Code::IssuerUnreachable), "{check:?}"),
        }
        assert_eq!(check.because.is_some(), check.outcome == CheckOutcome::Skip, "{check:?}");
        let later = report.root_cause.as_ref().is_some_and(|root| root.step < check.step);
        let consequence = rests_on_nothing(Some(&check.id)) || carries(check, Code::NodeRoleFallback);
        assert!(!later || check.outcome == CheckOutcome::Skip || consequence, "{check:?}");
    }
    for finding in &report.findings {
        let shown = report.checks.iter().any(|check| check.step == finding.cause.step && check.code.is_some());
        assert!(shown, "{} is under no check", finding.cause.code);
    }
    assert!(report.checks.iter().map(|check| check.step).is_sorted());
}

/// `--strict` turns warnings into failures, and leaves information alone.
fn strict_is_stricter(evidence: &Evidence) {
    let with = |strict| {
        let mut evidence = evidence.clone();
        evidence.inputs.settings.strict = strict;
        judged(&evidence)
    };
    let (lax, strict) = (with(false), with(true));
    let stays = |finding: &ReportedFinding| finding.ignored || !finding.cause.code.row().strict;
    assert!(strict.findings.iter().all(|finding| finding.severity != Severity::Warn || stays(finding)));
    assert!(lax.verdict == Verdict::Pass || strict.verdict != Verdict::Pass);
    let last = strict.root_cause.as_ref().map_or(Step::Redundancy, |root| root.step);
    let infos = |report: &Report| -> Vec<Code> {
        let kept = report.findings.iter().filter(|finding| finding.severity == Severity::Info && finding.cause.step <= last);
        kept.map(|finding| finding.cause.code).collect()
    };
    assert_eq!(infos(&lax), infos(&strict));
}

/// `--ignore` marks what is no failure, and changes nothing else without `--strict`. With all codes ignored, `--strict` changes nothing.
fn what_is_ignored_still_stands(evidence: &Evidence) {
    let with = |strict, ignore: &[Code]| {
        let mut evidence = evidence.clone();
        evidence.inputs.settings.strict = strict;
        evidence.inputs.settings.ignore = ignore.to_vec();
        judged(&evidence)
    };
    let some = &evidence.inputs.settings.ignore;
    for (strict, ignore) in [(false, some), (true, some), (false, &Code::ALL.to_vec())] {
        for finding in &with(strict, ignore).findings {
            let is_named = ignore.contains(&finding.cause.code);
            assert_eq!(finding.ignored, is_named && finding.severity != Severity::Fail, "{finding:?}");
        }
    }
    let unmarked = |mut report: Report| {
        report.findings.iter_mut().for_each(|finding| finding.ignored = false);
        report
    };
    assert_eq!(unmarked(with(false, some)), with(false, &[]));
    assert_eq!(with(true, Code::ALL), with(false, Code::ALL));
}

/// What the sidecar goes by is the root cause, or a proof where the application alone fails.
fn the_identity_s_failures_follow(report: &Report) {
    let first = report.identity_failures().first().map(|cause| cause.code);
    let root = report.root_cause.as_ref();
    let is_of_application = root.is_some_and(|root| root.step == Step::Application);
    assert!(first == root.map(|root| root.code) || is_of_application, "{first:?}, {root:?}");
    let is_given = report.identity.is_some() || report.credentials.is_some();
    assert!(first.is_none() || is_given || first == root.map(|root| root.code), "{first:?}, {root:?}");
    assert!(report.verdict != Verdict::Pass || first.is_none());
}

static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.v1.schema.json")).unwrap();
    jsonschema::options().should_validate_formats(true).build(&serde_json::from_str(&schema).unwrap()).expect("the schema is a schema")
});

fn json_is_as_published(report: &Report) {
    let published = json::report(report);
    let document = serde_json::from_str(&published).unwrap();
    let errors: Vec<String> = VALIDATOR.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}\n{published}");
    assert!(!published.contains(|c| c != '\n' && is_obeyed(c)));
    let again: Report = serde_json::from_str(&published).unwrap();
    assert_eq!(json::report(&again), published);
    // Times beyond RFC 3339 are clamped as they are written; what was read once stays as it is.
    assert_eq!(serde_json::from_str::<Report>(&json::report(&again)).unwrap(), again);
}

fn renderings_are_harmless(report: &Report) {
    let plain = text::report(report, Style::default());
    assert!(!plain.contains(|c| c != '\n' && is_obeyed(c)), "{plain:?}");
    let painted = text::report(report, Style { color: true, ..Style::default() });
    let unpainted = ["0", "1", "2", "1;31", "1;32", "1;33"].iter().fold(painted, |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
    assert_eq!(unpainted, plain);
    let message = termination::message(report);
    assert!(message.len() <= termination::LIMIT && !message.is_empty());
    assert!(!message.contains(|c| c != '\n' && is_obeyed(c)) && message.lines().count() <= 4, "{message:?}");
}

/// The text of a report has each command of the root cause in a line, and each word of what was seen.
fn text_loses_nothing(report: &Report) {
    let Some(cause) = report.root_cause.as_ref().filter(|_| report.outside_pod.is_none()) else { return };
    for width in [40, 80, 132] {
        let text = text::report(report, Style { width, ..Style::default() });
        let block = &text[text.rfind("\n\n").map_or(0, |at| at + 2)..];
        for command in &cause.remedy.commands {
            let line = format!(" {}\n", printable(&command.command).trim_end_matches(' '));
            assert!(block.contains(&line), "{line:?} is not in\n{block}");
        }
        let words = |text: &str| text.split([' ', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let seen = words(&printable(&cause.detail));
        assert!(words(block).contains(&seen), "{seen:?} is not in\n{block}");
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn every_report_is_lawful(evidence in evidence()) {
        let report = judged(&evidence);
        is_decided(&report);
        findings_are_whole(&report);
        no_fix_names_the_node_s_role(&evidence);
        checks_follow(&report);
        strict_is_stricter(&evidence);
        what_is_ignored_still_stands(&evidence);
        the_identity_s_failures_follow(&report);
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_report_is_rendered_safely(evidence in evidence()) {
        let report = judged(&evidence);
        json_is_as_published(&report);
        renderings_are_harmless(&report);
        text_loses_nothing(&report);
    }

    #[test]
    fn evidence_is_read_as_written(evidence in evidence()) {
        let written = json::evidence(&evidence);
        prop_assert!(!written.contains(|c| c != '\n' && is_obeyed(c)));
        let again: Evidence = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(json::evidence(&again), written.as_str());
        prop_assert_eq!(&serde_json::from_str::<Evidence>(&written).unwrap(), &again);
        // What was clamped apart, the report of the evidence read back is the report.
        prop_assert_eq!(&judged(&again), &judged(&serde_json::from_str(&json::evidence(&again)).unwrap()));
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn every_error_is_a_finding_of_its_step(error in any_evidence::service_error()) {
        let [assume, hop, identity, agent] = Operation::ALL.map(|operation| Code::from_error(operation, &error));
        prop_assert!(matches!(assume.step(), Step::Token | Step::Network | Step::AssumeRole), "{}", assume);
        prop_assert!(matches!(hop.step(), Step::Network | Step::AssumeRole | Step::Identity), "{}", hop);
        prop_assert!(matches!(identity.step(), Step::Network | Step::AssumeRole | Step::Identity), "{}", identity);
        prop_assert_eq!(agent.step(), Step::PodIdentity);
    }
}
