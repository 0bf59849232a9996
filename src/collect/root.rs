//! Another process's files (`--pid`): below its root, and none that the process itself may not read.
//!
//! The path is walked folder by folder, and each descriptor is checked before it is used. Whoever swaps a name meanwhile changes what is found,
//! but not what was checked. The rules are in `core::pod::access`. Where this check has the process's own credentials, the kernel's answer to
//! the check is its answer to the process, and no rule has to be applied.
//!
//! A thread that takes on the process's credentials (rustix::thread has the calls) would let the kernel decide in every case. But it needs
//! SETUID and SETGID, which a debug container mostly lacks. No thread can join another user namespace (setns(2)). And a thread cannot get a
//! capability that the check lacks. So the rules here would still be needed.

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
    subject: AccessSubject,
}

/// The process whose rights to files are checked.
#[derive(Debug, Clone, Default)]
pub struct AccessSubject {
    /// Its number.
    pub pid: u32,
    /// Its credentials.
    pub rights: Rights,
    /// This check has the same credentials.
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
    pub fn new(root: OwnedFd, cwd: String, subject: AccessSubject) -> Result<OtherRoot, Errno> {
        // The path is not ".", which would be a look-up. Whether the root may be searched is checked on the way to a file.
        openat2(&root, "/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::IN_ROOT)?;
        Ok(OtherRoot { root, cwd, subject })
    }

    /// Finds a file and opens it, if it passes `check` and the process may read it. Any other file is not opened, so that no device is woken.
    pub fn open(&self, path: &str, check: impl Fn(&Stat) -> Result<(), FileFailure>) -> Result<(OwnedFd, Stat), FileFailure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut walk = PathWalk { other: self, way: Vec::new(), links: 0, doubt: None };
            match walk.find(path) {
                // The kubelet swaps a link and then removes what it led to. That may have happened just now.
                Err(failure) if failure.kind == FileFailureKind::Missing && walk.links > 0 && tries < TRIES => {}
                Err(failure) => return Err(failure),
                Ok(found) => return self.reopen(&mut walk, &found, check),
            }
        }
    }

    /// Its root, for a walk.
    pub fn folder(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Whether this check has the process's credentials.
    pub fn is_same(&self) -> bool {
        self.subject.same
    }

    /// Whether the process may certainly do this with what a descriptor has open. With the same credentials the kernel has decided that already.
    pub fn allows(&self, file: BorrowedFd<'_>, stat: &Stat, want: Want) -> bool {
        let subject = &self.subject;
        let certain = || !subject.confined && may(&subject.rights, &access_object(file, stat), want) == AccessDecision::Yes;
        subject.same || certain()
    }

    /// Opens what was found, whatever its name leads to by now.
    fn reopen(
        &self,
        walk: &mut PathWalk<'_>,
        found: &OwnedFd,
        check: impl Fn(&Stat) -> Result<(), FileFailure>,
    ) -> Result<(OwnedFd, Stat), FileFailure> {
        walk.check_read(found.as_fd(), &check)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = openat(CWD, proc_path(found.as_fd()), flags, Mode::empty()).map_err(|errno| match errno {
            Errno::ACCESS | Errno::PERM => self.forbidden(found.as_fd(), None),
            errno => file_failure(errno),
        })?;
        let stat = walk.check_read(opened.as_fd(), &check)?;
        Ok((opened, stat))
    }

    /// The kernel forbids it to this check. It would forbid it to the process, too, where both have the same credentials.
    fn forbidden(&self, what: BorrowedFd<'_>, folder: Option<String>) -> FileFailure {
        if self.subject.same {
            return self.denied(fstat(what).ok().as_ref(), folder);
        }
        let what = folder.map_or(Cow::Borrowed("read it"), |folder| Cow::Owned(format!("search the folder {folder}")));
        undecided(&format!("process {} may {what}, but this check itself may not", self.subject.pid))
    }

    /// The kernel would forbid it to the process.
    fn denied(&self, stat: Option<&Stat>, folder: Option<String>) -> FileFailure {
        let rights = &self.subject.rights;
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
        FileFailure { kind: FileFailureKind::Denied, access: Some(access), ..file_failure(Errno::ACCESS) }
    }
}

fn undecided(why: &str) -> FileFailure {
    FileFailure { kind: FileFailureKind::Undecided, text: format!("{why}, so it was not read"), access: None }
}

