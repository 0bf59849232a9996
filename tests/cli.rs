//! The binary as a person, a pipeline and the kubelet meet it: exit codes, streams, signals, variables, the termination message.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::ffi::OsStr;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use irsa_probe::core::catalogue::Code;
use irsa_probe::core::check::report::{RunTimes, report};
use irsa_probe::core::evidence::Evidence;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{Sandbox, World, until};

const HEALTHY: &str = "{}";
const DENIED: &str = r#"{"iam":{"roles":[]}}"#;
/// No machine is so busy that it takes longer; what hangs here hangs for good.
const LONG: Duration = Duration::from_secs(120);
/// For what ends by itself.
const AMPLE: &str = "120s";
/// For what is tried again until then: it has to be waited out, and leaves a busy machine the time for an attempt.
const TRIED: &str = "4s";
/// Permanent: fails at once.
const MALFORMED: &str = r#"{"env":{"AWS_ROLE_ARN":"checkout"}}"#;
const REFUSED: &str = r#"{"sts":{"reach":"refused"}}"#;
const HANGING: &str = r#"{"sts":{"script":{"*":[{"hang":"response"}]}}}"#;
/// The resolver reads a FIFO that nobody writes to.
const HUNG_RESOLVER: &str = r#"{"sts":{"reach":"name:sts"},"env":{"HOSTALIASES":"{dir}/aliases"},"files":{"aliases":{"fifo":true}}}"#;
const HUNG_AGENT: &str = r#"{"inject":["pod-identity"],"agent":{"mode":"hang"}}"#;
const WARNING: &str = r#"{"inject":["pod-identity"],"proxy":{"capturesHttp":true}}"#;

fn sandbox(world: &str) -> Sandbox {
    let world: World = serde_json::from_str(world).unwrap();
    Sandbox::start(&world)
}

/// The binary with nothing but the pod's environment.
fn probe(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = bare(args);
    command.envs(sandbox.env());
    command
}

fn bare(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().args(args).stdin(Stdio::null());
    command
}

/// Runs it, and sees that no secret was written.
fn run(sandbox: &Sandbox, command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let (out, err) = texts(&output);
    for secret in sandbox.secrets() {
        assert!(!out.contains(&secret) && !err.contains(&secret), "a secret of {} characters was written", secret.len());
    }
    (output.status.code(), out, err)
}

