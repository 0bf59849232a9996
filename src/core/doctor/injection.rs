//! Whether pods were injected, container by container, as the webhook decides it.
//!
//! amazon-eks-pod-identity-webhook, `pkg/handler/handler.go`: literal variables are appended to every container and init container that has
//! none of the pair, is not listed in `skip-containers`, and whose pod lacks the skip label.

use super::case::IdentityRoute;
use super::read::{list, text, time};
use crate::core::text::time::Timestamp;
use serde_json::Value;

/// The pod's annotation that names containers to leave alone.
const SKIP_CONTAINERS: &str = "/metadata/annotations/eks.amazonaws.com~1skip-containers";
/// The label by which EKS's configuration leaves whole pods alone.
const SKIP_LABEL: &str = "/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook";
/// What EKS's admission puts on a pod that a Fargate profile selects.
const FARGATE_LABEL: &str = "/metadata/labels/eks.amazonaws.com~1fargate-profile";
/// The variables of IRSA.
const IRSA: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
/// The variables of Pod Identity.
const POD_IDENTITY: [&str; 2] = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
/// Static keys, which every SDK takes first.
const KEYS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
/// Proxies that other webhooks add, perhaps after this one has run. They call no AWS service, so it is no loss.
const MESH: [&str; 5] = ["istio-proxy", "istio-init", "istio-validation", "linkerd-proxy", "linkerd-init"];

/// A container's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerState {
    /// It has what the service account's way gives.
    Injected,
    /// It has IRSA, although an association stands for the service account now; or Pod Identity, although none does.
    OtherWay,
    /// IRSA with another role than the annotation's.
    OtherRole(String),
    /// These variables were there before the webhook came.
    Preset(Vec<&'static str>),
    /// Not to be injected: listed, or a mesh's proxy.
    Exempt,
    /// Nothing was injected.
    Bare,
}

/// A pod, as the API server gives it. Only names, times and the listed variables are ever read of it: others hold secrets.
#[derive(Debug, Clone, Copy)]
pub struct Pod<'a>(pub &'a Value);

impl<'a> Pod<'a> {
    pub fn name(self) -> &'a str {
        text(self.0, "/metadata/name").unwrap_or("?")
    }

    pub fn created(self) -> Option<Timestamp> {
        time(self.0.pointer("/metadata/creationTimestamp"))
    }

    /// Over, or about to be: nothing there needs an identity any more.
    pub fn is_over(self) -> bool {
        matches!(text(self.0, "/status/phase"), Some("Succeeded" | "Failed")) || self.0.pointer("/metadata/deletionTimestamp").is_some()
    }

    /// When it became ready, if it is.
    pub fn ready_since(self) -> Option<Timestamp> {
        let ready = |condition: &&Value| text(condition, "/type") == Some("Ready") && text(condition, "/status") == Some("True");
        list(self.0, "/status/conditions").iter().find(ready).and_then(|condition| time(condition.get("lastTransitionTime")))
    }

    /// On Fargate, where nothing runs beside a pod: no agent of Pod Identity (EKS user guide, "EKS Pod Identity restrictions").
    pub fn is_on_fargate(self) -> bool {
        self.0.pointer(FARGATE_LABEL).is_some() || text(self.0, "/spec/schedulerName") == Some("fargate-scheduler")
    }

    pub fn has_skip_label(self) -> bool {
        self.0.pointer(SKIP_LABEL).is_some()
    }

    fn containers(self) -> impl Iterator<Item = &'a Value> {
        list(self.0, "/spec/initContainers").iter().chain(list(self.0, "/spec/containers"))
    }

    /// The role in the variables of a container that has both.
    pub fn role(self) -> Option<&'a str> {
        self.containers().filter(|container| variable(container, IRSA[1]).is_some()).find_map(|container| variable(container, IRSA[0])?)
    }

    /// Whether some container has Pod Identity's variables.
    pub fn has_pod_identity(self) -> bool {
        self.containers().any(|container| POD_IDENTITY.iter().all(|name| variable(container, name).is_some()))
    }

    /// Containers with static keys in their env.
    pub fn with_keys(self) -> Vec<&'a str> {
        // Empty is unset: so helm templates leave them.
        let set = |container: &Value, key: &str| variable(container, key).is_some_and(|value| value != Some(""));
        self.containers().filter(|container| KEYS.iter().all(|key| set(container, key))).map(name).collect()
    }

    /// Each container with its state; `role` is the annotation's text.
    pub fn containers_by_state(self, way: IdentityRoute, role: Option<&str>) -> Vec<(&'a str, ContainerState)> {
        let listed = self.0.pointer(SKIP_CONTAINERS).and_then(Value::as_str).unwrap_or_default();
        let exempt = |name: &str| MESH.contains(&name) || listed.split(',').any(|listed| listed.trim().trim_matches('"') == name);
        let of = |container: &'a Value| match state(container, way, role) {
            ContainerState::Bare if exempt(name(container)) => (name(container), ContainerState::Exempt),
            state => (name(container), state),
        };
        self.containers().map(of).collect()
    }
}

