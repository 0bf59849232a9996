//! The server on real sockets. No test here waits for time to pass to see that nothing happens.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use tokio::sync::oneshot;

use super::{Handler, HttpReply, ServerLimits, listen, run};

mod fairness;
mod limits;
mod listening;
mod robustness;

/// No loaded machine takes this long.
const PATIENCE: Duration = Duration::from_secs(120);
const GET: &[u8] = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
/// More than the kernel keeps for a client.
const BIG: usize = 32 << 20;
static BIG_PAGE: LazyLock<Bytes> = LazyLock::new(|| vec![b'x'; BIG].into());

/// A server on a thread of its own; it ends with the test.
struct TestedServer {
    address: SocketAddr,
    handler: Arc<Handler>,
    drain: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestedServer {
    fn start(limits: ServerLimits) -> Self {
        Self::on(listen(([127, 0, 0, 1], 0).into()).unwrap(), limits)
    }

    /// One that begins when this request has come, and the client that sent it: so its time for the request cannot end before.
    fn asked(limits: ServerLimits, request: &[u8]) -> (Self, TcpStream) {
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let mut stream = connect(listener.local_addr().unwrap());
        stream.write_all(request).unwrap();
        (Self::on(listener, limits), stream)
    }

    fn on(listener: TcpListener, limits: ServerLimits) -> Self {
        let address = listener.local_addr().unwrap();
        let turns = AtomicUsize::new(0);
        let handler: Arc<Handler> = Arc::new(move |path, query| match path {
            // How many of these were answered before.
            "/turn" => Some(HttpReply::text(StatusCode::OK, turns.fetch_add(1, Ordering::SeqCst).to_string())),
            _ => page(path, query),
        });
        let (drain, draining) = oneshot::channel::<()>();
        let served = Arc::clone(&handler);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(listener, served, limits, async move { drop(draining.await) })).unwrap();
        });
        Self { address, handler, drain: Some(drain), thread: Some(thread) }
    }

    /// How many connections it holds: each has the handler, and so have the server and this.
    fn connections(&self) -> usize {
        Arc::strong_count(&self.handler).saturating_sub(2)
    }

    fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// Sends these bytes on a connection of its own and reads to the end of it.
    fn ask(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // A server that answers before it has read everything may close.
        let _ = stream.write_all(bytes);
        rest(&mut stream)
    }

    #[track_caller]
    fn still_answers(&self) {
        let answer = self.ask(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer:?}");
    }

    fn begin_drain(&mut self) {
        drop(self.drain.take());
    }

    #[track_caller]
    fn ends(&mut self) {
        let thread = self.thread.take().unwrap();
        eventually("the server ends", || thread.is_finished());
        thread.join().unwrap();
    }
}

