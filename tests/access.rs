//! `check --pid` reads what the kernel would let the judged process read: both are asked about the same files, for processes with credentials of
//! every kind. The process opens each file itself and says how that went; then the probe reads below `/proc/N/root`, as root.
//!
//! Only root can take on other credentials. `IRSA_PROBE_NO_SKIPS=1` makes a failure of what would be skipped (.ci/run sets it for root).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "pid/namespace.rs"]
mod namespace;

use irsa_probe::collect::file::{Root, read};
use irsa_probe::collect::process::TargetProcess;
use irsa_probe::core::evidence::FileFailureKind;
use namespace::UserNamespace;
use rustix::fs::{CWD, OFlags, XattrFlags, fsetxattr, openat};
use rustix::io::Errno;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Owners and groups: root, those of the processes below, of a process in a user namespace, and the number for "none here".
const UIDS: [u32; 5] = [0, 1000, 2000, 101_000, 65534];
const GIDS: [u32; 5] = [0, 3000, 4000, 103_000, 65534];

fn skip(why: &str) {
    assert!(std::env::var_os("IRSA_PROBE_NO_SKIPS").is_none(), "must not be skipped: {why}");
    eprintln!("SKIPPED: {why}");
}

/// Files and folders of every kind.
struct Files {
    dir: TempDir,
    paths: Vec<PathBuf>,
}

impl Files {
    fn new() -> Files {
        let dir = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir_in("/tmp").unwrap();
        Files { dir, paths: Vec::new() }
    }

    fn file(&mut self, path: PathBuf, mode: u32, uid: u32, gid: u32) {
        std::fs::write(&path, "content").unwrap();
        own(&path, mode, uid, gid);
        self.paths.push(path);
    }

    fn folder(&self, name: &str, mode: u32, uid: u32, gid: u32) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        own(&path, mode, uid, gid);
        path
    }

    /// Every mode of a file, and every mode of the folder it is in, for each owner and group.
    fn of_every_mode() -> Files {
        let mut files = Files::new();
        for uid in UIDS {
            for gid in GIDS {
                for bits in 0..8u32 {
                    let spread = |bit: u32| (0..3).filter(|class| (bits >> class) & 1 == 1).map(|class| bit << (3 * class)).sum::<u32>();
                    let name = format!("{uid}-{gid}-{bits}");
                    files.file(files.dir.path().join(&name), spread(0o4), uid, gid);
                    let folder = files.folder(&format!("in-{name}"), spread(0o1), uid, gid);
                    files.file(folder.join("file"), 0o644, 0, 0);
                }
            }
        }
        files
    }

    /// What stands on the way: links into folders, folders in folders, steps back, links in a folder that all may write to.
    fn on_ways(seed: u64) -> Files {
        let mut files = Files::new();
        let random = &mut fastrand::Rng::with_seed(seed);
        let mode =
            |random: &mut fastrand::Rng, bit: u32| (0..3).map(|class| if random.u32(0..4) == 0 { 0 } else { bit << (3 * class) }).sum();
        let mut found = Vec::new();
        for number in 0..60 {
            let (uid, gid) = (UIDS[random.usize(..UIDS.len())], GIDS[random.usize(..GIDS.len())]);
            let outer = files.folder(&format!("outer-{number}"), mode(random, 0o5), uid, gid);
            let sticky = files.folder(&format!("tmp-{number}"), if random.bool() { 0o1777 } else { 0o777 }, uid, 0);
            let (uid, gid) = (UIDS[random.usize(..UIDS.len())], GIDS[random.usize(..GIDS.len())]);
            let inner = files.folder(&format!("outer-{number}/inner"), mode(random, 0o5), uid, gid);
            files.file(inner.join("file"), mode(random, 0o6), gid, uid);
            let link = sticky.join("link");
            symlink(format!("../outer-{number}/inner/file"), &link).unwrap();
            lchown(&link, Some(UIDS[random.usize(..UIDS.len())]), None).unwrap();
            let through = files.dir.path().join(format!("through-{number}"));
            symlink(&outer, &through).unwrap();
            let dots = outer.join("inner/../../").join(format!("tmp-{number}/link"));
            let chained = files.dir.path().join(format!("chained-{number}"));
            symlink(&link, &chained).unwrap();
            found.extend([link, through.join("inner/file"), through.join("inner/.././inner/file"), dots, chained, outer.join("missing")]);
        }
        files.paths.extend(found);
        files
    }

    /// Files and folders with access control lists. `None` where the file system takes none.
    fn with_lists() -> Option<Files> {
        let mut files = Files::new();
        for (number, mode) in [0o640, 0o644, 0o600, 0o604, 0o660].into_iter().enumerate() {
            for uid in UIDS {
                let path = files.dir.path().join(format!("list-{number}-{uid}"));
                files.file(path.clone(), mode, uid, 0);
                let file = openat(CWD, &path, OFlags::RDONLY, rustix::fs::Mode::empty()).unwrap();
                match fsetxattr(&file, "system.posix_acl_access", &list(mode), XattrFlags::empty()) {
                    Err(Errno::OPNOTSUPP) => return None,
                    set => set.unwrap(),
                }
            }
        }
        Some(files)
    }
}

