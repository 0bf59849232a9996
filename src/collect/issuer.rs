//! The token's issuer (`--check-issuer`): its discovery document and its keys, as STS fetches them. No secret is sent, and none is kept.
//!
//! A redirect is never followed. Nothing says that STS would follow it, and whoever answers would choose where it leads.

use super::http::{Client, Limits, Response};
use crate::core::aws::answer::{ForeignAnswer, ServiceAnswer};
use crate::core::evidence::exchange::{Exchange, Failure, FailureKind, Phase};
use crate::core::evidence::issuer::{discovery, discovery_url, key_set, may_be_asked, refusal, truncate, unexplained};
use crate::core::evidence::{Call, Discovery, Fact, Issuer, SkipReason};
use crate::core::pod::token::Claims;
use crate::core::text::secrets::Secrets;
use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, LOCATION};
use std::time::Duration;

/// The limit for both documents together. An issuer that is slower fails STS, too (docs/facts.md#verification-key). The check takes so much longer at
/// most.
pub const CUT: Duration = Duration::from_secs(5);

/// The `Accept` header. A kube-apiserver serves its key set as application/jwk-set+json alone and answers 406 to a client that does not
/// name it (kubernetes `pkg/routes/openidmetadata.go`, go-restful's `matchesAccept`). Other servers may use yet another type for this JSON.
const TYPES: &str = "application/json, application/jwk-set+json, */*;q=0.1";

/// What an attempt does about the token's issuer.
#[derive(Debug, Clone, PartialEq)]
pub enum IssuerCall {
    /// It is left alone.
    Skip(SkipReason),
    /// What was found before stands.
    Recall(Box<Issuer>),
    /// It is asked. These are the token's claims.
    Ask(Box<Claims>),
}

/// Does what was decided about the issuer. The client's deadline bounds both requests.
pub async fn collect(client: Client, call: IssuerCall) -> Fact<Issuer> {
    match call {
        IssuerCall::Skip(because) => Fact::NotAttempted(because),
        IssuerCall::Recall(issuer) => Fact::Known(*issuer),
        IssuerCall::Ask(claims) => Fact::Known(fetch(&client, &claims).await),
    }
}

/// Asks the issuer of a token, whose claims these are.
async fn fetch(client: &Client, claims: &Claims) -> Issuer {
    let issuer = claims.issuer.clone().unwrap_or_default();
    let key_id = key_id(claims);
    let fetched = match discovery_url(&issuer) {
        Ok(url) => send(client, &url).await,
        Err(why) => refused(&issuer, why),
    };
    let mut discovery = fetched.parse(client.secrets(), |body| discovery(body, &issuer));
    let keys = match take_key_set_url(&mut discovery) {
        None => Fact::NotAttempted(SkipReason::EarlierFailure),
        Some(uri) => {
            let fetched = match may_be_asked(&uri) {
                Ok(()) => send(client, &uri).await,
                Err(why) => refused(&uri, why),
            };
            Fact::Known(fetched.parse(client.secrets(), |body| key_set(body, key_id)))
        }
    };
    Issuer { key_id: key_id.map(truncate), issuer, discovery, keys }
}

/// Whether another request is not worth its time. That is so when the key was found, and when the issuer kept silent: it would only hold
/// up the next attempt.
pub fn is_settled(found: &Issuer, claims: &Claims) -> bool {
    let same = claims.issuer.as_ref() == Some(&found.issuer) && key_id(claims).map(truncate) == found.key_id;
    let keys = found.keys.known();
    let has_key = keys.and_then(Call::success).is_some_and(|keys| keys.has_token_key == Some(true));
    let failure = found.discovery.answer.as_ref().err().or_else(|| keys.and_then(|keys| keys.answer.as_ref().err()));
    same && (has_key || failure.is_some_and(|failure| matches!(failure.kind, FailureKind::ConnectTimeout | FailureKind::RequestTimeout)))
}

/// The key that a token names. An empty name counts as none, because it would fit any key without a name.
fn key_id(claims: &Claims) -> Option<&str> {
    claims.key_id.as_deref().filter(|key_id| !key_id.is_empty())
}

/// Takes out the `jwks_uri` as it was sent. Evidence keeps it without anything that might be a password.
fn take_key_set_url(discovery: &mut Call<Discovery>) -> Option<String> {
    let Ok(ServiceAnswer::Success(Discovery { jwks_uri: Some(uri), .. })) = &mut discovery.answer else { return None };
    let safe = truncate(uri);
    Some(std::mem::replace(uri, safe))
}

/// A request, and what came.
struct FetchedDocument {
    exchange: Option<Exchange>,
    answer: Result<Response, Failure>,
}

impl FetchedDocument {
    /// Parses what came as a document; the error says what it is instead.
    fn parse<T>(self, secrets: &Secrets, parse: impl FnOnce(&[u8]) -> Result<T, &'static str>) -> Call<T> {
        let answer = self.answer.map(|response| match response.status {
            200 => parse(&response.body).map_or_else(|what| alien(200, what), ServiceAnswer::Success),
            status => refused_by_server(&response, secrets).unwrap_or_else(|| alien(status, not_the_document(&response))),
        });
        Call { exchange: self.exchange, answer }
    }
}

fn alien<T>(status: u16, what: impl Into<String>) -> ServiceAnswer<T> {
    ServiceAnswer::Alien(ForeignAnswer { status, what: what.into() })
}

