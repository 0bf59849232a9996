//! The scripts of `completions`, made from the tables. What may stand in a place is read from the form that `--help` shows there.

mod bash;
mod fish;
#[cfg(test)]
mod tests;
mod zsh;

use super::completions::Shell;
use super::get::PAGES;
use super::row::{CommandRow, Flag};
use crate::core::catalogue::{Code, Severity};
use crate::core::sdk::SdkFamily;

/// The script for a shell.
pub fn completions(shell: Shell) -> String {
    match shell {
        Shell::Bash => bash::script(),
        Shell::Zsh => zsh::script(),
        Shell::Fish => fish::script(),
    }
}

/// What may stand in a place of the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct WordPlace {
    /// These words.
    words: Vec<&'static str>,
    /// The names of files or folders.
    paths: Paths,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Paths {
    #[default]
    None,
    Files,
    Folders,
}

/// What stands for itself or for others: a name in capitals in a form.
type Placeholders = &'static [(&'static str, fn() -> WordPlace)];

/// Those of flags' values.
const OF_VALUES: Placeholders = &[
    ("CODE", || WordPlace::words(codes(|code| code.is_of_check() && code.row().severity != Severity::Fail))),
    ("NAME[@VERSION]", || WordPlace::words(SdkFamily::ALL.map(SdkFamily::id).to_vec())),
    ("FILE", || WordPlace { paths: Paths::Files, ..WordPlace::default() }),
    ("PATH", || WordPlace { paths: Paths::Files, ..WordPlace::default() }),
];

/// Those of commands' words.
const OF_WORDS: Placeholders = &[
    ("CODE", || WordPlace::words(codes(|_| true))),
    // A message may also be the name of a file.
    ("MESSAGE", || WordPlace { paths: Paths::Files, ..WordPlace::default() }),
    ("PATH", || WordPlace::words(PAGES.to_vec())),
    ("DIR", || WordPlace { paths: Paths::Folders, ..WordPlace::default() }),
];

fn codes(of: fn(Code) -> bool) -> Vec<&'static str> {
    Code::ALL.iter().filter(|code| of(**code)).map(|code| code.id()).collect()
}

impl WordPlace {
    fn words(words: Vec<&'static str>) -> WordPlace {
        WordPlace { words, paths: Paths::None }
    }

    /// What may stand where `--help` shows `text|json`, `FILE|-` or `CODE`. Lower case stands for itself.
    fn of_form(form: &'static str, placeholders: Placeholders) -> WordPlace {
        let mut place = WordPlace::default();
        for part in form.split('|').filter(|part| !part.is_empty()) {
            let placeholder = placeholders.iter().find(|(name, _)| *name == part);
            match placeholder.map(|(_, place)| place()) {
                Some(found) => {
                    place.words.extend(found.words);
                    if found.paths != Paths::None {
                        place.paths = found.paths;
                    }
                }
                None if !part.contains(|c: char| c.is_ascii_uppercase()) => place.words.push(part),
                None => {}
            }
        }
        place
    }

    fn of_value(flag: &Flag) -> WordPlace {
        WordPlace::of_form(flag.value.unwrap_or_default(), OF_VALUES)
    }

    fn of_words(row: &CommandRow) -> WordPlace {
        WordPlace::of_form(row.arguments, OF_WORDS)
    }
}

/// The flags that every command has.
fn printing_flags() -> [(Option<char>, &'static str, &'static str); 2] {
    [(Some('h'), "help", "Print help"), (Some('V'), "version", "Print the version")]
}

/// What a script says of itself in its first lines.
fn about(shell: &str) -> String {
    format!("# Completions of irsa-probe {} for {shell}, printed by: irsa-probe completions {shell}\n", env!("CARGO_PKG_VERSION"))
}
