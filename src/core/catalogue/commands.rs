//! The commands of fixes: what one is, and those that several fixes print.

use serde::{Deserialize, Serialize};

/// What a command changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandEffect {
    /// Nothing.
    Read,
    /// Objects that belong to this pod alone.
    Own,
    /// Anything else: IAM, a service account, a namespace, a node, a workload, or a pod whose owner is not known.
    Shared,
}

impl CommandEffect {
    /// All effects, the least one first.
    pub const ALL: [CommandEffect; 3] = [CommandEffect::Read, CommandEffect::Own, CommandEffect::Shared];
}

/// A command of a fix. `{name}` in it is filled with this pod's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixCommand {
    /// The command for a shell.
    pub template: &'static str,
    /// What it changes.
    pub effect: CommandEffect,
    /// Whom a shared command affects. It follows the words "this affects".
    pub touches: Option<&'static str>,
}

/// A command that changes nothing.
pub const fn read(template: &'static str) -> FixCommand {
    FixCommand { template, effect: CommandEffect::Read, touches: None }
}

/// A command that changes what does not belong to this pod alone, and whom it affects.
pub const fn shared(template: &'static str, touches: &'static str) -> FixCommand {
    FixCommand { template, effect: CommandEffect::Shared, touches: Some(touches) }
}

impl FixCommand {
    /// The same command where what it changes is known to belong to this pod alone.
    #[must_use]
    pub const fn own(self) -> FixCommand {
        FixCommand { effect: CommandEffect::Own, touches: None, ..self }
    }

    /// The same command where more is known of whom it affects.
    #[must_use]
    pub const fn touching(self, touches: &'static str) -> FixCommand {
        FixCommand { effect: CommandEffect::Shared, touches: Some(touches), ..self }
    }
}

/// Whom a change of the service account affects. The webhook injects when a pod is created, so that running pods stay as they are.
pub const EVERY_POD: &str = "every pod that uses service account {namespace}/{serviceAccount}, once the pod is recreated";

/// The pod's manifest.
pub const GET_POD: FixCommand = read("kubectl -n {namespace} get pod {pod} -o yaml");

/// The service account, with its annotations.
pub const GET_ACCOUNT: FixCommand = read("kubectl -n {namespace} get serviceaccount {serviceAccount} -o yaml");

/// The pods that a change of the service account affects.
pub const PODS_OF_ACCOUNT: FixCommand = read("kubectl -n {namespace} get pods --field-selector spec.serviceAccountName={serviceAccount}");

/// Gives the service account a role. It fails if the service account has the annotation already.
pub const ANNOTATE_ROLE: FixCommand =
    shared("kubectl -n {namespace} annotate serviceaccount {serviceAccount} eks.amazonaws.com/role-arn={roleArn}", EVERY_POD);

/// Gives the service account another role.
pub const OVERWRITE_ROLE: FixCommand =
    shared("kubectl -n {namespace} annotate --overwrite serviceaccount {serviceAccount} eks.amazonaws.com/role-arn={roleArn}", EVERY_POD);

/// Tells older SDKs to use the regional endpoint.
pub const ANNOTATE_REGIONAL: FixCommand = shared(
    "kubectl -n {namespace} annotate --overwrite serviceaccount {serviceAccount} eks.amazonaws.com/sts-regional-endpoints=true",
    EVERY_POD,
);

/// Deletes the pod. Inside a pod it is not known what creates its replacement.
pub const DELETE_POD: FixCommand = shared(
    "kubectl -n {namespace} delete pod {pod}",
    "what pod {namespace}/{pod} serves, until its controller creates the next pod; a pod without a controller does not come back",
);

/// The OIDC provider, with its client ids and thumbprints.
pub const GET_PROVIDER: FixCommand =
    read("aws iam get-open-id-connect-provider --open-id-connect-provider-arn arn:{partition}:iam::{account}:oidc-provider/{issuerPath}");

/// Makes the OIDC provider. IAM needs no thumbprint where a known authority signed the issuer's certificate (IAM API reference,
/// CreateOpenIDConnectProvider).
pub const CREATE_PROVIDER: FixCommand = shared(
    "aws iam create-open-id-connect-provider --url {issuer} --client-id-list {audience}",
    "account {account}: its roles that trust this provider then admit the cluster's service accounts",
);

/// The role.
pub const GET_ROLE: FixCommand = read("aws iam get-role --role-name {roleName}");

/// The role's trust policy.
pub const GET_TRUST_POLICY: FixCommand = read("aws iam get-role --role-name {roleName} --query Role.AssumeRolePolicyDocument");

/// Checks the role's trust policy on a workstation. There is no token there, so flags name the service account.
pub const CHECK_TRUST_POLICY: FixCommand = read(
    "aws iam get-role --role-name {roleName} | irsa-probe trust-policy --check - --issuer {issuer} \
        [--audience {audience}] -n {namespace} --service-account {serviceAccount}",
);

/// The same for EKS Pod Identity, which has no issuer.
pub const CHECK_POD_IDENTITY_TRUST: FixCommand = read(
    "aws iam get-role --role-name {roleName} | irsa-probe trust-policy --check - --pod-identity -n {namespace} \
        --service-account {serviceAccount}",
);

