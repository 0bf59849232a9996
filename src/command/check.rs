//! `irsa-probe check`: makes attempts until the verdict is settled or the time is over, and reports the last real cause.

use super::terminal::style;
use crate::cli::{CheckOptions, CheckOutput, TerminationLog};
use crate::collect::environment::{self, World};
use crate::collect::process::{self, ProcessError, TargetProcess};
use crate::collect::scan::Look;
use crate::collect::{self, Attempt, Memory};
use crate::core::catalogue::Step;
use crate::core::check::attempts::{Attempts, Next, backoff};
use crate::core::check::report::{self, Report, RunTimes, Verdict};
use crate::core::evidence::Evidence;
use crate::core::text::printable::printable;
use crate::render::text::{Detail, TextOptions};
use crate::render::{json, termination, text};
use rustix::fs::{Mode, OFlags};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The least time for an attempt. With less it would only report its own deadline.
const LEAST_ATTEMPT: Duration = Duration::from_millis(500);

/// Whom standard output belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdout {
    /// The probe: its result goes there.
    Ours,
    /// The application, as soon as it starts. The probe then writes nothing to it.
    Application,
}

/// Runs the check and reports the result; the exit code.
///
/// `command` are the words of the application that starts afterwards. The SDK that it uses is looked for beside the calls.
pub async fn run(options: &CheckOptions, stdout: Stdout, command: &[OsString]) -> u8 {
    // Where a person names the SDK, none is looked for.
    let is_named = options.settings.app_sdk.is_some();
    let look = (!command.is_empty() && !is_named).then(|| Look::at_command(command));
    let (report, evidence) = match run_attempts(options, look).await {
        Ok(Some(found)) => found,
        Ok(None) => return if options.advisory { 0 } else { 3 },
        // A process that cannot be judged has no verdict. Only that is printed.
        Err(reason) => {
            super::print_error(&format!("check --pid: {reason}"));
            return if options.advisory { 0 } else { 2 };
        }
    };
    report_result(options, stdout, &report, &evidence)
}

/// Reports that the check could not begin because the probe itself lacked descriptors, threads or memory; the exit code.
pub fn report_lack(options: &CheckOptions, stdout: Stdout, lack: &str) -> u8 {
    let evidence = collect::without_means(options.settings.clone(), options.pid.is_some(), lack);
    let report = report::report(&evidence, RunTimes { duration_ms: 0, attempts: 0 });
    if stdout == Stdout::Application {
        super::print_to(std::io::stderr().lock(), &format_result(options, &report, &evidence, false));
        return if options.advisory { 0 } else { 3 };
    }
    report_result(options, stdout, &report, &evidence)
}

/// Prints the result, and writes the termination message of a failure; the exit code.
fn report_result(options: &CheckOptions, stdout: Stdout, report: &Report, evidence: &Evidence) -> u8 {
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
        _ if application_starts => super::print_to(std::io::stderr().lock(), &format_result(options, report, evidence, false)),
        _ => super::print(&format_result(options, report, evidence, std::io::stdout().is_terminal())),
    }
    // An application that starts leaves a message of its own there when it ends.
    if report.verdict != Verdict::Pass && !application_starts {
        write_termination_log(&options.termination_log, &termination::message(report));
    }
    code
}

fn format_result(options: &CheckOptions, report: &Report, evidence: &Evidence, terminal: bool) -> String {
    match options.output {
        CheckOutput::Text => {
            let detail = match (options.quiet, options.verbose) {
                (true, _) => Detail::Verdict,
                (false, true) => Detail::Checks,
                (false, false) => Detail::Steps,
            };
            text::detailed_report(
                report,
                &TextOptions { style: style(terminal), detail, advisory: options.advisory, ..TextOptions::default() },
            )
        }
        CheckOutput::Json => json::report(report),
        CheckOutput::Evidence => json::evidence(evidence),
    }
}

