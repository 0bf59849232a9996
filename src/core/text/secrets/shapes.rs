//! Secrets that are known by shape: a JWT, a key or session token in its own form or after its name, a user name and password in a URL.

use super::names::{NameKind, NamePlaces};
use super::{HIDDEN_USERINFO, SecretPlace};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::ops::Range;

/// Finds the secrets in any text, such as a log or a service's message.
pub(super) fn find(text: &str) -> Vec<SecretPlace> {
    let names = NamePlaces::find_in(text);
    let mut found: Vec<SecretPlace> =
        jwts(text).into_iter().filter(|jwt| !names.has_jwt_like(jwt, text)).map(SecretPlace::secret).collect();
    after_markers(text, &names, &mut found);
    userinfo(text, &names, &mut found);
    found.extend(keys(text).filter(|key| !names.has_key_like(key)).map(SecretPlace::secret));
    found
}

/// Finds the secrets in a value that should be a name, a path or a URL: a token that was pasted there and is longer than any name, and the user
/// name and password of a URL.
pub(super) fn in_value(value: &str) -> Vec<SecretPlace> {
    let is_arn = value.starts_with("arn:");
    let longest_name = if is_arn { super::names::PATH_AND_NAME } else { super::names::NAME };
    let tokens = keys(value).filter(|key| begins_as_session_token(&value[key.clone()]));
    let is_path = value.starts_with('/');
    let all = jwts(value).into_iter().chain(tokens.filter(|_| !is_arn && !is_path));
    let mut found: Vec<SecretPlace> = all.filter(|token| token.len() > longest_name).map(SecretPlace::secret).collect();
    userinfo(value, &NamePlaces::find_in(value), &mut found);
    found
}

// --- JSON Web Tokens (RFC 7519)

/// The shortest header of a cut-off token: `{"alg":"RS256"}` in base64url. A shorter first part may be another text.
const HEADER: usize = 20;
/// The longest header, and how many places in a word are tried. Both bound the time, because a log may hold nothing but beginnings of tokens.
const LONGEST_HEADER: usize = 4096;
const TRIES: usize = 64;

/// Finds tokens: three parts of base64url, of which the first is a JSON object. A token that was cut off has two parts.
fn jwts(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut done = 0;
    while let Some(dot) = bytes[done..].iter().position(|byte| *byte == b'.').map(|at| done + at) {
        let from = dot - bytes[done..dot].iter().rev().take_while(|byte| is_base64url(**byte)).count();
        done = dot + 1;
        let Some(start) = header(&bytes[..dot], from) else { continue };
        let mut end = dot;
        let mut parts = 1;
        // An encrypted token has five parts.
        while parts < 5 && bytes.get(end) == Some(&b'.') {
            let part = bytes[end + 1..].iter().take_while(|byte| is_base64url(**byte) || **byte == b'=').count();
            // The last part of an unsigned token is empty. The dot may also end a sentence.
            if part == 0 {
                break;
            }
            end += 1 + part;
            parts += 1;
        }
        if parts >= 3 || (parts == 2 && dot - start >= HEADER) {
            found.push(start..end);
            done = end;
        }
    }
    found
}

/// The index where the header begins in the word before the dot. Other characters of base64url may stand before the header, as in `%3DeyJ…`.
fn header(word: &[u8], from: usize) -> Option<usize> {
    let from = from.max(word.len().saturating_sub(LONGEST_HEADER));
    // In base64, `{` becomes an `e` and a second letter whose first two bits are set.
    let begins = |at: &usize| word[*at] == b'e' && word.get(at + 1).is_some_and(|next| b"wxyz0123456789-_".contains(next));
    (from..word.len()).filter(begins).take(TRIES).find(|at| is_object(&word[*at..]))
}

fn is_object(part: &[u8]) -> bool {
    let Ok(json) = URL_SAFE_NO_PAD.decode(part) else { return false };
    json.starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(&json).is_ok()
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

// --- Keys and session tokens in their own form

/// The beginnings of STS's session tokens.
const SESSION_TOKENS: [&str; 5] = ["IQoJb3JpZ2lu", "FwoGZXIvYXdz", "FQoGZXIvYXdz", "AQoDYXdz", "AQoEXAMPLE"];
/// The length of a secret access key (IAM user guide, "Manage access keys": 40 characters).
const SECRET_KEY: usize = 40;
/// The shortest text that certainly is a session token, if it begins like one.
const SESSION_TOKEN: usize = 40;
/// The length from which on a word of base64 is longer than any name.
const BLOB: usize = 72;

/// Finds words of base64 that are a secret key, a session token, or a part of a session token.
fn keys(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut next = 0;
    let words = std::iter::from_fn(move || {
        let start = next + bytes.get(next..)?.iter().position(|byte| is_of_base64(*byte))?;
        let length = bytes[start..].iter().take_while(|byte| is_of_base64(**byte)).count();
        next = start + length;
        Some(start..next)
    });
    words.filter_map(move |word| {
        let key = &text[word.clone()];
        // The word may be `name=value`, with padding at the end.
        let name = key.trim_end_matches('=').rfind('=').map_or(0, |at| at + 1);
        let value = word.start + name..word.end;
        let key = &text[value.clone()];
        let is_key = key.len() == SECRET_KEY && !key.contains(['-', '_', '=']) && stands_alone(text, &value);
        let is_blob = key.len() >= BLOB;
        let is_token = key.len() >= SESSION_TOKEN && begins_as_session_token(key);
        (is_token || (is_key || is_blob) && is_random(key)).then_some(value)
    })
}

fn begins_as_session_token(key: &str) -> bool {
    SESSION_TOKENS.iter().any(|begin| key.starts_with(begin))
}

fn is_of_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte)
}

