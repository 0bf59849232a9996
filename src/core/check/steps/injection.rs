//! Step `injection`: what the pod was given. The plan is made from the same inputs, so it already holds the defects.

use crate::core::catalogue::Step;
use crate::core::check::Finding;
use crate::core::check::row::{CheckContext, CheckRow, CheckState, earlier, pass_with, skip};
use crate::core::plan::Provider;

pub(super) const CHECKS: &[CheckRow] = &[
    CheckRow {
        id: "injected",
        title: "an AWS identity is injected into this container",
        rests_on: earlier(Step::Injection),
        state: |context, _| match context.plan.provider {
            Provider::Irsa => pass_with("IRSA"),
            Provider::PodIdentity => pass_with("EKS Pod Identity"),
            Provider::None => CheckState::Passed(None),
        },
    },
    CheckRow {
        id: "role-arn",
        title: "AWS_ROLE_ARN is the ARN of the expected role",
        rests_on: earlier(Step::Injection),
        state: |context, _| match &context.plan.role {
            Some(role) => pass_with(role),
            None => skip("IRSA is not injected"),
        },
    },
    CheckRow {
        id: "region",
        title: "the region is known and belongs to the role's partition",
        rests_on: earlier(Step::Injection),
        state: |context, _| match context.plan.region() {
            Some(region) => pass_with(region),
            None => skip("nothing is called"),
        },
    },
    CheckRow {
        id: "unshadowed",
        title: "no other credentials shadow the injected identity",
        rests_on: earlier(Step::Injection),
        state: |context, _| if context.plan.provider == Provider::None { skip("nothing is injected") } else { CheckState::Passed(None) },
    },
    CheckRow {
        id: "endpoint",
        title: "STS is called at its regional endpoint",
        rests_on: earlier(Step::Injection),
        state: |context, _| match context.plan.endpoints.first() {
            Some(endpoint) => pass_with(&endpoint.host),
            None => skip("nothing is called"),
        },
    },
];

/// The plan's defects.
pub(super) fn find(context: &CheckContext<'_>, _: &[Finding]) -> Vec<Finding> {
    let defects = context.plan.defects.iter();
    defects.map(|defect| Finding { severity: defect.severity, ..Finding::new(defect.code, defect.detail.clone()) }).collect()
}
