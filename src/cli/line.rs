//! The command line, taken apart into a command, its flags and its words.

use super::commands::COMMANDS;
use super::row::{Arguments, CommandRow};
use super::{Usage, commands};
use lexopt::Arg;
use std::ffi::OsString;

/// What a line asks for.
pub(super) enum CommandLine {
    /// `--version`
    Version,
    /// `--help`: of a command, or of all.
    Help(Option<&'static CommandRow>),
    /// A command.
    Command(&'static CommandRow, Arguments),
}

/// Takes a line apart (without the program's name). Flags may stand on either side of the command.
pub(super) fn split(args: Vec<OsString>) -> Result<CommandLine, Usage> {
    let mut parser = lexopt::Parser::from_args(args);
    let mut command: Option<&CommandRow> = None;
    let mut arguments = Arguments::default();
    let mut help = false;
    while let Some(arg) = parser.next().map_err(usage)? {
        let (written, flag) = match arg {
            Arg::Short('h') | Arg::Long("help") => {
                help = true;
                continue;
            }
            Arg::Short('V') | Arg::Long("version") => return Ok(CommandLine::Version),
            Arg::Long(name) => (format!("--{name}"), commands::flags().find(|flag| flag.name == name)),
            Arg::Short(c) => (format!("-{c}"), commands::flags().find(|flag| flag.short == Some(c))),
            // From here on every word is the application's, whatever it looks like.
            Arg::Value(value) if command.is_some_and(|row| row.wraps) => {
                arguments.words.wrapped.push(value);
                arguments.words.wrapped.extend(parser.raw_args().map_err(usage)?);
                continue;
            }
            Arg::Value(value) => {
                let value = value.into_string().map_err(|_| Usage("an argument is not UTF-8".to_owned()))?;
                match command {
                    None if value == "help" => help = true,
                    None => command = Some(find_command(&value)?),
                    Some(_) => arguments.words.own.push(value),
                }
                continue;
            }
        };
        let flag = flag.ok_or_else(|| Usage(format!("there is no flag {written}; irsa-probe --help lists them")))?;
        let value = match flag.value {
            Some(_) => Some(parser.value().map_err(|_| Usage(format!("{written} needs a value")))?),
            None => parser.optional_value(),
        };
        let value = value.map_or_else(|| Ok("true".to_owned()), |value| value.into_string());
        arguments.flags.push((flag, value.map_err(|_| Usage(format!("{written}: the value is not UTF-8")))?));
    }
    match command {
        _ if help => Ok(CommandLine::Help(command)),
        Some(row) => Ok(CommandLine::Command(row, arguments)),
        None => Err(Usage("which command? irsa-probe --help lists them".to_owned())),
    }
}

fn find_command(name: &str) -> Result<&'static CommandRow, Usage> {
    let names = || COMMANDS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
    COMMANDS.iter().find(|row| row.name == name).ok_or_else(|| Usage(format!("there is no command {name:?}; commands are {}", names())))
}

fn usage(error: lexopt::Error) -> Usage {
    Usage(match error {
        lexopt::Error::UnexpectedValue { option, .. } => format!("{option} takes no value"),
        lexopt::Error::MissingValue { option } => format!("{} needs a value", option.unwrap_or_default()),
        other => other.to_string(),
    })
}
