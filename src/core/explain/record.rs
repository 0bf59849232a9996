//! A log as records: a line with those that continue it (a stack, `caused by`, XML, Terraform's boxes, a sentence that a terminal broke), each as
//! one plain text. A record is made around a hit only.

use super::index::Index;
use super::plain;
use crate::core::text::printable::floor;
use crate::core::text::secrets::awaits_secret;
use std::cell::RefCell;
use std::ops::Range;

/// What lies farther apart does not belong together.
const MAX_LINES: usize = 150;
const MAX_BYTES: usize = 64 * 1024;
/// How far a place looks around itself.
const BEFORE: usize = 700;
const AFTER: usize = 900;
/// The nearer part: what an SDK says in one breath.
const NEAR: usize = 350;
/// No needle is longer.
const REACH: usize = 200;
/// Terminals and chats break lines at a column between these.
const NARROWEST: usize = 36;
const WIDEST: usize = 260;
/// Characters of more than one byte that a line may have more than another of the same width.
const MARKS: usize = 4;

/// One record.
pub(super) struct Record {
    /// Its text: one line, single spaces.
    pub text: String,
    /// The same in ASCII lower case: byte for byte at the same places.
    pub lower: String,
    /// The same without white space.
    pub squeezed: Vec<u8>,
    /// Where each byte of `squeezed` stands in the text.
    places: Vec<u32>,
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
    fn new(lines: &[Line], joins: &[Join]) -> Record {
        let mut text = String::new();
        let mut places = Vec::with_capacity(lines.len());
        for (line, join) in lines.iter().zip(joins) {
            if !text.is_empty() && *join != Join::Tight && !text.ends_with(' ') {
                text.push(' ');
            }
            places.push((text.len(), line.number));
            text.push_str(&line.text[line.prefix..]);
        }
        Record::of(text, places)
    }

    /// One line.
    #[cfg(test)]
    pub fn one(text: &str) -> Record {
        Record::of(text.to_owned(), vec![(0, 1)])
    }

    fn of(text: String, lines: Vec<(usize, usize)>) -> Record {
        let lower = text.to_ascii_lowercase();
        let (squeezed, places) = lower.bytes().enumerate().filter(|(_, byte)| *byte != b' ').map(|(at, byte)| (byte, at as u32)).unzip();
        Record { text, lower, squeezed, places, lines }
    }

    /// A part of it, as a record of its own.
    pub fn part(&self, range: Range<usize>) -> Record {
        let first = self.line(range.start);
        let later = self.lines.iter().filter(|(start, _)| range.contains(start)).map(|(start, number)| (start - range.start, *number));
        Record::of(self.text[range.clone()].to_owned(), std::iter::once((0, first)).chain(later).collect())
    }

    /// Where a stretch of the squeezed text stands in the text.
    pub fn place(&self, start: usize, end: usize) -> (usize, usize) {
        (self.places[start] as usize, self.places[end - 1] as usize + 1)
    }

    /// The number of its first line.
    pub fn first_line(&self) -> usize {
        self.lines.first().map_or(1, |(_, number)| *number)
    }

    /// The number of the line at a place.
    pub fn line(&self, at: usize) -> usize {
        // A line's text follows the space that sets it apart.
        self.lines.iter().rev().find(|(start, _)| *start <= at).map_or(1, |(_, number)| *number)
    }

    /// Whether a line ends within a stretch of the text.
    pub fn is_broken(&self, at: usize, end: usize) -> bool {
        self.lines.iter().any(|(start, _)| at < *start && *start < end)
    }

    /// The text of the line at a place up to there, in lower case.
    pub fn line_before(&self, at: usize) -> &str {
        let start = self.lines.iter().rev().map(|(start, _)| *start).find(|start| *start <= at).unwrap_or_default();
        &self.lower[start..at]
    }

    /// The text of its first line, and of all lines before the one at a place, in lower case.
    pub fn lines_before(&self, at: usize) -> (&str, &str) {
        let first = self.lines.get(1).map_or(self.lower.len(), |(start, _)| *start);
        let start = self.lines.iter().rev().map(|(start, _)| *start).find(|start| *start <= at).unwrap_or_default();
        (self.lower[..first].trim_end(), self.lower[..start].trim_end())
    }

    /// The text of the line at a place from there on.
    pub fn line_after(&self, at: usize) -> &str {
        let end = self.lines.iter().map(|(start, _)| *start).find(|start| *start > at).unwrap_or(self.text.len());
        &self.text[at..end.max(at)]
    }

