//! The default credential chain of each family, as data: its links in order, and the rules by which they differ.
//!
//! Measured (docs/facts.md#chain-matrix, the real SDKs against fakes on loopback): aws-config 1.13.0 for Rust, botocore 1.43.11, JavaScript
//! 3.972.97, Go v2 config 1.32.31. The others are from their source, at the file named beside each (one stored version of it, not always the newest), or from AWS's documents.

use super::SdkFamily;
use crate::core::pod::inputs::ProfileCredentials::{self, Login, Process, RoleArn, Sso, StaticKeys, WebIdentity};

/// One place where a chain looks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    /// Static keys in the environment.
    Env,
    /// The selected profile, for these kinds of credentials.
    Profile(&'static [ProfileCredentials]),
    /// `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentity,
    /// `AWS_CONTAINER_CREDENTIALS_*`: ECS and EKS Pod Identity.
    Container,
    /// The instance metadata service.
    Imds,
    /// The container's credentials if their URI is set, else IMDS: never one after the other.
    ContainerOrImds,
}

/// What a link that is configured and fails does to the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    /// It ends there, with an error.
    Stops,
    /// The next link is asked.
    GoesOn,
    /// No one has looked.
    Unknown,
}

/// What an `AWS_PROFILE` does that names no profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingProfile {
    /// Nothing.
    Ignored,
    /// Ends the chain before it begins.
    StopsFirst,
    /// Ends the chain where the profile's turn comes.
    StopsAtItsLink,
}

/// `AWS_USE_FIPS_ENDPOINT` or `AWS_USE_DUALSTACK_ENDPOINT` beside a configured endpoint URL. The rule set refuses both
/// (docs/facts.md#endpoint-rules, rule 1); with FIPS it was measured (docs/facts.md#row-34), and botocore's `args.py` passes it neither
/// where there is a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VariantWithUrl {
    /// An error.
    Refused,
    /// The URL wins.
    Ignored,
    /// No one has looked.
    Unknown,
}

/// What a row rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// The real SDK was run (docs/facts.md#chain-matrix).
    Measured,
    /// Its source.
    Source,
    /// Neither.
    Unverified,
}

