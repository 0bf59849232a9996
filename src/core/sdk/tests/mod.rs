//! Tests of the families' chains: the measured ones row by row, the others by their source, and properties that all of them have.

mod any;
mod chains;
mod endpoints;
mod families;
mod matrix;

use super::*;
use crate::core::aws::imds::ImdsReach;
use crate::core::pod::environment::Environment;
use crate::core::pod::profile::{Profile, ProfileCredentials};

type Vars = &'static [(&'static str, &'static str)];

const ROLE: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/checkout");
const TOKEN: (&str, &str) = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token");
const REGION: (&str, &str) = ("AWS_REGION", "us-west-2");
const URI: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
const URI_TOKEN: (&str, &str) = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/secrets/pods.eks.amazonaws.com/token");
const IRSA: Vars = &[ROLE, TOKEN, REGION];
const POD_IDENTITY: Vars = &[URI, URI_TOKEN, REGION];

fn environment(vars: &[(&str, &str)]) -> Environment {
    Environment::from_lookup(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
}

const NODE: ChainEnd = ChainEnd::NodeRole;
const STOP: ChainEnd = ChainEnd::Error;
const NONE: ChainEnd = ChainEnd::None;
const PIA: ChainEnd = ChainEnd::PodIdentity;
const STATIC: ChainEnd = ChainEnd::Static;
const FILE: ChainEnd = ChainEnd::Profile;
const ROW_IRSA: ChainEnd = ChainEnd::Irsa;

/// What differs from an environment in which everything works.
struct MatrixRow {
    row: &'static str,
    vars: Vars,
    change: fn(&mut Surroundings<'_>),
    profile: fn(&mut Profile),
    /// Rust, botocore, JavaScript 3, Go 2: the columns of the matrix.
    ends: [ChainEnd; 4],
}

const fn with_environment(row: &'static str, vars: Vars, change: fn(&mut Surroundings<'_>), ends: [ChainEnd; 4]) -> MatrixRow {
    MatrixRow { row, vars, change, profile: |_| {}, ends }
}

const fn with_profile(row: &'static str, vars: Vars, profile: fn(&mut Profile), ends: [ChainEnd; 4]) -> MatrixRow {
    MatrixRow { row, vars, change: |_| {}, profile, ends }
}

fn imds(v2: ImdsReach, v1: bool, role: bool) -> ImdsView {
    ImdsView::Seen { v2, v1, role }
}

fn predict_row(sdk: SdkFamily, case: &MatrixRow) -> Prediction {
    let environment = environment(case.vars);
    let mut profile = Profile { name: "default".into(), ..Profile::default() };
    (case.profile)(&mut profile);
    let mut surroundings = Surroundings::assumed(&environment, &profile);
    (case.change)(&mut surroundings);
    predict(sdk, &surroundings)
}

fn end_of(sdk: SdkFamily, vars: Vars, change: fn(&mut Surroundings<'_>)) -> (ChainEnd, OnFailure, Option<ChainEnd>) {
    let found = predict_row(sdk, &with_environment("", vars, change, [NONE; 4]));
    (found.outcome, found.on_failure, found.falls_to)
}
