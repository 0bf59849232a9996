//! A client that keeps its connection, as a scraper does, and returns errors instead of a panic.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// More than any budget; a hang must not stall the run.
const PATIENCE: Duration = Duration::from_secs(5);

pub struct Client {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    scrap: Vec<u8>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Client {
        Client { address, stream: None, scrap: Vec::new() }
    }

    /// The status of the answer, once all of it is here.
    pub fn ask(&mut self, path: &str) -> io::Result<u16> {
        let kept = self.stream.is_some();
        match self.once(path) {
            // The server may close an idle connection at any time, also just now.
            Err(_) if kept => self.once(path),
            outcome => outcome,
        }
    }

    fn once(&mut self, path: &str) -> io::Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address)?,
        };
        stream.get_mut().write_all(format!("GET {path} HTTP/1.1\r\nHost: probe\r\n\r\n").as_bytes())?;
        let (mut status, mut length, mut closes) = (None, 0, false);
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let text = line.trim_end().to_ascii_lowercase();
            match text.split_once(": ") {
                _ if text.is_empty() => break,
                Some(("content-length", value)) => length = value.parse().map_err(io::Error::other)?,
                Some(("connection", value)) => closes = value == "close",
                Some(_) => {}
                None => status = text.split(' ').nth(1).and_then(|status| status.parse().ok()),
            }
        }
        self.scrap.resize(length, 0);
        stream.read_exact(&mut self.scrap)?;
        self.stream = (!closes).then_some(stream);
        status.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}
