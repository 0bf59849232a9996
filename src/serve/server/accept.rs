//! Accepting connections, also when the process or the node is out of descriptors or memory.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The listener and its patience.
pub(super) struct Acceptor {
    listener: TcpListener,
    backoff: Backoff,
    not_before: Instant,
}

impl Acceptor {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener, backoff: Backoff::default(), not_before: Instant::now() }
    }

    /// The next connection. Dropping the future loses neither a connection nor the pause.
    pub(super) async fn next(&mut self) -> TcpStream {
        loop {
            if self.backoff.pause.is_some() {
                sleep_until(self.not_before).await;
            }
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    self.backoff.reset();
                    return stream;
                }
                Err(error) => {
                    if let Some(pause) = self.backoff.pause_after(&error) {
                        self.not_before = Instant::now() + pause;
                    }
                }
            }
        }
    }
}

/// How long to wait after a failure. Without a wait, a failure that lasts would spin.
#[derive(Default)]
pub(super) struct Backoff {
    pause: Option<Duration>,
}

impl Backoff {
    /// The pause after this failure; `None` when it was the one connection's own.
    pub(super) fn pause_after(&mut self, error: &io::Error) -> Option<Duration> {
        if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted) {
            return None;
        }
        let pause = match self.pause {
            None => {
                // This is logged once in an episode, so that the log does not fill up as well.
                tracing::warn!(%error, "cannot accept connections, retrying");
                FIRST_PAUSE
            }
            Some(pause) => (2 * pause).min(LONGEST_PAUSE),
        };
        self.pause = Some(pause);
        self.pause
    }

    /// A connection was accepted: the episode is over.
    pub(super) fn reset(&mut self) {
        self.pause = None;
    }
}
