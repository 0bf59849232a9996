//! `CONNECT` through a proxy (RFC 9110 section 9.3.6). `core::pod::proxy` decides which proxy.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

use super::fault::Fault;
use super::io::Io;
use crate::collect::lack::is_lacking;
use crate::core::evidence::exchange::FailureKind;
use crate::core::pod::proxy::{Proxy, authority};
use crate::core::text::printable::shorten;
use crate::core::text::secrets::Secrets;

/// The largest head of a proxy's answer that is read, in bytes. The body of an error page is not read.
const HEAD_CAP: usize = 8 * 1024;

/// How much of its status line is quoted, in characters.
const LINE: usize = 120;

/// Asks the proxy at the other end of `stream` for a tunnel to `host:port`.
pub(super) async fn tunnel(stream: &mut Io, proxy: &Proxy, host: &str, port: u16, secrets: &Secrets) -> Result<(), Fault> {
    let target = authority(host, port);
    let mut request = Zeroizing::new(String::with_capacity(512));
    for part in ["CONNECT ", &target, " HTTP/1.1\r\nHost: ", &target, "\r\n"] {
        request.push_str(part);
    }
    if let Some(value) = proxy.authorization() {
        // A buffer that grows would leave a copy behind.
        request.reserve_exact(value.len() + 64);
        for part in ["Proxy-Authorization: ", value, "\r\n"] {
            request.push_str(part);
        }
    }
    request.push_str("\r\n");
    let lost = |error: std::io::Error| {
        let fault = proxy_fault(proxy, &format!("lost the connection: {error}"));
        if is_lacking(&error) { Fault { kind: FailureKind::OutOfResources, ..fault } } else { fault }
    };
    stream.write_all(request.as_bytes()).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;

    let mut head = Vec::new();
    loop {
        let mut chunk = [0; 1024];
        let read = stream.read(&mut chunk).await.map_err(lost)?;
        if read == 0 {
            return Err(proxy_fault(proxy, "closed the connection without an answer to CONNECT"));
        }
        head.extend_from_slice(&chunk[..read]);
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            return check_response(&head, end + 4, proxy, secrets);
        }
        let start = head.len().min(b"HTTP/1.".len());
        if head[..start] != b"HTTP/1."[..start] {
            return Err(proxy_fault(proxy, "did not answer CONNECT with HTTP/1.1"));
        }
        if head.len() >= HEAD_CAP {
            return Err(proxy_fault(proxy, "answered CONNECT with more than 8 KiB of headers"));
        }
    }
}

fn check_response(head: &[u8], end: usize, proxy: &Proxy, secrets: &Secrets) -> Result<(), Fault> {
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|code| code.parse::<u16>().ok());
    // A proxy that rewrites what it was sent may repeat our credentials.
    let line = shorten(&secrets.and_words_of(proxy.authorization()).redact(&line), LINE).into_owned();
    match status {
        // In TLS the client sends first. So bytes after the head come from something that is not a tunnel.
        Some(200..=299) if head.len() > end => Err(proxy_fault(proxy, "sent its own data after it opened the tunnel")),
        Some(200..=299) => Ok(()),
        Some(407) => Err(proxy_fault(proxy, &format!("requires other credentials: it answered CONNECT with \"{line}\""))),
        Some(_) => Err(proxy_fault(proxy, &format!("refused CONNECT with \"{line}\""))),
        None => Err(proxy_fault(proxy, "did not answer CONNECT with HTTP/1.1")),
    }
}

/// A failure whose subject is the proxy.
pub(super) fn proxy_fault(proxy: &Proxy, text: &str) -> Fault {
    Fault::new(FailureKind::ProxyFailed, format!("the proxy {} {text}", proxy.authority()))
}
