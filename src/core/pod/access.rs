//! Whether a process may read a file, or search a folder on the file's path. The rules are Linux's, for file systems that decide by mode bits
//! alone.
//!
//! The rules are those of path_resolution(7), capabilities(7) and user_namespaces(7). Their source is `generic_permission` in the kernel's
//! fs/namei.c. Some cases are not decided by them: an access control list, a file system with its own rules, an id without a number here.
//! The answer is `Unknown` then.

/// The ids and capabilities that decide which files a process may read (credentials(7)). The ids are numbers in this process's user namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// The user id for files.
    pub uid: u32,
    /// The group id for files.
    pub gid: u32,
    /// Supplementary groups, such as a pod's `fsGroup`.
    pub groups: Vec<u32>,
    /// CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH is effective. Each of the two lets a process read any file and search any folder.
    pub overrides: bool,
    /// The user namespace in which that capability counts.
    pub namespace: Namespace,
    /// The user id and the group id that the kernel shows for an id without a number here: `/proc/sys/kernel/overflowuid` and `overflowgid`.
    /// `None` where every id has a number.
    pub unmapped: (Option<u32>, Option<u32>),
}

/// A process's user namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Namespace {
    /// The namespace of this process. Each id that can be seen here is mapped in it.
    #[default]
    Ours,
    /// Another namespace, with the user ids and the group ids that are mapped in it.
    Other(IdMap, IdMap),
    /// A namespace that cannot be seen.
    Unknown,
}

/// `/proc/N/uid_map` or `gid_map`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdMap(Vec<(u32, u32, u64)>);

impl IdMap {
    /// Reads a map. Each line has the first id inside the namespace, the first id outside, and the number of ids.
    pub fn parse(text: &str) -> Option<IdMap> {
        let line = |line: &str| {
            let mut numbers = line.split_whitespace().map(|number| number.parse::<u32>().ok());
            Some((numbers.next()??, numbers.next()??, u64::from(numbers.next()??)))
        };
        text.lines().map(line).collect::<Option<Vec<_>>>().map(IdMap)
    }

    /// Whether every id is mapped. The largest 32-bit number is no id: it means "no id".
    pub fn is_whole(&self) -> bool {
        self.0.iter().map(|(_, _, count)| count).sum::<u64>() >= u64::from(u32::MAX)
    }

    /// Whether this id exists inside the namespace.
    pub fn has(&self, inside: u32) -> bool {
        self.0.iter().any(|(first, _, count)| inside >= *first && u64::from(inside - first) < *count)
    }

    /// Whether this id outside the namespace is mapped to an id inside.
    fn maps(&self, outside: u32) -> bool {
        self.0.iter().any(|(_, first, count)| outside >= *first && u64::from(outside - first) < *count)
    }
}

/// The access that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// To read a file.
    Read,
    /// To look something up in a folder.
    Search,
}

/// A file or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// Its mode.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Whether it has an access control list (acl(5)). `None` where that could not be seen.
    pub acl: Option<bool>,
    /// Whether its file system decides by mode, owner, group and list alone.
    pub by_mode: bool,
}

/// How the kernel would decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessDecision {
    /// The process may.
    Yes,
    /// The process may not.
    No,
    /// The decision is not known.
    Unknown(Doubt),
}

/// Why the decision is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// An access control list decides.
    Acl,
    /// The file system decides by its own rules.
    FileSystem,
    /// The owner or the group has no number here.
    Owner,
    /// The process's user namespace cannot be seen.
    Namespace,
    /// The object is a link in a folder that every user may write to.
    Link,
    /// A security module restricts the process by a profile that does not restrict this check.
    Label,
}

impl Doubt {
    /// The reason for a person. It follows the name of the object.
    pub fn describe(self) -> &'static str {
        match self {
            Doubt::Acl => "has an access control list",
            Doubt::FileSystem => "is on a file system with its own rules",
            Doubt::Owner => "has an owner or a group without a number in this user namespace",
            Doubt::Namespace => "is not open by its mode, and the user namespace of the process's capabilities cannot be seen",
            Doubt::Link => "is a link in a folder that every user may write to, and fs.protected_symlinks may forbid to follow it",
            Doubt::Label => "is under a security module's profile that does not apply to this check",
        }
    }
}

/// How the kernel would decide for this process.
pub fn may(rights: &Rights, object: &Object, want: Want) -> AccessDecision {
    if !object.by_mode {
        return AccessDecision::Unknown(Doubt::FileSystem);
    }
    match (by_mode(rights, object, want), by_capability(rights, object)) {
        (AccessDecision::Yes, _) | (_, AccessDecision::Yes) => AccessDecision::Yes,
        (AccessDecision::No, by_capability) => by_capability,
        (doubt, _) => doubt,
    }
}

