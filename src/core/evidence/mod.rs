//! What an attempt found, as plain data that can be serialised and read back. No type here has a field for a secret (no key, no session
//! token, no signature).
//!
//! A missing fact is recorded too. A fact is known, or failed for a typed reason, or was not attempted for a named reason.

pub mod exchange;
pub mod issuer;

use crate::core::aws::answer::{ServiceAnswer, ServiceError};
use crate::core::aws::arn::Account;
use crate::core::aws::imds::ImdsReach;
use crate::core::aws::partition::Region;
use crate::core::evidence::exchange::{Exchange, Failure};
use crate::core::plan::inputs::Inputs;
use crate::core::pod::token::{Claims, TokenDefect};
use crate::core::sdk::scan::ScanFacts;
use crate::core::sdk::{ProfileToken, SdkFiles};
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
    /// The resource that the probe itself lacked to read the inputs (a descriptor, a thread, memory). Then nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lack: Option<String>,
    /// The injected provider's token.
    pub token: Fact<Token>,
    /// The default service account token. It is read when nothing was injected, because it names namespace, service account and issuer.
    pub default_token: Fact<Token>,
    /// The pod's namespace by the file beside the default token. It is read where no token tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The files that SDKs read for their credentials. `None` in evidence of an older version, and where nothing was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdk_files: Option<SdkFiles>,
    /// The token files that profiles name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profile_tokens: Vec<ProfileToken>,
    /// The AWS SDKs in the application's files. `None` where no files were searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanFacts>,
    /// One entry per planned endpoint, the primary first.
    pub endpoints: Vec<EndpointFacts>,
    /// The Pod Identity agent's answer.
    pub agent: Fact<Call<AgentCredentials>>,
    /// The instance metadata service.
    pub imds: Fact<Imds>,
    /// Where the default chain of aws-config ended.
    pub chain: Fact<DefaultChain>,
    /// What the token's issuer publishes (`--check-issuer`).
    #[serde(default)]
    pub issuer: Fact<Issuer>,
    /// When an earlier attempt found what this evidence repeats.
    #[serde(default, skip_serializing_if = "Remembered::is_empty")]
    pub remembered: Remembered,
}

/// When an earlier attempt found a fact that this attempt did not ask for again. `None` for what this attempt found itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Remembered {
    /// `Evidence::chain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Timestamp>,
    /// `Imds::v1`. It is tried only once in a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imds_v1: Option<Timestamp>,
}

impl Remembered {
    fn is_empty(&self) -> bool {
        *self == Remembered::default()
    }
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
    /// The injected provider does not use it.
    NotThisProvider,
    /// The plan already holds a failure.
    PlanFailed,
    /// The token could not be used.
    NoToken,
    /// An earlier step failed.
    EarlierFailure,
    /// `--no-imds`.
    NoImds,
    /// `AWS_EC2_METADATA_DISABLED`.
    ImdsDisabled,
    /// A file that the SDK would read did not pass this program's check. The SDK reads without a size limit and blocks on a FIFO.
    UnsafeFile,
    /// An endpoint URL is empty, and the SDK would end this process.
    EmptyUrl,
    /// It is done only in the first round and when a file has changed.
    NotThisRound,
    /// No option asked for it.
    NotAsked,
    /// `--pid`: only a process can follow its own default chain.
    OtherProcess,
}

impl SkipReason {
    /// The reason as a clause for a person.
    pub fn describe(self) -> &'static str {
        match self {
            SkipReason::NotThisProvider => "the injected provider does not use it",
            SkipReason::PlanFailed => "the injected identity cannot work",
            SkipReason::NoToken => "there is no usable token",
            SkipReason::EarlierFailure => "an earlier step failed",
            SkipReason::NoImds => "not requested (--no-imds)",
            SkipReason::ImdsDisabled => "AWS_EC2_METADATA_DISABLED is true",
            SkipReason::EmptyUrl => "a configured endpoint URL is empty, and the Rust SDK would end this process",
            SkipReason::UnsafeFile => "a file that the SDK would read is unreadable, too large or not a regular file",
            SkipReason::NotThisRound => "nothing has changed since the last time",
            SkipReason::NotAsked => "not requested",
            SkipReason::OtherProcess => "the default chain of another process cannot be followed (--pid)",
        }
    }
}

/// A token file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Token {
    /// Its path.
    pub path: InputValue,
    /// Its content, or why it could not be read.
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
    /// The failure, when it is unknown whether the checked process may read the file.
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
        /// There is white space after the token. The kubelet writes none. The SDKs send it with the token (docs/facts.md#agent-token-line-break).
        trailing_whitespace: bool,
        /// What it holds.
        content: TokenContent,
    },
    /// It was not read.
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
    /// The operating system's message.
    pub text: String,
    /// Mode and owner of the file, and the ids of the process that reads it.
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
    /// Not read. It is unknown whether the checked process (`--pid`) may read it, or this check itself may not. It says nothing about that process.
    Undecided,
    /// The probe itself has no descriptor or memory left (EMFILE, ENFILE, ENOMEM). It says nothing about the file.
    OutOfResources,
    /// Anything else (EIO, ELOOP, …).
    Other,
}

