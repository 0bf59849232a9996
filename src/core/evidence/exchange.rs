//! One HTTP exchange as evidence: where the request went, how long each phase took, and in which phase it failed.

use serde::{Deserialize, Serialize};

/// A phase of an exchange, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The host name is looked up.
    Resolve,
    /// TCP, to the resolved addresses in the resolver's order (or to the proxy's).
    Connect,
    /// `CONNECT host:port` through the proxy.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// The request is sent and the response's head and body are read.
    Response,
}

/// How an exchange failed. Two failures are two variants when a person would repair them in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The resolver answered that the name does not exist (EAI_NONAME, EAI_NODATA).
    DnsNotFound,
    /// The resolver gave no usable answer (EAI_AGAIN, EAI_FAIL, our deadline).
    DnsFailed,
    /// Every address refused the connection.
    ConnectRefused,
    /// No address accepted within the deadline.
    ConnectTimeout,
    /// No route (ENETUNREACH, EHOSTUNREACH, EACCES and EPERM from a packet filter).
    NetworkUnreachable,
    /// The proxy could not be reached, refused CONNECT, or its URL is unusable.
    ProxyFailed,
    /// The certificate chain does not lead to a trusted root, or the configured roots are unusable.
    TlsUntrusted,
    /// The certificate is for other names.
    TlsNameMismatch,
    /// Any other TLS failure (reset in the handshake, expired certificate, no common version, deadline).
    TlsFailed,
    /// Connected, but no complete response within the deadline.
    RequestTimeout,
    /// The connection was closed or reset before the response was complete.
    ConnectionLost,
    /// What came back is not HTTP/1.1, or its body is larger than the cap.
    NotHttp,
    /// The probe itself has no descriptor, thread or memory left (EMFILE, ENFILE, ENOMEM, ENOBUFS, EAI_MEMORY). It says nothing about the network.
    OutOfResources,
    /// The request itself could not be made (not an absolute http or https URL, a header value that HTTP forbids).
    BadRequest,
}

/// A failed exchange: the phase, the kind, and the message of the operating system or library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The phase in which it failed.
    pub phase: Phase,
    /// How it failed.
    pub kind: FailureKind,
    /// One line for a person. Foreign text in it is not escaped. The renderers escape it.
    pub text: String,
}

/// One address that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Try {
    /// `ip:port`
    pub address: String,
    /// Why it did not connect. `None` for the address that did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The connection that an exchange used. A reused connection has the times of the exchange that opened it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Host of the URL, without brackets.
    pub host: String,
    /// Port of the URL.
    pub port: u16,
    /// Every address that the resolver gave, in its order. With a proxy, they are the addresses of the proxy.
    pub addresses: Vec<String>,
    /// The addresses that were tried, in order.
    pub tries: Vec<Try>,
    /// `host:port` of the proxy, if one was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Milliseconds. `None` for a phase that did not happen or did not finish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolve_ms: Option<f64>,
    /// See `resolve_ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<f64>,
    /// See `resolve_ms`. It is the time of the proxy's CONNECT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_ms: Option<f64>,
    /// See `resolve_ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_ms: Option<f64>,
    /// True when an earlier exchange had opened it.
    pub reused: bool,
}

/// One exchange on the wire, without the bodies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// The connection.
    pub connection: Connection,
    /// HTTP status, once a response's head has arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The `Date` header, unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<i64>,
    /// Local clock halfway between sending the request and the response's head, unix milliseconds. `date` is compared with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_midpoint_ms: Option<i64>,
    /// `x-amzn-requestid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// `content-type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `server`. It tells STS, IMDS (`EC2ws`) and intercepting middleboxes apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Milliseconds from sending the request to the end of the response.
    pub ms: f64,
    /// Set when the exchange did not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}
