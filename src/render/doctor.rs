//! The report of `doctor` as text. It looks like the report of a pod ([`super::text`]), with headings of its own.

use super::name;
use super::page::{Page, Paint};
use super::text::{TextOptions, because, checked_step, finding_blocks, heading, last_line, quietly, root_cause, with_warnings};
use crate::core::catalogue::Severity;
use crate::core::check::checks::{Check, CheckOutcome};
use crate::core::check::report::{ReportedFinding, Verdict};
use crate::core::doctor::check::list_few;
use crate::core::doctor::obstacle::{AWS, CLUSTER, NEITHER, ObstacleReport};
use crate::core::doctor::report::DoctorReport;
use crate::core::doctor::walk::{heading_of, headings};

/// Where the text under an obstacle begins, and the column of its values.
const UNDER: usize = 2;
const COLUMN: usize = 11;
/// Where more checks than these wait for something, only their number is said.
const MOST_NAMED: usize = 6;

/// The report as text.
pub fn report(report: &DoctorReport, options: &TextOptions) -> String {
    let mut page = Page::new(options.style);
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
    // An obstacle says once what each check that waits for it would say.
    let is_blocked = |check: &&Check| report.obstacles.iter().any(|obstacle| obstacle.checks.contains(&check.id.as_str()));
    let examined: Vec<&Check> = report.checks.iter().filter(|check| !is_blocked(check)).collect();
    for title in headings() {
        let checks: Vec<&Check> = examined.iter().copied().filter(|check| heading_of(&check.id) == Some(title)).collect();
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
    for obstacle in &report.obstacles {
        statement(&mut page, obstacle, report);
        page.gap();
    }
    finding_blocks(&mut page, &report.findings, report.root_cause.as_ref().map(|cause| cause.code), options);
    last_line(&mut page, report.verdict, &verdict(report));
    if let Some(cause) = &report.root_cause {
        root_cause(&mut page, cause, options);
    }
    page.finish()
}

/// An obstacle: what cannot be reached, the tool's own words, the fix, and what waits for it.
fn statement(page: &mut Page, obstacle: &ObstacleReport, report: &DoctorReport) {
    let headline = match obstacle.title {
        title if title == obstacle.what => title.to_owned(),
        title => format!("{}: {title}", obstacle.what),
    };
    page.prose(0, UNDER, &[(Paint::Yellow, "‼"), (Paint::Bold, &headline)]);
    if let Some(said) = &obstacle.said {
        page.entry(UNDER, "why", COLUMN, (Paint::Plain, said));
    }
    page.entry(UNDER, "fix", COLUMN, (Paint::Plain, &obstacle.remedy.text));
    page.commands(COLUMN, &obstacle.remedy.commands);
    if !obstacle.checks.is_empty() {
        let names = if obstacle.checks.len() > MOST_NAMED { String::new() } else { format!(": {}", obstacle.checks.join(", ")) };
        let skipped = format!("{} of {} checks{names}", obstacle.checks.len(), report.checks.len());
        page.entry(UNDER, "skipped", COLUMN, (Paint::Dim, &skipped));
    }
}

fn verdict(report: &DoctorReport) -> String {
    let cause = report.root_cause.as_ref().map(|cause| format!("{}: {}", cause.code, cause.title));
    let role = report.expected.role_arn.as_deref().unwrap_or("an identity");
    let warnings: Vec<&str> = report.findings.iter().filter(|f| f.severity == Severity::Warn).map(|f| f.cause.code.id()).collect();
    match report.verdict {
        Verdict::Pass => with_warnings(
            format!("nothing prevents {} from getting {role} ({})", name(&report.subject), report.expected.provider),
            &warnings,
        ),
        Verdict::Fail => cause.unwrap_or_default(),
        Verdict::Unknown => unknown(report),
    }
}

/// What is not known, and whether what could be examined is in order.
fn unknown(report: &DoctorReport) -> String {
    let is_blocked = |id: &&str| report.obstacles.iter().any(|obstacle| obstacle.checks.contains(id));
    let open: Vec<&str> = report.undecided.iter().copied().filter(|id| !is_blocked(id)).collect();
    let what: Vec<&str> = report.obstacles.iter().map(|obstacle| obstacle.what).collect();
    let mut parts: Vec<String> = match what[..] {
        [CLUSTER, AWS, ..] => vec![NEITHER.to_owned()],
        _ => what.iter().copied().map(str::to_owned).collect(),
    };
    if !open.is_empty() {
        parts.push(format!("not decided: {}", list_few(&open)));
    }
    let of_outcome = |outcome: CheckOutcome| report.checks.iter().filter(move |check| check.outcome == outcome);
    // A warning on an undecided check means that there is a fault. Only its cause is not decided.
    if of_outcome(CheckOutcome::Warn).any(|check| report.undecided.contains(&check.id.as_str())) {
        return parts.join("; ");
    }
    let is_examined = of_outcome(CheckOutcome::Pass).chain(of_outcome(CheckOutcome::Warn)).next().is_some();
    let rest = match (is_examined, report.obstacles.is_empty()) {
        (false, _) => "nothing was examined",
        (true, true) => "no fault found",
        (true, false) => "no fault found in the rest",
    };
    parts.push(rest.to_owned());
    parts.join("; ")
}
