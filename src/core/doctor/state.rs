//! What the answers come to so far: names, the issuer, the role, and the route by which the identity is to reach the pods.

use super::annotation::{self, Annotation};
use super::answer::ToolAnswer;
use super::document::{self, KubeContext, list, text};
use super::found::Found;
use super::pod::{ContainerState, Pod};
use super::question::Question;
use super::route::IdentityRoute;
use super::target::TargetKind;
use super::why::{Obstacle, Why};
use crate::core::aws::arn::{Account, RoleArn, RoleArnError};
use crate::core::aws::partition::{Partition, Region};
use crate::core::catalogue::Code;
use crate::core::text::time::Timestamp;
use serde_json::Value;

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// A finding makes it so.
    Because(Code),
    /// It could not be seen, and why.
    NotSeen(Why),
}

impl Unknown {
    /// In words, with what has to be removed first.
    pub fn why(&self) -> Why {
        match self {
            Unknown::Because(code) => format!("skipped because of {code}").into(),
            Unknown::NotSeen(why) => why.clone(),
        }
    }
}

/// What is known of the cluster, the service account and its role.
#[derive(Debug)]
pub struct WalkState {
    /// The namespace: the user's, the context's, or `default`.
    pub namespace: String,
    /// The service account's name.
    pub service_account: Option<String>,
    /// The one pod that was named.
    pub pod: Option<String>,
    /// kubectl's context.
    pub context: Option<String>,
    /// The cluster's name in EKS.
    pub cluster: Option<String>,
    /// The cluster's region.
    pub region: Option<String>,
    /// The profile that kubectl's context takes.
    pub profile: Option<String>,
    /// The cluster's issuer: the API server's own word, else EKS's.
    pub issuer: Option<String>,
    /// The issuer of the cluster that EKS has under the name, when it is another one than kubectl's.
    pub other_cluster: Option<String>,
    /// The account that aws acts in.
    pub caller: Option<Account>,
    /// The partition that aws acts in.
    caller_partition: Option<Partition>,
    /// The cluster's partition, by its region.
    pub partition: Option<Partition>,
    /// What stands on the service account.
    pub annotation: Annotation,
    /// The association's id.
    pub association: Option<String>,
    /// Whether the associations are known.
    pub associations_known: bool,
    /// How the identity is to reach the pods.
    pub route: IdentityRoute,
    /// The role that the pods are to have.
    pub role: Result<RoleArn, Unknown>,
    /// The audience of the pods' tokens.
    pub audience: String,
    /// When it is judged: limits of time in a trust policy are decided by it.
    pub time: Option<Timestamp>,
}

impl WalkState {
    /// What the answers so far come to.
    pub fn from_found(found: &Found) -> WalkState {
        let context = found.given(Question::Context).map_or_else(KubeContext::default, KubeContext::parse);
        let named_pod = found.given(Question::Pod);
        let account = service_account(found);
        let pods = pods(found);
        let by_eks = found.given(Question::Cluster).and_then(|cluster| text(cluster, "/cluster/identity/oidc/issuer"));
        let by_kubernetes = found.given(Question::Discovery).and_then(|document| text(document, "/issuer"));
        let other_cluster = by_eks.filter(|eks| by_kubernetes.is_some_and(|own| own != *eks)).map(str::to_owned);
        let issuer_region = by_kubernetes.and_then(Region::of_issuer);
        let partition = issuer_region
            .clone()
            .or(context.region.as_deref().and_then(|region| Region::parse(region).ok()))
            .map(|region| region.partition());
        let annotation = account.map_or(Annotation::None, Annotation::parse);
        let audience = account.and_then(|account| document::annotations(account).find(|(key, _)| *key == annotation::AUDIENCE));
        let (association, associations_known) = match (&other_cluster, found.given(Question::Associations)) {
            (None, Some(list)) => (text(list, "/associations/0/associationId").map(str::to_owned), true),
            _ => (None, false),
        };
        let route = if association.is_some() || (!associations_known && pods.iter().any(|pod| pod.has_pod_identity())) {
            IdentityRoute::PodIdentity
        } else if matches!(annotation, Annotation::Role(_) | Annotation::Malformed(..)) {
            IdentityRoute::Irsa
        } else {
            IdentityRoute::None
        };
        let role = match route {
            IdentityRoute::PodIdentity => association_role(found, other_cluster.is_some()),
            IdentityRoute::Irsa | IdentityRoute::None => annotation_role(found, &annotation, partition, &pods),
        };
        // aws shows the roles of its own account only, so that a role that it shows tells the account, too.
        let shown = found.given(Question::Role).and_then(|answer| RoleArn::parse(text(answer, "/Role/Arn")?).ok());
        let caller = found.given(Question::Caller);
        let partition_of = |caller: &Value| Partition::from_id(text(caller, "/Arn")?.split(':').nth(1)?);
        WalkState {
            namespace: found.target.namespace.clone().or(context.namespace).unwrap_or_else(|| "default".to_owned()),
            service_account: account_name(found),
            pod: named_pod.and_then(|pod| text(pod, "/metadata/name")).map(str::to_owned),
            context: context.name,
            cluster: found.target.cluster.clone().or(context.cluster),
            region: context.region.or(issuer_region.map(|region| region.to_string())),
            profile: context.profile,
            issuer: by_kubernetes.or(by_eks).map(str::to_owned),
            other_cluster,
            caller_partition: caller.and_then(partition_of).or(shown.as_ref().map(|role| role.partition)),
            caller: caller.and_then(|caller| Account::parse(text(caller, "/Account")?)).or(shown.map(|role| role.account)),
            partition,
            annotation,
            association,
            associations_known,
            route,
            role,
            audience: audience.map_or("sts.amazonaws.com", |(_, audience)| audience).to_owned(),
            time: None,
        }
    }

