//! Step `node`: whether this pod can get the node's role from IMDS.

use crate::core::aws::imds::ImdsReach;
use crate::core::catalogue::Code;
use crate::core::check::Finding;
use crate::core::check::meanwhile::meanwhile;
use crate::core::check::row::{CheckContext, CheckRow, NOTHING, pass_with, skip, skip_without};
use crate::core::evidence::Fact;

pub(super) const CHECKS: &[CheckRow] = &[CheckRow {
    id: "node-role",
    title: "this pod cannot get the node's role",
    rests_on: NOTHING,
    state: |context, _| match &context.evidence.imds {
        Fact::Known(imds) => match imds.v2 {
            ImdsReach::HopLimited => pass_with("the hop limit blocks IMDSv2 for pods"),
            ImdsReach::Answers if imds.no_role => pass_with("IMDS answers, but the instance has no role"),
            ImdsReach::Answers => skip("IMDS answers, but named no role in time"),
            ImdsReach::Absent | ImdsReach::Dropped => pass_with("IMDS cannot be reached"),
            ImdsReach::Refused | ImdsReach::Other => pass_with("IMDS refuses requests"),
        },
        other => skip_without(other),
    },
}];

/// The node's role, if IMDS gives it to this pod, and what the SDKs do while the identity is not proven. There is no finding when IMDS is
/// out of reach, because that is the secure state.
pub(super) fn find(context: &CheckContext<'_>, _: &[Finding]) -> Vec<Finding> {
    let Some(imds) = context.evidence.imds.known() else { return Vec::new() };
    let Some(role) = imds.reachable_role() else { return Vec::new() };
    let (code, seen) = match imds.v2 {
        ImdsReach::Answers => (Code::NodeRoleReachable, "IMDSv2 answers and names"),
        _ => (Code::NodeRoleReachableV1, "IMDSv2 cannot be reached, but IMDSv1 answers and names"),
    };
    let meanwhile = meanwhile(context).map(|meanwhile| format!(" {}", meanwhile.describe())).unwrap_or_default();
    vec![Finding::new(code, format!("{seen} the role {role}.{meanwhile}"))]
}
