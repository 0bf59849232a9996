//! What decides where an SDK's chain ends: the process's environment and profile, and the results that the chain's calls would have.

use crate::core::aws::imds::ImdsReach;
use crate::core::pod::environment::Environment;
use crate::core::pod::profile::Profile;
use crate::core::text::secrets::InputValue;
use crate::core::text::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of a token file, as SDKs distinguish it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenFile {
    /// It holds a token.
    #[default]
    Good,
    /// It does not exist.
    Missing,
    /// It exists and cannot be read.
    Unreadable,
    /// It is a folder, or anything else that is no file.
    NotAFile,
    /// It is empty.
    Empty,
    /// There is white space after the token.
    TrailingWhitespace,
    /// It holds something else than a token.
    NotAToken,
}

/// The files that the SDKs read, besides the shared configuration files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SdkFiles {
    /// The file that `AWS_WEB_IDENTITY_TOKEN_FILE` names.
    pub token: TokenFile,
    /// The file that `AWS_WEB_IDENTITY_TOKEN_FILE` names without the white space around the path. Some SDKs remove it.
    pub trimmed_token: TokenFile,
    /// The file that `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` names.
    pub container_token: TokenFile,
    /// The same without the white space around the path.
    pub trimmed_container_token: TokenFile,
    /// A token of SSO is cached.
    pub sso_token: bool,
}

impl SdkFiles {
    /// Each file is good.
    pub const GOOD: SdkFiles = SdkFiles {
        token: TokenFile::Good,
        trimmed_token: TokenFile::Good,
        container_token: TokenFile::Good,
        trimmed_container_token: TokenFile::Good,
        sso_token: true,
    };
}

/// A token file that a profile names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileToken {
    /// Its path, as `web_identity_token_file` has it.
    pub path: InputValue,
    /// Its state.
    pub file: TokenFile,
}

/// The result that a call to STS would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StsCall {
    /// It gives credentials.
    Works,
    /// STS rejects the token (InvalidIdentityToken).
    TokenRejected,
    /// STS says that the token has expired (ExpiredTokenException).
    TokenExpired,
    /// STS cannot reach the issuer (IDPCommunicationError).
    IssuerUnreachable,
    /// STS refuses for another reason (AccessDenied, ValidationError).
    Denied,
    /// STS cannot answer now (5xx, throttling).
    Unavailable,
    /// Something else answers as if the call had worked.
    Alien,
    /// STS is not reached, or something else refuses.
    Unreachable,
}

/// At which of the hosts that SDKs call STS answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StsHosts {
    /// At those that AWS has today.
    OfToday,
    /// Also at FIPS and dual-stack hosts that AWS does not have today, in the regions that it has.
    OfEachKind,
    /// At each host.
    All,
}

/// The result that the call to the Pod Identity agent would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentCall {
    /// It gives credentials.
    Works,
    /// 404: no association.
    NotFound,
    /// Any other refusal (4xx).
    Refused,
    /// It cannot answer now (5xx).
    Failing,
    /// It answers that there were too many calls (429).
    Throttled,
    /// It gives credentials that have ended already.
    Expired,
    /// The answer is not the agent's JSON.
    Alien,
    /// It cannot be reached.
    Unreachable,
}

/// What IMDS would give. `AWS_EC2_METADATA_DISABLED` is not considered here, because it is part of the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImdsView {
    /// It was not asked, or did not answer in time. The prediction assumes that it is reachable, and says so.
    Unknown,
    /// It was asked.
    Seen {
        /// How far requests by version 2 get.
        v2: ImdsReach,
        /// Version 1 answers.
        v1: bool,
        /// The instance has a role.
        role: bool,
    },
    /// It names a role, and its document of the role holds no keys.
    WithoutKeys,
}

impl ImdsView {
    /// Version 2 answers with the node's role.
    pub const REACHABLE: ImdsView = ImdsView::Seen { v2: ImdsReach::Answers, v1: true, role: true };
    /// Nothing answers at its address.
    pub const ABSENT: ImdsView = ImdsView::Seen { v2: ImdsReach::Absent, v1: false, role: false };
}

/// Everything that decides where a chain ends.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The process's environment.
    pub environment: &'a Environment,
    /// The selected profile.
    pub profile: &'a Profile,
    /// The token files, and the cache of SSO.
    pub files: SdkFiles,
    /// The token files that profiles name. A file that is not listed is taken to be good.
    pub profile_tokens: &'a [ProfileToken],
    /// The calls to STS.
    pub sts: StsCall,
    /// The calls to a configured URL, where their result differs from that of the calls to AWS's own hosts.
    pub sts_at_url: Option<StsCall>,
    /// The first call to STS, where its result differs from that of the others.
    pub sts_first: Option<StsCall>,
    /// The calls of AssumeRole for a profile's further roles, where their result differs from that of the others.
    pub hop: Option<StsCall>,
    /// The calls to STS for the roles of a profile, where their result differs from that of the call for the variables' role.
    pub profile_sts: Option<StsCall>,
    /// At which hosts STS answers.
    pub hosts: StsHosts,
    /// The agent.
    pub agent: AgentCall,
    /// The calls to ECS's address, where their result differs from that of the calls to the agent.
    pub ecs: Option<AgentCall>,
    /// The first call to the agent, where its result differs from that of the others.
    pub agent_first: Option<AgentCall>,
    /// IMDS.
    pub imds: ImdsView,
    /// The `credential_process` of a profile gives credentials.
    pub process_works: bool,
    /// The proxy that `HTTPS_PROXY` names lets calls through.
    pub proxy_works: bool,
    /// The time. `None` where it is not known.
    pub now: Option<Timestamp>,
}

impl<'a> Surroundings<'a> {
    /// The surroundings of an environment alone. Files are assumed to be good, and each call to work. IMDS is assumed to be reachable.
    pub fn assumed(environment: &'a Environment, profile: &'a Profile) -> Surroundings<'a> {
        Surroundings {
            environment,
            profile,
            files: SdkFiles::GOOD,
            profile_tokens: &[],
            sts: StsCall::Works,
            sts_at_url: None,
            sts_first: None,
            hop: None,
            profile_sts: None,
            hosts: StsHosts::OfToday,
            agent: AgentCall::Works,
            ecs: None,
            agent_first: None,
            imds: ImdsView::REACHABLE,
            process_works: true,
            proxy_works: true,
            now: None,
        }
    }
}
