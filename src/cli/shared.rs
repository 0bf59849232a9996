//! The flags that several commands have in common: the groups of values, and a function for each group's rows.

use super::row::FlagRow;
use super::values::{add_codes, items, one_of, set_role, set_switch};
use crate::core::aws::partition::Region;
use crate::core::plan::inputs::{ProviderChoice, Settings};
use std::net::{Ipv6Addr, SocketAddr};
use tracing::level_filters::LevelFilter;

/// The log on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogOptions {
    /// `--log-level`
    pub level: LevelFilter,
    /// `--log-format`
    pub format: LogFormat,
}

impl Default for LogOptions {
    fn default() -> LogOptions {
        LogOptions { level: LevelFilter::INFO, format: LogFormat::Text }
    }
}

/// Form of the log on standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

/// Form of a command's result on standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs, by the command's schema.
    Json,
}

/// Where the server listens by default.
pub(super) const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 9475);

/// The log: for every command.
pub(super) const fn log<T: AsMut<LogOptions>>() -> [FlagRow<T>; 2] {
    [
        FlagRow {
            name: "log-level",
            short: None,
            value: Some("off|error|warn|info|debug|trace"),
            help: "What is logged to standard error [default: info]",
            set: |t, v| {
                use LevelFilter as L;
                let levels =
                    [("off", L::OFF), ("error", L::ERROR), ("warn", L::WARN), ("info", L::INFO), ("debug", L::DEBUG), ("trace", L::TRACE)];
                t.as_mut().level = one_of(&v.to_ascii_lowercase(), &levels)?;
                Ok(())
            },
        },
        FlagRow {
            name: "log-format",
            short: None,
            value: Some("text|json"),
            help: "Format of the log [default: text]",
            set: |t, v| {
                t.as_mut().format = one_of(v, &[("text", LogFormat::Text), ("json", LogFormat::Json)])?;
                Ok(())
            },
        },
    ]
}

/// Which identity to check, and how strictly: for commands that check one.
pub(super) const fn identity<T: AsMut<Settings>>() -> [FlagRow<T>; 5] {
    [
        FlagRow {
            name: "expect-role-arn",
            short: None,
            value: Some("ARN"),
            help: "The role that this pod must get [default: AWS_ROLE_ARN, or the profile's]",
            set: |t, v| set_role(&mut t.as_mut().expect_role_arn, v),
        },
        FlagRow {
            name: "provider",
            short: None,
            value: Some("auto|irsa|pod-identity"),
            help: "The credential provider to check [default: auto, the one that was injected]",
            set: |t, v| {
                t.as_mut().provider = one_of(
                    v,
                    &[("auto", ProviderChoice::Auto), ("irsa", ProviderChoice::Irsa), ("pod-identity", ProviderChoice::PodIdentity)],
                )?;
                Ok(())
            },
        },
        FlagRow {
            name: "sts-region",
            short: None,
            value: Some("REGION"),
            help: "STS region to call, repeatable. The first is the primary one. aws-global is the global endpoint [default: the pod's region]",
            set: |t, v| {
                for code in items(v) {
                    let region = Region::parse(code).map_err(|error| format!("{code:?} is not a region: {error}"))?;
                    t.as_mut().sts_regions.push(region);
                }
                Ok(())
            },
        },
        FlagRow {
            name: "strict",
            short: None,
            value: None,
            help: "Treat warnings as failures",
            set: |t, v| set_switch(&mut t.as_mut().strict, v),
        },
        FlagRow {
            name: "ignore",
            short: None,
            value: Some("CODE"),
            help: "Report this warning or information as ignored, repeatable. --strict and metrics do not count it. A failure cannot be ignored",
            set: |t, v| add_codes(&mut t.as_mut().ignore, v),
        },
    ]
}

/// `--no-imds`: for commands that check an identity.
pub(super) const fn no_imds<T: AsMut<Settings>>() -> FlagRow<T> {
    FlagRow {
        name: "no-imds",
        short: None,
        value: None,
        help: "Never contact the instance metadata service (IMDS)",
        set: |t, v| set_switch(&mut t.as_mut().no_imds, v),
    }
}

/// `--output`: for commands whose result is a text for people or one document.
pub(super) const fn output<T: AsMut<Output>>() -> FlagRow<T> {
    FlagRow {
        name: "output",
        short: None,
        value: Some("text|json"),
        help: "Format of the result on standard output [default: text]",
        set: |t, v| {
            *t.as_mut() = one_of(v, &[("text", Output::Text), ("json", Output::Json)])?;
            Ok(())
        },
    }
}

/// `--listen`: for the server, and for the command that asks it.
pub(super) const fn listen<T: AsMut<SocketAddr>>() -> FlagRow<T> {
    FlagRow {
        name: "listen",
        short: None,
        value: Some("ADDRESS:PORT"),
        help: "Address and port of the server [default: [::]:9475, IPv4 and IPv6, or IPv4 alone if the node has no IPv6]",
        set: |t, v| {
            *t.as_mut() = parse_listen(v)?;
            Ok(())
        },
    }
}

/// `[::]:9475`, `127.0.0.1:9475`, or `:9475` for every address of the pod.
fn parse_listen(value: &str) -> Result<SocketAddr, String> {
    let every = value.strip_prefix(':').and_then(|port| port.parse().ok()).map(|port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)));
    every
        .or_else(|| value.parse().ok())
        .ok_or_else(|| format!("{value:?} is not an address with a port; write it like [::]:9475 or 127.0.0.1:9475"))
}

/// `--namespace`: for commands that take the name of a service account. The command gives `set`, as only it knows the use of the value.
pub(super) const fn namespace<T>(set: fn(&mut T, &str) -> Result<(), String>) -> FlagRow<T> {
    FlagRow {
        name: "namespace",
        short: Some('n'),
        value: Some("NAMESPACE"),
        help: "The service account's namespace [default: the token's; for doctor that of kubectl's context]",
        set,
    }
}

/// Declares in which fields of a command's struct the groups are.
macro_rules! groups {
    ($options:ty { $($($field:ident).+: $group:ty),+ $(,)? }) => {
        $(impl AsMut<$group> for $options {
            fn as_mut(&mut self) -> &mut $group {
                &mut self.$($field).+
            }
        })+
    };
}
pub(super) use groups;
