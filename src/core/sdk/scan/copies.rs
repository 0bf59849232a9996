//! From packages to the copies of SDKs: the families' rows say which package is which SDK.

use super::super::families::{Packages, SdkFamily};
use super::super::version::SdkVersion;
use super::found::{Copy, Package};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The copies of SDKs that these packages are, by their paths. One copy for each place and version. `complete` says that all packages of each
/// place were seen. Otherwise none can be said to be missing.
pub fn copies(packages: &[Package], complete: bool) -> Vec<Copy> {
    let mut places: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in packages {
        places.entry(&package.place).or_default().push(package);
    }
    let mut copies: Vec<Copy> =
        places.values().flat_map(|place| SdkFamily::ALL.into_iter().flat_map(|family| of_place(family, place, complete))).collect();
    copies.sort_by(|a, b| (&a.path, a.family, &a.version).cmp(&(&b.path, b.family, &b.version)));
    copies
}

/// The copies of one family in one place.
fn of_place(family: SdkFamily, place: &[&Package], complete: bool) -> Vec<Copy> {
    let known = family.packages();
    let of = |names: &[&str]| -> Vec<&Package> {
        let is_named = |package: &&&Package| names.iter().any(|name| is_match(&package.name, name)) && is_of(family, package, known);
        place.iter().filter(is_named).copied().collect()
    };
    let telling = known.version.iter().map(|name| of(&[name])).find(|found| !found.is_empty()).unwrap_or_default();
    let core = known.core.and_then(|name| of(&[name]).first().and_then(|package| package.version.clone()));
    let absent = known.sts.filter(|name| of(&[&name.to_ascii_lowercase()]).is_empty() && !place.iter().any(|package| package.partial));
    let missing = absent.filter(|_| complete);
    let mut copies: BTreeMap<Option<String>, Copy> = BTreeMap::new();
    let mut add = |package: &Package, version: Option<String>| {
        let copy = Copy {
            family,
            version,
            core_version: core.clone(),
            path: package.path.clone(),
            by: package.by,
            missing: missing.map(str::to_owned),
            partial: package.partial,
            unseen: absent.is_some() && !complete,
            own: false,
        };
        match copies.entry(copy.version.clone()) {
            Entry::Occupied(mut other) if other.get().path > copy.path => drop(other.insert(copy)),
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => {
                place.insert(copy);
            }
        }
    };
    for package in &telling {
        add(package, package.version.clone());
    }
    if telling.is_empty()
        && let Some(sign) = of(known.signs).into_iter().min_by(|a, b| a.path.cmp(&b.path))
    {
        add(sign, None);
    }
    copies.into_values().collect()
}

/// Whether the package is of this generation of the SDK.
fn is_of(family: SdkFamily, package: &Package, known: &Packages) -> bool {
    let major = package.version.as_deref().and_then(SdkVersion::parse).map(SdkVersion::major);
    !known.by_major || major.is_none_or(|major| family.majors().contains(&major))
}

/// Whether a name is the one of a row. A `*` at the end of the row's stands for any rest.
fn is_match(name: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == wanted,
    }
}
