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

/// The words without which a command does not run.
fn words(command: &str) -> &'static [&'static str] {
    match command {
        "get" => &["readyz"],
        "exec" => &["--", "app"],
        "install" | "explain" | "doctor" => &["word"],
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
                    assert_eq!(error, format!("--{name} is not a flag of {}", row.name));
                }
            }
        }
    }
}

/// What the table must hold of each group: the log is everybody's, the identity is only of whoever proves one.
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
            if let Some(short) = flag.short {
                assert!(flag.help.contains(&format!("-{short} for short")) && !"hV".contains(short), "--{}", flag.name);
            }
        }
    }
}

#[test]
fn help_names_every_flag() {
    for row in COMMANDS {
        let Ok(Command::Print(text)) = run(&[row.name, "--help"], &[]) else { panic!() };
        for flag in row.flags() {
            assert_eq!(text.matches(&format!("\n  --{}{}\n", flag.name, flag.value.map_or(String::new(), |v| format!(" {v}")))).count(), 1);
        }
        assert_eq!(text.contains("IRSA_PROBE_ and its name in capitals"), row.variables, "{}", row.name);
    }
    let Ok(Command::Print(text)) = run(&["--help"], &[]) else { panic!() };
    assert!(text.contains("Flags of check, serve and exec:") && text.contains("Every flag of check, serve, get and exec can"), "{text}");
    assert!(COMMANDS.iter().all(|row| text.contains(row.about)));
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
                page.contains(&format!("\n  --{}", flag.name)),
                "the page of {} does not list --{}, and so not {}",
                row.name,
                flag.name,
                flag.variable()
            );
        }
    }
}
