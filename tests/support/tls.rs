//! TLS in front of STS and the issuer: one CA per sandbox, leaves for exactly one name, and the ways in which a handshake dies.

use std::{sync::Arc, time::Duration};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, crypto,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::{
    http::{self, Handler},
    slow::Slow,
    world::Tls,
};

/// A certificate authority with its key.
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    /// The bundle that a client trusts.
    pub pem: String,
}

impl Ca {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = common_name(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2049, 1, 1);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn config(&self, names: Vec<String>, expired: bool) -> Arc<ServerConfig> {
        let (leaf, key) = self.leaf(names, expired);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }

    /// A server's certificate for these names (or addresses), with its key.
    pub fn leaf(&self, names: Vec<String>, expired: bool) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names.clone()).unwrap();
        params.distinguished_name = common_name(&names[0]);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = if expired { date_time_ymd(2021, 1, 1) } else { date_time_ymd(2048, 1, 1) };
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// The CA that the pod's bundle holds, and one that it does not.
pub struct Authorities {
    pub trusted: Ca,
    stranger: Ca,
}

impl Authorities {
    pub fn new() -> Self {
        Self { trusted: Ca::new("irsa-probe sandbox CA"), stranger: Ca::new("Corporate TLS inspection") }
    }

    /// The names on the certificate that this server shows.
    fn config(&self, server: &str, fault: Tls) -> Arc<ServerConfig> {
        let mut names = vec![server.to_owned()];
        if server == "localhost" {
            names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
        }
        match fault {
            Tls::WrongName => self.trusted.config(vec!["portal.example.com".to_owned()], false),
            Tls::Untrusted => self.stranger.config(names, false),
            Tls::Expired => self.trusted.config(names, true),
            _ => self.trusted.config(names, false),
        }
    }
}

/// How a connection behaves below HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Wire {
    pub fault: Tls,
    pub round_trip: Duration,
}

/// Serves a fresh connection as `server`, with TLS or with the way in which TLS fails.
pub async fn serve(authorities: &Authorities, mut tcp: TcpStream, connection: u64, server: String, wire: Wire, handler: Handler) {
    match wire.fault {
        Tls::Ok | Tls::WrongName | Tls::Untrusted | Tls::Expired => {
            let acceptor = TlsAcceptor::from(authorities.config(&server, wire.fault));
            let stream = acceptor.accept(Slow::new(tcp, wire.round_trip)).await;
            // Whoever asks for another name in the tunnel than outside of it gets nothing.
            if let Ok(stream) = stream
                && stream.get_ref().1.server_name().is_none_or(|name| name == server)
            {
                http::serve(stream, connection, server, handler).await;
            }
        }
        Tls::Reset => {
            hello(&mut tcp).await;
            let _ = tcp.set_zero_linger();
        }
        Tls::Closed | Tls::NotFound => hello(&mut tcp).await,
        Tls::Hang => http::until_gone(&mut tcp).await,
        Tls::Plaintext => {
            hello(&mut tcp).await;
            let page = "<html><body>Please sign in to the guest network.</body></html>";
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
            let _ = tcp.write_all(answer.as_bytes()).await;
            let _ = tcp.shutdown().await;
            http::until_gone(&mut tcp).await;
        }
    }
}

/// Reads the ClientHello (or whatever the client says first).
async fn hello(tcp: &mut TcpStream) {
    let _ = tcp.read(&mut [0; 16 * 1024]).await;
}
