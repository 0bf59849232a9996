//! The questions: one row each, with the command that answers it, or why it is not asked. Nothing here changes anything anywhere.

use super::answer::RefusalKind;
use super::case::{IdentityRoute, WalkState};
use super::{Found, Kind, ToolAnswer, refused};
use crate::core::aws::arn::RoleArn;

/// A program of the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Kubernetes' command line.
    Kubectl,
    /// AWS's.
    Aws,
}

impl Tool {
    /// Its name on the PATH.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Kubectl => "kubectl",
            Tool::Aws => "aws",
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// kubectl's current context.
    Context,
    /// Whom aws acts as.
    Caller,
    /// The API server's own OIDC discovery document.
    Discovery,
    /// The cluster by EKS.
    Cluster,
    /// The mutating webhooks.
    Webhooks,
    /// The service account of the given name.
    ServiceAccount,
    /// The pod of the given name.
    Pod,
    /// That pod's service account.
    PodAccount,
    /// What other service accounts there are, when the named one is missing.
    Others,
    /// The pods of the service account.
    Pods,
    /// Warnings of the namespace.
    Events,
    /// What makes pods, where a warning says that some could not be created.
    ReplicaSets,
    /// The same, one pod a node.
    DaemonSets,
    /// The same, with names of their own.
    StatefulSets,
    /// The same, to an end.
    Jobs,
    /// Pod Identity associations of the service account.
    Associations,
    /// The association.
    Association,
    /// The role.
    Role,
    /// Its managed policies.
    Attached,
    /// Its inline policies.
    Inline,
    /// The IAM OIDC provider of the issuer.
    Provider,
    /// All providers of the account, when that one was not shown.
    Providers,
    /// The ConfigMap aws-auth.
    AwsAuth,
}

/// What to do about a question now.
enum Due {
    /// Run the tool with these arguments.
    Run(Vec<String>),
    /// There is no use in it, or no way.
    Never(String),
    /// What it needs is not known yet.
    Later,
}

struct QuestionRow {
    question: Question,
    tool: Tool,
    /// What every answer has, as a JSON pointer.
    sign: &'static str,
    due: fn(&Found, &WalkState) -> Due,
}

/// A page of a list. What is beyond is said to be beyond.
const PAGE: &str = "limit=500";

