//! The fuzz targets over their corpus: on stable, without a fuzzer, in every test run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests stop at the first surprise, and read files")]

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::path::Path;

/// Runs a target over every file of its corpus; a failure names the file.
fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "no corpus in fuzz/corpus/{name}");
    for file in files {
        let data = std::fs::read(&file).unwrap();
        let outcome = std::panic::catch_unwind(|| target(&data));
        assert!(outcome.is_ok(), "{name} fails on {}", file.file_name().unwrap().display());
    }
}

#[test]
fn token() {
    replay("token", targets::token);
}

#[test]
fn arn() {
    replay("arn", targets::arn);
}

#[test]
fn inputs_plan() {
    replay("inputs_plan", targets::inputs_plan);
}

#[test]
fn sts_body() {
    replay("sts_body", targets::sts_body);
}

#[test]
fn policy() {
    replay("policy", targets::policy);
}

#[test]
fn log() {
    replay("log", targets::log);
}

#[test]
fn issuer() {
    replay("issuer", targets::issuer);
}

#[test]
fn env_file() {
    replay("env_file", targets::env_file);
}

#[test]
fn proxy() {
    replay("proxy", targets::proxy);
}

#[test]
fn scan() {
    replay("scan", targets::scan);
}

#[test]
fn every_target_is_replayed_and_every_corpus_is_small() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut folders: Vec<String> =
        std::fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort();
    assert_eq!(folders, ["arn", "env_file", "inputs_plan", "issuer", "log", "policy", "proxy", "scan", "sts_body", "token"]);
    for folder in folders {
        assert!(std::fs::read_dir(corpus.join(&folder)).unwrap().count() <= 40, "{folder}");
    }
}
