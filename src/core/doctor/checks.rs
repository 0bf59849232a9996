//! The checks in the order of the walk: each passes, fails with findings, is not needed, or could not be judged and says why.

use super::ask::Question;
use super::case::{Unknown, WalkState};
use super::{Found, judge};
use crate::core::catalogue::{Code, Severity, Step};
use crate::core::check::Finding;
use crate::core::check::checks::{Check, CheckOutcome};

/// What a check comes to.
pub enum DoctorVerdict {
    /// True, with what was seen.
    Good(String),
    /// Not needed here.
    Skip(String),
    /// It follows from a finding, or could not be seen.
    Unknown(Unknown),
    /// Not true.
    Bad(Vec<DoctorFinding>),
    /// Worth a look, and no finding: a headline in place of the title, and what was seen.
    Note(&'static str, String),
    /// Not true, and no finding, for what is wrong cannot be told: a headline in place of the title, what was seen and what would settle it.
    Undecided(&'static str, String),
}

/// A finding, with the values that its cure needs beside those of the case.
pub struct DoctorFinding {
    pub finding: Finding,
    pub values: Vec<(&'static str, String)>,
    /// Words in place of the catalogue's, where a code is met in another place than usual.
    pub instead: Option<&'static Wording>,
    /// Of a trust policy: the whole document after the smallest edit, or `None` where only its owner can say what to change.
    pub edited: Option<Option<String>>,
}

/// Headline, cure and commands. The cause is the detail's to tell then.
pub struct Wording {
    pub title: &'static str,
    pub cure: &'static str,
    pub commands: &'static [&'static str],
}

impl DoctorFinding {
    pub fn new(code: Code, detail: impl Into<String>) -> DoctorFinding {
        DoctorFinding { finding: Finding::new(code, detail), values: Vec::new(), instead: None, edited: None }
    }
}

struct DoctorCheckRow {
    id: &'static str,
    /// Under which heading a person finds it.
    group: &'static str,
    title: &'static str,
    /// Without it nothing is proven.
    essential: bool,
    judge: fn(&Found, &WalkState) -> DoctorVerdict,
}

const fn row(
    group: &'static str,
    id: &'static str,
    essential: bool,
    title: &'static str,
    judge: fn(&Found, &WalkState) -> DoctorVerdict,
) -> DoctorCheckRow {
    DoctorCheckRow { id, group, title, essential, judge }
}

const ROWS: &[DoctorCheckRow] = &[
    row("cluster", "cluster-issuer", true, "the cluster's issuer is known", judge::cluster::issuer),
    row("cluster", "oidc-provider", true, "IAM has an OIDC provider for it, in the role's account", judge::iam::provider),
    row("cluster", "provider-audience", true, "the provider admits the tokens' audience", judge::iam::audience),
    row("cluster", "webhook", false, "the webhook that injects identities is configured", judge::cluster::webhook),
    row("service account", "service-account", true, "the service account exists", judge::cluster::service_account),
    row("service account", "annotation", true, "it names a role", judge::cluster::annotation),
    row("service account", "association", false, "a Pod Identity association names it", judge::cluster::association),
    row("role", "role-exists", true, "the role exists", judge::iam::role),
    row("role", "trust-policy", true, "its trust policy lets the service account in", judge::iam::trust),
    row("role", "role-policies", false, "it has permission policies", judge::iam::policies),
    row("pods", "pods-admitted", false, "the API server refuses none of the service account's pods", judge::warnings::admitted),
    row("pods", "service-account-used", false, "pods run under the service account", judge::pods::used),
    row("pods", "pods-injected", true, "their containers were injected", judge::pods::injected),
    row("pods", "pods-unshadowed", false, "no static keys shadow the identity", judge::pods::unshadowed),
    row("pods", "events", false, "no recent warnings about them", judge::warnings::events),
    row("aws-auth", "aws-auth", false, "the role ARNs in aws-auth can match", judge::cluster::aws_auth),
];

/// The headings, in order.
pub fn groups() -> Vec<&'static str> {
    let mut groups: Vec<&str> = ROWS.iter().map(|row| row.group).collect();
    groups.dedup();
    groups
}

/// The heading of a check.
pub fn group(id: &str) -> Option<&'static str> {
    ROWS.iter().find(|row| row.id == id).map(|row| row.group)
}

/// All that was judged.
pub struct Walk {
    pub checks: Vec<Check>,
    /// In the order of the walk, each with its heading.
    pub seen: Vec<(&'static str, DoctorFinding)>,
    /// Essential checks that could not be judged, for another reason than a finding.
    pub open: Vec<&'static str>,
}

/// Judges everything that was found.
pub fn walk(found: &Found, case: &WalkState) -> Walk {
    let mut walk = Walk { checks: Vec::new(), seen: Vec::new(), open: Vec::new() };
    for row in ROWS {
        let mut check = Check {
            id: row.id.to_owned(),
            step: Step::Cluster,
            title: row.title.to_owned(),
            outcome: CheckOutcome::Skip,
            code: None,
            detail: None,
            because: None,
        };
        let judged = (row.judge)(found, case);
        let open = matches!(judged, DoctorVerdict::Unknown(Unknown::Open(_)) | DoctorVerdict::Undecided(..));
        walk.open.extend(Some(row.id).filter(|_| row.essential && open));
        match judged {
            DoctorVerdict::Good(detail) => {
                check.outcome = CheckOutcome::Pass;
                check.detail = Some(detail).filter(|detail| !detail.is_empty());
            }
            DoctorVerdict::Skip(why) => check.because = Some(why),
            DoctorVerdict::Unknown(unknown) => check.because = Some(unknown.text()),
            DoctorVerdict::Note(title, detail) | DoctorVerdict::Undecided(title, detail) => {
                check.outcome = CheckOutcome::Warn;
                check.title = title.to_owned();
                check.detail = Some(detail);
            }
            DoctorVerdict::Bad(seen) => {
                let worst = seen.iter().map(|seen| seen.finding.severity).min().unwrap_or(Severity::Fail);
                check.outcome = if worst == Severity::Fail { CheckOutcome::Fail } else { CheckOutcome::Warn };
                check.code = seen.first().map(|seen| seen.finding.code);
                check.detail = seen.first().map(|seen| seen.finding.detail.clone());
                walk.seen.extend(seen.into_iter().map(|seen| (row.group, seen)));
            }
        }
        walk.checks.push(check);
    }
    walk
}

/// Why a question was not answered, as a check's outcome.
pub fn open(found: &Found, question: Question) -> DoctorVerdict {
    DoctorVerdict::Unknown(Unknown::Open(found.why(question)))
}
