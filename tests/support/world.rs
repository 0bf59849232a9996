//! The situation of one pod, as data: what was injected, what IAM holds, and how each service behaves.
//!
//! A scenario's `situation.json` is a [`World`]. Everything has a default, so `{}` is a healthy IRSA pod in us-west-2.
//! A field that nobody knows is an error: a misspelt fault would otherwise test the healthy case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

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
    pub content: String,
    pub mode: Option<String>,
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

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Iam {
    pub providers: Option<Vec<Provider>>,
    pub roles: Option<Vec<Role>>,
    pub users: Vec<User>,
    pub texts: Texts,
    /// Regions in which STS is deactivated for every account.
    pub disabled_regions: Vec<String>,
}

/// Which wording STS uses when it cannot validate a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Texts {
    #[default]
    #[serde(rename = "old")]
    Old,
    /// One generic text, first seen in mid-2026.
    #[serde(rename = "2026")]
    Generic,
}

/// An IAM OIDC provider. Defaults: the cluster's issuer, the world's account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Provider {
    pub issuer: Option<String>,
    pub account: Option<String>,
    pub audiences: Vec<String>,
}

impl Default for Provider {
    fn default() -> Self {
        Self { issuer: None, account: None, audiences: vec!["sts.amazonaws.com".to_owned()] }
    }
}

/// An IAM role. Default: the pod's role, trusting the pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Role {
    pub arn: Option<String>,
    /// `null`: trusts nobody.
    pub trust: Option<Trust>,
    /// A whole trust policy document, instead of `trust`.
    pub policy: Option<Value>,
    pub max_session_duration: i64,
}

impl Default for Role {
    fn default() -> Self {
        Self { arn: None, trust: Some(Trust::default()), policy: None, max_session_duration: 3600 }
    }
}

/// A trust policy of one statement, of which a scenario changes one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Trust {
    /// Default: the provider of the cluster's issuer in the role's account.
    pub federated: Option<String>,
    /// The issuer in the condition keys, without `https://`. Default: the cluster's.
    pub keys: Option<String>,
    /// Default: the pod's subject. `""` leaves the condition out.
    pub sub: Option<String>,
    pub sub_operator: String,
    /// Default: sts.amazonaws.com. `""` leaves the condition out.
    pub aud: Option<String>,
    pub aud_operator: String,
    pub action: String,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            federated: None,
            keys: None,
            sub: None,
            sub_operator: "StringEquals".to_owned(),
            aud: None,
            aud_operator: "StringEquals".to_owned(),
            action: "sts:AssumeRoleWithWebIdentity".to_owned(),
        }
    }
}

/// An IAM user with an access key; keys are made at run time unless given. Placeholders `{userKeyId}` and `{userSecret}` name the first user's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct User {
    pub name: String,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sts {
    /// `proxy`, `override`, `override-http`, `refused`, `blackhole` or `name:<host>`.
    pub reach: Reach,
    pub tls: Tls,
    /// How far AWS's clock is ahead of this machine's.
    pub clock_offset_seconds: i64,
    /// The lifetime of minted sessions, whatever was asked for: lets a session end within a test.
    pub session_seconds: Option<i64>,
    /// The region that the override endpoint serves. Default: the world's.
    pub override_region: Option<String>,
    /// By operation, or `*`.
    pub script: BTreeMap<String, Script>,
    /// By region (`aws-global` for sts.amazonaws.com) or by whole host name, which wins.
    pub regions: BTreeMap<String, RegionalSts>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RegionalSts {
    pub tls: Option<Tls>,
    pub script: BTreeMap<String, Script>,
}

/// How the pod reaches STS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Reach {
    /// By the real host names, through a CONNECT proxy and with the sandbox's CA.
    #[default]
    Proxy,
    /// AWS_ENDPOINT_URL_STS=https://localhost:port.
    Override,
    /// AWS_ENDPOINT_URL_STS=http://127.0.0.1:port.
    OverrideHttp,
    /// An override to a port that nobody listens on.
    Refused,
    /// An override to a listener whose backlog is full: connecting never ends.
    Blackhole,
    /// An override to a host name, for failures of DNS.
    Name(String),
}

impl TryFrom<String> for Reach {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(match text.as_str() {
            "proxy" => Self::Proxy,
            "override" => Self::Override,
            "override-http" => Self::OverrideHttp,
            "refused" => Self::Refused,
            "blackhole" => Self::Blackhole,
            other => Self::Name(other.strip_prefix("name:").ok_or_else(|| format!("unknown reach {other:?}"))?.to_owned()),
        })
    }
}

