//! The further roles of a profile: which of them was refused, and whose trust is asked for.

use crate::core::aws::arn::RoleArn;
use crate::core::catalogue::{Code, Operation};
use crate::core::check::calls::{failed_call, skew_words};
use crate::core::check::row::CheckContext;
use crate::core::check::{Finding, wordings};
use crate::core::plan::{Plan, PlannedHop};

/// The first hop that failed at the primary endpoint: its place, what was said, and the code.
pub(super) fn failed(context: &CheckContext<'_>) -> Option<(usize, String, Code)> {
    let primary = context.evidence.endpoints.first()?;
    let calls = primary.hops.iter().enumerate();
    calls.filter_map(|(at, call)| failed_call(primary, call, Operation::AssumeRole).map(|(code, said)| (at, said, code))).next()
}

/// The finding for the first hop that failed.
pub(super) fn find(context: &CheckContext<'_>) -> Option<Finding> {
    let CheckContext { plan, clock_skew, .. } = *context;
    let (at, said, code) = failed(context)?;
    let hop = plan.hops.get(at)?;
    let before = role_before(plan, at);
    let whose = before.map_or_else(|| ASSOCIATED.to_owned(), ToString::to_string);
    let place = format!(
        "Role {} of {}, {} of profile {:?}, is assumed with the credentials of {whose}.",
        at + 2,
        plan.hops.len() + 1,
        hop.role,
        hop.profile
    );
    let skew = clock_skew.filter(|_| code == Code::ClockSkew).map(skew_words).unwrap_or_default();
    let detail = format!("{place} {said}{}{skew}", own_values(code, hop, before, &said));
    Some(Finding { wording: wordings::of_hop(code), ..Finding::new(code, detail) })
}

/// The role of an EKS Pod Identity association. No file of the pod names it; STS's text does.
const ASSOCIATED: &str = "the association's role";

/// The role whose credentials assume the hop at this place. `None` for the role of an EKS Pod Identity association.
pub(in crate::core::check) fn role_before(plan: &Plan, at: usize) -> Option<&RoleArn> {
    match at.checked_sub(1) {
        Some(before) => plan.hops.get(before).map(|hop| &hop.role),
        None => plan.role.as_ref(),
    }
}

/// What to add to STS's message from the profile's own values.
fn own_values(code: Code, hop: &PlannedHop, role_before: Option<&RoleArn>, said: &str) -> String {
    let (role, profile) = (&hop.role, &hop.profile);
    match code {
        // The fix names what the policy has to allow.
        Code::TrustPolicyDenied if said.contains("no identity-based policy allows") => String::new(),
        Code::TrustPolicyDenied => {
            // The fix names both roles. In one account less is enough.
            let agree = match role_before.is_some_and(|before| role.account == before.account) {
                true => " Its trust policy may also name their account, if a policy of that role allows the call.",
                false => "",
            };
            let id = match hop.external_id {
                true => {
                    format!(" The external_id of profile {profile:?} was sent: a condition on sts:ExternalId has to name the same value.")
                }
                false => format!(" No ExternalId was sent, because profile {profile:?} has no external_id."),
            };
            let tags = match role_before {
                Some(_) => "",
                None => " Both sides have to allow sts:TagSession, too, unless the association has session tags off.",
            };
            format!("{agree}{id}{tags} STS gives the same answer for a role that does not exist.")
        }
        Code::SessionTooLong => match hop.duration_seconds {
            Some(seconds) => format!(" Profile {profile:?} has duration_seconds = {seconds}."),
            None => String::new(),
        },
        Code::RequestRejected => match &hop.session_name {
            Some(name) => format!(" Profile {profile:?} has role_session_name = {name}."),
            None => String::new(),
        },
        Code::StsRegionDisabled => format!(" The setting of account {}, the role's, counts.", role.account),
        _ => String::new(),
    }
}
