//! `irsa-probe check`: one verdict. Retries what time can cure, reports the last real cause.

use crate::cli::{Options, Output, TerminationLog};
use crate::collect::environment::{self, World};
use crate::collect::process::{self, ProcessError, TargetProcess};
use crate::collect::{self, Attempt, Memory};
use crate::core::catalogue::Step;
use crate::core::check::attempts::{Attempts, Next, backoff};
use crate::core::check::report::{self, Report, RunTimes, Verdict};
use crate::core::evidence::Evidence;
use crate::core::text::printable::printable;
use crate::render::{Style, json, termination, text};
use rustix::fs::{Mode, OFlags};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// An attempt that begins with less than this left would only tell of its own deadline.
const WORTH_AN_ATTEMPT: Duration = Duration::from_millis(500);

/// Whose standard output it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdout {
    /// Ours: the result goes there.
    Ours,
    /// The application's, as soon as it starts. Then nothing of ours may stand in what it writes.
    Application,
}

/// Runs the check, tells the result, and returns the exit code.
pub async fn run(options: &Options, stdout: Stdout) -> u8 {
    let (report, evidence) = match attempts(options).await {
        Ok(Some(found)) => found,
        Ok(None) => return if options.advisory { 0 } else { 3 },
        // What could not be looked at has no verdict: that there is none is said, and nothing else.
        Err(why) => {
            super::complain(&format!("check --pid: {why}"));
            return if options.advisory { 0 } else { 2 };
        }
    };
    told(options, stdout, &report, &evidence)
}

/// The same where the check could not even begin, for what the probe itself lacked.
pub fn without_means(options: &Options, stdout: Stdout, lack: &str) -> u8 {
    let evidence = collect::without_means(options.settings.clone(), options.pid.is_some(), lack);
    let report = report::report(&evidence, RunTimes { duration_ms: 0, attempts: 0 });
    if stdout == Stdout::Application {
        super::print_to(std::io::stderr().lock(), &result(options, &report, &evidence, false));
        return if options.advisory { 0 } else { 3 };
    }
    told(options, stdout, &report, &evidence)
}

/// Tells the result; the exit code.
fn told(options: &Options, stdout: Stdout, report: &Report, evidence: &Evidence) -> u8 {
    let code = match report.verdict {
        _ if options.advisory => 0,
        Verdict::Pass => 0,
        Verdict::Fail => 1,
        Verdict::Unknown => 3,
    };
    let application_starts = stdout == Stdout::Application && code == 0;
    match report.verdict {
        Verdict::Pass if application_starts => {
            let identity = report.identity.as_ref().map(|identity| identity.arn.as_str());
            tracing::info!(identity = %printable(identity.unwrap_or("none")), "identity proven");
        }
        _ if application_starts => super::print_to(std::io::stderr().lock(), &result(options, report, evidence, false)),
        _ => super::print(&result(options, report, evidence, std::io::stdout().is_terminal())),
    }
    // What the application leaves there at its end must be its own.
    if report.verdict != Verdict::Pass && !application_starts {
        write_termination_log(&options.termination_log, &termination::message(report));
    }
    code
}

fn result(options: &Options, report: &Report, evidence: &Evidence, terminal: bool) -> String {
    match options.output {
        Output::Text => text::report(report, style(terminal)),
        Output::Json => json::report(report),
        Output::Evidence => json::evidence(evidence),
    }
}

/// The error says why another process could not be looked at.
async fn attempts(options: &Options) -> Result<Option<(Report, Evidence)>, String> {
    let started = Instant::now();
    let deadline = started + options.timeout;
    let mut attempts = Attempts::new();
    let mut memory = Memory::default();
    let mut other = None;
    loop {
        let world = world(options, &mut other).await?;
        let evidence = collect::collect(&world, deadline, Attempt::Check, &mut memory).await;
        let report = report::report(&evidence, RunTimes { duration_ms: millis(started), attempts: attempts.count + 1 });
        if let Some(why) = other.as_ref().and_then(|process| undecided(process, &evidence, &report)) {
            return Err(why);
        }
        let cause = report.root_cause.as_ref().map(|cause| (cause.code, cause.class.id()));
        let next = attempts.add(report, evidence, Instant::now() >= deadline);
        if next == Next::Stop {
            break;
        }
        let wait = backoff(attempts.count, fastrand::f64());
        let left = deadline.saturating_duration_since(Instant::now());
        if left < wait + WORTH_AN_ATTEMPT {
            break;
        }
        if let Some((code, class)) = cause {
            tracing::info!(code = code.id(), class, attempt = attempts.count, retry_in_ms = wait.as_millis() as u64, "not proven yet");
        }
        tokio::time::sleep(wait).await;
    }
    Ok(attempts.finish(millis(started)))
}

/// What is to be judged. `other` is the process, once it is found: it stays the same for all attempts.
async fn world(options: &Options, other: &mut Option<TargetProcess>) -> Result<World, String> {
    let mut settings = options.settings.clone();
    let Some(target) = options.pid else { return Ok(environment::read(settings).await) };
    let found = match other.take() {
        Some(process) => Ok(process),
        None => process::find_target(target),
    };
    let seen = match found {
        Ok(process) => {
            settings.pid = Some(process.pid());
            environment::read_process(other.insert(process), settings.clone()).await
        }
        Err(error) => Err(error),
    };
    seen.or_else(|error| match error {
        ProcessError::Unreadable(why) => Err(why),
        ProcessError::OutOfResources(lack) => Ok(World::lacking(settings, lack)),
    })
}

/// Why there is no verdict, although all else was looked at: whether the process may read its token cannot be told. What an earlier step has
/// found holds without it.
fn undecided(process: &TargetProcess, evidence: &Evidence, report: &Report) -> Option<String> {
    let token = evidence.token.known()?;
    let failure = token.undecided()?;
    let earlier = report.root_cause.as_ref().is_some_and(|cause| cause.step < Step::Token);
    (!earlier).then(|| process.undecided(&token.path, &failure.text))
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Colour on a terminal only, and not when it is unwanted (no-color.org).
pub(super) fn style(terminal: bool) -> Style {
    let unwanted =
        std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || std::env::var_os("TERM").is_some_and(|t| t == "dumb");
    Style { color: terminal && !unwanted }
}

const DEFAULT_TERMINATION_LOG: &str = "/dev/termination-log";

/// The kubelet makes the file; only a path that was asked for is created. Never blocks, whatever stands there.
fn write_termination_log(log: &TerminationLog, message: &str) {
    let (path, create) = match log {
        TerminationLog::Off => return,
        TerminationLog::Default => (DEFAULT_TERMINATION_LOG, OFlags::empty()),
        TerminationLog::Path(path) => (path.as_str(), OFlags::CREATE),
    };
    let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY | create;
    let written = rustix::fs::open(path, flags, Mode::from_raw_mode(0o644))
        .map_err(std::io::Error::from)
        .and_then(|fd| std::fs::File::from(fd).write_all(message.as_bytes()));
    match (written, log) {
        (Ok(()), _) => {}
        // Outside Kubernetes it is simply not there.
        (Err(error), TerminationLog::Default) if error.kind() == std::io::ErrorKind::NotFound => {}
        (Err(error), _) => tracing::warn!(path = %printable(path), %error, "the termination message could not be written"),
    }
}
