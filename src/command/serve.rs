//! `irsa-probe serve`: the sidecar.

use crate::cli::ServeOptions;
use crate::collect::lack::{is_lacking, no_thread};
use crate::core::catalogue::Code;
use crate::log;
use crate::serve::clock::Clock;
use crate::serve::server::{self, ServerLimits};
use crate::serve::shared_board::SharedBoard;
use crate::serve::{pages, worker};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Serves until a signal: 0 after the drain, 143 or 130 when a second one cuts it short, 1 when it cannot begin.
pub fn run(options: ServeOptions, clock: Clock) -> u8 {
    let ended = log::install_queued(options.log).and_then(|log| {
        super::warn_of_unknown_variables();
        let ended = super::runtime()?.block_on(serve(options, clock));
        log.flush();
        ended
    });
    ended.unwrap_or_else(|error| {
        let code = if is_lacking(&error) { format!("{}: ", Code::ProbeOutOfResources) } else { String::new() };
        super::print_error(&format!("{code}{error}"));
        1
    })
}

/// Half of the shortest usual session (AssumeRoleWithWebIdentity's default is an hour). A longer interval can leave no time to repeat a failed
/// round.
const LONGEST_SAFE_INTERVAL: Duration = Duration::from_secs(1800);

async fn serve(options: ServeOptions, clock: Clock) -> std::io::Result<u8> {
    let other = std::io::Error::other::<String>;
    // Before anything else: as PID 1, a process without a handler ignores SIGTERM.
    let mut signals = Signals::listen()?;
    let listener = server::listen(options.listen).map_err(other)?;
    let address = listener.local_addr()?;
    let shared = Arc::new(SharedBoard::new(options.disabled.clone(), clock).map_err(|error| other(error.to_string()))?);
    match &options.disabled {
        Some(reason) => {
            tracing::warn!(%address, reason = %crate::core::text::printable::printable(reason), "switched off: ready, and nothing is checked")
        }
        None => {
            tracing::info!(%address, interval_s = options.interval.as_secs_f64(), "serving");
            if options.interval > LONGEST_SAFE_INTERVAL {
                tracing::warn!(
                    "the interval is longer than half an hour: a failure may be found only after the last good credentials have expired"
                );
            }
            start_worker(options, shared.clone())?;
        }
    }
    let handler = move |path: &str, query: Option<&str>| pages::answer(&shared, path, query);
    let (drain, draining) = tokio::sync::oneshot::channel::<()>();
    let server = server::run(listener, Arc::new(handler), ServerLimits::default(), async {
        // An error means that the sender is gone, which it never is before the server.
        let _ = draining.await;
    });
    let mut drain = Some(drain);
    tokio::pin!(server);
    loop {
        tokio::select! {
            biased;
            code = signals.next() => match drain.take() {
                Some(drain) => {
                    tracing::info!("draining");
                    // The server listens until it has ended.
                    let _ = drain.send(());
                }
                None => return Ok(code),
            },
            ended = &mut server => return ended.map(|()| 0),
        }
    }
}

/// The worker has a thread of its own: a resolver or a file system that hangs there holds up no probe here.
fn start_worker(options: ServeOptions, shared: Arc<SharedBoard>) -> std::io::Result<()> {
    let runtime = super::runtime()?;
    let started = std::thread::Builder::new().name("worker".to_owned()).spawn(move || {
        runtime.block_on(worker::run(options.settings, options.interval, &shared));
    });
    started.map(drop).map_err(no_thread)
}

/// The signals that end the process, with the exit codes of a shell.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Signals> {
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.terminate.recv() => 143,
            _ = self.interrupt.recv() => 130,
        }
    }
}
