//! Errors that are recognised from their words alone: those of SDKs, the resolver and kubectl. AWS's own answers are in `service`.
//!
//! Texts were collected from public issues; tests/explain/texts.txt holds one and more for each row, with its source.

use crate::core::catalogue::Code;

/// One row: one of `text` (in lower case), with one of `with` near it (empty: nothing more), and none of `without`. Needles are set
/// apart by bars: a pointer for each would take more room in the binary than they do.
pub(super) struct Row {
    pub code: Code,
    pub text: &'static str,
    pub with: &'static str,
    pub without: &'static str,
    /// What has to be said at once of this text in particular.
    pub detail: &'static str,
}

const fn row(code: Code, text: &'static str) -> Row {
    Row { code, text, with: "", without: "", detail: "" }
}

impl Row {
    const fn with(self, with: &'static str) -> Row {
        Row { with, ..self }
    }

    const fn without(self, without: &'static str) -> Row {
        Row { without, ..self }
    }

    const fn detail(self, detail: &'static str) -> Row {
        Row { detail, ..self }
    }
}

/// Tables that do not speak of the same thing: a record can be in several, and in each the first row that fits counts.
pub(super) const FAMILIES: &[&[Row]] = &[INJECTION, TOKEN, AGENT_URI, PROFILE, CHAIN, MODULE, WEBHOOK, KUBERNETES, CLUSTER, STORE];

const INJECTION: &[Row] = &[
    // Java 2 lists what each provider of its chain said: neither pair of variables is there.
    row(Code::NotInjected, "aws_web_identity_token_file or the javaproperty aws.webidentitytokenfile must be set")
        .with("neither aws_container_credentials_full_uri"),
    row(Code::HalfInjected, "role arn is not set|has no role arn configured"),
    row(Code::RoleArnMalformed, "invalid length for parameter rolearn|assumerolewithwebidentityinput.rolearn"),
    row(Code::FipsEndpointAbsent, "fips and custom endpoint are not supported"),
    row(
        Code::RegionMissing,
        "you must specify a region.|noregionerror|error: region is missing|missing region in config|missingregion:|\
            could not find region configuration|invalid configuration: missing region|\
            unable to find a region via the region provider chain|unable to load region from any of the providers in the chain|\
            no regionendpoint or serviceurl configured|missing region; use :region option|missingregionerror|sts..amazonaws|\
            an aws region is required, but was not found",
    )
    // A line of the JavaScript SDK's own source, which stack traces show.
    .without("region is missing from runtimeconfig"),
    row(Code::RegionMissing, "region is missing").with("@aws-sdk|@smithy").without("region is missing from runtimeconfig"),
    row(Code::RegionMalformed, "doesn't match a supported format").with("region_name|invalidregionerror"),
    row(Code::RegionMalformed, "region not accepted: region=|invalid region: region was not a valid dns name"),
];

/// Paths and names that only a token for AWS has, and not the token for the API server.
const AWS_TOKEN: &str = "eks.amazonaws.com/serviceaccount|eks-pod-identity-token|webidentityerr|webidentitytokenfile|\
            aws_web_identity_token_file|aws_container_authorization_token_file|web identity token file|provider=webidentitytoken|\
            webidentitytokencredentialsprovider(): java.";

/// Of SDKs that say no more than this.
const NOT_SAID_WHY: &str = "The SDK does not say why it could not read the file: it is not there, or not for this process to read.";

const TOKEN: &[Row] = &[
    row(Code::TokenOversized, "length less than or equal to 20000").with("'webidentitytoken'"),
    row(Code::TokenEmpty, "invalid length for parameter webidentitytoken|length greater than or equal to 4|minimum field size of 4,")
        .with("webidentitytoken"),
    row(Code::TokenMalformed, "contains invalid newline sequence|auth token value is not a legal header value"),
    row(
        Code::TokenUnreadable,
        "permission denied|eacces|os error 13|accessdeniedexception: /var/run/secrets|\
            unauthorizedaccessexception: access to the path",
    )
    .with(AWS_TOKEN),
    row(
        Code::TokenMissing,
        "no such file or directory|enoent|os error 2)|nosuchfileexception|filenotfound|could not find file|cannot find the file",
    )
    .with(AWS_TOKEN),
    row(
        Code::TokenMissing,
        // Fluent Bit's spelling; PHP, of which a token that is `false` is a file that could not be read.
        "could not read web identify token file|error reading webidentitytokenfile from|\
            [webidentitytoken] must be a string or an object that implements __tostring(). found bool(false)",
    )
    .detail(NOT_SAID_WHY),
];

