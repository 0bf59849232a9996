//! From text to a document: a bare policy, what `aws iam get-role` prints, a template's part, each of them URL-encoded or not.

use super::grammar::nearest;
use super::{Document, Json};
use crate::core::text::percent::{self, Decoded};
use crate::core::text::printable::shorten;
use crate::core::text::secrets::redact;

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// One clause for a person.
    pub why: String,
    /// Where, when it is malformed JSON.
    pub at: Option<Place>,
}

/// A place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// Counted in characters from 1.
    pub column: usize,
    /// The line's text; of a long line what surrounds the place; nothing when a secret may stand in it.
    pub text: String,
}

/// Members in which a policy is wrapped: the answer of `aws iam get-role`, CloudFormation's resource, Terraform's state.
const WRAPPERS: [&str; 6] = ["Role", "AssumeRolePolicyDocument", "PolicyDocument", "Properties", "assume_role_policy", "values"];

/// Wrappers in wrappers; real ones need three.
const DEEPEST: usize = 5;

/// What foreign text begins with that is often given instead.
const OTHERS: [(&str, &str); 9] = [
    ("ROLE\t", "it is the text form of aws iam get-role; run it with --output json"),
    ("Role:", "it is the YAML form of aws iam get-role; run it with --output json"),
    ("Version:", "it is YAML; IAM reads JSON"),
    ("Statement:", "it is YAML; IAM reads JSON"),
    ("---\n", "it is YAML; IAM reads JSON"),
    ("AWSTemplateFormatVersion", "it is a template in YAML; IAM reads JSON"),
    ("resource \"", "it is Terraform's language; terraform show -json, or aws iam get-role, prints the policy as JSON"),
    ("data \"", "it is Terraform's language; terraform show -json, or aws iam get-role, prints the policy as JSON"),
    ("eyJ", "it is a token, not a policy"),
];

/// Reads a policy.
pub fn parse(text: &str) -> Result<Document, Unreadable> {
    read(text, 0)
}

fn unreadable(why: impl Into<String>) -> Unreadable {
    Unreadable { why: why.into(), at: None }
}

fn read(text: &str, depth: usize) -> Result<Document, Unreadable> {
    let whole = text.trim_start_matches('\u{feff}');
    let text = whole.trim();
    if depth > DEEPEST {
        return Err(unreadable("there is no policy in it: text within text within text"));
    }
    match text.as_bytes().first() {
        None => Err(unreadable("it is empty")),
        // IAM's API hands documents out URL-encoded (RFC 3986); a plus sign is a space then, a real one is %2B.
        Some(b'%') => read(&decode(text).ok_or_else(|| unreadable("it is URL-encoded with an error"))?, depth + 1),
        Some(b'{' | b'[' | b'"') => match serde_json::from_str(text) {
            Ok(json) => unwrap(json, depth),
            Err(error) => Err(malformed(whole, whole.len() - whole.trim_start().len(), &error)),
        },
        // Nothing of it is shown: whatever it is, there may be secrets in it.
        Some(_) => {
            let known = OTHERS.iter().find(|(start, _)| text.starts_with(start)).map(|(_, why)| *why);
            Err(unreadable(known.unwrap_or("it is not JSON: a policy begins with {")))
        }
    }
}

fn unwrap(json: Json, depth: usize) -> Result<Document, Unreadable> {
    if depth > DEEPEST {
        return Err(unreadable("there is no policy in it: objects within objects"));
    }
    match &json {
        Json::Text(text) => read(text, depth + 1),
        Json::List(_) => Err(unreadable("it is a list; a policy is an object with Version and Statement")),
        Json::Map(members) if json.get("Statement").is_some() => match members.len() {
            0 => Err(unreadable("it is empty")),
            _ => Ok(Document { json, role: None }),
        },
        Json::Map(members) => match members.iter().find(|(key, _)| WRAPPERS.contains(&key.as_str())) {
            Some((_, inner)) => {
                let document = unwrap(inner.clone(), depth + 1)?;
                let role = json.get("Arn").and_then(Json::text).map(str::to_owned);
                Ok(Document { role: document.role.or(role), ..document })
            }
            // A slip of the pen in the one element that makes it a policy: the judgement names it.
            None if members.iter().any(|(key, _)| nearest(key, &["Statement"]).is_some()) => Ok(Document { json, role: None }),
            None => Err(unreadable("it is JSON, but no policy: it has no Statement")),
        },
        _ => Err(unreadable("it is JSON, but no policy: a policy is an object with Version and Statement")),
    }
}

