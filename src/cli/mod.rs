//! The command line: one table of commands and one of flags, from which parsing, `--help` and the environment twins are made.
//!
//! Every flag has a twin in the environment, `IRSA_PROBE_` and its name in capitals; the command line wins, and an empty
//! variable counts as unset, as templates produce it.

mod commands;
mod flags;
mod help;
#[cfg(test)]
mod tests;

use crate::core::aws::arn::RoleArn;
use crate::core::plan::inputs::Settings;
use crate::core::pod::candidates::Target;
use crate::core::sdk::SdkFamily;
use crate::core::sidecar::schedule::DEFAULT_INTERVAL;
use commands::{COMMANDS, CommandRow, Scope};
use flags::{FLAGS, Flag};
use help::{command_help, overview};
use lexopt::Arg;
use std::ffi::OsString;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `check`
    Check(Options),
    /// `serve`
    Serve(Options),
    /// `get`: the path, and where the server listens.
    Get(String, SocketAddr),
    /// `explain`
    Explain(Explain, Output),
    /// `trust-policy`
    TrustPolicy(Options),
    /// `sdks`
    Sdks(Options),
    /// `doctor`: the service account or pod, `serviceaccount/NAME`, `pod/NAME` or a bare name.
    Doctor(String, Options),
    /// `exec`: the command with its arguments, which runs once the identity is proven. Never empty.
    Exec(Options, Vec<OsString>),
    /// `install`: the folder.
    Install(PathBuf),
    /// `IRSA_PROBE_DISABLED` for a command that has nothing else to do then: the reason.
    Disabled(String),
    /// `--help`, `--version`: the text to print.
    Print(String),
}

/// `explain`'s argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explain {
    /// A code, a message, or the name of a file.
    Text(String),
    /// `--file`, or `-` for standard input.
    File(String),
    /// `--list`
    List,
}

/// Form of the result on standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// The report.
    Json,
    /// The evidence.
    Evidence,
}

/// Form of the log on standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

/// Where the termination message goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TerminationLog {
    /// `/dev/termination-log`, when it exists.
    #[default]
    Default,
    /// Nowhere.
    Off,
    /// There.
    Path(String),
}

/// `trust-policy`'s flags: what they leave open comes from the pod's token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustPolicy {
    /// `--check`: a file, or `-`.
    pub check: Option<String>,
    /// `--pod-identity`
    pub pod_identity: bool,
    /// `--issuer`
    pub issuer: Option<String>,
    /// `--audience`
    pub audience: Option<String>,
    /// `--role-arn`
    pub role_arn: Option<RoleArn>,
    /// `--service-account`
    pub service_account: Option<String>,
}

/// `doctor`'s flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// `--cluster`
    pub cluster: Option<String>,
    /// `--aws-auth`
    pub aws_auth: bool,
    /// `--show-commands`
    pub show_commands: bool,
    /// `--timeout`, for each command.
    pub timeout: Duration,
}

impl Default for Doctor {
    fn default() -> Doctor {
        Doctor { cluster: None, aws_auth: false, show_commands: false, timeout: Duration::from_secs(30) }
    }
}

/// All flags, parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What changes the plan or its judgement.
    pub settings: Settings,
    /// `--log-level`
    pub log_level: tracing::level_filters::LevelFilter,
    /// `--log-format`
    pub log_format: LogFormat,
    /// `--timeout`
    pub timeout: Duration,
    /// `--output`
    pub output: Output,
    /// `--pid`
    pub pid: Option<Target>,
    /// `--advisory`
    pub advisory: bool,
    /// `--termination-log`
    pub termination_log: TerminationLog,
    /// `--listen`
    pub listen: SocketAddr,
    /// `--interval`
    pub interval: Duration,
    /// `IRSA_PROBE_DISABLED`: the reason.
    pub disabled: Option<String>,
    /// `--namespace`
    pub namespace: Option<String>,
    /// `--sdk`
    pub sdk: Option<SdkFamily>,
    /// `--file`, `--env`
    pub file: Option<String>,
    /// `trust-policy`'s own flags.
    pub trust: TrustPolicy,
    /// `doctor`'s own flags.
    pub doctor: Doctor,
    list: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            settings: Settings::default(),
            log_level: tracing::level_filters::LevelFilter::INFO,
            log_format: LogFormat::Text,
            timeout: Duration::from_secs(60),
            output: Output::Text,
            pid: None,
            advisory: false,
            termination_log: TerminationLog::Default,
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 9475)),
            interval: DEFAULT_INTERVAL,
            disabled: None,
            namespace: None,
            sdk: None,
            file: None,
            trust: TrustPolicy::default(),
            doctor: Doctor::default(),
            list: false,
        }
    }
}

/// A usage error: one line that names the input and the cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage(pub String);

