//! No failure hides what does not rest on it: what the node gives to this pod, and how the other regions answer.

use super::cases;
use super::evidence::evidence;
use irsa_probe::core::aws::imds::ImdsReach;
use irsa_probe::core::catalogue::{Code, Severity, Step};
use irsa_probe::core::check::checks::{Check, CheckOutcome};
use irsa_probe::core::check::report::{Report, RunTimes, report};
use irsa_probe::core::evidence::{EndpointFacts, Evidence, Fact, Imds, SkipReason};
use proptest::prelude::*;
use serde_json::json;

/// Every state of IMDS: each answer of version 2 with each of version 1, a role or none, and an IMDS that was not asked.
fn imds_states() -> Vec<Fact<Imds>> {
    use ImdsReach::*;
    let reach = [Answers, Absent, HopLimited, Dropped, Refused, Other];
    let mut states: Vec<Fact<Imds>> =
        [SkipReason::NoImds, SkipReason::ImdsDisabled, SkipReason::NotThisRound].map(Fact::NotAttempted).into();
    for (v2, v1) in reach.iter().flat_map(|v2| std::iter::once(None).chain(reach.map(Some)).map(move |v1| (*v2, v1))) {
        let role = (v2 == Answers || v1 == Some(Answers)).then(|| "eks-node".to_owned());
        for role in [None, role] {
            states.push(Fact::Known(Imds { v2, v1, no_role: role.is_none(), role, instance_id: None }));
        }
    }
    states
}

/// A pod in which everything works, with these answers of IMDS and of the other regions.
fn without_failure(imds: &Fact<Imds>, others: &[EndpointFacts]) -> Evidence {
    let answer = |success: serde_json::Value| json!({"known": {"exchange": null, "answer": {"Ok": {"success": success}}}});
    let unknown = json!({"notAttempted": "not-asked"});
    let arn = "arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe";
    let mut healthy: Evidence = serde_json::from_value(json!({
        "schema": "irsa-probe/evidence/v1", "takenAt": "2026-11-22T21:34:03Z",
        "inputs": {"environment": {
            "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/checkout", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_REGION": "eu-central-1"
        }},
        "token": unknown, "defaultToken": unknown, "agent": unknown, "imds": unknown, "chain": unknown,
        "endpoints": [{
            "region": "eu-central-1", "host": "sts",
            "assumeRole": answer(json!({"arn": arn, "assumedRoleId": null, "expiresAt": null})),
            "callerIdentity": answer(json!({"arn": arn, "account": "111122223333", "userId": "AROA:irsa-probe"}))
        }]
    }))
    .unwrap();
    healthy.imds = imds.clone();
    healthy.endpoints.extend_from_slice(others);
    healthy
}

fn judged(evidence: &Evidence) -> Report {
    report(evidence, RunTimes::default())
}

/// The findings of the steps that rest on nothing, whatever is predicted in their details.
fn free_findings(report: &Report) -> Vec<(Code, Severity)> {
    let free = report.findings.iter().filter(|finding| matches!(finding.cause.step, Step::Node | Step::Redundancy));
    let mut found: Vec<(Code, Severity)> = free.map(|finding| (finding.cause.code, finding.severity)).collect();
    found.sort_by_key(|(code, _)| *code);
    found
}

fn free_checks(report: &Report) -> Vec<(String, CheckOutcome, Option<Code>, Option<String>)> {
    let free = report.checks.iter().filter(|check| matches!(check.step, Step::Node | Step::Redundancy));
    free.map(|Check { id, outcome, code, because, .. }| (id.clone(), *outcome, *code, because.clone())).collect()
}

/// The states of IMDS are not drawn but walked, and the roots are those that the evidence happens to give: over all cases they are nearly all that
/// evidence alone can give. `check::tests` walks every code.
#[test]
fn the_reference_passes() {
    for imds in imds_states() {
        assert!(judged(&without_failure(&imds, &[])).root_cause.is_none());
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn a_failure_hides_neither_the_node_nor_the_other_regions(mut evidence in evidence()) {
        prop_assume!(evidence.lack.is_none());
        evidence.inputs.settings.strict = false;
        for imds in imds_states() {
            evidence.imds = imds.clone();
            let found = judged(&evidence);
            let reference = judged(&without_failure(&imds, evidence.endpoints.get(1..).unwrap_or_default()));
            prop_assert_eq!(free_findings(&found), free_findings(&reference));
            prop_assert_eq!(free_checks(&found), free_checks(&reference));
            let skipped_by = found.root_cause.as_ref().map(|root| format!("skipped because of {}", root.code));
            let hidden = found.checks.iter().filter(|check| check.because == skipped_by && skipped_by.is_some());
            for check in hidden {
                prop_assert!(!matches!(check.id.as_str(), "clock" | "node-role" | "other-regions" | "app-sdk" | "sdks"), "{}", check.id);
            }
            // What the applications become is said in the root cause's own block, and only there.
            let meanwhile = found.meanwhile.as_ref().is_some_and(|meanwhile| !meanwhile.use_node_role.is_empty());
            let reachable = free_findings(&found).iter().any(|(code, _)| matches!(code, Code::NodeRoleReachable | Code::NodeRoleReachableV1));
            prop_assert!(!meanwhile || reachable);
        }
    }
}
