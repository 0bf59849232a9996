//! Which attempt is reported, and when `check` tries again.

use super::cases;
use irsa_probe::core::catalogue::Class;
use irsa_probe::core::check::attempts::{Attempts, Next, backoff};
use irsa_probe::core::check::report::{Report, RunTimes, report};
use irsa_probe::core::evidence::Evidence;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use std::sync::LazyLock;
use std::time::Duration;

/// How an attempt ended, and whether the overall timeout cut it.
type Attempt = (Option<Class>, bool);

/// A failing report, which is made to pass or to fail in any class.
static REPORT: LazyLock<Report> = LazyLock::new(|| {
    let unknown = || json!({"notAttempted": "plan-failed"});
    let evidence: Evidence = serde_json::from_value(json!({
        "schema": "irsa-probe/evidence/v1", "takenAt": "2026-11-22T21:34:03Z", "inputs": {"environment": {}}, "token": unknown(),
        "defaultToken": unknown(), "endpoints": [], "agent": unknown(), "imds": unknown(), "chain": unknown()
    }))
    .unwrap();
    report(&evidence, RunTimes::default())
});

fn ended(class: Option<Class>) -> Report {
    let mut report = REPORT.clone();
    match class {
        None => report.root_cause = None,
        Some(class) => report.root_cause.as_mut().unwrap().class = class,
    }
    report
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn the_attempt_that_tells_most_is_reported(
        run in vec((select(vec![None, Some(Class::Permanent), Some(Class::Settling), Some(Class::Transient)]), any::<bool>()), 1..8),
        duration in any::<u64>(),
    ) {
        let mut attempts = Attempts::new();
        for (number, (class, cut)) in run.iter().enumerate() {
            let next = attempts.add(ended(*class), number, *cut);
            prop_assert_eq!(next == Next::Stop, matches!(class, None | Some(Class::Permanent)));
        }
        prop_assert_eq!(attempts.count as usize, run.len());
        let (report, chosen) = attempts.finish(duration).unwrap();
        prop_assert_eq!((report.attempts as usize, report.duration_ms), (run.len(), duration));
        prop_assert_eq!(report.root_cause.map(|cause| cause.class), run[chosen].0);

        let latest = |wanted: &dyn Fn(&Attempt) -> bool| run.iter().rposition(wanted);
        let after_pass = latest(&|(class, _)| class.is_none()).map_or(0, |at| at + 1);
        let definite = latest(&|(class, _)| matches!(class, Some(Class::Permanent | Class::Settling))).filter(|at| *at >= after_pass);
        match definite {
            // A definite failure, once seen, is what is reported, unless a pass follows.
            Some(definite) => prop_assert_eq!(chosen, definite),
            // Else the latest attempt; one that was cut tells less than those before it.
            None => {
                let whole = latest(&|(_, cut)| !cut).filter(|at| *at >= after_pass);
                let first = after_pass.saturating_sub(1);
                prop_assert_eq!(chosen, whole.unwrap_or(first));
            }
        }
    }

    #[test]
    fn backoff_keeps_its_bounds(attempts in any::<u32>(), random in prop_oneof![0.0..1.0f64, any::<f64>()]) {
        let wait = backoff(attempts, random);
        prop_assert!(wait >= Duration::from_millis(100) && wait <= Duration::from_secs(10), "{:?}", wait);
        let ceiling = Duration::from_millis(500).saturating_mul(1 << attempts.saturating_sub(1).min(16));
        prop_assert!(wait <= ceiling.max(Duration::from_millis(100)));
    }
}

#[test]
fn without_an_attempt_there_is_no_report() {
    assert!(Attempts::<()>::new().finish(0).is_none());
}
