//! When the sidecar's next round is due.
//!
//! There is one interval. The first round runs at once. Then every pod draws a phase and keeps it, so that pods started together drift apart.
//! A temporary failure is retried sooner, with full jitter. A changed file starts a round at once.
//!
//! Time comes from a clock that is never set and that runs while the machine is suspended (`CLOCK_BOOTTIME`). NTP's steps cannot delay or hurry a
//! round. After a suspend one round is due, not all that were missed.

use crate::core::catalogue::Class;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The default of `--interval`: four rounds an hour, a quarter of a session's shortest usual life.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(15 * 60);
/// The smallest `--interval`, and the shortest wait after a failure.
pub const SHORTEST: Duration = Duration::from_secs(1);
/// How often the files are checked for a change. This costs no call.
pub const FILE_CHECK_INTERVAL: Duration = Duration::from_secs(15);
/// A file that keeps changing brings a round no more often than this (or the interval, if that is shorter).
const FILE_ROUNDS_APART: Duration = Duration::from_secs(60);

/// Why a round is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The first one.
    Start,
    /// It is due.
    Interval,
    /// The round before failed.
    Retry,
    /// A file that the identity rests on has changed.
    FileChanged,
}

/// The state of the schedule. All points in time are of the same clock.
#[derive(Debug, Clone)]
pub struct Schedule {
    interval: Duration,
    /// The rounds of this pod lie at this point and whole intervals after it.
    phase: Option<Duration>,
    next: Duration,
    trigger: Trigger,
    /// Temporary failures in a row.
    failures: u32,
    /// The last round that a changed file brought.
    last_file_round: Option<Duration>,
}

impl Schedule {
    /// A schedule whose first round is due at once.
    pub fn new(interval: Duration, now: Duration) -> Schedule {
        Schedule { interval: interval.max(SHORTEST), phase: None, next: now, trigger: Trigger::Start, failures: 0, last_file_round: None }
    }

    /// When the next round is due.
    pub fn next(&self) -> Duration {
        self.next
    }

    /// Why the round that is due now is run; `None` when none is.
    pub fn due(&self, now: Duration) -> Option<Trigger> {
        // No rule gives so long a wait. The clock went back (a restored snapshot), and waiting would be a stall.
        let too_long = self.next.saturating_sub(now) > self.interval * 2;
        (now >= self.next || too_long).then_some(self.trigger)
    }

    /// A file has changed: the next round is due now, unless the last change brought one just before.
    pub fn file_changed(&mut self, now: Duration) {
        let apart = FILE_ROUNDS_APART.min(self.interval);
        let earliest = self.last_file_round.map_or(now, |last| now.max(last + apart));
        // A round that is due earlier anyway stays as it is.
        if earliest <= self.next {
            self.next = earliest;
            self.last_file_round = Some(earliest);
            self.trigger = Trigger::FileChanged;
        }
    }

    /// A round has ended; `failure` is the class of its root cause. `random` draws uniformly from 0..1.
    pub fn round_ended(&mut self, failure: Option<Class>, now: Duration, mut random: impl FnMut() -> f64) {
        let mut draw = |ceiling: Duration| ceiling.mul_f64(random().clamp(0.0, 1.0)).max(SHORTEST);
        let first = self.phase.is_none();
        let phase = *self.phase.get_or_insert_with(|| now + draw(self.interval));
        (self.next, self.trigger) = match failure {
            Some(Class::Settling | Class::Transient) => {
                self.failures = self.failures.saturating_add(1);
                (now + draw(self.ceiling()), Trigger::Retry)
            }
            // A permanent failure does not pass while this pod lives, so there is no hurry.
            None | Some(Class::Permanent) => {
                self.failures = 0;
                let earliest = if first { now } else { now + self.interval / 2 };
                (at_phase(phase, self.interval, earliest), Trigger::Interval)
            }
        };
    }

    /// Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): the ceiling doubles up to the interval.
    fn ceiling(&self) -> Duration {
        let doubled = SHORTEST.saturating_mul(1 << self.failures.min(30));
        doubled.min(self.interval)
    }
}

