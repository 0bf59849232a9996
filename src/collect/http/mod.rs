//! The one instrumented HTTP/1.1 client: resolve → connect → (proxy) → TLS → response.
//!
//! Every phase is timed, has a deadline of its own and fails with a type of its own. There is one attempt and no retry; the
//! addresses of a name are tried in the resolver's order, each try recorded. All calls to AWS go through here: the SDK by way of
//! [`Recorder`], everything else by [`Client::send`].
//!
//! No body and no request header is ever logged or stored in an [`Exchange`]. Bodies are kept in memory that is wiped; what
//! passes through the buffers of hyper and rustls is out of reach.

#![allow(clippy::disallowed_methods, reason = "edge module: deadlines, timings and the local time of a response come from the clock")]

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use tokio::time::{Instant, timeout_at};

use crate::core::evidence::exchange::{Connection, Exchange, FailureKind, Phase};
use crate::core::pod::proxy::{Proxies, Proxy};
use crate::core::text::secrets::Secrets;

mod connect;
mod deadline;
mod der;
mod fault;
mod io;
mod origin;
mod proxy;
mod resolve;
mod sdk;
mod settings;
mod tls;
mod trace;
mod wire;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use sdk::{ConnectorFailure, RecordedBody, RecordedResponse, Recorder};
pub use settings::{ClientSettings, Limits};
pub use tls::Roots;
pub use wire::Response;

use deadline::PhaseDeadline;
use fault::Fault;
use origin::Origin;
use trace::{Trace, millis_since};
use wire::{Lost, Wire};

/// The client. Clones share the pool of idle connections: one for each scheme, host and port.
///
/// Each round needs a client of its own, because a connection kept from an earlier round would hide what has broken since.
#[derive(Clone)]
pub struct Client {
    shared: Arc<ClientState>,
    deadline: Instant,
}

struct ClientState {
    roots: Roots,
    proxies: Proxies,
    secrets: Secrets,
    idle: Mutex<HashMap<Origin, Wire>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// A client without any connection yet.
    pub fn new(settings: ClientSettings) -> Self {
        let ClientSettings { roots, proxies, secrets, deadline } = settings;
        let shared = ClientState { roots, proxies, secrets, idle: Mutex::default() };
        Self { shared: Arc::new(shared), deadline: Instant::from_std(deadline) }
    }

    /// What this client has sent as a credential and must never show.
    pub fn secrets(&self) -> &Secrets {
        &self.shared.secrets
    }

    /// The same client and pool under another overall deadline.
    #[must_use]
    pub fn until(&self, deadline: std::time::Instant) -> Self {
        Self { shared: Arc::clone(&self.shared), deadline: Instant::from_std(deadline) }
    }

    /// One attempt at one request to an absolute `http://` or `https://` URL.
    ///
    /// The exchange says what happened in every case. The response is there when it came completely, whatever its status.
    /// Redirects are not followed. A reused connection that turns out to be closed before a byte of the response has come is
    /// replaced once by a new one.
    pub async fn send(&self, request: Request<Bytes>, limits: Limits) -> (Exchange, Option<Response>) {
        let mut trace = self.new_trace();
        match self.run(request, limits, &mut trace).await {
            Ok(response) => (trace.finish(None), Some(response)),
            Err(fault) => (trace.finish(Some(fault)), None),
        }
    }

    /// Opens the connection for a URL ahead of its first request and leaves it in the pool.
    ///
    /// The exchange has no status; its failure, if any, is what a request would have met.
    pub async fn warm(&self, url: &Uri, limits: Limits) -> Exchange {
        let mut trace = self.new_trace();
        let opened = match Origin::parse(url) {
            Ok(origin) => self.open_connection(&origin, limits, &mut trace).await.map(|wire| self.put_back(origin, wire)),
            Err(fault) => Err(fault),
        };
        trace.finish(opened.err())
    }

    async fn run(&self, request: Request<Bytes>, limits: Limits, trace: &mut Trace) -> Result<Response, Fault> {
        let origin = Origin::parse(request.uri())?;
        learn_credentials(&request, &self.shared.secrets);
        trace.begin_connection(&origin);
        let request = origin.prepare(request)?;
        if let Some(mut wire) = self.take_idle(&origin).await {
            trace.exchange.connection = Connection { reused: true, ..wire.connection.clone() };
            match wire.exchange(request.clone(), self.phase_deadline(limits.response), trace).await {
                Err(Lost::Unanswered(_)) => {
                    tracing::debug!(host = origin.host, "idle connection was closed, opening another");
                    *trace = self.new_trace();
                }
                answer => return self.keep_if_answered(origin, wire, answer),
            }
        }
        let mut wire = self.open_connection(&origin, limits, trace).await?;
        let answer = wire.exchange(request, self.phase_deadline(limits.response), trace).await;
        self.keep_if_answered(origin, wire, answer)
    }

    fn keep_if_answered(&self, origin: Origin, wire: Wire, answer: Result<Response, Lost>) -> Result<Response, Fault> {
        match answer {
            Ok(response) => {
                self.put_back(origin, wire);
                Ok(response)
            }
            Err(Lost::Failed(fault) | Lost::Unanswered(fault)) => Err(fault),
        }
    }

