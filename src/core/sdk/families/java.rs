//! The SDKs for Java and Kotlin.

use super::super::outcome::ChainEnd;
use super::super::rules::*;
use super::{Basis, FamilyRow, PACKAGES, Packages, SupportRow, VersionRow, supported};
use crate::core::pod::profile::FileFault;

/// The chains catch every exception and go on.
const CHAIN: Chain = Chain {
    failing: Failing::GoesOn,
    keys: KeyRules { blank_counts: false, ..COMMON.keys },
    web_identity: WebIdentityRules { role: Empty::Given, session_name: Empty::Given, ..COMMON.web_identity },
    region: RegionRules { sources: &[RegionSource::New, RegionSource::Profile], none: NoRegion::AsksImds, ..COMMON.region },
    ..COMMON
};

/// Source besides the measurements: aws-java-sdk-core `DefaultAWSCredentialsProviderChain.java`, `EC2ContainerCredentialsProviderWrapper.java`. A role
/// without a token file is a StackOverflowError, which the chain does not catch.
const V1_CHAIN: Chain = Chain {
    links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::ContainerOrImds],
    keys: KeyRules { old_names: true, ..CHAIN.keys },
    profile: ProfileRules {
        config: ConfigFile::WithoutCredentialsFile,
        knows_credential_source: false,
        web_identity: ProfileWebIdentity::Ignored,
        empty_path: EmptyPath::Unset,
        config_file_variable: false,
        credentials_file_variable: false,
        reads_unprefixed: true,
        empty_name: Empty::Unset,
        trims_name: true,
        ..CHAIN.profile
    },
    web_identity: WebIdentityRules { token_file: Empty::Given, role_without_token_fails: true, ..CHAIN.web_identity },
    region: RegionRules { needed_with_url: true, bad: BadRegion::Global, unknown_is_global: true, ..CHAIN.region },
    endpoint: EndpointRules {
        regional: RegionalWhen::IfAsked,
        word: Word::AnyCaseNotEmptyElseFails,
        urls: Urls::None,
        variants: Variants::NotRead,
        ..CHAIN.endpoint
    },
    container: ContainerRules {
        trims_uri: Trims::None,
        hosts: &[Host::Loopback, Host::Ecs, Host::Agent, Host::Resolved],
        expiry_counts: true,
        empty_uri: Empty::Given,
        empty_relative_uri: EmptyRelativeUri::CallsEcs,
        held_token_first: HeldTokenFirst::Always,
        ..CHAIN.container
    },
    proxies: ProxyRules { sts: true, no_proxy_is_exact: true, ..CHAIN.proxies },
    retries: Retries { sts_rejected: true, agent_throttled: false, ..CHAIN.retries },
    ..CHAIN
};

/// Before EKS Pod Identity.
const V1_WITHOUT_POD_IDENTITY: Chain = Chain {
    container: ContainerRules { hosts: &[Host::Loopback, Host::Ecs, Host::Resolved], reads_token_file: false, ..V1_CHAIN.container },
    ..V1_CHAIN
};

/// It asks the profile before the web identity.
const V1_OLD: Chain = Chain {
    links: &[Link::Env, Link::Profile(ANY_PROFILE), Link::WebIdentity, Link::ContainerOrImds],
    profile: ProfileRules { repeats: Repeats::HideProfile, ..V1_CHAIN.profile },
    container: ContainerRules { https_anywhere: false, ..V1_WITHOUT_POD_IDENTITY.container },
    imds: ImdsRules { v1_off: FlagReading::NotRead, ..V1_CHAIN.imds },
    retries: Retries { sts_rejected: false, ..V1_CHAIN.retries },
    ..V1_CHAIN
};

pub(super) const JAVA_V1: FamilyRow = FamilyRow {
    name: "SDK for Java 1.x",
    short_name: "java v1",
    aliases: &["aws-sdk-java"],
    package: "aws-java-sdk-core",
    majors: &[1],
    irsa: Some("1.12.782"),
    pod_identity: Some("1.12.746"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "1.12.746", measured: &["1.12.797"], chain: V1_CHAIN },
        VersionRow { since: "1.12.0", measured: &["1.12.700"], chain: V1_WITHOUT_POD_IDENTITY },
        VersionRow { since: "", measured: &["1.11.700"], chain: V1_OLD },
    ],
    note: "Its chain catches every exception, logs it at DEBUG and tries the next provider. Without the module aws-java-sdk-sts it never tries web identity. Older AWS pages name 1.11.704 for IRSA.",
    packages: Packages { version: &["com.amazonaws:aws-java-sdk-core"], sts: Some("com.amazonaws:aws-java-sdk-sts"), ..PACKAGES },
    support: &[SupportRow { major: 1, maintenance: Some("2024-07-31T00:00:00Z"), ended: Some("2025-12-31T00:00:00Z") }],
};

