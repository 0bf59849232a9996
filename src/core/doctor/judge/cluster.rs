//! What Kubernetes holds: the issuer, the webhook, the service account, its annotation or association, aws-auth.

use super::some;
use crate::core::aws::arn::{RoleArn, RoleArnError};
use crate::core::catalogue::Code;
use crate::core::doctor::annotation::{self, Annotation};
use crate::core::doctor::ask::Question;
use crate::core::doctor::case::{self, IdentityRoute, Unknown, WalkState};
use crate::core::doctor::checks::{DoctorFinding, DoctorVerdict, Wording, open};
use crate::core::doctor::injection::ContainerState;
use crate::core::doctor::read::{list, text};
use crate::core::doctor::{Found, ToolAnswer, aws_auth as config_map};
use serde_json::Value;

/// The issuer: kubectl's answer and EKS's have to agree.
pub fn issuer(found: &Found, case: &WalkState) -> DoctorVerdict {
    if let (Some(name), Some(ToolAnswer::Absent(why))) = (&found.asked.cluster, found.get(Question::Cluster)) {
        // What was given by hand is mistyped, or of another account or region; else what is said of associations would be of no cluster.
        return DoctorVerdict::Unknown(Unknown::Open(format!(
            "EKS has no cluster {name} here: {why}; correct --cluster, or choose its profile and region"
        )));
    }
    match (&case.issuer, &case.other_cluster) {
        (Some(issuer), Some(other)) => DoctorVerdict::Unknown(Unknown::Open(format!(
            "kubectl's context and EKS's cluster {} are two clusters: {issuer} and {other}; choose another context, or another --cluster",
            case.cluster.as_deref().unwrap_or_default()
        ))),
        (Some(issuer), None) => DoctorVerdict::Good(issuer.clone()),
        (None, _) => DoctorVerdict::Unknown(Unknown::Open(format!("{}; {}", found.why(Question::Discovery), found.why(Question::Cluster)))),
    }
}

/// By EKS's names, or by where it points to on other clusters.
pub fn webhook(found: &Found, case: &WalkState) -> DoctorVerdict {
    let Some(all) = found.given(Question::Webhooks) else { return open(found, Question::Webhooks) };
    let ours = |configuration: &&Value| {
        let is_ours = |name: Option<&str>| name.is_some_and(|name| name.contains("pod-identity") || name.contains("iam-for-pods"));
        let hooks = list(configuration, "/webhooks");
        is_ours(text(configuration, "/metadata/name"))
            || hooks.iter().any(|hook| is_ours(text(hook, "/name")) || is_ours(text(hook, "/clientConfig/service/name")))
    };
    match list(all, "/items").iter().find(ours) {
        Some(found) if !list(found, "/webhooks").is_empty() => {
            DoctorVerdict::Good(text(found, "/metadata/name").unwrap_or_default().to_owned())
        }
        Some(found) => DoctorVerdict::Bad(vec![DoctorFinding::new(
            Code::WebhookMissing,
            format!("MutatingWebhookConfiguration {} has no webhooks in it.", text(found, "/metadata/name").unwrap_or_default()),
        )]),
        None => {
            let names: Vec<&str> = list(all, "/items").iter().filter_map(|one| text(one, "/metadata/name")).collect();
            let mut detail = format!("No MutatingWebhookConfiguration is the pod identity webhook's. There are: {}.", some(&names));
            // It may have gone since, and nobody has noticed yet.
            if super::pods::states(found, case).iter().any(|(_, _, state)| *state == ContainerState::Injected) {
                detail.push_str(" Pods that run now were injected; those that come after them will not be.");
            }
            DoctorVerdict::Bad(vec![DoctorFinding::new(Code::WebhookMissing, detail)])
        }
    }
}

/// Exists, and is the one that is meant.
pub fn service_account(found: &Found, case: &WalkState) -> DoctorVerdict {
    let name = case.service_account.as_deref().unwrap_or(&found.asked.name);
    if case::account(found).is_some() {
        return DoctorVerdict::Good(format!("{}/{name}", case.namespace));
    }
    if case.account_missing(found) != Some(true) {
        return DoctorVerdict::Unknown(Unknown::Open(case::why_no_account(found)));
    }
    let nor = if found.absent(Question::Pod) { " and no pod" } else { "" };
    let mut detail = format!("Namespace {} has no service account{nor} {name}", case.namespace);
    if let Some(others) = found.given(Question::Others) {
        let names: Vec<&str> = list(others, "/items").iter().filter_map(|one| text(one, "/metadata/name")).collect();
        match names.is_empty() {
            // Kubernetes makes `default` in each namespace.
            true => detail.push_str("; it has none at all, not even default: the namespace does not exist"),
            false => detail.push_str(&format!("; its service accounts: {}", some(&names))),
        }
    }
    DoctorVerdict::Bad(vec![DoctorFinding::new(Code::ServiceAccountMissing, detail + ".")])
}

