//! What errors say: the words of SDKs, the resolver, kubectl and controllers, and the few sentences of AWS. Their wrappers are in `forms`.
//!
//! Texts were collected from public issues and from the SDKs themselves; tests/explain holds one and more for each row, with its source.

use crate::core::catalogue::Code;

/// One row: one of `text` (in lower case), with one of `with` near it (empty: nothing more), and none of `without`. Needles are set
/// apart by bars, and white space in them does not count.
pub(super) struct Row {
    pub code: Code,
    pub text: &'static str,
    pub with: &'static str,
    pub without: &'static str,
    /// What has to be said at once of this text in particular.
    pub detail: &'static str,
    /// Other programs say the same all the time: a search begins with what stands beside it.
    pub is_common: bool,
}

const fn row(code: Code, text: &'static str) -> Row {
    Row { code, text, with: "", without: "", detail: "", is_common: false }
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

    const fn common(self) -> Row {
        Row { is_common: true, ..self }
    }
}

/// Tables that do not speak of the same thing: a record can be in several, and in each the first row that fits counts.
pub(super) const FAMILIES: &[&[Row]] =
    &[NETWORK, AGENT_NETWORK, INJECTION, TOKEN, AGENT_URI, PROFILE, CHAIN, MODULE, WEBHOOK, KUBERNETES, CLUSTER, STORE, BY_SOME_SERVICE];

/// Where the families of `FAMILIES` begin that stand for words alone, whatever was called.
pub(super) const OF_WORDS: usize = 2;

macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident $is_candidate:literal = $list:expr;)*) => {
        /// Words that more than one row needs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum WordSet {
            $($(#[doc = $doc])* $name,)*
        }

        /// Their needles, in the same order.
        pub(super) const WORDS: &[&str] = &[$($list,)*];

        const CANDIDATES: &[bool] = &[$($is_candidate,)*];
    };
}

/// Whether a record is made around each of these words.
pub(super) fn is_candidate(words: usize) -> bool {
    CANDIDATES[words]
}

