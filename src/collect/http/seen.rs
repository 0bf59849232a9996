//! An exchange while it happens: the record that fills up, the failure, the end of a phase.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::target::Target;
use crate::core::evidence::exchange::{Connection, Exchange, Failure, FailureKind, Phase};
use crate::core::text::printable::cap;
use crate::core::text::secrets::Secrets;

/// A failure before its phase is added, and whether a deadline caused it: the SDK tells timeouts from I/O errors.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: FailureKind,
    pub(super) text: String,
    pub(super) timed_out: bool,
}

impl Fault {
    pub(super) fn new(kind: FailureKind, text: String) -> Self {
        Self { kind, text, timed_out: false }
    }

    pub(super) fn timeout(kind: FailureKind, text: String) -> Self {
        Self { kind, text, timed_out: true }
    }
}

/// The end of a phase, and how to say it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) at: Instant,
    length: Duration,
    overall: bool,
}

impl Limit {
    /// `length` from now, or the overall deadline if that is nearer.
    pub(super) fn new(length: Duration, deadline: Instant) -> Self {
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        let overall = left < length;
        let length = length.min(left);
        Self { at: now + length, length, overall }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "within {}", seconds(self.length))?;
        if self.overall { f.write_str(" (all that was left of the overall deadline)") } else { Ok(()) }
    }
}

/// `3.1 s`, `150 ms`.
pub(super) fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{} s", (duration.as_secs_f64() * 10.0).round() / 10.0)
    }
}

/// The evidence so far and the phase under way.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) exchange: Exchange,
    pub(super) phase: Phase,
    /// When the request was handed to the connection.
    pub(super) sent: Option<Instant>,
    /// What is taken out of whatever comes back.
    pub(super) secrets: Secrets,
}

/// More of a failure's text is no help.
const FAULT: usize = 1024;

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

    /// Begins a new connection to `target`.
    pub(super) fn at(&mut self, target: &Target) {
        self.exchange.connection = Connection { host: target.host.clone(), port: target.port, ..Connection::default() };
    }

    /// Begins a phase.
    pub(super) fn enter(&mut self, phase: Phase, host: &str) -> Instant {
        tracing::trace!(?phase, host, "http");
        self.phase = phase;
        Instant::now()
    }

    /// The exchange as it ended.
    pub(super) fn finish(mut self, fault: Option<Fault>) -> Exchange {
        if let Some(sent) = self.sent {
            self.exchange.ms = millis(sent);
        }
        let phase = self.phase;
        self.exchange.failure = fault.map(|fault| Failure { phase, kind: fault.kind, text: cap(&fault.text, FAULT).into_owned() });
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
        self.finish(Some(Fault::timeout(kind, "given up by the caller before it ended".to_owned())))
    }
}

/// Milliseconds since then.
pub(super) fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
