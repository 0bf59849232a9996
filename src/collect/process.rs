//! Another process of the pod (`--pid`): its environment from /proc, and the root below which its files are.
//!
//! Whoever may not read a process may not judge it: that is no verdict, but an error that names the cure. What the kernel asks for is
//! in ptrace(2), "Ptrace access mode checking": the same UIDs and GIDs, and no capability that the reader lacks; or CAP_SYS_PTRACE.

mod status;

use super::file::{CONFIG_CAP, Root};
use super::lack::{is_lack, is_lacking};
use super::root::{OtherRoot, Reader};
use crate::core::pod::access::{IdMap, Namespace, leaves_files_alone};
use crate::core::pod::candidates::{Container, PAUSE, ProcessFacts, Target, Variables, instead_of_pause, only};
use crate::core::pod::environment::Environment;
use crate::core::text::secrets::InputValue;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Dir, Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;
use rustix::process::{Pid, getegid, geteuid, getpid, test_kill_process};
use status::{ProcStatus, cure, denied};
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::io::Read;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A process, held by its folder below /proc: what later has its number is another one.
#[derive(Debug)]
pub struct TargetProcess {
    pid: u32,
    folder: OwnedFd,
}

/// Why there is nothing to judge. Either is one line for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be judged from here.
    No(String),
    /// The probe itself has no descriptor or memory left for it.
    Lack(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Refusal::No(why) | Refusal::Lack(why)) = self;
        f.write_str(why)
    }
}

/// A process's environment as it was started with. May hold secrets.
pub struct Environ(Zeroizing<Vec<u8>>);

impl Environ {
    /// A variable's value. The first of several counts, as for getenv(3).
    pub fn get(&self, name: &str) -> Option<String> {
        let value = Zeroizing::new(self.raw(name)?.to_vec());
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    fn raw(&self, name: &str) -> Option<&[u8]> {
        self.0.split(|byte| *byte == 0).find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    }

    /// What tells it from others' without holding a value. The hash's keys are this run's own.
    fn variables(&self, keys: &RandomState) -> Variables {
        let mut hash = keys.build_hasher();
        for name in Environment::NAMES {
            self.raw(name).hash(&mut hash);
        }
        Variables { has_aws: self.0.split(|byte| *byte == 0).any(|pair| pair.starts_with(b"AWS_")), mark: hash.finish() }
    }
}

/// The number of this process, as the /proc here has it.
pub fn own_pid() -> u32 {
    let link = readlinkat(CWD, "/proc/self", Vec::new()).ok();
    let number = link.and_then(|link| link.to_str().ok()?.parse().ok());
    number.unwrap_or(getpid().as_raw_nonzero().get().unsigned_abs())
}

/// Every process that can be seen here.
pub fn all() -> Result<Vec<ProcessFacts>, Refusal> {
    let unseen = |errno: Errno| match errno {
        errno if is_lack(errno) => Refusal::Lack(format!("/proc: {}", std::io::Error::from(errno))),
        errno => Refusal::No(format!("the processes here cannot be seen: /proc: {}", std::io::Error::from(errno))),
    };
    let folder = openat(CWD, "/proc", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(unseen)?;
    let numbers = Dir::new(folder).map_err(unseen)?.filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse::<u32>().ok());
    let keys = RandomState::new();
    let mut seen = Vec::new();
    for pid in numbers {
        match TargetProcess::open(pid).map_err(std::io::Error::from).and_then(|process| process.seen(&keys)) {
            Ok(process) => seen.push(process),
            Err(error) if is_lacking(&error) => return Err(Refusal::Lack(format!("/proc/{pid}: {error}"))),
            // It has ended meanwhile.
            Err(_) => {}
        }
    }
    Ok(seen)
}

/// The process that `--pid` means.
pub fn choose(target: Target) -> Result<TargetProcess, Refusal> {
    match target {
        Target::Auto => TargetProcess::find(only(&all()?, own_pid()).map_err(Refusal::No)?),
        Target::Number(1) => {
            let first = TargetProcess::find(1)?;
            // The others are looked at only where it may be the pause container's.
            let instead = if first.status().is_ok_and(|status| status.name == PAUSE) { instead_of_pause(&all()?, own_pid()) } else { None };
            instead.map_or(Ok(first), |why| Err(Refusal::No(why)))
        }
        Target::Number(pid) => TargetProcess::find(pid),
    }
}

impl TargetProcess {
    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Finds the process.
    pub fn find(pid: u32) -> Result<TargetProcess, Refusal> {
        if pid == own_pid() {
            return Err(Refusal::No(format!("--pid {pid} is this check itself: give the application's number, or leave --pid out")));
        }
        TargetProcess::open(pid).map_err(|errno| match errno {
            Errno::NOENT => Refusal::No(format!(
                "there is no process {pid} here: is this container started with kubectl debug --target=CONTAINER, and is {pid} the application's \
                 number in there (usually 1; ls /proc shows them)?"
            )),
            errno => {
                let why = format!("process {pid} cannot be looked at: /proc/{pid}: {}", std::io::Error::from(errno));
                if is_lack(errno) { Refusal::Lack(why) } else { Refusal::No(why) }
            }
        })
    }

