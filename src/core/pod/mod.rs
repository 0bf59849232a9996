//! What a pod is given: environment, files, token, proxy; and for `--pid`, what a process may read and which process is the application.

pub mod access;
pub mod candidates;
pub mod env_file;
pub mod inputs;
pub mod proxy;
pub mod token;
