//! Step `injection`: what the pod was given. The plan is made from the same inputs, so it already holds the defects.

use crate::core::catalogue::Step;
use crate::core::check::Finding;
use crate::core::check::row::{CheckContext, CheckRow, CheckState, earlier, pass_with, skip};
use crate::core::plan::{Defect, Plan, Provider};

pub(super) const CHECKS: &[CheckRow] = &[
    CheckRow {
        id: "injected",
        title: "an AWS identity is injected into this container",
        rests_on: earlier(Step::Injection),
        state: |context, _| match (context.plan.provider, &context.plan.profile) {
            (Provider::Irsa, Some(profile)) => pass_with(format!("IRSA, from profile {profile:?}")),
            (Provider::Irsa, None) => pass_with("IRSA"),
            (Provider::PodIdentity, _) => pass_with("EKS Pod Identity"),
            (Provider::None, _) => match of_profile(context.plan) {
                Some(defect) => skip(["see ", defect.code.id()].concat()),
                None => CheckState::Passed(None),
            },
        },
    },
    CheckRow {
        id: "role-arn",
        title: "AWS_ROLE_ARN is the ARN of the expected role",
        rests_on: earlier(Step::Injection),
        state: |context, _| match context.plan.last_role() {
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
            None => skip("no call was planned"),
        },
    },
    CheckRow {
        id: "unshadowed",
        title: "no other credentials override the injected identity",
        rests_on: earlier(Step::Injection),
        state: |context, _| if context.plan.provider == Provider::None { skip("nothing is injected") } else { CheckState::Passed(None) },
    },
    CheckRow {
        id: "endpoint",
        title: "STS is called at its regional endpoint",
        rests_on: earlier(Step::Injection),
        state: |context, _| match context.plan.endpoints.first() {
            Some(endpoint) => pass_with(&endpoint.host),
            None => skip("no call was planned"),
        },
    },
];

/// What is wrong with the selected profile, where that is why nothing is injected.
fn of_profile(plan: &Plan) -> Option<&Defect> {
    plan.defects.iter().find(|defect| is_of_profile(defect))
}

/// Whether it replaces `not-injected`.
fn is_of_profile(defect: &Defect) -> bool {
    defect.code.step() == Step::Application
}

/// The plan's defects.
pub(super) fn find(context: &CheckContext<'_>, _: &[Finding]) -> Vec<Finding> {
    let defects = context.plan.defects.iter();
    let of = |defect: &Defect| Finding {
        severity: defect.severity,
        at: if is_of_profile(defect) { Step::Injection } else { defect.code.step() },
        ..Finding::new(defect.code, defect.detail.clone())
    };
    defects.map(of).collect()
}