    /// The stretch around a place that belongs to it.
    pub fn around(&self, at: usize) -> Range<usize> {
        floor(&self.text, at.saturating_sub(BEFORE))..floor(&self.text, at + AFTER)
    }

    /// The nearer part of it.
    pub fn near(&self, at: usize) -> Range<usize> {
        floor(&self.text, at.saturating_sub(NEAR))..floor(&self.text, at + NEAR)
    }

    /// What lies around a place.
    pub fn window(&self, at: usize) -> Window<'_> {
        self.cut(self.around(at), at)
    }

    /// The nearer part of it.
    pub fn narrow(&self, at: usize) -> Window<'_> {
        self.cut(self.near(at), at)
    }

    fn cut(&self, range: Range<usize>, at: usize) -> Window<'_> {
        Window { text: &self.text[range.clone()], lower: &self.lower[range.clone()], at: at.min(range.end) - range.start }
    }
}

/// How a line stands to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    /// It begins a record.
    No,
    /// It goes on.
    Blank,
    /// It goes on within a word.
    Tight,
}

/// Lines of a log that are in memory, and their squeezed form.
#[derive(Default)]
pub(super) struct Lines {
    /// Where each begins in the bytes and in the squeezed form, and its number.
    starts: Vec<Start>,
    /// All of them.
    pub squeezed: Vec<u8>,
    /// The end of the last line in the bytes.
    end: usize,
    /// White space that every line begins with: a log as it is pasted from a page.
    indent: usize,
    /// The line behind the last record: the next record often begins with it.
    behind: RefCell<Option<(usize, Line)>>,
}

#[derive(Clone, Copy)]
struct Start {
    byte: usize,
    squeezed: usize,
    number: usize,
}

/// Longer lines are cut: an export of thousands of records may be one line.
const LONGEST: usize = 8 * 1024;

