//! Words that replace a row's own, where a code is found in another situation than the row describes.

use super::commands::FixCommand;

/// Title, fix and commands of a finding. The detail tells the cause then.
#[derive(Debug, PartialEq, Eq)]
pub struct Wording {
    /// The title.
    pub title: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// The commands for it, the reading ones first.
    pub commands: &'static [FixCommand],
}
