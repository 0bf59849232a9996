//! The only I/O: carries a plan out and comes back with evidence. Never fails: what could not be found is evidence too.

#![allow(clippy::disallowed_methods, reason = "edge module: environment, files, clock and timers enter here and nowhere else")]

pub mod agent;
pub mod chain;
pub mod environment;
pub mod file;
pub mod http;
pub mod imds;
pub mod issuer;
pub mod lack;
pub mod process;
pub mod root;
pub mod sts;
pub mod token;

use crate::core::catalogue::{Code, Severity};
use crate::core::check::same_role;
use crate::core::evidence::{
    AgentCredentials, Call, ChainProvider, DefaultChain, EndpointFacts, Evidence, Fact, Imds, Issuer, SCHEMA, SkipReason, Token,
};
use crate::core::plan::{DEFAULT_TOKEN_PATH, Defect, ImdsPlan, Plan, PlannedEndpoint, Provider};
use crate::core::pod::inputs::{Environment, Inputs, Settings};
use crate::core::pod::token::decode;
use crate::core::text::time::Timestamp;
use environment::World;
use http::{Client, Limits};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use sts::{Keys, Sts};
use zeroize::Zeroizing;

/// What one process has already found out and need not, or must not, ask again.
#[derive(Debug, Default)]
pub struct Memory {
    /// IMDS, as it was seen last.
    imds: Option<Imds>,
    /// It is to be looked at anew.
    imds_again: bool,
    /// Version 1 is tried once per process: it raises an alarm that security teams watch.
    v1_tried: bool,
    /// What the witness said last.
    chain: Option<DefaultChain>,
    /// How often it came to no result since something last changed.
    fruitless: u32,
    /// It is to be called again. It stays so until it has come to a result.
    witness_due: bool,
    /// A round of the sidecar, which has others after it.
    sidecar: bool,
    /// There was an attempt before.
    retrying: bool,
    /// The token's issuer, as it was seen last.
    issuer: Option<Issuer>,
}

/// So often the witness is called for nothing; then it waits for a file to change. Each call is an exchange more.
const FRUITLESS: u32 = 3;

impl Memory {
    /// Before a later round of the sidecar: who may reach IMDS is looked at in each, the default chain when a file has changed.
    pub fn next_round(&mut self, files_changed: bool) {
        self.imds_again = true;
        self.sidecar = true;
        if files_changed {
            self.witness_due = true;
            self.fruitless = 0;
        }
    }

    /// Whether the default chain is followed once more, now that it is known how the direct calls went.
    fn asks_witness(&self, direct: &Direct) -> bool {
        let proven = direct.0.first().and_then(|primary| primary.caller_identity.known()).and_then(|call| call.success());
        let remembered = self.chain.as_ref().and_then(|chain| chain.identity.as_ref());
        match (proven, remembered) {
            // Where STS throttles, a second exchange at each attempt would make it worse: the witness waits until there is something to
            // witness. Where nothing could be called directly, only the chain can tell what applications get.
            (None, _) => self.sidecar && self.witness_due && !was_called(direct),
            // Another role by right (an association was moved) or by wrong: what was said of the one before says nothing of this one.
            (Some(proven), Some(remembered)) if !same_role(&proven.arn, &remembered.arn) => true,
            (Some(_), _) => !self.sidecar || self.witness_due,
        }
    }

    fn witnessed(&mut self, chain: &Fact<DefaultChain>) {
        let Some(chain) = chain.known() else { return };
        let is_node = chain.provider == ChainProvider::Node;
        if chain.identity.is_some() && !is_node {
            self.witness_due = false;
            self.fruitless = 0;
        } else {
            // The node's role can be taken away at any time, and asking for it is no exchange.
            self.fruitless += u32::from(!is_node);
            self.witness_due = self.fruitless < FRUITLESS;
        }
    }
}

