//! Whether this pod should be sent traffic, from the reports of past rounds and the time.
//!
//! ```text
//!  starting ──proof──► ready ◄──renewed──► degraded ──the proven credentials end──► not-ready
//!                        └── another identity, the node's role ────────────────────────▲
//! ```
//!
//! The probe must never cause an outage. So a failure to renew is a warning while the credentials proven last are valid, because the
//! application's own session is valid as long as they are. Another identity than the expected one is not a failure to renew, so it counts
//! at once. What the application's SDK does with a proven identity never counts here: the report has it.

use super::moment::Moment;
use crate::core::catalogue::{Class, Code};
use crate::core::check::report::Report;
use crate::core::text::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The four states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadinessState {
    /// Nothing is proven yet, and nothing is definitely wrong.
    Starting,
    /// Proven.
    Ready,
    /// Proven before, but not in the last round. The credentials are still valid.
    Degraded,
    /// The identity is wrong, was never proven, or its credentials have ended.
    NotReady,
}

impl ReadinessState {
    /// All of them.
    pub const ALL: [ReadinessState; 4] =
        [ReadinessState::Starting, ReadinessState::Ready, ReadinessState::Degraded, ReadinessState::NotReady];

    /// Its name in reports and metrics.
    pub fn id(self) -> &'static str {
        match self {
            ReadinessState::Starting => "starting",
            ReadinessState::Ready => "ready",
            ReadinessState::Degraded => "degraded",
            ReadinessState::NotReady => "not-ready",
        }
    }

    /// Whether `/readyz` says yes.
    pub fn is_ready(self) -> bool {
        matches!(self, ReadinessState::Ready | ReadinessState::Degraded)
    }
}

/// Why the state is what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadinessReason {
    /// `IRSA_PROBE_DISABLED`: the reason given.
    Disabled(String),
    /// The first round has not ended.
    FirstRound,
    /// The last round proved the identity.
    Proven,
    /// Nothing has been proven yet.
    NeverProven(Code),
    /// The proof could not be renewed. The credentials proven last are valid until then.
    NotRenewed(Code, Timestamp),
    /// The credentials proven last have ended, and no round has renewed them.
    Ended(Code, Timestamp),
    /// This pod has, or its applications would get, another identity.
    Wrong(Code),
    /// The worker has given no sign since then.
    Stuck(Timestamp),
}

/// The state, since when, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: ReadinessState,
    /// When it began.
    pub since: Timestamp,
    /// Why.
    pub reason: ReadinessReason,
}

/// How long credentials are valid when no expiry was given: the shortest session that STS gives (AssumeRoleWithWebIdentity, DurationSeconds).
const SHORTEST_SESSION: Duration = Duration::from_secs(900);

/// The credentials that were proven last.
#[derive(Debug, Clone, Copy)]
struct Proof {
    /// When they end, in [`Moment::uptime`].
    ends: Duration,
    ends_wall: Timestamp,
}

/// What the last round said.
#[derive(Debug, Clone, Copy)]
enum LastRound {
    /// There was none.
    None,
    Proven,
    /// A failure that leaves the proven credentials as they are.
    Failed {
        code: Code,
        definite: bool,
    },
    Wrong(Code),
}

/// The state machine. Fed with every round's report; asked at any time.
#[derive(Debug, Clone)]
pub struct Readiness {
    disabled: Option<String>,
    proof: Option<Proof>,
    last: LastRound,
    /// When the state began that the last round left; time alone can have ended it since.
    since: Timestamp,
}

impl Readiness {
    /// Before the first round. `disabled` is `IRSA_PROBE_DISABLED`'s reason: then it is ready for ever.
    pub fn new(disabled: Option<String>, now: Moment) -> Readiness {
        Readiness { disabled, proof: None, last: LastRound::None, since: now.wall }
    }

    /// Whether there has been a first proof: from then on a start-up probe has nothing to wait for.
    pub fn is_started(&self) -> bool {
        self.disabled.is_some() || self.proof.is_some()
    }

    /// When the credentials proven last end. It is the time on which the state goes by.
    pub fn credentials_end(&self) -> Option<Timestamp> {
        self.proof.map(|proof| proof.ends_wall)
    }

