//! `get PATH`: its flags, and the pages that it asks for.

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{DEFAULT_LISTEN, LogOptions, groups, listen, log};
use super::suggest::did_you_mean;
use super::values::sentence;
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
    about: "Ask the running serve: exit 0 for yes, 1 for no\n\
            PATH is livez, readyz, startupz, status or report. It prints the answer, so it works as an exec probe in an image without a \
            shell. report is the last report as text: exit 0 only if its verdict is pass.",
    example: "irsa-probe get report",
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
        let pages = sentence(PAGES, "or");
        let path = words.one(&ROW, "PATH", &format!("get needs a PATH: {pages}"))?;
        if !is_page(&path) {
            let meant = did_you_mean(page_name(&path), PAGES.iter().copied());
            return Err(Usage(format!("get has no page {path:?}; PATH is {pages}{meant}")));
        }
        Ok(Command::Get(GetOptions { path, ..self }))
    }
}

/// The pages that answer yes or no. Any other page of the server is always a success.
pub(super) const PAGES: &[&str] = &["livez", "readyz", "startupz", "status", "report"];

/// Whether a path is one of the pages, with or without its slash and a query. `healthz` is another name of `livez`.
pub(super) fn is_page(path: &str) -> bool {
    let name = page_name(path);
    let plain = |c: char| c.is_ascii_alphanumeric() || "?=&-_/".contains(c);
    (PAGES.contains(&name) || name == "healthz") && path.chars().all(plain)
}

fn page_name(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path).split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn pages_are_those_that_answer_a_probe() {
        for page in ["livez", "/readyz", "readyz?verbose", "healthz", "startupz", "status", "report", "/report"] {
            assert!(matches!(run(&["get", page], &[]), Ok(Command::Get(get)) if get.path == page), "{page}");
        }
        for page in ["", "/", "?verbose", "metrics", "a b", "readyz?a b", "//readyz"] {
            assert!(run(&["get", page], &[]).is_err(), "{page}");
        }
        assert!(run(&["get", "/raedyz?verbose"], &[]).unwrap_err().contains("; did you mean readyz?"));
    }
}
