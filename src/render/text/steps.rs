//! One line for each step, with the number of its checks that passed or with what was found. What is skipped is one line.

use super::super::page::{Page, Paint};
use super::sections::{because, finding_line};
use crate::core::catalogue::{Severity, Step};
use crate::core::check::checks::{Check, CheckOutcome};
use crate::core::check::report::{Report, ReportedFinding};

/// The steps, and the findings that have no block below: information, and what is ignored.
pub(super) fn all(page: &mut Page, report: &Report) {
    for step in Step::ALL {
        line(page, report, step);
    }
    skipped(page, report);
    for finding in report.findings.iter().filter(|finding| finding.severity == Severity::Info || finding.ignored) {
        finding_line(page, finding);
    }
}

/// `√ injection 5`, `× assume-role trust-policy-denied`. A step without a check that was made has no line.
fn line(page: &mut Page, report: &Report, step: Step) {
    let counts = |found: &&ReportedFinding| found.cause.step == step && !found.ignored && found.severity != Severity::Info;
    let codes: Vec<&ReportedFinding> = report.findings.iter().filter(counts).collect();
    let passed = report.checks.iter().filter(|check| check.step == step && check.outcome == CheckOutcome::Pass).count();
    let worst = codes.iter().map(|finding| finding.severity).min();
    let (paint, mark) = match worst {
        Some(Severity::Fail) => (Paint::Red, "×"),
        Some(_) => (Paint::Yellow, "‼"),
        None if passed == 0 => return,
        None => (Paint::Green, "√"),
    };
    let named: Vec<&str> = codes.iter().map(|finding| finding.cause.code.id()).collect();
    let said = match (named.is_empty(), passed) {
        (true, passed) => passed.to_string(),
        (false, 0) => named.join(", "),
        (false, passed) => format!("{} ({passed} passed)", named.join(", ")),
    };
    page.prose(0, 4, &[(paint, mark), (Paint::Plain, step.id()), (Paint::Dim, &said)]);
}

/// `- 6 skipped, 5 of them because of trust-policy-denied`. Most reasons are that something was not requested. `-v` has them.
fn skipped(page: &mut Page, report: &Report) {
    let skipped: Vec<&Check> = report.checks.iter().filter(|check| check.outcome == CheckOutcome::Skip).collect();
    if skipped.is_empty() {
        return;
    }
    let behind: Option<String> = report.root_cause.as_ref().map(|cause| format!("because of {}", cause.code));
    let hidden = behind.as_ref().map_or(0, |reason| skipped.iter().filter(|check| because(check) == reason).count());
    let of_cause = match (behind, hidden) {
        (Some(reason), 1..) if hidden == skipped.len() => format!(" {reason}"),
        (Some(reason), 1..) => format!(", {hidden} of them {reason}"),
        _ => String::new(),
    };
    page.prose(0, 2, &[(Paint::Dim, &format!("- {} skipped{of_cause} (-v lists all checks)", skipped.len()))]);
}
