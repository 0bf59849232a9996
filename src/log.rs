//! The log on standard error. Only our own events: at debug and trace level the SDK's hold requests with tokens in them.

use crate::cli::LogFormat;
use std::io;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Installs the log for this process.
pub fn install(level: LevelFilter, format: LogFormat) {
    let ours = Targets::new().with_target("irsa_probe", level);
    let registry = tracing_subscriber::registry();
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    // A second installation (there is none) would be refused; the first one stays.
    let _ = match format {
        LogFormat::Text => registry.with(layer.with_ansi(false).with_target(false).with_filter(ours)).try_init(),
        LogFormat::Json => registry
            .with(layer.json().flatten_event(true).with_target(false).with_current_span(false).with_span_list(false).with_filter(ours))
            .try_init(),
    };
}
