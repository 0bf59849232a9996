//! The catalogue: every finding that the probe can make, one row each.
//!
//! A code is permanent: it is never renamed and never reused. What a finding says of one pod comes from the evidence; what is
//! true of every pod stands here: how it counts, its title, its cause, the fix as a template, and the commands.

pub mod commands;
pub mod elsewhere;
pub mod errors;
mod meaning;
pub mod remedy;
pub mod wording;

use commands::FixCommand;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A stage of the credential's way, in order. The first one that fails holds the root cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// What the pod was given: environment, role, region, endpoints.
    Injection,
    /// The projected token's file, claims and times.
    Token,
    /// The token's issuer (opt-in).
    Issuer,
    /// The way to the STS endpoint.
    Network,
    /// AssumeRoleWithWebIdentity.
    AssumeRole,
    /// The EKS Pod Identity agent.
    PodIdentity,
    /// Who the credentials are.
    Identity,
    /// What the node gives away.
    Node,
    /// Other regions.
    Redundancy,
    /// What the application and its SDK make of it: read from logs, or predicted.
    Application,
    /// What `doctor` sees from a workstation.
    Cluster,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Step; 11] = [
        Step::Injection,
        Step::Token,
        Step::Issuer,
        Step::Network,
        Step::AssumeRole,
        Step::PodIdentity,
        Step::Identity,
        Step::Node,
        Step::Redundancy,
        Step::Application,
        Step::Cluster,
    ];

    /// Its name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Step::Injection => "injection",
            Step::Token => "token",
            Step::Issuer => "issuer",
            Step::Network => "network",
            Step::AssumeRole => "assume-role",
            Step::PodIdentity => "pod-identity",
            Step::Identity => "identity",
            Step::Node => "node",
            Step::Redundancy => "redundancy",
            Step::Application => "application",
            Step::Cluster => "cluster",
        }
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The identity is not what it should be, or not proven.
    Fail,
    /// It works, but it has a weakness that will cause a failure later; fails under `--strict`.
    Warn,
    /// Worth knowing; never fails.
    Info,
}

impl Severity {
    /// Its name in reports and metrics.
    pub fn id(self) -> &'static str {
        match self {
            Severity::Fail => "fail",
            Severity::Warn => "warn",
            Severity::Info => "info",
        }
    }
}

/// Whether the fault behind a finding may pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It does not pass by itself in this pod's life: `check` fails at once.
    Permanent,
    /// May be IAM still propagating: retried until the timeout, then a failure.
    Settling,
    /// Network, throttling, AWS's side: retried; what remains at the timeout is "not proven".
    Transient,
}

impl Class {
    /// Its name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Class::Permanent => "permanent",
            Class::Settling => "settling",
            Class::Transient => "transient",
        }
    }
}

/// A document that goes with a fix, made from this pod's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemedyDocument {
    /// The whole trust policy for this token. It is for a new role: on a role that exists it would replace every other statement.
    TrustPolicy,
    /// The statement for this token. It is added to the trust policy of a role that exists.
    TrustStatement,
    /// The same for EKS Pod Identity.
    PodIdentityTrustStatement,
    /// A new service account with its annotation.
    ServiceAccount,
    /// The annotation alone, for a service account that exists: a whole manifest would remove what else was applied to it.
    Annotation,
    /// The pod's `fsGroup`.
    FsGroup,
}

/// One row of the catalogue. In `fix` and `commands`, `{name}` is filled with this pod's value (see [`remedy`]).
#[derive(Debug)]
pub struct CodeRow {
    /// The code.
    pub code: Code,
    /// The step that it belongs to.
    pub step: Step,
    /// The check that the finding turns, by its id. `None`: `check` and `serve` cannot find it, `explain` or `doctor` does.
    pub check: Option<&'static str>,
    /// `doctor` can find it.
    pub doctor: bool,
    /// How the finding counts, unless the evidence makes it count more.
    pub severity: Severity,
    /// Whether the fault may pass by itself.
    pub class: Class,
    /// As a failure it takes a pod out of service at once: its applications have another identity, or none. Any other failure is tolerated until
    /// the credentials that were proven last have ended.
    pub at_once: bool,
    /// It says that its check could not be made. The check is skipped then; it does not pass.
    pub unverified: bool,
    /// `--strict` makes a failure of its warning. A code that is new in a minor release has `false` there, so that it fails no check that
    /// passed before. From the next minor release on it is counted.
    pub strict: bool,
    /// It is shown together with a root cause of this step, although its check rests on the step: a consequence that a person must see.
    pub consequence_of: Option<Step>,
    /// The fault, in one sentence without a full stop.
    pub title: &'static str,
    /// Why it happens, the most likely reason first, and its effect.
    pub cause: &'static str,
    /// What to do. The first sentence is a complete fix by itself: a termination message has room for no more. Cautions follow it.
    pub fix: &'static str,
    /// Commands that fix it or show more, ready to paste. Those that only read come first.
    pub commands: &'static [FixCommand],
    /// A document to apply.
    pub document: Option<RemedyDocument>,
    /// Errors of STS or of the Pod Identity agent that mean it.
    pub means: &'static [ErrorMeaning],
}

