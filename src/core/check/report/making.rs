//! Makes the report of an attempt.

use super::super::predicted::predicted_chain;
use super::super::{Diagnosis, Finding, checks, diagnose, is_private, network_code, sdk_lines, sdks};
use super::*;
use crate::core::aws::answer::ServiceAnswer;
use crate::core::aws::arn::{AssumedRoleArn, RoleArn};
use crate::core::aws::imds::ImdsReach;
use crate::core::catalogue::remedy::Values;
use crate::core::catalogue::{Class, Code, Operation, Severity};
use crate::core::check::values::{namespace, values};
use crate::core::check::wordings::OUTSIDE_A_POD;
use crate::core::evidence::{Call, ChainProvider, EndpointFacts, Evidence, Fact, SkipReason};
use crate::core::plan::inputs::Settings;
use crate::core::plan::{IdentitySource, Plan};
use crate::core::sdk::scan::judge;
use crate::core::text::secrets::InputValue;

/// The report of one attempt.
pub fn report(evidence: &Evidence, run: RunTimes) -> Report {
    let diagnosis = diagnose(evidence);
    let values = values(evidence, &diagnosis.plan);
    let findings = diagnosis.findings.iter().map(|f| reported(f, &values, &evidence.inputs.settings)).collect();
    let root_cause = diagnosis.root_cause();
    let sdk_lines = sdk_lines::lines(&diagnosis.context(evidence));
    Report {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: evidence.taken_at,
        duration_ms: run.duration_ms,
        attempts: run.attempts,
        verdict: match root_cause.map(|cause| cause.class) {
            None => Verdict::Pass,
            Some(Class::Transient) => Verdict::Unknown,
            Some(Class::Permanent | Class::Settling) => Verdict::Fail,
        },
        root_cause: root_cause.map(|f| cause(f, &values)),
        checks: checks::checks(evidence, &diagnosis),
        findings,
        subject: subject(evidence),
        expected: Expected {
            provider: diagnosis.plan.provider,
            source: diagnosis.plan.source,
            profile: diagnosis.plan.profile.as_ref().map(ToString::to_string),
            role_arn: expected_role(evidence, &diagnosis),
            hops: roles_of_chain(&diagnosis.plan),
            region: diagnosis.plan.region().map(ToString::to_string),
        },
        identity: identity(&diagnosis),
        chain: chain(evidence),
        token: token(evidence),
        credentials: credentials(evidence),
        endpoints: evidence.endpoints.iter().map(endpoint).collect(),
        node: node(evidence),
        clock_skew_seconds: diagnosis.clock_skew,
        application: application(evidence, &diagnosis),
        sdks_differing: sdks::count_differing(&diagnosis.context(evidence)),
        sdk_lines,
        outside_pod: is_outside_pod(evidence, root_cause).then(|| values.fix(OUTSIDE_A_POD.fix, OUTSIDE_A_POD.commands)),
        sdks: diagnosis.sdks,
        meanwhile: diagnosis.meanwhile,
        remembered: evidence.remembered,
    }
}

/// Whether nothing was injected because this is no pod. The kubelet sets KUBERNETES_SERVICE_HOST in every container (kubernetes.io, "Accessing the
/// API from a Pod").
fn is_outside_pod(evidence: &Evidence, root: Option<&Finding>) -> bool {
    let env = &evidence.inputs.environment;
    let named = env.kubernetes_service_host.value().is_some()
        || env.pod_namespace.value().is_some()
        || env.downward_pod_name().is_some()
        || evidence.namespace.is_some();
    let is_other = evidence.inputs.settings.pid.is_some();
    let has_token = evidence.default_token.known().is_some_and(|token| token.claims().is_some());
    root.is_some_and(|root| root.code == Code::NotInjected) && !named && !is_other && !has_token
}

fn application(evidence: &Evidence, diagnosis: &Diagnosis) -> Application {
    let only = match &diagnosis.apps[..] {
        [only] => Some(only.sdk.family),
        _ => None,
    };
    let scan = evidence.scan.as_ref();
    Application {
        sdk: only,
        by: diagnosis.apps.first().map(|app| app.by),
        found: scan.map(|scan| scan.copies.iter().map(|copy| judge(copy, evidence.taken_at)).collect()).unwrap_or_default(),
        scan: scan.map(|scan| scan.summary.clone()),
    }
}

