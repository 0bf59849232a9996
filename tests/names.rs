//! Names that look like secrets, through the real binary: every command works with them as with ordinary ones, sends them as they are,
//! and shows them whole. `tests/properties/whole.rs` asks the same of the library, with many more names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "properties/allowed.rs"]
mod allowed;
mod support;

use allowed::{FILES, NAMES, OBJECTS, PATHS, PodNames};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};
use support::{Sandbox, World, world};

impl PodNames {
    fn world(&self) -> World {
        let text = |value: &str| Some(value.to_owned());
        World {
            role: self.arn(),
            namespace: self.namespace.clone(),
            service_account: self.account.clone(),
            files: [(self.file.trim_start_matches('/').to_owned(), world::File::Content("{jwt}".to_owned()))].into(),
            env: [
                ("AWS_ROLE_SESSION_NAME".to_owned(), text(&self.session)),
                ("AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(), text(&format!("{{dir}}{}", self.file))),
            ]
            .into(),
            ..World::default()
        }
    }
}

/// Every listed name once as a role's and once as a session's, with the other lists beside them in turn.
fn pods() -> impl Iterator<Item = PodNames> {
    (0..NAMES.len()).map(|nth| PodNames {
        role: NAMES[nth].to_owned(),
        session: NAMES[(nth + 17) % NAMES.len()].to_owned(),
        profile: NAMES[(nth + 29) % NAMES.len()].to_owned(),
        path: PATHS[nth % PATHS.len()].to_owned(),
        file: FILES[nth % FILES.len()].to_owned(),
        namespace: OBJECTS[nth % OBJECTS.len()].to_owned(),
        account: OBJECTS[(nth + 4) % OBJECTS.len()].to_owned(),
    })
}

struct Ran {
    exit: Option<i32>,
    out: String,
    /// All that was written, also to standard error and as the termination message.
    all: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.all))
    }
}

/// A check that was not kept from its result by the time that it had. On a busy machine that takes longer.
fn check(world: &World, args: &[&str]) -> Ran {
    let has_result = |ran: &Ran| {
        let report: Option<Value> = serde_json::from_str(&ran.out).ok();
        // The default chain has 1.2 s, whatever the timeout.
        report.is_none_or(|report| {
            report["rootCause"]["class"] != "transient" && (ran.exit != Some(0) || report["chain"]["provider"] != "none")
        })
    };
    let longer = ["16s", "64s"].into_iter();
    longer.fold(check_within("4s", world, args), |ran, timeout| if has_result(&ran) { ran } else { check_within(timeout, world, args) })
}

fn check_within(timeout: &str, world: &World, args: &[&str]) -> Ran {
    let sandbox = Sandbox::start(world);
    let message = sandbox.dir().join("termination-log");
    std::fs::write(&message, "").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().envs(sandbox.env()).env("IRSA_PROBE_TERMINATION_LOG", &message).stdin(Stdio::null());
    command.args(["check", "--log-level", "trace", "--timeout", timeout]).args(args);
    let output = command.output().unwrap();
    let dir = sandbox.dir().display().to_string();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&dir, "");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let all = [out.as_str(), &err, &std::fs::read_to_string(&message).unwrap().replace(&dir, "")].join("\n");
    for secret in sandbox.secrets() {
        assert!(!all.contains(&secret), "a secret of {} characters was written", secret.len());
    }
    Ran { exit: output.status.code(), out, all }
}

/// A command that needs nothing of a pod.
fn run(args: &[&str], env: &[(&str, &str)], input: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().envs(env.iter().copied()).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read its input ends without it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    Ran { exit: output.status.code(), all: format!("{out}{err}"), out }
}

