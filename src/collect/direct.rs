//! The direct calls: the injected provider by itself, without the SDK's default chain, in every region side by side.

use super::agent;
use super::environment::ExternalIds;
use super::http::{Client, Limits};
use super::sts::{Keys, OWN_SESSION, Sts};
use crate::core::evidence::{AgentCredentials, AssumedRole, Call, EndpointFacts, Fact, SkipReason};
use crate::core::plan::{Plan, PlannedEndpoint, Provider};

/// What the direct calls found.
pub struct DirectCalls {
    /// STS's endpoints, in the order of the plan.
    pub endpoints: Vec<EndpointFacts>,
    /// The EKS Pod Identity agent.
    pub agent: Fact<Call<AgentCredentials>>,
}

/// How the direct calls went, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectResult<'a> {
    /// Nothing was asked of the injected provider.
    NotCalled,
    /// It was asked, and STS did not say in the primary region whose the credentials are.
    NotProven,
    /// The ARN that STS gave in the primary region.
    Proven(&'a str),
}

impl DirectCalls {
    fn skipped(plan: &Plan, because: SkipReason) -> DirectCalls {
        DirectCalls { endpoints: skipped_endpoints(plan, because), agent: Fact::NotAttempted(because) }
    }

    /// How they went.
    pub fn result(&self) -> DirectResult<'_> {
        let primary = self.endpoints.first().and_then(|primary| primary.caller_identity.known()).and_then(Call::success);
        let is_called = |endpoint: &EndpointFacts| endpoint.assume_role.known().is_some() || endpoint.caller_identity.known().is_some();
        match primary {
            Some(identity) => DirectResult::Proven(&identity.arn),
            None if self.agent.known().is_some() || self.endpoints.iter().any(is_called) => DirectResult::NotProven,
            None => DirectResult::NotCalled,
        }
    }
}

fn skipped_endpoints(plan: &Plan, because: SkipReason) -> Vec<EndpointFacts> {
    let skipped = |planned: &PlannedEndpoint| EndpointFacts {
        region: planned.region.clone(),
        host: planned.host.clone(),
        assume_role: Fact::NotAttempted(because),
        hops: Vec::new(),
        caller_identity: Fact::NotAttempted(because),
    };
    plan.endpoints.iter().map(skipped).collect()
}

/// Calls the injected provider. Each endpoint gets a client of its own from `new_client`.
pub async fn call(new_client: impl Fn() -> Client, plan: &Plan, external_ids: &ExternalIds, token: Option<&str>) -> DirectCalls {
    if plan.failure().is_some() {
        return DirectCalls::skipped(plan, SkipReason::PlanFailed);
    }
    let Some(token) = token else { return DirectCalls::skipped(plan, SkipReason::NoToken) };
    match (plan.provider, &plan.role, &plan.agent_url) {
        (Provider::Irsa, Some(role), _) => {
            let chain = RoleChain { role: &role.to_string(), token, further: FurtherRoles { plan, external_ids } };
            let calls = plan.endpoints.iter().map(|planned| by_web_identity(new_client(), planned, &chain));
            DirectCalls { endpoints: join_all(calls).await, agent: Fact::NotAttempted(SkipReason::NotThisProvider) }
        }
        (Provider::PodIdentity, _, Some(url)) if token.trim() == token => {
            let clients: Vec<Client> = plan.endpoints.iter().map(|_| new_client()).collect();
            let connections = join_all(plan.endpoints.iter().zip(&clients).map(|(planned, client)| warm(client, planned)));
            let agent_client = new_client();
            // The connections to STS are opened while the agent works, as neither depends on the other.
            let ((agent, keys), _) = tokio::join!(agent::call(&agent_client, url.raw(), token), connections);
            let Some(keys) = keys else {
                return DirectCalls { endpoints: skipped_endpoints(plan, SkipReason::EarlierFailure), agent: Fact::Known(agent) };
            };
            let further = FurtherRoles { plan, external_ids };
            let calls = plan.endpoints.iter().zip(clients).map(|(planned, client)| by_agent(client, planned, &further, keys.clone()));
            DirectCalls { endpoints: join_all(calls).await, agent: Fact::Known(agent) }
        }
        (Provider::PodIdentity, _, _) => DirectCalls::skipped(plan, SkipReason::NoToken),
        _ => DirectCalls::skipped(plan, SkipReason::NotThisProvider),
    }
}

/// The roles to obtain, the first by the token.
struct RoleChain<'a> {
    role: &'a str,
    token: &'a str,
    further: FurtherRoles<'a>,
}

/// The roles of a profile that are assumed after the first one.
struct FurtherRoles<'a> {
    plan: &'a Plan,
    external_ids: &'a ExternalIds,
}

impl FurtherRoles<'_> {
    /// Assumes one role after the other, up to the first failure. Returns the calls, and the credentials of the last role.
    async fn assume(&self, sts: &Sts, mut keys: Option<Keys>) -> (Vec<Call<AssumedRole>>, Option<Keys>) {
        let mut hops = Vec::new();
        for hop in &self.plan.hops {
            let Some(before) = keys else { break };
            let (call, next) = sts.assume_role(&before, hop, self.external_ids.of(&hop.profile)).await;
            hops.push(call);
            keys = next;
        }
        (hops, keys)
    }
}

async fn by_web_identity(client: Client, planned: &PlannedEndpoint, chain: &RoleChain<'_>) -> EndpointFacts {
    let sts = Sts::new(client, planned);
    // The session's name as the application's SDK would set it, or our own.
    let session = chain.further.plan.session_name.as_ref().map_or(OWN_SESSION, |name| name.raw());
    let (assume_role, keys) = sts.assume_role_with_web_identity(chain.role, session, chain.token).await;
    proven(&sts, planned, Fact::Known(assume_role), &chain.further, keys).await
}

async fn by_agent(client: Client, planned: &PlannedEndpoint, further: &FurtherRoles<'_>, keys: Keys) -> EndpointFacts {
    proven(&Sts::new(client, planned), planned, Fact::NotAttempted(SkipReason::NotThisProvider), further, Some(keys)).await
}

/// Assumes the further roles, and asks whose the last credentials are.
async fn proven(
    sts: &Sts,
    planned: &PlannedEndpoint,
    assume_role: Fact<Call<AssumedRole>>,
    further: &FurtherRoles<'_>,
    keys: Option<Keys>,
) -> EndpointFacts {
    let (hops, keys) = further.assume(sts, keys).await;
    let caller_identity = match keys {
        Some(keys) => Fact::Known(sts.caller_identity(&keys).await),
        None => Fact::NotAttempted(SkipReason::EarlierFailure),
    };
    EndpointFacts { region: planned.region.clone(), host: planned.host.clone(), assume_role, hops, caller_identity }
}

async fn warm(client: &Client, planned: &PlannedEndpoint) {
    if let Ok(url) = planned.url.raw().parse() {
        client.warm(&url, Limits::default()).await;
    }
}

/// Runs futures side by side and keeps their order.
async fn join_all<F: Future>(mut futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let Some(first) = futures.next() else { return Vec::new() };
    let (first, rest) = tokio::join!(first, Box::pin(join_all(futures)));
    std::iter::once(first).chain(rest).collect()
}
