//! `serve`: its flags.

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{DEFAULT_LISTEN, LogOptions, groups, identity, listen, log, no_imds};
use super::{Command, Usage};
use crate::core::plan::inputs::Settings;
use crate::core::sidecar::schedule::{DEFAULT_INTERVAL, SHORTEST};
use crate::core::text::duration;
use std::net::SocketAddr;
use std::time::Duration;

/// `serve`
#[derive(Debug, Clone, PartialEq)]
pub struct ServeOptions {
    /// What changes the plan or its judgement.
    pub settings: Settings,
    /// The log.
    pub log: LogOptions,
    /// `--listen`
    pub listen: SocketAddr,
    /// `--interval`: from one check to the next.
    pub interval: Duration,
    /// `IRSA_PROBE_DISABLED`: the reason.
    pub disabled: Option<String>,
}

impl Default for ServeOptions {
    fn default() -> ServeOptions {
        ServeOptions {
            settings: Settings::default(),
            log: LogOptions::default(),
            listen: DEFAULT_LISTEN,
            interval: DEFAULT_INTERVAL,
            disabled: None,
        }
    }
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "serve",
    arguments: "",
    about: "Check on a schedule, for probes and Prometheus\n\
            It serves /livez, /readyz, /startupz, /metrics, /status, /report and a page for a browser from the last results. A request never \
            causes a call to AWS.",
    example: "irsa-probe serve --interval 15m --log-format json",
    exit_codes: &[
        ("0", "ended by SIGTERM or SIGINT; requests in flight were answered"),
        ("1", "cannot listen there"),
        USAGE,
        ("130", "a second SIGINT came before the end"),
        ("143", "a second SIGTERM came before the end"),
    ],
    variables: true,
    wraps: false,
    functions: functions::<ServeOptions>(),
};

groups!(ServeOptions { settings: Settings, log: LogOptions, listen: SocketAddr });

impl CommandOptions for ServeOptions {
    const FLAGS: &'static [FlagRow<ServeOptions>] = &[
        no_imds(),
        listen(),
        FlagRow {
            name: "interval",
            short: None,
            value: Some("DURATION"),
            help: "Time from one check to the next, 1s or longer. Keep it below half of a session, which is 30m. A rotated token is checked at once [default: 15m]",
            set: |serve, v| {
                serve.interval = duration::parse(v)?;
                if serve.interval < SHORTEST { Err("it must be 1s or longer".to_owned()) } else { Ok(()) }
            },
        },
    ];
    const SHARED: &'static [&'static [FlagRow<ServeOptions>]] = &[&identity(), &log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        words.none(&ROW)?;
        Ok(Command::Serve(self))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn listen_takes_an_address_or_a_port() {
        for (value, address) in
            [(":9475", "[::]:9475"), ("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:80", "[::1]:80"), ("0.0.0.0:0", "0.0.0.0:0")]
        {
            let Ok(Command::Serve(options)) = run(&["serve"], &[("IRSA_PROBE_LISTEN", value)]) else { panic!("{value}") };
            assert_eq!(options.listen.to_string(), address);
            let Ok(Command::Get(get)) = run(&["get", "readyz", "--listen", value], &[]) else { panic!("{value}") };
            assert_eq!((get.path.as_str(), get.listen), ("readyz", options.listen));
        }
    }

    #[test]
    fn every_flag_reaches_its_field() {
        let args = ["serve", "--no-imds", "--interval", "1h", "--sts-region=us-west-2", "--log-level", "debug"];
        let Ok(Command::Serve(options)) = run(&args, &[]) else { panic!() };
        assert_eq!((options.settings.no_imds, options.interval.as_secs(), options.settings.sts_regions.len()), (true, 3600, 1));
        assert_eq!((options.log.level, options.disabled), (tracing::level_filters::LevelFilter::DEBUG, None));
    }
}
