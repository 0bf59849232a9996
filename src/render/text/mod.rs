//! The report as text, for a tired person. One line for each step, then the findings, and the verdict's block last: it stands right above the
//! next prompt, and is enough by itself.

mod block;
mod sections;
mod steps;
#[cfg(test)]
mod tests;

pub(super) use block::{entry, explained, finding_blocks, root_cause, sentences, sign_of_severity};
pub(super) use sections::{because, checked_step, heading, quietly};

use super::page::{Page, Paint, Style};
use super::{injected, name, provider};
use crate::core::catalogue::{Code, Severity};
use crate::core::check::report::{Report, Verdict};
use crate::core::plan::Provider;

/// How much the text says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// The verdict, in one line (`-q`).
    Verdict,
    /// One line for each step, and what a person needs to act.
    #[default]
    Steps,
    /// Every check, the cause of each finding, and documents such as a policy (`-v`).
    Checks,
}

/// What the text of a report depends on, beside the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// How it looks.
    pub style: Style,
    /// How much it says.
    pub detail: Detail,
    /// The fix is never shortened to fit a terminal: `doctor` knows what manages a role, and says so at its end.
    pub whole_fix: bool,
    /// The verdict does not change the exit code (`--advisory`).
    pub advisory: bool,
}

/// The report as text, in the usual detail.
pub fn report(report: &Report, style: Style) -> String {
    detailed_report(report, &TextOptions { style, ..TextOptions::default() })
}

/// The report as text.
pub fn detailed_report(report: &Report, options: &TextOptions) -> String {
    let mut page = Page::new(options.style);
    if options.detail != Detail::Verdict {
        header(&mut page, report);
        page.gap();
        match options.detail {
            Detail::Checks => sections::all(&mut page, report),
            _ => steps::all(&mut page, report),
        }
        page.gap();
    }
    block::verdict(&mut page, report, options);
    page.finish()
}

fn header(page: &mut Page, report: &Report) {
    let subject = &report.subject;
    let mut about = Vec::new();
    about.extend(subject.pid.map(|pid| format!("process {pid}")));
    about.extend(subject.pod.as_ref().map(|pod| format!("pod {pod}")));
    let unread = report.root_cause.as_ref().is_some_and(|cause| cause.code == Code::ProbeOutOfResources);
    about.push(match report.expected.provider {
        Provider::None if unread => "not checked".to_owned(),
        _ => injected(&report.expected),
    });
    about.extend(report.expected.region.clone());
    page.line(0, &[(Paint::Bold, &name(subject)), (Paint::Plain, "  "), (Paint::Dim, &about.join(", "))]);
}

/// What is said of a finding that `--ignore` names.
pub(super) const IGNORED: &str = "ignored (--ignore)";

/// Which SDKs use the node's role while the identity is not proven, in one line of this width: `java-v2, cpp and 3 more use the node's role
/// eks-node`.
pub(super) fn meanwhile(report: &Report, width: usize) -> Option<String> {
    report.root_cause.as_ref()?;
    // What stands at the end is the name that IMDS gave.
    Some(report.meanwhile.as_ref()?.one_line(width)?.trim_end().to_owned())
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

/// The identity of a pod that passed, and the number of its warnings.
pub(super) fn who(report: &Report) -> String {
    let expected = report.expected.provider;
    let identity = match &report.identity {
        Some(identity) => format!("this pod is {} ({})", identity.arn, identity.provider.id()),
        None if expected == Provider::None => "nothing is injected, and nothing was expected".to_owned(),
        None => format!("{} gives credentials, but their identity was not confirmed", provider(expected)),
    };
    let warnings: Vec<&str> =
        report.findings.iter().filter(|f| f.severity == Severity::Warn && !f.ignored).map(|f| f.cause.code.id()).collect();
    with_warnings(identity, &warnings)
}

/// A verdict's text, with the number of warnings.
pub(super) fn with_warnings(words: String, warnings: &[&str]) -> String {
    match warnings {
        [] => words,
        [one] => format!("{words}; 1 warning: {one}"),
        several => format!("{words}; {} warnings: {}", several.len(), several.join(", ")),
    }
}

/// The verdict in one line, as `doctor` writes it.
pub(super) fn last_line(page: &mut Page, verdict: Verdict, words: &str) {
    block::verdict_line(page, verdict, &format!(" {words}"));
}

/// The sign and the word of a verdict.
fn sign_of(verdict: Verdict) -> (Paint, &'static str, &'static str) {
    match verdict {
        Verdict::Pass => (Paint::Green, "√", "PASS"),
        Verdict::Fail => (Paint::Red, "×", "FAIL"),
        Verdict::Unknown => (Paint::Yellow, "‼", "UNKNOWN"),
    }
}
