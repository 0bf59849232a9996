//! `--help`, made from the tables.

use super::commands::{COMMANDS, CommandRow, Scope};
use super::flags::FLAGS;
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
    text.push_str("\nGlobal flags:\n");
    text.push_str(&flag_help(Scope::Global));
    text.push_str("  -h, --help  (also for one command: irsa-probe check --help)\n  -V, --version\n\n");
    text.push_str(
        "Every flag can be given as a variable: IRSA_PROBE_ and its name in capitals, IRSA_PROBE_STS_REGION=us-west-2,us-east-2.\n\
         IRSA_PROBE_DISABLED=\"reason\" switches the probe off: check exits 0, exec starts CMD, serve is ready, and all say why.\n\n",
    );
    text.push_str("Exit codes of check (each command's own help lists its own):\n");
    if let Some(check) = COMMANDS.iter().find(|row| row.scope == Scope::Check) {
        text.push_str(&exit_codes(check));
    }
    text
}

pub(super) fn command_help(row: &CommandRow) -> String {
    let arguments = if row.arguments.is_empty() { String::new() } else { format!(" {}", row.arguments) };
    let own = flag_help(row.scope);
    let own = if own.is_empty() { own } else { format!("Flags:\n{own}\n") };
    // Taken everywhere, so that a wrapper need not know the command; a page of what changes nothing helps nobody.
    let global = if FLAGS.iter().any(|flag| flag.scopes.contains(&Scope::Global) && flag.matters_to(row.scope)) {
        format!("Global flags:\n{}", flag_help(Scope::Global))
    } else {
        "Global flags (irsa-probe --help) are taken, and change nothing here.\n".to_owned()
    };
    format!(
        "{}\n\nUsage: irsa-probe {} [FLAGS]{arguments}\n\nExample: {}\n\n{own}{global}\n\
         Every flag can be given as a variable: IRSA_PROBE_ and its name in capitals.\n\nExit codes:\n{}",
        row.about,
        row.name,
        row.example,
        exit_codes(row),
    )
}

fn exit_codes(row: &CommandRow) -> String {
    row.exit_codes.iter().map(|(code, means)| format!("  {code:<5} {means}\n")).collect()
}

fn flag_help(scope: Scope) -> String {
    let mut text = String::new();
    for flag in FLAGS.iter().filter(|flag| flag.scopes.contains(&scope)) {
        let value = flag.value.map(|value| format!(" {value}")).unwrap_or_default();
        let _ = writeln!(text, "  --{}{value}\n        {}", flag.name, flag.help);
    }
    text
}
