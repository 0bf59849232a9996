//! Every `aws` and `irsa-probe` command line that documents, manifests, fixes and texts of the program print.
//!
//! They are found by what finds the kubectl lines for the cluster (`tests/e2e/in_cluster/printed.py`). Each gets a value for every word that
//! stands for one. `aws` is the AWS CLI, in an account of its own in moto, with the objects that the line is about; `tests/printed/aws.py` says
//! what becomes of calls that moto does not have. `irsa-probe` runs where it stands behind `aws`; every line of it is parsed.

use super::cloud::{self, Account};
use irsa_probe::cli;
use irsa_probe::core::aws::trust_policy;
use regex::Regex;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use tempfile::TempDir;

const ISSUER: &str = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const SUBJECT: &str = "system:serviceaccount:shop:checkout";
/// Begins commands of our own: `irsa-probe check --help`.
const COMMANDS: [&str; 11] =
    ["check", "serve", "get", "explain", "exec", "install", "trust-policy", "sdks", "doctor", "completions", "man"];

/// What `printed.py` finds.
#[derive(Debug, Clone, Deserialize)]
struct Printed {
    #[serde(rename = "where")]
    place: String,
    /// Lines that a reader gives to a shell.
    #[serde(default)]
    lines: Vec<String>,
    /// A command that a text names without its objects: its words.
    #[serde(default)]
    named: Vec<String>,
}

fn printed(program: &str) -> Vec<Printed> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/in_cluster/printed.py");
    let output = Command::new("python3").arg("-B").arg(script).arg(program).stdin(Stdio::null()).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Where each line stands.
fn lines(found: &[Printed]) -> BTreeMap<String, String> {
    found.iter().flat_map(|one| one.lines.iter().map(|line| (line.clone(), one.place.clone()))).collect()
}

/// What is put in for the words that stand for something: placeholders of the documents, of templates, and examples' own names.
struct Fillings {
    rows: Vec<(&'static [&'static str], String)>,
    used: Mutex<BTreeSet<&'static str>>,
}

impl Fillings {
    fn new(account: &str, instance: &str) -> Fillings {
        let rows: &[(&'static [&'static str], &str)] = &[
            (&["ACCOUNT", "{account}", "111122223333"], account),
            (&["{partition}"], "aws"),
            (&["ROLE_NAME", "RESOURCE_NAME", "{roleName}", "{resourceName}", "{}"], "checkout"),
            (&["ROLE_ARN", "{roleArn}", "{resource}"], &format!("arn:aws:iam::{account}:role/apps/checkout")),
            (&["{userName}"], "mary"),
            (&["ISSUER_URL", "{issuer}"], &format!("https://{ISSUER}")),
            (&["ISSUER", "{issuerPath}"], ISSUER),
            (&["{audience}"], "sts.amazonaws.com"),
            (&["REGION", "{region}", "{clusterRegion}"], "eu-central-1"),
            (&["CLUSTER", "{cluster}"], "production"),
            (&["NAMESPACE", "{namespace}"], "shop"),
            (&["SERVICE_ACCOUNT", "{serviceAccount}"], "checkout"),
            (&["{association}"], "a-1234567890abcdef0"),
            (&["INSTANCE_ID", "{instanceId}"], instance),
            (&["OLD_THUMBPRINT"], "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"),
            (&["NEW_THUMBPRINT"], "06b25927c42a721631c1efd9431e648fa62e1e39"),
            (&["SECONDS"], "7200"),
            (&["ACTION", "{action}"], "s3:GetObject"),
            (&["RESOURCE_ARN"], "arn:aws:s3:::orders/1"),
            (&["CODE"], "trust-policy-denied"),
        ];
        Fillings { rows: rows.iter().map(|(words, value)| (*words, (*value).to_owned())).collect(), used: Mutex::default() }
    }

    /// The line with values, or the word that no row knows.
    fn fill(&self, line: &str) -> Result<String, String> {
        let word = Regex::new(r"\{[A-Za-z]*\}|\b[A-Z][A-Z_]{2,}\b|\b111122223333\b").unwrap();
        let mut unknown = None;
        let filled = word.replace_all(line, |found: &regex::Captures<'_>| {
            let found = &found[0];
            let known = self.rows.iter().find_map(|(words, value)| Some((words.iter().find(|word| **word == found)?, value)));
            match known {
                Some((word, value)) => {
                    self.used.lock().unwrap().insert(word);
                    value.clone()
                }
                None => {
                    unknown = Some(format!("no row says what to put in for {found}"));
                    String::new()
                }
            }
        });
        unknown.map_or_else(|| Ok(filled.into_owned()), Err)
    }
}

/// Starts an instance, and says its id.
fn instance(account: &Account) -> String {
    let fields = [("Action", "RunInstances"), ("ImageId", "ami-0abc1234567890def"), ("MinCount", "1"), ("MaxCount", "1")];
    let answer = account.call("ec2", &fields);
    answer.split_once("<instanceId>").and_then(|(_, rest)| rest.split('<').next()).unwrap().to_owned()
}

