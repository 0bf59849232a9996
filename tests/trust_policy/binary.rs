//! The real binary: flags, files, wrappings, hostile text.

use super::*;
use std::io::Write as _;
use std::process::{Command, Stdio};

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// One line on standard error, and nothing else.
    fn complains(&self, says: &str) {
        assert_eq!((self.code, self.out.as_str()), (2, ""), "{}", self.err);
        assert!(self.err.lines().count() == 1 && self.err.starts_with("irsa-probe: ") && self.err.contains(says), "{}", self.err);
    }
}

fn run(env: &[(&str, &str)], args: &[&str], stdin: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().envs(env.iter().copied()).arg("trust-policy").args(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that does not read its input ends without it.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

const NAMES: [&str; 8] = [
    "--issuer",
    "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
    "--namespace",
    "shop",
    "--service-account",
    "checkout",
    "--role-arn",
    "arn:aws:iam::111122223333:role/apps/checkout",
];

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    NAMES.iter().chain(args).copied().collect()
}

fn judged(policy: &str, args: &[&str]) -> Ran {
    run(&[], &with(&[&["--check", "-"], args].concat()), policy.as_bytes())
}

pub(super) fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[test]
fn the_binary_answers_as_the_evaluator() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    // A good sample: every fifth, and those that the issue names.
    for (nth, Ready { case, world, policy, request }) in cases().into_iter().enumerate() {
        if nth % 5 != 0 && !case.name.contains("classic slip") {
            continue;
        }
        std::fs::write(&token, token_of(&world)).unwrap();
        let env = [("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()), ("AWS_ROLE_ARN", world.role.as_str())];
        let args = if case.pod_identity { vec!["--pod-identity"] } else { Vec::new() };
        let json = run(&env, &[args.as_slice(), &["--check", "-", "--output", "json"]].concat(), policy.to_string().as_bytes());
        let code = if case.decision == "allow" { 0 } else { 1 };
        // What no policy can fix is said beside its answer.
        let several = case.token.as_ref().is_some_and(|token| token.aud.as_ref().is_some_and(Value::is_array));
        let said = json.err.is_empty() || (several && json.err.contains("several audiences and no azp"));
        assert!(json.code == code && said, "{}: {}", case.name, json.err);
        let mut document: Value = serde_json::from_str(&json.out).unwrap();
        let mut expected = published(&policy::evaluate(&parsed(&policy), &request));
        // The binary has a clock of its own.
        [&mut document, &mut expected].into_iter().for_each(forget_times);
        assert_eq!(document, expected, "{}", case.name);
        let text = run(&env, &[args.as_slice(), &["--check", "-"]].concat(), policy.to_string().as_bytes());
        let last = text.out.lines().last().unwrap();
        let word = match case.decision.as_str() {
            "allow" => "ALLOW  ",
            "deny" => "DENY  ",
            _ => "EXPLICIT DENY  ",
        };
        assert!(text.code == code && last.starts_with(word), "{}: {}", case.name, text.out);
    }
}

/// What was found of keys that hold the time goes.
fn forget_times(evaluation: &mut Value) {
    for statement in evaluation["statements"].as_array_mut().unwrap() {
        for reason in statement["reasons"].as_array_mut().unwrap() {
            if ["aws:CurrentTime", "aws:EpochTime"].iter().any(|key| reason["element"].as_str().unwrap().ends_with(key)) {
                reason["found"] = json!([]);
            }
        }
    }
}

#[test]
fn the_policy_that_is_printed_is_the_one_that_allows() {
    let printed = run(&[], &NAMES, b"");
    assert!(printed.code == 0 && printed.err.lines().count() == 1, "{}", printed.err);
    assert!(printed.err.contains("for a new role") && printed.err.contains("--format"), "{}", printed.err);
    assert_eq!(run(&[], &with(&["--output", "json"]), b"").out, printed.out);
    assert_eq!(judged(&printed.out, &[]).code, 0);
    let bare: Vec<&str> = NAMES.iter().map(|arg| arg.strip_prefix("https://").unwrap_or(arg)).collect();
    assert_eq!(run(&[], &bare, b"").out, printed.out, "an issuer without its scheme");
    let other = run(&[], &with(&["--audience", "vault"]), b"");
    assert!(other.out.contains(":aud\": \"vault\"") && judged(&other.out, &["--audience", "vault"]).code == 0);
    let pod_identity = run(&[], &["--pod-identity"], b"");
    assert!(pod_identity.code == 0 && pod_identity.err == printed.err && pod_identity.out.contains("sts:TagSession"));
    assert_eq!(run(&[], &["--pod-identity", "--check", "-"], pod_identity.out.as_bytes()).code, 0);
    for args in [with(&[]), vec!["--pod-identity"]] {
        let document: Value = serde_json::from_str(&run(&[], &args, b"").out).unwrap();
        assert_eq!(document["Version"], "2012-10-17");
    }
}

/// The statement alone, without the sentence about a new role. tests/printed reads the forms by the parsers of others.
#[test]
fn the_statement_is_printed_in_the_form_of_the_role_s_manager() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    let mut world = World::default();
    world.token.aud = Some(json!("a\"b\u{1b}[31m\u{202e}${x}"));
    std::fs::write(&token, token_of(&world)).unwrap();
    let env = [("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()), ("AWS_ROLE_ARN", world.role.as_str())];
    for (env, args) in [(&[][..], with(&[])), (&[], vec!["--pod-identity"]), (&env, vec![])] {
        let whole: Value = serde_json::from_str(&run(env, &args, b"").out).unwrap();
        let printed = |form: &str, more: &[&str]| {
            let ran = run(env, &[&args[..], &["--format", form], more].concat(), b"");
            assert!((ran.code, ran.err.as_str()) == (0, "") && ran.out.is_ascii() && !ran.out.contains('\u{1b}'), "{}{}", ran.out, ran.err);
            ran.out
        };
        let json = printed("json", &[]);
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), whole["Statement"][0]);
        let (terraform, cloudformation) = (printed("terraform", &[]), printed("cloudformation", &[]));
        assert!(terraform.starts_with("statement {\n") && terraform.ends_with("\n}\n"), "{terraform}");
        assert!(cloudformation.starts_with("- Effect: Allow\n"), "{cloudformation}");
        // It says in which form an answer of --check comes.
        for (form, out) in [("json", json), ("terraform", terraform), ("cloudformation", cloudformation)] {
            assert_eq!(printed(form, &["--output", "json"]), out);
        }
    }
    run(&[], &with(&["--check", "-", "--format", "json"]), b"{}").complains("--format prints the statement that a pod needs, and --check");
    run(&[], &with(&["--format", "hcl"]), b"").complains("json, terraform, cloudformation");
    run(&[], &with(&["--format", "terraform", "--audience", "a&{b}"]), b"").complains("--format json prints the statement as it is");
}

#[test]
fn the_token_alone_is_enough_and_flags_come_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::default();
    let path = dir.path().join("token");
    std::fs::write(&path, token_of(&world)).unwrap();
    let env = [("AWS_WEB_IDENTITY_TOKEN_FILE", path.to_str().unwrap()), ("AWS_ROLE_ARN", world.role.as_str())];
    let printed = run(&env, &[], b"");
    assert_eq!((printed.code, printed.out.as_str()), (0, run(&[], &NAMES, b"").out.as_str()));
    assert!(!printed.out.contains(token_of(&world).rsplit('.').next().unwrap()));
    let other = run(&env, &["--service-account", "web", "--role-arn", "arn:aws-cn:iam::999999999999:role/x"], b"");
    assert!(other.out.contains("system:serviceaccount:shop:web") && other.out.contains("arn:aws-cn:iam::999999999999:oidc-provider"));
    // No issuer of EKS ends in a slash, and none is put into a policy.
    let slash = run(&[], &with(&["--issuer", &format!("{}/", NAMES[1])])[2..], b"");
    assert_eq!(slash.out, printed.out);
    let mut two = world.clone();
    two.token.aud = Some(json!(["sts.amazonaws.com", "vault"]));
    std::fs::write(&path, token_of(&two)).unwrap();
    let several = run(&env, &[], b"");
    assert!(
        several.code == 0
            && several.out == printed.out
            && several.err.contains("several audiences and no azp, which STS refuses; the policy names the first"),
        "{}",
        several.err
    );
    std::fs::write(&path, token_of(&world)).unwrap();
    // The role that the document is of fills in for one that is not given, and is compared with one that is.
    let get_role = |arn: &str| format!("{{\"Role\":{{\"Arn\":\"{arn}\",\"AssumeRolePolicyDocument\":{}}}}}", printed.out);
    let without = run(&env[..1], &["--check", "-"], get_role(&world.role).as_bytes());
    assert_eq!((without.code, without.err.as_str()), (0, ""));
    let another = run(&env, &["--check", "-"], get_role("arn:aws:iam::111122223333:role/payments").as_bytes());
    assert!(another.code == 0 && another.err.contains("is the policy of arn:aws:iam::111122223333:role/payments"), "{}", another.err);
    // At a workstation the variable is the person's own role, in whatever account.
    let own = [("AWS_ROLE_ARN", "arn:aws:iam::999999999999:role/admin")];
    let workstation = [&NAMES[..6], &["--check", "-"]].concat();
    let judged = run(&own, &workstation, get_role(&world.role).as_bytes());
    assert_eq!((judged.code, judged.err.as_str()), (0, ""), "{}", judged.out);
    assert!(judged.out.contains(&world.role), "{}", judged.out);
}

