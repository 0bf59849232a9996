//! Recognises STS's error bodies, and names what any other body is.
//!
//! Source: docs/facts.md#sts-error-body (AWS query protocol). Elements are found by their local name. The namespace is ignored, because
//! dispatch failures have another one (`http://webservices.amazon.com/AWSFault/2005-15-09`).

use crate::core::aws::answer::{ForeignAnswer, ServiceAnswer, ServiceError};
use crate::core::text::xml::{Piece, Pieces};

/// Parses the body of an error response. `request_id` comes from the header, and is used when the body names none.
pub fn parse_error(status: u16, body: &[u8], request_id: Option<&str>) -> ServiceAnswer<std::convert::Infallible> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let parsed = if text.starts_with('{') { json_error(text) } else { xml_error(text) };
    match parsed {
        Some(error) => ServiceAnswer::Error(ServiceError {
            status,
            code: error.code,
            message: error.message.unwrap_or_default(),
            request_id: error.request_id.or_else(|| request_id.map(str::to_owned)),
        }),
        None => ServiceAnswer::Alien(ForeignAnswer { status, what: describe(text).to_owned() }),
    }
}

#[derive(Default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

impl ErrorBody {
    /// The field to which the text inside these open elements belongs.
    fn field(&mut self, open: &[&str]) -> Option<&mut Option<String>> {
        match open {
            ["ErrorResponse", "RequestId"] => Some(&mut self.request_id),
            ["ErrorResponse", "Error", "Code"] => Some(&mut self.code),
            ["ErrorResponse", "Error", "Message"] => Some(&mut self.message),
            _ => None,
        }
    }
}

/// `<ErrorResponse><Error><Type/><Code/><Message/></Error><RequestId/></ErrorResponse>`
fn xml_error(text: &str) -> Option<ErrorBody> {
    let mut error = ErrorBody::default();
    let mut open = Vec::new();
    for piece in Pieces::parse(text) {
        match piece {
            Piece::Open(name) => {
                open.push(name);
                if let Some(field) = error.field(&open) {
                    *field = Some(String::new());
                }
            }
            // The document ends here. Text after it is ignored.
            Piece::Close if open.len() <= 1 => break,
            Piece::Close => drop(open.pop()),
            Piece::Text(text) if open.is_empty() && !text.trim().is_empty() => return None,
            Piece::Text(text) => {
                if let Some(Some(field)) = error.field(&open) {
                    field.push_str(&text);
                }
            }
        }
    }
    let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned());
    error.code.is_some().then(|| ErrorBody {
        code: trimmed(error.code),
        message: trimmed(error.message),
        request_id: trimmed(error.request_id),
    })
}

/// `{"Error":{"Code","Message","Type"},"RequestId"}`: STS answers in this form when a proxy added `Accept: application/json`.
fn json_error(text: &str) -> Option<ErrorBody> {
    let body: serde_json::Value = serde_json::from_str(text).ok()?;
    let string = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let code = string(&body["Error"]["Code"])?;
    Some(ErrorBody { code: Some(code), message: string(&body["Error"]["Message"]), request_id: string(&body["RequestId"]) })
}

fn describe(text: &str) -> &'static str {
    let head = text.get(..text.len().min(256)).unwrap_or(text).to_ascii_lowercase();
    if text.is_empty() {
        "an empty body"
    } else if head.contains("<!doctype html") || head.contains("<html") {
        "an HTML page"
    } else if text.starts_with('<') {
        "XML that is not from STS"
    } else if text.starts_with('{') || text.starts_with('[') {
        "JSON that is not from STS"
    } else {
        "text that is not from STS"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, code: &str, message: &str) -> ServiceError {
        ServiceError { status, code: Some(code.into()), message: message.into(), request_id: None }
    }

    #[test]
    fn bodies_are_told_apart() {
        let xml = "<ErrorResponse xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\">\n  <Error>\n    <Type>Sender</Type>\n    <Code>InvalidAction</Code>\n    <Message>Could not find operation</Message>\n  </Error>\n  <RequestId>r-1</RequestId>\n</ErrorResponse>";
        match parse_error(400, xml.as_bytes(), None) {
            ServiceAnswer::Error(e) => {
                assert_eq!(
                    (e.code.as_deref(), e.message.as_str(), e.request_id.as_deref()),
                    (Some("InvalidAction"), "Could not find operation", Some("r-1"))
                );
            }
            other => panic!("{other:?}"),
        }
        // The message quotes what was sent, and a session name can hold any character.
        let quoting = |message: &str| {
            format!(
                "<ErrorResponse><Error><Code>ValidationError</Code><Message>{message}</Message></Error><RequestId>r-3</RequestId></ErrorResponse>"
            )
        };
        for (written, message) in [
            ("Value 'a\u{ffff}\u{1}' at 'roleSessionName'", "Value 'a\u{ffff}\u{1}' at 'roleSessionName'"),
            ("Value 'a&#xFFFF;&#1;' at 'roleSessionName'", "Value 'a\u{ffff}\u{1}' at 'roleSessionName'"),
            ("Value 'a&nbsp;' & <![CDATA[more & <b>]]> <!-- no -->at 'roleArn'", "Value 'a&nbsp;' & more & <b> at 'roleArn'"),
        ] {
            let error = ServiceError { request_id: Some("r-3".to_owned()), ..error(400, "ValidationError", message) };
            assert_eq!(parse_error(400, quoting(written).as_bytes(), None), ServiceAnswer::Error(error), "{written}");
        }
        let json = r#"{"Error":{"Code":"AccessDenied","Message":"m","Type":"Sender"},"RequestId":"r-2"}"#;
        assert!(matches!(parse_error(403, json.as_bytes(), None), ServiceAnswer::Error(e) if e.code.as_deref() == Some("AccessDenied")));
        for (body, what) in [
            ("", "an empty body"),
            ("<!DOCTYPE html><html></html>", "an HTML page"),
            ("<a/>", "XML that is not from STS"),
            ("{}", "JSON that is not from STS"),
            ("hello", "text that is not from STS"),
            ("<ErrorResponse><Error></Error>", "XML that is not from STS"),
            ("<a><ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse></a>", "XML that is not from STS"),
            ("<a/><ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", "XML that is not from STS"),
            ("error: <ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", "text that is not from STS"),
        ] {
            assert_eq!(
                parse_error(502, body.as_bytes(), None),
                ServiceAnswer::Alien(ForeignAnswer { status: 502, what: what.into() }),
                "{body}"
            );
        }
    }
}