/// A folder with what stands on the PATH where a line runs, and the account that it runs in.
struct Bench {
    folder: TempDir,
    account: Account,
    fillings: Fillings,
}

impl Bench {
    /// The objects are there, but for those that the line makes.
    fn new(line: &str) -> Bench {
        let (folder, account) = (tempfile::tempdir().unwrap(), Account::new());
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let python = cloud::installed().join("bin/python");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/printed/aws.py");
        let shim = format!("#!/bin/sh\nexec {} -IB {} \"$@\"\n", python.display(), script.display());
        std::fs::write(bin.join("aws"), shim).unwrap();
        let run = Command::new("chmod").arg("+x").arg(bin.join("aws")).status().unwrap();
        assert!(run.success());
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_irsa-probe"), bin.join("irsa-probe")).unwrap();
        let policy = trust_policy::irsa_policy("aws", &account.id, ISSUER, SUBJECT, "sts.amazonaws.com");
        if !line.contains("create-open-id-connect-provider") {
            account.provider(&format!("https://{ISSUER}"), "sts.amazonaws.com");
        }
        if !line.contains("create-role") {
            account.role("/apps/", "checkout", &serde_json::from_str(&policy).unwrap());
        }
        account.cluster("production");
        if line.contains("--user-name") {
            account.call("iam", &[("Action", "CreateUser"), ("UserName", "mary")]);
        }
        let instance = if line.contains(" ec2 ") { instance(&account) } else { String::new() };
        // What a line reads, the text around it says how to make.
        std::fs::write(folder.path().join("trust-policy.json"), policy).unwrap();
        let fillings = Fillings::new(&account.id, &instance);
        Bench { folder, account, fillings }
    }

    /// Runs a line, and returns its calls: each with "moto" or "model".
    fn run(&self, line: &str) -> Result<Vec<(String, String)>, String> {
        let line = self.fillings.fill(line)?;
        let log = self.folder.path().join("log");
        let path = format!("{}:/usr/bin:/bin", self.folder.path().join("bin").display());
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", &line]).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        bash.env("PATH", path).env("HOME", self.folder.path()).env("TRIED_LOG", &log);
        bash.env("AWS_ENDPOINT_URL", format!("http://{}", cloud::moto())).env("AWS_DEFAULT_REGION", "eu-central-1");
        bash.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_MAX_ATTEMPTS", "1").env("AWS_PAGER", "");
        for (name, value) in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].into_iter().zip(&self.account.key) {
            bash.env(name, value);
        }
        let output = bash.output().unwrap();
        let log = std::fs::read_to_string(log).unwrap_or_default();
        let calls: Vec<(String, String)> = log.lines().map(|call| serde_json::from_str(call).unwrap()).collect();
        let said = || [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
        // 1 is an answer of ours: what was looked at is not as it should be.
        let answered = line.contains("| irsa-probe ") && output.status.code() == Some(1) && !said().contains("irsa-probe: ");
        if !output.status.success() && !answered {
            return Err(format!("{line}\n{}: {}", output.status, said()));
        }
        let wanted = Regex::new(r"(?:^|[\s(])aws ").unwrap().find_iter(&line).count();
        if calls.len() < wanted { Err(format!("{line}\n{} calls only: {}", calls.len(), said())) } else { Ok(calls) }
    }
}

/// The results of all, four at a time.
fn all<T: Send>(given: &[(String, String)], run: impl Fn(&str) -> T + Sync) -> Vec<(&(String, String), T)> {
    let (next, done) = (Mutex::new(given.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(one) = next.lock().unwrap().next() else { break };
                    let result = run(&one.0);
                    done.lock().unwrap().push((one, result));
                }
            });
        }
    });
    done.into_inner().unwrap()
}

#[test]
fn every_aws_command_runs_as_it_is_printed() {
    // Documents, templates and examples spell the same command with other words.
    let (found, fillings) = (printed("aws"), Fillings::new("111122223333", "i-1"));
    let same = |line: String, place| (fillings.fill(&line).unwrap_or_else(|_| line.clone()), (line, place));
    let given: BTreeMap<String, (String, String)> = lines(&found).into_iter().map(|(line, place)| same(line, place)).collect();
    let given: Vec<(String, String)> = given.into_values().collect();
    let results = all(&given, |line| Bench::new(line).run(line));
    let problems: Vec<String> =
        results.iter().filter_map(|((_, place), result)| Some(format!("{place}: {}", result.as_ref().err()?))).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    let calls: BTreeSet<&(String, String)> = results.iter().flat_map(|(_, result)| result.as_ref().unwrap()).collect();
    let by = |how: &str| calls.iter().filter(|call| call.1 == how).map(|call| call.0.as_str()).collect::<Vec<_>>();
    println!("run against moto: {}\nheld against the service's model alone: {}", by("moto").join(", "), by("model").join(", "));
    assert!(by("moto").len() > by("model").len() && given.len() > 20, "{} lines, {calls:?}", given.len());
}

