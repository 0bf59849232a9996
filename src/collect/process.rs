//! Another process of the pod (`--pid`): its environment from /proc, and the root below which its files are.
//!
//! Whoever may not read a process may not judge it: that is no verdict, but an error that names the cure. What the kernel asks for is
//! in ptrace(2), "Ptrace access mode checking": the same UIDs and GIDs, and no capability that the reader lacks; or CAP_SYS_PTRACE.

use super::file::{CONFIG_CAP, Root};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;
use rustix::process::{Pid, getegid, geteuid, getpid, test_kill_process};
use std::io::Read;
use zeroize::Zeroizing;

/// A process, held by its folder below /proc: what later has its number is another one.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    folder: OwnedFd,
}

/// A process's environment as it was started with. May hold secrets.
pub struct Environ(Zeroizing<Vec<u8>>);

impl Environ {
    /// A variable's value. The first of several counts, as for getenv(3).
    pub fn get(&self, name: &str) -> Option<String> {
        let value = |pair: &'_ [u8]| Some(pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?.to_vec());
        let value = Zeroizing::new(self.0.split(|byte| *byte == 0).find_map(value)?);
        Some(String::from_utf8_lossy(&value).into_owned())
    }
}

impl Process {
    /// Finds the process. The error is one line for a person.
    pub fn find(pid: u32) -> Result<Process, String> {
        if i64::from(pid) == i64::from(getpid().as_raw_nonzero().get()) {
            return Err(format!("--pid {pid} is this check itself: give the application's number, or leave --pid out"));
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(CWD, format!("/proc/{pid}"), flags, Mode::empty()).map_err(|errno| match errno {
            Errno::NOENT => format!(
                "there is no process {pid} here: is this container started with kubectl debug --target=CONTAINER, and is {pid} the application's \
                 number in there (usually 1; ls /proc shows them)?"
            ),
            errno => format!("process {pid} cannot be looked at: /proc/{pid}: {}", std::io::Error::from(errno)),
        })?;
        Ok(Process { pid, folder })
    }

    /// Its environment, and where its files are. The error is one line for a person.
    pub fn look(&self) -> Result<(Environ, Root), String> {
        let environ = self.read("environ");
        // Without memory there is no environment: the kernel says so by an error or by an empty one, as its version has it. So is that of a
        // process that was started without any.
        let status = self.status().map_err(|error| self.explain(&error))?;
        if !status.has_memory {
            return Err(if status.is_dead { self.ended() } else { self.of_the_kernel() });
        }
        let environ = environ.map_err(|error| self.explain(&error))?;
        if is_elsewhere(self.folder.as_fd()) {
            return Err(self.of_another_network());
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(&self.folder, "root", flags, Mode::empty()).map_err(|errno| self.explain(&errno.into()))?;
        let root = Root::of(root, self.cwd()).map_err(|errno| self.cannot_confine(errno))?;
        Ok((Environ(environ), root))
    }

    /// Its working directory as it calls it. The link says how it is reached from here, as that of its root does.
    fn cwd(&self) -> String {
        let link =
            |name: &str| readlinkat(&self.folder, name, Vec::new()).map(|link| link.to_string_lossy().into_owned()).unwrap_or_default();
        let (root, cwd) = (link("root"), link("cwd"));
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

    fn status(&self) -> std::io::Result<Status> {
        self.read("status").map(|bytes| Status::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// Not gone, but shut off: a /proc that is mounted with hidepid=2 shows others' processes as empty folders (proc(5)).
    fn is_hidden(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::PERM))
    }

    fn explain(&self, error: &std::io::Error) -> String {
        let is_gone = matches!(Errno::from_io_error(error), Some(Errno::SRCH | Errno::NOENT));
        match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::NotFound if !is_gone || self.is_hidden() => {
                let ours = std::fs::File::open("/proc/self/status").ok().and_then(|file| {
                    let mut text = String::new();
                    file.take(CONFIG_CAP as u64).read_to_string(&mut text).ok()?;
                    Some(Status::parse(&text).effective)
                });
                denied(self.pid, &self.status().unwrap_or_default(), (geteuid().as_raw(), getegid().as_raw()), ours.unwrap_or_default())
            }
            // ESRCH, or its folder is empty by now.
            _ if is_gone => self.ended(),
            _ => format!("process {} cannot be looked at: {error}", self.pid),
        }
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

    fn cannot_confine(&self, errno: Errno) -> String {
        match errno {
            Errno::NOSYS | Errno::PERM => format!(
                "the files of process {} cannot be read without leaving its root: openat2 is missing ({}); it takes Linux 5.6 and a seccomp \
                 profile that knows it, such as a newer container runtime's RuntimeDefault",
                self.pid,
                std::io::Error::from(errno)
            ),
            errno => self.explain(&errno.into()),
        }
    }
}

/// In another network namespace than this process (namespaces(7)). Where that cannot be seen nothing is said of it.
fn is_elsewhere(folder: impl AsFd) -> bool {
    let theirs = readlinkat(folder, "ns/net", Vec::new());
    let ours = readlinkat(CWD, "/proc/self/ns/net", Vec::new());
    theirs.is_ok_and(|theirs| ours.is_ok_and(|ours| theirs != ours))
}

/// More than the environment of any pod.
const ENVIRON_ROOM: usize = 256 * 1024;

/// What /proc/N/status says (proc_pid_status(5)).
#[derive(Debug, Default, PartialEq, Eq)]
struct Status {
    /// Real, effective and saved.
    uids: Vec<u32>,
    gids: Vec<u32>,
    permitted: u64,
    effective: u64,
    /// A zombie has none any more, a thread of the kernel never had any.
    has_memory: bool,
    is_dead: bool,
}

impl Status {
    fn parse(text: &str) -> Status {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
        let ids =
            |name| field(name).map(|ids| ids.split_whitespace().take(3).filter_map(|id| id.parse().ok()).collect()).unwrap_or_default();
        let mask = |name| field(name).and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or_default();
        Status {
            uids: ids("Uid"),
            gids: ids("Gid"),
            permitted: mask("CapPrm"),
            effective: mask("CapEff"),
            has_memory: field("VmSize").is_some(),
            is_dead: field("State").is_some_and(|state| state.starts_with(['Z', 'X'])),
        }
    }
}

/// Why a process may not be read, and with which container it may.
fn denied(pid: u32, theirs: &Status, ours: (u32, u32), our_capabilities: u64) -> String {
    let (Some(&uid), Some(&gid)) = (theirs.uids.first(), theirs.gids.first()) else {
        return format!("process {pid} may not be read from here. {}", cure(pid, (0, 0), true));
    };
    let same = (uid, gid) == ours;
    let changed = theirs.uids.iter().any(|id| *id != uid) || theirs.gids.iter().any(|id| *id != gid);
    let lacking = theirs.permitted & !our_capabilities != 0;
    let ours = if same { ", as this check does".to_owned() } else { format!(", this check as UID {}, GID {}", ours.0, ours.1) };
    let more = match (lacking, same || changed) {
        (true, _) => ", and it has capabilities that this check lacks",
        (false, true) => ", and it changed its user after its start, or a security module shuts it off",
        (false, false) => "",
    };
    // A user other than root keeps no capability that its container is given: only root can make use of SYS_PTRACE.
    let with_ptrace = lacking || same || changed;
    let ids = if with_ptrace { (0, 0) } else { (uid, gid) };
    format!("process {pid} may not be read from here: it runs as UID {uid}, GID {gid}{ours}{more}. {}", cure(pid, ids, with_ptrace))
}

fn cure(pid: u32, (uid, gid): (u32, u32), with_ptrace: bool) -> String {
    // The strictest one that allows it: general adds SYS_PTRACE, which Pod Security's baseline does not admit, and restricted admits no root.
    let (and, profile, capabilities) = match (with_ptrace, uid) {
        (true, _) => (" and SYS_PTRACE", "general", r#","capabilities":{"add":["SYS_PTRACE"]}"#),
        (false, 0) => ("", "baseline", ""),
        (false, _) => ("", "restricted", ""),
    };
    format!(
        "Give the debug container UID {uid}, GID {gid}{and}: kubectl debug -it POD --target=CONTAINER --image=IMAGE --profile={profile} \
         --custom=as.json -- /irsa-probe check --pid {pid}, with {{\"securityContext\":{{\"runAsUser\":{uid},\"runAsGroup\":{gid}{capabilities}}}}} in as.json"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tapp\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\nPid:\t7\nUid:\t1000\t1000\t1000\t1000\nGid:\t3000\t3000\t3000\t3000\n\
        VmSize:\t    2880 kB\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n";
    /// As containerd gives them to root.
    const DEFAULT: u64 = 0xa804_25fb;

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
    fn a_status_is_read_as_far_as_it_goes() {
        let status = Status::parse(STATUS);
        assert_eq!((status.uids.as_slice(), status.gids.as_slice()), ([1000; 3].as_slice(), [3000; 3].as_slice()));
        assert!(status.has_memory && !status.is_dead);
        let zombie = Status::parse("State:\tZ (zombie)\nUid:\t0\t0\t0\t0\n");
        assert!(zombie.is_dead && !zombie.has_memory);
        for end in 0..STATUS.len() {
            let status = Status::parse(&STATUS[..end]);
            denied(7, &status, (0, 0), 0);
        }
    }

    #[test]
    fn who_may_not_read_is_told_who_may() {
        let of = |uid, gid, permitted| Status { uids: vec![uid; 3], gids: vec![gid; 3], permitted, ..Status::default() };
        let own = (65532, 65532);
        for (theirs, ours, capabilities, says, json) in [
            (
                of(1000, 3000, 0),
                own,
                0,
                "UID 1000, GID 3000, this check as UID 65532, GID 65532. Give",
                r#"{"runAsUser":1000,"runAsGroup":3000}"#,
            ),
            (of(65532, 0, 0), own, 0, "GID 0, this check as UID 65532, GID 65532. Give", r#"{"runAsUser":65532,"runAsGroup":0}"#),
            (of(0, 0, 0), own, 0, "UID 0, GID 0, this check as UID 65532", r#"{"runAsUser":0,"runAsGroup":0}"#),
            (
                of(0, 0, DEFAULT),
                own,
                0,
                "capabilities that this check lacks",
                r#""runAsUser":0,"runAsGroup":0,"capabilities":{"add":["SYS_PTRACE"]}}"#,
            ),
            (of(0, 0, u64::MAX), (0, 0), DEFAULT, "as this check does, and it has capabilities", r#""add":["SYS_PTRACE"]"#),
            (of(65532, 65532, 0), own, 0, "as this check does, and it changed its user", r#""runAsUser":0,"#),
            (of(1000, 1000, 1 << 10), own, 0, "has capabilities", r#""runAsUser":0,"#),
        ] {
            let said = denied(7, &theirs, ours, capabilities);
            assert!(said.contains(says) && said.contains(json) && !said.contains('\n'), "{said}");
            let profile = match (json.contains("SYS_PTRACE") || json.ends_with(','), json.contains(r#""runAsUser":0"#)) {
                (true, _) => "general",
                (false, true) => "baseline",
                (false, false) => "restricted",
            };
            assert!(said.contains(&format!("--target=CONTAINER --image=IMAGE --profile={profile} --custom=as.json")), "{said}");
        }
        assert_eq!(denied(7, &of(1000, 1000, 0), own, 0).matches("SYS_PTRACE").count(), 0, "it would be of no use");
    }

    #[test]
    fn processes_that_nobody_can_judge() {
        let own = std::process::id();
        assert!(Process::find(own).is_err_and(|said| said.contains("this check itself")));
        // No system has so many (PID_MAX_LIMIT is 2^22).
        for pid in [0, 5_000_000, u32::MAX] {
            assert!(Process::find(pid).is_err_and(|said| said.contains(&format!("there is no process {pid} here"))));
        }
    }

    #[test]
    fn a_child_alive_and_dead() {
        #![allow(clippy::disallowed_methods, reason = "a test waits for its child")]
        let mut child = std::process::Command::new("sleep").arg("60").env_clear().env("AWS_REGION", "us-west-2").spawn().unwrap();
        let process = Process::find(child.id()).unwrap();
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
        let dead = || environ().is_err_and(|said| said.contains("has ended"));
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
