//! The direct calls to STS by aws-sdk-sts: one region, one connection, one attempt.

use super::http::{Client, Limits, RecordedResponse, Recorder};
use crate::core::aws::answer::{ForeignAnswer, ServiceAnswer};
use crate::core::aws::arn::Account;
use crate::core::aws::sts_body::parse_error;
use crate::core::evidence::exchange::{Exchange, Failure, FailureKind, Phase};
use crate::core::evidence::{AssumedRole, Call, CallerIdentity};
use crate::core::plan::{PlannedEndpoint, PlannedHop};
use crate::core::text::printable::cap;
use crate::core::text::secrets::Secrets;
use crate::core::text::time::Timestamp;
use aws_credential_types::Credentials;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::{BehaviorVersion, Builder, Config, Region, StalledStreamProtectionConfig};
use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use aws_sdk_sts::types;
use zeroize::Zeroizing;

/// The SDK's behaviour version with which everything here was measured.
pub fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// The name of a session for which none is given. CloudTrail tells the probe's sessions from the application's by it.
pub const OWN_SESSION: &str = "irsa-probe";

/// Credentials of a session, wiped when dropped.
#[derive(Clone)]
pub struct Keys {
    /// The id, `ASIA…`.
    pub access_key_id: Zeroizing<String>,
    /// The secret key.
    pub secret_access_key: Zeroizing<String>,
    /// The session token.
    pub session_token: Zeroizing<String>,
}

impl Keys {
    /// Has them redacted from now on.
    pub fn learn(&self, secrets: &Secrets) {
        [&self.access_key_id, &self.secret_access_key, &self.session_token].into_iter().for_each(|secret| secrets.learn(secret));
    }
}

/// One endpoint's client. All its calls share one connection.
pub struct Sts {
    recorder: Recorder,
    config: Builder,
}

impl Sts {
    /// A client for a planned endpoint.
    pub fn new(client: Client, endpoint: &PlannedEndpoint) -> Sts {
        let recorder = Recorder::new(client, Limits::default());
        let config = Config::builder()
            .behavior_version(behavior_version())
            .region(Region::new(endpoint.region.signing_region().to_owned()))
            .endpoint_url(endpoint.url.raw())
            .http_client(recorder.clone())
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            // Even without retries the correction signs the next request by the response's Date, and so hides the skew to be reported.
            .disable_clock_skew_correction(true);
        Sts { recorder, config }
    }

    /// Exchanges the token.
    pub async fn assume_role_with_web_identity(&self, role_arn: &str, session: &str, token: &str) -> (Call<AssumedRole>, Option<Keys>) {
        let client = aws_sdk_sts::Client::from_conf(self.config.clone().build());
        let request = client.assume_role_with_web_identity().role_arn(role_arn).role_session_name(session).web_identity_token(token);
        let result = request.send().await;
        let keys = self.keys(result.as_ref().ok().and_then(|output| output.credentials()));
        (self.call(result, |output, secrets| assumed_role(output.credentials(), output.assumed_role_user(), secrets)), keys)
    }

    /// Assumes a role of the profile with the keys of the role before it.
    pub async fn assume_role(&self, keys: &Keys, hop: &PlannedHop, external_id: Option<&str>) -> (Call<AssumedRole>, Option<Keys>) {
        let client = self.signing_client(keys);
        let request = client
            .assume_role()
            .role_arn(hop.role.to_string())
            .role_session_name(hop.session_name.as_ref().map_or(OWN_SESSION, |name| name.raw()))
            .set_duration_seconds(hop.duration_seconds)
            .set_external_id(external_id.map(str::to_owned));
        let result = request.send().await;
        let keys = self.keys(result.as_ref().ok().and_then(|output| output.credentials()));
        (self.call(result, |output, secrets| assumed_role(output.credentials(), output.assumed_role_user(), secrets)), keys)
    }

    /// The keys of an answer. They are redacted from now on.
    fn keys(&self, credentials: Option<&types::Credentials>) -> Option<Keys> {
        let keys = credentials.map(|c| Keys {
            access_key_id: Zeroizing::new(c.access_key_id().to_owned()),
            secret_access_key: Zeroizing::new(c.secret_access_key().to_owned()),
            session_token: Zeroizing::new(c.session_token().to_owned()),
        })?;
        keys.learn(self.recorder.secrets());
        Some(keys)
    }

