//! A flag's row, how rows fill the struct of a command, and the parsers of values.

use super::line::{Arguments, Words};
use super::{Command, CommandRow, Environment, Usage};
use crate::core::aws::arn::RoleArn;
use crate::core::sdk::SdkFamily;
use crate::core::text::duration;
use std::ffi::OsString;
use std::time::Duration;

/// One flag of the command whose struct is `T`.
pub(super) struct FlagRow<T> {
    /// Its long name, without the dashes.
    pub(super) name: &'static str,
    /// Its short name. The help says it in its own words.
    pub(super) short: Option<char>,
    /// What its value is called in `--help`; `None` for a switch.
    pub(super) value: Option<&'static str>,
    /// What it does, and its default.
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
    /// Its twin in the environment.
    pub(super) fn variable(&self) -> String {
        format!("IRSA_PROBE_{}", self.name.to_ascii_uppercase().replace('-', "_"))
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

/// Makes a command of its arguments. What the line leaves open comes from the environment, where the command reads it.
pub(super) fn parse<T: CommandOptions>(command: &CommandRow, arguments: Arguments, environment: Environment<'_>) -> Result<Command, Usage> {
    if let Some((flag, _)) = arguments.flags.iter().find(|(flag, _)| !rows::<T>().any(|row| row.name == flag.name)) {
        return Err(Usage(format!("--{} is not a flag of {}", flag.name, command.name)));
    }
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

/// What can be read of a command line and an environment that cannot be read as a whole: where to listen, how to log.
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
            // A value that cannot be read is passed over.
            let _ = (row.set)(&mut options, value.trim());
        }
    }
    options
}

/// The choice that has this name.
pub(super) fn one_of<T: Copy>(value: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    choices.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice).ok_or_else(|| format!("{value:?} is none of {}", names()))
}

/// Any text but an empty one.
pub(super) fn set_text(target: &mut Option<String>, value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("it must not be empty".to_owned());
    }
    *target = Some(value.to_owned());
    Ok(())
}

/// A duration that is not zero.
pub(super) fn set_timeout(target: &mut Duration, value: &str) -> Result<(), String> {
    *target = duration::parse(value)?;
    if target.is_zero() { Err("it must be longer than nothing; write it like 500ms or 60s".to_owned()) } else { Ok(()) }
}

/// A switch: on, or off where its value says so.
pub(super) fn set_switch(target: &mut bool, value: &str) -> Result<(), String> {
    *target =
        one_of(&value.to_ascii_lowercase(), &[("true", true), ("1", true), ("yes", true), ("false", false), ("0", false), ("no", false)])?;
    Ok(())
}

/// A role's ARN.
pub(super) fn set_role(target: &mut Option<RoleArn>, value: &str) -> Result<(), String> {
    let role =
        RoleArn::parse(value).map_err(|error| format!("{value:?} is not a role's ARN: {error}; write arn:aws:iam::ACCOUNT:role/NAME"))?;
    *target = Some(role);
    Ok(())
}

/// An SDK by its name or an alias.
pub(super) fn set_sdk(target: &mut Option<SdkFamily>, value: &str) -> Result<(), String> {
    let sdk = SdkFamily::parse(value).ok_or_else(|| format!("{value:?} is none of {}", SdkFamily::ALL.map(SdkFamily::id).join(", ")))?;
    *target = Some(sdk);
    Ok(())
}
