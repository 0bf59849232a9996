use super::*;
use crate::core::aws::imds::ImdsReach;
use crate::core::evidence::CallerIdentity;

const CHECK: Attempt = Attempt::Check;
const SAME_FILES: Attempt = Attempt::Round { files_changed: false };
const OTHER_FILES: Attempt = Attempt::Round { files_changed: true };

const NOT_CALLED: DirectResult<'_> = DirectResult::NotCalled;
const NOT_PROVEN: DirectResult<'_> = DirectResult::NotProven;
const CHECKOUT: DirectResult<'_> = DirectResult::Proven("arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe");
const ANOTHER_SESSION: DirectResult<'_> = DirectResult::Proven("arn:aws:sts::111122223333:assumed-role/checkout/app");
const ANOTHER_ROLE: DirectResult<'_> = DirectResult::Proven("arn:aws:sts::111122223333:assumed-role/payment/irsa-probe");

const fn due(empty_results: u8) -> NextCall {
    NextCall::Due { empty_results }
}

fn chain(provider: ChainProvider, role: Option<&str>) -> DefaultChain {
    let identity =
        |role| CallerIdentity { arn: format!("arn:aws:sts::111122223333:assumed-role/{role}/irsa-probe"), account: None, user_id: None };
    DefaultChain { provider, identity: role.map(identity), error: None }
}

/// The chain led to the role `checkout`.
fn proven() -> DefaultChain {
    chain(ChainProvider::Irsa, Some("checkout"))
}

fn empty() -> DefaultChain {
    chain(ChainProvider::None, None)
}

fn node() -> DefaultChain {
    chain(ChainProvider::Node, Some("eks-node"))
}

fn learn_chain(memory: &mut Memory, followed: Option<Fact<DefaultChain>>) -> Fact<DefaultChain> {
    learn_chain_at(0, memory, followed).0
}

fn learn_chain_at(seconds: i64, memory: &mut Memory, followed: Option<Fact<DefaultChain>>) -> (Fact<DefaultChain>, Option<i64>) {
    let (imds, issuer) = (Fact::NotAttempted(SkipReason::NoImds), Fact::NotAttempted(SkipReason::NotAsked));
    let (chain, remembered) = memory.learn(Timestamp(seconds), &ImdsPlan::NotAsked, followed, &imds, &issuer);
    (chain, remembered.chain.map(|at| at.0))
}

/// A later attempt: state, attempt, result of the direct calls → asked or not.
#[test]
fn when_the_default_chain_is_asked() {
    use NextCall::{Settled, WaitsForFile};
    for (next, last, attempt, direct, expected) in [
        // A check asks as soon as the identity is proven, and not before.
        (Settled, None, CHECK, NOT_CALLED, false),
        (due(0), None, CHECK, NOT_CALLED, false),
        (Settled, None, CHECK, NOT_PROVEN, false),
        (due(1), None, CHECK, NOT_PROVEN, false),
        (Settled, Some(proven()), CHECK, CHECKOUT, true),
        (due(1), Some(empty()), CHECK, CHECKOUT, true),
        (WaitsForFile, Some(empty()), CHECK, CHECKOUT, true),
        // A round asks when a call is due.
        (Settled, Some(proven()), SAME_FILES, CHECKOUT, false),
        (Settled, Some(proven()), SAME_FILES, ANOTHER_SESSION, false),
        (Settled, None, SAME_FILES, CHECKOUT, false),
        (due(0), Some(proven()), SAME_FILES, CHECKOUT, true),
        (due(2), Some(empty()), SAME_FILES, CHECKOUT, true),
        (WaitsForFile, Some(empty()), SAME_FILES, CHECKOUT, false),
        // A changed file makes it due.
        (Settled, Some(proven()), OTHER_FILES, CHECKOUT, true),
        (Settled, None, OTHER_FILES, CHECKOUT, true),
        (WaitsForFile, Some(empty()), OTHER_FILES, CHECKOUT, true),
        // Where nothing could be called directly, only the chain can tell what applications get.
        (Settled, None, SAME_FILES, NOT_CALLED, false),
        (due(0), None, SAME_FILES, NOT_CALLED, true),
        (WaitsForFile, None, SAME_FILES, NOT_CALLED, false),
        (Settled, None, OTHER_FILES, NOT_CALLED, true),
        // A refused or throttled exchange is not made twice.
        (due(0), None, SAME_FILES, NOT_PROVEN, false),
        (Settled, Some(proven()), OTHER_FILES, NOT_PROVEN, false),
        // The proven role is not the one that the chain led to.
        (Settled, Some(proven()), SAME_FILES, ANOTHER_ROLE, true),
        (WaitsForFile, Some(node()), SAME_FILES, CHECKOUT, true),
    ] {
        let case = format!("{next:?}, {last:?}, {attempt:?}, {direct:?}");
        let mut memory = Memory { has_attempted: true, chain: ChainMemory { followed: None, last, next }, ..Memory::default() };
        memory.begin(attempt);
        assert_eq!(memory.asks_chain(attempt, direct), expected, "{case}");
        assert!(!memory.asks_chain_at_once(), "{case}");
    }
}

