//! A pod, and whether its containers were injected, as the webhook decides it.
//!
//! amazon-eks-pod-identity-webhook, `pkg/handler/handler.go`: it appends literal variables to every container and init container that has
//! neither of the pair and is not listed in `skip-containers`, in every pod without the skip label.

use super::document::{list, text, time};
use super::route::IdentityRoute;
use crate::core::catalogue::commands::{DELETE_POD, FixCommand};
use crate::core::text::time::Timestamp;
use serde_json::Value;

/// The pod's annotation that names containers to leave alone.
const SKIP_CONTAINERS: &str = "/metadata/annotations/eks.amazonaws.com~1skip-containers";
/// The label by which EKS's configuration leaves whole pods alone.
const SKIP_LABEL: &str = "/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook";
/// The label that EKS's admission puts on a pod that a Fargate profile selects.
const FARGATE_LABEL: &str = "/metadata/labels/eks.amazonaws.com~1fargate-profile";
/// The variables of IRSA: the role, and the token's file.
const IRSA: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
/// The variables of Pod Identity: the agent's URL, and the token's file.
const POD_IDENTITY: [&str; 2] = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
/// Static keys, which every SDK takes first.
const KEYS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
/// Proxies that other webhooks add, perhaps after this one has run. They call no AWS service, so that they need no identity.
const MESH_PROXIES: [&str; 5] = ["istio-proxy", "istio-init", "istio-validation", "linkerd-proxy", "linkerd-init"];

/// Whether a container was injected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerState {
    /// It has what the service account's route gives.
    Injected,
    /// It has what the other route gives: IRSA, although the service account has an association now; or Pod Identity, although it has none.
    OtherRoute,
    /// It has IRSA with another role than the annotation's.
    OtherRole(String),
    /// These variables were there before the webhook came.
    Preset(Vec<&'static str>),
    /// It is not to be injected: it is listed in `skip-containers`, or is a mesh's proxy.
    Exempt,
    /// Nothing was injected.
    Bare,
}

/// What makes the next pod when a pod is deleted. It decides whom the deletion affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodOwner {
    /// A controller whose pods are all alike, so that another one takes this pod's place.
    Interchangeable,
    /// A StatefulSet. Its pods have names and volumes of their own, and the next one comes only after this one has ended.
    StatefulSet,
    /// A Job. Its pod's work starts over, and a deleted pod counts as failed: a Job fails once more pods failed than its `backoffLimit` (Kubernetes,
    /// "Jobs", "Pod backoff failure policy").
    Job,
    /// A DaemonSet. Its pod serves the node.
    DaemonSet,
    /// A controller of another kind: what it does is not known.
    Other,
    /// None: the pod does not come back.
    None,
}

impl PodOwner {
    /// [`DELETE_POD`] with what is known of the owner.
    pub fn delete_pod(self) -> FixCommand {
        match self {
            PodOwner::Interchangeable => DELETE_POD.own(),
            PodOwner::StatefulSet => DELETE_POD
                .touching("what relies on pod {namespace}/{pod} by its name or volume: its StatefulSet makes it again after it has ended"),
            PodOwner::Job => DELETE_POD.touching(
                "the work of pod {namespace}/{pod}: it starts over, and its Job counts a failed pod and fails where its backoffLimit is reached",
            ),
            PodOwner::DaemonSet => {
                DELETE_POD.touching("what relies on pod {namespace}/{pod} on its node, until its DaemonSet has made the next one there")
            }
            PodOwner::Other => DELETE_POD,
            PodOwner::None => {
                DELETE_POD.touching("what pod {namespace}/{pod} serves: it has no controller and does not come back, so keep its manifest")
            }
        }
    }
}

/// A variable that a container's own list sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable<'a> {
    /// To this value.
    Literal(&'a str),
    /// To what another object holds (`valueFrom`).
    Referenced,
}

impl<'a> Variable<'a> {
    fn literal(self) -> Option<&'a str> {
        match self {
            Variable::Literal(value) => Some(value),
            Variable::Referenced => None,
        }
    }
}

