//! Trust policies, judged as IAM judges them: which statement lets a pod in, and which element of which one does not.
//!
//! Rules: IAM user guide, "Policy evaluation logic", "Grammar of the IAM JSON policy language", "Condition operators", "Multivalued
//! context keys", "Variables and tags", "IAM and AWS STS condition context keys", and the checks of IAM Access Analyzer for what a role
//! trust policy may not hold.
//!
//! Three answers, not two: a condition on what a token does not tell (`aws:SourceIp`, `aws:RequestedRegion`) is neither met nor failed.
//! What hangs on one is never called allowed: the decision is `deny`, and `undecided` names the keys.

mod clock;
mod condition;
mod edit;
mod element;
mod form;
mod grammar;
pub mod json;
mod names;
mod near;
mod obstacle;
mod parse;
mod pattern;
mod reasons;
mod repair;
mod request;
mod slips;

pub use json::Json;
pub use parse::{Place, Unreadable, parse};
pub use request::{Request, subject};

use crate::core::text::secrets::redact_value;
use pattern::Truth;
use serde::Serialize;

/// The name of this form, for programs.
pub const SCHEMA: &str = "irsa-probe/trust-policy/v1";

/// A policy document; what it says is not yet judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The whole document: an object with a `Statement`.
    pub json: Json,
    /// The role that it is of, where `aws iam get-role` said so.
    pub role: Option<String>,
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
    /// What was taken for granted of the request, one sentence each: it can be otherwise, and is not seen from here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<&'static str>,
    /// An addition after which the policy allows the request. It lets in no other caller whom the policy does not name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<Edit>,
    /// Where it does not allow and no edit is proposed: why, and what to look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_edit: Option<String>,
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
    /// What is dangerous in a statement that matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<&'static str>,
}

impl Judged {
    /// `statement 2 (AllowCheckout)`
    pub fn name(&self) -> String {
        match &self.sid {
            Some(sid) => format!("statement {} ({sid})", self.index + 1),
            None => format!("statement {}", self.index + 1),
        }
    }
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

/// An edit after which the policy allows the request. It only adds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// The statement to replace; one past the last when a statement has to be added.
    pub index: usize,
    /// What is added, in one line.
    pub summary: String,
    /// The statement as it should be.
    pub statement: Json,
    /// What access then also needs, a sentence each.
    pub rests_on: Vec<String>,
}

/// Judges a request with a document. The proposed edit is checked again: it lets this pod in.
pub fn evaluate(document: &Document, request: &Request) -> Evaluation {
    let mut evaluation = judge(document, request);
    if evaluation.decision != Decision::Allow {
        match edit::propose(document, request, &evaluation) {
            Ok(edit) => evaluation.edit = Some(edit),
            Err(why) => evaluation.no_edit = Some(why),
        }
    }
    evaluation
}

/// A statement as far as it is judged alone.
struct Judgement {
    judged: Judged,
    effect: Effect,
    /// Whether principal and conditions are met.
    truth: Truth,
    /// Which of the request's actions it is about.
    covers: Vec<bool>,
}

#[derive(PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
    Neither,
}

impl Judgement {
    /// Whether it applies to this action of the request.
    fn of(&self, action: usize) -> Truth {
        if self.covers[action] { self.truth } else { Truth::No }
    }
}

/// The judgement without an edit.
pub fn judge(document: &Document, request: &Request) -> Evaluation {
    let variables = variables(document);
    let all: Vec<Judgement> =
        document.statements().iter().enumerate().map(|(index, statement)| one(index, statement, request, variables)).collect();
    let amiss = grammar::document(document);
    let refused = !amiss.is_empty() || all.iter().any(|one| one.judged.reasons.iter().any(|reason| reason.slip == Slip::Refused));
    let answers = |effect: Effect, action: usize| Truth::any(all.iter().filter(|one| one.effect == effect).map(|one| one.of(action)));
    // All actions have to be allowed; one that is denied is enough against.
    let actions = 0..request.actions.len();
    let allowed = Truth::all(actions.clone().map(|action| answers(Effect::Allow, action)));
    let denied = Truth::any(actions.clone().map(|action| answers(Effect::Deny, action)));
    let decision = match (denied, allowed) {
        (Truth::Yes, _) => Decision::ExplicitDeny,
        (Truth::No, Truth::Yes) if !refused => Decision::Allow,
        _ => Decision::Deny,
    };
    let lets_in = all.iter().any(|one| one.effect == Effect::Allow && one.judged.matches);
    let open = if lets_in { strangers_of(document, request, variables) } else { Vec::new() };
    let hangs = decision == Decision::Deny && !refused && allowed != Truth::No;
    let missing: Vec<usize> = actions.filter(|action| answers(Effect::Allow, *action) == Truth::No).collect();
    let mut undecided: Vec<String> = Vec::new();
    let mut statements = Vec::with_capacity(all.len());
    for one in all {
        let Judgement { mut judged, effect, truth, covers } = one;
        if hangs && truth == Truth::Maybe && covers.contains(&true) {
            for reason in judged.reasons.iter().filter(|reason| reason.slip == Slip::Undecided) {
                let key = reason.element.splitn(3, '.').nth(2).unwrap_or(&reason.element).to_owned();
                if !undecided.contains(&key) {
                    undecided.push(key);
                }
            }
        }
        // Half of what is needed: worth a word where no other statement has the other half.
        if effect == Effect::Allow && truth != Truth::No && covers.contains(&true) && !missing.is_empty() {
            let missing: Vec<String> = missing.iter().map(|action| request.actions[*action].to_owned()).collect();
            judged.reasons.extend(document.statements().get(judged.index).and_then(|s| element::action_reason(s, request, &missing)));
        }
        let lets_strangers_in = judged.matches && open.contains(&judged.index);
        judged.warning = lets_strangers_in.then_some(OPEN);
        statements.push(judged);
    }
    Evaluation {
        schema: SCHEMA,
        decision,
        statements,
        document: amiss,
        undecided,
        assumptions: request.assumptions(),
        edit: None,
        no_edit: None,
    }
}

