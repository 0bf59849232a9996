//! The checks, one row each, and what the evidence says for each of them.

use super::super::application::{self, SdkVerdict};
use super::super::{Diagnosis, identity, issuer, predicted};
use crate::core::aws::arn::{RoleMatch, compare_identities};
use crate::core::aws::imds::ImdsReach;
use crate::core::catalogue::{Code, Step};
use crate::core::evidence::exchange::{Exchange, Failure, FailureKind};
use crate::core::evidence::{Call, CallerIdentity, EndpointFacts, Evidence, Fact, FileFact, SkipReason, Token};
use crate::core::plan::Provider;
use crate::core::text::time::spoken;

/// What the evidence says for a check that has no finding.
pub(super) enum CheckState {
    Good(Option<String>),
    Skipped(String),
    /// It is listed only when it fails.
    Unlisted,
}

/// One check. The codes that turn it name it in their rows of the catalogue.
pub(super) struct CheckRow {
    pub(super) id: &'static str,
    pub(super) step: Step,
    pub(super) title: &'static str,
    pub(super) state: fn(&Evidence, &Diagnosis) -> CheckState,
}

/// All checks, in the order in which a credential travels.
pub(super) const ROWS: &[CheckRow] = &[
    CheckRow {
        id: "injected",
        step: Step::Injection,
        title: "an AWS identity is injected into this container",
        state: |_, d| match d.plan.provider {
            Provider::Irsa => good("IRSA"),
            Provider::PodIdentity => good("EKS Pod Identity"),
            Provider::None => CheckState::Good(None),
        },
    },
    CheckRow {
        id: "role-arn",
        step: Step::Injection,
        title: "AWS_ROLE_ARN is the ARN of the expected role",
        state: |_, d| match &d.plan.role {
            Some(role) => good(role),
            None => skip("IRSA is not injected"),
        },
    },
    CheckRow {
        id: "region",
        step: Step::Injection,
        title: "the region is known and belongs to the role's partition",
        state: |_, d| match d.plan.region() {
            Some(region) => good(region),
            None => skip("nothing is called"),
        },
    },
    CheckRow {
        id: "unshadowed",
        step: Step::Injection,
        title: "no other credentials shadow the injected identity",
        state: |_, d| if d.plan.provider == Provider::None { skip("nothing is injected") } else { CheckState::Good(None) },
    },
    CheckRow {
        id: "endpoint",
        step: Step::Injection,
        title: "STS is called at its regional endpoint",
        state: |_, d| match d.plan.endpoints.first() {
            Some(endpoint) => good(&endpoint.host),
            None => skip("nothing is called"),
        },
    },
    CheckRow {
        id: "token-file",
        step: Step::Token,
        title: "the token file can be read",
        state: |e, _| match &e.token {
            Fact::Known(Token { file: FileFact::Failed(failure), .. }) => skip(&failure.text),
            Fact::Known(token) => good(&token.path),
            other => not_attempted(other),
        },
    },
    CheckRow {
        id: "token-content",
        step: Step::Token,
        title: "it holds a service account token",
        state: |e, _| {
            let claims = e.token.known().and_then(|token| token.claims());
            match claims.and_then(|claims| claims.subject.as_deref()) {
                Some(subject) => good(subject),
                None => not_attempted(&e.token),
            }
        },
    },
    CheckRow {
        id: "token-times",
        step: Step::Token,
        title: "the token is valid now and rotated in time",
        state: |e, d| {
            let claims = e.token.known().and_then(|token| token.claims());
            match claims.and_then(|claims| claims.expires_at) {
                Some(exp) => good(format!("expires in {}", spoken(exp.since(e.taken_at).saturating_add(d.clock_skew.unwrap_or(0))))),
                None => not_attempted(&e.token),
            }
        },
    },
    CheckRow {
        id: "token-audience",
        step: Step::Token,
        title: "the token is meant for AWS",
        state: |e, _| match e.token.known().and_then(|token| token.claims()) {
            Some(claims) => good(claims.audience.join(", ")),
            None => not_attempted(&e.token),
        },
    },
    CheckRow {
        id: "token-pod",
        step: Step::Token,
        title: "the token was issued to this pod",
        state: |e, _| match (e.inputs.environment.downward_pod_name(), e.token.known().and_then(|token| token.claims())) {
            (_, None) => not_attempted(&e.token),
            (None, _) => skip("the pod's name is unknown (set POD_NAME by the downward API)"),
            (Some(_), Some(claims)) => match &claims.pod {
                Some(pod) => good(pod),
                None => skip("the token names no pod"),
            },
        },
    },
    CheckRow {
        id: "resources",
        step: Step::Token,
        title: "the probe itself has the descriptors, threads and memory that it needs",
        state: |_, _| CheckState::Unlisted,
    },
    CheckRow {
        id: "issuer",
        step: Step::Issuer,
        title: "the issuer publishes the key that signed the token",
        state: |e, _| match &e.issuer {
            Fact::Known(seen) => match (issuer::lack(seen), issuer::good(seen)) {
                (Some(lack), _) => skip(lack),
                (None, Ok(key)) => good(key),
                (None, Err(because)) => skip(because),
            },
            other => not_attempted(other),
        },
    },
    CheckRow {
        id: "dns",
        step: Step::Network,
        title: "the STS host name resolves",
        state: |e, _| match first_call(e) {
            Some((Some(exchange), _)) if exchange.connection.proxy.is_some() => skip("the proxy looks it up"),
            _ => reached(e, |x| !x.connection.addresses.is_empty(), |x| Some(x.connection.addresses.join(", "))),
        },
    },
    CheckRow {
        id: "connect",
        step: Step::Network,
        title: "STS accepts connections",
        state: |e, _| {
            reached(e, |x| x.connection.connect_ms.is_some(), |x| x.connection.proxy.as_ref().map(|proxy| format!("through proxy {proxy}")))
        },
    },
    CheckRow {
        id: "tls",
        step: Step::Network,
        title: "its certificate is trusted",
        state: |e, d| match d.plan.endpoints.first() {
            Some(endpoint) if endpoint.url.raw().starts_with("http://") => skip("the endpoint is plain http"),
            _ => reached(e, |x| x.connection.tls_ms.is_some(), |_| None),
        },
    },
    CheckRow {
        id: "sts",
        step: Step::Network,
        title: "STS answers",
        state: |e, _| reached(e, |x| x.failure.is_none(), |x| Some(format!("{:.0} ms", x.ms))),
    },
    CheckRow {
        id: "assume-role",
        step: Step::AssumeRole,
        title: "STS exchanges the token for the role's credentials",
        state: |e, _| match e.endpoints.first().map(|endpoint| &endpoint.assume_role) {
            Some(Fact::Known(call)) => {
                CheckState::Good(call.success().and_then(|assumed| assumed.expires_at).map(|at| format!("until {at}")))
            }
            Some(other) => not_attempted(other),
            None => skip("nothing is called"),
        },
    },
    CheckRow {
        id: "agent",
        step: Step::PodIdentity,
        title: "the Pod Identity agent hands out credentials",
        state: |e, _| match &e.agent {
            Fact::Known(call) => CheckState::Good(call.success().and_then(|given| given.expires_at).map(|at| format!("until {at}"))),
            other => not_attempted(other),
        },
    },
    CheckRow {
        id: "agent-proxy",
        step: Step::PodIdentity,
        title: "no proxy captures calls to the agent",
        state: |_, d| {
            if d.plan.provider == Provider::PodIdentity { CheckState::Good(None) } else { skip(SkipReason::NotThisProvider.describe()) }
        },
    },
    CheckRow {
        id: "identity",
        step: Step::Identity,
        title: "GetCallerIdentity names the expected role",
        state: |e, d| match (&d.identity, e.endpoints.first().map(|endpoint| &endpoint.caller_identity)) {
            (Some(proven), _) => good(&proven.arn),
            (None, Some(fact)) => not_attempted(fact),
            (None, None) => skip("nothing is called"),
        },
    },
    CheckRow {
        id: "clock",
        step: Step::Identity,
        title: "this node's clock agrees with STS's",
        state: |_, d| match d.clock_skew {
            None => skip("STS's clock was not seen"),
            Some(0) => CheckState::Good(None),
            Some(skew) => good(format!("{} {}", spoken(skew), if skew < 0 { "behind" } else { "ahead" })),
        },
    },
    CheckRow {
        id: "chain",
        step: Step::Identity,
        title: "an SDK's default chain becomes this identity",
        state: |e, d| match &e.chain {
            Fact::Known(chain) => match (&chain.error, &chain.identity, identity::explanation(&d.findings)) {
                (Some(error), ..) => skip(format!("not decided: {}", error.text)),
                (None, Some(is), Some(code)) if !becomes_proven(is, d) => skip(format!("it becomes {}; see {code}", is.arn)),
                (None, ..) => CheckState::Good(None),
            },
            other => match predicted(e).map(|predicted| predicted.judge(d.plan.provider)) {
                Some(Ok(good_as)) => good(good_as),
                Some(Err(because)) => skip(because),
                None => not_attempted(other),
            },
        },
    },
    CheckRow {
        id: "node-role",
        step: Step::Node,
        title: "the node's role is out of this pod's reach",
        state: |e, _| match &e.imds {
            Fact::Known(imds) => match imds.v2 {
                ImdsReach::HopLimited => good("the hop limit keeps IMDSv2 from pods"),
                ImdsReach::Answers if imds.no_role => good("IMDS answers, but the instance has no role"),
                ImdsReach::Answers => skip("IMDS answers, but named no role"),
                ImdsReach::Absent | ImdsReach::Dropped => good("IMDS is out of reach"),
                ImdsReach::Refused | ImdsReach::Other => good("IMDS refuses"),
            },
            other => not_attempted(other),
        },
    },
    CheckRow {
        id: "other-regions",
        step: Step::Redundancy,
        title: "the other regions' STS works too",
        state: |e, _| match e.endpoints.get(1..) {
            Some([]) | None => skip("one region only (--sts-region adds more)"),
            Some(others) if others.iter().any(lacked) => skip(Code::ProbeOutOfResources.row().title),
            Some(others) => good(others.iter().map(|endpoint| endpoint.region.to_string()).collect::<Vec<_>>().join(", ")),
        },
    },
    CheckRow {
        id: "app-sdk",
        step: Step::Application,
        title: "the application's SDK uses this identity, and stops when it fails",
        state: |e, d| match e.inputs.settings.app_sdk.map(|sdk| application::judge(e, &d.plan, sdk)) {
            None => skip(SkipReason::NotAsked.describe()),
            Some(SdkVerdict::Right(detail) | SdkVerdict::Wrong(detail)) => good(detail),
            Some(SdkVerdict::Open(because)) => skip(because),
        },
    },
];