words! {
    /// What SDKs and programs print when it was the exchange that failed. Its name alone says less: logs name the provider whose credentials
    /// another call used, metrics and tests what may happen.
    Exchange true = "operation error sts: assumerolewithwebidentity|when calling the assumerolewithwebidentity operation|webidentityerr|\
        error executing \"assumerolewithwebidentity|assumerolewithwebidentitycommand|stsassumerolewithwebidentitycredentialsprovider [|\
        assumerolewithwebidentity: |assumerolewithwebidentity failed|assumerolewithwebidentity error|failed to assumerolewithwebidentity|\
        error calling assumerolewithwebidentity|failed to call assumerolewithwebidentity|\
        error assuming role from web identity credentials|provide credentials provider=webidentitytoken|\
        sts failed to assume role from web identity|error occurred while loading credentials: dispatch failure|error occurred while loading credentials: service error|\
        provide credentials\",\"provider\":\"webidentitytoken\"|eventname\":\"assumerolewithwebidentity\"|eventname\": \"assumerolewithwebidentity\"|\
        error while assuming role with web identity|could not assume role with web identity|cannot assume role with web identity|\
        could not assume role with oidc|failed to assume role with web identity|failed to assume role with oidc|during assumerolewithwebidentity operation";
    /// STS answered, whichever call it was.
    StsAnswer true = "(service: sts|(service: awssecuritytokenservice|stsexception: |securitytokenserviceexception: |xmlns=\"https://sts.amazonaws.com";
    /// The links of a chain that an SDK lists with what each said.
    WebIdentityLink false = "webidentitytokenfilecredentialsprovider(): |webidentitytokencredentialsprovider(): |\
        webidentitytokencredentialsprovider: |  webidentitytoken: |suppressed: credentialsproviderexception: sts failed to assume role from web identity";
    /// Java 1's for both the agent and IMDS.
    EitherLink false = "ec2containercredentialsproviderwrapper@";
    ContainerLink false = "containercredentialsprovider(): |  ecscontainer: |\
        suppressed: credentialsproviderexception: error retrieving credentials from container service";
    OtherLink false = "environmentvariablecredentialsprovider|systempropertycredentialsprovider(): |systempropertiescredentialsprovider: |\
        profilecredentialsprovider(|profilecredentialsprovider@|instanceprofilecredentialsprovider(): |  ec2instancemetadata: |  profile: |suppressed: ";
    /// What a link says that was not configured.
    NotConfigured false = "unable to load credentials from system settings|either the environment variable aws_web_identity_token_file|\
        you must specify a value for rolearn|profile file contained no credentials|profile file cannot be null|\
        neither aws_container_credentials_full_uri|container credentials uri not set|could not be automatically inferred|\
        was not set|provider not configured|the credential provider was not enabled|the requested metadata is not found at|\
        failed to load credentials from imds|aws_ec2_metadata_disabled is set to true|from ec2 instance metadata service|\
        169.254.169.254|to use assume role profiles the aws-java-sdk-sts module";
    /// Where the agent listens.
    AgentAddress true = "169.254.170.23|fd00:ec2::23";
    /// How SDKs speak of their call to it.
    AgentCall true = "assumeroleforpodidentity|eks auth|, fault: client|, fault: server|from container metadata|\
        retrieve container metadata|from ecs metadata|retrieve ecs metadata|credentials from container-role|from http credential provider|\
        failed to load credentials, |unexpected credentials error: |credentials from container service|/v1/credentials\"|\
        error retrieving container credentials|container credentials provider|getecsauthtoken";
    /// Ruby's classes of errors.
    RubyErrors true = "::errors::";
    /// What shows that a code is AWS's.
    OfAws false = "aws|when calling the |api error|status code|request id|requestid|exception|<code>";
    /// What shows that it was STS's.
    OfSts false = "getcalleridentity|operation error sts|service: sts|service: awssecuritytokenservice|://sts.|aws::sts::|securitytoken|\
        when calling the assumerole operation|when calling the getsessiontoken operation|via sts|sts.amazonaws.com\"";
    GetCallerIdentity false = "sts:getcalleridentity|when calling the getcalleridentity|sts: getcalleridentity|getcalleridentitycommand";
    /// AWS's denial, after `not`.
    NotAuthorized true = "authorized to perform";
    /// Codes of denials. They count in an error's position, in a text of AWS's.
    DenialCode true = "accessdenied|accessdeniedexception|unauthorizedoperation|access_denied|unauthorizedaccess|authorizationerror|\
        notauthorized|authorizationerrorexception";
    /// What shows that a denial is one of AWS's services.
    DeniedByAws false = "(service: |status code: 403|status code: 400|statuscode: 403|statuscode: 400|request id: |requestid: |when calling the |api error |::errors::|aws error|x-amz-|\
        s3://|s3 error|store: \"s3\"|operation error |\"eventsource\":\"|\"eventsource\": \"|$metadata|amazon.|(client): |error_class=aws|aws_request_id|httpstatuscode|code: some(|\
        you are not authorized to perform this operation|encoded authorization failure message";
    /// Denials without a code, in shapes of SDKs.
    Denied true = "exception: access denied (service: |exception: (service: s3, status code: 403|null (service: s3, status code: 403|\
        amazons3exception: access denied|s3exception: access denied|<message>access to the resource https://sqs.|\
        (403) when calling the |api error forbidden: forbidden|forbidden: forbidden|\
        amazons3exception: forbidden (service: amazon s3; status code: 403|s3 error: client error with status 403 forbidden|\
        is not authorized to access this resource|permissiondenied (permanent) at |\
        please ensure you have the right aws permissions|::errors::forbidden|upload s3 object: access denied|you are not authorized to use launch template";
    /// STS's decoded authorization messages.
    Decoded true = "\"allowed\":false";
    /// Shapes of AssumeRole's own failure. The last is aws-iam-authenticator's, which does nothing else before a token.
    NextRole false = "when calling the assumerole operation|operation error sts: assumerole,|assumerole (service: sts|(service: awssecuritytokenservice; status code: 403; error code: accessdenied|could not get token: accessdenied";
    /// A provider of credentials by web identity, without another host.
    ByWebIdentity true = "provider=webidentitytoken";
    /// The kubelet or its credential provider pulls an image.
    Pull false = "failed to pull|pull image|pulling image|errimagepull|imagepullbackoff|ecr-credential-provider";
    /// The network plugin's own log.
    NetworkPlugin false = "\"caller\":\"ipamd/|\"caller\":\"awsutils/|aws-k8s-agent";
    /// Controllers that make what CoreDNS needs in order to run.
    BeforeDns false = "karpenter|cluster-autoscaler|aws_manager.go|aws_cloud_provider.go|checking ec2 api connectivity|\
        ec2 api connectivity check failed|aws-cloud-controller-manager|\"caller\":\"ipamd/|aws-k8s-agent";
    /// Refusals that are no finding: a wrong MFA code, an anonymous request, a role that AWS makes for itself.
    NoFinding false = "multifactorauthentication failed|invalid mfa one time pass code|--no-sign-request|have access to the model|\
        failure using stage area|cannot call getsessiontoken with session credentials|<x-amz-expires>|\"user is not authorized to access this resource|x-amz-apigw-id";
    /// The name of an STS host begins so: around it, errors of the network count.
    StsHost true = "sts.|sts-fips.";
    Mapping true = "arn is not mapped";
    RoleArn true = "rolearn:|rolearn=|rolearn\":";
    TooMany false = "too many requests|statuscode: 429|statuscode(429)|response 429|response (429)|http 429";
    FromEksAuth false = "unable to fetch credentials from eks auth|error fetching credentials:|response 500|response (500)|response 502|\
        response 503|response 504|statuscode(5|http 50|502 bad gateway|unable to parse json returned from container|failed to decode error message|\
        failed to deserialize json response|error retrieving credentials from container service: http|invalid json in response";
}

