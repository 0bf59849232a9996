//! The selected profile where the variables name an identity. Where nothing is injected, the plan has the profile's fault already.

use crate::core::check::Finding;
use crate::core::check::row::{CheckContext, CheckRow, NOTHING, pass_with, skip};
use crate::core::plan::profile_fault;

pub(super) const CHECK: CheckRow = CheckRow {
    id: "profile",
    title: "the selected profile exists and is complete",
    rests_on: NOTHING,
    state: |context, _| {
        let profile = &context.evidence.inputs.profile;
        // Older evidence has no sections.
        let of_old = profile.sections.is_empty() && !profile.summary().is_empty();
        let is_there = of_old || profile.sections.iter().any(|section| section.name.raw() == profile.name.raw());
        match &profile.error {
            Some(error) => skip(error.clone()),
            None if is_there => pass_with(format!("{:?}", profile.name)),
            None if context.evidence.inputs.environment.profile.value().is_none() => skip("no profile is selected"),
            None => skip("the files were not read"),
        }
    },
};

/// What is wrong with the selected profile. It is a warning here, because the identity does not rest on it.
pub(super) fn find(context: &CheckContext<'_>) -> Option<Finding> {
    let (code, detail) = profile_fault(&context.evidence.inputs)?;
    let is_said = context.plan.defects.iter().any(|defect| defect.code == code);
    (!is_said).then(|| Finding::new(code, detail))
}
