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
    let path = issuer.strip_prefix("https://").and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or_default();
    let operation = match seen.path.strip_prefix(path.trim_end_matches('/')) {
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
                    "jwks_uri": format!("{}/keys", issuer.trim_end_matches('/')),
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
            let expand = |text: &str| text.replace("{issuer}", &issuer).replace("{kid}", &jwt::cluster_key().kid);
            let plain = || Page::new(act.status.unwrap_or(200), "application/json", expand(&act.body.clone().unwrap_or_default()));
            state::scripted(&act, expand, plain, normal)
        }
    }
}
