//! What decides where an SDK's chain ends: the process's environment and profile, and the results that the chain's calls would have.

use crate::core::aws::arn::RoleArn;
use crate::core::aws::imds::ImdsReach;
use crate::core::aws::partition::Region;
use crate::core::pod::environment::Environment;
use crate::core::pod::precedence;
use crate::core::pod::profile::Profile;

/// The state of a token file, as SDKs distinguish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFile {
    /// It holds a token.
    Good,
    /// It does not exist.
    Missing,
    /// It exists and cannot be read.
    Unreadable,
    /// It is empty.
    Empty,
    /// There is white space after the token.
    TrailingWhitespace,
    /// It holds something else than a token.
    NotAToken,
}

/// The result that AssumeRoleWithWebIdentity would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StsCall {
    /// It gives credentials.
    Works,
    /// STS rejects the token (InvalidIdentityToken, ExpiredTokenException).
    TokenRejected,
    /// STS refuses for another reason (AccessDenied, ValidationError).
    Denied,
    /// STS cannot answer now (5xx, throttling).
    Unavailable,
    /// STS is not reached, or something else answers.
    Unreachable,
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
    /// It cannot answer now (5xx, throttling).
    Failing,
    /// It is not reached, or something else answers.
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
    /// The file that `AWS_WEB_IDENTITY_TOKEN_FILE` names.
    pub token: TokenFile,
    /// The file that `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` names.
    pub container_token: TokenFile,
    /// The exchange at STS.
    pub sts: StsCall,
    /// The agent.
    pub agent: AgentCall,
    /// IMDS.
    pub imds: ImdsView,
}

impl<'a> Surroundings<'a> {
    /// The surroundings of an environment alone. Files and calls are assumed to work, unless STS is certain to refuse. IMDS is assumed to be
    /// reachable.
    pub fn assumed(environment: &'a Environment, profile: &'a Profile) -> Surroundings<'a> {
        let refused = refused_for_certain(environment, profile).is_some();
        Surroundings {
            environment,
            profile,
            token: TokenFile::Good,
            container_token: TokenFile::Good,
            sts: if refused { StsCall::Denied } else { StsCall::Works },
            agent: AgentCall::Works,
            imds: ImdsView::REACHABLE,
        }
    }
}

/// Why STS is certain to refuse the role, whatever the trust policy allows, in a sentence. STS refuses a text that is no role's ARN, and a role
/// of another partition than STS's own.
pub(super) fn refused_for_certain(environment: &Environment, profile: &Profile) -> Option<&'static str> {
    let Ok(role) = RoleArn::parse(environment.role_arn.raw()?) else { return Some("AWS_ROLE_ARN is no role's ARN, and STS refuses it.") };
    let (_, region) = precedence::region(environment, profile)?;
    let region = Region::parse(region.raw()).ok()?;
    (role.partition != region.partition()).then_some("The role belongs to another partition than the region, whose STS refuses it.")
}
