//! Whether SDKs would call the Pod Identity agent, and at which URL.

use super::Defects;
use crate::core::aws::url::{is_plain_http, may_be_called_by_plain_http, url_host, url_port};
use crate::core::catalogue::Code;
use crate::core::pod::environment::Environment;
use crate::core::pod::proxy;
use crate::core::text::secrets::{InputUrl, InputValue};

/// The agent's URL, if SDKs would call it (docs/facts.md#container-uri).
pub(super) fn agent_url(env: &Environment, defects: &mut Defects) -> Option<InputUrl> {
    if let Some(relative) = env.container_relative_uri.value() {
        defects.add(
            Code::AgentUriNotAllowed,
            format!("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is {relative:?} and overrides the full URI: SDKs call 169.254.170.2 instead of the agent."),
        );
        return None;
    }
    let uri = env.container_full_uri.value()?;
    let Some(host) = url_host(uri.raw()) else {
        defects.add(Code::AgentUriNotAllowed, format!("AWS_CONTAINER_CREDENTIALS_FULL_URI is {uri:?}, which is not an http or https URL."));
        return None;
    };
    let plain_http = is_plain_http(uri.raw());
    if plain_http && !may_be_called_by_plain_http(&host) {
        defects.add(
            Code::AgentUriNotAllowed,
            format!(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is {uri}: over http, SDKs refuse every host except loopback and the agent's addresses."
            ),
        );
        return None;
    }
    let captures = env.http_proxy_lower.value().or(env.http_proxy.value());
    let exempt = env.no_proxy_lower.value().or(env.no_proxy.value());
    let port = url_port(uri.raw());
    if let Some(http_proxy) = captures.filter(|_| plain_http && !proxy::bypasses(exempt.map_or("", InputValue::raw), &host, port)) {
        defects.add(
            Code::ProxyCapturesAgent,
            format!("HTTP_PROXY is {http_proxy}, and NO_PROXY ({:?}) does not exempt {host}.", exempt.cloned().unwrap_or_default()),
        );
    }
    Some(uri.clone())
}
