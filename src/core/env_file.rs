//! An environment as a file: lines `NAME=VALUE` as `env`, `export -p` or an env-file have them, or what /proc/PID/environ holds.

use super::inputs::Environment;

/// Reads the variables that matter; none when no line of the file is one. Values that are secrets are never kept (see [`Environment`]).
pub fn read(content: &[u8]) -> Option<Environment> {
    let text = String::from_utf8_lossy(content);
    // The kernel ends each with NUL, and no text file has one.
    let by_kernel = text.contains('\0');
    // Editors of other systems put a byte order mark before the first name.
    let pairs: Vec<(&str, &str)> = text
        .trim_start_matches('\u{feff}')
        .split(if by_kernel { '\0' } else { '\n' })
        .filter_map(|line| if by_kernel { line.split_once('=') } else { assignment(line) })
        .filter(|(name, _)| is_name(name))
        .collect();
    // In a file the last assignment wins, as a shell has it; in an environment the first, as getenv(3) has it.
    let lookup = |wanted: &str| {
        let mut found = pairs.iter().filter(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
        if by_kernel { found.next() } else { found.next_back() }
    };
    (!pairs.is_empty()).then(|| Environment::read(lookup))
}

/// `NAME=VALUE`, with or without `export` (POSIX) or `declare -x` (bash) and quotes.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = ["export ", "declare -x "].into_iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
    let (name, value) = line.trim_start().split_once('=')?;
    let unquoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    Some((name, unquoted.unwrap_or(value)))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::super::inputs::{Secret, Var};
    use super::*;

    fn role(content: &[u8]) -> Option<Var> {
        read(content).map(|environment| environment.role_arn)
    }

    #[test]
    fn the_forms_that_tools_write() {
        let set = Some(Var::Set("arn:x".to_owned()));
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
        ] {
            assert_eq!(role(content.as_bytes()), set, "{content:?}");
        }
        assert_eq!(role(b"AWS_ROLE_ARN="), Some(Var::Set(String::new())));
        assert_eq!(role(b"AWS_ROLE_ARN=\"\""), Some(Var::Set(String::new())));
        assert_eq!(role(b"AWS_ROLE_ARN=\"arn:x"), Some(Var::Set("\"arn:x".to_owned())));
        assert_eq!(role(b"A=b=c\nAWS_ROLE_ARN"), Some(Var::Unset), "a name alone is inherited, from nobody here");
    }

    #[test]
    fn what_is_no_environment() {
        for content in ["", "\n\n", "# nothing", "apiVersion: v1\nkind: Pod", "{\"a\": \"b=c\"}", "\0\0", "=x"] {
            assert_eq!(role(content.as_bytes()), None, "{content:?}");
        }
        assert_eq!(role(b"\xff\xfe=1\nAWS_ROLE_ARN=arn:x"), Some(Var::Set("arn:x".to_owned())));
    }

    #[test]
    fn secrets_are_kept_as_presence_only() {
        let environment = read(b"AWS_ACCESS_KEY_ID=AKIA\nAWS_SECRET_ACCESS_KEY='hunter2hunter2'\nAWS_SESSION_TOKEN=").unwrap();
        assert_eq!((environment.secret_access_key, environment.session_token), (Secret::Present, Secret::Empty));
        assert!(!format!("{environment:?}").contains("hunter2"));
    }

    #[test]
    fn every_prefix_is_read_without_a_panic() {
        let content = "export AWS_ROLE_ARN='ä'\ndeclare -x B=\"\u{1f600}\"\n#\0C=\0".as_bytes();
        (0..=content.len()).for_each(|end| drop(read(&content[..end])));
    }
}
