//! The rows of the catalogue: all wording of findings, and nothing but data.
//!
//! A code is permanent: it is never renamed and never reused. Within a step the more basic finding stands first.

use super::commands::*;
use super::meaning::{agent, any_role, caller_identity, signed, sts, web_identity};
use super::weight::{INFO, PERMANENT, SETTLING, TRANSIENT, WARN, WARN_PASSING};
use super::{CodeRow, RemedyDocument, Step};
use serde::{Deserialize, Serialize};

const ACCESS_DENIED: &[&str] = &["AccessDenied", "AccessDeniedException"];
const BAD_SIGNATURE: &[&str] = &["SignatureDoesNotMatch", "InvalidSignatureException"];
const EXPIRED: &[&str] = &["ExpiredTokenException", "ExpiredToken"];
const INVALID_TOKEN: &[&str] = &["InvalidIdentityToken", "InvalidIdentityTokenException"];
const VALIDATION: &[&str] = &["ValidationError", "ValidationException"];
/// Policies above a role, as AWS's denials name them: organisations' and an endpoint's, a boundary, whoever made the session.
pub const ABOVE_THE_ROLE: &[&str] =
    &["service control policy", "resource control policy", "vpc endpoint policy", "permissions boundary", "session policy"];

codes! {
    // Step `injection`: what the pod was given.

    NotInjected = "not-injected" {
        step: Injection, check: Some("injected"), weight: PERMANENT,
        title: "no AWS identity was injected into this container",
        cause: "Neither AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE (IRSA) nor AWS_CONTAINER_CREDENTIALS_FULL_URI (EKS Pod Identity) is \
            set. The webhook acts only when a pod is created: the service account had no annotation or association at that moment, the pod \
            runs under another service account or namespace, the webhook was out of reach (its failure policy is Ignore), or the container \
            is listed in eks.amazonaws.com/skip-containers. SDKs then try what is left, and often end up with the node's role.",
        fix: "Annotate service account {namespace}/{serviceAccount} with eks.amazonaws.com/role-arn, or create a Pod Identity association \
            for it. Every pod of the account gets the role then: where others use it (default is the account of all pods that name none), \
            give this pod an account of its own. Recreate the pod afterwards: annotating alone changes no running pod.",
        commands: &[GET_ACCOUNT, PODS_OF_ACCOUNT, ANNOTATE_ROLE, DELETE_POD],
        document: Some(RemedyDocument::Annotation),
        at_once: true,
    }

    HalfInjected = "half-injected" {
        step: Injection, check: Some("injected"), weight: PERMANENT,
        title: "only half of an AWS identity is set in this container",
        cause: "One of two variables that belong together is unset or empty. The webhook injects neither when a container already has \
            either of them, so a variable preset by hand, even an empty one, switches injection off. SDKs disagree on what half an \
            identity means: some stop, others go on to the node's role without a word.",
        fix: "Remove the preset variable from the container's env (or its Helm values), so that the webhook sets both, and recreate the \
            pod.",
        commands: &[GET_POD],
        at_once: true,
    }

    RoleArnMalformed = "role-arn-malformed" {
        step: Injection, check: Some("role-arn"), weight: PERMANENT,
        title: "AWS_ROLE_ARN is not the ARN of a role",
        cause: "The webhook injects the annotation's value as it stands and only logs a warning when it is malformed: white space, quotes, \
            a bare name, or the ARN of something else.",
        fix: "Set the annotation eks.amazonaws.com/role-arn of service account {namespace}/{serviceAccount} to the role's ARN, \
            arn:{partition}:iam::ACCOUNT:role/NAME, and recreate the pod.",
        commands: &[
            GET_ACCOUNT,
            shared(
                "kubectl -n {namespace} annotate --overwrite serviceaccount {serviceAccount} \
                    eks.amazonaws.com/role-arn=arn:{partition}:iam::{account}:role/NAME",
                EVERY_POD,
            ),
        ],
        doctor: true,
    }

    RoleDiffersFromExpected = "role-differs-from-expected" {
        step: Injection, check: Some("role-arn"), weight: PERMANENT,
        title: "the injected role is not the expected one",
        cause: "AWS_ROLE_ARN names another role than --expect-role-arn. The annotation was changed, the pod runs under another service \
            account, or it was created before the annotation was corrected.",
        fix: "Correct the annotation of service account {namespace}/{serviceAccount} or the expectation, then recreate the pod.",
        commands: &[GET_ACCOUNT],
        at_once: true,
    }

    RegionMissing = "region-missing" {
        step: Injection, check: Some("region"), weight: PERMANENT,
        title: "no AWS region is set",
        cause: "Neither AWS_REGION nor AWS_DEFAULT_REGION is set, and the selected profile names none. Some SDKs ask IMDS, which a pod \
            usually cannot reach; most fail.",
        fix: "Set AWS_REGION in the container's env; EKS injects it with the identity, so its absence often means that the webhook missed \
            this pod.",
    }

    RegionMalformed = "region-malformed" {
        step: Injection, check: Some("region"), weight: PERMANENT,
        title: "the configured region is not a region",
        cause: "AWS_REGION or AWS_DEFAULT_REGION is not a region's code. Endpoint names are made from it, so every call would go to a host \
            that does not exist.",
        fix: "Set AWS_REGION to a region's code such as us-west-2: not a zone, no capitals, no white space.",
    }

    ShadowedByEnvKeys = "shadowed-by-env-keys" {
        step: Injection, check: Some("unshadowed"), weight: PERMANENT,
        title: "static keys in the environment shadow the injected identity",
        cause: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set. Every SDK takes them before anything else, so the injected role is \
            never used.",
        fix: "Remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN from the container's env, envFrom and secrets, and \
            recreate the pod.",
        commands: &[GET_POD],
        doctor: true,
        at_once: true,
    }

    ShadowedByProfile = "shadowed-by-profile" {
        step: Injection, check: Some("unshadowed"), weight: WARN,
        title: "a profile with credentials of its own shadows the injected identity in some SDKs",
        cause: "The selected profile of the shared configuration files gives credentials. Some SDKs prefer it to IRSA, \
            and most prefer it to EKS Pod Identity. The step application says which of them do here.",
        fix: "Remove the profile's credentials from the files in the image or volume, or unset AWS_PROFILE.",
        at_once: true,
    }

    BothInjected = "both-injected" {
        step: Injection, check: Some("injected"), weight: WARN,
        title: "IRSA and EKS Pod Identity are both set in this container",
        cause: "SDKs take IRSA then, but the webhook prefers Pod Identity and never injects both: one of them was set by hand.",
        fix: "Keep one: remove the hand-set variables from the container's env, or the annotation, or the association.",
    }

    GlobalEndpointConfigured = "global-endpoint-configured" {
        step: Injection, check: Some("endpoint"), weight: WARN,
        title: "SDKs are told to use the global STS endpoint",
        cause: "With the global endpoint a request is signed for us-east-1 and its tokens may be refused in opt-in regions; a VPC endpoint \
            for STS never serves it. AWS_STS_REGIONAL_ENDPOINTS=legacy does this to older SDKs.",
        fix: "Set AWS_STS_REGIONAL_ENDPOINTS=regional (annotation eks.amazonaws.com/sts-regional-endpoints: \"true\" on the service \
            account, then recreate the pod) and drop any endpoint URL that names sts.amazonaws.com.",
        commands: &[GET_ACCOUNT, ANNOTATE_REGIONAL],
    }

    EndpointOverride = "endpoint-override" {
        step: Injection, check: Some("endpoint"), weight: INFO,
        title: "an endpoint URL for STS is configured",
        cause: "AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL or the profile replaces the regional endpoint. That is right for emulators and some \
            proxies, and a common leftover of testing.",
        fix: "Unset AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL unless the override is meant.",
    }

    FipsEndpointAbsent = "fips-endpoint-absent" {
        step: Injection, check: Some("endpoint"), weight: PERMANENT,
        title: "FIPS is asked for where STS has no FIPS endpoint",
        cause: "AWS_USE_FIPS_ENDPOINT is true. SDKs then call sts-fips.<region>, which exists in us-east-1, us-east-2, us-west-1 and \
            us-west-2 only (GovCloud's ordinary endpoints are FIPS), and most refuse FIPS beside a configured endpoint URL.",
        fix: "Unset AWS_USE_FIPS_ENDPOINT, or use a region with a FIPS endpoint and no endpoint URL.",
    }

    PartitionMismatch = "partition-mismatch" {
        step: Injection, check: Some("region"), weight: PERMANENT,
        title: "role and region belong to different partitions",
        cause: "A role of one partition (aws, aws-cn, aws-us-gov, …) is unknown to the STS of every other one.",
        fix: "Use a role of the region's partition, or correct AWS_REGION.",
        doctor: true,
    }

    // Step `token`: the projected token's file, claims and times.

    TokenMissing = "token-missing" {
        step: Token, check: Some("token-file"), weight: PERMANENT,
        title: "the token file does not exist",
        cause: "The variables name a file that is not there: they were set by hand without the projected volume, the container is one that \
            the webhook skipped (an ephemeral one), or another webhook dropped the mount.",
        fix: "Remove hand-set AWS_WEB_IDENTITY_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and recreate the pod, so that the \
            webhook adds variables, volume and mount together.",
        commands: &[GET_POD],
    }

    TokenUnreadable = "token-unreadable" {
        step: Token, check: Some("token-file"), weight: PERMANENT,
        title: "the token file cannot be read by this process",
        cause: "The kubelet writes the token with mode 0644, but 0600 or 0640 when the pod sets fsGroup or when all containers run as one \
            other user. A mismatched runAsUser, fsGroup, defaultMode or SELinux label then shuts the process out. What is no file at all \
            (a directory, a FIFO, a device) comes from a hand-made mount.",
        fix: "Set the pod's securityContext.fsGroup to a group of this process (65534 works for any), or drop the explicit defaultMode; \
            mount the projected volume itself where the path is no file. Then recreate the pod.",
        document: Some(RemedyDocument::FsGroup),
    }

    TokenEmpty = "token-empty" {
        step: Token, check: Some("token-file"), weight: SETTLING,
        title: "the token file is empty",
        cause: "The kubelet has not written it yet, or something else truncated it (a full disk, a copy by an init container).",
        fix: "Wait for the kubelet; if it stays empty, see the pod's events and the kubelet's log, and recreate the pod.",
        commands: &[read("kubectl -n {namespace} describe pod {pod}")],
    }

    TokenOversized = "token-oversized" {
        step: Token, check: Some("token-file"), weight: PERMANENT,
        title: "the token file is larger than STS accepts",
        cause: "STS takes at most 20,000 characters. A projected token has about 1,200: the file is something else.",
        fix: "Point the variable at the projected token, {tokenPath} as the webhook sets it, and recreate the pod.",
    }

    TokenMalformed = "token-malformed" {
        step: Token, check: Some("token-content"), weight: PERMANENT,
        title: "the token file does not hold a service account token",
        cause: "Its content is no JWT, or not one of Kubernetes: another file, log text or a line break got in, or a copy was cut off.",
        fix: "Let the webhook set the variable and the mount; do not copy or template the token file. Recreate the pod.",
        commands: &[GET_POD],
    }

    TokenExpired = "token-expired" {
        step: Token, check: Some("token-times"), weight: SETTLING,
        title: "the token has expired",
        cause: "The kubelet rotates a projected token at 80 % of its life. An expired one was copied, mounted by subPath (which never \
            updates), or the kubelet cannot reach the API server.",
        fix: "Mount the projected volume without subPath and read the file anew each time; if it is mounted right, look at the node's \
            kubelet. Recreating the pod gives a fresh token.",
        commands: &[GET_POD],
    }

    TokenNotYetValid = "token-not-yet-valid" {
        step: Token, check: Some("token-times"), weight: SETTLING,
        title: "the token is not valid yet",
        cause: "Its nbf or iat lies in the future: the control plane's clock and this one differ.",
        fix: "Wait, or set the clocks right: chrony/NTP on this node, and on the control plane where that is your own.",
        means: &[web_identity(INVALID_TOKEN, &["issued in the future", "not yet valid"])],
    }

    TokenRotationOverdue = "token-rotation-overdue" {
        step: Token, check: Some("token-times"), weight: WARN,
        title: "the kubelet should have replaced this token by now",
        cause: "It is past 80 % of its life. Either the file is a copy or a subPath mount, or the kubelet cannot get a new one; when it \
            expires, the identity is lost.",
        fix: "Mount the projected volume without subPath; look at the kubelet's log on node {node} for TokenRequest errors.",
        commands: &[read("kubectl get events -n {namespace} --field-selector involvedObject.name={pod}")],
    }

    TokenAudienceUnexpected = "token-audience-unexpected" {
        step: Token, check: Some("token-audience"), weight: WARN,
        title: "the token is not meant for AWS",
        cause: "Its audience is not the one that the webhook asks for (sts.amazonaws.com, or pods.eks.amazonaws.com for Pod Identity). \
            That works only when the OIDC provider and the trust policy name the same audience; the API server's own token does not.",
        fix: "Remove the annotation eks.amazonaws.com/audience from service account {namespace}/{serviceAccount}, and any hand-set token \
            file variable, and recreate the pod. If another audience is meant, it has to be a client id of the OIDC provider and stand in \
            the trust policy.",
        commands: &[
            GET_ACCOUNT,
            shared(
                "kubectl -n {namespace} annotate serviceaccount {serviceAccount} eks.amazonaws.com/audience-",
                "every pod that uses service account {namespace}/{serviceAccount}, once it is recreated, and whatever takes their tokens for \
                    the annotation's audience",
            ),
        ],
    }

    TokenAudienceMultiple = "token-audience-multiple" {
        step: Token, check: Some("token-audience"), weight: WARN,
        title: "the token names more than one audience",
        cause: "STS refuses a token with several audiences and no authorized party (azp).",
        fix: "Project a token with one audience, sts.amazonaws.com, and recreate the pod.",
        means: &[web_identity(INVALID_TOKEN, &["more than one audience"])],
    }

    TokenOfAnotherPod = "token-of-another-pod" {
        step: Token, check: Some("token-pod"), weight: INFO,
        title: "the token was issued to another pod",
        cause: "Its claim kubernetes.io.pod.name is not this pod's name: the file is a copy, or comes from a shared volume. It will not be \
            rotated.",
        fix: "Mount the pod's own projected volume.",
    }

    ProbeOutOfResources = "probe-out-of-resources" {
        step: Token, check: Some("resources"), weight: TRANSIENT,
        title: "the probe itself has run out of descriptors, threads or memory",
        cause: "The kernel gave the probe no descriptor, thread or memory: a limit of this container (ulimit, pids, memory) or of the node \
            is reached, mostly by what else runs there. It says nothing of the pod's identity, nor of the way to AWS.",
        fix: "Raise the limit that the detail names, or see what uses it up: open files (nofile), processes and threads (the pod's pids \
            limit, nproc), memory. Then run the check again.",
        commands: &[GET_POD],
    }

    // Step `issuer`: the token's issuer.

    IssuerUnreachable = "issuer-unreachable" {
        step: Issuer, check: Some("issuer"), weight: INFO,
        title: "the issuer's documents cannot be had from here",
        cause: "A pod without internet access cannot fetch them, or a proxy or another server answers in the issuer's place. What is not \
            https is not asked. STS fetches them itself and from its own network, so this proves nothing.",
        fix: "Nothing to do unless STS reports that it cannot fetch the keys; then ask for them from outside.",
        commands: &[read("curl -sS {issuer}/.well-known/openid-configuration")],
        unverified: true,
    }

    IssuerMismatch = "issuer-mismatch" {
        step: Issuer, check: Some("issuer"), weight: WARN,
        title: "the issuer's discovery document names another issuer",
        cause: "OpenID Connect wants the document's issuer to equal the token's iss to the letter, a slash at the end included; STS \
            compares them.",
        fix: "Publish a discovery document whose issuer is exactly {issuer}, the one for which the API server signs.",
        commands: &[read("kubectl get --raw /.well-known/openid-configuration")],
    }

    SigningKeyUnknown = "signing-key-unknown" {
        step: Issuer, check: Some("issuer"), weight: WARN,
        title: "the issuer does not publish the key that signed the token",
        cause: "The token's kid is not in the issuer's key set: a self-hosted issuer whose published keys are stale, or a token of another \
            cluster. STS may remember the key for a while; when it does not, it refuses the token.",
        fix: "Publish the cluster's current keys at the issuer, beside those that signed tokens still in use. Where EKS hosts it, recreate \
            the pod for a token signed with a key of today.",
        commands: &[read("kubectl get --raw /openid/v1/jwks")],
    }

    // Step `network`: the way to the STS endpoint.

    DnsNotFound = "dns-not-found" {
        step: Network, check: Some("dns"), weight: TRANSIENT,
        title: "the STS host name does not exist",
        cause: "The resolver answered that there is no such name: a misspelt region, a FIPS or dual-stack name that does not exist, the \
            wrong partition's suffix, or a private zone that shadows amazonaws.com.",
        fix: "Check AWS_REGION={region}, and look the name {host} up from a pod of this namespace.",
        commands: &[shared(
            "kubectl -n {namespace} run dns-test --rm -i --restart=Never --image=public.ecr.aws/docker/library/busybox:stable -- nslookup \
                {host}",
            "namespace {namespace}: a pod dns-test is created there, and deleted when the lookup has ended",
        )],
    }

    DnsFailed = "dns-failed" {
        step: Network, check: Some("dns"), weight: TRANSIENT,
        title: "the STS host name could not be looked up",
        cause: "The resolver gave no answer: a network policy without egress to kube-dns (UDP and TCP 53), CoreDNS down or overloaded, or \
            a pod that starts before its network.",
        fix: "Allow egress to kube-dns on port 53 and check that CoreDNS is healthy.",
        commands: &[read("kubectl -n kube-system get pods -l k8s-app=kube-dns"), NETWORK_POLICIES],
    }

    ConnectRefused = "connect-refused" {
        step: Network, check: Some("connect"), weight: TRANSIENT,
        title: "the connection to STS is refused",
        cause: "Something at that address answers and refuses: an endpoint override that points at a closed port, a service mesh proxy \
            that is not up yet, or a firewall that rejects.",
        fix: "Check endpoint overrides and proxies; with a service mesh, start the probe after its proxy, or exempt {host}:443.",
    }

    ConnectTimeout = "connect-timeout" {
        step: Network, check: Some("connect"), weight: TRANSIENT,
        title: "no connection to STS within the deadline",
        cause: "Packets are dropped. With a public address: no NAT gateway and no VPC endpoint, or a network policy. With a private one: \
            the STS VPC endpoint's security group does not admit this pod or node on port 443.",
        fix: "Allow egress to {host}:443; for a private address, admit the pod's or node's security group on the VPC endpoint.",
        commands: &[STS_ENDPOINTS, NETWORK_POLICIES],
    }

    NetworkUnreachable = "network-unreachable" {
        step: Network, check: Some("connect"), weight: TRANSIENT,
        title: "there is no route to STS",
        cause: "The kernel has no route to the address, or a packet filter rejects it: an IPv6 address in an IPv4-only pod, a missing \
            default route, a network policy that rejects.",
        fix: "Check the subnet's route table (NAT gateway or VPC endpoint) and the network policies of {namespace}.",
        commands: &[NETWORK_POLICIES],
    }

    TlsUntrusted = "tls-untrusted" {
        step: Network, check: Some("tls"), weight: PERMANENT,
        title: "the certificate presented for STS is not trusted",
        cause: "The chain does not lead to a trusted root. An intercepting proxy signs with its own authority, or the configured bundle \
            (AWS_CA_BUNDLE, SSL_CERT_FILE) is unreadable or lacks Amazon's roots.",
        fix: "Exempt {host} from interception, or put the proxy's authority together with the public roots into the bundle that \
            AWS_CA_BUNDLE names.",
    }

    TlsNameMismatch = "tls-name-mismatch" {
        step: Network, check: Some("tls"), weight: PERMANENT,
        title: "the certificate presented for STS is for another name",
        cause: "Something else answers at this address: a wrong DNS entry, a VPC endpoint of another service or region, or a proxy.",
        fix: "Check what {host} resolves to, and any endpoint override.",
    }

    TlsFailed = "tls-failed" {
        step: Network, check: Some("tls"), weight: TRANSIENT,
        title: "the TLS handshake with STS failed",
        cause: "It was cut or could not be agreed: a firewall that filters by server name resets it, the clock is so wrong that \
            certificates seem expired, or what answers does not speak TLS.",
        fix: "Allow TLS to {host} in the egress firewall (by server name), check this node's clock, and see what answers there: an \
            endpoint override or a portal may not speak TLS.",
    }

    ProxyFailed = "proxy-failed" {
        step: Network, check: Some("connect"), weight: TRANSIENT,
        title: "the proxy did not open a tunnel to STS",
        cause: "HTTPS_PROXY is set, and the proxy cannot be reached, or refuses: it wants credentials, or does not allow this host.",
        fix: "Correct HTTPS_PROXY, allow {host}:443 at the proxy, or add the STS host to NO_PROXY when there is a direct way.",
    }

    RequestTimeout = "request-timeout" {
        step: Network, check: Some("sts"), weight: TRANSIENT,
        title: "STS did not answer in time",
        cause: "The connection stands but no complete answer came: a path MTU problem, an overloaded proxy, or AWS's side.",
        fix: "Try again; if it stays, look for a proxy or an MTU mismatch between the pod network and {host}.",
    }

    ConnectionLost = "connection-lost" {
        step: Network, check: Some("sts"), weight: TRANSIENT,
        title: "the connection to STS was cut before the answer",
        cause: "It was closed or reset after it had been established: a firewall or proxy that inspects, or a restart on the other side.",
        fix: "Try again; if it stays, look at what inspects traffic between the pod and {host}.",
    }

    NotSts = "not-sts" {
        step: Network, check: Some("sts"), weight: TRANSIENT,
        title: "what answers is not STS",
        cause: "The answer is not STS's: a proxy's or captive portal's page, an empty body, or an endpoint override that points at another \
            service.",
        fix: "Check endpoint overrides and what answers at {host}: a proxy or firewall has to let STS through unchanged.",
    }

    StsUnavailable = "sts-unavailable" {
        step: Network, check: Some("sts"), weight: TRANSIENT,
        title: "STS has an internal failure",
        cause: "STS answered that it cannot serve the request at the moment.",
        fix: "Wait; see the AWS Health Dashboard for STS in {region}. Credentials already obtained go on working.",
        means: &[
            sts(
                &[
                    "InternalFailure",
                    "InternalError",
                    "InternalServerError",
                    "ServiceUnavailable",
                    "ServiceUnavailableException",
                    "RequestTimeout",
                    "RequestTimeoutException",
                ],
                &[],
            ),
        ],
    }

    // Step `assume-role`: what STS says to AssumeRoleWithWebIdentity.

    OidcProviderMissing = "oidc-provider-missing" {
        step: AssumeRole, check: Some("assume-role"), weight: SETTLING,
        title: "the role's account has no IAM OIDC provider for this cluster",
        cause: "STS looks for the token's issuer among the IAM OIDC providers of the role's account. It was never created there, the \
            cluster was rebuilt and has a new issuer, or the role is in another account than the cluster.",
        fix: "Create the provider in account {account}, which is the role's and may not be the cluster's.",
        commands: &[read("aws iam list-open-id-connect-providers"), CREATE_PROVIDER],
        doctor: true,
        means: &[web_identity(INVALID_TOKEN, &["no openidconnect provider found"])],
    }

    AudienceNotRegistered = "audience-not-registered" {
        step: AssumeRole, check: Some("assume-role"), weight: SETTLING,
        title: "the token's audience is not registered with the OIDC provider",
        cause: "The provider exists, but its client id list lacks the token's audience (a misspelt sts.amazon.com is the classic).",
        fix: "Add {audience} to the client ids of the OIDC provider in account {account}.",
        commands: &[
            GET_PROVIDER,
            shared(
                "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn \
                    arn:{partition}:iam::{account}:oidc-provider/{issuerPath} --client-id {audience}",
                "account {account}: each role there whose trust policy names this provider and no audience then takes tokens for {audience}",
            ),
        ],
        doctor: true,
        means: &[web_identity(INVALID_TOKEN, &["incorrect token audience"])],
    }

    ThumbprintMismatch = "thumbprint-mismatch" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "the OIDC provider's thumbprint does not match the issuer's certificate",
        cause: "IAM falls back to thumbprints only for issuers whose certificate is not from a known authority; that certificate has \
            changed.",
        // IAM API reference, UpdateOpenIDConnectProviderThumbprint: the list that is passed completely replaces the existing one.
        fix: "Add the thumbprint of the issuer's present certificate to the provider's list in account {account}. The command replaces the \
            whole list, so it has to name those that still count, too.",
        commands: &[
            GET_PROVIDER,
            shared(
                "aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn \
                    arn:{partition}:iam::{account}:oidc-provider/{issuerPath} --thumbprint-list OLD_THUMBPRINT NEW_THUMBPRINT",
                "account {account}: every role there that trusts this provider, because the whole list of thumbprints is replaced",
            ),
        ],
        means: &[web_identity(INVALID_TOKEN, &["thumbprint"])],
    }

    TokenNotValidated = "token-not-validated" {
        step: AssumeRole, check: Some("assume-role"), weight: SETTLING,
        title: "STS could not validate the token, and does not say why",
        cause: "Since 2026 STS answers some failures with one generic text. It can mean: no OIDC provider for the issuer in the role's \
            account; an audience that is not registered with it; a signature or key that does not match the issuer's (a rebuilt cluster, a \
            self-hosted issuer with stale keys); a malformed token.",
        fix: "Check that account {account} has an OIDC provider for exactly {issuer} with the client id {audience}; create it if it has \
            not.",
        commands: &[GET_PROVIDER, CREATE_PROVIDER],
        means: &[
            // The generic text of mid-2026, and any text not known yet: the token was not accepted, why is not said.
            web_identity(INVALID_TOKEN, &[]),
        ],
    }

    IssuerKeysUnavailable = "issuer-keys-unavailable" {
        step: AssumeRole, check: Some("assume-role"), weight: TRANSIENT,
        title: "STS could not fetch the issuer's signing keys",
        cause: "For EKS-hosted issuers this passes. For a self-hosted one: the discovery document or JWKS is not public, slow (over 5 s), \
            larger than 100 keys, or lacks the key that signed the token.",
        fix: "Retry; for a self-hosted issuer publish {issuer}/.well-known/openid-configuration and its JWKS on the internet.",
        means: &[web_identity(INVALID_TOKEN, &["retrieve verification key"])],
    }

    TokenRejected = "token-rejected" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "STS does not accept the token",
        cause: "STS answered that this is no valid web identity token: a wrong or damaged file, a missing claim, an unsupported algorithm.",
        fix: "Let the webhook mount the projected token, and recreate the pod.",
        commands: &[GET_POD],
        means: &[
            // "Missing a required claim: iat". The whole of it is as long as a text of another row.
            web_identity(INVALID_TOKEN, &["not a valid jwt", "missing a required", "invalid timestamp", "signature", "algorithm"]),
        ],
    }

    TokenExpiredAtSts = "token-expired-at-sts" {
        step: AssumeRole, check: Some("assume-role"), weight: SETTLING,
        title: "STS says that the token has expired",
        cause: "By STS's clock the token is past its exp. An application that keeps the token instead of reading the file anew, a copy of \
            the file or a subPath mount, which are never rotated, send old ones. Where the file's own token is still valid by this node's \
            clock, that clock is slow, or the file changed in between.",
        fix: "Read the projected file anew for each exchange, without copy or subPath; set the clock of node {node} right if it is slow \
            (chrony/NTP). Recreating the pod gives a fresh token.",
        means: &[web_identity(EXPIRED, &[])],
    }

    TrustPolicyDenied = "trust-policy-denied" {
        step: AssumeRole, check: Some("assume-role"), weight: SETTLING,
        title: "the role's trust policy does not accept this service account",
        cause: "STS knows the issuer and the token is good, but nothing in the role's trust policy allows it: sub (namespace or service \
            account), aud or the Federated principal does not match, a * stands under StringEquals, the action is sts:AssumeRole, or a \
            Deny in it applies. A role that does not exist looks exactly the same.",
        fix: "Check that role {roleArn} exists, and add the statement below to its trust policy. aws iam update-assume-role-policy \
            replaces the whole policy: statements of other clusters and accounts would be lost. Most roles are managed by code (Terraform, \
            CloudFormation, eksctl), which takes a change by hand back: change it there. irsa-probe trust-policy prints \
            the statement as code; its --format is terraform, cloudformation or json.",
        commands: &[GET_TRUST_POLICY, DOCTOR, CHECK_TRUST_POLICY, PRINT_TRUST_STATEMENT],
        document: Some(RemedyDocument::TrustStatement),
        doctor: true,
        means: &[
            // A role's resource-based policy is its trust policy.
            any_role(ACCESS_DENIED, &["no resource-based policy allows", "explicit deny in a resource-based policy"]),
            any_role(ACCESS_DENIED, &[]),
        ],
    }

    ExplicitlyDenied = "explicitly-denied" {
        step: AssumeRole, check: Some("assume-role"), weight: SETTLING,
        title: "a policy above the role denies this call",
        cause: "A service control policy, a resource control policy, a VPC endpoint policy or another one above the role refuses the call; \
            the role's trust policy is not the cause.",
        fix: "Read in AWS's text which kind of policy denies. Such a policy holds for others, too: ask its owner to allow this call for \
            {roleArn} alone.",
        commands: &[STS_ENDPOINTS],
        means: &[
            any_role(ACCESS_DENIED, &["explicit deny"]),
            any_role(ACCESS_DENIED, ABOVE_THE_ROLE),
            // No IAM permission is needed for this call; only an endpoint or organisation policy denies it.
            caller_identity(ACCESS_DENIED, &[]),
        ],
    }

    RoleArnRejected = "role-arn-rejected" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "STS does not take this as a role ARN",
        cause: "It looks like an ARN but names no role in this partition: the ARN of another resource, of another partition, or damaged; \
            or an endpoint override leads to another partition's STS.",
        fix: "Correct the annotation eks.amazonaws.com/role-arn of service account {namespace}/{serviceAccount} and recreate the pod. If \
            the annotation is right, look at the endpoint that was called.",
        commands: &[GET_ACCOUNT],
        means: &[any_role(VALIDATION, &["request arn is invalid", "'rolearn'"])],
    }

    RequestRejected = "request-rejected" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "STS rejects a parameter of the request",
        cause: "A value from the environment breaks STS's constraints; most often AWS_ROLE_SESSION_NAME (2–64 characters of letters, \
            digits and _+=,.@-).",
        fix: "Correct the value that AWS's text names, or unset AWS_ROLE_SESSION_NAME.",
        means: &[
            any_role(VALIDATION, &[]),
            any_role(
                &[
                    "MalformedInput",
                    "MalformedQueryString",
                    "InvalidAction",
                    "MissingAction",
                    "MissingParameter",
                    "InvalidParameterValue",
                    "InvalidParameterCombination",
                    "PackedPolicyTooLarge",
                    "PackedPolicyTooLargeException",
                    "MalformedPolicyDocument",
                    "MalformedPolicyDocumentException",
                ],
                &[],
            ),
            caller_identity(&["ValidationError", "MalformedInput", "InvalidAction", "MalformedQueryString"], &[]),
        ],
    }

    SessionTooLong = "session-too-long" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "the requested session is longer than the role allows",
        cause: "The duration asked for exceeds the role's MaxSessionDuration.",
        // IAM user guide, "Roles terms and concepts", role chaining: one hour at most.
        fix: "Ask for a shorter session, or raise the role's MaxSessionDuration to what is needed. A role that another role assumes gets one \
            hour at most, whatever it allows.",
        commands: &[
            read("aws iam get-role --role-name {roleName} --query Role.MaxSessionDuration"),
            shared(
                "aws iam update-role --role-name {roleName} --max-session-duration SECONDS",
                "everyone who assumes role {roleName}: their sessions may last as long",
            ),
        ],
        means: &[any_role(VALIDATION, &["maxsessionduration", "1 hour session limit"])],
    }

    StsRegionDisabled = "sts-region-disabled" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "STS is not active in this region for the role's account",
        cause: "The account's administrator deactivated the regional STS endpoint, or has not enabled this opt-in region. What counts is \
            the role's account, not the cluster's.",
        fix: "Use the STS endpoint of another region, or activate STS for {region} in account {account} (IAM console, Account settings). \
            An opt-in region has to be enabled first, which is the account administrator's decision.",
        commands: &[
            read("aws account get-region-opt-status --region-name {region}"),
            shared(
                "aws account enable-region --region-name {region}",
                "account {account} as a whole: all its users and roles may then work in {region}",
            ),
        ],
        means: &[sts(&["RegionDisabledException", "RegionDisabled"], &[])],
    }

    Throttled = "throttled" {
        step: AssumeRole, check: Some("assume-role"), weight: TRANSIENT,
        title: "STS throttles the calls",
        cause: "The account's request quota for STS in this region is used up, often by many pods that start at once or by an SDK that \
            exchanges the token for every request.",
        fix: "Wait and retry; spread starts, cache credentials in the application, or ask AWS for a higher quota.",
        means: &[
            sts(
                &[
                    "Throttling",
                    "ThrottlingException",
                    "ThrottledException",
                    "RequestThrottled",
                    "RequestThrottledException",
                    "RequestLimitExceeded",
                    "TooManyRequestsException",
                    "SlowDown",
                ],
                &[],
            ),
            sts(&[], &[]).with_status(429),
        ],
    }

    IdpRejected = "idp-rejected" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "the identity provider rejected the claim",
        cause: "The issuer itself refused the token; on EKS this practically never happens.",
        fix: "Recreate the pod for a new token; look at the issuer if it is self-hosted.",
        means: &[web_identity(&["IDPRejectedClaim", "IDPRejectedClaimException"], &[])],
    }

    IdpUnreachable = "idp-unreachable" {
        step: AssumeRole, check: Some("assume-role"), weight: TRANSIENT,
        title: "STS cannot reach the identity provider",
        cause: "STS could not reach the issuer to verify the token; AWS calls this transient.",
        fix: "Retry; a self-hosted issuer has to be reachable from the internet.",
        means: &[web_identity(&["IDPCommunicationError", "IDPCommunicationErrorException"], &[])],
    }

    StsError = "sts-error" {
        step: AssumeRole, check: Some("assume-role"), weight: TRANSIENT,
        title: "STS answered with an error that is not in the catalogue",
        cause: "The error's code is not known to this version; AWS's own text is in the detail.",
        fix: "Read AWS's text in the detail; look the code up in the AWS documentation, and please report it.",
    }

    // Step `pod-identity`: what the EKS Pod Identity agent says.

    AgentUnreachable = "agent-unreachable" {
        step: PodIdentity, check: Some("agent"), weight: TRANSIENT,
        title: "the EKS Pod Identity agent does not answer on this node",
        cause: "Nothing answers at the agent's link-local address: the add-on eks-pod-identity-agent is not installed or not running on \
            this node (taints), the pod runs on Fargate, or a network policy blocks it.",
        fix: "Install the add-on eks-pod-identity-agent and see that it runs on node {node}; allow egress to 169.254.170.23:80 (IPv6: \
            [fd00:ec2::23]:80).",
        commands: &[read("kubectl -n kube-system get pods -o wide -l app.kubernetes.io/name=eks-pod-identity-agent")],
    }

    AgentAddressRefused = "agent-address-refused" {
        step: PodIdentity, check: Some("agent"), weight: PERMANENT,
        title: "the agent was called by an address that it does not accept",
        cause: "The agent answers only requests whose Host is its link-local address: a proxy stands in between, or the URI names another \
            host.",
        fix: "Add 169.254.170.23 and [fd00:ec2::23] to NO_PROXY, and leave AWS_CONTAINER_CREDENTIALS_FULL_URI as the webhook sets it.",
        means: &[agent(&[], &["called agent through invalid address"]).with_status(403)],
    }

    AgentUriNotAllowed = "agent-uri-not-allowed" {
        step: PodIdentity, check: Some("agent"), weight: PERMANENT,
        title: "the credentials URI is one that SDKs refuse or that is not the agent's",
        cause: "Over plain http SDKs send the token only to loopback, 169.254.170.2, 169.254.170.23 and fd00:ec2::23. \
            AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, when set, beats the full URI and leads to the ECS address, where nothing answers on \
            EKS.",
        fix: "Remove AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI from the container's env, so that the \
            webhook sets the first, and recreate the pod.",
        commands: &[GET_POD],
    }

    AgentTokenRejected = "agent-token-rejected" {
        step: PodIdentity, check: Some("agent"), weight: SETTLING,
        title: "the agent or EKS Auth does not accept the token",
        cause: "The token is expired, not valid yet, of another cluster, or not a Pod Identity token.",
        fix: "Mount the projected token as the webhook does, without subPath or copies, and recreate the pod.",
        commands: &[GET_POD],
        means: &[
            agent(&[], &["service account token cannot be", "service account token failed basic claim validations"]),
            agent(&["ExpiredTokenException", "InvalidTokenException"], &[]),
        ],
    }

    AssociationMissing = "association-missing" {
        step: PodIdentity, check: Some("agent"), weight: SETTLING,
        title: "there is no Pod Identity association for this service account",
        cause: "EKS Auth finds no association: it was deleted after the pod started, is still propagating, or belongs to another cluster, \
            namespace or service account.",
        fix: "Create the association for {namespace}/{serviceAccount} and recreate the pod.",
        commands: &[
            LIST_ASSOCIATIONS,
            PODS_OF_ACCOUNT,
            shared(
                "aws eks create-pod-identity-association --region {clusterRegion} --cluster-name {cluster} --namespace {namespace} \
                    --service-account {serviceAccount} --role-arn {roleArn}",
                EVERY_POD,
            ),
        ],
        doctor: true,
        means: &[
            // By the code alone: its message is not public.
            agent(&["ResourceNotFoundException"], &[]),
        ],
    }

    PodIdentityTrustDenied = "pod-identity-trust-denied" {
        step: PodIdentity, check: Some("agent"), weight: SETTLING,
        title: "the role's trust policy does not accept EKS Pod Identity",
        cause: "EKS may not assume the associated role: its trust policy lacks pods.eks.amazonaws.com, or one of sts:AssumeRole and \
            sts:TagSession, or has tag or source conditions that do not match.",
        fix: "Add the statement below to the associated role's trust policy; the agent may answer from its cache for some time. aws iam \
            update-assume-role-policy replaces the whole policy: statements of other clusters and accounts would be lost. Most roles are \
            managed by code (Terraform, CloudFormation, eksctl), which takes a change by hand back: change it there. irsa-probe \
            trust-policy prints the statement as code; its --format is terraform, cloudformation or json.",
        commands: &[LIST_ASSOCIATIONS, GET_TRUST_POLICY, DOCTOR, CHECK_POD_IDENTITY_TRUST, PRINT_POD_IDENTITY_STATEMENT],
        document: Some(RemedyDocument::PodIdentityTrustStatement),
        doctor: true,
        means: &[
            agent(&["AccessDeniedException"], &[]),
            // As eks-pod-identity-agent#139 has it, without the code.
            agent(&[], &["eks does not have permissions to assume the associated role"]),
        ],
    }

    AgentThrottled = "agent-throttled" {
        step: PodIdentity, check: Some("agent"), weight: TRANSIENT,
        title: "the agent or EKS Auth throttles the calls",
        cause: "Too many requests on this node or in this account.",
        fix: "Wait and retry; cache credentials in the application instead of asking for every request.",
        means: &[
            agent(&["ThrottlingException"], &[]),
            agent(&[], &[]).with_status(429),
        ],
    }

    AgentError = "agent-error" {
        step: PodIdentity, check: Some("agent"), weight: TRANSIENT,
        title: "the agent answered with an error",
        cause: "The agent could not get credentials: it cannot reach EKS Auth (no NAT and no VPC endpoint for eks-auth), the node's role \
            lacks eks-auth:AssumeRoleForPodIdentity (AmazonEKSWorkerNodePolicy has it), or AWS has a failure. Its text is in the detail.",
        fix: "Read the agent's text in the detail; look at its log on node {node}.",
        commands: &[read("kubectl -n kube-system logs -l app.kubernetes.io/name=eks-pod-identity-agent --tail=50")],
        means: &[
            // The node's own permission is missing, not the association's trust. The finding's detail says so.
            agent(&["AccessDeniedException"], &["eks-auth:assumeroleforpodidentity"]),
            // EKS Auth's other codes. Any unknown code is this finding too, but `explain` tells by these whose answer it is.
            agent(
                &["InternalServerException", "ServiceUnavailableException", "InvalidParameterException", "InvalidRequestException"],
                &[],
            ),
        ],
    }

    ProxyCapturesAgent = "proxy-captures-agent" {
        step: PodIdentity, check: Some("agent-proxy"), weight: WARN,
        title: "the configured proxy captures calls to the agent in some SDKs",
        cause: "HTTP_PROXY is set and NO_PROXY does not exempt the agent. SDKs that honour it send the token to the proxy, which cannot \
            reach the node's agent. (The probe itself never proxies link-local addresses.)",
        fix: "Add 169.254.170.23,[fd00:ec2::23],169.254.169.254 to NO_PROXY.",
    }

    // Step `identity`: who the credentials are.

    IdentityMismatch = "identity-mismatch" {
        step: Identity, check: Some("identity"), weight: PERMANENT,
        title: "the credentials belong to another role than expected",
        cause: "GetCallerIdentity names another account or role than the pod should have: another association, another annotation, or an \
            endpoint that is not AWS's.",
        fix: "Correct the association or annotation of {namespace}/{serviceAccount}, or the expectation, and recreate the pod.",
        commands: &[GET_ACCOUNT, LIST_ASSOCIATIONS],
        at_once: true,
    }

    IdentityUnconfirmed = "identity-unconfirmed" {
        step: Identity, check: Some("identity"), weight: WARN_PASSING,
        title: "the credentials were issued, but GetCallerIdentity could not confirm them",
        cause: "The exchange succeeded and names the session; the second call failed or is denied by an endpoint policy. Applications work \
            unless they need STS themselves.",
        fix: "Allow sts:GetCallerIdentity in the VPC endpoint policy, or see the network cause in the detail.",
    }

    NodeRoleFallback = "node-role-fallback" {
        step: Identity, check: Some("chain"), weight: PERMANENT,
        title: "applications in this pod get the node's role",
        cause: "With nothing (or half an identity) injected, the default chain goes on to IMDS and takes the instance's credentials: calls \
            succeed or fail with the node's permissions, and every pod on the node looks the same in CloudTrail.",
        fix: "Give this pod an identity of its own: the fix of the root cause, or irsa-probe check in the pod, says how. Then block IMDS \
            for pods (hop limit 1 with IMDSv2 required), so that a missing identity fails loudly. Look first at what runs on the node: \
            pods that rely on IMDS lose it.",
        commands: &[METADATA_OPTIONS, PODS_OF_NODE, HOP_LIMIT],
        at_once: true,
        consequence_of: Some(Step::Injection),
    }

    SignatureScope = "signature-scope" {
        step: Identity, check: Some("identity"), weight: PERMANENT,
        title: "the request is signed for another region or service than the endpoint's",
        cause: "\"Credential should be scoped to a valid region\": the endpoint belongs to another region than the one that requests are \
            signed for; the global endpoint accepts us-east-1 only.",
        fix: "Use the regional endpoint of {region}, by one of three ways: set AWS_REGION (or the SDK's own region) to the endpoint's \
            region; for an SDK that calls the global endpoint set AWS_STS_REGIONAL_ENDPOINTS=regional, which the annotation below injects; \
            or drop the endpoint URL.",
        commands: &[GET_ACCOUNT, ANNOTATE_REGIONAL],
        means: &[signed(BAD_SIGNATURE, &["credential should be scoped"])],
    }

    ClockSkew = "clock-skew" {
        step: Identity, check: Some("clock"), weight: SETTLING,
        title: "this node's clock is wrong",
        cause: "STS refuses signatures whose time is more than 15 minutes off its own. SDKs that correct the skew hide it until something \
            else breaks.",
        fix: "Set the clock of node {node} right: chrony with the Amazon Time Sync Service (169.254.169.123). All pods on the node see the \
            change. The kubelet writes the node's time as renewTime into the lease below every 10 s: compare it with a clock that is right.",
        // Kubernetes documentation, "Leases": the kubelet renews the node's lease, by its own clock (`k8s.io/component-helpers`,
        // `apimachinery/lease/controller.go`).
        commands: &[read("kubectl -n kube-node-lease get lease {node} -o yaml")],
        means: &[
            signed(BAD_SIGNATURE, &["signature expired", "not yet current"]),
            signed(&["RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"], &[]),
        ],
    }

    SignatureRejected = "signature-rejected" {
        step: Identity, check: Some("identity"), weight: PERMANENT,
        title: "STS does not accept the request's signature",
        cause: "The signature does not match what arrived: something between the pod and STS changes or drops headers, or the endpoint is \
            not the one that was signed for.",
        fix: "Remove the proxy or mesh filter that rewrites requests to {host}.",
        means: &[
            signed(BAD_SIGNATURE, &[]),
            signed(&["IncompleteSignature", "MissingAuthenticationToken", "AuthFailure"], &[]),
        ],
    }

    SessionRejected = "session-rejected" {
        step: Identity, check: Some("identity"), weight: SETTLING,
        title: "STS does not accept the credentials it has just issued",
        cause: "The session's token is unknown to this endpoint: the role was deleted or recreated, or credentials of another partition or \
            of the global endpoint (version 1 tokens) are used in an opt-in region.",
        fix: "Check that role {roleArn} still exists; use the regional STS endpoint.",
        commands: &[GET_ROLE],
        means: &[signed(&["InvalidClientTokenId", "UnrecognizedClientException"], &[])],
    }

    SessionExpired = "session-expired" {
        step: Identity, check: Some("identity"), weight: SETTLING,
        title: "the credentials have expired",
        cause: "STS says that the session has ended: a cached answer (the agent keeps credentials for hours), or a clock that is wrong by \
            hours.",
        fix: "Check the clock of node {node}. If the Pod Identity agent handed the credentials out, restart the agent's pod on that node \
            alone: other pods there get none until it is back.",
        means: &[signed(EXPIRED, &[])],
    }

    ChainDisagrees = "chain-disagrees" {
        step: Identity, check: Some("chain"), weight: PERMANENT,
        title: "the SDK's default chain does not become the injected identity",
        cause: "The injected identity works when it is asked for directly, but the default credential chain in this same environment ends \
            elsewhere: an application on an SDK gets that instead.",
        fix: "Remove what leads the chain astray, as the detail says: profile files, endpoint settings or hand-set AWS_* variables.",
        at_once: true,
    }

    // Step `node`: what the node gives away.

    NodeRoleReachable = "node-role-reachable" {
        step: Node, check: Some("node-role"), weight: WARN,
        title: "the node's role can be reached from this pod",
        cause: "IMDS answers with the instance role's credentials: any code in this pod can take the node's permissions, and an SDK whose \
            own identity fails may do so silently.",
        fix: "Require IMDSv2 with a hop limit of 1 on the nodes (in their launch template, too). Look first at what runs there: pods that \
            rely on IMDS lose it. For this pod alone, a network policy that blocks 169.254.169.254 is enough.",
        commands: &[METADATA_OPTIONS, PODS_OF_NODE, HOP_LIMIT],
    }

    NodeRoleReachableV1 = "node-role-reachable-v1" {
        step: Node, check: Some("node-role"), weight: WARN,
        title: "the node's role can be reached from this pod by IMDSv1",
        cause: "IMDSv2 is out of reach (hop limit), but version 1 still answers at any distance; boto3, JavaScript and Go fall back to it.",
        fix: "Require IMDSv2 on the nodes (http-tokens required; in their launch template, too). Look first at what runs there: pods and \
            processes that use IMDSv1 lose it.",
        commands: &[METADATA_OPTIONS, PODS_OF_NODE, REQUIRE_IMDS_V2],
    }

    // Step `redundancy`: other regions.

    SecondaryRegionFailing = "secondary-region-failing" {
        step: Redundancy, check: Some("other-regions"), weight: WARN_PASSING,
        title: "a secondary region's STS does not work for this pod",
        cause: "The workload may fail over to this region, and there the identity does not work. The detail holds its finding. It says nothing \
            of the primary region.",
        fix: "Fix the finding in the detail, or drop the region from --sts-region.",
    }

    // Step `application`: what the application, its SDK, its controller or a person meets beyond the identity itself. `check` sees none of it, but for
    // `sdk-falls-through` and `sdk-differs`; `explain` reads it from logs.

    PermissionMissing = "permission-missing" {
        step: Application, check: None, weight: PERMANENT,
        title: "the identity is right, but its policies do not allow this action",
        cause: "The caller is the role that it should be, and no policy of that role allows the action on this resource, or one denies it \
            (also a boundary, an SCP or the resource's own policy). When the principal is a node role (…/i-…) this is not the problem: the \
            pod has no identity of its own.",
        fix: "Allow {action} on {resource} in a policy of role {roleName}, and nothing more.",
        commands: &[
            read("aws iam list-attached-role-policies --role-name {roleName}"),
            read("aws iam simulate-principal-policy --policy-source-arn {roleArn} --action-names {action} --resource-arns {resource}"),
        ],
    }

    PassRoleMissing = "pass-role-missing" {
        step: Application, check: None, weight: PERMANENT,
        title: "the caller may not hand this role to a service (iam:PassRole)",
        cause: "Whoever creates something that will act as a role (a cluster, a node group, an instance, a task) needs iam:PassRole on \
            that role, beside the permission to create it.",
        fix: "Allow iam:PassRole on {resource} in a policy of role {roleName}, with the condition iam:PassedToService for the one service \
            that gets it.",
        commands: &[read("aws iam list-attached-role-policies --role-name {roleName}")],
    }

    KubernetesAccessMissing = "kubernetes-access-missing" {
        step: Application, check: None, weight: PERMANENT,
        title: "this AWS identity has no access to the cluster's Kubernetes API",
        cause: "Kubernetes knows nothing of IAM policies: the principal has to be in an access entry or in the aws-auth ConfigMap, and \
            RBAC has to allow what it does. A cluster's creator is admitted by itself, its administrators' other roles and the console's \
            are not.",
        fix: "Make an access entry for {roleArn} with an access policy, or map it in aws-auth to a group that RBAC knows.",
        commands: &[
            read("aws eks list-access-entries --cluster-name {cluster} --region {region}"),
            read("kubectl auth can-i --list"),
            shared(
                "aws eks create-access-entry --cluster-name {cluster} --principal-arn {roleArn} --region {region}",
                "everyone who acts as {roleArn}: the cluster's Kubernetes API lets them in",
            ),
        ],
    }

    AwsAuthRolePath = "aws-auth-role-path" {
        step: Application, check: None, weight: PERMANENT,
        title: "a role's ARN in the aws-auth ConfigMap has a path, which never matches",
        cause: "The caller arrives as an assumed role, whose ARN has no path; aws-auth compares texts, so that a rolearn with a path \
            admits nobody. Access entries are not affected: they want the path.",
        fix: "Write the rolearn without its path: arn:{partition}:iam::{account}:role/{roleName}.",
        commands: &[GET_AWS_AUTH, EDIT_AWS_AUTH],
        doctor: true,
    }

    RoleChainDenied = "role-chain-denied" {
        step: Application, check: None, weight: PERMANENT,
        title: "the pod's role may not assume the other role",
        cause: "Both sides have to agree: a policy of the pod's role has to allow sts:AssumeRole on the other role, and the other role's \
            trust policy has to name the pod's role (also in another account). A role that does not exist looks the same.",
        fix: "Allow sts:AssumeRole on {resource} in a policy of role {roleName}, and name {roleArn} as Principal in a statement that is \
            added to the other role's trust policy (aws iam update-assume-role-policy replaces the whole policy).",
        commands: &[read("aws iam get-role --role-name {resourceName} --query Role.AssumeRolePolicyDocument")],
    }

    SdkTooOld = "sdk-too-old" {
        step: Application, check: Some("app-sdk"), weight: WARN,
        title: "the application's SDK is too old for this identity",
        cause: "An SDK from before IRSA or EKS Pod Identity does not look at the variables that were injected, goes on in its chain, and \
            ends with the node's role or with nothing.",
        fix: "Raise the AWS SDK to the version that irsa-probe sdks names, or a newer one, and rebuild the image.",
        strict: false,
    }

    SdkModuleMissing = "sdk-module-missing" {
        step: Application, check: Some("app-sdk"), weight: WARN,
        title: "the SDK lacks the module that IRSA needs",
        cause: "Java needs the sts module on its class path (aws-java-sdk-sts in version 1), .NET the package AWSSDK.SecurityToken. \
            Without it the web identity provider is skipped, in Java with no more than a debug line.",
        fix: "Add software.amazon.awssdk:sts (Java 2), com.amazonaws:aws-java-sdk-sts (Java 1) or AWSSDK.SecurityToken (.NET) to the \
            application, and rebuild the image.",
        strict: false,
    }

    NoCredentialsFound = "no-credentials-found" {
        step: Application, check: None, weight: PERMANENT,
        title: "the application's SDK found no credentials at all",
        cause: "Every provider of the chain came back empty: nothing was injected into this container, the SDK is too old for what was, \
            the application builds a chain of its own, or IMDS is rightly out of reach. The SDK's message does not say which.",
        fix: "Run irsa-probe check in the pod: it tells the cases apart; irsa-probe sdks shows what each SDK makes of the environment.",
        commands: &[GET_ACCOUNT, GET_POD],
    }

    WebhookMissing = "webhook-missing" {
        step: Application, check: None, weight: PERMANENT,
        title: "the webhook that injects identities is not there",
        cause: "Pods are injected by the API server's call of a mutating webhook (pod-identity-webhook, iam-for-pods.amazonaws.com). \
            Without its configuration, or with one that cannot be called, pods start without an identity, because its failure policy is \
            Ignore.",
        fix: "On EKS the control plane brings it: restore the MutatingWebhookConfiguration pod-identity-webhook (AWS support, if it was \
            deleted); on other clusters install amazon-eks-pod-identity-webhook. Then recreate the pods.",
        commands: &[read("kubectl get mutatingwebhookconfigurations")],
        doctor: true,
    }

    DnsPolicyDeadlock = "dns-policy-deadlock" {
        step: Application, check: None, weight: PERMANENT,
        title: "a controller waits for the cluster's DNS, which waits for the controller",
        cause: "The controller asks CoreDNS for the STS host name, but CoreDNS cannot run before this controller has done its work (nodes \
            by Karpenter, network by a CNI, load balancers): with dnsPolicy ClusterFirst neither ever starts.",
        fix: "Give the controller dnsPolicy: Default (the node's resolver), or run CoreDNS on capacity that does not depend on it \
            (Fargate, a managed node group).",
        commands: &[GET_POD, read("kubectl -n kube-system get pods -l k8s-app=kube-dns")],
    }

    SdkFallsThrough = "sdk-falls-through" {
        step: Application, check: Some("app-sdk"), weight: WARN,
        title: "the application's SDK takes other credentials when the exchange fails",
        cause: "The default chain of this SDK goes on after a failed exchange. An incident at STS, or a changed trust policy, then turns the \
            application into the node, or into another identity, without a word. Found only where there is something to fall to, such as IMDS \
            that answers with a role; a chain that goes on and finds nothing ends with an error, as it should. It is a prediction from the \
            SDK's chain: the application itself is not looked at.",
        fix: "Name the web identity or container provider explicitly in the application instead of the default chain, take away the other \
            credentials, and keep IMDS out of the pod's reach (hop limit 1 with IMDSv2 required).",
        commands: &[read("irsa-probe sdks")],
    }

    ProfileMissing = "profile-missing" {
        step: Application, check: Some("profile"), weight: WARN,
        title: "AWS_PROFILE names a profile that no file has",
        cause: "The profile is in neither of the two shared configuration files that were read: the volume with the file is not \
            mounted, AWS_CONFIG_FILE leads elsewhere, the name is misspelt, or the section in the configuration file lacks the word \
            profile. boto3, the AWS CLI and Go 2 then end with an error, whatever else is injected. The other SDKs go on in their chain. \
            It is the root cause where nothing else is injected.",
        fix: "Mount the configuration file that has the profile, correct AWS_PROFILE, or unset it. In the configuration file the section \
            is [profile NAME], in the credentials file [NAME].",
        commands: &[GET_POD],
        at_once: true,
        strict: false,
    }

    ProfileBroken = "profile-broken" {
        step: Application, check: Some("profile"), weight: WARN,
        title: "the selected profile can give no credentials",
        cause: "The profile has a role and nothing that could assume it, half a key pair, a token file without a role, or a source that \
            does not exist, has no credentials or leads back to it. Some SDKs then end with an error, whatever else is injected. Others go \
            on in their chain. It is the root cause where nothing else is injected.",
        fix: "Complete the profile as the detail says. For a service account's token it needs role_arn and web_identity_token_file. For a \
            further role it needs role_arn and source_profile. Or remove the profile from the file.",
        commands: &[GET_POD],
        at_once: true,
        strict: false,
    }

    SdkDiffers = "sdk-differs" {
        step: Application, check: Some("sdks"), weight: INFO,
        title: "not every SDK does the same in this pod",
        cause: "SDKs look for credentials in different places and orders. A selected profile, static keys under an old name, an empty variable, \
            white space around a value, or one of the two names of the region alone is used by some of them and not by others. So the same pod \
            can be the injected role to one program, and static keys, the node or nothing to another. It is a prediction from the SDKs' own \
            chains, with the answers that this check got. Where the application's SDK is known (--app-sdk), only that SDK counts, and an \
            outcome that was measured with its version is a failure.",
        fix: "Name the application's SDK with --app-sdk, to learn whether it is concerned. Remove what the finding names: credentials and \
            profiles beside the injected role, old names, empty variables and white space. Set AWS_REGION and AWS_DEFAULT_REGION to the same \
            region.",
        commands: &[read("irsa-probe sdks")],
        strict: false,
    }

    // Step `cluster`: what `doctor` sees from a workstation, in the cluster and in IAM.

    ServiceAccountMissing = "service-account-missing" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the service account does not exist",
        cause: "A pod cannot be created with a service account that is not there; trust policies and associations that name it are of no \
            use. Most often the name or the namespace is misspelt.",
        fix: "Create service account {serviceAccount} in namespace {namespace}, or correct the name.",
        commands: &[read("kubectl -n {namespace} get serviceaccounts")],
        document: Some(RemedyDocument::ServiceAccount),
        doctor: true,
    }

    AnnotationMissing = "annotation-missing" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the service account has neither a role annotation nor a Pod Identity association",
        cause: "The webhook injects IRSA into pods whose service account carries eks.amazonaws.com/role-arn, and Pod Identity where an \
            association names it. It finds neither, so pods start without an identity.",
        fix: "Annotate service account {namespace}/{serviceAccount} with eks.amazonaws.com/role-arn, or create a Pod Identity association. \
            Every pod of the account gets the role then: give pods that need it an account of their own where others use this one. \
            Recreate the pods afterwards.",
        commands: &[
            PODS_OF_ACCOUNT,
            ANNOTATE_ROLE,
            shared(
                "kubectl -n {namespace} rollout restart deployment DEPLOYMENT",
                "every pod of deployment {namespace}/DEPLOYMENT: each is replaced",
            ),
        ],
        document: Some(RemedyDocument::Annotation),
        doctor: true,
    }

    AnnotationMisspelt = "annotation-misspelt" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the service account's annotation is misspelt, and the webhook does not see it",
        cause: "The webhook reads the one key eks.amazonaws.com/role-arn of the service account (not of the pod): any other spelling is \
            ignored without a word.",
        fix: "Write the annotation as eks.amazonaws.com/role-arn on service account {namespace}/{serviceAccount}, remove the misspelt one, \
            and recreate the pods.",
        commands: &[GET_ACCOUNT, PODS_OF_ACCOUNT, ANNOTATE_ROLE],
        doctor: true,
    }

    RoleMissing = "role-missing" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the role of the annotation does not exist",
        cause: "IAM has no role of this name in this account: it was deleted, is misspelt, or belongs to another account. STS says \
            AccessDenied to the pod then, as it does for a trust policy that does not match.",
        fix: "Create role {roleName} in account {account} with the trust policy below, which is for a new role, or correct the annotation \
            of {namespace}/{serviceAccount}. Where code manages the roles (Terraform, CloudFormation, eksctl), create it there.",
        commands: &[
            GET_ROLE,
            shared(
                "aws iam create-role --role-name {roleName} --assume-role-policy-document file://trust-policy.json",
                "account {account}: it has a role more, which pods of service account {namespace}/{serviceAccount} may assume",
            ),
        ],
        document: Some(RemedyDocument::TrustPolicy),
        doctor: true,
    }

    PodPredatesAnnotation = "pod-predates-annotation" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the pod was created before the service account was annotated",
        cause: "The webhook acts only when a pod is created. This one started without an identity, and annotating the service account \
            later changes no running pod.",
        fix: "Recreate the pod: delete it, or restart its workload.",
        commands: &[DELETE_POD],
        doctor: true,
    }

    PodNotInjected = "pod-not-injected" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the pod was not injected although its service account is annotated",
        cause: "The webhook did not change this pod or one of its containers: it was out of reach (its failure policy is Ignore), the \
            service account came together with the pod, the container is listed in eks.amazonaws.com/skip-containers, the pod carries \
            eks.amazonaws.com/skip-pod-identity-webhook, or another webhook replaced the container.",
        fix: "Look at the pod's annotations and labels for what skips it; otherwise recreate it and see whether the new one is injected.",
        commands: &[GET_POD, DELETE_POD],
        doctor: true,
    }

    InjectionSuppressed = "injection-suppressed" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "a variable preset in the container keeps the webhook from injecting",
        cause: "Where a container already has AWS_ROLE_ARN or AWS_WEB_IDENTITY_TOKEN_FILE, even an empty one, the webhook sets neither of \
            them. It does so without a word, and the pod starts without the role.",
        fix: "Remove the preset variable from the container's env in the workload (or its Helm values), so that the webhook sets both, and \
            recreate the pod.",
        commands: &[GET_POD],
        doctor: true,
    }

    ServiceAccountNotUsed = "service-account-not-used" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "no pod uses this service account",
        cause: "Pods run under the service account that their spec names, else under default. The workload names another one, or none, so \
            the annotation does nothing for it.",
        fix: "Set serviceAccountName: {serviceAccount} in the workload's pod template in namespace {namespace}.",
        commands: &[read(
            "kubectl -n {namespace} get pods -o custom-columns=POD:.metadata.name,SERVICE_ACCOUNT:.spec.serviceAccountName",
        )],
        doctor: true,
    }

    PodsRefused = "pods-refused" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the cluster refuses to create the pods",
        cause: "A ReplicaSet, DaemonSet, StatefulSet or Job asks for pods with this service account, and the API server turns them down: \
            Pod Security, a quota, a validating policy, or a webhook that says no or fails. Until it admits them there is no pod whose \
            identity could be looked at.",
        fix: "Read the API server's message, which names what refuses, and change the workload's pod template so that it is admitted. A \
            policy, quota or webhook holds for others, too: its owner decides. The controller tries again by itself, after 17 minutes at \
            the latest; a change of the workload makes it try at once.",
        commands: &[read("kubectl -n {namespace} get events --field-selector reason=FailedCreate")],
        doctor: true,
    }
}
