//! The pure core: no I/O, no clock, no environment, no tokio. `clippy.toml` denies them; only the edges allow them.

pub mod agent_answer;
pub mod arn;
pub mod clock;
pub mod code;
pub mod diagnose;
pub mod doctor;
pub mod duration;
pub mod evidence;
pub mod exchange;
pub mod inputs;
pub mod partition;
pub mod plan;
pub mod policy;
pub mod proxy;
pub mod readiness;
pub mod remedy;
pub mod report;
pub mod retry;
pub mod schedule;
pub mod sdk;
pub mod status;
pub mod sts_answer;
pub mod text;
pub mod time;
pub mod token;
pub mod trust;