    /// Why no association is known.
    pub fn why_no_association(&self, found: &Found) -> Why {
        why_no_association(found, self.other_cluster.is_some())
    }

    /// Why what IAM shows says nothing about the role: it is not known to be in the account that aws acts in.
    pub fn why_out_of_reach(&self, found: &Found, role: &RoleArn) -> Option<Why> {
        let other = |text| Some(Why::of(Obstacle::OtherAccount, text));
        match &self.caller {
            None => Some(found.why_missing(Question::Caller).after("the account that aws acts in is not known")),
            Some(account) if *account != role.account => other(format!(
                "the role is in account {}, and aws acts in {account}: choose a profile of {} (AWS_PROFILE){}",
                role.account,
                role.account,
                self.profile.as_ref().map(|profile| format!("; kubectl's context uses {profile}")).unwrap_or_default()
            )),
            Some(_) => self.caller_partition.filter(|partition| *partition != role.partition).and_then(|partition| {
                other(format!(
                    "the role is in partition {}, and aws acts in {partition}: choose a profile of {}",
                    role.partition, role.partition
                ))
            }),
        }
    }

    /// The ARN that IAM gives the issuer's provider in the role's account (IAM API reference, CreateOpenIDConnectProvider), or why there is none.
    pub fn provider_arn(&self, role: &RoleArn) -> Result<String, String> {
        let issuer = self.issuer.as_deref().ok_or("the cluster's issuer is not known")?;
        let path = issuer.strip_prefix("https://").ok_or("the cluster's issuer is no https URL: AWS knows no such provider")?;
        Ok(format!("arn:{}:iam::{}:oidc-provider/{path}", role.partition, role.account))
    }
}

/// The service account's name, as soon as it is decided whether the user named one.
fn account_name(found: &Found) -> Option<String> {
    if let Some(pod) = found.given(Question::Pod) {
        // Kubernetes' own default.
        return Some(text(pod, "/spec/serviceAccountName").unwrap_or("default").to_owned());
    }
    let names_account = match found.target.kind {
        TargetKind::ServiceAccount => true,
        TargetKind::Pod => false,
        TargetKind::Either => !matches!(found.get(Question::ServiceAccount), None | Some(ToolAnswer::Absent(_))),
    };
    names_account.then(|| found.target.name.clone())
}

/// The association's role.
fn association_role(found: &Found, other_cluster: bool) -> Result<RoleArn, Unknown> {
    let arn = found.given(Question::Association).and_then(|answer| text(answer, "/association/roleArn"));
    arn.and_then(|arn| RoleArn::parse(arn).ok())
        .ok_or_else(|| Unknown::NotSeen(why_no_association(found, other_cluster).after("the association's role is not known")))
}

