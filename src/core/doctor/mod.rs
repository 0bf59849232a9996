//! `doctor`: from what kubectl and aws answered on a workstation to findings. Pure: which commands are due, what their answers mean.

mod annotation;
pub mod answer;
pub mod ask;
mod aws_auth;
mod case;
mod checks;
mod injection;
mod judge;
mod read;
mod refused;
pub mod report;

pub use checks::{group, groups};

use crate::core::text::printable::is_object_name;
use answer::{RefusalKind, ToolAnswer};
use ask::Question;

/// What the argument names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bare name: a service account's, else a pod's.
    Either,
    /// `serviceaccount/NAME`
    ServiceAccount,
    /// `pod/NAME`
    Pod,
}

/// What `doctor` was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorTarget {
    /// What the name names.
    pub kind: Kind,
    /// The name.
    pub name: String,
    /// `--namespace`
    pub namespace: Option<String>,
    /// `--cluster`
    pub cluster: Option<String>,
    /// `--aws-auth`
    pub aws_auth: bool,
}

impl DoctorTarget {
    /// Reads `NAME`, `serviceaccount/NAME`, `sa/NAME`, `pod/NAME`; the error is one line that names the input and the cure.
    pub fn parse(word: &str, namespace: Option<&str>, cluster: Option<&str>, aws_auth: bool) -> Result<DoctorTarget, String> {
        const KINDS: [(&str, Kind); 6] = [
            ("serviceaccount", Kind::ServiceAccount),
            ("serviceaccounts", Kind::ServiceAccount),
            ("sa", Kind::ServiceAccount),
            ("pod", Kind::Pod),
            ("pods", Kind::Pod),
            ("po", Kind::Pod),
        ];
        let (kind, name) = match word.split_once('/') {
            None => (Kind::Either, word),
            Some((kind, name)) => match KINDS.iter().find(|(id, _)| *id == kind) {
                Some((_, kind)) => (*kind, name),
                None => {
                    return Err(format!("doctor looks at a service account or a pod, and {word:?} is neither; write sa/NAME or pod/NAME"));
                }
            },
        };
        for (what, name) in [("name", Some(name)), ("namespace", namespace)] {
            if let Some(name) = name.filter(|name| !is_object_name(name)) {
                return Err(format!("{name:?} is no {what} in Kubernetes: lower-case letters, digits, '-' and '.' only"));
            }
        }
        if let Some(cluster) = cluster.filter(|cluster| !is_cluster_name(cluster)) {
            return Err(format!(
                "--cluster: {cluster:?} is no EKS cluster's name; letters, digits, '-' and '_' only (aws eks list-clusters)"
            ));
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(DoctorTarget { kind, name: name.to_owned(), namespace: owned(namespace), cluster: owned(cluster), aws_auth })
    }
}

/// EKS API reference, CreateCluster: `^[0-9A-Za-z][A-Za-z0-9\-_]*`, at most 100.
fn is_cluster_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    name.len() <= 100 && name.bytes().all(inner) && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// What was found so far.
#[derive(Debug, Clone)]
pub struct Found {
    /// What is looked for.
    pub asked: DoctorTarget,
    answers: Vec<(Question, ToolAnswer)>,
}

impl Found {
    /// Nothing yet.
    pub fn nothing(asked: DoctorTarget) -> Found {
        Found { asked, answers: Vec::new() }
    }

    /// Takes in an answer; the first one counts. A document without what makes it one is no answer: nothing may be concluded from what it lacks.
    pub fn add(&mut self, question: Question, answer: ToolAnswer) {
        let answer = match answer {
            ToolAnswer::Given(document) if document.pointer(ask::sign(question)).is_none() => {
                ToolAnswer::Refused(RefusalKind::Other, "the answer is not what was asked for".to_owned())
            }
            // It is an API server's, once it has answered as one.
            ToolAnswer::Refused(RefusalKind::Bare, why) if self.is_api_server() => ToolAnswer::Absent(why),
            answer => answer,
        };
        if self.get(question).is_none() {
            self.answers.push((question, answer));
        }
    }

    /// The answer to a question.
    pub fn get(&self, question: Question) -> Option<&ToolAnswer> {
        self.answers.iter().find(|(asked, _)| *asked == question).map(|(_, answer)| answer)
    }

    fn is_api_server(&self) -> bool {
        self.given(Question::Webhooks).or(self.given(Question::Discovery)).is_some()
    }

    /// The document that was answered.
    fn given(&self, question: Question) -> Option<&serde_json::Value> {
        match self.get(question) {
            Some(ToolAnswer::Given(value)) => Some(value),
            _ => None,
        }
    }

    /// True when the question's object is known not to exist.
    fn absent(&self, question: Question) -> bool {
        matches!(self.get(question), Some(ToolAnswer::Absent(_)))
    }

    /// RefusalKind there is no document.
    fn why(&self, question: Question) -> String {
        match self.get(question) {
            Some(ToolAnswer::Absent(text) | ToolAnswer::NotAsked(text)) => text.clone(),
            Some(ToolAnswer::Refused(_, text)) => text.clone(),
            Some(ToolAnswer::Given(_)) => "it was answered".to_owned(),
            None => "it was not asked".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_and_refused_in_one_line() {
        let parse = |word| DoctorTarget::parse(word, None, None, false).map(|asked| (asked.kind, asked.name));
        assert_eq!(parse("checkout"), Ok((Kind::Either, "checkout".to_owned())));
        assert_eq!(parse("sa/checkout"), Ok((Kind::ServiceAccount, "checkout".to_owned())));
        assert_eq!(parse("serviceaccount/a.b"), Ok((Kind::ServiceAccount, "a.b".to_owned())));
        assert_eq!(parse("pod/checkout-0"), Ok((Kind::Pod, "checkout-0".to_owned())));
        for word in ["", "sa/", "deployment/checkout", "Checkout", "a b", "../../secrets/x", "a?b", "-n", "a\u{202e}", "sa/a/b", "-"] {
            let refused = parse(word).unwrap_err();
            assert!(!refused.contains('\n') && refused.len() < 160, "{refused}");
        }
        assert!(DoctorTarget::parse("a", Some("Shop/x"), None, false).unwrap_err().contains("Shop/x"));
        assert!(DoctorTarget::parse("a", None, Some("--profile"), false).unwrap_err().contains("--profile"));
        assert!(DoctorTarget::parse("a", Some("shop"), Some("prod_1-A"), false).is_ok());
    }
}
