//! The surroundings of an SDK's chain, as a check found them: the environment, and the results of the calls that a chain would make.

use crate::core::aws::answer::{ServiceAnswer, ServiceError};
use crate::core::aws::arn::RoleArn;
use crate::core::aws::imds::ImdsReach;
use crate::core::catalogue::{Code, Operation};
use crate::core::evidence::{
    AgentCredentials, Call, ChainErrorKind, Evidence, Fact, FileFact, FileFailureKind, Imds, SkipReason, Token, TokenContent,
};
use crate::core::plan::{IdentitySource, Plan, Provider};
use crate::core::pod::environment::Var;
use crate::core::pod::token::TokenDefect;
use crate::core::sdk::{AgentCall, ImdsView, SdkFiles, StsCall, Surroundings, TokenFile};
use crate::core::text::time::Timestamp;

/// The surroundings that a check found. What the check did not try is assumed to work: the other provider, a call that was not made.
pub fn from_evidence(evidence: &Evidence) -> Surroundings<'_> {
    let inputs = &evidence.inputs;
    let plan = Plan::from_inputs(inputs);
    let mut surroundings = Surroundings {
        files: evidence.sdk_files.unwrap_or_else(|| files_of_injected(evidence, &plan)),
        profile_tokens: &evidence.profile_tokens,
        // Nothing answers there on EKS.
        ecs: Some(AgentCall::Unreachable),
        now: Some(evidence.taken_at),
        ..Surroundings::assumed(&inputs.environment, &inputs.profile)
    };
    // A configured URL is assumed to lead to the same STS as AWS's own hosts, which some SDKs call instead.
    let asked = evidence.endpoints.first().and_then(|primary| primary.assume_role.known()).map(sts_call);
    // Where STS cannot answer at all, it answers for no role.
    let is_down = matches!(asked, Some(StsCall::Unreachable | StsCall::Unavailable | StsCall::Alien));
    match plan.source {
        _ if is_down => surroundings.sts = asked.unwrap_or(surroundings.sts),
        IdentitySource::Environment => {
            surroundings.sts = asked.unwrap_or(surroundings.sts);
            surroundings.profile_sts = profile_sts(evidence, &plan);
        }
        // The check did not ask for the variables' role, if they name one.
        IdentitySource::Profile => surroundings.profile_sts = asked,
    }
    surroundings.hop = evidence.endpoints.first().and_then(|primary| primary.hops.last()).map(sts_call);
    if let Some(call) = evidence.agent.known() {
        surroundings.agent = agent_call(call, evidence.taken_at);
    }
    surroundings.imds = match &evidence.imds {
        Fact::Known(imds) => imds_view(imds),
        // `AWS_EC2_METADATA_DISABLED` is in the environment, and the prediction reads it there.
        Fact::NotAttempted(SkipReason::ImdsDisabled) => ImdsView::REACHABLE,
        _ => ImdsView::Unknown,
    };
    surroundings
}

/// The calls to STS for the roles of a profile where variables are set, too. The default chain of the Rust SDK, which takes such a profile first, tells how
/// they end. Where it was not followed, they are taken to work. `None` where the profile has the variables' role.
fn profile_sts(evidence: &Evidence, plan: &Plan) -> Option<StsCall> {
    let chain = evidence.inputs.profile.role_chain().ok().flatten()?;
    let role = chain.last_role().and_then(|role| RoleArn::parse(role.raw()).ok());
    let is_same = chain.hops.is_empty() && role.zip(plan.role.as_ref()).is_some_and(|(role, injected)| role.same_role(injected));
    if is_same && plan.provider == Provider::Irsa {
        return None;
    }
    let takes_profile = !evidence.inputs.environment.has_static_keys();
    let followed = evidence.chain.known().filter(|_| takes_profile);
    Some(match followed.and_then(|chain| chain.error.as_ref()).map(|error| &error.kind) {
        Some(ChainErrorKind::Service(error)) => sts_error(error),
        _ => StsCall::Works,
    })
}

