//! Hours of a sidecar's life beside an STS that is down, slow, flapping or lying: on a clock that goes by the test's own steps, with state,
//! metrics and the number of requests looked at on the way.

use super::child::Stepped;
use super::{EXCHANGE, asked, sandbox};
use serde_json::{Value, json};
use std::time::Duration;
use support::Sandbox;

use super::support;

const HOUR: Duration = Duration::from_secs(3600);
/// No two rounds are further apart: an interval and a half.
const APART: Duration = Duration::from_secs(1350);
/// A witness that comes to no result is called again so often, each time for one more exchange (`collect::memory`, `MAX_EMPTY_RESULTS`): it
/// has 1.2 s, which a busy machine can take from it.
const WITNESSES: usize = 3;

fn script(sandbox: &Sandbox, script: Value) {
    sandbox.set_world(|world| world.sts.script = serde_json::from_value(script).unwrap());
}

fn unavailable() -> Value {
    json!({"*": [{"status": 503, "code": "ServiceUnavailable", "message": "try later"}]})
}

fn state(life: &Stepped) -> String {
    life.serve.status()["state"].as_str().unwrap().to_owned()
}

#[test]
fn healthy_hours_stay_within_the_budget_of_requests() {
    let sandbox = sandbox("{}");
    let mut life = Stepped::start(&sandbox, &[]);
    assert_eq!(state(&life), "ready");
    let (rounds, exchanged, identified) = (life.serve.rounds(), asked(&sandbox, EXCHANGE), asked(&sandbox, "GetCallerIdentity"));
    life.pass(6 * HOUR);
    // Four an hour; the first one comes after a part of an interval.
    let more = life.serve.rounds() - rounds;
    assert!((24..=25).contains(&more), "{more} rounds in 6 hours");
    let (exchanges, identities) = (asked(&sandbox, EXCHANGE) - exchanged, asked(&sandbox, "GetCallerIdentity") - identified);
    assert!((more..=more + WITNESSES).contains(&exchanges), "{exchanges} exchanges in {more} rounds");
    assert!(identities <= more + WITNESSES, "{identities} identities asked for in {more} rounds");
    assert_eq!(state(&life), "ready");
    let log = life.serve.finish(&sandbox);
    assert_eq!(log.matches("state changed").count(), 1, "{log}");
}

#[test]
fn sts_down_for_hours_is_borne_for_one_and_costs_little() {
    let sandbox = sandbox("{}");
    let mut life = Stepped::start(&sandbox, &[]);
    assert_eq!(state(&life), "ready");
    script(&sandbox, unavailable());
    let broken = asked(&sandbox, EXCHANGE);
    life.pass_to_round(APART);
    let degraded = life.serve.status();
    assert_eq!((&degraded["state"], &degraded["report"]["rootCause"]["code"]), (&json!("degraded"), &json!("sts-unavailable")));
    assert_eq!((life.serve.get("/readyz").status, life.serve.get("/livez").status), (200, 200));
    // Until shortly before the proven session's end, and a bit beyond it: it began at the start. STS's clock goes on for real, so a busy machine may
    // take some of that time for an exchange.
    let slack = Duration::from_secs(300);
    life.pass(HOUR - slack - life.now);
    assert_eq!(state(&life), "degraded");
    life.pass(2 * slack);
    let down = life.serve.status();
    assert_eq!(down["state"], "not-ready");
    assert!(down["reason"].as_str().unwrap().contains("expired at"), "{}", down["reason"]);
    let statuses = ["/readyz", "/livez", "/startupz"].map(|path| life.serve.get(path).status);
    assert_eq!(statuses, [503, 200, 200]);
    life.pass(2 * HOUR);
    let metrics = life.serve.get("/metrics");
    assert_eq!(metrics.metric("irsa_probe_ready"), Some(0.0));
    assert_eq!(metrics.metric("irsa_probe_state{state=\"not-ready\"}"), Some(1.0));
    assert_eq!(metrics.metric("irsa_probe_endpoint_up{region=\"us-west-2\"}"), Some(0.0));
    // Ten tries while the backoff grows, then eight an hour, by chance up to twice as many.
    let tried = asked(&sandbox, EXCHANGE) - broken;
    assert!((4..=20 + 16 * 3).contains(&tried), "{tried} tries in three hours");
    script(&sandbox, json!({}));
    life.pass_to_round(APART);
    assert_eq!((state(&life).as_str(), life.serve.get("/readyz").status), ("ready", 200));
    life.serve.finish(&sandbox);
}

