//! Denials: who was denied what by whom, as far as the text says it.

use super::classify::{Hit, MOST, RecordEvidence};
use super::facts::{account_of, facts};
use super::forms;
use super::found::NeedlePlace;
use super::record::stands_alone;
use super::table::{WHO_IS_NOT_SAID, WordSet};
use crate::core::catalogue::Code;
use crate::core::catalogue::errors::ABOVE_THE_ROLE;

/// Of a denial whose caller is a node.
const OF_A_NODE: &str = "The caller is a node (session i-…): this pod uses the node's role, because it has no identity of its own. What is missing is that identity, not this permission; do not give it to the node's role. irsa-probe check in the pod says why there is none.";

impl RecordEvidence<'_> {
    /// The denials: `not authorized to perform`.
    fn not_authorized(&self) -> impl Iterator<Item = NeedlePlace> {
        let is_denied = |place: &&NeedlePlace| {
            let before = self.record.lower[..place.at].trim_end();
            (before.ends_with("not") || before.ends_with("n't")) && !forms::is_source(self.record, place.at, place.end)
        };
        self.found.words(WordSet::NotAuthorized).iter().take(MOST).filter(is_denied).copied()
    }

    /// `… is not authorized to perform: ACTION …`, and the shapes in which services say less.
    pub fn denial(&self) -> Option<Hit> {
        let denials: Vec<Option<Hit>> = self.not_authorized().filter_map(|place| self.denied_action(place)).collect();
        if denials.is_empty() {
            return self.wordless_denial();
        }
        // A node's denial says more than that of others: who is a node has no identity of its own.
        let mut findings = denials.into_iter().flatten().collect::<Vec<_>>();
        let node = findings.iter().position(|hit| hit.code == Code::NodeRoleFallback);
        (!findings.is_empty()).then(|| findings.swap_remove(node.unwrap_or(0)))
    }

    /// What one denial means that names its action, if it is a finding at all; `None` if it names none.
    fn denied_action(&self, place: NeedlePlace) -> Option<Option<Hit>> {
        let (record, at) = (self.record, place.at);
        // The denial begins with whom it is said of.
        let before = record.window(at);
        let at = before.lower[..before.at].rfind("user: ").map_or(at, |user| at - (before.at - user));
        let window = record.window(at);
        let facts = facts(window);
        let action = facts.action.as_deref()?.to_ascii_lowercase();
        let anonymous = window.lower[window.at..].starts_with("user: anonymous ");
        if action.starts_with("sts:assumerolewith") || anonymous || self.names(WordSet::NoFinding, at) {
            return Some(None);
        }
        // A role that AWS made for a service of its own: its permissions are AWS's.
        if facts.principal.as_deref().is_some_and(|arn| arn.contains("/AWSServiceRoleFor")) {
            return Some(None);
        }
        let is_nodes_own = facts.is_node && self.is_nodes_own(&action, at);
        // Organisations' policies and boundaries deny a node as they deny others, but the node's identity is the earlier fault.
        if facts.is_node && !is_nodes_own {
            return Some(Some(Hit::at(at, Code::NodeRoleFallback).saying(OF_A_NODE)));
        }
        let of_node = is_nodes_own.then(|| {
            "The caller is the node itself, which here is as it should be: a node needs the policies that AWS lists for nodes.".to_owned()
        });
        let code = match action.as_str() {
            "iam:passrole" => Code::PassRoleMissing,
            "sts:assumerole" | "sts:tagsession" | "sts:setsourceidentity" => Code::RoleChainDenied,
            _ => Code::PermissionMissing,
        };
        let above = ABOVE_THE_ROLE.iter().find(|policy| window.lower[window.at..].contains(*policy));
        if let Some(policy) = above {
            return Some(Some(Hit::at(at, Code::ExplicitlyDenied).saying(format!("AWS names it: a {}.", policy.replace("vpc", "VPC")))));
        }
        let accounts = (facts.principal.as_deref().and_then(account_of), facts.resource.as_deref().and_then(account_of));
        let across = match accounts {
            (Some(caller), Some(owner)) if caller != owner => Some(format!(
                "Caller and resource are in different accounts ({caller} and {owner}): both sides have to allow it, the caller's policy in {caller}, and in {owner} the resource's own policy."
            )),
            _ => None,
        };
        // A name that was broken or taken out may be a node's.
        let is_said = facts.principal.is_some() || window.lower[window.at..].contains("assumed-role/") && !facts.is_node;
        let unknown = (!is_said && code == Code::PermissionMissing).then(|| WHO_IS_NOT_SAID.to_owned());
        Some(Some(Hit { detail: of_node.or(across).or(unknown), ..Hit::at(at, code) }))
    }

    /// Whether a node does here what nodes do: the kubelet pulls an image, the network plugin cares for addresses. Both what is done and who says so
    /// have to be a node's: a log that only names the kubelet, in a path or a label, is not the kubelet's.
    fn is_nodes_own(&self, action: &str, at: usize) -> bool {
        const OF_PLUGIN: [&str; 10] = [
            "ec2:assignprivateipaddresses",
            "ec2:assignipv6addresses",
            "ec2:attachnetworkinterface",
            "ec2:createnetworkinterface",
            "ec2:createtags",
            "ec2:deletenetworkinterface",
            "ec2:describeinstancetypes",
            "ec2:describenetworkinterfaces",
            "ec2:describesubnets",
            "ec2:unassignprivateipaddresses",
        ];
        const OF_PULL: [&str; 4] =
            ["ecr:getauthorizationtoken", "ecr:batchgetimage", "ecr:getdownloadurlforlayer", "ecr:batchchecklayeravailability"];
        OF_PULL.contains(&action) && self.names(WordSet::Pull, at) || OF_PLUGIN.contains(&action) && self.names(WordSet::NetworkPlugin, at)
    }

    /// What `aws sts decode-authorization-message` prints.
    fn decoded(&self) -> Option<Hit> {
        let at = self.first(WordSet::Decoded)?.at;
        let window = self.record.window(at);
        let facts = facts(window);
        let action = facts.action.as_deref()?.to_ascii_lowercase();
        Some(Hit::at(
            at,
            match () {
                () if facts.is_node => Code::NodeRoleFallback,
                () if window.lower.contains("\"explicitdeny\":true") || window.lower.contains("\"explicitdeny\": true") => {
                    Code::ExplicitlyDenied
                }
                () if action == "iam:passrole" => Code::PassRoleMissing,
                () if action == "sts:assumerole" => Code::RoleChainDenied,
                () => Code::PermissionMissing,
            },
        ))
    }

    /// The first code of a denial in an error's position, in a text that shows that the error is AWS's.
    fn denied(&self) -> Option<NeedlePlace> {
        let is_denial = |place: &&NeedlePlace| {
            let end = place.end;
            stands_alone(&self.record.text, place.at, end)
                && (forms::is_error(self.record, place.at, end) || self.record.lower[end..].starts_with(" during "))
                && self.names(WordSet::DeniedByAws, place.at)
        };
        self.found.words(WordSet::DenialCode).iter().take(MOST).find(is_denial).copied()
    }

    fn wordless_denial(&self) -> Option<Hit> {
        let denied = self.denied().into_iter().chain(self.first(WordSet::Denied)).min();
        let Some(NeedlePlace { at, .. }) = denied else { return self.decoded() };
        let near = self.record.window(at);
        if near.lower.replace(' ', "").contains("sts:assumerolewith")
            || self.names(WordSet::Exchange, at)
            || self.names(WordSet::NoFinding, at)
        {
            return None;
        }
        // CloudTrail's record says who it was.
        if facts(near).is_node {
            return Some(Hit::at(at, Code::NodeRoleFallback).saying(OF_A_NODE));
        }
        let code = if self.names(WordSet::NextRole, at) { Code::RoleChainDenied } else { Code::PermissionMissing };
        Some(Hit::at(at, code).saying(WHO_IS_NOT_SAID))
    }
}
