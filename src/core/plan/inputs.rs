//! The inputs of a plan: what the pod was given, and the settings of this run.

use crate::core::aws::arn::RoleArn;
use crate::core::aws::partition::Region;
use crate::core::catalogue::Code;
use crate::core::pod::environment::{Environment, is_default};
use crate::core::pod::profile::Profile;
use crate::core::sdk::Sdk;
use serde::{Deserialize, Serialize};

/// Which provider to prove.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderChoice {
    /// The provider that was injected. When both were injected it is IRSA, as in most SDKs (docs/facts.md#both-work).
    #[default]
    Auto,
    /// IAM roles for service accounts.
    Irsa,
    /// EKS Pod Identity.
    PodIdentity,
}

/// The settings of a run that change what is collected or how it is diagnosed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// `--expect-role-arn`.
    pub expect_role_arn: Option<RoleArn>,
    /// `--provider`.
    pub provider: ProviderChoice,
    /// `--sts-region`, in the order given.
    pub sts_regions: Vec<Region>,
    /// `--strict`.
    pub strict: bool,
    /// `--ignore`: codes whose warning or information is reported as ignored.
    #[serde(skip_serializing_if = "is_default")]
    pub ignore: Vec<Code>,
    /// `--no-imds`.
    pub no_imds: bool,
    /// `--check-issuer`.
    #[serde(skip_serializing_if = "is_default")]
    pub check_issuer: bool,
    /// `--app-sdk`. `None` for `auto`.
    #[serde(skip_serializing_if = "is_default")]
    pub app_sdk: Option<Sdk>,
    /// `--pid`: the process to check instead of this one.
    #[serde(skip_serializing_if = "is_default")]
    pub pid: Option<u32>,
}

/// The inputs of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// The environment.
    pub environment: Environment,
    /// The selected profile.
    #[serde(default)]
    pub profile: Profile,
    /// The settings.
    #[serde(default)]
    pub settings: Settings,
}
