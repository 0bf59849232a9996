//! botocore and the AWS CLIs, which have botocore's chain.

use super::super::outcome::ChainEnd;
use super::super::rules::*;
use super::{Basis, FamilyRow, PACKAGES, Packages, SupportRow, VersionRow, supported};
use crate::core::pod::profile::FileFault;
use crate::core::pod::profile::ProfileCredentials::{Login, Process, RoleArn, Sso, StaticKeys, WebIdentity};

/// A role in a profile comes before the web identity. All other credentials of a profile come after it (botocore `credentials.py`,
/// `create_credential_resolver`).
const CHAIN: Chain = Chain {
    links: &[
        Link::Env,
        Link::Profile(&[RoleArn]),
        Link::WebIdentity,
        Link::Profile(&[WebIdentity, Sso, StaticKeys, Login, Process]),
        Link::Container,
        Link::Imds,
    ],
    keys: KeyRules { lone_id_fails: true, expiry_counts: true, ..COMMON.keys },
    profile: ProfileRules {
        missing: MissingProfile::StopsFirst,
        default_variable: DefaultProfile::Read,
        half_pair: HalfPair::IdFails,
        key_case_counts: false,
        bad_file: Some(&[(FileFault::NotParsed, ChainEnd::Error), (FileFault::ServicesInCredentials, ChainEnd::Error)]),
        repeats: Repeats::Fail,
        ..COMMON.profile
    },
    web_identity: WebIdentityRules { token_without_role_fails: true, ..COMMON.web_identity },
    region: RegionRules { sources: &[RegionSource::Default, RegionSource::Profile], none: NoRegion::Global, ..COMMON.region },
    endpoint: EndpointRules {
        regional: RegionalWhen::UnlessLegacy,
        word: Word::ExactElseFails,
        variants: Variants::IgnoredWithUrl,
        ..COMMON.endpoint
    },
    container: ContainerRules {
        empty_uri: Empty::Given,
        empty_relative_uri: EmptyRelativeUri::CallsEcs,
        expiry_counts: true,
        hosts: KNOWN_HOSTS,
        ..COMMON.container
    },
    imds: ImdsRules { disabled_v1_fails: true, ..COMMON.imds },
    proxies: ProxyRules { sts: true, imds: true, ..COMMON.proxies },
    retries: Retries { agent_refused: true, ..COMMON.retries },
    ..COMMON
};

/// Before the change of July 2025. https at other hosts than loopback is not called.
const GLOBAL_BY_DEFAULT: Chain = Chain {
    endpoint: EndpointRules { regional: RegionalWhen::IfAsked, ..CHAIN.endpoint },
    container: ContainerRules { https_anywhere: false, ..CHAIN.container },
    ..CHAIN
};

/// Before EKS Pod Identity.
const WITHOUT_POD_IDENTITY: Chain = Chain {
    container: ContainerRules { hosts: &[Host::Loopback, Host::Ecs], reads_token_file: false, ..GLOBAL_BY_DEFAULT.container },
    imds: ImdsRules { v1_off: FlagReading::NotRead, ..GLOBAL_BY_DEFAULT.imds },
    ..GLOBAL_BY_DEFAULT
};

/// Before configured endpoint URLs.
const WITHOUT_URLS: Chain = Chain { endpoint: EndpointRules { urls: Urls::None, ..WITHOUT_POD_IDENTITY.endpoint }, ..WITHOUT_POD_IDENTITY };

/// Before regional endpoints by a setting, and before IMDSv2.
const WITHOUT_SETTING: Chain = Chain {
    endpoint: EndpointRules { regional: RegionalWhen::Never, word: Word::Exact, variants: Variants::NotRead, ..WITHOUT_URLS.endpoint },
    imds: ImdsRules { v2: false, ..WITHOUT_URLS.imds },
    ..WITHOUT_URLS
};

/// Before IRSA.
const WITHOUT_IRSA: Chain = Chain {
    links: &[
        Link::Env,
        Link::Profile(&[RoleArn, WebIdentity]),
        Link::Profile(&[Sso, StaticKeys, Login, Process]),
        Link::Container,
        Link::Imds,
    ],
    profile: ProfileRules { web_identity: ProfileWebIdentity::NotKnown, ..WITHOUT_SETTING.profile },
    ..WITHOUT_SETTING
};

