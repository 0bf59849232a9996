//! The blocks of findings, the verdict's last. A block is enough by itself: what is wrong, why, and the steps of the fix. It fits a terminal of
//! 80 columns and 24 rows: where the fix has more sentences than fit, the last ones are left to `-v` and `explain`. No value and no command is
//! ever cut.

use super::super::page::{Page, Paint, Style};
use super::super::{affects, label};
use super::{Detail, TextOptions, attempts, meanwhile, sign_of, who};
use crate::core::catalogue::commands::CommandEffect;
use crate::core::catalogue::remedy::Remedy;
use crate::core::catalogue::{Code, Severity};
use crate::core::check::report::{Cause, Report, ReportedFinding, Verdict};

/// The column of a block's names.
const NAMES: usize = 2;
/// The column of what they name.
const TEXT: usize = 13;
/// The column of a numbered step of the fix.
const STEP: usize = TEXT + 3;
/// The rows of a terminal, without the row of the next prompt.
const ROWS: usize = 23;

/// The verdict's block, below the blocks of the other failures and warnings.
pub(super) fn verdict(page: &mut Page, report: &Report, options: &TextOptions) {
    if options.detail != Detail::Verdict {
        finding_blocks(page, &report.findings, report.root_cause.as_ref().map(|cause| cause.code), options);
    }
    let advisory = if options.advisory { " (advisory, exit 0)" } else { "" };
    let Some(cause) = &report.root_cause else {
        return verdict_line(page, report.verdict, &format!("{advisory} {}", who(report)));
    };
    verdict_line(page, report.verdict, &format!("{advisory} {}: {}", cause.code, cause.title));
    if options.detail == Detail::Verdict {
        return;
    }
    let tried = (report.verdict == Verdict::Unknown).then(|| attempts(report));
    let now = meanwhile(report, page.width() - TEXT);
    let (why, remedy) = report.outside_pod.as_ref().map_or((why(cause), &cause.remedy), |remedy| (OUTSIDE_A_POD, remedy));
    Block { why, remedy, tried, now, ..Block::of(cause) }.write(page, options);
}

/// A block for each finding that is a failure or a warning, each followed by an empty line. That of the root cause comes later.
pub(in crate::render) fn finding_blocks(page: &mut Page, findings: &[ReportedFinding], root: Option<Code>, options: &TextOptions) {
    let mut shown: Vec<&str> = Vec::new();
    for found in findings.iter().filter(|found| !found.ignored && Some(found.cause.code) != root) {
        let cause = &found.cause;
        if found.severity == Severity::Info {
            continue;
        }
        let (paint, sign, word) = sign_of_severity(found.severity);
        page.line(0, &[(paint, &format!("{sign} {word}")), (Paint::Plain, &format!(" {}: {}", cause.code, cause.title))]);
        // One line to paste need not stand there twice. The verdict's block, which is the last one, has all of its own.
        let mut remedy = cause.remedy.clone();
        remedy.commands.retain(|command| !shown.contains(&command.command.as_str()));
        if remedy.commands.len() < cause.remedy.commands.len() {
            remedy.text.push_str(" (The commands are above.)");
        }
        Block { remedy: &remedy, ..Block::of(cause) }.write(page, options);
        shown.extend(cause.remedy.commands.iter().map(|command| command.command.as_str()));
        page.gap();
    }
}

/// The block of `doctor`'s root cause, below the verdict's line.
pub(in crate::render) fn root_cause(page: &mut Page, cause: &Cause, options: &TextOptions) {
    Block::of(cause).write(page, options);
}

/// The block of `explain`, which has the whole fix and its document: why, the general cause where that is not `why` itself, and whether the line
/// for more names the command that explains the code.
pub(in crate::render) fn explained(page: &mut Page, code: Code, why: &str, cause: Option<&str>, remedy: &Remedy, names_command: bool) {
    let block = Block { code, docs: &code.docs(), why, general: cause, remedy, tried: None, now: None };
    block.write_with(page, &sentences(&remedy.text), false, Detail::Checks, names_command);
}

/// A named line of a block.
pub(in crate::render) fn entry(page: &mut Page, name: &str, text: &str) {
    page.columns(NAMES, name, TEXT, TEXT, &[(Paint::Plain, text)]);
}

/// The sign of a severity, and its word.
pub(in crate::render) fn sign_of_severity(severity: Severity) -> (Paint, &'static str, &'static str) {
    match severity {
        Severity::Fail => (Paint::Red, "×", "FAIL"),
        Severity::Warn => (Paint::Yellow, "‼", "WARN"),
        Severity::Info => (Paint::Plain, "‼", "INFO"),
    }
}

/// The verdict, in one line that is never wrapped. `words` begin with a space.
pub(super) fn verdict_line(page: &mut Page, verdict: Verdict, words: &str) {
    let (paint, sign, word) = sign_of(verdict);
    page.line(0, &[(paint, &format!("{sign} {word}")), (Paint::Plain, words)]);
}

/// What was seen, or the general cause where nothing more is known.
fn why(cause: &Cause) -> &str {
    if cause.detail.is_empty() { cause.code.row().cause } else { &cause.detail }
}

