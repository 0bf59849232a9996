//! Another process's files (`--pid`): below its root, and none that the process itself may not read.
//!
//! The way is walked folder by folder, and each descriptor is judged before it is used: whoever swaps a name meanwhile changes what is found,
//! but never what was judged. The judgement is `core::access`. Where this check has the process's own credentials the kernel's answer to the
//! check is its answer to the process, and nothing has to be judged.
//!
//! A thread that takes the process's credentials on (rustix::thread has the calls) would have the kernel judge in every case. But it needs SETUID
//! and SETGID, which a debug container mostly lacks; no thread can join another user namespace (setns(2)); and it cannot get a capability that
//! the check lacks. A second way would be needed all the same.

use super::lack::is_lack;
use crate::core::evidence::{Access, FileFailure, FileFailureKind};
use crate::core::pod::access::{AccessDecision, Doubt, Object, Rights, Want, goes_by_mode, may, may_follow};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, fstatfs, getxattr_query, openat, openat2, readlinkat};
use rustix::io::Errno;
use std::borrow::Cow;

/// Another process's root and working directory, and what it may read.
#[derive(Debug)]
pub struct OtherRoot {
    root: OwnedFd,
    cwd: String,
    reader: Reader,
}

/// The judged process, as far as its rights to files go.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// Its number.
    pub pid: u32,
    /// Its credentials.
    pub rights: Rights,
    /// This check has the same ones.
    pub same: bool,
    /// A security module holds it to a profile that this check does not have.
    pub confined: bool,
    /// `fs.protected_symlinks`, where it can be seen.
    pub protected_symlinks: Option<bool>,
}

/// As many links as the kernel follows on one path (path_resolution(7)).
const MOST_LINKS: usize = 40;
/// The longest path that it takes (PATH_MAX, with its end).
const LONGEST: usize = 4096;
/// So deep a path may be: each folder of it takes a descriptor.
const DEEPEST: usize = 256;
/// So often a file is looked for behind links before it is missing.
const TRIES: usize = 3;

impl OtherRoot {
    /// Fails where the kernel cannot confine a path.
    pub fn new(root: OwnedFd, cwd: String, reader: Reader) -> Result<OtherRoot, Errno> {
        // Not by ".", which is a look-up: whether the root may be searched is asked on the way to a file.
        openat2(&root, "/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::IN_ROOT)?;
        Ok(OtherRoot { root, cwd, reader })
    }

    /// Finds a file and opens it, if it passes `check` and the process may read it. What does not pass is neither opened nor woken.
    pub fn open(&self, path: &str, check: impl Fn(&Stat) -> Result<(), FileFailure>) -> Result<(OwnedFd, Stat), FileFailure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut walk = Walk { of: self, way: Vec::new(), links: 0, doubt: None };
            match walk.find(path) {
                // The kubelet swaps a link and then removes what it led to: that may have been just now.
                Err(failure) if failure.kind == FileFailureKind::Missing && walk.links > 0 && tries < TRIES => {}
                Err(failure) => return Err(failure),
                Ok(found) => return self.reopen(&mut walk, &found, check),
            }
        }
    }

    /// Opens what was found, whatever its name leads to by now.
    fn reopen(
        &self,
        walk: &mut Walk<'_>,
        found: &OwnedFd,
        check: impl Fn(&Stat) -> Result<(), FileFailure>,
    ) -> Result<(OwnedFd, Stat), FileFailure> {
        walk.may_read(found.as_fd(), &check)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = openat(CWD, by_descriptor(found.as_fd()), flags, Mode::empty()).map_err(|errno| match errno {
            Errno::ACCESS | Errno::PERM => self.forbidden(found.as_fd(), None),
            errno => failure(errno),
        })?;
        let stat = walk.may_read(opened.as_fd(), &check)?;
        Ok((opened, stat))
    }

    /// The kernel forbids it to this check: its answer to the process only where both have the same credentials.
    fn forbidden(&self, what: BorrowedFd<'_>, folder: Option<String>) -> FileFailure {
        if self.reader.same {
            return self.denied(fstat(what).ok().as_ref(), folder);
        }
        let what = folder.map_or(Cow::Borrowed("read it"), |folder| Cow::Owned(format!("search the folder {folder}")));
        undecided(&format!("process {} may {what}, but this check itself may not", self.reader.pid))
    }

    /// The kernel would forbid it to the process.
    fn denied(&self, stat: Option<&Stat>, folder: Option<String>) -> FileFailure {
        let rights = &self.reader.rights;
        let mut our_gids = vec![rights.gid];
        our_gids.extend(rights.groups.iter().filter(|gid| **gid != rights.gid));
        let access = Access {
            mode: stat.map(|stat| stat.st_mode & 0o7777),
            uid: stat.map(|stat| stat.st_uid),
            gid: stat.map(|stat| stat.st_gid),
            our_uid: rights.uid,
            our_gids,
            folder,
        };
        FileFailure { kind: FileFailureKind::Denied, access: Some(access), ..failure(Errno::ACCESS) }
    }
}

