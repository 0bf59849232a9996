//! The checks, one file for each area. Each rests on what was found alone, and has a verdict whatever that is.

pub mod age;
pub mod cluster;
pub mod events;
pub mod iam;
pub mod pods;
