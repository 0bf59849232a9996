//! `explain` against what SDKs really printed, in everything in which it reaches a person: 396 texts of 13 SDK families and those of
//! `tests/explain/texts.txt`, with other names, with other errors of AWS in the same words, and in the wrappings of collectors, terminals,
//! browsers and chats. Nothing here is made from the recogniser's tables, which it would only mirror.
//!
//! A failure prints a table by wrapping and by SDK; the list of all of them is in `target/tmp/texts.*.tsv`. `TEXTS_ALL=1` tries every text in
//! every wrapping instead of a dozen.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "texts/donors.rs"]
mod donors;
#[path = "texts/mentions.rs"]
mod mentions;
#[path = "texts/names.rs"]
mod names;
#[path = "texts/samples.rs"]
mod samples;
#[path = "texts/table.rs"]
mod table;
#[path = "texts/wrap.rs"]
mod wrap;

use fastrand::Rng;
use irsa_probe::core::explain::{self, Explanation};
use irsa_probe::render::json;
use samples::Sample;
use std::io::Write as _;
use std::process::{Command, Stdio};
use table::Table;
use wrap::WRAPS;

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

/// Of a thousand texts, so many may be wrong where lines are broken within names, and again by a collector: what stood there cannot always be told.
const BROKEN: usize = 15;
/// Of a thousand near misses in the same state.
const BROKEN_NEAR: usize = 3;

/// Whether the cases have their answers, but for so many of a thousand; if not, says where not.
fn judge(name: &str, cases: &[Case<'_>], allowed: usize) {
    let mut table = Table::default();
    for (case, found) in cases.iter().zip(answers(cases)) {
        let right = is_right(case.sample, found);
        table.count(&case.wrapping, case.sample, &case.text, found, right);
    }
    table.judge(name, allowed);
}

/// How many wrappings each text is tried in.
fn share(of: usize) -> usize {
    if std::env::var_os("TEXTS_ALL").is_some() { WRAPS.len() } else { of }
}

/// Each sample in some of the wrappings, in turn: every wrapping gets as many of them, and of every family. `others`: with other names.
fn wrapped<'a>(samples: &'a [Sample], share: usize, others: bool, seed: u64) -> Vec<Case<'a>> {
    let mut rng = Rng::with_seed(seed);
    let mut turn = 0;
    let mut cases = Vec::new();
    for sample in samples {
        for _ in 0..share {
            let (name, with) = WRAPS[turn % WRAPS.len()];
            turn += 1;
            if sample.is_log && wrap::is_one_record(name) {
                continue;
            }
            let plain = if others { names::others(&sample.text, &mut rng) } else { sample.text.clone() };
            cases.push(Case { wrapping: name.to_owned(), sample, text: wrap::wrap(&plain, with, &mut rng) });
        }
    }
    cases
}

fn plain<'a>(samples: &'a [Sample], wrapping: &str) -> Vec<Case<'a>> {
    samples.iter().map(|sample| Case { wrapping: wrapping.to_owned(), sample, text: sample.text.clone() }).collect()
}

#[test]
fn every_recorded_message_is_answered() {
    let messages = samples::messages();
    assert_eq!(messages.len(), 396);
    judge("recorded", &plain(&messages, "same"), 0);
}

#[test]
fn other_names_change_nothing() {
    let errors = samples::errors();
    let mut rng = Rng::with_seed(18);
    let with_others = |sample| Case { wrapping: "other names".to_owned(), sample, text: names::others(&sample.text, &mut rng) };
    let cases: Vec<Case<'_>> = errors.iter().chain(&errors).map(with_others).collect();
    assert!(cases.iter().filter(|case| case.text != case.sample.text).count() >= 500);
    judge("names", &cases, 0);
}

#[test]
fn another_error_of_aws_in_the_same_words_means_what_that_error_means() {
    let crossed = donors::crossed(&samples::errors());
    assert!(crossed.len() >= 500, "{} crossed", crossed.len());
    let mut cases = plain(&crossed, "crossed");
    cases.extend(wrapped(&crossed, share(2), true, 19));
    judge("crossed", &cases, BROKEN);
}

