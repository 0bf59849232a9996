//! How each service behaves, and how the pod reaches it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Script;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sts {
    /// `proxy`, `override`, `override-http`, `refused`, `blackhole` or `name:<host>`.
    pub reach: Reach,
    pub tls: Tls,
    /// How far AWS's clock is ahead of this machine's.
    pub clock_offset_seconds: i64,
    /// Added to every turn of a conversation with STS or its proxy; TCP's handshake stays fast.
    pub round_trip_ms: u64,
    /// The lifetime of minted sessions, whatever was asked for: lets a session end within a test.
    pub session_seconds: Option<i64>,
    /// The region that the override endpoint serves. Default: the world's.
    pub override_region: Option<String>,
    /// By operation, or `*`.
    pub script: BTreeMap<String, Script>,
    /// By region (`aws-global` for sts.amazonaws.com) or by whole host name, which wins.
    pub regions: BTreeMap<String, RegionalSts>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RegionalSts {
    pub tls: Option<Tls>,
    pub script: BTreeMap<String, Script>,
}

/// How the pod reaches STS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Reach {
    /// By the real host names, through a CONNECT proxy and with the sandbox's CA.
    #[default]
    Proxy,
    /// AWS_ENDPOINT_URL_STS=https://localhost:port.
    Override,
    /// AWS_ENDPOINT_URL_STS=http://127.0.0.1:port.
    OverrideHttp,
    /// An override to a port that nobody listens on.
    Refused,
    /// An override to a listener whose backlog is full: connecting never ends.
    Blackhole,
    /// An override to a host name, for failures of DNS.
    Name(String),
}

impl TryFrom<String> for Reach {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(match text.as_str() {
            "proxy" => Self::Proxy,
            "override" => Self::Override,
            "override-http" => Self::OverrideHttp,
            "refused" => Self::Refused,
            "blackhole" => Self::Blackhole,
            other => Self::Name(other.strip_prefix("name:").ok_or_else(|| format!("unknown reach {other:?}"))?.to_owned()),
        })
    }
}

impl From<Reach> for String {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::Proxy => "proxy".to_owned(),
            Reach::Override => "override".to_owned(),
            Reach::OverrideHttp => "override-http".to_owned(),
            Reach::Refused => "refused".to_owned(),
            Reach::Blackhole => "blackhole".to_owned(),
            Reach::Name(host) => format!("name:{host}"),
        }
    }
}

/// What happens on a connection that TCP (or the tunnel) has opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    #[default]
    Ok,
    /// RST after the ClientHello, as a firewall that filters by SNI does.
    Reset,
    /// FIN after the ClientHello.
    Closed,
    /// No answer to the ClientHello.
    Hang,
    WrongName,
    /// A CA that is not in the bundle: an intercepting proxy.
    Untrusted,
    Expired,
    /// A captive portal's HTML in the clear.
    Plaintext,
    /// The proxy does not know the name (502). Only with reach `proxy`.
    NotFound,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Proxy {
    pub mode: ProxyMode,
    /// `user:password`; the proxy then answers 407 without them, and the pod's variable carries them.
    pub credentials: Option<String>,
    /// Also sets HTTP_PROXY and leaves NO_PROXY out: the proxy then catches the agent's and IMDS's traffic.
    pub captures_http: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyMode {
    #[default]
    Ok,
    Refused,
    /// 407, whatever is sent.
    Auth,
    /// 403 with an HTML page.
    Forbidden,
    /// 407 with the credentials in its status line, as they were sent and decoded.
    EchoAuth,
    Hang,
    /// Bytes that are not HTTP.
    Garbage,
    Close,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Agent {
    pub mode: AgentMode,
    /// The associated role. Default: the world's.
    pub role: Option<String>,
    /// Listens on [::1] instead of 127.0.0.1.
    pub ipv6: bool,
    pub script: Option<Script>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentMode {
    #[default]
    Ok,
    Refused,
    /// Accepts and never answers.
    Hang,
    AssociationMissing,
    TrustDenied,
}

/// IMDS by its mode, or with details.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ImdsChoice {
    Mode(ImdsMode),
    Full(Box<Imds>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Imds {
    pub mode: ImdsMode,
    pub role: String,
    pub instance_id: String,
    /// The `Code` of the credentials document.
    pub code: String,
    /// Default: the world's.
    pub region: Option<String>,
    pub account: Option<String>,
    /// By operation: `token`, `info`, `role`, `credentials`, `instance-id`, `region`, `document`.
    pub script: BTreeMap<String, Script>,
}

impl Default for Imds {
    fn default() -> Self {
        Self {
            mode: ImdsMode::V2,
            role: "eks-node".to_owned(),
            instance_id: "i-0123456789abcdef0".to_owned(),
            code: "Success".to_owned(),
            region: None,
            account: None,
            script: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImdsMode {
    /// The connection is refused.
    #[default]
    Absent,
    V2,
    /// As `v2`, and GETs without a token are answered too.
    V1,
    /// The token's PUT is never answered; a GET without token gets 401.
    HopLimit,
    /// The token's PUT is never answered; GETs without token are.
    HopLimitV1,
    /// 403 for everything.
    Forbidden,
    /// 403 for the PUT; GETs without token are answered.
    ForbiddenV1Open,
    /// No instance profile: 404.
    NoRole,
    /// Nothing is ever answered.
    Hang,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct IssuerSite {
    /// The `issuer` of the discovery document, when it differs.
    pub claims: Option<String>,
    /// Which keys it publishes; STS verifies with the same.
    pub keys: Keys,
    /// A cluster's own API server answers, not EKS: it has its keys elsewhere, and gives each document as one type only.
    pub api_server: bool,
    /// By operation: `discovery`, `keys`.
    pub script: BTreeMap<String, Script>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keys {
    #[default]
    Cluster,
    /// Only keys with other key ids.
    Rotated,
    /// The cluster's as the third of three.
    Several,
    /// The cluster's as the last of 101: more than STS reads.
    TooMany,
    None,
}
