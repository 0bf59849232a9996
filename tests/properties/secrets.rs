//! Secrets in the places that are secret by construction: nothing that is made of them shows them.

use super::evidence::evidence;
use super::{cases, pod, texts, tokens};
use irsa_probe::core::evidence::{Evidence, Fact, FileFact, Token, TokenContent};
use irsa_probe::core::report::{Run, report};
use irsa_probe::core::token::decode;
use irsa_probe::render::{Style, json, termination, text};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

/// Variables whose value is a secret, and such whose value is an address that may hold a password.
const KEYS: [&str; 4] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"];
const ADDRESSES: [&str; 8] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
];

const CANARY: &str = "CANARY";

fn secret_variables() -> impl Strategy<Value = pod::Variables> {
    let keys = (subsequence(&KEYS[..], 0..=4), "[A-Za-z0-9/+]{10,40}")
        .prop_map(|(names, secret)| names.into_iter().map(|name| (name, format!("{CANARY}{secret}"))).collect::<Vec<_>>());
    let address = texts::password(CANARY.to_owned()).prop_flat_map(texts::address);
    let addresses = (subsequence(&ADDRESSES[..], 0..=8), vec(address, 8))
        .prop_map(|(names, addresses)| names.into_iter().zip(addresses).collect::<Vec<_>>());
    (pod::variables(), keys, addresses).prop_map(|(variables, keys, addresses)| [variables, keys, addresses].concat())
}

fn everything(evidence: &Evidence) -> String {
    let report = report(evidence, Run { duration_ms: 1, attempts: 1 });
    let texts = [
        format!("{evidence:?}"),
        json::evidence(evidence),
        json::report(&report),
        text::report(&report, Style::default()),
        text::report(&report, Style { color: true, width: 20, ascii: true }),
        termination::message(&report),
    ];
    texts.concat()
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn no_rendering_holds_a_secret(variables in secret_variables(), mut evidence in evidence()) {
        evidence.inputs.environment = pod::environment(&variables);
        let claims = evidence.token.known().and_then(|token| token.claims()).cloned().unwrap_or_default();
        if let Ok(claims) = decode(tokens::encode(&claims, "CANARY of a signature").as_bytes()) {
            let file = FileFact::Read { modified: None, trailing_whitespace: false, content: TokenContent::Claims(claims) };
            evidence.token = Fact::Known(Token { path: "/t".into(), file });
        }
        let shown = everything(&evidence);
        prop_assert!(!shown.contains(CANARY) && !shown.contains("Q0FOQVJZ"), "{:?}", variables);
    }
}
