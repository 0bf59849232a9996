//! The SDK for Ruby.

use super::super::outcome::ChainEnd;
use super::super::rules::*;
use super::{Basis, FamilyRow, FirstVersion, PACKAGES, Packages, VersionRow, ended, supported};
use crate::core::pod::profile::FileFault;
use crate::core::pod::profile::ProfileCredentials::{Login, Process, RoleArn, Sso, StaticKeys, WebIdentity};

/// Source besides the measurements: aws-sdk-core `credential_provider_chain.rb`. The chain tries the next provider only when a provider's keys are not set. An exception
/// ends the chain.
const CHAIN: Chain = Chain {
    links: &[
        Link::Env,
        Link::Profile(&[Sso]),
        Link::WebIdentity,
        Link::Profile(&[WebIdentity, RoleArn, StaticKeys, Process, Login]),
        Link::ContainerOrImds,
    ],
    keys: KeyRules { old_names: true, ..COMMON.keys },
    web_identity: WebIdentityRules { role: Empty::Given, token_file: Empty::Given, session_name: Empty::Given, ..COMMON.web_identity },
    region: RegionRules { none: NoRegion::Stops, global: GlobalRegion::Fails, needed_with_url: true, ..COMMON.region },
    profile: ProfileRules {
        default_variable: DefaultProfile::Read,
        reads_unprefixed: true,
        empty_path: EmptyPath::Fails,
        bad_file: Some(&[(FileFault::NotAFile, ChainEnd::Error)]),
        passes_over: &[Broken::WithoutRole],
        credentials_web_identity: ProfileWebIdentity::NotKnown,
        ..COMMON.profile
    },
    endpoint: EndpointRules {
        regional: RegionalWhen::UnlessLegacyWhichFails,
        empty_url: Empty::Given,
        variant_flag: FlagReading::Exact,
        ..COMMON.endpoint
    },
    container: ContainerRules {
        failure: ContainerFailure::NoneFromAgent,
        empty_uri: Empty::Given,
        empty_relative_uri: EmptyRelativeUri::GivesNone,
        relative_uri_needs_slash: false,
        trims_uri: Trims::None,
        empty_token_file: Empty::Given,
        trims_token: true,
        ..COMMON.container
    },
    proxies: ProxyRules { imds: true, ..COMMON.proxies },
    retries: Retries { agent_failing: false, agent_throttled: false, ..COMMON.retries },
    ..COMMON
};

/// Before EKS Pod Identity and configured endpoint URLs.
const WITHOUT_POD_IDENTITY: Chain = Chain {
    endpoint: EndpointRules { urls: Urls::None, ..CHAIN.endpoint },
    container: ContainerRules { reads_full_uri: false, reads_token_file: false, ..CHAIN.container },
    imds: ImdsRules { own_endpoint: OwnImdsEndpoint::FindsNone, v1_off: FlagReading::NotRead, ..CHAIN.imds },
    ..CHAIN
};

/// Version 2 got web identity in the same month as version 3 (GitLab #34154, by the EKS user guide of 2019). Today's guide lists version 3 alone.
const FIRST: &[FirstVersion] = &[FirstVersion { way: ChainEnd::Irsa, major: 2, version: "2.11.345" }];

pub(super) const RUBY: FamilyRow = FamilyRow {
    name: "SDK for Ruby 3.x",
    short_name: "ruby",
    aliases: &["aws-sdk-ruby"],
    package: "aws-sdk-core",
    majors: &[],
    irsa: Some("3.58.0"),
    pod_identity: Some("3.188.0"),
    regional_since: None,
    basis: Basis::Measured,
    versions: &[
        VersionRow { since: "3.188.0", measured: &["3.212.0", "3.211.0"], chain: CHAIN },
        VersionRow { since: "", measured: &["3.168.1"], chain: WITHOUT_POD_IDENTITY },
    ],
    note: "",
    packages: Packages { version: &["aws-sdk-core"], first: FIRST, ..PACKAGES },
    support: &[supported(3), ended(2), ended(1)],
};
