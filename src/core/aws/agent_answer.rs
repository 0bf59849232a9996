//! The Pod Identity agent's answers (docs/facts.md#agent-errors, docs/facts.md#eks-auth-errors).
//!
//! Its own errors are plain text; what EKS Auth answered is wrapped as `[<request id>]: (<Code>): <message>, fault: client`.

use crate::core::catalogue::Code;
use crate::core::evidence::ServiceError;

/// Reads an error's body.
pub fn parse_error(status: u16, body: &str) -> ServiceError {
    let body = body.trim();
    let wrapped = (|| {
        let (request_id, rest) = body.strip_prefix('[')?.split_once("]: (")?;
        let (code, message) = rest.split_once(')')?;
        let message = message.strip_prefix(':').unwrap_or(message);
        // The last word, whatever the message quotes.
        let message = message.rsplit_once(", fault: ").filter(|(_, fault)| !fault.contains(' ')).map_or(message, |(message, _)| message);
        Some((request_id.to_owned(), code.to_owned(), message.trim().to_owned()))
    })();
    match wrapped {
        Some((request_id, code, message)) => ServiceError { status, code: Some(code), message, request_id: Some(request_id) },
        None => ServiceError { status, code: None, message: body.to_owned(), request_id: None },
    }
}

/// One row: an error with this status (0: any), code (empty: any or none) and text in its message (empty: any) is this finding.
struct AgentErrorMeaning(u16, &'static str, &'static str, Code);

/// The first match counts.
const ROWS: &[AgentErrorMeaning] = &[
    AgentErrorMeaning(429, "", "", Code::AgentThrottled),
    AgentErrorMeaning(0, "ThrottlingException", "", Code::AgentThrottled),
    AgentErrorMeaning(403, "", "called agent through invalid address", Code::AgentAddressRefused),
    AgentErrorMeaning(0, "", "service account token cannot be", Code::AgentTokenRejected),
    AgentErrorMeaning(0, "", "service account token failed basic claim validations", Code::AgentTokenRejected),
    AgentErrorMeaning(0, "ExpiredTokenException", "", Code::AgentTokenRejected),
    AgentErrorMeaning(0, "InvalidTokenException", "", Code::AgentTokenRejected),
    // Matched on the code alone: its message is not public.
    AgentErrorMeaning(0, "ResourceNotFoundException", "", Code::AssociationMissing),
    // The node's own permission is missing, not the association's trust: named in the finding's detail.
    AgentErrorMeaning(0, "AccessDeniedException", "eks-auth:assumeroleforpodidentity", Code::AgentError),
    AgentErrorMeaning(0, "AccessDeniedException", "", Code::PodIdentityTrustDenied),
    // As eks-pod-identity-agent#139 has it, without the code.
    AgentErrorMeaning(0, "", "eks does not have permissions to assume the associated role", Code::PodIdentityTrustDenied),
    // EKS Auth's other codes: what `classify` says of any that it does not know, but `explain` can tell by them whose answer it is.
    AgentErrorMeaning(0, "InternalServerException", "", Code::AgentError),
    AgentErrorMeaning(0, "ServiceUnavailableException", "", Code::AgentError),
    AgentErrorMeaning(0, "InvalidParameterException", "", Code::AgentError),
    AgentErrorMeaning(0, "InvalidRequestException", "", Code::AgentError),
];

/// Shows what is known of an error: EKS Auth's code and the text in the message, in lower case; either may be empty.
pub fn known(see: &mut dyn FnMut(&'static str, &'static str)) {
    ROWS.iter().for_each(|AgentErrorMeaning(_, code, text, _)| see(code, text));
}

/// The finding that an error of the agent stands for.
pub fn classify(error: &ServiceError) -> Code {
    let code = error.code.as_deref().unwrap_or_default();
    let message = error.message.to_ascii_lowercase();
    ROWS.iter()
        .find(|AgentErrorMeaning(status, c, text, _)| {
            (*status == 0 || *status == error.status) && (c.is_empty() || *c == code) && message.contains(text)
        })
        .map_or(Code::AgentError, |row| row.3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_agents_errors() {
        for (status, body, finding) in [
            (400, "Service account token cannot be empty\n", Code::AgentTokenRejected),
            (400, "Service account token cannot be parsed: token is malformed\n", Code::AgentTokenRejected),
            (400, "Service account token failed basic claim validations: token is expired\n", Code::AgentTokenRejected),
            (
                403,
                "Access Denied. Called agent through invalid address, please use either [169.254.170.23 fd00:ec2::23] address not proxy\n",
                Code::AgentAddressRefused,
            ),
            (429, "Too Many Requests\n", Code::AgentThrottled),
            (
                400,
                "[5b1c]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the associated role., fault: client\n",
                Code::PodIdentityTrustDenied,
            ),
            (
                400,
                "[5b1c]: (AccessDeniedException): User: arn:aws:sts::1:assumed-role/node/i-0abc is not authorized to perform: eks-auth:AssumeRoleForPodIdentity, fault: client",
                Code::AgentError,
            ),
            (404, "[5b1c]: (ResourceNotFoundException): No association, fault: client\n", Code::AssociationMissing),
            (400, "[5b1c]: (InvalidTokenException): bad, fault: client\n", Code::AgentTokenRejected),
            (429, "[5b1c]: (ThrottlingException): slow down, fault: client\n", Code::AgentThrottled),
            (500, "dial tcp 10.0.0.1:443: i/o timeout\n", Code::AgentError),
            (404, "404 page not found\n", Code::AgentError),
        ] {
            assert_eq!(classify(&parse_error(status, body)), finding, "{body}");
        }
    }

    #[test]
    fn the_wrapping_comes_off() {
        let error = parse_error(400, "[5b1c]: (AccessDeniedException): Unauthorized Exception! Text., fault: client\n");
        assert_eq!(error.request_id.as_deref(), Some("5b1c"));
        assert_eq!(error.code.as_deref(), Some("AccessDeniedException"));
        assert_eq!(error.message, "Unauthorized Exception! Text.");
        let quoting = parse_error(400, "[5b1c]: (ValidationException): : Value 'a, fault: b c' is no name, fault: client\n");
        assert_eq!(quoting.message, ": Value 'a, fault: b c' is no name");
        let bare = parse_error(400, "[5b1c]: (ValidationException): Value 'a, fault: b c' is no name");
        assert_eq!(bare.message, "Value 'a, fault: b c' is no name");
    }
}
