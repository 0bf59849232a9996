//! What each link of a chain gives in given surroundings.

mod container;
pub(super) mod imds;
pub(super) mod profile;
mod sts;
mod web_identity;

use super::outcome::ChainEnd;
use super::rules::{Chain, Link};
use super::surroundings::Surroundings;
use crate::core::pod::environment::{Environment, Secret};
use crate::core::text::secrets::InputValue;
use crate::core::text::time::Timestamp;
use std::borrow::Cow;

/// What a link does.
pub(super) enum LinkResult {
    /// It has credentials.
    Gives {
        /// Where the chain ends.
        end: ChainEnd,
        /// Why.
        why: Cow<'static, str>,
        /// The ARN of the role, where it is known.
        arn: Option<InputValue>,
    },
    /// It is not configured, or has nothing.
    Passes,
    /// It is configured and fails. The text says why.
    Fails(&'static str),
    /// It is configured and fails, and the chain ends here whatever it does with other failures.
    Ends(ChainEnd, &'static str),
}

impl LinkResult {
    fn gives(end: ChainEnd, why: &'static str) -> LinkResult {
        LinkResult::Gives { end, why: why.into(), arn: None }
    }
}

/// The sentences that are collected while a chain is followed.
#[derive(Default)]
pub(super) struct Notes {
    /// The sentences.
    pub(super) text: String,
    /// At least one sentence is not verified.
    pub(super) unverified: bool,
}

impl Notes {
    /// Adds a sentence. Two links that fail for the same reason give one.
    pub(super) fn add(&mut self, sentence: &str) {
        if self.text.ends_with(sentence) {
            return;
        }
        add_sentence(&mut self.text, &[sentence]);
    }

    /// Adds why a host does not exist. The prediction assumes that it answers.
    pub(super) fn add_assumed(&mut self, missing: &str) {
        add_sentence(&mut self.text, &[missing, " The prediction assumes that it answers."]);
    }

    pub(super) fn add_unverified(&mut self, sentence: &str) {
        self.unverified = true;
        self.add(sentence);
    }
}

/// Adds a sentence that is made of these pieces. Adds nothing if all pieces are empty.
pub(super) fn add_sentence(text: &mut String, pieces: &[&str]) {
    if !text.is_empty() && pieces.iter().any(|piece| !piece.is_empty()) {
        text.push(' ');
    }
    pieces.iter().for_each(|piece| text.push_str(piece));
}

/// The sentence for an `AWS_PROFILE` that names no profile.
pub(super) const NO_PROFILE: &str = "AWS_PROFILE names a profile that is in no file.";

/// What the link gives in these surroundings.
pub(super) fn try_link(chain: &Chain, link: Link, surroundings: &Surroundings<'_>, notes: &mut Notes) -> LinkResult {
    match link {
        Link::Env => try_keys(chain, surroundings),
        Link::Profile(kinds) => profile::try_profile(chain, kinds, surroundings, notes),
        Link::WebIdentity => web_identity::try_web_identity(chain, surroundings, notes),
        Link::Container => container::try_container(chain, surroundings),
        Link::Imds => imds::try_imds(chain, surroundings),
        Link::ContainerOrImds if container::has_uri(chain, surroundings.environment) => container::try_container(chain, surroundings),
        Link::ContainerOrImds => imds::try_imds(chain, surroundings),
    }
}

fn try_keys(chain: &Chain, surroundings: &Surroundings<'_>) -> LinkResult {
    let (rules, env) = (&chain.keys, surroundings.environment);
    if rules.hidden_by_profile && env.profile.value().is_some() {
        return LinkResult::Passes;
    }
    match static_keys(chain, env) {
        KeyPair::Both if rules.expiry_counts && is_over(env, surroundings.now) => {
            LinkResult::Fails("AWS_CREDENTIAL_EXPIRATION is in the past, so the static keys are not used.")
        }
        KeyPair::Both if env.has_static_keys() => {
            LinkResult::gives(ChainEnd::Static, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set, and come first.")
        }
        KeyPair::Both => LinkResult::gives(
            ChainEnd::Static,
            "It also reads the old names AWS_ACCESS_KEY and AWS_SECRET_KEY, and static keys come first.",
        ),
        KeyPair::IdAlone if rules.lone_id_fails => LinkResult::Fails("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY."),
        KeyPair::IdAlone | KeyPair::None => LinkResult::Passes,
    }
}

/// The static keys of the environment, as a family reads them.
enum KeyPair {
    Both,
    IdAlone,
    None,
}

fn static_keys(chain: &Chain, env: &Environment) -> KeyPair {
    let is_key = |secret: Secret| secret == Secret::Present || (secret == Secret::Blank && chain.keys.blank_counts);
    let has = |name: Secret, old_name: Secret| is_key(name) || (chain.keys.old_names && is_key(old_name));
    match (has(env.access_key_id, env.old_access_key), has(env.secret_access_key, env.old_secret_key)) {
        (true, true) => KeyPair::Both,
        (true, false) => KeyPair::IdAlone,
        (false, _) => KeyPair::None,
    }
}

/// Whether `AWS_CREDENTIAL_EXPIRATION` is over, or is no time.
fn is_over(env: &Environment, now: Option<Timestamp>) -> bool {
    env.credential_expiration.raw().is_some_and(|text| match (Timestamp::parse(text), now) {
        (None, _) => true,
        (Some(end), Some(now)) => end <= now,
        (Some(_), None) => false,
    })
}
