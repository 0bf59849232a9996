//! The pods: whether they run under the service account, and whether their containers have the identity.

use super::age::{PodAge, SAME_SECOND, pod_age};
use super::{cluster, events};
use crate::core::catalogue::Code;
use crate::core::doctor::check::{DoctorFinding, DoctorVerdict, list_few};
use crate::core::doctor::document::has_more;
use crate::core::doctor::found::Found;
use crate::core::doctor::pod::{ContainerState, Pod};
use crate::core::doctor::question::Question;
use crate::core::doctor::route::IdentityRoute;
use crate::core::doctor::state::{self, InspectedPod, WalkState};
use crate::core::doctor::target::TargetKind;
use crate::core::doctor::wordings;

/// Whether pods run under the service account. Pods that have ended count, and are not examined further.
pub fn used(found: &Found, state: &WalkState) -> DoctorVerdict {
    if let Some(pod) = &state.pod {
        return DoctorVerdict::Pass(format!("pod {pod}"));
    }
    if state::is_account_missing(found) == Some(true) {
        return DoctorVerdict::because(Code::ServiceAccountMissing);
    }
    let Some(answer) = found.given(Question::Pods) else { return DoctorVerdict::not_answered(found, Question::Pods) };
    match (state::pods_of_account(found).len(), state::pods(found).len()) {
        // The name may be a pod's as well, so that nothing follows from this.
        (0, _) if found.target.kind == TargetKind::Either && state::service_account(found).is_none() => {
            DoctorVerdict::not_seen(state::why_no_account(found))
        }
        (0, _) => events::no_pods(found, state),
        (all, 0) => DoctorVerdict::Pass(format!("{all}, and all of them have ended")),
        (_, 1) => DoctorVerdict::Pass("1 pod".to_owned()),
        (_, n) if has_more(answer) => DoctorVerdict::Pass(format!("only the first {n} are examined")),
        (_, n) => DoctorVerdict::Pass(format!("{n} pods")),
    }
}

/// The verdict on containers where there are no pods, or where a finding explains that there are none.
fn without_pods(found: &Found, state: &WalkState) -> Option<DoctorVerdict> {
    if !state::pods(found).is_empty() {
        return None;
    }
    Some(match used(found, state) {
        DoctorVerdict::Findings(_) => DoctorVerdict::because(Code::ServiceAccountNotUsed),
        DoctorVerdict::Unknown(unknown) => DoctorVerdict::Unknown(unknown),
        _ => DoctorVerdict::Skip("no pod is running".to_owned()),
    })
}

/// Whether every container was injected that is to be.
pub fn injected(found: &Found, state: &WalkState) -> DoctorVerdict {
    if let Some(verdict) = without_pods(found, state) {
        return verdict;
    }
    let by_association = state.route == IdentityRoute::PodIdentity;
    if let (Err(unknown), false) = (&state.role, by_association) {
        return DoctorVerdict::Unknown(unknown.clone());
    }
    let pods = state::inspected_pods(found, state);
    let is_bare = pods.iter().any(|pod| pod.has(&ContainerState::Bare));
    if is_bare && matches!(cluster::webhook(found, state), DoctorVerdict::Findings(_)) {
        return DoctorVerdict::because(Code::WebhookMissing);
    }
    // An association cannot help a pod on Fargate, whatever it carries; `on_fargate` says so of the first one.
    let judged = pods.iter().filter(|pod| !(by_association && pod.pod.is_on_fargate()));
    let problems: Vec<PodProblem<'_>> = judged.flat_map(|pod| problems(found, state, pod)).collect();
    let undecided: Vec<(&str, &str)> = problems.iter().filter_map(PodProblem::undecided).collect();
    let mut findings: Vec<DoctorFinding> = on_fargate(state, &pods).into_iter().chain(findings(&problems)).collect();
    if let Some(first) = findings.first_mut() {
        if let Some((pod, _)) = undecided.first() {
            first.finding.detail.push_str(&format!(" Why nothing was injected into pod {pod} is not known."));
        }
        return DoctorVerdict::Findings(findings);
    }
    if let Some(((_, detail), others)) = undecided.split_first() {
        let others: Vec<&str> = others.iter().map(|(pod, _)| *pod).collect();
        let detail = format!("{detail}{}", the_same_with(&others));
        return DoctorVerdict::Undecided("containers have no identity, and the reason is not known", detail);
    }
    match pods.iter().find(|pod| pod.has(&ContainerState::OtherRoute)) {
        Some(pod) if by_association => return still_irsa(found, pod.pod),
        Some(_) => return DoctorVerdict::because(Code::AssociationMissing),
        None => {}
    }
    let route = if by_association { "EKS Pod Identity" } else { "IRSA" };
    let containers = pods.iter().flat_map(|pod| &pod.containers);
    let exempt: Vec<&str> = containers.filter(|(_, state)| *state == ContainerState::Exempt).map(|(name, _)| *name).collect();
    DoctorVerdict::Pass(match exempt.is_empty() {
        true => route.to_owned(),
        false => format!("{route}; {} are exempt", list_few(&exempt)),
    })
}

