//! The application's own SDK, where it is known.

use crate::core::evidence::Evidence;
use crate::core::sdk::Sdk;
use serde::{Deserialize, Serialize};

/// How the application's SDK is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownBy {
    /// `--app-sdk` names it.
    Flag,
    /// The executable itself holds it: its build info, or its class path.
    Executable,
    /// It was found in files.
    Scan,
}

/// The application's SDK, where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AppSdk {
    /// The SDK.
    pub(super) sdk: Sdk,
    /// How it is known.
    pub(super) by: KnownBy,
}

impl AppSdk {
    /// The SDK that the settings name.
    pub(super) fn of(evidence: &Evidence) -> Option<AppSdk> {
        evidence.inputs.settings.app_sdk.map(|sdk| AppSdk { sdk, by: KnownBy::Flag })
    }

    /// Its name for people, with the version where it is known.
    pub(super) fn name(self) -> String {
        let name = self.sdk.family.short_name();
        self.sdk.version.map_or_else(|| name.to_owned(), |version| format!("{name} {version}"))
    }
}
