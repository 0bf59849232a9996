//! What was found: plain data, serialisable both ways, without a secret by construction (no key, no session token, no signature).
//!
//! Missing evidence is evidence too: a fact is known, failed for a typed reason, or was not attempted because of something named.

pub mod exchange;
pub mod issuer;

use crate::core::aws::answer::{ServiceAnswer, ServiceError};
use crate::core::aws::arn::Account;
use crate::core::aws::imds::ImdsReach;
use crate::core::aws::partition::Region;
use crate::core::evidence::exchange::{Exchange, Failure};
use crate::core::plan::inputs::Inputs;
use crate::core::pod::token::{Claims, TokenDefect};
use crate::core::text::secrets::InputValue;
use crate::core::text::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything one attempt found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    /// `irsa-probe/evidence/v1`
    pub schema: String,
    /// Local clock when the attempt began.
    pub taken_at: Timestamp,
    /// What the pod was given.
    pub inputs: Inputs,
    /// What the probe itself lacked (a descriptor, a thread, memory) to find that out: nothing is known then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lack: Option<String>,
    /// The injected provider's token.
    pub token: Fact<Token>,
    /// The default service account token, read when nothing was injected: it names namespace, service account and issuer.
    pub default_token: Fact<Token>,
    /// One entry per planned endpoint, the primary first.
    pub endpoints: Vec<EndpointFacts>,
    /// The Pod Identity agent's answer.
    pub agent: Fact<Call<AgentCredentials>>,
    /// The instance metadata service.
    pub imds: Fact<Imds>,
    /// What the default chain of aws-config became.
    pub chain: Fact<DefaultChain>,
    /// What the token's issuer publishes (`--check-issuer`).
    #[serde(default)]
    pub issuer: Fact<Issuer>,
}

/// The value of `Evidence::schema`.
pub const SCHEMA: &str = "irsa-probe/evidence/v1";

/// Known, failed, or not attempted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fact<T> {
    /// It is known.
    Known(T),
    /// It could not be found out.
    Failed(Failure),
    /// It was not tried.
    NotAttempted(SkipReason),
}

impl<T> Default for Fact<T> {
    fn default() -> Fact<T> {
        Fact::NotAttempted(SkipReason::NotAsked)
    }
}

impl<T> Fact<T> {
    /// The value, if known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Fact::Known(value) => Some(value),
            _ => None,
        }
    }
}

/// Why something was not tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// The injected provider has no use for it.
    NotThisProvider,
    /// The plan already holds a failure.
    PlanFailed,
    /// The token could not be used.
    NoToken,
    /// The step before it failed.
    EarlierFailure,
    /// `--no-imds`.
    NoImds,
    /// `AWS_EC2_METADATA_DISABLED`.
    ImdsDisabled,
    /// A file that the SDK would read did not pass our own check: the SDK reads without a cap and blocks on a FIFO.
    UnsafeFile,
    /// Only done in the first round and when a file has changed.
    NotThisRound,
    /// No one asked for it.
    NotAsked,
    /// `--pid`: only a process can follow its own default chain.
    OtherProcess,
}

impl SkipReason {
    /// For a person.
    pub fn describe(self) -> &'static str {
        match self {
            SkipReason::NotThisProvider => "the injected provider has no use for it",
            SkipReason::PlanFailed => "what was injected cannot work",
            SkipReason::NoToken => "there is no usable token",
            SkipReason::EarlierFailure => "the step before it failed",
            SkipReason::NoImds => "--no-imds was given",
            SkipReason::ImdsDisabled => "AWS_EC2_METADATA_DISABLED is true",
            SkipReason::UnsafeFile => "a file that the SDK would read is not a readable regular file of ordinary size",
            SkipReason::NotThisRound => "nothing has changed since it was last looked at",
            SkipReason::NotAsked => "it was not asked for",
            SkipReason::OtherProcess => "the default chain of another process cannot be followed",
        }
    }
}

