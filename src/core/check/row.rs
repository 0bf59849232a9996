//! The row of a step and the row of a check. The rows and the findings of a step are in its file below `steps`.

use super::Finding;
use super::app_sdk::AppSdk;
use super::proven::Proven;
use crate::core::catalogue::Step;
use crate::core::evidence::{Evidence, Fact, SkipReason};
use crate::core::plan::Plan;
use crate::core::sdk::Prediction;

/// What every step is evaluated on.
pub(super) struct CheckContext<'a> {
    /// What the attempt found.
    pub(super) evidence: &'a Evidence,
    /// What the attempt was to call.
    pub(super) plan: &'a Plan,
    /// Local clock minus STS's, in seconds.
    pub(super) clock_skew: Option<i64>,
    /// The identity proven for the injected provider.
    pub(super) proven: Option<&'a Proven>,
    /// The application's SDKs, as far as they are known.
    pub(super) apps: &'a [AppSdk],
    /// What each SDK family gets now. Empty where the environment could not be read.
    pub(super) sdks: &'a [Prediction],
}

/// One step of a check.
pub(super) struct StepRow {
    pub(super) step: Step,
    /// Its checks, in the report's order.
    pub(super) checks: &'static [CheckRow],
    /// The findings of this step, given those of the earlier steps.
    pub(super) find: fn(&CheckContext<'_>, &[Finding]) -> Vec<Finding>,
}

/// One check. A code names its check in its row of the catalogue.
pub(super) struct CheckRow {
    /// Permanent name.
    pub(super) id: &'static str,
    /// An assertion, true when green.
    pub(super) title: &'static str,
    /// The steps that have to work before this check means anything. A root cause in one of them hides the check and its findings.
    pub(super) rests_on: &'static [Step],
    /// How the check ends when it has no finding.
    pub(super) state: fn(&CheckContext<'_>, &[Finding]) -> CheckState,
}

/// How a check without a finding ends.
pub(super) enum CheckState {
    /// It passes. The text says what was seen.
    Passed(Option<String>),
    /// It was not made. The text says why.
    Skipped(String),
    /// It is not listed. It appears only when it has a finding.
    Unlisted,
}

/// The check means the same whatever failed before it.
pub(super) const NOTHING: &[Step] = &[];

/// All steps before this one.
pub(super) const fn earlier(step: Step) -> &'static [Step] {
    Step::ALL.split_at(step as usize).0
}

/// The check passes, with what was seen.
pub(super) fn pass_with(detail: impl ToString) -> CheckState {
    CheckState::Passed(Some(detail.to_string()))
}

/// The check is skipped, with the reason.
pub(super) fn skip(because: impl Into<String>) -> CheckState {
    CheckState::Skipped(because.into())
}

/// The check is skipped because this fact decides it and is not known.
pub(super) fn skip_without<T>(fact: &Fact<T>) -> CheckState {
    match fact {
        Fact::NotAttempted(because) => skip(because.describe()),
        Fact::Failed(failure) => skip(failure.text.clone()),
        Fact::Known(_) => skip(SkipReason::EarlierFailure.describe()),
    }
}
