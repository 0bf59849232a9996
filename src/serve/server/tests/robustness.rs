//! Clients that make no sense.

use super::*;

/// Closes with a reset, as a process that was killed may.
fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

#[test]
fn every_prefix_of_a_request_may_be_the_last() {
    let server = TestedServer::start(ample());
    let request: &[u8] = b"GET /query?x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    let closes: [fn(TcpStream); 3] = [drop, reset, |mut stream| {
        stream.shutdown(Shutdown::Write).unwrap();
        rest(&mut stream);
    }];
    for length in 0..=request.len() {
        for close in closes {
            let mut stream = server.connect();
            stream.write_all(&request[..length]).unwrap();
            close(stream);
        }
        server.still_answers();
    }
    eventually("no connection is left", || server.connections() == 0);
}

#[test]
fn an_answer_may_be_left_unread() {
    let server = TestedServer::start(ample());
    for close in [drop::<TcpStream>, reset] {
        for request in [GET, b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n"] {
            let mut stream = server.connect();
            stream.write_all(request).unwrap();
            stream.read_exact(&mut [0; 1]).unwrap();
            close(stream);
        }
    }
    server.still_answers();
    eventually("no connection is left", || server.connections() == 0);
}

#[test]
fn random_bytes_do_not_harm_it() {
    /// Fragments that lead further into a parser than noise does.
    const PIECES: [&[u8]; 16] = [
        b"GET ",
        b"HEAD ",
        b"POST ",
        b"/livez",
        b" HTTP/1.1",
        b" HTTP/1.0",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b":",
        b"Content-Length: ",
        b"Transfer-Encoding: chunked",
        b"Connection: ",
        b"Upgrade",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"18446744073709551616",
    ];
    let server = TestedServer::start(ample());
    let mut random = fastrand::Rng::with_seed(1);
    for round in 0..400 {
        let mut bytes = Vec::new();
        for _ in 0..random.usize(1..40) {
            match random.u8(0..4) {
                0 => (0..random.usize(0..64)).for_each(|_| bytes.push(random.u8(..))),
                1 => bytes.extend(vec![random.u8(..); random.usize(0..600)]),
                _ => bytes.extend_from_slice(PIECES[random.usize(..PIECES.len())]),
            }
        }
        let mut stream = server.connect();
        let _ = stream.write_all(&bytes);
        match round % 3 {
            0 => drop(stream),
            1 => reset(stream),
            _ => {
                let _ = stream.shutdown(Shutdown::Write);
                rest(&mut stream);
            }
        }
        if round % 20 == 0 {
            server.still_answers();
        }
    }
    server.still_answers();
    eventually("no connection is left", || server.connections() == 0);
}

#[test]
fn what_is_no_http_is_told_so() {
    let server = TestedServer::start(ample());
    for bytes in ["\x16\x03\x01\x02\x00\x01\x00\x01\x00", "GET\r\n\r\n", "GET / HTTP/3.7\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"] {
        let got = server.ask(bytes.as_bytes());
        assert!(got.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{bytes:?}: {got}");
    }
    assert_eq!(server.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "");
    eventually("no connection is left", || server.connections() == 0);
}
