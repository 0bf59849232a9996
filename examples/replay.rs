//! Makes the reports of recorded evidence again, without a network: a change that must alter no report is proved with it.
//!
//! `cargo run --example replay -- EVIDENCE OUT`: for each `NAME.json` below EVIDENCE (what `check --output evidence` wrote; the scenarios leave
//! theirs in `target/evidence`), OUT/NAME.json, .txt and .termination are what this build says of it. `tests/same` compares two builds.

#![allow(clippy::disallowed_methods, reason = "it reads and writes files")]

use irsa_probe::core::check::report::{self, RunTimes};
use irsa_probe::core::evidence::Evidence;
use irsa_probe::render::{Style, json, termination, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(evidence), Some(out), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        eprintln!("replay EVIDENCE OUT: folders, of which OUT is made");
        return ExitCode::from(2);
    };
    match replay(Path::new(&evidence), Path::new(&out)) {
        Ok(0) => {
            eprintln!("replay: no evidence below {evidence}");
            ExitCode::from(2)
        }
        Ok(count) => {
            println!("{count} reports");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("replay: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How many reports were made.
fn replay(evidence: &Path, out: &Path) -> Result<usize, String> {
    let mut found = Vec::new();
    find(evidence, &mut found)?;
    for path in &found {
        let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(path).map_err(|error| said(&error))?;
        let evidence_of_one: Evidence = serde_json::from_str(&text).map_err(|error| said(&error))?;
        let report = report::report(&evidence_of_one, RunTimes { duration_ms: 1, attempts: 1 });
        let target = out.join(path.strip_prefix(evidence).map_err(|error| said(&error))?);
        fs::create_dir_all(target.parent().unwrap_or(out)).map_err(|error| said(&error))?;
        for (extension, content) in [
            ("json", json::report(&report)),
            ("txt", text::report(&report, Style::default())),
            ("termination", termination::message(&report)),
        ] {
            fs::write(target.with_extension(extension), content).map_err(|error| said(&error))?;
        }
    }
    Ok(found.len())
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() {
            find(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    Ok(())
}
