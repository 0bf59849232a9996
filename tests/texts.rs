//! `explain` against what SDKs really printed, in everything in which it reaches a person: 396 texts of 13 SDK families and those of
//! `tests/explain/texts.txt`.
//!
//! A failure prints a table by wrapping and by SDK; the list of all of them is in `target/tmp/texts.*.tsv`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "texts/samples.rs"]
mod samples;
#[path = "texts/table.rs"]
mod table;

use irsa_probe::core::explain::{self, Explanation};
use samples::Sample;
use std::io::Write as _;
use std::process::{Command, Stdio};
use table::Table;

/// A text as it is given to `explain`, and what it comes from.
struct Case<'a> {
    wrapping: String,
    sample: &'a Sample,
    text: String,
}

fn answer(text: &str) -> Explanation {
    explain::explain(text)
}

fn is_right(sample: &Sample, found: Option<&str>) -> bool {
    match found {
        Some(code) => sample.means.iter().any(|one| one == code),
        None => sample.means.is_empty(),
    }
}

/// The first answer to each case, by as many threads as there are cores.
fn answers(cases: &[Case<'_>]) -> Vec<Option<&'static str>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = cases.len().div_ceil(threads).max(1);
    let root = |case: &Case<'_>| answer(&case.text).root_cause.map(|code| code.id());
    std::thread::scope(|scope| {
        let parts: Vec<_> = cases.chunks(part).map(|cases| scope.spawn(move || cases.iter().map(root).collect::<Vec<_>>())).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

/// Whether every case has its answer; if not, says where not.
fn judge(name: &str, cases: &[Case<'_>]) {
    let mut table = Table::default();
    for (case, found) in cases.iter().zip(answers(cases)) {
        let right = is_right(case.sample, found);
        table.count(&case.wrapping, case.sample, &case.text, found, right);
    }
    table.judge(name);
}

fn plain<'a>(samples: &'a [Sample], wrapping: &str) -> Vec<Case<'a>> {
    samples.iter().map(|sample| Case { wrapping: wrapping.to_owned(), sample, text: sample.text.clone() }).collect()
}

#[test]
fn every_recorded_message_is_answered() {
    let messages = samples::messages();
    assert_eq!(messages.len(), 396);
    judge("recorded", &plain(&messages, "same"));
}

fn piped(bytes: &[u8]) -> Option<String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_irsa-probe"))
        .env_clear()
        .args(["explain", "-", "--output", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(bytes);
    let output = child.wait_with_output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    document["rootCause"].as_str().map(str::to_owned)
}

/// What PowerShell's `>` writes.
fn utf_16(text: &str, little: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.replace('\n', "\r\n").encode_utf16().collect::<Vec<_>>());
    units.flat_map(|unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

#[test]
fn utf_16_with_a_mark_is_read() {
    let samples: Vec<Sample> = samples::errors().into_iter().step_by(9).chain(samples::near_misses().into_iter().step_by(9)).collect();
    let mut table = Table::default();
    for (number, sample) in samples.iter().enumerate() {
        let little = number % 2 == 0;
        let found = piped(&utf_16(&sample.text, little));
        let right = is_right(sample, found.as_deref());
        table.count(if little { "UTF-16LE" } else { "UTF-16BE" }, sample, &sample.text, found.as_deref(), right);
    }
    table.judge("utf16");
}

/// The tests above count only what they find: a table that finds no fault in one would hide every other.
#[test]
fn a_wrong_answer_is_a_failure() {
    let sample = &samples::messages()[0];
    for found in [None, Some("no-such-code")] {
        assert!(!is_right(sample, found));
    }
    assert!(!is_right(&samples::near_misses()[0], Some("throttled")));
    let outcome = std::panic::catch_unwind(|| {
        let mut table = Table::default();
        table.count("same", &samples::messages()[0], "text", None, false);
        table.judge("own");
    });
    assert!(outcome.is_err());
}
