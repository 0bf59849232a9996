//! A default credential chain, as data: its links in order, and the rules by which the families' chains differ (docs/facts.md#chain-orders,
//! docs/facts.md#chain-matrix).

use crate::core::pod::profile::ProfileCredentials::{self, Login, Process, RoleArn, Sso, StaticKeys, WebIdentity};

/// One place where a chain looks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    /// Static keys in the environment.
    Env,
    /// The selected profile, for these kinds of credentials.
    Profile(&'static [ProfileCredentials]),
    /// `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentity,
    /// `AWS_CONTAINER_CREDENTIALS_*`: ECS and EKS Pod Identity.
    Container,
    /// The instance metadata service.
    Imds,
    /// The container's credentials if their URI is set, else IMDS. It never tries both.
    ContainerOrImds,
}

/// What a link that is configured and fails does to the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    /// The chain ends there with an error.
    Stops,
    /// The chain goes on with the next link.
    GoesOn,
    /// It was not verified.
    Unknown,
}

/// What the chain does when `AWS_PROFILE` names a profile that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingProfile {
    /// It ignores `AWS_PROFILE`.
    Ignored,
    /// It ends with an error before its first link.
    StopsFirst,
    /// It ends with an error at the link of the profile.
    StopsAtItsLink,
}

/// What an SDK does with `AWS_USE_FIPS_ENDPOINT` or `AWS_USE_DUALSTACK_ENDPOINT` beside a configured endpoint URL.
///
/// The rule set refuses each of the two beside a URL (docs/facts.md#endpoint-rules, rule 1). This was measured with FIPS
/// (docs/facts.md#row-34). Botocore's `args.py` passes neither of the two to the rule set where there is a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VariantWithUrl {
    /// It fails with an error.
    Refused,
    /// It calls the URL.
    Ignored,
    /// It was not verified.
    Unknown,
}

/// A family's default chain.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) links: &'static [Link],
    pub(super) failing: Failing,
    pub(super) missing_profile: MissingProfile,
    pub(super) variant_with_url: VariantWithUrl,
    /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` does not reach the client that makes the exchange.
    pub(super) url_always: bool,
    /// An empty `AWS_ROLE_ARN` or `AWS_WEB_IDENTITY_TOKEN_FILE` counts as set.
    pub(super) empty_counts: bool,
    /// An empty container URI counts as set.
    pub(super) empty_uri_counts: bool,
    /// A token file without a role is an error. Otherwise the link counts as not configured.
    pub(super) token_without_role_fails: bool,
    /// `AWS_ACCESS_KEY_ID` without the secret is an error.
    pub(super) lone_key_id_fails: bool,
    /// Static keys in the environment are not read while `AWS_PROFILE` is set.
    pub(super) profile_hides_env: bool,
    /// `~/.aws/config` is read only while `AWS_SDK_LOAD_CONFIG` is set. This program does not read that variable.
    pub(super) config_on_request: bool,
    /// The container's token file is read before it is known whether there is a URI.
    pub(super) container_token_first: bool,
    /// When IMDS does not answer by version 2, it is asked by version 1 (AWS SDKs and Tools Reference Guide, "IMDS credential provider").
    pub(super) imds_v1: bool,
    /// A refusal by IMDS is an error.
    pub(super) imds_refusal_fails: bool,
    /// Every failure of IMDS is an error.
    pub(super) imds_always_fails: bool,
}

/// All kinds of credentials that a profile can give.
pub(super) const ANY_PROFILE: &[ProfileCredentials] = &[WebIdentity, RoleArn, Sso, StaticKeys, Process, Login];

/// The chain that most families have. The rows of the families name their differences.
pub(super) const COMMON: Chain = Chain {
    links: &[Link::Env, Link::WebIdentity, Link::Profile(ANY_PROFILE), Link::Container, Link::Imds],
    failing: Failing::Stops,
    missing_profile: MissingProfile::Ignored,
    variant_with_url: VariantWithUrl::Unknown,
    url_always: false,
    empty_counts: false,
    empty_uri_counts: false,
    token_without_role_fails: false,
    lone_key_id_fails: false,
    profile_hides_env: false,
    config_on_request: false,
    container_token_first: false,
    imds_v1: true,
    imds_refusal_fails: false,
    imds_always_fails: false,
};

/// botocore's chain. A role in a profile comes before the web identity. All other credentials of a profile come after it. Source: botocore 1.43
/// `credentials.py`, `create_credential_resolver`.
pub(super) const BOTOCORE: Chain = Chain {
    links: &[
        Link::Env,
        Link::Profile(&[RoleArn]),
        Link::WebIdentity,
        Link::Profile(&[WebIdentity, Sso, StaticKeys, Login, Process]),
        Link::Container,
        Link::Imds,
    ],
    missing_profile: MissingProfile::StopsFirst,
    variant_with_url: VariantWithUrl::Ignored,
    token_without_role_fails: true,
    lone_key_id_fails: true,
    ..COMMON
};
