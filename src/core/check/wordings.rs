//! Words that replace the catalogue's: for an identity that a profile names, for the further roles of a profile, and for an application
//! whose SDK is known.
//!
//! The rows are about what the webhook injects. Their fixes do not help where a file names the identity.

use crate::core::catalogue::Code;
use crate::core::catalogue::commands::{FixCommand, GET_POD, read};
use crate::core::catalogue::wording::Wording;

/// Where a profile names the identity.
pub static OF_PROFILE: &[(Code, Wording)] = &[
    (
        Code::RoleArnMalformed,
        Wording {
            title: "the profile's role_arn is not the ARN of a role",
            fix: "Correct role_arn in the mounted configuration file: arn:{partition}:iam::ACCOUNT:role/NAME.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::RoleDiffersFromExpected,
        Wording {
            title: "the profile's role is not the expected one",
            fix: "Correct role_arn in the mounted configuration file, AWS_PROFILE, or the expected role.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::RegionMissing,
        Wording {
            title: "no AWS region is set, neither in a variable nor in the profile",
            fix: "Set AWS_REGION in the container's env, or set region in the profile.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::PartitionMismatch,
        Wording {
            title: "the role and the region belong to different partitions",
            fix: "Use roles of the region's partition in the profile, or correct the region.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenMissing,
        Wording {
            title: "the profile's token file does not exist",
            fix: "Mount a projected service account token with audience {audience} at {tokenPath}, or correct web_identity_token_file in the \
                profile.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenOversized,
        Wording {
            title: "the token file is larger than STS accepts",
            fix: "Set web_identity_token_file in the profile to a projected service account token. It is {tokenPath} now.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenMalformed,
        Wording {
            title: "the profile's token file does not hold a service account token",
            fix: "Set web_identity_token_file in the profile to a projected service account token, not to a copy. It is {tokenPath} now.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenAudienceUnexpected,
        Wording {
            title: "the token was not issued for AWS",
            fix: "Project the token at {tokenPath} with audience sts.amazonaws.com. If another audience is intended, register it as a client ID \
                of the OIDC provider and name it in the trust policy.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenRejected,
        Wording {
            title: "STS does not accept the token",
            fix: "Set web_identity_token_file in the profile to a projected service account token. It is {tokenPath} now.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::RoleArnRejected,
        Wording {
            title: "STS does not accept the role ARN",
            fix: "Correct role_arn in the profile. If it is right, check the endpoint that was called.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::RequestRejected,
        Wording {
            title: "STS rejects a parameter that comes from the profile",
            fix: "Correct the key of the profile whose value AWS's text names. Most often it is role_session_name, which takes 2–64 characters: \
                letters, digits and _+=,.@-.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::IdentityMismatch,
        Wording {
            title: "the credentials belong to another role than the last one of the profile",
            fix: "Check the endpoint that was called, or correct the expected role. The server at that endpoint may not be STS.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::ChainDisagrees,
        Wording {
            title: "the SDK's default chain does not get the profile's identity",
            fix: "Remove what diverts the default chain: an endpoint setting, or an AWS_* variable.",
            commands: &[GET_POD],
        },
    ),
];

/// The titles of checks where a profile names the identity, by the check's id.
static TITLES: &[(&str, &str)] = &[("role-arn", "the profile's role_arn is the ARN of the expected role")];

/// The trust policy of the role that refuses. It is in that role's account.
const TRUST_OF_NEXT: FixCommand = read("aws iam get-role --role-name {resourceName} --query Role.AssumeRolePolicyDocument");

/// Where a further role of a profile is refused. `roleArn` is the role that was obtained, `resource` the one that was not.
pub static OF_HOP: &[(Code, Wording)] = &[
    (
        Code::TrustPolicyDenied,
        Wording {
            title: "the role may not assume the profile's next role",
            fix: "Allow role {roleName} sts:AssumeRole on {resource}, whose trust policy has to name {roleArn} as Principal. Check first which of \
                the two is missing. Add a statement to the trust policy, in account {account}: aws iam update-assume-role-policy replaces the \
                whole policy. If the trust policy requires sts:ExternalId, set external_id in the profile to its value.",
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
            title: "a policy denies the pod's role the next role of its profile",
            fix: "Ask the owner of the denying policy to allow {roleArn} sts:AssumeRole on {resource}. AWS's text says which kind of policy \
                denies. It applies to others, too.",
            commands: &[read(
                "aws iam simulate-principal-policy --policy-source-arn {roleArn} --action-names sts:AssumeRole --resource-arns {resource}",
            )],
        },
    ),
    (
        Code::RoleArnRejected,
        Wording {
            title: "STS does not accept the ARN of the profile's next role",
            fix: "Correct role_arn of the next role in the profile. It is {resource} now.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::SessionTooLong,
        Wording {
            title: "the profile requests a longer session than a further role can have",
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
        fix: "Remove the cause: a variable, static keys, or a profile that is not intended. If this SDK cannot read the \
            identity in its present form, set AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_REGION, or use a version that can.",
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As for the catalogue's rows.
    #[test]
    fn every_wording_says_something_short_enough_to_read() {
        for Wording { title, fix, .. } in all() {
            assert!((10..=76).contains(&title.len()) && !title.ends_with('.'), "{title}");
            let first = fix.split_once(". ").map_or(*fix, |(first, _)| first);
            assert!((20..=150).contains(&first.len()) && fix.len() <= 480, "{title}: {fix}");
        }
    }
}
