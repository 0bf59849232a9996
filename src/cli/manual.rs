//! The manual page, made from the tables. It is roff with the macros of man(7).

use super::commands::COMMANDS;
use super::help::{self, usage};
use super::row::{CommandRow, Flag};
use std::fmt::Write as _;

/// The page.
pub fn manual_page() -> String {
    let (global, _) = help::shared();
    let mut page = format!(".TH IRSA\\-PROBE 1 \"\" \"irsa\\-probe {}\" \"User Commands\"\n.ad l\n", escaped(env!("CARGO_PKG_VERSION")));
    let first = help::ABOUT.split(", ").next().unwrap_or_default();
    section(&mut page, "NAME", &format!("irsa\\-probe \\- {}\n", escaped(&uncapitalised(first))));
    section(&mut page, "SYNOPSIS", ".B irsa\\-probe\n.I COMMAND\n.RI [ FLAGS ]\n");
    section(&mut page, "DESCRIPTION", &format!("{}\n", escaped(help::ABOUT)));
    section(&mut page, "COMMANDS", "");
    for row in COMMANDS {
        command(&mut page, row);
    }
    let printing = help::PRINTING.map(|(name, about)| entry(name, about)).concat();
    section(&mut page, "GLOBAL FLAGS", &(flags(&global) + &printing));
    section(&mut page, "ENVIRONMENT", &help::variables().map(|(name, about)| entry(&name, &about)).concat());
    section(&mut page, "EXIT STATUS", "");
    for row in COMMANDS {
        let _ = write!(
            page,
            ".SS {}\n{}",
            escaped(row.name),
            row.exit_codes.iter().map(|(code, means)| entry(code, means)).collect::<String>()
        );
    }
    section(&mut page, "EXAMPLES", "");
    for row in COMMANDS {
        let _ = write!(page, "{}:\n.PP\n.RS 4\n.nf\n{}\n.fi\n.RE\n.PP\n", escaped(row.summary()), escaped(row.example));
    }
    page.truncate(page.trim_end_matches(".PP\n").len());
    section(&mut page, "SEE ALSO", &format!("{}\n", escaped(env!("CARGO_PKG_REPOSITORY"))));
    page
}

fn section(page: &mut String, name: &str, text: &str) {
    let _ = write!(page, ".SH {name}\n{text}");
}

/// A command with the flags that not every command has.
fn command(page: &mut String, row: &CommandRow) {
    let about = row.about.lines().map(|line| if line.ends_with('.') { line.to_owned() } else { format!("{line}.") });
    let _ = write!(
        page,
        ".SS {}\n.B {}\n.PP\n{}\n{}",
        escaped(row.name),
        escaped(&usage(row)),
        escaped(&about.collect::<Vec<_>>().join("\n")),
        flags(&help::not_global(row)),
    );
}

fn flags(flags: &[Flag]) -> String {
    flags.iter().map(|flag| entry(&flag.form(), flag.help)).collect()
}

/// A name with its text below it.
fn entry(name: &str, about: &str) -> String {
    format!(".TP\n.B {}\n{}.\n", escaped(name), escaped(about))
}

fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// Text in which roff finds no request, no escape and no hyphen that it may change. A line of text stays a line.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for line in text.lines() {
        if !safe.is_empty() {
            safe.push('\n');
        }
        if line.starts_with(['.', '\'']) {
            safe.push_str("\\&");
        }
        for c in line.chars() {
            match c {
                '\\' => safe.push_str("\\e"),
                '-' => safe.push_str("\\-"),
                '\'' => safe.push_str("\\(aq"),
                '"' => safe.push_str("\\(dq"),
                '^' => safe.push_str("\\(ha"),
                '~' => safe.push_str("\\(ti"),
                '`' => safe.push_str("\\(ga"),
                c if c.is_ascii() => safe.push(c),
                c => {
                    let _ = write!(safe, "\\[u{:04X}]", u32::from(c));
                }
            }
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_tables_is_there() {
        let page = manual_page();
        for row in COMMANDS {
            assert!(page.contains(&format!("\n.SS {}\n", escaped(row.name))) && page.contains(&escaped(row.example)), "{}", row.name);
            for flag in row.flags() {
                assert!(page.contains(&format!("\n.B {}\n", escaped(&flag.form()))), "{}", flag.name);
            }
            for (code, means) in row.exit_codes {
                assert!(page.contains(&entry(code, means)), "{} {code}", row.name);
            }
        }
        for part in ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "GLOBAL FLAGS", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES"] {
            assert_eq!(page.matches(&format!("\n.SH {part}\n")).count(), 1, "{part}");
        }
        assert!(page.contains("IRSA_PROBE_DISABLED") && page.is_ascii() && page.lines().all(|line| !line.is_empty()), "{page}");
    }

    #[test]
    fn text_is_no_request() {
        assert_eq!(escaped(".SH a-b\n'c \\d"), "\\&.SH a\\-b\n\\&\\(aqc \\ed");
        assert_eq!(escaped("KEY=VALUE,…"), "KEY=VALUE,\\[u2026]");
    }
}
