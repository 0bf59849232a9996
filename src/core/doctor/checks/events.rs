//! What the cluster's warnings say of the pods: which ones are refused, and what else there is.

use crate::core::catalogue::Code;
use crate::core::doctor::admission::{Admission, is_failed_create};
use crate::core::doctor::check::DoctorVerdict;
use crate::core::doctor::document::{event_time, has_more, list, text};
use crate::core::doctor::found::Found;
use crate::core::doctor::pod::Pod;
use crate::core::doctor::question::Question;
use crate::core::doctor::state::{self, Unknown, WalkState};
use crate::core::text::printable::shorten;
use crate::core::text::secrets::redact;
use serde_json::Value;

/// How many refusals and warnings are told.
const SHOWN: usize = 3;
/// Why a full page of warnings proves nothing.
const TOO_MANY: &str = "the namespace has more warnings than are read";

/// Whether the API server refuses the service account's pods now, as their controllers' events say.
pub fn admitted(found: &Found, state: &WalkState) -> DoctorVerdict {
    if state.pod.is_some() {
        return DoctorVerdict::Skip("one pod is examined, and it is there".to_owned());
    }
    if state::is_account_missing(found) == Some(true) {
        return DoctorVerdict::because(Code::ServiceAccountMissing);
    }
    if state.service_account.is_none() {
        return DoctorVerdict::not_seen(state::why_no_account(found));
    }
    let Some(events) = found.given(Question::Events) else { return DoctorVerdict::not_answered(found, Question::Events) };
    let admission = Admission::from_found(found, state);
    if !admission.refused.is_empty() {
        return DoctorVerdict::finding(Code::PodsRefused, describe_refused(&admission));
    }
    match why_unseen(&admission) {
        Some(why) => DoctorVerdict::not_seen(why),
        None if has_more(events) => DoctorVerdict::not_seen(TOO_MANY),
        None => DoctorVerdict::Pass(String::new()),
    }
}

/// The latest refusal with its whole message, the others with short ones.
fn describe_refused(admission: &Admission) -> String {
    let mut sentences = Vec::new();
    for (index, refused) in admission.refused.iter().take(SHOWN).enumerate() {
        let message = match index {
            0 => refused.message.as_str().into(),
            _ => shorten(&refused.message, 200),
        };
        let at = refused.at.map(|at| format!(", at {at}")).unwrap_or_default();
        sentences.push(format!(
            "{} has {} of {} pods; the API server refused the last try{at}: {}.",
            refused.controller,
            refused.existing,
            refused.wanted,
            message.trim_end_matches(['.', ' '])
        ));
    }
    let more = admission.refused.len().saturating_sub(SHOWN);
    if more > 0 {
        sentences.push(format!("The same with {more} more."));
    }
    sentences.join(" ")
}

/// Why refused pods may be of this service account, which was not seen.
fn why_unseen(admission: &Admission) -> Option<String> {
    let (controller, why) = admission.unseen.first()?;
    Some(format!("pods of {controller} were refused, and whether they are of this service account is not known: {why}"))
}

/// The verdict where no pod has the service account, which is no proof that none was to have it.
pub fn no_pods(found: &Found, state: &WalkState) -> DoctorVerdict {
    let admission = Admission::from_found(found, state);
    if !admission.refused.is_empty() {
        return DoctorVerdict::because(Code::PodsRefused);
    }
    if let Some(controller) = admission.waiting.first() {
        return DoctorVerdict::not_seen(format!("{controller} uses it, and its pods do not exist yet"));
    }
    if let Some(why) = why_unseen(&admission) {
        return DoctorVerdict::not_seen(why);
    }
    let name = state.service_account.as_deref().unwrap_or_default();
    let none = format!("No pod of namespace {} has serviceAccountName: {name} now.", state.namespace);
    let why_unknown = match found.given(Question::Events) {
        Some(events) if !has_more(events) => return DoctorVerdict::finding(Code::ServiceAccountNotUsed, none),
        Some(_) => TOO_MANY.to_owned(),
        None => found.why_missing(Question::Events).text,
    };
    let detail = format!("{none} Whether the cluster refuses its pods is not known: {why_unknown}.");
    DoctorVerdict::finding(Code::ServiceAccountNotUsed, detail)
}