fn texts(output: &Output) -> (String, String) {
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

fn check(world: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let sandbox = sandbox(world);
    let timeout = if [DENIED, REFUSED, HUNG_RESOLVER].contains(&world) { TRIED } else { AMPLE };
    run(&sandbox, probe(&sandbox, &["check", "--timeout", timeout, "--termination-log", "none"]).args(args))
}

fn json(out: &str) -> Value {
    serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn exit_codes_and_last_lines() {
    for (world, exit, verdict) in [
        (HEALTHY, 0, "√ PASS this pod is arn:"),
        (MALFORMED, 1, "× FAIL role-arn-malformed: "),
        (DENIED, 1, "× FAIL trust-policy-denied: "),
        (REFUSED, 3, "‼ UNKNOWN connect-refused: "),
    ] {
        let (code, out, _) = check(world, &[]);
        assert_eq!(code, Some(exit), "{out}");
        assert!(out.rsplit("\n\n").next().unwrap().starts_with(verdict), "{out}");
        let (code, quiet, _) = check(world, &["-q"]);
        assert_eq!((code, quiet.lines().count()), (Some(exit), 1), "{quiet}");
        assert!(quiet.starts_with(verdict), "{quiet}");
        let (code, verbose, _) = check(world, &["--verbose"]);
        assert_eq!(code, Some(exit), "{verbose}");
        assert!(verbose.contains("\ninjection\n---------\n") && verbose.contains(&format!("\n{}", quiet.trim_end())), "{verbose}");
        assert!(out.ends_with('\n') && !out.contains('\u{1b}'), "no colours in a pipe: {out}");
    }
}

#[test]
fn advisory_reports_and_exits_0() {
    for (world, verdict) in [(MALFORMED, "fail"), (REFUSED, "unknown"), (HEALTHY, "pass")] {
        let (code, out, _) = check(world, &["--advisory", "--output", "json"]);
        assert_eq!((code, json(&out)["verdict"].as_str()), (Some(0), Some(verdict)));
    }
}

#[test]
fn warnings_fail_under_strict_only() {
    assert_eq!(check(WARNING, &[]).0, Some(0));
    let (code, out, _) = check(WARNING, &["--strict", "--output", "json"]);
    assert_eq!((code, codes(&json(&out))), (Some(1), vec!["proxy-captures-agent"]));
    // Information never fails.
    assert_eq!(check(r#"{"sts":{"reach":"override"}}"#, &["--strict"]).0, Some(0));
}

/// Starts a check that hangs for an hour, waits until `hangs`, sends a signal, and says how it ended.
fn signalled(world: &str, signal: Signal, hangs: impl Fn(&Sandbox) -> bool) -> Output {
    let sandbox = sandbox(world);
    let mut command = probe(&sandbox, &["check", "--timeout", "1h", "--termination-log", "none"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("it hangs", || hangs(&sandbox));
    kill_process(Pid::from_child(&child), signal).unwrap();
    within(child, LONG)
}

/// The child's output; one that outlives its time is killed and fails the test.
fn within(mut child: Child, limit: Duration) -> Output {
    let end = Instant::now() + limit;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            child.kill().unwrap();
            panic!("it did not end within {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn signals_end_it_at_once() {
    let called = |service| move |sandbox: &Sandbox| sandbox.requests().iter().any(|request| request.service == service);
    // A FIFO can be opened for writing without a wait once somebody reads it; as long as it is held, the reader gets no end of file.
    let held = std::cell::RefCell::new(None);
    let resolving = |sandbox: &Sandbox| {
        use rustix::fs::{Mode, OFlags};
        let opened = rustix::fs::open(sandbox.dir().join("aliases"), OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty());
        opened.map(|fifo| held.replace(Some(fifo))).is_ok()
    };
    let ends = [
        signalled(HANGING, Signal::TERM, called(support::Service::Sts)),
        signalled(HUNG_AGENT, Signal::TERM, called(support::Service::Agent)),
        signalled(HUNG_RESOLVER, Signal::TERM, resolving),
    ];
    for output in ends {
        let (out, err) = texts(&output);
        assert_eq!((output.status.code(), out.as_str()), (Some(143), ""), "{err}");
    }
    assert_eq!(signalled(HANGING, Signal::INT, called(support::Service::Sts)).status.code(), Some(130));
}

#[test]
fn a_hung_resolver_does_not_hold_up_the_exit() {
    let sandbox = sandbox(HUNG_RESOLVER);
    let mut command = probe(&sandbox, &["check", "--timeout", TRIED, "--termination-log", "none", "--output", "json"]);
    let output = within(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), LONG);
    assert_eq!((output.status.code(), codes(&json(&texts(&output).0))[0]), (Some(3), "dns-failed"));
}

#[test]
fn the_off_switch_does_nothing_and_says_so() {
    let sandbox = sandbox(MALFORMED);
    let log = sandbox.dir().join("termination-log");
    std::fs::write(&log, "before").unwrap();
    let mut command = probe(&sandbox, &["check", "--termination-log", log.to_str().unwrap(), "--no-such-flag"]);
    let (code, out, err) = run(&sandbox, command.env("IRSA_PROBE_DISABLED", "INC-42\u{1b}[31m: we know\n"));
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert!(err.contains("INC-42") && err.contains("IRSA_PROBE_DISABLED"), "{err}");
    assert!(err.lines().count() == 1 && !err.contains('\u{1b}'), "{err:?}");
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "before");
    assert_eq!(sandbox.requests().len(), 0);
    // Empty is unset, as templates leave it.
    let (code, ..) = run(&sandbox, probe(&sandbox, &["check", "--termination-log", "none"]).env("IRSA_PROBE_DISABLED", ""));
    assert_eq!(code, Some(1));
}

#[test]
fn flags_of_check_have_twins_in_the_environment() {
    let sandbox = sandbox(WARNING);
    let twin = |env: &[(&str, &str)], args: &[&str]| {
        let quiet = [("IRSA_PROBE_TERMINATION_LOG", "none"), ("IRSA_PROBE_TIMEOUT", AMPLE)];
        run(&sandbox, probe(&sandbox, &["check"]).envs(quiet).envs(env.iter().copied()).args(args))
    };
    let (code, out, _) = twin(&[("IRSA_PROBE_OUTPUT", "json"), ("IRSA_PROBE_STRICT", "true")], &[]);
    assert_eq!((code, json(&out)["verdict"].as_str()), (Some(1), Some("fail")));
    assert_eq!(twin(&[("IRSA_PROBE_STRICT", "yes"), ("IRSA_PROBE_ADVISORY", "1")], &[]).0, Some(0));
    // Empty is unset, and the command line wins.
    let empty =
        ["OUTPUT", "STRICT", "TIMEOUT", "EXPECT_ROLE_ARN", "PROVIDER", "STS_REGION", "LOG_LEVEL", "LOG_FORMAT", "NO_IMDS", "ADVISORY"];
    let empty: Vec<String> = empty.iter().map(|name| format!("IRSA_PROBE_{name}")).collect();
    let empty: Vec<(&str, &str)> = empty.iter().map(|name| (name.as_str(), "")).collect();
    let (code, out, _) = twin(&empty, &[]);
    assert_eq!(code, Some(0));
    assert!(out.lines().last().unwrap().starts_with("√ PASS "), "{out}");
    assert_eq!(twin(&[("IRSA_PROBE_STRICT", "true")], &["--strict=false"]).0, Some(0));
    let (code, out, _) = twin(
        &[("IRSA_PROBE_EXPECT_ROLE_ARN", "arn:aws:iam::111122223333:role/other"), ("IRSA_PROBE_STS_REGION", "us-west-2, us-east-2")],
        &["--output=json"],
    );
    assert_eq!((code, json(&out)["rootCause"]["code"].as_str()), (Some(1), Some("identity-mismatch")));
    assert_eq!(json(&out)["endpoints"].as_array().unwrap().len(), 2);
    let (_, out, err) = twin(&[("IRSA_PROBE_LOG_LEVEL", "trace"), ("IRSA_PROBE_LOG_FORMAT", "json"), ("IRSA_PROBE_NO_IMDS", "true")], &[]);
    assert!(!out.contains("IMDS is out of reach"), "{out}");
    assert!(!err.is_empty() && err.lines().all(|line| json(line).is_object()), "{err}");
}

/// A policy that lets `shop/checkout` in, and the flags by which that is decided without a token.
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.example"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.example:sub":"system:serviceaccount:shop:checkout","oidc.example:aud":"sts.amazonaws.com"}}}]}"#;
const EVALUATE: [&str; 9] = [
    "trust-policy",
    "--issuer=https://oidc.example",
    "--audience=sts.amazonaws.com",
    "--role-arn=arn:aws:iam::111122223333:role/checkout",
    "--service-account=checkout",
    "-n",
    "shop",
    "--check",
    "-",
];

