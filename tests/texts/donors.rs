//! AWS's error of one recorded text in the words that an SDK puts around it in another one: the code and the message are cut from the texts
//! themselves, and the answer is that of the text from which they come.

use super::samples::Sample;
use regex::{Captures, Regex};
use std::collections::BTreeMap;

/// How an SDK writes an error of AWS: what stands before the code, between code and message, and after the message.
struct Form {
    name: &'static str,
    pattern: Regex,
    /// Whether STS's errors stand there, or the Pod Identity agent's.
    sts: bool,
}

struct Pair {
    code: String,
    message: String,
    means: Vec<String>,
}

fn forms() -> Vec<Form> {
    let form = |name, sts, pattern: &str| Form { name, pattern: Regex::new(pattern).unwrap(), sts };
    // `c` is the code (again in `d`, if it stands there twice), `m` the message, `s` the status, `k` the class that fits this code only.
    vec![
        form(
            "boto",
            true,
            r"(?:(?<k>\w+Exception|ClientError): )?An error occurred \((?<c>\w+)\) when calling the AssumeRoleWithWebIdentity operation(?: \(reached max retries: \d+\))?: (?<m>[^\n]+)$",
        ),
        form(
            "Go 1",
            true,
            r"^WebIdentityErr: failed to retrieve credentials\ncaused by: (?<c>[A-Z]\w+): (?<m>[^\n]+)\n\tstatus code: (?<s>\d+), request id: [\w-]+$",
        ),
        form(
            "Go 2",
            true,
            r"operation error STS: AssumeRoleWithWebIdentity, (?:exceeded maximum number of attempts, \d+, )?https response error StatusCode: (?<s>\d+), RequestID: [\w-]+, (?:api error )?(?<c>[A-Z]\w+): (?<m>[^\n]+)$",
        ),
        form("Ruby", true, r"^Aws::STS::Errors::(?<c>\w+): (?<m>[^\n]+)$"),
        form("Rust", true, r#"unhandled error \((?<c>\w+)\): Error \{ code: "(?<d>\w+)", message: "(?<m>[^"]+)""#),
        form(
            "XML",
            true,
            r#"xmlns="https://sts\.amazonaws\.com/[^>]*>\s*<Error>\s*<Type>\w+</Type>\s*<Code>(?<c>\w+)</Code>\s*<Message>(?<m>[^<]+)</Message>"#,
        ),
        form(
            "Java 1",
            true,
            r"(?<m>Not authorized to perform sts:AssumeRoleWithWebIdentity) \(Service: AWSSecurityTokenService; Status Code: (?<s>\d+); Error Code: (?<c>\w+); Request ID",
        ),
        form(
            "Java 2",
            true,
            r"(?<m>Not authorized to perform sts:AssumeRoleWithWebIdentity) \(Service: Sts, Status Code: (?<s>\d+), Request ID",
        ),
        form(
            "PHP",
            true,
            r"resulted in a `403 Forbidden` response: (?<c>AccessDenied) \(client\): (?<m>Not authorized to perform sts:AssumeRoleWithWebIdentity)",
        ),
        form(
            "agent",
            false,
            r"(?:response \(?(?<s>\d{3})\)? from [^\[\n]*)?\[[0-9a-f-]{36}\]: \((?<c>\w+Exception)\): (?<m>[^\n]+?), fault: (?:client|server)",
        ),
    ]
}

fn place(one: &Captures<'_>, name: &str) -> Option<(usize, usize)> {
    one.name(name).map(|group| (group.start(), group.end()))
}

/// All pairs that the texts have, those of STS or those of the agent.
fn pairs(samples: &[&Sample], forms: &[Form], sts: bool) -> (Vec<Pair>, BTreeMap<String, String>) {
    let mut pairs: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut statuses = BTreeMap::new();
    for sample in samples {
        for form in forms.iter().filter(|form| form.sts == sts) {
            let Some(one) = form.pattern.captures(&sample.text) else { continue };
            let (Some(code), message) = (one.name("c"), &one["m"]) else { continue };
            // What a client made up because there was no answer of AWS.
            if code.as_str().starts_with("Unknown") || message.contains(code.as_str()) {
                continue;
            }
            let code = code.as_str().to_owned();
            if let Some(status) = one.name("s") {
                statuses.insert(code.clone(), status.as_str().to_owned());
            }
            pairs
                .entry((code, message.trim_end().to_owned()))
                .and_modify(|means| means.retain(|code| sample.means.contains(code)))
                .or_insert_with(|| sample.means.clone());
        }
    }
    let pairs = pairs.into_iter().filter(|(_, means)| !means.is_empty());
    (pairs.map(|((code, message), means)| Pair { code, message, means }).collect(), statuses)
}

/// Every recorded wrapper with every other recorded error of the same operation in it.
pub fn crossed(samples: &[Sample]) -> Vec<Sample> {
    let forms = forms();
    let samples: Vec<&Sample> = samples.iter().filter(|sample| !sample.has_others).collect();
    let mut crossed = Vec::new();
    for sts in [true, false] {
        let (pairs, statuses) = pairs(&samples, &forms, sts);
        for form in forms.iter().filter(|form| form.sts == sts) {
            // One wrapper of each version is enough: the others differ in the message only.
            let mut seen = Vec::new();
            for sample in &samples {
                let Some(one) = form.pattern.captures(&sample.text) else { continue };
                let [c, d, s, k] = ["c", "d", "s", "k"].map(|name| place(&one, name));
                let m = place(&one, "m").unwrap();
                let around = format!("{}|{}", &sample.text[..one.get(0).unwrap().start()], &sample.text[m.1..]);
                if seen.contains(&around) || seen.len() >= 12 {
                    continue;
                }
                seen.push(around);
                for pair in &pairs {
                    // Without its code a message says less; and what would have to be escaped is left out.
                    let of_code_alone = c.is_none() && ["The sentence is new.", "short and stout"].contains(&pair.message.as_str());
                    if of_code_alone || pair.message.contains(['"', '<', '&']) {
                        continue;
                    }
                    let status = statuses.get(&pair.code).map_or("400", String::as_str);
                    let put = [(Some(m), pair.message.as_str()), (c, &pair.code), (d, &pair.code), (s, status), (k, "ClientError")];
                    let mut places: Vec<((usize, usize), &str)> =
                        put.into_iter().filter_map(|(place, with)| Some((place?, with))).collect();
                    places.sort();
                    let mut text = sample.text.clone();
                    places.iter().rev().for_each(|((from, to), with)| text.replace_range(from..to, with));
                    crossed.push(Sample {
                        family: format!("{} crossed", form.name),
                        name: format!("{} with {} of {}", sample.name, pair.code, pair.means[0]),
                        text,
                        means: pair.means.clone(),
                        has_others: false,
                        is_log: false,
                    });
                }
            }
        }
    }
    crossed
}
