//! What an AWS service answers to one call.

use crate::core::text::printable::cap;
use crate::core::text::secrets::Secrets;
use serde::{Deserialize, Serialize};

/// A service's answer to one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ServiceAnswer<T> {
    /// It did what was asked.
    Success(T),
    /// It answered with an error.
    Error(ServiceError),
    /// Something else than that service answered.
    Alien(ForeignAnswer),
}

/// An error as AWS words it. Secrets that the service echoed have been removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceError {
    /// HTTP status.
    pub status: u16,
    /// The error's code, if it has one.
    #[serde(default)]
    pub code: Option<String>,
    /// Its message.
    pub message: String,
    /// Request id, for AWS support and CloudTrail.
    #[serde(default)]
    pub request_id: Option<String>,
}

impl ServiceError {
    /// The same error without secrets that the service echoed in any field, and with a message of bounded length.
    #[must_use]
    pub fn redacted(self, secrets: &Secrets) -> ServiceError {
        let clean = |text: &str, limit| cap(&secrets.redact(text), limit).into_owned();
        ServiceError {
            status: self.status,
            code: self.code.map(|code| clean(&code, 128)),
            message: clean(&self.message, 1024),
            request_id: self.request_id.map(|id| clean(&id, 128)),
        }
    }
}

/// A body that is not what the service would send: a captive portal, a proxy's error page, another server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForeignAnswer {
    /// HTTP status.
    pub status: u16,
    /// What kind of body it is, in a few words.
    pub what: String,
}
