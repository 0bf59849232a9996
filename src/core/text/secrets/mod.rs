//! The one redactor: what is a secret, and text without it.
//!
//! Inputs keep the value that the pod was given ([`InputValue`]), and every decision is made on that value. Secrets go where text leaves
//! the process: in `Display`, `Debug` and `Serialize` of an input, in evidence made of a service's answer, in what `explain` prints.
//!
//! A secret is known in two ways:
//! - by value ([`Secrets`]): what this process read or was given as a credential;
//! - by shape (`shapes`): a signed JWT, a key or session token in the form and at the place where such things stand.
//!
//! A name is never a secret (`names`): an ARN, a role path, a session, a profile, a file's path, a host, a request id. IAM allows names
//! that look like keys and tokens, so a shape alone does not decide.

mod input;
mod known;
mod names;
mod shapes;

pub use input::{InputUrl, InputValue, Shown};
pub use known::Secrets;
pub(crate) use shapes::awaits_secret;

use std::borrow::Cow;
use std::ops::Range;

/// What stands for a secret.
pub const REDACTED: &str = "[redacted]";
/// What stands for a user name and password in a URL.
const HIDDEN_USERINFO: &str = "***";

/// Text without what has the shape of a secret. Where the secrets are known by value too, use [`Secrets::redact`].
pub fn redact(text: &str) -> Cow<'_, str> {
    without(text, shapes::find(text))
}

/// One value by itself, of which it is not said what it is: a member of a policy. Only a token that is longer than any name goes, and the user
/// name and password of a URL.
pub fn redact_value(value: &str) -> Cow<'_, str> {
    without(value, shapes::in_value(value))
}

/// [`redact`], and the place in it to which a place of the text has moved: it moves by as much as secrets before it have shrunk.
pub(crate) fn redact_around(text: &str, at: usize) -> (String, usize) {
    let mut found = shapes::find(text);
    // A place within a secret is where that begins.
    let at = found.iter().find(|found| found.at.contains(&at)).map_or(at, |found| found.at.start);
    let clean = without(text, found.clone()).into_owned();
    found.retain(|found| found.at.end <= at);
    (clean, without(&text[..at], found).len())
}

/// Where a secret stands in a text, and what is shown in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SecretPlace {
    at: Range<usize>,
    stand_in: &'static str,
}

impl SecretPlace {
    fn secret(at: Range<usize>) -> SecretPlace {
        SecretPlace { at, stand_in: REDACTED }
    }
}

/// The text with each place replaced. Places that overlap or touch are one.
fn without(text: &str, mut found: Vec<SecretPlace>) -> Cow<'_, str> {
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|found| (found.at.start, std::cmp::Reverse(found.at.end)));
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for found in found {
        if found.at.start < done || (found.at.start == done && done > 0 && clean.ends_with(REDACTED)) {
            done = done.max(found.at.end);
            continue;
        }
        clean.push_str(&text[done..found.at.start]);
        clean.push_str(found.stand_in);
        done = found.at.end;
    }
    clean.push_str(&text[done..]);
    Cow::Owned(clean)
}

/// A URL with `***@` for `user:password@`: proxies and endpoints are reported, their passwords never. That there was one is.
///
/// For a value that is an address as a whole. A password may hold an unescaped `@`, `/` or `://`: all before the last `@` is taken for
/// userinfo, so that rather a path is lost than a secret shown.
pub fn hide_userinfo(value: &str) -> Cow<'_, str> {
    let Some((before, host)) = value.rsplit_once('@') else { return Cow::Borrowed(value) };
    let is_scheme = |scheme: &str| scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    match before.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, _)) => Cow::Owned(format!("{scheme}://{HIDDEN_USERINFO}@{host}")),
        // `user:password@host:port` is a proxy address that curl and Go accept.
        None if is_address(value) => Cow::Owned(format!("{HIDDEN_USERINFO}@{host}")),
        None => Cow::Borrowed(value),
    }
}

/// Has a colon as addresses do, and is neither a path nor an ARN, in which `@` is a letter like others.
fn is_address(value: &str) -> bool {
    let first = value.split_once(':').map(|(first, _)| first.trim_matches(|c: char| !c.is_alphanumeric() && c != '/'));
    first.is_some_and(|first| !first.contains('/') && !first.eq_ignore_ascii_case("arn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_overlap_are_replaced_once() {
        let found = |at: Range<usize>| SecretPlace::secret(at);
        assert_eq!(without("abcdef", vec![found(3..5), found(0..2), found(1..3)]), "[redacted]f");
        assert_eq!(without("ab cd", vec![found(0..2), found(3..5)]), "[redacted] [redacted]");
        assert_eq!(without("abcdef", vec![found(1..2), found(1..4)]), "a[redacted]ef");
        assert_eq!(without("ab", Vec::new()), "ab");
    }

    #[test]
    fn a_place_moves_with_what_stands_before_it() {
        let text = "password=abcdefghijklmnopqrstuvwxyz1 and AccessDenied";
        let (clean, at) = redact_around(text, text.find("Access").unwrap());
        assert_eq!((clean.as_str(), &clean[at..]), ("password=[redacted] and AccessDenied", "AccessDenied"));
        let (clean, at) = redact_around(text, 20);
        assert!(clean[at..].starts_with(REDACTED), "{clean} {at}");
    }

    #[test]
    fn userinfo_is_hidden_in_addresses() {
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
