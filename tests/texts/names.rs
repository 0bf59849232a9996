//! Other names in the same text: what a text means does not depend on which account, role, region, session or time it names.

use fastrand::Rng;
use irsa_probe::core::aws::partition::{PARTITIONS, Region};
use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Of every partition.
const REGIONS: [&str; 22] = [
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-west-1",
    "eu-central-2",
    "eu-south-1",
    "ap-northeast-3",
    "ap-southeast-7",
    "ca-west-1",
    "sa-east-1",
    "me-central-1",
    "af-south-1",
    "il-central-1",
    "mx-central-1",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-west-1",
    "us-gov-east-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "eusc-de-east-1",
    "eu-isoe-west-1",
];
const ROLES: [&str; 7] = [
    "payments",
    "checkout-prod-irsa",
    "eksctl-prod-addon-iamserviceaccount-shop-Role1-1A2B3C4D5E6F",
    "App.Reader+eu",
    "tf_2026_web@corp",
    "Role",
    "external-dns",
];
const SESSIONS: [&str; 6] = [
    "1725541882585093008",
    "botocore-session-1764496800",
    "eks-prod-payments-6-0a0b0c0d-1111-2222-3333-444455556666",
    "aws-sdk-java-1764496800123",
    "jane@example.com",
    "x1",
];
const BUCKETS: [&str; 4] = ["orders-eu", "logs.example.com", "prod-2026-11", "b42"];
const NAMES: [&str; 4] = ["payments", "cert-manager", "web-1", "a"];
const PROFILES: [&str; 4] = ["prod", "dev-admin", "team_a", "sso.main"];

struct Patterns {
    region: Regex,
    host: Regex,
    partition: Regex,
    account: Regex,
    role: Regex,
    session: Regex,
    bucket: Regex,
    service_account: Regex,
    request: Regex,
    instance: Regex,
    year: Regex,
    compact_year: Regex,
    port: Regex,
    resolver: Regex,
    profile: Regex,
    java: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let regex = |pattern: &str| Regex::new(pattern).unwrap();
    let area = "(?:us|eu|ap|ca|sa|me|af|il|mx|cn)-(?:gov-)?(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-7]";
    Patterns {
        region: regex(&format!(r"\b{area}\b")),
        host: regex(&format!(r"\b({area})\.amazonaws\.com(?:\.cn)?")),
        partition: regex(r"\barn:aws(?:-cn|-us-gov)?:"),
        account: regex(r"(::|:|account:|account )(\d{12})\b"),
        role: regex(r#"\b(?:assumed-role/|role/|[Rr]ole with name )([\w+=,.@-]*[\w+=@])"#),
        session: regex(r#"(assumed-role/[\w+=,.@-]+/)([\w+=,@-]+)"#),
        bucket: regex(r"arn:([\w-]+):s3:::([\w-]+)"),
        service_account: regex(r"system:serviceaccount:([a-z-]+):([a-z-]+)"),
        request: regex(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
        instance: regex(r"\bi-[0-9a-f]{17}\b"),
        year: regex(r"\b20[12]\d([-/]\d\d[-/]\d\d)"),
        compact_year: regex(r"\b20[12]\d(\d{4}T\d{6}Z)"),
        port: regex(r":(\d{5})->"),
        resolver: regex(r"\bon (10|172)\.\d+\.\d+\.10:53"),
        profile: regex(r"(config profile \(|shared config profile, )([\w-]+)"),
        java: regex(r"@[0-9a-f]{6,8}\b"),
    }
});

fn pick<'a>(from: &[&'a str], rng: &mut Rng) -> &'a str {
    from[rng.usize(..from.len())]
}

fn hex(length: usize, rng: &mut Rng) -> String {
    (0..length).map(|_| char::from_digit(rng.u32(..16), 16).unwrap()).collect()
}

/// The same name becomes the same name.
fn replaced(text: &str, pattern: &Regex, mut other: impl FnMut(&Captures<'_>) -> String) -> String {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    pattern.replace_all(text, |one: &Captures<'_>| known.entry(one[0].to_owned()).or_insert_with(|| other(one)).clone()).into_owned()
}

/// The text with other names. What the answer depends on stays: whether a session is an instance, whether a role has a path, whether two
/// accounts are the same, which times come first.
pub fn others(text: &str, rng: &mut Rng) -> String {
    let all = &*PATTERNS;
    let mut text = text.to_owned();

    // FIPS endpoints and regions that do not exist are the point of the text.
    if !text.contains("fips") && !text.contains("FIPS") && all.region.is_match(&text) {
        let region = Region::parse(pick(&REGIONS, rng)).unwrap();
        let row = PARTITIONS.iter().find(|row| row.id == region.partition().id()).unwrap();
        text = all.host.replace_all(&text, format!("{}.{}", region.as_str(), row.dns_suffix)).into_owned();
        text = all.region.replace_all(&text, region.as_str()).into_owned();
        text = all.partition.replace_all(&text, format!("arn:{}:", row.id)).into_owned();
    }

    let (mut accounts, mut roles) = (BTreeMap::new(), BTreeMap::new());
    text = all
        .account
        .replace_all(&text, |one: &Captures<'_>| {
            let other = accounts.entry(one[2].to_owned()).or_insert_with(|| format!("{:012}", rng.u64(100_000_000_000..1_000_000_000_000)));
            format!("{}{other}", &one[1])
        })
        .into_owned();
    text = all
        .role
        .replace_all(&text, |one: &Captures<'_>| {
            let lower = one[1].to_lowercase();
            let kept = ["node", "worker", "karpenter", "ng"].iter().any(|word| lower.contains(word));
            let other =
                roles.entry(one[1].to_owned()).or_insert_with(|| if kept { one[1].to_owned() } else { pick(&ROLES, rng).to_owned() });
            one[0].replace(&one[1], other)
        })
        .into_owned();
    text = replaced(&text, &all.session, |one| match one[2].starts_with("i-") {
        true => one[0].to_owned(),
        false => format!("{}{}", &one[1], pick(&SESSIONS, rng)),
    });
    text = replaced(&text, &all.instance, |_| format!("i-0{}", hex(16, rng)));
    text = replaced(&text, &all.bucket, |one| format!("arn:{}:s3:::{}", &one[1], pick(&BUCKETS, rng)));
    text = replaced(&text, &all.service_account, |_| format!("system:serviceaccount:{}:{}", pick(&NAMES, rng), pick(&NAMES, rng)));
    text = replaced(&text, &all.request, |_| format!("{}-{}-4{}-a{}-{}", hex(8, rng), hex(4, rng), hex(3, rng), hex(3, rng), hex(12, rng)));
    let year = rng.u32(2024..2027);
    text = all.year.replace_all(&text, format!("{year}$1")).into_owned();
    text = all.compact_year.replace_all(&text, format!("{year}$1")).into_owned();
    text = replaced(&text, &all.port, |_| format!(":{}->", rng.u32(32768..61000)));
    text = replaced(&text, &all.resolver, |one| {
        format!("on {}.{}.{}.10:53", &one[1], if &one[1] == "10" { rng.u32(..200) } else { 20 }, rng.u32(..200))
    });
    text = replaced(&text, &all.profile, |one| format!("{}{}", &one[1], pick(&PROFILES, rng)));
    replaced(&text, &all.java, |one| format!("@{}", hex(one[0].len() - 1, rng)))
}
