//! Why something is not known, and what keeps whole parts of the walk from being examined.

use super::question::Tool;
use std::fmt;

/// What keeps several checks from being made. The report states each one once, with one fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The tool gives no access at all: kubectl to the cluster, or aws to AWS.
    NoAccess(Tool),
    /// EKS has no cluster of the given name in this account and region.
    NoSuchCluster,
    /// kubectl's context and the given cluster's name are two clusters.
    TwoClusters,
    /// aws acts in another account or partition than the role's.
    OtherAccount,
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// In words that fit behind "skipped:".
    pub text: String,
    /// What has to be removed first; empty where the reason is this one check's own.
    pub obstacles: Vec<Obstacle>,
}

impl Why {
    /// Because of an obstacle.
    pub fn of(obstacle: Obstacle, text: impl Into<String>) -> Why {
        Why { text: text.into(), obstacles: vec![obstacle] }
    }

    /// The same reason with words before it.
    #[must_use]
    pub fn after(self, words: &str) -> Why {
        Why { text: format!("{words}: {}", self.text), ..self }
    }

    /// The same reason in other words.
    #[must_use]
    pub fn in_words(self, words: &str) -> Why {
        Why { text: words.to_owned(), ..self }
    }

    /// Both reasons.
    #[must_use]
    pub fn and(mut self, other: Why) -> Why {
        self.obstacles.extend(other.obstacles);
        Why { text: format!("{}; {}", self.text, other.text), ..self }
    }
}

impl From<String> for Why {
    fn from(text: String) -> Why {
        Why { text, obstacles: Vec::new() }
    }
}

impl From<&str> for Why {
    fn from(text: &str) -> Why {
        text.to_owned().into()
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
