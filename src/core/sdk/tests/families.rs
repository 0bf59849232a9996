//! The table of families: every row is complete, and no two rows share a name.

use crate::core::sdk::SdkFamily;
use crate::core::sdk::SdkVersion;
use crate::core::sdk::families::Basis;
use crate::core::sdk::rules::Link;
use std::collections::BTreeSet;

#[test]
fn every_row_is_complete() {
    let is_id = |id: &str| id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'));
    let is_version = |text: &str| !text.is_empty() && text.trim() == text;
    for sdk in SdkFamily::ALL {
        let row = sdk.row();
        let id = sdk.id();
        assert!(is_id(id), "{id:?}");
        assert!(!row.name.is_empty() && row.name.trim() == row.name, "{id}: {:?}", row.name);
        assert!(row.irsa.is_some() || row.pod_identity.is_some(), "{id} knows neither provider");
        assert!(row.irsa.into_iter().chain(row.pod_identity).all(is_version), "{id}: {:?} {:?}", row.irsa, row.pod_identity);
        assert!(row.regional_since.into_iter().all(is_version), "{id}: {:?}", row.regional_since);
        assert!(row.note.is_empty() || row.note.ends_with('.'), "{id}: {:?}", row.note);
        assert!(!row.package.is_empty() && !row.short_name.is_empty(), "{id}");
        assert_eq!(row.basis == Basis::Measured, sdk.measured_versions().next().is_some(), "{id}");
        // The newest version stands first, a version that was run belongs to the row that names it, and the last row is for all older ones.
        let since: Vec<_> = row.versions.iter().map(|version| SdkVersion::parse(version.since)).collect();
        assert!(since.iter().rev().skip(1).all(Option::is_some) && since.last() == Some(&None), "{id}: {since:?}");
        assert!(since.is_sorted_by(|one, next| one > next), "{id}: {since:?}");
        for version in row.versions.iter().flat_map(|row| row.measured.iter().map(move |version| (row, version))) {
            let (row, version) = (version.0, SdkVersion::parse(version.1).unwrap());
            assert!(std::ptr::eq(sdk.version_row(Some(version)).0, row), "{id} {version}");
        }
        assert_eq!(SdkFamily::parse(id), Some(sdk));
        assert_eq!(serde_json::to_value(sdk).unwrap(), id);
    }
}

/// A chain that lacks a link would ignore credentials, and no other test would show it.
#[test]
fn every_chain_looks_everywhere() {
    for sdk in SdkFamily::ALL {
        let has_link = |wanted: fn(&Link) -> bool| sdk.row().versions[0].chain.links.iter().any(wanted);
        assert!(has_link(|link| matches!(link, Link::Env)), "{}", sdk.id());
        assert!(has_link(|link| matches!(link, Link::Profile(_))), "{}", sdk.id());
        assert!(has_link(|link| matches!(link, Link::WebIdentity)), "{}", sdk.id());
        assert!(has_link(|link| matches!(link, Link::Container | Link::ContainerOrImds)), "{}", sdk.id());
        assert!(has_link(|link| matches!(link, Link::Imds | Link::ContainerOrImds)), "{}", sdk.id());
    }
}

#[test]
fn rows_stand_in_the_order_of_their_ids_and_no_name_means_two() {
    assert!(SdkFamily::ALL.is_sorted_by(|one, next| one.id() < next.id()));
    let mut names = BTreeSet::new();
    for sdk in SdkFamily::ALL {
        for name in [sdk.id(), sdk.name()].into_iter().chain(sdk.aliases().iter().copied()) {
            assert!(names.insert(name.to_lowercase()), "{name:?} of {} is taken", sdk.id());
        }
        assert!(sdk.aliases().iter().all(|alias| alias.to_lowercase() == *alias && !alias.is_empty()), "{:?}", sdk.aliases());
    }
}
