//! A crowd of greedy clients: each keeps its connection, asks for the next page as soon as it has one, and comes again when it is
//! turned away.

#![allow(dead_code, reason = "no user of this file needs all of it")]

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

/// Long enough for a busy machine; nothing that works takes so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// They all live on one thread; dropped, they hang up.
pub struct Crowd {
    address: SocketAddr,
    seen: Arc<Seen>,
    runtime: Handle,
    thread: Option<JoinHandle<()>>,
}

/// A probe's answer, and how many the crowd got while it waited.
#[derive(Debug)]
pub struct Turn {
    pub status: u16,
    pub others: u64,
}

#[derive(Default)]
struct Seen {
    answers: AtomicU64,
    connections: AtomicU64,
    longest: AtomicU64,
    ended: AtomicBool,
}

impl Crowd {
    /// So many clients that ask for this page.
    pub fn start(address: SocketAddr, clients: usize, path: &str) -> Crowd {
        let seen = Arc::<Seen>::default();
        let (theirs, request) = (seen.clone(), Arc::<str>::from(format!("GET {path} HTTP/1.1\r\nHost: probe\r\n\r\n")));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                for _ in 0..clients {
                    tokio::spawn(live(address, request.clone(), theirs.clone()));
                }
                while !theirs.ended.load(Ordering::Relaxed) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        });
        Crowd { address, seen, runtime: handle, thread: Some(thread) }
    }

    /// A probe on a connection of its own, as a kubelet's. It lives on the crowd's thread, so a busy machine holds up all of them alike, and
    /// their answers are a clock that tells whose turn it was. An error is a connection that was closed or refused.
    pub fn probe(&self, path: &str) -> io::Result<Turn> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
        let (address, seen) = (self.address, self.seen.clone());
        let (send, receive) = std::sync::mpsc::channel();
        self.runtime.spawn(async move {
            let before = seen.answers.load(Ordering::SeqCst);
            let status = async {
                // In one go, as a kubelet on a thread of its own: the crowd's next turn must not come between connection and request.
                let mut connected = std::net::TcpStream::connect(address)?;
                connected.write_all(request.as_bytes())?;
                connected.set_nonblocking(true)?;
                let mut stream = TcpStream::from_std(connected)?;
                let (head, _) = answer(&mut stream, &mut vec![0; 32 * 1024]).await?;
                head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| io::Error::other(head))
            };
            let turn = status.await.map(|status| Turn { status, others: seen.answers.load(Ordering::SeqCst) - before });
            let _ = send.send(turn);
        });
        receive.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {path} in {PATIENCE:?}"))
    }

    /// Answers so far, of all of them.
    pub fn answers(&self) -> u64 {
        self.seen.answers.load(Ordering::SeqCst)
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The most answers that came on one connection.
    pub fn longest(&self) -> u64 {
        self.seen.longest.load(Ordering::SeqCst)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.seen.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn live(address: SocketAddr, request: Arc<str>, seen: Arc<Seen>) {
    let mut buffer = vec![0; 32 * 1024];
    loop {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                // However it ends, it comes again.
                let _ = greedy(stream, &request, &mut buffer, &seen).await;
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Asks on and on, until the server has enough of it.
async fn greedy(mut stream: TcpStream, request: &str, buffer: &mut [u8], seen: &Seen) -> io::Result<()> {
    stream.set_nodelay(true)?;
    for answers in 1.. {
        stream.write_all(request.as_bytes()).await?;
        let (_, closes) = answer(&mut stream, buffer).await?;
        seen.answers.fetch_add(1, Ordering::SeqCst);
        seen.longest.fetch_max(answers, Ordering::SeqCst);
        if closes {
            break;
        }
    }
    Ok(())
}

/// Reads one answer: its head, in small letters, and whether it is the connection's last.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<(String, bool)> {
    let mut filled = 0;
    let head = loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        if let Some(end) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length: usize = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or_default();
    let mut left = (head + length).saturating_sub(filled);
    while left > 0 {
        let most = left.min(buffer.len());
        let read = stream.read(&mut buffer[..most]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left -= read;
    }
    let closes = text.contains("\r\nconnection: close\r\n");
    Ok((text, closes))
}
