//! What a client can take: bytes, time, places.

use super::*;

const BRIEF: Duration = Duration::from_millis(200);
const HEAD_CAP: usize = 8 * 1024;

/// A request whose head is this long.
fn of_length(length: usize) -> Vec<u8> {
    let (begin, end) = ("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: ", "\r\n\r\n");
    format!("{begin}{}{end}", "x".repeat(length - begin.len() - end.len())).into_bytes()
}

/// Open connections without a request, known to the server before this returns.
fn silent(server: &TestedServer, count: usize) -> Vec<TcpStream> {
    let before = server.connections();
    let streams = (0..count).map(|_| server.connect()).collect();
    eventually("all are taken in", || server.connections() == before + count);
    streams
}

#[track_caller]
fn is_answered(stream: &mut TcpStream) {
    stream.write_all(GET).unwrap();
    assert!(answer(stream).ends_with("\r\n\r\nok\n"));
}

#[test]
fn a_head_of_eight_kib_is_read_and_a_larger_one_refused() {
    let server = TestedServer::start(ample());
    for (length, status) in [(HEAD_CAP - 1, "200 OK"), (HEAD_CAP, "200 OK"), (HEAD_CAP + 1, "431 "), (20 * HEAD_CAP, "431 ")] {
        let got = server.ask(&of_length(length));
        assert!(got.starts_with(&format!("HTTP/1.1 {status}")), "{length}: {got}");
    }
    let many = |count: usize| format!("GET /livez HTTP/1.1\r\n{}Connection: close\r\n\r\n", "A: b\r\n".repeat(count - 1));
    for (count, status) in [(100, "200 OK"), (101, "431 ")] {
        let got = server.ask(many(count).as_bytes());
        assert!(got.starts_with(&format!("HTTP/1.1 {status}")), "{count}: {got}");
    }
}

#[test]
fn a_client_that_sends_nothing_is_closed() {
    let server = TestedServer::start(ServerLimits { head: BRIEF, ..ample() });
    assert_eq!(rest(&mut server.connect()), "");
}

#[test]
fn a_client_that_sends_a_byte_at_a_time_is_closed() {
    let server = TestedServer::start(ServerLimits { head: BRIEF, ..ample() });
    let mut stream = server.connect();
    stream.write_all(b"GET /livez HTTP/1.1\r\nX: ").unwrap();
    eventually("its writes fail", || stream.write_all(b"x").is_err());
}

#[test]
fn an_idle_connection_is_closed() {
    let (server, mut stream) = TestedServer::asked(ServerLimits { head: BRIEF, ..ample() }, GET);
    assert!(rest(&mut stream).ends_with("\r\n\r\nok\n"));
    eventually("the connection is gone", || server.connections() == 0);
}

#[test]
fn a_slow_reader_has_more_time_than_a_slow_writer() {
    let (_server, mut stream) = TestedServer::asked(ServerLimits { head: BRIEF, ..ample() }, b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    let (begun, mut read, mut chunk) = (Instant::now(), 0, vec![0; 1 << 20]);
    while read < BIG / 2 || begun.elapsed() < 3 * BRIEF {
        // It falls asleep over the end of the answer if the machine is slow enough; then there is nothing more to be seen.
        let Ok(count @ 1..) = stream.read(&mut chunk) else { break };
        read += count;
        thread::sleep(BRIEF / 10);
    }
    assert!(read + rest(&mut stream).len() > BIG);
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_is_closed() {
    let server = TestedServer::start(ServerLimits { stall: BRIEF, ..ample() });
    let mut deaf: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for stream in &mut deaf {
        stream.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        stream.read_exact(&mut [0; 64]).unwrap();
    }
    server.still_answers();
    eventually("they are gone", || server.connections() == 0);
}

#[test]
fn one_more_connection_closes_the_oldest_without_a_request() {
    let server = TestedServer::start(ample());
    let mut slow = silent(&server, 64);
    let mut kubelet = server.connect();
    is_answered(&mut kubelet);
    assert_eq!(rest(&mut slow[0]), "");
    slow[1..].iter_mut().for_each(is_answered);
}

#[test]
fn a_client_with_a_request_outlives_those_without() {
    let server = TestedServer::start(ServerLimits { connections: 3, ..ample() });
    let mut served = server.connect();
    is_answered(&mut served);
    let mut slow = silent(&server, 2);
    let mut later = [(); 2].map(|()| server.connect());
    assert_eq!(slow.iter_mut().map(rest).collect::<String>(), "");
    is_answered(&mut served);
    later.iter_mut().for_each(is_answered);
}

#[test]
fn among_clients_with_requests_the_one_served_longest_ago_is_closed() {
    let server = TestedServer::start(ServerLimits { connections: 4, ..ample() });
    let [mut first, mut second, mut third] = [(); 3].map(|()| server.connect());
    for stream in [&mut first, &mut second, &mut third] {
        is_answered(stream);
    }
    is_answered(&mut first);
    // Two that have not brought a request yet, but only because they are new.
    let mut new = [(); 2].map(|()| server.connect());
    assert_eq!(rest(&mut second), "");
    new.iter_mut().chain([&mut first, &mut third]).for_each(is_answered);
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_does_not_keep_its_place() {
    let server = TestedServer::start(ServerLimits { connections: 4, ..ample() });
    let [mut deaf, mut second, mut third] = [(); 3].map(|()| server.connect());
    deaf.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    deaf.read_exact(&mut [0; 64]).unwrap();
    is_answered(&mut second);
    is_answered(&mut third);
    let mut new = [(); 2].map(|()| server.connect());
    assert!(rest(&mut deaf).len() < BIG);
    is_answered(&mut second);
    new.iter_mut().for_each(is_answered);
}

#[test]
fn a_connection_without_another_request_to_come_gives_way_to_all() {
    let server = TestedServer::start(ServerLimits { connections: 2, ..ample() });
    let mut idle = server.connect();
    is_answered(&mut idle);
    let mut done = server.connect();
    done.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n").unwrap();
    assert!(rest(&mut done).ends_with("\r\n\r\nok\n"));
    let mut third = server.connect();
    is_answered(&mut third);
    eventually("its writes fail", || done.write_all(b"x").is_err());
    is_answered(&mut idle);
}

#[test]
fn a_request_within_a_crowd_is_answered() {
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let _before: Vec<_> = (0..100).map(|_| connect(address)).collect();
    let mut kubelet = connect(address);
    kubelet.write_all(GET).unwrap();
    let _after: Vec<_> = (0..200).map(|_| connect(address)).collect();
    // All of them are waiting already when the server begins to accept.
    let _server = TestedServer::on(listener, ample());
    assert!(answer(&mut kubelet).ends_with("\r\n\r\nok\n"));
}

#[test]
fn two_thousand_slow_clients_do_not_keep_one_from_its_answer() {
    let server = TestedServer::start(ample());
    for _ in 0..10 {
        let mut slow: Vec<_> = (0..200).map(|_| server.connect()).collect();
        for stream in &mut slow {
            // Most of them are closed by now.
            let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nX: ");
        }
        server.still_answers();
        eventually("no more than the limit are open", || server.connections() <= 64);
    }
    eventually("all are gone", || server.connections() == 0);
}
