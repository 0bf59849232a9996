//! STS's answers: telling an STS error body from anything else, and the table that turns an error into a finding.
//!
//! Bodies: docs/facts.md#sts-error-body (AWS query protocol). Elements are found by their local name whatever the namespace:
//! dispatch failures come in another one (`http://webservices.amazon.com/AWSFault/2005-15-09`).

use crate::core::catalogue::Code;
use crate::core::evidence::{ForeignAnswer, ServiceAnswer, ServiceError};
use crate::core::text::xml::{Piece, Pieces};

/// Classifies the body of a response that is no success. `request_id` is the header's, used when the body names none.
pub fn classify_body(status: u16, body: &[u8], request_id: Option<&str>) -> ServiceAnswer<std::convert::Infallible> {
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
    /// The field that the text of these open elements is of.
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
    for piece in Pieces::of(text) {
        match piece {
            Piece::Open(name) => {
                open.push(name);
                if let Some(field) = error.field(&open) {
                    *field = Some(String::new());
                }
            }
            // What follows the document is no part of it.
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

/// `{"Error":{"Code","Message","Type"},"RequestId"}`: what STS answers when a proxy added `Accept: application/json`.
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
        "XML that is not STS's"
    } else if text.starts_with('{') || text.starts_with('[') {
        "JSON that is not STS's"
    } else {
        "text that is not STS's"
    }
}

/// One row: an error whose code and message match is this finding. The first match counts.
struct ErrorMeaning {
    codes: &'static [&'static str],
    /// Any of these in the message, without regard to case; empty: whatever the message says.
    message: &'static [&'static str],
    finding: Code,
}

const fn row(codes: &'static [&'static str], message: &'static [&'static str], finding: Code) -> ErrorMeaning {
    ErrorMeaning { codes, message, finding }
}

/// Policies above a role, as AWS's denials name them: organisations' and an endpoint's, a boundary, whoever made the session.
pub const ABOVE_THE_ROLE: &[&str] =
    &["service control policy", "resource control policy", "vpc endpoint policy", "permissions boundary", "session policy"];

/// Errors that mean the same whichever operation meets them.
const COMMON: &[ErrorMeaning] = &[
    row(&["RegionDisabledException", "RegionDisabled"], &[], Code::StsRegionDisabled),
    row(
        &[
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestLimitExceeded",
            "TooManyRequestsException",
            "SlowDown",
        ],
        &[],
        Code::Throttled,
    ),
    row(
        &[
            "InternalFailure",
            "InternalError",
            "InternalServerError",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "RequestTimeout",
            "RequestTimeoutException",
        ],
        &[],
        Code::StsUnavailable,
    ),
];

/// AssumeRoleWithWebIdentity. Messages: docs/facts.md#assume-role-errors, both generations of the InvalidIdentityToken texts.
const ASSUME_ROLE: &[ErrorMeaning] = &[
    // A role's resource-based policy is its trust policy.
    row(
        &["AccessDenied", "AccessDeniedException"],
        &["no resource-based policy allows", "explicit deny in a resource-based policy"],
        Code::TrustPolicyDenied,
    ),
    row(&["AccessDenied", "AccessDeniedException"], &["explicit deny"], Code::ExplicitlyDenied),
    row(&["AccessDenied", "AccessDeniedException"], ABOVE_THE_ROLE, Code::ExplicitlyDenied),
    row(&["AccessDenied", "AccessDeniedException"], &[], Code::TrustPolicyDenied),
    row(&["InvalidIdentityToken", "InvalidIdentityTokenException"], &["no openidconnect provider found"], Code::OidcProviderMissing),
    row(&["InvalidIdentityToken", "InvalidIdentityTokenException"], &["incorrect token audience"], Code::AudienceNotRegistered),
    row(&["InvalidIdentityToken", "InvalidIdentityTokenException"], &["more than one audience"], Code::TokenAudienceMultiple),
    row(&["InvalidIdentityToken", "InvalidIdentityTokenException"], &["retrieve verification key"], Code::IssuerKeysUnavailable),
    row(&["InvalidIdentityToken", "InvalidIdentityTokenException"], &["thumbprint"], Code::ThumbprintMismatch),
    row(&["InvalidIdentityToken", "InvalidIdentityTokenException"], &["issued in the future", "not yet valid"], Code::TokenNotYetValid),
    row(
        &["InvalidIdentityToken", "InvalidIdentityTokenException"],
        &["not a valid jwt", "missing a required claim", "invalid timestamp", "signature", "algorithm"],
        Code::TokenRejected,
    ),
    // The generic text of mid-2026, and any text not known yet: the token was not accepted, why is not said.
    row(&["InvalidIdentityToken", "InvalidIdentityTokenException"], &[], Code::TokenNotValidated),
    row(&["ExpiredTokenException", "ExpiredToken"], &[], Code::TokenExpiredAtSts),
    row(&["IDPRejectedClaim", "IDPRejectedClaimException"], &[], Code::IdpRejected),
    row(&["IDPCommunicationError", "IDPCommunicationErrorException"], &[], Code::IdpUnreachable),
    row(&["ValidationError", "ValidationException"], &["maxsessionduration", "1 hour session limit"], Code::SessionTooLong),
    row(&["ValidationError", "ValidationException"], &["request arn is invalid", "'rolearn'"], Code::RoleArnRejected),
    row(
        &[
            "ValidationError",
            "ValidationException",
            "MalformedInput",
            "MalformedQueryString",
            "InvalidAction",
            "MissingAction",
            "MissingParameter",
            "InvalidParameterValue",
            "InvalidParameterCombination",
            "PackedPolicyTooLarge",
            "PackedPolicyTooLargeException",
            "MalformedPolicyDocument",
            "MalformedPolicyDocumentException",
        ],
        &[],
        Code::RequestRejected,
    ),
];

