//! Values of a policy as patterns: IAM's wildcards and policy variables.
//!
//! IAM user guide, "Condition operators" (`*` any text, `?` one character) and "Variables and tags": variables are known to version
//! 2012-10-17 alone; one without value is null, which nothing equals; `${*}`, `${?}` and `${$}` are those characters.

use super::request::{ContextFact, Request};

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    /// It hangs on what is not known.
    Maybe,
}

impl Truth {
    pub(super) fn of(yes: bool) -> Truth {
        if yes { Truth::Yes } else { Truth::No }
    }

    pub(super) fn not(self) -> Truth {
        match self {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            Truth::Maybe => Truth::Maybe,
        }
    }

    /// One of them at least.
    pub(super) fn any(truths: impl Iterator<Item = Truth>) -> Truth {
        truths.fold(Truth::No, |so_far, next| match (so_far, next) {
            (Truth::Yes, _) | (_, Truth::Yes) => Truth::Yes,
            (Truth::Maybe, _) | (_, Truth::Maybe) => Truth::Maybe,
            _ => Truth::No,
        })
    }

    /// All of them.
    pub(super) fn all(truths: impl Iterator<Item = Truth>) -> Truth {
        Truth::any(truths.map(Truth::not)).not()
    }
}

/// A value of a policy, its variables replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// What a value is compared with.
    Pieces(Vec<PatternPiece>),
    /// A variable of it has no value: nothing equals it.
    Null,
    /// A variable of it has a value that is not known.
    Unknown,
}

/// A part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatternPiece {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
}

impl Pattern {
    /// The pattern of a value. Without `wildcards`, `*` and `?` are letters like others.
    pub(super) fn new(value: &str, wildcards: bool, variables: Option<&Request>) -> Pattern {
        let mut pieces = Vec::with_capacity(value.len());
        let mut rest = value;
        while let Some(c) = rest.chars().next() {
            let variable = variables.and_then(|request| Some((request, rest.strip_prefix("${")?.split_once('}')?)));
            if let Some((request, (name, tail))) = variable {
                rest = tail;
                match replaced(name, request) {
                    Ok(text) => pieces.extend(text.chars().map(PatternPiece::Char)),
                    Err(whole) => return whole,
                }
                continue;
            }
            rest = &rest[c.len_utf8()..];
            pieces.push(match c {
                '*' if wildcards => PatternPiece::Any,
                '?' if wildcards => PatternPiece::One,
                c => PatternPiece::Char(c),
            });
        }
        Pattern::Pieces(pieces)
    }

    /// Whether a value is of this pattern.
    pub(super) fn matches(&self, value: &str, fold: bool) -> Truth {
        match self {
            Pattern::Null => Truth::No,
            Pattern::Unknown => Truth::Maybe,
            Pattern::Pieces(pieces) => Truth::of(like(pieces, value, fold)),
        }
    }
}

/// A variable's text, or what it makes of the whole value.
fn replaced<'a>(name: &'a str, request: &'a Request) -> Result<&'a str, Pattern> {
    if matches!(name, "*" | "?" | "$") {
        return Ok(name);
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (key, default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''))),
        None => (name, None),
    };
    match (request.fact(key.trim()), default) {
        (ContextFact::Known([one]), _) => Ok(one),
        (ContextFact::Absent(_), Some(default)) => Ok(default),
        // Keys of several values cannot be variables.
        (ContextFact::Known(_) | ContextFact::Absent(_), _) => Err(Pattern::Null),
        (ContextFact::Unknown, _) => Err(Pattern::Unknown),
    }
}

/// Wildcards without recursion: after a mismatch the last `*` takes one character more.
fn like(pieces: &[PatternPiece], value: &str, fold: bool) -> bool {
    let value: Vec<char> = value.chars().collect();
    let same = |a: char, b: char| a == b || (fold && a.eq_ignore_ascii_case(&b));
    let (mut at, mut nth, mut back) = (0, 0, None);
    while at < value.len() {
        match pieces.get(nth) {
            Some(PatternPiece::Any) => {
                back = Some((nth, at));
                nth += 1;
            }
            Some(PatternPiece::One) => (at, nth) = (at + 1, nth + 1),
            Some(PatternPiece::Char(c)) if same(*c, value[at]) => (at, nth) = (at + 1, nth + 1),
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    (at, nth) = (from + 1, star + 1);
                }
                None => return false,
            },
        }
    }
    pieces[nth..].iter().all(|piece| *piece == PatternPiece::Any)
}

/// Whether a text matches a pattern with wildcards, whatever the capitals: actions do.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    Pattern::new(pattern, true, None).matches(text, true) == Truth::Yes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, yes) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "abc", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("?", "ä", true),
            ("*:checkout-*", "system:serviceaccount:shop:checkout-eu", true),
            ("*a*b*c", "xxaxxbxxc", true),
            ("*a*b*c", "xxaxxcxxb", false),
            ("STS:*", "sts:assumerole", true),
        ] {
            assert_eq!(is_like(pattern, text), yes, "{pattern} {text}");
        }
        // Exponential in a naive matcher.
        assert!(!is_like(&"*a".repeat(50), &"a".repeat(49)));
        assert_eq!(Pattern::new("a*", false, None).matches("ab", false), Truth::No);
        assert_eq!(Pattern::new("a*", false, None).matches("a*", false), Truth::Yes);
    }

    #[test]
    fn variables() {
        let request = Request::pod_identity(Some("shop"), None, None);
        let value = |text: &str, value: &str| Pattern::new(text, true, Some(&request)).matches(value, false);
        assert_eq!(value("ns-${aws:RequestTag/kubernetes-namespace}", "ns-shop"), Truth::Yes);
        assert_eq!(value("${aws:requesttag/KUBERNETES-namespace}*", "shopping"), Truth::Yes);
        assert_eq!(value("${aws:SourceIp}", "10.0.0.1"), Truth::Maybe);
        assert_eq!(value("${s3:prefix}", "x"), Truth::No);
        assert_eq!(value("${s3:prefix, 'x'}", "x"), Truth::Yes);
        assert_eq!(value("a${*}b", "a*b"), Truth::Yes);
        assert_eq!(value("a${*}b", "axxb"), Truth::No);
        assert_eq!(value("a${", "a${"), Truth::Yes, "not closed: no variable");
        assert_eq!(
            Pattern::new("${aws:RequestTag/kubernetes-namespace}", true, None).matches("shop", false),
            Truth::No,
            "2008-10-17 knows none"
        );
    }
}
