//! The report: the JSON contract `irsa-probe/report/v1` (docs/report.v1.schema.json).

mod making;

pub(crate) use making::cause;
pub use making::report;

use super::Meanwhile;
use super::app_sdk::KnownBy;
use super::checks::Check;
use super::sdk_lines::SdkLine;
use crate::core::aws::arn::Account;
use crate::core::catalogue::remedy::Remedy;
use crate::core::catalogue::{Class, Code, Severity, Step};
use crate::core::evidence::{ChainProvider, Remembered};
use crate::core::plan::{IdentitySource, Provider};
use crate::core::sdk::scan::{FoundSdk, ScanSummary};
use crate::core::sdk::{Prediction, SdkFamily};
use crate::core::text::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The value of `Report::schema`.
pub const SCHEMA: &str = "irsa-probe/report/v1";

/// The one-word answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The pod gets the identity it was given.
    Pass,
    /// The pod does not get it.
    Fail,
    /// Not proven: the root cause is transient.
    Unknown,
}

/// What one run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// `irsa-probe/report/v1`
    pub schema: String,
    /// Version of irsa-probe.
    pub version: String,
    /// When the reported attempt began.
    pub time: Timestamp,
    /// Duration of the whole run in milliseconds.
    pub duration_ms: u64,
    /// How many attempts it took.
    pub attempts: u32,
    /// The answer.
    pub verdict: Verdict,
    /// The first failing step's finding.
    pub root_cause: Option<Cause>,
    /// All findings, the root cause first.
    pub findings: Vec<ReportedFinding>,
    /// Every check.
    pub checks: Vec<Check>,
    /// Who this pod is.
    pub subject: Subject,
    /// The AWS identity that the pod should have.
    pub expected: Expected,
    /// The AWS identity that was proven for the injected provider.
    pub identity: Option<Identity>,
    /// Where aws-config's default chain ends, and with which identity.
    pub chain: ReportedChain,
    /// The token.
    pub token: Option<ReportedToken>,
    /// The credentials.
    pub credentials: Option<Credentials>,
    /// The endpoints, the primary first.
    pub endpoints: Vec<ReportedEndpoint>,
    /// The node.
    pub node: Node,
    /// Local clock minus STS's, in seconds.
    pub clock_skew_seconds: Option<i64>,
    /// What each SDK family becomes here, with the answers that this check got.
    #[serde(default)]
    pub sdks: Vec<Prediction>,
    /// The application's own SDK, as far as it is known.
    #[serde(default)]
    pub application: Application,
    /// How many families do not become the proven identity. `None` where none is proven. Not in the JSON.
    #[serde(skip)]
    pub sdks_differing: Option<usize>,
    /// What the families become, in sentences for a person, the worst first. Not in the JSON: `sdks` and the findings say it there.
    #[serde(skip)]
    pub sdk_lines: Vec<SdkLine>,
    /// What helps where nothing was injected because this is no pod. Not in the JSON: it has the code's own fix.
    #[serde(skip)]
    pub outside_pod: Option<Remedy>,
    /// What the SDKs become while the identity is not proven and the node's role is in reach. Not in the JSON: the node's finding says it there.
    #[serde(skip)]
    pub meanwhile: Option<Meanwhile>,
    /// When an earlier attempt found what this report repeats. Not in the JSON.
    #[serde(skip)]
    pub remembered: Remembered,
}

/// The application's own SDK.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// The family. `null` when it is not known.
    pub sdk: Option<SdkFamily>,
    /// How it is known.
    pub by: Option<KnownBy>,
    /// The SDKs that were found. Empty where no files were searched.
    pub found: Vec<FoundSdk>,
    /// How far the search went. `null` where no files were searched.
    pub scan: Option<ScanSummary>,
}

/// A finding as the root cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the catalogue documents them")]
pub struct Cause {
    pub code: Code,
    pub step: Step,
    pub class: Class,
    pub title: String,
    pub detail: String,
    pub remedy: Remedy,
    pub docs: String,
}

/// A finding with its severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedFinding {
    /// The finding.
    #[serde(flatten)]
    pub cause: Cause,
    /// Its severity in this pod.
    pub severity: Severity,
    /// `--ignore` names its code, and it is no failure: it is reported and counts nowhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
}

