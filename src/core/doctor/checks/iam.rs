//! What IAM holds: the OIDC provider, the role, its trust policy, its permission policies.

use crate::core::aws::arn::RoleArn;
use crate::core::catalogue::Code;
use crate::core::doctor::answer::ToolAnswer;
use crate::core::doctor::check::{DoctorFinding, DoctorVerdict, PolicyChange, list_few};
use crate::core::doctor::document::{list, text};
use crate::core::doctor::found::Found;
use crate::core::doctor::managed::describe_manager;
use crate::core::doctor::question::Question;
use crate::core::doctor::route::IdentityRoute;
use crate::core::doctor::state::WalkState;
use crate::core::doctor::wordings;
use crate::core::policy::{self, Decision, Evaluation, Reason, Request};
use serde_json::Value;

/// The role, when it is known and what IAM answered to these questions is about its account. The error is the check's verdict.
fn role_in_reach<'a>(found: &Found, state: &'a WalkState, questions: &[Question]) -> Result<&'a RoleArn, DoctorVerdict> {
    let role = state.role.as_ref().map_err(|unknown| DoctorVerdict::Unknown(unknown.clone()))?;
    let is_answered = |question: &Question| matches!(found.get(*question), Some(ToolAnswer::Given(_) | ToolAnswer::Absent(_)));
    match state.why_out_of_reach(found, role) {
        Some(why) if questions.iter().any(is_answered) => Err(DoctorVerdict::not_seen(why)),
        _ => Ok(role),
    }
}

/// Whether IAM has the issuer's OIDC provider, in the role's account and with the issuer's URL.
pub fn provider(found: &Found, state: &WalkState) -> DoctorVerdict {
    if state.route == IdentityRoute::PodIdentity {
        return DoctorVerdict::Skip("Pod Identity needs none".to_owned());
    }
    let role = match role_in_reach(found, state, &[Question::Provider, Question::Providers]) {
        Ok(role) => role,
        Err(verdict) => return verdict,
    };
    let (Ok(arn), Some(issuer)) = (state.provider_arn(role), &state.issuer) else {
        return DoctorVerdict::not_answered(found, Question::Provider);
    };
    let missing = |detail: String| DoctorVerdict::finding(Code::OidcProviderMissing, detail);
    let none = format!("Account {} has no provider for {issuer}.", role.account);
    let all: Option<Vec<&str>> = found
        .given(Question::Providers)
        .map(|answer| list(answer, "/OpenIDConnectProviderList").iter().filter_map(|provider| text(provider, "/Arn")).collect());
    match (found.get(Question::Provider), all) {
        (Some(ToolAnswer::Given(provider)), _) => {
            let url = text(provider, "/Url").unwrap_or_default();
            match url.trim_start_matches("https://") == issuer.trim_start_matches("https://") {
                true => DoctorVerdict::Pass(arn),
                false => missing(format!("The provider {arn} has the URL {url}, and the cluster's issuer is {issuer}.")),
            }
        }
        // A user who may not read a provider may still list them.
        (Some(ToolAnswer::Refused(..)), Some(all)) if all.contains(&arn.as_str()) => DoctorVerdict::Pass(arn),
        (Some(ToolAnswer::Absent(_) | ToolAnswer::Refused(..)), Some(all)) if !all.contains(&arn.as_str()) => {
            missing(format!("{none} {}", describe_other_providers(&arn, &all)))
        }
        (Some(ToolAnswer::Absent(_)), _) => missing(none),
        _ => DoctorVerdict::not_answered(found, Question::Provider),
    }
}

/// The account's providers beside the one that is missing: those of the same host are other clusters'.
fn describe_other_providers(missing: &str, all: &[&str]) -> String {
    let path = |arn: &str| arn.split_once("oidc-provider/").map(|(_, path)| path.to_owned()).unwrap_or_default();
    let missing = path(missing);
    let host = missing.split('/').next().unwrap_or_default();
    let same_host: Vec<String> = all.iter().map(|arn| path(arn)).filter(|path| path.starts_with(host)).collect();
    match (all.len(), same_host.is_empty()) {
        (0, _) => "It has none at all.".to_owned(),
        (n, true) => format!("It has {n}, of other hosts."),
        (_, false) => format!("It has those of other clusters: {}.", list_few(&same_host)),
    }
}

