//! Properties that hold in any surroundings.

use super::*;
use proptest::prelude::*;

fn any_environment() -> impl Strategy<Value = Environment> {
    let values = proptest::sample::select(vec![
        "",
        " ",
        "true",
        "1",
        "/t",
        "us-west-2",
        "us-west-2 ",
        "http://169.254.170.23/v1",
        "https://10.1.2.3/",
        "legacy",
        "x\u{0}y",
        "\u{1f600}",
        "arn:aws:iam::111122223333:role/r",
    ]);
    proptest::collection::hash_map(proptest::sample::select(Environment::NAMES), values, 0..20)
        .prop_map(|vars| Environment::from_lookup(|name| vars.get(name).map(|value| (*value).to_owned())))
}

fn any_section(name: &'static str) -> impl Strategy<Value = ProfileSection> {
    let texts =
        proptest::option::of(proptest::sample::select(vec!["app", "base", "other", "Environment", "Ec2InstanceMetadata", "EcsContainer"]));
    let flags = proptest::array::uniform5(any::<bool>());
    (flags, texts.clone(), texts.clone(), texts.clone(), texts).prop_map(move |(flags, role, token, source, from)| ProfileSection {
        key_id: flags[0],
        secret_key: flags[1],
        process: flags[2],
        sso: flags[3],
        login: flags[4],
        role_arn: role.map(Into::into),
        web_identity_token_file: token.map(Into::into),
        source_profile: source.map(Into::into),
        credential_source: from.map(Into::into),
        ..ProfileSection::new(name, if flags[0] { SharedFile::Config } else { SharedFile::Credentials })
    })
}

fn any_profile() -> impl Strategy<Value = Profile> {
    (any_section("app"), any_section("base"), any_section("app"), any::<bool>(), any::<bool>()).prop_map(
        |(one, two, three, missing, repeats)| {
            let credentials = one.credentials();
            Profile { name: "app".into(), missing, repeats, credentials, sections: vec![one, two, three], ..Profile::default() }
        },
    )
}

fn any_surroundings() -> impl Strategy<Value = (TokenFile, TokenFile, StsCall, AgentCall, ImdsView, bool)> {
    let file = proptest::sample::select(vec![
        TokenFile::Good,
        TokenFile::Missing,
        TokenFile::Unreadable,
        TokenFile::NotAFile,
        TokenFile::Empty,
        TokenFile::TrailingWhitespace,
        TokenFile::NotAToken,
    ]);
    let sts = vec![StsCall::Works, StsCall::TokenRejected, StsCall::Denied, StsCall::Unavailable, StsCall::Unreachable];
    let agent = vec![
        AgentCall::Works,
        AgentCall::NotFound,
        AgentCall::Refused,
        AgentCall::Failing,
        AgentCall::Throttled,
        AgentCall::Alien,
        AgentCall::Unreachable,
    ];
    let reach =
        vec![ImdsReach::Answers, ImdsReach::Absent, ImdsReach::HopLimited, ImdsReach::Dropped, ImdsReach::Refused, ImdsReach::Other];
    let imds = (proptest::sample::select(reach), any::<bool>(), any::<bool>()).prop_map(|(v2, v1, role)| imds(v2, v1, role));
    let imds = prop_oneof![imds, Just(ImdsView::Unknown), Just(ImdsView::WithoutKeys)];
    (file.clone(), file, proptest::sample::select(sts), proptest::sample::select(agent), imds, any::<bool>())
}

proptest! {
    /// Every version of every family has an answer in any surroundings, and the same answer each time.
    #[test]
    fn every_family_has_an_answer_in_any_surroundings(environment in any_environment(), given in any_surroundings(), profile in any_profile()) {
        let (token, container_token, sts, agent, imds, proxy_works) = given;
        let surroundings = Surroundings {
            files: SdkFiles { token, trimmed_token: token, container_token, ..SdkFiles::GOOD },
            sts, agent, imds, proxy_works,
            ..Surroundings::assumed(&environment, &profile)
        };
        for family in SdkFamily::ALL {
            let versions = family.measured_versions().map(SdkVersion::parse).chain([None]);
            for sdk in versions.map(|version| Sdk { version, ..family.into() }) {
                let found = predict(sdk, &surroundings);
                prop_assert!(!found.why.is_empty() && found.why.ends_with('.'), "{}: {:?}", family.id(), found.why);
                prop_assert_eq!(found.falls_to.is_some(), found.on_failure == OnFailure::FallsThrough && matches!(found.outcome, ChainEnd::Irsa | ChainEnd::PodIdentity));
                prop_assert_eq!(&found, &predict(sdk, &surroundings));
                // An outcome implies that its call works.
                if found.outcome == ChainEnd::Irsa { prop_assert_eq!(sts, StsCall::Works); }
                if found.outcome == ChainEnd::PodIdentity { prop_assert_eq!(agent, AgentCall::Works); }
                if found.outcome == ChainEnd::NodeRole { prop_assert!(environment.imds_disabled.raw() != Some("true")); }
                prop_assert_eq!(found.arn.is_some() && !matches!(found.outcome, ChainEnd::Irsa | ChainEnd::Profile), false);
            }
        }
    }
}
