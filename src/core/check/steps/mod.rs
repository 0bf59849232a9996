//! The steps, one file each. A file holds the checks of the step, its findings, and their tests.

pub mod application;
pub mod assume_role;
pub(in crate::core::check) mod hop;
pub mod identity;
pub mod injection;
pub mod issuer;
pub mod network;
pub mod node;
pub mod pod_identity;
mod profile;
pub mod redundancy;
pub mod token;

use super::row::StepRow;
use crate::core::catalogue::Step;

/// All steps of a check, in the order in which a pod gets and uses its credentials.
pub(super) const STEPS: [StepRow; 10] = [
    StepRow { step: Step::Injection, checks: injection::CHECKS, find: injection::find },
    StepRow { step: Step::Token, checks: token::CHECKS, find: token::find },
    StepRow { step: Step::Issuer, checks: issuer::CHECKS, find: issuer::find },
    StepRow { step: Step::Network, checks: network::CHECKS, find: network::find },
    StepRow { step: Step::AssumeRole, checks: assume_role::CHECKS, find: assume_role::find },
    StepRow { step: Step::PodIdentity, checks: pod_identity::CHECKS, find: pod_identity::find },
    StepRow { step: Step::Identity, checks: identity::CHECKS, find: identity::find },
    StepRow { step: Step::Node, checks: node::CHECKS, find: node::find },
    StepRow { step: Step::Redundancy, checks: redundancy::CHECKS, find: redundancy::find },
    StepRow { step: Step::Application, checks: application::CHECKS, find: application::find },
];
