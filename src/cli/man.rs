//! `man`: its flags. The page is in `manual`.

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{LogOptions, groups, log};
use super::{Command, Usage};

/// `man`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManOptions {
    /// The log.
    pub log: LogOptions,
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "man",
    arguments: "",
    about: "Print the manual page\n\
            Read it with man -l -, or save it as irsa-probe.1 in a folder such as /usr/local/share/man/man1.",
    example: "irsa-probe man | man -l -",
    exit_codes: &[("0", "printed"), USAGE],
    variables: false,
    wraps: false,
    functions: functions::<ManOptions>(),
};

groups!(ManOptions { log: LogOptions });

impl CommandOptions for ManOptions {
    const FLAGS: &'static [FlagRow<ManOptions>] = &[];
    const SHARED: &'static [&'static [FlagRow<ManOptions>]] = &[&log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        words.none(&ROW)?;
        Ok(Command::Man(self))
    }
}
