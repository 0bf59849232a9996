//! Which calls of a family go through a proxy that the environment names.

use super::rules::Chain;
use crate::core::aws::url::is_loopback;
use crate::core::pod::environment::{Environment, UrlVar};
use crate::core::pod::proxy::bypasses;

/// The address of IMDS.
const IMDS: &str = "169.254.169.254";

/// Whether a proxy carries the calls to STS. False where the host is not known.
pub(super) fn carries_sts(chain: &Chain, env: &Environment, host: Option<&str>) -> bool {
    chain.proxies.sts && host.is_some_and(|host| is_proxied(chain, env, [&env.https_proxy_lower, &env.https_proxy], host, 443))
}

/// Whether a proxy gets the call to the agent at this host. It reaches the services of its own node there.
pub(super) fn captures_agent(chain: &Chain, env: &Environment, host: &str) -> bool {
    chain.proxies.agent && captures(chain, env, host)
}

/// Whether a proxy gets the calls to IMDS.
pub(super) fn captures_imds(chain: &Chain, env: &Environment) -> bool {
    chain.proxies.imds && env.imds_endpoint.value().is_none() && captures(chain, env, IMDS)
}

/// Whether the proxy has no scheme, with which this family makes no call.
pub(super) fn lacks_scheme(chain: &Chain, env: &Environment) -> bool {
    let proxy = env.https_proxy_lower.raw().or(env.https_proxy.raw());
    chain.proxies.needs_scheme && proxy.is_some_and(|proxy| !proxy.contains("://"))
}

fn captures(chain: &Chain, env: &Environment, host: &str) -> bool {
    !is_loopback(host) && is_proxied(chain, env, [&env.http_proxy_lower, &env.http_proxy], host, 80)
}

fn is_proxied(chain: &Chain, env: &Environment, names: [&UrlVar; 2], host: &str, port: u16) -> bool {
    let of_all = [&env.all_proxy_lower, &env.all_proxy].into_iter().filter(|_| chain.proxies.all);
    let is_named = names.into_iter().chain(of_all).any(|name| name.value().is_some());
    let no_proxy = env.no_proxy_lower.raw().or(env.no_proxy.raw()).unwrap_or_default();
    let is_exception = match chain.proxies.no_proxy_is_exact {
        true => no_proxy.split(',').map(str::trim).any(|entry| entry == "*" || entry.eq_ignore_ascii_case(host)),
        false => bypasses(no_proxy, host, port),
    };
    is_named && !is_exception
}
