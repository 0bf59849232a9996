//! `irsa-probe sdks` through the real binary: its JSON against the published schema, environments in all forms, and no secret anywhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

use irsa_probe::core::sdk::SdkFamily;
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
/// Shaped like the real ones, so that a filter by shape would not save a careless printer.
const CANARIES: [&str; 6] = [
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYKEY1",
    "IQoJb3JpZ2luX2VjEJCANARYSESSION2",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.CANARYSIGNATURE3",
    "hunter2-CANARY4",
    "AKIACANARY5CANARY5C",
    "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbCANARYKEY6",
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
    let vars = [
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", &token),
        ("AWS_REGION", "us-west-2"),
        ("AWS_DEFAULT_REGION", "us-west-2"),
        ("HOME", &home),
    ];
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
    assert!(elsewhere["assumed"].as_str().unwrap().contains("It is assumed that token files are good"));
    // Static keys in a profile shadow IRSA for Rust and JavaScript, not for botocore and Go (docs/facts.md#credentials-file-and-irsa).
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

/// What is known of each SDK, and the role that it gets.
#[test]
fn name_basis_and_role() {
    let irsa = format!("AWS_ROLE_ARN={ROLE}\nAWS_WEB_IDENTITY_TOKEN_FILE=/t\nAWS_REGION=us-west-2\nAWS_DEFAULT_REGION=us-west-2\n");
    let given = |args: &[&str], content: &str| json(&[&["--env", "-"], args].concat(), &[], Some(content.as_bytes()));
    let found = given(&[], &irsa);
    for sdk in SdkFamily::ALL {
        let one = prediction_of(&found, sdk.id());
        let basis = match sdk {
            SdkFamily::Powershell => "unverified",
            SdkFamily::Dotnet | SdkFamily::Php => "documented",
            _ => "measured",
        };
        assert_eq!((&one["name"], &one["basis"]), (&sdk.short_name().into(), &basis.into()), "{one}");
        assert_eq!((&one["outcome"], &one["arn"]), (&"irsa".into(), &ROLE.into()), "{one}");
        assert!(one.get("unverified").is_none(), "{one}");
    }
    // A version that was not run is documented, at best.
    let found = given(&["--sdk", "botocore@99.0.0"], &irsa);
    assert_eq!((&found["sdks"][0]["basis"], &found["sdks"][0]["outcome"]), (&"documented".into(), &"irsa".into()), "{found}");
    // No role is known of the node, of keys and of Pod Identity.
    let agent = "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials\nAWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/t\n";
    for (content, outcome) in [("", "node-role"), (agent, "pod-identity"), ("AWS_ACCESS_KEY_ID=A\nAWS_SECRET_ACCESS_KEY=s\n", "static")] {
        let found = given(&["--sdk", "ruby"], &format!("{content}AWS_REGION=us-west-2\n"));
        assert_eq!((&found["sdks"][0]["outcome"], found["sdks"][0].get("arn")), (&outcome.into(), None), "{found}");
    }
}

/// The old names of the keys, which few SDKs read. Neither their values nor those of half a pair are printed.
#[test]
fn old_names_of_keys() {
    let irsa = format!("AWS_ROLE_ARN={ROLE}\nAWS_WEB_IDENTITY_TOKEN_FILE=/t\nAWS_REGION=us-west-2\nAWS_DEFAULT_REGION=us-west-2\n");
    let [.., id, secret] = CANARIES;
    let old = format!("{irsa}AWS_ACCESS_KEY={id}\nAWS_SECRET_KEY={secret}\n");
    let found = json(&["--env", "-"], &[], Some(old.as_bytes()));
    for (sdk, outcome) in [("go-v1", "static"), ("go-v2", "static"), ("java-v1", "static"), ("ruby", "static"), ("rust", "irsa")] {
        assert_eq!(prediction_of(&found, sdk)["outcome"], outcome, "{sdk}");
    }
    for content in [&old, &format!("{irsa}AWS_ACCESS_KEY_ID={id}\n"), &format!("{irsa}AWS_SECRET_ACCESS_KEY={secret}\n")] {
        for args in [&["--env", "-"][..], &["--env", "-", "--sdk", "go"], &["--env", "-", "--sdk", "boto3@1.30.0"]] {
            assert_eq!(sdks(args, &[], Some(content.as_bytes())).status.code(), Some(0));
            json(args, &[], Some(content.as_bytes()));
        }
    }
}

/// Credentials of another container endpoint than the agent.
#[test]
fn other_container_endpoints() {
    for content in [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/1\n",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=https://credentials.example.com/v1\n",
    ] {
        let found = json(&["--env", "-", "--sdk", "python"], &[], Some(content.as_bytes()));
        assert_eq!(found["sdks"][0]["outcome"], "container", "{content}: {found}");
        let plain = text(&sdks(&["--env", "-", "--sdk", "python"], &[], Some(content.as_bytes())).stdout);
        assert!(plain.contains("ends up as         container\n"), "{plain}");
    }
}

/// A profile's role, its keys and its web identity, in both files.
#[test]
fn profiles_in_both_files() {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    std::fs::create_dir(dir.path().join(".aws")).unwrap();
    let home = dir.path().display().to_string();
    let [secret, session, ..] = CANARIES;
    let role = "arn:aws:iam::111122223333:role/of-profile";
    let write = |config: &str, credentials: &str| {
        std::fs::write(dir.path().join(".aws/config"), config).unwrap();
        std::fs::write(dir.path().join(".aws/credentials"), credentials).unwrap();
    };
    let keys = format!("aws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key={secret}\naws_session_token={session}\n");
    let web = format!("[profile app]\nrole_arn={role}\nweb_identity_token_file={token}\n");
    let source = format!("[profile app]\nrole_arn={role}\nsource_profile=base\n");
    let base = format!("[base]\n{keys}");
    let app_in_config = format!("[profile app]\n{keys}");
    let app_in_credentials = format!("[app]\n{keys}");
    for (config, credentials, botocore, arn, go_v1) in [
        (web.as_str(), "", "profile", Some(role), "node-role"),
        (&source, base.as_str(), "profile", Some(role), "node-role"),
        (&app_in_config, "", "profile", None, "node-role"),
        ("", &app_in_credentials, "profile", None, "profile"),
        ("[profile app]\nregion=us-west-2\n", "", "node-role", None, "node-role"),
        // AWS_PROFILE names a profile that is in no file.
        ("[profile other]\nregion=us-west-2\n", "", "error", None, "node-role"),
    ] {
        write(config, credentials);
        let vars = [("HOME", home.as_str()), ("AWS_PROFILE", "app"), ("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "us-west-2")];
        let found = json(&[], &vars, None);
        let (python, go) = (prediction_of(&found, "botocore"), prediction_of(&found, "go-v1"));
        assert_eq!((&python["outcome"], &go["outcome"]), (&botocore.into(), &go_v1.into()), "{config}{credentials}: {python} {go}");
        assert_eq!(python.get("arn").and_then(Value::as_str), arn, "{python}");
        let plain = sdks(&["--sdk", "boto3"], &vars, None);
        assert_eq!(arn.is_some_and(|arn| text(&plain.stdout).contains(arn)), arn.is_some(), "{}", text(&plain.stdout));
    }
}

/// The names that people use mean the same as the ids.
#[test]
fn other_names() {
    for (name, id) in [
        ("python", "botocore"),
        ("boto3", "botocore"),
        ("Boto3", "botocore"),
        ("aws-cli", "cli-v2"),
        ("node", "js-v3"),
        ("go", "go-v2"),
        ("java", "java-v2"),
        ("c++", "cpp"),
        ("ruby", "ruby"),
    ] {
        let found = json(&["--sdk", name], &[], None);
        assert_eq!((&found["sdks"][0]["sdk"], found["sdks"].as_array().unwrap().len()), (&id.into(), 1), "{name}");
    }
}

#[test]
fn versions() {
    let irsa = format!("AWS_ROLE_ARN={ROLE}\nAWS_WEB_IDENTITY_TOKEN_FILE=/t\nAWS_REGION=us-west-2\nAWS_DEFAULT_REGION=us-west-2\n");
    for (sdk, outcome, endpoint, basis) in [
        ("python@1.44.8", "irsa", "regional", "measured"),
        ("python@1.30.0", "irsa", "global", "measured"),
        ("python@v1.12.199", "node-role", "global", "measured"),
        ("java@2.10.8", "node-role", "regional", "measured"),
        ("aws-cli@2.9.19", "irsa", "regional", "measured"),
        ("php@3.300.0", "irsa", "regional", "documented"),
    ] {
        let found = json(&["--env", "-", "--sdk", sdk], &[], Some(irsa.as_bytes()));
        let one = &found["sdks"][0];
        assert_eq!((&one["outcome"], &one["basis"]), (&outcome.into(), &basis.into()), "{sdk}: {one}");
        assert!(outcome != "irsa" || one["endpoint"] == endpoint, "{sdk}: {one}");
        let plain = text(&sdks(&["--env", "-", "--sdk", sdk], &[], Some(irsa.as_bytes())).stdout);
        let version = sdk.split('@').nth(1).unwrap().trim_start_matches('v');
        assert!(plain.contains(&format!("version            {version} of ")), "{plain}");
    }
    for (sdk, says) in [
        ("cobol", "\"cobol\" is none of botocore, cli-v1"),
        ("cobol@1.2.3", "\"cobol\" is none of botocore, cli-v1"),
        ("", "\"\" is none of botocore"),
        ("@1.2.3", "\"\" is none of botocore"),
        ("python@", "\"\" is no version of botocore; write it like botocore@1."),
        ("python@latest", "\"latest\" is no version of botocore"),
        ("python@1.2.3@4", "\"1.2.3@4\" is no version of botocore"),
        ("go@\u{1b}[31m", "\\u{1b}"),
    ] {
        wrong(&["--sdk", sdk], says);
    }
}

/// A line on standard error, and exit code 2.
fn wrong(args: &[&str], says: &str) {
    let output = sdks(args, &[], None);
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()), "{args:?}");
    assert!(said.lines().count() == 1 && said.contains(args[0]) && said.contains(says) && !said.contains('\u{1b}'), "{args:?}: {said}");
}

/// What each assumed answer does. botocore stops where Java goes on.
#[test]
fn assumed_answers() {
    let irsa = format!("AWS_ROLE_ARN={ROLE}\nAWS_WEB_IDENTITY_TOKEN_FILE=/t\nAWS_REGION=us-west-2\nAWS_DEFAULT_REGION=us-west-2\n");
    let agent = "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials\nAWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/t\n";
    for (content, assume, botocore, java, rust) in [
        (irsa.as_str(), "sts=ok", "irsa", "irsa", "irsa"),
        (&irsa, "sts=rejected", "error", "node-role", "error"),
        (&irsa, "sts=denied", "error", "node-role", "error"),
        (&irsa, "sts=unavailable", "error", "node-role", "error"),
        (&irsa, "sts=unreachable", "error", "node-role", "error"),
        (&irsa, "sts=denied,imds=no-role", "error", "none", "error"),
        (agent, "agent=ok", "pod-identity", "pod-identity", "pod-identity"),
        (agent, "agent=not-found", "error", "node-role", "error"),
        (agent, "agent=refused", "error", "node-role", "error"),
        (agent, "agent=failing", "error", "node-role", "error"),
        (agent, "agent=unreachable", "error", "node-role", "error"),
        (agent, "agent=not-found, imds=absent", "error", "none", "error"),
        ("A=B", "imds=role", "node-role", "node-role", "node-role"),
        ("A=B", "imds=role-v1", "node-role", "node-role", "none"),
        ("A=B", "imds=no-role", "none", "none", "none"),
        ("A=B", "imds=silent", "none", "none", "none"),
        ("A=B", "imds=absent", "none", "none", "none"),
        ("A=B", "imds=refused", "none", "none", "error"),
        ("A=B", "imds=refused-v1", "node-role", "node-role", "error"),
    ] {
        let found = json(&["--env", "-", "--assume", assume], &[], Some(content.as_bytes()));
        let outcomes = ["botocore", "java-v2", "rust"].map(|sdk| prediction_of(&found, sdk)["outcome"].as_str().unwrap());
        assert_eq!(outcomes, [botocore, java, rust], "{assume}");
        let assumed = found["assumed"].as_str().unwrap();
        assert!(assumed.contains(&format!("Assumed: {}.", assume.replace(' ', ""))), "{assumed}");
    }
    // It may be given in parts. What is given is said, and in the text too.
    let parts = ["--env", "-", "--assume", "imds=role", "--assume", "agent=ok,sts=denied"];
    let found = json(&parts, &[], Some(b"A=B"));
    assert!(found["assumed"].as_str().unwrap().ends_with(" Assumed: sts=denied,agent=ok,imds=role."), "{found}");
    let plain = text(&sdks(&["--assume", "sts=denied"], &[], None).stdout).replace('\n', " ");
    assert!(plain.contains("Assumed: sts=denied. All others are assumed to answer."), "{plain}");
    let plain = text(&sdks(&[], &[], None).stdout).replace('\n', " ");
    assert!(plain.contains("Assumed: STS, the agent and IMDS answer."), "{plain}");
}

#[test]
fn a_wrong_assumption_is_one_line_and_exit_code_2() {
    for (assume, says) in [
        ("sts", "\"sts\" is not KEY=VALUE; write it like sts=denied,imds=role"),
        ("", "\"\" is not KEY=VALUE"),
        ("sts=denied,", "\"\" is not KEY=VALUE"),
        ("sts=", "sts=\"\" is none of ok, rejected, denied, unavailable, unreachable"),
        ("sts=Denied", "sts=\"Denied\" is none of ok"),
        ("agent=no", "agent=\"no\" is none of ok, not-found, refused, failing, unreachable"),
        ("imds=v1", "imds=\"v1\" is none of role, role-v1, no-role, silent, absent, refused, refused-v1"),
        ("proxy=dead", "\"proxy\" is none of sts, agent, imds"),
        ("sts=ok,sts=denied", "sts is given twice"),
        ("\u{1b}[31m=x", "\\u{1b}"),
    ] {
        wrong(&["--assume", assume], says);
    }
}

#[test]
fn one_family() {
    let found = json(&["--sdk", "java-v2"], &[], None);
    assert_eq!(found["sdks"].as_array().unwrap().len(), 1);
    assert_eq!((&found["sdks"][0]["sdk"], &found["sdks"][0]["outcome"]), (&"java-v2".into(), &"node-role".into()));
    let output = sdks(&["--sdk", "java-v2"], &[], None);
    assert!(text(&output.stdout).contains("why  "), "{}", text(&output.stdout));
}

/// Lines as tools write them, and as the kernel does; a secret of it is never shown, in whatever form it is printed.
#[test]
fn environments_in_all_forms_and_their_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let [key, session, jwt, password, old_id, old_secret] = CANARIES;
    let pairs = [
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", jwt),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", key),
        ("AWS_SESSION_TOKEN", session),
        ("AWS_ACCESS_KEY", old_id),
        ("AWS_SECRET_KEY", old_secret),
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
        // Java v2 removes white space around the role.
        (&blank, "error", "irsa"),
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
    assert!(found["assumed"].as_str().unwrap().ends_with(" 2 lines are not NAME=VALUE, and were ignored."), "{found}");
    let found = given(&format!("{good}lone line\n"));
    assert!(found["assumed"].as_str().unwrap().ends_with(" One line is not NAME=VALUE, and was ignored."), "{found}");
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
