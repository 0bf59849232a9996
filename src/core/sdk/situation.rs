//! What decides where an SDK's chain ends: what the process was given, and how the calls that the chain makes would go.

use super::endpoint;
use crate::core::aws::answer::ServiceAnswer;
use crate::core::aws::arn::RoleArn;
use crate::core::aws::partition::Region;
use crate::core::catalogue::{Code, Operation};
use crate::core::evidence::{Call, Evidence, Fact, FileFact, FileFailureKind, Imds, ImdsReach, SkipReason, Token, TokenContent};
use crate::core::plan::{Plan, Provider};
use crate::core::pod::inputs::{Environment, Profile};
use crate::core::pod::token::TokenDefect;

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

    /// What a check found. What it did not try is taken for good: the provider that was not injected, a call that was not made.
    pub fn of(evidence: &'a Evidence) -> Surroundings<'a> {
        let inputs = &evidence.inputs;
        let mut situation = Surroundings::assumed(&inputs.environment, &inputs.profile);
        let file = evidence.token.known().map_or(TokenFile::Good, TokenFile::of);
        let plan = Plan::of(inputs);
        match plan.provider {
            Provider::PodIdentity => situation.container_token = file,
            Provider::Irsa => situation.token = file,
            Provider::None => {}
        }
        // The check calls nobody with these; an application does.
        for defect in &plan.defects {
            match defect.code {
                Code::RoleArnMalformed | Code::PartitionMismatch => situation.sts = StsCall::Denied,
                Code::RegionMalformed => situation.sts = StsCall::Unreachable,
                _ => {}
            }
        }
        if let Some(call) = evidence.endpoints.first().and_then(|primary| primary.assume_role.known()) {
            situation.sts = sts_call(call);
        }
        if let Some(call) = evidence.agent.known() {
            situation.agent = agent_call(call);
        }
        situation.imds = match &evidence.imds {
            Fact::Known(imds) => ImdsView::of(imds),
            // The environment says it itself.
            Fact::NotAttempted(SkipReason::ImdsDisabled) => ImdsView::REACHABLE,
            _ => ImdsView::Unknown,
        };
        situation
    }
}

/// What STS refuses whatever the trust policy says, in a sentence: what is no role's ARN, and a role of another partition than its own.
pub(super) fn refused_for_certain(environment: &Environment, profile: &Profile) -> Option<&'static str> {
    let Ok(role) = RoleArn::parse(environment.role_arn.raw()?) else { return Some("AWS_ROLE_ARN is no role's ARN, and STS refuses it.") };
    let region = endpoint::region(environment, profile).and_then(|region| Region::parse(region).ok())?;
    (role.partition != region.partition()).then_some("The role belongs to another partition than the region, whose STS refuses it.")
}

impl TokenFile {
    /// What reading it gave.
    pub fn of(token: &Token) -> TokenFile {
        match &token.file {
            FileFact::Failed(failure) => match failure.kind {
                FileFailureKind::Missing => TokenFile::Missing,
                // That it was not read says nothing of it.
                FileFailureKind::Undecided | FileFailureKind::OutOfResources => TokenFile::Good,
                FileFailureKind::Denied | FileFailureKind::NotRegular | FileFailureKind::TooLarge | FileFailureKind::Other => {
                    TokenFile::Unreadable
                }
            },
            FileFact::Read { content: TokenContent::Defect(TokenDefect::Empty), .. } => TokenFile::Empty,
            FileFact::Read { content: TokenContent::Defect(_), .. } => TokenFile::NotAToken,
            FileFact::Read { trailing_whitespace: true, .. } => TokenFile::TrailingWhitespace,
            FileFact::Read { .. } => TokenFile::Good,
        }
    }
}

impl ImdsView {
    /// What was seen of it.
    pub fn of(imds: &Imds) -> ImdsView {
        match imds.v2 {
            // It answers, but not in time what its role is.
            ImdsReach::Answers if imds.role.is_none() && !imds.no_role => ImdsView::Unknown,
            v2 => ImdsView::Seen { v2, v1: imds.v1 == Some(ImdsReach::Answers), role: imds.role.is_some() },
        }
    }
}

fn sts_call<T>(call: &Call<T>) -> StsCall {
    match &call.answer {
        Ok(ServiceAnswer::Success(_)) => StsCall::Works,
        // SDKs go by AWS's own code here: it is one for all that is wrong with a token.
        Ok(ServiceAnswer::Error(error)) if matches!(error.code.as_deref(), Some("InvalidIdentityToken" | "ExpiredTokenException")) => {
            StsCall::TokenRejected
        }
        Ok(ServiceAnswer::Error(error)) => match Code::from_error(Operation::AssumeRoleWithWebIdentity, error) {
            Code::Throttled | Code::StsUnavailable => StsCall::Unavailable,
            _ if error.status >= 500 || error.status == 429 => StsCall::Unavailable,
            _ => StsCall::Denied,
        },
        Ok(ServiceAnswer::Alien(_)) | Err(_) => StsCall::Unreachable,
    }
}

fn agent_call<T>(call: &Call<T>) -> AgentCall {
    match &call.answer {
        Ok(ServiceAnswer::Success(_)) => AgentCall::Works,
        Ok(ServiceAnswer::Error(error)) => match error.status {
            404 => AgentCall::NotFound,
            429 | 500.. => AgentCall::Failing,
            _ => AgentCall::Refused,
        },
        Ok(ServiceAnswer::Alien(_)) | Err(_) => AgentCall::Unreachable,
    }
}
