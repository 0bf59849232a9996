//! The application's own SDK, as far as it is known: a person named it, its executable holds it, or it lies in its files.

use crate::core::evidence::Evidence;
use crate::core::sdk::scan::Copy;
use crate::core::sdk::{Sdk, SdkFamily, SdkVersion};
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

/// An SDK of the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AppSdk {
    /// The SDK.
    pub(super) sdk: Sdk,
    /// How it is known.
    pub(super) by: KnownBy,
    /// The package that web identity needs and that is not there.
    pub(super) missing: Option<String>,
    /// That package was not seen, and the search for it was not complete.
    pub(super) unseen: bool,
    /// The file that tells of it, where one was found.
    pub(super) path: Option<String>,
}

impl AppSdk {
    /// The SDKs of the application. One that a person names is the only one. Else those that its executable holds, else all that lie in its files.
    pub(super) fn all_of(evidence: &Evidence) -> Vec<AppSdk> {
        let copies = evidence.scan.as_ref().map_or(&[][..], |scan| &scan.copies);
        if let Some(named) = evidence.inputs.settings.app_sdk {
            return vec![AppSdk { sdk: named, by: KnownBy::Flag, missing: None, unseen: false, path: None }];
        }
        let own: Vec<&Copy> = copies.iter().filter(|copy| copy.own).collect();
        let (found, by) = if own.is_empty() { (copies.iter().collect(), KnownBy::Scan) } else { (own, KnownBy::Executable) };
        let mut sdks: Vec<AppSdk> = Vec::new();
        for copy in found {
            let sdk = AppSdk::found(copy, by);
            if sdks.iter().all(|other| other.sdk != sdk.sdk) {
                sdks.push(sdk);
            }
        }
        // Which of several the application uses is not known.
        if let [_, _, ..] = &sdks[..] {
            sdks.iter_mut().for_each(|sdk| sdk.by = KnownBy::Scan);
        }
        sdks
    }

    fn found(copy: &Copy, by: KnownBy) -> AppSdk {
        let version = copy.version.as_deref().and_then(SdkVersion::parse);
        AppSdk {
            sdk: Sdk { family: copy.family, version, lacks_sts: copy.missing.is_some() },
            by,
            missing: copy.missing.clone(),
            unseen: copy.unseen,
            path: Some(copy.path.clone()),
        }
    }

    /// Its name for people, with the version where it is known.
    pub(super) fn name(&self) -> String {
        let name = self.sdk.family.short_name();
        match (self.sdk.family, self.sdk.version) {
            (_, None) => name.to_owned(),
            // boto3 has version numbers of its own.
            (SdkFamily::Botocore, Some(version)) => format!("python (botocore {version})"),
            (_, Some(version)) => format!("{name} {version}"),
        }
    }

    /// What it does here is known for its own version: the executable tells the version, or a person takes the current one as meant.
    pub(super) fn is_certain(&self) -> bool {
        match self.by {
            KnownBy::Flag => true,
            KnownBy::Executable => self.sdk.version.is_some(),
            KnownBy::Scan => false,
        }
    }
}
