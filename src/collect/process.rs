//! Another process of the pod (`--pid`): its environment from /proc, and the root below which its files are.
//!
//! A process that may not be read gets no verdict, but an error that names the remedy. The kernel's rule is in ptrace(2), "Ptrace access mode
//! checking": the same UIDs and GIDs, and no capability that the reader lacks; or CAP_SYS_PTRACE.

mod environ;
mod error;
mod status;

pub use environ::Environ;
pub use error::ProcessError;

use super::file::{CONFIG_CAP, Root};
use super::lack::{is_lack, is_lacking};
use super::root::{AccessSubject, OtherRoot};
use crate::core::pod::access::{IdMap, Namespace, leaves_files_alone};
use crate::core::pod::candidates::{Container, PAUSE, ProcessFacts, Target, instead_of_pause, only};
use crate::core::text::secrets::InputValue;
use error::{debug_container_advice, describe_denied, ended_text, kernel_thread_text, other_network_text};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Dir, Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;
use rustix::process::{Pid, getegid, geteuid, getpid, test_kill_process};
use status::ProcStatus;
use std::hash::RandomState;
use std::io::Read;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A process, held by its folder below /proc. A later process with the same number is not mistaken for it.
#[derive(Debug)]
pub struct TargetProcess {
    pid: u32,
    folder: OwnedFd,
}

/// The number of this process, as the /proc here has it.
pub fn own_pid() -> u32 {
    let link = readlinkat(CWD, "/proc/self", Vec::new()).ok();
    let number = link.and_then(|link| link.to_str().ok()?.parse().ok());
    number.unwrap_or(getpid().as_raw_nonzero().get().unsigned_abs())
}

/// Every process that can be seen here.
pub fn list_processes() -> Result<Vec<ProcessFacts>, ProcessError> {
    let unseen = |errno: Errno| match errno {
        errno if is_lack(errno) => ProcessError::OutOfResources(format!("/proc: {}", std::io::Error::from(errno))),
        errno => ProcessError::Unreadable(format!("the processes here cannot be seen: /proc: {}", std::io::Error::from(errno))),
    };
    let folder = openat(CWD, "/proc", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(unseen)?;
    let numbers = Dir::new(folder).map_err(unseen)?.filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse::<u32>().ok());
    let keys = RandomState::new();
    let mut seen = Vec::new();
    for pid in numbers {
        match TargetProcess::open(pid).map_err(std::io::Error::from).and_then(|process| process.facts(&keys)) {
            Ok(process) => seen.push(process),
            Err(error) if is_lacking(&error) => return Err(ProcessError::OutOfResources(format!("/proc/{pid}: {error}"))),
            // The process has ended meanwhile.
            Err(_) => {}
        }
    }
    Ok(seen)
}

