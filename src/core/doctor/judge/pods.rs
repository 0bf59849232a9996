//! The pods: under this service account, injected, unshadowed.

use super::{some, warnings};
use crate::core::catalogue::Code;
use crate::core::doctor::annotation::{self, Annotation};
use crate::core::doctor::ask::Question;
use crate::core::doctor::case::{self, IdentityRoute, Unknown, WalkState};
use crate::core::doctor::checks::{DoctorFinding, DoctorVerdict, Wording, open};
use crate::core::doctor::injection::{ContainerState, Pod};
use crate::core::doctor::read::{Written, is_cut_off, time, written};
use crate::core::doctor::{Found, Kind};
use crate::core::text::time::Timestamp;

/// Each container of each pod with its state.
pub fn states<'a>(found: &'a Found, case: &WalkState) -> Vec<(Pod<'a>, &'a str, ContainerState)> {
    let role = match (&case.annotation, &case.role) {
        // What a composing webhook injects.
        (Annotation::Malformed(..), Ok(role)) => Some(role.to_string()),
        (Annotation::Malformed(value, _), Err(_)) => Some(value.clone()),
        (Annotation::Role(role), _) => Some(role.to_string()),
        _ => None,
    };
    let of = |pod: Pod<'a>| pod.containers_by_state(case.way, role.as_deref()).into_iter().map(move |(name, state)| (pod, name, state));
    case::pods(found).into_iter().flat_map(of).collect()
}

/// None at all is the finding; ones that are over are not looked at further.
pub fn used(found: &Found, case: &WalkState) -> DoctorVerdict {
    if let Some(pod) = &case.pod {
        return DoctorVerdict::Good(format!("pod {pod}"));
    }
    if case.account_missing(found) == Some(true) {
        return DoctorVerdict::Unknown(Unknown::Because(Code::ServiceAccountMissing));
    }
    let Some(answer) = found.given(Question::Pods) else { return open(found, Question::Pods) };
    let (all, running) = (case::of_account(found).len(), case::pods(found).len());
    match (all, running) {
        // Of a name that may be a pod's as well, nothing follows from this.
        (0, _) if found.asked.kind == Kind::Either && case::account(found).is_none() => {
            DoctorVerdict::Unknown(Unknown::Open(case::why_no_account(found)))
        }
        (0, _) => warnings::no_pods(found, case),
        (all, 0) => DoctorVerdict::Good(format!("{all}, all of them over")),
        (_, 1) => DoctorVerdict::Good("1 pod".to_owned()),
        (_, n) if is_cut_off(answer) => DoctorVerdict::Good(format!("the first {n} are looked at")),
        (_, n) => DoctorVerdict::Good(format!("{n} pods")),
    }
}

/// What keeps the containers' judgements from being made: no pods, or a finding that they follow from.
fn before(found: &Found, case: &WalkState) -> Option<DoctorVerdict> {
    if !case::pods(found).is_empty() {
        return None;
    }
    Some(match used(found, case) {
        DoctorVerdict::Bad(_) => DoctorVerdict::Unknown(Unknown::Because(Code::ServiceAccountNotUsed)),
        DoctorVerdict::Unknown(unknown) => DoctorVerdict::Unknown(unknown),
        _ => DoctorVerdict::Skip("no pod is running".to_owned()),
    })
}