/// Words alone: without line breaks, and without the quotes around what a shell would obey.
fn bare(text: &str) -> String {
    text.replace(['\'', '"', '\\'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a root cause says, without what differs from run to run.
fn said(report: &Value) -> String {
    let root = &report["rootCause"];
    let request = regex::Regex::new(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    let words = format!("{} {} {} {}", root["code"], root["detail"], root["remedy"], report["expected"]);
    bare(&request.replace_all(&words, "ID"))
}

#[test]
fn a_healthy_pod_of_any_name_passes() {
    for (nth, pod) in pods().enumerate() {
        let arn = pod.arn();
        let ran = check(&pod.world(), &["--output", "json", "--expect-role-arn", &arn]);
        let report = ran.json();
        assert_eq!((ran.exit, &report["findings"]), (Some(0), &json!([])), "{arn} {}", ran.all);
        assert_eq!(report["expected"]["roleArn"], arn.as_str());
        // STS answers with the session that was sent to it.
        assert_eq!(report["identity"]["arn"], pod.session_arn().as_str());
        assert_eq!(report["token"]["path"], pod.file.as_str());
        assert_eq!(
            report["subject"],
            json!({"namespace": pod.namespace, "serviceAccount": pod.account, "pod": report["subject"]["pod"], "node": report["subject"]["node"], "uid": report["subject"]["uid"]})
        );
        assert_eq!(report["chain"]["provider"], "irsa");
        assert!(!ran.all.contains("[redacted"), "{}", ran.all);
        if nth % 4 == 0 {
            let text = check(&pod.world(), &["--output", "text", "-v"]);
            let words = bare(&text.out);
            for name in [arn, pod.session_arn(), pod.file.clone()] {
                assert!(words.contains(&bare(&name)), "{name} is not in {}", text.out);
            }
            assert!(text.exit == Some(0) && !text.all.contains("[redacted"), "{}", text.all);
        }
    }
}

/// Holds what is said of each pod against what is said of an ordinary one, several side by side: most of them wait.
fn are_treated_as_plain(pods: Vec<PodNames>, code: &str, refused: impl Fn(&PodNames) -> World + Sync) {
    let args = ["--output", "json"];
    let plain = ["/", "/x/"].map(|path| (path == "/", said(&check(&refused(&PodNames::plain(path)), &args).json())));
    let judge = |pod: &PodNames| {
        let ran = check(&refused(pod), &args);
        let report = ran.json();
        let (_, plain) = plain.iter().find(|(without, _)| *without == (pod.path == "/")).unwrap();
        assert_eq!((ran.exit, said(&report)), (Some(1), bare(&pod.instead_of_plain(plain))), "{}", ran.all);
        assert_eq!(report["rootCause"]["code"], code, "{}", ran.all);
        assert!(!ran.all.contains("[redacted"), "{}", ran.all);
    };
    std::thread::scope(|scope| {
        for some in pods.chunks(pods.len().div_ceil(8)) {
            scope.spawn(|| some.iter().for_each(judge));
        }
    });
}

#[test]
fn a_denial_says_of_any_name_what_it_says_of_an_ordinary_one() {
    // Such a denial may pass, so that each is tried again for as long as it may.
    are_treated_as_plain(pods().step_by(3).collect(), "trust-policy-denied", |pod| {
        let mut world = pod.world();
        let trust = world::Trust { sub: Some("system:serviceaccount:other:other".to_owned()), ..world::Trust::default() };
        world.iam.roles = Some(vec![world::Role { arn: Some(pod.arn()), trust: Some(trust), ..world::Role::default() }]);
        world
    });
}

#[test]
fn what_sts_quotes_of_any_name_is_whole() {
    are_treated_as_plain(pods().collect(), "role-arn-rejected", |pod| {
        let mut world = pod.world();
        let message =
            format!("Request ARN is invalid: {} of {}; Value '{}' at 'roleSessionName'", pod.arn(), pod.session_arn(), pod.session);
        let act =
            world::Act { status: Some(400), code: Some("ValidationError".to_owned()), message: Some(message), ..world::Act::default() };
        world.sts.script.insert("AssumeRoleWithWebIdentity".to_owned(), world::Script::Steps(vec![world::Step::Act(Box::new(act))]));
        world
    });
}

#[test]
fn a_missing_token_is_named_by_its_whole_path() {
    for file in FILES {
        let mut world = World::default();
        world.env.insert("AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(), Some(file.to_owned()));
        let ran = check(&world, &["--output", "json"]);
        let report = ran.json();
        assert_eq!((ran.exit, &report["rootCause"]["code"]), (Some(1), &json!("token-missing")), "{}", ran.all);
        assert!(report["rootCause"]["detail"].as_str().unwrap().starts_with(&format!("{file}: ")), "{}", report["rootCause"]);
    }
}

/// Names that the configuration files' own grammar takes (AWS SDKs and Tools Reference Guide, "Shared config and credentials files").
#[test]
fn a_profile_of_any_name_is_read() {
    for name in NAMES.iter().filter(|name| !name.contains([',', '='])) {
        for (content, exit, code) in [
            (format!("[profile {name}]\nregion = us-west-2\n"), 0, Value::Null),
            (
                format!("[profile {name}]\naws_access_key_id = {{userKeyId}}\naws_secret_access_key = {{userSecret}}\n"),
                0,
                json!("shadowed-by-profile"),
            ),
        ] {
            let mut world = World::default();
            world.iam.users = vec![world::User { name: "somebody".to_owned(), access_key_id: None, secret_access_key: None }];
            world.env.insert("AWS_PROFILE".to_owned(), Some((*name).to_owned()));
            world.files.insert("home/.aws/config".to_owned(), world::File::Content(content));
            let ran = check(&world, &["--output", "json"]);
            let report = ran.json();
            assert_eq!((ran.exit, &report["findings"][0]["code"]), (Some(exit), &code), "{name} {}", ran.all);
            let detail = report["findings"][0]["detail"].as_str().unwrap_or(name);
            assert!(detail.contains(name) && !ran.all.contains("[redacted"), "{name} {}", ran.all);
        }
    }
}

/// AWS's sentence about a session, in a log beside an error of the network, which is not the root.
#[test]
fn a_denied_session_of_any_name_is_the_principal() {
    let explained = |pod: &PodNames, output: &str| {
        let log = format!(
            "dial tcp: lookup sts.us-west-2.amazonaws.com on 10.100.0.10:53: no such host\n\
             An error occurred (AccessDenied) when calling the GetObject operation: User: {} is not authorized to perform: s3:GetObject on \
             resource: \"arn:aws:s3:::bucket/key\" because no identity-based policy allows the s3:GetObject action\n",
            pod.session_arn()
        );
        run(&["explain", "-", "--output", output], &[], &log)
    };
    let plain = explained(&PodNames::plain("/"), "json").json();
    assert_eq!(plain["rootCause"], "permission-missing");
    let words = allowed::WORDS.map(|word| PodNames { role: word.to_owned(), session: word.to_owned(), ..PodNames::plain("/") });
    for pod in pods().filter(|pod| !pod.session.starts_with("i-")).chain(words) {
        let ran = explained(&pod, "json");
        let found = ran.json();
        assert_eq!((ran.exit, &found["rootCause"]), (Some(0), &json!("permission-missing")), "{}", ran.all);
        assert_eq!(found["matches"][0]["facts"]["principal"], pod.session_arn().as_str());
        for nth in 0..2 {
            for part in ["code", "line", "facts", "remedy", "detail"] {
                let expected = pod.instead_of_plain(&plain["matches"][nth][part].to_string());
                assert_eq!(found["matches"][nth][part].to_string(), expected, "{part} of {}", pod.session_arn());
            }
        }
        let text = explained(&pod, "text");
        assert!(bare(&text.out).contains(&pod.role) && !text.all.contains("[redacted") && !ran.all.contains("[redacted"), "{}", text.all);
    }
}

/// Other roles' names stand among what a statement asks.
#[test]
fn a_trust_policy_names_every_role_whole() {
    let issuer = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    for pod in pods() {
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": [pod.arn(), pod.session_arn()]}},
        }]});
        let (arn, issuer) = (pod.arn(), format!("https://{issuer}"));
        let args = [
            "trust-policy",
            "--check",
            "-",
            "--issuer",
            &issuer,
            "--namespace",
            &pod.namespace,
            "--service-account",
            &pod.account,
            "--role-arn",
            &arn,
        ];
        let json = run(&[&args[..], &["--output", "json"]].concat(), &[], &policy.to_string());
        let text = run(&args, &[], &policy.to_string());
        assert_eq!((json.exit, text.exit), (Some(1), Some(1)), "{}", json.all);
        let reasons = json.json()["statements"][0]["reasons"].as_array().unwrap().clone();
        let reason = reasons.iter().find(|reason| reason["element"] == "Condition.ArnEquals.aws:PrincipalArn").unwrap();
        assert_eq!(reason["wanted"], json!([arn, pod.session_arn()]), "{}", json.all);
        assert!(!json.all.contains("[redacted") && !text.all.contains("[redacted"), "{}{}", json.all, text.all);
        let joined = text.out.split_whitespace().collect::<String>();
        assert!(joined.contains(&format!("{arn},{}", pod.session_arn())), "{arn} is not in {}", text.out);
        // By the environment as by the flag.
        let args = ["trust-policy", "--issuer", &issuer, "--namespace", &pod.namespace, "--service-account", &pod.account];
        let own = run(&args, &[("AWS_ROLE_ARN", &arn)], "");
        let subject = json!(format!("system:serviceaccount:{}:{}", pod.namespace, pod.account));
        assert!(own.exit == Some(0) && own.out.contains(&subject.to_string()), "{}", own.all);
    }
}

#[test]
fn every_sdk_takes_any_name() {
    let predicted = |pod: &PodNames| {
        let arn = pod.arn();
        let content = format!(
            "PATH=/bin\nAWS_ROLE_ARN={arn}\nAWS_WEB_IDENTITY_TOKEN_FILE={}\nAWS_ROLE_SESSION_NAME={}\nAWS_REGION=us-west-2\nAWS_PROFILE={}\n",
            pod.file, pod.session, pod.role
        );
        let ran = run(&["sdks", "--env", "-", "--output", "json"], &[], &content);
        assert_eq!(ran.exit, Some(0), "{}", ran.all);
        bare(&ran.all)
    };
    let plain = ["/", "/x/"].map(|path| (path == "/", predicted(&PodNames::plain(path))));
    for pod in pods() {
        let (_, plain) = plain.iter().find(|(without, _)| *without == (pod.path == "/")).unwrap();
        assert_eq!(predicted(&pod), bare(&pod.instead_of_plain(plain)));
    }
}
