//! Which credentials the applications get while the identity is not proven and IMDS gives the node's role to this pod. It is predicted for each SDK
//! family from its default chain (`sdk`), with the answers that this check got.

use super::row::CheckContext;
use crate::core::sdk::{ChainEnd, SdkFamily};

/// The SDK families by the credentials that they get now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meanwhile {
    /// The node's role.
    pub role: String,
    /// The families that try the rest of their chain and use the node's role.
    pub use_node_role: Vec<SdkFamily>,
    /// The families that stop with an error.
    pub stop: Vec<SdkFamily>,
    /// The families that use other credentials, such as those of a profile.
    pub use_others: Vec<SdkFamily>,
    /// The families that would use the injected identity: the failure does not concern them, such as a missing region that they do not need.
    pub use_injected: Vec<SdkFamily>,
}

/// What the families get. `None` where the identity is proven, where IMDS gives no role to this pod, and where the failure changes nothing for
/// any SDK: the families have the credentials of the injected provider.
pub(super) fn meanwhile(context: &CheckContext<'_>) -> Option<Meanwhile> {
    let role = context.evidence.imds.known()?.reachable_role()?;
    if context.proven.is_some() {
        return None;
    }
    let mut found = Meanwhile::of(role);
    for prediction in context.sdks {
        let family = prediction.sdk;
        match prediction.outcome {
            end if Some(end) == context.plan.chain_end() => found.use_injected.push(family),
            ChainEnd::NodeRole => found.use_node_role.push(family),
            ChainEnd::None | ChainEnd::Error => found.stop.push(family),
            ChainEnd::Static | ChainEnd::Profile | ChainEnd::Container => found.use_others.push(family),
            ChainEnd::Irsa | ChainEnd::PodIdentity => found.use_injected.push(family),
        }
    }
    (!found.use_node_role.is_empty() || !found.stop.is_empty()).then_some(found)
}

impl Meanwhile {
    /// Without families.
    fn of(role: &str) -> Meanwhile {
        let role = role.to_owned();
        Meanwhile { role, use_node_role: Vec::new(), stop: Vec::new(), use_others: Vec::new(), use_injected: Vec::new() }
    }

    /// Which families use the node's role, in at most `room` characters as far as the role's name allows it: `java-v2, cpp and 3 more use the node's
    /// role eks-node`. `None` where no family uses it.
    pub fn one_line(&self, room: usize) -> Option<String> {
        let ids: Vec<&str> = self.use_node_role.iter().map(|family| family.id()).collect();
        let verb = if ids.len() == 1 { "uses" } else { "use" };
        let rest = format!(" {verb} the node's role {}", self.role);
        let first = |n: usize| match ids.len() - n {
            0 if n == SdkFamily::ALL.len() => format!("all {n} SDK families"),
            0 => ids.join(", "),
            more => format!("{} and {more} more", ids[..n].join(", ")),
        };
        let fits = |n: &usize| first(*n).chars().count() + rest.chars().count() <= room;
        let named = (1..=ids.len()).rev().find(fits).or(ids.first().map(|_| 1))?;
        Some(first(named) + &rest)
    }

    /// The groups in one sentence, for the detail of a finding.
    pub(super) fn describe(&self) -> String {
        let ids = |families: &[SdkFamily]| match families {
            all if all.len() == SdkFamily::ALL.len() => format!("all {} SDK families", all.len()),
            some => some.iter().map(|family| family.id()).collect::<Vec<_>>().join(", "),
        };
        let groups = [
            (&self.use_node_role, ["uses the node's role now", "use the node's role now"]),
            (&self.stop, ["stops with an error", "stop with an error"]),
            (&self.use_others, ["uses other credentials", "use other credentials"]),
            (&self.use_injected, ["would use the injected identity"; 2]),
        ];
        let said: Vec<String> = groups
            .iter()
            .filter(|(families, _)| !families.is_empty())
            .map(|(families, [one, many])| format!("{} {}", ids(families), if families.len() == 1 { one } else { many }))
            .collect();
        let none = if self.use_node_role.is_empty() { "no SDK family uses the node's role now; " } else { "" };
        format!("The identity is not proven. Prediction from the SDKs' default chains: {none}{}.", said.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detail_names_each_group_that_has_a_family() {
        use SdkFamily::*;
        let meanwhile = Meanwhile { stop: vec![GoV2, Ruby], use_injected: vec![JavaV2], ..Meanwhile::of("eks-node") };
        let said = meanwhile.describe();
        assert!(
            said.ends_with(
                "no SDK family uses the node's role now; go-v2, ruby stop with an error; java-v2 would use the injected identity."
            )
        );
        assert!(!said.contains("other credentials"), "{said}");
    }

    #[test]
    fn one_line_names_as_many_families_as_fit() {
        use SdkFamily::*;
        let uses = |families: &[SdkFamily], room: usize| {
            let meanwhile = Meanwhile { use_node_role: families.to_vec(), ..Meanwhile::of("eks-node") };
            meanwhile.one_line(room).unwrap_or_default()
        };
        assert_eq!(uses(&[JavaV2], 80), "java-v2 uses the node's role eks-node");
        assert_eq!(uses(&[Cpp, JavaV2], 80), "cpp, java-v2 use the node's role eks-node");
        assert_eq!(uses(&[Cpp, JavaV1, JavaV2, Kotlin], 52), "cpp, java-v1 and 2 more use the node's role eks-node");
        assert_eq!(uses(&[Cpp, JavaV1, JavaV2, Kotlin], 1), "cpp and 3 more use the node's role eks-node", "one is always named");
        assert_eq!(uses(&SdkFamily::ALL, 80), format!("all {} SDK families use the node's role eks-node", SdkFamily::ALL.len()));
        assert_eq!(uses(&[], 80), "");
        for room in 55..120 {
            assert!(uses(&SdkFamily::ALL[1..], room).len() <= room, "{room}");
        }
    }
}
