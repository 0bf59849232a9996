//! Whole pages as golden files (`UPDATE_METRICS=1 cargo test --lib serve::` accepts them), and what no page may ever have.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use super::*;
use crate::core::aws::arn::{Account, RoleArn};
use crate::core::aws::partition::Partition;
use crate::core::catalogue::{Class, Severity};
use crate::core::check::report::{Credentials, Phases, ReportedCall, ReportedEndpoint};
use crate::core::evidence::ChainProvider;
use crate::core::sidecar::readiness::tests::report as bare_report;
use crate::core::sidecar::schedule::Trigger;
use exposition::{Sample, parse};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

mod exposition;

const REGIONS: [&str; 2] = ["eu-central-1", "eu-west-1"];

fn at(seconds: u64) -> Moment {
    Moment::after(Duration::from_secs(seconds))
}

/// A call that ended so; a failure of the network did not get as far as sending.
fn call(finding: Option<Code>, ms: f64) -> ReportedCall {
    let unsent = finding.is_some_and(|code| code.id().starts_with("connect-") || code.id().starts_with("dns-"));
    ReportedCall { ok: finding.is_none(), code: None, message: None, request_id: None, ms: if unsent { 0.0 } else { ms }, finding }
}

fn endpoint(region: &str, assume_role: Option<Code>, caller_identity: Option<Code>) -> ReportedEndpoint {
    ReportedEndpoint {
        region: region.to_owned(),
        host: format!("sts.{region}.amazonaws.com"),
        addresses: vec!["10.0.3.17".to_owned()],
        private: Some(true),
        phases_ms: Phases { resolve: Some(1.2), connect: Some(0.8), tls: Some(3.1) },
        assume_role: Some(call(assume_role, 41.7)),
        hops: Vec::new(),
        caller_identity: assume_role.is_none().then(|| call(caller_identity, 12.5)),
    }
}

/// A report with these failures (the root cause first); every region's calls end as `assume_role` and `caller_identity` say.
fn report(time: u64, failures: &[Code], assume_role: Option<Code>, caller_identity: Option<Code>) -> Report {
    let mut report = bare_report(failures, None);
    let proven = failures.is_empty();
    report.time = at(time).wall;
    report.expected.role_arn = Some("arn:aws:iam::111122223333:role/apps/checkout".to_owned());
    report.expected.region = Some(REGIONS[0].to_owned());
    report.credentials = proven.then(|| Credentials { expires_at: Some(at(time + 3600).wall) });
    report.clock_skew_seconds = Some(-1);
    report.token = serde_json::from_value(json!({
        "path": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token", "issuer": "https://oidc.example", "subject": "system:serviceaccount:shop:checkout",
        "audience": ["sts.amazonaws.com"], "issuedAt": at(0).wall, "expiresAt": at(86_400).wall
    }))
    .unwrap();
    report.identity = proven.then(|| {
        serde_json::from_value(json!({
            "arn": "arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe", "account": "111122223333", "userId": "AROAEXAMPLE:irsa-probe",
            "role": "checkout", "session": "irsa-probe", "provider": "irsa"
        }))
        .unwrap()
    });
    report.endpoints = REGIONS.map(|region| endpoint(region, assume_role, caller_identity)).into();
    report
}

/// The probe after these rounds, a quarter of an hour apart.
fn after(rounds: Vec<Report>) -> (Metrics, Board, Moment) {
    let (mut metrics, mut board) = (Metrics::new().unwrap(), Board::new(None, at(0)));
    let mut now = at(0);
    for report in rounds {
        now = Moment::after(Duration::from_secs(u64::try_from(report.time.since(at(0).wall)).unwrap() + 1));
        metrics.observe(&report);
        board.begin_round(now);
        board.end_round(report, Trigger::Interval, now);
    }
    (metrics, board, now)
}

fn page(rounds: Vec<Report>) -> String {
    let (metrics, board, now) = after(rounds);
    metrics.page(&board, now)
}

/// The trust policy denies, the second region is out of reach, and IMDS names the node's role.
fn degraded() -> Report {
    let mut report = report(900, &[Code::TrustPolicyDenied], Some(Code::TrustPolicyDenied), None);
    report.endpoints[1].assume_role = Some(call(Some(Code::ConnectTimeout), 0.0));
    report.endpoints[1].phases_ms.connect = None;
    report.endpoints[1].phases_ms.tls = None;
    report.node = serde_json::from_value(json!({"imds": "reachable", "v1": false, "v2": true, "role": "eks-node"})).unwrap();
    let mut secondary = report.findings[0].clone();
    secondary.cause.code = Code::SecondaryRegionFailing;
    secondary.cause.class = Class::Transient;
    secondary.severity = Severity::Warn;
    report.findings.push(secondary);
    report
}

