//! What the cluster's warnings say of the pods: which are refused, and what else there is.

use crate::core::catalogue::Code;
use crate::core::doctor::Found;
use crate::core::doctor::ask::Question;
use crate::core::doctor::case::{self, Unknown, WalkState};
use crate::core::doctor::checks::{DoctorFinding, DoctorVerdict, open};
use crate::core::doctor::injection::Pod;
use crate::core::doctor::read::{event_time, is_cut_off, list, text};
use crate::core::doctor::refused::{self, Refusals, refusals};
use crate::core::text::printable::shorten;
use crate::core::text::secrets::redact;
use serde_json::Value;

/// Refused by the API server now, as their controllers' warnings say.
pub fn admitted(found: &Found, case: &WalkState) -> DoctorVerdict {
    if case.pod.is_some() {
        return DoctorVerdict::Skip("one pod is looked at, which is there".to_owned());
    }
    if case.account_missing(found) == Some(true) {
        return DoctorVerdict::Unknown(Unknown::Because(Code::ServiceAccountMissing));
    }
    if case.service_account.is_none() {
        return DoctorVerdict::Unknown(Unknown::Open(case::why_no_account(found)));
    }
    let Some(events) = found.given(Question::Events) else { return open(found, Question::Events) };
    let refusals = refusals(found, case);
    match (refusals.current.is_empty(), unseen(&refusals)) {
        (false, _) => DoctorVerdict::Bad(vec![DoctorFinding::new(Code::PodsRefused, refused(&refusals))]),
        (true, Some(unknown)) => DoctorVerdict::Unknown(unknown),
        (true, None) if is_cut_off(events) => DoctorVerdict::Unknown(Unknown::Open(TOO_MANY.to_owned())),
        (true, None) => DoctorVerdict::Good(String::new()),
    }
}

const TOO_MANY: &str = "the namespace has more warnings than are looked at";

/// The latest refusal in full, the others in short.
fn refused(refusals: &Refusals) -> String {
    let mut detail = String::new();
    for (index, refusal) in refusals.current.iter().take(3).enumerate() {
        let message = match index {
            0 => refusal.message.as_str().into(),
            _ => shorten(&refusal.message, 200),
        };
        let at = refusal.at.map(|at| format!(", at {at}")).unwrap_or_default();
        let separate = if index == 0 { "" } else { " " };
        detail.push_str(&format!(
            "{separate}{} has {} of {} pods; the API server refused the last try{at}: {}.",
            refusal.controller,
            refusal.existing,
            refusal.wanted,
            message.trim_end_matches(['.', ' '])
        ));
    }
    match refusals.current.len() {
        0..=3 => detail,
        n => format!("{detail} The same with {} more.", n - 3),
    }
}

/// Controllers whose pods are refused, and that may be of this service account.
fn unseen(refusals: &Refusals) -> Option<Unknown> {
    let (controller, why) = refusals.unseen.first()?;
    Some(Unknown::Open(format!("pods of {controller} were refused, and whether they are of this service account is not known: {why}")))
}

/// No pod has the service account. That is no proof that none was to have it.
pub fn no_pods(found: &Found, case: &WalkState) -> DoctorVerdict {
    let refusals = refusals(found, case);
    if !refusals.current.is_empty() {
        return DoctorVerdict::Unknown(Unknown::Because(Code::PodsRefused));
    }
    if let Some(controller) = refusals.waiting.first() {
        return DoctorVerdict::Unknown(Unknown::Open(format!("{controller} uses it, and its pods are not there yet")));
    }
    if let Some(unknown) = unseen(&refusals) {
        return DoctorVerdict::Unknown(unknown);
    }
    let name = case.service_account.as_deref().unwrap_or_default();
    let mut detail = format!("No pod of namespace {} has serviceAccountName: {name} now.", case.namespace);
    match found.given(Question::Events) {
        Some(events) if !is_cut_off(events) => {}
        Some(_) => detail.push_str(&format!(" Whether the cluster refuses its pods is not known: {TOO_MANY}.")),
        None => detail.push_str(&format!(" Whether the cluster refuses its pods is not known: {}.", found.why(Question::Events))),
    }
    DoctorVerdict::Bad(vec![DoctorFinding::new(Code::ServiceAccountNotUsed, detail)])
}

/// Warnings about these pods, or about pods that could not be made with this service account.
pub fn events(found: &Found, case: &WalkState) -> DoctorVerdict {
    let Some(answer) = found.given(Question::Events) else { return open(found, Question::Events) };
    let pods = case::pods(found);
    let Some(account) = &case.service_account else { return DoctorVerdict::Skip("the service account is not known".to_owned()) };
    let missing = case.account_missing(found) == Some(true);
    let quoted = [format!("serviceaccount \"{account}\""), format!("service account {}/{account}", case.namespace)];
    let ours = |event: &&Value| {
        let object = text(event, "/involvedObject/name").unwrap_or_default();
        let message = text(event, "/message").unwrap_or_default();
        let of_pod = pods.iter().find(|pod| pod.name() == object);
        // Refusals are judged by their controllers; where the account is missing, they are about nothing else.
        let about = of_pod.is_some() || quoted.iter().any(|words| message.contains(words)) && (missing || !refused::is_refusal(event));
        about && text(event, "/type") != Some("Normal") && !of_pod.is_some_and(|pod| was_starting(*pod, event))
    };
    let at = |event: &Value| event_time(event).map_or(i64::MIN, |at| at.0);
    let mut left: Vec<&Value> = list(answer, "/items").iter().filter(ours).collect();
    let mut latest: Vec<&Value> = Vec::new();
    while let Some(next) = (0..left.len()).max_by_key(|index| at(left[*index])).filter(|_| latest.len() < 3) {
        latest.push(left.swap_remove(next));
    }
    let said = |event: &&Value| {
        let of = |pointer| text(event, pointer).unwrap_or_default();
        let message = redact(of("/message"));
        format!("{} {}: {}", of("/reason"), of("/involvedObject/name"), shorten(&message, 160))
    };
    let words: Vec<String> = latest.iter().map(said).collect();
    if !words.is_empty() {
        return DoctorVerdict::Note("the cluster warns about them", words.join("; "));
    }
    match admitted(found, case) {
        // The warnings are told there, or it is said why there may be some.
        DoctorVerdict::Bad(_) => DoctorVerdict::Unknown(Unknown::Because(Code::PodsRefused)),
        DoctorVerdict::Unknown(unknown) => DoctorVerdict::Unknown(unknown),
        _ => DoctorVerdict::Good(String::new()),
    }
}

/// Probes that failed before a pod became ready, which it is: how each start looks while the application is not yet up.
fn was_starting(pod: Pod<'_>, event: &Value) -> bool {
    let at = event_time(event);
    text(event, "/reason") == Some("Unhealthy") && at.is_some() && at <= pod.ready_since()
}
