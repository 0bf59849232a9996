//! TCP, to one address after the other.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::deadline::{PhaseDeadline, format_duration};
use super::fault::Fault;
use crate::collect::lack::is_lacking;
use crate::core::evidence::exchange::{FailureKind, Try};

/// Tries the addresses in the resolver's order until one connects, and records each try.
///
/// What is left until the deadline is divided over the addresses left, so that one silent address leaves time for the others.
pub(super) async fn connect(addresses: &[SocketAddr], deadline: PhaseDeadline, tries: &mut Vec<Try>) -> Result<TcpStream, Fault> {
    let mut worst: Option<(FailureKind, bool)> = None;
    for (index, address) in addresses.iter().enumerate() {
        // The try is recorded before its result is known, so that a cancelled exchange shows which address kept silent.
        tries.push(Try { address: address.to_string(), error: Some("no answer yet".to_owned()) });
        let left = deadline.at.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        let (kind, ours, text) = match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A failure here costs latency, nothing else.
                let _ = stream.set_nodelay(true);
                if let Some(last) = tries.last_mut() {
                    last.error = None;
                }
                return Ok(stream);
            }
            Ok(Err(error)) => (classify_error(&error), false, error.to_string()),
            Err(_) => (FailureKind::ConnectTimeout, true, format!("no answer within {}", format_duration(share))),
        };
        if let Some(last) = tries.last_mut() {
            last.error = Some(text);
        }
        if worst.is_none_or(|(worst, _)| precedence(kind) > precedence(worst)) {
            worst = Some((kind, ours));
        }
    }
    let (kind, timed_out) = worst.unwrap_or((FailureKind::NetworkUnreachable, false));
    Err(Fault { kind, text: describe_tries(tries), timed_out })
}

/// Which of several failures a person should look at first.
///
/// Silence comes before a refusal: a refusing address proves that the route works, and a silent one is what a security group or a
/// NetworkPolicy causes. "Unreachable" comes last, because it is the normal answer for IPv6 addresses in a pod without an IPv6 route. A lack of
/// the probe's own comes first, because an address that was not tried might have answered.
fn precedence(kind: FailureKind) -> u8 {
    match kind {
        FailureKind::OutOfResources => 3,
        FailureKind::ConnectTimeout => 2,
        FailureKind::ConnectRefused => 1,
        _ => 0,
    }
}

fn classify_error(error: &io::Error) -> FailureKind {
    match error.kind() {
        _ if is_lacking(error) => FailureKind::OutOfResources,
        // A reset in answer to SYN is a refusal by a middlebox.
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => FailureKind::ConnectRefused,
        io::ErrorKind::TimedOut => FailureKind::ConnectTimeout,
        // ENETUNREACH, EHOSTUNREACH, EACCES, EPERM; also EADDRNOTAVAIL (no address of that family, or no port left).
        _ => FailureKind::NetworkUnreachable,
    }
}

/// One line with the first tries.
fn describe_tries(tries: &[Try]) -> String {
    const SHOWN: usize = 4;
    let mut text = tries
        .iter()
        .take(SHOWN)
        .map(|t| format!("{}: {}", t.address, t.error.as_deref().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join("; ");
    if tries.len() > SHOWN {
        text += &format!("; and {} more", tries.len() - SHOWN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_errno() {
        for (errno, expected) in [
            (111, FailureKind::ConnectRefused),     // ECONNREFUSED
            (104, FailureKind::ConnectRefused),     // ECONNRESET
            (110, FailureKind::ConnectTimeout),     // ETIMEDOUT
            (101, FailureKind::NetworkUnreachable), // ENETUNREACH
            (113, FailureKind::NetworkUnreachable), // EHOSTUNREACH
            (13, FailureKind::NetworkUnreachable),  // EACCES
            (1, FailureKind::NetworkUnreachable),   // EPERM
            (99, FailureKind::NetworkUnreachable),  // EADDRNOTAVAIL
            (24, FailureKind::OutOfResources),      // EMFILE
            (23, FailureKind::OutOfResources),      // ENFILE
            (12, FailureKind::OutOfResources),      // ENOMEM
            (105, FailureKind::OutOfResources),     // ENOBUFS
        ] {
            assert_eq!(classify_error(&io::Error::from_raw_os_error(errno)), expected, "{errno}");
        }
    }

    #[test]
    fn many_tries_are_one_line() {
        let one = Try { address: "a".to_owned(), error: Some("e".to_owned()) };
        assert_eq!(describe_tries(&vec![one; 6]), "a: e; a: e; a: e; a: e; and 2 more");
    }
}
