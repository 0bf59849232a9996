//! Step `token`: the file, its claims, its times.

use crate::core::aws::answer::ServiceAnswer;
use crate::core::catalogue::{Class, Code, Operation, Step};
use crate::core::check::Finding;
use crate::core::check::row::{CheckContext, CheckRow, CheckState, earlier, pass_with, skip, skip_without};
use crate::core::evidence::{Evidence, Fact, FileFact, FileFailure, FileFailureKind, Token, TokenContent};
use crate::core::plan::{Plan, Provider};
use crate::core::pod::token::{Claims, TokenDefect};
use crate::core::text::time::{Timestamp, format_duration};

/// STS tolerates a clock difference of this many seconds in a token's times.
const LEEWAY: i64 = 300;

pub(super) const CHECKS: &[CheckRow] = &[
    CheckRow {
        id: "token-file",
        title: "the token file can be read",
        rests_on: earlier(Step::Token),
        state: |context, _| match &context.evidence.token {
            Fact::Known(Token { file: FileFact::Failed(failure), .. }) => skip(&failure.text),
            Fact::Known(token) => pass_with(&token.path),
            other => skip_without(other),
        },
    },
    CheckRow {
        id: "token-content",
        title: "the token file holds a service account token",
        rests_on: earlier(Step::Token),
        state: |context, _| {
            let claims = context.evidence.token.known().and_then(|token| token.claims());
            match claims.and_then(|claims| claims.subject.as_deref()) {
                Some(subject) => pass_with(subject),
                None => skip_without(&context.evidence.token),
            }
        },
    },
    CheckRow {
        id: "token-times",
        title: "the token is valid now and rotated in time",
        rests_on: earlier(Step::Token),
        state: |context, _| {
            let claims = context.evidence.token.known().and_then(|token| token.claims());
            match claims.and_then(|claims| claims.expires_at) {
                Some(exp) => pass_with(format!(
                    "expires in {}",
                    format_duration(exp.since(context.evidence.taken_at).saturating_add(context.clock_skew.unwrap_or(0)))
                )),
                None => skip_without(&context.evidence.token),
            }
        },
    },
    CheckRow {
        id: "token-audience",
        title: "the token was issued for AWS",
        rests_on: earlier(Step::Token),
        state: |context, _| match context.evidence.token.known().and_then(|token| token.claims()) {
            Some(claims) => pass_with(claims.audience.join(", ")),
            None => skip_without(&context.evidence.token),
        },
    },
    CheckRow {
        id: "token-pod",
        title: "the token was issued to this pod",
        rests_on: earlier(Step::Token),
        state: |context, _| match (
            context.evidence.inputs.environment.downward_pod_name(),
            context.evidence.token.known().and_then(|token| token.claims()),
        ) {
            (_, None) => skip_without(&context.evidence.token),
            (None, _) => skip("the pod's name is unknown (set POD_NAME with the downward API)"),
            (Some(_), Some(claims)) => match &claims.pod {
                Some(pod) => pass_with(pod),
                None => skip("the token names no pod"),
            },
        },
    },
    CheckRow {
        id: "resources",
        title: "the probe itself has enough file descriptors, threads and memory",
        rests_on: earlier(Step::Token),
        state: |_, _| CheckState::Unlisted,
    },
];

/// What is wrong with the token file.
pub(super) fn find(context: &CheckContext<'_>, _: &[Finding]) -> Vec<Finding> {
    let CheckContext { evidence, plan, clock_skew, .. } = *context;
    let Some(token) = evidence.token.known() else { return Vec::new() };
    let path = &token.path;
    match &token.file {
        FileFact::Failed(failure) => vec![unreadable(&path.to_string(), failure, evidence.inputs.settings.pid)],
        FileFact::Read { content: TokenContent::Defect(defect), .. } => {
            let code = match defect {
                TokenDefect::Empty => Code::TokenEmpty,
                TokenDefect::Oversized => Code::TokenOversized,
                _ => Code::TokenMalformed,
            };
            vec![Finding::new(code, format!("{path}: {}.", defect.describe()))]
        }
        FileFact::Read { content: TokenContent::Claims(claims), trailing_whitespace, .. } => {
            let mut findings = Vec::new();
            if *trailing_whitespace {
                findings.extend(white_space(evidence, plan, &path.to_string()));
            }
            findings.extend(times(evidence, claims, clock_skew));
            findings.extend(audience(claims, plan));
            findings.extend(other_pod(evidence, claims));
            findings
        }
    }
}

