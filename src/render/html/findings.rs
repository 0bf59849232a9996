//! The findings: the root cause with everything that its cure needs, then the other findings.

use super::super::{affects, label, text};
use super::markup::Html;
use super::{WARN, section, sign};
use crate::core::catalogue::remedy::Remedy;
use crate::core::catalogue::{Class, Severity};
use crate::core::check::report::{Cause, Report, ReportedFinding, Verdict};

/// The root cause, if there is one.
pub(super) fn root_cause(html: &mut Html, report: &Report) {
    let Some(cause) = &report.root_cause else { return };
    let (class, heading) = match report.verdict {
        Verdict::Unknown => ("cause warn", format!("Not proven: {}", cause.title)),
        Verdict::Pass | Verdict::Fail => ("cause fail", format!("Root cause: {}", cause.title)),
    };
    section(html, class, "cause", &heading, |html| {
        html.block("p", "", |html| {
            html.leaf("code", "", cause.code.id());
            let tried = if report.verdict == Verdict::Unknown { format!("; {}", text::attempts(report)) } else { String::new() };
            html.text(" ");
            html.leaf("span", "dim", &format!("{}: {}{tried}", cause.class.id(), what_time_does(cause.class)));
        });
        if report.identity_failures().is_empty() {
            html.leaf("p", "", "The identity is proven. What the application makes of it does not change the state.");
        }
        if let Some(line) = text::meanwhile(report, usize::MAX) {
            html.leaf("p", "", &line);
        }
        cause_details(html, cause, true);
    });
}

/// The other findings, by severity.
pub(super) fn others(html: &mut Html, report: &Report) {
    // The root cause is the first of the findings, where there is one.
    let others: Vec<&ReportedFinding> = report.findings.iter().skip(usize::from(report.root_cause.is_some())).collect();
    if others.is_empty() {
        return;
    }
    section(html, "", "findings", "Also found", |html| {
        for finding in others {
            let (class, mark, word) = match finding.severity {
                _ if finding.ignored => ("sign info", "i", "ignored"),
                Severity::Fail => ("sign fail", "×", "failure"),
                Severity::Warn => ("sign warn", WARN, "warning"),
                Severity::Info => ("sign info", "i", "information"),
            };
            let look = if finding.ignored { Severity::Info } else { finding.severity };
            html.block("article", look.id(), |html| {
                html.block("h3", "", |html| {
                    sign(html, class, mark, word);
                    html.text(&finding.cause.title);
                });
                html.block("p", "", |html| {
                    html.leaf("code", "", finding.cause.code.id());
                    if finding.ignored {
                        html.text(" ");
                        html.leaf("span", "dim", text::IGNORED);
                    }
                });
                if !finding.ignored {
                    cause_details(html, &finding.cause, finding.severity == Severity::Fail);
                }
            });
        }
    });
}

/// What happened, its cause, and the cure. A warning has no cause here, because its title says enough.
fn cause_details(html: &mut Html, cause: &Cause, why: bool) {
    if !cause.detail.is_empty() {
        html.leaf("p", "", &cause.detail);
    }
    html.block("dl", "story", |html| {
        if why {
            super::entry(html, "Cause", |html| html.text(cause.code.row().cause));
        }
        super::entry(html, "Cure", |html| cure(html, &cause.remedy, label(cause.code.row().document)));
        super::entry(html, "Docs", |html| html.text(&cause.docs));
    });
}

/// The cure and its commands. Each command stands alone and without a prompt, so that one click selects the whole command. Above one that changes
/// something stands whom it affects.
fn cure(html: &mut Html, remedy: &Remedy, label: &str) {
    html.leaf("p", "", &remedy.text);
    for command in &remedy.commands {
        if let Some(affects) = affects(command) {
            html.leaf("p", "label", &format!("{affects}:"));
        }
        html.block("pre", "command", |html| html.lines(&command.command));
    }
    if let Some(snippet) = &remedy.snippet {
        html.leaf("p", "label", label);
        html.block("pre", "", |html| html.lines(snippet));
    }
}

fn what_time_does(class: Class) -> &'static str {
    match class {
        Class::Permanent => "does not pass by itself",
        Class::Settling => "may be a change that is still on its way through IAM",
        Class::Transient => "may pass by itself",
    }
}
