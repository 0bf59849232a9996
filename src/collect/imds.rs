//! The instance metadata service: whether this pod can reach the node's role. Its credentials are never asked for here.
//!
//! Source: EC2 user guide, "Use IMDSv2". With a hop limit of 1 a PUT connects and is never answered.

use super::http::{Client, Limits, Response};
use crate::core::aws::imds::ImdsReach;
use crate::core::evidence::exchange::{Exchange, Failure, FailureKind, Phase};
use crate::core::evidence::{Fact, Imds, SkipReason};
use bytes::Bytes;
use http::{Method, Request};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long the SDKs wait in each phase. The client's deadline ends all requests together, so version 1 gets the time that version 2 left.
const LIMIT: Duration = Duration::from_millis(1000);

const ROLE_PATH: &str = "/latest/meta-data/iam/security-credentials/";
const INSTANCE_PATH: &str = "/latest/meta-data/instance-id";

/// What an attempt does about IMDS.
#[derive(Debug, Clone, PartialEq)]
pub enum ImdsCall<'a> {
    /// It is left alone.
    Skip(SkipReason),
    /// What was found before stands.
    Recall(Imds),
    /// It is asked.
    Ask {
        /// Base URL.
        endpoint: &'a str,
        /// Version 1 may be tried. It raises an alarm that security teams watch.
        v1: bool,
        /// What was found before.
        before: Option<Imds>,
    },
}

/// Does what was decided about IMDS. The client's deadline bounds all requests together.
pub async fn collect(client: Client, call: ImdsCall<'_>) -> Fact<Imds> {
    match call {
        ImdsCall::Skip(because) => Fact::NotAttempted(because),
        ImdsCall::Recall(imds) => Fact::Known(imds),
        ImdsCall::Ask { endpoint, v1, before } => match (fetch(&client, endpoint, v1).await, before) {
            (Fact::Known(found), Some(before)) => Fact::Known(with_v1_of(found, before)),
            (found, _) => found,
        },
    }
}

async fn fetch(client: &Client, endpoint: &str, v1: bool) -> Fact<Imds> {
    let put = Request::builder().method(Method::PUT).uri(format!("{endpoint}/latest/api/token"));
    let Ok(put) = put.header("x-aws-ec2-metadata-token-ttl-seconds", "21600").body(Bytes::new()) else {
        return Fact::Failed(Failure {
            phase: Phase::Response,
            kind: FailureKind::BadRequest,
            text: "the configured IMDS endpoint is not a URL".to_owned(),
        });
    };
    let (exchange, response) = client.send(put, Limits::each(LIMIT)).await;
    // Whether IMDS can be reached is then not known.
    if let Some(lack) = exchange.failure.as_ref().filter(|failure| failure.kind == FailureKind::OutOfResources) {
        return Fact::Failed(lack.clone());
    }
    let v2 = reach(&exchange, response.as_ref());
    let mut imds = Imds { v2, v1: None, role: None, no_role: false, instance_id: None };
    if v2 == ImdsReach::Answers {
        let session = response.map(|response| Zeroizing::new(String::from_utf8_lossy(&response.body).trim().to_owned()));
        fetch_role(client, endpoint, session.as_ref().map(|session| session.as_str()), &mut imds).await;
    } else if v1 && leads_to_v1(v2) {
        // The common deadline may have cut it off. Then it is not known whether it answers.
        imds.v1 = Some(fetch_role(client, endpoint, None, &mut imds).await).filter(|reach| *reach != ImdsReach::HopLimited);
    }
    Fact::Known(imds)
}

/// Whether version 1 may get an answer where version 2 got this.
pub fn leads_to_v1(v2: ImdsReach) -> bool {
    matches!(v2, ImdsReach::HopLimited | ImdsReach::Refused | ImdsReach::Other)
}

/// A later answer, with what version 1 answered when it was tried: unless nothing is there any more, for version 1 either.
fn with_v1_of(found: Imds, before: Imds) -> Imds {
    match before.v1 {
        _ if matches!(found.v2, ImdsReach::Absent | ImdsReach::Dropped) => found,
        Some(ImdsReach::Answers) if found.v2 != ImdsReach::Answers => Imds { v2: found.v2, ..before },
        _ => Imds { v1: found.v1.or(before.v1), ..found },
    }
}

/// Fetches role and instance id; returns how far that got.
async fn fetch_role(client: &Client, endpoint: &str, session: Option<&str>, imds: &mut Imds) -> ImdsReach {
    let get = |path: &str| {
        let mut request = Request::get(format!("{endpoint}{path}"));
        if let Some(session) = session {
            request = request.header("x-aws-ec2-metadata-token", session);
        }
        request.body(Bytes::new())
    };
    let Ok(role) = get(ROLE_PATH) else { return ImdsReach::Other };
    let (exchange, response) = client.send(role, Limits::each(LIMIT)).await;
    let reached = reach(&exchange, response.as_ref());
    imds.role = response.filter(|response| response.status == 200).and_then(|response| first_line(client, &response));
    // The status 404 means that the instance has no profile. IMDS itself has answered.
    imds.no_role = exchange.status == Some(404);
    let reached = if imds.no_role { ImdsReach::Answers } else { reached };
    if reached == ImdsReach::Answers
        && let Ok(instance) = get(INSTANCE_PATH)
    {
        let (_, response) = client.send(instance, Limits::each(LIMIT)).await;
        imds.instance_id = response.filter(|response| response.status == 200).and_then(|response| first_line(client, &response));
    }
    reached
}

fn reach(exchange: &Exchange, response: Option<&Response>) -> ImdsReach {
    match (response.map(|response| response.status), exchange.failure.as_ref().map(|failure| failure.kind)) {
        (Some(200), _) => ImdsReach::Answers,
        (Some(401 | 403), _) => ImdsReach::Refused,
        (Some(_), _) => ImdsReach::Other,
        (None, Some(FailureKind::RequestTimeout)) => ImdsReach::HopLimited,
        (None, Some(FailureKind::ConnectTimeout)) => ImdsReach::Dropped,
        (None, Some(FailureKind::ConnectRefused | FailureKind::NetworkUnreachable | FailureKind::DnsNotFound)) => ImdsReach::Absent,
        (None, _) => ImdsReach::Other,
    }
}

/// The first line of a body if it can be a name: of ordinary length and without characters of a document or a page.
fn first_line(client: &Client, response: &Response) -> Option<String> {
    let text = std::str::from_utf8(&response.body).ok()?;
    let line = client.secrets().redact(text.lines().next()?.trim());
    let plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    (!line.is_empty() && line.len() <= 128 && line.chars().all(plain)).then(|| line.into_owned())
}
