//! The answers so far.

use super::answer::{RefusalKind, ToolAnswer};
use super::question::{Question, Tool};
use super::target::DoctorTarget;
use super::why::{Obstacle, Why};
use serde_json::Value;

/// What was found so far.
#[derive(Debug, Clone)]
pub struct Found {
    /// What the user asks about.
    pub target: DoctorTarget,
    answers: Vec<(Question, ToolAnswer)>,
}

impl Found {
    /// No answer yet.
    pub fn new(target: DoctorTarget) -> Found {
        Found { target, answers: Vec::new() }
    }

    /// Takes in an answer; the first one to a question counts.
    ///
    /// A document without the question's sign is no answer: nothing may be concluded from what it lacks.
    pub fn add(&mut self, question: Question, answer: ToolAnswer) {
        let answer = match answer {
            ToolAnswer::Given(document) if document.pointer(question.row().sign).is_none() => {
                ToolAnswer::Refused(RefusalKind::Other, "the answer is not what was asked for".to_owned())
            }
            // Any web server may send a bare 404. One that has answered as an API server is an API server, and then it means "there is none".
            ToolAnswer::Refused(RefusalKind::Bare, why) if self.is_api_server() => ToolAnswer::Absent(why),
            answer => answer,
        };
        if self.get(question).is_none() {
            self.answers.push((question, answer));
        }
    }

    /// The answer to a question.
    pub fn get(&self, question: Question) -> Option<&ToolAnswer> {
        self.answers.iter().find(|(answered, _)| *answered == question).map(|(_, answer)| answer)
    }

    /// The document that a question was answered with.
    pub fn given(&self, question: Question) -> Option<&Value> {
        match self.get(question) {
            Some(ToolAnswer::Given(value)) => Some(value),
            _ => None,
        }
    }

    /// Whether the question's object is known not to exist.
    pub fn is_absent(&self, question: Question) -> bool {
        matches!(self.get(question), Some(ToolAnswer::Absent(_)))
    }

    /// Why a question has no document.
    pub fn why_missing(&self, question: Question) -> Why {
        let tool = question.tool();
        match self.get(question) {
            Some(ToolAnswer::Absent(text)) => text.clone().into(),
            Some(ToolAnswer::NotAsked(why)) => why.clone(),
            Some(ToolAnswer::Refused(kind, said)) => match self.no_access(tool) {
                Some(_) => Why::of(Obstacle::NoAccess(tool), kind.describe(tool, said)),
                None => kind.describe(tool, said).into(),
            },
            Some(ToolAnswer::Given(_)) => "it was answered".into(),
            None => "it was not asked".into(),
        }
    }

    /// Why a tool gives no access at all, with its own words; `None` where it does, and as long as that is not known.
    ///
    /// Without kubectl or working credentials no question has an answer. For any other reason it takes two questions without an answer: one alone may
    /// be refused for its own reason. A server that forbids something is a server that answers.
    pub fn no_access(&self, tool: Tool) -> Option<(RefusalKind, &str)> {
        let refusal = |question| match self.get(question) {
            Some(ToolAnswer::Refused(kind, said)) => Some((*kind, said.as_str())),
            _ => None,
        };
        // kubectl reads its context without a server, and aws is asked first whom it acts as.
        let (first, needs_server) = match tool {
            Tool::Kubectl => (refusal(Question::Context), false),
            Tool::Aws => (refusal(Question::Caller), true),
        };
        let is_final = |kind| match kind {
            RefusalKind::NoTool => true,
            RefusalKind::Login | RefusalKind::Sso | RefusalKind::NoProfile | RefusalKind::TimedOut => needs_server,
            _ => false,
        };
        if let Some(first) = first.filter(|(kind, _)| is_final(*kind)) {
            return Some(first);
        }
        let asked: Vec<Option<(RefusalKind, &str)>> = (self.answers.iter())
            .filter(|(question, _)| question.tool() == tool && *question != Question::Context)
            .filter(|(_, answer)| !matches!(answer, ToolAnswer::NotAsked(_)))
            .map(|(question, _)| refusal(*question))
            .collect();
        let refused: Vec<(RefusalKind, &str)> = asked.iter().copied().flatten().collect();
        let answers = |kind| matches!(kind, RefusalKind::Denied | RefusalKind::Bare);
        if refused.len() < asked.len().max(2) || refused.iter().any(|(kind, _)| answers(*kind)) {
            return None;
        }
        // A context that is missing explains what follows from it. Of the others the one whose reason is known says most.
        let missing = first.filter(|(kind, _)| *kind == RefusalKind::NoContext);
        let known = refused.iter().find(|(kind, _)| *kind != RefusalKind::Other);
        missing.or(known.copied()).or(refused.first().copied())
    }

