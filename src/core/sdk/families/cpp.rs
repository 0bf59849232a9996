//! The SDK for C++.

use super::super::rules::*;
use super::{Basis, FamilyRow, PACKAGES, Packages, VersionRow, supported};
use crate::core::pod::profile::ProfileCredentials::{Process, Sso, StaticKeys, WebIdentity};

/// Source besides the measurements: aws-cpp-sdk-core `AWSCredentialsProviderChain.cpp`. The chain skips a provider that gives no keys, for any reason.
const CHAIN: Chain = Chain {
    links: &[
        Link::Env,
        Link::Profile(&[StaticKeys, Process]),
        // The provider of the web identity reads the profile when it is made.
        Link::Profile(&[WebIdentity]),
        Link::WebIdentity,
        Link::Profile(&[Sso]),
        Link::ContainerOrImds,
    ],
    failing: Failing::GoesOn,
    profile: ProfileRules { region_in_credentials: false, web_identity: ProfileWebIdentity::Crashes, ..COMMON.profile },
    region: RegionRules {
        sources: &[RegionSource::Default, RegionSource::New, RegionSource::Profile],
        empty: Empty::Unset,
        none: NoRegion::Fails,
        global: GlobalRegion::CallsIt,
        bad: BadRegion::Stops,
        ..COMMON.region
    },
    endpoint: EndpointRules { urls: Urls::AsHostName, ignore_urls: FlagReading::NotRead, variants: Variants::NotRead, ..COMMON.endpoint },
    container: ContainerRules {
        schemes: Schemes::KnownOrNone,
        trims_uri: Trims::Both,
        trims_token: true,
        folder_crashes: true,
        ..COMMON.container
    },
    imds: ImdsRules { v1_off: FlagReading::NotRead, ..COMMON.imds },
    retries: Retries { sts_unavailable: false, issuer_unreachable: false, sts_lost: false, agent_refused: true, ..COMMON.retries },
    ..COMMON
};

/// Before EKS Pod Identity. The exchange reads `AWS_DEFAULT_REGION` alone, no URL, and calls us-east-1 without a region.
const WITHOUT_POD_IDENTITY: Chain = Chain {
    links: &[
        Link::Env,
        Link::Profile(&[StaticKeys, Process]),
        Link::WebIdentity,
        Link::Profile(&[WebIdentity, Sso]),
        Link::ContainerOrImds,
    ],
    profile: ProfileRules {
        empty_name: Empty::Unset,
        default_variable: DefaultProfile::Read,
        config: ConfigFile::WithoutKeys,
        web_identity: ProfileWebIdentity::Read,
        ..CHAIN.profile
    },
    web_identity: WebIdentityRules { folder_crashes: true, ..CHAIN.web_identity },
    region: RegionRules {
        sources: &[RegionSource::Default, RegionSource::Profile],
        none: NoRegion::UsEast1,
        bad: BadRegion::Fails,
        ..CHAIN.region
    },
    endpoint: EndpointRules { urls: Urls::None, ..CHAIN.endpoint },
    container: ContainerRules { hosts: &[Host::Any], reads_token_file: false, ..CHAIN.container },
    retries: Retries { sts_unavailable: true, sts_rejected: true, sts_lost: true, ..CHAIN.retries },
    ..CHAIN
};

pub(super) const CPP: FamilyRow = FamilyRow {
    name: "SDK for C++",
    short_name: "c++",
    aliases: &["c++", "aws-sdk-cpp"],
    package: "aws-sdk-cpp",
    majors: &[],
    irsa: Some("1.7.174"),
    pod_identity: Some("1.11.263"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "1.11.263", measured: &["1.11.900"], chain: CHAIN },
        VersionRow { since: "", measured: &["1.10.55", "1.8.126"], chain: WITHOUT_POD_IDENTITY },
    ],
    note: "If a provider fails, its chain only writes a log line and tries the next one.",
    packages: Packages { version: &["aws-sdk-cpp"], ..PACKAGES },
    support: &[supported(1)],
};
