//! The edit that is proposed for a policy that does not allow a request, or the sentence that is said where none is.
//!
//! An edit only adds. It adds a statement for this pod alone, or it adds to one of this provider's own statements: a value beside a near miss of
//! it, an action, or the operator that reads a wildcard. It takes nothing away, so whoever has the role keeps it. What is proposed has been judged:
//! the policy allows the request then, and lets in no pod that it did not name.

use super::obstacle::{self, conditions};
use super::repair::repair;
use super::request::{ContextFact, NOBODY, Request};
use super::{Decision, Document, Edit, Evaluation, Json, judge};
use crate::core::aws::trust_policy;
use crate::core::text::secrets::redact_value;

/// An edit that makes the policy allow the request, or why there is none and what to look at.
pub(super) fn propose(document: &Document, request: &Request, evaluation: &Evaluation) -> Result<Edit, String> {
    proposed(document, request, evaluation).map_err(|why| redact_value(&why).into_owned())
}

fn proposed(document: &Document, request: &Request, evaluation: &Evaluation) -> Result<Edit, String> {
    obstacle::to_any_edit(document, request, evaluation)?;
    if let Some(edit) = in_place(document, request, evaluation) {
        obstacle::to_going_around(document, request, edit.index, &edit.statement)?;
        return Ok(edit);
    }
    let statement = needed(request).ok_or(UNKNOWN)?;
    obstacle::to_going_around(document, request, document.statements().len(), &statement)?;
    let edit = edit(document, request, document.statements().len(), ADDED.to_owned(), statement);
    if lets_in(&edit, document, request) { Ok(edit) } else { Err(NOTHING_HELPS.to_owned()) }
}

const ADDED: &str = "add this statement, which is only for this pod, and leave the others as they are";
const UNKNOWN: &str = "the pod's namespace and service account are not known. Give --namespace and --service-account";
const NOTHING_HELPS: &str =
    "no additional statement lets this pod in; compare the reasons above with the statement that irsa-probe trust-policy prints";

/// So many statements are tried; real policies have fewer.
const NEAREST: usize = 8;

/// The addition to one statement with the fewest changes.
fn in_place(document: &Document, request: &Request, evaluation: &Evaluation) -> Option<Edit> {
    let statements = evaluation.statements.iter().zip(document.statements());
    let repaired = statements.filter_map(|(judged, old)| Some((judged, repair(old, judged, request)?))).take(NEAREST);
    let edits = repaired.filter_map(|(judged, (statement, changes))| {
        let summary = format!("in {}: {}", judged.name(), changes.join("; "));
        let edit = edit(document, request, judged.index, summary, statement);
        (lets_in(&edit, document, request) && !opens(&edit, document, request)).then_some((changes.len(), edit))
    });
    edits.min_by_key(|(changes, _)| *changes).map(|(_, edit)| edit)
}

fn edit(document: &Document, request: &Request, index: usize, summary: String, statement: Json) -> Edit {
    let rests_on = rests_on(document, request, &statement);
    let mut edit = Edit { index, summary, statement, rests_on };
    let length = edit.apply(document).json.compact().chars().filter(|c| !c.is_whitespace()).count();
    if length > QUOTA {
        edit.rests_on.push(format!("the account's quota allows {length} characters, which is more than the default of {QUOTA}"));
    }
    edit
}

/// So many characters, white space aside, a trust policy may have by default (IAM user guide, "IAM and AWS STS quotas", "Role trust policy
/// length").
const QUOTA: usize = 2048;

fn lets_in(edit: &Edit, document: &Document, request: &Request) -> bool {
    judge(&edit.apply(document), request).decision == Decision::Allow
}

/// Whether a pod that no statement names gets in by it. What no statement for EKS Pod Identity tells apart is meant for all pods.
fn opens(edit: &Edit, document: &Document, request: &Request) -> bool {
    let is_told = |own: &String| {
        let mut keys = document.statements().iter().flat_map(conditions).map(|(_, key, _)| key);
        keys.any(|key| request.meant_key(key).as_ref() == Some(own))
    };
    let strangers: Vec<Request> = match request.issuer_path {
        Some(_) => request.stranger().into_iter().collect(),
        None => request.own_keys().into_iter().filter(is_told).map(|key| request.with(&key, NOBODY)).collect(),
    };
    let edited = edit.apply(document);
    let allows = |document: &Document, stranger: &Request| judge(document, stranger).decision == Decision::Allow;
    strangers.iter().any(|stranger| allows(&edited, stranger) && !allows(document, stranger))
}

