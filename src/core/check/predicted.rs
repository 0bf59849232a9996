//! Where another process's default chain ends (`--pid`): predicted, as only the process itself can follow it. A prediction is no finding.

use super::steps::identity::chain_link;
use crate::core::evidence::{ChainProvider, Evidence};
use crate::core::plan::Provider;
use crate::core::sdk::{ChainEnd, SdkFamily, Surroundings, predict};

/// A prediction for the SDK whose chain the check would otherwise follow.
pub struct PredictedChain {
    /// The provider that would give credentials.
    pub provider: ChainProvider,
    /// Why none would.
    pub error: Option<String>,
}

/// The prediction; `None` when this process's own chain is the one.
pub fn predicted_chain(evidence: &Evidence) -> Option<PredictedChain> {
    // Of an environment that could not be read nothing can be predicted.
    evidence.inputs.settings.pid.filter(|_| evidence.lack.is_none())?;
    let prediction = predict(SdkFamily::Rust, &Surroundings::of(evidence));
    let provider = match prediction.outcome {
        ChainEnd::Irsa => ChainProvider::Irsa,
        ChainEnd::PodIdentity => ChainProvider::PodIdentity,
        ChainEnd::Static => ChainProvider::Env,
        ChainEnd::Profile => ChainProvider::Profile,
        ChainEnd::NodeRole => ChainProvider::Node,
        ChainEnd::None | ChainEnd::Error => ChainProvider::None,
    };
    Some(PredictedChain { provider, error: (provider == ChainProvider::None).then_some(prediction.why) })
}

impl PredictedChain {
    /// What the check of the chain says: `Ok` when it is the injected provider that would give the credentials.
    pub(super) fn compare(self, injected: Provider) -> Result<String, String> {
        match (self.provider, self.error, injected) {
            (_, Some(error), _) => Err(format!("predicted for the Rust SDK, not followed: {error}")),
            (ChainProvider::Irsa, _, Provider::Irsa) | (ChainProvider::PodIdentity, _, Provider::PodIdentity) => {
                Ok(format!("predicted for the Rust SDK, not followed: {}", chain_link(self.provider)))
            }
            (provider, ..) => Err(format!("predicted for the Rust SDK, not followed: it becomes {}", chain_link(provider))),
        }
    }
}