#[test]
fn a_wrapping_changes_nothing() {
    let errors = samples::errors();
    let mut cases = wrapped(&errors, share(9), true, 20);
    // Every width, within words and at blanks.
    for (sample, width) in errors.iter().zip((40..=160).cycle()) {
        let fold = if width % 2 == 0 {
            ("hard at any width", wrap::hard_at as fn(&str, usize) -> String)
        } else {
            ("soft at any width", wrap::soft_at as _)
        };
        cases.push(Case { wrapping: fold.0.to_owned(), sample, text: fold.1(&sample.text, width) });
    }
    assert!(cases.len() >= 5_000, "{} combinations", cases.len());
    judge("wrapped", &cases, BROKEN);
}

#[test]
fn a_near_miss_stays_one_in_every_wrapping() {
    let near = samples::near_misses();
    assert!(near.len() >= 80, "{} near misses", near.len());
    let mut cases = wrapped(&near, WRAPS.len(), false, 21);
    cases.extend(wrapped(&near, share(10), true, 22));
    judge("near", &cases, BROKEN_NEAR);
}

/// Where a text names the node or a piece of it, and it is not the node that speaks.
const OF_THE_NODE: [(&str, &str); 6] = [
    ("", " path=/var/lib/kubelet/pods/0a0b0c0d-1111-2222-3333-444455556666/volumes/kubernetes.io~projected/aws-iam-token/token"),
    ("node=aws-node-group-1 ", ""),
    ("2026-11-30T10:00:00Z app on an AMI that nodeadm set up: ", ""),
    ("pod/checkout (kubelet v1.33.4-eks): ", ""),
    ("", " nodeSelector=kubelet.kubernetes.io/role=app"),
    ("after the restart of aws-node: ", ""),
];

/// No one is advised to give a permission to the node's role because a text holds a word of the node.
#[test]
fn a_word_of_the_node_changes_nothing() {
    let errors: Vec<Sample> =
        samples::errors().into_iter().filter(|sample| sample.means[0] == "node-role-fallback" && !sample.has_others).collect();
    assert!(errors.len() >= 15);
    let mut cases = Vec::new();
    for sample in &errors {
        for (before, after) in OF_THE_NODE {
            cases.push(Case { wrapping: format!("{before}…{after}"), sample, text: format!("{before}{}{after}", sample.text) });
        }
    }
    judge("node", &cases, 0);
}

#[test]
fn a_name_of_an_error_in_code_or_prose_is_no_error() {
    let mentions = mentions::all(&samples::errors());
    assert!(mentions.len() >= 2_000, "{} mentions", mentions.len());
    let mut cases: Vec<Case<'_>> =
        mentions.iter().map(|sample| Case { wrapping: sample.family.clone(), sample, text: sample.text.clone() }).collect();
    cases.extend(wrapped(&mentions, share(1), false, 23));
    judge("mentions", &cases, BROKEN_NEAR);
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
    table.judge("utf16", 0);
}

/// A pipe gives a log in pieces, which end anywhere: within a character, a fold, a colour's code.
#[test]
fn a_log_in_pieces_is_the_same_log() {
    let errors = samples::errors();
    let mut rng = Rng::with_seed(24);
    for case in wrapped(&errors, share(2), true, 25) {
        let found = json::explanation(&in_pieces(case.text.as_bytes(), &mut rng));
        assert_eq!(found, json::explanation(&answer(&case.text)), "[{}] {}: {:?}", case.wrapping, case.sample.name, case.text);
    }
    for sample in errors.iter().step_by(5) {
        let [plain, little, big] =
            [sample.text.replace('\n', "\r\n").into_bytes(), utf_16(&sample.text, true), utf_16(&sample.text, false)];
        let [plain, little, big] = [plain, little, big].map(|bytes| in_pieces(&bytes, &mut rng).root_cause);
        assert_eq!((little, big), (plain, plain), "UTF-16 of {}", sample.name);
    }
}

fn in_pieces(bytes: &[u8], rng: &mut Rng) -> Explanation {
    let mut explainer = explain::Explainer::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, next) = rest.split_at(rng.usize(1..=64).min(rest.len()));
        explainer.push(piece);
        rest = next;
    }
    explainer.finish()
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
        table.judge("own", 0);
    });
    assert!(outcome.is_err());
}
