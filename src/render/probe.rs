//! The answers to the kubelet's probes: one line, or with `?verbose` the checks in the style of the Kubernetes API server.

use crate::core::catalogue::Step;
use crate::core::check::checks::{Check, CheckOutcome};
use crate::core::check::report::Report;
use crate::core::sidecar::board::Board;
use crate::core::sidecar::moment::Moment;
use crate::core::sidecar::readiness::{ReadinessReason, ReadinessState};
use crate::core::text::printable::printable;
use std::fmt::Write as _;

/// One of the kubelet's probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// `/livez`: is the worker alive? Never depends on AWS.
    Live,
    /// `/readyz`: should this pod get traffic?
    Ready,
    /// `/startupz`: has there been a first proof?
    Startup,
}

impl Probe {
    fn name(self) -> &'static str {
        match self {
            Probe::Live => "livez",
            Probe::Ready => "readyz",
            Probe::Startup => "startupz",
        }
    }

    /// Whether the probe succeeds.
    pub fn passes(self, board: &Board, now: Moment) -> bool {
        match self {
            Probe::Live => board.is_live(now),
            Probe::Ready => board.standing(now).state.is_ready(),
            Probe::Startup => board.is_started(),
        }
    }

    /// The body of the answer. Without `verbose` it is one line, because Kubernetes puts it into an event of the pod.
    pub fn body(self, board: &Board, now: Moment, verbose: bool) -> String {
        let passes = self.passes(board, now);
        if !verbose {
            return match passes {
                true => "ok\n".to_owned(),
                false => format!("{}\n", self.reason(board, now)),
            };
        }
        let mut text = String::with_capacity(1024);
        let worker = match board.stuck_since(now) {
            None => Ok(String::new()),
            Some(since) => Err(format!("stuck since {since}")),
        };
        line(&mut text, "worker", worker);
        if self != Probe::Live {
            let proof = if board.is_started() { Ok(String::new()) } else { Err("nothing has been proven yet".to_owned()) };
            line(&mut text, "first-proof", proof);
        }
        if self == Probe::Ready {
            checks(&mut text, board, now);
        }
        let _ = writeln!(text, "{} check {}", self.name(), if passes { "passed" } else { "failed" });
        text
    }

    fn reason(self, board: &Board, now: Moment) -> String {
        let standing = board.standing(now);
        match self {
            Probe::Live => ReadinessReason::Stuck(board.stuck_since(now).unwrap_or(now.wall)).describe(now.wall),
            Probe::Ready | Probe::Startup => format!("{}: {}", standing.state.id(), standing.reason.describe(now.wall)),
        }
    }
}

/// The last round's checks. A failure is marked differently while the pod stays ready in spite of it.
fn checks(text: &mut String, board: &Board, now: Moment) {
    let standing = board.standing(now);
    let bearable = standing.state == ReadinessState::Degraded;
    for (check, report) in board.report().into_iter().flat_map(|report| report.checks.iter().map(move |check| (check, report))) {
        match check.outcome {
            // A skipped check has neither + nor -, so that it does not look as if it passed.
            CheckOutcome::Skip => {
                let because = check.because.as_deref().map(|text| text.trim_start_matches("skipped ")).unwrap_or_default();
                let _ = writeln!(text, "[ ]{} skipped: {}", check.id, printable(because));
            }
            _ => line(text, &check.id, judged(check, report, bearable)),
        }
    }
    let about = standing.reason.describe(now.wall);
    let state = format!("state {}", standing.state.id());
    line(text, &state, if standing.state.is_ready() { Ok(format!(": {about}")) } else { Err(about) });
}

fn judged(check: &Check, report: &Report, bearable: bool) -> Result<String, String> {
    let code = check.code.map(|code| code.id()).unwrap_or_default();
    let ignored = || report.findings.iter().any(|finding| finding.ignored && Some(finding.cause.code) == check.code);
    let counts = || report.identity_failures().iter().any(|cause| cause.step == check.step);
    match check.outcome {
        CheckOutcome::Warn if ignored() => Ok(format!(", ignored: {code}")),
        CheckOutcome::Warn => Ok(format!(", warning: {code}")),
        CheckOutcome::Fail if check.step == Step::Application && !counts() => Err(format!("{code} (this does not change the state)")),
        CheckOutcome::Fail if bearable => Err(format!("{code} (tolerated while the current credentials are valid)")),
        CheckOutcome::Fail => Err(code.to_owned()),
        CheckOutcome::Pass | CheckOutcome::Skip => Ok(String::new()),
    }
}

