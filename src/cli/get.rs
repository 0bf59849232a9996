//! `get PATH`: its flags, and the pages that it asks for.

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{DEFAULT_LISTEN, LogOptions, groups, listen, log};
use super::{Command, Usage};
use std::net::SocketAddr;

/// `get`
#[derive(Debug, Clone, PartialEq)]
pub struct GetOptions {
    /// The page with its query.
    pub path: String,
    /// `--listen`: where the server listens.
    pub listen: SocketAddr,
    /// The log.
    pub log: LogOptions,
}

impl Default for GetOptions {
    fn default() -> GetOptions {
        GetOptions { path: String::new(), listen: DEFAULT_LISTEN, log: LogOptions::default() }
    }
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "get",
    arguments: "PATH",
    about: "Ask the server in this pod (livez, readyz, startupz, status): exit 0 for yes, 1 for no",
    example: "irsa-probe get readyz",
    exit_codes: &[("0", "yes"), ("1", "no, or no answer"), USAGE],
    variables: true,
    wraps: false,
    functions: functions::<GetOptions>(),
};

groups!(GetOptions { listen: SocketAddr, log: LogOptions });

impl CommandOptions for GetOptions {
    const FLAGS: &'static [FlagRow<GetOptions>] = &[listen()];
    const SHARED: &'static [&'static [FlagRow<GetOptions>]] = &[&log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        let path = words.one(&ROW, "PATH", "get needs a PATH: livez, readyz, startupz or status")?;
        if !is_page(&path) {
            return Err(Usage(format!("get knows livez, readyz, startupz and status, and not {path:?}")));
        }
        Ok(Command::Get(GetOptions { path, ..self }))
    }
}

/// Whether a path is a page that answers yes or no, with or without its slash and a query. Any other page of the server is always a success.
pub(super) fn is_page(path: &str) -> bool {
    let name = path.strip_prefix('/').unwrap_or(path).split('?').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "?=&-_/".contains(c);
    matches!(name, "livez" | "healthz" | "readyz" | "startupz" | "status") && path.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn pages_are_those_that_answer_a_probe() {
        for page in ["livez", "/readyz", "readyz?verbose", "healthz", "startupz", "status"] {
            assert!(matches!(run(&["get", page], &[]), Ok(Command::Get(get)) if get.path == page), "{page}");
        }
        for page in ["", "/", "?verbose", "metrics", "a b", "readyz?a b", "//readyz"] {
            assert!(run(&["get", page], &[]).is_err(), "{page}");
        }
    }
}
