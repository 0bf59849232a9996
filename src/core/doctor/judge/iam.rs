//! What IAM holds: the OIDC provider, the role, its trust policy, its permission policies.

use super::some;
use crate::core::aws::arn::RoleArn;
use crate::core::catalogue::Code;
use crate::core::doctor::ask::Question;
use crate::core::doctor::case::{IdentityRoute, Unknown, WalkState};
use crate::core::doctor::checks::{DoctorFinding, DoctorVerdict, Wording, open};
use crate::core::doctor::read::{list, text};
use crate::core::doctor::{Found, ToolAnswer};
use crate::core::policy::{self, Decision, Evaluation, Reason, Request};
use serde_json::Value;

/// The role, when it is known and what IAM answered to these questions is about its account.
fn role_of<'a>(found: &Found, case: &'a WalkState, questions: &[Question]) -> Result<&'a RoleArn, DoctorVerdict> {
    let role = case.role.as_ref().map_err(|unknown| DoctorVerdict::Unknown(unknown.clone()))?;
    let answered = questions.iter().any(|question| matches!(found.get(*question), Some(ToolAnswer::Given(_) | ToolAnswer::Absent(_))));
    match case.elsewhere(found, role).filter(|_| answered) {
        Some(why) => Err(DoctorVerdict::Unknown(Unknown::Open(why))),
        None => Ok(role),
    }
}

/// There, in the role's account, with the issuer's URL.
pub fn provider(found: &Found, case: &WalkState) -> DoctorVerdict {
    if case.way == IdentityRoute::PodIdentity {
        return DoctorVerdict::Skip("Pod Identity needs none".to_owned());
    }
    let role = match role_of(found, case, &[Question::Provider, Question::Providers]) {
        Ok(role) => role,
        Err(judged) => return judged,
    };
    let (Ok(arn), Some(issuer)) = (case.provider_arn(role), &case.issuer) else { return open(found, Question::Provider) };
    let all = found.given(Question::Providers).map(|all| list(all, "/OpenIDConnectProviderList"));
    let others: Vec<&str> = all.unwrap_or_default().iter().filter_map(|one| text(one, "/Arn")).collect();
    let path = |arn: &str| arn.split_once("oidc-provider/").map(|(_, path)| path.to_owned()).unwrap_or_default();
    match found.get(Question::Provider) {
        Some(ToolAnswer::Given(provider)) => {
            let url = text(provider, "/Url").unwrap_or_default();
            match url.trim_start_matches("https://") == issuer.trim_start_matches("https://") {
                true => DoctorVerdict::Good(arn),
                false => missing(format!("The provider {arn} has the URL {url}, and the cluster's issuer is {issuer}.")),
            }
        }
        Some(ToolAnswer::Refused(..)) if others.contains(&arn.as_str()) => DoctorVerdict::Good(arn),
        Some(ToolAnswer::Absent(_)) | Some(ToolAnswer::Refused(..)) if all.is_some() && !others.contains(&arn.as_str()) => {
            let host = path(&arn).split('/').next().unwrap_or_default().to_owned();
            let same_host: Vec<String> = others.iter().map(|arn| path(arn)).filter(|path| path.starts_with(&host)).collect();
            let names: Vec<&str> = same_host.iter().map(String::as_str).collect();
            let mut detail = format!("Account {} has no provider for {issuer}.", role.account);
            match (others.len(), names.is_empty()) {
                (0, _) => detail.push_str(" It has none at all."),
                (n, true) => detail.push_str(&format!(" It has {n}, of other hosts.")),
                (_, false) => detail.push_str(&format!(" It has those of other clusters: {}.", some(&names))),
            }
            missing(detail)
        }
        Some(ToolAnswer::Absent(_)) => missing(format!("Account {} has no provider for {issuer}.", role.account)),
        _ => open(found, Question::Provider),
    }
}

fn missing(detail: String) -> DoctorVerdict {
    DoctorVerdict::Bad(vec![DoctorFinding::new(Code::OidcProviderMissing, detail)])
}

