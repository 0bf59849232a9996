//! What `doctor` reports: the JSON contract `irsa-probe/doctor/v1` (docs/doctor.v1.schema.json).

use super::check::{DoctorFinding, PolicyChange};
use super::found::Found;
use super::obstacle::{ObstacleReport, obstacles};
use super::state::WalkState;
use super::walk::walk;
use crate::core::catalogue::Severity;
use crate::core::catalogue::commands::{DELETE_POD, DOCTOR, PRINT_POD_IDENTITY_STATEMENT, PRINT_TRUST_STATEMENT};
use crate::core::catalogue::remedy::Values;
use crate::core::check::checks::Check;
use crate::core::check::report::{Cause, ReportedFinding, Subject, Verdict, cause};
use crate::core::text::time::Timestamp;
use serde::Serialize;

/// The value of [`DoctorReport::schema`].
pub const SCHEMA: &str = "irsa-probe/doctor/v1";

/// What one walk found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DoctorReport {
    /// [`SCHEMA`]
    pub schema: &'static str,
    /// irsa-probe's.
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
    /// Who was examined.
    pub subject: Subject,
    /// Where.
    pub cluster: Cluster,
    /// How the identity is to reach the pods, and which role it is.
    pub expected: DoctorExpected,
    /// Checks without which nothing is proven, and that could not be made.
    pub undecided: Vec<&'static str>,
    /// The heading that each finding stands under, in the findings' order. It is not in the JSON.
    #[serde(skip)]
    pub headings: Vec<&'static str>,
    /// What keeps several checks from being made, for the text. In the JSON each check says it in `because`.
    #[serde(skip)]
    pub obstacles: Vec<ObstacleReport>,
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
pub struct DoctorExpected {
    /// `irsa`, `pod-identity` or `none`.
    pub provider: &'static str,
    /// The role.
    pub role_arn: Option<String>,
}

/// Reports on all that was found. Total: any answers give a report.
pub fn report(found: &Found, time: Timestamp) -> DoctorReport {
    let mut state = WalkState::from_found(found);
    state.time = Some(time);
    let walk = walk(found, &state);
    let obstacles = obstacles(found, &state, &known_values(&state, &[]), &walk.blocked);
    // Every finding of doctor is a failure, so that the walk's order is the order of their weight, too.
    let findings: Vec<ReportedFinding> = walk.findings.iter().map(|(_, finding)| reported(finding, &state)).collect();
    let headings = walk.findings.iter().map(|(heading, _)| *heading).collect();
    let root_cause = findings.first().filter(|finding| finding.severity == Severity::Fail).map(|finding| finding.cause.clone());
    let verdict = match (&root_cause, walk.undecided.is_empty()) {
        (Some(_), _) => Verdict::Fail,
        (None, true) => Verdict::Pass,
        (None, false) => Verdict::Unknown,
    };
    DoctorReport {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        time,
        verdict,
        root_cause,
        findings,
        checks: walk.checks,
        expected: DoctorExpected { provider: state.route.id(), role_arn: state.role.ok().map(|role| role.to_string()) },
        undecided: walk.undecided,
        headings,
        obstacles,
        subject: Subject {
            namespace: Some(state.namespace),
            service_account: state.service_account,
            pod: state.pod,
            node: None,
            pid: None,
            uid: None,
        },
        cluster: Cluster { name: state.cluster, context: state.context, issuer: state.issuer },
    }
}

/// A finding in the catalogue's words, or in its own, with the values of this cluster.
fn reported(finding: &DoctorFinding, state: &WalkState) -> ReportedFinding {
    let values = values(finding, state);
    let mut cause = cause(&finding.finding, &values);
    if let Some(wording) = finding.wording {
        cause.title = wording.title.to_owned();
        cause.remedy = values.fix(wording.fix, wording.commands);
    }
    if let Some(owner) = finding.pod_owner {
        let (general, known) = (values.command(&DELETE_POD), values.command(&owner.delete_pod()));
        cause.remedy.commands.iter_mut().filter(|command| **command == general).for_each(|command| *command = known.clone());
    }
    // The reader has just run it.
    let this = values.command(&DOCTOR);
    cause.remedy.commands.retain(|command| *command != this);
    let proposed = cause.remedy.snippet.clone();
    match &finding.policy_change {
        None => {}
        Some(PolicyChange::Add(statement)) => cause.remedy.snippet = Some(statement.clone()),
        Some(PolicyChange::Replace(number, statement)) => {
            let change = format!("Replace statement {number} of the role's trust policy with the statement below.");
            cause.remedy.text = format!("{change} {KEEP_THE_OTHERS}");
            cause.remedy.snippet = Some(statement.clone());
        }
        Some(PolicyChange::OwnersChoice) => {
            let change = "Change the statement that is named above. Only its owner can say what it is for.";
            cause.remedy.text = format!("{change} {KEEP_THE_OTHERS}");
            cause.remedy.snippet = None;
        }
        Some(PolicyChange::AskOwner { why, statement }) => {
            let question = statement.as_ref().map_or("", |_| {
                " Ask the policy's owner whether the statement below may be added: it lets in only this pod's service account. Do not change other \
                 statements for it."
            });
            cause.remedy.text = format!("{why}{question} {KEEP_THE_OTHERS}");
            cause.remedy.snippet.clone_from(statement);
        }
    }
    if finding.policy_change.is_some() && !is_same_document(proposed.as_deref(), cause.remedy.snippet.as_deref()) {
        // They print the statement that the catalogue proposes, and another one is proposed here.
        let others = [PRINT_TRUST_STATEMENT, PRINT_POD_IDENTITY_STATEMENT].map(|command| values.command(&command));
        cause.remedy.commands.retain(|command| !others.contains(command));
    }
    if let Some(managed) = &finding.managed {
        cause.remedy.text.push_str(&format!(" {managed}"));
    }
    ReportedFinding { severity: finding.finding.severity, cause, ignored: false }
}

