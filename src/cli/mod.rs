//! The command line: one table of commands and one of flags, from which parsing, `--help` and the environment twins are made.
//!
//! Every flag has a twin in the environment, `IRSA_PROBE_` and its name in capitals; the command line wins, and an empty
//! variable counts as unset, as templates produce it.

use crate::core::arn::RoleArn;
use crate::core::duration;
use crate::core::inputs::{ProviderChoice, Settings};
use crate::core::partition::Region;
use lexopt::Arg;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::time::Duration;

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `check`
    Check(Options),
    /// `explain`
    Explain(Explain),
    /// `IRSA_PROBE_DISABLED`: the reason.
    Disabled(String),
    /// `--help`, `--version`: the text to print.
    Print(String),
}

/// `explain`'s argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explain {
    /// A code, or a message.
    Text(String),
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
    /// `--advisory`
    pub advisory: bool,
    /// `--termination-log`
    pub termination_log: TerminationLog,
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
            advisory: false,
            termination_log: TerminationLog::Default,
            list: false,
        }
    }
}

/// A usage error: one line that names the input and the cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage(pub String);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Global,
    Check,
    Explain,
}

struct CommandRow {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    scope: Scope,
    example: &'static str,
}

const COMMANDS: &[CommandRow] = &[
    CommandRow {
        name: "check",
        arguments: "",
        about: "Prove which AWS identity this pod has, or name what is broken and the cure",
        scope: Scope::Check,
        example: "irsa-probe check --expect-role-arn arn:aws:iam::111122223333:role/checkout --timeout 30s",
    },
    CommandRow {
        name: "explain",
        arguments: "CODE",
        about: "Explain a code of the catalogue: what it means, why, the cure",
        scope: Scope::Explain,
        example: "irsa-probe explain trust-policy-denied",
    },
];

/// One flag. `set` gets the value; a switch gets "true" or "false".
struct Flag {
    name: &'static str,
    value: Option<&'static str>,
    scope: Scope,
    help: &'static str,
    set: fn(&mut Options, &str) -> Result<(), String>,
}

