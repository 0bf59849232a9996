//! The listening socket, and what happens when accepting fails.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustix::io::Errno;

use super::*;
use crate::serve::server::accept::Backoff;
use crate::serve::server::listen::{lacks_ipv6, refusal};

fn failure(errno: Errno) -> io::Error {
    io::Error::from_raw_os_error(errno.raw_os_error())
}

#[test]
fn the_unspecified_address_takes_both_families() {
    let server = TestedServer::on(listen((Ipv6Addr::UNSPECIFIED, 0).into()).unwrap(), ample());
    let mut ways: Vec<SocketAddr> = vec![(Ipv4Addr::LOCALHOST, server.address.port()).into()];
    // Where the machine has no IPv6, the fallback has been tested instead.
    if server.address.is_ipv6() {
        ways.push((Ipv6Addr::LOCALHOST, server.address.port()).into());
    }
    for way in ways {
        let mut stream = connect(way);
        stream.write_all(GET).unwrap();
        assert!(answer(&mut stream).ends_with("ok\n"), "{way}");
    }
}

#[test]
fn without_ipv6_the_other_family_is_tried() {
    for (errno, expected) in [(Errno::AFNOSUPPORT, true), (Errno::ADDRNOTAVAIL, true), (Errno::ADDRINUSE, false), (Errno::ACCESS, false)] {
        assert_eq!(lacks_ipv6(&failure(errno)), expected, "{errno}");
    }
    assert!(!lacks_ipv6(&ErrorKind::Other.into()));
}

#[test]
fn a_port_in_use_is_said_with_its_fix() {
    let first = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = first.local_addr().unwrap();
    let fix = "the port is in use by another process; choose another one with --listen";
    assert_eq!(listen(address).unwrap_err(), format!("cannot listen on {address}: {fix}"));
    let every: SocketAddr = (Ipv6Addr::UNSPECIFIED, address.port()).into();
    assert_eq!(listen(every).unwrap_err(), format!("cannot listen on {every}: {fix}"));
}

#[test]
fn a_closed_port_can_be_taken_again_at_once() {
    let mut server = TestedServer::start(ample());
    // The side that closes first keeps the port in TIME_WAIT.
    server.ask(b"GET /livez HTTP/1.0\r\n\r\n");
    server.begin_drain();
    server.ends();
    listen(server.address).unwrap();
}

#[test]
fn an_address_that_cannot_be_used_is_named_with_the_fix() {
    let said = listen(([192, 0, 2, 1], 0).into()).unwrap_err();
    assert_eq!(said, "cannot listen on 192.0.2.1:0: no interface here has this address; choose another one with --listen");
}

#[test]
fn every_refusal_is_one_line() {
    let address = ([127, 0, 0, 1], 80).into();
    let denied = refusal(address, &failure(Errno::ACCESS));
    assert!(denied.starts_with("cannot listen on 127.0.0.1:80: not permitted; a port below 1024 needs a capability"), "{denied}");
    for errno in [Errno::ACCESS, Errno::ADDRINUSE, Errno::MFILE, Errno::NOBUFS] {
        assert_eq!(refusal(address, &failure(errno)).lines().count(), 1, "{errno}");
    }
}

#[test]
fn the_pause_after_failures_grows_to_a_second_and_ends_with_a_success() {
    let mut backoff = Backoff::default();
    let mut pauses = || (0..7).map(|_| backoff.pause_after(&failure(Errno::MFILE)).unwrap().as_millis()).collect::<Vec<_>>();
    assert_eq!(pauses(), [50, 100, 200, 400, 800, 1000, 1000]);
    backoff.reset();
    assert_eq!(backoff.pause_after(&failure(Errno::NFILE)), Some(Duration::from_millis(50)));
}

#[test]
fn a_connection_lost_before_it_was_accepted_is_no_reason_to_wait() {
    let mut backoff = Backoff::default();
    assert_eq!(backoff.pause_after(&failure(Errno::CONNABORTED)), None);
    assert_eq!(backoff.pause_after(&failure(Errno::INTR)), None);
    // Nor does it begin or end an episode.
    assert!(backoff.pause_after(&failure(Errno::NOMEM)).is_some());
    assert_eq!(backoff.pause_after(&failure(Errno::CONNABORTED)), None);
    assert_eq!(backoff.pause_after(&failure(Errno::NOMEM)), Some(Duration::from_millis(100)));
}
