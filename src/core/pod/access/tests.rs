use super::*;
use AccessDecision::{No, Unknown, Yes};

fn rights(uid: u32, gid: u32, groups: &[u32], overrides: bool) -> Rights {
    Rights { uid, gid, groups: groups.to_vec(), overrides, ..Rights::default() }
}

fn object(mode: u32, uid: u32, gid: u32) -> Object {
    Object { mode, uid, gid, acl: Some(false), by_mode: true }
}

#[test]
fn by_mode_as_for_the_first_class_that_fits() {
    let app = rights(1000, 3000, &[2000, 4000], false);
    for (mode, uid, gid, read, search, why) in [
        (0o100_600, 0, 0, No, No, "a root-only token"),
        (0o100_640, 0, 2000, Yes, No, "an fsGroup's token, by a supplementary group"),
        (0o100_640, 0, 3000, Yes, No, "by the process's own group"),
        (0o100_640, 0, 5000, No, No, "another group's"),
        (0o100_644, 0, 0, Yes, No, "open to all"),
        (0o100_044, 1000, 0, No, No, "the owner has no bits, and does not count among the others"),
        (0o100_604, 0, 2000, No, No, "a group without bits is kept from what others may"),
        (0o100_604, 0, 5000, Yes, No, "who is not in it is not"),
        (0o040_711, 0, 0, No, Yes, "a folder that may be searched and not listed"),
        (0o040_750, 0, 4000, Yes, Yes, "a group's folder"),
        (0o040_700, 0, 0, No, No, "root's folder"),
        (0o040_744, 0, 0, Yes, No, "a folder that may be listed and not searched"),
        (0o040_701, 1000, 0, Yes, Yes, "its own"),
    ] {
        assert_eq!(
            (may(&app, &object(mode, uid, gid), Want::Read), may(&app, &object(mode, uid, gid), Want::Search)),
            (read, search),
            "{why}"
        );
    }
}

#[test]
fn root_is_what_its_capabilities_make_of_it() {
    let token = object(0o100_600, 1000, 1000);
    assert_eq!(may(&rights(0, 0, &[], true), &token, Want::Read), Yes);
    assert_eq!(may(&rights(0, 0, &[], false), &token, Want::Read), No, "container root with all of them dropped");
    assert_eq!(may(&rights(0, 0, &[], false), &object(0o100_644, 1000, 1000), Want::Read), Yes);
    assert_eq!(may(&rights(0, 0, &[], false), &object(0o100_600, 0, 0), Want::Read), Yes, "its own");
    assert_eq!(may(&rights(1000, 1000, &[], true), &object(0o100_000, 0, 0), Want::Read), Yes, "a user with the capability");
}

#[test]
fn a_capability_counts_in_its_own_user_namespace() {
    let map = |text: &str| IdMap::parse(text).unwrap();
    let inside =
        |uids: &str, gids: &str| Rights { namespace: Namespace::Other(map(uids), map(gids)), ..rights(100_000, 100_000, &[], true) };
    let of_the_pod = inside("0 100000 65536", "0 100000 65536");
    for (uid, gid, answer) in
        [(100_000, 100_000, Yes), (165_535, 165_535, Yes), (165_536, 100_000, No), (99_999, 100_000, No), (100_001, 0, No), (0, 0, No)]
    {
        assert_eq!(may(&of_the_pod, &object(0o100_000, uid, gid), Want::Read), answer, "{uid}:{gid}");
    }
    assert_eq!(may(&of_the_pod, &object(0o100_644, 0, 0), Want::Read), Yes, "what is open is open, mapped or not");
    let unseen = Rights { namespace: Namespace::Unknown, ..rights(0, 0, &[], true) };
    assert_eq!(may(&unseen, &object(0o100_600, 1000, 0), Want::Read), Unknown(Doubt::Namespace));
    assert_eq!(may(&unseen, &object(0o100_644, 1000, 0), Want::Read), Yes);
    let without = Rights { overrides: false, ..unseen };
    assert_eq!(may(&without, &object(0o100_600, 1000, 0), Want::Read), No, "where it has no capability, the namespace does not matter");
}

#[test]
fn a_list_decides_only_where_the_kernel_asks_it() {
    let app = rights(1000, 3000, &[], false);
    let listed = |mode: u32, uid: u32, acl| Object { acl, ..object(mode, uid, 0) };
    for acl in [Some(true), None] {
        assert_eq!(may(&app, &listed(0o100_640, 0, acl), Want::Read), Unknown(Doubt::Acl));
        assert_eq!(may(&app, &listed(0o100_644, 0, acl), Want::Read), Unknown(Doubt::Acl), "it may take away, too");
        assert_eq!(may(&app, &listed(0o100_600, 1000, acl), Want::Read), Yes, "its owner");
        assert_eq!(may(&app, &listed(0o100_600, 0, acl), Want::Read), No, "without a mask it gives nothing");
        assert_eq!(may(&rights(0, 0, &[], true), &listed(0o100_640, 7, acl), Want::Read), Yes, "a capability stands above it");
    }
}

