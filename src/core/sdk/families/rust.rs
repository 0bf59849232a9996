//! The SDK for Rust.

use super::super::outcome::ChainEnd;
use super::super::rules::*;
use super::{Basis, FamilyRow, PACKAGES, Packages, VersionRow, supported};
use crate::core::pod::profile::FileFault;

/// Source besides the measurements: aws-config `provider_config.rs`, `client_config` (docs/facts.md#exchange-client-of-rust).
const CHAIN: Chain = Chain {
    links: &[Link::Env, Link::Profile(ANY_PROFILE), Link::WebIdentity, Link::Container, Link::Imds],
    web_identity: WebIdentityRules { role: Empty::Given, token_file: Empty::Given, session_name: Empty::Given, ..COMMON.web_identity },
    region: RegionRules { none: NoRegion::AsksImds, ..COMMON.region },
    keys: KeyRules { blank_counts: false, ..COMMON.keys },
    profile: ProfileRules {
        half_pair: HalfPair::Fails,
        key_case_counts: false,
        bad_file: Some(&[(FileFault::NotParsed, ChainEnd::Error)]),
        passes_over: &[Broken::SourceMissing, Broken::SelfWithoutKeys],
        ..COMMON.profile
    },
    endpoint: EndpointRules { empty_url: Empty::Given, ignore_urls: FlagReading::NotRead, ..COMMON.endpoint },
    container: ContainerRules {
        empty_uri: Empty::Given,
        empty_relative_uri: EmptyRelativeUri::Fails,
        relative_uri_needs_slash: false,
        trims_uri: Trims::None,
        token_file_first: true,
        ..COMMON.container
    },
    imds: ImdsRules { v1: false, refusal_fails: true, without_keys_fails: true, ..COMMON.imds },
    proxies: ProxyRules { sts: true, agent: true, imds: true, all: true, ..COMMON.proxies },
    retries: Retries { agent_throttled: false, ..COMMON.retries },
    ..COMMON
};

/// Before EKS Pod Identity and configured endpoint URLs.
const WITHOUT_POD_IDENTITY: Chain = Chain {
    web_identity: WebIdentityRules { token_without_role_fails: true, ..CHAIN.web_identity },
    endpoint: EndpointRules { urls: Urls::None, ..CHAIN.endpoint },
    container: ContainerRules {
        hosts: &[Host::Loopback, Host::Ecs, Host::Resolved],
        reads_token_file: false,
        token_file_first: false,
        ..CHAIN.container
    },
    proxies: COMMON.proxies,
    ..CHAIN
};

pub(super) const RUST: FamilyRow = FamilyRow {
    name: "SDK for Rust",
    short_name: "rust",
    aliases: &["aws-config", "aws-sdk-rust"],
    package: "aws-config",
    majors: &[],
    irsa: Some("all"),
    pod_identity: Some("release-2024-03-13"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "1.1.8", measured: &["1.13.0"], chain: CHAIN },
        VersionRow { since: "", measured: &["1.1.7"], chain: WITHOUT_POD_IDENTITY },
    ],
    note: "",
    packages: Packages { version: &["aws-config"], signs: &["aws-runtime"], ..PACKAGES },
    support: &[supported(1)],
};
