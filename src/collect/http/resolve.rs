//! Names to addresses, with the resolver's own error code.

use std::io;
use std::net::{IpAddr, SocketAddr};

use dns_lookup::{AddrInfoHints, LookupError, LookupErrorKind, SockType, getaddrinfo};
use tokio::sync::oneshot;

use super::fault::Fault;
use crate::collect::lack::{is_lacking, no_thread, spare_descriptors};
use crate::core::evidence::exchange::FailureKind;

/// An IP literal, with or without brackets: it needs no lookup.
pub(super) fn parse_ip_literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

/// Looks a name up; the addresses come in the resolver's order, each once.
pub(super) async fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, Fault> {
    let name = host.to_owned();
    let failed = |what: &str| Fault::new(FailureKind::DnsFailed, format!("{host}: {what}"));
    match run_on_thread(move || lookup_blocking(&name, port)).await {
        Ok(Ok(addresses)) if addresses.is_empty() => Err(failed("the resolver gave no address")),
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err((kind, error))) => Err(Fault::new(kind, format!("{host}: {error}"))),
        Err(error) if is_lacking(&error) => Err(Fault::new(FailureKind::OutOfResources, format!("{host}: {error}"))),
        Err(error) => Err(failed(&format!("the lookup could not be made: {error}"))),
    }
}

/// Runs a call that may block for good. Fails where no thread can be had for it.
///
/// On a thread of its own, not on tokio's blocking pool: `getaddrinfo` cannot be interrupted, and the runtime's shutdown would
/// wait for the pool. This thread is simply left behind when the future is dropped, and ends with the process.
async fn run_on_thread<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (answer, question) = oneshot::channel();
    // A failed send means that the receiver has stopped waiting for the answer.
    std::thread::Builder::new().name("resolve".to_owned()).spawn(move || drop(answer.send(call()))).map_err(no_thread)?;
    question.await.map_err(io::Error::other)
}

/// How many descriptors a lookup takes at once: a file such as /etc/hosts, a module of glibc's, a socket for each family.
const TAKES: usize = 3;

fn lookup_blocking(host: &str, port: u16) -> Result<Vec<SocketAddr>, (FailureKind, io::Error)> {
    // The flags are 0. AI_ADDRCONFIG, a default of std and glibc, would hide ::1 on a host without a routable IPv6 address.
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    // musl returns EAI_SYSTEM and the errno of what it could not open. glibc says that the name does not exist, or is to be tried again, when
    // it could not open /etc/hosts or a socket. So the descriptors are counted before and after.
    let lacks = || spare_descriptors(TAKES).map_err(|lack| (FailureKind::OutOfResources, lack));
    lacks()?;
    let found = getaddrinfo(Some(host), None, Some(hints)).map_err(|error| {
        let kind = classify_error(&error);
        let error = io::Error::from(error);
        let kind = if is_lacking(&error) { FailureKind::OutOfResources } else { kind };
        lacks().err().unwrap_or((kind, error))
    })?;
    let mut addresses = Vec::new();
    for entry in found.flatten() {
        let mut address = entry.sockaddr;
        address.set_port(port);
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// EAI_NONAME and EAI_NODATA say "no such name" or "a name without addresses"; everything else is a lookup that went wrong.
///
/// musl (since 1.2.4) and glibc agree on the numbers (-2 and -5), and dns-lookup 4 compares with libc's constants for the target.
/// glibc's EAI_ADDRFAMILY (-9: a name without addresses in the families asked for) has no variant there and means the same.
fn classify_error(error: &LookupError) -> FailureKind {
    const EAI_NODATA: i32 = -5;
    const EAI_ADDRFAMILY: i32 = -9;
    match (error.kind(), error.error_num()) {
        (LookupErrorKind::Memory, _) => FailureKind::OutOfResources,
        (LookupErrorKind::NoName | LookupErrorKind::NoData, _) | (_, EAI_NODATA | EAI_ADDRFAMILY) => FailureKind::DnsNotFound,
        _ => FailureKind::DnsFailed,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn codes() {
        for (code, expected) in [
            (-2, FailureKind::DnsNotFound),     // EAI_NONAME
            (-5, FailureKind::DnsNotFound),     // EAI_NODATA
            (-9, FailureKind::DnsNotFound),     // EAI_ADDRFAMILY
            (-3, FailureKind::DnsFailed),       // EAI_AGAIN
            (-4, FailureKind::DnsFailed),       // EAI_FAIL
            (-10, FailureKind::OutOfResources), // EAI_MEMORY
            (-11, FailureKind::DnsFailed),      // EAI_SYSTEM: the errno tells
        ] {
            assert_eq!(classify_error(&LookupError::new(code)), expected, "{code}");
        }
    }

    #[test]
    fn literals() {
        assert_eq!(parse_ip_literal("127.0.0.1"), Some([127, 0, 0, 1].into()));
        assert_eq!(parse_ip_literal("[::1]"), parse_ip_literal("::1"));
        assert!(parse_ip_literal("::1").is_some());
        assert_eq!(parse_ip_literal("localhost"), None);
    }

    #[tokio::test]
    async fn localhost_comes_once_with_its_port() {
        let addresses = lookup("localhost", 8443).await.unwrap();
        assert!(addresses.contains(&SocketAddr::from(([127, 0, 0, 1], 8443))));
        for address in &addresses {
            assert_eq!(addresses.iter().filter(|other| *other == address).count(), 1);
        }
    }

    #[test]
    fn a_hung_lookup_holds_up_neither_its_deadline_nor_the_runtime() {
        let (release, hung) = std::sync::mpsc::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let call = async { tokio::time::timeout(Duration::from_millis(50), run_on_thread(move || hung.recv())).await };
        assert!(runtime.block_on(call).is_err());
        // Would wait for ever on the blocking pool: the call ends only after this.
        drop(runtime);
        drop(release);
    }

    #[tokio::test]
    async fn a_name_with_a_nul_is_an_error_and_no_panic() {
        assert_eq!(lookup("a\0b", 1).await.unwrap_err().kind, FailureKind::DnsFailed);
    }
}