fn name(container: &Value) -> &str {
    text(container, "/name").unwrap_or("?")
}

/// A variable of the container's own list: absent, there without a literal value, or its value. A second one of a name wins, as in the kubelet.
fn variable<'a>(container: &'a Value, name: &str) -> Option<Option<&'a str>> {
    let entry = list(container, "/env").iter().rfind(|entry| text(entry, "/name") == Some(name))?;
    // An empty value is left out of JSON.
    Some(text(entry, "/value").or(if entry.get("valueFrom").is_some() { None } else { Some("") }))
}

fn state(container: &Value, way: IdentityRoute, role: Option<&str>) -> ContainerState {
    let set =
        |names: [&'static str; 2]| -> Vec<&'static str> { names.into_iter().filter(|name| variable(container, name).is_some()).collect() };
    let (irsa, pod_identity) = (set(IRSA), set(POD_IDENTITY));
    if way == IdentityRoute::PodIdentity {
        return match (pod_identity.len(), irsa.len()) {
            (2, _) if mounted(container, POD_IDENTITY[1]) => ContainerState::Injected,
            (0, 2) if mounted(container, IRSA[1]) => ContainerState::OtherWay,
            (0, _) => ContainerState::Bare,
            _ => ContainerState::Preset(pod_identity),
        };
    }
    match (irsa.len(), variable(container, IRSA[0]).flatten()) {
        (0, _) if pod_identity.len() == 2 && mounted(container, POD_IDENTITY[1]) => ContainerState::OtherWay,
        (0, _) => ContainerState::Bare,
        (2, Some(value)) if mounted(container, IRSA[1]) && !value.is_empty() => match role {
            Some(role) if role != value => ContainerState::OtherRole(value.to_owned()),
            _ => ContainerState::Injected,
        },
        _ => ContainerState::Preset(irsa),
    }
}

/// Whether a volume is mounted where the variable's file is.
fn mounted(container: &Value, variable_: &str) -> bool {
    let file = variable(container, variable_).flatten().unwrap_or_default().replace('\\', "/");
    let file = file.strip_prefix("C:").unwrap_or(&file);
    let above = |folder: &str| file.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
    list(container, "/volumeMounts").iter().filter_map(|mount| text(mount, "/mountPath")).any(|path| {
        let path = path.replace('\\', "/");
        above(path.strip_prefix("C:").unwrap_or(&path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
    const FOLDER: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

    fn injected(name: &str) -> Value {
        json!({"name": name, "env": [
            {"name": "AWS_ROLE_ARN", "value": ROLE}, {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": format!("{FOLDER}/token")},
        ], "volumeMounts": [{"name": "aws-iam-token", "mountPath": FOLDER}]})
    }

    fn states(pod: &Value, way: IdentityRoute) -> Vec<ContainerState> {
        Pod(pod).containers_by_state(way, Some(ROLE)).into_iter().map(|(_, state)| state).collect()
    }

    #[test]
    fn containers_are_judged_one_by_one() {
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
        assert_eq!(states(&pod, IdentityRoute::PodIdentity), [ContainerState::OtherWay, ContainerState::Bare, ContainerState::Injected]);
        assert_eq!(states(&pod, IdentityRoute::Irsa), [ContainerState::Injected, ContainerState::Bare, ContainerState::OtherWay]);
        assert!(Pod(&pod).has_pod_identity());
        assert_eq!(Pod(&pod).role(), Some(ROLE));
    }
}
