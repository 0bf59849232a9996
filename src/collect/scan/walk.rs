//! The walk over a tree of folders. It follows no link, so that it never leaves the tree, and enters no file system of the kernel and none of
//! the network.
//!
//! Each folder is opened in the folder above it, by its name, so that no swapped name leads elsewhere.

use super::bounds::{Bound, Budget};
use crate::collect::root::OtherRoot;
use crate::core::pod::access::Want;
use crate::core::sdk::scan::{CATALOGERS, FileCandidate, Package, ReadAt, ReadError};
use crate::core::text::printable::printable;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, fstatfs, openat, statat};
use rustix::io::{Errno, pread};
use std::collections::HashSet;
use std::ffi::CString;
use std::sync::Arc;

/// So deep a folder may be below the first one. Each folder on the way takes a descriptor.
const DEEPEST: usize = 96;

/// Everything that is below a folder, or only some of it.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// How many levels of folders are entered below the first one.
    pub depth: usize,
    /// The folders of the first level that are entered: those whose names begin like this. All of them where there is none.
    pub names: &'a [&'a str],
}

impl Scope<'_> {
    /// Everything.
    pub const ALL: Scope<'static> = Scope { depth: usize::MAX, names: &[] };
}

/// A scan under way.
#[derive(Debug)]
pub struct Walk {
    /// What may be used, and what was.
    pub budget: Budget,
    /// What was found.
    pub packages: Vec<Package>,
    /// Whose files are read, where another process's are.
    pub other: Option<Arc<OtherRoot>>,
    /// The files that were read, by device and inode: what a command names is not read again by the walk. A file with several names may be several
    /// packages (uv and pnpm make hard links), so the name counts too. A program is one, whatever its names.
    read: HashSet<(u64, u64, String)>,
    /// What was left out.
    left_out: LeftOut,
}

/// What was left out, with the first example of each kind.
#[derive(Debug, Default)]
struct LeftOut {
    unreadable: LeftOutPaths,
    network: LeftOutPaths,
    deep: LeftOutPaths,
}

#[derive(Debug, Default)]
struct LeftOutPaths {
    count: u64,
    first: String,
}

impl LeftOutPaths {
    fn add(&mut self, path: &str) {
        if self.count == 0 {
            path.clone_into(&mut self.first);
        }
        self.count += 1;
    }

    fn describe(&self, one: &str, many: &str) -> Option<String> {
        let first = printable(&self.first);
        match self.count {
            0 => None,
            1 => Some(format!("{first} {one}")),
            count => Some(format!("{count} places ({first} is the first one) {many}")),
        }
    }
}

/// A folder of the walk that is open.
struct OpenFolder {
    folder: OwnedFd,
    device: u64,
    /// The length of the path of this folder.
    path: usize,
    /// The folders in it that are still to be entered.
    pending: Vec<CString>,
}

impl Walk {
    /// A scan that begins now. `other` is the root of the process whose files are read.
    pub fn new(budget: Budget, other: Option<Arc<OtherRoot>>) -> Walk {
        Walk { budget, packages: Vec::new(), other, read: HashSet::new(), left_out: LeftOut::default() }
    }