/// How a finding counts, and whether the fault may pass by itself, as the rows write it.
mod weight {
    use super::{Class, Severity};
    pub const PERMANENT: (Severity, Class) = (Severity::Fail, Class::Permanent);
    pub const SETTLING: (Severity, Class) = (Severity::Fail, Class::Settling);
    pub const TRANSIENT: (Severity, Class) = (Severity::Fail, Class::Transient);
    pub const WARN: (Severity, Class) = (Severity::Warn, Class::Permanent);
    pub const WARN_PASSING: (Severity, Class) = (Severity::Warn, Class::Transient);
    pub const INFO: (Severity, Class) = (Severity::Info, Class::Permanent);
}

/// The enum, the names and the rows from one list. A row begins with its step, check, weight, title, cause and fix. Other fields of
/// [`CodeRow`] follow where the row has them.
macro_rules! codes {
    ($($code:ident = $id:literal {
        step: $step:ident, check: $check:expr, weight: $weight:expr,
        title: $title:expr,
        cause: $cause:expr,
        fix: $fix:expr,
        $($cell:ident: $value:expr,)*
    })*) => {
        /// A finding's permanent name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "each has a row in the catalogue")]
        pub enum Code {
            $(#[serde(rename = $id)] $code,)*
        }

        impl Code {
            /// All codes, in the order of the catalogue: by step, within a step the more basic first.
            pub const ALL: &'static [Code] = &[$(Code::$code),*];

            /// Its permanent name.
            pub const fn id(self) -> &'static str {
                match self { $(Code::$code => $id,)* }
            }
        }

        /// The row of each code, at the code's place in [`Code::ALL`].
        pub(super) static ROWS: [CodeRow; Code::ALL.len()] = [$(CodeRow {
            $($cell: $value,)*
            ..CodeRow::new(Code::$code, Step::$step, $check, $weight, [$title, $cause, $fix])
        }),*];
    };
}

mod rows;

pub use meaning::{ErrorMeaning, Operation};
pub use rows::Code;

/// All rows, in the catalogue's order.
pub fn rows() -> impl Iterator<Item = &'static CodeRow> {
    rows::ROWS.iter()
}

impl CodeRow {
    /// A row with the fields that every row has.
    const fn new(
        code: Code,
        step: Step,
        check: Option<&'static str>,
        (severity, class): (Severity, Class),
        [title, cause, fix]: [&'static str; 3],
    ) -> CodeRow {
        let (doctor, at_once, unverified, consequence_of) = (false, false, false, None);
        CodeRow {
            code,
            step,
            check,
            doctor,
            severity,
            class,
            at_once,
            unverified,
            strict: true,
            consequence_of,
            title,
            cause,
            fix,
            commands: &[],
            document: None,
            means: &[],
        }
    }
}

impl Code {
    /// Its row.
    pub fn row(self) -> &'static CodeRow {
        &rows::ROWS[self as usize]
    }

