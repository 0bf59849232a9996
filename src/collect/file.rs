//! Files, read without ever blocking: regular files only, with a cap, and the reason kept when it fails.
//!
//! A FIFO or device is refused before it is opened (opening one can block, or have effects), and what is opened is looked at again.

use crate::core::evidence::{Access, FileFailure, FileFailureKind};
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat};
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
    /// Another process's: no path leads out of its root, as none does for that process.
    Of(Arc<OtherRoot>),
}

/// Another process's root and working directory.
#[derive(Debug)]
pub struct OtherRoot {
    root: OwnedFd,
    cwd: String,
}

impl Root {
    /// The root of another process, whose working directory is `cwd`. Fails where the kernel cannot confine a path to it.
    pub fn of(root: OwnedFd, cwd: String) -> Result<Root, Errno> {
        let other = Root::Of(Arc::new(OtherRoot { root, cwd }));
        other.open("/", OFlags::PATH | OFlags::DIRECTORY)?;
        Ok(other)
    }

    fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC;
        let Root::Of(other) = self else { return rustix::fs::open(path, flags, Mode::empty()) };
        let path = if path.starts_with('/') || path.is_empty() { path.to_owned() } else { format!("{}/{path}", other.cwd) };
        // A link such as Debian's /var/run -> /run begins at that root, and `..` ends there (openat2(2)). A magic link of /proc would lead out.
        let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let mut opened = Err(Errno::AGAIN);
        // Where something is being renamed at the same time the kernel cannot be sure of `..`, and asks to try again.
        for _ in 0..16 {
            opened = rustix::fs::openat2(&other.root, path.as_str(), flags, Mode::empty(), within);
            if !matches!(opened, Err(Errno::AGAIN)) {
                break;
            }
        }
        opened
    }

    fn stat(&self, path: &str) -> Result<Stat, Errno> {
        match self {
            Root::Own => rustix::fs::stat(path),
            // What is only pointed to is neither opened nor woken.
            Root::Of(_) => rustix::fs::fstat(self.open(path, OFlags::PATH)?),
        }
    }
}

/// Reads a regular file of at most `cap` bytes.
pub fn read(root: &Root, path: &str, cap: usize) -> Result<Content, FileFailure> {
    let before = root.stat(path).map_err(|errno| os_failure(errno, None))?;
    regular(&before, cap)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let fd = root.open(path, flags).map_err(|errno| os_failure(errno, Some(&before)))?;
    // Between the two looks the path may have been swapped; what counts is what was opened.
    let stat = rustix::fs::fstat(&fd).map_err(|errno| os_failure(errno, Some(&before)))?;
    regular(&stat, cap)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(cap.min(usize::try_from(stat.st_size).unwrap_or(0) + 1)));
    std::fs::File::from(fd).take(cap as u64 + 1).read_to_end(&mut bytes).map_err(|error| FileFailure {
        kind: FileFailureKind::Other,
        text: error.to_string(),
        access: None,
    })?;
    if bytes.len() > cap { Err(too_large(bytes.len() as u64, cap)) } else { Ok(Content { bytes, modified: stat.st_mtime }) }
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
    /// Everything below `root` is the other process's; what lies beside it must stay out of reach.
    #[test]
    fn no_path_leads_out_of_another_root() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let (outside, root) = (dir.path().join("run"), dir.path().join("root"));
        for folder in [&outside, &root.join("run"), &root.join("var"), &root.join("app"), &root.join("proc")] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(outside.join("token"), b"outside").unwrap();
        std::fs::write(dir.path().join("secret"), b"outside").unwrap();
        std::fs::write(root.join("run/token"), b"inside").unwrap();
        std::fs::write(root.join("app/token"), b"the app's").unwrap();
        for (to, link) in [
            ("/run", "var/run"), // Debian's
            ("/var/run/token", "absolute"),
            ("../../../../run/token", "app/up"),
            ("loop", "loop"),
            (outside.join("token").to_str().unwrap(), "escape"),
            (&format!("/proc/{}/root/{}", std::process::id(), outside.display()), "magic"),
        ] {
            symlink(to, root.join(link)).unwrap();
        }
        symlink("/proc/self/fd/0", root.join("descriptor")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, root.join("fifo"), Mode::RUSR | Mode::WUSR).unwrap();
        let fd = rustix::fs::open(&root, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let other = match Root::of(fd, "/app".to_owned()) {
            Ok(other) => other,
            // As a container runtime of before 2021 has it.
            Err(errno) => return eprintln!("SKIPPED: no openat2 here: {errno}"),
        };
        let read =
            |path: &str| read(&other, path, 16).map(|content| String::from_utf8_lossy(&content.bytes).into_owned()).map_err(|f| f.kind);
        let inside = || Ok("inside".to_owned());
        assert_eq!(read("/run/token"), inside());
        assert_eq!(read("/var/run/token"), inside());
        assert_eq!(read("/absolute"), inside());
        assert_eq!(read("/app/up"), inside());
        assert_eq!(read("/../../run/token"), inside());
        assert_eq!(read("token"), Ok("the app's".to_owned()), "from its working directory");
        assert_eq!(read("../run/token"), inside());
        assert_eq!(read("../../../secret"), Err(FileFailureKind::Missing));
        assert_eq!(read("/escape"), Err(FileFailureKind::Missing));
        assert_eq!(read("/magic"), Err(FileFailureKind::Missing), "its /proc is empty");
        assert_eq!(read("/loop"), Err(FileFailureKind::Other));
        assert_eq!(read("/fifo"), Err(FileFailureKind::NotRegular));
        assert_eq!(read("/run"), Err(FileFailureKind::NotRegular));
        assert_eq!(read(""), Err(FileFailureKind::Missing));
        assert_eq!(read("/run/token\0"), Err(FileFailureKind::Other));
    }

    #[test]
    fn magic_links_are_not_followed_where_there_are_some() {
        let fd = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let Ok(other) = Root::of(fd, "/".to_owned()) else { return eprintln!("SKIPPED: no openat2 here") };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, b"four").unwrap();
        let path = path.to_str().unwrap();
        assert!(read(&other, path, 4).is_ok());
        let by_magic = format!("/proc/{}/root{path}", std::process::id());
        assert!(read(&Root::Own, &by_magic, 4).is_ok());
        assert_eq!(read(&other, &by_magic, 4).err().map(|failure| failure.kind), Some(FileFailureKind::Other));
    }
}