/// Well formed, under the right key, on the service account.
pub fn annotation(found: &Found, case: &WalkState) -> DoctorVerdict {
    if case.way == IdentityRoute::PodIdentity {
        let also = if case.annotation == Annotation::None { "" } else { ", which wins over the annotation" };
        return DoctorVerdict::Skip(format!("Pod Identity is used{also}"));
    }
    let misspelt = |key: &str, value: &str, place: &str| {
        let mut seen = DoctorFinding::new(
            Code::AnnotationMisspelt,
            format!("{place} carries {key}: {value}, which the webhook does not read: {}.", annotation::difference(key)),
        );
        seen.values.extend(RoleArn::parse(value.trim()).ok().map(|role| ("roleArn", role.to_string())));
        DoctorVerdict::Bad(vec![seen])
    };
    match (&case.annotation, &case.role) {
        (Annotation::Role(role), Err(Unknown::Because(Code::PartitionMismatch))) => other_partition(role, case),
        (Annotation::Role(role), _) => DoctorVerdict::Good(role.to_string()),
        (Annotation::Malformed(name, _), Ok(role)) => DoctorVerdict::Good(format!("{name}, of which the webhook makes {role}")),
        (Annotation::Malformed(value, why), _) => {
            let trimmed = value.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
            let mut detail = format!("{} is {value:?}: {why}.", annotation::KEY);
            if *why == RoleArnError::Untidy && RoleArn::parse(trimmed).is_ok() {
                detail.push_str(" Without them it is a role's ARN.");
            }
            DoctorVerdict::Bad(vec![DoctorFinding::new(Code::RoleArnMalformed, detail)])
        }
        (Annotation::Misspelt(key, value), _) => misspelt(key, value, "The service account"),
        (Annotation::None, Err(Unknown::Because(Code::AnnotationMissing))) => {
            let pods = case::pods(found);
            if let Some((pod, key, value)) = pods.iter().find_map(|pod| {
                // On a pod the right key is as wrong as a misspelt one.
                let misplaced = text(pod.0, "/metadata/annotations/eks.amazonaws.com~1role-arn").map(|value| (annotation::KEY, value));
                let (key, value) = misplaced.or_else(|| annotation::near_miss(pod.0))?;
                Some((pod.name(), key, value))
            }) {
                return misspelt(key, value, &format!("Pod {pod}"));
            }
            let why = case.why_no_association(found);
            match (case.associations_known, pods.len()) {
                (true, _) => missing("No annotation eks.amazonaws.com/role-arn, and no association.".to_owned()),
                (false, 0) => DoctorVerdict::Unknown(Unknown::Open(format!(
                    "it has no annotation, and whether a Pod Identity association names it is not known: {why}"
                ))),
                (false, n) => missing(format!(
                    "No annotation eks.amazonaws.com/role-arn. Associations could not be seen ({why}), but none of {n} pods has Pod Identity's variables."
                )),
            }
        }
        (Annotation::None, Err(unknown)) => DoctorVerdict::Unknown(unknown.clone()),
        (Annotation::None, Ok(role)) => DoctorVerdict::Good(role.to_string()),
    }
}

/// What STS refuses before it looks at any policy: `Request ARN is invalid`.
fn other_partition(role: &RoleArn, case: &WalkState) -> DoctorVerdict {
    const INSTEAD: Wording = Wording {
        title: "role and cluster belong to different partitions",
        cure: "Write the ARN of a role of partition {partition} into the annotation of service account {namespace}/{serviceAccount}, and recreate its pods. \
               Where only the partition was mistyped, that is {roleArn}.",
        commands: &["kubectl -n {namespace} annotate --overwrite serviceaccount {serviceAccount} eks.amazonaws.com/role-arn={roleArn}"],
    };
    let partition = case.partition.unwrap_or(role.partition);
    let mut seen = DoctorFinding::new(
        Code::PartitionMismatch,
        format!(
            "{} names {role}, of partition {}; the cluster is in partition {partition}, whose STS knows no such role.",
            annotation::KEY,
            role.partition
        ),
    );
    let meant = RoleArn { partition, ..role.clone() };
    seen.values = vec![("partition", partition.to_string()), ("roleArn", meant.to_string())];
    seen.instead = Some(&INSTEAD);
    DoctorVerdict::Bad(vec![seen])
}

