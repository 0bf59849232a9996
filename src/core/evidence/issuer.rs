//! The two documents that the token's issuer publishes, so that STS can verify the token: which URLs may be requested, and how the documents
//! are read.
//!
//! Sources: OpenID Connect Discovery 1.0 and JSON Web Key Sets (RFC 7517). A token's `iss` and a document's `jwks_uri` are foreign text. So
//! a URL has to be https, and must not lead to the node's own services.

use crate::core::aws::answer::ServiceError;
use crate::core::evidence::{Discovery, KeySet};
use crate::core::pod::proxy::is_link_local;
use crate::core::text::printable::cap;
use crate::core::text::secrets::{hide_userinfo, redact};
use http::Uri;
use serde_json::Value;
use std::net::IpAddr;

/// The longest URL that is requested, in bytes. No real issuer or `jwks_uri` is longer.
const LONGEST_URL: usize = 2048;
/// How many characters of a document's text are kept.
const KEPT: usize = 256;
/// How many of the published key ids are kept.
const IDS: usize = 6;
/// How many keys of an issuer STS reads (spiffe/spire#4699).
pub const STS_READS: u32 = 100;

/// The URL of an issuer's discovery document. A slash at the issuer's end is removed first (Discovery 1.0, section 4).
pub fn discovery_url(issuer: &str) -> Result<String, &'static str> {
    if issuer.contains(['?', '#']) {
        return Err("an issuer has neither a query nor a fragment");
    }
    may_be_asked(issuer)?;
    Ok(format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer)))
}

/// Whether a URL from foreign text may be requested. The error says why not.
pub fn may_be_asked(url: &str) -> Result<(), &'static str> {
    if url.len() > LONGEST_URL {
        return Err("it is longer than any real issuer's");
    }
    let Ok(uri) = url.parse::<Uri>() else { return Err("it is not a URL") };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err("it is not an absolute URL") };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    if authority.as_str().contains('@') {
        return Err("it contains a user name or password");
    }
    if is_link_local(host) {
        return Err("it is a link-local address, where the node's own services are");
    }
    if host.trim_end_matches('.').is_empty() || is_odd_number(host) {
        return Err("its host is neither a name nor an address");
    }
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback(host) => Ok(()),
        "http" => Err("it is plain http, so any host on the path could answer"),
        _ => Err("it is not an https URL"),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whether the host is a number that is no address as it is written. Resolvers take `2852039166`, `0xa9.254.43518` and the like for an address
/// (inet_aton(3)). No host name ends in a number (RFC 3696, section 2).
fn is_odd_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    last.starts_with(|c: char| c.is_ascii_digit())
        && last.chars().all(|c| c.is_ascii_hexdigit() || "xX".contains(c))
        && host.parse::<IpAddr>().is_err()
}

/// Reads a discovery document. The error says what the body is instead.
pub fn discovery(body: &[u8], issuer: &str) -> Result<Discovery, &'static str> {
    let document = object(body)?;
    let Some(named) = document["issuer"].as_str() else { return Err("JSON without an issuer, which is not a discovery document") };
    // An issuer equal to the token's is kept whole. Any other issuer is foreign text, and is truncated.
    let issuer = if named == issuer { issuer.to_owned() } else { truncate(named) };
    let jwks_uri = document["jwks_uri"].as_str().filter(|uri| !uri.is_empty()).map(str::to_owned);
    Ok(Discovery { issuer, jwks_uri })
}

/// Reads a key set, and looks for the key that signed the token. The error says what the body is instead.
pub fn key_set(body: &[u8], key_id: Option<&str>) -> Result<KeySet, &'static str> {
    let document = object(body)?;
    let Some(keys) = document["keys"].as_array() else { return Err("JSON without keys, which is not a key set") };
    let ids: Vec<&str> = keys.iter().filter_map(|key| key["kid"].as_str()).collect();
    Ok(KeySet {
        keys: u32::try_from(keys.len()).unwrap_or(u32::MAX),
        key_ids: ids.iter().take(IDS).map(|id| truncate(id)).collect(),
        has_token_key: key_id.map(|key_id| ids.contains(&key_id)),
    })
}

