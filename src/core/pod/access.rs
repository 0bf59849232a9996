//! Whether a process may read a file, or search a folder on its way, as Linux decides it for file systems that have no rules but mode bits.
//!
//! The rules are those of path_resolution(7), capabilities(7) and user_namespaces(7); their source is `generic_permission` in the kernel's
//! fs/namei.c. What they do not decide (an access control list, a file system with rules of its own, an id without a number here) is neither a
//! yes nor a no.

/// What gives a process its rights to files (credentials(7)). Ids are as this process sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// The user id for files.
    pub uid: u32,
    /// The group id for files.
    pub gid: u32,
    /// Supplementary groups, such as a pod's `fsGroup`.
    pub groups: Vec<u32>,
    /// CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH is effective. To read a file or search a folder, one is as good as the other.
    pub overrides: bool,
    /// Where that capability counts.
    pub namespace: Namespace,
    /// The ids that stand for those without a number here: `/proc/sys/kernel/overflowuid` and its like. `None` where every id has one.
    pub unmapped: (Option<u32>, Option<u32>),
}

/// A process's user namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Namespace {
    /// This process's own: each id that can be seen here is mapped in it.
    #[default]
    Ours,
    /// Another one: which user and group ids are mapped in it.
    Other(IdMap, IdMap),
    /// It cannot be seen.
    Unknown,
}

/// `/proc/N/uid_map` or `gid_map`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdMap(Vec<(u32, u32, u64)>);

impl IdMap {
    /// Reads a map: on each line the first id inside, the first id outside, and how many.
    pub fn parse(text: &str) -> Option<IdMap> {
        let line = |line: &str| {
            let mut numbers = line.split_whitespace().map(|number| number.parse::<u32>().ok());
            Some((numbers.next()??, numbers.next()??, u64::from(numbers.next()??)))
        };
        text.lines().map(line).collect::<Option<Vec<_>>>().map(IdMap)
    }

    /// Every id is mapped. The last number is none: it means "no id".
    pub fn is_whole(&self) -> bool {
        self.0.iter().map(|(_, _, count)| count).sum::<u64>() >= u64::from(u32::MAX)
    }

    /// There is such an id inside.
    pub fn has(&self, inside: u32) -> bool {
        self.0.iter().any(|(first, _, count)| inside >= *first && u64::from(inside - first) < *count)
    }

    /// This id outside has one inside.
    fn holds(&self, outside: u32) -> bool {
        self.0.iter().any(|(_, first, count)| outside >= *first && u64::from(outside - first) < *count)
    }
}

/// What is wanted.
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
    /// It has an access control list (acl(5)); `None` where that could not be seen.
    pub acl: Option<bool>,
    /// Its file system decides by these alone.
    pub by_mode: bool,
}

/// What the kernel would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessDecision {
    /// It may.
    Yes,
    /// It may not.
    No,
    /// That cannot be told.
    Unknown(Doubt),
}

/// Why it cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// An access control list decides.
    Acl,
    /// The file system decides by rules of its own.
    FileSystem,
    /// An id that has no number here.
    Owner,
    /// A user namespace that cannot be seen.
    Namespace,
    /// A link in a folder that every user may write to.
    Link,
    /// A security module holds the process to a profile that this check does not have.
    Label,
}

impl Doubt {
    /// For a person, after the name of what is doubtful.
    pub fn describe(self) -> &'static str {
        match self {
            Doubt::Acl => "has an access control list",
            Doubt::FileSystem => "is on a file system with rules of its own",
            Doubt::Owner => "has an owner or a group without a number in this user namespace",
            Doubt::Namespace => "is not open by its mode, and the user namespace that the process's capabilities count in cannot be seen",
            Doubt::Link => "is a link in a folder that every user may write to, where fs.protected_symlinks may forbid to follow it",
            Doubt::Label => "is under a security module's profile that this check does not share",
        }
    }
}

/// What the kernel would say to the process.
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

