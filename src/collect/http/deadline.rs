//! How long a phase may take.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

/// When a phase ends at the latest. Its text completes "did not answer …".
#[derive(Debug, Clone, Copy)]
pub(super) struct PhaseDeadline {
    pub(super) at: Instant,
    length: Duration,
    overall: bool,
}

impl PhaseDeadline {
    /// `length` from now, or the overall deadline if that is nearer.
    pub(super) fn new(length: Duration, deadline: Instant) -> Self {
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        let overall = left < length;
        let length = length.min(left);
        Self { at: now + length, length, overall }
    }
}

impl fmt::Display for PhaseDeadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "within {}", format_duration(self.length))?;
        if self.overall { f.write_str(" (the rest of the time limit)") } else { Ok(()) }
    }
}

/// `3.1 s`, `150 ms`.
pub(super) fn format_duration(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{} s", (duration.as_secs_f64() * 10.0).round() / 10.0)
    }
}
