//! `irsa-probe get PATH`: asks the sidecar in the same container. For exec probes in an image without a shell, and for its text report.

use crate::cli::GetOptions;
use crate::collect::http::{Client, ClientSettings, Limits, Roots};
use crate::core::pod::proxy::Proxies;
use crate::core::text::secrets::Secrets;
use bytes::Bytes;
use http::Request;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

/// For each phase and for all: longer than any answer from memory takes, and no longer than a person waits.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Prints the server's answer. Exit code 0 if its status is a success, else 1.
pub fn run(options: &GetOptions) -> u8 {
    let server = local_address(options.listen);
    let answer =
        super::runtime().map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(request_page(&options.path, server)));
    match answer {
        Ok((yes, body)) => {
            super::print(&body);
            if yes { 0 } else { 1 }
        }
        Err(why) => {
            super::print_error(&why);
            1
        }
    }
}

/// The address at which a server that listens on `listen` is reached from the same host.
fn local_address(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        // Dual-stack, or IPv4 alone where the node has no IPv6: IPv4's loopback reaches both.
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Asks for a page: whether the server says yes, and the body. The error says why there is no answer.
async fn request_page(path: &str, server: SocketAddr) -> Result<(bool, String), String> {
    let url = format!("http://{server}/{}", path.trim_start_matches('/'));
    let request = Request::get(&url)
        .body(Bytes::new())
        .map_err(|_| format!("{path:?} is no path; ask for readyz, livez, startupz, status or report"))?;
    let client = Client::new(ClientSettings {
        roots: Roots::built_in(),
        proxies: Proxies::default(),
        secrets: Secrets::default(),
        deadline: Instant::now() + TIMEOUT,
    });
    let (exchange, response) = client.send(request, Limits::each(TIMEOUT)).await;
    match response {
        Some(response) => Ok(((200..300).contains(&response.status), String::from_utf8_lossy(&response.body).into_owned())),
        None => {
            let why = exchange.failure.map(|failure| failure.text).unwrap_or_default();
            Err(format!("no answer from {url}: {why}; is irsa-probe serve running here, and on that address (--listen)?"))
        }
    }
}
