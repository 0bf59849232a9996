//! The identity that was proven for the injected provider.

use crate::core::aws::arn::{Account, AssumedRoleArn};
use crate::core::evidence::{CallerIdentity, EndpointFacts};

/// The identity that was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The ARN that STS answered.
    pub arn: String,
    /// Its account.
    pub account: Option<Account>,
    /// Its user id.
    pub user_id: Option<String>,
    /// True when GetCallerIdentity answered it. False when it is the AssumedRoleUser of the call that gave the credentials.
    pub confirmed: bool,
}

impl Proven {
    /// The role session, if it is one.
    pub fn session(&self) -> Option<AssumedRoleArn> {
        AssumedRoleArn::parse(&self.arn)
    }

    pub(super) fn by_caller_identity(identity: &CallerIdentity) -> Proven {
        Proven { arn: identity.arn.clone(), account: identity.account.clone(), user_id: identity.user_id.clone(), confirmed: true }
    }

    pub(super) fn by_assumed_role(endpoint: &EndpointFacts) -> Option<Proven> {
        let first = endpoint.assume_role.known()?;
        let assumed = endpoint.hops.last().unwrap_or(first).success()?;
        let arn = assumed.arn.clone()?;
        let account = AssumedRoleArn::parse(&arn).map(|arn| arn.account);
        Some(Proven { arn, account, user_id: assumed.assumed_role_id.clone(), confirmed: false })
    }
}
