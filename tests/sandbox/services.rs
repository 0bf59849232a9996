//! IMDS, the Pod Identity agent and the issuer.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    client::{Got, Signer, call, sandbox},
    support::{Sandbox, Service},
};

const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN: &str = "x-aws-ec2-metadata-token";
const ROLE: &str = "/latest/meta-data/iam/security-credentials/";

fn imds(sandbox: &Sandbox, method: &str, path: &str, headers: &[(&str, &str)]) -> Got {
    call(method, &format!("{}{path}", sandbox.expand("{imds}")), headers, "")
}

#[test]
fn imds_wants_a_token() {
    let sandbox = sandbox(json!({"inject": [], "imds": "v2"}));
    let put = |headers: &[(&str, &str)]| imds(&sandbox, "PUT", "/latest/api/token", headers);
    assert_eq!(
        [
            put(&[]).status,
            put(&[(TTL, "0")]).status,
            put(&[(TTL, "21601")]).status,
            put(&[(TTL, "60"), ("x-forwarded-for", "10.0.0.1")]).status
        ],
        [400, 400, 400, 403]
    );
    let token = put(&[(TTL, "21600")]);
    assert!(token.status == 200 && token.head.contains(&format!("{TTL}: 21600")) && token.head.contains("EC2ws"), "{token:?}");
    assert_eq!([imds(&sandbox, "GET", ROLE, &[]).status, imds(&sandbox, "GET", ROLE, &[(TOKEN, "wrong")]).status], [401, 401]);
    let get = |path: &str| imds(&sandbox, "GET", path, &[(TOKEN, &token.body)]);
    assert_eq!(get(ROLE).body, "eks-node");
    assert_eq!(get("/latest/meta-data/instance-id").body, "i-0123456789abcdef0");
    assert_eq!(get("/latest/meta-data/placement/region").body, "us-west-2");
    assert_eq!(get(&format!("{ROLE}another")).status, 404);
    let info: Value = serde_json::from_str(&get("/latest/meta-data/iam/info").body).unwrap();
    assert_eq!(info["InstanceProfileArn"], "arn:aws:iam::111122223333:instance-profile/eks-node-profile");
    let document: Value = serde_json::from_str(&get("/latest/dynamic/instance-identity/document").body).unwrap();
    assert_eq!(document["accountId"], "111122223333");

    let credentials: Value = serde_json::from_str(&get(&format!("{ROLE}eks-node")).body).unwrap();
    let text = |name: &str| credentials[name].as_str().unwrap().to_owned();
    for secret in [text("AccessKeyId"), text("SecretAccessKey"), text("Token"), token.body.clone()] {
        assert!(sandbox.secrets().contains(&secret));
    }
    let signer = Signer {
        key: text("AccessKeyId"),
        secret: text("SecretAccessKey"),
        token: Some(text("Token")),
        region: "us-west-2".to_owned(),
        service: "sts".to_owned(),
        at: crate::support::state::unix_now(),
        host: sandbox.expand("{sts}").replace("http://", ""),
        sign_token: true,
    };
    assert_eq!(signer.call().tag("Arn"), "arn:aws:sts::111122223333:assumed-role/eks-node/i-0123456789abcdef0");
    let operations: Vec<String> =
        sandbox.requests().into_iter().filter(|record| record.service == Service::Imds).map(|record| record.operation).collect();
    assert_eq!(operations[..6], ["token", "token", "token", "token", "token", "role-v1"]);
    assert!(operations.contains(&"credentials".to_owned()));
}

#[test]
fn imds_is_shut_in_its_own_ways() {
    // mode, the token's PUT, a GET without token
    for (mode, put, get) in [("v1", 200, 200), ("forbidden", 403, 403), ("forbidden-v1-open", 403, 200), ("no-role", 200, 401)] {
        let sandbox = sandbox(json!({"imds": mode}));
        assert_eq!(imds(&sandbox, "PUT", "/latest/api/token", &[(TTL, "60")]).status, put, "{mode}");
        assert_eq!(imds(&sandbox, "GET", ROLE, &[]).status, get, "{mode}");
    }
    for (mode, get) in [("hop-limit", 401), ("hop-limit-v1", 200)] {
        let sandbox = sandbox(json!({"imds": mode}));
        assert_eq!(imds(&sandbox, "GET", ROLE, &[]).status, get, "{mode}");
    }
    let sandbox = sandbox(json!({"imds": "no-role"}));
    let token = imds(&sandbox, "PUT", "/latest/api/token", &[(TTL, "60")]).body;
    let absent = imds(&sandbox, "GET", ROLE, &[(TOKEN, &token)]);
    assert!(absent.status == 404 && absent.body.contains("404 - Not Found"));
}