/// The files in evidence of an older version, which holds the injected provider's token alone.
fn files_of_injected(evidence: &Evidence, plan: &Plan) -> SdkFiles {
    let env = &evidence.inputs.environment;
    let file = evidence.token.known().map_or(TokenFile::Good, token_file);
    // Such a check did not read the path without the white space around it.
    let trimmed = |path: &Var| if path.raw().is_some_and(|path| path.trim() == path) { file } else { TokenFile::Good };
    let good = SdkFiles { sso_token: false, ..SdkFiles::GOOD };
    match plan.provider {
        Provider::PodIdentity => SdkFiles { container_token: file, trimmed_container_token: trimmed(&env.container_token_file), ..good },
        Provider::Irsa => SdkFiles { token: file, trimmed_token: trimmed(&env.token_file), ..good },
        Provider::None => good,
    }
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
        Ok(ServiceAnswer::Error(error)) => sts_error(error),
        Ok(ServiceAnswer::Alien(alien)) => match alien.status {
            200..300 => StsCall::Alien,
            429 | 500.. => StsCall::Unavailable,
            _ => StsCall::Denied,
        },
        Err(_) => StsCall::Unreachable,
    }
}

/// SDKs decide by AWS's own error code here.
fn sts_error(error: &ServiceError) -> StsCall {
    match (error.code.as_deref(), Code::from_error(Operation::AssumeRoleWithWebIdentity, error)) {
        // It is the same for every fault of a token.
        (Some("InvalidIdentityToken"), _) => StsCall::TokenRejected,
        (Some("ExpiredTokenException"), _) => StsCall::TokenExpired,
        (Some("IDPCommunicationError"), _) => StsCall::IssuerUnreachable,
        (_, Code::Throttled | Code::StsUnavailable) => StsCall::Unavailable,
        _ if error.status >= 500 || error.status == 429 => StsCall::Unavailable,
        _ => StsCall::Denied,
    }
}

fn agent_call(call: &Call<AgentCredentials>, now: Timestamp) -> AgentCall {
    match &call.answer {
        Ok(ServiceAnswer::Success(given)) if given.expires_at.is_some_and(|end| end <= now) => AgentCall::Expired,
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The calls for the variables' role and for another one of the default profile.
    fn calls(assume_role: Value, chain: Value) -> (StsCall, Option<StsCall>) {
        let unknown = json!({"notAttempted": "not-asked"});
        let section =
            json!({"name": "default", "file": "config", "roleArn": "arn:aws:iam::111122223333:role/other", "webIdentityTokenFile": "/t"});
        let evidence = json!({
            "schema": "irsa-probe/evidence/v1", "takenAt": "2026-11-22T21:34:03Z",
            "inputs": {
                "environment": {
                    "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/checkout", "AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_REGION": "us-west-2"
                },
                "profile": {"name": "default", "sections": [section]}
            },
            "token": unknown, "defaultToken": unknown, "agent": unknown, "imds": unknown, "chain": chain,
            "endpoints": [{"region": "us-west-2", "host": "sts", "callerIdentity": unknown, "assumeRole": assume_role}]
        });
        let evidence: Evidence = serde_json::from_value(evidence).unwrap();
        let surroundings = from_evidence(&evidence);
        (surroundings.sts, surroundings.profile_sts)
    }

    #[test]
    fn the_role_of_a_profile_has_an_answer_of_its_own_unless_sts_answers_for_no_role() {
        let denied = json!({"status": 403, "code": "AccessDenied", "message": "no", "requestId": null});
        let refused = json!({"known": {"exchange": null, "answer": {"Ok": {"error": denied}}}});
        let failure = json!({"phase": "connect", "kind": "connect-timeout", "text": "no answer"});
        let down = json!({"known": {"exchange": null, "answer": {"Err": failure}}});
        let not_followed = json!({"notAttempted": "other-process"});
        let witness = json!({"known": {"provider": "none", "error": {"kind": {"service": denied}, "text": "no"}}});
        assert_eq!(calls(refused.clone(), not_followed.clone()), (StsCall::Denied, Some(StsCall::Works)));
        assert_eq!(calls(refused, witness.clone()), (StsCall::Denied, Some(StsCall::Denied)));
        assert_eq!(calls(json!({"notAttempted": "not-asked"}), witness.clone()), (StsCall::Works, Some(StsCall::Denied)));
        for chain in [not_followed, witness] {
            assert_eq!(calls(down.clone(), chain), (StsCall::Unreachable, None));
        }
    }
}
