//! Words for a code that a text tells of in another situation than a pod's own check: a workstation, a CI job, an instance, static keys.
//!
//! The rows of the catalogue say what to do in a pod. A row here replaces a code's words where it fits what the text shows. It is data: the first
//! row of [`ROWS`] that fits counts, and what reads the text is `core::explain`.

mod rows;

pub use rows::ROWS;

use super::wording::Wording;
use super::{Code, RemedyDocument};

/// Where the failing program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Site {
    /// The text does not say.
    #[default]
    Unknown,
    /// A pod.
    Pod,
    /// A person's machine.
    Workstation,
    /// A job of GitHub Actions or GitLab.
    Ci,
    /// An EC2 instance, outside a cluster as far as the text shows.
    Instance,
}

/// Whom AWS names as the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Caller {
    /// The text does not say.
    #[default]
    Unknown,
    /// A role.
    Role,
    /// An IAM user.
    User,
    /// A node, with the node's role.
    Node,
    /// A person who logged in at IAM Identity Center.
    Person,
    /// A pod's session of EKS Pod Identity, which has session tags.
    PodIdentity,
}

/// The kind of the credentials that signed the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Key {
    /// The text does not say.
    #[default]
    Unknown,
    /// An access key of a user (`AKIA…`).
    Static,
    /// A session's (`ASIA…`), with a session token.
    Session,
}

/// Who issued the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IssuerKind {
    /// The text does not say, or it is another issuer.
    #[default]
    Unknown,
    /// A cluster, for a service account.
    Cluster,
    /// GitHub Actions.
    GitHub,
    /// GitLab.
    GitLab,
}

/// What a text has to show. What is empty asks for nothing.
#[derive(Debug, Clone, Copy)]
pub struct When {
    /// One of these places.
    pub places: &'static [Site],
    /// One of these callers.
    pub callers: &'static [Caller],
    /// One of these kinds of credentials.
    pub keys: &'static [Key],
    /// One of these issuers.
    pub issuers: &'static [IssuerKind],
    /// The beginning of the action that was denied, in lower case.
    pub action: &'static str,
    /// The operation that was called, in lower case.
    pub operation: &'static str,
    /// A part of what `explain` says beyond the catalogue, or of the text where it says no more, in lower case.
    pub detail: &'static str,
    /// One of these sentences, in lower case, set apart by bars.
    pub says: &'static str,
}

/// A text of any kind.
const ANY: When = When { places: &[], callers: &[], keys: &[], issuers: &[], action: "", operation: "", detail: "", says: "" };

impl When {
    const fn at(self, places: &'static [Site]) -> When {
        When { places, ..self }
    }

    const fn by(self, callers: &'static [Caller]) -> When {
        When { callers, ..self }
    }

    const fn with(self, keys: &'static [Key]) -> When {
        When { keys, ..self }
    }

    const fn of(self, issuers: &'static [IssuerKind]) -> When {
        When { issuers, ..self }
    }

    const fn action(self, action: &'static str) -> When {
        When { action, ..self }
    }

    const fn operation(self, operation: &'static str) -> When {
        When { operation, ..self }
    }

    const fn detail(self, detail: &'static str) -> When {
        When { detail, ..self }
    }

    const fn says(self, says: &'static str) -> When {
        When { says, ..self }
    }
}

/// The words of some codes in one situation.
#[derive(Debug)]
pub struct Elsewhere {
    /// The codes.
    pub codes: &'static [Code],
    /// The situation.
    pub when: When,
    /// Why it happens there.
    pub cause: &'static str,
    /// Title, fix and commands.
    pub wording: Wording,
    /// A document to apply, where one of the catalogue's fits.
    pub document: Option<RemedyDocument>,
}

/// The words of all rows.
pub fn wordings() -> impl Iterator<Item = &'static Wording> {
    ROWS.iter().map(|row| &row.wording)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As for the catalogue's rows.
    #[test]
    fn every_row_says_something_short_enough_to_read() {
        for Elsewhere { codes, cause, wording: Wording { title, fix, .. }, .. } in ROWS {
            assert!(!codes.is_empty() && (10..=76).contains(&title.len()) && !title.ends_with('.'), "{title}");
            assert!((30..=700).contains(&cause.len()) && !cause.contains('{'), "{title}: {}", cause.len());
            let first = fix.split_once(". ").map_or(*fix, |(first, _)| first);
            assert!(
                (20..=150).contains(&first.len()) && fix.len() <= 480 && !fix.contains('\n'),
                "{title}: {}, {}",
                first.len(),
                fix.len()
            );
            for sentence in cause.split_inclusive(&['.', ':', ';']).chain(fix.split_inclusive(&['.', ':', ';'])) {
                assert!(sentence.split_whitespace().count() <= 30, "{title}: a long sentence: {sentence}");
            }
        }
    }

    #[test]
    fn what_is_looked_for_is_in_lower_case_and_long_enough_to_mean_something() {
        for row in ROWS {
            let When { action, operation, detail, says, .. } = row.when;
            for needle in [action, operation, detail].into_iter().chain(says.split('|')).filter(|needle| !needle.is_empty()) {
                assert!(needle == needle.to_ascii_lowercase() && needle.len() >= 4, "{}: {needle}", row.wording.title);
            }
        }
    }

    /// The node's role gets no permission of an application's: what gives one is asked only after the node was looked for.
    #[test]
    fn where_a_fix_gives_a_permission_the_node_is_asked_for_first() {
        const GIVES: [&str; 3] = ["policy of role {roleName}", "policy of {roleName}", "attach-role-policy"];
        for (at, row) in ROWS.iter().enumerate() {
            let gives = GIVES.iter().any(|gives| row.wording.fix.replace("trust policy of role {roleName}", "").contains(gives));
            let excluded =
                |code: &Code| ROWS[..at].iter().any(|before| before.codes.contains(code) && before.when.callers == [Caller::Node]);
            let names_others = !row.when.callers.is_empty() && !row.when.callers.contains(&Caller::Node);
            assert!(!gives || names_others || row.codes.iter().all(excluded), "{}", row.wording.title);
        }
    }
}
