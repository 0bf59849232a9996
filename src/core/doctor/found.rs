//! The answers so far.

use super::answer::{RefusalKind, ToolAnswer};
use super::question::Question;
use super::target::DoctorTarget;
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
    pub fn why_missing(&self, question: Question) -> String {
        match self.get(question) {
            Some(ToolAnswer::Absent(text) | ToolAnswer::NotAsked(text) | ToolAnswer::Refused(_, text)) => text.clone(),
            Some(ToolAnswer::Given(_)) => "it was answered".to_owned(),
            None => "it was not asked".to_owned(),
        }
    }

    /// Whether what kubectl talks to has answered as an API server.
    fn is_api_server(&self) -> bool {
        self.given(Question::Webhooks).or(self.given(Question::Discovery)).is_some()
    }
}
