//! The Pod Identity agent's error bodies (docs/facts.md#agent-errors, docs/facts.md#eks-auth-errors).
//!
//! The agent's own errors are plain text. An error of EKS Auth is wrapped as `[<request id>]: (<Code>): <message>, fault: client`.

use crate::core::aws::answer::ServiceError;

/// Parses an error's body. Total: a text without a known form becomes the message.
pub fn parse_error(status: u16, body: &str) -> ServiceError {
    let body = body.trim();
    let wrapped = (|| {
        let (request_id, rest) = body.strip_prefix('[')?.split_once("]: (")?;
        let (code, message) = rest.split_once(')')?;
        let message = message.strip_prefix(':').unwrap_or(message);
        // The last ", fault: " ends the message. The message itself may quote that text.
        let message = message.rsplit_once(", fault: ").filter(|(_, fault)| !fault.contains(' ')).map_or(message, |(message, _)| message);
        Some((request_id.to_owned(), code.to_owned(), message.trim().to_owned()))
    })();
    match wrapped {
        Some((request_id, code, message)) => ServiceError { status, code: Some(code), message, request_id: Some(request_id) },
        None => ServiceError { status, code: None, message: body.to_owned(), request_id: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
