//! The finding that an error of STS or of the Pod Identity agent stands for, from the cells `means` of the rows.

use super::meaning::{ErrorMeaning, Operation};
use super::{Code, rows};
use crate::core::aws::answer::ServiceError;

pub use super::rows::ABOVE_THE_ROLE;

impl Code {
    /// The finding that this error of a call stands for. Every error gets one: an error that no row describes keeps AWS's own text, so that it gets no wrong row.
    pub fn from_error(operation: Operation, error: &ServiceError) -> Code {
        let message = error.message.to_ascii_lowercase();
        let means = rows().flat_map(|row| row.means.iter().map(|meaning| (row.code, meaning)));
        let described = means.filter_map(|(code, meaning)| Some((meaning.closeness(operation, error, &message)?, code)));
        described.max_by_key(|(closeness, _)| *closeness).map_or(unknown(operation), |(_, code)| code)
    }
}

/// The finding for an error that no row describes.
fn unknown(operation: Operation) -> Code {
    match operation {
        Operation::AssumeRoleWithWebIdentity | Operation::AssumeRole | Operation::GetCallerIdentity => Code::StsError,
        Operation::AssumeRoleForPodIdentity => Code::AgentError,
    }
}

fn meanings(operation: Operation) -> impl Iterator<Item = &'static ErrorMeaning> {
    rows().flat_map(|row| row.means).filter(move |meaning| meaning.operations.contains(&operation))
}

/// The known AWS error codes of a call. A code can come more than once.
pub fn known_codes(operation: Operation) -> impl Iterator<Item = &'static str> {
    meanings(operation).flat_map(|meaning| meaning.codes.iter().copied())
}

/// The texts that distinguish the errors of a call, in lower case.
pub fn known_texts(operation: Operation) -> impl Iterator<Item = &'static str> {
    meanings(operation).flat_map(|meaning| meaning.texts.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::Operation::{AssumeRoleForPodIdentity, AssumeRoleWithWebIdentity, GetCallerIdentity};
    use super::*;
    use crate::core::aws::agent_body;

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
            assert_eq!(Code::from_error(AssumeRoleWithWebIdentity, &error(status, code, message)), finding, "{code}: {message}");
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
            assert_eq!(Code::from_error(GetCallerIdentity, &error(403, code, message)), finding, "{code}: {message}");
        }
    }

    #[test]
    fn agent_errors_as_the_agent_words_them() {
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
            assert_eq!(Code::from_error(AssumeRoleForPodIdentity, &agent_body::parse_error(status, body)), finding, "{body}");
        }
    }

    /// If two rows described an error equally closely, only their order would decide.
    #[test]
    fn no_error_is_described_by_two_rows_equally_closely() {
        let all: Vec<(Code, &ErrorMeaning)> = rows().flat_map(|row| row.means.iter().map(|meaning| (row.code, meaning))).collect();
        for (at, (one, a)) in all.iter().enumerate() {
            for (other, b) in all[at + 1..].iter().filter(|(other, _)| other != one) {
                let same_call = a.operations.iter().any(|operation| b.operations.contains(operation));
                let same_code = match (a.codes, b.codes) {
                    ([], []) => true,
                    (a, b) => a.iter().any(|code| b.contains(code)),
                };
                let same_status = a.status.is_none() == b.status.is_none() && (a.status == b.status);
                let same_length = match (a.texts, b.texts) {
                    ([], []) => true,
                    (a, b) => a.iter().any(|text| b.iter().any(|other| text.len() == other.len())),
                };
                assert!(!(same_call && same_code && same_status && same_length), "{one} and {other}: {a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn texts_are_in_lower_case_and_codes_are_words() {
        for meaning in Operation::ALL.into_iter().flat_map(meanings) {
            assert!(meaning.texts.iter().all(|text| text.len() >= 9 && *text == text.to_ascii_lowercase()), "{meaning:?}");
            assert!(meaning.codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_alphanumeric())), "{meaning:?}");
        }
    }
}
