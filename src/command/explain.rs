//! `irsa-probe explain`: a row of the catalogue.

use crate::cli::{Explain, Output};
use crate::core::code::Code;
use crate::core::text::shorten;
use crate::render::catalogue;

/// Prints a row, or all. Exit code 1 for a text that is not known: it guesses nothing.
pub fn run(what: &Explain, _output: Output) -> u8 {
    match what {
        Explain::List => super::print(&catalogue::list()),
        Explain::File(_) | Explain::Stdin => return 2,
        Explain::Text(text) => match Code::parse(text.trim()) {
            Some(code) => super::print(&catalogue::explain(code)),
            None => {
                let said = shorten(text, 80);
                super::complain(&format!("{said:?} is not a code of the catalogue; irsa-probe explain --list shows them"));
                return 1;
            }
        },
    }
    0
}