fn line(text: &mut String, name: &str, outcome: Result<String, String>) {
    let _ = match outcome {
        Ok(more) => writeln!(text, "[+]{name} ok{}", printable(&more)),
        Err(why) => writeln!(text, "[-]{name} failed: {}", printable(&why)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::catalogue::Code;
    use crate::core::sidecar::schedule::Trigger;
    use crate::render::testing;
    use std::time::Duration;

    fn at(seconds: u64) -> Moment {
        Moment::after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_probe_answers_in_one_line_that_names_the_cause() {
        let mut board = Board::new(None, at(0));
        assert_eq!(Probe::Ready.body(&board, at(1), false), "starting: the first round is still running\n");
        assert_eq!(Probe::Live.body(&board, at(1), false), "ok\n");
        board.end_round(crate::core::sidecar::readiness::tests::report(&[Code::TrustPolicyDenied], None), Trigger::Start, at(2));
        board.sleep(at(10).awake, at(10).uptime);
        assert_eq!(Probe::Startup.body(&board, at(3), false), "not-ready: trust-policy-denied: no round has proven the identity yet\n");
        assert!(!Probe::Startup.passes(&board, at(3)) && Probe::Live.passes(&board, at(3)));
        assert!(Probe::Live.body(&board, at(1000), false).starts_with("the worker has been stuck since"));
    }

    #[test]
    fn verbose_lists_the_checks() {
        let mut board = Board::new(None, at(0));
        board.end_round(testing::report(testing::healthy(), 41, 1), Trigger::Start, at(2));
        board.sleep(at(10).awake, at(10).uptime);
        let text = Probe::Ready.body(&board, at(3), true);
        assert!(text.starts_with("[+]worker ok\n[+]first-proof ok\n"), "{text}");
        assert!(text.ends_with("[+]state ready ok: the last round proved the identity\nreadyz check passed\n"), "{text}");
        assert!(text.contains("\n[ ]issuer skipped: not requested (--check-issuer)\n") && text.lines().count() > 10, "{text}");
        board.end_round(crate::core::sidecar::readiness::tests::report(&[Code::IdentityMismatch], None), Trigger::Interval, at(900));
        let text = Probe::Ready.body(&board, at(901), true);
        assert!(text.contains("[-]state not-ready failed: identity-mismatch") && text.ends_with("readyz check failed\n"), "{text}");
        assert_eq!(Probe::Live.body(&board, at(901), true), "[+]worker ok\nlivez check passed\n");
    }

    /// The report of a pod whose identity is proven, while the application's SDK fails.
    fn application_fails(ignore: &[Code]) -> Report {
        let mut evidence = testing::warnings();
        evidence["inputs"]["settings"] = serde_json::json!({"appSdk": "java-v2", "strict": true, "ignore": ignore});
        testing::report(evidence, 41, 1)
    }

    #[test]
    fn verbose_names_what_does_not_count() {
        let verbose = |report: Report| {
            let mut board = Board::new(None, at(0));
            board.end_round(report, Trigger::Start, at(2));
            board.sleep(at(10).awake, at(10).uptime);
            Probe::Ready.body(&board, at(3), true)
        };
        let text = verbose(application_fails(&[Code::NodeRoleReachable]));
        assert!(text.contains("\n[+]node-role ok, ignored: node-role-reachable\n"), "{text}");
        assert!(text.contains("\n[-]app-sdk failed: sdk-falls-through (this does not change the state)\n"), "{text}");
        assert!(text.ends_with("[+]state ready ok: the last round proved the identity\nreadyz check passed\n"), "{text}");
        // A failure of the node's step does count under --strict.
        let text = verbose(application_fails(&[]));
        assert!(text.contains("\n[-]node-role failed: node-role-reachable\n") && text.ends_with("readyz check failed\n"), "{text}");
    }
}