fn object(body: &[u8]) -> Result<Value, &'static str> {
    match serde_json::from_slice::<Value>(body) {
        Ok(document) if document.is_object() => Ok(document),
        Ok(_) => Err("JSON that is not an object"),
        Err(_) => Err(instead(body)),
    }
}

/// A server's error in JSON: a `Status` of Kubernetes, or another server's form. `None` where the body is no JSON, or holds no message
/// and no code.
pub fn refusal(status: u16, body: &[u8]) -> Option<ServiceError> {
    let said = serde_json::from_slice::<Value>(body).ok()?;
    // Some APIs wrap the whole body in a list. The error may be the body itself, an object in `error`, or a list in `errors`.
    let said = said.get(0).unwrap_or(&said);
    let inner = [&said["error"], &said["errors"][0], &said["errors"], said];
    // The text becomes one line, because the message of a kube-apiserver's 406 has paragraphs.
    let text = |value: &Value| {
        let text = value.as_str()?.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(text).filter(|text| !text.is_empty())
    };
    let first_text = |names: &[&str]| inner.iter().find_map(|value| names.iter().find_map(|name| text(&value[*name])));
    // Kubernetes: message and reason. AWS: message or Message. OAuth 2.0 (RFC 6749, section 5.2): error_description and error.
    // Problem details (RFC 9457): detail and title.
    let short = first_text(&["reason", "code", "title"]).or_else(|| text(&said["error"])).or_else(|| text(&said["errors"][0]));
    let message = first_text(&["message", "Message", "error_description", "detail"]).or_else(|| text(said));
    let code = short.filter(|short| Some(short) != message.as_ref());
    (message.is_some() || code.is_some()).then(|| ServiceError { status, code, message: message.unwrap_or_default(), request_id: None })
}

/// What the body of an error response is, where it does not say why the server refused.
pub fn unexplained(body: &[u8]) -> &'static str {
    match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        Ok(_) => "JSON that does not say why",
        Err(_) => instead(body),
    }
}

/// What kind of body it is, when it is no JSON.
fn instead(body: &[u8]) -> &'static str {
    let head: String = String::from_utf8_lossy(body).chars().take(256).collect::<String>().to_ascii_lowercase();
    match head.trim() {
        "" => "an empty body",
        head if head.contains("<!doctype html") || head.contains("<html") => "an HTML page",
        head if head.starts_with('<') => "XML",
        head if head.starts_with(['{', '[']) => "JSON that is cut off or broken",
        _ => "a body that is not JSON",
    }
}

