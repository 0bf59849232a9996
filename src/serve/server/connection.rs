//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use super::eviction::ClientActivity;
use super::{Handler, HttpReply, RoomState, ServerLimits};

/// Room for a request's head, and what hyper reads at a time: the least that it allows, allocated once a client has connected.
const HEAD_CAP: usize = 8 * 1024;

/// What a connection needs to know.
pub(super) struct HttpConnection {
    pub(super) handler: Arc<Handler>,
    pub(super) limits: ServerLimits,
    pub(super) client: Arc<ConnectedClient>,
}

/// What the room knows of a client.
pub(super) struct ConnectedClient {
    room: Arc<RoomState>,
    since: Instant,
    heard: OnceLock<Instant>,
    /// The number of its latest request, counted over all clients: 0 while there has been none, [`ConnectedClient::LEAVING`] when there will be
    /// no more.
    latest: AtomicU64,
}

impl ConnectedClient {
    const LEAVING: u64 = u64::MAX;

    pub(super) fn new(room: Arc<RoomState>) -> Self {
        Self { room, since: Instant::now(), heard: OnceLock::new(), latest: AtomicU64::new(0) }
    }

    pub(super) fn activity(&self) -> ClientActivity {
        match (self.latest.load(Ordering::Relaxed), self.heard.get()) {
            (Self::LEAVING, _) => ClientActivity::Leaving,
            (0, None) => ClientActivity::Mute(self.since.elapsed()),
            (0, Some(heard)) => ClientActivity::Speaking(heard.elapsed()),
            (number, _) => ClientActivity::Served(number),
        }
    }

    /// Its first byte has come.
    fn note_first_byte(&self) {
        self.heard.get_or_init(Instant::now);
        self.room.patience.client_spoke();
    }

    /// A request has come, completely.
    fn note_request(&self) {
        self.latest.store(self.room.requests.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.room.news.notify_one();
    }

    /// No further one will come.
    fn note_last_answer(&self) {
        self.latest.store(Self::LEAVING, Ordering::Relaxed);
        self.room.news.notify_one();
    }
}

impl HttpConnection {
    /// Answers requests until either side closes the connection or a limit does.
    pub(super) async fn serve(self, stream: TcpStream, mut draining: watch::Receiver<bool>) {
        let Self { handler, limits, client } = self;
        // The kernel closes a connection whose client does not take what was sent, also after our close, and without a timer of ours. Linux
        // does not refuse this option. Without it the connection would still work.
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(limits.stall));
        // Until its first byte a connection costs no buffer, and the room knows that it waits. (`readable` can be wrong, `peek` cannot.)
        let mut first = [0];
        tokio::select! {
            biased;
            heard = timeout(limits.head, stream.peek(&mut first)) => match heard {
                Ok(Ok(_)) => client.note_first_byte(),
                _ => return,
            },
            () = drained(&mut draining) => return,
        }
        let (served, requests) = (Arc::clone(&client), AtomicUsize::new(0));
        let service = service_fn(move |request: Request<Incoming>| {
            served.note_request();
            let earlier = requests.fetch_add(1, Ordering::Relaxed);
            let (handler, client) = (Arc::clone(&handler), Arc::clone(&served));
            async move {
                if earlier > 0 {
                    // Each turn gives one answer. Requests that came on other connections meanwhile go first, also where a client sends its
                    // requests all at once.
                    yield_now().await;
                }
                let mut response = respond(&*handler, &request);
                // While every place is taken, a connection gets one answer. So a client that asks again queues with the others, and a probe
                // waits for no more than one answer to each client before it.
                if earlier + 1 >= limits.requests || client.room.full.load(Ordering::Relaxed) {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // hyper starts this timer whenever it waits for a head: now, and again when an answer has been written. So it closes an
            // idle connection, too; bytes do not reset it.
            .header_read_timeout(limits.head)
            .max_buf_size(HEAD_CAP)
            // Without it, a client that closes its sending side after the request (`nc -N`) would get no answer.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        let finished = tokio::select! {
            biased;
            outcome = &mut connection => Some(outcome),
            () = drained(&mut draining) => None,
        };
        let outcome = match finished {
            Some(outcome) => outcome,
            None => {
                Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
            }
        };
        // hyper itself has answered what it cannot parse (a head too large, no HTTP). Other errors are timeouts and clients that are gone.
        let shut = outcome.is_ok();
        if outcome.as_ref().map_or_else(hyper::Error::is_parse, |()| true) {
            client.note_last_answer();
            let mut stream = connection.into_parts().io.into_inner();
            if !shut {
                // A failure says that the client is gone.
                let _ = stream.shutdown().await;
            }
            tokio::select! {
                biased;
                _ = timeout(limits.head, linger(stream)) => {}
                () = drained(&mut draining) => {}
            }
        }
    }
}

/// Closes in a way that lets the last answer arrive: a socket closed with unread bytes sends a reset, which can overtake it
/// (RFC 9112, section 9.6).
async fn linger(mut stream: TcpStream) {
    let mut scrap = [0; 512];
    // A failure says that the client is gone, which is what we wait for.
    while stream.read(&mut scrap).await.is_ok_and(|read| read > 0) {}
}

async fn drained(draining: &mut watch::Receiver<bool>) {
    // An error says that the server is gone, and with it this task.
    let _ = draining.wait_for(|begun| *begun).await;
}

fn respond(handler: &Handler, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let answer = match *request.method() {
        Method::GET | Method::HEAD => {
            handler(request.uri().path(), request.uri().query()).unwrap_or_else(|| HttpReply::text(StatusCode::NOT_FOUND, "not found\n"))
        }
        _ => HttpReply::text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n").with(ALLOW, HeaderValue::from_static("GET, HEAD")),
    };
    let length = HeaderValue::from(answer.body.len());
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    *headers = answer.headers;
    headers.insert(CONTENT_TYPE, answer.content_type);
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !request.body().is_end_stream() {
        // The body is not read, so it is not known where the next request would begin.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