impl Lines {
    /// The lines of a text, of which the first has this number. The last counts only if it is whole.
    pub fn split(bytes: &[u8], first: usize, is_end: bool) -> Lines {
        let mut lines = Lines { indent: usize::MAX, ..Lines::default() };
        lines.squeezed.reserve(bytes.len());
        let (mut at, mut number) = (0, first);
        while at < bytes.len() {
            let rest = &bytes[at..];
            let newline = memchr::memchr(b'\n', rest);
            let mut length = match newline {
                Some(newline) => newline + 1,
                None if is_end || rest.len() > MAX_BYTES => rest.len(),
                None => break,
            };
            if length > LONGEST {
                // Between two records of an export if there is such a place.
                let head = &rest[..length.min(MAX_BYTES)];
                length = memchr::memmem::find(&head[LONGEST..], b"},{").map_or(head.len(), |at| LONGEST + at + 2);
            }
            lines.starts.push(Start { byte: at, squeezed: lines.squeezed.len(), number });
            let line = &rest[..length];
            let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            if blanks < lines.indent && line.get(blanks).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                lines.indent = blanks;
            }
            // Mail and chats quote with these, and a sentence may go on behind them.
            let quoted = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'>' | b'|')).count();
            plain::squeeze(&line[quoted..], &mut lines.squeezed);
            number += usize::from(line.ends_with(b"\n"));
            at += length;
        }
        lines.end = at;
        lines
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The line in which a place of the squeezed form is.
    pub fn line_of(&self, squeezed: usize) -> usize {
        self.starts.partition_point(|start| start.squeezed <= squeezed).saturating_sub(1)
    }

    /// Where a line begins in the squeezed form; its end for one that is not there.
    pub fn squeezed_start(&self, line: usize) -> usize {
        self.starts.get(line).map_or(self.squeezed.len(), |start| start.squeezed)
    }

    /// Where a line begins in the bytes.
    pub fn start(&self, line: usize) -> usize {
        self.starts.get(line).map_or(self.end, |start| start.byte)
    }

    /// A line's number.
    pub fn number(&self, line: usize) -> usize {
        self.starts.get(line).map_or_else(|| self.starts.last().map_or(1, |last| last.number + 1), |start| start.number)
    }

    /// The record around some lines that begins at `from` or later, and the lines that it takes.
    pub fn record(&self, bytes: &[u8], hit: Range<usize>, from: usize) -> (Record, Range<usize>) {
        let behind = self.behind.take().filter(|(nth, _)| *nth == hit.start).map(|(_, line)| line);
        let mut lines = vec![behind.unwrap_or_else(|| self.line(bytes, hit.start))];
        let mut fold = Fold::default();
        let mut joins = vec![Join::No];
        let mut size = lines[0].text.len();
        // What the lines so far end with, and what they begin with: a phrase may be broken more than once.
        let mut around = lines[0].text.clone();
        let mut next = hit.start + 1;
        while next < self.starts.len() && lines.len() < MAX_LINES && size < MAX_BYTES {
            let mut line = self.line(bytes, next);
            let mut join = fold.join(&lines[lines.len() - 1], &mut line, &around);
            if join == Join::No && self.is_run(bytes, next, &mut fold) {
                join = Join::Blank;
            }
            if join != Join::No && line.prefix == 0 {
                // Of lines that a terminal broke, only the first has a collector's prefix: this one may be the next that has one.
                let mut recent = (hit.start.saturating_sub(3)..next.saturating_sub(1)).rev().take(4);
                let prefix = recent.find_map(|recent| Some(prefixes(&self.line(bytes, recent).text, &line.text).1).filter(|prefix| *prefix > 0));
                if let Some(prefix) = prefix {
                    line.prefix = prefix;
                    join = fold.join_without_prefix(&lines[lines.len() - 1], &line, &around);
                }
            }
            if join == Join::No && next >= hit.end {
                *self.behind.borrow_mut() = Some((next, Line { prefix: 0, ..line }));
                break;
            }
            size += line.text.len();
            around = format!("{} {}", &around[floor(&around, around.len().saturating_sub(REACH))..], &line.text[line.prefix..]);
            lines.push(line);
            joins.push(if join == Join::No { Join::Blank } else { join });
            next += 1;
        }
        let mut first = hit.start;
        around = lines.iter().map(|line| &line.text[line.prefix..]).collect::<Vec<_>>().join(" ");
        while first > from && lines.len() < 2 * MAX_LINES && size < 2 * MAX_BYTES {
            let before = self.line(bytes, first - 1);
            let mut join = fold.join(&before, &mut lines[0], &around);
            if join == Join::No && self.is_run(bytes, first, &mut fold) {
                join = Join::Blank;
            }
            if join == Join::No {
                break;
            }
            size += before.text.len();
            around = format!("{} {}", before.text, &around[..floor(&around, REACH)]);
            lines.insert(0, before);
            joins[0] = join;
            joins.insert(0, Join::No);
            first -= 1;
        }
        fold.tighten(&lines, &mut joins);
        (Record::new(&lines, &joins), first..next)
    }

    /// Whether a line and the one before are two of at least three that a terminal broke.
    fn is_run(&self, bytes: &[u8], line: usize, fold: &mut Fold) -> bool {
        [line.checked_sub(1), line.checked_sub(2)].into_iter().flatten().any(|first| {
            // Most lines differ in length: that is seen without reading them.
            let length = |nth: usize| self.start(nth + 1) - self.start(nth);
            let close = length(first).abs_diff(length(first + 1)) <= 4 * MARKS && first + 2 < self.starts.len();
            close && fold.run(&[0, 1, 2].map(|nth| self.line(bytes, first + nth)))
        })
    }

    fn line(&self, bytes: &[u8], nth: usize) -> Line {
        let raw = &bytes[self.start(nth)..self.start(nth + 1)];
        let is_whole = raw.ends_with(b"\n") || nth + 1 == self.starts.len();
        let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        let indented = raw.get(self.indent.min(raw.len())..).unwrap_or_default();
        let text = plain::plain(indented);
        let is_plain = raw.is_ascii() || raw.len() > WIDEST * 4;
        let width = if is_plain { raw.len() } else { String::from_utf8_lossy(raw).chars().count() };
        // A collector's prefix may stand before the frame.
        let head = || String::from_utf8_lossy(&indented[..indented.len().min(120)]);
        Line { number: self.number(nth), is_boxed: !is_plain && head().contains(['│', '║', '╷']), is_indented: indented.starts_with(b" ") || indented.starts_with(b"\t"), ends_blank: raw.ends_with(b" "), text, prefix: 0, width, is_whole }
    }
}

