//! The host names of STS: which exist, and which region each one serves.

/// Partition, DNS suffix, dual-stack suffix, regions.
const PARTITIONS: &[(&str, &str, &str, &[&str])] = &[
    (
        "aws",
        "amazonaws.com",
        "api.aws",
        &[
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
            "ap-southeast-7",
            "ca-central-1",
            "ca-west-1",
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "mx-central-1",
            "sa-east-1",
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
        ],
    ),
    ("aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", &["cn-north-1", "cn-northwest-1"]),
    ("aws-us-gov", "amazonaws.com", "api.aws", &["us-gov-east-1", "us-gov-west-1"]),
    ("aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", &["eusc-de-east-1"]),
    ("aws-iso", "c2s.ic.gov", "api.aws.ic.gov", &["us-iso-east-1", "us-iso-west-1"]),
    ("aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", &["us-isob-east-1"]),
    ("aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", &["eu-isoe-west-1"]),
    ("aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", &["us-isof-east-1", "us-isof-south-1"]),
];

/// The only regions with `sts-fips.` names.
const FIPS: &[&str] = &["us-east-1", "us-east-2", "us-west-1", "us-west-2"];

/// The region of the global endpoint's name in worlds and records.
pub const GLOBAL: &str = "aws-global";

/// The region that a host name of STS serves; `None` for names that DNS does not have.
pub fn region_of(host: &str) -> Option<String> {
    if host == "sts.amazonaws.com" {
        return Some(GLOBAL.to_owned());
    }
    PARTITIONS.iter().find_map(|(_, suffix, dual, regions)| {
        regions.iter().find_map(|region| {
            let known = host == format!("sts.{region}.{suffix}")
                || host == format!("sts.{region}.{dual}")
                || (FIPS.contains(region)
                    && (host == format!("sts-fips.{region}.{suffix}") || host == format!("sts-fips.{region}.{dual}")));
            known.then(|| (*region).to_owned())
        })
    })
}

/// The partition of a region (or of `aws-global`).
pub fn partition_of(region: &str) -> &'static str {
    PARTITIONS.iter().find(|(.., regions)| regions.contains(&region)).map_or("aws", |(partition, ..)| partition)
}

/// The only region whose scope an endpoint accepts.
pub fn signing_region(region: &str) -> &str {
    if region == GLOBAL { "us-east-1" } else { region }
}
