//! An environment that is read from a file: lines `NAME=VALUE` as in the output of `env` and `export -p` or in an env-file, or the content of
//! /proc/PID/environ.

use super::environment::Environment;

/// The content of such a file.
#[derive(Debug)]
pub struct EnvFile {
    /// The variables that matter. Values that are secrets are never kept (see [`Environment`]).
    pub environment: Environment,
    /// The number of lines that are no assignment, no comment and not empty. Such a line belongs to a value of several lines, or is a mistake.
    pub not_understood: usize,
}

/// Reads a file. `None` when no line of it is an assignment.
pub fn parse(content: &[u8]) -> Option<EnvFile> {
    let text = String::from_utf8_lossy(content);
    // The kernel ends each variable with NUL. A text file holds no NUL.
    let by_kernel = text.contains('\0');
    // Some editors put a byte order mark before the first name.
    let text = text.trim_start_matches('\u{feff}');
    let mut assignments = Vec::new();
    let mut not_understood = 0;
    for line in text.split(if by_kernel { '\0' } else { '\n' }) {
        match Line::parse(line, by_kernel) {
            Line::Assignment(name, value, by) if is_name(name) => assignments.push((name, value, by)),
            Line::Nothing => {}
            _ => not_understood += usize::from(!by_kernel),
        }
    }
    // `env` prints values as they are. Quotes in its output are part of the value, and usually they are the fault. A tool that adds quotes adds
    // them to every value.
    let all_quoted =
        !by_kernel && assignments.iter().all(|(_, value, by)| *by == By::Shell || value.is_empty() || unquoted(value) != *value);
    // In a file the last assignment wins, as in a shell. In an environment the first wins, as in getenv(3).
    let lookup = |wanted: &str| {
        let is_wanted = |(name, ..): &&(&str, &str, By)| *name == wanted;
        let (_, value, by) = if by_kernel { assignments.iter().find(is_wanted) } else { assignments.iter().rfind(is_wanted) }?;
        Some(if *by == By::Shell || all_quoted { unquoted(value) } else { value }.to_owned())
    };
    (!assignments.is_empty()).then(|| EnvFile { environment: Environment::from_lookup(lookup), not_understood })
}

/// How an assignment is written.
#[derive(PartialEq, Eq)]
enum By {
    /// `NAME=VALUE`. The value is taken as it stands.
    Env,
    /// `NAME=VALUE` after `export` (POSIX) or `declare -x` (bash). Quotes and blanks around the value are not part of it.
    Shell,
}

/// A line, or a variable of an environment.
enum Line<'a> {
    /// Name and value.
    Assignment(&'a str, &'a str, By),
    /// Empty, a comment, or a name alone. A name alone means an inherited value, and a file has no parent to inherit from.
    Nothing,
    /// Anything else.
    Other,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str, by_kernel: bool) -> Line<'a> {
        let (mut words, mut by) = (line, By::Env);
        if !by_kernel {
            words = line.strip_suffix('\r').unwrap_or(line).trim_start();
            for word in ["export", "declare -x"] {
                if let Some(rest) = words.strip_prefix(word).filter(|rest| rest.starts_with([' ', '\t'])) {
                    (words, by) = (rest.trim(), By::Shell);
                }
            }
        }
        match words.split_once('=') {
            _ if words.is_empty() || words.starts_with('#') || is_name(words) => Line::Nothing,
            Some((name, value)) => Line::Assignment(name, value, by),
            None => Line::Other,
        }
    }
}