const INJECTION: &[Row] = &[
    // Java 2 lists what each provider of its chain said: neither pair of variables is there.
    row(Code::NotInjected, "aws_web_identity_token_file or the javaproperty aws.webidentitytokenfile must be set")
        .with("neither aws_container_credentials_full_uri"),
    row(Code::NotInjected, "`rolearn` could not be automatically inferred").with("container credentials uri not set"),
    row(Code::NotInjected, "$aws_web_identity_token_file was not set").with("ecs provider not configured"),
    row(Code::HalfInjected, "role arn is not set|has no role arn configured|aws_role_arn environment variable must be set"),
    row(Code::RoleArnMalformed, "invalid length for parameter rolearn|assumerolewithwebidentityinput.rolearn"),
    row(Code::FipsEndpointAbsent, "fips and custom endpoint are not supported"),
    row(Code::EndpointOverride, "dualstack and custom endpoint are not supported"),
    row(
        Code::RegionMissing,
        "you must specify a region.|noregionerror|error: region is missing|missing region in config|missingregion:|\
            could not find region configuration|invalid configuration: missing region|\
            unable to find a region via the region provider chain|unable to load region from any of the providers in the chain|\
            no regionendpoint or serviceurl configured|missing region; use :region option|missingregionerror|sts..amazonaws|\
            an aws region is required, but was not found|a \"region\" configuration value is required for the|\
            missing required configuration key \"aws:region\"|service: \"sts\", region: \"\", known: []",
    )
    // A line of the JavaScript SDK's own source, which stack traces show.
    .without("region is missing from runtimeconfig"),
    row(Code::RegionMissing, "region is missing").with("@aws-sdk|@smithy").without("region is missing from runtimeconfig"),
    row(Code::RegionMalformed, "doesn't match a supported").with("region_name|invalidregionerror"),
    row(
        Code::RegionMalformed,
        "region not accepted: region=|invalid region: region was not a valid dns name|failed to bind endpoint params, invalid input region",
    ),
    row(Code::RegionMalformed, "failed to parse uri: https://sts.|failed to parse endpoint url: parse \"https://sts."),
    row(Code::RegionMalformed, "invalid endpoint: https://").with(".amazonaws.com"),
];

/// Paths and names that only a token for AWS has, and not the token for the API server.
const AWS_TOKEN: &str = "/var/run/secrets/eks.amazonaws.com|/var/run/secrets/pods.eks.amazonaws.com|an error occurred while loading credentials: |eks.amazonaws.com/serviceaccount|eks-pod-identity-token|webidentityerr|webidentitytokenfile|\
            aws_web_identity_token_file|aws_container_authorization_token_file|web identity token file|provider=webidentitytoken|\
            webidentitytokencredentialsprovider(): java.";

/// Of SDKs that say no more than this.
const NOT_SAID_WHY: &str = "The SDK does not say why it could not read the file: it is not there, or not for this process to read.";

