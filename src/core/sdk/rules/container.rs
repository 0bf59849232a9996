//! How a chain reads `AWS_CONTAINER_*`: ECS and EKS Pod Identity.

use super::Empty;

/// What a failure of the container's credentials is for the caller, where the chain does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerFailure {
    /// An error.
    Error,
    /// No credentials, without an error.
    None,
    /// An error if the agent's own address was called, or if the token file cannot be read. Else no credentials.
    ErrorFromAgent,
    /// No credentials if the agent gives none, or if its token file cannot be read. Else an error.
    NoneFromAgent,
}

/// A kind of host that it calls by plain http.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// Each loopback address, and `localhost`.
    Loopback,
    /// `127.0.0.1`, `::1` and `localhost`.
    LoopbackItself,
    /// `127.0.0.1` and `localhost`.
    LoopbackByIpv4,
    /// The address of ECS.
    Ecs,
    /// The agent's address.
    Agent,
    /// The agent's IPv6 address.
    AgentByIpv6,
    /// A name that resolves to loopback.
    Resolved,
    /// Every host.
    Any,
}

/// The hosts that most families call.
pub const KNOWN_HOSTS: &[Host] = &[Host::Loopback, Host::Ecs, Host::Agent, Host::AgentByIpv6];

/// An empty `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyRelativeUri {
    /// It counts as not set.
    Unset,
    /// ECS is called at its root.
    CallsEcs,
    /// It is an error.
    Fails,
    /// There are no credentials.
    GivesNone,
}

/// The white space that it removes from the full URI, or that does no harm there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trims {
    /// None.
    None,
    /// Spaces at the end.
    SpacesAtEnd,
    /// All at the end.
    End,
    /// All at both ends.
    Both,
}

/// Which schemes of the full URI it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schemes {
    /// `http` and `https`.
    Known,
    /// `http` and `https` in small letters.
    KnownInSmallLetters,
    /// Every scheme, as if it were `http`.
    All,
    /// `http` and `https`, and a URI without a scheme as if it were `http`.
    KnownOrNone,
}

/// Whether `AWS_CONTAINER_AUTHORIZATION_TOKEN` comes before the token file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldTokenFirst {
    /// No.
    No,
    /// Yes, if it is not empty.
    IfNotEmpty,
    /// Yes, also if it is empty.
    Always,
}

/// How it reads `AWS_CONTAINER_*`.
#[derive(Debug, Clone, Copy)]
pub struct ContainerRules {
    pub failure: ContainerFailure,
    /// A failure ends the chain even where other failures let it go on: the token file cannot be read, or does not fit into a header.
    pub bad_token_file_stops: bool,
    /// The full URI comes before the relative one.
    pub full_uri_first: bool,
    pub empty_uri: Empty,
    pub empty_relative_uri: EmptyRelativeUri,
    /// A relative URI without a slash at its start is joined to the host's name, and does not lead to ECS.
    pub relative_uri_needs_slash: bool,
    pub schemes: Schemes,
    /// The hosts that it calls by plain http.
    pub hosts: &'static [Host],
    /// https is called at every host. Otherwise the rule for plain http holds for https too.
    pub https_anywhere: bool,
    pub trims_uri: Trims,
    /// It reads `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
    pub reads_full_uri: bool,
    /// It reads `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`.
    pub reads_token_file: bool,
    /// An empty `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`. As a path it is that of no file.
    pub empty_token_file: Empty,
    /// It removes white space around the token file's path.
    pub trims_path: bool,
    pub held_token_first: HeldTokenFirst,
    /// It removes white space around the token.
    pub trims_token: bool,
    /// A token file that is a folder ends the process.
    pub folder_crashes: bool,
    /// Credentials that have ended already are a failure.
    pub expiry_counts: bool,
    /// The token file is read before it is known whether there is a URI.
    pub token_file_first: bool,
}

impl ContainerRules {
    /// The rules that most families have.
    pub const COMMON: ContainerRules = ContainerRules {
        failure: ContainerFailure::Error,
        bad_token_file_stops: false,
        full_uri_first: false,
        empty_uri: Empty::Unset,
        empty_relative_uri: EmptyRelativeUri::Unset,
        relative_uri_needs_slash: true,
        schemes: Schemes::Known,
        hosts: &[Host::Loopback, Host::Ecs, Host::Agent, Host::AgentByIpv6, Host::Resolved],
        https_anywhere: true,
        trims_uri: Trims::End,
        reads_full_uri: true,
        reads_token_file: true,
        empty_token_file: Empty::Unset,
        trims_path: false,
        held_token_first: HeldTokenFirst::No,
        trims_token: false,
        folder_crashes: false,
        expiry_counts: false,
        token_file_first: false,
    };
}