const ROWS: &[QuestionRow] = &[
    QuestionRow {
        question: Question::Context,
        tool: Tool::Kubectl,
        sign: "/contexts",
        due: |_, _| run(&["config", "view", "--minify", "-o", "json"]),
    },
    // First and alone of aws's: a profile with MFA asks for the code once, and the others find the cached session.
    QuestionRow { question: Question::Caller, tool: Tool::Aws, sign: "/Account", due: |_, _| aws(&["sts", "get-caller-identity"]) },
    QuestionRow {
        question: Question::Discovery,
        tool: Tool::Kubectl,
        sign: "/issuer",
        due: |found, _| get(found, "/.well-known/openid-configuration".to_owned()),
    },
    QuestionRow {
        question: Question::Cluster,
        tool: Tool::Aws,
        sign: "/cluster",
        due: |found, case| eks(found, case, &["eks", "describe-cluster", "--name"], &[]),
    },
    QuestionRow {
        question: Question::Webhooks,
        tool: Tool::Kubectl,
        sign: "/items",
        due: |found, _| get(found, "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations".to_owned()),
    },
    QuestionRow {
        question: Question::ServiceAccount,
        tool: Tool::Kubectl,
        sign: "/metadata",
        due: |found, case| match found.asked.kind {
            Kind::Pod => never("a pod was named"),
            Kind::Either | Kind::ServiceAccount => namespaced(found, case, &format!("serviceaccounts/{}", found.asked.name)),
        },
    },
    QuestionRow {
        question: Question::Pod,
        tool: Tool::Kubectl,
        sign: "/spec",
        due: |found, case| match (found.asked.kind, found.get(Question::ServiceAccount)) {
            // Who may not see service accounts may still see pods, and the name may be a pod's.
            (Kind::Pod, _) | (Kind::Either, Some(ToolAnswer::Absent(_) | ToolAnswer::Refused(..))) => {
                namespaced(found, case, &format!("pods/{}", found.asked.name))
            }
            (Kind::Either, None) => Due::Later,
            _ => never("a service account was named"),
        },
    },
    QuestionRow {
        question: Question::PodAccount,
        tool: Tool::Kubectl,
        sign: "/metadata",
        due: |found, case| match (found.get(Question::Pod), &case.service_account) {
            (None, _) => Due::Later,
            (Some(ToolAnswer::Given(_)), Some(name)) => namespaced(found, case, &format!("serviceaccounts/{name}")),
            _ => never("no pod was found"),
        },
    },
    QuestionRow {
        question: Question::Others,
        tool: Tool::Kubectl,
        sign: "/items",
        due: |found, case| match case.account_missing(found) {
            Some(true) => namespaced(found, case, &format!("serviceaccounts?{PAGE}")),
            Some(false) => never("the service account exists"),
            None => Due::Later,
        },
    },
    QuestionRow {
        question: Question::Pods,
        tool: Tool::Kubectl,
        sign: "/items",
        due: |found, case| match (&case.service_account, found.get(Question::Pod)) {
            (_, Some(ToolAnswer::Given(_))) => never("one pod is looked at"),
            (Some(name), Some(_)) => namespaced(found, case, &format!("pods?fieldSelector=spec.serviceAccountName%3D{name}&{PAGE}")),
            (None, Some(_)) => never("the service account is not known"),
            (_, None) => Due::Later,
        },
    },
    QuestionRow {
        question: Question::Events,
        tool: Tool::Kubectl,
        sign: "/items",
        due: |found, case| namespaced(found, case, &format!("events?fieldSelector=type%3DWarning&{PAGE}")),
    },
    QuestionRow {
        question: Question::ReplicaSets,
        tool: Tool::Kubectl,
        sign: "/items",
        due: |found, case| controllers(found, case, Question::ReplicaSets, "apps/v1", "replicasets"),
    },
    QuestionRow {
        question: Question::DaemonSets,
        tool: Tool::Kubectl,
        sign: "/items",
        due: |found, case| controllers(found, case, Question::DaemonSets, "apps/v1", "daemonsets"),
    },
    QuestionRow {
        question: Question::StatefulSets,
        tool: Tool::Kubectl,
        sign: "/items",
        due: |found, case| controllers(found, case, Question::StatefulSets, "apps/v1", "statefulsets"),
    },
    QuestionRow {
        question: Question::Jobs,
        tool: Tool::Kubectl,
        sign: "/items",
        due: |found, case| controllers(found, case, Question::Jobs, "batch/v1", "jobs"),
    },
    QuestionRow {
        question: Question::Associations,
        tool: Tool::Aws,
        sign: "/associations",
        due: |found, case| match (&case.service_account, found.get(Question::Pod)) {
            (Some(name), Some(_)) => {
                let of = ["--namespace".to_owned(), case.namespace.clone(), "--service-account".to_owned(), name.clone()];
                eks(found, case, &["eks", "list-pod-identity-associations", "--cluster-name"], &of)
            }
            (None, Some(_)) => never("the service account is not known"),
            (_, None) => Due::Later,
        },
    },
    QuestionRow {
        question: Question::Association,
        tool: Tool::Aws,
        sign: "/association",
        due: |found, case| match (found.get(Question::Associations), &case.association) {
            (None, _) => Due::Later,
            (_, Some(id)) => eks(
                found,
                case,
                &["eks", "describe-pod-identity-association", "--cluster-name"],
                &["--association-id".to_owned(), id.clone()],
            ),
            _ => never("no Pod Identity association is known"),
        },
    },
    QuestionRow { question: Question::Role, tool: Tool::Aws, sign: "/Role/Arn", due: |found, case| of_role(found, case, "get-role") },
    QuestionRow {
        question: Question::Attached,
        tool: Tool::Aws,
        sign: "/AttachedPolicies",
        due: |found, case| of_role(found, case, "list-attached-role-policies"),
    },
    QuestionRow {
        question: Question::Inline,
        tool: Tool::Aws,
        sign: "/PolicyNames",
        due: |found, case| of_role(found, case, "list-role-policies"),
    },
    QuestionRow {
        question: Question::Provider,
        tool: Tool::Aws,
        sign: "/ClientIDList",
        due: |found, case| match iam(found, case) {
            Ok(_) if case.way == IdentityRoute::PodIdentity => never("Pod Identity needs no OIDC provider"),
            Ok(role) => match case.provider_arn(role) {
                Ok(arn) => aws(&["iam", "get-open-id-connect-provider", "--open-id-connect-provider-arn", &arn]),
                Err(why) => Due::Never(why),
            },
            Err(due) => due,
        },
    },
    QuestionRow {
        question: Question::Providers,
        tool: Tool::Aws,
        sign: "/OpenIDConnectProviderList",
        due: |found, _| match found.get(Question::Provider) {
            None => Due::Later,
            Some(ToolAnswer::Absent(_) | ToolAnswer::Refused(..)) => aws(&["iam", "list-open-id-connect-providers"]),
            Some(_) => never("the provider was answered"),
        },
    },
    QuestionRow {
        question: Question::AwsAuth,
        tool: Tool::Kubectl,
        sign: "/metadata",
        due: |found, _| match found.asked.aws_auth {
            true => get(found, "/api/v1/namespaces/kube-system/configmaps/aws-auth".to_owned()),
            false => never("it was not asked for (--aws-auth)"),
        },
    },
];

