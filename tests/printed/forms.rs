//! `trust-policy --format`: each form means what the JSON says, whatever stands in the token.

use irsa_probe::core::aws::trust_policy::{StatementForm, TrustStatement, provider_arn};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// The folder with python-hcl2 and cfn-lint.
fn installed() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let (root, folder) = (Path::new(env!("CARGO_MANIFEST_DIR")), target.join("peer-formats"));
    // Another `cargo test` may be about to install it, too. Unlocked when it is closed.
    let lock = File::create(target.join("peer-formats.lock")).unwrap();
    lock.lock().unwrap();
    let mut script = Command::new(root.join("tests/peer/install"));
    let output = script.arg(&folder).arg(root.join("tests/printed/requirements.txt")).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "no parsers to compare with: {}", said.lines().last().unwrap_or_default());
    folder
}

/// What the parsers find different in these statements, and their last line.
fn compared(statements: &Value) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/printed/forms.py");
    let mut python = Command::new(installed().join("bin/python"));
    let mut child = python.arg("-I").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(statements.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{out}{err}");
    out.lines().map(str::to_owned).collect()
}

/// xorshift64: the same numbers for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// A text of up to `parts` parts, each of them something that a language may read as its own.
    fn text(&mut self, parts: usize) -> String {
        const PARTS: [&str; 46] = [
            "a",
            "Z",
            "0",
            "shop",
            ":",
            "/",
            ".",
            "-",
            "_",
            "*",
            "?",
            "$",
            "${",
            "}",
            "$${",
            "%",
            "%{",
            "%%",
            "%%{",
            "{",
            "\"",
            "'",
            "\\",
            "\\u0041",
            "\\n",
            "\n",
            "\t",
            "\r",
            " ",
            "#",
            ": ",
            "- ",
            " #",
            "&",
            "!Ref",
            "<<",
            "@",
            "`",
            "~",
            "${aws:username}",
            "é",
            "日",
            "\u{1f600}",
            "\u{9b}",
            "\u{202e}",
            "\u{feff}",
        ];
        let text: String = (0..=self.below(parts)).map(|_| PARTS[self.below(PARTS.len())]).collect();
        // Terraform cannot write this one, which is refused.
        text.replace("&{", "& {")
    }
}

fn forms(statement: &TrustStatement) -> Value {
    let form = |(name, form): (&str, StatementForm)| (name.to_owned(), Value::from(statement.form(form).unwrap()));
    StatementForm::NAMED.into_iter().map(form).collect::<Map<_, _>>().into()
}

/// Statements of the names that people give, of words that YAML reads as something else, and of generated texts.
#[test]
fn every_form_means_the_same() {
    let fresh = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    println!("seeds: 20261129 {fresh}");
    let mut statements = Map::new();
    let mut add = |statement: TrustStatement| drop(statements.insert(statements.len().to_string(), forms(&statement)));
    add(TrustStatement::pod_identity());
    let of = |path: &str, subject: &str, audience: &str| {
        TrustStatement::irsa(&provider_arn("aws-cn", "111122223333", path), path, subject, audience)
    };
    let eks = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    add(of(eks, "system:serviceaccount:shop:checkout", "sts.amazonaws.com"));
    for word in
        ["yes", "null", "~", "1e3", "0x1f", "12:30:45", "2026-11-29", "", " ", "=", "<<", "[a]", "{a: b}", "- a", "\"", "'", "a: b", "%TAG"]
    {
        add(of(eks, word, word));
    }
    for seed in [20_261_129, fresh] {
        let mut numbers = Numbers(seed);
        for _ in 0..200 {
            // What a URL may have beside letters (RFC 3986), where parsers look twice.
            let path: String = (0..=numbers.below(20)).map(|_| char::from(b"aZ09-._~!$&'()*+,;=:@%/"[numbers.below(23)])).collect();
            add(of(&format!("issuer.example.com/{path}"), &numbers.text(12), &numbers.text(12)));
        }
    }
    let count = statements.len();
    let said = compared(&statements.into());
    assert_eq!(said, [format!("{count} statements, 0 problems")]);
}

/// The comparison sees what is different.
#[test]
fn another_meaning_is_found() {
    let good = forms(&TrustStatement::pod_identity());
    let wrong = [
        ("terraform", "sts:TagSession", "sts:tagSession"),
        ("terraform", "pods.eks", "${pods}.eks"),
        ("terraform", "Service", "Federated"),
        ("cloudformation", "Effect: Allow", "Effect: yes"),
        ("cloudformation", "sts:TagSession", "sts:tagSession"),
        ("cloudformation", "Principal:", "Principals:"),
    ];
    let bad = wrong.iter().enumerate().map(|(nth, (form, from, to))| {
        let mut bad = good.clone();
        bad[*form] = good[*form].as_str().unwrap().replace(from, to).into();
        (nth.to_string(), bad)
    });
    let said = compared(&bad.collect::<Map<_, _>>().into());
    for (nth, (form, ..)) in wrong.iter().enumerate() {
        assert!(said.iter().any(|line| line.starts_with(&format!("{nth}: {form}: "))), "{nth} {form}: {said:?}");
    }
    assert!(said.iter().any(|line| line.starts_with("cloudformation: ")), "no rule of cfn-lint's: {said:?}");
}