struct Line {
    number: usize,
    text: String,
    /// The length of what a collector wrote before the line, as before the one that it goes on with.
    prefix: usize,
    is_indented: bool,
    /// In the frame that Terraform draws around an error.
    is_boxed: bool,
    /// In characters.
    width: usize,
    ends_blank: bool,
    /// It ends where the log's line ends.
    is_whole: bool,
}

/// How lines of a paragraph were broken, once that is known.
#[derive(Default)]
struct Fold {
    width: usize,
    is_hard: bool,
}

impl Fold {
    /// How a line stands to the one before.
    fn join(&mut self, before: &Line, line: &mut Line, around: &str) -> Join {
        if !before.is_whole {
            return if before.text.ends_with('}') { Join::No } else { Join::Tight };
        }
        let (theirs, ours) = prefixes(&before.text, &line.text);
        line.prefix = ours;
        self.joined(before, &before.text[theirs..], line, around)
    }

    /// The same for a line whose prefix is known, and that of the one before is not.
    fn join_without_prefix(&mut self, before: &Line, line: &Line, around: &str) -> Join {
        self.joined(before, &before.text, line, around)
    }

    fn joined(&mut self, before: &Line, before_text: &str, line: &Line, around: &str) -> Join {
        let text = &line.text[line.prefix..];
        if text.is_empty() {
            return if line.is_indented || before.is_boxed && line.is_boxed { Join::Blank } else { Join::No };
        }
        let open = before_text.ends_with(['{', '[', '(', ',']) || (before_text.ends_with(':') && before_text.len() < 400);
        let boxed = before.is_boxed && line.is_boxed;
        if open || awaits_secret(before_text) || line.is_indented || boxed || continues(text) {
            return Join::Blank;
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
    fn broken(&mut self, before: &Line, before_text: &str, line: &Line, text: &str) -> Join {
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
    fn run(&mut self, [before, line, next]: &[Line; 3]) -> bool {
        let same = before.width == line.width && (NARROWEST..=WIDEST).contains(&line.width) && next.width <= line.width;
        let is_one = same && next.text.contains(|c: char| c.is_alphanumeric()) && ![&line.text, &next.text].into_iter().any(|text| opens(text));
        if is_one {
            self.width = self.width.max(line.width);
            self.is_hard = true;
        }
        is_one
    }

    /// What is known of the whole paragraph holds for its first lines, too.
    fn tighten(&self, lines: &[Line], joins: &mut [Join]) {
        for (pair, join) in lines.windows(2).zip(joins.iter_mut().skip(1)).filter(|_| self.is_hard) {
            if *join == Join::Blank && pair[0].width == self.width && !pair[0].ends_blank && !pair[1].is_indented {
                *join = Join::Tight;
            }
        }
    }
}

/// How a line goes on with the text before: in the middle of a name that holds no blanks, unless a sentence goes on behind that.
fn glue(before: &Line, tail: &str, text: &str) -> Join {
    if in_name(tail, text) && !before.ends_blank { Join::Tight } else { Join::Blank }
}

/// Whether a line goes on with the name that the text before ends with: an ARN, a URL, a host.
fn in_name(tail: &str, text: &str) -> bool {
    const SENTENCE: &str = "is|isn't|because|with|on|to|by|does|has|have|cannot|can|could|and|or|in|for|from|not|was|as|action|operation|port|after|at|of";
    let name = tail.rsplit([' ', '"', '(']).next().unwrap_or_default();
    let is_name = ["://", "arn:"].iter().any(|part| name.contains(part)) || name.starts_with("sts.");
    let first = text.split(' ').next().unwrap_or_default();
    let goes_on = SENTENCE.split('|').any(|word| word == first) || first == "-" || first.ends_with(':') || name.ends_with([',', ':', ';', '.', ')']);
    is_name && !goes_on
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
fn prefixes(before: &str, line: &str) -> (usize, usize) {
    let mut ends = (0, 0);
    let mut is_prefix = false;
    let (mut ours, mut theirs) = (line.split_inclusive(' '), before.split_inclusive(' '));
    for _ in 0..8 {
        let (Some(a), Some(b)) = (ours.next(), theirs.next()) else { break };
        if a.contains("arn:") || a.len() != b.len() || !a.bytes().zip(b.bytes()).all(|(a, b)| a == b || a.is_ascii_digit() && b.is_ascii_digit()) {
            break;
        }
        let marks = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit()) || word.starts_with(['[', '|', '>']) || word.trim_end().ends_with('|');
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
