//! Step `injection`: what the pod was given.

use super::weight::{INFO, PERMANENT, WARN};
use super::{Class, Code, CodeRow, Severity, Snippet, Step};

const fn row(code: Code, weight: (Severity, Class), title: &'static str, cause: &'static str, remedy: &'static str) -> CodeRow {
    CodeRow::new(Step::Injection, code, weight, title, cause, remedy)
}

pub(super) const ROWS: &[CodeRow] = &[
    row(Code::NotInjected, PERMANENT, "no AWS identity was injected into this container",
        "Neither AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE (IRSA) nor AWS_CONTAINER_CREDENTIALS_FULL_URI (EKS Pod Identity) is set. The webhook acts only when a pod is created: \
         the service account had no annotation or association at that moment, the pod runs under another service account or namespace, the webhook was out of reach (its failure policy is Ignore), \
         or the container is listed in eks.amazonaws.com/skip-containers. SDKs then try what is left, and often end up with the node's role.",
        "Annotate service account {namespace}/{serviceAccount} with eks.amazonaws.com/role-arn (or create a Pod Identity association), then recreate the pod: annotating alone changes no running pod.")
        .run(&[
            "kubectl -n {namespace} get serviceaccount {serviceAccount} -o yaml",
            "kubectl -n {namespace} annotate serviceaccount {serviceAccount} eks.amazonaws.com/role-arn={roleArn}",
            "kubectl -n {namespace} delete pod {pod}",
        ])
        .apply(Snippet::Annotation),
    row(Code::HalfInjected, PERMANENT, "only half of an AWS identity is set in this container",
        "One of two variables that belong together is unset or empty. The webhook injects neither when a container already has either of them, so a variable preset by hand, even an empty one, switches injection off. \
         SDKs disagree on what half an identity means: some stop, others go on to the node's role without a word.",
        "Remove the preset variable from the container's env (or its Helm values), so that the webhook sets both, and recreate the pod.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml"]),
    row(Code::RoleArnMalformed, PERMANENT, "AWS_ROLE_ARN is not the ARN of a role",
        "The webhook injects the annotation's value as it stands and only logs a warning when it is malformed: white space, quotes, a bare name, or the ARN of something else.",
        "Set the annotation eks.amazonaws.com/role-arn of service account {namespace}/{serviceAccount} to the role's ARN, arn:{partition}:iam::ACCOUNT:role/NAME, and recreate the pod.")
        .run(&["kubectl -n {namespace} annotate --overwrite serviceaccount {serviceAccount} eks.amazonaws.com/role-arn=arn:{partition}:iam::{account}:role/NAME"]),
    row(Code::RoleDiffersFromExpected, PERMANENT, "the injected role is not the expected one",
        "AWS_ROLE_ARN names another role than --expect-role-arn. The annotation was changed, the pod runs under another service account, or it was created before the annotation was corrected.",
        "Correct the annotation of service account {namespace}/{serviceAccount} or the expectation, then recreate the pod.")
        .run(&["kubectl -n {namespace} get serviceaccount {serviceAccount} -o yaml"]),
    row(Code::RegionMissing, PERMANENT, "no AWS region is set",
        "Neither AWS_REGION nor AWS_DEFAULT_REGION is set, and the selected profile names none. Some SDKs ask IMDS, which a pod usually cannot reach; most fail.",
        "Set AWS_REGION in the container's env; EKS injects it with the identity, so its absence often means that the webhook missed this pod."),
    row(Code::RegionMalformed, PERMANENT, "the configured region is not a region",
        "AWS_REGION or AWS_DEFAULT_REGION is not a region's code. Endpoint names are made from it, so every call would go to a host that does not exist.",
        "Set AWS_REGION to a region's code such as us-west-2: not a zone, no capitals, no white space."),
    row(Code::ShadowedByEnvKeys, PERMANENT, "static keys in the environment shadow the injected identity",
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set. Every SDK takes them before anything else, so the injected role is never used.",
        "Remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN from the container's env, envFrom and secrets, and recreate the pod.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml"]),
    row(Code::ShadowedByProfile, WARN, "a profile with credentials of its own shadows the injected identity in some SDKs",
        "The selected profile of the shared configuration files gives credentials. The Rust and JavaScript SDKs prefer it to IRSA, boto3 and Go do not; for EKS Pod Identity all of them prefer the profile.",
        "Remove the profile's credentials from the files in the image or volume, or unset AWS_PROFILE."),
    row(Code::BothInjected, WARN, "IRSA and EKS Pod Identity are both set in this container",
        "SDKs take IRSA then, but the webhook prefers Pod Identity and never injects both: one of them was set by hand.",
        "Keep one: remove the hand-set variables from the container's env, or the annotation, or the association."),
    row(Code::GlobalEndpointConfigured, WARN, "SDKs are told to use the global STS endpoint",
        "With the global endpoint a request is signed for us-east-1 and its tokens may be refused in opt-in regions; a VPC endpoint for STS never serves it. AWS_STS_REGIONAL_ENDPOINTS=legacy does this to older SDKs.",
        "Set AWS_STS_REGIONAL_ENDPOINTS=regional (annotation eks.amazonaws.com/sts-regional-endpoints: \"true\" on the service account) and drop any endpoint URL that names sts.amazonaws.com.")
        .run(&["kubectl -n {namespace} annotate --overwrite serviceaccount {serviceAccount} eks.amazonaws.com/sts-regional-endpoints=true"]),
    row(Code::EndpointOverride, INFO, "an endpoint URL for STS is configured",
        "AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL or the profile replaces the regional endpoint. That is right for emulators and some proxies, and a common leftover of testing.",
        "Unset AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL unless the override is meant."),
    row(Code::FipsEndpointAbsent, PERMANENT, "FIPS is asked for where STS has no FIPS endpoint",
        "AWS_USE_FIPS_ENDPOINT is true. SDKs then call sts-fips.<region>, which exists in us-east-1, us-east-2, us-west-1 and us-west-2 only (GovCloud's ordinary endpoints are FIPS), and most refuse FIPS beside a configured endpoint URL.",
        "Unset AWS_USE_FIPS_ENDPOINT, or use a region with a FIPS endpoint and no endpoint URL."),
    row(Code::PartitionMismatch, PERMANENT, "role and region belong to different partitions",
        "A role of one partition (aws, aws-cn, aws-us-gov, …) is unknown to the STS of every other one.",
        "Use a role of the region's partition, or correct AWS_REGION."),
];
