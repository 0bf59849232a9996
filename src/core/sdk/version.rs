//! The version of an SDK, as far as versions are compared here.

use std::cmp::Ordering;
use std::fmt;

/// A version: numbers with dots between them, such as `1.44.8`. What follows a `-` or `+` is not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SdkVersion([u32; 4]);

impl SdkVersion {
    /// Parses `1.44.8` or `v1.44.8`. `None` for anything else.
    pub fn parse(text: &str) -> Option<SdkVersion> {
        let numbers = text.strip_prefix('v').unwrap_or(text).split(['-', '+']).next()?;
        let mut parts = [0; 4];
        let mut count = 0;
        for part in numbers.split('.') {
            *parts.get_mut(count)? = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()?;
            count += 1;
        }
        (count >= 2).then_some(SdkVersion(parts))
    }

    /// Its first number.
    pub fn major(self) -> u32 {
        self.0[0]
    }

    /// Whether this version is at least the one that this text names. False where the text names none.
    pub fn is_at_least(self, text: &str) -> bool {
        SdkVersion::parse(text).is_some_and(|other| self.cmp(&other) != Ordering::Less)
    }
}

impl fmt::Display for SdkVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, build] = self.0;
        write!(f, "{major}.{minor}.{patch}")?;
        if build == 0 { Ok(()) } else { write!(f, ".{build}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let parse = |text| SdkVersion::parse(text).unwrap();
        assert!(parse("1.9.0") < parse("1.10.0") && parse("2.0") > parse("1.99.99"));
        assert_eq!(parse("v3.7.734.0"), parse("3.7.734"));
        assert!(parse("1.44.8").is_at_least("1.44.8") && !parse("1.44.8").is_at_least("1.44.9"));
        assert!(!parse("1.44.8").is_at_least("release-2023-11-14"));
        assert_eq!(parse("1.2.3-rc1"), parse("1.2.3"));
        for text in ["", "1", "1.", "a.b", "1.2.3.4.5", "1..2", "1.-2", "+1.2", "1.99999999999"] {
            assert_eq!(SdkVersion::parse(text), None, "{text:?}");
        }
        assert_eq!((parse("1.2").to_string(), parse("3.7.734.1").to_string()), ("1.2.0".to_owned(), "3.7.734.1".to_owned()));
    }
}