/// The finding for white space around the token. SDKs refuse to send a line break in the agent's Authorization header
/// (docs/facts.md#agent-token-line-break). To STS they send it. There it is a cause only when STS finds no JWT.
fn white_space(evidence: &Evidence, plan: &Plan, path: &str) -> Option<Finding> {
    let what = "there is white space or a line break around the token";
    let consequence = match plan.provider {
        Provider::PodIdentity => "which SDKs refuse to send to the agent",
        _ if refusal(evidence) == Some(Code::TokenRejected) => "which SDKs send to STS, and STS then finds no JWT",
        _ => return None,
    };
    Some(Finding::new(Code::TokenMalformed, format!("{path}: {what}, {consequence}.")))
}

fn unreadable(path: &str, failure: &FileFailure, pid: Option<u32>) -> Finding {
    let code = match failure.kind {
        FileFailureKind::Missing => Code::TokenMissing,
        FileFailureKind::TooLarge => Code::TokenOversized,
        FileFailureKind::OutOfResources => Code::ProbeOutOfResources,
        // `Undecided` is no statement about the process, so `check` gives no report then. The failure here only prevents a pass.
        FileFailureKind::Denied | FileFailureKind::Undecided | FileFailureKind::NotRegular | FileFailureKind::Other => {
            Code::TokenUnreadable
        }
    };
    Finding::new(code, format!("{path}: {}.", failure.describe(pid)))
}

/// Whether the token is expired, not yet valid, or overdue for rotation. A token that STS accepted is valid, whatever this node's clock
/// shows.
fn times(evidence: &Evidence, claims: &Claims, clock_skew: Option<i64>) -> Vec<Finding> {
    let here = evidence.taken_at;
    let at_sts = clock_skew.map(|skew| Timestamp(here.0.saturating_sub(skew)));
    let both = |holds: &dyn Fn(Timestamp) -> bool| holds(here) && at_sts.is_none_or(holds);
    let accepted = accepted(evidence);
    if let Some(exp) = claims.expires_at.filter(|exp| !accepted && both(&|now| exp.0 <= now.0)) {
        return vec![Finding::new(Code::TokenExpired, format!("The token expired at {exp}, {} ago.", format_duration(here.since(exp))))];
    }
    let begins = claims.not_before.max(claims.issued_at);
    let leeway = if rejected(evidence) { 0 } else { LEEWAY };
    if let Some(start) = begins.filter(|start| !accepted && both(&|now| start.since(now) > leeway)) {
        return vec![Finding::new(
            Code::TokenNotYetValid,
            format!("The token becomes valid at {start}, in {}.", format_duration(start.since(here))),
        )];
    }
    // The kubelet rotates by this node's clock. A clock that is ahead makes a fresh token look old, so the earlier of the two times counts.
    rotation_overdue(claims, at_sts.map_or(here, |at_sts| at_sts.min(here))).into_iter().collect()
}

/// Whether the kubelet should have replaced the token by now.
///
/// A token is due after 80 % of its life, or after 24 hours. The kubelet replaces it at the pod's next sync (kubelet `token_manager.go`).
/// A sync comes after 60 to 90 s (`syncFrequency`, and `workerResyncIntervalJitterFactor` in `pod_workers.go`). The margin leaves time for
/// one sync.
fn rotation_overdue(claims: &Claims, now: Timestamp) -> Option<Finding> {
    let (iat, exp) = (claims.issued_at?, claims.expires_at?);
    let life = exp.since(iat);
    if life <= 0 {
        return None;
    }
    let due = (life / 5 * 4).min(86_400);
    let margin = (life / 20).clamp(120, 600);
    let age = now.since(iat);
    (age > due.saturating_add(margin)).then(|| {
        let left = exp.since(now);
        let left =
            if left > 0 { format!("it expires in {}", format_duration(left)) } else { format!("it expired {} ago", format_duration(left)) };
        Finding::new(
            Code::TokenRotationOverdue,
            format!("The token is {} old and was due for rotation after {}; {left}.", format_duration(age), format_duration(due)),
        )
    })
}

fn audience(claims: &Claims, plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    let list = claims.audience.join(", ");
    if !claims.audience.iter().any(|audience| audience == plan.audience) {
        findings.push(Finding::new(
            Code::TokenAudienceUnexpected,
            format!("The token's audience is {list}; the webhook requests {}.", plan.audience),
        ));
    }
    if claims.audience.len() > 1 && claims.authorized_party.is_none() {
        findings.push(Finding::new(Code::TokenAudienceMultiple, format!("The token's audiences are {list}, and it has no azp.")));
    }
    findings
}

