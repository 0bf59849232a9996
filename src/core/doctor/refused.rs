//! Pods that the API server refuses to create, as their controllers' FailedCreate events tell. An event counts where its controller's
//! template names the service account, and while that controller still lacks pods.
//!
//! Kubernetes `pkg/controller/controller_utils.go` (`Error creating: …`), `statefulset/stateful_pod_control.go` (`create … failed error: …`).

use super::Found;
use super::ask::Question;
use super::case::{self, WalkState};
use super::injection::Pod;
use super::read::{event_time, is_cut_off, list, text, time};
use crate::core::text::printable::shorten;
use crate::core::text::secrets::redact;
use crate::core::text::time::Timestamp;
use serde_json::Value;

/// A kind of object that makes pods.
struct Controller {
    kind: &'static str,
    /// Others have kinds of the same names in groups of their own.
    group: &'static str,
    question: Question,
    /// How many pods there are to be, and how many there are.
    pods: fn(&Value) -> (u64, u64),
}

const CONTROLLERS: [Controller; 4] = [
    Controller { kind: "ReplicaSet", group: "apps", question: Question::ReplicaSets, pods: replicas },
    Controller { kind: "DaemonSet", group: "apps", question: Question::DaemonSets, pods: by_node },
    Controller { kind: "StatefulSet", group: "apps", question: Question::StatefulSets, pods: replicas },
    Controller { kind: "Job", group: "batch", question: Question::Jobs, pods: of_job },
];

/// A message is as long as its event allows (kubernetes `pkg/apis/core/validation/events.go`, `NoteLengthLimit`).
const LONGEST: usize = 1024;

/// A controller whose pods are refused now.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `ReplicaSet checkout-7d9f4c5b6`
    pub controller: String,
    /// How many pods it is to have.
    pub wanted: u64,
    /// How many it has.
    pub existing: u64,
    /// When the last one was refused.
    pub at: Option<Timestamp>,
    /// The API server's message.
    pub message: String,
}

/// What the FailedCreate events come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Pods of this service account that are refused now, the latest first.
    pub current: Vec<Refusal>,
    /// Controllers of this service account that lack pods, though nothing refuses them any more.
    pub waiting: Vec<String>,
    /// Controllers whose service account could not be seen, and why.
    pub unseen: Vec<(String, String)>,
}

/// All that is known of refused pods. Nothing where the service account is not known.
pub fn refusals(found: &Found, case: &WalkState) -> Refusals {
    let mut all = Refusals::default();
    let (Some(events), Some(account)) = (found.given(Question::Events), &case.service_account) else { return all };
    let mut latest: Vec<&Value> = Vec::new();
    for event in list(events, "/items").iter().filter(|event| is_refusal(event)) {
        match latest.iter_mut().find(|known| same_object(known, event)) {
            Some(known) if event_time(event) >= event_time(known) => *known = event,
            Some(_) => {}
            None => latest.push(event),
        }
    }
    latest.sort_by_key(|event| std::cmp::Reverse(event_time(event)));
    for event in latest {
        let (kind, name) = involved(event);
        let controller = format!("{kind} {name}");
        let (known, object) = match self::controller(found, event) {
            Ok(Some((known, object))) if account_of(object) == account => (known, object),
            Ok(_) => continue,
            Err(why) => {
                all.unseen.push((controller, why));
                continue;
            }
        };
        let (wanted, existing) = (known.pods)(object);
        if wanted <= existing || object.pointer("/metadata/deletionTimestamp").is_some() {
            continue;
        }
        match is_over(found, case, event, object) {
            true => all.waiting.push(controller),
            false => all.current.push(Refusal { controller, wanted, existing, at: event_time(event), message: message(event) }),
        }
    }
    all
}

/// Whether a kind's objects are to be looked at, because an event says that pods of one could not be created.
pub fn names(events: &Value, question: Question) -> bool {
    list(events, "/items").iter().any(|event| is_refusal(event) && of_event(event).is_some_and(|known| known.question == question))
}

/// Whether a warning is a controller's of pods that it could not create.
pub fn is_refusal(event: &Value) -> bool {
    // A CronJob creates jobs, and other controllers that make pods speak of them.
    let of_pods =
        || of_event(event).is_some() || text(event, "/message").is_some_and(|message| message.to_ascii_lowercase().contains("pod"));
    text(event, "/reason") == Some("FailedCreate") && involved(event).0 != "CronJob" && of_pods()
}

fn involved(event: &Value) -> (&str, &str) {
    let of = |pointer| text(event, pointer).unwrap_or_default();
    (of("/involvedObject/kind"), of("/involvedObject/name"))
}

fn same_object(one: &Value, other: &Value) -> bool {
    involved(one) == involved(other) && one.pointer("/involvedObject/uid") == other.pointer("/involvedObject/uid")
}

