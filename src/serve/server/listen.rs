//! The listening socket.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

/// How many connections may wait to be accepted. A probe behind thousands of other clients must not be refused, because its kernel retries only
/// after a second. The kernel takes no more than `net.core.somaxconn`, which is 4096 by default.
const BACKLOG: i32 = 4096;

/// Why a socket cannot listen, and the fix.
const FIXES: [(ErrorKind, &str); 3] = [
    (ErrorKind::AddrInUse, "the port is in use by another process; choose another one with --listen"),
    (ErrorKind::PermissionDenied, "not permitted; a port below 1024 needs a capability, so choose a higher one with --listen"),
    (ErrorKind::AddrNotAvailable, "no interface here has this address; choose another one with --listen"),
];

/// Listens on an address; an error is one line for the user. Port 0 takes a free one: `local_addr` tells which.
///
/// `[::]` takes IPv4 too, whatever `net.ipv6.bindv6only` says, and is `0.0.0.0` where the node has no IPv6: one default serves
/// clusters of either family.
pub fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    let mut opened = open(address);
    if address.ip() == Ipv6Addr::UNSPECIFIED && opened.as_ref().is_err_and(lacks_ipv6) {
        opened = open((Ipv4Addr::UNSPECIFIED, address.port()).into());
    }
    opened.map_err(|error| refusal(address, &error))
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
    }
    // A restarted container must not wait for the connections of its predecessor to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// IPv6 is switched off: as a whole (`ipv6.disable=1`), or for the interfaces.
pub(super) fn lacks_ipv6(error: &io::Error) -> bool {
    [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL].map(Errno::raw_os_error).map(Some).contains(&error.raw_os_error())
}

pub(super) fn refusal(address: SocketAddr, error: &io::Error) -> String {
    match FIXES.iter().find(|(kind, _)| *kind == error.kind()) {
        Some((_, fix)) => format!("cannot listen on {address}: {fix}"),
        None => format!("cannot listen on {address}: {error}"),
    }
}
