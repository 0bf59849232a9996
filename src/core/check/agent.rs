//! Step `pod-identity`: how the agent's call ended.

use super::Finding;
use super::sts::quote;
use crate::core::aws::answer::ServiceAnswer;
use crate::core::catalogue::{Code, Operation};
use crate::core::evidence::Evidence;
use crate::core::evidence::exchange::FailureKind;
use crate::core::plan::Plan;

/// The agent's answer.
pub(super) fn look(evidence: &Evidence, plan: &Plan) -> Option<Finding> {
    let call = evidence.agent.known()?;
    let url = plan.agent_url.as_ref().map_or("the agent".to_owned(), ToString::to_string);
    match &call.answer {
        Ok(ServiceAnswer::Success(_)) => None,
        Ok(ServiceAnswer::Error(error)) => {
            let code = Code::from_error(Operation::AssumeRoleForPodIdentity, error);
            let mut detail = quote(&format!("The agent ({url})"), error);
            if code == Code::AgentError && error.message.to_ascii_lowercase().contains("eks-auth:assumeroleforpodidentity") {
                detail.push_str(" The node's role lacks eks-auth:AssumeRoleForPodIdentity, which AmazonEKSWorkerNodePolicy grants.");
            }
            Some(Finding::new(code, detail))
        }
        Ok(ServiceAnswer::Alien(alien)) => {
            Some(Finding::new(Code::AgentError, format!("{url} answered with HTTP status {} and {}.", alien.status, alien.what)))
        }
        Err(failure) => {
            let code = match failure.kind {
                // A header that HTTP forbids can only be the token.
                FailureKind::BadRequest => Code::AgentTokenRejected,
                FailureKind::NotHttp => Code::AgentError,
                FailureKind::OutOfResources => Code::ProbeOutOfResources,
                _ => Code::AgentUnreachable,
            };
            Some(Finding::new(code, format!("{url}: {}.", failure.text.trim_end_matches('.'))))
        }
    }
}