/// What a document has that answers the question.
pub(super) fn sign(question: Question) -> &'static str {
    ROWS.iter().find(|row| row.question == question).map_or("", |row| row.sign)
}

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

/// Which commands are due now: all of them may run side by side. What will never be asked is noted in `found`. Nothing is due in the end.
pub fn due(found: &mut Found) -> Vec<ToolCommand> {
    loop {
        let case = WalkState::of(found);
        let mut asks = Vec::new();
        let mut noted = Vec::new();
        for row in ROWS.iter().filter(|row| found.get(row.question).is_none()) {
            match blocked(found, row.tool).map_or_else(|| (row.due)(found, &case), Due::Never) {
                Due::Run(arguments) => asks.push(ToolCommand { question: row.question, tool: row.tool, arguments }),
                Due::Never(why) => noted.push((row.question, ToolAnswer::NotAsked(why))),
                Due::Later => {}
            }
        }
        if noted.is_empty() {
            return asks;
        }
        for (question, answer) in noted {
            found.add(question, answer);
        }
    }
}

/// A tool that is not there, whose credentials do not work or to which nobody answers is not asked again and again.
fn blocked(found: &Found, tool: Tool) -> Option<String> {
    let refused = |question| match found.get(question) {
        Some(ToolAnswer::Refused(why, text)) => Some((*why, text)),
        _ => None,
    };
    let (why, text) = match tool {
        Tool::Aws => refused(Question::Caller)?,
        // The context needs no server, so that two of its answers decide.
        Tool::Kubectl => match refused(Question::Context).filter(|(why, _)| *why == RefusalKind::NoTool) {
            Some(missing) => missing,
            None => refused(Question::Webhooks).and(refused(Question::Discovery))?,
        },
    };
    let hopeless = match tool {
        Tool::Aws => matches!(why, RefusalKind::NoTool | RefusalKind::Credentials | RefusalKind::TimedOut),
        Tool::Kubectl => matches!(why, RefusalKind::NoTool | RefusalKind::Credentials | RefusalKind::TimedOut | RefusalKind::Unreachable),
    };
    hopeless.then(|| text.clone())
}

fn run(words: &[&str]) -> Due {
    Due::Run(words.iter().map(|word| (*word).to_owned()).collect())
}

fn never(why: &str) -> Due {
    Due::Never(why.to_owned())
}

fn aws(words: &[&str]) -> Due {
    run(&[words, &["--output", "json"]].concat())
}

/// An object or list of the API server, as it is: no discovery of resources, and the managed fields whatever kubectl's version.
fn get(found: &Found, path: String) -> Due {
    match found.get(Question::Context) {
        Some(_) => run(&["get", "--raw", &path]),
        None => Due::Later,
    }
}

fn namespaced(found: &Found, case: &WalkState, rest: &str) -> Due {
    get(found, format!("/api/v1/namespaces/{}/{rest}", case.namespace))
}

