//! A log as records: a line with those that continue it (a stack, `caused by`, XML, Terraform's boxes), each as one plain text.
//!
//! Errors come escaped in JSON logs, coloured, boxed and broken over lines. A record has none of that left: what a recogniser
//! looks for stands there as the SDK worded it, and every place still knows its line.

use super::joined_lines;
use crate::core::text::printable::floor;
use crate::core::text::secrets::awaits_secret;
use std::borrow::Cow;

/// Longer records are cut: what lies that far apart does not belong together.
const MAX_LINES: usize = 150;
const MAX_BYTES: usize = 64 * 1024;
/// How far a place looks around itself.
const BEFORE: usize = 700;
const AFTER: usize = 900;
/// The nearer part.
const NEAR: usize = 350;
/// The longest of the names that system calls give their errors (`enetunreach`).
const SHORT: usize = 11;

/// One record.
pub(super) struct Record {
    /// Its text: one line, single spaces.
    pub text: String,
    /// The same in ASCII lower case: byte for byte at the same places.
    pub lower: String,
    /// Where each line begins in the text, and its number.
    lines: Vec<(usize, usize)>,
}

/// A stretch of a record around a place.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    /// As written.
    pub text: &'a str,
    /// In lower case.
    pub lower: &'a str,
    /// The place, within the stretch.
    pub at: usize,
}

impl Record {
    fn new() -> Record {
        Record { text: String::new(), lower: String::new(), lines: Vec::new() }
    }

    fn push(&mut self, number: usize, line: &str) {
        self.lines.push((self.text.len(), number));
        for word in line.split_ascii_whitespace() {
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= MAX_LINES || self.text.len() >= MAX_BYTES
    }

    /// The number of the line at a place.
    pub fn line(&self, at: usize) -> usize {
        // A line's text follows the space that sets it apart.
        self.lines.iter().rev().find(|(start, _)| *start <= at).map_or(1, |(_, number)| *number)
    }

    /// What lies around a place.
    pub fn window(&self, at: usize) -> Window<'_> {
        let from = floor(&self.text, at.saturating_sub(BEFORE));
        let to = floor(&self.text, at.saturating_add(AFTER));
        Window { text: &self.text[from..to], lower: &self.lower[from..to], at: at.min(to) - from }
    }

    /// The first place of any of the needles.
    pub fn first(&self, needles: &str) -> Option<usize> {
        needles.split('|').filter_map(|needle| self.lower.find(needle)).min()
    }

    /// The places of a needle (in lower case), at most a few of them. A short word has to stand by itself: `enotfound` is also a part
    /// of FileNotFoundException, `eacces` of DatabaseAccessor.
    pub fn places(&self, needle: &str) -> impl Iterator<Item = usize> {
        let short = needle.len() <= SHORT && needle.bytes().all(is_of_word);
        let places = self.lower.match_indices(needle).map(|(at, _)| at);
        places.filter(move |at| !short || stands_alone(&self.lower, *at, needle.len())).take(16)
    }
}

impl<'a> Window<'a> {
    /// The nearer part of it: what an SDK says in one breath.
    pub fn narrow(self) -> Self {
        let from = floor(self.text, self.at.saturating_sub(NEAR));
        let to = floor(self.text, self.at + NEAR);
        Window { text: &self.text[from..to], lower: &self.lower[from..to], at: self.at - from }
    }

    /// Whether one of the needles, set apart by bars, stands in it; none at all asks for nothing.
    pub fn has(&self, needles: &str) -> bool {
        needles.is_empty() || self.names(needles)
    }

    /// Whether one of the needles stands in it.
    pub fn names(&self, needles: &str) -> bool {
        !needles.is_empty() && needles.split('|').any(|needle| self.lower.contains(needle))
    }
}

/// Whether what is at a place is no part of a longer word.
pub(super) fn stands_alone(text: &str, at: usize, len: usize) -> bool {
    let bytes = text.as_bytes();
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| is_of_word(*byte));
    !is_part(bytes[..at].last()) && !is_part(bytes.get(at + len))
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Splits a text into records and gives each to `see`.
pub(super) fn each(text: &str, mut see: impl FnMut(Record)) {
    let indent = common_indent(text);
    let mut record = Record::new();
    let mut open = false;
    // Of the line before, and of the longest in a paragraph that was broken.
    let (mut last, mut width) = (0, None);
    let mut finish = |record: &mut Record| {
        if !record.text.is_empty() {
            let mut done = std::mem::replace(record, Record::new());
            done.lower = done.text.to_ascii_lowercase();
            see(done);
        }
    };
    for (number, line) in text.split('\n').enumerate() {
        let line = without_colours(line.trim_end_matches('\r'));
        let line = line.get(indent..).unwrap_or_default();
        let plain = unescaped(line.trim_matches(|c: char| c.is_whitespace() || "│╷╵║".contains(c)));
        let plain = plain.trim_start();
        let goes_on = open || continues(line) || continues(plain);
        let broken = !goes_on && joined_lines::goes_on(&record.text, plain, last, width);
        if !(goes_on || broken) || record.is_full() {
            finish(&mut record);
            width = None;
        } else if broken || width.is_some() {
            width = width.max(Some(last.max(line.len())));
        }
        open = plain.ends_with(['{', '[', '(', ',']) || (plain.ends_with(':') && plain.len() < 400) || awaits_secret(plain);
        last = line.len();
        record.push(number + 1, plain);
    }
    finish(&mut record);
}

