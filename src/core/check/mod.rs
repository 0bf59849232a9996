//! From evidence to findings. The first failing step holds the root cause. The checks of later steps are skipped because of it.

pub mod app_sdk;
pub mod attempts;
mod calls;
pub mod checks;
mod differs;
mod meanwhile;
mod predicted;
mod proven;
pub mod report;
mod row;
pub mod sdk_lines;
mod sdks;
mod steps;
pub mod surroundings;
mod values;
pub mod wordings;

use crate::core::catalogue::wording::Wording;
use crate::core::catalogue::{Class, Code, Severity, Step};
use crate::core::evidence::Evidence;
use crate::core::plan::{IdentitySource, Plan};
use crate::core::sdk::Prediction;
use app_sdk::AppSdk;
use row::{CheckContext, CheckRow};
use steps::STEPS;
use steps::identity::prove;

pub(crate) use calls::{is_private, network_code};
pub use meanwhile::Meanwhile;
pub use proven::Proven;

/// Something found about this pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its code.
    pub code: Code,
    /// How severe it is in this pod.
    pub severity: Severity,
    /// Whether it can pass by itself in this pod.
    pub class: Class,
    /// What was seen, in sentences.
    pub detail: String,
    /// Its place in the order of the steps. It is the code's own step, or that of the check that cannot be made because of it.
    pub at: Step,
    /// Words that replace the catalogue's, where the code is found in another situation than its row describes.
    pub wording: Option<&'static Wording>,
}

impl Finding {
    /// A finding with the catalogue's severity and class.
    pub fn new(code: Code, detail: impl Into<String>) -> Finding {
        let row = code.row();
        Finding { code, severity: row.severity, class: row.class, detail: detail.into(), at: row.step, wording: None }
    }

    /// The same finding as a failure of the given class, for a warning that turned out to be the cause.
    fn escalated(self, class: Class) -> Finding {
        Finding { severity: Severity::Fail, class, ..self }
    }
}

/// What the evidence means.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// The plan that the evidence answers.
    pub plan: Plan,
    /// The root cause first, then failures, warnings, information, each in the catalogue's order.
    pub findings: Vec<Finding>,
    /// The identity proven for the injected provider.
    pub identity: Option<Proven>,
    /// Local clock minus STS's, in seconds.
    pub clock_skew: Option<i64>,
    /// What the SDKs get while the identity is not proven and the node's role is in reach.
    pub meanwhile: Option<Meanwhile>,
    /// What each SDK family gets now.
    pub sdks: Vec<Prediction>,
    /// The application's SDKs, as far as they are known.
    apps: Vec<AppSdk>,
}

impl Diagnosis {
    fn context<'a>(&'a self, evidence: &'a Evidence) -> CheckContext<'a> {
        let proven = self.identity.as_ref();
        CheckContext { evidence, plan: &self.plan, clock_skew: self.clock_skew, proven, apps: &self.apps, sdks: &self.sdks }
    }

    /// The failure that explains the others.
    pub fn root_cause(&self) -> Option<&Finding> {
        self.findings.first().filter(|finding| finding.severity == Severity::Fail)
    }
}

/// Makes the diagnosis. Total: any evidence gives one.
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    let plan = Plan::from_inputs(&evidence.inputs);
    if let Some(lack) = &evidence.lack {
        // The inputs were not read, and the plan is made from them. So nothing in the plan can be relied on.
        let findings = vec![Finding::new(Code::ProbeOutOfResources, format!("{}.", lack.trim_end_matches('.')))];
        return Diagnosis { plan, findings, identity: None, clock_skew: None, meanwhile: None, sdks: Vec::new(), apps: Vec::new() };
    }
    let clock_skew = calls::clock_skew(evidence);
    let (proven, _) = prove(evidence, &plan, clock_skew);
    let apps = AppSdk::all_of(evidence);
    let sdks = sdks::predictions(evidence, &apps);
    let context = CheckContext { evidence, plan: &plan, clock_skew, proven: proven.as_ref(), apps: &apps, sdks: &sdks };
    let mut findings = Vec::new();
    for step in &STEPS {
        let found = (step.find)(&context, &findings);
        findings.extend(found);
    }
    attribute(&mut findings);
    if plan.source == IdentitySource::Profile {
        for finding in &mut findings {
            finding.wording = finding.wording.or_else(|| wordings::of_profile(finding.code));
        }
    }
    for finding in &mut findings {
        finding.wording = finding.wording.or_else(|| wordings::of_detail(finding.code, &finding.detail));
    }
    if evidence.inputs.settings.strict {
        for finding in findings.iter_mut().filter(|finding| counts_under_strict(finding, &evidence.inputs.settings.ignore)) {
            finding.severity = Severity::Fail;
        }
    }
    let findings = keep_cause_and_consequences(findings);
    let meanwhile = meanwhile::meanwhile(&context);
    Diagnosis { plan, findings, identity: proven, clock_skew, meanwhile, sdks, apps }
}

/// Whether `--strict` makes a failure of this finding: a warning that `--ignore` does not name, unless its code is new.
fn counts_under_strict(finding: &Finding, ignored: &[Code]) -> bool {
    finding.severity == Severity::Warn && finding.code.row().strict && !ignored.contains(&finding.code)
}

