//! What the answers come to so far: names, the issuer, the role, the way in which the identity is to reach the pods.

use super::annotation::{self, Annotation};
use super::ask::Question;
use super::injection::Pod;
use super::read::{self, Context, text};
use super::{Found, Kind, ToolAnswer};
use crate::core::aws::arn::{Account, RoleArn, RoleArnError};
use crate::core::aws::partition::{Partition, Region};
use crate::core::catalogue::Code;
use serde_json::Value;

/// How the identity is to reach the pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityRoute {
    /// By the annotation.
    Irsa,
    /// By an association: it beats the annotation (webhook, `buildPodPatchConfig`).
    PodIdentity,
    /// By none, or it is not known.
    None,
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// It follows from a finding.
    Because(Code),
    /// It could not be seen.
    Open(String),
}

impl Unknown {
    /// In words.
    pub fn text(&self) -> String {
        match self {
            Unknown::Because(code) => format!("skipped because of {code}"),
            Unknown::Open(why) => why.clone(),
        }
    }
}

/// The case.
#[derive(Debug)]
pub struct WalkState {
    pub namespace: String,
    pub service_account: Option<String>,
    /// The one pod that was named.
    pub pod: Option<String>,
    pub context: Option<String>,
    /// The cluster's name in EKS.
    pub cluster: Option<String>,
    pub region: Option<String>,
    /// The profile that kubectl's context takes.
    pub profile: Option<String>,
    pub issuer: Option<String>,
    /// The issuer of the cluster that EKS has under the name, when it is another one than kubectl's.
    pub other_cluster: Option<String>,
    pub caller: Option<Account>,
    /// The partition that aws acts in.
    caller_partition: Option<Partition>,
    /// The cluster's partition, by its region.
    pub partition: Option<Partition>,
    pub annotation: Annotation,
    /// The association's id.
    pub association: Option<String>,
    /// Whether the associations are known.
    pub associations_known: bool,
    pub way: IdentityRoute,
    pub role: Result<RoleArn, Unknown>,
    pub audience: String,
}

impl WalkState {
    /// Makes the case of what was found so far.
    pub fn of(found: &Found) -> WalkState {
        let context = found.given(Question::Context).map_or_else(Context::default, read::context);
        let named = found.given(Question::Pod);
        let service_account = match (named, found.asked.kind, found.get(Question::ServiceAccount)) {
            (Some(pod), ..) => Some(text(pod, "/spec/serviceAccountName").unwrap_or("default").to_owned()),
            (_, Kind::ServiceAccount, _)
            | (_, Kind::Either, Some(ToolAnswer::Given(_) | ToolAnswer::Refused(..) | ToolAnswer::NotAsked(_))) => {
                Some(found.asked.name.clone())
            }
            _ => None,
        };
        let by_eks = found.given(Question::Cluster).and_then(|cluster| text(cluster, "/cluster/identity/oidc/issuer"));
        let by_kubernetes = found.given(Question::Discovery).and_then(|document| text(document, "/issuer"));
        let other_cluster = by_eks.filter(|eks| by_kubernetes.is_some_and(|own| own != *eks)).map(str::to_owned);
        let issuer = by_kubernetes.or(by_eks).map(str::to_owned);
        let account = account(found);
        let annotation = account.map_or(Annotation::None, annotation::of);
        let (association, associations_known) = match (&other_cluster, found.given(Question::Associations)) {
            (None, Some(list)) => (text(list, "/associations/0/associationId").map(str::to_owned), true),
            _ => (None, false),
        };
        let pods = pods(found);
        let way = if association.is_some() || (!associations_known && pods.iter().any(|pod| pod.has_pod_identity())) {
            IdentityRoute::PodIdentity
        } else if matches!(annotation, Annotation::Role(_) | Annotation::Malformed(..)) {
            IdentityRoute::Irsa
        } else {
            IdentityRoute::None
        };
        let audience = account.and_then(|account| read::annotations(account).find(|(key, _)| *key == annotation::AUDIENCE));
        let by_issuer = by_kubernetes.and_then(read::issuer_region);
        // aws shows the roles of its own account only.
        let shown = found.given(Question::Role).and_then(|answer| RoleArn::parse(text(answer, "/Role/Arn")?).ok());
        let caller = found.given(Question::Caller);
        let partition_of = |caller: &Value| Partition::from_id(text(caller, "/Arn")?.split(':').nth(1)?);
        let mut case = WalkState {
            namespace: found.asked.namespace.clone().or(context.namespace).unwrap_or_else(|| "default".to_owned()),
            service_account,
            pod: named.and_then(|pod| text(pod, "/metadata/name")).map(str::to_owned),
            context: context.name,
            cluster: found.asked.cluster.clone().or(context.cluster),
            partition: by_issuer.as_ref().or(context.region.as_ref()).and_then(|region| Some(Region::parse(region).ok()?.partition())),
            region: context.region.or(by_issuer),
            profile: context.profile,
            issuer,
            other_cluster,
            caller_partition: caller.and_then(partition_of).or(shown.as_ref().map(|role| role.partition)),
            caller: caller.and_then(|caller| Account::parse(text(caller, "/Account")?)).or(shown.map(|role| role.account)),
            annotation,
            association,
            associations_known,
            way,
            role: Err(Unknown::Open(String::new())),
            audience: audience.map_or("sts.amazonaws.com", |(_, audience)| audience).to_owned(),
        };
        case.role = case.role_of(found, &pods);
        case
    }