/// What a command ends with: exit code, standard output, standard error.
type Ended = (Option<i32>, String, String);

fn ended(args: &[&str], env: &[(&str, &str)], input: &str) -> Ended {
    use std::io::Write as _;
    let mut command = bare(args);
    command.envs(env.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who does not read it closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let (out, err) = texts(&output);
    (output.status.code(), out, err)
}

/// Variables of the pod's own commands that a pod, or a shell that was set up for one, may have.
const OF_THE_POD: [(&str, &str); 12] = [
    ("IRSA_PROBE_LIST", "true"),
    ("IRSA_PROBE_OUTPUT", "evidence"),
    ("IRSA_PROBE_FILE", "/no/such/file"),
    ("IRSA_PROBE_CHECK", "/no/such/file"),
    ("IRSA_PROBE_ENV", "/no/such/file"),
    ("IRSA_PROBE_SDK", "cobol"),
    ("IRSA_PROBE_ROLE_ARN", "checkout"),
    ("IRSA_PROBE_AUDIENCE", "elsewhere"),
    ("IRSA_PROBE_NAMESPACE", "Elsewhere"),
    ("IRSA_PROBE_TIMEOUT", "soon"),
    ("IRSA_PROBE_STRICT", "perhaps"),
    ("IRSA_PROBE_LOG_LEVEL", "loud"),
];

#[test]
fn variables_change_no_command_of_a_workstation() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    // Neither kubectl nor aws, and no files of the user's.
    let own = [("HOME", dir), ("PATH", dir)];
    for (args, exit, says) in [
        (&["explain", "dns-failed"][..], 0, "dns-failed: "),
        (&["explain", "-"], 0, "trust-policy-denied"),
        (&EVALUATE, 0, "allow"),
        (&["sdks", "--sdk", "go-v2"], 0, "go-v2"),
        (&["doctor", "-n", "shop", "checkout"], 3, "kubectl is not on the PATH"),
        (&["install", dir], 0, "irsa-probe"),
    ] {
        let input =
            if args[0] == "trust-policy" { POLICY } else { "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity" };
        let plain = ended(args, &own, input);
        assert_eq!(plain.0, Some(exit), "{args:?}: {plain:?}");
        let text = [plain.1.as_str(), plain.2.as_str()].concat();
        assert!(text.to_lowercase().contains(&says.to_lowercase()), "{args:?}: {plain:?}");
        let untimed = |ended: &Ended| (ended.0, without_time(&ended.1), ended.2.clone());
        for variable in OF_THE_POD {
            assert_eq!(untimed(&ended(args, &[&own[..], &[variable]].concat(), input)), untimed(&plain), "{args:?} with {variable:?}");
        }
        assert_eq!(untimed(&ended(args, &[&own[..], &OF_THE_POD].concat(), input)), untimed(&plain), "{args:?} with all");
    }
}

/// `doctor` says when it looked.
fn without_time(text: &str) -> String {
    let time = regex::Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").unwrap();
    time.replace_all(text, "TIME").into_owned()
}

/// The near misses: the same by a flag changes the result, and the same variables change what runs in pods.
#[test]
fn flags_still_change_what_variables_no_longer_do() {
    let plain = ended(&["explain", "dns-failed"], &[], "");
    let listed = ended(&["explain", "--list", "dns-failed"], &[], "");
    assert_eq!((plain.0, listed.0), (Some(0), Some(0)));
    assert!(listed.1.contains("trust-policy-denied") && !plain.1.contains("trust-policy-denied"));
    let (code, out, err) = ended(&["explain", "--output", "evidence", "dns-failed"], &[], "");
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1));
    assert!(err.contains("--output") && err.contains("text, json"), "{err}");
    let (code, out, _) = ended(&[&EVALUATE[..], &["--output=json"]].concat(), &[], POLICY);
    assert_eq!((code, json(&out)["decision"].as_str()), (Some(0), Some("allow")));
    assert_eq!(ended(&["explain", "--log-level", "loud", "dns-failed"], &[], "").0, Some(2));

    let sandbox = sandbox(MALFORMED);
    let (code, out, _) = run(
        &sandbox,
        probe(&sandbox, &["check", "--termination-log", "none"]).env("IRSA_PROBE_OUTPUT", "evidence").env("IRSA_PROBE_LIST", "x"),
    );
    assert_eq!((code, json(&out)["schema"].as_str()), (Some(1), Some("irsa-probe/evidence/v1")));
    // Nobody listens there: `get` went where the variable says, and logged as the other says.
    let twins = [("IRSA_PROBE_LISTEN", "127.0.0.1:1"), ("IRSA_PROBE_LOG_LEVEL", "debug"), ("IRSA_PROBE_LOG_FORMAT", "json")];
    let (code, _, err) = ended(&["get", "readyz"], &twins, "");
    assert!(code == Some(1) && err.contains("no answer from http://127.0.0.1:1/readyz"), "{err}");
    assert!(err.lines().any(|line| line.starts_with('{')), "{err}");
    assert!(!ended(&["get", "readyz"], &twins[..1], "").2.contains('{'));
}