/// The value without the quotes around it, if it has any.
fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::super::environment::{Secret, Var};
    use super::*;

    fn role(content: &[u8]) -> Option<Var> {
        parse(content).map(|given| given.environment.role_arn)
    }

    #[test]
    fn the_forms_that_tools_write() {
        let set = Some(Var::Set("arn:x".into()));
        for content in [
            "AWS_ROLE_ARN=arn:x",
            "HOME=/\r\nAWS_ROLE_ARN=arn:x\r\n",
            "# Pod shop/checkout\n\n  export AWS_ROLE_ARN=\"arn:x\"  \n",
            "declare -x AWS_ROLE_ARN=\"arn:x\"",
            "AWS_ROLE_ARN='arn:x'\n#AWS_ROLE_ARN=y",
            "AWS_ROLE_ARN=old\nAWS_ROLE_ARN=arn:x",
            "\u{feff}AWS_ROLE_ARN=arn:x\r\n",
            "AWS_ROLE_ARN=arn:x\0AWS_ROLE_ARN=old\0",
            "A=several\nlines\0AWS_ROLE_ARN=arn:x\0",
            "export\tAWS_ROLE_ARN=arn:x ",
            "declare -x\t AWS_ROLE_ARN='arn:x'\r\n",
            "A=\"1\"\nB=\nAWS_ROLE_ARN=\"arn:x\"",
        ] {
            assert_eq!(role(content.as_bytes()), set, "{content:?}");
        }
        assert_eq!(role(b"AWS_ROLE_ARN="), Some(Var::Set("".into())));
        assert_eq!(role(b"AWS_ROLE_ARN=\"\""), Some(Var::Set("".into())));
        assert_eq!(role(b"AWS_ROLE_ARN=\"arn:x"), Some(Var::Set("\"arn:x".into())));
        assert_eq!(role(b"A=b=c\nAWS_ROLE_ARN"), Some(Var::Unset), "a name alone is inherited, and there is no parent here");
    }

    /// As `kubectl exec POD -- env` prints it. A fault in a value must not be removed.
    #[test]
    fn a_value_is_kept_as_env_shows_it() {
        for (content, value) in [
            ("PATH=/bin\nAWS_ROLE_ARN=arn:x \n", "arn:x "),
            ("PATH=/bin\r\nAWS_ROLE_ARN=arn:x\t\r\n", "arn:x\t"),
            ("AWS_ROLE_ARN= arn:x\n", " arn:x"),
            ("PATH=/bin\nAWS_ROLE_ARN=\"arn:x\"\n", "\"arn:x\""),
            ("export PATH=/bin\nA=1\nAWS_ROLE_ARN='arn:x'", "'arn:x'"),
            ("PATH=/bin\0AWS_ROLE_ARN=\"arn:x\"\0", "\"arn:x\""),
            ("AWS_ROLE_ARN=\"arn:x\"\0", "\"arn:x\""),
        ] {
            assert_eq!(role(content.as_bytes()), Some(Var::Set(value.into())), "{content:?}");
        }
    }

    #[test]
    fn lines_that_say_nothing_are_counted() {
        for (content, count) in [
            ("A=1\n# c\n\nB\nexport C\ndeclare -x D\r\n", 0),
            ("A=1\nB = 2\n", 1),
            ("A=1\nCERT=-----BEGIN\nMII=\n-----END\n}", 2),
            ("A=1\nexport B = 2", 1),
            ("A=1\0several\0", 0),
        ] {
            assert_eq!(parse(content.as_bytes()).map(|given| given.not_understood), Some(count), "{content:?}");
        }
    }

    #[test]
    fn what_is_no_environment() {
        for content in ["", "\n\n", "# nothing", "apiVersion: v1\nkind: Pod", "{\"a\": \"b=c\"}", "\0\0", "=x"] {
            assert_eq!(role(content.as_bytes()), None, "{content:?}");
        }
        assert_eq!(role(b"\xff\xfe=1\nAWS_ROLE_ARN=arn:x"), Some(Var::Set("arn:x".into())));
    }

    #[test]
    fn secrets_are_kept_as_presence_only() {
        let environment = parse(b"AWS_ACCESS_KEY_ID=AKIA\nAWS_SECRET_ACCESS_KEY='hunter2hunter2'\nAWS_SESSION_TOKEN=").unwrap().environment;
        assert_eq!((environment.secret_access_key, environment.session_token), (Secret::Present, Secret::Empty));
        assert!(!format!("{environment:?}").contains("hunter2"));
    }

    #[test]
    fn every_prefix_is_read_without_a_panic() {
        let content = "export AWS_ROLE_ARN='ä'\ndeclare -x B=\"\u{1f600}\"\n#\0C=\0".as_bytes();
        (0..=content.len()).for_each(|end| drop(parse(&content[..end])));
    }
}
