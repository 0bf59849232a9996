//! The bounds of a scan: entries, bytes, CPU and time. What was met first is said.

use rustix::time::{ClockId, Timespec, clock_gettime};
use std::fmt;
use std::time::{Duration, Instant};

/// How far a scan may go.
#[derive(Debug, Clone, Copy)]
pub struct ScanLimits {
    /// Entries of folders.
    pub entries: u64,
    /// Bytes of files.
    pub bytes: u64,
    /// Bytes of memory for what was found.
    pub found: usize,
    /// Its own CPU time.
    pub cpu: Duration,
    /// Time.
    pub time: Duration,
}

impl ScanLimits {
    /// Of a walk over a file system.
    pub const WALK: ScanLimits =
        ScanLimits { entries: 200_000, bytes: 1 << 30, found: 2 << 20, cpu: Duration::from_secs(2), time: Duration::from_secs(10) };
    /// For the search of what a command names, during the network calls.
    pub const NARROW: ScanLimits = ScanLimits { time: Duration::from_millis(200), ..ScanLimits::WALK };
}

/// A bound that was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    Entries(u64),
    Bytes(u64),
    Found(usize),
    Cpu(Duration),
    Time(Duration),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Entries(count) => write!(f, "it ended after {count} files and folders"),
            Bound::Bytes(count) => write!(f, "it ended after {} MiB were read", count >> 20),
            Bound::Found(count) => write!(f, "it ended after {count} SDK packages were found"),
            Bound::Cpu(time) => write!(f, "it ended after {} ms of CPU time", time.as_millis()),
            Bound::Time(time) => write!(f, "it ended after {} ms", time.as_millis()),
        }
    }
}

/// What a scan has used.
#[derive(Debug)]
pub struct Budget {
    limits: ScanLimits,
    started: Instant,
    cpu_at_start: Duration,
    /// Entries of folders that were seen.
    pub entries: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// What was found: how many packages, and bytes of memory for them.
    kept: (usize, usize),
    /// The bound that was met first.
    pub met: Option<Bound>,
}

/// The clocks are read once for so many entries.
const ENTRIES_BETWEEN_CLOCKS: u64 = 32;

impl Budget {
    /// A scan that begins now, on this thread.
    pub fn new(limits: ScanLimits) -> Budget {
        Budget { limits, started: Instant::now(), cpu_at_start: cpu_time(), entries: 0, bytes: 0, kept: (0, 0), met: None }
    }

    /// Milliseconds since it began.
    pub fn ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Counts an entry. False where the scan has to end.
    pub fn enter(&mut self) -> bool {
        if self.entries == self.limits.entries {
            self.met.get_or_insert(Bound::Entries(self.limits.entries));
        }
        if self.met.is_some() {
            return false;
        }
        self.entries += 1;
        !self.entries.is_multiple_of(ENTRIES_BETWEEN_CLOCKS) || self.has_time()
    }

    /// Whether there is time to go on.
    pub fn has_time(&mut self) -> bool {
        if self.started.elapsed() >= self.limits.time {
            self.met.get_or_insert(Bound::Time(self.limits.time));
        } else if cpu_time().saturating_sub(self.cpu_at_start) >= self.limits.cpu {
            self.met.get_or_insert(Bound::Cpu(self.limits.cpu));
        }
        self.met.is_none()
    }

    /// How many of these bytes may be read. 0 where the scan has to end.
    pub fn allow(&mut self, wanted: usize) -> usize {
        let left = self.limits.bytes.saturating_sub(self.bytes);
        if left == 0 {
            self.met.get_or_insert(Bound::Bytes(self.limits.bytes));
        }
        if !self.has_time() {
            return 0;
        }
        wanted.min(usize::try_from(left).unwrap_or(usize::MAX))
    }

    /// Whether a package of this size may be kept. The scan ends where it may not.
    pub fn keep(&mut self, size: usize) -> bool {
        let (packages, bytes) = self.kept;
        if bytes.saturating_add(size) > self.limits.found {
            self.met.get_or_insert(Bound::Found(packages));
            return false;
        }
        self.kept = (packages + 1, bytes + size);
        true
    }
}

/// The CPU time of this thread.
fn cpu_time() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(tv_sec).unwrap_or_default(), u32::try_from(tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_ends_the_scan_and_is_said() {
        let mut budget = Budget::new(ScanLimits { entries: 2, ..ScanLimits::WALK });
        assert!(budget.enter() && budget.enter() && !budget.enter() && !budget.enter());
        assert_eq!((budget.entries, budget.met), (2, Some(Bound::Entries(2))));
        let mut budget = Budget::new(ScanLimits { bytes: 10, ..ScanLimits::WALK });
        assert_eq!(budget.allow(4), 4);
        budget.bytes = 8;
        assert_eq!(budget.allow(4), 2);
        budget.bytes = 10;
        assert_eq!((budget.allow(4), budget.met), (0, Some(Bound::Bytes(10))));
        let mut budget = Budget::new(ScanLimits { cpu: Duration::ZERO, ..ScanLimits::WALK });
        assert!(!budget.has_time() && !budget.enter());
        assert_eq!(budget.met, Some(Bound::Cpu(Duration::ZERO)));
        let mut budget = Budget::new(ScanLimits { time: Duration::ZERO, ..ScanLimits::WALK });
        assert_eq!((budget.allow(1), budget.met), (0, Some(Bound::Time(Duration::ZERO))));
        let mut budget = Budget::new(ScanLimits { found: 10, ..ScanLimits::WALK });
        assert!(budget.keep(6) && !budget.keep(5) && !budget.enter());
        assert_eq!(budget.met.unwrap().to_string(), "it ended after 1 SDK packages were found");
        assert_eq!(Bound::Entries(200_000).to_string(), "it ended after 200000 files and folders");
    }
}
