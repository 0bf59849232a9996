//! The sidecar: the pipeline on a schedule, behind HTTP.
//!
//! There are three threads, so that none can hold up another. The worker does the rounds, the main thread answers requests from the
//! [`Board`](crate::core::sidecar::board::Board) that the worker writes, and a third one writes the log. A request never causes a call to AWS.

#![allow(clippy::disallowed_methods, reason = "edge modules: clocks, timers, sockets and threads")]

pub mod clock;
pub mod metrics;
pub mod pages;
pub mod server;
pub mod shared_board;
pub mod worker;
