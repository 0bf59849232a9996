//! What a process remembers between its attempts, and what is therefore asked in the next one.
//!
//! Nothing here does I/O. The decisions are pure functions of the memory, the kind of attempt, and how the direct calls went.

use super::direct::DirectResult;
use super::imds::{ImdsCall, leads_to_v1};
use super::issuer::{IssuerCall, is_settled};
use crate::core::aws::arn::{RoleMatch, compare_identities};
use crate::core::evidence::{ChainProvider, DefaultChain, Fact, Imds, Issuer, Remembered, SkipReason};
use crate::core::plan::{ImdsPlan, Plan};
use crate::core::pod::token::Claims;
use crate::core::text::time::Timestamp;

/// What an attempt is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// A check. It makes further attempts until one passes or its time is up.
    Check,
    /// A round of the sidecar. Others come after it, for hours.
    Round {
        /// A file that the identity rests on has changed since the round before.
        files_changed: bool,
    },
}

/// What one process has already found out and need not, or must not, ask again.
#[derive(Debug, Default)]
pub struct Memory {
    /// An attempt has been made that did not lack the means. The first such attempt asks everything side by side.
    has_attempted: bool,
    imds: ImdsMemory,
    chain: ChainMemory,
    /// The token's issuer, as it was found last.
    issuer: Option<Issuer>,
}

#[derive(Debug, Default)]
struct ImdsMemory {
    /// IMDS, as it was found last.
    last: Option<Imds>,
    /// When version 1 was tried. That is done once in a process, because it raises an alarm that security teams watch.
    v1_tried: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct ChainMemory {
    /// What the default chain led to last.
    last: Option<DefaultChain>,
    /// When it was followed last.
    followed: Option<Timestamp>,
    next: NextCall,
}

/// Whether the sidecar follows the default chain in its next round. Each call of the chain is one more exchange at STS.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum NextCall {
    /// The chain has led to an identity, or it may not be followed. Nothing new is expected until a file changes.
    #[default]
    Settled,
    /// It is to be followed. So many calls since the last change of a file have led to no identity.
    Due { empty_results: u8 },
    /// As many calls as are worth their exchange have led to no identity.
    WaitsForFile,
}

/// How many calls may lead to no identity before the next one waits for a file to change.
const MAX_EMPTY_RESULTS: u8 = 3;

impl Memory {
    /// An attempt begins.
    pub(super) fn begin(&mut self, attempt: Attempt) {
        if attempt == (Attempt::Round { files_changed: true }) {
            self.chain.next = NextCall::Due { empty_results: 0 };
        }
    }

    /// Whether the default chain is followed at the same time as the direct calls. Later attempts wait for their result first.
    pub(super) fn asks_chain_at_once(&self) -> bool {
        !self.has_attempted
    }

    /// Whether the default chain is followed in a later attempt, now that the direct calls have ended.
    pub(super) fn asks_chain(&self, attempt: Attempt, direct: DirectResult<'_>) -> bool {
        let is_due = matches!(self.chain.next, NextCall::Due { .. });
        let is_round = matches!(attempt, Attempt::Round { .. });
        match direct {
            // Only the chain can tell what applications get.
            DirectResult::NotCalled => is_round && is_due,
            // Where STS throttles, a second exchange in each attempt would make it worse.
            DirectResult::NotProven => false,
            // The role is another one, by right (an association was moved) or by wrong. What was found for the one before says nothing of it.
            DirectResult::Proven(arn) if self.chain.remembers_other_role(arn) => true,
            DirectResult::Proven(_) => !is_round || is_due,
        }
    }

