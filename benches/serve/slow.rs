//! Two thousand clients that send a byte a second of a head without an end, and come again when they are turned away.

use super::client::Client;
use super::process::Process;
use super::{MOST_KIB, Sheet, ms, ready, sandbox};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

const CLIENTS: usize = 2000;
const THREADS: usize = 4;
/// How many of those that were turned away come again, all of them together.
const RETURNS_A_SECOND: usize = 200;
const TURNS_A_SECOND: usize = 10;

/// A kubelet acts on the third failure in a row (`failureThreshold`'s default). One alone can be the machine's: when it stops between
/// a probe's connect and its request, that connection can become the oldest of 64 that say nothing, and is closed by the rule.
const IN_A_ROW: usize = 3;

/// The server's bound of connections, one being turned away, and those that the kernel has yet to clean up.
const MOST_MORE_DESCRIPTORS: usize = 64 + 8;

pub fn run(sheet: &mut Sheet, binary: &Path, seconds: usize) {
    let pod = sandbox();
    let serve = ready(&pod, binary, &[]);
    let process = Process::of(&serve);
    sleep(Duration::from_secs(1));
    let base = process.settled(0).min(process.descriptors());
    let (ended, opened) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut took, mut unanswered, mut row, mut longest, mut descriptors) = (Vec::new(), Vec::new(), 0, 0, 0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| crowd(serve.address, &ended, &opened));
        }
        let started = Instant::now();
        for number in 0..u32::try_from(seconds * TURNS_A_SECOND).unwrap() {
            let due = Duration::from_millis(100) * number;
            sleep(due.saturating_sub(started.elapsed()));
            let asked = Instant::now();
            // A kubelet's probe brings its own connection.
            let failure = match Client::new(serve.address).ask("/readyz") {
                Ok(200) => None,
                Ok(status) => Some(format!("{status} at {due:?}")),
                Err(error) => Some(format!("{error} at {due:?}")),
            };
            row = if failure.is_some() { row + 1 } else { 0 };
            longest = longest.max(row);
            unanswered.extend(failure);
            took.push(asked.elapsed());
            descriptors = descriptors.max(process.descriptors());
        }
        ended.store(true, Ordering::Relaxed);
    });
    took.sort();
    let (p99, max) = (took[(took.len() - 1) * 99 / 100], took[took.len() - 1]);
    sheet.show("/readyz on a fresh connection: p99 / max", format!("{:.2} / {:.2} ms", ms(p99), ms(max)), "1 s, a probe's timeout");
    let opened = opened.load(Ordering::Relaxed);
    let count = format!("{} of {} ({opened} opened)", unanswered.len(), took.len());
    sheet.show("unanswered", count, "0");
    sheet.judge("unanswered in a row", longest, format!("less than {IN_A_ROW}"), longest < IN_A_ROW);
    for why in unanswered {
        sheet.show("", why, "");
    }
    let most = base + MOST_MORE_DESCRIPTORS;
    sheet.judge("descriptors at most", format!("{descriptors} ({base} before)"), most, descriptors <= most);
    let left = process.settled(base);
    sheet.judge("descriptors afterwards", left, base, left <= base);
    let peak = process.peak();
    sheet.judge("resident set: peak", format!("{peak} KiB"), format!("{MOST_KIB} KiB"), peak <= MOST_KIB);
    sheet.end(serve);
}

/// One thread's clients. Every turn looks after a tenth of them, so that each sends a byte a second.
fn crowd(address: SocketAddr, ended: &AtomicBool, opened: &AtomicUsize) {
    let open = || {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
        stream.set_nonblocking(true).ok()?;
        opened.fetch_add(1, Ordering::Relaxed);
        stream.write_all(b"GET /readyz HTTP/1.1\r\nX: ").ok()?;
        Some(stream)
    };
    let mut clients: Vec<Option<TcpStream>> = (0..CLIENTS / THREADS).map(|_| open()).collect();
    for turn in 0.. {
        if ended.load(Ordering::Relaxed) {
            return;
        }
        let mut returns = RETURNS_A_SECOND / THREADS / TURNS_A_SECOND;
        for client in clients.iter_mut().skip(turn % TURNS_A_SECOND).step_by(TURNS_A_SECOND) {
            *client = client.take().filter(keeps_on);
            if client.is_none() && returns > 0 {
                returns -= 1;
                *client = open();
            }
        }
        sleep(Duration::from_secs(1) / u32::try_from(TURNS_A_SECOND).unwrap());
    }
}

/// Sends one more byte, unless the server has closed.
fn keeps_on(client: &TcpStream) -> bool {
    let mut client = client;
    client.read(&mut [0; 512]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock) && client.write_all(b"x").is_ok()
}
