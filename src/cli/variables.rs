//! Variables that have the probe's prefix and that no command reads. Most of them are misspelt.

use super::commands::COMMANDS;
use super::row::PREFIX;
use super::suggest::nearest;
use crate::core::text::printable::{cap, printable};
use std::collections::BTreeSet;
use std::ffi::OsString;

/// The off-switch, which is no flag's variable.
pub(super) const DISABLED: &str = "IRSA_PROBE_DISABLED";
/// Variables of the project's own build, tests and benches. A shell of a developer has them.
const OF_THE_PROJECT: [&str; 7] = ["REVISION", "RUSTC", "BINARY", "RUNNER", "BENCH_BINARY", "BENCH_FAST", "NO_SKIPS"];
/// How many characters of a name are shown.
const SHOWN: usize = 120;

/// One line for each variable with the prefix that no command reads, in the order of the names. `names` are all names of the environment.
/// A value is never shown: it may be a secret.
pub fn unknown_variables(names: impl IntoIterator<Item = OsString>) -> Vec<String> {
    let known = known();
    let known = || known.iter().map(String::as_str);
    let names: BTreeSet<String> = names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect();
    let is_unknown = |name: &&String| name.starts_with(PREFIX) && !known().any(|known| known == *name) && !is_excepted(name);
    names.iter().filter(is_unknown).map(|name| describe(name, known())).collect()
}

/// The variables that some command reads.
fn known() -> BTreeSet<String> {
    let flags = COMMANDS.iter().filter(|row| row.variables).flat_map(|row| row.flags());
    flags.map(|flag| flag.variable()).chain([DISABLED.to_owned()]).collect()
}

fn describe<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    // The prefix is right. How much may differ depends on the rest.
    let rest = name.strip_prefix(PREFIX).unwrap_or(name);
    let near = nearest(rest, known.filter_map(|known| known.strip_prefix(PREFIX)));
    let near = near.map_or_else(String::new, |near| format!("; did you mean {PREFIX}{near}?"));
    format!("{} is set, but irsa-probe has no such variable{near}", printable(&cap(name, SHOWN)))
}

/// Whether a name is the project's own, or made by Kubernetes.
fn is_excepted(name: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name);
    OF_THE_PROJECT.contains(&rest) || is_of_service(name)
}

