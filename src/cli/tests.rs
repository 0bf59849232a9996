//! What holds of all commands.

use super::commands::{COMMANDS, flags};
use super::*;
use crate::core::aws::partition::Region;
use std::collections::BTreeSet;
use std::time::Duration;

/// Parses a line in an environment; the error's text.
pub(super) fn run(args: &[&str], env: &[(&str, &str)]) -> Result<Command, String> {
    let lookup = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    parse(args.iter().map(OsString::from).collect(), lookup).map_err(|usage| usage.0)
}

fn check_options(args: &[&str], env: &[(&str, &str)]) -> CheckOptions {
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
    let options = check_options(&["--sts-region", "us-west-2", "check", "--sts-region=us-east-2", "--advisory"], &env);
    let regions: Vec<&str> = options.settings.sts_regions.iter().map(Region::as_str).collect();
    assert_eq!(regions, ["us-west-2", "us-east-2"]);
    assert_eq!(
        (options.timeout, options.settings.strict, options.advisory, options.output),
        (Duration::from_secs(5), true, true, CheckOutput::Text)
    );
    assert_eq!(check_options(&["check"], &env).settings.sts_regions.len(), 2);
    assert!(!check_options(&["check", "--strict=false"], &env).settings.strict);
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
        (vec!["get"], vec![], "PATH"),
        (vec!["get", "readyz", "livez"], vec![], "\"livez\""),
        (vec!["get", ""], vec![], "livez, readyz"),
        (vec!["get", "/"], vec![], "livez, readyz"),
        (vec!["get", "?verbose"], vec![], "livez, readyz"),
        (vec!["get", "metrics"], vec![], "\"metrics\""),
        (vec!["get", "a b"], vec![], "\"a b\""),
        (vec!["get", "readyz", "--interval", "5s"], vec![], "not a flag of get"),
        (vec!["serve", "--interval", "999ms"], vec![], "1s or longer"),
        (vec!["serve", "--listen", "9475"], vec![], "[::]:9475"),
        (vec!["serve", "--timeout", "5s"], vec![], "not a flag of serve"),
        (vec!["check", "--listen", ":1"], vec![], "not a flag of check"),
        (vec!["serve"], vec![("IRSA_PROBE_LISTEN", "localhost:9475")], "IRSA_PROBE_LISTEN"),
        (vec!["exec", "--listen", ":1", "--", "app"], vec![], "not a flag of exec"),
        (vec!["install", "--timeout", "5s", "dir"], vec![], "not a flag of install"),
        (vec!["check", "--output", "yaml"], vec![], "text, json, evidence"),
        (vec!["check", "--ignore", "sdk-differs,node-role"], vec![], "--ignore: \"node-role\" is no code"),
        (vec!["serve"], vec![("IRSA_PROBE_IGNORE", "Sdk-Differs")], "IRSA_PROBE_IGNORE: \"Sdk-Differs\" is no code"),
        (vec!["check", "-n", "shop"], vec![], "--namespace is not a flag of check"),
        (vec!["doctor", "-n"], vec![], "-n needs a value"),
        (vec!["check", "-x"], vec![], "-x"),
    ] {
        let error = run(&args, &env).unwrap_err();
        assert!(error.contains(names) && !error.contains('\n'), "{args:?}: {error}");
    }
}

/// The words that a command needs.
fn words(command: &str) -> &'static [&'static str] {
    match command {
        "get" => &["readyz"],
        "exec" => &["--", "app"],
        "install" | "explain" | "doctor" => &["word"],
        "completions" => &["bash"],
        _ => &[],
    }
}

/// A value that the flag takes.
fn value(flag: &str) -> &'static str {
    match flag {
        "expect-role-arn" | "role-arn" => "arn:aws:iam::111122223333:role/checkout",
        "provider" => "irsa",
        "sts-region" => "us-west-2",
        "ignore" => "node-role-reachable",
        "log-level" => "debug",
        "log-format" | "output" | "format" => "json",
        "timeout" | "interval" => "5s",
        "listen" => ":80",
        "app-sdk" | "sdk" => "java-v2",
        "pid" => "1",
        "assume" => "sts=denied",
        _ => "true",
    }
}

/// `--name=value` before the command and its words: a switch takes a value in this form, too.
fn with_flag(command: &str, name: &str) -> Result<Command, String> {
    let flag = format!("--{name}={}", value(name));
    run(&[&[flag.as_str(), command], words(command)].concat(), &[])
}

