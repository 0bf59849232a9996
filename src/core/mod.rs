//! The pure core: no I/O, no clock, no environment, no tokio. `clippy.toml` denies them; only the edges allow them.
//!
//! One room for each subject. A room imports only rooms that stand above it here; `tests/rooms.rs` checks that.

pub mod text;

pub mod aws;

pub mod pod;

pub mod catalogue;

pub mod sdk;

pub mod plan;

pub mod evidence;

pub mod check;

pub mod sidecar;

pub mod policy;

pub mod explain;

pub mod doctor;