#[test]
fn the_first_attempt_asks_at_once_and_so_does_the_one_after_an_attempt_without_means() {
    for attempt in [CHECK, SAME_FILES, OTHER_FILES] {
        let mut memory = Memory::default();
        memory.begin(attempt);
        assert!(memory.asks_chain_at_once());
        memory.begin(attempt);
        assert!(memory.asks_chain_at_once(), "nothing was learned from the one before");
        learn_chain(&mut memory, Some(Fact::Known(empty())));
        assert!(!memory.asks_chain_at_once());
    }
}

/// State, what the chain led to → state.
#[test]
fn what_is_due_after_a_call() {
    use NextCall::{Settled, WaitsForFile};
    for (before, found, after) in [
        (Settled, proven(), Settled),
        (due(2), proven(), Settled),
        (WaitsForFile, proven(), Settled),
        (Settled, empty(), due(1)),
        (due(0), empty(), due(1)),
        (due(1), empty(), due(2)),
        (due(2), empty(), WaitsForFile),
        (WaitsForFile, empty(), WaitsForFile),
        // Credentials of which STS did not say whose they are.
        (due(2), chain(ChainProvider::Irsa, None), WaitsForFile),
        // A node's role costs nothing, so it is asked for again and again.
        (Settled, node(), due(0)),
        (due(2), node(), due(2)),
        (due(1), chain(ChainProvider::Node, None), due(1)),
        (WaitsForFile, node(), WaitsForFile),
    ] {
        assert_eq!(before.after(&found), after, "{before:?}, {found:?}");
        let mut memory = Memory { chain: ChainMemory { followed: None, last: None, next: before }, ..Memory::default() };
        learn_chain(&mut memory, None);
        assert_eq!(memory.chain.next, before, "it was not followed");
        learn_chain(&mut memory, Some(Fact::NotAttempted(SkipReason::UnsafeFile)));
        assert_eq!(memory.chain.next, before, "it could not be followed");
        learn_chain(&mut memory, Some(Fact::Known(found)));
        assert_eq!(memory.chain.next, after);
    }
}

#[test]
fn a_chain_that_is_not_followed_is_reported_as_it_was_found_before() {
    let mut memory = Memory::default();
    let nothing = || Fact::NotAttempted(SkipReason::EarlierFailure);
    assert_eq!(learn_chain(&mut memory, None), nothing());
    assert_eq!(learn_chain(&mut memory, Some(Fact::Known(proven()))), Fact::Known(proven()));
    assert_eq!([(); 2].map(|()| learn_chain(&mut memory, None)), [Fact::Known(proven()), Fact::Known(proven())]);
    learn_chain(&mut memory, Some(Fact::NotAttempted(SkipReason::UnsafeFile)));
    assert_eq!(learn_chain(&mut memory, None), nothing());
}

