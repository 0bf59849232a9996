//! The client against raw sockets on loopback: each failure has its phase and its kind.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;

use super::deadline::PhaseDeadline;
use super::testing::*;
use super::{Exchange, Limits, connect};
use crate::core::evidence::exchange::{FailureKind, Phase};

mod proxy;
mod sdk;
mod tls;

/// The failure, after a check that it is this one.
#[track_caller]
fn text(exchange: &Exchange, phase: Phase, kind: FailureKind) -> &str {
    let failure = exchange.failure.as_ref().expect("it fails");
    assert_eq!((failure.phase, failure.kind), (phase, kind), "{}", failure.text);
    &failure.text
}

#[track_caller]
fn has(text: &str, wanted: &str) {
    assert!(text.contains(wanted), "{wanted:?} is not in {text:?}");
}

#[tokio::test]
async fn a_response_leaves_its_evidence() {
    let headers = "Date: Thu, 01 Jan 1970 00:01:40 GMT\r\nx-amzn-RequestId: r-1\r\nContent-Type: text/xml\r\nServer: EC2ws\r\n";
    let server = TestServer::answering(response("403 Forbidden", headers, "<e/>"));
    let (exchange, answer) = get(&plain(), &server.http(), ample()).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (403, b"<e/>".as_slice()));
    assert_eq!((exchange.status, exchange.date, exchange.failure), (Some(403), Some(100), None));
    assert_eq!(exchange.request_id.as_deref(), Some("r-1"));
    assert_eq!(exchange.content_type.as_deref(), Some("text/xml"));
    assert_eq!(exchange.server.as_deref(), Some("EC2ws"));
    assert!(exchange.local_midpoint_ms.unwrap() > 1_500_000_000_000 && exchange.ms > 0.0);
    let connection = exchange.connection;
    assert_eq!((connection.host.as_str(), connection.port), ("127.0.0.1", server.address.port()));
    assert_eq!((connection.tries.len(), &connection.tries[0].error), (1, &None));
    assert_eq!((connection.resolve_ms, connection.tls_ms, connection.reused), (None, None, false));
    assert!(connection.connect_ms.is_some());
}

#[tokio::test]
async fn a_name_is_resolved_and_a_redirect_is_an_answer() {
    let server = TestServer::answering(response("302 Found", "Location: http://127.0.0.1:1/\r\n", ""));
    let (exchange, answer) = get(&plain(), &server.url("http", "localhost"), ample()).await;
    assert_eq!(answer.unwrap().status, 302);
    assert!(exchange.connection.resolve_ms.is_some());
    assert!(exchange.connection.addresses.contains(&"127.0.0.1".to_owned()));
}

#[tokio::test]
async fn an_ipv6_literal() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        return skipped("this machine has no ::1");
    };
    let server = TestServer::on(listener, |mut stream, _| {
        let request = read_request(&mut stream).unwrap();
        let host = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        stream.write_all(response("200 OK", "", host).as_bytes()).unwrap();
    });
    let (exchange, answer) = get(&plain(), &server.url("http", "[::1]"), ample()).await;
    assert_eq!(answer.unwrap().body.as_slice(), server.address.to_string().as_bytes());
    assert_eq!((exchange.connection.host.as_str(), exchange.connection.addresses), ("::1", vec!["::1".to_owned()]));
}

#[tokio::test]
async fn foreign_headers_are_capped() {
    let server = TestServer::answering(response("200 OK", &format!("Server: {}\r\nDate: yesterday\r\n", "x".repeat(5000)), ""));
    let (exchange, _) = get(&plain(), &server.http(), ample()).await;
    let kept = format!("{}… (cut at 256 characters)", "x".repeat(256));
    assert_eq!((exchange.server, exchange.date), (Some(kept), None));
}

#[tokio::test]
async fn two_requests_share_a_connection() {
    let server = TestServer::answering(response("200 OK", "", "body"));
    let client = plain();
    let (first, _) = get(&client, &server.http(), ample()).await;
    let (second, answer) = get(&client.clone(), &server.http(), ample()).await;
    assert!(answer.is_some());
    assert_eq!(server.connections(), 1);
    assert!(!first.connection.reused && second.connection.reused);
    assert_eq!(second.connection.connect_ms, first.connection.connect_ms);
    assert_eq!(second.connection.tries, first.connection.tries);
}

