//! The catalogue: every finding that the probe can make, one row each.
//!
//! A code is permanent: it is never renamed and never reused. What a finding says of one pod comes from the evidence; what is
//! true of every pod stands here: how it counts, its title, its cause, the cure as a template, and the commands.

mod application;
mod assume_role;
mod cluster;
mod identity;
mod injection;
mod network;
mod pod_identity;
pub mod remedy;
mod token;

use serde::{Deserialize, Serialize};
use std::fmt;

/// A stage of the credential's way, in order. The first one that fails holds the root cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// What the pod was given: environment, role, region, endpoints.
    Injection,
    /// The projected token's file, claims and times.
    Token,
    /// The token's issuer (opt-in).
    Issuer,
    /// The way to the STS endpoint.
    Network,
    /// AssumeRoleWithWebIdentity.
    AssumeRole,
    /// The EKS Pod Identity agent.
    PodIdentity,
    /// Who the credentials are.
    Identity,
    /// What the node gives away.
    Node,
    /// Other regions.
    Redundancy,
    /// What the application and its SDK make of it: read from logs, or predicted.
    Application,
    /// What `doctor` sees from a workstation.
    Cluster,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Step; 11] = [
        Step::Injection,
        Step::Token,
        Step::Issuer,
        Step::Network,
        Step::AssumeRole,
        Step::PodIdentity,
        Step::Identity,
        Step::Node,
        Step::Redundancy,
        Step::Application,
        Step::Cluster,
    ];

    /// Its name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Step::Injection => "injection",
            Step::Token => "token",
            Step::Issuer => "issuer",
            Step::Network => "network",
            Step::AssumeRole => "assume-role",
            Step::PodIdentity => "pod-identity",
            Step::Identity => "identity",
            Step::Node => "node",
            Step::Redundancy => "redundancy",
            Step::Application => "application",
            Step::Cluster => "cluster",
        }
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The identity is not what it should be, or not proven.
    Fail,
    /// It works, and something about it will bite; fails under `--strict`.
    Warn,
    /// Worth knowing; never fails.
    Info,
}

impl Severity {
    /// Its name in reports and metrics.
    pub fn id(self) -> &'static str {
        match self {
            Severity::Fail => "fail",
            Severity::Warn => "warn",
            Severity::Info => "info",
        }
    }
}

/// What time can do about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Nothing in this pod's life cures it: `check` fails at once.
    Permanent,
    /// May be IAM still propagating: retried until the timeout, then a failure.
    Settling,
    /// Network, throttling, AWS's side: retried; what remains at the timeout is "not proven".
    Transient,
}

impl Class {
    /// Its name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Class::Permanent => "permanent",
            Class::Settling => "settling",
            Class::Transient => "transient",
        }
    }
}

/// A document that goes with a remedy, made from this pod's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snippet {
    /// None.
    None,
    /// The trust policy for this token and role.
    TrustPolicy,
    /// The trust policy for EKS Pod Identity.
    PodIdentityTrustPolicy,
    /// The service account with its annotation.
    Annotation,
    /// The pod's `fsGroup`.
    FsGroup,
}

/// One row of the catalogue. In `remedy` and `commands`, `{name}` is filled with this pod's value (see `core::remedy`).
#[derive(Debug)]
pub struct CodeRow {
    /// The code.
    pub code: Code,
    /// The step that it belongs to.
    pub step: Step,
    /// How much it weighs, unless the evidence makes it weigh more.
    pub severity: Severity,
    /// What time can do about it.
    pub class: Class,
    /// What is wrong, as a headline.
    pub title: &'static str,
    /// Why that happens and what follows.
    pub cause: &'static str,
    /// The cure, in one line.
    pub remedy: &'static str,
    /// Commands that cure it or show more, ready to paste.
    pub commands: &'static [&'static str],
    /// A document to apply.
    pub snippet: Snippet,
}

impl CodeRow {
    const fn new(
        step: Step,
        code: Code,
        weight: (Severity, Class),
        title: &'static str,
        cause: &'static str,
        remedy: &'static str,
    ) -> CodeRow {
        let (severity, class) = weight;
        CodeRow { code, step, severity, class, title, cause, remedy, commands: &[], snippet: Snippet::None }
    }

    const fn run(self, commands: &'static [&'static str]) -> CodeRow {
        CodeRow { commands, ..self }
    }

    const fn apply(self, snippet: Snippet) -> CodeRow {
        CodeRow { snippet, ..self }
    }
}

/// Weights as the rows write them.
mod weight {
    use super::{Class, Severity};
    pub const PERMANENT: (Severity, Class) = (Severity::Fail, Class::Permanent);
    pub const SETTLING: (Severity, Class) = (Severity::Fail, Class::Settling);
    pub const TRANSIENT: (Severity, Class) = (Severity::Fail, Class::Transient);
    pub const WARN: (Severity, Class) = (Severity::Warn, Class::Permanent);
    pub const WARN_PASSING: (Severity, Class) = (Severity::Warn, Class::Transient);
    pub const INFO: (Severity, Class) = (Severity::Info, Class::Permanent);
}