/// Whether there are warnings about these pods, or about pods that could not be made with this service account.
pub fn warnings(found: &Found, state: &WalkState) -> DoctorVerdict {
    let Some(events) = found.given(Question::Events) else { return DoctorVerdict::not_answered(found, Question::Events) };
    let Some(account) = &state.service_account else { return DoctorVerdict::Skip("the service account is not known".to_owned()) };
    let pods = state::pods(found);
    let is_missing = state::is_account_missing(found) == Some(true);
    let quoted = [format!("serviceaccount \"{account}\""), format!("service account {}/{account}", state.namespace)];
    let is_ours = |event: &&Value| {
        let object = text(event, "/involvedObject/name").unwrap_or_default();
        let message = text(event, "/message").unwrap_or_default();
        if text(event, "/type") == Some("Normal") {
            return false;
        }
        match pods.iter().find(|pod| pod.name() == object) {
            Some(pod) => !is_of_start(*pod, event),
            // `admitted` tells refusals, unless the account is missing, which they are about then.
            None => quoted.iter().any(|words| message.contains(words)) && (is_missing || !is_failed_create(event)),
        }
    };
    let mut ours: Vec<&Value> = list(events, "/items").iter().filter(is_ours).collect();
    ours.sort_by_key(|event| event_time(event));
    let latest: Vec<String> = ours.into_iter().rev().take(SHOWN).map(describe_event).collect();
    if !latest.is_empty() {
        return DoctorVerdict::Note("the cluster warns about them", latest.join("; "));
    }
    match admitted(found, state) {
        // There the refusals are told, or why there may be some.
        DoctorVerdict::Findings(_) => DoctorVerdict::Unknown(Unknown::Because(Code::PodsRefused)),
        DoctorVerdict::Unknown(unknown) => DoctorVerdict::Unknown(unknown),
        // Warnings name pods. Without the pods' names none of them can be told from others'.
        _ if state.pod.is_none() && found.given(Question::Pods).is_none() => DoctorVerdict::not_answered(found, Question::Pods),
        _ => DoctorVerdict::Pass(String::new()),
    }
}

fn describe_event(event: &Value) -> String {
    let field = |pointer| text(event, pointer).unwrap_or_default();
    let message = redact(field("/message"));
    format!("{} {}: {}", field("/reason"), field("/involvedObject/name"), shorten(&message, 160))
}

/// Whether a probe failed before the pod became ready, as happens in each start while the application is not yet up.
fn is_of_start(pod: Pod<'_>, event: &Value) -> bool {
    let at = event_time(event);
    text(event, "/reason") == Some("Unhealthy") && at.is_some() && at <= pod.ready_since()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::doctor::answer::ToolAnswer;
    use crate::core::doctor::target::DoctorTarget;
    use serde_json::json;

    #[test]
    fn the_latest_warnings_are_told() {
        let event = |reason: &str, second: u8| {
            json!({
                "type": "Warning", "reason": reason, "message": "m", "involvedObject": {"kind": "Pod", "name": "checkout-1"},
                "lastTimestamp": format!("2026-11-03T10:00:{second:02}Z"),
            })
        };
        let mut found = Found::new(DoctorTarget::parse("sa/checkout", None, None, false).unwrap());
        let pod = json!({"metadata": {"name": "checkout-1"}, "spec": {"serviceAccountName": "checkout"}});
        found.add(Question::Pods, ToolAnswer::Given(json!({"items": [pod]})));
        let events = [event("Second", 30), event("Fourth", 10), event("First", 30), event("Third", 20)];
        found.add(Question::Events, ToolAnswer::Given(json!({"items": events})));
        let verdict = warnings(&found, &WalkState::from_found(&found));
        let DoctorVerdict::Note(_, detail) = verdict else { panic!("{verdict:?}") };
        // Of the same second, what the API server lists later is later.
        assert_eq!(detail, "First checkout-1: m; Second checkout-1: m; Third checkout-1: m");
    }
}