#[test]
fn pages_are_as_they_were() {
    let disabled = Board::new(Some("INC-42 \"quoted\"\n".to_owned()), at(0));
    for (name, page) in [
        ("before-the-first-round", page(vec![])),
        ("healthy", page(vec![report(0, &[], None, None), report(900, &[], None, None)])),
        ("degraded", page(vec![report(0, &[], None, None), degraded()])),
        ("disabled", Metrics::new().unwrap().page(&disabled, at(60))),
    ] {
        let samples = parse(&page);
        assert!(samples.iter().all(|sample| sample.value.is_finite()), "{name}");
        golden(name, &normalised(&page));
    }
}

/// What the alert on a stuck worker rests on: not ready, and no root cause.
#[test]
fn a_stuck_worker_has_no_root_cause() {
    let (metrics, mut board, _) = after(vec![report(0, &[], None, None), degraded()]);
    board.begin_round(at(1800));
    let causes = |page: String| parse(&page).iter().filter(|sample| sample.name == "irsa_probe_root_cause").count();
    assert_eq!(causes(metrics.page(&board, at(1810))), 1);
    let page = metrics.page(&board, at(1900));
    assert!(page.contains("\nirsa_probe_state{state=\"not-ready\"} 1\n"), "{page}");
    assert_eq!(causes(page), 0);
}

/// What `--ignore` names counts in no metric. The alert on a node's role within reach rests on the second one.
#[test]
fn what_is_ignored_is_in_no_metric() {
    let ignoring = |code: Code| {
        let mut report = report(0, &[code], None, None);
        (report.verdict, report.root_cause) = (Verdict::Pass, None);
        (report.findings[0].severity, report.findings[0].ignored) = (Severity::Warn, true);
        report.node = serde_json::from_value(json!({"imds": "reachable", "v1": true, "v2": true, "role": "eks-node"})).unwrap();
        page(vec![report])
    };
    for (code, v1, v2) in [
        (Code::NodeRoleReachable, Some(1.0), None),
        (Code::NodeRoleReachableV1, None, Some(1.0)),
        (Code::TokenRotationOverdue, Some(1.0), Some(1.0)),
    ] {
        let page = ignoring(code);
        let reachable = |version: &str| value(&page, &format!("irsa_probe_node_role_reachable{{version=\"{version}\"}}"));
        assert_eq!((reachable("v1"), reachable("v2"), page.contains("\nirsa_probe_finding{")), (v1, v2, false), "{page}");
    }
}

