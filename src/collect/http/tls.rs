//! TLS 1.2 and 1.3 with ring, the trust roots, and what a failed handshake means.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{Resumption, WebPkiServerVerifier};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, InvalidMessage, RootCertStore, SignatureScheme, version,
};

use super::der;
use super::fault::Fault;
use super::io::Io;
use crate::collect::lack::is_lacking;
use crate::core::evidence::exchange::FailureKind;

/// The certificates that are trusted, ready for use; cheap to clone. A bundle that cannot be used is kept as the reason why.
#[derive(Debug, Clone)]
pub struct Roots(Arc<Result<Trust, String>>);

#[derive(Debug)]
struct Trust {
    source: String,
    verifier: Arc<WebPkiServerVerifier>,
    config: ClientConfig,
}

impl Roots {
    /// Mozilla's roots, compiled in. Nothing is parsed: they are static trust anchors.
    pub fn built_in() -> Self {
        let store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self::new("the compiled-in roots".to_owned(), store)
    }

    /// The certificates of a PEM bundle. `source` names it in every message: `AWS_CA_BUNDLE=/x/ca.pem`.
    ///
    /// Certificates that rustls cannot use as a root are left out, as other TLS stacks do, unless none remains.
    pub fn from_pem(source: &str, bytes: &[u8]) -> Self {
        let mut store = RootCertStore::empty();
        let mut refused = None;
        for certificate in CertificateDer::pem_slice_iter(bytes) {
            match certificate {
                Ok(certificate) => {
                    if let Err(error) = store.add(certificate) {
                        refused = Some(format!("no certificate in it can be used as a root: {error}"));
                    }
                }
                // The PEM reader does not recover after an error; what came before it still counts.
                Err(error) => {
                    refused = Some(format!("it cannot be read as PEM: {error}"));
                    break;
                }
            }
        }
        match refused {
            _ if !store.is_empty() => {
                let plural = if store.len() == 1 { "" } else { "s" };
                Self::new(format!("{source} ({} certificate{plural})", store.len()), store)
            }
            Some(why) => Self::unusable(source, &why),
            None => Self::unusable(source, "no certificate in it"),
        }
    }

    /// A bundle that could not even be read.
    pub fn unusable(source: &str, why: &str) -> Self {
        Self(Arc::new(Err(format!("{source}: {why}"))))
    }

    /// Why no handshake can succeed with these roots.
    #[cfg(test)]
    pub(super) fn error(&self) -> Option<&str> {
        self.0.as_ref().as_ref().err().map(String::as_str)
    }

    fn new(source: String, store: RootCertStore) -> Self {
        let trust = Trust::new(source.clone(), store).map_err(|why| format!("{source}: {why}"));
        Self(Arc::new(trust))
    }
}

impl Trust {
    fn new(source: String, store: RootCertStore) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider))
            .build()
            .map_err(|error| error.to_string())?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(|error| error.to_string())?
            .dangerous()
            // Replaced for each handshake by `Remembering`, which asks this one.
            .with_custom_certificate_verifier(verifier.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Every handshake is a full one: a resumed session would prove nothing about the certificate.
        config.resumption = Resumption::disabled();
        Ok(Self { source, verifier, config })
    }
}

/// Does the handshake for `host` over `io`.
pub(super) async fn handshake(roots: &Roots, host: &str, io: Io) -> Result<Io, Fault> {
    let trust = roots.0.as_ref().as_ref().map_err(|why| Fault::new(FailureKind::TlsUntrusted, why.clone()))?;
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Fault::new(FailureKind::BadRequest, format!("{host} is neither a host name nor an IP address")))?;
    let verifier = Arc::new(Remembering { inner: Arc::clone(&trust.verifier), refused: Mutex::new(None) });
    let mut config = trust.config.clone();
    config.dangerous().set_certificate_verifier(verifier.clone());
    match TlsConnector::from(Arc::new(config)).connect(name, io).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => {
            let refused = verifier.refused.lock().unwrap_or_else(PoisonError::into_inner).take();
            Err(classify_handshake_error(&error, refused.as_deref(), &trust.source))
        }
    }
}

