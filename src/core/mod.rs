//! The pure core.

pub mod exchange;
