//! What the sidecar knows: the last report, the rounds before it, the state, the next round. Every endpoint answers from here.

use super::moment::Moment;
use super::readiness::{Heartbeat, Readiness, ReadinessReason, ReadinessState, Standing};
use super::schedule::Trigger;
use crate::core::catalogue::{Class, Code};
use crate::core::check::report::{Identity, Report, Verdict};
use crate::core::text::time::{Timestamp, format_duration};
use serde::Serialize;
use std::collections::VecDeque;
use std::time::Duration;

/// The value of `StatusDocument::schema`.
pub const SCHEMA: &str = "irsa-probe/status/v1";
/// How many rounds are kept.
pub const HISTORY: usize = 50;

/// A round that has ended, in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    /// When it began.
    pub time: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// Why it was run.
    pub trigger: Trigger,
    /// The verdict of its report.
    pub verdict: Verdict,
    /// Whether it proved the identity. It can do so and still fail, if the application's SDK does not get the identity. Not in the JSON.
    #[serde(skip)]
    pub proven: bool,
    /// The root cause's code.
    pub code: Option<Code>,
    /// The root cause's class.
    pub class: Option<Class>,
    /// The state after it.
    pub state: ReadinessState,
}

/// The JSON contract `irsa-probe/status/v1` (docs/status.v1.schema.json).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusDocument<'a> {
    /// `irsa-probe/status/v1`
    pub schema: &'static str,
    /// The state.
    pub state: ReadinessState,
    /// When it began.
    pub since: Timestamp,
    /// Why, in a sentence.
    pub reason: String,
    /// When the next round is due; `null` while one is running, and when the probe is switched off.
    pub next_round: Option<Timestamp>,
    /// The last round's report.
    pub report: Option<&'a Report>,
    /// The last rounds, the newest first.
    pub history: &'a VecDeque<Round>,
}

/// What the worker has written after every step, and requests are answered from.
#[derive(Debug)]
pub struct Board {
    readiness: Readiness,
    heartbeat: Heartbeat,
    disabled: bool,
    next_round: Option<Duration>,
    report: Option<Report>,
    history: VecDeque<Round>,
    consecutive_failures: u64,
    last_proof: Option<Timestamp>,
    last_identity: Option<Identity>,
}

impl Board {
    /// Before the first round.
    pub fn new(disabled: Option<String>, now: Moment) -> Board {
        Board {
            disabled: disabled.is_some(),
            readiness: Readiness::new(disabled, now),
            heartbeat: Heartbeat::Asleep(now.awake),
            next_round: None,
            report: None,
            history: VecDeque::with_capacity(HISTORY),
            consecutive_failures: 0,
            last_proof: None,
            last_identity: None,
        }
    }

    /// The worker begins a round.
    pub fn begin_round(&mut self, now: Moment) {
        self.heartbeat = Heartbeat::Round(now.awake);
        self.next_round = None;
    }

    /// The round has ended with this report.
    pub fn end_round(&mut self, report: Report, trigger: Trigger, now: Moment) {
        self.heartbeat = Heartbeat::Asleep(now.awake);
        self.readiness.observe(&report, now);
        let proven = report.identity_failures().is_empty();
        self.consecutive_failures = if proven { 0 } else { self.consecutive_failures + 1 };
        if proven {
            self.last_proof = Some(now.wall);
            self.last_identity.clone_from(&report.identity);
        }
        let cause = report.root_cause.as_ref();
        self.history.truncate(HISTORY - 1);
        self.history.push_front(Round {
            time: report.time,
            duration_ms: report.duration_ms,
            trigger,
            verdict: report.verdict,
            proven,
            code: cause.map(|cause| cause.code),
            class: cause.map(|cause| cause.class),
            state: self.readiness.standing(now, None).state,
        });
        self.report = Some(report);
    }

    /// The worker sleeps until `wake` (of the clock that stands still in a suspend); the next round is due at `next` (of the other).
    pub fn sleep(&mut self, wake: Duration, next: Duration) {
        self.heartbeat = Heartbeat::Asleep(wake);
        self.next_round = Some(next);
    }

    /// The state, since when, and why.
    pub fn standing(&self, now: Moment) -> Standing {
        self.readiness.standing(now, self.stuck_since(now))
    }

    /// Whether there has been a first proof.
    pub fn is_started(&self) -> bool {
        self.readiness.is_started()
    }

    /// When the worker began to be stuck, if it is.
    pub fn stuck_since(&self, now: Moment) -> Option<Timestamp> {
        let since = self.heartbeat.stuck_since(now.awake).filter(|_| !self.disabled)?;
        let for_seconds = i64::try_from(now.awake.saturating_sub(since).as_secs()).unwrap_or(i64::MAX);
        Some(Timestamp(now.wall.0.saturating_sub(for_seconds)))
    }

    /// Whether only a restart would help.
    pub fn is_live(&self, now: Moment) -> bool {
        self.disabled || self.heartbeat.is_live(now.awake)
    }

    /// The last round's report.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// The last rounds, the newest first.
    pub fn history(&self) -> &VecDeque<Round> {
        &self.history
    }

    /// Rounds without a proof since the last one.
    pub fn consecutive_failures(&self) -> u64 {
        self.consecutive_failures
    }

    /// When the identity was last proven.
    pub fn last_proof(&self) -> Option<Timestamp> {
        self.last_proof
    }

    /// The identity that the last proof named. `None` before the first proof, and where the proof did not name one.
    pub fn last_identity(&self) -> Option<&Identity> {
        self.last_identity.as_ref()
    }

    /// When the credentials proven last end.
    pub fn credentials_end(&self) -> Option<Timestamp> {
        self.readiness.credentials_end()
    }

