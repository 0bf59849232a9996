//! The values that fill the catalogue's templates in a pod's report.

use super::steps::hop::role_before;
use crate::core::aws::answer::ServiceAnswer;
use crate::core::aws::arn::{AssumedRoleArn, RoleArn};
use crate::core::aws::partition::Region;
use crate::core::catalogue::remedy::Values;
use crate::core::evidence::{Evidence, Fact, Token};
use crate::core::plan::Plan;

/// The place of the further role that was refused. A finding speaks of it and of the role before it then.
fn failed_hop(evidence: &Evidence) -> Option<usize> {
    evidence.endpoints.first()?.hops.iter().position(|call| call.success().is_none())
}

/// The role that STS's refusal names: the only place where that of an EKS Pod Identity association stands. It lacks the role's path.
fn refused_role(evidence: &Evidence, at: usize) -> Option<RoleArn> {
    let call = evidence.endpoints.first()?.hops.get(at)?;
    let Ok(ServiceAnswer::Error(error)) = &call.answer else { return None };
    let session = error.message.split_whitespace().find_map(AssumedRoleArn::parse)?;
    RoleArn::parse(&format!("arn:{}:iam::{}:role/{}", session.partition.id(), session.account, session.role)).ok()
}

/// The pod's namespace by a token, else by the file beside the default one.
pub(super) fn namespace(evidence: &Evidence) -> Option<&str> {
    let tokens = [&evidence.token, &evidence.default_token].into_iter().filter_map(|token: &Fact<Token>| token.known());
    tokens.filter_map(|token| token.claims()?.namespace.as_deref()).next().or(evidence.namespace.as_deref())
}

/// The values of this pod, as evidence and plan name them.
pub(super) fn values(evidence: &Evidence, plan: &Plan) -> Values {
    let claims = evidence.token.known().and_then(|token| token.claims());
    let default_claims = evidence.default_token.known().and_then(|token| token.claims());
    let who = claims.or(default_claims);
    let failed = failed_hop(evidence);
    let refusing = failed.and_then(|at| plan.hops.get(at)).map(|hop| &hop.role);
    let of_text = failed.and_then(|at| refused_role(evidence, at));
    let role = match failed {
        Some(at) => role_before(plan, at).or(of_text.as_ref()),
        None => plan.role.as_ref().or(plan.expected_role.as_ref()),
    };
    let env = &evidence.inputs.environment;
    let mut known = Vec::new();
    let mut set = |name, value: Option<String>| {
        if let Some(value) = value {
            known.push((name, value));
        }
    };
    set("namespace", namespace(evidence).map(str::to_owned).or_else(|| env.pod_namespace.value().map(ToString::to_string)));
    set("serviceAccount", who.and_then(|c| c.service_account.clone()));
    let of_host = || env.pod_name_of_host().filter(|name| who.and_then(|c| c.node.as_deref()) != Some(name.raw()));
    let pod = env.downward_pod_name().map(ToString::to_string).or_else(|| who.and_then(|c| c.pod.clone()));
    set("pod", pod.or_else(|| of_host().map(ToString::to_string)));
    set("node", who.and_then(|c| c.node.clone()));
    set("issuer", who.and_then(|c| c.issuer.clone()));
    set("issuerPath", who.and_then(|c| c.issuer_path().map(str::to_owned)));
    set("audience", claims.and_then(|c| c.audience.first().cloned()).or(Some(plan.audience.to_owned())));
    set("roleArn", role.map(ToString::to_string));
    set("roleName", role.map(|role| role.name.clone()));
    set("account", refusing.or(role).map(|role| role.account.to_string()));
    set("resource", refusing.map(ToString::to_string));
    set("resourceName", refusing.map(|role| role.name.clone()));
    set("partition", role.map(|role| role.partition).or_else(|| plan.region().map(|r| r.partition())).map(|p| p.id().to_owned()));
    let of_issuer = who.and_then(|c| Region::of_issuer(c.issuer.as_deref()?));
    set("clusterRegion", of_issuer.as_ref().or(plan.region().filter(|region| !region.is_global())).map(ToString::to_string));
    set("region", plan.region().map(ToString::to_string));
    set("host", plan.endpoints.first().map(|endpoint| endpoint.host.clone()));
    set("instanceId", evidence.imds.known().and_then(|imds| imds.instance_id.clone()));
    set("tokenPath", plan.token_path.as_ref().map(ToString::to_string));
    Values::from(known).with_subject(who.and_then(|c| c.subject.clone()))
}