const AGENT_URI: &[Row] = &[
    // The address is the agent's, and this SDK does not know it as one.
    row(Code::SdkTooOld, AGENT_URI_REFUSED).with("169.254.170.23|fd00:ec2::23"),
    row(Code::AgentUriNotAllowed, AGENT_URI_REFUSED),
];

const AGENT_URI_REFUSED: &str = "invalid full uri for ecs provider|only loopback hosts are allowed|can only retrieve metadata from these hosts|\
            has an invalid host. host|is not a valid container metadata service hostname|\
            uri did not refer to the loopback interface|contains an unsupported host|only loopback/ecs/eks hosts are allowed";

/// Texts of botocore (`exceptions.py`, `credentials.py`) and of Go 2 (`config/shared_config.go`).
const PROFILE: &[Row] = &[
    row(Code::ProfileMissing, "the config profile (").with(") could not be found"),
    row(Code::ProfileMissing, "failed to get shared config profile, "),
    row(Code::ProfileBroken, "the source profile \"").with("\" referenced in the profile \""),
    row(Code::ProfileBroken, "infinite loop in credential configuration detected"),
    row(Code::ProfileBroken, "partial credentials found in shared-credentials-file|partial credentials found in config-file"),
];

const CHAIN: &[Row] = &[
    row(
        Code::NoCredentialsFound,
        "unable to locate credentials|nocredentialserror|nocredentialproviders: no valid providers in chain|\
            no valid providers in chain|no ec2 imds role found|access disabled to ec2 imds|missing credentials in config|\
            could not load credentials from any provider|unable to load credentials from any of the providers in the chain|\
            unable to load aws credentials from any provider in the chain|no providers in chain provided credentials|\
            failed to load credentials from imds|unable to get iam security credentials from ec2 instance metadata service|\
            failed to resolve aws credentials|error retrieving credentials from the instance profile metadata|\
            missingcredentialserror|unable to sign request without credentials set|no valid credential sources|\
            no credentials could be loaded from the chain|no identity could be resolved from the chain|\
            no signing credentials available|noauthwithawsexception|noawscredentialsexception|no credentials in the property bag|\
            sdkclientexception: unable to load credentials from service endpoint|provider returned no credentials, service=|\
            extension \"sigv4auth\" has invalid configuration: bad aws credentials",
    ),
    row(Code::NoCredentialsFound, "get identity: get credentials: request canceled")
        .detail("The call was given up before the SDK had any credentials: STS, the agent or IMDS had not answered by then."),
    row(Code::NoCredentialsFound, "credential is missing").with("@aws-sdk|@smithy|sigv4"),
];

const MODULE: &[Row] = &[row(
    Code::SdkModuleMissing,
    "'sts' service module must be on the class path|aws-java-sdk-sts module must be on the class path|\
            assembly awssdk.securitytoken could not be found or loaded|could not load file or assembly 'awssdk.securitytoken|\
            classnotfoundexception: software.amazon.awssdk.services.sts|noclassdeffounderror: software/amazon/awssdk/services/sts",
)];

const WEBHOOK: &[Row] = &[
    row(Code::WebhookMissing, "failed calling webhook|failed to call webhook").with("pod-identity-webhook|iam-for-pods.amazonaws.com"),
    row(Code::WebhookMissing, "mutatingwebhookconfigurations.admissionregistration.k8s.io \"pod-identity-webhook\" not found"),
];

const KUBERNETES: &[Row] = &[
    row(
        Code::KubernetesAccessMissing,
        "your current iam principal doesn't have access to kubernetes objects|\
            your current user or role does not have access to kubernetes objects|identity is not mapped|\
            unauthorized: verify you have access to the kubernetes cluster",
    ),
    row(Code::KubernetesAccessMissing, "you must be logged in to the server|the server has asked for the client to provide credentials")
        .detail("kubectl does not say why: expired AWS credentials, another profile or another cluster's kubeconfig look the same. aws sts get-caller-identity shows who is calling."),
    // A plain user's RBAC does not concern AWS; an ARN as the user name does.
    row(Code::KubernetesAccessMissing, "user \"arn:aws").with("cannot "),
];

const CLUSTER: &[Row] = &[
    row(Code::ServiceAccountMissing, "error looking up service account").with("not found"),
    row(Code::RoleMissing, "the role with name").with("cannot be found"),
];

