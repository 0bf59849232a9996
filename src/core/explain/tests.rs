//! tests/explain/texts.txt: every text means what it says there, and all codes that have a text in the wild are reached.

use super::*;

const TEXTS: &str = include_str!("../../../tests/explain/texts.txt");

struct Case {
    codes: Vec<String>,
    source: String,
    facts: Vec<(String, String)>,
    text: String,
    line: usize,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (number, line) in TEXTS.lines().enumerate() {
        match line.strip_prefix("=== ") {
            Some(head) => {
                let parts: Vec<&str> = head.split('|').map(str::trim).collect();
                let [codes, source, facts] = parts[..] else { panic!("line {}: three parts", number + 1) };
                let codes = codes.split(',').filter(|code| *code != "-").map(str::to_owned).collect();
                let facts = facts
                    .split_whitespace()
                    .map(|fact| fact.split_once('=').expect("name=value"))
                    .map(|(n, v)| (n.to_owned(), v.to_owned()));
                cases.push(Case { codes, source: source.to_owned(), facts: facts.collect(), text: String::new(), line: number + 1 });
            }
            None => {
                if let Some(case) = cases.last_mut() {
                    case.text.push_str(line);
                    case.text.push('\n');
                }
            }
        }
    }
    cases
}

fn codes(explanation: &Explanation) -> Vec<String> {
    explanation.matches.iter().map(|one| one.code.to_string()).collect()
}

