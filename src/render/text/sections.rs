//! Every check in one line, by its step (`-v`, `doctor`). A finding stands in its check's place: its code and its title. What more there is to
//! say of it stands in its block below.

use super::super::page::{Page, Paint};
use super::IGNORED;
use crate::core::catalogue::{Code, Severity, Step};
use crate::core::check::checks::{Check, CheckOutcome};
use crate::core::check::report::{Report, ReportedFinding};
use crate::core::plan::Provider;
use crate::core::sdk::scan::FoundSdk;

/// The column where the text under a check begins.
const UNDER: usize = 4;

/// The steps with their checks.
pub(super) fn all(page: &mut Page, report: &Report) {
    let mut skipped: Vec<(&str, &str)> = Vec::new();
    let mut is_first = true;
    for step in Step::ALL {
        let checks: Vec<&Check> = report.checks.iter().filter(|check| check.step == step).collect();
        let findings: Vec<&ReportedFinding> = report.findings.iter().filter(|finding| finding.cause.step == step).collect();
        let has_lines = step == Step::Application && !report.sdk_lines.is_empty();
        let has_found = step == Step::Application && !report.application.found.is_empty();
        if has_lines || has_found || !findings.is_empty() || checks.iter().any(|check| check.outcome != CheckOutcome::Skip) {
            if !std::mem::take(&mut is_first) {
                page.gap();
            }
            title(page, step.id());
            if step == Step::Application {
                found_sdks(page, report);
            }
            if has_lines {
                families(page, report);
                let (checks, findings): (Vec<_>, Vec<_>) =
                    (of_others(checks), findings.into_iter().filter(|found| !is_of_families(found)).collect());
                checked_step(page, &checks, &findings);
            } else {
                checked_step(page, &checks, &findings);
            }
        } else {
            // The step stands for its checks where all have the same reason.
            let same = checks.windows(2).all(|pair| because(pair[0]) == because(pair[1]));
            skipped.extend(checks.iter().map(|check| (if same { step.id() } else { check.id.as_str() }, because(check))));
        }
    }
    if !skipped.is_empty() {
        page.gap();
        quietly(page, &skipped);
    }
}

/// A heading, after an empty line.
pub(in crate::render) fn heading(page: &mut Page, name: &str) {
    page.gap();
    title(page, name);
}

fn title(page: &mut Page, name: &str) {
    page.line(0, &[(Paint::Bold, name)]);
    page.line(0, &[(Paint::Dim, &"-".repeat(name.len()))]);
}

/// The checks of a step in their order, each with its finding. A check names one code only. A second finding of a check follows at the end of the
/// step.
pub(in crate::render) fn checked_step(page: &mut Page, checks: &[&Check], findings: &[&ReportedFinding]) {
    for check in checks {
        match findings.iter().find(|finding| Some(finding.cause.code) == check.code) {
            Some(found) => finding(page, found),
            None if check.outcome == CheckOutcome::Skip => {}
            None => plain(page, check),
        }
    }
    for found in findings.iter().filter(|finding| !checks.iter().any(|check| check.code == Some(finding.cause.code))) {
        finding(page, found);
    }
    let silent = |check: &&&Check| check.outcome == CheckOutcome::Skip && check.code.is_none();
    let skipped: Vec<(&str, &str)> = checks.iter().filter(silent).map(|check| (check.id.as_str(), because(check))).collect();
    quietly(page, &skipped);
}

/// What the SDK families become, in one line for each group. It stands in the place of their check and its finding.
fn families(page: &mut Page, report: &Report) {
    let found = report.findings.iter().find(|found| is_of_families(found));
    if let Some(ignored) = found.filter(|found| found.ignored) {
        return finding(page, ignored);
    }
    if let Some(found) = found {
        finding_line(page, found);
    }
    let indent = if found.is_some() { UNDER } else { 0 };
    for line in &report.sdk_lines {
        let (paint, mark) = if line.wanted { (Paint::Green, "√") } else { (Paint::Dim, "-") };
        page.prose(indent, indent + 2, &[(paint, mark), (Paint::Plain, &line.text)]);
    }
}

