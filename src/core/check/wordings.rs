//! Words in place of the catalogue's: for an identity that a profile names, for the further roles of a profile, and for an application
//! whose SDK is known.
//!
//! The rows speak of what the webhook injects. Nothing of that helps where a file names the identity.

use crate::core::catalogue::Code;
use crate::core::catalogue::commands::{FixCommand, GET_POD, read};
use crate::core::catalogue::wording::Wording;

/// Where a profile names the identity.
pub static OF_PROFILE: &[(Code, Wording)] = &[
    (
        Code::RoleArnMalformed,
        Wording {
            title: "role_arn of the profile is not the ARN of a role",
            fix: "Correct role_arn in the configuration file that is mounted: arn:{partition}:iam::ACCOUNT:role/NAME.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::RoleDiffersFromExpected,
        Wording {
            title: "the profile's role is not the expected one",
            fix: "Correct role_arn in the configuration file that is mounted, AWS_PROFILE, or the expectation.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::RegionMissing,
        Wording {
            title: "neither the variables nor the profile name a region",
            fix: "Set AWS_REGION in the container's env, or region in the profile.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::PartitionMismatch,
        Wording {
            title: "role and region belong to different partitions",
            fix: "Use roles of the region's partition in the profile, or correct the region.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenMissing,
        Wording {
            title: "the token file that the profile names does not exist",
            fix: "Mount a projected service account token with audience {audience} at {tokenPath}, or correct web_identity_token_file in the \
                profile.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenOversized,
        Wording {
            title: "the token file is larger than STS accepts",
            fix: "Let web_identity_token_file in the profile name a projected service account token. It names {tokenPath}.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenMalformed,
        Wording {
            title: "the token file that the profile names holds no service account token",
            fix: "Let web_identity_token_file in the profile name a projected service account token, without a copy. It names {tokenPath}.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenAudienceUnexpected,
        Wording {
            title: "the token is not meant for AWS",
            fix: "Project the token at {tokenPath} with audience sts.amazonaws.com. If another audience is meant, it has to be a client id of \
                the OIDC provider and stand in the trust policy.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenRejected,
        Wording {
            title: "STS does not accept the token",
            fix: "Let web_identity_token_file in the profile name a projected service account token. It names {tokenPath}.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::RoleArnRejected,
        Wording {
            title: "STS does not take this as a role ARN",
            fix: "Correct role_arn in the profile. If it is right, look at the endpoint that was called.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::RequestRejected,
        Wording {
            title: "STS rejects a parameter that the profile gives",
            fix: "Correct the key of the profile whose value AWS's text names; most often role_session_name (2–64 characters of letters, \
                digits and _+=,.@-).",
            commands: &[GET_POD],
        },
    ),
    (
        Code::IdentityMismatch,
        Wording {
            title: "the credentials belong to another role than the profile's last one",
            fix: "Look at the endpoint that was called: what answers there may not be AWS's STS. Or correct the expectation.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::ChainDisagrees,
        Wording {
            title: "the SDK's default chain does not become the profile's identity",
            fix: "Remove what leads the chain astray, as the detail says: endpoint settings, or AWS_* variables beside the profile.",
            commands: &[GET_POD],
        },
    ),
];

/// The titles of checks where a profile names the identity, by the check's id.
static TITLES: &[(&str, &str)] = &[("role-arn", "role_arn of the profile is the ARN of the expected role")];

/// The trust policy of the role that refuses. It is in that role's account.
const TRUST_OF_NEXT: FixCommand = read("aws iam get-role --role-name {resourceName} --query Role.AssumeRolePolicyDocument");

/// Where a further role of a profile is refused. `roleArn` is the role that was obtained, `resource` the one that was not.
pub static OF_HOP: &[(Code, Wording)] = &[
    (
        Code::TrustPolicyDenied,
        Wording {
            title: "the pod's role may not assume the next role of its profile",
            fix: "Look first at both sides: the trust policy of {resource}, in account {account}, and the policies of role {roleName}. Add \
                a statement with Principal {roleArn} to that trust policy, and allow role {roleName} sts:AssumeRole on {resource}. Where \
                the trust policy asks for sts:ExternalId, write its value as external_id into the profile. aws iam \
                update-assume-role-policy replaces the whole policy.",
            commands: &[
                TRUST_OF_NEXT,
                read(
                    "aws iam simulate-principal-policy --policy-source-arn {roleArn} --action-names sts:AssumeRole --resource-arns {resource}",
                ),
                read("irsa-probe explain role-chain-denied"),
            ],
        },
    ),
    (
        Code::ExplicitlyDenied,
        Wording {
            title: "a policy denies the role its further role",
            fix: "Read in AWS's text which kind of policy denies. Such a policy holds for others, too: ask its owner to allow {roleArn} \
                sts:AssumeRole on {resource}.",
            commands: &[read(
                "aws iam simulate-principal-policy --policy-source-arn {roleArn} --action-names sts:AssumeRole --resource-arns {resource}",
            )],
        },
    ),
    (
        Code::RoleArnRejected,
        Wording {
            title: "STS does not take the further role's ARN as one",
            fix: "Correct role_arn of the further role in the profile: {resource}.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::SessionTooLong,
        Wording {
            title: "the profile asks for a longer session than a further role can have",
            // IAM user guide, "Roles terms and concepts", role chaining: one hour at most.
            fix: "Set duration_seconds of the profile to 3600 or less, or remove it. A role that another role assumes gets one hour at most, \
                whatever it allows.",
            commands: &[GET_POD],
        },
    ),
];

/// Where the application's SDK is known.
pub static OF_APP: &[(Code, Wording)] = &[(
    Code::SdkDiffers,
    Wording {
        title: "the application's SDK does not get this identity",
        fix: "Remove the cause that the detail names: a variable, static keys, or a profile that is not meant. Where this SDK does not read the \
            identity as it is given, give it by AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_REGION, or use a version that reads it.",
        commands: &[read("irsa-probe sdks")],
    },
)];

/// The title of a check where a profile names the identity.
pub(super) fn title_of_profile(check: &str) -> Option<&'static str> {
    TITLES.iter().find(|(id, _)| *id == check).map(|(_, title)| *title)
}

/// The words for a code where a profile names the identity.
pub(super) fn of_profile(code: Code) -> Option<&'static Wording> {
    find(OF_PROFILE, code)
}

/// The words for a code where a further role of a profile is refused.
pub(super) fn of_hop(code: Code) -> Option<&'static Wording> {
    find(OF_HOP, code)
}

/// The words for a code where the application's SDK is known.
pub(super) fn of_app(code: Code) -> Option<&'static Wording> {
    find(OF_APP, code)
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Wording> {
    OF_PROFILE.iter().chain(OF_HOP).chain(OF_APP).map(|(_, wording)| wording)
}

fn find(words: &'static [(Code, Wording)], code: Code) -> Option<&'static Wording> {
    words.iter().find(|(known, _)| *known == code).map(|(_, wording)| wording)
}
