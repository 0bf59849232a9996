//! A typed view of every environment variable that decides credentials, region, endpoints and proxies.

use super::untidy::{Tidy, Untidy};
use crate::core::text::printable::is_object_name;
use crate::core::text::secrets::{InputUrl, InputValue, Secrets, Shown};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A variable that may be shown. Unset and empty are different, because SDKs disagree about what empty means
/// (docs/facts.md#role-empty, docs/facts.md#token-path-empty).
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
    /// Set to white space alone.
    Blank,
    /// Set.
    Present,
}

impl Secret {
    /// Does nothing, because the value was not kept.
    fn hide(self, _: &Secrets) {}

    /// Whether it is set to something, as most SDKs see it. Some take white space for nothing.
    pub fn has_value(self) -> bool {
        matches!(self, Secret::Blank | Secret::Present)
    }
}

impl From<Option<String>> for Secret {
    fn from(value: Option<String>) -> Secret {
        match value.map(Zeroizing::new).as_deref().map(String::as_str) {
            None => Secret::Unset,
            Some("") => Secret::Empty,
            Some(value) if value.trim().is_empty() => Secret::Blank,
            Some(_) => Secret::Present,
        }
    }
}

/// A variable whose value is a token for the agent. The value is never kept. Only its form is kept, because EKS's agent refuses what is no JWT.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldToken {
    /// Not in the environment.
    #[default]
    Unset,
    /// Set to the empty string.
    Empty,
    /// It has the form of a JWT.
    Present,
    /// White space stands before or after the JWT.
    Padded,
    /// It has another form.
    NotAToken,
    /// It has another form, and white space stands before or after it.
    PaddedNotAToken,
}

impl HeldToken {
    /// Does nothing, because the value was not kept.
    fn hide(self, _: &Secrets) {}

    /// Whether it is set to something.
    pub fn has_value(self) -> bool {
        !matches!(self, HeldToken::Unset | HeldToken::Empty)
    }
}

impl From<Option<String>> for HeldToken {
    fn from(value: Option<String>) -> HeldToken {
        let Some(value) = value.map(Zeroizing::new) else { return HeldToken::Unset };
        let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte));
        let trimmed = value.trim();
        let is_jwt = trimmed.split('.').count() == 3 && trimmed.split('.').all(is_part);
        match (value.is_empty(), is_jwt, trimmed.len() == value.len()) {
            (true, ..) => HeldToken::Empty,
            (_, true, true) => HeldToken::Present,
            (_, true, false) => HeldToken::Padded,
            (_, false, true) => HeldToken::NotAToken,
            (_, false, false) => HeldToken::PaddedNotAToken,
        }
    }
}

impl<V: Shown + Clone + From<String>> Tidy for Var<V> {
    fn untidy(&self) -> Option<Untidy> {
        match self {
            Var::Unset => None,
            Var::Set(value) => Untidy::of(value.raw()),
        }
    }

    fn tidied(&self) -> Var<V> {
        match (self.untidy(), self.raw()) {
            (Some(Untidy::Padded), Some(raw)) => Var::Set(raw.trim().to_owned().into()),
            (Some(_), _) => Var::Unset,
            (None, _) => self.clone(),
        }
    }
}

impl Tidy for Secret {
    fn untidy(&self) -> Option<Untidy> {
        match self {
            Secret::Empty => Some(Untidy::Empty),
            Secret::Blank => Some(Untidy::Blank),
            Secret::Unset | Secret::Present => None,
        }
    }

    fn tidied(&self) -> Secret {
        if self.untidy().is_some() { Secret::Unset } else { *self }
    }
}

impl Tidy for HeldToken {
    fn untidy(&self) -> Option<Untidy> {
        match self {
            HeldToken::Empty => Some(Untidy::Empty),
            HeldToken::Padded | HeldToken::PaddedNotAToken => Some(Untidy::Padded),
            HeldToken::Unset | HeldToken::Present | HeldToken::NotAToken => None,
        }
    }