#[test]
fn a_flag_of_another_command_is_named_with_the_command() {
    let word = |command: &str| match command {
        "get" => vec!["readyz"],
        "install" => vec!["/no/such/folder"],
        "explain" => vec!["dns-failed"],
        "doctor" => vec!["checkout"],
        _ => vec![],
    };
    for command in ["get", "install", "explain", "trust-policy", "sdks", "doctor"] {
        for flag in
            ["--expect-role-arn=arn:aws:iam::111122223333:role/a", "--provider=irsa", "--sts-region=us-west-2", "--strict", "--no-imds"]
        {
            let name = flag.split('=').next().unwrap();
            // It says how strict a scan is.
            if (command, name) == ("sdks", "--strict") {
                continue;
            }
            for args in [[&[command, flag], word(command).as_slice()].concat(), [&[flag, command], word(command).as_slice()].concat()] {
                let (code, out, err) = ended(&args, &[], "");
                assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1), "{args:?}");
                assert!(err.starts_with(&format!("irsa-probe: {name} is not a flag of {command}; check, serve")), "{err}");
                assert!(err.ends_with(&format!(" take it (see irsa-probe {command} --help)\n")), "{err}");
            }
        }
    }
    for (command, flag) in
        [("check", "--interval=1h"), ("check", "--list"), ("serve", "--output=json"), ("exec", "--pid=1"), ("sdks", "-n=shop")]
    {
        let (code, out, err) = ended(&[command, flag], &[], "");
        assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1), "{err}");
        let name = if flag == "-n=shop" { "--namespace" } else { flag.split('=').next().unwrap() };
        assert!(err.contains(&format!("{name} is not a flag of {command}")), "{err}");
    }
}

/// One line names the code, whichever way it was given, before anything is checked or started. A known code is taken, also that of a failure.
#[test]
fn an_unknown_code_cannot_be_ignored() {
    for command in [&["check"][..], &["serve"], &["exec", "--", "/no/such/program"]] {
        let why = format!(
            "\"node-role\" is no code of the catalogue; irsa-probe explain --list shows the codes (see irsa-probe {} --help)\n",
            command[0]
        );
        let flag = [&["--ignore", "sdk-differs,node-role"], command].concat();
        assert_eq!(ended(&flag, &[], ""), (Some(2), String::new(), format!("irsa-probe: --ignore: {why}")), "{command:?}");
        let variable = [("IRSA_PROBE_IGNORE", "node-role")];
        assert_eq!(ended(command, &variable, ""), (Some(2), String::new(), format!("irsa-probe: IRSA_PROBE_IGNORE: {why}")), "{command:?}");
    }
    let (code, out, err) = ended(&["check", "--ignore=not-injected,pods-refused", "--no-imds", "--termination-log=none"], &[], "");
    assert!((code, err.as_str()) == (Some(1), "") && out.contains("\n× FAIL not-injected: "), "{out}{err}");
}

#[test]
fn every_command_takes_the_flags_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    for (args, exit) in [
        (&["explain", "dns-failed"][..], 0),
        (&EVALUATE, 0),
        (&["sdks"], 0),
        (&["doctor", "-n", "shop", "checkout"], 3),
        (&["install", dir], 0),
        (&["get", "readyz", "--listen", "127.0.0.1:1"], 1),
    ] {
        let plain = ended(args, &[("HOME", dir), ("PATH", dir)], POLICY);
        let logged = ended(&[args, &["--log-level", "error", "--log-format=json"]].concat(), &[("HOME", dir), ("PATH", dir)], POLICY);
        assert_eq!((plain.0, logged.0), (Some(exit), Some(exit)), "{args:?}: {plain:?} {logged:?}");
        assert_eq!(without_time(&logged.1), without_time(&plain.1), "{args:?}");
        let (code, out, err) = ended(&[args, &["--log-level", "loud"]].concat(), &[("HOME", dir), ("PATH", dir)], POLICY);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}");
        assert!(err.contains("--log-level") && err.contains("\"loud\""), "{err}");
    }
}

