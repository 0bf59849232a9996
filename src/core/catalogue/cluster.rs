//! Step `cluster`: what `doctor` sees from a workstation, in the cluster and in IAM.

use super::weight::PERMANENT;
use super::{Code, CodeRow, Snippet, Step};

const fn row(code: Code, title: &'static str, cause: &'static str, remedy: &'static str) -> CodeRow {
    CodeRow::new(Step::Cluster, code, PERMANENT, title, cause, remedy)
}

pub(super) const ROWS: &[CodeRow] = &[
    row(Code::ServiceAccountMissing, "the service account does not exist",
        "A pod cannot be created with a service account that is not there; trust policies and associations that name it are of no use. Most often the name or the namespace is misspelt.",
        "Create service account {serviceAccount} in namespace {namespace}, or correct the name.")
        .run(&["kubectl -n {namespace} get serviceaccounts"])
        .apply(Snippet::Annotation),
    row(Code::AnnotationMissing, "the service account has neither a role annotation nor a Pod Identity association",
        "The webhook injects IRSA into pods whose service account carries eks.amazonaws.com/role-arn, and Pod Identity where an association names it. It finds neither, so pods start without an identity.",
        "Annotate service account {namespace}/{serviceAccount} with eks.amazonaws.com/role-arn, or create a Pod Identity association; then recreate the pods.")
        .run(&[
            "kubectl -n {namespace} annotate serviceaccount {serviceAccount} eks.amazonaws.com/role-arn={roleArn}",
            "kubectl -n {namespace} rollout restart deployment",
        ])
        .apply(Snippet::Annotation),
    row(Code::AnnotationMisspelt, "the service account's annotation is misspelt, and the webhook does not see it",
        "The webhook reads the one key eks.amazonaws.com/role-arn of the service account (not of the pod): any other spelling is ignored without a word.",
        "Write the annotation as eks.amazonaws.com/role-arn on service account {namespace}/{serviceAccount}, remove the misspelt one, and recreate the pods.")
        .run(&["kubectl -n {namespace} annotate serviceaccount {serviceAccount} eks.amazonaws.com/role-arn={roleArn}"]),
    row(Code::RoleMissing, "the role of the annotation does not exist",
        "IAM has no role of this name in this account: it was deleted, is misspelt, or belongs to another account. STS says AccessDenied to the pod then, as it does for a trust policy that does not match.",
        "Create role {roleName} in account {account} with the trust policy below, or correct the annotation of {namespace}/{serviceAccount}.")
        .run(&["aws iam create-role --role-name {roleName} --assume-role-policy-document file://trust-policy.json"])
        .apply(Snippet::TrustPolicy),
    row(Code::PodPredatesAnnotation, "the pod was created before the service account was annotated",
        "The webhook acts only when a pod is created. This one started without an identity, and annotating the service account later changes no running pod.",
        "Recreate the pod: delete it, or restart its workload.")
        .run(&["kubectl -n {namespace} delete pod {pod}"]),
    row(Code::PodNotInjected, "the pod was not injected although its service account is annotated",
        "The webhook did not change this pod or one of its containers: it was out of reach (its failure policy is Ignore), the service account came together with the pod, \
         the container is listed in eks.amazonaws.com/skip-containers, the pod carries eks.amazonaws.com/skip-pod-identity-webhook, or another webhook replaced the container.",
        "Look at the pod's annotations and labels for what skips it; otherwise recreate it and see whether the new one is injected.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml", "kubectl -n {namespace} delete pod {pod}"]),
    row(Code::InjectionSuppressed, "a variable preset in the container keeps the webhook from injecting",
        "Where a container already has AWS_ROLE_ARN or AWS_WEB_IDENTITY_TOKEN_FILE, even an empty one, the webhook sets neither of them. It does so without a word, and the pod starts without the role.",
        "Remove the preset variable from the container's env in the workload (or its Helm values), so that the webhook sets both, and recreate the pod.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml"]),
    row(Code::ServiceAccountNotUsed, "no pod uses this service account",
        "Pods run under the service account that their spec names, else under default. The workload names another one, or none, so the annotation does nothing for it.",
        "Set serviceAccountName: {serviceAccount} in the workload's pod template in namespace {namespace}.")
        .run(&["kubectl -n {namespace} get pods -o custom-columns=POD:.metadata.name,SERVICE_ACCOUNT:.spec.serviceAccountName"]),
    row(Code::PodsRefused, "the cluster refuses to create the pods",
        "A ReplicaSet, DaemonSet, StatefulSet or Job asks for pods with this service account, and the API server turns them down: Pod Security, a quota, \
         a validating policy, or a webhook that says no or fails. Until it admits them there is no pod whose identity could be looked at.",
        "Read the API server's message, which names what refuses: change the workload's pod template so that it is admitted, or the policy, quota or webhook. \
         The controller tries again by itself, after 17 minutes at the latest; a change of the workload makes it try at once.")
        .run(&["kubectl -n {namespace} get events --field-selector reason=FailedCreate"]),
];