impl Edit {
    /// The document with this edit.
    pub fn apply(&self, document: &Document) -> Document {
        let mut statements = document.statements().to_vec();
        match statements.get_mut(self.index) {
            Some(old) => old.clone_from(&self.statement),
            None => statements.push(self.statement.clone()),
        }
        let mut json = document.json.clone();
        json.put(&["Statement"], Some(Json::List(statements)));
        Document { json, role: document.role.clone() }
    }
}

/// The statement that lets in this pod alone; `None` where the pod is not known well enough.
///
/// For EKS Pod Identity AWS's own statement has no condition, because associations say whose the role is. In a role that others use, too, the
/// session tags keep it to this pod (EKS user guide, "Grant Pods access to AWS resources based on tags").
fn needed(request: &Request) -> Option<Json> {
    let known = |key: &str| match request.fact(key) {
        ContextFact::Known([value]) => Some(value.as_str()),
        _ => None,
    };
    let (policy, keys) = match &request.issuer_path {
        Some(path) => {
            let (sub, aud) = (known(&format!("{path}:sub"))?, known(&format!("{path}:aud"))?);
            (trust_policy::irsa_policy_for(&request.principal, path, sub, aud), Vec::new())
        }
        None => (trust_policy::pod_identity_policy(), request.own_keys()),
    };
    let policy: Json = serde_json::from_str(&policy).ok()?;
    let mut statement = policy.get("Statement")?.many().first()?.clone();
    for key in &keys {
        statement.put(&["Condition", "StringEquals", key], Some(Json::from(known(key)?)));
    }
    if let Some(cluster) = known(CLUSTER).filter(|_| !keys.is_empty()) {
        statement.put(&["Condition", "StringEquals", CLUSTER], Some(Json::from(cluster)));
    }
    Some(statement)
}

/// The session tag that tells clusters apart (same page).
const CLUSTER: &str = "aws:RequestTag/eks-cluster-arn";

/// What access hangs on when the policy allows it.
fn rests_on(document: &Document, request: &Request, statement: &Json) -> Vec<String> {
    let asks = |key: &str| conditions(statement).any(|(_, name, _)| name.eq_ignore_ascii_case(key));
    let mut rests = match &request.issuer_path {
        Some(path) => {
            let audience = request.fact(&format!("{path}:aud")).values().join(", ");
            vec![format!("IAM has the provider {}, with {audience} among its audiences", request.principal)]
        }
        None => vec![format!("an association in the pod's cluster gives this role to {}", request.who)],
    };
    if request.issuer_path.is_none() {
        let names_pods = request.own_keys().iter().any(|key| asks(key));
        rests.push(match () {
            () if !names_pods => "associations alone decide which pods get the role: the statement has no condition on the pod".to_owned(),
            () if asks(CLUSTER) => "the association leaves session tags on, which is EKS's default".to_owned(),
            () => format!(
                "the association leaves session tags on, which is EKS's default; a pod of the same names in another cluster needs an \
                 association there, and a condition on {CLUSTER} keeps it out"
            ),
        });
    }
    let kept: Vec<&str> =
        conditions(statement).map(|(_, key, _)| key).filter(|key| request.meant_key(key).is_none() && *key != CLUSTER).collect();
    if !kept.is_empty() {
        rests.push(format!("the statement's other conditions are still met: {}", kept.join(", ")));
    }
    if document.statements().iter().any(|statement| statement.get("Effect").and_then(Json::text) == Some("Deny")) {
        rests.push("the statements that deny others still do not deny this pod".to_owned());
    }
    rests.push("no policy above the role (SCP, RCP, VPC endpoint) denies it; those are not checked here".to_owned());
    rests.iter().map(|text| redact_value(text).into_owned()).collect()
}
