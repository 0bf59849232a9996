//! `explain` as a person at a terminal, a pipe and a script meet it: arguments, files, standard input, exit codes, JSON, and no
//! secret of a log on the way out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use irsa_probe::core::catalogue::Code;
use irsa_probe::core::explain;
use irsa_probe::render::{self, json};
use proptest::prelude::*;
use serde_json::{Value, json};

const DENIED: &str = "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity";
/// Made up, and each in the form of a real one.
const CANARIES: [&str; 5] = [
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYKEY1",
    "FwoGZXIvYXdzEBYaDCANARYtoken1234567890abcdefghij/klmnop==",
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IkNBTkFSWSJ9.eyJzdWIiOiJDQU5BUlkifQ.Q0FOQVJZc2lnbmF0dXJl",
    "Canary-Passw0rd",
    "CanaryBearer0123456789",
];

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().arg("explain").args(args).stdin(Stdio::null());
    command
}

fn explained(args: &[&str]) -> (Option<i32>, String, String) {
    texts(&command(args).output().unwrap())
}

fn piped(args: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A reader that has had enough goes away: that is no failure here.
    let _ = child.stdin.take().unwrap().write_all(input);
    texts(&child.wait_with_output().unwrap())
}

fn texts(output: &Output) -> (Option<i32>, String, String) {
    (output.status.code(), String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn root(text: &str) -> Value {
    parsed(text)["rootCause"].clone()
}

/// The texts of the collection, each with the codes that it stands for.
fn collection() -> Vec<(Vec<String>, String)> {
    let all = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/explain/texts.txt")).unwrap();
    let case = |case: &str| {
        let (head, text) = case.split_once('\n').unwrap();
        let codes = head.split('|').next().unwrap().split(',').map(str::trim).filter(|code| *code != "-");
        (codes.map(str::to_owned).collect(), text.to_owned())
    };
    all.split("\n=== ").skip(1).map(case).collect()
}

/// What the library's own test says of each text, the program says too: its codes, the root first, and by its exit code whether there is any. Every
/// fourth text, because the program is started for each.
#[test]
fn texts_are_explained_by_the_program() {
    for (codes, text) in collection().into_iter().step_by(4) {
        let (exit, printed, _) = piped(&["-", "--output", "json"], text.as_bytes());
        let document = parsed(&printed);
        let found: Vec<&str> = document["matches"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert_eq!((exit, found), (Some(i32::from(codes.is_empty())), codes.iter().map(String::as_str).collect()), "{text}");
    }
}

fn schema() -> Value {
    parsed(&std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/explain.v1.schema.json")).unwrap())
}

#[test]
fn a_message_comes_as_words_a_file_or_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("checkout.log");
    std::fs::write(&file, DENIED).unwrap();
    let file = file.to_str().unwrap();
    let words: Vec<&str> = DENIED.split(' ').collect();
    let wanted = explained(&[DENIED]);
    assert_eq!(wanted.0, Some(0));
    assert!(wanted.1.starts_with("× trust-policy-denied: ") && wanted.2.is_empty(), "{wanted:?}");
    assert!(
        ["\n  found ", "\n  action ", "\n  why ", "\n  fix ", "  the statement in the trust policy:\n", "\n  more "]
            .iter()
            .all(|part| wanted.1.contains(part)),
        "{}",
        wanted.1
    );
    assert_eq!(explained(&words), wanted);
    assert_eq!(explained(&[file]), wanted);
    assert_eq!(explained(&["--file", file]), wanted);
    assert_eq!(piped(&["-"], DENIED.as_bytes()), wanted);
}

#[test]
fn a_code_has_the_same_json_as_a_message() {
    let (code, out, _) = explained(&["trust-policy-denied", "--output", "json"]);
    let value = parsed(&out);
    assert_eq!((code, &value["rootCause"]), (Some(0), &json!("trust-policy-denied")));
    assert_eq!(value["matches"].as_array().unwrap().len(), 1);
    assert!(["line", "excerpt"].iter().all(|place| value["matches"][0].get(place) == Some(&Value::Null)));
    let (code, out, _) = explained(&["--list", "--output", "json"]);
    assert_eq!((code, root(&out)), (Some(0), Value::Null));
    assert_eq!(parsed(&out)["matches"].as_array().unwrap().len(), Code::ALL.len());
}

#[test]
fn what_is_not_known_is_not_guessed() {
    for text in ["nothing of this is known", "", " \n", "explain", "AccessDenied", "\u{1b}[31mred\u{1b}[0m"] {
        let (code, out, err) = explained(&[text]);
        assert_eq!((code, out.as_str(), err.lines().count()), (Some(1), "", 1), "{text:?}: {err}");
        assert!(err.contains("--list") && !err.contains('\u{1b}'), "{err:?}");
        let (code, out, _) = explained(&[text, "--output", "json"]);
        assert_eq!((code, parsed(&out)), (Some(1), json!({"schema": "irsa-probe/explain/v1", "rootCause": null, "matches": []})));
    }
    let (_, _, err) = explained(&["the beginning is shown", &"and the rest is cut ".repeat(50)]);
    assert!(err.contains("the beginning is shown") && err.len() < 300, "{err}");
}

#[test]
fn what_cannot_be_read_is_a_usage_error_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    rustix::fs::mkfifoat(rustix::fs::CWD, path("fifo"), rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    for (args, says) in [
        (vec!["--file".to_owned(), path("none")], "no such file"),
        (vec!["--file".to_owned(), path("fifo")], "FIFO"),
        (vec![path("fifo")], "FIFO"),
        (vec![path(".")], "directory"),
        (vec!["--file".to_owned(), path("none"), "word".to_owned()], "word"),
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (code, out, err) = explained(&args);
        assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1), "{args:?}: {err}");
        assert!(err.contains(says), "{args:?}: {err}");
    }
}

#[test]
fn a_log_of_any_bytes_and_length_is_read() {
    let mut bytes = b"\xff\xfd\x00 \x1b[31m".to_vec();
    bytes.extend_from_slice(DENIED.as_bytes());
    bytes.extend_from_slice(b"\x1b[0m\r\n");
    let (code, out, err) = piped(&["-", "--output", "json"], &bytes);
    assert_eq!((code, root(&out), err.as_str()), (Some(0), json!("trust-policy-denied"), ""));
    // After one line of any length, and after many.
    for filling in ["x", "GET /healthz 200\n"] {
        let mut long: Vec<u8> = filling.as_bytes().iter().copied().cycle().take(20 * 1024 * 1024).collect();
        let lines = long.iter().filter(|byte| **byte == b'\n').count();
        long.push(b'\n');
        long.extend_from_slice(&bytes);
        let (code, out, err) = piped(&["-", "--output", "json"], &long);
        assert_eq!((code, root(&out), err.as_str()), (Some(0), json!("trust-policy-denied"), ""));
        assert_eq!(parsed(&out)["matches"][0]["line"], json!(lines + 2));
    }
}

/// What a careless dump holds beside an error: none of it comes out again, neither of what is known nor of what is not.
#[test]
fn no_secret_of_a_log_comes_out_again() {
    let [key, token, jwt, password, bearer] = CANARIES;
    let dumps = [
        format!("AWS_SECRET_ACCESS_KEY={key} AWS_SESSION_TOKEN={token}"),
        format!("{{\"AccessKeyId\":\"ASIAEXAMPLE\",\"SecretAccessKey\":\"{key}\",\"SessionToken\":\"{token}\"}}"),
        format!("x-amz-security-token:{token}"),
        format!("X-Amz-Security-Token={token}&x=y"),
        format!("Authorization: Bearer {bearer}"),
        format!("WebIdentityToken={jwt}"),
        format!("Value '{jwt}' at 'webIdentityToken'"),
        format!("proxy http://user:{password}@proxy.corp:3128 password={password}"),
        format!("keys {key} and {token} by themselves"),
    ];
    let errors = [
        DENIED,
        "User: arn:aws:sts::111122223333:assumed-role/a/s is not authorized to perform: s3:GetObject on resource: ",
        "nothing known",
    ];
    for dump in &dumps {
        for error in errors {
            for text in [format!("{dump} {error}"), format!("{error} {dump}"), format!("{error}\n  {dump}")] {
                for args in [&["-"][..], &["-", "--output", "json"]] {
                    let (_, out, err) = piped(args, text.as_bytes());
                    for canary in CANARIES {
                        // Neither whole nor in part.
                        let part = &canary[..canary.len() / 2];
                        assert!(!out.contains(part) && !err.contains(part), "{canary} of {text}:\n{out}{err}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_text_s_json_is_as_the_schema_says_and_its_page_fits_a_terminal() {
    let validator = jsonschema::options().should_validate_formats(true).build(&schema()).expect("the schema is a schema");
    let explanations =
        collection().into_iter().map(|(_, text)| explain::explain(&text)).chain(Code::ALL.iter().map(|code| explain::explain_code(*code)));
    for explanation in explanations.chain([explain::list()]) {
        let document = parsed(&json::explanation(&explanation));
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?}\n{document:#}");
        let page = render::explain::text(&explanation, render::Style::default());
        let pasted: Vec<&str> = explanation.matches.iter().flat_map(|one| &one.remedy.commands).map(|one| one.command.as_str()).collect();
        let snippets: Vec<&str> =
            explanation.matches.iter().filter_map(|one| one.remedy.snippet.as_deref()).flat_map(str::lines).map(str::trim).collect();
        for line in page.lines() {
            // The line for more has a link, which is never cut.
            let is_link = line.trim_start().starts_with("more ") || line.trim_start().starts_with("https://");
            let is_pasted = is_link || pasted.iter().any(|command| line.ends_with(command)) || snippets.contains(&line.trim());
            let one_word = line.split_whitespace().count() <= 2;
            assert!(is_pasted || one_word || line.chars().count() <= 100, "{line}");
            assert_eq!(line, line.trim_end());
        }
    }
    let (_, out, _) = explained(&[DENIED, "--output", "json"]);
    assert!(validator.is_valid(&parsed(&out)));
}

#[test]
fn the_schema_refuses_what_is_no_explanation() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good = parsed(&json::explanation(&explain::explain(DENIED)));
    type Break = fn(&mut Value);
    let broken: [(&str, Break); 6] = [
        ("a field too many", |v| v["surprise"] = json!(1)),
        ("a fact too many", |v| v["matches"][0]["facts"]["secret"] = json!("x")),
        ("a code that is none", |v| v["rootCause"] = json!("bad-luck")),
        ("an account that is none", |v| v["matches"][0]["facts"]["account"] = json!("1")),
        ("no facts", |v| drop(v["matches"][0].as_object_mut().unwrap().remove("facts"))),
        ("another version", |v| v["schema"] = json!("irsa-probe/explain/v2")),
    ];
    for (what, break_it) in broken {
        let mut document = good.clone();
        break_it(&mut document);
        assert!(!validator.is_valid(&document), "{what} is accepted");
    }
}

const ESCAPE: char = '\u{1b}';

/// Pieces that recognisers look for, in any order, among anything.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("AssumeRoleWithWebIdentity".to_owned()),
        Just("User: arn:aws:sts::111122223333:assumed-role/a/i-0123456789abcdef0 is not authorized to perform: ".to_owned()),
        Just("https://sts.eu-west-1.amazonaws.com/".to_owned()),
        Just("169.254.170.23".to_owned()),
        Just("dial tcp: lookup sts.".to_owned()),
        Just("Signature expired: 2022".to_owned()),
        Just("rolearn: arn:aws:iam::1:role/a/b".to_owned()),
        Just("x-amz-security-token:".to_owned()),
        Just("\\u003c\\n\\\"&quot;".to_owned()),
        Just("\u{1b}[".to_owned()),
        Just("\n  │ ".to_owned()),
        Just("request id: ".to_owned()),
        ".{0,12}",
        "[A-Za-z0-9:/ ]{0,30}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_it(text in pieces()) {
        let explanation = explain::explain(&text);
        prop_assert_eq!(explanation.root_cause, explanation.matches.first().map(|one| one.code));
        let lines = text.split('\n').count();
        for one in &explanation.matches {
            prop_assert!(one.line.is_some_and(|line| (1..=lines).contains(&line)));
            prop_assert!(one.excerpt.as_ref().is_some_and(|excerpt| !excerpt.contains(ESCAPE) && excerpt.chars().count() <= 900));
        }
        let page = render::explain::text(&explanation, render::Style::default());
        prop_assert!(!page.contains(ESCAPE));
        let _ = (json::explanation(&explanation), explain::beginning(&text));
    }
}
