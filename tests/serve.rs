//! The sidecar as the kubelet, Prometheus and a person meet it: the real binary, before the strict fakes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "serve/child.rs"]
mod child;
#[path = "serve/crowd.rs"]
mod crowd;
#[path = "serve/greedy.rs"]
mod greedy;
#[path = "serve/hours.rs"]
mod hours;
mod support;

use child::{PATIENCE, Serve, Stepped};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::Duration;
use support::state::{Record, Service};
use support::{Sandbox, World};

fn sandbox(world: &str) -> Sandbox {
    Sandbox::start(&serde_json::from_str::<World>(world).unwrap())
}

/// What STS was asked, by operation.
fn asked(sandbox: &Sandbox, operation: &str) -> usize {
    sandbox.requests().iter().filter(|record: &&Record| record.service == Service::Sts && record.operation == operation).count()
}

const EXCHANGE: &str = "AssumeRoleWithWebIdentity";

#[test]
fn a_healthy_pod_becomes_ready_and_says_nothing_more() {
    let sandbox = sandbox("{}");
    let serve = Serve::start(&sandbox, &["--interval", "1s"]);
    let status = serve.until_rounds(3);
    assert_eq!((&status["schema"], &status["state"]), (&json!("irsa-probe/status/v1"), &json!("ready")));
    assert_eq!(status["report"]["identity"]["role"], "checkout");
    assert_eq!(status["report"]["chain"]["provider"], "irsa");
    for (path, status, body) in [
        ("/livez", 200, "ok\n"),
        ("/healthz", 200, "ok\n"),
        ("/readyz", 200, "ok\n"),
        ("/startupz", 200, "ok\n"),
        ("/readyz/", 404, "no such page"),
        ("/nothing", 404, "no such page"),
    ] {
        let reply = serve.get(path);
        assert_eq!(reply.status, status, "{path}");
        assert!(reply.body.starts_with(body) || status == 404, "{path}: {}", reply.body);
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
    }
    let page = serve.get("/");
    assert!(page.header("content-security-policy").is_some_and(|csp| csp.starts_with("default-src 'none'")), "{}", page.head);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(serve.get("/status").header("content-type"), Some("application/json"));
    assert_eq!(serve.get("/metrics").header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let verbose = serve.get("/readyz?verbose").body;
    assert!(verbose.contains("[+]worker ok\n") && verbose.ends_with("readyz check passed\n"), "{verbose}");
    let head = serve.request("HEAD /readyz HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
    assert_eq!((head.status, head.body.as_str(), head.header("content-length")), (200, "", Some("3")));
    let post = serve.request("POST /readyz HTTP/1.1\r\nHost: probe\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD")));

    let metrics = serve.get("/metrics");
    for (series, value) in [
        ("irsa_probe_ready", 1.0),
        ("irsa_probe_state{state=\"ready\"}", 1.0),
        ("irsa_probe_state{state=\"degraded\"}", 0.0),
        ("irsa_probe_identity_matches", 1.0),
        ("irsa_probe_consecutive_failures", 0.0),
    ] {
        assert_eq!(metrics.metric(series), Some(value), "{series}");
    }
    // Every round exchanged the token once, one may be at it, and the witness went along once; it is called two times more at most, should
    // a busy machine have taken its 1.2 s from it.
    let least = serve.rounds();
    let exchanged = asked(&sandbox, EXCHANGE);
    let most = serve.rounds() + 4;
    assert!((least..=most).contains(&exchanged), "{exchanged} exchanges in {least} rounds");
    let log = serve.finish(&sandbox);
    let messages: Vec<String> =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["message"].as_str().unwrap().to_owned()).collect();
    assert_eq!(messages, ["serving", "state changed", "draining"], "{log}");
}