    /// The code with this name.
    pub fn parse(id: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.id() == id)
    }

    /// Whether `check` and `serve` can find it. The others are found by `explain` in logs and by `doctor` in a cluster.
    pub fn is_of_check(self) -> bool {
        self.row().check.is_some()
    }

    /// Its step.
    pub fn step(self) -> Step {
        self.row().step
    }

    /// The URL of its documentation. The base is set when the program is built.
    pub fn docs(self) -> String {
        format!("{}/findings.md#{}", env!("IRSA_PROBE_DOCS_URL"), self.id())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_s_row_is_its_own_and_stands_in_its_step() {
        for code in Code::ALL {
            assert_eq!(code.row().code, *code);
        }
        assert!(rows().map(|row| row.step).is_sorted());
    }

    #[test]
    fn names_are_kebab_case_and_round_trip() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.id()), Some(*code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.id());
            assert!(code.id().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{code}");
        }
        for step in Step::ALL {
            assert_eq!(serde_json::to_value(step).unwrap(), step.id());
        }
    }

    /// Each cell that a row needs besides its words, by what the code is.
    #[test]
    fn every_row_is_complete() {
        for row in rows() {
            let code = row.code;
            // Somebody finds it: `check` what is before the application, `doctor` what is in the cluster. `explain` finds any code in a text.
            assert!(row.check.is_some() || row.step >= Step::Application, "{code}: it names no check");
            assert!(row.doctor || row.step != Step::Cluster, "{code}: doctor does not find it");
            // A refusal of STS is known by what AWS answers. What no row describes is `sts-error`.
            let by_answer = row.step == Step::AssumeRole && code != Code::StsError;
            assert!(!by_answer || !row.means.is_empty(), "{code}: no error of STS means it");
            assert!(row.means.is_empty() || row.check.is_some(), "{code}: an answer means it, and no check turns");
            // What counts at once is seen by `check` and can fail; what left a check unverified is neither a failure nor a warning.
            assert!(!row.at_once || row.check.is_some() && row.severity != Severity::Info, "{code}: it cannot count at once");
            assert!(!row.unverified || row.check.is_some() && row.severity == Severity::Info, "{code}: it is no information");
            // A report shows a policy under `-v` only. The fix and one of its commands name the program that prints the same one.
            let named = match row.document {
                Some(RemedyDocument::TrustPolicy) => "trust policy that `irsa-probe trust-policy` prints",
                Some(RemedyDocument::TrustStatement) => "statement that `irsa-probe trust-policy` prints",
                Some(RemedyDocument::PodIdentityTrustStatement) => "statement that `irsa-probe trust-policy --pod-identity` prints",
                _ => "",
            };
            let is_policy = !named.is_empty();
            assert!(first_sentence(row.fix).contains(named), "{code}: the fix does not name its document");
            assert_eq!(row.fix.contains("`irsa-probe trust-policy"), is_policy, "{code}: the fix names a document that it does not have");
            let pod_identity = row.document == Some(RemedyDocument::PodIdentityTrustStatement);
            let prints = |command: &FixCommand| {
                let prints = command.template.starts_with("irsa-probe trust-policy");
                prints && command.template.contains("--pod-identity") == pod_identity
            };
            assert_eq!(row.commands.iter().any(prints), is_policy, "{code}: no command prints the document");
            let policy = row.document == Some(RemedyDocument::TrustPolicy);
            let uses_file = row.commands.iter().any(|command| command.template.contains("file://"));
            assert!(policy || !uses_file, "{code}: a command needs a trust policy");
        }
    }

    #[test]
    fn every_row_says_something_short_enough_to_read() {
        for row in rows() {
            assert!((10..=76).contains(&row.title.len()), "{}: title", row.code);
            assert!((30..=700).contains(&row.cause.len()), "{}: cause of {}", row.code, row.cause.len());
            assert!((20..=480).contains(&row.fix.len()), "{}: fix of {}", row.code, row.fix.len());
            assert!(!row.cause.contains('{'), "{}: a cause is never filled in", row.code);
            assert!(!row.fix.contains('\n') && !row.title.ends_with('.'), "{}", row.code);
            assert!((20..=150).contains(&first_sentence(row.fix).len()), "{}: the first sentence of the fix", row.code);
            let sentences = row.cause.split_inclusive(&['.', ':', ';']).chain(row.fix.split_inclusive(&['.', ':', ';']));
            for sentence in sentences {
                assert!(sentence.split_whitespace().count() <= 30, "{}: a long sentence: {sentence}", row.code);
            }
        }
    }

    /// A fix is read where no document follows, and its words are read by strangers.
    #[test]
    fn rows_use_plain_words() {
        let words =
            ["nobody", "anew", "cure", "bite", "below", "looked at", "without a word", "to the letter", "cannot be had", "of AWS's"];
        for row in rows() {
            let touches = row.commands.iter().filter_map(|command| command.touches);
            for text in [row.title, row.cause, row.fix].into_iter().chain(touches) {
                let found = words.iter().find(|word| format!(" {text} ").contains(&format!(" {word} ")));
                assert_eq!(found, None, "{}: {text}", row.code);
                assert!(text.split_inclusive(". ").all(|sentence| sentence.matches("; ").count() <= 1), "{}: {text}", row.code);
            }
        }
    }

    fn first_sentence(text: &str) -> &str {
        text.split_once(". ").map_or(text, |(first, _)| first)
    }
}