#[test]
fn a_slow_sts_is_not_a_broken_one() {
    let sandbox = sandbox(r#"{"sts":{"script":{"*":[{"delayMs":700}]}}}"#);
    let mut life = Stepped::start(&sandbox, &[]);
    (0..7).for_each(|_| life.pass_to_round(APART));
    let status = life.serve.status();
    let history = status["history"].as_array().unwrap();
    assert!(history.len() == 8 && history.iter().all(|round| round["verdict"] == "pass"), "{}", status["history"]);
    assert_eq!(status["state"], "ready");
    // The witness is cut off every time; it gives up, rather than double the calls for ever.
    let exchanged = asked(&sandbox, EXCHANGE);
    assert!(exchanged <= 8 + WITNESSES, "{exchanged} exchanges in 8 rounds");
    life.serve.finish(&sandbox);
}

#[test]
fn a_flapping_sts_never_takes_the_pod_out_of_service() {
    let sandbox = sandbox("{}");
    let mut life = Stepped::start(&sandbox, &[]);
    let begun = asked(&sandbox, EXCHANGE);
    for _ in 0..8 {
        let before = asked(&sandbox, EXCHANGE);
        script(&sandbox, json!({"*": [{"status": 400, "code": "Throttling", "message": "Rate exceeded"}]}));
        life.pass_to_round(APART);
        assert_eq!((state(&life).as_str(), life.serve.get("/readyz").status), ("degraded", 200));
        script(&sandbox, json!({}));
        life.pass_to_round(APART);
        assert_eq!(state(&life), "ready");
        assert!(asked(&sandbox, EXCHANGE) >= before + 2);
    }
    let tried = asked(&sandbox, EXCHANGE) - begun;
    assert!(tried <= 16 + WITNESSES, "{tried} tries in 16 rounds");
    let log = life.serve.finish(&sandbox);
    assert!(!log.contains("\"state\":\"not-ready\""), "{log}");
}

#[test]
fn a_lying_sts_is_not_believed() {
    let sandbox = sandbox(r#"{"sts":{"reach":"override"}}"#);
    let mut life = Stepped::start(&sandbox, &[]);
    assert_eq!(state(&life), "ready");
    let seen = |life: &Stepped| {
        let status = life.serve.status();
        (status["state"].as_str().unwrap().to_owned(), status["report"]["rootCause"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let is = |state: &str, code: &str| (state.to_owned(), code.to_owned());
    // A captive portal's page, and success: nothing that STS would send, so the proof stands as it is.
    script(
        &sandbox,
        json!({"*": [{"raw": {"status": 200, "headers": {"content-type": "text/html"}, "body": "<html>Welcome to the guest network</html>"}}]}),
    );
    life.pass_to_round(APART);
    assert_eq!(seen(&life), is("degraded", "not-sts"));
    // Another identity, in STS's own words: not ready at once.
    let intruder = std::fs::read_to_string("tests/scenarios/identity/identity-mismatch/situation.json").unwrap();
    script(&sandbox, serde_json::from_str::<Value>(&intruder).unwrap()["sts"]["script"].clone());
    life.pass_to_round(APART);
    assert_eq!(seen(&life), is("not-ready", "identity-mismatch"));
    // That it cannot be asked again takes nothing back, even once the old proof has ended.
    script(&sandbox, unavailable());
    life.pass_to_round(APART);
    assert_eq!(seen(&life), is("not-ready", "sts-unavailable"));
    assert!(life.serve.status()["reason"].as_str().unwrap().starts_with("identity-mismatch"));
    life.pass(HOUR + HOUR / 5);
    assert_eq!(life.serve.get("/readyz").status, 503);
    script(&sandbox, json!({}));
    life.pass_to_round(APART);
    assert_eq!(state(&life), "ready");
    life.serve.finish(&sandbox);
}
