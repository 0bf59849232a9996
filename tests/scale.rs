//! A hundred thousand pods started at once, with the real schedule: what STS sees in two hours, in bins of ten seconds.
//!
//! Draws docs/scale.svg and the table of docs/scale.md; `UPDATE_DOCS=1 cargo test --test scale` writes both anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "scale/picture.rs"]
mod picture;
#[path = "scale/simulation.rs"]
mod simulation;

use irsa_probe::core::sidecar::schedule::DEFAULT_INTERVAL;
use simulation::{BIN, PODS, QUOTA, Run, simulate};

/// The bin with which the second interval begins.
const SECOND_INTERVAL: usize = (DEFAULT_INTERVAL.as_secs() / BIN) as usize;

/// Peak and mean of calls a second from the second interval on.
fn steady(run: &Run) -> (f64, f64) {
    let bins = &run.calls[SECOND_INTERVAL..];
    let rate = |calls: u64| calls as f64 / BIN as f64;
    (rate(*bins.iter().max().unwrap()), rate(bins.iter().sum::<u64>()) / bins.len() as f64)
}

fn per_pod_and_hour(run: &Run) -> f64 {
    let bins = &run.calls[SECOND_INTERVAL..];
    bins.iter().sum::<u64>() as f64 / PODS as f64 / (bins.len() as f64 * BIN as f64 / 3600.0)
}

#[test]
fn pods_started_together_drift_apart_and_stay_within_the_budget() {
    let limited = std::thread::spawn(|| simulate(Some(QUOTA)));
    let free = simulate(None);
    let limited = limited.join().unwrap();
    let (peak, mean) = steady(&free);
    assert!(peak <= 1.2 * mean, "peak {peak}, mean {mean}");
    assert!(per_pod_and_hour(&free) <= 8.01, "{}", per_pod_and_hour(&free));
    // With a quota the start is a queue and not a storm: everybody is proven, and the queue does not come back.
    let (peak, mean) = steady(&limited);
    let proven = limited.proven_by(1.0).expect("a pod was never proven");
    assert!(limited.calls.last().unwrap() / BIN < QUOTA, "the queue has not gone");
    let page = [
        format!("| calls per pod and hour | {:.2} | {:.2} |", per_pod_and_hour(&free), per_pod_and_hour(&limited)),
        format!("| mean, calls a second | {:.0} | {:.0} |", steady(&free).1, mean),
        format!("| peak of a bin, calls a second | {:.0} | {:.0} |", steady(&free).0, peak),
        format!("| peak / mean | {:.2} | {:.2} |", steady(&free).0 / steady(&free).1, peak / mean),
        format!("| first bin, calls a second | {} | {} |", free.calls[0] / BIN, limited.calls[0] / BIN),
        format!("| half of the pods proven | after {} s | after {} s |", free.proven_by(0.5).unwrap(), limited.proven_by(0.5).unwrap()),
        format!("| 99 % proven | after {} s | after {} s |", free.proven_by(0.99).unwrap(), limited.proven_by(0.99).unwrap()),
        format!("| all proven | after {} s | after {} s |", free.proven_by(1.0).unwrap(), proven),
        format!("| calls that STS refused | 0 | {} |", limited.refused),
    ]
    .join("\n");
    let text = std::fs::read_to_string("docs/scale.md").unwrap();
    let (before, rest) = text.split_once("<!-- figures -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of figures -->").unwrap();
    let head = "| from the second interval on | STS without a quota | STS with 600 calls a second |\n|---|---|---|";
    current("docs/scale.md", &format!("{before}<!-- figures -->\n{head}\n{page}\n<!-- end of figures -->{after}"));
    current("docs/scale.svg", &picture::draw(&free, &limited));
}

/// Sees that a file says what it should, or writes it.
fn current(path: &str, wanted: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{path} is not current: UPDATE_DOCS=1 cargo test --test scale");
}
