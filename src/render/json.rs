//! Indented JSON. It is for machines, and it is safe to print in a terminal.

use crate::core::check::report::Report;
use crate::core::doctor::report::DoctorReport;
use crate::core::evidence::Evidence;
use crate::core::explain::Explanation;
use crate::core::policy::Evaluation;
use crate::core::sdk::Prediction;
use crate::core::sdk::scan::{FoundSdk, ScanSummary};
use crate::core::sidecar::board::StatusDocument;
use crate::core::text::printable::printable;
use serde::Serialize;

/// The report, as docs/report.v1.schema.json describes it.
pub fn report(report: &Report) -> String {
    pretty(report)
}

/// The status of the sidecar, as docs/status.v1.schema.json describes it.
pub fn status(status: &StatusDocument) -> String {
    pretty(status)
}

/// The evaluation of a trust policy, as docs/trust-policy.v1.schema.json describes it.
pub fn trust_policy(evaluation: &Evaluation) -> String {
    pretty(evaluation)
}

/// A document that is JSON already.
pub fn document(text: &str) -> String {
    harmless(text)
}

/// The evidence, from which the report can be made again.
pub fn evidence(evidence: &Evidence) -> String {
    pretty(evidence)
}

/// What each SDK does in an environment, as docs/sdks.v1.schema.json describes it.
pub fn sdks(assumed: &str, sdks: &[Prediction], scanned: Option<(&[FoundSdk], &ScanSummary)>) -> String {
    #[derive(Serialize)]
    struct Sdks<'a> {
        schema: &'static str,
        assumed: &'a str,
        sdks: &'a [Prediction],
        #[serde(skip_serializing_if = "Option::is_none")]
        found: Option<&'a [FoundSdk]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        scan: Option<&'a ScanSummary>,
    }
    let (found, scan) = scanned.unzip();
    pretty(&Sdks { schema: "irsa-probe/sdks/v1", assumed, sdks, found, scan })
}

/// The report of `doctor`, as docs/doctor.v1.schema.json describes it.
pub fn doctor(report: &DoctorReport) -> String {
    pretty(report)
}

/// The meaning of a text, as docs/explain.v1.schema.json describes it.
pub fn explanation(explanation: &Explanation) -> String {
    pretty(explanation)
}

fn pretty(value: &impl Serialize) -> String {
    // This cannot fail: all keys of the maps are strings, and the writer is memory.
    harmless(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// Escapes characters that a terminal would obey. It is not part of `pretty`, because the compiler makes a copy of `pretty` for each type.
fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    for line in text.split('\n') {
        escape(line, &mut safe);
        safe.push('\n');
    }
    safe
}

/// Escapes one line. JSON requires an escape for C0 controls only. C1 controls and bidirectional overrides are escaped here too, because a
/// terminal would obey them. Such characters occur only inside strings, so an escape of four hexadecimal digits means the same.
fn escape(line: &str, safe: &mut String) {
    if printable(line) == line {
        return safe.push_str(line);
    }
    for c in line.chars() {
        if printable(c.encode_utf8(&mut [0; 4])).len() == c.len_utf8() {
            safe.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_means_the_same() {
        let value = vec!["esc \u{1b}[31m", "del \u{7f}", "c1 \u{9b}31m", "bidi \u{202e}", "tag \u{e0041}", "plain – ä\nnext"];
        let json = pretty(&value);
        assert!(json.ends_with("]\n"));
        assert!(json.split('\n').all(|line| printable(line) == line), "{json}");
        assert!(json.contains("bidi \\u202e") && json.contains("tag \\udb40\\udc41") && json.contains("plain – ä\\nnext"), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), value);
    }
}
