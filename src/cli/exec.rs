//! `exec`: the flags of a check, and the command of the application.

use super::check::{CheckOptions, advisory, app_sdk, check_issuer, output, quiet, termination_log, timeout, verbose};
use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{LogOptions, groups, identity, log, no_imds};
use super::{Command, Usage};
use crate::core::plan::inputs::Settings;
use std::ffi::OsString;

/// `exec`
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExecOptions {
    /// The check that comes first.
    pub check: CheckOptions,
    /// The command with its arguments. It runs after the check has passed. Never empty.
    pub command: Vec<OsString>,
    /// `IRSA_PROBE_DISABLED`: the reason.
    pub disabled: Option<String>,
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "exec",
    arguments: "-- CMD",
    about: "Check first, then start the application CMD\n\
            It runs in the application's own container. CMD starts only if the identity is right. CMD replaces irsa-probe, so it gets the \
            signals, and its exit code is the container's.",
    example: "irsa-probe exec --timeout 60s -- /app --port 8080",
    exit_codes: &[
        ("0-255", "CMD's own, once it runs: proven (or --advisory, or IRSA_PROBE_DISABLED)"),
        ("1", "a definite failure; CMD was not started"),
        USAGE,
        ("3", "not proven in time; only temporary errors were seen; CMD was not started"),
        ("126", "CMD cannot be executed"),
        ("127", "CMD was not found"),
        ("143", "ended by SIGTERM before CMD was started"),
    ],
    variables: true,
    wraps: true,
    functions: functions::<ExecOptions>(),
};

groups!(ExecOptions { check: CheckOptions, check.settings: Settings, check.log: LogOptions });

impl CommandOptions for ExecOptions {
    const FLAGS: &'static [FlagRow<ExecOptions>] =
        &[timeout(), output(), verbose(), quiet(), check_issuer(), app_sdk(), no_imds(), advisory(), termination_log()];
    const SHARED: &'static [&'static [FlagRow<ExecOptions>]] = &[&identity(), &log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        if words.wrapped.is_empty() {
            return Err(Usage("exec needs the application's command: irsa-probe exec -- /app --its-flags".to_owned()));
        }
        self.check.is_one_detail()?;
        Ok(Command::Exec(ExecOptions { command: words.wrapped, ..self }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn the_words_after_exec_are_the_applications() {
        for (args, words) in [
            (&["exec", "--", "app", "--strict"][..], &["app", "--strict"][..]),
            (&["--strict", "exec", "app", "--no-such-flag", "-h"], &["app", "--no-such-flag", "-h"]),
            (&["exec", "--strict", "--", "app", "check", "--", "x"], &["app", "check", "--", "x"]),
            (&["exec", "--", "--odd"], &["--odd"]),
        ] {
            let Ok(Command::Exec(options)) = run(args, &[]) else { panic!("{args:?}") };
            assert_eq!(options.command, words.iter().map(OsString::from).collect::<Vec<_>>(), "{args:?}");
            assert_eq!(options.check.settings.strict, args[..2].contains(&"--strict"), "{args:?}");
        }
        assert!(matches!(run(&["exec", "--help", "--", "app"], &[]), Ok(Command::Print(_))));
        assert!(run(&["exec", "--strict"], &[]).unwrap_err().contains("exec -- /app"));
    }

    #[test]
    fn the_check_s_flags_but_pid() {
        let Ok(Command::Exec(options)) = run(&["exec", "--advisory", "app"], &[("IRSA_PROBE_TIMEOUT", "5s"), ("IRSA_PROBE_PID", "1")])
        else {
            panic!()
        };
        assert_eq!((options.check.advisory, options.check.timeout.as_secs(), options.check.pid), (true, 5, None));
        assert!(run(&["exec", "--pid", "1", "--", "app"], &[]).unwrap_err().contains("--pid is not a flag of exec"));
    }
}
