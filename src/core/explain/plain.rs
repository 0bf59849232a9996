//! A line as its program meant it: without escapes, colours, boxes and typographic signs; and squeezed, for searches.
//!
//! Logs escape errors, consoles colour and box them, browsers and word processors change their blanks and quotes, and terminals break them at any
//! column. A search therefore compares the squeezed form of text and needle: no white space at all, in lower case.

/// What stands at the beginning of a text, and how many bytes it takes.
enum TextPiece<'a> {
    /// White space, or an escape that stands for it.
    Blank,
    /// Nothing that is read: a colour, the frame of a box, a sign of no width.
    Nothing,
    /// One ASCII character.
    Char(u8),
    /// Another character, as it stands there.
    Other(&'a [u8]),
}

/// What XML's entities stand for.
const STANDS_FOR: [(&str, u8); 6] =
    [("&quot;", b'"'), ("&nbsp;", b' '), ("&apos;", b'\''), ("&lt;", b'<'), ("&gt;", b'>'), ("&amp;", b'&')];

/// A line's bytes as one text: single spaces, none at its ends.
pub(super) fn plain(line: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line;
    loop {
        bytes.extend_from_slice(word(&mut rest));
        if rest.is_empty() {
            break;
        }
        let (piece, length) = next(rest);
        match piece {
            TextPiece::Blank if bytes.last().is_none_or(|last| *last == b' ') => {}
            TextPiece::Blank => bytes.push(b' '),
            TextPiece::Nothing => {}
            TextPiece::Char(byte) => bytes.push(byte),
            TextPiece::Other(other) => bytes.extend_from_slice(other),
        }
        rest = &rest[length..];
    }
    if bytes.last() == Some(&b' ') {
        bytes.pop();
    }
    // A log may hold bytes that are not UTF-8.
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Appends a line's bytes in squeezed form.
pub(super) fn squeeze(line: &[u8], squeezed: &mut Vec<u8>) {
    let begin = squeezed.len();
    let mut rest = line;
    loop {
        squeezed.extend_from_slice(word(&mut rest));
        if rest.is_empty() {
            break;
        }
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let (piece, length) = next(rest);
        match piece {
            TextPiece::Blank | TextPiece::Nothing => {}
            TextPiece::Char(byte) => squeezed.push(byte),
            TextPiece::Other(other) => squeezed.extend_from_slice(other),
        }
        rest = &rest[length..];
    }
    squeezed[begin..].make_ascii_lowercase();
}

/// The bytes at the beginning that stand for themselves, as most of a log does; the rest is what follows.
fn word<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let length = rest.iter().position(|byte| !IS_WORD[usize::from(*byte)]).unwrap_or(rest.len());
    let (word, behind) = rest.split_at(length);
    *rest = behind;
    word
}

/// The bytes that stand for themselves.
const IS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        table[byte] = byte != b'\\' as usize && byte != b'&' as usize;
        byte += 1;
    }
    table
};

fn next(text: &[u8]) -> (TextPiece<'_>, usize) {
    match text[0] {
        b'\\' => escape(text),
        b'&' => stand_in(text).or_else(|| numbered(text)).unwrap_or((TextPiece::Char(b'&'), 1)),
        0x1b => (TextPiece::Nothing, 1 + sequence(&text[1..])),
        byte if byte.is_ascii_graphic() => (TextPiece::Char(byte), 1),
        // UTF-16 without a mark has one beside each letter.
        0 => (TextPiece::Nothing, 1),
        byte if byte.is_ascii() => (TextPiece::Blank, 1),
        _ => other(text),
    }
}

/// A backslash and what it escapes, however often a log has escaped another one.
fn escape(text: &[u8]) -> (TextPiece<'_>, usize) {
    let slashes = text.iter().take_while(|byte| **byte == b'\\').count();
    // The last of them, so that escapes are found that were escaped themselves.
    let last = &text[slashes - 1..];
    match last.get(1) {
        Some(b'n' | b'r' | b't') => (TextPiece::Blank, slashes + 1),
        Some(quote @ (b'"' | b'\'' | b'/')) => (TextPiece::Char(*quote), slashes + 1),
        Some(b'u') if last.starts_with(b"\\u001b") => (TextPiece::Nothing, slashes + 5 + sequence(&last[6..])),
        Some(b'u') => match unicode(last) {
            Some(piece) => (piece, slashes + 5),
            None => (TextPiece::Char(b'\\'), slashes),
        },
        _ => (TextPiece::Char(b'\\'), slashes),
    }
}

