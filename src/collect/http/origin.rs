//! Where a request goes (its origin: RFC 9110 section 4.3.1), and the request as it is sent there.

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Uri, Version};
use http_body_util::Full;

use super::fault::Fault;
use crate::core::evidence::exchange::FailureKind;
use crate::core::pod::proxy::authority;

/// Scheme, host and port. Requests to the same origin share a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) tls: bool,
    /// In lower case, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    pub(super) fn parse(url: &Uri) -> Result<Self, Fault> {
        let tls = match url.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad_request("not an absolute http:// or https:// URL")),
        };
        let host = url.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() {
            return Err(bad_request("the URL has no host"));
        }
        let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { tls, host: host.to_ascii_lowercase(), port })
    }

    /// The Host header's value: the port only where it is not the scheme's own (RFC 9110 section 7.2).
    fn host_header(&self) -> String {
        let mut value = authority(&self.host, self.port);
        if self.port == if self.tls { 443 } else { 80 } {
            value.truncate(value.rfind(':').unwrap_or(value.len()));
        }
        value
    }

    /// The request in origin form with a Host header (RFC 9112 sections 3.2 and 3.2.1). The body is shared, not copied.
    pub(super) fn prepare(&self, request: Request<Bytes>) -> Result<Request<Full<Bytes>>, Fault> {
        let (head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut out = Request::new(Full::new(body));
        *out.method_mut() = head.method;
        *out.uri_mut() = path.parse().map_err(|_| bad_request("the URL's path cannot be sent"))?;
        *out.version_mut() = Version::HTTP_11;
        *out.headers_mut() = head.headers;
        if !out.headers().contains_key(HOST) {
            let value = HeaderValue::try_from(self.host_header()).map_err(|_| bad_request("the URL's host cannot be sent"))?;
            out.headers_mut().insert(HOST, value);
        }
        Ok(out)
    }
}

fn bad_request(text: &str) -> Fault {
    Fault::new(FailureKind::BadRequest, text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_their_host_header() {
        for (url, tls, host, port, header) in [
            ("http://169.254.169.254/latest", false, "169.254.169.254", 80, "169.254.169.254"),
            ("http://[fd00:ec2::23]/v1", false, "fd00:ec2::23", 80, "[fd00:ec2::23]"),
            ("http://[::1]:8080", false, "::1", 8080, "[::1]:8080"),
            ("https://STS.Eu-West-1.amazonaws.com", true, "sts.eu-west-1.amazonaws.com", 443, "sts.eu-west-1.amazonaws.com"),
            ("https://a:80/", true, "a", 80, "a:80"),
        ] {
            let origin = Origin::parse(&url.parse().unwrap()).unwrap();
            assert_eq!((origin.tls, origin.host.as_str(), origin.port), (tls, host, port), "{url}");
            assert_eq!(origin.host_header(), header, "{url}");
        }
        for url in ["/path", "ftp://a/", "a:80", "*"] {
            assert_eq!(Origin::parse(&url.parse().unwrap()).unwrap_err().kind, FailureKind::BadRequest, "{url}");
        }
    }

    #[test]
    fn origin_form_keeps_a_given_host_and_the_query() {
        let origin = Origin::parse(&Uri::from_static("http://a:81/x?y=z")).unwrap();
        let request = |builder: http::request::Builder| origin.prepare(builder.body(Bytes::new()).unwrap()).unwrap();
        let sent = request(Request::get("http://a:81/x?y=z").header(HOST, "b"));
        assert_eq!((sent.uri().to_string().as_str(), &sent.headers()[HOST]), ("/x?y=z", &HeaderValue::from_static("b")));
        let sent = request(Request::get("http://a:81"));
        assert_eq!((sent.uri().to_string().as_str(), &sent.headers()[HOST]), ("/", &HeaderValue::from_static("a:81")));
    }
}
