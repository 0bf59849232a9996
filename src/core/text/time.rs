//! Points in time, without a clock.

use aws_smithy_types::date_time::{DateTime, Format};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Unix seconds. Serialised and printed as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// 0001-01-01 and 9999-12-31. RFC 3339 cannot write a time outside these bounds, and a token's `exp` can be any integer.
const BOUNDS: (i64, i64) = (-62_135_596_800, 253_402_300_799);

impl Timestamp {
    /// Seconds from `earlier` to `self`.
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Parses RFC 3339, with or without fractional seconds (which are dropped).
    pub fn parse(text: &str) -> Option<Timestamp> {
        DateTime::from_str(text, Format::DateTimeWithOffset).ok().map(|t| Timestamp(t.secs()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0.clamp(BOUNDS.0, BOUNDS.1);
        match DateTime::from_secs(secs).fmt(Format::DateTime) {
            Ok(text) => f.write_str(&text),
            Err(_) => write!(f, "@{secs}"),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Timestamp::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("not an RFC 3339 time: {text}")))
    }
}

/// A length of time for a person: `45s`, `12m`, `3h 20m`, `4d 2h`.
pub fn format_duration(seconds: i64) -> String {
    let s = seconds.unsigned_abs();
    let (d, h, m) = (s / 86_400, s / 3_600 % 24, s / 60 % 60);
    match (d, h, m) {
        (0, 0, 0) => format!("{s}s"),
        (0, 0, m) => format!("{m}m"),
        (0, h, 0) => format!("{h}h"),
        (0, h, m) => format!("{h}h {m}m"),
        (d, 0, _) => format!("{d}d"),
        (d, h, _) => format!("{d}d {h}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_bounds() {
        let t = Timestamp(1_795_383_243);
        assert_eq!(t.to_string(), "2026-11-22T21:34:03Z");
        assert_eq!(Timestamp::parse("2026-11-22T21:34:03Z"), Some(t));
        assert_eq!(Timestamp::parse("2026-11-22T21:34:03.965212Z"), Some(t));
        assert_eq!(Timestamp(i64::MAX).to_string(), "9999-12-31T23:59:59Z");
        assert!(Timestamp(i64::MIN).to_string().starts_with("0001-01-01"));
        assert_eq!(Timestamp::parse("soon"), None);
    }

    #[test]
    fn lengths_are_spoken() {
        for (s, words) in [(5, "5s"), (-65, "1m"), (3600, "1h"), (12_000, "3h 20m"), (352_800, "4d 2h"), (86_400, "1d")] {
            assert_eq!(format_duration(s), words);
        }
    }
}