/// GetCallerIdentity: docs/facts.md#caller-identity-errors.
const CALLER_IDENTITY: &[ErrorMeaning] = &[
    row(&["SignatureDoesNotMatch", "InvalidSignatureException"], &["credential should be scoped"], Code::SignatureScope),
    row(&["SignatureDoesNotMatch", "InvalidSignatureException"], &["signature expired", "not yet current"], Code::ClockSkew),
    row(&["RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"], &[], Code::ClockSkew),
    row(
        &["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken", "AuthFailure"],
        &[],
        Code::SignatureRejected,
    ),
    row(&["InvalidClientTokenId", "UnrecognizedClientException"], &[], Code::SessionRejected),
    row(&["ExpiredToken", "ExpiredTokenException"], &[], Code::SessionExpired),
    // No IAM permission is needed for this call; only an endpoint or organisation policy denies it.
    row(&["AccessDenied", "AccessDeniedException"], &[], Code::ExplicitlyDenied),
    row(&["ValidationError", "MalformedInput", "InvalidAction", "MalformedQueryString"], &[], Code::RequestRejected),
];

/// The finding that an error of AssumeRoleWithWebIdentity stands for.
pub fn classify_assume_role(error: &ServiceError) -> Code {
    classify(error, ASSUME_ROLE)
}

/// The finding that an error of GetCallerIdentity stands for.
pub fn classify_caller_identity(error: &ServiceError) -> Code {
    classify(error, CALLER_IDENTITY)
}

