//! The evaluation of a trust policy as text: each statement with what fails in it and why, the edit to paste, and the decision last.

use super::page::{Page, Paint, Style};
use crate::core::policy::{Decision, Edit, Evaluation, Judged, Reason, Request, Slip};
use crate::core::text::printable::shell_word;

/// Where the text under a statement begins.
const UNDER: usize = 4;
/// Where text after `wanted: ` continues.
const HANG: usize = 12;
/// How many values of a long list are shown.
const SHOWN: usize = 6;

/// The evaluation as text. `role` is the role's ARN, if it is known.
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
    for judged in &evaluation.statements {
        statement(&mut page, judged, evaluation.decision, request);
    }
    for assumption in &evaluation.assumptions {
        page.prose(0, UNDER, &[(Paint::Dim, "-"), (Paint::Dim, &format!("assumed: {assumption}"))]);
    }
    page.gap();
    if let Some(edit) = &evaluation.edit {
        proposal(&mut page, edit, evaluation.statements.len(), request, role);
    }
    if let Some(why) = &evaluation.no_edit {
        page.prose(0, 2, &[(Paint::Bold, "no fix is proposed:"), (Paint::Plain, &short(why, request))]);
        page.gap();
    }
    answer(&mut page, evaluation, request);
    page.finish()
}

/// An edit, how to apply it, and what access needs beside it.
fn proposal(page: &mut Page, edit: &Edit, statements: usize, request: &Request, role: Option<&str>) {
    page.prose(0, 2, &[(Paint::Bold, "fix:"), (Paint::Plain, &short(&edit.summary, request))]);
    // This cannot fail: the writer is memory, and all keys are strings.
    page.document(2, &serde_json::to_string_pretty(&edit.statement).unwrap_or_default());
    if let Some(name) = role.and_then(|role| role.rsplit('/').next()) {
        // A statement alone is no policy, and the other statements must be kept.
        let this = if edit.index < statements { "with this in place of" } else { "with this as" };
        let save = format!(
            "if code manages the role (Terraform, CloudFormation, eksctl), change it there. Else save the whole policy, {this} statement {}, as \
             trust-policy.json. This command replaces the role's whole policy with that file:",
            edit.index + 1
        );
        page.prose(0, 2, &[(Paint::Bold, "apply:"), (Paint::Plain, &save)]);
        let command =
            format!("aws iam update-assume-role-policy --role-name {} --policy-document file://trust-policy.json", shell_word(name));
        page.line(2, &[(Paint::Plain, &command)]);
    }
    page.prose(0, 2, &[(Paint::Bold, "access then also needs:")]);
    for condition in &edit.rests_on {
        page.prose(2, 4, &[(Paint::Plain, "-"), (Paint::Plain, &short(condition, request))]);
    }
    page.gap();
}

/// Condition keys without the issuer of this token. The issuer is the same in all keys, and too long for a line.
fn short(text: &str, request: &Request) -> String {
    match &request.issuer_path {
        Some(path) => text.replace(&format!("{path}:"), "…:"),
        None => text.to_owned(),
    }
}