/// Why nothing is injected on a workstation.
const OUTSIDE_A_POD: &str = "This is not a pod: KUBERNETES_SERVICE_HOST is not set, and there is no service account token. A pod's identity exists only in the pod.";

/// What stands below the line of a finding or of the verdict.
struct Block<'a> {
    code: Code,
    docs: &'a str,
    why: &'a str,
    /// The general cause, where it fits.
    general: Option<&'a str>,
    remedy: &'a Remedy,
    /// `not proven in 60 s (2 attempts)`
    tried: Option<String>,
    /// Which SDKs use the node's role now.
    now: Option<String>,
}

impl<'a> Block<'a> {
    fn of(cause: &'a Cause) -> Block<'a> {
        // When the title is not the catalogue's, the catalogue's cause does not fit either. The detail holds the cause then.
        let row = cause.code.row();
        let general = (cause.title == row.title).then_some(row.cause);
        Block { code: cause.code, docs: &cause.docs, why: why(cause), general, remedy: &cause.remedy, tried: None, now: None }
    }

    /// Writes the block. Below the verdict's line it has [`ROWS`] rows less one.
    fn write(&self, page: &mut Page, options: &TextOptions) {
        let sentences = sentences(&self.remedy.text);
        let all = sentences.len();
        let said = match options.detail {
            Detail::Checks => all,
            _ if options.whole_fix => all,
            _ => (1..=all).rev().find(|said| self.rows(&sentences[..*said], page.width()) < ROWS).unwrap_or(1),
        };
        self.write_with(page, &sentences[..said.min(all)], said < all, options.detail, true);
    }

    /// The rows that the block takes on a terminal of this width, which wraps what is longer.
    fn rows(&self, sentences: &[&str], width: usize) -> usize {
        let mut page = Page::new(Style { width, ..Style::default() });
        self.write_with(&mut page, sentences, true, Detail::Steps, true);
        page.finish().lines().map(|line| line.chars().count().div_ceil(width).max(1)).sum()
    }

    /// `cut`: the fix has more sentences than these. `names_command`: the line for more names the command beside the document.
    fn write_with(&self, page: &mut Page, sentences: &[&str], cut: bool, detail: Detail, names_command: bool) {
        let tried = self.tried.as_ref().map(|tried| format!("{tried}:")).unwrap_or_default();
        page.columns(NAMES, "why", TEXT, TEXT, &[(Paint::Bold, &tried), (Paint::Plain, self.why)]);
        if let Some(general) = self.general.filter(|general| detail == Detail::Checks && self.why != *general) {
            page.columns(NAMES, "cause", TEXT, TEXT, &[(Paint::Plain, general)]);
        }
        self.write_fix(page, &sentences.join(" "));
        if let (Detail::Checks, Some(snippet)) = (detail, &self.remedy.snippet) {
            page.line(TEXT, &[(Paint::Bold, label(self.code.row().document))]);
            page.document(TEXT, snippet);
        }
        if let Some(now) = &self.now {
            page.columns(NAMES, "meanwhile", TEXT, TEXT, &[(Paint::Yellow, now)]);
        }
        if !names_command {
            return page.columns(NAMES, "more", TEXT, TEXT, &[(Paint::Dim, self.docs)]);
        }
        let mut explain = format!("irsa-probe explain {}", self.code);
        if cut {
            explain.push_str(" (-v has the whole fix)");
        }
        let in_one = format!("{explain} · {}", self.docs);
        if TEXT + in_one.chars().count() <= page.width() {
            page.columns(NAMES, "more", TEXT, TEXT, &[(Paint::Dim, &in_one)]);
        } else {
            page.columns(NAMES, "more", TEXT, TEXT, &[(Paint::Dim, &explain)]);
            page.verbatim(NAMES, self.docs);
        }
    }

    /// The steps of the fix: commands that read, what to do, and the commands that change something, each below whom it affects.
    fn write_fix(&self, page: &mut Page, text: &str) {
        let (reading, changing): (Vec<_>, Vec<_>) = self.remedy.commands.iter().partition(|command| command.effect == CommandEffect::Read);
        let mut number = 0;
        let mut next = || {
            number += 1;
            (if number == 1 { "fix" } else { "" }, format!("{number}."))
        };
        for command in reading {
            let (name, number) = next();
            page.named_line(NAMES, name, TEXT, &number, STEP, &command.command);
        }
        let (name, number) = next();
        page.columns(NAMES, name, TEXT, STEP, &[(Paint::Plain, &number), (Paint::Plain, text)]);
        for command in changing {
            let (name, number) = next();
            let affects = affects(command).unwrap_or_default();
            page.columns(NAMES, name, TEXT, STEP, &[(Paint::Plain, &number), (Paint::Yellow, &format!("({affects})"))]);
            page.verbatim(STEP, &command.command);
        }
    }
}

/// The sentences of a text.
pub(in crate::render) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(". ") {
        found.push(&rest[..=at]);
        rest = &rest[at + 2..];
    }
    found.push(rest);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_with_a_full_stop_and_a_space() {
        assert_eq!(sentences("Add {x}. Read a.b/c. aws iam changes it."), ["Add {x}.", "Read a.b/c.", "aws iam changes it."]);
        assert_eq!(sentences("One"), ["One"]);
        assert_eq!(sentences(""), [""]);
    }
}