/// Parses arguments (without the program's name) and the environment.
///
/// The off-switch works whatever else is wrong with the command line: it is what one reaches for when the probe itself is in the way.
pub fn parse(args: Vec<OsString>, env: impl Fn(&str) -> Option<String>) -> Result<Command, Usage> {
    let off = env("IRSA_PROBE_DISABLED").filter(|reason| !reason.is_empty());
    // The first word that is a command, as far as can be told of a line that cannot be read.
    let meant = args.iter().filter_map(|arg| arg.to_str()).find(|arg| COMMANDS.iter().any(|row| row.name == *arg)).map(str::to_owned);
    let Some(reason) = off else { return parse_line(args, env) };
    let asked = args.iter().filter_map(|arg| arg.to_str()).find(|arg| is_page(arg)).map(str::to_owned);
    let readable = readable(&args, &env);
    let wrapped: Vec<OsString> = args.iter().skip_while(|arg| *arg != "--").skip(1).cloned().collect();
    match parse_line(args, env) {
        Ok(Command::Check(_)) => Ok(Command::Disabled(reason)),
        Ok(Command::Serve(options)) => Ok(Command::Serve(Options { disabled: Some(reason), ..options })),
        Ok(Command::Exec(options, command)) => Ok(Command::Exec(Options { disabled: Some(reason), ..options }, command)),
        Err(usage) => match (meant.as_deref(), asked) {
            (Some("check"), _) => Ok(Command::Disabled(reason)),
            (Some("serve"), _) => Ok(Command::Serve(Options { disabled: Some(reason), ..readable })),
            (Some("exec"), _) if !wrapped.is_empty() => Ok(Command::Exec(Options { disabled: Some(reason), ..readable }, wrapped)),
            // The exec probe of a server that is switched off must not fail for what the server forgives.
            (Some("get"), Some(page)) => Ok(Command::Get(page, readable.listen)),
            _ => Err(usage),
        },
        parsed => parsed,
    }
}

/// What can be read of a broken command line and environment: where to listen, how to log.
fn readable(args: &[OsString], env: impl Fn(&str) -> Option<String>) -> Options {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let given = |flag: &Flag| {
        let after = |word: &str| word.strip_prefix("--").and_then(|word| word.strip_prefix(flag.name)).map(str::to_owned);
        let at = words.iter().position(|word| after(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))?;
        let joined = after(words[at]).and_then(|rest| rest.strip_prefix('=').map(str::to_owned));
        joined.or_else(|| words.get(at + 1).map(|value| (*value).to_owned()))
    };
    let mut options = Options::default();
    for flag in FLAGS {
        if let Some(value) = given(flag).or_else(|| env(&flag.variable())) {
            // What cannot be read is what is being forgiven here.
            let _ = (flag.set)(&mut options, value.trim());
        }
    }
    options
}

fn parse_line(args: Vec<OsString>, env: impl Fn(&str) -> Option<String>) -> Result<Command, Usage> {
    let env = |name: &str| env(name).filter(|value| !value.trim().is_empty());
    let mut parser = lexopt::Parser::from_args(args);
    let mut command: Option<&CommandRow> = None;
    let mut words: Vec<String> = Vec::new();
    let mut wrapped: Vec<OsString> = Vec::new();
    let mut given: Vec<(&Flag, String)> = Vec::new();
    let mut help = false;
    while let Some(arg) = parser.next().map_err(usage)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => help = true,
            Arg::Short('V') | Arg::Long("version") => {
                return Ok(Command::Print(format!("irsa-probe {}\n", env!("CARGO_PKG_VERSION"))));
            }
            Arg::Long(name) => {
                let Some(flag) = FLAGS.iter().find(|flag| flag.name == name) else {
                    return Err(Usage(format!("there is no flag --{name}; irsa-probe --help lists them")));
                };
                let value = match flag.value {
                    Some(_) => Some(parser.value().map_err(|_| Usage(format!("--{} needs a value", flag.name)))?),
                    None => parser.optional_value(),
                };
                let value = value.map_or_else(|| Ok("true".to_owned()), |value| value.into_string());
                given.push((flag, value.map_err(|_| Usage(format!("--{}: the value is not UTF-8", flag.name)))?));
            }
            Arg::Short('n') => {
                let value = parser.value().map_err(|_| Usage("-n needs a value".to_owned()))?;
                let value = value.into_string().map_err(|_| Usage("-n: the value is not UTF-8".to_owned()))?;
                given.extend(FLAGS.iter().find(|flag| flag.name == "namespace").map(|flag| (flag, value)));
            }
            Arg::Short(c) => return Err(Usage(format!("there is no flag -{c}; irsa-probe --help lists them"))),
            // From here on every word is the application's, whatever it looks like.
            Arg::Value(value) if command.is_some_and(|row| row.scope == Scope::Exec) => {
                wrapped.push(value);
                wrapped.extend(parser.raw_args().map_err(usage)?);
            }
            Arg::Value(value) => {
                let value = value.into_string().map_err(|_| Usage("an argument is not UTF-8".to_owned()))?;
                match command {
                    None if value == "help" => help = true,
                    None => command = Some(find_command(&value)?),
                    Some(_) => words.push(value),
                }
            }
        }
    }
    let Some(row) = command else {
        return if help { Ok(Command::Print(overview())) } else { Err(Usage("which command? irsa-probe --help lists them".to_owned())) };
    };
    if help {
        return Ok(Command::Print(command_help(row)));
    }
    let options = options(row, &given, env)?;
    let command = match (row.scope, words.as_slice()) {
        (Scope::Explain, _) if options.list => Command::Explain(Explain::List, options.output),
        (Scope::Explain, words) => Command::Explain(explained(words, options.file)?, options.output),
        (Scope::Doctor, []) => return Err(Usage("doctor needs a SERVICEACCOUNT or a POD; its namespace by -n".to_owned())),
        (Scope::Doctor, [name]) => Command::Doctor(name.clone(), options),
        (Scope::Doctor, [_, word, ..]) => return Err(Usage(format!("doctor takes one SERVICEACCOUNT or POD, and {word:?} was given too"))),
        (Scope::Exec, _) if wrapped.is_empty() => {
            return Err(Usage("exec needs the application's command: irsa-probe exec -- /app --its-flags".to_owned()));
        }
        (Scope::Exec, _) => Command::Exec(options, wrapped),
        (Scope::Install, []) => return Err(Usage("install needs a DIR: the folder where a shared volume is mounted".to_owned())),
        (Scope::Install, [dir]) => Command::Install(PathBuf::from(dir)),
        (Scope::Install, [_, word, ..]) => return Err(Usage(format!("install takes one DIR, and {word:?} was given too"))),
        (Scope::Get, []) => return Err(Usage("get needs a PATH: livez, readyz, startupz or status".to_owned())),
        (Scope::Get, [path]) if is_page(path) => Command::Get(path.clone(), options.listen),
        (Scope::Get, [path]) => return Err(Usage(format!("get knows livez, readyz, startupz and status, and not {path:?}"))),
        (Scope::Get, [_, word, ..]) => return Err(Usage(format!("get takes one PATH, and {word:?} was given too"))),
        (_, [word, ..]) => return Err(Usage(format!("{} takes no argument, and {word:?} was given", row.name))),
        (Scope::Serve, []) => Command::Serve(options),
        (Scope::TrustPolicy, []) => Command::TrustPolicy(options),
        (Scope::Sdks, []) => Command::Sdks(options),
        (Scope::Check | Scope::Global, []) => Command::Check(options),
    };
    Ok(command)
}

