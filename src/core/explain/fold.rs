//! Whether a line goes on with the one before: an indent, `caused by`, a bracket that is still open; or a sentence that a terminal, a chat or
//! `terraform -no-color` has broken, behind the prefixes of collectors.

use super::index::Index;
use super::plain;
use crate::core::text::printable::floor;
use crate::core::text::secrets::awaits_secret;

/// No needle is longer.
const REACH: usize = 200;
/// Terminals and chats break lines at a column between these.
const NARROWEST: usize = 36;
pub(super) const WIDEST: usize = 260;

/// How a line stands to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// It begins a record.
    No,
    /// It continues the line before, with a blank between them.
    Blank,
    /// It continues a word of the line before, with no blank between them.
    Tight,
}

/// A line of a log.
pub(super) struct LogLine {
    pub number: usize,
    pub text: String,
    /// The length of a collector's prefix (a time, a pod's name) that this line and the one before share.
    pub prefix: usize,
    pub is_indented: bool,
    /// In the frame that Terraform draws around an error.
    pub is_boxed: bool,
    /// In characters.
    pub width: usize,
    pub ends_blank: bool,
    /// It ends where the log's line ends.
    pub is_whole: bool,
}

/// How lines of a paragraph were broken, once that is known.
#[derive(Default)]
pub(super) struct Fold {
    width: usize,
    is_hard: bool,
}

impl Fold {
    /// How a line stands to the one before.
    pub fn join(&mut self, before: &LogLine, line: &mut LogLine, around: &str) -> Join {
        if !before.is_whole {
            return if before.text.ends_with(['}', ',']) { Join::No } else { Join::Tight };
        }
        let (theirs, ours) = prefixes(&before.text, &line.text);
        line.prefix = ours;
        self.joined(before, &before.text[theirs..], line, around)
    }

    /// The same for a line whose prefix is known, and that of the one before is not.
    pub fn join_without_prefix(&mut self, before: &LogLine, line: &LogLine, around: &str) -> Join {
        self.joined(before, &before.text, line, around)
    }

    fn joined(&mut self, before: &LogLine, before_text: &str, line: &LogLine, around: &str) -> Join {
        let text = &line.text[line.prefix..];
        if text.is_empty() {
            return if line.is_indented || before.is_boxed && line.is_boxed { Join::Blank } else { Join::No };
        }
        let open = before_text.ends_with(['{', '[', '(', ',']) || (before_text.ends_with(':') && before_text.len() < 400);
        let boxed = before.is_boxed && line.is_boxed;
        if open || awaits_secret(before_text) || line.is_indented || boxed || continues(text) {
            // A name may be broken there, too.
            return if line.is_indented && !continues(text) { glue(before, before_text, text) } else { Join::Blank };
        }
        if before_text.is_empty() || before.width > WIDEST {
            return Join::No;
        }
        // Going on, the text so far ends with the line before; going back, it begins with this one.
        let tail = if around.ends_with(before_text) { around } else { before_text };
        let head = if around.starts_with(text) { around } else { text };
        self.broken(before, tail, line, head)
    }

