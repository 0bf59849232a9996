//! Foreign text. It is made safe for a terminal, a log line, or a shell command that will be pasted. It is also compared with known words.

use std::borrow::Cow;

/// Text from AWS, a token or the environment, made safe for a terminal or one log line.
///
/// Control characters, line breaks and the bidirectional overrides that can reorder a line (CVE-2021-42574) become `\u{…}` escapes. So do
/// Unicode's noncharacters, which terminals do not show. Other text is borrowed unchanged.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if is_unsafe(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

fn is_unsafe(c: char) -> bool {
    // The noncharacters are the last two code points of each plane, and 32 code points in an Arabic block.
    let is_noncharacter = u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
    c.is_control()
        || is_noncharacter
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Writes a text as one shell word. It is put in single quotes unless it is safe without them. Values in remedies come from tokens and AWS, and
/// people paste remedies into a shell.
pub fn shell_word(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@=,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", printable(word).replace('\'', r"'\''")))
}

/// Whether a name is an RFC 1123 subdomain, which the API server requires for names (Kubernetes, "Object Names and IDs"). Such a name is safe in
/// a URL and a command.
pub fn is_object_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= 253 && name.bytes().all(inner) && edge(name.as_bytes().first()) && edge(name.as_bytes().last())
}

/// The text cut to `limit` characters. It ends with `…` if something was cut.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let cut = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
            Cow::Owned(format!("{}…", &text[..cut]))
        }
    }
}

/// The number of letters to insert, drop or replace (Levenshtein). A result above the limit means only that the distance is above the limit.
pub fn distance(one: &str, other: &str, limit: usize) -> usize {
    if one.len().abs_diff(other.len()) > 4 * limit {
        return limit + 1;
    }
    strsim::levenshtein(one, other)
}

/// The nearest index at or before `at` where a character begins.
pub fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Foreign text cut to `limit` characters. The result says so if something was cut.
pub fn cap(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}… (cut at {limit} characters)", &text[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("kitten", "sitting", 5), 3);
        assert_eq!(distance("", "abc", 5), 3);
    }

    #[test]
    fn control_characters_never_reach_a_terminal() {
        assert_eq!(printable("plain – text"), "plain – text");
        assert_eq!(printable("a\u{1b}[31mred\nnext\u{202e}\u{61c}"), "a\\u{1b}[31mred\\nnext\\u{202e}\\u{61c}");
        assert_eq!(printable("\u{ffff}\u{1fffe}\u{fdd0}\u{fffd}"), "\\u{ffff}\\u{1fffe}\\u{fdd0}\u{fffd}");
    }

    #[test]
    fn pasted_words_cannot_run_anything() {
        assert_eq!(shell_word("arn:aws:iam::111122223333:role/a"), "arn:aws:iam::111122223333:role/a");
        assert_eq!(shell_word("$(reboot)"), "'$(reboot)'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn shorten_counts_characters_not_bytes() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
    }

    #[test]
    fn a_cap_says_that_something_was_cut() {
        assert_eq!(cap("äöü", 3), "äöü");
        assert_eq!(cap("äöüß", 3), "äöü… (cut at 3 characters)");
        assert_eq!((floor("äö", 1), floor("äö", 2), floor("äö", 9)), (0, 2, 4));
    }
}