    /// What was left out, and why. `None` where nothing was.
    pub fn left_out(&self) -> Option<String> {
        let LeftOut { unreadable, network, deep } = &self.left_out;
        let reasons = [
            self.budget.met.as_ref().map(Bound::to_string),
            unreadable.describe("could not be read", "could not be read"),
            network.describe("is a network mount and was not entered", "are network mounts and were not entered"),
            deep.describe("is too deep and was not entered", "are too deep and were not entered"),
        ];
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// Looks at everything in a folder that is open. `path` is its path, as the application has it, without a slash at its end.
    pub fn tree(&mut self, folder: OwnedFd, path: &str, scope: Scope<'_>) {
        let mut path = path.to_owned();
        let Ok(stat) = fstat(&folder) else { return self.add_unreadable(&path) };
        let mut levels = Vec::new();
        match self.open_level(folder.as_fd(), stat.st_dev, &mut path, scope, 0) {
            Some(level) => levels.push(level),
            None => return self.add_unreadable(&path),
        }
        while let Some(depth) = levels.len().checked_sub(1) {
            let level = &mut levels[depth];
            path.truncate(level.path);
            // Folders without entries take time, too.
            let Some(name) = level.pending.pop().filter(|_| self.budget.has_time()) else {
                levels.pop();
                continue;
            };
            path.push('/');
            path.push_str(&name.to_string_lossy());
            if depth + 1 > DEEPEST {
                self.left_out.deep.add(&path);
                continue;
            }
            let (parent, device) = (level.folder.as_fd(), level.device);
            match self.enter(parent, device, &name, &path) {
                Entered::Folder(folder, device) => match self.open_level(folder.as_fd(), device, &mut path, scope, depth + 1) {
                    Some(level) => levels.push(level),
                    None => self.add_unreadable(&path),
                },
                Entered::Unreadable => self.add_unreadable(&path),
                Entered::Network => self.left_out.network.add(&path),
                Entered::NotOurs => {}
            }
        }
    }

    /// Opens a folder for no more than to look at it, and decides whether it is entered.
    fn enter(&self, parent: BorrowedFd<'_>, parent_device: u64, name: &CString, path: &str) -> Entered {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = match openat(parent, name, flags, Mode::empty()) {
            Ok(folder) => folder,
            // It was removed, or became something else.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Entered::NotOurs,
            Err(_) => return Entered::Unreadable,
        };
        let Ok(stat) = fstat(&folder) else { return Entered::Unreadable };
        if stat.st_dev != parent_device {
            match fstatfs(&folder).map(|mount| FileSystem::of(mount.f_type as u64)) {
                Ok(FileSystem::Kernel) => return Entered::NotOurs,
                Ok(FileSystem::Network) => return Entered::Network,
                Ok(FileSystem::Other) => {}
                Err(_) => return Entered::Unreadable,
            }
        }
        if matches!(path, "/proc" | "/sys" | "/dev") {
            return Entered::NotOurs;
        }
        // What the process may not read, it does not run.
        let may =
            |other: &Arc<OtherRoot>| other.allows(folder.as_fd(), &stat, Want::Search) && other.allows(folder.as_fd(), &stat, Want::Read);
        if self.other.as_ref().is_some_and(|other| !may(other)) { Entered::NotOurs } else { Entered::Folder(folder, stat.st_dev) }
    }

    /// Lists a folder: looks at its files, and notes its folders. `None` where it may not be listed.
    fn open_level(&mut self, folder: BorrowedFd<'_>, device: u64, path: &mut String, scope: Scope<'_>, depth: usize) -> Option<OpenFolder> {
        let listed = openat(folder, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let mut level = OpenFolder { device, path: path.len(), pending: Vec::new(), folder: listed };
        for entry in Dir::read_from(&level.folder).ok()? {
            let Ok(entry) = entry else { break };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if !self.budget.enter() {
                break;
            }
            let stat = || statat(&level.folder, name, AtFlags::SYMLINK_NOFOLLOW).ok();
            let (kind, known) = match entry.file_type() {
                FileType::Unknown => {
                    let stat = stat();
                    (stat.map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode)), stat)
                }
                kind => (kind, None),
            };
            match kind {
                FileType::Directory => {
                    let is_in_scope = scope.names.is_empty()
                        || depth > 0
                        || scope.names.iter().any(|start| name.to_bytes().starts_with(start.as_bytes()));
                    if depth < scope.depth && is_in_scope {
                        level.pending.push(name.to_owned());
                    }
                }
                FileType::RegularFile => {
                    if let Some(stat) = known.or_else(stat) {
                        let folder_path = path.len();
                        path.push('/');
                        path.push_str(&name.to_string_lossy());
                        self.look(&level.folder, name, &stat, path, folder_path);
                        path.truncate(folder_path);
                    }
                }
                // A link, a FIFO, a device, a socket.
                _ => {}
            }
        }
        Some(level)
    }

    /// Reads a file of a folder, if a cataloger wants it.
    fn look(&mut self, folder: &OwnedFd, name: &std::ffi::CStr, stat: &Stat, path: &str, folder_path: usize) {
        let candidate = candidate(stat, path, folder_path);
        if !CATALOGERS.iter().any(|cataloger| (cataloger.wants)(&candidate)) {
            return;
        }
        // Between the look at the name and the opening it may have become something else, on which nothing waits here.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match openat(folder, name, flags, Mode::empty()) {
            Ok(file) => self.read(&file, path, folder_path),
            Err(Errno::ACCESS | Errno::PERM) => self.add_unreadable(path),
            // It was removed, or became something else.
            Err(_) => {}
        }
    }

    /// Notes what could not be read. What a process may not read either is no loss: it does not run it.
    fn add_unreadable(&mut self, path: &str) {
        if !self.other.as_ref().is_some_and(|other| other.is_same()) {
            self.left_out.unreadable.add(path);
        }
    }

    /// Asks the catalogers about a file that is open.
    pub fn read(&mut self, file: &OwnedFd, path: &str, folder_path: usize) {
        let Ok(stat) = fstat(file) else { return };
        let name = if stat.st_nlink > 1 && stat.st_mode & 0o111 == 0 { path } else { "" };
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || !self.read.insert((stat.st_dev, stat.st_ino, name.to_owned()))
        {
            return;
        }
        if self.other.as_ref().is_some_and(|other| !other.allows(file.as_fd(), &stat, Want::Read)) {
            return;
        }
        let candidate = candidate(&stat, path, folder_path);
        for cataloger in CATALOGERS.iter().filter(|cataloger| (cataloger.wants)(&candidate)) {
            let mut source = FileSource { file, size: candidate.size, budget: &mut self.budget };
            // What cannot be read tells of nothing.
            for package in cataloger.packages(&candidate, &mut source).unwrap_or_default() {
                if self.budget.keep(size_of::<Package>() + package.text()) {
                    self.packages.push(package);
                }
            }
        }
    }
}

