//! A search for SDKs during the network calls, in its own thread: in what a command names, or in all files of another process.

use super::bounds::{Budget, ScanLimits};
use super::finish;
use super::narrow::{StartedProgram, look_at};
use super::walk::{Scope, Walk};
use crate::collect::file::Root;
use crate::collect::process::TargetProcess;
use crate::core::sdk::scan::{ScanFacts, ScanSummary};
use rustix::fs::{Mode, OFlags, openat};
use std::ffi::OsString;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// A look that is under way, or has ended.
#[derive(Debug)]
pub struct Look {
    root: String,
    found: Receiver<ScanFacts>,
    facts: Option<ScanFacts>,
}

impl Look {
    /// Begins to look at what the words of a command name, for a fifth of a second at most.
    pub fn at_command(words: &[OsString]) -> Look {
        let program = StartedProgram::own(words);
        let root = program.name();
        Look::start(root.clone(), move || {
            let mut walk = Walk::new(Budget::new(ScanLimits::NARROW), None);
            let own = look_at(&mut walk, &program);
            finish(walk, root, own)
        })
    }

    /// Begins to look at the files of another process: at what its executable and command line name, then at everything below its root. It ends
    /// a little before `deadline`, so that what was found until then counts.
    pub fn at_process(process: &TargetProcess, root: &Root, deadline: Instant) -> Option<Look> {
        let Root::Other(other) = root.clone() else { return None };
        let program = StartedProgram::of_process(process);
        Some(Look::start("/".to_owned(), move || {
            let time = ScanLimits::WALK.time.min(deadline.saturating_duration_since(Instant::now()) * 4 / 5);
            let mut walk = Walk::new(Budget::new(ScanLimits { time, ..ScanLimits::WALK }), Some(other.clone()));
            let own = program.map(|program| look_at(&mut walk, &program)).unwrap_or_default();
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            if let Ok(folder) = openat(other.folder(), ".", flags, Mode::empty()) {
                walk.tree(folder, "", Scope::ALL);
            }
            finish(walk, "/".to_owned(), own)
        }))
    }

    fn start(root: String, look: impl FnOnce() -> ScanFacts + Send + 'static) -> Look {
        let (sender, found) = sync_channel(1);
        // Without a thread, nothing is found. The check continues.
        let _ = std::thread::Builder::new().name("scan".to_owned()).spawn(move || sender.send(look()));
        Look { root, found, facts: None }
    }

    /// What was found, if the look has ended until then. Else that it has not.
    pub fn facts(&mut self, until: Instant) -> ScanFacts {
        if self.facts.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            match self.found.recv_timeout(left.min(LONGEST)) {
                Ok(facts) => self.facts = Some(facts),
                Err(RecvTimeoutError::Timeout) => return self.unfinished("the check did not wait for its end"),
                Err(RecvTimeoutError::Disconnected) => return self.unfinished("the probe could not start a thread for it"),
            }
        }
        self.facts.clone().unwrap_or_else(|| self.unfinished("the probe could not start a thread for it"))
    }

    fn unfinished(&self, because: &str) -> ScanFacts {
        let because = Some(because.to_owned());
        let summary = ScanSummary { root: self.root.clone(), entries: 0, bytes: 0, ms: 0, complete: false, because };
        ScanFacts { copies: Vec::new(), summary }
    }
}

/// No look takes longer than its bounds. This is for a file system that does not answer.
const LONGEST: Duration = Duration::from_secs(15);