#[test]
fn every_text_means_what_it_is_said_to_mean() {
    let cases = cases();
    assert!(cases.len() >= 150, "{} texts", cases.len());
    let mut wrong = String::new();
    for case in &cases {
        let explanation = explain(&case.text);
        let found = codes(&explanation);
        if found != case.codes {
            wrong.push_str(&format!("line {} ({}): wanted {:?}, found {found:?}\n", case.line, case.source, case.codes));
            continue;
        }
        let Some(root) = explanation.matches.first() else { continue };
        let facts = serde_json::to_value(&root.facts).unwrap();
        for (name, value) in &case.facts {
            let found = facts[name].as_str().unwrap_or_default();
            if found != value {
                wrong.push_str(&format!("line {} ({}): {name} is {found:?}, wanted {value:?}\n", case.line, case.source));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Codes that no text in the wild stands for, with the reason.
const WITHOUT_TEXT: &[(Code, &str)] = &[
    (Code::RoleDiffersFromExpected, "a comparison with --expect-role-arn"),
    (Code::ShadowedByEnvKeys, "an SDK that finds static keys says nothing"),
    (Code::ShadowedByProfile, "an SDK that finds a profile says nothing"),
    (Code::BothInjected, "an SDK takes one of them and says nothing"),
    (Code::EndpointOverride, "a setting; its consequences have texts of their own"),
    (Code::PartitionMismatch, "a comparison; STS's text for it is role-arn-rejected or oidc-provider-missing"),
    (Code::TokenExpired, "read from the file; STS's text for it is token-expired-at-sts"),
    (Code::TokenRotationOverdue, "read from the token's times"),
    (Code::TokenAudienceUnexpected, "read from the token; STS's text for it is audience-not-registered"),
    (Code::TokenOfAnotherPod, "read from the token"),
    (Code::ProbeOutOfResources, "the probe's own lack; an application's is no matter of its identity"),
    (Code::IssuerUnreachable, "seen by --check-issuer only; STS's text for it is issuer-keys-unavailable"),
    (Code::IssuerMismatch, "seen by --check-issuer only"),
    (Code::SigningKeyUnknown, "seen by --check-issuer only; STS's text for it is issuer-keys-unavailable"),
    (Code::IdentityMismatch, "a comparison with --expect-role-arn"),
    (Code::IdentityUnconfirmed, "the probe's own second call"),
    (Code::ChainDisagrees, "a comparison of two proofs"),
    (Code::NodeRoleReachable, "IMDS answers, which is no error"),
    (Code::NodeRoleReachableV1, "IMDS answers, which is no error"),
    (Code::SecondaryRegionFailing, "the probe's own second region"),
    (Code::SdkFallsThrough, "a prediction; the SDK says nothing"),
    (Code::SdkDiffers, "a prediction; the SDK says nothing"),
    (Code::AnnotationMisspelt, "seen by doctor"),
    (Code::PodPredatesAnnotation, "seen by doctor"),
    (Code::PodNotInjected, "seen by doctor"),
    (Code::InjectionSuppressed, "seen by doctor"),
    (Code::ServiceAccountNotUsed, "seen by doctor"),
    (Code::PodsRefused, "seen by doctor"),
];

#[test]
fn every_code_that_has_a_text_is_reached() {
    let cases = cases();
    for code in Code::ALL {
        let reached = cases.iter().any(|case| case.codes.iter().any(|one| one == code.id()));
        let excused = WITHOUT_TEXT.iter().any(|(one, _)| one == code);
        assert!(reached != excused, "{code}: reached {reached}, excused {excused}");
    }
}

#[test]
fn every_text_has_a_source_and_the_near_misses_are_many() {
    let cases = cases();
    assert!(cases.iter().all(|case| case.source.len() > 8));
    assert!(cases.iter().filter(|case| case.source.contains('#')).count() >= 80, "from public issues");
    assert!(cases.iter().filter(|case| case.codes.is_empty()).count() >= 25, "near misses");
}

/// Who is denied something on a role is not that role, and a user has no role's policies.
#[test]
fn the_fix_names_who_was_denied() {
    const CASES: [(&str, &[&str], &[&str]); 5] = [
        (
            "User: arn:aws:iam::111122223333:user/ops/mary is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/eks",
            &["in a policy of user mary,", "list-attached-user-policies --user-name mary"],
            &["of role", "--role-name"],
        ),
        (
            "AccessDenied: User: arn:aws:iam::111122223333:user/mary is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/eks",
            &["of user mary,", "add arn:aws:iam::111122223333:user/mary as Principal", "get-role --role-name eks"],
            &["of role eks"],
        ),
        (
            "User: arn:aws:sts::<account>:assumed-role/ci/x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/eks",
            &["in a policy of role ROLE_NAME,"],
            &["--role-name eks"],
        ),
        (
            "pods is forbidden: User \"arn:aws:iam::111122223333:user/mary\" cannot list resource \"pods\" in API group \"\"",
            &["the access entry of arn:aws:iam::111122223333:user/mary,", "--principal-arn arn:aws:iam::111122223333:user/mary"],
            &["ROLE_ARN"],
        ),
        (
            "NoSuchEntity: The role with name checkout cannot be found.",
            &["Create role checkout in", "create-role --role-name checkout "],
            &["ROLE_NAME"],
        ),
    ];
    for (text, with, without) in CASES {
        let remedy = &explain(text).matches[0].remedy;
        let commands: Vec<&str> = remedy.commands.iter().map(|command| command.command.as_str()).collect();
        let all = format!("{}\n{}", remedy.text, commands.join("\n"));
        assert!(with.iter().all(|part| all.contains(part)) && !without.iter().any(|part| all.contains(part)), "{text}: {all}");
    }
}

/// A record that is cut anywhere is still a text: it may mean less, but never break.
#[test]
fn no_prefix_and_no_suffix_breaks_it() {
    for case in cases() {
        let ends: Vec<usize> = case.text.char_indices().map(|(at, _)| at).step_by(41).collect();
        for at in ends {
            let _ = (explain(&case.text[..at]), explain(&case.text[at..]), beginning(&case.text[at..]));
        }
    }
}

#[test]
fn any_text_within_a_log_means_the_same() {
    for case in cases().iter().filter(|case| case.codes.len() == 1) {
        let log = format!("10:00:00 starting up\n10:00:01 ready\n\n{}\n10:00:02 stopped\n", case.text);
        let crlf = log.replace('\n', "\r\n");
        for log in [&log, &crlf] {
            let explanation = explain(log);
            assert_eq!(codes(&explanation), case.codes, "line {}: {log}", case.line);
            assert!(explanation.matches[0].line > Some(2));
        }
    }
}

/// The same in a JSON record of a log collector, and in that of another one around it.
#[test]
fn any_text_in_a_json_record_means_the_same() {
    for case in cases().iter().filter(|case| case.codes.len() == 1) {
        let once = serde_json::json!({ "log": case.text.trim(), "stream": "stderr" }).to_string();
        let twice = serde_json::json!({ "message": once }).to_string();
        for log in [&once, &twice] {
            assert_eq!(codes(&explain(log)), case.codes, "line {}: {log}", case.line);
        }
    }
}

/// A secret on the line after its name, and one in a header of IMDS.
#[test]
fn no_excerpt_shows_a_secret() {
    for (text, secret) in [
        (
            "AWS_SECRET_ACCESS_KEY=\nu3Fq9PzLk2mVn8XwYtRb5CdEfGh1Ji AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity",
            "u3Fq",
        ),
        (
            "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity x-aws-ec2-metadata-token: AQAEAGAbLcd-2cX1_VYpHpIxYH5nC0fmWZbnUF==",
            "AQAE",
        ),
    ] {
        let excerpt = explain(text).matches[0].excerpt.clone().unwrap();
        assert!(!excerpt.contains(secret) && excerpt.contains("[redacted]"), "{excerpt}");
    }
}

#[test]
fn repeated_errors_are_one_match_with_a_count() {
    let line = "An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Incorrect token audience\n";
    let explanation = explain(&line.repeat(214));
    assert_eq!(explanation.matches.len(), 1);
    assert_eq!((explanation.matches[0].line, explanation.matches[0].count), (Some(1), Some(214)));
    assert_eq!(explanation.why, None);
}

#[test]
fn the_root_says_why_it_is_the_root() {
    let log = "NoCredentialProviders: no valid providers in chain\nInvalidIdentityToken: Incorrect token audience\n";
    let explanation = explain(log);
    assert_eq!(explanation.root_cause, Some(Code::AudienceNotRegistered));
    let why = explanation.why.unwrap();
    assert_eq!(
        why,
        "the exchange with STS comes before the SDK's chain as a whole in the order in which credentials are made: what fails first explains the rest"
    );
}

#[test]
fn the_fix_carries_the_facts() {
    let explanation = explain(
        "User: arn:aws:sts::111122223333:assumed-role/checkout/s is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::orders/1\"",
    );
    let remedy = &explanation.matches[0].remedy;
    assert!(remedy.text.starts_with("Allow s3:PutObject on arn:aws:s3:::orders/1 in a policy of role checkout"), "{}", remedy.text);
    assert!(remedy.text.contains("does not show its role's path"));
    assert_eq!(
        remedy.commands[1].command,
        "aws iam simulate-principal-policy --policy-source-arn arn:aws:iam::111122223333:role/checkout --action-names s3:PutObject --resource-arns arn:aws:s3:::orders/1"
    );
    let explanation = explain("    - rolearn: arn:aws:iam::111122223333:role/team/ops/admin");
    assert!(explanation.matches[0].remedy.text.ends_with("arn:aws:iam::111122223333:role/admin."), "{:?}", explanation.matches[0].remedy);
    let explanation = explain("- rolearn: arn:aws:iam::XXXXXXXXXXXX:role/a/b\n- rolearn: arn:aws:iam::111122223333:role/c/d\n");
    let fixes: Vec<&str> = explanation.matches.iter().map(|one| one.remedy.text.rsplit(' ').next().unwrap()).collect();
    assert_eq!(fixes, ["arn:aws:iam::ACCOUNT:role/b.", "arn:aws:iam::111122223333:role/d."], "each of them");
}

#[test]
fn details_say_at_once_what_the_text_shows() {
    for (text, says) in [
        (
            "User: arn:aws:sts::111122223333:assumed-role/node/i-0123456789abcdef0 is not authorized to perform: s3:GetObject",
            "not this permission",
        ),
        ("Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)", "1h 45m behind AWS's"),
        ("Token expired: current date/time 1753382758 must be before the expiration date/time 1753089571", "It had expired 3d 9h before."),
        (
            "User: arn:aws:sts::111122223333:assumed-role/a/s is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/b",
            "different accounts (111122223333 and 444455556666)",
        ),
        (
            "User: arn:aws:sts::111122223333:assumed-role/a/s is not authorized to perform: a:B because no VPC endpoint policy allows",
            "a VPC endpoint policy",
        ),
    ] {
        let explanation = explain(text);
        let detail = explanation.matches[0].detail.clone().unwrap_or_default();
        assert!(detail.contains(says), "{text}: {detail}");
    }
}

#[test]
fn many_different_errors_are_counted_rather_than_listed() {
    let log: String = (0..40)
        .map(|n| format!("User: arn:aws:sts::111122223333:assumed-role/a/s is not authorized to perform: s3:Action{n} on resource: x\n"))
        .collect();
    let explanation = explain(&log);
    assert_eq!((explanation.matches.len(), explanation.omitted), (25, Some(15)));
    let explanation =
        explain(&format!("{log}An error occurred (ExpiredToken) when calling the PutObject operation: The provided token has expired.\n"));
    assert_eq!(explanation.root_cause, Some(Code::SessionExpired), "the last one is not the one that is left out");
}

/// What is done for a line does not grow with its length squared: a line of one word ends.
#[test]
fn a_line_of_one_word_is_read() {
    for word in ["AccessDenied ", "InvalidIdentityToken,", "(", "name: AccessDenied "] {
        assert!(explain(&word.repeat(200_000)).matches.len() <= 1, "{word}");
    }
}

/// Where the pieces of a log end, and where a long line is cut, changes nothing.
#[test]
fn an_error_is_found_wherever_it_stands_in_a_long_line() {
    for at in (0..70_000).step_by(997) {
        let line = format!("{}Unable to locate credentials{}", "z ".repeat(at / 2), " z".repeat(20_000));
        assert_eq!(explain(&line).root_cause, Some(Code::NoCredentialsFound), "{at}");
    }
}

#[test]
fn the_same_log_has_the_same_answer_in_any_pieces() {
    let mut log = "x".repeat(99) + "\n";
    log = log.repeat(3000);
    (0..30_000).for_each(|n| log.push_str(&format!("    Unable to locate credentials\n    ok {n}\n")));
    let whole = explain(&log);
    for piece in [4097, 65_536, 300_000] {
        let mut explainer = Explainer::new();
        log.as_bytes().chunks(piece).for_each(|bytes| explainer.push(bytes));
        assert_eq!(explainer.finish().matches[0].count, whole.matches[0].count, "{piece}");
    }
}

/// The root is not a failure that had been overcome when STS answered.
#[test]
fn what_sts_answers_later_is_the_root() {
    let denied = "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity";
    for earlier in [
        "The config profile (dev) could not be found",
        "You must specify a region.",
        "Post \"https://sts.eu-west-1.amazonaws.com/\": dial tcp: lookup sts.eu-west-1.amazonaws.com: no such host",
    ] {
        assert_eq!(explain(&format!("{earlier}\n\n2026-01-02 ERROR {denied}\n")).root_cause, Some(Code::TrustPolicyDenied), "{earlier}");
        assert_ne!(explain(&format!("{denied}\n\n2026-01-02 ERROR {earlier}\n")).root_cause, Some(Code::RequestRejected));
    }
}
