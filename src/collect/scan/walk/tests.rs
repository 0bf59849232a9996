use super::*;
use crate::collect::scan::ScanLimits;
use rustix::fs::CWD;
use std::path::Path;

/// Writes the metadata of a botocore of this version into a site.
fn botocore(root: &Path, site: &str, version: &str) {
    let folder = root.join(site).join(format!("botocore-{version}.dist-info"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("METADATA"), format!("Metadata-Version: 2.1\nName: botocore\nVersion: {version}\n")).unwrap();
}

fn open(path: &Path) -> OwnedFd {
    openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap()
}

fn walk(root: &Path, limits: ScanLimits, scope: Scope<'_>) -> Walk {
    let mut walk = Walk::new(Budget::new(limits), None);
    walk.tree(open(root), "/root", scope);
    walk
}

/// No test is about the time that this machine takes.
const AMPLE: ScanLimits =
    ScanLimits { cpu: std::time::Duration::from_secs(600), time: std::time::Duration::from_secs(600), ..ScanLimits::WALK };

fn versions(walk: &Walk) -> Vec<&str> {
    let mut versions: Vec<&str> = walk.packages.iter().filter_map(|package| package.version.as_deref()).collect();
    versions.sort_unstable();
    versions
}

#[test]
fn everything_below_a_folder_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    botocore(at, "", "1.0.1");
    botocore(at, "a/b/c", "1.0.2");
    let walk = walk(at, AMPLE, Scope::ALL);
    assert_eq!((versions(&walk), walk.left_out()), (vec!["1.0.1", "1.0.2"], None));
    assert_eq!(walk.budget.entries, 7);
    let mut paths: Vec<(&str, &str)> = walk.packages.iter().map(|package| (package.place.as_str(), package.path.as_str())).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [("/root", "/root/botocore-1.0.1.dist-info/METADATA"), ("/root/a/b/c", "/root/a/b/c/botocore-1.0.2.dist-info/METADATA")]
    );
}

#[test]
fn a_walk_ends_at_each_bound_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for number in 0..20 {
        botocore(at, &format!("site{number}"), &format!("1.0.{number}"));
    }
    let ended = |limits: ScanLimits| {
        let walk = walk(at, limits, Scope::ALL);
        (walk.packages.len(), walk.budget.entries, walk.left_out())
    };
    assert_eq!(ended(AMPLE), (20, 60, None));
    assert_eq!(ended(ScanLimits { entries: 60, ..AMPLE }), (20, 60, None));
    let (packages, entries, because) = ended(ScanLimits { entries: 59, ..AMPLE });
    assert_eq!((packages, entries), (19, 59));
    assert_eq!(because.as_deref(), Some("it ended after 59 files and folders"));
    let (packages, entries, because) = ended(ScanLimits { entries: 7, ..AMPLE });
    assert_eq!((packages, entries, because.as_deref()), (0, 7, Some("it ended after 7 files and folders")));
    // Half of the fifth file is no file.
    let size = std::fs::metadata(at.join("site1/botocore-1.0.1.dist-info/METADATA")).unwrap().len();
    let (packages, _, because) = ended(ScanLimits { bytes: 4 * size + size / 2, ..AMPLE });
    assert!(packages < 6 && because.as_deref() == Some("it ended after 0 MiB were read"), "{packages} {because:?}");
    let (packages, _, because) = ended(ScanLimits { found: 1000, ..AMPLE });
    assert_eq!(because, Some(format!("it ended after {packages} SDK packages were found")));
    assert!((1..20).contains(&packages));
    let none = std::time::Duration::ZERO;
    assert_eq!(ended(ScanLimits { time: none, ..AMPLE }).2.as_deref(), Some("it ended after 0 ms"));
    assert_eq!(ended(ScanLimits { cpu: none, ..AMPLE }).2.as_deref(), Some("it ended after 0 ms of CPU time"));
}

#[test]
fn a_scope_bounds_depth_and_names() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    botocore(at, "", "1.0.1");
    botocore(at, "aws-x", "1.0.2");
    botocore(at, "other", "1.0.3");
    botocore(at, "aws-x/other", "1.0.4");
    let seen = |depth: usize, names: &[&str]| {
        let walk = walk(at, AMPLE, Scope { depth, names });
        assert_eq!(walk.left_out(), None, "what is out of scope is not left out");
        versions(&walk).join(" ")
    };
    assert_eq!(seen(0, &[]), "");
    assert_eq!(seen(1, &[]), "1.0.1");
    assert_eq!(seen(2, &[]), "1.0.1 1.0.2 1.0.3");
    assert_eq!(seen(9, &[]), "1.0.1 1.0.2 1.0.3 1.0.4");
    // The names are those of the first level only.
    assert_eq!(seen(9, &["aws-", "boto"]), "1.0.1 1.0.2 1.0.4");
    assert_eq!(seen(9, &["aws-x"]), "1.0.2 1.0.4");
    assert_eq!(seen(9, &["ws-x"]), "");
}

