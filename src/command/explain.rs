//! `irsa-probe explain`: a row of the catalogue.

use crate::cli::Explain;
use crate::core::code::Code;
use crate::render::catalogue;

/// Prints a row, or all. Exit code 1 for a text that is not known: it guesses nothing.
pub fn run(what: &Explain) -> u8 {
    match what {
        Explain::List => super::print(&catalogue::list()),
        Explain::Text(text) => match Code::parse(text.trim()) {
            Some(code) => super::print(&catalogue::explain(code)),
            None => {
                eprintln!(
                    "irsa-probe: {:?} is not a code of the catalogue; irsa-probe explain --list shows them",
                    crate::core::text::shorten(text, 80)
                );
                return 1;
            }
        },
    }
    0
}
