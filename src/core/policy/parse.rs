//! From text to a document: a bare policy, what `aws iam get-role` prints, or either of them URL-encoded.

use super::Document;

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// One clause for a person.
    pub why: String,
    /// Where, when it is malformed JSON: line and column from 1, and that line's text.
    pub at: Option<(usize, usize, String)>,
}

/// Reads a policy.
pub fn parse(text: &str) -> Result<Document, Unreadable> {
    let json = serde_json::from_str(text).map_err(|error| Unreadable { why: error.to_string(), at: None })?;
    Ok(Document { json })
}
