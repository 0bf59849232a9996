use super::*;
use crate::core::catalogue::{Severity, Step};
use crate::core::check::report::Verdict;
use serde_json::json;

const MINUTE: u64 = 60;
const SESSION: u64 = 60 * MINUTE;

fn at(seconds: u64) -> Moment {
    Moment::after(Duration::from_secs(seconds))
}

/// A round's report: what was found to fail, the root cause first, and when credentials end, in seconds of the test.
pub(crate) fn report(failures: &[Code], ends: Option<u64>) -> Report {
    let finding = |code: &Code| {
        let row = code.row();
        json!({
            "code": row.code, "step": row.step, "class": row.class, "severity": Severity::Fail,
            "title": row.title, "detail": "", "remedy": {"text": "", "commands": []}, "docs": ""
        })
    };
    let findings: Vec<_> = failures.iter().map(finding).collect();
    let verdict = match failures.first().map(|code| code.row().class) {
        None => "pass",
        Some(Class::Transient) => "unknown",
        Some(_) => "fail",
    };
    serde_json::from_value(json!({
        "schema": "irsa-probe/report/v1", "version": "0", "time": at(0).wall, "durationMs": 1, "attempts": 1,
        "verdict": verdict, "rootCause": findings.first(), "findings": findings, "checks": [], "subject": {},
        "expected": {"provider": "irsa", "roleArn": null, "region": null}, "identity": null, "chain": {"provider": "irsa"}, "token": null,
        "credentials": ends.map(|ends| json!({"expiresAt": at(ends).wall})), "endpoints": [],
        "node": {"imds": "absent", "v1": null, "v2": false}, "clockSkewSeconds": null
    }))
    .unwrap()
}

fn proven(readiness: &mut Readiness, seconds: u64) {
    readiness.observe(&report(&[], Some(seconds + SESSION)), at(seconds));
}

fn fails(readiness: &mut Readiness, code: Code, seconds: u64) {
    readiness.observe(&report(&[code], None), at(seconds));
}

fn state(readiness: &Readiness, seconds: u64) -> (ReadinessState, Timestamp) {
    let standing = readiness.standing(at(seconds), None);
    (standing.state, standing.since)
}

fn new() -> Readiness {
    Readiness::new(None, at(0))
}

#[test]
fn the_first_proof_makes_it_ready() {
    let mut readiness = new();
    assert_eq!((state(&readiness, 5), readiness.is_started()), ((ReadinessState::Starting, at(0).wall), false));
    proven(&mut readiness, 7);
    assert_eq!((state(&readiness, 9), readiness.is_started()), ((ReadinessState::Ready, at(7).wall), true));
    proven(&mut readiness, 900);
    assert_eq!(state(&readiness, 901), (ReadinessState::Ready, at(7).wall));
}

#[test]
fn every_failure_to_renew_is_borne_until_the_proven_credentials_end() {
    let renewals = Code::ALL.iter().filter(|code| code.row().severity == Severity::Fail && !code.row().at_once);
    for &code in renewals {
        let mut readiness = new();
        proven(&mut readiness, 0);
        fails(&mut readiness, code, 15 * MINUTE);
        fails(&mut readiness, code, 30 * MINUTE);
        assert_eq!(state(&readiness, 31 * MINUTE), (ReadinessState::Degraded, at(15 * MINUTE).wall), "{code:?}");
        assert_eq!(state(&readiness, SESSION - 1).0, ReadinessState::Degraded, "{code:?}");
        assert_eq!(state(&readiness, SESSION), (ReadinessState::NotReady, at(SESSION).wall), "{code:?}");
        assert_eq!(readiness.standing(at(SESSION), None).reason, ReadinessReason::Ended(code, at(SESSION).wall));
        assert!(readiness.is_started());
        proven(&mut readiness, 2 * SESSION);
        assert_eq!(state(&readiness, 2 * SESSION), (ReadinessState::Ready, at(2 * SESSION).wall), "{code:?}");
    }
}

#[test]
fn a_renewal_moves_the_horizon() {
    let mut readiness = new();
    proven(&mut readiness, 0);
    proven(&mut readiness, 15 * MINUTE);
    fails(&mut readiness, Code::Throttled, 30 * MINUTE);
    assert_eq!(state(&readiness, SESSION + 14 * MINUTE).0, ReadinessState::Degraded);
    assert_eq!(state(&readiness, SESSION + 15 * MINUTE).0, ReadinessState::NotReady);
}

#[test]
fn without_a_failure_nobody_is_taken_out_of_service() {
    // An interval longer than the session: the last round proved it, and the next one has not looked yet.
    let mut readiness = new();
    proven(&mut readiness, 0);
    assert_eq!(state(&readiness, 3 * SESSION).0, ReadinessState::Ready);
    fails(&mut readiness, Code::Throttled, 3 * SESSION);
    assert_eq!(state(&readiness, 3 * SESSION), (ReadinessState::NotReady, at(3 * SESSION).wall));
}

