//! `sdks`: its flags.

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{LogOptions, Output, groups, log, output};
use super::values::{set_sdk_version, set_text};
use super::{Command, Usage};
use crate::core::sdk::{Assumptions, Sdk};

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
    pub sdk: Option<Sdk>,
    /// `--assume`: the results that calls are taken to have.
    pub assume: Assumptions,
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
            help: "Predict for the environment in this file (as env, export -p or /proc/PID/environ print it), not for this process; - reads standard input",
            set: |sdks, v| set_text(&mut sdks.env, v),
        },
        FlagRow {
            name: "sdk",
            short: None,
            value: Some("NAME[@VERSION]"),
            help: "Answer for this SDK only, in this version or in the current one: java-v2, botocore@1.30.0",
            set: |sdks, v| set_sdk_version(&mut sdks.sdk, v),
        },
        FlagRow {
            name: "assume",
            short: None,
            value: Some("KEY=VALUE,…"),
            help: "Predict what happens if a service answers like this: sts=ok|rejected|denied|unavailable|unreachable, agent=ok|not-found|refused|failing|unreachable, imds=role|role-v1|no-role|silent|absent|refused|refused-v1",
            set: |sdks, v| sdks.assume.add(v),
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
        assert_eq!(
            (options.env.as_deref(), options.sdk.map(|sdk| sdk.family.id()), options.output),
            (Some("file"), Some("java-v2"), Output::Json)
        );
        assert!(run(&["sdks", "--sdk", "cobol"], &[]).unwrap_err().contains("botocore"));
        assert!(run(&["sdks", "--output", "evidence"], &[]).unwrap_err().contains("text, json"));
    }
}
