#![allow(clippy::disallowed_methods, reason = "tests make files")]

use super::*;
use crate::collect::file::{Root, read};
use std::sync::Arc;

/// Of a process with this one's own credentials.
fn other(root: OwnedFd, cwd: &str) -> Result<Root, Errno> {
    let subject = AccessSubject { same: true, protected_symlinks: Some(false), ..AccessSubject::default() };
    Ok(Root::Other(Arc::new(OtherRoot::new(root, cwd.to_owned(), subject)?)))
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
    let other = match other(fd, "/app") {
        Ok(other) => other,
        // As a container runtime of before 2021 has it.
        Err(errno) => return eprintln!("SKIPPED: no openat2 here: {errno}"),
    };
    let read = |path: &str| read(&other, path, 16).map(|content| String::from_utf8_lossy(&content.bytes).into_owned()).map_err(|f| f.kind);
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
    let Ok(other) = other(fd, "/") else { return eprintln!("SKIPPED: no openat2 here") };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, b"four").unwrap();
    let path = path.to_str().unwrap();
    assert!(read(&other, path, 4).is_ok());
    let by_magic = format!("/proc/{}/root{path}", std::process::id());
    assert!(read(&Root::Own, &by_magic, 4).is_ok());
    assert_eq!(read(&other, &by_magic, 4).err().map(|failure| failure.kind), Some(FileFailureKind::Other));
}

/// A root for a process of another user, in a folder of this one's; no privilege is needed, as the judged process need not be there.
struct JudgedRoot {
    dir: tempfile::TempDir,
    subject: AccessSubject,
}