/// Arguments, variables, and what the one line must name.
type Misuse<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn bad_input_gets_one_line_that_names_it_and_its_cure() {
    let cases: &[Misuse] = &[
        (&[], &[], &["which command", "(see irsa-probe --help)"]),
        (&["chekc"], &[], &["\"chekc\"", "did you mean check?", "(see irsa-probe --help)"]),
        (&[""], &[], &["\"\"", "check, serve"]),
        (&["check", ""], &[], &["\"\"", "(see irsa-probe check --help)"]),
        (&["check", "--timout", "5s"], &[], &["--timout", "did you mean --timeout?", "(see irsa-probe check --help)"]),
        (&["get", "reddyz"], &[], &["\"reddyz\"", "did you mean readyz?"]),
        (&["check", "--app-sdk", "java-v22"], &[], &["\"java-v22\"", "did you mean java-v2?"]),
        (&["completions", "fihs"], &[], &["\"fihs\"", "did you mean fish?"]),
        (&["check", "-t"], &[], &["-t", "--help"]),
        (&["check", "--timeout", "5"], &[], &["--timeout", "\"5\""]),
        (&["check", "--timeout", "0s"], &[], &["--timeout", "60s"]),
        (&["check", "--timeout"], &[], &["--timeout", "value"]),
        (&["check", "--strict=perhaps"], &[], &["--strict", "\"perhaps\"", "true"]),
        (&["check", "--output", "yaml"], &[], &["--output", "\"yaml\"", "json"]),
        (&["check", "--provider", "oidc"], &[], &["--provider", "\"oidc\"", "pod-identity"]),
        (&["check", "--sts-region", "mars"], &[], &["--sts-region", "\"mars\""]),
        (&["check", "--expect-role-arn", "checkout"], &[], &["--expect-role-arn", "\"checkout\"", "arn:aws:iam::"]),
        (&["check", "now"], &[], &["\"now\""]),
        (&["check", "--list"], &[], &["--list", "check"]),
        (&["explain"], &[], &["CODE", "--list"]),
        (&["check"], &[("IRSA_PROBE_TIMEOUT", "soon")], &["IRSA_PROBE_TIMEOUT", "\"soon\""]),
        (&["check"], &[("IRSA_PROBE_LOG_LEVEL", "loud")], &["IRSA_PROBE_LOG_LEVEL", "\"loud\"", "debug"]),
        (&["check"], &[("IRSA_PROBE_EXPECT_ROLE_ARN", "x\n\u{1b}[31my")], &["IRSA_PROBE_EXPECT_ROLE_ARN"]),
    ];
    for (args, env, named) in cases {
        let output = bare(args).envs(env.iter().copied()).output().unwrap();
        let (out, err) = texts(&output);
        assert_eq!((output.status.code(), out.as_str(), err.lines().count()), (Some(2), "", 1), "{args:?} {env:?}: {err}");
        assert!(named.iter().all(|text| err.contains(text)), "{args:?} {env:?}: {err}");
        assert!(!err.contains('\u{1b}') && err.starts_with("irsa-probe: ") && err.ends_with(" --help)\n"), "{err:?}");
    }
    let output = bare(&["check"]).arg(OsStr::from_bytes(b"--timeout=\xff")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_evidence_is_the_whole_of_what_was_judged() {
    let mixed = r#"{"inject":["irsa","pod-identity"],"imds":"v2"}"#;
    for world in [HEALTHY, DENIED, REFUSED, WARNING, MALFORMED, mixed, r#"{"inject":[],"imds":"v2"}"#] {
        let (code, evidence, _) = check(world, &["--output", "evidence"]);
        let (wanted_code, wanted, _) = check(world, &["--output", "json"]);
        let evidence: Evidence = serde_json::from_str(&evidence).unwrap();
        let again = serde_json::to_value(report(&evidence, RunTimes { duration_ms: 0, attempts: 1 })).unwrap();
        let wanted = json(&wanted);
        assert_eq!(code, wanted_code);
        assert_eq!(codes(&again), codes(&wanted), "{world}");
        // Session names and ports differ from run to run.
        for part in [
            "/verdict",
            "/rootCause/code",
            "/expected",
            "/identity/role",
            "/identity/provider",
            "/chain/provider",
            "/node",
            "/token/subject",
        ] {
            assert_eq!(again.pointer(part), wanted.pointer(part), "{world}: {part}");
        }
    }
}

#[test]
fn the_termination_message_goes_where_it_is_asked() {
    let sandbox = sandbox(MALFORMED);
    let path = sandbox.dir().join("log");
    let text = path.to_str().unwrap();
    let to = |target: &str| run(&sandbox, &mut probe(&sandbox, &["check", "--termination-log", target]));
    // Made when it was asked for, and overwritten whole.
    for before in [None, Some("x".repeat(4000))] {
        if let Some(before) = before {
            std::fs::write(&path, before).unwrap();
        }
        assert_eq!(to(text).0, Some(1));
        let message = std::fs::read_to_string(&path).unwrap();
        assert!(message.starts_with("role-arn-malformed: ") && message.len() <= 1024, "{message}");
        assert!(message.contains("\ncause: ") && message.contains("\nfix: "), "{message}");
    }
    std::fs::remove_file(&path).unwrap();
    let (code, _, err) = to("none");
    assert_eq!((code, path.exists(), err.as_str()), (Some(1), false, ""));
    // Neither a folder that is missing nor a FIFO without a reader changes the verdict, and nothing hangs.
    let fifo = sandbox.dir().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o644), 0).unwrap();
    for target in [format!("{text}/no/such/folder"), fifo.to_str().unwrap().to_owned()] {
        let (code, _, err) = to(&target);
        assert_eq!(code, Some(1));
        assert!(err.contains("termination message could not be written") && err.contains(&target), "{err}");
    }
    // The default is the kubelet's file, which is not there outside of Kubernetes: not worth a word.
    if std::path::Path::new("/dev/termination-log").exists() {
        return support::skipped("this machine has a /dev/termination-log: what happens without one is not tested");
    }
    let (code, _, err) = run(&sandbox, &mut probe(&sandbox, &["check"]));
    assert_eq!((code, err.as_str()), (Some(1), ""));
    assert!(!std::path::Path::new("/dev/termination-log").exists());
}

