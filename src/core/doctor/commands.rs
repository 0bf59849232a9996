//! Which commands are due: each question's condition and its request's placeholders, held against what was found.

use super::admission::has_failed_create;
use super::answer::ToolAnswer;
use super::found::Found;
use super::question::{Condition, Question, Tool, ToolRequest};
use super::route::IdentityRoute;
use super::state::{Unknown, WalkState, is_account_missing, why_no_account};
use super::target::TargetKind;
use super::why::{Obstacle, Why};
use crate::core::aws::arn::RoleArn;

/// A command that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCommand {
    /// What it answers.
    pub question: Question,
    /// The program.
    pub tool: Tool,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Whether a question is asked now.
enum Due {
    /// Its condition holds.
    Now,
    /// What it needs is not known yet.
    Later,
    /// It will not be asked, and why.
    Never(Why),
}

/// Which commands are due now; all of them may run side by side. What will never be asked is noted in `found`. In the end none is due.
pub fn due(found: &mut Found) -> Vec<ToolCommand> {
    loop {
        let state = WalkState::from_found(found);
        let mut commands = Vec::new();
        let mut noted = Vec::new();
        for question in Question::ALL.iter().copied().filter(|question| found.get(*question).is_none()) {
            let request = question.row().request;
            match when(question, found, &state) {
                Due::Now => match arguments(request, found, &state) {
                    Ok(arguments) => commands.push(ToolCommand { question, tool: request.tool(), arguments }),
                    Err(why) => noted.push((question, why)),
                },
                Due::Never(why) => noted.push((question, why)),
                Due::Later => {}
            }
        }
        if noted.is_empty() {
            return commands;
        }
        for (question, why) in noted {
            found.add(question, ToolAnswer::NotAsked(why));
        }
    }
}

/// When a question is asked: its tool works, its condition holds, and what its request needs is answered.
fn when(question: Question, found: &Found, state: &WalkState) -> Due {
    let row = question.row();
    if let Some(why) = why_useless(found, row.request.tool()) {
        return Due::Never(why);
    }
    match condition(row.asked, question, found, state) {
        Due::Now if !needs(row.request).iter().all(|needed| found.get(*needed).is_some()) => Due::Later,
        due => due,
    }
}

/// What has to be answered before a request: the namespace is the context's, and so is the region, unless the issuer tells it.
fn needs(request: ToolRequest) -> &'static [Question] {
    match request {
        ToolRequest::Kubectl(_) | ToolRequest::Aws(_) => &[],
        ToolRequest::Get(_) => &[Question::Context],
        ToolRequest::AwsInRegion(_) => &[Question::Context, Question::Caller, Question::Discovery],
    }
}

/// Why a tool is not run again: it gives no access at all.
fn why_useless(found: &Found, tool: Tool) -> Option<Why> {
    let (kind, said) = found.no_access(tool)?;
    Some(Why::of(Obstacle::NoAccess(tool), kind.describe(tool, said)))
}

/// Whether a question's condition holds.
fn condition(asked: Condition, question: Question, found: &Found, state: &WalkState) -> Due {
    match asked {
        Condition::Always => Due::Now,
        Condition::AccountMayBeNamed if found.target.kind == TargetKind::Pod => never("a pod was named"),
        Condition::AccountMayBeNamed => Due::Now,
        Condition::PodMayBeNamed => match (found.target.kind, found.get(Question::ServiceAccount)) {
            // A user who may not read service accounts may still read pods, and the name may be a pod's.
            (TargetKind::Pod, _) | (TargetKind::Either, Some(ToolAnswer::Absent(_) | ToolAnswer::Refused(..))) => Due::Now,
            (TargetKind::Either, None) => Due::Later,
            _ => never("a service account was named"),
        },
        Condition::PodFound => match found.get(Question::Pod) {
            None => Due::Later,
            Some(ToolAnswer::Given(_)) => Due::Now,
            Some(_) => never("no pod was found"),
        },
        Condition::NoPodFound => match found.get(Question::Pod) {
            None => Due::Later,
            Some(ToolAnswer::Given(_)) => never("one pod is examined"),
            Some(_) => Due::Now,
        },
        Condition::AccountMissing => match is_account_missing(found) {
            None => Due::Later,
            Some(true) => Due::Now,
            Some(false) => never("the service account exists"),
        },
        Condition::AccountKnown => match (found.get(Question::Pod), &state.service_account) {
            (None, _) => Due::Later,
            (Some(_), Some(_)) => Due::Now,
            (Some(_), None) => Due::Never(unknown_account(found)),
        },
        Condition::CreationFailed => match (found.get(Question::Pod), found.get(Question::Events)) {
            (Some(ToolAnswer::Given(_)), _) => never("one pod is examined"),
            (None, _) | (_, None) => Due::Later,
            (_, Some(ToolAnswer::Given(events))) if has_failed_create(events, question) => Due::Now,
            _ => never("no warning says that pods of one could not be created"),
        },
        Condition::AssociationKnown => match (found.get(Question::Associations), &state.association) {
            (None, _) => Due::Later,
            (Some(_), Some(_)) => Due::Now,
            (Some(_), None) => never(NO_ASSOCIATION),
        },
        Condition::RoleInReach => role_in_reach(found, state),
        Condition::RoleByIrsa => match role_in_reach(found, state) {
            Due::Now if state.route == IdentityRoute::PodIdentity => never("Pod Identity needs no OIDC provider"),
            due => due,
        },
        Condition::ProviderNotShown => match found.get(Question::Provider) {
            None => Due::Later,
            Some(ToolAnswer::Absent(_) | ToolAnswer::Refused(..)) => Due::Now,
            Some(_) => never("the provider was answered"),
        },
        Condition::AwsAuthWanted if found.target.aws_auth => Due::Now,
        Condition::AwsAuthWanted => never("not requested (--aws-auth)"),
    }
}