/// Where a redirect leads, if it is one.
fn redirect(response: &Response) -> Option<String> {
    let to = response.headers.get(LOCATION).filter(|_| (300..400).contains(&response.status))?;
    Some(truncate(&String::from_utf8_lossy(to.as_bytes())))
}

/// The error that the server itself names, if it names one and sends no redirect.
fn refused_by_server<T>(response: &Response, secrets: &Secrets) -> Option<ServiceAnswer<T>> {
    let error = refusal(response.status, &response.body).filter(|_| redirect(response).is_none())?;
    Some(ServiceAnswer::Error(error.redacted(secrets)))
}

fn not_the_document(response: &Response) -> String {
    match redirect(response) {
        Some(to) => format!("a redirect to {to}, which is not followed"),
        None => unexplained(&response.body).to_owned(),
    }
}

async fn send(client: &Client, url: &str) -> FetchedDocument {
    let Ok(request) = Request::get(url).header(ACCEPT, TYPES).body(Bytes::new()) else {
        return refused(url, "it is not a URL");
    };
    let (exchange, response) = client.send(request, Limits::default()).await;
    let failure = exchange.failure.clone();
    let lost = || Failure { phase: Phase::Response, kind: FailureKind::ConnectionLost, text: "no response".to_owned() };
    FetchedDocument { exchange: Some(exchange), answer: response.ok_or_else(|| failure.unwrap_or_else(lost)) }
}

fn refused(url: &str, why: &str) -> FetchedDocument {
    let text = format!("{} was not requested: {why}", truncate(url));
    FetchedDocument { exchange: None, answer: Err(Failure { phase: Phase::Resolve, kind: FailureKind::BadRequest, text }) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests serve on loopback")]
    use super::super::http::{ClientSettings, Roots};
    use super::*;
    use crate::core::pod::proxy::Proxies;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Instant;

    /// An issuer in the clear, which only loopback may be.
    fn issuer(documents: usize, answer: impl Fn(&str, &str) -> String + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/id/1", listener.local_addr().unwrap());
        let own = url.clone();
        std::thread::spawn(move || {
            for _ in 0..documents {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                let body = answer(head.split(' ').nth(1).unwrap(), &own);
                let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        url
    }

    async fn fetch_from(issuer: &str) -> Issuer {
        let settings = ClientSettings {
            roots: Roots::built_in(),
            proxies: Proxies::default(),
            secrets: Secrets::default(),
            deadline: Instant::now() + CUT * 24,
        };
        let claims = Claims { issuer: Some(issuer.to_owned()), key_id: Some("k1".to_owned()), ..Claims::default() };
        let seen = fetch(&Client::new(settings), &claims).await;
        assert!(!is_settled(&seen, &Claims::default()));
        seen
    }

    #[tokio::test]
    async fn both_documents_of_an_issuer_on_loopback() {
        let url = issuer(2, |path, own| match path {
            "/id/1/.well-known/openid-configuration" => format!(r#"{{"issuer":"{own}","jwks_uri":"{own}/keys?v=1"}}"#),
            "/id/1/keys?v=1" => r#"{"keys":[{"kid":"k0"},{"kid":"k1"}]}"#.to_owned(),
            other => panic!("asked for {other}"),
        });
        let seen = fetch_from(&url).await;
        assert_eq!(seen.discovery.success().unwrap().issuer, url);
        let keys = seen.keys.known().unwrap().success().unwrap();
        assert_eq!((keys.keys, keys.has_token_key), (2, Some(true)));
        let claims = |key: &str| Claims { issuer: Some(url.clone()), key_id: Some(key.to_owned()), ..Claims::default() };
        assert!(is_settled(&seen, &claims("k1")) && !is_settled(&seen, &claims("k2")), "a rotated token is looked for again");
    }

    /// A key set without ids fits no token, and none that names no key.
    #[tokio::test]
    async fn an_empty_key_id_is_none() {
        let url = issuer(2, |path, own| match path {
            "/id/1/.well-known/openid-configuration" => format!(r#"{{"issuer":"{own}","jwks_uri":"{own}/keys"}}"#),
            _ => r#"{"keys":[{"kid":""},{}]}"#.to_owned(),
        });
        let settings = ClientSettings {
            roots: Roots::built_in(),
            proxies: Proxies::default(),
            secrets: Secrets::default(),
            deadline: Instant::now() + CUT,
        };
        let claims = Claims { issuer: Some(url), key_id: Some(String::new()), ..Claims::default() };
        let seen = fetch(&Client::new(settings), &claims).await;
        assert_eq!((seen.key_id.as_deref(), seen.keys.known().unwrap().success().unwrap().has_token_key), (None, None));
        assert!(!is_settled(&seen, &claims));
    }

    #[tokio::test]
    async fn a_password_in_a_documents_address_is_neither_sent_nor_kept() {
        let url = issuer(1, |_, own| format!(r#"{{"issuer":"{own}","jwks_uri":"https://me:hunter2@issuer.example/keys"}}"#));
        let seen = fetch_from(&url).await;
        let failure = seen.keys.known().unwrap().answer.as_ref().unwrap_err();
        assert_eq!(failure.text, "https://***@issuer.example/keys was not requested: it contains a user name or password");
        assert!(!format!("{seen:?}").contains("hunter2"));
    }
}
