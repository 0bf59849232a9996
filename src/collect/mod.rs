//! The only I/O of a check: carries a plan out and comes back with evidence. Never fails: what could not be found is evidence too.

#![allow(clippy::disallowed_methods, reason = "edge module: environment, files, clock and timers enter here and nowhere else")]

pub mod agent;
pub mod chain;
pub mod direct;
pub mod environment;
pub mod file;
pub mod http;
pub mod imds;
pub mod issuer;
pub mod lack;
pub mod local;
mod memory;
pub mod process;
pub mod root;
pub mod scan;
mod sdk_files;
mod shared_file;
pub mod sts;
pub mod token;

pub use memory::{Attempt, Memory};

use crate::core::evidence::{Evidence, Fact, Remembered, SCHEMA, SkipReason, Token};
use crate::core::plan::Plan;
use crate::core::plan::inputs::{Inputs, Settings};
use crate::core::pod::environment::Environment;
use crate::core::pod::token::{decode, secrets};
use crate::core::text::time::Timestamp;
use environment::World;
use http::{Client, ClientSettings};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One attempt: reads the token, calls what is planned, and returns what was found. `deadline` bounds every phase.
pub async fn collect(world: &World, deadline: Instant, attempt: Attempt, memory: &mut Memory) -> Evidence {
    let taken_at = now();
    memory.begin(attempt);
    let inputs = &world.inputs;
    if let Some(lack) = &world.lack {
        return evidence_of_lack(inputs.clone(), lack, taken_at);
    }
    let plan = Plan::from_inputs(inputs);
    // The secrets that this attempt learns are forgotten with it.
    let learned = world.secrets.fork();
    let settings = || ClientSettings { roots: world.roots.clone(), proxies: world.proxies.clone(), secrets: learned.clone(), deadline };
    let client = || Client::new(settings());
    let until = |cut| deadline.min(Instant::now() + cut);

    let (token, text) = token::read_injected(world, &plan).await;
    let text = text.as_ref().map(|text| text.as_str());
    text.map(secrets).into_iter().flatten().for_each(|secret| learned.learn(secret));
    let claims = text.and_then(|text| decode(text.as_bytes()).ok());

    let imds_call = memory.decide_imds(attempt, &plan.imds);
    let issuer_call = memory.decide_issuer(inputs.settings.check_issuer, &plan, claims);

    // Side by side, so that the others cost time only where they are slower than STS.
    let direct = direct::call(client, &plan, &world.external_ids, text);
    let imds = imds::collect(client().until(until(chain::CUT)), imds_call);
    let issuer = issuer::collect(client().until(until(issuer::CUT)), issuer_call);
    let chain = async {
        let end = until(chain::CUT);
        // The cut ends the chain, not one of its phases: it says nothing about the network.
        chain::collect(client().until(end + chain::CUT), world, &plan, end).await
    };
    let sdk_files = sdk_files::read(&world.root, inputs);
    let (direct, imds, issuer, sdk_files, followed) = if memory.asks_chain_at_once() {
        // Biased, so that the direct calls go first where several have something to do: the verdict rests on them.
        let (direct, imds, issuer, chain, sdk_files) = tokio::join!(biased; direct, imds, issuer, chain, sdk_files);
        (direct, imds, issuer, sdk_files, Some(chain))
    } else {
        let (direct, imds, issuer, sdk_files) = tokio::join!(biased; direct, imds, issuer, sdk_files);
        let followed = if memory.asks_chain(attempt, direct.result()) { Some(chain.await) } else { None };
        (direct, imds, issuer, sdk_files, followed)
    };
    let (chain, remembered) = memory.learn(taken_at, &plan.imds, followed, &imds, &issuer);

    let default_token = token::read_stand_in(world, &plan).await;
    let names_namespace =
        |token: &Fact<Token>| token.known().and_then(|token| token.claims()).is_some_and(|claims| claims.namespace.is_some());
    let is_named = names_namespace(&token) || names_namespace(&default_token);
    Evidence {
        schema: SCHEMA.to_owned(),
        taken_at,
        inputs: inputs.clone(),
        lack: None,
        namespace: if is_named { None } else { token::read_namespace(&world.root) },
        default_token,
        token,
        sdk_files: Some(sdk_files.0),
        profile_tokens: sdk_files.1,
        scan: None,
        endpoints: direct.endpoints,
        agent: direct.agent,
        imds,
        chain,
        issuer,
        remembered,
    }
}

/// The evidence where the pod's inputs could not be read. Then nothing is planned and nothing is called.
fn evidence_of_lack(inputs: Inputs, lack: &str, taken_at: Timestamp) -> Evidence {
    let because = SkipReason::EarlierFailure;
    Evidence {
        schema: SCHEMA.to_owned(),
        taken_at,
        inputs,
        lack: Some(lack.to_owned()),
        token: Fact::NotAttempted(because),
        default_token: Fact::NotAttempted(because),
        namespace: None,
        sdk_files: None,
        profile_tokens: Vec::new(),
        scan: None,
        endpoints: Vec::new(),
        agent: Fact::NotAttempted(because),
        imds: Fact::NotAttempted(because),
        chain: Fact::NotAttempted(because),
        issuer: Fact::NotAttempted(because),
        remembered: Remembered::default(),
    }
}

/// The evidence of a check that could not begin: this process's variables, unless another process was to be checked.
pub fn without_means(settings: Settings, other: bool, lack: &str) -> Evidence {
    let environment = if other { Environment::default() } else { environment::read_variables() };
    evidence_of_lack(Inputs { environment, settings, ..Inputs::default() }, lack, now())
}

/// The time by this machine's clock. A clock before 1970 is read as 1970. Diagnosis finds the skew.
pub fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64))
}
