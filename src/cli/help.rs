//! `--help`, made from the tables.

use super::check;
use super::commands::COMMANDS;
use super::row::{CommandRow, Flag};
use std::fmt::Write as _;

pub(super) fn overview() -> String {
    let mut text = String::from(
        "irsa-probe proves which AWS identity an EKS pod really has, and names the root cause and the cure when it is the wrong one.\n\n\
         Usage: irsa-probe COMMAND [FLAGS]\n\nCommands:\n",
    );
    let named = |row: &CommandRow| format!("{} {}", row.name, row.arguments);
    let width = COMMANDS.iter().map(|row| named(row).len()).max().unwrap_or_default();
    for row in COMMANDS {
        let _ = writeln!(text, "  {:width$} {}", named(row), row.about);
    }
    let shared = (check::ROW.functions.shared)();
    let (global, some): (Vec<Flag>, Vec<Flag>) = shared.into_iter().partition(|flag| COMMANDS.iter().all(|row| row.takes(flag.name)));
    let takers = names(|row| some.iter().all(|flag| row.takes(flag.name)));
    let _ = write!(text, "\nFlags of {takers}:\n{}\nGlobal flags:\n{}", flag_help(&some), flag_help(&global));
    text.push_str("  -h, --help  (also for one command: irsa-probe check --help)\n  -V, --version\n\n");
    let _ = write!(
        text,
        "Every flag of {} can be given as a variable: IRSA_PROBE_ and its name in capitals, IRSA_PROBE_STS_REGION=us-west-2,us-east-2.\n\
         IRSA_PROBE_DISABLED=\"reason\" switches the probe off: check exits 0, exec starts CMD, serve is ready, and all say why.\n\n",
        names(|row| row.variables),
    );
    text.push_str("Exit codes of check (each command's own help lists its own):\n");
    text.push_str(&exit_codes(&check::ROW));
    text
}

pub(super) fn command_help(row: &CommandRow) -> String {
    let arguments = if row.arguments.is_empty() { String::new() } else { format!(" {}", row.arguments) };
    let own = flag_help(&(row.functions.own)());
    let own = if own.is_empty() { own } else { format!("Flags:\n{own}\n") };
    let variables = if row.variables { "Every flag can be given as a variable: IRSA_PROBE_ and its name in capitals.\n\n" } else { "" };
    format!(
        "{}\n\nUsage: irsa-probe {} [FLAGS]{arguments}\n\nExample: {}\n\n{own}Global flags:\n{}\n{variables}Exit codes:\n{}",
        row.about,
        row.name,
        row.example,
        flag_help(&(row.functions.shared)()),
        exit_codes(row),
    )
}

/// `check, serve and exec`: the commands for which something holds.
fn names(holds: impl Fn(&CommandRow) -> bool) -> String {
    let names: Vec<&str> = COMMANDS.iter().filter(|row| holds(row)).map(|row| row.name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn exit_codes(row: &CommandRow) -> String {
    row.exit_codes.iter().map(|(code, means)| format!("  {code:<5} {means}\n")).collect()
}

fn flag_help(flags: &[Flag]) -> String {
    let mut text = String::new();
    for flag in flags {
        let value = flag.value.map(|value| format!(" {value}")).unwrap_or_default();
        let _ = writeln!(text, "  --{}{value}\n        {}", flag.name, flag.help);
    }
    text
}