    /// Who may reach IMDS can change at any time, so that each round asks. A check asks until it has an answer.
    pub(super) fn decide_imds<'a>(&self, attempt: Attempt, plan: &'a ImdsPlan) -> ImdsCall<'a> {
        match (plan, &self.imds.last) {
            (ImdsPlan::NotAsked, _) => ImdsCall::Skip(SkipReason::NoImds),
            (ImdsPlan::Disabled, _) => ImdsCall::Skip(SkipReason::ImdsDisabled),
            (ImdsPlan::Ask { .. }, Some(imds)) if attempt == Attempt::Check => ImdsCall::Recall(imds.clone()),
            (ImdsPlan::Ask { endpoint, v1 }, before) => {
                ImdsCall::Ask { endpoint: endpoint.raw(), v1: *v1 && self.imds.v1_tried.is_none(), before: before.clone() }
            }
        }
    }

    /// The token's issuer is asked where `--check-issuer` is given, and again only where another answer could tell more.
    pub(super) fn decide_issuer(&self, check_issuer: bool, plan: &Plan, claims: Option<Claims>) -> IssuerCall {
        if !check_issuer {
            return IssuerCall::Skip(SkipReason::NotAsked);
        }
        if plan.failure().is_some() {
            return IssuerCall::Skip(SkipReason::PlanFailed);
        }
        let Some(claims) = claims else { return IssuerCall::Skip(SkipReason::NoToken) };
        match &self.issuer {
            Some(before) if is_settled(before, &claims) => IssuerCall::Recall(Box::new(before.clone())),
            _ => IssuerCall::Ask(Box::new(claims)),
        }
    }

    /// An attempt that began at `taken_at` has ended with this. `followed` is what the default chain led to, if it was followed. Returns the
    /// chain for the evidence: where it was not followed, what it led to before. Beside it is the age of what the evidence repeats.
    pub(super) fn learn(
        &mut self,
        taken_at: Timestamp,
        plan: &ImdsPlan,
        followed: Option<Fact<DefaultChain>>,
        imds: &Fact<Imds>,
        issuer: &Fact<Issuer>,
    ) -> (Fact<DefaultChain>, Remembered) {
        let is_followed = followed.is_some();
        let chain = match followed {
            Some(chain) => {
                self.chain.next = chain.known().map_or(self.chain.next, |chain| self.chain.next.after(chain));
                chain
            }
            None => self.chain.last.take().map_or(Fact::NotAttempted(SkipReason::EarlierFailure), Fact::Known),
        };
        self.has_attempted = true;
        self.chain.last = chain.known().cloned();
        self.issuer = issuer.known().cloned();
        self.imds.last = imds.known().cloned();
        let has_v1 = imds.known().is_some_and(|imds| imds.v1.is_some());
        let remembered = Remembered {
            chain: self.chain.followed.filter(|_| !is_followed && self.chain.last.is_some()),
            imds_v1: self.imds.v1_tried.filter(|_| has_v1),
        };
        if is_followed {
            self.chain.followed = Some(taken_at);
        }
        let tried_v1 = matches!(plan, ImdsPlan::Ask { v1: true, .. }) && imds.known().is_some_and(|imds| leads_to_v1(imds.v2));
        self.imds.v1_tried = self.imds.v1_tried.or(tried_v1.then_some(taken_at));
        (chain, remembered)
    }
}

impl ChainMemory {
    fn remembers_other_role(&self, proven: &str) -> bool {
        let remembered = self.last.as_ref().and_then(|chain| chain.identity.as_ref());
        remembered.is_some_and(|remembered| compare_identities(proven, &remembered.arn) != RoleMatch::Equal)
    }
}

impl NextCall {
    /// What is due after a call that ended with `chain`.
    fn after(self, chain: &DefaultChain) -> NextCall {
        let is_node = chain.provider == ChainProvider::Node;
        let empty_results = match self {
            NextCall::Settled => 0,
            NextCall::Due { empty_results } => empty_results,
            NextCall::WaitsForFile => MAX_EMPTY_RESULTS,
        };
        // The node's role can be taken away at any time, and asking for it is no exchange.
        let empty_results = if is_node { empty_results } else { empty_results.saturating_add(1) };
        match chain.identity {
            Some(_) if !is_node => NextCall::Settled,
            _ if empty_results < MAX_EMPTY_RESULTS => NextCall::Due { empty_results },
            _ => NextCall::WaitsForFile,
        }
    }
}

#[cfg(test)]
mod tests;
