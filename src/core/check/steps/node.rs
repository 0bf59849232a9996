//! Step `node`: whether this pod can get the node's role from IMDS.

use crate::core::aws::imds::ImdsReach;
use crate::core::catalogue::{Code, Step};
use crate::core::check::Finding;
use crate::core::check::row::{CheckContext, CheckRow, earlier, pass_with, skip, skip_without};
use crate::core::evidence::{Evidence, Fact};

pub(super) const CHECKS: &[CheckRow] = &[CheckRow {
    id: "node-role",
    title: "the node's role is out of this pod's reach",
    rests_on: earlier(Step::Node),
    state: |context, _| match &context.evidence.imds {
        Fact::Known(imds) => match imds.v2 {
            ImdsReach::HopLimited => pass_with("the hop limit keeps IMDSv2 from pods"),
            ImdsReach::Answers if imds.no_role => pass_with("IMDS answers, but the instance has no role"),
            ImdsReach::Answers => skip("IMDS answers, but named no role"),
            ImdsReach::Absent | ImdsReach::Dropped => pass_with("IMDS is out of reach"),
            ImdsReach::Refused | ImdsReach::Other => pass_with("IMDS refuses"),
        },
        other => skip_without(other),
    },
}];

/// The node's role, if IMDS gives it to this pod.
pub(super) fn find(context: &CheckContext<'_>, _: &[Finding]) -> Vec<Finding> {
    reachable_role(context.evidence).into_iter().collect()
}

/// The finding, if this pod can get the node's role. There is none when IMDS is out of reach, because that is the secure state.
fn reachable_role(evidence: &Evidence) -> Option<Finding> {
    let imds = evidence.imds.known()?;
    let role = imds.role.as_deref()?;
    if imds.v2 == ImdsReach::Answers {
        Some(Finding::new(Code::NodeRoleReachable, format!("IMDSv2 names the role {role} to this pod.")))
    } else if imds.v1 == Some(ImdsReach::Answers) {
        Some(Finding::new(Code::NodeRoleReachableV1, format!("IMDSv2 is out of reach, but IMDSv1 names the role {role} to this pod.")))
    } else {
        None
    }
}
