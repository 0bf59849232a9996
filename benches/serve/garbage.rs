//! What a port that anybody in the cluster can reach gets to see. Nothing of it may leave a trace.

use super::client::Client;
use super::process::Process;
use super::{Sheet, ready, sandbox};
use fastrand::Rng;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

const SEED: u64 = 20_261_123;
const REQUEST: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: probe\r\nAccept: */*\r\n\r\n";
/// The allocator's own breathing.
const SLACK_KIB: u64 = 256;

type Attack = fn(&mut TcpStream, &mut Rng) -> io::Result<()>;

const ATTACKS: [Attack; 11] = [
    random,
    |stream, _| head_of(stream, 64 * 1024),
    |stream, _| head_of(stream, 1024 * 1024),
    pipelined,
    |stream, random| stream.write_all(&REQUEST[..random.usize(..REQUEST.len())]),
    |stream, random| half_closed(stream, &REQUEST[..random.usize(..=REQUEST.len())]),
    |stream, random| with_body(stream, "Content-Length: 100000", random),
    |stream, random| with_body(stream, "Transfer-Encoding: chunked", random),
    |stream, _| stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
    client_hello,
    // Asks for much and takes nothing.
    |stream, _| stream.write_all(&REQUEST.repeat(100)),
];

pub fn run(sheet: &mut Sheet, binary: &Path, connections: usize) {
    let pod = sandbox();
    let serve = ready(&pod, binary, &[]);
    let process = Process::of(&serve);
    sleep(Duration::from_secs(1));
    let base = process.descriptors();
    let mut random = Rng::with_seed(SEED);
    let (mut refused, mut unanswered, mut asked) = (0, 0, 0);
    let mut resident = Vec::new();
    for half in 0..2 {
        for number in (half * connections / 2)..((half + 1) * connections / 2) {
            match TcpStream::connect_timeout(&serve.address, Duration::from_secs(5)) {
                // How an attack ends is the server's business: it may close on it at any time.
                Ok(mut stream) => drop(attack(&mut stream, ATTACKS[number % ATTACKS.len()], &mut random)),
                Err(_) => refused += 1,
            }
            if number % 100 == 0 {
                asked += 1;
                unanswered += usize::from(!Client::new(serve.address).ask("/readyz").is_ok_and(|status| status == 200));
            }
        }
        process.settled(base);
        resident.push(process.resident());
    }
    sheet.judge("connections refused", refused, 0, refused == 0);
    sheet.judge("/readyz in between: unanswered", format!("{unanswered} of {asked}"), 0, unanswered == 0);
    let left = process.descriptors();
    sheet.judge("descriptors afterwards", left, base, left <= base);
    let (half, whole) = (resident[0], resident[1]);
    sheet.judge(
        "resident set: half way, at the end",
        format!("{half}, {whole} KiB"),
        format!("+{SLACK_KIB} KiB"),
        whole <= half + SLACK_KIB,
    );
    sheet.show("resident set: peak", format!("{} KiB", process.peak()), "");
    sheet.end(serve);
}

fn attack(stream: &mut TcpStream, attack: Attack, random: &mut Rng) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    attack(stream, random)
}

fn random(stream: &mut TcpStream, random: &mut Rng) -> io::Result<()> {
    let mut bytes = vec![0; random.usize(1..4096)];
    random.fill(&mut bytes);
    stream.write_all(&bytes)
}

fn head_of(stream: &mut TcpStream, length: usize) -> io::Result<()> {
    stream.write_all(b"GET /readyz HTTP/1.1\r\nX: ")?;
    stream.write_all(&vec![b'x'; length])
}

fn pipelined(stream: &mut TcpStream, _: &mut Rng) -> io::Result<()> {
    let mut requests = b"GET /readyz HTTP/1.1\r\nHost: probe\r\n\r\n".repeat(199);
    requests.extend_from_slice(b"GET /readyz HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
    stream.write_all(&requests)?;
    stream.read_to_end(&mut Vec::new()).map(drop)
}

fn half_closed(stream: &mut TcpStream, request: &[u8]) -> io::Result<()> {
    stream.write_all(request)?;
    stream.shutdown(Shutdown::Write)?;
    stream.read_to_end(&mut Vec::new()).map(drop)
}

fn with_body(stream: &mut TcpStream, framing: &str, random: &mut Rng) -> io::Result<()> {
    let method = random.choice(["GET", "POST", "PUT"]).unwrap_or("GET");
    stream.write_all(format!("{method} /status HTTP/1.1\r\nHost: probe\r\n{framing}\r\n\r\n").as_bytes())?;
    stream.write_all(&vec![b'0'; random.usize(..50_000)])
}

/// A TLS record with a ClientHello, but for its extensions, which are random.
fn client_hello(stream: &mut TcpStream, random: &mut Rng) -> io::Result<()> {
    let mut hello = vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    hello.extend(std::iter::repeat_with(|| random.u8(..)).take(506));
    stream.write_all(&hello)
}
