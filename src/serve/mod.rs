//! The sidecar: the pipeline on a schedule, behind HTTP.
//!
//! Three threads, so that none can hold up another: the worker's does the rounds, the main one answers requests from the
//! [`Board`](crate::core::sidecar::status::Board) that the worker leaves, a third writes the log. A request never causes a call to AWS.

#![allow(clippy::disallowed_methods, reason = "edge modules: clocks, timers, sockets and threads")]

pub mod clock;
pub mod metrics;
pub mod pages;
pub mod server;
pub mod shared;
pub mod worker;
