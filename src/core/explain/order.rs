//! Which of several errors is the root: what fails first on a credential's way explains the rest.

use super::matches::Match;
use crate::core::catalogue::{Class, Code, Severity, Step};

/// A stage, and why it stands where it does.
struct Stage {
    codes: &'static [Code],
    name: &'static str,
}

/// What a step's order alone does not say: causes that an SDK or a controller has before a credential travels, and what comes of having none.
const BEFORE: Stage = Stage {
    codes: &[
        Code::WebhookMissing,
        Code::ServiceAccountMissing,
        Code::RoleMissing,
        Code::SdkModuleMissing,
        Code::SdkTooOld,
        Code::DnsPolicyDeadlock,
        Code::ProfileMissing,
        Code::ProfileBroken,
    ],
    name: "a missing piece",
};
const STEPS: [(Step, &str); 9] = [
    (Step::Injection, "what the pod was given"),
    (Step::Token, "the token"),
    (Step::Issuer, "the token's issuer"),
    (Step::Network, "the way to STS"),
    (Step::AssumeRole, "the exchange with STS"),
    (Step::PodIdentity, "the Pod Identity agent"),
    (Step::Identity, "the identity"),
    (Step::Node, "the node's role"),
    (Step::Redundancy, "other regions"),
];
const AFTER: [Stage; 4] = [
    Stage { codes: &[Code::NoCredentialsFound], name: "the SDK's chain as a whole" },
    Stage { codes: &[Code::RoleChainDenied], name: "the next role" },
    Stage { codes: &[Code::PassRoleMissing, Code::PermissionMissing], name: "what it may do" },
    Stage { codes: &[Code::AwsAuthRolePath, Code::KubernetesAccessMissing], name: "access to Kubernetes" },
];

/// Where an error stands on a credential's way, and the name of that place.
fn stage(one: &Match) -> (usize, &'static str) {
    // An organisation's policy can deny the exchange, and anything else just as well.
    let of_exchange = one.facts.action.as_deref().is_none_or(|action| action.starts_with("sts:"));
    let code = if one.code == Code::ExplicitlyDenied && !of_exchange { Code::PermissionMissing } else { one.code };
    if BEFORE.codes.contains(&code) {
        return (0, BEFORE.name);
    }
    if let Some(at) = AFTER.iter().position(|stage| stage.codes.contains(&code)) {
        return (1 + STEPS.len() + at, AFTER[at].name);
    }
    let step = code.step();
    let at = STEPS.iter().position(|(one, _)| *one == step);
    at.map_or((1 + STEPS.len() + AFTER.len(), "the rest"), |at| (1 + at, STEPS[at].1))
}

/// Whether a match shows that credentials had been got by then: AWS knew the caller.
fn proves_identity(one: &Match) -> bool {
    let known = one.facts.principal.is_some() && !one.facts.is_node;
    known && matches!(one.code, Code::PermissionMissing | Code::PassRoleMissing | Code::RoleChainDenied | Code::ExplicitlyDenied)
}

/// Whether a text that means this code tells of a failure. What a check only warns of has stopped an application that logs it.
fn is_failure(code: Code) -> bool {
    code.row().severity == Severity::Fail || code.step() == Step::Application
}

/// What is settled before STS is asked.
const SETTINGS: [Code; 5] =
    [Code::ProfileMissing, Code::ProfileBroken, Code::RegionMissing, Code::RegionMalformed, Code::NoCredentialsFound];

/// The root first: failures before warnings, then by stage; what had passed when AWS knew the caller explains nothing after it.
pub(super) fn sort(matches: &mut [Match]) {
    let known_at = matches.iter().filter(|one| proves_identity(one)).filter_map(|one| one.line).min();
    let answered_at = matches.iter().filter(|one| matches!(one.step, Step::AssumeRole | Step::Identity)).filter_map(|one| one.line).min();
    let passed = |one: &Match| {
        let transient = one.code.row().class == Class::Transient || one.code == Code::NoCredentialsFound;
        let before = |line: Option<usize>| line.is_some_and(|line| one.last_line < line);
        // STS was asked, so the way to it, the region and the profile were right by then.
        let on_the_way = one.step == Step::Network || SETTINGS.contains(&one.code);
        transient && before(known_at) || on_the_way && (before(answered_at) || before(known_at))
    };
    let rank = |one: &Match| {
        let within = Code::ALL.iter().position(|code| *code == one.code);
        (!is_failure(one.code), passed(one), stage(one).0, within, one.line)
    };
    // By insertion: they are few, and the library's sort would be the largest part of this module in the binary.
    for end in 1..matches.len() {
        for at in (1..=end).rev() {
            if rank(&matches[at]) >= rank(&matches[at - 1]) {
                break;
            }
            matches.swap(at, at - 1);
        }
    }
}

/// Why the first is the root, in one clause.
pub(super) fn why(matches: &[Match]) -> Option<String> {
    let [root, others @ ..] = matches else { return None };
    let (at, name) = stage(root);
    let next = others.iter().map(|one| (stage(one), one)).min_by_key(|((at, _), _)| *at)?;
    let ((next_at, next_name), next) = next;
    Some(match () {
        () if others.iter().all(|one| !is_failure(one.code)) && is_failure(root.code) => {
            "it is the failure, and the rest is only worth knowing".to_owned()
        }
        () if next_at < at && is_failure(next.code) => {
            format!("{next_name} failed too, but it had worked when AWS knew the caller")
        }
        () if next_at > at => {
            format!("{name} comes before {next_name} in the order in which credentials are made: what fails first explains the rest")
        }
        () => "it is the more basic one of those at the same step".to_owned(),
    })
}
