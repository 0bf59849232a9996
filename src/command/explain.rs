//! `irsa-probe explain`: a row of the catalogue, or what an error message or a log means.
//!
//! An edge: it reads the file or standard input that it was given, at most [`CAP`] bytes of it.

use super::input::{self, InputText};
use crate::cli::{ExplainInput, ExplainOptions, Output, did_you_mean};
use crate::core::catalogue::Code;
use crate::core::evidence::FileFailureKind;
use crate::core::explain::{self, Explanation, beginning};
use crate::render::{catalogue, json};
use std::io::IsTerminal;

/// Most of a log that is read.
const CAP: usize = 16 * 1024 * 1024;

/// Prints what is known of a code or a text. Exit code 1 when nothing in it is known, 2 when it cannot be read. It does not guess.
pub fn run(options: &ExplainOptions) -> u8 {
    let output = options.output;
    let text = match &options.input {
        ExplainInput::List => {
            super::print(&if output == Output::Json { json::explanation(&explain::list()) } else { catalogue::list() });
            return 0;
        }
        ExplainInput::Text(text) => match Code::parse(text.trim()) {
            Some(code) => {
                super::print(&if output == Output::Json {
                    json::explanation(&explain::explain_code(code))
                } else {
                    catalogue::explain(code, super::terminal::style(std::io::stdout().is_terminal()))
                });
                return 0;
            }
            // A single word may be the name of a file. If there is no such file, it is the message.
            None if text.contains(char::is_whitespace) => Ok(text.clone()),
            None => read_text(text).unwrap_or_else(|| Ok(text.clone())),
        },
        ExplainInput::File(path) => read_text(path).unwrap_or_else(|| Err(format!("{path}: there is no such file"))),
    };
    match text {
        Ok(text) => print_explanation(&text, output),
        Err(reason) => {
            super::print_error(&reason);
            2
        }
    }
}

/// Explains a text and prints what is known; the exit code.
fn print_explanation(text: &str, output: Output) -> u8 {
    let explanation: Explanation = explain::explain(text);
    let known = !explanation.matches.is_empty();
    if output == Output::Json {
        super::print(&json::explanation(&explanation));
    } else if known {
        super::print(&crate::render::explain::text(&explanation, super::terminal::style(std::io::stdout().is_terminal())));
    }
    if !known {
        let said = beginning(text);
        let what = if said.is_empty() { "an empty text".to_owned() } else { format!("{said:?}") };
        // Only a single word may be a code.
        let codes = Code::ALL.iter().map(|code| code.id()).filter(|_| !said.contains(char::is_whitespace));
        let meant = did_you_mean(text.trim(), codes);
        super::print_error(&format!(
            "{what} is neither a code nor an error that irsa-probe knows{meant} (irsa-probe explain --list shows the codes)"
        ));
    }
    u8::from(!known)
}

/// What stands in a file, or why that cannot be read; `None` when there is no such file.
fn read_text(path: &str) -> Option<Result<String, String>> {
    let failure = match input::read(path, CAP) {
        Ok(InputText { bytes, cut }) => {
            if cut {
                super::print_error(&format!("only the first {CAP} bytes are read"));
            }
            // A log may hold bytes that are not UTF-8.
            return Some(Ok(String::from_utf8_lossy(&bytes).into_owned()));
        }
        Err(failure) => failure,
    };
    let part = match failure.kind {
        FileFailureKind::Missing => return None,
        // The word cannot be the name of a file (too long, or with a NUL).
        FileFailureKind::Other if path != "-" => return None,
        FileFailureKind::TooLarge => format!("; give it the last part: tail -c {CAP} FILE | irsa-probe explain -"),
        _ => String::new(),
    };
    Some(Err(format!("{}: {}{part}", input::display_name(path), failure.text)))
}