/// rustls' verifier, and a memory of the certificate that it refused: the error alone does not say who issued it.
#[derive(Debug)]
struct Remembering {
    inner: Arc<WebPkiServerVerifier>,
    refused: Mutex<Option<Vec<u8>>>,
}

impl ServerCertVerifier for Remembering {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).inspect_err(|_| {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.to_vec());
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// The rustls error inside an I/O error.
pub(super) fn rustls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn classify_handshake_error(error: &io::Error, certificate: Option<&[u8]>, source: &str) -> Fault {
    let Some(cause) = rustls_error(error) else {
        let text = match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => {
                format!(
                    "the connection was closed by the other side during the TLS handshake ({error}): \
                     this is typical of an egress firewall that filters by server name"
                )
            }
            _ => error.to_string(),
        };
        let kind = if is_lacking(error) { FailureKind::OutOfResources } else { FailureKind::TlsFailed };
        return Fault::new(kind, text);
    };
    let (kind, text) = match cause {
        Error::InvalidCertificate(why) => classify_certificate_error(why, certificate, source),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            (FailureKind::TlsFailed, "the server on this port does not speak TLS".to_owned())
        }
        other => (FailureKind::TlsFailed, other.to_string()),
    };
    Fault::new(kind, text)
}

fn classify_certificate_error(why: &CertificateError, certificate: Option<&[u8]>, source: &str) -> (FailureKind, String) {
    const CLOCK: &str = "a wrong clock on this node gives the same error";
    match why {
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let text = format!(
                "the certificate presented is not for {}, but for {}",
                expected.to_str(),
                format_names(presented)
            );
            (FailureKind::TlsNameMismatch, text)
        }
        CertificateError::NotValidForName => (FailureKind::TlsNameMismatch, why.to_string()),
        CertificateError::ExpiredContext { time, not_after } => {
            let text = format!("the certificate expired on {}; it is {} here: {CLOCK}", format_date(*not_after), format_date(*time));
            (FailureKind::TlsFailed, text)
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            let text = format!("the certificate is valid from {} on; it is {} here: {CLOCK}", format_date(*not_before), format_date(*time));
            (FailureKind::TlsFailed, text)
        }
        CertificateError::Expired | CertificateError::NotValidYet => (FailureKind::TlsFailed, format!("{why}: {CLOCK}")),
        CertificateError::UnknownIssuer
        | CertificateError::BadSignature
        | CertificateError::InvalidPurpose
        | CertificateError::InvalidPurposeContext { .. }
        // webpki's own words for a chain that is not one: CaUsedAsEndEntity, EndEntityUsedAsCa, NameConstraintViolation, …
        | CertificateError::Other(_) => {
            let issuer = match certificate.and_then(der::parse_names) {
                Some(names) if names.is_self_signed() => format!("is self-signed by \"{}\"", names.issuer()),
                Some(names) => format!("was issued by \"{}\"", names.issuer()),
                None => "cannot be read".to_owned(),
            };
            let why = match why {
                CertificateError::UnknownIssuer => "which does not lead to a root in".to_owned(),
                why => format!("and was refused ({why}) with"),
            };
            (FailureKind::TlsUntrusted, format!("the certificate presented {issuer}, {why} {source}"))
        }
        other => (FailureKind::TlsFailed, Error::InvalidCertificate(other.clone()).to_string()),
    }
}

/// The names in a certificate; a content network's have hundreds.
fn format_names(presented: &[String]) -> String {
    const SHOWN: usize = 6;
    if presented.is_empty() {
        return "no name".to_owned();
    }
    // rustls hands them over as webpki's debug text.
    let bare = |name: &String| {
        let inner = name.strip_prefix("DnsName(\"").and_then(|name| name.strip_suffix("\")"));
        inner.unwrap_or(name).to_owned()
    };
    let mut text = presented.iter().take(SHOWN).map(bare).collect::<Vec<_>>().join(", ");
    if presented.len() > SHOWN {
        text += &format!(" and {} more", presented.len() - SHOWN);
    }
    text
}

fn format_date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap_or_else(|_| format!("{seconds} (unix)"))
}
