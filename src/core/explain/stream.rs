//! A log in pieces: of any length, in constant memory.

use super::index::Index;
use super::lines::{Lines, common_indent};
use super::record::Record;

/// So much is searched at a time.
const BLOCK: usize = 256 * 1024;
/// So much of it stays for records that go on: more than the longest of them.
const KEPT: usize = 80 * 1024;

/// So much of a log decides how it is indented.
const BEGINNING: usize = 64 * 1024;

/// Splits a text that comes in pieces into the records that may mean something.
pub(super) struct LogStream {
    decoder: Decoder,
    buffer: Vec<u8>,
    /// The number of the first line in the buffer.
    number: usize,
    /// White space that every line begins with: a log as it is pasted from a page. The log's beginning decides.
    indent: Option<usize>,
    /// Up to there the buffer was searched.
    done: usize,
    /// Up to there records were seen.
    seen: usize,
}

impl LogStream {
    pub fn new() -> LogStream {
        LogStream { decoder: Decoder::default(), buffer: Vec::new(), number: 1, indent: None, done: 0, seen: 0 }
    }

    /// The next bytes. Each record that has become whole is given to `see`.
    pub fn push(&mut self, bytes: &[u8], see: &mut dyn FnMut(&Record)) {
        for piece in bytes.chunks(BLOCK) {
            self.decoder.decode(piece, &mut self.buffer);
            if self.buffer.len() >= 2 * BLOCK {
                self.search(false, see);
            }
        }
    }

    /// There is no more.
    pub fn finish(&mut self, see: &mut dyn FnMut(&Record)) {
        self.decoder.finish(&mut self.buffer);
        self.search(true, see);
    }

    fn search(&mut self, is_end: bool, see: &mut dyn FnMut(&Record)) {
        let indent = *self.indent.get_or_insert_with(|| common_indent(&self.buffer[..self.buffer.len().min(BEGINNING)]));
        let lines = Lines::split(&self.buffer, self.number, is_end, indent);
        let line_at = |byte: usize| (0..lines.len()).find(|line| lines.start(*line) >= byte).unwrap_or(lines.len());
        let (mut line, mut seen) = (line_at(self.done), line_at(self.seen));
        let mut keep = lines.len();
        while let Some(found) = Index::get().candidate(&lines.squeezed, lines.squeezed_start(line)) {
            let hit = lines.line_of(found.start)..lines.line_of(found.end - 1) + 1;
            let (record, range) = lines.record(&self.buffer, hit, seen);
            if !is_end && range.end == lines.len() {
                // It may go on.
                keep = range.start;
                break;
            }
            see(&record);
            (line, seen) = (range.end, range.end);
        }
        self.done = lines.start(keep);
        self.seen = lines.start(seen);
        // What stands before a record that begins with the next line stays, too.
        let oldest = (0..keep).rev().take_while(|line| self.done - lines.start(*line) <= KEPT).last().unwrap_or(keep);
        let cut = lines.start(oldest);
        self.number = lines.number(oldest);
        self.done -= cut;
        self.seen = self.seen.saturating_sub(cut);
        self.buffer.drain(..cut);
    }
}

/// UTF-16 as UTF-8, if a byte order mark says that it is that.
#[derive(Default)]
struct Decoder {
    encoding: Option<Encoding>,
    rest: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { is_big: bool },
}

impl Decoder {
    fn decode(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        if self.encoding == Some(Encoding::Utf8) {
            text.extend_from_slice(bytes);
            return;
        }
        self.rest.extend_from_slice(bytes);
        let encoding = match (self.encoding, &self.rest[..]) {
            (Some(encoding), _) => encoding,
            (None, [0xff, 0xfe, ..]) => Encoding::Utf16 { is_big: false },
            (None, [0xfe, 0xff, ..]) => Encoding::Utf16 { is_big: true },
            (None, [_]) | (None, []) => return,
            (None, _) => Encoding::Utf8,
        };
        self.encoding = Some(encoding);
        let Encoding::Utf16 { is_big } = encoding else {
            text.append(&mut self.rest);
            return;
        };
        let unit = |pair: &[u8]| if is_big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) };
        let mut units: Vec<u16> = self.rest.chunks_exact(2).map(unit).collect();
        // The second half of a pair may come later.
        if units.last().is_some_and(|last| (0xd800..0xdc00).contains(last)) {
            units.pop();
        }
        self.rest.drain(..units.len() * 2);
        for c in char::decode_utf16(units) {
            text.extend_from_slice(c.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    fn finish(&mut self, text: &mut Vec<u8>) {
        text.append(&mut self.rest);
    }
}
