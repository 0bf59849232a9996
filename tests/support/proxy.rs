//! The pod's only way out: a CONNECT proxy that resolves the names of STS and of the cluster's issuer, and nothing else.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    Services, endpoints,
    http::until_gone,
    state::{Record, Service},
    tls::{self, Wire},
    world::{ProxyMode, Tls, World},
};

/// Serves one connection of the proxy's listener.
pub async fn serve(services: Arc<Services>, mut tcp: TcpStream, connection: u64) {
    let Some(head) = head(&mut tcp).await else { return };
    let first = head.lines().next().unwrap_or_default().to_owned();
    let (mode, credentials, round_trip) = {
        let mut state = services.shared.lock();
        let operation = first.rsplit_once(' ').map_or(first.as_str(), |(request, _)| request).to_owned();
        let host = operation.split_whitespace().nth(1).unwrap_or_default().to_owned();
        state.records.push(Record { service: Service::Proxy, host, region: None, operation, connection, at: SystemTime::now() });
        (state.world.proxy.mode, state.world.proxy.credentials.clone(), round_trip(&state.world))
    };
    tokio::time::sleep(round_trip).await;
    let unauthorised = credentials.is_some_and(|credentials| {
        let expected = format!("proxy-authorization: basic {}", BASE64_STANDARD.encode(credentials));
        !head.lines().any(|line| line.len() == expected.len() && line.to_lowercase() == expected.to_lowercase())
    });
    let refusal = match mode {
        ProxyMode::Ok if unauthorised => Some("407 Proxy Authentication Required"),
        ProxyMode::Auth => Some("407 Proxy Authentication Required"),
        ProxyMode::Forbidden => Some("403 Forbidden"),
        ProxyMode::EchoAuth => return echo(&mut tcp, &head).await,
        ProxyMode::Hang => return until_gone(&mut tcp).await,
        ProxyMode::Close => return,
        ProxyMode::Garbage => {
            let _ = tcp.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await;
            return until_gone(&mut tcp).await;
        }
        ProxyMode::Ok | ProxyMode::Refused => None,
    };
    if let Some(refusal) = refusal {
        return refuse(&mut tcp, refusal).await;
    }
    let authority = first.strip_prefix("CONNECT ").and_then(|rest| rest.split_whitespace().next());
    let known = authority.and_then(|authority| authority.strip_suffix(":443")).and_then(|host| {
        let state = services.shared.lock();
        Some((host.to_owned(), destination(&state.world, host)?))
    });
    let Some((host, (service, wire))) = known else {
        return refuse(&mut tcp, "502 Bad Gateway").await;
    };
    if tcp.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.is_ok() {
        let handler = services.handler(service);
        tls::serve(&services.authorities, tcp, connection, host, wire, handler).await;
    }
}

/// Who serves that name, and how its connections behave; `None`: DNS does not have it.
fn destination(world: &World, host: &str) -> Option<(Service, Wire)> {
    if world.issuer.strip_prefix("https://").is_some_and(|rest| rest.split('/').next() == Some(host)) {
        return Some((Service::Issuer, Wire { fault: Tls::Ok, ..wire(world, host) }));
    }
    endpoints::region_of(host)?;
    let wire = wire(world, host);
    (wire.fault != Tls::NotFound).then_some((Service::Sts, wire))
}

/// How connections for a server name behave: the host's own setting, else its region's, else everybody's.
pub fn wire(world: &World, host: &str) -> Wire {
    let region = super::sts::endpoint_region(world, host);
    let fault = [host, &region].iter().find_map(|place| world.sts.regions.get(*place)?.tls).unwrap_or(world.sts.tls);
    Wire { fault, round_trip: round_trip(world) }
}

/// The distance to STS.
pub fn round_trip(world: &World) -> Duration {
    Duration::from_millis(world.sts.round_trip_ms)
}

/// Reads a request's head.
async fn head(tcp: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < 16 * 1024 {
        head.push(tcp.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// Says the credentials again, as they were sent and decoded: a proxy that is being debugged, or a hostile one.
async fn echo(tcp: &mut TcpStream, head: &str) {
    let sent = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: Basic ")).unwrap_or_default();
    let plain = BASE64_STANDARD.decode(sent).ok().and_then(|plain| String::from_utf8(plain).ok()).unwrap_or_default();
    let password = plain.split_once(':').map_or("", |(_, password)| password);
    refuse(tcp, &format!("407 Not {sent} nor {plain} with {password}")).await;
}

/// Answers as a proxy does that will not help.
async fn refuse(tcp: &mut TcpStream, status: &str) {
    let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1><p>squid</p></body></html>\n");
    let challenge = if status.starts_with("407") { "Proxy-Authenticate: Basic realm=\"proxy\"\r\n" } else { "" };
    let answer = format!(
        "HTTP/1.1 {status}\r\nServer: squid/6.6\r\n{challenge}Content-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    let _ = tcp.write_all(answer.as_bytes()).await;
    let _ = tcp.shutdown().await;
    until_gone(tcp).await;
}
