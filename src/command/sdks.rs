//! `irsa-probe sdks`: what each SDK does with this environment. Nothing is called; the files that it names are read.

use super::input::{self, InputText};
use crate::cli::{Output, SdksOptions};
use crate::collect::file::CONFIG_CAP;
use crate::collect::local::Local;
use crate::collect::scan::ScanLimits;
use crate::collect::{self, environment};
use crate::core::pod::env_file;
use crate::core::pod::profile::Profile;
use crate::core::sdk::scan::{FoundSdk, ScanSummary, judge};
use crate::core::sdk::{Assumptions, Prediction, SdkFamily, StsHosts, Surroundings, predict};
use crate::render::{Style, json, scan, sdks};
use std::io::IsTerminal;

const ABOUT_PROCESS: &str = "What each AWS SDK's default chain does with the environment and files of this process. Nothing was called.";
const ABOUT_FILE: &str = "What each AWS SDK's default chain does with the given environment. Nothing was called, and no file was read. It \
                     is assumed that token files are good, and that profiles exist without credentials.";

/// Prints the predictions, or the one of `--sdk`; the exit code.
pub fn run(options: &SdksOptions) -> u8 {
    let predicted = match &options.env {
        None => predict_for_process(options).map(|predictions| (about(ABOUT_PROCESS, options.assume), predictions)),
        Some(path) => predict_for_file(path, options),
    };
    match predicted {
        Ok((about, predictions)) => match options.scan.as_deref().map(scan).transpose() {
            Ok(scanned) => {
                super::print(&format_all(options, &about, &predictions, scanned.as_ref()));
                let is_refused = scanned.is_some_and(|scanned| scanned.found.iter().any(FoundSdk::cannot_use));
                u8::from(options.strict && is_refused)
            }
            Err(reason) => fail(&reason),
        },
        Err(reason) => fail(&reason),
    }
}

fn fail(reason: &str) -> u8 {
    super::print_error(reason);
    2
}

/// What a scan found, judged for today.
struct Scanned {
    found: Vec<FoundSdk>,
    summary: ScanSummary,
}

fn scan(folder: &str) -> Result<Scanned, String> {
    let facts = collect::scan::scan_folder(folder, ScanLimits::WALK)
        .map_err(|why| format!("--scan {folder:?}: {why}; give it a folder, such as / or /app"))?;
    let today = collect::now();
    Ok(Scanned { found: facts.copies.iter().map(|copy| judge(copy, today)).collect(), summary: facts.summary })
}

fn format_all(options: &SdksOptions, about: &str, predictions: &[Prediction], scanned: Option<&Scanned>) -> String {
    let scanned = scanned.map(|scanned| (scanned.found.as_slice(), &scanned.summary));
    match (options.output, scanned) {
        (Output::Json, _) => json::sdks(about, predictions, scanned),
        (_, Some((found, summary))) => scan::found(found, summary, style()),
        (_, None) => format_predictions(options, about, predictions),
    }
}

/// Whose environment it is, and what was assumed.
fn about(whose: &str, assume: Assumptions) -> String {
    let given = assume.describe();
    match given.as_str() {
        "" => format!("{whose} Assumed: STS, the agent and IMDS answer."),
        given if Assumptions::keys().iter().all(|(key, _)| given.contains(&format!("{key}="))) => format!("{whose} Assumed: {given}."),
        given => format!("{whose} Assumed: {given}. All others are assumed to answer."),
    }
}

fn format_predictions(options: &SdksOptions, about: &str, predictions: &[Prediction]) -> String {
    match (options.sdk, predictions) {
        (Some(sdk), [one]) => sdks::one(about, sdk, one, style()),
        _ => sdks::table(about, predictions, style()),
    }
}

fn style() -> Style {
    super::terminal::style(std::io::stdout().is_terminal())
}

/// Predicts for this process: its environment, token files and profile.
fn predict_for_process(options: &SdksOptions) -> Result<Vec<Prediction>, String> {
    let lacks = |lack: &dyn std::fmt::Display| format!("the environment could not be read: {lack}");
    let runtime = super::runtime().map_err(|error| lacks(&error))?;
    let local = runtime.block_on(Local::read(&environment::variable)).map_err(|lack| lacks(&lack))?;
    Ok(predictions(options, &local.surroundings()))
}

/// Predicts for the environment in a file. Its token files and profiles are not known.
fn predict_for_file(path: &str, options: &SdksOptions) -> Result<(String, Vec<Prediction>), String> {
    let InputText { bytes, cut } = input::read(path, CONFIG_CAP).map_err(|failure| unreadable(path, &failure.text))?;
    if cut {
        return Err(unreadable(path, "it is longer than 4 MiB"));
    }
    let env_file::EnvFile { environment, not_understood } =
        env_file::parse(&bytes).ok_or_else(|| unreadable(path, "no line of it is NAME=VALUE"))?;
    let name = environment.profile.value().cloned().unwrap_or_else(|| "default".into());
    let profile = Profile { name, not_read: true, ..Profile::default() };
    let about = about(ABOUT_FILE, options.assume);
    let about = match not_understood {
        0 => about,
        1 => [&about, " One line is not NAME=VALUE, and was ignored."].concat(),
        n => format!("{about} {n} lines are not NAME=VALUE, and were ignored."),
    };
    Ok((about, predictions(options, &Surroundings { hosts: StsHosts::OfEachKind, ..Surroundings::assumed(&environment, &profile) })))
}

fn unreadable(path: &str, why: &str) -> String {
    format!("--env {path:?}: {why}; give it what env prints, a copy of /proc/PID/environ, or - for standard input")
}

fn predictions(options: &SdksOptions, surroundings: &Surroundings<'_>) -> Vec<Prediction> {
    let surroundings = options.assume.apply(*surroundings);
    match options.sdk {
        Some(sdk) => vec![predict(sdk, &surroundings)],
        None => SdkFamily::ALL.map(|family| predict(family, &surroundings)).to_vec(),
    }
}
