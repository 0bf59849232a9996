//! Reads the clocks of this machine for the core.

use crate::core::sidecar::moment::Moment;
use crate::core::text::time::Timestamp;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Reads the clocks, and waits.
#[derive(Clone)]
pub struct Clock {
    origin: Duration,
    pace: Pace,
}

/// How time passes for schedules and sessions. The time of day and the worker's heartbeat are real in each case.
#[derive(Clone)]
enum Pace {
    /// This many times as fast as the machine's clock.
    Times(u32),
    /// In steps that the owner of the clock decides.
    Steps { passed: watch::Receiver<Duration>, sleeps: Arc<dyn Fn(Duration) + Send + Sync> },
}

/// The longest real wait on a clock that goes by steps.
const EVER: Duration = Duration::from_secs(365 * 86_400);

impl Clock {
    /// The machine's clocks as they are.
    pub fn real() -> Clock {
        Clock::fast(1)
    }

    /// A clock on which schedules and sessions pass `rate` times as fast: for stress runs, which judge nothing by it.
    pub fn fast(rate: u32) -> Clock {
        Clock { origin: elapsed(ClockId::Boottime), pace: Pace::Times(rate.max(1)) }
    }

    /// A clock on which schedules and sessions pass only as `passed` says. With it hours of a sidecar's life are the same on any machine.
    /// `sleeps` is called for each wait with its end, counted like `passed`.
    pub fn stepped(passed: watch::Receiver<Duration>, sleeps: impl Fn(Duration) + Send + Sync + 'static) -> Clock {
        Clock { origin: elapsed(ClockId::Boottime), pace: Pace::Steps { passed, sleeps: Arc::new(sleeps) } }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        let passed = match &self.pace {
            Pace::Times(rate) => elapsed(ClockId::Boottime).saturating_sub(self.origin).saturating_mul(*rate),
            Pace::Steps { passed, .. } => *passed.borrow(),
        };
        Moment {
            wall: Timestamp(clock_gettime(ClockId::Realtime).tv_sec),
            uptime: self.origin + passed,
            awake: elapsed(ClockId::Monotonic),
        }
    }

    /// What a wait of this length takes for real, at most.
    pub fn real_length(&self, wait: Duration) -> Duration {
        match self.pace {
            Pace::Times(rate) => wait / rate,
            Pace::Steps { .. } => EVER,
        }
    }

    /// Waits.
    pub async fn sleep(&self, wait: Duration) {
        match &self.pace {
            Pace::Times(_) => tokio::time::sleep(self.real_length(wait)).await,
            Pace::Steps { passed, sleeps } => {
                let mut passed = passed.clone();
                let until = *passed.borrow() + wait;
                sleeps(until);
                // The owner of the clock is gone, so no more time passes.
                if passed.wait_for(|passed| *passed >= until).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

fn elapsed(clock: ClockId) -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
    // Neither clock is ever negative.
    Duration::new(u64::try_from(tv_sec).unwrap_or_default(), u32::try_from(tv_nsec).unwrap_or_default())
}
