//! `check`: its flags, most of which `exec` shares.

use super::Command;
use super::Usage;
use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{LogOptions, groups, identity, log, no_imds};
use super::values::{one_of, set_app_sdk, set_switch, set_timeout};
use crate::core::plan::inputs::Settings;
use crate::core::pod::candidates::Target;
use std::time::Duration;

/// `check`, and the check that `exec` begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckOptions {
    /// What changes the plan or its judgement.
    pub settings: Settings,
    /// The log.
    pub log: LogOptions,
    /// `--timeout`: how long temporary failures are retried.
    pub timeout: Duration,
    /// `--output`
    pub output: CheckOutput,
    /// `--verbose`: every check, and documents.
    pub verbose: bool,
    /// `--quiet`: the verdict's line only.
    pub quiet: bool,
    /// `--pid`, which `exec` does not have.
    pub pid: Option<Target>,
    /// `--advisory`
    pub advisory: bool,
    /// `--termination-log`
    pub termination_log: TerminationLog,
}

impl Default for CheckOptions {
    fn default() -> CheckOptions {
        CheckOptions {
            settings: Settings::default(),
            log: LogOptions::default(),
            timeout: Duration::from_secs(60),
            output: CheckOutput::Text,
            verbose: false,
            quiet: false,
            pid: None,
            advisory: false,
            termination_log: TerminationLog::Default,
        }
    }
}

/// Form of a check's result on standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CheckOutput {
    /// The report, for people.
    #[default]
    Text,
    /// The report (docs/report.v1.schema.json).
    Json,
    /// What the report is made from, for bug reports.
    Evidence,
}

/// Where the termination message goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TerminationLog {
    /// `/dev/termination-log`, when it exists.
    #[default]
    Default,
    /// Nowhere.
    Off,
    /// There.
    Path(String),
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "check",
    arguments: "",
    about: "Check once which AWS identity this pod gets\n\
            It makes the calls that an AWS SDK makes. If the identity is wrong or missing, it names the root cause and the fix. \
            Temporary failures are retried until --timeout.",
    example: "irsa-probe check --expect-role-arn arn:aws:iam::111122223333:role/checkout",
    exit_codes: &[
        ("0", "proven (or --advisory, or IRSA_PROBE_DISABLED)"),
        ("1", "a definite failure"),
        USAGE,
        ("3", "not proven in time; only temporary errors were seen"),
        ("143", "ended by SIGTERM"),
    ],
    variables: true,
    wraps: false,
    functions: functions::<CheckOptions>(),
};

groups!(CheckOptions { settings: Settings, log: LogOptions });

impl CheckOptions {
    /// An error where both more and less text is wanted.
    pub(super) fn is_one_detail(&self) -> Result<(), Usage> {
        match self.verbose && self.quiet {
            true => Err(Usage("--verbose and --quiet exclude each other: give one of them".to_owned())),
            false => Ok(()),
        }
    }
}

impl AsMut<CheckOptions> for CheckOptions {
    fn as_mut(&mut self) -> &mut CheckOptions {
        self
    }
}

impl CommandOptions for CheckOptions {
    const FLAGS: &'static [FlagRow<CheckOptions>] =
        &[timeout(), output(), verbose(), quiet(), check_issuer(), app_sdk(), PID, no_imds(), advisory(), termination_log()];
    const SHARED: &'static [&'static [FlagRow<CheckOptions>]] = &[&identity(), &log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        words.none(&ROW)?;
        self.is_one_detail()?;
        Ok(Command::Check(self))
    }
}

const PID: FlagRow<CheckOptions> = FlagRow {
    name: "pid",
    short: None,
    value: Some("N|auto"),
    help: "Check another process of this pod: process N, or with auto the application. For a debug container that shares its process namespace",
    set: |check, v| {
        check.pid = Some(Target::parse(v).ok_or_else(|| format!("{v:?} is no process id; write a whole number such as 1, or auto"))?);
        Ok(())
    },
};

pub(super) const fn timeout<T: AsMut<CheckOptions>>() -> FlagRow<T> {
    FlagRow {
        name: "timeout",
        short: None,
        value: Some("DURATION"),
        help: "How long to retry temporary failures [default: 60s]",
        set: |t, v| set_timeout(&mut t.as_mut().timeout, v),
    }
}

pub(super) const fn output<T: AsMut<CheckOptions>>() -> FlagRow<T> {
    FlagRow {
        name: "output",
        short: None,
        value: Some("text|json|evidence"),
        help: "Format of the result on standard output [default: text]",
        set: |t, v| {
            let forms = [("text", CheckOutput::Text), ("json", CheckOutput::Json), ("evidence", CheckOutput::Evidence)];
            t.as_mut().output = one_of(v, &forms)?;
            Ok(())
        },
    }
}