fn file_failure(errno: Errno) -> FileFailure {
    let kind = match errno {
        Errno::NOENT | Errno::NOTDIR => FileFailureKind::Missing,
        errno if is_lack(errno) => FileFailureKind::OutOfResources,
        _ => FileFailureKind::Other,
    };
    FileFailure { kind, text: std::io::Error::from(errno).to_string(), access: None }
}

/// Opens one component, without following it if it is a link. So it is in this folder, whatever the name leads to.
fn open_component(folder: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(folder, name, flags | OFlags::CLOEXEC, Mode::empty(), within)
}

/// The way to a file.
struct PathWalk<'a> {
    other: &'a OtherRoot,
    /// The folders below the root, each opened in the one before it. `..` takes the last one off: no folder is asked for its parent.
    way: Vec<(Vec<u8>, OwnedFd)>,
    links: usize,
    /// Why it is not certain that the process gets there. The walk continues, because a missing file is missing for the process, too.
    doubt: Option<String>,
}

impl PathWalk<'_> {
    /// What a path leads to.
    fn find(&mut self, path: &str) -> Result<OwnedFd, FileFailure> {
        if path.is_empty() {
            return Err(file_failure(Errno::NOENT));
        }
        if path.len() >= LONGEST {
            return Err(file_failure(Errno::NAMETOOLONG));
        }
        if !path.starts_with('/') {
            self.start_at_cwd()?;
        }
        let mut left = reversed_components(path.as_bytes());
        while let Some(name) = left.pop() {
            self.check_search()?;
            match name.as_slice() {
                b"." => continue,
                b".." => {
                    self.way.pop();
                    continue;
                }
                _ => {}
            }
            let file = self.open_here(&name, OFlags::NOFOLLOW)?;
            let stat = fstat(&file).map_err(file_failure)?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink => {
                    let target = self.read_link(file.as_fd(), &stat, left.is_empty())?;
                    if target.starts_with(b"/") {
                        self.way.clear();
                    }
                    left.append(&mut reversed_components(&target));
                }
                FileType::Directory if self.way.len() == DEEPEST => {
                    return Err(self.undecided(&format!("it is more than {DEEPEST} folders deep")));
                }
                FileType::Directory => self.way.push((name, file)),
                _ if left.is_empty() => return Ok(file),
                _ => return Err(file_failure(Errno::NOTDIR)),
            }
        }
        // It ends at a folder.
        self.open_here(b".", OFlags::empty())
    }

    /// The kernel begins a relative path at the working directory and checks none of the folders above it.
    fn start_at_cwd(&mut self) -> Result<(), FileFailure> {
        for name in self.other.cwd.split('/').filter(|name| !name.is_empty()) {
            let name = name.as_bytes().to_vec();
            let folder = self.open_here(&name, OFlags::NOFOLLOW | OFlags::DIRECTORY)?;
            self.way.push((name, folder));
        }
        Ok(())
    }

    /// Whether the process may look something up in the last folder of the way.
    fn check_search(&mut self) -> Result<(), FileFailure> {
        if self.other.subject.same {
            return self.open_here(b".", OFlags::empty()).map(drop);
        }
        let folder = self.folder();
        let stat = fstat(folder).map_err(file_failure)?;
        let answer = may(&self.other.subject.rights, &access_object(folder, &stat), Want::Search);
        let path = self.path();
        match answer {
            AccessDecision::Yes => Ok(()),
            AccessDecision::No => Err(self.other.denied(Some(&stat), Some(path))),
            AccessDecision::Unknown(doubt) => {
                self.add_doubt(&format!("the folder {path}"), doubt);
                Ok(())
            }
        }
    }

    /// Opens what is in the last folder of the way, or that folder itself, for no more than to look at it.
    fn open_here(&self, name: &[u8], flags: OFlags) -> Result<OwnedFd, FileFailure> {
        open_component(self.folder(), name, OFlags::PATH | flags).map_err(|errno| match (errno, &self.doubt) {
            // A look-up takes no other permission than the one to search the folder.
            (Errno::ACCESS | Errno::PERM, None) => self.other.forbidden(self.folder(), Some(self.path())),
            (Errno::ACCESS | Errno::PERM, Some(doubt)) => self.undecided(doubt),
            (errno, _) => file_failure(errno),
        })
    }

    /// Where a link leads.
    fn read_link(&mut self, link: BorrowedFd<'_>, stat: &Stat, is_last: bool) -> Result<Vec<u8>, FileFailure> {
        self.links += 1;
        let (file_system, forbids) = fstatfs(link).map_or((0, false), |mount| (mount.f_type as u64, mount.f_flags as u64 & NO_LINKS != 0));
        // A link of /proc leads where no path does, or to something of this check's own.
        if self.links > MOST_LINKS || forbids || file_system == PROC {
            return Err(file_failure(Errno::LOOP));
        }
        if is_last {
            let folder = fstat(self.folder()).map_err(file_failure)?;
            let subject = &self.other.subject;
            match may_follow(&subject.rights, stat.st_uid, &access_object(self.folder(), &folder), subject.protected_symlinks) {
                AccessDecision::Yes => {}
                AccessDecision::No => return Err(self.other.denied(Some(stat), None)),
                AccessDecision::Unknown(doubt) => self.add_doubt("the file", doubt),
            }
        }
        let target = readlinkat(link, "", Vec::new()).map_err(file_failure)?.into_bytes();
        if target.is_empty() { Err(file_failure(Errno::NOENT)) } else { Ok(target) }
    }

    /// Checks that the file passes and that the process may read it.
    fn check_read(&mut self, file: BorrowedFd<'_>, check: &impl Fn(&Stat) -> Result<(), FileFailure>) -> Result<Stat, FileFailure> {
        let stat = fstat(file).map_err(file_failure)?;
        check(&stat)?;
        if self.other.subject.same {
            // The kernel decides when the file is opened.
            return self.doubt.as_ref().map_or(Ok(stat), |doubt| Err(self.undecided(doubt)));
        }
        match may(&self.other.subject.rights, &access_object(file, &stat), Want::Read) {
            AccessDecision::Yes if self.other.subject.confined => self.add_doubt("it", Doubt::Label),
            AccessDecision::Yes => {}
            AccessDecision::No => return Err(self.other.denied(Some(&stat), None)),
            AccessDecision::Unknown(doubt) => self.add_doubt("it", doubt),
        }
        self.doubt.as_ref().map_or(Ok(stat), |doubt| Err(self.undecided(doubt)))
    }

    /// Notes why something is not certain. The first reason is kept.
    fn add_doubt(&mut self, what: &str, doubt: Doubt) {
        self.doubt.get_or_insert_with(|| format!("{what} {}", doubt.describe()));
    }

    fn undecided(&self, doubt: &str) -> FileFailure {
        undecided(&format!("it is not known whether process {} may read it ({doubt})", self.other.subject.pid))
    }

    fn folder(&self) -> BorrowedFd<'_> {
        self.way.last().map_or(self.other.root.as_fd(), |(_, folder)| folder.as_fd())
    }

    /// The last folder's path, as the process has it.
    fn path(&self) -> String {
        let path: String = self.way.iter().map(|(name, _)| format!("/{}", String::from_utf8_lossy(name))).collect();
        if path.is_empty() { "/".to_owned() } else { path }
    }
}

/// A path's components, the first one last. A slash at the end asks for a folder, as does a dot.
fn reversed_components(path: &[u8]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect();
    if path.ends_with(b"/") {
        all.push(b".".to_vec());
    }
    all.reverse();
    all
}

/// What the kernel would decide by.
fn access_object(file: BorrowedFd<'_>, stat: &Stat) -> Object {
    let by_mode = fstatfs(file).is_ok_and(|mount| goes_by_mode(mount.f_type as u64));
    let acl = match getxattr_query(proc_path(file), "system.posix_acl_access") {
        Ok(size) => Some(size > 0),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Some(false),
        Err(_) => None,
    };
    Object { mode: stat.st_mode, uid: stat.st_uid, gid: stat.st_gid, acl, by_mode }
}

/// A path to what a descriptor has open, and to nothing else. For calls that refuse a descriptor opened with O_PATH (open(2)).
fn proc_path(file: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// /proc, by its number in statfs(2).
const PROC: u64 = 0x9fa0;
/// A mount on which no link is followed: ST_NOSYMFOLLOW of statfs(2).
const NO_LINKS: u64 = 0x2000;

#[cfg(test)]
mod tests;
