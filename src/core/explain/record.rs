//! A piece of a log as one plain text: a line with those that continue it.

use crate::core::text::printable::floor;
use std::ops::Range;

/// How far a place looks around itself.
const BEFORE: usize = 700;
const AFTER: usize = 900;
/// The nearer part: what an SDK says in one breath.
const NEAR: usize = 350;

/// No record of CloudTrail that is read is longer.
const LONGEST_OBJECT: usize = 4 * 1024;

/// Whether a text (in lower case) is a record of CloudTrail, or what `aws sts decode-authorization-message` prints.
pub(super) fn is_trail(lower: &str) -> bool {
    lower.contains("\"eventsource\"") || lower.contains("\"allowed\"") && lower.contains("\"action\"")
}

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
    /// Whether it holds a record of CloudTrail or a decoded message.
    has_trail: bool,
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

impl<'a> Window<'a> {
    /// What stands right before the place, in lower case.
    pub fn before(&self) -> &'a str {
        &self.lower[floor(self.lower, self.at.saturating_sub(160))..self.at]
    }
}

impl Record {
    /// One line.
    #[cfg(test)]
    pub fn one(text: &str) -> Record {
        Record::of(text.to_owned(), vec![(0, 1)])
    }

    /// A text, and where each of its lines begins in it, with their numbers.
    pub fn of(text: String, lines: Vec<(usize, usize)>) -> Record {
        let lower = text.to_ascii_lowercase();
        let (squeezed, places) = lower.bytes().enumerate().filter(|(_, byte)| *byte != b' ').map(|(at, byte)| (byte, at as u32)).unzip();
        let has_trail = is_trail(&lower);
        Record { text, lower, squeezed, places, lines, has_trail }
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

    /// The text of the line at a place up to there, in lower case; of a long line the nearer part.
    pub fn line_before(&self, at: usize) -> &str {
        let start = self.lines.iter().rev().map(|(start, _)| *start).find(|start| *start <= at).unwrap_or_default();
        let near = floor(&self.lower, at.saturating_sub(BEFORE));
        &self.lower[start.max(near)..at]
    }

    /// Whether the line at a place begins within `line_before`.
    pub fn begins_near(&self, at: usize) -> bool {
        self.lines.iter().rev().map(|(start, _)| *start).find(|start| *start <= at).is_none_or(|start| at - start <= BEFORE)
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
        &self.text[at..floor(&self.text, end.max(at).min(at + AFTER))]
    }

    /// The stretch around a place that belongs to it.
    pub fn around(&self, at: usize) -> Range<usize> {
        if let Some(object) = self.trail(at) {
            return object;
        }
        floor(&self.text, at.saturating_sub(BEFORE))..floor(&self.text, at + AFTER)
    }

    /// The smallest object around a place that says what was called: a record of CloudTrail says everything itself, and nothing of its neighbours.
    fn trail(&self, at: usize) -> Option<Range<usize>> {
        if !self.has_trail {
            return None;
        }
        let from = at.saturating_sub(LONGEST_OBJECT);
        let mut depth = 0;
        for start in (from..at.min(self.text.len())).rev() {
            match self.lower.as_bytes()[start] {
                b'}' => depth += 1,
                b'{' if depth > 0 => depth -= 1,
                b'{' => {
                    let end = self.end_of_object(start);
                    if is_trail(&self.lower[start..end]) {
                        return Some(start..end);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Where the object ends that begins at a place; the text's end if it is cut.
    fn end_of_object(&self, start: usize) -> usize {
        let mut depth = 0;
        for (length, byte) in self.lower.as_bytes()[start..].iter().take(2 * LONGEST_OBJECT).enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' if depth == 1 => return start + length + 1,
                b'}' => depth -= 1,
                _ => {}
            }
        }
        floor(&self.lower, start + 2 * LONGEST_OBJECT)
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

/// Whether what is at a place is no part of a longer word.
pub(super) fn stands_alone(text: &str, at: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    !is_part(bytes[..at].last()) && !is_part(bytes.get(end))
}
