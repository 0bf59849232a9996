//! Steps `identity`, `node` and `redundancy`: who the credentials are, and what else can be had.

use super::weight::{PERMANENT, SETTLING, WARN, WARN_PASSING};
use super::{Class, Code, CodeRow, Severity, Step};

const fn row(code: Code, weight: (Severity, Class), title: &'static str, cause: &'static str, remedy: &'static str) -> CodeRow {
    CodeRow::new(Step::Identity, code, weight, title, cause, remedy)
}

const HOP_LIMIT: &str =
    "aws ec2 modify-instance-metadata-options --instance-id {instanceId} --http-tokens required --http-put-response-hop-limit 1";

pub(super) const ROWS: &[CodeRow] = &[
    row(Code::IdentityMismatch, PERMANENT, "the credentials belong to another role than expected",
        "GetCallerIdentity names another account or role than the pod should have: another association, another annotation, or an endpoint that is not AWS's.",
        "Correct the association or annotation of {namespace}/{serviceAccount}, or the expectation, and recreate the pod.")
        .run(&[
            "kubectl -n {namespace} get serviceaccount {serviceAccount} -o yaml",
            "aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace {namespace} --service-account {serviceAccount}",
        ]),
    row(Code::IdentityUnconfirmed, WARN_PASSING, "the credentials were issued, but GetCallerIdentity could not confirm them",
        "The exchange succeeded and names the session; the second call failed or is denied by an endpoint policy. Applications work unless they need STS themselves.",
        "Allow sts:GetCallerIdentity in the VPC endpoint policy, or see the network cause in the detail."),
    row(Code::NodeRoleFallback, PERMANENT, "applications in this pod get the node's role",
        "With nothing (or half an identity) injected, the default chain goes on to IMDS and takes the instance's credentials: calls succeed or fail with the node's permissions, and every pod on the node looks the same in CloudTrail.",
        "Give this pod an identity of its own: the root cause's cure, or irsa-probe check in the pod, says how. Then block IMDS for pods (hop limit 1 with IMDSv2 required), so that a missing identity fails loudly.")
        .run(&[HOP_LIMIT]),
    row(Code::SignatureScope, PERMANENT, "the request is signed for another region or service than the endpoint's",
        "\"Credential should be scoped to a valid region\": the endpoint belongs to another region than the one that requests are signed for; the global endpoint accepts us-east-1 only.",
        "Use the regional endpoint of {region}, by one of three cures: set AWS_REGION (or the SDK's own region) to the endpoint's region; for an SDK that calls the global endpoint set AWS_STS_REGIONAL_ENDPOINTS=regional, which the annotation below injects; or drop the endpoint URL.")
        .run(&["kubectl -n {namespace} annotate --overwrite serviceaccount {serviceAccount} eks.amazonaws.com/sts-regional-endpoints=true"]),
    row(Code::ClockSkew, SETTLING, "this node's clock is wrong",
        "STS refuses signatures whose time is more than 15 minutes off its own. SDKs that correct the skew hide it until something else breaks.",
        "Set the clock of node {node} right: chrony with the Amazon Time Sync Service (169.254.169.123).")
        .run(&["kubectl debug node/{node} -it --image=public.ecr.aws/docker/library/busybox:stable -- date -u"]),
    row(Code::SignatureRejected, PERMANENT, "STS does not accept the request's signature",
        "The signature does not match what arrived: something between the pod and STS changes or drops headers, or the endpoint is not the one that was signed for.",
        "Remove the proxy or mesh filter that rewrites requests to {host}."),
    row(Code::SessionRejected, SETTLING, "STS does not accept the credentials it has just issued",
        "The session's token is unknown to this endpoint: the role was deleted or recreated, or credentials of another partition or of the global endpoint (version 1 tokens) are used in an opt-in region.",
        "Check that role {roleArn} still exists; use the regional STS endpoint.")
        .run(&["aws iam get-role --role-name {roleName}"]),
    row(Code::SessionExpired, SETTLING, "the credentials have expired",
        "STS says that the session has ended: a cached answer (the agent keeps credentials for hours), or a clock that is wrong by hours.",
        "Check the clock of node {node}; restart the Pod Identity agent if it handed them out."),
    row(Code::ChainDisagrees, PERMANENT, "the SDK's default chain does not become the injected identity",
        "The injected identity works when it is asked for directly, but the default credential chain in this same environment ends elsewhere: an application on an SDK gets that instead.",
        "Remove what leads the chain astray, as the detail says: profile files, endpoint settings or hand-set AWS_* variables."),
    CodeRow::new(Step::Node, Code::NodeRoleReachable, WARN,
        "the node's role can be reached from this pod",
        "IMDS answers with the instance role's credentials: any code in this pod can take the node's permissions, and an SDK whose own identity fails may do so silently.",
        "Require IMDSv2 with a hop limit of 1 on the nodes, or block 169.254.169.254 by a network policy.")
        .run(&[HOP_LIMIT]),
    CodeRow::new(Step::Node, Code::NodeRoleReachableV1, WARN,
        "the node's role can be reached from this pod by IMDSv1",
        "IMDSv2 is out of reach (hop limit), but version 1 still answers at any distance; boto3, JavaScript and Go fall back to it.",
        "Require IMDSv2 on the nodes (http-tokens required).")
        .run(&[HOP_LIMIT]),
    CodeRow::new(Step::Redundancy, Code::SecondaryRegionFailing, WARN_PASSING,
        "a secondary region's STS does not work for this pod",
        "The primary region works; the other one, which the workload may fail over to, does not. The detail holds its finding.",
        "Cure the finding in the detail, or drop the region from --sts-region."),
];