    /// Asks whose the keys are.
    pub async fn caller_identity(&self, keys: &Keys) -> Call<CallerIdentity> {
        let result = self.signing_client(keys).get_caller_identity().send().await;
        self.call(result, caller_identity)
    }

    fn signing_client(&self, keys: &Keys) -> aws_sdk_sts::Client {
        let credentials = Credentials::new(
            keys.access_key_id.as_str(),
            keys.secret_access_key.as_str(),
            Some(keys.session_token.to_string()),
            None,
            "irsa-probe",
        );
        aws_sdk_sts::Client::from_conf(self.config.clone().credentials_provider(credentials).build())
    }

    fn call<O, E, T>(&self, result: Result<O, SdkError<E>>, success: fn(&O, &Secrets) -> Option<T>) -> Call<T>
    where
        E: std::error::Error + 'static,
    {
        let recorded = self.recorder.take().pop();
        call_result(result, recorded, self.recorder.secrets(), success)
    }
}

/// A call as evidence, from the SDK's result and from what was recorded on the wire.
pub fn call_result<O, E, T>(
    result: Result<O, SdkError<E>>,
    recorded: Option<RecordedResponse>,
    secrets: &Secrets,
    success: fn(&O, &Secrets) -> Option<T>,
) -> Call<T>
where
    E: std::error::Error + 'static,
{
    let value = result.as_ref().ok().and_then(|output| success(output, secrets));
    let Some(RecordedResponse { exchange, body }) = recorded else {
        let text =
            result.as_ref().err().map(|error| cap(&secrets.redact(&describe_error(error)), TEXT_CAP).into_owned()).unwrap_or_default();
        return Call { exchange: None, answer: Err(Failure { phase: Phase::Response, kind: FailureKind::BadRequest, text }) };
    };
    let answer = match (value, &exchange.failure, body) {
        (Some(value), ..) => Ok(ServiceAnswer::Success(value)),
        (None, Some(failure), _) => Err(failure.clone()),
        (None, None, Some(body)) => Ok(classify_response(&exchange, &body.0, secrets)),
        // The status is 200, and the SDK found no answer of STS in the body.
        (None, None, None) => Ok(ServiceAnswer::Alien(ForeignAnswer {
            status: exchange.status.unwrap_or_default(),
            what: "a body that is not from STS".to_owned(),
        })),
    };
    Call { exchange: Some(exchange), answer }
}

/// An error and its sources on one line, each once. `DisplayErrorContext` is not used because it adds every `Debug` text. Where a `Display`
/// text quotes a whole request, the quotation is left out.
pub fn describe_error(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let text = text.split(" to request `").next().unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() && !said.iter().any(|earlier| earlier.contains(&text)) {
            said.push(text);
        }
        next = error.source();
    }
    said.join(": ")
}

fn classify_response<T>(exchange: &Exchange, body: &[u8], secrets: &Secrets) -> ServiceAnswer<T> {
    match parse_error(exchange.status.unwrap_or_default(), body, exchange.request_id.as_deref()) {
        ServiceAnswer::Error(error) => ServiceAnswer::Error(error.redacted(secrets)),
        ServiceAnswer::Alien(alien) => ServiceAnswer::Alien(alien),
        ServiceAnswer::Success(never) => match never {},
    }
}

/// The longest text that is kept of an answer, in bytes. No ARN is longer (IAM, "IAM identifiers").
const TEXT_CAP: usize = 2048;

fn assumed_role(credentials: Option<&types::Credentials>, user: Option<&types::AssumedRoleUser>, secrets: &Secrets) -> Option<AssumedRole> {
    let credentials = credentials?;
    let bounded = |text: &str| cap(&secrets.redact_name(text), TEXT_CAP).into_owned();
    Some(AssumedRole {
        arn: user.map(|user| bounded(user.arn())),
        assumed_role_id: user.map(|user| bounded(user.assumed_role_id())),
        expires_at: Some(Timestamp(credentials.expiration().secs())),
    })
}

/// GetCallerIdentity's output as evidence.
pub fn caller_identity(output: &GetCallerIdentityOutput, secrets: &Secrets) -> Option<CallerIdentity> {
    let bounded = |text: &str| cap(&secrets.redact_name(text), TEXT_CAP).into_owned();
    Some(CallerIdentity {
        arn: bounded(output.arn()?),
        account: output.account().and_then(Account::parse),
        user_id: output.user_id().map(bounded),
    })
}