#[test]
fn another_identity_counts_at_once() {
    for &code in Code::ALL.iter().filter(|code| code.row().at_once) {
        let mut readiness = new();
        proven(&mut readiness, 0);
        fails(&mut readiness, code, 10);
        fails(&mut readiness, code, 20);
        assert_eq!(state(&readiness, 21), (ReadinessState::NotReady, at(10).wall), "{code:?}");
        assert_eq!(readiness.standing(at(21), None).reason, ReadinessReason::Wrong(code));
        proven(&mut readiness, 30);
        assert_eq!(state(&readiness, 30), (ReadinessState::Ready, at(30).wall));
    }
    // The node's role as a consequence.
    let mut readiness = new();
    proven(&mut readiness, 0);
    readiness.observe(&report(&[Code::RegionMissing, Code::NodeRoleFallback], None), at(10));
    assert_eq!(state(&readiness, 10).0, ReadinessState::NotReady);
    // As a warning it is one.
    let mut warned = report(&[Code::ShadowedByProfile], Some(SESSION));
    warned.findings[0].severity = Severity::Warn;
    (warned.root_cause, warned.verdict) = (None, Verdict::Pass);
    readiness.observe(&warned, at(20));
    assert_eq!(state(&readiness, 20).0, ReadinessState::Ready);
}

#[test]
fn only_a_proof_takes_a_wrong_identity_back() {
    for &code in Code::ALL.iter().filter(|code| code.row().severity == Severity::Fail && !code.row().at_once) {
        let mut readiness = new();
        proven(&mut readiness, 0);
        fails(&mut readiness, Code::IdentityMismatch, 10);
        fails(&mut readiness, code, 20);
        let standing = readiness.standing(at(21), None);
        assert_eq!(
            (standing.state, standing.since, standing.reason),
            (ReadinessState::NotReady, at(10).wall, ReadinessReason::Wrong(Code::IdentityMismatch)),
            "{code:?}"
        );
        fails(&mut readiness, Code::NodeRoleFallback, 25);
        assert_eq!(
            (state(&readiness, 26), readiness.standing(at(26), None).reason),
            ((ReadinessState::NotReady, at(10).wall), ReadinessReason::Wrong(Code::NodeRoleFallback))
        );
        proven(&mut readiness, 30);
        assert_eq!(state(&readiness, 30), (ReadinessState::Ready, at(30).wall));
    }
}

#[test]
fn a_state_keeps_its_beginning_while_the_reason_changes() {
    let mut readiness = new();
    proven(&mut readiness, 0);
    fails(&mut readiness, Code::Throttled, 100);
    fails(&mut readiness, Code::Throttled, SESSION + 100);
    fails(&mut readiness, Code::IdentityMismatch, SESSION + 200);
    assert_eq!(state(&readiness, SESSION + 300), (ReadinessState::NotReady, at(SESSION).wall));
    let mut readiness = new();
    fails(&mut readiness, Code::TrustPolicyDenied, 10);
    fails(&mut readiness, Code::NotInjected, 20);
    assert_eq!(state(&readiness, 30), (ReadinessState::NotReady, at(10).wall));
    let mut readiness = new();
    fails(&mut readiness, Code::TrustPolicyDenied, 10);
    fails(&mut readiness, Code::Throttled, 20);
    assert_eq!(state(&readiness, 30), (ReadinessState::Starting, at(20).wall));
}

#[test]
fn before_the_first_proof_nothing_is_ready() {
    let mut readiness = new();
    fails(&mut readiness, Code::ConnectTimeout, 1);
    assert_eq!(state(&readiness, 2), (ReadinessState::Starting, at(0).wall));
    fails(&mut readiness, Code::TrustPolicyDenied, 3);
    fails(&mut readiness, Code::TrustPolicyDenied, 4);
    assert_eq!(state(&readiness, 5), (ReadinessState::NotReady, at(3).wall));
    let mut readiness = new();
    fails(&mut readiness, Code::NotInjected, 1);
    assert_eq!((state(&readiness, 2), readiness.is_started()), ((ReadinessState::NotReady, at(1).wall), false));
}

