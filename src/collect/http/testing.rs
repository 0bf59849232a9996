//! Raw servers on loopback, for the tests of this module.

#![allow(clippy::unwrap_used, reason = "test helper")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Client, ClientSettings, Exchange, Limits, Response, Roots};
use crate::core::pod::proxy::Proxies;
use crate::core::text::secrets::Secrets;

/// A server that hands each connection, with its number from 0 on, to a function on a thread of its own.
pub(super) struct TestServer {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl TestServer {
    pub(super) fn start(serve: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), serve)
    }

    pub(super) fn on(listener: TcpListener, serve: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, serve) = (Arc::clone(&connections), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (number, serve) = (count.fetch_add(1, Ordering::SeqCst), Arc::clone(&serve));
                thread::spawn(move || serve(stream, number));
            }
        });
        Self { address, connections }
    }

    /// Answers every request on every connection with these bytes.
    pub(super) fn answering(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |mut stream, _| while answer(&mut stream, &response).is_some() {})
    }

    /// The same over TLS.
    pub(super) fn tls(config: Arc<ServerConfig>, response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |stream, _| {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            while answer(&mut stream, &response).is_some() {}
        })
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}/path?query", self.address.port())
    }

    pub(super) fn http(&self) -> String {
        self.url("http", "127.0.0.1")
    }
}

/// Reads one request, head and body; `None` at the end of the connection.
pub(super) fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut all = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Some(text);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk) {
            Ok(read) if read > 0 => all.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
}

/// Reads one request and writes the response.
pub(super) fn answer(stream: &mut (impl Read + Write), response: &[u8]) -> Option<String> {
    let request = read_request(stream)?;
    stream.write_all(response).ok()?;
    stream.flush().ok()?;
    Some(request)
}

/// A complete response with these header lines, each ended by CRLF.
pub(super) fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// An address without a listener.
pub(super) fn refusing() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// An address that answers no SYN: a listener whose backlog is full. It stays so while the guard lives.
pub(super) async fn silent() -> (SocketAddr, impl Sized) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut held = Vec::new();
    // On a busy machine a connection can take long, and would pass for one that the full backlog keeps out.
    while let Ok(stream) = tokio::time::timeout(Duration::from_secs(2), tokio::net::TcpStream::connect(address)).await {
        held.push(stream.unwrap());
        assert!(held.len() < 64, "the backlog never fills");
    }
    (address, (listener, held))
}

/// A certificate authority for one test.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(super) fn roots(&self) -> Roots {
        Roots::from_pem("AWS_CA_BUNDLE=/x/ca.pem", self.pem().as_bytes())
    }

    /// A server's configuration with a certificate for these names.
    pub(super) fn server(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let mut params = params(names);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        server_config(certificate.der(), &key)
    }
}

/// A server's configuration with a certificate that it has signed itself.
pub(super) fn self_signed(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
    let mut params = params(names);
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    server_config(params.self_signed(&key).unwrap().der(), &key)
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn server_config(certificate: &CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    Arc::new(config)
}

pub(super) fn client(roots: Roots, variables: &[(&str, &str)]) -> Client {
    let deadline = Instant::now() + Duration::from_secs(300);
    Client::new(ClientSettings { roots, proxies: Proxies::from_env(variables.iter().copied()), secrets: Secrets::default(), deadline })
}

/// A client for plain http without a proxy.
pub(super) fn plain() -> Client {
    client(Roots::built_in(), &[])
}

/// Limits of 150 ms for tests that wait for one to pass.
pub(super) fn brief() -> Limits {
    Limits::each(BRIEF)
}

const BRIEF: Duration = Duration::from_millis(150);

/// The first of these times within which something else happens before they have passed: the shortest on a quiet machine, one that is long
/// enough on a busy one.
pub(super) fn growing() -> impl Iterator<Item = Duration> {
    [1, 10, 100, 800].into_iter().map(|times| BRIEF * times)
}

/// Says, past the harness, which keeps to itself what a passing test prints, that something is not tested on this machine.
pub(super) fn skipped(why: &str) {
    assert!(std::env::var_os("IRSA_PROBE_NO_SKIPS").is_none(), "not tested: {why}");
    let test = thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// Limits that no loaded machine exceeds.
pub(super) fn ample() -> Limits {
    Limits::each(Duration::from_secs(120))
}

pub(super) async fn get(client: &Client, url: &str, limits: Limits) -> (Exchange, Option<Response>) {
    client.send(Request::get(url).body(Bytes::new()).unwrap(), limits).await
}
