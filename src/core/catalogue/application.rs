//! Step `application`: what the application, its SDK, its controller or a person meets beyond the identity itself. `check` sees none of it, but for
//! `sdk-falls-through`; `explain` reads it from logs.

use super::weight::{PERMANENT, WARN};
use super::{Class, Code, CodeRow, Severity, Step};

const fn row(code: Code, weight: (Severity, Class), title: &'static str, cause: &'static str, remedy: &'static str) -> CodeRow {
    CodeRow::new(Step::Application, code, weight, title, cause, remedy)
}

pub(super) const ROWS: &[CodeRow] = &[
    row(Code::PermissionMissing, PERMANENT, "the identity is right, but its policies do not allow this action",
        "The caller is the role that it should be, and no policy of that role allows the action on this resource, or one denies it (also a boundary, an SCP or the resource's own policy). \
         When the principal is a node role (…/i-…) this is not the problem: the pod has no identity of its own.",
        "Allow {action} on {resource} in a policy of role {roleName}, and nothing more.")
        .run(&[
            "aws iam list-attached-role-policies --role-name {roleName}",
            "aws iam simulate-principal-policy --policy-source-arn {roleArn} --action-names {action} --resource-arns {resource}",
        ]),
    row(Code::PassRoleMissing, PERMANENT, "the caller may not hand this role to a service (iam:PassRole)",
        "Whoever creates something that will act as a role (a cluster, a node group, an instance, a task) needs iam:PassRole on that role, beside the permission to create it.",
        "Allow iam:PassRole on {resource} in a policy of role {roleName}, with the condition iam:PassedToService for the one service that gets it.")
        .run(&["aws iam list-attached-role-policies --role-name {roleName}"]),
    row(Code::KubernetesAccessMissing, PERMANENT, "this AWS identity has no access to the cluster's Kubernetes API",
        "Kubernetes knows nothing of IAM policies: the principal has to be in an access entry or in the aws-auth ConfigMap, and RBAC has to allow what it does. \
         A cluster's creator is admitted by itself, its administrators' other roles and the console's are not.",
        "Make an access entry for {roleArn} with an access policy, or map it in aws-auth to a group that RBAC knows.")
        .run(&[
            "aws eks list-access-entries --cluster-name CLUSTER --region {region}",
            "aws eks create-access-entry --cluster-name CLUSTER --principal-arn {roleArn} --region {region}",
            "kubectl auth can-i --list",
        ]),
    row(Code::AwsAuthRolePath, PERMANENT, "a role's ARN in the aws-auth ConfigMap has a path, which never matches",
        "The caller arrives as an assumed role, whose ARN has no path; aws-auth compares texts, so that a rolearn with a path admits nobody. Access entries are not affected: they want the path.",
        "Write the rolearn without its path: arn:{partition}:iam::{account}:role/{roleName}.")
        .run(&["kubectl -n kube-system edit configmap aws-auth"]),
    row(Code::RoleChainDenied, PERMANENT, "the pod's role may not assume the other role",
        "Both sides have to agree: a policy of the pod's role has to allow sts:AssumeRole on the other role, and the other role's trust policy has to name the pod's role (also in another account). A role that does not exist looks the same.",
        "Allow sts:AssumeRole on {resource} in a policy of role {roleName}, and name {roleArn} as Principal in the other role's trust policy.")
        .run(&["aws iam get-role --role-name {resourceName} --query Role.AssumeRolePolicyDocument"]),
    row(Code::SdkTooOld, PERMANENT, "the application's SDK is too old for this identity",
        "An SDK from before IRSA or EKS Pod Identity does not look at the variables that were injected, goes on in its chain, and ends with the node's role or with nothing.",
        "Raise the AWS SDK to the version that irsa-probe sdks names, or a newer one, and rebuild the image."),
    row(Code::SdkModuleMissing, PERMANENT, "the SDK lacks the module that IRSA needs",
        "Java needs the sts module on its class path (aws-java-sdk-sts in version 1), .NET the package AWSSDK.SecurityToken. Without it the web identity provider is skipped, in Java with no more than a debug line.",
        "Add software.amazon.awssdk:sts (Java 2), com.amazonaws:aws-java-sdk-sts (Java 1) or AWSSDK.SecurityToken (.NET) to the application, and rebuild the image."),
    row(Code::NoCredentialsFound, PERMANENT, "the application's SDK found no credentials at all",
        "Every provider of the chain came back empty: nothing was injected into this container, the SDK is too old for what was, the application builds a chain of its own, or IMDS is rightly out of reach. The SDK's message does not say which.",
        "Run irsa-probe check in the pod: it tells the cases apart; irsa-probe sdks shows what each SDK makes of the environment.")
        .run(&["kubectl -n {namespace} get serviceaccount {serviceAccount} -o yaml", "kubectl -n {namespace} get pod {pod} -o yaml"]),
    row(Code::WebhookMissing, PERMANENT, "the webhook that injects identities is not there",
        "Pods are injected by the API server's call of a mutating webhook (pod-identity-webhook, iam-for-pods.amazonaws.com). Without its configuration, or with one that cannot be called, pods start without an identity, because its failure policy is Ignore.",
        "On EKS the control plane brings it: restore the MutatingWebhookConfiguration pod-identity-webhook (AWS support, if it was deleted); on other clusters install amazon-eks-pod-identity-webhook. Then recreate the pods.")
        .run(&["kubectl get mutatingwebhookconfigurations"]),
    row(Code::DnsPolicyDeadlock, PERMANENT, "a controller waits for the cluster's DNS, which waits for the controller",
        "The controller asks CoreDNS for the STS host name, but CoreDNS cannot run before this controller has done its work (nodes by Karpenter, network by a CNI, load balancers): with dnsPolicy ClusterFirst neither ever starts.",
        "Give the controller dnsPolicy: Default (the node's resolver), or run CoreDNS on capacity that does not depend on it (Fargate, a managed node group).")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml", "kubectl -n kube-system get pods -l k8s-app=kube-dns"]),
    row(Code::SdkFallsThrough, WARN, "the application's SDK would end up with other credentials, here or when the exchange fails",
        "The default chain of this SDK goes on after a failed exchange, or does not use the injected identity here at all (a profile comes before it, a variable stops it): \
         an incident at STS, or a changed trust policy, then turns the application into the node, or into another identity, without a word. \
         Found only where there is something to fall to, such as IMDS that answers with a role; a chain that goes on and finds nothing ends with an error, as it should. It is a prediction from the SDK's chain: the application itself is not looked at.",
        "Name the web identity or container provider explicitly in the application instead of the default chain, take away what comes before it, and keep IMDS out of the pod's reach (hop limit 1 with IMDSv2 required).")
        .run(&["irsa-probe sdks"]),
];
