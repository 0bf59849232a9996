//! The findings: the root cause, its fix, and the other findings with theirs.

use super::super::{affects, label};
use super::markup::Html;
use super::{WARN, section, section_of_round, sign};
use crate::core::catalogue::commands::CommandEffect;
use crate::core::catalogue::remedy::{Remedy, RemedyCommand};
use crate::core::catalogue::{Class, Severity};
use crate::core::check::report::{Cause, Report, ReportedFinding, Verdict};
use crate::core::text::time::Timestamp;

/// The root cause and its fix, if there is one.
pub(super) fn root_cause(html: &mut Html, report: &Report, now: Timestamp) {
    let Some(cause) = &report.root_cause else { return };
    let (class, heading) = match report.verdict {
        Verdict::Unknown => ("cause warn", format!("Not confirmed: {}", cause.title)),
        Verdict::Pass | Verdict::Fail => ("cause fail", format!("Cause: {}", cause.title)),
    };
    section_of_round(html, class, "cause", &heading, (report, now), |html| {
        html.block("p", "", |html| {
            html.leaf("code", "", cause.code.id());
            html.text(" ");
            html.leaf("span", "dim", &format!("{}: {}", cause.class.id(), what_time_does(cause.class)));
        });
        paragraph(html, &cause.detail);
        html.block("dl", "story", |html| {
            // Where the title is another than the catalogue's, its cause does not fit either. The detail holds the cause then.
            if cause.title == cause.code.row().title {
                super::entry(html, "Why", |html| paragraph(html, cause.code.row().cause));
            }
            if let Some(uses) = report.meanwhile.as_ref().and_then(|meanwhile| meanwhile.one_line(usize::MAX)) {
                super::entry(html, "Meanwhile", |html| paragraph(html, uses.trim_end()));
            }
            if report.identity_failures().is_empty() {
                let words = "The identity is confirmed. What the application does with it does not change the state.";
                super::entry(html, "State", |html| paragraph(html, words));
            }
        });
    });
    section(html, "fix", "fix", "Fix", |html| {
        fix(html, cause);
        more(html, cause);
    });
}

/// The other findings, by severity.
pub(super) fn others(html: &mut Html, report: &Report, now: Timestamp) {
    // The root cause is the first of the findings, where there is one.
    let others: Vec<&ReportedFinding> = report.findings.iter().skip(usize::from(report.root_cause.is_some())).collect();
    if others.is_empty() {
        return;
    }
    section_of_round(html, "", "findings", "Also found", (report, now), |html| {
        for finding in others {
            let (class, mark, word) = match finding.severity {
                _ if finding.ignored => ("sign info", "i", "ignored"),
                Severity::Fail => ("sign fail", "×", "failure"),
                Severity::Warn => ("sign warn", WARN, "warning"),
                Severity::Info => ("sign info", "i", "information"),
            };
            html.block("article", "", |html| {
                html.block("h3", "", |html| {
                    sign(html, class, mark, word);
                    html.text(&finding.cause.title);
                });
                html.block("p", "", |html| {
                    html.leaf("code", "", finding.cause.code.id());
                    if finding.ignored {
                        html.text(" ");
                        html.leaf("span", "dim", "ignored (--ignore)");
                    }
                });
                if !finding.ignored {
                    paragraph(html, &finding.cause.detail);
                    html.block("dl", "story", |html| {
                        super::entry(html, "Fix", |html| {
                            fix(html, &finding.cause);
                            more(html, &finding.cause);
                        });
                    });
                }
            });
        }
    });
}

fn paragraph(html: &mut Html, text: &str) {
    if !text.is_empty() {
        html.block("p", "", |html| html.prose(text));
    }
}

/// The steps of the fix, in the order of the text report: commands that read, what to do, and commands that change something, each below whom it
/// affects. Each command stands alone and without a prompt. One click selects the whole of it, or the whole document.
fn fix(html: &mut Html, cause: &Cause) {
    let Remedy { text, commands, snippet, .. } = &cause.remedy;
    let (reading, changing): (Vec<_>, Vec<_>) = commands.iter().partition(|command| command.effect == CommandEffect::Read);
    html.block("ol", "commands", |html| {
        reading.into_iter().for_each(|command| step(html, command));
        if !text.is_empty() {
            html.block("li", "", |html| html.block("p", "", |html| html.instructions(text)));
        }
        changing.into_iter().for_each(|command| step(html, command));
    });
    if let Some(snippet) = snippet {
        html.leaf("p", "label", label(cause.code.row().document));
        html.block("pre", "", |html| html.document(snippet));
    }
}

fn step(html: &mut Html, command: &RemedyCommand) {
    html.block("li", "", |html| {
        if let Some(affects) = affects(command) {
            html.block("p", "label", |html| html.prose(&format!("{affects}:")));
        }
        html.block("pre", "command", |html| html.document(&command.command));
    });
}

/// Where to read on. The link is made of the catalogue alone, so that no report's text becomes an address.
fn more(html: &mut Html, cause: &Cause) {
    html.block("p", "more", |html| {
        html.text("More: ");
        html.block("code", "all", |html| html.document(&format!("irsa-probe explain {}", cause.code)));
        html.text(" or ");
        let docs = cause.code.docs();
        match docs.starts_with("https://") {
            true => html.with("a", &[("href", &docs)], |html| html.text(&docs)),
            false => html.value(&docs),
        }
    });
}

fn what_time_does(class: Class) -> &'static str {
    match class {
        Class::Permanent => "does not pass by itself",
        Class::Settling => "a recent change may still be taking effect in IAM",
        Class::Transient => "may pass by itself",
    }
}
