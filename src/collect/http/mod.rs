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
mod der;
mod io;
mod proxy;
mod resolve;
mod sdk;
mod seen;
mod settings;
mod target;
mod tls;
mod wire;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use sdk::{Body, ConnectorFailure, RecordedResponse, Recorder};
pub use settings::{Limits, Settings};
pub use tls::Roots;
pub use wire::Response;

use seen::{Fault, Limit, Trace, millis};
use target::Target;
use wire::{Lost, Wire};

/// The client. Clones share the pool of idle connections: one for each scheme, host and port.
///
/// Make one for each round: a connection kept from an earlier round would hide what has broken since.
#[derive(Clone)]
pub struct Client {
    shared: Arc<ClientState>,
    deadline: Instant,
}

struct ClientState {
    roots: Roots,
    proxies: Proxies,
    secrets: Secrets,
    idle: Mutex<HashMap<Target, Wire>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// A client without any connection yet.
    pub fn new(settings: Settings) -> Self {
        let Settings { roots, proxies, secrets, deadline } = settings;
        let shared = ClientState { roots, proxies, secrets, idle: Mutex::default() };
        Self { shared: Arc::new(shared), deadline: Instant::from_std(deadline) }
    }

    /// What this client has sent as a credential, and was told to keep to itself.
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
    /// The exchange says what happened, whatever happened; the response is there when it came completely, whatever its status.
    /// Redirects are not followed. A reused connection that turns out to be closed before a byte of the response has come is
    /// replaced once by a new one.
    pub async fn send(&self, request: Request<Bytes>, limits: Limits) -> (Exchange, Option<Response>) {
        let mut seen = self.seen();
        match self.run(request, limits, &mut seen).await {
            Ok(response) => (seen.finish(None), Some(response)),
            Err(fault) => (seen.finish(Some(fault)), None),
        }
    }

    /// Opens the connection for a URL ahead of its first request and leaves it in the pool.
    ///
    /// The exchange has no status; its failure, if any, is what a request would have met.
    pub async fn warm(&self, url: &Uri, limits: Limits) -> Exchange {
        let mut seen = self.seen();
        let opened = match Target::of(url) {
            Ok(target) => self.open(&target, limits, &mut seen).await.map(|wire| self.put_back(target, wire)),
            Err(fault) => Err(fault),
        };
        seen.finish(opened.err())
    }

    async fn run(&self, request: Request<Bytes>, limits: Limits, seen: &mut Trace) -> Result<Response, Fault> {
        let target = Target::of(request.uri())?;
        learn_credentials(&request, &self.shared.secrets);
        seen.at(&target);
        let request = target.prepare(request)?;
        if let Some(mut wire) = self.take_idle(&target).await {
            seen.exchange.connection = Connection { reused: true, ..wire.connection.clone() };
            match wire.exchange(request.clone(), self.limit(limits.response), seen).await {
                Err(Lost::Unanswered(_)) => {
                    tracing::debug!(host = target.host, "idle connection was closed, opening another");
                    *seen = self.seen();
                }
                answer => return self.answered(target, wire, answer),
            }
        }
        let mut wire = self.open(&target, limits, seen).await?;
        let answer = wire.exchange(request, self.limit(limits.response), seen).await;
        self.answered(target, wire, answer)
    }

    fn answered(&self, target: Target, wire: Wire, answer: Result<Response, Lost>) -> Result<Response, Fault> {
        match answer {
            Ok(response) => {
                self.put_back(target, wire);
                Ok(response)
            }
            Err(Lost::Failed(fault) | Lost::Unanswered(fault)) => Err(fault),
        }
    }

    /// Resolve → connect → (proxy) → TLS, written into `seen` as it goes.
    async fn open(&self, target: &Target, limits: Limits, seen: &mut Trace) -> Result<Wire, Fault> {
        seen.at(target);
        let mut stream = match self.shared.proxies.for_url(target.tls, &target.host, target.port) {
            None => self.reach(&target.host, target.port, limits, seen).await?,
            Some(Ok(proxy)) => self.through(proxy, target, limits, seen).await?,
            Some(Err(why)) => {
                seen.phase = Phase::Proxy;
                return Err(Fault::new(FailureKind::ProxyFailed, why.to_owned()));
            }
        };
        if target.tls {
            let limit = self.limit(limits.tls);
            let started = seen.enter(Phase::Tls, &target.host);
            stream = timeout_at(limit.at, tls::handshake(&self.shared.roots, &target.host, stream)).await.unwrap_or_else(|_| {
                Err(Fault::timeout(FailureKind::TlsFailed, format!("connected, but the TLS handshake did not end {limit}")))
            })?;
            seen.exchange.connection.tls_ms = Some(millis(started));
        }
        Wire::new(stream, seen.exchange.connection.clone()).await
    }

