//! `irsa-probe sdks`: what each SDK makes of this environment. Nothing is called; files are read as `check` reads them.

use super::input::{self, InputText};
use crate::cli::{Output, SdksOptions};
use crate::collect::environment::World;
use crate::collect::file::{CONFIG_CAP, Root};
use crate::collect::{self, token};
use crate::core::check::surroundings::token_file;
use crate::core::plan::inputs::Settings;
use crate::core::pod::env_file;
use crate::core::pod::environment::Var;
use crate::core::pod::profile::Profile;
use crate::core::sdk::{Prediction, SdkFamily, Surroundings, TokenFile, predict};
use crate::render::{json, sdks};
use std::io::IsTerminal;

const ABOUT_PROCESS: &str = "What each AWS SDK makes of this process's environment and files, by its default chain. Nothing was called: STS, the \
                   agent and IMDS are taken to answer.";
const ABOUT_FILE: &str = "What each AWS SDK makes of the given environment, by its default chain. Nothing was called or read: STS, the agent and \
                     IMDS are taken to answer, token files to be good, and profiles to exist without credentials.";

/// Prints the predictions, or the one of `--sdk`; the exit code.
pub fn run(options: &SdksOptions) -> u8 {
    let predicted = match &options.env {
        None => predict_for_process(options.sdk).map(|predictions| (ABOUT_PROCESS.to_owned(), predictions)),
        Some(path) => predict_for_file(path, options.sdk),
    };
    match predicted {
        Ok((about, predictions)) => {
            super::print(&format_predictions(options.output, &about, &predictions));
            0
        }
        Err(reason) => {
            super::print_error(&reason);
            2
        }
    }
}

fn format_predictions(output: Output, about: &str, predictions: &[Prediction]) -> String {
    let style = super::check::style(std::io::stdout().is_terminal());
    match (output, predictions) {
        (Output::Json, _) => json::sdks(about, predictions),
        (_, [one]) => sdks::one(about, one, style),
        _ => sdks::table(about, predictions, style),
    }
}

/// Predicts for this process: its environment, token files and profile.
fn predict_for_process(sdk: Option<SdkFamily>) -> Result<Vec<Prediction>, String> {
    let runtime = super::runtime().map_err(|error| format!("the environment could not be read: {error}"))?;
    runtime.block_on(async {
        let World { inputs, lack, .. } = collect::environment::read(Settings::default()).await;
        if let Some(lack) = lack {
            return Err(format!("the environment could not be read: {lack}"));
        }
        let mut surroundings = Surroundings::assumed(&inputs.environment, &inputs.profile);
        surroundings.token = read_token_file(&inputs.environment.token_file).await;
        surroundings.container_token = read_token_file(&inputs.environment.container_token_file).await;
        Ok(predictions(sdk, &surroundings))
    })
}

async fn read_token_file(path: &Var) -> TokenFile {
    match path.value() {
        Some(path) => token_file(&token::read(&Root::Own, path).await.0),
        None => TokenFile::Good,
    }
}

/// Predicts for the environment in a file. Its token files and profiles are not known.
fn predict_for_file(path: &str, sdk: Option<SdkFamily>) -> Result<(String, Vec<Prediction>), String> {
    let InputText { bytes, cut } = input::read(path, CONFIG_CAP).map_err(|failure| unreadable(path, &failure.text))?;
    if cut {
        return Err(unreadable(path, "it is longer than 4 MiB"));
    }
    let env_file::EnvFile { environment, not_understood } =
        env_file::parse(&bytes).ok_or_else(|| unreadable(path, "no line of it is NAME=VALUE"))?;
    let name = environment.profile.value().cloned().unwrap_or_else(|| "default".into());
    let profile = Profile { name, ..Profile::default() };
    let about = match not_understood {
        0 => ABOUT_FILE.to_owned(),
        1 => [ABOUT_FILE, " One line is not NAME=VALUE, and was passed over."].concat(),
        n => format!("{ABOUT_FILE} {n} lines are not NAME=VALUE, and were passed over."),
    };
    Ok((about, predictions(sdk, &Surroundings::assumed(&environment, &profile))))
}

fn unreadable(path: &str, why: &str) -> String {
    format!("--env {path:?}: {why}; give it what env prints, a copy of /proc/PID/environ, or - for standard input")
}

fn predictions(sdk: Option<SdkFamily>, surroundings: &Surroundings<'_>) -> Vec<Prediction> {
    SdkFamily::ALL.into_iter().filter(|one| sdk.is_none_or(|sdk| sdk == *one)).map(|sdk| predict(sdk, surroundings)).collect()
}
