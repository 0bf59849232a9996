//! The cluster's OIDC issuer: discovery document and key set, under the issuer's path. Of EKS, or of a kube-apiserver.

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
        Some("/keys") if !state.world.issuer_site.api_server => "keys",
        Some("/openid/v1/jwks") if state.world.issuer_site.api_server => "keys",
        _ => "other",
    };
    state.record(Service::Issuer, seen, None, operation);
    let script = state.world.issuer_site.script.get(operation).cloned();
    let act = state.step(&format!("issuer/{operation}"), script.as_ref());
    let normal = || -> Answer {
        if seen.method != "GET" {
            return Page::new(405, "text/plain", "").into();
        }
        let api_server = state.world.issuer_site.api_server;
        let kind = if api_server && operation == "keys" { "application/jwk-set+json" } else { "application/json" };
        if api_server && operation != "other" && !accepts(seen.header("accept"), kind) {
            return not_acceptable(kind).into();
        }
        match operation {
            "discovery" => Page::new(
                200,
                "application/json",
                json!({
                    "issuer": state.world.issuer_site.claims.as_ref().unwrap_or(&issuer),
                    "jwks_uri": format!("{}{}", issuer.trim_end_matches('/'), if api_server { "/openid/v1/jwks" } else { "/keys" }),
                    "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                    "claims_supported": ["sub", "iss"],
                })
                .to_string(),
            )
            .into(),
            "keys" => Page::new(200, kind, state.key_set().to_string()).into(),
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

/// As go-restful does, by which a kube-apiserver serves both documents (kubernetes `pkg/routes/openidmetadata.go`): a list, of which
/// everything after a `;` is ignored, `*/*` is all, and `application/*` is nothing. Without the header all is taken.
pub fn accepts(header: Option<&str>, kind: &str) -> bool {
    let header = header.filter(|header| !header.is_empty()).unwrap_or("*/*");
    header.split(',').map(|one| one.split(';').next().unwrap_or_default().trim()).any(|one| one == "*/*" || one == kind)
}

/// A kube-apiserver 1.36's answer, word for word.
fn not_acceptable(kind: &str) -> Page {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("406: Not Acceptable\n\nAvailable representations: {kind}"),
        "reason": "NotAcceptable", "details": {}, "code": 406,
    });
    Page::new(406, "application/json", status.to_string())
}