fn of_event(event: &Value) -> Option<&'static Controller> {
    let group = text(event, "/involvedObject/apiVersion").and_then(|version| version.split_once('/')).map(|(group, _)| group);
    CONTROLLERS.iter().find(|known| known.kind == involved(event).0 && group.is_none_or(|group| group == known.group))
}

/// The object that an event speaks of: `None` when it is gone, an error when it cannot be told.
fn controller<'a>(found: &'a Found, event: &Value) -> Result<Option<(&'static Controller, &'a Value)>, String> {
    let Some(known) = of_event(event) else { return Err("controllers of this kind are not looked at".to_owned()) };
    let objects = found.given(known.question).ok_or_else(|| found.why(known.question))?;
    let uid = |value: &Value, pointer| text(value, pointer).map(str::to_owned);
    let same = |object: &&Value| {
        // One of the same name may have come after it.
        let uids = uid(object, "/metadata/uid").zip(uid(event, "/involvedObject/uid"));
        text(object, "/metadata/name") == Some(involved(event).1) && uids.is_none_or(|(ours, theirs)| ours == theirs)
    };
    match list(objects, "/items").iter().find(same) {
        Some(object) => Ok(Some((known, object))),
        None if is_cut_off(objects) => Err("there are more of them than are looked at".to_owned()),
        None => Ok(None),
    }
}

/// Whose identity the pods are to have.
fn account_of(controller: &Value) -> &str {
    text(controller, "/spec/template/spec/serviceAccountName").unwrap_or("default")
}

/// Whether what the event says was seen to have passed: the next pod came, or what was missing is there.
fn is_over(found: &Found, case: &WalkState, event: &Value, controller: &Value) -> bool {
    let at = event_time(event);
    // The service account admission controller, of an account that is there by now.
    let named = case.service_account.as_deref().unwrap_or_default();
    let was_missing = text(event, "/message").is_some_and(|message| message.contains(&format!("serviceaccount \"{named}\" not found")));
    let made = case::account(found).and_then(|account| time(account.pointer("/metadata/creationTimestamp")));
    if was_missing && made.is_some() && made >= at {
        return true;
    }
    // Of its own refusals a ReplicaSet knows best (kubernetes `replica_set_utils.go`, `calculateStatus`).
    let failing = |condition: &Value| text(condition, "/type") == Some("ReplicaFailure") && text(condition, "/status") == Some("True");
    if list(controller, "/status/conditions").iter().any(failing) {
        return false;
    }
    let is_owner = |reference: &Value| match (text(reference, "/uid"), text(controller, "/metadata/uid")) {
        (Some(theirs), Some(ours)) => theirs == ours,
        _ => (text(reference, "/kind"), text(reference, "/name")) == (Some(involved(event).0), Some(involved(event).1)),
    };
    let came_later = |pod: &Pod<'_>| list(pod.0, "/metadata/ownerReferences").iter().any(is_owner) && at.is_some() && pod.created() > at;
    case::of_account(found).iter().any(came_later)
}

/// The API server's words, without what the controller and the recorder put before them.
fn message(event: &Value) -> String {
    let said = text(event, "/message").unwrap_or_default();
    let said = said.strip_prefix("(combined from similar events): ").unwrap_or(said);
    let said = said.split_once(" failed error: ").map_or(said, |(_, said)| said);
    let said = said.strip_prefix("Error creating: ").unwrap_or(said);
    shorten(&redact(said), LONGEST).into_owned()
}

fn number(object: &Value, pointer: &str) -> Option<u64> {
    object.pointer(pointer).and_then(Value::as_u64)
}

fn replicas(object: &Value) -> (u64, u64) {
    (number(object, "/spec/replicas").unwrap_or(1), number(object, "/status/replicas").unwrap_or(0))
}

fn by_node(object: &Value) -> (u64, u64) {
    (number(object, "/status/desiredNumberScheduled").unwrap_or(1), number(object, "/status/currentNumberScheduled").unwrap_or(0))
}

fn of_job(object: &Value) -> (u64, u64) {
    let done = |condition: &Value| {
        let kind = text(condition, "/type").unwrap_or_default();
        ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"].contains(&kind) && text(condition, "/status") == Some("True")
    };
    let suspended = object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true);
    if suspended || list(object, "/status/conditions").iter().any(done) {
        return (0, 0);
    }
    let parallel = number(object, "/spec/parallelism").unwrap_or(1);
    let left = number(object, "/spec/completions").map(|all| all.saturating_sub(number(object, "/status/succeeded").unwrap_or(0)));
    (left.map_or(parallel, |left| left.min(parallel)), number(object, "/status/active").unwrap_or(0))
}
