//! Files, read without ever blocking: regular files only, with a cap, and the reason kept when it fails.
//!
//! A FIFO or device is refused before it is opened (opening one can block, or have effects), and what is opened is looked at again.

use super::lack::{is_lack, is_lacking};
use super::root::OtherRoot;
use crate::core::evidence::{Access, FileFailure, FileFailureKind};
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::io::Read;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The largest token file that is read: far above the 20,000 characters that STS takes, so that "too large" is not a guess.
pub const TOKEN_CAP: usize = 256 * 1024;
/// The largest configuration file or CA bundle that is read.
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
    /// Another process's: no path leads out of its root, and what it may not read is not read.
    Of(Arc<OtherRoot>),
}

/// Reads a regular file of at most `cap` bytes.
pub fn read(root: &Root, path: &str, cap: usize) -> Result<Content, FileFailure> {
    let (fd, stat) = match root {
        Root::Own => open(path, cap)?,
        Root::Of(other) => other.open(path, |stat| regular(stat, cap))?,
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(cap.min(usize::try_from(stat.st_size).unwrap_or(0) + 1)));
    std::fs::File::from(fd).take(cap as u64 + 1).read_to_end(&mut bytes).map_err(|error| FileFailure {
        kind: if is_lacking(&error) { FileFailureKind::OutOfResources } else { FileFailureKind::Other },
        text: error.to_string(),
        access: None,
    })?;
    if bytes.len() > cap { Err(too_large(bytes.len() as u64, cap)) } else { Ok(Content { bytes, modified: stat.st_mtime }) }
}

/// Opens one of our own files.
fn open(path: &str, cap: usize) -> Result<(OwnedFd, Stat), FileFailure> {
    let before = rustix::fs::stat(path).map_err(|errno| os_failure(errno, None))?;
    regular(&before, cap)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| os_failure(errno, Some(&before)))?;
    // Between the two looks the path may have been swapped; what counts is what was opened.
    let stat = rustix::fs::fstat(&fd).map_err(|errno| os_failure(errno, Some(&before)))?;
    regular(&stat, cap)?;
    Ok((fd, stat))
}

/// What tells one version of a file from the next, without reading it: the kubelet swaps a symlink on the path, others rename a
/// file or write to it in place. `None` when nothing can be seen there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(Option<[i128; 5]>);

/// Looks at what a path leads to now.
pub fn mark(path: &str) -> Mark {
    let numbers = |stat: Stat| {
        [
            i128::from(stat.st_dev),
            i128::from(stat.st_ino),
            i128::from(stat.st_size),
            i128::from(stat.st_mtime),
            i128::from(stat.st_mtime_nsec),
        ]
    };
    Mark(rustix::fs::stat(path).ok().map(numbers))
}

fn regular(stat: &Stat, cap: usize) -> Result<(), FileFailure> {
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
        // No file has so long a name: a token stands where its path belongs.
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => FileFailureKind::Missing,
        Errno::ACCESS | Errno::PERM => FileFailureKind::Denied,
        errno if is_lack(errno) => FileFailureKind::OutOfResources,
        _ => FileFailureKind::Other,
    };
    let access = (kind == FileFailureKind::Denied).then(|| access(stat));
    FileFailure { kind, text: std::io::Error::from(errno).to_string(), access }
}

/// Who we are beside whose the file is.
fn access(stat: Option<&Stat>) -> Access {
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
    fn a_rotated_file_has_another_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        // As the kubelet lays a projected volume out (AtomicWriter): token -> ..data/token, ..data -> ..2026_11_23.
        std::fs::create_dir(path("..1")).unwrap();
        std::fs::create_dir(path("..2")).unwrap();
        std::fs::write(path("..1/token"), b"same size").unwrap();
        std::os::unix::fs::symlink("..1", path("..data")).unwrap();
        std::os::unix::fs::symlink("..data/token", path("token")).unwrap();
        let before = mark(&path("token"));
        assert_eq!(mark(&path("token")), before);
        std::fs::write(path("..2/token"), b"size same").unwrap();
        std::os::unix::fs::symlink("..2", path("..data_tmp")).unwrap();
        std::fs::rename(path("..data_tmp"), path("..data")).unwrap();
        let after = mark(&path("token"));
        assert_ne!(after, before);
        std::fs::remove_file(path("..2/token")).unwrap();
        assert_ne!(mark(&path("token")), after);
        assert_eq!(mark(&path("token")), mark(&path("never there")));
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