    /// A sentence that a terminal, a chat or `terraform -no-color` has broken at some column, without an indent to show it. Two lines of a log must
    /// not become one error: they are joined where a known phrase stands on both, where one ends with a word that ends no sentence or the next
    /// begins with one that begins none, and beside such a place as long as they are as full as the lines of a broken paragraph.
    fn broken(&mut self, before: &LogLine, before_text: &str, line: &LogLine, text: &str) -> Join {
        let tail = &before_text[floor(before_text, before_text.len().saturating_sub(REACH))..];
        let head = &text[..floor(text, REACH)];
        let mut squeezed = Vec::with_capacity(2 * REACH);
        plain::squeeze(tail.as_bytes(), &mut squeezed);
        let place = squeezed.len();
        plain::squeeze(head.as_bytes(), &mut squeezed);
        let across = Index::get().across(&squeezed, place);
        // A line that begins like a record is one, unless a good part of a phrase stands on both sides.
        if opens(text) && across < 8 {
            return if AWAITING.iter().any(|end| tail.to_ascii_lowercase().ends_with(end)) { Join::Blank } else { Join::No };
        }
        if across > 0 {
            self.is_hard |= is_cut(tail, head);
            self.width = self.width.max(before.width).max(line.width);
            return glue(before, tail, text);
        }
        if is_open(before_text) || before.ends_blank || before.width >= NARROWEST && in_name(tail, text) {
            return glue(before, tail, text);
        }
        let first = text.split(' ').next().unwrap_or_default();
        let word = tail.rsplit([' ', '"', '(']).next().unwrap_or_default().to_ascii_lowercase();
        let ends = ENDS.split('|').any(|end| end == word) || ENDS_OF_TWO.iter().any(|end| tail.to_ascii_lowercase().ends_with(end));
        let begins = BEGINS.split('|').any(|begin| text.starts_with(begin) || begin.strip_suffix(' ') == Some(text));
        // "lookup HOST on|172.20.0.10:53: no such host"
        let address = is_address(first) && first.ends_with(':');
        if ends || begins || address {
            self.width = self.width.max(before.width).max(line.width);
            return glue(before, tail, text);
        }
        let full = self.width > 0 && line.width <= self.width.max(before.width);
        if full && self.is_hard {
            // The blank at the column may be gone.
            return if before.width + 1 >= self.width { Join::Blank } else { Join::No };
        }
        // A long first word would fit nowhere, a sentence may end at any column, and an error begins with its name.
        let sentence = before_text.ends_with('.') || first.ends_with(':') && first.len() > 6;
        let fits = before.width + 1 + first.len().min(16) <= self.width;
        if full && !fits && !sentence { Join::Blank } else { Join::No }
    }

    /// Lines of the same width before one that is not longer: a terminal has broken them, if none begins a record.
    pub fn run(&mut self, [before, line, next]: &[LogLine; 3]) -> bool {
        let same = before.width == line.width && (NARROWEST..=WIDEST).contains(&line.width) && next.width <= line.width;
        let is_one =
            same && next.text.contains(|c: char| c.is_alphanumeric()) && ![&line.text, &next.text].into_iter().any(|text| opens(text));
        if is_one {
            self.width = self.width.max(line.width);
            self.is_hard = true;
        }
        is_one
    }

    /// What is known of the whole paragraph holds for its first lines, too.
    pub fn tighten(&self, lines: &[LogLine], joins: &mut [Join]) {
        for (pair, join) in lines.windows(2).zip(joins.iter_mut().skip(1)).filter(|_| self.is_hard) {
            if *join == Join::Blank && pair[0].width == self.width && !pair[0].ends_blank && !pair[1].is_indented {
                *join = Join::Tight;
            }
        }
    }
}

/// How a line goes on with the text before: in the middle of a name that holds no blanks, unless a sentence goes on behind that.
fn glue(before: &LogLine, tail: &str, text: &str) -> Join {
    if in_name(tail, text) && !before.ends_blank { Join::Tight } else { Join::Blank }
}

/// Whether a line goes on with the name that the text before ends with: an ARN, a URL, a host. Its first word is a piece of a name, and a sentence
/// goes on behind it, or nothing. A word of a sentence is none, so that two lines of a log stay two.
fn in_name(tail: &str, text: &str) -> bool {
    const SENTENCE: [&str; 12] =
        ["is ", "isn't ", "because ", "with an ", "on ", "does ", "has ", "cannot ", "by ", "from ", "at ", "and "];
    let name = tail.rsplit([' ', '"', '(']).next().unwrap_or_default();
    let is_name =
        (["://", "arn:"].iter().any(|part| name.contains(part)) || name.starts_with("sts.")) && !name.ends_with([',', ':', ';', '.', ')']);
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let is_piece = first.contains(|c: char| c.is_ascii_digit() || "/-_.".contains(c)) && first != "-" && !first.ends_with(':');
    let ends = first.ends_with(['"', '\'', ')', ',', '}']);
    is_name && is_piece && (rest.is_empty() || ends || SENTENCE.iter().any(|word| rest.starts_with(word)))
}

/// Whether a text ends within quotes or brackets.
fn is_open(text: &str) -> bool {
    let (mut quotes, mut brackets, mut angles, mut last) = (0, 0, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'"' => quotes += 1,
            b'(' => brackets += 1,
            b')' => brackets -= 1,
            b'<' => angles += 1,
            b'>' if last != b'-' => angles -= 1,
            _ => {}
        }
        last = byte;
    }
    quotes % 2 == 1 || brackets > 0 || angles > 0
}

