//! What Kubernetes holds: the issuer, the webhook, the service account, its annotation or association, aws-auth.

use crate::core::aws::arn::{RoleArn, RoleArnError};
use crate::core::catalogue::Code;
use crate::core::doctor::annotation::{self, Annotation};
use crate::core::doctor::answer::ToolAnswer;
use crate::core::doctor::aws_auth::role_arns;
use crate::core::doctor::check::{DoctorFinding, DoctorVerdict, list_few};
use crate::core::doctor::document::{list, text};
use crate::core::doctor::found::Found;
use crate::core::doctor::pod::ContainerState;
use crate::core::doctor::question::Question;
use crate::core::doctor::route::IdentityRoute;
use crate::core::doctor::state::{self, Unknown, WalkState};
use crate::core::doctor::why::{Obstacle, Why};
use crate::core::doctor::wordings;
use serde_json::Value;

/// Whether the issuer is known: what kubectl shows and what EKS shows have to agree.
pub fn issuer(found: &Found, state: &WalkState) -> DoctorVerdict {
    if let (Some(name), Some(ToolAnswer::Absent(why))) = (&found.target.cluster, found.get(Question::Cluster)) {
        // The name that the user gave is mistyped, or of another account or region. What else is said of associations would be of no cluster.
        return DoctorVerdict::not_seen(Why::of(
            Obstacle::NoSuchCluster,
            format!("EKS has no cluster {name} here: {why}; correct --cluster, or choose its profile and region"),
        ));
    }
    match (&state.issuer, &state.other_cluster) {
        (Some(issuer), Some(other)) => DoctorVerdict::not_seen(Why::of(
            Obstacle::TwoClusters,
            format!(
                "kubectl's context and EKS's cluster {} are two clusters: {issuer} and {other}; choose another context, or another --cluster",
                state.cluster.as_deref().unwrap_or_default()
            ),
        )),
        (Some(issuer), None) => DoctorVerdict::Pass(issuer.clone()),
        (None, _) => DoctorVerdict::not_seen(found.why_missing(Question::Discovery).and(found.why_missing(Question::Cluster))),
    }
}

/// Whether the webhook is configured. EKS's is known by its names, another cluster's by the service that it calls.
pub fn webhook(found: &Found, state: &WalkState) -> DoctorVerdict {
    let Some(all) = found.given(Question::Webhooks) else { return DoctorVerdict::not_answered(found, Question::Webhooks) };
    let configurations = list(all, "/items");
    let name = |configuration: &Value| text(configuration, "/metadata/name").unwrap_or_default().to_owned();
    match configurations.iter().find(|configuration| is_identity_webhook(configuration)) {
        Some(ours) if !list(ours, "/webhooks").is_empty() => DoctorVerdict::Pass(name(ours)),
        Some(ours) => {
            DoctorVerdict::finding(Code::WebhookMissing, format!("MutatingWebhookConfiguration {} has no webhooks in it.", name(ours)))
        }
        None => {
            let names = names_of(configurations);
            let mut detail =
                format!("No MutatingWebhookConfiguration belongs to the pod identity webhook. There are: {}.", list_few(&names));
            // It may have gone only now.
            if state::inspected_pods(found, state).iter().any(|pod| pod.has(&ContainerState::Injected)) {
                detail.push_str(" Running pods were injected; new pods will not be.");
            }
            DoctorVerdict::finding(Code::WebhookMissing, detail)
        }
    }
}

fn is_identity_webhook(configuration: &Value) -> bool {
    let is_its_name = |name: Option<&str>| name.is_some_and(|name| name.contains("pod-identity") || name.contains("iam-for-pods"));
    let is_its_hook = |hook: &Value| is_its_name(text(hook, "/name")) || is_its_name(text(hook, "/clientConfig/service/name"));
    is_its_name(text(configuration, "/metadata/name")) || list(configuration, "/webhooks").iter().any(is_its_hook)
}

fn names_of(objects: &[Value]) -> Vec<&str> {
    objects.iter().filter_map(|object| text(object, "/metadata/name")).collect()
}

