//! A default credential chain, as data: its links in order, and the rules by which the families' chains differ. The rules were measured
//! (docs/sdks.md). A rule that no measurement shows names its source.

mod calls;
mod container;
mod endpoint;
mod profile;
mod variables;

pub use calls::*;
pub use container::*;
pub use endpoint::*;
pub use profile::*;
pub use variables::*;

use crate::core::pod::profile::ProfileCredentials;

/// One place where a chain looks.
#[derive(Debug, Clone, Copy)]
pub enum Link {
    /// Static keys in the environment.
    Env,
    /// The selected profile, for these kinds of credentials.
    Profile(&'static [ProfileCredentials]),
    /// `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentity,
    /// `AWS_CONTAINER_CREDENTIALS_*`: ECS and EKS Pod Identity.
    Container,
    /// The instance metadata service.
    Imds,
    /// The container's credentials if their URI is set, else IMDS. It never tries both.
    ContainerOrImds,
}

/// What a link that is configured and fails does to the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// The chain ends there with an error.
    Stops,
    /// The chain tries the next link.
    GoesOn,
    /// It was not verified.
    Unknown,
}

/// How it reads a variable that is true or false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagReading {
    /// It does not read it.
    NotRead,
    /// `true` in any case is true. All else is false.
    AnyCase,
    /// `true` is true, and capitals count. All else is false.
    Exact,
    /// Another word than `true` and `false` is an error. Capitals do not count, and an empty value counts as not set.
    AnyCaseElseFails,
    /// The same without the white space around the word. An empty value is an error too.
    TrimmedElseFails,
    /// Any value is true.
    Anything,
    /// Any value but `false` is true.
    AnythingButFalse,
    /// What Go's `strconv.ParseBool` takes for true: `1`, `t`, `T`, `true`, `True` and `TRUE`.
    GoBool,
}

/// What an empty variable counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// As not set.
    Unset,
    /// As set to the empty string.
    Given,
}

/// A default credential chain.
#[derive(Debug, Clone, Copy)]
pub struct Chain {
    pub links: &'static [Link],
    /// The package that makes exchanges at STS is there. Some SDKs have it in a package of its own.
    pub has_sts: bool,
    pub failing: Failing,
    pub keys: KeyRules,
    pub profile: ProfileRules,
    pub web_identity: WebIdentityRules,
    pub region: RegionRules,
    pub endpoint: EndpointRules,
    pub container: ContainerRules,
    pub imds: ImdsRules,
    pub proxies: ProxyRules,
    pub retries: Retries,
    /// A variable that is neither true nor false is an error before the first link.
    pub bad_flag_stops: bool,
}

/// The rules that most families have. The rows of the families name their differences.
pub const COMMON: Chain = Chain {
    links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::Container, Link::Imds],
    has_sts: true,
    failing: Failing::Stops,
    keys: KeyRules::COMMON,
    profile: ProfileRules::COMMON,
    web_identity: WebIdentityRules::COMMON,
    region: RegionRules::COMMON,
    endpoint: EndpointRules::COMMON,
    container: ContainerRules::COMMON,
    imds: ImdsRules::COMMON,
    proxies: ProxyRules::COMMON,
    retries: Retries::COMMON,
    bad_flag_stops: false,
};
