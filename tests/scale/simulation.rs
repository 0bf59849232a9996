//! The pods, each with a schedule of its own, and an STS that counts.

use irsa_probe::core::catalogue::Class;
use irsa_probe::core::sidecar::schedule::{Schedule, Trigger};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

pub const PODS: usize = 100_000;
/// Seconds of a bin.
pub const BIN: u64 = 10;
/// Two hours.
pub const SECONDS: u64 = 7200;
/// STS's calls a second in one account and region, as it is reported (mountpoint-s3#1358); AWS does not publish it.
pub const QUOTA: u64 = 600;

/// From a round's first call to its end.
const ROUND: Duration = Duration::from_millis(200);

/// What was seen.
pub struct Run {
    /// Calls in each bin.
    pub calls: Vec<u64>,
    /// Of which STS refused so many.
    pub refused: u64,
    /// When each pod was first proven, in seconds, in order.
    proven: Vec<u64>,
}

impl Run {
    /// When this share of the pods was proven.
    pub fn proven_by(&self, share: f64) -> Option<u64> {
        let count = (PODS as f64 * share).ceil() as usize;
        self.proven.get(count - 1).copied()
    }
}

/// STS: without a quota, or a bucket that holds one second's calls and is filled at that rate.
struct Sts {
    quota: Option<u64>,
    left: f64,
    filled: Duration,
    run: Run,
}

impl Sts {
    fn call(&mut self, now: Duration) -> bool {
        self.run.calls[(now.as_secs() / BIN) as usize] += 1;
        let Some(quota) = self.quota else { return true };
        let quota = quota as f64;
        self.left = (self.left + (now - self.filled).as_secs_f64() * quota).min(quota);
        self.filled = now;
        let granted = self.left >= 1.0;
        if granted {
            self.left -= 1.0;
        } else {
            self.run.refused += 1;
        }
        granted
    }

    /// Exchange and GetCallerIdentity.
    fn proof(&mut self, now: Duration) -> bool {
        self.call(now) && self.call(now)
    }
}

#[derive(Clone)]
struct Pod {
    schedule: Schedule,
    proven: bool,
    /// The default chain has been followed to its end once.
    witnessed: bool,
}

/// Two hours of all pods, from one seed: every run gives the same figures.
pub fn simulate(quota: Option<u64>) -> Run {
    let mut random = fastrand::Rng::with_seed(20_261_123);
    let bins = (SECONDS / BIN) as usize;
    let run = Run { calls: vec![0; bins], refused: 0, proven: Vec::with_capacity(PODS) };
    let mut sts = Sts { quota, left: quota.unwrap_or_default() as f64, filled: Duration::ZERO, run };
    // Started at once: a scheduler and the kubelets need a second for it.
    let start = |random: &mut fastrand::Rng| Duration::from_secs_f64(random.f64());
    let mut pods: Vec<Pod> = (0..PODS)
        .map(|_| Pod {
            schedule: Schedule::new(irsa_probe::core::sidecar::schedule::DEFAULT_INTERVAL, start(&mut random)),
            proven: false,
            witnessed: false,
        })
        .collect();
    let mut due: BinaryHeap<Reverse<(Duration, usize)>> =
        pods.iter().enumerate().map(|(id, pod)| Reverse((pod.schedule.next(), id))).collect();
    while let Some(Reverse((now, id))) = due.pop() {
        if now.as_secs() >= SECONDS {
            break;
        }
        let pod = &mut pods[id];
        let first = pod.schedule.due(now) == Some(Trigger::Start);
        let passed = sts.proof(now);
        // The witness goes along with the first round, and after it only with a proof.
        if !pod.witnessed && (first || passed) {
            pod.witnessed = sts.proof(now);
        }
        if passed && !pod.proven {
            pod.proven = true;
            sts.run.proven.push(now.as_secs());
        }
        pod.schedule.round_ended((!passed).then_some(Class::Transient), now + ROUND, || random.f64());
        due.push(Reverse((pod.schedule.next(), id)));
    }
    sts.run
}