/// The controllers of one kind: whose pods are refused stands in their templates, and events name the controllers alone.
fn controllers(found: &Found, case: &WalkState, question: Question, group: &str, resource: &str) -> Due {
    match (found.get(Question::Pod), found.get(Question::Events)) {
        (Some(ToolAnswer::Given(_)), _) => never("one pod is looked at"),
        (None, _) | (_, None) => Due::Later,
        (_, Some(ToolAnswer::Given(events))) if refused::names(events, question) => {
            get(found, format!("/apis/{group}/namespaces/{}/{resource}?{PAGE}", case.namespace))
        }
        _ => never("no warning says that pods of one could not be created"),
    }
}

/// A call of EKS for the cluster, whose name goes after `words`.
fn eks(found: &Found, case: &WalkState, words: &[&str], more: &[String]) -> Due {
    // The issuer tells the region where the context does not.
    if [Question::Context, Question::Caller, Question::Discovery].iter().any(|question| found.get(*question).is_none()) {
        return Due::Later;
    }
    let Some(name) = &case.cluster else { return never("the cluster's name in EKS is not known (--cluster NAME)") };
    let mut words: Vec<&str> = [words, &[name.as_str()]].concat();
    words.extend(more.iter().map(String::as_str));
    if let Some(region) = &case.region {
        words.extend(["--region", region]);
    }
    aws(&words)
}

/// The role, unless it is in another account than aws acts in: IAM shows no other's.
fn iam<'a>(found: &Found, case: &'a WalkState) -> Result<&'a RoleArn, Due> {
    let settled =
        [Question::Associations, Question::Association, Question::Pods, Question::PodAccount, Question::Cluster, Question::Discovery];
    if settled.iter().any(|question| found.get(*question).is_none()) {
        return Err(Due::Later);
    }
    let role = case.role.as_ref().map_err(|why| Due::Never(why.text().to_owned()))?;
    match case.elsewhere(found, role).filter(|_| case.caller.is_some()) {
        Some(why) => Err(Due::Never(why)),
        // Who may not ask for the account may still see the role: its ARN tells.
        None => Ok(role),
    }
}

fn of_role(found: &Found, case: &WalkState, verb: &str) -> Due {
    match iam(found, case) {
        // IAM's names may begin with a dash, which would read as a flag.
        Ok(role) if role.name.starts_with('-') => aws(&["iam", verb, &format!("--role-name={}", role.name)]),
        Ok(role) => aws(&["iam", verb, "--role-name", &role.name]),
        Err(due) => due,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::doctor::DoctorTarget;
    use serde_json::{Value, json};

    fn asked(word: &str) -> Found {
        Found::nothing(DoctorTarget::parse(word, None, Some("production"), true).unwrap())
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
        for _ in 0..ROWS.len() + 1 {
            let asks = due(&mut found);
            if asks.is_empty() {
                assert_eq!(found.answers.len(), ROWS.len(), "every question is answered or noted");
                return all;
            }
            for ask in asks {
                found.add(ask.question, answers(ask.question));
                all.push(ask);
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
        let mut asks = Vec::new();
        for word in ["checkout", "sa/checkout", "pod/checkout-0"] {
            asks.extend(all(asked(word), given));
            asks.extend(all(asked(word), absent));
        }
        for row in ROWS {
            assert!(asks.iter().any(|ask| ask.question == row.question), "{:?} is never asked", row.question);
        }
        for ToolCommand { tool, arguments, .. } in asks {
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
            let asks = all(asked("checkout"), |question| match question {
                question if question == first => ToolAnswer::Refused(RefusalKind::NoTool, "not on the PATH".to_owned()),
                other => ToolAnswer::Given(answer(other)),
            });
            assert_eq!(asks.iter().filter(|ask| ask.tool == tool).count(), 1, "{asks:?}");
        }
    }

    #[test]
    fn a_refusal_anywhere_ends_too() {
        for row in ROWS {
            for why in [RefusalKind::Denied, RefusalKind::Credentials, RefusalKind::TimedOut, RefusalKind::Other] {
                all(asked("checkout"), |question| match question == row.question {
                    true => ToolAnswer::Refused(why, "no".to_owned()),
                    false => ToolAnswer::Given(answer(question)),
                });
            }
        }
    }
}
