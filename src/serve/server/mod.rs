//! The HTTP/1.1 server of the sidecar: GET and HEAD, answered from memory.
//!
//! It is there for a kubelet and a scraper, and reachable for everybody in the cluster, so it is made to be cheap and to be left
//! alone: a client can neither hold a place for long nor keep another one from getting one.
//!
//! | what | bound |
//! |---|---|
//! | a request's head | 8 KiB and 100 headers, else 431; complete within [`Limits::head`] |
//! | an idle connection | closed after [`Limits::head`] too |
//! | an answer that the client does not take | [`Limits::stall`] without progress |
//! | connections | [`Limits::connections`]; one more closes the one that matters least |
//! | a request's body | never read: answered, then closed |
//!
//! It knows nothing of what it serves: the handler answers a path, at once and from memory.

#![allow(clippy::disallowed_methods, reason = "edge module: it runs tasks and waits")]

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet, yield_now};
use tokio::time::timeout;

mod accept;
mod connection;
mod listen;

#[cfg(test)]
mod tests;

pub use listen::listen;

use accept::Door;
use connection::Connection;

/// What a handler answers. The server adds `Content-Length`, `Cache-Control: no-store` and `X-Content-Type-Options: nosniff`.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// `Content-Type`.
    pub content_type: HeaderValue,
    /// The page. Not copied: one that is rendered once can be given to everybody.
    pub body: Bytes,
    /// Further headers.
    pub headers: HeaderMap,
}

impl Answer {
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
pub type Handler = dyn Fn(&str, Option<&str>) -> Option<Answer> + Send + Sync;

/// How much patience the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the opening of a connection, or from the end of an answer, to the end of the next request's head.
    pub head: Duration,
    /// How long an answer may lie about without the client taking any of it.
    pub stall: Duration,
    /// Connections at a time.
    pub connections: usize,
    /// How long the drain may take.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: Duration::from_secs(2), stall: Duration::from_secs(5), connections: 64, drain: Duration::from_secs(5) }
    }
}

/// Serves until `draining` resolves, then lets the requests in flight finish. An error only when it cannot begin.
pub async fn run(
    listener: std::net::TcpListener,
    handler: Arc<Handler>,
    limits: Limits,
    draining: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut door = Door::new(TcpListener::from_std(listener)?);
    let mut room = Room::new(handler, limits);
    let mut draining = pin!(draining);
    loop {
        tokio::select! {
            biased;
            () = &mut draining => break,
            Some(_) = room.tasks.join_next() => room.tidy(),
            stream = door.next() => room.admit(stream).await,
        }
    }
    drop(door);
    room.drain().await;
    Ok(())
}

/// The open connections.
struct Room {
    handler: Arc<Handler>,
    limits: Limits,
    tasks: JoinSet<()>,
    /// In the order of their arrival.
    places: Vec<Place>,
    requests: Arc<AtomicU64>,
    draining: watch::Sender<bool>,
}

struct Place {
    task: AbortHandle,
    latest: Latest,
}

/// The number of a connection's latest request, counted over all connections; 0 while there has been none.
#[derive(Clone, Default)]
struct Latest {
    requests: Arc<AtomicU64>,
    number: Arc<AtomicU64>,
}

impl Latest {
    /// A request has come, completely.
    fn note(&self) {
        self.number.store(self.requests.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// No further one will come.
    fn forget(&self) {
        self.number.store(0, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }
}

impl Room {
    fn new(handler: Arc<Handler>, limits: Limits) -> Self {
        let (draining, _) = watch::channel(false);
        Self { handler, limits, tasks: JoinSet::new(), places: Vec::new(), requests: Arc::default(), draining }
    }

    /// Takes a connection in, and when there are too many, closes the one that matters least.
    async fn admit(&mut self, stream: TcpStream) {
        let latest = Latest { requests: Arc::clone(&self.requests), number: Arc::default() };
        let connection = Connection { handler: Arc::clone(&self.handler), limits: self.limits, latest: latest.clone() };
        let task = self.tasks.spawn(connection.serve(stream, self.draining.subscribe()));
        self.places.push(Place { task, latest });
        if self.places.len() > self.limits.connections {
            // A whole crowd may have been accepted in one go: a kubelet in its midst must not go for a request not read yet.
            settle().await;
            self.tidy();
        }
        while self.places.len() > self.limits.connections.max(1) {
            self.evict();
        }
    }

    /// Closes the oldest connection that has not brought a request yet; when all have, the one whose latest request was longest
    /// ago, be it idle or slow to take its answer. The newest is spared: it had no chance yet.
    fn evict(&mut self) {
        let others = self.places.len().saturating_sub(1);
        let least = self.places.iter().take(others).enumerate().min_by_key(|(_, place)| place.latest.get());
        if let Some((index, _)) = least {
            self.places.remove(index).task.abort();
        }
    }

    /// Forgets the connections that have ended.
    fn tidy(&mut self) {
        self.places.retain(|place| !place.task.is_finished());
    }

    /// Idle connections close at once, the others after their answer.
    async fn drain(mut self) {
        settle().await;
        self.draining.send_replace(true);
        let all_done = async { while self.tasks.join_next().await.is_some() {} };
        // What is left over is closed with the room.
        let _ = timeout(self.limits.drain, all_done).await;
    }
}

/// Lets every connection read what has already come.
async fn settle() {
    /// One turn of the runtime hears from the kernel what can be read, the next reads it; a turn runs no more than 61 tasks
    /// (`event_interval`), so a full room needs one more.
    const TURNS: usize = 3;
    for _ in 0..TURNS {
        yield_now().await;
    }
}