/// Whether two JSON documents say the same.
fn is_same_document(one: Option<&str>, other: Option<&str>) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    one.and_then(read).is_some_and(|one| other.and_then(read) == Some(one))
}

/// What holds of every change of a role's trust policy (AWS CLI, "update-assume-role-policy").
const KEEP_THE_OTHERS: &str = "Keep all other statements: aws iam update-assume-role-policy replaces the whole policy. If code manages the role \
    (Terraform, CloudFormation, eksctl), change it there: the code undoes a change by hand.";

/// The values of a finding's fix: its own, then the state's.
fn values(finding: &DoctorFinding, state: &WalkState) -> Values {
    known_values(state, &finding.values)
}

fn known_values(state: &WalkState, own: &[(&'static str, String)]) -> Values {
    let role = state.role.as_ref().ok();
    let issuer = state.issuer.as_ref();
    let known = [
        ("namespace", Some(state.namespace.clone())),
        ("serviceAccount", state.service_account.clone()),
        ("pod", state.pod.clone()),
        ("issuer", issuer.cloned()),
        ("issuerPath", issuer.map(|issuer| issuer.strip_prefix("https://").unwrap_or(issuer).to_owned())),
        ("audience", Some(state.audience.clone())),
        ("roleArn", role.map(ToString::to_string)),
        ("roleName", role.map(|role| role.name.clone())),
        ("account", role.map(|role| role.account.to_string())),
        ("partition", role.map(|role| role.partition).or(state.partition).map(|partition| partition.id().to_owned())),
        ("region", state.region.clone()),
        ("clusterRegion", state.region.clone()),
        ("cluster", state.cluster.clone()),
        ("association", state.association.clone()),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Values::from(own.iter().cloned().chain(known).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::catalogue::Code;
    use crate::core::doctor::answer::{RefusalKind, ToolAnswer};
    use crate::core::doctor::commands;
    use crate::core::doctor::question::Question;
    use crate::core::doctor::target::{DoctorTarget, TargetKind};
    use serde_json::{Value, json};

    const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";

    fn answer(question: Question) -> Value {
        let path = "oidc.eks.eu-central-1.amazonaws.com/id/A";
        match question {
            Question::Context => json!({"current-context": "work", "contexts": [{"context": {"namespace": "shop"}}]}),
            Question::Caller => json!({"Account": "111122223333"}),
            Question::Discovery => json!({"issuer": format!("https://{path}")}),
            Question::Cluster => json!({"cluster": {"identity": {"oidc": {"issuer": format!("https://{path}")}}}}),
            Question::Webhooks => json!({"items": [{"metadata": {"name": "pod-identity-webhook"}, "webhooks": [{}]}]}),
            Question::ServiceAccount | Question::PodAccount => json!({"metadata": {
                "annotations": {"eks.amazonaws.com/role-arn": ROLE},
                "managedFields": [{
                    "time": "2026-11-02T08:00:00Z", "fieldsV1": {"f:metadata": {"f:annotations": {"f:eks.amazonaws.com/role-arn": {}}}},
                }],
            }}),
            Question::Pod => {
                let metadata = json!({"name": "checkout-1", "creationTimestamp": "2026-11-03T08:00:00Z"});
                json!({"metadata": metadata, "spec": {"serviceAccountName": "checkout", "containers": [{"name": "app"}]}})
            }
            Question::Pods => json!({"items": [answer(Question::Pod)]}),
            Question::Role => json!({"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": {"Statement": {"Effect": "Deny"}}}}),
            Question::Provider => json!({"Url": path, "ClientIDList": ["sts.amazonaws.com"]}),
            Question::Associations => json!({"associations": []}),
            Question::Events => {
                let of = |kind: &str, reason: &str| json!({"involvedObject": {"kind": kind, "name": "checkout-1"}, "message": "m", "reason": reason});
                let refused = ["ReplicaSet", "DaemonSet", "StatefulSet", "Job"].map(|kind| of(kind, "FailedCreate"));
                json!({"items": [of("Pod", "BackOff"), refused[0], refused[1], refused[2], refused[3]]})
            }
            Question::AwsAuth => json!({"metadata": {}, "data": {"mapRoles": "- rolearn: x"}}),
            Question::Others | Question::ReplicaSets | Question::DaemonSets | Question::StatefulSets | Question::Jobs => {
                json!({"items": []})
            }
            Question::Attached => json!({"AttachedPolicies": []}),
            Question::Inline => json!({"PolicyNames": []}),
            Question::Association => json!({"association": {}}),
            Question::Providers => json!({"OpenIDConnectProviderList": []}),
        }
    }

    fn found(kind: TargetKind, answers: &dyn Fn(Question) -> ToolAnswer) -> Found {
        let target =
            DoctorTarget { kind, name: "checkout".to_owned(), namespace: None, cluster: Some("production".to_owned()), aws_auth: true };
        let mut found = Found::new(target);
        for _ in 0..30 {
            for command in commands::due(&mut found) {
                found.add(command.question, answers(command.question));
            }
        }
        found
    }

    /// Whatever one tool says or refuses: there is a report, and what was refused or makes no sense is no proof.
    #[test]
    fn any_answers_give_a_report() {
        let odd =
            [json!(null), json!([]), json!("x"), json!(-1), json!({"items": [null, [], {"metadata": 1, "spec": {"containers": "x"}}]})];
        let odd = odd.into_iter().map(ToolAnswer::Given);
        let refused = [RefusalKind::Denied, RefusalKind::Login, RefusalKind::TimedOut, RefusalKind::TooOld]
            .map(|why| ToolAnswer::Refused(why, "no".to_owned()));
        for odd in odd.chain(refused).chain([ToolAnswer::Absent("none".to_owned())]) {
            for question in Question::ALL {
                for kind in [TargetKind::Either, TargetKind::ServiceAccount, TargetKind::Pod] {
                    let answers = |asked| if asked == *question { odd.clone() } else { ToolAnswer::Given(answer(asked)) };
                    let report = report(&found(kind, &answers), Timestamp(0));
                    assert_eq!(report.verdict == Verdict::Fail, report.root_cause.is_some());
                    assert!(report.findings.iter().all(|finding| finding.severity == Severity::Fail));
                    assert_eq!(report.headings.len(), report.findings.len());
                    assert_eq!(report.checks.len(), 16);
                }
            }
        }
        for odd in [ToolAnswer::Given(json!(null)), ToolAnswer::Refused(RefusalKind::Other, "no".to_owned())] {
            assert_eq!(report(&found(TargetKind::Either, &|_| odd.clone()), Timestamp(0)).verdict, Verdict::Unknown, "{odd:?}");
        }
    }

    /// Beyond the scenarios of tests/doctor.rs: what may not be replaced, and order.
    #[test]
    fn a_policy_of_others_is_never_replaced() {
        let report = report(&found(TargetKind::Either, &|question| ToolAnswer::Given(answer(question))), Timestamp(0));
        let codes: Vec<Code> = report.findings.iter().map(|finding| finding.cause.code).collect();
        assert_eq!(codes, [Code::TrustPolicyDenied, Code::PodNotInjected, Code::RoleArnMalformed], "in the order of the walk");
        let aws_auth = &report.findings[2].cause;
        let commands: Vec<&str> = aws_auth.remedy.commands.iter().map(|command| command.command.as_str()).collect();
        assert!(aws_auth.title.contains("aws-auth"));
        assert_eq!(commands, ["kubectl -n kube-system get configmap aws-auth -o yaml", "kubectl -n kube-system edit configmap aws-auth"]);
        let other = |question| match question {
            Question::Role => json!({"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
            }]}}}),
            other => answer(other),
        };
        let report = super::report(&found(TargetKind::Either, &|question| ToolAnswer::Given(other(question))), Timestamp(0));
        let remedy = report.root_cause.unwrap().remedy;
        let statement: Value = serde_json::from_str(&remedy.snippet.unwrap()).unwrap();
        assert_eq!(statement["Effect"], "Allow", "a statement, and no document");
        assert!(statement.to_string().contains("system:serviceaccount:shop:checkout"), "{statement}");
        assert!(remedy.text.contains("replaces the whole policy") && remedy.text.contains("managed by code"), "{}", remedy.text);
        assert!(!remedy.commands.iter().any(|command| command.command.contains("irsa-probe doctor")), "{:?}", remedy.commands);
    }
}
