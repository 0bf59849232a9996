//! The evaluator of trust policies beside an independent one: npm's `@cloud-copilot/iam-simulate`, no line of code in common.
//!
//! Policies made at random are judged by both, for several callers. What is not known of a request is asked of the peer with several values.
//! Where the two differ, the difference has to be one of the classes in `policy_peer/classes.rs`, each decided by a page of AWS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "policy_peer/asked.rs"]
mod asked;
#[path = "policy_peer/callers.rs"]
mod callers;
#[path = "policy_peer/classes.rs"]
mod classes;
#[path = "policy_peer/compare.rs"]
mod compare;
#[path = "policy_peer/edits.rs"]
mod edits;
#[path = "policy_peer/operators.rs"]
mod operators;
#[path = "support/policies.rs"]
mod policies;
#[path = "policy_peer/process.rs"]
mod process;
#[path = "policy_peer/refusals.rs"]
mod refusals;
#[path = "policy_peer/rewrite.rs"]
mod rewrite;

use callers::{CLUSTER, Caller};
use classes::{CLASSES, REFUSED};
use compare::{Asking, Outcome};
use fastrand::Rng;
use irsa_probe::core::aws::arn::RoleArn;
use irsa_probe::core::policy::Request;
use irsa_probe::core::text::time::Timestamp;
use policies::{ACCOUNT, ACCOUNTS, AUDIENCES, GITHUB, ISSUER, NAMESPACE, NAMESPACES, OTHER_ISSUERS, ROLE, provider};
use process::Peer;
use refusals::RULES;

/// The seed of every run.
const SEED: u64 = 13;

/// How many policies of that seed are compared, and how many of a fresh one.
const POLICIES: usize = 3_000;
const FRESH: usize = 600;

/// Of how many the edits are tried, for each of the two seeds.
const EDITED: usize = 240;

#[test]
fn policies_of_a_fixed_seed() {
    let found = compare_all(SEED, POLICIES);
    let unused = |what: &str, name: &str| panic!("{what} {name:?} explains nothing: remove it, or make policies that it is for");
    CLASSES.iter().zip(&found.classes).filter(|(_, count)| **count == 0).for_each(|(class, _)| unused("the class", class.name));
    RULES.iter().zip(&found.rules).filter(|(_, count)| **count == 0).for_each(|(rule, _)| unused("the rule", rule.name));
}

/// Other policies in every run. `PEER_SEED` repeats one; `PEER_SEEDS` compares so many, each as large as the fixed one.
#[test]
fn policies_of_a_fresh_seed() {
    match (number("PEER_SEED"), number("PEER_SEEDS")) {
        (Some(seed), _) => drop(compare_all(seed, POLICIES)),
        (None, Some(seeds)) => (0..seeds).for_each(|_| drop(compare_all(fastrand::u64(..), POLICIES))),
        (None, None) => drop(compare_all(fastrand::u64(..), FRESH)),
    }
}