fn stand_in(text: &[u8]) -> Option<(TextPiece<'static>, usize)> {
    let meant = STANDS_FOR.iter().find(|(name, _)| text.len() >= name.len() && text[..name.len()].eq_ignore_ascii_case(name.as_bytes()))?;
    Some((if meant.1 == b' ' { TextPiece::Blank } else { TextPiece::Char(meant.1) }, meant.0.len()))
}

/// A character of ASCII by its number: `\u003c`.
fn unicode(text: &[u8]) -> Option<TextPiece<'static>> {
    let digits = std::str::from_utf8(text.get(2..6)?).ok()?;
    let byte = u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok().filter(u8::is_ascii)?;
    Some(if byte.is_ascii_graphic() { TextPiece::Char(byte) } else { TextPiece::Blank })
}

/// A character by its number: `&#34;`, `&#xa0;`.
fn numbered(text: &[u8]) -> Option<(TextPiece<'static>, usize)> {
    let text = std::str::from_utf8(&text[..text.len().min(10)]).ok()?;
    let (number, _) = text.strip_prefix("&#")?.split_once(';')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let c = char::from_u32(code.ok()?)?;
    let piece = match u8::try_from(c) {
        Ok(byte) if byte.is_ascii_graphic() => TextPiece::Char(byte),
        _ if c.is_whitespace() => TextPiece::Blank,
        _ => return None,
    };
    Some((piece, "&#;".len() + number.len()))
}

/// The length of an escape sequence after its first byte (ECMA-48 control sequences, and the titles that some tools set).
fn sequence(text: &[u8]) -> usize {
    match text.first() {
        Some(b'[') => {
            let parameters = text[1..].iter().take_while(|byte| (0x20..=0x3f).contains(*byte)).count();
            // The final byte belongs to the sequence.
            1 + parameters + usize::from(text.get(1 + parameters).is_some_and(|byte| (0x40..=0x7e).contains(byte)))
        }
        Some(b']') => {
            let title = text[1..].iter().take_while(|byte| **byte != 0x07 && **byte != 0x1b).count();
            1 + title + usize::from(text.get(1 + title) == Some(&0x07))
        }
        _ => 0,
    }
}

/// A character outside of ASCII, or a byte that is none.
fn other(text: &[u8]) -> (TextPiece<'_>, usize) {
    let length = match text[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let Some(c) = text.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|text| text.chars().next()) else {
        return (TextPiece::Other(&text[..1]), 1);
    };
    let piece = match c {
        '’' | '‘' | '′' => TextPiece::Char(b'\''),
        '“' | '”' | '″' => TextPiece::Char(b'"'),
        '‐' | '‑' => TextPiece::Char(b'-'),
        // Box drawing, zero width, soft hyphen, byte order mark.
        '\u{2500}'..='\u{257f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{ad}' | '\u{feff}' => TextPiece::Nothing,
        c if c.is_whitespace() || c.is_control() => TextPiece::Blank,
        _ => TextPiece::Other(&text[..length]),
    };
    (piece, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squeezed(text: &str) -> String {
        let mut bytes = Vec::new();
        squeeze(text.as_bytes(), &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn escapes_colours_and_boxes_come_off() {
        for (line, meant) in [
            (r#"{"error":"A\ncaused by: \"B\"\tC"}"#, r#"{"error":"A caused by: "B" C"}"#),
            (r#"{"log":"{\"error\":\"A\\ncaused by: \\\"B\\\"\"}"}"#, r#"{"log":"{"error":"A caused by: "B""}"}"#),
            ("\u{1b}[31mError\u{1b}[0m: \u{1b}]0;title\u{7}no", "Error: no"),
            (r"\u001b[31mError\u001b[0m: no", "Error: no"),
            ("Couldn&apos;t \\u003cget\\u003e it’s", "Couldn't <get> it's"),
            (r"Aws\SecretsManager\Exception", r"Aws\SecretsManager\Exception"),
            ("│ Error: no\u{a0}EC2\u{202f}IMDS\u{200b} role\r", "Error: no EC2 IMDS role"),
            ("cut \u{1b}", "cut"),
            ("cut \u{1b}[", "cut"),
            ("end \\", "end \\"),
            ("a & b &c", "a & b &c"),
            ("", ""),
        ] {
            assert_eq!(plain(line.as_bytes()), meant);
            assert_eq!(squeezed(line), meant.replace(' ', "").to_ascii_lowercase());
        }
        assert_eq!(plain(b"\xff\xfe ok \xe2\x80"), "\u{fffd}\u{fffd} ok \u{fffd}");
    }
}
