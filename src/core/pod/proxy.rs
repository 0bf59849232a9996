//! Which proxy an https URL goes through. `HTTPS_PROXY` and `NO_PROXY` are read as curl, Go and Python read them. The table shows where those
//! three disagree.
//!
//! | variable | rule here | elsewhere |
//! |---|---|---|
//! | `https_proxy`, `HTTPS_PROXY` | the lowercase name wins | curl and Python: lowercase; Go: uppercase |
//! | `no_proxy`, `NO_PROXY` | the same | the same |
//! | `ALL_PROXY`, `HTTP_PROXY` | never used: plain http goes only to the node and the pod's own agents | curl knows both, Go only `HTTP_PROXY` |
//!
//! An empty variable counts as unset. Loopback is proxied unless `NO_PROXY` says otherwise (curl; Go excludes it).
//! Sources: curl's manual page ("ENVIRONMENT"), Go's `golang.org/x/net/http/httpproxy`, Python's `urllib.request.getproxies_environment`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::core::text::percent::{self, Decoded};
use base64::Engine;
use zeroize::Zeroizing;

/// A proxy that speaks CONNECT.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Whether the connection to the proxy itself uses TLS (an `https://` proxy).
    pub tls: bool,
    /// Its host, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The value of `Proxy-Authorization`, made from the URL's userinfo. It is a secret that is sent only to the proxy.
    authorization: Option<Zeroizing<String>>,
}

impl Proxy {
    /// The value of `Proxy-Authorization`. A secret.
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_ref().map(|value| value.as_str())
    }

    /// `host:port`, with brackets around IPv6.
    pub fn authority(&self) -> String {
        authority(&self.host, self.port)
    }

    /// Reads `[http[s]://][user[:password]@]host[:port][/…]`. The error never repeats the value, which may hold a password.
    fn parse(value: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err("only http:// and https:// proxies are supported"),
        };
        let (rest, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if path.contains('@') {
            // Without this, a part of the password would be taken for the host and printed.
            return Err("its credentials hold a /, ? or # that is not percent-encoded");
        }
        // The userinfo ends at the last @, because passwords often hold an unescaped @.
        let (userinfo, address) = match rest.rsplit_once('@') {
            Some((userinfo, address)) => (Some(userinfo), address),
            None => (None, rest),
        };
        let (host, port) = split_port(address);
        let port = match port {
            // These are the defaults of Go and hyper. curl's default of 1080 is a SOCKS port.
            None => {
                if tls {
                    443
                } else {
                    80
                }
            }
            Some(port) => port.parse().ok().filter(|&port| port != 0).ok_or("its port is not a number from 1 to 65535")?,
        };
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("it is not of the form http://host:port");
        }
        if host.contains(':') && host.parse::<Ipv6Addr>().is_err() {
            return Err("it is not of the form http://host:port");
        }
        let authorization = userinfo.filter(|userinfo| !userinfo.is_empty()).map(|userinfo| {
            let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
            let mut plain = Zeroizing::new(Vec::with_capacity(userinfo.len() + 1));
            percent_decode(user, &mut plain);
            plain.push(b':');
            percent_decode(password, &mut plain);
            let encoded = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(&*plain));
            Zeroizing::new(format!("Basic {}", &*encoded))
        });
        Ok(Self { tls, host: host.to_owned(), port, authorization })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written by hand, because the derived `Debug` would print the credentials.
        f.debug_struct("Proxy").field("tls", &self.tls).field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// The proxies of one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    https: Option<Result<Proxy, String>>,
    no_proxy: String,
}

impl Proxies {
    /// The value of `Proxy-Authorization` for the proxy of https URLs. A secret.
    pub fn authorization(&self) -> Option<&str> {
        self.https.as_ref()?.as_ref().ok()?.authorization()
    }

