//! The command line. Each command is a file: its struct, its row of the table of commands, its flags' rows and the words it takes. Parsing,
//! `--help` and the twins in the environment are made from the rows.
//!
//! A twin is a variable, `IRSA_PROBE_` and the flag's name in capitals; the command line wins, and an empty variable counts as unset, as
//! templates produce it.

mod check;
mod commands;
mod doctor;
mod exec;
mod explain;
mod get;
mod help;
mod install;
mod line;
mod off_switch;
mod row;
mod sdks;
mod serve;
mod shared;
#[cfg(test)]
mod tests;
mod trust_policy;
mod values;

pub use check::{CheckOptions, CheckOutput, TerminationLog};
pub use doctor::DoctorOptions;
pub use exec::ExecOptions;
pub use explain::{ExplainInput, ExplainOptions};
pub use get::GetOptions;
pub use install::InstallOptions;
pub use sdks::SdksOptions;
pub use serve::ServeOptions;
pub use shared::{LogFormat, LogOptions, Output};
pub use trust_policy::TrustPolicyOptions;

use line::CommandLine;
use std::ffi::OsString;

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `check`
    Check(CheckOptions),
    /// `serve`
    Serve(ServeOptions),
    /// `get`
    Get(GetOptions),
    /// `exec`
    Exec(ExecOptions),
    /// `install`
    Install(InstallOptions),
    /// `explain`
    Explain(ExplainOptions),
    /// `trust-policy`
    TrustPolicy(TrustPolicyOptions),
    /// `sdks`
    Sdks(SdksOptions),
    /// `doctor`
    Doctor(DoctorOptions),
    /// `IRSA_PROBE_DISABLED` for a command that has nothing else to do then: the reason.
    Disabled(String),
    /// `--help`, `--version`: the text to print.
    Print(String),
}

impl Command {
    /// How it logs; `None` for what prints one text and ends.
    pub fn log(&self) -> Option<LogOptions> {
        match self {
            Command::Check(options) => Some(options.log),
            Command::Serve(options) => Some(options.log),
            Command::Get(options) => Some(options.log),
            Command::Exec(options) => Some(options.check.log),
            Command::Install(options) => Some(options.log),
            Command::Explain(options) => Some(options.log),
            Command::TrustPolicy(options) => Some(options.log),
            Command::Sdks(options) => Some(options.log),
            Command::Doctor(options) => Some(options.log),
            Command::Disabled(_) | Command::Print(_) => None,
        }
    }
}

/// A usage error: one line that names the input and the cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage(pub String);

/// A look-up of a variable.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Parses arguments (without the program's name) and the environment.
///
/// The off-switch works whatever else is wrong with the command line: it is what one reaches for when the probe itself is in the way.
pub fn parse(args: Vec<OsString>, env: impl Fn(&str) -> Option<String>) -> Result<Command, Usage> {
    match env("IRSA_PROBE_DISABLED").filter(|reason| !reason.is_empty()) {
        Some(reason) => off_switch::switch_off(reason, args.clone(), &env, parse_line(args, &env)),
        None => parse_line(args, &env),
    }
}

fn parse_line(args: Vec<OsString>, environment: Environment<'_>) -> Result<Command, Usage> {
    match line::split(args)? {
        CommandLine::Version => Ok(Command::Print(format!("irsa-probe {}\n", env!("CARGO_PKG_VERSION")))),
        CommandLine::Help(None) => Ok(Command::Print(help::overview())),
        CommandLine::Help(Some(row)) => Ok(Command::Print(help::command_help(row))),
        CommandLine::Command(row, arguments) => (row.functions.parse)(row, arguments, environment),
    }
}
