//! The cluster's OIDC issuer: discovery document and key set, under the issuer's path.

use serde_json::json;

use super::{
    http::{Answer, Page, Seen},
    jwt,
    state::{self, Service, Shared},
};

/// Answers one request to the issuer's host.
pub fn answer(shared: &Shared, seen: &Seen) -> Answer {
    let mut state = shared.lock();
    let issuer = state.world.issuer.clone();
    let base = issuer.strip_prefix("https://").and_then(|rest| rest.split_once('/')).map_or("", |(_, path)| path);
    let operation = match seen.path.trim_start_matches('/').strip_prefix(base) {
        Some("/.well-known/openid-configuration") => "discovery",
        Some("/keys") => "keys",
        _ => "other",
    };
    state.record(Service::Issuer, seen, None, operation);
    let script = state.world.issuer_site.script.get(operation).cloned();
    let act = state.step(&format!("issuer/{operation}"), script.as_ref());
    let normal = || -> Answer {
        if seen.method != "GET" {
            return Page::new(405, "text/plain", "").into();
        }
        match operation {
            "discovery" => Page::new(
                200,
                "application/json",
                json!({
                    "issuer": state.world.issuer_site.claims.as_ref().unwrap_or(&issuer),
                    "jwks_uri": format!("{issuer}/keys"),
                    "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                    "claims_supported": ["sub", "iss"],
                })
                .to_string(),
            )
            .into(),
            "keys" => Page::new(200, "application/json", jwt::jwks(state.world.issuer_site.keys).to_string()).into(),
            _ => Page::new(404, "text/plain", "").into(),
        }
    };
    match act {
        None => normal(),
        Some(act) => {
            let plain = || Page::new(act.status.unwrap_or(200), "application/json", act.body.clone().unwrap_or_default());
            state::scripted(&act, |text| text.replace("{issuer}", &issuer), plain, normal)
        }
    }
}
