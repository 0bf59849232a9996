//! A thousand clients that keep their connections and ask for pages as fast as they can, and a kubelet among them.

use super::client::Client;
use super::crowd::Crowd;
use super::process::Process;
use super::quota::Quota;
use super::{MOST_KIB, Sheet, ms, ready, sandbox};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

const CLIENTS: usize = 1000;
const PROBES_A_SECOND: u32 = 10;
/// As in `slow`: the server's bound of connections, one being turned away, and those that the kernel has yet to clean up.
const MOST_MORE_DESCRIPTORS: usize = 64 + 8;

/// Without a CPU limit, and with the one that a container with `cpu: 5m` gets: a millisecond in a tenth of a second, the least that the
/// kubelet sets.
pub fn run(sheet: &mut Sheet, binary: &Path, seconds: usize) {
    cost(sheet, binary);
    for page in ["/status", "/metrics", "/", "/readyz"] {
        crowded(sheet, binary, seconds, page, None);
    }
    for thousandths in [100, 10] {
        match Quota::new(thousandths) {
            Ok(quota) => crowded(sheet, binary, seconds, "/status", Some(quota)),
            Err(why) => sheet.show(&format!("with {thousandths}m of CPU: not measured"), why, ""),
        }
    }
}

fn crowded(sheet: &mut Sheet, binary: &Path, seconds: usize, page: &str, quota: Option<Quota>) {
    let pod = sandbox();
    let serve = ready(&pod, binary, &[]);
    let process = Process::of(&serve);
    sleep(Duration::from_secs(1));
    let base = process.descriptors();
    let limit = quota.as_ref().map_or_else(String::new, |quota| format!(", {}m of CPU", quota.thousandths));
    if let Some(quota) = &quota {
        quota.take_in(serve.pid());
    }
    let crowd = Crowd::start(serve.address, CLIENTS, page);
    let (mut took, mut turns, mut unanswered, mut descriptors) = (Vec::new(), 0, 0, 0);
    // Until each of them has had a place, or as good as.
    sleep(Duration::from_secs(1));
    let (started, before, cpu) = (Instant::now(), crowd.answers(), process.cpu());
    for number in 0..u32::try_from(seconds).unwrap() * PROBES_A_SECOND {
        sleep((Duration::from_secs(1) * number / PROBES_A_SECOND).saturating_sub(started.elapsed()));
        let (asked, answers) = (Instant::now(), crowd.answers());
        let answered = Client::new(serve.address).ask("/readyz").is_ok_and(|status| status == 200);
        unanswered += usize::from(!answered);
        took.push(asked.elapsed());
        turns = turns.max(crowd.answers() - answers);
        descriptors = descriptors.max(process.descriptors());
        if started.elapsed() > Duration::from_secs(1) * u32::try_from(seconds).unwrap() {
            break;
        }
    }
    took.sort();
    let (p99, max) = (took[(took.len() - 1) * 99 / 100], took[took.len() - 1]);
    let answers = crowd.answers() - before;
    let each = (process.cpu() - cpu).as_secs_f64() * 1e6 / answers.max(1) as f64;
    sheet.show(&format!("{page}{limit}: /readyz p99 / max"), format!("{:.1} / {:.1} ms", ms(p99), ms(max)), "1 s, a probe's timeout");
    let count = format!("{unanswered} of {}", took.len());
    match quota {
        // A millisecond in a tenth of a second can be too little for a thousand clients, whatever is done with it.
        Some(_) => sheet.show("  unanswered in 5 s", count, "0"),
        None => sheet.judge("  unanswered in 5 s", count, "0", unanswered == 0),
    }
    sheet.show("  answers to the crowd while one probe waited, at most", turns, "");
    let rate = answers as f64 / started.elapsed().as_secs_f64();
    let each_line = format!("{rate:.0}/s, {}, {each:.0} µs of CPU each", crowd.connections());
    sheet.show("  answers to the crowd, its connections", each_line, "");
    sheet.show("  most answers on one connection", crowd.longest(), "");
    drop(crowd);
    drop(quota);
    let most = base + MOST_MORE_DESCRIPTORS;
    sheet.judge("  descriptors at most", format!("{descriptors} ({base} before)"), most, descriptors <= most);
    let left = process.settled(base);
    sheet.judge("  descriptors afterwards", left, base, left <= base);
    let peak = process.peak();
    sheet.judge("  resident set: peak", format!("{peak} KiB"), format!("{MOST_KIB} KiB"), peak <= MOST_KIB);
    sheet.end(serve);
}

/// What an answer costs where nobody has to wait.
fn cost(sheet: &mut Sheet, binary: &Path) {
    let pod = sandbox();
    let serve = ready(&pod, binary, &[]);
    let process = Process::of(&serve);
    for page in ["/readyz", "/readyz?verbose", "/status", "/metrics", "/"] {
        let crowd = Crowd::start(serve.address, 2, page);
        sleep(Duration::from_millis(200));
        let (before, cpu) = (crowd.answers(), process.cpu());
        sleep(Duration::from_secs(1));
        let answers = crowd.answers() - before;
        let each = (process.cpu() - cpu).as_secs_f64() * 1e6 / answers.max(1) as f64;
        sheet.show(&format!("{page}: CPU of an answer, its bytes"), format!("{each:.1} µs, {}", serve.get(page).body.len()), "");
    }
}
