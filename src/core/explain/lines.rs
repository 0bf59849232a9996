//! The lines of a log that are in memory, and the records that they are: a line with those that continue it (a stack, `caused by`, XML,
//! Terraform's boxes, a sentence that a terminal broke). A record is made around a hit only.

use super::fold::{Fold, Join, LogLine, WIDEST, prefixes};
use super::plain;
use super::record::Record;
use crate::core::text::printable::floor;
use std::cell::RefCell;
use std::ops::Range;

/// What lies farther apart does not belong together.
const MAX_LINES: usize = 150;
const MAX_BYTES: usize = 64 * 1024;
/// No needle is longer.
const REACH: usize = 200;
/// Characters of more than one byte that a line may have more than another of the same width.
const MARKS: usize = 4;

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
    behind: RefCell<Option<(usize, LogLine)>>,
}

#[derive(Clone, Copy)]
struct Start {
    byte: usize,
    squeezed: usize,
    number: usize,
}

/// Longer lines are cut: an export of thousands of records may be one line.
const LONGEST: usize = 8 * 1024;
/// So much of the next piece of a long line is read with it.
const BESIDE: usize = 1024;

impl Lines {
    /// The lines of a text, of which the first has this number. The last counts only if it is whole.
    pub fn split(bytes: &[u8], first: usize, is_end: bool, indent: usize) -> Lines {
        let mut lines = Lines { indent, ..Lines::default() };
        lines.squeezed.reserve(bytes.len());
        let (mut at, mut number) = (0, first);
        while at < bytes.len() {
            let rest = &bytes[at..];
            let newline = memchr::memchr(b'\n', rest);
            let mut length = match newline {
                Some(newline) => newline + 1,
                None if is_end || rest.len() > 4 * LONGEST => rest.len(),
                None => break,
            };
            if length > LONGEST {
                // Between two records of an export if there is such a place.
                let head = &rest[..length.min(2 * LONGEST)];
                let ends = [&b"},{"[..], b"}, {"].into_iter().filter_map(|end| memchr::memmem::find(&head[LONGEST..], end));
                length = ends.min().map_or(head.len(), |at| LONGEST + at + 2);
            }
            lines.starts.push(Start { byte: at, squeezed: lines.squeezed.len(), number });
            let line = &rest[..length];
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
                let prefix =
                    recent.find_map(|recent| Some(prefixes(&self.line(bytes, recent).text, &line.text).1).filter(|prefix| *prefix > 0));
                if let Some(prefix) = prefix {
                    line.prefix = prefix;
                    join = fold.join_without_prefix(&lines[lines.len() - 1], &line, &around);
                }
            }
            if join == Join::No && next >= hit.end {
                *self.behind.borrow_mut() = Some((next, LogLine { prefix: 0, ..line }));
                break;
            }
            size += line.text.len();
            around = format!("{} {}", &around[floor(&around, around.len().saturating_sub(REACH))..], &line.text[line.prefix..]);
            lines.push(line);
            joins.push(if join == Join::No { Join::Blank } else { join });
            next += 1;
        }
        // A long line goes on: what stands on both sides of the cut is read here.
        if next < self.starts.len() && lines.last().is_some_and(|last| !last.is_whole && !last.text.ends_with(['}', ','])) {
            let mut line = self.line(bytes, next);
            line.text.truncate(floor(&line.text, BESIDE));
            lines.push(line);
            joins.push(Join::Tight);
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
                lines[0].prefix = 0;
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
        (record_of(&lines, &joins), first..next)
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

    fn line(&self, bytes: &[u8], nth: usize) -> LogLine {
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
        LogLine {
            number: self.number(nth),
            is_boxed: !is_plain && head().contains(['│', '║', '╷']),
            is_indented: indented.starts_with(b" ") || indented.starts_with(b"\t"),
            ends_blank: raw.ends_with(b" "),
            text,
            prefix: 0,
            width,
            is_whole,
        }
    }
}

/// White space that every line of a text begins with.
pub(super) fn common_indent(text: &[u8]) -> usize {
    let blanks = |line: &[u8]| line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(blanks).min().unwrap_or_default()
}

/// The record of some lines.
fn record_of(lines: &[LogLine], joins: &[Join]) -> Record {
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