#[test]
fn the_end_is_told_by_stss_clock_and_by_one_that_nobody_sets() {
    let mut readiness = new();
    let mut behind = report(&[], Some(SESSION));
    // This machine is ten minutes behind: what it takes for an hour is fifty minutes.
    behind.clock_skew_seconds = Some(-600);
    readiness.observe(&behind, at(0));
    fails(&mut readiness, Code::Throttled, 1);
    assert_eq!(
        (state(&readiness, SESSION - 601).0, state(&readiness, SESSION - 600).0),
        (ReadinessState::Degraded, ReadinessState::NotReady)
    );
    // The clock is set back by a day: what has ended stays ended.
    let set_back = Moment { wall: Timestamp(at(SESSION).wall.0 - 86_400), ..at(SESSION) };
    assert_eq!(readiness.standing(set_back, None).state, ReadinessState::NotReady);
}

#[test]
fn lying_expiries_are_bounded() {
    for (ends, good_for) in [(None, 900), (Some(u64::from(u32::MAX)), 12 * 3600), (Some(0), 0)] {
        let mut readiness = new();
        readiness.observe(&report(&[], ends), at(10));
        assert_eq!(state(&readiness, 10).0, ReadinessState::Ready);
        fails(&mut readiness, Code::Throttled, 10);
        assert_eq!(state(&readiness, 10 + good_for).0, ReadinessState::NotReady);
        assert!(good_for == 0 || state(&readiness, 9 + good_for).0 == ReadinessState::Degraded);
    }
}

#[test]
fn a_stuck_worker_is_not_ready_and_then_not_live() {
    let seconds = Duration::from_secs;
    for (beat, allowed) in [(Heartbeat::Asleep(seconds(1000)), 1060), (Heartbeat::Round(seconds(1000)), 1030)] {
        assert_eq!(beat.stuck_since(seconds(allowed)), None);
        assert_eq!(beat.stuck_since(seconds(allowed + 1)), Some(seconds(allowed)));
        assert!(beat.is_live(seconds(allowed + 600)));
        assert!(!beat.is_live(seconds(allowed + 601)));
    }
    let mut readiness = new();
    proven(&mut readiness, 0);
    let standing = readiness.standing(at(70), Some(at(60).wall));
    assert_eq!((standing.state, standing.since), (ReadinessState::NotReady, at(60).wall));
    fails(&mut readiness, Code::IdentityMismatch, 50);
    assert_eq!(readiness.standing(at(70), Some(at(60).wall)).reason, ReadinessReason::Wrong(Code::IdentityMismatch));
}

#[test]
fn disabled_is_ready_and_says_so() {
    let readiness = Readiness::new(Some("INC-42".to_owned()), at(0));
    let standing = readiness.standing(at(86_400), Some(at(3).wall));
    assert_eq!((standing.state, standing.reason), (ReadinessState::Ready, ReadinessReason::Disabled("INC-42".to_owned())));
    assert!(readiness.is_started());
}

/// Two rounds with each code beside a failure of the application: the state is the same as without that failure. Both rounds got credentials, or
/// the code says why not.
#[test]
fn the_application_never_changes_the_state() {
    let is_application = |code: &&Code| code.step() == Step::Application;
    let others: Vec<Option<Code>> = Code::ALL.iter().filter(|code| !is_application(code)).copied().map(Some).chain([None]).collect();
    let reports = |beside: Option<Code>| -> Vec<Report> {
        let codes = |other: &Option<Code>| -> Vec<Code> { other.iter().copied().chain(beside).collect() };
        others.iter().map(|other| report(&codes(other), Some(SESSION))).collect()
    };
    let outcome = |rounds: [&Report; 2]| {
        let mut readiness = new();
        readiness.observe(rounds[0], at(10));
        readiness.observe(rounds[1], at(20));
        let standing = |seconds| readiness.standing(at(seconds), None);
        (standing(21), standing(SESSION), readiness.is_started())
    };
    let without = reports(None);
    for code in Code::ALL.iter().filter(is_application) {
        let with = reports(Some(*code));
        for (first, second) in (0..others.len()).flat_map(|first| (0..others.len()).map(move |second| (first, second))) {
            let expected = outcome([&without[first], &without[second]]);
            assert_eq!(outcome([&with[first], &with[second]]), expected, "{:?}, {:?} with {code}", others[first], others[second]);
        }
    }
}

/// Nothing is injected, and the application's profile is the reason: no credentials were given, and no other failure says why.
#[test]
fn without_an_identity_the_application_proves_nothing() {
    for code in Code::ALL.iter().copied().filter(|code| code.step() == Step::Application) {
        let mut readiness = new();
        readiness.observe(&report(&[code], None), at(1));
        assert!(!state(&readiness, 2).0.is_ready() && !readiness.is_started(), "{code}");
        proven(&mut readiness, 3);
        readiness.observe(&report(&[code], None), at(4));
        assert_eq!(
            (state(&readiness, 5).0 == ReadinessState::Ready, state(&readiness, 3 + SESSION).0),
            (false, ReadinessState::NotReady),
            "{code}"
        );
    }
}
