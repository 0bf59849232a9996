//! The recorded texts, each with what it means: `texts.txt`, `near.txt` and `messages.jsonl` of `tests/explain`.

use serde_json::Value;

/// A text, and the codes of which the first answer has to be one. None: a near miss, of which nothing may be said.
#[derive(Clone)]
pub struct Sample {
    /// The SDK's family; `texts` for what comes from issues and pages.
    pub family: String,
    /// Where it stands.
    pub name: String,
    pub text: String,
    pub means: Vec<String>,
    /// Whether the text has other errors beside the one that it means.
    pub has_others: bool,
    /// Whether its lines are records of their own, which stand in no field of one record.
    pub is_log: bool,
}

/// The sources of near misses that are two records.
const LOGS: [&str; 3] = ["near miss: two lines", "near miss: the same, with a host", "near miss: another file is not readable"];

/// Recorded texts that are answered otherwise than `means` says: the text alone, what is answered, and why.
pub const OTHERWISE: [(&str, Option<&str>, &str); 16] = [
    ("CLI 2.9.19, 07", None, "an endpoint of IMDS that the recording put in; no cluster has it"),
    ("C++ 1.11.900 (in pyarrow 26.0.1), P01", None, "an abort of the process, without a word of credentials"),
    ("C++ 1.10.55 (in pyarrow 12.0.1), T05", None, "any file that is a folder"),
    ("Java v1 1.12.797 + sts, 07", None, "StackOverflowError: null"),
    ("JS v3 3.100.0, S11", None, "a TypeError about a field, of any program"),
    ("JS v3 client-sts 3.1177.0 (provider-node 3.972.99), T05", None, "EISDIR without a path: any file that is a folder"),
    (
        "JS v3 client-sts 3.1177.0 (provider-node 3.972.99), S05",
        None,
        "Throttling: Rate exceeded; other services say the same, and texts.txt has two of them",
    ),
    ("JS v3 client-sts 3.1177.0 (provider-node 3.972.99), S07", None, "a refused connection of any program"),
    ("JS v3 client-sts 3.1177.0 (provider-node 3.972.99), S11", None, "Unknown: Unknown"),
    ("JS v3 client-sts 3.1177.0 (provider-node 3.972.99), S20", None, "a lost connection of any program"),
    ("JS v3 client-sts 3.1177.0 (provider-node 3.972.99), C12", None, "a SyntaxError about JSON, of any program"),
    ("Ruby aws-sdk-core 3.211.0, S20", None, "a lost connection to any service"),
    ("Go v2 config 1.18.45, R03", None, "the SDK lost AWS's answer; status 400 has many reasons"),
    (
        "Java v1 1.12.797 without sts, S15",
        Some("no-credentials-found"),
        "without the module Java 1 says the same where no role is configured",
    ),
    ("Java v2 2.57.8 without sts, S15", Some("sdk-module-missing"), "the text says that the module is missing: STS was not asked"),
    ("Java v2 2.10.8 + sts, S15", Some("no-credentials-found"), "this version's chain has no link for web identities: STS was not asked"),
];

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/explain/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn texts(file: &str) -> Vec<Sample> {
    let all = read(file);
    let mut line = 1;
    let mut samples = Vec::new();
    for (at, case) in all.split("\n=== ").enumerate() {
        if at > 0 {
            let (head, text) = case.split_once('\n').unwrap();
            let codes = head.split('|').next().unwrap().trim();
            // The root comes first, and it alone is the answer. A chain has no other cause than its link's.
            let means: Vec<String> = codes.split(',').take(1).filter(|code| *code != "-").map(str::to_owned).collect();
            samples.push(Sample {
                family: "texts".to_owned(),
                name: format!("{file}:{line}"),
                text: text.trim_end_matches('\n').to_owned(),
                means,
                has_others: codes.split(',').skip(1).any(|code| code != "no-credentials-found"),
                is_log: LOGS.iter().any(|source| head.contains(source)),
            });
        }
        line += case.matches('\n').count() + 1;
    }
    samples
}

/// What 13 SDK families in 37 versions printed.
pub fn messages() -> Vec<Sample> {
    let sample = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| value[name].as_str().unwrap().to_owned();
        let name = format!("{}, {}", word("version"), word("situation"));
        let means = || value["means"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        let otherwise = OTHERWISE.iter().find(|(one, ..)| *one == name);
        let means = otherwise.map_or_else(means, |(_, answer, _)| answer.iter().map(|code| (*code).to_owned()).collect());
        Sample { family: word("sdk"), name, text: word("text"), means, has_others: false, is_log: false }
    };
    read("messages.jsonl").lines().map(sample).collect()
}

/// Everything that has an answer.
pub fn errors() -> Vec<Sample> {
    texts("texts.txt").into_iter().chain(messages()).filter(|sample| !sample.means.is_empty()).collect()
}

pub fn near_misses() -> Vec<Sample> {
    texts("texts.txt").into_iter().chain(texts("near.txt")).filter(|sample| sample.means.is_empty()).collect()
}
