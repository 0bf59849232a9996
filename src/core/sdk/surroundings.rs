//! What decides where an SDK's chain ends: what the process was given, and how the calls that the chain makes would go.

use crate::core::aws::arn::RoleArn;
use crate::core::aws::imds::ImdsReach;
use crate::core::aws::partition::Region;
use crate::core::pod::environment::Environment;
use crate::core::pod::precedence;
use crate::core::pod::profile::Profile;

/// A token file, as far as SDKs tell the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFile {
    /// It holds a token.
    Good,
    /// It is not there.
    Missing,
    /// It is there and cannot be read.
    Unreadable,
    /// Nothing is in it.
    Empty,
    /// White space stands after the token.
    TrailingWhitespace,
    /// It holds something else than a token.
    NotAToken,
}

/// How AssumeRoleWithWebIdentity would go.
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

/// How the call of the Pod Identity agent would go.
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
    /// Nobody listens, or something else answers.
    Unreachable,
}

/// What IMDS would give. `AWS_EC2_METADATA_DISABLED` is the environment's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImdsView {
    /// Not looked at, or not found out in time: taken for reachable, and said so.
    Unknown,
    /// Looked at.
    Seen {
        /// How far version 2 gets.
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
    /// Nobody is there.
    pub const ABSENT: ImdsView = ImdsView::Seen { v2: ImdsReach::Absent, v1: false, role: false };
}

/// All that decides.
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
    /// An environment by itself: files and calls are taken for good but for what is certain, IMDS for reachable.
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

/// What STS refuses whatever the trust policy says, in a sentence: what is no role's ARN, and a role of another partition than its own.
pub(super) fn refused_for_certain(environment: &Environment, profile: &Profile) -> Option<&'static str> {
    let Ok(role) = RoleArn::parse(environment.role_arn.raw()?) else { return Some("AWS_ROLE_ARN is no role's ARN, and STS refuses it.") };
    let (_, region) = precedence::region(environment, profile)?;
    let region = Region::parse(region.raw()).ok()?;
    (role.partition != region.partition()).then_some("The role belongs to another partition than the region, whose STS refuses it.")
}
