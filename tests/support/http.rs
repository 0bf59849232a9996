//! Tiny HTTP/1.1 server plumbing: hyper reads requests, answers may be whole, cut short or never come.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, body::Incoming, header::HeaderMap, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::world::{Act, CloseAt, HangAt};

/// A request, read to its end.
#[derive(Debug)]
pub struct Seen {
    /// The connection that it came on, counted over the whole sandbox.
    pub connection: u64,
    /// The name that the connection was opened for (the tunnel's, the SNI's), or the listener's address.
    pub server: String,
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    /// A header's value, when it is there once and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An answer in full.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Page {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body: body.into() }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The answer as HTTP/1.1 bytes: the head, and the body.
    fn bytes(&self) -> (Vec<u8>, &[u8]) {
        let mut head = format!("HTTP/1.1 {} Scripted\r\ncontent-length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        (head.into_bytes(), &self.body)
    }
}

/// How the connection goes on after bytes that are not a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Close,
    /// Until the client goes away or the sandbox stops.
    Hang,
}

/// What the client gets.
#[derive(Debug)]
pub struct Answer {
    pub delay: Duration,
    pub how: How,
}

#[derive(Debug)]
pub enum How {
    Whole(Page),
    Cut(Vec<u8>, Then),
}

impl Answer {
    pub const fn hang() -> Self {
        Self { delay: Duration::ZERO, how: How::Cut(Vec::new(), Then::Hang) }
    }

    /// The page, disturbed as a script's step says.
    pub fn disturbed(page: Page, act: &Act) -> Self {
        let (head, body) = page.bytes();
        let part_of_body = || [&head, &body[..body.len() / 2]].concat();
        let how = match (act.hang, act.close) {
            (Some(HangAt::Response), _) => How::Cut(Vec::new(), Then::Hang),
            (Some(HangAt::Headers), _) => How::Cut(head[..head.len() - 6].to_vec(), Then::Hang),
            (Some(HangAt::Body), _) => How::Cut(part_of_body(), Then::Hang),
            (None, Some(CloseAt::BeforeResponse)) => How::Cut(Vec::new(), Then::Close),
            (None, Some(CloseAt::MidBody)) => How::Cut(part_of_body(), Then::Close),
            (None, None) => How::Whole(page),
        };
        Self { delay: Duration::from_millis(act.delay_ms), how }
    }
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Self { delay: Duration::ZERO, how: How::Whole(page) }
    }
}

/// One service: a request in, an answer out. Waiting is the plumbing's business.
pub type Handler = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

/// The bytes that a handler wants on the wire after hyper has let go of it.
type Cut = Arc<Mutex<Option<(Vec<u8>, Then)>>>;

/// The largest body that is read: beyond the longest token that STS takes.
const BODY_LIMIT: usize = 256 * 1024;

/// Serves one connection until either side has had enough.
pub async fn serve<I>(io: I, connection: u64, server: String, handler: Handler)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let cut = Cut::default();
    let service = {
        let cut = Arc::clone(&cut);
        service_fn(move |request| exchange(request, connection, server.clone(), Arc::clone(&handler), Arc::clone(&cut)))
    };
    let mut hyper = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service);
    let _ = poll_fn(|context| hyper.poll_without_shutdown(context)).await;
    let mut io = hyper.into_parts().io.into_inner();
    let cut = cut.lock().unwrap().take();
    if let Some((bytes, then)) = cut {
        let _ = io.write_all(&bytes).await;
        let _ = io.flush().await;
        if then == Then::Hang {
            until_gone(&mut io).await;
        }
    }
    let _ = io.shutdown().await;
}

/// Reads and forgets until the client closes.
pub async fn until_gone(io: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = [0; 1024];
    while io.read(&mut buffer).await.is_ok_and(|n| n > 0) {}
}

/// The service's error: "let go of the connection, what follows is not HTTP as hyper writes it".
#[derive(Debug)]
struct LetGo;

impl std::fmt::Display for LetGo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer is written by hand")
    }
}

impl std::error::Error for LetGo {}

type Exchange = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, LetGo>> + Send>>;

fn exchange(request: Request<Incoming>, connection: u64, server: String, handler: Handler, cut: Cut) -> Exchange {
    Box::pin(async move {
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
            return Err(LetGo);
        };
        let seen = Seen {
            connection,
            server,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body: body.to_bytes(),
        };
        let Answer { delay, how } = handler(&seen);
        tokio::time::sleep(delay).await;
        match how {
            How::Whole(page) => Ok(whole(page)),
            How::Cut(bytes, then) => {
                *cut.lock().unwrap() = Some((bytes, then));
                Err(LetGo)
            }
        }
    })
}

fn whole(page: Page) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(page.status);
    for (name, value) in page.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(Bytes::from(page.body))).unwrap()
}

/// The pairs of a query string or form, percent-decoded, in their order.
pub fn form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true), decode(value, true))
        })
        .collect()
}

/// Percent-decoding; `+` is a space in forms only.
pub fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) if plus_is_space => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// AWS's percent-encoding: everything but the unreserved characters of RFC 3986.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
