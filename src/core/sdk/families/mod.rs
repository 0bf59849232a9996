//! The SDK families, one row each. A row holds everything that is known about a family. To add a family, write its row and name it in `families!`.

mod cpp;
mod dotnet;
mod go;
mod java;
mod javascript;
mod php;
mod python;
mod ruby;
mod rust;

use super::outcome::ChainEnd;
use super::rules::Chain;
use super::scan::Support;
use super::version::SdkVersion;
use crate::core::text::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What is known about a family.
#[derive(Debug)]
pub(super) struct FamilyRow {
    /// Its name in the AWS SDKs and Tools Reference Guide.
    pub(super) name: &'static str,
    /// Its name for people, in a table or a sentence.
    pub(super) short_name: &'static str,
    /// Other names that people use for it, in lower case: packages, languages.
    pub(super) aliases: &'static [&'static str],
    /// What the version numbers below are the versions of.
    pub(super) package: &'static str,
    /// The major versions of that package that are this family, where another family is another generation of the same SDK.
    pub(super) majors: &'static [u32],
    /// The first version that supports IRSA (EKS user guide, "Use IRSA with the AWS SDK"). `None` where AWS lists no version.
    pub(super) irsa: Option<&'static str>,
    /// The first version that supports EKS Pod Identity (EKS user guide, "Use pod identity with the AWS SDK"). `None` where AWS lists no version.
    pub(super) pod_identity: Option<&'static str>,
    /// The version or time since when it calls the regional endpoint, if older versions call the global one (AWS developer blog on the change of
    /// July 2025).
    pub(super) regional_since: Option<&'static str>,
    /// How the rows of `versions` are known.
    pub(super) basis: Basis,
    /// The chain of each version, the newest first.
    pub(super) versions: &'static [VersionRow],
    /// What a user of this SDK should know, in sentences.
    pub(super) note: &'static str,
    /// How its copies are found in a file system.
    pub(super) packages: Packages,
    /// The phases of its major versions in AWS's maintenance policy (AWS SDKs and Tools Reference Guide, "Version lifecycle").
    pub(super) support: &'static [SupportRow],
}

/// The packages that are this SDK, as their ecosystem names them, in lower case. A `*` at the end stands for any rest.
#[derive(Debug)]
pub(super) struct Packages {
    /// The packages whose version is the SDK's. The first one that is there tells.
    pub(super) version: &'static [&'static str],
    /// Packages that show that the SDK is there without telling its version.
    pub(super) signs: &'static [&'static str],
    /// The package whose version is reported together with the SDK's.
    pub(super) core: Option<&'static str>,
    /// The package that web identity needs, where it is one of its own; written as people write it.
    pub(super) sts: Option<&'static str>,
    /// The packages of another family have the same names: only the majors of this one count.
    pub(super) by_major: bool,
    /// The first versions of a major version that support a way, where AWS lists the number of something else.
    pub(super) first: &'static [FirstVersion],
}

/// What most rows have: nothing.
const PACKAGES: Packages = Packages { version: &[], signs: &[], core: None, sts: None, by_major: false, first: &[] };

/// The first version of a package, of one major version, that supports a way to credentials.
#[derive(Debug)]
pub(super) struct FirstVersion {
    /// The way.
    pub(super) way: ChainEnd,
    /// The major version.
    pub(super) major: u32,
    /// The first version of it.
    pub(super) version: &'static str,
}

/// When a major version leaves AWS's support. The times are the starts of those days, in UTC.
#[derive(Debug)]
pub(super) struct SupportRow {
    /// The major version.
    pub(super) major: u32,
    /// The day on which it gets critical fixes only.
    pub(super) maintenance: Option<&'static str>,
    /// The day on which it gets nothing more.
    pub(super) ended: Option<&'static str>,
}

/// A major version that AWS supports, without an end that is announced.
const fn supported(major: u32) -> SupportRow {
    SupportRow { major, maintenance: None, ended: None }
}

/// A major version whose support ended before this program was written. The day does not matter.
const fn ended(major: u32) -> SupportRow {
    SupportRow { major, maintenance: None, ended: Some("1970-01-01T00:00:00Z") }
}

