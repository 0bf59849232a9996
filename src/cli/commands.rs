//! The commands, as a table. Each row stands in the file of its command, above the flags.

use super::row::{CommandRow, Flag};
use super::{check, doctor, exec, explain, get, install, sdks, serve, trust_policy};

/// All commands, in the order of `--help`.
pub(super) const COMMANDS: &[CommandRow] =
    &[check::ROW, serve::ROW, get::ROW, exec::ROW, install::ROW, explain::ROW, trust_policy::ROW, sdks::ROW, doctor::ROW];

/// The flags of all commands. One that several take comes several times.
pub(super) fn flags() -> impl Iterator<Item = Flag> {
    COMMANDS.iter().flat_map(CommandRow::flags)
}