/// The process that `--pid` means.
pub fn find_target(target: Target) -> Result<TargetProcess, ProcessError> {
    match target {
        Target::Auto => TargetProcess::find(only(&list_processes()?, own_pid()).map_err(ProcessError::Unreadable)?),
        Target::Number(1) => {
            let first = TargetProcess::find(1)?;
            // The other processes are inspected only where this one may be the pause container's.
            let instead = if first.status().is_ok_and(|status| status.name == PAUSE) {
                instead_of_pause(&list_processes()?, own_pid())
            } else {
                None
            };
            instead.map_or(Ok(first), |why| Err(ProcessError::Unreadable(why)))
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
    pub fn find(pid: u32) -> Result<TargetProcess, ProcessError> {
        if pid == own_pid() {
            return Err(ProcessError::Unreadable(format!(
                "--pid {pid} is this check itself; give the application's number, or omit --pid"
            )));
        }
        TargetProcess::open(pid).map_err(|errno| match errno {
            Errno::NOENT => ProcessError::Unreadable(format!(
                "there is no process {pid} here; start this container with kubectl debug --target=CONTAINER, and give the application's number \
                 there (usually 1; ls /proc lists them)"
            )),
            errno => {
                let why = format!("process {pid} cannot be inspected: /proc/{pid}: {}", std::io::Error::from(errno));
                if is_lack(errno) { ProcessError::OutOfResources(why) } else { ProcessError::Unreadable(why) }
            }
        })
    }

    fn open(pid: u32) -> Result<TargetProcess, Errno> {
        Ok(TargetProcess { pid, folder: open_proc_folder(&pid.to_string())? })
    }

    /// This process itself.
    fn own() -> Result<TargetProcess, Errno> {
        Ok(TargetProcess { pid: own_pid(), folder: open_proc_folder("self")? })
    }

    /// Its environment, and where its files are.
    pub fn inspect(&self) -> Result<(Environ, Root), ProcessError> {
        let environ = self.read("environ");
        // A process without memory has no environment. The kernel's version decides whether it says so by an error or by an empty environment,
        // and a process may have been started with an empty one.
        let status = self.status().map_err(|error| self.error_of(&error))?;
        if !status.has_memory {
            return Err(ProcessError::Unreadable(if status.is_dead { ended_text(self.pid) } else { kernel_thread_text(self.pid) }));
        }
        let environ = environ.map_err(|error| self.error_of(&error))?;
        if is_in_other_network(self.folder.as_fd()) {
            return Err(ProcessError::Unreadable(other_network_text(self.pid)));
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(&self.folder, "root", flags, Mode::empty()).map_err(|errno| self.error_of(&errno.into()))?;
        let subject = self.access_subject(&status)?;
        let root = OtherRoot::new(root, self.cwd(), subject).map_err(|errno| self.cannot_confine(errno))?;
        Ok((Environ(environ), Root::Other(Arc::new(root))))
    }

    /// The text for a file of which it is not certain whether the process may read it. It says how to make it certain.
    pub fn undecided(&self, path: &InputValue, why: &str) -> String {
        let status = self.status().unwrap_or_default();
        let ids = (status.uids.first().copied().unwrap_or_default(), status.gids.first().copied().unwrap_or_default());
        format!(
            "{path}: {why}. In a container with its UID, GID and groups, the kernel itself decides. {}",
            debug_container_advice(self.pid, ids, false)
        )
    }

    /// What the process may read, compared with what this check may.
    fn access_subject(&self, theirs: &ProcStatus) -> Result<AccessSubject, ProcessError> {
        let own = TargetProcess::own().map_err(|errno| self.error_of(&errno.into()))?;
        let ours = own.status().map_err(|error| self.error_of(&error))?;
        let (Some(mut rights), Some(our_rights)) = (theirs.rights(), ours.rights()) else {
            return Err(ProcessError::Unreadable(format!(
                "process {} cannot be checked: /proc/{}/status does not say which user it has",
                self.pid, self.pid
            )));
        };
        let same_ids = rights == our_rights;
        let seen = || -> std::io::Result<_> {
            let (uids, gids) = (own.id_map("uid")?, own.id_map("gid")?);
            let unmapped = (unmapped("uid", uids.as_ref())?, unmapped("gid", gids.as_ref())?);
            Ok((uids, gids, unmapped, self.namespace(&own)?, self.security_label()?, own.security_label()?, kernel_setting(LINKS)?))
        };
        let (uids, gids, unmapped, namespace, label, our_label, links) = seen().map_err(|error| self.error_of(&error))?;
        // The process runs as ids of its namespace. One that entered it from outside may have ids without a number there.
        let has_all = |map: Option<IdMap>, ids: &[u32]| map.is_some_and(|map| ids.iter().all(|id| map.has(*id)));
        let have_numbers = has_all(uids, &[rights.uid]) && has_all(gids, &rights.groups);
        let same_label = label.is_some() && label == our_label;
        let same = same_ids && have_numbers && same_label && namespace == Namespace::Ours;
        rights.unmapped = unmapped;
        rights.namespace = namespace;
        Ok(AccessSubject {
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
                let maps = self.id_map("uid")?.zip(self.id_map("gid")?);
                maps.map_or(Namespace::Unknown, |(uids, gids)| Namespace::Other(uids, gids))
            }
            _ => Namespace::Unknown,
        })
    }

    /// Which ids its user namespace has, in the numbers that they have here (user_namespaces(7)).
    fn id_map(&self, kind: &str) -> std::io::Result<Option<IdMap>> {
        let text = known_unless_lacking(self.read(&format!("{kind}_map")))?;
        Ok(text.and_then(|text| IdMap::parse(&String::from_utf8_lossy(&text))))
    }

    /// What a security module calls it; empty where there is none that does. `None` where that cannot be seen.
    fn security_label(&self) -> std::io::Result<Option<String>> {
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

    /// What can be seen of it from outside.
    fn facts(&self, keys: &RandomState) -> std::io::Result<ProcessFacts> {
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
            is_elsewhere: is_in_other_network(self.folder.as_fd()),
            environment,
            name: status.name,
        })
    }

    /// Its working directory, as a path below its own root.
    pub fn cwd(&self) -> String {
        self.link_below_root("cwd").unwrap_or_else(|| "/".to_owned())
    }

    /// The path of its executable, below its own root. `None` where it was removed or may not be seen.
    pub fn executable(&self) -> Option<String> {
        self.link_below_root("exe").filter(|path| !path.ends_with(" (deleted)"))
    }

    /// The words that it was started with (proc(5)). Empty where they may not be seen.
    pub fn words(&self) -> Vec<String> {
        let line = self.read("cmdline").unwrap_or_default();
        let line = line.strip_suffix(b"\0").unwrap_or(&line);
        line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    /// Where a link of its folder leads, as a path below its own root. The links name both as they are reached from here.
    fn link_below_root(&self, name: &str) -> Option<String> {
        let (root, path) = (self.link("root")?, self.link(name)?);
        path.strip_prefix(root.trim_end_matches('/')).filter(|below| below.starts_with('/')).map(str::to_owned)
    }

    /// A file of its folder.
    fn read(&self, name: &str) -> std::io::Result<Zeroizing<Vec<u8>>> {
        let file = openat(self.folder.as_fd(), name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        // The buffer is as large as it can become, because a buffer that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(ENVIRON_ROOM));
        std::fs::File::from(file).take(CONFIG_CAP as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn status(&self) -> std::io::Result<ProcStatus> {
        self.read("status").map(|bytes| ProcStatus::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// Whether the process exists and is hidden. A /proc that is mounted with hidepid=2 shows others' processes as empty folders (proc(5)).
    fn is_hidden(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::PERM))
    }

    fn error_of(&self, error: &std::io::Error) -> ProcessError {
        if is_lacking(error) {
            return ProcessError::OutOfResources(format!("process {} cannot be inspected: {error}", self.pid));
        }
        let is_gone = matches!(Errno::from_io_error(error), Some(Errno::SRCH | Errno::NOENT));
        ProcessError::Unreadable(match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::NotFound if !is_gone || self.is_hidden() => {
                let ours = TargetProcess::own().map_err(std::io::Error::from).and_then(|own| own.status()).map(|status| status.effective);
                let ours = ours.unwrap_or_default();
                describe_denied(self.pid, &self.status().unwrap_or_default(), (geteuid().as_raw(), getegid().as_raw()), ours)
            }
            // The error is ESRCH, or the process's folder is empty by now.
            _ if is_gone => ended_text(self.pid),
            _ => format!("process {} cannot be inspected: {error}", self.pid),
        })
    }

    fn cannot_confine(&self, errno: Errno) -> ProcessError {
        match errno {
            Errno::NOSYS | Errno::PERM => ProcessError::Unreadable(format!(
                "the files of process {} cannot be read without leaving its root: openat2 is missing ({}); it needs Linux 5.6 and a \
                 seccomp profile that allows it, such as a newer container runtime's RuntimeDefault",
                self.pid,
                std::io::Error::from(errno)
            )),
            errno => self.error_of(&errno.into()),
        }
    }
}

/// The number that stands in a namespace for an id that has none; `None` where each has one.
fn unmapped(kind: &str, map: Option<&IdMap>) -> std::io::Result<Option<u32>> {
    if map.is_some_and(IdMap::is_whole) {
        return Ok(None);
    }
    Ok(Some(kernel_setting(&format!("kernel/overflow{kind}"))?.unwrap_or(65534)))
}

/// `None` for what cannot be seen. The error remains where only the probe's own means are lacking.
fn known_unless_lacking<T>(seen: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match seen {
        Err(error) if is_lacking(&error) => Err(error),
        seen => Ok(seen.ok()),
    }
}

/// Whether links in folders that every user may write to are protected.
const LINKS: &str = "fs/protected_symlinks";

/// One of the kernel's settings (proc_sys(5)).
fn kernel_setting(name: &str) -> std::io::Result<Option<u32>> {
    let read = || -> std::io::Result<String> {
        let file = openat(CWD, format!("/proc/sys/{name}"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut text = String::new();
        std::fs::File::from(file).take(64).read_to_string(&mut text)?;
        Ok(text)
    };
    Ok(known_unless_lacking(read())?.and_then(|text| text.trim().parse().ok()))
}

fn open_proc_folder(name: &str) -> Result<OwnedFd, Errno> {
    openat(CWD, format!("/proc/{name}"), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Whether a process is in another network namespace than this one (namespaces(7)). False where that cannot be seen.
fn is_in_other_network(folder: impl AsFd) -> bool {
    let theirs = readlinkat(folder, "ns/net", Vec::new());
    let ours = readlinkat(CWD, "/proc/self/ns/net", Vec::new());
    theirs.is_ok_and(|theirs| ours.is_ok_and(|ours| theirs != ours))
}

/// The room for an environment, in bytes. No pod's is larger.
const ENVIRON_ROOM: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

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
        let environ = || process.inspect().map(|(environ, _)| environ.get("AWS_REGION"));
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