/// Whether the service account exists.
pub fn service_account(found: &Found, state: &WalkState) -> DoctorVerdict {
    let name = state.service_account.as_deref().unwrap_or(&found.target.name);
    if state::service_account(found).is_some() {
        return DoctorVerdict::Pass(format!("{}/{name}", state.namespace));
    }
    if state::is_account_missing(found) != Some(true) {
        return DoctorVerdict::not_seen(state::why_no_account(found));
    }
    let nor_pod = if found.is_absent(Question::Pod) { " and no pod" } else { "" };
    let others = match found.given(Question::Others).map(|others| names_of(list(others, "/items"))) {
        None => String::new(),
        // Kubernetes makes `default` in each namespace.
        Some(names) if names.is_empty() => "; it has no service account at all, not even default: the namespace does not exist".to_owned(),
        Some(names) => format!("; its service accounts: {}", list_few(&names)),
    };
    let detail = format!("Namespace {} has no service account{nor_pod} {name}{others}.", state.namespace);
    DoctorVerdict::finding(Code::ServiceAccountMissing, detail)
}

/// Whether an annotation names a role: well formed, under the right key, on the service account.
pub fn annotation(found: &Found, state: &WalkState) -> DoctorVerdict {
    if state.route == IdentityRoute::PodIdentity {
        let also = if state.annotation == Annotation::None { "" } else { ", which wins over the annotation" };
        return DoctorVerdict::Skip(format!("Pod Identity is used{also}"));
    }
    match (&state.annotation, &state.role) {
        (Annotation::Role(role), Err(Unknown::Because(Code::PartitionMismatch))) => other_partition(role, state),
        (Annotation::Role(role), _) => DoctorVerdict::Pass(role.to_string()),
        (Annotation::Malformed(name, _), Ok(role)) => DoctorVerdict::Pass(format!("{name}, from which the webhook makes {role}")),
        (Annotation::Malformed(value, why), Err(_)) => malformed(value, why),
        (Annotation::Misspelt(key, value), _) => misspelt(key, value, "The service account"),
        (Annotation::None, Err(Unknown::Because(Code::AnnotationMissing))) => no_annotation(found, state),
        (Annotation::None, Err(unknown)) => DoctorVerdict::Unknown(unknown.clone()),
        (Annotation::None, Ok(role)) => DoctorVerdict::Pass(role.to_string()),
    }
}

fn malformed(value: &str, why: &RoleArnError) -> DoctorVerdict {
    let trimmed = value.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    let mut detail = format!("{} is {value:?}: {why}.", annotation::KEY);
    if *why == RoleArnError::Untidy && RoleArn::parse(trimmed).is_ok() {
        detail.push_str(" Without them it is the ARN of a role.");
    }
    DoctorVerdict::finding(Code::RoleArnMalformed, detail)
}

fn misspelt(key: &str, value: &str, place: &str) -> DoctorVerdict {
    let difference = annotation::describe_difference(key);
    let detail = format!("{place} has the annotation {key}: {value}, which the webhook does not read: {difference}.");
    let finding = DoctorFinding::new(Code::AnnotationMisspelt, detail);
    match RoleArn::parse(value.trim()) {
        Ok(role) => finding.with_value("roleArn", role.to_string()).into(),
        Err(_) => finding.into(),
    }
}

/// The verdict on a service account without an annotation. It may stand on a pod, or an association may be there unseen.
fn no_annotation(found: &Found, state: &WalkState) -> DoctorVerdict {
    let pods = state::pods(found);
    for pod in &pods {
        // On a pod the right key is as wrong as a misspelt one.
        let misplaced = text(pod.0, "/metadata/annotations/eks.amazonaws.com~1role-arn").map(|value| (annotation::KEY, value));
        if let Some((key, value)) = misplaced.or_else(|| annotation::near_miss(pod.0)) {
            return misspelt(key, value, &format!("Pod {}", pod.name()));
        }
    }
    let why = state.why_no_association(found);
    match (state.associations_known, pods.len()) {
        (true, _) => DoctorVerdict::finding(Code::AnnotationMissing, "No annotation eks.amazonaws.com/role-arn, and no association."),
        (false, 0) => {
            DoctorVerdict::not_seen(why.after("it has no annotation, and whether a Pod Identity association names it is not known"))
        }
        (false, n) => DoctorVerdict::finding(
            Code::AnnotationMissing,
            format!(
                "No annotation eks.amazonaws.com/role-arn. Associations cannot be seen ({why}), but its pods ({n}) have none of Pod Identity's variables."
            ),
        ),
    }
}

