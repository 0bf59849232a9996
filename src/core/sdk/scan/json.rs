//! JSON that is read in parts, so that a file of several MB is never in memory.

use super::source::{ReadAt, ReadError};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::io::{self, Read};

/// Larger files are none of those that a tool writes.
const CAP: u64 = 8 * 1024 * 1024;

/// The part that is in memory at once.
const BUFFER: usize = 16 * 1024;

/// The longest string in the file. The parser holds one string in memory at a time.
const STRING: usize = 256 * 1024;

/// How deep objects and lists may nest. The parser remembers each that is open.
const DEPTH: usize = 100;

/// What this seed makes of the file. `None` where it is no JSON, has another shape, or is too large. A bad file is no error, a failed read is one.
pub(super) fn parse<'de, S: DeserializeSeed<'de>>(file: &mut dyn ReadAt, seed: S) -> Result<Option<S::Value>, ReadError> {
    if file.size() > CAP {
        return Ok(None);
    }
    let mut stream =
        JsonStream { file, buffer: vec![0; BUFFER], at: 0, end: 0, offset: 0, string: None, escaped: false, depth: 0, failed: None };
    let mut parser = serde_json::Deserializer::from_reader(&mut stream);
    let parsed = seed.deserialize(&mut parser).and_then(|value| parser.end().map(|()| value)).ok();
    stream.failed.map_or(Ok(parsed), Err)
}

/// The value of one key of an object, made by a seed. `None` where the key is not there.
pub(super) struct Member<S> {
    /// The key.
    pub(super) key: &'static str,
    /// What makes the value.
    pub(super) seed: S,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Member<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Member<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with {}", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut seed, mut found) = (Some(self.seed), None);
        while let Some(key) = map.next_key::<String>()? {
            match seed.take_if(|_| key == self.key) {
                Some(seed) => found = Some(map.next_value_seed(seed)?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

struct JsonStream<'a> {
    file: &'a mut dyn ReadAt,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    offset: u64,
    /// The length of the string that was begun.
    string: Option<usize>,
    escaped: bool,
    /// How many objects and lists are open.
    depth: usize,
    failed: Option<ReadError>,
}

impl JsonStream<'_> {
    /// Fills the buffer again. The end of the file, or of what is read of it, leaves it empty.
    fn fill(&mut self) -> Result<(), ReadError> {
        (self.at, self.end) = (0, 0);
        if self.offset < CAP {
            self.end = self.file.read_at(self.offset, &mut self.buffer)?;
            self.offset += self.end as u64;
        }
        // In JSON a quote that is not escaped begins or ends a string.
        for byte in &self.buffer[..self.end] {
            self.string = match (self.string, *byte) {
                (None, b'"') => Some(0),
                (Some(_), b'"') if !self.escaped => None,
                (length, _) => length.map(|length| length + 1),
            };
            self.escaped = self.string.is_some() && *byte == b'\\' && !self.escaped;
            match (self.string, *byte) {
                (None, b'[' | b'{') => self.depth += 1,
                (None, b']' | b'}') => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth > DEPTH || self.string.is_some_and(|length| length > STRING) {
                self.end = 0;
                self.offset = CAP;
                break;
            }
        }
        Ok(())
    }
}

impl Read for JsonStream<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.end {
            self.fill().map_err(|error| {
                self.failed = Some(error);
                io::Error::other(error)
            })?;
        }
        let count = into.len().min(self.end - self.at);
        into[..count].copy_from_slice(&self.buffer[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}
