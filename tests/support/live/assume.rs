//! What the fakes answer, in the values of `--assume`.

use super::{Content, Sdk, Situation};

/// Whose answers the column `fake` names.
pub const SERVICES: [&str; 7] = ["sts", "agent", "ecs", "imds", "dns", "proxy", "process"];

/// The answers of the fakes, and what says the same in `--assume`. `None`: nothing does.
const ANSWERS: &[(&str, &str, Option<&str>)] = &[
    ("sts", "invalid_token", Some("sts=rejected")),
    ("sts", "invalid_token_new", Some("sts=rejected")),
    ("sts", "not_jwt", Some("sts=rejected")),
    ("sts", "expired", Some("sts=rejected")),
    ("sts", "denied", Some("sts=denied")),
    ("sts", "bad_arn", Some("sts=denied")),
    ("sts", "bad_session", Some("sts=denied")),
    ("sts", "region_disabled", Some("sts=denied")),
    ("sts", "throttling", Some("sts=unavailable")),
    ("sts", "500", Some("sts=unavailable")),
    ("sts", "503", Some("sts=unavailable")),
    ("sts", "idpcomm", Some("sts=unavailable")),
    ("sts", "reset", Some("sts=unreachable")),
    ("sts", "html403", Some("sts=unreachable")),
    ("sts", "rejected", Some("sts=denied")),
    ("sts", "429", Some("sts=unavailable")),
    ("sts", "504", Some("sts=unavailable")),
    ("sts", "limit", Some("sts=unavailable")),
    ("sts", "hang", Some("sts=unreachable")),
    ("sts", "html200", None),
    ("sts", "html404", Some("sts=unreachable")),
    ("sts", "html502", Some("sts=unreachable")),
    ("sts", "empty200", None),
    ("sts", "empty403", Some("sts=unreachable")),
    ("sts", "slow3", Some("sts=ok")),
    // It refuses what STS is certain to refuse. A prediction knows that by itself.
    ("sts", "strict", Some("sts=ok")),
    ("dns", "nx", Some("sts=unreachable")),
    ("dns", "refused", Some("sts=unreachable")),
    ("agent", "404", Some("agent=not-found")),
    ("agent", "400", Some("agent=refused")),
    ("agent", "401", Some("agent=refused")),
    ("agent", "403", Some("agent=refused")),
    ("agent", "429", Some("agent=failing")),
    ("agent", "500", Some("agent=failing")),
    ("agent", "hang", Some("agent=unreachable")),
    ("agent", "reset", Some("agent=unreachable")),
    ("agent", "badjson", Some("agent=unreachable")),
    ("agent", "502", Some("agent=failing")),
    ("agent", "503", Some("agent=failing")),
    ("agent", "nokeys", None),
    ("agent", "empty200", None),
    ("agent", "expired", None),
    // `--assume` has one word for all addresses of a container.
    ("ecs", "absent", None),
    ("imds", "norole", Some("imds=no-role")),
    ("imds", "hang_v1", Some("imds=role-v1")),
    ("imds", "403", Some("imds=refused-v1")),
    ("imds", "put404", Some("imds=refused-v1")),
    ("imds", "hang_v2only", Some("imds=silent")),
    ("imds", "silent", Some("imds=silent")),
    ("imds", "absent", Some("imds=absent")),
    ("imds", "500", Some("imds=refused")),
    ("imds", "put400", None),
    ("imds", "put401", Some("imds=refused-v1")),
    ("imds", "put500", None),
    ("imds", "emptyrole", None),
    ("imds", "nodocument", None),
    ("imds", "badjson", None),
    ("imds", "expired", None),
    ("imds", "reset", Some("imds=absent")),
    ("imds", "unauthorized", None),
    ("proxy", "407", None),
    // The program that `credential_process` names. A prediction runs no program.
    ("process", "fails", None),
];

/// Answers that one version tells apart from others with the same value: service, answer, family, version.
const TOLD_APART: [(&str, &str, &str, &str); 1] = [
    // A document that is no JSON is an error to Ruby. It passes over an agent that does not answer.
    ("agent", "badjson", "ruby", "3.211.0"),
];

/// The mechanism that `--assume` cannot say of this SDK, though it can of others.
pub fn unsayable_for(sdk: &Sdk, situation: &Situation) -> Option<String> {
    let is = |one: &&(&str, &str, &str, &str)| {
        (one.2, one.3) == (sdk.family, sdk.version.as_str()) && situation.fakes.get(one.0).is_some_and(|answer| answer == one.1)
    };
    TOLD_APART.iter().find(is).map(|(service, answer, family, _)| format!("{service}: {answer}, for {family}"))
}

/// Cells of old versions that no rule describes: row, family, version. Each is a decision.
pub const CELLS_NOT_PREDICTED: [(&str, &str, &str); 3] = [
    // Its pattern of a region's name takes any name of this form, and a line break after it.
    ("N226", "cli-v1", "1.16.231"),
    ("N23", "cli-v1", "1.16.231"),
    // It ends with AWS_SDK_LOAD_CONFIG and no credentials file, in one row of three.
    ("N213", "js-v2", "2.520.0"),
];