/// A token file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Token {
    /// Its path.
    pub path: InputValue,
    /// What reading it gave.
    pub file: FileFact,
}

impl Token {
    /// The claims, if the file holds a token.
    pub fn claims(&self) -> Option<&Claims> {
        match &self.file {
            FileFact::Read { content: TokenContent::Claims(claims), .. } => Some(claims),
            _ => None,
        }
    }
}

impl Token {
    /// Why it cannot be told whether the judged process may read it.
    pub fn undecided(&self) -> Option<&FileFailure> {
        match &self.file {
            FileFact::Failed(failure) if failure.kind == FileFailureKind::Undecided => Some(failure),
            _ => None,
        }
    }
}

/// What reading a token file gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::large_enum_variant, reason = "there is one of them")]
pub enum FileFact {
    /// It was read.
    #[serde(rename_all = "camelCase")]
    Read {
        /// When it was last written.
        modified: Option<Timestamp>,
        /// White space stands after the token. The kubelet writes none; the SDKs send it along (docs/facts.md#row-21).
        trailing_whitespace: bool,
        /// What it holds.
        content: TokenContent,
    },
    /// It was not.
    Failed(FileFailure),
}

/// What a token file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::large_enum_variant, reason = "there is one of them")]
pub enum TokenContent {
    /// A token.
    Claims(Claims),
    /// Something else.
    Defect(TokenDefect),
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileFailure {
    /// What kind of failure.
    pub kind: FileFailureKind,
    /// The operating system's words.
    pub text: String,
    /// Who may read it, when that can be seen, and who we are.
    #[serde(default)]
    pub access: Option<Access>,
}

/// Kinds of failure to read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFailureKind {
    /// ENOENT, ENOTDIR.
    Missing,
    /// EACCES, EPERM.
    Denied,
    /// A directory, FIFO, socket or device: not opened, or not read.
    NotRegular,
    /// Larger than the cap.
    TooLarge,
    /// Not read: whether the judged process (`--pid`) may read it cannot be told, or this check itself may not. It says nothing of that process.
    Undecided,
    /// The probe itself has no descriptor or memory left (EMFILE, ENFILE, ENOMEM). It says nothing of the file.
    OutOfResources,
    /// Anything else (EIO, ELOOP, …).
    Other,
}

impl FileFailure {
    /// What happened, with whose file it is and who cannot read it. `pid` is the judged process, if that is another one.
    pub fn describe(&self, pid: Option<u32>) -> String {
        let Some(access) = &self.access else { return self.text.clone() };
        let groups = access.our_gids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let what = access.folder.as_ref().map_or_else(|| "the file".to_owned(), |folder| format!("the folder {folder}"));
        let file = match (access.mode, access.uid, access.gid) {
            (Some(mode), Some(uid), Some(gid)) => format!("{what} has mode {mode:04o}, owner {uid}:{gid}"),
            _ => format!("{what} itself cannot be looked at"),
        };
        let who = pid.map_or_else(|| "this process".to_owned(), |pid| format!("process {pid}"));
        format!("{}; {file}; {who} runs as UID {}, GIDs {groups}", self.text, access.our_uid)
    }
}

/// Mode and owner of a file beside the identity of who reads it: this process, or the judged one (`--pid`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Access {
    /// Permission bits of the file, when it can be looked at.
    pub mode: Option<u32>,
    /// Its owner.
    pub uid: Option<u32>,
    /// Its group.
    pub gid: Option<u32>,
    /// The reader's effective UID.
    pub our_uid: u32,
    /// The reader's effective GID and supplementary groups.
    pub our_gids: Vec<u32>,
    /// It is not the file that is shut, but this folder on its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// One call: its exchange on the wire, and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Call<T> {
    /// The exchange; `None` when the request could not even be made.
    pub exchange: Option<Exchange>,
    /// The answer, or where the request died.
    pub answer: Result<ServiceAnswer<T>, Failure>,
}