fn reported(finding: &Finding, values: &Values, settings: &Settings) -> ReportedFinding {
    // The severity is the one of this pod: a warning that was made a failure cannot be ignored.
    let ignored = finding.severity != Severity::Fail && settings.ignore.contains(&finding.code);
    ReportedFinding { cause: cause(finding, values), severity: finding.severity, ignored }
}

pub(crate) fn cause(finding: &Finding, values: &Values) -> Cause {
    let row = finding.code.row();
    Cause {
        code: finding.code,
        step: row.step,
        class: finding.class,
        title: finding.wording.map_or(row.title, |wording| wording.title).to_owned(),
        detail: finding.detail.clone(),
        remedy: finding.wording.map_or_else(|| values.remedy(row), |wording| values.fix(wording.fix, wording.commands)),
        docs: finding.code.docs(),
    }
}

/// The role as it was given, even where it is malformed, because the reader will search for that text.
fn expected_role(evidence: &Evidence, diagnosis: &Diagnosis) -> Option<String> {
    let inputs = &evidence.inputs;
    let of_profile = || inputs.profile.role_chain().ok().flatten().and_then(|chain| chain.last_role().cloned());
    let given = match diagnosis.plan.source {
        IdentitySource::Environment => inputs.environment.role_arn.value().cloned(),
        IdentitySource::Profile => of_profile(),
    };
    let malformed = given.filter(|arn| RoleArn::parse(arn.raw()).is_err()).map(|arn| arn.to_string());
    diagnosis.plan.expected_role.as_ref().map(ToString::to_string).or(malformed)
}

/// All roles of a chain. Empty where there is only one.
fn roles_of_chain(plan: &Plan) -> Vec<String> {
    let roles = plan.role.iter().chain(plan.hops.iter().map(|hop| &hop.role));
    // The role of an association is not known before the agent gives its credentials.
    if plan.hops.is_empty() { Vec::new() } else { roles.map(ToString::to_string).collect() }
}

fn subject(evidence: &Evidence) -> Subject {
    let claims = evidence.token.known().and_then(|t| t.claims()).or_else(|| evidence.default_token.known().and_then(|t| t.claims()));
    let env = &evidence.inputs.environment;
    let printed = |value: &InputValue| value.to_string();
    Subject {
        namespace: namespace(evidence).map(str::to_owned).or_else(|| env.pod_namespace.value().map(printed)),
        service_account: claims.and_then(|c| c.service_account.clone()),
        pod: env.downward_pod_name().map(printed).or_else(|| claims.and_then(|c| c.pod.clone())),
        node: claims.and_then(|c| c.node.clone()),
        uid: claims.and_then(|c| c.pod_uid.clone()),
        pid: evidence.inputs.settings.pid,
    }
}

fn identity(diagnosis: &Diagnosis) -> Option<Identity> {
    let proven = diagnosis.identity.as_ref()?;
    let session = AssumedRoleArn::parse(&proven.arn);
    Some(Identity {
        arn: proven.arn.clone(),
        account: proven.account.clone().or_else(|| session.as_ref().map(|s| s.account.clone())),
        user_id: proven.user_id.clone(),
        role: session.as_ref().map(|s| s.role.clone()),
        session: session.map(|s| s.session),
        provider: diagnosis.plan.provider,
    })
}

fn chain(evidence: &Evidence) -> ReportedChain {
    let not_looked_at = |why: &str| ReportedChain {
        provider: ChainProvider::None,
        arn: None,
        error: Some(format!("not checked: {why}")),
        predicted: false,
    };
    if let (Fact::NotAttempted(_), Some(predicted)) = (&evidence.chain, predicted_chain(evidence)) {
        return ReportedChain { provider: predicted.provider, arn: None, error: predicted.error, predicted: true };
    }
    match &evidence.chain {
        Fact::Known(chain) => ReportedChain {
            provider: chain.provider,
            arn: chain.identity.as_ref().map(|identity| identity.arn.clone()),
            error: chain.error.as_ref().map(|error| error.text.clone()),
            predicted: false,
        },
        Fact::Failed(failure) => not_looked_at(&failure.text),
        Fact::NotAttempted(because) => not_looked_at(because.describe()),
    }
}

fn token(evidence: &Evidence) -> Option<ReportedToken> {
    let token = evidence.token.known()?;
    let claims = token.claims().cloned().unwrap_or_default();
    Some(ReportedToken {
        path: token.path.to_string(),
        issuer: claims.issuer,
        subject: claims.subject,
        audience: claims.audience,
        issued_at: claims.issued_at,
        expires_at: claims.expires_at,
    })
}

