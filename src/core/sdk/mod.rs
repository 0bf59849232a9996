//! The AWS SDK families: which credentials each ends up with in a situation, and which STS endpoint it calls.
//!
//! Each family's default chain is a row of data (`chain`), which one small engine follows (`predict`). Nothing is called: a situation says how the
//! calls would go.

mod chain;
mod endpoint;
mod predict;
mod situation;
#[cfg(test)]
mod tests;

pub use endpoint::{Endpoint, Minimum};
pub use predict::{OnFailure, Outcome, Prediction, predict};
pub use situation::{AgentCall, ImdsView, Situation, StsCall, TokenFile};

use serde::{Deserialize, Serialize};

/// An SDK family, as far as its credential chain differs from the others'. The CLIs are the SDKs that people have at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the families'")]
pub enum Sdk {
    Botocore,
    CliV1,
    CliV2,
    Cpp,
    Dotnet,
    GoV1,
    GoV2,
    JavaV1,
    JavaV2,
    JsV2,
    JsV3,
    Kotlin,
    Php,
    Powershell,
    Ruby,
    Rust,
}

impl Sdk {
    /// All of them, by name.
    pub const ALL: [Sdk; 16] = [
        Sdk::Botocore,
        Sdk::CliV1,
        Sdk::CliV2,
        Sdk::Cpp,
        Sdk::Dotnet,
        Sdk::GoV1,
        Sdk::GoV2,
        Sdk::JavaV1,
        Sdk::JavaV2,
        Sdk::JsV2,
        Sdk::JsV3,
        Sdk::Kotlin,
        Sdk::Php,
        Sdk::Powershell,
        Sdk::Ruby,
        Sdk::Rust,
    ];

    /// Its name on the command line and in reports.
    pub const fn id(self) -> &'static str {
        match self {
            Sdk::Botocore => "botocore",
            Sdk::CliV1 => "cli-v1",
            Sdk::CliV2 => "cli-v2",
            Sdk::Cpp => "cpp",
            Sdk::Dotnet => "dotnet",
            Sdk::GoV1 => "go-v1",
            Sdk::GoV2 => "go-v2",
            Sdk::JavaV1 => "java-v1",
            Sdk::JavaV2 => "java-v2",
            Sdk::JsV2 => "js-v2",
            Sdk::JsV3 => "js-v3",
            Sdk::Kotlin => "kotlin",
            Sdk::Php => "php",
            Sdk::Powershell => "powershell",
            Sdk::Ruby => "ruby",
            Sdk::Rust => "rust",
        }
    }

    /// The family of this name.
    pub fn parse(id: &str) -> Option<Sdk> {
        Sdk::ALL.into_iter().find(|sdk| sdk.id() == id)
    }
}
