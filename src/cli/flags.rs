//! The flags, as a table.

use super::commands::Scope;
use super::{LogFormat, Options, Output, TerminationLog};
use crate::core::aws::arn::RoleArn;
use crate::core::aws::partition::Region;
use crate::core::plan::inputs::ProviderChoice;
use crate::core::pod::candidates::Target;
use crate::core::sdk::SdkFamily;
use crate::core::sidecar::schedule::SHORTEST;
use crate::core::text::duration;
use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

/// One flag. `set` gets the value; a switch gets "true" or "false".
pub(super) struct Flag {
    pub(super) name: &'static str,
    pub(super) value: Option<&'static str>,
    pub(super) scopes: &'static [Scope],
    pub(super) help: &'static str,
    pub(super) set: fn(&mut Options, &str) -> Result<(), String>,
}

pub(super) const FLAGS: &[Flag] = &[
    Flag {
        name: "expect-role-arn",
        value: Some("ARN"),
        scopes: &[Scope::Global],
        help: "The role that this pod must have [default: AWS_ROLE_ARN]",
        set: |o, v| {
            let role =
                RoleArn::parse(v).map_err(|error| format!("{v:?} is not a role's ARN: {error}; write arn:aws:iam::ACCOUNT:role/NAME"))?;
            o.settings.expect_role_arn = Some(role);
            Ok(())
        },
    },
    Flag {
        name: "provider",
        value: Some("auto|irsa|pod-identity"),
        scopes: &[Scope::Global],
        help: "The provider to prove [default: auto, whichever was injected]",
        set: |o, v| {
            o.settings.provider = one_of(
                v,
                &[("auto", ProviderChoice::Auto), ("irsa", ProviderChoice::Irsa), ("pod-identity", ProviderChoice::PodIdentity)],
            )?;
            Ok(())
        },
    },
    Flag {
        name: "sts-region",
        value: Some("REGION"),
        scopes: &[Scope::Global],
        help: "STS region to call, repeatable, the first is primary; aws-global is the global endpoint [default: the pod's region]",
        set: |o, v| {
            for code in v.split(|c: char| c == ',' || c.is_whitespace()).filter(|code| !code.is_empty()) {
                let region = Region::parse(code).map_err(|error| format!("{code:?} is not a region: {error}"))?;
                o.settings.sts_regions.push(region);
            }
            Ok(())
        },
    },
    Flag { name: "strict", value: None, scopes: &[Scope::Global], help: "Warnings fail", set: |o, v| switch(&mut o.settings.strict, v) },
    Flag {
        name: "log-level",
        value: Some("off|error|warn|info|debug|trace"),
        scopes: &[Scope::Global],
        help: "What is logged to standard error [default: info]",
        set: |o, v| {
            use tracing::level_filters::LevelFilter as L;
            let levels =
                [("off", L::OFF), ("error", L::ERROR), ("warn", L::WARN), ("info", L::INFO), ("debug", L::DEBUG), ("trace", L::TRACE)];
            o.log_level = one_of(&v.to_ascii_lowercase(), &levels)?;
            Ok(())
        },
    },
    Flag {
        name: "log-format",
        value: Some("text|json"),
        scopes: &[Scope::Global],
        help: "Form of the log [default: text]",
        set: |o, v| {
            o.log_format = one_of(v, &[("text", LogFormat::Text), ("json", LogFormat::Json)])?;
            Ok(())
        },
    },
    Flag {
        name: "timeout",
        value: Some("DURATION"),
        scopes: &[Scope::Check, Scope::Exec],
        help: "Retry what time can cure for so long [default: 60s]",
        set: |o, v| set_timeout(&mut o.timeout, v),
    },
    Flag {
        name: "timeout",
        value: Some("DURATION"),
        scopes: &[Scope::Doctor],
        help: "Give each command of kubectl and aws so long [default: 30s]",
        set: |o, v| set_timeout(&mut o.doctor.timeout, v),
    },
    Flag {
        name: "output",
        value: Some("text|json|evidence"),
        scopes: &[Scope::Check, Scope::Exec],
        help: "Form of the result on standard output [default: text]",
        set: |o, v| {
            o.output = one_of(v, &[("text", Output::Text), ("json", Output::Json), ("evidence", Output::Evidence)])?;
            Ok(())
        },
    },
    Flag {
        name: "output",
        value: Some("text|json"),
        scopes: &[Scope::Explain, Scope::TrustPolicy, Scope::Sdks, Scope::Doctor],
        help: "Form of the result on standard output [default: text]",
        set: |o, v| {
            o.output = one_of(v, &[("text", Output::Text), ("json", Output::Json)])?;
            Ok(())
        },
    },
    Flag {
        name: "check-issuer",
        value: None,
        scopes: &[Scope::Check, Scope::Exec],
        help: "Fetch the issuer's discovery document and keys, and look for the token's",
        set: |o, v| switch(&mut o.settings.check_issuer, v),
    },
    Flag {
        name: "app-sdk",
        value: Some("NAME"),
        scopes: &[Scope::Check, Scope::Exec],
        help: "The application's SDK: warn when it would not use the identity, or fall through to another (names: irsa-probe sdks)",
        set: |o, v| {
            o.settings.app_sdk = Some(sdk(v)?);
            Ok(())
        },
    },
    Flag {
        name: "pid",
        value: Some("N|auto"),
        scopes: &[Scope::Check],
        help: "Judge process N of this pod, or with auto the application, from a debug container that shares its process namespace",
        set: |o, v| {
            o.pid = Some(Target::parse(v).ok_or_else(|| format!("{v:?} is no process id; write a whole number such as 1, or auto"))?);
            Ok(())
        },
    },
    Flag {
        name: "no-imds",
        value: None,
        scopes: &[Scope::Check, Scope::Exec, Scope::Serve],
        help: "Never contact the instance metadata service",
        set: |o, v| switch(&mut o.settings.no_imds, v),
    },
    Flag {
        name: "advisory",
        value: None,
        scopes: &[Scope::Check, Scope::Exec],
        help: "Report, but exit 0 whatever was found; exec starts CMD",
        set: |o, v| switch(&mut o.advisory, v),
    },
    Flag {
        name: "termination-log",
        value: Some("PATH"),
        scopes: &[Scope::Check, Scope::Exec],
        help: "Where a failure's short message goes, 'none' for nowhere [default: /dev/termination-log, when it exists]",
        set: |o, v| {
            o.termination_log = if v.is_empty() || v == "none" { TerminationLog::Off } else { TerminationLog::Path(v.to_owned()) };
            Ok(())
        },
    },
    Flag {
        name: "listen",
        value: Some("ADDRESS:PORT"),
        scopes: &[Scope::Serve, Scope::Get],
        help: "Where the server listens [default: [::]:9475, IPv4 and IPv6; IPv4 alone where the node has no IPv6]",
        set: |o, v| {
            o.listen = listen(v)?;
            Ok(())
        },
    },
    Flag {
        name: "interval",
        value: Some("DURATION"),
        scopes: &[Scope::Serve],
        help: "From one proof to the next, 1s or longer; keep it below half of a session, 30m; a rotated token is tried at once [default: 15m]",
        set: |o, v| {
            o.interval = duration::parse(v)?;
            if o.interval < SHORTEST { Err("it must be 1s or longer".to_owned()) } else { Ok(()) }
        },
    },
    Flag { name: "list", value: None, scopes: &[Scope::Explain], help: "List all codes", set: |o, v| switch(&mut o.list, v) },
    Flag {
        name: "file",
        value: Some("FILE"),
        scopes: &[Scope::Explain],
        help: "Read the message or log from this file",
        set: |o, v| set_text(&mut o.file, v),
    },
    Flag {
        name: "check",
        value: Some("FILE|-"),
        scopes: &[Scope::TrustPolicy],
        help: "Evaluate this policy: bare, URL-encoded, or as aws iam get-role prints it; - reads standard input",
        set: |o, v| set_text(&mut o.trust.check, v),
    },
    Flag {
        name: "pod-identity",
        value: None,
        scopes: &[Scope::TrustPolicy],
        help: "The policy for EKS Pod Identity instead of IRSA",
        set: |o, v| switch(&mut o.trust.pod_identity, v),
    },
    Flag {
        name: "issuer",
        value: Some("URL"),
        scopes: &[Scope::TrustPolicy],
        help: "The cluster's OIDC issuer [default: the token's]",
        set: |o, v| set_text(&mut o.trust.issuer, v),
    },
    Flag {
        name: "audience",
        value: Some("AUDIENCE"),
        scopes: &[Scope::TrustPolicy],
        help: "The token's audience [default: the token's, else sts.amazonaws.com]",
        set: |o, v| set_text(&mut o.trust.audience, v),
    },
    Flag {
        name: "role-arn",
        value: Some("ARN"),
        scopes: &[Scope::TrustPolicy],
        help: "The role whose trust policy it is [default: AWS_ROLE_ARN]",
        set: |o, v| {
            let role =
                RoleArn::parse(v).map_err(|error| format!("{v:?} is not a role's ARN: {error}; write arn:aws:iam::ACCOUNT:role/NAME"))?;
            o.trust.role_arn = Some(role);
            Ok(())
        },
    },
    Flag {
        name: "service-account",
        value: Some("NAME"),
        scopes: &[Scope::TrustPolicy],
        help: "The service account [default: the token's]",
        set: |o, v| set_text(&mut o.trust.service_account, v),
    },
    Flag {
        name: "namespace",
        value: Some("NAMESPACE"),
        scopes: &[Scope::TrustPolicy, Scope::Doctor],
        help: "The service account's namespace, -n for short [default: the token's; for doctor the kubectl context's]",
        set: |o, v| set_text(&mut o.namespace, v),
    },
    Flag {
        name: "env",
        value: Some("FILE|-"),
        scopes: &[Scope::Sdks],
        help: "Predict for the environment in this file (as env, export -p or /proc/PID/environ have it) instead of this process's; - reads standard input",
        set: |o, v| set_text(&mut o.file, v),
    },
    Flag {
        name: "sdk",
        value: Some("NAME"),
        scopes: &[Scope::Sdks],
        help: "Answer for this SDK alone",
        set: |o, v| {
            o.sdk = Some(sdk(v)?);
            Ok(())
        },
    },
    Flag {
        name: "cluster",
        value: Some("NAME"),
        scopes: &[Scope::Doctor],
        help: "The EKS cluster's name [default: that of kubectl's context, where it tells]",
        set: |o, v| set_text(&mut o.doctor.cluster, v),
    },
    Flag {
        name: "aws-auth",
        value: None,
        scopes: &[Scope::Doctor],
        help: "Check the role ARNs in the ConfigMap aws-auth, too",
        set: |o, v| switch(&mut o.doctor.aws_auth, v),
    },
    Flag {
        name: "show-commands",
        value: None,
        scopes: &[Scope::Doctor],
        help: "Show each command of kubectl and aws on standard error before it runs",
        set: |o, v| switch(&mut o.doctor.show_commands, v),
    },
];

