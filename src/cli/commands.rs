//! The commands, as a table. Each row stands in the file of its command, above the flags.

use super::row::{CommandRow, Flag};
use super::{check, completions, doctor, exec, explain, get, install, man, sdks, serve, trust_policy};

/// All commands, in the order of `--help`.
pub(super) const COMMANDS: &[CommandRow] = &[
    check::ROW,
    serve::ROW,
    get::ROW,
    exec::ROW,
    install::ROW,
    explain::ROW,
    trust_policy::ROW,
    sdks::ROW,
    doctor::ROW,
    completions::ROW,
    man::ROW,
];

/// The flags of all commands. One that several take comes several times.
pub(super) fn flags() -> impl Iterator<Item = Flag> {
    COMMANDS.iter().flat_map(CommandRow::flags)
}

/// The names of the commands for which something holds.
pub(super) fn names(holds: impl Fn(&CommandRow) -> bool) -> Vec<&'static str> {
    COMMANDS.iter().filter(|row| holds(row)).map(|row| row.name).collect()
}

/// The commands that take a flag.
pub(super) fn takers(flag: &str) -> Vec<&'static str> {
    names(|row| row.takes(flag))
}
