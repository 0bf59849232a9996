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
        cause: "Neither IRSA (AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE) nor EKS Pod Identity (AWS_CONTAINER_CREDENTIALS_FULL_URI) is \
            set. The webhook acts only when a pod is created. Most likely the service account had no annotation or association then, or the \
            pod runs under another service account or namespace. Otherwise the webhook was unreachable (its failure policy is Ignore), or \
            eks.amazonaws.com/skip-containers lists the container. SDKs then try the rest of their chain, and often get the node's role.",
        fix: "Annotate service account {namespace}/{serviceAccount} with eks.amazonaws.com/role-arn, or create a Pod Identity association; \
            then recreate the pod. Every pod of the service account gets the role then. If others use it (pods that name none run under \
            default), create a service account for this pod alone. The annotation does not change running pods.",
        commands: &[GET_ACCOUNT, PODS_OF_ACCOUNT, ANNOTATE_ROLE, DELETE_POD],
        document: Some(RemedyDocument::Annotation),
        at_once: true,
    }

    HalfInjected = "half-injected" {
        step: Injection, check: Some("injected"), weight: PERMANENT,
        title: "only half of an AWS identity is set in this container",
        cause: "One of two variables that belong together is unset or empty. The webhook skips a container that already has either of them, \
            so a preset variable, even an empty one, switches injection off. SDKs differ: some stop with an error, others silently use the \
            node's role.",
        fix: "Remove the preset variable from the container's env (or its Helm values) and recreate the pod, so that the webhook sets both.",
        commands: &[GET_POD],
        at_once: true,
    }

    RoleArnMalformed = "role-arn-malformed" {
        step: Injection, check: Some("role-arn"), weight: PERMANENT,
        title: "AWS_ROLE_ARN is not the ARN of a role",
        cause: "The webhook injects the annotation's value unchanged, and only logs a warning when it is malformed. Typical faults are white \
            space, quotes, a bare role name, or the ARN of another kind of resource.",
        fix: "Set eks.amazonaws.com/role-arn on service account {namespace}/{serviceAccount} to arn:{partition}:iam::ACCOUNT:role/NAME, and \
            recreate the pod.",
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
            account, or the pod was created before the annotation was corrected.",
        fix: "Correct the annotation of service account {namespace}/{serviceAccount}, or correct --expect-role-arn; then recreate the pod.",
        commands: &[GET_ACCOUNT],
        at_once: true,
    }

    RegionMissing = "region-missing" {
        step: Injection, check: Some("region"), weight: PERMANENT,
        title: "no AWS region is set",
        cause: "Neither AWS_REGION nor AWS_DEFAULT_REGION is set, and the selected profile names no region. Some SDKs then ask IMDS, which a \
            pod usually cannot reach. Most SDKs fail.",
        fix: "Set AWS_REGION in the container's env. EKS injects it together with the identity, so a missing region often means that the \
            webhook missed this pod.",
    }

    RegionMalformed = "region-malformed" {
        step: Injection, check: Some("region"), weight: PERMANENT,
        title: "the configured region is not a valid region code",
        cause: "AWS_REGION or AWS_DEFAULT_REGION does not hold a region code. SDKs build endpoint names from it, so every call goes to a \
            host that does not exist.",
        fix: "Set AWS_REGION to a region code such as us-west-2: no zone, no capitals, no white space.",
    }

    ShadowedByEnvKeys = "shadowed-by-env-keys" {
        step: Injection, check: Some("unshadowed"), weight: PERMANENT,
        title: "static keys in the environment override the injected identity",
        cause: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set. Every SDK uses them before anything else, so the injected role is never \
            used.",
        fix: "Remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN from the container's env, envFrom and secrets, and \
            recreate the pod.",
        commands: &[GET_POD],
        doctor: true,
        at_once: true,
    }

    ShadowedByProfile = "shadowed-by-profile" {
        step: Injection, check: Some("unshadowed"), weight: WARN,
        title: "a profile's own credentials override the injected identity in some SDKs",
        cause: "The selected profile of the shared configuration files gives credentials. Some SDKs prefer it to IRSA, and most prefer it to \
            EKS Pod Identity. The step application says which SDKs do so here.",
        fix: "Remove the profile's credentials from the files in the image or volume, or unset AWS_PROFILE.",
        at_once: true,
    }

    BothInjected = "both-injected" {
        step: Injection, check: Some("injected"), weight: WARN,
        title: "IRSA and EKS Pod Identity are both set in this container",
        cause: "SDKs then use IRSA. The webhook prefers Pod Identity and never injects both, so one of them was set by hand.",
        fix: "Keep one of them: remove the variables set by hand from the container's env, or the annotation, or the association.",
    }

    GlobalEndpointConfigured = "global-endpoint-configured" {
        step: Injection, check: Some("endpoint"), weight: WARN,
        title: "SDKs are configured to use the global STS endpoint",
        cause: "AWS_STS_REGIONAL_ENDPOINTS=legacy makes older SDKs use it, or an endpoint URL names it. Requests are then signed for \
            us-east-1, and the session tokens may be refused in opt-in regions. A VPC endpoint for STS never serves the global endpoint.",
        fix: "Set AWS_STS_REGIONAL_ENDPOINTS=regional, and remove any endpoint URL that names sts.amazonaws.com. The annotation \
            eks.amazonaws.com/sts-regional-endpoints: \"true\" on the service account sets the variable in pods that are created afterwards.",
        commands: &[GET_ACCOUNT, ANNOTATE_REGIONAL],
    }

    EndpointOverride = "endpoint-override" {
        step: Injection, check: Some("endpoint"), weight: INFO,
        title: "an endpoint URL for STS is configured",
        cause: "AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL or the profile replaces the regional endpoint. This is right for emulators and some \
            proxies. It is also a common leftover of tests.",
        fix: "Unset AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL, and remove the profile's endpoint URL, unless the override is intended.",
    }

    FipsEndpointAbsent = "fips-endpoint-absent" {
        step: Injection, check: Some("endpoint"), weight: PERMANENT,
        title: "FIPS is requested where STS has no FIPS endpoint",
        cause: "AWS_USE_FIPS_ENDPOINT is true, so SDKs call sts-fips.<region>. That host exists only in us-east-1, us-east-2, us-west-1 and \
            us-west-2. GovCloud's ordinary endpoints are FIPS endpoints. Most SDKs also refuse FIPS together with a configured endpoint URL.",
        fix: "Unset AWS_USE_FIPS_ENDPOINT, or use a region with a FIPS endpoint and no endpoint URL.",
    }

    PartitionMismatch = "partition-mismatch" {
        step: Injection, check: Some("region"), weight: PERMANENT,
        title: "the role and the region belong to different partitions",
        cause: "The STS of a partition (aws, aws-cn, aws-us-gov, …) knows only the roles of its own partition.",
        fix: "Use a role of the region's partition, or correct AWS_REGION.",
        doctor: true,
    }

    // Step `token`: the projected token's file, claims and times.

    TokenMissing = "token-missing" {
        step: Token, check: Some("token-file"), weight: PERMANENT,
        title: "the token file does not exist",
        cause: "The variables name a file that is not there. They were set by hand without the projected volume, or the webhook skipped the \
            container (it skips ephemeral ones). Another webhook may also have dropped the mount.",
        fix: "Remove AWS_WEB_IDENTITY_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE if set by hand, and recreate the pod. The webhook \
            then adds variables, volume and mount together.",
        commands: &[GET_POD],
    }

    TokenUnreadable = "token-unreadable" {
        step: Token, check: Some("token-file"), weight: PERMANENT,
        title: "this process cannot read the token file",
        cause: "The kubelet writes the token with mode 0644. The mode is 0600 or 0640 when the pod sets fsGroup or when all containers set \
            the same runAsUser. A runAsUser, fsGroup, defaultMode or SELinux label that does not match then denies the read. A path that is \
            not a file (a directory, a FIFO, a device) comes from a mount made by hand.",
        fix: "Set the pod's securityContext.fsGroup to a group of this process (65534 works for any), or drop the explicit defaultMode; then \
            recreate the pod. If the path is not a file, mount the projected volume itself.",
        document: Some(RemedyDocument::FsGroup),
    }

    TokenEmpty = "token-empty" {
        step: Token, check: Some("token-file"), weight: SETTLING,
        title: "the token file is empty",
        cause: "The kubelet has not written it yet, or something else truncated it (a full disk, a copy made in an init container).",
        fix: "Wait for the kubelet to write it; if it stays empty, read the pod's events and the kubelet's log, and recreate the pod.",
        commands: &[read("kubectl -n {namespace} describe pod {pod}")],
    }

    TokenOversized = "token-oversized" {
        step: Token, check: Some("token-file"), weight: PERMANENT,
        title: "the token file is larger than STS accepts",
        cause: "STS accepts at most 20,000 characters. A projected token has about 1,200, so the file is something else.",
        fix: "Point the variable at the projected token, {tokenPath} as the webhook sets it, and recreate the pod.",
    }

    TokenMalformed = "token-malformed" {
        step: Token, check: Some("token-content"), weight: PERMANENT,
        title: "the token file does not hold a service account token",
        cause: "The content is not a JWT, or not a JWT of Kubernetes. Another file, log text or a line break got in, or a copy was cut off.",
        fix: "Let the webhook set the variable and the mount, and recreate the pod. Do not copy or template the token file.",
        commands: &[GET_POD],
    }

    TokenExpired = "token-expired" {
        step: Token, check: Some("token-times"), weight: SETTLING,
        title: "the token has expired",
        cause: "The kubelet replaces a projected token at 80 % of its life. An expired token was copied, or mounted with subPath (which \
            never updates), or the kubelet cannot reach the API server.",
        fix: "Mount the projected volume without subPath, read the file for each exchange, and recreate the pod for a fresh token. If the \
            volume is mounted correctly, check the kubelet of the node.",
        commands: &[GET_POD],
    }

    TokenNotYetValid = "token-not-yet-valid" {
        step: Token, check: Some("token-times"), weight: SETTLING,
        title: "the token is not valid yet",
        cause: "Its nbf or iat is in the future: the clocks of the control plane and of this node differ.",
        fix: "Wait, or correct the clocks: chrony or NTP on this node, and on the control plane if you run it.",
        means: &[web_identity(INVALID_TOKEN, &["issued in the future", "not yet valid"])],
    }

    TokenRotationOverdue = "token-rotation-overdue" {
        step: Token, check: Some("token-times"), weight: WARN,
        title: "the kubelet should have replaced this token by now",
        cause: "The token is past 80 % of its life. Either the file is a copy or a subPath mount, or the kubelet cannot get a new token. \
            When it expires, the identity is lost.",
        fix: "Mount the projected volume without subPath, and check the kubelet's log on node {node} for TokenRequest errors.",
        commands: &[read("kubectl get events -n {namespace} --field-selector involvedObject.name={pod}")],
    }

    TokenAudienceUnexpected = "token-audience-unexpected" {
        step: Token, check: Some("token-audience"), weight: WARN,
        title: "the token was not issued for AWS",
        cause: "Its audience is not the one that the webhook requests: sts.amazonaws.com, or pods.eks.amazonaws.com for Pod Identity. \
            Another audience works only if the OIDC provider and the trust policy name the same one. The API server's own token does not \
            work.",
        fix: "Remove eks.amazonaws.com/audience from service account {namespace}/{serviceAccount} and token file variables set by hand; then \
            recreate the pod. If another audience is intended, register it as a client ID of the OIDC provider and name it in the trust \
            policy.",
        commands: &[
            GET_ACCOUNT,
            shared(
                "kubectl -n {namespace} annotate serviceaccount {serviceAccount} eks.amazonaws.com/audience-",
                "every pod that uses service account {namespace}/{serviceAccount}, once the pod is recreated, and any service that accepts \
                    their tokens for the annotation's audience",
            ),
        ],
    }

    TokenAudienceMultiple = "token-audience-multiple" {
        step: Token, check: Some("token-audience"), weight: WARN,
        title: "the token names more than one audience",
        cause: "STS refuses a token with several audiences and no authorized party (azp).",
        fix: "Project a token with the single audience sts.amazonaws.com, and recreate the pod.",
        means: &[web_identity(INVALID_TOKEN, &["more than one audience"])],
    }

    TokenOfAnotherPod = "token-of-another-pod" {
        step: Token, check: Some("token-pod"), weight: INFO,
        title: "the token was issued to another pod",
        cause: "Its claim kubernetes.io.pod.name is not this pod's name. The file is a copy or comes from a shared volume, and will not be \
            rotated.",
        fix: "Mount the pod's own projected volume.",
    }

    ProbeOutOfResources = "probe-out-of-resources" {
        step: Token, check: Some("resources"), weight: TRANSIENT,
        title: "the probe itself ran out of file descriptors, threads or memory",
        cause: "The kernel refused the probe a file descriptor, a thread or memory. A limit of this container (ulimit, pids, memory) or of \
            the node is reached, mostly because of other processes there. This shows nothing about the pod's identity or the network path to \
            AWS.",
        fix: "Raise the limit that was reached (open files, threads or memory), or find what uses it up; then run the check again. The limit \
            of open files is nofile. The limit of threads is the pod's pids limit or nproc.",
        commands: &[GET_POD],
    }

    // Step `issuer`: the token's issuer.

    IssuerUnreachable = "issuer-unreachable" {
        step: Issuer, check: Some("issuer"), weight: INFO,
        title: "the issuer's documents cannot be fetched from here",
        cause: "A pod without internet access cannot fetch them, or a proxy or another server answers in the issuer's place. An issuer \
            without https is not asked. STS fetches the documents itself, from its own network, so this shows nothing about STS.",
        fix: "Do nothing unless STS reports that it cannot fetch the keys; in that case, request the documents from outside the cluster.",
        commands: &[read("curl -sS {issuer}/.well-known/openid-configuration")],
        unverified: true,
    }

    IssuerMismatch = "issuer-mismatch" {
        step: Issuer, check: Some("issuer"), weight: WARN,
        title: "the issuer's discovery document names another issuer",
        cause: "OpenID Connect requires that the document's issuer equals the token's iss exactly, including a slash at the end. STS \
            compares them.",
        fix: "Publish a discovery document whose issuer is exactly {issuer}, which is the issuer of the API server's tokens.",
        commands: &[read("kubectl get --raw /.well-known/openid-configuration")],
    }

    SigningKeyUnknown = "signing-key-unknown" {
        step: Issuer, check: Some("issuer"), weight: WARN,
        title: "the issuer does not publish the key that signed the token",
        cause: "The token's kid is not in the issuer's key set. A self-hosted issuer publishes stale keys, or the token is from another \
            cluster. STS may keep the key in its cache for a while. After that it refuses the token.",
        fix: "Publish the cluster's current keys at the issuer, together with the keys that signed tokens still in use. If EKS hosts the \
            issuer, recreate the pod for a token signed with a current key.",
        commands: &[read("kubectl get --raw /openid/v1/jwks")],
    }

    // Step `network`: the way to the STS endpoint.

    DnsNotFound = "dns-not-found" {
        step: Network, check: Some("dns"), weight: TRANSIENT,
        title: "the STS host name does not exist",
        cause: "The resolver answered that the name does not exist. The region is misspelt, a FIPS or dual-stack name does not exist, the \
            suffix is for another partition, or a private zone shadows amazonaws.com.",
        fix: "Check AWS_REGION={region}, and look up the name {host} from a pod of this namespace.",
        commands: &[shared(
            "kubectl -n {namespace} run dns-test --rm -i --restart=Never --image=public.ecr.aws/docker/library/busybox:stable -- nslookup \
                {host}",
            "namespace {namespace}: a pod dns-test is created there, and deleted after the lookup",
        )],
    }

    DnsFailed = "dns-failed" {
        step: Network, check: Some("dns"), weight: TRANSIENT,
        title: "the DNS lookup of the STS host name failed",
        cause: "The resolver gave no answer. A network policy blocks egress to kube-dns (UDP and TCP 53), CoreDNS is down or overloaded, or \
            the pod started before its network.",
        fix: "Allow egress to kube-dns on port 53 (UDP and TCP), and check that CoreDNS is healthy.",
        commands: &[read("kubectl -n kube-system get pods -l k8s-app=kube-dns"), NETWORK_POLICIES],
    }

    ConnectRefused = "connect-refused" {
        step: Network, check: Some("connect"), weight: TRANSIENT,
        title: "the connection to STS was refused",
        cause: "A host answers at that address and refuses. An endpoint override points at a closed port, a service mesh proxy is not up \
            yet, or a firewall rejects the connection.",
        fix: "Check endpoint overrides and proxies; with a service mesh, start the probe after its proxy, or exempt {host}:443.",
    }

    ConnectTimeout = "connect-timeout" {
        step: Network, check: Some("connect"), weight: TRANSIENT,
        title: "the connection to STS timed out",
        cause: "Packets are dropped. If the address is public, there is no NAT gateway or VPC endpoint, or a network policy blocks egress. \
            If it is private, the security group of the STS VPC endpoint does not admit this pod or node on port 443.",
        fix: "Allow egress to {host}:443; for a private address, admit the pod's or node's security group on the VPC endpoint.",
        commands: &[STS_ENDPOINTS, NETWORK_POLICIES],
    }

    NetworkUnreachable = "network-unreachable" {
        step: Network, check: Some("connect"), weight: TRANSIENT,
        title: "there is no route to STS",
        cause: "The kernel has no route to the address, or a packet filter rejects it. Reasons are an IPv6 address in an IPv4-only pod, a \
            missing default route, or a network policy that rejects.",
        fix: "Check the subnet's route table (NAT gateway or VPC endpoint) and the network policies of namespace {namespace}.",
        commands: &[NETWORK_POLICIES],
    }

    TlsUntrusted = "tls-untrusted" {
        step: Network, check: Some("tls"), weight: PERMANENT,
        title: "the certificate of the STS endpoint is not trusted",
        cause: "The certificate chain does not lead to a trusted root. A proxy intercepts TLS and signs with its own CA, or the configured \
            bundle (AWS_CA_BUNDLE, SSL_CERT_FILE) is unreadable or lacks Amazon's roots.",
        fix: "Exempt {host} from TLS interception, or put the proxy's CA together with the public roots into the bundle of AWS_CA_BUNDLE.",
    }

    TlsNameMismatch = "tls-name-mismatch" {
        step: Network, check: Some("tls"), weight: PERMANENT,
        title: "the certificate of the STS endpoint is for another name",
        cause: "Another server answers at this address. The DNS entry is wrong, a VPC endpoint of another service or region answers, or a \
            proxy does.",
        fix: "Check which address {host} resolves to, and any endpoint override.",
    }

    TlsFailed = "tls-failed" {
        step: Network, check: Some("tls"), weight: TRANSIENT,
        title: "the TLS handshake with STS failed",
        cause: "The handshake was cut, or the two sides could not agree. A firewall that filters by server name resets it, the clock is so \
            wrong that certificates seem expired, or the server does not speak TLS.",
        fix: "Allow TLS to {host} in the egress firewall (by server name), check this node's clock, and check endpoint overrides. An \
            endpoint override or a captive portal may lead to a server without TLS.",
    }

    ProxyFailed = "proxy-failed" {
        step: Network, check: Some("connect"), weight: TRANSIENT,
        title: "the proxy did not open a tunnel to STS",
        cause: "HTTPS_PROXY is set, and the proxy cannot be reached or refuses. It may require credentials, or may not allow this host.",
        fix: "Correct HTTPS_PROXY, allow {host}:443 at the proxy, or add the STS host to NO_PROXY if there is a direct path.",
    }

    RequestTimeout = "request-timeout" {
        step: Network, check: Some("sts"), weight: TRANSIENT,
        title: "STS did not answer in time",
        cause: "The connection is open, but no complete answer came. Reasons are a path MTU problem, an overloaded proxy, or a fault at AWS.",
        fix: "Retry; if it persists, look for a proxy or an MTU mismatch between the pod network and {host}.",
    }

    ConnectionLost = "connection-lost" {
        step: Network, check: Some("sts"), weight: TRANSIENT,
        title: "the connection to STS was cut before the answer",
        cause: "The connection was closed or reset after it was established. Reasons are a firewall or proxy that inspects traffic, or a \
            restart on the other side.",
        fix: "Retry; if it persists, check the firewalls and proxies that inspect traffic between the pod and {host}.",
    }

    NotSts = "not-sts" {
        step: Network, check: Some("sts"), weight: TRANSIENT,
        title: "the server that answers is not STS",
        cause: "The answer does not come from STS. It is the page of a proxy or captive portal, it has an empty body, or an endpoint \
            override points at another service.",
        fix: "Check endpoint overrides, and which server answers at {host}. A proxy or firewall has to pass STS traffic unchanged.",
    }

    StsUnavailable = "sts-unavailable" {
        step: Network, check: Some("sts"), weight: TRANSIENT,
        title: "STS reports an internal failure",
        cause: "STS answered that it cannot serve the request at the moment.",
        fix: "Wait, and check the AWS Health Dashboard for STS in {region}. Credentials that were already issued keep working.",
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
        cause: "STS looks for the token's issuer among the IAM OIDC providers of the role's account. The provider was never created there, \
            the cluster was rebuilt and has a new issuer, or the role is in another account than the cluster.",
        fix: "Create the IAM OIDC provider for {issuer} in account {account}, with credentials of that account. This is the role's account, which may not be the cluster's.",
        commands: &[read("aws iam list-open-id-connect-providers"), CREATE_PROVIDER],
        doctor: true,
        means: &[web_identity(INVALID_TOKEN, &["no openidconnect provider found"])],
    }

    AudienceNotRegistered = "audience-not-registered" {
        step: AssumeRole, check: Some("assume-role"), weight: SETTLING,
        title: "the token's audience is not registered with the OIDC provider",
        cause: "The OIDC provider exists, but its client ID list lacks the token's audience. A common mistake is the misspelt \
            sts.amazon.com.",
        fix: "Add {audience} to the client IDs of the OIDC provider in account {account}.",
        commands: &[
            GET_PROVIDER,
            shared(
                "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn \
                    arn:{partition}:iam::{account}:oidc-provider/{issuerPath} --client-id {audience}",
                "account {account}: every role there whose trust policy names this provider and no audience then accepts tokens for {audience}",
            ),
        ],
        doctor: true,
        means: &[web_identity(INVALID_TOKEN, &["incorrect token audience"])],
    }

    ThumbprintMismatch = "thumbprint-mismatch" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "the OIDC provider's thumbprint does not match the issuer's certificate",
        cause: "IAM uses thumbprints only for issuers whose certificate is not from a known authority. The issuer's certificate has changed.",
        // IAM API reference, UpdateOpenIDConnectProviderThumbprint: the list that is passed completely replaces the existing one.
        fix: "Add the thumbprint of the issuer's current certificate to the provider's list in account {account}. The command replaces the \
            whole list, so name the thumbprints that are still needed, too.",
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
        title: "STS did not validate the token, and gives no reason",
        cause: "Since 2026 STS gives one generic text for several failures. The role's account has no OIDC provider for the issuer, or the \
            audience is not registered with it. Otherwise the signature or key does not match the issuer's (a rebuilt cluster, a self-hosted \
            issuer with stale keys), or the token is malformed.",
        fix: "Check that account {account} has an OIDC provider for exactly {issuer} with client ID {audience}. Create it if it is missing.",
        commands: &[GET_PROVIDER, CREATE_PROVIDER],
        means: &[
            // The generic text of mid-2026, and any text not known yet: the token was not accepted, why is not said.
            web_identity(INVALID_TOKEN, &[]),
        ],
    }

    IssuerKeysUnavailable = "issuer-keys-unavailable" {
        step: AssumeRole, check: Some("assume-role"), weight: TRANSIENT,
        title: "STS could not fetch the issuer's signing keys",
        cause: "For an issuer hosted by EKS this is temporary. For a self-hosted issuer, the discovery document or JWKS is not public or \
            takes over 5 s. Or the JWKS has more than 100 keys, or lacks the key that signed the token.",
        fix: "Retry; for a self-hosted issuer, publish {issuer}/.well-known/openid-configuration and its JWKS on the internet.",
        means: &[web_identity(INVALID_TOKEN, &["retrieve verification key"])],
    }

    TokenRejected = "token-rejected" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "STS does not accept the token",
        cause: "STS answered that this is not a valid web identity token. The file is wrong or damaged, a claim is missing, or the signing \
            algorithm is not supported.",
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
        cause: "By STS's clock the token is past its exp. The application caches the token instead of reading the file again, or reads a \
            copy or a subPath mount, which are never rotated. If the token in the file is still valid by this node's clock, that clock is \
            slow, or the file changed in between.",
        fix: "Read the projected file for each exchange, without copy or subPath, and recreate the pod for a fresh token. If the clock of \
            node {node} is slow, correct it (chrony or NTP).",
        means: &[web_identity(EXPIRED, &[])],
    }

    TrustPolicyDenied = "trust-policy-denied" {
        step: AssumeRole, check: Some("assume-role"), weight: SETTLING,
        title: "the role does not trust this service account",
        cause: "STS accepts the issuer and the token, but nothing in the role's trust policy allows them. Most likely sub (namespace or \
            service account), aud or the Federated principal does not match. Other reasons are a * under StringEquals, the action \
            sts:AssumeRole, or a Deny that applies. STS gives exactly the same answer for a role that does not exist.",
        fix: "Add the statement that `irsa-probe trust-policy` prints to the trust policy of role {roleName}, and keep its other statements. \
            Check first that the role exists: STS gives the same answer if it does not. `aws iam update-assume-role-policy` replaces the \
            whole policy. If the role is \
            managed by code (Terraform, CloudFormation, eksctl), change the code, because it reverts changes made by hand. `irsa-probe \
            trust-policy` has --format terraform, cloudformation and json.",
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
        cause: "A service control policy, a resource control policy, a VPC endpoint policy or another policy above the role denies the call. \
            The role's trust policy is not the cause.",
        fix: "Ask the owner of the denying policy to allow this call for {roleArn} alone. AWS's text says which kind of policy denies. It \
            applies to others, too.",
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
        title: "STS does not accept the role ARN",
        cause: "The value looks like an ARN, but names no role in this partition. It is the ARN of another resource or of another partition, \
            or it is damaged. An endpoint override may also lead to another partition's STS.",
        fix: "Correct eks.amazonaws.com/role-arn on service account {namespace}/{serviceAccount}, and recreate the pod. If the annotation is \
            right, check the endpoint that was called.",
        commands: &[GET_ACCOUNT],
        means: &[any_role(VALIDATION, &["request arn is invalid", "'rolearn'"])],
    }

    RequestRejected = "request-rejected" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "STS rejects a parameter of the request",
        cause: "A value from the environment breaks a constraint of STS. Most often it is AWS_ROLE_SESSION_NAME, which takes 2–64 \
            characters: letters, digits and _+=,.@-.",
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
        cause: "The requested duration exceeds the role's MaxSessionDuration.",
        // IAM user guide, "Roles terms and concepts", role chaining: one hour at most.
        fix: "Request a shorter session, or raise the role's MaxSessionDuration to the duration that is needed. A role that another role \
            assumes gets one hour at most, whatever it allows.",
        commands: &[
            MAX_SESSION,
            shared(
                "aws iam update-role --role-name {roleName} --max-session-duration SECONDS",
                "everyone who assumes role {roleName}: their sessions may then last SECONDS",
            ),
        ],
        means: &[any_role(VALIDATION, &["maxsessionduration", "1 hour session limit"])],
    }

    StsRegionDisabled = "sts-region-disabled" {
        step: AssumeRole, check: Some("assume-role"), weight: PERMANENT,
        title: "STS is not active in this region for the role's account",
        cause: "An administrator of the account deactivated the regional STS endpoint, or has not enabled this opt-in region. The setting of \
            the role's account counts, not that of the cluster's.",
        // IAM user guide, "Managing AWS STS in an AWS Region": the console activates an endpoint; an opt-in region is enabled first.
        fix: "Use the STS endpoint of another region, or activate STS for {region} in account {account} (IAM console, Account settings). An \
            opt-in region has to be enabled first, which the account's administrator decides. Use credentials of that account.",
        commands: &[read("aws account get-region-opt-status --region-name {region}")],
        means: &[sts(&["RegionDisabledException", "RegionDisabled"], &[])],
    }

    Throttled = "throttled" {
        step: AssumeRole, check: Some("assume-role"), weight: TRANSIENT,
        title: "STS throttles requests",
        cause: "The account's request quota for STS in this region is used up. Often many pods start at once, or an SDK exchanges the token \
            for every request.",
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
        cause: "The issuer itself refused the token. On EKS this practically never happens.",
        fix: "Recreate the pod for a new token; if the issuer is self-hosted, check the issuer.",
        means: &[web_identity(&["IDPRejectedClaim", "IDPRejectedClaimException"], &[])],
    }

    IdpUnreachable = "idp-unreachable" {
        step: AssumeRole, check: Some("assume-role"), weight: TRANSIENT,
        title: "STS cannot reach the identity provider",
        cause: "STS could not reach the issuer to verify the token. AWS calls this error transient.",
        fix: "Retry; a self-hosted issuer has to be reachable from the internet.",
        means: &[web_identity(&["IDPCommunicationError", "IDPCommunicationErrorException"], &[])],
    }

    StsError = "sts-error" {
        step: AssumeRole, check: Some("assume-role"), weight: TRANSIENT,
        title: "STS answered with an error that irsa-probe does not know",
        cause: "This version does not know the error's code.",
        fix: "Read AWS's error text, look its code up in the AWS documentation, and please report it.",
    }

    // Step `pod-identity`: what the EKS Pod Identity agent says.

    AgentUnreachable = "agent-unreachable" {
        step: PodIdentity, check: Some("agent"), weight: TRANSIENT,
        title: "the EKS Pod Identity agent does not answer on this node",
        cause: "Nothing answers at the agent's link-local address. The add-on eks-pod-identity-agent is not installed or not running on this \
            node (taints), the pod runs on Fargate, or a network policy blocks the agent.",
        fix: "Install the add-on eks-pod-identity-agent, check that it runs on node {node}, and allow egress to 169.254.170.23:80 (IPv6: \
            [fd00:ec2::23]:80).",
        commands: &[read("kubectl -n kube-system get pods -o wide -l app.kubernetes.io/name=eks-pod-identity-agent")],
    }

    AgentAddressRefused = "agent-address-refused" {
        step: PodIdentity, check: Some("agent"), weight: PERMANENT,
        title: "the agent was called at an address that it does not accept",
        cause: "The agent answers only requests whose Host is its link-local address. A proxy is in between, or the URI names another host.",
        fix: "Add 169.254.170.23 and [fd00:ec2::23] to NO_PROXY, and leave AWS_CONTAINER_CREDENTIALS_FULL_URI as the webhook sets it.",
        means: &[agent(&[], &["called agent through invalid address"]).with_status(403)],
    }

    AgentUriNotAllowed = "agent-uri-not-allowed" {
        step: PodIdentity, check: Some("agent"), weight: PERMANENT,
        title: "SDKs refuse the credentials URI, or it is not the agent's",
        cause: "Over plain http, SDKs send the token only to loopback, 169.254.170.2, 169.254.170.23 and fd00:ec2::23. \
            AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, if set, overrides the full URI and leads to the ECS address, where nothing answers on \
            EKS.",
        fix: "Remove AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI from the container's env, and recreate \
            the pod. The webhook then sets the first one.",
        commands: &[GET_POD],
    }

    AgentTokenRejected = "agent-token-rejected" {
        step: PodIdentity, check: Some("agent"), weight: SETTLING,
        title: "the agent or EKS Auth does not accept the token",
        cause: "The token has expired, is not valid yet, comes from another cluster, or is not a Pod Identity token.",
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
        cause: "EKS Auth finds no association. It was deleted after the pod started, is still propagating, or belongs to another cluster, \
            namespace or service account.",
        fix: "Create the Pod Identity association for {namespace}/{serviceAccount}, and recreate the pod.",
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
        title: "the role's trust policy does not allow EKS Pod Identity",
        cause: "EKS may not assume the associated role. Its trust policy lacks pods.eks.amazonaws.com, lacks one of sts:AssumeRole and \
            sts:TagSession, or has tag or source conditions that do not match.",
        fix: "Add the statement that `irsa-probe trust-policy --pod-identity` prints to the trust policy of the associated role. The agent \
            may answer from its cache for some time. aws iam update-assume-role-policy replaces the whole policy: statements of other \
            clusters and accounts would be lost. If the role is managed by code (Terraform, CloudFormation, eksctl), change the code, \
            because it reverts changes made by hand.",
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
        title: "the agent or EKS Auth throttles requests",
        cause: "There are too many requests on this node or in this account.",
        fix: "Wait and retry; cache credentials in the application instead of asking for them with every request.",
        means: &[
            agent(&["ThrottlingException"], &[]),
            agent(&[], &[]).with_status(429),
        ],
    }

    AgentError = "agent-error" {
        step: PodIdentity, check: Some("agent"), weight: TRANSIENT,
        title: "the EKS Pod Identity agent answered with an error",
        cause: "The agent could not get credentials. It cannot reach EKS Auth (no NAT and no VPC endpoint for eks-auth), the node's role \
            lacks eks-auth:AssumeRoleForPodIdentity (AmazonEKSWorkerNodePolicy has it), or AWS has a failure.",
        fix: "Read the agent's error text and its log on node {node}: they say whether EKS Auth, the node's role or AWS fails.",
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
        title: "some SDKs send calls to the agent through the configured proxy",
        cause: "HTTP_PROXY is set, and NO_PROXY does not exempt the agent. SDKs that use the proxy send it the token, and it cannot reach \
            the node's agent. The probe itself never uses a proxy for link-local addresses.",
        fix: "Add 169.254.170.23,[fd00:ec2::23],169.254.169.254 to NO_PROXY.",
    }

    // Step `identity`: who the credentials are.

    IdentityMismatch = "identity-mismatch" {
        step: Identity, check: Some("identity"), weight: PERMANENT,
        title: "the credentials belong to another role than expected",
        cause: "GetCallerIdentity names another account or role than the pod should have. The association or the annotation names another \
            role, or the endpoint is not an AWS endpoint.",
        fix: "Correct the association or annotation of {namespace}/{serviceAccount}, or the expected role, and recreate the pod.",
        commands: &[GET_ACCOUNT, LIST_ASSOCIATIONS],
        at_once: true,
    }

    IdentityUnconfirmed = "identity-unconfirmed" {
        step: Identity, check: Some("identity"), weight: WARN_PASSING,
        title: "the credentials were issued, but GetCallerIdentity could not confirm them",
        cause: "The exchange succeeded, and its answer names the session. GetCallerIdentity failed, or an endpoint policy denies it. \
            Applications work unless they call STS themselves.",
        fix: "Allow sts:GetCallerIdentity in the VPC endpoint policy, or fix the network fault.",
    }

    NodeRoleFallback = "node-role-fallback" {
        step: Identity, check: Some("chain"), weight: PERMANENT,
        title: "applications in this pod get the node's role",
        cause: "Nothing, or only half an identity, is injected. The default credential chain then tries IMDS and gets the instance's \
            credentials. Calls succeed or fail with the node's permissions, and every pod on the node looks the same in CloudTrail.",
        fix: "Give this pod its own identity as the fix of the root cause says, then block IMDS for pods (hop limit 1 with IMDSv2 \
            required). A missing identity then causes an error instead. Check first what runs on the node: pods that rely on IMDS lose it.",
        commands: &[METADATA_OPTIONS, PODS_OF_NODE, HOP_LIMIT],
        at_once: true,
        consequence_of: Some(Step::Injection),
    }

    SignatureScope = "signature-scope" {
        step: Identity, check: Some("identity"), weight: PERMANENT,
        title: "the request is signed for another region or service than the endpoint's",
        cause: "The endpoint belongs to another region than the one that requests are signed for. The global endpoint accepts us-east-1 \
            only. AWS's text is \"Credential should be scoped to a valid region\".",
        fix: "Use the regional endpoint of {region}: correct AWS_REGION, set AWS_STS_REGIONAL_ENDPOINTS=regional, or remove the endpoint \
            URL. AWS_REGION (or the SDK's own region) has to be the endpoint's region. AWS_STS_REGIONAL_ENDPOINTS is for an SDK that calls \
            the global endpoint; the annotation eks.amazonaws.com/sts-regional-endpoints injects it.",
        commands: &[GET_ACCOUNT, ANNOTATE_REGIONAL],
        means: &[signed(BAD_SIGNATURE, &["credential should be scoped"])],
    }

    ClockSkew = "clock-skew" {
        step: Identity, check: Some("clock"), weight: SETTLING,
        title: "this node's clock is wrong",
        cause: "STS refuses signatures whose time is more than 15 minutes off its own. SDKs that correct the skew hide it until something \
            else breaks.",
        fix: "Correct the clock of node {node}: use chrony with the Amazon Time Sync Service (169.254.169.123). All pods on the node see the \
            change. The kubelet writes the node's time into its lease in kube-node-lease, as renewTime, every 10 s: compare it with a clock \
            that is right.",
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
        cause: "The signature does not match the request that arrived. Something between the pod and STS changes or drops headers, or the \
            request was signed for another endpoint.",
        fix: "Look for a proxy or mesh filter that rewrites requests to {host}, and exempt this host from it.",
        means: &[
            signed(BAD_SIGNATURE, &[]),
            signed(&["IncompleteSignature", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "AuthFailure"], &[]),
        ],
    }

    SessionRejected = "session-rejected" {
        step: Identity, check: Some("identity"), weight: SETTLING,
        title: "STS does not accept the credentials it has just issued",
        cause: "This endpoint does not know the session's token. The role was deleted or recreated, or the credentials are of another \
            partition. In an opt-in region they may also be of the global endpoint (version 1 tokens).",
        fix: "Check that role {roleArn} still exists, and use the regional STS endpoint.",
        commands: &[GET_ROLE],
        means: &[signed(&["InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"], &[])],
    }

    SessionExpired = "session-expired" {
        step: Identity, check: Some("identity"), weight: SETTLING,
        title: "the credentials have expired",
        cause: "STS says that the session has ended. The credentials came from a cache (the agent keeps them for hours), or a clock is wrong \
            by hours.",
        fix: "Check the clock of node {node}; if the Pod Identity agent issued the credentials, restart the agent's pod on that node alone. \
            Other pods there get none until it is back.",
        means: &[signed(EXPIRED, &[])],
    }

    ChainDisagrees = "chain-disagrees" {
        step: Identity, check: Some("chain"), weight: PERMANENT,
        title: "the SDK's default chain does not get the injected identity",
        cause: "The injected identity works when it is requested directly. The default credential chain in the same environment ends with \
            other credentials, and an application with an SDK gets those.",
        fix: "Remove what diverts the default chain: a profile file, an endpoint setting or a hand-set AWS_* variable.",
        at_once: true,
    }

    // Step `node`: what the node gives away.

    NodeRoleReachable = "node-role-reachable" {
        step: Node, check: Some("node-role"), weight: WARN,
        title: "this pod can get the node's role from IMDS",
        cause: "IMDS answers with the credentials of the instance role. Any code in this pod can use the node's permissions, and an SDK \
            whose own identity fails may do so silently.",
        fix: "Require IMDSv2 with a hop limit of 1 on the nodes, also in their launch template. Check first what runs there: pods that rely \
            on IMDS lose it. For this pod alone, a network policy that blocks 169.254.169.254 is enough.",
        commands: &[METADATA_OPTIONS, PODS_OF_NODE, HOP_LIMIT],
    }

    NodeRoleReachableV1 = "node-role-reachable-v1" {
        step: Node, check: Some("node-role"), weight: WARN,
        title: "this pod can get the node's role from IMDSv1",
        cause: "IMDSv2 is out of reach (hop limit), but IMDSv1 still answers at any distance. boto3, JavaScript and Go fall back to it.",
        fix: "Require IMDSv2 on the nodes (http-tokens required), also in their launch template. Check first what runs there: pods and \
            processes that use IMDSv1 lose it.",
        commands: &[METADATA_OPTIONS, PODS_OF_NODE, REQUIRE_IMDS_V2],
    }

    // Step `redundancy`: other regions.

    SecondaryRegionFailing = "secondary-region-failing" {
        step: Redundancy, check: Some("other-regions"), weight: WARN_PASSING,
        title: "STS in a secondary region does not work for this pod",
        cause: "The workload may fail over to this region, and the identity does not work there. This shows nothing about the primary \
            region.",
        fix: "Look up the code of this region's fault with `irsa-probe explain`, or remove the region from --sts-region.",
    }

    // Step `application`: what the application, its SDK, its controller or a person meets beyond the identity itself. `check` sees none of it, but for
    // `sdk-falls-through` and `sdk-differs`; `explain` reads it from logs.

    PermissionMissing = "permission-missing" {
        step: Application, check: None, weight: PERMANENT,
        title: "the identity is right, but its policies do not allow this action",
        cause: "The caller is the intended role. No policy of the role allows the action on this resource, or a policy denies it (also a \
            boundary, an SCP or the resource's own policy). If the principal is a node role (…/i-…), the problem is another one: the pod has \
            no identity of its own.",
        fix: "Allow {action} on {resource} in a policy of role {roleName}, and nothing more.",
        commands: &[
            ATTACHED_POLICIES,
            read("aws iam simulate-principal-policy --policy-source-arn {roleArn} --action-names {action} --resource-arns {resource}"),
        ],
    }

    PassRoleMissing = "pass-role-missing" {
        step: Application, check: None, weight: PERMANENT,
        title: "the caller may not hand this role to a service (iam:PassRole)",
        cause: "A cluster, a node group, an instance or a task acts as a role. Whoever creates one needs iam:PassRole on that role, besides \
            the permission to create it.",
        fix: "Allow iam:PassRole on {resource} in a policy of role {roleName}, with condition iam:PassedToService for the one service that \
            gets it.",
        commands: &[ATTACHED_POLICIES],
    }

    KubernetesAccessMissing = "kubernetes-access-missing" {
        step: Application, check: None, weight: PERMANENT,
        title: "this AWS identity has no access to the cluster's Kubernetes API",
        cause: "Kubernetes does not use IAM policies. An access entry or the aws-auth ConfigMap has to name the principal, and RBAC has to \
            allow its actions. EKS admits a cluster's creator itself, but not the other roles of its administrators or the console's role.",
        fix: "Create an access entry for {roleArn} with an access policy, or map it in aws-auth to a group that RBAC knows. An entry alone allows \
            nothing: an access policy or RBAC does.",
        commands: &[
            ACCESS_ENTRIES,
            read("kubectl auth can-i --list"),
            shared(
                "aws eks create-access-entry --cluster-name {cluster} --principal-arn {roleArn} --region {region}",
                "everyone who acts as {roleArn}: the cluster's Kubernetes API admits them",
            ),
            ASSOCIATE_ACCESS,
        ],
    }

    AwsAuthRolePath = "aws-auth-role-path" {
        step: Application, check: None, weight: PERMANENT,
        title: "a role's ARN in the aws-auth ConfigMap has a path, which never matches",
        cause: "The caller arrives as an assumed role, whose ARN has no path. aws-auth compares texts, so an entry with a path never \
            matches. Access entries are not affected: they need the path.",
        fix: "Write the rolearn without its path: arn:{partition}:iam::{account}:role/{roleName}.",
        commands: &[GET_AWS_AUTH, EDIT_AWS_AUTH],
        doctor: true,
    }

    RoleChainDenied = "role-chain-denied" {
        step: Application, check: None, weight: PERMANENT,
        title: "the pod's role may not assume the other role",
        cause: "Both sides have to allow it. A policy of the pod's role has to allow sts:AssumeRole on the other role. The other role's \
            trust policy has to name the pod's role, also in another account. STS gives the same answer for a role that does not exist.",
        fix: "Allow sts:AssumeRole on {resource} in a policy of role {roleName}, and add {roleArn} as Principal to the trust policy of \
            {resource}. Add a statement for it: aws iam update-assume-role-policy replaces the whole policy.",
        commands: &[TRUST_OF_RESOURCE],
    }

    SdkTooOld = "sdk-too-old" {
        step: Application, check: Some("app-sdk"), weight: WARN,
        title: "the application's SDK is too old for this identity",
        cause: "An SDK from before IRSA or EKS Pod Identity ignores the injected variables. It tries the next providers in its chain, and \
            gets the node's role or nothing.",
        fix: "Update the AWS SDK to the version that `irsa-probe sdks` names, or a newer one, and rebuild the image.",
        strict: false,
    }

    SdkModuleMissing = "sdk-module-missing" {
        step: Application, check: Some("app-sdk"), weight: WARN,
        title: "the SDK lacks the module that IRSA needs",
        cause: "Java needs the sts module on its class path (aws-java-sdk-sts in version 1), and .NET the package AWSSDK.SecurityToken. \
            Without it the SDK skips the web identity provider. Java writes only a debug line then.",
        fix: "Add software.amazon.awssdk:sts (Java 2), com.amazonaws:aws-java-sdk-sts (Java 1) or AWSSDK.SecurityToken (.NET), and rebuild \
            the image.",
        strict: false,
    }

    NoCredentialsFound = "no-credentials-found" {
        step: Application, check: None, weight: PERMANENT,
        title: "the application's SDK found no credentials at all",
        cause: "Every provider of the chain returned nothing. Nothing was injected into this container, or the SDK is too old for what was \
            injected. The application may also build a chain of its own, or IMDS is out of reach, as it should be. The SDK's message does \
            not say which.",
        fix: "Run irsa-probe check in the pod: it tells the cases apart. irsa-probe sdks shows what each SDK does in this environment.",
        commands: &[GET_ACCOUNT, GET_POD],
    }

    WebhookMissing = "webhook-missing" {
        step: Application, check: None, weight: PERMANENT,
        title: "the webhook that injects identities is missing",
        cause: "The API server calls a mutating webhook (pod-identity-webhook, iam-for-pods.amazonaws.com) that injects the identity into \
            pods. Its configuration is missing, or the webhook cannot be called. Pods then start without an identity, because its failure \
            policy is Ignore.",
        fix: "Restore the MutatingWebhookConfiguration pod-identity-webhook, then recreate the pods. On EKS the control plane brings it (AWS \
            support helps if it was deleted). On other clusters, install amazon-eks-pod-identity-webhook.",
        commands: &[read("kubectl get mutatingwebhookconfigurations")],
        doctor: true,
    }

    DnsPolicyDeadlock = "dns-policy-deadlock" {
        step: Application, check: None, weight: PERMANENT,
        title: "a controller waits for cluster DNS, which waits for the controller",
        cause: "The controller asks CoreDNS for the STS host name. CoreDNS cannot run before this controller has done its work (nodes for \
            Karpenter, network for a CNI, load balancers). With dnsPolicy ClusterFirst neither ever starts.",
        fix: "Set dnsPolicy: Default (the node's resolver) on the controller, or run CoreDNS on capacity that does not depend on it. Such \
            capacity is Fargate or a managed node group.",
        commands: &[GET_POD, read("kubectl -n kube-system get pods -l k8s-app=kube-dns")],
    }

    SdkFallsThrough = "sdk-falls-through" {
        step: Application, check: Some("app-sdk"), weight: WARN,
        title: "the application's SDK uses other credentials when the exchange fails",
        cause: "The default chain of this SDK tries the next provider after a failed exchange. If STS fails or the trust policy changes, the \
            application silently gets the node's role or another identity. This is reported only if there are other credentials to get, such \
            as a role from IMDS. A chain that finds nothing ends with an error, as it should. The finding is a prediction from the SDK's \
            chain; the application itself was not observed.",
        fix: "Name the web identity or container provider explicitly in the application instead of the default chain, and remove the other \
            credentials. Keep IMDS out of the pod's reach (hop limit 1 with IMDSv2 required).",
        commands: &[read("irsa-probe sdks")],
    }

    ProfileMissing = "profile-missing" {
        step: Application, check: Some("profile"), weight: WARN,
        title: "AWS_PROFILE names a profile that is in no file",
        cause: "Neither of the two shared configuration files that were read has the profile. The volume with the file is not mounted, \
            AWS_CONFIG_FILE names another file, the name is misspelt, or the section in the configuration file lacks the word profile. \
            boto3, the AWS CLI and Go 2 then end with an error, whatever else is injected. The other SDKs try the next provider in their \
            chain. If nothing else is injected, this is the root cause.",
        fix: "Mount the configuration file that has the profile, correct AWS_PROFILE, or unset it. In the configuration file the section is \
            [profile NAME], in the credentials file [NAME].",
        commands: &[GET_POD],
        at_once: true,
        strict: false,
    }

    ProfileBroken = "profile-broken" {
        step: Application, check: Some("profile"), weight: WARN,
        title: "the selected profile cannot give credentials",
        cause: "The profile has a role and nothing that could assume it, half a key pair, or a token file without a role. Or its source does \
            not exist, has no credentials or leads back to the profile. Some SDKs then end with an error, whatever else is injected. Others \
            try the next provider in their chain. If nothing else is injected, this is the root cause.",
        fix: "Complete the profile, or remove it from the file. For a service account's token it needs role_arn and web_identity_token_file. \
            For a further role it needs role_arn and source_profile.",
        commands: &[GET_POD],
        at_once: true,
        strict: false,
    }

    SdkDiffers = "sdk-differs" {
        step: Application, check: Some("sdks"), weight: INFO,
        title: "the SDKs do not all get the same credentials in this pod",
        cause: "SDKs look for credentials in different places and orders. Some use, and others ignore, a selected profile, static keys under \
            an old name, an empty variable or white space around a value. Some need only one of the two names of the region. So one program \
            gets the injected role, and another gets static keys, the node's role or nothing. This is a prediction from the SDKs' own \
            chains, with the answers that this check got. If --app-sdk names the application's SDK, only that SDK counts, and an outcome \
            measured with its version is a failure.",
        fix: "Remove what makes the difference: credentials and profiles in addition to the injected role, old names, empty variables and \
            white space. Set AWS_REGION and AWS_DEFAULT_REGION to the same region. --app-sdk names the application's SDK and shows whether \
            it is affected.",
        commands: &[read("irsa-probe sdks")],
        strict: false,
    }

    // Step `cluster`: what `doctor` sees from a workstation, in the cluster and in IAM.

    ServiceAccountMissing = "service-account-missing" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the service account does not exist",
        cause: "The cluster creates no pod for a service account that does not exist, and trust policies and associations that name it have \
            no effect. Most often the name or the namespace is misspelt.",
        fix: "Create service account {serviceAccount} in namespace {namespace}, or correct the name.",
        commands: &[
            read("kubectl -n {namespace} get serviceaccounts"),
            shared(
                "kubectl -n {namespace} create serviceaccount {serviceAccount}",
                "namespace {namespace}: pods that name the service account can be created then",
            ),
            ANNOTATE_ROLE,
        ],
        document: Some(RemedyDocument::ServiceAccount),
        doctor: true,
    }

    AnnotationMissing = "annotation-missing" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the service account has no role annotation and no Pod Identity association",
        cause: "The webhook injects IRSA if the service account has the annotation eks.amazonaws.com/role-arn, and Pod Identity if an \
            association names the service account. It finds neither, so pods start without an identity.",
        fix: "Annotate service account {namespace}/{serviceAccount} with eks.amazonaws.com/role-arn, or create a Pod Identity association; \
            then recreate pods. Every pod of the service account gets the role then. If other pods use it, create a service account for the \
            pods that need the role.",
        commands: &[
            PODS_OF_ACCOUNT,
            ANNOTATE_ROLE,
            shared(
                "kubectl -n {namespace} rollout restart deployment DEPLOYMENT",
                "every pod of deployment {namespace}/DEPLOYMENT: each one is replaced",
            ),
        ],
        document: Some(RemedyDocument::Annotation),
        doctor: true,
    }

    AnnotationMisspelt = "annotation-misspelt" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the service account's role annotation is misspelt",
        cause: "The webhook reads only the key eks.amazonaws.com/role-arn of the service account (not of the pod). It silently ignores any \
            other spelling.",
        fix: "Annotate service account {namespace}/{serviceAccount} with eks.amazonaws.com/role-arn, remove the misspelt key, and recreate \
            the pods.",
        commands: &[GET_ACCOUNT, PODS_OF_ACCOUNT, ANNOTATE_ROLE],
        doctor: true,
    }

    RoleMissing = "role-missing" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the role of the annotation does not exist",
        cause: "IAM has no role of this name in this account. It was deleted, is misspelt, or belongs to another account. STS then answers \
            AccessDenied to the pod, as it does for a trust policy that does not match.",
        fix: "Create role {roleName} in account {account} with the trust policy that `irsa-probe trust-policy` prints, or correct the \
            annotation. The annotation is on service account {namespace}/{serviceAccount}. If code manages the roles (Terraform, \
            CloudFormation, eksctl), create the role there.",
        commands: &[
            GET_ROLE,
            PRINT_TRUST_POLICY,
            shared(
                "aws iam create-role --role-name {roleName} --assume-role-policy-document file://trust-policy.json",
                "account {account}: it gets a new role, which pods of service account {namespace}/{serviceAccount} may assume",
            ),
        ],
        document: Some(RemedyDocument::TrustPolicy),
        doctor: true,
    }

    PodPredatesAnnotation = "pod-predates-annotation" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the pod was created before the service account was annotated",
        cause: "The webhook acts only when a pod is created. This pod started without an identity, and a later annotation does not change a \
            running pod.",
        fix: "Recreate the pod: delete it, or restart its workload.",
        commands: &[DELETE_POD],
        doctor: true,
    }

    PodNotInjected = "pod-not-injected" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the pod was not injected although its service account is annotated",
        cause: "The webhook did not change this pod or one of its containers. Most likely it was unreachable (its failure policy is Ignore), \
            or the service account was created together with the pod. Otherwise eks.amazonaws.com/skip-containers lists the container, the \
            pod carries eks.amazonaws.com/skip-pod-identity-webhook, or another webhook replaced the container.",
        fix: "Remove the annotation or label that makes the webhook skip the pod; if there is none, recreate the pod and check whether the \
            new one is injected.",
        commands: &[GET_POD, DELETE_POD],
        doctor: true,
    }

    InjectionSuppressed = "injection-suppressed" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "a variable preset in the container keeps the webhook from injecting",
        cause: "If a container already has AWS_ROLE_ARN or AWS_WEB_IDENTITY_TOKEN_FILE, even an empty one, the webhook sets neither of them. \
            It skips the container silently, and the pod starts without the role.",
        fix: "Remove the preset variable from the container's env in the workload (or its Helm values) and recreate the pod. The webhook \
            then sets both.",
        commands: &[GET_POD],
        doctor: true,
    }

    ServiceAccountNotUsed = "service-account-not-used" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "no pod uses this service account",
        cause: "A pod runs under the service account that its spec names, or under default. The workload names another one, or none, so the \
            annotation has no effect on it.",
        fix: "Set serviceAccountName: {serviceAccount} in the workload's pod template in namespace {namespace}.",
        commands: &[read(
            "kubectl -n {namespace} get pods -o custom-columns=POD:.metadata.name,SERVICE_ACCOUNT:.spec.serviceAccountName",
        )],
        doctor: true,
    }

    PodsRefused = "pods-refused" {
        step: Cluster, check: None, weight: PERMANENT,
        title: "the cluster refuses to create the pods",
        cause: "A ReplicaSet, DaemonSet, StatefulSet or Job asks for pods with this service account, and the API server refuses them. Pod \
            Security, a quota, a validating policy, or a webhook that denies or fails is the reason. Until it admits them, there is no pod \
            whose identity could be checked.",
        fix: "Read the API server's message, which names what refuses, and change the workload's pod template so that it is admitted. A \
            policy, quota or webhook applies to others, too: its owner decides. The controller retries by itself, after 17 minutes at the \
            latest. A change of the workload makes it retry at once.",
        commands: &[read("kubectl -n {namespace} get events --field-selector reason=FailedCreate")],
        doctor: true,
    }
}
