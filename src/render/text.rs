//! The report for a tired person: what works in one line each, what does not with its cause and cure, and the verdict last,
//! where the eye is when the prompt comes back.

use super::page::{Page, Paint, Style};
use super::{label, provider};
use crate::core::code::{Severity, Step};
use crate::core::diagnose::checks::{Check, Outcome};
use crate::core::plan::Provider;
use crate::core::report::{Report, ReportedFinding, Verdict};

/// Where the text under a check begins.
const UNDER: usize = 4;
/// Where text after `cause: ` goes on.
const HANG: usize = 11;

/// The report as text.
pub fn report(report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, report);
    let mut skipped: Vec<(&str, &str)> = Vec::new();
    for step in Step::ALL {
        let checks: Vec<&Check> = report.checks.iter().filter(|check| check.step == step).collect();
        let findings: Vec<&ReportedFinding> = report.findings.iter().filter(|finding| finding.cause.step == step).collect();
        if !findings.is_empty() || checks.iter().any(|check| check.outcome != Outcome::Skip) {
            heading(&mut page, step);
            checked_step(&mut page, &checks, &findings);
        } else {
            skipped.extend(checks.iter().map(|check| (step.id(), because(check))));
        }
    }
    page.gap();
    if !skipped.is_empty() {
        quietly(&mut page, &skipped);
        page.gap();
    }
    verdict(&mut page, report);
    page.finish()
}

fn header(page: &mut Page, report: &Report) {
    let subject = &report.subject;
    let name = match (&subject.namespace, &subject.service_account) {
        (Some(namespace), Some(account)) => format!("{namespace}/{account}"),
        (Some(namespace), None) => format!("namespace {namespace}"),
        (None, Some(account)) => account.clone(),
        (None, None) => "this pod".to_owned(),
    };
    let mut about = Vec::new();
    about.extend(subject.pod.as_ref().map(|pod| format!("pod {pod}")));
    about.push(provider(report.expected.provider).to_owned());
    about.extend(report.expected.region.clone());
    page.line(0, &[(Paint::Bold, &name), (Paint::Plain, "  "), (Paint::Dim, &about.join(", "))]);
}

fn heading(page: &mut Page, step: Step) {
    page.gap();
    page.line(0, &[(Paint::Bold, step.id())]);
    page.line(0, &[(Paint::Dim, &"-".repeat(step.id().len()))]);
}

/// The checks in their order, each finding under its own. A check holds one code; a second finding of it follows at the step's end.
fn checked_step(page: &mut Page, checks: &[&Check], findings: &[&ReportedFinding]) {
    for check in checks.iter().filter(|check| check.outcome != Outcome::Skip) {
        match findings.iter().find(|finding| Some(finding.cause.code) == check.code) {
            Some(found) => finding(page, found),
            None => plain(page, check),
        }
    }
    for found in findings.iter().filter(|finding| !checks.iter().any(|check| check.code == Some(finding.cause.code))) {
        finding(page, found);
    }
    let skipped: Vec<(&str, &str)> =
        checks.iter().filter(|check| check.outcome == Outcome::Skip).map(|check| (check.id.as_str(), because(check))).collect();
    quietly(page, &skipped);
}

fn plain(page: &mut Page, check: &Check) {
    let (paint, mark) = match check.outcome {
        Outcome::Pass | Outcome::Skip => (Paint::Green, "√"),
        Outcome::Warn => (Paint::Yellow, "‼"),
        Outcome::Fail => (Paint::Red, "×"),
    };
    match check.detail.as_deref().filter(|detail| !detail.is_empty()) {
        Some(detail) => page.prose(0, UNDER, &[(paint, mark), (Paint::Plain, &format!("{}:", check.title)), (Paint::Dim, detail)]),
        None => page.prose(0, UNDER, &[(paint, mark), (Paint::Plain, &check.title)]),
    }
}

