//! `sdks`: its flags.

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{LogOptions, Output, groups, log, output};
use super::values::{set_sdk, set_text};
use super::{Command, Usage};
use crate::core::sdk::SdkFamily;

/// `sdks`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SdksOptions {
    /// `--output`
    pub output: Output,
    /// The log.
    pub log: LogOptions,
    /// `--env`: a file with an environment, or `-` for standard input.
    pub env: Option<String>,
    /// `--sdk`: the only one to answer for.
    pub sdk: Option<SdkFamily>,
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "sdks",
    arguments: "",
    about: "Predict which credentials and STS endpoint each AWS SDK takes in this environment",
    example: "irsa-probe sdks --sdk java-v2",
    exit_codes: &[("0", "predicted"), USAGE],
    variables: false,
    wraps: false,
    functions: functions::<SdksOptions>(),
};

groups!(SdksOptions { output: Output, log: LogOptions });

impl CommandOptions for SdksOptions {
    const FLAGS: &'static [FlagRow<SdksOptions>] = &[
        output(),
        FlagRow {
            name: "env",
            short: None,
            value: Some("FILE|-"),
            help: "Predict for the environment in this file (as env, export -p or /proc/PID/environ have it) instead of this process's; - reads standard input",
            set: |sdks, v| set_text(&mut sdks.env, v),
        },
        FlagRow {
            name: "sdk",
            short: None,
            value: Some("NAME"),
            help: "Answer for this SDK alone",
            set: |sdks, v| set_sdk(&mut sdks.sdk, v),
        },
    ];
    const SHARED: &'static [&'static [FlagRow<SdksOptions>]] = &[&log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        words.none(&ROW)?;
        Ok(Command::Sdks(self))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn every_flag_reaches_its_field() {
        let Ok(Command::Sdks(options)) = run(&["sdks", "--env", "file", "--sdk", "java-v2", "--output", "json"], &[]) else { panic!() };
        assert_eq!((options.env.as_deref(), options.sdk.map(SdkFamily::id), options.output), (Some("file"), Some("java-v2"), Output::Json));
        assert!(run(&["sdks", "--sdk", "cobol"], &[]).unwrap_err().contains("botocore"));
        assert!(run(&["sdks", "--output", "evidence"], &[]).unwrap_err().contains("text, json"));
    }
}