/// A pod, as the API server gives it. Only names, times and the variables that are listed here are ever read: others hold secrets.
#[derive(Debug, Clone, Copy)]
pub struct Pod<'a>(pub &'a Value);

impl<'a> Pod<'a> {
    /// Its name.
    pub fn name(self) -> &'a str {
        text(self.0, "/metadata/name").unwrap_or("?")
    }

    /// What makes the next one when it is deleted. A ReplicaSet, a ReplicationController or a Job replaces its pods (Kubernetes documentation,
    /// "Workloads").
    pub fn owner(self) -> PodOwner {
        let is_controller = |owner: &&Value| owner.get("controller") == Some(&Value::Bool(true));
        let controller = list(self.0, "/metadata/ownerReferences").iter().find(is_controller);
        match controller.map(|owner| text(owner, "/kind").unwrap_or_default()) {
            Some("ReplicaSet" | "ReplicationController") => PodOwner::Interchangeable,
            Some("Job") => PodOwner::Job,
            Some("StatefulSet") => PodOwner::StatefulSet,
            Some("DaemonSet") => PodOwner::DaemonSet,
            Some(_) => PodOwner::Other,
            None => PodOwner::None,
        }
    }

    /// When it was created.
    pub fn created(self) -> Option<Timestamp> {
        time(self.0.pointer("/metadata/creationTimestamp"))
    }

    /// Whether it has ended or is being deleted, so that nothing in it needs an identity any more.
    pub fn is_over(self) -> bool {
        matches!(text(self.0, "/status/phase"), Some("Succeeded" | "Failed")) || self.0.pointer("/metadata/deletionTimestamp").is_some()
    }

    /// When it became ready, if it is ready.
    pub fn ready_since(self) -> Option<Timestamp> {
        let ready = |condition: &&Value| text(condition, "/type") == Some("Ready") && text(condition, "/status") == Some("True");
        list(self.0, "/status/conditions").iter().find(ready).and_then(|condition| time(condition.get("lastTransitionTime")))
    }

    /// Whether it is on Fargate. No DaemonSet runs there, and so no agent of Pod Identity (EKS user guide, "EKS Pod Identity restrictions").
    pub fn is_on_fargate(self) -> bool {
        self.0.pointer(FARGATE_LABEL).is_some() || text(self.0, "/spec/schedulerName") == Some("fargate-scheduler")
    }

    /// Whether a label tells the webhook to leave it alone.
    pub fn has_skip_label(self) -> bool {
        self.0.pointer(SKIP_LABEL).is_some()
    }

    fn containers(self) -> impl Iterator<Item = &'a Value> {
        list(self.0, "/spec/initContainers").iter().chain(list(self.0, "/spec/containers"))
    }

    /// The role in the variables of a container that has both of IRSA's.
    pub fn role(self) -> Option<&'a str> {
        let mut with_token = self.containers().filter(|container| variable(container, IRSA[1]).is_some());
        with_token.find_map(|container| variable(container, IRSA[0])?.literal())
    }

    /// Whether some container has Pod Identity's variables.
    pub fn has_pod_identity(self) -> bool {
        self.containers().any(|container| POD_IDENTITY.iter().all(|name| variable(container, name).is_some()))
    }

    /// The names of containers with static keys in their env.
    pub fn containers_with_keys(self) -> Vec<&'a str> {
        // An empty value is no key: Helm templates leave such variables behind.
        let is_set = |container: &Value, key: &str| variable(container, key).is_some_and(|value| value != Variable::Literal(""));
        self.containers().filter(|container| KEYS.iter().all(|key| is_set(container, key))).map(container_name).collect()
    }

    /// Each container's name and state; `role` is the one that the webhook would inject.
    pub fn container_states(self, route: IdentityRoute, role: Option<&str>) -> Vec<(&'a str, ContainerState)> {
        let skipped = text(self.0, SKIP_CONTAINERS).unwrap_or_default();
        let is_exempt =
            |name: &str| MESH_PROXIES.contains(&name) || skipped.split(',').any(|skipped| skipped.trim().trim_matches('"') == name);
        let named_state = |container: &'a Value| {
            let name = container_name(container);
            match container_state(container, route, role) {
                ContainerState::Bare if is_exempt(name) => (name, ContainerState::Exempt),
                state => (name, state),
            }
        };
        self.containers().map(named_state).collect()
    }
}