/// Source besides the measurements: aws-sdk-java-v2 `DefaultCredentialsProvider.java`; aws-sdk-java-v2#3896, #1915.
const V2_CHAIN: Chain = Chain {
    web_identity: WebIdentityRules { trims_path: true, trims_role: true, ..CHAIN.web_identity },
    profile: ProfileRules {
        trims_name: true,
        can_be_own_source: false,
        bad_file: Some(&[(FileFault::NotParsed, ChainEnd::None)]),
        ..CHAIN.profile
    },
    region: RegionRules { empty: Empty::Unset, none: NoRegion::AsksImdsElseGlobal, url_needs_region: true, trims: true, ..CHAIN.region },
    endpoint: EndpointRules {
        empty_url: Empty::Given,
        ignore_urls: FlagReading::TrimmedElseFails,
        variant_flag: FlagReading::TrimmedElseFails,
        ..CHAIN.endpoint
    },
    container: ContainerRules {
        empty_relative_uri: EmptyRelativeUri::CallsEcs,
        trims_uri: Trims::Both,
        trims_path: true,
        held_token_first: HeldTokenFirst::Always,
        ..CHAIN.container
    },
    imds: ImdsRules { off: FlagReading::TrimmedElseFails, v1_off: FlagReading::TrimmedElseFails, ..CHAIN.imds },
    retries: Retries { agent_throttled: false, ..CHAIN.retries },
    ..CHAIN
};

/// Before configured endpoint URLs (aws-sdk-java-v2#5742).
const V2_WITHOUT_URLS: Chain = Chain { endpoint: EndpointRules { urls: Urls::None, ..V2_CHAIN.endpoint }, ..V2_CHAIN };

/// Before EKS Pod Identity.
const V2_WITHOUT_POD_IDENTITY: Chain = Chain {
    endpoint: EndpointRules { urls: Urls::None, ..V2_CHAIN.endpoint },
    container: ContainerRules { hosts: &[Host::Loopback, Host::Ecs, Host::Resolved], reads_token_file: false, ..V2_CHAIN.container },
    imds: ImdsRules { v1_off: FlagReading::NotRead, ..V2_CHAIN.imds },
    ..V2_CHAIN
};

/// Before IRSA and IMDSv2.
const V2_WITHOUT_IRSA: Chain = Chain {
    links: &[Link::Env, Link::Profile(ANY_PROFILE), Link::Container, Link::Imds],
    container: ContainerRules { https_anywhere: false, ..V2_WITHOUT_POD_IDENTITY.container },
    imds: ImdsRules { bad_off_ends: true, v2: false, ..V2_WITHOUT_POD_IDENTITY.imds },
    ..V2_WITHOUT_POD_IDENTITY
};

pub(super) const JAVA_V2: FamilyRow = FamilyRow {
    name: "SDK for Java 2.x",
    short_name: "java v2",
    aliases: &["java", "aws-sdk-java-v2"],
    package: "software.amazon.awssdk",
    majors: &[2],
    irsa: Some("2.10.11"),
    pod_identity: Some("2.21.30"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "2.28.1", measured: &["2.57.8"], chain: V2_CHAIN },
        VersionRow { since: "2.21.30", measured: &[], chain: V2_WITHOUT_URLS },
        VersionRow { since: "2.10.11", measured: &["2.20.0"], chain: V2_WITHOUT_POD_IDENTITY },
        VersionRow { since: "", measured: &["2.10.8"], chain: V2_WITHOUT_IRSA },
    ],
    note: "Its chain catches every exception, logs it at DEBUG and tries the next provider. Without the sts module on the class path it never tries web identity.",
    packages: Packages {
        version: &["software.amazon.awssdk:sdk-core"],
        signs: &["software.amazon.awssdk:auth"],
        sts: Some("software.amazon.awssdk:sts"),
        ..PACKAGES
    },
    support: &[supported(2)],
};

/// Source besides the measurements: aws-sdk-kotlin `DefaultChainCredentialsProvider.kt`, smithy-kotlin `IdentityProviderChain.kt`.
const KOTLIN_CHAIN: Chain = Chain {
    container: ContainerRules {
        hosts: &[Host::LoopbackItself, Host::Ecs, Host::Agent, Host::AgentByIpv6, Host::Resolved],
        ..CHAIN.container
    },
    profile: ProfileRules {
        keys_before_role: true,
        bad_file: Some(&[
            (FileFault::Unreadable, ChainEnd::None),
            (FileFault::NotAFile, ChainEnd::None),
            (FileFault::NotParsed, ChainEnd::None),
            (FileFault::ServicesInCredentials, ChainEnd::None),
        ]),
        ..CHAIN.profile
    },
    endpoint: EndpointRules { empty_url: Empty::Given, ..CHAIN.endpoint },
    imds: ImdsRules { v1: false, ..CHAIN.imds },
    proxies: ProxyRules { sts: true, agent: true, imds: true, needs_scheme: true, ..COMMON.proxies },
    ..CHAIN
};

pub(super) const KOTLIN: FamilyRow = FamilyRow {
    name: "SDK for Kotlin",
    short_name: "kotlin",
    aliases: &["aws-sdk-kotlin"],
    package: "aws-config",
    majors: &[],
    irsa: None,
    pod_identity: Some("1.0.1"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[VersionRow { since: "", measured: &["1.8.12"], chain: KOTLIN_CHAIN }],
    note: "Its chain catches every exception and tries the next provider. Its first versions try a profile before web identity.",
    packages: Packages { version: &["aws.sdk.kotlin:aws-config-jvm"], ..PACKAGES },
    support: &[supported(1)],
};
