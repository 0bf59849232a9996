//! Where another process's default chain ends (`--pid`). It is predicted, because only the process itself can follow its chain.
//! A prediction is no finding.

use super::surroundings;
use crate::core::evidence::{ChainProvider, Evidence};
use crate::core::sdk::{ChainEnd, SdkFamily, predict};

/// A prediction for the SDK whose chain the check would otherwise follow.
pub struct PredictedChain {
    /// The provider that would give credentials.
    pub provider: ChainProvider,
    /// Why no provider would give them.
    pub error: Option<String>,
}

/// The prediction. `None` without `--pid`: this process follows its own chain then.
pub fn predicted_chain(evidence: &Evidence) -> Option<PredictedChain> {
    // The environment could not be read, so nothing can be predicted from it.
    evidence.inputs.settings.pid.filter(|_| evidence.lack.is_none())?;
    let prediction = predict(SdkFamily::Rust, &surroundings::from_evidence(evidence));
    let provider = match prediction.outcome {
        ChainEnd::Irsa => ChainProvider::Irsa,
        ChainEnd::PodIdentity => ChainProvider::PodIdentity,
        ChainEnd::Static => ChainProvider::Env,
        ChainEnd::Profile => ChainProvider::Profile,
        ChainEnd::NodeRole => ChainProvider::Node,
        // aws-config calls every address of a container alike.
        ChainEnd::Container => ChainProvider::PodIdentity,
        ChainEnd::None | ChainEnd::Error => ChainProvider::None,
    };
    Some(PredictedChain { provider, error: (provider == ChainProvider::None).then_some(prediction.why) })
}

impl PredictedChain {
    /// The text of the check `chain`. `Ok` when the injected provider would give the credentials.
    pub(super) fn compare(self, injected: Option<ChainEnd>) -> Result<String, String> {
        match (self.provider, self.error, injected) {
            (_, Some(error), _) => Err(format!("predicted for the Rust SDK: {error}")),
            (ChainProvider::Irsa, _, Some(ChainEnd::Irsa))
            | (ChainProvider::PodIdentity, _, Some(ChainEnd::PodIdentity))
            | (ChainProvider::Profile, _, Some(ChainEnd::Profile)) => {
                Ok(format!("predicted for the Rust SDK: {}", chain_link(self.provider)))
            }
            (provider, ..) => Err(format!("predicted for the Rust SDK: it gets {}", chain_link(provider))),
        }
    }
}

/// A link of the chain, for a person.
pub(super) fn chain_link(provider: ChainProvider) -> &'static str {
    match provider {
        ChainProvider::Env => "static keys in the environment",
        ChainProvider::Profile => "a profile",
        ChainProvider::Irsa => "IRSA",
        ChainProvider::PodIdentity => "EKS Pod Identity",
        ChainProvider::Node => "the node's role",
        ChainProvider::None => "an unnamed provider",
    }
}

/// The credentials at the end of an SDK's chain, for a person.
pub(super) fn describe_end(outcome: ChainEnd) -> &'static str {
    match outcome {
        ChainEnd::Irsa => "IRSA",
        ChainEnd::PodIdentity => "EKS Pod Identity",
        ChainEnd::Container => "the credentials of another address than the agent's",
        ChainEnd::Static => "the static keys in the environment",
        ChainEnd::Profile => "the selected profile",
        ChainEnd::NodeRole => "the node's role",
        ChainEnd::None | ChainEnd::Error => "nothing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What STS answers to the exchange decides why the other process's chain gives nothing.
    #[test]
    fn throttling_is_no_refusal_by_whichever_name() {
        let error = |status: u16, code: &str| {
            let unknown = json!({"notAttempted": "not-asked"});
            let answer = json!({"Ok": {"error": {"status": status, "code": code, "message": "Rate exceeded", "requestId": null}}});
            let evidence = json!({
                "schema": "irsa-probe/evidence/v1", "takenAt": "2026-11-22T21:34:03Z",
                "inputs": {
                    "environment": {
                        "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/checkout", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
                        "AWS_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"
                    },
                    "settings": {"pid": 7}
                },
                "token": unknown, "defaultToken": unknown, "agent": unknown, "imds": unknown, "chain": unknown,
                "endpoints": [{
                    "region": "eu-central-1", "host": "sts", "callerIdentity": unknown,
                    "assumeRole": {"known": {"exchange": null, "answer": answer}}
                }]
            });
            predicted_chain(&serde_json::from_value(evidence).unwrap()).unwrap().error.unwrap()
        };
        for code in ["Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown"] {
            assert!(error(400, code).starts_with("STS cannot answer now."), "{code}: {}", error(400, code));
        }
        assert!(error(503, "ServiceUnavailable").starts_with("STS cannot answer now."));
        assert!(error(403, "AccessDenied").starts_with("STS refuses the exchange."), "{}", error(403, "AccessDenied"));
        assert!(error(400, "RequestRejected").starts_with("STS refuses the exchange."));
        assert!(error(400, "InvalidIdentityToken").starts_with("STS rejects the token."));
    }
}
