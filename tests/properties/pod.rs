//! What a pod is given: every variable, profile and setting, sensible and not.

use super::{foreign, names};
use irsa_probe::core::aws::arn::RoleArn;
use irsa_probe::core::aws::partition::Region;
use irsa_probe::core::catalogue::Code;
use irsa_probe::core::evidence::{self, Evidence, Fact, SkipReason};
use irsa_probe::core::plan::inputs::{Inputs, ProviderChoice, Settings};
use irsa_probe::core::pod::environment::Environment;
use irsa_probe::core::pod::profile::{Profile, ProfileCredentials, ProfileSection, SharedFile};
use irsa_probe::core::sdk::{Sdk, SdkFamily};
use irsa_probe::core::text::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// The role that most pods here are given.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/apps/checkout";

/// Variables of a pod; of a name that comes twice the later value counts.
pub type Variables = Vec<(&'static str, String)>;

/// A usual pod's variables, then any number of others over them.
pub fn variables() -> impl Strategy<Value = Variables> {
    const REGION: (&str, &str) = ("AWS_REGION", "eu-central-1");
    const IRSA: [(&str, &str); 2] = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token")];
    const AGENT: [(&str, &str); 2] = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/pod-token"),
    ];
    let usual = prop_oneof![
        4 => Just([&IRSA[..], &[REGION]].concat()),
        3 => Just([&AGENT[..], &[REGION]].concat()),
        1 => Just([&IRSA[..], &AGENT[..], &[REGION]].concat()),
        1 => Just(Vec::new()),
    ];
    let others = vec((select(Environment::NAMES), value()), 0..5);
    (usual, prop_oneof![Just(Vec::new()), others]).prop_map(|(usual, others)| {
        let usual = usual.into_iter().map(|(name, value)| (name, value.to_owned()));
        usual.chain(others).collect()
    })
}

/// A value that means something to one of the variables, or nothing to any.
fn value() -> impl Strategy<Value = String> {
    const MEANT: [&str; 16] = [
        "true",
        "TRUE ",
        "false",
        "legacy",
        "regional",
        "ipv6",
        "us-gov-west-1",
        "cn-north-1",
        "http://proxy:3128",
        "https://sts.amazonaws.com",
        "https://vpce-1.sts.eu-central-1.vpce.amazonaws.com",
        "http://[::1]:80/",
        "http://example.com/v1",
        "10.0.0.0/8,.amazonaws.com",
        "arn:aws-cn:iam::999999999999:role/other",
        "checkout-1",
    ];
    prop_oneof![4 => select(&MEANT[..]).prop_map(str::to_owned), 1 => names::nearly_a_region(), 1 => names::nearly_an_arn(), 2 => foreign::text()]
}

/// The environment of these variables.
pub fn environment(variables: &Variables) -> Environment {
    Environment::from_lookup(|name| variables.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| value.clone()))
}

/// Any inputs.
pub fn inputs() -> BoxedStrategy<Inputs> {
    let profile = prop_oneof![3 => Just(Profile::default()), 1 => profile()];
    (variables(), profile, settings())
        .prop_map(|(variables, profile, settings)| Inputs { environment: environment(&variables), profile, settings })
        .boxed()
}

fn profile() -> impl Strategy<Value = Profile> {
    use ProfileCredentials::*;
    let kinds = [RoleArn, WebIdentity, Sso, StaticKeys, Process, Login];
    let texts =
        (foreign::text(), vec(foreign::text(), 0..3), foreign::maybe(), option::of(value()), option::of(value()), option::of(value()));
    let flags = any::<[bool; 5]>();
    let sections = prop_oneof![2 => vec(section(), 0..3), 1 => chained(), 1 => chained()];
    (texts, option::of(select(kinds.to_vec())), flags, sections).prop_map(|(texts, credentials, flags, sections)| Profile {
        // A chain is read from the profile that is selected.
        name: if sections.first().is_some_and(|section| section.name.raw() == SELECTED) { SELECTED.into() } else { texts.0.into() },
        files: texts.1.into_iter().map(Into::into).collect(),
        error: texts.2,
        not_read: flags[3],
        missing: flags[0],
        credentials,
        sections,
        repeats: flags[4],
        region: texts.3.map(Into::into),
        endpoint_url: texts.4.map(Into::into),
        sts_regional_endpoints: texts.5.map(Into::into),
        use_fips: flags[1],
        use_dual_stack: flags[2],
        ..Profile::default()
    })
}

const SELECTED: &str = "app";