fn container_name(container: &Value) -> &str {
    text(container, "/name").unwrap_or("?")
}

/// A variable of the container's own list. Of two with the same name the later one counts, as it does for the kubelet.
fn variable<'a>(container: &'a Value, name: &str) -> Option<Variable<'a>> {
    let entry = list(container, "/env").iter().rfind(|entry| text(entry, "/name") == Some(name))?;
    Some(match text(entry, "/value") {
        Some(value) => Variable::Literal(value),
        None if entry.get("valueFrom").is_some() => Variable::Referenced,
        // An empty value is left out of JSON.
        None => Variable::Literal(""),
    })
}

fn container_state(container: &Value, route: IdentityRoute, role: Option<&str>) -> ContainerState {
    let set_of =
        |names: [&'static str; 2]| -> Vec<&'static str> { names.into_iter().filter(|name| variable(container, name).is_some()).collect() };
    let (irsa, pod_identity) = (set_of(IRSA), set_of(POD_IDENTITY));
    let has_irsa_token = has_mount_for(container, IRSA[1]);
    let has_pod_identity_token = has_mount_for(container, POD_IDENTITY[1]);
    if route == IdentityRoute::PodIdentity {
        return match (pod_identity.len(), irsa.len()) {
            (2, _) if has_pod_identity_token => ContainerState::Injected,
            (0, 2) if has_irsa_token => ContainerState::OtherRoute,
            (0, _) => ContainerState::Bare,
            _ => ContainerState::Preset(pod_identity),
        };
    }
    match (irsa.len(), variable(container, IRSA[0]).and_then(Variable::literal)) {
        (0, _) if pod_identity.len() == 2 && has_pod_identity_token => ContainerState::OtherRoute,
        (0, _) => ContainerState::Bare,
        (2, Some(value)) if has_irsa_token && !value.is_empty() => match role {
            Some(role) if role != value => ContainerState::OtherRole(value.to_owned()),
            _ => ContainerState::Injected,
        },
        _ => ContainerState::Preset(irsa),
    }
}

/// Whether a volume is mounted above the file that a variable names.
fn has_mount_for(container: &Value, file_variable: &str) -> bool {
    // On Windows nodes paths are those of drive C.
    let plain = |path: &str| {
        let path = path.replace('\\', "/");
        path.strip_prefix("C:").unwrap_or(&path).to_owned()
    };
    let file = plain(variable(container, file_variable).and_then(Variable::literal).unwrap_or_default());
    let is_above = |folder: &str| file.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
    list(container, "/volumeMounts").iter().filter_map(|mount| text(mount, "/mountPath")).any(|path| is_above(&plain(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::catalogue::commands::CommandEffect;
    use serde_json::json;

    const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
    const FOLDER: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

    fn injected(name: &str) -> Value {
        json!({"name": name, "env": [
            {"name": "AWS_ROLE_ARN", "value": ROLE}, {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": format!("{FOLDER}/token")},
        ], "volumeMounts": [{"name": "aws-iam-token", "mountPath": FOLDER}]})
    }

    fn states(pod: &Value, route: IdentityRoute) -> Vec<ContainerState> {
        Pod(pod).container_states(route, Some(ROLE)).into_iter().map(|(_, state)| state).collect()
    }

    #[test]
    fn each_container_has_its_own_state() {
        let pod = json!({
            "metadata": {"annotations": {"eks.amazonaws.com/skip-containers": "logger, \"other\""}},
            "spec": {
                "initContainers": [injected("init")],
                "containers": [
                    {"name": "bare"}, {"name": "logger"}, {"name": "istio-proxy"},
                    {"name": "preset", "env": [{"name": "AWS_ROLE_ARN"}]},
                    {"name": "secret", "env": [{"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "valueFrom": {}}]},
                ],
            },
        });
        use ContainerState::*;
        let expected = [Injected, Bare, Exempt, Exempt, Preset(vec!["AWS_ROLE_ARN"]), Preset(vec!["AWS_WEB_IDENTITY_TOKEN_FILE"])];
        assert_eq!(states(&pod, IdentityRoute::Irsa), expected);
    }

    #[test]
    fn whom_a_deletion_affects_hangs_on_the_controller() {
        let owner = |references: Value| Pod(&json!({"metadata": {"ownerReferences": references}})).owner();
        let controller = |kind: &str| owner(json!([{"kind": "Owner"}, {"kind": kind, "controller": true}]));
        for kind in ["ReplicaSet", "ReplicationController"] {
            assert_eq!(controller(kind), PodOwner::Interchangeable);
        }
        assert_eq!(
            ["StatefulSet", "Job", "DaemonSet", "Node"].map(controller),
            [PodOwner::StatefulSet, PodOwner::Job, PodOwner::DaemonSet, PodOwner::Other],
            "a mirror pod is a node's"
        );
        assert_eq!(
            owner(json!([{"kind": "ReplicaSet"}, {"kind": "Job", "controller": false}])),
            PodOwner::None,
            "an owner is no controller"
        );
        assert_eq!(owner(json!(null)), PodOwner::None);
        use PodOwner::*;
        for owner in [Interchangeable, StatefulSet, Job, DaemonSet, Other, None] {
            let command = owner.delete_pod();
            assert_eq!(command.template, DELETE_POD.template);
            assert_eq!(command.effect == CommandEffect::Own, owner == Interchangeable, "{owner:?}");
            assert_eq!(command.touches.is_none(), owner == Interchangeable, "{owner:?}");
        }
    }

    #[test]
    fn both_variables_are_not_enough() {
        let one = |change: &dyn Fn(&mut Value)| {
            let mut container = injected("app");
            change(&mut container);
            states(&json!({"spec": {"containers": [container]}}), IdentityRoute::Irsa).remove(0)
        };
        let preset = ContainerState::Preset(IRSA.to_vec());
        assert_eq!(one(&|_| ()), ContainerState::Injected);
        assert_eq!(one(&|c| c["volumeMounts"] = json!([])), preset, "no token");
        assert_eq!(one(&|c| c["volumeMounts"][0]["mountPath"] = json!("/var/run/sec")), preset, "a folder beside it");
        assert_eq!(one(&|c| c["env"][0]["value"] = json!("")), preset, "empty");
        assert_eq!(one(&|c| c["env"][0] = json!({"name": "AWS_ROLE_ARN", "valueFrom": {}})), preset);
        assert_eq!(one(&|c| c["env"][0]["value"] = json!("arn:x")), ContainerState::OtherRole("arn:x".to_owned()));
        assert_eq!(
            one(&|c| c["env"][1]["value"] = json!("C:\\var\\run\\secrets\\eks.amazonaws.com\\serviceaccount\\token")),
            ContainerState::Injected
        );
    }

    #[test]
    fn pod_identity_has_variables_of_its_own() {
        let folder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
        let pod = json!({"spec": {"containers": [injected("irsa"), {"name": "bare"}, {"name": "app", "env": [
            {"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1/credentials"},
            {"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": format!("{folder}/eks-pod-identity-token")},
        ], "volumeMounts": [{"mountPath": folder}]}]}});
        assert_eq!(states(&pod, IdentityRoute::PodIdentity), [ContainerState::OtherRoute, ContainerState::Bare, ContainerState::Injected]);
        assert_eq!(states(&pod, IdentityRoute::Irsa), [ContainerState::Injected, ContainerState::Bare, ContainerState::OtherRoute]);
        assert!(Pod(&pod).has_pod_identity());
        assert_eq!(Pod(&pod).role(), Some(ROLE));
    }
}
