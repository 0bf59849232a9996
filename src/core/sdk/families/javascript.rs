//! The SDKs for JavaScript.

use super::super::rules::*;
use super::{Basis, FamilyRow, PACKAGES, Packages, SupportRow, VersionRow, ended, supported};
use crate::core::pod::profile::ProfileCredentials::{Process, RoleArn, Sso, StaticKeys, WebIdentity};

/// Source besides the measurements: aws-sdk-js `lib/node_loader.js`. Pod Identity comes before IRSA.
const V2_CHAIN: Chain = Chain {
    links: &[
        Link::Env,
        Link::Profile(&[Sso, RoleArn, StaticKeys]),
        Link::Container,
        Link::Profile(&[Process]),
        Link::WebIdentity,
        Link::Profile(&[WebIdentity]),
        Link::Imds,
    ],
    web_identity: WebIdentityRules { alien_answer_crashes: true, ..COMMON.web_identity },
    failing: Failing::GoesOn,
    profile: ProfileRules {
        config: ConfigFile::OnRequest,
        credentials_file_variable: false,
        region_in_credentials: false,
        empty_path: EmptyPath::Unset,
        load_config: FlagReading::Anything,
        empty_name: Empty::Unset,
        ..COMMON.profile
    },
    region: RegionRules {
        sources: &[RegionSource::New, RegionSource::Profile],
        none: NoRegion::GlobalUnlessRegional,
        global: GlobalRegion::GlobalUnlessRegional,
        bad: BadRegion::CallsIt,
        ..COMMON.region
    },
    endpoint: EndpointRules {
        regional: RegionalWhen::IfAsked,
        global_everywhere: true,
        word: Word::AnyCaseNotEmptyElseFails,
        variant_flag: FlagReading::Exact,
        urls: Urls::None,
        ..COMMON.endpoint
    },
    container: ContainerRules {
        bad_token_file_stops: true,
        schemes: Schemes::KnownInSmallLetters,
        hosts: &[Host::LoopbackByIpv4, Host::Agent],
        held_token_first: HeldTokenFirst::IfNotEmpty,
        ..COMMON.container
    },
    imds: ImdsRules {
        mode_is_exact: true,
        off: FlagReading::Anything,
        v1_off: FlagReading::AnythingButFalse,
        without_keys_fails: true,
        v1_off_in_profile: false,
        ..COMMON.imds
    },
    retries: Retries { sts_rejected: true, issuer_unreachable: false, ..COMMON.retries },
    ..COMMON
};

/// Before EKS Pod Identity.
const V2_WITHOUT_POD_IDENTITY: Chain =
    Chain { container: ContainerRules { hosts: &[Host::Loopback, Host::Ecs], reads_token_file: false, ..V2_CHAIN.container }, ..V2_CHAIN };

/// Before regional endpoints by a setting, and before IMDSv2.
const V2_WITHOUT_SETTING: Chain = Chain {
    profile: ProfileRules { config: ConfigFile::NotRead, ..V2_CHAIN.profile },
    region: RegionRules {
        none: NoRegion::Global,
        global: GlobalRegion::Global,
        bad: BadRegion::Global,
        unknown_is_global: true,
        ..V2_CHAIN.region
    },
    endpoint: EndpointRules { regional: RegionalWhen::Never, word: Word::Exact, variants: Variants::NotRead, ..V2_CHAIN.endpoint },
    imds: ImdsRules { v2: false, v1_off: FlagReading::NotRead, ..V2_CHAIN.imds },
    ..V2_WITHOUT_POD_IDENTITY
};

pub(super) const JS_V2: FamilyRow = FamilyRow {
    name: "SDK for JavaScript 2.x",
    short_name: "node v2",
    aliases: &["aws-sdk-js"],
    package: "aws-sdk",
    majors: &[2],
    irsa: Some("2.525.0"),
    pod_identity: Some("2.1550.0"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "2.1550.0", measured: &["2.1693.0"], chain: V2_CHAIN },
        VersionRow { since: "2.600.0", measured: &["2.1500.0"], chain: V2_WITHOUT_POD_IDENTITY },
        VersionRow { since: "", measured: &["2.520.0"], chain: V2_WITHOUT_SETTING },
    ],
    note: "Its chain tries the next provider after every error, and tries EKS Pod Identity before IRSA. Version 2 has reached its end of support.",
    packages: Packages { version: &["aws-sdk"], ..PACKAGES },
    support: &[SupportRow { major: 2, maintenance: Some("2024-09-08T00:00:00Z"), ended: Some("2025-09-08T00:00:00Z") }, ended(1)],
};

