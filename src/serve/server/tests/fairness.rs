//! How many answers a connection gets, and who goes first.

use super::*;

const TURN: &[u8] = b"GET /turn HTTP/1.1\r\nHost: x\r\n\r\n";

/// Asks once; whether that was the connection's last answer.
#[track_caller]
fn is_last(stream: &mut TcpStream) -> bool {
    stream.write_all(GET).unwrap();
    header(&answer(stream), "connection") == Some("close")
}

fn body(answer: &str) -> usize {
    answer.split_once("\r\n\r\n").unwrap().1.parse().unwrap()
}

#[test]
fn a_connection_has_a_hundred_requests() {
    assert_eq!(ServerLimits::default().requests, 100);
    let server = TestedServer::start(ample());
    let mut stream = server.connect();
    assert_eq!((1..=100).find(|_| is_last(&mut stream)), Some(100));
    assert_eq!(rest(&mut stream), "");
    assert!(!is_last(&mut server.connect()), "the client may come again");
}

#[test]
fn requests_sent_beyond_the_bound_are_not_answered() {
    let server = TestedServer::start(ServerLimits { requests: 3, ..ample() });
    let got = server.ask(&TURN.repeat(5));
    assert_eq!((got.matches("HTTP/1.1 200 OK").count(), got.matches("connection: close").count()), (3, 1), "{got}");
    assert!(got.ends_with("\r\n\r\n2"), "{got}");
}

#[test]
fn http_1_0_is_told_the_same() {
    let server = TestedServer::start(ServerLimits { requests: 2, ..ample() });
    let request = "GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let got = server.ask(request.repeat(3).as_bytes());
    assert_eq!((got.matches("HTTP/1.0 200 OK").count(), got.matches("connection: close").count()), (2, 1), "{got}");
}

#[test]
fn a_connection_is_good_for_one_answer_while_every_place_is_taken() {
    let server = TestedServer::start(ServerLimits { connections: 3, ..ample() });
    let [mut first, mut second] = [(); 2].map(|()| server.connect());
    assert!(!is_last(&mut first) && !is_last(&mut second) && !is_last(&mut first), "one place is free");
    let mut third = server.connect();
    assert!(is_last(&mut third) && is_last(&mut first), "none is free");
    drop((first, third));
    eventually("there is room again", || server.connections() == 1);
    assert!(!is_last(&mut second));
}

#[test]
fn a_client_that_sends_all_at_once_gets_one_answer_a_turn() {
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut greedy: Vec<_> = (0..60).map(|_| connect(address)).collect();
    for stream in &mut greedy {
        stream.write_all(&TURN.repeat(50)).unwrap();
    }
    let mut kubelet = connect(address);
    kubelet.write_all(TURN).unwrap();
    // All of it has come when the server begins.
    let _server = TestedServer::on(listener, ample());
    let before = body(&answer(&mut kubelet));
    assert!(before <= 3 * 60, "answered after {before} others");
    // Each of them gets all of its answers all the same.
    for stream in &mut greedy {
        (0..50).for_each(|_| drop(answer(stream)));
    }
}

#[test]
fn those_who_come_again_and_again_stand_behind_those_who_wait() {
    const CLIENTS: usize = 100;
    const EACH: usize = 20;
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    // More than there are places for: all of them ask, and then a kubelet, before the server begins.
    let ask = |request: &[u8]| {
        let mut stream = connect(address);
        stream.write_all(request).unwrap();
        stream
    };
    let greedy: Vec<_> = (0..CLIENTS).map(|_| ask(TURN)).collect();
    let mut kubelet = ask(TURN);
    let _server = TestedServer::on(listener, ample());
    // Each has a thread, asks on as long as it may, and comes again when it is closed.
    let threads: Vec<_> = greedy
        .into_iter()
        .map(|mut stream| {
            thread::spawn(move || {
                for _ in 0..EACH {
                    let mut byte = [0; 1024];
                    while stream.read(&mut byte).unwrap_or(0) == 0 || stream.write_all(TURN).is_err() {
                        stream = connect(address);
                        let _ = stream.write_all(TURN);
                    }
                }
            })
        })
        .collect();
    let before = body(&answer(&mut kubelet));
    assert!(before <= 2 * CLIENTS, "answered after {before} others");
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_new_connection_has_time_for_its_request() {
    let server = TestedServer::start(ServerLimits { connections: 3, grace: 2 * PATIENCE, ..ample() });
    // All places are taken by silent ones: none is closed, those who come later wait.
    let mut silent = [(); 6].map(|()| server.connect());
    eventually("the places are taken", || server.connections() >= 3);
    for stream in &mut silent {
        assert!(is_last(stream) || server.connections() < 3);
    }
}

#[test]
fn a_new_connection_does_not_go_for_one_that_was_served() {
    let server = TestedServer::start(ServerLimits { connections: 4, grace: 2 * PATIENCE, ..ample() });
    let [mut first, mut second, mut third] = [(); 3].map(|()| server.connect());
    for stream in [&mut first, &mut second, &mut third] {
        assert!(!is_last(stream));
    }
    let mut new = [(); 2].map(|()| server.connect());
    assert_eq!(rest(&mut first), "");
    assert!(is_last(&mut new[0]) && is_last(&mut new[1]));
}