/// Prints the statement, for the code that manages the role.
pub const PRINT_TRUST_STATEMENT: FixCommand = read(
    "irsa-probe trust-policy --format terraform --role-arn {roleArn} --issuer {issuer} [--audience {audience}] -n {namespace} \
        --service-account {serviceAccount}",
);

/// The same for EKS Pod Identity, whose statement names neither the cluster nor the pod.
pub const PRINT_POD_IDENTITY_STATEMENT: FixCommand = read("irsa-probe trust-policy --pod-identity --format terraform");

/// Prints the whole trust policy, for a new role.
pub const PRINT_TRUST_POLICY: FixCommand = read(
    "irsa-probe trust-policy --role-arn {roleArn} --issuer {issuer} [--audience {audience}] -n {namespace} --service-account {serviceAccount}",
);

/// Checks the cluster and IAM from a workstation.
pub const DOCTOR: FixCommand = read("irsa-probe doctor -n {namespace} sa/{serviceAccount}");

/// The Pod Identity associations of the service account.
pub const LIST_ASSOCIATIONS: FixCommand = read(
    "aws eks list-pod-identity-associations --region {clusterRegion} --cluster-name {cluster} --namespace {namespace} \
        --service-account {serviceAccount}",
);

/// The VPC endpoints of STS.
pub const STS_ENDPOINTS: FixCommand =
    read("aws ec2 describe-vpc-endpoints --region {region} --filters Name=service-name,Values=com.amazonaws.{region}.sts");

/// The network policies of the pod's namespace.
pub const NETWORK_POLICIES: FixCommand = read("kubectl -n {namespace} get networkpolicy");

/// The node's settings of IMDS.
pub const METADATA_OPTIONS: FixCommand = read(
    "aws ec2 describe-instances --region {clusterRegion} --instance-ids {instanceId} --query 'Reservations[].Instances[].MetadataOptions'",
);

/// The other pods of the node.
pub const PODS_OF_NODE: FixCommand = read("kubectl get pods -A -o wide --field-selector spec.nodeName={node}");

/// Blocks IMDS for the node's pods. The hop limit stops only the answer to version 2's PUT, so version 1 has to be off, too (EC2 user guide,
/// "Configure the instance metadata service options").
pub const HOP_LIMIT: FixCommand = shared(
    "aws ec2 modify-instance-metadata-options --region {clusterRegion} --instance-id {instanceId} --http-tokens required --http-put-response-hop-limit 1",
    "every pod on node {node}: pods without hostNetwork lose IMDS, and those with hostNetwork lose IMDSv1",
);

/// Switches IMDSv1 off.
pub const REQUIRE_IMDS_V2: FixCommand = shared(
    "aws ec2 modify-instance-metadata-options --region {clusterRegion} --instance-id {instanceId} --http-tokens required",
    "every pod and process on node {node}: IMDSv1 no longer answers",
);

/// Who the credentials are.
pub const WHO_CALLS: FixCommand = read("aws sts get-caller-identity");

/// Logs in at IAM Identity Center.
pub const SSO_LOGIN: FixCommand = shared("aws sso login", "the AWS logins of this workstation");

/// The access keys of a user, with their states.
pub const LIST_KEYS: FixCommand = read("aws iam list-access-keys --user-name {userName}");

/// The longest session that a role gives.
pub const MAX_SESSION: FixCommand = read("aws iam get-role --role-name {roleName} --query Role.MaxSessionDuration");

/// The policies of a role.
pub const ATTACHED_POLICIES: FixCommand = read("aws iam list-attached-role-policies --role-name {roleName}");

/// The trust policy of the role that a denial names as its resource. It is in that role's account.
pub const TRUST_OF_RESOURCE: FixCommand = read("aws iam get-role --role-name {resourceName} --query Role.AssumeRolePolicyDocument");

/// A Pod Identity association, with its session policy and tags.
pub const GET_ASSOCIATION: FixCommand =
    read("aws eks describe-pod-identity-association --region {clusterRegion} --cluster-name {cluster} --association-id {association}");

/// The principals that have an access entry.
pub const ACCESS_ENTRIES: FixCommand = read("aws eks list-access-entries --cluster-name {cluster} --region {region}");

/// The access policies of a principal's access entry.
pub const ACCESS_POLICIES: FixCommand =
    read("aws eks list-associated-access-policies --cluster-name {cluster} --principal-arn {roleArn} --region {region}");

/// Lets a principal that has an access entry read one namespace (EKS user guide, "Associate access policies with access entries").
pub const ASSOCIATE_ACCESS: FixCommand = shared(
    "aws eks associate-access-policy --cluster-name {cluster} --principal-arn {roleArn} --region {region} --policy-arn \
        arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSViewPolicy --access-scope type=namespace,namespaces={namespace}",
    "everyone who acts as {roleArn}: they may then read what is in namespace {namespace}",
);

/// The ConfigMap aws-auth.
pub const GET_AWS_AUTH: FixCommand = read("kubectl -n kube-system get configmap aws-auth -o yaml");

/// Changes the ConfigMap aws-auth.
pub const EDIT_AWS_AUTH: FixCommand = shared(
    "kubectl -n kube-system edit configmap aws-auth",
    "everyone whom aws-auth maps, the nodes included: a broken entry locks them out of the cluster",
);
