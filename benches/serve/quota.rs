//! A CPU limit as the kubelet sets one, in a control group of its own; of version 1 or 2, where this machine lets us make one.

use std::path::{Path, PathBuf};

const PERIOD_US: u64 = 100_000;

pub struct Quota {
    pub thousandths: u64,
    group: PathBuf,
    procs: PathBuf,
}

impl Quota {
    /// So many thousandths of one CPU.
    pub fn new(thousandths: u64) -> Result<Quota, String> {
        let quota = PERIOD_US * thousandths / 1000;
        let (one, two) = (Path::new("/sys/fs/cgroup/cpu"), Path::new("/sys/fs/cgroup"));
        let (root, settings) = if one.join("cpu.cfs_quota_us").exists() {
            (one, vec![("cpu.cfs_period_us", PERIOD_US.to_string()), ("cpu.cfs_quota_us", quota.to_string())])
        } else {
            (two, vec![("cpu.max", format!("{quota} {PERIOD_US}"))])
        };
        let group = root.join(format!("irsa-probe-bench-{}-{thousandths}", std::process::id()));
        let words = |error: std::io::Error| format!("no control group: {error}");
        std::fs::create_dir(&group).map_err(words)?;
        let made = Quota { thousandths, procs: root.join("cgroup.procs"), group };
        for (name, value) in settings {
            std::fs::write(made.group.join(name), value).map_err(words)?;
        }
        Ok(made)
    }

    /// From now on it counts for this process.
    pub fn take_in(&self, pid: u32) {
        std::fs::write(self.group.join("cgroup.procs"), pid.to_string()).unwrap();
    }
}

impl Drop for Quota {
    /// Only an empty group can be removed.
    fn drop(&mut self) {
        for pid in std::fs::read_to_string(self.group.join("cgroup.procs")).unwrap_or_default().lines() {
            let _ = std::fs::write(&self.procs, pid);
        }
        let _ = std::fs::remove_dir(&self.group);
    }
}