/// Whether the provider's client ids hold the tokens' audience.
pub fn audience(found: &Found, state: &WalkState) -> DoctorVerdict {
    if state.route == IdentityRoute::PodIdentity {
        return DoctorVerdict::Skip("Pod Identity needs none".to_owned());
    }
    if let DoctorVerdict::Findings(_) = provider(found, state) {
        return DoctorVerdict::because(Code::OidcProviderMissing);
    }
    if let Err(verdict) = role_in_reach(found, state, &[Question::Provider]) {
        return verdict;
    }
    let Some(provider) = found.given(Question::Provider) else { return DoctorVerdict::not_answered(found, Question::Provider) };
    let ids: Vec<&str> = list(provider, "/ClientIDList").iter().filter_map(Value::as_str).collect();
    match ids.contains(&state.audience.as_str()) {
        true => DoctorVerdict::Pass(state.audience.clone()),
        false => DoctorVerdict::finding(
            Code::AudienceNotRegistered,
            format!("The service account's tokens are for {:?}; the provider admits: {}.", state.audience, list_few(&ids)),
        ),
    }
}

/// Whether the role exists, under the very ARN.
pub fn role(found: &Found, state: &WalkState) -> DoctorVerdict {
    let role = match role_in_reach(found, state, &[Question::Role]) {
        Ok(role) => role,
        Err(verdict) => return verdict,
    };
    let answer = match found.get(Question::Role) {
        Some(ToolAnswer::Given(answer)) => answer,
        Some(ToolAnswer::Absent(_)) => {
            return DoctorVerdict::finding(Code::RoleMissing, format!("Account {} has no role {}.", role.account, role.name));
        }
        _ => return DoctorVerdict::not_answered(found, Question::Role),
    };
    let arn = text(answer, "/Role/Arn").unwrap_or_default();
    // IAM finds a role by its name alone; STS takes the ARN with its path only.
    if arn.eq_ignore_ascii_case(&role.to_string()) {
        return DoctorVerdict::Pass(arn.to_owned());
    }
    let detail = format!("There is no {role}. The role of that name is {arn}: the path has to be written as IAM has it.");
    let wording = if state.route == IdentityRoute::PodIdentity { &wordings::ARN_BY_ASSOCIATION } else { &wordings::ARN_BY_ANNOTATION };
    DoctorFinding::new(Code::RoleMissing, detail).with_value("roleArn", arn).with_wording(wording).into()
}

/// Whether the role's trust policy lets the service account in, evaluated as IAM does.
pub fn trust_policy(found: &Found, state: &WalkState) -> DoctorVerdict {
    let role = match role_in_reach(found, state, &[Question::Role]) {
        Ok(role) => role,
        Err(verdict) => return verdict,
    };
    let answer = match found.get(Question::Role) {
        Some(ToolAnswer::Given(answer)) => answer,
        Some(ToolAnswer::Absent(_)) => return DoctorVerdict::because(Code::RoleMissing),
        _ => return DoctorVerdict::not_answered(found, Question::Role),
    };
    // aws decodes the document. What it cannot decode stays a text.
    let document = match answer.pointer("/Role/AssumeRolePolicyDocument") {
        Some(Value::String(text)) => text.clone(),
        Some(document) => document.to_string(),
        None => return DoctorVerdict::not_seen("aws showed no trust policy"),
    };
    let Ok(document) = policy::parse(&document) else { return DoctorVerdict::not_seen("the trust policy cannot be read") };
    let Some((request, code)) = role_request(found, state, role) else {
        return DoctorVerdict::not_seen("the cluster's issuer is not known");
    };
    let request = if let Some(time) = state.time { request.at(time) } else { request };
    let evaluation = policy::evaluate(&document, &request);
    match evaluation.decision {
        Decision::Allow => DoctorVerdict::Pass(match state.route {
            IdentityRoute::PodIdentity => request.principal.clone(),
            _ => policy::subject(&state.namespace, state.service_account.as_deref().unwrap_or_default()),
        }),
        _ if !evaluation.undecided.is_empty() => {
            DoctorVerdict::not_seen(format!("it hangs on condition keys that are not known here: {}", evaluation.undecided.join(", ")))
        }
        decision => DoctorFinding::new(code, describe_denial(&evaluation, decision))
            .with_policy_change(policy_change(&evaluation))
            .with_manager(describe_manager(answer))
            .into(),
    }
}

