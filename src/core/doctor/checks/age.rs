//! Whether a pod is older than what names its role.

use crate::core::doctor::annotation;
use crate::core::doctor::document::{WriteTime, time, write_time};
use crate::core::doctor::found::Found;
use crate::core::doctor::pod::Pod;
use crate::core::doctor::question::Question;
use crate::core::doctor::route::IdentityRoute;
use crate::core::doctor::state;
use crate::core::text::time::Timestamp;

/// A pod beside what names its role.
pub enum PodAge {
    /// Created before; both times in a sentence.
    Older(String),
    /// Created after.
    Younger,
    /// Created in the same second. Kubernetes' times are in seconds, and a chart creates its objects within one.
    SameSecond,
    /// Why it cannot be told.
    Unknown(&'static str),
}

/// [`PodAge::SameSecond`], in words.
pub const SAME_SECOND: &str = "both have the same time, to the second";

/// Kubernetes tracks fields from the creation on, or from the first server-side apply. `kubectl create` sets none that it would track, and
/// what `kubectl annotate` adds to such an object stays untracked (apimachinery `managedfields/internal/skipnonapplied.go`).
const NOT_TRACKED: &str = "the service account does not say when it was annotated (managedFields lacks what kubectl annotate adds to an account that kubectl create made)";

/// The pod's age beside the association's, or beside the annotation's; a pod that is older than the service account itself is older than both.
pub fn pod_age(found: &Found, route: IdentityRoute, pod: Pod<'_>) -> PodAge {
    let Some(created) = pod.created() else { return PodAge::Unknown("the pod has no creationTimestamp") };
    let account = state::service_account(found);
    let (what, named, why_unknown) = match route {
        IdentityRoute::PodIdentity => {
            let association = found.given(Question::Association).and_then(|answer| time(answer.pointer("/association/createdAt")));
            ("the association", association, "the association's creation time could not be seen")
        }
        IdentityRoute::Irsa | IdentityRoute::None => {
            let annotated = match account.map_or(WriteTime::Unknown, |account| write_time(account, annotation::KEY)) {
                WriteTime::At(at) => Some(at),
                WriteTime::Before(by) => Some(by).filter(|by| created > *by),
                WriteTime::Unknown => None,
            };
            ("the annotation was last written", annotated, NOT_TRACKED)
        }
    };
    let account_created = account.and_then(|account| time(account.pointer("/metadata/creationTimestamp")));
    let older = |what: &str, at: Timestamp| PodAge::Older(format!("It was created at {created}, and {what} at {at}."));
    match (named, account_created) {
        (_, Some(account_created)) if created < account_created => older("the service account itself", account_created),
        (Some(at), _) if created < at => older(what, at),
        (Some(at), _) if created == at => PodAge::SameSecond,
        (Some(_), _) => PodAge::Younger,
        (None, _) => PodAge::Unknown(why_unknown),
    }
}