fn stands_alone(text: &str, at: &Range<usize>) -> bool {
    let sets_apart = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || "\"'<>()[]{},;:=|`".contains(c));
    let after = text[at.end..].strip_prefix('.').filter(|rest| sets_apart(rest.chars().next()));
    sets_apart(text[..at.start].chars().next_back()) && (after.is_some() || sets_apart(text[at.end..].chars().next()))
}

/// Whether a text looks random. Random text changes between capitals, small letters, digits and signs at two of three places. Words change only
/// at their ends.
fn is_random(key: &str) -> bool {
    let class = |byte: u8| match byte {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let has_class = |wanted| key.bytes().any(|byte| class(byte) == wanted);
    let changes = key.as_bytes().windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    has_class(0) && has_class(1) && has_class(2) && 5 * changes >= 2 * (key.len() - 1)
}

// --- Secrets after their name

/// Words before a secret, in lower case. Separators follow the word, and then the secret.
const MARKERS: [&str; 28] = [
    "secretaccesskey",
    "secret_access_key",
    "secret-access-key",
    "secret_key",
    "secretkey",
    "sessiontoken",
    "session_token",
    "session-token",
    "security-token",
    "security_token",
    "securitytoken",
    // IMDSv2's header is x-aws-ec2-metadata-token.
    "aws-ec2-metadata-token",
    "webidentitytoken",
    "web-identity-token",
    "authorizationtoken",
    "authorization",
    "bearer",
    "basic",
    "password",
    "passwd",
    "client_secret",
    "clientsecret",
    "access_token",
    "id_token",
    "signature",
    "private_key",
    "api_key",
    "apikey",
];

fn after_markers(text: &str, names: &NamePlaces, found: &mut Vec<SecretPlace>) {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    while let Some((at, marker)) = next_marker(&lower, from) {
        from = at + marker.len();
        let (start, seen) = locate_value(text, from);
        // The marker may end a path, as in `/run/secrets/db-password: no such file`.
        let ends_a_path = names.around(&(at..from)) == Some(NameKind::Path) && names.around(&(at..start + 1)).is_none();
        let is_credential = is_header(marker, &lower[..at]) && seen - start >= CREDENTIALS;
        if ends_a_path || !is_credential && !is_secret(marker, &text[from..start], &text[start..seen]) {
            continue;
        }
        let ends = |c: char| !is_of_key(c) || (c == '&' && !marker.starts_with("passw"));
        let end = start + text[start..].find(ends).unwrap_or(text.len() - start);
        let in_arn = |place: Range<usize>| matches!(names.around(&place), Some(NameKind::Arn | NameKind::Parameter));
        // A role may be called `password=x1`. But a whole key after a marker is a secret even within an ARN, because a comma may separate fields
        // there.
        let is_name = match (in_arn(at..at + 1), in_arn(start..start + 1)) {
            (true, _) => !(is_field(text, at) && is_whole_key(&text[start..end])),
            (false, true) => true,
            (false, false) => is_path(&text[start..end]),
        };
        if !is_name {
            found.push(SecretPlace::secret(if is_header_line(text, at, start) { line_start(text, at) } else { start }..end));
            from = end;
        }
    }
}

/// Whether the line is `x-amz-security-token:VALUE`, as in the canonical request that STS quotes (IAM user guide, "Create a signed AWS API
/// request"). Then the header is removed with its name.
fn is_header_line(text: &str, marker: usize, value: usize) -> bool {
    let start = line_start(text, marker);
    text[start..value].eq_ignore_ascii_case("x-amz-security-token:")
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The fewest characters after a scheme that count as credentials.
const CREDENTIALS: usize = 8;

/// Whether the marker is the scheme in an `Authorization` header. Then credentials follow, even if they look like a word.
fn is_header(marker: &str, before: &str) -> bool {
    matches!(marker, "basic" | "bearer") && before.trim_end_matches([' ', ':', '=', '"', '\'', '\\']).ends_with("authorization")
}

/// Whether a comma stands before the marker's word. Then the word may be the next field after an ARN.
fn is_field(text: &str, marker: usize) -> bool {
    text[..marker].trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-').ends_with(',')
}

/// Whether a value can be no name in an ARN: it is exactly a secret key, or a session token that is longer than a name, or longer than a path and
/// a name.
fn is_whole_key(value: &str) -> bool {
    let is_key =
        value.len() == SECRET_KEY && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/') && is_random(value);
    let is_token = value.len() > super::names::NAME && begins_as_session_token(value);
    is_key || is_token || value.len() > super::names::PATH_AND_NAME
}

/// Whether a value is a path such as `/var/run/token1`: it has more than one part, and does not look random. A secret key may begin with a slash
/// too.
fn is_path(value: &str) -> bool {
    value.starts_with('/') && value[1..].contains('/') && !is_random(value)
}

/// The start and end of the value after a name. It skips separators, also those of a query string and of Rust's `Some("…")`. It reads only the
/// beginning of the value, so that a line of nothing but names takes no longer than any other line.
fn locate_value(text: &str, from: usize) -> (usize, usize) {
    let mut rest = &text[from..];
    loop {
        let next = rest.trim_start_matches([' ', '\t', '"', '\'', '`', ':', '=', '>', '\\', '|', ',', '(']);
        let next = ["Some(", "%3D", "%3d", "%3A", "%22"].into_iter().find_map(|word| next.strip_prefix(word)).unwrap_or(next);
        if next.len() == rest.len() {
            break;
        }
        rest = next;
    }
    let start = text.len() - rest.len();
    (start, start + rest.bytes().take(256).take_while(|byte| is_of_key(char::from(*byte))).count())
}

/// Whether a line ends in such a way that the next line must begin with a secret.
pub(crate) fn awaits_secret(line: &str) -> bool {
    let name = line.strip_suffix('=').unwrap_or_default().to_ascii_lowercase();
    // A role may be called `Basic=`.
    let is_arn = name.rsplit(char::is_whitespace).next().is_some_and(|word| word.contains("arn:aws"));
    let begins = |before: &str| !before.ends_with(['=', '/']);
    !is_arn && MARKERS.iter().any(|marker| name.strip_suffix(marker).is_some_and(begins))
}

/// Whether the value after a marker is a secret and no word of prose. A key has a digit and some length. A password can look like anything.
fn is_secret(marker: &str, separators: &str, value: &str) -> bool {
    let assigned = separators.contains([':', '=']);
    // In `'password=' at …` the quote ends a text, and white space follows it.
    let quote = separators.rfind(['"', '\'', '`']).filter(|quote| separators[..*quote].contains(['=', ':']));
    if quote.is_some_and(|quote| separators[quote + 1..].contains(char::is_whitespace)) {
        return false;
    }
    match marker.starts_with("passw") {
        true => assigned && !value.is_empty(),
        false => {
            let is_scheme = value.eq_ignore_ascii_case("AWS4-HMAC-SHA256");
            !separators.is_empty() && !is_scheme && value.len() >= 8 && value.contains(|c: char| c.is_ascii_digit())
        }
    }
}

/// The next marker. If several markers begin at the same place, it is the longest. The search is one pass, because a log may consist of nothing
/// but markers.
fn next_marker(lower: &str, from: usize) -> Option<(usize, &'static str)> {
    let begins = |byte: u8| b"sawbpci".contains(&byte);
    let places = lower.as_bytes()[from..].iter().enumerate().filter(|(_, byte)| begins(**byte)).map(|(at, _)| from + at);
    places.filter_map(|at| Some((at, marker_at(&lower[at..])?))).next()
}

fn marker_at(lower: &str) -> Option<&'static str> {
    MARKERS.iter().copied().filter(|marker| lower.starts_with(marker)).max_by_key(|marker| marker.len())
}

fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=_-.~%!#$^&*".contains(c)
}

