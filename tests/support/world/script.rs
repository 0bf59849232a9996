//! Scripts: answers that replace a fake's normal ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

/// One scripted answer. Texts take the placeholders {issuer} {audience} {role} {account} {token} {secret} {sessionToken} {requestId}, and {long}, 50,000 letters.
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
    /// Pads the body with spaces to this size.
    #[serde(default, rename = "padTo")]
    pub pad_to: usize,
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
