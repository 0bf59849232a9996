//! `--help`, made from the tables. No line is longer than a terminal of 80 columns.

use super::check;
use super::commands::{COMMANDS, names};
use super::row::{CommandRow, Flag, PREFIX};
use super::values::sentence;
use super::variables::DISABLED;
use std::fmt::Write as _;

/// The columns of a terminal as it opens.
const WIDTH: usize = 80;
/// The column where the text below a flag begins.
const UNDER: usize = 10;

/// What the program does.
pub(super) const ABOUT: &str = "Shows which AWS identity an EKS pod really gets, with the same calls an SDK makes. When the identity is \
                                wrong, it names the root cause and the fix.";
/// The flags that `--help` and `--version` are.
pub(super) const PRINTING: [(&str, &str); 2] =
    [("-h, --help", "Print help. After a command: the help of that command"), ("-V, --version", "Print the version")];

/// The variable of a flag in general, with what may be said of it.
pub(super) fn variables() -> [(String, String); 2] {
    let takers = sentence(&names(|row| row.variables), "and");
    [
        (
            format!("{PREFIX}FLAG"),
            format!(
                "Every flag of {takers} can be given as a variable: {PREFIX} and its name in capitals. A repeatable one takes a list: \
                 {PREFIX}STS_REGION=us-west-2,us-east-2. The command line wins"
            ),
        ),
        (
            format!("{DISABLED}=REASON"),
            "Switch the probe off: check exits 0, exec starts CMD, serve is ready. Each prints the reason".to_owned(),
        ),
    ]
}

pub(super) fn overview() -> String {
    let mut text = wrapped(ABOUT, 0);
    text.push_str("\nUsage: irsa-probe COMMAND [FLAGS]\n\nCommands:\n");
    let width = COMMANDS.iter().map(|row| named(row).len()).max().unwrap_or_default();
    for row in COMMANDS {
        let _ = writeln!(text, "  {:width$}  {}", named(row), row.summary());
    }
    let (_, some) = shared();
    let takers = names(|row| some.iter().all(|flag| row.takes(flag.name)));
    let _ = write!(text, "\nFlags of {}:\n{}\nGlobal flags:\n{}", sentence(&takers, "and"), flag_help(&some), global_help());
    text.push_str("\nVariables:\n");
    for (name, about) in variables() {
        text.push_str(&entry(&format!("  {name}"), &about));
    }
    text.push_str("\nExit codes of check (the help of each command lists its own):\n");
    text.push_str(&exit_codes(&check::ROW));
    text.push_str("\nThe help of a command: irsa-probe check --help\n");
    text
}

pub(super) fn command_help(row: &CommandRow) -> String {
    let about: String = row.about.lines().map(|line| wrapped(line, 0)).collect::<Vec<_>>().join("\n");
    let own = flag_help(&not_global(row));
    let own = if own.is_empty() { own } else { format!("Flags:\n{own}\n") };
    let variables = if row.variables {
        wrapped(&format!("Every flag can be given as a variable: {PREFIX} and its name in capitals. The command line wins."), 0) + "\n"
    } else {
        String::new()
    };
    format!(
        "{about}\nUsage: {}\n\nExample:\n  {}\n\n{own}Global flags:\n{}\n{variables}Exit codes:\n{}",
        usage(row),
        row.example,
        global_help(),
        exit_codes(row),
    )
}

/// `irsa-probe get [FLAGS] PATH`
pub(super) fn usage(row: &CommandRow) -> String {
    format!("irsa-probe {} [FLAGS] {}", row.name, row.arguments).trim_end().to_owned()
}

/// `get PATH`
fn named(row: &CommandRow) -> String {
    format!("{} {}", row.name, row.arguments).trim_end().to_owned()
}

/// The flags that `check` shares with other commands: those of all commands, and those of some.
pub(super) fn shared() -> (Vec<Flag>, Vec<Flag>) {
    (check::ROW.functions.shared)().into_iter().partition(|flag| COMMANDS.iter().all(|row| row.takes(flag.name)))
}

/// The flags of a command that not every command has.
pub(super) fn not_global(row: &CommandRow) -> Vec<Flag> {
    let (global, _) = shared();
    row.flags().filter(|flag| !global.contains(flag)).collect()
}

/// The flags that every command has.
fn global_help() -> String {
    let (global, _) = shared();
    flag_help(&global) + &PRINTING.map(|(name, about)| entry(&format!("  {name}"), about)).concat()
}

fn exit_codes(row: &CommandRow) -> String {
    row.exit_codes.iter().map(|(code, means)| hanging(&format!("  {code:<5}"), means, 8)).collect()
}

fn flag_help(flags: &[Flag]) -> String {
    flags.iter().map(|flag| entry(&format!("  {}{}", if flag.short.is_some() { "" } else { "    " }, flag.form()), flag.help)).collect()
}

/// A name, and below it what it is.
fn entry(name: &str, about: &str) -> String {
    format!("{name}\n{}", wrapped(about, UNDER))
}

/// Lines of whole words below the indent. A word that is longer than a line stays whole.
fn wrapped(text: &str, indent: usize) -> String {
    hanging(&" ".repeat(indent.saturating_sub(1)), text, indent)
}

/// The same with something before the first word.
fn hanging(before: &str, text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut line = before.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line = " ".repeat(indent.saturating_sub(1));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines + &line + "\n"
}
