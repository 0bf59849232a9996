//! The list of checks. Every code belongs to one check. Each check passes, warns, fails, or is skipped for a reason.

use super::row::{CheckContext, CheckRow, CheckState};
use super::{Diagnosis, Finding, checks_of_all_steps, wordings};
use crate::core::catalogue::{Code, Severity, Step};
use crate::core::evidence::Evidence;
use crate::core::plan::IdentitySource;
use serde::{Deserialize, Serialize};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// The assertion is true.
    Pass,
    /// Something is wrong, but the pod works.
    Warn,
    /// The assertion is not true.
    Fail,
    /// The check was not made.
    Skip,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Permanent name.
    pub id: String,
    /// Step.
    pub step: Step,
    /// An assertion, true when green.
    pub title: String,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// The finding, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// What was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Why it was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// How every check ended. The checks that rest on the root cause's step are skipped because of it.
pub fn checks(evidence: &Evidence, diagnosis: &Diagnosis) -> Vec<Check> {
    let context = diagnosis.context(evidence);
    checks_of_all_steps().filter_map(|(step, row)| check(step, row, &context, diagnosis)).collect()
}

/// How one check ended. `None` where it is not listed.
fn check(step: Step, row: &CheckRow, context: &CheckContext<'_>, diagnosis: &Diagnosis) -> Option<Check> {
    let by_profile = context.plan.source == IdentitySource::Profile;
    let title = wordings::title_of_profile(row.id).filter(|_| by_profile).unwrap_or(row.title).to_owned();
    let untouched = Check { id: row.id.to_owned(), step, title, outcome: CheckOutcome::Skip, code: None, detail: None, because: None };
    if let Some(finding) = diagnosis.findings.iter().find(|finding| finding.code.row().check == Some(row.id)) {
        return Some(turned_by(finding, untouched));
    }
    let state = (row.state)(context, &diagnosis.findings);
    // The probe lacked a resource to read what the pod was given. So no check was made.
    let nothing_known = context.evidence.lack.is_some();
    let hidden = |root: &&Finding| nothing_known || row.rests_on.contains(&root.at);
    match (state, diagnosis.root_cause().filter(hidden)) {
        (CheckState::Unlisted, _) => None,
        (_, Some(root)) => Some(Check { because: Some(format!("skipped because of {}", root.code)), ..untouched }),
        (CheckState::Passed(detail), None) => Some(Check { outcome: CheckOutcome::Pass, detail, ..untouched }),
        (CheckState::Skipped(because), None) => Some(Check { because: Some(because), ..untouched }),
    }
}

/// The check as the finding makes it: its outcome, code and detail.
fn turned_by(finding: &Finding, check: Check) -> Check {
    let row = finding.code.row();
    let check = Check { code: Some(finding.code), detail: Some(finding.detail.clone()), ..check };
    match finding.severity {
        Severity::Fail => Check { outcome: CheckOutcome::Fail, ..check },
        Severity::Warn => Check { outcome: CheckOutcome::Warn, ..check },
        // The assertion was not verified, so the check does not pass.
        Severity::Info if row.unverified => Check { because: Some(format!("see {}", finding.code)), ..check },
        // Nothing failed, but the check's own title would not be true. The finding's title replaces it.
        Severity::Info => Check { outcome: CheckOutcome::Pass, title: row.title.to_owned(), ..check },
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnose;
    use super::*;
    use serde_json::{Value, json};

    /// The check passes only when the token's key was seen in the issuer's key set, whatever else the issuer answers.
    #[test]
    fn an_issuer_that_was_not_verified_does_not_pass() {
        let (url, ours) = ("https://issuer.example", "k1");
        let call = |answer: Value| json!({"exchange": null, "answer": {"Ok": answer}});
        let success = |document: Value| call(json!({"success": document}));
        let failure = json!({"phase": "connect", "kind": "connect-timeout", "text": "no answer"});
        let set = |keys: u32, has: Option<bool>| json!({"known": success(json!({"keys": keys, "keyIds": [], "hasTokenKey": has}))});
        let no_documents = [
            call(json!({"alien": {"status": 200, "what": "an HTML page"}})),
            call(json!({"error": {"status": 403, "code": "Forbidden", "message": "no"}})),
            json!({"exchange": null, "answer": {"Err": failure}}),
        ];
        let mut keys: Vec<Value> =
            ["not-asked", "earlier-failure", "no-token", "not-this-round"].map(|why| json!({"notAttempted": why})).into();
        keys.extend(no_documents.iter().map(|call| json!({"known": call})));
        keys.extend([json!({"failed": failure}), set(0, None), set(0, Some(false)), set(2, Some(false)), set(2, None)]);
        let document = |named: &str| success(json!({"issuer": named, "jwksUri": format!("{url}/keys")}));
        let mut open = Vec::new();
        for keys in keys {
            open.extend(
                [document(url), document("https://other.example"), success(json!({"issuer": url}))]
                    .map(|discovery| (discovery, keys.clone())),
            );
            open.extend(no_documents.iter().map(|discovery| (discovery.clone(), keys.clone())));
        }
        let outcome = |discovery: &Value, keys: &Value, key_id: Option<&str>| {
            let unknown = json!({"notAttempted": "not-asked"});
            let evidence = json!({
                "schema": "irsa-probe/evidence/v1", "takenAt": "2026-11-22T21:34:03Z", "endpoints": [],
                "inputs": {"environment": {
                    "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/checkout", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_REGION": "eu-central-1",
                }},
                "token": unknown, "defaultToken": unknown, "agent": unknown, "imds": unknown, "chain": unknown,
                "issuer": {"known": {"issuer": url, "keyId": key_id, "discovery": discovery, "keys": keys}},
            });
            let evidence: Evidence = serde_json::from_value(evidence).unwrap();
            let check = checks(&evidence, &diagnose(&evidence)).into_iter().find(|check| check.id == "issuer").unwrap();
            assert_eq!(check.outcome == CheckOutcome::Skip, check.because.is_some(), "{check:?}");
            check.outcome
        };
        for (discovery, keys) in &open {
            for key_id in [Some(ours), None] {
                assert_ne!(outcome(discovery, keys, key_id), CheckOutcome::Pass, "{discovery} {keys}");
            }
        }
        assert_eq!(outcome(&document(url), &set(2, Some(true)), Some(ours)), CheckOutcome::Pass);
        // Without a key id in the token, no key was looked for.
        assert_eq!(outcome(&document(url), &set(2, Some(true)), None), CheckOutcome::Skip);
    }

    #[test]
    fn every_code_s_check_is_one_of_its_step() {
        for code in Code::ALL {
            let Some(check) = code.row().check else { continue };
            let steps: Vec<Step> = checks_of_all_steps().filter(|(_, row)| row.id == check).map(|(step, _)| step).collect();
            assert_eq!(steps, [code.step()], "{code}: check {check:?}");
        }
        for (_, row) in checks_of_all_steps() {
            assert!(Code::ALL.iter().any(|code| code.row().check == Some(row.id)), "{}: nothing turns it", row.id);
        }
        assert!(checks_of_all_steps().map(|(step, _)| step).is_sorted());
    }
}
