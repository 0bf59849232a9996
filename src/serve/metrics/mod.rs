//! `/metrics`: the page for Prometheus.
//!
//! Two kinds of metrics, by how long they live:
//! - counters and the histogram add up over rounds, so they live here, in a registry of the `prometheus` crate;
//! - everything else is made from the board again at each scrape, by one table (`table`). A gauge that is kept would have to be
//!   removed when its finding, region or identity goes. A gauge that is never kept cannot be stale, and cannot be read half updated.

mod label;
mod process;
mod table;
#[cfg(test)]
mod tests;

use crate::core::aws::partition::Region;
use crate::core::catalogue::Code;
use crate::core::check::report::{Report, ReportedCall, Verdict};
use crate::core::sidecar::board::Board;
use crate::core::sidecar::moment::Moment;
use label::Label;
use process::ProcessUsage;
use prometheus::proto::MetricFamily;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};

/// What adds up over the process's life.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    rounds: IntCounterVec,
    requests: IntCounterVec,
    durations: HistogramVec,
    /// Their part of the page, which changes with a round and not with a scrape.
    counted: String,
}

impl Metrics {
    /// The value of `Content-Type` for [`Metrics::page`]: Prometheus' text format.
    pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// Nothing counted yet. An error means that a metric's name or label is not one, which a test would have met.
    pub fn new() -> Result<Metrics, prometheus::Error> {
        let rounds = IntCounterVec::new(Opts::new("irsa_probe_rounds_total", ROUNDS), &["verdict"])?;
        let requests = IntCounterVec::new(Opts::new("irsa_probe_sts_requests_total", REQUESTS), &["operation", "region", "code"])?;
        let duration = HistogramOpts::new("irsa_probe_sts_request_duration_seconds", DURATIONS).buckets(BUCKETS.to_vec());
        let durations = HistogramVec::new(duration, &["operation", "region"])?;
        let registry = Registry::new();
        registry.register(Box::new(rounds.clone()))?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        // Rates need a first value to rise from: what can be known beforehand begins at 0.
        for verdict in [Verdict::Pass, Verdict::Fail, Verdict::Unknown] {
            rounds.get_metric_with_label_values(&[verdict_label(verdict)])?;
        }
        let mut metrics = Metrics { registry, rounds, requests, durations, counted: String::new() };
        metrics.counted = encode(&metrics.registry.gather());
        Ok(metrics)
    }

    /// Counts one finished round and its direct calls of STS.
    pub fn observe(&mut self, report: &Report) {
        // An error below means a number of labels that is not the metric's: the tests call each of these lines.
        if let Ok(rounds) = self.rounds.get_metric_with_label_values(&[verdict_label(report.verdict)]) {
            rounds.inc();
        }
        for endpoint in &report.endpoints {
            let Ok(region) = Region::parse(&endpoint.region) else { continue };
            for (operation, call) in endpoint.calls() {
                self.count_call(&[operation.into(), region.clone().into()], call);
            }
        }
        self.counted = encode(&self.registry.gather());
    }

    /// The page: the text format 0.0.4.
    pub fn page(&self, board: &Board, now: Moment) -> String {
        encode(&table::families(&table::View::new(board, ProcessUsage::read(now), now))) + &self.counted
    }

    fn count_call(&self, [operation, region]: &[Label; 2], call: &ReportedCall) {
        let code: Label = match (call.ok, call.finding) {
            (true, _) => "ok".into(),
            (false, code) => code.unwrap_or(Code::StsError).id().into(),
        };
        if let Ok(requests) = self.requests.get_metric_with_label_values(&[operation, region, &code]) {
            requests.inc();
        }
        // 0 is a request that was never sent: it would pass for the fastest of all.
        if call.ms > 0.0
            && let Ok(durations) = self.durations.get_metric_with_label_values(&[operation, region])
        {
            durations.observe(call.ms / 1000.0);
        }
    }
}

fn encode(families: &[MetricFamily]) -> String {
    let mut text = String::with_capacity(PAGE);
    // The encoder refuses only a family without name or series, and neither the table nor the registry gives one.
    let _ = TextEncoder::new().encode_utf8(families, &mut text);
    text
}

const ROUNDS: &str = "Rounds that have ended, by verdict: pass is a proof, fail is a definite failure, unknown is not proven.";
const REQUESTS: &str = "Direct calls to STS by operation, region of the endpoint and result: ok or the code of the finding that the failure \
                        stands for. Calls of the SDK's default credential chain are not counted.";
const DURATIONS: &str = "Seconds from sending a direct request to STS to the end of the answer or until the request was given up; without name lookup, \
                         connection and TLS. A request that was never sent is not observed.";
/// Seconds: from an STS endpoint in the same region (a few milliseconds) up to what `collect::http` waits for a response.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Bytes of either part of a page with two regions, roughly.
const PAGE: usize = 8 * 1024;

fn verdict_label(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Unknown => "unknown",
    }
}
