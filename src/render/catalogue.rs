//! The catalogue as a manual: `explain --list`, `explain CODE`, docs/findings.md.

use super::label;
use super::page::{Page, Paint, Style};
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

/// One code for a person, with stand-ins where a pod's values would be.
pub fn explain(code: Code) -> String {
    const COLUMN: usize = 10;
    let row = code.row();
    let remedy = Values::unknown().remedy(row);
    let mut page = Page::new(Style::default());
    page.prose(0, 2, &[(Paint::Plain, &format!("{code}: {}", row.title))]);
    page.gap();
    let mut entry = |name: &str, text: &str| page.entry(0, name, COLUMN, (Paint::Plain, text));
    entry("step", &format!("{}: {}", row.step.id(), about(row.step)));
    entry("severity", row.severity.id());
    entry("class", &format!("{}: {}", row.class.id(), behaviour(row)));
    entry("docs", &code.docs());
    page.gap();
    page.entry(0, "cause", COLUMN, (Paint::Plain, row.cause));
    page.gap();
    page.entry(0, "cure", COLUMN, (Paint::Plain, &remedy.text));
    for command in &remedy.commands {
        page.line(COLUMN, &[(Paint::Plain, command)]);
    }
    if let Some(snippet) = &remedy.snippet {
        page.gap();
        page.line(0, &[(Paint::Plain, label(row.document))]);
        page.document(2, snippet);
    }
    page.finish()
}

/// What a step looks at.
fn about(step: Step) -> &'static str {
    match step {
        Step::Injection => "what the pod was given: environment, role, region, endpoints",
        Step::Token => "the projected token's file, claims and times",
        Step::Issuer => "the token's issuer, with --check-issuer: its discovery document names it, and its keys hold the token's",
        Step::Network => "the way to the STS endpoint: DNS, TCP, proxy, TLS, an answer",
        Step::AssumeRole => "what STS says to AssumeRoleWithWebIdentity (IRSA)",
        Step::PodIdentity => "what the EKS Pod Identity agent says",
        Step::Identity => "who the credentials are, by GetCallerIdentity and by the SDK's default chain",
        Step::Node => "what the node gives away to this pod",
        Step::Redundancy => "the other regions given by --sts-region",
        Step::Application => {
            "what the application, its SDK or a person meets: explain finds it in logs, sdks and check --app-sdk predict it"
        }
        Step::Cluster => "what doctor sees from a workstation: service account, annotation, role, pods",
    }
}

/// What `check` does about a finding.
fn behaviour(row: &CodeRow) -> &'static str {
    match (row.severity, row.class) {
        _ if row.step == Step::Cluster => "found by doctor from a workstation; check, inside a pod, cannot see it",
        _ if !row.code.is_of_check() => {
            "found by explain in a message, or by doctor; check, which asks for an identity only, cannot meet it"
        }
        (Severity::Fail, Class::Permanent) => "nothing in this pod's life cures it; check fails at once (exit 1)",
        (Severity::Fail, Class::Settling) => "may be IAM still propagating; check retries until --timeout, then fails (exit 1)",
        (Severity::Fail, Class::Transient) => "time may cure it; check retries until --timeout, then gives up unproven (exit 3)",
        (Severity::Warn, _) => "check warns and passes (exit 0); under --strict it fails",
        (Severity::Info, _) => "worth knowing; check passes (exit 0), under --strict too",
    }
}
const INTRODUCTION: &str = "\
# Findings

Every finding that irsa-probe can make. A code is permanent: it is never renamed and never used for anything else, so alerts and
runbooks may rely on it. `irsa-probe explain CODE` prints the same in a terminal.

<!-- Generated from the catalogue in src/core/catalogue. To change it: edit there, then run UPDATE_DOCS=1 cargo test --test docs -->

A credential travels in **steps**. The first step that fails holds the root cause; later ones are skipped because of it, so that one
fault is reported once.

The **severity** says how a finding counts: `fail` (the identity is not what it should be, or not proven), `warn` (it works, and
something about it will bite; `--strict` makes it a failure) or `info` (worth knowing, never a failure).

The **class** says what time can do about a failure, and so what `irsa-probe check` does:

| class | meaning | `check` | exit code |
|---|---|---|---|
| permanent | nothing in this pod's life cures it | fails at once | 1 |
| settling | may be IAM still propagating | retries until `--timeout`, then fails | 1 |
| transient | network, throttling, AWS's side | retries until `--timeout`, then gives up unproven | 3 |

Other exit codes: 0 proven (or `--advisory`, or disabled), 2 wrong usage, 143 ended by SIGTERM. If any attempt met a permanent or
settling failure, the latest one is reported and the exit code is 1.