/// A selected profile with a web identity, or with one of its roles after another.
fn chained() -> impl Strategy<Value = Vec<ProfileSection>> {
    const ROLES: [&str; 4] = [ROLE, "arn:aws:iam::444455556666:role/target", "arn:aws-cn:iam::999999999999:role/other", "target"];
    /// A role, whether it stands in the credentials file, its session, and whether it has an ExternalId and a duration.
    type Keys = (&'static str, bool, Option<String>, [bool; 2]);
    let names = [SELECTED, "mid", "base"];
    let keys = (select(&ROLES[..]), any::<bool>(), option::of(foreign::text()), any::<[bool; 2]>());
    (vec(keys, 1..=3), prop::bool::weighted(0.9)).prop_map(move |(sections, has_end)| {
        let last = sections.len() - 1;
        let section = |(at, (role, credentials, session, flags)): (usize, Keys)| ProfileSection {
            role_arn: Some(role.into()),
            role_session_name: session.map(Into::into),
            web_identity_token_file: (at == last && has_end).then(|| "/var/run/profile-token".into()),
            source_profile: (at < last).then(|| names[at + 1].into()),
            external_id: flags[0],
            duration_seconds: flags[1].then(|| "3600".into()),
            ..ProfileSection::new(names[at], if credentials { SharedFile::Credentials } else { SharedFile::Config })
        };
        sections.into_iter().enumerate().map(section).collect()
    })
}

fn section() -> impl Strategy<Value = ProfileSection> {
    let texts = (foreign::text(), option::of(value()), option::of(value()), option::of(value()), option::of(value()));
    (texts, any::<[bool; 8]>()).prop_map(|(texts, flags)| ProfileSection {
        external_id: flags[6],
        role_session_name: texts.4.clone().map(Into::into),
        duration_seconds: texts.3.clone().map(Into::into),
        key_id: flags[1],
        secret_key: flags[2],
        process: flags[3],
        sso: flags[4],
        login: flags[5],
        role_arn: texts.1.map(Into::into),
        web_identity_token_file: texts.2.map(Into::into),
        source_profile: texts.3.map(Into::into),
        credential_source: texts.4.map(Into::into),
        ..ProfileSection::new(&texts.0, if flags[0] { SharedFile::Config } else { SharedFile::Credentials })
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let role = select(&[ROLE, "arn:aws:iam::111122223333:role/checkout", "arn:aws-cn:iam::999999999999:role/other"][..]);
    let provider = prop_oneof![3 => Just(ProviderChoice::Auto), 1 => Just(ProviderChoice::Irsa), 1 => Just(ProviderChoice::PodIdentity)];
    let strict = prop::bool::weighted(0.2);
    let versions = SdkFamily::ALL.into_iter().flat_map(|family| {
        let measured = family.measured_versions().map(move |version| format!("{}@{version}", family.id()));
        [family.id().to_owned()].into_iter().chain(measured)
    });
    let app_sdk = option::weighted(0.5, select(versions.map(|text| Sdk::parse(&text).unwrap()).collect::<Vec<_>>()));
    let ignore = prop_oneof![4 => Just(Vec::new()), 1 => vec(select(Code::ALL), 1..20), 1 => Just(Code::ALL.to_vec())];
    (option::weighted(0.3, role), provider, vec(region(), 0..3), strict, any::<bool>(), app_sdk, ignore).prop_map(
        |(role, provider, sts_regions, strict, no_imds, app_sdk, ignore)| Settings {
            expect_role_arn: role.map(|role| RoleArn::parse(role).unwrap()),
            provider,
            sts_regions,
            strict,
            no_imds,
            app_sdk,
            ignore,
            ..Settings::default()
        },
    )
}

/// The evidence of an attempt that called nothing.
pub fn untried(inputs: Inputs) -> Evidence {
    Evidence {
        schema: evidence::SCHEMA.to_owned(),
        taken_at: Timestamp(foreign::NOW),
        inputs,
        lack: None,
        token: Fact::NotAttempted(SkipReason::PlanFailed),
        default_token: Fact::NotAttempted(SkipReason::PlanFailed),
        namespace: None,
        sdk_files: None,
        profile_tokens: Vec::new(),
        scan: None,
        endpoints: Vec::new(),
        agent: Fact::NotAttempted(SkipReason::PlanFailed),
        imds: Fact::NotAttempted(SkipReason::NotAsked),
        chain: Fact::NotAttempted(SkipReason::PlanFailed),
        issuer: Fact::NotAttempted(SkipReason::NotAsked),
        remembered: evidence::Remembered::default(),
    }
}

/// A well-formed region.
pub fn region() -> impl Strategy<Value = Region> {
    select(&["eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1", "eu-isoe-west-1", "aws-global", "xx-somewhere-9"][..])
        .prop_map(|region| Region::parse(region).unwrap())
}
