//! Each variant of a fix: a text that gets it, and a near one that gets another.

use super::super::record::Window;
use super::*;
use crate::core::catalogue::commands::CommandEffect;

fn advice(code: Code, detail: &str, text: &str) -> Advice {
    let lower = text.to_ascii_lowercase();
    let facts = facts::facts(Window { text, lower: &lower, at: 0 });
    remedy(code, &facts, &Situation::of(text, &lower, &facts), Some(detail).filter(|detail| !detail.is_empty()))
}

/// A code, the detail, a text, and a part of the fix that it gets.
type Case = (Code, &'static str, &'static str, &'static str);

const IN_A_POD: &str = "the row of the catalogue";
const INVALID: &str = "api error InvalidClientTokenId: The security token included in the request is invalid.";

/// Pairs: the second is a near miss of the first, and gets another fix.
const CASES: &[[Case; 2]] = &[
    [
        (
            Code::KubernetesAccessMissing,
            "",
            "User \"arn:aws:sts::111122223333:assumed-role/eks-node/i-0123456789abcdef0\" cannot list resource \"pods\"",
            "let it use its service account",
        ),
        (
            Code::KubernetesAccessMissing,
            "",
            "User \"arn:aws:sts::111122223333:assumed-role/eks-node/i-am-mary\" cannot list resource \"pods\"",
            "bind a Role",
        ),
    ],
    [
        (
            Code::ExplicitlyDenied,
            "AWS names it: a service control policy.",
            "User: arn:aws:sts::111122223333:assumed-role/eks-node/i-0123456789abcdef0 is not authorized to perform: ecr:BatchGetImage on resource: x with an explicit deny in a service control policy",
            "whether nodes are meant to make this call",
        ),
        (
            Code::ExplicitlyDenied,
            "AWS names it: a service control policy.",
            "User: arn:aws:sts::111122223333:assumed-role/ci/s is not authorized to perform: ecr:BatchGetImage on resource: x with an explicit deny in a service control policy",
            "to exempt arn:aws:iam::111122223333:role/ci from",
        ),
    ],
    [
        (
            Code::SessionRejected,
            "",
            "export AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE AWS_SESSION_TOKEN=[redacted] InvalidClientTokenId: The security token included in the request is invalid.",
            "from one and the same login",
        ),
        (
            Code::SessionRejected,
            "",
            "key AKIAIOSFODNN7EXAMPLE: InvalidClientTokenId: The security token included in the request is invalid.",
            "aws iam list-access-keys --user-name USER_NAME",
        ),
    ],
    [
        (
            Code::SessionRejected,
            "",
            "Run aws-actions/configure-aws-credentials@v4 Error: The security token included in the request is invalid.",
            "own OIDC token",
        ),
        (Code::SessionRejected, "", INVALID, "Check which credentials the program uses"),
    ],
    [
        (
            Code::SessionRejected,
            "",
            "/home/mary/.aws/credentials: InvalidClientTokenId: The security token included in the request is invalid.",
            "Unset AWS_ACCESS_KEY_ID",
        ),
        (
            Code::SessionRejected,
            "",
            "\"controller\": \"dns\" InvalidClientTokenId: The security token included in the request is invalid.",
            "Check whether the pod has static keys",
        ),
    ],
    [
        (
            Code::SessionRejected,
            "",
            "169.254.170.23 InvalidClientTokenId: The security token included in the request is invalid.",
            "If its role is injected",
        ),
        (
            Code::SessionRejected,
            "",
            "169.254.170.23 ASIAIOSFODNN7EXAMPLE InvalidClientTokenId: The security token included in the request is invalid.",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::ExplicitlyDenied,
            "",
            "not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: arn:aws:iam::111122223333:role/checkout because no VPC endpoint policy allows the action",
            "in the endpoint's policy",
        ),
        (
            Code::ExplicitlyDenied,
            "",
            "not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: arn:aws:iam::111122223333:role/checkout with an explicit deny in a service control policy",
            "to exempt arn:aws:iam::111122223333:role/checkout from the service control policy",
        ),
    ],
    [
        (
            Code::SessionExpired,
            "",
            "The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.",
            "Log in again with the profile",
        ),
        (
            Code::SessionExpired,
            "",
            "/Users/mary/.aws/config ExpiredToken: The provided token has expired.",
            "in this shell, and log in or assume",
        ),
    ],
    [
        (
            Code::NoCredentialsFound,
            "",
            "Error when retrieving token from sso: Token has expired and refresh failed",
            "Log in again with the profile",
        ),
        (Code::NoCredentialsFound, "", "Unable to locate credentials", IN_A_POD),
    ],
    [
        (Code::SessionExpired, "", "##[error]ExpiredToken: The provided token has expired.", "role-duration-seconds"),
        (Code::SessionExpired, "", "ExpiredToken: The provided token has expired.", "Let the SDK get the credentials itself"),
    ],
    [
        (Code::SessionExpired, "", "ExpiredToken: The security token included in the request is expired", "Do not copy a session's keys"),
        (Code::SessionExpired, "", "169.254.170.23 ExpiredToken: The security token included in the request is expired", IN_A_POD),
    ],
    [
        (Code::SignatureRejected, "", "MissingAuthenticationToken: Request is missing Authentication Token", "Signature Version 4"),
        (
            Code::SignatureRejected,
            "",
            "SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided.",
            "Copy the access key id and the secret access key again",
        ),
    ],
    [
        (
            Code::SignatureRejected,
            "",
            "E0301 10:00:00.000000       1 controller.go:167] SignatureDoesNotMatch: The request signature we calculated does not match",
            "in the Secret that the pod gets it from",
        ),
        (
            Code::SignatureRejected,
            "",
            "E0301 10:00:00.000000       1 controller.go:167] ASIAIOSFODNN7EXAMPLE: The request signature we calculated does not match",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::SessionTooLong,
            "",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            "Set the requested duration to 3600 seconds or less",
        ),
        (Code::SessionTooLong, "", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", IN_A_POD),
    ],
    [
        (
            Code::SessionTooLong,
            "",
            "Run aws-actions/configure-aws-credentials: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "Lower the duration that the job requests",
        ),
        (Code::SessionTooLong, "", "Run aws-actions/configure-aws-credentials: exceeds the 1 hour session limit", "3600 seconds or less"),
    ],
    [
        (
            Code::TrustPolicyDenied,
            "",
            "sub repo:shop/checkout:environment:prod Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity",
            "\"token.actions.githubusercontent.com:sub\": \"repo:shop/checkout:environment:prod\"",
        ),
        (Code::TrustPolicyDenied, "", "Not authorized to perform sts:AssumeRoleWithWebIdentity", IN_A_POD),
    ],
    [
        (
            Code::TrustPolicyDenied,
            "",
            "project_path:shop/checkout:ref_type:branch:ref:main Not authorized to perform sts:AssumeRoleWithWebIdentity",
            ":aud\": \"AUDIENCE\"",
        ),
        (Code::TrustPolicyDenied, "", "##[error]Not authorized to perform sts:AssumeRoleWithWebIdentity", "GitLab's with project_path"),
    ],
    [
        (
            Code::OidcProviderMissing,
            "",
            "No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com",
            "admit the jobs that their trust policies name",
        ),
        (
            Code::OidcProviderMissing,
            "",
            "No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
            IN_A_POD,
        ),
    ],
    [
        (Code::AudienceNotRegistered, "", "##[error]Incorrect token audience", "the input audience"),
        (Code::AudienceNotRegistered, "", "Incorrect token audience", IN_A_POD),
    ],
    [
        (
            Code::TokenExpiredAtSts,
            "",
            "id-token: write Token expired: current date/time 1753382758",
            "Fetch the token right before the exchange",
        ),
        (Code::TokenExpiredAtSts, "", "Token expired: current date/time 1753382758", IN_A_POD),
    ],
    [
        (
            Code::TokenRejected,
            "",
            ".gitlab-ci.yml: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
            "CI_JOB_TOKEN",
        ),
        (
            Code::TokenRejected,
            "",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
            IN_A_POD,
        ),
    ],
    [
        (Code::RoleArnRejected, "", "aws-actions/configure-aws-credentials Request ARN is invalid", "Correct role-to-assume"),
        (Code::RoleArnRejected, "", "Request ARN is invalid", IN_A_POD),
    ],
    [
        (Code::NoCredentialsFound, "", "/home/runner/work/shop/shop Unable to locate credentials", "under permissions"),
        (Code::NoCredentialsFound, "", "/home/mary/.aws/config Unable to locate credentials", "Log in, or select the profile"),
    ],
    [
        (Code::NoCredentialsFound, "", "/home/ec2-user/app.py: Unable to locate credentials", "instance profile and that IMDS answers"),
        (Code::NoCredentialsFound, "", "/home/app/app.py: Unable to locate credentials", IN_A_POD),
    ],
    [
        (
            Code::NodeRoleFallback,
            "",
            "/home/ec2-user/app.py User: arn:aws:sts::111122223333:assumed-role/web/i-0123456789abcdef0 is not authorized to perform: s3:GetObject",
            "Check whether a pod or the instance itself made the call",
        ),
        (
            Code::NodeRoleFallback,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/web/i-0123456789abcdef0 is not authorized to perform: s3:GetObject",
            "Leave the node's role as it is",
        ),
    ],
    [
        (
            Code::ServiceAccountMissing,
            "",
            "error looking up service account shop/checkout: serviceaccount \"checkout\" not found",
            "Create service account checkout in namespace shop",
        ),
        (
            Code::NodeRoleFallback,
            "",
            "/var/lib/kubelet/pods/0a/b User: arn:aws:sts::111122223333:assumed-role/web/i-0123456789abcdef0 is not authorized to perform: s3:GetObject",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::ProfileMissing,
            "",
            "/home/mary/.aws/config The config profile (prod) could not be found",
            "add the profile to ~/.aws/config",
        ),
        (Code::ProfileMissing, "", "The config profile (prod) could not be found", IN_A_POD),
    ],
    [
        (Code::RegionMissing, "", "/home/runner/work/a/a You must specify a region.", "sets it from aws-region"),
        (Code::RegionMissing, "", "You must specify a region.", IN_A_POD),
    ],
    [
        (
            Code::ClockSkew,
            "",
            "/Users/mary/.aws/config Signature expired: 20220127T001427Z is now earlier than",
            "Correct the clock of this machine",
        ),
        (Code::ClockSkew, "", "Signature expired: 20220127T001427Z is now earlier than", IN_A_POD),
    ],
    [
        (
            Code::ConnectTimeout,
            "",
            "/Users/mary/.aws/config Connect timeout on endpoint URL: \"https://sts.eu-west-1.amazonaws.com/\"",
            "that sts.eu-west-1.amazonaws.com is the host",
        ),
        (Code::ConnectTimeout, "", "Connect timeout on endpoint URL: \"https://sts.eu-west-1.amazonaws.com/\"", IN_A_POD),
    ],
    [
        (Code::TokenMalformed, "", "Auth token value is not a legal header value", "unset AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        (Code::TokenMalformed, "", "the token is not a JWT", IN_A_POD),
    ],
    [
        (
            Code::AgentTokenRejected,
            "",
            "response 400 from container metadata: Service account token cannot be empty",
            "sends the content of that file",
        ),
        (Code::AgentTokenRejected, "", "Service account token failed basic claim validations: token is expired", IN_A_POD),
    ],
    [
        (
            Code::AgentTokenRejected,
            "",
            "Service account token cannot be parsed: token contains an invalid number of segments",
            "without Bearer",
        ),
        (Code::AgentTokenRejected, "", "Service account token cannot be empty", "supports EKS Pod Identity"),
    ],
    [
        (
            Code::SdkTooOld,
            "",
            "The full URI (http://[fd00:ec2::23]/v1/credentials) contained within environment variable AWS_CONTAINER_CREDENTIALS_FULL_URI has an invalid host.",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6",
        ),
        (
            Code::SdkTooOld,
            "",
            "The full URI (http://169.254.170.23/v1/credentials) contained within environment variable AWS_CONTAINER_CREDENTIALS_FULL_URI has an invalid host.",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::WebhookMissing,
            "",
            "failed calling webhook \"pod-identity-webhook.amazonaws.com\": failed to call webhook: Post \"https://x.svc:443/mutate\": x509: certificate signed by unknown authority",
            "into caBundle",
        ),
        (
            Code::WebhookMissing,
            "",
            "failed calling webhook \"pod-identity-webhook.amazonaws.com\": failed to call webhook: Post \"https://x.svc:443/mutate\": connect: connection refused",
            "Bring the webhook's pods back",
        ),
    ],
    [
        (
            Code::WebhookMissing,
            "",
            "failed calling webhook \"iam-for-pods.amazonaws.com\": failed to call webhook: context deadline exceeded",
            "ask AWS support",
        ),
        (
            Code::WebhookMissing,
            "",
            "mutatingwebhookconfigurations.admissionregistration.k8s.io \"pod-identity-webhook\" not found",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::KubernetesAccessMissing,
            "",
            "pods is forbidden: User \"arn:aws:iam::111122223333:user/mary\" cannot list resource \"pods\" in API group \"\"",
            "Associate an access policy with the access entry of arn:aws:iam::111122223333:user/mary",
        ),
        (Code::KubernetesAccessMissing, "", "level=warning error=\"ARN is not mapped: arn:aws:iam::111122223333:user/mary\"", IN_A_POD),
    ],
    [
        (
            Code::KubernetesAccessMissing,
            "kubectl does not say why: expired AWS credentials look the same.",
            "error: You must be logged in to the server (Unauthorized)",
            "kubectl config get-contexts",
        ),
        (
            Code::KubernetesAccessMissing,
            "",
            "Your current IAM principal doesn't have access to Kubernetes objects on this cluster.",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::PermissionMissing,
            "",
            "Failed to pull image: User: arn:aws:sts::111122223333:assumed-role/node/i-0123456789abcdef0 is not authorized to perform: ecr:BatchGetImage on resource: x",
            "does not belong to the node",
        ),
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/node/i-checkout is not authorized to perform: ecr:BatchGetImage on resource: x",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0a1b2c3d4e5f6a7b/mary is not authorized to perform: eks:DescribeCluster on resource: x",
            "allow eks:DescribeCluster on x in the permission set",
        ),
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/dev/mary is not authorized to perform: eks:DescribeCluster on resource: x",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::orders/1\" with an explicit deny in an identity-based policy",
            "ask its owner to exempt this caller",
        ),
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::orders/1\" because no identity-based policy allows the s3:PutObject action",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::PermissionMissing,
            "",
            "An error occurred (403) when calling the HeadObject operation: Forbidden",
            "Allow s3:GetObject on the object and s3:ListBucket on its bucket",
        ),
        (Code::PermissionMissing, "", "An error occurred (AccessDenied) when calling the ListObjectsV2 operation: Access Denied", IN_A_POD),
    ],
    [
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:111122223333:key/0a because no resource-based policy allows",
            "check that the key policy",
        ),
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:111122223333:a",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::PermissionMissing,
            "Caller and resource are in different accounts (111122223333 and 444455556666): both sides have to allow it.",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:444455556666:a",
            "ask the resource's owner",
        ),
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:111122223333:a",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::PermissionMissing,
            "The text does not say who was denied: irsa-probe check in the pod shows it.",
            "/home/runner/work/a An error occurred (AccessDenied) when calling the GetObject operation: Access Denied",
            "Check first who is calling",
        ),
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: s3:GetObject",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:iam::111122223333:user/mary is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k",
            "in a policy of user mary",
        ),
        (
            Code::PermissionMissing,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/mary/s is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::RoleChainDenied,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/eks-prod-checkout-6-0a0b0c0d-1111-2222-3333-444455556666 is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/queue",
            "Allow sts:AssumeRole and sts:TagSession on arn:aws:iam::444455556666:role/queue",
        ),
        (
            Code::RoleChainDenied,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/1706310212742318132 is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/queue",
            IN_A_POD,
        ),
    ],
    [
        (
            Code::RoleChainDenied,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: sts:TagSession on resource: arn:aws:iam::444455556666:role/queue",
            "let the caller pass no tags",
        ),
        (
            Code::RoleChainDenied,
            "",
            "User: arn:aws:sts::111122223333:assumed-role/node/i-0123456789abcdef0 is not authorized to perform: sts:TagSession on resource: arn:aws:iam::444455556666:role/queue",
            "does not belong to the node",
        ),
    ],
    [
        (
            Code::ExplicitlyDenied,
            "AWS names it: a service control policy.",
            "with an explicit deny in a service control policy",
            "from the service control policy",
        ),
        (Code::ExplicitlyDenied, "", "with an explicit deny", IN_A_POD),
    ],
    [
        (Code::ExplicitlyDenied, "AWS names it: a resource control policy.", "with an explicit deny", "from the resource control policy"),
        (
            Code::ExplicitlyDenied,
            "AWS names it: a VPC endpoint policy.",
            "because no VPC endpoint policy allows",
            "aws ec2 describe-vpc-endpoints",
        ),
    ],
    [
        (
            Code::ExplicitlyDenied,
            "AWS names it: a permissions boundary.",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: sqs:SendMessage on resource: x because no permissions boundary allows",
            "aws iam get-role --role-name checkout --query Role.PermissionsBoundary",
        ),
        (
            Code::ExplicitlyDenied,
            "AWS names it: a session policy.",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: sqs:SendMessage on resource: x because no session policy allows",
            "Add sqs:SendMessage to the session policy where",
        ),
    ],
    [
        (
            Code::ExplicitlyDenied,
            "AWS names it: a session policy.",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/eks-prod-checkout-6-0a0b0c0d-1111-2222-3333-444455556666 is not authorized to perform: sqs:SendMessage on resource: x because no session policy allows",
            "Add sqs:SendMessage to the policy of the Pod Identity association",
        ),
        (
            Code::ExplicitlyDenied,
            "AWS names it: a session policy.",
            "User: arn:aws:sts::111122223333:assumed-role/checkout/eks-prod is not authorized to perform: sqs:SendMessage on resource: x because no session policy allows",
            "where the session is made",
        ),
    ],
];

