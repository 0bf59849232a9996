//! What a client is made from, and how long it waits.

use std::time::{Duration, Instant};

use super::Roots;
use crate::core::pod::proxy::Proxies;
use crate::core::text::secrets::Secrets;

/// How long each phase may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The name's lookup.
    pub resolve: Duration,
    /// TCP, over all addresses.
    pub connect: Duration,
    /// CONNECT through the proxy.
    pub proxy: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// From sending the request to the end of the response.
    pub response: Duration,
}

impl Default for Limits {
    /// 3.1 s is the SDKs' own connect timeout: Linux sends a lost SYN again after 1 s and 3 s.
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(5),
            connect: Duration::from_millis(3100),
            proxy: Duration::from_millis(3100),
            tls: Duration::from_secs(5),
            response: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// Every phase cut to `limit`: for IMDS, where the SDKs wait one second.
    pub fn each(limit: Duration) -> Self {
        Self { resolve: limit, connect: limit, proxy: limit, tls: limit, response: limit }
    }
}

/// What a client is made from.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Whom TLS trusts.
    pub roots: Roots,
    /// The environment's proxies.
    pub proxies: Proxies,
    /// What is never shown, whoever sends it back.
    pub secrets: Secrets,
    /// The end of the whole round: no phase outlives it.
    pub deadline: Instant,
}