/// Whether a known phrase was cut within a word: only then is the break no blank.
fn is_cut(tail: &str, head: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric());
    if !inside(tail.chars().next_back()) || !inside(head.chars().next()) {
        return false;
    }
    let last = tail.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let first = head.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    Index::get().is_word(&format!("{last}{first}").to_ascii_lowercase())
}

/// The length of what a collector writes before every line (times, pods, `stderr F`) in two of them: what both begin with, digits apart.
pub(super) fn prefixes(before: &str, line: &str) -> (usize, usize) {
    let mut ends = (0, 0);
    let mut is_prefix = false;
    let (mut ours, mut theirs) = (line.split_inclusive(' '), before.split_inclusive(' '));
    for _ in 0..8 {
        let (Some(a), Some(b)) = (ours.next(), theirs.next()) else { break };
        if a.contains("arn:")
            || a.len() != b.len()
            || !a.bytes().zip(b.bytes()).all(|(a, b)| a == b || a.is_ascii_digit() && b.is_ascii_digit())
        {
            break;
        }
        let marks = |word: &str| {
            word.bytes().any(|byte| byte.is_ascii_digit()) || word.starts_with(['[', '|', '>']) || word.trim_end().ends_with('|')
        };
        is_prefix |= marks(a);
        ends = (ends.0 + a.len(), ends.1 + b.len());
    }
    // Both are nothing else: these are two records.
    if !is_prefix || ends.0 >= line.len() || ends.1 >= before.len() {
        return (0, 0);
    }
    (ends.1, ends.0)
}

/// How a line begins that goes on with the one before.
const CONTINUATIONS: [&str; 18] = [
    "caused by",
    "suppressed:",
    "status code",
    "request id",
    "}",
    "]",
    ")",
    "at ",
    "--->",
    "---",
    "...",
    "<",
    "because ",
    "with an explicit ",
    "on resource",
    "is not authorized",
    "for more information",
    "exceeded",
];

fn continues(line: &str) -> bool {
    let head = line[..floor(line, 24)].to_ascii_lowercase();
    // A tag opens a record of its own when a document begins with it.
    CONTINUATIONS.iter().any(|begin| head.starts_with(begin)) && !head.starts_with("<errorresponse") && !head.starts_with("<?xml")
}

/// What stands before a time or an error's name, with which records begin otherwise.
const AWAITING: [&str; 5] = [" date/time", " earlier than", " later than", " api error", " rpc"];

/// The last word of a line that goes on.
const ENDS: &str = "a|an|the|this|your|of|to|for|from|with|within|and|or|is|are|was|be|been|has|have|could|cannot|must|should|after";
const ENDS_OF_TWO: [&str; 6] = [" api error", " value at", " to call", " read udp", " read tcp", " dial tcp"];

/// How none begins.
const BEGINS: &str = "is |are |was |be |been |to |of |for |on |by |by: |not |and |or |has |have |cannot |should |must |does |doesn't |\
    after |operation: |operation (|authorized |perform: |resource: |: |sts.|https://sts|http://169.254.170.23|(";

/// How records begin: with a bracket, a time, a level, their first field or an error of their own.
fn opens(line: &str) -> bool {
    const LEVELS: &str = "info|warn|warning|error|debug|fatal|trace";
    const FIRST: &str = "{|[|<|time=|ts=|level=|msg=|an error occurred (|operation error |user: ";
    let word = line.split(' ').next().unwrap_or_default();
    let lower = line[..floor(line, 60)].to_ascii_lowercase();
    let lower_word = lower.split(' ').next().unwrap_or_default();
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let time = digits >= 6 && word.contains(['-', ':', '/']) && word.bytes().all(|b| b.is_ascii_digit() || b"-/:,.TZ+".contains(&b));
    let klog = word.len() == 5 && digits == 4;
    // A line may go on with "error", but not with "ERROR" or "error:".
    let level = LEVELS.split('|').any(|level| level == lower_word) && (lower_word != "error" || word == "ERROR");
    let error = lower_word.ends_with("error:") || lower_word.ends_with("exception:");
    time && !is_address(word) || klog || level || error || FIRST.split('|').any(|first| lower.starts_with(first))
}

fn is_address(word: &str) -> bool {
    word.matches('.').count() == 3 && word.starts_with(|c: char| c.is_ascii_digit())
}
