//! Partitions, regions and their STS host names.
//!
//! Source: `partitions.json` and the STS endpoint rule set of the AWS SDKs (botocore `sts/2011-06-15/endpoint-rule-set-1.json`);
//! FIPS hosts: botocore `endpoints.json`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the eight partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Partition {
    #[serde(rename = "aws")]
    Aws,
    #[serde(rename = "aws-cn")]
    China,
    #[serde(rename = "aws-us-gov")]
    UsGov,
    #[serde(rename = "aws-eusc")]
    Eusc,
    #[serde(rename = "aws-iso")]
    Iso,
    #[serde(rename = "aws-iso-b")]
    IsoB,
    #[serde(rename = "aws-iso-e")]
    IsoE,
    #[serde(rename = "aws-iso-f")]
    IsoF,
}

/// What is fixed per partition.
#[derive(Debug)]
pub struct PartitionRow {
    /// The partition.
    pub partition: Partition,
    /// As ARNs write it.
    pub id: &'static str,
    /// Suffix of service host names.
    pub dns_suffix: &'static str,
    /// Suffix of dual-stack service host names.
    pub dual_stack_suffix: &'static str,
    /// Its regions begin with one of these.
    region_prefixes: &'static [&'static str],
}

/// All partitions. `aws` stands last, because its prefix fits every region, also those that begin with `us-gov-`, `us-iso-` or `eu-isoe-`.
pub const PARTITIONS: [PartitionRow; 8] = [
    row(Partition::China, "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", &["cn-"]),
    row(Partition::UsGov, "aws-us-gov", "amazonaws.com", "api.aws", &["us-gov-"]),
    row(Partition::Eusc, "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", &["eusc-"]),
    row(Partition::Iso, "aws-iso", "c2s.ic.gov", "api.aws.ic.gov", &["us-iso-"]),
    row(Partition::IsoB, "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", &["us-isob-"]),
    row(Partition::IsoE, "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", &["eu-isoe-"]),
    row(Partition::IsoF, "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", &["us-isof-"]),
    // The SDKs take `aws` for every region that no other partition has. So a region that is newer than this table works.
    row(Partition::Aws, "aws", "amazonaws.com", "api.aws", &[""]),
];

const fn row(
    partition: Partition,
    id: &'static str,
    dns_suffix: &'static str,
    dual_stack_suffix: &'static str,
    region_prefixes: &'static [&'static str],
) -> PartitionRow {
    PartitionRow { partition, id, dns_suffix, dual_stack_suffix, region_prefixes }
}

impl Partition {
    /// The partition with this ARN name.
    pub fn from_id(id: &str) -> Option<Partition> {
        PARTITIONS.iter().find(|row| row.id == id).map(|row| row.partition)
    }

    /// Its row.
    pub fn row(self) -> &'static PartitionRow {
        // Every variant has a row, which a test checks. The fallback avoids a panic.
        PARTITIONS.iter().find(|row| row.partition == self).unwrap_or(&PARTITIONS[7])
    }

    /// As ARNs write it.
    pub fn id(self) -> &'static str {
        self.row().id
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Why a text is no region. A variant's text is the region that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionError {
    /// `us-east-1a` is a zone of `us-east-1`.
    AvailabilityZone(String),
    /// White space, quotes or capitals around a good name.
    Untidy(String),
    /// Anything else.
    NotARegion,
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegionError::AvailabilityZone(region) => write!(f, "this is an availability zone; its region is {region}"),
            RegionError::Untidy(region) => write!(f, "write it as {region}: no white space, quotes or capitals"),
            RegionError::NotARegion => f.write_str("a region looks like us-west-2"),
        }
    }
}

/// A region's code, such as `eu-central-1`, or `aws-global` for the global STS endpoint. The code is well formed. Whether the region exists is
/// not checked here: DNS shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// The pseudo-region of the global STS endpoint. Only the partition `aws` has it.
pub const GLOBAL: &str = "aws-global";

