//! What the worker leaves and requests are answered from.

use super::clock::Clock;
use super::metrics::Metrics;
use crate::core::clock::Moment;
use crate::core::readiness::State;
use crate::core::report::Report;
use crate::core::schedule::Trigger;
use crate::core::status::Board;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The board and the counters, behind one lock that is never held across a wait: the log has a thread of its own.
pub struct Shared {
    /// The clocks.
    pub clock: Clock,
    state: Mutex<Inner>,
}

struct Inner {
    board: Board,
    metrics: Metrics,
    /// The state that was logged last.
    logged: State,
}

impl Shared {
    /// Before the first round. Fails only if two metrics had one name.
    pub fn new(disabled: Option<String>, clock: Clock) -> Result<Shared, prometheus::Error> {
        let inner = Inner { board: Board::new(disabled, clock.now()), metrics: Metrics::new()?, logged: State::Starting };
        Ok(Shared { clock, state: Mutex::new(inner) })
    }

    /// Reads the board as it stands now.
    pub fn read<T>(&self, look: impl FnOnce(&Board, &Metrics, Moment) -> T) -> T {
        let mut inner = self.lock();
        let now = self.clock.now();
        inner.log_state(now);
        look(&inner.board, &inner.metrics, now)
    }

    /// The worker begins a round.
    pub fn begin_round(&self) {
        self.lock().board.begin_round(self.clock.now());
    }

    /// The worker has ended a round; returns when that was.
    pub fn end_round(&self, report: Report, trigger: Trigger) -> Moment {
        let mut inner = self.lock();
        let now = self.clock.now();
        inner.metrics.observe(&report);
        inner.board.end_round(report, trigger, now);
        inner.log_state(now);
        now
    }

    /// The worker sleeps for so long; the next round is due at `next`.
    pub fn sleep(&self, nap: Duration, next: Duration) {
        let mut inner = self.lock();
        let now = self.clock.now();
        inner.board.sleep(now.awake + self.clock.real_length(nap), next);
        inner.log_state(now);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What a panicking thread left is whole: every step above leaves it so.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// One line for every change of state, whoever sees it first: time alone changes it too.
    fn log_state(&mut self, now: Moment) {
        let standing = self.board.standing(now);
        let was = std::mem::replace(&mut self.logged, standing.state);
        if was == standing.state {
            return;
        }
        let cause = self.board.report().and_then(|report| report.root_cause.as_ref());
        let (code, step) = cause.map_or(("", ""), |cause| (cause.code.id(), cause.step.id()));
        let reason = standing.reason.describe(now.wall);
        let (was, state) = (was.id(), standing.state.id());
        if standing.state == State::Ready {
            tracing::info!(state, was, reason, "state changed");
        } else {
            tracing::warn!(state, was, code, step, reason, "state changed");
        }
    }
}
