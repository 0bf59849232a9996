//! How the selected profile gets its credentials: where the first ones come from, and the roles that are assumed with them one after the other.
//!
//! It is read as the Rust SDK reads it (docs/facts.md#profile-chains). Nothing is run and nothing is called.

use super::profile::{Profile, ProfileSection};
use crate::core::text::secrets::InputValue;

/// How a profile gets its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileChain {
    /// Where the first credentials come from.
    pub root: ChainRoot,
    /// The roles that are assumed after it, in their order.
    pub hops: Vec<RoleHop>,
}

/// Where the first credentials of a profile come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainRoot {
    /// A token file is exchanged for a role's credentials.
    WebIdentity(WebIdentityRole),
    /// The profile of this name has static keys.
    StaticKeys(InputValue),
    /// `credential_source = Environment`.
    Environment,
    /// `credential_source = Ec2InstanceMetadata`.
    Ec2InstanceMetadata,
    /// `credential_source = EcsContainer`.
    EcsContainer,
    /// The profile of this name has a `credential_process`.
    Process(InputValue),
    /// The profile of this name is one of SSO.
    Sso(InputValue),
    /// The profile of this name has a `login_session`.
    Login(InputValue),
}

/// A profile with `role_arn` and `web_identity_token_file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebIdentityRole {
    /// The profile that names it.
    pub profile: InputValue,
    /// `role_arn`.
    pub role: InputValue,
    /// `web_identity_token_file`.
    pub token_file: InputValue,
    /// `role_session_name`.
    pub session_name: Option<InputValue>,
}

/// A role that is assumed with the credentials before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleHop {
    /// The profile that names it.
    pub profile: InputValue,
    /// `role_arn`.
    pub role: InputValue,
    /// `role_session_name`.
    pub session_name: Option<InputValue>,
    /// `duration_seconds`, if it is a number.
    pub duration_seconds: Option<i32>,
    /// The profile has an `external_id`.
    pub external_id: bool,
}

/// Why a profile cannot give credentials. The names are those of profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileFault {
    /// A source that is in no file.
    SourceMissing {
        /// The profile that names it.
        profile: InputValue,
        /// The source.
        source: InputValue,
    },
    /// A source without credentials.
    SourceWithoutCredentials(InputValue),
    /// A profile that is its own source, and has no keys.
    SelfWithoutKeys(InputValue),
    /// The profiles lead back to one that was there before.
    Cycle(Vec<InputValue>),
    /// A role without anything that could assume it.
    WithoutSource(InputValue),
    /// Both kinds of source.
    BothSources(InputValue),
    /// A `credential_source` that is no word that SDKs know.
    UnknownSource {
        /// The profile that names it.
        profile: InputValue,
        /// The word.
        word: InputValue,
    },
    /// A token file without a role.
    TokenWithoutRole(InputValue),
    /// One of the two access keys without the other.
    HalfKeyPair {
        /// The profile.
        profile: InputValue,
        /// It is the key's id that is there.
        has_id: bool,
    },
}

impl ProfileChain {
    /// The exchange of a token at its root.
    pub fn web_identity(&self) -> Option<&WebIdentityRole> {
        match &self.root {
            ChainRoot::WebIdentity(role) => Some(role),
            _ => None,
        }
    }

    /// The role at its end, as the profile writes it. `None` where the credentials are no role's by what the files say.
    pub fn last_role(&self) -> Option<&InputValue> {
        self.hops.last().map(|hop| &hop.role).or(self.web_identity().map(|root| &root.role))
    }
}

impl ChainRoot {
    /// Whose credentials they are, for a person.
    pub fn describe(&self) -> String {
        match self {
            ChainRoot::WebIdentity(role) => format!("a web identity ({})", role.token_file),
            ChainRoot::StaticKeys(profile) => format!("the static keys of profile {profile:?}"),
            ChainRoot::Environment => "the static keys in the environment (credential_source Environment)".to_owned(),
            ChainRoot::Ec2InstanceMetadata => "the node's role (credential_source Ec2InstanceMetadata)".to_owned(),
            ChainRoot::EcsContainer => "the container endpoint (credential_source EcsContainer)".to_owned(),
            ChainRoot::Process(profile) => format!("the credential_process of profile {profile:?}"),
            ChainRoot::Sso(profile) => format!("the SSO session of profile {profile:?}"),
            ChainRoot::Login(profile) => format!("the login session of profile {profile:?}"),
        }
    }
}

