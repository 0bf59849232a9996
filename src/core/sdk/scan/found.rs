//! What a scan finds: packages, the copies of SDKs that they are, and what is known of each copy.

use super::super::families::SdkFamily;
use serde::{Deserialize, Serialize};

/// Which kind of file tells of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoundBy {
    /// `METADATA` of an installed Python distribution.
    DistInfo,
    /// The build info in a Go executable.
    GoBuildinfo,
    /// `pom.properties` in a jar, or the jar's own name.
    Pom,
    /// `package.json` of an npm package, or a bundle that holds one.
    PackageJson,
    /// A gem's specification.
    Gemspec,
    /// Composer's `installed.json`.
    Composer,
    /// `*.deps.json` of a .NET application, or the manifest of a PowerShell module.
    DepsJson,
    /// Strings in an executable or a shared library.
    Elf,
    /// The section that `cargo auditable` writes, or paths of crates in an executable.
    Cargo,
}

/// A package, as its ecosystem names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Which kind of file tells of it.
    pub by: FoundBy,
    /// Its name in its ecosystem, in lower case: `botocore`, `software.amazon.awssdk:sts`.
    pub name: String,
    /// Its version, as it is written there. `None` where nothing tells.
    pub version: Option<String>,
    /// Where it is installed. Packages of one place belong together: a site-packages folder, a folder of jars, one executable.
    pub place: String,
    /// The file that tells, nested as `/app/app.jar!/BOOT-INF/lib/x.jar`.
    pub path: String,
    /// The place holds a part of the SDK that cannot be told: a bundle, a frozen program.
    pub partial: bool,
}

impl Package {
    /// How many bytes of text it has.
    pub fn text(&self) -> usize {
        self.name.len() + self.version.as_ref().map_or(0, String::len) + self.place.len() + self.path.len()
    }
}

/// One installed copy of an SDK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Copy {
    /// The family.
    pub family: SdkFamily,
    /// The SDK's own version. `None` where nothing tells.
    pub version: Option<String>,
    /// The version of its core, where that is another module (Go v2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core_version: Option<String>,
    /// The file that tells.
    pub path: String,
    /// Which kind of file that is.
    pub by: FoundBy,
    /// The package that web identity needs and that is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// It cannot be told what of the SDK is there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// The package that web identity needs was not seen, and the search for it was not complete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
    /// The executable itself holds it: its build info, or its class path.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

/// What a scan found, and how far it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScanFacts {
    /// The copies, by their paths.
    pub copies: Vec<Copy>,
    /// How far it came.
    pub summary: ScanSummary,
}

/// How far a scan came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanSummary {
    /// The folder that was scanned, or the program whose files were.
    pub root: String,
    /// How many files and folders were seen.
    pub entries: u64,
    /// The bytes that were read.
    pub bytes: u64,
    /// Milliseconds that it took.
    pub ms: u64,
    /// Nothing was left out.
    pub complete: bool,
    /// What was left out, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Whether a copy supports a way to credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Supports {
    /// It does.
    Ok,
    /// Its version is too old.
    TooOld,
    /// A package that it needs for that is not there.
    ModuleMissing,
    /// It cannot be told.
    Unknown,
}

/// The phase of an SDK's major version in the AWS maintenance policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// It gets features and fixes.
    Current,
    /// It gets critical fixes only.
    Maintenance,
    /// It gets nothing.
    Ended,
    /// AWS's table does not name it.
    Unknown,
}

/// A copy of an SDK, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundSdk {
    /// The family.
    pub sdk: SdkFamily,
    /// Its name for people.
    pub name: String,
    /// The SDK's own version. `null` where nothing tells.
    pub version: Option<String>,
    /// The file that tells, as the application has it.
    pub path: String,
    /// Which kind of file that is.
    pub by: FoundBy,
    /// Whether it can use IAM roles for service accounts.
    pub irsa: Supports,
    /// Whether it can use EKS Pod Identity.
    pub pod_identity: Supports,
    /// Whether it calls the regional STS endpoint without a setting. `null` where that is not known.
    pub regional_by_default: Option<bool>,
    /// Its phase in the AWS maintenance policy.
    pub support: Support,
    /// The package that web identity needs and that is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The version of its core, where that is another module (Go v2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core_version: Option<String>,
}
