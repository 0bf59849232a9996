//! Steps `token` and `issuer`: the projected token.

use super::weight::{INFO, PERMANENT, SETTLING, TRANSIENT, WARN};
use super::{Class, Code, CodeRow, Severity, Snippet, Step};

const fn row(code: Code, weight: (Severity, Class), title: &'static str, cause: &'static str, remedy: &'static str) -> CodeRow {
    CodeRow::new(Step::Token, code, weight, title, cause, remedy)
}

const fn issuer(code: Code, weight: (Severity, Class), title: &'static str, cause: &'static str, remedy: &'static str) -> CodeRow {
    CodeRow::new(Step::Issuer, code, weight, title, cause, remedy)
}

pub(super) const ROWS: &[CodeRow] = &[
    row(Code::TokenMissing, PERMANENT, "the token file does not exist",
        "The variables name a file that is not there: they were set by hand without the projected volume, the container is one that the webhook skipped (an ephemeral one), or another webhook dropped the mount.",
        "Remove hand-set AWS_WEB_IDENTITY_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and recreate the pod, so that the webhook adds variables, volume and mount together.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml"]),
    row(Code::TokenUnreadable, PERMANENT, "the token file cannot be read by this process",
        "The kubelet writes the token with mode 0644, but 0600 or 0640 when the pod sets fsGroup or when all containers run as one other user. A mismatched runAsUser, fsGroup, defaultMode or SELinux label then shuts the process out. \
         What is no file at all (a directory, a FIFO, a device) comes from a hand-made mount.",
        "Set the pod's securityContext.fsGroup to a group of this process (65534 works for any), or drop the explicit defaultMode; mount the projected volume itself where the path is no file. Then recreate the pod.")
        .apply(Snippet::FsGroup),
    row(Code::TokenEmpty, SETTLING, "the token file is empty",
        "The kubelet has not written it yet, or something else truncated it (a full disk, a copy by an init container).",
        "Wait for the kubelet; if it stays empty, see the pod's events and the kubelet's log, and recreate the pod.")
        .run(&["kubectl -n {namespace} describe pod {pod}"]),
    row(Code::TokenOversized, PERMANENT, "the token file is larger than STS accepts",
        "STS takes at most 20,000 characters. A projected token has about 1,200: the file is something else.",
        "Point the variable at the projected token, {tokenPath} as the webhook sets it, and recreate the pod."),
    row(Code::TokenMalformed, PERMANENT, "the token file does not hold a service account token",
        "Its content is no JWT, or not one of Kubernetes: another file, log text or a line break got in, or a copy was cut off.",
        "Let the webhook set the variable and the mount; do not copy or template the token file. Recreate the pod.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml"]),
    row(Code::TokenExpired, SETTLING, "the token has expired",
        "The kubelet rotates a projected token at 80 % of its life. An expired one was copied, mounted by subPath (which never updates), or the kubelet cannot reach the API server.",
        "Mount the projected volume without subPath and read the file anew each time; if it is mounted right, look at the node's kubelet. Recreating the pod gives a fresh token.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml"]),
    row(Code::TokenNotYetValid, SETTLING, "the token is not valid yet",
        "Its nbf or iat lies in the future: the control plane's clock and this one differ.",
        "Wait, or set the clocks right: chrony/NTP on this node, and on the control plane where that is your own."),
    row(Code::TokenRotationOverdue, WARN, "the kubelet should have replaced this token by now",
        "It is past 80 % of its life. Either the file is a copy or a subPath mount, or the kubelet cannot get a new one; when it expires, the identity is lost.",
        "Mount the projected volume without subPath; look at the kubelet's log on node {node} for TokenRequest errors.")
        .run(&["kubectl get events -n {namespace} --field-selector involvedObject.name={pod}"]),
    row(Code::TokenAudienceUnexpected, WARN, "the token is not meant for AWS",
        "Its audience is not the one that the webhook asks for (sts.amazonaws.com, or pods.eks.amazonaws.com for Pod Identity). That works only when the OIDC provider and the trust policy name the same audience; the API server's own token does not.",
        "Remove the annotation eks.amazonaws.com/audience from service account {namespace}/{serviceAccount}, and any hand-set token file variable, and recreate the pod. If {audience} is meant, it has to be a client id of the OIDC provider and stand in the trust policy.")
        .run(&["kubectl -n {namespace} annotate serviceaccount {serviceAccount} eks.amazonaws.com/audience-"]),
    row(Code::TokenAudienceMultiple, WARN, "the token names more than one audience",
        "STS refuses a token with several audiences and no authorized party (azp).",
        "Project a token with one audience, sts.amazonaws.com, and recreate the pod."),
    row(Code::TokenOfAnotherPod, INFO, "the token was issued to another pod",
        "Its claim kubernetes.io.pod.name is not this pod's name: the file is a copy, or comes from a shared volume. It will not be rotated.",
        "Mount the pod's own projected volume."),
    row(Code::ProbeOutOfResources, TRANSIENT, "the probe itself has run out of descriptors, threads or memory",
        "The kernel gave the probe no descriptor, thread or memory: a limit of this container (ulimit, pids, memory) or of the node is reached, mostly by what else runs there. \
         It says nothing of the pod's identity, nor of the way to AWS.",
        "Raise the limit that the detail names, or see what uses it up: open files (nofile), processes and threads (the pod's pids limit, nproc), memory. Then run the check again.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml"]),
    issuer(Code::IssuerUnreachable, INFO, "the issuer's documents cannot be had from here",
        "A pod without internet access cannot fetch them, or a proxy or another server answers in the issuer's place. What is not https is not asked. \
         STS fetches them itself and from its own network, so this proves nothing.",
        "Nothing to do unless STS reports that it cannot fetch the keys; then ask for them from outside.")
        .run(&["curl -sS {issuer}/.well-known/openid-configuration"]),
    issuer(Code::IssuerMismatch, WARN, "the issuer's discovery document names another issuer",
        "OpenID Connect wants the document's issuer to equal the token's iss to the letter, a slash at the end included; STS compares them.",
        "Publish a discovery document whose issuer is exactly {issuer}, the one for which the API server signs.")
        .run(&["kubectl get --raw /.well-known/openid-configuration"]),
    issuer(Code::SigningKeyUnknown, WARN, "the issuer does not publish the key that signed the token",
        "The token's kid is not in the issuer's key set: a self-hosted issuer whose published keys are stale, or a token of another cluster. \
         STS may remember the key for a while; when it does not, it refuses the token.",
        "Publish the cluster's current keys at the issuer. Where EKS hosts it, recreate the pod for a token signed with a key of today.")
        .run(&["kubectl get --raw /openid/v1/jwks"]),
];