/// One attempt: reads the token, calls what is planned, and returns what was found. `deadline` bounds every phase.
pub async fn collect(world: &World, deadline: Instant, memory: &mut Memory) -> Evidence {
    let taken_at = now();
    let inputs = &world.inputs;
    if let Some(lack) = &world.lack {
        return nothing(inputs.clone(), lack, taken_at);
    }
    let plan = Plan::of(inputs);
    // Of its own: what one attempt learns ends with it.
    let secrets = world.secrets.fork();
    let settings = || http::ClientSettings { roots: world.roots.clone(), proxies: world.proxies.clone(), secrets: secrets.clone(), deadline };
    let client = || Client::new(settings());
    let (token, text) = own_token(world, &plan).await;
    let text = text.as_ref().map(|text| text.as_str());
    text.map(crate::core::pod::token::secrets).into_iter().flatten().for_each(|secret| secrets.learn(secret));
    let published = published(client().until(deadline.min(Instant::now() + issuer::CUT)), &plan, inputs, text, memory.issuer.take());
    // Beside the direct calls, so that it costs time only where the issuer is slower than STS.
    let direct = async { tokio::join!(direct(client, &plan, &inputs.environment, text), published) };
    let beside = || deadline.min(Instant::now() + chain::CUT);
    let node = node(client().until(beside()), &plan.imds, memory.imds.clone(), memory.imds_again, memory.v1_tried);
    let witness = async {
        let until = beside();
        // The cut ends the witness, not one of its phases: it says nothing about the network.
        witness(client().until(until + chain::CUT), world, &plan, until).await
    };
    let (((endpoints, agent), issuer), imds, chain) = if memory.retrying {
        let (direct, imds) = tokio::join!(direct, node);
        let chain = if memory.asks_witness(&direct.0) {
            let chain = witness.await;
            memory.witnessed(&chain);
            chain
        } else {
            memory.chain.take().map_or(Fact::NotAttempted(SkipReason::EarlierFailure), Fact::Known)
        };
        (direct, imds, chain)
    } else {
        let (direct, imds, chain) = tokio::join!(direct, node, witness);
        memory.witnessed(&chain);
        (direct, imds, chain)
    };
    memory.retrying = true;
    memory.chain = chain.known().cloned();
    memory.issuer = issuer.known().cloned();
    memory.imds = imds.known().cloned();
    memory.v1_tried |= matches!(plan.imds, ImdsPlan::Ask { v1: true, .. }) && imds.known().is_some_and(|imds| imds::leads_to_v1(imds.v2));
    Evidence {
        schema: SCHEMA.to_owned(),
        taken_at,
        inputs: inputs.clone(),
        lack: None,
        default_token: default_token(world, &plan).await,
        token,
        endpoints,
        agent,
        imds,
        chain,
        issuer,
    }
}

/// Where what the pod was given could not be read, nothing is planned and nothing is called.
fn nothing(inputs: Inputs, lack: &str, taken_at: Timestamp) -> Evidence {
    let because = SkipReason::EarlierFailure;
    Evidence {
        schema: SCHEMA.to_owned(),
        taken_at,
        inputs,
        lack: Some(lack.to_owned()),
        token: Fact::NotAttempted(because),
        default_token: Fact::NotAttempted(because),
        endpoints: Vec::new(),
        agent: Fact::NotAttempted(because),
        imds: Fact::NotAttempted(because),
        chain: Fact::NotAttempted(because),
        issuer: Fact::NotAttempted(because),
    }
}

/// The evidence of a check that could not begin: the variables, unless it was to be of another process.
pub fn without_means(settings: Settings, other: bool, lack: &str) -> Evidence {
    let environment = if other { Environment::default() } else { environment::variables() };
    nothing(Inputs { environment, settings, ..Inputs::default() }, lack, now())
}

/// Something was asked of the injected provider.
fn was_called((endpoints, agent): &Direct) -> bool {
    agent.known().is_some()
        || endpoints.iter().any(|endpoint| endpoint.assume_role.known().is_some() || endpoint.caller_identity.known().is_some())
}

fn now() -> Timestamp {
    // A clock before 1970 is as wrong as any; diagnosis sees the skew.
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64))
}