impl JudgedRoot {
    fn new() -> JudgedRoot {
        let dir = tempfile::tempdir().unwrap();
        let judged = JudgedRoot { dir, subject: AccessSubject { pid: 7, protected_symlinks: Some(true), ..AccessSubject::default() } };
        judged.mode("", 0o755);
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        JudgedRoot {
            subject: AccessSubject { rights: Rights { uid: uid + 1, gid: gid + 1, ..Rights::default() }, ..judged.subject },
            ..judged
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }

    fn folder(&self, name: &str, mode: u32) {
        std::fs::create_dir_all(self.path(name)).unwrap();
        self.mode(name, mode);
    }

    fn file(&self, name: &str, mode: u32) {
        std::fs::write(self.path(name), name).unwrap();
        self.mode(name, mode);
    }

    fn link(&self, name: &str, to: &str) {
        std::os::unix::fs::symlink(to, self.path(name)).unwrap();
    }

    fn root(&self) -> OtherRoot {
        let fd = rustix::fs::open(self.dir.path(), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        OtherRoot::new(fd, "/".to_owned(), self.subject.clone()).unwrap()
    }

    fn read(&self, path: &str) -> Result<String, FileFailure> {
        read(&Root::Other(Arc::new(self.root())), path, 4096).map(|content| String::from_utf8_lossy(&content.bytes).into_owned())
    }

    fn kind(&self, path: &str) -> Result<String, FileFailureKind> {
        self.read(path).map_err(|failure| failure.kind)
    }
}

const DENIED: Result<String, FileFailureKind> = Err(FileFailureKind::Denied);

#[test]
fn what_the_process_may_not_read_is_not_read() {
    let judged = JudgedRoot::new();
    let read = |name: &str| Ok(name.to_owned());
    judged.file("open", 0o644);
    judged.file("shut", 0o600);
    judged.file("group", 0o640);
    assert_eq!((judged.kind("/open"), judged.kind("/shut"), judged.kind("/group")), (read("open"), DENIED, DENIED));
    let mut member = JudgedRoot::new();
    member.subject.rights.groups = vec![rustix::process::getegid().as_raw()];
    member.file("group", 0o640);
    member.file("shut", 0o600);
    assert_eq!((member.kind("/group"), member.kind("/shut")), (read("group"), DENIED));
    let said = judged.read("/shut").unwrap_err().describe(Some(7));
    let rights = &judged.subject.rights;
    assert!(said.starts_with("Permission denied (os error 13); the file has mode 0600, owner "), "{said}");
    assert!(said.ends_with(&format!("; process 7 runs as UID {}, GIDs {}", rights.uid, rights.gid)), "{said}");
}

#[test]
fn each_folder_on_the_way_has_to_be_open() {
    let judged = JudgedRoot::new();
    judged.folder("open", 0o711);
    judged.folder("shut", 0o744);
    judged.folder("shut/inner", 0o755);
    judged.file("open/token", 0o644);
    judged.file("shut/token", 0o644);
    judged.link("in", "shut/token");
    judged.link("absolute", "/shut/inner/../token");
    judged.link("folder", "shut");
    judged.link("fine", "open/token");
    for path in [
        "/shut/token",
        "/in",
        "/absolute",
        "/folder/token",
        "/shut/../open/token",
        "/shut/./token",
        "/shut/inner/../../open/token",
        "/shut/none",
    ] {
        assert_eq!(judged.kind(path), DENIED, "{path}");
    }
    for path in ["/open/token", "/fine", "/open/../fine", "//open//token", "fine"] {
        assert_eq!(judged.kind(path), Ok("open/token".to_owned()), "{path}");
    }
    assert_eq!(judged.kind("/shut"), Err(FileFailureKind::NotRegular), "the folder itself can be found");
    assert_eq!(judged.kind("/fine/"), Err(FileFailureKind::Missing), "a file is no folder");
    let failure = judged.read("/in").unwrap_err();
    assert_eq!(failure.access.as_ref().unwrap().folder.as_deref(), Some("/shut"));
    assert!(failure.describe(Some(7)).contains("; the folder /shut has mode 0744, owner "), "{}", failure.describe(Some(7)));
    judged.mode("", 0o700);
    assert_eq!(judged.kind("/open/token"), DENIED, "its root, too");
}

/// Between the judgement and the opening, and between the opening and the reading: what is read is what was judged.
#[test]
fn a_name_that_is_swapped_meanwhile_changes_nothing() {
    let judged = JudgedRoot::new();
    judged.file("token", 0o644);
    judged.file("secret", 0o600);
    let root = judged.root();
    let looks = std::cell::Cell::new(0);
    let swap = |_: &Stat| {
        looks.set(looks.get() + 1);
        if looks.get() == 1 {
            std::fs::rename(judged.path("secret"), judged.path("token")).unwrap();
        }
        Ok(())
    };
    let (opened, _) = root.open("/token", swap).unwrap();
    let mut content = String::new();
    std::io::Read::read_to_string(&mut std::fs::File::from(opened), &mut content).unwrap();
    assert_eq!((content.as_str(), looks.get()), ("token", 2));
    assert_eq!(root.open("/token", |_| Ok(())).unwrap_err().kind, FileFailureKind::Denied);
    // Its mode changes after it was judged: it is judged again once it is open.
    judged.file("shuts", 0o644);
    let shut = |_: &Stat| {
        judged.mode("shuts", 0o600);
        Ok(())
    };
    assert_eq!(root.open("/shuts", shut).unwrap_err().kind, FileFailureKind::Denied);
}

#[test]
fn what_cannot_be_told_is_not_read_and_not_said_to_be_shut() {
    let mut judged = JudgedRoot::new();
    judged.file("open", 0o644);
    judged.file("shut", 0o600);
    judged.subject.confined = true;
    let failure = judged.read("/open").unwrap_err();
    assert_eq!(failure.kind, FileFailureKind::Undecided);
    assert!(
        failure.text.starts_with("it is not known whether process 7 may read it (it is under a security module's profile"),
        "{}",
        failure.text
    );
    assert!(failure.text.ends_with("so it was not read") && !failure.text.contains("denied"), "{}", failure.text);
    assert_eq!(judged.kind("/shut"), DENIED, "no profile opens what the mode shuts");
    assert_eq!(judged.kind("/none"), Err(FileFailureKind::Missing));
    // What is not there is missing, whoever may look; what is there is not read.
    judged.subject.confined = false;
    judged.subject.rights.unmapped = (Some(rustix::process::geteuid().as_raw()), Some(rustix::process::getegid().as_raw()));
    judged.subject.rights.uid = rustix::process::geteuid().as_raw();
    judged.folder("ours", 0o700);
    judged.file("ours/token", 0o644);
    assert_eq!(judged.kind("/ours/token"), Err(FileFailureKind::Undecided));
    assert_eq!(judged.kind("/ours/none"), Err(FileFailureKind::Missing));
}

/// A path of the process's own making does not use up this check's descriptors.
#[test]
fn a_path_that_is_too_deep() {
    let judged = JudgedRoot::new();
    let deep = "d/".repeat(DEEPEST);
    judged.folder(&deep, 0o755);
    judged.file(&format!("{deep}token"), 0o644);
    assert_eq!(judged.kind(&format!("/{deep}token")), Ok(format!("{deep}token")));
    judged.folder(&format!("{deep}d"), 0o755);
    judged.file(&format!("{deep}d/token"), 0o644);
    assert_eq!(judged.kind(&format!("/{deep}d/token")), Err(FileFailureKind::Undecided));
}

#[test]
fn a_link_in_a_folder_that_all_may_write_to() {
    let judged = JudgedRoot::new();
    judged.folder("tmp", 0o1777);
    judged.file("token", 0o644);
    judged.link("tmp/link", "/token");
    // Its owner owns the folder, too.
    assert_eq!(judged.kind("/tmp/link"), Ok("token".to_owned()));
    judged.link("mine", "/tmp/link");
    assert_eq!(judged.kind("/mine"), Ok("token".to_owned()));
}