    /// Whether what kubectl talks to has answered as an API server.
    fn is_api_server(&self) -> bool {
        self.given(Question::Webhooks).or(self.given(Question::Discovery)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(answers: &[(Question, ToolAnswer)]) -> Found {
        let mut found = Found::new(DoctorTarget::parse("checkout", None, None, false).unwrap());
        answers.iter().for_each(|(question, answer)| found.add(*question, answer.clone()));
        found
    }

    fn refused(kind: RefusalKind) -> ToolAnswer {
        ToolAnswer::Refused(kind, "x".to_owned())
    }

    fn no_access(tool: Tool, answers: &[(Question, ToolAnswer)]) -> Option<RefusalKind> {
        found(answers).no_access(tool).map(|(kind, _)| kind)
    }

    #[test]
    fn without_a_tool_or_a_login_one_answer_is_enough() {
        use RefusalKind::{Denied, Login, NoProfile, NoTool, Other, Sso, TimedOut, Unreachable};
        for kind in [NoTool, Login, Sso, NoProfile, TimedOut] {
            assert_eq!(no_access(Tool::Aws, &[(Question::Caller, refused(kind))]), Some(kind));
        }
        // One service alone may be away, or forbidden.
        for kind in [Denied, Unreachable, Other] {
            assert_eq!(no_access(Tool::Aws, &[(Question::Caller, refused(kind))]), None, "{kind:?}");
        }
        assert_eq!(no_access(Tool::Kubectl, &[(Question::Context, refused(NoTool))]), Some(NoTool));
        assert_eq!(no_access(Tool::Kubectl, &[(Question::Context, refused(RefusalKind::NoContext))]), None, "it may run in a pod");
    }

    #[test]
    fn a_server_gives_no_access_where_no_question_has_an_answer() {
        use RefusalKind::{Denied, NoContext, Other, Unauthorized, Unreachable};
        let all = |kind| [(Question::Discovery, refused(kind)), (Question::Webhooks, refused(kind))];
        for kind in [Unauthorized, Unreachable, Other] {
            assert_eq!(no_access(Tool::Kubectl, &all(kind)), Some(kind));
            assert_eq!(no_access(Tool::Kubectl, &all(kind)[..1]), None, "one may be refused for its own reason");
            for other in [refused(Denied), ToolAnswer::Absent("none".to_owned()), ToolAnswer::Given(json!({"items": []}))] {
                let others = [all(kind).to_vec(), vec![(Question::Events, other.clone())]].concat();
                assert_eq!(no_access(Tool::Kubectl, &others), None, "{kind:?} beside {other:?}");
            }
        }
        // What explains the others is said.
        let without = [all(Unreachable).to_vec(), vec![(Question::Context, refused(NoContext))]].concat();
        assert_eq!(no_access(Tool::Kubectl, &without), Some(NoContext));
        let mixed = [(Question::Discovery, refused(Other)), (Question::Webhooks, refused(Unreachable))];
        assert_eq!(no_access(Tool::Kubectl, &mixed), Some(Unreachable));
        // aws's access says nothing of kubectl's.
        assert_eq!(no_access(Tool::Aws, &all(Unreachable)), None);
        let endpoints = [(Question::Caller, refused(Unreachable)), (Question::Cluster, refused(Unreachable))];
        assert_eq!(no_access(Tool::Aws, &endpoints), Some(Unreachable));
    }

    #[test]
    fn only_what_needs_the_tool_waits_for_it() {
        let found = found(&[
            (Question::Caller, refused(RefusalKind::Sso)),
            (Question::Events, refused(RefusalKind::Denied)),
            (Question::Role, ToolAnswer::NotAsked(Why::of(Obstacle::NoAccess(Tool::Aws), "x"))),
        ]);
        assert_eq!(found.why_missing(Question::Caller).obstacles, [Obstacle::NoAccess(Tool::Aws)]);
        assert_eq!(found.why_missing(Question::Role).obstacles, [Obstacle::NoAccess(Tool::Aws)]);
        assert_eq!(found.why_missing(Question::Events).obstacles, []);
    }
}
