//! What the worker writes and requests are answered from.

use super::clock::Clock;
use super::metrics::Metrics;
use super::server::HttpReply;
use crate::core::check::report::Report;
use crate::core::sidecar::board::Board;
use crate::core::sidecar::moment::Moment;
use crate::core::sidecar::readiness::{ReadinessState, Standing};
use crate::core::sidecar::schedule::Trigger;
use crate::core::text::time::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The board and the counters behind one lock. It is never held across a wait, because the log has a thread of its own.
pub struct SharedBoard {
    /// The clocks.
    pub clock: Clock,
    state: Mutex<BoardState>,
}

struct BoardState {
    board: Board,
    metrics: Metrics,
    pages: RenderedPages,
    /// The state that was logged last.
    logged: ReadinessState,
}

/// Pages as they were rendered last. Rendering costs ten times what sending does, so a page that many ask for at once is rendered once.
#[derive(Default)]
struct RenderedPages {
    rendered: Option<PageKey>,
    pages: Vec<(&'static str, HttpReply)>,
}

/// What a page depends on besides the board, to the second.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PageKey {
    wall: Timestamp,
    uptime: u64,
    standing: Standing,
}

impl RenderedPages {
    fn get(&mut self, key: PageKey, path: &'static str, render: impl FnOnce() -> HttpReply) -> HttpReply {
        if self.rendered.as_ref() != Some(&key) {
            self.pages.clear();
            self.rendered = Some(key);
        }
        if let Some((_, page)) = self.pages.iter().find(|(kept, _)| *kept == path) {
            return page.clone();
        }
        let page = render();
        self.pages.push((path, page.clone()));
        page
    }
}

impl SharedBoard {
    /// Before the first round. Fails only if two metrics had one name.
    pub fn new(disabled: Option<String>, clock: Clock) -> Result<SharedBoard, prometheus::Error> {
        let state = BoardState {
            board: Board::new(disabled, clock.now()),
            metrics: Metrics::new()?,
            pages: RenderedPages::default(),
            logged: ReadinessState::Starting,
        };
        Ok(SharedBoard { clock, state: Mutex::new(state) })
    }

    /// Reads the board as it stands now.
    pub fn with_board<T>(&self, read: impl FnOnce(&Board, Moment) -> T) -> T {
        let mut state = self.lock();
        let now = self.clock.now();
        state.log_state(now);
        read(&state.board, now)
    }

    /// The page of this path, rendered now or within the same second; a step of the worker or a change of state renders it again.
    pub fn page(&self, path: &'static str, render: impl FnOnce(&Board, &Metrics, Moment) -> HttpReply) -> HttpReply {
        let mut state = self.lock();
        let now = self.clock.now();
        let standing = state.log_state(now);
        let BoardState { board, metrics, pages, .. } = &mut *state;
        let key = PageKey { wall: now.wall, uptime: now.uptime.as_secs(), standing };
        pages.get(key, path, || render(board, metrics, now))
    }

    /// The worker begins a round.
    pub fn begin_round(&self) {
        let mut state = self.lock();
        state.pages = RenderedPages::default();
        state.board.begin_round(self.clock.now());
    }

    /// The worker has ended a round; returns when that was.
    pub fn end_round(&self, report: Report, trigger: Trigger) -> Moment {
        let mut state = self.lock();
        let now = self.clock.now();
        state.pages = RenderedPages::default();
        state.metrics.observe(&report);
        state.board.end_round(report, trigger, now);
        state.log_state(now);
        now
    }

    /// The worker sleeps for this time; the next round is due at `next`.
    pub fn sleep(&self, nap: Duration, next: Duration) {
        let mut state = self.lock();
        let now = self.clock.now();
        state.pages = RenderedPages::default();
        state.board.sleep(now.awake + self.clock.real_length(nap), next);
        state.log_state(now);
    }

    fn lock(&self) -> MutexGuard<'_, BoardState> {
        // A thread that panicked has left the state whole, as every step above does.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BoardState {
    /// One line for every change of state, whoever sees it first: time alone changes it too.
    fn log_state(&mut self, now: Moment) -> Standing {
        let standing = self.board.standing(now);
        let was = std::mem::replace(&mut self.logged, standing.state);
        if was == standing.state {
            return standing;
        }
        let cause = self.board.report().and_then(|report| report.identity_failures().first().copied());
        let (code, step) = cause.map_or(("", ""), |cause| (cause.code.id(), cause.step.id()));
        let reason = standing.reason.describe(now.wall);
        let (was, state) = (was.id(), standing.state.id());
        if standing.state == ReadinessState::Ready {
            tracing::info!(state, was, reason, "state changed");
        } else {
            tracing::warn!(state, was, code, step, reason, "state changed");
        }
        standing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::sidecar::readiness::ReadinessReason;
    use http::StatusCode;

    #[test]
    fn a_page_is_rendered_once_for_all_who_ask_within_a_second_and_again_for_each_change() {
        let key = |wall: i64, uptime: u64, state: ReadinessState, reason: ReadinessReason| PageKey {
            wall: Timestamp(wall),
            uptime,
            standing: Standing { state, since: Timestamp(1), reason },
        };
        let ready = |wall, uptime| key(wall, uptime, ReadinessState::Ready, ReadinessReason::Proven);
        let mut pages = RenderedPages::default();
        let mut rendered = 0;
        let mut ask = |key: PageKey, path: &'static str| {
            let page = pages.get(key, path, || {
                rendered += 1;
                HttpReply::text(StatusCode::OK, rendered.to_string())
            });
            String::from_utf8(page.body.to_vec()).unwrap()
        };
        assert_eq!([(); 3].map(|()| ask(ready(10, 5), "/status")), ["1", "1", "1"]);
        assert_eq!([(); 2].map(|()| ask(ready(10, 5), "/metrics")), ["2", "2"]);
        assert_eq!(ask(ready(10, 5), "/status"), "1");
        // Another second, by either clock.
        assert_eq!(ask(ready(11, 5), "/status"), "3");
        assert_eq!(ask(ready(11, 6), "/status"), "4");
        // Time alone has ended the state, or the worker is stuck.
        assert_eq!(ask(key(11, 6, ReadinessState::NotReady, ReadinessReason::Stuck(Timestamp(9))), "/status"), "5");
        assert_eq!(ask(key(11, 6, ReadinessState::NotReady, ReadinessReason::Stuck(Timestamp(9))), "/metrics"), "6");
    }
}
