//! The process's own figures, under the names that Prometheus' client libraries share ("Writing client libraries", process metrics).
//!
//! Read from `/proc/self` at each scrape (proc(5)). Whatever cannot be read is absent: `/metrics` never fails for it.

use crate::collect::file::{self, Root};
use crate::core::sidecar::moment::Moment;
use crate::core::text::time::Timestamp;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};
use std::sync::OnceLock;
use std::time::Duration;

/// What is known of this process.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ProcessUsage {
    /// User and system time.
    pub(super) cpu_seconds: Option<f64>,
    pub(super) threads: Option<f64>,
    pub(super) start_time: Option<Timestamp>,
    pub(super) virtual_bytes: Option<f64>,
    pub(super) resident_bytes: Option<f64>,
    pub(super) open_fds: Option<f64>,
    pub(super) max_fds: Option<f64>,
}

impl ProcessUsage {
    pub(super) fn read(now: Moment) -> ProcessUsage {
        let limits = ProcessUsage { open_fds: open_fds(), max_fds: Some(max_fds()), ..ProcessUsage::default() };
        let text = file::read(&Root::Own, "/proc/self/stat", CAP).ok();
        match text.as_ref().and_then(|content| std::str::from_utf8(&content.bytes).ok()) {
            Some(stat) => limits.with(stat, now),
            None => limits,
        }
    }

    fn with(self, stat: &str, now: Moment) -> ProcessUsage {
        // The second field, the program's name in brackets, can hold anything, brackets and white space too.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<f64> = after_name.split_ascii_whitespace().map(|field| field.parse().unwrap_or(f64::NAN)).collect();
        // proc(5) counts from 1, and `fields` begins with the third.
        let field = |number: usize| fields.get(number - 3).copied().filter(|value| value.is_finite());
        let ticks = clock_ticks_per_second() as f64;
        let [utime, stime, threads, started, vsize, rss] = [14, 15, 20, 22, 23, 24].map(field);
        ProcessUsage {
            cpu_seconds: utime.zip(stime).map(|(user, system)| (user + system) / ticks),
            threads,
            start_time: started.and_then(|started| start_time(started / ticks, now)),
            virtual_bytes: vsize,
            resident_bytes: rss.map(|pages| pages * page_size() as f64),
            ..self
        }
    }
}

/// More than the line can have.
const CAP: usize = 4096;

/// The time of day of the start, which the kernel gives in seconds of uptime. It is kept from the first scrape on. Computed at each scrape, it would
/// vary by a second and with every step of the clock, and a change of this value means a restart.
fn start_time(uptime: f64, now: Moment) -> Option<Timestamp> {
    static STARTED: OnceLock<Timestamp> = OnceLock::new();
    let uptime = Duration::try_from_secs_f64(uptime).ok()?;
    Some(*STARTED.get_or_init(|| now.wall_at(uptime)))
}

/// Without the one that counts them.
fn open_fds() -> Option<f64> {
    let entries = std::fs::read_dir("/proc/self/fd").ok()?;
    Some(entries.count().saturating_sub(1) as f64)
}

/// The soft limit. Without a limit it is +Inf, which the text format can say.
fn max_fds() -> f64 {
    getrlimit(Resource::Nofile).current.map_or(f64::INFINITY, |limit| limit as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_s_name_cannot_shift_the_fields() {
        let now = Moment::after(Duration::ZERO);
        let stat = "7 (a) R 9 (b) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 3 0 100 4096 2 18446744073709551615 0";
        let process = ProcessUsage::default().with(stat, now);
        assert_eq!(process.cpu_seconds, Some(200.0 / clock_ticks_per_second() as f64));
        assert_eq!(
            (process.threads, process.virtual_bytes, process.resident_bytes),
            (Some(3.0), Some(4096.0), Some(2.0 * page_size() as f64))
        );
    }

    #[test]
    fn what_is_not_there_is_absent() {
        let now = Moment::after(Duration::ZERO);
        for stat in ["", "7 (a) R", "7 (a) R x y z", "no brackets at all"] {
            let process = ProcessUsage::default().with(stat, now);
            assert!(process.cpu_seconds.is_none() && process.start_time.is_none() && process.resident_bytes.is_none(), "{stat}");
        }
    }

    /// `/proc`'s files are regular files of size 0, so the capped reader takes them.
    #[test]
    fn this_process_is_read() {
        let process = ProcessUsage::read(Moment::after(Duration::ZERO));
        let figures = [process.threads, process.virtual_bytes, process.resident_bytes, process.open_fds, process.max_fds];
        assert!(figures.iter().all(|figure| figure.is_some_and(|figure| figure >= 1.0)), "{process:?}");
        assert!(process.cpu_seconds.is_some() && process.start_time.is_some(), "{process:?}");
        assert!(process.resident_bytes < process.virtual_bytes, "{process:?}");
    }
}
