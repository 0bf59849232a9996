//! A reading of the clocks. The core is given one wherever time matters; only the edge reads them.

use crate::core::text::time::Timestamp;
use std::time::Duration;

/// What the clocks say at one moment. There are three, because each is wrong for some purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of day, for people. It can be set, and NTP steps it.
    pub wall: Timestamp,
    /// Since the machine's start, suspends included (`CLOCK_BOOTTIME`): what credentials, schedules and AWS go by.
    pub uptime: Duration,
    /// The same without suspends (`CLOCK_MONOTONIC`), as timers count: a worker that was suspended is not late.
    pub awake: Duration,
}

impl Moment {
    /// The time of day at a point of `uptime`.
    pub fn wall_at(&self, uptime: Duration) -> Timestamp {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        if uptime >= self.uptime {
            // Rounded up: what is due in half a second is not due yet.
            let ahead = uptime - self.uptime;
            Timestamp(self.wall.0.saturating_add(seconds(ahead)).saturating_add(i64::from(ahead.subsec_nanos() > 0)))
        } else {
            Timestamp(self.wall.0.saturating_sub(seconds(self.uptime - uptime)))
        }
    }
}

#[cfg(test)]
impl Moment {
    /// A moment so long after an arbitrary start.
    pub(crate) fn after(elapsed: Duration) -> Moment {
        let wall = Timestamp(1_795_383_243 + i64::try_from(elapsed.as_secs()).unwrap());
        Moment { wall, uptime: Duration::from_secs(500_000) + elapsed, awake: Duration::from_secs(400_000) + elapsed }
    }
}