#[test]
fn each_command_takes_its_flags_and_no_others() {
    let all: BTreeSet<&str> = flags().map(|flag| flag.name).collect();
    for row in COMMANDS {
        for name in &all {
            match with_flag(row.name, name) {
                Ok(_) => assert!(row.takes(name), "{} takes --{name}", row.name),
                // Here `--file` has a word beside it.
                Err(error) if *name == "file" && row.name == "explain" => assert!(error.contains("--file"), "{error}"),
                // It says how strict --scan is.
                Err(error) if *name == "strict" && row.name == "sdks" => assert!(error.contains("needs --scan"), "{error}"),
                Err(error) => {
                    assert!(!row.takes(name), "{}: {error}", row.name);
                    let takers = COMMANDS.iter().filter(|row| row.takes(name)).map(|row| row.name).collect::<Vec<_>>();
                    let begin = format!("--{name} is not a flag of {}; {}", row.name, takers[0]);
                    assert!(error.starts_with(&begin) && takers.iter().all(|taker| error.contains(taker)), "{error}");
                    assert!(error.ends_with(&format!("take it (see irsa-probe {} --help)", row.name)) || takers.len() == 1, "{error}");
                }
            }
        }
    }
}

/// Every command has the flags of the log. Only commands that check an identity have its flags.
#[test]
fn groups_of_flags_are_where_they_mean_something() {
    let takers = |name: &str| COMMANDS.iter().filter(|row| row.takes(name)).map(|row| row.name).collect::<Vec<_>>();
    for name in ["log-level", "log-format"] {
        assert_eq!(takers(name).len(), COMMANDS.len(), "{name}");
    }
    for name in ["expect-role-arn", "provider", "sts-region", "ignore", "no-imds"] {
        assert_eq!(takers(name), ["check", "serve", "exec"], "{name}");
    }
    assert_eq!(takers("strict"), ["check", "serve", "exec", "sdks"]);
    assert_eq!(takers("output"), ["check", "exec", "explain", "trust-policy", "sdks", "doctor"]);
}

#[test]
fn twins_are_of_commands_that_run_in_pods() {
    let twins: Vec<&str> = COMMANDS.iter().filter(|row| row.variables).map(|row| row.name).collect();
    assert_eq!(twins, ["check", "serve", "get", "exec"]);
    for row in COMMANDS {
        let plain = run(&[&[row.name], words(row.name)].concat(), &[]);
        assert!(plain.is_ok(), "{plain:?}");
        for flag in flags() {
            let variable = flag.variable();
            let changed = run(&[&[row.name], words(row.name)].concat(), &[(&variable, value(flag.name))]) != plain;
            let takes = row.variables && row.takes(flag.name);
            assert_eq!(changed, takes, "{} and {variable}", row.name);
        }
    }
}

/// A flag may stand before the command. So whether a value follows must not depend on the command, nor may a short name.
#[test]
fn a_name_means_one_form_in_all_commands() {
    for flag in flags() {
        for other in flags() {
            if flag.name == other.name {
                assert_eq!((flag.value.is_some(), flag.short), (other.value.is_some(), other.short), "--{}", flag.name);
            } else {
                assert!(flag.short.is_none() || flag.short != other.short, "--{} and --{}", flag.name, other.name);
            }
        }
    }
}

#[test]
fn rows_are_complete() {
    let kebab = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !name.starts_with('-');
    for row in COMMANDS {
        assert!(!row.about.is_empty() && row.example.contains(&format!("irsa-probe {}", row.name)), "{}", row.name);
        assert!(row.exit_codes.iter().any(|(code, _)| *code == "2"), "{}", row.name);
        let names: Vec<&str> = row.flags().map(|flag| flag.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}: {names:?}", row.name);
        for flag in row.flags() {
            assert!(kebab(flag.name) && !["help", "version"].contains(&flag.name), "--{}", flag.name);
            assert!(!flag.help.is_empty() && flag.help == flag.help.trim() && !flag.help.ends_with('.'), "--{}", flag.name);
            assert!(flag.value.is_none_or(|value| !value.is_empty()), "--{}", flag.name);
            assert!(flag.short.is_none_or(|short| !"hV".contains(short)), "--{}", flag.name);
            assert!(!flag.summary().is_empty() && flag.summary().len() <= 130, "--{}: {}", flag.name, flag.summary());
        }
    }
}

