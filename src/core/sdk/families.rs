//! The SDK families, one row each. A row holds everything that is known about a family. To add a family, add a row here.

use super::chain::{ANY_PROFILE, BOTOCORE, COMMON, Chain, Failing, Link, MissingProfile, VariantWithUrl};
use crate::core::pod::profile::ProfileCredentials::{Process, RoleArn, Sso, StaticKeys, WebIdentity};
use serde::{Deserialize, Serialize};

/// What is known about a family.
#[derive(Debug)]
pub(super) struct FamilyRow {
    /// Its name on the command line and in reports: lower case, permanent.
    pub(super) id: &'static str,
    /// Its name in the AWS SDKs and Tools Reference Guide.
    pub(super) name: &'static str,
    /// Other names that people use for it, in lower case: packages, languages.
    pub(super) aliases: &'static [&'static str],
    /// The first version that supports IRSA (EKS user guide, "Use IRSA with the AWS SDK"). `None` where AWS lists no version.
    pub(super) irsa: Option<&'static str>,
    /// The first version that supports EKS Pod Identity (EKS user guide, "Use pod identity with the AWS SDK"). `None` where AWS lists no version.
    pub(super) pod_identity: Option<&'static str>,
    /// Which STS endpoint it calls.
    pub(super) endpoint: EndpointRule,
    /// What it does when no region is configured.
    pub(super) no_region: NoRegion,
    /// The endpoint of the exchange comes from AWS's rule set (docs/facts.md#endpoint-rules). False for SDKs that are older than the rule set, for
    /// C++, whose exchange has a client of its own, and for PowerShell, of which it is not known.
    pub(super) rule_set: bool,
    /// How the row was verified.
    pub(super) basis: Basis,
    /// Its default credential chain.
    pub(super) chain: Chain,
    /// What a user of this SDK should know, in sentences.
    pub(super) note: &'static str,
}

/// How a family chooses between the regional and the global STS endpoint.
///
/// Sources: AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints", which also says what happens without a region; AWS developer blog
/// on the change of July 2025. "The setting" is `AWS_STS_REGIONAL_ENDPOINTS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndpointRule {
    /// Regional. The family does not read the setting.
    Always,
    /// Like `Always`, since the version or time that the text names.
    AlwaysSince(&'static str),
    /// Regional unless the setting is `legacy`.
    Regional,
    /// Like `Regional`, since the version or time that the text names. Older versions are like `Legacy`.
    Since(&'static str),
    /// Global unless the setting is `regional`.
    Legacy,
    /// Like `Legacy`, and in every region of the partition `aws`, also in opt-in regions (aws-sdk-js `region_config_data.json`, `*/sts`).
    LegacyEverywhere,
}

/// Where the exchange goes when no region is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRegion {
    /// The global endpoint is called.
    Global,
    /// The endpoint of us-east-1 is called.
    UsEast1,
    /// The exchange fails with an error.
    Fails,
    /// IMDS is asked for a region. The exchange fails when IMDS does not answer (aws-config, docs/facts.md#region-from-imds).
    Imds,
}

/// How a row was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// These versions of the real SDK were run (docs/facts.md#chain-matrix).
    Measured(&'static [&'static str]),
    /// It runs the code of this family, which was measured.
    SameCodeAs(SdkFamily),
    /// Its source was read. It was not run.
    Source,
    /// Its source was not read, and it was not run.
    Unverified,
}

macro_rules! families {
    ($($family:ident = $id:literal { $($cell:ident: $value:expr),* $(,)? })*) => {
        /// An SDK family. SDKs with different credential chains are different families. The CLIs are families too.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum SdkFamily {
            $(#[doc = concat!("`", $id, "`")] #[serde(rename = $id)] $family,)*
        }

        impl SdkFamily {
            /// All families, in the order of their ids.
            pub const ALL: [SdkFamily; FAMILIES.len()] = [$(SdkFamily::$family),*];
        }

        const FAMILIES: &[FamilyRow] = &[$(FamilyRow { id: $id, $($cell: $value),* }),*];
    };
}

