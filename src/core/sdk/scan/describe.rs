//! What is known of a copy, in words.

use super::super::outcome::ChainEnd;
use super::super::version::SdkVersion;
use super::found::{FoundSdk, Support, Supports};
use super::judge::is_regional_if_asked;

impl Supports {
    /// It cannot be used.
    pub fn is_lacking(self) -> bool {
        matches!(self, Supports::TooOld | Supports::ModuleMissing)
    }
}

impl FoundSdk {
    /// It cannot use a provider: it is too old for it, or lacks a module for it.
    pub fn cannot_use(&self) -> bool {
        self.irsa.is_lacking() || self.pod_identity.is_lacking()
    }

    /// Its name and version.
    pub fn title(&self) -> String {
        match &self.version {
            Some(version) => [&self.name, " ", version].concat(),
            None => [&self.name, ", version unknown"].concat(),
        }
    }

    /// What it can use and what not, one clause each. What works comes first, in one clause.
    pub fn describe(&self) -> Vec<String> {
        let ways = [("IRSA", self.irsa, ChainEnd::Irsa), ("EKS Pod Identity", self.pod_identity, ChainEnd::PodIdentity)];
        let named = |wanted: Supports| -> Vec<&str> {
            ways.iter().filter(|(_, supports, _)| *supports == wanted).map(|(name, ..)| *name).collect()
        };
        let version = self.version.as_deref().and_then(SdkVersion::parse);
        let mut clauses = Vec::new();
        if !named(Supports::Ok).is_empty() {
            clauses.push(["supports ", &named(Supports::Ok).join(" and ")].concat());
        }
        for (name, _, way) in ways.iter().filter(|(_, supports, _)| *supports == Supports::TooOld) {
            let first = self.sdk.first_version(*way, version).filter(|first| SdkVersion::parse(first).is_some());
            let from = first.map(|first| [" (needs ", first, " or newer)"].concat()).unwrap_or_default();
            clauses.push(["too old for ", name, &from].concat());
        }
        if let Some(module) = &self.module {
            clauses.push(["cannot use IRSA: the module ", module, " is missing"].concat());
        }
        if !named(Supports::Unknown).is_empty() {
            clauses.push(["unknown whether it supports ", &named(Supports::Unknown).join(" and ")].concat());
        }
        if self.regional_by_default == Some(false) {
            let version = self.version.as_deref().and_then(SdkVersion::parse);
            let can = version.is_some_and(|version| is_regional_if_asked(self.sdk, version));
            let when = if can { "unless AWS_STS_REGIONAL_ENDPOINTS is regional" } else { "and has no setting for the regional one" };
            clauses.push(["calls the global STS endpoint ", when].concat());
        }
        match self.support {
            Support::Ended => clauses.push("AWS no longer supports it".to_owned()),
            Support::Maintenance => clauses.push("in maintenance: AWS fixes only critical bugs".to_owned()),
            Support::Current | Support::Unknown => {}
        }
        clauses
    }
}