fn page(path: &str, query: Option<&str>) -> Option<HttpReply> {
    match path {
        "/livez" => Some(HttpReply::text(StatusCode::OK, "ok\n")),
        "/readyz" => Some(HttpReply::text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")),
        "/" => Some(HttpReply {
            content_type: HeaderValue::from_static("text/html; charset=utf-8"),
            ..HttpReply::text(StatusCode::OK, "<p>").with(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"))
        }),
        "/empty" => Some(HttpReply::text(StatusCode::OK, "")),
        "/query" => Some(HttpReply::text(StatusCode::OK, format!("{query:?}"))),
        "/big" => Some(HttpReply::text(StatusCode::OK, BIG_PAGE.clone())),
        _ => None,
    }
}

/// ServerLimits that no loaded machine exceeds.
fn ample() -> ServerLimits {
    ServerLimits { head: 2 * PATIENCE, stall: 2 * PATIENCE, drain: 2 * PATIENCE, ..ServerLimits::default() }
}

fn connect(address: impl Into<SocketAddr>) -> TcpStream {
    let stream = TcpStream::connect(address.into()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What comes until the connection is closed, one way or the other.
#[track_caller]
fn rest(stream: &mut TcpStream) -> String {
    let (mut all, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut chunk) {
            Ok(read) if read > 0 => all.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("the connection stays open"),
            _ => return String::from_utf8_lossy(&all).into_owned(),
        }
    }
}

/// One answer with its body, by its `Content-Length`.
#[track_caller]
fn answer(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    while !all.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        all.push(byte[0]);
    }
    let head = String::from_utf8(all).unwrap();
    let mut body = vec![0; header(&head, "content-length").unwrap().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| line.split_once(": ").filter(|(found, _)| *found == name).map(|(_, value)| value))
}

/// The head's lines without the date, sorted.
fn lines(answer: &str) -> Vec<&str> {
    let mut lines: Vec<_> = answer.split("\r\n\r\n").next().unwrap().lines().filter(|line| !line.starts_with("date: ")).collect();
    lines[1..].sort_unstable();
    lines
}

#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_page_has_its_headers_and_a_length() {
    let server = TestedServer::start(ample());
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let got = answer(&mut stream);
    assert!(got.ends_with("\r\n\r\n<p>") && header(&got, "date").is_some(), "{got}");
    assert_eq!(
        lines(&got),
        [
            "HTTP/1.1 200 OK",
            "cache-control: no-store",
            "content-length: 3",
            "content-security-policy: default-src 'none'",
            "content-type: text/html; charset=utf-8",
            "x-content-type-options: nosniff",
        ]
    );
}

#[test]
fn the_handler_chooses_the_status_and_hears_the_query() {
    let server = TestedServer::start(ample());
    let mut stream = server.connect();
    for (target, status, body) in [
        ("/readyz", "503 Service Unavailable", "not ready\n"),
        ("/query?verbose&x=%20", "200 OK", "Some(\"verbose&x=%20\")"),
        ("/query", "200 OK", "None"),
        ("/empty", "200 OK", ""),
        ("http://probe.example:9475/query?a", "200 OK", "Some(\"a\")"),
        ("http://probe.example", "200 OK", "<p>"),
        ("/nowhere", "404 Not Found", "not found\n"),
        ("/livez/", "404 Not Found", "not found\n"),
        ("*", "404 Not Found", "not found\n"),
    ] {
        write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let got = answer(&mut stream);
        assert!(got.starts_with(&format!("HTTP/1.1 {status}\r\n")) && got.ends_with(&format!("\r\n\r\n{body}")), "{target}: {got}");
        assert_eq!(header(&got, "cache-control"), Some("no-store"), "{target}");
    }
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let server = TestedServer::start(ample());
    for path in ["/", "/livez", "/readyz", "/empty", "/nowhere"] {
        let [get, head] = ["GET", "HEAD"]
            .map(|method| server.ask(format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()));
        assert_eq!(lines(&get), lines(&head), "{path}");
        assert!(header(&head, "content-length").is_some() && head.ends_with("\r\n\r\n"), "{head}");
    }
}

#[test]
fn other_methods_are_refused_with_the_two_that_are_not() {
    let server = TestedServer::start(ample());
    let mut stream = server.connect();
    for line in ["POST /livez", "PUT /livez", "DELETE /nowhere", "OPTIONS *", "TRACE /", "PATCH /", "CONNECT x:1", "get /livez", "BREW /"] {
        write!(stream, "{line} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let got = answer(&mut stream);
        assert!(got.starts_with("HTTP/1.1 405 Method Not Allowed\r\n") && got.ends_with("\r\n\r\nonly GET and HEAD\n"), "{line}: {got}");
        assert_eq!(header(&got, "allow"), Some("GET, HEAD"), "{line}");
        assert_eq!(header(&got, "content-type"), Some("text/plain; charset=utf-8"), "{line}");
    }
}

#[test]
fn http_1_0_gets_its_answer_and_keeps_the_connection_only_on_request() {
    let server = TestedServer::start(ample());
    let got = server.ask(b"GET /livez HTTP/1.0\r\n\r\n");
    assert!(got.starts_with("HTTP/1.0 200 OK\r\n") && got.ends_with("\r\n\r\nok\n"), "{got}");
    let mut stream = server.connect();
    for _ in 0..2 {
        stream.write_all(b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").unwrap();
        assert_eq!(header(&answer(&mut stream), "connection"), Some("keep-alive"));
    }
}

#[test]
fn a_request_with_a_body_is_answered_and_its_connection_closed() {
    let server = TestedServer::start(ample());
    let long = format!("Content-Length: {}\r\n\r\n{}", 1 << 20, "x".repeat(1 << 20));
    for rest in [
        "Content-Length: 5\r\n\r\nhelloGET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
        "Content-Length: 5\r\n\r\n",
        "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
        "Content-Length: 18446744073709551613\r\n\r\nx",
        &long,
    ] {
        for (method, status) in [("GET", "200 OK"), ("POST", "405 Method Not Allowed")] {
            let got = server.ask(format!("{method} /livez HTTP/1.1\r\nHost: x\r\n{rest}").as_bytes());
            assert!(got.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{got}");
            assert_eq!(got.matches("HTTP/1.1").count(), 1, "{got}");
            assert_eq!(header(&got, "connection"), Some("close"), "{got}");
        }
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = TestedServer::start(ample());
    let mut stream = server.connect();
    let all: String = (0..50).map(|n| format!("GET /query?{n} HTTP/1.1\r\nHost: x\r\n\r\n")).collect();
    stream.write_all(all.as_bytes()).unwrap();
    for n in 0..50 {
        let got = answer(&mut stream);
        assert!(got.ends_with(&format!("\r\n\r\nSome(\"{n}\")")), "{n}: {got}");
    }
}

#[test]
fn a_client_that_has_closed_its_sending_side_gets_its_answers() {
    let server = TestedServer::start(ample());
    let mut stream = server.connect();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /big HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(answer(&mut stream).ends_with("\r\n\r\nok\n"));
    assert!(answer(&mut stream).len() > BIG);
    assert_eq!(rest(&mut stream), "");
    eventually("the connection is gone", || server.connections() == 0);
}

#[test]
fn a_client_may_finish_sending_before_it_reads_its_answer() {
    let server = TestedServer::start(ample());
    let body = format!("GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: {BIG}\r\n\r\n{}", "x".repeat(BIG));
    let head = format!("GET /livez HTTP/1.1\r\nX: {}", "x".repeat(BIG));
    for (request, status) in [(body, "200"), (head, "431")] {
        let (mut stream, mut got) = (server.connect(), String::new());
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_to_string(&mut got).unwrap();
        assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{got}");
    }
}

#[test]
fn a_drain_closes_idle_connections_and_lets_requests_in_flight_finish() {
    let mut server = TestedServer::start(ample());
    let [mut idle, mut half, mut slow] = [(); 3].map(|()| server.connect());
    idle.write_all(GET).unwrap();
    answer(&mut idle);
    half.write_all(b"GET /livez HT").unwrap();
    slow.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    slow.read_exact(&mut [0; 64]).unwrap();
    // Half a head is in flight once it has been read. It was sent before the answer on a later connection was asked for.
    server.still_answers();
    server.begin_drain();
    assert_eq!(rest(&mut idle), "");
    eventually("new connections are refused", || TcpStream::connect(server.address).is_err());
    half.write_all(b"TP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let got = rest(&mut half);
    assert!(got.starts_with("HTTP/1.1 200 OK\r\n") && header(&got, "connection") == Some("close"), "{got}");
    assert!(rest(&mut slow).len() >= BIG);
    // Nor does it wait for clients to close on their side.
    server.ends();
    assert_eq!(Arc::strong_count(&server.handler), 1);
}

#[test]
fn a_request_sent_before_the_drain_is_answered() {
    for _ in 0..50 {
        let mut server = TestedServer::start(ample());
        let mut stream = server.connect();
        eventually("it is taken in", || server.connections() == 1);
        stream.write_all(GET).unwrap();
        server.begin_drain();
        assert!(rest(&mut stream).ends_with("\r\n\r\nok\n"));
    }
}

#[test]
fn a_drain_has_an_end() {
    let mut server = TestedServer::start(ServerLimits { drain: Duration::from_millis(50), ..ample() });
    let [mut half, mut deaf] = [(); 2].map(|()| server.connect());
    half.write_all(b"GET /livez HT").unwrap();
    deaf.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    eventually("both are open", || server.connections() == 2);
    server.begin_drain();
    server.ends();
    assert_eq!(rest(&mut half), "");
}
