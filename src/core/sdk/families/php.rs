//! The SDK for PHP.

use super::super::rules::*;
use super::{Basis, FamilyRow, PACKAGES, Packages, VersionRow, ended, supported};

/// aws-sdk-php `CredentialProvider.php`: each provider is the `otherwise` of the provider before it. The web identity provider has its own default
/// for the region (`AssumeRoleWithWebIdentityCredentialProvider.php`).
const CHAIN: Chain = Chain {
    links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::ContainerOrImds],
    failing: Failing::GoesOn,
    profile: ProfileRules { bad_file: None, ..COMMON.profile },
    region: RegionRules { empty: Empty::Unset, none: NoRegion::UsEast1, ..COMMON.region },
    endpoint: EndpointRules {
        regional: RegionalWhen::UnlessLegacy,
        word: Word::AnyCase,
        variants: Variants::UnknownWithUrl,
        ..COMMON.endpoint
    },
    ..COMMON
};

pub(super) const PHP: FamilyRow = FamilyRow {
    name: "SDK for PHP 3.x",
    short_name: "php",
    aliases: &["aws-sdk-php"],
    package: "aws/aws-sdk-php",
    majors: &[],
    irsa: Some("3.110.7"),
    pod_identity: Some("3.287.1"),
    regional_since: Some("July 2025"),
    basis: Basis::Documented,
    versions: &[VersionRow { since: "", measured: &[], chain: CHAIN }],
    note: "Its chain silently tries the next provider after every one that fails.",
    packages: Packages { version: &["aws/aws-sdk-php"], ..PACKAGES },
    support: &[supported(3), ended(2), ended(1)],
};