impl ProfileFault {
    /// The fault in a sentence.
    pub fn describe(&self) -> String {
        match self {
            ProfileFault::SourceMissing { profile, source } => {
                format!("Profile {profile:?} names source_profile {source:?}, which is in no file.")
            }
            ProfileFault::SourceWithoutCredentials(profile) => {
                format!("Profile {profile:?} is the source of a role, but has no credentials.")
            }
            ProfileFault::SelfWithoutKeys(profile) => format!("Profile {profile:?} is its own source_profile, but has no keys."),
            ProfileFault::Cycle(profiles) => {
                let names: Vec<String> = profiles.iter().map(|profile| format!("{profile:?}")).collect();
                format!("The profiles {} name each other as their source_profile.", names.join(", "))
            }
            ProfileFault::WithoutSource(profile) => {
                format!("Profile {profile:?} has role_arn, but neither web_identity_token_file nor source_profile nor credential_source.")
            }
            ProfileFault::BothSources(profile) => {
                format!("Profile {profile:?} has both source_profile and credential_source. SDKs accept only one of the two.")
            }
            ProfileFault::UnknownSource { profile, word } => {
                format!("Profile {profile:?} has credential_source {word:?}. SDKs know Environment, Ec2InstanceMetadata and EcsContainer.")
            }
            ProfileFault::TokenWithoutRole(profile) => {
                format!("Profile {profile:?} has web_identity_token_file, but no role_arn.")
            }
            ProfileFault::HalfKeyPair { profile, has_id: true } => {
                format!("Profile {profile:?} has aws_access_key_id, but no aws_secret_access_key.")
            }
            ProfileFault::HalfKeyPair { profile, has_id: false } => {
                format!("Profile {profile:?} has aws_secret_access_key, but no aws_access_key_id.")
            }
        }
    }
}

impl Profile {
    /// How this profile gets its credentials. `None` where it has none, as a profile with a region only.
    pub fn role_chain(&self) -> Result<Option<ProfileChain>, ProfileFault> {
        let Some(mut section) = self.merged(self.name.raw()) else { return Ok(None) };
        let mut visited: Vec<InputValue> = Vec::new();
        let mut hops = Vec::new();
        let root = loop {
            let is_source = !visited.is_empty();
            // A source's keys come before its role.
            if is_source && has_keys(&section) {
                break ChainRoot::StaticKeys(section.name);
            }
            visited.push(section.name.clone());
            let Some(hop) = hop(&section) else {
                match root(&section, is_source)? {
                    Some(root) => break root,
                    None if is_source => return Err(ProfileFault::SourceWithoutCredentials(section.name)),
                    None => return Ok(None),
                }
            };
            hops.push(hop);
            match (&section.source_profile, &section.credential_source) {
                (None, None) => return Err(ProfileFault::WithoutSource(section.name)),
                (Some(_), Some(_)) => return Err(ProfileFault::BothSources(section.name)),
                (None, Some(word)) => break named_source(&section.name, word)?,
                (Some(source), None) if source.raw() == section.name.raw() => {
                    break root(&section, true)?.ok_or(ProfileFault::SelfWithoutKeys(section.name))?;
                }
                (Some(source), None) if visited.iter().any(|name| name.raw() == source.raw()) => {
                    let circle = visited.into_iter().skip_while(|name| name.raw() != source.raw());
                    return Err(ProfileFault::Cycle(circle.collect()));
                }
                (Some(source), None) => match self.merged(source.raw()) {
                    Some(next) => section = next,
                    None => return Err(ProfileFault::SourceMissing { profile: section.name.clone(), source: source.clone() }),
                },
            }
        };
        hops.reverse();
        Ok(Some(ProfileChain { root, hops }))
    }

    /// The profile of this name from both files. What the credentials file has comes first.
    fn merged(&self, name: &str) -> Option<ProfileSection> {
        let summary = self.summary();
        let sections = if self.sections.is_empty() { &summary } else { &self.sections };
        let found = sections.iter().filter(|section| section.name.raw() == name && !section.unprefixed).rev();
        found.cloned().reduce(|first, other| first.and(&other))
    }
}

fn has_keys(section: &ProfileSection) -> bool {
    section.key_id && section.secret_key
}

