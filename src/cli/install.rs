//! `install DIR`

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{LogOptions, groups, log};
use super::{Command, Usage};
use std::path::PathBuf;

/// `install`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstallOptions {
    /// The folder.
    pub dir: PathBuf,
    /// The log.
    pub log: LogOptions,
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "install",
    arguments: "DIR",
    about: "Copy this program to DIR/irsa-probe\n\
            DIR is a volume that the pod's containers share. An application whose image lacks the program can then run it.",
    example: "irsa-probe install /irsa-probe-bin",
    exit_codes: &[("0", "installed"), ("1", "it could not be written there"), USAGE],
    // It runs in pods. But a variable with a typing error, meant for the command that it installs, must not keep the pod from starting.
    variables: false,
    wraps: false,
    functions: functions::<InstallOptions>(),
};

groups!(InstallOptions { log: LogOptions });

impl CommandOptions for InstallOptions {
    const FLAGS: &'static [FlagRow<InstallOptions>] = &[];
    const SHARED: &'static [&'static [FlagRow<InstallOptions>]] = &[&log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        let dir = words.one(&ROW, "DIR", "install needs a DIR: the folder where a shared volume is mounted")?;
        Ok(Command::Install(InstallOptions { dir: dir.into(), ..self }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn one_folder() {
        assert!(
            matches!(run(&["install", "/bin"], &[("IRSA_PROBE_LOG_LEVEL", "x")]), Ok(Command::Install(o)) if o.dir.as_os_str() == "/bin")
        );
        assert!(run(&["install"], &[]).unwrap_err().contains("DIR"));
        assert!(run(&["install", "a", "b"], &[]).unwrap_err().contains("\"b\""));
    }
}