const FLAGS: &[Flag] = &[
    Flag {
        name: "expect-role-arn",
        value: Some("ARN"),
        scope: Scope::Global,
        help: "The role that this pod must have [default: AWS_ROLE_ARN]",
        set: |o, v| {
            let role =
                RoleArn::parse(v).map_err(|error| format!("{v:?} is not a role's ARN: {error}; write arn:aws:iam::ACCOUNT:role/NAME"))?;
            o.settings.expect_role_arn = Some(role);
            Ok(())
        },
    },
    Flag {
        name: "provider",
        value: Some("auto|irsa|pod-identity"),
        scope: Scope::Global,
        help: "The provider to prove [default: auto, whichever was injected]",
        set: |o, v| {
            o.settings.provider = one_of(
                v,
                &[("auto", ProviderChoice::Auto), ("irsa", ProviderChoice::Irsa), ("pod-identity", ProviderChoice::PodIdentity)],
            )?;
            Ok(())
        },
    },
    Flag {
        name: "sts-region",
        value: Some("REGION"),
        scope: Scope::Global,
        help: "STS region to call, repeatable, the first is primary; aws-global is the global endpoint [default: the pod's region]",
        set: |o, v| {
            for code in v.split(|c: char| c == ',' || c.is_whitespace()).filter(|code| !code.is_empty()) {
                let region = Region::parse(code).map_err(|error| format!("{code:?} is not a region: {error}"))?;
                o.settings.sts_regions.push(region);
            }
            Ok(())
        },
    },
    Flag { name: "strict", value: None, scope: Scope::Global, help: "Warnings fail", set: |o, v| switch(&mut o.settings.strict, v) },
    Flag {
        name: "log-level",
        value: Some("off|error|warn|info|debug|trace"),
        scope: Scope::Global,
        help: "What is logged to standard error [default: info]",
        set: |o, v| {
            use tracing::level_filters::LevelFilter as L;
            let levels =
                [("off", L::OFF), ("error", L::ERROR), ("warn", L::WARN), ("info", L::INFO), ("debug", L::DEBUG), ("trace", L::TRACE)];
            o.log_level = one_of(&v.to_ascii_lowercase(), &levels)?;
            Ok(())
        },
    },
    Flag {
        name: "log-format",
        value: Some("text|json"),
        scope: Scope::Global,
        help: "Form of the log [default: text]",
        set: |o, v| {
            o.log_format = one_of(v, &[("text", LogFormat::Text), ("json", LogFormat::Json)])?;
            Ok(())
        },
    },
    Flag {
        name: "timeout",
        value: Some("DURATION"),
        scope: Scope::Check,
        help: "Retry what time can cure for so long [default: 60s]",
        set: |o, v| {
            o.timeout = duration::parse(v)?;
            if o.timeout.is_zero() { Err("it must be longer than nothing; write it like 500ms or 60s".to_owned()) } else { Ok(()) }
        },
    },
    Flag {
        name: "output",
        value: Some("text|json|evidence"),
        scope: Scope::Check,
        help: "Form of the result on standard output [default: text]",
        set: |o, v| {
            o.output = one_of(v, &[("text", Output::Text), ("json", Output::Json), ("evidence", Output::Evidence)])?;
            Ok(())
        },
    },
    Flag {
        name: "no-imds",
        value: None,
        scope: Scope::Check,
        help: "Never contact the instance metadata service",
        set: |o, v| switch(&mut o.settings.no_imds, v),
    },
    Flag {
        name: "advisory",
        value: None,
        scope: Scope::Check,
        help: "Report, but exit 0 whatever was found",
        set: |o, v| switch(&mut o.advisory, v),
    },
    Flag {
        name: "termination-log",
        value: Some("PATH"),
        scope: Scope::Check,
        help: "Where a failure's short message goes, 'none' for nowhere [default: /dev/termination-log, when it exists]",
        set: |o, v| {
            o.termination_log = if v.is_empty() || v == "none" { TerminationLog::Off } else { TerminationLog::Path(v.to_owned()) };
            Ok(())
        },
    },
    Flag { name: "list", value: None, scope: Scope::Explain, help: "List all codes", set: |o, v| switch(&mut o.list, v) },
];

impl Flag {
    /// Its twin in the environment.
    fn variable(&self) -> String {
        format!("IRSA_PROBE_{}", self.name.to_ascii_uppercase().replace('-', "_"))
    }
}

fn one_of<T: Copy>(value: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    choices.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice).ok_or_else(|| format!("{value:?} is none of {}", names()))
}

fn switch(target: &mut bool, value: &str) -> Result<(), String> {
    *target =
        one_of(&value.to_ascii_lowercase(), &[("true", true), ("1", true), ("yes", true), ("false", false), ("0", false), ("no", false)])?;
    Ok(())
}

/// Parses arguments (without the program's name) and the environment.
///
/// The off-switch works whatever else is wrong with a `check`: it is what one reaches for when the probe itself is in the way.
pub fn parse(args: Vec<OsString>, env: impl Fn(&str) -> Option<String>) -> Result<Command, Usage> {
    let off = env("IRSA_PROBE_DISABLED").filter(|reason| !reason.is_empty());
    let means_check = args.iter().any(|arg| arg == "check");
    match (parse_line(args, env), off) {
        (Ok(Command::Check(_)), Some(reason)) => Ok(Command::Disabled(reason)),
        (Err(_), Some(reason)) if means_check => Ok(Command::Disabled(reason)),
        (parsed, _) => parsed,
    }
}

