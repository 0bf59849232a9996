//! The command line, taken apart into a command, its flags and its words.

use super::Usage;
use super::commands::{COMMANDS, flags, takers};
use super::row::{Arguments, CommandRow, Flag};
use super::suggest::{did_you_mean, nearest};
use super::values::sentence;
use lexopt::{Arg, Parser};
use std::ffi::{OsStr, OsString};

/// What stands on a line. It is read to its end, whatever is wrong in it: a request for help further on is still answered.
#[derive(Default)]
pub(super) struct CommandLine {
    /// The command, if a known one is there.
    pub(super) command: Option<&'static CommandRow>,
    /// `--help`, `-h`, or `help` in the place of the command.
    pub(super) help: bool,
    /// `--version` or `-V`
    pub(super) version: bool,
    /// The command's flags and words.
    pub(super) arguments: Arguments,
    /// The first mistake.
    mistake: Option<Mistake>,
}

enum Mistake {
    /// As it was written, and its name without the dashes. Which name was meant depends on the command, which may follow.
    UnknownFlag(String, String),
    /// Any other.
    Other(String),
}

impl CommandLine {
    /// What is wrong with the line itself, whatever the command makes of it.
    pub(super) fn mistake(&self) -> Option<Usage> {
        let text = match &self.mistake {
            Some(Mistake::UnknownFlag(written, name)) => format!("there is no flag {written}{}", meant_flag(name, self.command)),
            Some(Mistake::Other(text)) => text.clone(),
            None => self.foreign_flag()?,
        };
        Some(Usage(text))
    }

    /// The first flag that the command does not take, and the commands that do.
    fn foreign_flag(&self) -> Option<String> {
        let command = self.command?;
        let (flag, _) = self.arguments.flags.iter().find(|(flag, _)| !command.takes(flag.name))?;
        let takers = takers(flag.name);
        let verb = if takers.len() == 1 { "takes" } else { "take" };
        Some(format!("--{} is not a flag of {}; {} {verb} it", flag.name, command.name, sentence(&takers, "and")))
    }

    fn note(&mut self, mistake: Mistake) {
        self.mistake.get_or_insert(mistake);
    }
}

/// Takes a line apart (without the program's name). Flags may stand on either side of the command.
pub(super) fn split(args: Vec<OsString>) -> CommandLine {
    let mut parser = Parser::from_args(args);
    let mut line = CommandLine::default();
    loop {
        let arg = match parser.next() {
            Ok(Some(arg)) => arg,
            Ok(None) => return line,
            Err(error) => {
                line.note(Mistake::Other(describe(error)));
                continue;
            }
        };
        let (written, name, flag) = match arg {
            Arg::Short('h') | Arg::Long("help") => {
                line.help = true;
                continue;
            }
            Arg::Short('V') | Arg::Long("version") => {
                line.version = true;
                continue;
            }
            Arg::Long(name) => (format!("--{name}"), name.to_owned(), flags().find(|flag| flag.name == name)),
            Arg::Short(c) => (format!("-{c}"), c.to_string(), flags().find(|flag| flag.short == Some(c))),
            Arg::Value(word) => {
                let wraps = line.command.is_some_and(|row| row.wraps);
                add_word(&mut line, word);
                if wraps {
                    // From here on every word is the application's, whatever it looks like.
                    line.arguments.words.wrapped.extend(parser.try_raw_args().into_iter().flatten());
                }
                continue;
            }
        };
        match flag {
            Some(flag) => match value(&mut parser, flag, &written) {
                Ok(value) => line.arguments.flags.push((flag, value)),
                Err(why) => line.note(Mistake::Other(why)),
            },
            None => {
                // What follows a short name in its word is the rest of a long name with one dash: -timeout.
                let rest = parser.optional_value().filter(|_| !written.starts_with("--"));
                let rest = rest.map(|rest| rest.to_string_lossy().into_owned()).unwrap_or_default();
                line.note(Mistake::UnknownFlag(written + &rest, name + &rest));
            }
        }
    }
}

/// A word that is no flag: the command, or one for the command.
fn add_word(line: &mut CommandLine, word: OsString) {
    if line.command.is_some_and(|row| row.wraps) {
        return line.arguments.words.wrapped.push(word);
    }
    let word = match word.into_string() {
        Ok(word) => word,
        Err(word) => return line.note(Mistake::Other(format!("the argument {:?} is not UTF-8", word.to_string_lossy()))),
    };
    match line.command {
        Some(_) => line.arguments.words.own.push(word),
        None if word == "help" => line.help = true,
        None => match COMMANDS.iter().find(|row| row.name == word) {
            Some(row) => line.command = Some(row),
            None => line.note(Mistake::Other(unknown_command(&word))),
        },
    }
}

/// The value of a flag; a switch without one is on.
fn value(parser: &mut Parser, flag: Flag, written: &str) -> Result<String, String> {
    let asks_for_help = |next: &OsStr| next == "--help" || next == "-h";
    let value = match flag.value {
        None => parser.optional_value(),
        // `check --timeout --help`: it is no value, but the question what one would be.
        Some(_) if parser.try_raw_args().is_some_and(|next| next.peek().is_some_and(asks_for_help)) => {
            return Err(format!("{written} needs a value"));
        }
        Some(form) => Some(parser.value().map_err(|_| format!("{written} needs a value: {form}"))?),
    };
    let value = value.map_or_else(|| Ok("true".to_owned()), OsString::into_string);
    value.map_err(|value| format!("{written}: the value {:?} is not UTF-8", value.to_string_lossy()))
}

/// `; did you mean --timeout?`: a flag of the command, else one of another command, with that command's name.
fn meant_flag(name: &str, command: Option<&CommandRow>) -> String {
    let own: Vec<&str> = command.into_iter().flat_map(CommandRow::flags).map(|flag| flag.name).chain(["help", "version"]).collect();
    if let Some(near) = nearest(name, own) {
        return format!("; did you mean --{near}?");
    }
    let all: Vec<&str> = flags().map(|flag| flag.name).collect();
    match (nearest(name, all), command) {
        (None, _) => String::new(),
        (Some(near), None) => format!("; did you mean --{near}?"),
        (Some(near), Some(_)) => format!("; did you mean --{near}, a flag of {}?", sentence(&takers(near), "and")),
    }
}

fn unknown_command(given: &str) -> String {
    let names = || COMMANDS.iter().map(|row| row.name);
    let meant = match did_you_mean(given, names()) {
        none if none.is_empty() => format!("; commands are {}", names().collect::<Vec<_>>().join(", ")),
        meant => meant,
    };
    format!("there is no command {given:?}{meant}")
}

fn describe(error: lexopt::Error) -> String {
    match error {
        lexopt::Error::UnexpectedValue { option, .. } => format!("{option} takes no value"),
        lexopt::Error::MissingValue { option } => format!("{} needs a value", option.unwrap_or_default()),
        other => other.to_string(),
    }
}