/// Among the provider's client ids.
pub fn audience(found: &Found, case: &WalkState) -> DoctorVerdict {
    if case.way == IdentityRoute::PodIdentity {
        return DoctorVerdict::Skip("Pod Identity needs none".to_owned());
    }
    if let DoctorVerdict::Bad(_) = provider(found, case) {
        return DoctorVerdict::Unknown(Unknown::Because(Code::OidcProviderMissing));
    }
    if let Err(judged) = role_of(found, case, &[Question::Provider]) {
        return judged;
    }
    let Some(provider) = found.given(Question::Provider) else { return open(found, Question::Provider) };
    let ids: Vec<&str> = list(provider, "/ClientIDList").iter().filter_map(Value::as_str).collect();
    match ids.contains(&case.audience.as_str()) {
        true => DoctorVerdict::Good(case.audience.clone()),
        false => DoctorVerdict::Bad(vec![DoctorFinding::new(
            Code::AudienceNotRegistered,
            format!("The service account's tokens are for {:?}; the provider admits: {}.", case.audience, some(&ids)),
        )]),
    }
}

const OTHER_ARN: &str = "the role has another ARN in IAM";
const BY_ANNOTATION: Wording = Wording {
    title: OTHER_ARN,
    cure: "Write {roleArn} into the annotation of service account {namespace}/{serviceAccount}, and recreate its pods.",
    commands: &["kubectl -n {namespace} annotate --overwrite serviceaccount {serviceAccount} eks.amazonaws.com/role-arn={roleArn}"],
};
const BY_ASSOCIATION: Wording = Wording {
    title: OTHER_ARN,
    cure: "Give the association the role's own ARN, {roleArn} (aws eks update-pod-identity-association).",
    commands: &[],
};

/// There, under the very ARN.
pub fn role(found: &Found, case: &WalkState) -> DoctorVerdict {
    let role = match role_of(found, case, &[Question::Role]) {
        Ok(role) => role,
        Err(judged) => return judged,
    };
    let wrong = |detail: String| DoctorVerdict::Bad(vec![DoctorFinding::new(Code::RoleMissing, detail)]);
    match found.get(Question::Role) {
        Some(ToolAnswer::Given(answer)) => {
            let arn = text(answer, "/Role/Arn").unwrap_or_default();
            // STS takes the ARN with its path only.
            match arn.eq_ignore_ascii_case(&role.to_string()) {
                true => DoctorVerdict::Good(arn.to_owned()),
                false => {
                    let mut seen = DoctorFinding::new(
                        Code::RoleMissing,
                        format!("There is no {role}. The role of that name is {arn}: the path has to be written as IAM has it."),
                    );
                    seen.values.push(("roleArn", arn.to_owned()));
                    seen.instead = Some(if case.way == IdentityRoute::PodIdentity { &BY_ASSOCIATION } else { &BY_ANNOTATION });
                    DoctorVerdict::Bad(vec![seen])
                }
            }
        }
        Some(ToolAnswer::Absent(_)) => wrong(format!("Account {} has no role {}.", role.account, role.name)),
        _ => open(found, Question::Role),
    }
}

/// Evaluated as IAM does, for the service account's token, or for Pod Identity.
pub fn trust(found: &Found, case: &WalkState) -> DoctorVerdict {
    let role = match role_of(found, case, &[Question::Role]) {
        Ok(role) => role,
        Err(judged) => return judged,
    };
    let answer = match found.get(Question::Role) {
        Some(ToolAnswer::Given(answer)) => answer,
        Some(ToolAnswer::Absent(_)) => return DoctorVerdict::Unknown(Unknown::Because(Code::RoleMissing)),
        _ => return open(found, Question::Role),
    };
    let undecided = |why: String| DoctorVerdict::Unknown(Unknown::Open(why));
    // aws shows the document decoded; one that it does not stays a text.
    let document = match answer.pointer("/Role/AssumeRolePolicyDocument") {
        Some(Value::String(text)) => text.clone(),
        Some(document) => document.to_string(),
        None => return undecided("aws showed no trust policy".to_owned()),
    };
    let Ok(document) = policy::parse(&document) else { return undecided("the trust policy cannot be read".to_owned()) };
    let name = case.service_account.as_deref().unwrap_or_default();
    let (request, code) = match (case.way, &case.issuer) {
        (IdentityRoute::PodIdentity, _) => {
            let request = Request::pod_identity(Some(&case.namespace), Some(name), Some(role));
            let cluster = found.given(Question::Cluster).filter(|_| case.other_cluster.is_none());
            let known = cluster.and_then(|cluster| Some((text(cluster, "/cluster/name")?, text(cluster, "/cluster/arn")?)));
            let request = if let Some((name, arn)) = known { request.from_cluster(name, arn) } else { request };
            (request, Code::PodIdentityTrustDenied)
        }
        (_, None) => return undecided("the cluster's issuer is not known".to_owned()),
        (_, Some(issuer)) => {
            let subject = policy::subject(&case.namespace, name);
            (Request::irsa(issuer, &subject, vec![case.audience.clone()], role), Code::TrustPolicyDenied)
        }
    };
    let evaluation = policy::evaluate(&document, &request);
    match evaluation.decision {
        Decision::Allow => DoctorVerdict::Good(match case.way {
            IdentityRoute::PodIdentity => request.principal.clone(),
            _ => policy::subject(&case.namespace, name),
        }),
        _ if !evaluation.undecided.is_empty() => {
            undecided(format!("it hangs on condition keys that are not known here: {}", evaluation.undecided.join(", ")))
        }
        decision => {
            let mut seen = DoctorFinding::new(code, reasons(&evaluation, decision));
            // The role's own policy with one change: a fresh one would shut out whoever else it lets in.
            seen.edited = Some(evaluation.edit.as_ref().and_then(|edit| serde_json::to_string_pretty(&edit.apply(&document).json).ok()));
            DoctorVerdict::Bad(vec![seen])
        }
    }
}