/// The verdict on a role of another partition than the cluster's. STS refuses it before it evaluates any policy: `Request ARN is invalid`.
fn other_partition(role: &RoleArn, state: &WalkState) -> DoctorVerdict {
    let partition = state.partition.unwrap_or(role.partition);
    let detail = format!(
        "{} names {role}, which is in partition {}. The cluster is in partition {partition}, and STS there does not know such a role.",
        annotation::KEY,
        role.partition
    );
    let meant = RoleArn { partition, ..role.clone() };
    DoctorFinding::new(Code::PartitionMismatch, detail)
        .with_value("partition", partition.to_string())
        .with_value("roleArn", meant.to_string())
        .with_wording(&wordings::OTHER_PARTITION)
        .into()
}

/// Whether an association names the service account, where pods rest on one.
pub fn association(found: &Found, state: &WalkState) -> DoctorVerdict {
    let pods = state::pods(found);
    let carrying: Vec<&str> = pods.iter().filter(|pod| pod.has_pod_identity()).map(|pod| pod.name()).collect();
    match (&state.association, state.associations_known) {
        (Some(id), _) => {
            let answer = found.given(Question::Association);
            let field = |pointer: &str| answer.and_then(|answer| text(answer, pointer));
            let role = field("/association/roleArn").unwrap_or("its role cannot be seen");
            let target = field("/association/targetRoleArn").filter(|target| !target.is_empty());
            let then = target.map(|target| format!(", which then assumes {target}")).unwrap_or_default();
            DoctorVerdict::Pass(format!("{id}, {role}{then}"))
        }
        (None, true) if carrying.is_empty() => DoctorVerdict::Skip("there is none, and IRSA does not need one".to_owned()),
        (None, true) => DoctorVerdict::finding(
            Code::AssociationMissing,
            format!("These pods have Pod Identity's variables, but no association names their service account: {}.", list_few(&carrying)),
        ),
        (None, false) => DoctorVerdict::not_seen(state.why_no_association(found)),
    }
}

/// Whether the role ARNs in aws-auth can match. They are compared with a session's ARN, which has no path, so that one with a path never matches.
pub fn aws_auth(found: &Found, _: &WalkState) -> DoctorVerdict {
    if !found.target.aws_auth {
        return DoctorVerdict::Skip("not requested (--aws-auth)".to_owned());
    }
    let map = match found.get(Question::AwsAuth) {
        Some(ToolAnswer::Given(map)) => map,
        Some(ToolAnswer::Absent(_)) => {
            return DoctorVerdict::Skip("there is no ConfigMap aws-auth: the cluster uses access entries".to_owned());
        }
        _ => return DoctorVerdict::not_answered(found, Question::AwsAuth),
    };
    let arns = role_arns(map);
    let mut first_with_path: Option<RoleArn> = None;
    let mut path_lines: Vec<String> = Vec::new();
    let mut malformed_lines: Vec<String> = Vec::new();
    for arn in &arns {
        match RoleArn::parse(arn) {
            Ok(role) if role.path == "/" => {}
            Ok(role) => {
                let bare = RoleArn { path: "/".to_owned(), ..role.clone() };
                add_once(&mut path_lines, format!("aws-auth maps {arn}; it has to be {bare}."));
                first_with_path.get_or_insert(role);
            }
            Err(why) => add_once(&mut malformed_lines, format!("aws-auth maps {arn:?}: {why}.")),
        }
    }
    let mut findings = Vec::new();
    if let Some(role) = first_with_path {
        findings.push(
            DoctorFinding::new(Code::AwsAuthRolePath, path_lines.join(" "))
                .with_value("partition", role.partition.id())
                .with_value("account", role.account.to_string())
                .with_value("roleName", role.name),
        );
    }
    if !malformed_lines.is_empty() {
        let detail = format!("{} Such an entry gives access to no one.", malformed_lines.join(" "));
        findings.push(DoctorFinding::new(Code::RoleArnMalformed, detail).with_wording(&wordings::IN_AWS_AUTH));
    }
    match findings.is_empty() {
        true => DoctorVerdict::Pass(format!("{} role ARNs", arns.len())),
        false => DoctorVerdict::Findings(findings),
    }
}

/// aws-auth maps a role once for each of its users.
fn add_once(lines: &mut Vec<String>, line: String) {
    if !lines.contains(&line) {
        lines.push(line);
    }
}
