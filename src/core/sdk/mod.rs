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

pub use endpoint::{Minimum, StsEndpoint};
pub use predict::{ChainEnd, OnFailure, Prediction, predict};
pub use situation::{AgentCall, ImdsView, StsCall, Surroundings, TokenFile};

use serde::{Deserialize, Serialize};

/// An SDK family, as far as its credential chain differs from the others'. The CLIs are the SDKs that people have at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the families'")]
pub enum SdkFamily {
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

impl SdkFamily {
    /// All of them, by name.
    pub const ALL: [SdkFamily; 16] = [
        SdkFamily::Botocore,
        SdkFamily::CliV1,
        SdkFamily::CliV2,
        SdkFamily::Cpp,
        SdkFamily::Dotnet,
        SdkFamily::GoV1,
        SdkFamily::GoV2,
        SdkFamily::JavaV1,
        SdkFamily::JavaV2,
        SdkFamily::JsV2,
        SdkFamily::JsV3,
        SdkFamily::Kotlin,
        SdkFamily::Php,
        SdkFamily::Powershell,
        SdkFamily::Ruby,
        SdkFamily::Rust,
    ];

    /// Its name on the command line and in reports.
    pub const fn id(self) -> &'static str {
        match self {
            SdkFamily::Botocore => "botocore",
            SdkFamily::CliV1 => "cli-v1",
            SdkFamily::CliV2 => "cli-v2",
            SdkFamily::Cpp => "cpp",
            SdkFamily::Dotnet => "dotnet",
            SdkFamily::GoV1 => "go-v1",
            SdkFamily::GoV2 => "go-v2",
            SdkFamily::JavaV1 => "java-v1",
            SdkFamily::JavaV2 => "java-v2",
            SdkFamily::JsV2 => "js-v2",
            SdkFamily::JsV3 => "js-v3",
            SdkFamily::Kotlin => "kotlin",
            SdkFamily::Php => "php",
            SdkFamily::Powershell => "powershell",
            SdkFamily::Ruby => "ruby",
            SdkFamily::Rust => "rust",
        }
    }

    /// The family of this name.
    pub fn parse(id: &str) -> Option<SdkFamily> {
        SdkFamily::ALL.into_iter().find(|sdk| sdk.id() == id)
    }
}
