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
