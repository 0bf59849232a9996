//! What the metric `irsa_probe_build_info` and `--version` say of a build, and where its documents are. A binary cannot ask for them at run
//! time.
#![allow(clippy::disallowed_methods, reason = "a build script's inputs are its environment")]

use std::process::Command;

fn main() {
    // Without these two lines any changed file would run this again, and rebuild the crate with it. A changed compiler rebuilds all anyway.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=IRSA_PROBE_REVISION");
    println!("cargo::rerun-if-env-changed=IRSA_PROBE_DOCS_URL");
    println!("cargo::rustc-env=IRSA_PROBE_RUSTC={}", rustc().unwrap_or_else(unknown));
    println!("cargo::rustc-env=IRSA_PROBE_DOCS_URL={}", docs_url());
    println!("cargo::rustc-env=IRSA_PROBE_REVISION={}", revision().unwrap_or_else(unknown));
}

/// `1.95.0` of `rustc 1.95.0 (…)`.
fn rustc() -> Option<String> {
    let output = Command::new(std::env::var_os("RUSTC")?).arg("-V").output().ok()?;
    String::from_utf8(output.stdout).ok()?.split_whitespace().nth(1).map(str::to_owned)
}

/// The commit that the release builds from. Given, not asked of git: a source archive has none, and the same source and variable give the
/// same binary. A line break in it would be a directive to cargo.
fn revision() -> Option<String> {
    let is_name = |text: &String| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    std::env::var("IRSA_PROBE_REVISION").ok().filter(is_name)
}

/// Where this build's documents can be read: the folder `docs` at the repository that Cargo.toml names, unless the build names another place.
fn docs_url() -> String {
    let is_url = |text: &String| text.starts_with("https://") && text.bytes().all(|b| b.is_ascii_graphic());
    let given = std::env::var("IRSA_PROBE_DOCS_URL").ok().filter(is_url);
    let repository = || format!("{}/blob/main/docs", std::env::var("CARGO_PKG_REPOSITORY").unwrap_or_default());
    given.unwrap_or_else(repository).trim_end_matches('/').to_owned()
}

fn unknown() -> String {
    "unknown".to_owned()
}