/// Moves the cause to an earlier step: STS (or EKS Auth) rejected the token, and an earlier finding already warned of what it rejected.
///
/// When STS cannot fetch the issuer's keys, that is temporary. When the issuer does not publish the key, it is not, so the class is
/// `Settling` then.
fn attribute(findings: &mut Vec<Finding>) {
    const REJECTIONS: [(Code, Code); 4] = [
        (Code::AudienceNotRegistered, Code::TokenAudienceUnexpected),
        (Code::AgentTokenRejected, Code::TokenAudienceUnexpected),
        (Code::IssuerKeysUnavailable, Code::SigningKeyUnknown),
        (Code::TokenNotValidated, Code::SigningKeyUnknown),
    ];
    for (rejection, suspect) in REJECTIONS {
        let Some(at) = findings.iter().position(|f| f.code == rejection) else { continue };
        let Some(cause) = findings.iter().position(|f| f.code == suspect) else { continue };
        let class = if suspect == Code::SigningKeyUnknown { Class::Settling } else { findings[at].class };
        let said = findings[at].detail.clone();
        let finding = &mut findings[cause];
        finding.detail = format!("{} {said}", finding.detail);
        *finding = finding.clone().escalated(class);
    }
    // The step `token` warns of several audiences, and STS's refusal gives a finding of the same code. Only STS's finding is kept.
    if let Some(at) = findings.iter().rposition(|f| f.code == Code::TokenAudienceMultiple && f.severity == Severity::Fail) {
        let mut index = 0;
        findings.retain(|f| {
            index += 1;
            f.code != Code::TokenAudienceMultiple || index == at + 1
        });
    }
}

/// Sorts the findings, the root cause first. The root cause is the first failure in the order of the steps.
///
/// Findings whose check rests on the root cause's step are removed, because that step failed. A consequence that a person must see is kept (the cell
/// `consequence_of`): applications get the node's role because nothing was injected.
fn keep_cause_and_consequences(mut findings: Vec<Finding>) -> Vec<Finding> {
    // Within a step, a finding that replaces one of the step's codes comes first.
    let place = |finding: &Finding| (finding.at, finding.at == finding.code.step(), finding.code);
    findings.sort_by_key(place);
    findings.dedup_by_key(|finding| finding.code);
    let root = findings.iter().find(|finding| finding.severity == Severity::Fail).map(|finding| (finding.code, finding.at));
    if let Some((_, step)) = root {
        findings.retain(|finding| !rests_on(finding.code, step) || finding.code.row().consequence_of == Some(step));
    }
    let root = root.map(|(code, _)| code);
    findings.sort_by_key(|finding| (Some(finding.code) != root, finding.severity, finding.code.step(), finding.code));
    findings
}

/// Whether the check of this code rests on that step.
fn rests_on(code: Code, step: Step) -> bool {
    checks_of_all_steps().any(|(_, check)| Some(check.id) == code.row().check && check.rests_on.contains(&step))
}

fn checks_of_all_steps() -> impl Iterator<Item = (Step, &'static CheckRow)> {
    STEPS.iter().flat_map(|row| row.checks.iter().map(|check| (row.step, check)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each code that can be the root cause, with each finding of a check that rests on nothing.
    #[test]
    fn no_root_cause_hides_what_does_not_rest_on_it() {
        let of_checks = || Code::ALL.iter().copied().filter(|code| code.is_of_check());
        let free = |code: &Code| Step::ALL.into_iter().all(|step| !rests_on(*code, step));
        let names: Vec<&str> = of_checks().filter(|code| free(code) && code.step() > Step::Identity).map(Code::id).collect();
        assert_eq!(
            names,
            [
                "node-role-reachable",
                "node-role-reachable-v1",
                "secondary-region-failing",
                "sdk-too-old",
                "sdk-module-missing",
                "sdk-falls-through",
                "profile-missing",
                "profile-broken",
                "sdk-differs"
            ]
        );
        for root in of_checks() {
            for consequence in of_checks().filter(|code| *code != root && free(code)) {
                let root = Finding { severity: Severity::Fail, ..Finding::new(root, "the root cause") };
                let other = Finding { severity: Severity::Warn, ..Finding::new(consequence, "beside it") };
                assert_eq!(keep_cause_and_consequences(vec![other.clone(), root.clone()]), [root, other]);
            }
        }
    }

    #[test]
    fn strict_counts_warnings_that_are_neither_new_nor_ignored() {
        let counted = |code: Code, severity: Severity, ignored: &[Code]| {
            counts_under_strict(&Finding { severity, ..Finding::new(code, "seen") }, ignored)
        };
        for &code in Code::ALL {
            assert_eq!(counted(code, Severity::Warn, &[]), code.row().strict, "{code}");
            assert!(!counted(code, Severity::Info, &[]) && !counted(code, Severity::Fail, &[]) && !counted(code, Severity::Warn, &[code]));
        }
        assert!(counted(Code::NodeRoleReachable, Severity::Warn, &[Code::NodeRoleReachableV1]));
        assert!(!counted(Code::SdkDiffers, Severity::Warn, &[]));
    }

    #[test]
    fn every_step_is_rested_on_by_what_follows_and_by_nothing_before() {
        for (step, check) in checks_of_all_steps() {
            assert!(check.rests_on.iter().all(|before| *before < step), "{}", check.id);
            assert!(check.rests_on.is_empty() || check.rests_on == row::earlier(step), "{}: all that is before, or nothing", check.id);
        }
    }
}
