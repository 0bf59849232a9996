//! Pods that the API server refuses to create, as their controllers' FailedCreate events tell.
//!
//! An event counts where its controller's template names the service account, and while that controller still lacks pods.
//! Kubernetes `pkg/controller/controller_utils.go` (`Error creating: …`), `statefulset/stateful_pod_control.go` (`create … failed error: …`).

use super::document::{event_time, has_more, list, text, time};
use super::found::Found;
use super::pod::Pod;
use super::question::Question;
use super::state::{self, WalkState};
use crate::core::text::printable::shorten;
use crate::core::text::secrets::redact;
use crate::core::text::time::Timestamp;
use serde_json::Value;

/// A kind of object that makes pods.
struct ControllerKind {
    kind: &'static str,
    /// The kind's API group: others may have kinds of the same name.
    group: &'static str,
    question: Question,
    /// How many pods an object of this kind is to have, and how many it has.
    count_pods: fn(&Value) -> PodCount,
}

struct PodCount {
    wanted: u64,
    existing: u64,
}

const CONTROLLERS: [ControllerKind; 4] = [
    ControllerKind { kind: "ReplicaSet", group: "apps", question: Question::ReplicaSets, count_pods: count_replicas },
    ControllerKind { kind: "DaemonSet", group: "apps", question: Question::DaemonSets, count_pods: count_scheduled },
    ControllerKind { kind: "StatefulSet", group: "apps", question: Question::StatefulSets, count_pods: count_replicas },
    ControllerKind { kind: "Job", group: "batch", question: Question::Jobs, count_pods: count_job },
];

/// The longest message that an event may have (kubernetes `pkg/apis/core/validation/events.go`, `NoteLengthLimit`).
const LONGEST: usize = 1024;

/// A controller whose pods are refused now.
#[derive(Debug, PartialEq, Eq)]
pub struct RefusedController {
    /// Kind and name: `ReplicaSet checkout-7d9f4c5b6`.
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
pub struct Admission {
    /// Controllers of this service account whose pods are refused now, the latest refusal first.
    pub refused: Vec<RefusedController>,
    /// Controllers of this service account that lack pods, though nothing refuses them any more.
    pub waiting: Vec<String>,
    /// Controllers whose service account could not be seen, and why.
    pub unseen: Vec<(String, String)>,
}

impl Admission {
    /// What is known of refused pods. It is empty where the service account is not known.
    pub fn from_found(found: &Found, state: &WalkState) -> Admission {
        let mut admission = Admission::default();
        let (Some(events), Some(account)) = (found.given(Question::Events), &state.service_account) else { return admission };
        for event in latest_failures(events) {
            let (kind, name) = involved(event);
            let controller = format!("{kind} {name}");
            let (known, object) = match find_controller(found, event) {
                Ok(Some((known, object))) if template_account(object) == account => (known, object),
                Ok(_) => continue,
                Err(why) => {
                    admission.unseen.push((controller, why));
                    continue;
                }
            };
            let PodCount { wanted, existing } = (known.count_pods)(object);
            if wanted <= existing || object.pointer("/metadata/deletionTimestamp").is_some() || is_superseded(found, known, object) {
                continue;
            }
            if is_over(found, state, event, object) {
                admission.waiting.push(controller);
            } else {
                let (at, message) = (event_time(event), message(event));
                admission.refused.push(RefusedController { controller, wanted, existing, at, message });
            }
        }
        admission
    }
}

/// The latest FailedCreate event of each controller, the latest of all first.
fn latest_failures(events: &Value) -> Vec<&Value> {
    let mut latest: Vec<&Value> = Vec::new();
    for event in list(events, "/items").iter().filter(|event| is_failed_create(event)) {
        match latest.iter_mut().find(|known| is_same_object(known, event)) {
            Some(known) if event_time(event) >= event_time(known) => *known = event,
            Some(_) => {}
            None => latest.push(event),
        }
    }
    latest.sort_by_key(|event| std::cmp::Reverse(event_time(event)));
    latest
}

/// Whether an event says that a controller of the question's kind could not create pods.
pub fn has_failed_create(events: &Value, question: Question) -> bool {
    let is_of_kind = |event: &Value| controller_kind(event).is_some_and(|known| known.question == question);
    list(events, "/items").iter().any(|event| is_failed_create(event) && is_of_kind(event))
}

/// Whether a controller says in an event that it could not create pods.
pub fn is_failed_create(event: &Value) -> bool {
    // A CronJob creates jobs. Controllers of kinds that are not known here speak of pods where they create pods.
    let speaks_of_pods = || text(event, "/message").is_some_and(|message| message.to_ascii_lowercase().contains("pod"));
    text(event, "/reason") == Some("FailedCreate")
        && involved(event).0 != "CronJob"
        && (controller_kind(event).is_some() || speaks_of_pods())
}

/// Kind and name of the object that an event is about.
fn involved(event: &Value) -> (&str, &str) {
    let field = |pointer| text(event, pointer).unwrap_or_default();
    (field("/involvedObject/kind"), field("/involvedObject/name"))
}

fn is_same_object(one: &Value, other: &Value) -> bool {
    involved(one) == involved(other) && one.pointer("/involvedObject/uid") == other.pointer("/involvedObject/uid")
}

fn controller_kind(event: &Value) -> Option<&'static ControllerKind> {
    let group = text(event, "/involvedObject/apiVersion").and_then(|version| version.split_once('/')).map(|(group, _)| group);
    CONTROLLERS.iter().find(|known| known.kind == involved(event).0 && group.is_none_or(|group| group == known.group))
}

