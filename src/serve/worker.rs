//! The rounds: the same pipeline as `check`, whenever the schedule says so.

use super::shared_board::SharedBoard;
use crate::collect::environment::{self, World};
use crate::collect::file::{FileVersion, version};
use crate::collect::{self, Attempt, Memory};
use crate::core::catalogue::Class;
use crate::core::check::report::{self, Report, RunTimes, Verdict};
use crate::core::plan::inputs::Settings;
use crate::core::sidecar::moment::Moment;
use crate::core::sidecar::readiness::ROUND_BOUND;
use crate::core::sidecar::schedule::{FILE_CHECK_INTERVAL, Schedule, Trigger};
use crate::core::text::printable::{printable, shorten};
use std::time::{Duration, Instant};

/// When a round's phases are cut off: well within the bound at which the worker counts as stuck.
const CUT: Duration = ROUND_BOUND.saturating_sub(Duration::from_secs(5));

/// Works until the process ends.
pub async fn run(settings: Settings, interval: Duration, shared: &SharedBoard) {
    let mut schedule = Schedule::new(interval, shared.clock.now().uptime);
    let mut memory = Memory::default();
    let mut files = WatchedFiles::default();
    loop {
        let now = shared.clock.now();
        if files.have_changed() {
            schedule.file_changed(now.uptime);
        }
        if let Some(trigger) = schedule.due(now.uptime) {
            let (failure, ended) = run_round(&settings, trigger, &mut memory, &mut files, shared).await;
            schedule.round_ended(failure, ended.uptime, fastrand::f64);
        }
        let nap = schedule.next().saturating_sub(shared.clock.now().uptime).min(FILE_CHECK_INTERVAL);
        shared.sleep(nap, schedule.next());
        shared.clock.sleep(nap).await;
    }
}

/// One round: the class of its failure, and when it ended.
async fn run_round(
    settings: &Settings,
    trigger: Trigger,
    memory: &mut Memory,
    files: &mut WatchedFiles,
    shared: &SharedBoard,
) -> (Option<Class>, Moment) {
    shared.begin_round();
    let started = Instant::now();
    let world: World = environment::read(settings.clone()).await;
    // The first round has none before it from which a file could have changed.
    let files_changed = files.remember(&world.files) && trigger != Trigger::Start;
    let evidence = collect::collect(&world, started + CUT, Attempt::Round { files_changed }, memory).await;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let report = report::report(&evidence, RunTimes { duration_ms, attempts: 1 });
    log_round(&report, trigger);
    // Another round does not change what the application's SDK does with a proven identity. So the schedule does not count it as failed.
    let failure = report.identity_failures().first().map(|cause| cause.class);
    (failure, shared.end_round(report, trigger))
}

/// Logs one line for every round that failed. A healthy one is logged for debugging only. Where the identity was proven and the
/// application's SDK fails with it, the line says so.
fn log_round(report: &Report, trigger: Trigger) {
    let Some(cause) = &report.root_cause else {
        return tracing::debug!(?trigger, verdict = ?Verdict::Pass, duration_ms = report.duration_ms, "round ended");
    };
    let endpoint = report.endpoints.first();
    let failed = endpoint.and_then(|endpoint| endpoint.calls().map(|(_, call)| call).find(|call| !call.ok));
    let region = endpoint.map(|endpoint| endpoint.region.as_str()).unwrap_or_default();
    let request_id = failed.and_then(|call| call.request_id.as_deref()).unwrap_or_default();
    let proven = report.identity_failures().is_empty();
    tracing::warn!(
        code = cause.code.id(),
        step = cause.step.id(),
        class = cause.class.id(),
        region = &*printable(region),
        request_id = &*printable(request_id),
        detail = &*printable(&shorten(&cause.detail, 300)),
        "{}",
        if proven { "identity proven, but the application fails" } else { "round failed" }
    );
}

/// The files that the pod's identity rests on, as they were when a round last read them.
#[derive(Default)]
struct WatchedFiles {
    versions: Vec<(String, FileVersion)>,
    /// Their versions at the last look.
    last_look: Vec<FileVersion>,
}

impl WatchedFiles {
    /// Whether one has changed since the last look.
    fn have_changed(&mut self) -> bool {
        let now: Vec<FileVersion> = self.versions.iter().map(|(path, _)| version(path)).collect();
        let changed = now != self.last_look;
        self.last_look = now;
        changed
    }

    /// A round reads these now: returns whether one has changed since the round before.
    fn remember(&mut self, paths: &[String]) -> bool {
        let versions: Vec<(String, FileVersion)> = paths.iter().map(|path| (path.clone(), version(path))).collect();
        let changed = versions != self.versions;
        self.last_look = versions.iter().map(|(_, version)| *version).collect();
        self.versions = versions;
        changed
    }
}