/// Shows the error codes that AssumeRoleWithWebIdentity is known to answer with.
pub fn codes_of_assume_role(see: &mut dyn FnMut(&'static str)) {
    codes(ASSUME_ROLE, see);
}

/// Shows the error codes that a signed call is known to be answered with.
pub fn codes_of_caller_identity(see: &mut dyn FnMut(&'static str)) {
    codes(CALLER_IDENTITY, see);
}

fn codes(table: &[ErrorMeaning], see: &mut dyn FnMut(&'static str)) {
    for table in [table, COMMON] {
        for row in table {
            row.codes.iter().for_each(|code| see(code));
        }
    }
}

fn classify(error: &ServiceError, table: &[ErrorMeaning]) -> Code {
    let code = error.code.as_deref().unwrap_or_default();
    let message = error.message.to_ascii_lowercase();
    let matches = |row: &&ErrorMeaning| {
        row.codes.contains(&code) && (row.message.is_empty() || row.message.iter().any(|text| message.contains(text)))
    };
    match table.iter().chain(COMMON).find(matches) {
        Some(row) => row.finding,
        None if error.status == 429 => Code::Throttled,
        // A code that is not in the table keeps AWS's own text rather than land in a wrong bucket.
        None => Code::StsError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, code: &str, message: &str) -> ServiceError {
        ServiceError { status, code: Some(code.into()), message: message.into(), request_id: None }
    }

    #[test]
    fn assume_role_errors_as_aws_words_them() {
        for (status, code, message, finding) in [
            (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", Code::TrustPolicyDenied),
            (
                403,
                "AccessDenied",
                "User: arn:aws:sts::1:x is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: r with an explicit deny in a service control policy",
                Code::ExplicitlyDenied,
            ),
            (
                403,
                "AccessDenied",
                "… because no VPC endpoint policy allows the sts:AssumeRoleWithWebIdentity action",
                Code::ExplicitlyDenied,
            ),
            (
                403,
                "AccessDenied",
                "… because no resource-based policy allows the sts:AssumeRoleWithWebIdentity action",
                Code::TrustPolicyDenied,
            ),
            (403, "AccessDenied", "… with an explicit deny in a resource-based policy", Code::TrustPolicyDenied),
            (403, "AccessDenied", "… with an explicit deny in a resource control policy", Code::ExplicitlyDenied),
            (
                400,
                "InvalidIdentityToken",
                "No OpenIDConnect provider found in your account for https://oidc.eks.us-west-2.amazonaws.com/id/X",
                Code::OidcProviderMissing,
            ),
            (400, "InvalidIdentityToken", "Incorrect token audience", Code::AudienceNotRegistered),
            (
                400,
                "InvalidIdentityToken",
                "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
                Code::IssuerKeysUnavailable,
            ),
            (
                400,
                "InvalidIdentityToken",
                "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
                Code::ThumbprintMismatch,
            ),
            (
                400,
                "InvalidIdentityToken",
                "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
                Code::TokenRejected,
            ),
            (
                400,
                "InvalidIdentityToken",
                "Token audience contains more than one audience while authorized party is not present",
                Code::TokenAudienceMultiple,
            ),
            (
                400,
                "InvalidIdentityToken",
                "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.",
                Code::TokenNotValidated,
            ),
            (400, "InvalidIdentityToken", "A sentence of the year 2031.", Code::TokenNotValidated),
            (
                400,
                "ExpiredTokenException",
                "Token expired: current date/time 1753382758 must be before the expiration date/time 1753089571",
                Code::TokenExpiredAtSts,
            ),
            (400, "ValidationError", "Request ARN is invalid", Code::RoleArnRejected),
            (
                400,
                "ValidationError",
                "1 validation error detected: Value at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20",
                Code::RoleArnRejected,
            ),
            (
                400,
                "ValidationError",
                "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
                Code::RequestRejected,
            ),
            (
                400,
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
                Code::SessionTooLong,
            ),
            (403, "RegionDisabledException", "STS is not activated in this region for account:1", Code::StsRegionDisabled),
            (400, "Throttling", "Rate exceeded", Code::Throttled),
            (503, "ServiceUnavailable", "", Code::StsUnavailable),
            (403, "IDPRejectedClaim", "The identity provider (IdP) reported that authentication failed", Code::IdpRejected),
            (400, "IDPCommunicationError", "…", Code::IdpUnreachable),
            (418, "Teapot", "short and stout", Code::StsError),
        ] {
            assert_eq!(classify_assume_role(&error(status, code, message)), finding, "{code}: {message}");
        }
    }

    #[test]
    fn caller_identity_errors_as_aws_words_them() {
        for (code, message, finding) in [
            ("SignatureDoesNotMatch", "Credential should be scoped to a valid region. ", Code::SignatureScope),
            ("SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'. ", Code::SignatureScope),
            (
                "SignatureDoesNotMatch",
                "Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)",
                Code::ClockSkew,
            ),
            ("SignatureDoesNotMatch", "Signature not yet current: X is still later than Y (Z + 15 min.)", Code::ClockSkew),
            (
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
                Code::SignatureRejected,
            ),
            ("InvalidClientTokenId", "The security token included in the request is invalid.", Code::SessionRejected),
            ("ExpiredToken", "The security token included in the request is expired", Code::SessionExpired),
            ("Throttling", "Rate exceeded", Code::Throttled),
        ] {
            assert_eq!(classify_caller_identity(&error(403, code, message)), finding, "{code}: {message}");
        }
    }

    #[test]
    fn bodies_are_told_apart() {
        let xml = "<ErrorResponse xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\">\n  <Error>\n    <Type>Sender</Type>\n    <Code>InvalidAction</Code>\n    <Message>Could not find operation</Message>\n  </Error>\n  <RequestId>r-1</RequestId>\n</ErrorResponse>";
        match classify_body(400, xml.as_bytes(), None) {
            ServiceAnswer::Error(e) => {
                assert_eq!(
                    (e.code.as_deref(), e.message.as_str(), e.request_id.as_deref()),
                    (Some("InvalidAction"), "Could not find operation", Some("r-1"))
                );
            }
            other => panic!("{other:?}"),
        }
        // What was sent is quoted, and a session name can be anything.
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
            assert_eq!(classify_body(400, quoting(written).as_bytes(), None), ServiceAnswer::Error(error), "{written}");
        }
        let json = r#"{"Error":{"Code":"AccessDenied","Message":"m","Type":"Sender"},"RequestId":"r-2"}"#;
        assert!(matches!(classify_body(403, json.as_bytes(), None), ServiceAnswer::Error(e) if e.code.as_deref() == Some("AccessDenied")));
        for (body, what) in [
            ("", "an empty body"),
            ("<!DOCTYPE html><html></html>", "an HTML page"),
            ("<a/>", "XML that is not STS's"),
            ("{}", "JSON that is not STS's"),
            ("hello", "text that is not STS's"),
            ("<ErrorResponse><Error></Error>", "XML that is not STS's"),
            ("<a><ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse></a>", "XML that is not STS's"),
            ("<a/><ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", "XML that is not STS's"),
            ("error: <ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", "text that is not STS's"),
        ] {
            assert_eq!(
                classify_body(502, body.as_bytes(), None),
                ServiceAnswer::Alien(ForeignAnswer { status: 502, what: what.into() }),
                "{body}"
            );
        }
    }
}
