//! `tests/scenarios/baselines.json`: how each check of a healthy pod ends, by provider, and some pointers into its report. A situation names only
//! what is otherwise in it.
//!
//! A check is written `OUTCOME: TEXT`, where TEXT is what was seen, or why it was skipped; or `OUTCOME CODE` where a finding turned it. What is seen
//! then stands in the finding.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Baseline {
    /// Every check, in the report's order.
    checks: Vec<BaselineCheck>,
    /// Pointers into the report where nothing failed.
    pass: BTreeMap<String, Value>,
    /// The same where something did.
    fail: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BaselineCheck {
    id: String,
    /// How it ends. `{role}` is the expected role.
    ends: String,
    #[serde(default)]
    rests_on: RestsOn,
    /// A pointer into the report, and how the check ends where that is null.
    #[serde(default)]
    without: Option<(String, String)>,
}

/// What a check rests on: it is skipped because of a root cause there.
#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum RestsOn {
    #[default]
    EarlierSteps,
    Nothing,
}

const STEPS: [&str; 11] =
    ["injection", "token", "issuer", "network", "assume-role", "pod-identity", "identity", "node", "redundancy", "application", "cluster"];

impl Baseline {
    /// The baseline of `irsa`, `pod-identity` or `none`.
    pub fn of_provider(provider: &str) -> &'static Baseline {
        static ALL: OnceLock<BTreeMap<String, Baseline>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/baselines.json");
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
        });
        all.get(provider).unwrap_or_else(|| panic!("baselines.json has no {provider:?}"))
    }

    /// The pointers that a report must be held against; `own` are the situation's.
    pub fn pointers<'a>(&'a self, passes: bool, own: &'a BTreeMap<String, Value>) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let common = if passes { &self.pass } else { &self.fail };
        own.iter().chain(common.iter().filter(|(pointer, _)| !own.contains_key(*pointer)))
    }

    /// In what the report's checks are not as expected.
    pub fn differences(&self, report: &Value, exceptions: &BTreeMap<String, String>, normal: impl Fn(&str) -> String) -> Vec<String> {
        let checks = report["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut differences = Vec::new();
        let found: Vec<&str> = checks.iter().filter_map(|check| check["id"].as_str()).collect();
        let wanted: Vec<&str> = self.checks.iter().map(|check| check.id.as_str()).collect();
        if found != wanted {
            differences.push(format!("the checks are {found:?}, those of baselines.json {wanted:?}"));
        }
        differences.extend(exceptions.keys().filter(|id| !wanted.contains(&id.as_str())).map(|id| format!("there is no check {id:?}")));
        for (row, check) in self.checks.iter().zip(checks) {
            let found = normal(&written(check));
            let wanted =
                exceptions.get(&row.id).cloned().or_else(|| row.skipped_after(report, check)).unwrap_or_else(|| row.usual_end(report));
            if found != wanted {
                differences.push(format!("check {} ends as {found:?}, not {wanted:?}", row.id));
            }
        }
        differences
    }
}

impl BaselineCheck {
    /// How it ends in a pod in which nothing is wrong with what it is about.
    fn usual_end(&self, report: &Value) -> String {
        let ends = match &self.without {
            Some((pointer, ends)) if report.pointer(pointer).is_none_or(Value::is_null) => ends,
            _ => &self.ends,
        };
        ends.replace("{role}", report["expected"]["roleArn"].as_str().unwrap_or_default())
    }

    /// How it ends where the root cause is in a step that it rests on.
    fn skipped_after(&self, report: &Value, check: &Value) -> Option<String> {
        let root = &report["rootCause"];
        let place = |step: &Value| STEPS.iter().position(|name| step == name);
        // A profile is the root cause in the place of an identity that is not injected.
        let at = if report["expected"]["provider"] == "none" { Some(0) } else { place(&root["step"]) };
        let after = self.rests_on == RestsOn::EarlierSteps && at? < place(&check["step"])?;
        after.then(|| format!("skip: skipped because of {}", root["code"].as_str().unwrap_or_default()))
    }
}

/// A check of a report, as `baselines.json` writes it.
pub fn written(check: &Value) -> String {
    let outcome = check["outcome"].as_str().unwrap_or_default();
    let text = |key: &str| check[key].as_str();
    match (text("code"), text("because").or_else(|| text("detail"))) {
        (Some(code), _) => format!("{outcome} {code}"),
        (None, Some(seen)) => format!("{outcome}: {seen}"),
        (None, None) => outcome.to_owned(),
    }
}
