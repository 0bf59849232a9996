//! Writes reports for their readers: a person at a terminal or with a browser, a machine, and `kubectl describe pod`. Also writes the catalogue
//! as a manual.
//!
//! The renderers are pure, like the core. A renderer takes plain data and returns a string. The caller prints it.

pub mod catalogue;
pub mod docs;
pub mod doctor;
pub mod explain;
pub mod html;
pub mod json;
mod page;
pub mod policy;
pub mod probe;
pub mod scan;
pub mod sdks;
pub mod termination;
#[cfg(test)]
mod testing;
pub mod text;

pub use page::Style;

use crate::core::catalogue::RemedyDocument;
use crate::core::catalogue::commands::CommandEffect;
use crate::core::catalogue::remedy::RemedyCommand;
use crate::core::check::report::{Expected, Subject};
use crate::core::plan::Provider;

/// A provider's name as AWS writes it.
fn provider(provider: Provider) -> &'static str {
    match provider {
        Provider::Irsa => "IRSA",
        Provider::PodIdentity => "EKS Pod Identity",
        Provider::None => "no AWS identity injected",
    }
}

/// What was injected, and the profile that names it where a profile does.
fn injected(expected: &Expected) -> String {
    let provider = provider(expected.provider);
    expected.profile.as_ref().map_or_else(|| provider.to_owned(), |profile| format!("{provider} by profile {profile}"))
}

/// The pod's namespace and service account, in short.
fn name(subject: &Subject) -> String {
    match (&subject.namespace, &subject.service_account) {
        (Some(namespace), Some(account)) => format!("{namespace}/{account}"),
        (Some(namespace), None) => format!("namespace {namespace}"),
        (None, Some(account)) => account.clone(),
        (None, None) => "this pod".to_owned(),
    }
}

/// Whom a command affects, for the line above it. A command that changes nothing has no such line.
fn affects(command: &RemedyCommand) -> Option<String> {
    match (command.effect, &command.touches) {
        (CommandEffect::Read, _) => None,
        (CommandEffect::Own, _) => Some("affects this pod only".to_owned()),
        (CommandEffect::Shared, Some(touches)) => Some(format!("affects {touches}")),
        // A report that was read may lack it.
        (CommandEffect::Shared, None) => Some("affects others".to_owned()),
    }
}

/// The label above a remedy's document.
fn label(document: Option<RemedyDocument>) -> &'static str {
    match document {
        Some(RemedyDocument::TrustPolicy) => "trust-policy.json, for a new role:",
        Some(RemedyDocument::TrustStatement | RemedyDocument::PodIdentityTrustStatement) => "the statement in the trust policy:",
        Some(RemedyDocument::ServiceAccount) => "the service account, annotated:",
        Some(RemedyDocument::Annotation) => "in the service account's manifest:",
        Some(RemedyDocument::FsGroup) => "in the pod's spec:",
        None => "apply:",
    }
}
