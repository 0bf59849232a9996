//! The report of `doctor` as text. It looks like the report of a pod ([`super::text`]), with headings of its own.

use super::name;
use super::page::{Page, Paint, Style};
use super::text::{because, checked_step, heading, last_line, quietly, with_warnings};
use crate::core::catalogue::Severity;
use crate::core::check::checks::{Check, CheckOutcome};
use crate::core::check::report::{ReportedFinding, Verdict};
use crate::core::doctor::report::DoctorReport;
use crate::core::doctor::walk::{heading_of, headings};

/// The report as text.
pub fn report(report: &DoctorReport, style: Style) -> String {
    let mut page = Page::new(style);
    let about: Vec<String> = [
        report.subject.pod.as_ref().map(|pod| format!("pod {pod}")),
        report.cluster.name.as_ref().map(|name| format!("cluster {name}")),
        report.cluster.context.as_ref().filter(|_| report.cluster.name.is_none()).map(|context| format!("context {context}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    page.line(0, &[(Paint::Bold, &name(&report.subject)), (Paint::Plain, "  "), (Paint::Dim, &about.join(", "))]);
    let mut skipped: Vec<(&str, &str)> = Vec::new();
    for title in headings() {
        let checks: Vec<&Check> = report.checks.iter().filter(|check| heading_of(&check.id) == Some(title)).collect();
        if checks.iter().all(|check| check.outcome == CheckOutcome::Skip) {
            skipped.extend(checks.iter().map(|check| (check.id.as_str(), because(check))));
            continue;
        }
        heading(&mut page, title);
        let below_it = report.findings.iter().zip(&report.headings).filter(|(_, heading)| **heading == title);
        let findings: Vec<&ReportedFinding> = below_it.map(|(finding, _)| finding).collect();
        checked_step(&mut page, &checks, &findings);
    }
    page.gap();
    if !skipped.is_empty() {
        quietly(&mut page, &skipped);
        page.gap();
    }
    last_line(&mut page, report.verdict, &verdict(report));
    page.finish()
}

fn verdict(report: &DoctorReport) -> String {
    let cause = report.root_cause.as_ref().map(|cause| format!("{}: {}", cause.code, cause.title));
    let role = report.expected.role_arn.as_deref().unwrap_or("an identity");
    let warnings: Vec<&str> = report.findings.iter().filter(|f| f.severity == Severity::Warn).map(|f| f.cause.code.id()).collect();
    match report.verdict {
        Verdict::Pass => {
            with_warnings(format!("nothing keeps {} from being {role} ({})", name(&report.subject), report.expected.provider), &warnings)
        }
        Verdict::Fail => cause.unwrap_or_default(),
        // A warning on an undecided check means that there is a fault. Only the cause is not decided.
        Verdict::Unknown
            if report.checks.iter().any(|check| check.outcome == CheckOutcome::Warn && report.undecided.contains(&check.id.as_str())) =>
        {
            format!("not decided: {}", report.undecided.join(", "))
        }
        Verdict::Unknown => format!("no fault seen; not decided: {}", report.undecided.join(", ")),
    }
}
