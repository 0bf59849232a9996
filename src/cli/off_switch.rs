//! `IRSA_PROBE_DISABLED`: what each command does if it is set.

use super::commands::COMMANDS;
use super::get::is_page;
use super::row::parse_readable;
use super::{Command, Environment, ExecOptions, GetOptions, ServeOptions, Usage};
use std::ffi::OsString;

/// What is left of a command that is switched off. `parsed` is what the line would have meant.
pub(super) fn switch_off(
    reason: String,
    args: Vec<OsString>,
    environment: Environment<'_>,
    parsed: Result<Command, Usage>,
) -> Result<Command, Usage> {
    let usage = match parsed {
        Ok(Command::Check(_)) => return Ok(Command::Disabled(reason)),
        Ok(Command::Serve(options)) => return Ok(Command::Serve(ServeOptions { disabled: Some(reason), ..options })),
        Ok(Command::Exec(options)) => return Ok(Command::Exec(ExecOptions { disabled: Some(reason), ..options })),
        Ok(other) => return Ok(other),
        Err(usage) => usage,
    };
    // The line cannot be parsed, so the first word that is a command's name is taken.
    let words = || args.iter().filter_map(|arg| arg.to_str());
    match words().find(|word| COMMANDS.iter().any(|row| row.name == *word)) {
        Some("check") => Ok(Command::Disabled(reason)),
        Some("serve") => Ok(Command::Serve(ServeOptions { disabled: Some(reason), ..parse_readable(&args, environment) })),
        Some("exec") => {
            let command: Vec<OsString> = args.iter().skip_while(|arg| *arg != "--").skip(1).cloned().collect();
            // Without -- it is not known where the application's words begin, so it cannot be started.
            if command.is_empty() {
                return Err(usage);
            }
            Ok(Command::Exec(ExecOptions { command, disabled: Some(reason), ..parse_readable(&args, environment) }))
        }
        // The exec probe of a server that is switched off must not fail for a mistake that the server ignores.
        Some("get") => match words().find(|word| is_page(word)) {
            Some(page) => Ok(Command::Get(GetOptions { path: page.to_owned(), ..parse_readable(&args, environment) })),
            None => Err(usage),
        },
        _ => Err(usage),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::super::{Command, LogFormat};

    #[test]
    fn the_off_switch_works_whatever_else_is_wrong() {
        let env = [("IRSA_PROBE_DISABLED", "INC-42"), ("IRSA_PROBE_TIMEOUT", "x")];
        assert_eq!(run(&["check", "--nonsense"], &env), Ok(Command::Disabled("INC-42".into())));
        assert_eq!(run(&["check"], &[("IRSA_PROBE_DISABLED", " ")]), Ok(Command::Disabled(" ".into())));
        assert!(matches!(run(&["check"], &[("IRSA_PROBE_DISABLED", "")]), Ok(Command::Check(_))));
        let broken = ["serve", "--listen=127.0.0.1:1", "--log-format", "json", "--interval", "never", "--nonsense"];
        let Ok(Command::Serve(options)) = run(&broken, &env) else { panic!() };
        assert_eq!((options.listen.port(), options.log.format, options.disabled.as_deref()), (1, LogFormat::Json, Some("INC-42")));
        let Ok(Command::Exec(options)) = run(&["exec", "--nonsense", "--", "/app", "--"], &env) else { panic!() };
        assert_eq!((options.disabled.as_deref(), options.command), (Some("INC-42"), vec!["/app".into(), "--".into()]));
        assert!(run(&["exec", "--nonsense", "/app"], &env).is_err(), "nothing says where the application's words begin");
        let nonsense = [("IRSA_PROBE_DISABLED", "INC-42"), ("IRSA_PROBE_LISTEN", "x"), ("IRSA_PROBE_STRICT", "x")];
        assert!(matches!(run(&["get", "readyz"], &nonsense), Ok(Command::Get(get)) if get.path == "readyz" && get.listen.port() == 9475));
        assert!(run(&["get", "serve", "--bogus"], &nonsense).is_err());
        assert!(matches!(run(&["get", "readyz"], &nonsense[2..]), Ok(Command::Get(..))));
        assert!(matches!(run(&["explain", "check"], &[("IRSA_PROBE_DISABLED", "x")]), Ok(Command::Explain(..))));
    }

    #[test]
    fn it_forgives_a_flag_of_another_command_and_a_twin_that_cannot_be_read() {
        let env = [("IRSA_PROBE_DISABLED", "INC-42"), ("IRSA_PROBE_LOG_LEVEL", "loud"), ("IRSA_PROBE_LISTEN", "127.0.0.1:7")];
        let Ok(Command::Get(get)) = run(&["get", "--strict", "/readyz"], &env) else { panic!() };
        assert_eq!((get.path.as_str(), get.listen.port()), ("/readyz", 7));
        assert!(matches!(run(&["serve", "--list"], &env), Ok(Command::Serve(options)) if options.listen.port() == 7));
        assert!(matches!(run(&["exec", "--pid=1", "--", "/app"], &env), Ok(Command::Exec(_))));
    }
}
