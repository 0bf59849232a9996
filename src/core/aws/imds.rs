//! The instance metadata service (IMDS), as a pod reaches it.

use serde::{Deserialize, Serialize};

/// How far a request to IMDS gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImdsReach {
    /// It answers.
    Answers,
    /// Nothing listens, or there is no route.
    Absent,
    /// The connection opens, but the PUT for the session token is never answered. The hop limit is 1, and the pod has its own network.
    HopLimited,
    /// No connection opens within the deadline. A network policy or iptables drops the packets.
    Dropped,
    /// It answers 401 or 403.
    Refused,
    /// It answers something else.
    Other,
}