/// A profile names the identity, and a further role is assumed with it. A trust policy that no longer lets the first role in is seen in a round.
#[test]
fn a_pod_whose_identity_comes_by_a_profile_becomes_ready() {
    let target = "arn:aws:iam::444455556666:role/target";
    let role = "arn:aws:iam::111122223333:role/apps/checkout";
    let sandbox = sandbox(
        &json!({
            "env": {"AWS_ROLE_ARN": null, "AWS_WEB_IDENTITY_TOKEN_FILE": null, "AWS_PROFILE": "app"},
            "iam": {"roles": [{"allows": [target]}, {"arn": target, "trust": {"principal": role}}]},
            "files": {"home/.aws/config": format!(
                "[profile app]\nrole_arn = {target}\nsource_profile = base\n\n[profile base]\nrole_arn = {role}\nweb_identity_token_file = {{token}}\n"
            )}
        })
        .to_string(),
    );
    let serve = Serve::start(&sandbox, &["--interval", "1s"]);
    let status = serve.until_state("ready");
    assert_eq!((&status["report"]["identity"]["role"], &status["report"]["chain"]["provider"]), (&json!("target"), &json!("profile")));
    assert_eq!(status["report"]["expected"]["hops"], json!([role, target]));
    let hops = serve.get("/metrics").metric("irsa_probe_sts_requests_total{code=\"ok\",operation=\"AssumeRole\",region=\"us-west-2\"}");
    assert!(hops.is_some_and(|hops| hops >= 1.0), "{hops:?}");
    assert!(serve.get("/").body.contains("IRSA by profile app"));
    sandbox.set_world(|world| {
        if let Some(roles) = &mut world.iam.roles {
            roles[1].trust = None;
        }
    });
    let status = serve.until_state("degraded");
    assert_eq!(status["report"]["rootCause"]["code"], "trust-policy-denied");
    assert_eq!(serve.get("/readyz").status, 200);
    serve.finish(&sandbox);
}

#[test]
fn the_next_round_lies_within_one_interval() {
    let sandbox = sandbox("{}");
    let serve = Serve::start(&sandbox, &[]);
    let status = serve.until_state("ready");
    let seconds = |value: &Value| irsa_probe::core::text::time::Timestamp::parse(value.as_str().unwrap()).unwrap().0;
    let wait = seconds(&status["nextRound"]) - seconds(&status["report"]["time"]);
    // Counted from the round's end; each time is cut to a second.
    let took = status["history"][0]["durationMs"].as_i64().unwrap() / 1000;
    assert!((0..=900 + took + 2).contains(&wait), "{wait} after {took}");
    assert_eq!(status["history"].as_array().unwrap().len(), 1);
    serve.finish(&sandbox);
}