const TOKEN: &[Row] = &[
    row(Code::TokenOversized, "length less than or equal to 20000").with("'webidentitytoken'"),
    row(Code::TokenUnreadable, "is a directory|eisdir")
        .with(AWS_TOKEN)
        .common()
        .detail("The path is a directory. A variable or a mount names the folder instead of the token's file."),
    row(Code::TokenEmpty, "invalid length for parameter webidentitytoken|length greater than or equal to 4|minimum field size of 4,")
        .with("webidentitytoken"),
    row(Code::TokenMalformed, "contains invalid newline sequence|auth token value is not a legal header value"),
    row(
        Code::TokenUnreadable,
        "permission denied|eacces|os error 13|accessdeniedexception: /var/run/secrets|\
            unauthorizedaccessexception: access to the path",
    )
    .with(AWS_TOKEN)
    .common(),
    row(
        Code::TokenMissing,
        "no such file or directory|enoent|os error 2)|nosuchfileexception|filenotfound|could not find file|cannot find the file",
    )
    .with(AWS_TOKEN)
    .common(),
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
    row(
        Code::SdkTooOld,
        "unsupported host '169.254.170.23'|unsupported host 'fd00:ec2::23'|unsupported host '[fd00:ec2::23]'|\
            uri did not refer to the loopback interface): http://169.254.170.23|uri did not refer to the loopback interface): http://[fd00|\
            invalid endpoint host, \"169.254.170.23\", only loopback hosts|invalid endpoint host, \"fd00:ec2::23\", only loopback hosts|\
            the full uri (http://169.254.170.23/v1/credentials) contained|the full uri (http://[fd00:ec2::23]/v1/credentials) contained|\
            uri 'http://169.254.170.23/v1/credentials' contains an unsupported host|uri 'http://[fd00:ec2::23]/v1/credentials' contains an unsupported host",
    ),
    row(Code::AgentError, "169.254.170.23 is not a valid container metadata service hostname|[fd00:ec2::23] is not a valid container metadata service hostname")
        .detail(HIDDEN_BY_JS),
    row(
        Code::AgentUriNotAllowed,
        "invalid full uri for ecs provider|only loopback hosts are allowed|can only retrieve metadata from |\
            has an invalid host. host|environment variable aws_container_credentials_full_uri has an invalid host|is not a valid container metadata service hostname|\
            uri did not refer to the loopback interface|contains an unsupported host|only loopback/ecs/eks hosts are allowed",
    ),
    row(Code::AgentUriNotAllowed, "bad uri(is not uri?)").with("/v1/credentials"),
];

/// docs/facts.md: JavaScript 3 says so whenever the agent's call fails.
const HIDDEN_BY_JS: &str = "The JavaScript SDK prints this whenever its call to the Pod Identity agent fails, so the text hides the reason. \
    The agent's own log has it: kubectl -n kube-system logs -l app.kubernetes.io/name=eks-pod-identity-agent. Versions before 3.458.0 do not know the address.";

/// Texts of botocore (`exceptions.py`, `credentials.py`) and of Go 2 (`config/shared_config.go`).
const PROFILE: &[Row] = &[
    row(Code::ProfileMissing, "the config profile (").with(") could not be found"),
    row(Code::ProfileMissing, "failed to get shared config profile, |sharedcredsload: failed to get profile"),
    row(Code::ProfileBroken, "sharedcredsaccesskey: |sharedcredssecret: "),
    row(Code::ProfileBroken, "the source profile \"").with("\" referenced in the profile \""),
    row(Code::ProfileBroken, "infinite loop in credential configuration detected"),
    row(Code::ProfileBroken, "partial credentials found in shared-credentials-file|partial credentials found in config-file"),
    row(Code::ProfileBroken, "unable to parse config file: |configparser.").with(".aws/config|.aws/credentials"),
];

