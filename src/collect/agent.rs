//! The EKS Pod Identity agent. It is called without an SDK, because the SDKs discard the body of its errors.

use super::http::{Client, Limits};
use super::sts::Keys;
use crate::core::aws::agent_body::parse_error;
use crate::core::aws::answer::{ForeignAnswer, ServiceAnswer};
use crate::core::aws::arn::Account;
use crate::core::evidence::exchange::{Failure, FailureKind, Phase};
use crate::core::evidence::{AgentCredentials, Call};
use crate::core::text::time::Timestamp;
use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use serde::Deserialize;
use std::time::Duration;
use zeroize::Zeroizing;

/// The limits of the SDKs' container provider: connect 2 s, read 5 s.
fn agent_limits() -> Limits {
    Limits { connect: Duration::from_secs(2), response: Duration::from_secs(5), ..Limits::default() }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CredentialsDocument {
    access_key_id: Zeroizing<String>,
    secret_access_key: Zeroizing<String>,
    token: Zeroizing<String>,
    account_id: Option<String>,
    expiration: Option<String>,
}

/// Asks the agent for credentials.
pub async fn call(client: &Client, url: &str, token: &str) -> (Call<AgentCredentials>, Option<Keys>) {
    let bad = |text: String| Call { exchange: None, answer: Err(Failure { phase: Phase::Response, kind: FailureKind::BadRequest, text }) };
    let Ok(mut authorization) = HeaderValue::from_str(token) else {
        return (bad("the token has characters that an HTTP header may not have".to_owned()), None);
    };
    authorization.set_sensitive(true);
    let request = Request::get(url).header(AUTHORIZATION, authorization).header(ACCEPT, "application/json").body(Bytes::new());
    let request = match request {
        Ok(request) => request,
        Err(error) => return (bad(error.to_string()), None),
    };
    let (exchange, response) = client.send(request, agent_limits()).await;
    let Some(response) = response else {
        let failure = exchange.failure.clone();
        return match failure {
            Some(failure) => (Call { exchange: Some(exchange), answer: Err(failure) }, None),
            None => (bad("no response".to_owned()), None),
        };
    };
    let mut keys = None;
    let alien = |what: &str| ServiceAnswer::Alien(ForeignAnswer { status: response.status, what: what.to_owned() });
    let answer = if (200..300).contains(&response.status) {
        match serde_json::from_slice::<CredentialsDocument>(&response.body) {
            Ok(document) => {
                let facts = AgentCredentials {
                    account: document.account_id.as_deref().and_then(Account::parse),
                    expires_at: document.expiration.as_deref().and_then(Timestamp::parse),
                };
                let given = Keys {
                    access_key_id: document.access_key_id,
                    secret_access_key: document.secret_access_key,
                    session_token: document.token,
                };
                given.learn(client.secrets());
                keys = Some(given);
                ServiceAnswer::Success(facts)
            }
            Err(_) => alien("a body that is not from the agent"),
        }
    } else {
        let body = Zeroizing::new(String::from_utf8_lossy(&response.body).into_owned());
        if may_hold_credentials(&body) {
            alien("a body that is not one of the agent's errors")
        } else {
            ServiceAnswer::Error(parse_error(response.status, &body).redacted(client.secrets()))
        }
    };
    (Call { exchange: Some(exchange), answer: Ok(answer) }, keys)
}

/// Whether a body is not to be quoted. The agent's errors are lines of text; a document, or the name of a credential, is none of them.
fn may_hold_credentials(body: &str) -> bool {
    let start = body.trim_start();
    start.starts_with(['{', '<']) || ["AccessKey", "SecretKey", "\"Token\"", "SessionToken"].iter().any(|name| body.contains(name))
}