#[test]
fn a_status_conforms_to_its_schema() {
    let read = |name: &str| -> Value { serde_json::from_str(&std::fs::read_to_string(format!("docs/{name}")).unwrap()).unwrap() };
    let report = jsonschema::validator_for(&read("report.v1.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&read("status.v1.schema.json")).unwrap();
    for world in ["{}", r#"{"iam":{"roles":[]}}"#, r#"{"inject":["pod-identity"]}"#, r#"{"inject":[]}"#] {
        let sandbox = sandbox(world);
        let serve = Serve::start(&sandbox, &["--interval", "1s"]);
        let status = serve.until_rounds(1);
        for (validator, part) in [(&schema, &status), (&report, &status["report"])] {
            let errors: Vec<String> = validator.iter_errors(part).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{world}: {errors:?}");
        }
        serve.finish(&sandbox);
    }
}

#[test]
fn what_fails_to_renew_is_tolerated_and_logged_once_a_round() {
    let sandbox = sandbox("{}");
    let serve = Serve::start(&sandbox, &["--interval", "1s"]);
    serve.until_state("ready");
    sandbox.set_world(|world| world.iam.roles = Some(Vec::new()));
    let status = serve.until_state("degraded");
    assert_eq!(status["report"]["rootCause"]["code"], "trust-policy-denied");
    let ready = serve.get("/readyz");
    assert_eq!((ready.status, ready.body.as_str()), (200, "ok\n"));
    let verbose = serve.get("/readyz?verbose").body;
    assert!(verbose.contains("failed: trust-policy-denied (tolerated") && verbose.contains("[+]state degraded ok: "), "{verbose}");
    let metrics = serve.get("/metrics");
    assert_eq!(metrics.metric("irsa_probe_ready"), Some(1.0));
    assert_eq!(metrics.metric("irsa_probe_root_cause{code=\"trust-policy-denied\"}"), Some(1.0));
    assert!(metrics.metric("irsa_probe_consecutive_failures").unwrap() >= 1.0);
    sandbox.set_world(|world| world.iam.roles = None);
    serve.until_state("ready");
    let failures = serve.get("/metrics").metric("irsa_probe_rounds_total{verdict=\"fail\"}").unwrap();
    // Only the log of a process that has ended is complete.
    let log = serve.finish(&sandbox);
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |message: &str| lines.iter().filter(|line| line["message"] == message).collect::<Vec<_>>();
    let changes: Vec<_> = of("state changed").iter().map(|line| (line["was"].as_str().unwrap(), line["state"].as_str().unwrap())).collect();
    assert_eq!(changes, [("starting", "ready"), ("ready", "degraded"), ("degraded", "ready")]);
    let failed = of("round failed");
    assert!(!failed.is_empty() && failed.len() as f64 == failures, "{} lines of {failures} rounds\n{log}", failed.len());
    for line in failed {
        assert_eq!(
            (&line["code"], &line["step"], &line["region"]),
            (&json!("trust-policy-denied"), &json!("assume-role"), &json!("us-west-2"))
        );
        assert!(line["request_id"].as_str().is_some_and(|id| id.len() > 8), "{line}");
    }
}

/// The exchange fails and IMDS gives the node's role: each page says so while the pod is still ready.
#[test]
fn a_failing_round_still_says_what_the_node_gives() {
    let sandbox = sandbox(r#"{"imds":"v2"}"#);
    let serve = Serve::start(&sandbox, &["--interval", "1s"]);
    serve.until_state("ready");
    sandbox.set_world(|world| world.iam.roles = Some(Vec::new()));
    let status = serve.until_state("degraded");
    assert_eq!(status["report"]["rootCause"]["code"], "trust-policy-denied");
    let codes: Vec<&str> = status["report"]["findings"].as_array().unwrap().iter().filter_map(|finding| finding["code"].as_str()).collect();
    assert_eq!(codes, ["trust-policy-denied", "node-role-reachable"]);
    let verbose = serve.get("/readyz?verbose").body;
    assert!(verbose.contains("[+]node-role ok, warning: node-role-reachable"), "{verbose}");
    let page = serve.get("/").body;
    assert!(page.contains("<dt>Meanwhile</dt>") && page.contains("use the node&#39;s role eks-node"), "{page}");
    let metrics = serve.get("/metrics");
    assert_eq!(metrics.metric("irsa_probe_node_role_reachable{version=\"v2\"}"), Some(1.0));
    assert_eq!(metrics.metric("irsa_probe_finding{code=\"node-role-reachable\",severity=\"warn\"}"), Some(1.0));
    assert_eq!(metrics.metric("irsa_probe_root_cause{code=\"trust-policy-denied\"}"), Some(1.0));
    serve.finish(&sandbox);
}

/// What is ignored is no failure under --strict, and no metric has it. Report, page and ?verbose still name it.
#[test]
fn what_is_ignored_is_named_and_counts_nowhere() {
    let sandbox = sandbox(r#"{"imds":"v2"}"#);
    let strict = ["--interval", "1s", "--strict"];
    let serve = Serve::start(&sandbox, &[&strict[..], &["--ignore", "node-role-reachable"]].concat());
    let status = serve.until_state("ready");
    let finding = &status["report"]["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["severity"], &finding["ignored"]),
        (&json!("node-role-reachable"), &json!("warn"), &json!(true))
    );
    let verbose = serve.get("/readyz?verbose").body;
    assert!(verbose.contains("[+]node-role ok, ignored: node-role-reachable"), "{verbose}");
    assert!(serve.get("/").body.contains("ignored (--ignore)"));
    let metrics = serve.get("/metrics");
    assert_eq!(metrics.metric("irsa_probe_finding{code=\"node-role-reachable\",severity=\"warn\"}"), None);
    assert_eq!(metrics.metric("irsa_probe_node_role_reachable{version=\"v2\"}"), None);
    serve.finish(&sandbox);
    // Another code is ignored.
    let serve = Serve::start(&sandbox, &[&strict[..], &["--ignore", "node-role-reachable-v1"]].concat());
    serve.until_state("not-ready");
    let metrics = serve.get("/metrics");
    assert_eq!(metrics.metric("irsa_probe_finding{code=\"node-role-reachable\",severity=\"fail\"}"), Some(1.0));
    assert_eq!(metrics.metric("irsa_probe_node_role_reachable{version=\"v2\"}"), Some(1.0));
    serve.finish(&sandbox);
}

#[test]
fn another_identity_is_not_ready_at_once() {
    let sandbox = sandbox(r#"{"sts":{"reach":"override"}}"#);
    let serve = Serve::start(&sandbox, &["--interval", "1s"]);
    serve.until_state("ready");
    let intruder = std::fs::read_to_string("tests/scenarios/identity/identity-mismatch/situation.json").unwrap();
    let script = serde_json::from_str::<Value>(&intruder).unwrap()["sts"]["script"].clone();
    sandbox.set_world(|world| world.sts.script = serde_json::from_value(script).unwrap());
    serve.until_state("not-ready");
    let ready = serve.get("/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.body.starts_with("not-ready: identity-mismatch"), "{}", ready.body);
    // Alive, and started once: neither a restart nor a start-up probe has to do with it.
    assert_eq!((serve.get("/livez").status, serve.get("/startupz").status), (200, 200));
    assert_eq!(serve.get("/metrics").metric("irsa_probe_identity_matches"), Some(0.0));
    serve.finish(&sandbox);
}

#[test]
fn nothing_configured_is_never_ready() {
    let sandbox = sandbox(r#"{"inject":[]}"#);
    let serve = Serve::start(&sandbox, &["--interval", "1s"]);
    let status = serve.until_rounds(2);
    assert_eq!((&status["state"], &status["report"]["rootCause"]["code"]), (&json!("not-ready"), &json!("not-injected")));
    assert_eq!((serve.get("/readyz").status, serve.get("/startupz").status, serve.get("/livez").status), (503, 503, 200));
    assert_eq!(serve.get("/metrics").metric("irsa_probe_ready"), Some(0.0));
    serve.finish(&sandbox);
}

#[test]
fn sts_out_of_reach_from_the_start_is_starting() {
    let sandbox = sandbox(r#"{"sts":{"reach":"refused"}}"#);
    let serve = Serve::start(&sandbox, &["--interval", "1s"]);
    let status = serve.until_rounds(2);
    assert_eq!((&status["state"], &status["report"]["verdict"]), (&json!("starting"), &json!("unknown")));
    let ready = serve.get("/readyz");
    assert_eq!((ready.status, serve.get("/startupz").status), (503, 503));
    assert!(ready.body.contains("connect-refused"), "{}", ready.body);
    serve.finish(&sandbox);
}

#[test]
fn switched_off_it_is_ready_says_so_and_calls_nobody() {
    let sandbox = sandbox("{}");
    for broken in [None, Some("IRSA_PROBE_INTERVAL"), Some("IRSA_PROBE_STRICT")] {
        let mut command = Command::new("/usr/bin/env");
        command.arg("IRSA_PROBE_DISABLED=INC-42 <b>");
        command.args(broken.map(|name| format!("{name}=nonsense")));
        let serve = Serve::spawn(&sandbox, command.args([env!("CARGO_BIN_EXE_irsa-probe"), "serve"]));
        let status = serve.status();
        assert_eq!((&status["state"], &status["report"], &status["nextRound"]), (&json!("ready"), &Value::Null, &Value::Null));
        assert!(status["reason"].as_str().unwrap().contains("INC-42"));
        assert_eq!(["/readyz", "/startupz", "/livez"].map(|path| serve.get(path).status), [200; 3]);
        assert!(serve.get("/readyz?verbose").body.contains("INC-42"));
        assert!(serve.get("/").body.contains("INC-42 &lt;b&gt;"));
        assert_eq!(serve.get("/metrics").metric("irsa_probe_ready"), Some(1.0));
        serve.finish(&sandbox);
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn get_asks_for_an_exec_probe() {
    let sandbox = sandbox("{}");
    let serve = Serve::start(&sandbox, &["--interval", "1s"]);
    serve.until_state("ready");
    let get = |args: &[&str], listen: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_irsa-probe"))
            .args(args)
            .env_clear()
            .env("IRSA_PROBE_LISTEN", listen)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let here = serve.address.to_string();
    assert_eq!(get(&["get", "readyz"], &here), (0, "ok\n".to_owned(), String::new()));
    assert_eq!(get(&["get", "/livez"], &here).0, 0);
    assert!(get(&["get", "readyz?verbose"], &here).1.ends_with("readyz check passed\n"));
    let (code, status, _) = get(&["get", "status"], &here);
    assert_eq!((code, serde_json::from_str::<Value>(&status).unwrap()["state"].clone()), (0, json!("ready")));
    // A page that always says yes is no question.
    assert_eq!(get(&["get", "nonsense"], &here).0, 2);
    assert_eq!(get(&["get", ""], &here).0, 2);
    // Where it listens on every address, it is asked on the loopback.
    assert_eq!(get(&["get", "readyz", "--listen", &format!(":{}", serve.address.port())], "").0, 0);
    sandbox.set_world(|world| {
        world.sts.script =
            serde_json::from_value(json!({"GetCallerIdentity": [{"status": 403, "code": "InvalidClientTokenId", "message": "no"}]}))
                .unwrap()
    });
    serve.until_state("degraded");
    assert_eq!(get(&["get", "readyz"], &here).0, 0);
    serve.finish(&sandbox);
    let (code, out, error) = get(&["get", "readyz"], &here);
    assert_eq!((code, out.as_str(), error.lines().count()), (1, "", 1));
    assert!(error.contains("is irsa-probe serve running here"), "{error}");
}

/// The text of the last round, from memory. `get` exits by its verdict, which readiness need not share.
#[test]
fn the_last_report_is_a_page_and_get_exits_by_its_verdict() {
    let get = |serve: &Serve| {
        let listen = serve.address.to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
        let output = command.args(["get", "report", "--listen", &listen]).env_clear().stdin(Stdio::null()).output().unwrap();
        assert!(output.stderr.is_empty(), "{output:?}");
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let hanging = sandbox(r#"{"sts":{"script":{"*":[{"hang":"response"}]}}}"#);
    let serve = Serve::start(&hanging, &[]);
    let (code, text) = get(&serve);
    assert!(code == Some(1) && text.starts_with("there is no report yet: ") && text.lines().count() == 1, "{text}");
    assert_eq!(serve.get("/report").status, 503);
    serve.finish(&hanging);

    let sandbox = sandbox("{}");
    let serve = Serve::start(&sandbox, &["--interval", "1h"]);
    let page = serve.until("/report", |reply| reply.status == 200);
    assert_eq!(page.header("content-type"), Some("text/plain; charset=utf-8"));
    let calls = asked(&sandbox, EXCHANGE);
    let (code, text) = get(&serve);
    assert!(code == Some(0) && text.starts_with("as of 20") && text.contains("PASS") && !text.contains('\u{1b}'), "{text}");
    let head = serve.request("HEAD /report HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(asked(&sandbox, EXCHANGE), calls, "a request causes no call");
    serve.finish(&sandbox);

    let denied = self::sandbox(r#"{"iam":{"roles":[]}}"#);
    let serve = Serve::start(&denied, &["--interval", "1h"]);
    let page = serve.until("/report", |reply| !reply.body.contains("no report yet"));
    assert_eq!(page.status, 503);
    let (code, text) = get(&serve);
    assert!(code == Some(1) && text.contains("trust-policy-denied"), "{text}");
    serve.finish(&denied);

    let disabled = self::sandbox(r#"{"env":{"IRSA_PROBE_DISABLED":"INC-42"}}"#);
    let serve = Serve::start(&disabled, &[]);
    let (code, text) = get(&serve);
    assert!(code == Some(1) && text.contains("INC-42"), "no check, no verdict: {text}");
}

#[test]
fn a_port_in_use_is_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_irsa-probe"))
        .args(["serve", "--listen", &address])
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), error.lines().count()), (Some(1), 1), "{error}");
    assert!(error.contains(&address) && error.contains("--listen"), "{error}");
}

#[test]
fn sigterm_drains_and_a_second_one_aborts() {
    let sandbox = sandbox(r#"{"sts":{"script":{"*":[{"hang":"response"}]}}}"#);
    // In the middle of a round that hangs.
    let serve = Serve::start(&sandbox, &[]);
    serve.signal(Signal::TERM);
    assert_eq!(serve.ended().0, 0);
    let serve = Serve::start(&sandbox, &[]);
    serve.signal(Signal::INT);
    assert_eq!(serve.ended().0, 0);
    // A client that does not finish its request holds the drain up for its two seconds; the second signal does not wait for it. Both come
    // while the process stands still, so that it finds both. Should the client's time have ended before, it is tried again.
    let aborted = (0..5).any(|_| {
        let serve = Serve::start(&sandbox, &[]);
        let mut slow = std::net::TcpStream::connect(serve.address).unwrap();
        std::io::Write::write_all(&mut slow, b"GET /readyz HTTP/1.1\r\n").unwrap();
        serve.until("/livez", |reply| reply.status == 200);
        for signal in [Signal::STOP, Signal::TERM, Signal::INT, Signal::CONT] {
            serve.signal(signal);
        }
        let code = serve.ended().0;
        assert!([0, 130, 143].contains(&code), "{code}");
        code != 0
    });
    assert!(aborted, "a second signal never cut a drain short");
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let sandbox = sandbox("{}");
    // A pipe that is read up to the address, and never again.
    let (reader, writer) = std::io::pipe().unwrap();
    let mut filler = writer.try_clone().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_irsa-probe"))
        .args(["serve", "--interval", "1s", "--log-level", "debug", "--log-format", "json", "--listen", "127.0.0.1:0"])
        .env_clear()
        .envs(sandbox.env())
        .stdin(Stdio::null())
        .stderr(writer)
        .spawn()
        .unwrap();
    let mut reader = std::io::BufReader::with_capacity(1, reader);
    let address = loop {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
        if let Some(address) = serde_json::from_str::<Value>(&line).unwrap()["address"].as_str() {
            break address.to_owned();
        }
    };
    // A few lines more, and it is full.
    fill(&mut filler);
    let ask =
        |path: &str| Command::new(env!("CARGO_BIN_EXE_irsa-probe")).args(["get", path, "--listen", &address]).env_clear().output().unwrap();
    let rounds = |count: usize| {
        let reached = || {
            let status = serde_json::from_slice::<Value>(&ask("status").stdout).ok();
            status.map_or(0, |status| status["history"].as_array().unwrap().len())
        };
        let (mut last, mut since) = (0, std::time::Instant::now());
        while last < count {
            let now = reached();
            if now > last {
                (last, since) = (now, std::time::Instant::now());
            }
            assert!(since.elapsed() < PATIENCE, "it has stopped after {last} rounds");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    rounds(1);
    // Failing rounds write a line of half a kilobyte each.
    sandbox.set_world(|world| world.iam.roles = Some(Vec::new()));
    rounds(20);
    assert!(ask("readyz").status.success() && ask("livez").status.success());
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(reader);
}

/// Writes into a pipe until it takes no more; what is written leaves room for a line or two, as a pipe is made of pages.
fn fill(pipe: &mut std::io::PipeWriter) {
    let flags = rustix::fs::fcntl_getfl(&*pipe).unwrap();
    rustix::fs::fcntl_setfl(&*pipe, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    while std::io::Write::write(pipe, &[b'x'; 1024]).is_ok() {}
    rustix::fs::fcntl_setfl(&*pipe, flags).unwrap();
}

#[test]
fn the_default_chain_is_asked_again_when_what_it_said_cannot_be_true_any_more() {
    // A profile that appears while STS is down is seen once it is up again.
    let pod = sandbox("{}");
    let serve = Serve::start(&pod, &["--interval", "1s"]);
    assert_eq!(serve.until_state("ready")["report"]["chain"]["provider"], "irsa");
    pod.set_world(|world| {
        world.sts.script = serde_json::from_value(json!({"*": [{"status": 503, "code": "ServiceUnavailable", "message": "no"}]})).unwrap()
    });
    serve.until_state("degraded");
    let home = pod.dir().join("home/.aws");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(
        home.join("config"),
        "[default]\nregion = us-west-2\nrole_arn = arn:aws:iam::111122223333:role/apps/checkout\nweb_identity_token_file = /nowhere\n",
    )
    .unwrap();
    // A round reads it while there is nothing to witness.
    let rounds = serve.status()["history"].as_array().unwrap().len();
    serve.until_rounds(rounds + 3);
    pod.set_world(|world| world.sts.script.clear());
    serve.until("/status", |reply| reply.json()["report"]["rootCause"]["code"] == "chain-disagrees");
    drop(serve);

    // An association that was moved to another role is no disagreement: the chain moves along.
    let pod = sandbox(r#"{"inject":["pod-identity"],"iam":{"roles":[{},{"arn":"arn:aws:iam::111122223333:role/other"}]}}"#);
    let serve = Serve::start(&pod, &["--interval", "1s"]);
    serve.until_state("ready");
    pod.set_world(|world| world.role = "arn:aws:iam::111122223333:role/other".to_owned());
    let status = serve.until("/status", |reply| reply.json()["report"]["identity"]["role"] == "other").json();
    assert_eq!((&status["state"], &status["report"]["rootCause"]), (&json!("ready"), &Value::Null), "{status}");
    serve.finish(&pod);
}

#[test]
fn a_rotated_token_is_tried_at_once() {
    let sandbox = sandbox("{}");
    let mut life = Stepped::start(&sandbox, &["--interval", "10h"]);
    let witnessed = asked(&sandbox, EXCHANGE);
    sandbox.rotate_tokens();
    // The files are looked at every fifteen seconds.
    life.pass_to_round(Duration::from_secs(15));
    let status = life.serve.status();
    assert_eq!((&status["state"], &status["history"][0]["trigger"]), (&json!("ready"), &json!("file-changed")));
    // The witness went along, because the file is one of its own.
    assert_eq!(asked(&sandbox, EXCHANGE), witnessed * 2);
    life.serve.finish(&sandbox);
}

#[test]
fn a_root_filesystem_that_cannot_be_written_and_no_environment_do_not_matter() {
    let sandbox = sandbox("{}");
    let serve = Serve::spawn(&sandbox, Command::new("/usr/bin/env").arg("-C").arg("/").args([env!("CARGO_BIN_EXE_irsa-probe"), "serve"]));
    serve.until_state("ready");
    let open = std::fs::read_dir(format!("/proc/{}/fd", serve.pid())).unwrap();
    let files: Vec<String> =
        open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()).map(|path| path.display().to_string()).collect();
    // Nothing that lies in a file system is held open, for reading or writing.
    assert!(files.iter().all(|path| !path.starts_with('/') || path.starts_with("/dev/")), "{files:?}");
    serve.finish(&sandbox);
}