/// What `explain` is given: words, a file, or standard input.
fn explained(words: &[String], file: Option<String>) -> Result<Explain, Usage> {
    match (words, file) {
        ([], Some(file)) => Ok(Explain::File(file)),
        ([], None) => Err(Usage(
            "explain needs a CODE, a MESSAGE, a FILE or - for standard input; irsa-probe explain --list shows the codes".to_owned(),
        )),
        ([one], None) if one == "-" => Ok(Explain::File(one.clone())),
        (words, None) => Ok(Explain::Text(words.join(" "))),
        ([word, ..], Some(_)) => Err(Usage(format!("explain takes a MESSAGE or --file, and {word:?} was given too"))),
    }
}

/// A page that answers a probe's question, with or without its slash and a query: any other page would say yes to everything.
fn is_page(path: &str) -> bool {
    let name = path.strip_prefix('/').unwrap_or(path).split('?').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "?=&-_/".contains(c);
    matches!(name, "livez" | "healthz" | "readyz" | "startupz" | "status") && path.chars().all(plain)
}

fn find_command(name: &str) -> Result<&'static CommandRow, Usage> {
    let names = || COMMANDS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
    COMMANDS.iter().find(|row| row.name == name).ok_or_else(|| Usage(format!("there is no command {name:?}; commands are {}", names())))
}

/// Flags of the command line first; what they leave open comes from the environment.
fn options(row: &CommandRow, given: &[(&Flag, String)], env: impl Fn(&str) -> Option<String>) -> Result<Options, Usage> {
    let mut options = Options::default();
    let known = |name: &str| FLAGS.iter().any(|flag| flag.name == name && flag.belongs_to(row.scope));
    if let Some((flag, _)) = given.iter().find(|(flag, _)| !known(flag.name)) {
        return Err(Usage(format!("--{} is not a flag of {}", flag.name, row.name)));
    }
    for flag in FLAGS.iter().filter(|flag| flag.belongs_to(row.scope)) {
        let mut values = given.iter().filter(|(f, _)| f.name == flag.name).map(|(_, value)| value).peekable();
        if values.peek().is_some() {
            for value in values {
                (flag.set)(&mut options, value).map_err(|why| Usage(format!("--{}: {why}", flag.name)))?;
            }
        } else if let Some(value) = env(&flag.variable()).filter(|_| flag.matters_to(row.scope)) {
            (flag.set)(&mut options, value.trim()).map_err(|why| Usage(format!("{}: {why}", flag.variable())))?;
        }
    }
    Ok(options)
}

fn usage(error: lexopt::Error) -> Usage {
    Usage(match error {
        lexopt::Error::UnexpectedValue { option, .. } => format!("{option} takes no value"),
        lexopt::Error::MissingValue { option } => format!("{} needs a value", option.unwrap_or_default()),
        other => other.to_string(),
    })
}
