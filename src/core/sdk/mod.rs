//! The AWS SDK families: which credentials each family ends up with in given surroundings, and which STS endpoint it calls.
//!
//! Each family is a row of data (`families`). The row holds the default chain of each version (`rules`). One small engine follows the chain
//! (`predict`, `links`). Nothing is called. The surroundings hold the results that the calls would have.

mod assume;
mod endpoint;
mod families;
mod links;
mod outcome;
mod predict;
mod proxies;
mod rules;
pub mod scan;
mod settings;
mod surroundings;
#[cfg(test)]
mod tests;
mod version;

pub use assume::Assumptions;
pub use endpoint::StsEndpoint;
pub use families::{Basis, Sdk, SdkFamily};
pub use outcome::{ChainEnd, OnFailure};
pub use predict::{GOES_ON_TO_NOTHING, Minimum, Prediction, predict};
pub use surroundings::{AgentCall, ImdsView, ProfileToken, SdkFiles, StsCall, StsHosts, Surroundings, TokenFile};
pub use version::SdkVersion;