/// The injected provider's token.
async fn own_token(world: &World, plan: &Plan) -> (Fact<Token>, Option<Zeroizing<String>>) {
    match &plan.token_path {
        Some(path) => {
            let (token, text) = token::read(&world.root, path).await;
            (Fact::Known(token), text)
        }
        // AWS_CONTAINER_AUTHORIZATION_TOKEN holds the token itself.
        None if plan.provider == Provider::PodIdentity => (Fact::NotAttempted(SkipReason::NotThisProvider), world.container_token.clone()),
        None => (Fact::NotAttempted(SkipReason::NotThisProvider), None),
    }
}

/// When nothing, or half an identity, was injected, a token tells who this pod is: one that half an identity names, else the API server's.
async fn default_token(world: &World, plan: &Plan) -> Fact<Token> {
    let environment = &world.inputs.environment;
    if plan.provider != Provider::None {
        return Fact::NotAttempted(SkipReason::NotThisProvider);
    }
    for path in [&environment.token_file, &environment.container_token_file].into_iter().filter_map(|var| var.value()) {
        let (token, _) = token::read(&world.root, path).await;
        if token.claims().is_some() {
            return Fact::Known(token);
        }
    }
    Fact::Known(token::read(&world.root, &DEFAULT_TOKEN_PATH.into()).await.0)
}

type Direct = (Vec<EndpointFacts>, Fact<Call<AgentCredentials>>);

/// The injected provider, called by itself: every region side by side.
async fn direct(client: impl Fn() -> Client, plan: &Plan, environment: &Environment, token: Option<&str>) -> Direct {
    let not_called = |because| {
        let endpoints = plan.endpoints.iter().map(|planned| EndpointFacts {
            region: planned.region.clone(),
            host: planned.host.clone(),
            assume_role: Fact::NotAttempted(because),
            caller_identity: Fact::NotAttempted(because),
        });
        endpoints.collect::<Vec<_>>()
    };
    if plan.failure().is_some() {
        return (not_called(SkipReason::PlanFailed), Fact::NotAttempted(SkipReason::PlanFailed));
    }
    let Some(token) = token else {
        return (not_called(SkipReason::NoToken), Fact::NotAttempted(SkipReason::NoToken));
    };
    match (plan.provider, &plan.role, &plan.agent_url) {
        (Provider::Irsa, Some(role), _) => {
            let role = role.to_string();
            let session = session_name(environment);
            let calls = plan.endpoints.iter().map(|planned| by_web_identity(client(), planned, &role, &session, token));
            (all(calls).await, Fact::NotAttempted(SkipReason::NotThisProvider))
        }
        (Provider::PodIdentity, _, Some(url)) if token.trim() == token => {
            let clients: Vec<Client> = plan.endpoints.iter().map(|_| client()).collect();
            let warm = all(plan.endpoints.iter().zip(&clients).map(|(planned, client)| warm(client, planned)));
            let agent_client = client();
            // STS is dialled while the agent still thinks: the two do not depend on each other.
            let ((agent, keys), _) = tokio::join!(agent::call(&agent_client, url.raw(), token), warm);
            let Some(keys) = keys else { return (not_called(SkipReason::EarlierFailure), Fact::Known(agent)) };
            let calls = plan.endpoints.iter().zip(clients).map(|(planned, client)| by_keys(client, planned, &keys));
            (all(calls).await, Fact::Known(agent))
        }
        (Provider::PodIdentity, _, _) => (not_called(SkipReason::NoToken), Fact::NotAttempted(SkipReason::NoToken)),
        _ => (not_called(SkipReason::NotThisProvider), Fact::NotAttempted(SkipReason::NotThisProvider)),
    }
}

async fn by_web_identity(client: Client, planned: &PlannedEndpoint, role: &str, session: &str, token: &str) -> EndpointFacts {
    let sts = Sts::new(client, planned);
    let (assume_role, keys) = sts.assume_role(role, session, token).await;
    let caller_identity = match keys {
        Some(keys) => Fact::Known(sts.caller_identity(&keys).await),
        None => Fact::NotAttempted(SkipReason::EarlierFailure),
    };
    EndpointFacts { region: planned.region.clone(), host: planned.host.clone(), assume_role: Fact::Known(assume_role), caller_identity }
}