const CHAIN: &[Row] = &[
    row(
        Code::NoCredentialsFound,
        "nocredentialserror|nocredentialproviders|\
            no valid providers in chain|no ec2 imds role found|access disabled to ec2 imds|missing credentials in config|\
            could not load credentials from any provider|unable to load credentials from any of the providers in the chain|\
            unable to load aws credentials from any provider in the chain|no providers in chain provided credentials|\
            failed to load credentials from imds|unable to get iam security credentials from ec2 instance metadata service|\
            failed to resolve aws credentials|error retrieving credentials from the instance profile metadata|\
            no valid credential sources|\
            no credentials could be loaded from the chain|no identity could be resolved from the chain|\
            no signing credentials available|noauthwithawsexception|noawscredentialsexception|no credentials in the property bag|\
            sdkclientexception: unable to load credentials from service endpoint|provider returned no credentials, service=|\
            unable to retrieve token for use in imdsv2 call and imdsv1 has been disabled|ec2 imds role credentials, |\
            an error occurred while loading credentials: failed to load imds session token|incorrect imds/iam configuration|no credentials found in chain|\
            variable 'aws_ec2_metadata_disabled' or system property|failed to parse metadata service response|ec2 metadata v1 fallback has been blocked|\
            failed to retrieve aws credentials from ec2 imds|could not find credentials in any provider|\
            couldn't find aws credentials in environment|envaccesskeynotfound: |failed to get a valid set of credentials|\
            the requested metadata is not found at http://169.254.169.254/latest/meta-data/iam/security-credentials|partial credentials found in explicit|unexpected instance profile response code|failed to source credentials|\
            http request to retrieve credentials failed with error code|\
            extension \"sigv4auth\" has invalid configuration: bad aws credentials",
    ),
    row(Code::NoCredentialsFound, "169.254.169.254/latest")
        .with("error trying to connect|connection refused|connection timed out|no route to host|client.timeout|404 not found|invalid json")
        .without(" debug "),
    row(Code::NoCredentialsFound, "missingcredentialserror|unable to sign request without credentials set")
        .detail("Ruby says no more than this, also where the Pod Identity agent answered with an error: read the agent's log."),
    row(Code::NoCredentialsFound, "unable to locate credentials").without("unable to locate credentials file"),
    row(Code::NoCredentialsFound, "get identity: get credentials: request canceled")
        .detail("The call was given up before the SDK had any credentials: STS, the agent or IMDS had not answered by then."),
    row(Code::NoCredentialsFound, "credential is missing").with("@aws-sdk|@smithy|sigv4"),
];

const MODULE: &[Row] = &[row(
    Code::SdkModuleMissing,
    "'sts' service module must be on the class path|aws-java-sdk-sts module must be on the class path|\
            awssdk.securitytoken could not be found or loaded|must be available at runtime to use amazon.runtime.|could not load file or assembly 'awssdk.securitytoken|\
            classnotfoundexception: software.amazon.awssdk.services.sts|noclassdeffounderror: software/amazon/awssdk/services/sts",
)
// Java 1 says so in its chain's list whether a role was configured or not.
.without("unable to load aws credentials from java system properties")];

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
    row(Code::PodIdentityTrustDenied, "trust policy of the role provided is invalid"),
    row(Code::AnnotationMissing, "an iam role must be associated with service account"),
    row(Code::ServiceAccountMissing, "error looking up service account").with("not found"),
    row(Code::RoleMissing, "the role with name").with("cannot be found"),
];

/// Without another service's name it may be STS that said so, in the SDKs that print no name.
const BY_SOME_SERVICE: &[Row] = &[
    row(
        Code::StsUnavailable,
        "serviceunavailable: the request has failed due to a temporary failure of the server|\
            internalfailure: the request processing has failed because of an unknown error, exception or failure",
    )
    .without("when calling the |operation error |(service: |error executing \"|webidentity|aws::|loading credentials")
    .detail("The text does not name the service: this is STS's answer only if the call was one for credentials."),
    row(Code::ProxyFailed, "failed to connect to proxy url: \"")
        .without("sts.|169.254.170.23|when calling the ")
        .detail("The text does not name the service: every call of this SDK goes through the proxy."),
];

/// What wrappers of S3 leave of its denial.
const STORE: &[Row] = &[row(Code::PermissionMissing, "unexpected error from listobjects on |basefetcher: iter bucket: ")
    .with(": access denied")
    .detail(WHO_IS_NOT_SAID)];

/// Of denials that name no one.
pub(super) const WHO_IS_NOT_SAID: &str = "The text does not say who was denied. irsa-probe check in the pod shows it, elsewhere aws sts get-caller-identity with the same credentials.";

