//! Foreign text: made safe for where it goes (a terminal, a log line, a shell command that will be pasted), and compared with what it may mean.

use std::borrow::Cow;

/// Text from AWS, a token or the environment, made safe for a terminal or one log line: control characters, line breaks and
/// the bidirectional overrides that can reorder a line (CVE-2021-42574) become `\u{…}` escapes, and so do Unicode's noncharacters, which
/// nothing shows. Ordinary text is borrowed as it is.
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
    // The last two of each plane, and 32 of Arabic's.
    let is_noncharacter = u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
    c.is_control()
        || is_noncharacter
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// One shell word: as it is when that is safe, else in single quotes. Values in remedies come from tokens and AWS, and remedies are pasted.
pub fn shell_word(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@=,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", printable(word).replace('\'', r"'\''")))
}

/// RFC 1123 subdomain, as the API server asks for in names (Kubernetes, "Object Names and IDs"). Such a name is safe in a URL and a command.
pub fn is_object_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= 253 && name.bytes().all(inner) && edge(name.as_bytes().first()) && edge(name.as_bytes().last())
}

/// At most `limit` characters, with `…` where something was cut.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let cut = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
            Cow::Owned(format!("{}…", &text[..cut]))
        }
    }
}

/// Letters to insert, drop or replace (Levenshtein); more than the limit is only said to be more.
pub fn distance(one: &str, other: &str, limit: usize) -> usize {
    if one.len().abs_diff(other.len()) > 4 * limit {
        return limit + 1;
    }
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

/// What stands in for a secret.
pub const REDACTED: &str = "[redacted]";

/// Takes secrets out of foreign text: the given ones word for word, and whatever looks like a JWT or like credentials in a canonical request.
/// STS echoes input in its errors: a rejected `webIdentityToken` in ValidationError, the canonical string with
/// `x-amz-security-token` in SignatureDoesNotMatch.
pub fn redact(text: &str, secrets: &[&str]) -> String {
    let mut clean = text.to_owned();
    let mut secrets: Vec<&str> = secrets.iter().copied().filter(|s| s.len() >= 8).collect();
    // The longest first: what one secret leaves of a longer one that begins with it is a secret still.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        // As it is, and as a query string or a canonical request has it.
        let encoded = secret.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        clean = clean.replace(secret, REDACTED).replace(&encoded, REDACTED);
    }
    clean = redact_runs(&clean, "eyJ", |c| c.is_ascii_alphanumeric() || "-_.=".contains(c));
    redact_runs(&clean, "x-amz-security-token:", |c| c.is_ascii_graphic())
}

fn redact_runs(text: &str, marker: &str, belongs: impl Fn(char) -> bool) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(marker) {
        clean.push_str(&rest[..at]);
        clean.push_str(REDACTED);
        rest = rest[at..].trim_start_matches(&belongs);
    }
    clean.push_str(rest);
    clean
}

/// A URL with `***@` for `user:password@`: proxies and endpoints are reported, their passwords never; that there was one is.
///
/// A password may hold an unescaped `@`, `/` or `://`: all before the last `@` is taken for userinfo, rather lose a path than show a secret.
pub fn hide_userinfo(value: &str) -> Cow<'_, str> {
    let Some((before, host)) = value.rsplit_once('@') else { return Cow::Borrowed(value) };
    let is_scheme = |scheme: &str| scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    match before.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, _)) => Cow::Owned(format!("{scheme}://{HIDDEN_USERINFO}{host}")),
        // `user:password@host:port` is a proxy address that curl and Go accept.
        None if is_address(value) => Cow::Owned(format!("{HIDDEN_USERINFO}{host}")),
        None => Cow::Borrowed(value),
    }
}

/// What stands for a user name and password.
const HIDDEN_USERINFO: &str = "***@";

/// Has a colon as addresses do, and is neither a path nor an ARN, in which `@` is a letter like others.
fn is_address(value: &str) -> bool {
    let first = value.split_once(':').map(|(first, _)| first.trim_matches(|c: char| !c.is_alphanumeric() && c != '/'));
    first.is_some_and(|first| !first.contains('/') && !first.eq_ignore_ascii_case("arn"))
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
    fn echoed_secrets_are_taken_out() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln";
        assert_eq!(redact(&format!("Value '{jwt}' at"), &[]), "Value '[redacted]' at");
        assert_eq!(redact("x-amz-security-token:IQoJb3\nhost:sts", &[]), "[redacted]\nhost:sts");
        assert_eq!(redact("the key abcdefghij is bad", &["abcdefghij"]), "the key [redacted] is bad");
        assert_eq!(redact("X-Amz-Security-Token=IQo%2Bab%2Fcd%3D%3D&x", &["IQo+ab/cd=="]), "X-Amz-Security-Token=[redacted]&x");
        assert_eq!(redact("abcdefghij abcdefghijXYZ", &["abcdefghij", "abcdefghijXYZ"]), "[redacted] [redacted]");
    }

    #[test]
    fn userinfo_is_hidden_in_urls() {
        for (given, shown) in [
            ("http://user:pw@proxy:3128/", "http://***@proxy:3128/"),
            ("http://proxy:3128", "http://proxy:3128"),
            ("user:pw@proxy:3128", "***@proxy:3128"),
            ("http://user:p/w@proxy:3128", "http://***@proxy:3128"),
            ("http://user:a@b/c@proxy:3128", "http://***@proxy:3128"),
            ("user:pw@proxy:3128/", "***@proxy:3128/"),
            ("user:p/w@proxy:3128", "***@proxy:3128"),
            ("user:p://w@proxy:3128", "***@proxy:3128"),
            ("not a url", "not a url"),
            ("arn:aws:iam::111122223333:role/team@example", "arn:aws:iam::111122223333:role/team@example"),
            ("/etc/a:b@c/token", "/etc/a:b@c/token"),
            ("me@example.com", "me@example.com"),
        ] {
            assert_eq!(hide_userinfo(given), shown);
        }
    }
}
