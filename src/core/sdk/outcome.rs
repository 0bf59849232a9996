//! What a chain ends with.

use serde::{Deserialize, Serialize};

/// Where a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChainEnd {
    /// The injected role, by AssumeRoleWithWebIdentity.
    Irsa,
    /// The associated role, by the agent.
    PodIdentity,
    /// The credentials of another address than the agent's: ECS's, or an https URL.
    Container,
    /// Static keys in the environment.
    Static,
    /// The selected profile.
    Profile,
    /// The node's role, by IMDS.
    NodeRole,
    /// No link has credentials.
    None,
    /// A link fails, and the chain ends with an error.
    Error,
}

impl ChainEnd {
    /// What the application has of it: an error is as little as nothing.
    pub fn to_application(self) -> ChainEnd {
        if self == ChainEnd::Error { ChainEnd::None } else { self }
    }
}

/// What a failed exchange does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The application gets an error.
    Stops,
    /// The chain tries its next link.
    FallsThrough,
    /// It was not verified.
    Unknown,
}
