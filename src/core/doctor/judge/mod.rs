//! The judgements that the table of checks names: total, and each on what was found alone.

pub mod cluster;
pub mod iam;
pub mod pods;
pub mod warnings;

/// A few of many, for a sentence.
fn some(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    match names.len() {
        0 => "none".to_owned(),
        n if n <= SHOWN => names.join(", "),
        n => format!("{} and {} more", names[..SHOWN].join(", "), n - SHOWN),
    }
}