async fn by_keys(client: Client, planned: &PlannedEndpoint, keys: &Keys) -> EndpointFacts {
    EndpointFacts {
        region: planned.region.clone(),
        host: planned.host.clone(),
        assume_role: Fact::NotAttempted(SkipReason::NotThisProvider),
        caller_identity: Fact::Known(Sts::new(client, planned).caller_identity(keys).await),
    }
}

async fn warm(client: &Client, planned: &PlannedEndpoint) {
    if let Ok(url) = planned.url.raw().parse() {
        client.warm(&url, Limits::default()).await;
    }
}

/// The session's name as the application's SDK would set it, or our own, so that CloudTrail tells the two apart.
fn session_name(environment: &Environment) -> String {
    environment.session_name.raw().map_or_else(|| "irsa-probe".to_owned(), str::to_owned)
}

/// Runs futures side by side and keeps their order.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, output) in &mut running {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

/// The token's issuer, when it is asked for; once more only where another look could tell more.
async fn published(client: Client, plan: &Plan, inputs: &Inputs, token: Option<&str>, before: Option<Issuer>) -> Fact<Issuer> {
    if !inputs.settings.check_issuer {
        return Fact::NotAttempted(SkipReason::NotAsked);
    }
    if plan.failure().is_some() {
        return Fact::NotAttempted(SkipReason::PlanFailed);
    }
    let Some(claims) = token.and_then(|token| decode(token.as_bytes()).ok()) else { return Fact::NotAttempted(SkipReason::NoToken) };
    match before.filter(|before| issuer::is_settled(before, &claims)) {
        Some(before) => Fact::Known(before),
        None => Fact::Known(issuer::look(&client, &claims).await),
    }
}

/// IMDS, unless what was seen before will do.
async fn node(client: Client, plan: &ImdsPlan, remembered: Option<Imds>, again: bool, v1_tried: bool) -> Fact<Imds> {
    match (plan, remembered) {
        (ImdsPlan::NotAsked, _) => Fact::NotAttempted(SkipReason::NoImds),
        (ImdsPlan::Disabled, _) => Fact::NotAttempted(SkipReason::ImdsDisabled),
        (ImdsPlan::Ask { .. }, Some(imds)) if !again => Fact::Known(imds),
        (ImdsPlan::Ask { endpoint, v1 }, remembered) => {
            let seen = imds::look(&client, endpoint.raw(), *v1 && !v1_tried).await;
            match (seen, remembered) {
                (Fact::Known(seen), Some(before)) => Fact::Known(imds::with_v1_of(seen, before)),
                (seen, _) => seen,
            }
        }
    }
}

/// The region that GetCallerIdentity is asked in when the pod has none: only to name an identity that should not be there.
const STAND_IN_REGION: &str = "us-east-1";

async fn witness(client: Client, world: &World, plan: &Plan, until: Instant) -> Fact<DefaultChain> {
    // The SDK would read this process's environment and files.
    if world.inputs.settings.pid.is_some() {
        return Fact::NotAttempted(SkipReason::OtherProcess);
    }
    // A URL that cannot be called may hold a password, and the SDK would quote it.
    let unusable =
        |defect: &Defect| matches!(defect.code, Code::EndpointOverride | Code::AgentUriNotAllowed) && defect.severity == Severity::Fail;
    if plan.defects.iter().any(unusable) {
        return Fact::NotAttempted(SkipReason::PlanFailed);
    }
    let environment = &world.inputs.environment;
    let files = [&environment.token_file, &environment.container_token_file];
    if world.unsafe_files || files.into_iter().filter_map(|var| var.raw()).any(|path| environment::is_unsafe(&world.root, path)) {
        return Fact::NotAttempted(SkipReason::UnsafeFile);
    }
    let region = plan.region().map_or(STAND_IN_REGION, |region| region.as_str());
    Fact::Known(chain::witness(client, region, &plan.imds, until).await)
}
