//! Tests of the predictions that no measurement makes: families that were not run, rules of versions, and properties that all families have. What
//! was measured is tested row by row in `tests/live.rs`.

mod any;
mod endpoints;
mod families;
mod unmeasured;
mod versions;

use super::*;
use crate::core::aws::imds::ImdsReach;
use crate::core::pod::environment::Environment;
use crate::core::pod::profile::{Profile, ProfileSection, SharedFile};

type Vars = &'static [(&'static str, &'static str)];

const ROLE: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/checkout");
const TOKEN: (&str, &str) = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token");
const REGION: (&str, &str) = ("AWS_REGION", "us-west-2");
const DEFAULT_REGION: (&str, &str) = ("AWS_DEFAULT_REGION", "us-west-2");
const URI: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
const URI_TOKEN: (&str, &str) = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/secrets/pods.eks.amazonaws.com/token");
const IRSA: Vars = &[ROLE, TOKEN, REGION, DEFAULT_REGION];
const POD_IDENTITY: Vars = &[URI, URI_TOKEN, REGION, DEFAULT_REGION];

fn environment(vars: &[(&str, &str)]) -> Environment {
    Environment::from_lookup(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
}

/// A profile with this section in one file.
fn profile(section: ProfileSection) -> Profile {
    Profile { name: section.name.clone(), credentials: section.credentials(), sections: vec![section], ..Profile::default() }
}

fn keys(name: &str, file: SharedFile) -> ProfileSection {
    ProfileSection { key_id: true, secret_key: true, ..ProfileSection::new(name, file) }
}

/// The prediction for these variables, a profile without credentials, and surroundings that differ from those in which everything works.
fn predicted(sdk: impl Into<Sdk>, vars: &[(&str, &str)], change: fn(&mut Surroundings<'_>)) -> Prediction {
    let (environment, profile) = (environment(vars), Profile { name: "default".into(), ..Profile::default() });
    let mut surroundings = Surroundings::assumed(&environment, &profile);
    change(&mut surroundings);
    predict(sdk, &surroundings)
}

fn end_of(sdk: impl Into<Sdk>, vars: &[(&str, &str)], change: fn(&mut Surroundings<'_>)) -> (ChainEnd, OnFailure, Option<ChainEnd>) {
    let found = predicted(sdk, vars, change);
    (found.outcome, found.on_failure, found.falls_to)
}

fn imds(v2: ImdsReach, v1: bool, role: bool) -> ImdsView {
    ImdsView::Seen { v2, v1, role }
}