fn missing(detail: String) -> DoctorVerdict {
    DoctorVerdict::Bad(vec![DoctorFinding::new(Code::AnnotationMissing, detail)])
}

/// There, where pods rest on it.
pub fn association(found: &Found, case: &WalkState) -> DoctorVerdict {
    let carrying: Vec<&str> = case::pods(found).iter().filter(|pod| pod.has_pod_identity()).map(|pod| pod.name()).collect();
    match (&case.association, case.associations_known) {
        (Some(id), _) => {
            let answer = found.given(Question::Association);
            let role = |field: &str| answer.and_then(|answer| text(answer, field));
            let mut detail = format!("{id}, {}", role("/association/roleArn").unwrap_or("its role could not be seen"));
            if let Some(target) = role("/association/targetRoleArn").filter(|target| !target.is_empty()) {
                detail.push_str(&format!(", which then assumes {target}"));
            }
            DoctorVerdict::Good(detail)
        }
        (None, true) if carrying.is_empty() => DoctorVerdict::Skip("none does; IRSA needs none".to_owned()),
        (None, true) => DoctorVerdict::Bad(vec![DoctorFinding::new(
            Code::AssociationMissing,
            format!("Pods carry Pod Identity's variables, and no association names the service account: {}.", some(&carrying)),
        )]),
        (None, false) => DoctorVerdict::Unknown(Unknown::Open(case.why_no_association(found))),
    }
}

const IN_AWS_AUTH: Wording = Wording {
    title: "a rolearn in the aws-auth ConfigMap is not the ARN of a role",
    cure: "Write the role's own ARN, without its path, as rolearn in ConfigMap kube-system/aws-auth: arn:aws:iam::ACCOUNT:role/NAME.",
    commands: &["kubectl -n kube-system edit configmap aws-auth"],
};

/// A path never matches; what is no role's ARN neither.
pub fn aws_auth(found: &Found, _: &WalkState) -> DoctorVerdict {
    let map = match found.get(Question::AwsAuth) {
        Some(ToolAnswer::Given(map)) => map,
        Some(ToolAnswer::Absent(_)) => {
            return DoctorVerdict::Skip("there is no ConfigMap aws-auth: the cluster uses access entries".to_owned());
        }
        Some(ToolAnswer::NotAsked(why)) => return DoctorVerdict::Skip(why.clone()),
        _ => return open(found, Question::AwsAuth),
    };
    let arns = config_map::role_arns(map);
    let mut paths: Vec<(&str, RoleArn)> = Vec::new();
    let mut malformed: Vec<String> = Vec::new();
    for arn in &arns {
        match RoleArn::parse(arn) {
            Ok(role) if role.path == "/" => {}
            Ok(role) => paths.push((arn, role)),
            Err(why) => {
                let line = format!("aws-auth maps {arn:?}: {why}.");
                malformed.extend(Some(line).filter(|line| !malformed.contains(line)));
            }
        }
    }
    let mut bad = Vec::new();
    if let Some((_, role)) = paths.first() {
        let bare = |role: &RoleArn| RoleArn { path: "/".to_owned(), ..role.clone() };
        let mut all: Vec<String> = Vec::new();
        for (arn, role) in &paths {
            let line = format!("aws-auth maps {arn}; it has to be {}.", bare(role));
            // A role is mapped once for each of its users.
            all.extend(Some(line).filter(|line| !all.contains(line)));
        }
        let mut seen = DoctorFinding::new(Code::AwsAuthRolePath, all.join(" "));
        let (partition, account) = (role.partition.id().to_owned(), role.account.to_string());
        seen.values = vec![("partition", partition), ("account", account), ("roleName", role.name.clone())];
        bad.push(seen);
    }
    if !malformed.is_empty() {
        let mut seen = DoctorFinding::new(Code::RoleArnMalformed, format!("{} That admits nobody.", malformed.join(" ")));
        seen.instead = Some(&IN_AWS_AUTH);
        bad.push(seen);
    }
    match bad.is_empty() {
        true => DoctorVerdict::Good(format!("{} role ARNs", arns.len())),
        false => DoctorVerdict::Bad(bad),
    }
}