/// The proposed edit, as a statement.
fn policy_change(evaluation: &Evaluation) -> PolicyChange {
    let edit = evaluation.edit.as_ref();
    let statement = edit.and_then(|edit| Some((edit.index, serde_json::to_string_pretty(&edit.statement).ok()?)));
    match statement {
        None => PolicyChange::OwnersChoice,
        Some((index, statement)) if index < evaluation.statements.len() => PolicyChange::Replace(index + 1, statement),
        Some((_, statement)) => PolicyChange::Add(statement),
    }
}

/// The request that the role has to allow, and the code of its denial; `None` where the issuer is not known.
fn role_request(found: &Found, state: &WalkState, role: &RoleArn) -> Option<(Request, Code)> {
    let name = state.service_account.as_deref().unwrap_or_default();
    if state.route == IdentityRoute::PodIdentity {
        let request = Request::pod_identity(Some(&state.namespace), Some(name), Some(role));
        let cluster = found.given(Question::Cluster).filter(|_| state.other_cluster.is_none());
        let known = cluster.and_then(|cluster| Some((text(cluster, "/cluster/name")?, text(cluster, "/cluster/arn")?)));
        let request = if let Some((name, arn)) = known { request.from_cluster(name, arn) } else { request };
        return Some((request, Code::PodIdentityTrustDenied));
    }
    let subject = policy::subject(&state.namespace, name);
    let request = Request::irsa(state.issuer.as_ref()?, &subject, vec![state.audience.clone()], role);
    Some((request, Code::TrustPolicyDenied))
}

/// Why the nearest statement does not allow it, and the edit that would, or why there is none.
fn describe_denial(evaluation: &Evaluation, decision: Decision) -> String {
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
            sentences.extend(statement.reasons.iter().map(describe_reason));
        }
        None => sentences.push("It has no statement that allows anything.".to_owned()),
    }
    sentences.extend(evaluation.document.iter().map(describe_reason));
    sentences.extend(evaluation.edit.iter().map(|edit| format!("The edit: {}", sentence(&edit.summary))));
    let rests = evaluation.edit.iter().map(|edit| format!("Access still hangs on this then: {}", sentence(&edit.rests_on.join("; "))));
    sentences.extend(rests);
    sentences.extend(evaluation.no_edit.iter().map(|why| format!("No edit is proposed: {}", sentence(why))));
    sentences.join(" ")
}

/// A reason with what was wanted and what was found.
fn describe_reason(reason: &Reason) -> String {
    if reason.wanted.is_empty() && reason.found.is_empty() {
        return sentence(&format!("{}: {}", reason.element, reason.why));
    }
    let (wanted, found) = (list_few(&reason.wanted), list_few(&reason.found));
    format!("{}: {} (wanted: {wanted}; found: {found}).", reason.element, reason.why)
}

/// With a full stop at its end.
fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

/// Whether the role has permission policies. Their names alone are read: what they allow is another question.
pub fn permission_policies(found: &Found, state: &WalkState) -> DoctorVerdict {
    if let Err(verdict) = role_in_reach(found, state, &[Question::Role, Question::Attached]) {
        return verdict;
    }
    if found.is_absent(Question::Role) {
        return DoctorVerdict::because(Code::RoleMissing);
    }
    let Some(attached) = found.given(Question::Attached) else { return DoctorVerdict::not_answered(found, Question::Attached) };
    let Some(inline) = found.given(Question::Inline) else { return DoctorVerdict::not_answered(found, Question::Inline) };
    let attached = list(attached, "/AttachedPolicies").iter().filter_map(|policy| text(policy, "/PolicyName")).map(str::to_owned);
    let inline = list(inline, "/PolicyNames").iter().filter_map(Value::as_str).map(|name| format!("{name} (inline)"));
    let names: Vec<String> = attached.chain(inline).collect();
    match names.is_empty() {
        true => DoctorVerdict::Note(
            "the role has no permission policies",
            "it may do only what other accounts' and resources' policies allow it".to_owned(),
        ),
        false => DoctorVerdict::Pass(list_few(&names)),
    }
}