/// What differs from build to build and from run to run, replaced by figures of the same shape.
fn normalised(page: &str) -> String {
    let version = regex::Regex::new(r#"version="[^"]*",revision="[^"]*",rustc="[^"]*""#).unwrap();
    let figures = regex::Regex::new(r"(?m)^(process_\w+) \S+$").unwrap();
    let page = version.replace_all(page, r#"version="0.0.0",revision="unknown",rustc="1.0.0""#);
    figures.replace_all(&page, "$1 1").into_owned()
}

fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/metrics/tests").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_METRICS").is_some_and(|value| value == "1") {
        std::fs::write(&path, found).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    let line = found.lines().zip(wanted.lines()).position(|(found, wanted)| found != wanted).map_or(0, |line| line + 1);
    assert!(found == wanted, "{name}.txt differs at line {line} (UPDATE_METRICS=1 accepts):\n{found}");
}

/// A value of the page, by its name and labels as the page writes them.
fn value(page: &str, series: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')).map(|value| value.parse().unwrap())
}

#[test]
fn the_state_changes_without_a_round() {
    let (metrics, mut board, now) = after(vec![report(0, &[], None, None), degraded()]);
    board.sleep(at(900_000).awake, at(900_000).uptime);
    let degraded = metrics.page(&board, now);
    assert_eq!((value(&degraded, "irsa_probe_ready"), value(&degraded, "irsa_probe_state{state=\"degraded\"}")), (Some(1.0), Some(1.0)));
    // The credentials of the first round end after an hour of the clock of STS, which is a second ahead.
    assert_eq!(value(&degraded, "irsa_probe_credentials_expiration_timestamp_seconds"), Some(at(3599).wall.0 as f64));
    let ended = metrics.page(&board, at(3700));
    assert_eq!((value(&ended, "irsa_probe_ready"), value(&ended, "irsa_probe_state{state=\"not-ready\"}")), (Some(0.0), Some(1.0)));
}

#[test]
fn the_identity_is_held_against_the_expected_one() {
    let healthy = || report(0, &[], None, None);
    let with = |change: &dyn Fn(&mut Report)| {
        let mut report = healthy();
        change(&mut report);
        value(&page(vec![report]), "irsa_probe_identity_matches")
    };
    let arn = |arn: &'static str| move |report: &mut Report| report.identity.as_mut().unwrap().arn = arn.to_owned();
    assert_eq!(with(&|_| ()), Some(1.0));
    // A finding dropped behind an earlier root cause does not make another role the expected one.
    assert_eq!(with(&arn("arn:aws:sts::111122223333:assumed-role/other/s")), Some(0.0));
    assert_eq!(with(&arn("arn:aws:iam::111122223333:user/other")), Some(0.0));
    assert_eq!(with(&|report| report.expected.role_arn = None), Some(1.0));
    let node = arn("arn:aws:sts::111122223333:assumed-role/eks-node/i-0123456789abcdef0");
    assert_eq!(
        with(&|report| {
            node(report);
            report.expected.role_arn = None;
        }),
        Some(0.0)
    );
    assert_eq!(with(&|report| report.identity = None), None);
    for (code, matches) in [(Code::RoleDiffersFromExpected, Some(0.0)), (Code::IdentityMismatch, Some(0.0)), (Code::Throttled, None)] {
        assert_eq!(value(&page(vec![report(0, &[code], None, None)]), "irsa_probe_identity_matches"), matches, "{code}");
    }
}

#[test]
fn the_node_s_role_is_told_even_where_its_finding_was_dropped() {
    let active = |report: Report| value(&page(vec![report]), "irsa_probe_node_role_active");
    assert_eq!(active(report(0, &[], None, None)), Some(0.0));
    assert_eq!(active(report(0, &[Code::NodeRoleFallback], None, None)), Some(1.0));
    let mut by_chain = report(0, &[Code::NotInjected], None, None);
    by_chain.chain.provider = ChainProvider::Node;
    assert_eq!(active(by_chain), Some(1.0));
}

#[test]
fn an_endpoint_is_up_when_every_call_succeeded() {
    let up = |assume_role: Option<Option<Code>>, caller_identity: Option<Option<Code>>| {
        let mut report = report(0, &[], None, None);
        report.endpoints[0].assume_role = assume_role.map(|code| call(code, 1.0));
        report.endpoints[0].caller_identity = caller_identity.map(|code| call(code, 1.0));
        value(&page(vec![report]), "irsa_probe_endpoint_up{region=\"eu-central-1\"}")
    };
    assert_eq!(up(Some(None), Some(None)), Some(1.0));
    assert_eq!(up(None, Some(None)), Some(1.0));
    assert_eq!(up(Some(None), Some(Some(Code::Throttled))), Some(0.0));
    assert_eq!(up(Some(Some(Code::ConnectTimeout)), None), Some(0.0));
    assert_eq!(up(None, None), None);
}

/// The gauges of a region that is no longer in the report go; its counters stay, as counters must.
#[test]
fn a_region_that_is_gone_leaves_no_gauges() {
    let mut last = report(900, &[], None, None);
    last.endpoints.truncate(1);
    let page = page(vec![report(0, &[], None, None), last]);
    let names: BTreeSet<String> = parse(&page).into_iter().filter(|s| s.label("region") == Some(REGIONS[1])).map(|s| s.name).collect();
    assert!(names.iter().all(|name| name.starts_with("irsa_probe_sts_request")), "{names:?}");
    assert!(!names.is_empty());
}

/// Replaces every string of the document that may be any string by what `hostile` makes of it; those that are an enum, an account or a
/// time stay, because no report has others.
fn poison(report: &Report, hostile: &str) -> Report {
    let mut document = serde_json::to_value(report).unwrap();
    let mut paths = Vec::new();
    strings(&document, String::new(), &mut paths);
    let mut poisoned = 0;
    for path in &paths {
        let leaf = document.pointer_mut(path).unwrap();
        let before = std::mem::replace(leaf, hostile.into());
        if serde_json::from_value::<Report>(document.clone()).is_ok() {
            poisoned += 1;
        } else {
            *document.pointer_mut(path).unwrap() = before;
        }
    }
    assert!(poisoned > 20, "{poisoned} of {}", paths.len());
    serde_json::from_value(document).unwrap()
}

/// JSON pointers to every string.
fn strings(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| strings(item, format!("{path}/{n}"), found)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| strings(field, format!("{path}/{name}"), found)),
        _ => {}
    }
}