/// The chain of a family from a version on.
#[derive(Debug)]
pub(super) struct VersionRow {
    /// The first version that is taken to have this chain: from the SDK's changelog or AWS's documents where they name it, else a version between
    /// two that were run. Empty for all older versions.
    pub(super) since: &'static str,
    /// The versions that were run (docs/sdks.md), the newest first.
    pub(super) measured: &'static [&'static str],
    pub(super) chain: Chain,
}

/// How well a prediction is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The SDK of this version was run.
    Measured,
    /// The SDK's source or AWS's documents were read. This version was not run.
    Documented,
    /// Neither.
    Unverified,
}

macro_rules! families {
    ($($family:ident = $id:literal: $row:path,)*) => {
        /// An SDK family. SDKs with different credential chains are different families. The CLIs are families too.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum SdkFamily {
            $(#[doc = concat!("`", $id, "`")] #[serde(rename = $id)] $family,)*
        }

        impl SdkFamily {
            /// All families, in the order of their ids.
            pub const ALL: [SdkFamily; FAMILIES.len()] = [$(SdkFamily::$family),*];
        }

        const FAMILIES: &[(&str, &FamilyRow)] = &[$(($id, &$row)),*];
    };
}

// The ids are lower case, permanent, and in order.
families! {
    Botocore = "botocore": python::BOTOCORE,
    CliV1 = "cli-v1": python::CLI_V1,
    CliV2 = "cli-v2": python::CLI_V2,
    Cpp = "cpp": cpp::CPP,
    Dotnet = "dotnet": dotnet::DOTNET,
    GoV1 = "go-v1": go::GO_V1,
    GoV2 = "go-v2": go::GO_V2,
    JavaV1 = "java-v1": java::JAVA_V1,
    JavaV2 = "java-v2": java::JAVA_V2,
    JsV2 = "js-v2": javascript::JS_V2,
    JsV3 = "js-v3": javascript::JS_V3,
    Kotlin = "kotlin": java::KOTLIN,
    Php = "php": php::PHP,
    Powershell = "powershell": dotnet::POWERSHELL,
    Ruby = "ruby": ruby::RUBY,
    Rust = "rust": rust::RUST,
}

impl SdkFamily {
    /// Its row. The variant's number is the row's index.
    pub(super) const fn row(self) -> &'static FamilyRow {
        FAMILIES[self as usize].1
    }

    /// Its name on the command line and in reports.
    pub const fn id(self) -> &'static str {
        FAMILIES[self as usize].0
    }

    /// Its name in the AWS SDKs and Tools Reference Guide.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Its name for people, in a table or a sentence.
    pub const fn short_name(self) -> &'static str {
        self.row().short_name
    }

    /// Other names that people use for it, in lower case.
    pub const fn aliases(self) -> &'static [&'static str] {
        self.row().aliases
    }

    /// What its version numbers are the versions of.
    pub const fn package(self) -> &'static str {
        self.row().package
    }

    /// The packages that are this SDK.
    pub(super) const fn packages(self) -> &'static Packages {
        &self.row().packages
    }

    /// Its major versions, where another family is another generation of the same SDK.
    pub(super) const fn majors(self) -> &'static [u32] {
        self.row().majors
    }

    /// The first version that supports this way to credentials, as AWS lists it.
    pub(super) fn minimum(self, way: ChainEnd) -> Option<&'static str> {
        match way {
            ChainEnd::Irsa => self.row().irsa,
            ChainEnd::PodIdentity => self.row().pod_identity,
            _ => None,
        }
    }

    /// The first version of its package that supports this way: of the major version that is there, else as AWS lists it.
    pub fn first_version(self, way: ChainEnd, version: Option<SdkVersion>) -> Option<&'static str> {
        let is_meant = |first: &&FirstVersion| first.way == way && version.is_some_and(|version| version.major() == first.major);
        let own = self.packages().first.iter().find(is_meant).map(|first| first.version);
        own.or_else(|| self.minimum(way))
    }

    /// The phase of this version on this day. A family with one major version has that version where nothing tells.
    pub(super) fn support(self, version: Option<SdkVersion>, today: Timestamp) -> Support {
        let rows = self.row().support;
        let of_major = |major: u32| rows.iter().find(|row| row.major == major);
        let row = match (version, rows) {
            (Some(version), _) => of_major(version.major()),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let has_come = |day: Option<&str>| day.and_then(Timestamp::parse).is_some_and(|day| today >= day);
        match row {
            None => Support::Unknown,
            Some(row) if has_come(row.ended) => Support::Ended,
            Some(row) if has_come(row.maintenance) => Support::Maintenance,
            Some(_) => Support::Current,
        }
    }

    /// The versions of the real SDK that were run, the newest first. Empty when none was run.
    pub fn measured_versions(self) -> impl Iterator<Item = &'static str> {
        self.row().versions.iter().flat_map(|row| row.measured.iter().copied())
    }

    /// The family of this id or alias. Capitals do not count.
    pub fn parse(name: &str) -> Option<SdkFamily> {
        let name = name.to_ascii_lowercase();
        SdkFamily::ALL.into_iter().find(|family| family.id() == name || family.aliases().contains(&name.as_str()))
    }

    /// The row of this version, or of the current one, and how well it is known.
    pub(super) fn version_row(self, version: Option<SdkVersion>) -> (&'static VersionRow, Basis) {
        let family = self.row();
        // Each family has a row, which a test checks.
        let Some(version) = version else { return (&family.versions[0], family.basis) };
        let row = family.versions.iter().find(|row| row.since.is_empty() || version.is_at_least(row.since));
        let row = row.unwrap_or(&family.versions[family.versions.len() - 1]);
        let runs = || row.measured.iter().filter_map(|run| SdkVersion::parse(run));
        // A version between two that were run with the same chain has this chain too.
        let is_measured = runs().any(|run| run <= version) && runs().any(|run| run >= version);
        (row, if is_measured { family.basis } else { family.basis.max(Basis::Documented) })
    }
}