const NO_ASSOCIATION: &str = "no Pod Identity association is known";

fn unknown_account(found: &Found) -> Why {
    why_no_account(found).in_words("the service account is not known")
}

/// Why the cluster's name is not known: kubectl's context may have it.
fn unknown_cluster(found: &Found) -> Why {
    let why = match (found.given(Question::Context), found.no_access(Tool::Kubectl)) {
        (None, Some(_)) => Why::of(Obstacle::NoAccess(Tool::Kubectl), ""),
        _ => "".into(),
    };
    why.in_words("the cluster's name in EKS is not known (--cluster NAME)")
}

fn never(why: &str) -> Due {
    Due::Never(why.into())
}

/// What the role is made of.
const ROLE_SOURCES: [Question; 6] =
    [Question::Associations, Question::Association, Question::Pods, Question::PodAccount, Question::Cluster, Question::Discovery];

fn role_in_reach(found: &Found, state: &WalkState) -> Due {
    if ROLE_SOURCES.iter().any(|question| found.get(*question).is_none()) {
        return Due::Later;
    }
    match known_role(state) {
        Err(why) => Due::Never(why),
        // A user who may not ask for the account may still read the role, whose ARN tells the account.
        Ok(_) if state.caller.is_none() => Due::Now,
        Ok(role) => state.why_out_of_reach(found, role).map_or(Due::Now, Due::Never),
    }
}

fn known_role(state: &WalkState) -> Result<&RoleArn, Why> {
    state.role.as_ref().map_err(Unknown::why)
}

/// The arguments of a request; the error says which value is not known.
fn arguments(request: ToolRequest, found: &Found, state: &WalkState) -> Result<Vec<String>, Why> {
    let fill_words = |words| fill_words(words, found, state);
    Ok(match request {
        ToolRequest::Kubectl(words) => fill_words(words)?,
        ToolRequest::Get(path) => vec!["get".to_owned(), "--raw".to_owned(), fill(path, found, state)?],
        ToolRequest::Aws(words) => [fill_words(words)?, json_output()].concat(),
        ToolRequest::AwsInRegion(words) => {
            let region = state.region.iter().flat_map(|region| ["--region".to_owned(), region.clone()]).collect();
            [fill_words(words)?, region, json_output()].concat()
        }
    })
}

fn json_output() -> Vec<String> {
    vec!["--output".to_owned(), "json".to_owned()]
}

fn fill_words(words: &[&str], found: &Found, state: &WalkState) -> Result<Vec<String>, Why> {
    let mut filled: Vec<String> = Vec::new();
    for word in words {
        let value = fill(word, found, state)?;
        match filled.last_mut() {
            // A value that begins with a dash, as a role's name may, would be read as a flag.
            Some(flag) if word.starts_with('{') && value.starts_with('-') => *flag = format!("{flag}={value}"),
            _ => filled.push(value),
        }
    }
    Ok(filled)
}

/// A template with its placeholders filled.
fn fill(template: &str, found: &Found, state: &WalkState) -> Result<String, Why> {
    let mut parts = template.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        filled.push_str(&value(name, found, state)?);
        filled.push_str(rest);
    }
    Ok(filled)
}

