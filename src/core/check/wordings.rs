//! Words that replace the catalogue's: for an identity that a profile names, for the further roles of a profile, and for an application
//! whose SDK is known.
//!
//! The rows are about what the webhook injects. Their fixes do not help where a file names the identity.

use crate::core::catalogue::Code;
use crate::core::catalogue::commands::{DOCTOR, GET_POD, TRUST_OF_RESOURCE, read};
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
            fix: "Correct the value in the profile that AWS's text names: role_session_name, external_id or duration_seconds. A session name \
                has 2 to 64 characters: letters, digits and _+=,.@-.",
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

/// Where a further role of a profile is refused. `roleArn` is the role that was obtained, `resource` the one that was not.
pub static OF_HOP: &[(Code, Wording)] = &[
    (
        Code::TrustPolicyDenied,
        Wording {
            title: "the role may not assume the profile's next role",
            fix: "Allow role {roleName} sts:AssumeRole on {resource}, whose trust policy must also allow {roleArn}. Set external_id in \
                the profile if it requires sts:ExternalId. Check first what is missing. The role is in account {account}: use \
                credentials of that account. `aws iam update-assume-role-policy` replaces the whole policy, so keep its other statements.",
            commands: &[
                TRUST_OF_RESOURCE,
                read(
                    "aws iam simulate-principal-policy --policy-source-arn {roleArn} --action-names sts:AssumeRole --resource-arns {resource}",
                ),
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

/// Where nothing is injected because this is no pod: a person's workstation. The title is that of the code.
pub static OUTSIDE_A_POD: Wording = Wording {
    title: "no AWS identity was injected into this container",
    fix: "From here, `irsa-probe doctor` checks a service account of your cluster. Run `irsa-probe check` inside a pod. To try irsa-probe without \
        a cluster, run its sandbox in a clone of its repository: `cargo run --example sandbox`.",
    commands: &[DOCTOR],
};

const UNUSABLE_BUNDLE: Wording = Wording {
    title: "the CA bundle for the STS endpoint cannot be used",
    fix: "Mount a PEM file with certificates at the path of AWS_CA_BUNDLE or SSL_CERT_FILE, or unset the variable.",
    commands: &[GET_POD],
};

/// Where the detail decides which of a code's faults it is: the code, a part of the detail in small letters, and the words.
pub static OF_DETAIL: &[(Code, &str, Wording)] = &[
    (
        Code::EndpointOverride,
        "refuse the two together",
        Wording {
            title: "SDKs refuse an endpoint URL together with dual-stack",
            fix: "Unset AWS_USE_DUALSTACK_ENDPOINT, or remove the endpoint URL.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::EndpointOverride,
        "is not an http or https url",
        Wording {
            title: "the endpoint URL for STS cannot be called",
            fix: "Write the endpoint URL as https://HOST, or remove it.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::FipsEndpointAbsent,
        "refuse the two together",
        Wording {
            title: "SDKs refuse an endpoint URL together with FIPS",
            fix: "Unset AWS_USE_FIPS_ENDPOINT, or remove the endpoint URL.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::TokenUnreadable,
        ", not a file",
        Wording {
            title: "the path of the token is not a file",
            fix: "Mount the projected token volume itself at that path, as the webhook does, and recreate the pod.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::ExplicitlyDenied,
        "service control policy",
        Wording {
            title: "a service control policy of the organization denies this call",
            fix: "Ask the organization's administrator to allow this call for {roleArn}. The policy applies to other accounts, too.",
            commands: &[],
        },
    ),
    (
        Code::ExplicitlyDenied,
        "resource control policy",
        Wording {
            title: "a resource control policy of the organization denies this call",
            fix: "Ask the organization's administrator to allow this call for {roleArn}. The policy applies to other accounts, too.",
            commands: &[],
        },
    ),
    (
        Code::ChainDisagrees,
        "could not parse profile file",
        Wording {
            title: "the SDK cannot read the shared configuration file",
            fix: "Correct the configuration file in the line that the error names, or remove the file.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::ChainDisagrees,
        "failed to apply endpoint",
        Wording {
            title: "the SDK cannot use the configured endpoint",
            fix: "Correct the endpoint setting: AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS or the profile's has to begin with https://.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::ChainDisagrees,
        "profile missing aws_secret_access_key",
        Wording {
            title: "the SDK refuses half a key pair in the profile",
            fix: "Add aws_secret_access_key to the profile, or remove aws_access_key_id from it.",
            commands: &[GET_POD],
        },
    ),
    (
        Code::ChainDisagrees,
        ", from a profile",
        Wording {
            title: "the SDK's default chain uses a profile in place of the injected identity",
            fix: "Remove the credentials or the role from that profile, or unset AWS_PROFILE.",
            commands: &[GET_POD],
        },
    ),
    (Code::TlsUntrusted, ": no such file", UNUSABLE_BUNDLE),
    (Code::TlsUntrusted, ": no certificate in it", UNUSABLE_BUNDLE),
    (
        Code::TlsFailed,
        "certificate expired on",
        Wording {
            title: "the certificate of the STS endpoint has expired",
            fix: "Correct this node's clock if it is wrong, else renew the certificate of {host}. AWS renews its own in time, so look for a proxy.",
            commands: &[],
        },
    ),
];

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

/// The words for what a detail tells.
pub(super) fn of_detail(code: Code, detail: &str) -> Option<&'static Wording> {
    let detail = detail.to_ascii_lowercase();
    OF_DETAIL.iter().find(|(known, part, _)| *known == code && detail.contains(part)).map(|(_, _, wording)| wording)
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Wording> {
    let of_code = OF_PROFILE.iter().chain(OF_HOP).chain(OF_APP).map(|(_, wording)| wording);
    of_code.chain(OF_DETAIL.iter().map(|(_, _, wording)| wording)).chain([&OUTSIDE_A_POD])
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
