//! The AWS errors that a code stands for. The rows of the catalogue hold them in `means`.
//!
//! The order of rows does not matter. The longest text that an error's message contains wins. A meaning without texts holds for its error codes if
//! no text matches. A meaning without error codes holds for its status if nothing else matches.

use crate::core::aws::answer::ServiceError;

/// A call whose errors the catalogue knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// STS: the exchange of a web identity token for credentials (IRSA).
    AssumeRoleWithWebIdentity,
    /// STS: one role's credentials for those of the next role.
    AssumeRole,
    /// STS: who the caller is.
    GetCallerIdentity,
    /// EKS Auth, called through the Pod Identity agent of the node.
    AssumeRoleForPodIdentity,
}

impl Operation {
    /// All of them.
    pub const ALL: [Operation; 4] =
        [Operation::AssumeRoleWithWebIdentity, Operation::AssumeRole, Operation::GetCallerIdentity, Operation::AssumeRoleForPodIdentity];
}

/// Errors that mean a row's code.
#[derive(Debug)]
pub struct ErrorMeaning {
    /// The calls that answer with them.
    pub operations: &'static [Operation],
    /// Only with this HTTP status; `None`: with any.
    pub status: Option<u16>,
    /// AWS's error codes. Empty: any code, or none.
    pub codes: &'static [&'static str],
    /// The message contains one of these, without regard to case; here in lower case. Empty: any message.
    pub texts: &'static [&'static str],
}

const fn meaning(operations: &'static [Operation], codes: &'static [&'static str], texts: &'static [&'static str]) -> ErrorMeaning {
    ErrorMeaning { operations, status: None, codes, texts }
}

/// Errors of AssumeRoleWithWebIdentity. Messages: docs/facts.md#assume-role-errors, both generations of the InvalidIdentityToken texts.
pub(super) const fn web_identity(codes: &'static [&'static str], texts: &'static [&'static str]) -> ErrorMeaning {
    meaning(&[Operation::AssumeRoleWithWebIdentity], codes, texts)
}

/// Errors of both calls that give a role's credentials.
pub(super) const fn any_role(codes: &'static [&'static str], texts: &'static [&'static str]) -> ErrorMeaning {
    meaning(&[Operation::AssumeRoleWithWebIdentity, Operation::AssumeRole], codes, texts)
}

/// Errors of both calls that are signed with a session's keys. Messages: docs/facts.md#caller-identity-errors.
pub(super) const fn signed(codes: &'static [&'static str], texts: &'static [&'static str]) -> ErrorMeaning {
    meaning(&[Operation::AssumeRole, Operation::GetCallerIdentity], codes, texts)
}

/// Errors of GetCallerIdentity. Messages: docs/facts.md#caller-identity-errors.
pub(super) const fn caller_identity(codes: &'static [&'static str], texts: &'static [&'static str]) -> ErrorMeaning {
    meaning(&[Operation::GetCallerIdentity], codes, texts)
}

/// Errors of STS that mean the same for every operation.
pub(super) const fn sts(codes: &'static [&'static str], texts: &'static [&'static str]) -> ErrorMeaning {
    meaning(&[Operation::AssumeRoleWithWebIdentity, Operation::AssumeRole, Operation::GetCallerIdentity], codes, texts)
}

/// Errors of the Pod Identity agent, and of EKS Auth behind it. Messages: docs/facts.md#agent-errors, docs/facts.md#eks-auth-errors (eks-pod-identity-agent v0.1.37).
pub(super) const fn agent(codes: &'static [&'static str], texts: &'static [&'static str]) -> ErrorMeaning {
    meaning(&[Operation::AssumeRoleForPodIdentity], codes, texts)
}

/// How closely a meaning describes an error: the length of the longest of its texts in the message, then whether it names the error's code, then
/// whether it names the status.
pub(super) type Closeness = (usize, bool, bool);

impl ErrorMeaning {
    /// The same, only with this HTTP status.
    pub(super) const fn with_status(self, status: u16) -> ErrorMeaning {
        ErrorMeaning { status: Some(status), ..self }
    }

    /// How closely it describes an error; `None`: it does not. `message` is the error's, in lower case.
    pub(super) fn closeness(&self, operation: Operation, error: &ServiceError, message: &str) -> Option<Closeness> {
        let is_code = |code: &str| self.codes.contains(&code);
        let describes = self.operations.contains(&operation)
            && self.status.is_none_or(|status| status == error.status)
            && (self.codes.is_empty() || error.code.as_deref().is_some_and(is_code));
        let longest = self.texts.iter().filter(|text| message.contains(**text)).map(|text| text.len()).max();
        let length = if self.texts.is_empty() { 0 } else { longest? };
        describes.then_some((length, !self.codes.is_empty(), self.status.is_some()))
    }
}
