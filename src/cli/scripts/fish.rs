//! The script for fish, version 3 and newer.

use super::super::commands::{COMMANDS, names};
use super::super::row::CommandRow;
use super::{Paths, WordPlace, about, printing_flags};

pub(super) fn script() -> String {
    let mut text = about("fish");
    // No names of files where nothing else is said.
    text += "complete -c irsa-probe -f\n";
    for (short, name, summary) in printing_flags() {
        let short = short.map(|short| format!(" -s {short}")).unwrap_or_default();
        text += &format!("complete -c irsa-probe{short} -l {name} -d {}\n", quoted(summary));
    }
    let all = names(|_| true).join(" ");
    for row in COMMANDS {
        text += &format!(
            "complete -c irsa-probe -n 'not __fish_seen_subcommand_from {all}' -a {} -d {}\n",
            quoted(row.name),
            quoted(row.summary())
        );
    }
    for row in COMMANDS {
        text += &command(row);
    }
    text
}

fn command(row: &CommandRow) -> String {
    let begin = format!("complete -c irsa-probe -n '__fish_seen_subcommand_from {}'", row.name);
    let mut text = String::new();
    for flag in row.flags() {
        let short = flag.short.map(|short| format!(" -s {short}")).unwrap_or_default();
        let value = flag.value.map(|_| value(&WordPlace::of_value(&flag))).unwrap_or_default();
        text += &format!("{begin}{short} -l {}{value} -d {}\n", flag.name, quoted(flag.summary()));
    }
    let place = WordPlace::of_words(row);
    if row.wraps {
        text += &format!("{begin} -a '(__fish_complete_subcommand --fcs-skip=2)'\n");
    } else if place.paths == Paths::Files {
        text += &format!("{begin} -F -a {}\n", quoted(&place.words.join(" ")));
    } else if place.paths == Paths::Folders {
        text += &format!("{begin} -a '(__fish_complete_directories)'\n");
    } else if !place.words.is_empty() {
        text += &format!("{begin} -a {}\n", quoted(&place.words.join(" ")));
    }
    text
}

/// How a flag takes its value.
fn value(place: &WordPlace) -> String {
    let words = if place.words.is_empty() { String::new() } else { format!(" -a {}", quoted(&place.words.join(" "))) };
    match place.paths {
        Paths::None => format!(" -x{words}"),
        Paths::Files | Paths::Folders => format!(" -r -F{words}"),
    }
}

/// One word for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
