//! A typed view of every environment variable that decides credentials, region, endpoints and proxies.

use crate::core::text::secrets::{InputUrl, InputValue, Secrets, Shown};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A variable that may be shown. Unset and empty are different, because SDKs disagree about what empty means (docs/facts.md#chain-matrix,
/// rows 06 to 09).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Var<V = InputValue> {
    /// Not in the environment.
    #[default]
    Unset,
    /// In the environment. The value may be the empty string.
    Set(V),
}

/// A variable whose value is an address, which may hold a user name and password.
pub type UrlVar = Var<InputUrl>;

impl<V: Shown> Var<V> {
    /// The value. `None` when the variable is unset or empty.
    pub fn value(&self) -> Option<&V> {
        match self {
            Var::Set(value) if !value.raw().is_empty() => Some(value),
            _ => None,
        }
    }

    /// The value as it was given, see [`Shown::raw`]. `None` when the variable is unset or empty.
    pub fn raw(&self) -> Option<&str> {
        self.value().map(Shown::raw)
    }

    fn hide(&mut self, secrets: &Secrets) {
        if let Var::Set(value) = self {
            value.hide(secrets);
        }
    }

    /// Whether it is set to the empty string.
    pub fn is_empty(&self) -> bool {
        matches!(self, Var::Set(value) if value.raw().is_empty())
    }

    /// Whether it is in the environment. The value may be empty.
    pub fn is_set(&self) -> bool {
        matches!(self, Var::Set(_))
    }

    /// Whether SDKs read it as true.
    pub fn is_true(&self) -> bool {
        self.raw().is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
    }
}

impl<V: From<String>> From<Option<String>> for Var<V> {
    fn from(value: Option<String>) -> Var<V> {
        value.map_or(Var::Unset, |value| Var::Set(value.into()))
    }
}

/// A variable whose value is a secret. The value is never kept, only whether there is one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Secret {
    /// Not in the environment.
    #[default]
    Unset,
    /// Set to the empty string.
    Empty,
    /// Set.
    Present,
}

impl Secret {
    /// Does nothing, because the value was not kept.
    fn hide(self, _: &Secrets) {}
}

impl From<Option<String>> for Secret {
    fn from(value: Option<String>) -> Secret {
        match value.as_deref() {
            None => Secret::Unset,
            Some("") => Secret::Empty,
            Some(_) => Secret::Present,
        }
    }
}

