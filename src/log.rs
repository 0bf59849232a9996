//! The log on standard error. Only our own events: at debug and trace level the SDK's hold requests with tokens in them.

#![allow(clippy::disallowed_methods, reason = "edge module: the sidecar's log is written by a thread of its own")]

use crate::cli::{LogFormat, LogOptions};
use crate::collect::lack::no_thread;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Installs the log for this process. A line is written when it is logged.
pub fn install(options: LogOptions) {
    install_to(options, io::stderr);
}

/// Installs a log that never waits for its reader, because a container runtime that stops reading must not stop the sidecar. Lines that
/// do not fit are counted. The count is logged when there is room again.
pub fn install_queued(options: LogOptions) -> io::Result<Queue> {
    let (send, receive) = sync_channel(QUEUE);
    let queue = Queue { send, lost: Arc::default() };
    let lost = queue.lost.clone();
    std::thread::Builder::new().name("log".to_owned()).spawn(move || write_out(&receive, &lost)).map_err(no_thread)?;
    install_to(options, queue.clone());
    Ok(queue)
}

fn install_to<W: for<'a> MakeWriter<'a> + Send + Sync + 'static>(options: LogOptions, writer: W) {
    let ours = Targets::new().with_target("irsa_probe", options.level);
    let registry = tracing_subscriber::registry();
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    // A second installation would be refused, and the first one would stay. There is none.
    let _ = match options.format {
        LogFormat::Text => registry.with(layer.with_ansi(false).with_target(false).with_filter(ours)).try_init(),
        LogFormat::Json => registry
            .with(layer.json().flatten_event(true).with_target(false).with_current_span(false).with_span_list(false).with_filter(ours))
            .try_init(),
    };
}

/// Lines that wait for a reader: more than a failing pod logs in hours.
const QUEUE: usize = 256;
/// The longest time that the end of the process waits for the last lines. On a busy node the thread that writes them may have to wait for its turn.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

enum Entry {
    Line(Vec<u8>),
    /// A request to answer once all lines before it are written.
    Flush(SyncSender<()>),
}

/// Sends lines to the thread that writes them.
#[derive(Clone)]
pub struct Queue {
    send: SyncSender<Entry>,
    lost: Arc<AtomicUsize>,
}

impl Queue {
    /// Waits a moment for the last lines, at the end of the process.
    pub fn flush(&self) {
        let (done, written) = sync_channel(1);
        if self.send.try_send(Entry::Flush(done)).is_ok() {
            // Without a reader the lines are lost.
            let _ = written.recv_timeout(FLUSH_TIMEOUT);
        }
    }
}

impl io::Write for Queue {
    /// A line comes in one piece: the layer writes it from a buffer of its own.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.send.try_send(Entry::Line(line.to_vec())) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = Queue;

    fn make_writer(&'a self) -> Queue {
        self.clone()
    }
}

fn write_out(entries: &Receiver<Entry>, lost: &AtomicUsize) {
    for entry in entries {
        match entry {
            // A line that cannot be written is lost.
            Entry::Line(line) => drop(io::stderr().lock().write_all(&line)),
            Entry::Flush(done) => drop(done.send(())),
        }
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "the log was not read in time, and lines were lost");
        }
    }
}