// --- A user name and password in a URL

/// How many bytes after `://` are searched for an `@`.
const AUTHORITY: usize = 256;

/// Finds the user name and password in `scheme://user:password@host`. A password may hold a slash that should be `%2F`. Then the text before the
/// first slash is no host.
fn userinfo(text: &str, names: &NamePlaces, found: &mut Vec<SecretPlace>) {
    let mut done = 0;
    for (at, _) in text.match_indices("://") {
        let start = at + "://".len();
        if start < done || matches!(names.around(&(at..start)), Some(NameKind::Arn | NameKind::Path)) {
            continue;
        }
        let near: &str = &text[start..crate::core::text::printable::floor(text, start + AUTHORITY)];
        let word = &near[..near.find(|c: char| c.is_whitespace() || "\"'<>|`".contains(c)).unwrap_or(near.len())];
        let authority = &word[..word.find(['/', '?', '#']).unwrap_or(word.len())];
        let searched = if is_host(authority) { authority } else { word };
        if let Some(end) = searched.rfind('@') {
            found.push(SecretPlace { at: start..start + end, stand_in: HIDDEN_USERINFO });
            done = start + end;
        }
    }
}

/// Whether a text is `host`, `host:port` or `[address]:port`, and so no part of a user name and password.
fn is_host(authority: &str) -> bool {
    let after = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(authority, |(_, after)| after);
    after.split_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
#[path = "shapes_tests.rs"]
mod tests;
