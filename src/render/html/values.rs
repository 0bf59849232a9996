//! Finds values in text and the places where a line may break within them. A value is an ARN, a URL, a path, a host, a claim: a word that a
//! reader copies whole. A browser would break it at each hyphen, and a name with a break in it is easily misread.

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Anything that is no value.
    Prose(&'a str),
    /// A value and the punctuation around it.
    Value { before: &'a str, value: &'a str, after: &'a str },
}

/// The length from which a word can be a value. A shorter one, such as `and/or`, needs no care.
const SHORTEST: usize = 16;

/// The parts of a text, in order. Together they are the text.
pub(super) fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    text.split_inclusive(' ').flat_map(|word| {
        let value = word.trim_start_matches(['(', '"', '\'', '[', '<']);
        let before = &word[..word.len() - value.len()];
        let value = value.trim_end_matches([' ', '.', ',', ';', ':', ')', '"', '\'', ']', '>', '?', '!']);
        let after = &word[before.len() + value.len()..];
        let parts = match is_value(value) {
            true => [
                Part::Value { before, value, after: after.trim_end_matches(' ') },
                Part::Prose(&after[after.trim_end_matches(' ').len()..]),
            ],
            false => [Part::Prose(word), Part::Prose("")],
        };
        parts.into_iter().filter(|part| *part != Part::Prose(""))
    })
}

fn is_value(word: &str) -> bool {
    word.len() >= SHORTEST && (word.contains([':', '/']) || word.matches('.').count() >= 2)
}

/// A value up to this length fits a line of a phone, and is one piece.
const SHORT: usize = 30;

/// The pieces of a value. A line may break between them, and nowhere else as long as a piece fits the line: after each run of `:` and `/`. A host
/// may also break after a dot, because it has no other place. ARNs and paths may not.
pub(super) fn pieces(value: &str) -> impl Iterator<Item = &str> {
    let bytes = value.as_bytes();
    let has_host = !value.contains("arn:") && !value.starts_with('/');
    let is_mark = move |b: u8| matches!(b, b':' | b'/') || has_host && b == b'.';
    let is_end = move |at: usize| is_mark(bytes[at - 1]) && !is_mark(bytes[at]) && !bytes[..at].ends_with(b"://");
    let inner = if bytes.len() > SHORT { 1..bytes.len() } else { 1..1 };
    inner.filter(move |at| is_end(*at)).chain([bytes.len()]).scan(0, |from, to| Some(&value[std::mem::replace(from, to)..to]))
}

/// Whether a browser might break a line within this piece, such as after a hyphen.
pub(super) fn breaks(piece: &str) -> bool {
    let inner = piece.trim_matches(['{', '}', '[', ']', '(', ')', '"', ',', ';']);
    !inner.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:/=@,+\"'".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_without_the_punctuation_around_them() {
        let values = |text| {
            let values = parts(text).filter_map(|part| if let Part::Value { value, .. } = part { Some(value) } else { None });
            values.collect::<Vec<&str>>()
        };
        for (text, expected) in [
            ("the role is arn:aws:iam::111122223333:role/checkout.", &["arn:aws:iam::111122223333:role/checkout"][..]),
            ("STS (sts.eu-central-1.amazonaws.com) answered", &["sts.eu-central-1.amazonaws.com"]),
            ("sub system:serviceaccount:shop:checkout, aud", &["system:serviceaccount:shop:checkout"]),
            ("this and/or that: nothing, e.g. here", &[]),
            ("", &[]),
        ] {
            assert_eq!(values(text), expected);
            let whole: String = parts(text)
                .map(|part| match part {
                    Part::Prose(text) => text.to_owned(),
                    Part::Value { before, value, after } => format!("{before}{value}{after}"),
                })
                .collect();
            assert_eq!(whole, text);
        }
    }

    #[test]
    fn a_value_breaks_after_colons_and_slashes() {
        for (value, expected) in [
            ("arn:aws:iam::111122223333:role/a-b/c.d", &["arn:", "aws:", "iam::", "111122223333:", "role/", "a-b/", "c.d"][..]),
            ("https://oidc.eks.eu-central-1.example/id/", &["https://oidc.", "eks.", "eu-central-1.", "example/", "id/"]),
            ("ip-10-0-1-23.eu-central-1.internal", &["ip-10-0-1-23.", "eu-central-1.", "internal"]),
            ("/var/run/secrets/eks.amazonaws.com/token", &["/", "var/", "run/", "secrets/", "eks.amazonaws.com/", "token"]),
            ("sts:AssumeRoleWithWebIdentity", &["sts:AssumeRoleWithWebIdentity"]),
            (
                "\u{e4}:\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}",
                &["\u{e4}:", "\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}"],
            ),
        ] {
            assert_eq!(pieces(value).collect::<Vec<_>>(), expected);
        }
        assert!(breaks("a-b/") && breaks("\u{e4}") && breaks("a{x}b") && !breaks("111122223333:") && !breaks("sts.amazonaws.com"));
    }
}
