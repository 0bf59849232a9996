//! Properties of the core and the renderers: what holds whatever a pod, an AWS service or a hostile issuer puts in.
//!
//! A failure prints the smallest input that shows it: make that a unit test beside the fix. Seeds are not kept in the tree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests stop at the first surprise, and read files")]

use proptest::prelude::ProptestConfig;

#[path = "properties/allowed.rs"]
mod allowed;
#[path = "properties/evidence.rs"]
mod evidence;
#[path = "properties/foreign.rs"]
mod foreign;
#[path = "properties/hidden.rs"]
mod hidden;
#[path = "properties/names.rs"]
mod names;
#[path = "properties/pod.rs"]
mod pod;
#[path = "properties/reports.rs"]
mod reports;
#[path = "properties/retries.rs"]
mod retries;
#[path = "properties/secrets.rs"]
mod secrets;
#[path = "properties/shapes.rs"]
mod shapes;
#[path = "properties/texts.rs"]
mod texts;
#[path = "properties/tokens.rs"]
mod tokens;
#[path = "properties/whole.rs"]
mod whole;

/// So many cases, and no files written into the source tree.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