    fn role_of(&self, found: &Found, pods: &[Pod<'_>]) -> Result<RoleArn, Unknown> {
        if self.way == IdentityRoute::PodIdentity {
            let association = found.given(Question::Association).and_then(|answer| text(answer, "/association/roleArn"));
            return association
                .and_then(|arn| RoleArn::parse(arn).ok())
                .ok_or_else(|| Unknown::Open(format!("the association's role is not known: {}", self.why_no_association(found))));
        }
        match (&self.annotation, account(found)) {
            (Annotation::Role(role), _) if self.partition.is_some_and(|partition| partition != role.partition) => {
                Err(Unknown::Because(Code::PartitionMismatch))
            }
            (Annotation::Role(role), _) => Ok(role.clone()),
            // A webhook with --compose-role-arn makes the ARN of a bare name: its pods show which.
            (Annotation::Malformed(name, RoleArnError::NameOnly), _) => pods
                .iter()
                .filter_map(|pod| RoleArn::parse(pod.role()?).ok())
                .find(|role| role.name == *name)
                .ok_or(Unknown::Because(Code::RoleArnMalformed)),
            (Annotation::Malformed(..), _) => Err(Unknown::Because(Code::RoleArnMalformed)),
            (Annotation::Misspelt(..), _) => Err(Unknown::Because(Code::AnnotationMisspelt)),
            (Annotation::None, Some(_)) => Err(Unknown::Because(Code::AnnotationMissing)),
            (Annotation::None, None) => Err(match self.account_missing(found) {
                Some(true) => Unknown::Because(Code::ServiceAccountMissing),
                _ => Unknown::Open(format!("the role is not known: {}", why_no_account(found))),
            }),
        }
    }

    /// Whether the service account is missing: `None` as long as it is not decided.
    pub fn account_missing(&self, found: &Found) -> Option<bool> {
        let [account, pod, of_pod] = [Question::ServiceAccount, Question::Pod, Question::PodAccount].map(|question| found.get(question));
        match (account?, pod?, of_pod?) {
            (_, ToolAnswer::Given(_), of_pod) => Some(matches!(of_pod, ToolAnswer::Absent(_))),
            (ToolAnswer::Absent(_), ToolAnswer::Absent(_) | ToolAnswer::NotAsked(_), _) => Some(true),
            _ => Some(false),
        }
    }

    /// Why no association is known.
    pub fn why_no_association(&self, found: &Found) -> String {
        match &self.other_cluster {
            Some(_) => "EKS has another cluster under this name than kubectl's".to_owned(),
            None if found.given(Question::Associations).is_none() => found.why(Question::Associations),
            None => found.why(Question::Association),
        }
    }

    /// Why what IAM shows and does not show says nothing of the role: it is not known to be in the account that aws acts in.
    pub fn elsewhere(&self, found: &Found, role: &RoleArn) -> Option<String> {
        match &self.caller {
            None => Some(format!("whose account aws acts in is not known: {}", found.why(Question::Caller))),
            Some(account) if *account != role.account => Some(format!(
                "the role is in account {}, and aws acts in {account}: choose a profile of {} (AWS_PROFILE){}",
                role.account,
                role.account,
                self.profile.as_ref().map(|profile| format!("; kubectl's context uses {profile}")).unwrap_or_default()
            )),
            Some(_) => self.caller_partition.filter(|partition| *partition != role.partition).map(|partition| {
                format!("the role is in partition {}, and aws acts in {partition}: choose a profile of {}", role.partition, role.partition)
            }),
        }
    }

    /// The ARN that IAM gives the issuer's provider in the role's account (IAM API reference, CreateOpenIDConnectProvider).
    pub fn provider_arn(&self, role: &RoleArn) -> Result<String, String> {
        let issuer = self.issuer.as_deref().ok_or("the cluster's issuer is not known")?;
        let path = issuer.strip_prefix("https://").ok_or("the cluster's issuer is no https URL: AWS knows no such provider")?;
        Ok(format!("arn:{}:iam::{}:oidc-provider/{path}", role.partition, role.account))
    }
}

/// The service account's object.
pub fn account(found: &Found) -> Option<&Value> {
    found.given(Question::PodAccount).or_else(|| found.given(Question::ServiceAccount))
}

/// Why there is no such object.
pub fn why_no_account(found: &Found) -> String {
    let of_pod = matches!(found.get(Question::Pod), Some(ToolAnswer::Given(_)));
    let not_a_pod = found.asked.kind == Kind::Pod || found.absent(Question::ServiceAccount);
    match (of_pod, not_a_pod) {
        (true, _) => found.why(Question::PodAccount),
        (false, true) => found.why(Question::Pod),
        (false, false) => found.why(Question::ServiceAccount),
    }
}

/// The pods that are looked at: the named one, or those of the service account that are not over.
pub fn pods(found: &Found) -> Vec<Pod<'_>> {
    match found.given(Question::Pod) {
        Some(pod) => vec![Pod(pod)],
        None => of_account(found).into_iter().filter(|pod| !pod.is_over()).collect(),
    }
}

/// All pods of the service account that was named. Looked at again: not every proxy or cache before an API server knows field selectors.
pub fn of_account(found: &Found) -> Vec<Pod<'_>> {
    let all = found.given(Question::Pods).map(|list| read::list(list, "/items")).unwrap_or_default();
    let ours = |pod: &Pod<'_>| text(pod.0, "/spec/serviceAccountName").unwrap_or("default") == found.asked.name;
    all.iter().map(Pod).filter(ours).collect()
}
