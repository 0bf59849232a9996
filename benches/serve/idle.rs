//! Nothing to do: what it costs to be there.

use super::process::Process;
use super::{MOST_KIB, Sheet, exchanges, ms, percent, ready, rounds, sandbox};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The default of `--interval`.
const INTERVAL: Duration = Duration::from_secs(15 * 60);
const ROUNDS_FOR: Duration = Duration::from_secs(20);

pub fn run(sheet: &mut Sheet, binary: &Path, seconds: usize) {
    // First the rounds, by themselves: at the default cadence none would come along.
    let pod = sandbox();
    let serve = ready(&pod, binary, &["--interval", "1s"]);
    let process = Process::of(&serve);
    let (before, began) = (process.cpu(), rounds(&serve));
    sleep(ROUNDS_FOR);
    let count = (rounds(&serve) - began).max(1);
    // The little that waiting costs in between is counted in.
    let round = (process.cpu() - before) / u32::try_from(count).unwrap();
    sheet.end(serve);

    let pod = sandbox();
    let serve = ready(&pod, binary, &[]);
    let process = Process::of(&serve);
    // tokio's threads for blocking calls end ten seconds after the last one.
    sleep(Duration::from_secs(11));
    let (before, began, started) = (process.cpu(), rounds(&serve), Instant::now());
    sleep(Duration::from_secs(seconds as u64));
    let (cpu, waited) = (process.cpu() - before, started.elapsed());
    let came = rounds(&serve) - began;
    sheet.show("CPU without a round", format!("{:.2} ms = {:.4} %", ms(cpu), percent(cpu, waited)), "");
    sheet.show(
        &format!("CPU of a round ({count} rounds), spread over 15 min"),
        format!("{:.2} ms = {:.4} %", ms(round), percent(round, INTERVAL)),
        "",
    );
    // By chance, the phase that this pod drew lay in the wait: then the first figure holds a round already.
    let both = percent(cpu, waited) + percent(round, INTERVAL);
    sheet.show("both, of one core", format!("{both:.4} % ({came} rounds came in the wait)"), "0.05 %");
    let resident = process.resident();
    sheet.judge("resident set", format!("{resident} KiB, peak {}", process.peak()), format!("{MOST_KIB} KiB"), resident <= MOST_KIB);
    sheet.show("descriptors, threads", format!("{}, {}", process.descriptors(), process.threads()), "");
    let (asked, most) = (exchanges(&pod), began + came + 1);
    sheet.judge("token exchanges", asked, format!("{most}: one a round, one of the witness"), asked <= most);
    sheet.end(serve);
}
