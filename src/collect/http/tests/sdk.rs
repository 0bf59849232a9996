//! The client under the AWS SDK.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sts::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::{has, text};
use crate::collect::http::testing::*;
use crate::collect::http::{ConnectorFailure, Recorder};
use crate::core::evidence::exchange::{FailureKind, Phase};

fn sts(recorder: &Recorder, url: &str, timeouts: TimeoutConfig) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(url)
        .http_client(recorder.clone())
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "c4nary", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .timeout_config(timeouts)
        .build();
    aws_sdk_sts::Client::from_conf(config)
}

async fn exchange_token(client: &aws_sdk_sts::Client) -> bool {
    let call = client.assume_role_with_web_identity().role_arn("arn:aws:iam::1:role/r").role_session_name("s");
    call.web_identity_token("c4nary").send().await.is_ok()
}

const ASSUMED: &str = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
    <AccessKeyId>c4nary</AccessKeyId><SecretAccessKey>c4nary</SecretAccessKey><SessionToken>c4nary</SessionToken>\
    <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::1:assumed-role/r/s</Arn>\
    </GetCallerIdentityResult></GetCallerIdentityResponse>";
const DENIED: &str = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>";

#[tokio::test]
async fn two_operations_share_a_connection_and_no_secret_stays() {
    let server = TestServer::start(|mut stream, _| {
        while let Some(request) = read_request(&mut stream) {
            let (status, body) = match () {
                () if request.contains("GetCallerIdentity") => ("200 OK", IDENTITY),
                () if request.contains("c4nary") => ("200 OK", ASSUMED),
                () => ("403 Forbidden", DENIED),
            };
            use std::io::Write;
            stream.write_all(response(status, "Content-Type: text/xml\r\nx-amzn-RequestId: r\r\n", body).as_bytes()).unwrap();
        }
    });
    let recorder = Recorder::new(plain(), ample());
    let client = sts(&recorder, &format!("http://{}", server.address), TimeoutConfig::disabled());
    assert!(exchange_token(&client).await);
    assert_eq!(client.get_caller_identity().send().await.unwrap().arn(), Some("arn:aws:sts::1:assumed-role/r/s"));
    assert_eq!(server.connections(), 1);
    let answers = recorder.take();
    assert!(recorder.take().is_empty());
    let kept: Vec<_> = answers.iter().map(|a| (a.exchange.status, a.exchange.connection.reused, a.body.is_some())).collect();
    assert_eq!(kept, [(Some(200), false, false), (Some(200), true, false)]);
    assert!(!format!("{answers:?}{recorder:?}").contains("c4nary"));
}

#[tokio::test]
async fn bodies_of_errors_and_of_web_pages_are_kept() {
    for (status, kind, body, kept) in [
        ("403 Forbidden", "text/xml", DENIED, true),
        ("200 OK", "text/html; charset=utf-8", "<html>Sign in</html>", true),
        ("200 OK", "text/plain", "c4nary", false),
        ("200 OK", "application/json", "{\"Token\":\"c4nary\"}", false),
    ] {
        let server = TestServer::answering(response(status, &format!("Content-Type: {kind}\r\n"), body));
        let recorder = Recorder::new(plain(), ample());
        let client = sts(&recorder, &format!("http://{}", server.address), TimeoutConfig::disabled());
        assert!(!exchange_token(&client).await);
        let answer = recorder.take().remove(0);
        assert_eq!(answer.body.map(|body| body.0.to_vec()), kept.then(|| body.as_bytes().to_vec()), "{status} {kind}");
    }
}

/// One request through a connector with these timeouts.
async fn call(recorder: &Recorder, url: &str, settings: HttpConnectorSettings) -> ConnectorError {
    let components = RuntimeComponentsBuilder::for_tests();
    let components = components.build().unwrap();
    let connector = recorder.http_connector(&settings, &components);
    let mut request = HttpRequest::new(SdkBody::from("c4nary"));
    request.set_uri(url.to_owned()).unwrap();
    connector.call(request).await.unwrap_err()
}