#[test]
fn the_termination_message_is_short_and_only_for_failures() {
    let long = format!(
        r#"{{"sts":{{"script":{{"*":[{{"status":403,"code":"AccessDenied","message":"{}"}}]}}}}}}"#,
        "Nicht erlaubt: äöü€ ".repeat(200)
    );
    let sandbox = sandbox(&long);
    let path = sandbox.dir().join("log");
    let args = ["check", "--timeout", TRIED, "--termination-log", path.to_str().unwrap()];
    assert_eq!(run(&sandbox, &mut probe(&sandbox, &args)).0, Some(1));
    let message = std::fs::read(&path).unwrap();
    assert!(message.len() <= 1024 && message.len() > 900, "{}", message.len());
    let message = String::from_utf8(message).unwrap();
    assert!(message.starts_with("trust-policy-denied: ") && message.lines().count() == 3, "{message}");

    std::fs::write(&path, "before").unwrap();
    sandbox.set_world(|world| world.sts.script.clear());
    assert_eq!(run(&sandbox, &mut probe(&sandbox, &args)).0, Some(0));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
}

#[test]
fn the_result_is_on_stdout_and_the_log_on_stderr() {
    let (code, out, err) = check(REFUSED, &["--output", "json", "--log-level", "trace", "--log-format", "json"]);
    assert_eq!((code, json(&out)["verdict"].as_str()), (Some(3), Some("unknown")));
    assert!(!err.is_empty() && err.lines().all(|line| json(line)["level"].is_string()), "{err}");
    assert!(err.contains("not proven yet") && err.contains("connect-refused"), "{err}");
    let (_, out, err) = check(REFUSED, &["--log-level", "off"]);
    assert!(out.contains("\n‼ UNKNOWN ") && err.is_empty(), "{err}");
    // At its default level a healthy pod has nothing to say there.
    let (_, out, err) = check(HEALTHY, &[]);
    assert!(out.contains("\n√ PASS ") && err.is_empty() && !err.contains('\u{1b}'), "{err}");
}

#[test]
fn a_locale_without_utf_8_gets_ascii_signs() {
    let sandbox = sandbox(MALFORMED);
    let args = ["check", "-v", "--termination-log", "none"];
    let (_, out, _) = run(&sandbox, probe(&sandbox, &args).env("LC_ALL", "C"));
    assert!(out.is_ascii() && out.contains("\nx FAIL role-arn-malformed: ") && out.contains("\n+ "), "{out}");
    let (_, out, _) = run(&sandbox, probe(&sandbox, &args).env("LC_ALL", "en_US.UTF-8").env("LANG", "C"));
    assert!(out.contains("\n× FAIL role-arn-malformed: "), "{out}");
}

#[test]
fn prose_has_the_width_of_the_terminal_and_commands_are_whole() {
    let sandbox = sandbox(DENIED);
    let text =
        |columns: &str| run(&sandbox, probe(&sandbox, &["check", "--timeout=1s", "--termination-log", "none"]).env("COLUMNS", columns)).1;
    let commands = |out: &str| {
        out.lines().filter(|line| line.contains("1. aws iam ") || line.contains("3. aws iam ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let (narrow, wide) = (text("60"), text("100"));
    assert_eq!(commands(&narrow), commands(&wide));
    let longest = |out: &str| out.lines().filter(|line| line.starts_with("  why ")).map(|line| line.chars().count()).max();
    assert!(longest(&narrow) <= Some(60) && longest(&wide) > Some(60), "{narrow}{wide}");
}

#[test]
fn no_colour_is_forced_into_a_pipe() {
    let sandbox = sandbox(MALFORMED);
    for env in [("NO_COLOR", "1"), ("NO_COLOR", ""), ("TERM", "xterm-256color"), ("TERM", "dumb")] {
        let (_, out, err) =
            run(&sandbox, probe(&sandbox, &["check", "--termination-log", "none", "--log-level", "trace"]).env(env.0, env.1));
        assert!(out.contains("× FAIL role-arn-malformed") && !out.contains('\u{1b}') && !err.contains('\u{1b}'), "{out}{err}");
    }
}

#[test]
fn explain_knows_every_code_and_guesses_none() {
    let explain = |args: &[&str]| {
        let output = bare(&["explain"]).args(args).output().unwrap();
        let (out, err) = texts(&output);
        (output.status.code(), out, err)
    };
    let (code, list, _) = explain(&["--list"]);
    assert_eq!(code, Some(0));
    for row in Code::ALL {
        let row = row.row();
        assert!(list.lines().any(|line| line.starts_with(&format!("  {} ", row.code.id())) && line.contains(row.title)), "{}", row.code);
    }
    for id in ["trust-policy-denied", "dns-failed", "agent-unreachable"] {
        let (code, out, err) = explain(&[id]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(["why", "fix", "class", "severity"].iter().all(|entry| out.contains(&format!("\n  {entry} "))), "{out}");
        assert!(out.lines().next().is_some_and(|head| head.contains(&format!(" {id}: "))), "{out}");
        assert_eq!(explain(&[&format!(" {id}\n")]).1, out, "as it is pasted");
    }
    let (code, out, err) = explain(&["trust-policy-deneid"]);
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(1), "", 1));
    assert!(err.contains("; did you mean trust-policy-denied?"), "{err}");
    assert!(!explain(&["trust-policy"]).2.contains("did you mean"), "more than two edits");
    let (code, out, err) = explain(&["nonsense\u{1b}[31m"]);
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(1), "", 1));
    assert!(err.contains("nonsense") && err.contains("--list") && !err.contains('\u{1b}'), "{err:?}");
}