/// The enum and its names from one list.
macro_rules! codes {
    ($($variant:ident = $id:literal,)*) => {
        /// A finding's permanent name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "each has a row in the catalogue")]
        pub enum Code {
            $(#[serde(rename = $id)] $variant,)*
        }

        impl Code {
            /// All codes, in the order of the catalogue: by step, within a step the more basic first.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// Its permanent name.
            pub const fn id(self) -> &'static str {
                match self { $(Code::$variant => $id,)* }
            }
        }
    };
}

codes! {
    NotInjected = "not-injected",
    HalfInjected = "half-injected",
    RoleArnMalformed = "role-arn-malformed",
    RoleDiffersFromExpected = "role-differs-from-expected",
    RegionMissing = "region-missing",
    RegionMalformed = "region-malformed",
    ShadowedByEnvKeys = "shadowed-by-env-keys",
    ShadowedByProfile = "shadowed-by-profile",
    BothInjected = "both-injected",
    GlobalEndpointConfigured = "global-endpoint-configured",
    EndpointOverride = "endpoint-override",
    FipsEndpointAbsent = "fips-endpoint-absent",
    PartitionMismatch = "partition-mismatch",

    TokenMissing = "token-missing",
    TokenUnreadable = "token-unreadable",
    TokenEmpty = "token-empty",
    TokenOversized = "token-oversized",
    TokenMalformed = "token-malformed",
    TokenExpired = "token-expired",
    TokenNotYetValid = "token-not-yet-valid",
    TokenRotationOverdue = "token-rotation-overdue",
    TokenAudienceUnexpected = "token-audience-unexpected",
    TokenAudienceMultiple = "token-audience-multiple",
    TokenOfAnotherPod = "token-of-another-pod",
    ProbeOutOfResources = "probe-out-of-resources",

    IssuerUnreachable = "issuer-unreachable",
    IssuerMismatch = "issuer-mismatch",
    SigningKeyUnknown = "signing-key-unknown",

    DnsNotFound = "dns-not-found",
    DnsFailed = "dns-failed",
    ConnectRefused = "connect-refused",
    ConnectTimeout = "connect-timeout",
    NetworkUnreachable = "network-unreachable",
    TlsUntrusted = "tls-untrusted",
    TlsNameMismatch = "tls-name-mismatch",
    TlsFailed = "tls-failed",
    ProxyFailed = "proxy-failed",
    RequestTimeout = "request-timeout",
    ConnectionLost = "connection-lost",
    NotSts = "not-sts",
    StsUnavailable = "sts-unavailable",

    OidcProviderMissing = "oidc-provider-missing",
    AudienceNotRegistered = "audience-not-registered",
    ThumbprintMismatch = "thumbprint-mismatch",
    TokenNotValidated = "token-not-validated",
    IssuerKeysUnavailable = "issuer-keys-unavailable",
    TokenRejected = "token-rejected",
    TokenExpiredAtSts = "token-expired-at-sts",
    TrustPolicyDenied = "trust-policy-denied",
    ExplicitlyDenied = "explicitly-denied",
    RoleArnRejected = "role-arn-rejected",
    RequestRejected = "request-rejected",
    SessionTooLong = "session-too-long",
    StsRegionDisabled = "sts-region-disabled",
    Throttled = "throttled",
    IdpRejected = "idp-rejected",
    IdpUnreachable = "idp-unreachable",
    StsError = "sts-error",

    AgentUnreachable = "agent-unreachable",
    AgentAddressRefused = "agent-address-refused",
    AgentUriNotAllowed = "agent-uri-not-allowed",
    AgentTokenRejected = "agent-token-rejected",
    AssociationMissing = "association-missing",
    PodIdentityTrustDenied = "pod-identity-trust-denied",
    AgentThrottled = "agent-throttled",
    AgentError = "agent-error",
    ProxyCapturesAgent = "proxy-captures-agent",

    IdentityMismatch = "identity-mismatch",
    IdentityUnconfirmed = "identity-unconfirmed",
    NodeRoleFallback = "node-role-fallback",
    SignatureScope = "signature-scope",
    ClockSkew = "clock-skew",
    SignatureRejected = "signature-rejected",
    SessionRejected = "session-rejected",
    SessionExpired = "session-expired",
    ChainDisagrees = "chain-disagrees",

    NodeRoleReachable = "node-role-reachable",
    NodeRoleReachableV1 = "node-role-reachable-v1",

    SecondaryRegionFailing = "secondary-region-failing",

    PermissionMissing = "permission-missing",
    PassRoleMissing = "pass-role-missing",
    KubernetesAccessMissing = "kubernetes-access-missing",
    AwsAuthRolePath = "aws-auth-role-path",
    RoleChainDenied = "role-chain-denied",
    SdkTooOld = "sdk-too-old",
    SdkModuleMissing = "sdk-module-missing",
    NoCredentialsFound = "no-credentials-found",
    WebhookMissing = "webhook-missing",
    DnsPolicyDeadlock = "dns-policy-deadlock",
    SdkFallsThrough = "sdk-falls-through",

    ServiceAccountMissing = "service-account-missing",
    AnnotationMissing = "annotation-missing",
    AnnotationMisspelt = "annotation-misspelt",
    RoleMissing = "role-missing",
    PodPredatesAnnotation = "pod-predates-annotation",
    PodNotInjected = "pod-not-injected",
    InjectionSuppressed = "injection-suppressed",
    ServiceAccountNotUsed = "service-account-not-used",
    PodsRefused = "pods-refused",
}