    fn tidied(&self) -> HeldToken {
        match self {
            HeldToken::Empty => HeldToken::Unset,
            HeldToken::Padded => HeldToken::Present,
            HeldToken::PaddedNotAToken => HeldToken::NotAToken,
            other => *other,
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
            pub const SECRETS: [&'static str; 6] = [
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_SESSION_TOKEN",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                "AWS_ACCESS_KEY",
                "AWS_SECRET_KEY",
            ];

            /// Reads the variables through `lookup`. If another variable holds the value of a secret too, that value is not printed there either.
            pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Environment {
                let secrets = Secrets::default();
                Environment::SECRETS.iter().filter_map(|name| lookup(name).map(Zeroizing::new)).for_each(|secret| secrets.learn(&secret));
                let mut environment = Environment { $($field: lookup($name).into(),)* };
                $(environment.$field.hide(&secrets);)*
                environment
            }

            /// The variables that are untidy.
            pub fn untidy(&self) -> Vec<(&'static str, Untidy)> {
                [$(($name, self.$field.untidy())),*].into_iter().filter_map(|(name, untidy)| Some((name, untidy?))).collect()
            }

            /// The same environment with this variable tidied.
            #[must_use]
            pub fn tidied(&self, name: &str) -> Environment {
                let mut environment = self.clone();
                match name {
                    $($name => environment.$field = self.$field.tidied(),)*
                    _ => {}
                }
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
    /// ECS: a path on ECS's address. It has precedence over the full URI in every SDK but Go v1.
    container_relative_uri: UrlVar = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    /// Pod Identity: the projected token's path.
    container_token_file: Var = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    /// The token itself, for hand-made set-ups.
    container_token: HeldToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    /// The pod's region.
    region: Var = "AWS_REGION";
    /// The older name of `AWS_REGION`. Most SDKs prefer `AWS_REGION` (docs/sdks.md).
    default_region: Var = "AWS_DEFAULT_REGION";
    /// Static credentials, first in every chain. JavaScript v3 does not read them while `AWS_PROFILE` is set.
    access_key_id: Secret = "AWS_ACCESS_KEY_ID";
    /// See `access_key_id`.
    secret_access_key: Secret = "AWS_SECRET_ACCESS_KEY";
    /// Part of temporary credentials, with the two keys.
    session_token: Secret = "AWS_SESSION_TOKEN";
    /// An older name of `AWS_ACCESS_KEY_ID`, which some SDKs still read.
    old_access_key: Secret = "AWS_ACCESS_KEY";
    /// An older name of `AWS_SECRET_ACCESS_KEY`, which some SDKs still read.
    old_secret_key: Secret = "AWS_SECRET_KEY";
    /// When the static credentials end. botocore and the CLIs read it.
    credential_expiration: Var = "AWS_CREDENTIAL_EXPIRATION";
    /// The selected profile.
    profile: Var = "AWS_PROFILE";
    /// Another name of `AWS_PROFILE`, which botocore and the CLIs read.
    default_profile: Var = "AWS_DEFAULT_PROFILE";
    /// Makes Go v1 and JavaScript v2 read the configuration file.
    load_config: Var = "AWS_SDK_LOAD_CONFIG";
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
    /// Proxy for all URLs, which few SDKs read.
    all_proxy: UrlVar = "ALL_PROXY";
    /// See `all_proxy`.
    all_proxy_lower: UrlVar = "all_proxy";
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
    /// The host name: the pod's name, but for the cases that [`Environment::pod_name_of_host`] names.
    host_name: Var = "HOSTNAME";
    /// The API server's address, which the kubelet sets in every container.
    kubernetes_service_host: Var = "KUBERNETES_SERVICE_HOST";
}

impl Environment {
    /// The pod's name by the downward API. The host name is not used: under `hostNetwork` it is the node's, and it is truncated at 63
    /// characters.
    pub fn downward_pod_name(&self) -> Option<&InputValue> {
        [&self.pod_name, &self.my_pod_name, &self.k8s_pod_name].into_iter().find_map(Var::value)
    }

    /// The pod's name by its host name, for a command that a person pastes and reads. It is no proof of the pod's name: with `hostNetwork` it is
    /// the node's name, mostly with a dot; `spec.hostname` changes it; and it is cut at 63 characters.
    pub fn pod_name_of_host(&self) -> Option<&InputValue> {
        let is_pod_s = |name: &&InputValue| name.raw().len() < 63 && !name.raw().contains('.') && is_object_name(name.raw());
        self.host_name.value().filter(is_pod_s).filter(|_| self.kubernetes_service_host.value().is_some())
    }

    /// Whether both static keys are set. A key id without the secret key shadows nothing (docs/facts.md#key-id-alone).
    pub fn has_static_keys(&self) -> bool {
        self.access_key_id.has_value() && self.secret_access_key.has_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host name is a pod's name in a pod only, and not where it may be a node's or be cut.
    #[test]
    fn the_host_name_is_the_pod_s_within_reason() {
        let name = |host: &str, in_a_pod: bool| {
            let lookup = |name: &str| match name {
                "HOSTNAME" => Some(host.to_owned()),
                "KUBERNETES_SERVICE_HOST" => in_a_pod.then(|| "10.100.0.1".to_owned()),
                _ => None,
            };
            Environment::from_lookup(lookup).pod_name_of_host().map(ToString::to_string)
        };
        assert_eq!(name("checkout-7d9f4c5b6-x2x8v", true).as_deref(), Some("checkout-7d9f4c5b6-x2x8v"));
        assert_eq!(name(&"a".repeat(62), true), Some("a".repeat(62)));
        for not in ["", "ip-10-0-1-23.ec2.internal", "Laptop", "a b", &"a".repeat(63)] {
            assert_eq!(name(not, true), None, "{not:?}");
        }
        assert_eq!(name("checkout-7d9f4c5b6-x2x8v", false), None, "out of a pod");
    }

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

    /// Each variable with each kind of untidiness: it alone is named, and tidied it is as if it had been written well.
    #[test]
    fn every_variable_is_tidied_to_what_was_meant() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln";
        let held = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
        for name in Environment::NAMES {
            let with = |value: Option<&str>| Environment::from_lookup(|n| value.filter(|_| n == *name).map(str::to_owned));
            for (written, untidy, meant) in [
                ("", Some(Untidy::Empty), None),
                (" \t\n", Some(Untidy::Blank), None),
                (" eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln", Some(Untidy::Padded), Some(jwt)),
                ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln\n", Some(Untidy::Padded), Some(jwt)),
                (jwt, None, Some(jwt)),
            ] {
                let (untidy, meant) = match untidy {
                    // Of a key it is not kept whether white space stands around it.
                    Some(Untidy::Padded) if Environment::SECRETS.contains(name) && *name != held => (None, Some(written)),
                    // A held token is kept as one of few forms. White space alone is no token.
                    Some(Untidy::Blank) if *name == held => (Some(Untidy::Padded), Some("no token")),
                    _ => (untidy, meant),
                };
                let environment = with(Some(written));
                assert_eq!(
                    environment.untidy(),
                    untidy.map(|untidy| (*name, untidy)).into_iter().collect::<Vec<_>>(),
                    "{name}: {written:?}"
                );
                assert_eq!(environment.tidied(name), with(meant), "{name}: {written:?}");
                assert_eq!(environment.tidied("HOSTNAMES"), environment);
            }
        }
        assert_eq!(Environment::default().untidy(), []);
    }
}
