//! Clients that ask as fast as they can, and those that must have an answer all the same. Nothing here is judged by time: what a probe waits
//! for is counted in the answers that others get meanwhile.

use super::child::Serve;
use super::crowd::{Crowd, Turn};
use super::sandbox;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Many times the places that the server has, and no more than the descriptors that a test may open.
const CLIENTS: usize = 500;
const PATIENCE: Duration = Duration::from_secs(120);

fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// On a busy machine a client that has connected may be so late with its request that its place is given to another. A kubelet asks again, and acts
/// on the third failure in a row (`failureThreshold`).
fn asked_as_a_kubelet_does(crowd: &Crowd, path: &str, page: &str) -> Turn {
    let answered = (0..3).find_map(|_| crowd.probe(path).ok());
    answered.unwrap_or_else(|| panic!("{path} among those who ask for {page}: three in a row unanswered"))
}

#[test]
fn a_probe_has_its_turn_among_greedy_clients() {
    let sandbox = sandbox("{}");
    let serve = Serve::start(&sandbox, &[]);
    serve.until_state("ready");
    // Whatever they ask for, also what the kubelet asks for.
    for page in ["/status", "/metrics", "/", "/readyz?verbose"] {
        let crowd = Crowd::start(serve.address, CLIENTS, page);
        until("the crowd is served, too", || crowd.answers() > CLIENTS as u64);
        for path in ["/livez", "/readyz", "/startupz"].repeat(4) {
            // Those who stand before it get an answer each, or two where a place was free, and then it is the probe's turn.
            let turn = asked_as_a_kubelet_does(&crowd, path, page);
            assert_eq!(turn.status, 200, "{path}");
            assert!(turn.others <= 3 * CLIENTS as u64, "{} answers went before {path}'s, to those who ask for {page}", turn.others);
        }
        assert!(crowd.longest() <= 100, "{} answers on one connection", crowd.longest());
    }
    serve.finish(&sandbox);
}

/// A connection with an ordinary client's requests, one after the other: how many are answered before it is closed.
fn asked_in_turn(serve: &Serve, most: usize) -> usize {
    let mut stream = TcpStream::connect(serve.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for number in 1..=most {
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: probe\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nok\n") {
            let mut byte = [0];
            assert_eq!(stream.read(&mut byte).unwrap(), 1, "closed in the {number}th answer");
            answer.push(byte[0]);
        }
        if String::from_utf8(answer).unwrap().contains("connection: close") {
            assert_eq!(stream.read(&mut [0]).unwrap(), 0, "it is not closed");
            return number;
        }
    }
    most
}

#[test]
fn a_connection_has_a_bound_of_requests_and_an_ordinary_client_never_meets_it() {
    let sandbox = sandbox("{}");
    let serve = Serve::start(&sandbox, &[]);
    serve.until_state("ready");
    assert_eq!(asked_in_turn(&serve, 1000), 100);
    // Whoever comes again begins again.
    assert_eq!(asked_in_turn(&serve, 1000), 100);
    serve.finish(&sandbox);
}
