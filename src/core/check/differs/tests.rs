use super::*;
use crate::core::check::checks::{CheckOutcome, checks};
use crate::core::check::diagnose;
use crate::core::evidence::Evidence;
use serde_json::{Value, json};

type Vars = Vec<(&'static str, String)>;

const TOKEN: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln";

fn vars(vars: &[(&'static str, &str)]) -> Vars {
    vars.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

fn regions() -> Vars {
    vars(&[("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "us-west-2"), ("AWS_STS_REGIONAL_ENDPOINTS", "regional")])
}

/// A pod as EKS's webhook makes it for IRSA.
fn irsa() -> Vars {
    [regions(), vars(&[("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/checkout"), (TOKEN, "/token")])].concat()
}

/// A pod as EKS's webhook makes it for Pod Identity.
fn pod_identity() -> Vars {
    let agent = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
    [regions(), vars(&[agent, ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/agent")])].concat()
}

/// The same pod with this variable. `None`: without it.
fn with(pod: &Vars, name: &'static str, value: Option<&str>) -> Vars {
    let others = pod.iter().filter(|(other, _)| *other != name).cloned();
    others.chain(value.map(|value| (name, value.to_owned()))).collect()
}

fn environment(vars: &Vars) -> Environment {
    Environment::from_lookup(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone()))
}

/// What is not known of a pod's calls is assumed to work.
fn evidence(vars: &Vars, change: impl FnOnce(&mut Value)) -> Evidence {
    let unknown = json!({"notAttempted": "not-asked"});
    let imds = json!({"known": {"v2": "answers", "v1": null, "role": "eks-node", "noRole": false, "instanceId": null}});
    let mut evidence = json!({
        "schema": "irsa-probe/evidence/v1", "takenAt": "2026-11-22T21:34:03Z", "endpoints": [],
        "inputs": {"environment": environment(vars), "settings": {}},
        "token": unknown, "defaultToken": unknown, "agent": unknown, "imds": imds, "chain": unknown,
    });
    change(&mut evidence);
    serde_json::from_value(evidence).unwrap()
}

/// The finding's text, and how the check ends.
fn judged(evidence: &Evidence) -> (String, String) {
    let diagnosis = diagnose(evidence);
    let finding = diagnosis.findings.iter().find(|finding| finding.code == Code::SdkDiffers);
    let check = checks(evidence, &diagnosis).into_iter().find(|check| check.id == "sdks").unwrap();
    let end = match (check.outcome, check.code, check.because) {
        (CheckOutcome::Pass | CheckOutcome::Fail, Some(code), None) => code.to_string(),
        (CheckOutcome::Skip, None, Some(because)) => because,
        other => panic!("{other:?}"),
    };
    assert_eq!(end == "sdk-differs", finding.is_some());
    (finding.map(|finding| finding.detail.clone()).unwrap_or_default(), end)
}

fn said(vars: &Vars) -> String {
    judged(&evidence(vars, |_| {})).0
}

/// What a family does in a pod in which each call works, said otherwise than in the code above.
fn does(family: SdkFamily, vars: &Vars) -> (ChainEnd, bool) {
    let (environment, profile) = (environment(vars), Default::default());
    let found = predict(family, &Surroundings::assumed(&environment, &profile));
    let end = if found.outcome == ChainEnd::Error { ChainEnd::None } else { found.outcome };
    (end, found.outcome == ChainEnd::Irsa && found.endpoint == StsEndpoint::Global)
}

/// A value for a variable that a pod lacks.
fn some_value(name: &str) -> &'static str {
    match name {
        "AWS_EC2_METADATA_DISABLED" => "true",
        "AWS_USE_FIPS_ENDPOINT" | "AWS_USE_DUALSTACK_ENDPOINT" | "AWS_EC2_METADATA_V1_DISABLED" => "false",
        "AWS_ENDPOINT_URL_STS" | "AWS_ENDPOINT_URL" => "https://sts.us-west-2.amazonaws.com",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN" => JWT,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI" => "http://169.254.170.23/v1/credentials",
        "HTTPS_PROXY" | "HTTP_PROXY" | "https_proxy" | "http_proxy" => "http://proxy:3128",
        "AWS_ROLE_ARN" => "arn:aws:iam::111122223333:role/other",
        _ => "checkout",
    }
}

/// Each variable, empty and with white space, in each kind of pod. The finding names it if and only if some families do something else because of
/// it, others do not, and no failure names it.
#[test]
fn a_variable_is_named_where_some_families_read_it_otherwise() {
    let mut named = Vec::new();
    let both = [irsa(), pod_identity()].concat();
    for (pod, base, wanted) in [
        ("irsa", irsa(), ChainEnd::Irsa),
        ("pod-identity", pod_identity(), ChainEnd::PodIdentity),
        ("none", regions(), ChainEnd::Irsa),
        ("both", both, ChainEnd::Irsa),
    ] {
        assert_eq!(judged(&evidence(&base, |_| {})), (String::new(), "the identity is not proven".to_owned()), "{pod}");
        for name in Environment::NAMES {
            let value = base.iter().find(|(n, _)| n == name).map_or(some_value(name), |(_, value)| value.as_str());
            for written in ["".to_owned(), format!(" {value}"), format!("{value} "), format!("{value}\n")] {
                let (untidy, tidy) = (with(&base, name, Some(&written)), with(&base, name, Some(value).filter(|_| !written.is_empty())));
                // Both names of the region are meant.
                let tidy = if name.ends_with("_REGION") { base.clone() } else { tidy };
                let (detail, end) = judged(&evidence(&untidy, |_| {}));
                let changed: Vec<SdkFamily> =
                    SdkFamily::ALL.into_iter().filter(|family| does(*family, &untidy) != does(*family, &tidy)).collect();
                // Who has the wanted identity by the regional endpoint has nothing to gain.
                let has_all = |family: &SdkFamily| does(*family, &untidy) == (wanted, false);
                let some = !changed.iter().all(has_all) && changed.len() < SdkFamily::ALL.len();
                let is_named = detail.contains(name);
                assert!(!is_named || some, "{pod}, {name}={written:?}: {detail}");
                assert!(is_named || !some || end.starts_with("see "), "{pod}, {name}={written:?}: {changed:?} {end}");
                if is_named {
                    named.push((pod, *name));
                    let who = detail.split(": ").nth(1).unwrap();
                    let is_said = |family: &SdkFamily| {
                        let mut names = who.split([',', ';']).flat_map(|part| part.split(" and "));
                        names.any(|part| part.trim().starts_with(family.short_name()))
                    };
                    let most = who.starts_with("most SDKs");
                    for family in SdkFamily::ALL.into_iter().filter(|family| is_said(family) && !most) {
                        assert!(changed.contains(&family), "{pod}, {name}={written:?}: {family:?} {detail}");
                    }
                }
            }
        }
    }
    for name in ["AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ROLE_SESSION_NAME"] {
        assert!(named.contains(&("irsa", name)), "{named:?}");
    }
    assert!(named.contains(&("pod-identity", "AWS_CONTAINER_AUTHORIZATION_TOKEN")), "{named:?}");
}

#[test]
fn the_text_names_who_reads_it_so_and_the_fix() {
    const OLD_NAMES: &str = "The old names AWS_ACCESS_KEY and AWS_SECRET_KEY are set: go v1, go v2, java v1 and ruby use the static keys in the \
        environment; unset AWS_ACCESS_KEY and AWS_SECRET_KEY.";
    const NEW_ALONE: &str = "AWS_REGION is set, AWS_DEFAULT_REGION is unset: python (boto3) and aws cli v1 call the global STS endpoint; set \
        AWS_DEFAULT_REGION=us-west-2 too.";
    const PADDED: &str = "AWS_DEFAULT_REGION has white space around its value: python (boto3), aws cli v1 and c++ get no credentials; remove the \
        white space around AWS_DEFAULT_REGION.";
    let key = || ("AWS_ACCESS_KEY", Some("AKIAIOSFODNN7EXAMPLE"));
    let secret = || ("AWS_SECRET_KEY", Some("hunter2hunter2hunter2"));
    let no_default = ("AWS_DEFAULT_REGION", None);
    let pod = |change: &[(&'static str, Option<&str>)]| change.iter().fold(irsa(), |pod, (name, value)| with(&pod, name, *value));
    for (change, wanted) in [
        (vec![key(), secret()], OLD_NAMES.to_owned()),
        // Half of a pair is no pair.
        (vec![key()], String::new()),
        (vec![secret()], String::new()),
        (vec![("AWS_ACCESS_KEY", Some("")), ("AWS_SECRET_KEY", Some(""))], String::new()),
        (vec![no_default], NEW_ALONE.to_owned()),
        (vec![("AWS_DEFAULT_REGION", Some(" us-west-2"))], PADDED.to_owned()),
        (vec![key(), no_default, secret()], [OLD_NAMES, NEW_ALONE].join(" ")),
    ] {
        assert_eq!(said(&pod(&change)), wanted, "{change:?}");
    }
    // One sentence for each variable. The one that is to be set need not be unset before.
    for (change, first, last) in [
        (("AWS_REGION", None), "AWS_DEFAULT_REGION is set, AWS_REGION is unset: ", "; set AWS_REGION=us-west-2 too."),
        (("AWS_REGION", Some("")), "AWS_DEFAULT_REGION is set, AWS_REGION is empty: ", "; set AWS_REGION=us-west-2 too."),
        (("AWS_DEFAULT_REGION", Some("")), "AWS_REGION is set, AWS_DEFAULT_REGION is empty: ", "; set AWS_DEFAULT_REGION=us-west-2 too."),
        (("AWS_ROLE_SESSION_NAME", Some("")), "AWS_ROLE_SESSION_NAME is empty: ", "; unset AWS_ROLE_SESSION_NAME."),
    ] {
        let found = said(&pod(&[change]));
        assert!(found.starts_with(first) && found.ends_with(last) && found.matches(". ").count() == 0, "{found}");
    }
    // Where nothing is injected, old names are credentials too.
    let bare = [key(), secret()].iter().fold(regions(), |pod, (name, value)| with(&pod, name, *value));
    assert_eq!(said(&bare), OLD_NAMES);
    // Half of a pair, and a new name for the other half.
    let mixed = said(&pod(&[("AWS_ACCESS_KEY_ID", Some("AKIAIOSFODNN7EXAMPLE")), secret()]));
    assert!(mixed.starts_with("The old name AWS_SECRET_KEY is set: ") && mixed.ends_with("; unset AWS_SECRET_KEY."), "{mixed}");
}

/// Only the SDK that removes the white space finds the file.
#[test]
fn a_token_s_path_is_judged_by_the_file_that_was_found() {
    let missing = |path: &str| json!({"known": {"path": path, "file": {"failed": {"kind": "missing", "text": "No such file"}}}});
    let judge = |path: &str, token: Value| judged(&evidence(&with(&irsa(), TOKEN, Some(path)), |evidence| evidence["token"] = token)).0;
    let (found, padded) = (judge("/token ", missing("/token ")), "AWS_WEB_IDENTITY_TOKEN_FILE has white space around its value: ");
    assert!(found.starts_with(padded) && found.contains("kotlin"), "{found}");
    assert!(found.ends_with("; remove the white space around AWS_WEB_IDENTITY_TOKEN_FILE."), "{found}");
    assert_eq!(judge("/token", missing("/token")), "", "missing for every SDK");
    assert_eq!(judge("/token ", json!({"notAttempted": "not-asked"})), "", "the file's name ends with a space");
}

/// A failure that names the variable is said first, and once.
#[test]
fn what_a_failure_says_already_is_not_repeated() {
    for (name, value, wanted) in [
        ("AWS_ROLE_ARN", Some(" arn:aws:iam::111122223333:role/checkout"), "see role-arn-malformed"),
        (TOKEN, Some(""), "see half-injected"),
        ("AWS_REGION", Some("us-west-2 "), "see region-malformed"),
    ] {
        assert_eq!(judged(&evidence(&with(&irsa(), name, value), |_| {})), (String::new(), wanted.to_owned()), "{name}");
    }
    // What is no region is not recommended, and neither is what would take the identity away.
    for region in ["oregon", "cn-north-1"] {
        let pod = with(&with(&irsa(), "AWS_DEFAULT_REGION", None), "AWS_REGION", Some(region));
        assert_eq!(said(&pod), "", "{region}");
    }
    let old = with(&with(&irsa(), "AWS_ACCESS_KEY", Some("AKIAIOSFODNN7EXAMPLE")), "AWS_SECRET_KEY", Some("hunter2hunter2hunter2"));
    let app_sdk = |sdk: &str| judged(&evidence(&old, |evidence| evidence["inputs"]["settings"]["appSdk"] = json!(sdk)));
    assert_eq!(app_sdk("ruby").1, "sdk-differs");
    assert_eq!(app_sdk("botocore"), (String::new(), "the identity is not proven".to_owned()));
}

/// It informs: no verdict depends on it, also not a strict one.
#[test]
fn it_is_information_only() {
    for strict in [false, true] {
        let found =
            evidence(&with(&irsa(), "AWS_DEFAULT_REGION", None), |evidence| evidence["inputs"]["settings"]["strict"] = json!(strict));
        let diagnosis = diagnose(&found);
        let severities: Vec<Severity> =
            diagnosis.findings.iter().filter(|found| found.code == Code::SdkDiffers).map(|f| f.severity).collect();
        assert_eq!(severities, [Severity::Info]);
        assert!(diagnosis.findings.iter().all(|found| found.severity != Severity::Fail || found.code != Code::SdkDiffers));
    }
}