/// `None` when a percent sign is not followed by two hexadecimal digits, or what comes out is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let bytes = percent::decode(text).map(|decoded| match decoded {
        Decoded::Plain(b'+') => Some(b' '),
        Decoded::Plain(byte) | Decoded::Escaped(byte) => Some(byte),
        Decoded::Stray => None,
    });
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

/// Characters around the place that are shown of a long line.
const AROUND: usize = 40;

/// What a character that JSON does not know there mostly means.
const HINTS: [(&[char], &str); 5] = [
    (&['\''], "strings stand in double quotes"),
    (&['“', '”', '„', '‘', '’'], "these are a word processor's quotes, JSON's are straight"),
    (&['/', '#'], "JSON has no comments"),
    (&['$', '<'], "a placeholder outside of quotes"),
    (&['\u{a0}'], "a no-break space, as copied from a web page"),
];

/// The JSON begins after so many bytes of white space.
fn malformed(text: &str, skipped: usize, error: &serde_json::Error) -> Unreadable {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let before = text[..skipped].matches('\n').count();
    // At a line's end it stands before the next one's beginning.
    let number = before + (error.line() - usize::from(error.column() == 0)).max(1);
    let line = text.split('\n').nth(number - 1).unwrap_or_default().trim_end_matches('\r');
    let indent = if number == before + 1 { skipped - text[..skipped].rfind('\n').map_or(0, |at| at + 1) } else { 0 };
    let column = if error.column() == 0 { line.len() + 1 } else { error.column() + indent };
    // serde_json counts bytes, and stands on the last byte that it took.
    let before = column.saturating_sub(1).min(line.len());
    let before = (0..=before).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    let column = line[..before].chars().count() + 1;
    let hint = said
        .starts_with("control character")
        .then_some("a closing quote is missing")
        .or_else(|| line[before..].chars().next().and_then(|c| HINTS.iter().find(|(chars, _)| chars.contains(&c))).map(|(_, hint)| *hint));
    let why = match hint {
        Some(hint) => format!("malformed JSON: {said} ({hint})"),
        None => format!("malformed JSON: {said}"),
    };
    Unreadable { why, at: Some(Place { line: number, column, text: excerpt(line, column) }) }
}

