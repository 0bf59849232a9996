//! One policy, asked of the evaluator and of the peer, for one caller.

use super::asked::asked;
use super::callers::{Caller, World};
use super::classes::{CLASSES, Class};
use super::process::{Answer, Peer, Theirs};
use super::rewrite::Case;
use fastrand::Rng;
use irsa_probe::core::policy::{self, Decision, Evaluation, Request, Slip};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the evaluator says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ours {
    /// IAM refuses the document.
    Refused,
    /// It is allowed, whatever is not known.
    Allow,
    /// It is denied by a statement, whatever is not known.
    ExplicitDeny,
    /// It is not allowed, whatever is not known.
    Deny,
    /// It depends on these keys.
    Undecided(Vec<String>),
}

/// What an evaluation says.
pub fn ours(evaluation: &Evaluation) -> Ours {
    let reasons = evaluation.document.iter().chain(evaluation.statements.iter().flat_map(|judged| &judged.reasons));
    if reasons.into_iter().any(|reason| reason.slip == Slip::Refused) {
        assert!(evaluation.decision != Decision::Allow && evaluation.undecided.is_empty(), "{evaluation:?}");
        return Ours::Refused;
    }
    match evaluation.decision {
        Decision::Allow => Ours::Allow,
        Decision::ExplicitDeny => Ours::ExplicitDeny,
        Decision::Deny if evaluation.undecided.is_empty() => Ours::Deny,
        Decision::Deny => Ours::Undecided(evaluation.undecided.clone()),
    }
}

/// Whether what the evaluator says of all that it does not know fits what the peer says of each case of it.
pub fn agrees(ours: &Ours, theirs: &Theirs) -> bool {
    let Theirs::Answers(answers) = theirs else { return *ours == Ours::Refused };
    let all = |answer| answers.iter().all(|other| *other == answer);
    let some = |answer| answers.contains(&answer);
    match ours {
        Ours::Refused => false,
        Ours::Allow => all(Answer::Allowed),
        Ours::ExplicitDeny => all(Answer::ExplicitlyDenied),
        Ours::Deny => !some(Answer::Allowed) && !all(Answer::ExplicitlyDenied),
        Ours::Undecided(_) => some(Answer::Allowed) && !all(Answer::Allowed),
    }
}

/// A caller, as both are asked.
pub struct Asking {
    /// For the peer.
    pub caller: Caller,
    /// For the evaluator.
    pub request: Request,
}

/// What comes of a comparison.
pub enum Outcome {
    /// They agree.
    Agree,
    /// They agree once the peer knows the rules of these classes.
    Explained(Vec<usize>),
    /// They do not.
    Unexplained(String),
}

/// So many worlds are asked of; and once more, where these do not show every answer that there has to be.
const WORLDS: [usize; 2] = [16, 256];

/// Asks both.
pub fn compare(peer: &mut Peer, role: &str, policy: &Value, asking: &Asking, random: &mut Rng) -> Outcome {
    let document = policy::parse(&policy.to_string()).unwrap();
    let ours = ours(&policy::judge(&document, &asking.request));
    if let Some(key) = unasked(&ours, policy) {
        return Outcome::Unexplained(format!(
            "{}: the answer names {key}, which the policy does not ask for\n{policy}",
            asking.caller.name
        ));
    }
    let (mut cases, mut theirs) = (Vec::new(), Theirs::Answers(Vec::new()));
    for most in WORLDS {
        cases = asking.caller.worlds(policy, most, random).into_iter().map(|world| (policy.clone(), world)).collect();
        theirs = ask(peer, role, &asking.caller, &cases);
        if agrees(&ours, &theirs) || hangs_on_spelling(&ours, &theirs) {
            return Outcome::Agree;
        }
        if cases.len() < most || !needs_more(&ours, &theirs) {
            break;
        }
    }
    let fitting = fitting(&cases, &asking.caller);
    for classes in subsets(&fitting) {
        let rewritten = classes.iter().fold(cases.clone(), |cases, class| apply(&CLASSES[*class], &cases, &asking.caller).unwrap_or(cases));
        if agrees(&ours, &ask(peer, role, &asking.caller, &rewritten)) {
            return Outcome::Explained(classes);
        }
    }
    let names: Vec<&str> = fitting.iter().map(|class| CLASSES[*class].name).collect();
    let worlds = match &theirs {
        Theirs::Refused(why) => format!("{why:?}"),
        Theirs::Answers(answers) => {
            let mut by_answer: BTreeMap<Answer, &World> = BTreeMap::new();
            for (answer, (_, world)) in answers.iter().zip(&cases) {
                by_answer.entry(*answer).or_insert(world);
            }
            by_answer
                .iter()
                .map(|(answer, world)| format!("{answer:?} with {}", serde_json::to_string(world).unwrap()))
                .collect::<Vec<_>>()
                .join("\n  ")
        }
    };
    Outcome::Unexplained(format!(
        "{}\nours: {ours:?}\npeer: {worlds}\nclasses that fit, but do not explain it: {names:?}\n{}",
        asking.caller.name, policy
    ))
}

