//! `irsa-probe sdks` through the real binary: its JSON against the published schema, environments in all forms, and no secret anywhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

use irsa_probe::core::sdk::SdkFamily;
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
/// Shaped like the real ones, so that a filter by shape would not save a careless printer.
const CANARIES: [&str; 4] = [
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYKEY1",
    "IQoJb3JpZ2luX2VjEJCANARYSESSION2",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.CANARYSIGNATURE3",
    "hunter2-CANARY4",
];

fn sdks(args: &[&str], vars: &[(&str, &str)], input: Option<&[u8]>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().envs(vars.iter().copied()).arg("sdks").args(args);
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() }).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
        // A program that refuses its input early closes the pipe.
        let _ = pipe.write_all(input);
    }
    let output = child.wait_with_output().unwrap();
    for canary in CANARIES {
        assert!(!text(&output.stdout).contains(canary) && !text(&output.stderr).contains(canary), "{canary} was written");
    }
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(args: &[&str], vars: &[(&str, &str)], input: Option<&[u8]>) -> Value {
    let output = sdks(&[args, &["--output", "json"]].concat(), vars, input);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sdks.v1.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let errors: Vec<String> = schema.iter_errors(&found).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}");
    found
}

fn prediction_of<'a>(found: &'a Value, sdk: &str) -> &'a Value {
    found["sdks"].as_array().unwrap().iter().find(|one| one["sdk"] == sdk).unwrap()
}

/// A token file that `check` would take for one.
fn token(dir: &Path) -> String {
    use base64::Engine as _;
    let part = |json: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json);
    let claims = r#"{"aud":["sts.amazonaws.com"],"exp":4102444800,"iat":1700000000,"iss":"https://oidc.eks.us-west-2.amazonaws.com/id/A","sub":"system:serviceaccount:shop:checkout"}"#;
    let path = dir.join("token");
    std::fs::write(&path, format!("{}.{}.c2ln", part(r#"{"alg":"RS256","kid":"k"}"#), part(claims))).unwrap();
    path.display().to_string()
}

#[test]
fn all_families_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let home = dir.path().display().to_string();
    let vars = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", &token), ("AWS_REGION", "us-west-2"), ("HOME", &home)];
    let found = json(&[], &vars, None);
    let order: Vec<&str> = found["sdks"].as_array().unwrap().iter().map(|one| one["sdk"].as_str().unwrap()).collect();
    assert_eq!(order, SdkFamily::ALL.map(SdkFamily::id));
    assert!(found["sdks"].as_array().unwrap().iter().all(|one| one["outcome"] == "irsa"), "{found}");
    let java = prediction_of(&found, "java-v2");
    assert_eq!((&java["onFailure"], &java["fallsTo"]), (&"falls-through".into(), &"node-role".into()));
    assert_eq!(java["minimum"], serde_json::json!({"irsa": "2.10.11", "podIdentity": "2.21.30"}));
    assert_eq!(prediction_of(&found, "rust")["onFailure"], "stops");
    assert_eq!(
        (&prediction_of(&found, "go-v1")["endpoint"], &prediction_of(&found, "go-v2")["endpoint"]),
        (&"global".into(), &"regional".into())
    );
    assert!(prediction_of(&found, "botocore")["why"].as_str().unwrap().contains("1.40.0 (July 2025)"));
    assert_eq!(prediction_of(&found, "powershell")["unverified"], true);
    assert!(prediction_of(&found, "botocore").get("unverified").is_none());
    assert!(found["assumed"].as_str().unwrap().contains("Nothing was called"));
}

/// This process's files are looked at: a token that is missing is one that no SDK finds.
#[test]
fn files_of_this_process_count() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().display().to_string();
    let missing = format!("{home}/no-token");
    let vars = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", missing.as_str()), ("AWS_REGION", "us-west-2"), ("HOME", &home)];
    let found = json(&[], &vars, None);
    assert_eq!(
        (&prediction_of(&found, "rust")["outcome"], &prediction_of(&found, "java-v2")["outcome"]),
        (&"error".into(), &"node-role".into())
    );
    // The same environment as a file: its files are not ours to look at.
    let elsewhere = json(&["--env", "-"], &[], Some(format!("AWS_ROLE_ARN={ROLE}\nAWS_WEB_IDENTITY_TOKEN_FILE={missing}").as_bytes()));
    assert_eq!(prediction_of(&elsewhere, "js-v3")["outcome"], "irsa");
    assert!(elsewhere["assumed"].as_str().unwrap().contains("token files to be good"));
    // Static keys in a profile shadow IRSA for Rust and JavaScript, not for botocore and Go (docs/facts.md#row-32).
    std::fs::create_dir(dir.path().join(".aws")).unwrap();
    std::fs::write(
        dir.path().join(".aws/credentials"),
        format!("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {}\n", CANARIES[0]),
    )
    .unwrap();
    let token = token(dir.path());
    let vars = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()), ("AWS_REGION", "us-west-2"), ("HOME", &home)];
    let found = json(&[], &vars, None);
    for (sdk, outcome) in [("rust", "profile"), ("js-v3", "profile"), ("botocore", "irsa"), ("go-v2", "irsa")] {
        assert_eq!(prediction_of(&found, sdk)["outcome"], outcome, "{sdk}");
    }
}

