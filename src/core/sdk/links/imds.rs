//! The link of IMDS.

use super::super::outcome::ChainEnd;
use super::super::proxies;
use super::super::rules::{Chain, OwnImdsEndpoint};
use super::super::settings::{BAD_ENDPOINT, BadFlag, selected_profile};
use super::super::surroundings::{ImdsView, Surroundings};
use super::LinkResult;
use crate::core::aws::imds::ImdsReach;

pub(super) fn try_imds(chain: &Chain, surroundings: &Surroundings<'_>) -> LinkResult {
    let (rules, env) = (&chain.imds, surroundings.environment);
    let nothing = |why| if rules.always_fails { LinkResult::Fails(why) } else { LinkResult::Passes };
    match rules.off.read(&env.imds_disabled, None) {
        Ok(false) => {}
        Ok(true) => return nothing("AWS_EC2_METADATA_DISABLED switches IMDS off."),
        Err(BadFlag) if rules.bad_off_ends => {
            let why = "AWS_EC2_METADATA_DISABLED is neither true nor false, which is an error in this version.";
            return LinkResult::Ends(ChainEnd::Error, why);
        }
        Err(BadFlag) => return nothing("AWS_EC2_METADATA_DISABLED is neither true nor false, so this SDK does not ask IMDS."),
    }
    if env.imds_endpoint.value().is_some() {
        match rules.own_endpoint {
            OwnImdsEndpoint::Asked => {}
            OwnImdsEndpoint::FindsNone => return nothing("It finds no IMDS if AWS_EC2_METADATA_SERVICE_ENDPOINT is set."),
            OwnImdsEndpoint::Fails => return LinkResult::Fails(BAD_ENDPOINT),
        }
    }
    if rules.mode_is_exact && env.imds_endpoint_mode.raw().is_some_and(|mode| !["IPv4", "IPv6"].contains(&mode)) {
        let why = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither IPv4 nor IPv6, which is an error in this SDK.";
        return LinkResult::Ends(ChainEnd::Error, why);
    }
    if proxies::captures_imds(chain, env) {
        let why = "The call to IMDS goes to the proxy in HTTP_PROXY.";
        return if rules.refusal_fails { LinkResult::Fails(why) } else { nothing(why) };
    }
    let (v2, v1, role) = match surroundings.imds {
        ImdsView::Seen { v2, v1, role } => (v2, v1, role),
        ImdsView::WithoutKeys if rules.without_keys_fails => {
            return LinkResult::Ends(ChainEnd::Error, "IMDS gives no keys for the role that it names.");
        }
        ImdsView::WithoutKeys => return nothing("IMDS gives no keys for the role that it names."),
        ImdsView::Unknown => {
            return LinkResult::gives(ChainEnd::NodeRole, "IMDS gives the node's role if it can be reached, which is not known here.");
        }
    };
    let answers = v2 == ImdsReach::Answers && rules.v2;
    let section = selected_profile(chain, surroundings).section.filter(|_| rules.v1_off_in_profile);
    let of_profile = section.as_ref().and_then(|section| section.imds_v1_disabled.as_ref());
    let v1_disabled = rules.v1_off.read(&env.imds_v1_disabled, of_profile) != Ok(false);
    let by_v1 = !answers && v1 && rules.v1 && !v1_disabled;
    match v2 {
        _ if answers && role => LinkResult::gives(ChainEnd::NodeRole, "IMDS gives the node's role."),
        _ if by_v1 && role => LinkResult::gives(ChainEnd::NodeRole, "IMDS gives the node's role, with version 1."),
        _ if answers || by_v1 => nothing("IMDS names no role."),
        ImdsReach::Refused if rules.refusal_fails => LinkResult::Fails("IMDS refuses the request."),
        _ if v1_disabled && rules.disabled_v1_fails => {
            LinkResult::Fails("IMDS cannot be reached with version 2, and version 1 is disabled.")
        }
        _ => nothing("IMDS cannot be reached."),
    }
}
