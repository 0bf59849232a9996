//! The rows of commands and flags, and how a line's arguments become the struct of a command.

use super::{Command, Environment, Usage};
use std::ffi::OsString;

/// One command.
pub(super) struct CommandRow {
    pub(super) name: &'static str,
    /// The words that it takes, for `--help` and for completions: `bash|zsh|fish`, `DIR`.
    pub(super) arguments: &'static str,
    /// What it does, in one short line. More may follow after a line break.
    pub(super) about: &'static str,
    pub(super) example: &'static str,
    pub(super) exit_codes: &'static [(&'static str, &'static str)],
    /// Whether its flags have twins in the environment. They are for commands that a manifest runs in pods. What a person types must not
    /// change with the variables of a pod or a shell.
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
    Functions { own: own::<T>, shared: shared::<T>, parse: parse::<T> }
}

impl CommandRow {
    /// All flags that it takes.
    pub(super) fn flags(&self) -> impl Iterator<Item = Flag> + use<> {
        (self.functions.own)().into_iter().chain((self.functions.shared)())
    }

    /// What it does, in one short line.
    pub(super) fn summary(&self) -> &'static str {
        self.about.lines().next().unwrap_or_default()
    }

    /// Whether it takes the flag of this name.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.flags().any(|flag| flag.name == name)
    }
}

/// The beginning of all variables of the probe.
pub(super) const PREFIX: &str = "IRSA_PROBE_";

/// The exit code of a line that cannot be understood.
pub(super) const USAGE: (&str, &str) = ("2", "usage");

/// What was given to a command. Whether it takes the flags is not known yet.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    /// Flags with their values, in the order given.
    pub(super) flags: Vec<(Flag, String)>,
    /// All else.
    pub(super) words: Words,
}

/// What is neither the command nor a flag.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The command's own words.
    pub(super) own: Vec<String>,
    /// The words of the program that the command starts.
    pub(super) wrapped: Vec<OsString>,
}

impl Words {
    /// For a command that takes none.
    pub(super) fn none(&self, command: &CommandRow) -> Result<(), Usage> {
        match self.own.first() {
            Some(word) => Err(Usage(format!("{} takes no argument, but {word:?} was given", command.name))),
            None => Ok(()),
        }
    }

    /// For a command that takes one. `kind` is what `--help` calls it, `missing` the error where it is not there.
    pub(super) fn one(&self, command: &CommandRow, kind: &str, missing: &str) -> Result<String, Usage> {
        match self.own.as_slice() {
            [] => Err(Usage(missing.to_owned())),
            [word] => Ok(word.clone()),
            [_, word, ..] => Err(Usage(format!("{} takes one {kind}, but {word:?} was given too", command.name))),
        }
    }
}

/// One flag of the command whose struct is `T`.
pub(super) struct FlagRow<T> {
    /// Its long name, without the dashes.
    pub(super) name: &'static str,
    /// Its short name.
    pub(super) short: Option<char>,
    /// Its value, for `--help` and for completions: choices in lower case (`text|json`), what is free in capitals (`FILE|-`). `None` for a
    /// switch.
    pub(super) value: Option<&'static str>,
    /// What it does in one sentence, then more, and last its default.
    pub(super) help: &'static str,
    /// Puts a value into the struct; a switch gets "true" or "false". The error says what is wrong with the value.
    pub(super) set: fn(&mut T, &str) -> Result<(), String>,
}

/// What is known of a flag without the struct that it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    pub(super) short: Option<char>,
    pub(super) value: Option<&'static str>,
    pub(super) help: &'static str,
}

impl Flag {
    /// How it is written, with its value: `-n, --namespace NAMESPACE`.
    pub(super) fn form(&self) -> String {
        let short = self.short.map_or_else(String::new, |short| format!("-{short}, "));
        let value = self.value.map_or_else(String::new, |value| format!(" {value}"));
        format!("{short}--{}{value}", self.name)
    }

    /// What it does, in one sentence and without its default.
    pub(super) fn summary(&self) -> &'static str {
        let sentence = self.help.split(". ").next().unwrap_or_default();
        sentence.split(" [default").next().unwrap_or_default()
    }

    /// Its twin in the environment.
    pub(super) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_ascii_uppercase().replace('-', "_"))
    }
}

impl<T> FlagRow<T> {
    pub(super) fn flag(&self) -> Flag {
        Flag { name: self.name, short: self.short, value: self.value, help: self.help }
    }
}

/// The struct of a command: the flags that fill it, and what it makes of the words beside them.
pub(super) trait CommandOptions: Default + 'static {
    /// The command's own flags, in the order of `--help`.
    const FLAGS: &'static [FlagRow<Self>];
    /// The groups of flags that it has in common with other commands.
    const SHARED: &'static [&'static [FlagRow<Self>]];

    /// The command, once its flags are set.
    fn with_words(self, words: Words) -> Result<Command, Usage>;
}

fn rows<T: CommandOptions>() -> impl Iterator<Item = &'static FlagRow<T>> {
    T::FLAGS.iter().chain(T::SHARED.iter().copied().flatten())
}

/// The flags of a command that are its own.
pub(super) fn own<T: CommandOptions>() -> Vec<Flag> {
    T::FLAGS.iter().map(FlagRow::flag).collect()
}

/// The flags of a command that others have as well.
pub(super) fn shared<T: CommandOptions>() -> Vec<Flag> {
    T::SHARED.iter().copied().flatten().map(FlagRow::flag).collect()
}

/// Makes a command of its arguments. It takes all the flags among them. What the line leaves open comes from the environment, where the command reads it.
pub(super) fn parse<T: CommandOptions>(command: &CommandRow, arguments: Arguments, environment: Environment<'_>) -> Result<Command, Usage> {
    let mut options = T::default();
    for row in rows::<T>() {
        let mut values = arguments.flags.iter().filter(|(flag, _)| flag.name == row.name).map(|(_, value)| value).peekable();
        if values.peek().is_some() {
            for value in values {
                (row.set)(&mut options, value).map_err(|error| Usage(format!("--{}: {error}", row.name)))?;
            }
        } else if command.variables {
            let variable = row.flag().variable();
            // An empty variable counts as unset, as templates produce it.
            if let Some(value) = environment(&variable).filter(|value| !value.trim().is_empty()) {
                (row.set)(&mut options, value.trim()).map_err(|error| Usage(format!("{variable}: {error}")))?;
            }
        }
    }
    options.with_words(arguments.words)
}

/// What can be read from a command line or an environment with mistakes: where to listen, how to log.
pub(super) fn parse_readable<T: CommandOptions>(args: &[OsString], environment: Environment<'_>) -> T {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let on_line = |name: &str| {
        let after = |word: &str| word.strip_prefix("--").and_then(|word| word.strip_prefix(name)).map(str::to_owned);
        let at = words.iter().position(|word| after(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))?;
        let joined = after(words[at]).and_then(|rest| rest.strip_prefix('=').map(str::to_owned));
        joined.or_else(|| words.get(at + 1).map(|value| (*value).to_owned()))
    };
    let mut options = T::default();
    for row in rows::<T>() {
        if let Some(value) = on_line(row.name).or_else(|| environment(&row.flag().variable())) {
            // A value that cannot be read is ignored.
            let _ = (row.set)(&mut options, value.trim());
        }
    }
    options
}
