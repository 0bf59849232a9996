//! From an error's text, or a whole log, to findings: what the SDKs, AWS, kubectl and controllers print, mapped to the catalogue.
//!
//! ```text
//!  bytes ─► needles (index) ─► records around them ─► evidence: forms, words, facts ─► hits (classify) ─► matches, the root first
//! ```
//!
//! It guesses nothing: a text that no recogniser knows gives no match. Nothing that looks like a secret comes out again.

mod classify;
mod denial;
mod facts;
mod fold;
mod forms;
mod found;
mod index;
mod lines;
mod matches;
mod order;
mod permission;
mod plain;
mod record;
mod remedy;
mod repeats;
mod situation;
mod stream;
mod table;
#[cfg(test)]
mod tests;

pub use facts::{Facts, Times};
pub use index::needles;
pub use matches::Match;

use crate::core::catalogue::Code;
use crate::core::text::printable::{floor, shorten};
use crate::core::text::secrets::redact;
use matches::{FoundMatches, of_catalogue};
use serde::Serialize;
use stream::LogStream;

/// The value of `Explanation::schema`.
pub const SCHEMA: &str = "irsa-probe/explain/v1";

/// What a text means.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// `irsa-probe/explain/v1`
    pub schema: &'static str,
    /// The finding that explains the others.
    pub root_cause: Option<Code>,
    /// Why that one, when there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The root first.
    pub matches: Vec<Match>,
    /// Matches beyond those listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omitted: Option<usize>,
}

/// Explains a log that comes in pieces.
pub struct Explainer {
    stream: LogStream,
    found: FoundMatches,
}

impl Explainer {
    /// Nothing has come yet.
    #[allow(clippy::new_without_default, reason = "an explainer is begun, not defaulted")]
    pub fn new() -> Explainer {
        Explainer { stream: LogStream::new(), found: FoundMatches::default() }
    }

    /// The next bytes, of any length.
    pub fn push(&mut self, bytes: &[u8]) {
        self.stream.push(bytes, &mut |record| self.found.see(record));
    }

    /// What all of it means.
    pub fn finish(mut self) -> Explanation {
        self.stream.finish(&mut |record| self.found.see(record));
        let FoundMatches { mut matches, omitted, .. } = self.found;
        order::sort(&mut matches);
        Explanation {
            schema: SCHEMA,
            root_cause: matches.first().map(|root| root.code),
            why: order::why(&matches),
            matches,
            omitted: (omitted > 0).then_some(omitted),
        }
    }
}

/// Explains an error message or a log.
pub fn explain(text: &str) -> Explanation {
    let mut explainer = Explainer::new();
    explainer.push(text.as_bytes());
    explainer.finish()
}

/// A row of the catalogue in the same form.
pub fn explain_code(code: Code) -> Explanation {
    Explanation { schema: SCHEMA, root_cause: Some(code), why: None, matches: vec![of_catalogue(code)], omitted: None }
}

/// The whole catalogue in the same form: nothing of it was found anywhere.
pub fn list() -> Explanation {
    Explanation {
        schema: SCHEMA,
        root_cause: None,
        why: None,
        matches: Code::ALL.iter().map(|code| of_catalogue(*code)).collect(),
        omitted: None,
    }
}

/// The beginning of a text that is not known, fit to be shown.
pub fn beginning(text: &str) -> String {
    let head = &text[..floor(text, 4096)];
    let plain: Vec<_> = head.lines().map(|line| plain::plain(line.as_bytes())).collect();
    shorten(redact(&plain.join(" ")).trim(), 80).into_owned()
}