    /// Resolve → connect → (proxy) → TLS, written into `trace` step by step.
    async fn open_connection(&self, origin: &Origin, limits: Limits, trace: &mut Trace) -> Result<Wire, Fault> {
        trace.begin_connection(origin);
        let mut stream = match self.shared.proxies.for_url(origin.tls, &origin.host, origin.port) {
            None => self.resolve_and_connect(&origin.host, origin.port, limits, trace).await?,
            Some(Ok(proxy)) => self.connect_through(proxy, origin, limits, trace).await?,
            Some(Err(why)) => {
                trace.phase = Phase::Proxy;
                return Err(Fault::new(FailureKind::ProxyFailed, why.to_owned()));
            }
        };
        if origin.tls {
            let deadline = self.phase_deadline(limits.tls);
            let started = trace.begin_phase(Phase::Tls, &origin.host);
            stream = timeout_at(deadline.at, tls::handshake(&self.shared.roots, &origin.host, stream)).await.unwrap_or_else(|_| {
                Err(Fault::timeout(FailureKind::TlsFailed, format!("connected, but the TLS handshake did not end {deadline}")))
            })?;
            trace.exchange.connection.tls_ms = Some(millis_since(started));
        }
        Wire::new(stream, trace.exchange.connection.clone()).await
    }

    /// Resolve → connect.
    async fn resolve_and_connect(&self, host: &str, port: u16, limits: Limits, trace: &mut Trace) -> Result<io::Io, Fault> {
        let addresses = match resolve::parse_ip_literal(host) {
            Some(address) => vec![(address, port).into()],
            None => {
                let deadline = self.phase_deadline(limits.resolve);
                let started = trace.begin_phase(Phase::Resolve, host);
                let found = timeout_at(deadline.at, resolve::lookup(host, port)).await.unwrap_or_else(|_| {
                    Err(Fault::timeout(FailureKind::DnsFailed, format!("{host}: the resolver did not answer {deadline}")))
                })?;
                trace.exchange.connection.resolve_ms = Some(millis_since(started));
                found
            }
        };
        trace.exchange.connection.addresses = addresses.iter().map(|address| address.ip().to_string()).collect();
        let deadline = self.phase_deadline(limits.connect);
        let started = trace.begin_phase(Phase::Connect, host);
        let stream = connect::connect(&addresses, deadline, &mut trace.exchange.connection.tries).await?;
        trace.exchange.connection.connect_ms = Some(millis_since(started));
        Ok(Box::new(stream))
    }

    /// Reaches the proxy and has it open a tunnel. Whatever fails on the way is the proxy's failure, not the origin's.
    async fn connect_through(&self, proxy: &Proxy, origin: &Origin, limits: Limits, trace: &mut Trace) -> Result<io::Io, Fault> {
        let blame = |fault: Fault| {
            let blamed = proxy::proxy_fault(proxy, &format!("could not be reached: {}", fault.text));
            // A lack of the probe's own is not the proxy's failure.
            let kind = if fault.kind == FailureKind::OutOfResources { fault.kind } else { blamed.kind };
            Fault { kind, timed_out: fault.timed_out, ..blamed }
        };
        trace.exchange.connection.proxy = Some(proxy.authority());
        let reached = self.resolve_and_connect(&proxy.host, proxy.port, limits, trace).await;
        let started = trace.begin_phase(Phase::Proxy, &proxy.host);
        let mut stream = reached.map_err(blame)?;
        let deadline = self.phase_deadline(limits.proxy);
        let tunnel = async {
            if proxy.tls {
                stream = tls::handshake(&self.shared.roots, &proxy.host, stream).await.map_err(blame)?;
            }
            proxy::tunnel(&mut stream, proxy, &origin.host, origin.port, &self.shared.secrets).await?;
            Ok(stream)
        };
        let stream = timeout_at(deadline.at, tunnel).await.unwrap_or_else(|_| {
            Err(Fault { timed_out: true, ..proxy::proxy_fault(proxy, &format!("did not answer CONNECT {deadline}")) })
        })?;
        trace.exchange.connection.proxy_ms = Some(millis_since(started));
        Ok(stream)
    }

    async fn take_idle(&self, origin: &Origin) -> Option<Wire> {
        // This is a statement of its own, because the lock must not be held while waiting.
        let wire = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).remove(origin);
        let mut wire = wire?;
        wire.is_ready().await.then_some(wire)
    }

    fn put_back(&self, origin: Origin, wire: Wire) {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).insert(origin, wire);
    }

    fn new_trace(&self) -> Trace {
        Trace::new(self.shared.secrets.clone())
    }

    fn phase_deadline(&self, length: Duration) -> PhaseDeadline {
        PhaseDeadline::new(length, self.deadline)
    }
}

/// Headers that carry a credential. The token of AssumeRoleWithWebIdentity is sent in a body; it is learned where its file is read.
const CREDENTIAL_HEADERS: [&str; 3] = ["authorization", "x-amz-security-token", "x-aws-ec2-metadata-token"];

/// What is sent as a credential is not shown when it comes back.
fn learn_credentials(request: &Request<Bytes>, secrets: &Secrets) {
    for value in CREDENTIAL_HEADERS.iter().filter_map(|name| request.headers().get(*name)?.to_str().ok()) {
        secrets.learn_authorization(value);
    }
}
