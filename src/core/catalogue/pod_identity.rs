//! Step `pod-identity`: what the EKS Pod Identity agent says.

use super::weight::{PERMANENT, SETTLING, TRANSIENT, WARN};
use super::{Class, Code, CodeRow, Severity, Snippet, Step};

const fn row(code: Code, weight: (Severity, Class), title: &'static str, cause: &'static str, remedy: &'static str) -> CodeRow {
    CodeRow::new(Step::PodIdentity, code, weight, title, cause, remedy)
}

pub(super) const ROWS: &[CodeRow] = &[
    row(Code::AgentUnreachable, TRANSIENT, "the EKS Pod Identity agent does not answer on this node",
        "Nothing answers at the agent's link-local address: the add-on eks-pod-identity-agent is not installed or not running on this node (taints), the pod runs on Fargate, or a network policy blocks it.",
        "Install the add-on eks-pod-identity-agent and see that it runs on node {node}; allow egress to 169.254.170.23:80 (IPv6: [fd00:ec2::23]:80).")
        .run(&["kubectl -n kube-system get pods -o wide -l app.kubernetes.io/name=eks-pod-identity-agent"]),
    row(Code::AgentAddressRefused, PERMANENT, "the agent was called by an address that it does not accept",
        "The agent answers only requests whose Host is its link-local address: a proxy stands in between, or the URI names another host.",
        "Add 169.254.170.23 and [fd00:ec2::23] to NO_PROXY, and leave AWS_CONTAINER_CREDENTIALS_FULL_URI as the webhook sets it."),
    row(Code::AgentUriNotAllowed, PERMANENT, "the credentials URI is one that SDKs refuse or that is not the agent's",
        "Over plain http SDKs send the token only to loopback, 169.254.170.2, 169.254.170.23 and fd00:ec2::23. AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, when set, beats the full URI and leads to the ECS address, where nothing answers on EKS.",
        "Remove AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI from the container's env, so that the webhook sets the first, and recreate the pod.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml"]),
    row(Code::AgentTokenRejected, SETTLING, "the agent or EKS Auth does not accept the token",
        "The token is expired, not valid yet, of another cluster, or not a Pod Identity token.",
        "Mount the projected token as the webhook does, without subPath or copies, and recreate the pod.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml"]),
    row(Code::AssociationMissing, SETTLING, "there is no Pod Identity association for this service account",
        "EKS Auth finds no association: it was deleted after the pod started, is still propagating, or belongs to another cluster, namespace or service account.",
        "Create the association for {namespace}/{serviceAccount} and recreate the pod.")
        .run(&[
            "aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace {namespace} --service-account {serviceAccount}",
            "aws eks create-pod-identity-association --cluster-name CLUSTER --namespace {namespace} --service-account {serviceAccount} --role-arn {roleArn}",
        ]),
    row(Code::PodIdentityTrustDenied, SETTLING, "the role's trust policy does not accept EKS Pod Identity",
        "EKS may not assume the associated role: its trust policy lacks pods.eks.amazonaws.com, or one of sts:AssumeRole and sts:TagSession, or has tag or source conditions that do not match.",
        "Give the associated role the trust policy below; the agent may answer from its cache for some time.")
        .run(&["aws iam update-assume-role-policy --role-name {roleName} --policy-document file://trust-policy.json"])
        .apply(Snippet::PodIdentityTrustPolicy),
    row(Code::AgentThrottled, TRANSIENT, "the agent or EKS Auth throttles the calls",
        "Too many requests on this node or in this account.",
        "Wait and retry; cache credentials in the application instead of asking for every request."),
    row(Code::AgentError, TRANSIENT, "the agent answered with an error",
        "The agent could not get credentials: it cannot reach EKS Auth (no NAT and no VPC endpoint for eks-auth), the node's role lacks eks-auth:AssumeRoleForPodIdentity (AmazonEKSWorkerNodePolicy has it), or AWS has a failure. Its text is in the detail.",
        "Read the agent's text in the detail; look at its log on node {node}.")
        .run(&["kubectl -n kube-system logs -l app.kubernetes.io/name=eks-pod-identity-agent --tail=50"]),
    row(Code::ProxyCapturesAgent, WARN, "the configured proxy captures calls to the agent in some SDKs",
        "HTTP_PROXY is set and NO_PROXY does not exempt the agent. SDKs that honour it send the token to the proxy, which cannot reach the node's agent. (The probe itself never proxies link-local addresses.)",
        "Add 169.254.170.23,[fd00:ec2::23],169.254.169.254 to NO_PROXY."),
];
