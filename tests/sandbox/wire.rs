//! How requests reach the fakes, or do not: proxy, TLS, refused connections, answers cut short.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use crate::{
    client::{FORM, Got, IDENTITY, Signer, assume_body, exchange, request, sandbox},
    support::{Sandbox, Service},
};

/// Opens a tunnel to `host:443`; the proxy's refusal otherwise.
fn tunnel(sandbox: &Sandbox, host: &str, headers: &str) -> Result<TcpStream, String> {
    let proxy = sandbox.expand("{proxy}");
    let address = proxy.rsplit(['@', '/']).next().unwrap();
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    tcp.write_all(format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n{headers}\r\n").as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if !matches!(tcp.read(&mut byte), Ok(1)) {
            break;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    if head.starts_with("HTTP/1.1 200") { Ok(tcp) } else { Err(head) }
}

/// One request through TLS that trusts the pod's CA bundle; closing without notice is fine.
fn over_tls(sandbox: &Sandbox, tcp: TcpStream, host: &str, text: &str) -> std::io::Result<Got> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_file_iter(sandbox.expand("{ca}")).unwrap().map(Result::unwrap));
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from(host.to_owned()).unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, tcp);
    stream.write_all(text.as_bytes())?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(Got::parse(&String::from_utf8(answer).unwrap())),
    }
}

fn sts_over_tls(sandbox: &Sandbox, host: &str, text: &str) -> std::io::Result<Got> {
    over_tls(sandbox, tunnel(sandbox, host, "").map_err(std::io::Error::other)?, host, text)
}

fn proxied(situation: Value) -> Sandbox {
    let mut situation = situation;
    situation["sts"]["reach"] = "proxy".into();
    sandbox(situation)
}

#[test]
fn real_names_are_served_through_the_proxy() {
    let sandbox = proxied(json!({}));
    let host = "sts.us-west-2.amazonaws.com";
    let body = assume_body(&sandbox, &[]);
    let assumed = sts_over_tls(&sandbox, host, &request("POST", "/", host, &[FORM], &body)).unwrap();
    assert_eq!(assumed.status, 200, "{assumed:?}");

    // The global endpoint takes us-east-1 scopes only, whatever the pod's region is.
    let host = "sts.amazonaws.com";
    let mut signer = Signer { host: host.to_owned(), ..Signer::new(&sandbox, &assumed) };
    let ask = |signer: &Signer| {
        let headers = signer.headers(IDENTITY);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        sts_over_tls(&sandbox, host, &request("POST", "/", host, &headers, IDENTITY)).unwrap()
    };
    assert_eq!(ask(&signer).tag("Message"), "Credential should be scoped to a valid region. ");
    signer.region = "us-east-1".to_owned();
    assert_eq!(ask(&signer).status, 200);

    let records = sandbox.requests();
    assert_eq!((records[0].service, records[0].operation.as_str()), (Service::Proxy, "CONNECT sts.us-west-2.amazonaws.com:443"));
    assert_eq!((records[1].service, records[1].connection), (Service::Sts, records[0].connection), "tunnel and request are one connection");
    assert_eq!(records.last().unwrap().region.as_deref(), Some("aws-global"));
}

#[test]
fn the_issuer_publishes_its_keys() {
    let sandbox = proxied(json!({}));
    let host = "oidc.eks.us-west-2.amazonaws.com";
    let get = |path: &str| {
        sts_over_tls(&sandbox, host, &request("GET", &format!("/id/EXAMPLED539D4633E53DE1B71EXAMPLE{path}"), host, &[], "")).unwrap()
    };
    let discovery: Value = serde_json::from_str(&get("/.well-known/openid-configuration").body).unwrap();
    assert_eq!(discovery["issuer"], sandbox.expand("{issuer}"));
    let keys: Value = serde_json::from_str(&get("/keys").body).unwrap();
    assert_eq!(keys["keys"][0]["alg"], "RS256");
    assert_eq!(get("/else").status, 404);
}

/// Measured at a kube-apiserver 1.36.3.
#[test]
fn a_kube_apiserver_gives_each_document_as_one_type() {
    let sandbox = proxied(json!({"issuer": "https://kubernetes.default.svc.cluster.local", "issuerSite": {"apiServer": true}}));
    let host = "kubernetes.default.svc.cluster.local";
    let get = |path: &str, accept: &str| sts_over_tls(&sandbox, host, &request("GET", path, host, &[("accept", accept)], "")).unwrap();
    let (document, keys) = ("/.well-known/openid-configuration", "/openid/v1/jwks");
    for (path, accept, status) in [
        (document, "application/json", 200),
        (document, "application/json;q=0.9, text/plain", 200),
        (document, "*/*", 200),
        (document, "application/jwk-set+json", 406),
        (document, "application/*", 406),
        (keys, "application/jwk-set+json", 200),
        (keys, "application/json, application/jwk-set+json", 200),
        (keys, "*/*;q=0.1", 200),
        (keys, "application/json", 406),
        (keys, "text/html", 406),
        ("/keys", "*/*", 404),
    ] {
        assert_eq!(get(path, accept).status, status, "{path} as {accept}");
    }
    let document: Value = serde_json::from_str(&get(document, "*/*").body).unwrap();
    assert_eq!(document["jwks_uri"], format!("https://{host}{keys}"));
    let refusal: Value = serde_json::from_str(&get(keys, "application/json").body).unwrap();
    assert_eq!(refusal["message"], "406: Not Acceptable\n\nAvailable representations: application/jwk-set+json");
}

