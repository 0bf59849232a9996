//! What a check comes to: a verdict, and the findings in it.

use super::found::Found;
use super::pod::PodOwner;
use super::question::Question;
use super::state::Unknown;
use super::why::Why;
use crate::core::catalogue::Code;
use crate::core::catalogue::wording::Wording;
use crate::core::check::Finding;

/// What a check comes to.
#[derive(Debug)]
pub enum DoctorVerdict {
    /// True, with what was seen.
    Pass(String),
    /// Not needed here, and why.
    Skip(String),
    /// Not known.
    Unknown(Unknown),
    /// Not true.
    Findings(Vec<DoctorFinding>),
    /// Worth a look, and no finding: a headline in place of the title, and what was seen.
    Note(&'static str, String),
    /// Not true, and what is wrong cannot be told: a headline in place of the title, then what was seen and what would settle it.
    Undecided(&'static str, String),
}

impl DoctorVerdict {
    /// Not true, with one finding.
    pub fn finding(code: Code, detail: impl Into<String>) -> DoctorVerdict {
        DoctorFinding::new(code, detail).into()
    }

    /// Not known, because a finding makes it so.
    pub fn because(code: Code) -> DoctorVerdict {
        DoctorVerdict::Unknown(Unknown::Because(code))
    }

    /// Not known, because it could not be seen.
    pub fn not_seen(why: impl Into<Why>) -> DoctorVerdict {
        DoctorVerdict::Unknown(Unknown::NotSeen(why.into()))
    }

    /// Not known, because a question was not answered.
    pub fn not_answered(found: &Found, question: Question) -> DoctorVerdict {
        DoctorVerdict::not_seen(found.why_missing(question))
    }
}

impl From<DoctorFinding> for DoctorVerdict {
    fn from(finding: DoctorFinding) -> DoctorVerdict {
        DoctorVerdict::Findings(vec![finding])
    }
}

/// A finding of a check.
#[derive(Debug)]
pub struct DoctorFinding {
    /// Code, weight and detail.
    pub finding: Finding,
    /// Values for the fix's placeholders. They come before those of the walk's state.
    pub values: Vec<(&'static str, String)>,
    /// Words in place of the catalogue's, where a code is met in another place than usual.
    pub wording: Option<&'static Wording>,
    /// What to change in the role's trust policy, where that is evaluated.
    pub policy_change: Option<PolicyChange>,
    /// What makes the next pod when the finding's pod is deleted.
    pub pod_owner: Option<PodOwner>,
    /// What to change in place of the role, where a program manages it.
    pub managed: Option<String>,
}

/// What to change in a trust policy. It is a statement, never the document: whoever replaces a policy can take statements of others from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyChange {
    /// This statement comes to the others.
    Add(String),
    /// The statement with this number becomes this one.
    Replace(usize, String),
    /// A Deny keeps the pod out: only its owner can say whom it is for.
    OwnersChoice,
    /// No edit is certain to leave what others mean as it is.
    AskOwner {
        /// Why, in sentences.
        why: String,
        /// The statement that the policy's owner may agree to; `None` where it would not be enough.
        statement: Option<String>,
    },
}

impl DoctorFinding {
    /// A finding in the catalogue's words.
    pub fn new(code: Code, detail: impl Into<String>) -> DoctorFinding {
        DoctorFinding {
            finding: Finding::new(code, detail),
            values: Vec::new(),
            wording: None,
            policy_change: None,
            pod_owner: None,
            managed: None,
        }
    }

    /// With a value for a placeholder of its fix.
    pub fn with_value(mut self, name: &'static str, value: impl Into<String>) -> DoctorFinding {
        self.values.push((name, value.into()));
        self
    }

    /// With other words than the catalogue's.
    pub fn with_wording(self, wording: &'static Wording) -> DoctorFinding {
        DoctorFinding { wording: Some(wording), ..self }
    }

    /// With what to change in the trust policy.
    pub fn with_policy_change(self, change: PolicyChange) -> DoctorFinding {
        DoctorFinding { policy_change: Some(change), ..self }
    }

    /// With what makes the pod that comes after the finding's pod.
    pub fn with_pod_owner(self, owner: PodOwner) -> DoctorFinding {
        DoctorFinding { pod_owner: Some(owner), ..self }
    }

    /// With what to change in place of the role.
    pub fn with_manager(self, managed: Option<String>) -> DoctorFinding {
        DoctorFinding { managed, ..self }
    }
}

/// The first few of many names, for a sentence.
pub fn list_few<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match names.len() {
        0 => "none".to_owned(),
        n if n <= SHOWN => shown.join(", "),
        n => format!("{} and {} more", shown.join(", "), n - SHOWN),
    }
}