fn credentials(evidence: &Evidence) -> Option<Credentials> {
    // Those of the last role count: the roles before it are means only.
    let last = |endpoint: &EndpointFacts| endpoint.hops.last().or(endpoint.assume_role.known())?.success().map(|role| role.expires_at);
    let assumed = evidence.endpoints.first().and_then(last);
    // The agent's, unless a further role was asked for with them.
    let is_last = evidence.endpoints.first().is_none_or(|endpoint| endpoint.hops.is_empty());
    let given = || evidence.agent.known().filter(|_| is_last).and_then(|call| call.success()).map(|a| a.expires_at);
    assumed.or_else(given).map(|expires_at| Credentials { expires_at })
}

fn endpoint(endpoint: &EndpointFacts) -> ReportedEndpoint {
    let first = exchange(&endpoint.assume_role).or_else(|| exchange(&endpoint.caller_identity));
    let connection = first.map(|exchange| &exchange.connection);
    // Through a proxy, the addresses are those of the proxy, not of the endpoint.
    let direct = connection.filter(|connection| connection.proxy.is_none());
    let addresses = direct.map(|connection| connection.addresses.clone()).unwrap_or_default();
    ReportedEndpoint {
        region: endpoint.region.to_string(),
        host: endpoint.host.clone(),
        private: (!addresses.is_empty()).then(|| is_private(&addresses)),
        addresses,
        phases_ms: connection
            .map(|c| Phases { resolve: rounded(c.resolve_ms), connect: rounded(c.connect_ms), tls: rounded(c.tls_ms) })
            .unwrap_or_default(),
        assume_role: endpoint.assume_role.known().map(|made| call(made, Operation::AssumeRoleWithWebIdentity)),
        hops: endpoint.hops.iter().map(|made| call(made, Operation::AssumeRole)).collect(),
        caller_identity: endpoint.caller_identity.known().map(|made| call(made, Operation::GetCallerIdentity)),
    }
}

fn exchange<T>(fact: &Fact<Call<T>>) -> Option<&crate::core::evidence::exchange::Exchange> {
    fact.known().and_then(|call| call.exchange.as_ref())
}

fn call<T>(call: &Call<T>, operation: Operation) -> ReportedCall {
    let exchange = call.exchange.as_ref();
    let id = |code: Code| Some(code.id().to_owned());
    let (finding, code, message, request_id) = match &call.answer {
        Ok(ServiceAnswer::Success(_)) => (None, None, None, None),
        Ok(ServiceAnswer::Error(e)) => {
            (Some(Code::from_error(operation, e)), e.code.clone(), Some(e.message.clone()), e.request_id.clone())
        }
        Ok(ServiceAnswer::Alien(alien)) => {
            (Some(Code::NotSts), id(Code::NotSts), Some(format!("HTTP status {}: {}", alien.status, alien.what)), None)
        }
        Err(failure) => {
            let finding = network_code(failure);
            (Some(finding), id(finding), Some(failure.text.clone()), None)
        }
    };
    ReportedCall {
        ok: call.success().is_some(),
        code,
        message,
        request_id: request_id.or_else(|| exchange.and_then(|x| x.request_id.clone())),
        ms: exchange.and_then(|x| rounded(Some(x.ms))).unwrap_or_default(),
        finding,
    }
}

/// Milliseconds, rounded to two decimals. Further decimals are below the precision of the measurement.
fn rounded(ms: Option<f64>) -> Option<f64> {
    ms.map(|ms| (ms * 100.0).round() / 100.0)
}

fn node(evidence: &Evidence) -> Node {
    let imds = match &evidence.imds {
        Fact::Known(imds) => imds,
        other => {
            let imds =
                if matches!(other, Fact::NotAttempted(SkipReason::ImdsDisabled)) { ImdsState::Disabled } else { ImdsState::NotChecked };
            return Node { imds, v1: None, v2: None, role: None, instance_id: None };
        }
    };
    let answers = |reach: ImdsReach| reach == ImdsReach::Answers;
    let state = match imds.v2 {
        ImdsReach::Answers => ImdsState::Reachable,
        _ if imds.v1.is_some_and(answers) => ImdsState::Reachable,
        ImdsReach::Absent => ImdsState::Absent,
        ImdsReach::HopLimited | ImdsReach::Dropped | ImdsReach::Refused | ImdsReach::Other => ImdsState::Blocked,
    };
    Node {
        imds: state,
        v1: imds.v1.map(answers),
        v2: Some(answers(imds.v2)),
        role: imds.role.clone(),
        instance_id: imds.instance_id.clone(),
    }
}
