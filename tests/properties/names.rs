//! ARNs, accounts, regions, durations: what is written is read again, and nothing panics.

use super::{cases, foreign};
use irsa_probe::core::aws::arn::{Account, AssumedRoleArn, RoleArn};
use irsa_probe::core::aws::partition::{PARTITIONS, Partition, Region, RegionError};
use irsa_probe::core::text::duration;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

/// One of the eight partitions.
pub fn partition() -> impl Strategy<Value = Partition> {
    select(PARTITIONS.iter().map(|row| row.partition).collect::<Vec<_>>())
}

/// Texts that begin like an ARN.
pub fn nearly_an_arn() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        select(&["arn", "aws", "aws-cn", "iam", "sts", "", "111122223333", "role/a", "role/", "assumed-role/a/b", "/", "i-0abc1234"][..])
            .prop_map(str::to_owned),
        foreign::text(),
    ];
    vec(part, 0..8).prop_map(|parts| parts.join(":"))
}

/// Texts that look like a region, and regions.
pub fn nearly_a_region() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ '\"]?[a-zA-Z]{2,4}[-_][a-z]{3,9}[-_][0-9]{1,2}[a-z\n]?",
        "(us|eu|cn|us-gov|us-iso|us-isob|eu-isoe|us-isof|eusc-de)-(north|east|west|central)-[1-9]",
        Just("aws-global".to_owned()),
        foreign::text(),
    ]
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_role_arn_is_read_as_written(partition in partition(), account in "[0-9]{12}", path in "(/[!-~]{1,30}){0,3}/", name in "[A-Za-z0-9_+=,.@-]{1,64}") {
        let text = format!("arn:{partition}:iam::{account}:role{path}{name}");
        let arn = RoleArn::parse(&text).unwrap();
        prop_assert_eq!((arn.partition, arn.account.as_str(), &arn.path, &arn.name), (partition, account.as_str(), &path, &name));
        prop_assert_eq!(arn.to_string(), text);
        let json = serde_json::to_string(&arn).unwrap();
        prop_assert_eq!(serde_json::from_str::<RoleArn>(&json).unwrap(), arn);
    }

    #[test]
    fn a_session_is_of_its_role_whatever_the_path(
        partition in partition(), account in "[0-9]{12}", path in "/([a-z]{1,8}/){0,3}", name in "[A-Za-z0-9_+=,.@-]{1,64}",
        session in "[A-Za-z0-9_+=,.@-]{2,64}", (other_partition, other_account, other_name) in (partition(), "[0-9]{12}", "[a-z]{1,8}"),
    ) {
        let role = RoleArn::parse(&format!("arn:{partition}:iam::{account}:role{path}{name}")).unwrap();
        let text = format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}");
        let assumed = AssumedRoleArn::parse(&text).unwrap();
        prop_assert_eq!(assumed.to_string(), text);
        let without_path = RoleArn { path: "/".into(), ..role.clone() };
        prop_assert!(role.is_role_of(&assumed) && without_path.is_role_of(&assumed) && role.same_role(&without_path));
        for other in [
            AssumedRoleArn { partition: other_partition, ..assumed.clone() },
            AssumedRoleArn { account: Account::parse(&other_account).unwrap(), ..assumed.clone() },
            AssumedRoleArn { role: other_name, ..assumed.clone() },
        ] {
            let same = other.partition == partition && other.account.as_str() == account && other.role.eq_ignore_ascii_case(&name);
            prop_assert_eq!(role.is_role_of(&other), same);
        }
    }

    #[test]
    fn what_parses_is_shown_as_it_was(text in prop_oneof![nearly_an_arn(), nearly_a_region(), any::<String>()]) {
        match RoleArn::parse(&text) {
            Ok(arn) => prop_assert_eq!(arn.to_string(), text.as_str()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        if let Some(arn) = AssumedRoleArn::parse(&text) {
            prop_assert_eq!(arn.to_string(), text.as_str());
        }
        if let Some(account) = Account::parse(&text) {
            prop_assert_eq!(account.to_string(), text.as_str());
        }
        match Region::parse(&text) {
            Ok(region) => {
                prop_assert_eq!(region.as_str(), text.as_str());
                for (fips, dual_stack) in [(false, false), (false, true), (true, false), (true, true)] {
                    let host = region.sts_host(fips, dual_stack);
                    prop_assert!(host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-'), "{}", host);
                }
            }
            Err(RegionError::AvailabilityZone(meant) | RegionError::Untidy(meant)) => prop_assert!(Region::parse(&meant).is_ok(), "{}", meant),
            Err(RegionError::NotARegion) => {}
        }
    }

    #[test]
    fn a_duration_is_the_sum_of_its_parts(parts in vec((0u64..10_000, select(&[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)][..])), 1..5)) {
        let text: String = parts.iter().map(|(number, (unit, _))| format!("{number}{unit}")).collect();
        let millis = parts.iter().map(|(number, (_, factor))| number * factor).sum();
        prop_assert_eq!(duration::parse(&text), Ok(Duration::from_millis(millis)));
        prop_assert_eq!(duration::parse(&format!("{millis}ms")), Ok(Duration::from_millis(millis)));
    }

    #[test]
    fn any_text_is_a_duration_or_an_error(text in prop_oneof![any::<String>(), "[0-9]{1,21}(ms|s|m|h)?[0-9]{0,3}s?"]) {
        match duration::parse(&text) {
            Ok(duration) => prop_assert!(duration <= Duration::from_secs(100 * 366 * 86_400)),
            Err(why) => prop_assert!(!why.is_empty()),
        }
    }
}