/// The decision by mode bits. The owner's bits count for the owner. Otherwise the access control list counts if there is one. Otherwise the
/// group's bits count for the group's members, and the last bits for all others.
fn by_mode(rights: &Rights, object: &Object, want: Want) -> AccessDecision {
    let bit = match want {
        Want::Read => 4,
        Want::Search => 1,
    };
    let class = |shift: u32| if (object.mode >> shift) & bit == 0 { AccessDecision::No } else { AccessDecision::Yes };
    let own = std::iter::once(&rights.gid).chain(&rights.groups);
    let own: Vec<Option<bool>> = own.map(|gid| is_same_id(*gid, object.gid, rights.unmapped.1)).collect();
    let is_member = if own.contains(&Some(true)) || !own.contains(&None) { Some(own.contains(&Some(true))) } else { None };
    // With a list, the group's bits are the list's mask. The kernel reads the list only when the mask is not zero.
    let not_owner = match object.acl {
        Some(false) => choose(is_member, class(3), class(0)),
        _ if object.mode & 0o070 == 0 => choose(is_member, class(3), class(0)),
        _ => AccessDecision::Unknown(Doubt::Acl),
    };
    choose(is_same_id(rights.uid, object.uid, rights.unmapped.0), class(6), not_owner)
}

/// The decision by capability. A capability counts only for an object whose owner and group are mapped in the process's user namespace
/// (`capable_wrt_inode_uidgid`).
fn by_capability(rights: &Rights, object: &Object) -> AccessDecision {
    if !rights.overrides {
        return AccessDecision::No;
    }
    let known = |id: u32, unmapped: Option<u32>| Some(id) != unmapped;
    let ids_known = known(object.uid, rights.unmapped.0) && known(object.gid, rights.unmapped.1);
    match &rights.namespace {
        _ if !ids_known => AccessDecision::Unknown(Doubt::Owner),
        Namespace::Ours => AccessDecision::Yes,
        Namespace::Other(uids, gids) if uids.maps(object.uid) && gids.maps(object.gid) => AccessDecision::Yes,
        Namespace::Other(..) => AccessDecision::No,
        Namespace::Unknown => AccessDecision::Unknown(Doubt::Namespace),
    }
}

/// Whether two ids are the same. `None` when both have the number that the kernel shows for ids without a number here.
fn is_same_id(one: u32, other: u32, unmapped: Option<u32>) -> Option<bool> {
    match one == other {
        true if Some(one) == unmapped => None,
        same => Some(same),
    }
}

/// Chooses between two decisions. When the condition is unknown, the result is known only if both decisions are equal.
fn choose(condition: Option<bool>, yes: AccessDecision, no: AccessDecision) -> AccessDecision {
    match condition {
        Some(true) => yes,
        Some(false) => no,
        None if yes == no => yes,
        None => AccessDecision::Unknown(Doubt::Owner),
    }
}

/// Whether the process may follow a link at the end of a path. `protected` is the setting fs.protected_symlinks (proc_sys_fs(5)).
///
/// With that setting, some folders are special: every user may write to them, and only owners may delete from them, such as /tmp. There a process
/// may only follow links of its own user and of the folder's owner. No capability changes that.
pub fn may_follow(rights: &Rights, link_uid: u32, folder: &Object, protected: Option<bool>) -> AccessDecision {
    const STICKY_AND_OPEN: u32 = 0o1002;
    if protected == Some(false) || folder.mode & STICKY_AND_OPEN != STICKY_AND_OPEN {
        return AccessDecision::Yes;
    }
    let owners = [is_same_id(link_uid, rights.uid, rights.unmapped.0), is_same_id(link_uid, folder.uid, rights.unmapped.0)];
    match (owners, protected) {
        (owners, _) if owners.contains(&Some(true)) => AccessDecision::Yes,
        ([Some(false), Some(false)], Some(true)) => AccessDecision::No,
        _ => AccessDecision::Unknown(Doubt::Link),
    }
}

/// Whether a file system leaves the decision to the kernel's own rules. File systems are known by their numbers in statfs(2).
///
/// These do not: FUSE (unless it is mounted with default_permissions, which cannot be seen here); NFS, SMB, AFS, Ceph and 9P (the server
/// decides); ZFS (it has its own lists); /proc (other rules protect another process's files).
pub fn goes_by_mode(file_system: u64) -> bool {
    const BY_MODE: [u64; 13] = [
        0x0102_1994, // tmpfs: projected tokens, secrets
        0x794c_7630, // overlayfs: a container's root
        0x8584_58f6, // ramfs
        0xef53,      // ext2, ext3, ext4
        0x5846_5342, // XFS
        0x9123_683e, // Btrfs
        0xf2f5_2010, // F2FS
        0xca45_1a4e, // bcachefs
        0x7371_7368, // SquashFS
        0xe0f5_e1e2, // EROFS
        0x9660,      // ISO 9660
        0x4d44,      // FAT
        0x2011_bab0, // exFAT
    ];
    BY_MODE.contains(&file_system)
}

/// Whether a security module's label (`/proc/N/attr/current`) does not restrict files outside /proc and /sys. This is so for no label, for
/// `unconfined`, for a profile in complain mode, and for the profiles that container runtimes load for every container. Those have the rule
/// `file,` (containerd's contrib/apparmor/template.go, Moby's profiles/apparmor/template.go, pkg/apparmor of containers/common).
pub fn leaves_files_alone(label: &str) -> bool {
    let (name, mode) = label.split_once(" (").unwrap_or((label, ""));
    let default =
        matches!(name, "cri-containerd.apparmor.d" | "docker-default" | "crio-default") || name.starts_with("containers-default-");
    matches!(name, "" | "unconfined") || mode == "complain)" || (default && !mode.is_empty())
}

#[cfg(test)]
mod tests;