    /// A round has ended with this report.
    pub fn observe(&mut self, report: &Report, now: Moment) {
        let before = self.standing(now, None);
        let failures = report.identity_failures();
        let wrong = failures.iter().map(|cause| cause.code).find(|code| code.row().at_once);
        self.last = match (failures.first(), wrong) {
            (None, _) => {
                self.proof = Some(proof_from(report, now));
                LastRound::Proven
            }
            (_, Some(code)) => LastRound::Wrong(code),
            // Only a proof takes back what was said of the identity. A round that could not check it does not.
            (Some(_), None) if matches!(self.last, LastRound::Wrong(_)) => self.last,
            (Some(cause), None) => LastRound::Failed { code: cause.code, definite: cause.class != Class::Transient },
        };
        let after = self.standing(now, None);
        self.since = if after.state == before.state { before.since } else { now.wall };
    }

    /// The state now. [`Heartbeat`] says since when the worker is stuck.
    pub fn standing(&self, now: Moment, stuck_since: Option<Timestamp>) -> Standing {
        let standing = |state, reason| Standing { state, since: self.since, reason };
        if let Some(why) = &self.disabled {
            return standing(ReadinessState::Ready, ReadinessReason::Disabled(why.clone()));
        }
        let standing_of_last_round = match (self.last, self.proof) {
            (LastRound::None, _) => standing(ReadinessState::Starting, ReadinessReason::FirstRound),
            (LastRound::Proven, _) => standing(ReadinessState::Ready, ReadinessReason::Proven),
            (LastRound::Wrong(code), _) => standing(ReadinessState::NotReady, ReadinessReason::Wrong(code)),
            (LastRound::Failed { code, .. }, Some(proof)) if now.uptime < proof.ends => {
                standing(ReadinessState::Degraded, ReadinessReason::NotRenewed(code, proof.ends_wall))
            }
            // They ended since, or had ended before the round failed.
            (LastRound::Failed { code, .. }, Some(Proof { ends_wall, .. })) => {
                Standing { since: self.since.max(ends_wall), ..standing(ReadinessState::NotReady, ReadinessReason::Ended(code, ends_wall)) }
            }
            (LastRound::Failed { code, definite: true }, None) => standing(ReadinessState::NotReady, ReadinessReason::NeverProven(code)),
            (LastRound::Failed { code, .. }, None) => standing(ReadinessState::Starting, ReadinessReason::NeverProven(code)),
        };
        match stuck_since {
            // The last round's result no longer counts, because nothing was checked since. A state that is not ready keeps its own reason.
            Some(since) if standing_of_last_round.state != ReadinessState::NotReady => {
                Standing { state: ReadinessState::NotReady, since, reason: ReadinessReason::Stuck(since) }
            }
            _ => standing_of_last_round,
        }
    }
}

/// The end of the report's credentials, by STS's clock: this machine's may be wrong.
fn proof_from(report: &Report, now: Moment) -> Proof {
    let expires_at = report.credentials.as_ref().and_then(|credentials| credentials.expires_at);
    let left = expires_at.map_or(SHORTEST_SESSION, |expires_at| {
        let sts_now = now.wall.0.saturating_sub(report.clock_skew_seconds.unwrap_or_default());
        Duration::from_secs(u64::try_from(expires_at.since(Timestamp(sts_now))).unwrap_or_default())
    });
    // No AWS session is longer than twelve hours. A wrong expiry must not keep a pod ready for ever.
    let ends = now.uptime + left.min(LONGEST_SESSION);
    Proof { ends, ends_wall: now.wall_at(ends) }
}

/// `MaxSessionDuration`'s maximum (IAM, CreateRole).
const LONGEST_SESSION: Duration = Duration::from_secs(12 * 3600);

/// What a round may take before the worker counts as stuck.
pub const ROUND_BOUND: Duration = Duration::from_secs(30);
/// How late a worker may wake up.
const LATE: Duration = Duration::from_secs(60);
/// How long it may be stuck before only a restart helps.
const PATIENCE: Duration = Duration::from_secs(600);

/// The worker's heartbeat. It is counted on the clock that stops during a suspend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeat {
    /// It sleeps until then.
    Asleep(Duration),
    /// It has been at a round since then.
    Round(Duration),
}

impl Heartbeat {
    /// When it began to be stuck, if it is.
    pub fn stuck_since(self, awake: Duration) -> Option<Duration> {
        let allowed = match self {
            Heartbeat::Asleep(until) => until + LATE,
            Heartbeat::Round(since) => since + ROUND_BOUND,
        };
        (awake > allowed).then_some(allowed)
    }

    /// Whether `/livez` still says yes.
    pub fn is_live(self, awake: Duration) -> bool {
        self.stuck_since(awake).is_none_or(|since| awake <= since + PATIENCE)
    }
}

#[cfg(test)]
pub(crate) mod tests;