/// The verdict on a pod that has IRSA although its service account has an association now: the next pod will have that instead.
fn still_irsa(found: &Found, pod: Pod<'_>) -> DoctorVerdict {
    const TITLE: &str = "pods have IRSA, but an association names their service account";
    let unknown = |why: &str| format!(": whether it is older than the association is not known ({why}); a new pod will have Pod Identity");
    let (title, what) = match pod_age(found, IdentityRoute::PodIdentity, pod) {
        _ if pod.is_on_fargate() => (
            TITLE,
            " runs on Fargate, where EKS Pod Identity is not supported: the next pod may have neither. Give it a service account of its own with the \
             annotation, or an EC2 node"
                .to_owned(),
        ),
        PodAge::Older(_) => (
            "pods still have IRSA from before the association",
            ": recreate the pod, and it has Pod Identity".to_owned(),
        ),
        PodAge::Younger => (
            TITLE,
            " is younger than the association: EKS had not propagated it yet, or the variables were set by hand. Recreate the pod to get Pod Identity"
                .to_owned(),
        ),
        PodAge::SameSecond => (TITLE, unknown(SAME_SECOND)),
        PodAge::Unknown(why) => (TITLE, unknown(why)),
    };
    DoctorVerdict::Note(title, format!("pod {}{what}", pod.name()))
}

/// The finding of the first pod on Fargate that rests on an association.
fn on_fargate(state: &WalkState, pods: &[InspectedPod<'_>]) -> Option<DoctorFinding> {
    if state.route != IdentityRoute::PodIdentity {
        return None;
    }
    let (pod, container) = pods.iter().filter(|pod| pod.pod.is_on_fargate()).find_map(|pod| {
        let rests_on_it =
            |container: &ContainerState| matches!(container, ContainerState::Bare | ContainerState::Injected | ContainerState::Preset(_));
        Some((pod.pod, pod.containers.iter().map(|(_, container)| container).find(|container| rests_on_it(container))?))
    })?;
    let has = match container {
        ContainerState::Bare => "It has nothing injected.",
        _ => "It has Pod Identity's variables, which do not help it.",
    };
    let detail = format!("Pod {} runs on Fargate, where no agent answers. {has} Deleting the pod does not change that.", pod.name());
    Some(DoctorFinding::new(Code::PodNotInjected, detail).with_value("pod", pod.name()).with_wording(&wordings::ON_FARGATE))
}

/// What is wrong with a pod.
enum PodProblem<'a> {
    /// A finding, with its detail.
    Finding { code: Code, pod: Pod<'a>, detail: String },
    /// One of two findings: what was seen, why it is open, and how to settle it.
    Undecided { pod: &'a str, detail: String },
}

impl<'a> PodProblem<'a> {
    /// The pod and the detail of a problem that is not decided.
    fn undecided(&self) -> Option<(&'a str, &str)> {
        match self {
            PodProblem::Undecided { pod, detail } => Some((pod, detail)),
            PodProblem::Finding { .. } => None,
        }
    }
}

/// Each code once: the detail is that of the first pod, and the others are named in it.
fn findings(problems: &[PodProblem<'_>]) -> Vec<DoctorFinding> {
    let mut findings: Vec<DoctorFinding> = Vec::new();
    for problem in problems {
        let PodProblem::Finding { code, pod, detail } = problem else { continue };
        if findings.iter().any(|known| known.finding.code == *code) {
            continue;
        }
        let pods_with_it = problems.iter().filter_map(|other| match other {
            PodProblem::Finding { code: its_code, pod, .. } if its_code == code => Some(pod.name()),
            _ => None,
        });
        let others: Vec<&str> = pods_with_it.skip(1).collect();
        let detail = format!("{detail}{}", the_same_with(&others));
        findings.push(DoctorFinding::new(*code, detail).with_value("pod", pod.name()).with_pod_owner(pod.owner()));
    }
    findings
}

fn the_same_with(others: &[&str]) -> String {
    if others.is_empty() { String::new() } else { format!(" The same with {}.", list_few(others)) }
}

/// All that is wrong with a pod.
fn problems<'a>(found: &Found, state: &WalkState, pod: &InspectedPod<'a>) -> Vec<PodProblem<'a>> {
    [preset_variables(pod), other_role(found, state, pod), not_injected(found, state, pod)].into_iter().flatten().collect()
}

fn finding(code: Code, pod: Pod<'_>, detail: String) -> Option<PodProblem<'_>> {
    Some(PodProblem::Finding { code, pod, detail })
}

fn undecided<'a>(state: &WalkState, pod: Pod<'a>, what: &str, why: &str) -> Option<PodProblem<'a>> {
    let than = if state.route == IdentityRoute::PodIdentity { "the association" } else { "the annotation" };
    let (pod, namespace) = (pod.name(), &state.namespace);
    let detail = format!(
        "{what}. Whether the pod is older than {than} is not known: {why}. A new pod shows it: kubectl -n {namespace} delete pod {pod}, if a \
         controller makes the next one. If the new pod has the identity, this one was only older than {than}. If it has not, see irsa-probe explain \
         pod-not-injected."
    );
    Some(PodProblem::Undecided { pod, detail })
}

