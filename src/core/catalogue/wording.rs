//! Words in place of a row's own, where a code is met in another place than the row speaks of.

use super::commands::FixCommand;

/// Headline, fix and commands of a finding. The detail tells the cause then.
#[derive(Debug, PartialEq, Eq)]
pub struct Wording {
    /// The headline.
    pub title: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// The commands that do it or show more.
    pub commands: &'static [FixCommand],
}