/// The finding's title stands in place of the check's: an assertion that is not true is misread at night, whatever its mark.
fn finding(page: &mut Page, finding: &ReportedFinding) {
    let cause = &finding.cause;
    match finding.severity {
        Severity::Info => {
            page.prose(0, UNDER, &[(Paint::Dim, "- "), (Paint::Dim, &format!("{}: {}. {}", cause.code, cause.title, cause.detail))]);
        }
        Severity::Warn => {
            page.prose(0, UNDER, &[(Paint::Yellow, "‼"), (Paint::Yellow, &format!("{}:", cause.code)), (Paint::Plain, &cause.title)]);
            page.prose(UNDER, UNDER, &[(Paint::Plain, &cause.detail)]);
            page.entry(UNDER, "cure:", HANG, (Paint::Plain, &cause.remedy.text));
        }
        Severity::Fail => {
            page.prose(0, UNDER, &[(Paint::Red, "×"), (Paint::Red, &format!("{}:", cause.code)), (Paint::Bold, &cause.title)]);
            page.prose(UNDER, UNDER, &[(Paint::Plain, &cause.detail)]);
            page.entry(UNDER, "cause:", HANG, (Paint::Plain, cause.code.row().cause));
            page.entry(UNDER, "cure:", HANG, (Paint::Plain, &cause.remedy.text));
            // Without a prompt in front, so that a triple click and a paste are enough.
            for command in &cause.remedy.commands {
                page.line(HANG, &[(Paint::Plain, command)]);
            }
            if let Some(snippet) = &cause.remedy.snippet {
                page.line(UNDER, &[(Paint::Bold, label(cause.code.row().snippet))]);
                page.document(UNDER + 2, snippet);
            }
            page.entry(UNDER, "docs:", HANG, (Paint::Dim, &cause.docs));
        }
    }
}

/// What was skipped and why, in one dim line: names that share a reason stand together, and each once.
fn quietly(page: &mut Page, skipped: &[(&str, &str)]) {
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, reason) in skipped {
        match by_reason.iter_mut().find(|(known, _)| known == reason) {
            Some((_, names)) if names.contains(name) => {}
            Some((_, names)) => names.push(name),
            None => by_reason.push((reason, vec![name])),
        }
    }
    let words: Vec<String> = by_reason.iter().map(|(reason, names)| format!("{} ({reason})", names.join(", "))).collect();
    if !words.is_empty() {
        page.prose(0, 2, &[(Paint::Dim, "- skipped:"), (Paint::Dim, &words.join("; "))]);
    }
}

fn because(check: &Check) -> &str {
    let reason = check.because.as_deref().unwrap_or("not looked at");
    reason.strip_prefix("skipped ").unwrap_or(reason)
}

fn verdict(page: &mut Page, report: &Report) {
    let (paint, word) = match report.verdict {
        Verdict::Pass => (Paint::Green, "PASS"),
        Verdict::Fail => (Paint::Red, "FAIL"),
        Verdict::Unknown => (Paint::Yellow, "UNKNOWN"),
    };
    let cause = report.root_cause.as_ref().map(|cause| format!("{}: {}", cause.code, cause.title)).unwrap_or_default();
    let words = match report.verdict {
        Verdict::Pass => who(report),
        Verdict::Fail => cause,
        Verdict::Unknown => format!("{}: {cause}", attempts(report)),
    };
    page.line(0, &[(paint, word), (Paint::Plain, "  "), (Paint::Plain, &words)]);
}

/// `not proven in 60 s (2 attempts)`
pub(super) fn attempts(report: &Report) -> String {
    let attempts = match report.attempts {
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    };
    match report.duration_ms {
        ms @ 0..1000 => format!("not proven in {ms} ms ({attempts})"),
        ms => format!("not proven in {} s ({attempts})", ms.saturating_add(500) / 1000),
    }
}

/// Who a pod is that passed, and how many warnings go with it.
pub(super) fn who(report: &Report) -> String {
    let expected = report.expected.provider;
    let identity = match &report.identity {
        Some(identity) => format!("this pod is {} ({})", identity.arn, identity.provider.id()),
        None if expected == Provider::None => "nothing is injected, and nothing was expected".to_owned(),
        None => format!("{} hands out credentials, though whose was not confirmed", provider(expected)),
    };
    let warnings: Vec<&str> = report.findings.iter().filter(|f| f.severity == Severity::Warn).map(|f| f.cause.code.id()).collect();
    match warnings.as_slice() {
        [] => identity,
        [one] => format!("{identity}; 1 warning: {one}"),
        several => format!("{identity}; {} warnings: {}", several.len(), several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn look() {
        for e in
            [samples::healthy(), samples::not_injected(), samples::trust_policy_denied(), samples::connect_timeout(), samples::warnings()]
        {
            let r = samples::report(e, 60_000, 2);
            println!("{}\n=====", report(&r, Style::default()));
            println!("{}\n=====", super::super::termination::message(&r));
        }
        println!("{}", super::super::catalogue::explain(crate::core::code::Code::TokenUnreadable));
        println!("{}", super::super::catalogue::list());
    }
}
