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
use crate::core::policy::{self, Decision, Document, Edit, Evaluation, Json, Judged, Reason, Request};
use crate::core::text::secrets::redact_value;
use serde_json::Value;
use std::borrow::Cow;

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
        (0, _) => "It has no provider at all.".to_owned(),
        (n, true) => format!("It has {n} providers, all of other hosts."),
        (_, false) => format!("It has providers of other clusters: {}.", list_few(&same_host)),
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
            format!("The service account's tokens are for {:?}; the provider accepts: {}.", state.audience, list_few(&ids)),
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
    let detail = format!("There is no {role}. The role of that name is {arn}: write its path as IAM has it.");
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
        return DoctorVerdict::not_seen(found.why_missing(Question::Discovery).in_words("the cluster's issuer is not known"));
    };
    let request = if let Some(time) = state.time { request.at(time) } else { request };
    let evaluation = policy::evaluate(&document, &request);
    match evaluation.decision {
        Decision::Allow => DoctorVerdict::Pass(match state.route {
            IdentityRoute::PodIdentity => request.principal.clone(),
            _ => policy::subject(&state.namespace, state.service_account.as_deref().unwrap_or_default()),
        }),
        _ if !evaluation.undecided.is_empty() => {
            DoctorVerdict::not_seen(format!("it depends on condition keys that are not known here: {}", evaluation.undecided.join(", ")))
        }
        _ => DoctorFinding::new(code, describe_denial(&document, &request, &evaluation))
            .with_policy_change(policy_change(&document, &request, &evaluation))
            .with_manager(describe_manager(answer))
            .into(),
    }
}

/// The proposed edit, as a statement; where there is none, what to ask the policy's owner.
fn policy_change(document: &Document, request: &Request, evaluation: &Evaluation) -> PolicyChange {
    let shown = |statement| serde_json::to_string_pretty(statement).ok();
    if let Some((index, statement)) = evaluation.edit.as_ref().and_then(|edit| Some((edit.index, shown(&edit.statement)?))) {
        return match index < evaluation.statements.len() {
            true => PolicyChange::Replace(index + 1, statement),
            false => PolicyChange::Add(statement),
        };
    }
    if evaluation.decision == Decision::ExplicitDeny {
        return PolicyChange::OwnersChoice;
    }
    let why = sentence(evaluation.no_edit.as_deref().unwrap_or("No edit is known"));
    PolicyChange::AskOwner { why: capitalized(&why), statement: own_statement(document, request).as_ref().and_then(shown) }
}

/// The statement for this pod alone: what is proposed for a policy without any. `None` where the policy would keep the pod out all the same.
fn own_statement(document: &Document, request: &Request) -> Option<Json> {
    let empty = policy::parse(r#"{"Version": "2012-10-17", "Statement": []}"#).ok()?;
    let edit = Edit { index: document.statements().len(), ..policy::evaluate(&empty, request).edit? };
    let then = policy::judge(&edit.apply(document), request);
    (then.decision == Decision::Allow || !then.undecided.is_empty()).then_some(edit.statement)
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

/// Why the nearest statement does not allow it, and the edit that would. A statement that names others alone is theirs and is never the nearest.
fn describe_denial(document: &Document, request: &Request, evaluation: &Evaluation) -> String {
    let explicit = evaluation.decision == Decision::ExplicitDeny;
    let denies = |effect: &str| effect.eq_ignore_ascii_case("deny");
    let of_effect = evaluation.statements.iter().zip(document.statements()).filter(|(judged, _)| denies(&judged.effect) == explicit);
    let nearest = match explicit {
        true => of_effect.map(|(judged, _)| judged).find(|judged| judged.matches),
        false => of_effect
            .filter(|(judged, statement)| is_of_principal(judged, statement, request))
            .map(|(judged, _)| judged)
            .min_by_key(|judged| judged.reasons.len()),
    };
    let mut sentences = Vec::new();
    match nearest {
        Some(statement) => {
            let sid = statement.sid.as_ref().map(|sid| format!(" ({sid})")).unwrap_or_default();
            let what = if explicit { "denies it" } else { "does not apply" };
            sentences.push(format!("Statement {}{sid} {what}.", statement.index + 1));
            sentences.extend(statement.reasons.iter().map(describe_reason));
        }
        None if evaluation.statements.iter().all(|judged| denies(&judged.effect)) => {
            sentences.push("It has no statement that allows anything.".to_owned());
        }
        None => sentences.push(describe_others(document, request)),
    }
    sentences.extend(evaluation.document.iter().map(describe_reason));
    sentences.extend(evaluation.edit.iter().map(|edit| format!("Proposed change: {}", sentence(&edit.summary))));
    let rests = evaluation.edit.iter().map(|edit| format!("Access then also needs: {}", sentence(&edit.rests_on.join("; "))));
    sentences.extend(rests);
    sentences.extend(evaluation.no_edit.iter().filter(|_| explicit).map(|why| format!("No change is proposed: {}", sentence(why))));
    sentences.join(" ")
}

/// The values of a statement's `Principal`.
fn principals(statement: &Json) -> impl Iterator<Item = &str> {
    let kinds = statement.get("Principal").map(Json::members).unwrap_or_default();
    kinds.iter().flat_map(|(_, values)| values.many()).filter_map(Json::text)
}

/// Whether a statement is about who asks: its principal is met, or is the same issuer or service in another spelling. EKS's ids tell clusters apart
/// by themselves (docs/facts.md#projected-token).
fn is_of_principal(judged: &Judged, statement: &Json, request: &Request) -> bool {
    let ours = request.issuer_path.as_deref().unwrap_or(&request.principal).trim_end_matches('/').to_ascii_lowercase();
    let id = ours.rsplit_once("/id/").map_or(ours.as_str(), |(_, id)| id);
    let is_met = !judged.reasons.iter().any(|reason| ["Principal", "NotPrincipal"].contains(&reason.element.as_str()));
    is_met || principals(statement).any(|value| value.to_ascii_lowercase().contains(id))
}

/// That no statement is for who asks, and for whom they are.
fn describe_others(document: &Document, request: &Request) -> String {
    let ours = match request.issuer_path {
        Some(_) => format!("this pod's provider, {}", request.principal),
        None => format!("EKS Pod Identity, {}", request.principal),
    };
    let mut others: Vec<Cow<'_, str>> = document.statements().iter().flat_map(principals).map(redact_value).collect();
    others.sort();
    others.dedup();
    format!("No statement names {ours}. The statements are for others: {}.", list_few(&others))
}

/// A reason with what was wanted and what was found.
fn describe_reason(reason: &Reason) -> String {
    if reason.wanted.is_empty() && reason.found.is_empty() {
        return sentence(&format!("{}: {}", reason.element, reason.why));
    }
    let (wanted, found) = (list_few(&reason.wanted), list_few(&reason.found));
    format!("{}: {} (wanted: {wanted}; found: {found}).", reason.element, reason.why)
}

/// With a capital at its beginning.
fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
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
        true => {
            DoctorVerdict::Note("the role has no permission policies", "it can do only what the policies of resources allow".to_owned())
        }
        false => DoctorVerdict::Pass(list_few(&names)),
    }
}
