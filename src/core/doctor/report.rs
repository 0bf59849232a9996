//! What `doctor` reports: the JSON contract `irsa-probe/doctor/v1` (docs/doctor.v1.schema.json).

use super::Found;
use super::case::{Case, Way};
use super::checks::{Seen, walk};
use crate::core::code::Severity;
use crate::core::diagnose::checks::Check;
use crate::core::remedy::{Remedy, Values};
use crate::core::report::{Cause, ReportedFinding, Subject, Verdict, cause};
use crate::core::time::Timestamp;
use serde::Serialize;

/// The value of `Report::schema`.
pub const SCHEMA: &str = "irsa-probe/doctor/v1";

/// What one walk found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DoctorReport {
    /// [`SCHEMA`]
    pub schema: &'static str,
    /// Of irsa-probe.
    pub version: &'static str,
    /// When the walk began.
    pub time: Timestamp,
    /// The answer.
    pub verdict: Verdict,
    /// The first failing check's finding.
    pub root_cause: Option<Cause>,
    /// All findings, the root cause first.
    pub findings: Vec<ReportedFinding>,
    /// Every check, in the order of the walk.
    pub checks: Vec<Check>,
    /// Who was looked at.
    pub subject: Subject,
    /// Where.
    pub cluster: Cluster,
    /// How the identity is to reach the pods, and whose it is.
    pub expected: Expected,
    /// Checks without which nothing is proven, and that could not be made.
    pub undecided: Vec<&'static str>,
    /// The heading that each finding stands under. Not in the JSON.
    #[serde(skip)]
    pub places: Vec<&'static str>,
}

/// The cluster, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Its name in EKS.
    pub name: Option<String>,
    /// kubectl's context.
    pub context: Option<String>,
    /// Its OIDC issuer.
    pub issuer: Option<String>,
}

/// What pods of the service account are to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    /// `irsa`, `pod-identity` or `none`.
    pub provider: &'static str,
    /// The role.
    pub role_arn: Option<String>,
}

/// Reports on all that was found. Total: any answers give a report.
pub fn report(found: &Found, time: Timestamp) -> DoctorReport {
    let case = Case::of(found);
    let walk = walk(found, &case);
    let mut findings: Vec<(ReportedFinding, &str)> = walk.seen.iter().map(|(place, seen)| (reported(seen, &case), *place)).collect();
    // Stable: within a weight the walk's order stays.
    findings.sort_by_key(|(finding, _)| finding.severity);
    let (findings, places): (Vec<ReportedFinding>, Vec<&str>) = findings.into_iter().unzip();
    let root_cause = findings.first().filter(|finding| finding.severity == Severity::Fail).map(|finding| finding.cause.clone());
    let verdict = match (&root_cause, walk.open.is_empty()) {
        (Some(_), _) => Verdict::Fail,
        (None, true) => Verdict::Pass,
        (None, false) => Verdict::Unknown,
    };
    let role = case.role.as_ref().ok().map(ToString::to_string);
    DoctorReport {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        time,
        verdict,
        root_cause,
        findings,
        checks: walk.checks,
        expected: Expected {
            provider: match case.way {
                Way::Irsa => "irsa",
                Way::PodIdentity => "pod-identity",
                Way::None => "none",
            },
            role_arn: role,
        },
        undecided: walk.open,
        places,
        subject: Subject { namespace: Some(case.namespace), service_account: case.service_account, pod: case.pod, node: None, uid: None },
        cluster: Cluster { name: case.cluster, context: case.context, issuer: case.issuer },
    }
}

fn reported(seen: &Seen, case: &Case) -> ReportedFinding {
    let mut known = seen.values.clone();
    let role = case.role.as_ref().ok();
    let mut set = |name: &'static str, value: Option<String>| known.extend(value.map(|value| (name, value)));
    set("namespace", Some(case.namespace.clone()));
    set("serviceAccount", case.service_account.clone());
    set("pod", case.pod.clone());
    set("issuer", case.issuer.clone());
    set("issuerPath", case.issuer.as_ref().map(|issuer| issuer.strip_prefix("https://").unwrap_or(issuer).to_owned()));
    set("audience", Some(case.audience.clone()));
    set("roleArn", role.map(ToString::to_string));
    set("roleName", role.map(|role| role.name.clone()));
    set("account", role.map(|role| role.account.to_string()));
    set("partition", role.map(|role| role.partition.id().to_owned()));
    set("region", case.region.clone());
    let mut cause = cause(&seen.finding, &Values::from(known));
    if let Some((title, cure)) = seen.instead {
        cause.title = title.to_owned();
        cause.remedy =
            Remedy { text: cure.to_owned(), commands: vec!["kubectl -n kube-system edit configmap aws-auth".to_owned()], snippet: None };
    }
    ReportedFinding { severity: seen.finding.severity, cause }
}