#[test]
fn imds_tokens_end() {
    let sandbox = sandbox(json!({"imds": "v2"}));
    let token = imds(&sandbox, "PUT", "/latest/api/token", &[(TTL, "1")]).body;
    let ended = (0..2400).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        imds(&sandbox, "GET", ROLE, &[(TOKEN, &token)]).status == 401
    });
    assert!(ended);
}

#[test]
fn the_agent_checks_the_token_in_its_own_words() {
    let ask = |situation: Value, headers: &[(&str, &str)]| {
        let mut situation = situation;
        situation["inject"] = json!(["pod-identity"]);
        let sandbox = sandbox(situation);
        let token = std::fs::read_to_string(sandbox.expand("{podIdentityToken}")).unwrap();
        let mut headers = headers.to_vec();
        if headers.is_empty() {
            headers.push(("authorization", &token));
        }
        (call("GET", &sandbox.expand("{agent}"), &headers, ""), sandbox)
    };
    let refused = |situation: Value, headers: &[(&str, &str)]| {
        let (got, _sandbox) = ask(situation, headers);
        format!("{} {}", got.status, got.body)
    };
    assert_eq!(refused(json!({}), &[("authorization", "")]), "400 Service account token cannot be empty\n");
    assert!(refused(json!({}), &[("authorization", "Bearer x")]).starts_with("400 Service account token cannot be parsed: "));
    assert_eq!(
        refused(json!({"podIdentityToken": {"exp": -5}}), &[]),
        "400 Service account token failed basic claim validations: token is expired\n"
    );
    assert_eq!(
        refused(json!({"podIdentityToken": {"nbf": 500}}), &[]),
        "400 Service account token failed basic claim validations: token is not valid yet\n"
    );
    for situation in [json!({"podIdentityToken": {"signedBy": "stranger"}}), json!({"podIdentityToken": {"aud": ["sts.amazonaws.com"]}})] {
        assert!(refused(situation, &[]).contains("]: (InvalidTokenException): "));
    }
    assert!(refused(json!({"agent": {"mode": "association-missing"}}), &[]).contains("]: (ResourceNotFoundException): "));
    assert!(refused(json!({"podIdentityToken": {"sub": "system:serviceaccount:shop:other"}}), &[]).starts_with("404 ["));
    let denied = refused(json!({"agent": {"mode": "trust-denied"}}), &[]);
    assert!(denied.ends_with("]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the associated role., fault: client\n"), "{denied}");
    assert_eq!(refused(json!({"agent": {"script": [{"status": 429, "body": "Too Many Requests"}]}}), &[]), "429 Too Many Requests\n");

    let (good, sandbox) = ask(json!({}), &[]);
    let credentials: Value = serde_json::from_str(&good.body).unwrap();
    let mut names: Vec<&String> = credentials.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["AccessKeyId", "AccountId", "Expiration", "SecretAccessKey", "Token"]);
    assert!(sandbox.secrets().contains(&credentials["SecretAccessKey"].as_str().unwrap().to_owned()));
    assert!(credentials["Expiration"].as_str().unwrap().ends_with(".123456789Z"));

    let address = sandbox.expand("{agent}").replace("http://", "").replace("/v1/credentials", "");
    let through_a_name = crate::client::exchange(&address, &crate::client::request("GET", "/v1/credentials", "agent.example:80", &[], ""));
    assert!(
        through_a_name.contains("403 Forbidden")
            && through_a_name.contains("use either [169.254.170.23 fd00:ec2::23] address not agent.example\n"),
        "{through_a_name}"
    );
}

#[test]
fn the_agent_may_listen_on_ipv6() {
    let sandbox = sandbox(json!({"inject": ["pod-identity"], "agent": {"ipv6": true}}));
    assert!(sandbox.env()["AWS_CONTAINER_CREDENTIALS_FULL_URI"].starts_with("http://[::1]:"));
    assert_eq!(call("GET", &sandbox.expand("{agent}"), &[], "").status, 400);
}
