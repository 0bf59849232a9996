//! The situation of one pod, as data: what was injected, what IAM holds, and how each service behaves.
//!
//! A scenario's `situation.json` is a [`World`]. Everything has a default, so `{}` is a healthy IRSA pod in us-west-2.
//! A field that nobody knows is an error: a misspelt fault would otherwise test the healthy case.

mod iam;
mod script;
mod services;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use self::{iam::*, script::*, services::*};

/// The pod, IAM and the network, with the faults of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct World {
    /// One sentence: what is broken, and why it must (not) be found.
    pub about: String,
    /// What the webhook injected.
    pub inject: Vec<Injection>,
    pub region: String,
    /// The cluster's (and node's) account. Roles carry their own in the ARN.
    pub account: String,
    /// The role that is injected, trusted and associated, unless a scenario says otherwise.
    pub role: String,
    /// The cluster's OIDC issuer.
    pub issuer: String,
    pub cluster: String,
    pub namespace: String,
    pub service_account: String,
    pub service_account_uid: String,
    pub pod: String,
    pub pod_uid: String,
    pub node: String,
    pub node_uid: String,
    /// The last word over the pod's environment; `null` removes a variable. Values take placeholders.
    pub env: BTreeMap<String, Option<String>>,
    /// Files under the pod's directory, by relative path. Contents take placeholders.
    pub files: BTreeMap<String, File>,
    pub token: Token,
    pub pod_identity_token: Token,
    /// Whether the pod mounts its default service-account token.
    pub default_token: bool,
    pub iam: Iam,
    pub sts: Sts,
    pub proxy: Proxy,
    pub agent: Agent,
    pub imds: ImdsChoice,
    /// The cluster's OIDC discovery document and keys, as the world sees them.
    pub issuer_site: IssuerSite,
}

impl Default for World {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            about: String::new(),
            inject: vec![Injection::Irsa],
            region: text("us-west-2"),
            account: text("111122223333"),
            role: text("arn:aws:iam::111122223333:role/apps/checkout"),
            issuer: text("https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"),
            cluster: text("prod"),
            namespace: text("shop"),
            service_account: text("checkout"),
            service_account_uid: text("2f4d7f7e-8b1c-4c63-9d5e-0a1b2c3d4e5f"),
            pod: text("checkout-7d9f4c5b6-x2x8v"),
            pod_uid: text("9b0c1d2e-3f40-4152-8637-4859a6b7c8d9"),
            node: text("ip-10-0-1-23.us-west-2.compute.internal"),
            node_uid: text("5c6d7e8f-9012-4345-a678-9abcdef01234"),
            env: BTreeMap::new(),
            files: BTreeMap::new(),
            token: Token::default(),
            pod_identity_token: Token::default(),
            default_token: false,
            iam: Iam::default(),
            sts: Sts::default(),
            proxy: Proxy::default(),
            agent: Agent::default(),
            imds: ImdsChoice::Mode(ImdsMode::Absent),
            issuer_site: IssuerSite::default(),
        }
    }
}

impl World {
    /// Reads a `situation.json`. The runner's own keys (`args`, `exit`, ...) share the object: they go to `R`, all others must be the world's.
    pub fn split<R: DeserializeOwned>(json: &str, runner_keys: &[&str]) -> Result<(Self, R), serde_json::Error> {
        let mut world: serde_json::Map<String, Value> = serde_json::from_str(json)?;
        let runner = runner_keys.iter().filter_map(|key| world.remove_entry(*key)).collect();
        Ok((serde_json::from_value(Value::Object(world))?, serde_json::from_value(Value::Object(runner))?))
    }

    /// The subject of every token that this pod gets.
    pub fn subject(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.service_account)
    }

    /// The IAM OIDC providers: the configured ones, else one for the cluster in the pod's account.
    pub fn providers(&self) -> Vec<Provider> {
        self.iam.providers.clone().unwrap_or_else(|| vec![Provider::default()])
    }

    /// The IAM roles: the configured ones, else the pod's role with a trust policy that fits.
    pub fn roles(&self) -> Vec<Role> {
        self.iam.roles.clone().unwrap_or_else(|| vec![Role::default()])
    }

    /// IMDS with its details, whichever way it was written.
    pub fn imds(&self) -> Imds {
        match &self.imds {
            ImdsChoice::Mode(mode) => Imds { mode: *mode, ..Imds::default() },
            ImdsChoice::Full(imds) => (**imds).clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Injection {
    Irsa,
    PodIdentity,
}

/// A file: its content, or content and octal mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum File {
    Content(String),
    Full(FullFile),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FullFile {
    #[serde(default)]
    pub content: String,
    pub mode: Option<String>,
    /// A FIFO that nobody writes to, instead: opening it blocks.
    #[serde(default)]
    pub fifo: bool,
}

/// A projected service-account token. Times are seconds relative to now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Token {
    /// A string or a list, kept as written. Default: the audience of the mechanism.
    pub aud: Option<Value>,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
    pub iss: Option<String>,
    pub sub: Option<String>,
    pub kid: Option<String>,
    /// Written into the header; the signature stays RS256, and is empty for `none`.
    pub alg: String,
    /// Further claims, or other values for those above; `null` removes one.
    pub claims: BTreeMap<String, Value>,
    pub signed_by: Signer,
    /// The file's content verbatim, instead of a token.
    pub raw: Option<String>,
    /// What follows the token in the file.
    pub suffix: String,
    #[serde(rename = "as")]
    pub layout: Layout,
    /// Pads the file to this size.
    pub bytes: Option<usize>,
    /// The file's octal mode.
    pub mode: Option<String>,
}

impl Default for Token {
    fn default() -> Self {
        Self {
            aud: None,
            iat: -60,
            nbf: -60,
            exp: 86_340,
            iss: None,
            sub: None,
            kid: None,
            alg: "RS256".to_owned(),
            claims: BTreeMap::new(),
            signed_by: Signer::Cluster,
            raw: None,
            suffix: String::new(),
            layout: Layout::Projected,
            bytes: None,
            mode: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signer {
    Cluster,
    /// Another key under the cluster's key id: a forgery.
    Stranger,
}

/// What lies at the token's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// The kubelet's chain: `token -> ..data/token`, `..data -> ..2026_…`.
    Projected,
    /// A plain file, as a `subPath` mount makes it.
    File,
    Missing,
    Empty,
    /// Mode 0000. Root reads it all the same: see `running_as_root`.
    Unreadable,
    Directory,
    /// A FIFO that nobody writes to: opening it blocks.
    Fifo,
    /// A link to /dev/zero: reading it never ends.
    Device,
    /// The chain without its end.
    Dangling,
    /// Empty for its first reader, complete 30 ms later.
    TornOnce,
}