fn statement(page: &mut Page, judged: &Judged, decision: Decision, request: &Request) {
    let denies = judged.effect == "Deny";
    let undecided = judged.reasons.iter().all(|reason| reason.slip == Slip::Undecided);
    let (paint, mark, says) = match (denies, judged.matches) {
        (_, false) if is_refused(judged) => (Paint::Red, "×", "is refused by IAM"),
        (false, true) if decision == Decision::Deny && !judged.reasons.is_empty() => {
            (Paint::Red, "×", "allows only a part of what this pod needs")
        }
        (false, true) => (Paint::Green, "√", "allows this pod"),
        (true, true) => (Paint::Red, "×", "denies this pod"),
        (true, false) if undecided => (Paint::Yellow, "‼", "may deny this pod"),
        (true, false) => (Paint::Green, "√", "does not deny this pod"),
        (false, false) if undecided => (Paint::Yellow, "‼", "may allow this pod"),
        (false, false) if decision == Decision::Allow => (Paint::Dim, "-", "is not for this pod"),
        (false, false) => (Paint::Red, "×", "does not allow this pod"),
    };
    // A statement that is in order needs no details.
    let quiet = !judged.reasons.iter().any(|reason| reason.slip != Slip::Differs)
        && (judged.matches || denies || decision == Decision::Allow)
        && !(judged.matches && decision == Decision::Deny);
    page.prose(0, UNDER, &[(paint, mark), (Paint::Bold, &judged.name()), (Paint::Plain, says)]);
    if let Some(warning) = judged.warning {
        page.prose(UNDER, UNDER + 2, &[(Paint::Yellow, "‼"), (Paint::Plain, warning)]);
    }
    for reason in judged.reasons.iter().filter(|_| !quiet) {
        page.prose(UNDER, UNDER + 2, &[(Paint::Bold, &format!("{}:", short(&reason.element, request))), (Paint::Plain, &reason.why)]);
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
            .map(Judged::name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let near = evaluation.statements.iter().filter(|judged| judged.effect != "Deny").min_by_key(|judged| judged.reasons.len());
    let elements = |judged: &Judged| judged.reasons.iter().map(|reason| last_words(&reason.element)).collect::<Vec<_>>().join(", ");
    let of_refused = |judged: &Judged| {
        let refused = judged.reasons.iter().filter(|reason| reason.slip == Slip::Refused);
        refused.map(|reason| last_words(&reason.element)).collect::<Vec<_>>().join(", ")
    };
    let in_statement = |judged: &Judged| format!("{}: {}", judged.name(), of_refused(judged));
    let refused: Vec<String> = (evaluation.document.iter().map(|reason| reason.element.clone()))
        .chain(evaluation.statements.iter().filter(|judged| is_refused(judged)).map(in_statement))
        .collect();
    let (paint, word, says) = match evaluation.decision {
        Decision::Allow => (Paint::Green, "ALLOW", format!("{} lets {who} in", by(false))),
        Decision::ExplicitDeny => {
            let denies = if by(true).contains(", ") { "deny" } else { "denies" };
            (Paint::Red, "EXPLICIT DENY", format!("{} {denies} {who}", by(true)))
        }
        Decision::Deny if !evaluation.undecided.is_empty() => {
            (Paint::Yellow, "DENY", format!("not decided: it depends on {}", evaluation.undecided.join(", ")))
        }
        Decision::Deny if !refused.is_empty() => (Paint::Red, "DENY", format!("IAM refuses this document: {}", refused.join("; "))),
        Decision::Deny => {
            let fails = near.map(elements).filter(|elements| !elements.is_empty());
            (Paint::Red, "DENY", format!("no statement lets {who} in{}", fails.map(|fails| format!(": {fails}")).unwrap_or_default()))
        }
    };
    page.line(0, &[(paint, word), (Paint::Plain, "  "), (Paint::Plain, &short(&says, request))]);
}

/// Whether IAM refuses to store a document with such a statement.
fn is_refused(judged: &Judged) -> bool {
    judged.reasons.iter().any(|reason| reason.slip == Slip::Refused)
}

/// An element, shortened for the last line. A key of an issuer is shortened to its claim.
fn last_words(element: &str) -> String {
    match element.rsplit_once(':') {
        Some((issuer, claim)) if element.starts_with("Condition.") && issuer.contains('/') => format!("…:{claim}"),
        _ => element.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::aws::arn::RoleArn;
    use crate::core::policy;

    const ROLE: &str = "arn:aws:iam::111122223333:role/apps/checkout";

    fn render_policy(policy: &str, style: Style) -> String {
        let subject = "system:serviceaccount:shop:checkout";
        let request = Request::irsa("https://oidc.example/id/A", subject, vec!["sts.amazonaws.com".into()], &RoleArn::parse(ROLE).unwrap());
        evaluation(&policy::evaluate(&policy::parse(policy).unwrap(), &request), &request, Some(ROLE), style)
    }

    fn irsa(sid: &str, effect: &str, sub: &str) -> String {
        format!(
            r#"{{"Sid": "{sid}", "Effect": "{effect}", "Principal": {{"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/A"}},
                "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {{"StringEquals": {{"oidc.example/id/A:sub": "{sub}"}}}}}}"#
        )
    }

    #[test]
    fn a_slip_golden() {
        let text = render_policy(
            &format!("{{\"Version\": \"2012-10-17\", \"Statement\": {}}}", irsa("Pods", "Allow", "system:serviceaccount:shop:*")),
            Style::default(),
        );
        super::super::testing::hold("golden/policy-slip.txt", &text);
    }

    #[test]
    fn what_is_as_it_should_be_is_short() {
        let ours = irsa("Pods", "Allow", "system:serviceaccount:shop:checkout");
        let (others, denied) = (irsa("Web", "Allow", "system:serviceaccount:web:a"), irsa("", "Deny", "system:serviceaccount:web:b"));
        let text = render_policy(&format!("{{\"Statement\": [{others}, {ours}, {denied}]}}"), Style::default());
        super::super::testing::hold("golden/policy-healthy.txt", &text);
    }

    #[test]
    fn half_of_what_is_needed_is_no_green_line() {
        let request = Request::pod_identity(Some("shop"), Some("checkout"), None);
        let policy = r#"{"Statement": {"Sid": "", "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:AssumeRole"}}"#;
        let text = evaluation(&policy::evaluate(&policy::parse(policy).unwrap(), &request), &request, None, Style::default());
        assert!(text.contains("\n× statement 1 allows only a part of what this pod needs\n"), "{text}");
        assert!(text.contains("\nfix: in statement 1: add sts:TagSession to Action\n"), "{text}");
    }

    #[test]
    fn an_explicit_deny_says_that_nothing_else_helps() {
        let (ours, denied) = ("system:serviceaccount:shop:checkout", irsa("Freeze", "Deny", "system:serviceaccount:shop:checkout"));
        let text = render_policy(&format!("{{\"Statement\": [{}, {denied}]}}", irsa("Pods", "Allow", ours)), Style::default());
        assert!(text.contains("\n× statement 2 (Freeze) denies this pod\n"), "{text}");
        assert!(text.contains("\nno fix is proposed: statement 2 (Freeze) denies this pod") && !text.contains("aws iam update"), "{text}");
        assert!(text.ends_with("\nEXPLICIT DENY  statement 2 (Freeze) denies system:serviceaccount:shop:checkout\n"));
    }

    #[test]
    fn what_iam_refuses_is_said_last() {
        let healthy = irsa("Pods", "Allow", "system:serviceaccount:shop:checkout");
        let bystander =
            r#"{"Sid": "Web", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Resource": "*"}"#;
        let text = render_policy(&format!("{{\"Version\": \"1\", \"Statement\": [{healthy}, {bystander}]}}"), Style::default());
        assert!(text.contains("\n√ statement 1 (Pods) allows this pod\n× statement 2 (Web) is refused by IAM\n"), "{text}");
        assert!(text.ends_with("\nDENY  IAM refuses this document: Version; statement 2 (Web): Resource\n"), "{text}");
    }
}
