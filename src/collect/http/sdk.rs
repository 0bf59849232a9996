//! The client as the AWS SDK's `HttpClient`, with a memory of every exchange.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use zeroize::Zeroizing;

use super::fault::Fault;
use super::trace::Trace;
use super::{Client, Limits, Response};
use crate::core::evidence::exchange::{Exchange, Failure, FailureKind};
use crate::core::text::secrets::Secrets;

/// How much of a body is recorded, in bytes. A classification needs no more.
const BODY_CAP: usize = 64 * 1024;

/// What the SDK's request met.
#[derive(Debug)]
pub struct RecordedResponse {
    /// The exchange.
    pub exchange: Exchange,
    /// The response's body, capped, when it can hold no credentials: the status is not 2xx, or it is a web page or empty.
    pub body: Option<RecordedBody>,
}

/// A response's body in memory that is wiped; its `Debug` shows the length only.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordedBody(pub Zeroizing<Vec<u8>>);

impl fmt::Debug for RecordedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordedBody({} bytes)", self.0.len())
    }
}

/// The failure inside the `ConnectorError` that the SDK got.
#[derive(Debug)]
pub struct ConnectorFailure(pub Failure);

impl fmt::Display for ConnectorFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl std::error::Error for ConnectorFailure {}

/// Plugs a [`Client`] into the SDK and records its exchanges. Clones share the record and the client's connections.
#[derive(Debug, Clone)]
pub struct Recorder {
    client: Client,
    limits: Limits,
    answers: Arc<Mutex<Vec<RecordedResponse>>>,
}

impl Recorder {
    /// A recorder with an empty record. The SDK's connect and read timeouts replace those of `limits`.
    pub fn new(client: Client, limits: Limits) -> Self {
        Self { client, limits, answers: Arc::default() }
    }

    /// The client's secrets.
    pub fn secrets(&self) -> &Secrets {
        self.client.secrets()
    }

    /// Takes the answers recorded so far, in the order in which they ended.
    pub fn take(&self) -> Vec<RecordedResponse> {
        std::mem::take(&mut *self.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, answer: RecordedResponse) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
    }
}

impl HttpClient for Recorder {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let limits = with_timeouts(self.limits, settings.connect_timeout(), settings.read_timeout());
        SharedHttpConnector::new(Self { limits, ..self.clone() })
    }
}

/// The stock client's read timeout ends with the head of the response; ours covers the body too, which comes in the same packet.
fn with_timeouts(limits: Limits, connect: Option<Duration>, read: Option<Duration>) -> Limits {
    Limits { connect: connect.unwrap_or(limits.connect), response: read.unwrap_or(limits.response), ..limits }
}

impl HttpConnector for Recorder {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let recorder = self.clone();
        HttpConnectorFuture::new(async move {
            let trace = recorder.client.new_trace();
            let mut exchange = OpenExchange { recorder, trace: Some(trace) };
            let OpenExchange { recorder, trace: Some(trace) } = &mut exchange else {
                return Err(polled_after_end());
            };
            let outcome = match request_from_sdk(request) {
                Ok(request) => recorder.client.run(request, recorder.limits, trace).await,
                Err(fault) => Err(fault),
            };
            exchange.finish(outcome)
        })
    }
}

/// An exchange under way. When the SDK drops the future, its trace until then is recorded.
struct OpenExchange {
    recorder: Recorder,
    trace: Option<Trace>,
}

impl OpenExchange {
    fn finish(&mut self, outcome: Result<Response, Fault>) -> Result<HttpResponse, ConnectorError> {
        let trace = self.trace.take().unwrap_or_else(|| self.recorder.client.new_trace());
        match outcome {
            Ok(response) => {
                let body = recordable_body(&response);
                self.recorder.keep(RecordedResponse { exchange: trace.finish(None), body });
                response_to_sdk(response)
            }
            Err(fault) => {
                let timed_out = fault.timed_out;
                let exchange = trace.finish(Some(fault));
                let error = exchange.failure.clone().map_or_else(polled_after_end, |failure| connector_error(failure, timed_out));
                self.recorder.keep(RecordedResponse { exchange, body: None });
                Err(error)
            }
        }
    }
}

impl Drop for OpenExchange {
    fn drop(&mut self) {
        if let Some(trace) = self.trace.take() {
            self.recorder.keep(RecordedResponse { exchange: trace.cancelled(), body: None });
        }
    }
}

/// The SDK's error for a failure, as the stock client maps it (aws-smithy-http-client's `downcast_error`). It calls what it cannot name `other`.
fn connector_error(failure: Failure, timed_out: bool) -> ConnectorError {
    let kind = failure.kind;
    let source = Box::new(ConnectorFailure(failure));
    match kind {
        _ if timed_out => ConnectorError::timeout(source),
        FailureKind::ConnectTimeout | FailureKind::RequestTimeout => ConnectorError::timeout(source),
        FailureKind::BadRequest => ConnectorError::user(source),
        FailureKind::NotHttp => ConnectorError::other(source, None),
        _ => ConnectorError::io(source),
    }
}

/// An error that cannot happen, because the record is taken exactly once, at the end.
fn polled_after_end() -> ConnectorError {
    ConnectorError::other("the exchange was polled after its end".into(), None)
}

fn request_from_sdk(request: HttpRequest) -> Result<Request<Bytes>, Fault> {
    let bad = |text: String| Fault::new(FailureKind::BadRequest, text);
    let (head, body) = request.try_into_http1x().map_err(|error| bad(error.to_string()))?.into_parts();
    // A copy of our own that is wiped: the form of AssumeRoleWithWebIdentity holds the token.
    let body = body.bytes().ok_or_else(|| bad("streaming request bodies are not supported".to_owned()))?;
    let body = if body.is_empty() { Bytes::new() } else { Bytes::from_owner(Zeroizing::new(body.to_vec())) };
    let mut out = Request::new(body);
    *out.method_mut() = head.method;
    *out.uri_mut() = head.uri;
    *out.headers_mut() = head.headers;
    Ok(out)
}

fn response_to_sdk(response: Response) -> Result<HttpResponse, ConnectorError> {
    let other = |error: Box<dyn std::error::Error + Send + Sync>| ConnectorError::other(error, None);
    let mut out = http::Response::new(SdkBody::from(Bytes::from_owner(response.body)));
    *out.status_mut() = http::StatusCode::from_u16(response.status).map_err(|error| other(error.into()))?;
    *out.headers_mut() = response.headers;
    HttpResponse::try_from(out).map_err(|error| other(error.into()))
}

/// The body as evidence. Credentials come with 2xx as XML (STS), JSON (the agent) or plain text (IMDS), polled_after_end as a web page.
fn recordable_body(response: &Response) -> Option<RecordedBody> {
    let is_page = response
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/html"));
    if (200..300).contains(&response.status) && !is_page && !response.body.is_empty() {
        return None;
    }
    let length = response.body.len().min(BODY_CAP);
    Some(RecordedBody(Zeroizing::new(response.body[..length].to_vec())))
}