fn candidate<'a>(stat: &Stat, path: &'a str, folder_path: usize) -> FileCandidate<'a> {
    FileCandidate {
        path,
        folder: if folder_path == 0 { "/" } else { &path[..folder_path] },
        name: &path[folder_path + 1..],
        size: u64::try_from(stat.st_size).unwrap_or_default(),
        executable: stat.st_mode & 0o111 != 0,
    }
}

/// What became of a folder.
enum Entered {
    Folder(OwnedFd, u64),
    /// It is not to be entered: of the kernel, gone, or not the process's to read.
    NotOurs,
    Network,
    Unreadable,
}

/// A kind of file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// It shows the kernel's own things, not files.
    Kernel,
    /// Its files are on another machine.
    Network,
    /// Any other.
    Other,
}

impl FileSystem {
    /// By its number in statfs(2) (linux/magic.h).
    pub fn of(number: u64) -> FileSystem {
        // The field is signed on some machines.
        match number & 0xffff_ffff {
            // proc, sysfs, devpts, cgroup, cgroup2, debugfs, tracefs, securityfs, bpf, mqueue, pstore, configfs, selinuxfs, autofs
            0x9fa0 | 0x6265_6572 | 0x1cd1 | 0x0027_e0eb | 0x6367_7270 | 0x6462_6720 | 0x7472_6163 | 0x7363_6673 | 0xcafe_4a11
            | 0x1980_0202 | 0x6165_676c | 0x6265_6570 | 0xf97c_ff8c | 0x0187 => FileSystem::Kernel,
            // NFS, SMB, CIFS, SMB2, FUSE, Ceph, 9p, AFS (two), Coda, Lustre, GPFS, OCFS2, GFS2
            0x6969 | 0x517b | 0xff53_4d42 | 0xfe53_4d42 | 0x6573_5546 | 0x00c3_6400 | 0x0102_1997 | 0x5346_414f | 0x6b41_4653
            | 0x7375_7245 | 0x0bd0_0bd0 | 0x4750_4653 | 0x7461_636f | 0x0116_1970 => FileSystem::Network,
            _ => FileSystem::Other,
        }
    }
}

/// A file that is open, read as far as the budget goes.
struct FileSource<'a> {
    file: &'a OwnedFd,
    size: u64,
    budget: &'a mut Budget,
}

impl ReadAt for FileSource<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let allowed = self.budget.allow(buffer.len());
        if allowed == 0 {
            return Err(ReadError::Bound);
        }
        let count = pread(self.file, &mut buffer[..allowed], offset).map_err(|_| ReadError::Io)?;
        self.budget.bytes += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
