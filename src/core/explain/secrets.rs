//! Secrets taken out of a log before anything of it is said again.
//!
//! `core::text::redact` knows what STS echoes. A log can hold anything: keys in a configuration dump, headers, a token in a
//! request. Rather too much goes than too little: an excerpt with a hole is still an excerpt.

use crate::core::text::{REDACTED, redact};

/// What a secret follows, in lower case; then come separators, then the secret.
const MARKERS: [&str; 27] = [
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

/// The text without what looks like a secret.
pub(super) fn without_secrets(text: &str) -> String {
    let text = redact(text, &[]);
    let text = after_markers(&text);
    let text = userinfo(&text);
    long_runs(&text)
}

/// A value after a marker: at least eight characters that a key can have, with a digit or a capital among them. Words do not have that.
fn after_markers(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    let mut from = 0;
    while let Some((at, marker)) = next_marker(&lower, from) {
        let behind = at + marker.len();
        let separators = |c: char| " \t\"'`:=>\\|,(Some".contains(c) || c == '%';
        let rest = &text[behind..];
        // `%3D` and `Some("…")` stand between a name and its value, too.
        let value = rest.trim_start_matches(separators);
        let start = behind + (rest.len() - value.len());
        let value = value.strip_prefix("3D").unwrap_or(value);
        let length = value.find(|c: char| !is_of_key(c)).unwrap_or(value.len());
        let (value, skipped) = (&value[..length], text[start..].len() - text[start..].strip_prefix("3D").unwrap_or(&text[start..]).len());
        let is_separated = rest.starts_with(|c: char| !c.is_alphanumeric());
        let is_scheme = ["bearer", "basic", "aws4-hmac-sha256"].contains(&value.to_ascii_lowercase().as_str());
        if is_separated && value.len() >= 8 && !is_scheme && value.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase()) {
            clean.push_str(&text[done..start + skipped]);
            clean.push_str(REDACTED);
            done = start + skipped + length;
            from = done;
        } else {
            from = behind;
        }
    }
    clean.push_str(&text[done..]);
    clean
}

/// The next marker, the longest where several begin. One pass: a log may consist of nothing else.
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

/// `scheme://user:password@host`
fn userinfo(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let authority = after.find(|c: char| c.is_whitespace() || "\"'<>|`".contains(c)).unwrap_or(after.len());
        // Up to the last @ before white space: a password may hold a slash.
        match after[..authority].rfind('@') {
            Some(end) => {
                clean.push_str("***");
                rest = &after[end..];
            }
            None => rest = after,
        }
    }
    clean.push_str(rest);
    clean
}

/// Forty and more characters of base64 without a pause, of capitals, small letters and digits: a secret key, a session token.
fn long_runs(text: &str) -> String {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(belongs) {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        let run = &rest[..rest.find(|c| !belongs(c)).unwrap_or(rest.len())];
        let has = |test: fn(&char) -> bool| run.chars().any(|c| test(&c));
        // A path has words between its slashes; a key's pieces are no words, but one cannot tell: it goes.
        let secret = run.len() >= 40 && has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
        clean.push_str(if secret { REDACTED } else { run });
        rest = &rest[run.len()..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_stays() {
        // Made up, and in the form of the real ones.
        let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let token = "FwoGZXIvYXdzEBYaDExampleToken1234567890abcdefghij/klmnop";
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2lnbmF0dXJl";
        for text in [
            format!("aws_secret_access_key={key}"),
            format!("aws_secret_access_key = {key}"),
            format!("\"SecretAccessKey\": \"{key}\","),
            format!("SecretAccessKey>{key}</SecretAccessKey"),
            format!("credentials {key} end"),
            format!("x-amz-security-token:{token} host"),
            format!("X-Amz-Security-Token={}", token.replace('/', "%2F")),
            format!("X-Amz-Security-Token%3D{token}"),
            format!("session_token: Some(\"{token}\")"),
            format!("Authorization: Bearer {token}"),
            format!("authorization=\"{token}\""),
            format!("Value '{jwt}' at 'webIdentityToken'"),
            format!("WebIdentityToken={jwt}&Version=2011-06-15"),
        ] {
            let clean = without_secrets(&text);
            let encoded = token.replace('/', "%2F");
            assert!(![key, token, jwt, &encoded, &key[..12], &token[..12]].iter().any(|secret| clean.contains(secret)), "{text}: {clean}");
            assert!(clean.contains(REDACTED), "{clean}");
        }
        let clean = without_secrets("proxyconnect: http://scott:ti/ger@proxy:3128 refused, password=Tiger123 x");
        assert!(
            !clean.contains("ger@") && !clean.contains("scott") && !clean.contains("Tiger123") && clean.contains("@proxy:3128"),
            "{clean}"
        );
    }

    #[test]
    fn every_marker_is_found() {
        for marker in MARKERS {
            assert_eq!(next_marker(&format!("ü {marker}="), 0), Some((3, marker)));
        }
    }

    #[test]
    fn ordinary_words_stay() {
        for text in [
            "User: arn:aws:sts::111122223333:assumed-role/checkout/1717079343811266923 is not authorized to perform: s3:GetObject",
            "The security token included in the request is expired",
            "Signature expired: see 15 min.",
            "Post \"https://sts.eu-west-1.amazonaws.com/\": dial tcp 10.0.0.1:443: i/o timeout",
            "no basic auth credentials",
            "request id: 5c3f9ce5-ba7d-495e-98b1-ffcd5cf85133",
            "No OpenIDConnect provider found in your account for https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
            "open /var/run/secrets/eks.amazonaws.com/serviceaccount/token: permission denied",
            "InvalidClientTokenId: The security token included in the request is invalid.",
        ] {
            assert_eq!(without_secrets(text), text);
        }
    }
}
