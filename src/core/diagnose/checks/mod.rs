//! The list of checks: every code belongs to one, and each says in the end that it passed, warned, failed, or why it was skipped.

mod table;

use super::Diagnosis;
use crate::core::code::{Code, Severity, Step};
use crate::core::evidence::Evidence;
use serde::{Deserialize, Serialize};
use table::{ROWS, Row, State};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// True.
    Pass,
    /// True enough to work.
    Warn,
    /// Not true.
    Fail,
    /// Not looked at.
    Skip,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Permanent name.
    pub id: String,
    /// Step.
    pub step: Step,
    /// An assertion, true when green.
    pub title: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The finding, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// What was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Why it was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Every check's outcome. After the root cause's step nothing is judged: those are skipped because of it.
pub fn checks(evidence: &Evidence, diagnosis: &Diagnosis) -> Vec<Check> {
    let root = diagnosis.root_cause();
    // Where the probe had not what it takes to read what the pod was given, no check was made.
    let nothing_known = root.filter(|_| evidence.lack.is_some());
    let check = |row: &Row| {
        let mut check = Check {
            id: row.id.to_owned(),
            step: row.step,
            title: row.title.to_owned(),
            outcome: Outcome::Skip,
            code: None,
            detail: None,
            because: None,
        };
        if let Some(finding) = diagnosis.findings.iter().find(|finding| row.codes.contains(&finding.code)) {
            check.outcome = match finding.severity {
                Severity::Fail => Outcome::Fail,
                Severity::Warn => Outcome::Warn,
                Severity::Info => Outcome::Pass,
            };
            if finding.severity == Severity::Info {
                // Nothing failed, and yet the assertion would not be true.
                check.title = finding.code.row().title.to_owned();
            }
            check.code = Some(finding.code);
            check.detail = Some(finding.detail.clone());
            return Some(check);
        }
        let state = (row.state)(evidence, diagnosis);
        if matches!(state, State::Unlisted) {
            return None;
        }
        if let Some(root) = nothing_known {
            check.because = Some(format!("skipped because of {}", root.code));
            return Some(check);
        }
        // A prediction rests on what was injected alone, whatever became of it.
        if let Some(root) = root.filter(|root| root.code.step() < row.step && row.step < Step::Application) {
            check.because = Some(format!("skipped because of {}", root.code));
            return Some(check);
        }
        match state {
            State::Good(detail) => {
                check.outcome = Outcome::Pass;
                check.detail = detail;
            }
            State::Skipped(because) => check.because = Some(because),
            State::Unlisted => {}
        }
        Some(check)
    };
    ROWS.iter().filter_map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_exactly_one_check() {
        for code in Code::ALL.iter().filter(|code| code.is_of_check()) {
            let rows: Vec<&str> = ROWS.iter().filter(|row| row.codes.contains(code)).map(|row| row.id).collect();
            assert_eq!(rows.len(), 1, "{code}: {rows:?}");
        }
        // The audience's findings apart, a code's check stands in the code's own step.
        for row in ROWS {
            assert!(row.codes.iter().all(|code| code.step() == row.step), "{}", row.id);
        }
        assert!(ROWS.iter().map(|row| row.step).is_sorted());
    }
}