    /// Reads the variables; all others are ignored.
    pub fn from_env<N: AsRef<str>, V: AsRef<str>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let (mut https, mut no_proxy) = ([None, None], [None, None]);
        for (name, value) in variables {
            let slot = match name.as_ref() {
                "https_proxy" => &mut https[0],
                "HTTPS_PROXY" => &mut https[1],
                "no_proxy" => &mut no_proxy[0],
                "NO_PROXY" => &mut no_proxy[1],
                _ => continue,
            };
            let value = value.as_ref().trim();
            *slot = (!value.is_empty()).then(|| Zeroizing::new(value.to_owned()));
        }
        let named = ["https_proxy", "HTTPS_PROXY"].into_iter().zip(https).find_map(|(name, value)| Some((name, value?)));
        Self {
            https: named.map(|(name, value)| Proxy::parse(&value).map_err(|why| format!("{name} is unusable: {why}"))),
            no_proxy: no_proxy.into_iter().flatten().next().map(|value| value.to_string()).unwrap_or_default(),
        }
    }

    /// The proxy for a URL of this scheme, host and port. `Err` names a variable that cannot be used.
    ///
    /// Plain http and link-local addresses (IMDS, the Pod Identity agent) never go through a proxy. A proxy on another node would reach the
    /// services of *its* node, and could give out that node's role.
    pub fn for_url(&self, https: bool, host: &str, port: u16) -> Option<Result<&Proxy, &str>> {
        if !https || is_link_local(host) || bypasses(&self.no_proxy, host, port) {
            return None;
        }
        self.https.as_ref().map(|proxy| proxy.as_ref().map_err(String::as_str))
    }
}

/// Whether this `NO_PROXY` value exempts `host:port` from the proxy.
///
/// Entries are separated by commas or spaces. An entry is `*`, a host name, an IP address, or a CIDR block. A host name stands for itself and
/// all names below it, with or without a leading dot or `*.`. A host name or an IP address may have a `:port`.
pub fn bypasses(no_proxy: &str, host: &str, port: u16) -> bool {
    let host = bare(host);
    let address = parse_ip(host);
    no_proxy
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|entry| !entry.is_empty())
        .any(|entry| matches_entry(entry, host, address, port))
}

fn matches_entry(entry: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        return match (parse_ip(bare(network)), bits.parse(), address) {
            (Some(network), Ok(bits), Some(address)) => in_network(address, network, bits),
            _ => false,
        };
    }
    let (name, wanted) = split_port(entry);
    if let Some(wanted) = wanted
        && wanted.parse() != Ok(port)
    {
        return false;
    }
    match (parse_ip(name), address) {
        (Some(listed), Some(address)) => listed == address,
        (None, None) => {
            let name = bare(name);
            let name = name.strip_prefix("*.").or_else(|| name.strip_prefix('.')).unwrap_or(name);
            !name.is_empty() && is_at_or_below(host, name)
        }
        _ => false,
    }
}

/// Whether `host` equals `domain` or ends in `.domain`. Case does not count.
fn is_at_or_below(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.as_bytes(), domain.as_bytes());
    match host.len().checked_sub(domain.len()) {
        None => false,
        Some(at) => host[at..].eq_ignore_ascii_case(domain) && (at == 0 || host[at - 1] == b'.'),
    }
}

/// Whether the host is a link-local address: 169.254.0.0/16 and fe80::/10 (RFC 3927, RFC 4291), and fd00:ec2::/32, where AWS has the same services
/// for IPv6.
pub fn is_link_local(host: &str) -> bool {
    match parse_ip(bare(host)) {
        Some(IpAddr::V4(address)) => address.is_link_local(),
        Some(IpAddr::V6(address)) => {
            address.is_unicast_link_local() || in_network(address.into(), Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0).into(), 32)
        }
        None => false,
    }
}

fn in_network(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            (Ipv4Addr::to_bits(a) ^ Ipv4Addr::to_bits(n)) & mask == 0
        }
        (IpAddr::V6(a), IpAddr::V6(n)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            (Ipv6Addr::to_bits(a) ^ Ipv6Addr::to_bits(n)) & mask == 0
        }
        _ => false,
    }
}

