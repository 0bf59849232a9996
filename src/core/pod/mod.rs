//! What a pod is given: environment, profile, files, token, proxy, and which of several sources has precedence. For `--pid`: which files a
//! process may read, and which process is the application.

pub mod access;
pub mod candidates;
pub mod env_file;
pub mod environment;
pub mod precedence;
pub mod profile;
pub mod profile_chain;
pub mod proxy;
pub mod token;
pub mod untidy;