/// Defines [`Environment`]. Each variable has one line: its field, how it is kept, and its name in the environment.
macro_rules! environment {
    ($($(#[$doc:meta])* $field:ident: $kind:ty = $name:literal;)*) => {
        /// Every variable that can decide a pod's AWS identity.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Environment {
            $($(#[$doc])* #[serde(rename = $name, default, skip_serializing_if = "is_default")] pub $field: $kind,)*
        }

        impl Environment {
            /// The names of all variables that are read.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The names of the variables whose value is a secret.
            pub const SECRETS: [&'static str; 4] =
                ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"];

            /// Reads the variables through `lookup`. If another variable holds the value of a secret too, that value is not printed there either.
            pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Environment {
                let secrets = Secrets::default();
                Environment::SECRETS.iter().filter_map(|name| lookup(name).map(Zeroizing::new)).for_each(|secret| secrets.learn(&secret));
                let mut environment = Environment { $($field: lookup($name).into(),)* };
                $(environment.$field.hide(&secrets);)*
                environment
            }
        }
    };
}

/// Whether a value is the default. serde leaves out a variable that is unset.
pub(in crate::core) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

environment! {
    /// IRSA: the role of the service account's annotation, written by the pod identity webhook.
    role_arn: Var = "AWS_ROLE_ARN";
    /// IRSA: the projected token's path.
    token_file: Var = "AWS_WEB_IDENTITY_TOKEN_FILE";
    /// Name of the session. Without it, the SDKs make up a name.
    session_name: Var = "AWS_ROLE_SESSION_NAME";
    /// Pod Identity (and ECS): the URL that gives the credentials.
    container_full_uri: UrlVar = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    /// ECS: a path on ECS's address. It has precedence over the full URI in every SDK.
    container_relative_uri: UrlVar = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    /// Pod Identity: the projected token's path.
    container_token_file: Var = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    /// The token itself, for hand-made set-ups.
    container_token: Secret = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    /// The pod's region.
    region: Var = "AWS_REGION";
    /// The older name of `AWS_REGION`. `AWS_REGION` has precedence.
    default_region: Var = "AWS_DEFAULT_REGION";
    /// Static credentials, first in every chain.
    access_key_id: Secret = "AWS_ACCESS_KEY_ID";
    /// See `access_key_id`.
    secret_access_key: Secret = "AWS_SECRET_ACCESS_KEY";
    /// Part of temporary credentials, with the two keys.
    session_token: Secret = "AWS_SESSION_TOKEN";
    /// The selected profile.
    profile: Var = "AWS_PROFILE";
    /// Path of the configuration file.
    config_file: Var = "AWS_CONFIG_FILE";
    /// Path of the credentials file.
    shared_credentials_file: Var = "AWS_SHARED_CREDENTIALS_FILE";
    /// The home folder, `~` in the two default paths.
    home: Var = "HOME";
    /// Endpoint of STS alone.
    endpoint_url_sts: UrlVar = "AWS_ENDPOINT_URL_STS";
    /// Endpoint of every service.
    endpoint_url: UrlVar = "AWS_ENDPOINT_URL";
    /// Makes SDKs ignore the two endpoint URLs above.
    ignore_endpoint_urls: Var = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
    /// `legacy` sends older SDKs to the global endpoint.
    sts_regional_endpoints: Var = "AWS_STS_REGIONAL_ENDPOINTS";
    /// Makes SDKs call FIPS endpoints.
    use_fips: Var = "AWS_USE_FIPS_ENDPOINT";
    /// Makes SDKs call dual-stack endpoints.
    use_dual_stack: Var = "AWS_USE_DUALSTACK_ENDPOINT";
    /// Switches IMDS off for the SDKs.
    imds_disabled: Var = "AWS_EC2_METADATA_DISABLED";
    /// Switches IMDS version 1 off for the SDKs.
    imds_v1_disabled: Var = "AWS_EC2_METADATA_V1_DISABLED";
    /// The URL of IMDS.
    imds_endpoint: UrlVar = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    /// `IPv4` or `IPv6`.
    imds_endpoint_mode: Var = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
    /// Path of trust roots that replace the compiled-in ones.
    ca_bundle: Var = "AWS_CA_BUNDLE";
    /// Path of trust roots. `AWS_CA_BUNDLE` has precedence.
    ssl_cert_file: Var = "SSL_CERT_FILE";
    /// Proxy for https URLs.
    https_proxy: UrlVar = "HTTPS_PROXY";
    /// See `https_proxy`.
    https_proxy_lower: UrlVar = "https_proxy";
    /// Proxy for http URLs. It captures the calls to the Pod Identity agent and to IMDS.
    http_proxy: UrlVar = "HTTP_PROXY";
    /// See `http_proxy`.
    http_proxy_lower: UrlVar = "http_proxy";
    /// Hosts that are called without the proxy.
    no_proxy: Var = "NO_PROXY";
    /// See `no_proxy`.
    no_proxy_lower: Var = "no_proxy";
    /// The pod's name by the downward API. Charts use different names for this variable.
    pod_name: Var = "POD_NAME";
    /// See `pod_name`.
    my_pod_name: Var = "MY_POD_NAME";
    /// See `pod_name`.
    k8s_pod_name: Var = "K8S_POD_NAME";
    /// The pod's namespace by the downward API.
    pod_namespace: Var = "POD_NAMESPACE";
}

impl Environment {
    /// The pod's name by the downward API. The host name is not used: under `hostNetwork` it is the node's, and it is truncated at 63
    /// characters.
    pub fn downward_pod_name(&self) -> Option<&InputValue> {
        [&self.pod_name, &self.my_pod_name, &self.k8s_pod_name].into_iter().find_map(Var::value)
    }

    /// Whether both static keys are set. A key id without the secret key shadows nothing (docs/facts.md#row-26).
    pub fn has_static_keys(&self) -> bool {
        self.access_key_id == Secret::Present && self.secret_access_key == Secret::Present
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unset_empty_and_set_stay_apart_in_both_directions() {
        let env = Environment::from_lookup(|name| match name {
            "AWS_ROLE_ARN" => Some(String::new()),
            "AWS_REGION" => Some("us-west-2".into()),
            "AWS_SECRET_ACCESS_KEY" => Some("hunter2hunter2hunter2".into()),
            "HTTPS_PROXY" => Some("http://user:hunter2@proxy:3128".into()),
            "AWS_PROFILE" => Some("hunter2hunter2hunter2".into()),
            _ => None,
        });
        assert!(env.role_arn.is_empty() && !env.token_file.is_set());
        let json = serde_json::to_string(&env).unwrap();
        assert_eq!(
            json,
            r#"{"AWS_ROLE_ARN":"","AWS_REGION":"us-west-2","AWS_SECRET_ACCESS_KEY":"present","AWS_PROFILE":"[redacted]","HTTPS_PROXY":"http://***@proxy:3128"}"#
        );
        let again: Environment = serde_json::from_str(&json).unwrap();
        assert_eq!((serde_json::to_string(&again).unwrap(), again.region), (json, env.region));
    }

    #[test]
    fn a_lone_key_shadows_nothing() {
        let with = |names: &[&str]| Environment::from_lookup(|name| names.contains(&name).then(|| "x".to_owned()));
        assert!(!with(&["AWS_ACCESS_KEY_ID"]).has_static_keys());
        assert!(with(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]).has_static_keys());
    }
}