In commands and documents, words in capitals stand for your own values; in a report they are filled in.
";

/// docs/findings.md: a heading per code, so that `docs/findings.md#<code>` leads to it.
pub fn findings_markdown() -> String {
    let mut out = INTRODUCTION.to_owned();
    let of = |step: Step| rows().filter(move |row| row.step == step);
    out.push_str("\n| step | findings |\n|---|---|\n");
    for step in Step::ALL {
        let links: Vec<String> = of(step).map(|row| format!("[{0}](#{0})", row.code)).collect();
        out.push_str(&format!("| {} | {} |\n", step.id(), links.join(", ")));
    }
    for step in Step::ALL {
        out.push_str(&format!("\n## Step {}\n\nLooks at {}.\n", step.id(), markdown(about(step))));
        for row in of(step) {
            section(&mut out, row);
        }
    }
    out
}

fn section(out: &mut String, row: &CodeRow) {
    let remedy = Values::unknown().remedy(row);
    let weight = match row.severity {
        Severity::Fail => format!("fail, {}: {}", row.class.id(), behaviour(row)),
        severity => format!("{}: {}", severity.id(), behaviour(row)),
    };
    out.push_str(&format!("\n### {}\n\n**{}** ({})\n\n", row.code, markdown(row.title), markdown(&weight)));
    out.push_str(&format!("Cause: {}\n\nCure: {}\n", markdown(row.cause), markdown(&remedy.text)));
    if !remedy.commands.is_empty() {
        out.push_str(&format!("\n```sh\n{}\n```\n", remedy.commands.join("\n")));
    }
    if let Some(snippet) = &remedy.snippet {
        let language = if snippet.starts_with('{') { "json" } else { "yaml" };
        out.push_str(&format!("\n{}\n\n```{language}\n{snippet}\n```\n", label(row.document)));
    }
}

/// Words that Markdown would read as markup (`*`, `_`, `<`, flags) are set as code.
fn markdown(text: &str) -> String {
    let word = |word: &str| {
        let core = word.trim_matches(|c: char| "\"'(),.;:".contains(c));
        let marked = core.contains(['*', '_', '<', '[', '~', '|']) || core.starts_with("--");
        if marked { word.replacen(core, &format!("`{core}`"), 1) } else { word.to_owned() }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
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
        let expected = [
            "token-unreadable: the token file cannot be read by this process",
            "",
            "step      token: the projected token's file, claims and times",
            "severity  fail",
            "class     permanent: nothing in this pod's life cures it; check fails at once (exit 1)",
            "docs      docs/findings.md#token-unreadable",
            "",
            "cause     The kubelet writes the token with mode 0644, but 0600 or 0640 when the pod sets fsGroup or",
            "          when all containers run as one other user. A mismatched runAsUser, fsGroup, defaultMode or",
            "          SELinux label then shuts the process out. What is no file at all (a directory, a FIFO, a",
            "          device) comes from a hand-made mount.",
            "",
            "cure      Set the pod's securityContext.fsGroup to a group of this process (65534 works for any), or",
            "          drop the explicit defaultMode; mount the projected volume itself where the path is no",
            "          file. Then recreate the pod.",
            "",
            "in the pod's spec:",
            "  spec:",
            "    securityContext:",
            "      fsGroup: 65534",
        ];
        assert_eq!(explain(Code::TokenUnreadable).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_explanation_fits_a_terminal_but_for_what_is_pasted() {
        for code in Code::ALL {
            let remedy = Values::unknown().remedy(code.row());
            let snippet = remedy.snippet.unwrap_or_default();
            assert!(!remedy.text.contains('{'), "{code}: an unfilled template");
            for line in explain(*code).lines() {
                let pasted = remedy.commands.iter().any(|c| c == line.trim()) || snippet.lines().any(|l| l.trim() == line.trim());
                assert!(line == line.trim_end() && (pasted || line.chars().count() <= 100), "{code}: {line}");
            }
        }
    }

    #[test]
    fn every_code_has_its_anchor() {
        let markdown = findings_markdown();
        for code in Code::ALL {
            assert_eq!(markdown.matches(&format!("\n### {code}\n")).count(), 1, "{code}");
            assert!(code.docs().ends_with(&format!("docs/findings.md#{code}")));
        }
        assert!(markdown.lines().all(|line| line == line.trim_end()));
    }

    #[test]
    fn markup_in_prose_is_set_as_code() {
        assert_eq!(markdown("a * stands (AWS_ROLE_ARN, --strict)."), "a `*` stands (`AWS_ROLE_ARN`, `--strict`).");
        assert_eq!(markdown("plain: words"), "plain: words");
    }
}
