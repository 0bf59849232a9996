//! `irsa-probe sdks`: what each SDK does with this environment. Nothing is called; the files that it names are read.

use super::input::{self, InputText};
use crate::cli::{Output, SdksOptions};
use crate::collect::environment;
use crate::collect::file::CONFIG_CAP;
use crate::collect::local::Local;
use crate::core::pod::env_file;
use crate::core::pod::profile::Profile;
use crate::core::sdk::{Assumptions, Prediction, SdkFamily, StsHosts, Surroundings, predict};
use crate::render::{json, sdks};
use std::io::IsTerminal;

const ABOUT_PROCESS: &str = "What each AWS SDK does with this process's environment and files, by its default chain. Nothing was called.";
const ABOUT_FILE: &str = "What each AWS SDK does with the given environment, by its default chain. Nothing was called or read. Token files are \
                     taken to be good, and profiles to exist without credentials.";

/// Prints the predictions, or the one of `--sdk`; the exit code.
pub fn run(options: &SdksOptions) -> u8 {
    let predicted = match &options.env {
        None => predict_for_process(options).map(|predictions| (about(ABOUT_PROCESS, options.assume), predictions)),
        Some(path) => predict_for_file(path, options),
    };
    match predicted {
        Ok((about, predictions)) => {
            super::print(&format_predictions(options, &about, &predictions));
            0
        }
        Err(reason) => {
            super::print_error(&reason);
            2
        }
    }
}

/// Whose environment it is, and what was taken for granted.
fn about(whose: &str, assume: Assumptions) -> String {
    let given = assume.describe();
    match given.as_str() {
        "" => format!("{whose} STS, the agent and IMDS are taken to answer."),
        given if Assumptions::keys().iter().all(|(key, _)| given.contains(&format!("{key}="))) => format!("{whose} Assumed: {given}."),
        given => format!("{whose} Assumed: {given}. What is not named here is taken to answer."),
    }
}

fn format_predictions(options: &SdksOptions, about: &str, predictions: &[Prediction]) -> String {
    let style = super::check::style(std::io::stdout().is_terminal());
    match (options.output, options.sdk, predictions) {
        (Output::Json, ..) => json::sdks(about, predictions),
        (_, Some(sdk), [one]) => sdks::one(about, sdk, one, style),
        _ => sdks::table(about, predictions, style),
    }
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
        1 => [&about, " One line is not NAME=VALUE, and was passed over."].concat(),
        n => format!("{about} {n} lines are not NAME=VALUE, and were passed over."),
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
