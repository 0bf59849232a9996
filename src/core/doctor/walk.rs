//! The table of checks, in the order of the report, and the walk through it.

use super::check::{DoctorFinding, DoctorVerdict};
use super::checks::{cluster, events, iam, pods};
use super::found::Found;
use super::state::{Unknown, WalkState};
use super::why::Obstacle;
use crate::core::catalogue::{Severity, Step};
use crate::core::check::checks::{Check, CheckOutcome};

/// Checks under one heading.
struct DoctorCheckGroup {
    heading: &'static str,
    rows: &'static [DoctorCheckRow],
}

/// A check.
struct DoctorCheckRow {
    /// Permanent name.
    id: &'static str,
    /// An assertion, true when the check passes.
    title: &'static str,
    /// Whether the verdict rests on it: without it nothing is proven.
    is_essential: bool,
    verdict: fn(&Found, &WalkState) -> DoctorVerdict,
}

const fn essential(id: &'static str, title: &'static str, verdict: fn(&Found, &WalkState) -> DoctorVerdict) -> DoctorCheckRow {
    DoctorCheckRow { id, title, is_essential: true, verdict }
}

const fn additional(id: &'static str, title: &'static str, verdict: fn(&Found, &WalkState) -> DoctorVerdict) -> DoctorCheckRow {
    DoctorCheckRow { id, title, is_essential: false, verdict }
}

const GROUPS: &[DoctorCheckGroup] = &[
    DoctorCheckGroup {
        heading: "cluster",
        rows: &[
            essential("cluster-issuer", "the cluster's issuer is known", cluster::issuer),
            essential("oidc-provider", "IAM has an OIDC provider for it, in the role's account", iam::provider),
            essential("provider-audience", "the provider accepts the tokens' audience", iam::audience),
            additional("webhook", "the webhook that injects identities is configured", cluster::webhook),
        ],
    },
    DoctorCheckGroup {
        heading: "service account",
        rows: &[
            essential("service-account", "the service account exists", cluster::service_account),
            essential("annotation", "its annotation names a role", cluster::annotation),
            additional("association", "a Pod Identity association names it", cluster::association),
        ],
    },
    DoctorCheckGroup {
        heading: "role",
        rows: &[
            essential("role-exists", "the role exists", iam::role),
            essential("trust-policy", "its trust policy lets the service account in", iam::trust_policy),
            additional("role-policies", "it has permission policies", iam::permission_policies),
        ],
    },
    DoctorCheckGroup {
        heading: "pods",
        rows: &[
            additional("pods-admitted", "the API server admits the service account's pods", events::admitted),
            additional("service-account-used", "pods run under the service account", pods::used),
            essential("pods-injected", "their containers have the identity", pods::injected),
            additional("pods-unshadowed", "no static keys shadow the identity", pods::unshadowed),
            additional("events", "the cluster has no recent warnings about them", events::warnings),
        ],
    },
    DoctorCheckGroup { heading: "aws-auth", rows: &[additional("aws-auth", "the role ARNs in aws-auth can match", cluster::aws_auth)] },
];

/// The headings, in order.
pub fn headings() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|group| group.heading)
}

/// The heading of a check.
pub fn heading_of(id: &str) -> Option<&'static str> {
    GROUPS.iter().find(|group| group.rows.iter().any(|row| row.id == id)).map(|group| group.heading)
}

/// What all checks come to.
#[derive(Debug, Default)]
pub struct WalkResult {
    /// Every check, in the order of the table.
    pub checks: Vec<Check>,
    /// The findings in the same order, each with its heading.
    pub findings: Vec<(&'static str, DoctorFinding)>,
    /// Essential checks that could not be decided, for another reason than a finding.
    pub undecided: Vec<&'static str>,
    /// Checks that an obstacle keeps from being made, each with its obstacles.
    pub blocked: Vec<(&'static str, Vec<Obstacle>)>,
}

/// Makes every check on what was found.
pub fn walk(found: &Found, state: &WalkState) -> WalkResult {
    let mut result = WalkResult::default();
    for group in GROUPS {
        for row in group.rows {
            let verdict = (row.verdict)(found, state);
            if row.is_essential && matches!(verdict, DoctorVerdict::Unknown(Unknown::NotSeen(_)) | DoctorVerdict::Undecided(..)) {
                result.undecided.push(row.id);
            }
            if let DoctorVerdict::Unknown(Unknown::NotSeen(why)) = &verdict
                && !why.obstacles.is_empty()
            {
                result.blocked.push((row.id, why.obstacles.clone()));
            }
            result.checks.push(line(row, &verdict));
            if let DoctorVerdict::Findings(findings) = verdict {
                result.findings.extend(findings.into_iter().map(|finding| (group.heading, finding)));
            }
        }
    }
    result
}

/// A check's line in the report.
fn line(row: &DoctorCheckRow, verdict: &DoctorVerdict) -> Check {
    let skipped = Check {
        id: row.id.to_owned(),
        step: Step::Cluster,
        title: row.title.to_owned(),
        outcome: CheckOutcome::Skip,
        code: None,
        detail: None,
        because: None,
    };
    match verdict {
        DoctorVerdict::Pass(detail) => {
            Check { outcome: CheckOutcome::Pass, detail: Some(detail.clone()).filter(|detail| !detail.is_empty()), ..skipped }
        }
        DoctorVerdict::Skip(why) => Check { because: Some(why.clone()), ..skipped },
        DoctorVerdict::Unknown(unknown) => Check { because: Some(unknown.why().text), ..skipped },
        DoctorVerdict::Note(title, detail) | DoctorVerdict::Undecided(title, detail) => {
            Check { outcome: CheckOutcome::Warn, title: (*title).to_owned(), detail: Some(detail.clone()), ..skipped }
        }
        DoctorVerdict::Findings(findings) => {
            let first = findings.first().map(|first| &first.finding);
            let worst = findings.iter().map(|finding| finding.finding.severity).min().unwrap_or(Severity::Fail);
            Check {
                outcome: if worst == Severity::Fail { CheckOutcome::Fail } else { CheckOutcome::Warn },
                code: first.map(|first| first.code),
                detail: first.map(|first| first.detail.clone()),
                ..skipped
            }
        }
    }
}
