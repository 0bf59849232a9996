//! Which credentials each SDK family gets in this pod: predicted with the answers that this check got, and grouped for a person.

use super::app_sdk::AppSdk;
use super::predicted::describe_end;
use super::row::CheckContext;
use super::surroundings::from_evidence;
use crate::core::aws::arn::RoleArn;
use crate::core::evidence::Evidence;
use crate::core::plan::{IdentitySource, Plan, Provider};
use crate::core::sdk::{
    AgentCall, Basis, ChainEnd, GOES_ON_TO_NOTHING, Prediction, SdkFamily, SdkFiles, StsCall, Surroundings, TokenFile, predict,
};

/// What each family gets now. An SDK of the application is predicted in its own version, where there is one of its family. Empty where the
/// environment could not be read.
pub(super) fn predictions(evidence: &Evidence, apps: &[AppSdk]) -> Vec<Prediction> {
    if evidence.lack.is_some() {
        return Vec::new();
    }
    let surroundings = from_evidence(evidence);
    let sdk = |family: SdkFamily| {
        let mut own = apps.iter().map(|app| app.sdk).filter(|sdk| sdk.family == family);
        own.next().filter(|_| own.next().is_none()).unwrap_or(family.into())
    };
    SdkFamily::ALL.into_iter().map(|family| predict(sdk(family), &surroundings)).collect()
}

/// The same surroundings, with good files and an injected provider that works.
pub(super) fn all_well<'a>(now: Surroundings<'a>, plan: &Plan) -> Surroundings<'a> {
    let (good, found) = (TokenFile::Good, now.files);
    match (plan.provider, plan.source) {
        (Provider::PodIdentity, _) => {
            let files = SdkFiles { container_token: good, trimmed_container_token: good, ..found };
            let profile_sts = now.profile_sts.filter(|_| plan.source == IdentitySource::Environment);
            Surroundings { files, agent: AgentCall::Works, sts: StsCall::Works, sts_at_url: None, hop: None, profile_sts, ..now }
        }
        (_, IdentitySource::Profile) => {
            Surroundings { profile_tokens: &[], sts: StsCall::Works, sts_at_url: None, hop: None, profile_sts: None, ..now }
        }
        _ => {
            let files = SdkFiles { token: good, trimmed_token: good, ..found };
            Surroundings { files, sts: StsCall::Works, sts_at_url: None, ..now }
        }
    }
}

/// Whether the SDK gets the injected identity. An SDK that takes the same role from another source has it, too.
pub(super) fn is_wanted(context: &CheckContext<'_>, prediction: &Prediction) -> bool {
    let named = prediction.arn.as_ref().and_then(|arn| RoleArn::parse(arn.raw().trim()).ok());
    match prediction.outcome {
        // The agent gives the role of the association, which no variable names.
        ChainEnd::PodIdentity => context.plan.chain_end() == Some(ChainEnd::PodIdentity),
        ChainEnd::Irsa | ChainEnd::Profile => named.is_some_and(|role| is_of(context, &role)),
        _ => false,
    }
}

/// Whether the proven identity is a session of this role. Where nothing is proven, whether the role is the injected one.
fn is_of(context: &CheckContext<'_>, role: &RoleArn) -> bool {
    let session = context.proven.and_then(super::Proven::session);
    let injected = || context.plan.last_role().is_some_and(|injected| injected.same_role(role));
    session.map_or_else(injected, |session| role.is_role_of(&session))
}

/// How many families do not get the proven identity. `None` where none is proven.
pub(super) fn count_differing(context: &CheckContext<'_>) -> Option<usize> {
    context.proven.map(|_| context.sdks.iter().filter(|prediction| !is_wanted(context, prediction)).count())
}

/// Families that get the same credentials, for the same reason.
pub(super) struct Group {
    pub(super) families: Vec<SdkFamily>,
    pub(super) end: ChainEnd,
    /// They get the injected identity.
    pub(super) wanted: bool,
    /// What they get is not verified for any of them.
    pub(super) unverified: bool,
    pub(super) reason: String,
    /// The role that they get, if it is another one.
    pub(super) arn: Option<String>,
}

