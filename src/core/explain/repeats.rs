//! A log says the same again and again. A record that comes again, but for times and ids of requests, means the same again.

use super::record::Record;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};

/// So many different records are remembered.
const KEPT: usize = 256;

/// What a record stood for when it came first.
#[derive(Clone, Copy)]
pub(super) struct SeenHit {
    /// The match; none for one that is not listed.
    pub nth: Option<usize>,
    /// The hit's line, counted from the record's first.
    pub line: usize,
}

/// The records that came.
#[derive(Default)]
pub(super) struct SeenRecords {
    known: HashMap<u64, Vec<SeenHit>>,
}

impl SeenRecords {
    /// What a record stood for, if it has come before.
    pub fn find(&self, fingerprint: u64) -> Option<&[SeenHit]> {
        self.known.get(&fingerprint).map(Vec::as_slice)
    }

    /// Remembers what a record stands for.
    pub fn learn(&mut self, fingerprint: u64, repeats: Vec<SeenHit>) {
        if self.known.len() >= KEPT {
            self.known.clear();
        }
        self.known.insert(fingerprint, repeats);
    }
}

/// A number for a record without its times and UUIDs.
pub(super) fn fingerprint(record: &Record) -> u64 {
    let bytes = &record.squeezed[..];
    let mut hasher = DefaultHasher::new();
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        let begins = bytes[at].is_ascii_hexdigit() && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
        let length = if begins { uuid(&bytes[at..]).or_else(|| time(&bytes[at..])) } else { None };
        match length {
            Some(length) => {
                hasher.write(&bytes[from..at]);
                at += length;
                from = at;
            }
            None => at += 1,
        }
    }
    hasher.write(&bytes[from..]);
    hasher.finish()
}

/// The length of a UUID at the beginning.
fn uuid(bytes: &[u8]) -> Option<usize> {
    let is_uuid = |(at, byte): (usize, &u8)| if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() };
    bytes.get(..36)?.iter().enumerate().all(is_uuid).then_some(36)
}

/// The length of a time at the beginning: `2024-03-01T10:00:00.000Z`, also with a blank in the middle, which is gone here.
fn time(bytes: &[u8]) -> Option<usize> {
    let is_date = |(at, byte): (usize, &u8)| if matches!(at, 4 | 7) { matches!(byte, b'-' | b'/') } else { byte.is_ascii_digit() };
    let dated = bytes.get(..10)?.iter().enumerate().all(is_date);
    dated.then(|| bytes.iter().take_while(|byte| byte.is_ascii_digit() || b"-/:.,t+z".contains(byte)).count())
}

#[cfg(test)]
mod tests {
    use super::super::record::Record;
    use super::fingerprint;

    #[test]
    fn times_and_ids_of_requests_do_not_count_and_names_do() {
        let of = |text: &str| fingerprint(&Record::one(text));
        let first = of("2024-03-01T10:00:00.123Z AccessDenied, request id: 0a0b0c0d-1111-2222-3333-444455556666");
        assert_eq!(first, of("2025-11-30 09:59:59,7 AccessDenied, request id: 7a0b0c0d-1111-2222-3333-444455556667"));
        let denied = "User: arn:aws:sts::111122223333:assumed-role/node/i-0123456789abcdef0 is not authorized";
        for other in [denied.replace("1111", "2222"), denied.replace("i-01", "i-02"), denied.replace("node", "pod")] {
            assert_ne!(of(denied), of(&other));
        }
    }
}