pub(super) const BOTOCORE: FamilyRow = FamilyRow {
    name: "SDK for Python (Boto3)",
    short_name: "python (boto3)",
    aliases: &["boto3", "python"],
    package: "botocore",
    majors: &[],
    irsa: Some("1.12.200"),
    pod_identity: Some("1.34.41"),
    regional_since: Some("1.40.0 (July 2025)"),
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "1.40.0", measured: &["1.44.8"], chain: CHAIN },
        VersionRow { since: "1.34.41", measured: &["1.39.17"], chain: GLOBAL_BY_DEFAULT },
        VersionRow { since: "1.31.0", measured: &[], chain: WITHOUT_POD_IDENTITY },
        VersionRow { since: "1.13.25", measured: &["1.30.0"], chain: WITHOUT_URLS },
        VersionRow { since: "1.12.200", measured: &[], chain: WITHOUT_SETTING },
        VersionRow { since: "", measured: &["1.12.199"], chain: WITHOUT_IRSA },
    ],
    note: "boto3 has its own version numbers: 1.9.220 for IRSA, 1.34.41 for EKS Pod Identity.",
    packages: Packages { version: &["botocore"], signs: &["boto3", "aiobotocore"], ..PACKAGES },
    support: &[supported(0), supported(1)],
};

pub(super) const CLI_V1: FamilyRow = FamilyRow {
    name: "AWS CLI v1",
    short_name: "aws cli v1",
    aliases: &["awscli"],
    package: "awscli",
    majors: &[0, 1],
    irsa: Some("1.16.232"),
    pod_identity: Some("1.30.0"),
    regional_since: Some("1.42.0 (July 2025)"),
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "1.42.0", measured: &["1.46.3"], chain: CHAIN },
        VersionRow { since: "1.30.0", measured: &[], chain: GLOBAL_BY_DEFAULT },
        VersionRow { since: "1.29.0", measured: &["1.29.0"], chain: WITHOUT_POD_IDENTITY },
        VersionRow { since: "1.16.289", measured: &[], chain: WITHOUT_URLS },
        VersionRow { since: "", measured: &["1.16.231"], chain: WITHOUT_SETTING },
    ],
    note: "It uses the botocore of the same date.",
    packages: Packages { version: &["awscli"], by_major: true, ..PACKAGES },
    support: &[SupportRow { major: 1, maintenance: Some("2026-07-15T00:00:00Z"), ended: Some("2027-07-15T00:00:00Z") }],
};

/// It reads `AWS_REGION`, asks IMDS for a region, and never calls the global endpoint of a region.
const CLI_V2_CHAIN: Chain = Chain {
    region: RegionRules {
        sources: &[RegionSource::New, RegionSource::Default, RegionSource::Profile],
        none: NoRegion::AsksImdsElseGlobal,
        ..CHAIN.region
    },
    endpoint: EndpointRules { regional: RegionalWhen::Always, word: Word::Exact, ..CHAIN.endpoint },
    ..CHAIN
};

const CLI_V2_WITHOUT_POD_IDENTITY: Chain = Chain {
    container: WITHOUT_POD_IDENTITY.container,
    imds: ImdsRules { own_endpoint: OwnImdsEndpoint::Fails, ..WITHOUT_POD_IDENTITY.imds },
    ..CLI_V2_CHAIN
};

const CLI_V2_WITHOUT_URLS: Chain =
    Chain { endpoint: EndpointRules { urls: Urls::None, ..CLI_V2_CHAIN.endpoint }, ..CLI_V2_WITHOUT_POD_IDENTITY };

pub(super) const CLI_V2: FamilyRow = FamilyRow {
    name: "AWS CLI v2",
    short_name: "aws cli v2",
    aliases: &["aws-cli"],
    package: "aws-cli",
    majors: &[2],
    irsa: None,
    pod_identity: Some("2.15.0"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "2.15.0", measured: &["2.36.12"], chain: CLI_V2_CHAIN },
        VersionRow { since: "2.13.0", measured: &[], chain: CLI_V2_WITHOUT_POD_IDENTITY },
        VersionRow { since: "", measured: &["2.9.19"], chain: CLI_V2_WITHOUT_URLS },
    ],
    note: "It contains its own copy of botocore.",
    packages: Packages { version: &["awscli"], signs: &["aws-cli"], by_major: true, ..PACKAGES },
    support: &[supported(2)],
};
