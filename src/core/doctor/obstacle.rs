//! What keeps whole parts of the walk from being examined: one statement each, with the fix.

use super::answer::RefusalKind;
use super::document::KubeContext;
use super::found::Found;
use super::question::{Question, Tool};
use super::state::WalkState;
use super::why::Obstacle;
use super::wordings;
use crate::core::catalogue::remedy::{Remedy, Values};
use crate::core::catalogue::wording::Wording;
use crate::core::text::printable::shell_word;

/// An obstacle as the report states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObstacleReport {
    /// What is in the way, for a verdict: `AWS cannot be reached`.
    pub what: &'static str,
    /// Why, as a headline; the same where it says both.
    pub title: &'static str,
    /// The tool's own line, or the values that contradict each other.
    pub said: Option<String>,
    /// What removes it.
    pub remedy: Remedy,
    /// The checks that wait for it, each with the first of its obstacles only.
    pub checks: Vec<&'static str>,
}

/// Without kubectl.
pub const CLUSTER: &str = "the cluster cannot be reached";
/// Without aws.
pub const AWS: &str = "AWS cannot be reached";
/// Without both.
pub const NEITHER: &str = "neither the cluster nor AWS can be reached";

/// All obstacles, with the checks that each blocks. `values` are those of fixes.
pub fn obstacles(found: &Found, state: &WalkState, values: &Values, blocked: &[(&'static str, Vec<Obstacle>)]) -> Vec<ObstacleReport> {
    let of = |wanted: &[Obstacle]| -> Vec<&'static str> {
        let first = |(_, obstacles): &&(&str, Vec<Obstacle>)| obstacles.first().is_some_and(|first| wanted.contains(first));
        blocked.iter().filter(first).map(|(id, _)| *id).collect()
    };
    let kubectl = found.no_access(Tool::Kubectl);
    let aws = found.no_access(Tool::Aws);
    let mut all = Vec::new();
    match (kubectl, aws) {
        (Some((kubectl, _)), Some((aws, said))) if is_one_login(found, kubectl, aws) => {
            let checks = of(&[Obstacle::NoAccess(Tool::Kubectl), Obstacle::NoAccess(Tool::Aws)]);
            all.push(statement(NEITHER, aws.wording(Tool::Aws), said, values, checks));
        }
        _ => {
            all.extend(kubectl.map(|(kind, said)| {
                let checks = of(&[Obstacle::NoAccess(Tool::Kubectl)]);
                with_profile(statement(CLUSTER, kind.wording(Tool::Kubectl), said, values, checks), state.profile.as_deref())
            }));
            all.extend(aws.map(|(kind, said)| statement(AWS, kind.wording(Tool::Aws), said, values, of(&[Obstacle::NoAccess(Tool::Aws)]))));
        }
    }
    let others = [
        (Obstacle::NoSuchCluster, &wordings::NO_SUCH_CLUSTER),
        (Obstacle::TwoClusters, &wordings::TWO_CLUSTERS),
        (Obstacle::OtherAccount, &wordings::OTHER_ACCOUNT),
    ];
    for (obstacle, wording) in others {
        let checks = of(&[obstacle]);
        if !checks.is_empty() {
            all.push(statement(wording.title, wording, &describe(obstacle, found, state), values, checks));
        }
    }
    all
}

/// Whether kubectl and aws lack the same: kubectl's context logs in with AWS credentials, and neither tool has them.
fn is_one_login(found: &Found, kubectl: RefusalKind, aws: RefusalKind) -> bool {
    let uses_aws = found.given(Question::Context).is_some_and(|view| KubeContext::parse(view).uses_aws);
    let is_login = |kind| matches!(kind, RefusalKind::Login | RefusalKind::Sso | RefusalKind::NoProfile);
    uses_aws && matches!((kubectl, aws), (RefusalKind::NoPlugin, RefusalKind::NoTool)) || uses_aws && is_login(kubectl) && kubectl == aws
}

fn statement(what: &'static str, wording: &Wording, said: &str, values: &Values, checks: Vec<&'static str>) -> ObstacleReport {
    let said = Some(said.to_owned()).filter(|said| !said.is_empty());
    ObstacleReport { what, title: wording.title, said, remedy: values.fix(wording.fix, wording.commands), checks }
}

/// The same with the profile of kubectl's context in commands that log in.
fn with_profile(mut statement: ObstacleReport, profile: Option<&str>) -> ObstacleReport {
    if let Some(profile) = profile {
        let logs_in = |command: &str| command.starts_with("aws sso ") || command.starts_with("aws eks ") || command.starts_with("aws sts ");
        for command in statement.remedy.commands.iter_mut().filter(|command| logs_in(&command.command)) {
            command.command.push_str(&format!(" --profile {}", shell_word(profile)));
        }
    }
    statement
}

/// The values that an obstacle is about.
fn describe(obstacle: Obstacle, found: &Found, state: &WalkState) -> String {
    match obstacle {
        Obstacle::NoAccess(_) => String::new(),
        Obstacle::NoSuchCluster => found.why_missing(Question::Cluster).text,
        Obstacle::TwoClusters => {
            let unknown = || "unknown".to_owned();
            format!(
                "issuer of kubectl's context: {}; issuer of cluster {} in EKS: {}",
                state.issuer.clone().unwrap_or_else(unknown),
                state.cluster.clone().unwrap_or_else(unknown),
                state.other_cluster.clone().unwrap_or_else(unknown)
            )
        }
        Obstacle::OtherAccount => {
            let role = state.role.as_ref().ok().map(ToString::to_string).unwrap_or_default();
            let account = state.caller.as_ref().map(ToString::to_string).unwrap_or_default();
            let profile = state.profile.as_ref().map(|profile| format!("; kubectl's context uses profile {profile}")).unwrap_or_default();
            format!("role {role}; aws acts in account {account}{profile}")
        }
    }
}