/// Why no prediction is made of what was measured in this situation. Each is a decision, and listed by a test.
pub fn not_predicted(situation: &Situation) -> Option<&'static str> {
    const RETRIES: [&str; 5] =
        ["AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AWS_DEFAULTS_MODE", "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "AWS_METADATA_SERVICE_TIMEOUT"];
    let sets = |name: &str, is_bad: fn(&str) -> bool| situation.variables.get(name).is_some_and(|value| is_bad(value));
    let is_bad = |value: &str| value == "0" || value.bytes().any(|byte| !byte.is_ascii_digit());
    let answers = |service: &str, wanted: &[&str]| situation.fakes.get(service).is_some_and(|answer| wanted.contains(&answer.as_str()));
    let has_text = |part: &str| situation.files.values().any(|content| matches!(content, Content::Text(text) if text.contains(part)));
    let is_odd = RETRIES.into_iter().any(|name| sets(name, is_bad))
        || ["AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"].into_iter().any(|name| sets(name, str::is_empty));
    if is_odd {
        return Some("settings of retries and timeouts are not read");
    }
    if answers("imds", &["put400", "put500", "emptyrole", "nodocument", "badjson", "expired", "once:500"]) {
        return Some("IMDS of AWS does not answer so");
    }
    if answers("agent", &["nokeys", "empty200", "once:hang"]) {
        return Some("the agent of AWS does not answer so");
    }
    if answers("sts", &["strict"])
        && situation.files.values().any(|content| matches!(content, Content::Text(text) if text.starts_with(' ') || text.ends_with(' ')))
    {
        return Some("whether STS takes a token with spaces around it was not asked of AWS");
    }
    if has_text("max_attempts") || has_text("retry_mode") {
        return Some("settings of retries and timeouts are not read");
    }
    if has_text("\r") {
        return Some("a token with a carriage return");
    }
    if has_text("ec2_metadata_service_endpoint") {
        return Some("the endpoint of IMDS is read in the environment alone");
    }
    situation.variables.get("AWS_WEB_IDENTITY_TOKEN_FILE").filter(|path| path.as_str() == "token").map(|_| "a path that is not absolute")
}

/// Nothing listens on port 1 of loopback.
const NOBODY: &str = "http://127.0.0.1:1";

/// What the services answer, in the words of `--assume`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answers {
    pub sts: &'static str,
    pub agent: &'static str,
    pub imds: &'static str,
}

impl Answers {
    /// As `--assume` takes it.
    pub fn argument(&self) -> String {
        format!("sts={},agent={},imds={}", self.sts, self.agent, self.imds)
    }
}

/// The situation's answers in the words of `--assume`. The inner error is a mechanism that these words cannot say, such as `sts: once:503`;
/// the outer one an answer that is not known.
pub fn answers(situation: &Situation) -> Result<Result<Answers, String>, String> {
    let mut answers = Answers { sts: "ok", agent: "ok", imds: "role" };
    let mut unsayable = Vec::new();
    let is_nobody = |name: &str| {
        let rest = situation.variables.get(name).and_then(|value| value.strip_prefix(NOBODY));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if is_nobody("AWS_EC2_METADATA_SERVICE_ENDPOINT") {
        answers.imds = "absent";
    }
    if is_nobody("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        answers.agent = "unreachable";
    }
    if ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"].into_iter().any(is_nobody) {
        unsayable.push("proxy: refused".to_owned());
    }
    // Some SDKs do not call that URL, so that no result of the call to STS says it of all.
    if ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"].into_iter().any(is_nobody) {
        unsayable.push("url: refused".to_owned());
    }
    for (service, answer) in &situation.fakes {
        let repeated = ["once:", "twice:"].into_iter().find_map(|word| answer.strip_prefix(word));
        let (plain, once) = repeated.map_or((answer.as_str(), false), |answer| (answer, true));
        let known = ANSWERS.iter().find(|(of, known, _)| of == service && *known == plain);
        match known.ok_or_else(|| format!("unknown answer {answer:?} of {service}"))?.2.filter(|_| !once) {
            Some(said) => match said.split_once('=') {
                Some(("sts", value)) => answers.sts = value,
                Some(("agent", value)) => answers.agent = value,
                Some((_, value)) => answers.imds = value,
                None => return Err(format!("{said:?} is not KEY=VALUE")),
            },
            None => unsayable.push(format!("{service}: {answer}")),
        }
    }
    // What another endpoint gives is not what IMDS at its own address gives.
    if answers.imds == "absent"
        && situation.variables.contains_key("AWS_EC2_METADATA_SERVICE_ENDPOINT")
        && !is_nobody("AWS_EC2_METADATA_SERVICE_ENDPOINT")
    {
        answers.imds = "role";
    }
    Ok(if unsayable.is_empty() { Ok(answers) } else { Err(unsayable.join(", ")) })
}