const V3_CHAIN: Chain = Chain {
    links: &[Link::Env, Link::Profile(ANY_PROFILE), Link::WebIdentity, Link::ContainerOrImds],
    keys: KeyRules { hidden_by_profile: true, ..COMMON.keys },
    web_identity: WebIdentityRules { session_name: Empty::Given, ..COMMON.web_identity },
    region: RegionRules {
        sources: &[RegionSource::New, RegionSource::Profile],
        none: NoRegion::AsksImds,
        global: GlobalRegion::Fails,
        needed_with_url: true,
        ..COMMON.region
    },
    endpoint: EndpointRules { trims_url: true, ignore_urls: FlagReading::Exact, variant_flag: FlagReading::Exact, ..COMMON.endpoint },
    profile: ProfileRules {
        empty_name: Empty::Unset,
        empty_path: EmptyPath::Unset,
        passes_over: &[
            Broken::SourceMissing,
            Broken::SourceWithoutCredentials,
            Broken::SelfWithoutKeys,
            Broken::Cycle,
            Broken::WithoutSource,
            Broken::SourceGivesNone,
            Broken::UnknownSource,
            Broken::WithoutRole,
            Broken::Process,
        ],
        ..COMMON.profile
    },
    container: ContainerRules {
        failure: ContainerFailure::ErrorFromAgent,
        schemes: Schemes::All,
        hosts: KNOWN_HOSTS,
        trims_uri: Trims::Both,
        ..COMMON.container
    },
    imds: ImdsRules { mode_is_exact: true, off: FlagReading::AnythingButFalse, v1_off: FlagReading::AnythingButFalse, ..COMMON.imds },
    retries: Retries { agent_refused: true, ..COMMON.retries },
    ..COMMON
};

/// Before EKS Pod Identity and configured endpoint URLs.
const V3_WITHOUT_POD_IDENTITY: Chain = Chain {
    region: RegionRules { none: NoRegion::UsEast1, global: GlobalRegion::Global, ..V3_CHAIN.region },
    endpoint: EndpointRules { urls: Urls::None, ..V3_CHAIN.endpoint },
    container: ContainerRules {
        failure: ContainerFailure::NoneFromAgent,
        hosts: &[Host::Loopback, Host::Ecs],
        https_anywhere: false,
        relative_uri_needs_slash: false,
        reads_token_file: false,
        ..V3_CHAIN.container
    },
    imds: ImdsRules { off: FlagReading::Anything, v1_off: FlagReading::NotRead, ..V3_CHAIN.imds },
    ..V3_CHAIN
};

/// Before FIPS and dual-stack.
const V3_WITHOUT_VARIANTS: Chain =
    Chain { endpoint: EndpointRules { variants: Variants::NotRead, ..V3_WITHOUT_POD_IDENTITY.endpoint }, ..V3_WITHOUT_POD_IDENTITY };

pub(super) const JS_V3: FamilyRow = FamilyRow {
    name: "SDK for JavaScript 3.x",
    short_name: "node v3",
    aliases: &["javascript", "node", "aws-sdk-js-v3"],
    package: "@aws-sdk/client-sts",
    majors: &[3],
    irsa: Some("3.27.0"),
    pod_identity: Some("3.458.0"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "3.458.0", measured: &["3.1177.0"], chain: V3_CHAIN },
        VersionRow { since: "3.50.0", measured: &["3.100.0"], chain: V3_WITHOUT_POD_IDENTITY },
        VersionRow { since: "", measured: &["3.25.0"], chain: V3_WITHOUT_VARIANTS },
    ],
    note: "",
    packages: Packages {
        version: &["@aws-sdk/client-*", "@aws-sdk/internal/client-*"],
        signs: &["@aws-sdk/credential-provider-node"],
        ..PACKAGES
    },
    support: &[supported(3)],
};