/// On the way to STS. Only where the text names an STS host, or the exchange: other services' hosts do not concern the probe.
const NETWORK: &[Row] = &[
    row(Code::ProxyFailed, "proxyconnect tcp|unable to connect to proxy|failed to connect to proxy url|tunnel connection failed|\
            proxy authentication required|tunneling socket could not be established|from proxy after connect|connect refused by proxy|tunnel error: |\
            unexpected response code for connect"),
    row(
        Code::TlsNameMismatch,
        "certificate is valid for|doesn't match either of|hostname mismatch|err_tls_cert_altname_invalid|\
            does not match certificate's altnames|no subject alternative|notvalidforname",
    ).common(),
    row(
        Code::TlsUntrusted,
        "certificate signed by unknown authority|certificate verify failed|certificate_verify_failed|\
            unable to find valid certification path|self signed certificate|self-signed certificate|\
            unable to get local issuer certificate|unknownissuer|invalid peer certificate|the remote certificate is invalid|\
            depth_zero_self_signed_cert",
    )
    .without("certificate has expired")
    .common(),
    row(
        Code::TlsFailed,
        "tls handshake timeout|tls: handshake failure|first record does not look like a tls handshake|ssl_error_syscall|\
            sslhandshakeexception|certificate has expired|remote error: tls|unexpected_eof_while_reading|\
            eof occurred in violation of protocol|client network socket disconnected before secure tls connection",
    ).common(),
    row(
        Code::DnsNotFound,
        "no such host|enotfound|name or service not known|nodename nor servname|unknownhostexception|could not resolve host|unable to execute http request: sts.|\
            couldn't resolve host|name does not resolve|nxdomain|unknown host",
    )
    .without(" qr,").common(),
    row(
        Code::DnsFailed,
        "eai_again|temporary failure in name resolution|server misbehaving|getaddrinfo: try again|\
            failed to lookup address information|failed to resolve 'sts",
    ).common(),
    row(Code::DnsFailed, "dial tcp: lookup ").with("i/o timeout|deadline exceeded|connection refused|operation not permitted").common(),
    row(Code::DnsFailed, "could not connect to the endpoint url").detail(
        "boto3 and the AWS CLI word a failed lookup, a refused connection and a missing route alike; --debug, or irsa-probe check, tells them apart.",
    ).common(),
    row(Code::ConnectRefused, "connection refused|econnrefused").common(),
    row(Code::NetworkUnreachable, "network is unreachable|enetunreach|no route to host|ehostunreach|network unreachable").common(),
    row(
        Code::RequestTimeout,
        "read timeout on endpoint url|read timed out|sockettimeoutexception|awaiting headers|awaiting response headers|\
            http read timeout",
    )
    .without("connect timed out")
    .common(),
    row(
        Code::ConnectTimeout,
        "connect timeout on endpoint url|connection timed out|etimedout|connect timed out|connecttimeoutexception|\
            http connect timeout|timeoutinfo|without establishing a connection within|ms: timeout was reached|\
            the request socket did not establish a connection with the server within",
    ).common(),
    row(Code::ConnectTimeout, "dial tcp").with("i/o timeout").common(),
    row(
        Code::ConnectionLost,
        "connection reset by peer|econnreset|connection was closed before we received a valid response|\
            remote end closed connection|socket hang up|broken pipe|connection reset|/\": eof|: unexpected eof",
    ).common(),
    row(
        Code::NotSts,
        "service error: unhandled error: error|unable to parse response|invalid xml received|failed to unmarshal|deserialization failed|deserialization error|\
            failed to decode response|caused by: serializationerror",
    )
    .without("failed to copy error response body").common(),
    row(Code::RequestTimeout, "context deadline exceeded|request timeout|operation timeout|request timed out|operation timed out").common(),
];

/// On the way to the Pod Identity agent, whose address has to stand there.
const AGENT_NETWORK: &[Row] = &[
    row(Code::ProxyCapturesAgent, "proxyconnect tcp|failed to connect to proxy url|unable to connect to proxy|tunnel connection failed")
        .common(),
    row(
        Code::AgentUnreachable,
        "connection refused|econnrefused|connect timeout|connection timed out|etimedout|i/o timeout|deadline exceeded|\
            no route to host|unreachable|could not connect|timed out|connection reset|ehostunreach|enetunreach|\
            read timeout on endpoint url|connection was closed before|os error 104|os error 111|socket hang up",
    )
    .common(),
];