#[test]
fn help_names_every_flag() {
    for row in COMMANDS {
        let Ok(Command::Print(text)) = run(&[row.name, "--help"], &[]) else { panic!() };
        for flag in row.flags() {
            let indent = if flag.short.is_some() { "  " } else { "      " };
            assert_eq!(text.matches(&format!("\n{indent}{}\n", flag.form())).count(), 1, "{}: {}", row.name, flag.form());
        }
        assert_eq!(text.contains("can be given as a variable: IRSA_PROBE_"), row.variables, "{}", row.name);
        assert!(text.contains(&format!("\nUsage: irsa-probe {} [FLAGS]", row.name)) && text.contains(&format!("\n  {}\n", row.example)));
        fits_a_terminal(&text);
    }
    let Ok(Command::Print(text)) = run(&["--help"], &[]) else { panic!() };
    assert!(text.contains("Flags of check, serve and exec:") && text.contains("Every flag of check, serve, get and exec can"), "{text}");
    assert!(COMMANDS.iter().all(|row| text.contains(&format!(" {}\n", row.summary()))), "each on one line: {text}");
    fits_a_terminal(&text);
}

/// In 80 columns no line is broken by the terminal. A name that is longer stays whole.
fn fits_a_terminal(text: &str) {
    for line in text.lines() {
        let is_one_word = line.split_whitespace().count() <= 2 && line.trim_start().starts_with("--");
        assert!(line.chars().count() <= 80 || is_one_word, "{line:?}");
        assert_eq!(line, line.trim_end());
    }
}

/// Whatever else is wrong with the line, also where a value would be.
#[test]
fn help_anywhere_on_the_line_wins() {
    let check = run(&["check", "--help"], &[]);
    assert!(matches!(&check, Ok(Command::Print(text)) if text.contains("Usage: irsa-probe check")));
    for args in [
        &["check", "--help", "--timeout"][..],
        &["check", "--timeout", "--help"],
        &["check", "--timeout", "-h"],
        &["--timeout", "--help", "check"],
        &["check", "--nonsense", "--help"],
        &["--nonsense=1", "check", "-h"],
        &["check", "--timeout", "soon", "--help"],
        &["check", "--list", "now", "--help", "--strict=perhaps"],
        &["help", "check", "--timout"],
        &["check", "--help=yes", "-h"],
        &["check", "-xyz", "-h", "-n"],
        &["check", "--version", "--help"],
    ] {
        assert_eq!(run(args, &[("IRSA_PROBE_TIMEOUT", "soon")]), check, "{args:?}");
    }
    let overview = run(&["--help"], &[]);
    for args in [&["chekc", "--help"][..], &["--help", "--nonsense"], &["help", "chekc"], &["-h", "", "--timeout"]] {
        assert_eq!(run(args, &[]), overview, "{args:?}");
    }
    // Behind -- it is a word, and behind the words of an application it is the application's.
    assert!(matches!(run(&["explain", "--", "--help"], &[]), Ok(Command::Explain(_))));
    assert!(matches!(run(&["exec", "app", "--help"], &[]), Ok(Command::Exec(_))));
    assert!(run(&["exec", "--nonsense", "app", "--help"], &[]).unwrap_err().contains("--nonsense"));
    assert!(run(&["check", "--timeout=--help"], &[]).unwrap_err().contains("\"--help\""));
}

#[test]
fn the_version_carries_the_revision() {
    let number = env!("CARGO_PKG_VERSION");
    assert_eq!(version("1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d"), format!("irsa-probe {number} (1a2b3c4d5e6f)"));
    assert_eq!(version("v0.1.0-3-g1a2b3c4"), format!("irsa-probe {number} (v0.1.0-3-g1a2b3c4)"));
    assert_eq!(version("unknown"), format!("irsa-probe {number}"));
    assert_eq!(run(&["--version"], &[]), Ok(Command::Print(format!("{}\n", version(env!("IRSA_PROBE_REVISION"))))));
    assert_eq!(run(&["check", "-V", "--nonsense"], &[]), run(&["--version"], &[]));
}