/// A family and, where it is known, the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Sdk {
    /// The family.
    pub family: SdkFamily,
    /// The version. `None` for the current one.
    pub version: Option<SdkVersion>,
    /// The package that makes exchanges at STS is not there (`sts` of the SDKs for Java).
    pub lacks_sts: bool,
}

/// The other generation of the SDK, if the version is one of it.
fn other_generation(family: SdkFamily, version: SdkVersion) -> Option<SdkFamily> {
    let other = GENERATIONS.iter().find(|two| two.contains(&family))?.iter().copied().find(|other| *other != family)?;
    let has = |family: SdkFamily| family.row().majors.contains(&version.major());
    (has(other) && !has(family)).then_some(other)
}

/// Families that are two generations of one SDK.
const GENERATIONS: [[SdkFamily; 2]; 3] =
    [[SdkFamily::CliV1, SdkFamily::CliV2], [SdkFamily::JavaV1, SdkFamily::JavaV2], [SdkFamily::JsV2, SdkFamily::JsV3]];

impl From<SdkFamily> for Sdk {
    fn from(family: SdkFamily) -> Sdk {
        Sdk { family, version: None, lacks_sts: false }
    }
}

/// `NAME` or `NAME@VERSION`.
impl From<Sdk> for String {
    fn from(sdk: Sdk) -> String {
        let id = sdk.family.id();
        sdk.version.map_or_else(|| id.to_owned(), |version| format!("{id}@{version}"))
    }
}

impl TryFrom<String> for Sdk {
    type Error = String;

    fn try_from(text: String) -> Result<Sdk, String> {
        Sdk::parse(&text)
    }
}

impl Sdk {
    /// Parses `NAME` or `NAME@VERSION`. The error says what is wrong.
    pub fn parse(text: &str) -> Result<Sdk, String> {
        let (name, version) = text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
        let ids = || SdkFamily::ALL.map(SdkFamily::id).join(", ");
        let family = SdkFamily::parse(name).ok_or_else(|| format!("{name:?} is none of {}", ids()))?;
        let version = match version.map(|version| (version, SdkVersion::parse(version))) {
            None => None,
            Some((_, Some(version))) => Some(version),
            Some((version, None)) => {
                let example = family.measured_versions().next().unwrap_or("1.2.3");
                return Err(format!("{version:?} is no version of {}; write it like {}@{example}", family.package(), family.id()));
            }
        };
        if let Some((version, other)) = version.and_then(|version| Some((version, other_generation(family, version)?))) {
            let (name, other_name) = (family.name(), other.name());
            return Err(format!("{version} is no version of {name}; for {other_name} write {}@{version}", other.id()));
        }
        Ok(Sdk { family, version, lacks_sts: false })
    }
}
