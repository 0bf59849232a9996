//! How a chain makes its calls: to IMDS, through proxies, and again after a failure.

use super::FlagReading;

/// What it does with `AWS_EC2_METADATA_SERVICE_ENDPOINT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnImdsEndpoint {
    /// It asks there.
    Asked,
    /// It finds no IMDS then.
    FindsNone,
    /// It is an error, because the path is joined to it without a slash.
    Fails,
}

/// How it asks IMDS.
#[derive(Debug, Clone, Copy)]
pub struct ImdsRules {
    /// How it reads `AWS_EC2_METADATA_DISABLED`. Where that is an error, IMDS is off.
    pub off: FlagReading,
    /// Where that is an error, the chain ends.
    pub bad_off_ends: bool,
    pub own_endpoint: OwnImdsEndpoint,
    /// `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE` has to be `IPv4` or `IPv6`, in these letters. Another word is an error.
    pub mode_is_exact: bool,
    /// It uses version 2. Otherwise only version 1.
    pub v2: bool,
    /// When IMDS does not answer with version 2, it uses version 1.
    pub v1: bool,
    /// How it reads `AWS_EC2_METADATA_V1_DISABLED`, which keeps it from version 1. Where that is an error, version 1 is disabled.
    pub v1_off: FlagReading,
    /// It reads `ec2_metadata_v1_disabled` of the profile.
    pub v1_off_in_profile: bool,
    /// A refusal of IMDS is an error.
    pub refusal_fails: bool,
    /// It is an error when version 2 does not answer and version 1 is disabled.
    pub disabled_v1_fails: bool,
    /// A document without keys is an error.
    pub without_keys_fails: bool,
    /// Every failure of IMDS is an error.
    pub always_fails: bool,
}

impl ImdsRules {
    /// The rules that most families have.
    pub const COMMON: ImdsRules = ImdsRules {
        off: FlagReading::AnyCase,
        bad_off_ends: false,
        own_endpoint: OwnImdsEndpoint::Asked,
        mode_is_exact: false,
        v2: true,
        v1: true,
        v1_off: FlagReading::AnyCase,
        v1_off_in_profile: true,
        refusal_fails: false,
        disabled_v1_fails: false,
        without_keys_fails: false,
        always_fails: false,
    };
}

/// Which calls go through a proxy that the environment names.
#[derive(Debug, Clone, Copy)]
pub struct ProxyRules {
    /// The calls to STS, by `HTTPS_PROXY`.
    pub sts: bool,
    /// The calls to the agent, by `HTTP_PROXY`.
    pub agent: bool,
    /// The calls to IMDS, by `HTTP_PROXY`.
    pub imds: bool,
    /// A part of a host's name in `NO_PROXY` stands for no other host.
    pub no_proxy_is_exact: bool,
    /// It also reads `ALL_PROXY`.
    pub all: bool,
    /// A proxy without a scheme is an error in every call.
    pub needs_scheme: bool,
}

impl ProxyRules {
    /// The rules that most families have.
    pub const COMMON: ProxyRules =
        ProxyRules { sts: false, agent: false, imds: false, no_proxy_is_exact: false, all: false, needs_scheme: false };
}

/// Which first failures it repeats before it takes them for failures.
#[derive(Debug, Clone, Copy)]
pub struct Retries {
    /// STS cannot answer now.
    pub sts_unavailable: bool,
    /// STS cannot reach the token's issuer.
    pub issuer_unreachable: bool,
    /// STS says that the token has expired.
    pub token_expired: bool,
    /// STS rejects the token.
    pub sts_rejected: bool,
    /// The connection to STS is lost.
    pub sts_lost: bool,
    /// The agent cannot answer now.
    pub agent_failing: bool,
    /// The agent refuses (4xx).
    pub agent_refused: bool,
    /// The agent says that there were too many calls.
    pub agent_throttled: bool,
    /// The connection to the agent is lost.
    pub agent_lost: bool,
}

impl Retries {
    /// The rules that most families have.
    pub const COMMON: Retries = Retries {
        sts_unavailable: true,
        issuer_unreachable: true,
        token_expired: false,
        sts_rejected: false,
        sts_lost: true,
        agent_failing: true,
        agent_refused: false,
        agent_throttled: true,
        agent_lost: true,
    };
}