fn whole(advice: &Advice) -> String {
    let commands = advice.remedy.commands.iter().flat_map(|command| [Some(command.command.as_str()), command.touches.as_deref()]).flatten();
    let texts = [Some(advice.remedy.text.as_str()), advice.remedy.snippet.as_deref()].into_iter().flatten();
    texts.chain(commands).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_text_gets_the_fix_of_its_situation() {
    let mut wrong = String::new();
    for [one, near] in CASES {
        for (code, detail, text, part) in [one, near] {
            let advice = advice(*code, detail, text);
            let right = if *part == IN_A_POD {
                advice.title == code.row().title
            } else {
                whole(&advice).contains(part) && advice.title != code.row().title
            };
            if !right {
                wrong.push_str(&format!("{code}: {text}\n  wanted: {part}\n  found: {}: {}\n", advice.title, whole(&advice)));
            }
        }
        let (first, second) = (advice(one.0, one.1, one.2), advice(near.0, near.1, near.2));
        assert_ne!(first.remedy.text, second.remedy.text, "{}", near.2);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_row_is_reached() {
    let reached: Vec<&str> = CASES.iter().flatten().map(|(code, detail, text, _)| advice(*code, detail, text).title).collect();
    for row in ROWS {
        assert!(reached.contains(&row.wording.title), "{}", row.wording.title);
    }
}

#[test]
fn no_command_changes_what_is_others_without_saying_so() {
    for (code, detail, text, _) in CASES.iter().flatten() {
        for command in advice(*code, detail, text).remedy.commands {
            assert_eq!(command.touches.is_some(), command.effect == CommandEffect::Shared, "{}", command.command);
            assert!(!command.command.contains(['{', '}']) || command.command.contains("VpcEndpoints[]"), "{}", command.command);
        }
    }
}

/// Whatever the code and the text, a node's role is given nothing.
#[test]
fn no_fix_gives_the_node_s_role_a_permission() {
    const CODES: [Code; 6] = [
        Code::PermissionMissing,
        Code::PassRoleMissing,
        Code::RoleChainDenied,
        Code::NodeRoleFallback,
        Code::ExplicitlyDenied,
        Code::KubernetesAccessMissing,
    ];
    const GIVES: [&str; 5] = ["policy of role", "llow ", "exempt", "associate-access-policy", "create-access-entry"];
    for program in ["", "kubelet: ", "aws-node: ", "nodeadm: ", "/var/lib/kubelet/pods/0a/volumes: "] {
        for action in ["s3:GetObject", "kms:Decrypt", "iam:PassRole", "sts:AssumeRole", "sts:TagSession"] {
            let text = format!(
                "{program}User: arn:aws:sts::111122223333:assumed-role/eks-node/i-0123456789abcdef0 is not authorized to perform: {action} on resource: x when calling the HeadObject operation"
            );
            for code in CODES {
                for detail in
                    ["", "AWS names it: a service control policy.", "AWS names it: a VPC endpoint policy.", "does not say who was denied"]
                {
                    let said = whole(&advice(code, detail, &text));
                    assert!(!GIVES.iter().any(|gives| said.contains(gives)), "{code}: {text}\n{said}");
                }
            }
        }
    }
}

/// An operation alone says which permission is missing.
#[test]
fn the_permission_follows_from_the_operation() {
    let said = |text: &str| whole(&advice(Code::PermissionMissing, "", text));
    assert!(
        said("An error occurred (AccessDenied) when calling the ListObjectsV2 operation: Access Denied").contains("Allow s3:ListBucket on")
    );
    assert!(said("operation error SQS: SendMessage, https response error StatusCode: 403").contains("Allow sqs:SendMessage on"));
    assert!(said("An error occurred (AccessDenied) when calling the DescribeThings operation").contains("Allow ACTION on"));
}