/// A family's default chain.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) sdk: SdkFamily,
    pub(super) links: &'static [Link],
    pub(super) failing: Failing,
    pub(super) basis: Basis,
    pub(super) missing_profile: MissingProfile,
    pub(super) variant_with_url: VariantWithUrl,
    /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` does not reach the client that makes the exchange.
    pub(super) url_always: bool,
    /// An empty `AWS_ROLE_ARN` or `AWS_WEB_IDENTITY_TOKEN_FILE` counts as set.
    pub(super) empty_counts: bool,
    /// So does an empty container URI.
    pub(super) empty_uri_counts: bool,
    /// A token file without a role is an error, not a link that is not configured.
    pub(super) token_without_role_fails: bool,
    /// `AWS_ACCESS_KEY_ID` without the secret is an error.
    pub(super) lone_key_id_fails: bool,
    /// Static keys are not looked at while `AWS_PROFILE` is set.
    pub(super) profile_hides_env: bool,
    /// `~/.aws/config` is read only while `AWS_SDK_LOAD_CONFIG` is set, which is not looked at.
    pub(super) config_on_request: bool,
    /// The container's token file is read before it is known whether there is a URI.
    pub(super) container_token_first: bool,
    /// IMDS without version 2 is asked by version 1 (AWS SDKs and Tools Reference Guide, "IMDS credential provider").
    pub(super) imds_v1: bool,
    /// IMDS that refuses is an error.
    pub(super) imds_refusal_fails: bool,
    /// Whatever is wrong with IMDS is an error.
    pub(super) imds_always_fails: bool,
    /// What a user of this SDK should know, in a sentence.
    pub(super) note: &'static str,
}

const ALL: &[ProfileCredentials] = &[WebIdentity, RoleArn, Sso, StaticKeys, Process, Login];

/// What most do.
const COMMON: Chain = Chain {
    sdk: SdkFamily::Rust,
    links: &[Link::Env, Link::WebIdentity, Link::Profile(ALL), Link::Container, Link::Imds],
    failing: Failing::Stops,
    basis: Basis::Source,
    missing_profile: MissingProfile::Ignored,
    variant_with_url: VariantWithUrl::Unknown,
    url_always: false,
    empty_counts: false,
    empty_uri_counts: false,
    token_without_role_fails: false,
    lone_key_id_fails: false,
    profile_hides_env: false,
    config_on_request: false,
    container_token_first: false,
    imds_v1: true,
    imds_refusal_fails: false,
    imds_always_fails: false,
    note: "",
};

/// botocore 1.43 `credentials.py`, `create_credential_resolver`: a role in a profile comes before the web identity, everything else after it.
const BOTOCORE: Chain = Chain {
    sdk: SdkFamily::Botocore,
    links: &[
        Link::Env,
        Link::Profile(&[RoleArn]),
        Link::WebIdentity,
        Link::Profile(&[WebIdentity, Sso, StaticKeys, Login, Process]),
        Link::Container,
        Link::Imds,
    ],
    basis: Basis::Measured,
    missing_profile: MissingProfile::StopsFirst,
    variant_with_url: VariantWithUrl::Ignored,
    token_without_role_fails: true,
    lone_key_id_fails: true,
    note: "boto3 has version numbers of its own: 1.9.220 for IRSA, 1.34.41 for EKS Pod Identity.",
    ..COMMON
};

/// One row a family, in the order of `SdkFamily::ALL`.
pub(super) const CHAINS: [Chain; 16] = [
    BOTOCORE,
    Chain { sdk: SdkFamily::CliV1, note: "It is botocore of its time.", ..BOTOCORE },
    // Its botocore is a copy of its own; the chain is the same.
    Chain { sdk: SdkFamily::CliV2, basis: Basis::Source, note: "It brings a botocore of its own.", ..BOTOCORE },
    // aws-cpp-sdk-core `AWSCredentialsProviderChain.cpp`: a provider that gives no keys is passed over, whatever the reason.
    Chain {
        sdk: SdkFamily::Cpp,
        links: &[
            Link::Env,
            Link::Profile(&[StaticKeys, Process]),
            Link::WebIdentity,
            Link::Profile(&[WebIdentity, Sso]),
            Link::ContainerOrImds,
        ],
        failing: Failing::GoesOn,
        note: "Its chain passes over a provider that fails, with no more than a log line.",
        ..COMMON
    },
    // aws-sdk-net `DefaultAWSCredentialsIdentityResolver.cs` (version 4): the first that can be made is taken, and what it does later is final.
    Chain {
        sdk: SdkFamily::Dotnet,
        links: &[Link::Env, Link::WebIdentity, Link::Profile(ALL), Link::ContainerOrImds],
        missing_profile: MissingProfile::StopsAtItsLink,
        note: "Version 3 takes web identity, then a profile, before static keys. Without the package AWSSDK.SecurityToken web identity is an error.",
        ..COMMON
    },
    // aws-sdk-go `aws/session/credentials.go`: one provider is chosen when the session is made.
    Chain {
        sdk: SdkFamily::GoV1,
        links: &[Link::Env, Link::WebIdentity, Link::Profile(ALL), Link::ContainerOrImds],
        token_without_role_fails: true,
        config_on_request: true,
        imds_always_fails: true,
        note: "It chooses one provider when the session is made. Version 1 has reached its end of support.",
        ..COMMON
    },
    Chain {
        sdk: SdkFamily::GoV2,
        links: &[Link::Env, Link::WebIdentity, Link::Profile(ALL), Link::ContainerOrImds],
        basis: Basis::Measured,
        missing_profile: MissingProfile::StopsFirst,
        variant_with_url: VariantWithUrl::Refused,
        token_without_role_fails: true,
        imds_always_fails: true,
        note: "It chooses one provider when the configuration is loaded.",
        ..COMMON
    },
    // aws-java-sdk-core `DefaultAWSCredentialsProviderChain.java`, `EC2ContainerCredentialsProviderWrapper.java`.
    Chain {
        sdk: SdkFamily::JavaV1,
        links: &[Link::Env, Link::WebIdentity, Link::Profile(ALL), Link::ContainerOrImds],
        failing: Failing::GoesOn,
        empty_uri_counts: true,
        note: "Its chain catches every exception, logs it at DEBUG and goes on. Without the module aws-java-sdk-sts web identity is never tried. Older pages of AWS name 1.11.704 for IRSA.",
        ..COMMON
    },
    // aws-sdk-java-v2 `DefaultCredentialsProvider.java`; aws-sdk-java-v2#3896, #1915.
    Chain {
        sdk: SdkFamily::JavaV2,
        failing: Failing::GoesOn,
        note: "Its chain catches every exception, logs it at DEBUG and goes on. Without the sts module on the class path web identity is never tried.",
        ..COMMON
    },
    // aws-sdk-js `lib/node_loader.js`: Pod Identity comes before IRSA.
    Chain {
        sdk: SdkFamily::JsV2,
        links: &[
            Link::Env,
            Link::Profile(&[Sso, RoleArn, StaticKeys]),
            Link::Container,
            Link::Profile(&[Process]),
            Link::WebIdentity,
            Link::Profile(&[WebIdentity]),
            Link::Imds,
        ],
        failing: Failing::GoesOn,
        config_on_request: true,
        note: "Its chain goes on after every error, and asks for EKS Pod Identity before IRSA. Version 2 has reached its end of support.",
        ..COMMON
    },
    Chain {
        sdk: SdkFamily::JsV3,
        links: &[Link::Env, Link::Profile(ALL), Link::WebIdentity, Link::ContainerOrImds],
        basis: Basis::Measured,
        variant_with_url: VariantWithUrl::Refused,
        profile_hides_env: true,
        ..COMMON
    },
    // aws-sdk-kotlin `DefaultChainCredentialsProvider.kt`, smithy-kotlin `IdentityProviderChain.kt`.
    Chain {
        sdk: SdkFamily::Kotlin,
        failing: Failing::GoesOn,
        imds_v1: false,
        note: "Its chain catches every exception and goes on. Its first versions ask a profile before web identity.",
        ..COMMON
    },
    // aws-sdk-php `CredentialProvider.php`: each provider is the `otherwise` of the one before.
    Chain {
        sdk: SdkFamily::Php,
        links: &[Link::Env, Link::WebIdentity, Link::Profile(ALL), Link::ContainerOrImds],
        failing: Failing::GoesOn,
        note: "Its chain goes on after every rejected provider, without a word.",
        ..COMMON
    },
    // AWS Tools for PowerShell user guide, "Credential and profile resolution", which does not speak of web identity; the rest as .NET has it.
    Chain {
        sdk: SdkFamily::Powershell,
        links: &[Link::Env, Link::Profile(ALL), Link::WebIdentity, Link::ContainerOrImds],
        failing: Failing::Unknown,
        basis: Basis::Unverified,
        note: "It rests on the .NET SDK, in an order of its own.",
        ..COMMON
    },
    // aws-sdk-core `credential_provider_chain.rb`: only keys that are not set lead on, an exception leaves the chain.
    Chain {
        sdk: SdkFamily::Ruby,
        links: &[Link::Env, Link::WebIdentity, Link::Profile(ALL), Link::ContainerOrImds],
        empty_counts: true,
        empty_uri_counts: true,
        ..COMMON
    },
    Chain {
        sdk: SdkFamily::Rust,
        links: &[Link::Env, Link::Profile(ALL), Link::WebIdentity, Link::Container, Link::Imds],
        basis: Basis::Measured,
        variant_with_url: VariantWithUrl::Refused,
        // aws-config 1.13.0, `provider_config.rs`, `client_config` (docs/facts.md#exchange-client-of-rust).
        url_always: true,
        empty_counts: true,
        container_token_first: true,
        imds_v1: false,
        imds_refusal_fails: true,
        ..COMMON
    },
];

/// The family's chain.
pub(super) fn of(sdk: SdkFamily) -> &'static Chain {
    // Every family has a row (tested); the fallback keeps this total without a panic.
    CHAINS.iter().find(|chain| chain.sdk == sdk).unwrap_or(&CHAINS[0])
}