impl Region {
    /// Parses a region's code.
    pub fn parse(text: &str) -> Result<Region, RegionError> {
        if text == GLOBAL || is_region(text) {
            return Ok(Region(text.to_owned()));
        }
        let tidy = text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'').to_ascii_lowercase().replace('_', "-");
        if tidy != text && is_region(&tidy) {
            return Err(RegionError::Untidy(tidy));
        }
        match tidy.strip_suffix(|c: char| c.is_ascii_lowercase()) {
            Some(region) if is_region(region) => Err(RegionError::AvailabilityZone(region.to_owned())),
            _ => Err(RegionError::NotARegion),
        }
    }

    /// The region in an issuer of EKS: `https://oidc.eks.REGION.amazonaws.com/id/ID`, or the dual-stack `https://oidc-eks.REGION.api.aws/id/ID`.
    pub fn of_issuer(issuer: &str) -> Option<Region> {
        let code = issuer.strip_prefix("https://oidc.eks.").or_else(|| issuer.strip_prefix("https://oidc-eks."))?.split('.').next()?;
        Region::parse(code).ok().filter(|region| !region.is_global())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for `aws-global`.
    pub fn is_global(&self) -> bool {
        self.0 == GLOBAL
    }

    /// The partition it belongs to.
    pub fn partition(&self) -> Partition {
        PARTITIONS
            .iter()
            .find(|row| row.region_prefixes.iter().any(|prefix| self.0.starts_with(prefix)))
            .map_or(Partition::Aws, |row| row.partition)
    }

    /// The region for which requests to its STS endpoint are signed. The global endpoint accepts only `us-east-1`.
    pub fn signing_region(&self) -> &str {
        if self.is_global() { "us-east-1" } else { &self.0 }
    }

    /// The STS host of this region, by the SDKs' endpoint rules.
    pub fn sts_host(&self, fips: bool, dual_stack: bool) -> String {
        let region = &self.0;
        let row = self.partition().row();
        match (fips, dual_stack) {
            _ if self.is_global() => "sts.amazonaws.com".to_owned(),
            (true, true) => format!("sts-fips.{region}.{}", row.dual_stack_suffix),
            // GovCloud's ordinary hosts are FIPS endpoints.
            (true, false) if row.partition == Partition::UsGov => format!("sts.{region}.{}", row.dns_suffix),
            (true, false) => format!("sts-fips.{region}.{}", row.dns_suffix),
            (false, true) => format!("sts.{region}.{}", row.dual_stack_suffix),
            (false, false) => format!("sts.{region}.{}", row.dns_suffix),
        }
    }

    /// Whether it is one of the regions that AWS had in 2026. A newer region is none of them (botocore `endpoints.json`).
    pub fn is_known(&self) -> bool {
        const PLACES: [&str; 46] = [
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-central-1",
            "ca-west-1",
            "cn-north-1",
            "cn-northwest-1",
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "eu-isoe-west-1",
            "eusc-de-east-1",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "mx-central-1",
            "sa-east-1",
            "us-east-1",
            "us-east-2",
            "us-gov-east-1",
            "us-gov-west-1",
            "us-west-1",
            "us-west-2",
            "us-iso-east-1",
            "us-iso-west-1",
            "us-isob-east-1",
            "us-isob-west-1",
            "us-isof-east-1",
            "us-isof-south-1",
        ];
        PLACES.contains(&self.0.as_str())
    }

    /// Whether STS has a FIPS endpoint in this region. The rule set names a host for every region, but only these exist (botocore `endpoints.json`).
    pub fn has_fips_sts(&self) -> bool {
        const WITH_FIPS: [&str; 4] = ["us-east-1", "us-east-2", "us-west-1", "us-west-2"];
        WITH_FIPS.contains(&self.0.as_str()) || self.partition() == Partition::UsGov
    }

    /// Regions whose calls go to the global endpoint under `AWS_STS_REGIONAL_ENDPOINTS=legacy` (botocore `legacy_global_regions`).
    pub fn is_legacy_global(&self) -> bool {
        const LEGACY: [&str; 16] = [
            "ap-northeast-1",
            "ap-south-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "aws-global",
            "ca-central-1",
            "eu-central-1",
            "eu-north-1",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "sa-east-1",
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
        ];
        LEGACY.contains(&self.0.as_str())
    }
}

