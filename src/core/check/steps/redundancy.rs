//! Step `redundancy`: the STS endpoints of the regions after the primary one.

use crate::core::catalogue::{Code, Operation};
use crate::core::check::Finding;
use crate::core::check::calls::failed_call;
use crate::core::check::row::{CheckContext, CheckRow, NOTHING, pass_with, skip};
use crate::core::evidence::exchange::FailureKind;
use crate::core::evidence::{Call, EndpointFacts, Evidence, Fact, SkipReason};

pub(super) const CHECKS: &[CheckRow] = &[CheckRow {
    id: "other-regions",
    title: "STS works in the other regions, too",
    rests_on: NOTHING,
    state: |context, _| match context.evidence.endpoints.get(1..) {
        Some([]) | None => skip("only one region (--sts-region adds more)"),
        Some(others) if others.iter().any(probe_lacked_resources) => skip(Code::ProbeOutOfResources.row().title),
        Some(others) => match others.iter().find_map(not_called) {
            Some(because) => skip(because.describe()),
            None => pass_with(others.iter().map(|endpoint| endpoint.region.to_string()).collect::<Vec<_>>().join(", ")),
        },
    },
}];

/// Why this endpoint was not called. With EKS Pod Identity, the only call to STS is GetCallerIdentity.
fn not_called(endpoint: &EndpointFacts) -> Option<SkipReason> {
    match (&endpoint.assume_role, &endpoint.caller_identity) {
        (Fact::NotAttempted(SkipReason::NotThisProvider), Fact::NotAttempted(because)) => Some(*because),
        (Fact::NotAttempted(SkipReason::NotThisProvider), _) => None,
        (Fact::NotAttempted(because), _) => Some(*because),
        _ => None,
    }
}

/// The first region that fails. The text names the other regions that fail.
pub(super) fn find(context: &CheckContext<'_>, _: &[Finding]) -> Vec<Finding> {
    failing_regions(context.evidence).into_iter().collect()
}

fn failing_regions(evidence: &Evidence) -> Option<Finding> {
    let mut failing = evidence.endpoints.iter().skip(1).filter_map(|endpoint| {
        let assume_role = endpoint.assume_role.known().and_then(|call| failed_call(endpoint, call, Operation::AssumeRoleWithWebIdentity));
        let hop = || endpoint.hops.iter().find_map(|call| failed_call(endpoint, call, Operation::AssumeRole));
        let identity = || endpoint.caller_identity.known().and_then(|call| failed_call(endpoint, call, Operation::GetCallerIdentity));
        // A resource that the probe lacked says nothing about the region.
        let failed = assume_role.or_else(hop).or_else(identity).filter(|(code, _)| *code != Code::ProbeOutOfResources);
        failed.map(|(code, said)| (endpoint, code, said))
    });
    let (endpoint, code, said) = failing.next()?;
    let others: Vec<String> = failing.map(|(endpoint, code, _)| format!(" {} fails too: {code}.", endpoint.region)).collect();
    let detail = format!("{}: {code}. {said}{}", endpoint.region, others.concat());
    Some(Finding { class: code.row().class, ..Finding::new(Code::SecondaryRegionFailing, detail) })
}

/// Whether the probe itself lacked the resources to call this endpoint.
fn probe_lacked_resources(endpoint: &EndpointFacts) -> bool {
    fn is_out_of_resources<T>(call: &Call<T>) -> bool {
        call.answer.as_ref().err().is_some_and(|failure| failure.kind == FailureKind::OutOfResources)
    }
    endpoint.assume_role.known().is_some_and(is_out_of_resources)
        || endpoint.hops.iter().any(is_out_of_resources)
        || endpoint.caller_identity.known().is_some_and(is_out_of_resources)
}