#[tokio::test]
async fn connection_close_is_respected() {
    let server = TestServer::answering(response("200 OK", "Connection: close\r\n", "body"));
    let client = plain();
    for _ in 0..2 {
        let (exchange, answer) = get(&client, &server.http(), ample()).await;
        assert!(answer.is_some() && !exchange.connection.reused);
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_warm_connection_is_used() {
    let server = TestServer::answering(response("200 OK", "", ""));
    let client = plain();
    let warmed = client.warm(&server.http().parse().unwrap(), ample()).await;
    assert_eq!((warmed.status, warmed.failure), (None, None));
    assert!(get(&client, &server.http(), ample()).await.0.connection.reused);
    assert_eq!(server.connections(), 1);
    let refused = client.warm(&format!("http://{}", refusing()).parse().unwrap(), ample()).await;
    text(&refused, Phase::Connect, FailureKind::ConnectRefused);
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_is_replaced() {
    let (closed, was_closed) = std::sync::mpsc::channel();
    let closed = std::sync::Mutex::new(closed);
    let server = TestServer::start(move |mut stream, _| {
        answer(&mut stream, response("200 OK", "", "").as_bytes());
        drop(stream);
        let _ = closed.lock().unwrap().send(());
    });
    let client = plain();
    get(&client, &server.http(), ample()).await;
    was_closed.recv().unwrap();
    let (exchange, answer) = get(&client, &server.http(), ample()).await;
    assert!(answer.is_some() && !exchange.connection.reused);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_closed_by_the_second_request_is_replaced_once() {
    // Every connection answers one request and closes without a byte when the second one has come; from the second
    // connection on, already the first.
    let server = TestServer::start(|mut stream, number| {
        if number == 0 {
            answer(&mut stream, response("200 OK", "", "").as_bytes());
        }
        read_request(&mut stream);
    });
    let client = plain();
    get(&client, &server.http(), ample()).await;
    let (exchange, _) = get(&client, &server.http(), ample()).await;
    text(&exchange, Phase::Response, FailureKind::ConnectionLost);
    assert!(!exchange.connection.reused);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn an_answer_cut_off_on_a_reused_connection_is_not_asked_for_again() {
    let server = TestServer::start(|mut stream, _| {
        answer(&mut stream, response("200 OK", "", "").as_bytes());
        answer(&mut stream, b"HTTP/1.1 20");
    });
    let client = plain();
    get(&client, &server.http(), ample()).await;
    let (exchange, _) = get(&client, &server.http(), ample()).await;
    text(&exchange, Phase::Response, FailureKind::ConnectionLost);
    assert!(exchange.connection.reused);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn what_is_not_http() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let over = format!("{chunked}100001\r\n{}", "x".repeat(0x100001));
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n".to_owned();
    for (bytes, wanted) in [
        ("SSH-2.0-OpenSSH_9.6\r\n".to_owned(), "not HTTP/1.1"),
        ("\u{15}\u{3}\u{3}\0\u{2}\u{2}F".to_owned(), "not HTTP/1.1"),
        (format!("{chunked}zz\r\n"), "not HTTP/1.1"),
        (format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(100_000)), "not HTTP/1.1"),
        (over, "cap of 1048576 bytes"),
        (announced, "cap of 1048576 bytes"),
    ] {
        let server = TestServer::answering(bytes.clone());
        let (exchange, answer) = get(&plain(), &server.http(), ample()).await;
        assert!(answer.is_none());
        has(text(&exchange, Phase::Response, FailureKind::NotHttp), wanted);
    }
}

#[tokio::test]
async fn a_server_that_speaks_first_is_not_http() {
    for warm in [false, true] {
        let server = TestServer::start(|mut stream, _| {
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
            // Until the client has closed.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let client = plain();
        if warm {
            client.warm(&server.http().parse().unwrap(), ample()).await;
        }
        text(&get(&client, &server.http(), ample()).await.0, Phase::Response, FailureKind::NotHttp);
    }
}

#[tokio::test]
async fn lost_connections() {
    for bytes in ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"] {
        let server = TestServer::start(move |mut stream, _| {
            answer(&mut stream, bytes.as_bytes());
        });
        let (exchange, answer) = get(&plain(), &server.http(), ample()).await;
        assert!(answer.is_none());
        text(&exchange, Phase::Response, FailureKind::ConnectionLost);
        assert_eq!(exchange.status.is_some(), !bytes.is_empty());
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn response_deadlines() {
    let server = TestServer::answering("");
    let (exchange, _) = get(&plain(), &server.http(), Limits { response: brief().response, ..ample() }).await;
    has(text(&exchange, Phase::Response, FailureKind::RequestTimeout), "no response within 150 ms");
    assert!(exchange.ms >= 150.0);
    // A head, and not all of the body: in the first of these times in which the head comes.
    let server = TestServer::answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    for response in growing() {
        let (exchange, _) = get(&plain(), &server.http(), Limits { response, ..ample() }).await;
        let said = text(&exchange, Phase::Response, FailureKind::RequestTimeout);
        if exchange.status.is_some() {
            return has(said, "(status 200)");
        }
    }
    panic!("no head ever came");
}

#[tokio::test]
async fn the_overall_deadline_is_named_in_its_phase() {
    let server = TestServer::answering("");
    let client = plain();
    // In the first of these times in which it comes to a request.
    let mut asked = None;
    for time in growing() {
        let (exchange, _) = get(&client.until(Instant::now() + time), &server.http(), ample()).await;
        if exchange.failure.as_ref().is_some_and(|failure| failure.phase == Phase::Response) {
            asked = Some(exchange);
            break;
        }
    }
    has(text(&asked.unwrap(), Phase::Response, FailureKind::RequestTimeout), "the rest of the time limit");
    let (address, _guard) = silent().await;
    let late = client.until(Instant::now());
    let (exchange, _) = get(&late, &format!("http://{address}/"), ample()).await;
    text(&exchange, Phase::Connect, FailureKind::ConnectTimeout);
}

#[tokio::test]
async fn requests_that_cannot_be_made() {
    for url in ["/relative", "ftp://127.0.0.1/"] {
        let (exchange, _) = get(&plain(), url, ample()).await;
        text(&exchange, Phase::Resolve, FailureKind::BadRequest);
    }
}

#[tokio::test]
async fn no_secret_in_the_exchange_or_in_debug_text() {
    let server = TestServer::answering(response("200 OK", "x-secret: c4nary\r\n", "c4nary"));
    let request = Request::post(server.http()).header("authorization", "c4nary").body(Bytes::from_static(b"c4nary")).unwrap();
    let (exchange, answer) = plain().send(request, ample()).await;
    assert!(!format!("{exchange:?}{answer:?}").contains("c4nary"));
}

// --- Connect ---

#[tokio::test]
async fn a_refused_connection() {
    let address = refusing();
    let (exchange, _) = get(&plain(), &format!("http://{address}/"), ample()).await;
    has(text(&exchange, Phase::Connect, FailureKind::ConnectRefused), &address.to_string());
    assert_eq!(exchange.connection.tries.len(), 1);
    assert!(exchange.connection.tries[0].error.is_some());
    assert_eq!((exchange.connection.connect_ms, exchange.status), (None, None));
}

#[tokio::test]
async fn a_connection_that_nobody_answers() {
    let (address, _guard) = silent().await;
    let (exchange, _) = get(&plain(), &format!("http://{address}/"), brief()).await;
    has(text(&exchange, Phase::Connect, FailureKind::ConnectTimeout), "no answer within");
}

async fn try_all(addresses: &[SocketAddr]) -> (Option<FailureKind>, usize) {
    let deadline = PhaseDeadline::new(Duration::from_secs(3), tokio::time::Instant::now() + Duration::from_secs(45));
    let mut tries = Vec::new();
    let result = connect::connect(addresses, deadline, &mut tries).await;
    assert_eq!(result.is_ok(), tries.last().unwrap().error.is_none());
    (result.err().map(|fault| fault.kind), tries.len())
}

#[tokio::test]
async fn addresses_are_tried_in_order_and_silence_outweighs_a_refusal() {
    let (silent, _guard) = silent().await;
    let (refusing, good) = (refusing(), TestServer::answering("").address);
    assert_eq!(try_all(&[refusing, good]).await, (None, 2));
    assert_eq!(try_all(&[silent, good]).await, (None, 2));
    assert_eq!(try_all(&[silent, refusing]).await, (Some(FailureKind::ConnectTimeout), 2));
    assert_eq!(try_all(&[refusing, silent]).await, (Some(FailureKind::ConnectTimeout), 2));
    assert_eq!(try_all(&[refusing; 6]).await, (Some(FailureKind::ConnectRefused), 6));
}
