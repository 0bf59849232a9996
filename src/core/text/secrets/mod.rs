//! Finds secrets in text and removes them. All code that removes secrets is here.
//!
//! Inputs keep the value that the pod was given ([`InputValue`]), and every decision uses that value. Secrets are removed where text leaves
//! the process: in `Display`, `Debug` and `Serialize` of an input, in evidence from a service's answer, and in the output of `explain`.
//!
//! A secret is known in two ways:
//! - by value ([`Secrets`]): the credentials that this process read or was given;
//! - by shape (`shapes`): a signed JWT, or a key or session token that has the usual form and is at a usual place.
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

/// Replaces a secret.
pub const REDACTED: &str = "[redacted]";
/// Replaces a user name and password in a URL.
const HIDDEN_USERINFO: &str = "***";

/// Removes everything that has the shape of a secret. If the secrets are also known by value, use [`Secrets::redact`].
pub fn redact(text: &str) -> Cow<'_, str> {
    without(text, shapes::find(text))
}

/// Removes secrets from a single value of unknown kind, such as a member of a policy. It removes only tokens that are longer than any name, and
/// the user name and password of a URL.
pub fn redact_value(value: &str) -> Cow<'_, str> {
    without(value, shapes::in_value(value))
}

/// Removes secrets as [`redact`] does. Also returns the new index of a place in the text. The index changes, because a secret before it and its
/// replacement differ in length.
pub(crate) fn redact_around(text: &str, at: usize) -> (String, usize) {
    let mut found = shapes::find(text);
    // A place inside a secret moves to the beginning of the secret.
    let at = found.iter().find(|found| found.at.contains(&at)).map_or(at, |found| found.at.start);
    let clean = without(text, found.clone()).into_owned();
    found.retain(|found| found.at.end <= at);
    (clean, without(&text[..at], found).len())
}

/// The place of a secret in a text, and the text that replaces it.
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

/// The text with each place replaced. Places that overlap or touch are replaced together.
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

/// Replaces `user:password@` in a URL by `***@`. Proxies and endpoints are reported, and so is that there was a password, but never the password.
///
/// The whole value has to be an address. A password may hold an unescaped `@`, `/` or `://`. So everything before the last `@` counts as
/// userinfo. It is better to lose a path than to show a secret.
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

/// Whether a value may be an address: it has a colon, and is neither a path nor an ARN. Paths and ARNs may hold an `@` too.
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
