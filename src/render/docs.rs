//! Documents that are generated from the code: docs/findings.md.

use super::catalogue::{about, behaviour};
use super::{affects, label};
use crate::core::catalogue::elsewhere;
use crate::core::catalogue::remedy::Values;
use crate::core::catalogue::{CodeRow, Severity, Step, rows};

const INTRODUCTION: &str = "\
# Findings

This page lists every finding of irsa-probe. A code is permanent: it is never renamed and never used for anything else, so alerts and
runbooks may rely on it. `irsa-probe explain CODE` prints the same in a terminal.

<!-- Generated from the catalogue in src/core/catalogue. To change it: edit there, then run UPDATE_DOCS=1 cargo test --test docs -->

A credential travels in **steps**. The first step that fails has the root cause. Later checks that rest on it are skipped because of it, so
one fault is reported once. Some checks rest on nothing before them and are always reported: the node's role, the other regions, the clock, and
what the application's SDK does. While the identity is not confirmed and the node's role is in reach, the finding of step `node` says which SDKs
use that role now.

The **severity** says how a finding counts:

- `fail`: the identity is not what it should be, or it is not confirmed.
- `warn`: it works, and something about it can fail later. `--strict` makes it a failure. It counts the warning of a new code from the next minor
  release on.
- `info`: worth knowing, never a failure.

`--ignore CODE` reports a warning or an information as ignored: it counts in no metric, and `--strict` does not count it. A failure cannot be
ignored.

The **class** says whether a failure can end by itself, and so what `irsa-probe check` does:

| class | meaning | `check` | exit code |
|---|---|---|---|
| permanent | it does not end while this pod lives | fails at once | 1 |
| settling | IAM may still be propagating a change | retries until `--timeout`, then fails | 1 |
| transient | network, throttling, a fault at AWS | retries until `--timeout`, then gives up | 3 |

Other exit codes: 0 confirmed (or `--advisory`, or disabled), 2 wrong usage, 143 ended by SIGTERM. If any attempt met a permanent or
settling failure, the latest one is reported and the exit code is 1.

In commands and documents, words in capitals stand for your own values. In a report they are filled in.

A command without a comment above it reads and changes nothing. Above every other one a comment says whom it affects. In JSON this is the
command's `effect`: `read`, `own` (it changes only what belongs to this one pod) or `shared` (it changes anything else; `touches` says whom
that affects).
";

/// The content of docs/findings.md. Each code has a heading, so that `docs/findings.md#<code>` leads to it.
pub fn findings_markdown() -> String {
    let mut out = INTRODUCTION.to_owned();
    let rows_of_step = |step: Step| rows().filter(move |row| row.step == step);
    out.push_str("\n| step | findings |\n|---|---|\n");
    for step in Step::ALL {
        let links: Vec<String> = rows_of_step(step).map(|row| format!("[{0}](#{0})", row.code)).collect();
        out.push_str(&format!("| {} | {} |\n", step.id(), links.join(", ")));
    }
    for step in Step::ALL {
        out.push_str(&format!("\n## Step {}\n\nChecks {}.\n", step.id(), markdown(about(step))));
        for row in rows_of_step(step) {
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
    out.push_str(&format!("Cause: {}\n\nFix: {}\n", markdown(row.cause), markdown(&remedy.text)));
    if !remedy.commands.is_empty() {
        out.push_str("\n```sh\n");
        for command in &remedy.commands {
            out.push_str(&affects(command).map(|affects| format!("# {affects}\n")).unwrap_or_default());
            out.push_str(&format!("{}\n", command.command));
        }
        out.push_str("```\n");
    }
    if let Some(snippet) = &remedy.snippet {
        let language = if snippet.starts_with('{') { "json" } else { "yaml" };
        out.push_str(&format!("\n{}\n\n```{language}\n{snippet}\n```\n", label(row.document)));
    }
    let variants: Vec<_> = elsewhere::ROWS.iter().filter(|other| other.codes.contains(&row.code)).collect();
    if !variants.is_empty() {
        out.push_str("\nWhere a text shows another situation, `explain` says:\n\n");
    }
    for other in variants {
        let fix = Values::unknown().fix(other.wording.fix, &[]);
        out.push_str(&format!("- **{}**: {}\n", markdown(other.wording.title), markdown(&fix.text)));
    }
}

/// Writes a text as Markdown. Words that Markdown would read as markup (`*`, `_`, `<`, flags) are set as code.
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
    use crate::core::catalogue::Code;

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