fn parse_line(args: Vec<OsString>, env: impl Fn(&str) -> Option<String>) -> Result<Command, Usage> {
    let env = |name: &str| env(name).filter(|value| !value.trim().is_empty());
    let mut parser = lexopt::Parser::from_args(args);
    let mut command: Option<&CommandRow> = None;
    let mut words: Vec<String> = Vec::new();
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
            Arg::Short(c) => return Err(Usage(format!("there is no flag -{c}; irsa-probe --help lists them"))),
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
    match row.scope {
        Scope::Explain if options.list => Ok(Command::Explain(Explain::List)),
        Scope::Explain if words.is_empty() => Err(Usage("explain needs a CODE; irsa-probe explain --list shows them".to_owned())),
        Scope::Explain => Ok(Command::Explain(Explain::Text(words.join(" ")))),
        _ => match words.first() {
            Some(word) => Err(Usage(format!("{} takes no argument, and {word:?} was given", row.name))),
            None => Ok(Command::Check(options)),
        },
    }
}

fn find_command(name: &str) -> Result<&'static CommandRow, Usage> {
    let names = || COMMANDS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
    COMMANDS.iter().find(|row| row.name == name).ok_or_else(|| Usage(format!("there is no command {name:?}; commands are {}", names())))
}

/// Flags of the command line first; what they leave open comes from the environment.
fn options(row: &CommandRow, given: &[(&Flag, String)], env: impl Fn(&str) -> Option<String>) -> Result<Options, Usage> {
    let mut options = Options::default();
    for flag in FLAGS {
        let belongs = flag.scope == Scope::Global || flag.scope == row.scope;
        let mut values = given.iter().filter(|(f, _)| f.name == flag.name).map(|(_, value)| value).peekable();
        if values.peek().is_some() {
            if !belongs {
                return Err(Usage(format!("--{} is not a flag of {}", flag.name, row.name)));
            }
            for value in values {
                (flag.set)(&mut options, value).map_err(|why| Usage(format!("--{}: {why}", flag.name)))?;
            }
        } else if let Some(value) = env(&flag.variable()).filter(|_| belongs) {
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

const EXIT_CODES: &str = "Exit codes:
  0    proven (or --advisory, or IRSA_PROBE_DISABLED)
  1    a definite failure
  2    usage
  3    not proven in time: only passing failures were met
  143  ended by SIGTERM
";

fn overview() -> String {
    let mut text = String::from(
        "irsa-probe proves which AWS identity an EKS pod really has, and names the root cause and the cure when it is the wrong one.\n\n\
         Usage: irsa-probe COMMAND [FLAGS]\n\nCommands:\n",
    );
    for row in COMMANDS {
        let _ = writeln!(text, "  {:<18} {}", format!("{} {}", row.name, row.arguments).trim_end(), row.about);
    }
    text.push_str("\nGlobal flags:\n");
    text.push_str(&flag_help(Scope::Global));
    text.push_str("  -h, --help  (also for one command: irsa-probe check --help)\n  -V, --version\n\n");
    text.push_str(
        "Every flag can be given as a variable: IRSA_PROBE_ and its name in capitals, IRSA_PROBE_STS_REGION=us-west-2,us-east-2.\n\
         IRSA_PROBE_DISABLED=\"reason\" switches the probe off: it logs the reason and exits 0.\n\n",
    );
    text.push_str(EXIT_CODES);
    text
}

fn command_help(row: &CommandRow) -> String {
    let arguments = if row.arguments.is_empty() { String::new() } else { format!(" {}", row.arguments) };
    format!(
        "{}\n\nUsage: irsa-probe {}{arguments} [FLAGS]\n\nExample: {}\n\nFlags:\n{}\nGlobal flags:\n{}\n\
         Every flag can be given as a variable: IRSA_PROBE_ and its name in capitals.\n\n{EXIT_CODES}",
        row.about,
        row.name,
        row.example,
        flag_help(row.scope),
        flag_help(Scope::Global),
    )
}

fn flag_help(scope: Scope) -> String {
    let mut text = String::new();
    for flag in FLAGS.iter().filter(|flag| flag.scope == scope) {
        let value = flag.value.map(|value| format!(" {value}")).unwrap_or_default();
        let _ = writeln!(text, "  --{}{value}\n        {}", flag.name, flag.help);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &[&str], env: &[(&str, &str)]) -> Result<Command, String> {
        let lookup = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        parse(args.iter().map(OsString::from).collect(), lookup).map_err(|usage| usage.0)
    }

    fn options_of(args: &[&str], env: &[(&str, &str)]) -> Options {
        match run(args, env) {
            Ok(Command::Check(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_stand_on_either_side_of_the_command_and_win_over_their_twins() {
        let env = [
            ("IRSA_PROBE_STS_REGION", "eu-west-1, eu-central-1"),
            ("IRSA_PROBE_TIMEOUT", "5s"),
            ("IRSA_PROBE_STRICT", "true"),
            ("IRSA_PROBE_OUTPUT", ""),
        ];
        let options = options_of(&["--sts-region", "us-west-2", "check", "--sts-region=us-east-2", "--advisory"], &env);
        let regions: Vec<&str> = options.settings.sts_regions.iter().map(Region::as_str).collect();
        assert_eq!(regions, ["us-west-2", "us-east-2"]);
        assert_eq!(
            (options.timeout, options.settings.strict, options.advisory, options.output),
            (Duration::from_secs(5), true, true, Output::Text)
        );
        assert_eq!(options_of(&["check"], &env).settings.sts_regions.len(), 2);
        assert!(!options_of(&["check", "--strict=false"], &env).settings.strict);
    }

    #[test]
    fn bad_input_gets_one_line_that_names_it() {
        for (args, env, names) in [
            (vec![], vec![], "which command"),
            (vec!["chekc"], vec![], "\"chekc\""),
            (vec!["check", "--timout", "5s"], vec![], "--timout"),
            (vec!["check", "--timeout", "5"], vec![], "no unit"),
            (vec!["check", "--timeout", "0s"], vec![], "--timeout"),
            (vec!["check", "--timeout"], vec![], "--timeout needs a value"),
            (vec!["check"], vec![("IRSA_PROBE_TIMEOUT", "soon")], "IRSA_PROBE_TIMEOUT"),
            (vec!["check", "--expect-role-arn", "checkout"], vec![], "bare role name"),
            (vec!["check", "--sts-region", "us-east-1a"], vec![], "us-east-1"),
            (vec!["check", "extra"], vec![], "\"extra\""),
            (vec!["check", "--list"], vec![], "not a flag of check"),
            (vec!["explain"], vec![], "CODE"),
            (vec!["check", "--output", "yaml"], vec![], "text, json, evidence"),
        ] {
            let error = run(&args, &env).unwrap_err();
            assert!(error.contains(names) && !error.contains('\n'), "{args:?}: {error}");
        }
    }

    #[test]
    fn the_off_switch_works_whatever_else_is_wrong() {
        let env = [("IRSA_PROBE_DISABLED", "INC-42"), ("IRSA_PROBE_TIMEOUT", "x")];
        assert_eq!(run(&["check", "--nonsense"], &env), Ok(Command::Disabled("INC-42".into())));
        assert_eq!(run(&["check"], &[("IRSA_PROBE_DISABLED", " ")]), Ok(Command::Disabled(" ".into())));
        assert!(matches!(run(&["check"], &[("IRSA_PROBE_DISABLED", "")]), Ok(Command::Check(_))));
        assert!(matches!(run(&["explain", "check"], &[("IRSA_PROBE_DISABLED", "x")]), Ok(Command::Explain(_))));
    }

    #[test]
    fn help_names_every_flag() {
        let Ok(Command::Print(text)) = run(&["check", "--help"], &[]) else { panic!() };
        for flag in FLAGS.iter().filter(|flag| flag.scope != Scope::Explain) {
            assert!(text.contains(&format!("--{}", flag.name)));
        }
        assert!(matches!(run(&["--help"], &[]), Ok(Command::Print(text)) if text.contains("explain")));
    }
}