/// The first point of the phase that is not before `earliest`.
fn at_phase(phase: Duration, interval: Duration, earliest: Duration) -> Duration {
    let behind = earliest.saturating_sub(phase);
    let whole = behind.as_nanos().div_ceil(interval.as_nanos().max(1));
    phase + interval.saturating_mul(u32::try_from(whole).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const START: Duration = Duration::from_secs(1_000_000);

    fn started(random: f64) -> Schedule {
        let mut schedule = Schedule::new(DEFAULT_INTERVAL, START);
        assert_eq!(schedule.due(START), Some(Trigger::Start));
        schedule.round_ended(None, START, || random);
        schedule
    }

    /// A healthy pod from now on: the times of its rounds, each of which takes two seconds.
    fn rounds(schedule: &mut Schedule, count: usize) -> Vec<Duration> {
        let next = |schedule: &mut Schedule| {
            let at = schedule.next();
            assert_eq!(schedule.due(at), Some(Trigger::Interval));
            schedule.round_ended(None, at + Duration::from_secs(2), || panic!("the phase is drawn once"));
            at
        };
        (0..count).map(|_| next(schedule)).collect()
    }

    #[test]
    fn the_phase_is_drawn_once_and_kept() {
        for random in [0.0, 0.3, 0.999] {
            let mut schedule = started(random);
            let phase = START + DEFAULT_INTERVAL.mul_f64(random).max(SHORTEST);
            assert_eq!(rounds(&mut schedule, 4), [0, 1, 2, 3].map(|n| phase + DEFAULT_INTERVAL * n));
        }
    }

    #[test]
    fn what_time_can_cure_is_retried_with_full_jitter_up_to_the_interval() {
        for class in [Class::Transient, Class::Settling] {
            let mut schedule = started(0.5);
            let mut now = schedule.next();
            let mut waits = Vec::new();
            for _ in 0..14 {
                schedule.round_ended(Some(class), now, || 1.0);
                assert_eq!(schedule.due(schedule.next()), Some(Trigger::Retry));
                waits.push((schedule.next() - now).as_secs());
                now = schedule.next();
            }
            assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900]);
            schedule.round_ended(Some(class), now, || 0.0);
            assert_eq!(schedule.next() - now, SHORTEST);
        }
    }

    #[test]
    fn what_nothing_cures_is_looked_at_once_an_interval() {
        let mut schedule = started(0.5);
        let first = schedule.next();
        schedule.round_ended(Some(Class::Permanent), first, || panic!("nothing to draw"));
        assert_eq!(schedule.next(), first + DEFAULT_INTERVAL);
    }

    #[test]
    fn a_mended_pod_returns_to_its_phase() {
        let mut schedule = started(0.5);
        let phase = schedule.next();
        schedule.round_ended(Some(Class::Transient), phase, || 0.9);
        let mended = schedule.next();
        schedule.round_ended(None, mended, || 0.0);
        assert_eq!(schedule.next(), phase + DEFAULT_INTERVAL);
        // Long after, and then at least half an interval apart.
        let mut schedule = started(0.5);
        let late = phase + DEFAULT_INTERVAL * 7 + 10 * MINUTE;
        schedule.round_ended(Some(Class::Transient), late, || 0.0);
        schedule.round_ended(None, late + SHORTEST, || 0.0);
        assert_eq!(schedule.next(), phase + DEFAULT_INTERVAL * 9);
    }

    #[test]
    fn a_failed_first_round_draws_a_phase_too() {
        let mut schedule = Schedule::new(DEFAULT_INTERVAL, START);
        schedule.round_ended(Some(Class::Transient), START, || 0.5);
        assert_eq!(schedule.next(), START + SHORTEST);
        schedule.round_ended(None, schedule.next(), || panic!("drawn already"));
        assert_eq!(schedule.next(), START + DEFAULT_INTERVAL + DEFAULT_INTERVAL / 2);
    }

    #[test]
    fn a_changed_file_brings_a_round_at_once_but_never_a_storm() {
        let mut schedule = started(0.5);
        let mut now = START + 2 * MINUTE;
        schedule.file_changed(now);
        assert_eq!(schedule.due(now), Some(Trigger::FileChanged));
        let mut rounds = 0;
        // The file changes at every look, for an hour.
        while now < START + 62 * MINUTE {
            if schedule.due(now).is_some() {
                rounds += 1;
                schedule.round_ended(None, now, || 0.0);
            }
            schedule.file_changed(now);
            now += FILE_CHECK_INTERVAL;
        }
        assert!((60..=65).contains(&rounds), "{rounds}");
    }

    #[test]
    fn a_change_cuts_a_backoff_short() {
        let mut schedule = started(0.5);
        let now = schedule.next();
        for _ in 0..12 {
            schedule.round_ended(Some(Class::Settling), now, || 1.0);
        }
        assert_eq!(schedule.next(), now + DEFAULT_INTERVAL);
        schedule.file_changed(now + FILE_CHECK_INTERVAL);
        assert_eq!(schedule.due(now + FILE_CHECK_INTERVAL), Some(Trigger::FileChanged));
    }

    #[test]
    fn a_jump_of_the_clock_neither_stalls_nor_storms() {
        let mut schedule = started(0.5);
        // Suspended for three days: one round is due, and the next one at its phase.
        let woken = START + 3 * 24 * 60 * MINUTE;
        assert!(schedule.due(woken).is_some());
        schedule.round_ended(None, woken, || 0.0);
        let wait = schedule.next() - woken;
        assert!(wait >= DEFAULT_INTERVAL / 2 && wait <= DEFAULT_INTERVAL + DEFAULT_INTERVAL / 2, "{wait:?}");
        // Back by an hour.
        assert!(schedule.due(START).is_some());
    }
}
