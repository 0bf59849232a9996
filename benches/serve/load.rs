//! A thousand requests a second, while rounds go on.
//!
//! The load is open: every request has its time, and its latency is counted from then on, so a server that stalls is not asked more
//! gently. How late a busy machine wakes the clients themselves is in the figures too, and printed below them.

use super::child::Serve;
use super::client::Client;
use super::process::Process;
use super::{MOST_KIB, Sheet, exchanges, ms, percent, ready, rounds, sandbox};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

const PER_SECOND: u32 = 1000;
const CONNECTIONS: usize = 4;

const LOADS: [(&str, &[&str]); 3] = [("/readyz", &["/readyz"]), ("/metrics", &["/metrics"]), ("both", &["/readyz", "/metrics"])];

pub fn run(sheet: &mut Sheet, binary: &Path, seconds: usize) {
    let pod = sandbox();
    let serve = ready(&pod, binary, &["--interval", "1s"]);
    let process = Process::of(&serve);
    let wait = Duration::from_secs(seconds as u64);
    let quiet = rounds_of(&serve, || sleep(wait));
    sheet.show("rounds without load: count, median", describe(&quiet), "");
    for (name, paths) in LOADS {
        let before = process.cpu();
        let started = Instant::now();
        let mut seen = Seen::default();
        let busy = rounds_of(&serve, || seen = drive(&serve, paths, wait));
        let cpu = percent(process.cpu() - before, started.elapsed());
        let spread = |times: &[Duration]| {
            let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| ms(times[((times.len() - 1) as f64 * share) as usize]));
            format!("{p50:.2} / {p99:.2} / {max:.2} ms")
        };
        sheet.show(&format!("{name}: p50 / p99 / max"), spread(&seen.latencies), "p99 2 ms");
        sheet.show("  for comparison: clients woken too late by", spread(&seen.late), "");
        sheet.show(&format!("{name}: CPU, rounds and their median"), format!("{cpu:.1} %, {}", describe(&busy)), "");
        let asked = wait.as_secs() as usize * PER_SECOND as usize;
        sheet.judge(
            &format!("{name}: answered with 200"),
            seen.latencies.len() - seen.errors,
            asked,
            seen.latencies.len() - seen.errors == asked,
        );
    }
    let resident = process.resident();
    sheet.judge("resident set", format!("{resident} KiB, peak {}", process.peak()), format!("{MOST_KIB} KiB"), resident <= MOST_KIB);
    let asked = exchanges(&pod);
    // Read after the exchanges: a round in between would only raise it.
    let most = rounds(&serve) + 2;
    sheet.judge("token exchanges: no request brings one", asked, most, asked <= most);
    sheet.end(serve);
}

#[derive(Default)]
struct Seen {
    /// In ascending order, the failed ones too.
    latencies: Vec<Duration>,
    /// What their sleep was longer than asked for, in ascending order; of those that had not to wait for an answer before.
    late: Vec<Duration>,
    errors: usize,
}

fn drive(serve: &Serve, paths: &[&str], wait: Duration) -> Seen {
    let count = wait.as_secs() as usize * PER_SECOND as usize;
    let start = Instant::now() + Duration::from_millis(20);
    let one = |first: usize| {
        let mut client = Client::new(serve.address);
        let mut seen = Seen::default();
        for number in (first..count).step_by(CONNECTIONS) {
            let due = start + Duration::from_secs(1) * u32::try_from(number).unwrap() / PER_SECOND;
            let wait = due.saturating_duration_since(Instant::now());
            if wait > Duration::ZERO {
                sleep(wait);
                seen.late.push(due.elapsed());
            }
            // Counted by rounds of the connections, so that each of them asks for all paths.
            let path = paths[number / CONNECTIONS % paths.len()];
            seen.errors += usize::from(!client.ask(path).is_ok_and(|status| status == 200));
            seen.latencies.push(due.elapsed());
        }
        seen
    };
    let mut all = Seen::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS).map(|first| scope.spawn(move || one(first))).collect();
        for seen in threads.into_iter().map(|thread| thread.join().unwrap()) {
            all.latencies.extend(seen.latencies);
            all.late.extend(seen.late);
            all.errors += seen.errors;
        }
    });
    all.latencies.sort();
    all.late.sort();
    all
}

/// How long the rounds took, in milliseconds, that ended meanwhile.
fn rounds_of(serve: &Serve, meanwhile: impl FnOnce()) -> Vec<u64> {
    let began = rounds(serve);
    meanwhile();
    let count = rounds(serve) - began;
    let status = serve.status();
    let history = status["history"].as_array().unwrap().iter().take(count);
    let mut took: Vec<u64> = history.map(|round| round["durationMs"].as_u64().unwrap()).collect();
    took.sort_unstable();
    took
}

fn describe(rounds: &[u64]) -> String {
    rounds.get(rounds.len() / 2).map_or("no round".to_owned(), |median| format!("{}, {median} ms", rounds.len()))
}