pub(super) const fn verbose<T: AsMut<CheckOptions>>() -> FlagRow<T> {
    FlagRow {
        name: "verbose",
        short: Some('v'),
        value: None,
        help: "In text, list every check, and print policies and manifests",
        set: |t, v| set_switch(&mut t.as_mut().verbose, v),
    }
}

pub(super) const fn quiet<T: AsMut<CheckOptions>>() -> FlagRow<T> {
    FlagRow {
        name: "quiet",
        short: Some('q'),
        value: None,
        help: "In text, print the verdict's line only",
        set: |t, v| set_switch(&mut t.as_mut().quiet, v),
    }
}

pub(super) const fn check_issuer<T: AsMut<CheckOptions>>() -> FlagRow<T> {
    FlagRow {
        name: "check-issuer",
        short: None,
        value: None,
        help: "Also check the issuer: fetch its discovery document and keys, and find the token's key",
        set: |t, v| set_switch(&mut t.as_mut().settings.check_issuer, v),
    }
}

pub(super) const fn app_sdk<T: AsMut<CheckOptions>>() -> FlagRow<T> {
    FlagRow {
        name: "app-sdk",
        short: None,
        value: Some("NAME[@VERSION]|auto"),
        help: "The SDK of the application, for example java-v2. The check fails if this SDK does not get the identity, and warns if it would use another \
               provider after a failure. irsa-probe sdks lists the names [default: auto, what exec and --pid find]",
        set: |t, v| set_app_sdk(&mut t.as_mut().settings.app_sdk, v),
    }
}

pub(super) const fn advisory<T: AsMut<CheckOptions>>() -> FlagRow<T> {
    FlagRow {
        name: "advisory",
        short: None,
        value: None,
        help: "Exit 0 whatever is found. The report is the same, and exec starts CMD",
        set: |t, v| set_switch(&mut t.as_mut().advisory, v),
    }
}

pub(super) const fn termination_log<T: AsMut<CheckOptions>>() -> FlagRow<T> {
    FlagRow {
        name: "termination-log",
        short: None,
        value: Some("PATH"),
        help: "File for the short message about a failure, or none [default: /dev/termination-log, if it exists]",
        set: |t, v| {
            let off = v.is_empty() || v == "none";
            t.as_mut().termination_log = if off { TerminationLog::Off } else { TerminationLog::Path(v.to_owned()) };
            Ok(())
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;
    use crate::core::catalogue::Code;

    fn check(args: &[&str], env: &[(&str, &str)]) -> CheckOptions {
        let args = [&["check"], args].concat();
        match run(&args, env) {
            Ok(Command::Check(options)) => options,
            other => panic!("{args:?}: {other:?}"),
        }
    }

    #[test]
    fn every_flag_reaches_its_field() {
        let options = check(&["--timeout=2m", "--output", "evidence", "--check-issuer", "--app-sdk", "java-v2", "--pid", "auto"], &[]);
        assert_eq!((options.timeout, options.output, options.pid), (Duration::from_secs(120), CheckOutput::Evidence, Some(Target::Auto)));
        assert_eq!((options.settings.check_issuer, options.settings.app_sdk.map(|sdk| sdk.family.id())), (true, Some("java-v2")));
        let options = check(&["--no-imds", "--advisory", "--termination-log=/tmp/log"], &[]);
        assert!(options.settings.no_imds && options.advisory);
        assert_eq!(options.termination_log, TerminationLog::Path("/tmp/log".into()));
        let options =
            check(&["--ignore", "sdk-differs, node-role-reachable", "--ignore=sdk-differs"], &[("IRSA_PROBE_IGNORE", "throttled")]);
        assert_eq!(options.settings.ignore, [Code::SdkDiffers, Code::NodeRoleReachable]);
        assert_eq!(check(&[], &[("IRSA_PROBE_IGNORE", "throttled,sdk-differs")]).settings.ignore, [Code::Throttled, Code::SdkDiffers]);
        assert_eq!(check(&["--termination-log", "none"], &[]).termination_log, TerminationLog::Off);
        let detail = |args: &[&str]| (check(args, &[]).verbose, check(args, &[]).quiet);
        assert_eq!(
            [detail(&["-v"]), detail(&["--quiet"]), detail(&["-q=false", "--verbose"])],
            [(true, false), (false, true), (true, false)]
        );
        assert!(run(&["check", "-v", "-q"], &[]).is_err() && run(&["exec", "-vq", "app"], &[]).is_err());
        assert_eq!(check(&[], &[]), CheckOptions::default());
    }

    #[test]
    fn the_line_wins_over_the_twins() {
        let env = [("IRSA_PROBE_TIMEOUT", "5s"), ("IRSA_PROBE_OUTPUT", "json"), ("IRSA_PROBE_PID", "7"), ("IRSA_PROBE_ADVISORY", " ")];
        let options = check(&["--output", "text"], &env);
        assert_eq!((options.timeout, options.output, options.advisory), (Duration::from_secs(5), CheckOutput::Text, false));
        assert!(options.pid.is_some());
    }
}