fn undecided(why: &str) -> FileFailure {
    FileFailure { kind: FileFailureKind::Undecided, text: format!("{why}, so it was not read"), access: None }
}

fn failure(errno: Errno) -> FileFailure {
    let kind = match errno {
        Errno::NOENT | Errno::NOTDIR => FileFailureKind::Missing,
        errno if is_lack(errno) => FileFailureKind::OutOfResources,
        _ => FileFailureKind::Other,
    };
    FileFailure { kind, text: std::io::Error::from(errno).to_string(), access: None }
}

/// One component, which is not followed if it is a link: whatever the name leads to, it is in this folder.
fn step(folder: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(folder, name, flags | OFlags::CLOEXEC, Mode::empty(), within)
}

/// The way to a file.
struct Walk<'a> {
    of: &'a OtherRoot,
    /// The folders below the root, each opened in the one before it. `..` takes the last one off: no folder is asked for its parent.
    way: Vec<(Vec<u8>, OwnedFd)>,
    links: usize,
    /// Why it cannot be told whether the process gets there. The walk is ended all the same: what is not there is missing for the process, too.
    doubt: Option<String>,
}

impl Walk<'_> {
    /// What a path leads to.
    fn find(&mut self, path: &str) -> Result<OwnedFd, FileFailure> {
        if path.is_empty() {
            return Err(failure(Errno::NOENT));
        }
        if path.len() >= LONGEST {
            return Err(failure(Errno::NAMETOOLONG));
        }
        if !path.starts_with('/') {
            self.start_at_cwd()?;
        }
        let mut left = components(path.as_bytes());
        while let Some(name) = left.pop() {
            self.search()?;
            match name.as_slice() {
                b"." => continue,
                b".." => {
                    self.way.pop();
                    continue;
                }
                _ => {}
            }
            let file = self.enter(&name, OFlags::NOFOLLOW)?;
            let stat = fstat(&file).map_err(failure)?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink => {
                    let target = self.follow(file.as_fd(), &stat, left.is_empty())?;
                    if target.starts_with(b"/") {
                        self.way.clear();
                    }
                    left.append(&mut components(&target));
                }
                FileType::Directory if self.way.len() == DEEPEST => {
                    return Err(self.untold(&format!("it is more than {DEEPEST} folders deep")));
                }
                FileType::Directory => self.way.push((name, file)),
                _ if left.is_empty() => return Ok(file),
                _ => return Err(failure(Errno::NOTDIR)),
            }
        }
        // It ends at a folder.
        self.enter(b".", OFlags::empty())
    }

    /// The kernel begins a relative path at the working directory, and asks nothing about the folders above it.
    fn start_at_cwd(&mut self) -> Result<(), FileFailure> {
        for name in self.of.cwd.split('/').filter(|name| !name.is_empty()) {
            let name = name.as_bytes().to_vec();
            let folder = self.enter(&name, OFlags::NOFOLLOW | OFlags::DIRECTORY)?;
            self.way.push((name, folder));
        }
        Ok(())
    }

    /// Whether the process may look something up in the last folder of the way.
    fn search(&mut self) -> Result<(), FileFailure> {
        if self.of.reader.same {
            return self.enter(b".", OFlags::empty()).map(drop);
        }
        let folder = self.folder();
        let stat = fstat(folder).map_err(failure)?;
        let answer = may(&self.of.reader.rights, &object(folder, &stat), Want::Search);
        let path = self.path();
        match answer {
            AccessDecision::Yes => Ok(()),
            AccessDecision::No => Err(self.of.denied(Some(&stat), Some(path))),
            AccessDecision::Unknown(doubt) => {
                self.doubt(&format!("the folder {path}"), doubt);
                Ok(())
            }
        }
    }

    /// Opens what is in the last folder of the way, or that folder itself, for no more than to look at it.
    fn enter(&self, name: &[u8], flags: OFlags) -> Result<OwnedFd, FileFailure> {
        step(self.folder(), name, OFlags::PATH | flags).map_err(|errno| match (errno, &self.doubt) {
            // To look something up takes no other permission than to search the folder.
            (Errno::ACCESS | Errno::PERM, None) => self.of.forbidden(self.folder(), Some(self.path())),
            (Errno::ACCESS | Errno::PERM, Some(doubt)) => self.untold(doubt),
            (errno, _) => failure(errno),
        })
    }

    /// Where a link leads.
    fn follow(&mut self, link: BorrowedFd<'_>, stat: &Stat, is_last: bool) -> Result<Vec<u8>, FileFailure> {
        self.links += 1;
        let (file_system, forbids) = fstatfs(link).map_or((0, false), |mount| (mount.f_type as u64, mount.f_flags as u64 & NO_LINKS != 0));
        // A link of /proc leads where no path does, or to what is this check's own.
        if self.links > MOST_LINKS || forbids || file_system == PROC {
            return Err(failure(Errno::LOOP));
        }
        if is_last {
            let folder = fstat(self.folder()).map_err(failure)?;
            let reader = &self.of.reader;
            match may_follow(&reader.rights, stat.st_uid, &object(self.folder(), &folder), reader.protected_symlinks) {
                AccessDecision::Yes => {}
                AccessDecision::No => return Err(self.of.denied(Some(stat), None)),
                AccessDecision::Unknown(doubt) => self.doubt("the file", doubt),
            }
        }
        let target = readlinkat(link, "", Vec::new()).map_err(failure)?.into_bytes();
        if target.is_empty() { Err(failure(Errno::NOENT)) } else { Ok(target) }
    }

    /// The file passes, and the process may read it.
    fn may_read(&mut self, file: BorrowedFd<'_>, check: &impl Fn(&Stat) -> Result<(), FileFailure>) -> Result<Stat, FileFailure> {
        let stat = fstat(file).map_err(failure)?;
        check(&stat)?;
        if self.of.reader.same {
            // The kernel says so when it is opened.
            return self.doubt.as_ref().map_or(Ok(stat), |doubt| Err(self.untold(doubt)));
        }
        match may(&self.of.reader.rights, &object(file, &stat), Want::Read) {
            AccessDecision::Yes if self.of.reader.confined => self.doubt("it", Doubt::Label),
            AccessDecision::Yes => {}
            AccessDecision::No => return Err(self.of.denied(Some(&stat), None)),
            AccessDecision::Unknown(doubt) => self.doubt("it", doubt),
        }
        self.doubt.as_ref().map_or(Ok(stat), |doubt| Err(self.untold(doubt)))
    }

    /// The first one is enough.
    fn doubt(&mut self, what: &str, doubt: Doubt) {
        self.doubt.get_or_insert_with(|| format!("{what} {}", doubt.describe()));
    }

    fn untold(&self, doubt: &str) -> FileFailure {
        undecided(&format!("whether process {} may read it cannot be told ({doubt})", self.of.reader.pid))
    }

    fn folder(&self) -> BorrowedFd<'_> {
        self.way.last().map_or(self.of.root.as_fd(), |(_, folder)| folder.as_fd())
    }

    /// The last folder's path, as the process has it.
    fn path(&self) -> String {
        let path: String = self.way.iter().map(|(name, _)| format!("/{}", String::from_utf8_lossy(name))).collect();
        if path.is_empty() { "/".to_owned() } else { path }
    }
}

/// A path's components, the first one last. A slash at the end asks for a folder, as does a dot.
fn components(path: &[u8]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect();
    if path.ends_with(b"/") {
        all.push(b".".to_vec());
    }
    all.reverse();
    all
}

/// What the kernel would judge by.
fn object(file: BorrowedFd<'_>, stat: &Stat) -> Object {
    let by_mode = fstatfs(file).is_ok_and(|mount| goes_by_mode(mount.f_type as u64));
    let acl = match getxattr_query(by_descriptor(file), "system.posix_acl_access") {
        Ok(size) => Some(size > 0),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Some(false),
        Err(_) => None,
    };
    Object { mode: stat.st_mode, uid: stat.st_uid, gid: stat.st_gid, acl, by_mode }
}

/// Leads to what a descriptor has, and to nothing else. For calls that refuse a descriptor which was opened for a look alone (O_PATH, open(2)).
fn by_descriptor(file: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// /proc, by its number in statfs(2).
const PROC: u64 = 0x9fa0;
/// A mount on which no link is followed: ST_NOSYMFOLLOW of statfs(2).
const NO_LINKS: u64 = 0x2000;

#[cfg(test)]
mod tests;