impl SdkFamily {
    /// Its row. The variant's number is the row's index.
    pub(super) const fn row(self) -> &'static FamilyRow {
        &FAMILIES[self as usize]
    }

    /// Its name on the command line and in reports.
    pub const fn id(self) -> &'static str {
        self.row().id
    }

    /// Its name in the AWS SDKs and Tools Reference Guide.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Other names that people use for it, in lower case.
    pub const fn aliases(self) -> &'static [&'static str] {
        self.row().aliases
    }

    /// The versions of the real SDK whose chain was run (docs/facts.md#chain-matrix). Empty when none was run.
    pub const fn measured_versions(self) -> &'static [&'static str] {
        match self.row().basis {
            Basis::Measured(versions) => versions,
            _ => &[],
        }
    }

    /// The family of this id.
    pub fn parse(id: &str) -> Option<SdkFamily> {
        SdkFamily::ALL.into_iter().find(|family| family.id() == id)
    }
}

// The rows are in the order of their ids. A comment above a row names the source of its chain. The version of the source that was read is not
// always the newest.
families! {
    Botocore = "botocore" {
        name: "SDK for Python (Boto3)",
        aliases: &["boto3", "python"],
        irsa: Some("1.12.200"),
        pod_identity: Some("1.34.41"),
        endpoint: EndpointRule::Since("1.40.0 (July 2025)"),
        no_region: NoRegion::Global,
        rule_set: true,
        basis: Basis::Measured(&["1.43.11"]),
        chain: BOTOCORE,
        note: "boto3 has version numbers of its own: 1.9.220 for IRSA, 1.34.41 for EKS Pod Identity.",
    }
    CliV1 = "cli-v1" {
        name: "AWS CLI v1",
        aliases: &["awscli"],
        irsa: Some("1.16.232"),
        pod_identity: Some("1.30.0"),
        endpoint: EndpointRule::Legacy,
        no_region: NoRegion::Global,
        rule_set: true,
        basis: Basis::SameCodeAs(SdkFamily::Botocore),
        chain: BOTOCORE,
        note: "It is botocore of its time.",
    }
    // It has its own copy of botocore, with the same chain.
    CliV2 = "cli-v2" {
        name: "AWS CLI v2",
        aliases: &["aws-cli"],
        irsa: None,
        pod_identity: Some("2.15.0"),
        endpoint: EndpointRule::Always,
        no_region: NoRegion::Global,
        rule_set: true,
        basis: Basis::Source,
        chain: BOTOCORE,
        note: "It brings a botocore of its own.",
    }
    // aws-cpp-sdk-core `AWSCredentialsProviderChain.cpp`: the chain skips a provider that gives no keys, for any reason. The core's own client makes
    // the exchange, and always calls the host of the region (`AWSHttpResourceClient.cpp`, `STSCredentialsClient`).
    Cpp = "cpp" {
        name: "SDK for C++",
        aliases: &["c++", "aws-sdk-cpp"],
        irsa: Some("1.7.174"),
        pod_identity: Some("1.11.263"),
        endpoint: EndpointRule::Always,
        no_region: NoRegion::UsEast1,
        rule_set: false,
        basis: Basis::Source,
        chain: Chain {
            links: &[
                Link::Env,
                Link::Profile(&[StaticKeys, Process]),
                Link::WebIdentity,
                Link::Profile(&[WebIdentity, Sso]),
                Link::ContainerOrImds,
            ],
            failing: Failing::GoesOn,
            ..COMMON
        },
        note: "Its chain passes over a provider that fails, with no more than a log line.",
    }
    // aws-sdk-net `DefaultAWSCredentialsIdentityResolver.cs` (version 4): the chain takes the first provider that can be constructed. When that
    // provider fails later, no other provider is tried.
    Dotnet = "dotnet" {
        name: "SDK for .NET",
        aliases: &[".net", "aws-sdk-net"],
        irsa: Some("3.3.659.1"),
        pod_identity: Some("3.7.734.0"),
        endpoint: EndpointRule::AlwaysSince("version 4 (version 3: July 2025)"),
        no_region: NoRegion::UsEast1,
        rule_set: true,
        basis: Basis::Source,
        chain: Chain {
            links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::ContainerOrImds],
            missing_profile: MissingProfile::StopsAtItsLink,
            ..COMMON
        },
        note: "Version 3 takes web identity, then a profile, before static keys. Without the package AWSSDK.SecurityToken web identity is an error.",
    }
    // aws-sdk-go `aws/session/credentials.go`: one provider is chosen when the session is made.
    GoV1 = "go-v1" {
        name: "SDK for Go 1.x (V1)",
        aliases: &["aws-sdk-go"],
        irsa: Some("1.23.13"),
        pod_identity: Some("1.47.11"),
        endpoint: EndpointRule::Legacy,
        no_region: NoRegion::Global,
        rule_set: false,
        basis: Basis::Source,
        chain: Chain {
            links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::ContainerOrImds],
            token_without_role_fails: true,
            config_on_request: true,
            imds_always_fails: true,
            ..COMMON
        },
        note: "It chooses one provider when the session is made. Version 1 has reached its end of support.",
    }
    // The measured version is that of the module `config`.
    GoV2 = "go-v2" {
        name: "SDK for Go V2 (1.x)",
        aliases: &["go", "aws-sdk-go-v2"],
        irsa: Some("all"),
        pod_identity: Some("release-2023-11-14"),
        endpoint: EndpointRule::Always,
        no_region: NoRegion::Fails,
        rule_set: true,
        basis: Basis::Measured(&["1.32.31"]),
        chain: Chain {
            links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::ContainerOrImds],
            missing_profile: MissingProfile::StopsFirst,
            variant_with_url: VariantWithUrl::Refused,
            token_without_role_fails: true,
            imds_always_fails: true,
            ..COMMON
        },
        note: "It chooses one provider when the configuration is loaded.",
    }
    // aws-java-sdk-core `DefaultAWSCredentialsProviderChain.java`, `EC2ContainerCredentialsProviderWrapper.java`.
    JavaV1 = "java-v1" {
        name: "SDK for Java 1.x",
        aliases: &["aws-sdk-java"],
        irsa: Some("1.12.782"),
        pod_identity: Some("1.12.746"),
        endpoint: EndpointRule::Legacy,
        no_region: NoRegion::Global,
        rule_set: false,
        basis: Basis::Source,
        chain: Chain {
            links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::ContainerOrImds],
            failing: Failing::GoesOn,
            empty_uri_counts: true,
            ..COMMON
        },
        note: "Its chain catches every exception, logs it at DEBUG and goes on. Without the module aws-java-sdk-sts web identity is never tried. Older pages of AWS name 1.11.704 for IRSA.",
    }
    // aws-sdk-java-v2 `DefaultCredentialsProvider.java`; aws-sdk-java-v2#3896, #1915.
    JavaV2 = "java-v2" {
        name: "SDK for Java 2.x",
        aliases: &["java", "aws-sdk-java-v2"],
        irsa: Some("2.10.11"),
        pod_identity: Some("2.21.30"),
        endpoint: EndpointRule::Always,
        no_region: NoRegion::Global,
        rule_set: true,
        basis: Basis::Source,
        chain: Chain { failing: Failing::GoesOn, ..COMMON },
        note: "Its chain catches every exception, logs it at DEBUG and goes on. Without the sts module on the class path web identity is never tried.",
    }
    // aws-sdk-js `lib/node_loader.js`: Pod Identity comes before IRSA.
    JsV2 = "js-v2" {
        name: "SDK for JavaScript 2.x",
        aliases: &["aws-sdk-js"],
        irsa: Some("2.525.0"),
        pod_identity: Some("2.1550.0"),
        endpoint: EndpointRule::LegacyEverywhere,
        no_region: NoRegion::Global,
        rule_set: false,
        basis: Basis::Source,
        chain: Chain {
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
            ..COMMON
        },
        note: "Its chain goes on after every error, and asks for EKS Pod Identity before IRSA. Version 2 has reached its end of support.",
    }
    JsV3 = "js-v3" {
        name: "SDK for JavaScript 3.x",
        aliases: &["javascript", "aws-sdk-js-v3"],
        irsa: Some("3.27.0"),
        pod_identity: Some("3.458.0"),
        endpoint: EndpointRule::Always,
        no_region: NoRegion::UsEast1,
        rule_set: true,
        basis: Basis::Measured(&["3.972.97"]),
        chain: Chain {
            links: &[Link::Env, Link::Profile(ANY_PROFILE), Link::WebIdentity, Link::ContainerOrImds],
            variant_with_url: VariantWithUrl::Refused,
            profile_hides_env: true,
            ..COMMON
        },
        note: "",
    }
    // aws-sdk-kotlin `DefaultChainCredentialsProvider.kt`, smithy-kotlin `IdentityProviderChain.kt`.
    Kotlin = "kotlin" {
        name: "SDK for Kotlin",
        aliases: &["aws-sdk-kotlin"],
        irsa: None,
        pod_identity: Some("1.0.1"),
        endpoint: EndpointRule::Always,
        no_region: NoRegion::Global,
        rule_set: true,
        basis: Basis::Source,
        chain: Chain { failing: Failing::GoesOn, imds_v1: false, ..COMMON },
        note: "Its chain catches every exception and goes on. Its first versions ask a profile before web identity.",
    }
    // aws-sdk-php `CredentialProvider.php`: each provider is the `otherwise` of the provider before it. The web identity provider has its own
    // default for the region (`AssumeRoleWithWebIdentityCredentialProvider.php`).
    Php = "php" {
        name: "SDK for PHP 3.x",
        aliases: &["aws-sdk-php"],
        irsa: Some("3.110.7"),
        pod_identity: Some("3.287.1"),
        endpoint: EndpointRule::Since("July 2025"),
        no_region: NoRegion::UsEast1,
        rule_set: true,
        basis: Basis::Source,
        chain: Chain {
            links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::ContainerOrImds],
            failing: Failing::GoesOn,
            ..COMMON
        },
        note: "Its chain goes on after every rejected provider, without a word.",
    }
    // AWS Tools for PowerShell user guide, "Credential and profile resolution". The guide does not mention web identity. The rest is as in .NET.
    Powershell = "powershell" {
        name: "Tools for PowerShell",
        aliases: &["aws-tools-for-powershell"],
        irsa: None,
        pod_identity: Some("4.1.502"),
        endpoint: EndpointRule::Since("version 5 (version 4: July 2025)"),
        no_region: NoRegion::Global,
        rule_set: false,
        basis: Basis::Unverified,
        chain: Chain {
            links: &[Link::Env, Link::Profile(ANY_PROFILE), Link::WebIdentity, Link::ContainerOrImds],
            failing: Failing::Unknown,
            ..COMMON
        },
        note: "It rests on the .NET SDK, in an order of its own.",
    }
    // aws-sdk-core `credential_provider_chain.rb`: the chain goes on only when a provider's keys are not set. An exception ends the chain.
    Ruby = "ruby" {
        name: "SDK for Ruby 3.x",
        aliases: &["aws-sdk-ruby"],
        irsa: Some("3.58.0"),
        pod_identity: Some("3.188.0"),
        endpoint: EndpointRule::Regional,
        no_region: NoRegion::Fails,
        rule_set: true,
        basis: Basis::Source,
        chain: Chain {
            links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::ContainerOrImds],
            empty_counts: true,
            empty_uri_counts: true,
            ..COMMON
        },
        note: "",
    }
    // The measured version is that of aws-config. `url_always`: its `provider_config.rs`, `client_config` (docs/facts.md#exchange-client-of-rust).
    Rust = "rust" {
        name: "SDK for Rust",
        aliases: &["aws-config", "aws-sdk-rust"],
        irsa: Some("all"),
        pod_identity: Some("release-2024-03-13"),
        endpoint: EndpointRule::Always,
        no_region: NoRegion::Imds,
        rule_set: true,
        basis: Basis::Measured(&["1.13.0"]),
        chain: Chain {
            links: &[Link::Env, Link::Profile(ANY_PROFILE), Link::WebIdentity, Link::Container, Link::Imds],
            variant_with_url: VariantWithUrl::Refused,
            url_always: true,
            empty_counts: true,
            container_token_first: true,
            imds_v1: false,
            imds_refusal_fails: true,
            ..COMMON
        },
        note: "",
    }
}
