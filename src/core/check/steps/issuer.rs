//! Step `issuer`: what the token's issuer publishes, as seen from this pod. STS fetches the same documents from its own network, and may
//! see something else.

use crate::core::aws::answer::{ForeignAnswer, ServiceAnswer, ServiceError};
use crate::core::catalogue::{Code, Step};
use crate::core::check::Finding;
use crate::core::check::row::{CheckContext, CheckRow, earlier, pass_with, skip, skip_without};
use crate::core::evidence::exchange::{Failure, FailureKind};
use crate::core::evidence::issuer::{STS_READS, truncate};
use crate::core::evidence::{Call, Fact, Issuer, KeySet, SkipReason};

pub(super) const CHECKS: &[CheckRow] = &[CheckRow {
    id: "issuer",
    title: "the issuer publishes the key that signed the token",
    rests_on: earlier(Step::Issuer),
    state: |context, _| match &context.evidence.issuer {
        Fact::Known(seen) => match (lack(seen), key_found(seen)) {
            (Some(lack), _) => skip(lack),
            (None, Ok(key)) => pass_with(key),
            (None, Err(because)) => skip(because),
        },
        Fact::NotAttempted(SkipReason::NotAsked) => skip("not requested (--check-issuer)"),
        other => skip_without(other),
    },
}];

/// What is wrong with the issuer's documents, or why they could not be read.
pub(super) fn find(context: &CheckContext<'_>, _: &[Finding]) -> Vec<Finding> {
    let Some(seen) = context.evidence.issuer.known().filter(|seen| lack(seen).is_none()) else { return Vec::new() };
    let mut findings = Vec::new();
    let discovered = match document(&seen.discovery, "the discovery document") {
        Ok(discovered) => discovered,
        Err(detail) => return vec![Finding::new(Code::IssuerUnreachable, detail)],
    };
    if discovered.issuer != seen.issuer {
        findings.push(Finding::new(Code::IssuerMismatch, mismatch(&seen.issuer, &discovered.issuer)));
    }
    let at = discovered.jwks_uri.as_deref();
    match (seen.keys.known().map(|call| document(call, "the key set")), at) {
        (Some(Ok(set)), Some(at)) => findings.extend(unknown_key(seen, set, at)),
        (Some(Err(detail)), _) => findings.push(Finding::new(Code::IssuerUnreachable, detail)),
        // A document of another issuer has its own finding, which is enough.
        _ if at.is_none() && findings.is_empty() => {
            findings.push(Finding::new(
                Code::SigningKeyUnknown,
                "The discovery document has no jwks_uri, so the keys cannot be found.".to_owned(),
            ));
        }
        _ => {}
    }
    findings
}

/// The resource that the probe itself lacked to read the documents. This says nothing about the issuer.
fn lack(seen: &Issuer) -> Option<&str> {
    let keys = seen.keys.known().and_then(|call| call.answer.as_ref().err());
    let failures = [seen.discovery.answer.as_ref().err(), keys].into_iter().flatten();
    failures.filter(|failure| failure.kind == FailureKind::OutOfResources).map(|failure| failure.text.as_str()).next()
}

/// The text of a check that passes: the token's key was seen in the key set. The error says why it was not, where no finding says it.
fn key_found(seen: &Issuer) -> Result<String, &'static str> {
    let set = match &seen.keys {
        Fact::Known(keys) => keys.success().ok_or("its keys could not be read")?,
        _ => return Err("its keys were not read"),
    };
    match (set.has_token_key, &seen.key_id) {
        (Some(true), Some(key_id)) if set.keys > STS_READS => {
            Ok(format!("{key_id} among {} keys; STS reads no more than {STS_READS}", set.keys))
        }
        (Some(true), Some(key_id)) => Ok(key_id.clone()),
        (Some(false), _) => Err("the token's key is not among its keys"),
        _ => Err("the token names no key (kid)"),
    }
}

/// The document. The error says in one sentence why there is none.
fn document<'a, T>(call: &'a Call<T>, what: &str) -> Result<&'a T, String> {
    let host = call.exchange.as_ref().map(|exchange| exchange.connection.host.as_str()).unwrap_or_default();
    match &call.answer {
        Ok(ServiceAnswer::Success(document)) => Ok(document),
        Ok(ServiceAnswer::Alien(ForeignAnswer { status, what: instead })) => {
            Err(format!("Asked for {what}, {host} answered with HTTP status {status} and {instead}."))
        }
        Ok(ServiceAnswer::Error(error)) => {
            Err(format!("Asked for {what}, {host} answered with HTTP status {}", error.status) + &reason(error))
        }
        Err(failure) => Err(not_reached(failure, host, what)),
    }
}

/// The server's own message about why it did not give the document, and what the message means where that is known.
fn reason(error: &ServiceError) -> String {
    let code = error.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
    let message = error.message.trim_end_matches(['.', ' ']);
    let mut said = if message.is_empty() { format!("{code}.") } else { format!("{code}: {message}.") };
    // The API server refuses requests without credentials, and STS sends none. Source: Kubernetes, "Configure Service Accounts for Pods",
    // service account issuer discovery.
    if error.status == 403 && message.contains("system:anonymous") {
        said.push_str(
            " This API server gives its issuer's documents only to clients with credentials, and STS sends none. To let STS read them here, bind \
             ClusterRole system:service-account-issuer-discovery to group system:unauthenticated. Everyone who can reach the API server can \
             then read them, which are public keys and no more.",
        );
    }
    said
}

fn not_reached(failure: &Failure, host: &str, what: &str) -> String {
    let text = failure.text.trim_end_matches('.');
    // The text of a failed lookup begins with the host. So does that of a refused URL.
    let mut said = if host.is_empty() || text.starts_with(host) { format!("{text}.") } else { format!("{host}: {text}.") };
    if failure.kind == FailureKind::NotHttp {
        said = format!("Asked for {what}: {said}");
    }
    // The private DNS of EKS's interface endpoint takes over the DNS zone of the issuers (docs/facts.md#private-issuer).
    if matches!(failure.kind, FailureKind::DnsNotFound | FailureKind::DnsFailed) && host.starts_with("oidc.eks.") {
        said.push_str(" In a VPC with EKS's interface endpoint and its private DNS this is normal.");
    }
    said
}

fn mismatch(ours: &str, theirs: &str) -> String {
    let slash = if ours.trim_end_matches('/') == theirs.trim_end_matches('/') {
        " They differ in a slash at the end, and have to be equal."
    } else {
        ""
    };
    format!("The token's iss is {}; the discovery document names {theirs}.{slash}", truncate(ours))
}

fn unknown_key(seen: &Issuer, set: &KeySet, at: &str) -> Option<Finding> {
    let detail = if set.keys == 0 {
        format!("The key set at {at} is empty.")
    } else if set.has_token_key == Some(false) {
        let key_id = seen.key_id.as_deref().unwrap_or_default();
        let ids = if set.key_ids.is_empty() { "keys without a kid".to_owned() } else { set.key_ids.join(", ") };
        let more = if set.key_ids.len() < set.keys as usize { format!(" ({} in all)", set.keys) } else { String::new() };
        format!("The token's kid is {key_id}; the key set at {at} has {ids}{more}.")
    } else {
        return None;
    };
    Some(Finding::new(Code::SigningKeyUnknown, detail))
}
