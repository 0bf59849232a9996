//! Secrets taken out of a log before anything of it is said again.
//!
//! `core::text::redact` knows what STS echoes. A log can hold anything: keys in a configuration dump, headers, a token in a
//! request. Rather too much goes than too little: an excerpt with a hole is still an excerpt.

use crate::core::text::{REDACTED, redact};

/// What a secret follows, in lower case; then come separators, then the secret.
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

/// The text without what looks like a secret.
pub(crate) fn without_secrets(text: &str) -> String {
    let text = redact(text, &[]);
    let text = after_markers(&text);
    let text = userinfo(&text);
    long_runs(&text)
}

/// The values after markers.
fn after_markers(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    let mut from = 0;
    while let Some((at, marker)) = next_marker(&lower, from) {
        from = at + marker.len();
        let (start, seen) = value(text, from);
        if is_secret(marker, &text[from..start], &text[start..seen]) {
            let end = seen + text[seen..].find(|c: char| !is_of_key(c)).unwrap_or(text.len() - seen);
            clean.push_str(&text[done..start]);
            clean.push_str(REDACTED);
            done = end;
            from = end;
        }
    }
    clean.push_str(&text[done..]);
    clean
}

/// Where the value is that follows a name: after separators, also those of a query string and of Rust's `Some("…")`. Only its beginning,
/// so that a line of nothing but names takes no longer than another.
fn value(text: &str, from: usize) -> (usize, usize) {
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

/// Whether a line ends where the next one can only begin with a secret.
pub(super) fn awaits_secret(line: &str) -> bool {
    let name = line.strip_suffix('=').unwrap_or_default().to_ascii_lowercase();
    MARKERS.iter().any(|marker| name.ends_with(marker))
}

/// Words of prose are no secrets: a key has a digit and some length. Of a password nobody knows what it looks like.
fn is_secret(marker: &str, separators: &str, value: &str) -> bool {
    let assigned = separators.contains([':', '=']);
    match marker.starts_with("passw") {
        true => assigned && !value.is_empty(),
        false => {
            let is_scheme = value.eq_ignore_ascii_case("AWS4-HMAC-SHA256");
            !separators.is_empty() && !is_scheme && value.len() >= 8 && value.contains(|c: char| c.is_ascii_digit())
        }
    }
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
        let near = &after[..super::record::floor(after, 256)];
        let authority = near.find(|c: char| c.is_whitespace() || "\"'<>|`".contains(c)).unwrap_or(near.len());
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
            format!("x-aws-ec2-metadata-token: {token}"),
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

    /// Each would take hours if every name, address or run were followed to the end of the line.
    #[test]
    fn a_line_of_nothing_but_names_takes_no_longer() {
        for piece in ["bearer=", "://", "://a@", "bearer ", "eyJ", "x-amz-security-token:", "Aa1/"] {
            let text = piece.repeat(100_000 / piece.len());
            assert!(!without_secrets(&text).is_empty());
        }
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
            "failed to get authorization: AccessDeniedException: no",
            "bad signature: SignatureDoesNotMatch: The request signature we calculated does not match",
            "the password authentication failed",
            "request id: 5c3f9ce5-ba7d-495e-98b1-ffcd5cf85133",
            "No OpenIDConnect provider found in your account for https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
            "open /var/run/secrets/eks.amazonaws.com/serviceaccount/token: permission denied",
            "InvalidClientTokenId: The security token included in the request is invalid.",
        ] {
            assert_eq!(without_secrets(text), text);
        }
    }
}