fn good(detail: impl ToString) -> CheckState {
    CheckState::Good(Some(detail.to_string()))
}

fn skip(because: impl Into<String>) -> CheckState {
    CheckState::Skipped(because.into())
}

/// Whether an identity of the default chain is the proven one.
fn becomes_proven(identity: &CallerIdentity, diagnosis: &Diagnosis) -> bool {
    let proven = diagnosis.identity.as_ref();
    proven.is_some_and(|proven| compare_identities(&identity.arn, &proven.arn) == RoleMatch::Equal)
}

fn not_attempted<T>(fact: &Fact<T>) -> CheckState {
    match fact {
        Fact::NotAttempted(because) => skip(because.describe()),
        Fact::Failed(failure) => skip(failure.text.clone()),
        Fact::Known(_) => skip(SkipReason::EarlierFailure.describe()),
    }
}

/// The probe itself had not what it takes to call it.
fn lacked(endpoint: &EndpointFacts) -> bool {
    fn of<T>(fact: &Fact<Call<T>>) -> bool {
        fact.known().and_then(|call| call.answer.as_ref().err()).is_some_and(|failure| failure.kind == FailureKind::OutOfResources)
    }
    of(&endpoint.assume_role) || of(&endpoint.caller_identity)
}

/// The first call to the primary endpoint: its exchange, and where it died if it did.
fn first_call(evidence: &Evidence) -> Option<(Option<&Exchange>, Option<&Failure>)> {
    fn of<T>(fact: &Fact<Call<T>>) -> Option<(Option<&Exchange>, Option<&Failure>)> {
        fact.known().map(|call| (call.exchange.as_ref(), call.answer.as_ref().err()))
    }
    let primary = evidence.endpoints.first()?;
    of(&primary.assume_role).or_else(|| of(&primary.caller_identity))
}

/// Whether the first call to the primary endpoint got past a phase.
fn reached(evidence: &Evidence, past: fn(&Exchange) -> bool, detail: fn(&Exchange) -> Option<String>) -> CheckState {
    match (first_call(evidence), evidence.endpoints.first()) {
        (Some((Some(exchange), _)), _) if past(exchange) => CheckState::Good(detail(exchange)),
        (Some((_, Some(failure))), _) => skip(failure.text.clone()),
        (Some((_, None)), _) => CheckState::Good(None),
        // EKS Pod Identity calls STS for GetCallerIdentity only.
        (None, Some(primary)) if matches!(primary.assume_role, Fact::NotAttempted(SkipReason::NotThisProvider)) => {
            not_attempted(&primary.caller_identity)
        }
        (None, Some(primary)) => not_attempted(&primary.assume_role),
        (None, None) => skip("nothing is called"),
    }
}
