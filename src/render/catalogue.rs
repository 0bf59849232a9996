//! The catalogue as text for a terminal: `explain --list`, `explain CODE`.

use super::page::{Page, Paint, Style};
use super::text::{entry, explained, sign_of_severity};
use crate::core::catalogue::remedy::Values;
use crate::core::catalogue::{Class, Code, CodeRow, Severity, Step, rows};

/// All codes by step, for `explain --list`.
pub fn list() -> String {
    let width = Code::ALL.iter().map(|code| code.id().len()).max().unwrap_or_default();
    let mut page = Page::new(Style::default());
    for step in Step::ALL {
        if step != Step::ALL[0] {
            page.gap();
        }
        page.line(0, &[(Paint::Plain, step.id())]);
        for row in rows().filter(|row| row.step == step) {
            page.line(2, &[(Paint::Plain, &format!("{:width$}  {:4}  {}", row.code.id(), row.severity.id(), row.title))]);
        }
    }
    page.finish()
}

/// One code, with placeholders for the values of a pod.
pub fn explain(code: Code, style: Style) -> String {
    let row = code.row();
    let mut page = Page::new(style);
    let (paint, sign, _) = sign_of_severity(row.severity);
    page.prose(0, 2, &[(paint, sign), (Paint::Plain, &format!("{code}: {}", row.title))]);
    entry(&mut page, "step", &format!("{}: {}", row.step.id(), about(row.step)));
    entry(&mut page, "severity", row.severity.id());
    entry(&mut page, "class", &format!("{}: {}", row.class.id(), behaviour(row)));
    explained(&mut page, code, row.cause, None, &Values::unknown().remedy(row), false);
    page.finish()
}

/// What a step checks.
pub(super) fn about(step: Step) -> &'static str {
    match step {
        Step::Injection => "what was injected into the pod: environment, role, region, endpoints",
        Step::Token => "the projected token's file, claims and times",
        Step::Issuer => "with --check-issuer: the issuer's discovery document and its keys match the token",
        Step::Network => "the way to the STS endpoint: DNS, TCP, proxy, TLS, an answer",
        Step::AssumeRole => "what STS answers to AssumeRoleWithWebIdentity (IRSA)",
        Step::PodIdentity => "what the EKS Pod Identity agent answers",
        Step::Identity => "whose the credentials are: GetCallerIdentity, and an SDK's default chain",
        Step::Node => "what this pod can get from the node",
        Step::Redundancy => "the other regions given by --sts-region",
        Step::Application => {
            "what the application, its SDK or a person sees: explain finds it in logs, sdks and check --app-sdk predict it"
        }
        Step::Cluster => "what doctor sees from a workstation: service account, annotation, role, pods",
    }
}

/// What `check` does about a finding.
pub(super) fn behaviour(row: &CodeRow) -> &'static str {
    match (row.severity, row.class) {
        _ if row.step == Step::Cluster => "doctor finds it from a workstation; check cannot see it from inside a pod",
        _ if !row.code.is_of_check() => {
            "explain finds it in a message, or doctor in the cluster; check only asks for an identity and cannot meet it"
        }
        (Severity::Fail, Class::Permanent) => "waiting does not fix it; check fails at once (exit 1)",
        (Severity::Fail, Class::Settling) => {
            "it may settle soon, for example while IAM propagates a change; check retries until --timeout, then fails (exit 1)"
        }
        (Severity::Fail, Class::Transient) => "it may pass; check retries until --timeout, then ends with exit 3 (not proven)",
        (Severity::Warn | Severity::Info, _) if row.step == Step::Application && !row.strict => {
            "check reports it and passes (exit 0); it fails (exit 1) if it concerns the application's SDK, or if nothing else is injected"
        }
        (Severity::Warn, _) if !row.strict => "check warns and passes (exit 0); --strict counts it from the next minor release on",
        (Severity::Warn, _) => "check warns and passes (exit 0); under --strict it fails",
        (Severity::Info, _) => "worth knowing; check passes (exit 0), also under --strict",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_code_once_in_aligned_columns() {
        let list = list();
        for code in Code::ALL {
            let lines: Vec<&str> = list.lines().filter(|line| line.split_whitespace().next() == Some(code.id())).collect();
            assert_eq!(lines.len(), 1, "{code}");
            assert_eq!(lines[0].find(code.row().title), Some(36), "{code}");
        }
        assert!(list.starts_with("injection\n  not-injected                fail  no AWS identity was injected into this container\n"));
        assert!(list.contains("\n\ntoken\n  token-missing "));
    }

    #[test]
    fn a_code_is_explained() {
        super::super::testing::hold("golden/token-unreadable.txt", &explain(Code::TokenUnreadable, Style::default()));
    }

    #[test]
    fn every_explanation_fits_a_terminal_but_for_what_is_pasted() {
        for code in Code::ALL {
            let remedy = Values::unknown().remedy(code.row());
            let snippet = remedy.snippet.unwrap_or_default();
            assert!(!remedy.text.contains('{'), "{code}: an unfilled template");
            for line in explain(*code, Style::default()).lines() {
                let pasted = remedy.commands.iter().any(|c| line.ends_with(&c.command)) || snippet.lines().any(|l| l.trim() == line.trim());
                let is_link = line.ends_with(&code.docs());
                assert!(line == line.trim_end() && (pasted || is_link || line.chars().count() <= 80), "{code}: {line}");
            }
        }
    }
}