/// Keys that hold a truth value. How that is written as a text is documented nowhere, and the worlds have `true` and `false` alone.
const TRUTH_VALUES: [&str; 2] = ["aws:multifactorauthpresent", "aws:securetransport"];

/// Whether the evaluator leaves open, for the sake of other spellings of a truth value, what the peer answers in one way for both of these.
fn hangs_on_spelling(ours: &Ours, theirs: &Theirs) -> bool {
    let (Ours::Undecided(keys), Theirs::Answers(answers)) = (ours, theirs) else { return false };
    let is_truth_value = |key: &String| TRUTH_VALUES.iter().any(|known| key.eq_ignore_ascii_case(known));
    keys.iter().all(is_truth_value) && answers.windows(2).all(|pair| pair[0] == pair[1])
}

/// Whether further worlds may show what these do not: an answer that is neither the same for all nor forbidden for one.
fn needs_more(ours: &Ours, theirs: &Theirs) -> bool {
    let Theirs::Answers(answers) = theirs else { return false };
    match ours {
        Ours::Undecided(_) => true,
        Ours::Deny => !answers.contains(&Answer::Allowed),
        _ => false,
    }
}

/// A key that the evaluator names as undecided though the policy does not ask for it.
fn unasked(ours: &Ours, policy: &Value) -> Option<String> {
    let Ours::Undecided(keys) = ours else { return None };
    let asked = asked(policy);
    let is_asked = |key: &String| key == "Principal" || asked.iter().any(|asked| asked.key.eq_ignore_ascii_case(key));
    keys.iter().find(|key| !is_asked(key)).cloned()
}

/// The classes that are recognised, by themselves or behind others: the rule of one may put there what the next one is about.
fn fitting(cases: &[Case], caller: &Caller) -> Vec<usize> {
    let mut rewritten = cases.to_vec();
    let mut fitting = Vec::new();
    for (nth, class) in CLASSES.iter().enumerate() {
        let after = apply(class, &rewritten, caller);
        if after.is_some() || apply(class, cases, caller).is_some() {
            fitting.push(nth);
        }
        rewritten = after.unwrap_or(rewritten);
    }
    fitting
}

/// So many cases are made of one policy.
const MOST: usize = 256;

/// All cases with the rule of a class; `None` when it is recognised in none of them.
fn apply(class: &Class, cases: &[Case], caller: &Caller) -> Option<Vec<Case>> {
    let mut recognised = false;
    let mut all = Vec::new();
    for case in cases {
        match (class.rule)(case, caller) {
            Some(cases) => {
                recognised = true;
                all.extend(cases);
            }
            None => all.push(case.clone()),
        }
    }
    // Of too many, some from all over, in their order: `ask` takes those of one policy together.
    let mut kept = Rng::with_seed(0).choose_multiple(0..all.len(), MOST);
    kept.sort_unstable();
    recognised.then(|| kept.into_iter().map(|nth| all[nth].clone()).collect())
}

/// Single ones first, then more together, and all.
fn subsets(of: &[usize]) -> Vec<Vec<usize>> {
    let mut subsets: Vec<Vec<usize>> = (1_u32..1 << of.len())
        .filter(|bits| bits.count_ones() <= 4 || bits.count_ones() as usize == of.len())
        .map(|bits| of.iter().enumerate().filter(|(nth, _)| bits & (1 << nth) != 0).map(|(_, class)| *class).collect())
        .collect();
    subsets.sort_by_key(Vec::len);
    subsets
}

/// What the peer says of each case. A document that it refuses is one for all.
fn ask(peer: &mut Peer, role: &str, caller: &Caller, cases: &[Case]) -> Theirs {
    let mut answers = Vec::new();
    let mut rest = cases;
    while let Some((policy, _)) = rest.first() {
        let same = rest.iter().take_while(|(other, _)| other == policy).count();
        let questions: Vec<(&Caller, &World)> = rest[..same].iter().map(|(_, world)| (caller, world)).collect();
        match peer.ask(role, policy, &questions) {
            Theirs::Refused(why) => return Theirs::Refused(why),
            Theirs::Answers(more) => answers.extend(more),
        }
        rest = &rest[same..];
    }
    Theirs::Answers(answers)
}
