//! Secrets in the places that are secret by construction, and secrets by their shape in foreign text: nothing that is made of them shows
//! them, and what stands beside them stays.

use super::evidence::evidence;
use super::{allowed, cases, pod, shapes, texts, tokens};
use irsa_probe::core::aws::answer::{ServiceAnswer, ServiceError};
use irsa_probe::core::check::report::{RunTimes, report};
use irsa_probe::core::evidence::{Call, Evidence, Fact, FileFact, Token, TokenContent};
use irsa_probe::core::explain::{beginning, explain};
use irsa_probe::core::pod::token::decode;
use irsa_probe::core::text::secrets::Secrets;
use irsa_probe::render::{Style, explain as explained, json, termination, text};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use regex::Regex;
use std::sync::LazyLock;

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
    let report = report(evidence, RunTimes { duration_ms: 1, attempts: 1 });
    let texts = [
        format!("{evidence:?}"),
        json::evidence(evidence),
        json::report(&report),
        text::report(&report, Style::default()),
        text::report(&report, Style { color: true, ..Style::default() }),
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

/// Who was denied, in AWS's words.
#[test]
fn a_field_behind_an_arn_is_told_by_its_value() {
    let key = "38FWO7iI6r41455299457455413/uD95cM2nb20+";
    let split = |name: &str| name.split_once('/').map(|(role, session)| reads_like_a_field(role, session)).unwrap();
    assert!(split(&format!("web,Signature={key}")), "40 characters that span role and session");
    assert!(!split(&format!("web,Signature={key}1")) && !split(&format!("web.Signature={key}")), "41 characters, or no comma");
}

/// Whether a name in an ARN reads like a field behind the ARN: a comma, and a value that is exactly a secret key, or begins as a session token and is
/// longer than a name. Such a value is removed even there, because a secret that is shown is worse than a name that is not.
fn reads_like_a_field(role: &str, session: &str) -> bool {
    static FIELD: LazyLock<Regex> = LazyLock::new(|| {
        let token = "(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz|AQoDYXdz|AQoEXAMPLE)[A-Za-z0-9+/=_.-]{53,}";
        Regex::new(&format!("(?:^|,).*[=,](?:[A-Za-z0-9+/]{{40}}(?:[^A-Za-z0-9+/]|$)|{token})")).unwrap()
    });
    let name = format!("{role}/{session}");
    name.contains(',') && FIELD.is_match(&name)
}

fn denial(role: &str, session: &str) -> (String, String) {
    let principal = format!("arn:aws:sts::111122223333:assumed-role/{role}/{session}");
    let text = format!(
        "User: {principal} is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::bucket/key\" because no identity-based policy allows the s3:GetObject action"
    );
    (principal, text)
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn a_log_s_secrets_stay_in_it_and_its_names_come_out(
        secret in shapes::in_its_place(),
        (role, session) in (allowed::name(), allowed::session()),
        order in 0u8..4,
    ) {
        prop_assume!(!session.starts_with("i-") && !reads_like_a_field(&role, &session));
        let (principal, denial) = denial(&role, &session);
        let log = match order {
            0 => format!("{}\n{denial}", secret.text),
            1 => format!("{denial}\n{}", secret.text),
            2 => format!("level=error request=[{}] msg={denial}", secret.text),
            _ => format!("{denial} ({})", secret.text),
        };
        let explanation = explain(&log);
        let shown = [explained::text(&explanation, Style::default()), json::explanation(&explanation), beginning(&log), beginning(&secret.text)].concat();
        prop_assert!(!secret.leaks_into(&shown), "{}", shown);
        prop_assert_eq!(explanation.matches[0].facts.principal.as_deref(), Some(principal.as_str()), "{}", log);
    }

    #[test]
    fn what_an_answer_holds_of_a_secret_is_not_shown(
        secret in shapes::in_its_place(),
        (role, session) in (allowed::name(), allowed::session()),
        mut evidence in evidence(),
    ) {
        prop_assume!(!reads_like_a_field(&role, &session));
        let (principal, denial) = denial(&role, &session);
        let message = format!("{} {denial}", secret.text);
        // As the collector keeps it.
        let error = ServiceError { status: 400, code: Some("Unheard".to_owned()), message: message.clone(), request_id: Some("r-1".to_owned()) }.redacted(&Secrets::default());
        evidence.inputs.environment = pod::environment(&vec![
            ("AWS_ROLE_ARN", pod::ROLE.to_owned()), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token".to_owned()), ("AWS_REGION", "us-west-2".to_owned()),
        ]);
        for endpoint in &mut evidence.endpoints {
            endpoint.assume_role = Fact::Known(Call { exchange: None, answer: Ok(ServiceAnswer::Error(error.clone())) });
        }
        let shown = everything(&evidence);
        prop_assert!(!secret.leaks_into(&shown), "{}", shown);
        // Beyond what is kept of a message nothing is asked of it.
        let kept = message.chars().count() <= 900 && !evidence.endpoints.is_empty();
        prop_assert!(!kept || shown.contains(&principal), "{} is not in {}", principal, shown);
    }

    #[test]
    fn a_token_in_the_place_of_a_name_is_never_shown(secret in shapes::jwt(), at in 0usize..7) {
        let variable = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME", "AWS_PROFILE", "AWS_REGION", "AWS_CONFIG_FILE", "POD_NAME"][at];
        let usual = [("AWS_ROLE_ARN", pod::ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), ("AWS_REGION", "us-west-2")];
        let mut variables: pod::Variables = usual.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        variables.push((variable, secret.text.clone()));
        let environment = pod::environment(&variables);
        // Inside, the value is what was given.
        let given = [&environment.role_arn, &environment.token_file, &environment.session_name, &environment.profile, &environment.region, &environment.config_file, &environment.pod_name][at];
        prop_assert_eq!(given.raw(), Some(secret.text.as_str()));
        let inputs = irsa_probe::core::plan::inputs::Inputs { environment, ..irsa_probe::core::plan::inputs::Inputs::default() };
        let shown = everything(&pod::untried(inputs));
        prop_assert!(!secret.leaks_into(&shown), "{} in {}", variable, shown);
    }
}
