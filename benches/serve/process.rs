//! What the kernel says of the sidecar's process. Asking it costs the process nothing.

use super::child::Serve;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

pub struct Process {
    pid: u32,
    cpu: ClockId,
}

impl Process {
    pub fn of(serve: &Serve) -> Process {
        let pid = serve.pid();
        Process { pid, cpu: clock_getcpuclockid(Pid::from_raw(i32::try_from(pid).unwrap())).unwrap() }
    }

    /// In nanoseconds, of all threads: also of those that have ended since, which `/proc/PID/task` no longer lists.
    pub fn cpu(&self) -> Duration {
        clock_gettime(self.cpu).unwrap().into()
    }

    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid)).unwrap().count()
    }

    /// The resident set now, in KiB. Counted page by page: the kernel's quick figure (`VmRSS`) lags behind on each CPU.
    pub fn resident(&self) -> u64 {
        self.field("smaps_rollup", "Rss:")
    }

    /// About the largest that it ever was, in KiB.
    pub fn peak(&self) -> u64 {
        self.field("status", "VmHWM:").max(self.resident())
    }

    pub fn threads(&self) -> u64 {
        self.field("status", "Threads:")
    }

    /// Waits for the descriptors to go down to this many, as long as no limit of the server explains more; returns how many are left.
    pub fn settled(&self, descriptors: usize) -> usize {
        let started = Instant::now();
        while self.descriptors() > descriptors && started.elapsed() < Duration::from_secs(15) {
            std::thread::sleep(Duration::from_millis(50));
        }
        self.descriptors()
    }

    fn field(&self, file: &str, field: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", self.pid)).unwrap();
        let line = text.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
    }
}
