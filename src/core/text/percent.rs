//! Percent-encoding (RFC 3986 section 2.1).

/// One byte of a decoded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoded {
    /// A byte that was not escaped.
    Plain(u8),
    /// A byte that was written as an escape.
    Escaped(u8),
    /// A `%` that begins no escape. The caller decides what to do with it.
    Stray,
}

/// Decodes a text byte by byte. `+` is a plain byte. It means a space only in the data of an HTML form.
pub fn decode(text: &str) -> impl Iterator<Item = Decoded> {
    let mut bytes = text.as_bytes();
    std::iter::from_fn(move || {
        let (first, rest) = bytes.split_first()?;
        let (decoded, rest) = match first {
            b'%' => escape(rest).map_or((Decoded::Stray, rest), |(byte, rest)| (Decoded::Escaped(byte), rest)),
            plain => (Decoded::Plain(*plain), rest),
        };
        bytes = rest;
        Some(decoded)
    })
}

/// The byte that the two digits after a `%` stand for, and the rest of the text.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let ([high, low], rest) = text.split_first_chunk()?;
    Some((digit(*high)? * 16 + digit(*low)?, rest))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_two_hexadecimal_digits() {
        use Decoded::*;
        for (text, expected) in [
            ("", &[][..]),
            ("a+", &[Plain(b'a'), Plain(b'+')]),
            ("%41%2f%2F", &[Escaped(b'A'), Escaped(b'/'), Escaped(b'/')]),
            ("%00%fF", &[Escaped(0), Escaped(255)]),
            ("%", &[Stray]),
            ("%4", &[Stray, Plain(b'4')]),
            ("%4g", &[Stray, Plain(b'4'), Plain(b'g')]),
            ("%%41", &[Stray, Escaped(b'A')]),
            ("%+1", &[Stray, Plain(b'+'), Plain(b'1')]),
        ] {
            assert_eq!(decode(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
