//! Why a process cannot be inspected. The texts name the remedy.

use super::status::ProcStatus;
use std::fmt;

/// Why a process cannot be inspected. Either text is one line for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessError {
    /// It cannot be inspected from here.
    Unreadable(String),
    /// The probe itself has no descriptor or memory left for it.
    OutOfResources(String),
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ProcessError::Unreadable(why) | ProcessError::OutOfResources(why)) = self;
        f.write_str(why)
    }
}

/// The process has ended since it was found.
pub(super) fn ended_text(pid: u32) -> String {
    format!("process {pid} has ended; give the number of a running process (ls /proc lists them)")
}

/// The number is that of a kernel thread.
pub(super) fn kernel_thread_text(pid: u32) -> String {
    format!("process {pid} is a thread of the kernel and has no environment; give the application's number (ls /proc lists them)")
}

/// The process is in another network namespace.
pub(super) fn other_network_text(pid: u32) -> String {
    format!(
        "process {pid} has another network than this check, so this check cannot test it; run the check in its own pod \
         (kubectl debug -it POD --target=CONTAINER --image=IMAGE --profile=restricted -- /irsa-probe check --pid 1)"
    )
}

/// Why a process may not be read, and in which debug container it may.
pub(super) fn describe_denied(pid: u32, theirs: &ProcStatus, ours: (u32, u32), our_capabilities: u64) -> String {
    let (Some(&uid), Some(&gid)) = (theirs.uids.first(), theirs.gids.first()) else {
        return format!("process {pid} may not be read from here. {}", debug_container_advice(pid, (0, 0), true));
    };
    let same = (uid, gid) == ours;
    let changed = theirs.uids.iter().take(3).any(|id| *id != uid) || theirs.gids.iter().take(3).any(|id| *id != gid);
    let lacking = theirs.permitted & !our_capabilities != 0;
    let ours = if same { ", as this check does".to_owned() } else { format!(", this check as UID {}, GID {}", ours.0, ours.1) };
    let more = match (lacking, same || changed) {
        (true, _) => ", and it has capabilities that this check lacks",
        (false, true) => ", and it changed its user after its start, or a security module protects it",
        (false, false) => "",
    };
    // A user other than root keeps none of the capabilities that its container is given. Only root can make use of SYS_PTRACE.
    let with_ptrace = lacking || same || changed;
    let ids = if with_ptrace { (0, 0) } else { (uid, gid) };
    format!(
        "process {pid} may not be read from here: it runs as UID {uid}, GID {gid}{ours}{more}. {}",
        debug_container_advice(pid, ids, with_ptrace)
    )
}

/// The debug container in which the process may be inspected.
pub(super) fn debug_container_advice(pid: u32, (uid, gid): (u32, u32), with_ptrace: bool) -> String {
    // The strictest profile that allows it. General adds SYS_PTRACE, which Pod Security's baseline does not admit; restricted admits no root.
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

    /// As containerd gives them to root.
    const DEFAULT: u64 = 0xa804_25fb;

    #[test]
    fn who_may_not_read_is_told_who_may() {
        let of = |uid, gid, permitted| ProcStatus { uids: vec![uid; 3], gids: vec![gid; 3], permitted, ..ProcStatus::default() };
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
            let said = describe_denied(7, &theirs, ours, capabilities);
            assert!(said.contains(says) && said.contains(json) && !said.contains('\n'), "{said}");
            let profile = match (json.contains("SYS_PTRACE") || json.ends_with(','), json.contains(r#""runAsUser":0"#)) {
                (true, _) => "general",
                (false, true) => "baseline",
                (false, false) => "restricted",
            };
            assert!(said.contains(&format!("--target=CONTAINER --image=IMAGE --profile={profile} --custom=as.json")), "{said}");
        }
        assert_eq!(describe_denied(7, &of(1000, 1000, 0), own, 0).matches("SYS_PTRACE").count(), 0, "it would be of no use");
    }
}
