//! The pure core.

pub mod exchange;
pub mod proxy;
