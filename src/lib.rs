//! irsa-probe shows which AWS identity an EKS pod really gets, and names the root cause and the fix when the identity is wrong.
//!
//! One pipeline; `collect` is its only I/O, everything else in `core` is pure:
//!
//! ```text
//!  env, files ─► Inputs ─► Plan ──(collect)──► Evidence ─► diagnose ─► Report ─► text | JSON | termination log
//!                                                                         │
//!                                              serve: Board (readiness) ◄─┘─► /readyz, /metrics, /status, /
//! ```

pub mod cli;
pub mod collect;
pub mod command;
pub mod core;
pub mod log;
pub mod render;
pub mod serve;