#[test]
fn help_and_version_go_to_stdout() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["--help"], &["Usage: irsa-probe COMMAND", "check", "explain", "143", "IRSA_PROBE_DISABLED"]),
        (&["help"], &["Usage: irsa-probe COMMAND"]),
        (&["-h"], &["Usage: irsa-probe COMMAND"]),
        (&["check", "--help"], &["Usage: irsa-probe check", "--timeout DURATION", "--expect-role-arn ARN", "60s"]),
        (&["help", "explain"], &["Usage: irsa-probe explain [FLAGS] CODE", "--list"]),
        (&["check", "--help", "--timeout"], &["Usage: irsa-probe check", "--timeout DURATION"]),
        (&["check", "--nonsense", "--timeout", "-h"], &["Usage: irsa-probe check", "--timeout DURATION"]),
        (&["--version"], &[env!("CARGO_PKG_VERSION")]),
        (&["-V"], &[env!("CARGO_PKG_VERSION")]),
    ];
    for (args, named) in cases {
        let output = bare(args).output().unwrap();
        let (out, err) = texts(&output);
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{args:?}");
        assert!(named.iter().all(|text| out.contains(text)), "{args:?}: {out}");
        assert!(out.ends_with('\n') && out.lines().all(|line| line == line.trim_end()), "{out}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let sandbox = sandbox(MALFORMED);
    for (mut command, exit) in [
        (probe(&sandbox, &["check", "--termination-log", "none"]), 1),
        (probe(&sandbox, &["check", "--termination-log", "none", "--output", "json"]), 1),
        (bare(&["explain", "--list"]), 0),
        (bare(&["--help"]), 0),
        (bare(&["--version"]), 0),
        (bare(&["man"]), 0),
        (bare(&["completions", "bash"]), 0),
        (bare(&["sdks"]), 0),
        (bare(&["sdks", "--output", "json"]), 0),
        (bare(&["trust-policy", "--format", "json", "--pod-identity"]), 0),
        (bare(&["explain", "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"]), 0),
    ] {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), status.signal(), err.as_str()), (Some(exit), None, ""));
    }
}

#[test]
fn a_signal_ends_it_though_standard_output_blocks() {
    let sandbox = sandbox(MALFORMED);
    let (_reader, writer) = std::io::pipe().unwrap();
    fill(&writer);
    let child = probe(&sandbox, &["check", "--log-level", "off"]).stdout(writer).stderr(Stdio::null()).spawn().unwrap();
    // It has come to the full pipe when all of its threads sleep and none of them has run since the last look.
    let mut before = String::new();
    until("it sleeps", || {
        let now = threads(child.id());
        let rests = now == before && now.contains(" S ") && !now.contains(" R ") && !now.contains(" D ");
        before = now;
        // Until it has its handlers, the signal's own effect is another one.
        rests && catches_sigterm(child.id())
    });
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(within(child, LONG).status.code(), Some(143));
}

/// State and time of each thread, as the kernel counts them (proc(5)).
fn threads(pid: u32) -> String {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let mut stats: Vec<String> = tasks
        .filter_map(|task| {
            let (stat, schedule) =
                (std::fs::read_to_string(task.path().join("stat")), std::fs::read_to_string(task.path().join("schedstat")));
            Some(stat.ok()?.rsplit_once(')')?.1.get(..3)?.to_owned() + &schedule.ok()?)
        })
        .collect();
    stats.sort();
    stats.concat()
}

/// It has a handler of its own.
fn catches_sigterm(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigCgt:")?.trim(), 16).ok());
    caught.is_some_and(|caught| caught & (1 << (Signal::TERM.as_raw() - 1)) != 0)
}

/// Writes until a pipe takes no more.
fn fill(writer: &std::io::PipeWriter) {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let flags = fcntl_getfl(writer).unwrap();
    fcntl_setfl(writer, flags | OFlags::NONBLOCK).unwrap();
    while rustix::io::write(writer, &[b'x'; 4096]).is_ok() {}
    fcntl_setfl(writer, flags).unwrap();
}

#[test]
fn what_cannot_be_said_does_not_change_the_exit_code() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for (args, variable, exit) in
        [(&["check"][..], "IRSA_PROBE_DISABLED", 0), (&["check", "--nope"], "UNUSED", 2), (&["explain", "nosuch"], "UNUSED", 1)]
    {
        let status = bare(args).env(variable, "reason").stdout(full()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(exit), "{args:?}");
    }
}