/// Why, of the statement that comes nearest; and the edit.
fn reasons(evaluation: &Evaluation, decision: Decision) -> String {
    let explicit = decision == Decision::ExplicitDeny;
    let denies = |effect: &str| effect.eq_ignore_ascii_case("deny");
    let nearest = match explicit {
        true => evaluation.statements.iter().find(|statement| denies(&statement.effect) && statement.matches),
        false => {
            evaluation.statements.iter().filter(|statement| !denies(&statement.effect)).min_by_key(|statement| statement.reasons.len())
        }
    };
    let mut sentences = Vec::new();
    match nearest {
        Some(statement) => {
            let sid = statement.sid.as_ref().map(|sid| format!(" ({sid})")).unwrap_or_default();
            let what = if explicit { "denies it" } else { "does not apply" };
            sentences.push(format!("Statement {}{sid} {what}.", statement.index + 1));
            sentences.extend(statement.reasons.iter().map(told));
        }
        None => sentences.push("It has no statement that allows anything.".to_owned()),
    }
    sentences.extend(evaluation.document.iter().map(told));
    sentences.extend(evaluation.edit.iter().map(|edit| format!("The smallest edit: {}", sentence(&edit.summary))));
    sentences.join(" ")
}

/// A reason with both sides.
fn told(reason: &Reason) -> String {
    let values = |values: &[String]| some(&values.iter().map(String::as_str).collect::<Vec<_>>());
    match (reason.wanted.is_empty(), reason.found.is_empty()) {
        (true, true) => sentence(&format!("{}: {}", reason.element, reason.why)),
        _ => format!("{}: {} (wanted: {}; found: {}).", reason.element, reason.why, values(&reason.wanted), values(&reason.found)),
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

/// Names only: what they allow is another question.
pub fn policies(found: &Found, case: &WalkState) -> DoctorVerdict {
    if let Err(judged) = role_of(found, case, &[Question::Role, Question::Attached]) {
        return judged;
    }
    if found.absent(Question::Role) {
        return DoctorVerdict::Unknown(Unknown::Because(Code::RoleMissing));
    }
    let (attached, inline) = match (found.given(Question::Attached), found.given(Question::Inline)) {
        (None, _) => return open(found, Question::Attached),
        (_, None) => return open(found, Question::Inline),
        (Some(attached), Some(inline)) => (list(attached, "/AttachedPolicies"), list(inline, "/PolicyNames")),
    };
    let names = attached.iter().filter_map(|one| text(one, "/PolicyName")).map(str::to_owned);
    let names: Vec<String> = names.chain(inline.iter().filter_map(Value::as_str).map(|name| format!("{name} (inline)"))).collect();
    match names.is_empty() {
        true => DoctorVerdict::Note(
            "the role has no permission policies",
            "it may do only what other accounts' and resources' policies allow it".to_owned(),
        ),
        false => DoctorVerdict::Good(some(&names.iter().map(String::as_str).collect::<Vec<_>>())),
    }
}
