//! When `check` tries again, and which attempt it reports.

use super::report::Report;
use crate::core::catalogue::{Class, Code, Step};
use std::time::Duration;

/// How long to wait after this many attempts. `random` lies in 0..1.
///
/// Full jitter: the wait is uniform between zero and a ceiling. The ceiling begins at half a second, doubles with every attempt, and ends
/// at ten seconds. The wait is never shorter than a tenth of a second. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
pub fn backoff(attempts: u32, random: f64) -> Duration {
    let ceiling = (0.5 * 2f64.powi(attempts.saturating_sub(1).min(16) as i32)).min(10.0);
    Duration::from_secs_f64((ceiling * random.clamp(0.0, 1.0)).max(0.1))
}

/// The attempts of one `check`, of which one is reported.
#[derive(Debug, Default)]
pub struct Attempts<E> {
    /// How many there were.
    pub count: u32,
    best: Option<(Report, E)>,
}

/// What to do after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another attempt would not change the answer.
    Stop,
    /// Another attempt may succeed.
    Retry,
}

impl<E> Attempts<E> {
    /// No attempt yet.
    pub fn new() -> Attempts<E> {
        Attempts { count: 0, best: None }
    }

    /// Adds an attempt. `cut` says that the overall timeout ended it. Such an attempt shows less than the one before it.
    pub fn add(&mut self, report: Report, evidence: E, cut: bool) -> Next {
        self.count += 1;
        let class = report.root_cause.as_ref().map(|cause| cause.class);
        let definite = |report: &Report| report.root_cause.as_ref().is_some_and(|cause| cause.class != Class::Transient);
        // An older attempt failed at the identity of its session. A later attempt whose identity is unconfirmed does not refute that.
        let unconfirmed = report.findings.iter().any(|finding| finding.cause.code == Code::IdentityUnconfirmed);
        let about_identity = |report: &Report| report.root_cause.as_ref().is_some_and(|cause| cause.step == Step::Identity);
        let keep_older = match (&self.best, class) {
            (None, _) => false,
            (Some((older, _)), None) => unconfirmed && about_identity(older),
            // A definite failure is kept when a transient one follows. The latest definite failure is reported.
            (Some((older, _)), Some(Class::Transient)) => definite(older) || cut,
            (Some(_), Some(_)) => false,
        };
        if !keep_older {
            self.best = Some((report, evidence));
        }
        match class {
            None if keep_older => Next::Retry,
            None | Some(Class::Permanent) => Next::Stop,
            Some(Class::Settling | Class::Transient) => Next::Retry,
        }
    }

    /// The report to give, with the duration and the number of attempts of the whole run.
    pub fn finish(self, duration_ms: u64) -> Option<(Report, E)> {
        let attempts = self.count;
        self.best.map(|(report, evidence)| (Report { attempts, duration_ms, ..report }, evidence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_is_bounded_and_grows() {
        assert_eq!(backoff(1, 1.0), Duration::from_millis(500));
        assert_eq!(backoff(2, 1.0), Duration::from_secs(1));
        assert_eq!(backoff(30, 1.0), Duration::from_secs(10));
        assert_eq!(backoff(30, 0.0), Duration::from_millis(100));
    }
}