/// One line for each, with its name and never its value, in whichever command reads variables. It changes nothing else.
#[test]
fn variables_that_no_command_reads_are_warned_about() {
    const SECRET: &str = "hunter2-is-a-secret";
    let sandbox = sandbox(MALFORMED);
    let check = |env: &[(&str, &str)], args: &[&str]| {
        run(&sandbox, probe(&sandbox, &["check", "--termination-log", "none"]).envs(env.iter().copied()).args(args))
    };
    let plain = check(&[], &["--output", "json"]);
    let (code, out, err) = check(&[("IRSA_PROBE_TIMEOUTT", SECRET), ("IRSA_PROBE_WAIT", SECRET)], &["--output", "json"]);
    assert_eq!((code, codes(&json(&out))), (plain.0, codes(&json(&plain.1))));
    let lines: Vec<&str> = err.lines().collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains("WARN")) && !err.contains(SECRET), "{err}");
    assert!(
        lines[0].ends_with("IRSA_PROBE_TIMEOUTT is set, but irsa-probe has no such variable; did you mean IRSA_PROBE_TIMEOUT?"),
        "{err}"
    );
    assert!(lines[1].ends_with("IRSA_PROBE_WAIT is set, but irsa-probe has no such variable"), "{err}");
    // It is a line of the log.
    let (_, _, err) = check(&[("IRSA_PROBE_TIMEOUTT", SECRET)], &["--log-format", "json"]);
    assert!(json(&err)["level"] == "WARN" && json(&err)["message"].as_str().unwrap().contains("IRSA_PROBE_TIMEOUTT"), "{err}");
    for level in ["off", "error"] {
        assert_eq!(check(&[("IRSA_PROBE_TIMEOUTT", SECRET)], &["--log-level", level]).2, "");
    }
    // What Kubernetes makes of a Service's name, a variable of another command, the off-switch as a template leaves it, and other prefixes.
    let known = [
        ("IRSA_PROBE_SERVICE_HOST", "10.0.0.1"),
        ("IRSA_PROBE_SERVICE_PORT_METRICS", "9475"),
        ("IRSA_PROBE_PORT", "tcp://10.0.0.1:9475"),
        ("IRSA_PROBE_PORT_9475_TCP_ADDR", "10.0.0.1"),
        ("IRSA_PROBE_INTERVAL", "5m"),
        ("IRSA_PROBE_DISABLED", ""),
        ("IRSA_PROBE", "x"),
    ];
    assert_eq!(check(&known, &[]).2, "");
    let typo = [("IRSA_PROBE_LISTN", "127.0.0.1:1")];
    let (code, _, err) = ended(&["get", "readyz", "--listen", "127.0.0.1:1"], &typo, "");
    assert!(code == Some(1) && err.contains("did you mean IRSA_PROBE_LISTEN?"), "{err}");
    // What a person types reads no variable, so none is misspelt.
    assert_eq!(ended(&["explain", "dns-failed"], &typo, "").2, "");
    let odd =
        bare(&["get", "readyz", "--listen", "127.0.0.1:1"]).env(OsStr::from_bytes(b"IRSA_PROBE_\xff\n\x1b[31m"), "x").output().unwrap();
    let (_, err) = texts(&odd);
    assert!(odd.status.code() == Some(1) && err.lines().count() == 2 && !err.contains('\u{1b}'), "{err:?}");
}

/// The function that the script defines, asked in bash as readline asks it.
#[test]
fn bash_completes_commands_flags_and_values() {
    let completed = |words: &[&str]| {
        let script = r#"
            source <("$0" completions bash) || exit 3
            COMP_WORDS=(irsa-probe "$@") COMP_CWORD=$#
            _irsa_probe 2>&1
            printf '%s\n' "${COMPREPLY[@]}"
        "#;
        let output = Command::new("bash")
            .args(["--norc", "-u", "-c", script, env!("CARGO_BIN_EXE_irsa-probe")])
            .args(words)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap();
        let (out, err) = texts(&output);
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{words:?}");
        out.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    for (words, all) in [
        (&["che"][..], &["check"][..]),
        (&["--log-level", "debug", "get", "re"], &["readyz", "report"]),
        (&["check", "--output", ""], &["text", "json", "evidence"]),
        (&["check", "--output", "=", "j"], &["json"]),
        (&["check", "--output", "="], &["text", "json", "evidence"]),
        (&["explain", "--output", ""], &["text", "json"]),
        (&["explain", "trust-policy-de"], &["trust-policy-denied"]),
        (&["check", "--ignore", "node-role-reachable-"], &["node-role-reachable-v1"]),
        (&["check", "--app-sdk", "java"], &["java-v1", "java-v2"]),
        (&["check", "--app-sdk", "au"], &["auto"]),
        (&["check", "--adv"], &["--advisory"]),
        (&["check", "--timeout", "5s", "--adv"], &["--advisory"]),
        (&["check", "--timeout", ""], &[]),
        (&["check", "--interval"], &[]),
        (&["doctor", "-n", "shop", "--clu"], &["--cluster"]),
        (&["completions", ""], &["bash", "zsh", "fish"]),
        (&["chekc", "--ti"], &[]),
        // What follows is another program's.
        (&["exec", "--", "/app", "--ti"], &[]),
        (&["exec", "/app", "--ti"], &[]),
        (&["exec", "--timeo"], &["--timeout"]),
    ] {
        assert_eq!(completed(words), all, "{words:?}");
    }
    let commands = completed(&[""]);
    assert!(commands.len() >= 11 && commands.iter().any(|name| name == "completions"), "{commands:?}");
    assert!(completed(&["exec", "--", "bas"]).iter().any(|name| name == "bash"));
}
