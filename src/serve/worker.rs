//! The rounds: the same pipeline as `check`, whenever the schedule says so.

use super::shared::SharedBoard;
use crate::collect::environment::{self, World};
use crate::collect::file::{Mark, mark};
use crate::collect::{self, Attempt, Memory};
use crate::core::catalogue::Class;
use crate::core::check::report::{self, Report, RunTimes, Verdict};
use crate::core::pod::inputs::Settings;
use crate::core::sidecar::moment::Moment;
use crate::core::sidecar::readiness::ROUND_BOUND;
use crate::core::sidecar::schedule::{LOOK, Schedule, Trigger};
use crate::core::text::printable::{printable, shorten};
use std::time::{Duration, Instant};

/// When a round's phases are cut off: well within the bound at which the worker counts as stuck.
const CUT: Duration = ROUND_BOUND.saturating_sub(Duration::from_secs(5));

/// Works until the process ends.
pub async fn work(settings: Settings, interval: Duration, shared: &SharedBoard) {
    let mut schedule = Schedule::new(interval, shared.clock.now().uptime);
    let mut memory = Memory::default();
    let mut files = Files::default();
    loop {
        let now = shared.clock.now();
        if files.have_changed() {
            schedule.hasten(now.uptime);
        }
        if let Some(trigger) = schedule.due(now.uptime) {
            let (failure, ended) = round(&settings, trigger, &mut memory, &mut files, shared).await;
            schedule.after(failure, ended.uptime, fastrand::f64);
        }
        let nap = schedule.next().saturating_sub(shared.clock.now().uptime).min(LOOK);
        shared.sleep(nap, schedule.next());
        shared.clock.sleep(nap).await;
    }
}

/// One round: the class of its failure, and when it ended.
async fn round(
    settings: &Settings,
    trigger: Trigger,
    memory: &mut Memory,
    files: &mut Files,
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
    log(&report, trigger);
    let failure = report.root_cause.as_ref().map(|cause| cause.class);
    (failure, shared.end_round(report, trigger))
}

/// One line for every round that failed; a healthy one is nobody's business.
fn log(report: &Report, trigger: Trigger) {
    let Some(cause) = &report.root_cause else {
        return tracing::debug!(?trigger, verdict = ?Verdict::Pass, duration_ms = report.duration_ms, "round ended");
    };
    let endpoint = report.endpoints.first();
    let failed =
        endpoint.and_then(|endpoint| [&endpoint.assume_role, &endpoint.caller_identity].into_iter().flatten().find(|call| !call.ok));
    let region = endpoint.map(|endpoint| endpoint.region.as_str()).unwrap_or_default();
    let request_id = failed.and_then(|call| call.request_id.as_deref()).unwrap_or_default();
    tracing::warn!(
        code = cause.code.id(),
        step = cause.step.id(),
        class = cause.class.id(),
        region = &*printable(region),
        request_id = &*printable(request_id),
        detail = &*printable(&shorten(&cause.detail, 300)),
        "round failed"
    );
}

/// The files that the pod's identity rests on, as they were when a round last read them.
#[derive(Default)]
struct Files {
    marks: Vec<(String, Mark)>,
    /// As the last look found them.
    seen: Vec<Mark>,
}

impl Files {
    /// Whether one has changed since the last look.
    fn have_changed(&mut self) -> bool {
        let now: Vec<Mark> = self.marks.iter().map(|(path, _)| mark(path)).collect();
        let changed = now != self.seen;
        self.seen = now;
        changed
    }

    /// A round reads these now: returns whether one has changed since the round before.
    fn remember(&mut self, paths: &[String]) -> bool {
        let marks: Vec<(String, Mark)> = paths.iter().map(|path| (path.clone(), mark(path))).collect();
        let changed = marks != self.marks;
        self.seen = marks.iter().map(|(_, mark)| *mark).collect();
        self.marks = marks;
        changed
    }
}