/// The role of a section that is assumed with other credentials. A token file makes the section a root instead.
fn hop(section: &ProfileSection) -> Option<RoleHop> {
    let role = section.role_arn.clone().filter(|_| section.web_identity_token_file.is_none())?;
    Some(RoleHop {
        profile: section.name.clone(),
        role,
        session_name: section.role_session_name.clone(),
        duration_seconds: section.duration_seconds.as_ref().and_then(|seconds| seconds.raw().parse().ok()),
        external_id: section.external_id,
    })
}

/// The credentials of a section itself. `credential_source` counts in the source of a role only: elsewhere most SDKs do not read it.
fn root(section: &ProfileSection, is_source: bool) -> Result<Option<ChainRoot>, ProfileFault> {
    let name = || section.name.clone();
    if let Some(word) = section.credential_source.as_ref().filter(|_| is_source) {
        return named_source(&section.name, word).map(Some);
    }
    let web_identity = section.web_identity_token_file.clone();
    Ok(match (web_identity, section.role_arn.clone()) {
        (Some(token_file), Some(role)) => {
            let session_name = section.role_session_name.clone();
            Some(ChainRoot::WebIdentity(WebIdentityRole { profile: name(), role, token_file, session_name }))
        }
        (Some(_), None) => return Err(ProfileFault::TokenWithoutRole(name())),
        (None, _) if section.sso => Some(ChainRoot::Sso(name())),
        (None, _) if section.login => Some(ChainRoot::Login(name())),
        (None, _) if section.process => Some(ChainRoot::Process(name())),
        (None, _) if has_keys(section) => Some(ChainRoot::StaticKeys(name())),
        (None, _) if section.key_id || section.secret_key => {
            return Err(ProfileFault::HalfKeyPair { profile: name(), has_id: section.key_id });
        }
        (None, _) => None,
    })
}

/// SDKs disagree whether capitals count in the word. The Rust SDK takes any.
fn named_source(profile: &InputValue, word: &InputValue) -> Result<ChainRoot, ProfileFault> {
    let sources = [
        ("environment", ChainRoot::Environment),
        ("ec2instancemetadata", ChainRoot::Ec2InstanceMetadata),
        ("ecscontainer", ChainRoot::EcsContainer),
    ];
    let known = sources.into_iter().find(|(name, _)| word.raw().eq_ignore_ascii_case(name));
    known.map(|(_, root)| root).ok_or_else(|| ProfileFault::UnknownSource { profile: profile.clone(), word: word.clone() })
}

#[cfg(test)]
mod tests {
    use super::super::profile::SharedFile;
    use super::*;

    const A: &str = "arn:aws:iam::111122223333:role/a";
    const B: &str = "arn:aws:iam::444455556666:role/b";

    /// The profiles of a configuration file, of which `app` is selected. A line is a key and its value.
    fn read(profiles: &[(&str, &[(&str, &str)])]) -> Result<Option<ProfileChain>, ProfileFault> {
        let section = |(name, keys): &(&str, &[(&str, &str)])| {
            let get = |key: &str| keys.iter().find(|(known, _)| *known == key).map(|(_, value)| InputValue::from(*value));
            ProfileSection {
                role_arn: get("role_arn"),
                web_identity_token_file: get("web_identity_token_file"),
                source_profile: get("source_profile"),
                credential_source: get("credential_source"),
                region: get("region"),
                key_id: get("aws_access_key_id").is_some(),
                secret_key: get("aws_secret_access_key").is_some(),
                sso: get("sso_session").is_some(),
                process: get("credential_process").is_some(),
                external_id: get("external_id").is_some(),
                ..ProfileSection::new(name, SharedFile::Config)
            }
        };
        Profile { name: "app".into(), sections: profiles.iter().map(section).collect(), ..Profile::default() }.role_chain()
    }

    const WEB: &[(&str, &str)] = &[("role_arn", A), ("web_identity_token_file", "/t")];
    const KEYS: &[(&str, &str)] = &[("aws_access_key_id", "A"), ("aws_secret_access_key", "s")];

