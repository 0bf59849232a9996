//! The instance metadata service, as far as a pod gets with it.

use serde::{Deserialize, Serialize};

/// How far one gets with IMDS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImdsReach {
    /// It answers.
    Answers,
    /// Nothing listens, or no route.
    Absent,
    /// Connects, but the session token's PUT is never answered: the hop limit is 1 and the pod has its own network.
    HopLimited,
    /// No connection within the deadline: dropped by a network policy or iptables.
    Dropped,
    /// It answers 401 or 403.
    Refused,
    /// It answers something else.
    Other,
}
