//! The judgement of a trust policy for a tired person: each statement, what fails in it and why, the edit to paste, and the answer last.

use super::page::{Page, Paint, Style};
use crate::core::policy::{Decision, Evaluation, Judged, Reason, Request, Slip};

/// Where the text under a statement begins.
const UNDER: usize = 4;
/// Where text after `wanted: ` goes on.
const HANG: usize = 12;
/// Values shown of a long list.
const SHOWN: usize = 6;

/// The judgement as text; `role` is the role's ARN, when it is known.
pub fn evaluation(evaluation: &Evaluation, request: &Request, role: Option<&str>, style: Style) -> String {
    let mut page = Page::new(style);
    let way = if request.issuer_path.is_some() { "IRSA" } else { "EKS Pod Identity" };
    let about = role.map_or_else(|| way.to_owned(), |role| format!("{way}, {role}"));
    page.line(0, &[(Paint::Bold, &request.who), (Paint::Plain, "  "), (Paint::Dim, &about)]);
    page.gap();
    for reason in &evaluation.document {
        page.prose(0, UNDER, &[(Paint::Red, "×"), (Paint::Red, &format!("{}:", reason.element)), (Paint::Plain, &reason.why)]);
        values(&mut page, reason);
    }
    if evaluation.statements.is_empty() {
        page.prose(0, UNDER, &[(Paint::Red, "×"), (Paint::Plain, "the policy has no statement")]);
    }
    for judged in &evaluation.statements {
        statement(&mut page, judged, evaluation.decision);
    }
    page.gap();
    if let Some(edit) = &evaluation.edit {
        page.prose(0, 2, &[(Paint::Bold, "edit:"), (Paint::Plain, &edit.summary)]);
        if let Some(statement) = &edit.statement {
            // Cannot fail: the writer is memory, and all keys are strings.
            page.document(2, &serde_json::to_string_pretty(statement).unwrap_or_default());
        }
        page.gap();
    }
    answer(&mut page, evaluation, request);
    page.finish()
}

/// `statement 2 (Sid)`
fn name(judged: &Judged) -> String {
    match &judged.sid {
        Some(sid) => format!("statement {} ({sid})", judged.index + 1),
        None => format!("statement {}", judged.index + 1),
    }
}

fn statement(page: &mut Page, judged: &Judged, decision: Decision) {
    let denies = judged.effect == "Deny";
    let undecided = judged.reasons.iter().all(|reason| reason.slip == Slip::Undecided);
    let (paint, mark, says) = match (denies, judged.matches) {
        (false, true) => (Paint::Green, "√", "allows this pod"),
        (true, true) => (Paint::Red, "×", "denies this pod"),
        (true, false) if undecided => (Paint::Yellow, "‼", "may deny this pod"),
        (true, false) => (Paint::Green, "√", "does not deny this pod"),
        (false, false) if undecided => (Paint::Yellow, "‼", "may allow this pod"),
        (false, false) if decision == Decision::Allow => (Paint::Dim, "-", "is not for this pod"),
        (false, false) => (Paint::Red, "×", "does not allow this pod"),
    };
    // Of what is as it should be, that it is so is enough.
    let quiet = !judged.reasons.iter().any(|reason| reason.slip != Slip::Differs)
        && (judged.matches || denies || decision == Decision::Allow)
        && !(judged.matches && decision == Decision::Deny);
    page.prose(0, UNDER, &[(paint, mark), (Paint::Bold, &name(judged)), (Paint::Plain, says)]);
    for reason in judged.reasons.iter().filter(|_| !quiet) {
        page.prose(UNDER, UNDER + 2, &[(Paint::Bold, &format!("{}:", reason.element)), (Paint::Plain, &reason.why)]);
        values(page, reason);
    }
}

fn values(page: &mut Page, reason: &Reason) {
    for (label, values) in [("wanted:", &reason.wanted), ("found:", &reason.found)] {
        let more = values.len().saturating_sub(SHOWN);
        let mut text = values.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        if values.is_empty() && label == "found:" && reason.slip == Slip::Differs {
            text.push_str("nothing");
        }
        if !text.is_empty() {
            page.entry(UNDER + 2, label, HANG + 2, (Paint::Dim, &text));
        }
    }
}

fn answer(page: &mut Page, evaluation: &Evaluation, request: &Request) {
    let who = &request.who;
    let by = |denies: bool| {
        evaluation
            .statements
            .iter()
            .filter(|judged| judged.matches && (judged.effect == "Deny") == denies)
            .map(name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let near = evaluation.statements.iter().filter(|judged| judged.effect != "Deny").min_by_key(|judged| judged.reasons.len());
    let elements = |judged: &Judged| judged.reasons.iter().map(|reason| reason.element.as_str()).collect::<Vec<_>>().join(", ");
    let (paint, word, says) = match evaluation.decision {
        Decision::Allow => (Paint::Green, "ALLOW", format!("{} lets {who} in", by(false))),
        Decision::ExplicitDeny => (Paint::Red, "EXPLICIT DENY", format!("{} keeps {who} out, whatever others allow", by(true))),
        Decision::Deny if !evaluation.undecided.is_empty() => {
            (Paint::Yellow, "DENY", format!("as far as can be told: it hangs on {}", evaluation.undecided.join(", ")))
        }
        Decision::Deny if evaluation.document.is_empty() => {
            let fails = near.map(elements).filter(|elements| !elements.is_empty());
            (Paint::Red, "DENY", format!("no statement lets {who} in{}", fails.map(|fails| format!(": {fails}")).unwrap_or_default()))
        }
        Decision::Deny => (Paint::Red, "DENY", "IAM takes no such document".to_owned()),
    };
    page.line(0, &[(paint, word), (Paint::Plain, "  "), (Paint::Plain, &says)]);
}