/// "Variables were introduced in version 2012-10-17"; without `Version` it is the earlier one.
fn variables(document: &Document) -> bool {
    document.json.get("Version").and_then(Json::text) == Some("2012-10-17")
}

fn one(index: usize, statement: &Json, request: &Request, variables: bool) -> Judgement {
    let mut reasons = grammar::statement(statement);
    // What a Deny says too much does not make it say less.
    let denies = statement.get("Effect").and_then(Json::text) == Some("Deny");
    let refused = reasons.iter().any(|reason| !(denies && matches!(reason.element.as_str(), "Principal" | "Resource" | "NotResource")));
    let (principal, why) = element::principal(statement, request);
    // What IAM refuses there says more than that it is not ours.
    reasons.extend(why.filter(|_| !reasons.iter().any(|reason| reason.element == "Principal")));
    let covers = element::actions(statement, request);
    if !covers.contains(&true) && !reasons.iter().any(|reason| reason.element == "Action") {
        let all: Vec<String> = request.actions.iter().map(|action| (*action).to_owned()).collect();
        reasons.extend(element::action_reason(statement, request, &all));
    }
    let (conditions, why) = condition::judge(statement.get("Condition"), request, variables);
    reasons.extend(why);
    let truth = if refused { Truth::No } else { Truth::all([principal, conditions].into_iter()) };
    let text = |name: &str| statement.get(name).map(|value| redact_value(&grammar::shown(value)).into_owned());
    let effect = match statement.get("Effect").and_then(Json::text) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => Effect::Neither,
    };
    let matches = truth == Truth::Yes && covers.contains(&true);
    // Terraform writes an empty one.
    let sid = text("Sid").filter(|sid| !sid.is_empty());
    let judged = Judged { index, sid, effect: text("Effect").unwrap_or_default(), matches, reasons, warning: None };
    Judgement { judged, effect, truth, covers }
}

/// Said of a statement that lets in more than one would think.
const OPEN: &str = "it names no service account: every pod of the cluster can have this role; add a condition on the token's sub";

/// The statements that let in any service account of the cluster, whatever its name. The whole document is asked: what one statement
/// allows another may deny.
fn strangers_of(document: &Document, request: &Request, variables: bool) -> Vec<usize> {
    let Some(stranger) = request.stranger() else { return Vec::new() };
    let all: Vec<Judgement> =
        document.statements().iter().enumerate().map(|(index, statement)| one(index, statement, &stranger, variables)).collect();
    let applies = |one: &&Judgement| (0..stranger.actions.len()).any(|action| one.of(action) == Truth::Yes);
    let subject = stranger.claim_key("sub").unwrap_or_default();
    // A Deny that may apply, because of something else than the subject, limits no service accounts.
    let limits = |one: &Judgement| {
        let asks = obstacle::conditions(&document.statements()[one.judged.index]).any(|(_, key, _)| key.eq_ignore_ascii_case(&subject));
        (0..stranger.actions.len()).any(|action| one.of(action) == Truth::Yes || (asks && one.of(action) == Truth::Maybe))
    };
    if all.iter().any(|one| one.effect == Effect::Deny && limits(one)) {
        return Vec::new();
    }
    all.iter().filter(|one| one.effect == Effect::Allow).filter(applies).map(|one| one.judged.index).collect()
}