#[test]
fn no_foreign_text_gets_into_a_label() {
    const PAYLOAD: &str = "PWN\"} 1\n\\evil{a=\"b\"} 2\r\u{1b}[31m\u{2028}";
    let forms = [
        PAYLOAD.to_owned(),
        format!("arn:aws:sts::111122223333:assumed-role/{PAYLOAD}/session"),
        format!("arn:aws:sts::111122223333:assumed-role/checkout/{PAYLOAD}"),
        format!("eu-central-1{PAYLOAD}"),
    ];
    let mut healthy = report(0, &[], None, None);
    healthy.chain.arn = Some(String::new());
    healthy.chain.error = Some(String::new());
    healthy.node.role = Some(String::new());
    for report in [healthy, degraded()] {
        for form in &forms {
            let page = page(vec![poison(&report, form)]);
            assert!(!page.contains("PWN") && !page.contains("evil"), "{page}");
            for sample in parse(&page) {
                for (name, value) in &sample.labels {
                    assert!(allowed(name, value), "{}: {name}={value:?}", sample.name);
                }
            }
        }
    }
}

/// The values that a label may have.
fn allowed(name: &str, value: &str) -> bool {
    match name {
        "code" => value == "ok" || Code::parse(value).is_some(),
        "severity" => ["fail", "warn", "info"].contains(&value),
        "state" => ["starting", "ready", "degraded", "not-ready"].contains(&value),
        "verdict" => ["pass", "fail", "unknown"].contains(&value),
        "provider" => ["irsa", "pod-identity", "none"].contains(&value),
        "version" => ["v1", "v2", env!("CARGO_PKG_VERSION")].contains(&value),
        "revision" => value == env!("IRSA_PROBE_REVISION"),
        "rustc" => value == env!("IRSA_PROBE_RUSTC"),
        "operation" => ["AssumeRoleWithWebIdentity", "GetCallerIdentity"].contains(&value),
        "phase" => ["resolve", "connect", "tls"].contains(&value),
        "region" => Region::parse(value).is_ok(),
        "account" => Account::parse(value).is_some(),
        "partition" => Partition::from_id(value).is_some(),
        "role" => RoleArn::parse(&format!("arn:aws:iam::111122223333:role/{value}")).is_ok(),
        "le" => value == "+Inf" || value.parse().is_ok_and(|bound: f64| BUCKETS.contains(&bound)),
        _ => false,
    }
}

/// The most there can be, with two regions and every code of the check in turn as the failure of either call in both:
/// - 36: 12 gauges of one series, 4 states, 3 verdicts, 2 versions of IMDS, 2 endpoints with 3 phases each, 7 figures of the process;
/// - one finding per code that a round can meet (here one at a time);
/// - requests of 2 operations in 2 regions that ended with one of the codes or `ok`;
/// - 56: durations of the same, each with 11 buckets, +Inf, sum and count.
///
/// In life a call can end with a third of the codes at most, and no pod meets all of these.
#[test]
fn the_number_of_series_is_bounded() {
    let calls = 2 * 2;
    let codes: Vec<Code> = Code::ALL.iter().copied().filter(|code| code.is_of_check()).collect();
    let most = 36 + codes.len() + calls * (codes.len() + 1) + calls * (BUCKETS.len() + 3);
    assert!(most < 600, "k8s/monitoring/README.md says fewer than 600: {most}");
    let rounds: Vec<Report> = (0..1000)
        .map(|n| {
            let code = codes[n / 2 % codes.len()];
            let (assume_role, caller_identity) = if n % 2 == 0 { (Some(code), None) } else { (None, Some(code)) };
            report(900 * n as u64, &[code], assume_role, caller_identity)
        })
        .collect();
    let samples = parse(&page(rounds));
    assert!(samples.len() <= most, "{} series, at most {most}", samples.len());
    let requests = samples.iter().filter(|sample| sample.name == "irsa_probe_sts_requests_total").count();
    // `ok` of AssumeRoleWithWebIdentity only: GetCallerIdentity always failed here.
    assert_eq!(requests, calls * codes.len() + 2);
    assert_eq!(samples.iter().filter(|sample| sample.name == "irsa_probe_finding").count(), 1);
    let unique: BTreeSet<_> = samples.iter().map(Sample::id).collect();
    assert_eq!(unique.len(), samples.len(), "a series twice");
}
