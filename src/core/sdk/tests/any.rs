//! Properties that hold in any surroundings.

use super::*;
use proptest::prelude::*;

fn any_environment() -> impl Strategy<Value = Environment> {
    let values =
        proptest::sample::select(vec!["", "true", "/t", "us-west-2", "http://169.254.170.23/v1", "legacy", "x\u{0}y", "\u{1f600}"]);
    proptest::collection::hash_map(proptest::sample::select(Environment::NAMES), values, 0..20)
        .prop_map(|vars| Environment::from_lookup(|name| vars.get(name).map(|value| (*value).to_owned())))
}

fn any_surroundings() -> impl Strategy<Value = (TokenFile, TokenFile, StsCall, AgentCall, ImdsView)> {
    let file = proptest::sample::select(vec![
        TokenFile::Good,
        TokenFile::Missing,
        TokenFile::Unreadable,
        TokenFile::Empty,
        TokenFile::TrailingWhitespace,
        TokenFile::NotAToken,
    ]);
    let sts = vec![StsCall::Works, StsCall::TokenRejected, StsCall::Denied, StsCall::Unavailable, StsCall::Unreachable];
    let agent = vec![AgentCall::Works, AgentCall::NotFound, AgentCall::Refused, AgentCall::Failing, AgentCall::Unreachable];
    let reach =
        vec![ImdsReach::Answers, ImdsReach::Absent, ImdsReach::HopLimited, ImdsReach::Dropped, ImdsReach::Refused, ImdsReach::Other];
    let imds = (proptest::sample::select(reach), any::<bool>(), any::<bool>()).prop_map(|(v2, v1, role)| imds(v2, v1, role));
    (file.clone(), file, proptest::sample::select(sts), proptest::sample::select(agent), prop_oneof![imds, Just(ImdsView::Unknown)])
}

proptest! {
    /// Every family has an answer in any surroundings, and the same answer each time.
    #[test]
    fn every_family_has_an_answer_in_any_surroundings(environment in any_environment(), given in any_surroundings(), missing: bool, kind in 0_usize..7) {
        use ProfileCredentials::{Login, Process, RoleArn, Sso, StaticKeys, WebIdentity};
        let kinds = [None, Some(RoleArn), Some(WebIdentity), Some(Sso), Some(StaticKeys), Some(Process), Some(Login)];
        let profile = Profile { missing, credentials: kinds[kind], ..Profile::default() };
        let (token, container_token, sts, agent, imds) = given;
        let surroundings = Surroundings { environment: &environment, profile: &profile, token, container_token, sts, agent, imds };
        for sdk in SdkFamily::ALL {
            let found = predict(sdk, &surroundings);
            prop_assert!(!found.why.is_empty() && found.why.ends_with('.'), "{}: {:?}", sdk.id(), found.why);
            prop_assert_eq!(found.falls_to.is_some(), found.on_failure == OnFailure::FallsThrough && matches!(found.outcome, ChainEnd::Irsa | ChainEnd::PodIdentity));
            prop_assert_eq!(&found, &predict(sdk, &surroundings));
            // An outcome implies that its call works.
            if found.outcome == ChainEnd::Irsa { prop_assert_eq!(sts, StsCall::Works); }
            if found.outcome == ChainEnd::PodIdentity { prop_assert_eq!(agent, AgentCall::Works); }
            if found.outcome == ChainEnd::NodeRole { prop_assert!(!environment.imds_disabled.is_true()); }
        }
    }
}
