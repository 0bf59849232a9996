//! Every check, grouped by step, in the order of the steps.

use super::markup::Html;
use super::times::as_of;
use super::{WARN, section_of_round, sign};
use crate::core::catalogue::Step;
use crate::core::check::checks::{Check, CheckOutcome};
use crate::core::check::report::Report;
use crate::core::text::time::Timestamp;

/// The checks.
pub(super) fn list(html: &mut Html, report: &Report, now: Timestamp) {
    section_of_round(html, "", "checks", "Checks", (report, now), |html| {
        html.block("div", "steps", |html| {
            for step in Step::ALL {
                let checks: Vec<&Check> = report.checks.iter().filter(|check| check.step == step).collect();
                if !checks.is_empty() {
                    html.block("div", "", |html| {
                        html.leaf("h3", "", step.id());
                        html.block("ul", "", |html| checks.iter().for_each(|check| item(html, check, report, now)));
                    });
                }
            }
        });
    });
}

fn item(html: &mut Html, check: &Check, report: &Report, now: Timestamp) {
    let finding = report.findings.iter().find(|finding| Some(finding.cause.code) == check.code);
    let ignored = finding.is_some_and(|finding| finding.ignored);
    let (class, mark, word) = match check.outcome {
        CheckOutcome::Warn if ignored => ("sign info", "i", "ignored"),
        // The check passes with a remark.
        CheckOutcome::Pass if finding.is_some() => ("sign info", "i", "passed, with a remark"),
        CheckOutcome::Pass => ("sign pass", "√", "passed"),
        CheckOutcome::Warn => ("sign warn", WARN, "warning"),
        CheckOutcome::Fail => ("sign fail", "×", "failed"),
        CheckOutcome::Skip => ("sign skip", "–", "skipped"),
    };
    // The finding's title replaces the check's title. An assertion that is not true is easily misread, even with a sign beside it.
    // The details of the finding are in the sections above.
    let (title, beside) = match (check.outcome, finding) {
        (CheckOutcome::Skip, _) => (&check.title, because(check)),
        (_, Some(finding)) => (&finding.cause.title, finding.cause.code.id()),
        (_, None) => (&check.title, check.detail.as_deref().unwrap_or_default()),
    };
    html.block("li", if check.outcome == CheckOutcome::Skip { "dim" } else { "" }, |html| {
        sign(html, class, mark, word);
        html.text(title);
        if !beside.is_empty() {
            html.block("small", "", |html| html.prose(beside));
        }
        let remembered = report.remembered.chain.filter(|_| check.id == CHAIN && check.outcome != CheckOutcome::Skip);
        if let Some(at) = remembered {
            as_of(html, at, now);
        }
    });
}

/// The check that rests on the default chain.
const CHAIN: &str = "chain";

/// Why a check was skipped.
fn because(check: &Check) -> &str {
    let reason = check.because.as_deref().unwrap_or("not checked");
    reason.strip_prefix("skipped ").unwrap_or(reason)
}