#[test]
fn an_edit_lets_in_one_pod_and_takes_the_role_from_no_one() {
    let mut peer = Peer::start();
    let (mut edits, mut others) = (0, 0);
    let mut wrong = Vec::new();
    for seed in [SEED, number("PEER_SEED").unwrap_or_else(|| fastrand::u64(..))] {
        println!("PEER_SEED={seed}");
        let mut random = Rng::with_seed(seed);
        for nth in 0..EDITED {
            let policy = if nth % 4 > 0 { policies::policy(&mut random) } else { operators::policy(&mut random) };
            for asking in askings(&mut random) {
                match edits::check(&mut peer, &policy, &asking, &mut random) {
                    Ok(None) => {}
                    Ok(Some(asked)) => (edits, others) = (edits + 1, others + asked),
                    Err(what) => wrong.push(what),
                }
            }
        }
    }
    println!("{edits} edits, {others} requests of others before and after");
    assert!(wrong.is_empty(), "{} edits are wrong, among them:\n\n{}", wrong.len(), shortest(wrong));
    assert!(edits > 100, "only {edits} edits");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// What explains the disagreements of a run.
struct Found {
    /// How many each class of [`CLASSES`] explains.
    classes: Vec<usize>,
    /// How many policies break each of [`RULES`], where the class of refusals explains something.
    rules: Vec<usize>,
}

/// Asks both about all policies of a seed; a disagreement that no class explains fails.
fn compare_all(seed: u64, count: usize) -> Found {
    println!("PEER_SEED={seed}");
    let mut peer = Peer::start();
    let mut random = Rng::with_seed(seed);
    let mut found = Found { classes: vec![0; CLASSES.len()], rules: vec![0; RULES.len()] };
    let mut agree = 0;
    let mut wrong: Vec<String> = Vec::new();
    for nth in 0..count {
        let policy = if nth % 2 == 0 { policies::policy(&mut random) } else { operators::policy(&mut random) };
        for asking in askings(&mut random) {
            match compare::compare(&mut peer, ROLE, &policy, &asking, &mut random) {
                Outcome::Agree => agree += 1,
                Outcome::Explained(classes) => {
                    classes.iter().for_each(|class| found.classes[*class] += 1);
                    let broken = |rule: &usize| (RULES[*rule].breaks)(&policy);
                    (0..RULES.len()).filter(|rule| classes.contains(&REFUSED) && broken(rule)).for_each(|rule| found.rules[rule] += 1);
                }
                Outcome::Unexplained(what) => wrong.push(what),
            }
        }
    }
    println!("{count} policies, {agree} answers agree, {} requests asked of the peer", peer.asked);
    for (class, count) in CLASSES.iter().zip(&found.classes) {
        println!("{count:6} {} ({:?}: {})", class.name, class.right, class.page);
    }
    for (rule, count) in RULES.iter().zip(&found.rules) {
        println!("{count:6} refused: {} ({})", rule.name, rule.page);
    }
    assert!(wrong.is_empty(), "{} answers differ, among them:\n\n{}", wrong.len(), shortest(wrong));
    found
}

/// The shortest of what is wrong are the easiest to read.
fn shortest(mut wrong: Vec<String>) -> String {
    wrong.sort_by_key(String::len);
    wrong.truncate(5);
    wrong.join("\n\n")
}

/// The pod by both ways, and somebody else.
fn askings(random: &mut Rng) -> Vec<Asking> {
    let role = RoleArn::parse(ROLE).unwrap();
    let now = Timestamp::parse(callers::NOW).unwrap();
    let token = |issuer: &str, namespace: &str, account: &str, audience: &str| Asking {
        caller: Caller::token(issuer, namespace, account, audience, provider(issuer)),
        request: Request::irsa(issuer, &format!("system:serviceaccount:{namespace}:{account}"), vec![audience.to_owned()], &role).at(now),
    };
    let pod_identity = |namespace: &str, account: &str, is_cluster_known: bool| {
        let cluster = is_cluster_known.then_some(CLUSTER);
        let request = Request::pod_identity(Some(namespace), Some(account), Some(&role)).at(now);
        Asking {
            caller: Caller::pod_identity(namespace, account, role.account.as_str(), cluster),
            request: cluster.map_or(request.clone(), |(name, arn)| request.from_cluster(name, arn)),
        }
    };
    let (namespace, account) = (random.choice(NAMESPACES).unwrap(), random.choice(ACCOUNTS).unwrap());
    let audience = random.choice(AUDIENCES).unwrap();
    let issuer = random.choice([ISSUER, OTHER_ISSUERS[0], GITHUB]).unwrap();
    let other = if random.bool() { token(issuer, namespace, account, audience) } else { pod_identity(namespace, account, random.bool()) };
    vec![token(ISSUER, NAMESPACE, ACCOUNT, AUDIENCES[0]), pod_identity(NAMESPACE, ACCOUNT, random.bool()), other]
}