const TABLES: [&[CodeRow]; 8] =
    [injection::ROWS, token::ROWS, network::ROWS, assume_role::ROWS, pod_identity::ROWS, identity::ROWS, application::ROWS, cluster::ROWS];

/// All rows, in the catalogue's order.
pub fn rows() -> impl Iterator<Item = &'static CodeRow> {
    TABLES.into_iter().flatten()
}

impl Code {
    /// Its row.
    pub fn row(self) -> &'static CodeRow {
        // The test `every_code_has_one_row_in_order` proves that the first arm always finds it.
        rows().find(|row| row.code == self).unwrap_or(&injection::ROWS[0])
    }

    /// The code with this name.
    pub fn parse(id: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.id() == id)
    }

    /// Whether `check` and `serve` can find it. The others are found by `explain` in logs and by `doctor` in a cluster.
    pub fn is_of_check(self) -> bool {
        self == Code::SdkFallsThrough || self.step() <= Step::Redundancy
    }

    /// Its step.
    pub fn step(self) -> Step {
        self.row().step
    }

    /// Where it is documented.
    pub fn docs(self) -> String {
        format!("docs/findings.md#{}", self.id())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_row_in_order() {
        let in_tables: Vec<Code> = rows().map(|row| row.code).collect();
        assert_eq!(in_tables, Code::ALL);
        assert!(rows().map(|row| row.step).is_sorted());
    }

    #[test]
    fn names_are_kebab_case_and_round_trip() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.id()), Some(*code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.id());
            assert!(code.id().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{code}");
        }
        for step in Step::ALL {
            assert_eq!(serde_json::to_value(step).unwrap(), step.id());
        }
    }

    #[test]
    fn every_row_says_something_short_enough_to_read() {
        for row in rows() {
            assert!((10..=90).contains(&row.title.len()), "{}: title", row.code);
            assert!((30..=700).contains(&row.cause.len()), "{}: cause of {}", row.code, row.cause.len());
            assert!((20..=420).contains(&row.remedy.len()), "{}: remedy of {}", row.code, row.remedy.len());
            assert!(!row.cause.contains('{'), "{}: a cause is never filled in", row.code);
            assert!(!row.remedy.contains('\n') && !row.title.ends_with('.'), "{}", row.code);
        }
    }

    /// What severity and class mean: docs/findings.md, at its top.
    #[test]
    fn weights_are_as_designed() {
        let ids =
            |weight: (Severity, Class)| -> Vec<&str> { rows().filter(|r| (r.severity, r.class) == weight).map(|r| r.code.id()).collect() };
        assert_eq!(
            ids(weight::TRANSIENT),
            "probe-out-of-resources dns-not-found dns-failed connect-refused connect-timeout network-unreachable tls-failed proxy-failed request-timeout connection-lost \
             not-sts sts-unavailable issuer-keys-unavailable throttled idp-unreachable sts-error agent-unreachable agent-throttled agent-error"
                .split_whitespace()
                .collect::<Vec<_>>()
        );
        assert_eq!(
            ids(weight::SETTLING),
            "token-empty token-expired token-not-yet-valid oidc-provider-missing audience-not-registered token-not-validated token-expired-at-sts \
             trust-policy-denied explicitly-denied agent-token-rejected association-missing pod-identity-trust-denied clock-skew session-rejected session-expired"
                .split_whitespace()
                .collect::<Vec<_>>()
        );
        let warn: Vec<&str> = rows().filter(|r| r.severity == Severity::Warn).map(|r| r.code.id()).collect();
        assert_eq!(
            warn,
            "shadowed-by-profile both-injected global-endpoint-configured token-rotation-overdue token-audience-unexpected token-audience-multiple \
             issuer-mismatch signing-key-unknown proxy-captures-agent identity-unconfirmed node-role-reachable node-role-reachable-v1 secondary-region-failing \
             sdk-falls-through"
                .split_whitespace()
                .collect::<Vec<_>>()
        );
        let info: Vec<&str> = rows().filter(|r| r.severity == Severity::Info).map(|r| r.code.id()).collect();
        assert_eq!(info, ["endpoint-override", "token-of-another-pod", "issuer-unreachable"]);
    }
}