/// Foreign text as evidence keeps it: without secrets, and of bounded length.
pub fn truncate(text: &str) -> String {
    cap(&redact(&hide_userinfo(text)), KEPT).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_discovery_document_lies_below_the_issuer() {
        for (issuer, url) in [
            (
                "https://oidc.eks.us-west-2.amazonaws.com/id/ABC",
                "https://oidc.eks.us-west-2.amazonaws.com/id/ABC/.well-known/openid-configuration",
            ),
            ("https://issuer.example", "https://issuer.example/.well-known/openid-configuration"),
            ("https://issuer.example/", "https://issuer.example/.well-known/openid-configuration"),
            ("https://issuer.example/a//", "https://issuer.example/a//.well-known/openid-configuration"),
        ] {
            assert_eq!(discovery_url(issuer).as_deref(), Ok(url));
        }
        for issuer in ["https://issuer.example/?a", "https://issuer.example#a", "", "kubernetes/serviceaccount", "/path", "https://"] {
            assert!(discovery_url(issuer).is_err(), "{issuer}");
        }
    }

    #[test]
    fn only_https_is_asked_and_never_the_node() {
        for url in [
            "https://issuer.example/keys?v=1",
            "HTTPS://issuer.example",
            "https://10.0.3.17:8443/keys",
            "https://[fd00::1]/keys",
            "https://127.0.0.1:1/",
            "http://127.0.0.1:8080/keys",
            "http://[::1]:8080",
            "http://localhost/x",
            "https://1password.example",
            "https://issuer.example.",
            "https://oidc.beef",
        ] {
            assert_eq!(may_be_asked(url), Ok(()), "{url}");
        }
        for (url, why) in [
            ("http://issuer.example", "plain http"),
            ("http://10.0.0.1", "plain http"),
            ("http://localhost.example", "plain http"),
            ("ftp://issuer.example", "not an https"),
            ("file:///etc/passwd", "not a"),
            ("issuer.example", "not an absolute"),
            ("https://user:password@issuer.example", "user name"),
            ("https://issuer.example@169.254.169.254/", "user name"),
            ("https://169.254.169.254/latest", "link-local"),
            ("https://169.254.170.23/v1/credentials", "link-local"),
            ("http://169.254.169.254", "link-local"),
            ("https://[fd00:ec2::254]/latest", "link-local"),
            ("https://[fe80::1]/", "link-local"),
            ("https://[::ffff:169.254.169.254]/", "link-local"),
            ("https://2852039166/", "neither a name"),
            ("https://0xa9fea9fe/", "neither a name"),
            ("https://169.254.43518/", "neither a name"),
            ("https://0251.0376.0251.0376/", "neither a name"),
            ("https://169.254.169.254./", "link-local"),
            ("https://.:33/", "neither a name"),
            ("https://../", "neither a name"),
            ("https://a b/", "not a URL"),
            ("https://issuer.example\r\nHost: x", "not a URL"),
        ] {
            assert!(may_be_asked(url).is_err_and(|said| said.contains(why)), "{url}: {:?}", may_be_asked(url));
        }
        assert!(may_be_asked(&format!("https://issuer.example/{}", "a".repeat(LONGEST_URL))).is_err());
    }

    const KEYS: &str = r#"{"keys":[{"kty":"RSA","kid":"one","n":"AQAB"},{"kty":"EC"},{"kid":7},"text",{"kid":"two"}]}"#;

    #[test]
    fn documents_are_read() {
        let issuer = "https://issuer.example";
        let read = discovery(br#"{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/keys"}"#, issuer);
        assert_eq!(read, Ok(Discovery { issuer: issuer.into(), jwks_uri: Some("https://issuer.example/keys".into()) }));
        let read = discovery(br#"{"issuer":"https://issuer.example/","jwks_uri":""}"#, issuer);
        assert_eq!(read, Ok(Discovery { issuer: "https://issuer.example/".into(), jwks_uri: None }));
        for known in [("one", true), ("two", true), ("three", false), ("ONE", false), ("", false)] {
            let set = key_set(KEYS.as_bytes(), Some(known.0)).unwrap();
            assert_eq!((set.keys, set.has_token_key), (5, Some(known.1)), "{}", known.0);
            assert_eq!(set.key_ids, ["one", "two"]);
        }
        assert_eq!(key_set(KEYS.as_bytes(), None).unwrap().has_token_key, None);
        assert_eq!(key_set(br#"{"keys":[]}"#, Some("one")).unwrap(), KeySet { keys: 0, key_ids: vec![], has_token_key: Some(false) });
    }

    #[test]
    fn what_is_no_document_is_told() {
        for (body, what) in [
            ("<!DOCTYPE html><html>", "an HTML page"),
            ("", "an empty body"),
            ("[]", "JSON that is not an object"),
            ("null", "JSON that is not an object"),
            (r#"{"message":"Forbidden"}"#, "JSON without an issuer, which is not a discovery document"),
            ("404 page not found", "a body that is not JSON"),
            (r#"{"issuer":1}"#, "JSON without an issuer, which is not a discovery document"),
        ] {
            assert_eq!(discovery(body.as_bytes(), "https://issuer.example"), Err(what), "{body}");
        }
        assert_eq!(key_set(br#"{"keys":{}}"#, None), Err("JSON without keys, which is not a key set"));
        assert_eq!(key_set(&[0xff], None), Err("a body that is not JSON"));
        // A document that is nested too deep is refused.
        assert!(key_set("{\"keys\":[".repeat(10_000).as_bytes(), None).is_err());
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        for (body, code, message) in [
            (
                r#"{"kind":"Status","status":"Failure","message":"forbidden: User \"system:anonymous\"","reason":"Forbidden","code":403}"#,
                Some("Forbidden"),
                "forbidden: User \"system:anonymous\"",
            ),
            (
                r#"{"kind":"Status","message":"406: Not Acceptable\n\nAvailable representations: application/json"}"#,
                None,
                "406: Not Acceptable Available representations: application/json",
            ),
            (r#"{"message":"Missing Authentication Token"}"#, None, "Missing Authentication Token"),
            (r#"{"Message":"denied","code":"AccessDenied"}"#, Some("AccessDenied"), "denied"),
            (r#"{"error":"invalid_request","error_description":"no tenant"}"#, Some("invalid_request"), "no tenant"),
            (r#"{"error":{"code":404,"message":"Not here"}}"#, None, "Not here"),
            (r#"{"errors":[{"code":"1003","message":"first"},{"message":"second"}]}"#, Some("1003"), "first"),
            (r#"{"errors":["first"]}"#, Some("first"), ""),
            (r#"[{"message":"in a list"}]"#, None, "in a list"),
            (r#"{"type":"about:blank","title":"Gone","detail":"It moved."}"#, Some("Gone"), "It moved."),
            (r#"{"error":"Not Found"}"#, Some("Not Found"), ""),
            (r#""Forbidden""#, None, "Forbidden"),
        ] {
            let refusal = refusal(403, body.as_bytes()).unwrap_or_else(|| panic!("{body}"));
            assert_eq!((refusal.code.as_deref(), refusal.message.as_str()), (code, message), "{body}");
        }
        for (body, what) in [
            ("{}", "JSON that does not say why"),
            (r#"{"message":""}"#, "JSON that does not say why"),
            (r#"{"message":{"a":1}}"#, "JSON that does not say why"),
            ("[]", "JSON that does not say why"),
            ("404", "JSON that does not say why"),
            (r#"{"message":"half"#, "JSON that is cut off or broken"),
            ("404 page not found", "a body that is not JSON"),
            ("", "an empty body"),
            ("<html>", "an HTML page"),
        ] {
            assert_eq!((refusal(404, body.as_bytes()), unexplained(body.as_bytes())), (None, what), "{body}");
        }
    }

    #[test]
    fn no_secret_of_a_document_is_kept() {
        let token = format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.{}", "c2ln".repeat(85));
        let body = format!(r#"{{"issuer":"https://user:hunter2@issuer.example/{token}","keys":[{{"kid":"{token}"}}]}}"#);
        let kept = format!("{:?} {:?}", discovery(body.as_bytes(), "x").unwrap(), key_set(body.as_bytes(), None).unwrap());
        assert!(!kept.contains("hunter2") && !kept.contains("c2ln"), "{kept}");
        let long = format!(r#"{{"issuer":"{}"}}"#, "a".repeat(100_000));
        assert!(discovery(long.as_bytes(), "x").unwrap().issuer.len() < 1000);
    }

    #[test]
    fn every_prefix_of_a_document_is_read_or_refused() {
        let document = r#"{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/keys","keys":[{"kid":"\ud83d\ude00"}]}"#;
        for end in 0..=document.len() {
            let _ = discovery(&document.as_bytes()[..end], "https://issuer.example");
            let _ = key_set(&document.as_bytes()[..end], Some("one"));
            let _ = may_be_asked(&document[..end]);
            let _ = refusal(403, &document.as_bytes()[..end]);
        }
    }
}