/// The SDKs that were found in the application's files, those that cannot use a provider first.
fn found_sdks(page: &mut Page, report: &Report) {
    let application = &report.application;
    let mut found: Vec<&FoundSdk> = application.found.iter().collect();
    // What it cannot use counts where this pod was given just that.
    let is_useless = |sdk: &FoundSdk| match report.expected.provider {
        Provider::Irsa => sdk.irsa.is_lacking(),
        Provider::PodIdentity => sdk.pod_identity.is_lacking(),
        Provider::None => sdk.cannot_use(),
    };
    found.sort_by_key(|sdk| !is_useless(sdk));
    for sdk in found.iter().take(MOST_FOUND) {
        let (paint, mark) = if is_useless(sdk) { (Paint::Yellow, "‼") } else { (Paint::Dim, "-") };
        let what = format!("found {}: {}", sdk.title(), sdk.describe().join("; "));
        page.prose(0, UNDER, &[(paint, mark), (Paint::Plain, &what)]);
        page.prose(UNDER, UNDER, &[(Paint::Dim, &sdk.path)]);
    }
    if found.len() > MOST_FOUND {
        let more = format!("- and {} more; --output json has all of them", found.len() - MOST_FOUND);
        page.prose(0, UNDER, &[(Paint::Dim, &more)]);
    }
    if let Some(because) = application.scan.as_ref().and_then(|scan| scan.because.as_ref()) {
        page.prose(0, UNDER, &[(Paint::Dim, &format!("- the search for SDKs is not complete: {because}"))]);
    }
}

/// So many found SDKs are listed.
const MOST_FOUND: usize = 5;

fn is_of_families(found: &ReportedFinding) -> bool {
    found.cause.code == Code::SdkDiffers
}

fn of_others(checks: Vec<&Check>) -> Vec<&Check> {
    checks.into_iter().filter(|check| Code::SdkDiffers.row().check != Some(check.id.as_str())).collect()
}

fn plain(page: &mut Page, check: &Check) {
    let (paint, mark) = match check.outcome {
        CheckOutcome::Pass | CheckOutcome::Skip => (Paint::Green, "√"),
        CheckOutcome::Warn => (Paint::Yellow, "‼"),
        CheckOutcome::Fail => (Paint::Red, "×"),
    };
    match check.detail.as_deref().filter(|detail| !detail.is_empty()) {
        Some(detail) => page.prose(0, UNDER, &[(paint, mark), (Paint::Plain, &format!("{}:", check.title)), (Paint::Dim, detail)]),
        None => page.prose(0, UNDER, &[(paint, mark), (Paint::Plain, &check.title)]),
    }
}

/// A finding: its code and its title, which replaces the check's. An assertion that is not true is easily misread, even with a sign beside it.
/// Information has no block, so that its detail stands here.
fn finding(page: &mut Page, finding: &ReportedFinding) {
    finding_line(page, finding);
    if finding.severity == Severity::Info && !finding.ignored {
        page.prose(UNDER, UNDER, &[(Paint::Dim, &finding.cause.detail)]);
    }
}

/// `× trust-policy-denied: the role's trust policy …`
pub(super) fn finding_line(page: &mut Page, finding: &ReportedFinding) {
    let cause = &finding.cause;
    let (paint, mark) = mark_of(finding);
    let ignored = if finding.ignored { format!("; {IGNORED}") } else { String::new() };
    page.prose(0, UNDER, &[(paint, mark), (paint, &format!("{}:", cause.code)), (Paint::Plain, &format!("{}{ignored}", cause.title))]);
}

/// The sign before a finding.
pub(super) fn mark_of(finding: &ReportedFinding) -> (Paint, &'static str) {
    match finding.severity {
        _ if finding.ignored => (Paint::Dim, "-"),
        Severity::Info => (Paint::Dim, "-"),
        Severity::Warn => (Paint::Yellow, "‼"),
        Severity::Fail => (Paint::Red, "×"),
    }
}

/// The skipped checks and the reasons, in one dim line. Names with the same reason are grouped. Each name appears once.
pub(in crate::render) fn quietly(page: &mut Page, skipped: &[(&str, &str)]) {
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, reason) in skipped {
        match by_reason.iter_mut().find(|(known, _)| known == reason) {
            Some((_, names)) if names.contains(name) => {}
            Some((_, names)) => names.push(name),
            None => by_reason.push((reason, vec![name])),
        }
    }
    let words: Vec<String> = by_reason.iter().map(|(reason, names)| format!("{} – {reason}", names.join(", "))).collect();
    if !words.is_empty() {
        page.prose(0, 2, &[(Paint::Dim, "- skipped:"), (Paint::Dim, &words.join("; "))]);
    }
}

/// Why a check was skipped.
pub(in crate::render) fn because(check: &Check) -> &str {
    let reason = check.because.as_deref().unwrap_or("not checked");
    reason.strip_prefix("skipped ").unwrap_or(reason)
}