impl Flag {
    /// Whether a command takes it.
    pub(super) fn belongs_to(&self, command: Scope) -> bool {
        self.scopes.iter().any(|scope| *scope == Scope::Global || *scope == command)
    }

    /// Whether a command does something with it: what it does not use cannot be wrong in its environment.
    pub(super) fn matters_to(&self, command: Scope) -> bool {
        matches!(command, Scope::Check | Scope::Exec | Scope::Serve) || self.scopes.contains(&command)
    }

    /// Its twin in the environment.
    pub(super) fn variable(&self) -> String {
        format!("IRSA_PROBE_{}", self.name.to_ascii_uppercase().replace('-', "_"))
    }
}

fn one_of<T: Copy>(value: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    choices.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice).ok_or_else(|| format!("{value:?} is none of {}", names()))
}

fn set_text(target: &mut Option<String>, value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("it must not be empty".to_owned());
    }
    *target = Some(value.to_owned());
    Ok(())
}

fn set_timeout(target: &mut Duration, value: &str) -> Result<(), String> {
    *target = duration::parse(value)?;
    if target.is_zero() { Err("it must be longer than nothing; write it like 500ms or 60s".to_owned()) } else { Ok(()) }
}

fn sdk(value: &str) -> Result<SdkFamily, String> {
    SdkFamily::parse(value).ok_or_else(|| format!("{value:?} is none of {}", SdkFamily::ALL.map(SdkFamily::id).join(", ")))
}

fn switch(target: &mut bool, value: &str) -> Result<(), String> {
    *target =
        one_of(&value.to_ascii_lowercase(), &[("true", true), ("1", true), ("yes", true), ("false", false), ("0", false), ("no", false)])?;
    Ok(())
}

/// `[::]:9475`, `127.0.0.1:9475`, or `:9475` for every address of the pod.
pub(super) fn listen(value: &str) -> Result<SocketAddr, String> {
    let every = value.strip_prefix(':').and_then(|port| port.parse().ok()).map(|port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)));
    every
        .or_else(|| value.parse().ok())
        .ok_or_else(|| format!("{value:?} is no address with a port; write it like [::]:9475 or 127.0.0.1:9475"))
}