/// White space that every line begins with: a log as it is pasted from a page.
fn common_indent(text: &str) -> usize {
    let indents =
        text.split('\n').filter(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start_matches([' ', '\t']).len());
    indents.min().unwrap_or_default()
}

/// How a line begins that goes on with the one before.
const CONTINUATIONS: [&str; 17] = [
    "caused by",
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
    let head = line.trim_start_matches(['│', '║', '╵']);
    if head.len() != line.len() || line.starts_with([' ', '\t']) {
        return true;
    }
    let head: String = head.chars().take(24).collect::<String>().to_ascii_lowercase();
    // A tag opens a record of its own when a document begins with it.
    CONTINUATIONS.iter().any(|begin| head.starts_with(begin)) && !head.starts_with("<errorresponse") && !head.starts_with("<?xml")
}

/// Takes escape sequences out (ECMA-48 control sequences, and the titles that some tools set).
pub(super) fn without_colours(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return Cow::Borrowed(line);
    }
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = match after.strip_prefix('[') {
            Some(sequence) => sequence.trim_start_matches(|c: char| ('\u{20}'..='\u{3f}').contains(&c)),
            None => after.strip_prefix(']').map_or(after, |title| title.trim_start_matches(|c| c != '\u{7}' && c != '\u{1b}')),
        };
        // The final character belongs to the sequence.
        let mut chars = rest.chars();
        if chars.next().is_some_and(|c| ('\u{40}'..='\u{7e}').contains(&c) || c == '\u{7}') {
            rest = chars.as_str();
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// What stands for something else in logs: JSON's escapes, XML's entities, the quotes that word processors make.
const STANDS_FOR: [(&str, &str); 14] = [
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#39;", "'"),
    ("&apos;", "'"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&amp;", "&"),
    ("\\u003c", "<"),
    ("\\u003e", ">"),
    ("\\u0026", "&"),
    ("’", "'"),
    ("‘", "'"),
    ("“", "\""),
    ("”", "\""),
];

/// Without escapes, however often a log has escaped another one.
fn unescaped(line: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(line);
    for (stand_in, meant) in STANDS_FOR {
        if plain.contains(stand_in) {
            plain = Cow::Owned(plain.replace(stand_in, meant));
        }
    }
    for _ in 0..3 {
        let breaks = [("\\r", " "), ("\\n", " "), ("\\t", " "), ("\\\"", "\""), ("\\'", "'"), ("\\/", "/"), ("\\\\", "\\")];
        if !breaks.iter().any(|(escape, _)| plain.contains(escape)) {
            break;
        }
        // From left to right, so that an escaped backslash does not escape what follows it.
        let mut once = String::with_capacity(plain.len());
        let mut rest: &str = &plain;
        while let Some(at) = rest.find('\\') {
            once.push_str(&rest[..at]);
            let found = breaks.iter().find(|(escape, _)| rest[at..].starts_with(escape));
            let (meant, length) = found.map_or(("\\", 1), |(escape, meant)| (*meant, escape.len()));
            once.push_str(meant);
            rest = &rest[at + length..];
        }
        once.push_str(rest);
        plain = Cow::Owned(once);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<(usize, String)> {
        let mut all = Vec::new();
        each(text, |record| all.push((record.line(0), record.text)));
        all
    }

    fn one(text: &str) -> String {
        let all = records(text);
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap().1
    }

    #[test]
    fn what_is_broken_over_lines_is_one_text() {
        assert_eq!(
            one("WebIdentityErr: failed\r\ncaused by: AccessDenied: no\r\n\tstatus code: 403"),
            "WebIdentityErr: failed caused by: AccessDenied: no status code: 403"
        );
        assert_eq!(one("│ Error: no EC2 IMDS role\n│ found, operation\n╵"), "Error: no EC2 IMDS role found, operation");
        assert_eq!(one("{\n  code: 'AccessDenied',\n  statusCode: 403\n}"), "{ code: 'AccessDenied', statusCode: 403 }");
        assert_eq!(
            records("first\nsecond\n  at frame\n\nthird"),
            [(1, "first".into()), (2, "second at frame".into()), (5, "third".into())]
        );
        assert_eq!(records("    a\n    b\n      of b").len(), 2, "pasted with an indent");
    }

    #[test]
    fn escapes_and_colours_come_off() {
        assert_eq!(one(r#"{"error":"A\ncaused by: \"B\"\tC"}"#), r#"{"error":"A caused by: "B" C"}"#);
        assert_eq!(one(r#"{"log":"{\"error\":\"A\\ncaused by: \\\"B\\\"\"}"}"#), r#"{"log":"{"error":"A caused by: "B""}"}"#);
        assert_eq!(one("\u{1b}[31mError\u{1b}[0m: \u{1b}]0;title\u{7}no"), "Error: no");
        assert_eq!(one("Couldn&apos;t \\u003cget\\u003e it’s"), "Couldn't <get> it's");
        assert_eq!(one(r"Aws\SecretsManager\Exception"), r"Aws\SecretsManager\Exception");
        assert_eq!(one("cut \u{1b}"), "cut");
        assert_eq!(one("cut \u{1b}["), "cut");
        assert_eq!(one("end \\"), "end \\");
    }

    #[test]
    fn places_know_their_line() {
        let mut seen = Vec::new();
        each("a\nb\n  ünder b\n  last", |record| {
            let at = record.places("last").next();
            seen.push((record.line(0), at.map(|at| record.line(at))));
            let window = record.window(record.text.len() + 9);
            assert!(window.at <= window.text.len());
        });
        assert_eq!(seen, [(1, None), (2, Some(4))]);
    }
}
