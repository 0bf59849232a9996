//! The clocks of this machine, as the core wants them read.

use crate::core::clock::Moment;
use crate::core::time::Timestamp;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::time::Duration;

/// Reads the clocks, and waits.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Duration,
    rate: u32,
}

impl Clock {
    /// The machine's clocks as they are.
    pub fn real() -> Clock {
        Clock::fast(1)
    }

    /// A clock on which schedules and sessions pass `rate` times as fast: hours of a sidecar's life in seconds, for stress tests.
    /// The time of day and the worker's sign of life stay real.
    pub fn fast(rate: u32) -> Clock {
        Clock { origin: elapsed(ClockId::Boottime), rate: rate.max(1) }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        let since = elapsed(ClockId::Boottime).saturating_sub(self.origin);
        Moment {
            wall: Timestamp(clock_gettime(ClockId::Realtime).tv_sec),
            uptime: self.origin + since.saturating_mul(self.rate),
            awake: elapsed(ClockId::Monotonic),
        }
    }

    /// What a wait of this length takes for real.
    pub fn real_length(&self, wait: Duration) -> Duration {
        wait / self.rate
    }

    /// Waits.
    pub async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(self.real_length(wait)).await;
    }
}

fn elapsed(clock: ClockId) -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
    // Neither clock is ever negative.
    Duration::new(u64::try_from(tv_sec).unwrap_or_default(), u32::try_from(tv_nsec).unwrap_or_default())
}