/// A placeholder's value, or why there is none.
fn value(placeholder: &str, found: &Found, state: &WalkState) -> Result<String, Why> {
    match placeholder {
        "name" => Ok(found.target.name.clone()),
        "namespace" => Ok(state.namespace.clone()),
        "serviceAccount" => state.service_account.clone().ok_or_else(|| unknown_account(found)),
        "cluster" => state.cluster.clone().ok_or_else(|| unknown_cluster(found)),
        "association" => state.association.clone().ok_or_else(|| NO_ASSOCIATION.into()),
        "roleName" => known_role(state).map(|role| role.name.clone()),
        "provider" => {
            known_role(state).and_then(|role| state.provider_arn(role).map_err(|why| found.why_missing(Question::Discovery).in_words(&why)))
        }
        _ => Err(format!("{placeholder} is not known").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::doctor::answer::RefusalKind;
    use crate::core::doctor::target::DoctorTarget;
    use serde_json::{Value, json};

    fn found(word: &str) -> Found {
        Found::new(DoctorTarget::parse(word, None, Some("production"), true).unwrap())
    }

    fn answer(question: Question) -> Value {
        match question {
            Question::Context => json!({"contexts": [{"context": {"namespace": "shop"}}]}),
            Question::Caller => json!({"Account": "111122223333"}),
            Question::Discovery => json!({"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/A"}),
            Question::ServiceAccount | Question::PodAccount => {
                json!({"metadata": {"name": "checkout", "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/checkout"}}})
            }
            Question::Pod => json!({"metadata": {"name": "checkout-0"}, "spec": {"serviceAccountName": "checkout"}}),
            Question::Events => {
                let kinds = ["ReplicaSet", "DaemonSet", "StatefulSet", "Job"];
                json!({"items": kinds.map(|kind| json!({"reason": "FailedCreate", "involvedObject": {"kind": kind, "name": "checkout"}}))})
            }
            Question::Associations => json!({"associations": [{"associationId": "a-1"}]}),
            Question::Association => json!({"association": {"associationId": "a-1", "roleArn": "arn:aws:iam::111122223333:role/checkout"}}),
            _ => json!({
                "cluster": {}, "items": [], "Role": {"Arn": "a"}, "AttachedPolicies": [], "PolicyNames": [], "ClientIDList": [],
                "OpenIDConnectProviderList": [], "metadata": {},
            }),
        }
    }

    /// All commands, each question answered by `answers`.
    fn all(mut found: Found, answers: impl Fn(Question) -> ToolAnswer) -> Vec<ToolCommand> {
        let mut all = Vec::new();
        for _ in 0..=Question::ALL.len() {
            let commands = due(&mut found);
            if commands.is_empty() {
                let open = Question::ALL.iter().filter(|question| found.get(**question).is_none());
                assert_eq!(open.count(), 0, "every question is answered or noted");
                return all;
            }
            for command in commands {
                found.add(command.question, answers(command.question));
                all.push(command);
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn nothing_is_ever_changed() {
        let absent = |question| match question {
            Question::ServiceAccount | Question::Provider | Question::Associations => ToolAnswer::Absent("none".to_owned()),
            other => ToolAnswer::Given(answer(other)),
        };
        let given = |question| ToolAnswer::Given(answer(question));
        let mut commands = Vec::new();
        for word in ["checkout", "sa/checkout", "pod/checkout-0"] {
            commands.extend(all(found(word), given));
            commands.extend(all(found(word), absent));
        }
        for question in Question::ALL {
            assert!(commands.iter().any(|command| command.question == *question), "{question:?} is never asked");
        }
        for ToolCommand { tool, arguments, .. } in commands {
            let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let reads = match (tool, words.as_slice()) {
                (Tool::Kubectl, ["config", "view", ..] | ["get", "--raw", _]) => true,
                (Tool::Aws, [_, verb, .., "--output", "json"]) => ["get-", "list-", "describe-"].iter().any(|read| verb.starts_with(read)),
                _ => false,
            };
            assert!(reads, "{words:?}");
        }
    }

    #[test]
    fn a_tool_that_is_not_there_is_asked_once() {
        for (tool, first) in [(Tool::Kubectl, Question::Context), (Tool::Aws, Question::Caller)] {
            let commands = all(found("checkout"), |question| match question {
                question if question == first => ToolAnswer::Refused(RefusalKind::NoTool, "not on the PATH".to_owned()),
                other => ToolAnswer::Given(answer(other)),
            });
            assert_eq!(commands.iter().filter(|command| command.tool == tool).count(), 1, "{commands:?}");
        }
    }

    #[test]
    fn a_value_is_never_read_as_a_flag() {
        let role = "arn:aws:iam::111122223333:role/-x";
        let commands = all(found("sa/checkout"), |question| match question {
            Question::ServiceAccount => ToolAnswer::Given(json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": role}}})),
            Question::Associations => ToolAnswer::Given(json!({"associations": []})),
            other => ToolAnswer::Given(answer(other)),
        });
        let get_role = commands.iter().find(|command| command.question == Question::Role).unwrap();
        assert_eq!(get_role.arguments, ["iam", "get-role", "--role-name=-x", "--output", "json"]);
    }

    #[test]
    fn a_refusal_anywhere_ends_too() {
        for refused in Question::ALL {
            for why in [RefusalKind::Denied, RefusalKind::Login, RefusalKind::TimedOut, RefusalKind::Other] {
                all(found("checkout"), |question| match question == *refused {
                    true => ToolAnswer::Refused(why, "no".to_owned()),
                    false => ToolAnswer::Given(answer(question)),
                });
            }
        }
    }
}
