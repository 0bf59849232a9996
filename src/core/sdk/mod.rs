//! The AWS SDK families: which credentials each ends up with in its surroundings, and which STS endpoint it calls.
//!
//! Each family is a row of data (`families`), whose default chain (`chain`) one small engine follows (`predict`, `links`). Nothing is called: the
//! surroundings say how the calls would go.

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