/// The annotation's role.
fn annotation_role(found: &Found, annotation: &Annotation, partition: Option<Partition>, pods: &[Pod<'_>]) -> Result<RoleArn, Unknown> {
    match annotation {
        Annotation::Role(role) if partition.is_some_and(|partition| partition != role.partition) => {
            Err(Unknown::Because(Code::PartitionMismatch))
        }
        Annotation::Role(role) => Ok(role.clone()),
        // A webhook with --compose-role-arn makes the ARN of a bare name, and its pods show which.
        Annotation::Malformed(name, RoleArnError::NameOnly) => pods
            .iter()
            .filter_map(|pod| RoleArn::parse(pod.role()?).ok())
            .find(|role| role.name == *name)
            .ok_or(Unknown::Because(Code::RoleArnMalformed)),
        Annotation::Malformed(..) => Err(Unknown::Because(Code::RoleArnMalformed)),
        Annotation::Misspelt(..) => Err(Unknown::Because(Code::AnnotationMisspelt)),
        Annotation::None if service_account(found).is_some() => Err(Unknown::Because(Code::AnnotationMissing)),
        Annotation::None if is_account_missing(found) == Some(true) => Err(Unknown::Because(Code::ServiceAccountMissing)),
        Annotation::None => Err(Unknown::NotSeen(why_no_account(found).after("the role is not known"))),
    }
}

fn why_no_association(found: &Found, other_cluster: bool) -> Why {
    match found.given(Question::Associations) {
        _ if other_cluster => Why::of(Obstacle::TwoClusters, "EKS has another cluster under this name than kubectl's"),
        None => found.why_missing(Question::Associations),
        Some(_) => found.why_missing(Question::Association),
    }
}

/// Whether the service account is missing: `None` as long as it is not decided.
pub fn is_account_missing(found: &Found) -> Option<bool> {
    let account = found.get(Question::ServiceAccount)?;
    let pod = found.get(Question::Pod)?;
    let pod_account = found.get(Question::PodAccount)?;
    Some(match (account, pod) {
        (_, ToolAnswer::Given(_)) => matches!(pod_account, ToolAnswer::Absent(_)),
        (ToolAnswer::Absent(_), ToolAnswer::Absent(_) | ToolAnswer::NotAsked(_)) => true,
        _ => false,
    })
}

/// The service account's object.
pub fn service_account(found: &Found) -> Option<&Value> {
    found.given(Question::PodAccount).or_else(|| found.given(Question::ServiceAccount))
}

/// Why there is no such object.
pub fn why_no_account(found: &Found) -> Why {
    let names_pod = found.target.kind == TargetKind::Pod || found.is_absent(Question::ServiceAccount);
    let question = if found.given(Question::Pod).is_some() {
        Question::PodAccount
    } else if names_pod {
        Question::Pod
    } else {
        Question::ServiceAccount
    };
    found.why_missing(question)
}

/// The pods that are examined: the named one, or those of the service account that are not over.
pub fn pods(found: &Found) -> Vec<Pod<'_>> {
    match found.given(Question::Pod) {
        Some(pod) => vec![Pod(pod)],
        None => pods_of_account(found).into_iter().filter(|pod| !pod.is_over()).collect(),
    }
}

/// All pods of the service account that was named.
///
/// The command selects them, and they are selected here once more: not every proxy or cache before an API server knows field selectors.
pub fn pods_of_account(found: &Found) -> Vec<Pod<'_>> {
    let all = found.given(Question::Pods).map(|answer| list(answer, "/items")).unwrap_or_default();
    let uses_account = |pod: &Pod<'_>| text(pod.0, "/spec/serviceAccountName").unwrap_or("default") == found.target.name;
    all.iter().map(Pod).filter(uses_account).collect()
}

/// A pod with the name and state of each of its containers.
#[derive(Debug)]
pub struct InspectedPod<'a> {
    /// The pod.
    pub pod: Pod<'a>,
    /// Its containers.
    pub containers: Vec<(&'a str, ContainerState)>,
}

impl InspectedPod<'_> {
    /// Whether a container is in this state.
    pub fn has(&self, state: &ContainerState) -> bool {
        self.containers.iter().any(|(_, container)| container == state)
    }
}

/// The pods that are examined, with their containers' states.
pub fn inspected_pods<'a>(found: &'a Found, state: &WalkState) -> Vec<InspectedPod<'a>> {
    let role = match (&state.annotation, &state.role) {
        // What a webhook with --compose-role-arn injects.
        (Annotation::Malformed(..), Ok(role)) => Some(role.to_string()),
        (Annotation::Malformed(value, _), Err(_)) => Some(value.clone()),
        (Annotation::Role(role), _) => Some(role.to_string()),
        _ => None,
    };
    let inspect = |pod: Pod<'a>| InspectedPod { pod, containers: pod.container_states(state.route, role.as_deref()) };
    pods(found).into_iter().map(inspect).collect()
}