#[test]
fn what_is_repeated_has_the_age_of_the_attempt_that_found_it() {
    let mut memory = Memory::default();
    let follow = || Some(Fact::Known(proven()));
    let ages: Vec<Option<i64>> = [None, follow(), None, None, follow(), None, Some(Fact::NotAttempted(SkipReason::UnsafeFile)), None]
        .into_iter()
        .zip(1..)
        .map(|(followed, at)| learn_chain_at(at, &mut memory, followed).1)
        .collect();
    assert_eq!(ages, [None, None, Some(2), Some(2), None, Some(5), None, None]);

    let plan = ImdsPlan::Ask { endpoint: "http://169.254.169.254".into(), v1: true };
    let issuer = Fact::NotAttempted(SkipReason::NotAsked);
    let mut age_at = |seconds, imds: Imds| memory.learn(Timestamp(seconds), &plan, None, &Fact::Known(imds), &issuer).1.imds_v1;
    let tried = || Imds { v1: Some(ImdsReach::Refused), ..imds(ImdsReach::Refused) };
    assert_eq!([age_at(9, tried()), age_at(10, tried()), age_at(11, tried())], [None, Some(Timestamp(9)), Some(Timestamp(9))]);
    assert_eq!(age_at(12, imds(ImdsReach::Absent)), None, "nothing is repeated");
}

fn imds(v2: ImdsReach) -> Imds {
    Imds { v2, v1: None, role: None, no_role: false, instance_id: None }
}

/// Plan, memory, attempt → call.
#[test]
fn when_imds_is_asked() {
    let ask = |v1| ImdsPlan::Ask { endpoint: "http://169.254.169.254".into(), v1 };
    let known = || Some(imds(ImdsReach::HopLimited));
    let asked = |v1, before| ImdsCall::Ask { endpoint: "http://169.254.169.254", v1, before };
    for (plan, last, v1_tried, attempt, expected) in [
        (ImdsPlan::NotAsked, None, false, CHECK, ImdsCall::Skip(SkipReason::NoImds)),
        (ImdsPlan::NotAsked, known(), false, SAME_FILES, ImdsCall::Skip(SkipReason::NoImds)),
        (ImdsPlan::Disabled, None, false, CHECK, ImdsCall::Skip(SkipReason::ImdsDisabled)),
        (ask(true), None, false, CHECK, asked(true, None)),
        (ask(false), None, false, CHECK, asked(false, None)),
        (ask(true), known(), true, CHECK, ImdsCall::Recall(imds(ImdsReach::HopLimited))),
        (ask(true), None, true, CHECK, asked(false, None)),
        (ask(true), None, false, SAME_FILES, asked(true, None)),
        (ask(true), known(), false, SAME_FILES, asked(true, known())),
        (ask(true), known(), true, SAME_FILES, asked(false, known())),
        (ask(true), known(), true, OTHER_FILES, asked(false, known())),
    ] {
        let memory = Memory { imds: ImdsMemory { last: last.clone(), v1_tried: v1_tried.then_some(Timestamp(0)) }, ..Memory::default() };
        assert_eq!(memory.decide_imds(attempt, &plan), expected, "{plan:?}, {last:?}, {v1_tried}, {attempt:?}");
    }
}

#[test]
fn version_1_of_imds_is_tried_once() {
    for (v1, found, expected) in [
        (true, Fact::Known(imds(ImdsReach::HopLimited)), true),
        (true, Fact::Known(imds(ImdsReach::Refused)), true),
        (true, Fact::Known(imds(ImdsReach::Answers)), false),
        (true, Fact::Known(imds(ImdsReach::Absent)), false),
        (true, Fact::NotAttempted(SkipReason::NoImds), false),
        (false, Fact::Known(imds(ImdsReach::HopLimited)), false),
    ] {
        let plan = ImdsPlan::Ask { endpoint: "http://169.254.169.254".into(), v1 };
        let mut memory = Memory::default();
        let issuer = Fact::NotAttempted(SkipReason::NotAsked);
        memory.learn(Timestamp(1), &plan, None, &found, &issuer);
        let expected = expected.then_some(Timestamp(1));
        assert_eq!(memory.imds.v1_tried, expected, "{v1}, {found:?}");
        memory.learn(Timestamp(2), &plan, None, &Fact::Known(imds(ImdsReach::Absent)), &issuer);
        assert_eq!(memory.imds.v1_tried, expected, "what was tried stays tried");
    }
}
