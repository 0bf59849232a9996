//! The commands, as a table. Each row stands in the file of its command, above the flags.

use super::flag::{self, CommandOptions, Flag};
use super::line::Arguments;
use super::{Command, Environment, Usage, check, doctor, exec, explain, get, install, sdks, serve, trust_policy};

/// One command.
pub(super) struct CommandRow {
    pub(super) name: &'static str,
    /// The words that it takes, for `--help`.
    pub(super) arguments: &'static str,
    pub(super) about: &'static str,
    pub(super) example: &'static str,
    pub(super) exit_codes: &'static [(&'static str, &'static str)],
    /// Whether its flags have twins in the environment. They are for commands that a manifest runs in pods; what a person types must not
    /// change with variables that a pod or a shell happens to have.
    pub(super) variables: bool,
    /// Whether the words are those of another program, whatever they look like.
    pub(super) wraps: bool,
    /// What depends on the type of the command's struct.
    pub(super) functions: Functions,
}

/// What is made of a command's rows of flags, whatever struct they fill.
pub(super) struct Functions {
    /// Its own flags.
    pub(super) own: fn() -> Vec<Flag>,
    /// The flags that it shares with others.
    pub(super) shared: fn() -> Vec<Flag>,
    /// Makes the command of its arguments.
    pub(super) parse: fn(&CommandRow, Arguments, Environment<'_>) -> Result<Command, Usage>,
}

/// The functions of the command whose struct is `T`.
pub(super) const fn functions<T: CommandOptions>() -> Functions {
    Functions { own: flag::own::<T>, shared: flag::shared::<T>, parse: flag::parse::<T> }
}

impl CommandRow {
    /// All flags that it takes.
    pub(super) fn flags(&self) -> impl Iterator<Item = Flag> + use<> {
        (self.functions.own)().into_iter().chain((self.functions.shared)())
    }

    /// Whether it takes the flag of this name.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.flags().any(|flag| flag.name == name)
    }
}

/// The exit code of a line that cannot be understood.
pub(super) const USAGE: (&str, &str) = ("2", "usage");

/// All commands, in the order of `--help`.
pub(super) const COMMANDS: &[CommandRow] =
    &[check::ROW, serve::ROW, get::ROW, exec::ROW, install::ROW, explain::ROW, trust_policy::ROW, sdks::ROW, doctor::ROW];

/// The flags of all commands. One that several take comes several times.
pub(super) fn flags() -> impl Iterator<Item = Flag> {
    COMMANDS.iter().flat_map(CommandRow::flags)
}
