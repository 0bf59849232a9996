//! The record of an exchange while it happens.

use tokio::time::Instant;

use super::fault::Fault;
use super::origin::Origin;
use crate::core::evidence::exchange::{Connection, Exchange, Failure, FailureKind, Phase};
use crate::core::text::printable::cap;
use crate::core::text::secrets::Secrets;

/// The evidence so far and the phase under way.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) exchange: Exchange,
    pub(super) phase: Phase,
    /// When the request was handed to the connection.
    pub(super) sent: Option<Instant>,
    /// What is redacted in every text that comes back.
    pub(super) secrets: Secrets,
}

/// The longest text of a failure, in bytes. More of it is no help.
const FAULT_CAP: usize = 1024;

impl Trace {
    pub(super) fn new(secrets: Secrets) -> Self {
        let exchange = Exchange {
            connection: Connection::default(),
            status: None,
            date: None,
            local_midpoint_ms: None,
            request_id: None,
            content_type: None,
            server: None,
            ms: 0.0,
            failure: None,
        };
        Self { exchange, phase: Phase::Resolve, sent: None, secrets }
    }

    /// Begins the record of a new connection to `origin`.
    pub(super) fn begin_connection(&mut self, origin: &Origin) {
        self.exchange.connection = Connection { host: origin.host.clone(), port: origin.port, ..Connection::default() };
    }

    /// Begins a phase.
    pub(super) fn begin_phase(&mut self, phase: Phase, host: &str) -> Instant {
        tracing::trace!(?phase, host, "http");
        self.phase = phase;
        Instant::now()
    }

    /// The exchange as it ended.
    pub(super) fn finish(mut self, fault: Option<Fault>) -> Exchange {
        if let Some(sent) = self.sent {
            self.exchange.ms = millis_since(sent);
        }
        let phase = self.phase;
        self.exchange.failure = fault.map(|fault| Failure { phase, kind: fault.kind, text: cap(&fault.text, FAULT_CAP).into_owned() });
        let kind = self.exchange.failure.as_ref().map(|failure| failure.kind);
        tracing::debug!(host = self.exchange.connection.host, status = self.exchange.status, ?phase, ?kind, "http");
        self.exchange
    }

    /// The exchange of a future that was dropped: the kind is what a deadline in that phase would have been.
    pub(super) fn cancelled(self) -> Exchange {
        let kind = match self.phase {
            Phase::Resolve => FailureKind::DnsFailed,
            Phase::Connect => FailureKind::ConnectTimeout,
            Phase::Proxy => FailureKind::ProxyFailed,
            Phase::Tls => FailureKind::TlsFailed,
            Phase::Response => FailureKind::RequestTimeout,
        };
        self.finish(Some(Fault::timeout(kind, "cancelled before it ended".to_owned())))
    }
}

/// Milliseconds since then.
pub(super) fn millis_since(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
