//! What a check says of the SDKs is what `irsa-probe sdks --assume` says of the same pod, given what was answered to the check.

use serde_json::Value;

/// What was answered, as `--assume` takes it. `None` where `--assume` has no word for it.
pub fn assumed(report: &Value) -> Option<String> {
    // Nothing is called at a host that does not exist. `sdks` says that it is taken to answer.
    if report["rootCause"]["code"] == "fips-endpoint-absent" {
        return None;
    }
    // A role of a chain that refuses has no word either.
    let hops = report["endpoints"][0]["hops"].as_array();
    if hops.is_some_and(|hops| hops.iter().any(|hop| hop["ok"] == false)) {
        return None;
    }
    let sts = sts(&report["endpoints"][0]["assumeRole"])?;
    // The default chain asked STS for the role of a profile, and got another answer than the check for its own.
    let other_answer = report["chain"]["error"].as_str().is_some_and(|error| !error.starts_with("not checked"));
    if sts == "ok" && other_answer {
        return None;
    }
    let imds = imds(&report["node"])?;
    let given = [("sts", sts), ("agent", agent(report)?), ("imds", imds)];
    let given: Vec<String> = given.iter().filter(|(_, answer)| !answer.is_empty()).map(|(key, answer)| format!("{key}={answer}")).collect();
    Some(given.join(","))
}

/// Empty: it was not called.
fn sts(call: &Value) -> Option<&'static str> {
    let code = call["code"].as_str().unwrap_or_default();
    let transient = ["Throttling", "RequestLimitExceeded", "ServiceUnavailable", "InternalFailure", "SlowDown"];
    Some(match code {
        _ if call.is_null() => "",
        _ if call["ok"] == true => "ok",
        "InvalidIdentityToken" => "rejected",
        "AccessDenied" | "ValidationError" | "RegionDisabledException" => "denied",
        code if transient.contains(&code) => "unavailable",
        "connect-refused" | "connect-timeout" | "dns-not-found" | "dns-failed" | "request-timeout" => "unreachable",
        _ => return None,
    })
}

fn agent(report: &Value) -> Option<&'static str> {
    let check = report["checks"].as_array()?.iter().find(|check| check["id"] == "agent")?;
    Some(match (check["outcome"].as_str()?, check["code"].as_str().unwrap_or_default()) {
        ("pass", _) => "ok",
        (_, "association-missing") => "not-found",
        (_, "agent-token-rejected" | "pod-identity-trust-denied") => "refused",
        (_, "agent-unreachable") => "unreachable",
        // Its answer can be a finding of an earlier step, and the report does not tell then whether it was called.
        ("skip", _) if report["expected"]["provider"] == "pod-identity" => return None,
        ("skip", _) => "",
        _ => return None,
    })
}

fn imds(node: &Value) -> Option<&'static str> {
    let has_role = node["role"].is_string();
    Some(match (node["imds"].as_str()?, node["v2"].as_bool(), node["v1"].as_bool()) {
        ("reachable", Some(true), _) if has_role => "role",
        ("absent", ..) => "absent",
        // Switched off by a variable, which the prediction reads, or not asked. It is taken to be in reach then.
        ("disabled" | "not-checked", ..) => "",
        // The report does not tell a refusal from silence, which not every SDK takes alike, nor a role that is not there from one that was not heard of.
        _ => return None,
    })
}

/// In what the items of the two differ. The reasons are compared where nothing is taken for granted.
pub fn differences(of_check: &Value, of_sdks: &Value) -> Vec<String> {
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (check, sdks) = (items(of_check), items(of_sdks));
    if check.len() != sdks.len() || check.is_empty() {
        return vec![format!("the check has {} SDKs, sdks {}", check.len(), sdks.len())];
    }
    let keys = ["sdk", "name", "outcome", "arn", "endpoint", "onFailure", "fallsTo", "minimum", "basis"];
    let pairs = check.iter().zip(&sdks).flat_map(|(one, other)| keys.map(|key| (key, one, other)));
    let different = pairs.filter(|(key, one, other)| one.get(key) != other.get(key));
    different.map(|(key, one, other)| format!("{} of {}: {} in the check, {} in sdks", key, one["sdk"], one[key], other[key])).collect()
}
