//! The AWS SDK families: which credentials each family ends up with in given surroundings, and which STS endpoint it calls.
//!
//! Each family is a row of data (`families`). The row holds the family's default chain (`chain`). One small engine follows the chain (`predict`,
//! `links`). Nothing is called. The surroundings hold the results that the calls would have.

mod chain;
mod endpoint;
mod families;
mod links;
mod predict;
mod surroundings;
#[cfg(test)]
mod tests;

pub use endpoint::StsEndpoint;
pub use families::SdkFamily;
pub use links::ChainEnd;
pub use predict::{Minimum, OnFailure, Prediction, predict};
pub use surroundings::{AgentCall, ImdsView, StsCall, Surroundings, TokenFile};