/// Variables that were set before the webhook came, which leaves such a container alone.
fn preset_variables<'a>(pod: &InspectedPod<'a>) -> Option<PodProblem<'a>> {
    let preset = |(container, state): &(&str, ContainerState)| match state {
        ContainerState::Preset(names) => Some(format!("{container} ({})", names.join(", "))),
        _ => None,
    };
    let preset: Vec<String> = pod.containers.iter().filter_map(preset).collect();
    if preset.is_empty() {
        return None;
    }
    finding(Code::InjectionSuppressed, pod.pod, format!("Pod {} presets the variables in container {}.", pod.pod.name(), preset.join(", ")))
}

/// Another role than the annotation's: an older annotation's, or one that was set by hand.
fn other_role<'a>(found: &Found, state: &WalkState, pod: &InspectedPod<'a>) -> Option<PodProblem<'a>> {
    let (container, role) = pod.containers.iter().find_map(|(container, state)| match state {
        ContainerState::OtherRole(role) => Some((container, role)),
        _ => None,
    })?;
    let pod = pod.pod;
    let carries = format!("Pod {}, container {container}, has {role}", pod.name());
    let names_another = || format!("{carries}, and the annotation now names another role");
    match pod_age(found, state.route, pod) {
        PodAge::Younger => finding(
            Code::InjectionSuppressed,
            pod,
            format!("{carries}, although the pod was created after the last change of the annotation: the role is preset."),
        ),
        PodAge::Older(when) => finding(Code::PodPredatesAnnotation, pod, format!("{carries}, the role of an older annotation. {when}")),
        PodAge::SameSecond => undecided(state, pod, &names_another(), SAME_SECOND),
        PodAge::Unknown(why) => undecided(state, pod, &names_another(), why),
    }
}

/// Containers in which nothing was injected, and why.
fn not_injected<'a>(found: &Found, state: &WalkState, inspected: &InspectedPod<'a>) -> Option<PodProblem<'a>> {
    let (pod, name, containers) = (inspected.pod, inspected.pod.name(), &inspected.containers);
    let not_injected = |detail: String| finding(Code::PodNotInjected, pod, detail);
    if !containers.is_empty() && containers.iter().all(|(_, state)| *state == ContainerState::Exempt) {
        return not_injected(format!("Pod {name}: all of its containers are listed in eks.amazonaws.com/skip-containers."));
    }
    let bare: Vec<&str> = containers.iter().filter(|(_, state)| *state == ContainerState::Bare).map(|(name, _)| *name).collect();
    if bare.is_empty() {
        return None;
    }
    let bare = list_few(&bare);
    if pod.has_skip_label() {
        return not_injected(format!("Pod {name}: it has the label eks.amazonaws.com/skip-pod-identity-webhook."));
    }
    let was_injected =
        |state: &ContainerState| matches!(state, ContainerState::Injected | ContainerState::OtherRoute | ContainerState::OtherRole(_));
    if containers.iter().any(|(_, state)| was_injected(state)) {
        return not_injected(format!("Pod {name}: container {bare} has no identity, although other containers of the pod have it."));
    }
    match pod_age(found, state.route, pod) {
        PodAge::Older(when) if state.route == IdentityRoute::PodIdentity => {
            not_injected(format!("Pod {name} is older than the association. {when}"))
        }
        PodAge::Older(when) => finding(Code::PodPredatesAnnotation, pod, format!("Pod {name} has nothing injected. {when}")),
        PodAge::Younger => not_injected(format!(
            "Pod {name}, container {bare}: nothing was injected, although the pod is younger than what names the role."
        )),
        // Either way both came together, and the webhook may have missed what names the role.
        PodAge::SameSecond => not_injected(format!(
            "Pod {name}, container {bare}: nothing was injected. Whether the pod is older than what names the role is not known: {SAME_SECOND}."
        )),
        PodAge::Unknown(why) => undecided(state, pod, &format!("Pod {name}, container {bare}: nothing was injected"), why),
    }
}

/// Whether no container has static keys in its own env: every SDK takes them first.
pub fn unshadowed(found: &Found, state: &WalkState) -> DoctorVerdict {
    if let Some(verdict) = without_pods(found, state) {
        return verdict;
    }
    for pod in state::pods(found) {
        let containers = pod.containers_with_keys();
        if !containers.is_empty() {
            let (name, containers) = (pod.name(), list_few(&containers));
            let detail = format!("Pod {name}, container {containers}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set in its env.");
            return DoctorFinding::new(Code::ShadowedByEnvKeys, detail).with_value("pod", name).into();
        }
    }
    DoctorVerdict::Pass(String::new())
}