/// Who this pod is, as far as is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are Kubernetes'")]
pub struct Subject {
    pub namespace: Option<String>,
    pub service_account: Option<String>,
    pub pod: Option<String>,
    pub node: Option<String>,
    pub uid: Option<String>,
    /// The process that was checked, when it is another process (`--pid`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

/// What the pod was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    /// The injected provider.
    pub provider: Provider,
    /// What names the identity.
    #[serde(default)]
    pub source: IdentitySource,
    /// The profile that names it, if a profile does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The role that the proven identity is compared with.
    pub role_arn: Option<String>,
    /// The roles of a profile that are obtained one after the other. The last one is expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<String>,
    /// The primary region.
    pub region: Option<String>,
}

/// The identity proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The ARN that STS answered.
    pub arn: String,
    /// Account.
    pub account: Option<Account>,
    /// `AROA…:session`.
    pub user_id: Option<String>,
    /// The role's name.
    pub role: Option<String>,
    /// The session's name.
    pub session: Option<String>,
    /// The provider that gave the credentials.
    pub provider: Provider,
}

/// The default chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedChain {
    /// The provider where the chain ended.
    pub provider: ChainProvider,
    /// The ARN of the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// What went wrong, or why the chain was not followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The chain was not followed but predicted. This is so for another process (`--pid`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub predicted: bool,
}

/// The token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the claims'")]
pub struct ReportedToken {
    pub path: String,
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub audience: Vec<String>,
    pub issued_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
}

/// The credentials. Only the time when they expire is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// When they expire.
    pub expires_at: Option<Timestamp>,
}

/// An STS endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedEndpoint {
    /// Region.
    pub region: String,
    /// Host.
    pub host: String,
    /// The addresses that the host resolved to.
    pub addresses: Vec<String>,
    /// True when all addresses are private, as those of a VPC endpoint usually are. `null` when nothing was resolved here.
    pub private: Option<bool>,
    /// Milliseconds by phase.
    pub phases_ms: Phases,
    /// AssumeRoleWithWebIdentity.
    pub assume_role: Option<ReportedCall>,
    /// AssumeRole for the further roles of a profile, in their order, up to the first that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<ReportedCall>,
    /// GetCallerIdentity.
    pub caller_identity: Option<ReportedCall>,
}

impl ReportedEndpoint {
    /// The calls that were made, in their order, each with its operation.
    pub fn calls(&self) -> impl Iterator<Item = (&'static str, &ReportedCall)> {
        let first = self.assume_role.iter().map(|call| ("AssumeRoleWithWebIdentity", call));
        let hops = self.hops.iter().map(|call| ("AssumeRole", call));
        first.chain(hops).chain(self.caller_identity.iter().map(|call| ("GetCallerIdentity", call)))
    }
}

/// Milliseconds by phase. `null` for a phase that did not happen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the phases'")]
pub struct Phases {
    pub resolve: Option<f64>,
    pub connect: Option<f64>,
    pub tls: Option<f64>,
}

/// How one call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedCall {
    /// Whether the call succeeded.
    pub ok: bool,
    /// AWS's error code, or the network finding's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// AWS's message, or the network's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// AWS's request id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Milliseconds from the request to the end of the answer.
    pub ms: f64,
    /// The finding that a failure stands for. It is a metric's label, because AWS has too many error codes for a label. Not in the JSON.
    #[serde(skip)]
    pub finding: Option<Code>,
}

/// What IMDS gives to this pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// IMDS as a whole.
    pub imds: ImdsState,
    /// Whether version 1 answers; `null` when it was not tried.
    pub v1: Option<bool>,
    /// Whether version 2 answers; `null` when it was not tried.
    pub v2: Option<bool>,
    /// The instance's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
}

/// IMDS as seen from this pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImdsState {
    /// It answers.
    Reachable,
    /// IMDS is there but gives this pod nothing: hop limit, dropped packets, 403.
    Blocked,
    /// Nothing answers at its address.
    Absent,
    /// The environment switches it off for SDKs.
    Disabled,
    /// It was not asked.
    NotChecked,
}

/// Duration and attempts of the run that an attempt belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunTimes {
    /// Duration of the whole run in milliseconds.
    pub duration_ms: u64,
    /// Attempts so far.
    pub attempts: u32,
}
