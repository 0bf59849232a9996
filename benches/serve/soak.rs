//! Months of a sidecar's life: ten thousand rounds as fast as they can be made, in a world that keeps breaking and mending.

use super::child::Serve;
use super::process::Process;
use super::support::{Sandbox, World};
use super::{MOST_KIB, Sheet, exchanges, rounds, sandbox};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Fifteen minutes in ten milliseconds: less than a round takes.
const RATE: &str = "90000";
const ROUNDS_OF_A_WORLD: usize = 200;
/// In percent of all rounds; growth is counted from `FROM` on.
const MARKS: [usize; 5] = [1, 10, FROM, 50, 100];
const FROM: usize = 20;
/// What may be the allocator's own breathing.
const SLACK_KIB: u64 = 256;
/// Without a new round.
const PATIENCE: Duration = Duration::from_secs(60);

type Change = fn(&mut World);

/// Each of them with a new token, as the kubelet brings one: then the default chain stands witness anew.
const WORLDS: [Change; 6] = [
    |_| {},
    |world| {
        world.sts.script =
            serde_json::from_value(json!({"*": [{"status": 503, "code": "ServiceUnavailable", "message": "try later"}]})).unwrap()
    },
    |_| {},
    |world| world.iam.roles = Some(Vec::new()),
    |_| {},
    |world| {
        world.sts.script =
            serde_json::from_value(json!({"*": [{"status": 400, "code": "Throttling", "message": "Rate exceeded"}]})).unwrap()
    },
];

pub fn run(sheet: &mut Sheet, fast: &Path, target: usize) {
    let pod = sandbox();
    let serve = Serve::spawn(&pod, Command::new(fast).arg(RATE));
    let process = Process::of(&serve);
    let started = Instant::now();
    let (mut switches, mut from) = (0, 0);
    for mark in MARKS {
        let reached = live(&serve, &pod, target * mark / 100, &mut switches);
        let (resident, peak) = (process.resident(), process.peak());
        let what = format!("after {reached} rounds: resident set");
        let measured = format!("{resident} KiB, peak {peak}");
        match mark {
            100 => {
                let most = MOST_KIB.min(from + (from / 10).max(SLACK_KIB));
                sheet.judge(&what, measured, format!("{most} KiB"), resident <= most);
            }
            _ => sheet.show(&what, measured, ""),
        }
        sheet.show("  descriptors, threads", format!("{}, {}", process.descriptors(), process.threads()), "");
        if mark == FROM {
            from = resident;
        }
    }
    let asked = exchanges(&pod);
    let most = rounds(&serve) + 3 * (switches + 1);
    sheet.judge("token exchanges", asked, format!("{most}: one a round, three for each new token"), asked <= most);
    sheet.show("it took", format!("{:.0} s", started.elapsed().as_secs_f64()), "");
    sheet.end(serve);
}

/// Lets this many rounds be reached, in one world after the other, and looks at the pages meanwhile as people and scrapers do.
fn live(serve: &Serve, pod: &Sandbox, target: usize, switches: &mut usize) -> usize {
    let (mut last, mut seen) = (0, Instant::now());
    for look in 0.. {
        let reached = rounds(serve);
        if reached >= target {
            return reached;
        }
        if reached > last {
            (last, seen) = (reached, Instant::now());
        }
        assert!(seen.elapsed() < PATIENCE, "no round after the {last}th\n{}", serve.log());
        if reached >= *switches * ROUNDS_OF_A_WORLD {
            pod.set_world(|world| {
                world.sts.script = serde_json::from_value(json!({})).unwrap();
                world.iam.roles = None;
                WORLDS[*switches % WORLDS.len()](world);
            });
            pod.rotate_tokens();
            *switches += 1;
        }
        if look % 10 == 0 {
            for path in ["/", "/status", "/readyz?verbose"] {
                serve.get(path);
            }
        }
        sleep(Duration::from_millis(50));
    }
    0
}
