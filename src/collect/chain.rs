//! The SDK's own chain as a witness: aws-config's default chain and GetCallerIdentity show what an SDK in this pod becomes. It has a
//! connection of its own and no retries, and it is cut off so that it never delays the verdict.

use super::environment::{self, World};
use super::http::{Client, Limits, Recorder};
use super::lack::is_lacking;
use super::sts::{behavior_version, call_result, caller_identity, describe_error};
use crate::core::aws::answer::ServiceAnswer;
use crate::core::catalogue::{Code, Severity};
use crate::core::evidence::{ChainError, ChainErrorKind, ChainProvider, DefaultChain, Fact, SkipReason};
use crate::core::plan::{Defect, ImdsPlan, Plan};
use crate::core::text::printable::shorten;
use crate::core::text::secrets::Secrets;
use aws_config::retry::RetryConfig;
use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::config::Region;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When the default chain is cut off.
pub const CUT: Duration = Duration::from_millis(1200);

/// The region in which GetCallerIdentity is asked when the pod has none. It serves only to name an identity that should not be there.
const STAND_IN_REGION: &str = "us-east-1";

/// Follows the default chain to its end, at the latest `until`, where that can be done safely.
pub async fn collect(client: Client, world: &World, plan: &Plan, until: Instant) -> Fact<DefaultChain> {
    if let Some(because) = reason_to_skip(world, plan) {
        return Fact::NotAttempted(because);
    }
    let region = plan.region().map_or(STAND_IN_REGION, |region| region.as_str());
    let recorder = Recorder::new(client, Limits::default());
    Fact::Known(match tokio::time::timeout_at(until.into(), follow(&recorder, region, &plan.imds)).await {
        Ok(chain) => chain,
        Err(_) => without_identity(ChainErrorKind::Passing, format!("the default chain gave no result within {} ms", CUT.as_millis())),
    })
}

fn reason_to_skip(world: &World, plan: &Plan) -> Option<SkipReason> {
    // The SDK would read this process's environment and files.
    if world.inputs.settings.pid.is_some() {
        return Some(SkipReason::OtherProcess);
    }
    // A URL that cannot be called may hold a password, and the SDK would quote it.
    let unusable =
        |defect: &Defect| matches!(defect.code, Code::EndpointOverride | Code::AgentUriNotAllowed) && defect.severity == Severity::Fail;
    if plan.defects.iter().any(unusable) {
        return Some(SkipReason::PlanFailed);
    }
    let environment = &world.inputs.environment;
    let in_file = world.inputs.profile.sections.iter().any(|section| section.empty_url);
    if in_file || environment.endpoint_url.is_empty() || environment.endpoint_url_sts.is_empty() {
        return Some(SkipReason::EmptyUrl);
    }
    let files = [&environment.token_file, &environment.container_token_file];
    let names_unsafe_file = || files.into_iter().filter_map(|var| var.raw()).any(|path| environment::is_unsafe(&world.root, path));
    (world.unsafe_files || names_unsafe_file()).then_some(SkipReason::UnsafeFile)
}

fn without_identity(kind: ChainErrorKind, text: String) -> DefaultChain {
    DefaultChain { provider: ChainProvider::None, identity: None, error: Some(ChainError { kind, text }) }
}

async fn follow(recorder: &Recorder, region: &str, imds: &ImdsPlan) -> DefaultChain {
    let loader = aws_config::defaults(behavior_version())
        .region(Region::new(region.to_owned()))
        .retry_config(RetryConfig::disabled())
        .disable_clock_skew_correction(true);
    let rules = OneAttempt { recorder: recorder.clone(), without_imds: *imds == ImdsPlan::NotAsked, failed: Arc::default() };
    let config = loader.http_client(rules).load().await;
    let Some(provider) = config.credentials_provider() else {
        return without_identity(ChainErrorKind::NothingFound, "the default chain is empty".to_owned());
    };
    let credentials = match provider.provide_credentials().await {
        Ok(credentials) => credentials,
        Err(error) => return classify_credentials_error(&error, recorder),
    };
    let found = provider_of(&credentials);
    let secrets = [Some(credentials.access_key_id()), Some(credentials.secret_access_key()), credentials.session_token()];
    secrets.into_iter().flatten().for_each(|secret| recorder.secrets().learn(secret));
    recorder.take();
    let client =
        aws_sdk_sts::Client::from_conf(aws_sdk_sts::config::Builder::from(&config).credentials_provider(credentials.clone()).build());
    let result = client.get_caller_identity().send().await;
    let call = call_result(result, recorder.take().pop(), recorder.secrets(), caller_identity);
    let (identity, error) = match call.answer {
        Ok(ServiceAnswer::Success(identity)) => (Some(identity), None),
        Ok(ServiceAnswer::Error(error)) => {
            let text = format!("GetCallerIdentity: {} {}", error.code.as_deref().unwrap_or_default(), error.message);
            (None, Some(ChainError { kind: ChainErrorKind::Service(error), text }))
        }
        Ok(ServiceAnswer::Alien(alien)) => {
            (None, Some(ChainError { kind: ChainErrorKind::Passing, text: format!("GetCallerIdentity was answered with {}", alien.what) }))
        }
        Err(failure) => (None, Some(ChainError { kind: ChainErrorKind::Passing, text: format!("GetCallerIdentity: {}", failure.text) })),
    };
    DefaultChain { provider: found, identity, error }
}

