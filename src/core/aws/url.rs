//! URLs of STS and of the Pod Identity agent: their host and port, and to which URLs SDKs send the agent's token.

use std::net::IpAddr;

/// Whether SDKs call this full URI at all (docs/facts.md#container-uri, docs/facts.md#agent-uri-http).
pub fn agent_uri_may_be_called(uri: &str) -> bool {
    url_host(uri).is_some_and(|host| !is_plain_http(uri) || may_be_called_by_plain_http(&host))
}

/// Whether the scheme is http. A token that is sent by plain http can be read on the way.
pub fn is_plain_http(uri: &str) -> bool {
    // Capitals do not count in a scheme.
    uri.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"))
}

/// Whether SDKs call this host by plain http. They call only loopback, the address of ECS, and the agent's two addresses.
pub fn may_be_called_by_plain_http(host: &str) -> bool {
    let known = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
    match host.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback() || known.iter().any(|k| k.parse() == Ok(ip)),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// Whether a host is loopback: an address of it, or `localhost`.
pub fn is_loopback(host: &str) -> bool {
    host.parse::<IpAddr>().map_or(host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

/// Host of an absolute http(s) URL, without brackets. `None` for a URL with a user name and password. No SDK can call such a URL. This
/// program hides the two, and the URL without them would lead to another place.
pub fn url_host(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || url.contains('@') {
        return None;
    }
    let host = uri.host().filter(|host| !host.is_empty())?;
    Some(host.trim_start_matches('[').trim_end_matches(']').to_owned())
}

/// The port that the URL leads to.
pub fn url_port(url: &str) -> u16 {
    let uri: Option<http::Uri> = url.parse().ok();
    uri.and_then(|uri| uri.port_u16().or(if uri.scheme_str() == Some("https") { Some(443) } else { None })).unwrap_or(80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        for (url, host, port) in [
            ("https://sts.us-west-2.amazonaws.com", Some("sts.us-west-2.amazonaws.com"), 443),
            ("http://[fd00:ec2::23]/v1/credentials", Some("fd00:ec2::23"), 80),
            ("http://127.0.0.1:1234/", Some("127.0.0.1"), 1234),
            ("HTTPS://host.example", Some("host.example"), 443),
            ("https://user:word@host.example", None, 443),
            ("ftp://host.example", None, 80),
            ("sts.us-west-2.amazonaws.com", None, 80),
            ("", None, 80),
        ] {
            assert_eq!((url_host(url).as_deref(), url_port(url)), (host, port), "{url}");
        }
    }

    #[test]
    fn by_plain_http_only_loopback_and_the_agents() {
        for (uri, may) in [
            ("http://169.254.170.23/v1/credentials", true),
            ("HTTP://[fd00:ec2::23]/v1/credentials", true),
            ("http://localhost:51679/", true),
            ("http://127.1.2.3/", true),
            ("http://example.com/v1", false),
            ("HTTP://example.com/v1", false),
            ("http://169.254.169.254/", false),
            ("https://example.com/v1", true),
            ("not a url", false),
        ] {
            assert_eq!(agent_uri_may_be_called(uri), may, "{uri}");
        }
    }
}