#[test]
fn an_id_without_a_number_here_cannot_be_compared() {
    let unmapped = (Some(65534), Some(65534));
    let with = |uid, gid, overrides| Rights { unmapped, ..rights(uid, gid, &[], overrides) };
    assert_eq!(may(&with(65534, 7, false), &object(0o100_600, 65534, 7), Want::Read), Unknown(Doubt::Owner));
    assert_eq!(may(&with(65534, 7, false), &object(0o100_644, 65534, 7), Want::Read), Yes, "the same whoever it is");
    assert_eq!(may(&with(7, 65534, false), &object(0o100_640, 8, 65534), Want::Read), Unknown(Doubt::Owner));
    assert_eq!(may(&with(7, 7, false), &object(0o100_600, 65534, 65534), Want::Read), No);
    assert_eq!(may(&with(0, 0, true), &object(0o100_600, 65534, 0), Want::Read), Unknown(Doubt::Owner));
    let whole = Rights { unmapped: (None, None), ..with(65534, 7, false) };
    assert_eq!(may(&whole, &object(0o100_600, 65534, 7), Want::Read), Yes, "where every id has a number, 65534 is one like any other");
}

#[test]
fn other_file_systems_have_rules_of_their_own() {
    for (number, by_mode) in [(0x0102_1994, true), (0xef53, true), (0x6969, false), (0x6573_5546, false), (0x9fa0, false), (0, false)] {
        assert_eq!(goes_by_mode(number), by_mode, "{number:#x}");
    }
    let foreign = Object { by_mode: false, ..object(0o100_644, 0, 0) };
    assert_eq!(may(&rights(0, 0, &[], true), &foreign, Want::Read), Unknown(Doubt::FileSystem), "a server may give root no rights");
}

#[test]
fn links_in_folders_that_all_may_write_to() {
    let app = rights(1000, 1000, &[], true);
    let tmp = object(0o041_777, 0, 0);
    for (link, folder, protected, answer) in [
        (1000, tmp, Some(true), Yes),
        (0, tmp, Some(true), Yes),
        (2000, tmp, Some(true), No),
        (2000, tmp, Some(false), Yes),
        (2000, tmp, None, Unknown(Doubt::Link)),
        (1000, tmp, None, Yes),
        (2000, object(0o040_777, 0, 0), Some(true), Yes),
        (2000, object(0o041_775, 0, 0), Some(true), Yes),
    ] {
        assert_eq!(may_follow(&app, link, &folder, protected), answer, "{link} {folder:?} {protected:?}");
    }
    let unmapped = Rights { unmapped: (Some(65534), None), ..rights(65534, 0, &[], false) };
    assert_eq!(may_follow(&unmapped, 65534, &tmp, Some(true)), Unknown(Doubt::Link));
}

#[test]
fn maps_are_read_as_the_kernel_writes_them() {
    let all = IdMap::parse("         0          0 4294967295\n").unwrap();
    assert!(all.is_whole() && all.maps(0) && all.maps(4_294_967_294) && !all.maps(u32::MAX));
    let two = IdMap::parse("0 1000 1\n1 100000 65536\n").unwrap();
    assert!(!two.is_whole() && two.maps(1000) && !two.maps(1001) && two.maps(165_535) && !two.maps(165_536));
    assert!(two.has(0) && two.has(65_536) && !two.has(65_537));
    // The ids inside are mapped to ids that have no number here.
    assert!(!IdMap::parse("0 4294967295 1000\n").unwrap().maps(0));
    assert_eq!(IdMap::parse(""), Some(IdMap::default()), "none is mapped yet");
    for bad in ["0 0", "a b c", "0 0 99999999999"] {
        assert_eq!(IdMap::parse(bad), None, "{bad}");
    }
}

#[test]
fn labels_that_leave_files_alone() {
    for (label, expected) in [
        ("", true),
        ("unconfined", true),
        ("cri-containerd.apparmor.d (enforce)", true),
        ("docker-default (enforce)", true),
        ("containers-default-0.50.1 (enforce)", true),
        ("my-profile (complain)", true),
        ("my-profile (enforce)", false),
        ("cri-containerd.apparmor.d//child (enforce)", false),
        ("docker-default", false),
        ("system_u:system_r:container_t:s0:c1,c2", false),
        ("system_u:system_r:unconfined_t:s0", false),
    ] {
        assert_eq!(leaves_files_alone(label), expected, "{label}");
    }
}