/// Makes attempts until one settles the verdict or the time is over; the last report and its evidence. The error says why the process of
/// `--pid` could not be judged.
async fn run_attempts(options: &CheckOptions, mut look: Option<Look>) -> Result<Option<(Report, Evidence)>, String> {
    let started = Instant::now();
    let deadline = started + options.timeout;
    let mut attempts = Attempts::new();
    let mut memory = Memory::default();
    let mut target = None;
    loop {
        let world = read_world(options, &mut target).await?;
        if look.is_none()
            && options.settings.app_sdk.is_none()
            && let Some(process) = &target
        {
            look = Look::at_process(process, &world.root, deadline);
        }
        let mut evidence = collect::collect(&world, deadline, Attempt::Check, &mut memory).await;
        let report_now =
            |evidence: &Evidence| report::report(evidence, RunTimes { duration_ms: millis(started), attempts: attempts.count + 1 });
        // An application that is proven is not held. Else there is time.
        let until = if target.is_some() { deadline } else { Instant::now() };
        evidence.scan = look.as_mut().map(|look| look.facts(until));
        let mut report = report_now(&evidence);
        if report.verdict != Verdict::Pass && evidence.scan.as_ref().is_some_and(|scan| !scan.summary.complete) {
            evidence.scan = look.as_mut().map(|look| look.facts(deadline));
            report = report_now(&evidence);
        }
        if let Some(reason) = target.as_ref().and_then(|process| unjudged(process, &evidence, &report)) {
            return Err(reason);
        }
        let cause = report.root_cause.as_ref().map(|cause| (cause.code, cause.class.id()));
        let next = attempts.add(report, evidence, Instant::now() >= deadline);
        if next == Next::Stop {
            break;
        }
        let wait = backoff(attempts.count, fastrand::f64());
        let left = deadline.saturating_duration_since(Instant::now());
        if left < wait + LEAST_ATTEMPT {
            break;
        }
        if let Some((code, class)) = cause {
            tracing::info!(code = code.id(), class, attempt = attempts.count, retry_in_ms = wait.as_millis() as u64, "not proven yet");
        }
        tokio::time::sleep(wait).await;
    }
    Ok(attempts.finish(millis(started)))
}

/// Reads what is to be judged. `judged` is the process of `--pid`, once it is found: it stays the same for all attempts.
async fn read_world(options: &CheckOptions, judged: &mut Option<TargetProcess>) -> Result<World, String> {
    let mut settings = options.settings.clone();
    let Some(target) = options.pid else { return Ok(environment::read(settings).await) };
    let found = match judged.take() {
        Some(process) => Ok(process),
        None => process::find_target(target),
    };
    let world = match found {
        Ok(process) => {
            settings.pid = Some(process.pid());
            environment::read_process(judged.insert(process), settings.clone()).await
        }
        Err(error) => Err(error),
    };
    world.or_else(|error| match error {
        ProcessError::Unreadable(reason) => Err(reason),
        ProcessError::OutOfResources(lack) => Ok(World::lacking(settings, lack)),
    })
}

/// Why there is no verdict: it cannot be decided whether the process may read its token. A root cause of an earlier step holds without
/// that.
fn unjudged(process: &TargetProcess, evidence: &Evidence, report: &Report) -> Option<String> {
    let token = evidence.token.known()?;
    let failure = token.undecided()?;
    let earlier = report.root_cause.as_ref().is_some_and(|cause| cause.step < Step::Token);
    (!earlier).then(|| process.undecided(&token.path, &failure.text))
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

const DEFAULT_TERMINATION_LOG: &str = "/dev/termination-log";

/// Writes the termination message. The kubelet creates the default file; only a path that was given is created. A FIFO does not block.
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
        // Outside Kubernetes there is no such file.
        (Err(error), TerminationLog::Default) if error.kind() == std::io::ErrorKind::NotFound => {}
        (Err(error), _) => tracing::warn!(path = %printable(path), %error, "the termination message could not be written"),
    }
}