#[test]
fn a_name_that_is_nearly_right_is_suggested() {
    for (args, wanted) in [
        (&["chekc"][..], "there is no command \"chekc\"; did you mean check? (see irsa-probe --help)"),
        (&["trustpolicy"], "there is no command \"trustpolicy\"; did you mean trust-policy? (see irsa-probe --help)"),
        (&["check", "--timout", "5s"], "there is no flag --timout; did you mean --timeout? (see irsa-probe check --help)"),
        (&["--timout", "5s", "check"], "there is no flag --timout; did you mean --timeout? (see irsa-probe check --help)"),
        (&["--timout=5s"], "there is no flag --timout; did you mean --timeout? (see irsa-probe --help)"),
        (&["check", "-timeout", "5s"], "there is no flag -timeout; did you mean --timeout? (see irsa-probe check --help)"),
        (
            &["check", "--intervall"],
            "there is no flag --intervall; did you mean --interval, a flag of serve? (see irsa-probe check --help)",
        ),
        (&["check", "--hlep"], "there is no flag --hlep; did you mean --help? (see irsa-probe check --help)"),
        (&["check", "--list"], "--list is not a flag of check; explain takes it (see irsa-probe check --help)"),
        (&["get", "readyz", "--strict"], "--strict is not a flag of get; check, serve, exec and sdks take it (see irsa-probe get --help)"),
        (
            &["check", "--output", "jsno"],
            "--output: \"jsno\" is none of text, json, evidence; did you mean json? (see irsa-probe check --help)",
        ),
        (&["get", "redyz"], "; did you mean readyz? (see irsa-probe get --help)"),
        (
            &["check", "--ignore", "node-role-reachabel"],
            "--ignore: \"node-role-reachabel\" is no code of the catalogue; did you mean node-role-reachable? (see irsa-probe check --help)",
        ),
        (&["check", "--app-sdk", "jav-v2@2.1.0"], "; did you mean java-v2? (see irsa-probe check --help)"),
        (&["check", "--app-sdk", "Boto33"], "; did you mean boto3? (see irsa-probe check --help)"),
        (&["check", "--app-sdk", "atuo"], "; did you mean auto? (see irsa-probe check --help)"),
        (&["sdks", "--sdk", "pyhton"], "; did you mean python? (see irsa-probe sdks --help)"),
    ] {
        let error = run(args, &[]).unwrap_err();
        assert!(error.ends_with(wanted), "{args:?}: {error}");
    }
    // Near misses: three edits, or a version that is wrong.
    for args in [
        &["chequee"][..],
        &["check", "--tmeoutss"],
        &["check", "--tim"],
        &["check", "-x"],
        &["check", "--output", "yaml"],
        &["check", "--ignore", "node-role"],
        &["check", "--app-sdk", "cobol"],
        &["check", "--app-sdk", "java-v2@x"],
        &["get", "metrics"],
        &[""],
    ] {
        let error = run(args, &[]).unwrap_err();
        assert!(!error.contains("did you mean"), "{args:?}: {error}");
        assert!(error.ends_with(" --help)"), "{args:?}: {error}");
    }
}

/// A line of words at random is a command or one line of error, never a panic.
#[test]
fn odd_lines_never_panic() {
    use std::os::unix::ffi::OsStringExt as _;
    let odd: Vec<OsString> = [
        &b""[..],
        b"-",
        b"--",
        b"---",
        b"--=",
        b"-=",
        b"\xff",
        b"--\xff",
        b"-\xff",
        b"--timeout=\xff",
        b"--timeout",
        b"-n",
        b"-nx",
        b"-n=",
        b"--help=",
        b"check",
        b"exec",
        b"help",
        b"\n",
        b"--t\n",
    ]
    .map(|word| OsString::from_vec(word.to_vec()))
    .to_vec();
    for one in &odd {
        for two in &odd {
            for three in &odd {
                if let Err(Usage(why)) = parse(vec![one.clone(), two.clone(), three.clone()], |_| None) {
                    assert!(why.ends_with(" --help)"), "{one:?} {two:?} {three:?}: {why}");
                }
            }
        }
    }
}

/// What reads variables is warned of those that are misspelt.
#[test]
fn commands_that_read_variables_are_those_with_twins() {
    for row in COMMANDS {
        let command = run(&[&[row.name], words(row.name)].concat(), &[]).unwrap();
        assert_eq!(command.reads_variables(), row.variables, "{}", row.name);
    }
}

/// The pages of docs/commands show the help of each command, which must have all that can be given as a variable.
#[test]
fn every_twin_is_documented() {
    for row in COMMANDS.iter().filter(|row| row.variables) {
        let page = match row.name {
            "check" => include_str!("../../docs/commands/check.md"),
            "serve" => include_str!("../../docs/commands/serve.md"),
            "get" => include_str!("../../docs/commands/get.md"),
            "exec" => include_str!("../../docs/commands/exec.md"),
            other => panic!("{other} has no page"),
        };
        for flag in row.flags() {
            assert!(
                page.lines().any(|line| line.trim_start().starts_with(&flag.form())),
                "the page of {} does not list --{}, and so not {}",
                row.name,
                flag.name,
                flag.variable()
            );
        }
    }
}