/// What wrappers of S3 leave of its denial.
const STORE: &[Row] = &[row(Code::PermissionMissing, "unexpected error from listobjects on |basefetcher: iter bucket: ")
    .with(": access denied")
    .detail(WHO_IS_NOT_SAID)];

/// Of denials that name no one.
pub(super) const WHO_IS_NOT_SAID: &str =
    "The text does not say who was denied: irsa-probe check in the pod shows whether it is the pod's role at all.";

/// On the way to STS. Only where the text names an STS host, or the exchange: other services' hosts do not concern the probe.
pub(super) const NETWORK: &[Row] = &[
    row(Code::ProxyFailed, "proxyconnect tcp|unable to connect to proxy|failed to connect to proxy url|tunnel connection failed|\
            proxy authentication required|tunneling socket could not be established|from proxy after connect|connect refused by proxy"),
    row(
        Code::TlsNameMismatch,
        "certificate is valid for|doesn't match either of|hostname mismatch|err_tls_cert_altname_invalid|\
            does not match certificate's altnames|no subject alternative|notvalidforname",
    ),
    row(
        Code::TlsUntrusted,
        "certificate signed by unknown authority|certificate verify failed|certificate_verify_failed|\
            unable to find valid certification path|self signed certificate|self-signed certificate|\
            unable to get local issuer certificate|unknownissuer|invalid peer certificate|the remote certificate is invalid|\
            depth_zero_self_signed_cert",
    )
    .without("certificate has expired"),
    row(
        Code::TlsFailed,
        "tls handshake timeout|tls: handshake failure|first record does not look like a tls handshake|ssl_error_syscall|\
            sslhandshakeexception|certificate has expired|remote error: tls|unexpected_eof_while_reading|\
            eof occurred in violation of protocol|client network socket disconnected before secure tls connection",
    ),
    row(
        Code::DnsNotFound,
        "no such host|enotfound|name or service not known|nodename nor servname|unknownhostexception|could not resolve host|\
            couldn't resolve host|name does not resolve|nxdomain|unknown host",
    ),
    row(
        Code::DnsFailed,
        "eai_again|temporary failure in name resolution|server misbehaving|getaddrinfo: try again|\
            failed to lookup address information|failed to resolve 'sts",
    ),
    row(Code::DnsFailed, "dial tcp: lookup ").with("i/o timeout|deadline exceeded|connection refused|operation not permitted"),
    row(Code::DnsFailed, "could not connect to the endpoint url").detail(
        "boto3 and the AWS CLI word a failed lookup, a refused connection and a missing route alike; --debug, or irsa-probe check, tells them apart.",
    ),
    row(Code::ConnectRefused, "connection refused|econnrefused"),
    row(Code::NetworkUnreachable, "network is unreachable|enetunreach|no route to host|ehostunreach|network unreachable"),
    row(
        Code::RequestTimeout,
        "read timeout on endpoint url|read timed out|sockettimeoutexception|awaiting headers|awaiting response headers|\
            http read timeout",
    )
    .without("connect timed out"),
    row(
        Code::ConnectTimeout,
        "connect timeout on endpoint url|connection timed out|etimedout|connect timed out|connecttimeoutexception|\
            http connect timeout|timeoutinfo|without establishing a connection within|ms: timeout was reached|\
            the request socket did not establish a connection with the server within",
    ),
    row(Code::ConnectTimeout, "dial tcp").with("i/o timeout"),
    row(
        Code::ConnectionLost,
        "connection reset by peer|econnreset|connection was closed before we received a valid response|\
            remote end closed connection|socket hang up|broken pipe|connection reset|/\": eof|: unexpected eof",
    ),
    row(
        Code::NotSts,
        "unable to parse response|invalid xml received|failed to unmarshal|deserialization failed|deserialization error|\
            failed to decode response",
    ),
    row(Code::RequestTimeout, "context deadline exceeded|request timeout|operation timeout|request timed out|operation timed out"),
];

/// On the way to the Pod Identity agent, whose address has to stand there.
pub(super) const AGENT_NETWORK: &[Row] = &[
    row(Code::ProxyCapturesAgent, "proxyconnect tcp|failed to connect to proxy url|unable to connect to proxy|tunnel connection failed"),
    row(
        Code::AgentUnreachable,
        "connection refused|econnrefused|connect timeout|connection timed out|etimedout|i/o timeout|deadline exceeded|\
            no route to host|unreachable|could not connect|timed out|connection reset|ehostunreach|enetunreach",
    ),
];

