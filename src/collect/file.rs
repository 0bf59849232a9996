//! Reads files without ever blocking: regular files only, up to a cap. A failure keeps its reason.
//!
//! A FIFO or device is refused before it is opened, because opening one can block or have effects. The opened file is checked again.

use super::lack::{is_lack, is_lacking};
use super::root::OtherRoot;
use crate::core::evidence::{Access, FileFailure, FileFailureKind};
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::io::Read;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The largest token file that is read, in bytes. STS takes 20,000 characters, so that a larger file is too large beyond doubt.
pub const TOKEN_CAP: usize = 256 * 1024;
/// The largest configuration file or CA bundle that is read, in bytes.
pub const CONFIG_CAP: usize = 4 * 1024 * 1024;

/// A file's content, and when it was last written (unix seconds).
pub struct Content {
    /// The bytes, wiped when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Modification time.
    pub modified: i64,
}

/// Whose files are read.
#[derive(Debug, Clone)]
pub enum Root {
    /// This process's own.
    Own,
    /// Another process's. No path leads out of its root, and what it may not read is not read.
    Other(Arc<OtherRoot>),
}

/// Reads a regular file of at most `cap` bytes.
pub fn read(root: &Root, path: &str, cap: usize) -> Result<Content, FileFailure> {
    let (fd, stat) = match root {
        Root::Own => open_own(path, cap)?,
        Root::Other(other) => other.open(path, |stat| check_regular(stat, cap))?,
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(cap.min(usize::try_from(stat.st_size).unwrap_or(0) + 1)));
    std::fs::File::from(fd).take(cap as u64 + 1).read_to_end(&mut bytes).map_err(|error| FileFailure {
        kind: if is_lacking(&error) { FileFailureKind::OutOfResources } else { FileFailureKind::Other },
        text: error.to_string(),
        access: None,
    })?;
    if bytes.len() > cap { Err(too_large(bytes.len() as u64, cap)) } else { Ok(Content { bytes, modified: stat.st_mtime }) }
}

/// Opens a regular file of any length.
pub fn open(path: &str) -> Result<std::fs::File, FileFailure> {
    open_own(path, usize::MAX).map(|(fd, _)| fd.into())
}

/// Opens one of our own files.
fn open_own(path: &str, cap: usize) -> Result<(OwnedFd, Stat), FileFailure> {
    let before = rustix::fs::stat(path).map_err(|errno| os_failure(errno, None))?;
    check_regular(&before, cap)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| os_failure(errno, Some(&before)))?;
    // The path may have been swapped since it was checked. What counts is what was opened.
    let stat = rustix::fs::fstat(&fd).map_err(|errno| os_failure(errno, Some(&before)))?;
    check_regular(&stat, cap)?;
    Ok((fd, stat))
}

/// What tells one version of a file from the next without reading it: device, inode, size and modification time. The kubelet swaps a
/// symlink on the path; other writers rename a file or write to it in place. `None` when there is no file to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileVersion(Option<[i128; 5]>);

/// The version of the file that a path leads to now.
pub fn version(path: &str) -> FileVersion {
    let numbers = |stat: Stat| {
        [
            i128::from(stat.st_dev),
            i128::from(stat.st_ino),
            i128::from(stat.st_size),
            i128::from(stat.st_mtime),
            i128::from(stat.st_mtime_nsec),
        ]
    };
    FileVersion(rustix::fs::stat(path).ok().map(numbers))
}

fn check_regular(stat: &Stat, cap: usize) -> Result<(), FileFailure> {
    let what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {
            let size = u64::try_from(stat.st_size).unwrap_or(0);
            return if size > cap as u64 { Err(too_large(size, cap)) } else { Ok(()) };
        }
        FileType::Directory => "a directory",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::BlockDevice | FileType::CharacterDevice => "a device",
        _ => "of an unknown type",
    };
    Err(FileFailure { kind: FileFailureKind::NotRegular, text: format!("it is {what}, not a file"), access: None })
}

fn too_large(size: u64, cap: usize) -> FileFailure {
    FileFailure { kind: FileFailureKind::TooLarge, text: format!("it has {size} bytes; at most {cap} are read"), access: None }
}

fn os_failure(errno: Errno, stat: Option<&Stat>) -> FileFailure {
    let kind = match errno {
        // No file has so long a name. A token was given in the place of its path.
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => FileFailureKind::Missing,
        Errno::ACCESS | Errno::PERM => FileFailureKind::Denied,
        errno if is_lack(errno) => FileFailureKind::OutOfResources,
        _ => FileFailureKind::Other,
    };
    let access = (kind == FileFailureKind::Denied).then(|| describe_access(stat));
    FileFailure { kind, text: std::io::Error::from(errno).to_string(), access }
}

/// Whose the file is, and as whom this process runs.
fn describe_access(stat: Option<&Stat>) -> Access {
    let mut our_gids = vec![rustix::process::getegid().as_raw()];
    our_gids.extend(rustix::process::getgroups().unwrap_or_default().into_iter().map(|gid| gid.as_raw()));
    our_gids.dedup();
    Access {
        mode: stat.map(|stat| stat.st_mode & 0o7777),
        uid: stat.map(|stat| stat.st_uid),
        gid: stat.map(|stat| stat.st_gid),
        our_uid: rustix::process::geteuid().as_raw(),
        our_gids,
        folder: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests make files")]
    use super::*;

    #[test]
    fn a_rotated_file_has_another_version() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        // As the kubelet lays a projected volume out (AtomicWriter): token -> ..data/token, ..data -> ..2026_11_23.
        std::fs::create_dir(path("..1")).unwrap();
        std::fs::create_dir(path("..2")).unwrap();
        std::fs::write(path("..1/token"), b"same size").unwrap();
        std::os::unix::fs::symlink("..1", path("..data")).unwrap();
        std::os::unix::fs::symlink("..data/token", path("token")).unwrap();
        let before = version(&path("token"));
        assert_eq!(version(&path("token")), before);
        std::fs::write(path("..2/token"), b"size same").unwrap();
        std::os::unix::fs::symlink("..2", path("..data_tmp")).unwrap();
        std::fs::rename(path("..data_tmp"), path("..data")).unwrap();
        let after = version(&path("token"));
        assert_ne!(after, before);
        std::fs::remove_file(path("..2/token")).unwrap();
        assert_ne!(version(&path("token")), after);
        assert_eq!(version(&path("token")), version(&path("never there")));
    }

    #[test]
    fn only_regular_files_within_the_cap_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let kind =
            |name: &str, cap| read(&Root::Own, &path(name), cap).map(|content| content.bytes.to_vec()).map_err(|failure| failure.kind);
        std::fs::write(path("file"), b"four").unwrap();
        std::os::unix::fs::symlink("file", path("link")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, path("fifo"), Mode::RUSR | Mode::WUSR).unwrap();
        assert_eq!(kind("file", 4), Ok(b"four".to_vec()));
        assert_eq!(kind("link", 4), Ok(b"four".to_vec()));
        assert_eq!(kind("file", 3), Err(FileFailureKind::TooLarge));
        assert_eq!(kind("fifo", 4), Err(FileFailureKind::NotRegular));
        assert_eq!(kind(".", 4), Err(FileFailureKind::NotRegular));
        assert_eq!(kind("none", 4), Err(FileFailureKind::Missing));
        assert_eq!(kind("file/below", 4), Err(FileFailureKind::Missing));
        assert_eq!(read(&Root::Own, "/dev/zero", 4).map_err(|f| f.kind).err(), Some(FileFailureKind::NotRegular));
    }
}
