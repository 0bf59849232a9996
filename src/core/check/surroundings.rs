//! The surroundings of an SDK's chain, as a check found them: the environment, and the results of the calls that a chain would make.

use crate::core::aws::answer::ServiceAnswer;
use crate::core::aws::imds::ImdsReach;
use crate::core::catalogue::{Code, Operation};
use crate::core::evidence::{Call, Evidence, Fact, FileFact, FileFailureKind, Imds, SkipReason, Token, TokenContent};
use crate::core::plan::{IdentitySource, Plan, Provider};
use crate::core::pod::environment::Var;
use crate::core::pod::token::TokenDefect;
use crate::core::sdk::{AgentCall, ImdsView, StsCall, Surroundings, TokenFile};

/// The surroundings that a check found. What the check did not try is assumed to work: the other provider, a call that was not made.
pub fn from_evidence(evidence: &Evidence) -> Surroundings<'_> {
    let inputs = &evidence.inputs;
    let mut surroundings = Surroundings::assumed(&inputs.environment, &inputs.profile);
    let file = evidence.token.known().map_or(TokenFile::Good, token_file);
    let plan = Plan::from_inputs(inputs);
    match plan.provider {
        Provider::PodIdentity => {
            surroundings.container_token = file;
            surroundings.trimmed_container_token =
                if is_trimmed(&inputs.environment.container_token_file) { file } else { TokenFile::Good };
        }
        Provider::Irsa if plan.source == IdentitySource::Environment => {
            surroundings.token = file;
            surroundings.trimmed_token = if is_trimmed(&inputs.environment.token_file) { file } else { TokenFile::Good };
        }
        Provider::Irsa | Provider::None => {}
    }
    // The selected profile names the same token file.
    let chain = inputs.profile.role_chain().ok().flatten();
    let named = chain.as_ref().and_then(|chain| chain.web_identity()).map(|root| root.token_file.raw());
    if named.is_some() && named == plan.token_path.as_ref().map(|path| path.raw()) {
        surroundings.profile_token = file;
    }
    // Nothing answers there on EKS.
    surroundings.ecs = Some(AgentCall::Unreachable);
    // Only a person's own log-in caches a token of SSO. The check does not look for one.
    surroundings.sso_token = false;
    surroundings.now = Some(evidence.taken_at);
    if let Some(call) = evidence.endpoints.first().and_then(|primary| primary.assume_role.known()) {
        // A configured URL is taken to lead to the same STS as AWS's own hosts, which some SDKs call in its place.
        surroundings.sts = sts_call(call);
    }
    surroundings.hop = evidence.endpoints.first().and_then(|primary| primary.hops.last()).map(sts_call);
    if let Some(call) = evidence.agent.known() {
        surroundings.agent = agent_call(call);
    }
    surroundings.imds = match &evidence.imds {
        Fact::Known(imds) => imds_view(imds),
        // `AWS_EC2_METADATA_DISABLED` is in the environment, and the prediction reads it there.
        Fact::NotAttempted(SkipReason::ImdsDisabled) => ImdsView::REACHABLE,
        _ => ImdsView::Unknown,
    };
    surroundings
}

/// Whether no white space stands around the path. The check did not read the path without it.
fn is_trimmed(path: &Var) -> bool {
    path.raw().is_some_and(|path| path.trim() == path)
}

/// A token file, as SDKs see it.
pub fn token_file(token: &Token) -> TokenFile {
    match &token.file {
        FileFact::Failed(failure) => match failure.kind {
            FileFailureKind::Missing => TokenFile::Missing,
            // The probe did not read the file. This says nothing about the file.
            FileFailureKind::Undecided | FileFailureKind::OutOfResources => TokenFile::Good,
            FileFailureKind::NotRegular => TokenFile::NotAFile,
            FileFailureKind::Denied | FileFailureKind::TooLarge | FileFailureKind::Other => TokenFile::Unreadable,
        },
        FileFact::Read { content: TokenContent::Defect(TokenDefect::Empty), .. } => TokenFile::Empty,
        FileFact::Read { content: TokenContent::Defect(_), .. } => TokenFile::NotAToken,
        FileFact::Read { trailing_whitespace: true, .. } => TokenFile::TrailingWhitespace,
        FileFact::Read { .. } => TokenFile::Good,
    }
}

fn imds_view(imds: &Imds) -> ImdsView {
    match imds.v2 {
        // IMDS answers, but did not name its role in time.
        ImdsReach::Answers if imds.role.is_none() && !imds.no_role => ImdsView::Unknown,
        v2 => ImdsView::Seen { v2, v1: imds.v1 == Some(ImdsReach::Answers), role: imds.role.is_some() },
    }
}

fn sts_call<T>(call: &Call<T>) -> StsCall {
    match &call.answer {
        Ok(ServiceAnswer::Success(_)) => StsCall::Works,
        // SDKs decide by AWS's own error code here. It is the same for every fault of a token.
        Ok(ServiceAnswer::Error(error)) if error.code.as_deref() == Some("InvalidIdentityToken") => StsCall::TokenRejected,
        Ok(ServiceAnswer::Error(error)) if error.code.as_deref() == Some("ExpiredTokenException") => StsCall::TokenExpired,
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
            429 => AgentCall::Throttled,
            500.. => AgentCall::Failing,
            _ => AgentCall::Refused,
        },
        Ok(ServiceAnswer::Alien(_)) => AgentCall::Alien,
        Err(_) => AgentCall::Unreachable,
    }
}