    /// The whole, for `/status` and the page.
    pub fn status(&self, now: Moment) -> StatusDocument<'_> {
        let standing = self.standing(now);
        StatusDocument {
            schema: SCHEMA,
            state: standing.state,
            since: standing.since,
            reason: standing.reason.describe(now.wall),
            next_round: self.next_round.map(|next| now.wall_at(next)),
            report: self.report.as_ref(),
            history: &self.history,
        }
    }
}

impl ReadinessReason {
    /// The reason in a sentence, without its full stop.
    pub fn describe(&self, now: Timestamp) -> String {
        let left = |then: &Timestamp| format_duration(then.since(now).max(0));
        match self {
            ReadinessReason::Disabled(why) => {
                format!("switched off by IRSA_PROBE_DISABLED: {}", crate::core::text::printable::printable(why))
            }
            ReadinessReason::FirstRound => "the first round is still running".to_owned(),
            ReadinessReason::Proven => "the last round proved the identity".to_owned(),
            ReadinessReason::NeverProven(code) => format!("{}: no round has proven the identity yet", code.id()),
            ReadinessReason::NotRenewed(code, ends) => {
                format!("{}: renewal is failing; current credentials are valid until {ends} ({})", code.id(), left(ends))
            }
            ReadinessReason::Ended(code, ended) => {
                format!("{}: renewal is failing, and the last credentials expired at {ended}", code.id())
            }
            ReadinessReason::Wrong(code) => format!("{}: applications do not get the expected identity, so this counts at once", code.id()),
            ReadinessReason::Stuck(since) => format!("the worker has been stuck since {since}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::sidecar::readiness::tests::report;

    fn at(seconds: u64) -> Moment {
        Moment::after(Duration::from_secs(seconds))
    }

    #[test]
    fn the_last_fifty_rounds_are_kept() {
        let mut board = Board::new(None, at(0));
        for n in 0..60 {
            board.begin_round(at(n));
            let failures: &[Code] = if n % 2 == 0 { &[] } else { &[Code::Throttled] };
            board.end_round(report(failures, Some(n + 3600)), Trigger::Interval, at(n));
        }
        let status = board.status(at(61));
        assert_eq!((status.history.len(), status.state), (HISTORY, ReadinessState::Degraded));
        assert_eq!((status.history[0].code, status.history[1].code), (Some(Code::Throttled), None));
        assert_eq!((board.consecutive_failures(), board.last_proof()), (1, Some(at(58).wall)));
    }

    #[test]
    fn a_round_in_which_only_the_application_fails_is_a_proof() {
        let mut board = Board::new(None, at(0));
        board.end_round(report(&[Code::Throttled], None), Trigger::Start, at(1));
        board.end_round(report(&[Code::SdkFallsThrough], Some(3600)), Trigger::Interval, at(2));
        let newest = &board.history()[0];
        assert_eq!((newest.code, newest.proven, newest.state), (Some(Code::SdkFallsThrough), true, ReadinessState::Ready));
        assert_eq!((board.consecutive_failures(), board.last_proof()), (0, Some(at(2).wall)));
        board.end_round(report(&[Code::SdkFallsThrough], None), Trigger::Interval, at(3));
        assert_eq!((board.consecutive_failures(), board.last_proof(), board.history()[0].proven), (1, Some(at(2).wall), false));
    }

    #[test]
    fn the_identity_and_the_end_of_its_credentials_outlast_a_failed_round() {
        let mut board = Board::new(None, at(0));
        assert_eq!((board.last_identity(), board.credentials_end()), (None, None));
        let identity = Identity {
            arn: "arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe".to_owned(),
            account: None,
            user_id: None,
            role: None,
            session: None,
            provider: crate::core::plan::Provider::Irsa,
        };
        board.end_round(Report { identity: Some(identity.clone()), ..report(&[], Some(3600)) }, Trigger::Start, at(1));
        let end = board.credentials_end();
        assert!(end.is_some());
        board.end_round(report(&[Code::Throttled], None), Trigger::Interval, at(2));
        assert_eq!((board.last_identity(), board.credentials_end()), (Some(&identity), end));
        board.end_round(report(&[], Some(7200)), Trigger::Interval, at(3));
        assert_eq!(board.last_identity(), None, "the last proof did not name it");
    }

    #[test]
    fn the_worker_tells_when_it_wakes() {
        let mut board = Board::new(None, at(0));
        board.end_round(report(&[], Some(3600)), Trigger::Start, at(1));
        board.sleep(at(16).awake, at(500).uptime);
        assert_eq!(board.status(at(10)).next_round, Some(at(500).wall));
        assert_eq!((board.standing(at(76)).state, board.stuck_since(at(76))), (ReadinessState::Ready, None));
        assert_eq!((board.standing(at(90)).state, board.stuck_since(at(90))), (ReadinessState::NotReady, Some(at(76).wall)));
        assert!(board.is_live(at(676)) && !board.is_live(at(677)));
        // A suspended machine's worker is not late.
        let suspended = Moment { awake: at(16).awake, ..at(90_000) };
        assert_eq!(board.stuck_since(suspended), None);
        board.begin_round(at(500));
        assert_eq!(board.status(at(501)).next_round, None);
        assert_eq!((board.stuck_since(at(530)), board.stuck_since(at(531))), (None, Some(at(530).wall)));
    }

    #[test]
    fn a_disabled_probe_is_ready_live_and_started() {
        let board = Board::new(Some("INC-42".to_owned()), at(0));
        let later = at(86_400);
        let status = board.status(later);
        assert_eq!((status.state, status.next_round, board.is_live(later), board.is_started()), (ReadinessState::Ready, None, true, true));
        assert!(status.reason.contains("INC-42"), "{}", status.reason);
    }
}