/// A command that a text names without its objects is one that the AWS CLI has.
#[test]
fn every_aws_command_that_is_named_is_there() {
    let names: BTreeSet<String> = printed("aws").into_iter().filter(|one| !one.named.is_empty()).map(|one| one.named.join(" ")).collect();
    assert!(names.contains("iam get-role"), "{names:?}");
    let given: Vec<(String, String)> = names.into_iter().map(|name| (name, String::new())).collect();
    for ((name, _), found) in all(&given, has_command) {
        assert!(found, "the AWS CLI has no {name}");
    }
    assert!(has_command("eks get-token") && !has_command("iam get-rolle") && !has_command("iamm get-role"));
}

fn has_command(name: &str) -> bool {
    let mut aws = Command::new(cloud::installed().join("bin/aws"));
    aws.args(name.split(' ')).arg("--generate-cli-skeleton").env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
    let output = aws.output().unwrap();
    // A command that is no operation of a service, as update-kubeconfig, has no skeleton.
    output.status.success() || String::from_utf8_lossy(&output.stderr).contains("Unknown options: --generate-cli-skeleton")
}

/// A command that is wrong in one place is found wrong.
#[test]
fn wrong_aws_commands_are_found() {
    let wrong = [
        ("aws iam get-role --role-nam checkout", "--role-name"),
        ("aws iam update-assume-role-policy --role-name checkout", "--policy-document"),
        ("aws iam get-rolle --role-name checkout", "Invalid choice"),
        ("aws iam get-role --role-name chekout", "NoSuchEntity"),
        ("aws account enable-region --region-nam eu-south-1", "--region-name"),
        ("aws eks create-access-entry --cluster-name CLUSTER", "--principal-arn"),
        ("aws iam update-role --role-name checkout --max-session-duration 12h", "invalid literal"),
        ("aws iam get-role --role-name ROLENAME", "no row says what to put in for ROLENAME"),
        ("aws iam get-role --role-name checkout | irsa-probe trust-policy --check -", "give --issuer, --namespace, --service-account"),
    ];
    let given: Vec<(String, String)> = wrong.iter().map(|(line, why)| ((*line).to_owned(), (*why).to_owned())).collect();
    for ((line, why), result) in all(&given, |line| Bench::new(line).run(line)) {
        let problem = result.expect_err(line);
        assert!(problem.contains(why.as_str()), "{why}: {problem}");
    }
}

/// What follows our name in each command of our own. In a sentence it may go on behind the command.
fn own_commands(line: &str) -> Vec<String> {
    let own =
        Regex::new(&format!(r"(?m)(?:^|[\s/(`])irsa-probe ((?:{}|--help|--version)(?:[ \n][^|;&>`)]*)?)", COMMANDS.join("|"))).unwrap();
    own.captures_iter(line).map(|found| found[1].lines().next().unwrap().trim().to_owned()).collect()
}

/// Whether the words are a command, or its beginning: what follows the last flag may be the sentence's.
fn parses(command: &str) -> Result<(), String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let last_flag = words.iter().rposition(|word| word.starts_with('-')).unwrap_or(0);
    let mut said = String::new();
    for end in (last_flag + 1..=words.len()).rev() {
        match cli::parse(words[..end].iter().map(Into::into).collect(), |_| None) {
            Ok(_) => return Ok(()),
            Err(usage) if said.is_empty() => said = usage.0,
            Err(_) => {}
        }
    }
    Err(format!("irsa-probe {command}: {said}"))
}

#[test]
fn every_command_of_ours_is_taken() {
    let fillings = Fillings::new("111122223333", "i-1");
    let mut taken = 0;
    for (line, place) in lines(&printed("irsa-probe")) {
        for command in own_commands(&line) {
            let filled = fillings.fill(&command).unwrap_or_else(|problem| panic!("{place}: {command}: {problem}"));
            parses(&filled).unwrap_or_else(|problem| panic!("{place}: {problem}"));
            taken += 1;
        }
    }
    assert!(taken > 20, "{taken}");
    for one in printed("irsa-probe").iter().filter(|one| !one.named.is_empty()) {
        let known = COMMANDS.contains(&one.named[0].as_str());
        assert!(known, "{}: irsa-probe {}", one.place, one.named.join(" "));
    }
    for wrong in ["irsa-probe check --bogus", "irsa-probe get", "irsa-probe doctor --output xml x", "irsa-probe explain"] {
        let commands = own_commands(wrong);
        assert!(commands.len() == 1 && parses(&commands[0]).is_err(), "{wrong}");
    }
}

/// A row that no text uses any more has to go.
#[test]
fn every_filling_is_needed() {
    let fillings = Fillings::new("111122223333", "i-1");
    lines(&printed("aws")).keys().for_each(|line| drop(fillings.fill(line)));
    lines(&printed("irsa-probe")).keys().flat_map(|line| own_commands(line)).for_each(|command| drop(fillings.fill(&command)));
    let used = fillings.used.into_inner().unwrap();
    let needless: Vec<&str> = fillings.rows.iter().flat_map(|(words, _)| *words).filter(|word| !used.contains(*word)).copied().collect();
    assert!(needless.is_empty(), "{needless:?}");
}