/// Callers that use the node's role rightly, and are not workloads: the node's role needs the permission then.
pub(super) const NODE_ITSELF: &str = "failed to pull|pull image|pulling image|errimagepull|imagepullbackoff|kubelet|ecr-credential-provider|aws-node|ipamd|\
            aws-k8s-agent|amazon-ssm-agent|bootstrap.sh|nodeadm";

/// Controllers that make what CoreDNS needs in order to run.
pub(super) const BEFORE_DNS: &str = "karpenter|cluster-autoscaler|aws_manager.go|aws_cloud_provider.go|checking ec2 api connectivity|ec2 api connectivity check failed|\
    aws-cloud-controller-manager|ipamd|aws-k8s-agent";

/// The code for each of STS's sentences, for SDKs that print the sentence without the code (.NET, Java 2, PHP's short form).
/// Of the first kind are answers to AssumeRoleWithWebIdentity, whatever else the text says.
pub(super) const EXCHANGE_TEXTS: &[Sentence] = &[
    ("not authorized to perform sts:assumerolewithwebidentity", "AccessDenied", ""),
    ("not authorized to perform: sts:assumerolewithwebidentity", "AccessDenied", ""),
    ("no openidconnect provider found", "InvalidIdentityToken", ""),
    ("incorrect token audience", "InvalidIdentityToken", ""),
    ("the web identity token provided could not be validated", "InvalidIdentityToken", ""),
    ("retrieve verification key from your identity provider", "InvalidIdentityToken", ""),
    ("openidconnect provider's https certificate", "InvalidIdentityToken", ""),
    ("the id token provided is not a valid jwt", "InvalidIdentityToken", ""),
    // Other programs that verify tokens print this, too.
    ("missing a required claim:", "InvalidIdentityToken", "invalididentitytoken"),
    ("token audience contains more than one audience", "InvalidIdentityToken", ""),
    ("invalid timestamp in token claims", "InvalidIdentityToken", "invalididentitytoken"),
    ("token issued in the future", "InvalidIdentityToken", "invalididentitytoken"),
    ("token expired: current date/time", "ExpiredTokenException", ""),
    ("token too old:", "ExpiredTokenException", "expiredtokenexception"),
    ("the web identity token that was passed is expired", "ExpiredTokenException", ""),
    ("request arn is invalid", "ValidationError", ""),
    ("exceeds the maxsessionduration set for this role", "ValidationError", ""),
    ("exceeds the 1 hour session limit for roles assumed by role chaining", "ValidationError", ""),
    ("sts is not activated in this region", "RegionDisabledException", ""),
    ("the identity provider (idp) reported that authentication failed", "IDPRejectedClaim", ""),
    ("the identity provider (idp) that was asked to verify the incoming identity token could not be reached", "IDPCommunicationError", ""),
];

/// One of AWS's sentences in lower case, the code that it goes with, and what has to stand near it if others say the same.
pub(super) type Sentence = (&'static str, &'static str, &'static str);

/// The same of any signed call.
pub(super) const SIGNED_TEXTS: &[Sentence] = &[
    ("credential should be scoped to", "SignatureDoesNotMatch", ""),
    ("signature expired: ", "SignatureDoesNotMatch", "is now earlier than"),
    ("signature not yet current: ", "SignatureDoesNotMatch", "is still later than"),
    ("the request signature we calculated does not match", "SignatureDoesNotMatch", ""),
    ("the security token included in the request is invalid", "InvalidClientTokenId", ""),
    ("the security token included in the request is expired", "ExpiredToken", ""),
    ("the provided token has expired", "ExpiredToken", "expiredtoken"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_are_in_lower_case_and_long_enough_to_mean_something() {
        let tables = FAMILIES.iter().chain([&NETWORK, &AGENT_NETWORK]).flat_map(|family| family.iter());
        let rows = tables.flat_map(|row| [row.text, row.with, row.without]);
        let texts = EXCHANGE_TEXTS.iter().chain(SIGNED_TEXTS).map(|(text, ..)| *text);
        for needle in
            rows.chain(texts).chain([NODE_ITSELF, BEFORE_DNS]).filter(|needles| !needles.is_empty()).flat_map(|needles| needles.split('|'))
        {
            assert_eq!(needle, needle.to_ascii_lowercase());
            assert!(needle.len() >= 5, "{needle}");
        }
    }
}
