//! Values of a policy as patterns: IAM's wildcards and policy variables.
//!
//! IAM user guide, "Condition operators" (`*` any text, `?` one character) and "Variables and tags": variables are known to version
//! 2012-10-17 alone; one without value is null, which nothing equals; `${*}`, `${?}` and `${$}` are those characters. Operators of strings
//! and of ARNs take variables, others do not.

use super::form::{Form, same};
use super::request::{ContextFact, Request, is_multivalued};

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
}

/// A part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatternPiece {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
    /// The value of a variable that is not known: any text, and none in particular.
    Hole,
}

impl PatternPiece {
    /// The character that it stands for.
    pub(super) fn letter(&self) -> Option<char> {
        match self {
            PatternPiece::Char(c) => Some(*c),
            _ => None,
        }
    }

    /// Whether it can stand for any text.
    pub(super) fn is_any(&self) -> bool {
        matches!(self, PatternPiece::Any | PatternPiece::Hole)
    }
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
                    Replacement::Text(text) => pieces.extend(text.chars().map(PatternPiece::Char)),
                    Replacement::Hole => pieces.push(PatternPiece::Hole),
                    Replacement::Null => return Pattern::Null,
                }
                continue;
            }
            rest = &rest[c.len_utf8()..];
            let piece = match c {
                '*' if wildcards => PatternPiece::Any,
                '?' if wildcards => PatternPiece::One,
                c => PatternPiece::Char(c),
            };
            // Two stars say what one says.
            if piece != PatternPiece::Any || pieces.last() != Some(&PatternPiece::Any) {
                pieces.push(piece);
            }
        }
        Pattern::Pieces(pieces)
    }

    /// Whether a value is of this pattern.
    pub(super) fn matches(&self, value: &str, fold: bool) -> Truth {
        match self {
            Pattern::Null => Truth::No,
            Pattern::Pieces(pieces) if !like(pieces, value, fold) => Truth::No,
            Pattern::Pieces(_) if self.has_hole() => Truth::Maybe,
            Pattern::Pieces(_) => Truth::Yes,
        }
    }

    /// Whether a value that may be known in part is of this pattern.
    pub(super) fn compare(&self, value: &Form, fold: bool) -> Truth {
        match (self, value.known()) {
            (_, Some(text)) => self.matches(text, fold),
            (Pattern::Null, None) => Truth::No,
            (Pattern::Pieces(pieces), None) => value.matches(pieces, fold),
        }
    }

    /// Whether a variable of it has a value that is not known.
    pub(super) fn has_hole(&self) -> bool {
        matches!(self, Pattern::Pieces(pieces) if pieces.contains(&PatternPiece::Hole))
    }

    /// The six parts of an ARN, its variables replaced; `None` for a pattern that is no ARN.
    pub(super) fn arn_parts(&self) -> Option<Vec<Pattern>> {
        let Pattern::Pieces(pieces) = self else { return None };
        let parts: Vec<Pattern> =
            pieces.splitn(6, |piece| *piece == PatternPiece::Char(':')).map(|part| Pattern::Pieces(part.to_vec())).collect();
        (parts.len() == 6 && parts[0] == Pattern::new("arn", false, None)).then_some(parts)
    }
}

/// What a variable is replaced by.
enum Replacement<'a> {
    Text(&'a str),
    /// A text that is not known.
    Hole,
    /// It has no value.
    Null,
}

fn replaced<'a>(name: &'a str, request: &'a Request) -> Replacement<'a> {
    if matches!(name, "*" | "?" | "$") {
        return Replacement::Text(name);
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (key, default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''))),
        None => (name, None),
    };
    match (request.fact(key.trim()), default) {
        (ContextFact::Known([one]), _) if !is_multivalued(key.trim()) => Replacement::Text(one),
        (ContextFact::Absent(_), Some(default)) => Replacement::Text(default),
        // "When policy variables reference a condition context key that … is not present …, the value is effectively null. There is no
        // equal or like value", and inverted operators match it.
        (ContextFact::Absent(_), None) => Replacement::Null,
        // "You cannot use a multivalued context key as a policy variable": AWS does not document what IAM does with one.
        (ContextFact::Known(_) | ContextFact::Formed(_) | ContextFact::Unknown, _) => Replacement::Hole,
    }
}

/// Wildcards without recursion: after a mismatch the last `*` takes one character more.
fn like(pieces: &[PatternPiece], value: &str, fold: bool) -> bool {
    let value: Vec<char> = value.chars().collect();
    let (mut at, mut nth, mut back) = (0, 0, None);
    while at < value.len() {
        match pieces.get(nth) {
            Some(piece) if piece.is_any() => {
                back = Some((nth, at));
                nth += 1;
            }
            Some(PatternPiece::One) => (at, nth) = (at + 1, nth + 1),
            Some(PatternPiece::Char(c)) if same(*c, value[at], fold) => (at, nth) = (at + 1, nth + 1),
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    (at, nth) = (from + 1, star + 1);
                }
                None => return false,
            },
        }
    }
    pieces[nth..].iter().all(PatternPiece::is_any)
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
        assert_eq!(value("shop:${aws:SourceIp}:*", "web:10.0.0.1:x"), Truth::No, "whatever the variable is");
        assert_eq!(value("shop:${aws:SourceIp}:*", "shop:10.0.0.1:x"), Truth::Maybe);
        assert_eq!(value("${aws:RequestTag/kubernetes-pod-name}", "checkout-1"), Truth::Maybe);
        assert_eq!(value("${aws:TagKeys}", "eks-cluster-arn"), Truth::Maybe, "several values");
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
