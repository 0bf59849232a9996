//! What a step and a check are: one row each. A step's rows and its findings stand in its file below `steps`.

use super::Finding;
use super::proven::Proven;
use crate::core::catalogue::Step;
use crate::core::evidence::{Evidence, Fact, SkipReason};
use crate::core::plan::Plan;

/// What every step is evaluated on.
pub(super) struct CheckContext<'a> {
    /// What was seen.
    pub(super) evidence: &'a Evidence,
    /// What was to be called.
    pub(super) plan: &'a Plan,
    /// Local clock minus STS's, in seconds.
    pub(super) clock_skew: Option<i64>,
    /// The identity proven for the injected provider.
    pub(super) proven: Option<&'a Proven>,
}

/// A stage of the credential's way.
pub(super) struct StepRow {
    pub(super) step: Step,
    /// Its checks, in the report's order.
    pub(super) checks: &'static [CheckRow],
    /// What speaks against it, given the findings of the steps before.
    pub(super) find: fn(&CheckContext<'_>, &[Finding]) -> Vec<Finding>,
}

/// One check. The codes that turn it name it in their rows of the catalogue.
pub(super) struct CheckRow {
    /// Permanent name.
    pub(super) id: &'static str,
    /// An assertion, true when green.
    pub(super) title: &'static str,
    /// The steps without which it says nothing: a root cause in one of them hides the check, and the findings that turn it.
    pub(super) rests_on: &'static [Step],
    /// How it ends where no finding turns it.
    pub(super) state: fn(&CheckContext<'_>, &[Finding]) -> CheckState,
}

/// How a check ends that no finding turns.
pub(super) enum CheckState {
    /// It passes; what was seen.
    Passed(Option<String>),
    /// It could not be made; why.
    Skipped(String),
    /// It is listed only when it fails.
    Unlisted,
}

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

/// The check is skipped because this fact, on which it would be decided, is not known.
pub(super) fn skip_without<T>(fact: &Fact<T>) -> CheckState {
    match fact {
        Fact::NotAttempted(because) => skip(because.describe()),
        Fact::Failed(failure) => skip(failure.text.clone()),
        Fact::Known(_) => skip(SkipReason::EarlierFailure.describe()),
    }
}