impl From<Reach> for String {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::Proxy => "proxy".to_owned(),
            Reach::Override => "override".to_owned(),
            Reach::OverrideHttp => "override-http".to_owned(),
            Reach::Refused => "refused".to_owned(),
            Reach::Blackhole => "blackhole".to_owned(),
            Reach::Name(host) => format!("name:{host}"),
        }
    }
}

/// What happens on a connection that TCP (or the tunnel) has opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    #[default]
    Ok,
    /// RST after the ClientHello, as a firewall that filters by SNI does.
    Reset,
    /// FIN after the ClientHello.
    Closed,
    /// No answer to the ClientHello.
    Hang,
    WrongName,
    /// A CA that is not in the bundle: an intercepting proxy.
    Untrusted,
    Expired,
    /// A captive portal's HTML in the clear.
    Plaintext,
    /// The proxy does not know the name (502). Only with reach `proxy`.
    NotFound,
}

/// Answers that replace the normal ones: a list whose last step repeats, or steps followed by normal behaviour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Script {
    Steps(Vec<Step>),
    Then(ScriptThen),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptThen {
    pub steps: Vec<Step>,
    pub then: Normal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normal {
    Normal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Step {
    Normal(Normal),
    Act(Box<Act>),
}

/// One scripted answer. Texts take the placeholders {issuer} {audience} {role} {account} {token} {secret} {sessionToken} {requestId}.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Act {
    pub delay_ms: u64,
    pub status: Option<u16>,
    /// STS: with `message`, rendered as AWS's XML.
    pub code: Option<String>,
    pub message: Option<String>,
    /// STS: `Sender` or `Receiver`; default by status.
    #[serde(rename = "type")]
    pub fault: Option<String>,
    /// Other services: the body as it is.
    pub body: Option<String>,
    pub raw: Option<RawAnswer>,
    pub hang: Option<HangAt>,
    pub close: Option<CloseAt>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAnswer {
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HangAt {
    /// Before the first byte.
    Response,
    /// In the middle of the headers.
    Headers,
    /// In the middle of the body.
    Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloseAt {
    BeforeResponse,
    MidBody,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Proxy {
    pub mode: ProxyMode,
    /// `user:password`; the proxy then answers 407 without them, and the pod's variable carries them.
    pub credentials: Option<String>,
    /// Also sets HTTP_PROXY and leaves NO_PROXY out: the proxy then catches the agent's and IMDS's traffic.
    pub captures_http: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyMode {
    #[default]
    Ok,
    Refused,
    /// 407, whatever is sent.
    Auth,
    /// 403 with an HTML page.
    Forbidden,
    Hang,
    /// Bytes that are not HTTP.
    Garbage,
    Close,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Agent {
    pub mode: AgentMode,
    /// The associated role. Default: the world's.
    pub role: Option<String>,
    /// Listens on [::1] instead of 127.0.0.1.
    pub ipv6: bool,
    pub script: Option<Script>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentMode {
    #[default]
    Ok,
    Refused,
    /// Accepts and never answers.
    Hang,
    AssociationMissing,
    TrustDenied,
}

/// IMDS by its mode, or with details.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ImdsChoice {
    Mode(ImdsMode),
    Full(Box<Imds>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Imds {
    pub mode: ImdsMode,
    pub role: String,
    pub instance_id: String,
    /// The `Code` of the credentials document.
    pub code: String,
    /// Default: the world's.
    pub region: Option<String>,
    pub account: Option<String>,
    /// By operation: `token`, `info`, `role`, `credentials`, `instance-id`, `region`, `document`.
    pub script: BTreeMap<String, Script>,
}

impl Default for Imds {
    fn default() -> Self {
        Self {
            mode: ImdsMode::V2,
            role: "eks-node".to_owned(),
            instance_id: "i-0123456789abcdef0".to_owned(),
            code: "Success".to_owned(),
            region: None,
            account: None,
            script: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImdsMode {
    /// The connection is refused.
    #[default]
    Absent,
    V2,
    /// As `v2`, and GETs without a token are answered too.
    V1,
    /// The token's PUT is never answered; a GET without token gets 401.
    HopLimit,
    /// The token's PUT is never answered; GETs without token are.
    HopLimitV1,
    /// 403 for everything.
    Forbidden,
    /// 403 for the PUT; GETs without token are answered.
    ForbiddenV1Open,
    /// No instance profile: 404.
    NoRole,
    /// Nothing is ever answered.
    Hang,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct IssuerSite {
    /// The `issuer` of the discovery document, when it differs.
    pub claims: Option<String>,
    /// Which keys it publishes; STS verifies with the same.
    pub keys: Keys,
    /// By operation: `discovery`, `keys`.
    pub script: BTreeMap<String, Script>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keys {
    #[default]
    Cluster,
    /// Only keys with other key ids.
    Rotated,
    None,
}