fn excerpt(line: &str, column: usize) -> String {
    let lower = line.to_ascii_lowercase();
    if ["secret", "token", "password"].iter().any(|word| lower.contains(word)) {
        return String::new();
    }
    let line = redact(line.trim_end());
    if line.chars().count() <= 2 * AROUND {
        return line.trim_start().to_owned();
    }
    let from = column.saturating_sub(AROUND);
    let part: String = line.chars().skip(from).collect();
    format!("{}{}", if from > 0 { "…" } else { "" }, shorten(&part, 2 * AROUND))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Sid":"a+b c"}]}"#;

    fn encoded(text: &str) -> String {
        text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
    }

    fn quoted(text: &str) -> String {
        serde_json::to_string(text).unwrap()
    }

    #[test]
    fn every_wrapping_gives_the_same_document() {
        let bare = parse(BARE).unwrap();
        let get_role = |inner: &str| format!(r#"{{"Role":{{"Path":"/","RoleName":"a","AssumeRolePolicyDocument":{inner},"Tags":[]}}}}"#);
        for text in [
            format!("\u{feff}\n {BARE}\r\n"),
            encoded(BARE),
            encoded(BARE).replace("%20", "+"),
            encoded(BARE)
                .to_lowercase()
                .replace("effect", "Effect")
                .replace("allow", "Allow")
                .replace("sid", "Sid")
                .replace("statement", "Statement")
                .replace("version", "Version"),
            quoted(BARE),
            quoted(&encoded(BARE)),
            get_role(BARE),
            get_role(&quoted(BARE)),
            get_role(&quoted(&encoded(BARE))),
            format!(r#"{{"AssumeRolePolicyDocument":{BARE}}}"#),
            format!(r#"{{"Type":"AWS::IAM::Role","Properties":{{"AssumeRolePolicyDocument":{BARE}}}}}"#),
            format!(r#"{{"values":{{"assume_role_policy":{}}}}}"#, quoted(BARE)),
        ] {
            assert_eq!(parse(&text).unwrap().json, bare.json, "{text}");
        }
        let arn = r#"{"Role":{"Arn":"arn:aws:iam::111122223333:role/a","AssumeRolePolicyDocument":{"Statement":[]}}}"#;
        assert_eq!((parse(arn).unwrap().role.as_deref(), bare.role), (Some("arn:aws:iam::111122223333:role/a"), None));
    }

    #[test]
    fn what_is_no_policy_says_what_it_is() {
        for (text, says) in [
            ("", "empty"),
            (" \n", "empty"),
            ("[]", "a list"),
            ("{}", "no Statement"),
            ("3", "not JSON"),
            ("\"x\"", "not JSON"),
            ("null", "not JSON"),
            ("Role:\n  Arn: x", "YAML"),
            ("---\nStatement: []", "YAML"),
            ("Statement: []", "YAML"),
            ("data \"aws_iam_policy_document\" \"trust\" {", "Terraform"),
            ("ROLE\tarn", "--output json"),
            ("aws_secret_access_key=abc", "begins with {"),
            ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "a token"),
            ("%7Z", "URL-encoded with an error"),
            ("%ff", "URL-encoded with an error"),
            (r#"{"Role":{"RoleName":"a"}}"#, "no Statement"),
        ] {
            let unreadable = parse(text).unwrap_err();
            assert!(unreadable.why.contains(says) && unreadable.at.is_none(), "{text}: {}", unreadable.why);
        }
    }

    #[test]
    fn malformed_json_is_pointed_at() {
        for (text, says, line, column, shown) in [
            ("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [],\n}", "trailing comma", 4, 1, "}"),
            ("{\n  \"Version\" \"2012-10-17\"\n}", "expected `:`", 2, 13, "\"Version\" \"2012-10-17\""),
            ("{\n  'Version': 1}", "(strings stand in double quotes)", 2, 3, "'Version': 1}"),
            ("{\n  “Version”: 1}", "word processor's quotes", 2, 3, "“Version”: 1}"),
            ("{ // no\n}", "no comments", 1, 3, "{ // no"),
            ("{\"a\":1}}", "trailing characters", 1, 8, "{\"a\":1}}"),
            ("{\n  \"Id\": \"a,\n  \"Statement\": []\n}", "(a closing quote is missing)", 2, 12, "\"Id\": \"a,"),
            ("\n\n {\"a\": x}", "expected value", 3, 8, "{\"a\": x}"),
            ("{\r\n  \"a\": \"b,\r\n}", "(a closing quote is missing)", 2, 11, "\"a\": \"b,"),
        ] {
            let unreadable = parse(text).unwrap_err();
            assert!(unreadable.why.contains(says), "{}", unreadable.why);
            assert_eq!(unreadable.at, Some(Place { line, column, text: shown.to_owned() }), "{text}");
        }
    }

    #[test]
    fn a_long_line_is_shown_around_the_place_and_a_secret_never() {
        let long = format!("{{\"a\": \"{}\", oops, \"{}\"}}", "x".repeat(300), "y".repeat(300));
        let text = parse(&long).unwrap_err().at.unwrap().text;
        assert!(text.starts_with('…') && text.ends_with('…') && text.contains("oops") && text.chars().count() <= 2 * AROUND + 1, "{text}");
        assert_eq!(parse("{\"SecretAccessKey\": \"abc\" oops}").unwrap_err().at.unwrap().text, "");
        assert!(!parse("{\"a\": \"eyJhbGciOiJSUzI1NiJ9.e30.c2ln\" oops}").unwrap_err().at.unwrap().text.contains("eyJ"));
    }

    #[test]
    fn nothing_is_read_too_deeply() {
        let deep = (0..DEEPEST + 3).fold(BARE.to_owned(), |text, _| quoted(&text));
        assert!(parse(&deep).unwrap_err().why.contains("text within text"));
        assert!(parse(&"[".repeat(10_000)).is_err() && parse(&"{\"Statement\":".repeat(10_000)).is_err());
        let wrapped = (0..DEEPEST + 3).fold(BARE.to_owned(), |text, _| format!("{{\"Role\":{text}}}"));
        assert!(parse(&wrapped).is_err());
    }
}