/// Where the selected profile names role and token, they are the pod's. Of a chain it is the first role, which takes the token.
#[test]
fn a_profile_names_role_and_token() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::default();
    std::fs::write(dir.path().join("token"), token_of(&world)).unwrap();
    std::fs::create_dir(dir.path().join(".aws")).unwrap();
    let home = dir.path().to_str().unwrap();
    let web = format!("role_arn = {}\nweb_identity_token_file = {home}/token\n", world.role);
    let write = |text: String| std::fs::write(dir.path().join(".aws/config"), text).unwrap();
    let printed = |env: &[(&str, &str)]| run(&[&[("HOME", home)], env].concat(), &["--format", "json"], b"");
    let variables = [("AWS_WEB_IDENTITY_TOKEN_FILE", &*format!("{home}/token")), ("AWS_ROLE_ARN", world.role.as_str())];
    let wanted = run(&variables, &["--format", "json"], b"");
    assert_eq!(wanted.code, 0, "{}", wanted.err);
    write(format!("[default]\n{web}"));
    assert_eq!(printed(&[]).out, wanted.out);
    write(format!("[profile app]\nrole_arn = arn:aws:iam::444455556666:role/target\nsource_profile = base\n\n[profile base]\n{web}"));
    assert_eq!(printed(&[("AWS_PROFILE", "app")]).out, wanted.out);
    // A profile that names no token says nothing of the pod.
    write("[default]\nregion = us-west-2\n".to_owned());
    printed(&[]).complains("AWS_ROLE_ARN is not set");
}

