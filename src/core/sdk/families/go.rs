//! The two SDKs for Go.

use super::super::outcome::ChainEnd;
use super::super::rules::*;
use super::{Basis, FamilyRow, PACKAGES, Packages, SupportRow, VersionRow, supported};
use crate::core::pod::profile::FileFault;

/// One provider is chosen when the session or the configuration is made (aws-sdk-go `aws/session/credentials.go`, aws-sdk-go-v2
/// `config/resolve_credentials.go`).
const CHAIN: Chain = Chain {
    links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::ContainerOrImds],
    keys: KeyRules { old_names: true, ..COMMON.keys },
    web_identity: WebIdentityRules { token_without_role_fails: true, ..COMMON.web_identity },
    proxies: ProxyRules { sts: true, agent: true, imds: true, ..COMMON.proxies },
    endpoint: EndpointRules { variant_flag: FlagReading::AnyCaseElseFails, ..COMMON.endpoint },
    profile: ProfileRules { empty_name: Empty::Unset, empty_path: EmptyPath::Unset, expands_home: false, ..COMMON.profile },
    container: ContainerRules { trims_uri: Trims::SpacesAtEnd, ..COMMON.container },
    retries: Retries { sts_rejected: true, ..COMMON.retries },
    bad_flag_stops: true,
    ..COMMON
};

const V1_CHAIN: Chain = Chain {
    imds: ImdsRules { v1_off_in_profile: false, ..CHAIN.imds },
    profile: ProfileRules {
        config: ConfigFile::OnRequestElseKeysAlone,
        region_in_credentials: false,
        credentials_web_identity: ProfileWebIdentity::NotKnown,
        load_config: FlagReading::GoBool,
        ..CHAIN.profile
    },
    region: RegionRules {
        sources: &[RegionSource::New, RegionSource::DefaultOnRequest, RegionSource::Profile],
        empty: Empty::Unset,
        none: NoRegion::Global,
        ..CHAIN.region
    },
    endpoint: EndpointRules { regional: RegionalWhen::IfAsked, word: Word::AnyCaseElseFails, urls: Urls::None, ..CHAIN.endpoint },
    container: ContainerRules { failure: ContainerFailure::None, full_uri_first: true, ..CHAIN.container },
    retries: Retries { token_expired: true, sts_lost: false, agent_refused: true, agent_lost: false, ..CHAIN.retries },
    ..CHAIN
};

/// Before EKS Pod Identity. https is not called at other hosts than loopback.
const V1_WITHOUT_POD_IDENTITY: Chain = Chain {
    endpoint: EndpointRules { variants: Variants::NotCalled, ..V1_CHAIN.endpoint },
    container: ContainerRules {
        hosts: &[Host::Loopback, Host::Ecs, Host::Resolved],
        https_anywhere: false,
        reads_token_file: false,
        ..V1_CHAIN.container
    },
    imds: ImdsRules { v1_off: FlagReading::NotRead, ..V1_CHAIN.imds },
    ..V1_CHAIN
};

/// Before regional endpoints by a setting, and before IMDSv2.
const V1_WITHOUT_SETTING: Chain = Chain {
    region: RegionRules { bad: BadRegion::Global, unknown_is_global: true, ..V1_CHAIN.region },
    endpoint: EndpointRules {
        regional: RegionalWhen::Never,
        word: Word::Exact,
        variants: Variants::NotRead,
        ..V1_WITHOUT_POD_IDENTITY.endpoint
    },
    imds: ImdsRules { v2: false, ..V1_WITHOUT_POD_IDENTITY.imds },
    ..V1_WITHOUT_POD_IDENTITY
};

pub(super) const GO_V1: FamilyRow = FamilyRow {
    name: "SDK for Go 1.x (V1)",
    short_name: "go v1",
    aliases: &["aws-sdk-go"],
    package: "aws-sdk-go",
    majors: &[],
    irsa: Some("1.23.13"),
    pod_identity: Some("1.47.11"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "1.47.11", measured: &["1.55.8"], chain: V1_CHAIN },
        VersionRow { since: "1.26.0", measured: &["1.44.0"], chain: V1_WITHOUT_POD_IDENTITY },
        VersionRow { since: "", measured: &["1.23.12"], chain: V1_WITHOUT_SETTING },
    ],
    note: "It chooses one provider when the session is made. Version 1 has reached its end of support.",
    packages: Packages { version: &["github.com/aws/aws-sdk-go"], ..PACKAGES },
    support: &[SupportRow { major: 1, maintenance: Some("2024-07-31T00:00:00Z"), ended: Some("2025-07-31T00:00:00Z") }],
};

const V2_CHAIN: Chain = Chain {
    profile: ProfileRules {
        missing: MissingProfile::StopsFirst,
        key_case_counts: false,
        bad_file: Some(&[(FileFault::NotAFile, ChainEnd::Error)]),
        half_pair: HalfPair::FailsFirst,
        without_source: NoSource::ContainerOrImds,
        sources_checked_first: true,
        default_variable: DefaultProfile::ReadIfThere,
        ..CHAIN.profile
    },
    region: RegionRules { empty: Empty::Unset, ..CHAIN.region },
    endpoint: EndpointRules { urls: Urls::StsAlone, ignore_urls: FlagReading::AnyCaseElseFails, ..CHAIN.endpoint },
    imds: ImdsRules { v1_off: FlagReading::AnyCaseElseFails, always_fails: true, ..CHAIN.imds },
    ..CHAIN
};

/// Before EKS Pod Identity. The full URI comes first, and https is not called at other hosts than loopback.
const V2_WITHOUT_POD_IDENTITY: Chain = Chain {
    endpoint: EndpointRules { urls: Urls::None, ..V2_CHAIN.endpoint },
    container: ContainerRules {
        hosts: &[Host::Loopback, Host::Ecs, Host::Resolved],
        https_anywhere: false,
        full_uri_first: true,
        reads_token_file: false,
        ..V2_CHAIN.container
    },
    imds: ImdsRules { v1_off: FlagReading::NotRead, ..V2_CHAIN.imds },
    ..V2_CHAIN
};

/// Before FIPS and dual-stack.
const V2_WITHOUT_VARIANTS: Chain = Chain {
    profile: ProfileRules { missing: MissingProfile::Ignored, ..V2_WITHOUT_POD_IDENTITY.profile },
    endpoint: EndpointRules { variants: Variants::NotRead, ..V2_WITHOUT_POD_IDENTITY.endpoint },
    ..V2_WITHOUT_POD_IDENTITY
};

pub(super) const GO_V2: FamilyRow = FamilyRow {
    name: "SDK for Go V2 (1.x)",
    short_name: "go v2",
    aliases: &["go", "aws-sdk-go-v2"],
    package: "the module config",
    majors: &[],
    irsa: Some("all"),
    pod_identity: Some("release-2023-11-14"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "1.25.0", measured: &["1.33.18"], chain: V2_CHAIN },
        VersionRow { since: "1.10.0", measured: &["1.18.45"], chain: V2_WITHOUT_POD_IDENTITY },
        VersionRow { since: "", measured: &["1.8.0"], chain: V2_WITHOUT_VARIANTS },
    ],
    note: "It chooses one provider when the configuration is loaded.",
    packages: Packages {
        version: &["github.com/aws/aws-sdk-go-v2/config"],
        signs: &["github.com/aws/aws-sdk-go-v2"],
        core: Some("github.com/aws/aws-sdk-go-v2"),
        ..PACKAGES
    },
    support: &[supported(1)],
};