    fn open(pid: u32) -> Result<TargetProcess, Errno> {
        Ok(TargetProcess { pid, folder: folder_of(&pid.to_string())? })
    }

    /// This process itself.
    fn own() -> Result<TargetProcess, Errno> {
        Ok(TargetProcess { pid: own_pid(), folder: folder_of("self")? })
    }

    /// Its environment, and where its files are.
    pub fn look(&self) -> Result<(Environ, Root), Refusal> {
        let environ = self.read("environ");
        // Without memory there is no environment: the kernel says so by an error or by an empty one, as its version has it. So is that of a
        // process that was started without any.
        let status = self.status().map_err(|error| self.explain(&error))?;
        if !status.has_memory {
            return Err(Refusal::No(if status.is_dead { self.ended() } else { self.of_the_kernel() }));
        }
        let environ = environ.map_err(|error| self.explain(&error))?;
        if is_elsewhere(self.folder.as_fd()) {
            return Err(Refusal::No(self.of_another_network()));
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(&self.folder, "root", flags, Mode::empty()).map_err(|errno| self.explain(&errno.into()))?;
        let reader = self.reader(&status)?;
        let root = OtherRoot::new(root, self.cwd(), reader).map_err(|errno| self.cannot_confine(errno))?;
        Ok((Environ(environ), Root::Of(Arc::new(root))))
    }

    /// A file could not be read for want of certainty: how there is some.
    pub fn undecided(&self, path: &InputValue, why: &str) -> String {
        let status = self.status().unwrap_or_default();
        let ids = (status.uids.first().copied().unwrap_or_default(), status.gids.first().copied().unwrap_or_default());
        format!("{path}: {why}. In a container with its UID, GID and groups the kernel itself decides. {}", cure(self.pid, ids, false))
    }

    /// What it may read, beside what this check may.
    fn reader(&self, theirs: &ProcStatus) -> Result<Reader, Refusal> {
        let own = TargetProcess::own().map_err(|errno| self.explain(&errno.into()))?;
        let ours = own.status().map_err(|error| self.explain(&error))?;
        let (Some(mut rights), Some(our_rights)) = (theirs.rights(), ours.rights()) else {
            return Err(Refusal::No(format!("process {} cannot be judged: /proc/{}/status does not say who it is", self.pid, self.pid)));
        };
        let same_ids = rights == our_rights;
        let seen = || -> std::io::Result<_> {
            let (uids, gids) = (own.map("uid")?, own.map("gid")?);
            let unmapped = (unmapped("uid", uids.as_ref())?, unmapped("gid", gids.as_ref())?);
            Ok((uids, gids, unmapped, self.namespace(&own)?, self.label()?, own.label()?, setting(LINKS)?))
        };
        let (uids, gids, unmapped, namespace, label, our_label, links) = seen().map_err(|error| self.explain(&error))?;
        // A process that runs as an id of its namespace: not one that came in without a number.
        let has_all = |map: Option<IdMap>, ids: &[u32]| map.is_some_and(|map| ids.iter().all(|id| map.has(*id)));
        let have_numbers = has_all(uids, &[rights.uid]) && has_all(gids, &rights.groups);
        let same_label = label.is_some() && label == our_label;
        let same = same_ids && have_numbers && same_label && namespace == Namespace::Ours;
        rights.unmapped = unmapped;
        rights.namespace = namespace;
        Ok(Reader {
            pid: self.pid,
            rights,
            same,
            confined: !same_label && !label.is_some_and(|label| leaves_files_alone(&label)),
            protected_symlinks: links.map(|value| value != 0),
        })
    }

    fn namespace(&self, own: &TargetProcess) -> std::io::Result<Namespace> {
        Ok(match (self.link("ns/user"), own.link("ns/user")) {
            (Some(theirs), Some(ours)) if theirs == ours => Namespace::Ours,
            (Some(_), Some(_)) => {
                let maps = self.map("uid")?.zip(self.map("gid")?);
                maps.map_or(Namespace::Unknown, |(uids, gids)| Namespace::Other(uids, gids))
            }
            _ => Namespace::Unknown,
        })
    }

    /// Which ids its user namespace has, in the numbers that they have here (user_namespaces(7)).
    fn map(&self, kind: &str) -> std::io::Result<Option<IdMap>> {
        let text = unless_lack(self.read(&format!("{kind}_map")))?;
        Ok(text.and_then(|text| IdMap::parse(&String::from_utf8_lossy(&text))))
    }

    /// What a security module calls it; empty where there is none that does. `None` where that cannot be seen.
    fn label(&self) -> std::io::Result<Option<String>> {
        match self.read("attr/current") {
            Ok(label) => Ok(Some(String::from_utf8_lossy(&label).trim_end_matches(['\0', '\n']).to_owned())),
            Err(error) if is_lacking(&error) => Err(error),
            Err(error) => {
                Ok(matches!(Errno::from_io_error(&error), Some(Errno::INVAL | Errno::NOENT | Errno::OPNOTSUPP)).then(String::new))
            }
        }
    }

    fn link(&self, name: &str) -> Option<String> {
        readlinkat(&self.folder, name, Vec::new()).ok().map(|link| link.to_string_lossy().into_owned())
    }

    /// As far as it can be seen from outside.
    fn seen(&self, keys: &RandomState) -> std::io::Result<ProcessFacts> {
        let status = self.status()?;
        let environment = match self.read("environ") {
            Ok(environ) => Ok(Environ(environ).variables(keys)),
            Err(error) if is_lacking(&error) => return Err(error),
            Err(_) => {
                let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
                Err(format!("its environment may not be read by this check's UID {uid}, GID {gid}"))
            }
        };
        let cgroup = self.read("cgroup").map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
        Ok(ProcessFacts {
            pid: self.pid,
            parent: status.parent,
            is_none: !status.has_memory || status.is_dead,
            rights: format!("{:?}", status.rights()),
            ids: (status.uids.get(1).copied().unwrap_or_default(), status.gids.get(1).copied().unwrap_or_default()),
            container: Container { cgroup, mounts: self.link("ns/mnt") },
            is_elsewhere: is_elsewhere(self.folder.as_fd()),
            environment,
            name: status.name,
        })
    }

    /// Its working directory as it calls it. The link says how it is reached from here, as that of its root does.
    fn cwd(&self) -> String {
        let (root, cwd) = (self.link("root").unwrap_or_default(), self.link("cwd").unwrap_or_default());
        let below = cwd.strip_prefix(root.trim_end_matches('/')).filter(|below| below.starts_with('/'));
        below.unwrap_or("/").to_owned()
    }

    /// A file of its folder.
    fn read(&self, name: &str) -> std::io::Result<Zeroizing<Vec<u8>>> {
        let file = openat(self.folder.as_fd(), name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        // At once as large as it may become: a buffer that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(ENVIRON_ROOM));
        std::fs::File::from(file).take(CONFIG_CAP as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn status(&self) -> std::io::Result<ProcStatus> {
        self.read("status").map(|bytes| ProcStatus::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// Not gone, but shut off: a /proc that is mounted with hidepid=2 shows others' processes as empty folders (proc(5)).
    fn is_hidden(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::PERM))
    }

    fn explain(&self, error: &std::io::Error) -> Refusal {
        if is_lacking(error) {
            return Refusal::Lack(format!("process {} cannot be looked at: {error}", self.pid));
        }
        let is_gone = matches!(Errno::from_io_error(error), Some(Errno::SRCH | Errno::NOENT));
        Refusal::No(match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::NotFound if !is_gone || self.is_hidden() => {
                let ours = TargetProcess::own().map_err(std::io::Error::from).and_then(|own| own.status()).map(|status| status.effective);
                let ours = ours.unwrap_or_default();
                denied(self.pid, &self.status().unwrap_or_default(), (geteuid().as_raw(), getegid().as_raw()), ours)
            }
            // ESRCH, or its folder is empty by now.
            _ if is_gone => self.ended(),
            _ => format!("process {} cannot be looked at: {error}", self.pid),
        })
    }

    fn ended(&self) -> String {
        format!("process {} has ended: give the number of one that runs (ls /proc shows them)", self.pid)
    }

    fn of_the_kernel(&self) -> String {
        format!(
            "process {} is a thread of the kernel and has no environment: give the application's number (ls /proc shows them)",
            self.pid
        )
    }

    fn of_another_network(&self) -> String {
        format!(
            "process {} has another network than this check, so that what is reached from here proves nothing of it: run the check in its own pod \
             (kubectl debug -it POD --target=CONTAINER --image=IMAGE -- /irsa-probe check --pid 1)",
            self.pid
        )
    }

    fn cannot_confine(&self, errno: Errno) -> Refusal {
        match errno {
            Errno::NOSYS | Errno::PERM => Refusal::No(format!(
                "the files of process {} cannot be read without leaving its root: openat2 is missing ({}); it takes Linux 5.6 and a seccomp \
                 profile that knows it, such as a newer container runtime's RuntimeDefault",
                self.pid,
                std::io::Error::from(errno)
            )),
            errno => self.explain(&errno.into()),
        }
    }
}

/// The number that stands in a namespace for an id that has none; `None` where each has one.
fn unmapped(kind: &str, map: Option<&IdMap>) -> std::io::Result<Option<u32>> {
    if map.is_some_and(IdMap::is_whole) {
        return Ok(None);
    }
    Ok(Some(setting(&format!("kernel/overflow{kind}"))?.unwrap_or(65534)))
}

/// Of what cannot be seen, that it cannot; but not where only the probe's own means are lacking.
fn unless_lack<T>(seen: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match seen {
        Err(error) if is_lacking(&error) => Err(error),
        seen => Ok(seen.ok()),
    }
}

/// Whether links in folders that every user may write to are protected.
const LINKS: &str = "fs/protected_symlinks";

/// One of the kernel's settings (proc_sys(5)).
fn setting(name: &str) -> std::io::Result<Option<u32>> {
    let read = || -> std::io::Result<String> {
        let file = openat(CWD, format!("/proc/sys/{name}"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut text = String::new();
        std::fs::File::from(file).take(64).read_to_string(&mut text)?;
        Ok(text)
    };
    Ok(unless_lack(read())?.and_then(|text| text.trim().parse().ok()))
}

fn folder_of(name: &str) -> Result<OwnedFd, Errno> {
    openat(CWD, format!("/proc/{name}"), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// In another network namespace than this process (namespaces(7)). Where that cannot be seen nothing is said of it.
fn is_elsewhere(folder: impl AsFd) -> bool {
    let theirs = readlinkat(folder, "ns/net", Vec::new());
    let ours = readlinkat(CWD, "/proc/self/ns/net", Vec::new());
    theirs.is_ok_and(|theirs| ours.is_ok_and(|ours| theirs != ours))
}

/// More than the environment of any pod.
const ENVIRON_ROOM: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        let environ =
            Environ(Zeroizing::new(b"AWS_REGION_X=a\0AWS_REGION=us-west-2\0AWS_REGION=later\0EMPTY=\0lone\0BAD=\xff=x\0\0TAIL=1".to_vec()));
        assert_eq!(environ.get("AWS_REGION").as_deref(), Some("us-west-2"));
        assert_eq!(environ.get("EMPTY").as_deref(), Some(""));
        assert_eq!(environ.get("BAD").as_deref(), Some("\u{fffd}=x"));
        assert_eq!(environ.get("TAIL").as_deref(), Some("1"));
        for name in ["lone", "AWS_REG", "REGION", "NONE"] {
            assert_eq!(environ.get(name), None, "{name}");
        }
    }

    #[test]
    fn processes_that_nobody_can_judge() {
        let own = std::process::id();
        assert!(TargetProcess::find(own).is_err_and(|refusal| refusal.to_string().contains("this check itself")));
        // No system has so many (PID_MAX_LIMIT is 2^22).
        for pid in [0, 5_000_000, u32::MAX] {
            assert!(
                TargetProcess::find(pid).is_err_and(|refusal| refusal.to_string().contains(&format!("there is no process {pid} here")))
            );
        }
    }

    #[test]
    fn a_child_alive_and_dead() {
        #![allow(clippy::disallowed_methods, reason = "a test waits for its child")]
        let mut child = std::process::Command::new("sleep").arg("60").env_clear().env("AWS_REGION", "us-west-2").spawn().unwrap();
        let process = TargetProcess::find(child.id()).unwrap();
        let environ = || process.look().map(|(environ, _)| environ.get("AWS_REGION"));
        // Until it has become sleep, it is still this test.
        let found = (0..12_000).any(|_| {
            environ().is_ok_and(|region| region.as_deref() == Some("us-west-2")) || {
                std::thread::sleep(std::time::Duration::from_millis(10));
                false
            }
        });
        assert!(found, "{:?}", environ());
        child.kill().unwrap();
        let dead = || environ().is_err_and(|refusal| refusal.to_string().contains("has ended"));
        assert!(
            (0..12_000).any(|_| dead() || {
                std::thread::sleep(std::time::Duration::from_millis(10));
                false
            }),
            "a zombie: {:?}",
            environ()
        );
        child.wait().unwrap();
        assert!(dead(), "its folder is empty: {:?}", environ());
    }
}
