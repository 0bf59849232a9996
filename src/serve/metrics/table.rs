//! Every metric that is made again at each scrape: one row each, from the board and the process.

use super::label::Label;
use super::process::ProcessUsage;
use crate::core::aws::arn::{AssumedRoleArn, RoleArn};
use crate::core::aws::partition::Region;
use crate::core::catalogue::Code;
use crate::core::check::report::{Report, ReportedEndpoint};
use crate::core::evidence::ChainProvider;
use crate::core::sidecar::board::Board;
use crate::core::sidecar::moment::Moment;
use crate::core::sidecar::readiness::{ReadinessReason, ReadinessState, Standing};
use crate::core::text::time::Timestamp;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

/// What there is to tell at the moment of a scrape.
#[derive(Debug)]
pub(super) struct View<'a> {
    board: &'a Board,
    standing: Standing,
    process: ProcessUsage,
}

impl<'a> View<'a> {
    /// The state is asked for now: it can change without a round.
    pub(super) fn new(board: &'a Board, process: ProcessUsage, now: Moment) -> View<'a> {
        View { board, standing: board.standing(now), process }
    }

    fn report(&self) -> Option<&Report> {
        self.board.report()
    }
}

/// One series: its labels' values in the row's order, and its value.
type Series = (Vec<Label>, f64);

/// One metric. Without series it is left out of the page.
struct MetricRow {
    name: &'static str,
    kind: MetricType,
    labels: &'static [&'static str],
    help: &'static str,
    series: fn(&View<'_>) -> Vec<Series>,
}

/// The metrics' families, in the table's order; those without series left out.
pub(super) fn families(view: &View<'_>) -> Vec<MetricFamily> {
    TABLE.iter().filter_map(|row| family(row, (row.series)(view))).collect()
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str, series: fn(&View<'_>) -> Vec<Series>) -> MetricRow {
    MetricRow { name, kind: MetricType::GAUGE, labels, help, series }
}

const fn counter(name: &'static str, help: &'static str, series: fn(&View<'_>) -> Vec<Series>) -> MetricRow {
    MetricRow { name, kind: MetricType::COUNTER, labels: &[], help, series }
}

const TABLE: &[MetricRow] = &[
    gauge("irsa_probe_ready", &[], "1 while /readyz answers 200: state ready or degraded, or the probe is switched off; else 0.", |view| {
        unlabelled(number(view.standing.state.is_ready()))
    }),
    gauge("irsa_probe_state", &["state"], "1 for the current state, 0 for the others.", |view| {
        ReadinessState::ALL.iter().map(|state| (vec![state.id().into()], number(*state == view.standing.state))).collect()
    }),
    gauge(
        "irsa_probe_finding",
        &["code", "severity"],
        "1 for each finding of the last round; absent when it was not found or is ignored.",
        |view| {
            let findings = view.report().map(|report| report.findings.as_slice()).unwrap_or_default();
            findings
                .iter()
                .filter(|finding| !finding.ignored)
                .map(|finding| (vec![finding.cause.code.id().into(), finding.severity.id().into()], 1.0))
                .collect()
        },
    ),
    // Alerts recognise a stuck worker by its absence: not ready, and no root cause.
    gauge(
        "irsa_probe_root_cause",
        &["code"],
        "1 for the root cause of the last round; absent when it passed, or while the worker is stuck.",
        |view| {
            let looks = !matches!(view.standing.reason, ReadinessReason::Stuck(_));
            let cause = view.report().filter(|_| looks).and_then(|report| report.root_cause.as_ref());
            cause.map(|cause| (vec![cause.code.id().into()], 1.0)).into_iter().collect()
        },
    ),
    gauge(
        "irsa_probe_identity_matches",
        &[],
        "1 when the identity that the last round proved for the injected provider is the expected one, 0 when it is not; absent while neither is known.",
        |view| optional(view.report().and_then(identity_matches).map(number)),
    ),
    gauge("irsa_probe_node_role_active", &[], "1 when the last round saw that applications get the node's role, else 0.", |view| {
        optional(view.report().map(|report| number(node_role_active(report))))
    }),
    gauge(
        "irsa_probe_node_role_reachable",
        &["version"],
        "1 when IMDS of this version names the node's role to this pod, 0 when it does not; absent when IMDS was not asked, or the finding is ignored.",
        |view| view.report().map(node_role_reachable).unwrap_or_default(),
    ),
    gauge(
        "irsa_probe_sdk_differing",
        &[],
        "How many SDK families would not get the identity that the last round proved; absent when it proved none.",
        |view| optional(view.report().and_then(|report| report.sdks_differing).map(|families| families as f64)),
    ),
    gauge(
        "irsa_probe_identity_info",
        &["provider", "account", "role", "partition", "region"],
        "1, with the identity that the last round proved for the injected provider and the primary region; absent when it proved none.",
        |view| view.report().and_then(identity_info).into_iter().collect(),
    ),
    gauge(
        "irsa_probe_token_expiration_timestamp_seconds",
        &[],
        "Unix time at which the projected token that the last round read expires.",
        |view| seconds(view.report().and_then(|report| report.token.as_ref()?.expires_at)),
    ),
    gauge(
        "irsa_probe_credentials_expiration_timestamp_seconds",
        &[],
        "Unix time at which the current credentials expire: those of the last round that got some.",
        |view| seconds(credentials_expiration(view)),
    ),
    gauge("irsa_probe_last_proof_timestamp_seconds", &[], "Unix time at which a round last proved the identity.", |view| {
        seconds(view.board.last_proof())
    }),
    gauge("irsa_probe_last_round_timestamp_seconds", &[], "Unix time at which the last finished round began.", |view| {
        seconds(view.report().map(|report| report.time))
    }),
    gauge("irsa_probe_consecutive_failures", &[], "Rounds since the last one that proved the identity.", |view| {
        unlabelled(view.board.consecutive_failures() as f64)
    }),
    gauge(
        "irsa_probe_endpoint_up",
        &["region"],
        "1 when every direct call that the last round made to the region's STS endpoint succeeded, 0 when one failed or was refused; absent without a call.",
        |view| view.report().map(endpoints_up).unwrap_or_default(),
    ),
    gauge(
        "irsa_probe_endpoint_phase_duration_seconds",
        &["region", "phase"],
        "Seconds that a phase of the last round's connection to the region's STS endpoint took; absent when the phase did not end.",
        |view| view.report().map(endpoint_phases).unwrap_or_default(),
    ),
    gauge(
        "irsa_probe_clock_skew_seconds",
        &[],
        "Seconds by which this machine's clock was ahead of the clock of STS in the last round; absent when STS did not answer.",
        |view| optional(view.report().and_then(|report| report.clock_skew_seconds).map(|skew| skew as f64)),
    ),
    gauge(
        "irsa_probe_build_info",
        &["version", "revision", "rustc"],
        "1, with the version, source revision and compiler of this binary.",
        |_| {
            let version: [&'static str; 3] = [env!("CARGO_PKG_VERSION"), env!("IRSA_PROBE_REVISION"), env!("IRSA_PROBE_RUSTC")];
            vec![(version.map(Label::from).into(), 1.0)]
        },
    ),
    counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", |view| optional(view.process.cpu_seconds)),
    gauge("process_threads", &[], "Number of OS threads in the process.", |view| optional(view.process.threads)),
    gauge("process_start_time_seconds", &[], "Start time of the process since unix epoch in seconds.", |view| {
        seconds(view.process.start_time)
    }),
    gauge("process_virtual_memory_bytes", &[], "Virtual memory size in bytes.", |view| optional(view.process.virtual_bytes)),
    gauge("process_resident_memory_bytes", &[], "Resident memory size in bytes.", |view| optional(view.process.resident_bytes)),
    gauge("process_open_fds", &[], "Number of open file descriptors.", |view| optional(view.process.open_fds)),
    gauge("process_max_fds", &[], "Maximum number of open file descriptors.", |view| optional(view.process.max_fds)),
];

fn family(row: &MetricRow, series: Vec<Series>) -> Option<MetricFamily> {
    if series.is_empty() {
        return None;
    }
    let mut family = MetricFamily::default();
    family.set_name(row.name.to_owned());
    family.set_help(row.help.to_owned());
    family.set_field_type(row.kind);
    family.set_metric(series.into_iter().map(|(values, value)| metric(row, values, value)).collect());
    Some(family)
}

fn metric(row: &MetricRow, values: Vec<Label>, value: f64) -> Metric {
    let pair = |(name, value): (&&str, Label)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value(value.into());
        pair
    };
    let mut metric = Metric::from_label(row.labels.iter().zip(values).map(pair).collect());
    if row.kind == MetricType::COUNTER {
        let mut counter = Counter::default();
        counter.set_value(value);
        metric.set_counter(counter);
    } else {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        metric.set_gauge(gauge);
    }
    metric
}

/// The one series of a metric without labels.
fn unlabelled(value: f64) -> Vec<Series> {
    vec![(Vec::new(), value)]
}

fn optional(value: Option<f64>) -> Vec<Series> {
    value.map(unlabelled).unwrap_or_default()
}

fn seconds(time: Option<Timestamp>) -> Vec<Series> {
    optional(time.map(|time| time.0 as f64))
}

fn number(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

/// Whether the injected provider gives the expected identity: the comparison of the step `identity`, done again, because its finding is
/// dropped where an earlier step holds the root cause (a warning under `--strict`). Where nothing was exchanged because the injected role
/// is not the expected one, that decides it. What the default chain becomes is `node_role_active`'s and `finding`'s to tell.
fn identity_matches(report: &Report) -> Option<bool> {
    const DECIDED: [Code; 2] = [Code::RoleDiffersFromExpected, Code::IdentityMismatch];
    if report.findings.iter().any(|finding| DECIDED.contains(&finding.cause.code)) {
        return Some(false);
    }
    let session = AssumedRoleArn::parse(&report.identity.as_ref()?.arn);
    let expected = report.expected.role_arn.as_deref().and_then(|arn| RoleArn::parse(arn).ok());
    Some(match (expected, session) {
        (Some(expected), session) => session.is_some_and(|session| expected.is_role_of(&session)),
        // Without an expectation any identity is right but the node's.
        (None, session) => !session.is_some_and(|session| session.is_instance_session()),
    })
}

/// By the finding, or by what the default chain became: the finding is dropped where an earlier step holds the root cause.
fn node_role_active(report: &Report) -> bool {
    // The injected provider's session may be named so by AWS_ROLE_SESSION_NAME.
    let injected = matches!(report.chain.provider, ChainProvider::Irsa | ChainProvider::PodIdentity);
    let session = report.chain.arn.as_deref().and_then(AssumedRoleArn::parse).filter(|_| !injected);
    report.chain.provider == ChainProvider::Node
        || session.is_some_and(|session| session.is_instance_session())
        || report.findings.iter().any(|finding| finding.cause.code == Code::NodeRoleFallback)
}

/// As the findings `node-role-reachable…` have it: an IMDS that answers without naming a role gives nothing away. An alert rests on this metric,
/// so a finding that is ignored does not count here either.
fn node_role_reachable(report: &Report) -> Vec<Series> {
    let node = &report.node;
    let ignored = |code: Code| report.findings.iter().any(|finding| finding.ignored && finding.cause.code == code);
    let versions = [("v1", node.v1, Code::NodeRoleReachableV1), ("v2", node.v2, Code::NodeRoleReachable)];
    let series = |(version, answers, code): (&'static str, Option<bool>, Code)| {
        (!ignored(code)).then_some((vec![version.into()], number(answers? && node.role.is_some())))
    };
    versions.into_iter().filter_map(series).collect()
}

fn identity_info(report: &Report) -> Option<Series> {
    let identity = report.identity.as_ref()?;
    let session = AssumedRoleArn::parse(&identity.arn)?;
    // The session's ARN is what STS sent. Parsing it as a role's ARN checks it by IAM's rules for names.
    let role = RoleArn::parse(&format!("arn:{}:iam::{}:role/{}", session.partition, session.account, session.role)).ok()?;
    let region = Region::parse(report.expected.region.as_deref()?).ok()?;
    let partition = session.partition.id().into();
    Some((vec![identity.provider.id().into(), session.account.into(), role.into(), partition, region.into()], 1.0))
}

/// While the proof is not renewed there are no new credentials. Then the end of those counts on which readiness rests.
fn credentials_expiration(view: &View<'_>) -> Option<Timestamp> {
    let new = view.report().and_then(|report| report.credentials.as_ref()?.expires_at);
    new.or(match view.standing.reason {
        ReadinessReason::NotRenewed(_, ends) | ReadinessReason::Ended(_, ends) => Some(ends),
        _ => None,
    })
}

/// One series for each endpoint of the last round that was called.
fn endpoints_up(report: &Report) -> Vec<Series> {
    report.endpoints.iter().filter_map(|endpoint| Some((vec![region(endpoint)?], number(is_up(endpoint)?)))).collect()
}

/// One series for each phase of each endpoint of the last round.
fn endpoint_phases(report: &Report) -> Vec<Series> {
    let phases = |endpoint: &ReportedEndpoint| {
        let (region, ms) = (region(endpoint), &endpoint.phases_ms);
        let phases = [("resolve", ms.resolve), ("connect", ms.connect), ("tls", ms.tls)];
        phases.map(|(phase, ms)| Some((vec![region.clone()?, phase.into()], ms? / 1000.0)))
    };
    report.endpoints.iter().flat_map(phases).flatten().collect()
}

fn region(endpoint: &ReportedEndpoint) -> Option<Label> {
    Region::parse(&endpoint.region).ok().map(Label::from)
}

/// An endpoint that answers, but refuses, is not up for this pod: what counts is whether it would do for the application. So all of the
/// calls count that were made: AssumeRoleWithWebIdentity, AssumeRole for further roles, and GetCallerIdentity for IRSA, the second alone for EKS Pod Identity.
fn is_up(endpoint: &ReportedEndpoint) -> Option<bool> {
    endpoint.calls().next()?;
    Some(endpoint.calls().all(|(_, call)| call.ok))
}