fn other_pod(evidence: &Evidence, claims: &Claims) -> Option<Finding> {
    let ours = evidence.inputs.environment.downward_pod_name()?;
    let theirs = claims.pod.as_deref().filter(|pod| *pod != ours.raw())?;
    Some(Finding::new(Code::TokenOfAnotherPod, format!("The token was issued to pod {theirs}; this pod is {ours}.")))
}

/// Whether the token was exchanged for credentials.
fn accepted(evidence: &Evidence) -> bool {
    let sts = evidence.endpoints.iter().any(|endpoint| endpoint.assume_role.known().is_some_and(|call| call.success().is_some()));
    sts || evidence.agent.known().is_some_and(|call| call.success().is_some())
}

/// Whether STS refused the token itself. Then even a small difference of clocks can be the cause.
fn rejected(evidence: &Evidence) -> bool {
    refusal(evidence).is_some_and(|code| matches!(code, Code::TokenRejected | Code::TokenNotValidated | Code::TokenNotYetValid))
}

/// The code of STS's refusal of the token.
fn refusal(evidence: &Evidence) -> Option<Code> {
    evidence.endpoints.first().and_then(|endpoint| endpoint.assume_role.known()).and_then(|call| match &call.answer {
        Ok(ServiceAnswer::Error(error)) => Some(Code::from_error(Operation::AssumeRoleWithWebIdentity, error)),
        _ => None,
    })
}

/// The finding for STS's refusal of several audiences: the token's own finding, as a failure.
pub(super) fn audience_multiple(detail: String) -> Finding {
    Finding::new(Code::TokenAudienceMultiple, detail).escalated(Class::Permanent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The kubelet syncs a pod every 60 to 90 s. So it replaced tokens of 600 s at an age of 472 to 553 s.
    #[test]
    fn a_kubelet_has_two_minutes_for_a_rotation_that_is_due() {
        for (life, in_time, overdue) in [
            (600, 600, 601),
            (900, 840, 841),
            (3_600, 3_060, 3_061),
            (7_200, 6_120, 6_121),
            (86_400, 69_720, 69_721),
            (604_800, 87_000, 87_001),
        ] {
            let claims = Claims { issued_at: Some(Timestamp(0)), expires_at: Some(Timestamp(life)), ..Claims::default() };
            let code = |age| rotation_overdue(&claims, Timestamp(age)).map(|finding| finding.code);
            assert_eq!((code(in_time), code(overdue)), (None, Some(Code::TokenRotationOverdue)), "{life}");
            assert!(overdue - life.min(108_000) * 4 / 5 > 120);
        }
        for (iat, exp) in [(None, Some(600)), (Some(0), None), (Some(600), Some(600)), (Some(600), Some(0))] {
            let claims = Claims { issued_at: iat.map(Timestamp), expires_at: exp.map(Timestamp), ..Claims::default() };
            assert_eq!(rotation_overdue(&claims, Timestamp(i64::MAX)), None);
        }
    }

    /// STS has the last word on a token's times.
    #[test]
    fn what_sts_accepted_has_not_expired() {
        let found = |answer: Value| {
            let unknown = json!({"notAttempted": "not-asked"});
            let claims = Claims { expires_at: Some(Timestamp(0)), ..Claims::default() };
            let evidence = json!({
                "schema": "irsa-probe/evidence/v1", "takenAt": "2026-11-22T21:34:03Z", "inputs": {"environment": {}},
                "defaultToken": unknown, "agent": unknown, "imds": unknown, "chain": unknown,
                "token": {"known": {"path": "/token", "file": {"read": {"modified": null, "trailingWhitespace": false, "content": {"claims": claims}}}}},
                "endpoints": [{
                    "region": "us-east-1", "host": "sts", "callerIdentity": unknown,
                    "assumeRole": {"known": {"exchange": null, "answer": {"Ok": answer}}},
                }],
            });
            let evidence: Evidence = serde_json::from_value(evidence).unwrap();
            let plan = Plan::from_inputs(&evidence.inputs);
            let context = CheckContext { evidence: &evidence, plan: &plan, clock_skew: None, proven: None, apps: &[], sdks: &[] };
            find(&context, &[]).iter().any(|finding| finding.code == Code::TokenExpired)
        };
        let refused = json!({"error": {"status": 400, "code": "ExpiredTokenException", "message": "", "requestId": null}});
        assert!(found(refused));
        assert!(!found(json!({"success": {"arn": null, "assumedRoleId": null, "expiresAt": null}})));
    }
}