impl<T> Call<T> {
    /// The success, if it is one.
    pub fn success(&self) -> Option<&T> {
        match &self.answer {
            Ok(ServiceAnswer::Success(value)) => Some(value),
            _ => None,
        }
    }
}

/// What was found at one STS endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointFacts {
    /// The region as planned.
    pub region: Region,
    /// Host of the URL that was called.
    pub host: String,
    /// AssumeRoleWithWebIdentity.
    pub assume_role: Fact<Call<AssumedRole>>,
    /// GetCallerIdentity with the credentials of the injected provider.
    pub caller_identity: Fact<Call<CallerIdentity>>,
}

/// AssumeRoleWithWebIdentity's success, without the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssumedRole {
    /// ARN of the session.
    pub arn: Option<String>,
    /// `AROA…:session`.
    pub assumed_role_id: Option<String>,
    /// When the credentials end.
    pub expires_at: Option<Timestamp>,
}

/// GetCallerIdentity's success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallerIdentity {
    /// ARN.
    pub arn: String,
    /// Account.
    pub account: Option<Account>,
    /// `AROA…:session` or `AIDA…`.
    pub user_id: Option<String>,
}

/// The Pod Identity agent's success, without the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentCredentials {
    /// The role's account.
    pub account: Option<Account>,
    /// When the credentials end.
    pub expires_at: Option<Timestamp>,
}

/// What the token's issuer publishes for STS to verify the token with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Issuer {
    /// The token's `iss`.
    pub issuer: String,
    /// The key that the token says it is signed with.
    #[serde(default)]
    pub key_id: Option<String>,
    /// The discovery document. What answered and is none is alien.
    pub discovery: Call<Discovery>,
    /// The key set at its `jwks_uri`.
    pub keys: Fact<Call<KeySet>>,
}

/// An issuer's discovery document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Discovery {
    /// The issuer that it names.
    pub issuer: String,
    /// Where its keys are.
    #[serde(default)]
    pub jwks_uri: Option<String>,
}

/// An issuer's published keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeySet {
    /// How many there are.
    pub keys: u32,
    /// The first few ids.
    pub key_ids: Vec<String>,
    /// The key that signed the token is among them; `None` when the token names none.
    #[serde(default)]
    pub has_token_key: Option<bool>,
}

/// What IMDS answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Imds {
    /// With a session token.
    pub v2: ImdsReach,
    /// Without one; tried only when version 2 failed though something is there. `None` when it was not tried, or cut off before it could answer.
    pub v1: Option<ImdsReach>,
    /// The instance profile's role, if it has one.
    #[serde(default)]
    pub role: Option<String>,
    /// IMDS said that the instance has no role; without this and without a role it was not found out in time.
    #[serde(default)]
    pub no_role: bool,
    /// The instance's id.
    #[serde(default)]
    pub instance_id: Option<String>,
}

/// What the default chain of aws-config became, and who GetCallerIdentity says that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DefaultChain {
    /// The provider that gave credentials.
    pub provider: ChainProvider,
    /// Who they are.
    #[serde(default)]
    pub identity: Option<CallerIdentity>,
    /// What went wrong, if anything did.
    #[serde(default)]
    pub error: Option<ChainError>,
}

/// A link of the default chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the report's")]
pub enum ChainProvider {
    Env,
    Profile,
    Irsa,
    PodIdentity,
    Node,
    None,
}

/// Why the chain did not give credentials, or why they could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainError {
    /// How it counts.
    pub kind: ChainErrorKind,
    /// The SDK's words, secrets taken out.
    pub text: String,
}

/// How the chain's failure counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChainErrorKind {
    /// No provider had credentials.
    NothingFound,
    /// The SDK refuses the configuration.
    Configuration,
    /// A service refused; classified like a direct call.
    Service(ServiceError),
    /// Network, deadline, or anything that time may cure.
    Passing,
}
