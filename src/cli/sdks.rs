//! `sdks`: its flags.

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{LogOptions, Output, groups, log, output};
use super::values::{set_sdk_version, set_switch, set_text};
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
    /// `--scan`: the folder below which SDKs are looked for.
    pub scan: Option<String>,
    /// `--strict`: a found SDK that cannot use a provider is exit 1.
    pub strict: bool,
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "sdks",
    arguments: "",
    about: "Predict the credentials that each AWS SDK gets\n\
            It also predicts the STS endpoint that each SDK calls. It reads the environment and files, and calls nothing. --scan finds the \
            SDKs in a file system.",
    example: "irsa-probe sdks --sdk java-v2",
    exit_codes: &[("0", "predicted"), ("1", "with --scan --strict: an SDK is too old, or lacks a module"), USAGE],
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
            help: "Predict for the environment in this file, as env, export -p or /proc/PID/environ print it. - reads standard input [default: this process]",
            set: |sdks, v| set_text(&mut sdks.env, v),
        },
        FlagRow {
            name: "sdk",
            short: None,
            value: Some("NAME[@VERSION]"),
            help: "Predict for this SDK only, for example java-v2 or botocore@1.30.0 [default: all, in their current versions]",
            set: |sdks, v| set_sdk_version(&mut sdks.sdk, v),
        },
        FlagRow {
            name: "assume",
            short: None,
            value: Some("KEY=VALUE,…"),
            help: "Predict what happens if a service answers like this. The keys: sts=ok|rejected|denied|unavailable|unreachable, agent=ok|not-found|refused|failing|unreachable, imds=role|role-v1|no-role|silent|absent|refused|refused-v1",
            set: |sdks, v| sdks.assume.add(v),
        },
        FlagRow {
            name: "scan",
            short: None,
            value: None,
            help: "Find the AWS SDKs below a folder, and say what each one can use. Write --scan DIR, or --scan for /",
            set: |sdks, v| set_text(&mut sdks.scan, if v == "true" { "/" } else { v }),
        },
        FlagRow {
            name: "strict",
            short: None,
            value: None,
            help: "With --scan: exit 1 if an SDK is too old for IRSA or EKS Pod Identity, or lacks the module for it",
            set: |sdks, v| set_switch(&mut sdks.strict, v),
        },
    ];
    const SHARED: &'static [&'static [FlagRow<SdksOptions>]] = &[&log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        if self.scan.is_none() {
            words.none(&ROW)?;
        }
        if self.strict && self.scan.is_none() {
            return Err(Usage("--strict needs --scan: irsa-probe sdks --scan /app --strict".to_owned()));
        }
        let scan = match words.own.as_slice() {
            [] => self.scan,
            _ => Some(words.one(&ROW, "folder", "")?).filter(|folder| !folder.is_empty()),
        };
        Ok(Command::Sdks(SdksOptions { scan, ..self }))
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
        let scan = |args: &[&str]| match run(args, &[]) {
            Ok(Command::Sdks(options)) => (options.scan.unwrap(), options.strict),
            other => panic!("{other:?}"),
        };
        assert_eq!(scan(&["sdks", "--scan"]), ("/".to_owned(), false));
        assert_eq!(scan(&["sdks", "--scan", "/app", "--strict"]), ("/app".to_owned(), true));
        assert_eq!(scan(&["sdks", "--scan=/app"]).0, "/app");
        assert!(run(&["sdks", "--scan", "/a", "/b"], &[]).unwrap_err().contains("\"/b\" was given too"));
        assert!(run(&["sdks", "--strict"], &[]).unwrap_err().contains("--strict needs --scan"));
        assert!(run(&["sdks", "/app"], &[]).unwrap_err().contains("takes no argument"));
        assert!(run(&["sdks", "--sdk", "cobol"], &[]).unwrap_err().contains("botocore"));
        assert!(run(&["sdks", "--output", "evidence"], &[]).unwrap_err().contains("text, json"));
    }
}
