//! The HTTP/1.1 server of the sidecar: GET and HEAD, answered from memory.
//!
//! Its clients are a kubelet and a scraper, but every pod of the cluster can reach it. So a request is cheap, and a client can neither
//! keep a place for long nor keep others from getting one.
//!
//! | what | bound |
//! |---|---|
//! | a request's head | 8 KiB and 100 headers, else 431; complete within [`ServerLimits::head`] of its first byte |
//! | a connection without a byte, or idle | closed after [`ServerLimits::head`] too |
//! | an answer that the client does not take | [`ServerLimits::stall`] without progress |
//! | connections | [`ServerLimits::connections`]; one more closes the one that matters least |
//! | requests of a connection | [`ServerLimits::requests`]; one, while every place is taken |
//! | a request's body | never read: answered, then closed |
//!
//! It does not know what it serves. The handler answers a path at once, from memory.

#![allow(clippy::disallowed_methods, reason = "edge module: it runs tasks and waits")]

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet, yield_now};
use tokio::time::timeout;

mod accept;
mod connection;
mod eviction;
mod listen;

#[cfg(test)]
mod tests;

pub use listen::listen;

use accept::Acceptor;
use connection::{ConnectedClient, HttpConnection};
use eviction::{ClientActivity, Eviction, Patience};

/// What a handler answers. The server adds `Content-Length`, `Cache-Control: no-store` and `X-Content-Type-Options: nosniff`.
#[derive(Debug, Clone)]
pub struct HttpReply {
    /// HTTP status.
    pub status: StatusCode,
    /// `Content-Type`.
    pub content_type: HeaderValue,
    /// The page. It is not copied, so one that is rendered once can go to all clients.
    pub body: Bytes,
    /// Further headers.
    pub headers: HeaderMap,
}

impl HttpReply {
    /// Plain text.
    pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
        Self { status, content_type, body: body.into(), headers: HeaderMap::new() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// Answers a path and its query, for GET and HEAD alike; `None` is a 404. Must not block: all connections share its thread.
pub type Handler = dyn Fn(&str, Option<&str>) -> Option<HttpReply> + Send + Sync;

/// How long the server waits, and for how many clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// From the opening of a connection to its first byte; from there, or from the end of an answer, to the end of the next request's head.
    pub head: Duration,
    /// How long an answer may lie about without the client taking any of it.
    pub stall: Duration,
    /// Connections at a time.
    pub connections: usize,
    /// How long a new connection may send nothing, at most, before it is closed to make room for a newer one.
    pub grace: Duration,
    /// Requests of one connection; its last answer says `Connection: close`.
    pub requests: usize,
    /// How long the drain may take.
    pub drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(2),
            stall: Duration::from_secs(5),
            connections: 64,
            grace: Duration::from_millis(100),
            requests: 100,
            drain: Duration::from_secs(5),
        }
    }
}

/// Serves until `draining` resolves, then lets the requests in flight finish. An error only when it cannot begin.
pub async fn run(
    listener: std::net::TcpListener,
    handler: Arc<Handler>,
    limits: ServerLimits,
    draining: impl Future<Output = ()>,
) -> io::Result<()> {
    // Every connection inherits it (Linux). Without it they would still work.
    let _ = SockRef::from(&listener).set_tcp_nodelay(true);
    let mut acceptor = Acceptor::new(TcpListener::from_std(listener)?);
    let mut room = Room::new(handler, limits);
    let mut draining = pin!(draining);
    loop {
        tokio::select! {
            biased;
            () = &mut draining => break,
            Some(_) = room.tasks.join_next() => room.forget_ended(),
            stream = acceptor.next() => room.admit(stream).await,
        }
    }
    drop(acceptor);
    room.drain().await;
    Ok(())
}

/// The open connections.
struct Room {
    handler: Arc<Handler>,
    limits: ServerLimits,
    tasks: JoinSet<()>,
    /// In the order of their arrival.
    places: Vec<Slot>,
    state: Arc<RoomState>,
    draining: watch::Sender<bool>,
}

struct Slot {
    task: AbortHandle,
    client: Arc<ConnectedClient>,
}

/// What the connections know of each other.
struct RoomState {
    /// Requests so far.
    requests: AtomicU64,
    /// No place is left.
    full: AtomicBool,
    /// A client has brought a request, or had its last answer.
    news: Notify,
    patience: Patience,
}

impl Room {
    fn new(handler: Arc<Handler>, limits: ServerLimits) -> Self {
        let (draining, _) = watch::channel(false);
        let patience = Patience::new(&limits);
        let state = RoomState { requests: AtomicU64::new(0), full: AtomicBool::new(false), news: Notify::new(), patience };
        Self { handler, limits, tasks: JoinSet::new(), places: Vec::new(), state: Arc::new(state), draining }
    }

    /// Takes a connection in, and when there are too many, closes the one that matters least.
    async fn admit(&mut self, stream: TcpStream) {
        let client = Arc::new(ConnectedClient::new(Arc::clone(&self.state)));
        let connection = HttpConnection { handler: Arc::clone(&self.handler), limits: self.limits, client: Arc::clone(&client) };
        let task = self.tasks.spawn(connection.serve(stream, self.draining.subscribe()));
        self.places.push(Slot { task, client });
        self.note_full();
        while self.places.len() > self.limits.connections.max(1) {
            // A whole crowd may have been accepted in one go: a kubelet in its midst must not go for a request not read yet.
            let_connections_read().await;
            self.forget_ended();
            self.make_room().await;
        }
    }

    /// Closes one connection if there are too many, or waits a moment for one that can be closed.
    async fn make_room(&mut self) {
        if self.places.len() <= self.limits.connections {
            return;
        }
        let clients: Vec<_> = self.places.iter().map(|place| place.client.activity()).collect();
        match eviction::choose_eviction(&clients, self.state.patience.grace(), self.limits.connections) {
            Eviction::Close(index) => {
                if matches!(clients.get(index), Some(ClientActivity::Mute(_))) {
                    self.state.patience.waited_in_vain();
                }
                self.places.remove(index).task.abort();
            }
            // Clients that connect meanwhile wait in the kernel's queue, with their requests.
            Eviction::Wait(longest) => drop(timeout(longest, self.state.news.notified()).await),
        }
    }

    /// Forgets the connections that have ended.
    fn forget_ended(&mut self) {
        self.places.retain(|place| !place.task.is_finished());
        self.note_full();
    }

    fn note_full(&self) {
        self.state.full.store(self.places.len() >= self.limits.connections, Ordering::Relaxed);
    }

    /// Idle connections close at once, the others after their answer.
    async fn drain(mut self) {
        let_connections_read().await;
        self.draining.send_replace(true);
        let all_done = async { while self.tasks.join_next().await.is_some() {} };
        // What is left over is closed with the room.
        let _ = timeout(self.limits.drain, all_done).await;
    }
}

/// Lets every connection read what has already come.
async fn let_connections_read() {
    /// One turn of the runtime hears from the kernel what can be read, the next reads it; a turn runs no more than 61 tasks
    /// (`event_interval`), so a full room needs one more.
    const TURNS: usize = 3;
    for _ in 0..TURNS {
        yield_now().await;
    }
}