/// Whether Kubernetes makes this variable for a Service whose name begins with `irsa-probe`
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>): `*_SERVICE_HOST`, `*_SERVICE_PORT*`,
/// `*_PORT` and `*_PORT_<n>_<proto>*`.
fn is_of_service(name: &str) -> bool {
    let begins_word = |rest: &str| rest.is_empty() || rest.starts_with('_');
    let is_port = |(at, part): (usize, &str)| {
        let rest = &name[at + part.len()..];
        let Some((number, protocol)) = rest.strip_prefix('_').and_then(|rest| rest.split_once('_')) else { return rest.is_empty() };
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        is_number && ["TCP", "UDP", "SCTP"].iter().any(|known| protocol.strip_prefix(known).is_some_and(begins_word))
    };
    name.ends_with("_SERVICE_HOST")
        || name.match_indices("_SERVICE_PORT").any(|(at, part)| begins_word(&name[at + part.len()..]))
        || name.match_indices("_PORT").any(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt as _;

    fn unknown(names: &[&str]) -> Vec<String> {
        unknown_variables(names.iter().map(OsString::from))
    }

    #[test]
    fn what_no_command_reads_is_named_and_what_was_meant() {
        for (name, meant) in [
            ("IRSA_PROBE_TIMEOUTT", Some("IRSA_PROBE_TIMEOUT")),
            ("IRSA_PROBE_DISABLE", Some("IRSA_PROBE_DISABLED")),
            ("IRSA_PROBE_STS_REGIONS", Some("IRSA_PROBE_STS_REGION")),
            ("IRSA_PROBE_timeout", Some("IRSA_PROBE_TIMEOUT")),
            ("IRSA_PROBE_", None),
            ("IRSA_PROBE_WAIT", None),
            ("IRSA_PROBE_TIMEOUT_SECONDS", None),
            // A flag without a variable: it is typed, and not set in a manifest.
            ("IRSA_PROBE_NAMESPACE", None),
        ] {
            let [line] = unknown(&[name]).try_into().unwrap();
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
            assert_eq!(line, format!("{name} is set, but irsa-probe has no such variable{meant}"));
        }
        assert_eq!(unknown(&["IRSA_PROBE_B1", "PATH", "IRSA_PROBE_A1", "IRSA_PROBE_A1"]).len(), 2, "one line for each");
    }

    #[test]
    fn what_some_command_reads_is_known() {
        let known = known();
        assert!(known.contains("IRSA_PROBE_INTERVAL") && known.contains("IRSA_PROBE_TERMINATION_LOG") && known.contains(DISABLED));
        assert_eq!(unknown(&known.iter().map(String::as_str).collect::<Vec<_>>()), Vec::<String>::new());
        let other = ["AWS_ROLE_ARN", "IRSA_PROBE", "IRSAPROBE_TIMEOUTT", "MY_IRSA_PROBE_TIMEOUTT", "irsa_probe_timeoutt"];
        assert_eq!(unknown(&other), Vec::<String>::new());
        let project = OF_THE_PROJECT.map(|rest| format!("{PREFIX}{rest}"));
        assert_eq!(unknown(&project.each_ref().map(String::as_str)), Vec::<String>::new());
    }

    #[test]
    fn variables_of_a_service_are_kubernetes_s() {
        for name in [
            "IRSA_PROBE_SERVICE_HOST",
            "IRSA_PROBE_SERVICE_PORT",
            "IRSA_PROBE_SERVICE_PORT_METRICS",
            "IRSA_PROBE_PORT",
            "IRSA_PROBE_PORT_9475_TCP",
            "IRSA_PROBE_PORT_9475_TCP_PROTO",
            "IRSA_PROBE_PORT_9475_TCP_PORT",
            "IRSA_PROBE_PORT_9475_TCP_ADDR",
            "IRSA_PROBE_PORT_53_UDP_ADDR",
            "IRSA_PROBE_METRICS_SERVICE_HOST",
            "IRSA_PROBE_METRICS_SERVICE_PORT_HTTP_METRICS",
            "IRSA_PROBE_METRICS_PORT_80_SCTP",
        ] {
            assert_eq!(unknown(&[name]), Vec::<String>::new(), "{name}");
        }
        for name in [
            "IRSA_PROBE_SERVICE",
            "IRSA_PROBE_HOST",
            "IRSA_PROBE_SERVICE_HOSTS",
            "IRSA_PROBE_SERVICE_PORTS",
            "IRSA_PROBE_PORTS",
            "IRSA_PROBE_PORT_TCP",
            "IRSA_PROBE_PORT_9475",
            "IRSA_PROBE_PORT_9475_TCPX",
            "IRSA_PROBE_PORT_9475_ICMP",
            "IRSA_PROBE_PORT_94x75_TCP",
            "IRSA_PROBE_PORT__TCP",
        ] {
            assert_eq!(unknown(&[name]).len(), 1, "{name}");
        }
    }

    #[test]
    fn odd_names_stay_on_their_line() {
        let odd = [b"IRSA_PROBE_\xff\xfe".to_vec(), b"IRSA_PROBE_A\nB\x1b[31m".to_vec(), b"\xff".to_vec(), Vec::new()];
        let lines = unknown_variables(odd.map(OsString::from_vec));
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.lines().count() == 1 && !line.contains('\u{1b}')), "{lines:?}");
        let long = unknown(&[&format!("{PREFIX}{}", "X".repeat(100_000))]);
        assert!(long[0].len() < 300, "{}", long[0].len());
    }
}