    #[test]
    fn a_token_file_is_a_root_and_roles_follow_it() {
        let alone = read(&[("app", WEB)]).unwrap().unwrap();
        assert_eq!((alone.last_role().map(InputValue::raw), alone.hops.len()), (Some(A), 0));
        let chained = read(&[
            ("app", &[("role_arn", B), ("source_profile", "mid"), ("external_id", "x")]),
            ("mid", &[("role_arn", "arn:aws:iam::111122223333:role/mid"), ("source_profile", "base")]),
            ("base", WEB),
        ]);
        let chained = chained.unwrap().unwrap();
        assert_eq!(chained.web_identity().map(|root| root.profile.raw()), Some("base"));
        let names: Vec<&str> = chained.hops.iter().map(|hop| hop.profile.raw()).collect();
        assert_eq!((names, chained.last_role().map(InputValue::raw)), (vec!["mid", "app"], Some(B)));
        assert!(chained.hops[1].external_id && !chained.hops[0].external_id);
    }

    #[test]
    fn what_is_no_fault() {
        let role = |source: (&'static str, &'static str)| [("role_arn", A), source];
        for (keys, wanted) in [
            (&[("region", "us-west-2")][..], None),
            (&[], None),
            (KEYS, Some(ChainRoot::StaticKeys("app".into()))),
            (&[("sso_session", "s")], Some(ChainRoot::Sso("app".into()))),
            (&[("credential_process", "/bin/x")], Some(ChainRoot::Process("app".into()))),
            (&[("credential_process", "/bin/x"), ("aws_access_key_id", "A")], Some(ChainRoot::Process("app".into()))),
            (&role(("credential_source", "Ec2InstanceMetadata")), Some(ChainRoot::Ec2InstanceMetadata)),
            (&role(("credential_source", "ecsContainer")), Some(ChainRoot::EcsContainer)),
            (&role(("credential_source", "Environment")), Some(ChainRoot::Environment)),
            (&[("credential_source", "somewhere")], None),
        ] {
            assert_eq!(read(&[("app", keys)]).map(|chain| chain.map(|chain| chain.root)), Ok(wanted), "{keys:?}");
        }
        assert_eq!(read(&[("other", WEB)]), Ok(None), "a profile that is not there is `missing`");
        let own = [&role(("source_profile", "app"))[..], KEYS].concat();
        assert_eq!(read(&[("app", &own)]).unwrap().unwrap().root, ChainRoot::StaticKeys("app".into()));
        let keys_first = [WEB, KEYS].concat();
        let source = [("app", &role(("source_profile", "base"))[..]), ("base", &keys_first)];
        assert_eq!(read(&source).unwrap().unwrap().root, ChainRoot::StaticKeys("base".into()));
    }

    #[test]
    fn each_fault() {
        let role = |source: &'static str| [("role_arn", A), ("source_profile", source)];
        let fault = |profiles: &[(&str, &[(&str, &str)])]| read(profiles).expect_err("a fault");
        let app = || InputValue::from("app");
        assert_eq!(fault(&[("app", &role("none"))]), ProfileFault::SourceMissing { profile: app(), source: "none".into() });
        assert_eq!(fault(&[("app", &role("app"))]), ProfileFault::SelfWithoutKeys(app()));
        assert_eq!(fault(&[("app", &role("b")), ("b", &role("app"))]), ProfileFault::Cycle(vec![app(), "b".into()]));
        let region = ("b", &[("region", "us-west-2")][..]);
        assert_eq!(fault(&[("app", &role("b")), region]), ProfileFault::SourceWithoutCredentials("b".into()));
        assert_eq!(fault(&[("app", &[("role_arn", A)])]), ProfileFault::WithoutSource(app()));
        let both = [("role_arn", A), ("source_profile", "b"), ("credential_source", "Environment")];
        assert_eq!(fault(&[("app", &both), ("b", WEB)]), ProfileFault::BothSources(app()));
        let word = InputValue::from("Somewhere");
        let unknown = [("role_arn", A), ("credential_source", "Somewhere")];
        assert_eq!(fault(&[("app", &unknown)]), ProfileFault::UnknownSource { profile: app(), word });
        assert_eq!(fault(&[("app", &[("web_identity_token_file", "/t")])]), ProfileFault::TokenWithoutRole(app()));
        for (key, has_id) in [("aws_access_key_id", true), ("aws_secret_access_key", false)] {
            assert_eq!(fault(&[("app", &[(key, "x")])]), ProfileFault::HalfKeyPair { profile: app(), has_id });
        }
    }
}
