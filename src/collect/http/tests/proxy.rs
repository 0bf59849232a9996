//! CONNECT, and the failures that are the proxy's.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tokio_rustls::rustls::{ServerConnection, StreamOwned};

use super::{has, text};
use crate::collect::http::testing::*;
use crate::collect::http::{Client, Limits, Roots};
use crate::core::evidence::exchange::{FailureKind, Phase};

/// A proxy that connects every CONNECT to `upstream`, and the requests it saw.
fn proxy_to(upstream: SocketAddr) -> (TestServer, Arc<Mutex<Vec<String>>>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let server = TestServer::start(move |mut stream, _| tunnel(&mut stream, upstream, &seen));
    (server, requests)
}

fn tunnel(stream: &mut TcpStream, upstream: SocketAddr, seen: &Mutex<Vec<String>>) {
    let Some(request) = answer(stream, b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n") else {
        return;
    };
    seen.lock().unwrap().push(request);
    let mut there = TcpStream::connect(upstream).unwrap();
    let (mut from, mut to) = (stream.try_clone().unwrap(), there.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    let _ = std::io::copy(&mut there, stream);
}

fn via(proxy: &str) -> Client {
    client(Roots::built_in(), &[("HTTPS_PROXY", proxy)])
}

#[tokio::test]
async fn tls_through_a_proxy() {
    let authority = Authority::new("Test Root");
    let server = TestServer::tls(authority.server(&["sts.example"], |_| {}), response("200 OK", "", "ok"));
    let (proxy, requests) = proxy_to(server.address);
    let client = client(authority.roots(), &[("https_proxy", &format!("http://user:c4nary@{}/", proxy.address))]);
    let url = server.url("https", "sts.example");
    for reused in [false, true] {
        let (exchange, answer) = get(&client, &url, ample()).await;
        assert_eq!(exchange.failure, None);
        assert!(answer.is_some());
        let connection = exchange.connection;
        assert_eq!((connection.host.as_str(), connection.reused), ("sts.example", reused));
        assert_eq!(connection.proxy, Some(proxy.address.to_string()));
        assert_eq!(connection.addresses, ["127.0.0.1"]);
        assert!(connection.proxy_ms.is_some() && connection.tls_ms.is_some());
        assert!(!format!("{connection:?}").contains("c4nary"));
    }
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 1);
    let port = server.address.port();
    has(&requests[0], &format!("CONNECT sts.example:{port} HTTP/1.1\r\nHost: sts.example:{port}\r\n"));
    has(&requests[0], "Proxy-Authorization: Basic dXNlcjpjNG5hcnk=\r\n");
}

#[tokio::test]
async fn tls_through_a_tls_proxy() {
    let authority = Authority::new("Test Root");
    let server = TestServer::tls(authority.server(&["sts.example"], |_| {}), response("200 OK", "", "ok"));
    let (config, upstream) = (authority.server(&["localhost"], |_| {}), server.address);
    // One request and one response need no thread for each direction.
    let proxy = TestServer::start(move |stream, _| {
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
        answer(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n");
        let mut there = TcpStream::connect(upstream).unwrap();
        there.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        stream.sock.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let mut chunk = [0; 32 * 1024];
        let waits = |error: &std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
        loop {
            // Until the client has closed; nothing is an error that only says that nothing has come.
            match stream.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => there.write_all(&chunk[..read]).unwrap(),
                Err(error) if waits(&error) => {}
                Err(_) => break,
            }
            match there.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => stream.write_all(&chunk[..read]).unwrap(),
                Err(error) if waits(&error) => {}
                Err(_) => break,
            }
        }
    });
    let client = client(authority.roots(), &[("HTTPS_PROXY", &format!("https://localhost:{}", proxy.address.port()))]);
    let (exchange, answer) = get(&client, &server.url("https", "sts.example"), ample()).await;
    assert_eq!(exchange.failure, None);
    assert_eq!(answer.unwrap().body.as_slice(), b"ok");
}

#[tokio::test]
async fn proxies_that_refuse() {
    let large = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(9000));
    for (bytes, wanted) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "\"HTTP/1.1 407 Proxy Authentication Required\""),
        ("HTTP/1.0 403 Forbidden\r\n\r\nbody", "refused CONNECT with \"HTTP/1.0 403 Forbidden\""),
        ("SSH-2.0-x\r\n\r\n", "did not answer CONNECT with HTTP/1.1"),
        ("SSH-2.0-x\r\n", "did not answer CONNECT with HTTP/1.1"),
        ("HTTP/1.1 200 OK\r\n\r\nextra", "sent its own data"),
        (&large, "more than 8 KiB"),
        ("HTTP/1.1 200 O", "closed the connection"),
        ("", "closed the connection"),
    ] {
        let bytes = bytes.to_owned();
        let proxy = TestServer::start(move |mut stream, _| {
            answer(&mut stream, bytes.as_bytes());
        });
        let (exchange, _) = get(&via(&format!("http://u:c4nary@{}", proxy.address)), "https://sts.example/", ample()).await;
        let said = text(&exchange, Phase::Proxy, FailureKind::ProxyFailed);
        has(said, wanted);
        has(said, &proxy.address.to_string());
        assert!(!format!("{exchange:?}").contains("c4nary"));
    }
}

#[tokio::test]
async fn proxies_out_of_reach() {
    let (exchange, _) = get(&via(&refusing().to_string()), "https://sts.example/", ample()).await;
    has(text(&exchange, Phase::Proxy, FailureKind::ProxyFailed), "could not be reached");
    assert_eq!(exchange.connection.tries.len(), 1);

    let mute = TestServer::start(|mut stream, _| while read_request(&mut stream).is_some() {});
    let limits = Limits { proxy: Duration::from_millis(150), ..ample() };
    let (exchange, _) = get(&via(&mute.address.to_string()), "https://sts.example/", limits).await;
    has(text(&exchange, Phase::Proxy, FailureKind::ProxyFailed), "did not answer CONNECT within 150 ms");

    let (exchange, _) = get(&via("socks5://u:c4nary@127.0.0.1:1"), "https://sts.example/", ample()).await;
    let said = text(&exchange, Phase::Proxy, FailureKind::ProxyFailed);
    has(said, "HTTPS_PROXY is unusable");
    assert!(!said.contains("c4nary"));
}

#[tokio::test]
async fn plain_http_and_no_proxy_go_straight() {
    let server = TestServer::answering(response("200 OK", "", ""));
    let nowhere = refusing().to_string();
    assert_eq!(get(&via(&nowhere), &server.http(), ample()).await.0.status, Some(200));

    let authority = Authority::new("Test Root");
    let server = TestServer::tls(authority.server(&["127.0.0.1"], |_| {}), response("200 OK", "", ""));
    let client = client(authority.roots(), &[("HTTPS_PROXY", &nowhere), ("NO_PROXY", "127.0.0.0/8")]);
    let (exchange, _) = get(&client, &server.url("https", "127.0.0.1"), ample()).await;
    assert_eq!((exchange.status, exchange.connection.proxy), (Some(200), None));
}
