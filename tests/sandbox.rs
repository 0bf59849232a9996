//! The sandbox is strict: what AWS refuses, it refuses with AWS's words; what AWS takes, it takes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod support;

#[path = "sandbox/assume_role.rs"]
mod assume_role;
#[path = "sandbox/client.rs"]
mod client;
#[path = "sandbox/pod.rs"]
mod pod;
#[path = "sandbox/services.rs"]
mod services;
#[path = "sandbox/sts.rs"]
mod sts;
#[path = "sandbox/wire.rs"]
mod wire;
