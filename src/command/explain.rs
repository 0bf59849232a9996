//! `irsa-probe explain`: a row of the catalogue, or what an error message or a log means.
//!
//! An edge: it reads the file or standard input that it was given, piece by piece and of any length.

use super::input;
use crate::cli::{ExplainInput, ExplainOptions, Output, did_you_mean};
use crate::core::catalogue::Code;
use crate::core::evidence::FileFailureKind;
use crate::core::explain::{self, Explainer, Explanation, beginning};
use crate::core::text::printable::floor;
use crate::render::{catalogue, json};
use std::io::{IsTerminal, Read as _};
use zeroize::Zeroizing;

/// So many bytes are read at a time.
const PIECE: usize = 64 * 1024;
/// So many bytes of a text that is not known are kept to show how it begins.
const HEAD: usize = 4096;

/// Prints what is known of a code or a text. Exit code 1 when nothing in it is known, 2 when it cannot be read. It does not guess.
pub fn run(options: &ExplainOptions) -> u8 {
    let output = options.output;
    let read = match &options.input {
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
            None if text.contains(char::is_whitespace) => Ok(read_words(text)),
            None => read_file(text).unwrap_or_else(|| Ok(read_words(text))),
        },
        ExplainInput::File(path) => read_file(path).unwrap_or_else(|| Err(format!("{path}: there is no such file"))),
    };
    match read {
        Ok(read) => print_explanation(&read, output),
        Err(reason) => {
            super::print_error(&reason);
            2
        }
    }
}

/// What stands in a text or a file, and how it begins.
struct Read {
    explanation: Explanation,
    head: String,
}

/// Explains a text that is at hand.
fn read_words(text: &str) -> Read {
    Read { explanation: explain::explain(text), head: text[..floor(text, HEAD)].to_owned() }
}

/// Explains a file or standard input piece by piece; `None` when there is no such file.
fn read_file(path: &str) -> Option<Result<Read, String>> {
    let failed = |text: &str| Some(Err(format!("{}: {text}", input::display_name(path))));
    let mut file = match input::open(path) {
        Ok(file) => file,
        Err(failure) if failure.kind == FileFailureKind::Missing => return None,
        // The word cannot be the name of a file (too long, or with a NUL).
        Err(failure) if failure.kind == FileFailureKind::Other && path != "-" => return None,
        Err(failure) => return failed(&failure.text),
    };
    let mut explainer = Explainer::new();
    let mut head = Vec::new();
    // A log may hold secrets.
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => {
                head.extend_from_slice(&piece[..length.min(HEAD.saturating_sub(head.len()))]);
                explainer.push(&piece[..length]);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return failed(&error.to_string()),
        }
    }
    // It may hold bytes that are not UTF-8.
    Some(Ok(Read { explanation: explainer.finish(), head: String::from_utf8_lossy(&head).into_owned() }))
}

/// Prints what is known of what was read; the exit code.
fn print_explanation(read: &Read, output: Output) -> u8 {
    let known = !read.explanation.matches.is_empty();
    if output == Output::Json {
        super::print(&json::explanation(&read.explanation));
    } else if known {
        super::print(&crate::render::explain::text(&read.explanation, super::terminal::style(std::io::stdout().is_terminal())));
    }
    if !known {
        let said = beginning(&read.head);
        let what = if said.is_empty() { "an empty text".to_owned() } else { format!("{said:?}") };
        // Only a single word may be a code.
        let codes = Code::ALL.iter().map(|code| code.id()).filter(|_| !said.contains(char::is_whitespace));
        let meant = did_you_mean(read.head.trim(), codes);
        super::print_error(&format!(
            "{what} is neither a code nor an error that irsa-probe knows{meant} (irsa-probe explain --list shows the codes)"
        ));
    }
    u8::from(!known)
}
