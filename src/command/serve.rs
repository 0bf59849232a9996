//! `irsa-probe serve`: the sidecar.

use crate::cli::Options;
use crate::serve::clock::Clock;
use crate::serve::server::{self, Limits};
use crate::serve::shared::Shared;
use crate::serve::{pages, worker};
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Serves until a signal: 0 after the drain, 143 or 130 when a second one cuts it short, 1 when it cannot begin.
pub fn run(options: Options, clock: Clock) -> u8 {
    let started = super::runtime().and_then(|runtime| runtime.block_on(serve(options, clock)).map_err(std::io::Error::other));
    started.unwrap_or_else(|error| {
        super::complain(&error.to_string());
        1
    })
}

async fn serve(options: Options, clock: Clock) -> Result<u8, String> {
    let words = |error: std::io::Error| error.to_string();
    // Before anything else: as PID 1 a process without a handler does not even notice SIGTERM.
    let mut signals = Signals::listen().map_err(words)?;
    let listener = server::listen(options.listen)?;
    let address = listener.local_addr().map_err(words)?;
    let shared = Arc::new(Shared::new(options.disabled.clone(), clock).map_err(|error| error.to_string())?);
    match &options.disabled {
        Some(reason) => {
            tracing::warn!(%address, reason = %crate::core::text::printable(reason), "switched off: serving ready, checking nothing")
        }
        None => {
            tracing::info!(%address, interval_s = options.interval.as_secs_f64(), "serving");
            start_worker(options, shared.clone()).map_err(words)?;
        }
    }
    let handler = move |path: &str, query: Option<&str>| pages::answer(&shared, path, query);
    let (drain, draining) = tokio::sync::oneshot::channel::<()>();
    let server = server::run(listener, Arc::new(handler), Limits::default(), async {
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
            ended = &mut server => return ended.map(|()| 0).map_err(words),
        }
    }
}

/// The worker has a thread of its own: a resolver or a file system that hangs there holds up no probe here.
fn start_worker(options: Options, shared: Arc<Shared>) -> std::io::Result<()> {
    let runtime = super::runtime()?;
    std::thread::Builder::new().name("worker".to_owned()).spawn(move || {
        runtime.block_on(worker::work(options.settings, options.interval, &shared));
    })?;
    Ok(())
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