/// The controller that an event is about: `None` when it is gone; the error says why it could not be seen.
fn find_controller<'a>(found: &'a Found, event: &Value) -> Result<Option<(&'static ControllerKind, &'a Value)>, String> {
    let known = controller_kind(event).ok_or("controllers of this kind are not examined")?;
    let objects = found.given(known.question).ok_or_else(|| found.why_missing(known.question).text)?;
    let is_same = |object: &&Value| {
        // Another one of the same name may have come after it.
        let uids = text(object, "/metadata/uid").zip(text(event, "/involvedObject/uid"));
        text(object, "/metadata/name") == Some(involved(event).1) && uids.is_none_or(|(ours, theirs)| ours == theirs)
    };
    match list(objects, "/items").iter().find(is_same) {
        Some(object) => Ok(Some((known, object))),
        None if has_more(objects) => Err("there are more of them than are read".to_owned()),
        None => Ok(None),
    }
}

/// Whether the Deployment of a ReplicaSet has a newer one by now. Until that one's pods are ready it wants pods of the old one as well, which
/// changes nothing any more (kubernetes `pkg/controller/deployment/util/deployment_util.go`, `RevisionAnnotation`).
fn is_superseded(found: &Found, known: &ControllerKind, controller: &Value) -> bool {
    let owner = |object: &Value| list(object, "/metadata/ownerReferences").first().and_then(|owner| text(owner, "/uid").map(str::to_owned));
    let revision = |object: &Value| {
        text(object, "/metadata/annotations/deployment.kubernetes.io~1revision").and_then(|revision| revision.parse::<u64>().ok())
    };
    let (Some(ours), Some(by)) = (revision(controller), owner(controller)) else { return false };
    let all = found.given(known.question).map(|answer| list(answer, "/items")).unwrap_or_default();
    all.iter().any(|other| owner(other).as_ref() == Some(&by) && revision(other) > Some(ours))
}

/// The service account of the controller's pods.
fn template_account(controller: &Value) -> &str {
    text(controller, "/spec/template/spec/serviceAccountName").unwrap_or("default")
}

/// Whether the cause of an event has passed: a later pod was created, or the service account that was missing is there.
fn is_over(found: &Found, state: &WalkState, event: &Value, controller: &Value) -> bool {
    let at = event_time(event);
    // Words of the service account admission controller.
    let named = state.service_account.as_deref().unwrap_or_default();
    let was_missing = text(event, "/message").is_some_and(|message| message.contains(&format!("serviceaccount \"{named}\" not found")));
    let created = state::service_account(found).and_then(|account| time(account.pointer("/metadata/creationTimestamp")));
    if was_missing && created.is_some() && created >= at {
        return true;
    }
    // A ReplicaSet keeps a condition while its pods are refused (kubernetes `replica_set_utils.go`, `calculateStatus`).
    let failing = |condition: &Value| text(condition, "/type") == Some("ReplicaFailure") && text(condition, "/status") == Some("True");
    if list(controller, "/status/conditions").iter().any(failing) {
        return false;
    }
    let is_owner = |reference: &Value| match (text(reference, "/uid"), text(controller, "/metadata/uid")) {
        (Some(theirs), Some(ours)) => theirs == ours,
        _ => (text(reference, "/kind"), text(reference, "/name")) == (Some(involved(event).0), Some(involved(event).1)),
    };
    let came_later = |pod: &Pod<'_>| list(pod.0, "/metadata/ownerReferences").iter().any(is_owner) && at.is_some() && pod.created() > at;
    state::pods_of_account(found).iter().any(came_later)
}

/// The API server's message, without what the controller and the event recorder put before it.
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

fn count_replicas(object: &Value) -> PodCount {
    PodCount { wanted: number(object, "/spec/replicas").unwrap_or(1), existing: number(object, "/status/replicas").unwrap_or(0) }
}

fn count_scheduled(object: &Value) -> PodCount {
    PodCount {
        wanted: number(object, "/status/desiredNumberScheduled").unwrap_or(1),
        existing: number(object, "/status/currentNumberScheduled").unwrap_or(0),
    }
}

/// A job that is suspended or has ended is to have no pods.
fn count_job(object: &Value) -> PodCount {
    let has_ended = |condition: &Value| {
        let kind = text(condition, "/type").unwrap_or_default();
        ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"].contains(&kind) && text(condition, "/status") == Some("True")
    };
    let is_suspended = object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true);
    if is_suspended || list(object, "/status/conditions").iter().any(has_ended) {
        return PodCount { wanted: 0, existing: 0 };
    }
    let parallel = number(object, "/spec/parallelism").unwrap_or(1);
    let left = number(object, "/spec/completions").map(|all| all.saturating_sub(number(object, "/status/succeeded").unwrap_or(0)));
    PodCount { wanted: left.map_or(parallel, |left| left.min(parallel)), existing: number(object, "/status/active").unwrap_or(0) }
}