/// The recorder with the rules of a witness: one attempt at each URL, and with `--no-imds` none at IMDS.
///
/// aws-config's IMDS and container providers retry whatever the retry configuration says. A URL that has failed once is refused here
/// before it reaches the network again.
#[derive(Debug, Clone)]
struct OneAttempt {
    recorder: Recorder,
    without_imds: bool,
    failed: Arc<Mutex<HashSet<String>>>,
}

impl HttpClient for OneAttempt {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.recorder.http_connector(settings, components);
        SharedHttpConnector::new(OneAttemptConnector { rules: self.clone(), inner })
    }
}

#[derive(Debug)]
struct OneAttemptConnector {
    rules: OneAttempt,
    inner: SharedHttpConnector,
}

impl HttpConnector for OneAttemptConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let refuse = |why: &'static str| HttpConnectorFuture::ready(Err(ConnectorError::user(why.into())));
        // IMDS is always asked for a session token first.
        if self.rules.without_imds && request.method() == "PUT" && request.uri().ends_with("/latest/api/token") {
            return refuse("not requested (--no-imds)");
        }
        let url = request.uri().to_owned();
        let failed = Arc::clone(&self.rules.failed);
        if failed.lock().unwrap_or_else(PoisonError::into_inner).contains(&url) {
            return refuse("an earlier attempt failed");
        }
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            if answer.as_ref().map_or(true, |response| response.status().is_server_error()) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).insert(url);
            }
            answer
        })
    }
}

/// Which link of the chain gave the credentials. The SDK marks them for its own user agent; `Debug` texts are not relied on.
///
/// The profile provider adds its mark to those of the provider that it called, so its mark is looked for first. The web identity provider
/// of the environment sets the mark of a profile's (aws-config 1.13.0, `web_identity_token.rs`). Without the profile's own mark it is IRSA.
fn provider_of(credentials: &Credentials) -> ChainProvider {
    use AwsCredentialFeature::*;
    let features = credentials.get_property::<Vec<AwsCredentialFeature>>().map(Vec::as_slice).unwrap_or_default();
    let table = [
        (CredentialsProfile, ChainProvider::Profile),
        (CredentialsImds, ChainProvider::Node),
        (CredentialsProfileStsWebIdToken, ChainProvider::Irsa),
        (CredentialsEnvVarsStsWebIdToken, ChainProvider::Irsa),
        (CredentialsHttp, ChainProvider::PodIdentity),
        (CredentialsEnvVars, ChainProvider::Env),
    ];
    table.into_iter().find(|(mark, _)| features.contains(mark)).map_or(ChainProvider::None, |(_, provider)| provider)
}

/// Why the chain gave nothing.
fn classify_credentials_error(error: &CredentialsError, recorder: &Recorder) -> DefaultChain {
    let kind = match error {
        // The SDK had no descriptor left to open a file. That says nothing of the file.
        _ if is_lacking(error) => ChainErrorKind::Passing,
        CredentialsError::CredentialsNotLoaded(_) => ChainErrorKind::NothingFound,
        CredentialsError::InvalidConfiguration(_) => ChainErrorKind::Configuration,
        CredentialsError::ProviderTimedOut(_) => ChainErrorKind::Passing,
        _ => match recorder.take().pop() {
            // The SDK failed before it called anything, so that a file or a setting is wrong.
            None => ChainErrorKind::Configuration,
            Some(recorded) => service_error(&recorded, recorder.secrets()),
        },
    };
    let text = match &kind {
        ChainErrorKind::Service(refused) => format!("{} {}", refused.code.as_deref().unwrap_or_default(), refused.message),
        _ => describe_error(error),
    };
    let text = shorten(&recorder.secrets().redact(&text), 512).into_owned();
    without_identity(kind, text)
}

fn service_error(recorded: &super::http::RecordedResponse, secrets: &Secrets) -> ChainErrorKind {
    let (Some(status), Some(body)) = (recorded.exchange.status, &recorded.body) else { return ChainErrorKind::Passing };
    match crate::core::aws::sts_body::parse_error(status, &body.0, recorded.exchange.request_id.as_deref()) {
        ServiceAnswer::Error(error) => ChainErrorKind::Service(error.redacted(secrets)),
        _ => ChainErrorKind::Passing,
    }
}