#[tokio::test]
async fn the_sdks_timeouts_replace_the_limits() {
    let brief = Duration::from_millis(150);
    let recorder = Recorder::new(plain(), ample());

    let mute = TestServer::answering("");
    let error = call(&recorder, &mute.http(), HttpConnectorSettings::builder().read_timeout(brief).build()).await;
    assert!(error.is_timeout());
    text(&recorder.take()[0].exchange, Phase::Response, FailureKind::RequestTimeout);
    assert_eq!(error.into_source().downcast::<ConnectorFailure>().unwrap().0.phase, Phase::Response);

    let (silent, _guard) = silent().await;
    let settings = HttpConnectorSettings::builder().connect_timeout(brief).build();
    assert!(call(&recorder, &format!("http://{silent}/"), settings).await.is_timeout());
    text(&recorder.take()[0].exchange, Phase::Connect, FailureKind::ConnectTimeout);
}

#[tokio::test]
async fn failures_are_mapped_as_the_stock_client_maps_them() {
    let recorder = Recorder::new(plain(), ample());
    let settings = HttpConnectorSettings::builder().build();
    assert!(call(&recorder, &format!("http://{}/", refusing()), settings.clone()).await.is_io());
    assert!(call(&recorder, "/relative", settings.clone()).await.is_user());
    let garbage = TestServer::answering("garbage\r\n\r\n");
    assert!(call(&recorder, &garbage.http(), settings.clone()).await.is_other());
    let closing = TestServer::start(|mut stream, _| drop(read_request(&mut stream)));
    assert!(call(&recorder, &closing.http(), settings).await.is_io());
    let kinds: Vec<_> = recorder.take().into_iter().map(|answer| answer.exchange.failure.unwrap().kind).collect();
    use FailureKind::{BadRequest, ConnectRefused, ConnectionLost, NotHttp};
    assert_eq!(kinds, [ConnectRefused, BadRequest, NotHttp, ConnectionLost]);
}

#[tokio::test]
async fn a_cancelled_operation_is_recorded_and_closes_its_connection() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let server = TestServer::start(move |mut stream, _| {
        read_request(&mut stream);
        tell.send("asked").unwrap();
        read_request(&mut stream);
        tell.send("closed").unwrap();
    });
    let recorder = Recorder::new(plain(), ample());
    let client = sts(&recorder, &format!("http://{}", server.address), TimeoutConfig::disabled());
    // Given up once the server has the request.
    tokio::select! {
        _ = exchange_token(&client) => panic!("it ends although no answer comes"),
        seen = told.recv() => assert_eq!(seen, Some("asked")),
    }
    let answers = recorder.take();
    has(text(&answers[0].exchange, Phase::Response, FailureKind::RequestTimeout), "cancelled before it ended");
    assert!(answers[0].exchange.ms > 0.0 && answers[0].exchange.connection.connect_ms.is_some());
    let closed = tokio::time::timeout(Duration::from_secs(120), told.recv()).await;
    assert_eq!(closed.expect("the connection stays open"), Some("closed"));
}

#[tokio::test]
async fn a_future_never_polled_leaves_no_record() {
    let recorder = Recorder::new(plain(), ample());
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri("http://127.0.0.1:1/").unwrap();
    drop(recorder.call(request));
    assert_eq!(recorder.take().len(), 0);
}

#[tokio::test]
async fn imds_behind_a_hop_limit_takes_its_own_second_and_no_more() {
    // It accepts and never answers, for as long as this test lives: what a hop limit of 1 looks like from a pod.
    let (ends, ended) = std::sync::mpsc::channel::<()>();
    let ended = std::sync::Mutex::new(ended);
    let server = TestServer::start(move |mut stream, _| {
        read_request(&mut stream);
        let _ = ended.lock().unwrap().recv();
    });
    let recorder = Recorder::new(plain(), ample());
    let config =
        aws_config::provider_config::ProviderConfig::without_region().with_http_client(recorder.clone()).with_sleep_impl(TokioSleep::new());
    let client = aws_config::imds::Client::builder()
        .configure(&config)
        .endpoint(format!("http://{}", server.address))
        .unwrap()
        .read_timeout(Duration::from_millis(150))
        .max_attempts(1)
        .build();
    let get = client.get("/latest/meta-data/iam/security-credentials/");
    let outcome = tokio::time::timeout(Duration::from_secs(120), get).await.expect("it waits for the server");
    assert!(outcome.is_err());
    drop(ends);
    text(&recorder.take()[0].exchange, Phase::Response, FailureKind::RequestTimeout);
}

#[test]
fn futures_can_move_between_threads() {
    fn send<T: Send>(_: T) {}
    let client = Arc::new(plain());
    send(client.send(http::Request::new(bytes::Bytes::new()), ample()));
    send(client.warm(&http::Uri::from_static("http://127.0.0.1:1/"), ample()));
}