/// Injected, every container that should be.
pub fn injected(found: &Found, case: &WalkState) -> DoctorVerdict {
    if let Some(judged) = before(found, case) {
        return judged;
    }
    if let (Err(unknown), false) = (&case.role, case.way == IdentityRoute::PodIdentity) {
        return DoctorVerdict::Unknown(unknown.clone());
    }
    let states = states(found, case);
    let bare = states.iter().any(|(_, _, state)| *state == ContainerState::Bare);
    if bare && matches!(super::cluster::webhook(found, case), DoctorVerdict::Bad(_)) {
        return DoctorVerdict::Unknown(Unknown::Because(Code::WebhookMissing));
    }
    let mut reasons = Reasons::default();
    for pod in case::pods(found).into_iter().filter(|pod| case.way == IdentityRoute::Irsa || !pod.is_on_fargate()) {
        let of_pod: Vec<&(Pod<'_>, &str, ContainerState)> = states.iter().filter(|(of, ..)| std::ptr::eq(of.0, pod.0)).collect();
        judge_pod(found, case, pod, &of_pod, &mut reasons);
    }
    let open = std::mem::take(&mut reasons.open);
    let mut seen: Vec<DoctorFinding> = on_fargate(case, &states).into_iter().chain(reasons.seen()).collect();
    if let Some(first) = seen.first_mut() {
        if let Some((pod, _)) = open.first() {
            first.finding.detail.push_str(&format!(" Of pod {pod} it is not known why nothing was injected."));
        }
        return DoctorVerdict::Bad(seen);
    }
    if let Some((_, detail)) = open.first() {
        let others: Vec<&str> = open[1..].iter().map(|(pod, _)| *pod).collect();
        let others = if others.is_empty() { String::new() } else { format!(" The same with {}.", some(&others)) };
        return DoctorVerdict::Undecided("containers lack the identity, and why is not known", format!("{detail}{others}"));
    }
    if let Some((pod, ..)) = states.iter().find(|(_, _, state)| *state == ContainerState::OtherWay) {
        return match case.way {
            IdentityRoute::PodIdentity => irsa_still(found, *pod),
            _ => DoctorVerdict::Unknown(Unknown::Because(Code::AssociationMissing)),
        };
    }
    let left: Vec<&str> = states.iter().filter(|(_, _, state)| *state == ContainerState::Exempt).map(|(_, name, _)| *name).collect();
    let way = if case.way == IdentityRoute::PodIdentity { "EKS Pod Identity" } else { "IRSA" };
    DoctorVerdict::Good(match left.is_empty() {
        true => way.to_owned(),
        false => format!("{way}; but for {}, which are not to be", some(&left)),
    })
}

/// IRSA in a pod whose service account has an association now, which the next pod will have instead.
fn irsa_still(found: &Found, pod: Pod<'_>) -> DoctorVerdict {
    let title = "pods have IRSA, although an association names their service account";
    let (title, detail): (_, &[&str]) = match age(found, IdentityRoute::PodIdentity, pod) {
        _ if pod.is_on_fargate() => (
            title,
            &[" runs on Fargate, where EKS Pod Identity is not supported: delete the association, or the next pod may have neither"],
        ),
        Age::Older(_) => {
            ("pods still have IRSA from before the association", &[": it stays so until the pod is recreated, which then has Pod Identity"])
        }
        Age::Younger => (
            title,
            &[
                " is younger than the association: EKS had not passed it on yet, or the variables were set by hand; recreate it to have Pod Identity",
            ],
        ),
        Age::SameSecond => {
            (title, &[": whether it is older than the association cannot be told (", SAME_SECOND, "); recreated it has Pod Identity"])
        }
        Age::Unknown(why) => {
            (title, &[": whether it is older than the association cannot be told (", why, "); recreated it has Pod Identity"])
        }
    };
    DoctorVerdict::Note(title, ["pod ", pod.name(), &detail.concat()].concat())
}

/// Pods that an association cannot help, whatever they carry.
fn on_fargate(case: &WalkState, states: &[(Pod<'_>, &str, ContainerState)]) -> Option<DoctorFinding> {
    const INSTEAD: Wording = Wording {
        title: "EKS Pod Identity is not supported on Fargate",
        cure: "Give service account {namespace}/{serviceAccount} a role by the annotation eks.amazonaws.com/role-arn (IRSA; irsa-probe trust-policy prints what the \
               role has to trust), delete the association, and recreate the pod; or run it on EC2 nodes.",
        commands: &["kubectl -n {namespace} annotate serviceaccount {serviceAccount} eks.amazonaws.com/role-arn={roleArn}"],
    };
    let without = |(pod, _, state): &&(Pod<'_>, &str, ContainerState)| {
        case.way == IdentityRoute::PodIdentity
            && pod.is_on_fargate()
            && matches!(state, ContainerState::Bare | ContainerState::Injected | ContainerState::Preset(_))
    };
    let (pod, _, state) = states.iter().find(without)?;
    let has = if *state == ContainerState::Bare { "It has nothing injected." } else { "It carries Pod Identity's variables for nothing." };
    let detail = format!("Pod {} runs on Fargate, where no agent answers. {has} Deleting the pod changes nothing of that.", pod.name());
    let mut seen = DoctorFinding::new(Code::PodNotInjected, detail);
    seen.values.push(("pod", pod.name().to_owned()));
    seen.instead = Some(&INSTEAD);
    Some(seen)
}

/// What is wrong.
#[derive(Default)]
struct Reasons<'a> {
    /// By code: the first pod that it is so with, its detail, and the others' names.
    known: Vec<(Code, &'a str, String, Vec<&'a str>)>,
    /// Pods of which it cannot be told what is wrong, with what would settle it.
    open: Vec<(&'a str, String)>,
}

impl<'a> Reasons<'a> {
    fn add(&mut self, code: Code, pod: &'a str, detail: String) {
        match self.known.iter_mut().find(|(known, ..)| *known == code) {
            Some((.., others)) => others.push(pod),
            None => self.known.push((code, pod, detail, Vec::new())),
        }
    }

    /// Neither verdict would be sure: what is seen, why it is open, and how to settle it.
    fn open(&mut self, case: &WalkState, pod: &'a str, what: &str, why: &str) {
        let than = if case.way == IdentityRoute::PodIdentity { "the association" } else { "the annotation" };
        let detail = format!(
            "{what}. Whether the pod is older than {than} is not known: {why}. A new pod settles it (kubectl -n {} delete pod {pod}, where a \
             controller makes the next one): if that one is injected, this one was only older than {than}; if not, see irsa-probe explain pod-not-injected.",
            case.namespace
        );
        self.open.push((pod, detail));
    }

    fn seen(self) -> Vec<DoctorFinding> {
        let seen = |(code, pod, mut detail, others): (Code, &str, String, Vec<&str>)| {
            if !others.is_empty() {
                detail.push_str(&format!(" The same with {}.", some(&others)));
            }
            let mut seen = DoctorFinding::new(code, detail);
            seen.values.push(("pod", pod.to_owned()));
            seen
        };
        self.known.into_iter().map(seen).collect()
    }
}

fn judge_pod<'a>(found: &Found, case: &WalkState, pod: Pod<'a>, states: &[&(Pod<'a>, &'a str, ContainerState)], reasons: &mut Reasons<'a>) {
    let name = pod.name();
    let preset: Vec<String> = states
        .iter()
        .filter_map(|(_, container, state)| match state {
            ContainerState::Preset(names) => Some(format!("{container} ({})", names.join(", "))),
            _ => None,
        })
        .collect();
    if !preset.is_empty() {
        reasons.add(Code::InjectionSuppressed, name, format!("Pod {name} presets it in container {}.", preset.join(", ")));
    }
    if let Some((_, container, ContainerState::OtherRole(role))) =
        states.iter().find(|(_, _, state)| matches!(state, ContainerState::OtherRole(_)))
    {
        let carries = format!("Pod {name}, container {container}, carries {role}");
        match age(found, case.way, pod) {
            Age::Younger => reasons.add(
                Code::InjectionSuppressed,
                name,
                format!("{carries}, although it was created after the annotation was last written: the role is preset."),
            ),
            Age::Older(when) => {
                reasons.add(Code::PodPredatesAnnotation, name, format!("{carries}, the role of an older annotation. {when}"));
            }
            Age::SameSecond => reasons.open(case, name, &format!("{carries}, and the annotation now names another role"), SAME_SECOND),
            Age::Unknown(why) => reasons.open(case, name, &format!("{carries}, and the annotation now names another role"), why),
        }
    }
    let bare: Vec<&str> =
        states.iter().filter(|(_, _, state)| *state == ContainerState::Bare).map(|(_, container, _)| *container).collect();
    let all_exempt = !states.is_empty() && states.iter().all(|(_, _, state)| *state == ContainerState::Exempt);
    if all_exempt {
        let why = "all of its containers are listed in eks.amazonaws.com/skip-containers";
        return reasons.add(Code::PodNotInjected, name, format!("Pod {name}: {why}."));
    }
    if bare.is_empty() {
        return;
    }
    let whole = !states
        .iter()
        .any(|(_, _, state)| matches!(state, ContainerState::Injected | ContainerState::OtherWay | ContainerState::OtherRole(_)));
    match age(found, case.way, pod) {
        _ if pod.has_skip_label() => {
            let why = "it has the label eks.amazonaws.com/skip-pod-identity-webhook";
            reasons.add(Code::PodNotInjected, name, format!("Pod {name}: {why}."));
        }
        _ if !whole => {
            let others = "although other containers of the pod were injected";
            reasons.add(Code::PodNotInjected, name, format!("Pod {name}: container {} has nothing, {others}.", some(&bare)));
        }
        Age::Older(when) if case.way == IdentityRoute::PodIdentity => {
            reasons.add(Code::PodNotInjected, name, format!("Pod {name} is older than the association. {when}"));
        }
        Age::Older(when) => reasons.add(Code::PodPredatesAnnotation, name, format!("Pod {name} has nothing injected. {when}")),
        Age::Younger => reasons.add(
            Code::PodNotInjected,
            name,
            format!("Pod {name}, container {}: nothing was injected, although it is younger than what names the role.", some(&bare)),
        ),
        // Either way they came together, which the webhook may have missed.
        Age::SameSecond => reasons.add(
            Code::PodNotInjected,
            name,
            format!(
                "Pod {name}, container {}: nothing was injected. Whether the pod is older than what names the role cannot be told: {SAME_SECOND}.",
                some(&bare)
            ),
        ),
        Age::Unknown(why) => reasons.open(case, name, &format!("Pod {name}, container {}: nothing was injected", some(&bare)), why),
    }
}

/// A pod beside what names its role.
enum Age {
    /// Created before; in a sentence.
    Older(String),
    /// Created after.
    Younger,
    /// In the same second, and Kubernetes counts in seconds: so what a chart makes at once.
    SameSecond,
    /// Why it cannot be told.
    Unknown(&'static str),
}

const SAME_SECOND: &str = "both are of the same second";
/// Kubernetes tracks fields from the creation on, or from the first server-side apply. `kubectl create` sets none that it would track, and
/// what `kubectl annotate` adds to such an object goes untracked (apimachinery `managedfields/internal/skipnonapplied.go`).
const NOT_TRACKED: &str = "nothing on the service account says when it was annotated (what kubectl annotate adds to an account of kubectl create is not in managedFields)";

fn age(found: &Found, way: IdentityRoute, pod: Pod<'_>) -> Age {
    let Some(created) = pod.created() else { return Age::Unknown("the pod has no creationTimestamp") };
    let account = case::account(found);
    let (what, named, not_known) = match way {
        IdentityRoute::PodIdentity => {
            let association = found.given(Question::Association).and_then(|answer| time(answer.pointer("/association/createdAt")));
            ("the association", association, "when the association was made could not be seen")
        }
        IdentityRoute::Irsa | IdentityRoute::None => {
            let annotated = account.map_or(Written::Unknown, |account| written(account, annotation::KEY));
            let at = match annotated {
                Written::At(at) => Some(at),
                Written::Before(by) => Some(by).filter(|by| created > *by),
                Written::Unknown => None,
            };
            ("the annotation was last written", at, NOT_TRACKED)
        }
    };
    // A service account that was made anew is younger than its pods.
    let made = account.and_then(|account| time(account.pointer("/metadata/creationTimestamp")));
    let older = |what: &str, at: Timestamp| Age::Older(format!("It was created at {created}, and {what} at {at}."));
    match (named, made) {
        (_, Some(made)) if created < made => older("the service account itself", made),
        (Some(at), _) if created < at => older(what, at),
        (Some(at), _) if created == at => Age::SameSecond,
        (Some(_), _) => Age::Younger,
        (None, _) => Age::Unknown(not_known),
    }
}

/// Keys in the pod's own env come before everything else in each SDK.
pub fn unshadowed(found: &Found, case: &WalkState) -> DoctorVerdict {
    if let Some(judged) = before(found, case) {
        return judged;
    }
    let pods = case::pods(found);
    let Some((pod, containers)) = pods.iter().map(|pod| (pod, pod.with_keys())).find(|(_, containers)| !containers.is_empty()) else {
        return DoctorVerdict::Good(String::new());
    };
    let detail =
        format!("Pod {}, container {}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set in its env.", pod.name(), some(&containers));
    let mut seen = DoctorFinding::new(Code::ShadowedByEnvKeys, detail);
    seen.values.push(("pod", pod.name().to_owned()));
    DoctorVerdict::Bad(vec![seen])
}