#[test]
fn what_is_missing_is_named() {
    let role = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/checkout");
    run(&[], &[], b"").complains("--role-arn");
    run(&[("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere")], &[], b"")
        .complains("; this container has EKS Pod Identity: --pod-identity");
    run(&[], &[], b"")
        .complains("give --role-arn, --issuer, --namespace, --service-account; for the issuer: aws eks describe-cluster --name CLUSTER");
    run(&[role], &[], b"").complains("give --issuer, --namespace, --service-account");
    run(&[role], &["--issuer", "example.com", "--namespace", "shop"], b"").complains("give --service-account");
    run(&[role], &["--namespace", "shop", "--service-account", "a"], b"").complains("give --issuer");
    run(&[], &NAMES[..6], b"").complains("--role-arn");
    run(&[("AWS_ROLE_ARN", "checkout")], &NAMES[..6], b"").complains("AWS_ROLE_ARN is not a role's ARN: it is a bare role name");
    run(&[role, ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token")], &[], b"").complains("/nowhere/token");
    run(&[role], &["--issuer", "http://example.com", "--namespace", "a", "--service-account", "b"], b"").complains("https://");
    for issuer in ["arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/A", "HTTPS://example.com", "foo bar"] {
        run(&[role], &["--issuer", issuer, "--namespace", "a", "--service-account", "b"], b"").complains("is no issuer; write https://");
    }
    let wellknown = "https://oidc.eks.us-west-2.amazonaws.com/id/A/.well-known/openid-configuration";
    for issuer in
        [wellknown, "https://oidc.eks.us-west-2.amazonaws.com", "oidc-eks.us-west-2.api.aws", "oidc.eks.us-west-2.amazonaws.com/A"]
    {
        run(&[role], &["--issuer", issuer, "--namespace", "a", "--service-account", "b"], b"").complains("is no issuer; write https://");
    }
    // A name that no service account has would only look like an answer.
    for (flag, name) in
        [("--service-account", "*"), ("--service-account", "Shop"), ("--namespace", "a b"), ("--namespace", "shop/checkout")]
    {
        run(&[], &with(&[flag, name]), b"").complains(&format!("{flag}: {name:?} is no name in Kubernetes"));
    }
    run(&[], &with(&["surplus"]), b"").complains("surplus");
}

#[test]
fn policies_come_in_every_wrapping() {
    let policy = run(&[], &NAMES, b"").out;
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.json");
    for text in [
        percent(&policy),
        quoted(&percent(&policy)),
        format!("{{\"Role\": {{\"RoleName\": \"checkout\", \"AssumeRolePolicyDocument\": {policy}}}}}"),
        format!("{{\"Role\": {{\"AssumeRolePolicyDocument\": {}}}}}", quoted(&percent(&policy))),
        format!("\u{feff}{policy}"),
    ] {
        assert_eq!(judged(&text, &[]).code, 0, "{text}");
        std::fs::write(&file, &text).unwrap();
        assert_eq!(run(&[], &with(&["--check", file.to_str().unwrap()]), b"").code, 0);
    }
}

#[test]
fn what_cannot_be_read_is_one_line_and_exit_2() {
    let policy = run(&[], &NAMES, b"").out;
    let comma = policy.replace("\"Allow\",", "\"Allow\"");
    judged(&comma, &[]).complains("standard input:6:7: malformed JSON: expected `,` or `}`, in this line: \"Principal\": {");
    judged("", &[]).complains("standard input: it is empty");
    judged("{}", &[]).complains("no Statement");
    judged("Role:\n  Arn: x\n", &[]).complains("YAML");
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    rustix::fs::mkfifoat(rustix::fs::CWD, path("fifo"), rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    std::fs::write(path("large"), vec![b' '; 64 * 1024 + 1]).unwrap();
    std::fs::write(path("bytes"), [0xff, 0xfe]).unwrap();
    let utf16 = |order: fn(u16) -> [u8; 2]| policy.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    run(&[], &with(&["--check", "-"]), &utf16(u16::to_le_bytes)).complains("UTF-16");
    run(&[], &with(&["--check", "-"]), &utf16(u16::to_be_bytes)).complains("UTF-16");
    let check = |name: &str| run(&[], &with(&["--check", &path(name)]), b"");
    check("fifo").complains("it is a FIFO, not a file; pipe it in and give - instead");
    check("large").complains("at most 65536");
    check("bytes").complains("not text");
    check("missing").complains("No such file");
    check(".").complains("a directory");
    run(&[], &with(&["--check", "-"]), &vec![b' '; 64 * 1024 + 1]).complains("more than 65536 bytes");
}

#[test]
fn hostile_text_paints_nothing_and_secrets_stay_out() {
    let world = World::default();
    let token = token_of(&world);
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "a\u{1b}[31m\u{202e}\nDENY", "Effect": "Allow\u{9b}", "Principal": {"Federated": "x\u{1b}]0;y\u{7}"},
        "Action": ["sts:\u{1b}[2J"], "Condition": {"StringEquals\u{1b}": {}, "StringLike": {"k\u{202e}ey\n": ["\u{1b}[0m", token]}},
    }]});
    for args in [&[][..], &["--output", "json"]] {
        let ran = judged(&policy.to_string(), args);
        assert_eq!(ran.code, 1, "{}", ran.err);
        let obeyed = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!ran.out.contains(obeyed), "{:?}", ran.out);
        assert!(!ran.out.contains(token.rsplit('.').next().unwrap()) && !ran.out.contains("\nDENY\n"), "{}", ran.out);
    }
    let sid = json!({"Statement": {"Sid": token, "Effect": "Allow", "Principal": {"Federated": "*"}, "Action": token}});
    for args in [&[][..], &["--output", "json"]] {
        let ran = judged(&sid.to_string(), args);
        assert!(ran.code == 1 && !ran.out.contains(token.rsplit('.').next().unwrap()), "{}", ran.out);
    }
    // A token, or a file of keys, where the policy belongs.
    judged(&token, &[]).complains("it is a token");
    let keys = judged("[default]\naws_secret_access_key = abcdefghijklmnop\n", &[]);
    assert!(keys.code == 2 && !keys.err.contains("abcdefgh"), "{}", keys.err);
    let keys = judged("{\"SecretAccessKey\": \"abcdefghijklmnop\" oops}", &[]);
    assert!(keys.code == 2 && !keys.err.contains("abcdefgh"), "{}", keys.err);
}