/// Whether a text has the form of a region: `xx-word-1` or `xx-word-word-1`, with lower-case words and a number at the end. A text that is
/// longer than any real region is refused.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let Some((number, words)) = rest.split_last() else { return false };
    let is_word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase());
    text.len() <= 32
        && first.len() >= 2
        && is_word(first)
        && (1..=2).contains(&words.len())
        && words.iter().all(|w| is_word(w))
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Region {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Region::parse(&text).map_err(|e| format!("{text}: {e}"))
    }
}

impl From<Region> for String {
    fn from(region: Region) -> String {
        region.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str) -> Region {
        Region::parse(text).unwrap()
    }

    #[test]
    fn an_issuer_of_eks_tells_its_region() {
        let of = |issuer: &str| Region::of_issuer(issuer).map(|region| region.to_string());
        assert_eq!(of("https://oidc.eks.us-west-2.amazonaws.com/id/A").as_deref(), Some("us-west-2"));
        assert_eq!(of("https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A").as_deref(), Some("cn-north-1"));
        assert_eq!(of("https://oidc-eks.eu-central-1.api.aws/id/A").as_deref(), Some("eu-central-1"));
        for other in ["https://kubernetes.default.svc", "https://oidc.eks.example.com/id/A", "oidc.eks.us-west-2.amazonaws.com/id/A"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn every_region_finds_its_partition_and_host() {
        for (code, partition, host) in [
            ("us-west-2", "aws", "sts.us-west-2.amazonaws.com"),
            ("mx-central-1", "aws", "sts.mx-central-1.amazonaws.com"),
            ("xx-somewhere-9", "aws", "sts.xx-somewhere-9.amazonaws.com"),
            ("cn-north-1", "aws-cn", "sts.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "sts.us-gov-west-1.amazonaws.com"),
            ("eusc-de-east-1", "aws-eusc", "sts.eusc-de-east-1.amazonaws.eu"),
            ("us-iso-east-1", "aws-iso", "sts.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sts.us-isob-east-1.sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "sts.eu-isoe-west-1.cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "sts.us-isof-south-1.csp.hci.ic.gov"),
            ("aws-global", "aws", "sts.amazonaws.com"),
        ] {
            assert_eq!(region(code).partition().id(), partition, "{code}");
            assert_eq!(region(code).sts_host(false, false), host);
        }
        assert!(PARTITIONS.iter().all(|row| row.partition.id() == row.id));
    }

    #[test]
    fn fips_and_dual_stack_hosts() {
        assert_eq!(region("us-east-1").sts_host(true, false), "sts-fips.us-east-1.amazonaws.com");
        assert_eq!(region("us-gov-west-1").sts_host(true, false), "sts.us-gov-west-1.amazonaws.com");
        assert_eq!(region("eu-west-1").sts_host(false, true), "sts.eu-west-1.api.aws");
        assert_eq!(region("us-east-2").sts_host(true, true), "sts-fips.us-east-2.api.aws");
        assert_eq!(region("cn-north-1").sts_host(false, true), "sts.cn-north-1.api.amazonwebservices.com.cn");
        assert!(region("us-gov-east-1").has_fips_sts() && !region("eu-west-1").has_fips_sts());
    }

    #[test]
    fn what_is_no_region_says_what_was_meant() {
        assert_eq!(Region::parse("us-east-1a"), Err(RegionError::AvailabilityZone("us-east-1".into())));
        assert_eq!(Region::parse(" us-east-1\n"), Err(RegionError::Untidy("us-east-1".into())));
        assert_eq!(Region::parse("US_EAST_1"), Err(RegionError::Untidy("us-east-1".into())));
        for bad in ["", "us", "us-east", "useast1", "us-east-1.example.com", "global", "us--1", "us-east-1/../x", "us-east-111"] {
            assert_eq!(Region::parse(bad), Err(RegionError::NotARegion), "{bad}");
        }
    }
}
