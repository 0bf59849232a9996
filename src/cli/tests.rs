use super::*;
use crate::core::aws::partition::Region;

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
    let broken = ["serve", "--listen=127.0.0.1:1", "--log-format", "json", "--interval", "never", "--nonsense"];
    let Ok(Command::Serve(options)) = run(&broken, &env) else { panic!() };
    assert_eq!((options.listen.port(), options.log_format, options.disabled.as_deref()), (1, LogFormat::Json, Some("INC-42")));
    let Ok(Command::Exec(options, command)) = run(&["exec", "--nonsense", "--", "/app", "--"], &env) else { panic!() };
    assert_eq!((options.disabled.as_deref(), command), (Some("INC-42"), vec!["/app".into(), "--".into()]));
    assert!(run(&["exec", "--nonsense", "/app"], &env).is_err(), "nothing says where the application's words begin");
    let nonsense = [("IRSA_PROBE_DISABLED", "INC-42"), ("IRSA_PROBE_LISTEN", "x"), ("IRSA_PROBE_STRICT", "x")];
    assert!(matches!(run(&["get", "readyz"], &nonsense), Ok(Command::Get(path, listen)) if path == "readyz" && listen.port() == 9475));
    assert!(run(&["get", "serve", "--bogus"], &nonsense).is_err());
    assert!(matches!(run(&["get", "readyz"], &nonsense[2..]), Ok(Command::Get(..))));
    assert!(matches!(run(&["explain", "check"], &[("IRSA_PROBE_DISABLED", "x")]), Ok(Command::Explain(..))));
}

#[test]
fn help_names_every_flag() {
    let Ok(Command::Print(text)) = run(&["check", "--help"], &[]) else { panic!() };
    for flag in FLAGS.iter().filter(|flag| flag.belongs_to(Scope::Check)) {
        assert!(text.contains(&format!("--{}", flag.name)));
    }
    assert!(matches!(run(&["--help"], &[]), Ok(Command::Print(text)) if text.contains("explain")));
}

#[test]
fn listen_takes_an_address_or_a_port() {
    for (value, address) in [(":9475", "[::]:9475"), ("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:80", "[::1]:80"), ("0.0.0.0:0", "0.0.0.0:0")]
    {
        let Ok(Command::Serve(options)) = run(&["serve"], &[("IRSA_PROBE_LISTEN", value)]) else { panic!("{value}") };
        assert_eq!(options.listen.to_string(), address);
        assert!(
            matches!(run(&["get", "readyz", "--listen", value], &[]), Ok(Command::Get(path, listen)) if path == "readyz" && listen == options.listen)
        );
    }
}

#[test]
fn the_words_after_exec_are_the_applications() {
    for (args, words) in [
        (&["exec", "--", "app", "--strict"][..], &["app", "--strict"][..]),
        (&["--strict", "exec", "app", "--no-such-flag", "-h"], &["app", "--no-such-flag", "-h"]),
        (&["exec", "--strict", "--", "app", "check", "--", "x"], &["app", "check", "--", "x"]),
        (&["exec", "--", "--odd"], &["--odd"]),
    ] {
        let Ok(Command::Exec(_, command)) = run(args, &[]) else { panic!("{args:?}") };
        assert_eq!(command, words.iter().map(OsString::from).collect::<Vec<_>>(), "{args:?}");
    }
    assert!(matches!(run(&["exec", "--help", "--", "app"], &[]), Ok(Command::Print(_))));
}
