//! What must come out of a situation, and whether a report is that. The scenarios hold the real binary's reports against it, `tests/replay.rs` those
//! that are made again from recorded evidence.

pub mod baseline;
pub mod golden;

use baseline::Baseline;
use irsa_probe::core::catalogue::Code;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a report must say. The fields of `situation.json` that are neither the world's nor the runner's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expected {
    /// Exit code.
    pub exit: i32,
    /// `pass`, `fail` or `unknown`; absent where the exit code says it (0, 1 and 3).
    #[serde(default)]
    pub verdict: Option<String>,
    /// The root cause's code; absent for a pass.
    #[serde(default)]
    pub root_cause: Option<String>,
    /// All findings with their severity, the root cause included: no other may be there.
    #[serde(default)]
    pub findings: BTreeMap<String, String>,
    /// Codes that must not appear: those that a worse tool would name.
    #[serde(default)]
    pub not: Vec<String>,
    /// Texts that the root cause's detail or remedy must hold (placeholders are filled).
    #[serde(default)]
    pub says: Vec<String>,
    /// Checks that end otherwise than `baselines.json` says (see [`baseline`]).
    #[serde(default)]
    pub checks: BTreeMap<String, String>,
    /// At least so many attempts.
    #[serde(default)]
    pub attempts: u64,
    /// Pointers into the report (RFC 6901) with the value they must have. They come before the baseline's.
    #[serde(default)]
    pub report: BTreeMap<String, Value>,
}

/// The names of [`Expected`]'s fields in `situation.json`.
pub const KEYS: [&str; 9] = ["exit", "verdict", "rootCause", "findings", "not", "says", "checks", "attempts", "report"];

impl Expected {
    /// Everything in which the report is not what is expected; `normal` takes out of a text what differs from run to run.
    pub fn differences(&self, report: &Value, expand: impl Fn(&str) -> String, normal: impl Fn(&str) -> String) -> Vec<String> {
        let mut differences = Vec::new();
        let mut expect = |holds: bool, otherwise: String| {
            if !holds {
                differences.push(otherwise);
            }
        };
        let verdict = self.verdict.as_deref().unwrap_or(match self.exit {
            0 => "pass",
            1 => "fail",
            _ => "unknown",
        });
        expect(report["verdict"] == verdict, format!("the verdict is {}, not {verdict}", report["verdict"]));
        let root = report["rootCause"]["code"].as_str();
        expect(root == self.root_cause.as_deref(), format!("the root cause is {root:?}; detail: {}", report["rootCause"]["detail"]));
        let findings = report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let found: BTreeMap<String, String> = findings.iter().map(|f| (text(f, "code"), text(f, "severity"))).collect();
        expect(found == self.findings && found.len() == findings.len(), format!("the findings are {found:?}"));
        expect(is_in_order(root, findings), format!("the findings are not in order: {:?}", found.keys()));
        for code in &self.not {
            expect(!found.contains_key(code), format!("{code} must not be found"));
        }
        let words = format!("{} {}", report["rootCause"], report["findings"]).replace("\\\"", "\"");
        for text in self.says.iter().map(|text| expand(text)) {
            expect(words.contains(&text), format!("{text:?} is not said in {words}"));
        }
        let attempts = report["attempts"].as_u64().unwrap_or_default();
        expect(attempts >= self.attempts.max(1), format!("{attempts} attempts"));
        let without_figures = golden::without_figures(report.clone());
        let baseline = Baseline::of_provider(report["expected"]["provider"].as_str().unwrap_or_default());
        for (pointer, wanted) in baseline.pointers(root.is_none(), &self.report) {
            let text_of =
                |value: &Value, change: &dyn Fn(&str) -> String| value.as_str().map_or_else(|| value.clone(), |text| change(text).into());
            let found = [report, &without_figures].map(|report| text_of(report.pointer(pointer).unwrap_or(&Value::Null), &normal));
            let wanted = text_of(wanted, &|text| normal(&expand(text)));
            expect(found.contains(&wanted), format!("report{pointer} is {}, not {wanted}", found[0]));
        }
        differences.extend(baseline.differences(report, &self.checks, normal));
        differences
    }
}

/// The root cause first, then by severity, then in the catalogue's order.
fn is_in_order(root: Option<&str>, findings: &[Value]) -> bool {
    let place = |finding: &Value| {
        let code = finding["code"].as_str().unwrap_or_default();
        let severity = ["fail", "warn", "info"].iter().position(|severity| finding["severity"] == *severity);
        (Some(code) != root, severity, Code::parse(code).map(Code::step), Code::parse(code))
    };
    findings.iter().map(place).is_sorted()
}
