//! Step `assume-role`: what STS says to AssumeRoleWithWebIdentity.

use super::weight::{PERMANENT, SETTLING, TRANSIENT};
use super::{Class, Code, CodeRow, Severity, Snippet, Step};

const fn row(code: Code, weight: (Severity, Class), title: &'static str, cause: &'static str, remedy: &'static str) -> CodeRow {
    CodeRow::new(Step::AssumeRole, code, weight, title, cause, remedy)
}

const CREATE_PROVIDER: &str = "aws iam create-open-id-connect-provider --url {issuer} --client-id-list {audience}";
const GET_PROVIDER: &str =
    "aws iam get-open-id-connect-provider --open-id-connect-provider-arn arn:{partition}:iam::{account}:oidc-provider/{issuerPath}";
const GET_ROLE: &str = "aws iam get-role --role-name {roleName}";

pub(super) const ROWS: &[CodeRow] = &[
    row(Code::OidcProviderMissing, SETTLING, "the role's account has no IAM OIDC provider for this cluster",
        "STS looks for the token's issuer among the IAM OIDC providers of the role's account. It was never created there, the cluster was rebuilt and has a new issuer, or the role is in another account than the cluster.",
        "Create the provider in account {account}, which is the role's and may not be the cluster's.")
        .run(&[CREATE_PROVIDER, "aws iam list-open-id-connect-providers"]),
    row(Code::AudienceNotRegistered, SETTLING, "the token's audience is not registered with the OIDC provider",
        "The provider exists, but its client id list lacks the token's audience (a misspelt sts.amazon.com is the classic).",
        "Add {audience} to the client ids of the OIDC provider in account {account}.")
        .run(&["aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn arn:{partition}:iam::{account}:oidc-provider/{issuerPath} --client-id {audience}", GET_PROVIDER]),
    row(Code::ThumbprintMismatch, PERMANENT, "the OIDC provider's thumbprint does not match the issuer's certificate",
        "IAM falls back to thumbprints only for issuers whose certificate is not from a known authority; that certificate has changed.",
        "Update the provider's thumbprint list in account {account}.")
        .run(&["aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn arn:{partition}:iam::{account}:oidc-provider/{issuerPath} --thumbprint-list THUMBPRINT", GET_PROVIDER]),
    row(Code::TokenNotValidated, SETTLING, "STS could not validate the token, and does not say why",
        "Since 2026 STS answers some failures with one generic text. It can mean: no OIDC provider for the issuer in the role's account; an audience that is not registered with it; a signature or key that does not match the issuer's (a rebuilt cluster, a self-hosted issuer with stale keys); a malformed token.",
        "Check that account {account} has an OIDC provider for exactly {issuer} with the client id {audience}; create it if it has not.")
        .run(&[GET_PROVIDER, CREATE_PROVIDER]),
    row(Code::IssuerKeysUnavailable, TRANSIENT, "STS could not fetch the issuer's signing keys",
        "For EKS-hosted issuers this passes. For a self-hosted one: the discovery document or JWKS is not public, slow (over 5 s), larger than 100 keys, or lacks the key that signed the token.",
        "Retry; for a self-hosted issuer publish {issuer}/.well-known/openid-configuration and its JWKS on the internet."),
    row(Code::TokenRejected, PERMANENT, "STS does not accept the token",
        "STS answered that this is no valid web identity token: a wrong or damaged file, a missing claim, an unsupported algorithm.",
        "Let the webhook mount the projected token, and recreate the pod.")
        .run(&["kubectl -n {namespace} get pod {pod} -o yaml"]),
    row(Code::TokenExpiredAtSts, SETTLING, "STS says that the token has expired",
        "By STS's clock the token is past its exp. An application that keeps the token instead of reading the file anew, a copy of the file or a subPath mount, which are never rotated, send old ones. \
         Where the file's own token is still valid by this node's clock, that clock is slow, or the file changed in between.",
        "Read the projected file anew for each exchange, without copy or subPath; set the clock of node {node} right if it is slow (chrony/NTP). Recreating the pod gives a fresh token."),
    row(Code::TrustPolicyDenied, SETTLING, "the role's trust policy does not accept this service account",
        "STS knows the issuer and the token is good, but nothing in the role's trust policy allows it: sub (namespace or service account), aud or the Federated principal does not match, a * stands under StringEquals, the action is sts:AssumeRole, or a Deny in it applies. A role that does not exist looks exactly the same.",
        "Check that role {roleArn} exists, and give it the trust policy below.")
        .run(&[GET_ROLE, "aws iam update-assume-role-policy --role-name {roleName} --policy-document file://trust-policy.json"])
        .apply(Snippet::TrustPolicy),
    row(Code::ExplicitlyDenied, SETTLING, "a policy above the role denies this call",
        "A service control policy, a resource control policy, a VPC endpoint policy or another one above the role refuses the call; the role's trust policy is not the cause.",
        "Read in AWS's text which kind of policy denies, and have it allow this call for {roleArn}.")
        .run(&["aws ec2 describe-vpc-endpoints --region {region} --filters Name=service-name,Values=com.amazonaws.{region}.sts"]),
    row(Code::RoleArnRejected, PERMANENT, "STS does not take this as a role ARN",
        "It looks like an ARN but names no role in this partition: the ARN of another resource, of another partition, or damaged; or an endpoint override leads to another partition's STS.",
        "Correct the annotation eks.amazonaws.com/role-arn of service account {namespace}/{serviceAccount} and recreate the pod. If the annotation is right, look at the endpoint that was called.")
        .run(&["kubectl -n {namespace} get serviceaccount {serviceAccount} -o yaml"]),
    row(Code::RequestRejected, PERMANENT, "STS rejects a parameter of the request",
        "A value from the environment breaks STS's constraints; most often AWS_ROLE_SESSION_NAME (2–64 characters of letters, digits and _+=,.@-).",
        "Correct the value that AWS's text names, or unset AWS_ROLE_SESSION_NAME."),
    row(Code::SessionTooLong, PERMANENT, "the requested session is longer than the role allows",
        "The duration asked for exceeds the role's MaxSessionDuration.",
        "Ask for a shorter session, or raise the role's MaxSessionDuration.")
        .run(&["aws iam update-role --role-name {roleName} --max-session-duration 43200"]),
    row(Code::StsRegionDisabled, PERMANENT, "STS is not active in this region for the role's account",
        "The account's administrator deactivated the regional STS endpoint, or has not enabled this opt-in region. What counts is the role's account, not the cluster's.",
        "Activate STS for {region} in account {account} (IAM console, Account settings; for an opt-in region enable the region).")
        .run(&["aws account enable-region --region-name {region}"]),
    row(Code::Throttled, TRANSIENT, "STS throttles the calls",
        "The account's request quota for STS in this region is used up, often by many pods that start at once or by an SDK that exchanges the token for every request.",
        "Wait and retry; spread starts, cache credentials in the application, or ask AWS for a higher quota."),
    row(Code::IdpRejected, PERMANENT, "the identity provider rejected the claim",
        "The issuer itself refused the token; on EKS this practically never happens.",
        "Recreate the pod for a new token; look at the issuer if it is self-hosted."),
    row(Code::IdpUnreachable, TRANSIENT, "STS cannot reach the identity provider",
        "STS could not reach the issuer to verify the token; AWS calls this transient.",
        "Retry; a self-hosted issuer has to be reachable from the internet."),
    row(Code::StsError, TRANSIENT, "STS answered with an error that is not in the catalogue",
        "The error's code is not known to this version; AWS's own text is in the detail.",
        "Read AWS's text in the detail; look the code up in the AWS documentation, and please report it."),
];