/// The families in groups, the worst first: those that use another identity, those that get none, and those with the injected one.
pub(super) fn groups(context: &CheckContext<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for prediction in context.sdks {
        let wanted = is_wanted(context, prediction);
        let end = prediction.outcome.to_application();
        let reason = match end {
            _ if wanted => "",
            // The application gets no credentials, whether the chain ends there or tries the rest and finds nothing.
            ChainEnd::None => prediction.reason.trim_end_matches(GOES_ON_TO_NOTHING).trim_end(),
            _ => &prediction.reason,
        };
        let group = Group {
            families: vec![prediction.sdk],
            end,
            wanted,
            unverified: prediction.basis == Basis::Unverified && !wanted,
            reason: reason.to_owned(),
            arn: prediction.arn.as_ref().filter(|_| !wanted).map(ToString::to_string),
        };
        let is_same = |other: &&mut Group| {
            let as_wanted = wanted && other.wanted;
            let as_other = (other.end, &other.reason, &other.arn) == (group.end, &group.reason, &group.arn);
            as_wanted || (as_other && !wanted && !other.wanted)
        };
        match groups.iter_mut().find(is_same) {
            Some(other) => {
                other.families.push(prediction.sdk);
                other.unverified &= group.unverified;
            }
            None => groups.push(group),
        }
    }
    groups.sort_by_key(Group::place);
    groups
}

impl Group {
    /// The place in the order, the worst first.
    fn place(&self) -> (bool, bool, u8, std::cmp::Reverse<usize>) {
        let rank = match self.end {
            ChainEnd::NodeRole => 0,
            ChainEnd::None | ChainEnd::Error => 2,
            _ => 1,
        };
        (self.wanted, self.unverified, rank, std::cmp::Reverse(self.families.len()))
    }

    /// The group in one sentence, without its full stop. `others` says that all other families were named before.
    pub(super) fn describe(&self, context: &CheckContext<'_>, others: bool) -> String {
        let count = self.families.len();
        let who = match (others, count == SdkFamily::ALL.len()) {
            (_, true) => format!("all {count} SDK families"),
            (true, _) if count > 1 => format!("the other {count} SDK families"),
            _ => list(&self.families.iter().map(|family| family.short_name()).collect::<Vec<_>>()),
        };
        let does = if self.wanted { becomes(context, count == 1) } else { self.uses(context, count == 1) };
        let reason = self.reason.strip_suffix('.').unwrap_or(&self.reason);
        let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        let doubt = if self.unverified { " (not verified)" } else { "" };
        format!("{who} {does}{why}{doubt}")
    }

    fn uses(&self, context: &CheckContext<'_>, one: bool) -> String {
        let role = self.arn.as_ref().map(|arn| format!("the role {arn}"));
        describe_use(context, self.end, role.as_deref(), one)
    }
}

/// What families with these credentials do, as the rest of a sentence. `one`: a single family does it.
pub(super) fn describe_use(context: &CheckContext<'_>, end: ChainEnd, role: Option<&str>, one: bool) -> String {
    let verb = |stem: &str| [stem, if one { "s " } else { " " }].concat();
    let node = context.evidence.imds.known().and_then(|imds| imds.role.as_deref());
    match (end, node) {
        (ChainEnd::None | ChainEnd::Error, _) => verb("get") + "no credentials",
        (ChainEnd::NodeRole, Some(node)) => verb("use") + "the node's role " + node,
        (ChainEnd::NodeRole, None) => format!("{} IMDS for the node's role", if one { "tries" } else { "try" }),
        (ChainEnd::Profile, _) => {
            verb("use") + role.unwrap_or("the selected profile") + if role.is_some() { " of the selected profile" } else { "" }
        }
        (end, _) => verb("use") + role.unwrap_or(describe_end(end)),
    }
}

/// `get arn:aws:iam::111122223333:role/checkout`: the role that was proven, else the injected one.
pub(super) fn becomes(context: &CheckContext<'_>, one: bool) -> String {
    let session = context.proven.and_then(super::Proven::session);
    let is_proven = |role: &&RoleArn| session.as_ref().is_none_or(|session| role.is_role_of(session));
    // The ARN of a session lacks the path of its role.
    let named = [context.plan.last_role(), context.plan.expected_role.as_ref()].into_iter().flatten().find(is_proven);
    // Each SDK names its session itself.
    let of_session = || context.proven.map(|proven| proven.arn.rsplit_once('/').map_or(&*proven.arn, |(role, _)| role).to_owned());
    let role = named.map(ToString::to_string).or_else(of_session);
    let role = role.unwrap_or_else(|| "the injected identity".to_owned());
    format!("{} {role}", if one { "gets" } else { "get" })
}

/// `a, b and c`.
pub(super) fn list(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => words.concat(),
    }
}