    /// Resolve → connect.
    async fn reach(&self, host: &str, port: u16, limits: Limits, seen: &mut Trace) -> Result<io::Io, Fault> {
        let addresses = match resolve::literal(host) {
            Some(address) => vec![(address, port).into()],
            None => {
                let limit = self.limit(limits.resolve);
                let started = seen.enter(Phase::Resolve, host);
                let found = timeout_at(limit.at, resolve::lookup(host, port)).await.unwrap_or_else(|_| {
                    Err(Fault::timeout(FailureKind::DnsFailed, format!("{host}: the resolver did not answer {limit}")))
                })?;
                seen.exchange.connection.resolve_ms = Some(millis(started));
                found
            }
        };
        seen.exchange.connection.addresses = addresses.iter().map(|address| address.ip().to_string()).collect();
        let limit = self.limit(limits.connect);
        let started = seen.enter(Phase::Connect, host);
        let stream = connect::connect(&addresses, limit, &mut seen.exchange.connection.tries).await?;
        seen.exchange.connection.connect_ms = Some(millis(started));
        Ok(Box::new(stream))
    }

    /// Reaches the proxy and has it open a tunnel. Whatever fails on the way is the proxy's failure, not the target's.
    async fn through(&self, proxy: &Proxy, target: &Target, limits: Limits, seen: &mut Trace) -> Result<io::Io, Fault> {
        let blame = |fault: Fault| {
            let blamed = proxy::failed(proxy, &format!("could not be reached: {}", fault.text));
            // What the probe itself lacked is not the proxy's fault.
            let kind = if fault.kind == FailureKind::OutOfResources { fault.kind } else { blamed.kind };
            Fault { kind, timed_out: fault.timed_out, ..blamed }
        };
        seen.exchange.connection.proxy = Some(proxy.authority());
        let reached = self.reach(&proxy.host, proxy.port, limits, seen).await;
        let started = seen.enter(Phase::Proxy, &proxy.host);
        let mut stream = reached.map_err(blame)?;
        let limit = self.limit(limits.proxy);
        let tunnel = async {
            if proxy.tls {
                stream = tls::handshake(&self.shared.roots, &proxy.host, stream).await.map_err(blame)?;
            }
            proxy::tunnel(&mut stream, proxy, &target.host, target.port, &self.shared.secrets).await?;
            Ok(stream)
        };
        let stream = timeout_at(limit.at, tunnel)
            .await
            .unwrap_or_else(|_| Err(Fault { timed_out: true, ..proxy::failed(proxy, &format!("did not answer CONNECT {limit}")) }))?;
        seen.exchange.connection.proxy_ms = Some(millis(started));
        Ok(stream)
    }

    async fn take_idle(&self, target: &Target) -> Option<Wire> {
        // A statement of its own: the lock must not be held while waiting.
        let wire = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
        let mut wire = wire?;
        wire.is_ready().await.then_some(wire)
    }

    fn put_back(&self, target: Target, wire: Wire) {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).insert(target, wire);
    }

    fn seen(&self) -> Trace {
        Trace::new(self.shared.secrets.clone())
    }

    fn limit(&self, length: Duration) -> Limit {
        Limit::new(length, self.deadline)
    }
}

/// Headers that carry a credential. The token of AssumeRoleWithWebIdentity stands in a body, and whoever reads the file learns it.
const CREDENTIAL_HEADERS: [&str; 3] = ["authorization", "x-amz-security-token", "x-aws-ec2-metadata-token"];

/// What is sent as a credential is not shown when it comes back.
fn learn_credentials(request: &Request<Bytes>, secrets: &Secrets) {
    for value in CREDENTIAL_HEADERS.iter().filter_map(|name| request.headers().get(*name)?.to_str().ok()) {
        secrets.learn_authorization(value);
    }
}
