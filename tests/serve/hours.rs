//! Hours of a sidecar's life beside an STS that is down, slow, flapping or lying: on a clock that runs hundreds of times as fast,
//! with state, metrics and the number of requests looked at on the way.

use super::child::Serve;
use super::{EXCHANGE, asked, sandbox};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::Sandbox;

use super::support;

/// An hour in six seconds.
const RATE: u32 = 600;

fn hours(count: f64) -> Duration {
    Duration::from_secs_f64(count * 3600.0 / f64::from(RATE))
}

fn script(sandbox: &Sandbox, script: Value) {
    sandbox.set_world(|world| world.sts.script = serde_json::from_value(script).unwrap());
}

fn unavailable() -> Value {
    json!({"*": [{"status": 503, "code": "ServiceUnavailable", "message": "try later"}]})
}

#[test]
fn a_healthy_day_stays_within_the_budget_of_requests() {
    let sandbox = sandbox("{}");
    let serve = Serve::fast(&sandbox, RATE, &[]);
    serve.until_state("ready");
    let started = Instant::now();
    let (exchanged, identified) = (asked(&sandbox, EXCHANGE), asked(&sandbox, "GetCallerIdentity"));
    std::thread::sleep(hours(3.0));
    let (more, more_identified) = (asked(&sandbox, EXCHANGE) - exchanged, asked(&sandbox, "GetCallerIdentity") - identified);
    // Four an hour; the first one comes after a part of an interval. The sleep may have been longer than asked for.
    let slept = started.elapsed().as_secs_f64() / hours(1.0).as_secs_f64();
    let most = (4.0 * slept).ceil() as usize + 1;
    // The budget is what counts; that rounds go on at all, a machine that stops for seconds must not put in doubt.
    assert!((4..=most).contains(&more), "{more} exchanges in {slept} hours");
    assert!(more_identified.abs_diff(more) <= 1);
    assert_eq!(serve.logged("state changed").len(), 1);
    serve.finish(&sandbox);
}

#[test]
fn sts_down_for_hours_is_borne_for_one_and_costs_little() {
    let sandbox = sandbox("{}");
    // A session of twelve seconds, so that a busy machine sees the state within it.
    let serve = Serve::fast(&sandbox, RATE / 2, &[]);
    serve.until_state("ready");
    script(&sandbox, unavailable());
    let broken = asked(&sandbox, EXCHANGE);
    let started = Instant::now();
    let degraded = serve.until_state("degraded");
    assert_eq!(degraded["report"]["rootCause"]["code"], "sts-unavailable");
    assert_eq!((serve.get("/readyz").status, serve.get("/livez").status), (200, 200));
    let down = serve.until_state("not-ready");
    assert!(down["reason"].as_str().unwrap().contains("ended at"), "{}", down["reason"]);
    assert_eq!((serve.get("/readyz").status, serve.get("/livez").status, serve.get("/startupz").status), (503, 200, 200));
    std::thread::sleep(hours(2.0));
    let metrics = serve.get("/metrics");
    assert_eq!(metrics.metric("irsa_probe_ready"), Some(0.0));
    assert_eq!(metrics.metric("irsa_probe_state{state=\"not-ready\"}"), Some(1.0));
    assert_eq!(metrics.metric("irsa_probe_endpoint_up{region=\"us-west-2\"}"), Some(0.0));
    // Ten tries while the backoff grows, then eight an hour, by chance up to twice as many.
    let tried = asked(&sandbox, EXCHANGE) - broken;
    let slept = started.elapsed().as_secs_f64() / (2.0 * hours(1.0).as_secs_f64());
    assert!(tried as f64 <= 20.0 + 16.0 * slept, "{tried} tries in {slept} hours");
    script(&sandbox, json!({}));
    serve.until_state("ready");
    assert_eq!(serve.get("/readyz").status, 200);
    serve.finish(&sandbox);
}

#[test]
fn a_slow_sts_is_not_a_broken_one() {
    let sandbox = sandbox(r#"{"sts":{"script":{"*":[{"delayMs":700}]}}}"#);
    let serve = Serve::fast(&sandbox, RATE, &[]);
    serve.until_state("ready");
    let status = serve.until_rounds(4);
    assert!(status["history"].as_array().unwrap().iter().all(|round| round["verdict"] == "pass"), "{}", status["history"]);
    assert_eq!(status["state"], "ready");
    // The witness is cut off every time; it gives up, rather than double the calls for ever.
    let rounds = serve.until_rounds(8)["history"].as_array().unwrap().len();
    let exchanged = asked(&sandbox, EXCHANGE);
    assert!(exchanged <= rounds + 5, "{exchanged} exchanges in {rounds} rounds");
    serve.finish(&sandbox);
}

#[test]
fn a_flapping_sts_never_takes_the_pod_out_of_service() {
    let sandbox = sandbox("{}");
    // A session of eighteen seconds: a machine that stops for a while must not end one.
    let serve = Serve::fast(&sandbox, RATE / 3, &[]);
    serve.until_state("ready");
    let started = Instant::now();
    let mut before = asked(&sandbox, EXCHANGE);
    let begun = before;
    while started.elapsed() < hours(2.0) {
        script(&sandbox, json!({"*": [{"status": 400, "code": "Throttling", "message": "Rate exceeded"}]}));
        serve.until_state("degraded");
        assert_eq!(serve.get("/readyz").status, 200);
        script(&sandbox, json!({}));
        serve.until_state("ready");
        let now = asked(&sandbox, EXCHANGE);
        assert!(now > before);
        before = now;
    }
    let slept = started.elapsed().as_secs_f64() / hours(1.0).as_secs_f64();
    assert!((before - begun) as f64 <= 20.0 + 40.0 * slept, "{} tries in {slept} hours", before - begun);
    assert!(serve.logged("state changed").iter().all(|line| line["state"] != "not-ready"));
    serve.finish(&sandbox);
}

#[test]
fn a_lying_sts_is_not_believed() {
    let sandbox = sandbox(r#"{"sts":{"reach":"override"}}"#);
    let serve = Serve::fast(&sandbox, RATE, &[]);
    serve.until_state("ready");
    // A captive portal's page, and success: nothing that STS would send, so the proof stands as it is.
    script(
        &sandbox,
        json!({"*": [{"raw": {"status": 200, "headers": {"content-type": "text/html"}, "body": "<html>Welcome to the guest network</html>"}}]}),
    );
    let status = serve.until_state("degraded");
    assert_eq!(status["report"]["rootCause"]["code"], "not-sts");
    // Another identity, in STS's own words: not ready at once.
    let intruder = std::fs::read_to_string("tests/scenarios/identity/identity-mismatch/situation.json").unwrap();
    script(&sandbox, serde_json::from_str::<Value>(&intruder).unwrap()["sts"]["script"].clone());
    let status = serve.until_state("not-ready");
    assert_eq!(status["report"]["rootCause"]["code"], "identity-mismatch");
    // That it cannot be asked again takes nothing back, even once the old proof has ended.
    script(&sandbox, unavailable());
    serve.until("/status", |reply| reply.json()["report"]["rootCause"]["code"] == "sts-unavailable");
    assert!(serve.status()["reason"].as_str().unwrap().starts_with("identity-mismatch"));
    std::thread::sleep(hours(1.2));
    assert_eq!(serve.get("/readyz").status, 503);
    script(&sandbox, json!({}));
    serve.until_state("ready");
    serve.finish(&sandbox);
}
