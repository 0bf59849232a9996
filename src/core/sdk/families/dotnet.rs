//! The SDK for .NET, and the Tools for PowerShell, which rest on it.

use super::super::outcome::ChainEnd;
use super::super::rules::*;
use super::{Basis, FamilyRow, FirstVersion, PACKAGES, Packages, SupportRow, VersionRow, ended, supported};

/// aws-sdk-net `DefaultAWSCredentialsIdentityResolver.cs` (version 4): the chain takes the first provider that can be constructed. When that
/// provider fails later, no other provider is tried.
const CHAIN: Chain = Chain {
    links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::ContainerOrImds],
    profile: ProfileRules { bad_file: None, missing: MissingProfile::StopsAtItsLink, ..COMMON.profile },
    region: RegionRules { empty: Empty::Unset, none: NoRegion::UsEast1, ..COMMON.region },
    endpoint: EndpointRules { variants: Variants::UnknownWithUrl, ..COMMON.endpoint },
    ..COMMON
};

/// AWS lists releases of the SDK (3.3.659.1 and 3.7.734.0), which have numbers that no package has. These are `AWSSDK.Core` in them (aws-sdk-net
/// `changelogs/SDK.CHANGELOG.2020.md` and `SDK.CHANGELOG.2024.md`).
const FIRST: &[FirstVersion] = &[
    FirstVersion { way: ChainEnd::Irsa, major: 3, version: "3.3.104.14" },
    FirstVersion { way: ChainEnd::PodIdentity, major: 3, version: "3.7.302.0" },
];

pub(super) const DOTNET: FamilyRow = FamilyRow {
    name: "SDK for .NET",
    short_name: ".net",
    aliases: &[".net", "aws-sdk-net"],
    package: "AWSSDK.Core",
    majors: &[],
    irsa: Some("3.3.659.1"),
    pod_identity: Some("3.7.734.0"),
    regional_since: Some("version 4 (version 3: July 2025)"),
    basis: Basis::Documented,
    versions: &[VersionRow { since: "", measured: &[], chain: CHAIN }],
    note: "Version 3 tries web identity, then a profile, before static keys. Without the package AWSSDK.SecurityToken web identity is an error.",
    packages: Packages { version: &["awssdk.core", "awssdk.core.dll"], sts: Some("AWSSDK.SecurityToken"), first: FIRST, ..PACKAGES },
    support: &[
        supported(4),
        SupportRow { major: 3, maintenance: Some("2026-03-01T00:00:00Z"), ended: Some("2026-06-01T00:00:00Z") },
        ended(2),
        ended(1),
    ],
};

/// AWS Tools for PowerShell user guide, "Credential and profile resolution". The guide does not mention web identity. The rest is as in .NET.
const POWERSHELL_CHAIN: Chain = Chain {
    profile: ProfileRules { bad_file: None, ..COMMON.profile },
    links: &[Link::Env, Link::Profile(ANY_PROFILE), Link::WebIdentity, Link::ContainerOrImds],
    failing: Failing::Unknown,
    region: RegionRules { empty: Empty::Unset, none: NoRegion::Global, ..COMMON.region },
    endpoint: EndpointRules {
        regional: RegionalWhen::UnlessLegacy,
        word: Word::AnyCase,
        variants: Variants::UnknownWithUrl,
        variants_before_legacy: false,
        ..COMMON.endpoint
    },
    ..COMMON
};

pub(super) const POWERSHELL: FamilyRow = FamilyRow {
    name: "Tools for PowerShell",
    short_name: "powershell",
    aliases: &["aws-tools-for-powershell"],
    package: "AWS.Tools.Common",
    majors: &[],
    irsa: None,
    pod_identity: Some("4.1.502"),
    regional_since: Some("version 5 (version 4: July 2025)"),
    basis: Basis::Unverified,
    versions: &[VersionRow { since: "", measured: &[], chain: POWERSHELL_CHAIN }],
    note: "It is built on the .NET SDK, and tries providers in its own order.",
    packages: Packages { version: &["aws.tools.common", "awspowershell.netcore", "awspowershell"], ..PACKAGES },
    support: &[
        supported(5),
        SupportRow { major: 4, maintenance: Some("2026-03-01T00:00:00Z"), ended: Some("2026-06-01T00:00:00Z") },
        ended(3),
        ended(2),
    ],
};
