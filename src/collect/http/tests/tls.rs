//! TLS: whom the client trusts, and what it says when it does not.

use std::io::{Read, Write};
use std::time::Duration;

use rcgen::{BasicConstraints, IsCa, date_time_ymd};

use super::{has, text};
use crate::collect::http::testing::*;
use crate::collect::http::{Limits, Roots};
use crate::core::evidence::exchange::{FailureKind, Phase};

#[tokio::test]
async fn tls_with_a_bundle_shares_a_connection() {
    let authority = Authority::new("Test Root");
    let server = TestServer::tls(authority.server(&["localhost"], |_| {}), response("200 OK", "", "ok"));
    let bundle = format!("# a comment\n{}{}", Authority::new("Another").pem(), authority.pem());
    let client = client(Roots::from_pem("SSL_CERT_FILE=/x", bundle.as_bytes()), &[]);
    for reused in [false, true] {
        let (exchange, answer) = get(&client, &server.url("https", "localhost"), ample()).await;
        assert_eq!(exchange.failure, None);
        assert_eq!(answer.unwrap().body.as_slice(), b"ok");
        assert!(exchange.connection.tls_ms.is_some());
        assert_eq!(exchange.connection.reused, reused);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn tls_to_an_ip_address() {
    let authority = Authority::new("Test Root");
    let server = TestServer::tls(authority.server(&["127.0.0.1"], |_| {}), response("200 OK", "", ""));
    let (exchange, _) = get(&client(authority.roots(), &[]), &server.url("https", "127.0.0.1"), ample()).await;
    assert_eq!(exchange.status, Some(200));
}

#[tokio::test]
async fn an_unknown_issuer_is_named() {
    let server = TestServer::tls(Authority::new("Corp Proxy CA").server(&["localhost"], |_| {}), "");
    let url = server.url("https", "localhost");
    let (exchange, _) = get(&client(Roots::built_in(), &[]), &url, ample()).await;
    let said = text(&exchange, Phase::Tls, FailureKind::TlsUntrusted);
    has(said, "was issued by \"CN=Corp Proxy CA\", which does not lead to a root in the compiled-in roots");
    // The same name, another key: not the issuer.
    let (exchange, _) = get(&client(Authority::new("Corp Proxy CA").roots(), &[]), &url, ample()).await;
    has(text(&exchange, Phase::Tls, FailureKind::TlsUntrusted), "AWS_CA_BUNDLE=/x/ca.pem (1 certificate)");
}

#[tokio::test]
async fn self_signed_certificates_are_untrusted() {
    // An end-entity certificate, and what `openssl req -x509` makes: a CA used as one.
    for authority in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let server = TestServer::tls(self_signed(&["localhost"], |params| params.is_ca = authority), "");
        let (exchange, _) = get(&client(Roots::built_in(), &[]), &server.url("https", "localhost"), ample()).await;
        has(text(&exchange, Phase::Tls, FailureKind::TlsUntrusted), "is self-signed by \"CN=rcgen self signed cert\"");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let authority = Authority::new("Test Root");
    let server = TestServer::tls(authority.server(&["sts.example", "*.other.example"], |_| {}), "");
    let (exchange, _) = get(&client(authority.roots(), &[]), &server.url("https", "localhost"), ample()).await;
    let said = text(&exchange, Phase::Tls, FailureKind::TlsNameMismatch);
    has(said, "is not for localhost, but for sts.example, *.other.example");

    let many: Vec<_> = (0..50).map(|n| format!("n{n}.example")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let server = TestServer::tls(authority.server(&many, |_| {}), "");
    let (exchange, _) = get(&client(authority.roots(), &[]), &server.url("https", "localhost"), ample()).await;
    has(text(&exchange, Phase::Tls, FailureKind::TlsNameMismatch), "n5.example and 44 more");
}

#[tokio::test]
async fn certificates_out_of_their_time_hint_at_the_clock() {
    let authority = Authority::new("Test Root");
    for (from, to, wanted) in [(2000, 2001, "expired on 2001-01-01T00:00:00Z"), (2100, 2101, "valid from 2100-01-01T00:00:00Z on")] {
        let config = authority.server(&["localhost"], |params| {
            params.not_before = date_time_ymd(from, 1, 1);
            params.not_after = date_time_ymd(to, 1, 1);
        });
        let server = TestServer::tls(config, "");
        let (exchange, _) = get(&client(authority.roots(), &[]), &server.url("https", "localhost"), ample()).await;
        let said = text(&exchange, Phase::Tls, FailureKind::TlsFailed);
        has(said, wanted);
        has(said, "a wrong clock");
    }
}

#[tokio::test]
async fn handshakes_that_end_early() {
    let closed = TestServer::start(|mut stream, _| {
        let _ = stream.read(&mut [0; 4096]);
    });
    // Closing with unread data sends RST.
    let reset = TestServer::start(|mut stream, _| {
        let _ = stream.read(&mut [0; 1]);
    });
    for server in [&closed, &reset] {
        let (exchange, _) = get(&plain(), &server.url("https", "localhost"), ample()).await;
        has(text(&exchange, Phase::Tls, FailureKind::TlsFailed), "egress firewall that filters by server name");
    }
    let http = TestServer::answering("HTTP/1.1 400 Bad Request\r\n\r\n");
    let http_url = http.url("https", "localhost");
    // It waits for a head that never ends, unless it gives up: then it answers in plain text.
    let talker = TestServer::start(|mut stream, _| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        // Until the client has closed.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let (exchange, _) = get(&plain(), &talker.url("https", "localhost"), ample()).await;
    has(text(&exchange, Phase::Tls, FailureKind::TlsFailed), "does not speak TLS");
    let limits = Limits { tls: Duration::from_millis(150), ..ample() };
    let (exchange, _) = get(&plain(), &http_url, limits).await;
    has(text(&exchange, Phase::Tls, FailureKind::TlsFailed), "did not end within 150 ms");
}

#[tokio::test]
async fn a_bundle_without_a_usable_certificate_is_named() {
    let server = TestServer::start(|mut stream, _| drop(stream.read_to_end(&mut Vec::new())));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (roots, wanted) in [
        (Roots::from_pem("AWS_CA_BUNDLE=/x/ca.pem", b""), "AWS_CA_BUNDLE=/x/ca.pem: no certificate in it"),
        (Roots::from_pem("AWS_CA_BUNDLE=/x/ca.pem", broken.as_bytes()), "AWS_CA_BUNDLE=/x/ca.pem: no certificate in it can be used"),
        (Roots::from_pem("AWS_CA_BUNDLE=/x/ca.pem", b"-----BEGIN CERTIFICATE-----\n"), "AWS_CA_BUNDLE=/x/ca.pem: it cannot be read as PEM"),
        (Roots::unusable("SSL_CERT_FILE=/y", "permission denied"), "SSL_CERT_FILE=/y: permission denied"),
    ] {
        has(roots.error().unwrap(), wanted);
        let (exchange, _) = get(&client(roots, &[]), &server.url("https", "localhost"), ample()).await;
        has(text(&exchange, Phase::Tls, FailureKind::TlsUntrusted), wanted);
    }
    let mixed = format!("{broken}{}", Authority::new("Good").pem());
    assert_eq!(Roots::from_pem("x", mixed.as_bytes()).error(), None);
    assert_eq!(Roots::built_in().error(), None);
}
