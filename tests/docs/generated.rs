//! What is generated: one list of (file, section, function). `UPDATE_DOCS=1 cargo test --test docs` writes it, otherwise it is compared.

use super::picture::{COLUMNS, draw};
use super::sdks::sdks_markdown;
use super::transcripts::shown;
use irsa_probe::core::catalogue::commands::CommandEffect;
use irsa_probe::core::catalogue::{Class, Code, Severity, Step};
use irsa_probe::core::check::checks::CheckOutcome;
use irsa_probe::core::check::report::{ImdsState, Verdict};
use irsa_probe::core::evidence::ChainProvider;
use irsa_probe::core::plan::Provider;
use irsa_probe::core::sdk::SdkFamily;
use irsa_probe::core::sidecar::readiness::ReadinessState;
use irsa_probe::render::Style;
use irsa_probe::render::docs::findings_markdown;
use irsa_probe::render::text::Detail;
use serde::Serialize;
use serde_json::Value;
use std::ops::Range;

/// Which part of a file is generated.
enum Section {
    /// All of it.
    Whole,
    /// The names that a JSON schema allows, by the path of the definition. One a line, or all in one line, as they stand.
    Names(&'static str),
}
use Section::{Names, Whole};

/// What makes a section.
enum Made {
    Text(fn() -> String),
    List(fn() -> Vec<String>),
}
use Made::{List, Text};

const REPORT: &str = "docs/report.v1.schema.json";
const DOCTOR: &str = "docs/doctor.v1.schema.json";
const EXPLAIN: &str = "docs/explain.v1.schema.json";

const GENERATED: &[(&str, Section, Made)] = &[
    ("docs/findings.md", Whole, Text(findings_markdown)),
    ("docs/sdks.md", Whole, Text(sdks_markdown)),
    ("docs/check-fails.svg", Whole, Text(check_fails)),
    (REPORT, Names("$defs/code"), List(|| names(codes_of_check()))),
    (REPORT, Names("$defs/step"), List(|| names(steps(&codes_of_check())))),
    (REPORT, Names("$defs/severity"), List(|| names([Severity::Fail, Severity::Warn, Severity::Info]))),
    (REPORT, Names("$defs/class"), List(|| names(CLASSES))),
    (REPORT, Names("$defs/effect"), List(|| names(CommandEffect::ALL))),
    (REPORT, Names("$defs/outcome"), List(|| names(OUTCOMES))),
    (REPORT, Names("$defs/provider"), List(|| names(PROVIDERS))),
    (REPORT, Names("$defs/chain/properties/provider"), List(chain_providers)),
    (REPORT, Names("$defs/node/properties/imds"), List(imds_states)),
    (REPORT, Names("$defs/verdict"), List(|| names(VERDICTS))),
    (EXPLAIN, Names("$defs/code"), List(|| names(Code::ALL))),
    (EXPLAIN, Names("$defs/step"), List(|| names(Step::ALL))),
    (EXPLAIN, Names("$defs/effect"), List(|| names(CommandEffect::ALL))),
    (DOCTOR, Names("$defs/code"), List(|| names(codes_of_doctor()))),
    (DOCTOR, Names("$defs/step"), List(|| names(steps(&codes_of_doctor())))),
    (DOCTOR, Names("$defs/severity"), List(|| names([Severity::Fail]))),
    (DOCTOR, Names("$defs/class"), List(|| names(CLASSES))),
    (DOCTOR, Names("$defs/effect"), List(|| names(CommandEffect::ALL))),
    (DOCTOR, Names("$defs/outcome"), List(|| names(OUTCOMES))),
    (DOCTOR, Names("$defs/verdict"), List(|| names(VERDICTS))),
    (DOCTOR, Names("properties/expected/properties/provider"), List(|| names(PROVIDERS))),
    ("docs/sdks.v1.schema.json", Names("$defs/prediction/properties/sdk"), List(|| names(SdkFamily::ALL))),
    (REPORT, Names("$defs/family"), List(|| names(SdkFamily::ALL))),
    ("docs/status.v1.schema.json", Names("$defs/state"), List(|| names(ReadinessState::ALL))),
    ("docs/status.v1.schema.json", Names("$defs/round/properties/verdict"), List(|| names(VERDICTS))),
];

const CLASSES: [Class; 3] = [Class::Permanent, Class::Settling, Class::Transient];
const OUTCOMES: [CheckOutcome; 4] = [CheckOutcome::Pass, CheckOutcome::Warn, CheckOutcome::Fail, CheckOutcome::Skip];
const PROVIDERS: [Provider; 3] = [Provider::Irsa, Provider::PodIdentity, Provider::None];
const VERDICTS: [Verdict; 3] = [Verdict::Pass, Verdict::Fail, Verdict::Unknown];

fn codes_of_check() -> Vec<Code> {
    Code::ALL.iter().copied().filter(|code| code.is_of_check()).collect()
}

fn codes_of_doctor() -> Vec<Code> {
    Code::ALL.iter().copied().filter(|code| code.row().doctor).collect()
}

/// The steps of these codes, in the order of the catalogue.
fn steps(codes: &[Code]) -> Vec<Step> {
    Step::ALL.into_iter().filter(|step| codes.iter().any(|code| code.step() == *step)).collect()
}

fn chain_providers() -> Vec<String> {
    use ChainProvider::{Env, Irsa, Node, None, PodIdentity, Profile};
    names([Env, Profile, Irsa, PodIdentity, Node, None])
}

fn imds_states() -> Vec<String> {
    use ImdsState::{Absent, Blocked, Disabled, NotChecked, Reachable};
    names([Reachable, Blocked, Absent, Disabled, NotChecked])
}

/// The names of these values in JSON.
fn names<T: Serialize>(values: impl AsRef<[T]>) -> Vec<String> {
    let name = |value: &T| serde_json::to_value(value).unwrap().as_str().expect("a name").to_owned();
    values.as_ref().iter().map(name).collect()
}

/// A check that fails, as a terminal shows it.
fn check_fails() -> String {
    let title = "irsa-probe check: the trust policy of the role does not accept the service account";
    let style = Style { color: true, width: COLUMNS, ..Style::default() };
    draw(title, &format!("$ irsa-probe check --timeout 3s\n{}", shown("denied", style, Detail::default())))
}

/// Where a section stands in its file.
fn place(file: &str, text: &str, section: &Section) -> Range<usize> {
    match section {
        Whole => 0..text.len(),
        Names(path) => {
            let start = path.split('/').chain(["enum"]).fold(0, |at, key| {
                let key = format!("\"{key}\": ");
                at + text[at..].find(&key).unwrap_or_else(|| panic!("{file} lacks {path}: {key}")) + key.len()
            });
            start..start + text[start..].find(']').unwrap() + 1
        }
    }
}

/// A list as it is laid out where the old one stands.
fn laid_out(list: &[String], old: &str, before: &str) -> String {
    let quoted: Vec<String> = list.iter().map(|name| format!("{name:?}")).collect();
    if !old.contains('\n') {
        return format!("[{}]", quoted.join(", "));
    }
    let line = before.rsplit('\n').next().unwrap();
    let indent = " ".repeat(line.len() - line.trim_start().len());
    format!("[\n{indent}  {}\n{indent}]", quoted.join(&format!(",\n{indent}  ")))
}

#[test]
fn what_is_generated_is_current() {
    let update = std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1");
    let mut different = Vec::new();
    for (file, section, made) in GENERATED {
        let text = super::read(file);
        let at = place(file, &text, section);
        let (before, old, after) = (&text[..at.start], &text[at.clone()], &text[at.end..]);
        let new = match made {
            Text(make) => make(),
            List(make) => laid_out(&make(), old, before),
        };
        let whole = [before, &new, after].concat();
        // The text was searched, not parsed: what was found has to be the definition that is meant.
        if let (Names(path), List(make)) = (section, made) {
            let schema: Value = serde_json::from_str(&whole).unwrap_or_else(|error| panic!("{file}, {path}: {error}"));
            let names = schema.pointer(&format!("/{path}/enum")).unwrap_or_else(|| panic!("{file} has no {path}"));
            assert_eq!(*names, Value::from(make()), "{file}: another list than that of {path} was found");
        }
        if old != new && update {
            std::fs::write(super::root(file), &whole).unwrap();
        } else if old != new {
            let line = before.lines().count() + old.lines().zip(new.lines()).take_while(|(old, new)| old == new).count();
            different.push(format!("{file}, from line {line} on"));
        }
    }
    assert!(different.is_empty(), "not as generated: {different:#?}\nUpdate with: UPDATE_DOCS=1 cargo test --test docs");
}
