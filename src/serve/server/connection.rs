//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

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
use tokio::time::timeout;

use super::{Answer, Handler, Latest, Limits};

/// Room for a request's head, and what hyper reads at a time: the least that it allows, allocated once a client has connected.
const HEAD_CAP: usize = 8 * 1024;

/// What a connection needs to know.
pub(super) struct Connection {
    pub(super) handler: Arc<Handler>,
    pub(super) limits: Limits,
    pub(super) latest: Latest,
}

impl Connection {
    /// Answers requests until either side closes the connection or a limit does.
    pub(super) async fn serve(self, stream: TcpStream, mut draining: watch::Receiver<bool>) {
        let Self { handler, limits, latest } = self;
        // The kernel watches over what a client does not take: also over what is left after the close, and without a timer of
        // ours. Neither option is refused by Linux; without them the connection would still work.
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(limits.stall));
        let _ = stream.set_nodelay(true);
        let served = latest.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            served.note();
            ready(Ok::<_, Infallible>(respond(&*handler, &request)))
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // hyper starts this timer whenever it waits for a head: when the connection is opened and again when an answer has
            // been written. So it covers the first byte, and it closes an idle connection; bytes do not reset it.
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
        // What it cannot parse (a head too large, no HTTP) hyper has answered; other errors are timeouts and clients gone.
        if outcome.as_ref().map_or_else(hyper::Error::is_parse, |()| true) {
            latest.forget();
            let stream = connection.into_parts().io.into_inner();
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
    // Failures say that the client is gone, which is what we wait for.
    let _ = stream.shutdown().await;
    let mut scrap = vec![0; 4096];
    while stream.read(&mut scrap).await.is_ok_and(|read| read > 0) {}
}

async fn drained(draining: &mut watch::Receiver<bool>) {
    // An error says that the server is gone, and with it this task.
    let _ = draining.wait_for(|begun| *begun).await;
}

fn respond(handler: &Handler, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let answer = match *request.method() {
        Method::GET | Method::HEAD => {
            handler(request.uri().path(), request.uri().query()).unwrap_or_else(|| Answer::text(StatusCode::NOT_FOUND, "not found\n"))
        }
        _ => Answer::text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n").with(ALLOW, HeaderValue::from_static("GET, HEAD")),
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
        // Nobody reads the body, so nobody knows where the next request would begin.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