#[test]
fn names_that_dns_lacks_are_bad_gateways() {
    let sandbox = proxied(json!({"sts": {"regions": {"eu-west-1": {"tls": "not-found"}}}}));
    for host in [
        "example.com",
        "sts.us-west-9.amazonaws.com",
        "sts-fips.eu-west-2.amazonaws.com",
        "sts.eu-west-1.amazonaws.com",
        "sts.cn-north-1.amazonaws.com",
    ] {
        let refusal = tunnel(&sandbox, host, "").unwrap_err();
        assert!(refusal.starts_with("HTTP/1.1 502 "), "{host}: {refusal}");
    }
    for host in
        ["sts-fips.us-west-2.amazonaws.com", "sts.cn-north-1.amazonaws.com.cn", "sts.eusc-de-east-1.amazonaws.eu", "sts.eu-west-2.api.aws"]
    {
        assert!(tunnel(&sandbox, host, "").is_ok(), "{host}");
    }
}

#[test]
fn proxies_refuse_in_their_ways() {
    let host = "sts.us-west-2.amazonaws.com";
    for (mode, starts) in [("auth", "HTTP/1.1 407 "), ("forbidden", "HTTP/1.1 403 "), ("close", "")] {
        let refusal = tunnel(&proxied(json!({"proxy": {"mode": mode}})), host, "").unwrap_err();
        assert!(refusal.starts_with(starts) && refusal.is_empty() == starts.is_empty(), "{mode}: {refusal}");
    }
    let sandbox = proxied(json!({"proxy": {"credentials": "me:opensesame"}}));
    assert!(sandbox.env()["HTTPS_PROXY"].starts_with("http://me:opensesame@127.0.0.1:"));
    assert!(sandbox.secrets().contains(&"opensesame".to_owned()));
    assert!(tunnel(&sandbox, host, "").unwrap_err().starts_with("HTTP/1.1 407 "));
    assert!(tunnel(&sandbox, host, "Proxy-Authorization: Basic bWU6b3BlbnNlc2FtZQ==\r\n").is_ok());
}

#[test]
fn tls_dies_as_it_is_told() {
    let host = "sts.us-west-2.amazonaws.com";
    let failure = |fault: &str| {
        let sandbox = proxied(json!({"sts": {"regions": {"us-west-2": {"tls": fault}}}}));
        sts_over_tls(&sandbox, host, &request("POST", "/", host, &[FORM], IDENTITY)).unwrap_err()
    };
    let tls = |fault: &str| failure(fault).into_inner().and_then(|inner| inner.downcast::<Error>().ok()).map(|error| *error);
    assert!(matches!(tls("wrong-name"), Some(Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }))));
    assert!(matches!(tls("expired"), Some(Error::InvalidCertificate(CertificateError::ExpiredContext { .. }))));
    assert!(matches!(tls("untrusted"), Some(Error::InvalidCertificate(CertificateError::UnknownIssuer))));
    assert!(matches!(tls("plaintext"), Some(Error::InvalidMessage(_))));
    assert_eq!(failure("reset").kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(failure("closed").kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn refused_is_refused() {
    let sandbox = sandbox(
        json!({"inject": ["pod-identity"], "sts": {"reach": "refused"}, "agent": {"mode": "refused"}, "proxy": {"mode": "refused"}}),
    );
    for url in ["{sts}", "{agent}", "{proxy}", "{imds}"] {
        let url = sandbox.expand(url);
        let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused, "{url}");
    }
}

#[test]
fn answers_can_be_cut_short() {
    let cut = |step: Value| {
        let sandbox = sandbox(json!({"sts": {"script": {"*": [step]}}}));
        let address = sandbox.expand("{sts}").replace("http://", "");
        exchange(&address, &request("POST", "/", &address, &[FORM], IDENTITY))
    };
    assert_eq!(cut(json!({"close": "before-response"})), "");
    let half = Got::parse(&cut(json!({"close": "mid-body"})));
    let declared: usize = half.head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    assert!(half.status == 403 && half.body.len() == declared / 2);
}

#[test]
fn distance_costs_a_round_trip_per_turn() {
    let sandbox = proxied(json!({"sts": {"roundTripMs": 20}}));
    let started = std::time::Instant::now();
    let host = "sts.us-west-2.amazonaws.com";
    let got = sts_over_tls(&sandbox, host, &request("POST", "/", host, &[FORM], IDENTITY)).unwrap();
    assert_eq!(got.tag("Code"), "MissingAuthenticationToken");
    // Tunnel, handshake, request: a sleep is never shorter than it says.
    assert!(started.elapsed() >= Duration::from_millis(60));
}

#[test]
fn hangs_end_with_the_sandbox() {
    for (step, received) in [("response", ""), ("headers", "HTTP/1.1 403"), ("body", "HTTP/1.1 403")] {
        let sandbox = sandbox(json!({"sts": {"script": {"*": [{"hang": step}]}}}));
        let address = sandbox.expand("{sts}").replace("http://", "");
        let mut tcp = TcpStream::connect(&address).unwrap();
        tcp.write_all(request("POST", "/", &address, &[FORM], IDENTITY).as_bytes()).unwrap();
        let mut start = vec![0; received.len()];
        tcp.read_exact(&mut start).unwrap();
        while sandbox.requests().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(sandbox);
        let mut rest = Vec::new();
        let _ = tcp.read_to_end(&mut rest);
        assert_eq!(String::from_utf8(start).unwrap(), received, "{step}");
        assert!(step == "body" || !String::from_utf8(rest).unwrap().contains("\r\n\r\n"), "{step}: the head must not be complete");
    }
}

#[test]
fn a_black_hole_swallows_connections() {
    let sandbox = sandbox(json!({"sts": {"reach": "blackhole"}}));
    let address = sandbox.expand("{sts}").replace("http://", "").parse().unwrap();
    let error = TcpStream::connect_timeout(&address, Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}