impl FileFailure {
    /// What happened, with the file's mode and owner and the ids of the process that cannot read it. `pid` is the checked process, if it is
    /// another process.
    pub fn describe(&self, pid: Option<u32>) -> String {
        let Some(access) = &self.access else { return self.text.clone() };
        let groups = access.our_gids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let what = access.folder.as_ref().map_or_else(|| "the file".to_owned(), |folder| format!("the folder {folder}"));
        let file = match (access.mode, access.uid, access.gid) {
            (Some(mode), Some(uid), Some(gid)) => format!("{what} has mode {mode:04o}, owner {uid}:{gid}"),
            _ => format!("{what} itself cannot be inspected"),
        };
        let who = pid.map_or_else(|| "this process".to_owned(), |pid| format!("process {pid}"));
        format!("{}; {file}; {who} runs as UID {}, GIDs {groups}", self.text, access.our_uid)
    }
}

/// Mode and owner of a file, and the ids of its reader: this process, or the checked process (`--pid`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Access {
    /// Permission bits of the file, when they can be read.
    pub mode: Option<u32>,
    /// Its owner.
    pub uid: Option<u32>,
    /// Its group.
    pub gid: Option<u32>,
    /// The reader's effective UID.
    pub our_uid: u32,
    /// The reader's effective GID and supplementary groups.
    pub our_gids: Vec<u32>,
    /// The folder on the file's path that may not be searched. `None` when the file itself may not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// One call: its exchange on the wire, and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Call<T> {
    /// The exchange. `None` when the request could not be made.
    pub exchange: Option<Exchange>,
    /// The answer, or how the request failed.
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
    /// AssumeRole for the further roles of a profile, in their order, up to the first that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<Call<AssumedRole>>,
    /// GetCallerIdentity with the credentials of the injected provider.
    pub caller_identity: Fact<Call<CallerIdentity>>,
}

/// The success of AssumeRoleWithWebIdentity or AssumeRole, without the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssumedRole {
    /// ARN of the session.
    pub arn: Option<String>,
    /// `AROA…:session`.
    pub assumed_role_id: Option<String>,
    /// When the credentials expire.
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
    /// When the credentials expire.
    pub expires_at: Option<Timestamp>,
}

/// What the token's issuer publishes, so that STS can verify the token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Issuer {
    /// The token's `iss`.
    pub issuer: String,
    /// The id of the key that the token names (`kid`).
    #[serde(default)]
    pub key_id: Option<String>,
    /// The discovery document. An answer that is no such document is `Alien`.
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
    /// Whether the key that signed the token is among them. `None` when the token names no key.
    #[serde(default)]
    pub has_token_key: Option<bool>,
}

/// What IMDS answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Imds {
    /// Version 2: requests with a session token.
    pub v2: ImdsReach,
    /// Version 1: requests without a session token. It is tried only when version 2 failed although something is there. `None` when it was not
    /// tried, or when the time ran out before it could answer.
    pub v1: Option<ImdsReach>,
    /// The instance profile's role, if it has one.
    #[serde(default)]
    pub role: Option<String>,
    /// IMDS said that the instance has no role. When this is false and there is no role, the time ran out before IMDS could say so.
    #[serde(default)]
    pub no_role: bool,
    /// The instance's id.
    #[serde(default)]
    pub instance_id: Option<String>,
}

impl Imds {
    /// The node's role, if IMDS gives it to this pod by either version.
    pub fn reachable_role(&self) -> Option<&str> {
        let answers = self.v2 == ImdsReach::Answers || self.v1 == Some(ImdsReach::Answers);
        self.role.as_deref().filter(|_| answers)
    }
}

/// Where the default chain of aws-config ended, and the identity that GetCallerIdentity answered for its credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DefaultChain {
    /// The provider that gave credentials.
    pub provider: ChainProvider,
    /// The identity of the credentials.
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
    /// What kind of error.
    pub kind: ChainErrorKind,
    /// The SDK's message, without secrets.
    pub text: String,
}

/// What kind of error the chain gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChainErrorKind {
    /// No provider had credentials.
    NothingFound,
    /// The SDK refuses the configuration.
    Configuration,
    /// A service refused. The error is classified like that of a direct call.
    Service(ServiceError),
    /// Network, deadline, or any other error that may pass by itself.
    Passing,
}
