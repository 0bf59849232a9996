//! Step `pod-identity`: how the agent's call ended.

use crate::core::aws::answer::ServiceAnswer;
use crate::core::catalogue::{Code, Operation, Step};
use crate::core::check::Finding;
use crate::core::check::calls::quote_error;
use crate::core::check::row::{CheckContext, CheckRow, CheckState, earlier, skip, skip_without};
use crate::core::evidence::exchange::FailureKind;
use crate::core::evidence::{AgentCredentials, Call, Fact, SkipReason};
use crate::core::plan::{Plan, Provider};

pub(super) const CHECKS: &[CheckRow] = &[
    CheckRow {
        id: "agent",
        title: "the Pod Identity agent issues credentials",
        rests_on: earlier(Step::PodIdentity),
        state: |context, _| match &context.evidence.agent {
            Fact::Known(call) => CheckState::Passed(call.success().and_then(|given| given.expires_at).map(|at| format!("until {at}"))),
            other => skip_without(other),
        },
    },
    CheckRow {
        id: "agent-proxy",
        title: "no proxy captures calls to the agent",
        rests_on: earlier(Step::PodIdentity),
        state: |context, _| {
            if context.plan.provider == Provider::PodIdentity {
                CheckState::Passed(None)
            } else {
                skip(SkipReason::NotThisProvider.describe())
            }
        },
    },
];

/// How the agent's call failed.
pub(super) fn find(context: &CheckContext<'_>, _: &[Finding]) -> Vec<Finding> {
    context.evidence.agent.known().and_then(|call| refusal(call, context.plan)).into_iter().collect()
}

fn refusal(call: &Call<AgentCredentials>, plan: &Plan) -> Option<Finding> {
    let url = plan.agent_url.as_ref().map_or("the agent".to_owned(), ToString::to_string);
    match &call.answer {
        Ok(ServiceAnswer::Success(_)) => None,
        Ok(ServiceAnswer::Error(error)) => {
            let code = Code::from_error(Operation::AssumeRoleForPodIdentity, error);
            let mut detail = quote_error(&format!("The agent ({url})"), error);
            if code == Code::AgentError && error.message.to_ascii_lowercase().contains("eks-auth:assumeroleforpodidentity") {
                detail.push_str(
                    " The node's role lacks eks-auth:AssumeRoleForPodIdentity. The application's own permissions are not the cause.",
                );
            }
            Some(Finding::new(code, detail))
        }
        Ok(ServiceAnswer::Alien(alien)) => {
            Some(Finding::new(Code::AgentError, format!("{url} answered with HTTP status {} and {}.", alien.status, alien.what)))
        }
        Err(failure) => {
            let code = match failure.kind {
                // The request has a header value that HTTP forbids. Only the token can be that value.
                FailureKind::BadRequest => Code::AgentTokenRejected,
                FailureKind::NotHttp => Code::AgentError,
                FailureKind::OutOfResources => Code::ProbeOutOfResources,
                _ => Code::AgentUnreachable,
            };
            Some(Finding::new(code, format!("{url}: {}.", failure.text.trim_end_matches('.'))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_call_that_never_became_one_says_whose_fault_it_is() {
        let code = |kind: &str| {
            let failure = json!({"phase": "resolve", "kind": kind, "text": "no"});
            let call = serde_json::from_value(json!({"exchange": null, "answer": {"Err": failure}})).unwrap();
            refusal(&call, &Plan::from_inputs(&Default::default())).unwrap().code
        };
        assert_eq!(code("bad-request"), Code::AgentTokenRejected, "a header that HTTP forbids");
        assert_eq!(code("not-http"), Code::AgentError);
        assert_eq!(code("out-of-resources"), Code::ProbeOutOfResources);
        assert_eq!(code("connect-refused"), Code::AgentUnreachable);
    }
}