/// What shows that it was STS that said so.
const OF_STS: &str = "invalididentitytoken|expiredtokenexception|assumerolewithwebidentity|webidentityerr|(service: sts|(service: awssecuritytokenservice|\
    stsexception: |securitytokenserviceexception: |xmlns=\"https://sts.amazonaws.com|aws::sts::";

/// Phrases of the SDKs around what varies. No table needs them to tell an error; a line that ends within one goes on.
pub(super) const PHRASES: &str = "dispatch failure: io error: |dispatch failure: timeout: |client error (sendrequest): connection error: |\
    client error (connect): tcp connect error|error trying to connect: tcp connect error: connection refused (os error |\
    a valid response from endpoint url: |user: anonymous is not authorized|could not connect to the endpoint url: |calling assumerolewithwebidentity (|an error occurred (|) when calling the |1 validation error detected: |\
    the requested durationseconds exceeds the |operation error sts: assumerole|operation error sts: getcalleridentity|\
    operation error ec2: |operation error eks auth: |https response error statuscode: |api error |\
    exceeded maximum number of attempts, |request send failed, |send request failed|post \"http|get \"http|\
    unable to execute http request|failed to refresh cached credentials, |failed to retrieve credentials|failed to load credentials, |\
    get identity: get credentials: |user: arn:|is not authorized to perform: |not authorized to perform this operation|\
    no identity-based policy allows the |no resource-based policy allows the |with an explicit deny in a service control policy|\
    with an explicit deny in a resource control policy|; status code: |; error code: |; request id: |, status code: |, request id: |\
    doesn't match configured thumbprint|current date/time |expiration date/time |is now earlier than |is still later than |\
    the difference between the request time and the current time is too large|the token included in the request is expired|\
    could not find file '|no such file or directory: '|no such file or directory, open '|permission denied: '|\
    permission denied, open '|error trying to connect: http connect timeout|within the configured timeout of |\
    request canceled (client.timeout exceeded while awaiting headers)|the full uri (|credentials) contained with|\
    environment variable aws_container_credentials_full_uri|'. can only retrieve metadata from |too many requests|\
    error fetching credentials: |unable to fetch credentials from eks auth|failed to regenerate asg cache|arn is not mapped|\
    failed calling webhook \"|error looking up service account |serviceaccount \"|\" not found|: access denied|\
    rpc error: code = unknown desc = |failed to resolve reference: unexpected status: ";

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
    ("missing a required claim:", "InvalidIdentityToken", OF_STS),
    ("token audience contains more than one audience", "InvalidIdentityToken", ""),
    ("invalid timestamp in token claims", "InvalidIdentityToken", OF_STS),
    ("token issued in the future", "InvalidIdentityToken", OF_STS),
    ("token is not yet valid", "InvalidIdentityToken", OF_STS),
    ("token expired: current date/time", "ExpiredTokenException", ""),
    ("token too old:", "ExpiredTokenException", OF_STS),
    ("rate exceeded", "Throttling", "(service: sts|(service: awssecuritytokenservice|stsexception: |xmlns=\"https://sts.amazonaws.com"),
    ("the request processing has failed because of an unknown error", "InternalFailure", OF_STS),
    ("the request has failed due to a temporary failure of the server", "ServiceUnavailable", OF_STS),
    ("1 validation error detected: value", "ValidationError", OF_STS),
    ("the web identity token that was passed is expired", "ExpiredTokenException", ""),
    ("request arn is invalid", "ValidationError", ""),
    ("exceeds the maxsessionduration set for this role", "ValidationError", ""),
    ("exceeds the 1 hour session limit for roles assumed by role chaining", "ValidationError", ""),
    ("'rolesessionname' failed to satisfy constraint", "ValidationError", ""),
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
    ("token has expired and refresh failed", "ExpiredToken", ""),
    ("the sso session associated with this profile has expired", "ExpiredToken", ""),
    ("the sso session has expired or is invalid", "ExpiredToken", ""),
    ("session token not found or invalid", "ExpiredToken", ""),
    ("error loading sso token", "ExpiredToken", ""),
    ("refresh cached sso token failed", "ExpiredToken", ""),
    ("the aws access key id you provided does not exist in our records", "InvalidClientTokenId", ""),
    ("aws was not able to validate the provided access credentials", "InvalidClientTokenId", ""),
    ("the provided token is malformed or otherwise invalid", "InvalidClientTokenId", ""),
];