/// acl(5) in its form on disk: the owner, user 1000 may read, the group, the mask, the others.
fn list(mode: u32) -> Vec<u8> {
    let mut bytes = 2u32.to_le_bytes().to_vec();
    let none = u32::MAX;
    for (tag, permissions, id) in
        [(0x01, mode >> 6 & 7, none), (0x02, 4, 1000), (0x04, 0, none), (0x10, mode >> 3 & 7, none), (0x20, mode & 7, none)]
    {
        bytes.extend(u16::to_le_bytes(tag));
        bytes.extend(u16::to_le_bytes(permissions as u16));
        bytes.extend(u32::to_le_bytes(id));
    }
    bytes
}

fn own(path: &Path, mode: u32, uid: u32, gid: u32) {
    chown(path, Some(uid), Some(gid)).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// A process with certain credentials, which says what it can read and then does nothing.
struct Target {
    child: Child,
    read: Vec<bool>,
}

impl Target {
    fn start(mut command: Command, files: &Files) -> Target {
        // `true` is no special builtin (POSIX, 2.8.1): a redirection that fails does not end the shell.
        let script = "while IFS= read -r path && [ -n \"$path\" ]; do if true <\"$path\"; then echo yes; else echo no; fi; done; exec cat";
        command.args(["sh", "-c", script]).env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let paths: Vec<String> = files.paths.iter().map(|path| format!("{}\n", path.display())).collect();
        let writer = std::thread::spawn(move || {
            input.write_all(paths.concat().as_bytes()).unwrap();
            input.write_all(b"\n").unwrap();
            input
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let read = files.paths.iter().map(|_| lines.next().expect("an answer for each file").unwrap() == "yes").collect();
        child.stdin = Some(writer.join().unwrap());
        Target { child, read }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who a process is: the arguments of setpriv(1).
#[derive(Debug)]
struct Who {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
    capabilities: &'static [&'static str],
}

impl Who {
    fn every() -> Vec<Who> {
        let mut all = Vec::new();
        for uid in UIDS {
            for (gid, groups) in
                [(0, vec![]), (3000, vec![]), (1, vec![4000]), (4000, vec![0, 3000]), (65534, vec![]), (1, vec![103_000, 65534])]
            {
                for capabilities in [&[][..], &["dac_override"], &["dac_read_search"], &["chown", "fowner", "fsetid"]] {
                    all.push(Who { uid, gid, groups: groups.clone(), capabilities });
                }
            }
        }
        all
    }

    fn arguments(&self) -> Vec<String> {
        let groups = self.groups.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let groups = if groups.is_empty() { "--clear-groups".to_owned() } else { format!("--groups={groups}") };
        let with = |sign: &str| self.capabilities.iter().map(|name| format!(",{sign}{name}")).collect::<String>();
        let (uid, gid, caps) = (self.uid, self.gid, with("+"));
        vec![
            format!("--reuid={uid}"),
            format!("--regid={gid}"),
            groups,
            format!("--inh-caps=-all{caps}"),
            // Whoever is not root keeps what is ambient; root gets what is in the bounding set (capabilities(7)).
            format!("--ambient-caps=-all{caps}"),
            format!("--bounding-set=-all{caps}"),
        ]
    }
}

/// Whether both say the same of every file. `lists`: of some it may not be told.
fn compare(target: &Target, files: &Files, who: &dyn std::fmt::Debug, lists: bool) -> usize {
    let (_, root): (_, Root) = TargetProcess::find(target.child.id()).unwrap().inspect().unwrap();
    let mut untold = 0;
    for (path, kernel) in files.paths.iter().zip(&target.read) {
        let ours = read(&root, path.to_str().unwrap(), 64).map(|_| true).or_else(|failure| match failure.kind {
            FileFailureKind::Denied | FileFailureKind::Missing => Ok(false),
            _ => Err(failure),
        });
        match ours {
            Ok(ours) => assert_eq!(ours, *kernel, "{who:?}: {} {}", path.display(), shown(path)),
            Err(failure) => {
                assert!(lists && failure.kind == FileFailureKind::Undecided, "{who:?}: {}: {failure:?}", path.display());
                untold += 1;
            }
        }
    }
    untold
}

fn shown(path: &Path) -> String {
    let listed = Command::new("namei").arg("-l").arg(path).output();
    listed.map(|listed| String::from_utf8_lossy(&listed.stdout).into_owned()).unwrap_or_default()
}

fn setpriv(who: &Who) -> Command {
    let mut command = Command::new("setpriv");
    command.args(who.arguments()).arg("--");
    command
}

#[test]
fn the_kernel_says_the_same() {
    if !rustix::process::geteuid().is_root() {
        return skip("only root can take on the credentials of others");
    }
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let (modes, ways, lists) = (Files::of_every_mode(), Files::on_ways(seed), Files::with_lists());
    if lists.is_none() {
        skip("the file system of /tmp takes no access control list");
    }
    let (mut yes, mut no, mut untold) = (0, 0, 0);
    for who in Who::every() {
        for (files, has_lists) in
            [Some((&modes, false)), Some((&ways, false)), lists.as_ref().map(|lists| (lists, true))].into_iter().flatten()
        {
            let target = Target::start(setpriv(&who), files);
            untold += compare(&target, files, &who, has_lists);
            yes += target.read.iter().filter(|read| **read).count();
            no += target.read.iter().filter(|read| !**read).count();
        }
    }
    println!("the kernel let {yes} files be read and {no} not; {untold} could not be told");
    assert!(yes > 10_000 && no > 10_000 && (untold > 0 || lists.is_none()), "{yes} {no} {untold}");
}

/// Capabilities of a user namespace count for what is mapped in it, and for nothing else.
#[test]
fn the_kernel_says_the_same_in_a_user_namespace() {
    if !rustix::process::geteuid().is_root() {
        return skip("only root can map other users");
    }
    let Some(namespace) = UserNamespace::new() else { return skip("no user namespace can be made here") };
    let files = Files::of_every_mode();
    let mut both = (0, 0);
    for uid in [0, 1000, 65534] {
        for (gid, groups) in [(0, vec![]), (3000, vec![4000])] {
            for capabilities in [&[][..], &["dac_override"], &["dac_read_search"]] {
                let who = Who { uid, gid, groups: groups.clone(), capabilities };
                let mut command = namespace.command();
                command.arg("setpriv").args(who.arguments()).arg("--");
                let target = Target::start(command, &files);
                compare(&target, &files, &who, false);
                let yes = target.read.iter().filter(|read| **read).count();
                both = (both.0 + yes, both.1 + target.read.len() - yes);
            }
        }
    }
    println!("the kernel let {} files be read and {} not", both.0, both.1);
    assert!(both.0 > 1000 && both.1 > 1000, "{both:?}");
}