/// The owner's bits for the owner, else the list's if there is one, else the group's bits for its members, else the others'.
fn by_mode(rights: &Rights, object: &Object, want: Want) -> AccessDecision {
    let bit = match want {
        Want::Read => 4,
        Want::Search => 1,
    };
    let class = |shift: u32| if (object.mode >> shift) & bit == 0 { AccessDecision::No } else { AccessDecision::Yes };
    let own = std::iter::once(&rights.gid).chain(&rights.groups);
    let own: Vec<Option<bool>> = own.map(|gid| same(*gid, object.gid, rights.unmapped.1)).collect();
    let is_member = if own.contains(&Some(true)) || !own.contains(&None) { Some(own.contains(&Some(true))) } else { None };
    // The kernel asks the list only where the bits of the group, which are its mask, are not all zero.
    let not_owner = match object.acl {
        Some(false) => either(is_member, class(3), class(0)),
        _ if object.mode & 0o070 == 0 => either(is_member, class(3), class(0)),
        _ => AccessDecision::Unknown(Doubt::Acl),
    };
    either(same(rights.uid, object.uid, rights.unmapped.0), class(6), not_owner)
}

/// A capability counts for what has an owner and a group in its own user namespace (`capable_wrt_inode_uidgid`).
fn by_capability(rights: &Rights, object: &Object) -> AccessDecision {
    if !rights.overrides {
        return AccessDecision::No;
    }
    let known = |id: u32, unmapped: Option<u32>| Some(id) != unmapped;
    let ids_known = known(object.uid, rights.unmapped.0) && known(object.gid, rights.unmapped.1);
    match &rights.namespace {
        _ if !ids_known => AccessDecision::Unknown(Doubt::Owner),
        Namespace::Ours => AccessDecision::Yes,
        Namespace::Other(uids, gids) if uids.holds(object.uid) && gids.holds(object.gid) => AccessDecision::Yes,
        Namespace::Other(..) => AccessDecision::No,
        Namespace::Unknown => AccessDecision::Unknown(Doubt::Namespace),
    }
}

/// Two ids are the same. Of two that only share the number for "none here", that cannot be told.
fn same(one: u32, other: u32, unmapped: Option<u32>) -> Option<bool> {
    match one == other {
        true if Some(one) == unmapped => None,
        same => Some(same),
    }
}

/// One of two answers; where it cannot be told which, they have to agree.
fn either(which: Option<bool>, yes: AccessDecision, no: AccessDecision) -> AccessDecision {
    match which {
        Some(true) => yes,
        Some(false) => no,
        None if yes == no => yes,
        None => AccessDecision::Unknown(Doubt::Owner),
    }
}

/// Whether a link at the end of a path is followed. In a folder that every user may write to and only owners may delete from, such as /tmp, only
/// links of the process's own user and of the folder's owner are (fs.protected_symlinks in proc_sys_fs(5)); no capability helps. `protected` is that setting.
pub fn may_follow(rights: &Rights, link_uid: u32, folder: &Object, protected: Option<bool>) -> AccessDecision {
    const STICKY_AND_OPEN: u32 = 0o1002;
    if protected == Some(false) || folder.mode & STICKY_AND_OPEN != STICKY_AND_OPEN {
        return AccessDecision::Yes;
    }
    let owners = [same(link_uid, rights.uid, rights.unmapped.0), same(link_uid, folder.uid, rights.unmapped.0)];
    match (owners, protected) {
        (owners, _) if owners.contains(&Some(true)) => AccessDecision::Yes,
        ([Some(false), Some(false)], Some(true)) => AccessDecision::No,
        _ => AccessDecision::Unknown(Doubt::Link),
    }
}

/// The file systems that leave it to the kernel's own rules, by their numbers in statfs(2).
///
/// Not FUSE (unless mounted with default_permissions, which cannot be seen here), not NFS, SMB, AFS, Ceph or 9P (the server decides), not ZFS
/// (lists of its own), not /proc (another process's files are shut off by other rules).
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

/// Whether a security module's label (`/proc/N/attr/current`) leaves files outside /proc and /sys to their modes: none at all, AppArmor's word for
/// none, a profile that only complains, or one that container runtimes load for every container, which has `file,` (containerd's
/// contrib/apparmor/template.go, Moby's profiles/apparmor/template.go, pkg/apparmor of containers/common).
pub fn leaves_files_alone(label: &str) -> bool {
    let (name, mode) = label.split_once(" (").unwrap_or((label, ""));
    let default =
        matches!(name, "cri-containerd.apparmor.d" | "docker-default" | "crio-default") || name.starts_with("containers-default-");
    matches!(name, "" | "unconfined") || mode == "complain)" || (default && !mode.is_empty())
}

#[cfg(test)]
mod tests;