/// The host without brackets and without the dot at the end.
fn bare(host: &str) -> &str {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host)
}

/// Parses an IP address. An IPv4-mapped IPv6 address becomes the IPv4 address that it reaches.
fn parse_ip(host: &str) -> Option<IpAddr> {
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Splits `host:port`, `[v6]:port`, `[v6]`, `v6` and `host`. The host is returned without brackets.
fn split_port(address: &str) -> (&str, Option<&str>) {
    if let Some(rest) = address.strip_prefix('[')
        && let Some((host, tail)) = rest.split_once(']')
    {
        return (host, tail.strip_prefix(':').filter(|port| !port.is_empty()));
    }
    match address.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port).filter(|port| !port.is_empty())),
        _ => (address, None),
    }
}

/// `host:port`, with brackets around IPv6.
pub fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Decodes percent-encoding. A `%` that begins no escape is kept.
fn percent_decode(text: &str, out: &mut Vec<u8>) {
    out.extend(percent::decode(text).map(|decoded| match decoded {
        Decoded::Plain(byte) | Decoded::Escaped(byte) => byte,
        Decoded::Stray => b'%',
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_env(variables.iter().copied())
    }

    fn chosen(variables: &[(&str, &str)]) -> Option<Result<String, String>> {
        proxies(variables).for_url(true, "sts.eu-west-1.amazonaws.com", 443).map(|proxy| proxy.map(Proxy::authority).map_err(str::to_owned))
    }

    #[test]
    fn no_proxy_rows() {
        #[rustfmt::skip]
        let rows = [
            ("", "a.example.com", 443, false),
            (" , ,", "a.example.com", 443, false),
            ("*", "a.example.com", 443, true),
            ("foo, *", "a.example.com", 443, true),
            ("example.com", "example.com", 443, true),
            ("example.com", "a.example.com", 443, true),
            (".example.com", "a.example.com", 443, true),
            (".example.com", "example.com", 443, true),
            ("*.example.com", "a.example.com", 443, true),
            ("EXAMPLE.com", "A.Example.Com", 443, true),
            ("example.com.", "a.example.com", 443, true),
            ("example.com", "a.example.com.", 443, true),
            ("example.com", "notexample.com", 443, false),
            ("example.com", "com", 443, false),
            (".", "a.example.com", 443, false),
            ("x.com  example.com", "a.example.com", 443, true),
            ("example.com:443", "a.example.com", 443, true),
            ("example.com:8443", "a.example.com", 443, false),
            ("example.com:port", "a.example.com", 443, false),
            ("169.254.170.23", "169.254.170.23", 80, true),
            ("169.254.170.23:80", "169.254.170.23", 80, true),
            ("169.254.170.23:81", "169.254.170.23", 80, false),
            ("169.254.170.2", "169.254.170.23", 80, false),
            ("70.23", "169.254.170.23", 80, false),
            ("169.254.0.0/16", "169.254.170.23", 80, true),
            ("169.254.170.0/29", "169.254.170.23", 80, false),
            ("0.0.0.0/0", "169.254.170.23", 80, true),
            ("169.254.0.0/33", "169.254.170.23", 80, false),
            ("169.254.0.0/x", "169.254.170.23", 80, false),
            ("0.0.0.0/0", "a.example.com", 80, false),
            ("fd00:ec2::23", "[fd00:ec2::23]", 80, true),
            ("[fd00:ec2::23]", "fd00:ec2::23", 80, true),
            ("[fd00:ec2::23]:80", "fd00:ec2::23", 80, true),
            ("[fd00:ec2::23]:81", "fd00:ec2::23", 80, false),
            ("fd00:ec2::/32", "fd00:ec2::23", 80, true),
            ("fd00:ec3::/32", "fd00:ec2::23", 80, false),
            ("::/0", "fd00:ec2::23", 80, true),
            ("::/129", "fd00:ec2::23", 80, false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", 80, true),
            ("/", "a.example.com", 80, false),
            ("[", "a.example.com", 80, false),
            (":", "a.example.com", 80, false),
        ];
        for (no_proxy, host, port, expected) in rows {
            assert_eq!(bypasses(no_proxy, host, port), expected, "NO_PROXY={no_proxy:?} {host}:{port}");
        }
    }

    #[test]
    fn lowercase_wins_and_empty_is_unset() {
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[("HTTP_PROXY", "http://p:1"), ("ALL_PROXY", "http://p:1")]), None);
        assert_eq!(chosen(&[("HTTPS_PROXY", "http://up:1"), ("https_proxy", "http://low:2")]), Some(Ok("low:2".into())));
        assert_eq!(chosen(&[("HTTPS_PROXY", "http://up:1"), ("https_proxy", " ")]), Some(Ok("up:1".into())));
        assert_eq!(chosen(&[("HTTPS_PROXY", "http://up:1"), ("NO_PROXY", "*"), ("no_proxy", "x.com")]), Some(Ok("up:1".into())));
        assert_eq!(chosen(&[("HTTPS_PROXY", "http://up:1"), ("NO_PROXY", ".amazonaws.com")]), None);
    }

    #[test]
    fn proxy_urls() {
        for (value, authority, tls) in [
            ("proxy", "proxy:80", false),
            ("proxy:3128", "proxy:3128", false),
            ("http://proxy:3128/", "proxy:3128", false),
            ("HTTPS://proxy", "proxy:443", true),
            ("http://[::1]:3128", "[::1]:3128", false),
            ("http://u:p@proxy:3128/x?y", "proxy:3128", false),
        ] {
            let proxy = Proxy::parse(value).unwrap();
            assert_eq!((proxy.authority().as_str(), proxy.tls), (authority, tls), "{value}");
        }
        for value in [
            "socks5://s3cret@proxy",
            "http://s3cret@",
            "http://s3cret@proxy:0",
            "http://s3cret@proxy:99999",
            "http://u:1/s3cret@proxy",
            "a:b:c",
            "http://a b",
        ] {
            let error = chosen(&[("HTTPS_PROXY", value)]).unwrap().unwrap_err();
            assert!(error.starts_with("HTTPS_PROXY is unusable: ") && !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn credentials_are_decoded_and_never_printed() {
        let all = proxies(&[("https_proxy", "http://us%65r:p%40ss%:w@proxy:3128")]);
        let proxy = all.for_url(true, "example.com", 443).unwrap().unwrap();
        let expected = base64::engine::general_purpose::STANDARD.encode("user:p@ss%:w");
        assert_eq!(proxy.authorization(), Some(format!("Basic {expected}").as_str()));
        let shown = format!("{all:?}");
        assert!(!shown.contains("ss%") && !shown.contains(&expected), "{shown}");
        assert_eq!(Proxy::parse("http://proxy").unwrap().authorization(), None);
    }

    #[test]
    fn link_local_and_plain_http_are_never_proxied_but_loopback_is() {
        let all = proxies(&[("HTTPS_PROXY", "http://proxy:3128")]);
        for host in ["169.254.169.254", "169.254.170.23", "[fd00:ec2::254]", "fd00:ec2::23", "fe80::1", "::ffff:169.254.169.254"] {
            assert_eq!(all.for_url(true, host, 443), None, "{host}");
        }
        assert_eq!(all.for_url(false, "example.com", 80), None);
        for host in ["127.0.0.1", "::1", "localhost"] {
            assert!(all.for_url(true, host, 443).is_some(), "{host}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_or_leaks(text in ".{0,60}", host in ".{0,30}", secret in "[a-z0-9]{8}") {
            bypasses(&text, &host, 443);
            bypasses(&host, &text, 443);
            let all = proxies(&[("HTTPS_PROXY", &format!("{text}{secret}@{host}"))]);
            let _ = all.for_url(true, &host, 443);
            if !host.contains(&secret) {
                let shown = format!("{:?}", all);
                proptest::prop_assert!(!shown.contains(&secret), "{}", shown);
            }
        }
    }
}