#[test]
fn a_file_is_read_once_and_each_hard_link_is_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    botocore(at, "a", "1.0.1");
    let metadata = "botocore-1.0.1.dist-info/METADATA";
    std::fs::create_dir_all(at.join("b/botocore-1.0.1.dist-info")).unwrap();
    std::fs::hard_link(at.join("a").join(metadata), at.join("b").join(metadata)).unwrap();
    let mut walk = walk(at, AMPLE, Scope::ALL);
    assert_eq!(walk.packages.len(), 2, "uv links what it installs from its cache");
    let read = walk.budget.bytes;
    walk.tree(open(&at.join("a")), "/root/a", Scope::ALL);
    assert_eq!((walk.packages.len(), walk.budget.bytes), (2, read));
}

#[test]
fn a_folder_that_lies_too_deep_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    botocore(at, &vec!["d"; DEEPEST - 1].join("/"), "1.0.1");
    assert_eq!(walk(at, AMPLE, Scope::ALL).left_out(), None);
    botocore(at, &vec!["d"; DEEPEST].join("/"), "1.0.2");
    let walk = walk(at, AMPLE, Scope::ALL);
    assert_eq!(versions(&walk), ["1.0.1"]);
    assert!(walk.left_out().unwrap().ends_with("botocore-1.0.2.dist-info is too deep and was not entered"), "{:?}", walk.left_out());
}

#[test]
fn the_kernel_s_folders_are_not_entered() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for name in ["proc", "sys", "dev", "srv/proc"] {
        botocore(at, name, "1.0.1");
    }
    let mut walk = Walk::new(Budget::new(AMPLE), None);
    walk.tree(open(at), "", Scope::ALL);
    let paths: Vec<&str> = walk.packages.iter().map(|package| package.place.as_str()).collect();
    assert_eq!((paths, walk.left_out()), (vec!["/srv/proc"], None));
    // Where they are mounted in another place, their file systems show them.
    let mut walk = Walk::new(Budget::new(AMPLE), None);
    let parent = open(Path::new("/"));
    let root = fstat(&parent).unwrap().st_dev;
    assert!(matches!(walk.enter(parent.as_fd(), root, &CString::new("proc").unwrap(), "/mnt/proc"), Entered::NotOurs));
    walk.tree(open(at), "", Scope { depth: 0, names: &[] });
    assert_eq!(walk.left_out(), None);
}

#[test]
fn file_systems_by_their_numbers() {
    for (number, wanted) in [
        (0x9fa0, FileSystem::Kernel),
        (0x6265_6572, FileSystem::Kernel),
        (0x6367_7270, FileSystem::Kernel),
        (0xcafe_4a11, FileSystem::Kernel),
        // As a signed field of 32 bits gives it.
        (0xffff_ffff_cafe_4a11, FileSystem::Kernel),
        (0x6969, FileSystem::Network),
        (0xff53_4d42, FileSystem::Network),
        (0xffff_ffff_fe53_4d42, FileSystem::Network),
        (0x6573_5546, FileSystem::Network),
        (0x0102_1997, FileSystem::Network),
        // ext4, overlay, tmpfs, xfs, btrfs, squashfs, ramfs
        (0xef53, FileSystem::Other),
        (0x794c_7630, FileSystem::Other),
        (0x0102_1994, FileSystem::Other),
        (0x5846_5342, FileSystem::Other),
        (0x9123_683e, FileSystem::Other),
        (0x7371_7368, FileSystem::Other),
        (0x8584_58f6, FileSystem::Other),
    ] {
        assert_eq!(FileSystem::of(number), wanted, "{number:#x}");
    }
    let of = |path: &str| FileSystem::of(fstatfs(open(Path::new(path))).unwrap().f_type as u64);
    assert_eq!((of("/proc"), of("/sys")), (FileSystem::Kernel, FileSystem::Kernel));
}

#[test]
fn what_was_left_out_is_counted() {
    let mut counted = LeftOutPaths::default();
    assert_eq!(counted.describe("is one", "are many"), None);
    counted.add("/a\u{1b}[31m");
    assert!(!counted.describe("is one", "are many").unwrap().contains('\u{1b}'));
    counted.add("/b");
    assert!(counted.describe("is one", "are many").unwrap().starts_with("2 places (/a"));
}
