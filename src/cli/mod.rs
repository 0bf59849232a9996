//! The command line. Each command is a file: its struct, its row of the table of commands, its flags' rows and the words it takes. Parsing,
//! `--help`, the manual page, the shells' completions and the twins in the environment are made from the rows.
//!
//! A twin is a variable, `IRSA_PROBE_` and the flag's name in capitals; the command line wins, and an empty variable counts as unset, as
//! templates produce it.

mod check;
mod commands;
mod completions;
mod doctor;
mod exec;
mod explain;
mod get;
mod help;
mod install;
mod line;
mod man;
mod manual;
mod off_switch;
mod row;
mod scripts;
mod sdks;
mod serve;
mod shared;
mod suggest;
#[cfg(test)]
mod tests;
mod trust_policy;
mod values;
mod variables;

pub use check::{CheckOptions, CheckOutput, TerminationLog};
pub use completions::{CompletionsOptions, Shell};
pub use doctor::DoctorOptions;
pub use exec::ExecOptions;
pub use explain::{ExplainInput, ExplainOptions};
pub use get::GetOptions;
pub use install::InstallOptions;
pub use man::ManOptions;
pub use manual::manual_page;
pub use scripts::completions;
pub use sdks::SdksOptions;
pub use serve::ServeOptions;
pub use shared::{LogFormat, LogOptions, Output};
pub(crate) use suggest::did_you_mean;
pub use trust_policy::TrustPolicyOptions;
pub use variables::unknown_variables;

use row::CommandRow;
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
    /// `completions`
    Completions(CompletionsOptions),
    /// `man`
    Man(ManOptions),
    /// `IRSA_PROBE_DISABLED` for a command that then does nothing else: the reason.
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
            Command::Completions(options) => Some(options.log),
            Command::Man(options) => Some(options.log),
            Command::Disabled(_) | Command::Print(_) => None,
        }
    }

    /// Whether it reads variables of the probe, so that one that is misspelt matters to it.
    pub fn reads_variables(&self) -> bool {
        matches!(self, Command::Check(_) | Command::Serve(_) | Command::Get(_) | Command::Exec(_))
    }
}

/// A usage error: one line that names the input and the fix, and ends with the command whose help says more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage(pub String);

/// A look-up of a variable.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Parses arguments (without the program's name) and the environment.
///
/// The off-switch works even if the rest of the command line is wrong. People need it when the probe itself is the problem.
pub fn parse(args: Vec<OsString>, env: impl Fn(&str) -> Option<String>) -> Result<Command, Usage> {
    match env(variables::DISABLED).filter(|reason| !reason.is_empty()) {
        Some(reason) => off_switch::switch_off(reason, args.clone(), &env, parse_line(args, &env)),
        None => parse_line(args, &env),
    }
}

fn parse_line(args: Vec<OsString>, environment: Environment<'_>) -> Result<Command, Usage> {
    let line = line::split(args);
    let command = line.command;
    if line.help {
        return Ok(Command::Print(command.map_or_else(help::overview, help::command_help)));
    }
    if line.version {
        return Ok(Command::Print(format!("{}\n", version(env!("IRSA_PROBE_REVISION")))));
    }
    let parsed = match (line.mistake(), command) {
        (Some(mistake), _) => Err(mistake),
        (None, Some(row)) => (row.functions.parse)(row, line.arguments, environment),
        (None, None) => Err(Usage("which command?".to_owned())),
    };
    parsed.map_err(|usage| usage.with_hint(command))
}

impl Usage {
    /// Adds where to read on.
    fn with_hint(self, command: Option<&CommandRow>) -> Usage {
        let Usage(why) = self;
        Usage(match command {
            Some(row) => format!("{why} (see irsa-probe {} --help)", row.name),
            None => format!("{why} (see irsa-probe --help)"),
        })
    }
}

/// `irsa-probe 0.1.0 (1a2b3c4d5e6f)`. Of a commit's hash the first twelve digits, which git takes as well.
fn version(revision: &str) -> String {
    let is_hash = revision.len() >= 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
    let short = if is_hash { &revision[..12] } else { revision };
    match short {
        "unknown" => format!("irsa-probe {}", env!("CARGO_PKG_VERSION")),
        short => format!("irsa-probe {} ({short})", env!("CARGO_PKG_VERSION")),
    }
}
