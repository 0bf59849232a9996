//! The identity to prove: its roles as ARNs, and what names it.

use super::Defects;
use super::inputs::Inputs;
use crate::core::aws::arn::RoleArn;
use crate::core::catalogue::Code;
use crate::core::pod::profile_chain::{ProfileChain, RoleHop};
use crate::core::text::secrets::InputValue;
use serde::{Deserialize, Serialize};

/// What names the identity to prove.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentitySource {
    /// Variables of the environment.
    #[default]
    Environment,
    /// The selected profile of the shared configuration files.
    Profile,
}

/// A role of a profile that is assumed with the credentials before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedHop {
    /// The profile that names the role.
    pub profile: InputValue,
    /// The role.
    pub role: RoleArn,
    /// The name of its session, if the profile has one.
    pub session_name: Option<InputValue>,
    /// How many seconds the session is asked for, if the profile says so.
    pub duration_seconds: Option<i32>,
    /// The profile has an `external_id`, which is sent.
    pub external_id: bool,
}

/// The roles of the identity to prove.
#[derive(Default)]
pub(super) struct ProvenIdentity {
    pub(super) role: Option<RoleArn>,
    pub(super) hops: Vec<PlannedHop>,
    pub(super) session_name: Option<InputValue>,
}

impl ProvenIdentity {
    /// The identity that the profile names, or the variables where `source` is none. Adds a defect for each text that is no role's ARN.
    pub(super) fn of(inputs: &Inputs, source: &Option<ProfileChain>, defects: &mut Defects) -> ProvenIdentity {
        let env = &inputs.environment;
        let Some(chain) = source else {
            let role = env.role_arn.value().and_then(|text| parse(text, "AWS_ROLE_ARN", defects));
            return ProvenIdentity { role, hops: Vec::new(), session_name: env.session_name.raw().map(InputValue::from) };
        };
        // With EKS Pod Identity as its root, the first role is that of the association, which no file names.
        let root = chain.web_identity();
        let role = root.map(|root| parse(&root.role, &role_key(&root.profile), defects));
        let parsed: Option<Vec<PlannedHop>> = chain.hops.iter().map(|hop| planned(hop, defects)).collect();
        // Without one of its roles the chain has no end that is known.
        match (role, parsed) {
            (Some(None), _) | (_, None) => ProvenIdentity::default(),
            (role, Some(hops)) => {
                ProvenIdentity { role: role.flatten(), hops, session_name: root.and_then(|root| root.session_name.clone()) }
            }
        }
    }

    /// All roles, in their order.
    pub(super) fn roles(&self) -> impl Iterator<Item = &RoleArn> {
        self.role.iter().chain(self.hops.iter().map(|hop| &hop.role))
    }

    /// The role at the end.
    pub(super) fn last_role(&self) -> Option<&RoleArn> {
        self.roles().last()
    }

    /// Where the role at the end is named, for a person.
    pub(super) fn describe_last(&self, source: &Option<ProfileChain>) -> String {
        let root = source.as_ref().and_then(|chain| chain.web_identity()).map(|root| &root.profile);
        let profile = self.hops.last().map(|hop| &hop.profile).or(root);
        profile.map_or_else(|| "AWS_ROLE_ARN".to_owned(), role_key)
    }
}

/// The key of a profile that names a role, for a person.
fn role_key(profile: &InputValue) -> String {
    format!("role_arn of profile {profile:?}")
}

fn planned(hop: &RoleHop, defects: &mut Defects) -> Option<PlannedHop> {
    Some(PlannedHop {
        profile: hop.profile.clone(),
        role: parse(&hop.role, &role_key(&hop.profile), defects)?,
        session_name: hop.session_name.clone(),
        duration_seconds: hop.duration_seconds,
        external_id: hop.external_id,
    })
}

fn parse(text: &InputValue, name: &str, defects: &mut Defects) -> Option<RoleArn> {
    match RoleArn::parse(text.raw()) {
        Ok(role) => Some(role),
        Err(error) => {
            defects.add(Code::RoleArnMalformed, format!("{name} is {text:?}: {error}."));
            None
        }
    }
}
