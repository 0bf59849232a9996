//! What the project prints for other programs, read and run by these programs: statements by the parsers of Terraform's and CloudFormation's
//! languages, command lines by the AWS CLI and by the parser of our own.
//!
//! The programs are installed below `target` (`tests/peer/install`, from PyPI, once). Only loopback is contacted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "doctor/cloud.rs"]
#[allow(dead_code, reason = "doctor's tests need more of it")]
mod cloud;
#[path = "printed/commands.rs"]
mod commands;
#[path = "printed/forms.rs"]
mod forms;
