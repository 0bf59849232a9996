//! What `--assume` cannot say, asked of the library: answers that differ from call to call, answers of one address alone, and SDKs without a package.

use super::pod::{Pod, Prediction};
use super::{compare, on_all_cores};
use crate::documents::{Content, Live, Sdk, Situation, Wanted};
use irsa_probe::collect::local::Local;
use irsa_probe::core::sdk::{self, AgentCall, ImdsView, StsCall, StsHosts, Surroundings, TokenFile, predict};

/// Changes the surroundings to what the fakes of the situation answered. The error names a mechanism that is not known here.
fn apply(situation: &Situation, surroundings: &mut Surroundings<'_>) -> Result<(), String> {
    surroundings.hosts = StsHosts::All;
    let sts = |answer: &str| {
        Some(match answer {
            "invalid_token" | "invalid_token_new" | "not_jwt" => StsCall::TokenRejected,
            "expired" => StsCall::TokenExpired,
            "idpcomm" => StsCall::IssuerUnreachable,
            "denied" | "bad_arn" | "bad_session" | "region_disabled" => StsCall::Denied,
            "throttling" | "500" | "503" => StsCall::Unavailable,
            "reset" | "html403" => StsCall::Unreachable,
            "html200" | "empty200" => StsCall::Alien,
            "strict" => StsCall::Works,
            _ => return None,
        })
    };
    let agent = |answer: &str| {
        Some(match answer {
            "404" => AgentCall::NotFound,
            "400" | "401" | "403" => AgentCall::Refused,
            "429" => AgentCall::Throttled,
            "500" | "502" | "503" => AgentCall::Failing,
            "badjson" => AgentCall::Alien,
            "expired" => AgentCall::Expired,
            "reset" | "hang" => AgentCall::Unreachable,
            _ => return None,
        })
    };
    for (service, answer) in &situation.fakes {
        let unknown = || format!("{service}: {answer}");
        let first = ["once:", "twice:"].into_iter().find_map(|word| answer.strip_prefix(word));
        match (*service, first, answer.as_str()) {
            ("sts", Some(first), _) => surroundings.sts_first = Some(sts(first).ok_or_else(unknown)?),
            ("sts", None, answer) => surroundings.sts = sts(answer).ok_or_else(unknown)?,
            ("agent", Some(first), _) => surroundings.agent_first = Some(agent(first).ok_or_else(unknown)?),
            ("agent", None, answer) => surroundings.agent = agent(answer).ok_or_else(unknown)?,
            ("imds", None, "unauthorized") => surroundings.imds = ImdsView::WithoutKeys,
            ("ecs", None, "absent") => surroundings.ecs = Some(AgentCall::Unreachable),
            ("proxy", None, "407") => surroundings.proxy_works = false,
            ("process", None, "fails") => surroundings.process_works = false,
            ("dns", None, "nx" | "refused") => surroundings.sts = StsCall::Unreachable,
            _ => return Err(unknown()),
        }
    }
    let leads_nowhere = |name: &str| situation.variables.get(name).is_some_and(|value| value.starts_with("http://127.0.0.1:1"));
    let is_port_one = |name: &str| {
        let value = situation.variables.get(name).and_then(|value| value.strip_prefix("http://127.0.0.1:1"));
        leads_nowhere(name) && value.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "http_proxy"].into_iter().any(is_port_one) {
        surroundings.proxy_works = false;
    }
    if ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"].into_iter().any(is_port_one) {
        surroundings.sts_at_url = Some(StsCall::Unreachable);
    }
    Ok(())
}

/// What the library predicts in a situation.
fn ask(situation: &Situation, sdk: &Sdk) -> Result<Prediction, String> {
    let pod = Pod::new(situation);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = runtime.block_on(Local::read(&|name| pod.variable(name)))?;
    let mut surroundings = local.surroundings();
    // This process may be root, who reads files of any mode.
    let is_unreadable = |name: &str| {
        let path = situation.variables.get(name);
        path.is_some_and(|path| situation.files.get(path) == Some(&Content::Unreadable))
    };
    if is_unreadable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        surroundings.files.container_token = TokenFile::Unreadable;
        surroundings.files.trimmed_container_token = TokenFile::Unreadable;
    }
    if is_unreadable("AWS_WEB_IDENTITY_TOKEN_FILE") {
        surroundings.files.token = TokenFile::Unreadable;
        surroundings.files.trimmed_token = TokenFile::Unreadable;
    }
    match &situation.answers {
        Err(_) => apply(situation, &mut surroundings)?,
        Ok(answers) => {
            let mut assumed = sdk::Assumptions::default();
            assumed.add(&answers.argument())?;
            surroundings = assumed.apply(surroundings);
            if situation.fakes.get("agent").is_some_and(|answer| answer == "badjson") {
                surroundings.agent = AgentCall::Alien;
            }
        }
    }
    let version = sdk.version.as_str();
    let asked = sdk::Sdk { lacks_sts: sdk.without_sts, ..sdk::Sdk::parse(&format!("{}@{version}", sdk.family))? };
    Ok(Prediction::of(&serde_json::to_value(predict(asked, &surroundings)).unwrap()))
}

fn wrong_cells(cells: &[(&Situation, &Sdk, &Wanted)]) -> Vec<String> {
    let tested: Vec<_> = cells.iter().filter(|(_, _, wanted)| wanted.outcome.is_some()).collect();
    assert!(!tested.is_empty());
    let wrong = on_all_cores(&tested, |(situation, sdk, wanted)| {
        let found = ask(situation, sdk);
        compare(wanted, &found).map(|wrong| format!("{} {sdk}: {wrong}", situation.id))
    });
    println!("{} cells", tested.len());
    wrong.into_iter().flatten().collect()
}

#[test]
fn answers_that_assume_cannot_say() {
    let live = Live::read();
    let cells: Vec<_> = live.unsayable().into_values().flatten().filter(|(_, sdk, _)| !sdk.without_sts).collect();
    let wrong = wrong_cells(&cells);
    assert!(wrong.is_empty(), "{}\n{} are wrong", wrong.join("\n"), wrong.len());
}

#[test]
fn java_without_its_package_for_sts() {
    let live = Live::read();
    let cells: Vec<_> = live.without_sts().collect();
    let wrong = wrong_cells(&cells);
    assert!(wrong.is_empty(), "{}\n{} are wrong", wrong.join("\n"), wrong.len());
}