#[test]
fn one_family() {
    let found = json(&["--sdk", "java-v2"], &[], None);
    assert_eq!(found["sdks"].as_array().unwrap().len(), 1);
    assert_eq!((&found["sdks"][0]["sdk"], &found["sdks"][0]["outcome"]), (&"java-v2".into(), &"node-role".into()));
    let output = sdks(&["--sdk", "java-v2"], &[], None);
    assert!(text(&output.stdout).contains("why  "), "{}", text(&output.stdout));
    let unknown = sdks(&["--sdk", "cobol"], &[], None);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("java-v2"), "it names those that it knows: {}", text(&unknown.stderr));
}

/// Lines as tools write them, and as the kernel does; a secret of it is never shown, in whatever form it is printed.
#[test]
fn environments_in_all_forms_and_their_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let [key, session, jwt, password] = CANARIES;
    let pairs = [
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", jwt),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", key),
        ("AWS_SESSION_TOKEN", session),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", jwt),
        ("AWS_REGION", "us-west-2"),
        ("HTTPS_PROXY", "http://me:hunter2-CANARY4@proxy:3128"),
        ("AWS_PROFILE", password),
        ("DATABASE_PASSWORD", password),
    ];
    let joined = |before: &str, quote: &str, end: &str| -> String {
        pairs.iter().map(|(name, value)| format!("{before}{name}={quote}{value}{quote}{end}")).collect()
    };
    let path = dir.path().join("environment");
    let name = path.display().to_string();
    for content in [joined("", "", "\n"), joined("export ", "\"", "\n"), joined("declare -x ", "'", "\r\n"), joined("", "", "\0")] {
        std::fs::write(&path, &content).unwrap();
        for (args, input) in [(["--env", &name], None), (["--env", "-"], Some(content.as_bytes()))] {
            let found = json(&args, &[], input);
            assert_eq!(
                (&prediction_of(&found, "rust")["outcome"], &prediction_of(&found, "dotnet")["outcome"]),
                (&"static".into(), &"static".into())
            );
            let plain = sdks(&args, &[], input);
            assert_eq!((plain.status.code(), text(&plain.stderr)), (Some(0), String::new()));
            assert!(text(&plain.stdout).lines().all(|line| line.chars().count() <= 100), "{}", text(&plain.stdout));
        }
    }
    // The same as this process's own environment.
    let vars: Vec<(&str, &str)> = pairs.to_vec();
    assert_eq!(prediction_of(&json(&[], &vars, None), "botocore")["outcome"], "error", "AWS_PROFILE names none");
}

/// What is wrong with a value stays wrong, and what was not understood is said.
#[test]
fn a_fault_in_the_given_environment_is_seen() {
    let given = |content: &str| json(&["--env", "-"], &[], Some(content.as_bytes()));
    let good = format!("PATH=/bin\nAWS_ROLE_ARN={ROLE}\nAWS_WEB_IDENTITY_TOKEN_FILE=/t\nAWS_REGION=us-west-2\n");
    let blank = good.replace("checkout", "checkout ");
    let quoted = good.replace(ROLE, &format!("\"{ROLE}\""));
    let elsewhere = good.replace("us-west-2", "cn-north-1");
    for (content, rust, java) in [
        (&good, "irsa", "irsa"),
        (&blank, "error", "node-role"),
        (&quoted, "error", "node-role"),
        (&elsewhere, "error", "node-role"),
        (&good.replace('\n', "\r\n"), "irsa", "irsa"),
    ] {
        let found = given(content);
        assert_eq!(
            (&prediction_of(&found, "rust")["outcome"], &prediction_of(&found, "java-v2")["outcome"]),
            (&rust.into(), &java.into()),
            "{content}"
        );
        assert!(!found["assumed"].as_str().unwrap().contains("NAME=VALUE"), "{found}");
    }
    let found = given(&format!("{good}AWS_REGION = eu-west-1\n[other]\n"));
    assert!(found["assumed"].as_str().unwrap().ends_with(" 2 lines are not NAME=VALUE, and were passed over."), "{found}");
    let found = given(&format!("{good}lone line\n"));
    assert!(found["assumed"].as_str().unwrap().ends_with(" One line is not NAME=VALUE, and was passed over."), "{found}");
}

#[test]
fn bad_input_is_one_line_and_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let fifo = dir.path().join("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    let secret = format!("{{\"key\": \"{}\"}}", CANARIES[0]);
    for (path, says) in [
        (dir.path().join("nothing").display().to_string(), "No such file"),
        (dir.path().display().to_string(), "a directory"),
        (fifo.display().to_string(), "a FIFO"),
        (file("empty", b""), "no line of it is NAME=VALUE"),
        (file("document", secret.as_bytes()), "no line of it is NAME=VALUE"),
        (file("large", &vec![b'x'; 5 * 1024 * 1024]), "at most"),
        (file("esc\u{1b}[31m", b""), "\\u{1b}"),
    ] {
        let output = sdks(&["--env", &path], &[], None);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()), "{path:?}");
        assert!(said.lines().count() == 1 && said.contains(says) && said.contains("env prints"), "{said}");
        assert!(!said.contains('\u{1b}'));
    }
    for input in [&b""[..], &vec![b'x'; 5 * 1024 * 1024], secret.as_bytes()] {
        let output = sdks(&["--env", "-"], &[], Some(input));
        assert_eq!((output.status.code(), text(&output.stderr).lines().count()), (Some(2), 1));
    }
}
