//! One request and one response on an open connection.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, SERVER};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroizing;

use super::deadline::PhaseDeadline;
use super::fault::Fault;
use super::io::{Counted, Io};
use super::tls::rustls_error;
use super::trace::Trace;
use crate::collect::lack::is_lacking;
use crate::core::evidence::exchange::{Connection, FailureKind, Phase};
use crate::core::text::printable::cap;

/// The largest body that is read. STS, IMDS and the agent answer with a few KiB.
const BODY_CAP: usize = 1024 * 1024;
/// Room for a response's head; hyper's own default is 400 KiB.
const HEAD_CAP: usize = 64 * 1024;
/// How long a connection may take to become ready again; it only has to be polled.
const READY: Duration = Duration::from_millis(100);

/// A complete response.
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Its headers. May hold secrets.
    pub headers: HeaderMap,
    /// Its body. May hold secrets.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand: the derived one would print credentials.
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

/// An open connection, closed when dropped.
pub(super) struct Wire {
    sender: SendRequest<Full<Bytes>>,
    _driver: Driver,
    received: Arc<AtomicU64>,
    pub(super) connection: Connection,
}

/// The task that moves a connection's bytes. It ends with its owner, so that a dropped future leaves nothing behind.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why no answer came.
pub(super) enum Lost {
    /// The connection was closed before a byte of the response: on a reused one this only means that it had been idle for too long.
    Unanswered(Fault),
    /// Anything else.
    Failed(Fault),
}

impl Wire {
    pub(super) async fn new(io: Io, connection: Connection) -> Result<Self, Fault> {
        let (io, received) = Counted::new(io);
        let (sender, driver) =
            http1::Builder::new().max_buf_size(HEAD_CAP).handshake(TokioIo::new(io)).await.map_err(|error| classify_error(&error).fault)?;
        // The driver's error reaches the request as well, so it is not lost here.
        let driver = Driver(tokio::spawn(async move { drop(driver.await) }));
        Ok(Self { sender, _driver: driver, received, connection })
    }

    /// True when another request can be sent; false after `Connection: close` or when the other side hung up.
    pub(super) async fn is_ready(&mut self) -> bool {
        matches!(timeout(READY, self.sender.ready()).await, Ok(Ok(())))
    }

    /// Sends the request and reads the whole response.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        deadline: PhaseDeadline,
        trace: &mut Trace,
    ) -> Result<Response, Lost> {
        let before = self.received.load(Ordering::Relaxed);
        let wall = SystemTime::now();
        let started = Instant::now();
        trace.phase = Phase::Response;
        trace.sent = Some(started);
        let answer = timeout_at(deadline.at, async {
            let (head, body) = self.sender.send_request(request).await.map_err(|error| classify_error(&error))?.into_parts();
            record_head(trace, head.status.as_u16(), &head.headers);
            trace.exchange.local_midpoint_ms = midpoint(wall, started.elapsed());
            let body = read_body(body, &head.headers).await?;
            Ok(Response { status: head.status.as_u16(), headers: head.headers, body })
        })
        .await;
        let nothing_came = self.received.load(Ordering::Relaxed) == before;
        match answer {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(Failed { fault, .. })) if fault.kind == FailureKind::ConnectionLost && nothing_came => Err(Lost::Unanswered(fault)),
            // Something came, but hyper had not asked for it yet: a server that speaks first (SSH, SMTP).
            Ok(Err(Failed { unsent: true, fault })) if !nothing_came => {
                Err(Lost::Failed(Fault::new(FailureKind::NotHttp, format!("the server sent data before the request: {}", fault.text))))
            }
            Ok(Err(Failed { fault, .. })) => Err(Lost::Failed(fault)),
            Err(_) => {
                let what = match trace.exchange.status {
                    None => "connected and sent the request, but no response".to_owned(),
                    Some(status) => format!("the head of the response came (status {status}), but not all of its body"),
                };
                Err(Lost::Failed(Fault::timeout(FailureKind::RequestTimeout, format!("{what} {deadline}"))))
            }
        }
    }
}

/// A failed exchange, and whether hyper gave the request back unsent.
struct Failed {
    fault: Fault,
    unsent: bool,
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self { fault, unsent: false }
    }
}

/// Reads a body into memory that is wiped, also when it has to grow.
///
/// What hyper and rustls hold while the bytes pass through their buffers is out of reach.
async fn read_body(mut body: Incoming, headers: &HeaderMap) -> Result<Zeroizing<Vec<u8>>, Failed> {
    let too_large = || Fault::new(FailureKind::NotHttp, format!("the body is larger than the cap of {BODY_CAP} bytes"));
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok()).unwrap_or(0);
    if announced > BODY_CAP {
        return Err(too_large().into());
    }
    let mut kept = Zeroizing::new(Vec::with_capacity(announced));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| classify_error(&error))?.into_data() else {
            continue;
        };
        if data.len() > BODY_CAP - kept.len() {
            return Err(too_large().into());
        }
        if kept.capacity() - kept.len() < data.len() {
            let mut larger = Zeroizing::new(Vec::with_capacity((2 * kept.capacity()).max(kept.len() + data.len())));
            larger.extend_from_slice(&kept);
            kept = larger;
        }
        kept.extend_from_slice(&data);
    }
    Ok(kept)
}

/// A header's text is foreign: a kilobyte of it is no evidence.
const HEADER_CAP: usize = 256;

fn record_head(trace: &mut Trace, status: u16, headers: &HeaderMap) {
    let raw = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let secrets = &trace.secrets;
    let text = |name: &str| raw(name).map(|text| cap(&secrets.redact(&text), HEADER_CAP).into_owned());
    let exchange = &mut trace.exchange;
    exchange.status = Some(status);
    exchange.date = raw(DATE.as_str()).and_then(|date| DateTime::from_str(&date, Format::HttpDate).ok()).map(|date| date.secs());
    exchange.request_id = text("x-amzn-requestid").or_else(|| text("x-amzn-request-id"));
    exchange.content_type = text(CONTENT_TYPE.as_str());
    exchange.server = text(SERVER.as_str());
}

/// The local time halfway through, unix milliseconds. The monotonic clock measures the way, so that a clock step in between
/// counts once.
fn midpoint(sent: SystemTime, took: Duration) -> Option<i64> {
    let middle = sent.duration_since(UNIX_EPOCH).ok()? + took / 2;
    i64::try_from(middle.as_millis()).ok()
}

fn classify_error(error: &hyper::Error) -> Failed {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let kind = match source {
        _ if is_lacking(error) => FailureKind::OutOfResources,
        _ if error.is_parse() => FailureKind::NotHttp,
        _ if error.is_user() => FailureKind::BadRequest,
        // With TLS 1.3 the server's verdict on the client arrives after the handshake.
        Some(source) if rustls_error(source).is_some() => FailureKind::TlsFailed,
        // hyper's chunked decoder reports nonsense as these two.
        Some(source) if matches!(source.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => FailureKind::NotHttp,
        _ => FailureKind::ConnectionLost,
    };
    let text = match kind {
        FailureKind::NotHttp => format!("the response is not HTTP/1.1: {}", describe_error(error)),
        _ => describe_error(error),
    };
    Failed { fault: Fault::new(kind, text), unsent: error.is_canceled() }
}

/// An error and its causes on one line.
fn describe_error(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
