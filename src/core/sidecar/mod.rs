//! The sidecar's state, its next round, and what it knows. Time is an argument.

pub mod board;
mod identity_failures;
pub mod moment;
pub mod readiness;
pub mod schedule;
