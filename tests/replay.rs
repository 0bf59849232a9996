//! The reports of recorded evidence, made again without a network and held against what the situations expect: the whole of `tests/scenarios` for
//! `core`, in seconds. `tests/mutate` finds out with it whether a changed line of the diagnosis is noticed.
//!
//! `EVIDENCE=target/evidence cargo test --test scenarios` records; then
//! `EVIDENCE=target/evidence cargo test --test replay -- --ignored`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod expected;

use expected::{Expected, KEYS, golden};
use irsa_probe::core::check::report::{self, RunTimes};
use irsa_probe::core::evidence::Evidence;
use irsa_probe::render::{Style, json, text};
use regex::Regex;
use serde_json::Value;
use std::path::{Path, PathBuf};

#[test]
#[ignore = "rests on recorded evidence, see the top of the file"]
fn recorded_evidence_gives_what_its_situation_expects() {
    let evidence = PathBuf::from(std::env::var_os("EVIDENCE").expect("EVIDENCE names the folder"));
    let situations = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut recorded = Vec::new();
    find(&evidence, &mut recorded);
    let situations_in_all = recorded.len();
    assert!(situations_in_all > 400, "{situations_in_all} records in {}", evidence.display());
    let differences: Vec<String> = recorded
        .iter()
        .flat_map(|path| {
            let name = path.strip_prefix(&evidence).unwrap().with_extension("");
            differences(path, &situations.join(&name)).into_iter().map(move |said| format!("{}: {said}", name.display()))
        })
        .collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences[..differences.len().min(20)].join("\n"));
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            find(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn differences(record: &Path, situation: &Path) -> Vec<String> {
    let recorded = std::fs::read_to_string(record).unwrap();
    let evidence: Evidence = serde_json::from_str(&recorded).unwrap();
    let situation_json: Value = serde_json::from_str(&std::fs::read_to_string(situation.join("situation.json")).unwrap()).unwrap();
    let ours = KEYS.iter().filter_map(|key| Some(((*key).to_owned(), situation_json.get(key)?.clone()))).collect();
    let mut expected: Expected = serde_json::from_value(ours).unwrap();
    // An attempt is recorded, not a run; and the sandbox alone could fill these placeholders.
    expected.attempts = 0;
    expected.report.remove("/attempts");
    expected.says.retain(|text| !text.contains('{'));
    let stand_in = |pattern: &str| Regex::new(pattern).unwrap().find(&recorded).map_or("\0", |found| found.as_str());
    let (folder, key_id) = (stand_in("/d{8,}"), stand_in("k{16,}"));
    let normal = |text: &str| golden::normal(text, folder, key_id);
    let report = report::report(&evidence, RunTimes { duration_ms: 1, attempts: 1 });
    let printed: Value = serde_json::from_str(&json::report(&report)).unwrap();
    let mut differences = expected.differences(&printed, str::to_owned, normal);
    let whole = situation.join("report.json");
    if whole.exists() {
        differences.extend(golden::hold(&whole, &golden::json(printed, normal)).err());
    }
    let shown = golden::text(&normal(&text::report(&report, Style::default())));
    differences.extend(golden::hold(&situation.join("report.txt"), &shown).err());
    differences
}
